#!/bin/bash
# snapshot_until.sh: restore --until: rows as of any transaction behind a snapshot, by the binary logs, are
# those that a snapshot of that moment holds; what the logs do not tell is refused by name.
# Rounds (three at least) and changes a round: ROUNDS, CHANGES (3, 40).

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ""
mr_servers_begin || bail "no directory"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>/dev/null) || mr_mysql_root=
mr_spawn_mariadb UA && mr_await UA || bail "no MariaDB"
KINDS="UA"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql UO && mr_await UO || bail "no MySQL"
    KINDS+=" UO"
fi
ROUNDS=${ROUNDS:-3} CHANGES=${CHANGES:-40}
RANDOM=${SEED:-7}
mkdir "$IT_TMP/work"

uri_of() { local name=MR_$1_URI && echo "${!name}"; }
sql() { mr_sql "$1" --default-character-set=utf8mb4 club -e "$2" || bail "SQL failed on $1: $2"; }
digests() { jq -c '[.tables[] | select(.name != "'"${2:-}"'") | [.name, .rows, .digest]] | sort' "$1/manifest.json"; }
archive() { # SERVER
    "$MYRECON" history archive "$(uri_of "$1")" "$IT_TMP/logs$1" >"$IT_TMP/archive.out" 2>&1 || { note <"$IT_TMP/archive.out" && bail "no archive"; }
}
last_gtid() { # SERVER: of the transaction that it committed last
    case $1 in
    UA) mr_sql UA -e "SELECT @@gtid_binlog_pos" ;;
    UO) mr_sql UO -e "SELECT @@gtid_executed" | tr -d '\n' | sed -E 's/:([0-9]+-)?([0-9]+)$/:\2/' ;;
    esac
}

begin_anew() { if [ "$1" = UA ]; then mr_sql UA -e "RESET MASTER"; else mr_sql "$1" -e "RESET BINARY LOGS AND GTIDS"; fi; }

world() { # SERVER
    mr_sql "$1" -e "DROP DATABASE IF EXISTS club; CREATE DATABASE club CHARACTER SET utf8mb4"
    sql "$1" "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), born DATE, f DOUBLE, r FLOAT, b BLOB, j JSON, y YEAR, bits BIT(10),
            e ENUM('x','','z'), s SET('a','b','c'), d DECIMAL(20,6), ts TIMESTAMP(3) NULL, t TIME(2), u BIGINT UNSIGNED, bin BINARY(6), g GEOMETRY,
            made INT AS (CHAR_LENGTH(name)) STORED, c CHAR(5) CHARACTER SET latin1);
        CREATE TABLE pairs (a INT UNSIGNED, b VARCHAR(20) CHARACTER SET latin1, x DECIMAL(9,3), PRIMARY KEY (a, b));
        CREATE TABLE texts (k VARCHAR(30) PRIMARY KEY, v TEXT, w MEDIUMTEXT);
        CREATE TABLE kinds (e ENUM('x','y','z') PRIMARY KEY, v INT);
        CREATE TABLE uniq (a INT NOT NULL, b INT, UNIQUE (a));
        CREATE TABLE logged (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), m INT, FOREIGN KEY (m) REFERENCES uniq (a));
        CREATE TABLE still (id INT PRIMARY KEY, v INT); CREATE TABLE nokey_still (a INT);
        CREATE TRIGGER fired AFTER UPDATE ON pairs FOR EACH ROW INSERT INTO logged (what) VALUES (CONCAT('pair ', NEW.a));
        CREATE VIEW v AS SELECT id, name FROM members;
        INSERT INTO still VALUES (1, 1); INSERT INTO nokey_still VALUES (7), (7); INSERT INTO kinds VALUES ('x', 1); INSERT INTO uniq VALUES (1, 1), (2, 2);
        INSERT INTO members (name, u) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 60) SELECT CONCAT('m', n), n FROM s;
        INSERT INTO pairs SELECT id % 7, CONCAT('k', id), id / 8 FROM members; INSERT INTO texts SELECT CONCAT('key ', id), name, REPEAT('w', id * 20) FROM members"
}
change() { # prints a random statement
    local id=$((RANDOM % 80 + 1)) other=$((RANDOM % 80 + 1)) n=$RANDOM
    case $((RANDOM % 14)) in
    0) echo "INSERT INTO members (name, born, f, r, b, j, y, bits, e, s, d, ts, t, u, bin, g, c) VALUES ('é😀$n', '19${n:0:2}-01-0$((n % 9 + 1))', -0.0 + $n / 7, $n / 3, UNHEX('00FF0A095C$(printf %04x $n)'), '{\"n\": [$n, null, \"ü\"]}', 1990 + $n % 100, $n % 1024, ELT(1 + $n % 3, 'x', '', 'z'), ELT(1 + $n % 3, '', 'a,c', 'b'), -$n.25, '2020-01-01 00:00:00.125' + INTERVAL $n SECOND, '-12:30:01.50', 18446744073709551615 - $n, UNHEX('0102'), ST_GeomFromText('POINT($n 1)'), 'ä ')" ;;
    1) echo "UPDATE members SET name = 'n$n', u = u + 1, y = NULL, d = 1.5 WHERE id % 9 = $((n % 9))" ;;
    2) echo "DELETE FROM members WHERE id = $id" ;;
    3) echo "UPDATE IGNORE members SET id = id + 1000, f = $n WHERE id = $id" ;;
    4) echo "INSERT IGNORE INTO members (id, name) VALUES ($id, 'again $n')" ;;
    5) echo "UPDATE pairs SET x = $n / 4 WHERE a = $((n % 7))" ;;
    6) echo "DELETE FROM pairs WHERE b = 'k$id'" ;;
    7) echo "UPDATE IGNORE texts SET k = UPPER(k), v = 'v$n' WHERE k = 'key $id'" ;;
    8) echo "REPLACE INTO texts VALUES ('key $id', 'r$n', NULL)" ;;
    9) echo "REPLACE INTO kinds VALUES (ELT(1 + $n % 3, 'x', 'y', 'z'), $n)" ;;
    10) echo "INSERT IGNORE INTO uniq VALUES ($other, $n)" ;;
    11) echo "UPDATE uniq SET b = $n WHERE a = $other" ;;
    12) echo "INSERT INTO logged (what, m) SELECT 'ref', MAX(a) FROM uniq" ;;
    13) echo "START TRANSACTION; DELETE FROM texts WHERE k LIKE 'key $((id % 10))%'; UPDATE members SET e = 'z' WHERE id = $other; SAVEPOINT a; UPDATE members SET f = 0; ROLLBACK TO a; $([ $((n % 3)) = 0 ] && echo ROLLBACK || echo COMMIT)" ;;
    esac
}
changes() { # SERVER
    local i statement text=
    for ((i = 0; i < CHANGES; i++)); do
        statement=$(change)
        if [[ $statement =~ ^(UPDATE (members|uniq)|DELETE) && $((RANDOM % 2)) = 0 ]]; then
            statement="SET SESSION binlog_row_image = 'MINIMAL'; $statement; SET SESSION binlog_row_image = 'FULL'"
        fi
        text+="$statement;"$'\n'
        [ $((RANDOM % 15)) != 0 ] || text+="FLUSH BINARY LOGS;"$'\n'
    done
    sql "$1" "$text"
}
until_is() { # KIND WHAT UNTIL TRUTH [ARGS…]: restored into club_copy, it is as the snapshot TRUTH
    local kind=$1 what=$2 until=$3 truth=$4
    mr_sql "$kind" -e "DROP DATABASE IF EXISTS club_copy"
    snap restore --json --no-progress --until "$until" --source-log "$IT_TMP/logs$kind" --rename-db club=club_copy "${@:5}" "$(uri_of "$kind")"
    is "$kind: $what restored" "$RC $(jq -r 'select(.type == "summary").verdict' "$OUT")" "0 equal" || note <"$ERR"
    rm -rf "$IT_TMP/copy"
    take "$(uri_of "$kind")/club_copy" "$IT_TMP/copy"
    is "$kind: $what has the rows of that moment" "$(digests "$IT_TMP/copy")" "$(digests "$truth")"
}
refused() { # KIND WHAT UNTIL PATTERN ARGS…
    mr_sql "$1" -e "DROP DATABASE IF EXISTS club_copy"
    snap restore --no-progress --until "$3" --rename-db club=club_copy "${@:5}" "$(uri_of "$1")"
    is "$1: $2 is refused" "$RC" 5
    like "$1: $2, by name" "$(cat "$ERR")" "$4"
    is "$1: $2: nothing was made" "$(mr_sql "$1" -e "SHOW DATABASES LIKE 'club_copy'")" ""
}

for kind in $KINDS; do
    world $kind
    take "$(uri_of $kind)/club" "$IT_TMP/$kind.base"
    changes $kind
    mr_sql $kind -e "FLUSH BINARY LOGS" # the link's place is in a log that has no transaction
    take --base "$IT_TMP/$kind.base" "$(uri_of $kind)/club" "$IT_TMP/$kind.link"
    mr_sql $kind -e "FLUSH BINARY LOGS"
    for ((round = 0; round < ROUNDS; round++)); do
        changes $kind
        take "$(uri_of $kind)/club" "$IT_TMP/$kind.$round"
        is "$kind: the truth of round $round" "$RC" 0
        AT[round]=$(last_gtid $kind)
        sleep 1.1
        WHEN[round]=$(date -u +'%F %T')
        sleep 1.1
    done
    sql $kind "DELETE FROM members; DELETE FROM texts"
    archive $kind
    for ((round = 0; round < ROUNDS; round++)); do
        until_is $kind "${AT[round]}" "${AT[round]}" "$IT_TMP/$kind.$round" "$IT_TMP/$kind.base"
    done
    until_is $kind "a time" "${WHEN[1]}" "$IT_TMP/$kind.1" "$IT_TMP/$kind.base"
    until_is $kind "a chain" "${AT[2]}" "$IT_TMP/$kind.2" "$IT_TMP/$kind.link"

    # subset, another moment in the midst, memory, encryption, and a run that is killed
    until_is $kind "a chain in another directory" "${AT[2]}" "$IT_TMP/$kind.2" --work-dir "$IT_TMP/work" "$IT_TMP/$kind.link"
    mr_sql $kind -e "DROP DATABASE IF EXISTS club_copy"
    RESTORE=("$MYRECON" snapshot restore --no-progress --threads 1 --source-log "$IT_TMP/logs$kind" --rename-db club=club_copy)
    killed=no
    for delay in 0.35 0.3 0.25 0.2 0.15 0.1; do
        killed_after $delay "${RESTORE[@]}" --until "${AT[0]}" "$IT_TMP/$kind.base" "$(uri_of $kind)" || { mr_sql $kind -e "DROP DATABASE IF EXISTS club_copy" && continue; }
        [ "$(mr_sql $kind -e "SELECT COUNT(*) > 0 FROM club_copy.myrecon_restore" 2>/dev/null)" != 1 ] || { killed=yes && break; } # rows are there
    done
    if [ $killed = yes ]; then
        snap restore --no-progress --until "${AT[1]}" --source-log "$IT_TMP/logs$kind" --rename-db club=club_copy "$IT_TMP/$kind.base" "$(uri_of $kind)"
        is "$kind: what was begun for one moment is not taken for another" "$RC" 5
        "${RESTORE[@]}" --until "${AT[0]}" "$IT_TMP/$kind.base" "$(uri_of $kind)" >"$OUT" 2>"$ERR"
        is "$kind: and is gone on with for its own" $? 0
        rm -rf "$IT_TMP/copy"
        take "$(uri_of $kind)/club_copy" "$IT_TMP/copy"
        is "$kind: which has its rows" "$(digests "$IT_TMP/copy")" "$(digests "$IT_TMP/$kind.0")"
        is "$kind: nothing of it is left on the disk" "$(compgen -G "$IT_TMP/.*.whole*")" ""
    else # a slow machine: each was killed in front of its restore, and nobody goes on with what it left
        echo "# $kind: no kill has met a restore that writes"
        rm -rf "$IT_TMP"/.*.whole.partial
    fi

    # what is refused, by name
    logs=$IT_TMP/logs$kind
    refused $kind "a transaction of nobody" "$(sed -E 's/[0-9]+$/99999/' <<<"${AT[0]}")" 'they end at .* do not have that transaction' --source-log "$logs" "$IT_TMP/$kind.base"
    refused $kind "a time behind the log" "2099-01-01" 'they end at .* name the transaction' --source-log "$logs" "$IT_TMP/$kind.base"
    refused $kind "a time in front of the snapshot" "2001-01-01" 'lies in front of snapshot' --source-log "$logs" "$IT_TMP/$kind.base"
    refused $kind "a transaction that the snapshot has" "${AT[0]}" 'holds .* already|lies in front' --source-log "$logs" "$IT_TMP/$kind.2"
    mkdir "$IT_TMP/gap$kind" "$IT_TMP/late$kind"
    cp "$logs"/*.zst "$IT_TMP/gap$kind"
    first=$(jq -r .consistency.binlog_file "$IT_TMP/$kind.base/manifest.json") last=$(jq -r '.logs[-1].file' "$logs/archive.json")
    for file in "$IT_TMP/gap$kind"/*; do
        case ${file##*/} in "$first".zst | "$last") ;; *) rm "$file" ;; esac
    done
    refused $kind "a gap" "${AT[2]}" 'transactions are missing in front of log' --source-log "$IT_TMP/gap$kind" "$IT_TMP/$kind.base"
    cp "$logs/$last" "$IT_TMP/late$kind"
    snap restore --no-progress --until "${AT[2]}" --source-log "$IT_TMP/late$kind" "$IT_TMP/$kind.base" "$(uri_of $kind)"
    like "$kind: a log that is not there, by name" "$RC $(cat "$ERR")" "^3 .*binary log \"$first\" is not among the files"

    # a log that was copied while its server wrote it: what it is cut within has not happened
    before=$(last_gtid $kind)
    [ $kind != UO ] || sql $kind "SET GLOBAL binlog_transaction_compression = ON"
    sql $kind "INSERT INTO still VALUES (90, 90)"
    cut=$(last_gtid $kind)
    [ $kind != UO ] || sql $kind "SET GLOBAL binlog_transaction_compression = OFF"
    mkdir "$IT_TMP/cut$kind"
    cp "$(mr_get_server $kind DIR)"/data/bin.[0-9]* "$IT_TMP/cut$kind"
    last=$(mr_sql $kind -e "SHOW BINARY LOGS" | tail -n 1 | cut -f1)
    behind=$(mr_sql $kind -e "SHOW BINLOG EVENTS IN '$last'" | awk '$3 == "Gtid" { end = $5 } END { print end }')
    for bytes in $((behind + 30)) "$behind"; do
        truncate -s "$bytes" "$IT_TMP/cut$kind/$last"
        refused $kind "a transaction that the log is cut within" "$cut" "they end at .*, behind $before, .* within that transaction, which is not whole" \
            --source-log "$IT_TMP/cut$kind" "$IT_TMP/$kind.base"
        refused $kind "a time behind it" 2099-01-01 "they end at .*, behind $before, .* name the transaction that it ends with" --source-log "$IT_TMP/cut$kind" "$IT_TMP/$kind.base"
    done
    snap restore --no-progress --until "$before" --source-log "$IT_TMP/cut$kind" --rename-db club=club_copy --tables club.still "$IT_TMP/$kind.base" "$(uri_of $kind)"
    is "$kind: the one in front of it is restored, and definitions of restores are said" "$RC $(mr_sql $kind -e "SELECT COUNT(*) FROM club_copy.still WHERE id = 90")" "4 0"

    # what a log does not tell of a table; the others are restored
    sql $kind "CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE);
        INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1, 1), (2, 2); CREATE TABLE nokey (a INT); INSERT INTO nokey VALUES (1);
        CREATE TABLE cut (id INT PRIMARY KEY); INSERT INTO cut VALUES (1); CREATE TABLE hidden (id INT PRIMARY KEY, v INT); INSERT INTO hidden VALUES (1, 1), (2, 2);
        CREATE TABLE isam (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO isam VALUES (1); CREATE TABLE fine (id INT PRIMARY KEY, v INT); INSERT INTO fine VALUES (1, 1);
        CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO counted (v) VALUES (1), (2); CREATE TABLE counting (id TINYINT AUTO_INCREMENT PRIMARY KEY)"
    take "$(uri_of $kind)/club" "$IT_TMP/$kind.odd"
    sql $kind "DELETE FROM parent WHERE id = 2; INSERT INTO nokey VALUES (2); TRUNCATE cut; INSERT INTO isam VALUES (2); UPDATE fine SET v = 2;
        SET sql_log_bin = 0; UPDATE hidden SET v = 5 WHERE id = 1; SET sql_log_bin = 1; UPDATE hidden SET v = v + 1; CREATE TABLE later (id INT PRIMARY KEY); INSERT INTO later VALUES (1);
        INSERT INTO counted VALUES (40, 3); DELETE FROM counted WHERE id = 40; INSERT INTO counting VALUES (127); DELETE FROM counting"
    sql $kind "INSERT INTO still VALUES (100, 100)"
    odd=$(last_gtid $kind)
    archive $kind
    refused $kind "a table that was made later" "$odd" 'changes "club.later" at .* and the snapshot has no such table' --source-log "$logs" "$IT_TMP/$kind.odd"
    for odd_table in "child:foreign key" "nokey:it has no key" "cut:a statement defined it anew" "isam:its rows in the snapshot are of another moment" \
        "hidden:first change of a row found another one"; do
        refused $kind "${odd_table%%:*}" "$odd" "what became of table \"club.${odd_table%%:*}\": .*${odd_table#*:}" --tables "club.${odd_table%%:*}" --source-log "$logs" "$IT_TMP/$kind.odd"
    done
    mr_sql $kind -e "DROP DATABASE IF EXISTS club_copy"
    snap restore --json --no-progress --until "$odd" --source-log "$logs" --rename-db club=club_copy --tables club.fine --tables club.still --tables 'club.count*' "$IT_TMP/$kind.odd" "$(uri_of $kind)"
    is "$kind: those that it tells of are restored" "$(mr_sql $kind -e "SELECT v FROM club_copy.fine UNION ALL SELECT v FROM club_copy.still WHERE id = 100" | tr '\n' ' ')" "2 100 "
    mr_sql $kind -e "INSERT INTO club_copy.counting VALUES ()" 2>/dev/null
    is "$kind: ids of rows that are gone again are not given a second time" \
        "$(mr_sql $kind -e "INSERT INTO club_copy.counted (v) VALUES (9); SELECT MAX(id) FROM club_copy.counted; SELECT COUNT(*) FROM club_copy.counting" | tr '\n' ' ')" "41 0 "
    like "$kind: a definition that stays the snapshot's is said" "$RC $(jq -r 'select(.type == "note").text' "$OUT")" '^4 .*CREATE TABLE later'

    # a foreign key that the snapshot does not have takes rows along, and no event says so
    sql $kind "CREATE TABLE owner (id INT PRIMARY KEY); INSERT INTO owner VALUES (1), (2); CREATE TABLE thing (id INT PRIMARY KEY, o INT, KEY (o)); INSERT INTO thing VALUES (1, 1), (2, 2)"
    take "$(uri_of $kind)/club" "$IT_TMP/$kind.keyless"
    sql $kind "ALTER TABLE thing ADD CONSTRAINT things FOREIGN KEY (o) REFERENCES owner (id) ON DELETE CASCADE; DELETE FROM owner WHERE id = 2"
    hung=$(last_gtid $kind)
    archive $kind
    refused $kind "a foreign key that came later" "$hung" 'what became of table "club.thing": a foreign key was added' --tables club.thing --tables club.owner --source-log "$logs" "$IT_TMP/$kind.keyless"

    # logs that were begun anew: the same numbers, and other transactions at other places
    begin_anew $kind
    for i in 1 2 3; do sql $kind "INSERT INTO still VALUES (20$i, 1)"; done
    take "$(uri_of $kind)/club" "$IT_TMP/$kind.few"
    begin_anew $kind
    sql $kind "INSERT INTO texts VALUES ('anew', REPEAT('x', 8000), NULL)"
    for i in 4 5 6; do sql $kind "INSERT INTO still VALUES (20$i, 1)"; done
    anew=$(last_gtid $kind)
    "$MYRECON" history archive "$(uri_of $kind)" "$IT_TMP/anew$kind" >"$IT_TMP/archive.out" 2>&1 || bail "no archive"
    refused $kind "logs that were begun anew" "$anew" 'is not the one that snapshot .* stands in' --source-log "$IT_TMP/anew$kind" "$IT_TMP/$kind.few"
done
# servers that write one domain in turn, without gtid_strict_mode; and a stamp that is far ahead
begin_anew UA
mr_sql UA -e "SET GLOBAL gtid_strict_mode = OFF"
sql UA "SET SESSION server_id = 71, gtid_seq_no = 101; INSERT INTO still VALUES (400, 1)"
sql UA "SET SESSION server_id = 72, gtid_seq_no = 100; INSERT INTO still VALUES (401, 1)"
take "$(uri_of UA)/club" "$IT_TMP/UA.turns"
sql UA "SET SESSION server_id = 71, gtid_seq_no = 102; INSERT INTO still VALUES (402, 1)"
sql UA "SET timestamp = 1893456000; INSERT INTO still VALUES (403, 1)"
sql UA "INSERT INTO still VALUES (404, 1)"
"$MYRECON" history archive "$(uri_of UA)" "$IT_TMP/turns" >"$IT_TMP/archive.out" 2>&1 || bail "no archive"
refused UA "a time that a stamp is ahead of" "$(date -u -d '1 hour' +'%F %T')" 'does not tell what had been committed by .* stamped 2030-01-01 00:00:00 UTC, and behind it' \
    --tables club.still --source-log "$IT_TMP/turns" "$IT_TMP/UA.turns"
like "UA: with the last one in front of both" "$(cat "$ERR")" 'in front of both is 0-71-102'
snap restore --no-progress --until 0-71-102 --source-log "$IT_TMP/turns" --rename-db club=club_copy --tables club.still "$IT_TMP/UA.turns" "$(uri_of UA)"
is "UA: numbers that go down are those of the snapshot's log" "$RC $(mr_sql UA -e "SELECT COUNT(*) FROM club_copy.still WHERE id >= 400")" "0 3"

# a backup that cannot be written to
if unshare --mount true 2>/dev/null; then
    unshare --mount --propagation private sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' sh "$IT_TMP" \
        "$MYRECON" snapshot restore --no-progress --until 0-71-102 --source-log "$IT_TMP/turns" "$IT_TMP/UA.turns" "$(uri_of UA)" >"$OUT" 2>"$ERR" </dev/null
    like "a backup on a disk that is read-only: with the way out" "$? $(tr '\n' ' ' <"$ERR")" '^3 .*could not create a temporary file .*: read-only file system .*hint: With --work-dir DIR it lies elsewhere'
fi

# a MySQL that was built from a backup: what it was given with no log names
if [ -n "$mr_mysql_root" ]; then
    begin_anew UO
    mr_sql UO -e "SET GLOBAL gtid_purged = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77'; FLUSH BINARY LOGS"
    sql UO "INSERT INTO still VALUES (300, 1)"
    take "$(uri_of UO)/club" "$IT_TMP/UO.built"
    is "UO: what has no log is in the manifest" "$(jq -r .consistency.gtid_purged "$IT_TMP/UO.built/manifest.json")" "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77"
    sql UO "INSERT INTO still VALUES (301, 1)"
    built=$(mr_sql UO -e "SELECT CONCAT(@@server_uuid, ':2')")
    "$MYRECON" history archive "$(uri_of UO)" "$IT_TMP/built" >"$IT_TMP/archive.out" 2>&1 || bail "no archive"
    mr_sql UO -e "DROP DATABASE IF EXISTS club_copy"
    snap restore --no-progress --until "$built" --source-log "$IT_TMP/built" --rename-db club=club_copy --tables club.still "$IT_TMP/UO.built" "$(uri_of UO)"
    is "UO: rows of a server that was built from a backup are brought to a moment" "$RC $(mr_sql UO -e "SELECT COUNT(*) FROM club_copy.still WHERE id IN (300, 301)")" "0 2"
fi
[ -z "$mr_mysql_root" ] || refused UA "the log of another server" 2099-01-01 'holds logs of another server' --source-log "$IT_TMP/logsUO" "$IT_TMP/UA.base"
finish
