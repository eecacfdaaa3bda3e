#!/bin/bash
# rewind_truth.sh: random histories, of which some transactions are undone: what stands then is what a model of its
# own says (rewind_truth.py), and undo gives all of it back.  SEEDS of them on MariaDB and MySQL.  Beside it the same
# by mariadb-binlog --flashback, where nobody has changed anything since.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb RT && mr_await RT || bail "no MariaDB"
KINDS=RT
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql RY && mr_await RY || bail "no MySQL"
    KINDS+=" RY"
fi

place() { mr_sql "$1" -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}'; }
fresh_world() { # SERVER
    mr_sql "$1" <<'SQL'
DROP DATABASE IF EXISTS w;
CREATE DATABASE w CHARACTER SET utf8mb4;
USE w;
CREATE TABLE parents (id INT PRIMARY KEY, name VARCHAR(40), n INT, note TEXT) ENGINE=InnoDB;
CREATE TABLE children (id INT PRIMARY KEY, parent INT NOT NULL, n INT, note TEXT, FOREIGN KEY (parent) REFERENCES parents (id)) ENGINE=InnoDB;
CREATE TABLE things (id INT PRIMARY KEY, a INT, b VARCHAR(40), c TEXT) ENGINE=InnoDB;
SQL
}
dump() { # SERVER: $IT_TMP/TABLE.rows
    mr_sql "$1" --raw -e "SELECT JSON_OBJECT('id', id, 'name', name, 'n', n, 'note', note) FROM w.parents" >"$IT_TMP/parents.rows"
    mr_sql "$1" --raw -e "SELECT JSON_OBJECT('id', id, 'parent', parent, 'n', n, 'note', note) FROM w.children" >"$IT_TMP/children.rows"
    mr_sql "$1" --raw -e "SELECT JSON_OBJECT('id', id, 'a', a, 'b', b, 'c', c) FROM w.things" >"$IT_TMP/things.rows"
}
judged() {
    python3 "$IT_DIR/rewind_judge.py" "$IT_TMP/truth.json" "$IT_TMP/plan/conflicts.csv" \
        parents="$IT_TMP/parents.rows" children="$IT_TMP/children.rows" things="$IT_TMP/things.rows"
}
rewind() { # ARGS…: $RC; a plan, with as many deletions as it says
    local n
    rm -rf "$IT_TMP/plan"
    timeout -k 5 120 "$MYRECON" repair plan --policy rewind --target "$URI" --output "$IT_TMP/plan" "$@" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    n=$(sed -n 's/.*the plan deletes \([0-9]*\) rows that were inserted.*/\1/p' "$ERR")
    [ "$RC" = 5 ] && [ -n "$n" ] && [ $# -lt 6 ] || return 0
    rewind "$@" --allow-deletes "$n"
}

for S in $KINDS; do
    URI=$(mr_get_server $S URI)/w
    GOOD=0 WRONG= LOOP_FROM=$SECONDS
    for ((SEED = 1; SEED <= ${SEEDS:-20}; SEED++)); do
        in_time $((SEED - 1)) "${SEEDS:-20}" "$S: worlds" || break
        fresh_world $S
        python3 "$IT_DIR/rewind_truth.py" $SEED "$IT_TMP/truth.json" >"$IT_TMP/world.sql"
        { echo "SET NAMES utf8mb4; USE w;"; sed '/^-- FROM$/,$d' "$IT_TMP/world.sql"; } | mr_sql $S
        FROM=$(place $S)
        { echo "SET NAMES utf8mb4; USE w;"; sed '1,/^-- FROM$/d; /^-- TO$/,$d' "$IT_TMP/world.sql"; } | mr_sql $S
        TO=$(place $S)
        { echo "SET NAMES utf8mb4; USE w;"; sed '1,/^-- TO$/d' "$IT_TMP/world.sql"; } | mr_sql $S
        dump $S
        cat "$IT_TMP"/{parents,children,things}.rows | LC_ALL=C sort >"$IT_TMP/before"
        WHICH=(--from "$FROM" --to "$TO")
        if [ $((SEED % 2)) = 1 ]; then
            "$MYRECON" history show --json --top 1000 --from "$FROM" "$URI" >"$IT_TMP/txs" 2>/dev/null
            GTIDS=$(jq -rs --slurpfile t "$IT_TMP/truth.json" '[.[] | select(.type == "transaction")] | sort_by(.log, .position) |
                [.[$t[0].chosen[]].gtid] | join(",")' "$IT_TMP/txs")
            [ -n "$GTIDS" ] || { GOOD=$((GOOD + 1)) && continue; } # none was chosen
            WHICH=(--transactions "$GTIDS" --tables 'w.*')
        fi
        rewind "${WHICH[@]}"
        APPLIED=$RC
        if [ "$RC" -le 1 ]; then
            "$MYRECON" repair apply --yes "$IT_TMP/plan" "$URI" >"$OUT" 2>"$ERR"
            APPLIED=$?
            dump $S
            SAYS=$(judged)
            "$MYRECON" repair verify "$IT_TMP/plan" "$URI" >"$OUT" 2>&1 || SAYS+=" verify: $?"
            "$MYRECON" repair undo --yes "$IT_TMP/plan" "$URI" >"$OUT" 2>&1 || SAYS+=" undo: $?"
            dump $S
            cat "$IT_TMP"/{parents,children,things}.rows | LC_ALL=C sort | cmp -s - "$IT_TMP/before" || SAYS+=" undo does not give back what was"
        else
            SAYS="plan: $RC $(tail -n 2 "$ERR")"
        fi
        if [ "$APPLIED" -le 1 ] && [ -z "$SAYS" ]; then
            GOOD=$((GOOD + 1))
        else
            WRONG+="seed $SEED: $APPLIED $SAYS"$'\n'
        fi
    done
    is "$S: what stands is what the model says" "$GOOD $WRONG" "$((SEED - 1)) "
done

# the peer, where it can do the same: nothing was changed since
S=RT URI=$(mr_get_server RT URI)/w
if command -v mariadb-binlog >/dev/null; then
    fresh_world $S
    mr_sql $S -e "USE w; INSERT INTO parents VALUES (1, 'a', 1, 'x'), (2, 'b', 2, NULL), (3, 'c', NULL, ''); INSERT INTO things VALUES (1, 1, 'b', 'c'), (2, 2, '', NULL)"
    dump $S && cat "$IT_TMP"/{parents,things}.rows >"$IT_TMP/before"
    FROM=$(place $S)
    mr_sql $S -e "USE w; DELETE FROM parents; UPDATE things SET a = 0"
    TO=$(place $S)
    mr_sql $S -e "FLUSH BINARY LOGS"
    mr_sql $S -e "SELECT @@log_bin_basename" | grep -q . && DATA=$(mr_sql $S -e "SELECT @@datadir")
    mariadb-binlog --flashback --start-position="${FROM##*:}" --stop-position="${TO##*:}" "$DATA/${FROM%:*}" >"$IT_TMP/flashback.sql" 2>"$IT_TMP/flashback.err"
    rewind --from "$FROM" --to "$TO"
    "$MYRECON" repair apply --yes "$IT_TMP/plan" "$URI" >"$OUT" 2>"$ERR"
    dump $S && cat "$IT_TMP"/{parents,things}.rows >"$IT_TMP/ours"
    is "peer: a rewind gives what was" "$(cat "$IT_TMP/ours")" "$(cat "$IT_TMP/before")"
    "$MYRECON" repair undo --yes "$IT_TMP/plan" "$URI" >"$OUT" 2>"$ERR"
    mr_sql $S <"$IT_TMP/flashback.sql" >"$OUT" 2>"$ERR"
    dump $S && cat "$IT_TMP"/{parents,things}.rows >"$IT_TMP/theirs"
    is "peer: and so does mariadb-binlog --flashback" "$(cat "$IT_TMP/theirs")" "$(cat "$IT_TMP/before")"
    # what was put right since: a flashback writes over it, or stops in the middle
    mr_sql $S -e "USE w; UPDATE things SET a = 0"
    TO=$(place $S) FROM=${TO%:*}:$(mr_sql $S -e "SHOW BINLOG EVENTS IN '${TO%:*}'" | awk '$3 == "Gtid" {p = $2} END {print p}')
    mr_sql $S -e "USE w; UPDATE things SET a = 5 WHERE id = 1"
    rewind --from "$FROM" --to "$TO"
    "$MYRECON" repair apply --yes "$IT_TMP/plan" "$URI" >"$OUT" 2>"$ERR"
    is "peer: a correction since stays" "$(mr_sql $S -e "SELECT GROUP_CONCAT(id, ':', a ORDER BY id) FROM w.things")" "1:5,2:2"
else
    skip "peer: mariadb-binlog --flashback" "there is none"
fi
finish
