#!/bin/bash
# fleet_gate.sh: gate and doctor of a fleet: one verdict with the worst first, who stands still
# delays nobody, passwords stay where they are, and nothing outlives an interrupted run.

. "$(dirname "$0")/lib.sh"
begin ab
DIR=$IT_TMP/before INI=$IT_TMP/fleet.ini
client a -D "$DB" <<<"CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO t (v) VALUES (1), (2), (3)" || bail "no table"
client b -D "$DB" <<<"CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO t (v) VALUES (1), (2), (3)" || bail "no table"
for side in a b; do
    client $side <<<"DROP USER IF EXISTS fleet@'127.0.0.1', fleet@localhost;
        CREATE USER fleet@'127.0.0.1' IDENTIFIED BY 'pass-of-$side'; GRANT ALL ON *.* TO fleet@'127.0.0.1'" || bail "no account"
done
at_exit 'for side in a b; do client $side <<<"DROP USER IF EXISTS fleet@'"'127.0.0.1'"'"; done'

fleet() { # fleet ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" fleet "$@" --inventory "$INI")
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
servers() { jq -r 'select(.type == "server") | "\(.pair) \(.side) \(.verdict)"' "$OUT"; }
of() { jq -c "select(.pair == \"$1\" and .side == \"$2\") | $3" "$OUT"; }
ONLY=(--only connections,row_counts,tables) # what others do to these servers changes nothing of it

# --- record and check, a critical one first
cat >"$INI" <<END
[pair one]
source = $SRC
target = $DST
[pair two]
source = $SRC
target = $DST
config = two.ini
END
printf '[table *.t]\nfreshness = v\n[gate]\nrow = 1\n' >"$IT_TMP/two.ini"
fleet gate record --output "$DIR"
like "a pair's own configuration is read: its fault is that pair's" "$(cat "$OUT")" '^failed +two source .*two\.ini:4: '
unlike "and the other's is none" "$(cat "$OUT")" 'one (source|target)'
is "one pair could not be recorded" "$RC" 4
: >"$IT_TMP/two.ini"
fleet gate record --output "$DIR" --json
is "recorded: all that can be" "$(jq -r 'select(.type == "server") | "\(.pair) \(.side) \(.state)"' "$OUT" | sed 's/incomplete/recorded/' | xargs)" \
    "one source recorded one target recorded two source recorded two target recorded"
is "a file each" "$(find "$DIR" -name '*.json' -printf '%f\n' | sort | xargs)" \
    "one.source.json one.target.json two.source.json two.target.json"
is "that nobody else reads" "$(stat -c %a "$DIR" "$DIR/one.source.json" | xargs)" "700 600"
fleet gate check "$DIR" --json "${ONLY[@]}"
is "as it was: in the inventory's order" "$RC $(servers | xargs)" "0 one source ok one target ok two source ok two target ok"
rm "$DIR/two.source.json"
client b -D "$DB" <<<'DROP TABLE t'
fleet gate check "$DIR" --json "${ONLY[@]}"
is "the worst first, a lost baseline is unknown" "$RC $(servers | xargs)" \
    "2 one target critical two target critical two source unknown one source ok"
is "what is gone" "$(of one target '.checks[] | select(.name == "tables") | .severity')" '"critical"'
fleet gate check "$DIR" --prometheus "$IT_TMP/m.prom" "${ONLY[@]}"
like "the first line" "$(head -n 1 "$OUT")" \
    "^FLEET GATE CRITICAL - 1 of 4 servers ok, 2 critical, 1 unknown: one target, two target \| 'servers'=4 'ok'=1 "
like "the metrics" "$(cat "$IT_TMP/m.prom")" '^myrecon_fleet_gate_check_state\{pair="one",side="target",check="tables"\} 2$'
if promtool=$("$IT_DIR/../lib/promtool.sh" 2>/dev/null); then
    ok "promtool reads them" "$promtool" check metrics <"$IT_TMP/m.prom"
else
    skip "promtool reads them" "no promtool"
fi
fleet gate check "$DIR" --json "${ONLY[@]}" --pair one --side source
is "--pair and --side" "$RC $(servers | xargs)" "0 one source ok"
fleet gate check --json --only split_brain --peers --pair one
is "--peers: each sees the other" "$(jq -r 'select(.type == "server") | .checks[].name' "$OUT" | xargs)" "split_brain split_brain"
client b -D "$DB" <<<"CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO t (v) VALUES (1), (2), (3)"

# --- passwords
u=${MR_A_URI##*@} v=${MR_B_URI##*@}
printf '[pair env]\nsource = mysql://fleet@%s/%s\ntarget = mysql://fleet@%s/%s\n[pair uri]\nsource = mysql://fleet:pass-of-a@%s/%s\ntarget = mysql://fleet:pass-of-b@%s/%s\n' \
    "$u" "$DB" "$v" "$DB" "$u" "$DB" "$v" "$DB" >"$INI"
export MYRECON_SOURCE_PASSWORD=pass-of-a MYRECON_TARGET_PASSWORD=pass-of-b
fleet gate check --json -vv --only connections
is "passwords of a side, and in URIs" "$RC $(servers | xargs)" "0 env source ok env target ok uri source ok uri target ok"
unlike "and none is told" "$(cat "$OUT" "$ERR")" 'pass-of'
MYRECON_SOURCE_PASSWORD=pass-of-b fleet gate check --json --only connections
is "a wrong one is one server's" "$RC $(servers | xargs)" "4 env source unknown env target ok uri source ok uri target ok"
like "with its reason" "$(of env source .reason)" 'access denied|not accept'
fleet doctor --json --pair uri
is "doctor: passwords in URIs" "$(jq -r 'select(.type == "pair") | .reason' "$OUT")" null
unlike "doctor: none is told" "$(cat "$OUT" "$ERR")" 'pass-of'

unset MYRECON_SOURCE_PASSWORD MYRECON_TARGET_PASSWORD

# --- one accepts connections and never answers
cat >"$IT_TMP/mute.py" <<'END'
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(128)
print(s.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(s.accept())
END
python3 "$IT_TMP/mute.py" >"$IT_TMP/port" &
mute=$!
at_exit "kill $mute"
ok "a mute server" wait_for 10 test -s "$IT_TMP/port"
port=$(cat "$IT_TMP/port")
{
    printf '[pair mute]\nsource = mysql://root:hush-hush@127.0.0.1:%s/x?connect-timeout=600\ntarget = %s\n' "$port" "$DST"
    printf '[pair well-{01..15}]\nsource = %s?connect-timeout=1{}\ntarget = %s\n' "$SRC" "$DST"
} >"$INI"
LIMIT=60 fleet gate check --json --only connections --time-limit 15
is "it is unknown" "$RC $(servers | head -n 1)" "4 mute source unknown"
is "for want of an answer in time" "$(of mute source .reason)" '"no answer in time"'
is "the 31 others are well" "$(servers | grep -c ' ok$')" 31
ok "and it took no longer than that and a little" jq -e 'select(.type == "summary") | .seconds >= 15 and .seconds < 25' "$OUT"
LIMIT=60 fleet doctor --json --pair mute --time-limit 2
is "doctor: unknown, too" "$(jq -r 'select(.type == "pair") | "\(.verdict) \(.reason)"' "$OUT")" "unknown no answer in time"

# --- interrupted: within 2 s, and nothing stays
tasks_of() { ps -o pid= --ppid "$PID" | xargs; }
has_tasks() { [ "$(ps -o comm= -p "$PID")" = myrecon ] && [ -n "$(tasks_of)" ]; }
for signal in TERM INT HUP; do
    # a shell's background child ignores SIGINT, and would hand that down
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$MYRECON" fleet gate check --only connections --inventory "$INI" --pair mute --side source >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    ok "$signal: it waits for its task" wait_for 20 has_tasks
    tasks=$(tasks_of)
    cat "/proc/$PID/cmdline" $(printf '/proc/%s/cmdline ' $tasks) >"$IT_TMP/argv" 2>/dev/null
    ok "$signal: the lines were read" grep -q myrecon "$IT_TMP/argv"
    unlike "$signal: no password in an argv" "$(tr '\0' ' ' <"$IT_TMP/argv")" 'hush-hush|pass-of'
    kill -$signal "$PID"
    ended 4
    is "$signal: ends with 6" "$RC" 6
    is "$signal: and no task is left" "$(ps -o pid= -p "${tasks// /,}" | xargs)" ""
done

# --- a disk that is full
printf '[pair p]\nsource = %s\ntarget = %s\n' "$SRC" "$DST" >"$INI"
if [ "$(id -u)" = 0 ] && mkdir "$IT_TMP/small" && mount -t tmpfs -o size=4k none "$IT_TMP/small" 2>/dev/null; then
    at_exit "umount '$IT_TMP/small'"
    head -c 4096 /dev/zero >"$IT_TMP/small/full"
    fleet gate record --output "$IT_TMP/small"
    is "a full disk: exit 4" "$RC" 4
    is "each is told to have failed, for that" "$(grep -cE '^failed .*No space left' "$OUT")" 2
else
    skip "a full disk is told" "no right to mount"
fi

# --- 200 servers: as long as the slowest, and not as all of them
printf '[pair s-{001..100}]\nsource = %s?connect-timeout={}\ntarget = %s\n' "$SRC" "$DST" >"$INI"
LIMIT=300 fleet gate check --json --only connections
is "200: all have answered" "$RC $(servers | grep -c ' ok$')" "0 200"
is "200: together they took less than one after the other" \
    "$(jq -rs '(map(select(.type == "server").seconds) | add) as $sum | .[-1].seconds < $sum' "$OUT")" true
echo "# $(jq -rs '"200 at once: \(.[-1].seconds) s, the slowest \(map(select(.type == "server").seconds) | max) s, sum \(map(select(.type == "server").seconds) | add) s"' "$OUT")"
LIMIT=300 fleet gate check --json --only connections --at-once 1 --pair 's-0[01]?'
is "--at-once 1: never two at a time" \
    "$(jq -rs '(map(select(.type == "server").seconds) | add) as $sum | .[-1].seconds >= $sum * 0.95' "$OUT")" true
echo "# $(jq -rs '"\(.[-1].servers) one by one: \(.[-1].seconds) s"' "$OUT")"
finish
