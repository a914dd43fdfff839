# docker build -t crosspike . && docker run --rm -v "$PWD:/work" crosspike run my.toml
FROM debian:bookworm
WORKDIR /opt/crosspike
COPY scripts scripts
RUN apt-get update && scripts/install-deps && rm -rf /var/lib/apt/lists/*
COPY . .
RUN scripts/build release
WORKDIR /work
ENTRYPOINT ["/opt/crosspike/build/release/crosspike"]
