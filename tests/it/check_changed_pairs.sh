#!/bin/bash
# check_changed_pairs.sh: check --changed of a replica that is written to all the while, of both families, and of
# MySQL without GTIDs: nothing is called different that is only on its way, and what differs is what a check
# of everything finds.  What comes of a case afterwards works with it, too.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb VS && mr_spawn_mariadb VT && mr_await VS VT && mr_replicate VS VT || bail "no MariaDB pair"
KINDS=mariadb
if [ -n "$mr_mysql_root" ]; then
    OFF='--gtid-mode=OFF --enforce-gtid-consistency=OFF'
    # shellcheck disable=SC2086
    mr_spawn_mysql VO && mr_spawn_mysql VQ && mr_spawn_mysql VA $OFF && mr_spawn_mysql VB $OFF &&
        mr_await VO VQ VA VB && mr_replicate VO VQ || bail "no MySQL"
    KINDS+=" mysql nogtid"
fi

check() { # ARGS…: of the pair; $RC, $OUT, $ERR
    CMD=("$MYRECON" check --json --threads 2 "$@" "$SU" "$TU")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
rows() { jq -r 'select(.type == "row") | "\(.table) \(.kind) \(.key | tostring)"' "$OUT" | sort; }
how() { jq -r --arg t "club.$1" 'select(.type == "table" and .table == $t) | .read' "$OUT"; }
write_on() { # until it is killed
    while mr_sql $S 2>/dev/null <<'SQL'; do :; done
USE club;
UPDATE members SET v = v + 1 WHERE id = FLOOR(1 + RAND() * 20000);
INSERT INTO members (v) VALUES (1);
UPDATE members SET v = v + 1 WHERE id = 5;
UPDATE hot SET v = v + 1 WHERE id < 6;
DELETE FROM members WHERE id = FLOOR(1 + RAND() * 20000);
SQL
}

for KIND in $KINDS; do
    case $KIND in
    mariadb) S=VS T=VT ;;
    mysql) S=VO T=VQ ;;
    nogtid) S=VA T=VB ;;
    esac
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$KIND.case
    SETUP="CREATE DATABASE club; USE club; CREATE TABLE d (d INT PRIMARY KEY);
        INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
        CREATE TABLE members (id INT PRIMARY KEY AUTO_INCREMENT, v INT);
        INSERT INTO members (v) SELECT 1 FROM d a, d b, d c, d e, d f WHERE f.d < 2;
        CREATE TABLE hot (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 3;
        INSERT INTO hot SELECT d, 1 FROM d;
        CREATE TABLE points (id INT PRIMARY KEY, m INT, FOREIGN KEY (m) REFERENCES members (id) ON DELETE CASCADE);
        INSERT INTO points SELECT id, id FROM members WHERE id <= 1000"
    mr_sql $S -e "$SETUP"
    [ $KIND != nogtid ] || mr_sql $T -e "$SETUP"
    wait_for 60 eval '[ "$(mr_sql $T -e "SELECT COUNT(*) FROM club.points" 2>/dev/null)" = 1000 ]'

    check --case "$CASE"
    is "$KIND: the start" "$RC" 0
    W=
    if [ $KIND = nogtid ]; then
        both='USE club; UPDATE members SET v = 5 WHERE id IN (7, 8)'
        mr_sql $S -e "$both" && mr_sql $T -e "$both"
    else
        write_on &
        W=$!
    fi
    for round in 1 2 3; do
        check --changed --rolling 2 --case "$CASE"
        is "$KIND: round $round: no false alarm" "$RC $(rows)" "0 "
    done
    # what the replica alone has (of a domain of its own, or its log would stop the replication)
    own='USE club; UPDATE members SET v = -7 WHERE id = 15000'
    [ $KIND != mariadb ] || own="SET SESSION gtid_domain_id = 7; $own"
    mr_sql $T -e "$own"
    check --changed --case "$CASE"
    is "$KIND: what one side alone changed" "$RC $(rows)" '1 club.members changed {"id":"15000"}'
    mr_sql $T -e "SET sql_log_bin = 0; USE club; UPDATE members SET v = -9 WHERE id IN (300, 19000)"
    for round in 1 2; do check --changed --rolling 2 --case "$CASE"; done
    WANT='club.members changed {"id":"15000"};club.members changed {"id":"19000"};club.members changed {"id":"300"}'
    GONE=$(mr_sql $S -e "SELECT GROUP_CONCAT(n) FROM (SELECT 300 AS n UNION SELECT 15000 UNION SELECT 19000) x WHERE n NOT IN (SELECT id FROM club.members)")
    if [ "$GONE" = NULL ]; then
        is "$KIND: and what no log has" "$RC $(rows | paste -sd';')" "1 $WANT"
    else
        skip "$KIND: and what no log has" "the writer has deleted $GONE"
    fi
    if [ -n "$W" ]; then
        kill $W
        wait $W 2>/dev/null
    fi
    check --changed --case "$CASE"
    PART=$(rows)
    ok "$KIND: something differs" test -n "$PART"
    check
    is "$KIND: as a check of everything" "$(rows)" "$PART"

    # what works with a case
    for command in "affected --case $CASE --subject members --output $IT_TMP/$KIND.csv" \
        "report --case $CASE --output $IT_TMP/$KIND.html" \
        "repair plan --policy mirror --allow-deletes 1000 --case $CASE --output $IT_TMP/$KIND.plan"; do
        # shellcheck disable=SC2086
        "$MYRECON" $command >"$OUT" 2>"$ERR"
        is "$KIND: ${command%% *}" $? 0
    done
done

finish
