# myrecon in a container: docker build -t myrecon .
#
# The first stage builds; the second has the program and the libraries that it needs to run, and runs
# it as nobody in particular.  Passwords come from the environment or an option file that is mounted.
# `make test-image` runs these lines where there is no registry.
FROM debian:bookworm-slim AS build
RUN apt-get update && \
    apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config libmariadb-dev \
        libssl-dev libzstd-dev libxxhash-dev libsqlite3-dev libjansson-dev zlib1g-dev
WORKDIR /src
COPY . .
RUN make -j"$(nproc)" build/myrecon && strip build/myrecon

FROM debian:bookworm-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates libmariadb3 libssl3 libzstd1 \
        libxxhash0 libsqlite3-0 libjansson4 zlib1g && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin && \
    useradd --uid 1000 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin myrecon
COPY --from=build /src/build/myrecon /usr/bin/myrecon
USER 1000:1000
WORKDIR /tmp
ENTRYPOINT ["myrecon"]
