#!/bin/bash
# repair_refused.sh: rows that only the server refuses, among hundreds that it takes: by a CHECK
# constraint, triggers, a partition that there is not.  Each is found, set aside with what hangs
# on it and named with the server's words; everything else is written, whoever it belongs to.
# What is there afterwards is compared with what was lost, row by row.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
LIMIT=300 # it looks for 18 rows that a server refuses, one by one

# Lost: members 101 to 160, ten orders of each, an item of each order, 300 lines of a log.
both_sides() {
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL,
            up TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, amount INT NOT NULL,
            up TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
            FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE items (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id INT NOT NULL, note VARCHAR(20) NULL, weight TINYINT NOT NULL,
            FOREIGN KEY (order_id) REFERENCES orders (id));
        CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, text VARCHAR(20) NOT NULL);
        INSERT INTO members VALUES (1, 'm1', '2026-01-01', '2026-01-01'); INSERT INTO orders VALUES (1, 1, 5, '2026-01-01'); INSERT INTO items VALUES (1, 1, 'x', 1);
        INSERT INTO log VALUES (1, 'base')"
    at a "INSERT INTO members SELECT 100 + seq, CONCAT('m', 100 + seq), '2026-03-01', '2026-03-01' FROM seq_1_to_60;
        INSERT INTO orders SELECT 1000 + seq, 101 + (seq - 1) DIV 10, seq, '2026-03-01' FROM seq_1_to_600;
        INSERT INTO items SELECT 2000 + seq, 1000 + seq, CONCAT('item ', seq), 1 FROM seq_1_to_600;
        INSERT INTO log SELECT 5000 + seq, 'lost' FROM seq_1_to_300;
        UPDATE items SET note = 'signal' WHERE id IN (2007, 2008, 2599); UPDATE items SET note = 'null' WHERE id = 2300;
        UPDATE items SET note = 'range' WHERE id = 2301; UPDATE items SET note = 'stays' WHERE id = 2350"
    at $T "ALTER TABLE orders ADD CONSTRAINT no_thirteen CHECK (amount <> 13);
        ALTER TABLE log PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (5290))"
    client $T -D "$DB" --delimiter=// <<<"SET SESSION sql_mode = 'STRICT_ALL_TABLES'//
        CREATE TRIGGER members_in BEFORE INSERT ON members FOR EACH ROW
            IF NEW.mobile = 'm120' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'm120 is barred'; END IF//
        CREATE TRIGGER items_in BEFORE INSERT ON items FOR EACH ROW
            IF NEW.note = 'signal' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this item';
            ELSEIF NEW.note = 'null' THEN SET NEW.weight = NULL;
            ELSEIF NEW.note = 'range' THEN SET NEW.weight = 1000; END IF//
        CREATE TRIGGER items_out BEFORE DELETE ON items FOR EACH ROW
            IF OLD.note = 'stays' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it stays'; END IF//" || bail "no triggers"
}
printf '[table %s.members]\nsubject = yes\ntime-column = created_at\nidentity = mobile\n' "$DB" >ini
for t in orders items log; do printf '[table %s.%s]\nidentity = none\n' "$DB" "$t" >>ini; done
lost() { # lost SIDE [ORDERS [ITEMS [MEMBERS [LOG]]]]: rows of the lost side, but for these conditions
    client "$1" -D "$DB" <<<"SELECT 'm', m.* FROM members m WHERE id > 100 AND NOT (${4:-FALSE}) ORDER BY id;
        SELECT 'o', o.* FROM orders o WHERE id > 100 AND NOT (${2:-FALSE}) ORDER BY id;
        SELECT 'i', i.* FROM items i WHERE id > 100 AND NOT (${3:-FALSE}) ORDER BY id;
        SELECT 'l', l.* FROM log l WHERE id > 100 AND NOT (${5:-FALSE}) ORDER BY id"
}

same() { # same DESCRIPTION WANTED: what is there of the lost rows
    is "$1" "$(diff <(lost $T) - <<<"$2")" ""
}

both_sides
"$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output plan --allow-triggers fire
is "planned" "$RC $(planned_rows plan)" "0 1560"
# Order 1013 has amount 13; member 120 has the orders 1191 to 1200.
WANTED=$(lost a "id = 1013 OR member_id = 120" "id IN (2007, 2008, 2013, 2300, 2301, 2599) OR order_id BETWEEN 1191 AND 1200" "id = 120" "id >= 5290")
EMPTY=$(lost $T)

log_end() { client b <<<"SHOW MASTER STATUS" | cut -f 1,2; }
logged_since() { # POSITION: events of this database; other tests write to the server, too
    client b <<<"SHOW BINLOG EVENTS IN '${1%	*}' FROM ${1#*	}" | cut -f 6 | grep -c "$DB"
}
client $T <plan/reseed.sql >/dev/null || bail "reseed.sql"
[ $T = o ] || LOG=$(log_end)
rep rehearse --yes --json plan "$DST"
is "a rehearsal: exit 1" "$RC" 1
REHEARSED=$(sum '"\(.rows_written) \(.rows_refused) \(.units_failed)"')$(refused | sort)
is "it leaves no row" "$(lost $T)" "$EMPTY"
[ $T = o ] || is "and nothing in the log" "$(logged_since "$LOG")" 0

rep apply --yes --json --case "$CASE" plan "$DST"
is "apply: exit 1" "$RC" 1
[ $T = o ] || ok "which is in the log" test "$(logged_since "$LOG")" -gt 0
same "everything is there but what was refused, and what hangs on it" "$WANTED"
is "no unit is left out" "$(sum .units_failed)" 0
is "as many rows as are named are left out" "$(sum '"\(.rows_written) \(.rows_refused)"') $(refused | wc -l)" "1521 39 39"
like "the CHECK constraint is named" "$(refused)" "$DB.orders 1013: .*no_thirteen"
like "and what hangs on that order" "$(refused)" "$DB.items 2013: what it refers to is left out"
like "the trigger's words" "$(refused)" "$DB.items 2007: .*not this item"
like "the next one's" "$(refused)" "$DB.items 2008: .*not this item"
like "a NULL" "$(refused)" "$DB.items 2300: .*cannot be null"
like "a number out of range" "$(refused)" "$DB.items 2301: .*Out of range"
like "a person" "$(refused)" "$DB.members 120: .*m120 is barred"
is "with all that is theirs" "$(refused | grep -c "what it refers to is left out")" 21
is "rows that no partition takes" "$(refused | grep -c "$DB.log 5.*no partition")" 11
like "it says what it is doing" "$(cat "$ERR")" "the server refuses a row, searching"
FIRST=$(refused | sort)
is "the rehearsal has said just that" "$(diff <(echo "$REHEARSED") - <<<"$(sum '"\(.rows_written) \(.rows_refused) \(.units_failed)"')$FIRST")" ""
is "the journal says which" "$(jq -r 'select(.aside != null) | .aside' plan/journal.jsonl | tr ',' '\n' | wc -l)" 18
rep_is 1 "verify finds who is not there" verify --json plan "$DST"

rep apply --yes --json --case "$CASE" plan "$DST"
is "a second time the same" "$RC $(sum .rows_written) $(refused | sort | md5sum)" "1 0 $(md5sum <<<"$FIRST")"
same "and nothing is changed" "$WANTED"

JOURNAL=$(md5sum <plan/journal.jsonl)
rep apply --dry-run --json plan "$DST"
is "a dry run by then: what is left is tried, nothing stands in its way" "$RC $(sum '"\(.rows_written) \(.rows_refused)"')" "0 39 0"
[ $T = o ] || rep rehearse --yes --json plan "$DST"
[ $T = o ] || is "a rehearsal by then says what apply has said" "$RC $(sum .rows_written) $(refused | sort | md5sum)" "1 0 $(md5sum <<<"$FIRST")"
is "neither writes to the journal" "$(md5sum <plan/journal.jsonl)" "$JOURNAL"

on "DELETE FROM items WHERE id = 2001"
rep apply --dry-run --json plan "$DST"
DRY=$(refused | sort)
at $T "ALTER TABLE orders DROP CONSTRAINT no_thirteen; DROP TRIGGER members_in; DROP TRIGGER items_in;
    ALTER TABLE log REORGANIZE PARTITION p0 INTO (PARTITION p0 VALUES LESS THAN (9000))"
rep apply --yes --json --case "$CASE" plan "$DST"
is "what is in its way the dry run has said" "$(refused | sort)" "$DRY"
same "what was mended is written; where somebody has deleted since, nothing is" "$(lost a FALSE "id IN (2001, 2007, 2008)")"
on "INSERT INTO items VALUES (2001, 1001, 'item 1', 1)"
rep_is 0 "apply, when that is there again" apply --yes --json --case "$CASE" plan "$DST"
same "everything is there" "$(lost a)"
rep_is 0 "verify" verify plan "$DST"

# ---- undo: a trigger keeps an item, and so its order and its person --------------------------
rep undo --yes --json --case "$CASE" plan "$DST"
is "undo: exit 1" "$RC" 1
like "with the trigger's words" "$(refused)" "$DB.items 2350: .*it stays"
same "the person is kept whole, nobody else" "$(lost a "member_id <> 135" "order_id NOT BETWEEN 1341 AND 1350" "id <> 135" TRUE)"
at $T "DROP TRIGGER items_out"
rep_is 0 "undo again, without the trigger" undo --yes --json --case "$CASE" plan "$DST"
is "nothing is left" "$(lost $T)" "$EMPTY"

# ---- what a next try does not meet again is no row's fault --------------------------------------
# As if somebody were always quicker: each try finds another order's number taken.
both_sides
at $T "DROP TRIGGER members_in; DROP TRIGGER items_in; DROP TRIGGER items_out; ALTER TABLE orders DROP CONSTRAINT no_thirteen"
client $T -D "$DB" --delimiter=// <<<"CREATE TRIGGER orders_in BEFORE INSERT ON orders FOR EACH ROW BEGIN
    DECLARE text VARCHAR(40) DEFAULT CONCAT('Duplicate entry ''', NEW.id, ''' for key ''no''');
    IF NEW.id % 7 = 0 AND NEW.id > COALESCE(@myrecon_test, 0) AND COALESCE(@myrecon_test, 0) < 1100 THEN
        SET @myrecon_test = NEW.id + 20;
        SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = text; END IF; END//" || bail "no trigger"
rm -f "$CASE"
"$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output quicker --allow-triggers fire
rep apply --yes --json --case "$CASE" quicker "$DST"
is "nobody is blamed but whom no partition takes" "$(refused | grep -vc "$DB.log 5.*no partition")" 0
same "and everybody else is there" "$(lost a FALSE FALSE FALSE "id >= 5290")"

# ---- mirror: what makes way for each other changes together, or not at all -------------------
fresh a$T "$DB"
at a$T "CREATE TABLE seats (id INT NOT NULL PRIMARY KEY, seat INT NOT NULL UNIQUE, CONSTRAINT no_thirteen CHECK (seat <> 1013 OR id <> 13))"
at a "INSERT INTO seats SELECT seq, seq FROM seq_1_to_400"
on "INSERT INTO seats VALUES $(seq 400 | sed 's/.*/(&, &)/' | paste -sd ,)"
at a "ALTER TABLE seats DROP CONSTRAINT no_thirteen; UPDATE seats SET seat = id + 1000 WHERE id <= 300;
    UPDATE seats SET seat = 5000 WHERE id = 399; UPDATE seats SET seat = 399 WHERE id = 400; UPDATE seats SET seat = 400 WHERE id = 399"
client $T -D "$DB" --delimiter=// <<<"CREATE TRIGGER seats_change BEFORE UPDATE ON seats FOR EACH ROW
    IF NEW.id = 400 AND NEW.seat = 399 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not that seat'; END IF//" || bail "no trigger"
rm -f "$CASE"
"$MYRECON" check "$SRC" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy mirror --case "$CASE" --output mirror --allow-triggers fire
is "mirror: planned" "$RC $(planned_rows mirror)" "0 303"
rep apply --yes --json --case "$CASE" mirror "$DST"
is "apply: exit 1" "$RC" 1
is "the others have changed, those two have not, nor has one of them been parked" \
    "$(on "SELECT COUNT(*), SUM(seat = id + 1000), GROUP_CONCAT(IF(seat = id + 1000, NULL, CONCAT(id, ':', seat)) ORDER BY id) FROM seats WHERE id <= 300 OR id > 398")" \
    "302	299	13:13,399:399,400:400"
like "the constraint is named" "$(refused)" "$DB.seats 13: .*no_thirteen"
like "so is who may not have the seat" "$(refused)" "$DB.seats 400: .*not that seat"
on "DROP TRIGGER seats_change; ALTER TABLE seats DROP CONSTRAINT no_thirteen"
rep_is 0 "apply again, when both are mended" apply --yes --json --case "$CASE" mirror "$DST"
is "all are as on the source" "$(on "SELECT * FROM seats ORDER BY id" | md5sum)" "$(client a -D "$DB" <<<"SELECT * FROM seats ORDER BY id" | md5sum)"

# keys that only their bytes tell apart are two in the list, too
at a$T "CREATE TABLE codes (code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, seat INT NOT NULL UNIQUE)"
at a "INSERT INTO codes VALUES ('abc', 1), ('ABC', 2), ('Äbc', 3), ('xyz', 4)"
rm -f "$CASE"
"$MYRECON" check "$SRC" "$DST" --tables "$DB.codes" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy backfill --case "$CASE" --output codes
on "INSERT INTO codes VALUES ('abc', 11), ('ABC', 12), ('Äbc', 13)"
rep apply --yes --json --case "$CASE" codes "$DST"
is "each is named" "$(refused | LC_ALL=C sort | sed "s/.*codes //; s/:.*//" | xargs)" "ABC abc Äbc"

# a key that is all there is of a name: somebody else's row under it is not the lost one
at a$T "CREATE TABLE tags (tag VARCHAR(20) NOT NULL PRIMARY KEY, v VARCHAR(20))"
at a "INSERT INTO tags VALUES ('r1', 'lost'), ('r2', 'lost')"
rm -f "$CASE"
"$MYRECON" check "$SRC" "$DST" --tables "$DB.tags" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy backfill --case "$CASE" --output tags
on "INSERT INTO tags VALUES ('r1', 'live')"
for time in first second; do
    rep apply --yes --json --case "$CASE" tags "$DST"
    is "the $time time: left out and named, as verify does" "$RC $(refused | sed 's/.*tags //') $(rep verify tags "$DST"; echo "$RC")" \
        "1 r1: its key is taken by another row 1"
done
rep_is 0 "undo" undo --yes --json --case "$CASE" tags "$DST"
is "leaves it where it is" "$(on "SELECT * FROM tags")" "r1	live"

# a temporary table of the script would hide it
at a$T "CREATE TABLE myrecon_i0 (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))"
at a "INSERT INTO myrecon_i0 VALUES (1, 'lost')"
rm -f "$CASE"
"$MYRECON" check "$SRC" "$DST" --tables "$DB.myrecon_i0" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep_is 5 "a table that is called as the script's own" plan --policy backfill --case "$CASE" --output hidden
like "is refused by name" "$(<"$ERR")" "table \"$DB.myrecon_i0\" is called as temporary tables"
finish
