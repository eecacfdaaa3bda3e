#!/bin/bash
# repair_sequence.sh: one SEQUENCE feeds two tables, so that an id says by itself whose it is, and one
# column refers to both.  New ids of a merge are told apart in the same way.  MariaDB alone has them.

. "$(dirname "$0")/lib.sh"
T=b
begin ab
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri b "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
at ab "CREATE SEQUENCE ids;
    CREATE TABLE members (id INT NOT NULL DEFAULT NEXTVAL(ids) PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, at DATETIME NOT NULL);
    CREATE TABLE firms (id INT NOT NULL DEFAULT NEXTVAL(ids) PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, at DATETIME NOT NULL);
    CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, owner INT NOT NULL, whose VARCHAR(20), at DATETIME NOT NULL, KEY (owner));
    INSERT INTO members (name, at) VALUES ('m1', '2026-01-01'); INSERT INTO firms (name, at) VALUES ('f2', '2026-01-01');
    INSERT INTO notes (owner, whose, at) VALUES (1, 'm1', '2026-01-01'), (2, 'f2', '2026-01-01')"
both() { # both SIDE NAME DAY: a member 3 and a firm 4 of that side
    at "$1" "INSERT INTO members (name, at) VALUES ('m$2', '$3'); INSERT INTO firms (name, at) VALUES ('f$2', '$3');
        INSERT INTO notes (owner, whose, at) VALUES (3, 'm$2', '$3'), (4, 'f$2', '$3')"
}
both a lost 2026-03-01
both b live 2026-03-02
cat >ini <<INI
[table $DB.members]
subject = yes
identity = name
time-column = at
[table $DB.firms]
identity = name
time-column = at
[table $DB.notes]
identity = none
time-column = at
reference = owner -> $DB.members.id
reference = owner -> $DB.firms.id
INI
"$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep_is 0 "planned" plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output plan
rep_is 0 "applied" apply --yes --case "$CASE" plan "$DST"
is "no id is of a member and a firm" "$(on "SELECT id FROM members JOIN firms USING (id)")" ""
is "each note is whose it was" "$(on "SELECT whose FROM notes LEFT JOIN members m ON m.id = owner LEFT JOIN firms f ON f.id = owner
    WHERE NOT whose <=> COALESCE(m.name, f.name)")" ""
is "the sequence goes on above the ids of both" "$(on "SELECT NEXTVAL(ids) > GREATEST((SELECT MAX(id) FROM members), (SELECT MAX(id) FROM firms))")" 1
rep_is 0 "verified" verify plan "$DST"
rep_is 0 "undone" undo --yes --case "$CASE" plan "$DST"
is "as before" "$(on "SELECT GROUP_CONCAT(whose ORDER BY id) FROM notes")" "m1,f2,mlive,flive"
finish
