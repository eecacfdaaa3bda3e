#!/bin/bash
# copy_random.sh: random databases that two sides have changed (copy_random.py): what mirror,
# backfill and newest decide can be carried out step by step, by the plan's scripts and by `repair
# apply`, and undone; a check afterwards is equal or names exactly what the plan lists.  SEEDS
# databases (2; of up to 20 a quarter, at most 60, as many as fit into one test's time), from FIRST on;
# every OTHERS-th on MySQL, too.

. "$(dirname "$0")/lib.sh"
begin ab
DRIVER=${BUILD:-$IT_DIR/../../build}/tests/it/merge_driver
SEEDS=${SEEDS:-2}
[ "$SEEDS" -le 60 ] || SEEDS=60
[ "$SEEDS" -gt 20 ] || SEEDS=$(((SEEDS + 3) / 4)) # a loaded machine takes half a minute for each
export PYTHONDONTWRITEBYTECODE=1

load() { # load SIDE DB FILE
    client "$1" <<<"DROP DATABASE IF EXISTS $2; CREATE DATABASE $2 CHARACTER SET utf8mb4
        COLLATE utf8mb4_general_ci" && client "$1" -D "$2" <"$3"
}
plan_with() { # plan_with COMMAND…: with as many deletes allowed as it names; output in $OUT
    local allow
    CMD=("$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null && return
    allow=$(sed -n 's/.*deletes \([0-9]*\) rows of people.*/\1/p' "$ERR")
    [ -z "$allow" ] || "${CMD[@]}" --allow-deletes "$allow" >"$OUT" 2>"$ERR" </dev/null && return
    [ $? -eq 1 ] && return
    cat "$ERR"
    return 1
}
judge() { # judge POLICY DIR: what a check finds now
    run_check "$src" "$dst" --settle 0 --config "$2/ini"
    python3 "$IT_DIR/copy_random.py" judge "$1" "$2" "$DB" "$2/plan" "$OUT"
}
by_steps() { # by_steps POLICY DIR: the steps, one by one
    plan_with "$DRIVER" "$src" "$dst" "$2/case" "$2/ini" --policy "$1" || return
    cp "$OUT" "$2/plan"
    python3 "$IT_DIR/copy_steps.py" "$2/plan" "$sdb=$tdb" >"$2/steps.sql" 2>&1 || {
        cat "$2/steps.sql"
        return
    }
    client "$t" <"$2/steps.sql" >"$2/rows" 2>&1
    grep -vx 1 "$2/rows" | head -n 5
    judge "$1" "$2"
}
carry_out() { # carry_out apply|undo DIR: by the stock client or by the program, in turn
    if [ $((seed % 2)) -eq 0 ]; then
        client "$t" -D "$tdb" <"$2/dir/$1.sql" 2>&1
    else
        "$MYRECON" repair "$1" --yes "$2/dir" "$dst" >"$OUT" 2>"$ERR" </dev/null ||
            { [ $? -eq 1 ] && grep -qE "conflicts? (is|are) open" "$OUT" && ! grep -q "refused" "$OUT"; } ||
            cat "$OUT" "$ERR"
    fi
}
by_plan() { # by_plan POLICY DIR: the plan's files, applied twice, proven, and undone
    load "$t" "$tdb" "$2/target.sql" || return
    rm -rf "$2/dir"
    plan_with "$MYRECON" repair plan --policy "$1" --case "$2/case" --config "$2/ini" \
        --output "$2/dir" || return
    carry_out apply "$2"
    judge "$1" "$2"
    carry_out apply "$2" | sed 's/^/again: /'
    "$MYRECON" repair verify "$2/dir" "$dst" >"$OUT" 2>"$ERR" </dev/null || cat "$OUT" "$ERR"
    carry_out undo "$2"
    load "$t" "${DB}_u" "$2/target.sql" || return
    run_check "$(uri "$t" "${DB}_u")" "$dst" --settle 0 --objects none
    [ "$RC" = 0 ] || {
        echo "undone:"
        jq -c 'select(.type == "row")' "$OUT" | head -n 5
    }
}
copy() { # copy SIDE SEED POLICY: one policy on one pair of databases; prints what is wrong
    local dir=$IT_TMP/$2 s=$1 t=$1 sdb=$DB tdb=${DB}_t src dst
    load "$s" "$sdb" "$dir/source.sql" && load "$t" "$tdb" "$dir/target.sql" || return
    src=$(uri "$s" "$sdb") dst=$(uri "$t" "$tdb")
    rm -f "$dir/case"*
    "$MYRECON" check "$src" "$dst" --settle 0 --case "$dir/case" --config "$dir/ini" -q \
        >"$OUT" 2>"$ERR" </dev/null
    by_steps "$3" "$dir" && by_plan "$3" "$dir"
}

fresh ao "${DB}_t"
fresh ao "${DB}_u"
for ((seed = ${FIRST:-1}; seed < ${FIRST:-1} + SEEDS; seed++)); do
    in_time $((seed - ${FIRST:-1})) "$SEEDS" "random databases" || break
    mkdir "$IT_TMP/$seed"
    python3 "$IT_DIR/copy_random.py" make "$seed" "$IT_TMP/$seed" "$DB" || bail "no databases"
    for policy in mirror backfill newest:updated; do
        is "seed $seed, $policy" "$(copy a "$seed" "$policy" 2>&1)" ""
        [ $((seed % ${OTHERS:-3})) -ne 0 ] ||
            is "seed $seed, $policy, to MySQL" "$(copy o "$seed" "$policy" 2>&1)" ""
    done
    rm -rf "${IT_TMP:?}/$seed"
done

finish
