#!/bin/bash
# fleet_report.sh: what `fleet merge` has made of real servers as one page and one of each pair: people as
# `affected` counts them, a part that is missing, an interruption, and all of it in a real browser.

. "$(dirname "$0")/lib.sh"
begin ab
export MYRECON
. "$IT_DIR/../lib/merged_fleet.sh"
DIR=$IT_TMP/fleet INTO=$IT_TMP/merged PAGE=$IT_TMP/all.html INI=$IT_TMP/fleet.ini

at ab "
CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, v INT);
CREATE TABLE orders (id INT PRIMARY KEY, member_id INT, v INT, FOREIGN KEY (member_id) REFERENCES members (id));
INSERT INTO members SELECT seq, CONCAT('+49151', LPAD(seq, 7, '0')), 1 FROM seq_1_to_200;
INSERT INTO orders SELECT seq, 1 + seq % 200, 1 FROM seq_1_to_300"
at b "
UPDATE members SET mobile = CONCAT('+4917', LPAD(id, 8, '0')) WHERE id BETWEEN 150 AND 159;
UPDATE members SET v = 2 WHERE id = 7;
DELETE FROM orders WHERE id IN (20, 21)"
cat >"$INI" <<'END'
[options]
settle = 0
[table *.members]
identity = mobile
subject = yes
END
run_report() { # run_report ARGS…: $RC, $OUT, $ERR
    timeout -k 5 120 "$MYRECON" fleet report "$INTO" "$@" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    [ "$RC" = 0 ] || note <"$ERR"
}
python3 - "$SRC" "$DST" "$DB" <<'END' >"$IT_TMP/cut.json" || bail "no plan"
import json, sys
source, target, db = sys.argv[1:]
tables = {db + ".members": [[0, None, 100]], db + ".orders": [[0, None, None]]}
whole = {db + ".members": [[0, None, None]], db + ".orders": [[0, None, None]]}
rest = {db + ".members": [[1, 100, None]]}
order = {db + ".members": "int(11)", db + ".orders": "int(11)"}
print(json.dumps({"readers": 4, "pairs": {"shop": [source, target], "copy": [source, target]},
                  "parts": [[{"pair": "shop", "objects": True, "tables": tables, "order": order}],
                            [{"pair": "shop", "objects": False, "tables": rest, "order": order},
                             {"pair": "copy", "objects": True, "tables": whole, "order": order}]]}))
END
jq --rawfile config "$INI" '.config = $config' "$IT_TMP/cut.json" |
    python3 "$IT_DIR/fleet_dir.py" "$DIR" 20261128T000000Z-0000 || bail "no fleet"
for part in 0 1; do
    timeout -k 5 120 "$MYRECON" fleet run -q --no-verdict "$DIR" --part $part >"$OUT" 2>"$ERR" </dev/null || bail "no part $part"
done
"$MYRECON" fleet merge -q "$DIR" --output "$INTO" >"$OUT" 2>"$ERR"
is "merged" $? 1

run_report --output "$PAGE"
is "the page is written, whatever differs" "$RC" 0
is "with one of each pair" "$(cd "$IT_TMP" && ls all.pages)" $'copy.html\nshop.html'
run_report --json
is "people are those of affected" "$(jq -r 'select(.pair == "shop") | .people' "$OUT")" \
    "$("$MYRECON" affected -q --config "$INI" --case "$INTO/shop.case" | tail -n +2 | wc -l)"
is "counted pair by pair" "$(jq -c 'select(.type == "summary") | .people' "$OUT")" \
    "$((2 * $(jq -r 'select(.pair == "shop") | .people' "$OUT")))"
run_report --format md
like "as a text" "$(cat "$OUT")" '\| shop \| diverged \| [0-9]+ \| 10 \|'
is "no value of a person is in it" "$(grep -c '+4915\|+4917' "$PAGE" "$OUT" | paste -sd ' ')" "$PAGE:0 $OUT:0"

# a part is missing: named, and never equal
rm -rf "$DIR/parts/1.case" "$INTO"
"$MYRECON" fleet merge -q --partial "$DIR" --output "$INTO" >"$OUT" 2>"$ERR"
is "merged in part" $? 4
is "what the other part has found in a table stands, so far" \
    "$(jq -c "select(.table == \"$DB.members\" and (.type == \"table\" or .type == \"row\")) | [.type, .verdict, .changed, (if .type == \"row\" then .key.id else null end)]" "$INTO/shop.jsonl" | xargs)" \
    "[table,not-checked,1,null] [row,null,null,7]"
timeout 60 "$MYRECON" report -q --case "$INTO/shop.case" --format md >"$OUT" 2>"$ERR"
like "and in its report" "$(head -n 1 "$OUT")" "1 table was not reached; so far 3 rows differ in 2 of 2 tables"
run_report --output "$PAGE" --force
is "what is missing makes it incomplete" "$RC" 4
like "the part is named" "$(cat "$PAGE")" "Table $DB.members: part 1: it is missing"
like "on top as well" "$(cat "$PAGE")" '1 of 2 parts of the fleet&#39;s work was missing'
run_report --json
is "no number is made up" "$(jq -c 'select(.pair == "copy") | [.verdict, .people]' "$OUT")" '["incomplete",null]'
is "and one that may be too low says so" "$(jq -c 'select(.pair == "shop") | .people_at_least' "$OUT")" true

# of a table that one side alone has no row is a finding
at a "CREATE TABLE lost (id INT PRIMARY KEY)"
rm -rf "$DIR"/parts/*.case "$INTO"
for part in 0 1; do
    timeout -k 5 120 "$MYRECON" fleet run -q --no-verdict "$DIR" --part $part >"$OUT" 2>"$ERR" </dev/null || bail "no part $part"
done
"$MYRECON" fleet merge -q "$DIR" --output "$INTO" >"$OUT" 2>"$ERR"
like "such a table is named where they are joined" "$(cat "$OUT")" "; table \"$DB.lost\" only on the source"
run_report --format md
like "and in the report" "$(cat "$OUT")" "lost is on the source only: none of its rows was compared"
timeout 60 "$MYRECON" repair plan -q --policy backfill --config "$INI" --case "$INTO/shop.case" --output "$IT_TMP/unlost" >"$OUT" 2>"$ERR" </dev/null
is "and by a plan, which is incomplete" "$? $(grep -c "not planned: table \"$DB.lost\" is only on the source" "$ERR")" "4 1"
run_report --json
is "nor is the number whole where one side alone has a table" \
    "$RC $(jq -c 'select(.type == "pair") | .people_at_least' "$OUT" | xargs)" "0 true true"
at a "DROP TABLE lost"

# interrupted, it leaves what was there
merged_begin "$IT_TMP/big" 8 0
for name in 0 1; do merged_pair "$IT_TMP/big" "evil-$name" diverged "UPDATE tbl SET name = '<script>window.evil=1</script>.m'
    WHERE name LIKE '%members'"; done
for name in {00..59}; do merged_pair "$IT_TMP/big" "shop-$name" equal; done
merged_pair "$IT_TMP/big" lost diverged
merged_pair "$IT_TMP/big" part incomplete "UPDATE tbl SET reason = '<img src=x onerror=window.evil=1>' WHERE reason IS NOT NULL"
merged_end "$IT_TMP/big"
rm "$IT_TMP/big/lost.case"
INTO=$IT_TMP/big
before=$(cat "$PAGE" "$IT_TMP"/all.pages/* | sha256sum)
timeout -k 5 120 "$MYRECON" fleet report "$INTO" --output "$PAGE" --force >"$OUT" 2>"$ERR" </dev/null &
job=$!
for _ in {1..1000}; do
    [ -z "$(ls "$IT_TMP/all.pages.new.partial" 2>/dev/null)" ] || break
    sleep 0.005
done
kill -TERM $job
wait $job
is "interrupted in its midst" $? 6
is "all is as it was" "$(cat "$PAGE" "$IT_TMP"/all.pages/* | sha256sum) $(cd "$IT_TMP" && ls -d all.*)" "$before all.html
all.pages"
run_report --output "$PAGE" --force
is "and written, once it may be" "$RC $(ls "$IT_TMP/all.pages" | wc -l) $(cd "$IT_TMP" && ls -d all.* | paste -sd ' ')" "4 63 all.html all.pages"

reason=$("$IT_DIR/../lib/browser.sh" 2>&1)
status=$?
if [ $status -eq 1 ] && [ "${CI:-}" = true ]; then
    result 1 "the page in a browser: $(tail -n 1 <<<"$reason")"
elif [ $status -ne 0 ]; then
    skip "the page in a browser" "$(tail -n 1 <<<"$reason")"
else
    mkdir "$IT_TMP/browser"
    python3 "$IT_DIR/fleet_report_page.py" "$PAGE" "$IT_TMP/browser" >"$IT_TMP/said" 2>"$ERR"
    RC=$?
    results "$IT_TMP/said"
    is "the browser's script came to its end" "$RC" 0
    accessible "$PAGE"
fi
finish
