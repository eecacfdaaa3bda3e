#!/bin/bash
# fault_answers.sh: a server that answers to one statement what was not asked: no rows, a column
# less or more, NULL, rows that end in their middle, or before their first value does, rows without
# end where there are none and where there are some, values that are none of their types, an error of
# 60,000 bytes, other counts of what a prepared statement has.
# Every command ends with what it says of errors, whichever statement it is: no crash, no "bug", and
# nothing is said twice.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
T=b
begin ab
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
CASE=case
histories
checked
at b "CREATE VIEW people AS SELECT 1 AS one; CREATE PROCEDURE nothing(IN a INT) SELECT a;
    CREATE EVENT later ON SCHEDULE EVERY 1 YEAR DO SELECT 1; CREATE SEQUENCE numbers;
    CREATE TABLE parted (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (9));
    CREATE TABLE plain (word VARCHAR(9)); INSERT INTO plain VALUES ('x')"
"$MYRECON" gate record -q --output facts "$DST" >"$OUT" 2>"$ERR" || bail "gate: $(cat "$ERR")"
plan_is 0 "a plan" plan
PLACES=$((SEEDS / 10 + 1)) # of each command and way

declare -A COMMANDS=(
    [check]="check --config my.ini --settle 0 --threads 1 SOURCE VIA"
    [turned]="check --config my.ini --settle 0 --threads 1 --digest server VIA SOURCE"
    [affected]="affected --config my.ini --case case --since 2026-01-01 --source SOURCE --target VIA"
    [create]="snapshot create --threads 1 VIA made"
    [plan]="repair plan --config my.ini --case case --policy merge --split-at 2026-01-15 --source SOURCE --target VIA --output new"
    [dry]="repair apply --dry-run plan VIA"
    [verify]="repair verify --source SOURCE plan VIA"
    [record]="gate record --output new VIA"
    [gate]="gate check facts VIA"
    [doctor]="doctor VIA"
)

answering() { # answering NTH HOW: a server in front of b; sets PORT
    rm -f report && mkfifo end
    python3 "$IT_DIR/../fault/answers.py" "$(side_uri b | sed 's,.*@,,; s,[/?].*,,')" "$1" "$2" report <end 9>&- &
    PID=$!
    exec 8>end
    rm end
    wait_for 10 [ -e report ]
    PORT=$(sed -n 's/^port //p' report)
}
answered() { # sets STATEMENTS
    exec 8>&-
    wait $PID
    STATEMENTS=$(sed -n 's/^statements //p' report)
}

ask() { # ask NAME NTH HOW: sets RC
    local text=${COMMANDS[$1]}
    rm -rf made new run && mkdir run
    cp -r case plan facts my.ini run
    answering "$2" "$3"
    text=${text//SOURCE/$(uri a "$DB")?ssl-mode=disabled}
    text=${text//VIA/mysql://root@127.0.0.1:$PORT/$DB?ssl-mode=disabled}
    CMD=("$MYRECON" $text)
    (cd run && exec timeout -k 5 60 "${CMD[@]}") >"$OUT" 2>"$ERR" 8>&- </dev/null
    RC=$?
    answered
}

judge_one() { # judge_one LABEL
    local wrong= errors
    errors=$(grep -c '^myrecon: error: ' "$ERR")
    case $RC in
    0 | 1 | 2 | 4 | 5) [ "$errors" -le 1 ] || wrong="$errors error lines" ;;
    3) # doctor says it among its findings
        [ "$errors" = 1 ] || [ "$NAME$errors$(grep -c '^problem' "$OUT")" = doctor01 ] || wrong="$errors error lines" ;;
    *) wrong="exit code $RC" ;;
    esac
    ! grep -Eq 'Sanitizer|runtime error|out of memory' "$ERR" || wrong+=" $(grep -Em1 'Sanitizer|runtime|memory' "$ERR")"
    ! grep -q 'myrecon: error: [^:]*: *$' "$ERR" || wrong+=" an error without a word"
    ! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f]' "$ERR" && ! grep -q $'[\x07\x1b]' "$OUT" || wrong+=" control bytes"
    [ -z "$wrong" ] || WRONG+="$1: $wrong
$(head -n 3 "$ERR" | cut -c1-300 | sed 's/^/    /')
"
}

OTHER=0 LOOP_SHARE=${#COMMANDS[@]} # of the time, each
for NAME in $(printf "%s\n" "${!COMMANDS[@]}" | sort); do
    ask "$NAME" 0 ok
    TOTAL=$STATEMENTS WHOLE_RC=$RC RUNS=0 LOOP_FROM=$SECONDS
    for HOW in ok less more null short huge rows endless wild error counts; do
        for NTH in $(spread "$TOTAL" "$PLACES"); do
            # The first is that of the session, of each command alike.
            in_time "$NTH" "$TOTAL" "$NAME, statements that are answered $HOW" || break 2
            [ "$NTH" != 1 ] || [ "$NAME" = check ] || [ "$NAME" = doctor ] || continue
            ask "$NAME" "$NTH" "$HOW"
            judge_one "$NAME, statement $NTH of $TOTAL, $HOW"
            RUNS=$((RUNS + 1))
            [ "$RC" = "$WHOLE_RC" ] || OTHER=$((OTHER + 1))
        done
    done
    judged "$NAME: $TOTAL statements, $RUNS answers that were not asked for"
done
ok "a good part of them is seen: $OTHER" [ "$OTHER" -ge 20 ]
finish
