#!/bin/bash
# repair_alone.sh: columns that only TARGET has are in no image of the plan.  What the live side
# holds there is not lost: rows to be deleted whose values undo could not bring back are refused by
# name; what is written there after the plan, or after apply, keeps its row, and what the server
# would set to now there keeps its time.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

world() {
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
        CREATE TABLE log (what VARCHAR(20));
        INSERT INTO members VALUES (1, 'm1'); INSERT INTO log VALUES ('one')"
    at $T "ALTER TABLE members ADD extra VARCHAR(20) NOT NULL DEFAULT 'dd' FIRST, ADD \`o\`\`dd\` INT NULL, ADD rate FLOAT DEFAULT 0.1,
            ADD bits BIT(3) DEFAULT b'101', ADD seen TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP;
        ALTER TABLE log ADD n INT DEFAULT 7"
    printf '[table %s.members]\nidentity = mobile\nsubject = yes\nmargin = 1000\n[table %s.log]\nidentity = row\n%s\n' "$DB" "$DB" "${1:-}" >ini
    rm -rf "$CASE" plan
}
planned() { # planned RC DESCRIPTION ARGS…
    local rc=$1 desc=$2
    shift 2
    rm -rf "$CASE" plan
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep_is "$rc" "$desc" plan --config ini --case "$CASE" --output plan "$@"
}
applied() { rep_is "$1" "$2" apply --yes --case "$CASE" plan "$DST"; }
undone() { rep_is "$1" "$2" undo --yes --json --case "$CASE" plan "$DST"; }
rows() { on "SELECT id, mobile, extra, \`o\`\`dd\`, rate, bits + 0 FROM members ORDER BY id; SELECT 'log', what, n FROM log ORDER BY what, n"; }

# ---- rows that mirror deletes
world
at $T "INSERT INTO members (id, mobile, extra) VALUES (3, 'm3', 'mine'), (4, 'm4', 'dd'); INSERT INTO log VALUES ('two', 8), ('three', 7);
    UPDATE log SET n = 5 WHERE what = 'one'"
planned 5 "mirror: values that undo could not bring back" --policy mirror --allow-deletes 2
like "by table and column, with their number" "$(cat "$ERR")" "column-lost: only the target .*$DB.log.n \\(1 value\\), $DB.members.extra \\(1 value\\), $DB.members.seen \\(2 values\\)"
at $T "UPDATE members SET extra = 'dd', seen = NULL; UPDATE log SET n = 7"
at $T "INSERT INTO log VALUES ('two', 8), ('two', 9)"
at a "INSERT INTO log VALUES ('two')"
planned 5 "without a key: two of three go that are equal but for such a column" --policy mirror --allow-deletes 2
like "both are counted, since any of them may go" "$(cat "$ERR")" "$DB.log.n \\(2 values\\)"
at $T "DELETE FROM log WHERE n IN (8, 9)"
at a "DELETE FROM log WHERE what = 'two'"
planned 5 "a default that is an expression does not come back, either" --policy mirror --allow-deletes 2
like "by name" "$(cat "$ERR")" "members.seen \\(2 values\\)"
at $T "ALTER TABLE members DROP seen"
planned 0 "all have what an INSERT gives them" --policy mirror --allow-deletes 2
BEFORE=$(rows)
applied 0 "applied"
is "they are gone" "$(rows | wc -l)" 2
undone 0 "undone"
is "and back" "$(rows)" "$BEFORE"

planned 0 "planned again" --policy mirror --allow-deletes 2
on "UPDATE members SET extra = 'DD' WHERE id = 3; UPDATE members SET rate = 0.1000001 WHERE id = 4; UPDATE log SET n = 9 WHERE what = 'two'"
BEFORE=$(rows)
applied 1 "the live side writes there: such rows are left out"
is "nothing of theirs is lost" "$(rows)" "$(grep -v three <<<"$BEFORE")"
undone 0 "undone"
is "all is as it was" "$(rows)" "$BEFORE"

world "ignore-columns = n
[table $DB.members]
ignore-columns = extra, seen"
at $T "INSERT INTO members (id, mobile, extra) VALUES (3, 'm3', 'mine'); INSERT INTO log VALUES ('two', 8)"
planned 0 "dismissed by ignore-columns" --policy mirror --allow-deletes 1
applied 0 "applied"
is "they are gone" "$(rows | wc -l)" 2

# ---- rows that are changed: what the server would set to now there
world
at $T "ALTER TABLE log ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST, ADD up INT NULL, DROP n"
at a "ALTER TABLE log ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST, ADD up INT NULL; INSERT INTO log VALUES (2, 'a', NULL), (3, 'b', 2); UPDATE log SET up = 3 WHERE id = 2"
at $T "ALTER TABLE members ADD at DATETIME(3) NULL ON UPDATE CURRENT_TIMESTAMP(3); ALTER TABLE log ADD at DATETIME NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP;
    UPDATE members SET mobile = 'm2', at = '2020-02-02 02:02:02.5', seen = '2020-02-02'"
printf '[table %s.log]\nreference = up -> %s.log.id\n' "$DB" "$DB" >ini
planned 0 "a change, and two rows that refer to each other" --policy mirror
times() { on "SELECT 'm', id, mobile, at, seen FROM members UNION ALL SELECT 'l', id, up, at, NULL FROM log ORDER BY 1, 2"; }
BEFORE=$(times)
applied 0 "applied"
is "the times of the live side stay" "$(times)" "l	1	NULL	NULL	NULL
l	2	3	NULL	NULL
l	3	2	NULL	NULL
m	1	m1	2020-02-02 02:02:02.500	2020-02-02 00:00:00"
undone 0 "undone"
is "as they were" "$(times)" "$BEFORE"

# ---- rows that were restored
world
at a "INSERT INTO members VALUES (11, 'm11'), (12, 'm12'), (13, 'm13'), (14, 'm14'), (15, 'm15')"
planned 0 "merge" --policy merge --split-key "$DB.members=1"
BEFORE=$(rows)
applied 0 "applied"
on "UPDATE members SET extra = 'vip' WHERE id = 11; UPDATE members SET \`o\`\`dd\` = 0 WHERE id = 12; UPDATE members SET extra = 'DD' WHERE id = 13;
    UPDATE members SET bits = 0 WHERE id = 14"
undone 1 "undo keeps what the live side has written to"
is "and nobody else" "$(on "SELECT GROUP_CONCAT(id, extra ORDER BY id) FROM members")" "1dd,11vip,12dd,13DD,14dd"
is "each is named" "$(refused | grep -c 'changed since')" 4
on "UPDATE members SET extra = 'dd', \`o\`\`dd\` = NULL, bits = b'101'"
undone 0 "as they were written, they go"
is "all is as it was" "$(rows)" "$BEFORE"

# ---- defaults that the servers state otherwise than their values
world
MORE="ADD balance DECIMAL(12,2) NOT NULL DEFAULT 0.00, ADD rating DECIMAL(30,5) DEFAULT 1.50, ADD pad BINARY(4) DEFAULT 'ab', ADD vb VARBINARY(4) DEFAULT 'ab', ADD path VARCHAR(20) DEFAULT 'a\\\\b''c'"
at $T "ALTER TABLE members DROP seen, $MORE"
# MySQL: in brackets
[ $T != o ] || at $T "ALTER TABLE members ADD txt TEXT DEFAULT (''), ADD num INT DEFAULT (5), ADD js JSON DEFAULT ('{}')"
at $T "INSERT INTO members (id, mobile) VALUES (3, 'm3')"
planned 0 "defaults are not lost" --policy mirror --allow-deletes 1
all() { on "SELECT * FROM members ORDER BY id" | base64; }
BEFORE=$(all)
applied 0 "applied"
is "it is gone" "$(on "SELECT COUNT(*) FROM members")" 1
undone 0 "undone"
is "and back" "$(all)" "$BEFORE"
at a "ALTER TABLE members $MORE; INSERT INTO members (id, mobile) VALUES (11, 'm11'), (12, 'm12')"
at $T "ALTER TABLE members DROP balance, DROP rating, DROP pad, DROP vb, DROP path, ADD tomorrow DATE DEFAULT ('2020-01-01' + INTERVAL 1 DAY)"
[ $T != o ] || at $T "ALTER TABLE members ADD latin VARCHAR(9) CHARACTER SET latin1 NOT NULL DEFAULT ('aé'), ADD dbl DOUBLE DEFAULT (0.1)"
planned 0 "nor where the source alone has them" --policy merge --split-key "$DB.members=1"
applied 0 "applied"
on "UPDATE members SET $([ $T = o ] && echo txt || echo extra) = 'mine' WHERE id = 12"
undone 1 "undo keeps what the live side has written to"
is "and nobody else" "$(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM members")" "1,3,12"
finish
