#!/bin/bash
# copy_policies.sh: mirror, backfill and newest: what they decide, that the steps can be carried
# out, and that a check afterwards is equal or names exactly what was listed.

. "$(dirname "$0")/lib.sh"
begin ab
DRIVER=${BUILD:-$IT_DIR/../../build}/tests/it/merge_driver
CASE=$IT_TMP/case INI=$IT_TMP/ini PLAN=$IT_TMP/plan

again() { # again TABLES-SQL [INI]: the databases anew, on both sides
    fresh ab "$DB"
    at ab "$1"
    printf '%s\n' "${2:-}" >"$INI"
}
plan() { # plan POLICY [ARGS…]: checks and plans
    rm -f "$CASE"*
    "$MYRECON" check "$SRC" "$DST" --settle 0 --case "$CASE" --config "$INI" -q \
        "${CHECK[@]}" >"$OUT" 2>"$ERR" </dev/null
    CMD=("$DRIVER" "$SRC" "$DST" "$CASE" "$INI" --policy "$@")
    "${CMD[@]}" >"$PLAN" 2>"$ERR" </dev/null
    RC=$?
}
CHECK=()
entities() { # "TABLE KEY DECISION KIND DETAIL", sorted; keys are SOURCE's, else TARGET's
    jq -r 'select(.type == "entity") | [(.table | sub(".*\\."; "")),
        ((.source_key // .target_key // ["-"]) | join(",")), .decision, .kind // "-",
        .detail // "-"] | join(" ")' "$PLAN" | sort
}
steps() { # "OP TABLE [VALUES…]" in the order in which they are carried out
    jq -sr 'map(select(.type == "step")) | sort_by(.unit, .level)[] |
        "\(.op) \(.table | sub(".*\\."; "")) \([(.after // .before)[]] | tojson)"' "$PLAN"
}
result_of() { jq -r "select(.type == \"result\") | .$1" "$PLAN"; }
carry_out() { # the steps, on TARGET
    local sql
    sql=$(python3 "$IT_DIR/copy_steps.py" "$PLAN" 2>&1) || {
        echo "$sql"
        return 1
    }
    client b -D "$DB" <<<"$sql" >"$IT_TMP/rows" 2>&1 || cat "$IT_TMP/rows"
    grep -vx 1 "$IT_TMP/rows"
}
left() { # "TABLE KIND KEY" of what a check afterwards finds
    run_check "$SRC" "$DST" --settle 0 --config "$INI" "${CHECK[@]}"
    jq -r 'select(.type == "row") | [(.table | sub(".*\\."; "")), .kind,
        (.key // {} | [.[]] | join(","))] | join(" ")' "$OUT" | sort
}
converges() { # converges DESCRIPTION [LEFT]: carried out, only LEFT is found
    is "$1: every step is carried out" "$(carry_out)" ""
    is "$1: a check names what is left" "$(left)" "${2:-}"
}

PEOPLE="CREATE TABLE people (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20) NULL, seen DATETIME NULL);
    INSERT INTO people VALUES (1, 'm1', 'a', '2026-01-01'), (2, 'm2', 'b', '2026-01-01'),
    (3, 'm3', 'c', '2026-01-01');"

# --- mirror
again "$PEOPLE"
at a "INSERT INTO people VALUES (4, 'm4', 'd', NULL); UPDATE people SET name = 'x' WHERE id = 2"
at b "DELETE FROM people WHERE id = 1"
plan mirror
is "mirror inserts and updates" "$(entities)" "people 1 insert - -
people 2 update - -
people 4 insert - -"
is "and exits 0" "$RC" 0
converges mirror

at b "INSERT INTO people VALUES (9, 'm9', 'z', NULL), (10, 'm10', 'z', NULL)"
plan mirror
is "deleting people is refused" "$RC" 5
like "with their number" "$(cat "$ERR")" "deletes 2 rows of people"
plan mirror --allow-deletes 1
is "also with another number" "$RC" 5
like "naming both" "$(cat "$ERR")" "deletes 2 rows of people, not the 1 that"
plan mirror --allow-deletes 2
is "and done with the right one" "$RC $(entities)" "0 people 10 delete - -
people 9 delete - -"
converges "deletes"

finish
