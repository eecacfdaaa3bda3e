#!/bin/bash
# repair_snapshot_random.sh: random histories (merge/generator.py, copy_random.py) are planned
# from the server of the lost side, and from a snapshot of it when that server is gone: the plans
# are the same.  SEEDS of either kind (5; of up to
# 20 a third), from FIRST on; every third has its live side on MySQL.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
. "$IT_DIR/rows/same_plans.sh"
begin ab
cd "$IT_TMP" || exit 1
export PYTHONDONTWRITEBYTECODE=1
LIVE=$SRC
[ -z "$MR_O_URI" ] || IT_DROP+=("$MR_O_URI $DB")
DROPS=${#IT_DROP[@]}

load() { # load SIDE FILE
    fresh "$1" "$DB"
    IT_DROP=("${IT_DROP[@]:0:DROPS}")
    client "$1" -D "$DB" <"$2" || bail "cannot load $2"
}
plans() { # plans SOURCE NAME: of each policy into NAME.N; what each came to
    local n=0 words policy rc allow
    rm -rf "$2".* "$2-case"*
    "$MYRECON" check "$1" "$DST" --settle 0 --case "$2-case" --config ini -q >"$OUT" 2>"$ERR" </dev/null
    [ $? -le 1 ] || { cat "$ERR" && return; }
    for policy in "${POLICIES[@]}"; do
        n=$((n + 1))
        words=("$MYRECON" repair plan --policy "$policy" --case "$2-case" --config ini -q --output "$2.$n")
        [ "$policy" != merge ] || words+=("${MERGE[@]}")
        "${words[@]}" >"$OUT" 2>"$ERR" </dev/null
        rc=$?
        allow=$(sed -n 's/.*deletes \([0-9]*\) rows of people.*/\1/p' "$ERR")
        if [ -n "$allow" ]; then
            "${words[@]}" --allow-deletes "$allow" >"$OUT" 2>"$ERR" </dev/null
            rc=$?
        fi
        echo "$policy $rc $(grep error "$ERR")"
    done
}
compare() { # compare NAME
    local n live
    live=$(plans "$LIVE" live)
    MADE=$((MADE + $(grep -c ' [01] ' <<<"$live"))) ALL=$((ALL + ${#POLICIES[@]}))
    rm -rf lost
    take "$LIVE" lost --chunk-size 1
    [ $RC = 0 ] || bail "no snapshot: $(cat "$ERR")"
    client a <<<"DROP DATABASE $DB"
    is "$1" "$(plans snapshot:lost snap)$(for n in live.*; do plans_differ "$n" "snap.${n#live.}" 2>&1; done)" "$live"
}

MADE=0 ALL=0
first=${FIRST:-1} SEEDS=${SEEDS:-5}
[ "$SEEDS" -le 200 ] || SEEDS=200
[ "$SEEDS" -gt 20 ] || SEEDS=$(((SEEDS + 2) / 3))
for ((seed = first; seed < first + SEEDS; seed++)); do
    in_time $((seed - first)) "$SEEDS" "histories and sides" || break
    t=b
    [ $((seed % 3)) -ne 0 ] || [ -z "$MR_O_URI" ] || t=o
    DST=$(uri $t "$DB")
    rm -rf h && mkdir h
    python3 "$IT_DIR/merge/planfiles.py" "$seed" $((seed % 2 ? 8 : 24)) h "$DB" >"$OUT" 2>&1 || {
        grep -q Refused "$OUT" && continue # histories that merge.md plans nothing for
        bail "no histories: $(tail -n 2 "$OUT")"
    }
    load a h/source.sql
    load $t h/target.sql
    cp h/merge.ini ini
    mapfile -t MERGE <h/options
    POLICIES=(merge)
    compare "merge, seed $seed"
    rm -rf h && mkdir h
    python3 "$IT_DIR/copy_random.py" make "$seed" h "$DB" >"$OUT" 2>&1 || bail "no sides: $(tail -n 2 "$OUT")"
    load a h/source.sql
    load $t h/target.sql
    cp h/ini ini
    POLICIES=(mirror backfill newest:updated)
    compare "mirror, backfill, newest, seed $seed"
done
is "most of them can be planned ($MADE of $ALL)" "$((2 * MADE > ALL))" 1
finish
