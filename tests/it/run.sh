#!/bin/bash
# run.sh: the server tests.  Starts the servers once, then runs every script of this folder
# (all *.sh but lib.sh and this one) and every program build/tests/it/test_*, one more at a time
# than there are cores: they wait a third of their time.
#
# Servers: A and B (MariaDB), P → R (MariaDB, GTID), O (Oracle MySQL 9), OP → OR (MySQL 9,
# GTID), each as MR_X_URI, MR_X_SOCK and so on (tests/lib/servers.sh); without MySQL 9 its
# variables are empty.  Programs in C run twice, with MYRECON_TEST_A and MYRECON_TEST_B
# naming A and B, then A and O.  Each script has a directory MR_TMP of its own.
#
# IT=PATTERN (a glob, also '@(one|other)') runs only what matches; MR_IT_JOBS=N at a time.  PART=2/4 runs
# every fourth of that, from the second on: hours can be had in parts, on several machines.  Without
# IT= and LONG=1, and with SEEDS up to 20, the scripts of long.txt are left out, and counted aloud.
# IT_LIMIT_S=N: programs are begun for so many seconds, from another one on with each change of the changelog or of
# these; which were left out is said, and counted.  A machine that is slow does some of the work of each change, and all
# of it over some.
#
# Without MySQL 9 its tests are skipped and say so; with CI=true, where it could have been had,
# that is failure.
set -uo pipefail
shopt -s extglob
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

: "${BUILD:=build}" "${MYRECON:=$PWD/build/myrecon}"
export BUILD MYRECON LC_ALL=C.UTF-8
for name in O OP OR; do
    export "MR_${name}_URI=" "MR_${name}_SOCK="
done

case ${PART:-1/1} in
[1-9]/[1-9] | [1-9]/[1-9][0-9] | [1-9][0-9]/[1-9][0-9]) ;;
*)
    echo "it: PART=$PART is not I/N, as 2/4 is" >&2
    exit 3
    ;;
esac

mr_servers_begin || exit 3
jobs=$mr_run_dir/jobs first=$mr_run_dir/first # whatever PART or IT_LIMIT_S leave out
: >"$jobs" >"$first"

job() { # LABEL COMMAND [FILE]
    # shellcheck disable=SC2254
    case $1 in
    ${IT:-*}) ;;
    *) return 0 ;;
    esac
    mkdir -p "$mr_run_dir/tmp/$1"
    printf '%s\tMR_TMP=%q %s\n' "$1" "$mr_run_dir/tmp/$1" "$2" >>"${3:-$jobs}"
}

mysql_reason=
start_servers() {
    mr_spawn_mariadb A && mr_spawn_mariadb B && mr_spawn_mariadb P &&
        mr_spawn_mariadb R || return 1
    if [ -z "$mysql_reason" ]; then
        mr_spawn_mysql O && mr_spawn_mysql OP && mr_spawn_mysql OR || return 1
    fi
    mr_await A B P R && mr_replicate P R || return 1
    if [ -z "$mysql_reason" ]; then
        mr_await O OP OR && mr_replicate OP OR || return 1
    fi
}

mr_mysql_root=$(tests/lib/mysql9.sh 2> >(tee "$mr_run_dir/mysql9.err" >&2))
mysql_status=$?
if [ $mysql_status -ne 0 ]; then
    mysql_reason=$(tail -n 1 "$mr_run_dir/mysql9.err")
    : "${mysql_reason:=MySQL 9 cannot be had}"
    unset mr_mysql_root
fi
if [ $mysql_status -eq 1 ] && [ "${CI:-}" = true ]; then
    job mysql9 "printf '1..1\nnot ok 1 - the tests on MySQL 9 are skipped: %s\n' \
$(printf '%q' "$mysql_reason")" "$first"
fi
if ! start_servers; then
    echo 'FAIL it: the servers do not start'
    [ -z "${MR_TALLY:-}" ] || echo '0 1 0' >>"$MR_TALLY"
    echo '0 passed, 1 failed'
    exit 1
fi

declare -A long=()
while read -r name; do
    [ -e "tests/it/$name.sh" ] ||
        job "$name" "echo 'Bail out! long.txt names it, and it is not there'" "$first"
    long[$name]=1
done < <(grep -E '^[^#]' tests/it/long.txt)
case ${IT:-}${LONG:-}${SEEDS:-20} in
[0-9] | 1[0-9] | 20) ;; # quick
*) long=() ;;
esac

for script in tests/it/*.sh; do
    name=$(basename "$script" .sh)
    case $name in
    lib | run) ;;
    *) [ -n "${long[$name]:-}" ] || job "$name" "exec bash $script" ;;
    esac
done
[ ${#long[@]} -eq 0 ] || echo "${#long[@]} programs are left to make test-long, or LONG=1 (tests/it/long.txt)."
# Both runs of a program use A and the same names there: one after the other, by its lock.
program_job() { # LABEL BINARY URI-OF-B
    job "$1" "MYRECON_TEST_A=$MR_A_URI MYRECON_TEST_B=$3 exec flock $mr_run_dir/${2##*/}.lock $2"
}
for program in tests/it/test_*.c; do
    [ -e "$program" ] || continue
    label=$(basename "$program" .c)
    program_job "$label" "$BUILD/tests/it/$label" "$MR_B_URI"
done
for program in tests/it/test_*.c; do
    [ -e "$program" ] || continue
    label=$(basename "$program" .c)
    if [ -z "$mysql_reason" ]; then
        program_job "$label-mysql" "$BUILD/tests/it/$label" "$MR_O_URI"
    else
        job "$label-mysql" "printf '1..1\nok 1 # SKIP %s\n' $(printf '%q' "$mysql_reason")"
    fi
done

part=${PART:-1/1}
awk -v part="${part%/*}" -v parts="${part#*/}" 'NR % parts == part % parts' "$jobs" >"$jobs.part"
[ -z "${PART:-}" ] || echo "Part $part: $(wc -l <"$jobs.part") of $(wc -l <"$jobs") programs."

if [ -n "${IT_LIMIT_S:-}" ]; then
    from=$(($(cat CHANGELOG.md tests/it/*.sh | cksum | cut -d' ' -f1) % ($(wc -l <"$jobs.part") + 1)))
    { tail -n "+$((from + 1))" "$jobs.part" && head -n "$from" "$jobs.part"; } >"$jobs.turned" &&
        mv "$jobs.turned" "$jobs.part"
fi

cat "$first" "$jobs.part" >"$jobs.all"

tests/run.sh -n it -j "${MR_IT_JOBS:-$(($(nproc 2>/dev/null || echo 1) + 1))}" ${IT_LIMIT_S:+-t "$IT_LIMIT_S"} -f "$jobs.all"
