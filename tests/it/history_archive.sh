#!/bin/bash
# history_archive.sh: binary logs of servers, archived to the byte, proved, and gone on with; each fault is
# named: damage, another server, logs that were begun anew, removed, or may not be read.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
DRIVER=${BUILD:-$IT_DIR/../../build}/tests/it/binlog_driver
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb HA --log-bin-compress=ON && mr_await HA || bail "no MariaDB"
KINDS="HA"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql HO --binlog-transaction-compression=ON && mr_await HO || bail "no MySQL"
    KINDS+=" HO"
fi

archive() { # ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" history archive "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
states() { jq -r 'select(.type == "log") | .state' "$OUT" | LC_ALL=C sort | uniq -c | awk '{printf "%s %s ", $2, $1}'; }
datadir() { mr_sql "$1" -e "SELECT @@datadir" | sed "s,^/srv/,${mr_mysql_root:-}/srv/,"; }
write() { # SERVER
    mr_sql "$1" -e "CREATE DATABASE IF NOT EXISTS h; CREATE TABLE IF NOT EXISTS h.t (id INT PRIMARY KEY AUTO_INCREMENT, b LONGTEXT);
        INSERT INTO h.t (b) VALUES ('x'), (REPEAT('y', 100000)), (NULL); UPDATE h.t SET b = REPEAT('z', 200000); DELETE FROM h.t LIMIT 2"
}
same_as_server() { # SERVER DIR: how many logs that are whole are what stands on the server's disk
    local data same=0 name
    data=$(datadir "$1")
    while read -r name; do
        zstd -dqc "$2/$name.zst" | cmp -s - "$data/$name" && same=$((same + 1))
    done < <(jq -r '.logs[] | select(.whole).name' "$2/archive.json")
    echo $same
}

purge() { # SERVER: all but the log that is being written; MariaDB keeps those that a recovery might need
    for _ in {1..100}; do
        mr_sql "$1" -e "PURGE BINARY LOGS TO '$(mr_sql "$1" -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)'"
        [ "$(mr_sql "$1" -e "SHOW BINARY LOGS" | wc -l)" -gt 1 ] || return 0
        sleep 0.1
    done
    bail "the logs are not purged"
}

for ON in $KINDS; do
    DIR=$IT_TMP/$ON URI=$(mr_get_server $ON URI)
    for _ in 1 2 3; do
        write $ON
        mr_sql $ON -e "FLUSH BINARY LOGS"
    done
    WHOLE=$(($(mr_sql $ON -e "SHOW BINARY LOGS" | wc -l) - 1))
    write $ON

    archive --json "$URI" "$DIR"
    is "$ON: archived" "$RC $(states)" "0 added $((WHOLE + 1)) "
    is "$ON: those that are whole are the server's files" "$(same_as_server $ON "$DIR")" $WHOLE
    is "$ON: the last is not closed yet" "$(jq -r '[.logs[].whole] | map(tostring) | join(" ")' "$DIR/archive.json" | awk '{print $NF}')" false
    archive --verify --json "$DIR"
    is "$ON: proved" "$RC $(states)" "0 good $((WHOLE + 1)) "
    is "$ON: the server's own tool reads what comes out" \
        "$(zstd -dqc "$DIR/$(jq -r '.logs[0].name' "$DIR/archive.json").zst" | mariadb-binlog --no-defaults - 2>/dev/null | grep -c 'end_log_pos')" \
        "$(mariadb-binlog --no-defaults "$(datadir $ON)/$(jq -r '.logs[0].name' "$DIR/archive.json")" 2>/dev/null | grep -c 'end_log_pos')"

    # what is there is not read again; the one that was being written is
    STAMP=$(stat -c %Y.%i "$DIR"/*.000001.zst)
    write $ON
    mr_sql $ON -e "FLUSH BINARY LOGS"
    archive --json "$URI" "$DIR"
    is "$ON: gone on with" "$RC $(states)" "0 added 2 kept $WHOLE "
    is "$ON: of the one that is written one copy" "$(ls "$DIR" | grep -cE '\.[0-9]{6}\.[0-9]+\.zst$')" 1
    is "$ON: nothing twice" "$(stat -c %Y.%i "$DIR"/*.000001.zst)" "$STAMP"
    is "$ON: all that are whole are the server's files" "$(same_as_server $ON "$DIR")" $((WHOLE + 1))
    archive "$URI" "$DIR"
    like "$ON: in words" "$(tail -n 1 "$OUT")" "^  myrecon history archive --verify .*/$ON$"

    # a directory of somebody else: not a file is touched
    mkdir "$DIR.mine"
    for NAME in bin.000001.zst .bashrc.new .myrecon-notes.tmp; do echo mine >"$DIR.mine/$NAME"; done
    archive "$URI" "$DIR.mine"
    is "$ON: somebody else's directory: refused" "$RC $(grep -c 'holds no archive.json, and is not empty' "$ERR")" "5 1"
    is "$ON: and as it was" "$(cat "$DIR.mine"/* "$DIR.mine"/.[a-z]* | grep -c '^mine$') $(find "$DIR.mine" -type f | wc -l)" "3 3"
    rm "$DIR.mine"/.[a-z]* && mv "$DIR.mine/bin.000001.zst" "$DIR.mine/.myrecon-1-1.tmp" && mkdir "$DIR.mine/lost+found"
    archive --json "$URI" "$DIR.mine"
    is "$ON: what a run has left that was killed at once, and a new file system" "$RC $(find "$DIR.mine" -name '.myrecon*' | wc -l)" "0 0"

    # a server that lies about one log keeps us from no other, and is not believed
    for LIE in elsewhere rotates beats goes-on skips; do
        exec 8< <(exec python3 "$IT_DIR/binlog_liar.py" "$(mr_get_server $ON PORT)" $LIE 2>/dev/null)
        LIAR=$!
        read -r LIAR_PORT <&8
        archive --json "mysql://root@127.0.0.1:$LIAR_PORT?ssl-mode=disabled" "$DIR.$LIE"
        LOGS=$(mr_sql $ON -e "SHOW BINARY LOGS" | wc -l)
        is "$ON: $LIE: told, and all others are there" "$RC $(states)" "4 added $((LOGS - 1)) missing 1 "
        archive --json "mysql://root@127.0.0.1:$LIAR_PORT?ssl-mode=disabled" "$DIR.$LIE"
        is "$ON: $LIE: once it is honest that one, too" "$RC $(states | grep -c 'added [12] kept')" "0 1"
        kill $LIAR
        exec 8<&-
    done

    # a time in between: from the log that was open then
    mr_sql $ON -e "DO SLEEP(1.1)"
    SINCE=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    mr_sql $ON -e "DO SLEEP(1.1); FLUSH BINARY LOGS"
    write $ON
    archive --json --split-at "$SINCE" "$URI" "$DIR.since"
    is "$ON: since a time" "$RC $(states)" "0 added 2 "
    archive --split-at 2026-01-01 "$URI" "$DIR.first"
    is "$ON: since a time in front of all logs that the server ever had" "$RC $(grep -c '^incomplete' "$OUT")" "0 0"

    # what is gone from the archive is taken again while the server has it
    rm -rf "$DIR.bad"
    cp -a "$DIR" "$DIR.bad"
    rm "$DIR.bad/$(jq -r '.logs[0].file' "$DIR/archive.json")"
    truncate -s -1 "$DIR.bad/$(jq -r '.logs[1].file' "$DIR/archive.json")"
    archive --json "$URI" "$DIR.bad"
    is "$ON: gone, and cut: read again" "$RC $(jq -r 'select(.type == "log") | .state' "$OUT" | head -n 3 | tr '\n' ' ')" "0 added added kept "
    archive --verify "$DIR.bad"
    is "$ON: and good" "$RC" 0

    # zeros without end, in a list that was sealed again
    NAME=$(jq -r '.logs[0].name' "$DIR/archive.json")
    head -c 200000000 /dev/zero | zstd -qcf >"$DIR.bad/$NAME.zst"
    BODY=$(jq -c --arg s "$(sha256sum <"$DIR.bad/$NAME.zst" | cut -d' ' -f1)" --argjson b "$(stat -c %s "$DIR.bad/$NAME.zst")" \
        'del(.sha256) | .logs[0].sha256 = $s | .logs[0].stored_bytes = $b' "$DIR/archive.json")
    BODY=${BODY%\}}
    printf '%s,"sha256":"%s"}\n' "$BODY" "$(printf %s "$BODY" | sha256sum | cut -d' ' -f1)" >"$DIR.bad/archive.json"
    archive --verify "$DIR.bad"
    is "$ON: more comes out than was put in: no more is read" "$RC $(grep -c 'more comes out of it than was put in' "$OUT")" "1 1"

    # a name that a shell would take apart is given in quotes
    archive "$URI" "$DIR's own"
    is "$ON: the command to prove it can be run" "$RC $(cd "$IT_TMP" && eval "$(tail -n 1 "$OUT" | sed "s,^ *myrecon,'$MYRECON',")" | tail -n 1 | grep -c 'are what was written')" "0 1"

    # damage
    for FAULT in flip cut empty gone link; do
        rm -rf "$DIR.bad"
        cp -a "$DIR" "$DIR.bad"
        FILE=$DIR.bad/$(jq -r '.logs[1].name' "$DIR/archive.json").zst
        case $FAULT in
        flip) printf '\377\001' | dd of="$FILE" bs=1 seek=60 conv=notrunc status=none ;;
        cut) truncate -s -1 "$FILE" ;;
        empty) : >"$FILE" ;;
        gone) rm "$FILE" ;;
        link) mv "$FILE" "$DIR.bad/x" && ln -s x "$FILE" ;;
        esac
        archive --verify "$DIR.bad"
        is "$ON: $FAULT: found, once" "$RC $(grep -cE '^(damaged|missing)' "$OUT")" "1 1"
    done
    rm -rf "$DIR.bad"
    cp -a "$DIR" "$DIR.bad"
    sed -i 's/"whole":true/"whole":false/' "$DIR.bad/archive.json"
    archive --verify "$DIR.bad"
    is "$ON: a list that was changed: refused" "$RC" 5
    archive "$URI" "$DIR.bad"
    is "$ON: and nothing is added to it" "$RC" 5
    like "$ON: with what to do" "$(cat "$ERR")" 'hint: Nothing was done. Put back the copy'
    rm "$DIR.bad/archive.json"
    archive --verify "$DIR.bad"
    is "$ON: no list" "$RC" 5

    # an account that may not
    mr_sql $ON -e "CREATE USER nobody@127.0.0.1 IDENTIFIED BY 'pw'"
    PORT=$(mr_get_server $ON PORT)
    MONITOR='BINLOG MONITOR'
    [ $ON = HA ] || MONITOR='REPLICATION CLIENT'
    GRANT="Run: GRANT REPLICATION SLAVE, $MONITOR ON \*\.\* TO .nobody.@.127.0.0.1.$"
    archive "mysql://nobody:pw@127.0.0.1:$PORT" "$DIR.nobody"
    is "$ON: no right: named, as a GRANT" "$RC $(grep -c "$GRANT" "$ERR")" "4 1"
    is "$ON: and no directory is left" "$([ -e "$DIR.nobody" ] && echo there)" ""
    mr_sql $ON -e "GRANT $MONITOR ON *.* TO nobody@127.0.0.1"
    archive "mysql://nobody:pw@127.0.0.1:$PORT" "$DIR.nobody"
    is "$ON: no right to read" "$RC $(grep -c "$GRANT" "$ERR")" "4 1"
    archive --verify "$DIR.nobody"
    is "$ON: nothing is in it yet: said" "$RC $(grep -c 'no log is in the archive yet' "$OUT")" "4 1"
    mr_sql $ON -e "GRANT REPLICATION SLAVE ON *.* TO nobody@127.0.0.1"
    archive "mysql://nobody:pw@127.0.0.1:$PORT" "$DIR.nobody"
    is "$ON: these two suffice" "$RC" 0

    # logs that were removed before they were archived
    mr_sql $ON -e "FLUSH BINARY LOGS; FLUSH BINARY LOGS"
    purge $ON
    archive "$URI" "$DIR"
    is "$ON: removed before: named" "$RC $(grep -cm1 "^incomplete: " "$OUT")" "4 1"
    archive "$URI" "$DIR"
    is "$ON: and again" "$RC $(grep -cm1 "^incomplete: " "$OUT")" "4 1"
    archive --verify "$DIR"
    is "$ON: and by --verify" "$RC $(grep -cm1 "^incomplete: " "$OUT")" "4 1"
    archive --split-at 2026-01-01 "$URI" "$DIR.late"
    is "$ON: removed since that time: named" "$RC $(grep -c '^incomplete: the first log that is there, ".*", was begun at 20.* UTC' "$OUT")" "4 1"
    archive --split-at 2026-01-01 "$URI" "$DIR"
    is "$ON: but not where the archive goes back so far" "$RC $(grep -c 'the first log that is there' "$OUT")" "4 0"

    # begun anew
    if [ $ON = HA ]; then mr_sql $ON -e "RESET MASTER"; else mr_sql $ON -e "RESET BINARY LOGS AND GTIDS"; fi
    write $ON
    archive "$URI" "$DIR"
    is "$ON: begun anew: refused" "$RC $(grep -c 'it is another one\|begun at another time\|none of the logs' "$ERR")" "5 1"
    archive --verify "$DIR"
    is "$ON: and what was there is what was written" "$RC $(tail -n 1 "$OUT" | grep -c 'are what was written')" "4 1"

    # what is wrong on the server's own disk: kept as it is, told, and what stands behind it, too
    mr_sql $ON -e "FLUSH BINARY LOGS"
    for FAULT in flip cut gone; do
        write $ON
        mr_sql $ON -e "FLUSH BINARY LOGS"
        LOG=$(mr_sql $ON -e "SHOW BINARY LOGS" | tail -n 2 | head -n 1 | cut -f 1)
        write $ON
        mr_sql $ON -e "FLUSH BINARY LOGS"
        FILE=$(datadir $ON)/$LOG
        case $FAULT in
        flip) printf '\377\001' | dd of="$FILE" bs=1 seek=$(($(stat -c %s "$FILE") - 60)) conv=notrunc status=none ;;
        cut) truncate -s -30 "$FILE" ;;
        gone) mv "$FILE" "$FILE.gone" ;;
        esac
        archive --json --split-at "$SINCE" "$URI" "$DIR.$FAULT.since"
        is "$ON: $FAULT on the server, since a time: told, too" "$RC $(jq -r --arg l "$LOG" 'select(.type == "log" and .name == $l) | .reason != null' "$OUT")" "4 true"
        archive --json "$URI" "$DIR.$FAULT"
        LOGS=$(mr_sql $ON -e "SHOW BINARY LOGS" | wc -l)
        is "$ON: $FAULT on the server: told, and all others are there" \
            "$RC $(jq -r --arg l "$LOG" 'select(.type == "log" and .name == $l) | .reason != null' "$OUT") $(jq -r 'select(.type == "log" and .state == "added") | .name' "$OUT" | wc -l)" \
            "4 true $((LOGS - $([ $FAULT = gone ] && echo 1 || echo 0)))"
        archive --json "$URI" "$DIR.$FAULT"
        is "$ON: $FAULT on the server: not read again, and told again" "$RC $(jq -r --arg l "$LOG" 'select(.type == "log" and .name == $l) | "\(.state) \(.reason != null)"' "$OUT")" \
            "4 $([ $FAULT = gone ] && echo missing || echo kept) true"
        [ $FAULT = gone ] && mv "$FILE.gone" "$FILE"
        mr_sql $ON -e "FLUSH BINARY LOGS"
        purge $ON
    done

    # two at a time, and one that is killed
    mkdir "$DIR.two"
    exec 9<"$DIR.two"
    flock 9
    archive "$URI" "$DIR.two"
    exec 9<&-
    is "$ON: another run is at work" "$RC $(grep -c 'another run is at work' "$ERR")" "5 1"
    mr_sql $ON -e "INSERT INTO h.t (b) SELECT REPEAT(UUID(), 20000) FROM h.t a, h.t b LIMIT 60"
    for DELAY in 0.05 0.1 0.2 0.3; do
        "$MYRECON" history archive "$URI" "$DIR.two" >"$OUT" 2>"$ERR" &
        sleep $DELAY
        kill -9 $! 2>/dev/null
        wait $! 2>/dev/null
        mr_sql $ON -e "INSERT INTO h.t (b) VALUES (REPEAT(UUID(), 20000))"
        [ ! -e "$DIR.two/archive.json" ] || archive --verify "$DIR.two"
        [ ! -e "$DIR.two/archive.json" ] && RC=0
        [ "$RC" = 4 ] && grep -q '^incomplete: no log is in the archive yet$' "$OUT" && RC=0
        is "$ON: killed after $DELAY s: what is listed is there" "$RC" 0
    done
    archive "$URI" "$DIR.two"
    is "$ON: gone on with after kills, and nothing left over" "$RC $(find "$DIR.two" -name '.*' -type f | wc -l)" "0 0"
    archive --verify "$DIR.two"
    is "$ON: proved after kills" "$RC" 0
done

# encrypted on the server's disk: what it sends is readable, and is kept so
head -c 32 /dev/zero | tr '\0' 'a' | od -An -tx1 | tr -d ' \n' | sed 's/^/1;/' >"$IT_TMP/keys"
# MYRECON_PLUGINS: where that is, if the server's own directory has none
if mr_spawn_mariadb HE ${MYRECON_PLUGINS:+--plugin-dir="$MYRECON_PLUGINS"} --plugin-load-add=file_key_management --file-key-management-filename="$IT_TMP/keys" --encrypt-binlog=ON &&
    mr_await HE; then
    write HE
    mr_sql HE -e "FLUSH BINARY LOGS"
    write HE
    archive --json "$(mr_get_server HE URI)" "$IT_TMP/HE"
    is "encrypted: archived" "$RC $(states)" "0 added 2 "
    write HE
    archive --json "$(mr_get_server HE URI)" "$IT_TMP/HE"
    is "encrypted: gone on with" "$RC $(states)" "0 added 1 kept 1 "
    archive --verify "$IT_TMP/HE"
    is "encrypted: proved" "$RC" 0
    is "encrypted: the server's own tool reads what comes out" \
        "$(zstd -dqc "$IT_TMP/HE/bin.000001.zst" | mariadb-binlog --no-defaults -v - 2>/dev/null | grep -c '^### UPDATE')" 3
    is "encrypted: and ours" "$("$DRIVER" events "$IT_TMP/HE/bin.000001.zst" | grep -c ' UPDATE_ROWS')" 3
else
    result 0 "encrypted logs # SKIP this MariaDB has no file_key_management"
fi

# MySQL, too, whose file has 512 bytes more than what is sent; a keyring is a manifest beside the program
PLUGINS=$mr_mysql_root/usr/lib/mysql/plugin
if [ -n "$mr_mysql_root" ] && [ -e "$PLUGINS/component_keyring_file.so" ]; then
    KEYS=$mr_chroot_dir/keyring
    mkdir -p "$KEYS/plugin"
    ln "$mr_mysql_root/usr/sbin/mysqld" "$KEYS/mysqld" && cp "$PLUGINS/component_keyring_file.so" "$KEYS/plugin"
    echo '{"components": "file://component_keyring_file"}' >"$KEYS/mysqld.my"
    echo "{\"path\": \"${KEYS#"$mr_mysql_root"}/keys\", \"read_only\": false}" >"$KEYS/plugin/component_keyring_file.cnf"
    mr_mysqld=${KEYS#"$mr_mysql_root"}/mysqld
    mr_spawn_mysql HK --plugin-dir="${KEYS#"$mr_mysql_root"}/plugin" --binlog-encryption=ON && mr_await HK || bail "no MySQL with a keyring"
    mr_mysqld=
    URI=$(mr_get_server HK URI) DIR=$IT_TMP/HK
    write HK
    mr_sql HK -e "FLUSH BINARY LOGS; SET GLOBAL binlog_encryption = OFF"
    write HK
    mr_sql HK -e "SET GLOBAL binlog_encryption = ON"
    write HK
    archive --json "$URI" "$DIR"
    WHOLE=$(($(mr_sql HK -e "SHOW BINARY LOGS" | wc -l) - 1))
    is "encrypted by MySQL: archived" "$RC $(states)" "0 added $((WHOLE + 1)) "
    is "encrypted by MySQL: some are, and only those" "$(mr_sql HK -e "SHOW BINARY LOGS" | cut -f 3 | sort -u | tr '\n' ' ') $(same_as_server HK "$DIR")" \
        "No Yes  $(mr_sql HK -e "SHOW BINARY LOGS" | head -n $WHOLE | grep -c No)"
    write HK
    archive --json "$URI" "$DIR"
    is "encrypted by MySQL: gone on with" "$RC $(states)" "0 added 1 kept $WHOLE "
    archive --verify "$DIR"
    is "encrypted by MySQL: proved" "$RC" 0
    is "encrypted by MySQL: it can be read" "$("$DRIVER" events "$DIR/$(jq -r '.logs[0].name' "$DIR/archive.json").zst" | grep -c ' UPDATE_ROWS')" 3
else
    result 0 "logs that MySQL encrypts # SKIP there is no MySQL 9 with a keyring"
fi

# another server's
if [ -n "$mr_mysql_root" ]; then
    archive "$(mr_get_server HA URI)" "$IT_TMP/HO"
    is "another server's directory: refused" "$RC $(grep -c 'the archive of another server' "$ERR")" "5 1"
fi
mr_spawn_mariadb HN --skip-log-bin && mr_await HN || bail "no MariaDB without a log"
archive "$(mr_get_server HN URI)" "$IT_TMP/HN"
is "no log: said" "$RC $(grep -ci 'binary log' "$ERR")" "4 1"
archive "$(mr_get_server HA URI)"
is "no directory: usage" "$RC" 3
archive --verify "$(mr_get_server HA URI)" "$IT_TMP/HA"
is "--verify of a server: usage" "$RC" 3
archive --verify "$IT_TMP/nowhere"
is "nowhere: refused" "$RC" 5
finish
