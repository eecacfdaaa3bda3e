#!/bin/bash
# deps.sh GROUP…: sees to it that the Debian packages of these groups are installed.
#
# Groups: build, docs, site, test, browser, demo, parallel, lint, bench, fuzz, afl, deb.  As root it installs what is
# missing; else it prints the command to run and exits 3.  Where nothing is missing it is
# quick and never asks the network.  No package here starts a service: the servers come
# from mariadb-server-core, which has none.
#
# MYSQL=mariadb or oracle says whose client library is to be built with.  Without it any will
# do that is there, and MariaDB's is installed where there is none.
set -euo pipefail

case ${MYSQL:-} in
mariadb) client=libmariadb-dev ;;
oracle) client=libmysqlclient-dev ;;
*) client='libmariadb-dev|libmysqlclient-dev' ;; # of several any one, else the first
esac
build="gcc libc6-dev make pkg-config $client libssl-dev libzstd-dev libxxhash-dev libsqlite3-dev libjansson-dev zlib1g-dev"
docs='scdoc'
site='cmark-gfm mandoc python3'
demo='mariadb-server-core mariadb-client'
parallel='parallel' # of demo-fleet, where no Slurm is to be had
test="$demo libcmocka-dev jq sqlite3 time zstd percona-toolkit debootstrap openssl ca-certificates python3 python3-yaml zsh galera-4 cmark-gfm mandoc"
lint='clang-format pmccabe'
bench="$demo percona-toolkit mydumper zstd"
fuzz='clang'
afl='afl++ afl++-clang'
deb='dpkg-dev debhelper fakeroot'
browser='chromium chromium-driver python3' # 300 MB: only one test wants it

wanted=()
for group in "$@"; do
    case $group in
    build | docs | site | demo | parallel | test | browser | lint | bench | fuzz | afl | deb)
        read -ra names <<<"${!group}"
        wanted+=("${names[@]}")
        ;;
    *)
        echo "deps.sh: unknown group \"$group\"" >&2
        exit 3
        ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    if command -v gcc >/dev/null && command -v pkg-config >/dev/null; then
        exit 0 # not Debian: the build itself will say what it lacks
    fi
    echo 'error: this is no Debian system: install the equivalents of these packages:' >&2
    echo "  ${wanted[*]}" >&2
    exit 3
fi

is_installed() { # NAME|NAME…: one of them is
    local name
    for name in ${1//|/ }; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ] || return 0
    done
    return 1
}

missing=()
for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("${package%%|*}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

install=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" != 0 ]; then
    echo 'error: packages are missing, and only root can install them' >&2
    echo "hint: run: sudo apt-get update && sudo ${install[*]}" >&2
    exit 3
fi

echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists may be absent or stale; they are fetched only when the first try fails.
if ! "${install[@]}" >"$log" 2>&1 </dev/null; then
    if ! { apt-get update && "${install[@]}"; } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        echo "error: could not install packages; the command was: ${install[*]}" >&2
        exit 3
    fi
fi
