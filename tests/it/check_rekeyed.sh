#!/bin/bash
# check_rekeyed.sh: a row whose key is changed while its table is read, from a range that is still to be read to one
# that was, is met by no chunk: the logs name both keys, and these are looked up.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb KS && mr_spawn_mariadb KT && mr_await KS KT || bail "no MariaDB"
PAIRS="KS:KT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql KO && mr_spawn_mysql KQ && mr_await KO KQ || bail "no MySQL"
    PAIRS+=" KO:KQ"
fi
PAUSE=$IT_TMP/pause

chunks() { sqlite3 -readonly "$CASE" 'SELECT count(*) FROM chunk' 2>/dev/null || echo 0; }
begun() { # ARGS…: a run that waits when some chunks were read, and not all
    local i was=-1
    rm -f "$CASE"* "$PAUSE"
    "$MYRECON" check --json --no-progress -v --settle 0 --threads 1 --digest "${DIGEST:-client}" --pause-file "$PAUSE" --case "$CASE" "$@" \
        "$SU" "$TU" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    for ((i = 0; i < 2000; i++)); do
        [ "$(chunks)" -lt 2 ] || break
        sleep 0.01
    done
    touch "$PAUSE"
    for ((i = 0; i < 100 && was != $(chunks); i++)); do
        was=$(chunks)
        sleep 1
    done
    ok "$S: the run waits among its chunks" test "$was" -ge 2 -a "$was" -le 20
}
goes_on() { # what it finds
    rm -f "$PAUSE"
    wait $PID
    RC=$?
}
rows() { jq -r 'select(.type == "row") | "\(.kind) \(.key.id)"' "$OUT" | sort | paste -sd';'; }

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    for side in $S $T; do
        mr_sql $side <<'SQL' || bail "no tables"
CREATE DATABASE club;
USE club;
CREATE TABLE d (d INT PRIMARY KEY);
INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE members (id INT PRIMARY KEY, pad VARCHAR(200));
INSERT INTO members SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 100000 * g.d, REPEAT('p', 180)
    FROM d a, d b, d c, d e, d f, d g WHERE g.d < 6;
FLUSH BINARY LOGS;
SQL
    done

    for digest in client server; do
        mr_sql $T -e "DELETE FROM club.members WHERE id = 600000"
        DIGEST=$digest begun --consistent
        mr_sql $S -e "UPDATE club.members SET id = 0 WHERE id = 600000"
        goes_on
        like "$S: of one side alone, in a view of that side, digests by the $digest" "$RC $(rows)" "^1 missing (0|600000)"
        mr_sql $S -e "UPDATE club.members SET id = 600000 WHERE id = 0"
        mr_sql $T -e "INSERT INTO club.members SELECT 600000, REPEAT('p', 180)"
    done

    begun
    mr_sql $S -e "UPDATE club.members SET id = 0 WHERE id = 600000"
    goes_on
    is "$S: of one side alone: both of its keys" "$RC $(rows)" "1 extra 600000;missing 0"
    like "$S: it is said" "$(cat "$ERR")" 'looking up 2 keys of rows whose key was changed meanwhile'
    is "$S: rows are counted once" "$(jq -r 'select(.type == "table" and .table == "club.members") | .source_rows' "$OUT")" 599999

    mr_sql $S -e "UPDATE club.members SET id = 600000 WHERE id = 0"
    begun
    for side in $S $T; do mr_sql $side -e "UPDATE club.members SET id = 0 WHERE id = 600000"; done
    goes_on
    is "$S: of both sides alike" "$RC $(rows)" "0 "

    # a row that differs, and is elsewhere when it is read again
    mr_sql $S -e "UPDATE club.members SET pad = 'x' WHERE id = 5"
    begun
    mr_sql $S -e "UPDATE club.members SET id = -5 WHERE id = 5"
    goes_on
    is "$S: a suspect that has moved" "$RC $(rows)" "1 extra 5;missing -5"
    mr_sql $S -e "UPDATE club.members SET id = 5, pad = REPEAT('p', 180) WHERE id = -5"

    # without the right, as before; and it is said where support looks
    mr_sql $S -e "CREATE USER w@'127.0.0.1' IDENTIFIED BY 'w'; GRANT SELECT ON *.* TO w@'127.0.0.1'"
    OLD=$SU
    SU=${SU/root@/w:w@}
    begun --objects none
    mr_sql $S -e "UPDATE club.members SET id = 600000 WHERE id = 0"
    mr_sql $T -e "UPDATE club.members SET id = 600000 WHERE id = 0"
    goes_on
    is "$S: without the right" "$RC $(rows)" "0 "
    like "$S: without the right: why" "$(cat "$ERR")" 'rows whose key was changed while they were read are not looked for: '
    SU=$OLD
done

finish
