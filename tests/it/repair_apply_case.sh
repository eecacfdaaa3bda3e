#!/bin/bash
# repair_apply_case.sh: plans of one case, made by `repair plan --policy merge`, applied and
# undone: a second plan restores nobody twice, a plan after undo restores everybody, later
# plans are undone first; by repair apply, by the stock client, and by both.

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
stock() { # stock FILE: by the client
    client $T <"$1" >"$OUT" 2>"$ERR"
    RC=$?
}
map() { ask_case "SELECT group_concat(state || ' ' || n, ', ') FROM (SELECT state, count(*) AS n FROM plan_map GROUP BY 1 ORDER BY 1)"; }
LIVE_PEOPLE=$(printf '%s\n' "live3:new:-:lv2:1" "m1:ann:-:o1:1")
EVERYBODY="live3:new:-:lv2:1
lost3:carl:m1:lo3:1
lost4:dora:lost3:lo4:1
lost5:eve:lost4:lo5:1
lost6:fay:-:lo6:1
m1:ann:-:o1:1"

# ---- one plan, by repair apply -----------------------------------------------------------
histories
people_are() { is "$1" "$(people | grep -v NULL)" "$2"; } # bob has no orders: he is NULL
plan_is 0 "plan" one
is "it has rows" "$(planned_rows one)" 12
is "it is proposed" "$(map)" "proposed 12"
rep_is 0 "a dry run tells the case nothing" apply --dry-run --case "$CASE" one "$DST"
is "still proposed" "$(map) $(ask_case "SELECT state FROM plan")" "proposed 12 written"
people_are "nobody is back yet" "$LIVE_PEOPLE"
rep_is 0 "apply" apply --yes --case "$CASE" --json one "$DST"
is "everything is written" "$(sum '"\(.rows_written) \(.rows_refused) \(.units_done)"')" "12 0 1"
people_are "everybody is back, with what is theirs" "$EVERYBODY"
is "the case knows" "$(map) $(ask_case "SELECT state FROM plan")" "applied 12 applied"
is "and has the journal" "$(ask_case "SELECT count(*) FROM plan_journal")" "$(wc -l <one/journal.jsonl)"
rep_is 0 "verify" verify one "$DST"
stock one/apply.sql
is "the stock client finds everything there" "$RC $(on "SELECT COUNT(*) FROM members")" "0 7"
people_are "and changes nothing" "$EVERYBODY"
plan_is 0 "a second plan" two
is "restores nobody" "$(planned_rows two)" 0
rep_is 0 "and is applied as easily" apply --yes --case "$CASE" two "$DST"
people_are "without effect" "$EVERYBODY"
rep_is 0 "it is undone" undo --yes --case "$CASE" two "$DST"

# ---- later plans first -------------------------------------------------------------------
at a "INSERT INTO members (mobile, name, inviter, created_at) VALUES ('lost7', 'gus', 4, '2026-02-03');
    INSERT INTO orders (member_id, no) VALUES (7, 'lo7'); INSERT INTO log (member_id, what) VALUES (7, 'in')"
plan_is 0 "more is found on the lost side" three
is "the third plan has that" "$(planned_rows three)" 3
rep_is 0 "apply" apply --yes --case "$CASE" three "$DST"
rep_is 5 "the first one cannot be undone before" undo --yes --case "$CASE" one "$DST"
like "the later one is named" "$(cat "$ERR")" "later plans of the case are applied.*three"
rep_is 0 "undo the third" undo --yes --case "$CASE" three "$DST"
people_are "its people are gone again" "$EVERYBODY"
rep_is 0 "undo the first" undo --yes --case "$CASE" --json one "$DST"
is "all of it" "$(sum '"\(.rows_written) \(.rows_refused)"')" "12 0"
people_are "only the live ones are left" "$LIVE_PEOPLE"
is "the case knows" "$(map)" "undone 15"
plan_is 0 "a plan after undo" four
is "has everybody" "$(planned_rows four)" 15
stock four/apply.sql
is "the stock client applies it" "$RC" 0
people_are "everybody is back" "$(sed '/lost6/a lost7:gus:lost4:lo7:1' <<<"$EVERYBODY")"
rep_is 0 "repair apply takes it up" apply --yes --case "$CASE" --json four "$DST"
is "and finds it there" "$(sum '"\(.rows_written) \(.rows_there)"')" "0 15"
stock four/undo.sql
is "the stock client takes it back" "$RC" 0
people_are "only the live ones are left" "$LIVE_PEOPLE"
rep_is 0 "repair undo takes that up" undo --yes --case "$CASE" --json four "$DST"
is "and finds nothing" "$(sum '"\(.rows_written) \(.rows_there)"')" "0 15"
rep_is 0 "apply after that" apply --yes --case "$CASE" --json four "$DST"
is "restores everybody again" "$(sum .rows_written)" 15

# ---- refused rows ------------------------------------------------------------------------
rm -f "$CASE"
histories
plan_is 0 "plan" five
at $T "INSERT INTO members VALUES (6, 'sign-up', 'took his id', NULL, '2026-02-04');
    UPDATE members SET mobile = 'other' WHERE id = 1"
rep_is 1 "a sign-up has taken a key, and a parent is somebody else" apply --yes --case "$CASE" --json five "$DST"
like "the row is listed" "$(refused)" "$DB.members 6:"
like "and the one whose inviter is another person" "$(refused)" "$DB.members [0-9]*: .*refer"
is "the case leaves it to the next plan" "$(ask_case "SELECT state FROM plan")" applied
is "what is listed is not there" "$(on "SELECT COUNT(*) FROM members WHERE mobile = 'lost6'")" 0
at $T "UPDATE members SET mobile = 'm1' WHERE id = 1"
plan_is 0 "planning again" six
rep_is 0 "restores the rest" apply --yes --case "$CASE" six "$DST"
is "who came back has a new id" "$(on "SELECT COUNT(*) FROM members WHERE mobile = 'lost6' AND id > 1000000")" 1
rep_is 0 "verify" verify six "$DST"
people_are "everybody is there once" "$EVERYBODY"
at $T "INSERT INTO orders (member_id, no) SELECT id, 'new order' FROM members WHERE mobile = 'lost6'"
rep_is 1 "undo of somebody who has ordered since" undo --yes --case "$CASE" --json six "$DST"
like "he is kept" "$(refused)" "$DB.members 200"
is "with his order" "$(on "SELECT COUNT(*) FROM orders WHERE no IN ('lo6', 'new order')")" 2
plan_is 0 "planning again" seven
rep_is 0 "restores those who were taken back" apply --yes --case "$CASE" seven "$DST"
is "nobody is there twice" "$(on "SELECT COUNT(*), COUNT(DISTINCT mobile) FROM members WHERE mobile LIKE 'lost%'")" "4	4"

# ---- several plans, and it is not the last one that is applied -----------------------------
rm -f "$CASE"
histories
plan_is 0 "a plan" first
plan_is 0 "another one of the same" second
ok "with the same ids" cmp first/idmap.csv second/idmap.csv
rep_is 0 "the first is applied" apply --yes --case "$CASE" first "$DST"
plan_is 0 "a third finds it" third
is "nothing is left to do" "$(planned_rows third)" 0
rep_is 0 "the first is undone" undo --yes --case "$CASE" first "$DST"
is "the case knows" "$(map)" "undone 12"
plan_is 0 "and a fourth" fourth
plan_is 0 "and a fifth" fifth
stock fourth/apply.sql
is "the stock client applies the fourth" "$RC" 0
plan_is 0 "a sixth finds it" sixth
is "nothing is left to do" "$(planned_rows sixth)" 0
rep_is 0 "undo of the fourth, dry" undo --dry-run --case "$CASE" fourth "$DST"
rep_is 0 "the fourth is undone" undo --yes --case "$CASE" fourth "$DST"
people_are "only the live ones are left" "$LIVE_PEOPLE"

# ---- some units done, others not ---------------------------------------------------------
rm -f "$CASE"
histories
at a "INSERT INTO members (mobile, name, created_at) SELECT CONCAT('more', seq), 'x', '2026-02-05' FROM seq_1_to_400;
    INSERT INTO orders (member_id, no) SELECT id, CONCAT('mo', id) FROM members WHERE id > 6;
    INSERT INTO log (member_id, what) SELECT id, 'in' FROM members WHERE id > 6"
plan_is 0 "a plan of several units" eight
units=$(jq .rows.units eight/plan.json)
at $T "INSERT INTO members VALUES (300, 'sign-up', 'took an id', NULL, '2026-02-06')"
rep_is 1 "one of them has a row that is refused" apply --yes --case "$CASE" --json eight "$DST"
is "the others are done" "$(sum '"\(.units_done) \(.units_partial)"')" "$((units - 1)) 1"
part=$(jq -r 'select(.event == "done" and .refused > 0) | .unit' eight/journal.jsonl)
is "as the case knows" "$(ask_case "SELECT count(*) FROM plan_map WHERE state = 'proposed'") rows" \
    "$(sed -n "s/^-- unit $part of .*: //p" eight/apply.sql)"
at $T "DELETE FROM log WHERE member_id IN (SELECT id FROM members WHERE mobile = 'more1');
    DELETE FROM members WHERE mobile = 'more1'" # his order goes with him
plan_is 0 "who was restored and has been deleted since" nine
is "is listed, and not inserted again" "$(grep -c "more1[^0-9]" nine/conflicts.csv)" 1
rep apply --yes --case "$CASE" --json nine "$DST"
is "the one who was refused is back" "$(on "SELECT COUNT(*), MAX(id) > 1000000 FROM members WHERE mobile = 'more294'")" "1	1"
is "the one who was deleted is not" "$(on "SELECT COUNT(*) FROM members WHERE mobile = 'more1'")" 0

# ---- the wrong case ----------------------------------------------------------------------
cp "$CASE" other
sqlite3 other "DELETE FROM plan"
rep_is 5 "a case that does not know the plan" apply --yes --case other nine "$DST"
like "says so" "$(cat "$ERR")" "is not of case"
rep_is 3 "a case that is not there" apply --yes --case nowhere nine "$DST"
is "it is not made" "$(ls nowhere 2>/dev/null)" ""
finish
