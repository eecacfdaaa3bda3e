#!/bin/bash
# fault_alloc.sh: memory runs out at the N-th allocation, for N all over a run: check ends
# with a clean error or the right result, and leaves nothing behind.
#
# One allocation fails, or all from the N-th on: those of myrecon itself, and then those of
# SQLite, which tells of it in ways of its own.  Those of the client library are left out:
# Connector/C 3.3 dereferences NULL after several of its own (mysql_real_connect, for one).

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
[ -e "$LIBRARY" ] || bail "no library at $LIBRARY"
begin
small_pair ab
mkdir "$IT_TMP/case" "$IT_TMP/tmp"
WITHIN=-nowhere- # a library, by a part of its path

failing() { # failing N STICKY [ARGS…]: check with the N-th allocation failing (0: none)
    CMD=("$MYRECON" check --json --no-progress --settle 0 --threads 1 "$SRC" "$DST" "${@:3}")
    timeout -k 5 60 env MR_FAULT_IN="$WITHIN" LD_PRELOAD="$LIBRARY" MR_FAULT_AT="$1" MR_FAULT_STICKY="$2" \
        MR_FAULT_REPORT="$IT_TMP/report" TMPDIR="$IT_TMP/tmp" \
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

all_over() { # all_over DESCRIPTION COUNT [ARGS…]: N all over the run, once and for good
    local n total sticky=0 failed=0 case=
    case " $* " in *" --case "*) case=case ;; esac
    failing 0 0 "${@:3}"
    total=$(head -n 1 "$IT_TMP/report")
    is "$1: an undisturbed run under the library" "$(what_is_wrong)" ""
    rm -f "$IT_TMP"/case/*
    for n in $(spread "${total:-1}" "$2"); do
        failing "$n" $sticky "${@:3}"
        judge "$1: allocation $n of $total, sticky $sticky, $(tail -n 1 "$IT_TMP/report")" \
            "$(left_behind "$IT_TMP/case" $case)" "$(left_behind "$IT_TMP/tmp")"
        [ "$RC" = "$WHOLE_RC" ] || failed=$((failed + 1))
        rm -f "$IT_TMP"/case/*
        sticky=$((1 - sticky))
    done
    judged "$1: $2 of $total allocations failed, one by one"
    ok "$1: $failed were fatal, at least a quarter" test $((failed * 4)) -ge "$2"
}

undisturbed "undisturbed: exits 1" 1 --threads 1
all_over "rows" "$SEEDS"
all_over "with a case" $((SEEDS / 2 + 1)) --case "$IT_TMP/case/case"
all_over "server digests" $((SEEDS / 2 + 1)) --digest server
WITHIN=libsqlite3
all_over "in SQLite" $((SEEDS / 2 + 1))
WITHIN=-nowhere-

# What the account may not see is told, or nothing is.
for side in a b; do
    client $side <<<"DROP USER IF EXISTS it_fault@127.0.0.1; CREATE USER it_fault@127.0.0.1 IDENTIFIED BY 'x';
        GRANT SELECT ON $DB.* TO it_fault@127.0.0.1" || bail "cannot grant"
done
at_exit 'for side in a b; do client $side <<<"DROP USER IF EXISTS it_fault@127.0.0.1"; done'
at ab "DROP TABLE IF EXISTS one; CREATE TABLE one (id INT PRIMARY KEY)"
SRC=$(uri a "$DB" it_fault:x) DST=$(uri b "$DB" it_fault:x)
failing 0 0 --unrelated --tables one
is "little is visible: exits 4" "$RC" 4
total=$(head -n 1 "$IT_TMP/report") silent=
for ((n = total; n > 0 && n > total - 100; n--)); do
    failing "$n" 0 --unrelated --tables one
    case $RC in 3 | 4) ;; *) silent+=" $n:$RC" ;; esac
done
is "little is visible: none of the last 100 allocations makes it equal" "$silent" ""
SRC=$(uri a "$DB") DST=$(uri b "$DB")

if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    at b "DROP DATABASE $DB; CREATE DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
    at a "DROP DATABASE $DB; CREATE DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
    small_pair ao
    DST=$(uri o "$DB")
    undisturbed "MariaDB and MySQL: exits 1" 1 --threads 1
    all_over "MariaDB and MySQL" "$SEEDS"
else
    skip "MariaDB and MySQL" "no MySQL 9 server"
fi
finish
