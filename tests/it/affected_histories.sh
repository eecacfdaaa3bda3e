#!/bin/bash
# affected_histories.sh: generated clubs with two histories each (histories.py), whose truth is
# known row by row: check and affected must say exactly that, in every format.
#
# SEEDS=N of them (20), of PEOPLE=N (250); then a large one, whose times are printed.

. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || bail "no python3"
begin ""
PEOPLE=${PEOPLE:-250} LARGE=${LARGE:-10000}
MOST=200 ENOUGH=50 # seeds; between them, as many as fit into one test's time
SEEDS=$((${SEEDS:-20} < MOST ? ${SEEDS:-20} : MOST))
TOLD=$IT_TMP/told
for side in a b ${MR_O_URI:+o}; do
    IT_DROP+=("$(side_uri $side) $DB" "$(side_uri $side) ${DB}_live" "$(side_uri $side) ${DB}_list")
done

load() { # load SIDE NAME FILE: an empty database with what is in FILE
    client "$1" <<<"DROP DATABASE IF EXISTS $2;
        CREATE DATABASE $2 CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci" &&
        client "$1" -D "$2" <"$3" || bail "cannot load $3 on side $1"
}

generate() { # generate SEED PEOPLE: into $TRUTH
    TRUTH=$IT_TMP/truth.$1
    mkdir -p "$TRUTH"
    python3 "$IT_DIR/histories.py" "$1" "$2" "$TRUTH" "$DB" || bail "no histories of seed $1"
}

# The servers take turns; the target's database goes by the same name or by another one.
place() { # place SEED: loads both histories, sets SRC and DST
    local pairs=(ab ba ab) pair live=$DB
    [ -z "$MR_O_URI" ] || pairs=(ab ao ba oa)
    pair=${pairs[$1 % ${#pairs[@]}]}
    [ $(($1 % 3)) -ne 0 ] || live=${DB}_live
    load "${pair:0:1}" "$DB" "$TRUTH/source.sql"
    load "${pair:1:1}" "$live" "$TRUTH/target.sql"
    SRC=$(uri "${pair:0:1}" "$DB") DST=$(uri "${pair:1:1}" "$live")
    PLACED="seed $1, $pair"
}

compare() { # compare DESCRIPTION ARGS…: of histories_compare.py
    local desc=$1 run="${CMD[*]}" CMD=() # the differing lines say it all
    shift
    python3 "$IT_DIR/histories_compare.py" "$@" >"$TOLD" 2>&1
    result $? "$desc" "$(cat "$TOLD")
$run"
}

tell_apart() { # tell_apart DESCRIPTION WHAT TRUTH OUTPUT: it does when a line of the truth is gone
    local line
    line=$(($(wc -l <"$3") / 2 + 1))
    sed "${line}d" "$3" >"$IT_TMP/less"
    python3 "$IT_DIR/histories_compare.py" "$2" "$IT_TMP/less" "$4" >"$TOLD" 2>&1
    is "$1" "$? $(grep -c '^+' "$TOLD") $(grep -c '^-' "$TOLD")" "1 1 0"
}

check_both() { # the placed pair into $TRUTH/case
    rm -f "$TRUTH/case"
    check_is 1 "$PLACED: check exits 1" --config "$TRUTH/club.ini" --case "$TRUTH/case"
    compare "$PLACED: check tells the truth" check "$TRUTH/check.json" "$OUT"
}

affected_is() { # affected_is DESCRIPTION [ARGS…]: of the placed pair's case, into $OUT
    local desc="$PLACED: $1"
    shift
    CMD=("$MYRECON" affected --no-progress --case "$TRUTH/case" "$@")
    TOOK=${EPOCHREALTIME/./}
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$? TOOK=$(((${EPOCHREALTIME/./} - TOOK) / 1000))
    is "$desc: exits 0" "$RC" 0
}

affected_csv() {
    affected_is "affected, csv" --format csv
    compare "$PLACED: affected, csv: the truth" csv "$TRUTH/affected.csv" "$OUT"
}

affected_window() { # and with more columns
    local args
    mapfile -t args <"$TRUTH/window"
    affected_is "affected in a window" "${args[@]}"
    compare "$PLACED: affected in a window: the truth" csv "$TRUTH/window.csv" "$OUT"
    compare "$PLACED: affected in a window: Python reads it" reader "$OUT"
}

affected_json() {
    affected_is "affected, json" --json
    compare "$PLACED: affected, json: the truth" json "$TRUTH/affected.csv" "$OUT"
}

affected_keys() {
    affected_is "affected, template" --format template --template 'user:{id}'
    compare "$PLACED: affected, template: every old and new key" keys "$TRUTH/affected.csv" "$OUT"
}

affected_sql() { # affected_sql SIDE: loaded there by the stock client
    local names
    affected_is "affected, sql" --format sql
    load "$1" "${DB}_list" "$OUT"
    names=$(head -n 1 "$TRUTH/affected.csv" | tr -d '\r' | sed 's/[^,]*/`&`/g')
    client "$1" -D "${DB}_list" <<<"SELECT JSON_ARRAY($names) FROM myrecon_affected" >"$IT_TMP/arrays"
    compare "$PLACED: affected, sql loaded on $1: the truth" arrays "$TRUTH/affected.csv" "$IT_TMP/arrays"
}

generate 1 "$PEOPLE"
mkdir -p "$IT_TMP/again"
python3 "$IT_DIR/histories.py" 1 "$PEOPLE" "$IT_TMP/again" "$DB"
ok "the same seed gives the same bytes" diff -r "$TRUTH" "$IT_TMP/again"
for ((seed = 1; seed <= SEEDS; seed++)); do
    in_time $((seed - 1)) "$SEEDS" "histories" || break
    [ "$seed" -le "$ENOUGH" ] || [ "$SECONDS" -lt 360 ] || break
    generate "$seed" "$PEOPLE"
    place "$seed"
    check_both
    [ "$seed" -gt 1 ] || tell_apart "check: one line less of the truth is told" check "$TRUTH/check.json" "$OUT"
    affected_csv
    [ "$seed" -gt 1 ] || tell_apart "affected: one line less of the truth is told" csv "$TRUTH/affected.csv" "$OUT"
    case $((seed % 5 == 2 ? 3 : seed % 4)) in # keys that are texts: always the window
    0) affected_keys ;;
    1) affected_json ;;
    2) [ "$seed" -gt 20 ] || affected_sql "$([ -n "$MR_O_URI" ] && [ "$seed" -lt 10 ] && echo o || echo a)" ;;
    *) affected_window ;;
    esac
    [ "$IT_FAILED" -gt 0 ] || rm -rf "$TRUTH"
done
echo "# $((seed - 1)) seeds in $SECONDS s"

generate 0 "$LARGE"
place 0
check_both
seconds=$(jq 'select(.type == "summary").seconds' "$OUT")
affected_csv
echo "# $LARGE people: check $seconds s, affected $TOOK ms"
finish
