#!/bin/bash
# repair_odd.sh: a target that is set otherwise than the source, and tables that are odd:
# merge and mirror are applied, verified and undone, by the program and by the stock client,
# and every row is compared by its bytes.  The target: ANSI_QUOTES, NO_BACKSLASH_ESCAPES,
# PAD_CHAR_TO_FULL_LENGTH, small names, another time zone, latin1, REPEATABLE READ.  The
# tables: a TIMESTAMP in the identity and as time-column, names that want quoting, keys of
# two columns up to 2^64-1, generated and invisible columns, partitions by time.

. "$(dirname "$0")/lib.sh"
T=b
. "$IT_DIR/../lib/servers.sh"
{ mr_servers_begin && mr_spawn_mariadb ODD --lower-case-table-names=1 --default-time-zone=+05:30 \
    --sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT,IGNORE_SPACE \
    --character-set-server=latin1 --collation-server=latin1_swedish_ci --transaction-isolation=REPEATABLE-READ &&
    mr_await ODD; } || bail "no server"
MR_B_URI=$MR_ODD_URI
begin ab
IT_EXIT+=(mr_servers_end)
cd "$IT_TMP" || exit 1
DST=$(uri b "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

at ab "CREATE TABLE Members (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL, joined TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        pad CHAR(9) NOT NULL DEFAULT 'x', esc VARCHAR(30), secret INT NOT NULL DEFAULT 7 INVISIBLE, full_name VARCHAR(60) AS (CONCAT(mobile, '-', esc)) STORED,
        v INT AS (LENGTH(mobile)) VIRTUAL, up TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), UNIQUE KEY who (mobile, joined)) CHARACTER SET utf8mb4;
    CREATE TABLE \`we\`\`ird \"o'dd\` (\`se\`\`l'ect\` BIGINT UNSIGNED NOT NULL, \`from \\\\\` CHAR(5) NOT NULL, member_id BIGINT UNSIGNED NOT NULL, \`a\"b\` DECIMAL(10,3), txt TEXT,
        PRIMARY KEY (\`se\`\`l'ect\`, \`from \\\\\`), FOREIGN KEY \`fk\`\`x\` (member_id) REFERENCES Members (id)) CHARACTER SET utf8mb4;
    CREATE TABLE ev (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, member_id BIGINT UNSIGNED NOT NULL, what VARCHAR(50), PRIMARY KEY (id, at), KEY (member_id))
        CHARACTER SET utf8mb4 PARTITION BY RANGE (UNIX_TIMESTAMP(at)) (PARTITION p0 VALUES LESS THAN (UNIX_TIMESTAMP('2026-02-15 00:00:00')), PARTITION p1 VALUES LESS THAN MAXVALUE);
    CREATE TABLE huge (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, note CHAR(4) NOT NULL) CHARACTER SET utf8mb4;
    INSERT INTO Members (id, mobile, joined, pad, esc, secret, up) VALUES (1, 'm1', '2026-01-01', 'a', 'b\\\\s', 1, '2026-01-01'), (2, 'm2', '2026-01-02', 'b ', 'q''q', 2, '2026-01-01');
    INSERT INTO \`we\`\`ird \"o'dd\` VALUES (1, 'a', 1, 1.5, 't'); INSERT INTO ev VALUES (1, '2026-01-01', 1, 'x'); INSERT INTO huge VALUES (1, 'a'), (18446744073709551615, 'z')"
at a "INSERT INTO Members (id, mobile, joined, pad, esc, secret, up) VALUES (3, 'm3', '2026-03-01 22:30:00', 'c', '\\\\\\\\''\\\\\"%_', 3, '2026-03-01 01:02:03.004'), (4, 'm1', '2026-03-02', '', '', 4, '2026-03-01');
    INSERT INTO \`we\`\`ird \"o'dd\` VALUES (18446744073709551615, 'b', 3, 1.5, 'a\\\\b''c\"d\\n'), (7, 'c ', 4, NULL, NULL), (8, '', 1, 2, 'é€😀');
    INSERT INTO ev VALUES (2, '2026-03-01 10:00:00', 3, 'in'), (3, '2026-03-02 10:00:00', 4, 'in');
    UPDATE huge SET note = 'y' WHERE id > 1; UPDATE Members SET esc = '\\\\n', up = '2026-03-05' WHERE id = 2"
at b "INSERT INTO Members (id, mobile, joined, pad, esc, secret) VALUES (3, 'live', '2026-03-01 21:00:00', 'l', 'l', 9); INSERT INTO ev VALUES (2, '2026-03-01 11:00:00', 3, 'live')"
cat >ini <<INI
[table $DB.Members]
subject = yes
identity = mobile, joined
time-column = joined
[table $DB.ev]
identity = none
time-column = at
reference = member_id -> $DB.Members.id
INI
all() { # all SIDE: by content and owner, without ids of people
    client "$1" -D "$DB" <<<"SELECT mobile, joined, HEX(TRIM(pad)), HEX(esc), secret, HEX(full_name), v, up FROM Members;
        SELECT w.\`se\`\`l'ect\`, HEX(w.\`from \\\\\`), m.mobile, m.joined, w.\`a\"b\`, HEX(w.txt) FROM \`we\`\`ird \"o'dd\` w JOIN Members m ON m.id = w.member_id;
        SELECT e.at, m.mobile, m.joined, e.what FROM ev e JOIN Members m ON m.id = e.member_id; SELECT id, HEX(note) FROM huge" | LC_ALL=C sort
}
stock() { # stock FILE: by a client that sets nothing
    local port=${DST##*:}
    mariadb --no-defaults -h 127.0.0.1 -P "${port%%/*}" -u root <"plan/$1" >"$OUT" 2>"$ERR"
    is "the stock client runs $1" "$?$(cat "$ERR")" 0
}
BEFORE=$(all b)
goes() { # goes NAME OPTIONS…: the target becomes $AFTER, and what it was again
    rm -rf plan "$CASE"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep_is 0 "$1: planned" plan --config ini --case "$CASE" --output plan "${@:2}"
    rep_is 0 "$1: applied" apply --yes --case "$CASE" plan "$DST"
    is "$1: as it should be" "$(all b)" "$AFTER"
    rep_is 0 "$1: verified" verify --source "$(uri a "$DB")" plan "$DST"
    rep_is 0 "$1: undone" undo --yes --case "$CASE" plan "$DST"
    is "$1: as it was" "$(all b)" "$BEFORE"
    for script in reseed apply verify; do stock $script.sql; done
    is "$1: the same" "$(all b)" "$AFTER"
    stock undo.sql
    is "$1: and back" "$(all b)" "$BEFORE"
}
AFTER=$({ all a; grep -a live <<<"$BEFORE"; } | LC_ALL=C sort)
goes merge --policy merge --split-at 2026-02-01 --on-conflict changed=source --on-conflict deleted-or-lost=restore
AFTER=$(all a)
goes mirror --policy mirror --allow-deletes 5
finish
