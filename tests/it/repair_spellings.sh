#!/bin/bash
# repair_spellings.sh: references that write a key in a type of their own: ids as text, in
# DECIMAL and in integers of another width, UUIDs in text and in BINARY, one column that leads to
# several tables.  Ids are beyond 2^53, where neighbours are one floating point number.  Each row
# says whose it is, so that after a merge every one can be asked.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
Z=9007199254740900 # id of nobody; base people follow

id() { echo $((Z + $1)); }
uuid() { printf '%08x-aaaa-4bbb-8ccc-%012x' "$1" "$1"; }
# member NUMBER NAME [UUID]: one person, and what hangs on him in every table
member() {
    local id u
    id=$(id "$1") u=$(uuid "${3:-$1}")
    echo "INSERT INTO members VALUES ($id, '$2', UNHEX(REPLACE('$u', '-', '')), '$WHEN');
        INSERT INTO notes (member_id, whose) VALUES ('$id', '$2'), ('$id', '$2');
        INSERT INTO pays (payer, whose) VALUES ($id, '$2');
        INSERT INTO visits (who, whose) VALUES ($id, '$2');
        INSERT INTO phones VALUES ($id, '$2');
        INSERT INTO devices (uuid, short, whose) VALUES ('$u', UPPER('${u//-/}'), '$2');
        INSERT INTO tags VALUES ('member', '$id', 'vip', '$2')"
}
both_histories() {
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE,
            uuid BINARY(16) NOT NULL UNIQUE, created_at DATETIME NOT NULL) AUTO_INCREMENT = $(id 1);
        CREATE TABLE goods (sku VARCHAR(20) NOT NULL PRIMARY KEY, title VARCHAR(20));
        CREATE TABLE notes (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id VARCHAR(20), whose VARCHAR(40), KEY (member_id));
        CREATE TABLE pays (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, payer DECIMAL(22,0) NOT NULL, whose VARCHAR(40), KEY (payer));
        CREATE TABLE visits (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, who BIGINT NOT NULL, whose VARCHAR(40));
        CREATE TABLE phones (member_id DECIMAL(30,2) NOT NULL PRIMARY KEY, whose VARCHAR(40));
        CREATE TABLE devices (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, uuid CHAR(36) CHARACTER SET ascii, short CHAR(32), whose VARCHAR(40));
        CREATE TABLE tags (owner_type VARCHAR(10), owner_id VARCHAR(20), tag VARCHAR(40), whose VARCHAR(40), PRIMARY KEY (owner_type, owner_id, tag))"
    WHEN=2026-01-01
    at a$T "INSERT INTO goods VALUES ('sku-7', 'seven'), ('$(id 21)', 'a number'); INSERT INTO tags VALUES ('good', 'sku-7', 'new', 'sku-7'), ('good', '$(id 21)', 'new', 'a number'); $(for i in {1..20}; do member $i base$i; echo ';'; done)"
    cat >ini <<INI
[table $DB.members]
subject = yes
identity = name
time-column = created_at
[table $DB.notes]
identity = none
reference = member_id -> $DB.members.id
[table $DB.pays]
identity = none
reference = payer -> $DB.members.id
[table $DB.visits]
identity = none
reference = who -> $DB.members.id
[table $DB.phones]
reference = member_id -> $DB.members.id
[table $DB.devices]
identity = none
reference = uuid -> $DB.members.uuid
reference = short -> $DB.members.uuid
[table $DB.tags]
reference = owner_id -> $DB.members.id when owner_type = 'member'
reference = owner_id -> $DB.goods.sku when owner_type = 'good'
INI
}
plan() { # plan DIR [ARGS…]
    local dir=$1
    shift
    rm -rf "$dir"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output "$dir" "$@"
}
# Rows that do not lead to whom they say, by TARGET; numbers compared as integers.
strangers() {
    on "SELECT 'notes', t.* FROM notes t LEFT JOIN members m ON m.id = CAST(t.member_id AS UNSIGNED) WHERE NOT t.whose <=> m.name
        UNION ALL SELECT 'pays', t.* FROM pays t LEFT JOIN members m ON m.id = CAST(t.payer AS UNSIGNED) WHERE NOT t.whose <=> m.name
        UNION ALL SELECT 'visits', t.* FROM visits t LEFT JOIN members m ON m.id = t.who WHERE NOT t.whose <=> m.name
        UNION ALL SELECT 'devices', t.id, t.uuid, t.whose FROM devices t LEFT JOIN members m ON m.uuid = UNHEX(REPLACE(t.uuid, '-', '')) WHERE NOT t.whose <=> m.name
        UNION ALL SELECT 'short', t.id, t.short, t.whose FROM devices t LEFT JOIN members m ON m.uuid = UNHEX(t.short) WHERE NOT t.whose <=> m.name
        UNION ALL SELECT 'phones', 0, t.* FROM phones t LEFT JOIN members m ON m.id = CAST(t.member_id AS UNSIGNED) WHERE NOT t.whose <=> m.name
        UNION ALL SELECT 'tags', 0, t.owner_id, t.whose FROM tags t LEFT JOIN members m ON m.id = CAST(t.owner_id AS UNSIGNED)
            WHERE t.owner_type = 'member' AND NOT t.whose <=> m.name
        UNION ALL SELECT 'goods', 0, t.owner_id, t.whose FROM tags t LEFT JOIN goods g ON g.sku = t.owner_id
            WHERE t.owner_type = 'good' AND NOT (t.whose <=> g.title OR t.whose <=> g.sku)"
}
rows_of() { # rows_of NAME: how many in each table
    on "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM members WHERE name = '$1'), (SELECT COUNT(*) FROM notes WHERE whose = '$1'),
        (SELECT COUNT(*) FROM pays WHERE whose = '$1'), (SELECT COUNT(*) FROM visits WHERE whose = '$1'), (SELECT COUNT(*) FROM phones WHERE whose = '$1'),
        (SELECT COUNT(*) FROM devices WHERE whose = '$1'), (SELECT COUNT(*) FROM tags WHERE whose = '$1'))"
}
state() {
    for t in members goods notes pays visits phones devices tags; do on "SELECT * FROM $t ORDER BY 1, 2"; done | md5sum
}

# Ids 21 to 24 are somebody else's on each side; erin signed up on both, and has another UUID on each.
both_histories
WHEN=2026-03-01
at a "$(member 21 anna); $(member 22 bob); $(member 23 carl); $(member 24 erin 1024); $(member 27 dora)"
WHEN=2026-03-02
at $T "$(member 21 xenia 2021); $(member 22 erin 2022); $(member 23 yan 2023); $(member 24 zoe 2024)"
plan one --on-conflict differs=target
is "planned" "$RC" 0
"$MYRECON" affected --case "$CASE" --format csv >"$OUT" 2>"$ERR"
is "who is affected is known by all that hangs on him" "$(sed -n 's/^\(anna\|erin\),.*,\(.*\)$/\1 \2/p' "$OUT" | tr -d "\r" | sed "s/$DB\.//g" | xargs)" "anna devices;members;notes;pays;phones;tags;visits erin devices;members;notes;pays;phones;tags;visits"
FIRST=$(jq -r --arg t "$DB.members" '.. | objects | select(.table? == $t and .first_id? != null) | .first_id' one/plan.json | head -n 1)
on "INSERT INTO notes VALUES (40000, '$FIRST', 'ghost')"
rep_is 5 "a live text names a new id: refused" apply --yes --case "$CASE" one "$DST"
like "and said" "$(cat "$ERR")" "notes.member_id.* has come to $FIRST"
on "UPDATE notes SET member_id = '$((FIRST - 1))' WHERE whose = 'ghost'"
BEFORE=$(state)
rep_is 0 "its neighbour is another id: applied" apply --yes --case "$CASE" one "$DST"
is "every row leads to whom it says" "$(strangers | grep -v ghost)" ""
for who in anna bob carl dora xenia yan zoe base7; do
    is "all of $who is there, once" "$(rows_of $who)" "1 2 1 1 1 1 1"
done
is "of erin both halves" "$(rows_of erin)" "1 4 2 2 1 2 1"
rep_is 0 "verified" verify one "$DST"
AFTER=$(state)
plan two --on-conflict differs=target
is "again there is nothing to do" "$RC $(planned_rows two 2>/dev/null)" "0 0"
ANNA=$(on "SELECT id FROM members WHERE name = 'anna'")
on "CREATE TABLE kept SELECT * FROM members WHERE id = $ANNA; DELETE FROM members WHERE id = $ANNA"
rep_is 1 "who is gone is told by verify" verify one "$DST"
is "with all that names her key" "$(sed -n "s/^ *$DB\.\([a-z]*\): .* \([0-9]*\) unplanned$/\1 \2/p" "$OUT" | xargs)" "notes 2 pays 1 phones 1 tags 1 visits 1"
on "INSERT INTO members SELECT * FROM kept; DROP TABLE kept"
rep_is 0 "undone" undo --yes --case "$CASE" one "$DST"
is "as before" "$(state)" "$BEFORE"

# ---- spelled otherwise than the key is written ------------------------------------------------
# Of the lost side: anna (21, whose id xenia has), 23 is nobody there and yan here, 24 is dora, of
# whose id TARGET has a trace.  The last note is equal on both sides, and about two people.
both_histories
rm -f "$CASE"
WHEN=2026-03-01
at a "$(member 21 anna); $(member 24 dora 2404);
    INSERT INTO notes (member_id, whose) VALUES (' $(id 21)', 'anna'), ('0$(id 21)', 'anna'), ('$(id 21).0', 'anna'), ('0$(id 5)', 'base5'),
        ('0$(id 23)', 'nobody'), ('x$(id 21)', 'none'), ('$(id 21)a', 'none')"
WHEN=2026-03-02
at $T "$(member 21 xenia 2021); $(member 23 yan 2023); INSERT INTO notes (member_id, whose) VALUES ('+$(id 24)', 'ghost')"
at a$T "INSERT INTO notes VALUES (900, '$(id 21)', 'both'), (901, '0$(id 21)', 'both')"
BEFORE=$(state)
plan three
is "open conflicts: exit 1" "$RC" 1
kinds() { python3 -c "import csv, sys
for r in csv.DictReader(open(sys.argv[1] + '/conflicts.csv')): print(r['table'].split('.')[1], r['source_key'], r['kind'], r['choices'])" "$1" | sort; }
is "each is named" "$(kinds three)" "notes 45 does-not-fit skip;without-value
notes 46 does-not-fit skip;without-value
notes 47 does-not-fit skip;without-value
notes 49 orphan-would-attach restore;skip
notes 901 does-not-fit skip;without-value"
rep_is 1 "the rest is applied" apply --yes --case "$CASE" three "$DST"
is "nobody's note leads to a stranger" "$(strangers | grep -v -e both -e ghost -e none)" ""
is "what names base5 otherwise stays as it was" "$(on "SELECT member_id FROM notes WHERE whose = 'base5' AND member_id LIKE '0%'")" "0$(id 5)"
is "the equal note is two" "$(on "SELECT GROUP_CONCAT(m.name ORDER BY m.name) FROM notes n JOIN members m ON m.id = CAST(n.member_id AS UNSIGNED) WHERE n.whose = 'both'")" anna,xenia,xenia
is "the trace leads to nobody" "$(on "SELECT COUNT(*) FROM notes n JOIN members m ON m.id = CAST(n.member_id AS UNSIGNED) WHERE n.whose = 'ghost'")" 0
rep_is 0 "verified" verify three "$DST"

# ---- guards -----------------------------------------------------------------------------------
NEW=$(on "SELECT id FROM members WHERE name = 'anna'")
on "INSERT INTO notes (member_id, whose) VALUES ('$NEW', 'live')"
rep_is 1 "undo keeps whom a live text names" undo --yes --case "$CASE" three "$DST"
is "she is there, and her note" "$(on "SELECT COUNT(*) FROM members m JOIN notes n ON n.member_id = CAST(m.id AS CHAR) AND n.whose = 'live' WHERE m.name = 'anna'")" 1
is "dora is not" "$(rows_of dora)" "0 0 0 0 0 0 0"
rep_is 1 "verify lists who is gone" verify three "$DST"
for text in "0$NEW" " $NEW" "$NEW.0"; do
    on "UPDATE notes SET member_id = '$text' WHERE whose = 'live'"
    rep_is 1 "undo keeps whom '${text/$NEW/N}' names" undo --yes --case "$CASE" three "$DST"
    is "she is there" "$(on "SELECT COUNT(*) FROM members WHERE id = $NEW")" 1
done
on "DELETE FROM notes WHERE whose = 'live'"
rep_is 0 "undone" undo --yes --case "$CASE" three "$DST"
is "all as before" "$(state)" "$BEFORE"
plan again
rep_is 1 "applied again" apply --yes --case "$CASE" again "$DST"
DORA=$(on "SELECT id FROM members WHERE name = 'dora'")
on "UPDATE notes SET member_id = '0$DORA' WHERE whose = 'anna' AND member_id = (SELECT CAST(id AS CHAR) FROM members WHERE name = 'anna') LIMIT 1"
rep_is 1 "a note was led to dora since" undo --yes --case "$CASE" again "$DST"
is "so that undo keeps her" "$(on "SELECT COUNT(*) FROM members WHERE id = ${DORA:-0}")" 1

# ---- the key is the text, and a snapshot is the lost side -------------------------------------
# A text of four characters takes no id beyond 9999: the new ids stay below.
fresh a$T "$DB"
rm -f "$CASE"
person() { # person ID NAME UUID
    echo "INSERT INTO members VALUES ($1, '$2', '$3', '$WHEN'); INSERT INTO devices (uuid, whose) VALUES (UNHEX(REPLACE('$3', '-', '')), '$2');
        INSERT INTO notes (member_id, whose) VALUES ('$1', '$2')"
}
at a$T "CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE,
        uuid CHAR(36) CHARACTER SET ascii NOT NULL UNIQUE, created_at DATETIME NOT NULL);
    CREATE TABLE devices (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, uuid BINARY(16), whose VARCHAR(40), KEY (uuid));
    CREATE TABLE notes (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id VARCHAR(4), whose VARCHAR(40))"
WHEN=2026-01-01
at a$T "$(for i in {1..20}; do person $i base$i "$(uuid $i)"; echo ';'; done)"
WHEN=2026-03-01
at a "$(person 21 anna A0000000-0000-4000-8000-00000000000a); $(person 22 erin "$(uuid 1022)")"
WHEN=2026-03-02
at $T "$(person 21 xenia "$(uuid 2021)"); $(person 22 yan "$(uuid 2022)"); $(person 23 erin "$(uuid 2023)")"
printf '[table %s.members]\nsubject = yes\nidentity = name\ntime-column = created_at\n[table %s.devices]\nidentity = none
reference = uuid -> %s.members.uuid\n[table %s.notes]\nidentity = none\nreference = member_id -> %s.members.id\n' \
    "$DB" "$DB" "$DB" "$DB" "$DB" >ini
"$MYRECON" snapshot create "$(uri a "$DB")" snap >"$OUT" 2>"$ERR" || bail "no snapshot: $(cat "$ERR")"
"$MYRECON" check "snapshot:$PWD/snap" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep_is 0 "planned from a snapshot" plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output four --on-conflict differs=target
rep_is 0 "applied" apply --yes --case "$CASE" four "$DST"
is "each device is whose it was" "$(on "SELECT m.name, d.whose FROM devices d LEFT JOIN members m ON UNHEX(REPLACE(m.uuid, '-', '')) = d.uuid WHERE NOT d.whose <=> m.name")" ""
is "each note, too" "$(on "SELECT m.name, n.whose FROM notes n LEFT JOIN members m ON CAST(n.member_id AS UNSIGNED) = m.id WHERE NOT n.whose <=> m.name")" ""
is "and all are there" "$(on "SELECT CONCAT(whose, COUNT(*)) FROM (SELECT whose FROM devices WHERE id > 20 UNION ALL SELECT whose FROM notes WHERE id > 20) x GROUP BY whose ORDER BY whose" | xargs)" \
    "anna2 erin4 xenia2 yan2"
rep_is 0 "verified" verify four "$DST"

# backfill and mirror: whose the rows are that are equal on both sides, and that the run did not compare.
copied() { # copied POLICY TYPE VALUE [CHECK-ARGS…]: conflicts of a plan; member 17 is alice, and bob here
    local policy=$1 type=$2 value=$3
    shift 3
    fresh a$T "$DB"
    rm -rf "$CASE" five
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE);
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, member $type);
        CREATE TABLE items (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id INT NOT NULL, what VARCHAR(9) NOT NULL UNIQUE, FOREIGN KEY (order_id) REFERENCES orders (id));
        INSERT INTO orders VALUES (5, 'o5', '$value'), (6, 'o6', '18')"
    at a "INSERT INTO members VALUES (17, 'alice'); INSERT INTO items VALUES (9, 5, 'hers'); INSERT INTO orders VALUES (7, 'o7', '$value')"
    at $T "INSERT INTO members VALUES (17, 'bob')"
    printf '[table %s.members]\nidentity = name\n[table %s.items]\nidentity = what\n[table %s.orders]\nidentity = no\nreference = member -> %s.members.id\n' \
        "$DB" "$DB" "$DB" "$DB" >ini
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q "$@" >"$OUT" 2>"$ERR"
    rep plan --policy $policy --config ini --case "$CASE" --output five
    tail -n +2 five/conflicts.csv | cut -d, -f1,2,5 | sed "s/^$DB\.//" | xargs
}
is "as below an integer" "$(copied backfill INT 17 --exclude "$DB.members")" "orders,7,parent-differs items,9,parent-differs"
for value in 17 017 ' 17.0'; do
    is "backfill below '$value'" "$(copied backfill 'VARCHAR(20)' "$value")" "members,17,key-taken orders,7,parent-differs items,9,parent-differs"
    is "without members in the run" "$(copied backfill 'VARCHAR(20)' "$value" --exclude "$DB.members")" "orders,7,parent-differs items,9,parent-differs"
done
is "below a decimal, without members in the run" "$(copied backfill 'DECIMAL(20,2)' 17 --exclude "$DB.members")" "orders,7,parent-differs items,9,parent-differs"
for value in 17 017; do
    fresh a$T "$DB"
    rm -rf "$CASE" six
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE);
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, member VARCHAR(20)); INSERT INTO orders VALUES (5, 'o5', '$value')"
    at $T "INSERT INTO members VALUES (17, 'bob')"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy mirror --config ini --case "$CASE" --output six --allow-deletes 1
    is "mirror: '$value' keeps whom it means" "$(tail -n +2 six/conflicts.csv | cut -d, -f3,5)" "17,referenced"
done

# Ids that "plan --reseed-only" reserved: whom a live row refers to with one of them, nobody becomes.
for type in INT 'VARCHAR(20)' 'DECIMAL(20,2)'; do
    fresh a$T "$DB"
    rm -rf "$CASE" seven eight
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE, created_at DATETIME NOT NULL);
        CREATE TABLE notes (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member $type); INSERT INTO members VALUES (1, 'base', '2026-01-01'); INSERT INTO notes VALUES (1, '1')"
    at a "INSERT INTO members VALUES (2, 'anna', '2026-03-01'), (3, 'dora', '2026-03-01')"
    at $T "INSERT INTO members VALUES (2, 'xenia', '2026-03-01')"
    printf '[table %s.members]\nsubject = yes\nidentity = name\ntime-column = created_at\n[table %s.notes]\nidentity = none\nreference = member -> %s.members.id\n' \
        "$DB" "$DB" "$DB" >ini
    rep_is 0 "$type: reserves" plan --reseed-only --source "$(uri a "$DB")" --target "$DST" --case "$CASE" --margin 1000 --output seven
    rep_is 0 "$type: reseeded" apply --yes --case "$CASE" seven "$DST"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    at $T "INSERT INTO notes VALUES (700, '4')"
    rep_is 0 "$type: planned" plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output eight
    rep_is 0 "$type: applied" apply --yes --case "$CASE" eight "$DST"
    is "$type: the note stays nobody's" "$(on "SELECT id FROM members WHERE name IN ('anna', 'dora') ORDER BY 1" | xargs)" "3 5"
done
finish
