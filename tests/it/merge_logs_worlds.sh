#!/bin/bash
# merge_logs_worlds.sh: worlds in which the binary logs would mislead a merge: rows that were copied, keys that were
# used again or moved, tables of which some have logs and some have none.  Where logs do not tell, it is inferred as
# without them.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mariadb VS && mr_spawn_mariadb VT && mr_await VS VT && mr_replicate VS VT || bail "no MariaDB pair"

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
await_same() { # the target has the last row that the source wrote
    local n
    mr_sql VS -e "CREATE DATABASE IF NOT EXISTS beat; CREATE TABLE IF NOT EXISTS beat.b (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO beat.b VALUES ()"
    n=$(mr_sql VS -e "SELECT MAX(id) FROM beat.b")
    for _ in {1..100}; do
        [ "$(mr_sql VT -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != "$n" ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
world() { # DB: what a world has, from the past on
    mr_sql "$1" <<SQL
CREATE DATABASE $2; USE $2;
CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), mobile VARCHAR(20) NOT NULL, credits INT NOT NULL);
CREATE TABLE images (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member_id INT UNSIGNED NOT NULL, url VARCHAR(40), KEY (member_id));
INSERT INTO members (name, mobile, credits) VALUES ('a','1',10),('b','2',20),('c','3',30),('d','4',40),('e','5',50),('f','6',60),('g','7',70),('h','8',80),('i','9',90),('j','10',100);
INSERT INTO images (member_id, url) SELECT id, CONCAT('u', id) FROM members;
SQL
}
config_of() { # DB IDENTITY-OF-MEMBERS IDENTITY-OF-IMAGES
    printf '[table %s.members]\nidentity = %s\nsubject = yes\n[table %s.images]\nidentity = %s\nreference = member_id -> %s.members.id\n' \
        "$1" "$2" "$1" "$3" "$1" >"$IT_TMP/$1.ini"
}
plan_twice() { # DB: plans without logs and with them: $IT_TMP/DB.without, $IT_TMP/DB.with
    local db=$1 su tu
    su=$(mr_get_server VS URI)/$db tu=$(mr_get_server VT URI)/$db
    config_of "$db" "${2:-mobile}" "${3:-url}"
    run check --config "$IT_TMP/$db.ini" --case "$IT_TMP/$db.without.case" "$su" "$tu"
    run repair plan --config "$IT_TMP/$db.ini" --case "$IT_TMP/$db.without.case" --policy merge --output "$IT_TMP/$db.without"
    WITHOUT="$RC $(grep error "$ERR")"
    run check --config "$IT_TMP/$db.ini" --case "$IT_TMP/$db.case" "$su" "$tu"
    run history collect --config "$IT_TMP/$db.ini" --case "$IT_TMP/$db.case"
    run repair plan --config "$IT_TMP/$db.ini" --case "$IT_TMP/$db.case" --policy merge --output "$IT_TMP/$db.with"
    WITH="$RC $(grep error "$ERR")"
}
bounds() { # DIR TABLE: L and where it came from
    run repair show "$1"
    grep -A 8 "^ *[a-z]*\\.$2\\b" "$OUT" | grep -m 1 -o 'common past up to key [0-9]* (L: [^,;)]*'
}
asked() { # DIR: kinds in conflicts.csv with their tables and keys
    python3 -c '
import csv, sys
print(";".join(sorted("%s %s %s" % (r["kind"], r["table"].split(".")[1], r["source_key"]) for r in csv.DictReader(open(sys.argv[1], newline="")))))' "$1/conflicts.csv" 2>/dev/null
}

for DB in reused edited moved kept done silent; do
    world VS $DB
done
for DB in high low types; do
    world VS $DB
done
mr_sql VS <<'SQL'
USE high; DELETE FROM images; ALTER TABLE images MODIFY member_id BIGINT UNSIGNED NOT NULL; ALTER TABLE members MODIFY id BIGINT UNSIGNED AUTO_INCREMENT; UPDATE members SET id = id + 18446744073700000000 ORDER BY id DESC; ALTER TABLE members AUTO_INCREMENT = 18446744073700000011;
USE low; DELETE FROM images; ALTER TABLE members MODIFY id INT AUTO_INCREMENT; UPDATE members SET id = id - 5 ORDER BY id; ALTER TABLE members AUTO_INCREMENT = 6;
USE types; DELETE FROM images; ALTER TABLE members MODIFY id INT AUTO_INCREMENT; UPDATE members SET id = id + 245 ORDER BY id DESC; ALTER TABLE members AUTO_INCREMENT = 256;
SQL
await_same
mr_sql VT -e "USE types; SET sql_log_bin = 0; ALTER TABLE members MODIFY id BIGINT UNSIGNED AUTO_INCREMENT"
mr_sql VT -e "STOP SLAVE; RESET SLAVE ALL"

# ---- rows that both sides inserted, since the target was loaded from a dump of what it had not executed
for S in VS VT; do
    world $S copied
    world $S sheet
done
# all of them are edited: none is equal any longer
mr_sql VT -e "USE copied; UPDATE members SET credits = credits + 1; UPDATE members SET mobile = '77' WHERE id = 7; INSERT INTO members (name, mobile, credits) VALUES ('o','21',1)"
mr_sql VS -e "USE copied; INSERT INTO members (name, mobile, credits) VALUES ('k','11',1),('l','12',1)"
plan_twice copied
like "copied: refused without logs" "$WITHOUT" "^5 "
is "copied: and with them" "$WITH" "$WITHOUT"

# a few are: the others are equal, but lead to rows that are said to be none of the past
mr_sql VT -e "USE sheet; ALTER TABLE images MODIFY url VARCHAR(40) COMMENT 'x', ALGORITHM=COPY; UPDATE images SET url = 'other' WHERE id = 4; INSERT INTO members (name, mobile, credits) VALUES ('o','21',1)"
mr_sql VS -e "USE sheet; INSERT INTO members (name, mobile, credits) VALUES ('k','11',1); INSERT INTO images (member_id, url) VALUES (11, 'lost')"
plan_twice sheet mobile url
like "copied parents: children of which logs tell nothing have their past" "$WITHOUT" "^5 .*key 4 of table \"sheet.images\".* reach to 10 .equal rows"
is "copied parents: with logs, too" "$WITH" "$WITHOUT"

# ---- a key of the past that the live side gave to another, whom rows of the lost side would be given to
mr_sql VT -e "USE reused; DELETE FROM members WHERE id = 5; INSERT INTO members VALUES (5, 'new', '99', 1); INSERT INTO members (name, mobile, credits) VALUES ('o','21',1)"
mr_sql VS -e "USE reused; INSERT INTO images (member_id, url) VALUES (5, 'lost'); INSERT INTO members (name, mobile, credits) VALUES ('k','11',1)"
plan_twice reused
like "used again: refused without logs" "$WITHOUT" "^5 .*key 5 of table .* is held by two different rows"
is "used again: with them, what would be given to another is asked about" "${WITH%% *} $(asked "$IT_TMP/reused.with")" "1 parent-absent images 16"

# ---- a person of the past who changed his number on the live side: that the logs tell
mr_sql VT -e "USE edited; UPDATE members SET mobile = '99' WHERE id = 5; INSERT INTO members (name, mobile, credits) VALUES ('o','21',1)"
mr_sql VS -e "USE edited; INSERT INTO members (name, mobile, credits) VALUES ('k','11',1)"
plan_twice edited
like "edited: refused without logs" "$WITHOUT" "^5 .*key 5 of table .* is held by two different rows"
is "edited: with them nothing is to be asked" "${WITH%% *} $(asked "$IT_TMP/edited.with")" "0 "

# ---- a row of the past that was moved to a key above it
mr_sql VS -e "USE moved; UPDATE members SET id = 12 WHERE id = 3; INSERT INTO members VALUES (13, 'k','11',1)"
mr_sql VT -e "USE moved; INSERT INTO members (name, mobile, credits) VALUES ('o','21',1),('p','22',1),('q','23',1),('r','24',1),('s','25',1); DELETE FROM members WHERE id IN (12, 13)"
plan_twice moved none
is "moved: asked without logs" "$(asked "$IT_TMP/moved.without")" "deleted-or-lost members 12..13"
is "moved: with them: it is no new row, and the new one is" "$(asked "$IT_TMP/moved.with")" "deleted-on-live members 12"

# ---- rows that were inserted without the log, below all that the live side has given away since
mr_sql VS -e "USE silent; SET sql_log_bin = 0; INSERT INTO members (name, mobile, credits) VALUES ('k','11',1),('l','12',1)"
mr_sql VT -e "USE silent; ALTER TABLE members AUTO_INCREMENT = 1000; INSERT INTO members (name, mobile, credits) VALUES ('o','21',1)"
plan_twice silent
is "silent: what no log knows is no row of the past" "$(asked "$IT_TMP/silent.with")" "$(asked "$IT_TMP/silent.without")"
like "silent: and is asked about" "$(asked "$IT_TMP/silent.with")" "deleted-or-lost members 11"

# ---- what the case kept before the logs were read counts where they mislead
plan_of() { # DB STEP
    run check --config "$IT_TMP/$1.ini" --case "$IT_TMP/$1.case" "$(mr_get_server VS URI)/$1" "$(mr_get_server VT URI)/$1"
    [ "$2" != logs ] || run history collect --config "$IT_TMP/$1.ini" --case "$IT_TMP/$1.case"
    run repair plan --config "$IT_TMP/$1.ini" --case "$IT_TMP/$1.case" --policy merge --output "$IT_TMP/$1.$2" ${3:+"$3"}
}
config_of kept mobile url
mr_sql VS -e "USE kept; INSERT INTO members (name, mobile, credits) VALUES ('k','11',1),('l','12',1),('m','13',1)"
plan_of kept plain
# a row that no log tells of, and one who came to both
mr_sql VS -e "USE kept; SET sql_log_bin = 0; INSERT INTO members VALUES (15, 'z','15',1)"
mr_sql VS -e "USE kept; INSERT INTO members VALUES (14, 'y','14',1)"
mr_sql VT -e "USE kept; INSERT INTO members VALUES (14, 'y','14',1)"
plan_of kept logs
like "kept: logs that rows contradict are named" "$(cat "$ERR")" \
    'table "kept.members": the source.s binary logs do not tell all of it .rows contradict where they say that the past ends., nor do the target.s .*: its rows are decided as without logs'
like "kept: L stays what it was" "$(bounds "$IT_TMP/kept.logs" members)" "up to key 10 .L: the last key whose rows are equal"

# ---- numbers of any kind: L is known, and nobody is lost
for WORLD in high low types; do
    config_of $WORLD mobile url
    case $WORLD in
    high) L=18446744073700000010 MET=18446744073700000012 ;;
    low) L=5 MET=7 ;;
    types) L=255 MET=257 ;;
    esac
    mr_sql VS -e "USE $WORLD; INSERT INTO members (name, mobile, credits) VALUES ('k','11',1),('l','12',1),('m','13',1); UPDATE members SET credits = 3 WHERE name = 'c'"
    mr_sql VT -e "USE $WORLD; INSERT INTO members (name, mobile, credits) VALUES ('o','21',1),('p','12',1),('q','23',1); UPDATE members SET credits = 4 WHERE name = 'd'"
    plan_of $WORLD logs
    like "$WORLD: L" "$(bounds "$IT_TMP/$WORLD.logs" members)" "up to key $L .L: the last key below all that"
    is "$WORLD: what is asked" "$RC $(asked "$IT_TMP/$WORLD.logs")" "1 differs members $MET"
    is "$WORLD: what SOURCE alone has edited is restored" "$(jq '[.rows.tables[].logs[]? | select(.outcome == "restored-change") | .count] | add' "$IT_TMP/$WORLD.logs/plan.json")" 1
done

# ---- applied, and nothing is left to do
config_of done mobile url
mr_sql VS -e "USE done; INSERT INTO members (name, mobile, credits) VALUES ('k','11',1),('l','12',1); INSERT INTO images (member_id, url) VALUES (11,'k1'),(12,'l1'),(3,'c2')"
mr_sql VT -e "USE done; UPDATE members SET credits = 0 WHERE id = 2; INSERT INTO members (name, mobile, credits) VALUES ('o','21',1); INSERT INTO images (member_id, url) VALUES (11,'o1')"
plan_of done logs
is "done: nothing is asked" "$RC $(asked "$IT_TMP/done.logs")" "0 "
like "done: by the logs" "$(bounds "$IT_TMP/done.logs" members)" "up to key 10 .L: the last key below all that the binary logs"
run repair apply --yes "$IT_TMP/done.logs" "$(mr_get_server VT URI)/done"
is "done: everybody has what is his" "$(mr_sql VT -e "SELECT GROUP_CONCAT(CONCAT(m.name, i.url) ORDER BY i.url) FROM done.members m JOIN done.images i ON i.member_id = m.id WHERE i.url NOT LIKE 'u%'")" "cc2,kk1,ll1,oo1"
mr_sql VT -e "USE done; UPDATE members SET credits = 7 WHERE id = 12; INSERT INTO members (name, mobile, credits) VALUES ('p','22',1)"
rm -rf "$IT_TMP/done.first"; mv "$IT_TMP/done.logs" "$IT_TMP/done.first"
plan_of done logs
BEFORE=$(mr_sql VT -e "CHECKSUM TABLE done.members, done.images")
run repair apply --yes "$IT_TMP/done.logs" "$(mr_get_server VT URI)/done"
is "done: nothing comes twice" "$(mr_sql VT -e "CHECKSUM TABLE done.members, done.images")" "$BEFORE"
like "done: L stays" "$(bounds "$IT_TMP/done.logs" members)" "up to key 10 "
finish
