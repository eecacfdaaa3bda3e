#!/bin/bash
# merge_three_twice.sh: by the binary logs nothing comes twice: a row of the past is no new one though its
# table's bound cannot be inferred, nor under a key that the lost side gave it; a second plan adds no sum
# again; columns that are not compared hide nothing; a side chosen for one column is not the whole row's.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb WS && mr_spawn_mariadb WT && mr_await WS WT && mr_replicate WS WT || bail "no MariaDB pair"
PAIRS="WS:WT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql WO && mr_spawn_mysql WQ && mr_await WO WQ && mr_replicate WO WQ || bail "no MySQL pair"
    PAIRS+=" WO:WQ"
fi

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    mr_sql "$1" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
by_kind() { # DIR: "table kind key,…;…"
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    kinds.setdefault((row["table"].split(".")[1], row["kind"]), []).append(row["source_key"])
print(";".join("%s %s %s" % (t, k, " ".join(sorted(v))) for (t, k), v in sorted(kinds.items())))
PY
}
decide() { # KIND KEY CHOICE DIR: its conflicts.csv, so decided
    python3 - "$@" <<'PY'
import csv, sys
kind, key, choice, plan = sys.argv[1:]
rows = list(csv.DictReader(open(plan + "/conflicts.csv", newline="")))
out = csv.DictWriter(sys.stdout, rows[0].keys())
out.writeheader()
for row in rows:
    out.writerow(dict(row, decision=choice if (row["kind"], row["source_key"]) == (kind, key) else ""))
PY
}
plan() { # NAME OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$S.$1
    shift
    run repair plan --config "$IT_TMP/shop.ini" --case "$CASE" --policy merge --output "$PLAN" "$@"
}
balances() { mr_sql "$T" -e "SELECT CONCAT_WS(':', id, balance, flags) FROM shop.accounts ORDER BY id LIMIT 3" | paste -sd ' '; }

cat >"$IT_TMP/shop.ini" <<'EOF'
[table shop.accounts]
identity = code
merge = balance add, flags union
[table shop.stamped]
identity = code
ignore-columns = edited
EOF

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/shop TU=$(mr_get_server $T URI)/shop CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE shop;
CREATE TABLE shop.accounts (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, balance DECIMAL(10,2), flags SET('a','b','c'));
CREATE TABLE shop.events (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9));
CREATE TABLE shop.lines (bill INT, id INT AUTO_INCREMENT, a VARCHAR(9), b VARCHAR(9), PRIMARY KEY (bill, id), KEY (id));
CREATE TABLE shop.codes (code VARCHAR(9) PRIMARY KEY, a VARCHAR(9), b VARCHAR(9), c VARCHAR(9));
CREATE TABLE shop.stamped (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, a VARCHAR(9), b VARCHAR(9),
    edited TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6));
INSERT INTO shop.accounts (code, balance, flags) VALUES ('k1', 10, 'a'), ('k2', 10, 'a'), ('k3', 10, 'a'), ('k4', 10, 'a');
INSERT INTO shop.events (a, b) VALUES ('1', 'x'), ('2', 'x'), ('3', 'x'), ('4', 'x');
INSERT INTO shop.lines (bill, a, b) VALUES (1, '1', 'x'), (1, '2', 'x'), (2, '3', 'x');
INSERT INTO shop.codes (code, a) VALUES ('A', 'a'), ('B', 'b'), ('C', 'c');
INSERT INTO shop.stamped (code, a, b) VALUES ('1', 'x', 'x'), ('2', 'x', 'x');
SQL
    await_same $S $T
    mr_sql "$T" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$T" -e "STOP REPLICA; RESET REPLICA ALL"
    mr_sql $S <<'SQL'
USE shop;
UPDATE accounts SET balance = 15, flags = 'a,b' WHERE id = 1; -- both add
UPDATE accounts SET balance = 15 WHERE id = 2;                -- TARGET adds only after the merge
INSERT INTO accounts (code, balance) VALUES ('new', 1);
UPDATE events SET a = 's' WHERE id IN (3, 4);                 -- the last rows of their tables
UPDATE `lines` SET a = 's' WHERE id = 3;
UPDATE events SET id = 90 WHERE id = 2;                       -- another key
UPDATE codes SET code = 'Z' WHERE code = 'A';
UPDATE codes SET a = 's', c = 's' WHERE code = 'C';
UPDATE stamped SET a = 's';
SQL
    mr_sql $T <<'SQL'
USE shop;
UPDATE accounts SET balance = 12, flags = 'a,c' WHERE id = 1;
INSERT INTO accounts (code, balance) VALUES ('live', 1);
UPDATE events SET b = 't' WHERE id = 4;
UPDATE codes SET b = 't', c = 't' WHERE code = 'C';
UPDATE `lines` SET b = 't' WHERE id = 3;
UPDATE stamped SET b = 't' WHERE id = 2;
SQL
    run check --config "$IT_TMP/shop.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/shop.ini" --case "$CASE"
    is "$S: collected" "$RC" 0
    plan first
    is "$S: rows of the past are compared, moved ones are asked about, ignored columns hide nothing" \
        "$RC $(by_kind "$PLAN")" \
        "1 codes changed C;codes deleted-on-live Z;events both-changed 4;events deleted-on-live 90;lines both-changed 2,3;stamped both-changed 2"
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: applied, some are open" "$RC" 1
    is "$S: sums of both" "$(balances)" "1:17.00:a,b,c 2:15.00:a 3:10.00:a"
    is "$S: no event is there twice" "$(mr_sql $T -e "SELECT COUNT(*), SUM(a = 's') FROM shop.events" | tr '\t' ' ')" "4 1"
    is "$S: what is not compared stays TARGET's" \
        "$(mr_sql $T -e "SELECT a FROM shop.stamped WHERE id = 1 AND edited < (SELECT edited FROM shop.stamped WHERE id = 2)")" s

    mr_sql $T -e "UPDATE shop.accounts SET balance = balance + 3 WHERE id IN (1, 2)" # the live server goes on
    run check --config "$IT_TMP/shop.ini" --case "$CASE" "$SU" "$TU"
    plan second
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: a second plan adds nothing again" "$(balances)" "1:20.00:a,b,c 2:18.00:a 3:10.00:a"
    like "$S: and asks nothing about it" "$(by_kind "$PLAN")" "codes changed C;codes deleted-on-live Z;events"

    mr_sql $T -e "UPDATE shop.stamped SET a = 'x' WHERE id = 1" # what was restored is set back: somebody wants it so
    run check --config "$IT_TMP/shop.ini" --case "$CASE" "$SU" "$TU"
    plan back
    like "$S: what the live side has set back is asked about" "$(by_kind "$PLAN")" "stamped changed 1$"
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: and stays" "$(mr_sql $T -e "SELECT a FROM shop.stamped WHERE id = 1")" x
    decide changed C source "$PLAN" >"$IT_TMP/said.csv"
    plan said --decisions "$IT_TMP/said.csv"
    like "$S: who chose for a column is asked about the others" "$(by_kind "$PLAN")" "codes both-changed C;"
    decide both-changed C columns "$PLAN" >"$IT_TMP/said.csv"
    plan said2 --decisions "$IT_TMP/said.csv"
    run repair apply --yes --case "$CASE" "$PLAN" "$TU"
    is "$S: and both are carried out" "$(mr_sql $T -e "SELECT CONCAT(a, b, c) FROM shop.codes WHERE code = 'C'")" sts

    # by a client that tells the case nothing
    mr_sql $T -e "UPDATE shop.accounts SET balance = 12, flags = 'a,c' WHERE id = 1; UPDATE shop.accounts SET balance = 10 WHERE id = 2"
    CASE=$CASE.other
    run check --config "$IT_TMP/shop.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/shop.ini" --case "$CASE"
    plan third --idmap "$IT_TMP/$S.first/idmap.csv"
    run repair apply --yes "$PLAN" "$TU"
    is "$S: summed" "$(balances)" "1:17.00:a,b,c 2:15.00:a 3:10.00:a"
    run check --config "$IT_TMP/shop.ini" --case "$CASE" "$SU" "$TU"
    plan fourth
    run repair apply --yes "$PLAN" "$TU"
    is "$S: not twice" "$(balances)" "1:17.00:a,b,c 2:15.00:a 3:10.00:a"
    mr_sql $T -e "UPDATE shop.accounts SET balance = balance + 3 WHERE id IN (1, 2)"
    run check --config "$IT_TMP/shop.ini" --case "$CASE" "$SU" "$TU"
    plan fifth
    like "$S: where nobody can tell, it is asked" "$(by_kind "$PLAN")" "accounts changed 1 2;"
    mr_sql $T -e "UPDATE shop.accounts SET balance = 10 WHERE id = 2" # as before the third plan, by its own hand
    run check --config "$IT_TMP/shop.ini" --case "$CASE" "$SU" "$TU"
    plan sixth
    like "$S: nor is what has come back to where it was" "$(by_kind "$PLAN")" "accounts changed 1 2;"
done
finish
