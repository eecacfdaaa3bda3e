#!/bin/bash
# merge_set_times.sh: rows that a merge asks about for nothing but a time that the server sets with each UPDATE:
# the plan says how many, and which rule decides them; with it the rules of the other columns are heard.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mariadb TS && mr_spawn_mariadb TT && mr_await TS TT && mr_replicate TS TT || bail "no MariaDB pair"
CASE=$IT_TMP/times.case

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
plan() { # NAME RULES [OPTION…]: $RC, $PLAN
    PLAN=$IT_TMP/$1
    printf '[table times.members]\nmerge = %s\n' "$2" >"$IT_TMP/$1.ini"
    run repair plan --config "$IT_TMP/$1.ini" --case "$CASE" --policy merge --output "$PLAN" "${@:3}"
}
notes() { jq -r '.rows.notes[] | select(.kind == "set-times") | "\(.table) \(.text)"' "$PLAN/plan.json"; }

mr_sql TS <<'SQL'
CREATE DATABASE times; USE times;
CREATE TABLE members (id INT PRIMARY KEY, name VARCHAR(9), balance DECIMAL(9,2) NOT NULL DEFAULT 0, city VARCHAR(9),
    edited TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6));
CREATE TABLE quiet (id INT PRIMARY KEY, name VARCHAR(9));
INSERT INTO members (id, name) VALUES (1, 'ann'), (2, 'bob'), (3, 'cid'), (4, 'dan'), (5, 'eve');
INSERT INTO quiet VALUES (1, 'a');
SQL
for _ in {1..100}; do
    [ "$(mr_sql TT -e "SELECT COUNT(*) FROM times.quiet" 2>/dev/null)" != 1 ] || break
    sleep 0.1
done
mr_sql TT -e "STOP REPLICA; RESET REPLICA ALL"
# 1: paid on both sides; 2: one column each; 3: one value on both; 4: a column that both set otherwise; 5: one side alone
mr_sql TS -D times -e "UPDATE members SET balance = 5 WHERE id = 1; UPDATE members SET name = 'rob' WHERE id = 2; UPDATE members SET city = 'Ulm' WHERE id IN (3, 5);
    UPDATE members SET city = 'Kiel' WHERE id = 4; UPDATE quiet SET name = 'b'"
mr_sql TT -D times -e "UPDATE members SET balance = 7 WHERE id = 1; UPDATE members SET city = 'Bonn' WHERE id = 2; UPDATE members SET city = 'Ulm' WHERE id = 3;
    UPDATE members SET city = 'Jena' WHERE id = 4; UPDATE quiet SET name = 'c'"
run check -q --settle 1 --case "$CASE" "$(mr_get_server TS URI)/times" "$(mr_get_server TT URI)/times"
run history collect --case "$CASE"
is "the logs tell all" "$RC" 0

plan without "balance add"
is "rows of which nothing else is asked are counted, and the rule is named" "$RC $(notes)" \
    "1 times.members 3 rows are asked about for nothing but what the server sets with each UPDATE: merge = edited max in [table times.members], beside its other rules, takes the later time"
is "show has it" "$("$MYRECON" repair show "$PLAN" 2>/dev/null | grep -c '^note: times.members: 3 rows are asked about')" 1
is "none of them is decided" "$(cut -d, -f 2,5 "$PLAN/conflicts.csv" | grep -c ',changed$')" 5
plan chosen "balance add" --on-conflict changed=target
is "what is decided is not asked" "$RC $(notes)" "1 "
is "a choice is for the columns that both changed: the others of such a row are asked about next" \
    "$(cut -d, -f 1,2,5,9 "$PLAN/conflicts.csv" | grep both-changed | cut -d, -f 1-3)" times.members,2,both-changed
plan with "balance add, edited max"
is "with the rule nothing is said" "$(notes)" ""
is "and only what people know is asked" "$(cut -d, -f 1,2,5 "$PLAN/conflicts.csv" | tail -n +2 | sort | paste -sd ' ')" \
    "times.members,2,both-changed times.members,4,changed times.quiet,1,changed"
run repair apply --yes --case "$CASE" "$PLAN" "$(mr_get_server TT URI)/times"
is "both payments count" "$(mr_sql TT -e "SELECT balance FROM times.members WHERE id = 1")" 12.00
finish
