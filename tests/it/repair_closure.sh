#!/bin/bash
# repair_closure.sh: whom a row means is known only of tables that the same run compared in full.
# A plan whose tables refer to others is refused and names the check that compares those, too;
# that check is run as it is printed, and the plan made of it puts every order below its own
# member.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
SHARED=${DB}_shared

# Members 3 to 5 of the lost side and 3 of the live one are different people.
shop() { # shop MEMBERS'-DATABASE REFERENCES-CLAUSE: who is who is known by name
    fresh a$T "$DB"
    fresh a$T "$SHARED"
    at a$T "CREATE TABLE $1.members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
            created_at DATETIME NOT NULL);
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, buyer INT NOT NULL $2);
        INSERT INTO $1.members VALUES (1, 'base1', '2026-01-01'), (2, 'base2', '2026-01-01');
        INSERT INTO orders VALUES (1, 'of-base1', 1)"
    at a "INSERT INTO $1.members VALUES (3, 'lost3', '2026-03-01'), (4, 'lost4', '2026-03-01'), (5, 'lost5', '2026-03-01');
        INSERT INTO orders VALUES (2, 'of-lost3', 3), (3, 'of-lost4', 4), (4, 'of-base2', 2)"
    at $T "INSERT INTO $1.members VALUES (3, 'live3', '2026-03-02'); INSERT INTO orders VALUES (2, 'of-live3', 3)"
    printf '[table *.members]\nsubject = yes\nidentity = mobile\ntime-column = created_at\n' >ini
    MEMBERS=$1.members
}
check() { # check ARGS…: into a case of its own
    rm -f "$CASE"
    run_check --config ini --case "$CASE" --settle 0 "$(uri a "$DB")" "$DST" "$@"
}
plan() { rm -rf plan; rep plan --policy "${1:-merge}" ${1:+"${@:2}"} --config ini --case "$CASE" --output plan; }
merge() { plan merge --split-at 2026-02-01; }
owners() { # each order, and whose it is
    on "SELECT GROUP_CONCAT(o.no, '=', m.mobile ORDER BY o.no) FROM orders o LEFT JOIN $MEMBERS m ON m.id = o.buyer"
}
ALL='of-base1=base1,of-base2=base2,of-live3=live3,of-lost3=lost3,of-lost4=lost4'
hinted() { sed -n 's/.*compared in full: \(myrecon check .*\)$/\1/p' "$ERR"; }
refused() { # refused DESCRIPTION REGEX
    is "$1: refused" "$RC" 5
    like "$1: named" "$(cat "$ERR")" "$2"
    ok "$1: no plan" test ! -e plan
}
as_hinted() { # as_hinted DESCRIPTION [DATABASES]: the check that was printed, then the plan, then the truth
    local command
    command=$(hinted)
    like "$1: the check is printed" "$command" '^myrecon check '
    bash -c "${command/#myrecon/\"$MYRECON\"} --settle 0 -q" >"$OUT" 2>"$ERR"
    is "$1: it runs" "$?" 1
    merge
    is "$1: then it is planned" "$RC" 0
    rep_is 0 "$1: applied" apply --yes --case "$CASE" plan "$(uri $T "${2:-$DB}")"
    is "$1: every order is its owner's" "$(owners)" "$ALL"
}

FK=", FOREIGN KEY (buyer) REFERENCES members (id)"
shop "$DB" "$FK"
check --tables "$DB.orders"
is "orders alone: checked" "$RC" 1
BEFORE=$(owners)
merge
refused "orders alone" "\"$DB.orders\" refers to \"$DB.members\", which the run did not compare"
is "orders alone: nothing was written" "$(owners)" "$BEFORE"
as_hinted "orders alone"

# ---- declared, not by a foreign key --------------------------------------------------------
shop "$DB" ""
printf '[table *.orders]\nreference = buyer -> %s.members.id\n' "$DB" >>ini
check --tables "$DB.orders"
merge
refused "declared" "refers to \"$DB.members\", which the run did not compare"
as_hinted "declared"

# ---- compared, but not all of it -----------------------------------------------------------
shop "$DB" "$FK"
check --where "$DB.members=id < 4"
rm -rf plan
rep plan --policy merge --split-at 2026-02-01 --partial --config ini --case "$CASE" --output plan
refused "a window" "refers to \"$DB.members\", which was checked only in part"
as_hinted "a window"

# ---- in a database that the command does not name ------------------------------------------
shop "$SHARED" ", FOREIGN KEY (buyer) REFERENCES $SHARED.members (id)"
check
merge
refused "another database" "refers to \"$SHARED.members\", which the run did not compare"
like "another database: the URIs name it, too" "$(hinted)" "$DB,$SHARED.*$DB,$SHARED"
as_hinted "another database" "$DB,$SHARED"

# ---- what copies rows reads the parents itself, or says that it cannot ----------------------
shop "$DB" "$FK"
check --tables "$DB.orders"
plan backfill
is "backfill of orders alone: what is below somebody else is a conflict" "$RC" 1
rep_is 1 "backfill of orders alone: applied" apply --yes --case "$CASE" plan "$DST"
is "backfill of orders alone: nobody gets an order of another's" "$(owners)" \
    'of-base1=base1,of-base2=base2,of-live3=live3'
shop "$SHARED" ""
printf '[table *.orders]\nreference = buyer -> %s.members.id\n' "$SHARED" >>ini
check
plan backfill
refused "backfill, parents in another database" "\"$SHARED.members\", which the run did not compare"

# ---- types that differ between the servers: the reference would lead nowhere ------------------
shop "$DB" "$FK"
at $T "ALTER TABLE orders DROP FOREIGN KEY $(on "SELECT CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'orders' AND REFERENCED_TABLE_NAME = 'members'"), MODIFY buyer DOUBLE NOT NULL"
check
merge
refused "types that differ" "of table \"$DB.orders\" to \"$DB.members\" cannot be followed"

# ---- a child that the account does not see: ON DELETE CASCADE would take its rows along ------
U=${DB:0:20}_u
RIGHT="SLAVE MONITOR"
[ $T = b ] || RIGHT="REPLICATION CLIENT"
at_exit "client $T <<<\"DROP USER IF EXISTS '$U'@'%'\" 2>/dev/null"
shop "$DB" "$FK"
on "CREATE TABLE $SHARED.\`my notes\` (who INT, FOREIGN KEY (who) REFERENCES $DB.members (id) ON DELETE CASCADE);
    DROP USER IF EXISTS '$U'@'%'; CREATE USER '$U'@'%' IDENTIFIED BY 'pw'; GRANT $RIGHT ON *.* TO '$U'@'%'; GRANT ALL ON $DB.* TO '$U'@'%'"
check
plan mirror --allow-deletes 0 --target "$(uri $T "$DB" "$U:pw")"
is "a child that is hidden: planned" "$RC" 0
like "and said" "$(cat "$ERR")" "the account may not see refer to planned ones.*GRANT PROCESS"
on "GRANT PROCESS ON *.* TO '$U'@'%'"
plan mirror --allow-deletes 0 --target "$(uri $T "$DB" "$U:pw")"
refused "a child that is hidden, to who has PROCESS" "table \"$SHARED/my(@0020| )notes\", which the account may not see, refers to \"$DB.members\""
on "DROP TABLE $SHARED.\`my notes\`"
plan mirror --allow-deletes 0 --target "$(uri $T "$DB" "$U:pw")"
is "without it: planned" "$RC" 0
unlike "and nothing said" "$(cat "$ERR")" "may not see"
on "UPDATE members SET mobile = 'another' WHERE id = 1"
check
plan mirror --allow-deletes 0 --target "$(uri $T "$DB" "$U:pw")"
on "CREATE TABLE $SHARED.\`my notes\` (who INT, FOREIGN KEY (who) REFERENCES $DB.members (id) ON DELETE CASCADE)"
MINE=$(uri $T "$DB" "$U:pw")
rep_is 5 "a child that came since, hidden: apply" apply --yes --case "$CASE" plan "$MINE"
like "is refused by name" "$(cat "$ERR")" "/my(@0020| )notes\", which the account may not see, refers to \"$DB.members\""
on "DROP TABLE $SHARED.\`my notes\`"
rep_is 0 "without it: applied" apply --yes --case "$CASE" plan "$MINE"
on "CREATE TABLE $SHARED.\`my notes\` (who INT, FOREIGN KEY (who) REFERENCES $DB.members (id) ON DELETE CASCADE)"
rep_is 5 "undo" undo --yes --case "$CASE" plan "$MINE"
on "REVOKE PROCESS ON *.* FROM '$U'@'%'"
rep_is 0 "nobody who may be asked: undone" undo --yes --case "$CASE" plan "$MINE"
like "and said" "$(cat "$ERR")" "the account may not see refer to planned ones.*GRANT PROCESS"
on "DROP TABLE $SHARED.\`my notes\`"

# ---- a parent of one side only: there is nobody to be taken for somebody else ----------------
shop "$DB" ""
at a "CREATE TABLE shops (id INT PRIMARY KEY); INSERT INTO shops VALUES (1);
    ALTER TABLE orders ADD shop_id INT DEFAULT 1, ADD CONSTRAINT at_shop FOREIGN KEY (shop_id) REFERENCES shops (id)"
at $T "ALTER TABLE orders ADD shop_id INT DEFAULT 1"
printf '[table *.orders]\nreference = buyer -> %s.members.id\n' "$DB" >>ini
check
merge
refused "a parent of one side" "refers to \"$DB.shops\", which is on one side only"
printf '[table *.orders]\nreference = none: shop_id\n' >>ini
check
merge
is "a parent of one side, dismissed: that it is not planned itself is said" \
    "$RC $(grep -c "not planned: table \"$DB.shops\" is only on the source" "$ERR")" "4 1"
finish
