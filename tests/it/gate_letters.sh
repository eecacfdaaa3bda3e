#!/bin/bash
# gate_letters.sh: a server that takes the names of databases in any letters (lower_case_table_names
# = 1): what is named otherwise than the server writes it is looked at all the same, or refused.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/servers.sh"
mr_servers_begin && mr_spawn_mariadb GL --lower-case-table-names=1 && mr_await GL || bail "no server"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
GATE_KIND=mariadb
URI=$(mr_get_server GL URI)

record() { # DATABASE
    "$MYRECON" gate record --force --output "$IT_TMP/$1.facts" "$URI/$1" >"$OUT" 2>"$ERR" ||
        bail "no baseline: $(cat "$ERR")"
}

found() { # DESCRIPTION BASELINE DATABASE WANTED
    run_gate "$IT_TMP/$2.facts" "$URI/$3"
    is "$1" "$(what_fires) -> $RC" "$4"
}

mr_sql GL <<'SQL'
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME NOT NULL);
INSERT INTO members (at) VALUES ('2026-04-01'), ('2026-04-02'), ('2026-04-03');
CREATE TABLE orders (id INT PRIMARY KEY);
SQL
record Club
record club
for baseline in Club club; do
    for db in Club club; do
        found "recorded of $baseline, checked as $db: well" "$baseline" "$db" " -> 0"
    done
done

printf '[table Club.members]\nfreshness = at\n' >"$IT_TMP/letters.ini"
run_gate --config "$IT_TMP/letters.ini" "$URI/club"
is "a section in other letters: exit 3" "$RC" 3
like "and it is named" "$(cat "$ERR")" 'section \[table Club.members\] says nothing of table "club.members"'
printf '[table Club.gone]\nfreshness = at\n' >"$IT_TMP/letters.ini"
run_gate --config "$IT_TMP/letters.ini" --only freshness "$URI/club"
is "a section in other letters of a table that there is not" "$(what_fires) -> $RC" "freshness:unknown -> 4"

mr_sql GL -e "DELETE FROM club.members WHERE id = 3"
for db in Club club; do
    found "a row is lost, checked as $db" Club "$db" "max_keys:critical row_counts:critical -> 2"
done
mr_sql GL -e "DROP TABLE club.orders"
for baseline in Club club; do
    for db in Club club; do
        run_gate --only tables "$IT_TMP/$baseline.facts" "$URI/$db"
        is "a table is dropped: recorded of $baseline, checked as $db" "$(what_fires) -> $RC" "tables:critical -> 2"
    done
done
mr_sql GL -e "DROP DATABASE club"
for db in Club club; do
    run_gate --only tables "$IT_TMP/Club.facts" "$URI/$db"
    is "the database is dropped, checked as $db" "$(what_fires) -> $RC" "tables:critical -> 2"
done

# On a server that does not: one of two that differ in their letters is not both.
mr_spawn_mariadb GS && mr_await GS || bail "no server"
mr_sql GS -e "CREATE DATABASE Club; CREATE TABLE Club.t (id INT PRIMARY KEY); INSERT INTO Club.t VALUES (1)"
both=$(mr_get_server GS URI)/Club,club
run_gate "$both"
is "checked without a baseline, club is not Club: exit 3" "$RC" 3
like "and it is named" "$(cat "$ERR")" 'database "club" does not exist'
"$MYRECON" gate record --force --output "$IT_TMP/both.facts" "$both" >"$OUT" 2>"$ERR"
is "nor recorded: exit 3" "$?" 3
like "and it is named, too" "$(cat "$ERR")" 'database "club" does not exist'
mr_sql GS -e "CREATE DATABASE club"
"$MYRECON" gate record --force --output "$IT_TMP/both.facts" "$both" >"$OUT" 2>"$ERR"
is "with both: recorded" "$? $(cat "$ERR")" "0 "
found_both() { # DESCRIPTION WANTED
    run_gate --only tables "$IT_TMP/both.facts" "$both"
    is "$1" "$(what_fires) -> $RC" "$2"
}
found_both "with both: well" " -> 0"
mr_sql GS -e "DROP DATABASE Club"
found_both "Club is dropped, club is there" "tables:critical -> 2"

# From a server that tells tables apart by capitals to one that does not: they are what they were.
for server in GS GL; do
    mr_sql $server -e "CREATE DATABASE town; CREATE TABLE town.Members (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
        INSERT INTO town.Members (v) VALUES (1), (2), (3)"
done
checks=(--only tables --only schema --only row_counts --only max_keys --only sample_digest)
"$MYRECON" gate record --force --output "$IT_TMP/town.facts" "$(mr_get_server GS URI)/town" >"$OUT" 2>"$ERR" || bail "no baseline"
town() { # DESCRIPTION WANTED
    run_gate "${checks[@]}" "$IT_TMP/town.facts" "$URI/town"
    is "$1" "$(what_fires) -> $RC" "$2"
}
town "Members is members there: well" " -> 0"
mr_sql GL -e "UPDATE town.members SET v = 9 WHERE id = 2"
town "and its rows are compared" "sample_digest:warning -> 1"
mr_sql GL -e "DROP TABLE town.members"
town "and it is gone where it is dropped" "tables:critical -> 2"
finish
