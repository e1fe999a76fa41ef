# syntax=docker/dockerfile:1
# The production binary on a base without shell or package manager; its user is not root. See docs/deploy.md.

# Build and base are of one Debian release, so that their libraries fit each other.
ARG RUST=1.95

FROM rust:${RUST}-trixie AS build
WORKDIR /src
COPY . .
# What GET / tells as its commit.
ARG TURNBUCKLE_COMMIT=unknown
# Dependencies stay in caches between builds: after a change of our code only our code is compiled.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin turnbuckle \
    && DESTDIR=/image docs/deploy/install.sh target/release/turnbuckle /usr/local \
    && docs/deploy/image-libraries.sh target/release/turnbuckle /image

FROM gcr.io/distroless/cc-debian13:nonroot
ARG VERSION=0.1.0
ARG TURNBUCKLE_COMMIT=unknown
LABEL org.opencontainers.image.title="Turnbuckle" \
      org.opencontainers.image.description="Kafka Connect sinks without the JVM" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${TURNBUCKLE_COMMIT}"
COPY --from=build /image/ /
# By number: Kubernetes cannot tell from a name that it is not root.
USER 65532:65532
EXPOSE 8083
# The first answer comes once every connector was created.
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 \
    CMD ["turnbuckle", "healthcheck", "/etc/turnbuckle/connect-standalone.properties"]
ENTRYPOINT ["turnbuckle"]
# Settings of the worker come from CONNECT_* variables over this file; connectors from files in the folder, or over REST.
CMD ["standalone", "/etc/turnbuckle/connect-standalone.properties", "/etc/turnbuckle/connectors"]
