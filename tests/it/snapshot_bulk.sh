#!/bin/bash
# snapshot_bulk.sh: rows in bulk are the rows that were kept, whatever their width and number; what
# cannot go so goes as a text, and what the server does not take is named.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
settings change
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

sql_loads="SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_LOAD'"

# restored DESCRIPTION "RC VERDICT MODE SET-ASIDE" none|some ARGS…: files that LOAD DATA has loaded
restored() {
    local loads
    loads=$(client a <<<"$sql_loads")
    snap restore --json --no-progress "${@:4}"
    loads=$(($(client a <<<"$sql_loads") - loads))
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.mode) \(.set_aside)"' "$OUT" 2>/dev/null)" "$2"
    is "$1: files by LOAD DATA" "$([ $loads = 0 ] && echo none || echo some)" "$3"
}
snapshot() { # ARGS…
    rm -rf "$SNAP"
    take "$@" "$(uri a "$DB")" "$SNAP"
}
copy_is_equal() { # DESCRIPTION
    SRC=$(uri a "$DB") DST=$(uri a "$COPY")
    check_is 0 "$1"
    client a <<<"DROP DATABASE $COPY"
}

# --- every byte, and any number of rows and columns ----------------------------------------

fresh a "$DB"
client a <<<"DROP DATABASE IF EXISTS $COPY"
columns=$(seq -f 'c%g INT' 1 900 | paste -sd,)
at a "CREATE TABLE bytes (id INT AUTO_INCREMENT PRIMARY KEY, b VARBINARY(300), l VARCHAR(300) CHARACTER SET latin1, u VARCHAR(64) CHARACTER SET utf8mb4,
          f FLOAT, d DOUBLE, dc DECIMAL(65,30), y YEAR, t TIME(6), dt DATETIME(6), bt BIT(17), s SET('a','b','c'));
    INSERT INTO bytes SELECT seq, UNHEX(REPEAT(LPAD(HEX(seq % 256), 2, '0'), seq % 299)), CHAR(seq % 256 USING latin1), CHAR(0x1F600 + seq % 64 USING utf32),
          seq / 7, -seq / 3e-200, seq / 7, IF(seq % 9 = 0, 0, 1901 + seq % 255), SEC_TO_TIME(seq * 300.000001 - 800000), NOW(6) - INTERVAL seq HOUR, seq, seq % 8
          FROM seq_1_to_5000;
    UPDATE bytes SET b = NULL, l = NULL, f = NULL, dc = NULL, y = NULL, t = NULL, bt = NULL, s = NULL WHERE id % 11 = 0;
    UPDATE bytes SET b = '', l = '', d = -0.0, s = '' WHERE id % 13 = 0;
    CREATE TABLE many (id INT PRIMARY KEY, $columns); INSERT INTO many (id, c1, c900) SELECT seq, seq, -seq FROM seq_1_to_200;
    CREATE TABLE one (id INT PRIMARY KEY); INSERT INTO one VALUES (1);
    CREATE TABLE blank (v VARCHAR(9)); INSERT INTO blank SELECT '' FROM seq_1_to_3000"
snapshot
restored "every byte" "0 equal bulk 0" none --rename-db "$DB=$COPY" "$SNAP" "$(side_uri a)"
copy_is_equal "every byte: check finds it equal"

# --- rows that no packet holds --------------------------------------------------------------

fresh a "$DB"
packet=$(client a <<<"SELECT @@GLOBAL.max_allowed_packet")
at a "CREATE TABLE wide (id INT PRIMARY KEY, v LONGBLOB); INSERT INTO wide SELECT seq, REPEAT('s', 200) FROM seq_1_to_3000;
    INSERT INTO wide VALUES (9000, REPEAT('w', 600000)); INSERT INTO wide SELECT seq, 't' FROM seq_9001_to_9100;
    CREATE TABLE slim (id INT PRIMARY KEY, v LONGBLOB); INSERT INTO slim VALUES (1, REPEAT('s', 200000))"
snapshot
client a <<<"SET GLOBAL max_allowed_packet = 2097152"
restored "a wide row" "0 equal bulk 0" some --rename-db "$DB=$COPY" "$SNAP" "$(side_uri a)"
client a <<<"DROP DATABASE $COPY; SET GLOBAL local_infile = 0"
snap restore --json --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri a)"
is "also where LOAD DATA is not to be had" "$RC" 0
client a <<<"SET GLOBAL local_infile = 1; SET GLOBAL max_allowed_packet = $packet"
copy_is_equal "a wide row: check finds it equal"

# Numbers, NULL and '' have their bytes in a packet, too.
fresh a "$DB"
columns=$(seq -f 'n%g BIGINT NOT NULL DEFAULT 7' 1 31 | paste -sd,)
texts=$(seq -f "t%g VARCHAR(9) NOT NULL DEFAULT ''" 1 31 | paste -sd,)
at a "CREATE TABLE numbers (id INT PRIMARY KEY, $columns); INSERT INTO numbers (id) SELECT seq FROM seq_1_to_5000;
    CREATE TABLE texts (id INT PRIMARY KEY, $texts); INSERT INTO texts (id) SELECT seq FROM seq_1_to_5000"
snapshot
client a <<<"SET GLOBAL max_allowed_packet = 32768"
restored "many numbers, and a server of small packets" "0 equal bulk 0" none --rename-db "$DB=$COPY" "$SNAP" "$(side_uri a)"
client a <<<"SET GLOBAL max_allowed_packet = $packet; DROP DATABASE IF EXISTS $COPY"

# --- what the server does not take ----------------------------------------------------------

fresh a "$DB"
at a "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq % 4000 FROM seq_1_to_5000;
    CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1)"
snapshot
client a <<<"CREATE DATABASE $COPY; CREATE TABLE $COPY.t (id INT PRIMARY KEY, v INT, UNIQUE KEY v (v)); CREATE TABLE $COPY.u (id INT PRIMARY KEY)"
restored "a row that is there twice" "4 incomplete bulk 1" none --data-only "$SNAP" "$(uri a "$COPY")"
like "it is named" "$(jq -r 'select(.verdict == "set-aside") | "\(.table): \(.reason)"' "$OUT")" "^$COPY.t: .*Duplicate entry '1' for key 'v'"
is "nothing of its file stays" "$(client a -D "$COPY" <<<"SELECT COUNT(*) FROM t")" 0
client a <<<"DROP DATABASE $COPY"
client a <<<"CREATE DATABASE $COPY; CREATE TABLE $COPY.t (id INT PRIMARY KEY, v INT) ENGINE=Aria; CREATE TABLE $COPY.u (id INT PRIMARY KEY)"
restored "a table of another engine, without transactions" "0 equal bulk 0" some --data-only "$SNAP" "$(uri a "$COPY")"
client a <<<"DROP DATABASE $COPY"

finish
