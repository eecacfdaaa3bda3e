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
finish
