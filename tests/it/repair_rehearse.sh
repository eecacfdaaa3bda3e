#!/bin/bash
# repair_rehearse.sh: `repair rehearse` finds what only writing shows, and leaves nothing: no
# row, no line of the journal, nothing in the binary log, no counter but those that triggers'
# inserts burn, which it names.

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a
if [ $T = b ]; then # one of its own, whose log nobody else writes to
    own_begin RB || bail "no server"
    MR_B_URI=$MR_RB_URI
fi
fresh $T "$DB"
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB")
. "$IT_DIR/rows/lib.sh"
written() { # what was written to the log, where it is only ours
    [ $T = o ] || client $T <<<"SHOW MASTER STATUS"
}
counters() { for t in members orders; do on "SHOW CREATE TABLE $t" | grep -o 'AUTO_INCREMENT=[0-9]*'; done; }
afresh
make_plan
rep_is 5 "before the counters are raised" rehearse --yes plan "$DST"
like "it says so" "$(cat "$ERR")" "counters of the plan are not raised yet"
like "and what to do" "$(cat "$ERR")" "hint: .*reseed.sql"
client $T <plan/reseed.sql >/dev/null || bail "reseed.sql"
rep_is 5 "without a terminal it needs --yes" rehearse plan "$DST"
like "and asks with the numbers" "$(cat "$ERR")" "write and roll back up to 7 rows in 3 units"
BEFORE=$(state) LOG=$(written) COUNTERS=$(counters)
leaves_nothing() { # leaves_nothing DESCRIPTION
    is "$1: no row stays" "$(state)" "$BEFORE"
    is "$1: nothing is logged" "$(written)" "$LOG"
    is "$1: the counters stand where they stood" "$(counters)" "$COUNTERS"
    is "$1: there is no journal" "$(ls plan | grep -c journal)" 0
}
rep_is 0 "a plan in which one unit builds on another" rehearse --yes --json plan "$DST"
is "all of it would be done" "$(sum '"\(.units_done) \(.rows_written) \(.rows_refused)"')" "3 7 0"
is "no counter has moved" "$(jq -c 'select(.type == "counter_moved")' "$OUT")" ""
leaves_nothing "a good plan"
rep_is 0 "in words" rehearse --yes plan "$DST"
like "it says what it cannot show" "$(cat "$OUT")" "written and rolled back. Not shown: raising AUTO_INCREMENT"
cp -r plan applied
rep_is 0 "applied" apply --yes applied "$DST"
rep_is 0 "rehearsed behind that" rehearse --yes applied "$DST"
like "that says that nothing was done" "$(cat "$OUT")" "nothing was written: there was nothing to rehearse"
unlike "and nothing else" "$(cat "$OUT")" "rolled back"
rep_is 0 "taken back" undo --yes applied "$DST"
rm -r applied
LOG=$(written)

# What only writing shows.
found() { # found DESCRIPTION SQL WHAT-IS-SAID SQL-THAT-TAKES-IT-AWAY
    on "$2"
    LOG=$(written)
    rep_is 0 "$1: comparing does not find it" apply --dry-run plan "$DST"
    rep_is 1 "$1: a rehearsal does" rehearse --yes --json plan "$DST"
    like "$1: named" "$(refused)" "$3"
    leaves_nothing "$1"
    on "$4"
}
found "a trigger that refuses one row" \
    "CREATE TRIGGER picky BEFORE INSERT ON orders FOR EACH ROW SET NEW.member_id = IF(NEW.what = 'milk', NULL, NEW.member_id)" \
    "^1 .*member_id.*null" "DROP TRIGGER picky"
found "a trigger that reads what is not there" \
    "CREATE TRIGGER lost AFTER INSERT ON members FOR EACH ROW SET @x = (SELECT COUNT(*) FROM nowhere)" \
    "^1 .*nowhere.*exist" "DROP TRIGGER lost"
found "a CHECK, in a unit that builds on another" "ALTER TABLE orders ADD CONSTRAINT no_corn CHECK (what <> 'corn')" \
    "^3 .*no_corn" "ALTER TABLE orders DROP CONSTRAINT no_corn"

# Interrupted behind other units, in their transaction.
on "CREATE TRIGGER slow BEFORE INSERT ON orders FOR EACH ROW SET @x = IF(NEW.what = 'corn', SLEEP(4), 0)"
LOG=$(written)
asleep() { [ "$(client $T <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep' AND DB = '$DB'")" = "$1" ]; }
"$MYRECON" repair rehearse --yes plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
pid=$!
wait_for 20 asleep 1
kill -INT $pid
wait $pid
is "SIGINT in a rehearsal" "$?" 6
like "says that nothing stays" "$(cat "$ERR")" "hint: .*Nothing of it has stayed"
wait_for 20 asleep 0
leaves_nothing "SIGINT"
on "DROP TRIGGER slow"

# What a rehearsal burns, and what it must not touch.
on "CREATE TABLE audit (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(30));
    CREATE TRIGGER audited AFTER INSERT ON orders FOR EACH ROW INSERT INTO audit (what) VALUES (NEW.what)"
LOG=$(written)
rep_is 0 "a trigger that writes to a table with transactions" rehearse --yes --json plan "$DST"
is "the ids that it took are told" "$(jq -r 'select(.type == "counter_moved") | .table' "$OUT")" "$DB.audit"
is "and its rows are gone" "$(on "SELECT COUNT(*) FROM audit")" 0
leaves_nothing "an auditing trigger"
on "ALTER TABLE audit ENGINE = MyISAM"
rep_is 5 "a trigger that writes to one without" rehearse --yes plan "$DST"
like "is named" "$(cat "$ERR")" "trigger \"audited\" may write to table \"$DB.audit\", which is MyISAM"
is "and was not fired" "$(on "SELECT COUNT(*) FROM audit")" 0
on "DROP TRIGGER audited"
# … in another database, by a routine, or by a trigger there.
fresh $T "${DB}_log"
client $T -D "${DB}_log" <<<"CREATE TABLE kept (n INT) ENGINE = MyISAM; CREATE TABLE passed (n INT);
    CREATE PROCEDURE keep() INSERT INTO kept VALUES (1);
    CREATE TRIGGER passed_on AFTER INSERT ON passed FOR EACH ROW INSERT INTO kept VALUES (NEW.n)" || bail "no log"
for body in "CALL ${DB}_log.keep()" "INSERT INTO ${DB}_log.passed VALUES (NEW.id)"; do
    on "CREATE TRIGGER audited AFTER INSERT ON orders FOR EACH ROW $body"
    rep_is 5 "$body" rehearse --yes plan "$DST"
    like "is followed" "$(cat "$ERR")" "may write to table \"${DB}_log.kept\", which is MyISAM"
    on "DROP TRIGGER audited"
done
is "and keeps nothing" "$(client $T <<<"SELECT COUNT(*) FROM ${DB}_log.kept")" 0
# A right that is missing.
U=${DB:0:20}_u
RIGHT="SLAVE MONITOR"
[ $T = b ] || RIGHT="REPLICATION CLIENT"
at_exit "client $T <<<\"DROP USER IF EXISTS '$U'@'%'\" 2>/dev/null"
client $T <<<"DROP USER IF EXISTS '$U'@'%'; CREATE USER '$U'@'%' IDENTIFIED BY 'pw'; GRANT $RIGHT ON *.* TO '$U'@'%';
    GRANT SELECT, ALTER, TRIGGER, CREATE TEMPORARY TABLES ON \`$DB\`.* TO '$U'@'%'; GRANT INSERT ON \`$DB\`.members TO '$U'@'%'" || bail "no user"
rep_is 5 "a right that is missing" rehearse --yes plan "$(uri $T "$DB" "$U:pw")"
like "is named" "$(cat "$ERR")" "GRANT INSERT ON .*orders"
client $T <<<"GRANT INSERT ON \`$DB\`.orders TO '$U'@'%'"
on "CREATE TRIGGER audited AFTER INSERT ON orders FOR EACH ROW INSERT INTO ${DB}_log.passed VALUES (NEW.id)"
rep_is 5 "a table that is hidden" rehearse --yes plan "$(uri $T "$DB" "$U:pw")"
like "is named" "$(cat "$ERR")" "trigger \"audited\" writes to table \"${DB}_log.passed\", which is hidden"
is "and nothing is kept" "$(client $T <<<"SELECT COUNT(*) FROM ${DB}_log.kept")" 0
on "DROP TRIGGER audited"
rep_is 5 "without the right to leave the log alone" apply --yes --no-binlog plan "$(uri $T "$DB" "$U:pw")"
like "the GRANT is named" "$(cat "$ERR")" "GRANT (BINLOG ADMIN|SESSION_VARIABLES_ADMIN) ON .* TO .*$U"
is "and nothing was written" "$(state)" "$BEFORE"
LOG=$(written)
if [ $T = b ]; then
    rep_is 1 "a rehearsal, too" rehearse --yes --json plan "$(uri $T "$DB" "$U:pw")"
    like "says so in front" "$(cat "$ERR")" "warning: units that build on others .*GRANT BINLOG ADMIN ON .* TO .*$U"
    like "and names the units" "$(refused)" "^3 .*cannot be done alone.*BINLOG ADMIN"
else
    rep_is 0 "a rehearsal needs no such right" rehearse --yes --json plan "$(uri $T "$DB" "$U:pw")"
fi
leaves_nothing "without the right"
rep_is 0 "after all that the plan is applied" apply --yes plan "$(uri $T "$DB" "$U:pw")"
is "as it was rehearsed" "$(state)" "$DONE"

# A planned table without transactions: what would write to it is not sent, and named.
for engine in MyISAM MEMORY; do
    afresh
    on "ALTER TABLE orders DROP FOREIGN KEY orders_ibfk_1; ALTER TABLE members MODIFY name VARCHAR(99); ALTER TABLE members ENGINE = $engine"
    SPARSE=1 make_plan '[[["members", {"id": 10, "mobile": "m10", "name": "dan"}], ["orders", {"id": 11, "member_id": 10, "what": "rice"}]],
        [["orders", {"id": 12, "member_id": 10, "what": "salt"}]], [["orders", {"id": 13, "member_id": 2, "what": "corn"}]]]'
    client $T <plan/reseed.sql >/dev/null || bail "reseed.sql"
    if [ $T = o ]; then # it enforces GTID consistency
        for what in rehearse apply; do
            rep_is 5 "$engine: refused, $what" $what --yes plan "$DST"
            like "$engine: the table, and why, $what" "$(cat "$ERR")" "$DB.members\" is $engine, and the server enforces GTID"
        done
        continue
    fi
    BEFORE=$(state) LOG=$(written) COUNTERS=$(counters)
    rep_is 1 "$engine: a rehearsal" rehearse --yes --json plan "$DST"
    is "$engine: names the table, and how many rows" \
        "$(jq -r 'select(.type == "skipped") | "\(.table) \(.engine) \(.rows)"' "$OUT")" "$DB.members $engine 1"
    is "$engine: the unit that writes it is not sent, another one is" \
        "$(sum '"\(.units_skipped) \(.rows_skipped) \(.units_done) \(.rows_written)"')" "1 2 1 1"
    is "$engine: what leans on it is marked" "$(jq -r 'select(.type == "refused") | "\(.unit) \(.unsure)"' "$OUT")" "2 true"
    leaves_nothing "$engine"
    rep_is 1 "$engine: in words" rehearse --yes plan "$DST"
    like "$engine: the table" "$(cat "$OUT")" "$DB.members: skipped, $engine could not roll 1 row back"
    like "$engine: the doubt" "$(cat "$OUT")" "$DB.orders 12: .*perhaps only since a unit before it was skipped"
    like "$engine: the sum" "$(cat "$OUT")" "write tables without transactions: 1 unit with 2 rows"
    rep_is 0 "$engine: apply writes them" apply --yes plan "$DST"
    is "$engine: all" "$(on "SELECT COUNT(*) FROM members WHERE id = 10") $(on "SELECT COUNT(*) FROM orders WHERE id > 10")" "1 3"
done
finish
