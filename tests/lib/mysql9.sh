#!/bin/bash
# mysql9.sh [--build]: sees to it that Oracle's MySQL 9 can be run, and prints its root
# directory.  With --build myrecon can be built in there, too, with Oracle's client library.
#
# Debian sid carries mysql-server-core; it needs a newer libc than Debian 12 has.  So a
# minimal sid is set up once in a cache directory (half a minute, 700 MB) and entered by
# chroot, which needs root.  MYRECON_MYSQL9_ROOT names a root that is there already;
# MYRECON_CACHE moves the cache.
#
# Exit: 0 and the directory on stdout; 77 and the reason on stderr where it cannot be had;
# 1 where it should have worked: the mirror answers, yet the set-up failed.
set -uo pipefail
. "$(dirname "$0")/debian.sh"

cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}
packages=mysql-server-core,mysql-client-core,ca-certificates
build_packages='gcc libc6-dev make pkgconf libmysqlclient-dev libssl-dev libzstd-dev
    libxxhash-dev libsqlite3-dev libjansson-dev zlib1g-dev libcmocka-dev'

cannot() { # REASON
    echo "$1" >&2
    exit 77
}

failed() { # REASON
    echo "$1" >&2
    exit 1
}

mirror_answers() { # MIRROR
    local probe
    probe=$(mktemp -d) || return 1
    # apt's own downloader, so that its proxies and certificates hold.
    timeout 60 /usr/lib/apt/apt-helper download-file \
        "${1%/}/dists/sid/InRelease" "$probe/InRelease" >/dev/null 2>&1
    local status=$?
    rm -rf "$probe"
    return $status
}

set_up() { # ROOT MIRROR; a killed set-up leaves only a temporary name behind
    local root=$1 mirror=$2 fresh
    rm -rf "$root".new.*
    fresh=$(mktemp -d "$root.new.XXXXXX") || return 1
    chmod 755 "$fresh"
    use_apt_proxies
    if ! debootstrap --variant=minbase --include="$packages" sid "$fresh" "$mirror" \
        >"$root.log" 2>&1 </dev/null; then
        rm -rf "$fresh"
        tail -n 15 "$root.log" >&2
        return 1
    fi
    rm -rf "$fresh"/var/cache/apt/archives/*.deb "$fresh"/var/lib/apt/lists/*
    mv -T "$fresh" "$root"
}

runs() { # ROOT
    [ -x "$1/usr/sbin/mysqld" ] &&
        chroot "$1" /usr/sbin/mysqld --no-defaults --version >/dev/null 2>&1
}

# What a program is linked with there moves on with sid, so that all of it is of one day.
add_build() { # ROOT
    # shellcheck disable=SC2086
    chroot "$1" dpkg-query -W -f '${db:Status-Status}\n' $build_packages 2>/dev/null |
        awk '$1 != "installed" { lacks = 1 } END { exit lacks || NR == 0 }' && return 0
    echo 'Adding a compiler to the root of MySQL 9 (once; about a minute) ...' >&2
    use_apt_proxies
    lend_network "$1"
    # shellcheck disable=SC2086
    if ! { chroot "$1" apt-get update && chroot "$1" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $build_packages; } >"$1.log" 2>&1 </dev/null; then
        tail -n 15 "$1.log" >&2
        return 1
    fi
    chroot "$1" apt-get clean
    rm -rf "$1"/var/lib/apt/lists/*
}

finish() { # ROOT: it runs MySQL 9
    if [ "$wanted" = --build ]; then
        exec 8>"$1.lock"
        flock 8
        if ! add_build "$1" 8>&-; then
            mirror_answers "$(debian_mirror)" || cannot 'the Debian mirror does not answer'
            failed 'adding a compiler to Debian sid failed'
        fi
    fi
    echo "$1"
    exit 0
}

wanted=${1:-}
root=${MYRECON_MYSQL9_ROOT:-$cache/mysql9}
if [ "$(id -u)" = 0 ] && runs "$root"; then
    finish "$root"
fi
[ -z "${MYRECON_MYSQL9_ROOT:-}" ] || failed "MYRECON_MYSQL9_ROOT has no mysqld that runs"
command -v apt-get >/dev/null || cannot 'MySQL 9 comes from Debian sid, and this is not Debian'
mirror=$(debian_mirror)
[ -n "$mirror" ] || cannot "apt's configuration names no Debian mirror (has apt-get update run?)"
mirror_answers "$mirror" || cannot 'the Debian mirror does not answer'
[ "$(id -u)" = 0 ] || failed 'MySQL 9 runs in a chroot, which needs root'
command -v debootstrap >/dev/null || failed 'debootstrap is not installed'
mkdir -p "$cache" || failed "could not create the directory \"$cache\""

exec 9>"$root.lock"
flock 9
if ! runs "$root"; then # another run may have set it up meanwhile
    echo 'Setting up Oracle MySQL 9 (once; about a minute) ...' >&2
    rm -rf "$root"
    set_up "$root" "$mirror" 9>&- || failed 'setting up Debian sid with MySQL failed'
    runs "$root" || failed 'mysqld does not run in the Debian sid that was set up'
fi
flock -u 9
finish "$root"
