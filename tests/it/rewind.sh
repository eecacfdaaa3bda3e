#!/bin/bash
# rewind.sh: transactions of one server are undone: a DELETE without WHERE, an UPDATE of all prices and the
# corrections after it, a bad batch of inserts with children since, a deploy over several tables; what is in
# doubt is asked, what no log can undo is refused by name.  MariaDB and MySQL.

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
    CMD=("$MYRECON" repair plan --json --policy rewind --target "$URI" --output "$PLAN" "$@")
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
rows() { mr_sql $S -e "SELECT * FROM shop.$1 ORDER BY 1, 2" | tr '\t\n' ' ;'; }
all() { for t in customers orders products visits; do rows $t; done; }
conflicts() { # table:key:kind of plan's
    python3 -c "import csv,sys
for r in csv.DictReader(open(sys.argv[1])): print(r['table'].split('.')[1]+':'+(r['source_key'] or r['target_key'])+':'+r['kind'])" "$PLAN/conflicts.csv" | LC_ALL=C sort | paste -sd' '
}
decide() { # CHOICE: writes $PLAN's conflicts with it
    python3 -c "import csv,sys
rows=list(csv.DictReader(open(sys.argv[1]))); w=csv.DictWriter(open(sys.argv[2],'w'),rows[0].keys()); w.writeheader()
for r in rows: r['decision']=sys.argv[3]; w.writerow(r)" "$PLAN/conflicts.csv" "$IT_TMP/decided.csv" "$1"
}
world() {
    mr_sql $S <<'SQL'
DROP DATABASE IF EXISTS shop;
CREATE DATABASE shop;
USE shop;
CREATE TABLE customers (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), mobile VARCHAR(20) UNIQUE, points INT, born DATE, j DOUBLE) ENGINE=InnoDB;
CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, total DECIMAL(10,2), at DATETIME(3), note TEXT, FOREIGN KEY (customer) REFERENCES customers (id)) ENGINE=InnoDB;
CREATE TABLE products (sku CHAR(8) PRIMARY KEY, price DECIMAL(8,2), stock INT, e ENUM('a','b'), s SET('x','y','z'), b BLOB, v DECIMAL(10,2) GENERATED ALWAYS AS (price * 2) STORED) ENGINE=InnoDB;
CREATE TABLE visits (at TIMESTAMP(6) NOT NULL, who INT UNSIGNED NOT NULL, bits BIT(9), PRIMARY KEY (who, at)) ENGINE=InnoDB;
INSERT INTO customers (name, mobile, points, born, j) VALUES ('ann','1',1,'2000-01-01',0.1),('bob','2',2,NULL,1.5),('cid','3',3,'1999-12-31',NULL),('dan','4',4,'1970-01-01',1e300);
INSERT INTO orders (customer, total, at, note) VALUES (1, 10, '2026-01-01 00:00:00.125', 'x'),(1, 20, NULL, NULL),(2, 30, '1000-01-01', ''),(3, 40, '2026-01-01', 'ü');
INSERT INTO products (sku, price, stock, e, s, b) VALUES ('A',1.50,10,'a','x,y',x'00ff'),('B',2.50,20,'b','',NULL),('C',3.50,30,NULL,'z',''),('D',4.5,40,'a','x',x'61');
INSERT INTO visits VALUES ('2026-01-01 00:00:00.000001', 1, b'101'), ('2026-01-01 00:00:00.000002', 1, NULL), ('2026-01-01', 4, b'1');
SQL
    FROM=$(place)
}

for S in $KINDS; do
    URI=$(mr_get_server $S URI)

    # DELETE without WHERE, among others' work: rows come back with their children
    world
    BEFORE=$(all)
    sql "BEGIN; DELETE FROM orders; DELETE FROM visits; DELETE FROM customers; COMMIT"
    TO=$(place)
    plan --from "2001-01-01" --to "2001-01-02"
    is "$S: a window without transactions is told, and whose time it is" "$RC $(grep -c 'no transaction that changed rows lies there: a time without Z or +HH:MM behind it is UTC' "$ERR")" "0 1"
    plan --from "$FROM" --to "$TO"
    is "$S: a DELETE without WHERE" "$RC $(conflicts)" "0 "
    act apply
    is "$S: applied, and all is as it was" "$RC $(all)" "0 $BEFORE"
    act verify
    is "$S: verify" "$RC" 0
    plan --from "$FROM" --to "$TO"
    is "$S: again there is nothing to do" "$RC $(jq -s 'map(.rows // 0) | add' "$OUT" 2>/dev/null)$(grep -c . "$PLAN/conflicts.csv")" "0 01"
    PLAN=$IT_TMP/plan.$((N - 1))
    act undo
    is "$S: undone" "$RC $(rows orders)$(rows customers)" "0 "

    # a parent that went since: what hung on it is asked about, and not left to the server
    world
    sql "DELETE FROM orders"
    TO=$(place)
    sql "DELETE FROM visits WHERE who = 2; DELETE FROM customers WHERE id = 2"
    plan --from "$FROM" --to "$TO"
    is "$S: a parent that went since" "$RC $(conflicts)" "1 orders:3:parent-absent"
    act apply
    is "$S: the others come back, and nothing is refused" "$RC $(cat "$OUT" "$ERR" | grep -c 'foreign key constraint fails') $(mr_sql $S -e "SELECT GROUP_CONCAT(DISTINCT customer ORDER BY customer) FROM shop.orders")" "1 0 1,3"

    # the UPDATE that set every price to 0, and what was put right since
    world
    sql "UPDATE products SET price = 0"
    TO=$(place)
    sql "UPDATE products SET price = 2.75 WHERE sku = 'B'; UPDATE products SET stock = 29 WHERE sku = 'C'; DELETE FROM products WHERE sku = 'D'"
    plan --from "$FROM" --to "$TO"
    is "$S: corrections since are asked about" "$RC $(conflicts)" "1 products:B:changed-since products:D:changed-since"
    act apply
    is "$S: what was changed rightly since stays" "$RC $(rows products | cut -d " " -f 2) $(rows products | grep -c 'C 3.50 29')" "1 1.50 1"
    decide source
    plan --from "$FROM" --to "$TO" --decisions "$IT_TMP/decided.csv"
    is "$S: decided" "$RC $(conflicts)" "0 "
    act apply
    is "$S: as it was decided" "$RC $(mr_sql $S -e "SELECT GROUP_CONCAT(sku, price, ' ', stock, ' ', v ORDER BY sku) FROM shop.products")" \
        "0 A1.50 10 3.00,B2.50 20 5.00,C3.50 29 7.00,D4.50 40 9.00"
    plan --from "$FROM" --to "$TO" --on-conflict changed-since=target
    is "$S: and nothing is left" "$RC $(conflicts)" "0 "

    # a rule of a column: what was sold since is taken off what was there
    world
    sql "UPDATE products SET stock = 1000"
    TO=$(place)
    sql "UPDATE products SET stock = stock - 3 WHERE sku = 'A'"
    printf '[table shop.products]\nmerge = stock add\n' >"$IT_TMP/add.ini"
    plan --config "$IT_TMP/add.ini" --from "$FROM" --to "$TO"
    is "$S: by rule" "$RC $(conflicts)" "0 "
    act apply
    is "$S: the sum" "$RC $(mr_sql $S -e "SELECT GROUP_CONCAT(stock ORDER BY sku) FROM shop.products")" "0 7,20,30,40"
    sql "UPDATE products SET stock = stock - 2 WHERE sku = 'B'"
    plan --config "$IT_TMP/add.ini" --from "$FROM" --to "$TO"
    is "$S: planned again it is not taken off once more" "$RC $(conflicts) $(mr_sql $S -e "SELECT stock FROM shop.products WHERE sku = 'A'")" \
        "1 products:A:changed-since products:B:changed-since 7"

    # another rule, which the unwanted change obeys itself: what may have come of that is asked about
    world
    sql "UPDATE products SET stock = 999999, s = 'x,y,z'"
    TO=$(place)
    sql "UPDATE products SET stock = stock + 1, s = 'y,z' WHERE sku = 'A'; UPDATE products SET stock = 5 WHERE sku = 'B'"
    printf '[table shop.products]\nmerge = stock max\n' >"$IT_TMP/max.ini"
    plan --config "$IT_TMP/max.ini" --from "$FROM" --to "$TO"
    is "$S: a rule does not keep what is undone" "$RC $(conflicts)" "1 products:A:changed-since"
    printf '[table shop.products]\nmerge = stock add, s union\n' >"$IT_TMP/union.ini"
    plan --config "$IT_TMP/union.ini" --from "$FROM" --to "$TO"
    is "$S: nor members of a set" "$RC $(conflicts)" "1 products:A:changed-since"

    # what others refer to by another key than the primary one went from them without a word of the log
    if [ "$S" = RW ]; then
        world
        sql "CREATE TABLE codes (id INT PRIMARY KEY, code VARCHAR(9) UNIQUE, n INT);
            CREATE TABLE uses (id INT PRIMARY KEY, code VARCHAR(9), FOREIGN KEY (code) REFERENCES codes (code) ON UPDATE SET NULL);
            INSERT INTO codes VALUES (1, 'A', 1); INSERT INTO uses VALUES (7, 'A')"
        FROM=$(place)
        sql "UPDATE codes SET n = 2"
        plan --from "$FROM" --to "$(place)"
        is "what no foreign key refers to" "$RC $(grep -c 'ON UPDATE' "$ERR")" "0 0"
        sql "UPDATE codes SET code = 'B' WHERE id = 1"
        plan --from "$FROM" --to "$(place)"
        is "children that went with another key are told of" "$RC $(grep -c 'rows of "shop.uses" refer to it by foreign key .* ON UPDATE, which' "$ERR")" "0 1"
    fi

    # what no check compares is put back, too
    world
    sql "UPDATE products SET stock = 0"
    TO=$(place)
    printf '[table shop.products]\nignore-columns = stock\n' >"$IT_TMP/ignore.ini"
    plan --config "$IT_TMP/ignore.ini" --from "$FROM" --to "$TO"
    act apply
    is "$S: a column that is not compared" "$RC $(mr_sql $S -e "SELECT GROUP_CONCAT(stock ORDER BY sku) FROM shop.products")" "0 10,20,30,40"

    # some of them were rewound before: what that took off, by sum or by value, is not taken off again
    world
    sql "UPDATE products SET stock = stock + 5 WHERE sku IN ('A', 'B')"
    sql "UPDATE products SET stock = stock + 3"
    TO=$(place)
    EACH=$("$MYRECON" history show --json --top 9 --from "$FROM" "$URI" | jq -rs '[.[] | select(.type == "transaction")] | sort_by(.position) | [.[].gtid] | join(" ")')
    sql "UPDATE products SET stock = stock - 1 WHERE sku = 'B'"
    plan --config "$IT_TMP/add.ini" --transactions "${EACH% *}"
    is "$S: the first of two is rewound" "$RC $(conflicts)" "0 "
    act apply
    is "$S: by sum, where others came behind it, else by value" "$RC $(mr_sql $S -e "SELECT GROUP_CONCAT(stock ORDER BY sku) FROM shop.products")" "0 13,22,33,43"
    sql "UPDATE products SET stock = stock - 2 WHERE sku IN ('A', 'C')"
    plan --config "$IT_TMP/add.ini" --from "$FROM" --to "$TO"
    is "$S: then both: what was rewound is asked about" "$RC $(conflicts)" "1 products:A:changed-since products:B:changed-since"
    act apply
    is "$S: only what was not rewound goes by rule" "$RC $(mr_sql $S -e "SELECT GROUP_CONCAT(stock ORDER BY sku) FROM shop.products")" "1 11,22,28,40"

    # a bad batch of inserts, with children since
    world
    sql "INSERT INTO customers (id, name) VALUES (101, 'x'), (102, 'y'), (103, 'z')"
    TO=$(place)
    sql "INSERT INTO orders (customer, total) VALUES (102, 7); UPDATE customers SET points = 9 WHERE id = 103"
    plan --from "$FROM" --to "$TO"
    is "$S: inserted rows go only as said" "$RC $(grep -c 'deletes 1 rows that were inserted' "$ERR")" "5 1"
    plan --from "$FROM" --to "$TO" --allow-deletes 1
    is "$S: who has children, and who was changed, stay" "$RC $(conflicts)" "1 customers:102:referenced customers:103:changed-since"
    act apply
    is "$S: one went" "$RC $(mr_sql $S -e "SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.customers")" "1 1,2,3,4,102,103"
    plan --from "$FROM" --to "$TO" --kind update,delete
    is "$S: --kind" "$RC $(conflicts)" "0 "

    # a deploy over several tables, by GTID; a key that was changed, two of one row, a key that was given anew
    world
    sql "BEGIN; UPDATE customers SET id = 70 WHERE id = 4; DELETE FROM visits WHERE who = 4; UPDATE customers SET name = 'anna' WHERE id = 1; UPDATE customers SET name = 'annie', points = 10 WHERE id = 1; DELETE FROM products WHERE sku = 'A'; COMMIT"
    "$MYRECON" history show --json --top 1 --from "$FROM" "$URI" >"$OUT"
    GTID=$(jq -r 'select(.type == "transaction") | .gtid' "$OUT")
    sql "INSERT INTO products (sku, price) VALUES ('A', 77)"
    plan --transactions "$GTID" --allow-deletes 1
    is "$S: by GTID; a key that is another row's" "$RC $(conflicts)" "1 products:A:key-taken"
    act apply
    is "$S: applied" "$RC $(rows customers)" "1 1 ann 1 1 2000-01-01 0.1;2 bob 2 2 NULL 1.5;3 cid 3 3 1999-12-31 NULL;4 dan 4 4 1970-01-01 1e300;"
    plan --transactions "${GTID%[0-9]}999999"
    is "$S: a GTID that the logs do not have" "$RC $(grep -c 'do not hold' "$ERR")" "5 1"

    # number 0 of an ENUM has the text of its member ''
    world
    sql "CREATE TABLE kinds (id INT PRIMARY KEY, e ENUM('','a','b'), n INT) ENGINE=InnoDB; INSERT INTO kinds VALUES (1,'',1),(2,'a',2),(3,NULL,3),(4,'b',4),(7,'',7); INSERT IGNORE INTO kinds VALUES (5,'zz',5),(6,'zz',6)" 2>/dev/null
    BEFORE=$(mr_sql $S -e "SELECT id, e + 0, n FROM shop.kinds ORDER BY id")
    FROM=$(place)
    sql "UPDATE IGNORE kinds SET e = 'zz' WHERE id = 1; UPDATE kinds SET e = 'b' WHERE id IN (2, 5); DELETE FROM kinds WHERE id IN (3, 4, 6, 7)" 2>/dev/null
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    is "$S: an ENUM with a member ''" "$RC $(conflicts)" "0 "
    act apply
    is "$S: is as it was" "$RC $(mr_sql $S -e "SELECT id, e + 0, n FROM shop.kinds ORDER BY id")" "0 $BEFORE"

    # two columns that a check has for one
    world
    sql "UPDATE products SET stock = 0"
    TO=$(place)
    printf '[table shop.products]\ncolumn = stock -> price\n' >"$IT_TMP/column.ini"
    plan --config "$IT_TMP/column.ini" --from "$FROM" --to "$TO"
    is "$S: a column that the configuration has for another one" "$RC $(grep -c 'cannot be rewound: the configuration has column' "$ERR")" "5 1"

    # a reference under a condition: no log says whether that holds of a row that comes back
    world
    sql "CREATE TABLE marks (id INT PRIMARY KEY, kind CHAR(1), who INT UNSIGNED, n INT) ENGINE=InnoDB; INSERT INTO marks VALUES (1,'c',1,1),(2,'x',99,2)"
    printf '[table shop.marks]\nreference = who -> shop.customers.id when kind = %s\n' "'c'" >"$IT_TMP/when.ini"
    FROM=$(place)
    sql "UPDATE marks SET n = 0"
    TO=$(place)
    plan --config "$IT_TMP/when.ini" --from "$FROM" --to "$TO"
    is "$S: a column that the condition does not read" "$RC $(conflicts)" "0 "
    sql "DELETE FROM marks WHERE id = 2"
    TO=$(place)
    plan --config "$IT_TMP/when.ini" --from "$FROM" --to "$TO"
    is "$S: a row that comes back" "$RC $(grep -c 'refer to "shop.customers" under a condition' "$ERR")" "5 1"
    plan --config "$IT_TMP/when.ini" --from "$FROM" --to "$TO" --exclude marks
    is "$S: without the table" "$RC" 0

    # others between two of them
    world
    sql "UPDATE products SET price = 9 WHERE sku = 'A'"
    sql "UPDATE products SET stock = 5 WHERE sku = 'A'"
    MIDDLE=$("$MYRECON" history show --json --top 9 --from "$FROM" "$URI" | jq -r 'select(.type == "transaction") | .gtid' | sort | tail -n 1)
    sql "UPDATE products SET price = 8 WHERE sku = 'A'"
    LIST=$("$MYRECON" history show --json --top 9 --from "$FROM" "$URI" | jq -r 'select(.type == "transaction") | .gtid' | sort | grep -vxF "$MIDDLE" | paste -sd,)
    plan --transactions "$LIST"
    is "$S: others between two of them: asked" "$RC $(conflicts)" "1 products:A:changed-since"

    world
    sql "UPDATE products SET price = 9 WHERE sku = 'A'"
    sql "UPDATE products SET stock = 5 WHERE sku = 'A'"
    sql "DELETE FROM products WHERE sku = 'A'"
    LIST=$("$MYRECON" history show --json --top 9 --from "$FROM" "$URI" | jq -rs '[.[] | select(.type == "transaction")] | sort_by(.position) | [.[0, 2].gtid] | join(",")')
    plan --transactions "$LIST"
    is "$S: also of a row that they deleted in the end" "$RC $(conflicts)" "1 products:A:changed-since"

    # the place is the end of a log, and they are in the next
    world
    mr_sql $S -e "FLUSH BINARY LOGS"
    sql "DELETE FROM visits"
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    act apply
    is "$S: from the end of a log on" "$RC $(mr_sql $S -e "SELECT COUNT(*) FROM shop.visits")" "0 3"

    # what no log can undo
    world
    sql "DELETE FROM products; TRUNCATE visits"
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    is "$S: TRUNCATE is listed and refused" "$RC $(grep -c 'no log can undo: TRUNCATE visits' "$ERR")" "5 1"
    plan --from "$FROM" --to "$TO" --exclude visits
    is "$S: without the table" "$RC" 0
    sql "ALTER TABLE products ADD COLUMN more INT"
    plan --from "$FROM" --to "$TO" --exclude visits
    is "$S: a table that was defined anew since" "$RC $(grep -c 'table "shop.products" cannot be rewound: ' "$ERR")" "5 1"
    world
    mr_sql $S -e "SET binlog_row_image = MINIMAL; UPDATE shop.products SET price = 0"
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    is "$S: partial images" "$RC $(grep -c 'binlog_row_image is not FULL' "$ERR")" "5 1"
    world
    mr_sql $S -e "SET binlog_format = STATEMENT; DELETE FROM shop.visits" 2>/dev/null
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    is "$S: statements" "$RC $(grep -c 'no log can undo: DELETE FROM shop.visits' "$ERR")" "5 1"
    # changed without the log
    world
    sql "UPDATE products SET price = 0"
    TO=$(place)
    mr_sql $S -e "SET sql_log_bin = 0; UPDATE shop.products SET stock = 77 WHERE sku = 'D'"
    plan --from "$FROM" --to "$TO"
    is "$S: changed without the log: asked" "$RC $(conflicts)" "1 products:D:changed-since"
    # what is not there any more, nor to be told, is no reason to be silent
    world
    sql "CREATE TABLE extra (id INT PRIMARY KEY); INSERT INTO extra VALUES (1)"
    FROM=$(place)
    sql "DELETE FROM products; DROP TABLE extra"
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    is "$S: a table that was dropped among them" "$RC $(grep -c 'no log can undo: DROP TABLE' "$ERR")" "5 1"
    plan --from "$FROM" --to "$TO" --exclude extra
    is "$S: without it" "$RC" 0
    world
    sql "CREATE TABLE extra (id INT PRIMARY KEY); INSERT INTO extra VALUES (1)"
    FROM=$(place)
    sql "DELETE FROM products; DELETE FROM extra"
    TO=$(place)
    sql "DROP TABLE extra"
    plan --from "$FROM" --to "$TO"
    is "$S: rows of a table that was dropped since" "$RC $(grep -c 'not there, or cannot be planned: table "shop.extra"' "$ERR")" "5 1"
    plan --from "$FROM" --to "$TO" --tables products
    is "$S: of those that are asked for it is none" "$RC" 0
    world
    mr_sql $S -e "USE shop; XA START 'a'; UPDATE products SET price = 0; XA END 'a'; XA PREPARE 'a'"
    FROM=$(place)
    mr_sql $S -e "XA COMMIT 'a'"
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    is "$S: XA that was prepared before" "$RC $(grep -c "no log can undo: XA COMMIT X'61'" "$ERR")" "5 1"
    # the log in which the window ends comes before the one in which it begins
    world
    mr_sql $S -e "FLUSH BINARY LOGS"
    LATE=$(place)
    sql "UPDATE products SET price = 0"
    plan --from "$LATE" --to "$FROM"
    is "$S: a window that ends before it begins" "$RC $(grep -c 'is behind log' "$ERR")" "3 1"
    # a column that the server sets by itself is no reason to ask
    world
    sql "ALTER TABLE products ADD COLUMN seen TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)"
    FROM=$(place)
    sql "UPDATE products SET price = 0 WHERE sku = 'A'"
    TO=$(place)
    sql "UPDATE products SET stock = 29 WHERE sku = 'A'"
    SEEN=$(mr_sql $S -e "SELECT seen FROM shop.products WHERE sku = 'A'")
    plan --from "$FROM" --to "$TO"
    is "$S: ON UPDATE CURRENT_TIMESTAMP" "$RC $(conflicts)" "0 "
    act apply
    is "$S: the later time stays" "$RC $(mr_sql $S -e "SELECT price, stock, seen FROM shop.products WHERE sku = 'A'" | tr '\t' ' ')" "0 1.50 29 $SEEN"
    # a key that they changed: the row stands under one of the two, never under both or none
    keys() { sql "CREATE TABLE extra (id INT PRIMARY KEY, n INT); INSERT INTO extra VALUES (1, 1), (2, 2), (4, 4)" && FROM=$(place); }
    extra() { mr_sql $S -e "SELECT GROUP_CONCAT(id, ':', n ORDER BY id) FROM shop.extra"; }
    world && keys
    sql "UPDATE extra SET id = 70 WHERE id = 4"
    TO=$(place)
    sql "UPDATE extra SET n = 5 WHERE id = 70"
    plan --from "$FROM" --to "$TO" --tables extra
    is "$S: a key that they changed, and the row since" "$RC $(conflicts)" "1 extra:4:changed-since extra:70:changed-since"
    act apply
    is "$S: it does not stand twice" "$RC $(extra)" "1 1:1,2:2,70:5"
    world && keys
    sql "UPDATE extra SET id = 70 WHERE id = 4"
    TO=$(place)
    sql "INSERT INTO extra VALUES (4, 8)"
    plan --from "$FROM" --to "$TO" --tables extra
    is "$S: the key that it had is taken" "$RC $(conflicts)" "1 extra:4:key-taken extra:70:changed-since"
    world && keys
    sql "UPDATE extra SET id = 70 WHERE id = 4; UPDATE extra SET id = 71 WHERE id = 70"
    TO=$(place)
    plan --from "$FROM" --to "$TO" --tables extra --allow-deletes 1
    act apply
    is "$S: from key to key, and back" "$RC $(extra)" "0 1:1,2:2,4:4"
    world && keys
    sql "UPDATE extra SET id = 71 WHERE id = 4"
    TO=$(place)
    sql "UPDATE extra SET id = 72 WHERE id = 71"
    plan --from "$FROM" --to "$TO" --tables extra
    is "$S: and others have changed it again" "$RC $(conflicts)" "1 extra:4:changed-since"
    world && keys
    sql "UPDATE extra SET id = id + 1 WHERE id < 4 ORDER BY id DESC"
    TO=$(place)
    sql "UPDATE extra SET n = 9 WHERE id = 3"
    plan --from "$FROM" --to "$TO" --tables extra
    is "$S: a chain of keys holds together" "$RC $(conflicts)" "1 extra:1:changed-since extra:2:changed-since extra:3:changed-since"
    plan --from "$FROM" --to "$TO" --tables extra --on-conflict changed-since=source --allow-deletes 1
    act apply
    is "$S: as decided" "$RC $(extra)" "0 1:1,2:2,4:4"
    # what is found behind that: a child that stays, a parent that is gone, a value that is taken
    world && keys
    sql "CREATE TABLE uses (id INT PRIMARY KEY, extra INT, FOREIGN KEY (extra) REFERENCES extra (id) ON UPDATE CASCADE) ENGINE=InnoDB; INSERT INTO uses VALUES (1, 4)"
    FROM=$(place)
    sql "UPDATE extra SET id = 70 WHERE id = 4"
    TO=$(place)
    plan --from "$FROM" --to "$TO" --tables extra --allow-deletes 1
    is "$S: a child went along with the key" "$RC $(conflicts)" "1 extra:4:changed-since extra:70:referenced"
    act apply
    is "$S: the row does not stand twice" "$RC $(extra)" "1 1:1,2:2,70:4"
    world && keys
    sql "CREATE TABLE teams (id INT PRIMARY KEY) ENGINE=InnoDB; CREATE TABLE members (who INT, team INT, PRIMARY KEY (who, team), FOREIGN KEY (team) REFERENCES teams (id)) ENGINE=InnoDB; INSERT INTO teams VALUES (3), (7); INSERT INTO members VALUES (1, 3), (2, 3)"
    FROM=$(place)
    sql "UPDATE members SET team = 7 WHERE team = 3"
    TO=$(place)
    plan --from "$FROM" --to "$TO" --tables members
    is "$S: rows whose key was changed are said to be" "$RC $(grep -c 'deletes 2 rows that were inserted, or whose key was changed' "$ERR")" "5 1"
    sql "DELETE FROM teams WHERE id = 3"
    plan --from "$FROM" --to "$TO" --tables members --allow-deletes 2
    is "$S: the parent is gone that they had" "$RC $(grep -c parent-absent "$PLAN/conflicts.csv") $(grep -c changed-since "$PLAN/conflicts.csv")" "1 2 2"
    act apply
    is "$S: no row is lost" "$RC $(rows members)" "1 1 7;2 7;"
    world && keys
    sql "CREATE TABLE codes (id INT PRIMARY KEY, code VARCHAR(9) UNIQUE) ENGINE=InnoDB; INSERT INTO codes VALUES (4, 'A')"
    FROM=$(place)
    sql "UPDATE codes SET id = 70, code = 'B' WHERE id = 4"
    TO=$(place)
    sql "INSERT INTO codes VALUES (5, 'A')"
    plan --from "$FROM" --to "$TO" --tables codes --allow-deletes 1
    is "$S: the value is taken that it had" "$RC $(conflicts)" "1 codes:4:unique codes:70:changed-since"
    act apply
    is "$S: it stays under the new key" "$RC $(rows codes)" "1 5 A;70 B;"
    # others changed the key of what they had inserted, or changed
    world && keys
    sql "INSERT INTO extra VALUES (101, 1), (102, 1); UPDATE extra SET n = 0 WHERE id = 1"
    TO=$(place)
    sql "UPDATE extra SET id = id + 1000 WHERE id IN (1, 101)"
    plan --from "$FROM" --to "$TO" --tables extra --allow-deletes 1
    is "$S: rows that others gave another key" "$RC $(conflicts)" "1 extra:101:changed-since extra:1:changed-since"
    plan --from "$FROM" --to "$TO" --tables extra --allow-deletes 1 --on-conflict changed-since=source
    is "$S: are not made twice by a choice" "$RC $(conflicts)" "1 extra:101:changed-since extra:1:changed-since"
    plan --from "$FROM" --to "$TO" --tables extra --allow-deletes 1 --on-conflict changed-since=target
    is "$S: and may stay" "$RC $(conflicts)" "0 "
    # deleted and made anew under one key: it may be another row
    world && keys
    sql "UPDATE extra SET n = 0; INSERT INTO extra VALUES (8, 8)"
    TO=$(place)
    sql "DELETE FROM extra WHERE id IN (4, 8); INSERT INTO extra VALUES (4, 3), (8, 8)"
    plan --from "$FROM" --to "$TO" --tables extra --allow-deletes 1
    is "$S: made anew since, but for one that is the same" "$RC $(conflicts)" "1 extra:4:changed-since"
    world
    sql "CREATE TABLE seats (id INT PRIMARY KEY, who VARCHAR(9), active INT) ENGINE=InnoDB; INSERT INTO seats VALUES (7, 'ann', 1), (8, 'bob', 1)"
    FROM=$(place)
    sql "UPDATE seats SET active = 0 WHERE id = 7; DELETE FROM seats WHERE id = 8; INSERT INTO seats VALUES (8, 'cid', 1)"
    TO=$(place)
    sql "DELETE FROM seats WHERE id = 7; INSERT INTO seats VALUES (7, 'dan', 0); UPDATE seats SET active = 5 WHERE id = 8"
    plan --from "$FROM" --to "$TO" --tables seats
    is "$S: a seat that is somebody else's now" "$RC $(conflicts)" "1 seats:7:changed-since seats:8:changed-since"
    act apply
    is "$S: is left to him" "$RC $(rows seats)" "1 7 dan 0;8 cid 5;"
    # --kind leaves out what cannot be told apart
    world
    sql "CREATE TABLE notes (n INT) ENGINE=InnoDB"
    FROM=$(place)
    sql "INSERT INTO notes VALUES (1); DELETE FROM products WHERE sku = 'A'"
    TO=$(place)
    plan --from "$FROM" --to "$TO" --kind delete
    is "$S: inserts into a table without a key are not asked for" "$RC $(conflicts)" "0 "
    plan --from "$FROM" --to "$TO" --allow-deletes 1
    is "$S: and else in the way" "$RC $(grep -c 'it has no key: its rows cannot be told apart' "$ERR")" "5 1"
    world
    sql "UPDATE products SET sku = 'a', price = 9 WHERE sku = 'A'"
    TO=$(place)
    plan --from "$FROM" --to "$TO"
    is "$S: two spellings of one key" "$RC $(grep -c 'was written in two ways' "$ERR")" "5 1"
    # which transactions are meant is never guessed
    plan
    is "$S: no window" "$RC $(grep -c 'needs --transactions' "$ERR")" "3 1"
    plan --from nosuch.000001:4 --to nosuch.000001:5
    is "$S: a log that is gone" "$RC $(grep -c 'no binary log' "$ERR")" "3 1"
done
finish
