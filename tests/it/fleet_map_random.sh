#!/bin/bash
# fleet_map_random.sh: many sources that are read as one are told as one table that holds all of their rows:
# the same lines, though where only a server knows the order of keys, not in the same order; but for a
# note that rows were deleted meanwhile, which other tests do on that server.

. "$(dirname "$0")/lib.sh"
begin ab
SQL=$IT_TMP/sql INI=$IT_TMP/ini
mkdir "$SQL"

same() { # SEED: empty, or what differs
    local seed=$1 shards=$((2 + $1 % 3)) i
    rm -f "$SQL"/*
    { printf '[options]\nsettle = 0\ndigest = client\n[table *.t]\n' && python3 "$IT_DIR/fleet_map_random.py" "$seed" "$SQL" "$shards"; } >"$INI" || return 1
    for side in a b; do client $side <<<"DROP DATABASE IF EXISTS $DB; CREATE DATABASE $DB CHARACTER SET utf8mb4"; done
    client a -D "$DB" <"$SQL/union.sql" && client b -D "$DB" <"$SQL/target.sql" || echo "no tables"
    for ((i = 0; i < shards; i++)); do
        fresh a "${DB}_$i"
        sed "s/UNION_DB/$DB/" "$SQL/$i.sql" | client a -D "${DB}_$i" || echo "no source $i"
    done
    for source in "$SRC" "shards:$(uri a "${DB}_{0..$((shards - 1))}")#t->t"; do
        CMD=("$MYRECON" check -q --json --config "$INI" --threads $((1 + seed % 2)) "$source" "$DST")
        timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
        echo "exit $?"
        jq -cS 'select(.type == "table" or .type == "row" or .type == "moved") |
            del(.schema, .table, .note)' "$OUT" | sort
    done >"$IT_TMP/both"
    awk -v one="$IT_TMP/one" -v many="$IT_TMP/many" '/^exit/ { n++ } { print > (n == 1 ? one : many) }' "$IT_TMP/both"
    diff "$IT_TMP/one" "$IT_TMP/many"
    [ "$(wc -l <"$IT_TMP/one")" -gt 1 ] || echo "nothing was read"
}

WRONG=
MOST=$(((${SEEDS:-20} + 3) / 4))
for ((seed = 1; seed <= MOST; seed++)); do
    in_time $((seed - 1)) "$MOST" "maps" || break
    told=$(same "$seed" 2>&1) || true
    [ -z "$told" ] || WRONG+="seed $seed: ${told:0:600}
"
    cat "$IT_TMP/one" >>"$IT_TMP/all"
done
is "as the union of the sources" "$WRONG" ""
ok "there were differences, and none" eval 'grep -q "exit 1" "$IT_TMP/all" && { [ "${SEEDS:-20}" -lt 40 ] || grep -q "exit 0" "$IT_TMP/all"; }'
finish
