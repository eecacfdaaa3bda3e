#!/bin/bash
# snapshot_chain_blind.sh: what a binary log may not tell an incremental snapshot: each is copied whole
# with a reason, or refused by name with the way out; never taken for unchanged.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ""
mr_servers_begin || bail "no directory"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>/dev/null) || mr_mysql_root=
mr_spawn_mariadb CA && mr_spawn_mariadb CB && mr_await CA CB || bail "no MariaDB"
KINDS="CA"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql CO && mr_await CO || bail "no MySQL"
    KINDS+=" CO"
fi

uri_of() { local name=MR_$1_URI && echo "${!name}"; }
sql() { mr_sql "$1" --default-character-set=utf8mb4 club -e "$2" || bail "SQL failed on $1"; }
kept() { # DIR TABLE
    jq -r --arg t "$2" '.tables[] | select(.name == $t) |
        if .kept_rows == "all" then "all: " + .why_all else "\(.kept_rows) \(.rows) rows \(.gone.keys // 0) gone" end' "$1/manifest.json" | sed 's/, at ".*//'
}
digests() { jq -c '[.tables[] | [.name, .rows, .digest]] | sort' "$1/manifest.json"; }
next_is_true() { # SERVER DESCRIPTION [OPTION…]: n1 on n0 makes what a full one has
    rm -rf "$IT_TMP/n1" "$IT_TMP/full" "$IT_TMP/merged"
    take "${@:3}" --base "$IT_TMP/n0" "$(uri_of "$1")/club" "$IT_TMP/n1"
    is "$1: $2: made" "$RC" 0
    take "${@:3}" "$(uri_of "$1")/club" "$IT_TMP/full"
    snap merge --output "$IT_TMP/merged" "$IT_TMP/n0" "$IT_TMP/n1"
    is "$1: $2: as a full one" "$RC $(digests "$IT_TMP/merged")" "0 $(digests "$IT_TMP/full")"
}
anew() { rm -rf "$IT_TMP/n0" && take "$(uri_of "$1")/club" "$IT_TMP/n0" && [ "$RC" = 0 ] || bail "no base"; }
refused() { # DESCRIPTION REGEX HINT
    is "$1: refused" "$RC $([ -e "$IT_TMP/n1" ] || [ -e "$IT_TMP/n1.partial" ] || echo nothing)" "5 nothing"
    like "$1: by name" "$(cat "$ERR")" "$2"
    like "$1: with the way out" "$(cat "$ERR")" "$3"
}

for kind in $KINDS; do
    uri=$(uri_of $kind)
    mr_sql $kind -e "DROP DATABASE IF EXISTS club; DROP DATABASE IF EXISTS other; CREATE DATABASE club CHARACTER SET utf8mb4; CREATE DATABASE other"
    sql $kind "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3); CREATE TABLE s LIKE t; INSERT INTO s SELECT * FROM t;
        CREATE TABLE u (u INT NOT NULL UNIQUE, id INT, v VARCHAR(9), KEY (id)); INSERT INTO u VALUES (1, 1, 'a'), (2, 2, 'b');
        CREATE TABLE other.p (id INT PRIMARY KEY); INSERT INTO other.p VALUES (1), (2), (3);
        CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES other.p (id) ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO c VALUES (1, 1), (2, 2), (3, 3)"
    anew $kind
    mr_sql $kind -e "UPDATE other.p SET id = 9 WHERE id = 3; DELETE FROM other.p WHERE id = 1"
    next_is_true $kind "a cascade from a database that is not kept"
    like "$kind: the child says why" "$(kept "$IT_TMP/n1" c)" 'all: rows of "other.p" changed, and what a foreign key does then'
    sql $kind "CREATE TABLE top (id INT PRIMARY KEY); INSERT INTO top VALUES (1), (2);
        CREATE TABLE other.middle (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES club.top (id) ON DELETE CASCADE); INSERT INTO other.middle VALUES (1, 1), (2, 2);
        CREATE TABLE low (id INT PRIMARY KEY, m INT, FOREIGN KEY (m) REFERENCES other.middle (id) ON DELETE CASCADE); INSERT INTO low VALUES (1, 1), (2, 2)"
    anew $kind
    sql $kind "DELETE FROM top WHERE id = 1"
    next_is_true $kind "a cascade by way of a database that is not kept"
    sql $kind "DROP TABLE low"
    mr_sql $kind -e "DROP TABLE other.middle; DROP TABLE club.top"
    anew $kind
    mr_sql $kind -e "DELETE FROM other.p WHERE id = 2; ALTER TABLE club.c DROP FOREIGN KEY c_ibfk_1"
    next_is_true $kind "a cascade of a foreign key that is gone"

    anew $kind
    sql $kind "SET SESSION binlog_format = STATEMENT; UPDATE t SET v = v + 1"
    next_is_true $kind "a statement"
    is "$kind: a statement blinds its database at least" "$(kept "$IT_TMP/n1" t)" "all: a statement changed rows that are not in the log"

    anew $kind
    sql $kind "SET SESSION binlog_row_image = MINIMAL; UPDATE t SET v = 77 WHERE id = 2; UPDATE t SET id = 20 WHERE id = 3; UPDATE u SET v = 'z' WHERE u = 2; DELETE FROM u WHERE u = 1"
    next_is_true $kind "images of no more than the key"
    is "$kind: they are enough" "$(kept "$IT_TMP/n1" t)" "changed 2 rows 1 gone"

    anew $kind
    sql $kind "RENAME TABLE t TO x, s TO t, x TO s"
    next_is_true $kind "tables that change places"
    is "$kind: both are read" "$(kept "$IT_TMP/n1" t) $(kept "$IT_TMP/n1" s)" "all: a statement defined it anew all: a statement defined it anew"
    if [ "$kind" = CA ]; then
        anew $kind
        sql $kind "RENAME TABLE IF EXISTS t NOWAIT TO x, s NOWAIT TO t, x WAIT 1 TO s"
        next_is_true $kind "tables that change places, in MariaDB's words"
        anew $kind
        sql $kind "SET SESSION binlog_format = STATEMENT; SET STATEMENT max_statement_time = 10 FOR UPDATE t SET v = v + 1"
        next_is_true $kind "a statement within SET STATEMENT"
    fi

    sql $kind "XA START 'x1'; INSERT INTO t VALUES (100, 1); UPDATE s SET v = 5; XA END 'x1'; XA PREPARE 'x1'"
    anew $kind
    mr_sql $kind -e "XA COMMIT 'x1'"
    rm -rf "$IT_TMP/n1"
    take --base "$IT_TMP/n0" "$uri/club" "$IT_TMP/n1"
    refused "$kind: a base within an XA transaction" "does not say where its view stood.*XA" "full snapshot"
    anew $kind
    sql $kind "XA START 'x2'; INSERT INTO t VALUES (101, 1); XA END 'x2'; XA PREPARE 'x2'; XA COMMIT 'x2'"
    next_is_true $kind "one that is within"
    is "$kind: is known" "$(kept "$IT_TMP/n1" t)" "changed 1 rows 0 gone"

    anew $kind
    sql $kind "INSERT INTO t SELECT id + 1000, v FROM t"
    mr_sql $kind -e "FLUSH BINARY LOGS"
    sql $kind "DELETE FROM t WHERE id = 1001; INSERT INTO t VALUES (2000, 1)"
    mr_sql $kind -e "FLUSH BINARY LOGS"
    next_is_true $kind "several logs"
    next_is_true $kind "other tables than the base" --exclude s
    unlike "$kind: what is left out by name is not merged" "$(digests "$IT_TMP/merged")" '"s"'

    rm -rf "$IT_TMP/n1"
    mr_sql $kind -e "CREATE USER few@127.0.0.1 IDENTIFIED BY 'x'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON club.* TO few@127.0.0.1"
    take --base "$IT_TMP/n0" "${uri/root@/few:x@}/club" "$IT_TMP/n1"
    like "$kind: a missing right is named" "$(cat "$ERR")" "GRANT|hidden from the account"
    mr_sql $kind -e "DROP USER few@127.0.0.1"

    # the log is not the base's any more
    rm -rf "$IT_TMP/n1"
    mr_sql $kind -e "FLUSH BINARY LOGS"
    last=$(mr_sql $kind -N -e "SHOW BINARY LOGS" | tail -1 | cut -f1)
    [ $kind = CA ] && mr_sql CA -e "SET GLOBAL slave_connections_needed_for_purge = 0" 2>/dev/null
    for _ in 1 2 3 4 5; do
        sleep 1 # MariaDB keeps a log until what it holds is in the engine's own
        mr_sql $kind -e "PURGE BINARY LOGS TO '$last'" 2>/dev/null
        [ "$(mr_sql $kind -N -e "SHOW BINARY LOGS" | wc -l)" -gt 1 ] || break
    done
    take --base "$IT_TMP/n0" "$uri/club" "$IT_TMP/n1"
    refused "$kind: logs that are gone" "does not have log|was begun anew" "full snapshot"
    begin_anew() { if [ $kind = CA ]; then mr_sql CA -e "RESET MASTER"; else mr_sql $kind -e "RESET BINARY LOGS AND GTIDS"; fi; }
    begin_anew
    sql $kind "INSERT INTO t VALUES (-1, 1)"
    anew $kind
    sleep 1.1 # of a log that is begun within the base's own second nothing tells
    begin_anew
    sql $kind "INSERT INTO s SELECT id + 5000, v FROM s; INSERT INTO s SELECT id + 10000, v FROM s; INSERT INTO s SELECT id + 20000, v FROM s; INSERT INTO s SELECT id + 40000, v FROM s"
    take --base "$IT_TMP/n0" "$uri/club" "$IT_TMP/n1"
    refused "$kind: logs that were begun anew" "begun anew" "full snapshot"
done

mr_sql CB -e "CREATE DATABASE club; CREATE TABLE club.t (id INT PRIMARY KEY)"
rm -rf "$IT_TMP/n0" && take "$MR_CA_URI/club" "$IT_TMP/n0"
take --base "$IT_TMP/n0" "$MR_CB_URI/club" "$IT_TMP/n1"
refused "a base of another server" "another server" "made of this server"

# a replica that does not log what it applies, and follows nobody any more when the next link is made
mr_spawn_mariadb CR --skip-log-slave-updates && mr_await CR && mr_replicate CB CR || bail "no replica"
applied() { # ROWS: until the replica has them
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        [ "$(mr_sql CR -e "SELECT COUNT(*) FROM club.t" 2>/dev/null)" != "$1" ] || return 0
        sleep 0.1
    done
    bail "the replica does not come to $1 rows"
}
mr_sql CB -e "INSERT INTO club.t VALUES (1)"
applied 1
take "$MR_CR_URI/club" "$IT_TMP/followed"
mr_sql CB -e "INSERT INTO club.t VALUES (2)"
applied 2
mr_sql CR -e "STOP SLAVE; RESET SLAVE ALL"
take --base "$IT_TMP/followed" "$MR_CR_URI/club" "$IT_TMP/n1"
refused "a base of a replica that logged nothing, and is released" "cannot be the base: .*(did not log what it applied|log_slave_updates)" "full snapshot"

# a server that was started anew, and that had not synced what it had committed if it crashed
rm -rf "$IT_TMP/n0" "$IT_TMP/n1" && take "$MR_CB_URI/club" "$IT_TMP/n0"
sleep 3 # when it was made is a whole second, and so is how long a server runs
uri=$MR_CB_URI number=$(mr_sql CB -e "SELECT @@server_id") port=$(mr_get_server CB PORT)
mr_stop_server CB
mr_start_mariadb CB --server-id="$number" --port="$port" || bail "no MariaDB"
take --base "$IT_TMP/n0" "$uri/club" "$IT_TMP/n1"
is "a server that was started anew, and had ended its log" "$RC $(kept "$IT_TMP/n1" t)" "0 changed 0 rows 0 gone"
rm -rf "$IT_TMP/n1"
pid=$(mr_get_server CB PID)
kill -KILL "$pid"
wait "$pid" 2>/dev/null
mr_start_mariadb CB --server-id="$number" --port="$port" || bail "no MariaDB"
take --base "$IT_TMP/n0" "$uri/club" "$IT_TMP/n1"
like "one that had crashed: all is read" "$RC $(kept "$IT_TMP/n1" t)" "^0 all: the server was started anew since without having ended its log"
rm -rf "$IT_TMP/n1"
mr_sql CB -e "SET GLOBAL sync_binlog = 1; SET GLOBAL innodb_flush_log_at_trx_commit = 1"
take --base "$IT_TMP/n0" "$uri/club" "$IT_TMP/n1"
is "one that syncs at each commit has lost nothing" "$RC $(kept "$IT_TMP/n1" t)" "0 changed 0 rows 0 gone"
rm -rf "$IT_TMP/n0" "$IT_TMP/n1" && take "$MR_CA_URI/club" "$IT_TMP/n0"

# A chain that nobody could read is not gone on with; of an earlier version's base the links are counted.
links() { # links HAVE: what n1 says it goes on from; what comes of a link more, and what that says
    sed -i "s/,\"links\":\"[0-9]*\"/$1/" "$IT_TMP/n1/manifest.json"
    (cd "$IT_TMP/n1" && sha256sum manifest.json >manifest.json.sha256)
    rm -rf "$IT_TMP/n2"
    take --base "$IT_TMP/n1" "$MR_CA_URI/club" "$IT_TMP/n2"
}
take --base "$IT_TMP/n0" "$MR_CA_URI/club" "$IT_TMP/n1"
is "a first link" "$RC $(jq -r .base.links "$IT_TMP/n1/manifest.json")" "0 1"
links ',"links":"998"'
is "the last link that is read" "$RC $(jq -r .base.links "$IT_TMP/n2/manifest.json")" "0 999"
links ',"links":"999"'
is "one more: refused" "$RC $(grep -c 'its chain has 1000 links' "$ERR") $([ -e "$IT_TMP/n2" ] && echo there)" "5 1 "
links ''
is "a base that does not say it" "$RC $(jq -r .base.links "$IT_TMP/n2/manifest.json")" "0 2"
mv "$IT_TMP/n0" "$IT_TMP/elsewhere0" && mkdir "$IT_TMP/away" && mv "$IT_TMP/elsewhere0" "$IT_TMP/away/"
links ''
is "nor does anything beside it" "$RC $(jq -r .base.links "$IT_TMP/n2/manifest.json")" "0 null"
mv "$IT_TMP/away/elsewhere0" "$IT_TMP/n0"
rm -rf "$IT_TMP/n1" "$IT_TMP/n2"

sed -i 's/"binlog_file":"[^"]*"/"binlog_file":null/' "$IT_TMP/n0/manifest.json"
(cd "$IT_TMP/n0" && sha256sum manifest.json >manifest.json.sha256)
take --base "$IT_TMP/n0" "$MR_CA_URI/club" "$IT_TMP/n1"
refused "a base without a position" "does not say where its view stood" "full snapshot"
mr_stop_server CA
mr_start_mariadb CA --skip-log-bin && mr_await CA || bail "no MariaDB"
rm -rf "$IT_TMP/n0" && take "$MR_CA_URI/club" "$IT_TMP/n0"
take --base "$IT_TMP/n0" "$MR_CA_URI/club" "$IT_TMP/n1"
refused "a base of a server without a log" "does not say where its view stood" "full snapshot"

finish
