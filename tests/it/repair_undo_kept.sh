#!/bin/bash
# repair_undo_kept.sh: undo keeps what something new refers to, with what it refers to itself and
# with what is its own, and nobody beyond another person; it says so, sums up, and lists no row
# that the plan did not write.  By the program and by the stock client.  Every row is compared
# with what there was before and what has to be kept.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Lost: 11 to 17, each with an order of two lines; 12 was invited by 11, 14 by 13, 16 by 15.
world() { # world [SQL on TARGET, before the plan]
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, inviter INT NULL,
            created_at DATETIME NOT NULL, FOREIGN KEY (inviter) REFERENCES members (id));
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, member_id INT NOT NULL,
            FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE items (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, order_id INT NOT NULL,
            FOREIGN KEY (order_id) REFERENCES orders (id));
        CREATE TABLE audit (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, what VARCHAR(20),
            FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE);
        CREATE TABLE trail (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NOT NULL);
        CREATE TABLE remarks (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, item_id INT NOT NULL,
            FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE);
        INSERT INTO members VALUES (1, 'm1', NULL, '2026-01-01'), (2, 'm2', 1, '2026-01-01')"
    lost
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = created_at\n[table %s.*]\nmargin = 1000\n[table %s.trail]\nreference = none: who\n' "$DB" "$DB" "$DB" >ini
    [ -z "${1:-}" ] || at $T "$1"
    BEFORE=$(rows)
    rm -f "$CASE"
}
lost() {
    local id
    for id in 11 12 13 14 15 16 17; do
        at a "INSERT INTO members VALUES ($id, 'm$id', $([ $((id % 2)) = 0 ] && echo $((id - 1)) || echo NULL), '2026-03-01');
            INSERT INTO orders VALUES ($id, 'o$id', $id); INSERT INTO items VALUES ($id, 'i$id', $id), (1$id, 'i1$id', $id)"
    done
}
plan() { # plan DIR ARGS…
    local dir=$1
    shift
    rm -rf "$dir"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output "$dir" "$@"
}
rows() { # every row of TARGET
    local t
    for t in members orders items audit trail remarks; do on "SELECT '$t', $t.* FROM $t ORDER BY id"; done
}
of() { # of ID…: the rows of these lost people, from before and from the state DONE
    { cat <<<"$BEFORE"; for id in "$@"; do
        grep -E "^(members|orders|items)	1?$id	" <<<"$DONE"
    done; } | sort
}
undo_by() { # undo_by program|client DIR
    if [ "$1" = program ]; then
        rep undo --yes --case "$CASE" "$2" "$DST"
    else
        client $T --force <"$2/undo.sql" >"$OUT" 2>"$ERR"
        RC=-
    fi
}

# ---- something new refers to them
NEW="INSERT INTO orders VALUES (900, 'new', 11);
    INSERT INTO members VALUES (901, 'new', 14, '2026-04-01');
    INSERT INTO remarks VALUES (900, 115)"
for by in program client; do
    world
    plan one
    rep apply --yes --case "$CASE" one "$DST"
    is "$by: applied" "$RC $(planned_rows one)" "0 28"
    DONE=$(rows)
    on "$NEW"
    undo_by $by one
    [ $by = client ] || is "some are kept: exit 1" "$RC" 1
    # 11 has ordered; 14 has invited, and was invited by 13; of 15 a line is referred to
    is "$by: who is referred to stays, with all that is theirs, and nobody else but who invited them" \
        "$(rows | grep -v '	90[01]	' | sort)" "$(of 11 13 14 15 | grep -vE '^(orders|items)	1?13	')"
    is "$by: and what is new" "$(rows | grep -c '	90[01]	')" 3
    is "$by: each is named" "$(grep -cE '(members.11|members.14|items.115)[:	].*refers to it' "$OUT")" 3
    on "DELETE FROM remarks; DELETE FROM members WHERE id = 901; DELETE FROM orders WHERE id = 900"
    undo_by $by one
    is "$by: when that is gone, all is as it was" "$(rows)" "$BEFORE"
done

# ---- rows that belong to two people: each of 11 to 16 has written about the next one's order
for by in program client; do
    world
    at a$T "CREATE TABLE comments (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, author INT NOT NULL, order_id INT NOT NULL,
        FOREIGN KEY (author) REFERENCES members (id), FOREIGN KEY (order_id) REFERENCES orders (id))"
    at a "INSERT INTO comments SELECT id, CONCAT('c', id), id, id + 1 FROM members WHERE id BETWEEN 11 AND 16"
    plan two
    rep apply --yes --case "$CASE" two "$DST"
    is "$by: applied" "$RC $(planned_rows two)" "0 34"
    DONE=$(rows; on "SELECT * FROM comments")
    on "INSERT INTO items VALUES (900, 'new', 15)"
    undo_by $by two
    # with 15 all of hers; 14, who has written about her order, and 13, who invited 14; the order of
    # 16 about which she has written, with 16
    is "$by: the person of an order stays, and who has to do with her, without the rest of theirs" \
        "$(for t in members orders items comments; do echo "$t $(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM $t WHERE id > 10")"; done)" \
        "members 13,14,15,16
orders 15,16
items 15,115,900
comments 14,15"
    if [ $by = program ]; then
        plan three
        rep_is 0 "planned again, the rest comes back" apply --yes --case "$CASE" three "$DST"
        on "DELETE FROM items WHERE id = 900"
        is "and nothing twice" "$(planned_rows three) $(rows; on "SELECT * FROM comments")" "24 $DONE"
        rep_is 0 "taken back" undo --yes --case "$CASE" three "$DST"
    else
        on "DELETE FROM items WHERE id = 900"
    fi
    undo_by $by two
    is "$by: when nothing is in the way, all is as it was" "$(rows)$(on "SELECT COUNT(*) FROM comments")" "${BEFORE}0"
done

# ---- who is referred to by a row that is kept, as it stands: it was led there since, or by the plan
ALL() { for t in members orders items; do echo "$t $(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM $t")"; done; }
for by in program client; do
    world
    at a$T "ALTER TABLE orders DROP FOREIGN KEY orders_ibfk_1, ADD CONSTRAINT goes FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE;
        INSERT INTO orders VALUES (1, 'o1', 1)"
    at a "UPDATE orders SET member_id = 13 WHERE id = 1"
    plan one --on-conflict changed=source --split-key "$DB.orders=10"
    rep apply --yes --case "$CASE" one "$DST"
    is "$by: applied" "$RC $(on "SELECT member_id FROM orders WHERE id = 1")" "0 13"
    on "UPDATE orders SET member_id = 15 WHERE id = 11; UPDATE orders SET no = 'edited' WHERE id = 1"
    undo_by $by one
    [ $by = client ] || is "exit 1" "$RC" 1
    is "$by: whom edited orders belong to by now stays, so that nothing is cascaded away" "$(ALL)
$(on "SELECT * FROM orders ORDER BY id")" "members 1,2,11,13,15
orders 1,11
items 11,111
1	edited	13
11	o11	15"
    on "UPDATE orders SET member_id = 11 WHERE id = 11; UPDATE orders SET no = 'o1' WHERE id = 1"
    undo_by $by one
    is "$by: then all goes" "$(ALL) $(on "SELECT member_id FROM orders")" "members 1,2
orders 1
items NULL 1"
done

# ---- a plan on which another one builds
world
plan one
rep_is 0 "the first of two plans" apply --yes --case "$CASE" one "$DST"
at a "INSERT INTO members VALUES (18, 'm18', 11, '2026-03-02'); INSERT INTO orders VALUES (18, 'o18', 12)"
plan two
rep_is 0 "the second" apply --yes --case "$CASE" two "$DST"
DONE=$(rows)
rep_is 5 "the first cannot be taken back before it" undo --yes --case "$CASE" one "$DST"
like "which names it" "$(cat "$ERR")" '"two"'
is "and changes nothing" "$(rows)" "$DONE"
rep_is 0 "the second is taken back" undo --yes --case "$CASE" two "$DST"
rep_is 0 "then the first" undo --yes --case "$CASE" one "$DST"
is "all is as it was" "$(rows)" "$BEFORE"

# ---- somebody else came under a key of the plan, so that the row was never written
for by in program client; do
    world
    plan one
    on "INSERT INTO members VALUES (17, 'stranger', NULL, '2026-04-01'); INSERT INTO orders VALUES (700, 'his', 17)"
    rep apply --yes --json --case "$CASE" one "$DST"
    is "$by: he stays, and all others are written" "$RC $(on "SELECT COUNT(*) FROM members WHERE id > 10")" "1 7"
    undo_by $by one
    [ $by = client ] || is "nothing of the plan is kept: exit 0" "$RC" 0
    unlike "$by: he is not listed" "$(cat "$OUT")" "changed since|refers to it"
    is "$by: he is as he was, and what is his" "$(rows | sort)" \
        "$(printf '%s\nmembers\t17\tstranger\tNULL\t2026-04-01 00:00:00\norders\t700\this\t17\n' "$BEFORE" | sort)"
done

# The same where no time tells who is older: apply has noted whom it left out.
world
plan one
on "INSERT INTO orders VALUES (17, 'strange', 1)"
rep apply --yes --json --case "$CASE" one "$DST"
is "an order under the key of a lost one: left out" "$RC $(refused | wc -l)" "1 4"
rep apply --yes --json --case "$CASE" one "$DST"
is "again, too" "$RC $(refused | wc -l)" "1 4"
on "UPDATE items SET no = 'edited' WHERE id = 11"
rep_is 1 "undo keeps what was edited" undo --yes --json --case "$CASE" one "$DST"
is "and lists it, what it belongs to, and nothing else" "$(refused | cut -d ' ' -f 2- | sed "s/$DB.//" | sort)" \
    "items 111: it stays with what it belongs to
items 11: it was changed since
members 11: it stays with what it belongs to
orders 11: it stays with what it belongs to"
is "all others are gone, he stays" "$(on "SELECT (SELECT GROUP_CONCAT(id ORDER BY id) FROM members), (SELECT GROUP_CONCAT(no ORDER BY id) FROM orders)" | xargs)" \
    "1,2,11 o11,strange"
on "UPDATE items SET no = 'i11' WHERE id = 11"
rep_is 0 "undo of the rest" undo --yes --json --case "$CASE" one "$DST"
is "all is as it was, and he" "$(rows | sort)" "$(printf '%s\norders\t17\tstrange\t1\n' "$BEFORE" | sort)"

# Also a person: whom the lost one was invited by is none of the stranger's.
world
sed -i '/time-column/d' ini
plan one
on "INSERT INTO members VALUES (12, 'stranger', NULL, '2026-03-01')"
rep apply --yes --json --case "$CASE" one "$DST"
is "a person under the key of a lost one: left out" "$RC $(on "SELECT GROUP_CONCAT(mobile ORDER BY id) FROM members WHERE id > 10")" "1 m11,stranger,m13,m14,m15,m16,m17"
rep undo --yes --json --case "$CASE" one "$DST"
is "undo: she stays, and keeps nobody" "$(on "SELECT GROUP_CONCAT(mobile ORDER BY id) FROM members WHERE id > 10") $RC $(sum .rows_stood)" "stranger 0 1"

# ---- what triggers write
world "CREATE TRIGGER members_ai AFTER INSERT ON members FOR EACH ROW INSERT INTO audit (member_id, what) VALUES (NEW.id, 'new');
    CREATE TRIGGER orders_ai AFTER INSERT ON orders FOR EACH ROW INSERT INTO trail (who) VALUES (NEW.member_id)"
plan one
is "triggers are not fired unasked" "$RC" 5
plan one --allow-triggers fire
is "the plan says how many rows undo will keep, and why" \
    "$RC $(jq -r '.rows.notes[] | select(.kind == "undo-keeps") | "\(.table) \(.text)"' one/plan.json)" \
    "0 $DB.members trigger \"members_ai\" (AFTER INSERT ON $DB.members) writes into \"$DB.audit\", which refers to this table: undo.sql run by a client will keep up to 7 rows, with all that is theirs, unless what the trigger wrote is deleted before; repair undo takes it back where it was not changed since
$DB.orders trigger \"orders_ai\" (AFTER INSERT ON $DB.orders) writes into \"$DB.trail\": undo does not take back what it writes there"
like "and shows it" "$(cat "$OUT")" "will keep up to 7 rows"
rep_is 0 "applied" apply --yes --case "$CASE" one "$DST"
DONE=$(rows)
is "the triggers have written" "$(on "SELECT (SELECT COUNT(*) FROM audit), (SELECT COUNT(*) FROM trail)" | xargs)" "7 7"
on "UPDATE audit SET what = 'changed'"
DONE=$(rows)
rep_is 1 "undo keeps them all, since what the trigger wrote was changed" undo --yes --case "$CASE" one "$DST"
is "every row" "$(rows)" "$DONE"
is "in one line" "$(grep -c 'refers to it' "$OUT")" 1
like "that counts them" "$(cat "$OUT")" "members 1[1-7](, 1[1-7]){4} and 2 more: a row of $DB.audit refers to it"
on "DELETE FROM audit"
rep_is 0 "without what the trigger wrote" undo --yes --case "$CASE" one "$DST"
is "all is as it was, but for what undo was said to leave" "$(rows | grep -v '^trail')" "$BEFORE"

# ---- what triggers change and delete elsewhere
world "CREATE TABLE stat (id INT PRIMARY KEY, n INT); INSERT INTO stat VALUES (1, 0);
    CREATE TABLE carts (who INT); INSERT INTO carts VALUES (11), (9);
    CREATE TRIGGER members_ai AFTER INSERT ON members FOR EACH ROW UPDATE stat SET n = n + 1;
    CREATE TRIGGER orders_ai AFTER INSERT ON orders FOR EACH ROW DELETE FROM carts WHERE who = NEW.member_id"
plan one --allow-triggers fire
is "the plan says what undo will not take back" \
    "$RC $(jq -r '.rows.notes[] | select(.kind == "undo-keeps") | "\(.table) \(.text)"' one/plan.json)" \
    "0 $DB.members trigger \"members_ai\" (AFTER INSERT ON $DB.members) changes rows of \"$DB.stat\": undo does not take back what it changes there
$DB.orders trigger \"orders_ai\" (AFTER INSERT ON $DB.orders) deletes rows of \"$DB.carts\": undo does not take back what it deletes there"
like "and shows it" "$(cat "$OUT")" "changes rows of"
rep_is 0 "applied" apply --yes --case "$CASE" one "$DST"
rep_is 0 "undone" undo --yes --case "$CASE" one "$DST"
is "all is as it was" "$(rows)" "$BEFORE"
is "but for that" "$(on "SELECT n, (SELECT GROUP_CONCAT(who) FROM carts) FROM stat" | xargs)" "7 9"

# ---- strangers of two units: each unit says what it keeps, and not what the one before did
fresh a$T "$DB"
rm -f "$CASE"
at a$T "CREATE TABLE people (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE); INSERT INTO people VALUES (1, 'base');
    CREATE TABLE places (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE); INSERT INTO places VALUES (1, 'base')"
at a "INSERT INTO people SELECT seq, CONCAT('p', seq) FROM seq_2_to_601; INSERT INTO places SELECT seq, CONCAT('p', seq) FROM seq_2_to_12"
printf '[table %s.*]\nidentity = name\n' "$DB" >ini
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy merge --config ini --case "$CASE" --output halves
is "planned in two units" "$RC $(jq .rows.units halves/plan.json)" "0 2"
on "INSERT INTO people VALUES (2, 'stranger'); INSERT INTO places VALUES (3, 'stranger'), (4, 'another')"
rep_is 1 "three are left out" apply --yes --case "$CASE" halves "$DST"
rep_is 0 "undo keeps nothing of the plan" undo --yes --json --case "$CASE" halves "$DST"
is "but the strangers" "$(refused)$(on "SELECT name FROM (SELECT name FROM people UNION ALL SELECT name FROM places) x ORDER BY name" | xargs)" "another base base stranger stranger"

# ---- what apply has left out, and the live side has deleted since, is not put back
fresh a$T "$DB"
rm -f "$CASE"
at a$T "CREATE TABLE pairs (code VARBINARY(9) NOT NULL, id INT NOT NULL, v VARCHAR(9), PRIMARY KEY (code, id))"
at $T "INSERT INTO pairs VALUES (x'00ff', 1, 'a'), (x'00ff', 2, 'b'), ('x', 1, 'c')"
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy mirror --case "$CASE" --output gone
is "mirror: three are to go" "$RC $(planned_rows gone)" "0 3"
on "UPDATE pairs SET v = 'edited' WHERE code = x'00ff'"
rep_is 1 "the live side edits two" apply --yes --case "$CASE" gone "$DST"
on "DELETE FROM pairs WHERE id = 2"
for how in --dry-run --yes --yes; do
    rep_is 0 "undo $how" undo $how --case "$CASE" gone "$DST"
    unlike "which was applied" "$(cat "$ERR")" "knows of no apply"
done
is "puts back what apply took, and leaves the rest to whom it belongs" "$(on "SELECT HEX(code), id, v FROM pairs ORDER BY v" | xargs)" "78 1 c 00FF 1 edited"

# ---- a plan that nobody has applied: what the live side has written itself, and equals it
on "DELETE FROM pairs; INSERT INTO pairs VALUES (x'00ff', 1, 'a')"
rm -f "$CASE"
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy mirror --case "$CASE" --output never
on "DELETE FROM pairs"
for how in --dry-run --yes; do
    rep_is 0 "undo $how" undo $how --case "$CASE" never "$DST"
    like "says so beforehand" "$(cat "$ERR")" 'warning: the journal of plan "never" knows of no apply: what stands as it was planned is taken back, whoever wrote it'
done

# ---- a row that was never written holds nobody
fresh a$T "$DB"
rm -f "$CASE"
at a$T "CREATE TABLE people (id INT NOT NULL PRIMARY KEY, v VARCHAR(9)); INSERT INTO people VALUES (1, 'old'), (2, 'old');
    CREATE TABLE friends (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b), KEY (b), FOREIGN KEY (a) REFERENCES people (id), FOREIGN KEY (b) REFERENCES people (id))"
at a "UPDATE people SET v = 'new'; INSERT INTO friends VALUES (1, 2)"
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy mirror --case "$CASE" --output held
on "UPDATE people SET v = 'edited' WHERE id = 1"
rep_is 1 "mirror leaves out whom the live side has edited" apply --yes --case "$CASE" held "$DST"
is "and with them what refers to them" "$(on "SELECT GROUP_CONCAT(v ORDER BY id), (SELECT COUNT(*) FROM friends) FROM people" | xargs)" "edited,new 0"
rep_is 0 "undo" undo --yes --case "$CASE" held "$DST"
is "takes back the other" "$(on "SELECT GROUP_CONCAT(v ORDER BY id) FROM people")" "edited,old"

# ---- a row that the live side deletes itself before apply comes
fresh a$T "$DB"
at a$T "CREATE TABLE pairs (code VARBINARY(9) NOT NULL, id INT NOT NULL, v VARCHAR(9), PRIMARY KEY (code, id))"
on "INSERT INTO pairs VALUES (x'00ff', 1, 'a'), (x'00ff', 2, 'b')"
rm -f "$CASE"
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy mirror --case "$CASE" --output stood
on "DELETE FROM pairs WHERE id = 2"
rep_is 0 "apply finds it gone" apply --yes --case "$CASE" stood "$DST"
rep_is 0 "again, where all are" apply --yes --case "$CASE" stood "$DST"
rep_is 0 "undo" undo --dry-run --case "$CASE" stood "$DST"
like "says how many apply has found so" "$(cat "$ERR")" 'warning: 1 row stood already as planned when apply came, by somebody else or by apply.sql'

# ---- what triggers make of the rows themselves
world "CREATE TRIGGER orders_bi BEFORE INSERT ON orders FOR EACH ROW SET NEW.member_id = 1"
plan one --allow-triggers fire
rep apply --yes --json --case "$CASE" one "$DST"
is "rows that a trigger changed as they were written: exit 1" "$RC $(sum .rows_written) $(sum .rows_altered)" "1 28 7"
rep verify one "$DST"
is "as verify has it" "$RC" 1
rep apply --yes --case "$CASE" one "$DST"
like "again: it is said" "$RC $(cat "$OUT")" "^1 |7 rows do not stand as planned, by triggers"
finish
