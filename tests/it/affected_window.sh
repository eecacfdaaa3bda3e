#!/bin/bash
# affected_window.sh: everybody who registered in a window is listed, each once: rows without
# a key and without an identity, and beside a TARGET that is a snapshot.

. "$(dirname "$0")/lib.sh"
begin
at ab "CREATE TABLE players (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL, name VARCHAR(20) NOT NULL,
    club INT NOT NULL, created_at DATETIME NULL);
INSERT INTO players VALUES (1, 'p1', 'gil', 7, '2026-04-01'), (2, 'p2', 'hal', 8, '2026-04-01'),
    (3, 'p3', 'ida', 7, NULL), (4, 'p4', 'jan', 8, NULL), (5, 'p5', 'kim', 7, '2026-03-01');
CREATE TABLE guests (mobile VARCHAR(20) NULL, name VARCHAR(20) NOT NULL,
    created_at DATETIME NOT NULL) COLLATE utf8mb4_general_ci;
CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL,
    name VARCHAR(20) NOT NULL, created_at DATETIME NOT NULL);
INSERT INTO guests VALUES ('m1', 'ann', '2026-04-01'), (NULL, 'bob', '2026-04-01'),
    (NULL, 'cat', '2026-04-02'), (NULL, 'dan', '2026-03-02');
INSERT INTO members VALUES (1, 'Zoë', 'zoe', '2026-04-01'), (2, 'm2', 'eve', '2026-04-01');"
at ab "CREATE TABLE fans (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL, name VARCHAR(20) NOT NULL, joined DATE NOT NULL);
INSERT INTO fans VALUES (1, 'f1', 'lea', '2026-04-01'), (2, 'f2', 'mia', '2026-04-02'), (3, 'f3', 'ned', '2026-04-03')"
at a "INSERT INTO guests VALUES (NULL, 'fay', '2026-04-03')"
at b "UPDATE members SET name = 'zoé' WHERE id = 1; DELETE FROM players WHERE id = 3"
cat >"$IT_TMP/ini" <<END2
[table $DB.guests]
identity = mobile
time-column = created_at
[table $DB.members]
identity = mobile
time-column = created_at
[table $DB.fans]
identity = mobile
time-column = joined
[table $DB.players]
identity = mobile
time-column = created_at
where = club = 7
END2
CASE=$IT_TMP/club.case

listed() { # listed TABLE [ARGS…]: what is listed of a subject table, with a window
    local table=$1
    shift
    [ $# -gt 0 ] || set -- --since 2026-04-01
    "$MYRECON" affected -q --no-progress --case "$CASE" --config "$IT_TMP/ini" --columns name \
        --subject "$DB.$table" "$@" 2>"$ERR" </dev/null | tr -d '\r' |
        tail -n +2 | sed "s/$DB\\.//g" | sort
}

check_is 1 "check" --config "$IT_TMP/ini" --case "$CASE"
is "no key and no identity: every row of the window is somebody" "$(listed guests)" \
    ',,,missing;window,guests,fay
,,,window,guests,bob
,,,window,guests,cat
m1,,,window,guests,ann'
WANTED='Zoë,1,1,changed;window,members,zoe
m2,2,2,window,members,eve'
is "two servers: each is one" "$(listed members)" "$WANTED"

# An account that may have two connections to each server.
for side in a b; do
    client $side <<<"CREATE OR REPLACE USER it_window@'127.0.0.1' WITH MAX_USER_CONNECTIONS 2; GRANT ALL ON *.* TO it_window@'127.0.0.1'"
    at_exit "client $side <<<\"DROP USER IF EXISTS it_window@'127.0.0.1'\""
done
is "two connections are enough" "$(listed members --since 2026-04-01 --source "$(uri a "$DB" it_window)" --target "$(uri b "$DB" it_window)")" "$WANTED"
client b <<<"ALTER USER it_window@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1"
listed members --since 2026-04-01 --source "$(uri a "$DB" it_window)" --target "$(uri b "$DB" it_window)" >/dev/null
like "one is not: what to do" "$(cat "$ERR")" 'hint: .*over two connections to each server'

# --- rows without a time, and rows that the configuration leaves out

players() { # WORDS: whom the window has, what is said, and how it ends
    is "$1: rows that where leaves out are in no window" "$(listed players)" \
        'p1,1,1,window,players,gil
p3,3,,missing,players,ida'
    like "$1: rows without a time are told" "$(cat "$ERR")" \
        "players\" of the source: 1 row without a time in \"created_at\" \(NULL\)"
    unlike "$1: of the side that has them" "$(cat "$ERR")" 'players" of the target: '
    "$MYRECON" affected -q --no-progress --case "$CASE" --config "$IT_TMP/ini" --subject "$DB.players" \
        --since 2026-04-01 >/dev/null 2>&1 </dev/null
    is "$1: the list is incomplete" $? 4
}
fans() { # WORDS: a DATE does not tell when on its day they came
    is "$1: who came on the day that the window begins in" \
        "$(listed fans --since '2026-04-02 12:11:00' | cut -d, -f1 | xargs)" "f2 f3"
    is "$1: who came on the day that it ends in" \
        "$(listed fans --since '2026-04-01' --until '2026-04-02 12:11:00' | cut -d, -f1 | xargs)" "f1 f2"
    is "$1: it ends in front of a day" "$(listed fans --until '2026-04-02' | cut -d, -f1 | xargs)" "f1"
}
players "two servers"
fans "two servers"

"$MYRECON" snapshot create -q --no-progress "$(uri b "$DB")" "$IT_TMP/b" 2>"$ERR" </dev/null ||
    bail "no snapshot: $(cat "$ERR")"
CASE=$IT_TMP/b.case
DST=snapshot:$IT_TMP/b
check_is 1 "check against a snapshot" --config "$IT_TMP/ini" --case "$CASE"
players "TARGET is a snapshot"
fans "TARGET is a snapshot"
is "TARGET is a snapshot: each is one" "$(listed members)" "$WANTED"
finish
