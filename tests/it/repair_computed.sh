#!/bin/bash
# repair_computed.sh: what merge cannot read before rows are written, or cannot count: a reference
# over a column that the server computes, its condition, what it leads to; a counter that is no
# whole number, that TARGET has lost, or that is not of the key.  Such a plan is refused by name, and nothing of it is there.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

world() { # world CHILD BASE LOST [REFERENCE]: member 2 is lost, and somebody else on the live side
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, at DATETIME NOT NULL,
            code VARCHAR(30) AS (CONCAT('c-', mobile)) STORED UNIQUE);
        CREATE TABLE cards (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, at DATETIME NOT NULL, $1);
        INSERT INTO members (id, mobile, at) VALUES (1, 'm1', '2026-01-01'); INSERT INTO cards $2"
    at a "INSERT INTO members (id, mobile, at) VALUES (2, 'lost', '2026-03-01'); INSERT INTO cards $3"
    at $T "INSERT INTO members (id, mobile, at) VALUES (2, 'live', '2026-03-01')"
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = at\n[table %s.cards]\nidentity = none\ntime-column = at\n' "$DB" "$DB" >ini
    [ -z "${4:-}" ] || echo "reference = $4" >>ini
}
plan() {
    rm -rf plan "$CASE"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output plan
}
refuses() { # refuses DESCRIPTION WORDS
    plan
    is "$1: refused, and no plan is there" "$RC $(ls plan 2>/dev/null)" "5 "
    like "$1: by name" "$(cat "$ERR")" "$2"
}

world "doc VARCHAR(20), member_id INT AS (doc + 0) STORED, FOREIGN KEY (member_id) REFERENCES members (id)" \
    "(id, at, doc) VALUES (1, '2026-01-01', '1')" "(id, at, doc) VALUES (2, '2026-03-01', '2')"
refuses "a reference that is computed" 'column "member_id" of table ".*\.cards", which the server computes'
world "code VARCHAR(30) NOT NULL, FOREIGN KEY (code) REFERENCES members (code)" \
    "VALUES (1, '2026-01-01', 'c-m1')" "VALUES (2, '2026-03-01', 'c-lost')"
refuses "one to a column that is computed" 'column "code" of table ".*\.members", which the server computes'
CONDITION="doc VARCHAR(20), kind VARCHAR(5) AS (LEFT(doc, 1)) STORED, member_id INT, KEY (member_id)"
world "$CONDITION" "(id, at, doc, member_id) VALUES (1, '2026-01-01', 'mx', 1)" \
    "(id, at, doc, member_id) VALUES (2, '2026-03-01', 'my', 2), (3, '2026-03-01', 'ny', 2)" "member_id -> $DB.members.id when kind = 'm'"
refuses "a condition over one that is computed" 'column "kind" of table ".*\.cards", which the server computes'
sed -i "s/when .*/when doc LIKE 'm%'/" ini
plan
is "over what it is computed from: planned" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" plan "$DST"
is "each is of whom its condition says" "$(on "SELECT c.doc, m.mobile FROM cards c JOIN members m ON m.id = c.member_id ORDER BY 1" | xargs)" "mx m1 my lost ny live"

# ---- a counter that TARGET has lost ------------------------------------------------------------
# Both sides gave the id 2 away: a key that nothing counts would make one person of two.
world "member_id INT NOT NULL, KEY (member_id)" "VALUES (1, '2026-01-01', 1)" "VALUES (2, '2026-03-01', 2)" "member_id -> $DB.members.id"
at $T "INSERT INTO cards VALUES (2, '2026-03-01', 2); ALTER TABLE members MODIFY id INT NOT NULL"
refuses "no AUTO_INCREMENT on the target" 'the key "id" of table ".*\.members" on the source, and none on the target'
sed -i 's/^identity = mobile/identity = key/' ini
plan
is "a person may say that the key is who it is" "$RC $(sed -n 's/^[^,]*,2,2,.*,\(changed\),.*/\1/p' plan/conflicts.csv)" "1 changed"
at $T "ALTER TABLE members MODIFY id INT NOT NULL AUTO_INCREMENT"
sed -i 's/^identity = key/identity = mobile/' ini
plan
is "with it there are two" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" plan "$DST"
is "each card is whose it was" "$(on "SELECT m.mobile FROM cards c JOIN members m ON m.id = c.member_id ORDER BY 1" | xargs)" "live lost m1"

# ---- a counter beside the key -----------------------------------------------------------------
# Rows are known by their mobile, and others refer to them by an id that may be there twice.
beside() { # beside SIDES: their key is another one
    world "member_id INT NOT NULL, KEY (member_id)" "VALUES (1, '2026-01-01', 1)" "VALUES (2, '2026-03-01', 2)" "member_id -> $DB.members.id"
    at "$1" "ALTER TABLE members DROP PRIMARY KEY, ADD ${2:-KEY (id)}"
}
beside a$T
refuses "an id that is in no key" 'column "id" of table ".*\.members", which a counter makes, and which is in no key'
beside $T "PRIMARY KEY (id, at)"
refuses "one that is in two keys" 'column "id" of table ".*\.members", which a counter makes, and which is in no key'
beside a$T "UNIQUE (id)"
plan
is "a unique one can be planned" "$RC" 0
beside a$T
sed -i '/^reference/d' ini
at a$T "ALTER TABLE cards CHANGE member_id n INT NOT NULL"
plan
is "and one that nobody refers to" "$RC" 0

# ---- counters of MariaDB that are no whole numbers --------------------------------------------
[ $T = b ] || finish
for type in 'DOUBLE NOT NULL AUTO_INCREMENT' 'DECIMAL(20,0) NOT NULL DEFAULT NEXTVAL(ids)' 'VARCHAR(20) NOT NULL DEFAULT NEXTVAL(ids)'; do
    fresh ab "$DB"
    at ab "CREATE SEQUENCE ids; CREATE TABLE members (id $type PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, at DATETIME NOT NULL);
        CREATE TABLE cards (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, at DATETIME NOT NULL, member_id ${type%% *}, KEY (member_id));
        INSERT INTO members (mobile, at) VALUES ('m1', '2026-01-01'); INSERT INTO cards VALUES (1, '2026-01-01', 1)"
    at a "INSERT INTO members (mobile, at) VALUES ('lost', '2026-03-01'); INSERT INTO cards VALUES (2, '2026-03-01', 2)"
    at b "INSERT INTO members (mobile, at) VALUES ('live', '2026-03-01')"
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = at\n[table %s.cards]\nidentity = none\ntime-column = at\nreference = member_id -> %s.members.id\n' "$DB" "$DB" "$DB" >ini
    refuses "${type%% *}" "counter \"id\" of table \".*members\" is of type ${type:0:4}"
done
finish
