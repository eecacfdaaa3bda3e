#!/bin/bash
# oracle.sh: builds with Oracle's client library, and runs with it the unit and command line tests
# (SUITES=cli: only those), the incident of tests/it/client_library.sh, and what is tested of
# connections and of every type of column.
#
# The tree is copied into the Debian sid that MySQL 9 comes from (tests/lib/mysql9.sh), and
# built there by its compiler and against its libraries.  The programs name that root's loader
# and libraries in full, so that they run out here, where the tools of the tests are.
# Where MySQL 9 cannot be had, that is one skipped test; with CI=true it may be a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3

outer=${MR_TALLY:-}
tally=$(mktemp) place=
trap 'rm -rf "$tally" "$place"' EXIT
export MR_TALLY=$tally

ends() { # with what has been counted
    [ -z "$outer" ] || cat "$tally" >>"$outer"
    awk '{ passed += $1; failed += $2; skipped += $3 }
         END {
             printf "%d passed, %d failed", passed, failed
             if (skipped) printf ", %d skipped", skipped
             printf "\n"
             exit failed > 0
         }' "$tally"
    exit
}

fails() { # REASON
    echo "FAIL oracle: $1"
    echo '0 1 0' >>"$tally"
    ends
}

root=$(tests/lib/mysql9.sh --build)
status=$?
if [ $status -eq 1 ] && [ "${CI:-}" = true ]; then
    fails 'MySQL 9 could have been had, and was not'
elif [ $status -ne 0 ]; then
    echo 'skip oracle: MySQL 9 cannot be had'
    echo '0 0 1' >>"$tally"
    ends
fi

place=$(mktemp -d "$root/srv/build.XXXXXX") || fails 'no room for the tree'
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$place" || fails 'the tree was not copied'
loader=$(chroot "$root" readelf -l /usr/sbin/mysqld | sed -n 's/.*interpreter: \(.*\)\]$/\1/p')
libraries=$(chroot "$root" gcc -dumpmachine)
[ -n "$loader" ] && [ -n "$libraries" ] || fails 'the root does not say how its programs are linked'
flags="-Wl,--dynamic-linker=$root$loader -Wl,--disable-new-dtags -Wl,-rpath=$root/usr/lib/$libraries"

begin=$SECONDS
case " ${SUITES:=unit cli} " in
*' unit '*) programs=tests ;;
*) programs=outer-tests ;;
esac
# No path of ours is one in there; -O1 is quicker; cmocka 2 has deprecated a name.
env -u TMPDIR -u MAKEFLAGS -u MFLAGS chroot "$root" make -C "${place#"$root"}" -s \
    -j"$(nproc 2>/dev/null || echo 2)" MYSQL=oracle CC=gcc CFLAGS='-O1 -Wno-deprecated-declarations' LDFLAGS="$flags" $programs ||
    fails 'it does not build'
echo "Built with Oracle's client library in $((SECONDS - begin)) s."

export BUILD=$place/build MYRECON=$place/build/myrecon
case $("$MYRECON" --version) in
*'client library: Oracle libmysqlclient '*) echo '1 0 0' >>"$tally" ;;
*) fails 'another library was linked' ;;
esac
# shellcheck disable=SC2086
tests/suites.sh $SUITES
# By this plugin MariaDB's accounts log in; out here the library would not find it.
export LIBMYSQL_PLUGIN_DIR=$root/usr/lib/mysql/plugin
IT='@(client_library|test_db|test_db-mysql|test_db_types*)' tests/suites.sh it
ends
