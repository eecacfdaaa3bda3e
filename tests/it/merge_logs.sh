#!/bin/bash
# merge_logs.sh: a merge that knows from the binary logs where the past ends and who edited a row, beside one that
# has to infer and ask; and worlds in which the logs do not tell.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb LS && mr_spawn_mariadb LT && mr_await LS LT && mr_replicate LS LT || bail "no MariaDB pair"
PAIRS="LS:LT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql LO && mr_spawn_mysql LQ && mr_await LO LQ && mr_replicate LO LQ || bail "no MySQL pair"
    PAIRS+=" LO:LQ"
fi

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    local n
    mr_sql "$1" -e "CREATE DATABASE IF NOT EXISTS beat; CREATE TABLE IF NOT EXISTS beat.b (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO beat.b VALUES ()"
    n=$(mr_sql "$1" -e "SELECT MAX(id) FROM beat.b")
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != "$n" ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
conflicts() { # DIR: "kind count;…"
    jq -r '.tables[] | select(.table == "club.members") | .conflicts // {} | to_entries[]? | "\(.key) \(.value)"' "$1/plan.json" 2>/dev/null | tr '\n' ';'
}
by_kind() { # DIR: kinds in conflicts.csv with their keys
    csvs=$(python3 -c '
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    kinds.setdefault(row["kind"], []).append(row["source_key"])
print(";".join("%s %s" % (k, ",".join(sorted(v, key=lambda x: int(x.split("..")[0])))) for k, v in sorted(kinds.items())))' "$1/conflicts.csv")
    echo "$csvs"
}

cat >"$IT_TMP/club.ini" <<'EOF'
[table club.members]
identity = mobile
subject = yes
EOF

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE club;
CREATE TABLE club.members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20));
INSERT INTO club.members (name, mobile, city) VALUES ('a','1','x'),('b','2','x'),('c','3','x'),('d','4','x'),('e','5','x'),('f','6','x'),('g','7','x'),('h','8','x'),('i','9','x'),('j','10','x');
SQL
    await_same $S $T
    mr_sql $T -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql $T -e "STOP REPLICA; RESET REPLICA ALL"
    mr_sql $S <<'SQL'
USE club;
UPDATE members SET city = 'south' WHERE id IN (1, 2);
UPDATE members SET city = 'west' WHERE id = 5;
INSERT INTO members (name, mobile, city) VALUES ('k','11','x'),('l','12','x'),('m','13','x'),('n','14','x');
SQL
    mr_sql $T <<'SQL'
USE club;
UPDATE members SET city = 'north' WHERE id = 4;
UPDATE members SET name = 'ee', city = 'east' WHERE id = 5;
DELETE FROM members WHERE id IN (9, 10);
INSERT INTO members (name, mobile, city) VALUES ('o','21','x'),('l','12','x'),('q','23','x');
SQL
    run check --config "$IT_TMP/club.ini" --case "$CASE" "$SU" "$TU"
    is "$S: the pair differs" "$RC" 1
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$IT_TMP/$S.without"
    like "$S: without logs it is refused: one who came to both is taken for the past" "$RC $(grep error "$ERR")" "^5 .*common past is said to reach to 12 \(equal rows\)"
    run history collect --config "$IT_TMP/club.ini" --case "$CASE"
    is "$S: collected" "$RC" 0
    # rules of columns that cannot be kept are refused before anything is planned
    for rule in "mobile max/max/mobile/it is of the identity" "city add/add/city/the column holds no exact numbers" \
        "town max/max/town/there is no such column"; do
        IFS=/ read -r line name column why <<<"$rule"
        { cat "$IT_TMP/club.ini" && printf '[table club.members]\nmerge = columns, %s\n' "$line"; } >"$IT_TMP/rule.ini"
        run repair plan --config "$IT_TMP/rule.ini" --case "$CASE" --policy merge --output "$IT_TMP/$S.rule"
        like "$S: merge = $line is refused" "$RC $(grep error "$ERR")" \
            "^3 .*rule.ini:[0-9]+: merge of \[table club.members\]: rule \"$name\" for column \"$column\" of table \"club.members\": $why"
        is "$S: and nothing is left of it" "$(ls -d "$IT_TMP/$S.rule" 2>/dev/null)" ""
    done
    # bounds are kept by the case: a case of its own, as after a first collect
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$IT_TMP/$S.with"
    is "$S: with logs only what both edited" "$(by_kind "$IT_TMP/$S.with")" "changed 5"
    run repair show "$IT_TMP/$S.with"
    like "$S: L is the logs'" "$(cat "$OUT")" "common past up to key 10 \(L: the last key below all that the binary logs show"
    run repair apply --yes "$IT_TMP/$S.with" "$TU"
    is "$S: what the lost side had edited is restored" "$(mr_sql $T -e "SELECT GROUP_CONCAT(city ORDER BY id) FROM club.members WHERE id <= 2")" "south,south"
    is "$S: nobody is lost" "$(mr_sql $T -e "SELECT GROUP_CONCAT(mobile ORDER BY CAST(mobile AS UNSIGNED)) FROM club.members")" \
        "1,2,3,4,5,6,7,8,11,12,13,14,21,23"
    is "$S: nor is what the live side had edited" "$(mr_sql $T -e "SELECT GROUP_CONCAT(city ORDER BY id) FROM club.members WHERE id <= 5")" "south,south,x,north,east"

    # what the live side has edited since the logs were read is not taken for untouched
    mr_sql $T -e "UPDATE club.members SET city = 'later' WHERE id = 1"
    run check --config "$IT_TMP/club.ini" --case "$CASE" "$SU" "$TU"
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$IT_TMP/$S.later"
    is "$S: edited since then: asked as edited by both" "$(by_kind "$IT_TMP/$S.later")" "changed 1,5"
done

# a target that was loaded from a dump: all of its rows are its own, and nothing is said of the past
mr_sql LT -e "DROP DATABASE club"
mr_sql LS -e "DELETE FROM club.members WHERE id > 10"
{
    echo "CREATE DATABASE club; USE club;"
    mr_sql LS -e "SHOW CREATE TABLE club.members" | cut -f 2 | sed 's/\\n/\n/g'
    echo ";"
    mr_sql LS -e "SELECT CONCAT('INSERT INTO members VALUES (', id, ',', QUOTE(name), ',', QUOTE(mobile), ',', QUOTE(city), ');') FROM club.members"
} | mr_sql LT
mr_sql LS -e "INSERT INTO club.members (name, mobile, city) VALUES ('p','31','x')"
mr_sql LT -e "DELETE FROM club.members WHERE id = 3"
CASE=$IT_TMP/dump.case
run check --config "$IT_TMP/club.ini" --case "$CASE" "$(mr_get_server LS URI)/club" "$(mr_get_server LT URI)/club"
run history collect --config "$IT_TMP/club.ini" --case "$CASE"
run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$IT_TMP/dump.plan"
like "a dump: whose logs do not tell of it, and why, is said" "$(cat "$ERR")" \
    'table "club.members": the target.s binary logs do not tell all of it \(blind: a statement defined it anew, .*\): its rows are decided by those of the other side'
run repair show "$IT_TMP/dump.plan"
like "a dump: L is not the logs'" "$(cat "$OUT")" "L: the last key whose rows are equal on both sides"
is "a dump: who was deleted does not come back" "$(by_kind "$IT_TMP/dump.plan")" "deleted-on-live 3"
finish
