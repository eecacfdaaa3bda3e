#!/bin/bash
# check_objects.sh: everything of a database that is not a row: on one side only, or
# different; and what looks different but is not.

. "$(dirname "$0")/lib.sh"
begin

# Per kind: a table (or object) that is the same, one that differs, one on one side only.
at ab "
CREATE TABLE same (id INT AUTO_INCREMENT PRIMARY KEY, v INT DEFAULT 3, s VARCHAR(9) COMMENT 'note', KEY (v),
    CHECK (v > 0));
INSERT INTO same VALUES (1, 1, 'a'), (2, 2, 'b');
CREATE TABLE child_same (id INT PRIMARY KEY, pid INT,
    CONSTRAINT fk_same FOREIGN KEY (pid) REFERENCES same (id) ON DELETE CASCADE);
CREATE VIEW v_same AS SELECT id, v FROM same;
CREATE TRIGGER tr_same BEFORE INSERT ON same FOR EACH ROW SET NEW.v = NEW.v + 1;
CREATE PROCEDURE p_same (IN a INT) SELECT a;
CREATE FUNCTION f_same (a INT) RETURNS INT DETERMINISTIC RETURN a + 1;
CREATE EVENT e_same ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;
CREATE SEQUENCE s_same START WITH 5 INCREMENT BY 2;
CREATE TABLE parent (id INT PRIMARY KEY);"
check_is 0 "the same objects: exits 0"
none "the same objects: no object line" '.type == "object"'
table_is "schema is equal" same '.schema == "equal" and .verdict == "equal"'
none "views and sequences are no tables" '.type == "table" and (.table | test("v_same|s_same"))'

at a "
CREATE TABLE t_source (id INT PRIMARY KEY); INSERT INTO t_source VALUES (1);
CREATE TABLE c_source (id INT PRIMARY KEY, v INT, gone INT); INSERT INTO c_source VALUES (1, 1, 7), (2, 2, 7);
CREATE TABLE c_target (id INT PRIMARY KEY, v INT); INSERT INTO c_target VALUES (1, 1), (2, 2);
CREATE TABLE c_type (id INT PRIMARY KEY, v INT); INSERT INTO c_type VALUES (1, 1), (2, 2);
CREATE TABLE c_null (id INT PRIMARY KEY, v INT NOT NULL); INSERT INTO c_null VALUES (1, 1);
CREATE TABLE c_default (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT 'a');
CREATE TABLE c_null_default (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT NULL);
CREATE TABLE c_enum (id INT PRIMARY KEY, v ENUM('a','b')); INSERT INTO c_enum VALUES (1, 'a'), (2, 'b');
CREATE TABLE i_missing (id INT PRIMARY KEY, v INT, KEY by_v (v));
CREATE TABLE i_unique (id INT PRIMARY KEY, v INT, UNIQUE KEY by_v (v));
CREATE TABLE i_order (id INT PRIMARY KEY, a INT, b INT, KEY ab (a, b));
CREATE TABLE i_prefix (id INT PRIMARY KEY, v VARCHAR(50), KEY by_v (v(5)));
CREATE TABLE f_missing (id INT PRIMARY KEY, pid INT, CONSTRAINT f1 FOREIGN KEY (pid) REFERENCES parent (id));
CREATE TABLE f_rule (id INT PRIMARY KEY, pid INT, CONSTRAINT f2 FOREIGN KEY (pid) REFERENCES parent (id));
CREATE TABLE charset_t (id INT PRIMARY KEY, s VARCHAR(9) CHARACTER SET latin1); INSERT INTO charset_t VALUES (1, 'é');
CREATE TABLE coll_t (id INT PRIMARY KEY, s VARCHAR(9) COLLATE utf8mb4_general_ci); INSERT INTO coll_t VALUES (1, 'é');
CREATE TRIGGER tr_source BEFORE UPDATE ON parent FOR EACH ROW SET NEW.id = NEW.id;
CREATE TRIGGER tr_text AFTER INSERT ON parent FOR EACH ROW SET @x = 1;
CREATE VIEW v_source AS SELECT 1 AS one; CREATE VIEW v_text AS SELECT id FROM parent;
CREATE PROCEDURE p_source () SELECT 1; CREATE PROCEDURE p_text () SELECT 1;
CREATE FUNCTION f_text () RETURNS INT DETERMINISTIC RETURN 1;
CREATE EVENT e_source ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;
CREATE EVENT e_text ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;
CREATE SEQUENCE s_source; CREATE SEQUENCE s_text INCREMENT BY 1;"
at b "
CREATE TABLE t_target (id INT PRIMARY KEY); INSERT INTO t_target VALUES (1);
CREATE TABLE c_source (id INT PRIMARY KEY, v INT); INSERT INTO c_source VALUES (1, 1), (2, 9);
CREATE TABLE c_target (id INT PRIMARY KEY, extra INT DEFAULT 5, v INT); INSERT INTO c_target (id, v) VALUES (1, 1), (2, 2);
CREATE TABLE c_type (id INT PRIMARY KEY, v BIGINT); INSERT INTO c_type VALUES (1, 1), (2, 2);
CREATE TABLE c_null (id INT PRIMARY KEY, v INT NULL); INSERT INTO c_null VALUES (1, 1);
CREATE TABLE c_default (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT 'b');
CREATE TABLE c_null_default (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT 'NULL');
CREATE TABLE c_enum (id INT PRIMARY KEY, v ENUM('b','a')); INSERT INTO c_enum VALUES (1, 'a'), (2, 'b');
CREATE TABLE i_missing (id INT PRIMARY KEY, v INT);
CREATE TABLE i_unique (id INT PRIMARY KEY, v INT, KEY by_v (v));
CREATE TABLE i_order (id INT PRIMARY KEY, a INT, b INT, KEY ab (b, a));
CREATE TABLE i_prefix (id INT PRIMARY KEY, v VARCHAR(50), KEY by_v (v(6)));
CREATE TABLE f_missing (id INT PRIMARY KEY, pid INT, KEY f1 (pid));
CREATE TABLE f_rule (id INT PRIMARY KEY, pid INT, CONSTRAINT f2 FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE);
CREATE TABLE charset_t (id INT PRIMARY KEY, s VARCHAR(9) CHARACTER SET utf8mb4); INSERT INTO charset_t VALUES (1, 'é');
CREATE TABLE coll_t (id INT PRIMARY KEY, s VARCHAR(9) COLLATE utf8mb4_bin); INSERT INTO coll_t VALUES (1, 'é');
CREATE TRIGGER tr_target BEFORE DELETE ON parent FOR EACH ROW SET @y = 1;
CREATE TRIGGER tr_text AFTER INSERT ON parent FOR EACH ROW SET @x = 2;
CREATE VIEW v_target AS SELECT 1 AS one; CREATE VIEW v_text AS SELECT id + 1 AS id FROM parent;
CREATE PROCEDURE p_target () SELECT 1; CREATE PROCEDURE p_text () SELECT 2;
CREATE FUNCTION f_text () RETURNS INT DETERMINISTIC RETURN 2;
CREATE EVENT e_target ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;
CREATE EVENT e_text ON SCHEDULE EVERY 2 DAY DISABLE DO SELECT 1;
CREATE SEQUENCE s_target; CREATE SEQUENCE s_text INCREMENT BY 10;"

check_is 1 "objects differ: exits 1"
some() { # some KIND TABLE NAME SIDES: an object line; SIDES: source, target or both
    local name=".name" table="null"
    [ "$2" = - ] || table="\"$DB.$2\""
    ok_line ".type == \"object\" and .object == \"$1\" and .table == $table and ($name | contains(\"$3\")) and
        (.source != null) == $([ "$4" = target ] && echo false || echo true) and
        (.target != null) == $([ "$4" = source ] && echo false || echo true)" "$1 $3: $4"
}
ok_line() { # ok_line FILTER DESCRIPTION: at least one line
    local n
    n=$(lines "$1" | grep -c .)
    ok "$2" test "$n" -ge 1
}
while read -r kind table name sides; do
    some "${kind//_key/ key}" "$table" "$name" "$sides"
done <<'END'
table t_source t_source source
table t_target t_target target
column c_source gone source
column c_target extra target
column c_type v both
column c_null v both
column c_default v both
column c_null_default v both
column c_enum v both
index i_missing by_v source
index i_unique by_v both
index i_order ab both
index i_prefix by_v both
foreign_key f_missing f1 source
foreign_key f_rule f2 both
trigger parent tr_source source
trigger parent tr_target target
trigger parent tr_text both
view - v_source source
view - v_target target
view - v_text both
routine - p_source source
routine - p_target target
routine - p_text both
routine - f_text both
event - e_source source
event - e_target target
event - e_text both
sequence - s_source source
sequence - s_target target
sequence - s_text both
END
ok_line ".type == \"object\" and .object == \"charset\" and .table == \"$DB.charset_t\"" "charset of a column"
ok_line ".type == \"object\" and (.object | IN(\"charset\", \"column\")) and .table == \"$DB.coll_t\"" \
    "collation of a column"
none "the same objects are not named" '.type == "object" and (.name | test("_same"))'
none "a table on one side only has no table line" '.type == "table" and (.table | test("t_source|t_target"))'
rows_are "a column on one side only: the others are compared" c_source 'changed {"id":"2"} ["v"]'
for t in c_target c_type c_null c_enum i_missing f_rule charset_t coll_t; do
    table_is "$t: rows equal, schema different" $t '.verdict == "equal" and .schema == "different"'
done
table_is "the same table: schema equal" same '.schema == "equal"'
is "one object line for each" "$(lines '.type == "object"' | jq -c '[.object, .table, .name]' | sort | uniq -d)" ""

# --objects leaves kinds out; what is left decides.
check_is 1 "--objects trigger: exits 1" --objects trigger --exclude "$DB.c_*" --exclude "$DB.t_*"
none "--objects trigger: only triggers" '.type == "object" and .object != "trigger"'
check_is 0 "--objects event on equal tables: exits 0" --objects event --tables same
none "--objects event, --tables same: nothing else" '.type == "object"'
check_is 0 "--tables: objects of other tables do not count" --tables same --objects table,column,index

# What one side alone has is compared with nothing, and that is said.
unseen() { # unseen DESCRIPTION LINE ARGS…
    check_is 4 "$1: exits 4" "${@:3}"
    like "$1: is named" "$(lines '.type == "summary"' | jq -r .not_visible)" "$2"
    none "$1: as no finding" '.type == "object"'
}
unseen "--objects none, a column" "column \"$DB.c_target.extra\", which only the target has" --objects none --tables c_target
unseen "--objects table, a column" "ignore-columns = extra says" --objects table --tables c_target
unseen "--objects none, a table" "table \"$DB.t_source\", which only the source has" --objects none --tables t_source --tables same
at a "CREATE TABLE guarded (id INT PRIMARY KEY, v INT CHECK (v > 0), CONSTRAINT above CHECK (id > 0))"
at b "CREATE TABLE guarded (id INT PRIMARY KEY, v INT)"
at ab "INSERT INTO guarded VALUES (1, 1)"
check_is 0 "--objects none, CHECKs on one side: no rows are left out" --objects none --tables guarded
check_is 1 "and they differ" --tables guarded
printf '[table *.c_target]\nignore-columns = EXTRA\n' >"$IT_TMP/ignored.ini"
check_is 0 "--objects none, a column that is not meant: exits 0" --objects none --tables c_target --config "$IT_TMP/ignored.ini"

# A database that one side has not, and default charsets.
fresh a "${DB}_gone"
fresh ab "${DB}_cs"
client a <<<"CREATE TABLE ${DB}_gone.t (id INT PRIMARY KEY)"
client b <<<"ALTER DATABASE ${DB}_cs CHARACTER SET latin1 COLLATE latin1_swedish_ci"
SRC=$(side_uri a) DST=$(side_uri b)
check_is 1 "without names: every database" --tables "${DB}_gone.*" --tables "${DB}_cs.*"
ok_line ".type == \"object\" and .object == \"database\" and (.name | contains(\"${DB}_gone\")) and .target == null" \
    "a database on one side only"
SRC=$(uri a "${DB}_cs") DST=$(uri b "${DB}_cs")
client a <<<"CREATE TABLE ${DB}_cs.t (id INT PRIMARY KEY)"
client b <<<"CREATE TABLE ${DB}_cs.t (id INT PRIMARY KEY)"
check_is 1 "charset of a database: exits 1"
ok_line '.type == "object" and (.object | IN("database", "charset")) and (.source | test("utf8mb4")) and (.target | test("latin1"))' \
    "charset of a database"

# AUTO_INCREMENT: dangerous where the next insert meets a key of either side.
fresh ab "${DB}_ai"
DB=${DB}_ai
SRC=$(uri a "$DB") DST=$(uri b "$DB")
at ab "
CREATE TABLE far (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO far VALUES (1, 1), (2, 2);
CREATE TABLE ahead (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO ahead VALUES (1, 1), (2, 2);
CREATE TABLE reissue (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO reissue VALUES (1, 1), (2, 2);
CREATE TABLE negative (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO negative VALUES (-5, 1);
CREATE TABLE none (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
CREATE TABLE second (a INT PRIMARY KEY, id INT AUTO_INCREMENT, KEY (id)); INSERT INTO second VALUES (1, 1), (2, 2)"
at b "ALTER TABLE far AUTO_INCREMENT = 1000"
check_is 0 "AUTO_INCREMENT 3 against 1000 collides with nothing: exits 0"
at a "INSERT INTO reissue VALUES (3, 3), (4, 4); INSERT INTO second VALUES (3, 3), (4, 4)"
at b "INSERT INTO ahead VALUES (50, 3)"
check_is 1 "AUTO_INCREMENT: exits 1"
ok_line ".object == \"auto_increment\" and .table == \"$DB.reissue\" and (.target | test(\"\\\\b3\\\\b\"))" \
    "next value 3 of the target is a key of the source"
ok_line ".object == \"auto_increment\" and .table == \"$DB.ahead\" and (.source | test(\"\\\\b3\\\\b\"))" \
    "next value 3 of the source is below a key of the target"
ok_line ".object == \"auto_increment\" and .table == \"$DB.second\"" "AUTO_INCREMENT beside the key"
none "no alarm for the others" '.object == "auto_increment" and (.table | test("far|negative|none"))'
at b "DELETE FROM ahead WHERE id = 50"
at a "DELETE FROM reissue WHERE id > 2; DELETE FROM second WHERE a > 2"
check_is 0 "put right: a counter that is only further on is no difference"
# Of many tables MariaDB's counters are read from information_schema: they are those of SHOW CREATE TABLE.
fresh a "${DB}_counters"
client a -D "${DB}_counters" <<'SQL'
CREATE TABLE i0 (id INT AUTO_INCREMENT PRIMARY KEY); CREATE TABLE i1 LIKE i0; INSERT INTO i1 VALUES (7); DELETE FROM i1;
CREATE TABLE i2 LIKE i0; ALTER TABLE i2 AUTO_INCREMENT = 5000; CREATE TABLE i3 LIKE i0; BEGIN; INSERT INTO i3 VALUES (40); ROLLBACK;
CREATE TABLE ends (id TINYINT AUTO_INCREMENT PRIMARY KEY); INSERT INTO ends VALUES (127);
CREATE TABLE ends8 (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY); INSERT INTO ends8 VALUES (18446744073709551614);
CREATE TABLE my (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO my VALUES (9);
CREATE TABLE aria (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=Aria; INSERT INTO aria VALUES (11);
CREATE TABLE parts (id INT AUTO_INCREMENT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3; INSERT INTO parts VALUES (77);
CREATE TABLE negative LIKE i0; INSERT INTO negative VALUES (-5);
SQL
counters() { # of each table, by the statement for many, and by its own
    client a <<<"SELECT CONCAT(TABLE_NAME, ' ', AUTO_INCREMENT) FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = '${DB}_counters' AND AUTO_INCREMENT IS NOT NULL ORDER BY TABLE_NAME" >"$IT_TMP/many"
    while read -r table _; do
        create=$(client a -D "${DB}_counters" <<<"SHOW CREATE TABLE $table" | grep -o 'AUTO_INCREMENT=[0-9]*')
        echo "$table ${create:-AUTO_INCREMENT=1}"
    done <"$IT_TMP/many" | sed 's/AUTO_INCREMENT=//' >"$IT_TMP/each"
}
counters
is "counters read at once are those of each table" "$(wc -l <"$IT_TMP/many") $(diff "$IT_TMP/many" "$IT_TMP/each")" "10 "
finish
