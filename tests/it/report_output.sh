#!/bin/bash
# report_output.sh: what `report` writes where, from which run, with which exit code; and that
# no bad case and no full disk leaves half a file.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
begin
at ab "
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60) NOT NULL UNIQUE, city VARCHAR(20),
    created_at DATETIME);
INSERT INTO members SELECT seq, CONCAT('user', seq, '@example.com'), 'Bonn', '2026-01-01' + INTERVAL seq MINUTE
    FROM seq_1_to_500;
CREATE TABLE orders (member_id INT, line INT, v DECIMAL(9,2), PRIMARY KEY (member_id, line));
INSERT INTO orders SELECT seq, 1, seq FROM seq_1_to_300;
CREATE TABLE log (a INT, b VARCHAR(20)); INSERT INTO log VALUES (1, 'a'), (1, 'a'), (2, 'b')"
at a "INSERT INTO members VALUES (501, 'ann@example.com', 'Kiel', '2026-04-02'), (502, 'bob@example.com', 'Ulm', '2026-04-03')"
at b "INSERT INTO members VALUES (501, 'eve@example.com', 'Kiel', '2026-04-08'), (502, 'ann@example.com', 'Bern', '2026-04-08'),
    (503, 'new@example.com', 'Ulm', '2026-04-09');
UPDATE orders SET v = v + 1 WHERE member_id IN (7, 9); DELETE FROM log WHERE a = 1 LIMIT 1"
CASE=$IT_TMP/case
cat >"$IT_TMP/ini" <<INI
[table $DB.members]
identity = email
time-column = created_at
subject = yes
INI

report() { # report ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" report --case "$CASE" "$@")
    timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
said() { # said DESCRIPTION RC REGEX: one error line and a hint
    local n
    n=$(grep -c 'error: ' "$ERR")
    if [ "$RC" = "$2" ] && [ "$n" = 1 ] && grep -q 'hint: ' "$ERR" && grep -Eq -- "$3" "$ERR"; then
        result 0 "$1"
    else
        result 1 "$1" "exit code $RC, wanted $2; $n error lines; wanted /$3/"
    fi
}
files() { (cd "$IT_TMP/dir" && ls -A | xargs); }
mkdir "$IT_TMP/dir"
PAGE=$IT_TMP/dir/page.html

check_is 1 "the case" --case "$CASE" --config "$IT_TMP/ini"
FIRST=$(jq -r 'select(.type == "run") | .run_id' "$OUT")

# --- the three formats
report --output "$PAGE"
is "html: exits 0, whatever it tells" "$RC" 0
is "html: one file, its own" "$(files)" page.html
like "html: says where on standard error" "$(cat "$ERR")" "written to .*page.html"
is "html: nothing on standard output" "$(cat "$OUT")" ""
like "html: from which key on" "$(cat "$PAGE")" "Everything from id 501 on differs: 3 rows"
like "html: times of the column" "$(cat "$PAGE")" "2026-04-02 00:00:00 to 2026-04-09 00:00:00, in the column’s own time"
unlike "html: no mail address" "$(cat "$PAGE")" '[a-z0-9]@example'
cp "$PAGE" "$IT_TMP/first.html"
report --output "$PAGE" --force
ok "html: the same case gives the same page" cmp "$PAGE" "$IT_TMP/first.html"
report --output "$PAGE" --force --unmask
like "html: --unmask shows them" "$(cat "$PAGE")" 'ann@example.com'
like "html: and says so" "$(cat "$PAGE")" 'holds personal data'

cp "$CASE" "$IT_TMP/my case"
"$MYRECON" report --config "$IT_TMP/ini" --case "$IT_TMP/my case" --output "$PAGE" --force -q >"$OUT" 2>"$ERR"
COMMAND=$(sed -n 's/.*<pre>myrecon \(affected .*\)<\/pre>.*/\1/p' "$PAGE" | sed "s/<[^>]*>//g; s/&#39;/'/g")
is "html: the command that it shows can be run" \
    "$(eval "\"$MYRECON\" $COMMAND -q" 2>/dev/null | tail -n +2 | grep -c .)" \
    "$("$MYRECON" affected --config "$IT_TMP/ini" --case "$CASE" -q | tail -n +2 | grep -c .)"

report --format md
is "md: exits 0" "$RC" 0
like "md: the verdict" "$(head -n 1 "$OUT")" '^# Diverged: 6 rows differ in 3 of 3 tables'
like "md: who stands where" "$(cat "$OUT")" 'moved \| source key \| target key'
unlike "md: no mail address" "$(cat "$OUT")" '[a-z0-9]@example'
report --format json
is "json: exits 0" "$RC" 0
is "json: every line is JSON, the first and the last as promised" \
    "$(jq -rs '[.[0].schema, .[-1].type, .[-1].verdict] | @csv' "$OUT")" '"myrecon/report/1","summary","diverged"'
is "json: counts as check's" "$(jq -c 'select(.type == "summary") | [.missing, .extra, .changed, .collision, .moved]' "$OUT")" \
    '[1,1,2,2,1]'
is "json: the tail" "$(jq -c --arg t "$DB.members" 'select(.type == "where" and .table == $t) | .tail' "$OUT")" \
    '{"from":"501","rows":3,"equal_rows":0,"rows_before":0}'
is "json: rows by kind" "$(jq -r --arg t "$DB.members" 'select(.type == "row" and .table == $t) | "\(.kind) \(.key.id) \(.source.email) \(.target.email)"' "$OUT")" \
    "collision 501 a•••@e•••.com e•••@e•••.com
collision 502 b•••@e•••.com a•••@e•••.com
extra 503 null n•••@e•••.com"
is "json: counters" "$(jq -c 'select(.type == "counter") | [.column, .source_next, .target_next, .source_gives_taken]' "$OUT")" \
    '["id","503","504",true]'
is "json: keyless rows" "$(jq -c --arg t "$DB.log" 'select(.type == "row" and .table == $t) | [.kind, .key, .count, .source.b]' "$OUT")" \
    '["missing",null,1,"a"]'
is "json: as many people as affected lists" \
    "$(jq -c 'select(.type == "affected") | [.people, .at_least, .subjects]' "$OUT")" \
    "[$("$MYRECON" affected --case "$CASE" -q | tail -n +2 | grep -c .),false,\"$DB.members\"]"
report --format json --max-rows 1
is "json: --max-rows" "$(jq -r 'select(.type == "row") | .table' "$OUT" | sort | uniq -c | awk '{print $1}' | xargs)" '1 1 1'
report --format json --output "$IT_TMP/dir/x.json"
ok "json: into a file" test -s "$IT_TMP/dir/x.json"
rm "$IT_TMP/dir/x.json"

# --- what is there already
report --output "$PAGE"
said "exists: refused" 3 'page.html" exists'
echo old >"$PAGE"
report --output "$PAGE"
is "exists: untouched" "$(cat "$PAGE")" old
report --output "$IT_TMP/dir"
said "a directory" 3 'directory'
report --output "$IT_TMP/nowhere/page.html"
said "no such directory" 3 'No such file or directory'
report --output /dev/full --force
is "a device" "$RC" 3
"$MYRECON" report --case "$CASE" --format md >/dev/full 2>"$ERR"
RC=$?
said "standard output is full" 3 'standard output.*No space left'

# --- a full disk, a bad one: the N-th write, sync or rename of the page fails
failing() { # failing N ERROR
    CMD=("$MYRECON" report --case "$CASE" --output "$PAGE" --force)
    timeout 60 env LD_PRELOAD="$FAULT_DIR/failing_io.so" MR_FAULT_PATH=.myrecon- MR_FAULT_AT="$1" \
        MR_FAULT_ERROR="$2" MR_FAULT_REPORT="$IT_TMP/calls" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
if [ -e "$FAULT_DIR/failing_io.so" ]; then
    failing 0 EIO
    is "undisturbed under the library" "$RC" 0
    total=$(head -n 1 "$IT_TMP/calls")
    echo old >"$PAGE"
    wrong=
    for ((n = 0; n <= total; n++)); do
        if [ $n -eq 0 ]; then failing 1 ENOSPC; else failing $n EIO; fi
        [ "$RC" = 3 ] && [ "$(files)" = page.html ] && [ "$(cat "$PAGE")" = old ] &&
            [ "$(grep -c 'error: ' "$ERR")" = 1 ] || wrong+="$n: $RC, $(files), $(head -n 1 "$ERR")
"
    done
    ok "a full disk: there are calls that can fail" test "${total:-0}" -gt 1
    is "a full disk: exit 3, one line, the old page, nothing else" "$wrong" ""
else
    skip "a full disk" "no library for faults"
fi

# --- memory runs out at the N-th allocation: the whole report, or an error and none
rm -f "$PAGE"
report --output "$PAGE"
starved() { # starved N FORMAT
    CMD=("$MYRECON" report --case "$CASE" --format "$2" --output "$IT_TMP/dir/starved" -q)
    timeout 60 env LD_PRELOAD="$FAULT_DIR/failing_alloc.so" MR_FAULT_AT="$1" MR_FAULT_REPORT="$IT_TMP/calls" \
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
if [ -e "$FAULT_DIR/failing_alloc.so" ]; then
    for format in html md json; do
        starved 0 $format
        total=$(head -n 1 "$IT_TMP/calls")
        mv "$IT_TMP/dir/starved" "$IT_TMP/undisturbed"
        wrong=
        for n in $(spread "${total:-1}" $((SEEDS * 2))); do
            starved "$n" $format
            case $RC in
            0) cmp -s "$IT_TMP/dir/starved" "$IT_TMP/undisturbed" || wrong+="$n: exit 0, and not whole
" ;;
            3) [ "$(files)" = page.html ] && [ "$(grep -c 'error: ' "$ERR")" = 1 ] || wrong+="$n: $(files) $(cat "$ERR")
" ;;
            *) wrong+="$n: exit code $RC
" ;;
            esac
            rm -f "$IT_TMP/dir/starved"
        done
        is "out of memory, $format: whole, or none" "$wrong" ""
    done
else
    skip "out of memory" "no library for faults"
fi

# --- bad cases
cp "$CASE" "$IT_TMP/whole"
size=$(stat -c %s "$CASE")
rm "$PAGE"
for part in 4096 $((size / 2 / 4096 * 4096)) $((size - 5000)); do
    head -c "$part" "$IT_TMP/whole" >"$CASE"
    report --output "$PAGE"
    said "a case cut to $part bytes" 3 'case file'
    is "leaves no page" "$(files)" ""
done
cp "$IT_TMP/whole" "$CASE"
chmod 400 "$CASE"
report --output "$PAGE"
is "a case that may only be read" "$RC" 0
chmod 600 "$CASE"
cp "$PAGE" "$IT_TMP/again.html"
ok "and it gives that page" cmp "$IT_TMP/first.html" "$IT_TMP/again.html"

# --- runs
check_is 1 "a second run" --case "$CASE" --config "$IT_TMP/ini" --tables "$DB.orders"
report --format json
is "the last finished run" "$(jq -r 'select(.type == "summary") | .tables' "$OUT")" 1
report --format json --run "$FIRST"
is "--run: the one named" "$(jq -r 'select(.type == "summary") | .tables' "$OUT")" 3
report --format json --run "${FIRST##*-}"
is "--run: by the only one that holds this" "$(jq -r 'select(.type == "run") | .run_id' "$OUT")" "$FIRST"
report --format json --run nosuch
said "--run: none" 3 'no run "nosuch"'

# --- a run under way holds the case, and reading it goes on
at ab "CREATE TABLE big (id INT PRIMARY KEY, pad VARCHAR(200)); INSERT INTO big SELECT seq, REPEAT('p', 190) FROM seq_1_to_150000"
at b "UPDATE big SET pad = 'x' WHERE id % 1000 = 0"
touch "$IT_TMP/pause"
"$MYRECON" check "$SRC" "$DST" --case "$CASE" --settle 0 --pause-file "$IT_TMP/pause" >/dev/null 2>"$IT_TMP/log" &
pid=$!
for _ in {1..100}; do
    grep -q 'pause\|waiting' "$IT_TMP/log" && break
    sleep 0.1
done
report --format json
is "while a run is under way: the last finished one" "$RC $(jq -r 'select(.type == "run") | .finished' "$OUT")" "0 true"
{ kill -9 $pid && wait $pid; } 2>/dev/null
UNFINISHED=$(sqlite3 -readonly "$CASE" "SELECT uuid FROM run WHERE finished = 0" 2>/dev/null)
report --output "$PAGE" --force --run "$UNFINISHED"
is "a run that was killed: exits 4" "$RC" 4
like "and says so on top" "$(cat "$PAGE")" 'The run has not come to its end'
like "its verdict" "$(cat "$PAGE")" '>Unfinished<'

# --- nothing differs
run_check "$SRC" "$SRC" --same-server --settle 0 --case "$IT_TMP/equal"
CASE=$IT_TMP/equal
report --output "$PAGE" --force
is "equal: exits 0" "$RC" 0
like "equal: nothing to do" "$(cat "$PAGE")" 'There is nothing to do'

# --- a million is streamed: memory does not grow with the findings
if [ -x /usr/bin/time ]; then
    at a "CREATE TABLE wide (id INT PRIMARY KEY, pad VARCHAR(300)); INSERT INTO wide SELECT seq, REPEAT('p', 250) FROM seq_1_to_100000"
    at b "CREATE TABLE wide (id INT PRIMARY KEY, pad VARCHAR(300))"
    run_check "$SRC" "$DST" --settle 0 --max-rows 0 --case "$IT_TMP/wide" --tables "$DB.wide"
    kib=$(/usr/bin/time -f %M "$MYRECON" report --case "$IT_TMP/wide" --output "$PAGE" --force -q 2>&1 >/dev/null)
    ok "100,000 findings of 250 bytes: at most 24 MiB, had $kib KiB" test "$kib" -lt 24576
    bytes=$(stat -c %s "$PAGE")
    ok "their page: at most 3 MB, has $bytes bytes" test "$bytes" -le 3000000
else
    skip "100,000 findings of 250 bytes" "there is no program time"
fi
finish
