#!/bin/bash
# repair_outside.sh: tables that only TARGET has, whose foreign keys lead to rows of the plan.  What
# comes there after the plan was made, or after it was applied, keeps the rows that it refers to:
# neither a DELETE nor an UPDATE of ours takes it along, empties it or leads it elsewhere.  By the
# program and by the stock client; every row of TARGET is compared.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
port=${DST##*:} port=${port%%/*}
CLIENT="mariadb --no-defaults -h 127.0.0.1 -P $port -u root -D $DB"

# Lost: 4 and 5, who has a pet; 1 has another code.  Live only: 8, 9.
world() {
    fresh a$T "$DB"
    at a$T "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(9) NOT NULL UNIQUE, code VARCHAR(9) UNIQUE, at DATETIME,
            changed DATETIME);
        CREATE TABLE pets (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, who INT NOT NULL, at DATETIME,
            changed DATETIME, FOREIGN KEY (who) REFERENCES people (id));
        INSERT INTO people VALUES (1, 'm1', 'A', '2026-01-01', '2026-01-01'), (2, 'm2', 'B', '2026-01-01', '2026-01-01')"
    at a "INSERT INTO people VALUES (4, 'm4', 'D', '2026-03-01', '2026-03-01'), (5, 'm5', 'E', '2026-03-01', '2026-03-01');
        INSERT INTO pets VALUES (5, 'rex', 5, '2026-03-01', '2026-03-01'); UPDATE people SET code = 'AA', changed = '2026-04-01' WHERE id = 1"
    at $T "$1 CREATE TABLE notes (id INT PRIMARY KEY, who INT, FOREIGN KEY (who) REFERENCES people (id) ON DELETE CASCADE);
        CREATE TABLE tags (id INT PRIMARY KEY, code VARCHAR(9), FOREIGN KEY (code) REFERENCES people (code) ON DELETE SET NULL ON UPDATE CASCADE)"
    printf '[table %s.people]\nidentity = mobile\nsubject = yes\n[table %s.*]\ntime-column = at\nmargin = 100\n' "$DB" "$DB" >ini
    rm -f "$CASE"
}
plan() { # plan ARGS…
    rm -rf dir
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output dir "$@"
    case "$RC $*" in
    [01]\ *merge* | 4\ *mirror*) ;; # a mirror leaves tables that TARGET alone has
    *) bail "no plan: $(cat "$ERR")" ;;
    esac
}
rows() {
    on "SELECT 'person', id, CONCAT(mobile, ' ', IFNULL(code, '-')) FROM people UNION ALL SELECT 'pet', id, CONCAT(name, ' ', who) FROM pets
        UNION ALL SELECT 'note', id, IFNULL(who, '-') FROM notes UNION ALL SELECT 'tag', id, IFNULL(code, '-') FROM tags ORDER BY 1, 2" | tr '\t' ' '
}
run() { # run program|client apply|undo
    if [ "$1" = program ]; then
        rep "$2" --yes --json --case "$CASE" dir "$DST"
    else
        [ "$2" = undo ] || client $T <dir/reseed.sql >"$OUT" 2>"$ERR"
        $CLIENT --force -N <"dir/$2.sql" >"$OUT" 2>"$ERR"
    fi
}
named() { grep -oE "people\"?.*[^0-9][0-9]+\"?.*a row of $DB\.(notes|tags) refers to it" "$OUT" |
    sed -E 's/^people[^0-9]*([0-9]+).*of [a-z_]*\.([a-z]*) refers.*/\1 \2/' | sort -u | xargs; }
PETS="pet 5 rex 5"
for by in program client; do
    # ---- mirror deletes 8 and 9, and changes the code of 1
    world "INSERT INTO people VALUES (8, 'm8', 'H', '2026-03-01', '2026-01-01'), (9, 'm9', 'I', '2026-03-01', '2026-01-01'),
        (10, 'm10', 'J', '2026-03-01', '2026-01-01');"
    plan --policy mirror --allow-deletes 3
    on "INSERT INTO notes VALUES (1, 8), (2, NULL), (3, 2); INSERT INTO tags VALUES (1, 'I'), (2, 'A'), (3, 'B')"
    run $by apply
    is "$by: mirror keeps whom something new refers to, by any column, and as they are" "$(rows)" "note 1 8
note 2 -
note 3 2
person 1 m1 A
person 2 m2 B
person 4 m4 D
person 5 m5 E
person 8 m8 H
person 9 m9 I
$PETS
tag 1 I
tag 2 A
tag 3 B"
    is "$by: each is named" "$(named)" "1 tags 8 notes 9 tags"
    [ $by = client ] || is "exit 1" "$RC" 1
    on "DELETE FROM notes; DELETE FROM tags"
    run $by apply
    is "$by: without that they go" "$(rows)" "person 1 m1 AA
person 2 m2 B
person 4 m4 D
person 5 m5 E
$PETS"
    on "INSERT INTO tags VALUES (1, 'AA'), (2, 'E'); INSERT INTO notes VALUES (1, 4)"
    run $by undo
    is "$by: undo of a mirror, too" "$(rows)" "note 1 4
person 1 m1 AA
person 2 m2 B
person 4 m4 D
person 5 m5 E
person 8 m8 H
person 9 m9 I
person 10 m10 J
$PETS
tag 1 AA
tag 2 E"
    is "$by: each is named" "$(named)" "1 tags 4 notes 5 tags"

    # ---- a merge is undone
    world ""
    plan --policy merge --split-at 2026-02-01
    run $by apply
    on "INSERT INTO notes VALUES (1, 5)"
    run $by undo
    is "$by: undo keeps a restored person that something new refers to, with what is theirs" "$(rows)" "note 1 5
person 1 m1 A
person 2 m2 B
person 5 m5 E
$PETS"
    on "DELETE FROM notes"
    run $by undo
    is "$by: until that is gone" "$(rows)" "person 1 m1 A
person 2 m2 B"
done

# ---- by a column that TARGET computes: it changes with another one
for by in program client; do
    fresh a$T "$DB"
    at a$T "CREATE TABLE people (id INT PRIMARY KEY, x INT NOT NULL UNIQUE, name VARCHAR(9), code INT AS (x * 2) STORED UNIQUE);
        INSERT INTO people (id, x, name) VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, 4, 'd')"
    at $T "CREATE TABLE tags (id INT PRIMARY KEY, code INT, FOREIGN KEY (code) REFERENCES people (code) ON UPDATE CASCADE)"
    at a "UPDATE people SET x = 10 WHERE id = 1; UPDATE people SET name = 'z' WHERE id = 2; UPDATE people SET x = 30 WHERE id = 3"
    : >ini
    rm -f "$CASE"
    plan --policy mirror
    on "INSERT INTO tags VALUES (1, 2), (2, 4)"
    run $by apply
    is "$by: nobody loses a computed value that something new refers to him by" \
        "$(on "SELECT 'person', id, CONCAT(x, ' ', name) FROM people UNION ALL SELECT 'tag', id, code FROM tags ORDER BY 1, 2" | tr '\t' ' ')" \
        "person 1 1 a
person 2 2 z
person 3 30 c
person 4 4 d
tag 1 2
tag 2 4"
    is "$by: and is named" "$(named)" "1 tags"
done

# ---- tables that are dropped since, with their foreign keys
held() { on "SELECT GROUP_CONCAT(id ORDER BY id), (SELECT COUNT(*) FROM pets) FROM people" | xargs; }
world ""
plan --policy merge --split-at 2026-02-01
on "DROP TABLE tags"
run program apply
is "who was dropped since the plan refers to nobody: applied, one conflict is open" "$RC $(held)" "1 1,2,4,5 1"
on "DROP TABLE notes"
run program undo
is "and taken back" "$RC $(held)" "0 1,2 0"
world "INSERT INTO people VALUES (8, 'm8', 'H', '2026-03-01', '2026-01-01'), (9, 'm9', 'I', '2026-03-01', '2026-01-01');"
plan --policy mirror --allow-deletes 2
on "DROP TABLE tags; INSERT INTO notes VALUES (1, 8)"
run program apply
is "mirror: whom a table that is left refers to is kept, the others go" "$RC $(held)" "1 1,2,4,5,8 1"
on "DELETE FROM notes; ALTER TABLE notes DROP FOREIGN KEY notes_ibfk_1"
run program apply
is "a table that stands without its foreign key is missed" "$RC $(held)" "5 1,2,4,5,8 1"
like "by name" "$(cat "$ERR")" "has not any more what it had .*notes_ibfk_1"

# ---- by a column that only TARGET has
world "ALTER TABLE people ADD ext INT NULL UNIQUE; INSERT INTO people VALUES (8, 'm8', 'H', '2026-03-01', '2026-01-01', 80);"
on "CREATE TABLE links (id INT PRIMARY KEY, ext INT, FOREIGN KEY (ext) REFERENCES people (ext) ON DELETE CASCADE)"
sed -i "s/^subject = yes/&\nignore-columns = ext/" ini
plan --policy mirror --allow-deletes 1
on "INSERT INTO links VALUES (1, 80)"
run program apply
is "who is referred to by a column that only TARGET has is kept" "$RC $(on "SELECT l.id, p.id FROM links l JOIN people p USING (ext)" | xargs)" "1 1 8"

# ---- by a column that the server computes
world "INSERT INTO people VALUES (8, 'm8', 'H', '2026-03-01', '2026-01-01');"
at a$T "ALTER TABLE people ADD said VARCHAR(20) AS (CONCAT('no ', mobile)) STORED UNIQUE"
on "CREATE TABLE calls (id INT PRIMARY KEY, said VARCHAR(20), FOREIGN KEY (said) REFERENCES people (said) ON DELETE CASCADE)"
plan --policy mirror --allow-deletes 1
on "INSERT INTO calls VALUES (1, 'no m8')"
run program apply
is "who is referred to by a computed column is kept" "$RC $(on "SELECT c.id, p.id FROM calls c JOIN people p USING (said)" | xargs)" "1 1 8"
on "DELETE FROM calls"
run program apply
is "and goes without that" "$RC $(on "SELECT COUNT(*) FROM people WHERE id = 8")" "0 0"

# ---- by a column of the plan's own table that only TARGET has
for by in program client; do
    world "INSERT INTO people VALUES (8, 'm8', 'H', '2026-03-01', '2026-01-01'), (9, 'm9', 'I', '2026-03-01', '2026-01-01');
        ALTER TABLE pets ADD vet INT NULL, ADD FOREIGN KEY (vet) REFERENCES people (id) ON DELETE CASCADE;"
    at a "INSERT INTO pets VALUES (6, 'tom', 2, '2026-01-01', '2026-01-01'), (7, 'kit', 2, '2026-01-01', '2026-01-01')"
    on "INSERT INTO pets VALUES (6, 'tom', 2, '2026-01-01', '2026-01-01', 8), (7, 'kit', 2, '2026-01-01', '2026-01-01', NULL)"
    plan --policy mirror --allow-deletes 1
    is "$by: whose pets have a vet that would go: planned" "$RC $(grep -c "people,.*referenced" dir/conflicts.csv)" "4 1"
    on "UPDATE pets SET vet = 9 WHERE id = 7"
    run $by apply
    is "$by: who comes to be a vet, too" "$(on "SELECT id, vet FROM pets ORDER BY id" | tr '\t\n' '  ')$(on "SELECT GROUP_CONCAT(id) FROM people")" \
        "5 NULL 6 8 7 9 1,2,4,5,8,9"
    on "UPDATE pets SET vet = 4 WHERE id = 6"
    run $by undo
    is "$by: and by undo" "$(on "SELECT id, vet FROM pets ORDER BY id" | tr '\t\n' '  ')$(on "SELECT GROUP_CONCAT(id) FROM people")" \
        "6 4 7 9 1,2,4,8,9"
done

# ---- who comes between the guards and the write waits
world "INSERT INTO people VALUES (8, 'm8', 'H', '2026-03-01', '2026-01-01');"
plan --policy mirror --allow-deletes 1
sed "/^-- write/,\$d; /^-- unit 2 /,\$d" dir/apply.sql >guards.sql
hold "$(cat guards.sql)"
for sql in "INSERT INTO notes VALUES (1, 8)" "INSERT INTO tags VALUES (1, 'H')" "INSERT INTO tags VALUES (2, 'A')"; do
    $CLIENT -e "SET innodb_lock_wait_timeout = 1; $sql" >"$OUT" 2>"$ERR"
    like "behind the guards: $sql" "$(cat "$ERR")" "ERROR 1205"
done
let_go
finish
