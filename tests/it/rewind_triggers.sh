#!/bin/bash
# rewind_triggers.sh: the log has what triggers did, so that a rewind has it, too: that nothing counts twice,
# whichever way is taken: without the triggers, or without what they write.  MariaDB and MySQL.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb RW && mr_await RW || bail "no MariaDB"
KINDS=RW
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql RX && mr_await RX || bail "no MySQL"
    KINDS+=" RX"
fi

N=0
plan() { # ARGS…: $RC, $OUT, $ERR, $PLAN
    PLAN=$IT_TMP/plan.$((N += 1))
    CMD=("$MYRECON" repair plan --json --policy rewind --target "$URI" --output "$PLAN" --from "$FROM" --to "$TO" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
act() { # apply|verify|undo: $RC
    local yes=--yes
    [ "$1" != verify ] || yes=--quiet
    CMD=("$MYRECON" repair "$1" $yes "$PLAN" "$URI")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
place() { mr_sql $S -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}'; }
sql() { mr_sql $S -e "USE shop; $1"; }
rows() { mr_sql $S -e "SELECT * FROM shop.$1 ORDER BY 1" | tr '\t\n' ' ;'; }
all() { for t in orders counters audit; do rows $t; done; }
world() { # and the DELETE without WHERE
    mr_sql $S <<'SQL'
DROP DATABASE IF EXISTS shop;
CREATE DATABASE shop;
USE shop;
CREATE TABLE counters (id INT PRIMARY KEY, n INT NOT NULL, total DECIMAL(12,2) NOT NULL) ENGINE=InnoDB;
CREATE TABLE audit (id BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(10), which BIGINT) ENGINE=InnoDB;
CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer INT, total DECIMAL(10,2)) ENGINE=InnoDB;
INSERT INTO counters VALUES (1, 0, 0), (2, 0, 0);
DELIMITER //
CREATE TRIGGER orders_ai AFTER INSERT ON orders FOR EACH ROW BEGIN UPDATE counters SET n = n + 1, total = total + NEW.total WHERE id = NEW.customer; INSERT INTO audit (what, which) VALUES ('new', NEW.id); END//
CREATE TRIGGER orders_ad AFTER DELETE ON orders FOR EACH ROW BEGIN UPDATE counters SET n = n - 1, total = total - OLD.total WHERE id = OLD.customer; INSERT INTO audit (what, which) VALUES ('gone', OLD.id); END//
CREATE TRIGGER orders_bu BEFORE UPDATE ON orders FOR EACH ROW UPDATE counters SET total = total - OLD.total + NEW.total WHERE id = NEW.customer//
DELIMITER ;
INSERT INTO orders (customer, total) VALUES (1, 10), (1, 20), (2, 30), (2, 40), (2, 50);
SQL
    BEFORE=$(all)
    FROM=$(place)
    sql "${1:-DELETE FROM orders}"
    TO=$(place)
}
COUNTED='1 2 30.00;2 3 120.00;'

for S in $KINDS; do
    URI=$(mr_get_server $S URI)

    world
    plan --allow-deletes 5
    is "$S: triggers are not fired unasked" "$RC $(grep -c 'would fire for the rows of the plan: "orders_ai"' "$ERR")" "5 1"
    plan --allow-deletes 5 --allow-triggers fire
    is "$S: nor where what they did is the plan's, too" "$RC $(grep -c 'update shop.counters, of which the plan itself writes rows' "$ERR")" "5 1"
    plan --allow-deletes 5 --exclude counters --allow-triggers fire
    is "$S: also what they insert" "$RC $(grep -c 'insert into shop.audit, of which' "$ERR")" "5 1"

    # what they did is left to them
    plan --exclude counters --exclude audit --allow-triggers fire
    is "$S: without what they write" "$RC" 0
    act apply
    is "$S: they count what comes back" "$RC $(rows counters)" "0 $COUNTED"
    act undo
    is "$S: and off again, as it is undone" "$RC $(rows counters)" "0 1 0 0.00;2 0 0.00;"

    # without them
    world
    sql "DROP TRIGGER orders_ai; DROP TRIGGER orders_ad; DROP TRIGGER orders_bu"
    plan --allow-deletes 5
    act apply
    is "$S: without the triggers all is as it was" "$RC $(all)" "0 $BEFORE"
    act verify
    is "$S: verify" "$RC" 0

    # one of DELETE alone: undo would fire it
    world
    sql "DROP TRIGGER orders_ai"
    plan --allow-deletes 5
    is "$S: of undo it is said beforehand" "$RC $(jq -r '.rows.notes[] | select(.kind == "undo-fires") | .text' "$PLAN/plan.json" | grep -c '"orders_ad" (AFTER DELETE).* would be changed twice')" "0 1"

    # an UPDATE fires, too
    world "UPDATE orders SET total = 0 WHERE customer = 2"
    plan --allow-triggers fire
    is "$S: an UPDATE" "$RC $(grep -c '"orders_bu" ON shop.orders would fire .* update shop.counters' "$ERR")" "5 1"
    plan --allow-triggers fire --exclude counters
    act apply
    is "$S: of the amounts they keep the sum" "$RC $(all)" "0 $BEFORE"
    act undo
    is "$S: undone" "$RC $(rows counters)" "0 1 2 30.00;2 3 0.00;"
done
finish
