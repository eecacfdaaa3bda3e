# gate.sh: what the server tests of gate share; bash, to be sourced after tests/it/lib.sh.
#
#   gate_pair mariadb|mysql     a primary GP and its read-only replica GR of this script's own
#   healthy                     tables, rows, a baseline of both in $FACTS
#   run_gate ARGS…              gate check --json; $RC, lines in $OUT, log in $ERR
#   costs_at_most STATEMENTS ROWS DESCRIPTION   the last gate, run again
#   well DESCRIPTION            SERVER $ON with --peer $PEER is well: exit 0, nothing fires
#   fires DESCRIPTION NAME:SEVERITY…   exactly these fire
#   open_transaction SQL; end_transaction   on GR, by a session that stays until then
#   gate_stop; gate_start [OPTION…]   GP again, at its port and with its number
#
# Statements go to a server with mr_sql NAME.

FACTS=
ON=GP      # whom `well` and `fires` check
PEER=GR    # and with which peer; empty: none
GATE_ARGS=()

gate_pair() { # mariadb|mysql: 1 where the servers cannot be had
    GATE_KIND=$1
    [ -n "${mr_run_dir:-}" ] || . "$IT_DIR/../lib/servers.sh"
    [ -n "${mr_run_dir:-}" ] || mr_servers_begin || return 1
    if [ "$1" = mysql ]; then
        mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || return 1
        mr_spawn_mysql GP && mr_spawn_mysql GR || return 1
    else
        mr_spawn_mariadb GP && mr_spawn_mariadb GR || return 1
    fi
    mr_await GP GR || return 1
    trap clean_up EXIT
    IT_EXIT+=(mr_servers_end)
    mr_replicate GP GR && mr_sql GR -e 'SET GLOBAL read_only = 1'
}

gate_uri() { # NAME [USER:PASSWORD]
    local uri
    uri=$(mr_get_server "$1" URI)
    [ $# -lt 2 ] || uri="mysql://$2@${uri#*@}"
    echo "$uri/club"
}

open_transaction() { # SQL
    local try
    rm -f "$IT_TMP/says" "$IT_TMP/begun"
    mkfifo "$IT_TMP/says"
    mr_sql GR -n <"$IT_TMP/says" >"$IT_TMP/begun" 2>/dev/null &
    OPEN=$!
    exec 8>"$IT_TMP/says"
    echo "SET sql_log_bin = 0; BEGIN; $1; SELECT 'begun';" >&8
    for try in {1..100}; do
        [ ! -s "$IT_TMP/begun" ] || return 0
        sleep 0.1
    done
    bail "the transaction does not begin"
}

end_transaction() {
    exec 8>&-
    wait $OPEN
}

# Between the two the caller may do to its directory what an operator would.
gate_stop() {
    GATE_ID=$(mr_sql GP -e 'SELECT @@server_id')
    mr_stop_server GP
}

gate_start() { # [OPTION…]
    local port
    port=$(mr_get_server GP PORT)
    "mr_spawn_$GATE_KIND" GP --port="$port" --server-id="$GATE_ID" "$@"
    mr_set_server GP PORT "$port"
    mr_set_server GP URI "mysql://root@127.0.0.1:$port"
    mr_await GP || bail "the primary does not start"
}

catch_up() { # [NAME]: until it, or GR, has applied what GP has written
    local pos replica=${1:-GR}
    if [ "$GATE_KIND" = mariadb ]; then
        pos=$(mr_sql "$replica" -e "SELECT MASTER_GTID_WAIT('$(mr_sql GP -e 'SELECT @@gtid_binlog_pos')', 60)")
    else
        pos=$(mr_sql "$replica" -e "SELECT WAIT_FOR_EXECUTED_GTID_SET('$(mr_sql GP -e 'SELECT @@GLOBAL.gtid_executed' | tr -d '\n')', 60)")
    fi
    [ "$pos" = 0 ] || bail "the replica does not catch up: $pos"
}

gate_tables() {
    mr_sql GP <<'SQL'
DROP DATABASE IF EXISTS club;
CREATE DATABASE club CHARACTER SET utf8mb4;
USE club;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
  points INT NOT NULL DEFAULT 0, created_at DATETIME NOT NULL, KEY (created_at)) AUTO_INCREMENT = 1;
INSERT INTO members (mobile, created_at) WITH RECURSIVE n AS
  (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 900)
  SELECT CONCAT('138', i), '2026-04-01' + INTERVAL i * 10 MINUTE FROM n;
CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL,
  note TEXT, touched TIMESTAMP NOT NULL DEFAULT '2026-04-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP);
INSERT INTO orders (member_id, note) SELECT id, REPEAT('x', id % 50) FROM members;
CREATE TABLE periods (period VARCHAR(20) NOT NULL PRIMARY KEY, v INT);
INSERT INTO periods WITH RECURSIVE n AS
  (SELECT 3342700 i UNION ALL SELECT i + 1 FROM n WHERE i < 3342915) SELECT i, 1 FROM n;
CREATE TABLE small (id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO small (v) VALUES (1), (2), (3);
CREATE TABLE plain (a INT, b TEXT);
INSERT INTO plain VALUES (1, 'x'), (2, NULL);
SQL
}

healthy() {
    FACTS=$IT_TMP/before.facts
    gate_tables || bail "no tables"
    catch_up
    "$MYRECON" gate record --force --output "$FACTS" --peer "$(gate_uri GR)" "$(gate_uri GP)" \
        >"$OUT" 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
    "$MYRECON" gate record --force --output "$FACTS.replica" --peer "$(gate_uri GP)" \
        "$(gate_uri GR)" >"$OUT" 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
}

run_gate() {
    CMD=("$MYRECON" gate check --json "$@")
    timeout -k 5 "${LIMIT:-60}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

# What a gate costs on any machine: statements on GP, and rows that it reads there.
gate_cost() { # the last gate again: sets STATEMENTS, ROWS
    local from to
    from=$(gate_counts)
    timeout -k 5 "${LIMIT:-60}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    to=$(gate_counts)
    STATEMENTS=$((${to% *} - ${from% *} - 1))
    ROWS=$((${to#* } - ${from#* }))
}
gate_counts() {
    mr_sql GP -e "SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', '$([ "$GATE_KIND" = mariadb ] && echo Rows_read || echo Innodb_rows_read)')" |
        awk '$1 == "Questions" { questions = $2 } $1 != "Questions" { rows = $2 } END { print questions, rows }'
}
costs_at_most() { # STATEMENTS ROWS DESCRIPTION
    gate_cost
    ok "$GATE_KIND: $3: no more than $1 statements ($STATEMENTS) and $2 rows ($ROWS)" \
        test "$STATEMENTS" -le "$1" -a "$ROWS" -le "$2"
}

gate_of_pair() { # the check of $ON with its peer and baseline
    local facts=$FACTS
    [ "$ON" != GR ] || facts=$FACTS.replica
    [ -n "$FACTS" ] || facts=
    run_gate "${GATE_ARGS[@]}" ${PEER:+--peer "$(gate_uri "$PEER")"} ${facts:+"$facts"} \
        "$(gate_uri "$ON")"
}

what_fires() { # "name:severity", sorted
    jq -r 'select(.type == "check" and .severity != "ok") | "\(.name):\(.severity)"' "$OUT" |
        LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'
}

exit_of() { # the exit status that these severities make
    case " $* " in
    *:critical*) echo 2 ;;
    *:unknown*) echo 4 ;;
    *:warning*) echo 1 ;;
    *) echo 0 ;;
    esac
}

fires() { # DESCRIPTION NAME:SEVERITY…
    local desc=$1 want
    shift
    want=$(printf '%s\n' "$@" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')
    gate_of_pair
    is "$GATE_KIND: $desc: fires" "$(what_fires) -> $RC" "$want -> $(exit_of "$@")"
}

well() { # DESCRIPTION
    gate_of_pair
    is "$GATE_KIND: $1: well" "$(what_fires) -> $RC, $(jq -r 'select(.type == "summary").verdict' "$OUT")" \
        " -> 0, ok"
}

says() { # DESCRIPTION NAME REGEX: the message of that check
    like "$GATE_KIND: $1" "$(jq -r --arg n "$2" 'select(.name == $n) | .message + " / " + (.hint // "")' "$OUT")" "$3"
}
