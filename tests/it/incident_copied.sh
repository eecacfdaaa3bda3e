#!/bin/bash
# incident_copied.sh: a primary's disk is copied, and the copy takes the writes under the primary's name; a replica
# has them, the copy is gone, and the primary comes back with what it had: both give the same numbers to other
# people.  What GTIDs cannot tell then is said with where the histories part, by which everybody is brought back.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
people() { mr_sql "$1" -e "SELECT CONCAT(id, ':', name) FROM club.people ORDER BY id" | paste -sd ' '; }
follow() { # SOURCE
    local port words
    port=$(mr_get_server "$1" PORT)
    if [ "$FAMILY" = mariadb ]; then
        words="CHANGE MASTER TO master_host = '127.0.0.1', master_port = $port, master_user = 'repl', master_password = 'repl', master_connect_retry = 1, master_use_gtid = slave_pos"
    else
        words="CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $port, source_user = 'repl', source_password = 'repl', source_connect_retry = 1, get_source_public_key = 1, source_auto_position = 1"
    fi
    mr_sql "$R" -e "$words; START REPLICA" && mr_await_replica "$R" || bail "no replication"
}
await_people() { # N: the replica has so many
    local i
    for ((i = 0; i < 200; i++)); do
        [ "$(mr_sql "$R" -e "SELECT COUNT(*) FROM club.people" 2>/dev/null)" != "$1" ] || return 0
        sleep 0.1
    done
    bail "the replica does not catch up"
}

cat >"$IT_TMP/club.ini" <<'INI'
[table club.people]
identity = mobile
INI
for FAMILY in mariadb mysql; do
    A=A_$FAMILY T=T_$FAMILY R=R_$FAMILY CASE=$IT_TMP/$FAMILY.case PLAN=$IT_TMP/$FAMILY.plan
    if [ $FAMILY = mysql ] && [ -z "$mr_mysql_root" ]; then
        skip "MySQL" "no MySQL 9: $(tail -n 1 "$IT_TMP/mysql9.err")"
        continue
    fi
    mr_spawn_$FAMILY $R && mr_spawn_$FAMILY $A --server-id=77 && mr_await $R $A || bail "no servers"
    mr_sql $A -e "SET sql_log_bin = 0; CREATE USER repl@127.0.0.1 IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
    follow $A
    mr_sql $A -e "CREATE DATABASE club; USE club;
        CREATE TABLE people (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), mobile VARCHAR(20) UNIQUE, city VARCHAR(20)) ENGINE=InnoDB;
        INSERT INTO people (name, mobile, city) VALUES ('ann', '1', 'x'), ('bob', '2', 'x')"
    await_people 2

    # the copy of its disk takes the writes, and the replica follows it
    mr_stop_server $A
    mkdir -p "$(mr_get_server $A DIR)/../$T" && cp -a "$(mr_get_server $A DIR)/data" "$(mr_get_server $A DIR)/../$T/data" || bail "no copy"
    mr_start_$FAMILY $T --server-id=77 || bail "no copy"
    mr_sql $R -e "STOP REPLICA; RESET REPLICA"
    follow $T
    mr_sql $T club -e "INSERT INTO people (name, mobile) VALUES ('cid', '3'); INSERT INTO people (name, mobile) VALUES ('dan', '4'); UPDATE people SET city = 'z' WHERE id = 1; INSERT INTO people (name, mobile) VALUES ('eve', '5')"
    await_people 5
    "$MYRECON" check -q --settle 1 --case "$IT_TMP/$FAMILY.then" "$(mr_get_server $R URI)/club" "$(mr_get_server $T URI)/club" >/dev/null 2>&1
    is "$FAMILY: while the copy lives" $? 0
    mr_sql $R -e "STOP REPLICA; RESET REPLICA ALL"
    mr_stop_server $T

    # the primary is back, and gives the ids, and the numbers, to others
    sleep 1.1
    mr_start_$FAMILY $A --server-id=77 || bail "no primary"
    mr_sql $A club -e "INSERT INTO people (name, mobile) VALUES ('fay', '6'); INSERT INTO people (name, mobile) VALUES ('gus', '7')"
    if [ $FAMILY = mysql ]; then
        run repair plan --policy backfill --case "$IT_TMP/mysql.then" --source "$(mr_get_server $R URI)/club" --target "$(mr_get_server $A URI)/club" --output "$IT_TMP/then.plan"
        is "$FAMILY: a plan of what was compared with the copy" "$(grep -c 'the target has executed less than when run' "$ERR")" 1
    fi
    run check --json --settle 0 --config "$IT_TMP/club.ini" --case "$CASE" "$(mr_get_server $R URI)/club" "$(mr_get_server $A URI)/club"
    is "$FAMILY: the ids of two people each" "$RC $(jq -r 'select(.type == "row") | .kind' "$OUT" | sort | uniq -c | awk '{ print $1 $2 }' | paste -sd ' ')" "1 1changed 2collision 1missing"
    run history collect --case "$CASE"
    is "$FAMILY: GTIDs do not tell" "$RC $(grep -c 'their logs show two transactions of that number' "$ERR")" "5 1"
    SPLIT=$(sed -n 's/.*: --split \(source=[^ ]*:[0-9]*,target=[^ ]*:[0-9]*\)\..*/\1/p' "$ERR")
    run history collect --case "$CASE" --split "$SPLIT"
    is "$FAMILY: by where they part" "$RC" 0
    run repair plan --policy merge --config "$IT_TMP/club.ini" --case "$CASE" --source "$(mr_get_server $R URI)/club" --target "$(mr_get_server $A URI)/club" --output "$PLAN"
    is "$FAMILY: nothing is asked" "$RC $(grep -c 'conflicts: 0 open, 0 decided' "$OUT")" "0 1"
    run repair apply --yes "$PLAN" "$(mr_get_server $A URI)/club"
    is "$FAMILY: applied" "$RC" 0
    run repair verify "$PLAN" "$(mr_get_server $A URI)/club"
    is "$FAMILY: verified" "$RC" 0
    is "$FAMILY: everybody is there, and who was given an id keeps it" \
        "$(mr_sql $A -e "SELECT CONCAT(name, IF(id < 5, id, '')) FROM club.people ORDER BY name" | paste -sd ' ')" "ann1 bob2 cid dan eve fay3 gus4"
    is "$FAMILY: what the copy had changed is there" "$(mr_sql $A -e "SELECT city FROM club.people WHERE id = 1")" z
    mr_stop_server $A
    mr_stop_server $R
done
finish
