#!/bin/bash
# rejoin_refused.sh: when an old primary may not come back, each reason by its name, and nothing is changed; and runs
# that are killed at any moment are gone on with.  MariaDB and MySQL.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
. "$IT_DIR/../lib/rejoin.sh"

refused() { # NAME TEXT: the plan is refused with that
    plan --discard-lost
    is "$ON: $1" "$RC $(grep -cF -- "$2" "$ERR")" "5 1"
}
session() { # SQL: a second session on OLD that lasts; $SESSION
    mariadb --no-defaults --user=root --socket="$MR_OLD_SOCK" -e "$1" >/dev/null 2>&1 &
    SESSION=$!
    sleep 0.5
}
end_session() {
    kill "$SESSION" 2>/dev/null
    wait "$SESSION" 2>/dev/null
    old "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE '%SLEEP(100)%' AND id <> CONNECTION_ID()" | mr_sql OLD 2>/dev/null
    sleep 0.2
}

world() {
    pair
    fail_over
    local before
    before=$(rows)
    old "SET GLOBAL read_only = 0"
    refused "it takes writes" "the target takes writes"
    old "SET GLOBAL read_only = 1"
    session "SELECT SLEEP(100)"
    refused "somebody may write all the same" "may write in spite of read_only"
    end_session
    mr_sql OLD -e "SET sql_log_bin = 0; XA START 'a'; UPDATE club.members SET points = 0 WHERE id = 3; XA END 'a'; XA PREPARE 'a'"
    refused "a prepared transaction" "the target holds prepared transactions"
    mr_sql OLD -e "SET sql_log_bin = 0; XA ROLLBACK 'a'"
    mr_sql OLD -e "SET sql_log_bin = 0; CREATE EVENT club.tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM club.tags; SET GLOBAL event_scheduler = ON"
    sleep 0.3
    refused "events run" "the event scheduler of the target runs events"
    mr_sql OLD -e "SET sql_log_bin = 0; DROP EVENT club.tick; SET GLOBAL event_scheduler = OFF"
    old "$POINT_OLD"
    refused "it replicates already" "the target replicates already"
    old "$UNPOINT"
    live "$POINT_LIVE"
    refused "the live one follows it" "the source is set up as a replica of the target"
    live "$UNPOINT"
    PLAN=$IT_TMP/itself
    CMD=("$MYRECON" repair plan --policy rejoin --source "$MR_OLD_URI" --target "$MR_OLD_URI" --replication-user r --output "$PLAN")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    is "$ON: itself" $? 5
    mr_sql OLD -e "SET sql_log_bin = 0; UPDATE club.members SET points = 77 WHERE id = 1"
    printf '[table club.members]\non-conflict = changed-since=target\n' >"$IT_TMP/chosen.ini"
    plan --discard-lost --config "$IT_TMP/chosen.ini"
    is "$ON: a row that was changed without the log, whatever is chosen for a rewind" \
        "$RC $(grep -cF 'cannot be taken back to what they were at the split: 1 (changed-since)' "$ERR")" "5 1"
    mr_sql OLD -e "SET sql_log_bin = 0; UPDATE club.members SET points = 101 WHERE id = 1"
    is "$ON: nothing was changed" "$(rows)" "$before"

    # killed at any moment, and again
    plan --discard-lost
    is "$ON: planned" "$RC" 0
    CMD=("$MYRECON" repair apply --yes --point-of-no-return "$PLAN" "$MR_OLD_URI")
    for wait in 0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4; do
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
        local pid=$!
        sleep $wait
        kill -KILL $pid 2>/dev/null
        wait $pid 2>/dev/null
        sleep 0.2
    done
    for wait in {1..100}; do # until a server that is busy has noticed that nobody is there any more
        [ "$(old "SHOW PROCESSLIST" | awk -F'\t' '$2 == "root"' | wc -l)" -gt 1 ] || break
        sleep 0.1
    done
    act apply --point-of-no-return
    is "$ON: killed, and gone on with" "$RC" 0
    is "$ON: equal" "$(equal)" 0
    old "STOP REPLICA; RESET REPLICA ALL"
}

as_old() { # SQL: on LIVE, under the last number that OLD has given, as a server has it that was set up from OLD's disk
    local uuid
    if [ "$ON" = MariaDB ]; then
        live "SET SESSION server_id = $(old "SELECT @@server_id"); $1"
        return
    fi
    uuid=$(old "SELECT @@server_uuid")
    live "SET GTID_NEXT = '$uuid:$(old "SELECT SUBSTRING_INDEX(REGEXP_SUBSTR(@@global.gtid_executed, '$uuid:1-[0-9]+'), '-', -1)")'; $1; SET GTID_NEXT = 'AUTOMATIC'"
}
# A definition in the part that is OLD's own.
defined() {
    live "SET GLOBAL read_only = 0"
    old "SET GLOBAL read_only = 0; ALTER TABLE club.tags ADD COLUMN more INT; SET GLOBAL read_only = 1"
    refused "a definition of its own" "no log can undo: ALTER TABLE"
    sleep 1.1
    as_old "INSERT INTO club.tags VALUES (4, 'twice')"
    refused "a number that both have given" "and their logs show two transactions of that number"
    forget_logs
    refused "the live one has removed logs" "has removed logs that the target would have to read"
}

mr_start_mariadb OLD || bail "no server"
mr_start_mariadb LIVE || bail "no server"
ON=MariaDB
UNPOINT="RESET SLAVE ALL"
POINT_OLD="CHANGE MASTER TO master_host = '127.0.0.1', master_port = 1"
POINT_LIVE="CHANGE MASTER TO master_host = '127.0.0.1', master_port = $MR_OLD_PORT"
world
defined

mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
if [ -n "$mr_mysql_root" ]; then
    mr_stop_server OLD
    mr_stop_server LIVE
    mr_start_mysql OLD2 && mr_start_mysql LIVE2 || bail "no server"
    for V in PORT SOCK URI DIR PID KIND; do
        mr_set_server OLD $V "$(mr_get_server OLD2 $V)"
        mr_set_server LIVE $V "$(mr_get_server LIVE2 $V)"
    done
    ON=MySQL
    UNPOINT="RESET REPLICA ALL"
    POINT_OLD="CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = 1"
    POINT_LIVE="CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $MR_OLD_PORT"
    world
    defined
    # without GTIDs nobody knows whose a transaction is
    mr_start_mysql NOG --gtid-mode=OFF --enforce-gtid-consistency=OFF || bail "no server"
    mr_sql NOG -e "SET GLOBAL read_only = 1"
    MR_OLD_URI=$MR_NOG_URI refused "an old primary without GTIDs" "the target has no GTIDs (gtid_mode)"
    MR_LIVE_URI=$MR_NOG_URI refused "a live server without GTIDs" "the source has no GTIDs (gtid_mode)"
fi
finish
