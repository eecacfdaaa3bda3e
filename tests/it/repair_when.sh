#!/bin/bash
# repair_when.sh: references that hold under a condition (`when`): one column that leads to people
# of one table, goods of another or to nobody, by what stands beside it.  A row leans on whom it
# means, not on who has the same number in the other table.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Member 7 and good 7 are of the past; the lost comments are on good 7, member 8, and nothing.
world() { # world TYPE-COLUMN ID-COLUMN: TARGET's names
    fresh a$T "$DB"
    rm -rf "$CASE" plan
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, created DATETIME NOT NULL);
        CREATE TABLE goods (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, created DATETIME NOT NULL);
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (7, 'm7', '2026-01-01'), (8, 'm8', '2026-01-01');
        INSERT INTO goods VALUES (1, 'g1', '2026-01-01'), (7, 'g7', '2026-01-01'), (8, 'g8', '2026-01-01')"
    at a "CREATE TABLE comments (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner_type VARCHAR(10), owner_id INT, txt VARCHAR(20), created DATETIME NOT NULL)"
    at $T "CREATE TABLE comments (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, \`$1\` VARCHAR(10), \`$2\` INT, txt VARCHAR(20), created DATETIME NOT NULL)"
    at a$T "INSERT INTO comments VALUES (1, 'good', 1, 'on g1', '2026-01-01')"
    cat >ini <<INI
[table $DB.members]
subject = yes
identity = name
time-column = created
[table $DB.goods]
identity = name
time-column = created
[table $DB.comments]
identity = none
time-column = created
$([ "$1" = owner_type ] || echo "column = owner_type -> $1")
$([ "$2" = owner_id ] || echo "column = owner_id -> $2")
reference = owner_id -> $DB.members.id when owner_type = 'member' -- or 'owner_type'
reference = owner_id -> $DB.goods.id when owner_type IN ('good') and \`owner_id\` > 0
INI
}
plan() { # plan ARGS…
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    is "compared" "$?" 1
    rep plan --config ini --case "$CASE" --output plan "$@"
}

# TARGET's names are SOURCE's, others, and each other's.
for world in "merge owner_type owner_id" "backfill owner_type owner_id" "merge sort order" "merge owner_id owner_type"; do
    read -r policy type owner <<<"$world"
    name="$policy, $type and $owner"
    world "$type" "$owner"
    at a "INSERT INTO comments VALUES (2, 'good', 7, 'on g7', '2026-03-01'), (3, 'member', 8, 'on m8', '2026-03-01'), (4, 'page', 7, 'on p7', '2026-03-01')"
    if [ "$policy" = merge ]; then plan --policy merge --split-at 2026-02-01; else plan --policy "$policy"; fi
    is "$name: planned" "$RC" 0
    rep_is 0 "$name: applied" apply --yes --case "$CASE" plan "$DST"
    rep_is 0 "$name: verified" verify plan "$DST"
    on "DELETE FROM members WHERE id = 7; DELETE FROM goods WHERE id = 8"
    rep_is 0 "$name: who has the same number is missed by nobody" verify plan "$DST"
    on "DELETE FROM members WHERE id = 8"
    rep_is 1 "$name: whom a row means is" verify plan "$DST"
done
finish
