#!/bin/bash
# check_bounds.sh: tables of several chunks: what lies before the first key, after the last,
# in a gap, and where one side holds far more rows than the other, is read exactly once.

. "$(dirname "$0")/lib.sh"
begin

N=15000
KEYS=$(cat <<'END'
b_int;INT;CAST(seq AS SIGNED) * 10 - 150000
b_big_u;BIGINT UNSIGNED;(18446744073709551615 - seq * 10)
b_text_ci;VARCHAR(40);CONCAT(IF(seq % 2, 'user_', 'User'), LPAD(seq * 10, 7, '0'))
b_text_bin;VARCHAR(40) COLLATE utf8mb4_bin;CONCAT(IF(seq % 2, 'a', 'A'), MD5(seq))
b_bin;BINARY(16);UNHEX(MD5(seq))
b_stamp;DATETIME(3);('2020-01-01' + INTERVAL seq * 7 SECOND)
b_dec;DECIMAL(30,6);(seq * 1.000001 - 15000)
END
)
while IFS=';' read -r name type expr; do
    echo "CREATE TABLE $name (k $type NOT NULL PRIMARY KEY, seq INT NOT NULL, v VARCHAR(20));
        INSERT INTO $name SELECT $expr, seq, CONCAT('v', seq) FROM seq_1_to_$N;"
done <<<"$KEYS" >"$IT_TMP/build.sql"
at ab "$(cat "$IT_TMP/build.sql")"
at ab "CREATE TABLE pair (a SMALLINT, b VARCHAR(10), c INT UNSIGNED, v INT, PRIMARY KEY (a, b, c));
    INSERT INTO pair SELECT CAST(seq % 7 AS SIGNED) - 3, IF(seq % 3, 'x', 'y'), seq, seq FROM seq_1_to_$N;
    CREATE TABLE hole (id INT PRIMARY KEY, v INT);
    CREATE TABLE before_all (id INT PRIMARY KEY, v INT);
    CREATE TABLE after_all (id INT PRIMARY KEY, v INT);
    CREATE TABLE only_source (id INT PRIMARY KEY, v INT);
    CREATE TABLE only_target (id INT PRIMARY KEY, v INT);
    CREATE TABLE runs (id INT PRIMARY KEY, v INT);
    INSERT INTO runs SELECT seq, seq FROM seq_1_to_14000"
check_is 0 "equal tables of several chunks"
none "no row, no range" '.type | IN("row", "range")'
while IFS=';' read -r name _ _; do
    table_is "$name: each row read once" "$name" ".source_rows == $N and .target_rows == $N"
done <<<"$KEYS"
table_is "three-part key: each row read once" pair ".source_rows == $N and .target_rows == $N"

# First and last key missing, one in the middle changed, by each server's own order.
declare -A WANT
while IFS=';' read -r name _ _; do
    json=k
    [ "$name" != b_bin ] || json="HEX(k)"
    read -r lo hi mid <<<"$(client b -D "$DB" <<<"SELECT
        (SELECT seq FROM $name ORDER BY k LIMIT 1), (SELECT seq FROM $name ORDER BY k DESC LIMIT 1),
        (SELECT seq FROM $name ORDER BY k LIMIT 7500, 1)")"
    WANT[$name]=$(client b -D "$DB" <<<"SELECT CONCAT(IF(seq = $mid, 'changed ', 'missing '),
        LOWER($json), IF(seq = $mid, ' v', ' ')) FROM $name WHERE seq IN ($lo, $hi, $mid)" | sort)
    at b "DELETE FROM $name WHERE seq IN ($lo, $hi); UPDATE $name SET v = 'V' WHERE seq = $mid"
done <<<"$KEYS"
at a "INSERT INTO hole SELECT seq, seq FROM seq_1_to_6000; INSERT INTO hole SELECT seq, seq FROM seq_14001_to_20000;
    INSERT INTO before_all SELECT seq, seq FROM seq_8001_to_14000;
    INSERT INTO after_all SELECT seq, seq FROM seq_1_to_6000;
    INSERT INTO only_source SELECT seq, seq FROM seq_1_to_6000;
    UPDATE runs SET v = 0 WHERE id IN (1, 2, 3, 5000); DELETE FROM runs WHERE id = 10 OR id > 13998"
at b "INSERT INTO hole SELECT seq, seq FROM seq_1_to_20000;
    INSERT INTO before_all SELECT seq, seq FROM seq_1_to_14000;
    INSERT INTO after_all SELECT seq, seq FROM seq_1_to_14000;
    INSERT INTO only_target SELECT seq, seq FROM seq_1_to_6000;
    UPDATE runs SET v = 1 WHERE id = 11; DELETE FROM runs WHERE id BETWEEN 12 AND 7011;
    UPDATE pair SET v = 0 WHERE c = 777; DELETE FROM pair WHERE c = 1; INSERT INTO pair VALUES (-4, '', 0, 0), (5, '', 0, 0)"

found() { # found DESCRIPTION [OPTIONS…]
    local desc=$1 name
    shift
    check_is 1 "$desc: exits 1" "$@"
    for name in "${!WANT[@]}"; do
        is "$desc: first, last and middle of $name" "$(jq -r --arg t "$DB.$name" 'select(.type == "row" and
            .table == $t) | "\(.kind) \(.key.k | if type == "object" then .hex else . end) \(.columns | join(","))"' \
            "$OUT" | tr A-Z a-z | sort)" "$(sort <<<"${WANT[$name],,}")"
    done
    rows_are "$desc: three-part key" pair 'missing {"a":"-2","b":"x","c":"1"} []
changed {"a":"-3","b":"y","c":"777"} ["v"]
extra {"a":"-4","b":"","c":"0"} []
extra {"a":"5","b":"","c":"0"} []'
    table_is "$desc: extra rows in a gap" hole '.extra == 8000 and .missing == 0 and .target_rows == 20000'
    table_is "$desc: extra rows before the first" before_all '.extra == 8000 and .source_rows == 6000'
    table_is "$desc: extra rows after the last" after_all '.extra == 8000 and .source_rows == 6000'
    table_is "$desc: empty target" only_source '.missing == 6000 and .target_rows == 0'
    table_is "$desc: empty source" only_target '.extra == 6000 and .source_rows == 0'
    is "$desc: the gap is one range" \
        "$(lines '.type == "range" and .table == "'"$DB"'.hole"' | jq -c '[.from, .to, .rows]')" \
        '[{"id":"6001"},{"id":"14000"},8000]'
    is "$desc: runs of diverged keys" \
        "$(lines '.type == "range" and .table == "'"$DB"'.runs"' | jq -c '[.from.id, .to.id, .rows]')" \
        '["1","3",3]
["10","7011",7002]
["13999","14000",2]'
}
# 5000 lies inside the rows that the target lost: missing, not changed
found "two threads" --threads 2
table_is "a row changed here and lost there is missing" runs '.missing == 7000 and .changed == 4 and .extra == 3'
found "one thread" --threads 1
found "server digest" --digest server
finish
