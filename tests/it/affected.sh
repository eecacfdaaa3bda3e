#!/bin/bash
# affected.sh: from two servers with histories of their own to the list of everybody touched:
# who, why and under which keys; every format read back by what reads it; the window of
# registrations; cases that are in use, interrupted, or ask for what is not there.

. "$(dirname "$0")/lib.sh"
begin
at_exit "rm -f '$IT_TMP'/*.pem"
SCHEMA="
CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NULL,
    name VARCHAR(60) NOT NULL, note TEXT NULL, photo VARBINARY(8) NULL, balance DECIMAL(10,2) NOT NULL DEFAULT 0,
    born DATE NULL, inviter_id INT NULL, created_at TIMESTAMP NOT NULL DEFAULT '2026-01-01 12:00:00',
    KEY (mobile), FOREIGN KEY (inviter_id) REFERENCES members (id));
CREATE TABLE orders (id INT PRIMARY KEY, member_id INT NOT NULL, amount DECIMAL(10,2) NOT NULL,
    FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE order_lines (order_id INT, line INT, article VARCHAR(20), PRIMARY KEY (order_id, line),
    FOREIGN KEY (order_id) REFERENCES orders (id));
CREATE TABLE line_notes (id INT PRIMARY KEY, order_id INT, line INT, t VARCHAR(20),
    FOREIGN KEY (order_id, line) REFERENCES order_lines (order_id, line));
CREATE TABLE comments (id INT PRIMARY KEY, parent_id INT NULL, member_id INT NULL, t VARCHAR(20),
    FOREIGN KEY (parent_id) REFERENCES comments (id), FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE wallet_log (id INT PRIMARY KEY, owner_type VARCHAR(10), owner_id INT, v INT);"
BASE="
INSERT INTO members (id, mobile, name) VALUES (1, 'm01', 'n1'), (2, 'm02', 'n2'), (3, 'm03', 'n3'),
    (4, 'm04', 'n4'), (5, 'm05', 'n5'), (6, 'm06', 'n6'), (7, 'm07', 'n7'), (8, 'm08', 'n8'),
    (9, 'm09', 'n9'), (10, 'm10', 'n10');
UPDATE members SET inviter_id = 1 WHERE id > 1;
INSERT INTO orders SELECT id, id, id FROM members;
INSERT INTO order_lines SELECT id, 1, 'ball' FROM orders;
INSERT INTO comments VALUES (1, NULL, 1, 'a'), (2, 1, NULL, 'b'), (3, 2, NULL, 'c');
INSERT INTO wallet_log VALUES (1, 'member', 3, 1), (2, 'shop', 4, 1);"
LOST="
UPDATE members SET mobile = NULL WHERE id = 4;
INSERT INTO members (id, mobile, name, note, photo, balance, born, inviter_id, created_at) VALUES
    (11, 'A', 'Ann, \"A\"', 'one\ntwo', x'00ff', 12.5, '1990-02-03', 2, '2026-04-02 10:00:00'),
    (12, 'C', 'Chloé 😀', '', '', -0.05, NULL, 2, '2026-04-03 10:00:00'),
    (13, NULL, ' it''s \\\\ ', NULL, NULL, 0, NULL, NULL, '2026-04-04 10:00:00');
INSERT INTO orders VALUES (11, 11, 1);
INSERT INTO order_lines VALUES (11, 1, 'net');
INSERT INTO line_notes VALUES (1, 11, 1, 'x');"
LIVE="
INSERT INTO members (id, mobile, name, created_at) VALUES (11, 'B', 'Bob', '2026-04-08 10:00:00'),
    (12, 'a', 'Ann', '2026-04-08 11:00:00');
INSERT INTO orders VALUES (11, 12, 1);
INSERT INTO order_lines VALUES (11, 1, 'net');
DELETE FROM order_lines WHERE order_id = 5;
DELETE FROM orders WHERE id = 5;
UPDATE comments SET t = 'C' WHERE id = 3;
UPDATE wallet_log SET v = 2;
UPDATE members SET mobile = 'm70' WHERE id = 7;
UPDATE members SET name = 'other' WHERE id = 8;
UPDATE orders SET member_id = 10 WHERE id = 9;"
at ab "$SCHEMA $BASE"
at a "$LOST"
at b "$LIVE"
cat >"$IT_TMP/ini" <<END
[table $DB.members]
identity = mobile
subject  = yes
time-column = created_at
[table $DB.wallet_log]
reference = owner_id -> $DB.members.id when owner_type = 'member'
END
CASE=$IT_TMP/club.case
LIST=$IT_TMP/list

affected() { # affected ARGS…: $RC, the list in $OUT, log in $ERR
    CMD=("$MYRECON" affected --no-progress "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
list_is() { # list_is RC DESCRIPTION [ARGS…]: the case's list exits RC
    local want=$1 desc=$2
    shift 2
    affected --case "$CASE" "$@"
    is "$desc: exits $want" "$RC" "$want"
}
log_like() { like "$1" "$(cat "$ERR")" "$2"; }
plain() { tr -d '\r' <"$OUT" | sed "s/$DB\\.//g"; } # without CR and the database's name

check_is 1 "check: exits 1" --config "$IT_TMP/ini" --case "$CASE"

# --- who, why, which keys ------------------------------------------------------------------

WANTED='mobile,source_key,target_key,reasons,tables
,13,,missing,members
A,11,12,collision;moved;child,line_notes;members;orders
B,,11,collision,members
C,12,,collision,members
m01,1,1,child,comments
m03,3,3,child,wallet_log
m04,4,4,changed,members
m05,5,5,child,order_lines;orders
m07,7,,collision,members
m08,8,8,changed,members
m09,9,9,child,orders
m10,10,10,child,orders
m70,,7,collision,members'
list_is 0 "csv"
is "csv: everybody, nobody else" "$(plain)" "$WANTED"
log_like "csv: the run is named" "run [0-9TZ]+-[0-9a-f]+: mysql://"
log_like "csv: a summary" "13 people are affected \(missing 1, changed 2, collision 5, moved 1, child 6\)"
is "csv: no database is asked, a case alone is enough" \
    "$(env -i "$MYRECON" affected -q --case "$CASE" | cksum)" "$(cksum <"$OUT")"
cp "$OUT" "$LIST.csv"
list_is 0 "again"
is "the same list, byte for byte" "$(cksum <"$OUT")" "$(cksum <"$LIST.csv")"

list_is 0 "only orders" --tables orders --tables '*lines'
is "only orders: those whom they lead to" "$(plain | tail -n +2 | cut -d, -f1,4,5)" \
    'A,child,orders
m05,child,order_lines;orders
m09,child,orders
m10,child,orders'

# --- formats, read back ---------------------------------------------------------------------

COLUMNS='name,note,photo,balance,born,created_at'
list_is 0 "columns" --columns "$COLUMNS"
cp "$OUT" "$LIST.csv"
read_csv() { # as JSON lines of lists; NULL and '' are the same to Python's reader
    python3 -c 'import csv, json, sys
for row in csv.reader(open(sys.argv[1], newline="", encoding="utf-8"), strict=True):
    print(json.dumps(row, ensure_ascii=False))' "$LIST.csv"
}
is "csv: Python reads what was written" "$(read_csv | sed -n '1,5p' | sed "s/$DB\\.//g")" \
'["mobile", "source_key", "target_key", "reasons", "tables", "name", "note", "photo", "balance", "born", "created_at"]
["", "13", "", "missing", "members", " it'"'"'s \\ ", "", "", "0.00", "", "2026-04-04 10:00:00"]
["A", "11", "12", "collision;moved;child", "line_notes;members;orders", "Ann, \"A\"", "one\ntwo", "00ff", "12.50", "1990-02-03", "2026-04-02 10:00:00"]
["B", "", "11", "collision", "members", "Bob", "", "", "0.00", "", "2026-04-08 10:00:00"]
["C", "12", "", "collision", "members", "Chloé 😀", "", "", "-0.05", "", "2026-04-03 10:00:00"]'
is "csv: NULL is nothing, an empty text is quoted" "$(grep -ac '"",""' "$LIST.csv")" 1
is "csv: 14 records end in CR LF" "$(grep -ac $'\r$' "$LIST.csv")" 14

list_is 0 "json" --json --columns "$COLUMNS"
is "json: the same values" "$(jq -c 'select(.mobile == "A") | [.source_key, .target_key, .reasons, .name, .note,
    .photo, .balance, .born]' "$OUT")" \
    '["11","12","collision;moved;child","Ann, \"A\"","one\ntwo",{"hex":"00ff"},"12.50","1990-02-03"]'
is "json: NULL and the empty text" "$(jq -c 'select(.source_key == "13" or .mobile == "C") | [.mobile, .note, .photo, .target_key]' "$OUT")" \
'[null,null,null,""]
["C","",{"hex":""},""]'

cp "$OUT" "$LIST.json"

stock() { # stock SIDE: SQL from stdin, in a session in which careless SQL would go wrong
    local u host
    u=$(side_uri "$1") u=${u#mysql://} u=${u%%[/?]*} host=${u##*@}
    {
        echo "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; SET time_zone = '-05:00'; SET NAMES latin1;"
        cat
        echo "SELECT @@sql_mode, @@time_zone, @@character_set_client, @@collation_connection;"
    } | mariadb --no-defaults -h "${host%:*}" -P "${host##*:}" -u "${u%%[:@]*}" -N -B -D "${DB}_load" 2>&1
}
loaded() { # loaded SIDE: the table's rows as they were stored
    client "$1" -D "${DB}_load" <<<"SELECT line_no, HEX(mobile), source_key, target_key, reasons, tables,
        HEX(name), HEX(note), HEX(photo), balance, born, created_at FROM myrecon_affected ORDER BY line_no"
}
from_json() { # the same of the JSON list
    python3 -c '
import json, sys
def hexed(v):
    return "NULL" if v is None else v["hex"].upper() if isinstance(v, dict) else v.encode().hex().upper()
def plain(v):
    return "NULL" if v is None or v == "" else v
for n, line in enumerate(open(sys.argv[1], encoding="utf-8"), 1):
    p = json.loads(line)
    print(n, hexed(p["mobile"]), plain(p["source_key"]), plain(p["target_key"]), p["reasons"], p["tables"],
          hexed(p["name"]), hexed(p["note"]), hexed(p["photo"]), p["balance"], plain(p["born"]),
          p["created_at"], sep="\t")' "$LIST.json"
}
list_is 0 "sql" --format sql --columns "$COLUMNS"
cp "$OUT" "$LIST.sql"
for side in a o; do
    if [ -z "$(side_uri $side)" ]; then
        skip "sql: loads on MySQL" "there is no MySQL 9"
        continue
    fi
    fresh $side "${DB}_load"
    is "sql: loads on $side, and leaves the session as it was" "$(stock $side <"$LIST.sql")" \
        $'ANSI_QUOTES,NO_BACKSLASH_ESCAPES\t-05:00\tlatin1\tlatin1_swedish_ci'
    is "sql: $side stores the same values" "$(loaded $side)" "$(from_json)"
    is "sql: typed on $side" "$(client $side <<<"SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = '${DB}_load' AND DATA_TYPE NOT LIKE '%char%' ORDER BY ORDINAL_POSITION" |
        tr '\t\n' ': ')" \
        'line_no:bigint source_key:int target_key:int note:longtext photo:varbinary balance:decimal born:date created_at:timestamp '
    like "sql: a second time $side refuses, and keeps what is there" "$(stock $side <"$LIST.sql")" 'already exists'
    is "sql: $side has them once" "$(loaded $side | wc -l)" 13
done

list_is 0 "template" --template 'user:{id}'
is "template: every key once, old and new" "$(sort -t: -k2n "$OUT" | tr '\n' ' ')" \
    'user:1 user:3 user:4 user:5 user:7 user:8 user:9 user:10 user:11 user:12 user:13 '
list_is 4 "template with a value of two lines" --columns note,name --template '{name}|{note}' --shell-safe
is "template: it is left out, quoted is the rest" "$(cat "$OUT")" "'Chloé 😀'|''"
log_like "template: and that is said" "1 line is left out"

# --- where to -------------------------------------------------------------------------------

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=business -days 2 -keyout "$IT_TMP/key.pem" \
    -out "$IT_TMP/cert.pem" 2>/dev/null || bail "no certificate"
list_is 0 "encrypted" --output "$LIST.csv.zst" --encrypt-to "$IT_TMP/cert.pem"
is "encrypted: openssl and zstd read it" "$(openssl cms -decrypt -inform DER -in "$LIST.csv.zst" \
    -inkey "$IT_TMP/key.pem" | zstd -dcq | tr -d '\r' | sed "s/$DB\\.//g")" "$WANTED"
unlike "encrypted: nothing of it in the clear" "$(strings "$LIST.csv.zst"; ls "$IT_TMP")" 'm01|tmp'

# --- who registered -------------------------------------------------------------------------

list_is 0 "window" --since '2026-04-02T12:00:00+02:00' --until '2026-04-04T10:00:00Z'
is "window: from its first moment, up to its last, on either side" \
    "$(plain | grep window | cut -d, -f1-4)" \
    'A,11,12,collision;moved;child;window
C,12,,collision;window'
list_is 0 "window of all" --until 2026-01-02
is "window: the others, with both keys" "$(plain | grep -c 'm[0-9]*,\([0-9]*\),\1,.*window')" 9
is "window: only they are new" "$(plain | grep ',window,' | cut -d, -f1 | tr '\n' ' ')" 'm02 m06 '
is "window: in the table of people" "$(plain | grep '^m02')" 'm02,2,2,window,members'
is "window: a row whose identity is NULL is the person whom the case means" \
    "$(plain | grep ',4,4,')" 'm04,4,4,changed;window,members'
at b "INSERT INTO members (id, mobile, name, created_at) VALUES (99, 'NEW', 'x', '2026-05-01 00:00:00')"
list_is 0 "window after the check" --since 2026-05-01
is "window: who came later is only where she is" "$(plain | grep window)" 'NEW,,99,window,members'
list_is 0 "window of nobody" --since 2030-01-01 --json
is "window of nobody: the others" "$(wc -l <"$OUT")" 13

list_is 3 "window without a server" --since 2026-01-01 --source mysql://root@127.0.0.1:1 --output "$LIST.none"
is "window without a server: no file" "$(ls "$LIST".none* 2>&1 | grep -c 'No such file')" 1
list_is 3 "window elsewhere" --since 2026-01-01 --source "$(uri a mysql)" --target "$(uri b mysql)"
log_like "window elsewhere: the table is named" "the source has no table \"$DB.members\""
client a <<<"CREATE OR REPLACE USER ${DB}_nobody@'127.0.0.1' IDENTIFIED BY 'hush'"
at_exit "client a <<<\"DROP USER IF EXISTS ${DB}_nobody@'127.0.0.1'\""
list_is 3 "window without rights" --since 2026-01-01 --source "$(uri a "$DB" "${DB}_nobody:hush")"
log_like "window without rights: says so" 'may not see it|denied'
unlike "window without rights: no password is shown" "$(cat "$ERR")" hush
touch "$IT_TMP/pause"
"$MYRECON" affected --case "$CASE" --since 2026-01-01 --pause-file "$IT_TMP/pause" --output "$LIST.cut" 2>"$ERR" &
PID=$!
for ((i = 0; i < 100; i++)); do grep -q 'waiting' "$ERR" && break; sleep 0.1; done
kill -INT $PID
wait $PID
is "interrupted while it waits: exits 6" $? 6
is "interrupted while it waits: no file" "$(ls "$LIST".cut* 2>/dev/null)" ""
rm "$IT_TMP/pause"

at ab "ALTER TABLE members CHANGE mobile phone VARCHAR(20) NULL"
list_is 3 "window on an altered table" --since 2026-01-01
log_like "window on an altered table: the column is named" 'is not what the run saw: mobile differs'
at ab "ALTER TABLE members CHANGE phone mobile VARCHAR(20) NULL"
sed -i '/time-column/d' "$IT_TMP/ini"
at ab "ALTER TABLE members CHANGE created_at born_at DATETIME NULL"
check_is 1 "check without a creation time" --config "$IT_TMP/ini" --case "$CASE"
list_is 3 "window without a time column" --since 2026-01-01
log_like "window without a time column: what to write" "time-column = COLUMN in \[table $DB.members\]"

# --- runs and configurations ------------------------------------------------------------------

list_is 0 "another run" --run "$(sqlite3 "$CASE" 'SELECT uuid FROM run ORDER BY id LIMIT 1')"
is "another run: its people" "$(plain)" "$WANTED"
list_is 3 "no such run" --run 19700101
list_is 3 "an unknown column" --columns name,nane
log_like "an unknown column: the near one" 'Did you mean "name"'
check_is 1 "check of part of the tables" --config "$IT_TMP/ini" --case "$CASE" --tables members --tables line_notes
list_is 4 "a reference that leads out of the run"
log_like "a reference that leads out of the run: said" "rows of \"$DB.line_notes\" refer to table \"$DB.order_lines\""
check_is 1 "check without configuration" --case "$CASE"
list_is 3 "nobody's table is known to hold people"
log_like "nobody's table is known to hold people: how to say it" 'subject = yes|--subject'
list_is 0 "said on the command line" --subject members --tables members
like "said on the command line: by key" "$(plain | head -n 1)" '^id,source_key'

# --- a configuration that the run did not have -------------------------------------------------

list_is 4 "another configuration than the run's" --config "$IT_TMP/ini"
log_like "another configuration: what the run did not know" "the run did not know \[table $DB.members\] identity = mobile; \[table $DB.wallet_log\] reference = owner_id"
unlike "another configuration: whom only its reference leads to is not listed" "$(plain)" '^3,'
AGAIN=$(sed -n 's/.*then list again: myrecon //p' "$ERR")
bash -c "'$MYRECON' $AGAIN --settle 0 -q" >"$OUT" 2>"$ERR" </dev/null
is "another configuration: the check that is named runs as it was printed" $? 1
list_is 0 "another configuration: then it is that of the run" --config "$IT_TMP/ini"
is "another configuration: then everybody is listed" "$(plain | sort)" "$(printf '%s\n' "$WANTED" NEW,,99,extra,members | sort)"
list_is 0 "another configuration: none means that of the run"
sed '/reference/d' "$IT_TMP/ini" >"$IT_TMP/fewer.ini"
list_is 4 "a configuration that lacks a reference" --config "$IT_TMP/fewer.ini"
log_like "a configuration that lacks a reference: named" 'this does not say, .*reference = owner_id'

# --- foreign keys by a column that the run did not compare ---------------------------------------

fresh ab "${DB}_blind"
blind() { # blind SIDES SQL
    local i
    for ((i = 0; i < ${#1}; i++)); do client "${1:i:1}" -D "${DB}_blind" <<<"$2"; done
}
blind ab "CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
    CREATE TABLE lands (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL);
    INSERT INTO members VALUES (1, 'm1'), (2, 'm2'); INSERT INTO lands VALUES (1, 'here'), (2, 'there')"
for side in a:member_id b:user_id; do
    blind "${side%:*}" "CREATE TABLE orders (id INT PRIMARY KEY, ${side#*:} INT NOT NULL, land_id INT NOT NULL, amount INT,
            FOREIGN KEY (${side#*:}) REFERENCES members (id), FOREIGN KEY (land_id) REFERENCES lands (id));
        CREATE TABLE notes (id INT PRIMARY KEY, order_id INT NOT NULL, t VARCHAR(9), FOREIGN KEY (order_id) REFERENCES orders (id));
        INSERT INTO orders VALUES (1, 1, 1, 5), (2, 2, 2, 5); INSERT INTO notes VALUES (1, 2, 'x')"
done
blind_list() { # blind_list RC DESCRIPTION TEXT [LINE…]: of a run with these lines under orders
    local want=$1 desc=$2 text=$3
    shift 3
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\n[table %s.orders]\n' "${DB}_blind" "${DB}_blind" >"$IT_TMP/blind.ini"
    printf '%s\n' "$@" >>"$IT_TMP/blind.ini"
    rm -f "$IT_TMP/blind.case"
    run_check "$(uri a "${DB}_blind")" "$(uri b "${DB}_blind")" --settle 0 --config "$IT_TMP/blind.ini" --case "$IT_TMP/blind.case"
    affected --case "$IT_TMP/blind.case" --config "$IT_TMP/blind.ini"
    is "$desc: exits $want" "$RC" "$want"
    if [ "$want" = 4 ]; then log_like "$desc: it is said" "$text"; else unlike "$desc: nothing is said" "$(cat "$ERR")" "warning"; fi
}
SAID="rows of \"${DB}_blind.orders\" refer to table \"${DB}_blind.members\" .* by a column that run .* did not compare"
blind_list 0 "nothing that refers so differs" ""
blind b "UPDATE notes SET t = 'y'"
blind_list 4 "a column of one side alone, on the way up" "$SAID"
blind b "UPDATE notes SET t = 'x'; UPDATE orders SET amount = 6 WHERE id = 2"
blind_list 4 "a column of one side alone" "$SAID"
blind_list 0 "the two columns are one" "" "column = member_id -> user_id"
blind_list 4 "it is ignored" "$SAID" "column = member_id -> user_id" "ignore-columns = member_id"
blind_list 0 "it is ignored, and leads nowhere" "" "column = member_id -> user_id" "ignore-columns = member_id" "reference = none: member_id"
blind_list 0 "what is ignored leads to nobody" "" "column = member_id -> user_id" "ignore-columns = land_id"

# --- cases that are in use ----------------------------------------------------------------------

BUSY=$IT_TMP/busy.case
touch "$IT_TMP/pause"
"$MYRECON" check -q --no-progress --json "$SRC" "$DST" --config "$IT_TMP/ini" --case "$BUSY" \
    --pause-file "$IT_TMP/pause" >/dev/null 2>&1 &
PID=$!
for ((i = 0; i < 100; i++)); do
    [ "$(sqlite3 -readonly "$BUSY" 'SELECT count(*) FROM run' 2>/dev/null)" = 1 ] && break
    sleep 0.1
done
affected --case "$BUSY" --config "$IT_TMP/ini"
is "a case that a run is filling: what there is, exit 4" "$RC $(plain | wc -l)" "4 1"
log_like "a case that a run is filling: it is said" 'is not finished: it was interrupted, or it is still going on'
rm "$IT_TMP/pause"
wait $PID
is "the run goes on undisturbed" $? 1
affected --case "$BUSY"
is "and is read when it is done" "$RC $(plain | wc -l)" "0 15"
touch "$IT_TMP/pause"
"$MYRECON" check -q --no-progress --json "$SRC" "$DST" --config "$IT_TMP/ini" --case "$BUSY" \
    --pause-file "$IT_TMP/pause" >/dev/null 2>&1 &
PID=$!
for ((i = 0; i < 100; i++)); do
    [ "$(sqlite3 -readonly "$BUSY" 'SELECT count(*) FROM run' 2>/dev/null)" = 2 ] && break
    sleep 0.1
done
affected --case "$BUSY"
is "while the next run goes on, the finished one is read" "$RC $(plain | wc -l)" "0 15"
{ kill -9 $PID && wait $PID; } 2>/dev/null
affected --case "$BUSY"
is "and after that one was killed" "$RC $(plain | wc -l)" "0 15"
affected --case "$BUSY" --run "$(sqlite3 "$BUSY" 'SELECT uuid FROM run ORDER BY id DESC LIMIT 1')"
is "the killed one by its name: incomplete" "$RC" 4
rm -f "$IT_TMP/pause"

finish
