#!/bin/bash
# check_definitions.sh: whose names an object runs in, under which settings, and what a table is
# as a whole: definitions that read alike and behave otherwise are differences.  $1: mysql.

. "$(dirname "$0")/lib.sh"
KIND=mariadb SIDES=ab
[ "${1:-}" != mysql ] || IT_NAME+=_mysql KIND=mysql SIDES=p
if [ $KIND = mysql ] && ! use_pair mysql; then
    echo "1..0 # SKIP no MySQL 9"
    exit 0
fi
begin
# Two servers, or two databases of one.
OTHER=$DB
[ $KIND = mariadb ] || OTHER=${DB}_other
both=${SIDES:0:1}${SIDES: -1}
SRC=$(uri "${both:0:1}" "$DB") DST=$(uri "${both:1:1}" "$OTHER")
[ $KIND = mariadb ] || IT_DROP+=("$(side_uri p) $OTHER")

on() { # on s|t SQL
    if [ "$1" = s ]; then
        client "${both:0:1}" -D "$DB" <<<"$2" || bail "source: $2"
    else
        client "${both:1:1}" -D "$OTHER" <<<"$2" || bail "target: $2"
    fi
}
differ() { # differ NAME COMMON SOURCE TARGET OBJECT SOURCE-SAYS TARGET-SAYS
    local side
    fresh "${both:0:1}" "$DB"
    fresh "${both:1:1}" "$OTHER"
    for side in s t; do
        on $side "CREATE TABLE base (id INT PRIMARY KEY)"
        [ -z "$2" ] || on $side "$2"
    done
    on s "$3"
    on t "$3"
    check_is 0 "$1, made alike"
    [ -z "$UNDO" ] || on t "$UNDO"
    on t "$4"
    check_is 1 "$1"
    count_is "$1: one $5" 1 '.type == "object"'
    one "$1: what each side says" ".type == \"object\" and .object == \"$5\" and (.source | endswith(\"$6\")) and (.target | endswith(\"$7\"))"
}
T="CREATE TABLE t (id INT PRIMARY KEY, v INT)"
F='FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1||2'
UNDO="DROP FUNCTION f"
differ "sql_mode of a function" "" "SET sql_mode = 'PIPES_AS_CONCAT'; CREATE $F" "SET sql_mode = ''; CREATE $F" routine '(sql_mode PIPES_AS_CONCAT)' "(sql_mode '')"
differ "definer of a function" "" "CREATE DEFINER = x@y $F" "CREATE DEFINER = z@y $F" routine '(definer x@y)' '(definer z@y)'
differ "collation of what a function returns" "" \
    "CREATE FUNCTION f() RETURNS VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_bin DETERMINISTIC RETURN 'a'" \
    "CREATE FUNCTION f() RETURNS VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_general_ci DETERMINISTIC RETURN 'a'" routine "RETURN 'a'" "RETURN 'a'"
I="(introducers of literals, counted from the end: "
differ "how a function compares" "" "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 'a' = _binary'A' OR 1 = '1'" \
    "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 'a' = 'A' OR 1 = '1'" routine "$I""_binary 2)" "$I'')"
[ $KIND = mysql ] || # MySQL's are IN
    differ "direction of a function's parameter" "" "CREATE FUNCTION f(OUT a INT) RETURNS INT DETERMINISTIC RETURN 1" \
        "CREATE FUNCTION f(INOUT a INT) RETURNS INT DETERMINISTIC RETURN 1" \
        routine "(out a int) returns int\ndeterministic\nRETURN 1" "(inout a int) returns int\ndeterministic\nRETURN 1"
differ "comment of a function" "" "CREATE FUNCTION f() RETURNS INT DETERMINISTIC COMMENT 'x' RETURN 1" \
    "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1" attribute "comment x" "comment ''"
UNDO="DROP FUNCTION f"
W="what is quoted and holds quotes: "
[ $KIND = mysql ] || W=
differ "blanks in a literal with a quote" "" "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC RETURN 'it''s  x'" \
    "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC RETURN 'it''s x'" routine "${W:+($W'it''s  x')}" "${W:+($W'it''s x')}"
differ "one literal, and two" "" "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC RETURN CONCAT('a'',''b')" \
    "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC RETURN CONCAT('a','b')" routine "${W:+($W'a'',''b')}" "${W:+($W'')}"
differ "what follows a sharp in a literal" "" "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC RETURN CONCAT('it''s #1', 1)" \
    "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC RETURN CONCAT('it''s #1', 2)" routine ", 1)" ", 2)"
if [ $KIND = mysql ]; then # MariaDB forgets it
    UNDO="DROP TABLE t"
    differ "how a CHECK compares" "" "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9), CONSTRAINT k CHECK (s <> _binary'a'))" \
        "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9), CONSTRAINT k CHECK (s <> 'a'))" table "check (_binary 'a' <> s)" "check ('a' <> s)"
    differ "how a generated column compares" "" "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9), g INT AS (s = _binary'a') STORED)" \
        "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9), g INT AS (s = 'a') STORED)" column "(_binary 'a' = s) stored" "('a' = s) stored"
fi
if [ $KIND = mariadb ]; then # the text of its own, not that of the procedure of its name
    body() { # body LITERAL
        printf '%s\n' "SET sql_mode = ORACLE;" "DELIMITER //" \
            "CREATE PACKAGE BODY p AS FUNCTION f RETURN INT AS BEGIN RETURN 'a' = $1; END; END //"
    }
    UNDO="SET sql_mode = ORACLE; DROP PACKAGE BODY p"
    differ "how a package compares" "CREATE PROCEDURE p() SELECT 'a' = 'b'; SET sql_mode = ORACLE;
        DELIMITER //
        CREATE PACKAGE p AS FUNCTION f RETURN INT; END //" "$(body "_binary'A'")" "$(body "'A'")" \
        routine "$I""_binary 1)" "$I'')"
fi
UNDO="DROP TRIGGER tr"
differ "how a trigger compares" "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9))" "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.s = _binary'a'" \
    "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.s = 'a'" trigger "$I""_binary 1)" "$I'')"
if [ $KIND = mysql ]; then # nothing of another language is read as SQL
    UNDO="DROP FUNCTION f"
    differ "what follows two dashes in JavaScript" "" "CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT AS 'x-- ; return 1'" \
        "CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT AS 'x-- ; return 2'" routine "return 1" "return 2"
    UNDO="DROP LIBRARY l"
    differ "a library" "" "CREATE LIBRARY l LANGUAGE JAVASCRIPT AS 'export const x = 1'" "CREATE LIBRARY l LANGUAGE JAVASCRIPT AS 'export const x = 2'" \
        routine "x = 1" "x = 2"
fi
R='TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1||2'
UNDO="DROP TRIGGER tr"
differ "sql_mode of a trigger" "$T" "SET sql_mode = 'PIPES_AS_CONCAT'; CREATE $R" "SET sql_mode = ''; CREATE $R" trigger '(sql_mode PIPES_AS_CONCAT)' "(sql_mode '')"
differ "definer of a trigger" "$T" "CREATE DEFINER = x@y $R" "CREATE DEFINER = z@y $R" trigger '(definer x@y)' '(definer z@y)'
differ "collation of a trigger" "$T" "SET NAMES utf8mb4 COLLATE utf8mb4_bin; CREATE $R" "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; CREATE $R" trigger \
    '(collation_connection utf8mb4_bin)' '(collation_connection utf8mb4_general_ci)'
E="EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01' DISABLE DO SELECT 1||2"
UNDO="DROP EVENT e"
differ "sql_mode of an event" "" "SET sql_mode = 'PIPES_AS_CONCAT'; CREATE $E" "SET sql_mode = ''; CREATE $E" event '(sql_mode PIPES_AS_CONCAT)' "(sql_mode '')"
differ "definer of an event" "" "CREATE DEFINER = x@y $E" "CREATE DEFINER = z@y $E" event '(definer x@y)' '(definer z@y)'
differ "how an event compares" "" "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01' DISABLE DO SELECT 'a' = _binary'A'" \
    "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01' DISABLE DO SELECT 'a' = 'A'" event "$I""_binary 1)" "$I'')"
UNDO="DROP VIEW w"
differ "how a view compares" "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9))" "CREATE VIEW w AS SELECT id FROM t WHERE s = _binary'a'" \
    "CREATE VIEW w AS SELECT id FROM t WHERE s = 'a'" view "$I""_binary 1)" "$I'')"
differ "definer of a view" "$T" "CREATE DEFINER = x@y VIEW w AS SELECT id FROM t" "CREATE DEFINER = z@y VIEW w AS SELECT id FROM t" view '(definer x@y)' '(definer z@y)'
differ "algorithm of a view" "$T" "CREATE ALGORITHM = MERGE VIEW w AS SELECT id FROM t" "CREATE ALGORITHM = TEMPTABLE VIEW w AS SELECT id FROM t" view \
    '(algorithm MERGE)' '(algorithm TEMPTABLE)'
if [ $KIND = mysql ]; then # MariaDB writes them into the SELECT
    differ "names of a view's columns" "$T" "CREATE VIEW w (x, y) AS SELECT id, v FROM t" "CREATE VIEW w (y, x) AS SELECT id, v FROM t" view \
        '(columns `x`,`y`)' '(columns `y`,`x`)'
    differ "named columns of a view" "$T" "CREATE VIEW w (x) AS SELECT id FROM t" "CREATE VIEW w AS SELECT id FROM t" view '(columns `x`)' "(columns '')"
fi
UNDO="DROP TABLE t"
differ "order of columns" "" "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)" "CREATE TABLE t (id INT PRIMARY KEY, b INT, a INT)" table "columns id, a, b" "columns id, b, a"
differ "comment of a table" "" "CREATE TABLE t (id INT PRIMARY KEY) COMMENT 'x'" "CREATE TABLE t (id INT PRIMARY KEY)" attribute "comment x" "comment ''"
differ "comment of a column" "" "CREATE TABLE t (id INT PRIMARY KEY COMMENT 'x')" "CREATE TABLE t (id INT PRIMARY KEY)" attribute "comment x" "comment ''"
differ "row format" "" "CREATE TABLE t (id INT PRIMARY KEY) ROW_FORMAT = REDUNDANT" "CREATE TABLE t (id INT PRIMARY KEY)" attribute "row_format Redundant" "row_format Dynamic"
differ "partitions" "" "CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3" "CREATE TABLE t (id INT PRIMARY KEY)" table \
    "partition by hash (id) 3" "no partitions"
differ "ends of partitions" "" "CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION z VALUES LESS THAN MAXVALUE)" \
    "CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (20), PARTITION z VALUES LESS THAN MAXVALUE)" table \
    "a (10), z (maxvalue)" "a (20), z (maxvalue)"
differ "subpartitions" "" "CREATE TABLE t (id INT, d DATE) PARTITION BY RANGE (TO_DAYS(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION a VALUES LESS THAN (700000), PARTITION b VALUES LESS THAN MAXVALUE)" \
    "CREATE TABLE t (id INT, d DATE) PARTITION BY RANGE (TO_DAYS(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 3 (PARTITION a VALUES LESS THAN (700000), PARTITION b VALUES LESS THAN MAXVALUE)" table \
    "sub hash (id) 2: a (700000), b (maxvalue)" "sub hash (id) 3: a (700000), b (maxvalue)"
if [ $KIND = mariadb ]; then
    P="CREATE TABLE t (id INT, s DATE NOT NULL, e DATE NOT NULL"
    differ "WITHOUT OVERLAPS" "" "$P, PERIOD FOR p (s, e), UNIQUE u (id, p WITHOUT OVERLAPS), PRIMARY KEY (id, e, s))" "$P, PERIOD FOR p (s, e), UNIQUE u (id, e, s), PRIMARY KEY (id, e, s))" \
        index "unique (id, e, s) without overlaps" "unique (id, e, s)"
    differ "a period" "" "$P, PERIOD FOR p (s, e), PRIMARY KEY (id, e, s))" "$P, PRIMARY KEY (id, e, s), CONSTRAINT p CHECK (s < e))" table "period p (s < e)" "check (s < e)"
    V="CREATE TABLE t (id INT PRIMARY KEY, v INT"
    H="(PARTITION h HISTORY, PARTITION c CURRENT)"
    differ "limit of versions" "" "$V) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 1000 $H" "$V) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 2000 $H" \
        table "system_time limit 1000: h, c" "system_time limit 2000: h, c"
    differ "time of versions" "" "$V) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 DAY STARTS '2030-01-01 00:00:00' AUTO" \
        "$V) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 WEEK STARTS '2030-01-01 00:00:00' AUTO" \
        table "interval 1 day starts timestamp '2030-01-01 00:00:00' auto" "interval 7 day starts timestamp '2030-01-01 00:00:00' auto"
    differ "a column without versions" "" "$V WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING" "$V) WITH SYSTEM VERSIONING" column "int without system versioning" "int"
    R="GENERATED ALWAYS AS ROW"
    differ "invisible row times" "" "$V, a TIMESTAMP(6) $R START INVISIBLE, z TIMESTAMP(6) $R END, PERIOD FOR SYSTEM_TIME (a, z)) WITH SYSTEM VERSIONING" \
        "$V, a TIMESTAMP(6) $R START, z TIMESTAMP(6) $R END, PERIOD FOR SYSTEM_TIME (a, z)) WITH SYSTEM VERSIONING" column " invisible" "stored"
    differ "foreign key onto versions" "CREATE TABLE h (id INT PRIMARY KEY) WITH SYSTEM VERSIONING" "$V, CONSTRAINT f FOREIGN KEY (v) REFERENCES h (id) ON DELETE CASCADE) WITH SYSTEM VERSIONING" \
        "$V, CONSTRAINT f FOREIGN KEY (v) REFERENCES h (id)) WITH SYSTEM VERSIONING" "foreign key" "on delete cascade on update restrict" "on delete restrict on update restrict"
    differ "versions of rows" "" "CREATE TABLE t (id INT PRIMARY KEY) WITH SYSTEM VERSIONING" "CREATE TABLE t (id INT PRIMARY KEY)" table "with system versioning" "no versions"
else
    differ "parser of a FULLTEXT index" "" "CREATE TABLE t (id INT PRIMARY KEY, v TEXT, FULLTEXT f (v) WITH PARSER ngram)" "CREATE TABLE t (id INT PRIMARY KEY, v TEXT, FULLTEXT f (v))" \
        index "fulltext (v) with parser ngram" "fulltext (v)"
    differ "SRID" "" "CREATE TABLE t (id INT PRIMARY KEY, g POINT SRID 4326)" "CREATE TABLE t (id INT PRIMARY KEY, g POINT)" column "point srid 4326" "point"
fi
check_is 0 "--objects without them: exits 0" --objects index
finish
