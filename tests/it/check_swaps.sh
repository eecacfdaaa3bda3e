#!/bin/bash
# check_swaps.sh: differences in which checksums of checksums cancel out.  Each of these
# tables was called equal by a tool that combines row CRCs by XOR or joins columns by a
# separator; pt-table-checksum is run on two of them to show it.

. "$(dirname "$0")/lib.sh"
begin

TABLES="
CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20), token CHAR(8), at TIMESTAMP NULL);
INSERT INTO users VALUES (1, 'ann', '11111111', '2024-01-01'), (2, 'bob', '22222222', '2024-01-02'),
    (3, 'cat', '33333333', '2024-01-03'), (4, 'dan', '44444444', '2024-01-04');
CREATE TABLE payload (id INT PRIMARY KEY, body TEXT);
INSERT INTO payload VALUES (1, 'aaaaaaaaaaaa'), (2, 'bbbbbbbbbbbb'), (3, 'cccccccccccc');
CREATE TABLE shifted (id INT PRIMARY KEY, at DATETIME);
INSERT INTO shifted SELECT seq, '2019-11-22 11:22:00' FROM seq_1_to_4;
CREATE TABLE counter (id INT PRIMARY KEY, n INT);
INSERT INTO counter SELECT seq, 100 FROM seq_1_to_8;
CREATE TABLE paid (id INT PRIMARY KEY, name VARCHAR(20), state CHAR(4));
INSERT INTO paid VALUES (1, 'a', 'paid'), (2, 'bbbb', 'paid'), (3, 'cc', 'paid'), (4, 'd', 'paid');
CREATE TABLE sep_hash (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9));
INSERT INTO sep_hash VALUES (1, 'x#y', 'z'), (2, 'k', 'l');
CREATE TABLE sep_comma (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9));
INSERT INTO sep_comma VALUES (1, 'x,y', 'z'), (2, 'k', 'l');
CREATE TABLE sep_none (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9));
INSERT INTO sep_none VALUES (1, 'xy', 'z'), (2, 'k', 'l');
CREATE TABLE sep_nul (id INT PRIMARY KEY, a VARBINARY(9), b VARBINARY(9));
INSERT INTO sep_nul VALUES (1, 0x7800, 0x79), (2, 'k', 'l');
CREATE TABLE null_side (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9));
INSERT INTO null_side VALUES (1, NULL, 'z'), (2, '', NULL);
CREATE TABLE pairs (n INT, s VARCHAR(9));
INSERT INTO pairs VALUES (7, 'old'), (7, 'old'), (1, 'x');
CREATE TABLE pairs4 (n INT, s VARCHAR(9));
INSERT INTO pairs4 VALUES (7, 'a'), (7, 'a'), (7, 'a'), (8, 'b'), (8, 'b'), (8, 'b');
CREATE TABLE members (id INT PRIMARY KEY, mobile CHAR(8) NOT NULL UNIQUE, name VARCHAR(20));
INSERT INTO members VALUES (101, '55500001', 'ann'), (102, '55500002', 'bob');"
DAMAGE="
UPDATE users SET name = 'bob', token = '22222222', at = '2024-01-02' WHERE id = 1;
UPDATE users SET name = 'ann', token = '11111111', at = '2024-01-01' WHERE id = 2;
UPDATE payload SET body = IF(id = 1, 'bbbbbbbbbbbb', 'aaaaaaaaaaaa') WHERE id IN (1, 2);
UPDATE shifted SET at = '2019-11-22 11:32:00';
UPDATE counter SET n = 101 WHERE id <= 4;
UPDATE paid SET state = 'void' WHERE id IN (1, 2);
UPDATE sep_hash SET a = 'x', b = 'y#z' WHERE id = 1;
UPDATE sep_comma SET a = 'x', b = 'y,z' WHERE id = 1;
UPDATE sep_none SET a = 'x', b = 'yz' WHERE id = 1;
UPDATE sep_nul SET a = 0x78, b = 0x0079 WHERE id = 1;
UPDATE null_side SET a = 'z', b = NULL WHERE id = 1;
UPDATE null_side SET a = NULL, b = '' WHERE id = 2;
UPDATE pairs SET n = 9, s = 'new' WHERE n = 7;
UPDATE pairs4 SET n = 9 WHERE n = 8; UPDATE pairs4 SET n = 8, s = 'b' WHERE n = 7; UPDATE pairs4 SET n = 7, s = 'a' WHERE n = 9;
INSERT INTO pairs4 VALUES (7, 'a'); DELETE FROM pairs4 WHERE n = 8 LIMIT 1;
UPDATE members SET mobile = '5550000x', name = 'bob' WHERE id = 101;
UPDATE members SET mobile = '55500001', name = 'ann' WHERE id = 102;
UPDATE members SET mobile = '55500002' WHERE id = 101;"

changed() { # changed COLUMNS ID…: the lines of rows_are
    local columns=$1 id
    shift
    for id; do echo "changed {\"id\":\"$id\"} [$columns]"; done
}
found() { # found DESCRIPTION [OPTIONS…]
    local desc=$1
    shift
    check_is 1 "$desc: exits 1" "$@"
    rows_are "$desc: two users swapped" users "$(changed '"name","token","at"' 1 2)"
    rows_are "$desc: two texts swapped" payload "$(changed '"body"' 1 2)"
    rows_are "$desc: four rows shifted by ten minutes" shifted "$(changed '"at"' 1 2 3 4)"
    rows_are "$desc: four counters one further" counter "$(changed '"n"' 1 2 3 4)"
    rows_are "$desc: the same change in two rows" paid "$(changed '"state"' 1 2)"
    rows_are "$desc: # in a value" sep_hash "$(changed '"a","b"' 1)"
    rows_are "$desc: comma in a value" sep_comma "$(changed '"a","b"' 1)"
    rows_are "$desc: border between values" sep_none "$(changed '"a","b"' 1)"
    rows_are "$desc: NUL in a value" sep_nul "$(changed '"a","b"' 1)"
    rows_are "$desc: NULL in another column" null_side "$(changed '"a","b"' 1 2)"
    rows_are "$desc: a pair of duplicates" pairs 'missing null [] x2
extra null [] x2'
    rows_are "$desc: counts of two kinds of duplicates" pairs4 'missing null [] x1
extra null [] x1'
    rows_are "$desc: ids that changed owner" members \
        'collision {"id":"101"} ["mobile","name"]
collision {"id":"102"} ["mobile","name"]'
    is "$desc: who moved" "$(lines '.type == "moved"' |
        jq -c '[.table, .identity, .source_key, .target_key]' | sort)" \
        "[\"$DB.members\",{\"mobile\":\"55500001\"},{\"id\":\"101\"},{\"id\":\"102\"}]
[\"$DB.members\",{\"mobile\":\"55500002\"},{\"id\":\"102\"},{\"id\":\"101\"}]"
    table_is "$desc: owners are counted" members '.collision == 2 and .moved == 2 and .changed == 0'
}
at ab "$TABLES"
check_is 0 "equal pair"
at b "$DAMAGE"
found "client digest" --digest client
found "server digest" --digest server

# Text output names both users and shows old and new side by side.
CMD=("$MYRECON" check "$SRC" "$DST" --settle 0 --tables users --color never --no-progress)
timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
RC=$?
is "text output: exits 1" "$RC" 1
for word in users ann bob 11111111 22222222 token; do
    like "text output: shows $word" "$(cat "$OUT")" "$word"
done

# Side by side with pt-table-checksum, which reads through replication: the replica's rows
# are changed behind the primary's back.
side_by_side() {
    local report pt replica
    fresh p "$DB"
    fresh p percona
    at p "$TABLES CREATE TABLE control (id INT PRIMARY KEY, v INT); INSERT INTO control VALUES (1, 1)"
    pt=$(side_uri p) replica=$(side_uri r)
    pt=${pt##*@} replica=${replica##*@}
    pt=h=${pt%:*},P=${pt##*:},u=root
    client p -D percona <<<"CREATE TABLE dsns (id INT PRIMARY KEY, parent_id INT, dsn VARCHAR(255));
        INSERT INTO dsns VALUES (1, NULL, 'h=${replica%:*},P=${replica##*:},u=root')"
    caught_up
    at r "SET SESSION sql_log_bin = 0; $DAMAGE UPDATE control SET v = 2"
    report=$(pt-table-checksum "$pt" --no-check-binlog-format --no-version-check \
        --databases "$DB" --tables users,counter,control \
        --recursion-method "dsn=$pt,D=percona,t=dsns" 2>&1)
    is "pt-table-checksum: 0 errors and 0 differences, but for a row changed alone" \
        "$(awk '$1 ~ /T[0-9:]+$/ {print $NF, $2, $3}' <<<"$report" | sort)" \
        "$(printf '%s\n' "$DB.control 0 1" "$DB.counter 0 0" "$DB.users 0 0")"
    SRC=$(uri p "$DB") DST=$(uri r "$DB")
    check_is 1 "on the same pair: exits 1" --tables users --tables counter --tables control
    rows_are "on the same pair: both users" users "$(changed '"name","token","at"' 1 2)"
    rows_are "on the same pair: the counters" counter "$(changed '"n"' 1 2 3 4)"
    rows_are "on the same pair: the row changed alone" control "$(changed '"v"' 1)"
}
if ! command -v pt-table-checksum >/dev/null; then
    skip "side by side with pt-table-checksum" "percona-toolkit is not installed"
elif ! use_pair mariadb; then
    skip "side by side with pt-table-checksum" "no replicated pair"
else
    side_by_side
fi
finish
