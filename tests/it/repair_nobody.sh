#!/bin/bash
# repair_nobody.sh: a row that leads to nobody, as the plan takes away who was there, waits for
# that alone: it is written in the same unit or in a later one, and not where somebody else has
# come, be it between the guards and COMMIT.  By the program and by the stock client; every row
# is compared.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

world() { # world SQL on SOURCE, SQL on TARGET
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (code VARCHAR(9) PRIMARY KEY, name VARCHAR(9) ${UNIQUE-UNIQUE}); CREATE TABLE orders (id INT PRIMARY KEY, member VARCHAR(9));
        INSERT INTO members VALUES ('a', 'ann')"
    at a "$1"
    at $T "$2"
    printf '[table %s.*]\nsubject = no\n[table %s.orders]\nreference = member -> %s.members.%s\n' "$DB" "$DB" "$DB" "${BY:-code}" >ini
    rm -rf dir "$CASE"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy mirror --config ini --case "$CASE" --output dir
    [ "$RC" = 0 ] || bail "no plan: $(tail -n 2 "$ERR" | xargs)"
    BEFORE=$(rows)
}
rows() { on "SELECT * FROM members UNION ALL SELECT member, COUNT(*) FROM orders GROUP BY 1 ORDER BY 1, 2" | tr '\t\n' ' ;'; }
between() { # between SCRIPT: by the client; somebody comes behind the guards
    echo "INSERT INTO members VALUES ('five', 'new')" >come.sql
    { declare -f client side_uri; echo "client $T -D '$DB' <come.sql"; } >come.sh
    sed 's|^-- again|\\! bash come.sh|' "dir/$1" >raced.sql
    is "one place in between" "$(grep -c '^\\!' raced.sql)" 1
    client $T --force <raced.sql >"$OUT" 2>"$ERR"
}

# ---- apply
for come in none gone before between; do
    world "INSERT INTO orders VALUES (1, 'five')" "INSERT INTO members VALUES ('five', 'x')"
    [ $come = none ] || on "DELETE FROM members WHERE code = 'five'"
    [ $come != before ] || on "INSERT INTO members VALUES ('five', 'new')"
    if [ $come = between ]; then
        between apply.sql
        is "somebody has come behind the guards: the unit is rolled back" "$(rows)" "a ann;five new;"
        like "and says why" "$(cat "$OUT")" "orders	1	what it refers to in $DB\.members is not who was planned"
    fi
    rep apply --yes --json --case "$CASE" dir "$DST"
    case $come in
    none | gone) is "$come: it leads to nobody" "$RC $(rows)" "0 a ann;five 1;" ;;
    *) is "$come: it is not written" "$RC $(rows)" "1 a ann;five new;" ;;
    esac
done

# ---- in a later unit
world "INSERT INTO orders VALUES $(for ((i = 1; i <= 700; i++)); do echo "($i, 'five')"; done | paste -sd,)" "INSERT INTO members VALUES ('five', 'x')"
is "several units" "$(($(jq .rows.units dir/plan.json) > 1))" 1
rep_is 0 "a dry run takes them" apply --dry-run --case "$CASE" dir "$DST"
rep_is 0 "a rehearsal does" rehearse --yes dir "$DST"
rep apply --yes --case "$CASE" dir "$DST"
is "applied" "$RC $(rows)" "0 a ann;five 700;"
rep_is 0 "verify agrees" verify dir "$DST"
rep undo --yes --case "$CASE" dir "$DST"
is "undone" "$RC $(rows)" "0 $BEFORE"
rm dir/journal.jsonl
on "DELETE FROM members WHERE code = 'five'; INSERT INTO members VALUES ('five', 'new')"
rep apply --yes --case "$CASE" dir "$DST"
is "where somebody else is there none is written" "$RC $(rows)" "1 a ann;five new;"

# ---- who was there has another name from now on
BY=name
world "INSERT INTO members VALUES ('b', 'six'); INSERT INTO orders VALUES (1, 'five')" "INSERT INTO members VALUES ('b', 'five')"
rep apply --yes --case "$CASE" dir "$DST"
is "a name that is given up leads to nobody" "$RC $(rows)" "0 a ann;b six;five 1;"
rep undo --yes --case "$CASE" dir "$DST"
is "undone" "$RC $(rows)" "0 $BEFORE"
on "DELETE FROM members WHERE code = 'b'; INSERT INTO members VALUES ('c', 'five')"
rep apply --yes --case "$CASE" dir "$DST"
is "nor to somebody else of that name" "$RC $(rows)" "1 a ann;c five;"

# Of several who may have a name nobody can say that: it goes as it went.
UNIQUE=
for come in none gone; do
    world "INSERT INTO orders VALUES (1, 'five')" "INSERT INTO members VALUES ('b', 'five')"
    [ $come = none ] || on "DELETE FROM members WHERE code = 'b'"
    rep apply --yes --case "$CASE" dir "$DST"
    is "$come: a name that several may have" "$RC $(rows)" "0 a ann;five 1;"
done
unset UNIQUE
BY=code

# ---- undo
for come in none gone between; do
    world "INSERT INTO members VALUES ('five', 'x')" "INSERT INTO orders VALUES (1, 'five')"
    rep apply --yes --case "$CASE" dir "$DST"
    is "$come: applied" "$RC $(rows)" "0 a ann;five x;"
    [ $come = none ] || on "DELETE FROM members WHERE code = 'five'"
    if [ $come = between ]; then
        between undo.sql
        is "somebody has come behind the guards of undo: the unit is rolled back" "$(rows)" "a ann;five new;"
        on "DELETE FROM members WHERE name = 'new'"
    fi
    rep undo --yes --case "$CASE" dir "$DST"
    is "$come: it leads to nobody again" "$RC $(rows)" "0 $BEFORE"
done
finish
