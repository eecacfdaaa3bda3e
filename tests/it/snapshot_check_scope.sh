#!/bin/bash
# snapshot_check_scope.sh: what a snapshot was to hold and could not, conditions, two kinds of
# server, people, interrupted runs and keys, where a side of `check` is a snapshot.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
A=$IT_TMP/a B=$IT_TMP/b
LIVE=$(uri b "$DB")

# --- schema objects -----------------------------------------------------------------------

at ab "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT, KEY by_v (v)); INSERT INTO t VALUES (1, 1), (5, 2);
    CREATE TABLE other (id INT PRIMARY KEY); CREATE VIEW w AS SELECT id FROM t; CREATE SEQUENCE sq;
    CREATE TABLE kid (id INT PRIMARY KEY, t INT, CONSTRAINT fk FOREIGN KEY (t) REFERENCES t (id));
    CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1;
    CREATE PROCEDURE p() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM other"
take "$(uri a "$DB")" "$A"
SRC=snapshot:$A DST=$LIVE
check_is 0 "no object differs"
at b "ALTER TABLE t DROP KEY by_v, ADD COLUMN n INT; DROP TRIGGER tr; DROP EVENT e; DROP PROCEDURE p; CREATE PROCEDURE p() SELECT 2;
    CREATE OR REPLACE VIEW w AS SELECT v FROM t; ALTER TABLE kid DROP FOREIGN KEY fk; DROP TABLE other; CREATE TABLE fresh (id INT);
    ALTER TABLE t AUTO_INCREMENT = 4000; DELETE FROM t WHERE id = 5; INSERT INTO t (id, v) VALUES (3000, 3)"
objects() { jq -rc 'select(.type == "object") | [.object, .table, .name, .source == null, .target == null] | tojson' "$OUT" | sort; }
SRC=$(uri a "$DB")
check_is 1 "objects: two servers"
want=$(objects)
SRC=snapshot:$A
check_is 1 "objects: a snapshot and a server"
is "the same objects differ" "$(diff <(echo "$want") <(objects))" ""
like "the counter among them" "$want" '"auto_increment"'
SRC=$LIVE DST=snapshot:$A
check_is 1 "objects: a server and a snapshot"
is "as many differ" "$(objects | grep -c .)" "$(grep -c . <<<"$want")"

# Only what was chosen is missing.
rm -rf "$B"
take --tables t --tables kid "$(uri a "$DB")" "$B"
SRC=snapshot:$B DST=$(uri a "$DB")
check_is 0 "a snapshot of some tables: the others are not missed"
is "its tables" "$(jq -r 'select(.type == "table") | .table' "$OUT" | xargs)" "$DB.kid $DB.t"
rm -rf "$B"
take --exclude 'k*' "$(uri a "$DB")" "$B"
SRC=snapshot:$B DST=$(uri a "$DB")
check_is 0 "a snapshot without some tables"

# What the account could not see is not equal.
client a <<<"DROP USER IF EXISTS '${DB:0:20}_u'@'%'; CREATE USER '${DB:0:20}_u'@'%'; GRANT SELECT ON $(ident "$DB").* TO '${DB:0:20}_u'@'%'"
at_exit "client a <<<\"DROP USER IF EXISTS '${DB:0:20}_u'@'%'\""
rm -rf "$B"
take "$(uri a "$DB" "${DB:0:20}_u")" "$B"
SRC=snapshot:$B DST=$(uri a "$DB")
check_is 4 "what the snapshot's account could not see"
like "is named, with what to run" "$(lines '.type == "summary"')" "trigger.*snapshot on the source lacks.*GRANT TRIGGER"
check_is 0 "unless it is left out" --objects table,column,index

# --- conditions ---------------------------------------------------------------------------

fresh ab "$DB"
at ab "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq % 10 FROM seq_1_to_1000;
    CREATE TABLE u (k VARCHAR(9) PRIMARY KEY, v INT); INSERT INTO u SELECT CONCAT('k', seq), seq FROM seq_1_to_100"
at b "UPDATE t SET id = id + 5000 WHERE id = 17; UPDATE t SET id = id + 5000 WHERE id = 19"
rm -rf "$A"
take --where 't=v = 7' "$(uri a "$DB")" "$A"
SRC=snapshot:$A DST=$LIVE
check_is 1 "a snapshot of some rows"
rows_are "the other side is asked for the same" t 'missing {"id":"17"} []
extra {"id":"5017"} []'
table_is "which is said" t '.source_rows == 100 and (.note | test("keeps only rows where v = 7"))'
SRC=$LIVE DST=snapshot:$A
check_is 1 "the other way round"
rows_are "the same rows" t 'extra {"id":"17"} []
missing {"id":"5017"} []'
SRC=snapshot:$A DST=$LIVE
check_is 1 "asked for what the snapshot has" --where "t=v = 7"
table_is "all of it" t '.source_rows == 100'
check_is 1 "asked for a part of that" --where "t=v = 7 AND id BETWEEN 10 AND 400"
rows_are "the rows of the part" t 'missing {"id":"17"} []'
table_is "are so many" t '.source_rows == 39 and .target_rows == 38'
check_is 4 "asked for what only a server can choose" --where "t=v = 7 AND id % 2 = 1"
table_is "is not checked" t '.verdict == "not-checked" and (.reason | test("only a server"))'
table_is "and the others are" u '.verdict == "equal"'

at ab "CREATE TABLE ev (id INT PRIMARY KEY, created_at DATETIME NOT NULL, ts TIMESTAMP NULL, kind VARCHAR(9), d DECIMAL(6,2));
    INSERT INTO ev SELECT seq, '2026-01-01' + INTERVAL seq HOUR, '2026-01-01' + INTERVAL seq HOUR, ELT(1 + seq % 3, 'User', 'shop', NULL), seq / 8 FROM seq_1_to_2000"
at b "UPDATE ev SET d = 0 WHERE id IN (100, 900, 901, 1999)"
rm -rf "$A" "$B"
take "$(uri a "$DB")" "$A"
take "$LIVE" "$B"
for what in "--since 2026-02-01" "--where ev=kind='USER'" "--where ev=kind<>'user'ORid<40" "--where ev=NOT(id>=112ANDid<950)" \
    "--where ev=tsIN('2026-01-05T04:00:00')ORkindISNULL"; do
    opts=(${what% *} "$(sed -E 's/ORid/ OR id/; s/ANDid/ AND id/; s/ORkindISNULL/ OR kind IS NULL/; s/tsIN/ts IN /; s/5T04/5 04/' <<<"${what#* }")")
    SRC=$(uri a "$DB") DST=$LIVE
    run_check "$SRC" "$DST" --settle 0 --tables ev "${opts[@]}"
    want="$RC $(rows_of ev) $(table_field ev source_rows) $(table_field ev target_rows)"
    unlike "${opts[*]}: chooses" "$want" "not-checked| 2000 2000"
    for SRC in "snapshot:$A $LIVE" "$(uri a "$DB") snapshot:$B" "snapshot:$A snapshot:$B"; do
        DST=${SRC#* } SRC=${SRC% *}
        run_check "$SRC" "$DST" --settle 0 --tables ev "${opts[@]}"
        is "${opts[*]}: ${SRC//$IT_TMP\//} ${DST//$IT_TMP\//}" \
            "$RC $(rows_of ev) $(table_field ev source_rows) $(table_field ev target_rows)" "$want"
    done
done

# A text that the collation may take for the literal's: a server knows, we do not.
at ab "CREATE TABLE town (id INT PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_general_ci) CHARSET utf8mb4;
    INSERT INTO town VALUES (1, 'Zürich'), (2, 'Bern')"
at b "DELETE FROM town WHERE id = 1"
rm -rf "$A"
take "$(uri a "$DB")" "$A"
SRC=snapshot:$A DST=$LIVE
check_is 4 "a text that only a server can compare" --tables town --where "town=name = 'Zurich'"
table_is "is not passed over in silence" town '.verdict == "not-checked" and (.reason | test("only a server"))'
check_is 0 "what no collation takes for it is compared" --tables town --where "town=name = 'Bern'"
table_is "row by row" town '.source_rows == 1'

# --- MySQL and MariaDB --------------------------------------------------------------------

if [ -n "$MR_O_URI" ]; then
    fresh ao "$DB"
    at ao "CREATE TABLE j (id INT PRIMARY KEY, j JSON, d DOUBLE, t VARCHAR(20) CHARACTER SET latin1, e ENUM('b','a'));
        INSERT INTO j VALUES (1, '{\"b\": 1, \"a\": [1.0, 2]}', 0.1, 'é', 'a'), (2, NULL, -0.0, 'x ', 'b'), (3, '[]', 1e300, NULL, NULL);
        CREATE TABLE k (k VARCHAR(20), i INT, v INT, PRIMARY KEY (k, i)); INSERT INTO k VALUES ('Anna', 1, 1), ('bob', 2, 2), ('Éva', 3, 3);
        CREATE TABLE e (e ENUM('z','a') PRIMARY KEY, v INT); INSERT INTO e VALUES ('z', 1), ('a', 2)"
    rm -rf "$A" "$B"
    take "$(uri a "$DB")" "$A"
    take "$(uri o "$DB")" "$B"
    for SRC in "snapshot:$A $(uri o "$DB")" "$(uri a "$DB") snapshot:$B" "snapshot:$B $(uri a "$DB")" "snapshot:$A snapshot:$B"; do
        DST=${SRC#* } SRC=${SRC% *}
        check_is 0 "two flavours: ${SRC//$IT_TMP\//} ${DST//$IT_TMP\//}" --objects none
    done
    at o "UPDATE j SET j = '{\"b\": 1, \"a\": [1.0, 3]}' WHERE id = 1; UPDATE j SET t = 'e' WHERE id = 1; UPDATE k SET k = 'anna' WHERE i = 1; UPDATE k SET v = 9 WHERE i = 3; DELETE FROM e WHERE e = 'a'"
    SRC=$(uri a "$DB") DST=$(uri o "$DB")
    check_is 1 "two flavours that differ: servers" --objects none
    want=$(rows_of j; rows_of k; rows_of e)
    SRC=snapshot:$A
    check_is 1 "two flavours that differ: a snapshot and a server" --objects none
    is "the same rows" "$(rows_of j; rows_of k; rows_of e)" "$want"
else
    skip "two flavours" "no MySQL 9"
fi

# --- people -------------------------------------------------------------------------------

fresh ab "$DB"
at ab "CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20));
    CREATE TABLE orders (id INT PRIMARY KEY, mobile VARCHAR(20), v INT, KEY (mobile));
    CREATE TABLE items (a INT, b INT, order_id INT, v INT, PRIMARY KEY (a, b), KEY (order_id));
    INSERT INTO members SELECT seq, CONCAT('M', seq), 'n' FROM seq_1_to_500;
    INSERT INTO orders SELECT seq, CONCAT('m', 1 + seq % 500), 1 FROM seq_1_to_2000;
    INSERT INTO items SELECT seq, seq % 3, 1 + seq % 2000, 1 FROM seq_1_to_3000"
at b "UPDATE items SET v = 2 WHERE a IN (5, 700, 2500); UPDATE orders SET v = 2 WHERE id = 77; DELETE FROM members WHERE id = 9;
    UPDATE members SET mobile = 'other' WHERE id = 10; DELETE FROM items WHERE a = 1000"
cat >"$IT_TMP/people.ini" <<END
[table *.members]
subject = yes
[table *.orders]
reference = mobile -> $DB.members.mobile when v < 3 and mobile is not null
[table *.items]
reference = order_id -> $DB.orders.id
END
people() { # people SOURCE TARGET
    rm -f "$IT_TMP/case"
    run_check "$1" "$2" --settle 0 --config "$IT_TMP/people.ini" --case "$IT_TMP/case"
    [ "$RC" = 1 ] || { echo "check: $RC"; cat "$ERR"; }
    "$MYRECON" affected --config "$IT_TMP/people.ini" --case "$IT_TMP/case" --format csv 2>/dev/null
}
rm -rf "$A" "$B"
take --chunk-size 1 "$(uri a "$DB")" "$A"
take "$LIVE" "$B"
want=$(people "$(uri a "$DB")" "$LIVE")
is "people are found" "$(wc -l <<<"$want")" 8
is "people: a snapshot and a server" "$(diff <(echo "$want") <(people "snapshot:$A" "$LIVE"))" ""
is "people: a server and a snapshot" "$(diff <(echo "$want") <(people "$(uri a "$DB")" "snapshot:$B"))" ""
is "people: two snapshots" "$(diff <(echo "$want") <(people "snapshot:$A" "snapshot:$B"))" ""

# --- options ------------------------------------------------------------------------------

SRC=snapshot:$A DST=$LIVE
check_is 1 "--consistent" --consistent
check_is 1 "--digest server" --digest server
like "is said to be of no use" "$(cat "$ERR")" "computes no digests"
rm -f "$IT_TMP/case"
run_check "$SRC" "$DST" --settle 0 --case "$IT_TMP/case"
first=$(rows_of items; rows_of members)
run_check "$SRC" "$DST" --settle 0 --case "$IT_TMP/case" --resume
is "--resume of a finished run starts anew, and finds the same" "$RC $(rows_of items; rows_of members)" "1 $first"

# --- encrypted ----------------------------------------------------------------------------

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$IT_TMP/key.pem" -out "$IT_TMP/cert.pem" -subj /CN=x -days 3650 2>/dev/null
rm -rf "$B"
at ab "CREATE TABLE money (k DECIMAL(9,2) PRIMARY KEY, pad VARCHAR(300)); INSERT INTO money SELECT seq / 4, REPEAT('x', 250) FROM seq_1_to_20000"
at b "DELETE FROM money WHERE k > 1000; UPDATE money SET pad = '' WHERE k = 3.25"
take --encrypt-to "$IT_TMP/cert.pem" --chunk-size 1 "$(uri a "$DB")" "$B"
is "keys that it does not tell" "$(jq -c '.tables[] | select(.name == "money") | [(.chunks | length) > 2, .chunks[0].up_to]' "$B/manifest.json")" '[true,null]'
SRC="snapshot:$B?key=$IT_TMP/key.pem"
check_is 1 "an encrypted snapshot, with its key"
is "the same rows" "$(rows_of items; rows_of members)" "$first"
is "ranges that are not told" "$(table_field money missing) $(table_field money changed) $(table_field money extra)" "16000 1 0"
run_check "snapshot:$B" "$DST"
is "without it" "$RC" 3
like "what is wanted" "$(cat "$ERR")" "key"

finish
