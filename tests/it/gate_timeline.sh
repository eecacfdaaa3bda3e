#!/bin/bash
# gate_timeline.sh: the incident from its first day to its last, with the servers that it had: the
# old primary, the temporary instance, the replica. At each time that somebody looked, or should
# have: which command says what. On MariaDB and on MySQL 9.
#
#   Apr 2   GP, the primary, is restored into GX, which takes the writes from then on
#   Apr 8   the replica GR stops, unnoticed; GX is released; GP is mounted again, as it was
#   Apr 9   people have other people's ids; they are found, told apart, and put right

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"

does() { # RC DESCRIPTION COMMAND…
    local rc=$1 desc=$2
    shift 2
    CMD=("$MYRECON" "$@")
    timeout 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$GATE_KIND: $desc: exit $rc" "$RC" "$rc"
}
severity() { jq -r --arg n "$1" 'select(.name == $n).severity' "$OUT"; }
server() { # NAME: its URI without a database
    mr_get_server "$1" URI
}
# One statement of known size: the ids follow each other.
sign_up() { # NAME FROM TO TIME: mobiles 49170 FROM … TO, a minute apart
    local i values=()
    for ((i = $2; i <= $3; i++)); do
        values+=("('49170$(printf %06d "$i")', '$4' + INTERVAL $((i - $2)) MINUTE)")
    done
    mr_sql "$1" -D club -e "INSERT INTO members (mobile, created_at) VALUES $(IFS=, && echo "${values[*]}")"
}
orders_of() { # NAME SQL: an order for each member that the condition selects
    mr_sql "$1" -D club -e "INSERT INTO orders (member_id, placed_at)
        SELECT id, created_at + INTERVAL 1 HOUR FROM members WHERE $2 ORDER BY id"
}

base() {
    mr_sql GP <<'SQL'
CREATE DATABASE club CHARACTER SET utf8mb4;
USE club;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
    created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL,
    placed_at DATETIME NOT NULL);
SQL
    sign_up GP 1 400 '2026-04-02 05:32:00' || bail "no members"
    orders_of GP 'id % 2 = 0' || bail "no orders"
    cat >"$IT_TMP/club.ini" <<'INI'
[table club.members]
identity = mobile
time-column = created_at
subject = yes
[table club.orders]
identity = none
time-column = placed_at
reference = member_id -> club.members.id
INI
    export MYRECON_CONFIG=$IT_TMP/club.ini
}

# --- Apr 2: the backup becomes the temporary instance, which is given the writes
the_move() {
    local here there
    base
    catch_up
    does 0 "Apr 2: facts before the move" gate record --output "$IT_TMP/apr2.facts" "$(gate_uri GP)"
    gate_stop
    here=$(mr_get_server GP DIR)
    there=${here%/GP}/GX
    mkdir -p "$there"
    cp -a "$here/data" "$there/data"
    rm -f "$there/data/auto.cnf"
    gate_start
    "mr_spawn_$GATE_KIND" GX && mr_await GX || bail "no temporary instance"
    follow GX
    FACTS=$IT_TMP/apr2.facts ON=GX PEER=GR
    gate_of_pair
    is "$GATE_KIND: Apr 2: the move is seen" "$RC $(severity server_identity) $(severity data_directory)" \
        "2 critical critical"
    GATE_ARGS=(--expect-new-instance)
    well "Apr 2: the move, as planned"
    PEER=GP fires "Apr 2: the old primary still takes writes" split_brain:critical
    GATE_ARGS=()
    gate_stop
}

# --- Apr 2 to Apr 8, 14:23: six days of life; the replica has them
the_days() {
    sign_up GX 1001 1060 '2026-04-02 12:30:00'
    orders_of GX 'id > 400'
    mr_sql GX -D club -e "UPDATE members SET created_at = created_at + INTERVAL 6 DAY WHERE mobile > '49170001020'"
    catch_up_with GX
    does 0 "Apr 8: facts of the good days" gate record --output "$IT_TMP/apr8.facts" \
        --peer "$(gate_uri GR)" "$(gate_uri GX)"
    FACTS=$IT_TMP/apr8.facts ON=GX PEER=GR
    well "Apr 8, 14:20: the temporary instance and its replica"
}

catch_up_with() { # SOURCE: GR has what it has written
    local pos
    if [ "$GATE_KIND" = mariadb ]; then
        pos=$(mr_sql GR -e "SELECT MASTER_GTID_WAIT('$(mr_sql "$1" -e 'SELECT @@gtid_binlog_pos')', 60)")
    else
        pos=$(mr_sql GR -e "SELECT WAIT_FOR_EXECUTED_GTID_SET('$(mr_sql "$1" -e 'SELECT @@GLOBAL.gtid_executed' | tr -d '\n')', 60)")
    fi
    [ "$pos" = 0 ] || bail "the replica does not catch up: $pos"
}

# --- Apr 8, 14:23 to 18:25: nobody notices; a command does
the_loss() {
    replica_word STOP
    fires "Apr 8, 14:23: the replica has stopped" replication_threads:critical
    sign_up GX 1061 1064 '2026-04-08 15:00:00'
    fires "Apr 8, 15:00: and falls behind" replication_threads:critical replication_lag:warning
    mr_stop_server GX
    run_gate "$IT_TMP/apr8.facts" "$(gate_uri GX)"
    is "$GATE_KIND: Apr 8, 17:30: the instance is released: exit 3" "$RC" 3
    like "$GATE_KIND: Apr 8, 17:30: which is said" "$(cat "$ERR")" 'could not connect'
    gate_start
    ON=GP PEER=''
    gate_of_pair
    is "$GATE_KIND: Apr 8, 18:25: the old primary is mounted: exit 2" "$RC" 2
    costs_at_most 120 15000 "Apr 8, 18:25"
    is "$GATE_KIND: Apr 8, 18:25: all that is wrong with it" \
        "$(for name in server_identity data_directory newest_row max_keys row_counts gtid_superset auto_increment_position; do severity $name; done | sort | uniq -c | xargs)" \
        "7 critical"
    says "Apr 8, 18:25: how old it is" newest_row \
        'club.members: newest created_at went back from 2026-04-08 .* to 2026-04-02 12:11:00'
    FACTS='' PEER=GR gate_of_pair
    is "$GATE_KIND: Apr 8, 18:25: its replica alone tells, too" \
        "$RC $(severity newest_row) $(severity auto_increment_position)" "2 critical critical"
}

# --- Apr 8, 18:25 to Apr 9: ids are given a second time
the_mix() {
    sign_up GP 2001 2003 '2026-04-08 18:31:00'
    # people of the lost days come back
    sign_up GP 1001 1002 '2026-04-08 19:00:00'
    sign_up GP 2004 2025 '2026-04-09 08:00:00'
    orders_of GP 'id > 400'
    LOST=$(server GR)/club LIVE=$(server GP)/club CASE=$IT_TMP/case.$GATE_KIND
    rm -f "$CASE"
    does 1 "Apr 9, 10:00: every row is compared" check --json --settle 0 --case "$CASE" "$LOST" "$LIVE"
    is "$GATE_KIND: Apr 9, 10:00: who has whose id" \
        "$(jq -c 'select(.type == "table" and .table == "club.members") | [.missing, .extra, .changed, .collision, .moved]' "$OUT")" \
        '[33,0,0,27,2]'
    is "$GATE_KIND: Apr 9, 10:00: A was 401, and came back as 404" \
        "$(jq -r 'select(.type == "moved") | "\(.source_key.id) \(.target_key.id)"' "$OUT" | xargs)" "401 404 402 405"
    does 0 "Apr 9, 11:15: whom to block" affected --case "$CASE"
    is "$GATE_KIND: Apr 9, 11:15: everybody of the lost days and of the days since" \
        "$(tail -n +2 "$OUT" | wc -l)" 85
    like "$GATE_KIND: Apr 9, 11:15: A, with both ids" "$(cat "$OUT")" '^49170001001,401,404,"?collision;moved'
    does 0 "Apr 9, 11:15: whose caches to delete" affected --case "$CASE" --template 'user:{id}'
    is "$GATE_KIND: Apr 9, 11:15: each id once" "$(sort -u "$OUT" | wc -l) $(sort "$OUT" | uniq -d | wc -l)" "60 0"
}

# --- Apr 9, 11:20: the counter is to be raised, and a bulk sync holds the table
the_reseed() {
    in_background GP "BEGIN; UPDATE members SET mobile = mobile WHERE id = 1; SELECT SLEEP(100)"
    await_sql GP "SELECT COUNT(*) = 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(100)%' AND ID <> CONNECTION_ID()"
    does 0 "Apr 9, 11:20: a plan for the counters" repair plan --reseed-only --case "$CASE" \
        --output "$IT_TMP/reseed.$GATE_KIND"
    does 0 "Apr 9, 11:20: raised around the lock" repair apply --yes --json --lock-timeout 1 --retries 0 \
        "$IT_TMP/reseed.$GATE_KIND" "$(server GP)"
    is "$GATE_KIND: Apr 9, 11:20: by a row with an explicit id" \
        "$(jq -r 'select(.table == "club.members") | .how' "$OUT")" insert
    is "$GATE_KIND: Apr 9, 11:20: above both, and a margin" \
        "$(jq -r 'select(.table == "club.members") | .after' "$OUT")" 1000461
    end_background GP
    sign_up GP 2026 2026 '2026-04-09 11:30:00'
    ok "$GATE_KIND: Apr 9, 11:30: nobody gets an old id any more" \
        test "$(mr_sql GP -D club -e "SELECT id FROM members WHERE mobile = '49170002026'")" -gt 1000460
}

# --- Apr 9, 13:00: the list, and the two histories become one
the_repair() {
    does 0 "Apr 9, 13:00: all new people" affected --case "$CASE" --since '2026-04-02 12:12:00' \
        --until '2026-04-09 12:00:00' --source "$LOST" --target "$LIVE"
    is "$GATE_KIND: Apr 9, 13:00: each of them once" "$(tail -n +2 "$OUT" | cut -d, -f1 | sort -u | wc -l) $(tail -n +2 "$OUT" | wc -l)" "86 86"
    does 1 "Apr 9: compared once more" check --settle 0 --case "$CASE" "$LOST" "$LIVE"
    CMD=("$MYRECON" repair plan --policy merge --case "$CASE" --output "$IT_TMP/merge.$GATE_KIND")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    ok "$GATE_KIND: Apr 9: a plan for the people (exit $RC)" test "$RC" -le 1
    does $RC "Apr 9: carried out" repair apply --yes "$IT_TMP/merge.$GATE_KIND" "$(server GP)"
    does 0 "Apr 9: and proven" repair verify "$IT_TMP/merge.$GATE_KIND" "$(server GP)"
    is "$GATE_KIND: Apr 9: everybody is there, once" \
        "$(mr_sql GP -D club -e "SELECT COUNT(*), COUNT(DISTINCT mobile) FROM members")" "$(printf '486\t486')"
    is "$GATE_KIND: Apr 9: orders of the lost days are theirs who made them" \
        "$(mr_sql GP -D club -e "SELECT COUNT(*) FROM orders o JOIN members m ON m.id = o.member_id WHERE m.mobile LIKE '49170001%'")" 62
    FACTS=$IT_TMP/apr8.facts ON=GP PEER=''
    GATE_ARGS=(--expect-new-instance --only newest_row,max_keys,row_counts,auto_increment_position,tables,schema)
    well "Apr 9: nothing of Apr 8 is missing"
    # the newest people of Apr 8 are there, but their ids are other people's
    GATE_ARGS=(--expect-new-instance --only sample_digest --tables club.members)
    fires "Apr 9: by the facts of Apr 8 it is another history" sample_digest:critical
    says "Apr 9: which fits a repair" sample_digest \
        '25 of these 27 are there under other keys, as a repair leaves them / .*record a new baseline: myrecon gate record'
    GATE_ARGS=()
    does 0 "Apr 9: facts of the repaired server" gate record --output "$IT_TMP/apr9.facts" "$(gate_uri GP)"
    FACTS=$IT_TMP/apr9.facts
    well "Apr 9: and the gate is open"
}

# --- Apr 9, 15:33: somebody starts a full backup
the_backup() {
    FACTS='' ON=GP PEER=''
    GATE_ARGS=(--only running_backup,connections,metadata_locks)
    well "Apr 9, 15:30: quiet"
    in_background GP "SELECT /*!40001 SQL_NO_CACHE */ SLEEP(100) FROM members"
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT /*!40001 SQL_NO_CACHE */ SLEEP%'"
    fires "Apr 9, 15:33: a full backup runs" running_backup:warning
    most=$(mr_sql GP -e "SELECT @@GLOBAL.max_connections")
    mr_sql GP -e "SET GLOBAL max_connections = 10"
    reader_account
    fill_connections 6
    await_sql GP "SELECT COUNT(*) >= 6 FROM information_schema.PROCESSLIST WHERE USER = 'reader'"
    fires "Apr 9, 15:40: the pools take the connections" running_backup:warning connections:critical
    free_connections
    mr_sql GP -e "SET GLOBAL max_connections = $most"
    end_background GP
    well "Apr 9, 16:25: over"
    GATE_ARGS=()
}

timeline() {
    gate_pair "$1" || return 1
    the_move
    the_days
    the_loss
    the_mix
    the_reseed
    the_repair
    the_backup
}

timeline mariadb || bail "no servers"
mr_servers_end
mr_run_dir=
FACTS='' ON=GP PEER=GR
unset MYRECON_CONFIG
if ! timeline mysql; then
    skip "the time line on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
