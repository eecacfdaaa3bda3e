#!/bin/bash
# check_underway.sh: a replica that has a row which its source does not show yet: the commit waits
# for an acknowledgement (semi-sync, AFTER_SYNC).  No difference, and nothing that is called one.

. "$(dirname "$0")/lib.sh"
begin ""
own_begin TP TR || bail "no servers"
PAIR_P=$MR_TP_URI PAIR_R=$MR_TR_URI
mr_replicate TP TR || bail "no replication"
fresh p "$DB"
at p "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq FROM seq_1_to_1000;
    CREATE TABLE keyless (v INT); INSERT INTO keyless SELECT 1 FROM seq_1_to_10"
SRC=$(uri p "$DB") DST=$(uri r "$DB")
sees_all() { [ "$(client r -D "$DB" <<<"SELECT COUNT(*) FROM t" 2>/dev/null)" = 1000 ]; }
wait_for 10 sees_all
check_is 0 "a healthy pair"

client p <<<"SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC', GLOBAL rpl_semi_sync_master_timeout = 60000,
    GLOBAL rpl_semi_sync_master_wait_no_slave = 1, GLOBAL rpl_semi_sync_master_enabled = 1" || bail "no semi-sync"
client p -D "$DB" <<<"BEGIN; INSERT INTO keyless VALUES (1); INSERT INTO t VALUES (1001, 1), (1002, 2); COMMIT" &
INSERT=$!
arrived() { [ "$(client r -D "$DB" <<<"SELECT COUNT(*) FROM t")" = 1002 ]; }
wait_for 10 arrived
is "the replica has rows that its source does not show" "$(client p -D "$DB" <<<"SELECT COUNT(*) FROM t")" 1000
for WAY in "source to replica" "replica to source"; do
    [ "$WAY" = "source to replica" ] || { SRC=$(uri r "$DB") DST=$(uri p "$DB"); }
    run_check "$SRC" "$DST" --settle 0
    is "$WAY: no row is called different" "$RC $(jq -c 'select(.type == "row")' "$OUT" | wc -l)" "4 0"
    table_is "$WAY: unsettled" t '.verdict == "unsettled"'
    table_is "$WAY: unsettled, without a key" keyless '.verdict == "unsettled"'
done
client p <<<"SET GLOBAL rpl_semi_sync_master_enabled = 0"
wait $INSERT
check_is 0 "once it is committed: equal"
# a row that is really another one, beside a transaction that is open
client r -D "$DB" <<<"SET sql_log_bin = 0; UPDATE t SET v = -5 WHERE id = 5"
hold_p() { client p -D "$DB" <<<"BEGIN; UPDATE t SET v = 7 WHERE id = 6; SELECT SLEEP(8); ROLLBACK" >/dev/null & }
hold_p
HELD=$!
check_is 1 "a difference beside an open transaction: exits 1"
rows_are "it is told" t 'changed {"id":"5"} ["v"]'
wait $HELD
finish
