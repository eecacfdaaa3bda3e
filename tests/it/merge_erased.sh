#!/bin/bash
# merge_erased.sh: rows that the lost side deleted in transactions of its own, and that the live side still has.
# They stay; with `deleted-in-source=delete` and as many allowed they go, children first, each guarded by all that
# it holds; what stays refers to nobody who is gone; it is proved, and undone.  On MariaDB also by cascades, of
# which its log has no events.  Without the argument `all` on MariaDB alone, and without decisions row by row
# (merge_erased_rows.sh has both).

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=
[ "${1:-}" != all ] || mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb KS && mr_spawn_mariadb KT && mr_await KS KT && mr_replicate KS KT || bail "no MariaDB pair"
PAIRS="KS:KT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql KO && mr_spawn_mysql KQ && mr_await KO KQ && mr_replicate KO KQ || bail "no MySQL pair"
    PAIRS+=" KO:KQ"
fi

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
plan() { # NAME OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$S.$1
    shift
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$PLAN" "$@"
}
rows() { # SERVER: ids of each table
    mr_sql "$1" -e "SELECT GROUP_CONCAT(id ORDER BY id) FROM club.members UNION ALL
        SELECT GROUP_CONCAT(id ORDER BY id) FROM club.orders UNION ALL SELECT GROUP_CONCAT(id ORDER BY id) FROM club.notes
        UNION ALL SELECT GROUP_CONCAT(id ORDER BY id) FROM club.visits" | paste -sd ' '
}
await_same() {
    mr_sql "$S" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(mr_sql "$T" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
erased() { # DIR: "table key choice;…" of what was deleted on SOURCE
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
rows = [r for r in csv.DictReader(open(sys.argv[1], newline="")) if r["kind"] == "deleted-in-source"]
print(";".join(" ".join((r["table"], r["source_key"] + "/" + r["target_key"], r["choices"], r["decision"] or "-")) for r in rows))
PY
}

cat >"$IT_TMP/club.ini" <<'INI'
[table club.members]
identity = mobile
subject = yes
[table club.notes]
reference = member -> club.members.id
INI

for PAIR in $PAIRS; do
    IFS=: read -r S T <<<"$PAIR"
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE club;
CREATE TABLE club.members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20),
    inviter INT UNSIGNED, FOREIGN KEY (inviter) REFERENCES club.members (id));
CREATE TABLE club.orders (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member INT UNSIGNED NOT NULL, sum INT NOT NULL,
    FOREIGN KEY (member) REFERENCES club.members (id));
CREATE TABLE club.notes (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member INT UNSIGNED NOT NULL, text VARCHAR(20));
CREATE TABLE club.visits (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member INT UNSIGNED NOT NULL,
    FOREIGN KEY (member) REFERENCES club.members (id) ON DELETE CASCADE);
INSERT INTO club.members (mobile, city, inviter) VALUES ('1','x',NULL),('2','x',1),('3','x',2),('4','x',NULL),('5','x',NULL),('6','x',NULL),('7','x',NULL),('8','x',NULL);
INSERT INTO club.orders (member, sum) VALUES (1,10),(2,20),(3,30),(4,40),(5,50);
INSERT INTO club.notes (member, text) VALUES (2,'b'),(3,'c'),(6,'f');
INSERT INTO club.visits (member) VALUES (3),(7),(8);
SQL
    await_same
    mr_sql $T -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql $T -e "STOP REPLICA; RESET REPLICA ALL"
    # 3 with order, note and visit, and whom 2 invited; 4 with an order, of whom TARGET has another order since;
    # 5, whom TARGET edited; 7 with a visit by cascade; 6, of whom a note stays that no foreign key holds
    mr_sql $S -e "USE club; DELETE FROM visits WHERE member = 3; DELETE FROM orders WHERE member IN (3, 4, 5);
        DELETE FROM notes WHERE member = 3; DELETE FROM members WHERE id IN (3, 4, 5, 6, 7); UPDATE members SET city = 'y' WHERE id = 1"
    mr_sql $T -e "USE club; INSERT INTO orders (member, sum) VALUES (4, 41); UPDATE members SET city = 'z' WHERE id = 5"
    run check --config "$IT_TMP/club.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/club.ini" --case "$CASE"
    is "$S: collected" "$RC" 0
    BEFORE=$(rows $T)

    plan kept
    ALL="club.members /3 keep;delete keep;club.members /4 keep;delete keep;club.members /5 keep;delete keep;club.members /6 keep;delete keep;club.members /7 keep;delete keep;club.notes /2 keep;delete keep;club.orders /3 keep;delete keep;club.orders /4 keep;delete keep;club.orders /5 keep;delete keep;club.visits /1 keep;delete keep"
    VISIT=";club.visits /2 keep;delete keep"
    mr_sql $S -e "SELECT VERSION()" | grep -qi mariadb && VISIT=
    is "$S: they stay, and are listed" "$RC $(erased "$PLAN")" "0 $ALL$VISIT"

    plan unsaid --on-conflict deleted-in-source=delete
    like "$S: none goes that was not counted" "$RC $(grep error "$ERR")" '^5 .*the plan deletes 9 rows that were deleted on SOURCE'
    plan miscounted --on-conflict deleted-in-source=delete --allow-deletes 8
    like "$S: nor by another number" "$RC $(grep error "$ERR")" '^5 .*deletes 9 rows that were deleted on SOURCE, not the 8 that are allowed'
    plan stop --on-conflict deleted-in-source=stop
    like "$S: one may stop there" "$RC $(grep error "$ERR")" '^5 .*a row of table "club.members" was deleted on SOURCE: the choice for deleted-in-source is to stop'

    plan gone --on-conflict deleted-in-source=delete --allow-deletes 9
    is "$S: planned, but for those that are referred to" "$RC $(erased "$PLAN" | tr ';' '\n' | grep -c 'delete$') $(erased "$PLAN" | tr ';' '\n' | grep -- '-$' | paste -sd ';')" \
        "1 9 club.members /4 keep -;club.members /6 keep -"
    run repair apply --yes "$PLAN" "$TU"
    is "$S: applied" "$RC $(rows $T)" "1 1,2,4,6,8 1,2,6 1,3 3"
    run repair verify "$PLAN" "$TU"
    is "$S: proved" "$RC" 0
    run repair undo --yes "$PLAN" "$TU"
    is "$S: undone" "$RC $(rows $T)" "0 $BEFORE"

    [ "${1:-}" = all ] || continue
    # a person decides by the row: 5 and her order, and nobody else; then TARGET gives her another order
    python3 - "$PLAN/conflicts.csv" >"$IT_TMP/$S.csv" <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
out = csv.DictWriter(sys.stdout, rows[0].keys())
out.writeheader()
for r in rows:
    out.writerow(dict(r, decision="delete" if r["target_key"] == "5" else "", derived="")) # her own word, no rule's
PY
    plan by_row --decisions "$IT_TMP/$S.csv" --allow-deletes 2
    is "$S: decided by the row" "$RC $(erased "$PLAN" | tr ';' '\n' | grep 'delete$' | wc -l)" "0 2"
    plan again --allow-deletes 2
    is "$S: which a later plan knows" "$RC $(erased "$PLAN" | tr ';' '\n' | grep 'delete$' | wc -l)" "0 2"
    mr_sql $T -e "USE club; INSERT INTO orders (id, member, sum) VALUES (60, 5, 51)"
    run repair apply --yes "$PLAN" "$TU"
    is "$S: who is referred to by now stays, with all that hangs on her" \
        "$RC $(mr_sql $T -e "SELECT GROUP_CONCAT(id ORDER BY id) FROM club.orders WHERE member = 5") $(mr_sql $T -e "SELECT city FROM club.members WHERE id = 5")" "1 5,60 z"
    run repair undo --yes "$PLAN" "$TU"
    mr_sql $T -e "USE club; DELETE FROM orders WHERE id = 60; UPDATE members SET city = 'w' WHERE id = 5"
    plan edited --forget-decisions --decisions "$IT_TMP/$S.csv" --allow-deletes 2
    like "$S: a row that is another one than was decided about is refused" "$RC $(grep error "$ERR")" '^5 .*has changed on the target since it was decided about'
done
finish
