# lib.sh: a plan that restores rows, for tests of `repair apply` and `repair undo`, beside
# tests/it/lib.sh.  The side $T is the target, $DST its URI; the working directory is the
# script's own, and the plan is ./plan.

rep() { # rep ARGS…: repair ARGS…
    CMD=("$MYRECON" repair "$@")
    timeout -k 5 "${LIMIT:-60}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
rep_is() { # rep_is RC DESCRIPTION ARGS…
    local want=$1 desc=$2
    shift 2
    rep "$@"
    is "$desc" "$RC" "$want"
}
on() { client $T -D "$DB" <<<"$1" || bail "SQL failed: ${1:0:300}"; }
sum() { jq -r 'select(.type == "summary") | '"$1" "$OUT"; } # sum FIELD: of the last run
refused() { jq -r 'select(.type == "refused") | "\(.unit) \(.table) \(.key): \(.reason)"' "$OUT"; }

fingerprint() { # fingerprint TABLE: as repair/side/fingerprint.c has it
    local part=
    for c in COLUMN_NAME COLUMN_TYPE IS_NULLABLE EXTRA CHARACTER_SET_NAME COLLATION_NAME GENERATION_EXPRESSION; do
        part+=", IFNULL(CONCAT(LENGTH($c), ':', $c), 'N;')"
    done
    on "SELECT SHA2(GROUP_CONCAT(CONCAT(''$part, '\n') ORDER BY ORDINAL_POSITION SEPARATOR ''), 256)
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '$1'"
}
afresh() { # the tables of both histories, as they were
    at a$T "DROP TABLE IF EXISTS orders, orders2, members;
        CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name TEXT);
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, what VARCHAR(20),
            FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE);
        INSERT INTO members VALUES (1, 'm1', 'ann'), (2, 'm2', 'bob');
        INSERT INTO orders VALUES (1, 1, 'tea')"
    at $T "INSERT INTO members VALUES (3, 'm3', 'new here')"
}
state() { # every row, and how often
    on "SELECT 'm', id, mobile, name FROM members UNION ALL SELECT 'o', id, member_id, what FROM orders ORDER BY 1, 2"
}

# Lost: member 3 (his id is taken: 500004), 10 and 11, and orders of each.
UNITS='[[["members", {"id": 500004, "mobile": "m30", "name": "carl; it'"'"'s\n--"}],
         ["orders", {"id": 10, "member_id": 500004, "what": "milk"}]],
        [["members", {"id": 10, "mobile": "m10", "name": null}],
         ["orders", {"id": 11, "member_id": 10, "what": "rice"}],
         ["members", {"id": 11, "mobile": "m11", "name": "eve"}]],
        [["orders", {"id": 12, "member_id": 11, "what": "salt"}],
         ["orders", {"id": 13, "member_id": 10, "what": "corn"}]]]'
make_plan() { # make_plan [MORE]: members of SPEC
    rm -rf plan
    rep plan --reseed-only --margin 1000000 --source "$(uri a "$DB")" --target "$DST" --output plan ${CASE:+--case "$CASE"}
    [ "$RC" = 0 ] || bail "no plan: $(cat "$ERR")"
    spec='{"db": "'$DB'", "fingerprints": {"members": "'$(fingerprint members)'", "orders": "'$(fingerprint orders)'"},
        "new": {"members": [500004, 1]}, "units": '${1:-$UNITS}${LOCK_WAIT:+, \"lock_wait\": $LOCK_WAIT}${CREATED:+, \"created\": \"$CREATED\"}${SPARSE:+, \"sparse\": true}'}'
    python3 "$IT_DIR/rows/plan_rows.py" plan <<<"$spec" || bail "no rows in the plan"
}
DONE="m	1	m1	ann
m	2	m2	bob
m	3	m3	new here
m	10	m10	NULL
m	11	m11	eve
m	500004	m30	carl; it's
--
o	1	1	tea
o	10	500004	milk
o	11	10	rice
o	12	11	salt
o	13	10	corn"

# ---- and one that `repair plan --policy merge` makes, in the case $CASE

config() { # what is known of the tables
    cat >my.ini <<INI
[table $DB.members]
subject = yes
identity = mobile
time-column = created_at
reference = inviter -> $DB.members.id
[table $DB.orders]
identity = no
INI
}

histories() { # both as they were, then each with its own people
    at a$T "DROP TABLE IF EXISTS log, orders, members;
        CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name TEXT,
            inviter INT, created_at DATETIME);
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, no VARCHAR(20) NOT NULL UNIQUE,
            FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE);
        CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, what VARCHAR(20),
            FOREIGN KEY (member_id) REFERENCES members (id));
        INSERT INTO members VALUES (1, 'm1', 'ann', NULL, '2026-01-01'), (2, 'm2', 'bob', 1, '2026-01-02');
        INSERT INTO orders VALUES (1, 1, 'o1'); INSERT INTO log VALUES (1, 1, 'hello')"
    at a "INSERT INTO members (mobile, name, inviter, created_at) VALUES ('lost3', 'carl', 1, '2026-02-01'),
            ('lost4', 'dora', 3, '2026-02-01'), ('lost5', 'eve', 4, '2026-02-01'), ('lost6', 'fay', NULL, '2026-02-01');
        INSERT INTO orders (member_id, no) SELECT id, CONCAT('lo', id) FROM members WHERE id > 2;
        INSERT INTO log (member_id, what) SELECT id, 'in' FROM members WHERE id > 2"
    at $T "INSERT INTO members (mobile, name, created_at) VALUES ('live3', 'new', '2026-02-02');
        INSERT INTO orders (member_id, no) VALUES (3, 'lv2'); INSERT INTO log (member_id, what) VALUES (3, 'in')"
}
checked() {
    config
    rm -f "$OUT"
    "$MYRECON" check --config my.ini --case "$CASE" --settle 0 "$(uri a "$DB")" "$DST" >"$OUT" 2>"$ERR"
    case $? in 0 | 1) ;; *) bail "check: $(cat "$ERR")" ;; esac
}
plan_is() { # plan_is RC DESCRIPTION DIR
    checked
    rm -rf "$3"
    rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --json --output "$3"
    is "$2" "$RC" "$1"
}
planned_rows() { jq -r '.rows.rows' "$1/plan.json"; }
people() { on "SELECT CONCAT(m.mobile, ':', m.name, ':', IFNULL(i.mobile, '-'), ':', (SELECT GROUP_CONCAT(no) FROM orders
    WHERE member_id = m.id), ':', (SELECT COUNT(*) FROM log WHERE member_id = m.id)) FROM members m
    LEFT JOIN members i ON i.id = m.inviter ORDER BY m.mobile"; }

hold() { # hold "SQL;" [SIDE]: in a transaction of a session of its own
    : >"$IT_TMP/hold"
    exec {HOLD_IN}> >(exec mariadb --no-defaults -h 127.0.0.1 -P "$(sed 's/.*:\([0-9]*\).*/\1/' <<<"$(side_uri "${2:-$T}")")" \
        -u root -D "$DB" -n -N -B >"$IT_TMP/hold" 2>&1)
    HOLD_PID=$!
    echo "BEGIN; $1 SELECT 'held';" >&"$HOLD_IN"
    wait_for 10 grep -q held "$IT_TMP/hold"
}
let_go() {
    printf 'ROLLBACK;\n\\q\n' >&"$HOLD_IN"
    exec {HOLD_IN}>&-
    wait "$HOLD_PID" 2>/dev/null
}
