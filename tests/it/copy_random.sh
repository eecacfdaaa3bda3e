#!/bin/bash
# copy_random.sh: random databases that two sides have changed (copy_random.py): what mirror,
# backfill and newest decide can be carried out, and a check afterwards is equal or names exactly
# what the plan lists.  SEEDS databases, from FIRST on; on MariaDB and on MySQL.

. "$(dirname "$0")/lib.sh"
begin ab
DRIVER=${BUILD:-$IT_DIR/../../build}/tests/it/merge_driver
SEEDS=${SEEDS:-5}
export PYTHONDONTWRITEBYTECODE=1

load() { # load SIDE DB FILE
    client "$1" <<<"DROP DATABASE IF EXISTS $2; CREATE DATABASE $2 CHARACTER SET utf8mb4
        COLLATE utf8mb4_general_ci" && client "$1" -D "$2" <"$3"
}
copy() { # copy SIDES SEED POLICY: one policy on one pair of databases; prints what is wrong
    local dir=$IT_TMP/$2 s=${1:0:1} t=${1:1:1} sdb=$DB tdb=${DB}_t src dst allow rc
    load "$s" "$sdb" "$dir/source.sql" && load "$t" "$tdb" "$dir/target.sql" || return
    src=$(uri "$s" "$sdb") dst=$(uri "$t" "$tdb")
    rm -f "$dir/case"*
    "$MYRECON" check "$src" "$dst" --settle 0 --case "$dir/case" --config "$dir/ini" -q \
        >"$OUT" 2>"$ERR" </dev/null
    CMD=("$DRIVER" "$src" "$dst" "$dir/case" "$dir/ini" --policy "$3")
    "${CMD[@]}" >"$dir/plan" 2>"$ERR" </dev/null
    rc=$?
    allow=$(sed -n 's/.*deletes \([0-9]*\) rows of people.*/\1/p' "$ERR")
    if [ -n "$allow" ]; then
        "${CMD[@]}" --allow-deletes "$allow" >"$dir/plan" 2>"$ERR" </dev/null
        rc=$?
    fi
    [ "$rc" -le 1 ] || {
        echo "exit code $rc"
        cat "$ERR"
        return
    }
    python3 "$IT_DIR/copy_steps.py" "$dir/plan" "$sdb=$tdb" >"$dir/steps.sql" 2>&1 || {
        cat "$dir/steps.sql"
        return
    }
    client "$t" <"$dir/steps.sql" >"$dir/rows" 2>&1
    grep -vx 1 "$dir/rows" | head -n 5
    run_check "$src" "$dst" --settle 0 --config "$dir/ini"
    python3 "$IT_DIR/copy_random.py" judge "$3" "$dir" "$DB" "$dir/plan" "$OUT"
}

fresh ao "${DB}_t"
for ((seed = ${FIRST:-1}; seed < ${FIRST:-1} + SEEDS; seed++)); do
    mkdir "$IT_TMP/$seed"
    python3 "$IT_DIR/copy_random.py" make "$seed" "$IT_TMP/$seed" "$DB" || bail "no databases"
    for policy in mirror backfill newest:updated; do
        is "seed $seed, $policy" "$(copy aa "$seed" "$policy" 2>&1)" ""
        [ $((seed % ${OTHERS:-3})) -ne 0 ] ||
            is "seed $seed, $policy, to MySQL" "$(copy oo "$seed" "$policy" 2>&1)" ""
    done
    rm -rf "${IT_TMP:?}/$seed"
done

finish
