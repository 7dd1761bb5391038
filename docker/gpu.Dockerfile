# SPDX-License-Identifier: MIT
# sharpgrid on NVIDIA GPUs (driver 580 or newer), and on CPUs. From the root of the repository:
#   docker build -f docker/gpu.Dockerfile -t sharpgrid:gpu .
# BUILD_BASE has the toolkit (without one scripts/setup.sh brings NVIDIA's wheels); BASE needs no CUDA library:
# docker/build.sh takes those that the program is linked with. Both are one release of Debian or Ubuntu.
ARG BUILD_BASE=nvidia/cuda:13.0.1-devel-ubuntu24.04
ARG BASE=nvidia/cuda:13.0.1-base-ubuntu24.04

FROM ${BUILD_BASE} AS build
ARG MARCH=
# With your device's alone, e.g. --build-arg ARCHITECTURES=90, the build takes half the time.
ARG ARCHITECTURES=80;90;100
WORKDIR /src
COPY scripts scripts
RUN scripts/setup.sh --for build --cuda
COPY . .
RUN docker/build.sh cuda /image

FROM ${BASE}
LABEL org.opencontainers.image.title="sharpgrid" \
      org.opencontainers.image.description="Trains small networks over a grid and measures their sharpness" \
      org.opencontainers.image.licenses="MIT"
# What makes the container runtime put the driver in, on a base of any make.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
# The scripts are looked at, not kept. That the program starts shows that no library is missing.
RUN --mount=type=bind,from=build,source=/src/scripts,target=/setup/scripts \
    /setup/scripts/setup.sh --for run && rm -rf /var/lib/apt/lists/*
COPY --from=build /image /
RUN ldconfig && sharpgrid --version
# The mount for the output. Any --user will do: nothing is written elsewhere, and there is no home.
WORKDIR /out
USER 1000:1000
ENTRYPOINT ["sharpgrid"]
CMD ["--help"]
