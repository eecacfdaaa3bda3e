#!/bin/bash
# merged_fleet.sh: writes what "fleet merge" leaves behind, without servers and parts; to be sourced.
#
#   merged_begin DIR2 [PARTS [MISSING]]   an empty directory
#   merged_pair DIR2 NAME KIND [SQL]      a pair, whose case (tests/cli/make_case) SQL changes; KIND is
#                                         equal, diverged (4 rows), incomplete (a table was not checked)
#   merged_end DIR2                       fleet.jsonl
#
# MYRECON is the program; sqlite3 and jq are needed.
merged_fleet=20261128T000000Z-0000

merged_begin() {
    mkdir "$1" && : >"$1.lines" && echo "${2:-4} ${3:-0}" >"$1.parts"
}

merged_figures() { # CASE: as fleet.jsonl has them
    "$MYRECON" report --case "$1" --format json | jq -c 'select(.type == "summary") |
        {verdict, reason: .not_visible, tables, diverged: .diverged_tables, not_checked, rows, bytes: 0,
         missing, extra, changed, collision, moved, unsettled_rows, objects, seconds}'
}

merged_pair() {
    local case=$1/$2.case sql="UPDATE run SET uuid = '$merged_fleet.$2', source = 'mysql://a@old/$2', target = 'mysql://a@new/$2';"
    "$(dirname "$MYRECON")/tests/cli/make_case" "$case" || return 1
    case $3 in
    equal) sql+="DELETE FROM finding; DELETE FROM moved; DELETE FROM link; UPDATE tbl SET verdict = 1, source_rows = 10, target_rows = 10;" ;;
    *) sql+="UPDATE tbl SET source_rows = 10, target_rows = 10, collision = name LIKE '%members', moved = collision,
        extra = name LIKE '%members', changed = name LIKE '%members', missing = name LIKE '%orders';
        UPDATE tbl SET moved = collision;" ;;
    esac
    [ "$3" != incomplete ] ||
        sql+="UPDATE tbl SET verdict = 4, reason = 'part 1: it is missing', missing = 0 WHERE name LIKE '%orders';
            DELETE FROM finding WHERE tbl IN (SELECT id FROM tbl WHERE name LIKE '%orders');"
    sqlite3 "$case" "$sql${4:-}" || return 1
    { merged_figures "$case"; [ ! -e "$1.told" ] || cat "$1.told"; } |
        jq -cs --arg name "$2" '{type: "pair", pair: $name} + add' >>"$1.lines"
}

merged_end() {
    {
        jq -cn --arg fleet "$merged_fleet" '{type: "run", schema: "myrecon/fleet-merge/1", run_id: "20261128T010000Z-0001",
            $fleet, created: "2026-11-28T00:00:00Z", started: "2026-11-28T01:00:00Z"}'
        cat "$1.lines"
        read -r parts missing <"$1.parts"
        jq -cs --argjson parts "$parts" --argjson missing "$missing" \
            '{type: "summary", verdict: "any", pairs: length, $parts, parts_missing: $missing}' "$1.lines"
    } >"$1/fleet.jsonl"
    rm -f "$1.lines" "$1.parts" "$1.told"
}
