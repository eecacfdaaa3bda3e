#!/bin/bash
# repair_nameless.sh: NULL is nobody's identity.  Who signs up without a name under the key of
# a lost person without a name is somebody else, and so is a row of a table without an identity;
# nothing of the lost side is taken for there, or hung on them.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Of the lost side: 101 without a mobile, 102 with 600 comments, 103 without one and with a
# reply to the first of them, 104 who was invited by 101.
HISTORY="INSERT INTO members VALUES (101, NULL, 'lost one', NULL, '2026-03-01'), (102, 'm102', 'lost two', NULL, '2026-03-01'),
        (103, NULL, 'lost three', NULL, '2026-03-01'), (104, 'm104', 'lost four', 101, '2026-03-01')"
both_histories() {
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NULL UNIQUE,
            name VARCHAR(40) NOT NULL, inviter_id INT UNSIGNED NULL, created_at DATETIME NOT NULL,
            FOREIGN KEY (inviter_id) REFERENCES members (id));
        CREATE TABLE comments (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT UNSIGNED NOT NULL,
            reply_to INT UNSIGNED NULL, text VARCHAR(20), FOREIGN KEY (member_id) REFERENCES members (id),
            FOREIGN KEY (reply_to) REFERENCES comments (id))"
    at a "INSERT INTO members SELECT seq, CONCAT('base', seq), 'base', NULL, '2026-01-01' FROM seq_1_to_100;
        INSERT INTO comments SELECT seq, seq, NULL, 'base' FROM seq_1_to_100"
    [ $T = a ] || at $T "$(members_of_base)"
    at a "$HISTORY; INSERT INTO comments SELECT 100 + seq, 102, NULL, CONCAT('text ', seq) FROM seq_1_to_600;
        INSERT INTO comments VALUES (701, 103, 101, 'reply')"
    printf '[table %s.members]\nsubject = yes\ntime-column = created_at\nidentity = mobile\n[table %s.comments]\nidentity = none\n' "$DB" "$DB" >ini
}
members_of_base() { # MySQL has no sequence tables
    echo "INSERT INTO members WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 100)
            SELECT i, CONCAT('base', i), 'base', NULL, '2026-01-01' FROM n;
        INSERT INTO comments SELECT id, id, NULL, 'base' FROM members"
}
plan() { # plan DIR
    rm -rf "$1"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output "$1"
}
by_client() { # by_client DIR: apply.sql, to its end
    client $T --force <"$1/apply.sql" >"$OUT" 2>"$ERR"
}
lists() { # lists DESCRIPTION TABLE KEY REASON: of the last run by the client
    like "$1" "$(cat "$OUT")" "^$DB\.$2	$3	.*$4"
}

both_histories
plan one
is "planned" "$RC $(planned_rows one)" "0 605"
state() { on "SELECT * FROM members; SELECT * FROM comments" | md5sum; }
BEFORE=$(state)

# ---- somebody without a name stands where one of the lost is to stand ----------------------
on "INSERT INTO members VALUES (101, NULL, 'stranger', NULL, '2026-04-01')"
rep apply --yes --json --case "$CASE" one "$DST"
is "a stranger without a name has the key: exit 1" "$RC" 1
is "who is lost is listed, with whom they invited" "$(refused | grep -c "$DB.members 101: its key is taken")" 1
is "nobody was invited by the stranger" "$(on "SELECT COUNT(*) FROM members WHERE inviter_id = 101")" 0
is "the others are there" "$(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM members WHERE id > 100")" 101,102,103
rep_is 0 "undone; the stranger is no row of the plan" undo --yes --case "$CASE" one "$DST"
is "and stays" "$(on "SELECT id, name FROM members WHERE id > 100")" "101	stranger"
on "DELETE FROM members WHERE id = 101"
is "nothing is left" "$(state)" "$BEFORE"

on "INSERT INTO members VALUES (101, NULL, 'stranger', NULL, '2026-04-01')"
by_client one
lists "the stock client lists them, too" members 101 "key is taken"
is "and wrote the others" "$(on "SELECT COUNT(*) FROM members WHERE id > 100")" 3
by_client one
is "a second time those alone are listed" "$(cut -f 2 "$OUT" | grep '^[0-9]' | xargs)" "101 104"
rep_is 1 "verify finds who is not there" verify one "$DST"

# ---- a row without an identity, in another unit --------------------------------------------
both_histories
rm -f "$CASE"
plan two
on "INSERT INTO members VALUES (105, 'm105', 'live', NULL, '2026-04-01'); INSERT INTO comments VALUES (101, 105, NULL, 'of a stranger')"
by_client two
lists "somebody else's comment is not the lost one" comments 101 "key is taken"
is "the reply to the lost comment is not a reply to it" "$(on "SELECT COUNT(*) FROM comments WHERE reply_to = 101")" 0
is "and is listed" "$(grep -c "$DB\.comments	701	" "$OUT")" 1
rep apply --yes --recheck --json --case "$CASE" two "$DST"
is "by the program: exit 1" "$RC" 1
is "the same" "$(on "SELECT COUNT(*) FROM comments WHERE reply_to = 101") $(refused | grep -c "$DB.comments 701: ")" "0 1"
plan three
is "planned again" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" three "$DST"
is "the reply is one to the lost comment" "$(on "SELECT p.text, p.member_id FROM comments c JOIN comments p ON p.id = c.reply_to WHERE c.text = 'reply'" | xargs)" "text 1 102"
is "everybody is there" "$(on "SELECT GROUP_CONCAT(name ORDER BY name) FROM members WHERE name LIKE 'lost%'")" "lost four,lost one,lost three,lost two"
finish
