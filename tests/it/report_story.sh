#!/bin/bash
# report_story.sh: an incident from finding to proof, on two servers, and what `report` tells of
# it then: the live server has lost days, ids are given twice; found, planned, applied, verified,
# taken back. The page is looked at in a browser, wide, on a phone and on paper.

. "$(dirname "$0")/lib.sh"
settings stay
. "$IT_DIR/../fault/lib.sh"
begin
DEMO=$IT_DIR/../demo
CASE=$IT_TMP/case TARGET=${MR_B_URI%/}
export MYRECON_CONFIG=$IT_TMP/ini
cat >"$MYRECON_CONFIG" <<INI
[table $DB.members]
identity = mobile
time-column = created_at
subject = yes
[table $DB.wallet_log]
reference = member_id -> $DB.members.id
INI

history() { # SIDE FILE…
    local side=$1
    shift
    fresh "$side" "$DB"
    { printf 'USE %s;\n' "$(ident "$DB")" && cat "${@/#/$DEMO/}"; } | client "$side" ||
        bail "no data on $side"
}
# page NAME [OPTION…]: the page as it is by then, looked at in the end
page() {
    "$MYRECON" report -q --case "$CASE" --output "$IT_TMP/pages/$1.html" "${@:2}" </dev/null >"$IT_TMP/page.said" 2>&1 ||
        bail "no page: $1"
}
mkdir "$IT_TMP/pages"
does() { # RC COMMAND…: standard output goes to $OUT
    local rc=$1
    shift
    CMD=("$MYRECON" "$@")
    timeout 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$1 $2: exit $rc" "$RC" "$rc"
}
tell() { # FORMAT [OPTION…]
    local format=$1
    shift
    CMD=("$MYRECON" report -q --case "$CASE" --format "$format" "$@")
    timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
field() { jq -c "select(.type == \"$1\") | $2" "$OUT"; }
next_second() { # the gate's times and the journal's have whole seconds
    local now
    now=$(date +%s)
    while [ "$(date +%s)" = "$now" ]; do sleep 0.05; done
}

# --- the incident: facts of the good days; then the server has the base and new sign-ups
history a base.sql lost.sql
history b base.sql lost.sql
does 0 gate record --output "$IT_TMP/good.facts" "$DST"
history b base.sql live.sql
does 2 gate check --json "$IT_TMP/good.facts" "$DST"
cp "$OUT" "$IT_TMP/before.json"
does 0 gate record --output "$IT_TMP/before.facts" "$DST"
does 1 check --case "$CASE" "$SRC" "$DST"
RUN=$(sqlite3 -readonly "$CASE" 'SELECT uuid FROM run')

# --- nothing is done yet
does 0 repair plan --reseed-only --case "$CASE" --output "$IT_TMP/reseed"
tell json --plan "$IT_TMP/reseed" --gate "$IT_TMP/before.json"
page planned --plan "$IT_TMP/reseed" --gate "$IT_TMP/before.json"
is "planned only" "$(field story '[.outcome, .from]')" '["open",null]'
like "planned only: says so" "$(field story .text)" 'nothing is applied'
is "the gate before is before" "$(field gate '[.when, .verdict]')" '["before","critical"]'

# --- done: the counters, then the people
next_second
does 0 repair apply --yes "$IT_TMP/reseed" "$TARGET"
does 1 repair plan --policy merge --case "$CASE" --output "$IT_TMP/merge"
does 1 repair apply --yes --json "$IT_TMP/merge" "$TARGET"
APPLIED=$(field summary '[.units_done, .rows_written, .rows_refused, .conflicts_open]')
next_second
PLANS=(--plan "$IT_TMP/merge" --plan "$IT_TMP/reseed")
tell json "${PLANS[@]}"
page applied "${PLANS[@]}"
like "applied, and nothing proves it" "$(field story .text)" 'Not all of it is verified'
is "applied: the figures are those of apply" \
    "$(field plan 'select(.policy == "merge") | [.units_done]')$(field act 'select(.rows_written > 0) | [.rows_written, .rows_refused]')$(field plan 'select(.policy == "merge") | [.open]')" \
    "$(jq -c '[.[0]]' <<<"$APPLIED")$(jq -c '[.[1], .[2]]' <<<"$APPLIED")$(jq -c '[.[3]]' <<<"$APPLIED")"
is "applied: the counters that were raised" \
    "$(field act 'select(.rows_written == 0) | [.raised[].target_table]')" \
    "[\"$DB.members\",\"$DB.orders\",\"$DB.wallet_log\"]"
is "applied: as many people as the plan writes" \
    "$(field decisions 'select(.people) | .insert + .renumber')" \
    "$(( $(client b <<<"SELECT COUNT(*) FROM $DB.members") - $(jq '.[0].servers[0].tables[] | select(.name == "members").rows.count | tonumber' <(jq -s . "$IT_TMP/before.facts")) ))"

# --- proven
for plan in reseed merge; do
    does 0 repair verify --json "$IT_TMP/$plan" "$TARGET"
    cp "$OUT" "$IT_TMP/$plan.json"
done
# ids that the good days gave to others stay with the new sign-ups: those facts are of another past
does 2 gate check --json "$IT_TMP/good.facts" "$DST"
cp "$OUT" "$IT_TMP/after.json"
does 0 gate record --output "$IT_TMP/after.facts" "$DST"
ALL=("${PLANS[@]}" --verify "$IT_TMP/reseed.json" --verify "$IT_TMP/merge.json")
for file in after.facts after.json before.facts before.json; do
    ALL+=(--gate "$IT_TMP/$file")
done
tell json "${ALL[@]}"
is "the story: exit 0" "$RC" 0
page verified "${ALL[@]}"
is "each time is where it belongs" "$(field gate .when)$(field facts .when)" '"before"
"after""before"
"after"'
is "what changed in the gate" "$(field gate-change '[.name, .before, .after]' | sort)" \
    '["auto_increment_position","critical","ok"]
["max_keys","critical","ok"]
["row_counts","warning","ok"]'
is "verify is clean, and counts" "$(field verify '[.clean, .counts]')" '[true,true]
[true,true]'
is "as many rows stand as verify says" "$(field verify .stands | sort -n | tail -n 1)" \
    "$(jq -c 'select(.type == "summary").stands' "$IT_TMP/merge.json")"
is "people: as many as affected lists" "$(field affected .people)" \
    "$("$MYRECON" affected -q --case "$CASE" | tail -n +2 | wc -l)"
is "the story stands in front of the summary" "$(tail -n 2 "$OUT" | jq -r .type | xargs)" 'story summary'
tell md "${ALL[@]}"
like "md: what it comes to" "$(sed -n 3p "$OUT")" 'All that was planned stands, as verify proves\. The gate of .* said critical before, and says critical now\.'
is "md: in order" "$(grep '^###' "$OUT" | xargs)" '### Before ### Action ### After ### Verification'
like "md: in people" "$(cat "$OUT")" 'People: [0-9]+ restored under the old id, [0-9]+ restored under a new id'
like "md: rows before and after" "$(cat "$OUT")" "members \| 3,006 \| 3007 \| 3,011 \| 3012"
unlike "md: nobody's number" "$(cat "$OUT")" '\+?49170900'
tell md
unlike "without files there is no story" "$(cat "$OUT")" 'What was done'

# --- memory runs out: the whole story, or an error and none
starved() { # N FORMAT
    CMD=("$MYRECON" report -q --case "$CASE" --format "$2" --output "$IT_TMP/starved" "${ALL[@]}")
    timeout 60 env LD_PRELOAD="$FAULT_DIR/failing_alloc.so" MR_FAULT_AT="$1" MR_FAULT_REPORT="$IT_TMP/calls" \
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
if [ -e "$FAULT_DIR/failing_alloc.so" ]; then
    for format in html md json; do
        starved 0 $format
        total=$(head -n 1 "$IT_TMP/calls")
        mv "$IT_TMP/starved" "$IT_TMP/undisturbed"
        wrong=
        for n in {1..40} $(spread "${total:-1}" $((SEEDS * 2))); do
            starved "$n" $format
            case $RC in
            0) cmp -s "$IT_TMP/starved" "$IT_TMP/undisturbed" || wrong+="$n: exit 0, and not whole
" ;;
            3) [ ! -e "$IT_TMP/starved" ] && [ "$(grep -c 'error: ' "$ERR")" = 1 ] && ! grep -q 'is no' "$ERR" || wrong+="$n: $(cat "$ERR")
" ;;
            *) wrong+="$n: exit code $RC
" ;;
            esac
            rm -f "$IT_TMP/starved"
        done
        is "out of memory, $format: whole, or none" "$wrong" ""
    done
else
    skip "out of memory" "no library for faults"
fi

# --- somebody is gone again: the proof tells
client b <<<"DELETE FROM $DB.order_lines WHERE order_id >= 4205 OR order_id IN (SELECT id FROM $DB.orders WHERE id >= 4205);
DELETE FROM $DB.orders WHERE id >= 4205" || bail "nothing is deleted"
does 1 repair verify --json "$IT_TMP/merge" "$TARGET"
cp "$OUT" "$IT_TMP/bad.json"
tell json "${PLANS[@]}" --verify "$IT_TMP/merge.json" --verify "$IT_TMP/bad.json"
page spoilt "${PLANS[@]}" --verify "$IT_TMP/merge.json" --verify "$IT_TMP/bad.json"
is "spoilt: the later proof counts" "$(field story .outcome)" '"bad"'
like "spoilt: says how many" "$(field story .text)" 'Not all of it stands as planned, [0-9]+ rows? do'

# --- the page
PAGE=$IT_TMP/page.html
does 0 report --output "$PAGE" --case "$CASE" "${ALL[@]}"
if reason=$("$IT_DIR/../lib/browser.sh" 2>&1); then
    mkdir "$IT_TMP/browser"
    python3 "$IT_DIR/report_story_page.py" "$PAGE" "$IT_TMP/browser" >"$IT_TMP/said" 2>"$ERR"
    RC=$?
    : >"$OUT"
    results "$IT_TMP/said" 'page: '
    is "the browser's script came to its end" "$RC" 0
else
    skip "the page in a browser" "$(tail -n 1 <<<"$reason")"
fi

# --- taken back
does 0 repair undo --yes "$IT_TMP/merge" "$TARGET"
tell json --plan "$IT_TMP/merge" --verify "$IT_TMP/merge.json"
page undone --plan "$IT_TMP/merge" --verify "$IT_TMP/merge.json"
is "taken back: both acts" "$(field act '.act' | xargs)" 'apply undo'
is "taken back: open" "$(field plan '[.applied, .undone]')$(field story .outcome)" '[false,true]"open"'

# --- each of these pages
for state in 'planned Planned, not applied' 'applied Applied in part' 'verified Applied in part' \
    'spoilt Applied, and does not stand' 'undone Taken back'; do
    is "the page says: ${state#* }" "$(sed -n 's/.*class="badge">\([^<]*\)<.*/\1/p' "$IT_TMP/pages/${state%% *}.html")" "${state#* }"
done
if "$IT_DIR/../lib/browser.sh" >/dev/null 2>&1; then
    accessible "$IT_TMP"/pages/{planned,applied,verified,undone}.html
else
    skip "pages that axe-core looks at" "no browser"
fi

# --- a later run of the same case: which run the plan is of
does 1 check --case "$CASE" "$SRC" "$DST"
tell md --plan "$IT_TMP/merge"
like "another run: says which one was planned from" "$(cat "$OUT")" "was not made from this run, but from $RUN"
tell md --plan "$IT_TMP/merge" --run "$RUN"
unlike "that run: nothing to say" "$(cat "$OUT")" 'was not made from this run'

# --- interrupted in the middle: exit 6
fresh ab "$DB"
at ab 'CREATE TABLE n (id INT PRIMARY KEY, v VARCHAR(200))'
at a "INSERT INTO n WITH RECURSIVE s AS (SELECT 1 i UNION ALL SELECT i + 1 FROM s WHERE i < 900) SELECT i, REPEAT('x', 200) FROM s"
at a "INSERT INTO n SELECT id + 1000 * k, v FROM n JOIN (SELECT 1 k UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) x"
does 1 check --case "$IT_TMP/big" "$SRC" "$DST"
mkfifo "$IT_TMP/pipe"
exec 9<>"$IT_TMP/pipe"
CMD=("$MYRECON" report --case "$IT_TMP/big" --format json --max-rows 100000)
"${CMD[@]}" >"$IT_TMP/pipe" 2>"$ERR" 9>&- &
REPORT=$!
IFS= read -r first <&9
kill -INT $REPORT
exec 8<"$IT_TMP/pipe" 9>&-
timeout 60 cat <&8 >"$IT_TMP/rest"
wait $REPORT
RC=$?
like "interrupted: it had begun" "$first" '"type":"run"'
is "interrupted: exit 6" "$RC" 6
is "interrupted: no summary" "$(grep -c '"type":"summary"' "$IT_TMP/rest")" 0
like "interrupted: says so" "$(cat "$ERR")" 'interrupted'
finish
