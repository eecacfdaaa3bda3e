#!/bin/bash
# repair_bounds.sh: where the common past ends.  Rows of the past never come back as new ones,
# and none of the lost is taken for past: whatever was edited since, where no time tells, and
# however great the keys are.  Each world knows who is who, since it made them; every row is
# compared by content afterwards.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

plan() { # plan DIR [OPTIONS…]: of a fresh check, in a case of its own unless CASE_OF=same
    local dir=$1
    shift
    rm -rf "$dir"
    [ "${CASE_OF:-}" = same ] || rm -f "$CASE"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --config ini --case "$CASE" --output "$dir" "$@"
}
apply() { rep apply --yes --case "$CASE" "$1" "$DST"; }
conflicts() { # conflicts DIR: table, key, kind of each
    python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1] + "/conflicts.csv", newline="")):
    print(row["table"].split(".")[1], row["source_key"], row["kind"])' "$1"
}
decide() { # decide DIR KIND CHOICE: in conflicts.csv, to ./decisions
    python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/conflicts.csv", newline="")))
out = csv.DictWriter(open("decisions", "w", newline=""), rows[0].keys())
out.writeheader()
for row in rows:
    if row["kind"] == sys.argv[2]:
        row["decision"] = sys.argv[3]
    out.writerow(row)' "$@"
}
told_of() { # told_of DIR TABLE FILTER: what plan.json says of a table
    jq -r --arg t "$DB.$2" '.rows.tables[] | select(.table == $t) | '"$3" "$1/plan.json"
}
bound() { told_of "$1" "$2" '"\(.base) \(.fresh)"'; } # L and U

# ---- keys above 2^63-1 ---------------------------------------------------------------------

# Base: 1 to 6 from 9300000000000000000 on, of whom the live side deletes 5.  Lost: 7 to 9, the
# keys of two of them given to others.
huge_world() {
    local b=93000000000000000 i
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
            name VARCHAR(20) NOT NULL, created_at DATETIME NOT NULL);
        CREATE TABLE log (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id BIGINT UNSIGNED NOT NULL,
            what VARCHAR(20) NOT NULL, INDEX (member_id));
        CREATE TABLE notes (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, text VARCHAR(20) NOT NULL UNIQUE)"
    for i in 1 2 3 4 5 6; do
        at a$T "INSERT INTO members VALUES (${b}0$i, 'm$i', 'base', '2026-01-0$i');
            INSERT INTO log VALUES (${b}0$i, ${b}0$i, 'base $i'); INSERT INTO notes VALUES ($i * 2 - 7, 'base $i')"
    done
    at $T "DELETE FROM log WHERE member_id = ${b}05; DELETE FROM members WHERE id = ${b}05; DELETE FROM notes WHERE id = -3"
    at a "INSERT INTO members VALUES (${b}07, 'm7', 'lost', '2026-03-07'), (${b}08, 'm8', 'lost', '2026-03-08'),
            (${b}09, 'm9', 'lost', '2026-03-09');
        INSERT INTO log SELECT id, id, CONCAT('lost ', mobile) FROM members WHERE name = 'lost';
        INSERT INTO notes VALUES (7, 'lost 3'), (9, 'lost 4')"
    at $T "INSERT INTO members VALUES (${b}07, 'm17', 'live', '2026-04-07'), (${b}08, 'm18', 'live', '2026-04-08');
        INSERT INTO log SELECT id, id, CONCAT('live ', mobile) FROM members WHERE name = 'live';
        INSERT INTO notes VALUES (7, 'live 3')"
    printf '[table %s.members]\nsubject = yes\ntime-column = created_at\nidentity = mobile\n[table %s.log]\nreference = member_id -> %s.members.id\nidentity = none\n' "$DB" "$DB" "$DB" >ini
}
who() { on "SELECT m.mobile, m.name, l.what FROM members m LEFT JOIN log l ON l.member_id = m.id ORDER BY 1, 3" | tr '\t' ' '; }
EVERYBODY="m1 base base 1
m17 live live m17
m18 live live m18
m2 base base 2
m3 base base 3
m4 base base 4
m6 base base 6
m7 lost lost m7
m8 lost lost m8
m9 lost lost m9"

huge_world
plan huge
is "huge keys: planned, who was deleted on the live side is asked" "$RC $(conflicts huge | xargs)" \
    "1 members 9300000000000000005 deleted-on-live notes -3 deleted-on-live log 9300000000000000005 parent-absent"
is "L and U are said as they are" "$(bound huge members), $(bound huge notes)" "9300000000000000006 9300000000000000007, 5 7"
like "and shown" "$("$MYRECON" repair show huge)" "common past up to key 9300000000000000006"
apply huge
is "applied" "$RC" 1
is "everybody is there once, and no one else" "$(who)" "$EVERYBODY"
is "and the notes of signed keys" "$(on "SELECT GROUP_CONCAT(text ORDER BY text) FROM notes")" "base 1,base 3,base 4,base 5,base 6,live 3,lost 3,lost 4"
is "who is there already keeps the key" "$(on "SELECT GROUP_CONCAT(id % 100 ORDER BY id) FROM members WHERE id < 9300000000000000100 AND name <> 'base'")" 7,8,9
rep_is 0 "verify agrees" verify huge "$DST"
CASE_OF=same plan again
is "a second plan has nothing to do" "$(planned_rows again)" 0
rep_is 0 "undone" undo --yes --case "$CASE" huge "$DST"
is "nothing of the lost is left" "$(who | grep -c lost)" 0

huge_world
plan told --split-key "$DB.members=9300000000000000006" --split-key "$DB.log=9300000000000000006"
is "with --split-key: the same" "$RC $(conflicts told | grep -v notes | xargs)" \
    "1 members 9300000000000000005 deleted-on-live log 9300000000000000005 parent-absent"
apply told
is "and nobody is left out" "$(who)" "$EVERYBODY"
huge_world
sed -i "s/identity = mobile/&\nsplit-key = 9300000000000000006\nmargin = 2000000000000000000/" ini
plan config
is "split-key and margin of the configuration" "$RC $(told_of config members .first_id)" "1 11300000000000000010"

# Nobody knows whether 11 to 13 were deleted on the live side, which has burnt ids.
huge_world
at a "INSERT INTO members SELECT id + 4, CONCAT('n', mobile), 'perhaps', '2026-03-11' FROM members WHERE id > 9300000000000000006"
at $T "DELETE FROM log WHERE id > 9300000000000000006; DELETE FROM members WHERE id > 9300000000000000006;
    ALTER TABLE members AUTO_INCREMENT = 9300000000000000100; ALTER TABLE log AUTO_INCREMENT = 9300000000000000100"
plan runs
like "a run of keys" "$(conflicts runs)" "members 9300000000000000007\.\.9300000000000000013 deleted-or-lost"
decide runs deleted-or-lost restore
plan decided --decisions decisions
apply decided
is "decided as a whole" "$(on "SELECT GROUP_CONCAT(mobile ORDER BY mobile) FROM members WHERE name IN ('lost', 'perhaps')")" m7,m8,m9,nm7,nm8,nm9

# The end of the counter is near.
huge_world
at $T "INSERT INTO members VALUES (18446744073709551600, 'm99', 'live', '2026-04-09')"
plan narrow
is "near 2^64: a block of new ids that fits" "$RC $(told_of narrow members .first_id)" "1 18446744073709551604"
apply narrow
is "is written" "$(on "SELECT GROUP_CONCAT(mobile ORDER BY mobile) FROM members WHERE name = 'lost'")" m7,m8,m9
huge_world
at $T "INSERT INTO members VALUES (18446744073709551613, 'm99', 'live', '2026-04-09')"
plan full
is "none that fits: refused by name" "$RC $(grep -c 'column "id" of table ".*members", which ends at 18446744073709551614' "$ERR")" "5 1"

# ---- L too low -----------------------------------------------------------------------------
# What is decided here is decided by the planner alone, whatever the server is.
[ $T = b ] || finish

# Base: members 1 to 9, a payout of each.  Lost: 10 and 11 with payouts; live: another 10.
club() { # club COLUMN OF CREATION
    fresh ab "$DB"
    at ab "CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
            name VARCHAR(20) NOT NULL, credits INT NOT NULL DEFAULT 0 $1);
        CREATE TABLE payouts (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT UNSIGNED NOT NULL,
            amount INT NOT NULL, status VARCHAR(8) NOT NULL DEFAULT 'new')"
    lives ab 1 9 m base
    lives a 10 11 m lost
    lives b 10 10 n live
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\n[table %s.payouts]\nreference = member_id -> %s.members.id\nidentity = none\n' "$DB" "$DB" "$DB" >ini
}
lives() { # lives SIDES FIRST LAST MOBILE NAME: who signs up, and is paid
    local month=04 created
    [ "$5" = base ] || month=05
    [ "$5" != live ] || month=06
    created=", '2026-$month-01' + INTERVAL seq HOUR"
    [ "${TIMED:-yes}" = yes ] || created=
    at "$1" "INSERT INTO members SELECT seq, CONCAT('$4', seq), '$5', 0$created FROM seq_$2_to_$3;
        INSERT INTO payouts SELECT seq, seq, 100 + seq, 'new' FROM seq_$2_to_$3"
}
paid() { on "SELECT m.mobile, m.name, COUNT(p.id), SUM(p.amount) FROM members m LEFT JOIN payouts p ON p.member_id = m.id
    GROUP BY m.id ORDER BY LENGTH(m.mobile), m.mobile" | tr '\t' ' '; }
BASE="m1 base 1 101
m2 base 1 102
m3 base 1 103
m4 base 1 104
m5 base 1 105
m6 base 1 106
m7 base 1 107
m8 base 1 108"
CREATED=", created_at DATETIME NOT NULL"

club "$CREATED"
plan plain
is "a true split brain: no question" "$RC $(conflicts plain)" "0 "
apply plain
is "everybody is there, and paid once" "$(paid)" "$BASE
m9 base 1 109
m10 lost 1 110
m11 lost 1 111
n10 live 1 110"

# The last of the base got a new mobile on the live side, 8 one on the lost; 7 was deleted.
club "$CREATED"
at b "UPDATE members SET mobile = 'new9' WHERE id = 9; UPDATE payouts SET status = 'paid' WHERE id = 9;
    UPDATE members SET name = 'edited' WHERE id = 8; DELETE FROM payouts WHERE id = 7; DELETE FROM members WHERE id = 7"
at a "UPDATE members SET name = 'other' WHERE id IN (5, 6)"
plan low
is "edited at the end of the base: asked, by name" "$RC $(conflicts low | sort | xargs)" \
    "1 members 5 changed members 6 changed members 7 deleted-on-live members 8 changed members 9 past-or-lost payouts 7 parent-absent payouts 9 parent-absent"
apply low
is "nobody of the base comes twice, no payout either" "$(paid)" "$(sed '/^m7/d; s/m8 base/m8 edited/' <<<"$BASE")
m10 lost 1 110
m11 lost 1 111
n10 live 1 110
new9 base 1 109"
rep_is 0 "verify agrees" verify low "$DST"
club "$CREATED"
at b "UPDATE members SET mobile = 'new9' WHERE id = 9"
plan asked
decide asked past-or-lost restore
CASE_OF=same plan decided --decisions decisions
is "decided to be somebody else" "$RC" 0
apply decided
is "comes back with what is his, beside the other's" "$(paid | tail -n 5)" "m9 base 1 109
m10 lost 1 110
m11 lost 1 111
n10 live 1 110
new9 base 1 109"

# Everybody got a credit on the live side.
club "$CREATED"
at b "UPDATE members SET credits = credits + 1 WHERE id <= 9"
plan credits
is "most of the base edited: known by their creation" "$RC $(conflicts credits | cut -d ' ' -f 1,3 | sort | uniq -c | xargs)" "1 9 members changed"
apply credits
is "nobody twice" "$(paid)" "$BASE
m9 base 1 109
m10 lost 1 110
m11 lost 1 111
n10 live 1 110"
TIMED=no club ""
at b "UPDATE members SET credits = credits + 1 WHERE id <= 9"
plan untimed
is "where no time tells: refused by name" "$RC $(grep -c 'past of table ".*members" does not end at key 0.*differ in column "credits" alone' "$ERR")" "5 1"
like "with what to do" "$(cat "$ERR")" "--split-at TIME.*--split-key $DB.members=KEY.*logs"
plan untimed --split-key "$DB.member=9"
is "of a table that there is not: refused" "$RC $(grep -c "no planned table \"$DB.member\" has a counter" "$ERR") $(grep -c "Did you mean \"$DB.members\"" "$ERR")" "3 1 1"
plan untimed --split-key "$DB.members=9"
is "and done so" "$RC $(conflicts untimed | cut -d ' ' -f 1,3 | sort | uniq -c | xargs)" "1 9 members changed"

# Payouts 7 to 9 were paid on the live side: nothing says that they are not new ones.
club "$CREATED"
at b "UPDATE payouts SET status = 'paid' WHERE id >= 7"
plan run
is "a run of payouts in doubt: refused by name" "$RC $(grep -c 'past of table ".*payouts" does not end at key 6' "$ERR")" "5 1"
plan run --split-at '2026-04-20'
is "also with --split-at, which says nothing of payouts" "$RC" 5
like "what is left to do is said" "$(cat "$ERR")" "hint: .*configure its time-column, or .*--split-key $DB.payouts=KEY"
unlike "not what was done" "$(grep hint "$ERR")" "--split-at"
plan run --split-key "$DB.payouts=9"
apply run
is "told: nobody is paid twice" "$(paid)" "$BASE
m9 base 1 109
m10 lost 1 110
m11 lost 1 111
n10 live 1 110"
club "$CREATED"
at ab "ALTER TABLE payouts ADD paid_at DATETIME NULL; UPDATE payouts SET paid_at = '2026-04-01' WHERE id < 7"
at b "UPDATE payouts SET status = 'paid' WHERE id >= 7"
sed -i 's/identity = none/&\ntime-column = paid_at/' ini
plan timed --split-at '2026-04-20'
is "a run that --split-at does not settle: refused by name" "$RC $(grep -c 'past of table ".*payouts" does not end at key 6 (split-at)' "$ERR")" "5 1"
like "with what is left to do" "$(cat "$ERR")" "hint: .*does not settle it: .*--split-key $DB.payouts=KEY"
unlike "which is no other time" "$(grep hint "$ERR")" "--split-at"
club "$CREATED"
at b "UPDATE payouts SET status = 'paid' WHERE id = 9"
plan one
is "one alone: asked" "$RC $(conflicts one)" "1 payouts 9 past-or-lost"
apply one
is "and not paid twice" "$(on "SELECT COUNT(*) FROM payouts WHERE amount = 109")" 1

# ---- what was deleted since is restored by a rule, and others of the past hang on it -----------
fresh a$T "$DB"
at a$T "CREATE TABLE comments (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, parent_id INT NULL, text VARCHAR(20), at DATETIME NOT NULL,
        FOREIGN KEY (parent_id) REFERENCES comments (id) ON DELETE SET NULL);
    INSERT INTO comments VALUES (1, NULL, 'a', '2026-01-01'), (2, 1, 'b', '2026-01-02'), (3, 2, 'c', '2026-01-03'), (4, 1, 'd', '2026-01-04')"
at $T "DELETE FROM comments WHERE id = 2; DELETE FROM comments WHERE id = 1"
printf '[table %s.comments]\nidentity = none\ntime-column = at\n' "$DB" >ini
plan one --on-conflict deleted-or-lost=restore --on-conflict deleted-on-live=restore
is "comments of the past below such: refused, not doubled" "$RC" 5
like "by the bound" "$(cat "$ERR")" "the next 2 keys that both sides hold are rows that differ in some columns and agree in others"
plan one --on-conflict deleted-or-lost=restore --on-conflict deleted-on-live=restore --split-at 2026-02-01
apply one
is "with the time they come back, and nothing twice; what was edited is asked" "$RC $(on "SELECT id, text FROM comments ORDER BY id" | tr '\t\n' '  ')" "1 1 a 2 b 3 c 4 d "

# ---- --split-at that says nothing ----------------------------------------------------------
club ", born DATE NOT NULL"
at ab "UPDATE members SET born = '2026-04-09' WHERE id < 10"
at a "UPDATE members SET born = '2026-04-10' WHERE id = 10"
sed -i 's/identity = mobile/&\ntime-column = born/' ini
plan dated --split-at '2026-04-10 12:00:00'
is "a DATE on the day of the split: L is found otherwise" "$RC $(bound dated members)" "0 9 10"
like "which plan says by name" "$(cat "$ERR")" "table \"$DB.members\": --split-at has a time of day, and the time-column is a DATE"
like "and show" "$("$MYRECON" repair show dated)" "note: $DB.members: --split-at has a time of day"
like "and of a table without a time" "$("$MYRECON" repair show dated)" "note: $DB.payouts: --split-at cannot be applied, since no time-column"
plan midnight --split-at '2026-04-10'
is "at midnight it can" "$(told_of midnight members '"\(.base) \(.base_origin)"')" "9 split-at"
unlike "and nothing is said" "$("$MYRECON" repair show midnight)" "note: $DB.members"
# ---- --split-at gives a time before the histories parted -----------------------------------

# Base: orders 1 to 6, of 1 to 6 February; the live side has edited 4 and deleted 5.  Lost, and live: 7, 8.
fresh a$T "$DB"
at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL);
    CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, total INT NOT NULL, placed_at DATETIME NOT NULL,
        FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE wallets (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, balance INT NOT NULL, created_at DATETIME NOT NULL,
        FOREIGN KEY (member_id) REFERENCES members (id));
    INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (2, 'm2', '2026-01-02');
    INSERT INTO wallets SELECT id, id, 0, created_at FROM members;
    INSERT INTO orders SELECT id + n, id, 5, DATE_ADD('2026-02-01', INTERVAL id + n - 1 DAY) FROM members JOIN (SELECT 0 AS n UNION SELECT 2 UNION SELECT 4) x"
at a$T "INSERT INTO members VALUES (3, 'm3', '2026-03-02 00:00:01')"
at $T "UPDATE orders SET total = 1 WHERE id = 4; DELETE FROM orders WHERE id = 5; UPDATE members SET mobile = 'm13' WHERE id = 3"
at a "INSERT INTO orders VALUES (7, 1, 7, '2026-03-02'), (8, 2, 8, '2026-03-03')"
at $T "INSERT INTO orders VALUES (7, 2, 17, '2026-03-04'), (8, 2, 18, '2026-03-05')"
at a$T "INSERT INTO wallets VALUES (3, 3, 0, '2026-03-02 00:00:01')" # of two people
printf '[table %s.members]\nsubject = yes\ntime-column = created_at\nidentity = mobile\n[table %s.orders]\ntime-column = placed_at\nidentity = none\n[table %s.wallets]\ntime-column = created_at\nidentity = none\n' "$DB" "$DB" "$DB" >ini
plan early --split-at '2026-02-03 12:00:00'
like "too early: rows of later days are equal on both sides, and that is said" "$(cat "$ERR")" \
    "warning: table \"$DB.orders\": 1 row up to key 6, created after the time that --split-at gives, are equal on both sides"
like "what was edited is asked about, not doubled" "$(conflicts early)" "orders 4 past-or-lost"
like "what was deleted since, too, and does not come back" "$(conflicts early)" "orders 5 deleted-or-lost"
is "who has come since is brought back all the same" "$(grep -cE '^[^,]*orders,[78],' early/idmap.csv)" 2
is "and noted" "$(jq -r '.rows.notes[] | select(.kind == "split-at") | .table' early/plan.json)" "$DB.orders"
plan low --split-key "$DB.orders=3"
like "too low a key, which is taken as it is, and that is said" "$(cat "$ERR")" \
    "warning: table \"$DB.orders\": 1 row up to key 6, above the one that split-key gives, are equal on both sides: .* give a greater one"
is "and noted, as what it is" "$(jq -r '.rows.notes[] | select(.kind | startswith("split-")) | "\(.kind) \(.table)"' low/plan.json)" "split-key $DB.orders"
plan right --split-at 2026-03-01
is "at the right time there are none, though wallets of two people are equal" "$(bound right orders) $(jq -r '.rows.notes[] | select(.kind == "split-at") | .table' right/plan.json)" "6 7 "
apply right
CASE_OF=same plan again --split-at 2026-03-01
unlike "nor are those that a merge has brought back" "$(cat "$ERR")" "split-at"
CASE_OF=same plan again
like "a time that is not given anew is that of an earlier plan, and show says so" "$(rep show again; cat "$OUT")" "before the --split-at of an earlier plan of the case"

# ---- a case that is older than the failover ----------------------------------------------------
fresh a$T "$DB"
at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20));
    CREATE TABLE payouts (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20) NOT NULL, state VARCHAR(9) NOT NULL);
    INSERT INTO members VALUES (1, 'm1', 'x'), (2, 'm2', 'x'), (3, 'm3', 'x');
    INSERT INTO payouts VALUES (1, 'p1', 'new'), (2, 'p2', 'new'), (3, 'p3', 'new')"
printf '[table %s.members]\nsubject = yes\nidentity = mobile\n[table %s.payouts]\nidentity = none\n' "$DB" "$DB" >ini
rm -f "$CASE"
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
is "a check before it: equal" "$?" 0
at a$T "INSERT INTO members VALUES (4, 'm4', 'x'), (5, 'm5', 'x'); INSERT INTO payouts VALUES (4, 'p4', 'new'), (5, 'p5', 'new')"
at $T "DELETE FROM members WHERE id = 5; UPDATE payouts SET state = 'paid' WHERE id = 5; INSERT INTO members VALUES (6, 'live', 'x')"
at a "INSERT INTO members VALUES (6, 'lost', 'x')"
CASE_OF=same plan old
like "its counter is no bound: who was deleted since is asked about" "$(conflicts old)" "members 5 deleted-or-lost"
like "and what was edited since, not doubled" "$(conflicts old)" "payouts 5 past-or-lost"
before=$(conflicts old)
plan new
is "as in a case that is not" "$(conflicts new)" "$before"
finish
