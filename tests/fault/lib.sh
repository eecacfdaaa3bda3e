# lib.sh: what the fault tests share, beside tests/it/lib.sh: a pair with every kind of
# difference, and the judgement of a run in which something failed.
#
# A run with a fault may end in two ways only.  It ends with the exit code and the result
# of an undisturbed run; or it ends with 3, 4 or 6 and says so: one error line, or warnings
# for 4.  Whatever it has printed by then may be incomplete, but never wrong: no table is
# called equal or diverged but those that are, with their numbers, and no summary but the
# right one says anything else than "incomplete".

FAULT_DIR=$(dirname "$MYRECON")/tests/fault

torture() { # torture WORLD: all of a script; see torture.py
    [ -e "$FAULT_DIR/failing_any.so" ] || bail "no library at $FAULT_DIR"
    begin ''
    if [ "$SEEDS_ASKED" -lt 100 ]; then
        skip "each call of the C library fails once" "make torture has it, and make test-long"
        finish
    fi
    export MYRECON MR_A_URI MR_B_URI PYTHONDONTWRITEBYTECODE=1
    SEEDS=$SEEDS_ASKED python3 "$IT_DIR/../fault/torture_worlds.py" "$1" "$IT_TMP" 9>&-
    exit
}

# A script is given ten minutes, however many seeds are asked for.
SEEDS=${SEEDS:-20} SEEDS_ASKED=${SEEDS:-20}
[ "$SEEDS" -le 150 ] || SEEDS=150

PROXY=$FAULT_DIR/proxy PROXY_PID='' PORT=0
proxy() { # proxy SIDE [KEY=VALUE…]: a proxy to the side, always on the same port; sets VIA
    local address=$(side_uri "$1") i
    proxy_ends
    REPORT=$IT_TMP/proxy
    rm -f "$REPORT"
    address=${address##*@}
    "$PROXY" "$PORT" "${address%%[/?]*}" "$REPORT" "${@:2}" &
    PROXY_PID=$!
    at_exit '[ -z "$PROXY_PID" ] || kill "$PROXY_PID"; PROXY_PID='
    for ((i = 0; i < 500; i++)); do
        [ ! -e "$REPORT" ] || break
        sleep 0.01
    done
    PORT=$(sed -n 's/^port //p' "$REPORT")
    [ -n "$PORT" ] || bail "the proxy does not start"
    VIA=mysql://$(uri "$1" "$DB" | sed "s,^mysql://,,; s,@.*,@127.0.0.1:$PORT,")/$DB
}

proxy_ends() { # sets BYTES: what the server has sent
    [ -n "$PROXY_PID" ] || return 0
    kill "$PROXY_PID"
    wait "$PROXY_PID"
    PROXY_PID=
    BYTES=$(sed -n 's/^bytes //p' "$REPORT")
}

small_pair() { # small_pair SIDES: every kind of finding, on two sides
    local s=${1:0:1} t=${1:1:1}
    at "$1" "
CREATE TABLE keyed (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, v DECIMAL(9,2),
    pad TEXT, KEY (v));
INSERT INTO keyed VALUES (1, 'm1', 1, 'a'), (2, 'm2', 2, REPEAT('long', 20000)), (3, 'm3', 3, NULL),
    (4, 'm4', 4.5, ''), (5, 'm5', 5, 'e'), (6, 'm6', 6, 'f');
CREATE TABLE keyless (n INT, s VARCHAR(9)); INSERT INTO keyless VALUES (1, 'a'), (1, 'a'), (2, 'b'), (NULL, 'c');
CREATE TABLE docs (id BIGINT PRIMARY KEY, doc JSON, at DATETIME(3));
INSERT INTO docs VALUES (1, '{\"a\": [1, 2.50, \"x\"], \"long\": {\"k\": null}}', '2024-01-01 00:00:00.001'),
    (2, '{\"b\": 1, \"a\": 2}', NULL);
CREATE TABLE same (id INT PRIMARY KEY, v VARBINARY(20)); INSERT INTO same VALUES (1, 0x00FF), (2, 'x');
CREATE TABLE reference (id INT PRIMARY KEY, keyed_id INT);
INSERT INTO reference VALUES (1, 1), (2, 2), (3, 9);
CREATE TABLE child (id INT PRIMARY KEY, keyed_id INT, mobile VARCHAR(20), v INT,
    FOREIGN KEY (keyed_id) REFERENCES keyed (id), FOREIGN KEY (mobile) REFERENCES keyed (mobile));
INSERT INTO child VALUES (1, 2, NULL, 1), (2, 4, 'm5', 1), (3, NULL, 'M6', 1), (4, 4, 'm5', 1);
CREATE TABLE grandchild (id INT PRIMARY KEY, child_id INT, FOREIGN KEY (child_id) REFERENCES child (id));
INSERT INTO grandchild VALUES (1, 1), (2, 4)"
    at "$s" "CREATE TABLE words (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
INSERT INTO words VALUES ('a', 1), ('B', 2), ('_', 3), ('z', 4), ('C', 5);
CREATE VIEW seen AS SELECT id FROM same"
    at "$t" "CREATE TABLE words (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
INSERT INTO words VALUES ('a', 1), ('B', 2), ('_', 7), ('z', 4), ('d', 5);
DELETE FROM keyed WHERE id = 1; UPDATE keyed SET mobile = 'm9' WHERE id = 3;
UPDATE keyed SET pad = CONCAT(pad, '.') WHERE id = 2; INSERT INTO keyed VALUES (7, 'm1', 1, 'a');
DELETE FROM keyless WHERE n = 1 LIMIT 1; INSERT INTO keyless VALUES (3, 'd');
UPDATE docs SET doc = '{\"a\": 2, \"b\": 2}' WHERE id = 2; CREATE INDEX more ON reference (keyed_id);
UPDATE child SET v = 2 WHERE id < 4; UPDATE grandchild SET child_id = 3 WHERE id = 1; INSERT INTO grandchild VALUES (3, 4)"
}

whole() { # the result without what belongs to one run only; row by row
    jq -Sc 'select(.type != "run") | del(.seconds, .bytes, .waited)' "$OUT" 2>/dev/null | sort
}

undisturbed() { # undisturbed DESCRIPTION WANTED-RC [ARGS…]: sets WHOLE, WHOLE_RC and WAYS
    local CASE=$IT_TMP/undisturbed
    rm -f "$CASE"
    check_is "$2" "$1" "${@:3}"
    WHOLE=$(whole) WHOLE_RC=$2
    check_is "$2" "$1, with a case" "${@:3}" --case "$CASE"
    WAYS=$(ways)
}

finished_tables() { # from stdin: what is said of each table that is called equal or diverged
    jq -Sc 'select(.type == "table" and (.verdict == "equal" or .verdict == "diverged")) |
        {table, verdict, missing, extra, changed, collision, moved}' 2>/dev/null | sort
}

# Where the last run kept a case, whom the rows belong to is a part of the result.
is_whole() {
    local CASE= i
    for ((i = 0; i < ${#CMD[@]}; i++)); do
        [ "${CMD[i]}" != --case ] || CASE=${CMD[i + 1]}
    done
    [ "$RC" = "$WHOLE_RC" ] && [ "$(whole)" = "$WHOLE" ] && { [ -z "$CASE" ] || [ "$(ways)" = "$WAYS" ]; }
}

what_is_wrong() { # with the last run, one a line; nothing where it is as it may be
    local errors wrong
    case $RC in
    0 | 1 | "$WHOLE_RC")
        is_whole || printf 'exit code %s with another result:\n%s\n' "$RC" \
            "$(diff <(echo "$WHOLE") <(whole) | head -n 5)"
        return
        ;;
    3 | 4 | 6) ;;
    124 | 137) echo "it hangs" ;;
    *) echo "exit code $RC" ;;
    esac
    errors=$(grep -c '^myrecon: error: ' "$ERR")
    case $RC:$errors in
    3:1 | 6:1 | 4:1) ;;
    4:0) grep -q '^myrecon: warning: ' "$ERR" || echo "exit code 4 without a reason" ;;
    *) echo "$errors error lines" ;;
    esac
    if grep -Eq 'Sanitizer|runtime error' "$ERR"; then echo "a sanitizer complains"; fi
    wrong=$(comm -13 <(finished_tables <<<"$WHOLE") <(finished_tables <"$OUT"))
    [ -z "$wrong" ] || echo "wrong about a table: $wrong"
    if grep -q '"type": *"summary"' "$OUT" && ! grep -q '"verdict": *"incomplete"' "$OUT" &&
        [ "$(whole)" != "$WHOLE" ]; then
        echo "an incomplete result with the summary of a complete one"
    fi
}

left_behind() { # what lies in the directory beside what belongs there: NAMES…
    local name
    (cd "$1" && ls -A) | while read -r name; do
        case " ${*:2} " in
        *" $name "*) ;;
        *) echo "$name is left behind" ;;
        esac
    done
}

spread() { # spread TOTAL [COUNT]: so many numbers from 1 to TOTAL, evenly, both ends among them
    awk -v t="$1" -v n="${2:-$SEEDS}" 'BEGIN {
        if (n >= t) for (i = 1; i <= t; i++) print i
        else for (i = 0; i < n; i++) print 1 + int(i * (t - 1) / (n > 1 ? n - 1 : 1))
    }'
}

# The many runs of a script are one test each time: this collects what is wrong with them.
WRONG=
judge() { # judge LABEL [MORE…]: the last run; MORE: further complaints
    local wrong
    wrong=$(what_is_wrong; [ $# -lt 2 ] || printf '%s\n' "${@:2}" | sed '/^$/d')
    [ -n "$wrong" ] || return 0
    WRONG+="$1 (exit code $RC): $wrong
$(head -n 3 "$ERR" | cut -c1-300 | sed 's/^/    /')
"
}

judged() { # judged DESCRIPTION: nothing was wrong since the last time
    CMD=()
    result "$([ -z "$WRONG" ]; echo $?)" "$1" "$(head -n 40 <<<"$WRONG")"
    WRONG=
}

# --- other commands ----------------------------------------------------------------------
#
# A script for them has a function that runs the command, URI [ENV…], and sets $RC; and
# `complaint`, which prints what is wrong with the last run, one a line.

LIBRARY=$FAULT_DIR/failing_alloc.so

collect() { # collect LABEL: the last run's complaints
    local wrong
    wrong=$(complaint)
    [ -z "$wrong" ] || WRONG+="$1: $wrong
$(head -n 3 "$ERR" | cut -c1-300 | sed 's/^/    /')
"
}

with_failing() { # with_failing COMMAND URI N STICKY: its Nth allocation fails, or from it on all
    "$1" "$2" MR_FAULT_IN=-nowhere- LD_PRELOAD="$LIBRARY" MR_FAULT_AT="$3" MR_FAULT_STICKY="$4" \
        MR_FAULT_REPORT="$IT_TMP/report"
}

memory() { # memory COMMAND URI WHOLE-RC COUNT
    local n total sticky=0 fatal=0
    with_failing "$1" "$2" 0 0
    total=$(head -n 1 "$IT_TMP/report")
    for n in $(spread "${total:-1}" "$4"); do
        with_failing "$1" "$2" "$n" $sticky
        collect "allocation $n of $total, sticky $sticky"
        [ "$RC" = "$3" ] || fatal=$((fatal + 1))
        sticky=$((1 - sticky))
    done
    judged "$4 of $total allocations failed, one by one"
    ok "$fatal were fatal, at least a quarter" [ $((fatal * 4)) -ge "$4" ]
}

network() { # network COMMAND SIDE COUNT
    local n total
    proxy "$2"
    "$1" "$VIA"
    proxy_ends
    total=$BYTES
    for n in $(spread "$total" "$3"); do
        proxy "$2" "cut=$n"
        "$1" "$VIA"
        collect "cut at $n of $total"
        proxy_ends
    done
    judged "the connection was cut at $3 of $total bytes"
}
