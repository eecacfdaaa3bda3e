#!/bin/bash
# repair_signups.sh: people sign up, order, and take numbers and keys of lost people while a
# plan is applied.  Nobody of either history is lost, nobody is there twice, what the writer
# wrote stands to the byte, and what was refused is listed and restored by the next plan.
# On MariaDB; SEEDS=N: so many lost people times 50 (20).

. "$(dirname "$0")/lib.sh"
T=b
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
SEEDS=${SEEDS:-20}
PEOPLE=$((50 * (SEEDS < 200 ? SEEDS : 200)))

at a$T "CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(40) NOT NULL, created_at DATETIME NOT NULL);
    CREATE TABLE orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL
        UNIQUE, member_id INT UNSIGNED NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id));
    INSERT INTO members SELECT seq, CONCAT('base', seq), 'base', '2026-01-01' FROM seq_1_to_100"
at a "INSERT INTO members SELECT 100 + seq, CONCAT('m', seq), 'lost', '2026-03-01' FROM seq_1_to_$PEOPLE;
    INSERT INTO orders (no, member_id) SELECT CONCAT('lost', seq), 101 + seq DIV 3
        FROM seq_0_to_$((3 * PEOPLE - 1))"
at $T "INSERT INTO members SELECT 100 + seq, CONCAT('live', seq), 'live', '2026-03-02'
        FROM seq_1_to_$((PEOPLE / 2))"
printf '[table %s.members]\nsubject = yes\ntime-column = created_at\n' "$DB" >ini

plan() { # plan DIR
    rm -rf "$1"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output "$1"
}
# Statements of a client that knows nothing of the plan: every fourth sign-up takes the number
# of somebody who is about to come back.
sign_ups() {
    local i
    for ((i = 1; ; i++)); do
        echo "INSERT INTO members (mobile, name, created_at)
            VALUES ('$([ $((i % 4)) -eq 0 ] && echo m || echo new)$((PEOPLE - i))', 'new', '2026-04-01');
            INSERT INTO orders (no, member_id) SELECT 'new$i', MAX(id) FROM members WHERE name = 'new';
            UPDATE members SET name = 'base edited' WHERE id = $((1 + i % 100));"
    done
}
lost_are_there() { # how many of the lost are not there exactly once
    on "SELECT COUNT(*) FROM (SELECT l.mobile, (SELECT COUNT(*) FROM members m WHERE m.mobile = l.mobile)
        AS n FROM (SELECT CONCAT('m', seq) AS mobile FROM seq_1_to_$PEOPLE) AS l) AS x WHERE n <> 1"
}
orders_of() { # orders that are not with their owner: lost order s belongs to m(1 + s DIV 3)
    on "SELECT COUNT(*) FROM seq_0_to_$((3 * PEOPLE - 1)) AS s LEFT JOIN orders o
        ON o.no = CONCAT('lost', s.seq) LEFT JOIN members m ON m.id = o.member_id
        WHERE NOT (m.mobile <=> CONCAT('m', 1 + s.seq DIV 3))"
}

plan one
is "planned" "$RC" 0
is "everybody and what is theirs" "$(planned_rows one)" $((4 * PEOPLE))
sign_ups 2>/dev/null | mariadb --no-defaults --force -h 127.0.0.1 -P "$(sed 's/.*:\([0-9]*\).*/\1/' <<<"$(uri $T '')")" \
    -u root "$DB" >/dev/null 2>&1 &
WRITER=$!
at_exit "kill $WRITER 2>/dev/null"
wait_for 20 eval '[ "$(on "SELECT COUNT(*) FROM members WHERE name = '"'new'"'")" -gt 20 ]'
rep apply --yes --case "$CASE" --json one "$DST"
APPLIED=$RC
kill $WRITER
wait $WRITER 2>/dev/null
ok "sign-ups went on meanwhile" test "$(on "SELECT COUNT(*) FROM members WHERE name = 'new'")" -gt 50
ok "applied, but for whom somebody else is now" test $APPLIED -le 1
is "rows were written, were there, or are listed" "$(sum '.rows_written + .rows_there > 0')" true
TAKEN=$(on "SELECT COUNT(*) FROM members WHERE name = 'new' AND mobile LIKE 'm%'")
ok "somebody took a number of a lost person ($TAKEN)" test "$TAKEN" -gt 0
is "nobody is there twice" "$(on "SELECT COUNT(*) - COUNT(DISTINCT mobile) FROM members")" 0
is "the live ones are as they were" \
    "$(on "SELECT COUNT(*) FROM seq_1_to_$((PEOPLE / 2)) s JOIN members m ON m.id = 100 + s.seq
        AND m.mobile = CONCAT('live', s.seq) AND m.name = 'live'")" $((PEOPLE / 2))
is "orders of sign-ups are with sign-ups" \
    "$(on "SELECT COUNT(*) FROM orders o JOIN members m ON m.id = o.member_id WHERE o.no LIKE 'new%'
        AND m.name <> 'new'")" 0
is "no order is half restored: all three of a person, or none" \
    "$(on "SELECT COUNT(*) FROM (SELECT member_id, COUNT(*) AS n FROM orders WHERE no LIKE 'lost%'
        GROUP BY 1) AS x WHERE n <> 3")" 0
is "lost people have the orders of their own" \
    "$(on "SELECT COUNT(*) FROM orders o JOIN members m ON m.id = o.member_id
        WHERE o.no LIKE 'lost%' AND m.mobile <> CONCAT('m', 1 + SUBSTRING(o.no, 5) DIV 3)")" 0

plan two
ok "the next plan knows who came back by themselves" test "$RC" -le 1
rep apply --yes --case "$CASE" two "$DST"
is "everybody lost is there once" "$(lost_are_there)" 0
is "every lost order is there, with its owner" "$(orders_of)" 0
rep_is 0 "the second plan is proved" verify two "$DST"
finish
