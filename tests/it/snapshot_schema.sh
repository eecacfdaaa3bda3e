#!/bin/bash
# snapshot_schema.sh: schemas that ask for an order, a name or a key of their own: restored by
# myrecon and by stock tools under another name, they are equal, objects and all.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
COPY=${DB}_copy
SNAP=$IT_TMP/snap

there_and_back() { # there_and_back SIDE TARGET WHAT: of $DB on SIDE
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    is "$3: made" "$RC" 0
    snap verify "$SNAP"
    is "$3: proved" "$RC" 0
    SRC=$(uri "$1" "$DB") DST=$(uri "$2" "$COPY")
    client "$2" <<<"DROP DATABASE IF EXISTS $COPY"
    ok "$3: stock tools load it" stock_restore "$SNAP" "$2" "$DB" "$COPY"
    check_is 0 "$3: equal"
    client "$2" <<<"DROP DATABASE $COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri "$2")"
    is "$3: restored, nothing to say" "$RC $(cat "$ERR")" "0 "
    check_is 0 "$3: equal, too"
    SRC=snapshot:$SNAP
    check_is 0 "$3: and to the snapshot"
    client "$2" <<<"DROP DATABASE $COPY"
}
fresh b "$COPY"

fresh a "$DB"
at a "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1);
    CREATE VIEW z AS SELECT id, v FROM t; CREATE VIEW m AS SELECT id FROM z WHERE id > 0 WITH CHECK OPTION;
    CREATE VIEW a AS SELECT id FROM m WHERE id < 9 WITH LOCAL CHECK OPTION"
there_and_back a b "views that check views of later names"
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    fresh o "$COPY"
    at o "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1);
        CREATE VIEW z AS SELECT id, v FROM t; CREATE VIEW m AS SELECT id FROM z WHERE id > 0 WITH CHECK OPTION"
    there_and_back o o "MySQL: views that check views of later names"
else
    skip "MySQL: views that check views of later names" "no MySQL 9"
fi

fresh a "$DB"
at a "CREATE SEQUENCE \`s\`\`q\` INCREMENT BY 7; DO NEXTVAL(\`s\`\`q\`);
    CREATE TABLE d (id INT PRIMARY KEY DEFAULT NEXTVAL(\`s\`\`q\`), c INT);
    INSERT INTO d (c) VALUES (1)"
there_and_back a b "defaults of a sequence"

fresh a "$DB"
at a "CREATE TABLE \`Twin\` (id INT PRIMARY KEY); CREATE TABLE \`TWIN\` LIKE \`Twin\`; INSERT INTO \`Twin\` VALUES (1); INSERT INTO \`TWIN\` VALUES (2);
    CREATE TABLE \`..\` LIKE \`Twin\`; CREATE TABLE \`/\` LIKE \`Twin\`; CREATE TABLE \`%2F\` LIKE \`Twin\`; INSERT INTO \`/\` VALUES (3)"
there_and_back a b "names that differ by case"

fresh a "$DB"
at a "CREATE TABLE b (k VARCHAR(9) PRIMARY KEY, v TEXT) CHARSET utf16; INSERT INTO b VALUES ('b', 'é'), ('😀', '\n');
    CREATE TABLE n (k VARBINARY(9) PRIMARY KEY); INSERT INTO n VALUES (x'610062'), (''), (x'00')"
there_and_back a b "keys with a NUL"

fresh a "$DB"
at a "CREATE TABLE m1 (id INT, KEY (id)) ENGINE=MyISAM; CREATE TABLE m2 LIKE m1; INSERT INTO m1 VALUES (1), (2); INSERT INTO m2 VALUES (2), (3);
    CREATE TABLE a_all (id INT, KEY (id)) ENGINE=MERGE UNION=(m1, m2) INSERT_METHOD=LAST"
there_and_back a b "a MERGE table"

fresh a "$DB"
at a "CREATE TABLE k (a INT, CHECK (a > 0)); SET check_constraint_checks = 0; INSERT INTO k VALUES (1), (-1)"
there_and_back a b "a row that its CHECK would not take"

fresh a "$DB"
at a "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)"
client a "$DB" <<'EOF'
SET sql_mode = ORACLE;
DELIMITER //
CREATE PACKAGE p AS FUNCTION f RETURN INT; END //
CREATE PACKAGE BODY p AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END //
EOF
there_and_back a b "a package and its body"
snap restore --no-progress --into-existing replace --yes "$SNAP" "$(uri a "$DB")"
is "a package and its body: replaced" "$RC $(cat "$ERR")" "0 "
SRC=$(uri a "$DB") DST=snapshot:$SNAP
check_is 0 "a package and its body: as they were"

# characters of four bytes, and bytes that are none, in expressions of tables
told() { # told SIDE DB: what the expressions of table smile give there
    client "$1" -D "$2" <<<"INSERT INTO smile (id) VALUES (2); SELECT HEX(d), HEX(g), HEX(b) FROM smile WHERE id = 2;
        INSERT INTO smile (id, d) VALUES (3, '😀😀')" 2>&1 | sed 's/ at line.*//'
}
for side in a o; do
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "MySQL: characters of four bytes" "no MySQL 9"
        continue
    fi
    fresh $side "$DB"
    fresh $side "$COPY"
    at $side "CREATE TABLE smile (id INT PRIMARY KEY, d VARCHAR(9) DEFAULT (CONCAT('😀', 'x')),
        g VARCHAR(9) AS (CONCAT('😀', 'y')), b VARBINARY(9) AS (_binary x'e980'), CHECK (d <> '😀😀')); INSERT INTO smile (id) VALUES (1)"
    there_and_back $side $side "$side: characters of four bytes"
    client $side <<<"CREATE DATABASE $COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri $side)"
    is "$side: characters of four bytes, in use" "$(told $side "$COPY")" "$(told $side "$DB")"
done

# foreign keys that MySQL makes only where a session asks for them
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    fresh o "$COPY"
    at o "SET restrict_fk_on_non_standard_key = OFF; CREATE TABLE p (a INT, KEY (a)); INSERT INTO p VALUES (1), (1);
        CREATE TABLE c (id INT PRIMARY KEY, a INT, CONSTRAINT loose FOREIGN KEY (a) REFERENCES p (a)); INSERT INTO c VALUES (1, 1)"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    client o <<<"DROP DATABASE $COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri o)"
    is "MySQL: parents by a key that is not unique: restored, nothing to say" "$RC $(cat "$ERR")" "0 "
    SRC=$(uri o "$DB") DST=$(uri o "$COPY")
    check_is 0 "MySQL: parents by a key that is not unique: equal"
    client o <<<"DROP DATABASE $COPY"
else
    skip "MySQL: parents by a key that is not unique" "no MySQL 9"
fi

# objects that are older than the collation of their database
for side in a o; do
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "MySQL: another collation of the database" "no MySQL 9"
        continue
    fi
    fresh $side "$DB"
    fresh $side "$COPY"
    at $side "ALTER DATABASE $DB CHARACTER SET latin1 COLLATE latin1_german1_ci"
    at $side "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9)); CREATE PROCEDURE p(a VARCHAR(9)) SELECT CHARSET(a), COLLATION(a);
        CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'x'; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO CALL p('x')"
    at $side "ALTER DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; CREATE PROCEDURE $DB.q(a VARCHAR(9)) SELECT CHARSET(a)"
    there_and_back $side $side "$side: another collation of the database"
    client $side <<<"CREATE DATABASE $COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri $side)"
    is "$side: which the procedure goes by" "$(client $side -D "$COPY" <<<"CALL p('x'); CALL q('x'); SELECT @@collation_database")" \
        $'latin1\tlatin1_german1_ci\nutf8mb4\nutf8mb4_unicode_ci'
    client $side <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    snap restore --no-progress --yes --into-existing replace --rename-db "$DB=$COPY" "$SNAP" "$(side_uri $side)"
    is "$side: a database that was there" "$RC $(client $side -D "$COPY" <<<"SELECT @@collation_database")" "4 utf8mb4_bin"
    is "$side: keeps its own, which is said" "$(grep -c 'collation of its database, which was .*: the database was there' "$OUT")" 4
done

# literals behind an introducer, of a client that does not send UTF-8
for side in a o; do
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "MySQL: a client of latin1" "no MySQL 9"
        continue
    fi
    fresh $side "$DB"
    fresh $side "$COPY"
    printf "SET NAMES latin1; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO t VALUES (1, 'x');
        CREATE VIEW w AS SELECT HEX(_binary'\xe9') AS a, HEX(_utf8mb4'\xc3\xa9') AS b, HEX('\xe9') AS c;
        CREATE FUNCTION f() RETURNS VARCHAR(99) DETERMINISTIC RETURN CONCAT(HEX(_latin1'\xe9'), HEX('\xe9'));
        CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.v = _latin1'\xe9'" | client $side -D "$DB" || bail "no objects of latin1"
    there_and_back $side $side "$side: a client of latin1"
    client $side <<<"CREATE DATABASE $COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri $side)"
    is "$side: a client of latin1, in use" "$(client $side -D "$COPY" <<<"INSERT INTO t VALUES (2, ''); SELECT HEX(v), f(), w.* FROM t, w WHERE id = 2")" \
        $'C3A9\tE9E9\tE9\tC3A9\tE9'
done

# members and defaults that servers print as "?"
smiles() { client "$1" -D "$2" <<<"SELECT k, HEX(CONVERT(k USING utf8mb4)), HEX(CONVERT(s USING utf8mb4)) FROM smile ORDER BY k + 0;
    INSERT INTO d (id) VALUES (2); SELECT HEX(a) FROM d WHERE id = 2"; }
for side in a o; do
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "MySQL: members of four bytes" "no MySQL 9"
        continue
    fi
    fresh $side "$DB"
    fresh $side "$COPY"
    at $side "CREATE TABLE smile (k ENUM('no', '?', 'it''s 👍') PRIMARY KEY, s SET('a', '', '😂', 'b') CHARACTER SET utf16) CHARACTER SET utf8mb4;
        INSERT INTO smile VALUES (1, 'a,b'), (2, ''), (3, 'a,😂,b'); CREATE TABLE d (id INT PRIMARY KEY, a VARCHAR(9) DEFAULT '😂')"
    [ $side = a ] || at o "ALTER TABLE smile MODIFY k ENUM('no', '?', 'it''s 👍', 'it''s 😂'); INSERT INTO smile VALUES (4, NULL)"
    there_and_back $side $side "$side: members of four bytes"
    client $side <<<"CREATE DATABASE $COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri $side)"
    is "$side: members of four bytes, as they are" "$(smiles $side "$COPY")" "$(smiles $side "$DB")"
    at $side "DELETE FROM smile WHERE k = 3"
    rm -rf "$SNAP"
    take "$(uri $side "$DB")" "$SNAP"
    is "$side: a member that no row tells: made, and said" "$RC" 4
    like "$side: a member that no row tells" "$(cat "$OUT")" "column $DB.smile.k: the server prints its member 3 as \"it's \?\""
done
finish
