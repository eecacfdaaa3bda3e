#!/bin/bash
# check_identity.sh: who a row is, beside its key: collision, moved, duplicate; ranges, sums
# and --max-rows.

. "$(dirname "$0")/lib.sh"
begin

at ab "
CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20));
CREATE TABLE mails (id INT PRIMARY KEY, nick VARCHAR(20) NULL UNIQUE, email VARCHAR(40) NOT NULL,
    v INT, UNIQUE KEY by_email (email));
CREATE TABLE phones (id INT PRIMARY KEY, cc CHAR(2) NOT NULL, number VARCHAR(20) NOT NULL, v INT,
    UNIQUE KEY (cc, number));
CREATE TABLE plain (id INT PRIMARY KEY, name VARCHAR(20), city VARCHAR(20));
CREATE TABLE nobody (id INT PRIMARY KEY, email VARCHAR(40) NULL UNIQUE, v INT);
CREATE TABLE several (id INT PRIMARY KEY, badge VARCHAR(9), v INT);
CREATE TABLE composite (a INT, b VARCHAR(9), email VARCHAR(40) NOT NULL UNIQUE, PRIMARY KEY (a, b));
CREATE TABLE binary_id (id INT PRIMARY KEY, token VARBINARY(8) NOT NULL UNIQUE, v INT);
CREATE TABLE ranges (id INT PRIMARY KEY, v INT)"
at a "
INSERT INTO members VALUES (1, 'm1', 'alice'), (2, 'm2', 'bob'), (3, 'm3', 'carol'), (4, 'm4', 'dave'),
    (5, 'm5', 'erin'), (6, 'm6', 'fred'), (8, 'm8', 'hugo');
INSERT INTO mails VALUES (1, 'n1', 'Ann@x', 1), (2, NULL, 'bea@x', 1), (3, 'n3', 'cy@x', 1);
INSERT INTO phones VALUES (1, 'at', '100', 1), (2, 'ch', '100', 1), (3, 'de', '5', 1);
INSERT INTO plain VALUES (1, 'ann', 'Bonn'), (2, 'bob', 'Rome'), (3, 'cat', 'Oslo');
INSERT INTO nobody VALUES (1, NULL, 1), (2, NULL, 1), (3, 'c@x', 1), (4, 'd@x', 1);
INSERT INTO several VALUES (1, 'x', 1), (2, 'y', 1), (3, 'z', 1);
INSERT INTO composite VALUES (1, 'p', 'a@x'), (1, 'q', 'b@x');
INSERT INTO binary_id VALUES (1, 0x00FF, 1), (2, 0x0100, 1);
INSERT INTO ranges SELECT seq, 1 FROM seq_1_to_30"
at b "
INSERT INTO members VALUES (1, 'm1', 'alice'), (2, 'm2', 'Bob'), (3, 'm9', 'frank'), (4, 'm5', 'erin'),
    (5, 'm4', 'dave'), (7, 'm6', 'fred'), (9, 'm10', 'iris');
INSERT INTO mails VALUES (1, 'n1', 'ann@x', 1), (2, 'n2', 'BEA@X', 1), (4, 'n3', 'CY@x', 1);
INSERT INTO phones VALUES (1, 'ch', '100', 1), (2, 'at', '100', 1), (3, 'de', '5', 2);
INSERT INTO plain VALUES (1, 'bob', 'Rome'), (2, 'ann', 'Bonn'), (3, 'cat', 'Bern');
INSERT INTO nobody VALUES (1, NULL, 2), (2, 'c@x', 1), (3, NULL, 1), (4, 'd@x', 1);
INSERT INTO several VALUES (1, 'x', 1), (2, 'x', 1), (3, 'z', 1);
INSERT INTO composite VALUES (1, 'p', 'b@x'), (2, 'p', 'a@x');
INSERT INTO binary_id VALUES (1, 0x0100, 1), (2, 0x00FF, 1);
INSERT INTO ranges SELECT seq, IF(seq IN (3, 16), 2, 1) FROM seq_1_to_33 WHERE seq NOT BETWEEN 11 AND 15"

moved_of() { # moved_of TABLE: "IDENTITY SOURCE_KEY TARGET_KEY" of each moved line, sorted
    jq -rc --arg t "$DB.$1" 'select(.type == "moved" and .table == $t) |
        "\(.identity | tojson) \(.source_key | tojson) \(.target_key | tojson)"' "$OUT" | sort
}

cat >"$IT_TMP/ini" <<END
[table $DB.plain]
identity = key
[table $DB.nobody]
identity = email
[table *.several]
identity = badge
END
check_is 1 "identities: exits 1" --config "$IT_TMP/ini"
table_is "inferred from the UNIQUE index" members \
    '.key == ["id"] and .identity == ["mobile"] and .verdict == "diverged" and .schema == "equal"'
rows_are "members: by key" members 'changed {"id":"2"} ["name"]
collision {"id":"3"} ["mobile","name"]
collision {"id":"4"} ["mobile","name"]
collision {"id":"5"} ["mobile","name"]
missing {"id":"6"} []
extra {"id":"7"} []
missing {"id":"8"} []
extra {"id":"9"} []'
is "members: moved, by identity" "$(moved_of members)" \
    '{"mobile":"m4"} {"id":"4"} {"id":"5"}
{"mobile":"m5"} {"id":"5"} {"id":"4"}
{"mobile":"m6"} {"id":"6"} {"id":"7"}'
table_is "members: counts" members '.changed == 1 and .collision == 3 and .missing == 2 and .extra == 2
    and .moved == 3 and .null_identities == 0 and .source_rows == 7 and .target_rows == 7'
is "members: both images of a collision" \
    "$(lines '.type == "row" and .table == "'"$DB"'.members" and .key.id == "3"' | jq -cS '[.source, .target]')" \
    '[{"id":"3","mobile":"m3","name":"carol"},{"id":"3","mobile":"m9","name":"frank"}]'
is "members: a missing row has one image" \
    "$(lines '.type == "row" and .table == "'"$DB"'.members" and .key.id == "8"' | jq -cS '[.source, .target]')" \
    '[{"id":"8","mobile":"m8","name":"hugo"},null]'

table_is "mails: a nullable UNIQUE is no identity" mails '.identity == ["email"]'
rows_are "mails: identities are compared by the collation" mails 'changed {"id":"1"} ["email"]
changed {"id":"2"} ["nick","email"]
missing {"id":"3"} []
extra {"id":"4"} []'
table_is "mails: moved although spelled differently" mails '.moved == 1'
is "mails: from 3 to 4" "$(moved_of mails | cut -d' ' -f2-)" '{"id":"3"} {"id":"4"}'
rows_are "phones: identity of two columns" phones 'collision {"id":"1"} ["cc"]
collision {"id":"2"} ["cc"]
changed {"id":"3"} ["v"]'
is "phones: moved" "$(moved_of phones)" '{"cc":"at","number":"100"} {"id":"1"} {"id":"2"}
{"cc":"ch","number":"100"} {"id":"2"} {"id":"1"}'
rows_are "identity = key: no collision" plain 'changed {"id":"1"} ["name","city"]
changed {"id":"2"} ["name","city"]
changed {"id":"3"} ["city"]'
is "identity = key: nobody moved" "$(moved_of plain)" ""
table_is "NULL is nobody" nobody '.identity == ["email"] and .null_identities > 0'
rows_are "NULL is nobody: judged by key" nobody 'changed {"id":"1"} ["v"]
changed {"id":"2"} ["email"]
changed {"id":"3"} ["email"]'
is "NULL is nobody: but c@x moved" "$(moved_of nobody)" '{"email":"c@x"} {"id":"3"} {"id":"2"}'
rows_are "several: another badge" several 'collision {"id":"2"} ["badge"]'
is "several: one badge on two rows of the target" \
    "$(lines '.type == "duplicate"' | jq -c '[.table, .side, .identity, (.keys | sort_by(.id))]')" \
    "[\"$DB.several\",\"target\",{\"badge\":\"x\"},[{\"id\":\"1\"},{\"id\":\"2\"}]]"
is "composite key: moved" "$(moved_of composite)" '{"email":"a@x"} {"a":"1","b":"p"} {"a":"2","b":"p"}
{"email":"b@x"} {"a":"1","b":"q"} {"a":"1","b":"p"}'
is "binary identity: moved" "$(moved_of binary_id)" '{"token":{"hex":"00ff"}} {"id":"1"} {"id":"2"}
{"token":{"hex":"0100"}} {"id":"2"} {"id":"1"}'
is "ranges: joined into runs" \
    "$(lines '.type == "range" and .table == "'"$DB"'.ranges"' | jq -c '[.from, .to, .rows]')" \
    '[{"id":"3"},{"id":"3"},1]
[{"id":"11"},{"id":"16"},6]
[{"id":"31"},{"id":"33"},3]'
table_is "without identity: the key" ranges '.identity == ["id"] and .moved == 0 and .collision == 0'

cat >"$IT_TMP/ini" <<END
[table $DB.*]
identity = none
[table $DB.plain]
identity = row
[table $DB.members]
identity = name
ignore-columns = mobile
END
check_is 1 "other settings: exits 1" --config "$IT_TMP/ini" --tables plain --tables members --tables phones
rows_are "identity = row: all other columns" plain 'collision {"id":"1"} ["name","city"]
collision {"id":"2"} ["name","city"]
collision {"id":"3"} ["city"]'
is "identity = row: moved" "$(moved_of plain)" '{"name":"ann","city":"Bonn"} {"id":"1"} {"id":"2"}
{"name":"bob","city":"Rome"} {"id":"2"} {"id":"1"}'
is "identity = none: nobody moves" "$(moved_of phones)" ""
table_is "a configured identity goes before the index" members '.identity == ["name"] and .moved == 3'
rows_are "ignored columns do not differ" members 'changed {"id":"2"} ["name"]
collision {"id":"3"} ["name"]
collision {"id":"4"} ["name"]
collision {"id":"5"} ["name"]
missing {"id":"6"} []
extra {"id":"7"} []
missing {"id":"8"} []
extra {"id":"9"} []'

check_is 1 "--max-rows: exits 1" --max-rows 2 --tables members --tables ranges
table_is "--max-rows: every difference counts" members '.collision == 3 and .missing == 2 and .extra == 2'
count_is "--max-rows: two rows of members" 2 '.type == "row" and .table == "'"$DB"'.members"'
count_is "--max-rows: two rows of ranges" 2 '.type == "row" and .table == "'"$DB"'.ranges"'
is "--max-rows: ranges are complete" "$(lines '.type == "range" and .table == "'"$DB"'.ranges"' |
    jq -s 'map(.rows) | add')" 10
like "--max-rows: the output says so" "$(cat "$OUT" "$ERR")" 'max.rows|rows_not_printed":[1-9]'
finish
