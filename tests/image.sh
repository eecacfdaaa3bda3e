#!/bin/bash
# image.sh: what the Dockerfile builds, without a registry.
#
# Its instructions are read and executed in roots that debootstrap has made, one a stage, as docker
# would: so that the test cannot drift from the file.  An instruction that is not known here is a
# failure.  What comes out runs as the user that the file names, with its entry point, against a private
# server, and has neither compiler nor headers.
#
# Wants root, and Debian of the release that the file names; MYRECON_CACHE moves the cache of its root.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3
. tests/lib/tap.sh
. tests/lib/servers.sh
. tests/lib/debian.sh
cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}

skip_all() { # REASON
    echo "1..0 # SKIP $1"
    exit 0
}

# --- the file: a line an instruction
instructions() { sed -e '/^[[:space:]]*#/d' -e ':more' -e '/\\$/{N' -e 's/\\\n[[:space:]]*/ /' -e 'b more' -e '}' Dockerfile | grep -v '^[[:space:]]*$'; }
suite=$(instructions | sed -n '1s/^FROM debian:\([a-z]*\)-slim.*/\1/p')
[ -n "$suite" ] || { echo 'Bail out! the Dockerfile begins with no release of Debian' && exit 1; }
[ "$(id -u)" = 0 ] || skip_all 'a root is entered by chroot, which needs root'
command -v debootstrap apt-get unshare >/dev/null || skip_all 'this is no Debian, or debootstrap is missing'
clean=$cache/clean-$suite

use_apt_proxies
if [ ! -e "$clean/usr/bin/apt-get" ]; then
    mirror=$(debian_mirror "$suite")
    [ -n "$mirror" ] || skip_all "apt's configuration names no mirror of Debian $suite"
    mkdir -p "$cache" && fresh=$(mktemp -d "$clean.new.XXXXXX") || exit 1
    chmod 755 "$fresh"
    debootstrap --variant=minbase "$suite" "$fresh" "$mirror" >"$clean.log" 2>&1 </dev/null ||
        { rm -rf "$fresh" && skip_all "a minimal Debian $suite could not be set up; see $clean.log"; }
    mv -T "$fresh" "$clean"
fi

mr_servers_begin
log=$mr_run_dir/log
declare -A stages=()
root= user= dir=/ entry= status=1

begin_stage() { # IMAGE [AS NAME]
    [ "$1" = "debian:$suite-slim" ] || { echo "another image than debian:$suite-slim: $1" && return 1; }
    root=$mr_run_dir/stage-${#stages[@]} user='' dir=/ entry=''
    stages[${3:-final}]=$root
    cp -a --reflink=auto "$clean" "$root" || return 1
    rm -f "$root"/etc/apt/sources.list.d/*
    cp -rL /etc/apt/sources.list* /etc/apt/apt.conf* "$root/etc/apt/" 2>/dev/null
    lend_network "$root"
}
in_root() { # COMMAND…, as the stage's user, with the mounts that a container has
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -c '
        root=$1 user=$2 dir=$3
        shift 3
        mount --make-rprivate / && mount -t proc proc "$root/proc" || exit 99
        exec chroot ${user:+--userspec="$user"} "$root" /usr/bin/env -i -C "$dir" \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ \
            ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
            DEBIAN_FRONTEND=noninteractive "$@"' enter "$root" "$user" "$dir" "$@" </dev/null
}
copy() { # [--from=STAGE] FROM TO
    local from=$PWD exclude=()
    if [[ $1 == --from=* ]]; then
        from=${stages[${1#--from=}]:-}
        [ -n "$from" ] || { echo "no stage ${1#--from=}" && return 1; }
        [[ $2 == /* && $3 == /* ]] || { echo "a path from the root is meant: COPY $*" && return 1; }
        cp -a "$from$2" "$root$3"
        return
    fi
    [ "$1 $2" = '. .' ] || { echo "no COPY that is known: $*" && return 1; }
    while read -r pattern; do exclude+=(--exclude="$pattern"); done <.dockerignore
    mkdir -p "$root$dir" && tar -c "${exclude[@]}" . | tar -x -C "$root$dir"
}
step() { # INSTRUCTION REST
    # shellcheck disable=SC2086
    case $1 in
    FROM) begin_stage $2 ;;
    RUN) in_root /bin/sh -c "$2" ;;
    COPY) copy $2 ;;
    WORKDIR) dir=$2 && mkdir -p "$root$dir" ;;
    USER) user=$2 ;;
    ENTRYPOINT) entry=$(jq -er 'join(" ")' <<<"$2") ;;
    *) echo "an instruction that is not known here: $1" && return 1 ;;
    esac
}

# --- each line of it
while read -r what rest; do
    begun=$SECONDS
    step "$what" "$rest" >"$log" 2>&1
    status=$?
    result $status "$what ${rest:0:60} ($((SECONDS - begun)) s)" "$(tail -n 20 "$log")"
    [ $status -eq 0 ] || break
done < <(instructions)
if [ $status -ne 0 ]; then
    echo "1..$n"
    exit 1
fi

# --- what it comes to
runs() { # ARGS…: as docker run IMAGE ARGS…
    # shellcheck disable=SC2086
    in_root $entry "$@" >"$log" 2>&1
}
[ "$entry" = myrecon ]
result $? 'its entry point is myrecon'
id=$(in_root id -u)
[[ $id =~ ^[1-9][0-9]*$ ]]
result $? 'it runs as nobody in particular' "uid $id"
runs --version && grep -qx "myrecon $(sed -n 's/^#define MR_VERSION "\(.*\)"$/\1/p' core/base/version.h)" "$log"
result $? 'says its version' "$(cat "$log")"
! in_root touch /usr/bin/x 2>/dev/null
result $? 'it cannot change itself'
mr_spawn_mariadb A
mr_await A >"$log" 2>&1
result $? 'a server to work with' "$(cat "$log")"
mariadb --no-defaults --socket="$MR_A_SOCK" -u root -e 'CREATE DATABASE club; CREATE TABLE club.members
    (id INT PRIMARY KEY, name TEXT); INSERT INTO club.members VALUES (1, "ann"), (2, "bob");
    CREATE DATABASE copy; CREATE TABLE copy.members LIKE club.members; INSERT INTO copy.members VALUES (1, "ann")'
uri=mysql://root@127.0.0.1:$MR_A_PORT
runs check --same-server --settle 0 "$uri/club" "$uri/copy"
[ $? -eq 1 ] && grep -q '1 missing' "$log"
result $? 'compares two databases' "$(cat "$log")"
runs snapshot create "$uri/club" /tmp/club && runs snapshot verify /tmp/club
result $? 'takes a snapshot and proves it' "$(cat "$log")"
found=$(cd "$root" && find usr/bin usr/lib/gcc usr/include src \( -name '*gcc*' -o -name cc -o -name make -o -name '*.h' \) 2>/dev/null | grep -v '/libgcc' | head)
[ -z "$found" ]
result $? 'has no compiler, no headers and no source' "$found"
packages=$(in_root dpkg-query -W -f '${Package}\n' | grep -E -- '-dev$')
[ -z "$packages" ]
result $? 'nor packages for building' "$packages"
bytes() { # ROOT: without what apt has fetched, which a published image does not have
    du -sx --block-size=1 --exclude="$1/var/cache/apt" --exclude="$1/var/lib/apt" "$1" | cut -f 1
}
grown=$((($(bytes "$root") - $(bytes "$clean")) >> 20)) all=$(($(bytes "$root") >> 20))
echo "# $all MiB, of which $grown MiB are not the bare release's"
[ $grown -le 32 ]
result $? 'and is no more than 32 MiB above the bare release'
echo "1..$n"
[ "$failures" -eq 0 ]
