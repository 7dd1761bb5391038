#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the images for real, without one from a registry, and runs what README says of them; as root.
#   [ARCHITECTURES=90] docker/test.sh [cpu] [gpu]      default: both, the GPU image for all architectures
# The base is this machine's own release of Debian or Ubuntu, made by debootstrap from the mirror that apt uses here.
# buildah builds (chroot isolation, which needs no rights of a container runtime), podman with runc runs: namespaces, a
# root file system that is read-only without any tmpfs, no capability, no network. STORAGE_DRIVER=vfs in the environment
# is for file systems without overlays. The GPU image is built with NVIDIA's wheels (1.6 GB) and runs on the CPU.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
kinds=("$@")
if [ $# = 0 ]; then kinds=(cpu gpu); fi
for kind in "${kinds[@]}"; do
    [ -f "$root/docker/$kind.Dockerfile" ] || { echo "usage: docker/test.sh [cpu] [gpu]" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || fail "debootstrap and chroot need root"

scratch=$(mktemp -d)
store=(--root "$scratch/store" --runroot "$scratch/state")
studies=/usr/local/share/sharpgrid/configs
small=(--set model.depth=2 --set 'model.width=[16, 32]' --set grid.seeds=1)
user=4321:8765 # of nobody on this machine
tools='.*/(nvcc|ptxas|cicc|cc1plus|(.*-)?g(cc|[+][+])(-[0-9]+)?|cmake|git|python3)'

clean_up() {
    local code=$?
    podman "${store[@]}" rm --all --force --time 1 >/dev/null 2>&1 || true
    buildah "${store[@]}" rm --all >/dev/null 2>&1 || true
    umount "$scratch/store/overlay" 2>/dev/null || true
    rm -rf --one-file-system "$scratch"
    exit $code
}
trap clean_up EXIT

# The mirror of this release that apt uses.
mirror() {
    # shellcheck disable=SC2016 # apt's words
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $1" 'Component: main' | head -n 1
}

# What this machine's apt and pip were told of proxies and certificates, for a root file system that lies in FOLDER.
give_settings() {
    local folder=$1 key value
    local -A settings=() # what is said twice counts once
    apt-config dump | grep -i '^Acquire::https\?::.*proxy' >"$folder/etc/apt/apt.conf.d/90host" || true
    while read -r key value; do
        case $key in
            cert) mkdir -p "$folder/etc/ssl"; cp "$value" "$folder/etc/ssl/host.pem"; settings[cert]=/etc/ssl/host.pem ;;
            index-url | extra-index-url | proxy | trusted-host) settings[$key]=$value ;;
        esac
    done < <(python3 -m pip config list 2>/dev/null | sed "s/^[^.]*\.\([a-z-]*\)='\(.*\)'$/\1 \2/")
    echo "[global]" >"$folder/etc/pip.conf"
    for key in "${!settings[@]}"; do echo "$key = ${settings[$key]}" >>"$folder/etc/pip.conf"; done
}

make_base() {
    local ID VERSION_CODENAME components=main container
    # shellcheck source=/dev/null
    . /etc/os-release
    if [ "$ID" = ubuntu ]; then components=main,universe; fi
    debootstrap --variant=minbase "--components=$components" "$VERSION_CODENAME" "$scratch/base" \
        "$(mirror "$VERSION_CODENAME")" >"$scratch/debootstrap.log" || { tail "$scratch/debootstrap.log"; return 1; }
    rm -rf "$scratch"/base/var/lib/apt/lists/* "$scratch"/base/var/cache/apt/archives/*.deb # as in images of a hub
    give_settings "$scratch/base"
    container=$(buildah "${store[@]}" from scratch)
    buildah "${store[@]}" copy --quiet "$container" "$scratch/base" / >/dev/null
    buildah "${store[@]}" commit --quiet --rm "$container" localhost/base >/dev/null
    rm -rf "$scratch/base"
}

build_image() {
    local bases=(--build-arg BASE=localhost/base)
    if [ "$1" = gpu ]; then bases+=(--build-arg BUILD_BASE=localhost/base); fi
    if [ "$1" = gpu ] && [ -n "${ARCHITECTURES:-}" ]; then bases+=(--build-arg "ARCHITECTURES=$ARCHITECTURES"); fi
    buildah "${store[@]}" build --isolation chroot --network host --pull-never "${bases[@]}" \
        -f "$root/docker/$1.Dockerfile" -t "localhost/sharpgrid:$1" "$root"
}

# The limits are podman's own, made small enough for a machine that lets nobody raise them.
container() {
    podman "${store[@]}" --runtime runc --cgroup-manager cgroupfs --events-backend none "$@"
}
confined=(--read-only --read-only-tmpfs=false --cap-drop all --security-opt no-new-privileges --network none
    --ulimit nofile=1024:1024 --ulimit nproc=1024:1024)

# in_image CODE TEXT FOLDER ARGUMENT...: the entry point with FOLDER (an option of podman's --volume, or "none") for its
# output ends with CODE and says TEXT.
in_image() {
    local wanted=$1 text=$2 folder=$3 code=0 mount=()
    shift 3
    if [ "$folder" != none ]; then mount=(--volume "$folder"); fi
    container run --rm "${confined[@]}" --user "$user" "${mount[@]}" "$image" "$@" >"$scratch/said" 2>&1 || code=$?
    if [ "$code" != "$wanted" ] || ! grep -q -e "$text" "$scratch/said"; then
        cat "$scratch/said"
        fail "$image $*: exit code $code, wanted $wanted and \"$text\""
    fi
    printf 'ok     %s: %d, "%s"\n' "${*:-(no argument)}" "$code" "$text"
}

# What is below a folder belongs to the user of the image alone.
check_owner() {
    local others
    others=$(find "$1" ! -user "${user%:*}" -o ! -group "${user#*:}")
    [ -z "$others" ] || fail "not of $user: $others"
    echo "ok     all files belong to $user"
}

# SIGTERM, which `docker stop` sends to the program itself, ends a run with 75, and it goes on.
check_stop() {
    local name=stopped code study=(run "$studies/four_regimes.yaml" -o stopped.h5 --set grid.seeds=1
        --set training.steps=200000) # a minute on a fast machine
    container run --detach --name $name "${confined[@]}" --user "$user" --volume "$out:/out" "$image" "${study[@]}" \
        >/dev/null
    sleep 3
    container stop --time 60 $name >/dev/null
    code=$(container inspect --format '{{.State.ExitCode}}' $name)
    container rm $name >/dev/null
    [ "$code" = 75 ] || fail "stopped by SIGTERM, a run ended with $code"
    in_image 75 . "$out:/out" "${study[@]}" --max-time 1
}

check_image() {
    local image=localhost/sharpgrid:$1 out=$scratch/out file
    rm -rf "$out"
    install -d -o "${user%:*}" -g "${user#*:}" "$out"
    in_image 0 Subcommands none
    in_image 0 "sharpgrid [0-9.]* ([0-9a-f]*)" none --version
    in_image 0 ' 0 failed' "$out:/out" doctor
    in_image 0 . "$out:/out" run $studies/quickstart.yaml "${small[@]}" -o quick.h5
    in_image 0 c_loss "$out:/out" analyse quick.h5
    in_image 0 . "$out:/out" report quick.h5 -o quick.html
    for file in quick.h5 quick.html; do [ -s "$out/$file" ] || fail "no $file came out of $image"; done
    check_stop
    check_owner "$out"
    in_image 2 'cannot write other.h5: .*Read-only file system' "$out:/out:ro" run $studies/uv.yaml -o other.h5
    in_image 2 'cannot write uv.h5: .*Read-only file system' none run $studies/uv.yaml
    in_image 2 'no-study.yaml' "$out:/out" run no-study.yaml
    container run --rm "${confined[@]}" --cap-add dac_read_search --user 0 --entrypoint /usr/bin/find "$image" \
        / -xdev ! -type d -regextype egrep -regex "$tools" >"$scratch/said"
    [ ! -s "$scratch/said" ] || fail "$image holds $(cat "$scratch/said")"
    echo "ok     no compiler is in it"
}

# Without a GPU that is said; where scripts/nightly.sh has built an emulator, it runs the CUDA code of the image.
check_cuda() {
    local image=localhost/sharpgrid:gpu out=$scratch/out emulator=$root/build/emulator study
    study=(run "$studies/uv.yaml" --set 'grid.c={log2_min: 1, log2_max: 2, step: 0.2}' --device cuda -o cuda.h5)
    in_image 4 'error: ' "$out:/out" "${study[@]}"
    [ -x "$emulator/run" ] || return 0
    confined+=(--volume "$emulator:/emulator:ro" --entrypoint /emulator/run)
    in_image 0 'cuda:0' "$out:/out" sharpgrid "${study[@]}"
}

say "Setup"
"$root/scripts/setup.sh" --for containers
say "Base"
make_base
for kind in "${kinds[@]}"; do
    say "Build docker/$kind.Dockerfile"
    build_image "$kind"
    say "Run it"
    check_image "$kind"
    if [ "$kind" = gpu ]; then check_cuda; fi
    container images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
done
