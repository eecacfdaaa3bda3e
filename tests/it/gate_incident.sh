#!/bin/bash
# gate_incident.sh: the server comes back with the data of a week ago, under its own name and
# in its own directory: critical, by name, with and without a baseline; and at what price, also
# of 200 tables.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"

severity() { jq -r --arg n "$1" 'select(.name == $n).severity' "$OUT"; }

# The server's directory is put back to what it was; its port stays.
mount_week_old() {
    local dir
    dir=$(mr_get_server GP DIR)
    gate_stop
    rm -rf "$dir/data"
    cp -a "$dir/week-old" "$dir/data"
    gate_start
}

replay() {
    local dir name
    gate_pair "$1" || return 1
    gate_tables
    catch_up
    dir=$(mr_get_server GP DIR)
    gate_stop
    cp -a "$dir/data" "$dir/week-old"
    gate_start
    mr_await_replica GR || bail "it does not come back"

    # a week of life
    mr_sql GP -D club -e "INSERT INTO members (mobile, created_at)
        SELECT CONCAT('139', id), created_at + INTERVAL 7 DAY FROM members;
        INSERT INTO orders (member_id, note) SELECT id, 'new' FROM members WHERE id > 900"
    catch_up
    FACTS=$IT_TMP/before.facts
    "$MYRECON" gate record --force --output "$FACTS" --peer "$(gate_uri GR)" "$(gate_uri GP)" \
        >"$OUT" 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
    PEER='' well "before the change"

    mount_week_old
    PEER='' gate_of_pair
    is "$GATE_KIND: a week-old copy: exit 2" "$RC" 2
    costs_at_most 120 15000 "a week-old copy"
    for name in newest_row max_keys row_counts gtid_superset auto_increment_position; do
        is "$GATE_KIND: a week-old copy: $name" "$(severity $name)" critical
    done
    says "the newest row is named" newest_row 'club.members: newest created_at went back from 2026-04-1[0-9].*7.0 days'
    is "$GATE_KIND: a week-old copy: the identity is the same" "$(severity server_identity)" ok
    like "$GATE_KIND: a week-old copy: the first line says it" \
        "$("$MYRECON" gate check "$FACTS" "$(gate_uri GP)" 2>/dev/null | head -n 1)" \
        '^GATE CRITICAL - .*\|.*seconds'

    # no baseline, but the replica is there
    FACTS='' gate_of_pair
    is "$GATE_KIND: a week-old copy, by its replica alone: exit 2" "$RC" 2
    costs_at_most 120 15000 "by its replica alone"
    is "$GATE_KIND: by its replica alone: newest_row" "$(severity newest_row)" critical
    is "$GATE_KIND: by its replica alone: errant_transactions" "$(severity errant_transactions)" critical

    # new people get old ids
    mr_sql GP -D club -e "INSERT INTO members (mobile, created_at) VALUES ('170', NOW())"
    PEER='' gate_of_pair
    is "$GATE_KIND: a new row hides nothing: exit 2" "$RC" 2
    is "$GATE_KIND: a new row: max_keys" "$(severity max_keys)" critical
    is "$GATE_KIND: a new row: row_counts" "$(severity row_counts)" critical
    is "$GATE_KIND: a new row: gtid_superset" "$(severity gtid_superset)" critical
}

many_tables() {
    local i sql='' uri
    uri=$(mr_get_server GP URI)/many
    for i in {1..200}; do
        sql+="CREATE TABLE t$i (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY (created_at));
              INSERT INTO t$i (v) WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT REPEAT('x', 30) FROM n;"
    done
    mr_sql GP -e "CREATE DATABASE many"
    mr_sql GP -D many <<<"$sql" || bail "no tables"
    "$MYRECON" gate record --force --output "$IT_TMP/many.facts" "$uri" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: 200 tables: recorded" $? 0
    run_gate "$IT_TMP/many.facts" "$uri"
    is "$GATE_KIND: 200 tables: well" "$(what_fires) -> $RC" " -> 0"
    costs_at_most 1800 200000 "200 tables"
    is "$GATE_KIND: the baseline is private" "$(stat -c %a "$IT_TMP/many.facts")" 600
}

replay mariadb || bail "no servers"
many_tables
mr_servers_end
mr_run_dir=
if replay mysql; then
    many_tables
else
    skip "the incident on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
