#!/bin/bash
# repair_apply_log.sh: `repair apply` of rows and the binary log: rows only, whatever the
# server's format; nothing with --no-binlog, but for the counters; a right that lacks is
# named. And a server that becomes read-only, is loaded, or is not the planned one any more.

. "$(dirname "$0")/lib.sh"
T=x
side_uri() { # x: a server of our own
    case $1 in a) echo "$MR_A_URI" ;; x) echo "$MR_X_URI" ;; mysql://*) echo "$1" ;; *) bail "no side $1" ;; esac
}
begin a
own_begin X || bail "no server"
fresh x "$DB"
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
DST=$(uri x "$DB")
log_end() { client x <<<"SHOW MASTER STATUS" | cut -f 1,2; }
logged() { # logged SINCE: what the log has since FILE<tab>POSITION, without the text of rows
    client x <<<"SHOW BINLOG EVENTS IN '${1%	*}' FROM ${1#*	}" | cut -f 3,6
}

afresh
make_plan
U=${DB}_u
client x <<<"CREATE USER '$U'@'%' IDENTIFIED BY 'pw'; GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, TRIGGER, CREATE TEMPORARY TABLES ON $DB.* TO '$U'@'%';
    GRANT SLAVE MONITOR ON *.* TO '$U'@'%'"
D=$(uri x "$DB" "$U:pw")
client x <<<"SET GLOBAL binlog_format = 'MIXED'"
rep_is 5 "a log that is not by rows, and no right to change that" apply --yes plan "$D"
like "the right is named" "$(cat "$ERR")" "GRANT BINLOG ADMIN ON \*.\* TO"
is "nothing is changed" "$(on "SELECT COUNT(*) FROM members")" 3
client x <<<"GRANT BINLOG ADMIN ON *.* TO '$U'@'%'"
from=$(log_end)
rep_is 0 "with it" apply --yes plan "$D"
unlike "no statement of ours is in the log" "$(logged "$from" | grep -v -e ALTER -e ^Annotate_rows)" "myrecon_|INSERT"
like "rows are" "$(logged "$from")" "Write_rows"
like "and the counters" "$(logged "$from")" "ALTER TABLE .*members"
rep_is 0 "undo" undo --yes plan "$D"
client x <<<"SET GLOBAL binlog_format = 'ROW'; REVOKE BINLOG ADMIN ON *.* FROM '$U'@'%'"
rep_is 0 "a log by rows needs no right" apply --yes plan "$D"
"$MYRECON" repair undo --yes plan "$D" >/dev/full 2>"$ERR"
is "a result that cannot be written: exits 3" $? 3
like "and what was done is said to be" "$(cat "$ERR")" "hint: What was done stands .*journal.jsonl"
"$MYRECON" repair undo --yes --json plan "$D" >/dev/full 2>"$ERR"
like "as objects, too" "$(cat "$ERR")" "hint: What was done stands .*journal.jsonl"
is "as it is" "$(on "SELECT COUNT(*) FROM members")" 3
rep_is 5 "--no-binlog does" apply --yes --no-binlog plan "$D"
like "which is named" "$(cat "$ERR")" "GRANT BINLOG ADMIN ON"
rm -f plan/journal.jsonl
afresh
from=$(log_end)
rep_is 0 "--no-binlog" apply --yes --no-binlog plan "$DST"
like "warns" "$(cat "$ERR")" "warning: --no-binlog: replicas"
is "everybody is there" "$(state)" "$DONE"
unlike "and no row is in the log" "$(logged "$from")" "Write_rows"
like "but the counters are" "$(logged "$from")" "ALTER TABLE .*members"
rep_is 0 "undo without the log" undo --yes --no-binlog plan "$DST"
unlike "leaves none there either" "$(logged "$from")" "Delete_rows"

# ---- while it runs -----------------------------------------------------------------------
slow="[$(for ((i = 100; i < 400; i++)); do printf '[["members", {"id": %d, "mobile": "s%d", "name": "x"}]],' $i $i; done)"
slow="${slow%,}]"
begun() { [ "$(on "SELECT COUNT(*) FROM members")" -gt 13 ]; }
afresh
make_plan "$slow"
begin_apply() {
    "$MYRECON" repair apply --yes --json plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    wait_for 20 begun || bail "apply does not begin: $(cat "$ERR")"
}
begin_apply
kill -INT $pid
wait $pid
is "SIGINT between two units" "$?" 6
like "it may be run again" "$(cat "$ERR")" "what is done stays done"
done_by_now=$(on "SELECT COUNT(*) FROM members")
is "some units are done, others not" "$((done_by_now > 13 && done_by_now < 303))" 1
rep_is 0 "the same command" apply --yes --json plan "$DST"
is "does the others" "$(sum '.units_done + .units_done_before') $(sum .rows_written)" "300 $((303 - done_by_now))"
afresh
rm -f plan/journal.jsonl
begin_apply
client x <<<"SET GLOBAL read_only = 1"
wait $pid
is "a server that becomes read-only ends the run" "$?" 4
like "which says why" "$(cat "$ERR")" "error: server .* is read-only"
like "and what is to be done" "$(cat "$ERR")" "What is done stays done"
is "no unit is blamed for it" "$(refused)" ""
rep_is 5 "then it is refused" apply --yes plan "$DST"
like "as read-only" "$(cat "$ERR")" "is read-only"
client x <<<"SET GLOBAL read_only = 0"
rep_is 0 "and done when it is writable again" apply --yes plan "$DST"
is "all of it" "$(on "SELECT COUNT(*) FROM members")" 303
afresh
rm -f plan/journal.jsonl
begin_apply
kill -STOP $pid # or it is done first, on a busy machine
client x <<<"SET GLOBAL server_id = 4711; SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE INFO LIKE '/* myrecon%'
    OR (USER = 'root' AND COMMAND = 'Sleep' AND DB = '$DB')" | client x
kill -CONT $pid
wait $pid
RC=$?
is "another server behind the address is not written to" "$RC" 5
like "it is told from the planned one" "$(cat "$ERR")" "another server answers"
client x <<<"SET GLOBAL server_id = $(jq -r .server.server_id plan/plan.json)"
rep_is 0 "the planned one is" apply --yes plan "$DST"
is "all of it" "$(on "SELECT COUNT(*) FROM members")" 303
afresh
rm -f plan/journal.jsonl
"$MYRECON" repair apply --yes --max-load 1 plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
pid=$!
for ((i = 0; i < 4; i++)); do client x <<<"SELECT SLEEP(3)" >/dev/null 2>&1 & done
ok "a loaded server is waited for" wait_for 10 grep -q 'Threads_running' "$ERR"
kill $pid
wait $pid
finish
