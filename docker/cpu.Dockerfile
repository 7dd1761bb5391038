# SPDX-License-Identifier: MIT
# sharpgrid on CPUs. From the root of the repository:
#   docker build -f docker/cpu.Dockerfile -t sharpgrid .
# BASE is a Debian 12, an Ubuntu 24.04 or newer; MARCH a processor, for which docker/build.sh has a default.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
ARG MARCH=
WORKDIR /src
COPY scripts scripts
RUN scripts/setup.sh --for build
COPY . .
RUN docker/build.sh cpu /image

FROM ${BASE}
LABEL org.opencontainers.image.title="sharpgrid" \
      org.opencontainers.image.description="Trains small networks over a grid and measures their sharpness" \
      org.opencontainers.image.licenses="MIT"
# The scripts are looked at, not kept. That the program starts shows that no library is missing.
RUN --mount=type=bind,from=build,source=/src/scripts,target=/setup/scripts \
    /setup/scripts/setup.sh --for run && rm -rf /var/lib/apt/lists/*
COPY --from=build /image /
RUN sharpgrid --version
# The mount for the output. Any --user will do: nothing is written elsewhere, and there is no home.
WORKDIR /out
USER 1000:1000
ENTRYPOINT ["sharpgrid"]
CMD ["--help"]
