#!/bin/bash
# check_alike.sh: where nearly all of a table differs, check and report say what it is that all of it
# has in common, in one sentence; where little differs, nothing of the kind.

. "$(dirname "$0")/lib.sh"
begin
ROWS=6000
SHAPE="mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(60) NOT NULL, made_at DATETIME NOT NULL,
    seen_at TIMESTAMP NULL) DEFAULT CHARSET=utf8mb4"
for table in zone stamps letters shifted few counter plain; do
    at ab "CREATE TABLE $table (id INT AUTO_INCREMENT PRIMARY KEY, $SHAPE;
        INSERT INTO $table SELECT seq, CONCAT('+49', seq * 7), CONCAT('Jürg ', seq),
            '2026-01-01' + INTERVAL seq SECOND, IF(seq % 3, '2026-02-01 12:00:00', NULL)
        FROM seq_1_to_$ROWS"
done
# a few rows of it differ otherwise
at b "UPDATE zone SET made_at = made_at + INTERVAL 210 MINUTE;
    UPDATE zone SET name = 'somebody else' WHERE id IN (7, 77, 777);
    UPDATE stamps SET made_at = made_at - INTERVAL 1 HOUR, seen_at = seen_at - INTERVAL 1 HOUR;
    UPDATE letters SET name = CONVERT(CAST(CONVERT(name USING utf8mb4) AS BINARY) USING latin1);
    UPDATE shifted SET id = id + 5 ORDER BY id DESC;
    UPDATE few SET made_at = made_at + INTERVAL 1 HOUR WHERE id % 3 = 0;
    UPDATE counter SET name = MD5(id)"

note_of() { jq -r "select(.type == \"table\" and .table == \"$DB.$1\") | .note // \"none\"" "$OUT"; }
notes_are() { # notes_are DESCRIPTION
    is "$1: another time zone" "$(note_of zone)" \
        "99.9 % of 6,000 rows differ in \`made_at\` only, by exactly 3:30 h (later in TARGET, as between two time zones)"
    is "$1: of two columns, of which one is NULL in some" "$(note_of stamps)" \
        "all 6,000 rows differ in \`made_at\` and \`seen_at\` only, by exactly 1:00 h (earlier in TARGET, as between two time zones)"
    is "$1: another character set" "$(note_of letters)" \
        "all 6,000 rows differ in \`name\` only, by a wrong character set (TARGET's text is SOURCE's UTF-8, taken for latin1 and encoded once more)"
    is "$1: shifted" "$(note_of shifted)" \
        "all 6,000 rows have another \`id\` in TARGET, the first 1,000 of them by exactly 5 (more in TARGET), as in a table that was shifted"
    is "$1: no more than the column" "$(note_of counter)" "all 6,000 rows differ in \`name\` only"
    is "$1: a third of the rows is not nearly all" "$(note_of few)" none
    is "$1: an equal table" "$(note_of plain)" none
}
CASE=$IT_TMP/case
check_is 1 "one thread" --threads 1
notes_are "one thread"
for digest in client server; do
    check_is 1 "three threads, --digest $digest" --threads 3 --digest $digest --case "$CASE.$digest"
    notes_are "three threads, --digest $digest"
done
like "it is logged while the table is read" "$(cat "$ERR")" \
    "table \"$DB.zone\": most of its rows differ so far; (all|9[0-9]\.[0-9] % of) [0-9]+ rows looked at differ in \`made_at\` only, by exactly 3:30 h"
unlike "of others it is not" "$(cat "$ERR")" "$DB\.(few|plain)\": most"
check_is 1 "the same from the case" --threads 3 --digest server --case "$CASE.server" --resume
notes_are "from the case"

MYRECON_TEXT=$("$MYRECON" check "$SRC" "$DST" --settle 0 --no-progress --color never 2>&1)
like "check says it on top" "$(sed -n 1,40p <<<"$MYRECON_TEXT" | tr '\n' ' ')" \
    "$DB\.zone: 99\.9 % of 6,000 rows differ in \`made_at\` only, by exactly 3:30 h.*Tables "
ok "report reads the case" "$MYRECON" report --case "$CASE.client" --output "$IT_TMP/report.html"
like "the page says it" "$(cat "$IT_TMP/report.html")" \
    "<code>$DB.zone</code>: 99.9 % of 6,000 rows differ in .made_at. only, by exactly 3:30 h"
ok "report writes Markdown" "$MYRECON" report --case "$CASE.client" --format md --output "$IT_TMP/report.md"
like "the text says it" "$(cat "$IT_TMP/report.md")" "99.9 % of 6,000 rows differ in"
ok "report writes JSON" "$MYRECON" report --case "$CASE.client" --format json --output "$IT_TMP/report.json"
is "and so does its note" "$(jq -r "select(.type == \"table\" and .table == \"$DB.zone\") | .note" "$IT_TMP/report.json")" \
    "$(note_of zone)"
finish
