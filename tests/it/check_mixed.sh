#!/bin/bash
# check_mixed.sh: pairs that replicate otherwise than by GTID and row events: statements
# (MIXED), file and position, over a server in between, and asked the other way round.  Under
# transactions over several tables: no false alarm, no miss.

. "$(dirname "$0")/lib.sh"
begin ""
own_begin || bail "no servers"
for name in MA MB MC; do
    mkdir -p "$mr_run_dir/tmp.$name"
    mr_spawn_mariadb "$name" --binlog-format=MIXED --tmpdir="$mr_run_dir/tmp.$name" || bail "no server $name"
done
mr_await MA MB MC && mr_replicate MA MB && mr_replicate MB MC || bail "no replication"

ACCOUNTS=2000
prepare() {
    fresh p "$DB"
    at p "
CREATE TABLE digits (d INT PRIMARY KEY); INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
CREATE TABLE account (id INT AUTO_INCREMENT PRIMARY KEY, owner VARCHAR(40) NOT NULL UNIQUE, balance DECIMAL(12,2) NOT NULL DEFAULT 0,
    touched TIMESTAMP(6) NULL);
INSERT INTO account (owner) SELECT CONCAT('o', a.d, b.d, c.d, e.d) FROM digits a, digits b, digits c, digits e WHERE e.d < $((ACCOUNTS / 1000));
CREATE TABLE ledger (id BIGINT AUTO_INCREMENT PRIMARY KEY, account INT NOT NULL, amount DECIMAL(12,2), token CHAR(36), at TIMESTAMP(6) NULL,
    CONSTRAINT ledger_account FOREIGN KEY (account) REFERENCES account (id));
CREATE TABLE queue (id INT AUTO_INCREMENT PRIMARY KEY, job VARCHAR(30)); INSERT INTO queue (job) SELECT owner FROM account;
CREATE TABLE total (day INT, kind VARCHAR(9), n INT, PRIMARY KEY (day, kind)); INSERT INTO total SELECT d, 'x', 0 FROM digits;
CREATE TABLE still (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO still SELECT d, CONCAT('v', d) FROM digits"
    caught_up
}
# A transfer is one transaction over four tables; statements that are safe as statements,
# and others that MIXED writes as rows (UUID, LIMIT).  The first 100 accounts are let alone.
writer() {
    local i=0 from to
    while [ -e "$IT_TMP/writing" ]; do
        i=$((i + 1)) from=$((101 + RANDOM % (ACCOUNTS - 200))) to=$((101 + RANDOM % (ACCOUNTS - 200)))
        echo "START TRANSACTION;
            UPDATE account SET balance = balance - 5, touched = NOW(6) WHERE id = $from;
            UPDATE account SET balance = balance + 5, touched = NOW(6) WHERE id = $to;
            INSERT INTO ledger (account, amount, token, at) VALUES ($from, -5, UUID(), NOW(6)), ($to, 5, 'fixed', NOW(6));
            DELETE FROM queue ORDER BY id LIMIT 1;
            INSERT INTO queue (job) SELECT owner FROM account WHERE id = $to;
            UPDATE total SET n = n + 1 WHERE day = $((i % 10));
            COMMIT;
            UPDATE account SET balance = balance + 1 WHERE id BETWEEN $from AND $from + 20;"
        [ $((i % 5)) -ne 0 ] || echo "START TRANSACTION; DELETE FROM ledger; UPDATE account SET balance = 0; ROLLBACK;
            DELETE FROM ledger WHERE account = $from;"
        sleep 0.02
    done | client p -D "$DB" >"$IT_TMP/writer.out" 2>&1
}
at_exit 'rm -f "$IT_TMP/writing"'

under_writes() { # under_writes DESCRIPTION SOURCE TARGET: r lies below p; the two in one order or the other
    local desc=$1 run before after lone=extra gone=missing
    [ "$2" = p ] || lone=missing gone=extra
    SRC=$(uri "$2" "$DB") DST=$(uri "$3" "$DB") SETTLE=2 LIVE=1
    : >"$IT_TMP/writing"
    writer &
    for run in 1 2; do
        before=$(client p -D "$DB" <<<"SELECT MAX(id) FROM ledger")
        check_is 0 "$desc: under writes, run $run: exits 0"
        none "$desc: under writes, run $run: no row, no object" '.type | IN("row", "range", "moved", "object")'
        after=$(client p -D "$DB" <<<"SELECT MAX(id) FROM ledger")
        ok "$desc: under writes, run $run: there were some" test "$after" -gt "${before/NULL/0}"
    done
    at r "SET SESSION sql_log_bin = 0; UPDATE still SET v = 'lost' WHERE id = 4; DELETE FROM still WHERE id = 7;
        INSERT INTO still VALUES (-1, 'own'); UPDATE account SET balance = 0.01 WHERE id = 50"
    check_is 1 "$desc: differences under writes: exits 1"
    rows_are "$desc: differences under writes: exactly those" still "changed {\"id\":\"4\"} [\"v\"]
$gone {\"id\":\"7\"} []
$lone {\"id\":\"-1\"} []"
    rows_are "$desc: differences under writes: in a busy table" account 'changed {"id":"50"} ["balance"]'
    is "$desc: differences under writes: nowhere else" "$(jq -r 'select(.type == "summary") |
        "\(.changed) \(.missing) \(.extra) \(.collision) \(.moved) \(.objects)"' "$OUT")" "2 1 1 0 0 0"
    at r "SET SESSION sql_log_bin = 0; DELETE FROM still; INSERT INTO still SELECT d, CONCAT('v', d) FROM digits;
        UPDATE account SET balance = 0 WHERE id = 50"
    rm -f "$IT_TMP/writing"
    wait $!
    is "$desc: the writer met no error" "$(grep -i error "$IT_TMP/writer.out")" ""
    caught_up
    check_is 0 "$desc: at rest, put right: exits 0"
}
pair() { PAIR_P=$(mr_get_server "$1" URI) PAIR_R=$(mr_get_server "$2" URI); }
logged() { # logged SERVER: statements and row events, as MIXED writes them
    local events
    events=$(client "$1" <<<"SHOW BINLOG EVENTS IN '$(client "$1" <<<"SHOW BINARY LOGS" | tail -n 1 | cut -f 1)'" | cut -f 3,6)
    grep -Eq "^Query.*UPDATE (account|total)" <<<"$events" && grep -Eiq "_rows" <<<"$events"
}

pair MA MB
prepare
under_writes "MariaDB, MIXED" p r
ok "MariaDB, MIXED: both statements and rows were logged" logged p
like "MariaDB, MIXED: says who follows whom" "$(jq -r 'select(.type == "run") | .replication' "$OUT")" "source to target: .* replicates from"
under_writes "MariaDB, the replica as source" r p
like "the replica as source: says who follows whom" "$(jq -r 'select(.type == "run") | .replication' "$OUT")" "target to source: .* replicates from"

# A -> B -> C: the ends.
pair MA MC
caught_up
under_writes "MariaDB, a server in between" p r

# By file and position; GTIDs are written all the same, but not used.
pair MA MB
client r <<<"STOP SLAVE; CHANGE MASTER TO master_use_gtid = no; START SLAVE" || bail "no replication by position"
mr_await_replica MB || bail "no replication by position"
is "by position: GTID is not used" "$(mariadb --no-defaults -u root -S "$MR_MB_SOCK" -e 'SHOW SLAVE STATUS\G' |
    sed -n 's/ *Using_Gtid: //p')" No
under_writes "MariaDB, by file and position" p r

if use_pair mysql; then
    at_exit "client $PAIR_P <<<'SET GLOBAL binlog_format = ROW'"
    client p <<<"SET GLOBAL binlog_format = MIXED" || bail "no MIXED"
    prepare
    under_writes "MySQL 9, MIXED" p r
    ok "MySQL 9, MIXED: both statements and rows were logged" logged p
    under_writes "MySQL 9, the replica as source" r p
else
    skip "MySQL 9, MIXED" "no replicated pair of MySQL 9"
fi
finish
