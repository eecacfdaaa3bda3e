#!/bin/bash
# merge_three_still.sh: logs that were read a while ago, by GTIDs of either family and by places without them.
# What SOURCE has executed since is read on by GTIDs; without them it is said, and its log is not used; a restored change can be stopped at; a plan
# made again takes up what was decided.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb KS && mr_spawn_mariadb KT && mr_await KS KT && mr_replicate KS KT || bail "no MariaDB pair"
PAIRS="KS:KT:gtid"
if [ -n "$mr_mysql_root" ]; then
    OFF=(--gtid-mode=OFF --enforce-gtid-consistency=OFF)
    mr_spawn_mysql KO && mr_spawn_mysql KQ && mr_spawn_mysql KX "${OFF[@]}" && mr_spawn_mysql KY "${OFF[@]}" &&
        mr_await KO KQ KX KY && mr_replicate KO KQ || bail "no MySQL pairs"
    PAIRS+=" KO:KQ:gtid KX:KY:place"
fi

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    mr_sql "$1" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
world() { # SERVER
    mr_sql "$1" <<'SQL'
CREATE DATABASE club;
CREATE TABLE club.members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20), points INT NOT NULL DEFAULT 0);
INSERT INTO club.members (mobile, city) VALUES ('1','x'),('2','x'),('3','x'),('4','x'),('5','x'),('6','x'),('7','x'),('8','x');
SQL
}
place() { # SERVER: FILE:POS
    { mr_sql "$1" -e "SHOW BINARY LOG STATUS" 2>/dev/null || mr_sql "$1" -e "SHOW MASTER STATUS"; } | awk '{ print $1 ":" $2 }'
}
by_kind() { # DIR: "kind key,…;…"
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    kinds.setdefault(row["kind"], []).append(row["source_key"])
print(";".join("%s %s" % (k, ",".join(sorted(v))) for k, v in sorted(kinds.items())))
PY
}
by_logs() { # DIR: "outcome count;…"
    jq -r '[.rows.tables[].logs[]?] | map("\(.outcome) \(.count)") | join(";")' "$1/plan.json"
}
collect() { # reads both sides' rows and logs
    run check --config "$IT_TMP/club.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/club.ini" --case "$CASE" "${SPLIT[@]}"
}
plan() { # NAME OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$S.$1
    shift
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$PLAN" "$@"
}
decide() { # KIND KEY CHOICE DIR: its conflicts.csv, so decided
    python3 - "$@" <<'PY'
import csv, sys
kind, key, choice, plan = sys.argv[1:]
rows = list(csv.DictReader(open(plan + "/conflicts.csv", newline="")))
out = csv.DictWriter(sys.stdout, rows[0].keys())
out.writeheader()
for row in rows:
    out.writerow(dict(row, decision=choice if (row["kind"], row["source_key"]) == (kind, key) else ""))
PY
}
gone_on() { grep -c 'SOURCE has executed transactions since its binary logs were read' "$ERR"; }
members() { # SERVER: "id:city:points …"
    mr_sql "$1" -e "SELECT CONCAT_WS(':', id, city, points) FROM club.members ORDER BY id" | paste -sd ' '
}

printf '[table club.members]\nidentity = mobile\nsubject = yes\n' >"$IT_TMP/club.ini"

for PAIR in $PAIRS; do
    IFS=: read -r S T BY <<<"$PAIR"
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    world $S
    if [ $BY = gtid ]; then
        await_same $S $T
        mr_sql $T -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql $T -e "STOP REPLICA; RESET REPLICA ALL"
        SPLIT=()
    else
        world $T
        SPLIT=(--split "source=$(place $S),target=$(place $T)")
    fi
    mr_sql $S -e "USE club; UPDATE members SET city = 'south' WHERE id IN (1, 6); INSERT INTO members (mobile) VALUES ('30')"
    mr_sql $T -e "USE club; UPDATE members SET points = 7 WHERE id IN (2, 6); DELETE FROM members WHERE id = 4; INSERT INTO members (mobile) VALUES ('40')"
    collect
    is "$S: collected, by $BY" "$RC $(sqlite3 "$CASE" 'SELECT DISTINCT own_by FROM history_side' 2>/dev/null || echo -)" "0 $([ $BY = gtid ] && echo 1 || echo 2)"
    plan first
    is "$S: what the lost side changed alone is restored" "$RC $(gone_on) $(by_kind "$PLAN") $(by_logs "$PLAN")" \
        "1 0 both-changed 6 both-changed 1;restored-change 1;unchanged-in-source 2"

    # to stop at a restored change: nothing is planned
    plan stop --on-conflict restored-change=stop
    like "$S: stopped at a restored change" "$RC $(grep error "$ERR")" '^5 .*a row of table "club.members" has a change to be restored: the choice for restored-change is to stop'
    is "$S: and nothing is left of it" "$(ls -d "$PLAN" 2>/dev/null)" ""

    # SOURCE goes on: its log is read on; without GTIDs nothing tells that it is the same, so what it told is old, and
    # TARGET's, which has stood still, is not
    mr_sql $S -e "USE club; UPDATE members SET city = 'later' WHERE id = 3; UPDATE members SET city = 'later' WHERE id = 1"
    plan since
    is "$S: SOURCE has gone on: read on, or said, and told by TARGET's log alone" "$RC $(gone_on) $(by_kind "$PLAN") $(by_logs "$PLAN")" \
        "1 $([ $BY = gtid ] && echo 0 || echo 1) both-changed 6 both-changed 1;restored-change 1;unchanged-in-source 2"

    # and TARGET, too: then nobody's log says how a row stood that it does not name, unless it is read on
    mr_sql $T -e "USE club; UPDATE members SET points = 1 WHERE id = 5"
    plan both
    is "$S: both have: read on, or asked as without marks" "$RC $(gone_on) $(by_kind "$PLAN") $(by_logs "$PLAN")" \
        "$([ $BY = gtid ] && echo "1 0 both-changed 6 both-changed 1;restored-change 1;unchanged-in-source 2" ||
            echo "1 1 changed 6;changed-in-source 1;deleted-on-live 4 ")"

    # read again: it is known, and said no more
    collect
    plan again
    is "$S: collected again" "$RC $(gone_on) $(by_kind "$PLAN") $(by_logs "$PLAN")" \
        "1 0 both-changed 6 both-changed 1;restored-change 2;unchanged-in-source 3"
    DECIDED=$IT_TMP/$S.csv
    decide both-changed 6 columns "$PLAN" >"$DECIDED"
    plan decided --decisions "$DECIDED"
    is "$S: decided by columns" "$RC $(by_kind "$PLAN")" "0 both-changed 6"
    run repair apply --yes "$PLAN" "$TU"
    is "$S: applied" "$RC $(members $T | cut -d ' ' -f 1-7)" "0 1:later:0 2:x:7 3:later:0 5:x:1 6:south:7 7:x:0 8:x:0"
    run repair verify "$PLAN" "$TU"
    is "$S: verified" "$RC" 0
    plan after --decisions "$DECIDED"
    is "$S: planned again, and nothing is left to do" "$RC $(cat "$OUT" "$ERR" | grep -c '0 changes of rows in 0 units; conflicts: 0 open, 0 decided')" "0 1"
done
finish
