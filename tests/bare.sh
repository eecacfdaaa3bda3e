#!/bin/bash
# bare.sh: does what the README tells a new user, on a Debian 12 that has nothing else.
#
# debootstrap makes a minimal root in the cache directory, the tree is copied into it, and the
# commands of "Quick start" run there, as root, with the mounts that a container has: proc,
# devpts, shm and a resolving localhost.  They see a mount and a process namespace of their
# own, so that nothing of it outlives this script.  It ends with the last line of `make test`.
#
# MYRECON_BARE_ROOT names a root to use (and to keep) instead of one made for this run;
# MYRECON_BARE_TARBALL a tarball of `make release`, which then is what is built and tested, not this tree.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3
. tests/lib/debian.sh

cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}

die() { # REASON
    echo "error: $1" >&2
    exit 3
}

[ "$(id -u)" = 0 ] || die 'only root can make a root directory and enter it'
tests/deps.sh test || exit 3

mirror=$(debian_mirror)
[ -n "$mirror" ] || die 'apt knows no Debian mirror'

root=${MYRECON_BARE_ROOT:-}
if [ -z "$root" ]; then
    mkdir -p "$cache" && root=$(mktemp -d "$cache/bare.XXXXXX") || die 'no room for a root'
    trap 'rm -rf --one-file-system "$root"' EXIT
    chmod 755 "$root"
fi
if [ ! -e "$root/etc/debian_version" ]; then
    echo "Making a bare Debian 12 ..."
    use_apt_proxies
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 </dev/null ||
        { tail -n 15 "$root.log" >&2 && die 'debootstrap failed'; }
    rm -f "$root.log"
fi

# As a network of the user's would have it; packages come as they do here.
lend_network "$root"
printf '127.0.0.1\tlocalhost %s\n::1\tlocalhost\n' "$(hostname 2>/dev/null || echo bare)" >"$root/etc/hosts"
rm -rf "$root/src"
mkdir -p "$root/src" "$root/dev/pts" "$root/dev/shm"
if [ -n "${MYRECON_BARE_TARBALL:-}" ]; then
    tar -xzf "$MYRECON_BARE_TARBALL" --strip-components=1 -C "$root/src" || die 'the tarball was not unpacked'
else
    tar -c --exclude=./build --exclude=./.git . | tar -x -C "$root/src" || die 'the tree was not copied'
fi

# The README's own lines: a change there is a change here.
commands=$(awk '/^## Quick start/ { here = 1 } here && /^```$/ { exit } on { print }
                here && /^```sh$/ { on = 1 }' "$root/src/README.md")
[ -n "$commands" ] || die 'README.md has no commands under "Quick start"'

# shellcheck disable=SC2016
unshare --mount --pid --fork --kill-child bash -c '
    root=$1
    mount --make-rprivate / &&
        mount -t proc proc "$root/proc" &&
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" &&
        mount -t tmpfs tmpfs "$root/dev/shm" || exit 3
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        ${CI:+CI="$CI"} ${SEEDS:+SEEDS="$SEEDS"} ${IT:+IT="$IT"} bash -c "cd /src && set -e
$2"' bare "$root" "$commands" </dev/null
