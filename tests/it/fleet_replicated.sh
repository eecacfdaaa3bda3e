#!/bin/bash
# fleet_replicated.sh: sources that one target replicates, all of them, while they are written to: no row that is only
# under way is told as a difference, and none that differs is hidden, in parts of a fleet and in a map.

. "$(dirname "$0")/lib.sh"
begin ''
FLEET=20261128T080000Z-abc123 DIR=$IT_TMP/fleet INTO=$IT_TMP/merged INI=$IT_TMP/fleet.ini
export TMPDIR=$IT_TMP/tmp
mkdir "$TMPDIR"
own_begin || bail "no private servers"

# The sources' ports differ in the last digit, as a map has to write them.
neighbours() {
    local i
    for i in {1..50}; do
        mr_free_port || return 1
        BASE=$((mr_port / 10))
        (exec 3<>"/dev/tcp/127.0.0.1/${BASE}0") 2>/dev/null && continue
        (exec 3<>"/dev/tcp/127.0.0.1/${BASE}1") 2>/dev/null || return 0
    done
    return 1
}
neighbours || bail "no two ports"
for name in S0 S1 T; do
    mkdir -p "$mr_run_dir/tmp.$name"
    case $name in
    S*) extra=(--port="$BASE${name#S}" --gtid-domain-id=$((${name#S} + 1))) ;;
    T) extra=(--gtid-domain-id=9) ;;
    esac
    mr_spawn_mariadb "$name" --tmpdir="$mr_run_dir/tmp.$name" "${extra[@]}" || bail "no server $name"
done
mr_await S0 S1 T || bail "no servers"
S0=mysql://root@127.0.0.1:${BASE}0 S1=mysql://root@127.0.0.1:${BASE}1 T=$MR_T_URI

follow() { # follow USE-GTID: the target replicates from both, two seconds late
    local n
    for n in 0 1; do
        mr_sql T <<<"CHANGE MASTER 's$n' TO master_host = '127.0.0.1', master_port = $BASE$n, master_user = 'repl', master_password = 'repl',
            master_connect_retry = 1, master_delay = 2, $1; START SLAVE 's$n'" || bail "no replication"
    done
    wait_for 60 follows || bail "the replica does not run: $(mr_sql T <<<'SHOW ALL SLAVES STATUS\G' | grep -i error)"
}
follows() { [ "$(mr_sql T <<<'SHOW ALL SLAVES STATUS' | grep -c 'Yes.*Yes')" = 2 ]; }
in_step() { # T has what both have written
    local n want
    for n in 0 1; do
        want=$(mr_sql "S$n" <<<"SELECT @@gtid_binlog_pos" | tr ',' '\n' | grep "^$((n + 1))-")
        mr_sql T <<<"SELECT CONCAT(',', @@gtid_slave_pos, ',') LIKE '%,$want,%'" | grep -q 1 || return 1
    done
}
for n in 0 1; do
    mr_sql "S$n" <<<"SET sql_log_bin = 0; CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'"
done
for server in "$S0" "$S1" "$T"; do
    client "$server" <<<"SET sql_log_bin = 0; CREATE DATABASE $DB; CREATE DATABASE ${DB}_0; CREATE DATABASE ${DB}_1;
        CREATE TABLE $DB.orders (id INT PRIMARY KEY, v INT); CREATE TABLE $DB.texts (k VARCHAR(12) PRIMARY KEY, v INT) COLLATE utf8mb4_general_ci;
        CREATE TABLE ${DB}_0.p (id INT PRIMARY KEY, v INT); CREATE TABLE ${DB}_1.p (id INT PRIMARY KEY, v INT)"
done
for n in 0 1; do
    mr_sql "S$n" -D "$DB" <<<"INSERT INTO $DB.orders SELECT seq * 2 + $n, seq FROM seq_1_to_20000; INSERT INTO $DB.texts SELECT CONCAT('k', seq * 2 + $n), seq FROM seq_1_to_2000;
        INSERT INTO ${DB}_$n.p SELECT seq, seq FROM seq_1_to_20000"
done
follow "master_use_gtid = slave_pos"
wait_for 60 in_step || bail "the target does not catch up"
mr_sql T <<<"SET sql_log_bin = 0; DELETE FROM $DB.orders WHERE id = 11; UPDATE $DB.orders SET v = -1 WHERE id = 12; DELETE FROM $DB.texts WHERE k = 'k11';
    INSERT INTO $DB.orders VALUES (100001, 1); DELETE FROM ${DB}_0.p WHERE id = 11; UPDATE ${DB}_0.p SET v = -1 WHERE id = 12;
    INSERT INTO ${DB}_0.p VALUES (100001, 1); UPDATE ${DB}_1.p SET v = -1 WHERE id = 13"

WRITERS=() FROM=0
write() { # rows come, change and go on both sources until rest
    local n
    FROM=$((FROM + 100000))
    touch "$IT_TMP/writing"
    for n in 0 1; do
        (
            i=$FROM
            while [ -e "$IT_TMP/writing" ]; do
                echo "INSERT INTO $DB.orders VALUES (1000000 + $i * 2 + $n, 1); UPDATE $DB.orders SET v = v + 1 WHERE id = 2 * $((i % 15000 + 1000)) + $n;
                    DELETE FROM $DB.orders WHERE id = 2 * $((i % 2000 + 17000)) + $n; UPDATE $DB.texts SET v = v + 1 WHERE k = 'k$((100 + 2 * (i % 900) + n))';
                    INSERT INTO ${DB}_$n.p VALUES (1000000 + $i, 1); UPDATE ${DB}_$n.p SET v = v + 1 WHERE id = $((i % 15000 + 1000)); DELETE FROM ${DB}_$n.p WHERE id = $((i % 4000 + 16000));"
                i=$((i + 1))
            done | mr_sql "S$n"
        ) &
        WRITERS+=($!)
    done
    at_exit "rm -f $IT_TMP/writing"
}
rest() {
    rm -f "$IT_TMP/writing"
    wait "${WRITERS[@]}"
    WRITERS=()
    wait_for 120 in_step || bail "the target does not catch up"
}

# --- pairs, each a source and its database on the target, cut in parts
plan() {
    rm -rf "$DIR"
    "$IT_DIR/fleet_dir.py" "$DIR" "$FLEET" <<END || bail "no plan"
{"readers": 4, "pairs": {"zero": ["$S0/${DB}_0", "$T/${DB}_0"], "one": ["$S1/${DB}_1", "$T/${DB}_1"]},
 "parts": [
  [{"pair": "zero", "objects": true, "tables": {"${DB}_0.p": [[0, null, 9000]]}, "order": {"${DB}_0.p": "int(11)"}},
   {"pair": "one", "objects": false, "tables": {"${DB}_1.p": [[1, 9000, null]]}, "order": {"${DB}_1.p": "int(11)"}}],
  [{"pair": "one", "objects": true, "tables": {"${DB}_1.p": [[0, null, 9000]]}, "order": {"${DB}_1.p": "int(11)"}},
   {"pair": "zero", "objects": false, "tables": {"${DB}_0.p": [[1, 9000, null]]}, "order": {"${DB}_0.p": "int(11)"}}]]}
END
}
rows() { jq -r 'select(.type == "row") | "\(.kind) \(.key.id // .key.k)"' "$@" | sort | xargs; }
verdicts() { jq -r 'select(.type == "table") | "\(.table | sub(".*[.]"; "")) \(.verdict)"' "$@" | xargs; }
parts() {
    local n
    plan
    for n in 0 1; do
        CMD=("$MYRECON" fleet run "$DIR" --part "$n" -q --json)
        timeout 200 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
        RC=$?
        like "$1: part $n" "$RC $(jq -r .state "$OUT" | grep -v null | xargs)" "^1 done done"
    done
    rm -rf "$INTO"
    CMD=("$MYRECON" fleet merge "$DIR" --output "$INTO")
    timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$1: what they come to" "$RC $(rows "$INTO/zero.jsonl") $(rows "$INTO/one.jsonl")" "1 changed 12 extra 100001 missing 11 changed 13"
    is "$1: nothing is unsettled" "$(jq -r 'select(.type == "summary") | .unsettled_rows' "$INTO"/{zero,one}.jsonl | xargs)" "0 0"
}
for by in slave_pos no; do
    [ $by = slave_pos ] || for n in 0 1; do
        read -r FILE POS _ < <(mr_sql "S$n" <<<"SHOW MASTER STATUS")
        eval "AT$n='master_log_file = \"$FILE\", master_log_pos = $POS'"
    done
    if [ $by = no ]; then
        mr_sql T <<<"STOP ALL SLAVES"
        for n in 0 1; do at=AT$n; mr_sql T <<<"CHANGE MASTER 's$n' TO ${!at}, master_use_gtid = no; START SLAVE 's$n'" || bail "no positions"; done
        wait_for 60 follows || bail "no replication by positions"
    fi
    write
    parts "replication, GTID $by"
    rest
done

# --- a map: rows of both sources, and one target that follows both
map() {
    CMD=("$MYRECON" check -q --json --settle 1 "shards:mysql://root@127.0.0.1:$BASE{0..1}/$DB#orders->orders,texts->texts" "$T/$DB")
    timeout -k 5 200 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
write
map
rest
is "while it follows, nothing that differs is called true, or equal" "$RC $(verdicts "$OUT") $(rows "$OUT")" "4 orders unsettled texts unsettled "
mr_sql T <<<"STOP ALL SLAVES"
map
is "when it rests, all is told" "$RC $(verdicts "$OUT") $(rows "$OUT")" "1 orders diverged texts diverged changed 12 extra 100001 missing 11 missing k11"
ONE=$(jq -cS 'del(.run_id, .started, .seconds)' "$OUT")
cat >"$INI" <<END
[map shop]
source = mysql://root@127.0.0.1:$BASE{0..1}/$DB
target = $T/$DB
tables = orders -> orders, texts -> texts
END
rm -rf "$DIR" "$INTO"
"$MYRECON" fleet plan -q --inventory "$INI" --parts 2 --output "$DIR" >"$OUT" 2>"$ERR" &&
    for n in 0 1; do "$MYRECON" fleet run -q "$DIR" --part $n >"$OUT" 2>"$ERR"; done
"$MYRECON" fleet merge -q "$DIR" --output "$INTO" >"$OUT" 2>"$ERR"
is "parts of the map come to the same" "$(jq -cS 'del(.run_id, .started, .seconds)' "$INTO/shop.jsonl")" "$ONE"

# --- it was stopped short of what a source has written: what it lacks is told, as of now
mr_sql S1 <<<"INSERT INTO $DB.orders VALUES (300001, 1)"
map
is "a row that did not come is missing" "$RC $(rows "$OUT")" "1 changed 12 extra 100001 missing 11 missing 300001 missing k11"
mr_sql T <<<"START ALL SLAVES"
wait_for 60 in_step
map
is "and follows again" "$RC $(verdicts "$OUT")" "4 orders unsettled texts unsettled"
finish
