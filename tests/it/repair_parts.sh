#!/bin/bash
# repair_parts.sh: tables whose key is the counter and something more, as of those that are partitioned
# by a date, and rows that refer to them by the id alone.  An id that both histories gave away is
# nobody's twice: not where no row of the live side refers to it, and not where somebody signs up
# with it between plan and apply.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
PARTS="PARTITION BY RANGE COLUMNS (at) (PARTITION old VALUES LESS THAN ('2026-02-01'), PARTITION new VALUES LESS THAN (MAXVALUE))"

world() { # world: member 3 is somebody else on each side, with no order on the live side; 4 is lost
    fresh a$T "$DB"
    rm -f "$CASE"
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT, mobile VARCHAR(20) NOT NULL, at DATETIME NOT NULL, PRIMARY KEY (id, at)) $PARTS;
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT, member_id INT NOT NULL, whose VARCHAR(20), at DATETIME NOT NULL, PRIMARY KEY (id, at), KEY (member_id)) $PARTS;
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (2, 'm2', '2026-01-01'); INSERT INTO orders VALUES (1, 1, 'm1', '2026-01-01')"
    at a "INSERT INTO members VALUES (3, 'lost', '2026-03-01 10:00'), (4, 'kept', '2026-03-01 11:00');
        INSERT INTO orders VALUES (2, 3, 'lost', '2026-03-01 10:00'), (3, 4, 'kept', '2026-03-01 11:00')"
    at $T "INSERT INTO members VALUES (3, 'live', '2026-03-01 12:00')"
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = at\n[table %s.orders]\nidentity = none\ntime-column = at
reference = member_id -> %s.members.id\n' "$DB" "$DB" "$DB" >ini
}
plan() { # plan DIR [ARGS…]
    local dir=$1
    shift
    rm -rf "$dir"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --config ini --case "$CASE" --output "$dir" "$@"
}
people() { on "SELECT GROUP_CONCAT(mobile ORDER BY mobile) FROM members"; }
twice() { on "SELECT id FROM members GROUP BY id HAVING COUNT(*) > 1"; }
strangers() { on "SELECT o.* FROM orders o LEFT JOIN members m ON m.id = o.member_id WHERE NOT o.whose <=> m.mobile"; }
all_are() { # all_are DESCRIPTION PEOPLE
    is "$1: everybody is there" "$(people)" "$2"
    is "$1: no id is there twice" "$(twice)" ""
    is "$1: each order is whose it was" "$(strangers)" ""
}

world
plan one --split-at 2026-02-01
is "planned" "$RC" 0
BEFORE=$(people)
rep_is 0 "applied" apply --yes --case "$CASE" one "$DST"
all_are "an id of two" kept,live,lost,m1,m2
is "who can keep his id does" "$(on "SELECT id FROM members WHERE mobile = 'kept'")" 4
rep_is 0 "verified" verify one "$DST"
plan again --split-at 2026-02-01
is "again there is nothing to do" "$RC $(planned_rows again)" "0 0"
rep_is 0 "undone" undo --yes --case "$CASE" one "$DST"
is "as before" "$(people)" "$BEFORE"

world
plan one --split-at 2026-02-01
on "INSERT INTO members (mobile, at) VALUES ('new', '2026-03-05')"
is "somebody signs up with the id that was to be kept" "$(on "SELECT id FROM members WHERE mobile = 'new'")" 4
rep_is 1 "applied but for whom it was kept" apply --yes --case "$CASE" one "$DST"
like "he is named" "$(cat "$OUT")" "members 4.*another row has the part of its key that others refer to"
all_are "a sign-up" live,lost,m1,m2,new
plan two --split-at 2026-02-01
is "planned anew" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" two "$DST"
all_are "anew" kept,live,lost,m1,m2,new

# ---- nobody declares it: asked for, where an id would be two people's, and where it is taken to the whole key
undeclared() { # undeclared DESCRIPTION
    sed -i '/^reference = /d' ini
    plan loose --split-at 2026-02-01
    is "$1: refused" "$RC" 5
    like "$1: what is to be declared" "$(cat "$ERR")" "reference = member_id -> $DB.members.id"
}
world
undeclared "an id that both have, on two days"
world
on "UPDATE members SET at = '2026-03-01 10:00' WHERE mobile = 'live'"
undeclared "one key"
world
on "DELETE FROM members WHERE mobile = 'live'"
sed -i '/^reference = /d' ini
plan loose --split-at 2026-02-01
is "where the id is free, nothing is asked" "$RC" 0
world
at a$T "CREATE TABLE pages (id INT NOT NULL AUTO_INCREMENT, rev INT NOT NULL DEFAULT 1, t VARCHAR(9), at DATETIME NOT NULL, PRIMARY KEY (id, rev));
    CREATE TABLE links (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, page_id INT NOT NULL, at DATETIME NOT NULL);
    INSERT INTO pages VALUES (1, 1, 'a', '2026-01-01'), (2, 1, 'b', '2026-01-01'); INSERT INTO links VALUES (1, 1, '2026-01-01'), (2, 2, '2026-01-01')"
at a "INSERT INTO pages VALUES (1, 2, 'lost', '2026-03-01'); INSERT INTO links VALUES (3, 1, '2026-03-01')"
on "INSERT INTO pages VALUES (1, 3, 'live', '2026-03-02')"
printf '[table %s.pages]\ntime-column = at\n[table %s.links]\ntime-column = at\n' "$DB" "$DB" >>ini
plan loose --split-at 2026-02-01
unlike "versions of one page have its id on purpose" "$(cat "$ERR")" 'page_id -> '

# ---- the copying policies, which give no new ids ----------------------------------------------
kinds() { python3 -c "import csv, sys
for r in csv.DictReader(open(sys.argv[1] + '/conflicts.csv')): print(r['table'].split('.')[1], r['source_key'].split(',')[0], r['kind'])" "$1" | sort | xargs; }
for policy in backfill newest:at; do
    world
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rm -rf copy
    rep_is 1 "$policy: conflicts are open" plan --policy "$policy" --config ini --case "$CASE" --output copy
    is "$policy: whose id is another's, and what is his" "$(kinds copy)" "members 3 key-taken orders 2 parent-differs"
    rep_is 1 "$policy: the rest is written" apply --yes --case "$CASE" copy "$DST"
    all_are "$policy" kept,live,m1,m2

    # 4 is free when the plan is made
    world
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rm -rf copy
    rep plan --policy "$policy" --config ini --case "$CASE" --output copy
    on "INSERT INTO members (mobile, at) VALUES ('new', '2026-03-05')"
    rep_is 1 "$policy, a sign-up: applied" apply --yes --case "$CASE" copy "$DST"
    like "$policy, a sign-up: who had his id is named" "$(cat "$OUT")" "members 4.*another row has the part of its key that others refer to"
    all_are "$policy, a sign-up" live,m1,m2,new

    # without a key
    world
    at a$T "ALTER TABLE members REMOVE PARTITIONING; ALTER TABLE members DROP PRIMARY KEY, ADD KEY (id)"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rm -rf copy
    rep_is 1 "$policy, no key: conflicts are open" plan --policy "$policy" --config ini --case "$CASE" --output copy
    like "$policy, no key: whose id is another's" "$(kinds copy)" "members key-taken orders 2"
    rep_is 1 "$policy, no key: applied" apply --yes --case "$CASE" copy "$DST"
    all_are "$policy, no key" kept,live,m1,m2
done

# ---- rows that share an id on purpose ---------------------------------------------------------
fresh a$T "$DB"
rm -f "$CASE"
at a$T "CREATE TABLE pages (id INT NOT NULL AUTO_INCREMENT, lang CHAR(2) NOT NULL, title VARCHAR(20), PRIMARY KEY (id, lang));
    CREATE TABLE visits (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, page INT NOT NULL, KEY (page));
    INSERT INTO pages VALUES (1, 'en', 'one'), (1, 'fr', 'un'), (3, 'en', 'three'); INSERT INTO visits VALUES (1, 1)"
at a "INSERT INTO pages VALUES (3, 'fr', 'trois'); INSERT INTO visits VALUES (2, 3)"
printf '[table %s.pages]\nidentity = key\n[table %s.visits]\nidentity = none\nreference = page -> %s.pages.id\n' "$DB" "$DB" "$DB" >ini
plan one --split-key "$DB.pages=1" --split-key "$DB.visits=1"
is "a translation: planned" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" one "$DST"
is "it stands beside the page that it is of" "$(on "SELECT GROUP_CONCAT(id, lang ORDER BY lang) FROM pages WHERE id >= 3")" 3en,3fr
is "and its visit, too" "$(on "SELECT page FROM visits WHERE id = 2")" 3
at a "INSERT INTO pages VALUES (3, 'it', 'tre')"
"$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep_is 0 "another one by backfill" plan --policy backfill --config ini --case "$CASE" --output fill
rep_is 0 "applied" apply --yes --case "$CASE" fill "$DST"
is "it stands there, too" "$(on "SELECT GROUP_CONCAT(id, lang ORDER BY lang) FROM pages WHERE id >= 3")" 3en,3fr,3it
finish
