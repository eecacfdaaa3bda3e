#!/bin/bash
# snapshot_chain.sh: incremental snapshots: what they hold, that a chain restores to what a full one of
# the same moment would, and that whatever they cannot know is copied whole, or refused by name.

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
kept() { # kept DIR TABLE: "changed 3 rows 1 gone", "all: why"
    jq -r --arg t "$2" '.tables[] | select(.name == $t) |
        if .kept_rows == "all" then "all: " + .why_all else "\(.kept_rows) \(.rows) rows \(.gone.keys // 0) gone" end' "$1/manifest.json"
}
digests() { jq -c '[.tables[] | [.db, .name, .rows, .digest]] | sort' "$1/manifest.json"; }
gone_dirs() { compgen -G "$IT_TMP/.*.whole*"; }

world() { # SERVER: a key of each kind, references that cascade, no key, an engine without views
    mr_sql "$1" -e "DROP DATABASE IF EXISTS club; CREATE DATABASE club CHARACTER SET utf8mb4"
    sql "$1" "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), born DATE, f DOUBLE, b BLOB, j JSON);
        CREATE TABLE pairs (a INT UNSIGNED, b VARCHAR(20) CHARACTER SET latin1, x DECIMAL(9,3), PRIMARY KEY (a, b));
        CREATE TABLE texts (k VARCHAR(30) PRIMARY KEY, v TEXT);
        CREATE TABLE bytes (k VARBINARY(16) PRIMARY KEY, v INT);
        CREATE TABLE prices (k DECIMAL(9,2) PRIMARY KEY, v INT);
        CREATE TABLE days (d DATETIME(3) PRIMARY KEY, v INT);
        CREATE TABLE kinds (e ENUM('x','y','z') PRIMARY KEY, v INT);
        CREATE TABLE nokey (a INT, b INT); CREATE TABLE nokey_still (a INT);
        CREATE TABLE isam (id INT PRIMARY KEY, v INT) ENGINE=MyISAM;
        CREATE TABLE parent (id INT PRIMARY KEY, v INT);
        CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE);
        CREATE TABLE grandchild (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES child (id) ON DELETE SET NULL);
        CREATE TABLE uncle (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id));
        CREATE TABLE still (id INT PRIMARY KEY, v INT); CREATE TABLE cut (id INT PRIMARY KEY); CREATE TABLE altered (id INT PRIMARY KEY);
        CREATE VIEW v AS SELECT id, name FROM members;
        INSERT INTO members (name, born, f, b, j) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 900)
            SELECT CONCAT('m', n), '2020-01-31', n / 7, UNHEX(LPAD(HEX(n), 8, '0')), CONCAT('{\"n\": ', n, '}') FROM s;
        INSERT INTO pairs SELECT id % 30, CONCAT('k', id), id / 8 FROM members;
        INSERT INTO texts SELECT CONCAT('key ', id), name FROM members; INSERT INTO bytes SELECT UNHEX(LPAD(HEX(id), 8, '0')), id FROM members;
        INSERT INTO prices SELECT id / 4, id FROM members; INSERT INTO days SELECT DATE_ADD('2020-01-01', INTERVAL id SECOND), id FROM members;
        INSERT INTO kinds VALUES ('x', 1), ('y', 2); INSERT INTO nokey VALUES (1, 1), (1, 1); INSERT INTO nokey_still VALUES (7);
        INSERT INTO isam VALUES (1, 1); INSERT INTO parent SELECT id, id FROM members WHERE id < 50; INSERT INTO child SELECT id, id FROM parent;
        INSERT INTO grandchild SELECT id, id FROM parent; INSERT INTO uncle SELECT id, id FROM parent WHERE id > 5;
        INSERT INTO still VALUES (1, 1); INSERT INTO cut VALUES (1), (2); INSERT INTO altered VALUES (1)"
}
change() { # SERVER
    sql "$1" "UPDATE members SET name = 'é😀', f = -0.0 WHERE id % 100 = 3; DELETE FROM members WHERE id IN (7, 8); INSERT INTO members (name) VALUES ('new');
        UPDATE members SET id = 5000 WHERE id = 11; UPDATE pairs SET x = 1 WHERE a = 3 AND b = 'k3'; DELETE FROM pairs WHERE a = 4 AND b = 'k4';
        UPDATE texts SET k = 'KEY 5' WHERE k = 'key 5'; DELETE FROM texts WHERE k = 'key 6'; INSERT INTO texts VALUES ('ßä', 'x');
        DELETE FROM bytes WHERE v = 256; INSERT INTO bytes VALUES (UNHEX('0102'), 1), (UNHEX('010000'), 2); UPDATE prices SET v = -1 WHERE k = 0.5;
        INSERT INTO prices VALUES (-3.25, 1); DELETE FROM days WHERE v = 9; INSERT INTO days VALUES ('1999-12-31 23:59:59.125', 1);
        INSERT INTO kinds VALUES ('z', 3); START TRANSACTION; INSERT INTO still VALUES (2, 2); ROLLBACK"
}
blind() { # SERVER: what the log does not tell
    sql "$1" "INSERT INTO nokey VALUES (2, 2); INSERT INTO isam VALUES (2, 2); DELETE FROM parent WHERE id = 2; TRUNCATE cut; INSERT INTO cut VALUES (9);
        ALTER TABLE altered ADD COLUMN v INT DEFAULT 5; CREATE TABLE fresh (id INT PRIMARY KEY); INSERT INTO fresh VALUES (1)"
}

same_as_full() { # same_as_full KIND NAME: DIR of $IT_TMP against a full one of the same moment, and the server
    local kind=$1 dir=$IT_TMP/$2
    rm -rf "$IT_TMP/full" "$IT_TMP/merged"
    take "$(uri_of "$kind")/club" "$IT_TMP/full"
    snap merge --output "$IT_TMP/merged" "$dir"
    is "$kind: $2 merged" "$RC" 0
    snap verify "$IT_TMP/merged"
    is "$kind: $2 merged is whole" "$RC" 0
    is "$kind: $2 merged has the rows of a full one" "$(digests "$IT_TMP/merged")" "$(digests "$IT_TMP/full")"
    local to=CB
    [ "$kind" = CA ] || to=$kind
    mr_sql "$to" -e "DROP DATABASE IF EXISTS club_copy"
    snap restore --json --no-progress --rename-db club=club_copy "$dir" "$(uri_of "$to")"
    is "$kind: $2 restored" "$RC $(jq -r 'select(.type == "summary").verdict' "$OUT")" "0 equal"
    SRC=$(uri_of "$kind")/club DST=$(uri_of "$to")/club_copy
    check_is 0 "$kind: $2 restored is what the server has"
    is "$kind: nothing of it is left on the disk" "$(gone_dirs)" ""
    mr_sql "$to" -e "DROP DATABASE club_copy"
}

for kind in $KINDS; do
    rm -rf "$IT_TMP"/n?
    world $kind
    take "$(uri_of $kind)/club" "$IT_TMP/n0"
    is "$kind: the base" "$RC" 0
    change $kind
    take --base "$IT_TMP/n0" "$(uri_of $kind)/club" "$IT_TMP/n1"
    is "$kind: made" "$RC" 0
    is "$kind: it is of a format of its own" "$(jq -r '"\(.schema) \(.base.uuid)"' "$IT_TMP/n1/manifest.json")" \
        "myrecon/snapshot/2 $(jq -r .uuid "$IT_TMP/n0/manifest.json")"
    is "$kind: rows that changed and keys that are gone" \
        "$(for t in members pairs texts bytes prices days; do echo "$t $(kept "$IT_TMP/n1" $t)"; done)" \
        "members changed 11 rows 3 gone
pairs changed 1 rows 1 gone
texts changed 2 rows 2 gone
bytes changed 2 rows 1 gone
prices changed 2 rows 0 gone
days changed 1 rows 1 gone"
    is "$kind: nothing of what stood still, or was rolled back" \
        "$(for t in still nokey nokey_still parent child; do kept "$IT_TMP/n1" $t; done | uniq)" "changed 0 rows 0 gone"
    like "$kind: a key by its number is copied whole" "$(kept "$IT_TMP/n1" kinds)" "^all: its key is of a type"
    like "$kind: an engine without views is" "$(kept "$IT_TMP/n1" isam)" "^all: its engine has no transactions"
    snap verify "$IT_TMP/n1"
    is "$kind: proved with its base" "$RC $(cat "$OUT")" "0 whole: $(jq '.tables | length' "$IT_TMP/n1/manifest.json") tables, $(jq .totals.rows "$IT_TMP/n1/manifest.json") rows read; and the 1 it goes on from"
    same_as_full $kind n1

    blind $kind
    take --base "$IT_TMP/n1" "$(uri_of $kind)/club" "$IT_TMP/n2"
    is "$kind: a base that is incremental" "$RC" 0
    is "$kind: what the log does not tell is copied, and why is said" \
        "$(for t in nokey parent child grandchild uncle cut altered fresh members; do echo "$t $(kept "$IT_TMP/n2" $t)"; done | sed 's/, at ".*//')" \
        "nokey all: rows of it changed, and no key says which
parent changed 0 rows 1 gone
child all: $(kept "$IT_TMP/n2" child | sed 's/^all: //')
grandchild all: $(kept "$IT_TMP/n2" grandchild | sed 's/^all: //')
uncle changed 0 rows 0 gone
cut all: a statement defined it anew
altered all: its columns or its key are not those of the base
fresh all: the base does not have it
members changed 0 rows 0 gone"
    like "$kind: by cascade" "$(kept "$IT_TMP/n2" child)" 'rows of "club.parent" changed, and what a foreign key does then stands in no log'
    like "$kind: and on from there" "$(kept "$IT_TMP/n2" grandchild)" 'rows of "club.child" changed, and what a foreign key does then'
    like "$kind: the screen says so, too" "$(cat "$OUT")" 'all rows: the base does not have it'
    change_again="UPDATE members SET name = 'third' WHERE id = 5000; INSERT INTO members (id, name) VALUES (7, 'back'); DELETE FROM texts WHERE k = 'KEY 5'; DELETE FROM fresh; UPDATE altered SET v = 6"
    same_as_full $kind n2
    sql $kind "$change_again"
    take --base "$IT_TMP/n2" "$(uri_of $kind)/club" "$IT_TMP/n3"
    is "$kind: a third" "$RC" 0
    same_as_full $kind n3
    snap list --chain "$IT_TMP/n3"
    is "$kind: the chain" "$RC $(sed "s,$IT_TMP/,,; s/  .*//" "$OUT" | tr '\n' ' ')" "0 n0 n1 n2 n3 4 links "
done

finish
