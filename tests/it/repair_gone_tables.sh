#!/bin/bash
# repair_gone_tables.sh: what the run found and a side has no more when it is planned: a table
# that was renamed, dropped, hidden or made a view is refused by name, by every policy, and can
# be left out; rows that are gone are counted and named, and a merge that misses them is
# incomplete.  Every row of TARGET is compared with what has to be there.

. "$(dirname "$0")/lib.sh"
begin ab
T=b CASE=$IT_TMP/case
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"

# Lost: member 4 and log 4 to 10; bag has a row twice; live: member 3 and log 3.
world() {
    fresh ab "$DB"
    at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, at DATETIME NOT NULL);
        CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), at DATETIME NOT NULL);
        CREATE TABLE bag (what VARCHAR(20), n INT);
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'); INSERT INTO log VALUES (1, 'past', '2026-01-01');
        INSERT INTO bag VALUES ('past', 1)"
    at a "INSERT INTO members VALUES (4, 'lost4', '2026-03-01'); INSERT INTO bag VALUES ('lost', 4), ('lost', 4), ('lost', NULL);
        INSERT INTO log SELECT seq, CONCAT('lost', seq), '2026-03-01' FROM seq_4_to_10"
    at b "INSERT INTO members VALUES (3, 'live3', '2026-03-02'); INSERT INTO log VALUES (3, 'live3', '2026-03-02')"
    rm -f "$CASE"
    check
}
check() { # check [RC]: which may come out, too
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    case $? in 0 | 1 | "${1:-}") ;; *) bail "check: $(cat "$ERR")" ;; esac
    BEFORE=$(rows)
}
plan() { # plan POLICY ARGS…: into ./plan
    rm -rf plan
    if [ "$1" = merge ]; then set -- "$@" --split-at 2026-02-01 --on-conflict deleted-or-lost=restore; fi
    rep plan --policy "$@" --config ini --case "$CASE" --output plan
}
plan_is() { # plan_is RC DESCRIPTION POLICY ARGS…
    local want=$1 desc=$2
    shift 2
    plan "$@"
    is "$desc" "$RC" "$want"
}
rows() { # every row of TARGET that is there
    local t
    for t in $(on "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'" | cut -f 1); do on "SELECT '$t', t.* FROM $t t"; done | sort
}
notes() { jq -r '.rows.notes[] | select(.kind == "gone-in-source") | "\(.table | sub(".*[.]"; "")): \(.text)"' plan/plan.json; }
lost() { # lost TABLE…: the lost rows of these
    local t
    for t; do
        case $t in
        members) printf 'members\t4\tlost4\t2026-03-01 00:00:00\n' ;;
        log) for i in 4 5 6 7 8 9 10; do printf 'log\t%s\tlost%s\t2026-03-01 00:00:00\n' $i $i; done ;;
        bag) printf 'bag\tlost\t4\nbag\tlost\t4\nbag\tlost\tNULL\n' ;;
        esac
    done
}
stands() { # stands DESCRIPTION TABLE…: applied, TARGET has what it had and the lost rows of these, and verify agrees
    local desc=$1
    shift
    rep_is 0 "$desc: apply" apply --yes plan "$DST"
    is "$desc: every row" "$(rows)" "$( (echo "$BEFORE"; lost "$@") | sort)"
    rep_is 0 "$desc: verify" verify plan "$DST"
}
printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = at\n[table %s.log]\nidentity = none\ntime-column = at\n[table %s.bag]\nidentity = row\n[table %s.*]\nmargin = 1000\n' \
    "$DB" "$DB" "$DB" "$DB" >ini

# ---- tables ------------------------------------------------------------------------------------
# SOURCE's account sees a table by a right on that table alone.
U=${DB:0:20}_u
at_exit "client a <<<\"DROP USER IF EXISTS '$U'@'%'\""
seeing() { # seeing TABLE…
    client a <<<"DROP USER IF EXISTS '$U'@'%'; CREATE USER '$U'@'%' IDENTIFIED BY 'pw'; GRANT RELOAD ON *.* TO '$U'@'%'"
    for t; do client a <<<"GRANT SELECT, TRIGGER, SHOW VIEW ON \`$DB\`.$t TO '$U'@'%'"; done
}
gone() { # gone DESCRIPTION WHAT-IS-SAID POLICY…
    local desc=$1 said=$2 policy
    shift 2
    for policy; do
        plan_is 5 "$desc, $policy: refused" "$policy"
        like "$desc, $policy: by name" "$(cat "$ERR")" "error: .*\"$DB.log\" $said \(8 rows of it differ\)"
        like "$desc, $policy: with what to do" "$(cat "$ERR")" "hint: .*check again into the same case; or leave it out of the plan: --exclude '$DB.log'"
        is "$desc, $policy: no plan is left" "$(ls -d plan* 2>/dev/null)" ""
    done
}
world
at a "RENAME TABLE log TO log_old"
gone "renamed on the source" "is no longer on the source" merge mirror backfill newest:at
plan_is 0 "left out: planned" merge --exclude "$DB.log"
stands "left out" members bag
world
at a "RENAME TABLE log TO log_old; CREATE VIEW log AS SELECT * FROM log_old"
gone "a view on the source" "is no table any more on the source" merge mirror
at a "DROP VIEW log; RENAME TABLE log_old TO log"
plan_is 0 "brought back: planned" merge
stands "brought back" members log bag
world
at b "RENAME TABLE log TO log_old"
gone "renamed on the target" "is no longer on the target" merge backfill
check
plan_is 4 "checked again: that run saw it on one side" merge
stands "checked again" members bag
world
at a "DROP TABLE log, bag, members"
plan_is 5 "all are gone" merge
is "each is named" "$(grep -o "\"$DB\.[a-z]*\" is no longer on the source" "$ERR" | sort -u | wc -l)" 3
is "nothing was written" "$(rows)" "$BEFORE"
world
seeing members log bag
SRC=$(uri a "$DB" "$U:pw") check 4
seeing members bag
rm -rf plan
MYRECON_SOURCE_PASSWORD=pw rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output plan
is "hidden from the account: refused" "$RC" 5
like "by name" "$(cat "$ERR")" "\"$DB.log\" cannot be seen by the account on the source"
like "with the right that is missing" "$(cat "$ERR")" "hint: .*GRANT SELECT ON .$DB.\..log. TO '$U'"

# A plan whose URIs name some databases of the run has chosen; a database that is gone has not.
fresh ab "${DB}_2"
world
at ab "CREATE TABLE ${DB}_2.t (id INT PRIMARY KEY); CREATE TABLE ${DB}_2.u (id INT PRIMARY KEY)"
at a "INSERT INTO ${DB}_2.t VALUES (1)"
SRC=$(uri a "$DB,${DB}_2") DST=$(uri b "$DB,${DB}_2") check
at a "DROP TABLE ${DB}_2.t"
plan_is 5 "a table of another database" mirror --exclude '*.log'
like "is named" "$(cat "$ERR")" "\"${DB}_2.t\" is no longer on the source \(1 row of it differs\)"
unlike "and nothing else" "$(cat "$ERR")" "${DB}_2.u"
plan_is 0 "URIs of one database" backfill --source "$SRC" --target "$DST"
like "leave the other out, and say so" "$(cat "$ERR")" "warning: the run compared tables of databases .* left out: \"${DB}_2.t\", \"${DB}_2.u\""

# ---- rows --------------------------------------------------------------------------------------
world
plan_is 0 "nothing is gone" merge
is "and nothing is said" "$(notes)" ""
at a "TRUNCATE log"
plan_is 4 "a table that was truncated: the merge is incomplete" merge
is "which is noted" "$(notes)" \
    "log: 7 rows that the check found on the source are no longer there, and this plan does not bring them back: keys 4, 5, 6, 7, 8 and 2 more"
like "told" "$(cat "$OUT")" "note: $DB.log: 7 rows that the check found"
like "and warned of" "$(cat "$ERR")" "warning: table \"$DB.log\": 7 rows"
rep_is 4 "show says so, too" show plan
like "with the rows" "$(cat "$OUT")" "note: $DB.log: 7 rows .* keys 4, 5, 6, 7, 8 and 2 more"
stands "what is there" members bag
world
at a "DELETE FROM log WHERE id = 8; DELETE FROM bag WHERE what = 'lost' LIMIT 2; UPDATE members SET id = 9 WHERE id = 4"
plan_is 4 "single rows" merge
is "by key, and by number where there is none" "$(notes | sed 's/ that the check.*:/:/; s/, and this.*//' | sort)" "bag: 2 rows that the check found on the source are no longer there
log: 1 row: key 8
members: 1 row: key 4"
for policy in mirror backfill newest:at; do
    world
    at a "TRUNCATE log; DELETE FROM bag WHERE n = 4"
    WANT="bag: 2 log: 7"
    set --
    case $policy in mirror) set -- --allow-deletes 1 ;; newest*) WANT="log: 7" && set -- --exclude "$DB.bag" ;; esac
    plan_is 0 "$policy: what the source has now is planned" $policy "$@"
    is "$policy: what it has no more is noted" "$(notes | grep -o '^[a-z]*: [0-9]*' | sort | xargs)" "$WANT"
done
finish
