#!/bin/bash
# check_types.sh: for every column type the least change of one value is found, and only it.
#
# One table a case: rows 1 and 2 hold the old value on both sides, then row 2 of the target
# gets the new one.  All tables are compared by one run, in each way of comparing.

. "$(dirname "$0")/lib.sh"
begin

# name ; column definition ; old value ; new value
CASES=$(cat <<'END'
tinyint;TINYINT;-128;-127
tinyint_u;TINYINT UNSIGNED;255;254
bool;BOOL;0;1
smallint;SMALLINT;32767;32766
smallint_u;SMALLINT UNSIGNED;65535;65534
mediumint;MEDIUMINT;-8388608;-8388607
mediumint_u;MEDIUMINT UNSIGNED;16777215;16777214
int_min;INT;-2147483648;-2147483647
int_sign;INT;1;-1
int_u;INT UNSIGNED;4294967295;4294967294
int_zerofill;INT(8) UNSIGNED ZEROFILL;5;6
bigint_min;BIGINT;-9223372036854775808;-9223372036854775807
bigint_max;BIGINT;9223372036854775807;9223372036854775806
bigint_53;BIGINT;9007199254740993;9007199254740992
bigint_u;BIGINT UNSIGNED;18446744073709551615;18446744073709551614
bigint_u63;BIGINT UNSIGNED;9223372036854775808;9223372036854775807
dec_small;DECIMAL(65,30);0.000000000000000000000000000001;0.000000000000000000000000000002
dec_big;DECIMAL(65,0);99999999999999999999999999999999999999999999999999999999999999999;99999999999999999999999999999999999999999999999999999999999999998
dec_neg;DECIMAL(20,4);-1.0000;-1.0001
dec_sign;DECIMAL(10,2);0.01;-0.01
float_ulp;FLOAT;1;1.00000012
float_24;FLOAT;16777216;16777218
float_sign;FLOAT;1.5;-1.5
double_ulp;DOUBLE;0.1;0.10000000000000002
double_tiny;DOUBLE;2.2250738585072014e-308;2.225073858507202e-308
double_huge;DOUBLE;1.7976931348623157e308;1.7976931348623155e308
char_ascii;CHAR(10) CHARACTER SET ascii;'a';'b'
char_case;CHAR(10);'a';'A'
varchar_ci;VARCHAR(20);'a';'A'
varchar_accent;VARCHAR(20);'a';'ä'
varchar_space;VARCHAR(20);'a';'a '
varchar_nbsp;VARCHAR(20);'a b';_utf8mb4 0x61C2A062
varchar_nfd;VARCHAR(20) COLLATE utf8mb4_unicode_ci;'é';_utf8mb4 0x65CC81
varchar_ss;VARCHAR(20) COLLATE utf8mb4_unicode_ci;'ss';'ß'
varchar_bin;VARCHAR(20) COLLATE utf8mb4_bin;'z';'Z'
varchar_emoji;VARCHAR(20);'😀';'😁'
varchar_nul;VARCHAR(20);_utf8mb4 0x6100;_utf8mb4 0x610000
varchar_tab;VARCHAR(20);'a\tb';'a\nb'
varchar_utf8mb3;VARCHAR(20) CHARACTER SET utf8mb3;'日';'曰'
varchar_utf16;VARCHAR(20) CHARACTER SET utf16;'é';'è'
varchar_utf32;VARCHAR(20) CHARACTER SET utf32;'😀';'😁'
varchar_ucs2;VARCHAR(20) CHARACTER SET ucs2;'日';'月'
varchar_latin1;VARCHAR(20) CHARACTER SET latin1;'é';'è'
varchar_latin1c;VARCHAR(20) CHARACTER SET latin1;_latin1 0x81;_latin1 0x8D
varchar_latin2;VARCHAR(20) CHARACTER SET latin2;'ł';'Ł'
varchar_german;VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german2_ci;'ae';'ä'
varchar_cp1251;VARCHAR(20) CHARACTER SET cp1251;'я';'Я'
varchar_koi8r;VARCHAR(20) CHARACTER SET koi8r;'я';'ю'
varchar_cp932;VARCHAR(20) CHARACTER SET cp932;_cp932 0x81CA;_cp932 0xEEF9
varchar_sjis;VARCHAR(20) CHARACTER SET sjis;'日';'月'
varchar_ujis;VARCHAR(20) CHARACTER SET ujis;'日';'月'
varchar_gbk;VARCHAR(20) CHARACTER SET gbk;'中';'国'
varchar_big5;VARCHAR(20) CHARACTER SET big5;'中';'國'
varchar_euckr;VARCHAR(20) CHARACTER SET euckr;'한';'국'
varchar_greek;VARCHAR(20) CHARACTER SET greek;'α';'ά'
tinytext;TINYTEXT;'x';'X'
text;TEXT;REPEAT('abc', 20000);CONCAT(REPEAT('abc', 19999), 'abd')
mediumtext;MEDIUMTEXT;REPEAT('é', 200000);CONCAT(REPEAT('é', 99999), 'e', REPEAT('é', 100000))
longtext;LONGTEXT;'';' '
binary;BINARY(4);0x00000000;0x00000001
varbinary_pad;VARBINARY(8);0x61;0x6100
varbinary_space;VARBINARY(8);'a';'a '
varbinary_hi;VARBINARY(8);0xFFFE;0xFFFF
tinyblob;TINYBLOB;0x00;0x0000
blob;BLOB;CONCAT(REPEAT('x', 65534), 'a');CONCAT(REPEAT('x', 65534), 'b')
mediumblob;MEDIUMBLOB;CONCAT(REPEAT('x', 65536), 'a');CONCAT(REPEAT('x', 65536), 'b')
longblob;LONGBLOB;CONCAT(REPEAT('x', 200000), 'a');CONCAT(REPEAT('x', 200000), 'b')
enum;ENUM('a','b');'a';'b'
enum_empty;ENUM('a','');'';0
enum_zero;ENUM('a','b');0;'a'
enum_case;ENUM('a','A') COLLATE utf8mb4_bin;'a';'A'
set;SET('a','b','c');'a,b';'a,c'
set_none;SET('a','b');'a';''
bit1;BIT(1);b'0';b'1'
bit10;BIT(10);b'1000000000';b'1000000001'
bit64;BIT(64);18446744073709551615;18446744073709551614
json;JSON;'{"a": 1}';'{"a": 2}'
json_type;JSON;'{"a": 1}';'{"a": "1"}'
json_null;JSON;'{"a": null}';'{}'
json_order;JSON;'[1, 2]';'[2, 1]'
json_big;JSON;'9223372036854775807';'9223372036854775806'
point;POINT;ST_GeomFromText('POINT(1 1)');ST_GeomFromText('POINT(1 1.0000000000000002)')
geometry;GEOMETRY;ST_GeomFromText('LINESTRING(0 0,1 1)');ST_GeomFromText('LINESTRING(1 1,0 0)')
polygon;POLYGON;ST_GeomFromText('POLYGON((0 0,0 4,4 4,0 0))');ST_GeomFromText('POLYGON((0 0,0 4,4 5,0 0))')
date;DATE;'2024-02-29';'2024-03-01'
date_min;DATE;'1000-01-01';'1000-01-02'
date_zero;DATE;'0000-00-00';'2024-00-00'
datetime;DATETIME;'2024-01-01 00:00:00';'2024-01-01 00:00:01'
datetime_us;DATETIME(6);'9999-12-31 23:59:59.999999';'9999-12-31 23:59:59.999998'
datetime_zero;DATETIME;'0000-00-00 00:00:00';'2024-01-00 00:00:00'
timestamp;TIMESTAMP NULL;'2024-01-01 00:00:00';'2024-01-01 00:00:01'
timestamp_us;TIMESTAMP(6) NULL;'2038-01-19 03:14:07.000001';'2038-01-19 03:14:07.000002'
timestamp_zero;TIMESTAMP NULL;'0000-00-00 00:00:00';'1970-01-01 00:00:01'
timestamp_dst;TIMESTAMP NULL;'2024-10-27 00:30:00';'2024-10-27 01:30:00'
time_us;TIME(6);'-00:00:00.000001';'00:00:00.000001'
time_min;TIME(6);'-838:59:59.000000';'-838:59:58.999999'
time_max;TIME;'838:59:59';'838:59:58'
year;YEAR;2024;2025
year_zero;YEAR;0;1901
uuid;UUID;'00000000-0000-0000-0000-000000000001';'00000000-0000-0000-0000-000000000002'
inet4;INET4;'10.0.0.1';'10.0.0.2'
inet6;INET6;'::1';'::2'
compressed;TEXT COMPRESSED;REPEAT('a', 500);CONCAT(REPEAT('a', 499), 'b')
invisible;INT INVISIBLE DEFAULT 7;7;8
not_null;INT NOT NULL DEFAULT 0;0;1
null_empty;VARCHAR(20);NULL;''
null_word;VARCHAR(20);NULL;'NULL'
empty_word;VARCHAR(20);'';'NULL'
null_zero;INT;NULL;0
null_decimal;DECIMAL(5,2);NULL;0
null_double;DOUBLE;NULL;0
null_date;DATE;NULL;'0000-00-00'
null_time;TIME;NULL;'00:00:00'
null_bit;BIT(8);NULL;b'0'
null_blob;BLOB;NULL;''
null_set;SET('a');NULL;''
null_enum;ENUM('a','');NULL;''
null_enum0;ENUM('a','');NULL;0
null_json;JSON;NULL;'null'
null_year;YEAR;NULL;0
null_text;TEXT;'\\N';NULL
END
)

build=$IT_TMP/build.sql change=$IT_TMP/change.sql back=$IT_TMP/back.sql
declare -A POSSIBLE
while IFS=';' read -r name type old new; do
    POSSIBLE[$name]=1
    echo "CREATE TABLE t_$name (id INT PRIMARY KEY, v $type) ENGINE=InnoDB;
        INSERT INTO t_$name (id, v) VALUES (1, $old), (2, $old), (3, $old);"
    echo "UPDATE t_$name SET v = $new WHERE id = 2; SELECT '$name', ROW_COUNT();" >>"$change"
    echo "UPDATE t_$name SET v = $old WHERE id = 2;" >>"$back"
done <<<"$CASES" >"$build"
at ab "$(cat "$build")"

# What does not fit "one table, one column v" but must be equal, too.
at ab "
CREATE TABLE g_stored (id INT PRIMARY KEY, a INT, v INT AS (a * 2) STORED);
INSERT INTO g_stored (id, a) VALUES (1, 1), (2, 2);
CREATE TABLE g_virtual (id INT PRIMARY KEY, a VARCHAR(9), v VARCHAR(20) AS (CONCAT(a, '!')) VIRTUAL);
INSERT INTO g_virtual (id, a) VALUES (1, 'x'), (2, 'y');
CREATE TABLE two (id INT PRIMARY KEY, a INT, b INT, c INT);
INSERT INTO two VALUES (1, 1, 1, 1), (2, 2, 2, 2);
CREATE TABLE zero_sign (id INT PRIMARY KEY, f FLOAT, d DOUBLE);
CREATE TABLE part (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 4;
INSERT INTO part SELECT seq, seq FROM seq_1_to_50;
CREATE TABLE isam (id INT PRIMARY KEY, v INT) ENGINE=MyISAM;
INSERT INTO isam VALUES (1, 1), (2, 2);
CREATE TABLE aria (id INT PRIMARY KEY, v INT) ENGINE=Aria;
INSERT INTO aria VALUES (1, 1), (2, 2);
CREATE TABLE nothing (id INT PRIMARY KEY, v INT);
CREATE TABLE versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
INSERT INTO versioned VALUES (1, 1), (2, 2);"
at a "INSERT INTO zero_sign VALUES (1, 0.0, 0.0)"
at b "INSERT INTO zero_sign VALUES (1, -0e0, -0e0); UPDATE versioned SET v = 9 WHERE id = 1;
    UPDATE versioned SET v = 1 WHERE id = 1"

check_is 0 "every type: equal pair exits 0"
none "every type: equal pair has no row, range or object" '.type | IN("row", "range", "object")'
count_is "every type: one line a table" $((${#POSSIBLE[@]} + 9)) '.type == "table"'
table_is "rows are counted" t_int_min '.source_rows == 3 and .target_rows == 3 and .key == ["id"]'
table_is "an empty table is equal" nothing '.verdict == "equal" and .source_rows == 0'
check_is 0 "the other way round, too" --threads 1

unchanged=$(client b -D "$DB" <"$change" | awk '$2 != 1 {print $1}')
is "each change is one" "$unchanged" ""
at b "UPDATE g_stored SET a = 3 WHERE id = 2; UPDATE g_virtual SET a = 'Y' WHERE id = 2;
    UPDATE two SET a = 9, c = NULL WHERE id = 2; UPDATE part SET v = 0 WHERE id = 33;
    UPDATE isam SET v = 3 WHERE id = 2; UPDATE aria SET v = 3 WHERE id = 2"

found() { # found DESCRIPTION [OPTIONS…]: each table differs by row 2, column v
    local desc=$1 name wrong= got
    shift
    check_is 1 "$desc: exits 1" "$@"
    got=$(jq -rc 'select(.type == "row") | "\(.table) \(.kind) \(.key.id) \(.columns | join(","))"' "$OUT")
    for name in "${!POSSIBLE[@]}"; do
        [ "$(grep "^$DB.t_$name " <<<"$got")" = "$DB.t_$name changed 2 v" ] ||
            wrong+="t_$name: $(grep "^$DB.t_$name " <<<"$got")"$'\n'
    done
    is "$desc: every change by kind and column" "$wrong" ""
    rows_are "$desc: stored generated column" g_stored 'changed {"id":"2"} ["a","v"]'
    rows_are "$desc: virtual generated column" g_virtual 'changed {"id":"2"} ["a","v"]'
    rows_are "$desc: two columns of one row" two 'changed {"id":"2"} ["a","c"]'
    rows_are "$desc: partitioned table" part 'changed {"id":"33"} ["v"]'
    rows_are "$desc: MyISAM" isam 'changed {"id":"2"} ["v"]'
    rows_are "$desc: Aria" aria 'changed {"id":"2"} ["v"]'
    rows_are "$desc: 0 and -0 are one number" zero_sign ''
    rows_are "$desc: history of a versioned table" versioned ''
}
found "client digest" --digest client
found "server digest" --digest server
found "consistent view" --consistent
found "one thread" --threads 1 --digest auto

# Values in row images: numbers, times and bits are strings, binary is hex, NULL is null.
images_are() { # images_are TABLE SOURCE TARGET
    is "image of $1" "$(image "t_$1" changed source v) $(image "t_$1" changed target v)" "$2 $3"
}
images_are bigint_u '"18446744073709551615"' '"18446744073709551614"'
images_are bigint_min '"-9223372036854775808"' '"-9223372036854775807"'
images_are dec_small '"0.000000000000000000000000000001"' '"0.000000000000000000000000000002"'
images_are double_ulp '"0.1"' '"0.10000000000000002"'
images_are varchar_tab '"a\tb"' '"a\nb"'
images_are varchar_emoji '"😀"' '"😁"'
images_are varchar_latin1 '"é"' '"è"'
images_are varchar_utf16 '"é"' '"è"'
images_are varbinary_hi '{"hex":"fffe"}' '{"hex":"ffff"}'
images_are varbinary_pad '{"hex":"61"}' '{"hex":"6100"}'
images_are set '"a,b"' '"a,c"'
images_are datetime_us '"9999-12-31 23:59:59.999999"' '"9999-12-31 23:59:59.999998"'
images_are date_zero '"0000-00-00"' '"2024-00-00"'
images_are time_us '"-00:00:00.000001"' '"00:00:00.000001"'
images_are year '"2024"' '"2025"'
images_are null_empty null '""'
images_are null_word null '"NULL"'
images_are null_zero null '"0"'
is "an INT in another column is a string" "$(image t_text changed source id)" '"2"'

client b -D "$DB" <"$back" >/dev/null || bail "cannot change back"
at b "UPDATE g_stored SET a = 2 WHERE id = 2; UPDATE g_virtual SET a = 'y' WHERE id = 2;
    UPDATE two SET a = 2, c = 2 WHERE id = 2; UPDATE part SET v = 33 WHERE id = 33;
    UPDATE isam SET v = 2 WHERE id = 2; UPDATE aria SET v = 2 WHERE id = 2"
check_is 0 "changed back: equal again"

# Values of 16 MB, in a database of their own because their images are as long.
fresh ab "${DB}_wide"
DB=${DB}_wide
SRC=$(uri a "$DB") DST=$(uri b "$DB")
at ab "CREATE TABLE wide (id INT PRIMARY KEY, v LONGBLOB, t LONGTEXT);
    INSERT INTO wide VALUES (1, CONCAT(REPEAT('x', 16777216), 'a'), 'é'), (2, '', CONCAT(REPEAT('é', 8000000), 'a'))"
check_is 0 "values of 16 MB: equal pair"
at b "UPDATE wide SET v = CONCAT(LEFT(v, 9999999), 'X', RIGHT(v, 6777217)) WHERE id = 1;
    UPDATE wide SET t = CONCAT(LEFT(t, 8000000), 'b') WHERE id = 2"
check_is 1 "values of 16 MB: one byte changed"
is "values of 16 MB: rows and whole images" "$(jq -c 'select(.type == "row") |
    [.key.id, .columns, (.source | .v.hex + .t | length), (.target | .v.hex + .t | length)]' "$OUT" | sort)" \
    '["1",["v"],33554435,33554435]
["2",["t"],8000001,8000001]'
finish
