#!/bin/bash
# repair_letters.sh: servers that write names of tables in small letters (lower_case_table_names
# = 1), on either side: what a configuration and foreign keys say in other letters means the same
# table, or is refused by name; who refers from outside of the plan keeps what it refers to.

. "$(dirname "$0")/lib.sh"
T=b
. "$IT_DIR/../lib/servers.sh"
{ mr_servers_begin && mr_spawn_mariadb LOW --lower-case-table-names=1 && mr_await LOW; } || bail "no server"
LOW=$MR_LOW_URI
begin ab
IT_EXIT+=(mr_servers_end)
cd "$IT_TMP" || exit 1
CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
big() { client "$1" <<<"DROP DATABASE IF EXISTS $DB; CREATE DATABASE $DB CHARACTER SET utf8mb4; USE $DB; SET foreign_key_checks = 0;
    CREATE TABLE Members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        name VARCHAR(20), created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL);
    CREATE TABLE Orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, Member_id INT UNSIGNED NOT NULL, what VARCHAR(9),
        created_at DATETIME NOT NULL, FOREIGN KEY fo (Member_id) REFERENCES Members (ID));
    CREATE TABLE Notes (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id SMALLINT UNSIGNED NOT NULL, txt VARCHAR(9),
        created_at DATETIME NOT NULL);
    INSERT INTO Members VALUES (1, 'm1', 'a', '2026-01-01', '2026-01-01'), (2, 'm2', 'b', '2026-01-02', '2026-01-01');
    INSERT INTO Orders VALUES (1, 1, 'o', '2026-01-01'); INSERT INTO Notes VALUES (1, 1, 'n', '2026-01-01')" || bail "no tables"; }
lost() { client "$1" -D "$DB" <<<"INSERT INTO $2 VALUES (3, 's3', 'lost', '2026-03-01', '2026-03-01');
    INSERT INTO $3 VALUES (2, 3, 'lost', '2026-03-01'); INSERT INTO $4 VALUES (2, 3, 'lost', '2026-03-01')" || bail "nothing lost"; }
live() { client "$1" -D "$DB" <<<"INSERT INTO $2 VALUES (3, 'live', 'live', '2026-03-02', '2026-03-02')" || bail "nothing live"; }
owners() { client "$1" -D "$DB" <<<"SELECT 'o', o.what, m.mobile FROM $3 o JOIN $2 m ON m.id = o.member_id UNION ALL
    SELECT 'n', n.txt, m.mobile FROM $4 n JOIN $2 m ON m.id = n.member_id ORDER BY 1, 2"; }
OWNED="n	lost	s3
n	n	m1
o	lost	s3
o	o	m1"
ini() { # ini MEMBERS ORDERS NOTES PARENT [MARGIN]
    printf '[table %s]\nmargin = %s\n' '*' "${5:-50}"
    printf '[table %s.%s]\nidentity = mobile\ntime-column = created_at\n' "$DB" "$1"
    printf '[table %s.%s]\nidentity = none\ntime-column = created_at\n' "$DB" "$2"
    printf '[table %s.%s]\nidentity = none\ntime-column = created_at\nreference = member_id -> %s.%s.ID\n' "$DB" "$3" "$DB" "$4"
}
plan() { # plan ARGS…: after a check; SRC, DST
    rm -rf plan "$CASE"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output plan "$@"
}
merged() { # merged DESCRIPTION NAMES…: whose things are whose
    plan --policy merge --split-at 2026-02-01
    is "$1: planned" "$RC $(planned_rows plan)" "0 3"
    rep_is 0 "$1: applied" apply --yes --case "$CASE" plan "$DST"
    is "$1: each has what is his" "$(owners "$DST" "${@:2}")" "$OWNED"
    rep_is 0 "$1: verified" verify --source "$SRC" plan "$DST"
}

# ---- big letters on the source, small ones on the target ------------------------------------
SRC=$(uri a "$DB") DST=$(uri "$LOW" "$DB")
big a && big "$LOW"
lost a Members Orders Notes
live "$LOW" MEMBERS
ini Members Orders Notes Members >ini
merged "small letters on the target" members orders notes

counters_fit() { # counters_fit DESCRIPTION: the SMALLINT that refers bounds what is raised
    rm -rf counters
    rep plan --reseed-only --config ini --source "$SRC" --target "$DST" --output counters
    like "$1: the column that refers bounds the margin" "$RC $(cat "$OUT")" "^ *margin: a quarter of what is left in $DB.notes.member_id, .*65535"
}
ini Members Orders Notes Members 100000 >ini
counters_fit "small letters on the target"
rm -rf counters
rep plan --reseed-only --config ini --source "$DST" --target "$DST" --output counters
like "one database with itself has no two counters" "$RC $(tr "\n" " " <"$ERR") $(ls counters 2>&1)" "^5 .*source and target are the same: database .*No such file"
ini Members Orders Notes Members >ini
rm -rf plan "$CASE"
"$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" --exclude Notes -q >"$OUT" 2>"$ERR"
rep plan --config ini --case "$CASE" --output plan --policy merge --split-at 2026-02-01
is "who refers was left out: exit 5" "$RC" 5
like "and is named" "$(cat "$ERR")" "table \"$DB.Notes\" refers to \"$DB.Members\""

# ---- a table that only the target has refers to what newest and mirror write ----------------
client a -D "$DB" <<<"UPDATE Members SET mobile = 'new1', updated_at = '2026-04-01' WHERE id = 1;
    UPDATE Members SET name = 'bb', updated_at = '2026-04-01' WHERE id = 2"
for policy in newest:updated_at "mirror --allow-deletes 1"; do
    big "$LOW"
    client "$LOW" -D "$DB" <<<"CREATE TABLE Outside (id INT PRIMARY KEY, M VARCHAR(20),
            FOREIGN KEY (M) REFERENCES MEMBERS (Mobile) ON UPDATE CASCADE);
        INSERT INTO Outside VALUES (1, 'm1')" || bail "no outside"
    # shellcheck disable=SC2086
    plan --policy $policy
    rep apply --yes --case "$CASE" plan "$DST"
    is "${policy%% *}: who refers from outside keeps it" "$(client "$LOW" -D "$DB" <<<"SELECT M FROM Outside; SELECT name FROM Members WHERE id = 2")" \
        "m1
bb"
done

# ---- small letters on the source -------------------------------------------------------------
SRC=$(uri "$LOW" "$DB") DST=$(uri b "$DB")
big "$LOW" && big b
lost "$LOW" members orders notes
live b Members
ini members orders notes MemberS >ini
merged "small letters on the source" Members Orders Notes
ini members orders notes MemberS 100000 >ini
counters_fit "small letters on the source"
ini Members orders notes members >ini
rm -rf counters
for run in "check --settle 0 --config ini $SRC $DST" \
    "repair plan --reseed-only --config ini --source $SRC --target $DST --output counters"; do
    # shellcheck disable=SC2086
    "$MYRECON" $run >"$OUT" 2>"$ERR"
    is "a section in other letters, ${run%% -*}: exit 3" "$?" 3
    like "and it is named" "$(cat "$ERR")" "ini:[0-9]+: section \[table $DB.Members\] says nothing of table \"$DB.members\""
done
finish
