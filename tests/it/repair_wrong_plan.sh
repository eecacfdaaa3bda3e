#!/bin/bash
# repair_wrong_plan.sh: a plan.json with a right seal that no myrecon wrote: a member less, null,
# of another type, or empty, wherever that is.  show, verify and apply --dry-run end with what
# they say of errors, and nothing is written.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
T=b
begin ab
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
CASE=case
histories
checked
plan_is 0 "a plan" plan
BEFORE=$(people)

coproc WRONG_PLAN { exec python3 "$IT_DIR/rows/plan_wrong.py" plan; }
read -r PLACES <&"${WRONG_PLAN[0]}"
wrong() { # wrong NTH HOW: sets LABEL
    echo "$1 $2" >&"${WRONG_PLAN[1]}"
    read -r LABEL <&"${WRONG_PLAN[0]}"
}

wrong 0 none
for COMMAND in show verify apply; do
    case $COMMAND in
    show) rep show plan ;;
    verify) rep verify plan "$DST" ;;
    apply) rep apply --dry-run plan "$DST" ;;
    esac
    case $RC in
    0 | 1) WHOLE=0 ;;
    *) WHOLE=$RC ;;
    esac
    is "sealed anew: $COMMAND takes it" "$WHOLE" 0
done

RUNS=0 REFUSED=0
for NTH in $(spread "$PLACES" $((SEEDS * 3 / 2))); do
    for HOW in gone null text number empty; do
        wrong "$NTH" "$HOW"
        for COMMAND in "show plan" "show --json plan" "verify plan $DST" "apply --dry-run plan $DST"; do
            rep $COMMAND
            RUNS=$((RUNS + 1))
            case $RC in
            0 | 1 | 4) ;;
            3 | 5)
                REFUSED=$((REFUSED + 1))
                [ "$(grep -c '^myrecon: error: ' "$ERR")" = 1 ] || WRONG+="$LABEL: $COMMAND: no single error line
"
                ;;
            *) WRONG+="$LABEL: $COMMAND: exit code $RC: $(head -n 2 "$ERR" | cut -c1-200)
" ;;
            esac
            if grep -Eq 'Sanitizer|runtime error' "$ERR"; then
                WRONG+="$LABEL: $COMMAND: $(grep -Em1 'Sanitizer|runtime' "$ERR")
"
            fi
        done
    done
done
judged "$RUNS runs over plans with one wrong member of $PLACES, $REFUSED refused"
is "nothing was written" "$(people)" "$BEFORE"
finish
