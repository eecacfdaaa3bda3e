#!/bin/bash
# fleet_changed.sh: what changes between a fleet's plan, its parts and their merge is told of by each of them,
# with what is to be done next; nothing that was not read counts as equal.

. "$(dirname "$0")/lib.sh"
begin ab
FLEET=20261128T080000Z-abc124 DIR=$IT_TMP/fleet INTO=$IT_TMP/merged

plan() { # two parts: t is cut, u and w are whole
    rm -rf "$DIR" "$INTO"
    "$IT_DIR/fleet_dir.py" "$DIR" "$FLEET" <<END || bail "no plan"
{"readers": 4, "config": "[options]\nsettle = 0\n", "pairs": {"one": ["$SRC", "$DST"]},
 "parts": [
  [{"pair": "one", "objects": true, "tables": {"$DB.t": [[0, null, 500]], "$DB.w": [[0, null, null]]},
    "order": {"$DB.t": "int(11)"}}],
  [{"pair": "one", "objects": false, "tables": {"$DB.t": [[1, 500, null]], "$DB.u": [[0, null, null]]},
    "order": {"$DB.t": "int(11)"}}]]}
END
}
fleet() { # fleet COMMAND ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" fleet "$@")
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
parts() { # their exit codes
    local part codes=
    for part in 0 1; do
        fleet run -q "$DIR" --part $part
        codes+="$RC "
    done
    echo "${codes% }"
}
tables() {
    at ab "DROP TABLE IF EXISTS t, u; DROP VIEW IF EXISTS u; DROP TABLE IF EXISTS w;
        CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq FROM seq_1_to_1000;
        CREATE TABLE u (id INT PRIMARY KEY); CREATE TABLE w (id INT PRIMARY KEY)"
    plan
}

# --- as planned
tables
at b "UPDATE t SET v = 0 WHERE id = 7"
is "as planned" "$(parts)" "1 0"
fleet status "$DIR"
like "all parts are done: merge is next" "$(tail -n 1 "$OUT")" "^  myrecon fleet merge .*/fleet --output RESULT$"
fleet merge "$DIR" --output "$INTO"
is "merged" "$RC" 1
NEXT=$(tail -n 1 "$OUT")
like "merged: what is next" "$NEXT" "^  myrecon affected --config .*/fleet/config/0.ini --case .*/merged/one.case --output .*/merged/one.csv$"
$MYRECON fleet run "$DIR" --part 0 >"$OUT" 2>"$ERR"
like "a part: what is next" "$(tail -n 1 "$OUT")" "^  myrecon fleet status .*/fleet$"
$MYRECON fleet run "$DIR" --part 0 --brief >"$OUT" 2>"$ERR"
unlike() { if [[ $2 =~ $3 ]]; then result 1 "$1" "got $2"; else result 0 "$1"; fi; }
unlike "not where it is to be brief" "$(cat "$OUT")" "myrecon fleet"

# --- a table that neither side has any more, is a view, or may not be seen: never equal
for change in "DROP TABLE u" "DROP TABLE u; CREATE VIEW u AS SELECT id FROM t"; do
    tables
    at ab "$change"
    is "$change: the part says so" "$(parts)" "0 4"
    like "$change: why" "$(cat "$ERR")" "table \"$DB.u\" is not checked: it was there when the fleet was planned"
    fleet status "$DIR"
    is "$change: not equal in status" "$RC $(grep -c '^  one .*incomplete' "$OUT")" "4 1"
    fleet merge "$DIR" --output "$INTO"
    is "$change: merged" "$RC $(grep -c "^    table \"$DB.u\": it was there when the fleet was planned" "$OUT")" "4 1"
    like "$change: what is next" "$(cat "$OUT")" "planned, plan it anew"
    is "$change: the line of the pair says so" \
        "$(jq -r 'select(.type == "pair") | .reason' "$INTO/fleet.jsonl" | grep -c "$DB.u")" 1
done

# --- one that a single side has is an object, as of one check
tables
at a "DROP TABLE u"
is "gone on one side" "$(parts)" "1 0"
fleet merge "$DIR" --output "$INTO" --json
is "merged as one check" "$RC $(jq -r 'select(.type == "pair") | "\(.verdict) \(.objects) \(.not_checked)"' "$OUT")" "1 diverged 1 0"

# --- another table is in its place when the second part reads it
tables
fleet run -q "$DIR" --part 0
at a "CREATE TABLE t2 LIKE t; INSERT INTO t2 SELECT * FROM t; DROP TABLE t; RENAME TABLE t2 TO t"
fleet run -q "$DIR" --part 1
fleet merge "$DIR" --output "$INTO"
is "made anew: named, with the table" "$RC $(grep -c "^    table \"$DB.t\": it was made anew" "$OUT")" "4 1"

# --- the objects were compared, and one part's tables read: then one goes, one comes, one is altered, two change names
between() { # NAME SQL-ON-B SQL-ON-BOTH EXPECTED: the tables that are not checked
    tables
    fleet run -q "$DIR" --part 0
    at b "$2"
    at ab "$3"
    fleet run -q "$DIR" --part 1
    fleet merge "$DIR" --output "$INTO" --json
    is "$1" "$RC $(jq -r 'select(.type == "table" and .verdict == "not-checked") | .table' "$INTO/one.jsonl" | xargs)" "4 $4"
    at ab "DROP TABLE IF EXISTS v"
}
between "a table that its part has read is dropped on one side" "DROP TABLE w" "DO 0" "$DB.w"
between "one comes on one side" "CREATE TABLE v (id INT PRIMARY KEY)" "DO 0" "$DB.v"
between "one comes on both sides" "DO 0" "CREATE TABLE v (id INT PRIMARY KEY)" "$DB.v"
between "one is altered on one side" "ALTER TABLE w ADD x INT" "DO 0" "$DB.w"
between "two of one definition change names on both sides" "DO 0" "RENAME TABLE u TO x, w TO u, x TO w" "$DB.u $DB.w"

# --- a pair of one database on both sides is refused by the names that it has
printf '[pair one]\nsource = %s\ntarget = %s\n' "$SRC" "$SRC" >"$IT_TMP/same.ini"
fleet plan --inventory "$IT_TMP/same.ini" --parts 1 --output "$IT_TMP/same"
is "compared with itself" "$RC $(grep -c "is in no part: .* would be compared with itself: source \"mysql://.* and target \"mysql://" "$ERR")" "3 1"

# --- two results have changed places: what neither part has compared is told, schema objects too
tables
at b "CREATE VIEW only_here AS SELECT 1"
is "a view of one side" "$(parts)" "1 0"
mv "$DIR/parts/0.case" "$IT_TMP/other.case"
mv "$DIR/parts/1.case" "$DIR/parts/0.case"
mv "$IT_TMP/other.case" "$DIR/parts/1.case"
fleet merge "$DIR" --output "$INTO" --json
is "results that have changed places" "$RC $(jq -r 'select(.type == "pair") | "\(.verdict) \(.not_checked)"' "$OUT")" "4 incomplete 3"
like "which parts these are" "$(jq -r 'select(.type == "pair") | .reason' "$OUT")" \
    "^schema objects, which were not compared: part 0 holds what another part was to read$"
at b "DROP VIEW only_here"

# --- what is no file where files are to be: said before a row is read; nobody waits, or writes to where a link leads
tables
is "as planned, again" "$(parts)" "0 0"
sum_of_1() { sha256sum <"$DIR/parts/1.case"; }
OTHER=$(sum_of_1)
for file in 0.case 0.progress 0.json 0.lease; do
    for kind in pipe link folder; do
        rm -f "$DIR/parts/$file" "$DIR/parts/0.case"
        case $kind in
        pipe) mkfifo "$DIR/parts/$file" ;;
        link) ln -s 1.case "$DIR/parts/$file" ;;
        folder) mkdir "$DIR/parts/$file" ;;
        esac
        BEGUN=$SECONDS
        LIMIT=20 fleet run -q "$DIR" --part 0
        is "a $kind as $file: said at once" "$RC $((SECONDS - BEGUN < 15)) $(grep -c "error: file \".*parts/$file\" is " "$ERR")" "3 1 1"
        LIMIT=20 fleet status "$DIR"
        is "a $kind as $file: status" "$((RC == 0 || RC == 4))" 1
        rm -rf "$DIR/parts/$file"
    done
done
is "the other part's result stands" "$(sum_of_1)" "$OTHER"
fleet run -q "$DIR" --part 0
is "removed, the part is done" "$RC" 0
at ab "DROP VIEW IF EXISTS u"
finish
