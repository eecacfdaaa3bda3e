#!/bin/bash
# snapshot_create.sh: what `snapshot create` writes is all there is, of one moment, loads with
# stock tools alone, and is whole or not there.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
COPY=${DB}_copy
SNAP=$IT_TMP/snap

# --- every type, there and back with stock tools -----------------------------------------

types_on() { # types_on SIDE TARGET
    fresh "$1$2" "$DB"
    fresh "$2" "$COPY"
    client "$2" <<<"DROP DATABASE $COPY"
    every_type "$1"
    rm -rf "$SNAP"
    take --threads 2 "$(uri "$1" "$DB")" "$SNAP"
    is "$1: exit code, nothing left beside it" "$RC $(ls "$IT_TMP" | grep -c partial)" "0 0"
    is "$1: modes" "$(find "$SNAP" -type d ! -perm 700 -o -type f ! -perm 600)" ""
    is "$1: the sum of the manifest" \
        "$(cat "$SNAP/manifest.json.sha256")" "$(cd "$SNAP" && sha256sum manifest.json)"
    is "$1: files on disk are those of the manifest" \
        "$(cd "$SNAP" && find data schema restore.sql RESTORE.txt catalogue.json counts.sql SUMS -type f -exec sha256sum {} + | sort)" \
        "$(jq -r '.files[], .tables[].chunks[] | "\(.sha256)  \(.name // .file)"' "$SNAP/manifest.json" | sort)"
    ok "$1: stock tools load it" stock_restore "$SNAP" "$2" "$DB" "$COPY"
    SRC=$(uri "$1" "$DB") DST=$(uri "$2" "$COPY")
    check_is 0 "$1: equal after a restore with stock tools"
    echo >>"$(compgen -G "$SNAP/data/*.zst" | head -n 1)"
    ! stock_restore "$SNAP" "$2" "$DB" "$COPY" 2>/dev/null
    like "$1: they stop at a file that was changed" "$(cat "$IT_TMP/said")" "^data/.*\\.zst: FAILED"
    rm -rf "$IT_TMP"/restore.*
}
types_on a b
if [ -n "$MR_O_URI" ]; then types_on o o; else skip "MySQL: every type" "no MySQL 9"; fi

# --- a view that is broken ---------------------------------------------------------------

broken_on() { # broken_on SIDE: what stock tools load with a broken view
    fresh "$1" "$DB"
    at "$1" "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE gone (id INT);
        CREATE VIEW a AS SELECT id FROM gone; CREATE VIEW b AS SELECT id FROM t; DROP TABLE gone;
        CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 2"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    stock_restore "$SNAP" "$1" "$DB" "$COPY" 2>/dev/null
    rm -rf "$IT_TMP"/restore.*
    like "$1: the broken view is refused" "$(grep ERROR "$IT_TMP/said")" "$COPY"
    is "$1: and all the rest is there" "$(client "$1" <<<"SELECT id FROM $COPY.b; SELECT TRIGGER_NAME
        FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'" | xargs)" "1 tr"
}
broken_on a
if [ -n "$MR_O_URI" ]; then broken_on o; else skip "MySQL: a broken view" "no MySQL 9"; fi

# --- a view over what is not kept, and a trigger of a table that is left out -------------------

lacking_on() { # lacking_on SIDE: what stock tools load then
    fresh "$1" "$DB"
    at "$1" "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (5); CREATE TABLE log (id INT PRIMARY KEY);
        CREATE VIEW a AS SELECT l.id FROM t JOIN log l ON l.id = t.id; CREATE VIEW a2 AS SELECT id FROM a; CREATE VIEW b AS SELECT id FROM t;
        CREATE VIEW c AS SELECT id FROM log; CREATE TABLE myrecon_restore (id INT PRIMARY KEY);
        CREATE TRIGGER lost BEFORE INSERT ON myrecon_restore FOR EACH ROW SET NEW.id = 2;
        CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 2; CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1"
    rm -rf "$SNAP"
    take --json --exclude "$DB.log" "$(uri "$1" "$DB")" "$SNAP"
    is "$1: the table and its trigger are named" "$RC $(jq -r '.left_out[] | "\(.kind) \(.name)"' "$OUT" | sort | xargs)" \
        "4 table $DB.myrecon_restore trigger $DB.lost"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    stock_restore "$SNAP" "$1" "$DB" "$COPY" 2>/dev/null
    rm -rf "$IT_TMP"/restore.*
    like "$1: the view is refused" "$(grep ERROR "$IT_TMP/said")" "$COPY.log"
    is "$1: all the rest is there, and no name that stands for nothing" "$(client "$1" <<<"SELECT id FROM $COPY.b; SELECT TRIGGER_NAME
        FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'; SELECT EVENT_NAME FROM information_schema.EVENTS
        WHERE EVENT_SCHEMA = '$COPY'; SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' ORDER BY 1" | xargs)" "5 tr ev a2 b t"
}
lacking_on a
if [ -n "$MR_O_URI" ]; then lacking_on o; else skip "MySQL: a view over what is not kept" "no MySQL 9"; fi

# --- chunks tile the key space ------------------------------------------------------------

fresh a "$DB"
at a "CREATE TABLE n (id INT PRIMARY KEY, pad VARCHAR(200)); INSERT INTO n SELECT seq * 3, REPEAT(CHAR(65 + seq % 26), 150) FROM seq_1_to_60000;
    CREATE TABLE c (k VARCHAR(40), i INT, v VARCHAR(200), PRIMARY KEY (k, i)); INSERT INTO c SELECT MD5(seq % 97), seq, REPEAT('x', 150) FROM seq_1_to_20000;
    CREATE TABLE w (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO w VALUES (1, REPEAT('ab\\\\', 5592405)), (2, ''), (3, NULL)"
rm -rf "$SNAP"
take --threads 4 --chunk-size 1 "$(uri a "$DB")" "$SNAP"
is "several chunks a table" "$RC $(jq -c '[.tables[:2][] | (.chunks | length) > 2]' "$SNAP/manifest.json")" \
    "0 [true,true]"
is "ranges of chunks tile" "$(jq -c '.tables[] | .chunks | [.[0].above == null, .[-1].up_to == null] +
    [([.[1:][].above] == [.[:-1][].up_to])]' "$SNAP/manifest.json" | sort -u)" "[true,true,true]"
is "rows of tables and of their chunks" "$(jq -c '.tables[] | [.rows, ([.chunks[].rows] | add)]' "$SNAP/manifest.json" | xargs)" \
    "[20000,20000] [60000,60000] [3,3]"
client b <<<"DROP DATABASE IF EXISTS $COPY"
ok "stock tools load chunks, and a row of 16 MB" stock_restore "$SNAP" b "$DB" "$COPY"
SRC=$(uri a "$DB") DST=$(uri b "$COPY")
check_is 0 "equal"

rm -rf "$SNAP"
take --tables 'n' --where "n=id <= 30" "$(uri a "$DB")" "$SNAP"
is "--tables and --where" "$RC $(jq -c '[.tables[] | [.name, .rows, .where]]' "$SNAP/manifest.json")" \
    '0 [["n",10,"id <= 30"]]'
is "the catalogue has what is kept" "$(jq -c '[.databases[].name, .tables[].name, (.objects | length)]' "$SNAP/catalogue.json")" \
    "[\"$DB\",\"n\",0]"

# --- counters -----------------------------------------------------------------------------

# What cannot be restored is named when the snapshot is made.
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    at o "CREATE TABLE t (id INT PRIMARY KEY); CREATE LIBRARY l LANGUAGE JAVASCRIPT AS 'export const x = 1'"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    is "MySQL: a library is named" "$RC $(jq -r '.left_out[] | "\(.kind) \(.name)"' "$SNAP/manifest.json")" "4 library $DB.l"
    snap verify "$SNAP"
    is "MySQL: the rest is kept" "$RC" 0
else
    skip "MySQL: libraries" "no MySQL 9"
fi

counters_on() { # counters_on SIDE: of all rows, also where few are kept
    fresh "$1" "$DB"
    at "$1" "CREATE TABLE i (id INT AUTO_INCREMENT PRIMARY KEY, v INT) COMMENT 'no AUTO_INCREMENT=77';
        INSERT INTO i VALUES (5, 1), (40, 2); DELETE FROM i WHERE id = 40; INSERT INTO i VALUES (NULL, 3), (NULL, 4); DELETE FROM i WHERE id = 42;
        CREATE TABLE m (v INT, id INT UNSIGNED AUTO_INCREMENT UNIQUE) ENGINE = MyISAM COMMENT ' AUTO_INCREMENT=77'; INSERT INTO m VALUES (1, 4000000000);
        CREATE TABLE z (id INT PRIMARY KEY) COMMENT ' AUTO_INCREMENT=77'; INSERT INTO z VALUES (9);
        CREATE TABLE e (id INT AUTO_INCREMENT PRIMARY KEY)"
    rm -rf "$SNAP"
    take --where "i=id < 10" "$(uri "$1" "$DB")" "$SNAP"
    is "$1: next and greatest values" "$RC $(jq -c '[.tables[] | [.name, .rows, .auto_increment, .auto_increment_greatest]]' "$SNAP/manifest.json")" \
        '0 [["e",0,"0","0"],["i",1,"43","41"],["m",1,"4000000001","4000000000"],["z",1,"0","0"]]'
}
counters_on a
if [ -n "$MR_O_URI" ]; then counters_on o; else skip "MySQL: counters" "no MySQL 9"; fi

# --- one moment ---------------------------------------------------------------------------

consistent_on() { # consistent_on SIDE: sums hold while money moves between tables
    local stop=$IT_TMP/stop i bad=0
    fresh "$1" "$DB"
    at "$1" "CREATE TABLE x (id INT PRIMARY KEY, v BIGINT NOT NULL); CREATE TABLE y LIKE x;
        INSERT INTO x VALUES (1,100),(2,100),(3,100),(4,100); INSERT INTO y SELECT * FROM x"
    rm -f "$stop"
    for i in 1 2; do
        (while [ ! -e "$stop" ]; do
            for ((k = 0; k < 50; k++)); do
                echo "START TRANSACTION; UPDATE x SET v = v - 1 WHERE id = $((k % 4 + 1)); UPDATE y SET v = v + 1 WHERE id = $((k % 3 + 1)); COMMIT;"
            done | client "$1" -D "$DB" --force >/dev/null 2>&1
        done) &
    done
    for i in 1 2 3 4 5 6 7 8; do
        rm -rf "$SNAP"
        take --threads 4 --consistency-wait 2 "$(uri "$1" "$DB")" "$SNAP"
        sum=$(zstd -qdc "$SNAP"/data/*.zst | awk -F'\t' '{ s += $2 } END { print s }')
        [ "$RC $sum" = "0 800" ] || { bad=$((bad + 1)) && note <<<"try $i: exit $RC, sum $sum"; }
    done
    touch "$stop"
    wait
    is "$1: money moved, none was lost in 8 snapshots" "$bad" 0
}
consistent_on a
if [ -n "$MR_O_URI" ]; then consistent_on o; else skip "MySQL: money moves" "no MySQL 9"; fi

# --- a table that is altered meanwhile ----------------------------------------------------

fresh a "$DB"
at a "CREATE TABLE a1 (id INT PRIMARY KEY, pad VARCHAR(200)); INSERT INTO a1 SELECT seq, REPEAT('p', 200) FROM seq_1_to_40000;
    CREATE TABLE z1 (id INT PRIMARY KEY, v INT); INSERT INTO z1 VALUES (1, 1), (2, 2)"
rm -rf "$SNAP"
touch "$IT_TMP/pause"
take --threads 1 --pause-file "$IT_TMP/pause" "$(uri a "$DB")" "$SNAP" &
taker=$!
for ((i = 0; i < 100; i++)); do [ -e "$SNAP.partial/journal.jsonl" ] && break; sleep 0.1; done
at a "ALTER TABLE z1 ADD COLUMN late INT DEFAULT 7, ALGORITHM=COPY; ALTER TABLE a1 ADD COLUMN quick INT DEFAULT 9"
rm "$IT_TMP/pause"
wait $taker
is "an altered table is read again, and said so" \
    "$(jq -c '[.tables[] | [.name, .consistent, .rows, ([.columns[].name] | length)]]' "$SNAP/manifest.json")" \
    '[["a1",false,40000,3],["z1",false,2,3]]'
client b <<<"DROP DATABASE IF EXISTS $COPY"
ok "and loads" stock_restore "$SNAP" b "$DB" "$COPY"
SRC=$(uri a "$DB") DST=$(uri b "$COPY")
check_is 0 "equal to what it was altered to"

# --- a table that another one takes the place of -----------------------------------------

# Its definition is the same; its rows are those of the other one, in a view that is older.
trading_on() { # trading_on SIDE: t and u change places, p gets the rows of px
    fresh "$1" "$DB"
    client "$1" -D "$DB" <<<"CREATE TABLE a1 (id INT PRIMARY KEY); INSERT INTO a1 VALUES (1);
        CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 1);
        CREATE TABLE p (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (PARTITION lo VALUES LESS THAN (10), PARTITION hi VALUES LESS THAN MAXVALUE);
        INSERT INTO p VALUES (1, 1), (11, 1); CREATE TABLE q (id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO q VALUES (1); DO SLEEP(1.1);
        CREATE TABLE u LIKE t; INSERT INTO u VALUES (1, 2); CREATE TABLE px LIKE t; INSERT INTO px VALUES (12, 2)"
    rm -rf "$SNAP"
    touch "$IT_TMP/pause"
    take --threads 1 --pause-file "$IT_TMP/pause" "$(uri "$1" "$DB")" "$SNAP" &
    taker=$!
    for ((i = 0; i < 100; i++)); do [ -e "$SNAP.partial/journal.jsonl" ] && break; sleep 0.1; done
    client "$1" -D "$DB" <<<"RENAME TABLE t TO x, u TO t, x TO u; ALTER TABLE p EXCHANGE PARTITION hi WITH TABLE px;
        ALTER TABLE q AUTO_INCREMENT = 100"
    rm "$IT_TMP/pause"
    wait $taker
    is "$1: tables that changed places are of a later moment, and said so" \
        "$(jq -c '[.tables[] | select(.name | IN("a1", "p", "px", "q", "t", "u")) | [.name, .consistent, .rows]]' "$SNAP/manifest.json")" \
        '[["a1",true,1],["p",false,2],["px",false,1],["q",true,1],["t",false,1],["u",false,2]]'
    is "$1: with the rows that they have then" "$(for t in p px t u; do zstd -qdc "$SNAP/data/$DB.$t."*.zst; done | cut -f2 | xargs)" "1 2 1 2 1 1"
}
trading_on a
if [ -n "$MR_O_URI" ]; then trading_on o; else skip "MySQL: tables change places" "no MySQL 9"; fi

# --- rights -------------------------------------------------------------------------------

fresh a "$DB"
at a "CREATE TABLE t (id INT PRIMARY KEY); CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id;
    CREATE VIEW v AS SELECT id FROM t; CREATE PROCEDURE p() SELECT 1;
    DROP USER IF EXISTS snap_few@'127.0.0.1'; CREATE USER snap_few@'127.0.0.1' IDENTIFIED BY 'x';
    GRANT SELECT ON $DB.* TO snap_few@'127.0.0.1'"
at_exit 'client a <<<"DROP USER IF EXISTS snap_few@'"'127.0.0.1'"'"'
rm -rf "$SNAP"
take "$(uri a "$DB" snap_few:x)" "$SNAP"
is "SELECT alone: made, with what is left out" "$RC $(jq -c '[.left_out[].kind] | sort' "$SNAP/manifest.json")" \
    '4 ["event","routine","trigger","view","view"]'
at a "GRANT SHOW VIEW, TRIGGER, EVENT ON $DB.* TO snap_few@'127.0.0.1'"
rm -rf "$SNAP"
take "$(uri a "$DB" snap_few:x)" "$SNAP"
is "only routines need more" "$RC $(jq -c '[.left_out[] | [.kind, (.hint | contains("mysql"))]]' "$SNAP/manifest.json")" \
    '4 [["routine",true]]'

# --- what cannot work ---------------------------------------------------------------------

take "$(uri a "$DB")" "$SNAP"
is "a directory that is not empty is refused" "$RC" 5
like "and named" "$(cat "$ERR")" "not empty"
take "$(uri a "${DB}_nowhere")" "$IT_TMP/none"
is "a database that does not exist" "$RC $(ls "$IT_TMP" | grep -c none)" "3 0"
take --where "x=id > 1" "$(uri a "$DB")" "$IT_TMP/none"
is "a condition for a table that there is not" "$RC $(grep -c 'no table that is kept matches --where x' "$ERR") $([ ! -e "$IT_TMP/none" ] && echo none)" "3 1 none"
take --tables t --tables nobody "$(uri a "$DB")" "$IT_TMP/some"
is "one of several patterns that matches nothing is told" "$RC $(grep -c '[-]-tables "nobody" matches no table' "$ERR")" "0 1"
take --tables nobody "$(uri a "$DB")" "$IT_TMP/none"
is "so are all of them" "$RC $(grep -c 'no table matches --tables nobody' "$ERR")" "3 1"
take --where "t=no_such > 1" "$(uri a "$DB")" "$IT_TMP/none"
is "a condition that is none" "$RC $(ls "$IT_TMP" | grep -c none)" "3 0"
# --- a sequence whose next number is hidden ----------------------------------------------------

fresh a "$DB"
at a "CREATE TABLE t (id INT PRIMARY KEY); CREATE SEQUENCE sq; DO NEXTVAL(sq);
    DROP USER IF EXISTS snap_seq@'127.0.0.1'; CREATE USER snap_seq@'127.0.0.1' IDENTIFIED BY 'x';
    GRANT SHOW VIEW, TRIGGER, EVENT ON $DB.* TO snap_seq@'127.0.0.1'; GRANT SELECT ON $DB.t TO snap_seq@'127.0.0.1'"
at_exit "client a <<<\"DROP USER IF EXISTS snap_seq@'127.0.0.1'\""
rm -rf "$SNAP"
take --json "$(uri a "$DB" snap_seq:x)" "$SNAP"
is "a sequence whose next number is hidden is named, with the right that shows it" \
    "$RC $(jq -r '.left_out[] | select(.kind == "sequence") | "\(.name) \(.hint)"' "$OUT")" "4 $DB.sq GRANT SELECT ON \`$DB\`.\`sq\` TO 'snap_seq'@'127.0.0.1'"

finish
