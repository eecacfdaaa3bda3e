#!/bin/bash
# check_server_digest.sh: --digest server: many chunks of every kind of key, between two
# MariaDB servers and between MariaDB and MySQL 9: sums of digests hide nothing and invent
# nothing.  (Each column type by its least step: check_types.sh.)

. "$(dirname "$0")/lib.sh"
begin
N=6000

digits="CREATE TABLE n (i INT PRIMARY KEY);
CREATE TABLE d (d INT PRIMARY KEY); INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
INSERT INTO n SELECT a.d * 10000 + b.d * 1000 + c.d * 100 + e.d * 10 + f.d FROM d a, d b, d c, d e, d f
    WHERE a.d = 0 AND a.d * 10000 + b.d * 1000 + c.d * 100 + e.d * 10 + f.d BETWEEN 1 AND $N;"
# name ; key columns ; key list ; their values for i
KEYS=$(cat <<'END'
int;k INT;k;i * 3 - 18000
big_u;k BIGINT UNSIGNED;k;18446744073709551615 - i * 2
dec;k DECIMAL(30,5);k;i / 8
vc_ci;k VARCHAR(40);k;CONCAT(ELT(1 + i % 4, 'a', 'B', '_', 'Z'), i)
vc_bin;k VARCHAR(40) COLLATE utf8mb4_bin;k;CONCAT(ELT(1 + i % 4, 'a', 'A', '日', 'ß'), i)
latin;k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci;k;CONCAT(ELT(1 + i % 3, 'é', 'e', 'z'), i)
char;k CHAR(12);k;CONCAT(i % 7, '-', i)
bin;k BINARY(8);k;UNHEX(LPAD(HEX(i * 257), 16, '0'))
vbin;k VARBINARY(20);k;CONCAT(UNHEX(LPAD(HEX(i), 6, '0')), REPEAT(UNHEX('00'), i % 3))
stamp;k DATETIME(6);k;'2024-01-01' + INTERVAL i * 1000003 MICROSECOND
date;k DATE, n INT;k, n;'1990-01-01' + INTERVAL i % 365 DAY, i
comp;a SMALLINT, b VARCHAR(9), c INT;a, b, c;i % 5, CONCAT('x', i % 11), i
desc;a INT, b INT UNSIGNED;b, a;i, i % 13
END
)
tables() {
    local name columns key values
    while IFS=';' read -r name columns key values; do
        echo "CREATE TABLE k_$name ($columns, i INT NOT NULL, v VARCHAR(40), f DOUBLE, PRIMARY KEY ($key));
            INSERT INTO k_$name SELECT $values, i, CONCAT('value ', i % 50), i / 3e0 FROM n;"
    done <<<"$KEYS"
}
# What cancels out in weaker sums; float and JSON; borders between columns; no key.
OTHERS="
CREATE TABLE shifted (id INT PRIMARY KEY, at DATETIME, n INT); INSERT INTO shifted SELECT i, '2024-01-01', i FROM n;
CREATE TABLE swapped (id INT PRIMARY KEY, name VARCHAR(20), token CHAR(8)); INSERT INTO swapped SELECT i, CONCAT('name', 10000 + i), LPAD(i, 8, '0') FROM n;
CREATE TABLE bordered (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9), c VARBINARY(9)); INSERT INTO bordered SELECT i, 'ab', 'c', NULL FROM n WHERE i <= 100;
CREATE TABLE floats (id INT PRIMARY KEY, f FLOAT, d DOUBLE); INSERT INTO floats SELECT i, i / 7e0, i / 7e0 FROM n;
INSERT INTO floats VALUES (-1, 0, 0), (-2, 1.17549e-38, 4.9406564584124654e-324), (-3, -3.4e38, 1.7976931348623157e308);
CREATE TABLE docs (id INT PRIMARY KEY, j JSON); INSERT INTO docs SELECT i, CONCAT('{\"b\": [', i, ', 1.5, null], \"a\": \"x\\\\u00e9\"}') FROM n;
CREATE TABLE bag (n INT, s VARCHAR(20)); INSERT INTO bag SELECT i % 100, CONCAT('s', i % 7) FROM n;
CREATE TABLE owners (id INT PRIMARY KEY, mobile CHAR(8) NOT NULL, UNIQUE KEY (mobile)); INSERT INTO owners SELECT i, 20000000 + i FROM n;
CREATE TABLE wide (id INT PRIMARY KEY, v MEDIUMBLOB, t MEDIUMTEXT); INSERT INTO wide SELECT i, REPEAT('x', 200000), REPEAT('é', 100000) FROM n WHERE i <= 20;"
# At the ends, at the borders of chunks of 5,000 rows, and alone in the middle.
damage() {
    local name rest
    while IFS=';' read -r name rest; do
        echo "UPDATE k_$name SET v = CONCAT(v, ' ') WHERE i = 5777; UPDATE k_$name SET f = f + 1e-9 WHERE i = 1;
            DELETE FROM k_$name WHERE i IN (2, 5000, 5001, $N);"
    done <<<"$KEYS"
    echo "UPDATE shifted SET at = at + INTERVAL 10 MINUTE WHERE id % 1500 = 0; UPDATE shifted SET n = n + 1 WHERE id IN (10, 11);
        UPDATE shifted SET n = n - 1 WHERE id IN (20, 21);
        UPDATE swapped SET name = 'name10002', token = '00000002' WHERE id = 1; UPDATE swapped SET name = 'name10001', token = '00000001' WHERE id = 2;
        UPDATE swapped SET token = '00005999' WHERE id = 3; UPDATE swapped SET token = '00000003' WHERE id = 5999;
        UPDATE bordered SET a = 'a', b = 'bc' WHERE id = 1; UPDATE bordered SET a = '', b = 'abc' WHERE id = 2;
        UPDATE bordered SET c = '' WHERE id = 3; UPDATE bordered SET b = NULL, c = 'c' WHERE id = 4; UPDATE bordered SET a = 'NULL' WHERE id = 5;
        UPDATE floats SET f = -0e0, d = -0e0 WHERE id = -1; UPDATE floats SET d = 9.8813129168249309e-324 WHERE id = -2;
        UPDATE floats SET d = d * 1.0000000000000002e0 WHERE id = 4000; UPDATE floats SET f = f * 1.0000002e0 WHERE id = 4001;
        UPDATE docs SET j = '{\"b\": [100, 1.5, null], \"a\": \"x\\\\u00e8\"}' WHERE id = 100;
        UPDATE docs SET j = '{\"b\": [101, null, 1.5], \"a\": \"x\\\\u00e9\"}' WHERE id = 101;
        UPDATE docs SET j = '{\"b\": [\"102\", 1.5, null], \"a\": \"x\\\\u00e9\"}' WHERE id = 102;
        DELETE FROM bag WHERE n = 5 AND s = 's5' LIMIT 1; INSERT INTO bag VALUES (5, 's6');
        UPDATE owners SET mobile = 'x' WHERE id = 1; UPDATE owners SET mobile = 20000001 WHERE id = 4500; UPDATE owners SET mobile = 20004500 WHERE id = 1;
        UPDATE wide SET v = CONCAT(LEFT(v, 199999), 'y') WHERE id = 4; UPDATE wide SET t = CONCAT(LEFT(t, 99999), 'e') WHERE id = 5"
}
at ab "$digits $(tables) $OTHERS"

ids() { # ids TABLE: "KIND ID COLUMNS" of its rows on one line
    jq -r --arg t "$DB.$1" 'select(.type == "row" and .table == $t) | "\(.kind) \(.key.id) \(.columns | join(","))"' "$OUT" |
        sort -k2n | paste -sd' '
}
server_digest() { # server_digest DESCRIPTION TARGET-SIDE: equal, then each difference, both ways of threading
    local desc=$1 name rest bytes
    SRC=$(uri a "$DB") DST=$(uri "$2" "$DB")
    check_is 0 "$desc: equal, digest client: exits 0" --digest client
    bytes=$(jq 'select(.type == "summary") | .bytes' "$OUT")
    check_is 0 "$desc: equal: exits 0" --digest server
    none "$desc: equal: no row, range or object" '.type | IN("row", "range", "object")'
    table_is "$desc: equal: rows are counted" k_int ".source_rows == $N and .target_rows == $N"
    ok "$desc: equal: far fewer bytes travel" jq -e --argjson b "$bytes" 'select(.type == "summary") | .bytes < $b / 2' "$OUT"
    check_is 0 "$desc: equal, one thread: exits 0" --digest server --threads 1
    at "$2" "$(damage)"
    check_is 1 "$desc: changed: exits 1" --digest server
    while IFS=';' read -r name rest; do
        is "$desc: key of $name" "$(jq -r --arg t "$DB.k_$name" 'select(.type == "row" and .table == $t) |
            "\(.kind) \(.source.i) \(.columns | join(","))"' "$OUT" | sort -k2n | paste -sd' ')" \
            "changed 1 f missing 2  missing 5000  missing 5001  changed 5777 v missing $N "
    done <<<"$KEYS"
    is "$desc: an even number of equal shifts" "$(ids shifted)" "changed 10 n changed 11 n changed 20 n changed 21 n changed 1500 at changed 3000 at changed 4500 at changed 6000 at"
    is "$desc: swapped rows" "$(ids swapped)" "changed 1 name,token changed 2 name,token changed 3 token changed 5999 token"
    is "$desc: borders between columns" "$(ids bordered)" "changed 1 a,b changed 2 a,b changed 3 c changed 4 b,c changed 5 a"
    is "$desc: floats by their bits, -0 is 0" "$(ids floats)" "changed -2 d changed 4000 d changed 4001 f"
    is "$desc: JSON" "$(ids docs)" "changed 100 j changed 101 j changed 102 j"
    is "$desc: wide values" "$(ids wide)" "changed 4 v changed 5 t"
    is "$desc: ids that changed owner" "$(ids owners)" "collision 1 mobile collision 4500 mobile"
    table_is "$desc: who moved" owners '.moved == 2'
    rows_are "$desc: without key" bag 'missing null [] x1
extra null [] x1'
    table_is "$desc: untouched" n ".verdict == \"equal\" and .source_rows == $N"
    rest=$(jq -Sc 'select(.type == "row" or .type == "moved" or .type == "range")' "$OUT" | sort)
    check_is 1 "$desc: changed, digest client: exits 1" --digest client
    is "$desc: the same as by digests of the client" "$(diff <(echo "$rest") \
        <(jq -Sc 'select(.type == "row" or .type == "moved" or .type == "range")' "$OUT" | sort) | head -n 8)" ""
}
server_digest MariaDB b
check_is 1 "with a window: exits 1" --digest server --tables k_int --where "$DB.k_int=i BETWEEN 4990 AND 5000"
is "with a window: what is in it" "$(jq -r 'select(.type == "row") | "\(.kind) \(.source.i)"' "$OUT")" "missing 5000"
printf '[table %s.k_int]\nignore-columns = v,f\n' "$DB" >"$IT_TMP/ignore.ini"
check_is 1 "with ignored columns: exits 1" --digest server --tables k_int --config "$IT_TMP/ignore.ini"
table_is "with ignored columns: only missing rows" k_int '.missing == 4 and .changed == 0'
check_is 1 "consistent: exits 1" --digest server --consistent --tables k_int --tables shifted
table_is "consistent: the same" shifted '.changed == 8'

if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    at o "$digits $(tables) $OTHERS"
    server_digest "MySQL 9" o
else
    skip "MySQL 9" "no MySQL 9 server"
fi
finish
