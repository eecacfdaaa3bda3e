#!/bin/bash
# gate_output.sh: exit codes, metrics, waiting, silences, digests of all rows, planned moves,
# and baselines of other servers, on a real pair.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
gate_pair mariadb || bail "no servers"
healthy
FACTS_HERE=$(cat "$FACTS")

summary() { jq -r "select(.type == \"summary\").$1" "$OUT"; }

# --- a database that is not there: no baseline of nothing, and not well without one
nowhere=$(gate_uri GP)
nowhere=${nowhere%/*}/no_such_club
"$MYRECON" gate record --output "$IT_TMP/nothing" "$nowhere" >"$OUT" 2>"$ERR"
is "gate record of a misspelt database" $? 3
like "it is named" "$(cat "$ERR")" 'database "no_such_club" does not exist'
ok "no baseline is written" test ! -e "$IT_TMP/nothing"
"$MYRECON" gate check "$nowhere" >"$OUT" 2>"$ERR"
is "gate check of a misspelt database" $? 3
"$MYRECON" gate check --nagios "$nowhere" >"$OUT" 2>"$ERR"
is "and for Nagios" "$? $(cut -d ' ' -f 1-2 "$OUT")" "3 GATE UNKNOWN"

# --- Nagios and Prometheus
promtool=$("$IT_DIR/../lib/promtool.sh" 2>"$IT_TMP/promtool.err")
valid() { # DESCRIPTION FILE
    if [ -n "$promtool" ]; then
        ok "$1: promtool finds nothing" sh -c "'$promtool' check metrics <'$2'"
    else
        skip "$1: promtool" "$(cat "$IT_TMP/promtool.err")"
    fi
}
PROM=$IT_TMP/gate.prom
printf '[table club.periods]\nsequence = period\n[table club.members]\nfreshness = created_at\n[gate]\nfreshness = 1000000000, 1000000000\n' >"$IT_TMP/all.ini"
run_gate --config "$IT_TMP/all.ini" --prometheus "$PROM" --peer "$(gate_uri GR)" "$FACTS" "$(gate_uri GP)"
is "well, with metrics" "$RC" 0
valid "well" "$PROM"
like "the lag is a metric" "$(cat "$PROM")" '^myrecon_gate_replication_lag_seconds\{.*\} 0$'
like "completeness is a metric" "$(cat "$PROM")" '^myrecon_gate_completeness_ratio\{.*schema="club",table="periods"\} 1$'
is "every check has a state" "$(grep -c '^myrecon_gate_check_state' "$PROM")" "$(summary checks)"
is "the metrics are for everybody" "$(stat -c %a "$PROM")" 644
ok "nothing is left beside them" sh -c "[ \"\$(ls '$IT_TMP' | grep -c prom\$)\" = 1 ]"
mr_sql GR -e "STOP SLAVE SQL_THREAD"
run_gate --prometheus "$PROM" --peer "$(gate_uri GR)" "$FACTS" "$(gate_uri GP)"
valid "critical" "$PROM"
like "the state is critical" "$(cat "$PROM")" '^myrecon_gate_state\{.*\} 2$'
"$MYRECON" gate check --prometheus "$IT_TMP/none/x.prom" --peer "$(gate_uri GR)" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "metrics that cannot be written: critical is critical" "$? $(grep -c 'warning: could not create file' "$ERR")" "2 1"
"$MYRECON" gate check --nagios --prometheus "$IT_TMP/none/x.prom" --peer "$(gate_uri GR)" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "so it is for Nagios, in one line" "$? $(grep -c '^GATE ' "$OUT")" "2 1"
"$MYRECON" gate check --only connections --prometheus "$IT_TMP/none/x.prom" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "else it is 3" $? 3
"$MYRECON" gate check --nagios --only connections --prometheus "$IT_TMP/none/x.prom" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "for Nagios, too, in one line" "$? $(grep -c '^GATE ' "$OUT")" "3 1"
cp "$FACTS" "$IT_TMP/kept.facts"
"$MYRECON" gate check --prometheus "$IT_TMP/kept.facts" --only replication_threads "$(gate_uri GR)" >"$OUT" 2>"$ERR"
is "nor over a baseline" "$? $(grep -c 'holds no metrics' "$ERR") $(cmp "$FACTS" "$IT_TMP/kept.facts" && echo kept)" "2 1 kept"
like "and the result is told" "$(head -n 1 "$OUT")" '^GATE CRITICAL - replication_threads: '
like "a thread that is stopped: who may not start it" "$(cat "$OUT")" "START ALL SLAVES there; not where it was promoted, nor while data is missing"
"$MYRECON" gate check --nagios --peer "$(gate_uri GR)" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "--nagios: critical is 2" $? 2
like "--nagios: the first line" "$(head -n 1 "$OUT")" '^GATE CRITICAL - replication_threads: .*SQL thread is stopped.*\| .*.connections_used.=[0-9]+'
is "--nagios: one bar" "$(head -n 1 "$OUT" | tr -cd '|' | wc -c)" 1

"$MYRECON" gate check --prometheus "$PROM" --peer "$(gate_uri GP)" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "an address that has moved to SERVER: nothing is known, and the metrics say so" "$? $(grep -oE '^myrecon_gate_up.* [01]$' "$PROM" | grep -o '.$')" "3 0"

# --- waiting
(sleep 2 && mr_sql GR -e "START SLAVE SQL_THREAD") &
run_gate --wait 30 --peer "$(gate_uri GR)" "$FACTS" "$(gate_uri GP)"
wait $!
is "--wait: well as soon as it is repaired" "$(what_fires) -> $RC" " -> 0"
mr_sql GR -e "STOP SLAVE IO_THREAD"
began=$SECONDS
run_gate --wait 2 --only replication_threads --peer "$(gate_uri GR)" "$FACTS" "$(gate_uri GP)"
is "--wait: critical when the time is up" "$(what_fires) -> $RC" "replication_threads:critical -> 2"
ok "--wait: not much later" [ $((SECONDS - began)) -le 10 ]

# --- silences
printf '[gate]\nsilence = replication_threads until 2099-01-01 because planned\n' >"$IT_TMP/silence.ini"
run_gate --config "$IT_TMP/silence.ini" --only replication_threads --peer "$(gate_uri GR)" "$(gate_uri GP)"
is "a silence: exit 0" "$RC $(summary verdict) $(summary silenced)" "0 ok 1"
is "a silence: still shown" "$(jq -r 'select(.type == "check") | "\(.severity) \(.silenced_until)"' "$OUT")" "critical 2099-01-01"
printf '[gate]\nsilence = replication_threads until 2020-01-01\n' >"$IT_TMP/silence.ini"
run_gate --config "$IT_TMP/silence.ini" --only replication_threads --peer "$(gate_uri GR)" "$(gate_uri GP)"
is "a silence that is over" "$RC" 2
mr_sql GR -e "START SLAVE IO_THREAD"
mr_await_replica GR

# --- digests of all rows
"$MYRECON" gate record --full --output "$IT_TMP/full.facts" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "--full: recorded" "$? $(cat "$ERR")" "0 "
run_gate --full "$IT_TMP/full.facts" "$(gate_uri GP)"
is "--full: well" "$(what_fires) -> $RC" " -> 0"
mr_sql GP -D club -e "UPDATE members SET points = 1 WHERE id = 333"
run_gate "$IT_TMP/full.facts" "$(gate_uri GP)"
is "one old row between the samples: not seen without --full" "$(what_fires) -> $RC" " -> 0"
run_gate --full "$IT_TMP/full.facts" "$(gate_uri GP)"
is "one old row between the samples: --full" "$(what_fires) -> $RC" "sample_digest:warning -> 1"
mr_sql GP -D club -e "INSERT INTO members (mobile, created_at) VALUES ('177', NOW()); UPDATE members SET points = 0 WHERE id = 333"
run_gate --full "$IT_TMP/full.facts" "$(gate_uri GP)"
is "--full: new rows are none of the past" "$(what_fires) -> $RC" " -> 0"
run_gate --full --only sample_digest "$FACTS" "$(gate_uri GP)"
is "--full with a baseline that was not recorded so" "$(what_fires) -> $RC" "sample_digest:unknown -> 4"
catch_up

# --- another instance
run_gate "$FACTS" "$(gate_uri GR)"
like "another server answers" "$(what_fires)" 'data_directory:critical read_only:critical .*role:critical server_identity:critical'
run_gate --expect-new-instance --skip role,read_only,replication_threads "$FACTS" "$(gate_uri GR)"
is "another server, as planned, with all the data" "$(what_fires) -> $RC" " -> 0"
mr_sql GP -e "CREATE DATABASE club2; CREATE TABLE club2.members LIKE club.members; CREATE TABLE club2.orders LIKE club.orders;
    CREATE TABLE club2.periods LIKE club.periods; CREATE TABLE club2.small LIKE club.small; CREATE TABLE club2.plain LIKE club.plain;
    INSERT INTO club2.members SELECT * FROM club.members; INSERT INTO club2.orders SELECT * FROM club.orders;
    INSERT INTO club2.periods SELECT * FROM club.periods; INSERT INTO club2.small SELECT * FROM club.small;
    INSERT INTO club2.plain SELECT * FROM club.plain"
run_gate --only tables,row_counts,max_keys,newest_row,schema,sample_digest "$FACTS" "$(mr_get_server GP URI)/club2"
is "a copy under another name pairs by position" "$(what_fires) -> $RC" " -> 0"
mr_sql GP -e "DROP TABLE club2.small"
run_gate --only tables "$FACTS" "$(mr_get_server GP URI)/club2"
says "a table that the copy lacks" tables 'table club2.small is gone'
run_gate --only tables "$FACTS" "$(mr_get_server GP URI)/absent"
is "a database that is not there" "$(what_fires) -> $RC" "tables:critical -> 2"
says "it is named" tables 'database absent is gone'

# --- the file
is "a check leaves the baseline alone" "$(cat "$FACTS")" "$FACTS_HERE"
sed 's/"900"/"901"/' "$FACTS" >"$IT_TMP/edited.facts"
run_gate "$IT_TMP/edited.facts" "$(gate_uri GP)"
is "an edited baseline: exit 3" "$RC $(grep -c 'checksum is wrong' "$ERR")" "3 1"
unlike "no password in a baseline" "$(cat "$FACTS")" 'password|secret'
cp "$IT_TMP/full.facts" "$IT_TMP/first.facts"
"$MYRECON" gate record --output "$IT_TMP/full.facts" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "recorded again into the same file" "$?" 0
ok "the baseline of before is kept" cmp "$IT_TMP/full.facts.old" "$IT_TMP/first.facts"
like "and that is said" "$(cat "$ERR")" "the baseline that was there is kept as \".*full.facts.old\""
ok "the new one is another" test "$(cmp -s "$IT_TMP/full.facts" "$IT_TMP/first.facts"; echo $?)" = 1
"$MYRECON" gate record --force --output "$IT_TMP/full.facts" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "--force keeps nothing more" "$? $(cat "$ERR") $(cmp "$IT_TMP/full.facts.old" "$IT_TMP/first.facts")" "0  "

"$MYRECON" gate record --budget 0 --output "$IT_TMP/estimate.facts" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
is "no budget: recorded" $? 0
like "no budget: it says so" "$(cat "$OUT")" '5 tables by estimate'
run_gate --budget 0 "$IT_TMP/estimate.facts" "$(gate_uri GP)"
is "no budget: well" "$(what_fires) -> $RC" " -> 0"
says "no budget: it says so" row_counts '5 of 5 are known by estimate'
finish
