#!/bin/bash
# merge_unlogged.sh: what the binary logs leave out, or have in another form than rows are compared in: row images
# of a part, while TARGET goes on; what foreign keys take along (SET NULL, ON UPDATE CASCADE); texts of latin1 beside
# utf8mb4, in values and keys.  Each row is right, or asked about by the right name.
#   merge_unlogged.sh [long]: on MySQL 9, too, and in more worlds

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=
[ -z "${1:-}" ] || mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb US && mr_spawn_mariadb UT && mr_await US UT && mr_replicate US UT || bail "no MariaDB pair"
PAIRS=US:UT
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql UO && mr_spawn_mysql UQ && mr_await UO UQ && mr_replicate UO UQ || bail "no MySQL pair"
    PAIRS+=" UO:UQ"
fi

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
sql() { mr_sql "$1" --default-character-set=utf8mb4 "${@:2}"; }
by_kind() { # "table kind key,…;…"
    python3 - "$PLAN/conflicts.csv" <<'PY'
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    kinds.setdefault((row["table"].split(".")[1], row["kind"]), []).append(row["source_key"] or row["target_key"])
print(";".join("%s %s %s" % (t, k, ",".join(sorted(v))) for (t, k), v in sorted(kinds.items())))
PY
}
by_logs() { # TABLE: "outcome count;…"
    jq -r --arg t "$DB.$1" '.rows.tables[] | select(.table == $t) | .logs // [] | map("\(.outcome) \(.count)") | join(";")' "$PLAN/plan.json"
}
rows() { # SERVER TABLE: "column:column … …"
    sql "$1" -e "SELECT * FROM $DB.$2" | LC_ALL=C sort | tr '\t' ':' | paste -sd ' '
}
# Both have the same rows from now on: without a log, as what stood at the split is in no log that is read.
world() { # NAME, statements on stdin
    N=$((${N:-0} + 1)) DB=w$N NAME=$1
    { echo "SET sql_log_bin = 0; CREATE DATABASE $DB CHARACTER SET utf8mb4; USE $DB;" && cat; } >"$IT_TMP/base.sql"
    sql "$S" <"$IT_TMP/base.sql" && sql "$T" <"$IT_TMP/base.sql" || bail "$NAME: no world"
    CASE=$IT_TMP/$S.$DB.case CONFIG=$IT_TMP/$S.$DB.ini
    SU=$(mr_get_server "$S" URI)/$DB TU=$(mr_get_server "$T" URI)/$DB
    : >"$CONFIG"
}
on() { # SERVER, statements
    sql "$1" "$DB" -e "$2" || bail "$NAME: $2"
}
check() { run check --settle 0 --config "$CONFIG" --case "$CASE" "$SU" "$TU"; }
collect() { # and whether all of it is good
    run history collect --json --config "$CONFIG" --case "$CASE" "$@"
    is "$S: $NAME: collected" "$RC $(jq -r 'select(.type == "table" and .evidence != "good") | "\(.table) \(.side) \(.reason)"' "$OUT")" "0 "
}
plan() { # NAME OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$S.$DB.$1
    run repair plan --config "$CONFIG" --case "$CASE" --policy merge --output "$PLAN" "${@:2}"
}
apply() { # what stands then is what WANTED tells, and verify agrees
    local name=$1 table=$2 wanted=$3 before
    before=$(rows "$T" "$table")
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: $NAME: $name" "$(rows "$T" "$table")" "$wanted"
    run repair verify "$PLAN" "$TU"
    is "$S: $NAME: $name, verified" "$RC" 0
    run repair undo --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: $NAME: $name, and undone" "$RC $(rows "$T" "$table")" "0 $before"
}

# ---- images of a part ----

MEMBERS="CREATE TABLE m (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20), n INT NOT NULL DEFAULT 0,
    txt TEXT, twice INT AS (n * 2) STORED, seen TIMESTAMP(6) NOT NULL DEFAULT '2020-01-01' ON UPDATE CURRENT_TIMESTAMP(6));
    INSERT INTO m (mobile, city, txt) VALUES ('1','x','t'),('2','x','t'),('3','x','t'),('4','x','t'),('5','x','t'),('6','x','t'),('7','x','t'),('8','x','t'),('9','x','t'),('10','x','t'),('11','x','t'),('12','x','t');"
members() { # SERVER
    sql "$1" -e "SELECT CONCAT_WS(':', id, mobile, city, n, txt, twice) FROM $DB.m ORDER BY id" | paste -sd ' '
}

parts() { # IMAGE-OF-SOURCE IMAGE-OF-TARGET: what each changed alone is told apart; TARGET goes on all the while
    local of=$1 ot=$2 kinds
    world "images $of, $ot" <<<"$MEMBERS"
    printf '[table %s.m]\nidentity = mobile\nignore-columns = seen\n' "$DB" >"$CONFIG"
    on "$S" "SET binlog_row_image = $of; UPDATE m SET city = 's' WHERE id IN (1, 2, 3, 6, 8); UPDATE m SET n = 7 WHERE id = 4; UPDATE m SET txt = 's' WHERE id = 5;
        UPDATE m SET city = 's', txt = 's' WHERE id = 7; INSERT INTO m (mobile) VALUES ('30')"
    on "$T" "SET binlog_row_image = $ot; UPDATE m SET n = 5 WHERE id IN (2, 7); UPDATE m SET city = 't' WHERE id = 3; UPDATE m SET txt = 'tt' WHERE id = 4; INSERT INTO m (mobile) VALUES ('40')"
    check
    collect
    on "$T" "SET binlog_row_image = $ot; UPDATE m SET txt = 'later' WHERE id = 1; UPDATE m SET city = 'later' WHERE id = 5; UPDATE m SET n = 9 WHERE id = 9;
        DELETE FROM m WHERE id = 6; DELETE FROM m WHERE id = 8; INSERT INTO m (id, mobile, city) VALUES (8, '8', 'again'); UPDATE m SET id = 210 WHERE id = 10"
    plan asked
    kinds="m both-changed 1,2,4,5,7;m changed 3,8;m deleted-on-live 6"
    is "$S: $NAME: what both changed is asked about by its name" "$RC $(by_kind)" "1 $kinds"
    plan columns --on-conflict both-changed=columns
    on "$T" "SET binlog_row_image = $ot; UPDATE m SET n = n + 100 WHERE id IN (1, 2); UPDATE m SET city = 'moved' WHERE id = 4; DELETE FROM m WHERE id = 11"
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: $NAME: applied beside what TARGET writes" "$(members "$T" | sed 's/ [0-9]*:30:.*//')" \
        "1:1:s:100:later:200 2:2:s:105:t:210 3:3:t:0:t:0 4:4:moved:7:tt:14 5:5:later:0:s:0 7:7:s:5:s:10 8:8:again:0:0 9:9:x:9:t:18 12:12:x:0:t:0 13:40:0:0 210:10:x:0:t:0"
    run repair verify "$PLAN" "$TU"
    is "$S: $NAME: verified" "$RC" 0
}

# ---- what foreign keys take along ----

FAMILY="CREATE TABLE p (id INT PRIMARY KEY, a INT); CREATE TABLE c (id INT PRIMARY KEY, p INT, a INT, b INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL ON UPDATE CASCADE);
    INSERT INTO p VALUES (1,1),(2,2),(3,3),(9,9);
    INSERT INTO c VALUES (11,1,0,0),(21,2,0,0),(22,2,0,0),(23,2,0,0),(24,2,0,0),(31,3,0,0),(32,3,0,0),(33,3,0,0),(34,3,0,0);"
PARENTS="DELETE FROM p WHERE id = 2; UPDATE p SET id = 30 WHERE id = 3; UPDATE c SET b = 5 WHERE id IN (23, 33)"
CHILDREN="UPDATE c SET a = 7 WHERE id IN (11, 21, 31); UPDATE c SET p = 9 WHERE id IN (22, 32)"

family() { # IMAGE
    local image="SET binlog_row_image = $1"
    world "parents of TARGET, $1" <<<"$FAMILY"
    on "$T" "$image; $PARENTS"
    on "$S" "$image; $CHILDREN"
    check
    collect
    plan asked
    # where MySQL shows the children, images of a part do not show what stood there
    if [ "$1.$S" != MINIMAL.UO ]; then
        is "$S: $NAME: a child that went along is TARGET's change" "$RC $(by_kind)" "1 c both-changed 21,31;c changed 22,32"
        plan columns --on-conflict both-changed=columns
        apply "each side's column" c "11:1:7:0 21:NULL:7:0 22:NULL:0:0 23:NULL:0:5 24:NULL:0:0 31:30:7:0 32:30:0:0 33:30:0:5 34:30:0:0"
    else
        is "$S: $NAME: a child that went along is asked about" "$RC $(by_kind)" "1 c changed 21,22,31,32"
    fi

    world "parents of SOURCE, $1" <<<"$FAMILY"
    on "$S" "$image; $PARENTS"
    on "$T" "$image; $CHILDREN"
    check
    collect
    plan asked
    [ "$1.$S" != MINIMAL.UO ] || return 0
    is "$S: $NAME: a child follows its parent, which stays" "$RC $(by_kind) $(by_logs c)" \
        "1 p deleted-in-source 2;p deleted-on-live 30 restored-change 2;unchanged-in-source 7"
    apply "what SOURCE changed in a child is restored" c "11:1:7:0 21:2:7:0 22:9:0:0 23:2:0:5 24:2:0:0 31:3:7:0 32:9:0:0 33:3:0:5 34:3:0:0"
}

# A parent that SOURCE gave another key, which TARGET gave to somebody else, or to the same one.
moved() {
    local is
    for is in stranger same; do
        world "a parent with another key, and TARGET has $is there" <<<"$FAMILY"
        on "$S" "UPDATE p SET id = 30 WHERE id = 3; INSERT INTO c VALUES (35, 30, 1, 1); UPDATE c SET a = 5 WHERE id = 11"
        [ $is = same ] && on "$T" "UPDATE p SET id = 30 WHERE id = 3" || on "$T" "INSERT INTO p VALUES (30, 77)"
        check
        collect
        plan children
        is "$S: $NAME: planned, and a stranger asked about" "$RC $(by_kind | grep -c 'p key-changed 30')" "$([ $is = same ] && echo 0 0 || echo 1 1)"
        run repair apply --yes --case "$CASE" "$PLAN" "$TU"
        is "$S: $NAME: its new child comes to nobody else" "$(rows "$T" c | tr ' ' '\n' | grep -c '^35:30:') $(by_kind | grep -c 'c parent-absent.*35')" \
            "$([ $is = same ] && echo 1 0 || echo 0 1)"
    done
}

# Parents of whom no log tells by one column, the child's: where MySQL shows the children, nobody knows whose doing
# it was.
beside() {
    local asked=""
    world "parents of SOURCE by two columns, and by what is no key" <<<"CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b)); CREATE TABLE q (id INT PRIMARY KEY, code INT NOT NULL UNIQUE);
        CREATE TABLE c (id INT PRIMARY KEY, a INT, b INT, code INT, v INT NOT NULL DEFAULT 0, FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET NULL ON UPDATE CASCADE,
            FOREIGN KEY (code) REFERENCES q (code) ON DELETE SET NULL);
        INSERT INTO p VALUES (1,1),(2,2),(3,3); INSERT INTO q VALUES (1,10),(2,20);
        INSERT INTO c (id, a, b, code) VALUES (11,1,1,10),(12,2,2,10),(13,3,3,10),(14,1,1,20);"
    on "$S" "DELETE FROM p WHERE a = 2; UPDATE p SET b = 30 WHERE a = 3; DELETE FROM q WHERE id = 2; UPDATE c SET v = 5 WHERE id = 11"
    check
    collect
    plan asked
    [ "$(sql "$S" -e "SELECT VERSION() NOT LIKE '%MariaDB%' AND SUBSTRING_INDEX(VERSION(), '.', 2) + 0 >= 9.6")" = 0 ] || asked="c changed 12,13,14;"
    is "$S: $NAME: a child is asked about, or left alone" "$RC $(by_kind | sed 's/;p .*//; s/^p .*//; s/;q .*//')" "1 ${asked%;}"
    apply "what SOURCE changed in a child is restored, and no reference is lost" c \
        "11:1:1:10:5 12:2:2:10:0 13:3:3:10:0 14:1:1:20:0"
}

# A parent that a plan brings back to TARGET: whether the children that it lost there are to be its again is asked, by
# each plan, also behind a later check.
parted() {
    local asked="c changed 21,22,23,24"
    world "a parent that comes back" <<<"$FAMILY"
    on "$T" "DELETE FROM p WHERE id = 2"
    on "$S" "UPDATE p SET a = 5 WHERE id = 2"
    check
    collect
    plan back --on-conflict deleted-on-live=restore
    is "$S: $NAME: its children are asked about" "$RC $(by_kind)" "1 $asked;p deleted-on-live 2"
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: $NAME: and stay as they are" "$(rows "$T" p)/$(rows "$T" c | grep -o '2[1-4]:NULL' | wc -l)" "1:1 2:5 3:3 9:9/4"
    check
    plan later
    is "$S: $NAME: behind a later check, too" "$RC $(by_kind)" "1 $asked"
    plan source --on-conflict changed=source
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: $NAME: they are its again" "$RC $(rows "$T" c | grep -o '2[1-4]:2' | wc -l)" "0 4"
}

# ---- two character sets ----

TEXTS="CREATE TABLE m (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20), city VARCHAR(20), txt TEXT) CHARACTER SET latin1;
    CREATE TABLE k (code VARCHAR(10) PRIMARY KEY, v VARCHAR(20), n INT NOT NULL DEFAULT 0) CHARACTER SET latin1;
    INSERT INTO m (mobile, name, city, txt) VALUES ('é1','Zoë','Köln','€'),('é2','Zoë','Köln','€'),('é3','Zoë','Köln','€'),('é4','Zoë','Köln','€'),('é5','Zoë','Köln','€'),('é6','Zoë','Köln','€'),('é7','Zoë','Köln','€');
    INSERT INTO k VALUES ('ä1','ß',0),('ä2','ß',0),('ä3','ß',0),('ä4','ß',0),('ä5','ß',0);"

texts() { # SERVER that has them in utf8mb4 from the beginning
    world "latin1 beside utf8mb4 of $1" <<<"$TEXTS"
    printf '[table %s.m]\nidentity = mobile\n' "$DB" >"$CONFIG"
    on "$1" "SET sql_log_bin = 0; ALTER TABLE m CONVERT TO CHARACTER SET utf8mb4; ALTER TABLE k CONVERT TO CHARACTER SET utf8mb4"
    on "$S" "UPDATE m SET city = 'Mühle' WHERE id IN (1, 2, 3); UPDATE m SET txt = '½ €' WHERE id = 4; UPDATE m SET mobile = 'ü5' WHERE id = 5; INSERT INTO m (mobile, name) VALUES ('ö8','Jörg'), ('ö10','Jörg');
        UPDATE k SET v = 'é?ß€' WHERE code = 'ä1'; UPDATE k SET v = 'ü' WHERE code IN ('ä2', 'ä3'); DELETE FROM k WHERE code = 'ä4'; INSERT INTO k VALUES ('ñ1', 'ÿ', 1)"
    on "$T" "UPDATE m SET name = 'Jürgen' WHERE id = 2; UPDATE m SET city = 'Mühle' WHERE id = 3; UPDATE m SET name = 'Ü' WHERE id = 6; DELETE FROM m WHERE id = 7; INSERT INTO m (mobile, name) VALUES ('ö10','Jörg');
        UPDATE k SET n = 1 WHERE code = 'ä2'; UPDATE k SET v = 'ü' WHERE code = 'ä3'; DELETE FROM k WHERE code = 'ä5'"
    check
    collect
    plan asked
    is "$S: $NAME: what both changed is asked about" "$RC $(by_kind | sed 's/k deleted-in-source.*4;//')" "1 k both-changed ä2;m both-changed 2"
    is "$S: $NAME: by its name" "$(by_logs k)/$(by_logs m)" \
        "both-changed 1;deleted-in-source 1;restored-change 1;unchanged-in-source 1/both-changed 1;restored-change 3;unchanged-in-source 2"
    plan columns --on-conflict both-changed=columns
    apply "keys and values" k "ä1:é?ß€:0 ä2:ü:1 ä3:ü:0 ä4:ß:0 ñ1:ÿ:1"
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: $NAME: identities" "$(sql "$T" -e "SELECT CONCAT_WS(':', mobile, name, city, txt) FROM $DB.m ORDER BY id" | paste -sd ' ')" \
        "é1:Zoë:Mühle:€ é2:Jürgen:Mühle:€ é3:Zoë:Mühle:€ é4:Zoë:Köln:½ € ü5:Zoë:Köln:€ é6:Ü:Köln:€ ö10:Jörg ö8:Jörg"
}

# ---- without GTIDs, and after a plan that read on ----

again() { # what a plan has read on is told as after a fresh collection, once it is compared
    world "planned, compared and planned again" <<<"$MEMBERS"
    printf '[table %s.m]\nidentity = mobile\nignore-columns = seen\n' "$DB" >"$CONFIG"
    on "$S" "UPDATE m SET city = 's' WHERE id = 1; INSERT INTO m (mobile) VALUES ('30')"
    on "$T" "UPDATE m SET n = 7 WHERE id = 2; INSERT INTO m (mobile) VALUES ('40')"
    check
    collect
    on "$S" "UPDATE m SET city = 'later' WHERE id IN (1, 3); INSERT INTO m (mobile) VALUES ('31')"
    on "$T" "UPDATE m SET n = 8 WHERE id IN (2, 3); INSERT INTO m (mobile) VALUES ('41')"
    plan first
    check
    plan second
    is "$S: $NAME: nothing contradicts" "$RC $(by_kind) $(by_logs m) $(grep -c contradict "$ERR")" \
        "1 m both-changed 3 both-changed 1;restored-change 1;unchanged-in-source 1 0"
}

await_same() { # what both have executed is where they part
    sql "$S" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(sql "$T" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:} N=0
    await_same
    mr_sql "$T" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$T" -e "STOP REPLICA; RESET REPLICA ALL"
    parts MINIMAL MINIMAL
    family MINIMAL
    moved
    beside
    parted
    texts "$T"
    again
    [ -n "${1:-}" ] || continue
    parts MINIMAL FULL
    parts FULL MINIMAL
    parts NOBLOB MINIMAL
    family FULL
    texts "$S"
done
finish
