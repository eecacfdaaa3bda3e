#!/bin/bash
# check_keys.sh: rows are matched by every kind of key, and none is hidden or doubled.

. "$(dirname "$0")/lib.sh"
begin

# name ; key type ; keys on both sides ; missing ; extra ; changed ; the three as JSON values
CASES=$(cat <<'END'
int;INT;-2147483648,-1,0,2147483647;1;5;0;"1";"5";"0"
int_u;INT UNSIGNED;0,7,4294967295;3;4;4294967295;"3";"4";"4294967295"
big;BIGINT;-9223372036854775808,-5,9223372036854775807;-9223372036854775807;9223372036854775806;-9223372036854775808;"-9223372036854775807";"9223372036854775806";"-9223372036854775808"
big_u;BIGINT UNSIGNED;0,9223372036854775808,18446744073709551615;9223372036854775807;18446744073709551614;18446744073709551615;"9223372036854775807";"18446744073709551614";"18446744073709551615"
tiny;TINYINT;-128,0,127;-127;126;127;"-127";"126";"127"
dec;DECIMAL(20,4);-1.5,0,1.0001,1.0002;1.0003;1.0004;1.0001;"1.0003";"1.0004";"1.0001"
dec65;DECIMAL(65,0);1,99999999999999999999999999999999999999999999999999999999999999999;2;99999999999999999999999999999999999999999999999999999999999999998;99999999999999999999999999999999999999999999999999999999999999999;"2";"99999999999999999999999999999999999999999999999999999999999999998";"99999999999999999999999999999999999999999999999999999999999999999"
vc_ci;VARCHAR(20);'a','b','_b','Z','ü';'c';'D';'_b';"c";"D";"_b"
vc_bin;VARCHAR(20) COLLATE utf8mb4_bin;'a','A','ä','Ä','a b';'b';'B';'A';"b";"B";"A"
vc_nopad;VARCHAR(20) COLLATE utf8mb4_nopad_bin;'a','a ','a  ';'b';'b ';'a ';"b";"b ";"a "
vc_uni;VARCHAR(20) COLLATE utf8mb4_unicode_ci;'','Ä','日本','😀';'x';'y';'日本';"x";"y";"日本"
vc_latin;VARCHAR(20) CHARACTER SET latin1;'é','o','z';'ö';'ñ';'é';"ö";"ñ";"é"
vc_quote;VARCHAR(20);'''','"','\\','%','a\\''b';'`';'/*';'\\';"`";"/*";"\\"
char;CHAR(5);'x','y','zz';'a';'b';'zz';"a";"b";"zz"
utf16;VARCHAR(9) CHARACTER SET utf16;'é','日','z';'a';'b';'日';"a";"b";"日"
cp932;VARCHAR(9) CHARACTER SET cp932;'日','月','z';'木';'火';'月';"木";"火";"月"
bin;BINARY(2);0x0000,0x0001,0x7F00,0xFFFF;0x0100;0x8000;0xFFFF;{"hex":"0100"};{"hex":"8000"};{"hex":"ffff"}
vbin;VARBINARY(9);'',0x00,0x0000,0xFF;0x0001;0x27;0x00;{"hex":"0001"};{"hex":"27"};{"hex":"00"}
date;DATE;'0000-00-00','2024-02-29','9999-12-31';'2024-03-01';'2024-03-02';'0000-00-00';"2024-03-01";"2024-03-02";"0000-00-00"
datetime;DATETIME(6);'2024-01-01 00:00:00.000001','2024-01-01 00:00:00.000002';'2024-01-01';'2024-01-02 00:00:00.5';'2024-01-01 00:00:00.000002';"2024-01-01 00:00:00.000000";"2024-01-02 00:00:00.500000";"2024-01-01 00:00:00.000002"
stamp;TIMESTAMP;'2024-10-27 00:30:00','2024-10-27 01:30:00','2038-01-19 03:14:07';'2024-10-27 02:30:00';'1970-01-01 00:00:01';'2024-10-27 01:30:00';"2024-10-27 02:30:00";"1970-01-01 00:00:01";"2024-10-27 01:30:00"
time;TIME;'-838:59:59','-00:00:01','00:00:00','838:59:59';'00:00:01';'-00:00:02';'-838:59:59';"00:00:01";"-00:00:02";"-838:59:59"
year;YEAR;0,1901,2155;2024;2025;1901;"2024";"2025";"1901"
enum;ENUM('z','m','a','');'z','a',4;'m';0;4;"m";"";""
set;SET('z','m','a');'z','a',3,'';'m';'m,a';3;"m";"m,a";"z,m"
bit;BIT(64);0,1,18446744073709551615;2;3;18446744073709551615;"2";"3";"18446744073709551615"
double;DOUBLE;-1e308,0,0.1,1e308;0.5;0.25;0.1;"0.5";"0.25";"0.1"
uuid;UUID;'00000000-0000-0000-0000-000000000001','ffffffff-0000-0000-0000-000000000001';'10000000-0000-0000-0000-000000000002';'20000000-0000-0000-0000-000000000002';'00000000-0000-0000-0000-000000000001';"10000000-0000-0000-0000-000000000002";"20000000-0000-0000-0000-000000000002";"00000000-0000-0000-0000-000000000001"
END
)

create() { # the tables of the cases, the same on both sides
    local name type both miss extra change rest
    while IFS=';' read -r name type both miss extra change rest; do
        echo "CREATE TABLE k_$name (k $type NOT NULL, v INT, PRIMARY KEY (k));"
        echo "INSERT INTO k_$name VALUES (${both//,/, 1), (}, 1), ($miss, 1);"
    done <<<"$CASES"
}
damage() {
    local name type both miss extra change rest
    while IFS=';' read -r name type both miss extra change rest; do
        echo "DELETE FROM k_$name WHERE k = $miss; INSERT INTO k_$name VALUES ($extra, 1);"
        echo "UPDATE k_$name SET v = 2 WHERE k = $change; SELECT '$name', ROW_COUNT();"
    done <<<"$CASES"
}
at ab "$(create)"
at ab "
CREATE TABLE composite (a INT, b VARCHAR(10), c DATE, v INT, PRIMARY KEY (a, b, c));
INSERT INTO composite VALUES (1, 'x', '2024-01-01', 1), (1, 'x', '2024-01-02', 1),
    (1, 'Y', '2024-01-01', 1), (2, '', '2024-01-01', 1), (2, 'a', '0000-00-00', 1);
CREATE TABLE comp_desc (a VARBINARY(4), b BIGINT UNSIGNED, v INT, PRIMARY KEY (b, a));
INSERT INTO comp_desc VALUES ('a', 2, 1), ('b', 1, 1), ('', 18446744073709551615, 1);
CREATE TABLE uniq (a INT, u VARCHAR(9) NOT NULL, n INT, v INT, UNIQUE KEY (n), UNIQUE KEY ux (u));
INSERT INTO uniq VALUES (1, 'one', NULL, 1), (2, 'two', NULL, 1), (3, 'three', 3, 1);
CREATE TABLE uniq2 (a INT NOT NULL, b INT NOT NULL, v INT, UNIQUE KEY (b, a));
INSERT INTO uniq2 VALUES (1, 2, 1), (2, 1, 1);
CREATE TABLE uniq_prefix (u VARCHAR(20) NOT NULL, v INT, UNIQUE KEY (u(3)));
INSERT INTO uniq_prefix VALUES ('abcdef', 1), ('xyz', 1);
CREATE TABLE uniq_null (u INT, v INT, UNIQUE KEY (u));
INSERT INTO uniq_null VALUES (NULL, 1), (NULL, 1), (1, 1);
CREATE TABLE keyless (n INT, s VARCHAR(9));
CREATE TABLE keyless_same (n INT, s VARCHAR(9));
INSERT INTO keyless_same VALUES (1, 'a'), (1, 'a'), (1, 'a'), (NULL, NULL), (2, 'b');
CREATE TABLE keyless_big (n INT, s VARCHAR(9));
CREATE TABLE fold (k VARCHAR(20) PRIMARY KEY, v INT);
CREATE TABLE fold_bin (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT);"
check_is 0 "every key type: equal pair"

unchanged=$(client b -D "$DB" <<<"$(damage)" | awk '$2 != 1 {print $1}')
is "each change is one" "$unchanged" ""
at b "DELETE FROM composite WHERE a = 1 AND b = 'x' AND c = '2024-01-02';
    INSERT INTO composite VALUES (1, 'xx', '2024-01-01', 1);
    UPDATE composite SET v = 2 WHERE c = '0000-00-00';
    UPDATE comp_desc SET v = 2 WHERE a = ''; INSERT INTO comp_desc VALUES ('b', 2, 1);
    UPDATE uniq SET v = 2 WHERE u = 'one'; DELETE FROM uniq WHERE u = 'two';
    UPDATE uniq2 SET v = 2 WHERE a = 2; UPDATE uniq_prefix SET v = 2 WHERE u = 'xyz';
    UPDATE uniq_null SET v = 2 WHERE u IS NULL LIMIT 1"
at a "INSERT INTO keyless VALUES (7, 'old'), (7, 'old'), (1, 'x'), (5, 'd'), (5, 'd'), (5, 'd'),
        (NULL, 's'), (3, NULL);
    INSERT INTO keyless_big SELECT seq % 100, 's' FROM seq_1_to_30000;
    INSERT INTO fold VALUES ('a', 1), ('ä1', 1), ('x', 1), ('Same', 1);
    INSERT INTO fold_bin VALUES ('a', 1), ('x ', 1), ('Same', 1)"
at b "INSERT INTO keyless VALUES (9, 'new'), (1, 'x'), (9, 'new'), (5, 'd'), (5, 'd'),
        (NULL, 's'), (3, '');
    INSERT INTO keyless_big SELECT seq % 100, 's' FROM seq_1_to_29999;
    INSERT INTO fold VALUES ('A', 1), ('a1', 1), ('x ', 1), ('Same', 1);
    INSERT INTO fold_bin VALUES ('A', 1), ('y ', 1), ('Same', 1)"

found() { # found DESCRIPTION [OPTIONS…]
    local desc=$1 name type both miss extra change jmiss jextra jchange
    shift
    check_is 1 "$desc: exits 1" "$@"
    while IFS=';' read -r name type both miss extra change jmiss jextra jchange; do
        rows_are "$desc: key of $name" "k_$name" "missing {\"k\":$jmiss} []
extra {\"k\":$jextra} []
changed {\"k\":$jchange} [\"v\"]"
    done <<<"$CASES"
    rows_are "$desc: three-part key" composite \
        'missing {"a":"1","b":"x","c":"2024-01-02"} []
extra {"a":"1","b":"xx","c":"2024-01-01"} []
changed {"a":"2","b":"a","c":"0000-00-00"} ["v"]'
    rows_are "$desc: key in another order than the columns" comp_desc \
        'extra {"b":"2","a":{"hex":"62"}} []
changed {"b":"18446744073709551615","a":{"hex":""}} ["v"]'
    table_is "$desc: UNIQUE NOT NULL is a key" uniq '.key == ["u"]'
    rows_are "$desc: rows by UNIQUE NOT NULL" uniq 'changed {"u":"one"} ["v"]
missing {"u":"two"} []'
    rows_are "$desc: rows by two-column UNIQUE" uniq2 'changed {"b":"1","a":"2"} ["v"]'
    table_is "$desc: a prefix is no key" uniq_prefix '.key == [] and .missing == 1 and .extra == 1'
    table_is "$desc: nullable UNIQUE is no key" uniq_null '.key == [] and .missing == 1 and .extra == 1'
    rows_are "$desc: multisets with counts" keyless 'missing null [] x2
extra null [] x2
missing null [] x1
missing null [] x1
extra null [] x1'
    table_is "$desc: counts of a keyless table" keyless '.missing == 4 and .extra == 3 and .changed == 0'
    is "$desc: image of a keyless row" "$(jq -c 'select(.type == "row" and .count == 2 and
        .table == "'"$DB"'.keyless" and .kind == "missing") | .source' "$OUT")" '{"n":"7","s":"old"}'
    table_is "$desc: equal multiset" keyless_same '.verdict == "equal" and .source_rows == 5'
    table_is "$desc: one copy of many" keyless_big '.missing == 1 and .extra == 0'
    table_is "$desc: keys that the collation equates" fold \
        '.changed == 3 and .missing == 0 and .extra == 0 and .source_rows == 4 and .target_rows == 4'
    is "$desc: they differ in the key column" \
        "$(lines '.type == "row" and .table == "'"$DB"'.fold"' | jq -c .columns | sort -u)" '["k"]'
    rows_are "$desc: keys that the collation tells apart" fold_bin 'missing {"k":"a"} []
extra {"k":"A"} []
missing {"k":"x "} []
extra {"k":"y "} []'
}
found "client digest" --digest client
found "server digest" --digest server

# A key whose charset or collation differs: rows are compared, the difference is an object.
fresh ab "${DB}_coll"
DB=${DB}_coll
SRC=$(uri a "$DB") DST=$(uri b "$DB")
at a "CREATE TABLE ci_bin (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
    CREATE TABLE bin_ci (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
    CREATE TABLE latin (k VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, v VARCHAR(9) CHARACTER SET latin1);
    CREATE TABLE sorted (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)"
at b "CREATE TABLE ci_bin (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
    CREATE TABLE bin_ci (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
    CREATE TABLE latin (k VARCHAR(20) PRIMARY KEY, v VARCHAR(9));
    CREATE TABLE sorted (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT)"
at ab "INSERT INTO ci_bin VALUES ('a', 1), ('B', 1), ('c', 1), ('_', 1);
    INSERT INTO bin_ci VALUES ('a', 1), ('B', 1), ('c', 1), ('_', 1);
    INSERT INTO latin VALUES ('é', 'ü'), ('a', 'x'), ('z', 'ñ');
    INSERT INTO sorted SELECT CONCAT(IF(seq % 2, 'k', 'K'), CHAR(65 + seq % 60), seq), seq FROM seq_1_to_12000"
check_is 1 "collations differ, rows do not"
for t in ci_bin bin_ci latin sorted; do
    table_is "$t: equal rows, different schema" $t '.verdict == "equal" and .schema == "different"'
done
table_is "sorted: each row read once" sorted '.source_rows == 12000 and .target_rows == 12000'
at b "INSERT INTO ci_bin VALUES ('A', 1); DELETE FROM sorted WHERE v IN (1, 6000); UPDATE latin SET v = 'n' WHERE k = 'z'"
at a "INSERT INTO bin_ci VALUES ('A', 1)"
check_is 1 "collations differ and rows do"
rows_are "a second spelling on the target is extra" ci_bin 'extra {"k":"A"} []'
table_is "a second spelling on the source is one difference" bin_ci \
    '.missing + .changed + .collision == 1 and .extra == 0'
rows_are "other charset, changed value" latin 'changed {"k":"z"} ["v"]'
rows_are "two missing of 12,000" sorted 'missing {"k":"kB1"} []
missing {"k":"KA6000"} []'

# What is called a UNIQUE index and is none that rows can be read by: of long texts it is a
# hash, and their order that of their first max_sort_length bytes; of a MERGE table it holds
# in each of its tables only.
fresh ab "${DB}_no_key"
DB=${DB}_no_key
SRC=$(uri a "$DB") DST=$(uri b "$DB")
at ab "CREATE TABLE hashed (t TEXT NOT NULL, v INT, UNIQUE KEY (t));
    INSERT INTO hashed SELECT CONCAT(REPEAT('x', 1100), LPAD(seq * 7919 % 100000, 6, '0')), seq
        FROM seq_1_to_9000;
    CREATE TABLE part1 (id INT PRIMARY KEY, v INT) ENGINE=MyISAM;
    CREATE TABLE part2 LIKE part1;
    INSERT INTO part1 VALUES (1, 1), (2, 2);
    INSERT INTO part2 VALUES (1, 1), (2, 20);
    CREATE TABLE merged (id INT PRIMARY KEY, v INT) ENGINE=MERGE UNION=(part1, part2);
    CREATE TABLE versioned (id INT PRIMARY KEY, v INT,
        since TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
        till TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
        PERIOD FOR SYSTEM_TIME (since, till)) WITH SYSTEM VERSIONING;
    INSERT INTO versioned (id, v) VALUES (1, 1), (2, 2); UPDATE versioned SET v = 3 WHERE id = 2"
check_is 0 "keys that are none: equal"
at b "DELETE FROM hashed WHERE v % 50 = 3;
    UPDATE part2 SET v = 21 WHERE id = 2; UPDATE versioned SET v = 4 WHERE id = 2"
check_is 1 "keys that are none: rows differ"
table_is "UNIQUE over long texts: no row is passed over" hashed \
    '.key == [] and .missing == 180 and .extra == 0 and .source_rows == 9000'
table_is "a MERGE table that has a key twice" merged '.key == [] and .missing == 1 and .extra == 1'
rows_are "a versioned table that names its columns of time" versioned 'changed {"id":"2"} ["v"]'
finish
