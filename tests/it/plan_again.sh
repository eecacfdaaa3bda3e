#!/bin/bash
# plan_again.sh: `repair plan --again DIR`: a plan is made anew with the options that it was made with
# and the decisions in its conflicts.csv, and the old one stays beside it; a decision about a row that
# is another one by now is asked again; what stands beside --again is stronger; a plan that was applied
# keeps its directory; a crash between the two names loses nothing; no password is kept.

. "$(dirname "$0")/lib.sh"
begin ab
T=b CASE=$IT_TMP/case
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"

world() { # members 7 and 8 on both sides, by two numbers each: the same people with other names
    histories
    at a "INSERT INTO members VALUES (7, 'both7', 'hal', NULL, '2026-02-01'), (8, 'both8', 'ida', NULL, '2026-02-01')"
    at b "INSERT INTO members VALUES (7, 'both7', 'hans', NULL, '2026-02-02'), (8, 'both8', 'iris', NULL, '2026-02-02')"
    checked
}
decide() { # decide KEY CHOICE: in one/conflicts.csv, in place
    python3 - "$@" <<'PY'
import csv, sys
key, choice = sys.argv[1:3]
with open('one/conflicts.csv', newline='') as f:
    lines = list(csv.reader(f))
for line in lines[1:]:
    if line[0].endswith('.members') and line[1] == key:
        line[8] = choice
with open('one/conflicts.csv', 'w', newline='') as f:
    csv.writer(f).writerows(lines)
PY
}
decided() { # decided DIR: of members
    python3 -c "
import csv, sys
for r in csv.DictReader(open(sys.argv[1] + '/conflicts.csv', newline='')):
    if r['table'].endswith('.members'):
        print(r['source_key'], r['kind'], r['decision'] or '-')" "$1" | sort
}
derived() { # derived DIR: decisions of members, and which of them the plan had filled in
    python3 -c "
import csv, sys
for r in csv.DictReader(open(sys.argv[1] + '/conflicts.csv', newline='')):
    if r['table'].endswith('.members'):
        print(r['source_key'], r['decision'], r['derived'])" "$1" | sort
}
said() { jq -r "$2" "$1/plan.json"; }
again() { rep plan --again one "$@"; }
again_is() { # again_is RC DESCRIPTION [ARGS…]
    local want=$1 desc=$2
    shift 2
    rep_is "$want" "$desc" plan --again one "$@"
}
fails() { # fails RC REGEX DESCRIPTION ARGS…: and nothing is changed
    local want=$1 regex=$2 desc=$3 before
    shift 3
    before=$(find . -path './one*' -type f -exec sha256sum {} + | sort)
    rep_is "$want" "$desc" plan "$@"
    like "$desc: it says so" "$(cat "$ERR")" "$regex"
    is "$desc: nothing is changed" "$(find . -path './one*' -type f -exec sha256sum {} + | sort)" "$before"
}

# ---- with its options and decisions ---------------------------------------------------------
world
SECRET=$(uri b "$DB")
rep_is 1 "a plan with open conflicts" plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 \
    --margin 5000 --output one
is "its options stand in it" "$(said one '.options | sort | join(" ")')" \
    "case=$CASE margin=5000 policy=merge split-at=2026-01-15"
FIRST=$(said one .uuid)
is "both people are asked about" "$(decided one)" "7 differs -
8 differs -"
decide 7 source
again_is 1 "made anew, one conflict is open"
is "the decision holds" "$(decided one)" "7 differs source
8 differs -"
is "the old plan stays beside" "$(said one.1 .uuid)" "$FIRST"
is "the new one says of which it is made" "$(said one .again_of)" "$FIRST"
is "with the same options" "$(said one '.options | sort | join(" ")')" "$(said one.1 '.options | sort | join(" ")')"
is "and the same configuration" "$(said one .config)" my.ini
rep_is 0 "the old one is a whole plan" show one.1
is "nothing is left between" "$(ls -d one*)" "one
one.1"
decide 8 target
again_is 0 "all is decided"
is "the older ones stay" "$(ls -d one*)" "one
one.1
one.2"
is "both hold" "$(decided one)" "7 differs source
8 differs target"

# ---- what was decided on the terminal answers the plan that asked ---------------------------
rep_is 0 "as the terminal saves it" decide one --output one.decisions.csv
again_is 0 "planned with it" --decisions one.decisions.csv
like "where it is is said" "$(cat "$ERR")" 'the decisions that were "one.decisions.csv" are "one.3.decisions.csv"'
is "it stays with the plan that it answers" "$(ls -d one*.csv)" one.3.decisions.csv
cp one.3.decisions.csv theirs.csv
rep_is 0 "somebody's own file" decide one --output theirs.csv --force
again_is 0 "is planned with" --decisions theirs.csv
is "and stays where it is" "$(ls -d theirs*)" theirs.csv
rm one.3.decisions.csv theirs.csv

# ---- what stands beside it ------------------------------------------------------------------
again_is 0 "another margin" --margin 7000
is "is taken, and kept" "$(said one '.options | sort | join(" ")')" \
    "case=$CASE margin=7000 policy=merge split-at=2026-01-15"
again_is 1 "decisions are forgotten" --forget-decisions
is "and asked again" "$(decided one)" "7 differs -
8 differs -"
again_is 0 "all of a kind are chosen" --on-conflict differs=source
again_is 0 "and otherwise: what a rule chose is nobody's word about a row" --on-conflict differs=target
is "the new rule holds" "$(decided one)" "7 differs target
8 differs target"
# a page saves all that stands there, said or not
rep_is 0 "what the rule chose, saved" decide one --output all.csv
is "is marked as nobody's word" "$(derived one)" "7 target target
8 target target"
on "UPDATE members SET name = 'hanno' WHERE mobile = 'both7'"
again_is 0 "a row that nobody decided about may be another one by now" --decisions all.csv
again_is 0 "nor is it kept by the case" --on-conflict differs=source
is "the newest rule holds" "$(decided one)" "7 differs source
8 differs source"
rep_is 1 "without a rule all is open again, whatever a file of the plan has" plan --config my.ini --case "$CASE" --policy merge \
    --split-at 2026-01-15 --decisions one/conflicts.csv --output open
rm -r open all.csv
BEFORE=$(ls -d one*)
rep_is 0 "into another directory" plan --again one --output other
is "the plan stays where it is" "$(ls -d one*)" "$BEFORE"
is "the other one replaces nothing" "$(said other .again_of)" null
fails 3 'goes neither with --policy' "another policy" --again one --policy mirror
fails 3 'could not open plan' "a plan that is not there" --again nowhere
fails 5 'is not empty' "a directory that is taken" --again one --output other
cp one/apply.sql apply.sql
echo "-- more" >>one/apply.sql
fails 5 'was changed' "a plan that was changed" --again one
cp apply.sql one/apply.sql

# ---- the configuration is read again -----------------------------------------------------------
rm -rf one* other case*
world
cp my.ini plain.ini
sed -i "/^\[table $DB.members\]/a on-conflict = differs=source" my.ini
rep_is 0 "the configuration decides" plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --output one
mv plain.ini my.ini
again_is 1 "what it says no more, nobody says"
is "and both are asked about" "$(decided one)" "7 differs -
8 differs -"

# ---- rows that are others by now ------------------------------------------------------------
rm -rf one* case*
world
rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --output one
decide 7 source
decide 8 source
on "UPDATE members SET name = 'herbert' WHERE mobile = 'both7'"
again_is 1 "one of two people was edited since"
is "he is asked again" "$(decided one)" "7 differs -
8 differs source"
like "by name" "$(cat "$ERR")" 'members": row 7 is not as it was when "source" was decided'

# ---- a plan that was applied ----------------------------------------------------------------
decide 7 target
again_is 0 "all is decided again"
rep_is 0 "and applied" apply --yes --case "$CASE" one "$DST"
fails 5 'it has a journal' "an applied plan" --again one
rep_is 0 "goes on in another directory" plan --again one --output two
is "where nothing is left to write" "$(said two .rows.rows)" 0

# ---- a crash between the two names ----------------------------------------------------------
rm -rf one* two case*
world
rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --output one
FIRST=$(said one .uuid)
again
mv one.1 one.partial
SECOND=$(said one .uuid)
again_is 1 "planned on after a crash"
is "the oldest plan has its name" "$(said one.1 .uuid)" "$FIRST"
is "and so has the second" "$(said one.2 .uuid)" "$SECOND"

# ---- endpoints, without passwords -----------------------------------------------------------
at b "CREATE USER again_dba IDENTIFIED BY 'geheim1'; GRANT ALL ON *.* TO again_dba WITH GRANT OPTION"
LOGIN=${SECRET/:\/\/*@/:\/\/again_dba:geheim1@}
rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --target "$LOGIN" --output pass
is "a plan with a password" "$RC" 1
ok "keeps none" [ -z "$(grep -rl geheim1 pass)" ]
rep plan --again pass
is "which has to be given anew" "$RC" 3
MYRECON_TARGET_PASSWORD=geheim1 rep plan --again pass
is "in the environment" "$RC" 1
at b "DROP USER again_dba"

# ---- only counters --------------------------------------------------------------------------
rep_is 0 "a reseed" plan --reseed-only --case "$CASE" --margin 10 --output seed
rep_is 0 "is made anew" plan --again seed
is "as one" "$(said seed '.policy + " " + .margin')" "reseed-only 10"
finish
