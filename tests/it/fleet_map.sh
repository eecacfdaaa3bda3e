#!/bin/bash
# fleet_map.sh: many sources to one target: their rows are one table's, merged by key; a key that stands in two of
# them is told of with both places, and whatever cannot be read as one is not called equal.

. "$(dirname "$0")/lib.sh"
begin ab
RUN='' TWO=''
INI=$IT_TMP/fleet.ini DIR=$IT_TMP/fleet INTO=$IT_TMP/merged
export TMPDIR=$IT_TMP/tmp
mkdir "$TMPDIR"
for n in 00 01; do fresh a "${DB}_$n"; done
TEMPLATE=$(uri a "${DB}_{00..01}")
PLACE=${TEMPLATE#*@} PLACE=${PLACE%%/*}

on() { # on N SQL: in the n-th source
    client a -D "${DB}_$1" <<<"$2" || bail "SQL failed on source $1: ${2:0:200}"
}
each() { on 00 "$1"; on 01 "$1"; }
map() { # map LINE…: a check of the sources by that map; $RC, $OUT, $ERR
    CMD=("$MYRECON" check -q --json --settle "$SETTLE" --case "$IT_TMP/one.case" "shards:$TEMPLATE#$1" "${@:2}" "$DST")
    rm -f "$IT_TMP/one.case"
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
lines() { jq -cr "select(.type == \"$1\") | $2" "$OUT" | xargs; }
counts() { lines table '"\(.table | sub(".*[.]"; "")) \(.verdict) \(.source_rows)/\(.target_rows) \(.missing)-\(.extra)-\(.changed)-\(.collision)-\(.moved)"'; }

# --- two sources of two tables each
TABLE="(id INT PRIMARY KEY, mail VARCHAR(40) NOT NULL UNIQUE, v INT)"
each "CREATE TABLE orders_0 $TABLE; CREATE TABLE orders_1 $TABLE"
at b "CREATE TABLE orders $TABLE; INSERT INTO orders SELECT seq, CONCAT('m', seq), seq FROM seq_1_to_40000"
for n in 0 1 2 3; do
    on "0$((n / 2))" "INSERT INTO orders_$((n % 2)) SELECT seq, CONCAT('m', seq), seq FROM seq_1_to_40000 WHERE seq % 4 = $n"
done
MAP='orders_{0..1}->orders'
map "$MAP"
is "rows of four tables are one table's" "$RC $(counts)" "0 orders equal 40000/40000 0-0-0-0-0"

on 00 "UPDATE orders_0 SET v = -1 WHERE id = 400; DELETE FROM orders_1 WHERE id = 401"
on 01 "INSERT INTO orders_0 VALUES (50001, 'x', 1)"
at b "INSERT INTO orders VALUES (50002, 'y', 1); UPDATE orders SET mail = 'z' WHERE id = 402"
map "$MAP"
is "what differs, by each kind" "$RC $(counts)" "1 orders diverged 40000/40001 1-2-1-1-0"
is "rows of it" "$(lines row '"\(.kind) \(.key.id)"')" "changed 400 extra 401 collision 402 missing 50001 extra 50002"

# --- one key in two sources
on 01 "INSERT INTO orders_1 VALUES (800, 'm800b', 1)"                       # 800 is of source 00
on 01 "INSERT INTO orders_0 SELECT * FROM ${DB}_00.orders_0 WHERE id = 804" # a copy
on 00 "INSERT INTO orders_1 VALUES (50001, 'w', 2)"                         # the target has none
on 00 "INSERT INTO orders_1 SELECT 806, 'm806', 9"                          # 806 is of source 01
at b "UPDATE orders SET v = 9 WHERE id = 806"                               # the target has that of source 00
map "$MAP"
is "keys in two sources" "$RC $(counts)" "1 orders diverged 40004/40001 5-2-1-1-0"
is "the target's row answers one of them" "$(lines row 'select(.kind == "missing") | "\(.key.id) \(.source.mail) \(.source.v)"')" \
    "800 m800b 1 804 m804 804 806 m806 806 50001 x 1 50001 w 2"
is "both places are named" "$(lines duplicate '"\(.side) \(.identity.id) \(.places | join(" "))"')" \
    "source 800 $PLACE/${DB}_00.orders_0 $PLACE/${DB}_01.orders_1 source 804 $PLACE/${DB}_00.orders_0 $PLACE/${DB}_01.orders_0 source 806 $PLACE/${DB}_00.orders_1 $PLACE/${DB}_01.orders_0 source 50001 $PLACE/${DB}_00.orders_1 $PLACE/${DB}_01.orders_0"
timeout 60 "$MYRECON" affected -q --subject "$DB.orders" --case "$IT_TMP/one.case" >"$OUT" 2>"$ERR"
is "people of both" "$? $(grep -c missing "$OUT")" "0 5"
timeout 60 "$MYRECON" report -q --case "$IT_TMP/one.case" --format json >"$OUT" 2>"$ERR"
is "the report names them, too" "$? $(lines duplicate '"\(.identity.id) \(.places | length)"')" "0 800 2 804 2 806 2 50001 2"
for command in "repair plan --policy mirror --output $IT_TMP/plan" "repair plan --policy merge --source $SRC --output $IT_TMP/plan"; do
    # shellcheck disable=SC2086
    timeout 60 "$MYRECON" $command --case "$IT_TMP/one.case" >"$OUT" 2>"$ERR"
    like "no repair of many sources: ${command%% --out*}" "$? $(grep error: "$ERR")" "^5 .*many servers as one"
done

CMD=("$MYRECON" check -q --settle 0 --case "$IT_TMP/text.case" "shards:$TEMPLATE#$MAP" "$DST")
timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
is "people read of them, too" "$? $(grep -A 3 'Keys in several' "$OUT" | xargs)" \
    "1 Keys in several sources $DB.orders id 800 $PLACE/${DB}_00.orders_0 $PLACE/${DB}_01.orders_1"
is "and of no plan" "$(grep -c 'repair plan' "$OUT")" 0
for command in "doctor SHARDS" "gate check SHARDS" "snapshot create SHARDS $IT_TMP/snap"; do
    # shellcheck disable=SC2086
    timeout 60 "$MYRECON" ${command/SHARDS/shards:$TEMPLATE#$MAP} >"$OUT" 2>"$ERR" </dev/null
    like "refused by name: ${command%% SHARDS*}" "$? $(cat "$ERR" "$OUT")" "many servers as one"
done
timeout 60 "$MYRECON" check -q "$DST" "shards:$TEMPLATE#$MAP" >"$OUT" 2>"$ERR" </dev/null
like "and as a target" "$? $(cat "$ERR")" "^5 .*target: .*many servers as one"

# --- of a fleet
cat >"$INI" <<END
[fleet]
readers-per-server = 2
[map shop]
source = $TEMPLATE
target = $DST
tables = orders_{0..1} -> orders
END
fleet() {
    CMD=("$MYRECON" fleet "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
fleet plan -q --inventory "$INI" --parts 2 --output "$DIR" --json
is "the plan" "$RC $(lines pair '"\(.pair) \(.state) \(.tables)"')" "0 shop planned 1"
sed "s/-> orders/-> order/" "$INI" >"$INI.slip"
fleet plan -q --inventory "$INI.slip" --parts 1 --output "$DIR.slip"
is "a slip in a target's name is told" "$RC $(grep -c 'the target has no table "order" that its account may see, which "orders_0" is mapped to' "$ERR")" "0 1"
for n in 0 1; do # meanwhile comes a table that no line names: nobody asked for it
    fleet run -q "$DIR" --part "$n"
    RUN+=" $RC"
    at b "CREATE TABLE IF NOT EXISTS stray (id INT PRIMARY KEY)"
done
at b "DROP TABLE stray"
is "its parts" "$RUN" " 1 0"
fleet status "$DIR" --json
is "counts as a pair" "$RC $(lines pair '"\(.pair) \(.verdict) \(.differing)"')" "1 shop diverged 9"
fleet merge -q "$DIR" --output "$INTO"
is "merged" "$RC" 1
map "$MAP"
cp "$OUT" "$OUT.full"
# without the note that rows were deleted meanwhile, which other tests do on that server
plain() { jq -cS 'del(.run_id, .started, .seconds) | if .type == "table" then del(.note) else . end' "$1"; }
is "as one check has it" "$(plain "$INTO/shop.jsonl")" "$(plain "$OUT")"

fleet gate record --inventory "$INI" --output "$IT_TMP/before"
is "a baseline of each server" "$RC $(cd "$IT_TMP/before" && ls | xargs)" "0 shop.00.source.json shop.01.source.json shop.target.json"
fleet gate check --json --inventory "$INI" "$IT_TMP/before"
is "its gate" "$(lines server '"\(.pair) \(.side)"' | tr ' ' '\n' | sort | xargs)" "shop shop.00 shop.01 source source target"
fleet doctor --json --inventory "$INI"
is "its doctor" "$(lines pair .pair)" "shop.00 shop.01"
is "to whom tables of other names are no problem" "$(grep -c '"name":"schema"' "$OUT")" 0
fleet gate check --json --peers --inventory "$INI" "$IT_TMP/before"
is "nor is the target a peer of its sources, which has ids of all" "$(jq -r 'select(.severity == "critical" and (.name == "auto_increment_position" or .name == "newest_row")) | .name' "$OUT")" ""

for readers in 1 2; do # one server under two names is two connections of a reader
    sed -e "s/^readers.*/readers-per-server = $readers/" -e '/^source/s/$/?connect-timeout=1{}/' "$INI" >"$IT_TMP/two.ini"
    rm -rf "$IT_TMP/two"
    fleet plan -q --inventory "$IT_TMP/two.ini" --parts 1 --output "$IT_TMP/two"
    fleet run -q --json "$IT_TMP/two" --part 0
    TWO+=" $RC"
done
is "readers-per-server as large as the names of a server" "$TWO" " 4 1"

# --- a run that is killed goes on, and loses no key of two sources
cut_off() { # the case of a run that was killed in its middle
    rm -f "$IT_TMP/cut.case"
    "$MYRECON" check -q --case "$IT_TMP/cut.case" --settle 30 --threads 1 "shards:$TEMPLATE#$MAP" "$DST" >"$OUT" 2>&1 &
    local pid=$! i
    for i in {1..200}; do
        [ "$(sqlite3 "$IT_TMP/cut.case" "SELECT count(*) FROM chunk" 2>"$IT_TMP/null")" = 0 ] || [ ! -s "$IT_TMP/cut.case" ] || break
        sleep 0.1
    done
    sleep 1
    kill -KILL "$pid"
    wait "$pid" 2>"$IT_TMP/null"
}
cut_off
CMD=("$MYRECON" check -q --json --resume --case "$IT_TMP/cut.case" --settle 0 "shards:$TEMPLATE#$MAP" "$DST")
timeout 60 "${CMD[@]}" >"$IT_TMP/resumed" 2>"$ERR" </dev/null
RC=$?
# rows may have left a source between the two: that is said, and else all is the same
is "it is said that it was read in two goes" "$(jq -r 'select(.type == "table") | .note | test("^rows left a source, or may have, while it was read: ")' "$IT_TMP/resumed" | sort -u)" true
is "what a run that was killed comes to" "$RC $(plain "$IT_TMP/resumed" | grep -v '"type":"summary"')" "1 $(plain "$OUT.full" | grep -v '"type":"summary"')"

# --- a view where the map means a table has rows that nobody would read
on 00 "CREATE TABLE seen_0 $TABLE"
on 01 "CREATE VIEW seen_0 AS SELECT * FROM orders_0"
at b "CREATE TABLE seen $TABLE"
map "$MAP,seen_0->seen"
like "a view in a table's place is not absent" "$RC $(lines table 'select(.table | endswith(".seen")) | "\(.verdict) \(.reason)"')" \
    "^4 not-checked .*${DB}_01[.]seen_0.* no table but a view"
on 00 "DROP TABLE seen_0"
on 01 "DROP VIEW seen_0"

# --- a source that goes, and slots
fleet plan -q --inventory "$INI" --parts 1 --output "$IT_TMP/gone"
client a <<<"RENAME TABLE ${DB}_01.orders_0 TO ${DB}_00.kept; DROP DATABASE ${DB}_01" || bail "no way to drop a source"
fleet run -q --json "$IT_TMP/gone" --part 0
is "a source that is gone fails the pair" "$RC $(lines pair '"\(.pair) \(.state)"')" "4 shop failed"
like "by name" "$(lines pair .reason)" "$PLACE/${DB}_01"
fleet merge -q "$IT_TMP/gone" --output "$IT_TMP/gone.merged"
is "which is not equal" "$RC $(jq -r 'select(.type == "pair") | .verdict' "$IT_TMP/gone.merged/fleet.jsonl")" "4 incomplete"
fleet plan -q --json --inventory "$INI" --parts 1 --output "$IT_TMP/gone2"
like "nor can it be planned" "$RC $(cat "$ERR")" "^3 .*fleet.ini:3: .*${DB}_01"

finish
