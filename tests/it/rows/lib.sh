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

wait_for() { # wait_for SECONDS COMMAND…
    local try
    for ((try = 0; try < $1 * 20; try++)); do
        "${@:2}" && return 0
        sleep 0.05
    done
    return 1
}

fingerprint() { # fingerprint TABLE: as repair/fingerprint.c has it
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
        "new": {"members": [500004, 1]}, "units": '${1:-$UNITS}${CREATED:+, \"created\": \"$CREATED\"}'}'
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
