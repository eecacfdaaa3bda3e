#!/bin/bash
# foreign_text.sh: names, values, comments, definitions, accounts and error texts of a server
# that try to move the cursor, to ring, to colour, to turn the reading direction, or are no
# UTF-8: no command lets any of it reach a terminal as it is.

. "$(dirname "$0")/lib.sh"
settings stay
T=b
begin "a$T"
cd "$IT_TMP" || exit 1
# ESC and BEL (a window title), ESC [ (a colour), CR, 0x9B as U+009B, U+202E, U+2066
X=$'\e]0;t\a\e[31m\rC\u009b2J\u202er\u2066'
ENC=%1B%5D0%3Bt%07%1B%5B31m%0DC%C2%9B2J%E2%80%AEr%E2%81%A6
D=$DB$X
for side in a "$T"; do
    IT_DROP+=("$(side_uri $side) ${D// /}")
    client $side <<<"DROP DATABASE IF EXISTS \`$D\`; CREATE DATABASE \`$D\` CHARACTER SET utf8mb4" || bail "no database"
done
both() { # both SQL: in that database on both sides
    local side
    for side in a "$T"; do client $side -D "$D" <<<"$1" || bail "SQL failed: $1"; done
}
SRC=$(uri a "$DB$ENC") DST=$(uri "$T" "$DB$ENC")
both "CREATE TABLE \`m$X\` (id INT AUTO_INCREMENT PRIMARY KEY, \`k$X\` VARCHAR(60) NOT NULL UNIQUE COMMENT '$X',
        name VARCHAR(60) DEFAULT '$X', raw VARBINARY(30), made DATETIME, \`e$X\` ENUM('a$X', 'b'),
        CONSTRAINT \`c$X\` CHECK (name <> 'not $X')) COMMENT '$X';
    CREATE TABLE \`o$X\` (id INT AUTO_INCREMENT PRIMARY KEY, \`ref$X\` INT, what VARCHAR(60),
        CONSTRAINT \`f$X\` FOREIGN KEY (\`ref$X\`) REFERENCES \`m$X\` (id));
    CREATE TABLE \`n$X\` (a INT, b VARCHAR(60));
    CREATE TABLE \`w$X\` (\`m${X}_id\` INT, b VARCHAR(60), id INT PRIMARY KEY);
    INSERT INTO \`m$X\` VALUES (1, 'k1$X', 'n', 0x1B5B9B07, '2026-01-01', 'b'), (2, 'k2$X', '$X', NULL, '2026-01-01', 'a$X');
    INSERT INTO \`o$X\` VALUES (1, 1, '$X'); INSERT INTO \`n$X\` VALUES (1, '$X'); INSERT INTO \`w$X\` VALUES (1, '$X', 1)"
client a -D "$D" <<<"INSERT INTO \`m$X\` VALUES (3, 'lost$X', '$X', 0xFF1B9B0D, '2026-03-01', 'a$X');
    INSERT INTO \`o$X\` VALUES (2, 3, 'lost$X'); INSERT INTO \`n$X\` VALUES (2, 'lost$X');
    UPDATE \`m$X\` SET name = 'other$X', raw = 0x9B1B WHERE id = 1;
    CREATE VIEW \`v$X\` AS SELECT '$X' AS \`x$X\`; CREATE PROCEDURE \`p$X\`() COMMENT '$X' SELECT '$X';
    CREATE EVENT \`e$X\` ON SCHEDULE EVERY 1 YEAR DISABLE COMMENT '$X' DO SELECT '$X';
    CREATE TABLE \`only$X\` (id INT)" || bail "no source"
client "$T" -D "$D" <<<"INSERT INTO \`m$X\` VALUES (3, 'live$X', '$X', 0x80, '2026-03-02', 'b');
    ALTER TABLE \`n$X\` COMMENT 'other $X', MODIFY b VARCHAR(61);
    CREATE TABLE \`gone$X\` (id INT); CREATE VIEW \`broken$X\` AS SELECT * FROM \`gone$X\`; DROP TABLE \`gone$X\`" || bail "no target"
U=u$X
for side in a "$T"; do
    client $side <<<"CREATE USER \`$U\`@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON \`${D//_/\\_}\`.* TO \`$U\`@'%'" || bail "no account"
    at_exit "client $side <<<\"DROP USER \\\`\$U\\\`@'%'\""
done

# --- what may not be there ---------------------------------------------------------------
raw() { # raw FILE: lines that would do something to a terminal
    LC_ALL=C grep -aPn '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c' "$1" |
        head -n 3 | cat -v
    iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 || echo "not UTF-8"
}
SAID=0
shows() { # shows RC DESCRIPTION COMMAND…: stdout and stderr are harmless; RC: a pattern
    CMD=("${@:3}")
    timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    local bad
    bad=$(raw "$OUT"; raw "$ERR")
    # shellcheck disable=SC2254
    case $RC in $1) ;; *) bad+="exit code $RC: $(head -n 3 "$ERR" | cat -v)" ;; esac
    is "$2" "$bad" ""
    SAID=$((SAID + $(cat "$OUT" "$ERR" | grep -c '\\x1b')))
}
M=$MYRECON
LIMITED=${SRC/\/\/*@/\/\/u$ENC:pw@} LIMITED_T=${DST/\/\/*@/\/\/u$ENC:pw@}
printf '[table *.m*]\nsubject = yes\ntime-column = made\n[table *.n*]\nidentity = none\n[table *.w*]\nwhere = id > 0 /* %s */\n' \
    "${X//$'\r'/}" >my.ini
shows 1 "check" "$M" check -v --settle 0 --config my.ini --case case "$SRC" "$DST"
shows "[14]" "check, with an account that sees little" "$M" check --settle 0 "$LIMITED" "$LIMITED_T"
shows 3 "check of a database that is not there" "$M" check --settle 0 "$(uri a "no$ENC")" "$(uri "$T" "no$ENC")"
shows "[34]" "a table that cannot be read" "$M" check --settle 0 --where "$D.m$X=no$X > 0" "$SRC" "$DST"
shows 3 "an option that is none" "$M" check "--no$X" "$SRC" "$DST"
shows "[34]" "an account that is none" "$M" check "${SRC/\/\/*@/\/\/no$ENC@}" "$DST"
shows "[014]" "affected, where it is no data" "$M" affected --case case --config my.ini --output people --force
shows "[0134]" "affected of a subject that is none" "$M" affected --case case --subject "$D.no$X"
shows "[01]" "config" env MYRECON_USER="$U" "$M" config --config my.ini
shows "[04]" "snapshot create" "$M" snapshot create -v "$DST" "snap$X"
shows "[04]" "snapshot create, with an account that sees little" "$M" snapshot create "$LIMITED_T" few
shows 0 "snapshot list" "$M" snapshot list "snap$X"
shows 0 "snapshot verify" "$M" snapshot verify -v "snap$X"
shows "[14]" "snapshot verify --against" "$M" snapshot verify --against "$SRC" "snap$X"
shows "[04]" "snapshot restore" "$M" snapshot restore --rename-db "$D=to$X" "snap$X" "$(side_uri a)"
IT_DROP+=("$(side_uri a) to$X")
shows "[15]" "snapshot restore onto what is there" "$M" snapshot restore "snap$X" "$DST"
shows 0 "gate record" "$M" gate record --output "facts$X" "$DST"
shows "[04]" "gate record, with an account that sees little" "$M" gate record --output facts2 "$LIMITED_T"
client "$T" -D "$D" <<<"ALTER TABLE \`o$X\` ADD \`more$X\` INT; DROP TABLE \`w$X\`" || bail "no change"
shows "[124]" "gate check" "$M" gate check -v "facts$X" "$DST"
shows "[124]" "gate check, with an account that sees little" "$M" gate check "facts$X" "$LIMITED_T"
shows 3 "gate check of an account that is none, for Nagios" "$M" gate check --nagios "facts$X" "${DST/\/\/*@/\/\/no$ENC@}"
shows "[0134]" "doctor" "$M" doctor -v "$DST"
shows "[134]" "doctor, with an account that sees little" "$M" doctor -v "$LIMITED_T"
client "$T" -D "$D" <<<"ALTER TABLE \`o$X\` DROP \`more$X\`; CREATE TABLE \`w$X\` LIKE \`n$X\`" || bail "no change"
client a -D "$D" <<<"DROP TABLE \`w$X\`"; client "$T" -D "$D" <<<"DROP TABLE \`w$X\`"
sed -i '/w\*/,$d' my.ini
shows 1 "check, again" "$M" check --settle 0 --config my.ini --case case2 "$SRC" "$DST"
shows 4 "repair plan" "$M" repair plan --config my.ini --case case2 --policy merge --split-at 2026-02-01 --output "plan$X"
shows 4 "repair show" "$M" repair show "plan$X"
shows "[01]" "report" "$M" report --case case2 --output report.html
client "$T" -D "$D" --delimiter=// <<<"CREATE TRIGGER \`t$X\` BEFORE INSERT ON \`o$X\` FOR EACH ROW
    IF NEW.what LIKE 'lost%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no $X'; END IF //" || bail "no trigger"
shows "[145]" "repair apply, where a trigger has come to be" "$M" repair apply --yes --case case2 "plan$X" "$DST"
client "$T" -D "$D" <<<"DROP TRIGGER \`t$X\`"
shows "[01]" "repair apply" "$M" repair apply --yes -v --case case2 "plan$X" "$DST"
shows "[01]" "repair verify" "$M" repair verify --source "$SRC" "plan$X" "$DST"
client "$T" -D "$D" <<<"UPDATE \`m$X\` SET name = 'since$X' WHERE \`k$X\` LIKE 'lost%'"
shows "[01]" "repair verify, of what was changed since" "$M" repair verify "plan$X" "$DST"
shows "[01]" "repair undo" "$M" repair undo --yes "plan$X" "$DST"
shows "[15]" "repair apply onto another server" "$M" repair apply --yes "plan$X" "$SRC"
is "what is harmless was shown nevertheless" "$((SAID > 60))" 1
note <<<"$SAID lines"
finish
