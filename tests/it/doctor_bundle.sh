#!/bin/bash
# doctor_bundle.sh: secrets and rows are planted wherever a server keeps them; none of them is
# in the bundle, and what support needs is.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
. "$IT_DIR/../lib/doctor.sh"

BUNDLE=$IT_TMP/support.tar.zst

make_bundle() { # ARGS…
    rm -rf "$BUNDLE" "$IT_TMP/unpacked"
    mkdir "$IT_TMP/unpacked"
    run_doctor --bundle "$BUNDLE" "$@"
    zstd -dcq "$BUNDLE" | tar -C "$IT_TMP/unpacked" -x || bail "not to be unpacked: $(cat "$ERR")"
    ALL=$(echo "$IT_TMP"/unpacked/*)
}

of_server() { cat "$ALL/server-$1/$2"; } # NUMBER FILE

plant() {
    local quote="SELECT /* PLANTED-comment */ 'PLANTED-text', \"PLANTED-quoted\", 47114711, x'504C414E544544', SLEEP(100) FROM club.members WHERE mobile <> 'PLANTED-mobile' LIMIT 1"
    mr_sql GP <<'SQL'
ALTER TABLE club.members ADD COLUMN kind ENUM('a', 'PLANTED-member') NOT NULL DEFAULT 'PLANTED-member' COMMENT 'PLANTED-comment of a column',
  COMMENT = 'PLANTED-comment of a table';
INSERT INTO club.members (mobile) VALUES ('PLANTED-row');
CREATE VIEW club.few AS SELECT id FROM club.members WHERE mobile <> 'PLANTED-view';
SET sql_log_bin = 0;
CREATE USER spy@'127.0.0.1' IDENTIFIED BY 'PLANTED-password';
GRANT SELECT ON club.* TO spy@'127.0.0.1';
GRANT PROCESS ON *.* TO spy@'127.0.0.1';
SET GLOBAL init_connect = "SET @secret = 'PLANTED-init'";
SQL
    catch_up
    mr_sql GR -e "SET sql_log_bin = 0; ALTER TABLE club.members ADD COLUMN more VARCHAR(30) DEFAULT 'PLANTED-default';
        INSERT INTO club.codes VALUES ('PLANTED-key', 9)"
    mr_sql GP -e "INSERT INTO club.codes VALUES ('PLANTED-key', 3)"
    await_stopped
    in_background GP "$quote"
    mr_sql GP -D club -e "BEGIN; UPDATE members SET points = 47114711 WHERE mobile = 'PLANTED-row'; SELECT 'PLANTED-open', SLEEP(100)" >/dev/null 2>&1 &
    OPEN=$!
    await_sql GP "SELECT COUNT(*) = 2 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(100)%' AND ID <> CONNECTION_ID() AND TIME >= 1"
    cat >"$IT_TMP/planted.ini" <<'INI'
[options]
exclude = *.jobs
[table club.members]
identity = mobile
where = mobile <> 'PLANTED-where'
reference = none: points
[gate]
replication-lag = 10, 60
INI
    cat >"$IT_TMP/planted.cnf" <<INI
[client]
password = PLANTED-password
INI
    chmod 600 "$IT_TMP/planted.cnf"
}

bundle() { # mariadb|mysql
    local port_p port_r hash
    doctor_pair "$1" || return 1
    plant
    port_p=$(mr_get_server GP PORT) port_r=$(mr_get_server GR PORT)
    export MYRECON_PASSWORD=PLANTED-environment
    make_bundle --slow 1 --config "$IT_TMP/planted.ini" "mysql://root:@127.0.0.1:$port_p/club" "mysql://root:@127.0.0.1:$port_r/club"
    unset MYRECON_PASSWORD
    like "$1: the slow query and the replica are found" "$(what_is_found)" 'replication_stopped:problem .*schema:problem .*slow_query:problem'
    is "$1: complete" "$(cd "$ALL" && find . -type f | wc -l)" 24
    is "$1: nobody else reads it" "$(stat -c %a "$BUNDLE")" 600
    ok "$1: tar finds nothing wrong" sh -c "zstd -dcq '$BUNDLE' | tar -t -v >/dev/null"

    # what was planted was really there to be seen
    like "$1: the statement could be seen" "$(mr_sql GP -e 'SHOW FULL PROCESSLIST')" PLANTED-text
    like "$1: the error could be seen" "$(mariadb --no-defaults -uroot -S "$(mr_get_server GR SOCK)" -e 'SHOW REPLICA STATUS\G'; mr_sql GR -e "SELECT 1" )" 'Last_SQL_Errno: 1062'
    like "$1: the setting could be seen" "$(mr_sql GP -e "SHOW GLOBAL VARIABLES LIKE 'init_connect'")" PLANTED-init
    is "$1: nothing planted is in it" "$(grep -rn -a -i -E 'PLANTED|47114711|504C414E544544' "$ALL")" ""
    hash=$(mr_sql GP -e "SELECT HEX(authentication_string) FROM mysql.user WHERE user = 'spy'")
    [ -n "$hash" ] || bail "no hash"
    is "$1: no hash of a password is in it" "$(grep -rn -a -F -e "$(mr_sql GP -e "SELECT authentication_string FROM mysql.user WHERE user = 'spy'" | head -c 30)" "$ALL")$(grep -rn -i "$hash" "$ALL")" ""
    is "$1: nor in its bytes as they are" "$(grep -c -a PLANTED "$BUNDLE")" 0

    like "$1: versions" "$(of_server 1 server.txt)" "^version $(mr_sql GP -e "SELECT REGEXP_REPLACE(@@version, '[^0-9.].*', '')")"
    like "$1: variables" "$(of_server 1 variables.tsv)" "^max_connections	200$"
    like "$1: init_connect without its value" "$(of_server 1 variables.tsv)" '^init_connect	SET @secret = \?$'
    like "$1: status" "$(of_server 1 status.tsv)" "^Threads_connected	[0-9]+$"
    like "$1: the statement without its values" "$(of_server 1 processlist.tsv)" 'SELECT \?, \?, \?, \?, SLEEP\(\?\) FROM club.members WHERE mobile <> \?'
    like "$1: the open transaction" "$(of_server 1 transactions.tsv)" 'RUNNING.*SELECT \?, SLEEP\(\?\)'
    like "$1: the error's number" "$(of_server 2 replication.tsv)" "	1062	"
    like "$1: the finding, without the key" "$(cat "$ALL/findings.txt")" 'replication_stopped: .*error 1062: \(hidden\)'
    like "$1: the schema's finding, without the default" "$(cat "$ALL/findings.txt")" 'schema: .*only the second has \(hidden\)'
    like "$1: grants" "$(of_server 1 grants.txt)" 'GRANT .* ON \*\.\* TO'
    like "$1: a fingerprint" "$(of_server 1 schema.tsv)" '^club.members	InnoDB	.*	[0-9a-f]{32}$'
    like "$1: the configuration" "$(cat "$ALL/config.txt")" '^where = mobile <> \?$'
    like "$1: its harmless settings" "$(cat "$ALL/config.txt")" '^replication-lag = 10, 60$'

    # an account whose grants the server shows with a hash, by an option file
    make_bundle "mysql://spy@127.0.0.1:$port_p/club?defaults-file=$IT_TMP/planted.cnf"
    like "$1: another account" "$(of_server 1 grants.txt)" 'SELECT ON `club`'
    is "$1: another account: nothing planted is in it" "$(grep -rn -a -i -E 'PLANTED|IDENTIFIED BY PASSWORD .\*[0-9A-F]' "$ALL")" ""

    kill $OPEN 2>/dev/null
    end_background GP
}

# --- files
GATE_KIND=file
: >"$BUNDLE"
run_doctor --bundle "$BUNDLE" "$MR_A_URI"
is "a file that is there is left alone" "$RC $(stat -c %s "$BUNDLE")" "3 0"
like "it says so" "$(cat "$ERR")" "file \".*support.tar.zst\" exists"
run_doctor --bundle "$BUNDLE" --force "$MR_A_URI"
ok "--force replaces it" [ -s "$BUNDLE" ]
run_doctor --bundle "$IT_TMP/none/b.tar.zst" "$MR_A_URI"
is "no such directory" "$RC $(wc -c <"$OUT")" "3 0"
make_bundle mysql://root@127.0.0.1:1
is "nobody is reached: the findings are there all the same" "$RC $(ls "$ALL" | tr '\n' ' ')" "3 README.txt config.txt findings.txt machine.txt "

bundle mariadb || bail "no servers"
mr_servers_end
mr_run_dir=
bundle mysql || skip "bundle of MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
finish
