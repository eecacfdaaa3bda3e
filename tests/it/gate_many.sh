#!/bin/bash
# gate_many.sh: a baseline says of a table the same whether it was read among many or alone, small
# ones are read once, what stands still is not read again, and of more tables than a server keeps open
# each is opened once.

. "$(dirname "$0")/lib.sh"
begin a
BASE=$IT_TMP/base.json
printf '[table *.t_*]\ntime-column = t\n' >"$IT_TMP/ini"

recorded() { # recorded SIDE ARGS…: $RC, $BASE
    "$MYRECON" gate record --config "$IT_TMP/ini" "$(uri "$1" "$DB")" --output "$BASE" --force "${@:2}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
tables() { jq -c '.servers[0].tables[]' "$BASE"; }
# asks_less N COMMAND…: with fewer SELECTs than that, by its own log
asks_less() {
    "${@:2}" -vv >"$OUT" 2>"$ERR.log" </dev/null
    [ -s "$ERR.log" ] || cp "$ERR" "$ERR.log" # recorded() has $ERR
    local asked
    asked=$(grep -cE '^myrecon: debug: .* rows?: .*\bSELECT ' "$ERR.log")
    [ "$asked" -gt 20 ] && [ "$asked" -lt "$1" ]
}

many() { # many SIDE
    local name alone
    fresh "$1" "$DB"
    {
        # a value of one table is not to become what it is beside those of another
        echo "CREATE TABLE d (id INT PRIMARY KEY, created_at DATE, KEY (created_at)); INSERT INTO d VALUES (1, '2026-01-02'), (2, '2026-01-01'), (3, NULL);
            CREATE TABLE dt (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, created_at DATETIME(6)); INSERT INTO dt VALUES (18446744073709551614, '2026-01-02 03:04:05.678901'), (7, '0001-01-01');
            CREATE TABLE ts (id INT NOT NULL PRIMARY KEY, created_at TIMESTAMP NULL); INSERT INTO ts VALUES (-5, '2026-01-02 03:04:05'), (5, NULL), (6, '2026-01-02 03:04:05');
            CREATE TABLE n (id INT PRIMARY KEY, created_at BIGINT UNSIGNED); INSERT INTO n VALUES (1, 1767322000), (2, NULL);
            CREATE TABLE f (id DOUBLE PRIMARY KEY, v FLOAT); INSERT INTO f VALUES (1, -0.0), (2, 0.1);
            CREATE TABLE txt (name VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, created_at DATETIME); INSERT INTO txt VALUES ('b', '2026-01-01'), ('A', '2026-01-01'), ('ö', '2026-01-01'), ('', NULL);
            CREATE TABLE two (a INT, b VARCHAR(9), created_at DATETIME, PRIMARY KEY (a, b)); INSERT INTO two VALUES (1, 'x', '2026-02-02'), (1, 'y', '2026-02-02'), (0, 'z', '2026-02-02');
            CREATE TABLE keyless (v INT, created_at DATETIME); INSERT INTO keyless VALUES (1, '2026-01-01'), (1, '2026-01-01');
            CREATE TABLE none (id INT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME);
            CREATE TABLE made (id INT PRIMARY KEY, at DATETIME, created_at DATETIME AS (at) VIRTUAL, KEY (created_at)); INSERT INTO made (id, at) VALUES (1, '2026-01-03'), (2, '2026-01-01');
            CREATE TABLE t_bytes (id INT PRIMARY KEY, t BINARY(4), KEY (t)); INSERT INTO t_bytes VALUES (1, x'00ff0001'), (2, x'ff00fe02'), (3, x'ff00fe01');
            CREATE TABLE t_float (id INT PRIMARY KEY, t FLOAT, KEY (t)); INSERT INTO t_float VALUES (1, 1760000123), (2, 0.1);
            CREATE TABLE t_wide (id INT PRIMARY KEY, t VARCHAR(30) CHARACTER SET utf16, KEY (t)); INSERT INTO t_wide VALUES (1, '2026-01-02 é'), (2, '2026-01-01');
            CREATE TABLE t_word (id INT PRIMARY KEY, t VARCHAR(30) CHARACTER SET latin1, KEY (t)); INSERT INTO t_word VALUES (1, '2026-01-02 é'), (2, NULL);
            CREATE TABLE wide (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO wide VALUES (1, REPEAT('w', 200000)), (2, REPEAT('v', 200000)), (3, 'u');
            CREATE TABLE \`o\`\`dd\` (\`i\`\`d\` INT PRIMARY KEY, v BIT(3)); INSERT INTO \`o\`\`dd\` VALUES (1, b'101');"
        for i in 31 32 33 201; do
            echo "CREATE TABLE r$i (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL, KEY (created_at));
                INSERT INTO r$i (no, created_at) WITH RECURSIVE s AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM s WHERE i < $i)
                SELECT CONCAT('n', i), '2026-01-01' + INTERVAL (i * 7 % 13) DAY FROM s;"
        done
        for i in {1..40}; do echo "CREATE TABLE s$i (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(9)); INSERT INTO s$i (v) VALUES ('a'), ('b'), (NULL);"; done
    } | client "$1" -D "$DB" || bail "not filled"
    client "$1" -D "$DB" <<<"ANALYZE TABLE $(client "$1" <<<"SELECT GROUP_CONCAT(CONCAT('\`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\`')) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$DB'")" >/dev/null

    # 60 tables of which 56 are small: a statement of each, and of the others some
    ok "$1: most tables are read once" asks_less 130 recorded "$1"
    recorded "$1"
    is "$1: recorded" "$RC $(jq -r '.servers[0].tables[] | select(.unknown != null) | "\(.name): \(.unknown)"' "$BASE")" "0 "
    tables >"$IT_TMP/many"
    is "$1: all of them" "$(wc -l <"$IT_TMP/many")" 60
    while IFS= read -r name; do
        recorded "$1" --tables "$name"
        tables
    done < <(jq -r .name "$IT_TMP/many") >"$IT_TMP/alone"
    is "$1: as if each were the only one" "$(diff "$IT_TMP/many" "$IT_TMP/alone")" ""
    is "$1: in the order of the time, and of the key" \
        "$(jq -r 'select(.name == "ts") | .last_rows.by_time[][:20]' "$IT_TMP/many" | xargs)" \
        "69010000000000000006 6900fffffffffffffffb 69010000000000000005"
    is "$1: the newest is a text, of bytes in hex" \
        "$(jq -r 'select(.name | test("^t_[bw]")) | .newest.value' "$IT_TMP/many" | tr '\n' ';')" "FF00FE02;2026-01-02 é;2026-01-02 é;"
    is "$1: also by a time that is computed, and not among what is read of a row" \
        "$(jq -r 'select(.name == "made") | .last_rows.by_time[][:20]' "$IT_TMP/many" | xargs)" \
        "69010000000000000001 69010000000000000002"

    # looked at again: what stands still, and what does not
    recorded "$1"
    gate=("$MYRECON" gate check --json --only sample_digest "$BASE" "$(uri "$1" "$DB")")
    ok "$1: again most tables are read once" asks_less 130 "${gate[@]}"
    is "$1: as it was" "$(jq -r 'select(.name == "sample_digest") | .severity' "$OUT")" ok
    client "$1" -D "$DB" <<<"UPDATE s7 SET v = 'changed' WHERE id = 2; DELETE FROM r33 WHERE id > 20"
    "${gate[@]}" >"$OUT" 2>"$ERR"
    like "$1: rows that went are seen" "$(jq -r 'select(.name == "sample_digest") | .message' "$OUT")" 'r33'

    # one is locked: it is named, the others are read
    client "$1" -D "$DB" <<<"LOCK TABLES s9 WRITE; DO SLEEP(60)" 2>/dev/null &
    locker=$!
    ok "$1: locked" wait_for 10 locked "$1"
    recorded "$1" --budget 1
    is "$1: recorded without one" "$RC $(jq -r '.servers[0].tables[] | select(.unknown != null) | .name' "$BASE" | xargs)" "4 s9"
    unlock "$1"

    # many are: it does not wait for each of them
    client "$1" -D "$DB" <<<"LOCK TABLES $(printf 's%d WRITE, ' {1..39})s40 WRITE; DO SLEEP(60)" 2>/dev/null &
    locker=$!
    ok "$1: locked, forty" wait_for 10 locked "$1"
    recorded "$1" --budget 1
    ok "$1: and recorded without them" test "$RC" = 4 -a "$(jq -r '.servers[0].tables[] | select(.unknown != null) | .name' "$BASE" | wc -l)" -ge 40
    ok "$1: most of which nobody waited for" test "$(grep -o 'too many tables are locked' "$BASE" | wc -l)" -gt 30
    unlock "$1"
}
unlock() {
    client "$1" <<<"$(client "$1" <<<"SELECT CONCAT('KILL ', ID) FROM information_schema.PROCESSLIST WHERE INFO = 'DO SLEEP(60)'")"
    wait $locker 2>/dev/null
}
locked() { [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = 'DO SLEEP(60)'")" = 1 ]; }

opened() { client "$1" <<<"SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'OPENED_TABLES'"; }
# opens_fewer N COMMAND…: tables than that
opens_fewer() {
    local before
    before=$(opened "$OWN")
    "${@:2}" >"$OUT" 2>"$ERR" </dev/null || return 1
    echo "# $(($(opened "$OWN") - before)) opened"
    [ $(($(opened "$OWN") - before)) -lt "$1" ]
}

# More tables than the server keeps open: each is read while it still has it open from listing it.
opened_once() {
    [ -n "${mr_run_dir:-}" ] || . "$IT_DIR/../lib/servers.sh"
    [ -n "${mr_run_dir:-}" ] || mr_servers_begin || bail "no place for a server"
    trap clean_up EXIT
    IT_EXIT+=(mr_servers_end)
    # of its own: what others open on a server counts there, too
    mr_spawn_mariadb OWN --table-open-cache=150 && mr_await OWN || bail "no server of its own"
    OWN=$(mr_get_server OWN URI)
    client "$OWN" <<<"CREATE DATABASE $DB"
    # for the server a1 comes before B1, for a baseline behind it
    for i in {1..225}; do
        echo "CREATE TABLE a$i (id INT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME);
            CREATE TABLE B$i LIKE a$i; INSERT INTO a$i (created_at) VALUES (NOW()), (NULL); INSERT INTO B$i SELECT * FROM a$i;"
    done | client "$OWN" -D "$DB" || bail "not filled"
    client "$OWN" <<<'FLUSH TABLES'
    gate=("$MYRECON" gate check --json "$BASE" "$(uri "$OWN" "$DB")")
    ok "450 tables, 150 kept open: a baseline opens each once" opens_fewer 550 "$MYRECON" gate record --output "$BASE" --force "$(uri "$OWN" "$DB")"
    is "all of them" "$(tables | wc -l)" 450
    ok "in the order of their bytes" env LC_ALL=C sort -c <(tables | jq -r .name)
    ok "a check opens each once" opens_fewer 550 "${gate[@]}"
    is "all is well" "$(jq -r 'select(.severity == "critical" or .severity == "warning") | .name + ": " + .message' "$OUT")" ""
    is "counters are those of SHOW CREATE TABLE" "$(jq -r '.servers[0].tables[] | select(.name == "a1").counter.next' "$BASE")" \
        "$(client "$OWN" -D "$DB" <<<'SHOW CREATE TABLE a1' | grep -o 'AUTO_INCREMENT=[0-9]*' | tr -dc 0-9)"
    # listed on one connection, read on another; an account that may have one only does with that
    "${gate[@]}" -vv 2>&1 >"$OUT" </dev/null | grep -o ' #[0-9]* ' | sort -u >"$IT_TMP/connections"
    is "two connections" "$(wc -l <"$IT_TMP/connections")" 2
    # what no table has, and kinds of which there are none, are asked for once or not at all; nor are names
    "${gate[@]}" -vv >"$OUT" 2>"$IT_TMP/asked" </dev/null
    asked() { grep -c "SELECT .*FROM information_schema\.$1" "$IT_TMP/asked"; }
    is "no slice is asked for triggers, and none is listed by itself" \
        "$(asked TRIGGERS) $(asked VIEWS) $(asked "TABLES .*SEQUENCE") $(asked "TABLES .*ORDER BY")" "1 0 0 1"
    tables >"$IT_TMP/on_two"
    client "$OWN" <<<"CREATE USER one@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1; GRANT ALL ON *.* TO one@'127.0.0.1'"
    "$MYRECON" gate record --output "$BASE" --force "$(uri "$OWN" "$DB" | sed 's/root@/one@/')" >"$OUT" 2>"$ERR" </dev/null
    is "or one: the same" "$? $(diff <(tables) "$IT_TMP/on_two" | head -n 4)" "0 "
    client "$OWN" -u one <<<'DO SLEEP(60)' 2>/dev/null &
    locker=$!
    ok "the account's only one is taken" wait_for 10 locked "$OWN"
    "$MYRECON" gate check --json --only connections "$(uri "$OWN" "$DB" | sed 's/root@/one@/')" >"$OUT" 2>"$ERR" </dev/null
    is "which says nothing of the server" "$? $(jq -r 'select(.type == "check") | .name + ":" + .severity' "$OUT" | xargs)" "4 connections:unknown"
    unlock "$OWN"
    client "$OWN" -D "$DB" <<<'DROP TABLE a9'
    "${gate[@]}" >"$OUT" 2>"$ERR"
    like "one that went is named" "$(jq -r 'select(.name == "tables") | .severity + " " + .message' "$OUT")" 'critical .*a9'
}

many a
opened_once
if [ -n "$MR_O_URI" ]; then many o; else skip "MySQL: many tables" "no MySQL 9"; fi
finish
