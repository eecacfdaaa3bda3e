#!/bin/bash
# merge_three_made.sh: who signed up on both sides after the split is one person with two rows: columns that have a
# rule are decided by it, without a base; the others are asked about, by their names; never without both logs.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb NS && mr_spawn_mariadb NT && mr_await NS NT && mr_replicate NS NT || bail "no MariaDB pair"
PAIRS="NS:NT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql NO && mr_spawn_mysql NQ && mr_await NO NQ && mr_replicate NO NQ || bail "no MySQL pair"
    PAIRS+=" NO:NQ"
fi

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    mr_sql "$1" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
open_ones() { # DIR: "table kind identity…;…"
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    if not row["decision"]:
        kinds.setdefault((row["table"].split(".")[1], row["kind"]), []).append(row["identity"])
print(";".join("%s %s %s" % (t, k, " ".join(sorted(v))) for (t, k), v in sorted(kinds.items())))
PY
}
by_logs() { # DIR TABLE: "outcome count;…"
    jq -r --arg t "club.$2" '.rows.tables[] | select(.table == $t) | .logs // [] | map("\(.outcome) \(.count)") | join(";")' "$1/plan.json"
}
members() { # SERVER
    mr_sql "$1" -e "SELECT CONCAT_WS(':', mobile, name, city, points, tags) FROM club.members WHERE mobile > '1' ORDER BY mobile" | paste -sd ' '
}
coded() { mr_sql "$1" -e "SELECT CONCAT_WS(':', code, total, note) FROM club.$2 ORDER BY code" | paste -sd ' '; }
lines() { mr_sql "$1" -e "SELECT CONCAT_WS(':', b.code, l.what) FROM club.rows l JOIN club.bills b ON b.id = l.bill ORDER BY 1" | paste -sd ' '; }
plan() { # NAME CONFIG OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$S.$1
    run repair plan --config "$IT_TMP/$2.ini" --case "$CASE" --policy merge --clock-skew 0 --output "$PLAN" "${@:3}"
}

cat >"$IT_TMP/none.ini" <<'END'
[table club.members]
identity = mobile
subject = yes
[table club.bills]
identity = code
[table club.rows]
identity = bill, what
[table club.cards]
identity = code
END
sed -e '/^subject/a merge = points max, city newest, tags union' -e '/^identity = code/a merge = total max, note target' \
    "$IT_TMP/none.ini" >"$IT_TMP/rules.ini"
sed 's/points max/points add/' "$IT_TMP/rules.ini" >"$IT_TMP/sums.ini"

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE club; USE club;
CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20),
    city VARCHAR(20), points DECIMAL(10,2) NOT NULL DEFAULT 0, tags SET('a','b','c') NOT NULL DEFAULT '');
CREATE TABLE bills (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, total INT, note VARCHAR(20));
CREATE TABLE `rows` (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, bill INT UNSIGNED NOT NULL, what VARCHAR(9) NOT NULL,
    UNIQUE (bill, what), FOREIGN KEY (bill) REFERENCES bills (id));
CREATE TABLE cards LIKE bills;
INSERT INTO members (mobile, name) VALUES ('1', 'old');
INSERT INTO bills (code, total) VALUES ('old', 1);
SQL
    await_same $S $T
    mr_sql "$T" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$T" -e "STOP REPLICA; RESET REPLICA ALL"
    # 20 has one key on both sides; everybody else has two, and 22's is somebody else's on the other side
    mr_sql $S <<'SQL'
USE club;
INSERT INTO members (mobile, name, city, points, tags) VALUES ('20', 'a', 'x', 9, 'a'), ('21', 'b', 'x', 2, 'a'),
    ('22', 'c', 'x', 7, ''), ('23', 'd', 'south', 1, 'c'), ('24', 'E', 'x', 5, ''), ('29', 'z', 'x', 1, '');
INSERT INTO bills (code, total, note) VALUES ('b1', 20, 'south'), ('b2', 20, 'south'), ('b3', 20, 'south');
INSERT INTO `rows` (bill, what) VALUES (2, 'apples'), (3, 'pears'), (4, 'plums');
INSERT INTO cards (code, total, note) VALUES ('c1', 20, 'south'), ('c2', 20, 'south'), ('c3', 20, 'south');
SQL
    sleep 2.2
    mr_sql $T <<'SQL'
USE club;
INSERT INTO members (mobile, name, city, points, tags) VALUES ('20', 'a', 'x', 3, 'b'), ('30', 'y', 'x', 1, ''),
    ('24', 'e', 'x', 3, 'a'), ('23', 'd', 'north', 1, 'c'), ('22', 'c', 'x', 9, 'c'), ('21', 'b', 'x', 5, 'a'),
    ('25', 'f', 'north', 1, '');
INSERT INTO bills (code, total, note) VALUES ('b0', 1, NULL), ('b1', 15, 'north'), ('b3', 30, 'north');
INSERT INTO cards (code, total, note) VALUES ('c0', 1, NULL), ('c1', 15, 'north'), ('c3', 30, 'north');
SQL
    sleep 2.2
    mr_sql $S <<'SQL'
UPDATE club.members SET city = 'south' WHERE mobile = '22'; -- by turns
INSERT INTO club.members (mobile, name, city, points) VALUES ('25', 'f', 'south', 1);
SQL
    run check --config "$IT_TMP/rules.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/rules.ini" --case "$CASE"
    is "$S: collected" "$RC" 0

    plan none none
    is "$S: without rules all are asked about, and what hangs on a bill waits" "$RC $(open_ones "$PLAN")" \
        "1 bills differs b1 b3;cards differs c1 c3;members differs 20 21 22 23 24 25;rows parent-differs 2,apples 4,plums"
    is "$S: and the logs decide nothing" "$(by_logs "$PLAN" members)|$(by_logs "$PLAN" cards)" "|"

    before=$(members $T) before_cards=$(coded $T cards)
    plan rules rules
    is "$S: by rules, but for a column without, one whose rule cannot tell, and bills that rows hang on" "$RC $(open_ones "$PLAN")" \
        "1 bills differs b1 b3;members differs 22 24;rows parent-differs 2,apples 4,plums"
    is "$S: each by its name" "$(by_logs "$PLAN" members)|$(by_logs "$PLAN" cards)" "by-rule 4;differs 2|by-rule 2"
    is "$S: what is asked about names the column" \
        "$(python3 -c 'import csv, sys; print([row["detail"] if "detail" in row else row["differs"] for row in csv.DictReader(open(sys.argv[1]))])' "$PLAN/conflicts.csv" | grep -c name)" 1
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: applied, some are open" "$RC" 1
    is "$S: the greater sum, the later town, both's tags" "$(members $T)" \
        "20:a:x:9.00:a,b 21:b:x:5.00:a 22:c:x:9.00:c 23:d:north:1.00:c 24:e:x:3.00:a 25:f:south:1.00: 29:z:x:1.00: 30:y:x:1.00:"
    is "$S: what nothing hangs on, too; and what hangs on a lost one came with it" "$(coded $T cards)|$(lines $T)" \
        "c0:1 c1:20:north c2:20:south c3:30:north|b2:pears"
    is "$S: whoever is found is in idmap.csv, written or not" \
        "$(awk -F, '$1 == "club.members" { n++ } END { print n }' "$PLAN/idmap.csv")" 7
    run repair verify "$PLAN" "$TU"
    is "$S: verified" "$RC" 0
    plan again rules
    is "$S: nothing is left to do but to answer" "$RC $(open_ones "$PLAN")" \
        "1 bills differs b1 b3;members differs 22 24;rows parent-differs 2,apples 4,plums"
    run repair undo --yes --case "$CASE" "$IT_TMP/$S.rules" "$TU"
    is "$S: undone" "$RC $(members $T) $(coded $T cards)" "0 $before $before_cards"

    plan chosen rules --on-conflict differs=source --on-conflict parent-differs=skip
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: what is chosen is the column's that was asked about; the others keep to their rules" \
        "$RC $(mr_sql $T -e "SELECT CONCAT_WS(':', name, city, points, tags) FROM club.members WHERE mobile = '24'")" "0 E:x:5.00:a"
    run repair verify "$PLAN" "$TU"
    is "$S: verified, too" "$RC" 0
    run repair undo --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: and undone" "$RC $(members $T)" "0 $before"

    plan sums sums
    is "$S: nothing is added to what has no base; and whom an undo wrote last has no newest" "$RC $(open_ones "$PLAN")" \
        "1 bills differs b1 b3;members differs 20 21 22 24 25;rows parent-differs 2,apples 4,plums"

    # what becomes of them on the live side afterwards is its own doing: no rule takes it back
    plan last rules
    # the case is not told of it: TARGET's log is
    run repair apply --yes "$PLAN" "$TU"
    mr_sql $T -e "UPDATE club.members SET points = 0 WHERE mobile IN ('20', '29'); UPDATE club.cards SET total = 16 WHERE code IN ('c1', 'c2');
        DELETE FROM club.members WHERE mobile = '21'"
    plan since rules
    is "$S: asked, where the live side has written since, brought or raised; who was deleted since stays so" "$RC $(open_ones "$PLAN")" \
        "1 bills differs b1 b3;cards differs c1 c2;members differs 20 22 24 25 29;rows parent-differs 2,apples 4,plums"
    is "$S: and is not written again" "$(awk -F, '$5 == "deleted-since" { print $4 }' "$PLAN/conflicts.csv")" 21

    # without the live side's log nobody knows that TARGET made them
    run check --config "$IT_TMP/rules.ini" --case "$CASE.one" "$SU" "$TU"
    mr_sql $T -e "FLUSH BINARY LOGS"
    mr_sql $T -e "PURGE BINARY LOGS TO '$(mr_sql $T -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)'"
    run history collect --config "$IT_TMP/rules.ini" --case "$CASE.one"
    CASE+=.one
    plan one rules
    is "$S: one log is not enough: asked" "$RC $(open_ones "$PLAN")" \
        "1 bills differs b1 b3;cards differs c1 c2 c3;members differs 20 22 23 24 25 29;members past-or-lost 21;rows parent-differs 2,apples 4,plums"
done
finish
