#!/bin/bash
# promtool.sh: prints the path of promtool, which says whether a file of metrics is valid.
#
# The one in PATH, else the one of Debian's package prometheus, unpacked into the cache: the
# package is not installed, because it would start a service.  MYRECON_CACHE moves the cache.
#
# Exit: 0 and the path on stdout; 77 and the reason on stderr where it cannot be had.
set -uo pipefail

cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}
tool=$cache/promtool

command -v promtool && exit 0
[ ! -x "$tool" ] || { echo "$tool" && exit 0; }
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo 'no promtool, and this is not Debian' >&2
    exit 77
fi
mkdir -p "$cache" && scratch=$(mktemp -d "$cache/promtool.XXXXXX") || exit 77
trap 'rm -rf "$scratch"' EXIT
if (cd "$scratch" && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; }) \
    >"$scratch/log" 2>&1 && dpkg-deb -x "$scratch"/prometheus_*.deb "$scratch/tree" 2>>"$scratch/log" &&
    "$scratch/tree/usr/bin/promtool" --version >>"$scratch/log" 2>&1; then
    mv "$scratch/tree/usr/bin/promtool" "$tool" && echo "$tool" && exit 0
fi
echo 'promtool is not installed, and the package prometheus cannot be had' >&2
exit 77
