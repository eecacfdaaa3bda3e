#!/bin/bash
# repair_mirror_keyless.sh: mirror makes TARGET's tables without a key like SOURCE's, as
# multisets, to the byte: what is surplus goes by whole-row match, as often as it is; a check
# afterwards is equal, and undo puts back what there was.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

COLUMNS="v VARCHAR(9) COLLATE utf8mb4_general_ci NULL, n INT NULL, f FLOAT NULL, d DOUBLE NULL, j JSON NULL, b BLOB NULL, note VARCHAR(9) NULL"
again() {
    fresh a$T "$DB"
    at a$T "CREATE TABLE bag ($COLUMNS) CHARACTER SET utf8mb4;
        CREATE TABLE people (id INT NOT NULL PRIMARY KEY, name VARCHAR(9)); CREATE TABLE visits (person INT NOT NULL, at DATE,
            KEY (person), FOREIGN KEY (person) REFERENCES people (id));
        INSERT INTO people VALUES (1, 'ann'), (2, 'bob')"
    printf '[table %s.bag]\nsubject = yes\nidentity = row\nignore-columns = note\n[table %s.visits]\nreference = person -> %s.people.id\n' "$DB" "$DB" "$DB" >ini
}
row() { # row SIDES VALUES TIMES
    local i
    for ((i = 0; i < $3; i++)); do at "$1" "INSERT INTO bag VALUES ($2)"; done
}
bag() { # of side $1: every row to the byte, as often as it stands
    client "$1" -D "$DB" <<<"SELECT HEX(v), n, f, d, CAST(j AS CHAR), HEX(b)${2:-}, COUNT(*) FROM bag GROUP BY 1, 2, 3, 4, 5, 6${2:+, 7} ORDER BY 1, 2, 3, 4, 5, 6${2:+, 7}"
}
visits() { client "$1" -D "$DB" <<<"SELECT person, at, COUNT(*) FROM visits GROUP BY 1, 2 ORDER BY 1, 2; SELECT * FROM people ORDER BY 1"; }
plan() { # plan ARGS…
    rm -rf dir "$CASE"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --policy mirror --output dir "$@"
}
check_is_equal() {
    CMD=("$MYRECON" check "$SRC" "$DST" --settle 0 --config ini)
    "${CMD[@]}" >"$OUT" 2>"$ERR"
    is "$1" "$?" 0
}

again
row a$T "'a', 1, 0.1, 1e300, '{\"k\": 1}', x'00ff', NULL" 3
row $T "'a', 1, 0.1, 1e300, '{\"k\": 1}', x'00ff', NULL" 4 # 3 there, 7 here
row a$T "'A', 1, NULL, NULL, NULL, NULL, NULL" 2
row $T "'a', 1, NULL, NULL, NULL, NULL, NULL" 2 # not the same as A
row $T "NULL, NULL, NULL, NULL, NULL, NULL, NULL" 2
row a "'lost', 2, 1.5, -0.1, '[1, 2]', x'', 'n'" 2
row $T "'b ', 3, 3.4e38, 5e-324, 'null', '', 'n'" 1 # the space counts
row a$T "'same', 4, NULL, NULL, NULL, NULL, 'keep'" 1
row $T "'same', 4, NULL, NULL, NULL, NULL, 'go'" 1 # only what is not compared differs
at $T "INSERT INTO people VALUES (3, 'eve'); INSERT INTO visits VALUES (3, '2026-01-01'), (3, '2026-01-01'), (1, '2026-01-01')"
BEFORE=$(bag $T ", note"; visits $T)

plan
is "the number of rows of people that go is asked" "$RC" 5
like "all of them" "$(cat "$ERR")" "deletes 10 rows of people.*"
plan --allow-deletes 10
is "planned" "$RC $(planned_rows dir)" "0 16"
rep_is 0 "applied" apply --yes --case "$CASE" dir "$DST"
is "TARGET's rows are SOURCE's" "$(bag $T; visits $T)" "$(bag a; visits a)"
is "of two that differ in what is not compared, the one that SOURCE has stays" "$(on "SELECT note FROM bag WHERE v = 'same'")" keep
check_is_equal "a check is equal"
rep_is 0 "verify proves it" verify --source "$SRC" dir "$DST"
like "of SOURCE's tables without a key it says that nobody looks" "$(cat "$ERR")" \
    'table "'"$DB"'.bag" has no key: whether the source still holds its rows is not looked at'
row $T "'b ', 3, 3.4e38, 5e-324, 'null', '', 'n'" 1
rep verify dir "$DST"
is "verify finds one that is there again" "$RC $(grep -c 'was to be deleted, and is there' "$OUT")" "1 1"
on "DELETE FROM bag WHERE v = 'b '"
rep_is 0 "applied again" apply --yes --recheck --case "$CASE" dir "$DST"
is "nothing more is gone" "$(bag $T)" "$(bag a)"
rep_is 0 "undone" undo --yes --case "$CASE" dir "$DST"
is "every row is there again, as often as it was" "$(bag $T ", note"; visits $T)" "$BEFORE"

# ---- the scripts, by the stock client
plan --allow-deletes 10
client $T <dir/apply.sql >"$OUT" 2>"$ERR"
is "by the stock client" "$(bag $T; visits $T)" "$(bag a; visits a)"
client $T <dir/apply.sql >"$OUT" 2>"$ERR"
is "a second time nothing changes" "$(bag $T)" "$(bag a)"
client $T <dir/verify.sql >"$OUT" 2>"$ERR"
is "verify.sql finds nothing" "$? $(cat "$OUT" "$ERR" | grep -c 'it is there')" "0 0"
client $T <dir/undo.sql >"$OUT" 2>"$ERR"
is "and back" "$(bag $T ", note"; visits $T)" "$BEFORE"
client $T <dir/verify.sql >"$OUT" 2>"$ERR"
like "verify.sql finds what is there again" "$(cat "$OUT" "$ERR")" "it is there"

# ---- the live side goes on between plan and apply
plan --allow-deletes 10
on "DELETE FROM bag WHERE n IS NULL LIMIT 1; INSERT INTO visits VALUES (3, '2026-02-02')"
rep apply --yes --json --case "$CASE" dir "$DST"
is "whoever visits since keeps the person" "$RC $(refused | grep -c 'people 3: a row of .*visits refers to it')" "1 1"
is "with the visits" "$(on "SELECT COUNT(*) FROM visits WHERE person = 3")" 3
is "and what went by itself does not take along more" "$(bag $T)" "$(bag a)"
rep_is 0 "undone" undo --yes --case "$CASE" dir "$DST"

# ---- somebody changes a row that is about to go, at every boundary of the unit
again
row a$T "'stays', 1, NULL, NULL, NULL, NULL, NULL" 1
row $T "'twice', 1, NULL, NULL, NULL, NULL, NULL" 2
row $T "'once', 1, NULL, NULL, NULL, NULL, NULL" 1
plan --allow-deletes 3
is "three rows go" "$RC $(planned_rows dir)" "0 3"
on "CREATE TABLE bag_before AS SELECT * FROM bag"
port=${DST##*:} port=${port%%/*}
wrong= waits=0 notices=0
changes() { # changes VALUE MARK: one of those rows is changed there
    local live
    on "DELETE FROM bag; INSERT INTO bag SELECT * FROM bag_before"
    python3 "$IT_DIR/rows/step_unit.py" dir/apply.sql 1 "mariadb --no-defaults -h 127.0.0.1 -P $port -u root -D $DB" \
        --at "$2" "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; UPDATE bag SET n = 5000 WHERE v = '$1' LIMIT 1" >steps ||
        bail "no step: $(cat steps)"
    live=$(on "SELECT GROUP_CONCAT(CONCAT(v, ' ', n) ORDER BY v, n) FROM bag")
    case "$(grep -c '^waited' steps) $(grep '^end ' steps) $live" in
    "1 end COMMIT stays 1") waits=$((waits + 1)) ;;
    "0 end ROLLBACK once 1,stays 1,twice 1,twice 5000" | "0 end ROLLBACK once 5000,stays 1,twice 1,twice 1") notices=$((notices + 1)) ;;
    "0 end COMMIT once 5000,stays 1" | "0 end COMMIT stays 1,twice 5000") notices=$((notices + 1)) ;; # judged, and left
    *) wrong+="$1 at $2: $(tr '\n' ' ' <steps): $live
" ;;
    esac
}
for section in locks guards write again end; do
    count=$(awk -v s="-- $section" '/^-- / { on = $0 == s; next } on && /;$/ && /^EXECUTE myrecon_end/ { exit } on && /;$/ { n++ } END { print n + 0 }' dir/apply.sql)
    for ((n = 1; n <= count; n++)); do
        changes once "-- $section $n"
        [ $((n % 3)) != 1 ] || changes twice "-- $section $n"
    done
done
is "whoever changes one meanwhile waits, or is noticed" "$wrong" ""
ok "both happen ($waits wait, $notices are noticed)" test "$waits" -gt 3 -a "$notices" -gt 3
finish
