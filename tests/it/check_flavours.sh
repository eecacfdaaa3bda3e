#!/bin/bash
# check_flavours.sh: MariaDB against Oracle MySQL 9: equal data is equal, however the two
# spell their types, defaults, collations and JSON; one change each is found.

. "$(dirname "$0")/lib.sh"

if [ -z "$MR_O_URI" ]; then
    skip "MariaDB against MySQL 9" "no MySQL 9 server"
    finish
fi
begin ""
# Each server's own default collation for utf8mb4: they differ.
for side in a o; do
    IT_DROP+=("$(side_uri $side) $DB")
    client $side <<<"DROP DATABASE IF EXISTS $DB; CREATE DATABASE $DB CHARACTER SET utf8mb4" || bail "no database"
done
SRC=$(uri a "$DB") DST=$(uri o "$DB")

bulk() { # bulk TABLE: rows whose text keys the two servers sort differently
    awk -v t="$1" 'BEGIN {
        split("a B _ c Z ä ß é ö 日 - ~ zz", p, " ")
        for (i = 1; i <= 12000; i++) {
            if (i % 1000 == 1) printf "%sINSERT INTO %s VALUES ", (i > 1 ? ";\n" : ""), t
            printf "%s(\x27%s%s%d\x27, %d)", (i % 1000 == 1 ? "" : ","), p[i % 13 + 1], i % 7 ? "_" : "", i, i
        }
        print ";"
    }'
}
# name ; column definition ; value ; changed value, to be written on MySQL
CASES=$(cat <<'END'
tiny;TINYINT;-128;-127
bool;BOOLEAN DEFAULT TRUE;1;0
small;SMALLINT UNSIGNED;65535;65534
int;INT;-1;1
int11;INT(11) DEFAULT 7;5;6
zerofill;INT(6) UNSIGNED ZEROFILL;5;6
big;BIGINT;-9223372036854775808;-9223372036854775807
big_u;BIGINT UNSIGNED;18446744073709551615;18446744073709551614
dec;DECIMAL(65,30);0.000000000000000000000000000001;0
dec_default;DECIMAL(10,2) NOT NULL DEFAULT 1.50;1.50;1.51
float;FLOAT;1.17549e-38;0.1
double;DOUBLE;0.1;0.10000000000000002
char;CHAR(10) DEFAULT 'x';'a';'A'
varchar;VARCHAR(20);'größe';'grösse'
varchar_uni;VARCHAR(20) COLLATE utf8mb4_unicode_ci;'ä';'a'
varchar_bin;VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;'😀';'😁'
varchar_nul;VARCHAR(20) DEFAULT NULL;NULL;'NULL'
varchar_empty;VARCHAR(20) DEFAULT '';'';' '
varchar_latin1;VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci;'é';'è'
varchar_mb3;VARCHAR(20) CHARACTER SET utf8mb3;'日';'月'
varchar_utf16;VARCHAR(20) CHARACTER SET utf16;'é';'è'
text;TEXT;REPEAT('ä', 20000);CONCAT(REPEAT('ä', 19999), 'a')
blob;BLOB;0x00FF;0x00FE
varbinary;VARBINARY(9);'a';0x6100
binary;BINARY(4);'a';'b'
enum;ENUM('z','a','') DEFAULT 'a';'';0
set;SET('a','b','c');'a,c';'a,b'
bit;BIT(64);b'1000000000000000000000000000000000000000000000000000000000000001';b'1000000000000000000000000000000000000000000000000000000000000000'
date;DATE;'2024-02-29';'2024-03-01'
date_zero;DATE;'0000-00-00';NULL
datetime;DATETIME(6);'2024-01-01 00:00:00.000001';'2024-01-01 00:00:00.000002'
created;DATETIME DEFAULT CURRENT_TIMESTAMP;'2024-01-01';'2024-01-02'
updated;TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3);'2024-01-01 00:00:00.123';'2024-01-01 00:00:00.124'
stamp;TIMESTAMP NULL DEFAULT NULL;'2024-10-27 01:30:00';'2024-10-27 00:30:00'
time;TIME(3);'-838:59:59.000';'838:59:59.000'
year;YEAR;2024;2025
json;JSON;'{"long": 1, "b": [1, 2.50, "x\\u00e9", null, true], "a": {"z": 1, "y": 2}}';'{"long": 1, "b": [1, 2.50, "x\\u00e9", null, false], "a": {"z": 1, "y": 2}}'
json_space;JSON;'{ "b" :1,"a":  2 }';'{"b": 1, "a": 3}'
json_number;JSON;'[1.10, 1e2, -0, 12345678901234567890123, 18446744073709551615]';'[1.10, 1e2, -0, 12345678901234567890123, 18446744073709551614]'
json_escape;JSON;'"a\\/b\\n\\u0001"';'"a\\/b\\n\\u0002"'
json_dup;JSON;'{"a": 1, "a": 2}';'{"a": 1}'
json_empty;JSON;'{}';'[]'
json_type;JSON;'"1"';'1'
json_null;JSON;'null';NULL
point;POINT;ST_GeomFromText('POINT(1 2)');ST_GeomFromText('POINT(1 2.5)')
END
)
while IFS=';' read -r name type old new; do
    echo "CREATE TABLE t_$name (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v $type) ENGINE=InnoDB;
        INSERT INTO t_$name (id, v) VALUES (1, $old), (2, $old);"
    echo "UPDATE t_$name SET v = $new WHERE id = 2; SELECT '$name', ROW_COUNT();" >>"$IT_TMP/change.sql"
done <<<"$CASES" >"$IT_TMP/build.sql"
at ao "$(cat "$IT_TMP/build.sql")"
at ao "
CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(50) NOT NULL, UNIQUE KEY by_name (name));
INSERT INTO parent VALUES (1, 'Ann'), (2, 'bob'), (3, '_c');
CREATE TABLE child (id BIGINT(20) NOT NULL AUTO_INCREMENT, pid INT NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    note VARCHAR(20) DEFAULT 'it''s', PRIMARY KEY (id), KEY by_pid (pid, note(5)),
    CONSTRAINT child_fk FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE NO ACTION);
INSERT INTO child VALUES (1, 1, '2024-01-01', 'x'), (2, 2, '2024-01-02', NULL);
CREATE TABLE gen (id INT PRIMARY KEY, a INT, b INT GENERATED ALWAYS AS (a * 2) STORED, c VARCHAR(20) GENERATED ALWAYS AS (CONCAT('n', a)) VIRTUAL);
INSERT INTO gen (id, a) VALUES (1, 1), (2, 2);
CREATE TABLE part (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 4;
INSERT INTO part VALUES (1, 1), (2, 2), (3, 3);
CREATE TABLE keyless (n INT, j JSON, s VARCHAR(9));
INSERT INTO keyless VALUES (1, '{\"b\":1,\"a\":2}', 'x'), (1, '{\"b\":1,\"a\":2}', 'x'), (NULL, NULL, '');
CREATE TABLE textkey (k VARCHAR(40) NOT NULL PRIMARY KEY, v INT);
CREATE TABLE \`odd \`\`na\"me\` (\`i d\` INT PRIMARY KEY, \`select\` INT);
INSERT INTO \`odd \`\`na\"me\` VALUES (1, 1), (2, 2);
CREATE VIEW v_parent AS SELECT id, name FROM parent;
CREATE TRIGGER tr BEFORE INSERT ON parent FOR EACH ROW SET NEW.name = NEW.name;
CREATE PROCEDURE p (IN a INT) SELECT a;
$(bulk textkey)"

check_is 0 "equal pair of two kinds: exits 0"
none "no row, no object, no unequal schema" '.type == "row" or .type == "object" or .schema == "different"'
table_is "text keys of 12,000 rows are read once" textkey '.source_rows == 12000 and .target_rows == 12000'
table_is "a table without key" keyless '.verdict == "equal" and .source_rows == 3 and .key == []'
read -r SRC DST <<<"$DST $SRC"
check_is 0 "the other way round: exits 0"
check_is 0 "the other way round, by server digests: exits 0" --digest server
read -r SRC DST <<<"$DST $SRC"

unchanged=$(client o -D "$DB" <"$IT_TMP/change.sql" | awk '$2 != 1 {print $1}')
is "each change is one" "$unchanged" ""
at o "UPDATE child SET note = 'y' WHERE id = 2; UPDATE gen SET a = 3 WHERE id = 2;
    UPDATE parent SET name = 'ANN' WHERE id = 1; UPDATE part SET v = 0 WHERE id = 3;
    UPDATE keyless SET j = '{\"a\": 2, \"b\": 2}' WHERE n = 1 LIMIT 1;
    UPDATE \`odd \`\`na\"me\` SET \`select\` = 3 WHERE \`i d\` = 2;
    DELETE FROM textkey WHERE v IN (1, 6000); UPDATE textkey SET v = 0 WHERE v = 777;
    INSERT INTO textkey VALUES ('', -1), ('~~~~', -2)"

found() { # found DESCRIPTION [OPTIONS…]
    local desc=$1 name wrong= got
    shift
    check_is 1 "$desc: exits 1" "$@"
    got=$(jq -rc 'select(.type == "row") | "\(.table) \(.kind) \(.key.id) \(.columns | join(","))"' "$OUT")
    while IFS=';' read -r name _; do
        [ "$(grep "^$DB.t_$name " <<<"$got")" = "$DB.t_$name changed 2 v" ] ||
            wrong+="t_$name: $(grep "^$DB.t_$name " <<<"$got")"$'\n'
    done <<<"$CASES"
    is "$desc: every change by kind and column" "$wrong" ""
    rows_are "$desc: child" child 'changed {"id":"2"} ["note"]'
    rows_are "$desc: generated columns" gen 'changed {"id":"2"} ["a","b","c"]'
    rows_are "$desc: the same person in other letters" parent 'changed {"id":"1"} ["name"]'
    rows_are "$desc: partitioned" part 'changed {"id":"3"} ["v"]'
    rows_are "$desc: odd names" 'odd `na"me' 'changed {"i d":"2"} ["select"]'
    rows_are "$desc: without key" keyless 'missing null [] x1
extra null [] x1'
    table_is "$desc: text keys" textkey '.missing == 2 and .extra == 2 and .changed == 1'
    none "$desc: no object" '.type == "object"'
}
found "client digest" --digest client
found "server digest" --digest server

# Real differences of the schema are seen through the spelling.
at o "ALTER TABLE t_int MODIFY v BIGINT; ALTER TABLE t_char MODIFY v CHAR(10) DEFAULT 'y';
    ALTER TABLE t_created MODIFY v DATETIME DEFAULT NULL; ALTER TABLE child DROP FOREIGN KEY child_fk;
    ALTER TABLE t_varchar_uni MODIFY v VARCHAR(20) COLLATE utf8mb4_bin; DROP VIEW v_parent"
check_is 1 "schemas differ: exits 1"
is "the differing tables" "$(lines '.type == "table" and .schema == "different"' | jq -r .table | sort | xargs)" \
    "$DB.child $DB.t_char $DB.t_created $DB.t_int $DB.t_varchar_uni"
one "the view is gone" '.type == "object" and .object == "view" and .target == null'
rows_are "INT against BIGINT: rows are compared" t_int 'changed {"id":"2"} ["v"]'
finish
