#!/bin/bash
# check_connections.sh: accounts that may have few connections, or none that lasts: what could
# not be seen is in the result, with the reason, and the hint is what helps.

. "$(dirname "$0")/lib.sh"
settings stay
begin
USER=it_few
for side in a b; do
    at_exit "client $side <<<\"DROP USER IF EXISTS '$USER'@'127.0.0.1'\""
done
at ab "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 1 FROM seq_1_to_3000;
    CREATE TABLE u LIKE t; CREATE TABLE keyless (a INT)"
few() { # few N [OPTIONS…]: a check of which TARGET's account may have N connections
    local n=$1
    shift
    client b <<<"CREATE OR REPLACE USER '$USER'@'127.0.0.1' WITH MAX_USER_CONNECTIONS $n; GRANT ALL ON *.* TO '$USER'@'127.0.0.1'"
    run_check "$(uri a "$DB")" "$(uri b "$DB" $USER)" --settle 0 --threads 3 "$@"
}
for try in 1 2 3 4; do
    few 3
    is "three connections, $try: exits 0" "$RC" 0
    like "three connections, $try: fewer workers are told of" "$(cat "$ERR")" 'going on with fewer workers'
done
# Of two one may be the throttle's.
reasoned='.type == "table" and .verdict == "not-checked" and (.reason | test("error 1226: .*max_user_connections"))
    or .type == "summary" and (.not_visible // "" | test("schema objects, which could not be compared: .*error 1226: .*fewer --threads"))'
for try in 1 2 3; do
    few 2
    case $RC in
    0) is "two connections, $try: all equal" "$(lines '.type == "summary" and .verdict == "equal" and .tables == 3' | wc -l)" 1 ;;
    4) ok "two connections, $try: the result says why" test -n "$(lines "$reasoned")" ;;
    *) result 1 "two connections, $try: exits 0 or 4" "exit code $RC" ;;
    esac
done
timeout 60 "$MYRECON" check "$(uri a "$DB")" "$(uri b "$DB" $USER)" --settle 0 --color never >"$OUT" 2>"$ERR" </dev/null
[ $? = 0 ] || like "two connections, text: says why" "$(cat "$OUT")" 'error 1226: .*max_user_connections'
few 1
is "one connection: exits 3" "$RC" 3
like "one connection: what to do" "$(cat "$ERR")" 'hint: .*needs two connections .*fewer --threads'

# One thread makes do with two connections, whatever it does; the load is watched over a third.
alone() { # alone N COMMAND…: with N connections
    client b <<<"CREATE OR REPLACE USER '$USER'@'127.0.0.1' WITH MAX_USER_CONNECTIONS $1; GRANT ALL ON *.* TO '$USER'@'127.0.0.1'"
    shift
    CMD=("$MYRECON" "$@")
    RC=0
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null || RC=$?
}
client b -D "$DB" <<<"CREATE DATABASE IF NOT EXISTS ${DB}_copy; INSERT INTO t SELECT seq, 2 FROM seq_3001_to_60000"
IT_DROP+=("$(side_uri b) ${DB}_copy")
checked=(--settle 0 --threads 1 --json --tables "$DB.t")
for n in 2 3; do
    rm -rf "$IT_TMP/few"
    for how in "" --consistent --digest=client; do
        alone $n check $how "${checked[@]}" "$(uri a "$DB")" "$(uri b "$DB" $USER)"
        is "$n connections, one thread, $how: TARGET's rows are found" "$RC $(lines '.type == "table" and .extra == 57000' | wc -l)" "1 1"
        alone $n check $how "${checked[@]}" "$(uri b "$DB" $USER)" "$(uri a "$DB")"
        is "$n connections, one thread, $how: SOURCE's rows are found" "$RC $(lines '.type == "table" and .missing == 57000' | wc -l)" "1 1"
    done
    alone $n snapshot create --threads 1 "$(uri b "$DB" $USER)" "$IT_TMP/few"
    is "$n connections, one thread: a snapshot: exits 0" "$RC" 0
    client b <<<"DROP DATABASE ${DB}_copy; CREATE DATABASE ${DB}_copy"
    alone $n snapshot restore --threads 1 "$IT_TMP/few" "$(uri b "${DB}_copy" $USER)"
    is "$n connections, one thread: a restore: exits 0" "$RC" 0
done
alone 1 check "${checked[@]}" "$(uri a "$DB")" "$(uri b "$DB" $USER)"
like "one connection: a check says how many it needs" "$(cat "$ERR")" 'hint: .*needs two connections to each server'
alone 1 snapshot create --threads 1 "$(uri b "$DB" $USER)" "$IT_TMP/none"
is "one connection: a snapshot: exits 3" "$RC" 3
like "one connection: a snapshot says how many it needs" "$(cat "$ERR")" 'needs two connections'

# A server whose init_connect fails lets the account in, and ends its connections.
client b <<<"CREATE OR REPLACE USER '$USER'@'127.0.0.1'; GRANT ALL ON *.* TO '$USER'@'127.0.0.1'"
if own_begin X; then
    client "$MR_X_URI" <<<"CREATE USER '$USER'@'127.0.0.1'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO '$USER'@'127.0.0.1';
        CREATE DATABASE $DB; USE $DB; CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 1 FROM seq_1_to_3000;
        SET GLOBAL init_connect = 'SELECT nonsense'"
    X=mysql://$USER@${MR_X_URI#*@}/$DB
    run_check "$(uri a "$DB")" "$X" --settle 0
    is "init_connect fails: exits 3" "$RC" 3
    like "init_connect fails: says so" "$(cat "$ERR")" "ends the connection of user \"$USER\": its init_connect fails"
    like "init_connect fails: what to do" "$(cat "$ERR")" 'hint: Correct init_connect on the server .*CONNECTION ADMIN'
    unlike "init_connect fails: nothing is to be resumed" "$(cat "$ERR")" '--resume'
    client "$MR_X_URI" <<<"GRANT CONNECTION ADMIN ON *.* TO '$USER'@'127.0.0.1'"
    run_check "$(uri a "$DB")" "$X" --settle 0 --tables t --objects table
    is "it is not run for CONNECTION ADMIN: exits 0" "$RC" 0
else
    skip "init_connect" "no private server"
fi
finish
