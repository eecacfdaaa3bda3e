#!/bin/bash
# repair_suspects.sh: references that nobody declares.  A shop of a new user's, whose ids changed
# hands, has them under all names and types: a plan is refused until each is declared or
# dismissed, with lines that can be pasted as they are; with them every row is its owner's.
# Quantities, years and positions are no references.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Members 1 to 200 and shops 1 to 20 are of both histories; 201 to 205 and 21, 22 are different
# ones on each.  What a row is about says its own text: "of lost203".
world() { # world CHILD-TABLES ROWS-OF-THE-LOST-SIDE ROWS-OF-THE-LIVE-SIDE
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL);
        CREATE TABLE shops (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL);
        CREATE TABLE n (i INT PRIMARY KEY); INSERT INTO n VALUES (1), (2), (3), (4), (5);
        INSERT INTO members SELECT 0, CONCAT('base', a.i, b.i, c.i, d.i), '2026-01-01' FROM n a, n b, n c, n d WHERE a.i < 3 AND b.i < 5 ORDER BY 2;
        INSERT INTO shops SELECT 0, CONCAT('base', a.i, b.i), '2026-01-01' FROM n a, n b WHERE a.i < 5 ORDER BY 2;
        DROP TABLE n; $1"
    at a "INSERT INTO members SELECT 200 + id, CONCAT('lost', 200 + id), '2026-03-01' FROM members WHERE id <= 5;
        INSERT INTO shops SELECT 20 + id, CONCAT('lost', 20 + id), '2026-03-01' FROM shops WHERE id <= 2; $2"
    at $T "INSERT INTO members SELECT 200 + id, CONCAT('live', 200 + id), '2026-03-02' FROM members WHERE id <= 5;
        INSERT INTO shops SELECT 20 + id, CONCAT('live', 20 + id), '2026-03-02' FROM shops WHERE id <= 2; ${3:-}"
    printf '[table *.members]\nsubject = yes\nidentity = mobile\ntime-column = created_at\n[table *.shops]\nidentity = name\ntime-column = created_at\n' >ini
}
check() {
    rm -f "$CASE"
    run_check --config ini --case "$CASE" --settle 0 "$(uri a "$DB")" "$DST"
}
plan() {
    rm -rf plan
    rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output plan
}
suspected() { # what the plan asks for, TABLE.COLUMN each; behind a ; what cannot be declared
    sed 's/^; reference/reference/' "$ERR" |
        awk -v "db=$DB" '/^\[table /  {t = substr($2, length(db) + 2); sub("]", "", t)} /^reference = / {print t "." $3}' | sort -u | xargs
}
paste() { grep -E '^(\[table |(; )?reference = )' "$ERR" >>ini; }

# ---- a shop -------------------------------------------------------------------------------
SHOP="CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, member_id INT UNSIGNED NOT NULL, about VARCHAR(20), qty INT, placed YEAR);
    CREATE TABLE comments (id INT AUTO_INCREMENT PRIMARY KEY, author_id INT NOT NULL, about VARCHAR(20), stars TINYINT);
    CREATE TABLE gifts (id INT AUTO_INCREMENT PRIMARY KEY, payer BIGINT NOT NULL, about VARCHAR(20), cents INT);
    CREATE TABLE refunds (id INT AUTO_INCREMENT PRIMARY KEY, ref_id INT, about VARCHAR(20));
    CREATE TABLE files (id INT AUTO_INCREMENT PRIMARY KEY, owner_type VARCHAR(40) NOT NULL, owner_id INT NOT NULL, about VARCHAR(20))"
OF="FROM members m JOIN shops s ON s.id = 1 + m.id % 5 WHERE"
ROWS="INSERT INTO orders SELECT 0, CONCAT('X', m.id), m.id, CONCAT('of ', m.mobile), 1 + m.id % 9, 2026 $OF"
base() { # base FIRST-AND-LAST-ID SIDE'S WORD: rows about these
    echo "INSERT INTO orders SELECT 0, CONCAT('$2', id), id, CONCAT('of ', mobile), 1 + id % 9, 2020 + id % 7 FROM members WHERE id BETWEEN $1 ORDER BY id;
        INSERT INTO comments SELECT 0, id, CONCAT('of ', mobile), 1 + id % 5 FROM members WHERE id BETWEEN $1 ORDER BY id;
        INSERT INTO gifts SELECT 0, id, CONCAT('of ', mobile), id * 37 FROM members WHERE id BETWEEN $1 ORDER BY id;
        INSERT INTO refunds SELECT 0, id, CONCAT('of ', mobile) FROM members WHERE id BETWEEN $1 ORDER BY id;
        INSERT INTO files SELECT 0, 'member', id, CONCAT('of ', mobile) FROM members WHERE id BETWEEN $1 ORDER BY id"
}
files_of_shops() { echo "INSERT INTO files SELECT 0, 'App\\\\Models\\\\Shop', id, CONCAT('of ', name) FROM shops WHERE id > $1"; }
world "$SHOP; $(base "1 AND 100" base)" "" ""
at a "$(base "201 AND 205" lost); $(files_of_shops 20)"
at $T "$(base "201 AND 202" live); $(files_of_shops 21)"
printf '[table *.orders]\nidentity = no\n' >>ini
strangers() { # rows that are somebody else's than they say
    on "SELECT GROUP_CONCAT(t, id, ' ', about, ' is ', w ORDER BY 1) FROM (
        SELECT 'orders' t, o.id, about, CONCAT('of ', mobile) w FROM orders o LEFT JOIN members m ON m.id = member_id
        UNION ALL SELECT 'comments', c.id, about, CONCAT('of ', mobile) FROM comments c LEFT JOIN members m ON m.id = author_id
        UNION ALL SELECT 'gifts', g.id, about, CONCAT('of ', mobile) FROM gifts g LEFT JOIN members m ON m.id = payer
        UNION ALL SELECT 'refunds', r.id, about, CONCAT('of ', mobile) FROM refunds r LEFT JOIN members m ON m.id = ref_id
        UNION ALL SELECT 'files', f.id, about, CONCAT('of ', mobile) FROM files f LEFT JOIN members m ON m.id = owner_id WHERE owner_type = 'member'
        UNION ALL SELECT 'files', f.id, about, CONCAT('of ', name) FROM files f LEFT JOIN shops s ON s.id = owner_id WHERE owner_type LIKE '%Shop'
        ) x WHERE NOT (about <=> w)"
}
check
is "the shop: checked" "$RC" 1
advised() { jq -r --arg db "$DB" 'select(.type == "advice" and .column != null) | "\(.table | ltrimstr($db + ".")).\(.column)"' "$OUT" | sort -u | xargs; }
is "the shop: check advises all of them, and no other" "$(advised)" \
    "comments.author_id files.owner_id gifts.payer orders.member_id refunds.ref_id"
jq -r 'select(.type == "advice" and .column != null) | .config' "$OUT" >advised
plan
is "the shop: refused" "$RC" 5
like "the shop: one is named" "$(cat "$ERR")" "looks like a reference to \"$DB.members\", whose ids change hands"
is "the shop: all of them, and no other" "$(suspected)" \
    "comments.author_id files.owner_id gifts.payer orders.member_id refunds.ref_id"
like "the shop: by type" "$(cat "$ERR")" "reference = owner_id -> $DB.members.id when owner_type = 'member'"
like "the shop: by class" "$(cat "$ERR")" "reference = owner_id -> $DB.shops.id when owner_type = 'App\\\\\\\\Models\\\\\\\\Shop'"
ok "the shop: no plan" test ! -e plan
cp ini bare
paste
check
none "the shop, pasted: no advice" '.type == "advice" and .column != null'
plan
is "the shop, pasted: planned" "$RC" 0
rep_is 0 "the shop, pasted: applied" apply --yes --case "$CASE" plan "$DST"
is "the shop: every row is its owner's" "$(strangers)" NULL
is "the shop: all of them are there" "$(on "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM comments),
    (SELECT COUNT(*) FROM gifts), (SELECT COUNT(*) FROM refunds), (SELECT COUNT(*) FROM files))")" "107 107 107 107 110"

# ---- dismissed, one by one ------------------------------------------------------------------
world "$SHOP; $(base "1 AND 100" base)" "" ""
at a "$(base "201 AND 205" lost); $(files_of_shops 20)"
cat bare advised >ini
check
plan
is "what check advised, pasted: planned" "$RC" 0
cat bare advised | sed "s/owner_type = 'member'/owner_type = 'membr'/" >ini
check
is "a type that is misspelt: advised once more" "$(advised)" files.owner_id
plan
is "a type that is misspelt: refused" "$RC $(suspected)" "5 files.owner_id"
at a "UPDATE files SET owner_type = 'payer' WHERE owner_type = 'member'"
at $T "UPDATE files SET owner_type = 'payer' WHERE owner_type = 'member'"
cat bare advised | grep -v "owner_type = 'member'" >ini
check
is "a type that names no table: advised by its ids" "$(advised)" files.owner_id
plan
is "a type that names no table: refused" "$RC $(suspected)" "5 files.owner_id"
like "a type that names no table: with its condition" "$(cat "$ERR")" "reference = owner_id -> $DB.members.id when owner_type = 'payer'"
printf '[table *.files]\nreference = none: owner_id\n' >>ini
check
plan
is "a type that names no table, and is none: planned" "$RC" 0
at a "UPDATE files SET owner_type = 'member' WHERE owner_type = 'payer'"
at $T "UPDATE files SET owner_type = 'member' WHERE owner_type = 'payer'"
cp bare ini
printf '[table *]\nreference = none: member_id\nreference = none: author_id\nreference = none: ref_id\nreference = none: owner_id\n' >>ini
check
plan
is "all dismissed but one: refused" "$RC" 5
is "all dismissed but one: that" "$(suspected)" "gifts.payer"
printf '[table *.gifts]\nreference = none: payer\n' >>ini
check
plan
is "all dismissed: planned" "$RC" 0

# ---- several tables that a name may mean: the nearest; all that are as near ---------------------
KIN="(id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL)"
world "CREATE TABLE a_members $KIN; CREATE TABLE a_items $KIN; CREATE TABLE b_items $KIN;
    CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, member_id INT, item_id INT);
    INSERT INTO a_members SELECT id, mobile, created_at FROM members; INSERT INTO a_items SELECT * FROM a_members; INSERT INTO b_items SELECT * FROM a_members;
    INSERT INTO orders SELECT id, CONCAT('o', id), id, id FROM members" "" ""
for side in a $T; do
    at $side "INSERT INTO a_members SELECT id, mobile, created_at FROM members WHERE id > 200; INSERT INTO a_items SELECT * FROM a_members WHERE id > 200;
        INSERT INTO b_items SELECT * FROM a_members WHERE id > 200"
done
at a "INSERT INTO orders VALUES (300, 'lost', 203, 204)"
printf '[table *_*]\ntime-column = created_at\n' >>ini
check
plan
is "several that a name may mean: refused" "$RC" 5
is "the nearest is told; of two that are as near neither can be pasted unread" \
    "$(grep -E '^(; )?(reference|one)' "$ERR" | sed "s/$DB\.//" | sort)" "; one of these is meant: take its ; away
; reference = item_id -> a_items.id
; reference = item_id -> b_items.id
reference = member_id -> members.id"
like "both are named" "$(cat "$ERR")" "like a reference to \"$DB.a_items\" or \"$DB.b_items\", whose ids"

# ---- other types, and rows that are equal on both sides --------------------------------------
world "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, x VARCHAR(20), about VARCHAR(20));
    CREATE TABLE b (id INT AUTO_INCREMENT PRIMARY KEY, holder DECIMAL(12, 0), about VARCHAR(20));
    INSERT INTO a SELECT 0, id, 'old' FROM members; INSERT INTO b SELECT 0, id, 'old' FROM members" \
    "INSERT INTO a SELECT 0, id, 'equal' FROM members WHERE id > 200; INSERT INTO b VALUES (0, 203, 'lost')" \
    "INSERT INTO a SELECT 0, id, 'equal' FROM members WHERE id > 200"
check
plan
is "text and decimal: refused" "$RC" 5
is "text and decimal: both" "$(suspected)" "a.x b.holder"
is "text and decimal: lines that declare them" "$(grep -c '^reference = ' "$ERR")" 2
paste
check
is "text and decimal: what is pasted is read" "$RC" 1
is "text and decimal: and not advised again" "$(advised)" ""
plan
is "text and decimal, declared: planned" "$RC" 0

# ---- a log of texts, whose types stand in a column that is called as the ids are ---------------
LOG="CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, entity VARCHAR(20) NOT NULL, entity_id VARCHAR(20) NOT NULL, about VARCHAR(20))"
logged() { # logged SIDE'S WORD: what the log says of its own people and shops
    echo "INSERT INTO log SELECT 0, 'member', id, CONCAT('of ', mobile) FROM members WHERE mobile LIKE '$1%' ORDER BY id;
        INSERT INTO log SELECT 0, 'shop', id, CONCAT('of ', name) FROM shops WHERE name LIKE '$1%' ORDER BY id"
}
world "$LOG; $(logged base)" "$(logged lost)" "$(logged live)"
check
is "a log: advised" "$(advised)" "log.entity_id"
plan
is "a log: refused" "$RC" 5
is "a log: a line for each type" "$(grep -c "^reference = entity_id -> .* when entity = '" "$ERR")" 2
paste
plan
is "a log, declared: planned" "$RC" 0
rep_is 0 "a log, declared: applied" apply --yes --case "$CASE" plan "$DST"
is "a log: every row tells of its own" "$(on "SELECT COUNT(*), SUM(about <=> CONCAT('of ', IF(entity = 'member', mobile, name))) FROM log
    LEFT JOIN members m ON m.id = entity_id LEFT JOIN shops s ON s.id = entity_id")" "$(printf '234\t234')"

# ---- none of these ---------------------------------------------------------------------------
world "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, quantity INT, stars TINYINT, percent INT, year INT, position INT, price DECIMAL(10, 2),
        cents INT, code VARCHAR(10), state SMALLINT, doc INT UNIQUE, note VARCHAR(20), json JSON, f DOUBLE, old_id INT, padded VARCHAR(10))" \
    "INSERT INTO t SELECT id, 1 + id % 9, 1 + id % 5, id % 101, 1990 + id % 30, id % 12, id * 1.37, id * 37, CONCAT('K', id), 200 + id % 5 * 100, id,
        CONCAT('note ', id), CONCAT('{\"id\": ', id, '}'), id, id * 1000, CONCAT('000', id) FROM members"
check
none "quantities, years, states: no advice" '.type == "advice" and .column != null'
plan
is "quantities, years, states: planned" "$RC" 0
finish
