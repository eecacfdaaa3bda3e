#!/bin/bash
# repair_snapshot.sh: the lost history is a snapshot, and its server is gone: every plan is the
# same as from the live source, byte for byte but for names; it is applied, verified and undone.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
. "$IT_DIR/rows/same_plans.sh"
begin ab
cd "$IT_TMP" || exit 1
DEMO=$IT_DIR/../demo
LIVE=$SRC # the lost history, while its server is there
SNAP=snapshot:$IT_TMP/lost

check_into() { # check_into SOURCE CASE ARGS…
    CMD=("$MYRECON" check "$1" "$DST" --case "$2" --config ini --settle 0 -q "${@:3}")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
plan_into() { # plan_into CASE DIR ARGS…
    CMD=("$MYRECON" repair plan --case "$1" --config ini --output "$2" "${@:3}")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
rep() {
    CMD=("$MYRECON" repair "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
take_lost() { # the snapshot, of what is on side a now
    rm -rf "$IT_TMP/lost"
    take "$LIVE" "$IT_TMP/lost" "$@"
    [ $RC = 0 ] || bail "no snapshot: $(cat "$ERR")"
}
source_gone() { client a <<<"DROP DATABASE $DB"; }

# Plans of $1 (name, then arguments) from the live source into NAME.live, and after that from a
# snapshot into NAME.snap.
plan_live() {
    plan_into live.case "$1.live" "${@:2}"
    echo "$RC" >"$1.rc"
    [ "$RC" -le 1 ] || cat "$ERR" >&2
}
same_plan() { # same_plan NAME ARGS…
    local name=$1
    plan_into snap.case "$name.snap" "${@:2}"
    is "$name: planned from a snapshot" "$RC" "$(cat "$name.rc")"
    is "$name: and the same as from the server" "$(plans_differ "$name.live" "$name.snap" 2>&1)" ""
}

# ---- the incident ------------------------------------------------------------------------
sed "s/club/$DB/" "$DEMO/club.ini" >ini
for side in a b; do client $side -D "$DB" <"$DEMO/base.sql" || bail "no fixture"; done
client a -D "$DB" <"$DEMO/lost.sql" && client b -D "$DB" <"$DEMO/live.sql" || bail "no fixture"
RESEED=(--reseed-only --source "$LIVE" --target "$DST")
"$MYRECON" repair plan "${RESEED[@]}" --config ini --output reseed.live -q >"$OUT" 2>"$ERR" ||
    bail "no reseed: $(cat "$ERR")"
check_into "$LIVE" live.case
is "check finds the incident" "$RC" 1
SPLIT=(--split-at '2026-04-02 12:11:00')
plan_live inferred --policy merge
plan_live merge --policy merge "${SPLIT[@]}"
plan_live backfill --policy backfill
plan_live mirror --policy mirror
plan_live newest --policy newest:created_at
take_lost
source_gone
check_into "$SNAP" snap.case
is "check with a snapshot, without the server" "$RC" 1
same_plan inferred --policy merge
same_plan merge --policy merge "${SPLIT[@]}"
same_plan backfill --policy backfill
same_plan mirror --policy mirror
same_plan newest --policy newest:created_at
CMD=("$MYRECON" repair plan --reseed-only --source "$SNAP" --target "$DST" --config ini --output reseed.snap -q)
"${CMD[@]}" >"$OUT" 2>"$ERR"
is "reseed: planned from a snapshot" "$?" 0
is "reseed: and the same as from the server" "$(plans_differ reseed.live reseed.snap 2>&1)" ""

state() { client b -D "$DB" <<<"SELECT * FROM members ORDER BY id; SELECT * FROM orders ORDER BY id;
    SELECT * FROM order_lines ORDER BY 1, 2; SELECT * FROM wallet_log ORDER BY id" | sha256sum; }
BEFORE=$(state)
rep apply --yes --case snap.case merge.snap "$DST"
is "the plan is applied, conflicts are open" "$RC" 1
rep verify merge.snap "$DST"
is "and proven" "$RC" 0
rep verify --source "$SNAP" merge.snap "$DST"
is "against the snapshot, too" "$RC" 0
check_into "$SNAP" snap.case
plan_into snap.case again --policy merge "${SPLIT[@]}"
is "a second plan has nothing to do" "$RC $(jq .rows.rows again/plan.json)" "1 0"
at b "UPDATE members SET city = 'Trier' WHERE mobile = '+491709000003'"
rep verify --source "$SNAP" merge.snap "$DST"
is "who was edited since is listed" "$RC" 1
at b "UPDATE members SET city = 'Kiel' WHERE mobile = '+491709000003'"
rep undo --yes --case snap.case merge.snap "$DST"
is "undo" "$RC $(state)" "0 $BEFORE"
"$MYRECON" affected --case snap.case --config ini --format csv --plan merge.snap >"$OUT" 2>"$ERR"
is "affected names the new ids" "$? $(($(wc -l <"$OUT") > 5))" "0 1"
planned=$(jq -r .run merge.snap/plan.json) last=$(sqlite3 snap.case "SELECT uuid FROM run ORDER BY id DESC LIMIT 1")
is "of the run that was planned from" "$(grep -c "run $planned:" "$ERR")" 1
"$MYRECON" affected --case snap.case --config ini --plan merge.snap --run "$last" >"$OUT" 2>"$ERR"
is "and of no other" "$? $(grep -c "was made from run $planned, not from $last" "$ERR")" "5 1"
"$MYRECON" affected --case live.case --config ini --plan merge.snap >"$OUT" 2>"$ERR"
is "nor of another case" "$? $(grep -c "was made from run $planned, which the case file" "$ERR")" "5 1"
"$MYRECON" report --case snap.case --config ini --output report.html >"$OUT" 2>"$ERR"
is "report" "$?" 0

# ---- who registered in a window ----------------------------------------------------------
affected_since() { # affected_since SOURCE CASE
    "$MYRECON" affected --case "$2" --config ini --source "$1" --target "$DST" --format csv \
        --since '2026-04-04' --until '2026-04-07 10:00:00' 2>"$ERR" | grep window
}
fresh a "$DB"
client a -D "$DB" <"$DEMO/base.sql" && client a -D "$DB" <"$DEMO/lost.sql" || bail "no fixture"
check_into "$LIVE" live2.case
check_into "$SNAP" snap2.case
is "affected --since reads a snapshot" "$(affected_since "$SNAP" snap2.case)" "$(affected_since "$LIVE" live2.case)"
is "and finds somebody" "$(($(affected_since "$SNAP" snap2.case | wc -l) > 0))" 1

# ---- keys of every kind ------------------------------------------------------------------
# A text key (no order without a server), a composite one, a table without a key, a sequence, an
# undeclared reference that is dismissed, rows in an ENUM's order, and a decided conflict.
rm -rf -- *.case ./*.live ./*.snap again
for side in a b; do
    fresh $side "$DB"
    at $side "CREATE SEQUENCE bills START WITH 1 INCREMENT BY 5 NOCACHE;
        CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
            name VARCHAR(20), at TIMESTAMP NOT NULL DEFAULT '2026-01-01');
        CREATE TABLE tags (tag VARCHAR(20) PRIMARY KEY, member_id INT NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE days (member_id INT, day DATE, kind ENUM('z', 'a'), n INT, PRIMARY KEY (member_id, day, kind),
            FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE seen (member_id INT NOT NULL, what VARCHAR(20));
        CREATE TABLE bill (id INT NOT NULL DEFAULT NEXTVAL(bills) PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE,
            member_id INT NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, what VARCHAR(20));
        INSERT INTO members (id, mobile, name) SELECT seq, CONCAT('m', seq), 'x' FROM seq_1_to_50;
        INSERT INTO tags SELECT CONCAT('t', seq), seq FROM seq_1_to_50;
        INSERT INTO days SELECT seq, '2026-01-01', 'a', 1 FROM seq_1_to_50;
        INSERT INTO bill (no, member_id) SELECT CONCAT('b', seq), seq FROM seq_1_to_50;
        INSERT INTO log (member_id, what) SELECT seq, 'in' FROM seq_1_to_50;
        INSERT INTO seen SELECT seq, 'x' FROM seq_1_to_50"
done
for side in a b; do
    day=02
    [ $side = a ] || day=03 # two people of one second might be one of the past
    at $side "INSERT INTO members (mobile, name, at) SELECT CONCAT('$side', seq), 'y', '2026-02-$day' FROM seq_1_to_20;
        INSERT INTO members (mobile, name, at) VALUES ('both', 'name on $side', '2026-02-03');
        INSERT INTO tags SELECT CONCAT('${side}É', id), id FROM members WHERE id > 50;
        INSERT INTO days SELECT id, '2026-02-02', 'z', id FROM members WHERE id > 45;
        INSERT INTO bill (no, member_id) SELECT CONCAT('$side', id), id FROM members WHERE id > 50;
        INSERT INTO log (member_id, what) SELECT id, 'same' FROM members WHERE id > 40;
        INSERT INTO seen SELECT id, 'y' FROM members WHERE id > 50;
        UPDATE members SET name = 'edited on $side' WHERE id = 7"
done
at a "DELETE FROM log WHERE id = 3; UPDATE tags SET member_id = 8 WHERE tag = 't9'"
at b "DELETE FROM days WHERE member_id = 4; DELETE FROM tags WHERE tag = 't5'"
cat >ini <<INI
[table $DB.members]
identity = mobile
subject = yes
time-column = at
[table $DB.log]
reference = member_id -> $DB.members.id
[table $DB.seen]
reference = member_id -> $DB.members.id
INI
check_into "$LIVE" live.case
plan_live kinds --policy merge
plan_live split --policy merge --split-at '2026-02-01 00:00:00Z'
plan_live newest --policy newest:at
plan_live mirror --policy mirror --allow-deletes 21
[ -e kinds.live ] && [ -e split.live ] && [ -e mirror.live ] || bail "no plan: $(cat "$ERR")"
python3 - kinds.live/conflicts.csv decided.csv <<'PY'
import csv, sys
with open(sys.argv[1], newline='') as f:
    lines = list(csv.reader(f))
for line in lines[1:]:
    line[8] = line[5].split(';')[-1].replace('newest:COLUMN', 'source')
with open(sys.argv[2], 'w', newline='') as f:
    csv.writer(f).writerows(lines)
PY
plan_live decided --policy merge --decisions decided.csv
sed 's/,t5,/,nobody,/' decided.csv >wrong.csv
take_lost
source_gone
check_into "$SNAP" snap.case
is "check of keys of every kind" "$RC" 1
same_plan kinds --policy merge
same_plan split --policy merge --split-at '2026-02-01 00:00:00Z'
same_plan newest --policy newest:at
same_plan mirror --policy mirror --allow-deletes 21
same_plan decided --policy merge --decisions decided.csv
plan_into snap.case wrong.snap --policy merge --decisions wrong.csv
is "a decision about nobody is refused" "$RC $(grep -c 'key is "nobody", and the row that stands beside it has "t5"' "$ERR")" "5 1"
rep apply --yes --case snap.case decided.snap "$DST"
is "the decided plan is applied" "$RC" 0
rep verify --source "$SNAP" decided.snap "$DST"
is "and proven" "$RC" 0

# ---- what a snapshot cannot be -----------------------------------------------------------
rep apply --yes decided.snap "$SNAP"
is "a snapshot is no target" "$RC $(grep -c 'snapshot' "$ERR")" "3 1"
plan_into snap.case bad --policy merge --target "$SNAP"
is "not of a plan either" "$RC $(grep -c 'a snapshot cannot be the target' "$ERR")" "3 1"
data=$(ls lost/data/*members* | head -n 1)
cp "$data" good && printf x >>"$data"
plan_into snap.case bad --policy merge
is "rows that are damaged are not planned from" "$RC $(grep -c "${data##*/}" "$ERR") $(ls bad 2>/dev/null)" "3 1 "
cp good "$data"
printf x >>lost/catalogue.json
plan_into snap.case bad --policy merge
is "a damaged snapshot is not planned from" "$((RC != 0)) $(ls bad 2>/dev/null)" "1 "

# ---- with a key --------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout backup.key -out backup.pem \
    -subj /CN=backup -days 1 >"$OUT" 2>&1 || bail "no certificate: $(cat "$OUT")"
: >ini
fresh a "$DB" && fresh b "$DB"
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
    INSERT INTO members VALUES (1, 'm1')"
at a "INSERT INTO members VALUES (2, 'm2')"
take_lost --encrypt-to backup.pem
source_gone
check_into "$SNAP?key=$IT_TMP/backup.key" key.case
is "an encrypted snapshot is compared" "$RC" 1
plan_into key.case key.plan --policy backfill
is "the case does not keep its key" "$RC $(grep -c -- '--decrypt-with KEY.pem' "$ERR")" "3 1"
plan_into key.case key.plan --policy backfill --source "$SNAP?key=$IT_TMP/backup.key"
is "with the key it is planned from" "$RC $(jq .rows.rows key.plan/plan.json)" "0 1"
is "which the plan does not name" "$(grep -c 'backup.key' key.plan/plan.json)" 0
finish
