#!/bin/bash
# merge_three.sh: rows whose state at the split the binary logs tell are merged by their columns: what the lost
# side changed alone is restored, what both changed is asked about or decided by a choice, what the live side
# deleted stays deleted; applied, verified, and taken back.  The truth is kept column by column.

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
field() { # DIR KIND KEY COLUMN: of conflicts.csv
    python3 - "$1/conflicts.csv" "$2" "$3" "$4" <<'PY'
import csv, sys
for row in csv.DictReader(open(sys.argv[1], newline="")):
    if row["kind"] == sys.argv[2] and row["source_key"] == sys.argv[3]:
        print(row.get(sys.argv[4], "no such column"))
PY
}
by_kind() { # DIR: "table kind key,…;…"
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    kinds.setdefault((row["table"].split(".")[1], row["kind"]), []).append(row["source_key"] or row["target_key"])
print(";".join("%s %s %s" % (t, k, ",".join(sorted(v))) for (t, k), v in sorted(kinds.items())))
PY
}
by_logs() { # DIR TABLE: "outcome count;…"
    jq -r --arg t "club.$2" '.rows.tables[] | select(.table == $t) | .logs // [] | map("\(.outcome) \(.count)") | join(";")' "$1/plan.json"
}
members() { # SERVER: "id:name:city:club:points,…"
    mr_sql "$1" -e "SELECT CONCAT_WS(':', id, name, city, IFNULL(team, '-'), points) FROM club.members ORDER BY id" | paste -sd ' '
}

cat >"$IT_TMP/hall.ini" <<'EOF'
[table hall.people]
identity = mobile
subject = yes
[table hall.visits]
identity = none
EOF
cat >"$IT_TMP/club.ini" <<'EOF'
[table club.members]
identity = mobile
subject = yes
EOF

{
    cat "$IT_TMP/club.ini"
    echo 'merge = columns, points add'
} >"$IT_TMP/rules.ini"

part() { # SOURCE TARGET: they replicate no more
    mr_sql "$2" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$2" -e "STOP REPLICA; RESET REPLICA ALL"
}

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE club;
CREATE TABLE club.teams (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE club.members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), mobile VARCHAR(20) NOT NULL UNIQUE,
    city VARCHAR(20), team INT UNSIGNED, points DECIMAL(10,2) NOT NULL DEFAULT 0, seen DATETIME NULL,
    FOREIGN KEY (team) REFERENCES club.teams (id));
CREATE TABLE club.notes (code CHAR(36) PRIMARY KEY, member INT UNSIGNED NOT NULL, txt VARCHAR(40), FOREIGN KEY (member) REFERENCES club.members (id));
INSERT INTO club.teams (title) VALUES ('red'), ('blue');
INSERT INTO club.members (name, mobile, city, team) VALUES ('a','1','x',1),('b','2','x',1),('c','3','x',1),('d','4','x',1),('e','5','x',1),
    ('f','6','x',1),('g','7','x',1),('h','8','x',1),('i','9','x',1),('j','10','x',1),('k','11','x',1),('l','12','x',1),('m','13','x',1);
INSERT INTO club.notes VALUES ('n1',1,'one'),('n2',2,'two'),('n3',3,'three'),('n8',8,'eight'),('n9',9,'nine'),('n10',10,'ten');
SQL
    mr_sql $S <<'SQL'
CREATE DATABASE hall; USE hall;
CREATE TABLE people (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE visits (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, person INT UNSIGNED NOT NULL, n INT NOT NULL,
    FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE);
INSERT INTO people (mobile) VALUES ('1'), ('2'), ('3'), ('4'), ('5');
INSERT INTO visits (person, n) VALUES (1, 10), (2, 20), (4, 40), (1, 50), (5, 60), (4, 70);
SQL
    await_same $S $T
    part $S $T
    mr_sql $S <<'SQL'
USE club;
UPDATE members SET city = 'south' WHERE id = 1;                         -- alone: restored
UPDATE members SET city = 'south' WHERE id = 2;                         -- T changes the name: both-changed
UPDATE members SET city = 'south' WHERE id = 3;                         -- T changes the city, too: changed
UPDATE members SET city = 'south' WHERE id = 4;                         -- T to the same
UPDATE members SET city = 'south' WHERE id = 5; UPDATE members SET city = 'x' WHERE id = 5; -- and back
INSERT INTO teams (title) VALUES ('green');
UPDATE members SET team = 3, points = points + 5 WHERE id = 6;          -- a reference to lost history
UPDATE members SET city = 'south' WHERE id = 8;                         -- T deletes it: deleted-on-live
UPDATE members SET mobile = '77' WHERE id = 11;                         -- somebody of T has it: unique
UPDATE notes SET txt = 'ONE' WHERE code = 'n1';                         -- a key that no counter makes
INSERT INTO members (name, mobile, city, team) VALUES ('s','30','y',2), ('t','31','y',3);
INSERT INTO notes VALUES ('n30',14,'thirty'), ('n33',3,'more');
INSERT INTO notes VALUES ('n99',10,'of one whom T deletes');
UPDATE members SET points = points + 5 WHERE id = 12;                   -- T adds 3
DELETE FROM members WHERE id = 13;                                      -- T still has it
SQL
    mr_sql $T <<'SQL'
USE club;
INSERT INTO teams (title) VALUES ('pink');
UPDATE members SET name = 'bb' WHERE id = 2;
UPDATE members SET city = 'north', name = 'cc' WHERE id = 3;
UPDATE members SET city = 'south' WHERE id = 4;
UPDATE members SET city = 'north', points = points + 3 WHERE id = 7;    -- alone: stays
UPDATE members SET points = points + 3 WHERE id = 12;
DELETE FROM notes WHERE code IN ('n8', 'n9', 'n10');
DELETE FROM members WHERE id IN (8, 9, 10);                             -- 9: nothing; 10: has a new child on S
INSERT INTO members (name, mobile, city, team) VALUES ('o','21','z',3), ('p','77','z',2), ('q','23','z',1);
SQL
    run check --config "$IT_TMP/club.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/club.ini" --case "$CASE"
    is "$S: collected" "$RC" 0
    mr_sql $T -e "UPDATE club.members SET seen = '2026-01-01' WHERE id IN (6, 7)" # a live server goes on
    PLAN=$IT_TMP/$S.plan
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$PLAN"
    is "$S: only what both have changed, or what cannot be written, is asked" "$RC $(by_kind "$PLAN")" \
        "1 members both-changed 2,6;members changed 12,3;members deleted-in-source 13;members deleted-on-live 10,8;members unique 11;notes parent-absent n10,n8,n99"
    is "$S: each decision by its name" "$(by_logs "$PLAN" members)" \
        "both-changed 2;change-held-up 1;changed 2;deleted-in-source 1;restored-change 1;unchanged-in-source 2"
    is "$S: notes, too" "$(by_logs "$PLAN" notes)" "restored-change 1;unchanged-in-source 1"
    is "$S: the row at the split is shown" "$(field "$PLAN" both-changed 2 base | jq -c '[.name, .city, .points]')" '["b","x","0.00"]'
    is "$S: and the row that columns would give" "$(field "$PLAN" both-changed 2 columns | jq -c '[.name, .city]')" '["bb","south"]'
    for side in source:city target:name; do
        is "$S: and when the ${side%:*} changed it, by which transaction" "$(field "$PLAN" both-changed 2 "${side%:*}_changes" |
            jq -c '.columns | keys, (.[] | (.time | test("^20[0-9-]{8} [0-9:]{8}")), (.gtid | length > 0), (.log | length > 0), (.position | tonumber > 0))' |
            paste -sd ' ')" "[\"${side#*:}\"] true true true true"
    done
    is "$S: and when it was deleted" "$(field "$PLAN" deleted-on-live 8 target_changes | jq -r .row.kind)" delete
    is "$S: of one column that both changed, TARGET's" "$(field "$PLAN" changed 3 columns)" ""
    run repair show "$PLAN" --why club.members 1
    like "$S: show says why" "$(cat "$OUT")" "by the binary logs: restored-change: city: restored-change"
    run repair show "$PLAN"
    like "$S: and sums up" "$(cat "$OUT")" "by the binary logs: 2 both-changed, 1 change-held-up, 2 changed, 1 deleted-in-source, 1 restored-change"

    before=$(members $T)
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$PLAN.2" \
        --on-conflict both-changed=columns --on-conflict changed=source --on-conflict deleted-on-live=restore
    is "$S: with choices" "$RC $(by_kind "$PLAN.2")" \
        "1 members both-changed 2,3,6;members changed 12;members deleted-in-source 13;members deleted-on-live 10,8;members unique 11;notes deleted-on-live n10,n8"
    run repair apply --yes "$PLAN.2" "$TU"
    is "$S: applied, one is open" "$RC" 1
    is "$S: each column is as it should be" "$(members $T)" \
        "1:a:south:1:0.00 2:bb:south:1:0.00 3:cc:south:1:0.00 4:d:south:1:0.00 5:e:x:1:0.00 6:f:x:$(mr_sql $T -e "SELECT id FROM club.teams WHERE title = 'green'"):5.00 7:g:north:1:3.00 8:h:south:1:0.00 10:j:x:1:0.00 11:k:x:1:0.00 12:l:x:1:5.00 13:m:x:1:0.00 14:o:z:3:0.00 15:p:z:2:0.00 16:q:z:1:0.00 $(mr_sql $T -e "SELECT CONCAT_WS(':', id, name, city, team, points) FROM club.members WHERE mobile IN ('30', '31') ORDER BY id" | paste -sd ' ')"
    is "$S: what the live side wrote meanwhile is not overwritten" "$(mr_sql $T -e "SELECT COUNT(*) FROM club.members WHERE seen = '2026-01-01'")" 2
    is "$S: notes came with them" "$(mr_sql $T -e "SELECT GROUP_CONCAT(CONCAT(code, '=', txt) ORDER BY code SEPARATOR ' ') FROM club.notes")" \
        "n1=ONE n10=ten n2=two n3=three n30=thirty n33=more n8=eight n99=of one whom T deletes"
    run repair verify "$PLAN.2" "$TU"
    is "$S: verified" "$RC" 0
    run repair undo --yes "$PLAN.2" "$TU"
    is "$S: undone" "$RC $(members $T)" "0 $before"

    run repair plan --config "$IT_TMP/rules.ini" --case "$CASE" --policy merge --output "$PLAN.3"
    is "$S: by the rules of the table's owner" "$RC $(by_kind "$PLAN.3" | tr ';' '\n' | grep -c changed) $(by_logs "$PLAN.3" members)" \
        "1 2 both-changed 2;by-rule 1;change-held-up 1;changed 1;deleted-in-source 1;restored-change 1;unchanged-in-source 2"
    run repair apply --yes "$PLAN.3" "$TU"
    is "$S: what both added is added" "$(mr_sql $T -e "SELECT points FROM club.members WHERE id = 12")" 8.00
    is "$S: each keeps its own columns" "$(mr_sql $T -e "SELECT CONCAT(name, city) FROM club.members WHERE id IN (2, 3) ORDER BY id" | paste -sd ' ')" "bbsouth ccnorth"
    run repair plan --config "$IT_TMP/rules.ini" --case "$CASE" --policy merge --on-conflict restored-change=stop --output "$PLAN.4"
    is "$S: nothing is left to restore" "$RC $(by_logs "$PLAN.4" members | grep -c restored)" "1 0"

    # cascades, which leave no events; a key that SOURCE gave to another person; a row that it gave another key
    HS=${SU%/club}/hall HT=${TU%/club}/hall CASE=$IT_TMP/$S.hall
    mr_sql $S <<'SQL'
USE hall;
DELETE FROM people WHERE id = 3; INSERT INTO people VALUES (3, '33');
INSERT INTO visits (person, n) VALUES (3, 330);     -- of the new one, not of TARGET's 3
UPDATE visits SET person = 3 WHERE id = 6;          -- likewise
UPDATE visits SET n = 51 WHERE id = 4;              -- alone: restored
UPDATE visits SET id = 505 WHERE id = 5;
SQL
    mr_sql $T <<'SQL'
USE hall;
DELETE FROM people WHERE id = 2;                    -- and visit 2 by a cascade
INSERT INTO people (mobile) VALUES ('6'); INSERT INTO visits (person, n) VALUES (6, 80);
SQL
    run check --config "$IT_TMP/hall.ini" --case "$CASE" "$HS" "$HT"
    run history collect --config "$IT_TMP/hall.ini" --case "$CASE"
    run repair plan --config "$IT_TMP/hall.ini" --case "$CASE" --policy merge --output "$PLAN.hall"
    is "$S: who went by a cascade stays away unasked; no stranger gets another's rows; nothing comes twice" "$RC $(by_kind "$PLAN.hall")" \
        "1 people past-or-lost 3;visits deleted-on-live 505;visits parent-absent 6,7"
    run repair apply --yes "$PLAN.hall" "$HT"
    is "$S: what is asked is not written" "$(mr_sql $T -e "SELECT GROUP_CONCAT(CONCAT_WS(':', id, person, n) ORDER BY id SEPARATOR ' ') FROM hall.visits")" \
        "1:1:10 3:4:40 4:1:51 5:5:60 6:4:70 7:6:80"
done
finish
