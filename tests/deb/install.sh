#!/bin/bash
# install.sh: the Debian package installs in a clean root, runs there, and goes again.
#
# Wants PACKAGE, the path of the .deb.  The root is a minimal Debian of this machine's
# release, set up once in the cache (MYRECON_CACHE moves it) and copied for each run; it
# is entered by chroot.  Skipped where that cannot be had.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh
. tests/lib/debian.sh

cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
clean=$cache/clean-$suite

skip() { # REASON
    echo "1..0 # SKIP $1"
    exit 0
}

n=0 failures=0
result() { # STATUS DESCRIPTION [FILE WITH WHAT WAS SEEN]
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
        return
    fi
    failures=$((failures + 1))
    echo "not ok $n - $2"
    [ -z "${3:-}" ] || sed 's/^/# /' "$3" | tail -n 40
}

set_up() { # makes $clean; a killed set-up leaves only a temporary name behind
    local mirror fresh
    mirror=$(debian_mirror "$suite")
    [ -n "$mirror" ] || skip "apt's configuration names no mirror of Debian $suite"
    mkdir -p "$cache" && fresh=$(mktemp -d "$clean.new.XXXXXX") || exit 1
    chmod 755 "$fresh"
    if ! debootstrap --variant=minbase "$suite" "$fresh" "$mirror" >"$clean.log" 2>&1 </dev/null; then
        rm -rf "$fresh"
        skip "a minimal Debian $suite could not be set up; see $clean.log"
    fi
    mv -T "$fresh" "$clean"
}

use_apt_proxies
[ -n "$suite" ] && command -v debootstrap apt-get >/dev/null || skip 'this is no Debian, or debootstrap is missing'
[ "$(id -u)" = 0 ] || skip 'a clean root is entered by chroot, which needs root'
[ -e "$clean/usr/bin/apt-get" ] || set_up

mr_servers_begin
root=$mr_run_dir/root
cp -a --reflink=auto "$clean" "$root"
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
cp -rL /etc/apt/sources.list* /etc/apt/apt.conf* "$root/etc/apt/" 2>/dev/null
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp "$PACKAGE" "$root/tmp/myrecon.deb"
in_root() {
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        DEBIAN_FRONTEND=noninteractive "$@"
}
log=$mr_run_dir/log

in_root apt-get update >"$log" 2>&1 || skip 'the mirror does not answer'
files() { # of the root, but for those that apt and dpkg keep for themselves
    (cd "$root" && find etc usr var/lib -xdev \( -path var/lib/apt -o -path var/lib/dpkg \) -prune -o -print) |
        LC_ALL=C sort
}
files >"$mr_run_dir/before"
in_root apt-get install -y --no-install-recommends /tmp/myrecon.deb >"$log" 2>&1
result $? 'installs with what it depends on' "$log"
in_root dpkg --verify myrecon >"$log" 2>&1 && [ ! -s "$log" ]
result $? 'nothing in it was changed' "$log"

version=$(sed -n 's/^#define MR_VERSION "\(.*\)"$/\1/p' core/base/version.h)
[ "$(in_root myrecon --version 2>"$log" | head -n 1)" = "myrecon $version" ]
result $? 'says its version' "$log"
in_root myrecon check mysql://127.0.0.1:1 mysql://127.0.0.1:1 >"$log" 2>&1
[ $? -eq 3 ] && grep -q 'could not connect to server "127.0.0.1:1"' "$log"
result $? 'says that it cannot connect' "$log"
for file in /usr/share/bash-completion/completions/myrecon /usr/share/zsh/vendor-completions/_myrecon; do
    [ -s "$root$file" ]
    result $? "has $file"
done
in_root bash -c '. /usr/share/bash-completion/completions/myrecon; complete -p myrecon' >"$log" 2>&1
result $? 'bash loads its completion' "$log"
# dpkg of a minimal root may be told to leave manual pages out
dpkg-deb -c "$PACKAGE" >"$mr_run_dir/files"
for page in docs/man/*.scd; do
    page=${page##*/} page=${page%.scd}
    grep -q "/usr/share/man/man${page##*.}/$page.gz$" "$mr_run_dir/files"
    result $? "has the page $page"
done

mr_spawn_mariadb A
mr_await A >"$log" 2>&1
result $? 'a server to work with' "$log"
mariadb --no-defaults --socket="$MR_A_SOCK" -u root -e 'CREATE DATABASE club; CREATE TABLE club.members
    (id INT PRIMARY KEY, name TEXT); INSERT INTO club.members VALUES (1, "ann"), (2, "bob")'
uri=mysql://root@127.0.0.1:$MR_A_PORT/club
in_root myrecon check --same-server "$uri" "$uri" >"$log" 2>&1
result $? 'compares a server' "$log"
in_root myrecon snapshot create "$uri" /tmp/club >"$log" 2>&1 &&
    in_root myrecon snapshot verify /tmp/club >>"$log" 2>&1
result $? 'takes a snapshot and proves it' "$log"
in_root myrecon gate record --output /tmp/before.facts "$uri" >"$log" 2>&1 &&
    in_root myrecon gate check /tmp/before.facts "$uri" >>"$log" 2>&1
status=$?
[ $status -le 1 ]
result $? 'records a baseline and checks against it' "$log"

in_root apt-get purge -y --autoremove myrecon >"$log" 2>&1
result $? 'goes again' "$log"
files | LC_ALL=C comm -13 "$mr_run_dir/before" - >"$log"
! grep -q myrecon "$log"
result $? 'leaves nothing behind' "$log"

echo "1..$n"
[ $failures -eq 0 ]
