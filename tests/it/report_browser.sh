#!/bin/bash
# report_browser.sh: the page of `report` in a real browser (Debian's chromium, headless):
# nothing on the console, sorting, searching, themes, phone, paper, and a database full of
# markup that stays text.

. "$(dirname "$0")/lib.sh"
reason=$("$IT_DIR/../lib/browser.sh" 2>&1)
status=$?
if [ $status -eq 1 ] && [ "${CI:-}" = true ]; then
    printf '1..1\nnot ok 1 - the page in a browser: %s\n' "$(tail -n 1 <<<"$reason")"
    exit 1
elif [ $status -ne 0 ]; then
    printf '1..1\nok 1 - the page in a browser # SKIP %s\n' "$(tail -n 1 <<<"$reason")"
    exit 0
fi
begin

LONG=$(printf 'w%.0s' {1..60})
EVIL='<script>window.evil=1</script>'
at ab "
CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
    name VARCHAR(60), note VARCHAR(400), created_at TIMESTAMP NOT NULL);
INSERT INTO members SELECT seq, CONCAT('+49151', LPAD(seq, 7, '0')), CONCAT('Member ', seq), NULL,
    '2026-01-01' + INTERVAL seq HOUR FROM seq_1_to_3000;
CREATE TABLE $(ident "$EVIL") (id INT PRIMARY KEY, $(ident "\"><img src=x onerror=window.evil=1>") VARCHAR(200),
    $(ident "a|b\`c") TEXT);
INSERT INTO $(ident "$EVIL") VALUES (1, '$EVIL', 'same'), (2, '</td></table><svg onload=window.evil=1>', 'x');
CREATE TABLE $LONG (${LONG/w/i} INT PRIMARY KEY, $LONG VARCHAR(400)); INSERT INTO $LONG VALUES (1, REPEAT('w', 300));
CREATE TABLE gap (period INT PRIMARY KEY, v INT); INSERT INTO gap SELECT seq, 1 FROM seq_3342600_to_3342815;
CREATE TABLE words (k VARCHAR(20) PRIMARY KEY, v INT);
INSERT INTO words SELECT CONCAT('k', LPAD(seq, 4, '0')), seq FROM seq_1_to_500;
CREATE TABLE keyless (a INT, b VARCHAR(20)); INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (2, 'y')"
for n in {00..29}; do
    at ab "CREATE TABLE t$n (id INT PRIMARY KEY, v INT); INSERT INTO t$n VALUES (1, 1), (2, 2)"
done
at a "INSERT INTO members SELECT seq, CONCAT('+4917090', seq), CONCAT('Lost ', seq), '$EVIL',
    '2026-04-02 12:11:00' + INTERVAL seq MINUTE FROM seq_3001_to_3040"
at b "INSERT INTO members SELECT seq, IF(seq % 10 = 4, CONCAT('+4917090', seq - 3), CONCAT('+4917091', seq)),
    CONCAT('New ', seq), REPEAT('long ', 60), '2026-04-08 18:25:00' + INTERVAL seq MINUTE FROM seq_3001_to_3025;
UPDATE members SET name = 'J''adore <b>Zoe</b> & co' WHERE id = 17;
UPDATE $(ident "$EVIL") SET $(ident "a|b\`c") = '$EVIL' WHERE id = 1;
DELETE FROM $(ident "$EVIL") WHERE id = 2;
UPDATE $LONG SET $LONG = REPEAT('v', 300); ALTER TABLE $LONG COMMENT '$LONG$LONG';
DELETE FROM gap WHERE period BETWEEN 3342788 AND 3342806;
UPDATE words SET v = -v WHERE v % 50 = 7;
DELETE FROM keyless WHERE a = 1 LIMIT 1;
UPDATE t03 SET v = 9 WHERE id = 2; UPDATE t07 SET v = v + 10; CREATE INDEX more ON t09 (v);
CREATE VIEW $(ident "$EVIL v") AS SELECT '$EVIL'"

cat >"$IT_TMP/people.ini" <<INI
[table $DB.members]
identity = mobile
time-column = created_at
subject = yes
INI
check_is 1 "the case" --case "$IT_TMP/case" --config "$IT_TMP/people.ini"
CMD=("$MYRECON" report --case "$IT_TMP/case" --output "$IT_TMP/page.html")
"${CMD[@]}" >"$OUT" 2>"$ERR"
RC=$?
is "the page is written" "$RC" 0
ok "and closed to others" test "$(stat -c %a "$IT_TMP/page.html")" = 600

# --- an incident of 824 rows, on paper: seven tables of 28
fresh ab "$DB"
at ab "CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(60),
    created_at TIMESTAMP NOT NULL); INSERT INTO members SELECT seq, CONCAT('+49151', LPAD(seq, 7, '0')), CONCAT('Member ', seq),
    '2026-01-01' + INTERVAL seq HOUR FROM seq_1_to_2000;
$(for n in {1..6}; do
    echo "CREATE TABLE logged_$n (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member_id INT, v INT);
        INSERT INTO logged_$n SELECT seq, seq, 1 FROM seq_1_to_2000;"
done)
$(for n in {1..21}; do echo "CREATE TABLE still_$n (id INT PRIMARY KEY); INSERT INTO still_$n VALUES (1);"; done)"
at a "INSERT INTO members SELECT seq, CONCAT('+4917090', seq), CONCAT('Lost ', seq), '2026-04-02 12:11:00' + INTERVAL seq MINUTE
    FROM seq_2001_to_2224"
at b "INSERT INTO members SELECT seq, CONCAT('+4917091', seq), CONCAT('New ', seq), '2026-04-08 12:11:00' + INTERVAL seq MINUTE
    FROM seq_2001_to_2180;
$(for n in {1..6}; do echo "UPDATE logged_$n SET v = 2 WHERE id % 20 = $n;"; done)"
check_is 1 "the case on paper" --case "$IT_TMP/paper.case" --config "$IT_TMP/people.ini"
"$MYRECON" report -q --case "$IT_TMP/paper.case" --output "$IT_TMP/paper.html" >"$OUT" 2>"$ERR" || bail "no page for paper"

mkdir "$IT_TMP/browser"
python3 "$IT_DIR/report_page.py" "$IT_TMP/page.html" "$IT_TMP/browser" "$IT_TMP/paper.html" >"$IT_TMP/said" 2>"$IT_TMP/trouble"
RC=$?
: >"$OUT"
cp "$IT_TMP/trouble" "$ERR"
CMD=(python3 "$IT_DIR/report_page.py" "$IT_TMP/page.html")
results "$IT_TMP/said"
is "the browser's script came to its end" "$RC" 0
accessible "$IT_TMP/paper.html"
finish
