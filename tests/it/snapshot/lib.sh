# lib.sh: what the server tests of snapshots share, on top of lib.sh.

settings stay # local_infile above all, with which rows are loaded

take() { # take ARGS…: snapshot create ARGS…; $RC, $OUT, $ERR
    CMD=("$MYRECON" snapshot create --no-progress "$@")
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

snap() { # snap COMMAND ARGS…: another of the commands
    CMD=("$MYRECON" snapshot "$@")
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

killed_after() { # killed_after SECONDS COMMAND…: kills it; gone when this returns; 1: it was quicker
    local delay=$1 pid status=0
    shift
    "$@" >/dev/null 2>&1 </dev/null &
    pid=$!
    sleep "$delay"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null || status=$?
    [ $status = 137 ]
}

every_type() { # every_type SIDE: the schema of snapshot_types.sql in $DB, and what SIDE has more
    client "$1" -D "$DB" --binary-mode <"$IT_DIR/snapshot_types.sql" || bail "SQL failed on side $1"
    case $1 in
    a | b) at "$1" "CREATE SEQUENCE sq START WITH 5 INCREMENT BY 3; DO NEXTVAL(sq);
        CREATE TABLE uu (id UUID PRIMARY KEY, i6 INET6, i4 INET4, inv INT INVISIBLE DEFAULT 3);
        INSERT INTO uu (id, i6, i4, inv) VALUES (UUID(), '::1', '1.2.3.4', 7), (UUID(), NULL, NULL, NULL)" ;;
    o) at o "CREATE TABLE inv (id INT PRIMARY KEY, x INT INVISIBLE, v VECTOR(2));
        INSERT INTO inv (id, x, v) VALUES (1, 2, TO_VECTOR('[1,2]'))" ;;
    esac
}

stock_client() { # stock_client SIDE ARGS…: the mysql client with no settings of ours
    local u host
    u=$(side_uri "$1")
    u=${u#mysql://} u=${u%%[/?]*}
    host=${u##*@}
    mariadb --no-defaults -h "${host%:*}" -P "${host##*:}" -u "${u%%[:@]*}" "${@:2}"
}

# The commands of RESTORE.txt as they stand there, but for the client with its account, and the
# name of the database.  $KEY: of an encrypted one.
stock_restore() { # stock_restore DIR SIDE FROM TO
    sed "s/\`$3\`/\`$4\`/g" "$1/restore.sql" >"$IT_TMP/renamed.sql"
    sed "s/\`$3\`/\`$4\`/g" "$1/counts.sql" >"$IT_TMP/renamed.counts"
    sed -n 's/^     //p' "$1/RESTORE.txt" | sed "s,\$snap/restore.sql,$IT_TMP/renamed.sql,; s,<counts.sql,<$IT_TMP/renamed.counts,
        s,/var/tmp/restore,$IT_TMP/restore,; s/ -h HOST -u USER -p / /; s|^key=KEY;|key='${KEY:-}';|; s|-in CERT |-in '${CERT:-}' |" >"$IT_TMP/commands"
    {
        declare -f side_uri stock_client
        printf 'mysql() { stock_client %q "$@"; }\n' "$2"
        cat "$IT_TMP/commands"
    } >"$IT_TMP/commands.sh"
    (cd "$1" && bash -e "$IT_TMP/commands.sh") >"$IT_TMP/said" 2>&1 || { note <"$IT_TMP/said" && return 1; }
    # it was whole, every table has its rows, and nothing is left in clear
    grep -qx whole "$IT_TMP/said" && ! grep -qE 'DIFFERENT|STOP' "$IT_TMP/said" &&
        [ "$(grep -cE '\| equal +\|$|	equal$' "$IT_TMP/said")" = "$(jq '.tables | length' "$1/manifest.json")" ] &&
        [ -z "$(compgen -G "$IT_TMP/restore.*")" ] || { note <"$IT_TMP/said" && return 1; }
}
