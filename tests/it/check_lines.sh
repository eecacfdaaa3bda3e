#!/bin/bash
# check_lines.sh: slow and long lines, by a proxy before the target.  Who digests is chosen by what
# both cost, and chosen anew when the line changes; a difference is found in few round trips and
# few bytes.  (fault_query.sh: a line that breaks.)

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
[ -x "$PROXY" ] || bail "no program at $PROXY"
begin
ROWS=900000
at ab "CREATE TABLE one (id INT PRIMARY KEY, v INT, pad VARCHAR(200));
    INSERT INTO one SELECT seq, seq, REPEAT(MD5(seq), 5) FROM seq_1_to_19000;
    CREATE TABLE big (id INT PRIMARY KEY, v INT, pad VARCHAR(200));
    INSERT INTO big SELECT seq, seq, REPEAT(MD5(seq), 2) FROM seq_1_to_$ROWS; ANALYZE TABLE one, big" >/dev/null

through() { # through ARGS…: check, the target by way of the proxy; sets TRIPS, BYTES
    run_check "$(uri a "$DB")" "$VIA" --settle 0 --threads 1 "$@"
    kill -USR1 "$PROXY_PID"
}
counts() { # ends the proxy: sets TRIPS, BYTES
    proxy_ends
    TRIPS=$(sed -n 's/^trips //p' "$REPORT")
}
statements() { # statements PATTERN: of the last run's -vv, how many match
    grep -c -- "$1" "$ERR"
}

# --- one row of 19,000 ----------------------------------------------------------------------

proxy b delay-ms=100
through --tables one --digest server
counts
EQUAL_TRIPS=$TRIPS EQUAL_BYTES=$BYTES
is "100 ms: equal" "$RC" 0
at b "UPDATE one SET v = 0 WHERE id = 7777"
for _ in 1 2 3; do # a reply that comes in two pieces, or a look at a server that is slow to answer, is one more
    proxy b delay-ms=100
    through --tables one --digest server -vv
    counts
    [ $((TRIPS - EQUAL_TRIPS)) -gt 12 ] || break
done
is "100 ms: one row" "$RC $(jq -r 'select(.type == "row") | "\(.kind) \(.key.id)"' "$OUT")" "1 changed 7777"
is "100 ms: where it is, is asked once on each side" "$(statements 'SELECT part, COUNT')" 2
is "100 ms: … after one statement for the cuts" "$(statements 'UNION ALL (SELECT `id` FROM')" 1
is "100 ms: … and the rows of one part are read, on both sides" \
    "$(sed -n 's/.* \([0-9]*\) rows: SELECT `id`, `v`, `pad` FROM.*/\1/p' "$ERR" | awk '$1 > 1 && $1 <= 600' | wc -l)" 2
is "100 ms: … and no more of them" "$(statements '[0-9]\{4\} rows: SELECT `id`')" 0
is "100 ms: no part could not be told" "$(statements 'reading the whole chunk')" 0
# Of the target: its parts, their rows; then it is read again and shown.
ok "100 ms: $TRIPS round trips, without a difference $EQUAL_TRIPS" test $((TRIPS - EQUAL_TRIPS)) -le 12
ok "100 ms: $BYTES bytes, without a difference $EQUAL_BYTES" test $((BYTES - EQUAL_BYTES)) -lt 300000

# --- the line is slow from the beginning ---------------------------------------------------------

proxy b rate=1250000 delay-ms=40
through --tables big
counts
is "10 Mbit/s: equal" "$RC" 0
like "10 Mbit/s: says what it has measured" "$(cat "$ERR")" \
    'link to the target carries [0-3]\.[0-9] MiB/s, [34][0-9]\.[0-9] ms away.*servers compute.*come compressed'
unlike "10 Mbit/s: stays with it" "$(cat "$ERR")" 'table "[^"]*": .* a second are read'
ok "10 Mbit/s: $BYTES bytes of $((ROWS * 75))" test "$BYTES" -lt $((ROWS * 75 / 8))

# --- … and it changes ------------------------------------------------------------------------

# A fast line falls to 10 Mbit/s as soon as rows are read, and recovers when the servers digest.
# Where the machine has other work, the one trial that is due before the table ends may be lost.
changes() { # what the run went over to, in order
    sed -n 's/.*table "[^"]*": .* a second are read, .*: \([a-z]*\) .*/\1/p' "$ERR" | paste -sd' '
}
falls_and_recovers() {
    local run
    proxy b then=1250000
    : >"$ERR" # of the try before
    run_check "$(uri a "$DB")" "$VIA" --settle 0 --threads 1 --tables big -vv &
    run=$!
    wait_for 20 grep -q 'rows: SELECT `id`, `v`, `pad` FROM' "$ERR" || bail "it does not begin"
    kill -HUP "$PROXY_PID"
    wait_for 60 grep -q 'they compute the digests' "$ERR"
    kill -HUP "$PROXY_PID"
    wait $run
    proxy_ends
}
for _ in 1 2 3; do
    falls_and_recovers
    [ "$(changes)" = "from rows" ] && break
done
is "a line that falls and recovers: equal" "$(jq -r 'select(.type == "summary") | .verdict' "$OUT")" equal
# Where others want the same cores, the servers may indeed be faster than what reads their rows.
is_busy() { awk -v cores="$(nproc)" '{ exit !($1 > 1.5 * cores) }' /proc/loadavg; }
if [ "$(changes)" = from ] && is_busy; then
    skip "a line that falls and recovers: it changes its mind twice, and says so" "the machine has other work: load $(cut -d' ' -f1 /proc/loadavg)"
else
    is "a line that falls and recovers: it changes its mind twice, and says so" "$(changes)" "from rows"
fi

# --- compressed ------------------------------------------------------------------------------

compressed() { # compressed SIDE: rows come in less than half of the bytes where the URI says so
    local plain
    proxy "$1"
    run_check "$(uri a "$DB")" "$VIA" --settle 0 --threads 1 --tables one --digest client
    counts
    plain=$BYTES
    proxy "$1"
    run_check "$(uri a "$DB")" "$VIA?compress=1" --settle 0 --threads 1 --tables one --digest client
    counts
    ok "compress=1 on $1: $BYTES bytes, else $plain" test $((BYTES * 2)) -lt "$plain"
    is "compress=1 on $1: the same result" "$RC $(jq -r 'select(.type == "table") | .changed' "$OUT")" "1 1"
}
compressed b
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    client a <<<"SELECT CONCAT('(', id, ',', IF(id = 7777, 0, v), ',\'', pad, '\')') FROM \`$DB\`.one" |
        awk '{ printf "%s%s", NR % 500 == 1 ? (NR > 1 ? ";\n" : "") "INSERT INTO one VALUES " : ",", $0 }' >"$IT_TMP/rows"
    at o "CREATE TABLE one (id INT PRIMARY KEY, v INT, pad VARCHAR(200)); $(cat "$IT_TMP/rows")"
    compressed o
else
    skip "compress=1 on MySQL" "there is none"
fi

# --- a hiccup --------------------------------------------------------------------------------

proxy b stall=20000000 stall-ms=3000
through --tables big -v
counts
is "still for 3 s: equal" "$RC" 0
unlike "still for 3 s: rows are read all the same" "$(cat "$ERR")" 'compute the digests'
finish
