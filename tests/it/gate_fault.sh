#!/bin/bash
# gate_fault.sh: memory runs out, the network is cut, a disk is full, all over a run: gate gives
# the right result or a clean error, never "well" for a server that is not, and never half a
# baseline.

. "$(dirname "$0")/lib.sh"
settings stay
. "$IT_DIR/../fault/lib.sh"
[ -e "$LIBRARY" ] && [ -x "$PROXY" ] || bail "no library at $LIBRARY"
begin a
at a "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) UNIQUE, created_at DATETIME, KEY (created_at));
    INSERT INTO members (mobile, created_at) SELECT seq, '2026-04-01' + INTERVAL seq MINUTE FROM seq_1_to_500;
    CREATE TABLE periods (period INT PRIMARY KEY, v INT); INSERT INTO periods SELECT seq, 1 FROM seq_1_to_300;
    CREATE TABLE plain (a INT, b TEXT); INSERT INTO plain VALUES (1, 'x')"
URI=$(uri a "$DB")
CONFIG=$IT_TMP/my.ini FACTS=$IT_TMP/facts
printf '[table %s.periods]\nsequence = period\n' "$DB" >"$CONFIG"
"$MYRECON" gate record --config "$CONFIG" --output "$FACTS" "$URI" >/dev/null || bail "no baseline"
at a "DELETE FROM members WHERE id > 450; DELETE FROM periods WHERE period BETWEEN 100 AND 110"
EXPECTED='max_keys newest_row row_counts sequence_gaps'

gate() { # URI [ENV…]: the check of the broken server
    timeout -k 5 60 env "${@:2}" "$MYRECON" gate check --json --config "$CONFIG" \
        --skip connections,long_transactions,metadata_locks,running_backup,disk,probe_latency,history_list,auto_increment_position,gtid_superset \
        "$FACTS" "$1" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

# 2 with all that is to be found; or an error that is told once; never anything else.
complaint() {
    local found
    case $RC in
    2)
        found=$(jq -r 'select(.severity == "critical" or .severity == "warning") |
            select(.name | IN("max_keys", "newest_row", "row_counts", "sequence_gaps")).name' "$OUT" | sort | tr '\n' ' ')
        [ "$found" = "$EXPECTED " ] || echo "found only: $found"
        ;;
    3 | 4) [ "$(grep -c '^myrecon: error: ' "$ERR")" = 1 ] || echo "no error line" ;;
    124 | 137) echo "it hangs" ;;
    *) echo "exit code $RC" ;;
    esac
}

gate "$URI"
is "undisturbed: exit 2, with all that is to be found" "$RC $(complaint)" "2 "

memory gate "$URI" 2 $((SEEDS * 2))
network gate a "$SEEDS"

# --- a baseline is whole or absent
half() { # COUNT
    local n total sticky=0 left
    for n in $(spread 3000 "$1"); do
        rm -f "$IT_TMP"/new*
        timeout -k 5 60 env MR_FAULT_IN=-nowhere- LD_PRELOAD="$LIBRARY" MR_FAULT_AT="$n" MR_FAULT_STICKY=$sticky \
            MR_FAULT_REPORT="$IT_TMP/report" "$MYRECON" gate record --output "$IT_TMP/new" "$URI" >"$OUT" 2>"$ERR"
        RC=$?
        left=$(cd "$IT_TMP" && ls -A | grep '^\.\?new\|^\.myrecon-' | tr '\n' ' ')
        case $RC:$left in
        0:'new ')
            "$MYRECON" gate check --only tables,row_counts "$IT_TMP/new" "$URI" >/dev/null 2>&1 ||
                WRONG+="allocation $n: a baseline that does not hold
"
            ;;
        3: | 4:) ;;
        *) WRONG+="allocation $n: exit code $RC, left: $left
" ;;
        esac
        sticky=$((1 - sticky))
    done
    judged "$1 baselines while memory runs out: whole or absent"
}
half "$SEEDS"
"$MYRECON" gate record --output /dev/full "$URI" >"$OUT" 2>"$ERR"
is "a baseline onto a device is refused" $? 3
finish
