#!/bin/bash
# check_same.sh: a database is not compared with itself, by whatever names its server goes by.

. "$(dirname "$0")/lib.sh"
begin
refused() { # refused DESCRIPTION SOURCE TARGET ARGS…
    run_check "${@:2}"
    is "$1: exits 3" "$RC" 3
    like "$1: says why" "$(cat "$ERR")" "database \"[a-z_0-9]+\" would be compared with itself"
    like "$1: and what to do" "$(cat "$ERR")" '--same-server'
    is "$1: no result" "$(cat "$OUT")" ""
}
both() { # both WHAT SIDE USER SOCKET
    local port sock=$4 own=$3@127.0.0.1
    port=$(side_uri "$2") port=${port##*:}
    at "$2" "CREATE TABLE t (id INT PRIMARY KEY); CREATE DATABASE ${DB}_other; CREATE TABLE ${DB}_other.t (id INT PRIMARY KEY)"
    IT_DROP+=("$(side_uri "$2") ${DB}_other")
    refused "$1, by one name" "mysql://$own:$port/$DB" "mysql://$own:$port/$DB"
    refused "$1, by two names" "mysql://$own:$port/$DB" "mysql://$3@localhost:$port/$DB"
    [ ! -S "$sock" ] || refused "$1, by its socket" "mysql://$own:$port/$DB" "mysql://$3@localhost/$DB?socket=$sock"
    refused "$1, all databases" "mysql://$own:$port" "mysql://$3@localhost:$port" --tables "$DB.*"
    run_check "mysql://$own:$port/$DB" "mysql://$3@localhost:$port/$DB" --same-server --settle 0
    is "$1, with --same-server: exits 0" "$RC" 0
    like "$1, with --same-server: is said" "$(cat "$ERR")" 'compared with itself'
    run_check "mysql://$own:$port/$DB" "mysql://$3@localhost:$port/${DB}_other" --settle 0 --objects table
    is "$1, another of its databases: exits 0" "$RC" 0
}
both MariaDB a root "${MR_A_SOCK:-}"
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    both "MySQL 9" o root "${MR_O_SOCK:-}"
else
    skip "MySQL 9" "no MySQL 9"
fi

# ---- one name of several servers ----------------------------------------------------------
# The connections of a side go to a and to b: its rows would be those of both.
fresh ab "$DB"
at ab "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)"
at b "DELETE FROM t WHERE id = 2"
of() { # of SIDE: its port
    local u
    u=$(side_uri "$1")
    echo "${u##*:}"
}
for order in "b a" "b b a" "b b b a" "b b b b a"; do
    # shellcheck disable=SC2046
    python3 "$IT_DIR/balanced.py" "$IT_TMP/port" $(for side in $order; do of "$side"; done) 2>/dev/null &
    balancer=$!
    wait_for 10 test -s "$IT_TMP/port" || bail "no proxy"
    run_check "$(uri a "$DB")" "mysql://root@127.0.0.1:$(cat "$IT_TMP/port")/$DB" --settle 0 --threads 1
    ok "behind one address $order: not equal" test "$RC" -ne 0
    [ "$order" != "b a" ] || is "behind one address: incomplete" "$RC" 4
    [ "$order" != "b a" ] || like "behind one address: is said" "$(cat "$ERR")" 'another server answers at'
    kill $balancer
    wait $balancer 2>/dev/null
    rm "$IT_TMP/port"
done
finish
