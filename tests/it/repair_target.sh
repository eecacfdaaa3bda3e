#!/bin/bash
# repair_target.sh: the target is believed, not the journal: what was taken back, restored from
# an older copy or deleted behind the tool's back is seen by the next apply and undo, and apply
# never ends with 0 where verify would not.  What is new on it since the plan is refused, and what
# is gone of all that keeps others out.

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
stock() { # stock FILE: by the client
    client $T <"$1" >"$OUT" 2>"$ERR"
    is "the stock client runs $1" "$?" 0
}
all() { # every row of the target
    on "SELECT 'm', id, mobile, name, inviter, NULL FROM members UNION ALL SELECT 'o', id, member_id, no, NULL, NULL
        FROM orders UNION ALL SELECT 'l', id, member_id, what, NULL, NULL FROM log ORDER BY 1, 2" | md5sum
}
stands() { # stands DESCRIPTION CHECKSUM: the target has these rows, and verify agrees with apply's 0
    is "$1" "$(all)" "$2"
    rep_is 0 "$1: verify agrees" verify plan "$DST"
}

# ---- the journal is believed by nobody -----------------------------------------------------
histories
BEFORE=$(all)
on "CREATE TABLE old_members AS SELECT * FROM members; CREATE TABLE old_orders AS SELECT * FROM orders;
    CREATE TABLE old_log AS SELECT * FROM log"
at a "INSERT INTO log (member_id, what) SELECT 1 + seq MOD 2, CONCAT('e', seq) FROM seq_1_to_1200"
plan_is 0 "a plan of several units" plan
UNITS_OF=$(jq -r .rows.units plan/plan.json)
is "several" "$((UNITS_OF > 1))" 1
rep_is 0 "apply" apply --yes plan "$DST"
AFTER=$(all)
stock plan/undo.sql
is "everything is taken back" "$(all)" "$BEFORE"
cp -a plan elsewhere
rep_is 0 "apply after undo.sql" apply --yes --json plan "$DST"
is "counts nothing as done that is not there" "$(sum .units_done_before)" 0
stands "after undo.sql everything is written again" "$AFTER"
rep_is 0 "apply again" apply --yes --json plan "$DST"
is "finds all of it, by looking" "$(sum '"\(.units_done_before) \(.rows_there)"')" "$UNITS_OF $(planned_rows plan)"
stock plan/undo.sql
rep_is 0 "a copy of the directory, with its journal" apply --yes --json elsewhere "$DST"
stands "a copy's journal is not believed either" "$AFTER"
rm elsewhere/journal.jsonl
rep_is 0 "without its journal" apply --yes --json elsewhere "$DST"
is "nothing is doubled" "$(all)" "$AFTER"

# Rows that somebody has deleted from a unit.
on "DELETE FROM log WHERE what IN ('e1200', 'e1199')"
rep_is 1 "rows of a unit that are gone" apply --yes --json plan "$DST"
like "are told" "$(refused)" "2 of its [0-9]+ rows were written before and are gone since: --recheck"
is "and are not written behind his back" "$(on "SELECT COUNT(*) FROM log WHERE what IN ('e1200', 'e1199')")" 0
rep_is 1 "as verify has it" verify plan "$DST"
rep_is 0 "unless he says so" apply --yes --recheck plan "$DST"
stands "then they are" "$AFTER"

# A backup from before the work, with the counters of then.
on "SET foreign_key_checks = 0; TRUNCATE log; TRUNCATE orders; TRUNCATE members;
    INSERT INTO members SELECT * FROM old_members; INSERT INTO orders SELECT * FROM old_orders;
    INSERT INTO log SELECT * FROM old_log"
is "the target is restored from an older copy" "$(all)" "$BEFORE"
rep_is 0 "apply" apply --yes --json plan "$DST"
is "counts nothing as done" "$(sum .units_done_before)" 0
like "but says what the journal has" "$(cat "$ERR")" "unit 1: the journal has it as done, the target does not"
stands "after a restore everything is written again" "$AFTER"

# ---- undo ------------------------------------------------------------------------------------
rep_is 0 "undo" undo --yes plan "$DST"
is "everything is taken back" "$(all)" "$BEFORE"
stock plan/apply.sql
is "apply.sql writes it again" "$(all)" "$AFTER"
rep_is 0 "undo after apply.sql" undo --yes --json plan "$DST"
is "counts nothing as taken back that stands" "$(sum .units_done_before)" 0
is "and takes it back" "$(all)" "$BEFORE"
rep_is 0 "undo again" undo --yes --json plan "$DST"
is "finds nothing" "$(sum '"\(.units_done_before) \(.rows_written)"')" "$UNITS_OF 0"

# ---- what is new on the target since the plan -------------------------------------------------
on "CREATE TABLE audit (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(30)); CREATE TABLE notes (id INT PRIMARY KEY, member_id INT)"
new() { # new DESCRIPTION SQL SQL-THAT-TAKES-IT-AWAY WHAT-IS-SAID [SQL: also refused by undo]
    on "$2"
    rep_is 5 "$1: apply is refused" apply --yes plan "$DST"
    like "$1: named" "$(cat "$ERR")" "$4"
    like "$1: with what to do" "$(cat "$ERR")" "hint: .*plan again"
    rep_is 5 "$1: a dry run, too" apply --dry-run plan "$DST"
    client $T <plan/apply.sql >"$OUT" 2>"$ERR"
    like "$1: apply.sql ends there" "$(cat "$ERR")" "myrecon: (new trigger, index or constraint|other columns)"
    is "$1: nothing was written" "$(all)" "$BEFORE"
    is "$1: nothing was audited" "$(on "SELECT COUNT(*) FROM audit")" 0
    on "$3"
}
new "a trigger" "CREATE TRIGGER audited AFTER INSERT ON log FOR EACH ROW INSERT INTO audit (what) VALUES (NEW.what)" \
    "DROP TRIGGER audited" 'table "[a-z_]*\.log" has something .*trigger "audited" AFTER INSERT'
new "a unique index" "ALTER TABLE log ADD UNIQUE KEY once (what, member_id)" "ALTER TABLE log DROP KEY once" 'unique index "once"'
new "a CHECK" "ALTER TABLE log ADD CONSTRAINT short CHECK (CHAR_LENGTH(what) < 19)" \
    "ALTER TABLE log DROP CONSTRAINT short" 'check "short"'
new "a foreign key of another table" \
    "ALTER TABLE notes ADD CONSTRAINT of_member FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE" \
    "ALTER TABLE notes DROP FOREIGN KEY of_member" 'table "[a-z_]*\.members" has .*foreign key "of_member" of .*notes.*ON DELETE CASCADE'
new "a column" "ALTER TABLE log ADD extra INT" "ALTER TABLE log DROP extra" 'table "[a-z_]*\.log" has got other columns'
on "ALTER TABLE log ADD KEY (what)"
rep_is 0 "an index that forbids nothing is none of these" apply --yes plan "$DST"
is "everything is written" "$(all)" "$AFTER"
on "ALTER TABLE notes ADD CONSTRAINT of_member FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE"
rep_is 5 "undo is refused where rows of another table would go with those it deletes" undo --yes plan "$DST"
like "by name" "$(cat "$ERR")" 'foreign key "of_member" of .*notes'
client $T <plan/undo.sql >"$OUT" 2>"$ERR"
like "undo.sql ends there, too" "$(cat "$ERR")" "myrecon: new trigger, index or constraint"
is "nothing is taken back" "$(all)" "$AFTER"
on "ALTER TABLE notes DROP FOREIGN KEY of_member; ALTER TABLE log ADD UNIQUE KEY once (id, what)"
rep_is 0 "a unique index is in nobody's way there" undo --yes plan "$DST"
is "everything is taken back" "$(all)" "$BEFORE"
on "ALTER TABLE log DROP KEY once"

# ---- what is gone since the plan -----------------------------------------------------------------
gone() { # gone DESCRIPTION SQL SQL-THAT-PUTS-IT-BACK WHAT-IS-SAID
    on "$2"
    rep_is 5 "$1: apply is refused" apply --yes plan "$DST"
    like "$1: named" "$(cat "$ERR")" "has not any more what it had when it was planned.*: $4"
    like "$1: with what to do" "$(cat "$ERR")" "hint: .*plan again"
    rep_is 5 "$1: a dry run, too" apply --dry-run plan "$DST"
    client $T <plan/apply.sql >"$OUT" 2>"$ERR"
    like "$1: apply.sql ends there" "$(cat "$ERR")" "myrecon: an index or foreign key is gone"
    is "$1: nothing was written" "$(all)" "$BEFORE"
    on "$3"
}
FK="CONSTRAINT orders_ibfk_1 FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE"
gone "the index of an identity" "ALTER TABLE members DROP KEY mobile" "ALTER TABLE members ADD UNIQUE KEY mobile (mobile)" \
    'unique index "mobile", 1\. mobile'
gone "the index of another unique value" "ALTER TABLE orders DROP KEY no, ADD KEY no (no)" \
    "ALTER TABLE orders DROP KEY no, ADD UNIQUE KEY no (no)" 'unique index "no", 1\. no'
gone "a foreign key" "ALTER TABLE orders DROP FOREIGN KEY orders_ibfk_1" "ALTER TABLE orders ADD $FK" \
    'foreign key "orders_ibfk_1" of [a-z_]*\.orders\.member_id to [a-z_]*\.members\.id'
on "ALTER TABLE log ADD CONSTRAINT short CHECK (CHAR_LENGTH(what) < 19)"
plan_is 0 "a plan that knows of a CHECK" plan
on "ALTER TABLE log DROP CONSTRAINT short"
rep_is 0 "a CHECK that is gone is in nobody's way" apply --yes plan "$DST"
is "everything is written" "$(all)" "$AFTER"
on "ALTER TABLE orders DROP FOREIGN KEY orders_ibfk_1"
rep_is 5 "undo is refused where nothing keeps others from referring to what it deletes" undo --yes plan "$DST"
like "by name" "$(cat "$ERR")" 'table "[a-z_]*\.members" has not any more .*foreign key "orders_ibfk_1"'
like "with what to do" "$(cat "$ERR")" "hint: Nothing was changed. Put it back"
client $T <plan/undo.sql >"$OUT" 2>"$ERR"
like "undo.sql ends there, too" "$(cat "$ERR")" "myrecon: an index or foreign key is gone"
is "nothing is taken back" "$(all)" "$AFTER"
on "ALTER TABLE orders ADD $FK; ALTER TABLE members DROP KEY mobile"
rep_is 0 "a unique index that is gone lets nobody in where rows only go" undo --yes plan "$DST"
is "everything is taken back" "$(all)" "$BEFORE"
on "ALTER TABLE members ADD UNIQUE KEY mobile (mobile)"

# An account that does not see triggers has not seen that there is none.
U=${DB:0:20}_u
RIGHT="SLAVE MONITOR"
[ $T = b ] || RIGHT="REPLICATION CLIENT"
at_exit "client $T <<<\"DROP USER IF EXISTS '$U'@'%'\""
client $T <<<"DROP USER IF EXISTS '$U'@'%'; CREATE USER '$U'@'%' IDENTIFIED BY 'pw'; GRANT $RIGHT ON *.* TO '$U'@'%';
    GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, CREATE TEMPORARY TABLES ON \`$DB\`.* TO '$U'@'%'" || bail "no user"
on "CREATE TRIGGER audited AFTER INSERT ON log FOR EACH ROW INSERT INTO audit (what) VALUES (NEW.what)"
rep_is 5 "without the right to see triggers" apply --yes plan "$(uri $T "$DB" "$U:pw")"
like "it is named" "$(cat "$ERR")" "GRANT TRIGGER ON"
is "nothing was written by it" "$(all) $(on "SELECT COUNT(*) FROM audit")" "$BEFORE 0"
finish
