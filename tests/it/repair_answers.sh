#!/bin/bash
# repair_answers.sh: what a plan was told holds for the plans after it.  Somebody who was merged
# into the holder of a unique value is not asked about again while the holder is the same, by
# the case or by idmap.csv in its place; he is, with the answer of then, once the holder is not.
# Ids that a plan reserved and did not use: who stands there refuses.  Whoever was restored and
# is gone: what stands of the plan tells whether it is asked.  Compared by content.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Lost: 3, who is live 3 by his e-mail, with two orders; 4 and 5 with one each.  Live: 3 and 4.
world() {
    fresh a$T "$DB"
    rm -f "$CASE"* other*
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
            email VARCHAR(40) NULL UNIQUE, name VARCHAR(20), created_at DATETIME NOT NULL);
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, no VARCHAR(20) NOT NULL UNIQUE,
            FOREIGN KEY (member_id) REFERENCES members (id));
        INSERT INTO members VALUES (1, 'm1', 'e1', 'ann', '2026-01-01'), (2, 'm2', NULL, 'bob', '2026-01-01');
        INSERT INTO orders VALUES (1, 1, 'o1')"
    at a "INSERT INTO members VALUES (3, 'old', 'eve@x', 'eve', '2026-02-01'), (4, 'lost4', 'e4', 'carl', '2026-02-01'),
            (5, 'lost5', NULL, 'dora', '2026-02-01');
        INSERT INTO orders VALUES (2, 3, 'eve1'), (3, 3, 'eve2'), (4, 4, 'carl1'), (5, 5, 'dora1')"
    at $T "INSERT INTO members VALUES (3, 'new', 'eve@x', 'eve', '2026-02-02'), (4, 'live4', NULL, 'fay', '2026-02-02');
        INSERT INTO orders VALUES (2, 4, 'fay1')"
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = created_at\n[table %s.orders]\nidentity = no\n' "$DB" "$DB" >my.ini
}
config() { :; } # of rows/lib.sh: ours is written with the world
plan() { # plan RC DESCRIPTION DIR [OPTIONS…]
    local rc=$1 desc=$2 dir=$3
    shift 3
    rm -rf "$dir"
    checked
    rep_is "$rc" "$desc" plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --output "$dir" "$@"
}
asked() { # asked DIR: what is open
    python3 -c "
import csv, sys
for r in csv.DictReader(open(sys.argv[1] + '/conflicts.csv', newline='')):
    if not r['decision']:
        print(r['table'].split('.')[1], r['source_key'], r['kind'])" "$1" | sort
}
listed() { # listed DIR: members, what is offered, what was decided
    python3 -c "
import csv, sys
for r in csv.DictReader(open(sys.argv[1] + '/conflicts.csv', newline='')):
    if r['table'].endswith('.members'):
        print(r['source_key'], r['kind'], r['choices'] or '-', r['decision'] or '-')" "$1" | sort
}
left_out() { # left_out DIR: what stays out by decision
    python3 -c "
import csv, sys
for r in csv.DictReader(open(sys.argv[1] + '/conflicts.csv', newline='')):
    if r['decision'] == 'skip':
        print(r['table'].split('.')[1], r['source_key'])" "$1" | sort
}
# Every row of the live side, and whose it is.
rows() {
    on "SELECT CONCAT_WS(' ', m.mobile, IFNULL(m.email, '-'), m.name, IFNULL((SELECT GROUP_CONCAT(no ORDER BY no) FROM orders o
        WHERE o.member_id = m.id), '-')) FROM members m ORDER BY m.mobile"
}
ALL="live4 - fay fay1
lost4 e4 carl carl1
lost5 - dora dora1
m1 e1 ann o1
m2 - bob -
new eve@x eve eve1,eve2"

# ---- merged once ---------------------------------------------------------------------------
world
plan 1 "somebody else has the e-mail: asked" one
# decisions are written into the plan's own file, by a spreadsheet; nothing else of it may change
cp one/conflicts.csv asked.csv
python3 - <<'PY'
import csv
rows = list(csv.reader(open('asked.csv', newline='', encoding='utf-8')))
for row in rows[1:]:
    row[rows[0].index('decision')] = 'skip'
with open('one/conflicts.csv', 'w', newline='', encoding='utf-8-sig') as out:
    csv.writer(out, delimiter=';', quoting=csv.QUOTE_ALL, lineterminator='\n').writerows(rows)
PY
rep_is 0 "a plan with decisions in its list: shown" show one
rep_is 0 "a row of it, too" show --row "$DB.members=3" one
rep_is 1 "and proved" verify one "$DST"
sed -i 's/eve/eva/' one/conflicts.csv
rep_is 5 "with another value in it: refused" show one
like "by name" "$(cat "$ERR")" 'conflicts.csv" was changed since it was planned'
cp asked.csv one/conflicts.csv
is "he is asked about, and what is his waits" "$(asked one)" "members 3 unique
orders 2 parent-absent
orders 3 parent-absent"
printf '%s\n' table,source_key,decision "$DB.members,3,merge-into" >decisions
plan 0 "told that they are one" two --decisions decisions
plan 0 "before it is applied: not asked again" three
is "and the same rows are planned" "$(planned_rows three)" "$(planned_rows two)"
rep_is 0 "applied" apply --yes --case "$CASE" two "$DST"
is "his orders are the other's" "$(rows)" "$ALL"
plan 0 "after it was applied: not asked again" three
is "nothing is left to write" "$(planned_rows three)" 0
mv "$CASE" kept
plan 1 "without the case: asked" four
plan 0 "with the map in its place: not asked" four --idmap two/idmap.csv
is "and nothing comes twice" "$(planned_rows four)" 0
rm -f "$CASE"
is "the list of the plan says what was decided, where their values differ" \
    "$(python3 -c 'import csv; print([(r["source_key"], r["kind"], r["decision"]) for r in csv.DictReader(open("two/conflicts.csv"))])')" "[('3', 'differs', 'merge-into')]"
plan 0 "and is read again" four --decisions two/conflicts.csv
rm -f "$CASE"
mv kept "$CASE"

# ---- the other is not who he was -----------------------------------------------------------
at a "INSERT INTO orders VALUES (6, 3, 'eve3')"
at $T "UPDATE members SET name = 'eva' WHERE id = 3"
plan 1 "the other was edited since: asked" five
is "only about him, and what is new below him" "$(asked five)" "members 3 unique
orders 6 parent-absent"
like "with the answer of then" "$(cat "$ERR")" "table \"$DB.members\", key 3: an earlier plan merged it into key 3, who is not as he was"
plan 0 "told again" five --decisions decisions
plan 0 "which holds, too" six
rep_is 0 "applied" apply --yes --case "$CASE" six "$DST"
is "what was new is there, once" "$(rows | grep ^new)" "new eve@x eva eve1,eve2,eve3"
mv "$CASE" kept
plan 1 "the map of the first plan: asked, too" seven --idmap two/idmap.csv
like "with the answer of then" "$(cat "$ERR")" "key 3: an earlier plan merged it into key 3, who is not as he was"
rm -f "$CASE"
mv kept "$CASE"
printf '%s\n' table,source_key,decision "$DB.members,3,skip" >decisions
plan 0 "told otherwise" eight --decisions decisions
plan 0 "which holds in place of the answer before" nine
is "he is left out" "$(left_out nine)" "members 3"
plan 1 "until it is forgotten" nine --forget-decisions
is "he is asked about" "$(asked nine | head -n 1)" "members 3 unique"
plan 1 "and stays so" nine

# ---- two people of the lost side who are one of the live side ----------------------------------
world
at a "UPDATE members SET mobile = 'new', email = NULL WHERE id = 4"
printf '%s\n' table,source_key,decision "$DB.members,3,merge-into" >decisions
plan 0 "one is merged into him by decision, one is him" one --decisions decisions --on-conflict differs=target
rep_is 0 "applied" apply --yes --case "$CASE" one "$DST"
is "both have their orders there" "$(rows | grep ^new)" "new eve@x eve carl1,eve1,eve2"
rm -f "$CASE"
plan 0 "without the case: its map is read again" two --idmap one/idmap.csv --on-conflict differs=target
is "and nothing comes twice" "$(planned_rows two)" 0

# ---- rows of a tree: one restored, one left out ----------------------------------------------
# Base: bob has three orders; the lost side has a fourth.  The live side deleted bob with all
# that was his; ann was renamed on either side.
tree() {
    world
    at a$T "INSERT INTO orders VALUES (10, 2, 'bob1'), (11, 2, 'bob2'), (12, 2, 'bob3')"
    at a "DELETE FROM orders WHERE id < 10 AND id > 1; DELETE FROM members WHERE id > 2; UPDATE members SET name = 'anna' WHERE id = 1;
        INSERT INTO orders VALUES (13, 2, 'bob4')"
    at $T "DELETE FROM orders WHERE id > 1; DELETE FROM members WHERE id > 1; UPDATE members SET name = 'anne' WHERE id = 1"
    printf '[table %s.orders]\nsplit-key = 12\n' "$DB" >>my.ini
}
decide() { printf '%s\n' table,source_key,decision "$@" >decisions; }
tree
BEFORE=$(rows)
plan 1 "a tree that the live side deleted: asked" one
decide "$DB.members,2,restore" "$DB.orders,11,skip" "$DB.orders,13,skip" "$DB.members,1,source"
plan 0 "told" two --decisions decisions
rep_is 0 "applied" apply --yes --case "$CASE" two "$DST"
WANTED="m1 e1 anna o1
m2 - bob bob1,bob3" OUT_STAYS="orders 11
orders 13"
is "as told" "$(rows)" "$WANTED"
plan 0 "the plan after it" three
is "plans nothing: what was left out stays out" "$(planned_rows three) $(left_out three)" "0 $OUT_STAYS"
cp my.ini kept.ini
sed -i 's/identity = mobile/identity = key/; s/identity = no$/identity = none/' my.ini
plan 0 "by other identities" three
is "nor does that" "$(planned_rows three) $(left_out three)" "0 $OUT_STAYS"
mv kept.ini my.ini
rep_is 0 "undone" undo --yes --case "$CASE" two "$DST"
is "as it was" "$(rows)" "$BEFORE"
plan 0 "after undo nobody is asked again" four
rep_is 0 "applied again" apply --yes --case "$CASE" four "$DST"
is "again as told" "$(rows)" "$WANTED"
decide "$DB.orders,13,restore"
plan 0 "told otherwise of what was left out" five --decisions decisions
is "that comes" "$(planned_rows five) $(left_out five)" "1 orders 11"
plan 0 "which holds" five
is "it comes without being told again" "$(planned_rows five)" 1
decide "$DB.orders,13,skip"
plan 0 "left out after all" five --decisions decisions
decide "$DB.orders,11,open" "$DB.orders,13,"
plan 1 "one is withdrawn, and of the other an empty cell says nothing" five --decisions decisions --on-conflict deleted-on-live=skip
is "that is asked about, whatever rules say" "$(asked five) $(left_out five)" "orders 11 deleted-on-live orders 13"
plan 1 "which the case keeps" five
is "as it was" "$(asked five) $(left_out five)" "orders 11 deleted-on-live orders 13"
plan 1 "all is forgotten" five --forget-decisions
is "what there is a question about is asked, the other comes" "$(planned_rows five) $(asked five)$(left_out five)" "1 orders 11 deleted-on-live"

# ---- rows without a key: by all of what they hold -------------------------------------------
tree
at a$T "CREATE TABLE marks (member_id INT NOT NULL, what VARCHAR(9) NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id))"
at a "INSERT INTO marks VALUES (1, 'gone'), (2, 'a'), (2, 'b'), (2, 'b')"
plan 1 "marks of the deleted one, and one of ann's: asked" one
python3 -c "
import csv, sys
rows = list(csv.DictReader(open('one/conflicts.csv', newline='')))
for r in rows:
    r['decision'] = 'skip' if r['table'].endswith('.marks') and '\"a\"' not in r['source'] else \
        'restore' if r['table'].endswith(('.members', '.orders')) and r['kind'] != 'changed' else ''
out = csv.DictWriter(open('decisions', 'w', newline=''), rows[0])
out.writeheader()
out.writerows(rows)"
marks() { on "SELECT GROUP_CONCAT(what ORDER BY what) FROM marks"; }
plan 1 "told" two --decisions decisions
WANTED="$(planned_rows two) $(left_out two)"
is "three are left out" "$(left_out two | grep -c marks)" 3
plan 1 "not told again" three
is "they are left out" "$(planned_rows three) $(left_out three)" "$WANTED"
rep apply --yes --case "$CASE" three "$DST"
is "one comes, ann is still asked about" "$RC $(marks)" "1 a"
plan 1 "the plan after it" four
is "plans nothing" "$(planned_rows four) $(left_out four)" "0 ${WANTED#* }"

# ---- a row that was overwritten by decision is edited ----------------------------------------
tree
decide "$DB.members,2,skip" "$DB.members,1,source"
plan 0 "told to overwrite" one --decisions decisions
plan 0 "not applied: holds" two
is "it is planned" "$(planned_rows two)" 1
at $T "UPDATE members SET name = 'annie' WHERE id = 1"
plan 1 "the live side edits the row: asked" three
is "about that alone" "$(asked three)" "members 1 changed"
like "and said" "$(cat "$ERR")" "members.*not as it was when \"source\" was decided"

# ---- gone since: all of a plan, most of it, one ---------------------------------------------
gone() { # gone MOBILE…: with what is theirs
    for who in "$@"; do
        on "DELETE FROM orders WHERE member_id IN (SELECT id FROM members WHERE mobile = '$who'); DELETE FROM members WHERE mobile = '$who'"
    done
}
lost() { rows | grep -c '^lost'; }
applied() { # three lost people, restored
    world
    at a "UPDATE members SET email = NULL WHERE id = 3; UPDATE members SET mobile = 'lost3' WHERE id = 3"
    plan 0 "$1: a plan of three" one
    rep_is 0 "$1: applied" apply --yes --case "$CASE" one "$DST"
    is "$1: all three are there" "$(lost)" 3
}
applied "one is gone"
gone lost4
plan 0 "one is gone: deleted by the live side" two
is "one is gone: he is listed" "$(listed two)" "4 deleted-since - skip"
is "one is gone: and not inserted again" "$(planned_rows two)" 0
applied "most are gone"
gone lost4 lost5
plan 1 "most are gone: nobody can say" two
is "most are gone: asked" "$(listed two)" "4 deleted-since restore;skip -
5 deleted-since restore;skip -"
is "most are gone: and nothing is written before" "$(planned_rows two)" 0
printf '%s\n' table,source_key,decision "$DB.members,4,restore" "$DB.members,5,skip" >decisions
plan 0 "most are gone: told" two --decisions decisions
rep_is 0 "most are gone: applied" apply --yes --case "$CASE" two "$DST"
is "most are gone: as told" "$(rows | grep '^lost')" "lost3 - eve eve1,eve2
lost4 e4 carl carl1"
applied "all are gone"
gone lost3 lost4 lost5
plan 0 "all are gone: taken back as a whole" two
rep_is 0 "all are gone: applied" apply --yes --case "$CASE" two "$DST"
is "all are gone: everybody is back, once" "$(lost)" 3

# ---- a plan that was wrong, and is made anew ------------------------------------------------
# Carl has a live namesake.
namesakes() {
    world
    at a "UPDATE members SET email = NULL WHERE id = 3"
    at $T "UPDATE members SET name = 'carl' WHERE id = 4"
    sed -i "s/identity = mobile/identity = $1/" my.ini
}
namesakes name
plan 1 "known by their names: a plan" one
is "known by their names: carl is the other" "$(listed one)" "3 differs target;source;newest:COLUMN -
4 differs target;source;newest:COLUMN -"
sed -i "s/identity = name/identity = mobile/" my.ini
plan 0 "by their numbers: a plan" two
is "by their numbers: nothing is left of the first" "$(listed two)" ""
rep_is 0 "by their numbers: applied" apply --yes --case "$CASE" two "$DST"
is "by their numbers: everybody is there" "$(rows | grep -c '^lost4 e4 carl carl1\|^lost5 - dora dora1\|^old - eve eve1,eve2')" 3
on "UPDATE members SET name = 'karl' WHERE mobile = 'lost4'"
sed -i "s/identity = mobile/identity = name/" my.ini
plan 1 "by their names again, when all is applied" three
is "by their names again: nothing comes twice" "$(planned_rows three)" 0
unlike "by their names again: nobody was deleted" "$(listed three)" deleted-since

namesakes mobile
plan 0 "the right way round" one
checked
rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --source "$DST" --target "$(uri a "$DB")" --output turned
is "the servers interchanged: refused" "$RC" 5
like "the servers interchanged: named" "$(cat "$ERR")" 'the source ".*" is the target of run '
ok "the servers interchanged: no plan" test ! -e turned
rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --source "${DST%/*}" --target "$(uri a "$DB")" --output turned
is "by the server alone, which is all of its databases: refused, too" "$RC" 5
like "and named" "$(cat "$ERR")" 'the source ".*" is the target of run '
run_check --config my.ini --case "$CASE" --settle 0 "$DST" "$(uri a "$DB")"
rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --output turned
is "by a run of the case that is interchanged: refused, too" "$RC" 5
like "by a run of the case that is interchanged: named" "$(cat "$ERR")" 'the source of run .* is the target of an earlier merge of the case'
checked
plan 0 "the right way round again" two
is "the right way round again: as before" "$(planned_rows two)" "$(planned_rows one)"

# ---- ids that a plan reserved, and did not use ----------------------------------------------
reserved() { # 900 ids, behind which the live side goes on
    world
    at a "UPDATE members SET email = NULL WHERE id = 3"
    at a$T "ALTER TABLE orders DROP FOREIGN KEY orders_ibfk_1"
    printf 'reference = member_id -> %s.members.id\n' "$DB" >>my.ini
    rm -rf seed
    rep_is 0 "$1: reserved" plan --reseed-only --margin 900 --source "$(uri a "$DB")" --target "$DST" --case "$CASE" --output seed
    rep_is 0 "$1: raised" apply --yes --case "$CASE" seed "$DST"
}
ids() { on "SELECT GROUP_CONCAT(CONCAT(mobile, '=', id) ORDER BY id) FROM members WHERE mobile LIKE '$1'"; }
reserved "used in part"
plan 0 "used in part: a plan" one
rep_is 0 "used in part: applied" apply --yes --case "$CASE" one "$DST"
is "used in part: from its start" "$(ids 'lost4') $(ids 'old')" "lost4=7 old=6"
at a "INSERT INTO members VALUES (6, 'lost6', NULL, 'gil', '2026-02-03'); INSERT INTO orders VALUES (7, 6, 'gil1')"
plan 0 "used in part: somebody more" two
rep_is 0 "used in part: applied" apply --yes --case "$CASE" two "$DST"
is "used in part: behind those" "$(ids 'lost6')" "lost6=8"
is "used in part: and who he is" "$(rows | grep -c -e 'lost4 e4 carl carl1' -e 'lost6 - gil gil1' -e 'old - eve eve1,eve2')" 3
reserved "a stranger"
at $T "INSERT INTO members VALUES (500, 'stranger', NULL, 'x', '2026-02-05'); INSERT INTO orders VALUES (500, 500, 'strange1')"
plan 0 "a stranger among them: a plan" one
rep_is 0 "a stranger among them: applied" apply --yes --case "$CASE" one "$DST"
is "a stranger among them: ids behind him" "$(ids 'lost4') $(ids 'old')" "lost4=502 old=501"
is "a stranger among them: keeps what is his" "$(rows | grep '^stranger')" "stranger - x strange1"
reserved "a trace"
at $T "INSERT INTO orders VALUES (500, 6, 'trace1')"
plan 0 "somebody's trace among them: a plan" one
rep_is 0 "somebody's trace among them: applied" apply --yes --case "$CASE" one "$DST"
is "somebody's trace among them: nobody gets it" "$(on "SELECT COUNT(*) FROM orders o JOIN members m ON m.id = o.member_id WHERE o.no = 'trace1'") $(rows | grep -c '^lost\|^old')" "0 3"
finish
