#!/bin/bash
# repair_clients.sh: the scripts of a plan by the stock client of the server: the wrong server,
# rows that strangers took meanwhile, connections that are lost anywhere, odd sessions and
# servers, large trees, circles, tables without a key, changed tables, values of every type.
# On MariaDB with its client; as repair_clients_mysql.sh on MySQL 9 with that one's own.

. "$(dirname "$0")/lib.sh"
[ "${1:-}" != mysql ] || IT_NAME+=_mysql

# ---- servers and clients ---------------------------------------------------------------
# S, the source, is shared; T, the target, is this script's own: its global variables change.
S=$MR_A_URI
if [ "${1:-}" = mysql ]; then
    S=$MR_O_URI
    if [ -z "$S" ] || ! root=$("$IT_DIR/../lib/mysql9.sh" 2>/dev/null); then
        echo "1..0 # SKIP no MySQL 9"
        exit 0
    fi
fi
begin ""
if [ "${1:-}" = mysql ]; then
    . "$IT_DIR/../lib/servers.sh"
    mr_servers_begin
    mr_mysql_root=$root
    mr_spawn_mysql T && mr_await T || bail "no MySQL server"
    trap clean_up EXIT
    IT_EXIT+=(mr_servers_end)
    STOCK=(chroot "$root" mysql --no-defaults)
    ALWAYS=(--init-command="SET SESSION sql_require_primary_key = 1") # as hosters set it
else
    own_begin T || bail "no MariaDB server"
    STOCK=(mariadb --no-defaults)
    ALWAYS=()
    root=
fi
T=$MR_T_URI
cd "$IT_TMP" || exit 1

stock_on() { # stock_on URI SCRIPT [OPTIONS…]: $SAID and the client's exit code
    local at=${1#mysql://}
    at=${at%%[/?]*}
    at=${at##*@}
    "${STOCK[@]}" "${ALWAYS[@]}" -h "${at%:*}" -P "${at##*:}" -u root --max-allowed-packet=64M \
        "${@:3}" <"$2" >said 2>&1
}
stock() { stock_on "$T" "$@"; }       # stock SCRIPT [OPTIONS…]: on the target
live() { client "$T" -D "$DB" <<<"$1" || bail "SQL failed on the target: ${1:0:300}"; }
lost() { client "$S" -D "$DB" <<<"$1" || bail "SQL failed on the source: ${1:0:300}"; }
both() { live "$1" && lost "$1"; }

afresh() { # afresh SQL [INI]: new databases with these tables, and a configuration
    local uri
    for uri in "$S" "$T"; do
        IT_DROP+=("$uri $DB")
        client "$uri" <<<"DROP DATABASE IF EXISTS $(ident "$DB"); CREATE DATABASE $(ident "$DB")
            CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci" || bail "no database"
    done
    both "$1"
    printf '%s\n' "${2:-}" >ini
}
compare() { # compare: check, with a case
    "$MYRECON" check "$(uri "$S" "$ENC")" "$(uri "$T" "$ENC")" --settle 0 --case case --config ini \
        -q "$@" >"$OUT" 2>"$ERR" </dev/null
}
plan() { # plan [OPTIONS…]: of a new case
    rm -rf plan case*
    compare
    CMD=("$MYRECON" repair plan --policy merge --case case --config ini --margin "$MARGIN"
        --source "$(uri "$S" "$ENC")" --target "$(uri "$T" "$ENC")" --output plan "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    [ "$RC" -le 1 ] || bail "no plan: $RC $(cat "$ERR")"
}
rows() { # rows [URI]: all rows of the planned tables, and which temporary ones are left
    local table
    for table in $TABLES; do
        client "${1:-$T}" -D "$DB" <<<"SELECT '$table', t.* FROM $table AS t ORDER BY 2, 3"
    done
}
count() { live "SELECT COUNT(*) FROM $1"; }
ENC=$DB
MARGIN=1000

PEOPLE="CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        inviter INT NULL, FOREIGN KEY (inviter) REFERENCES members (id));
    CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member INT NOT NULL, what VARCHAR(20),
        FOREIGN KEY (member) REFERENCES members (id));
    INSERT INTO members VALUES (1, 'm1', NULL), (2, 'm2', 1); INSERT INTO orders VALUES (1, 1, 'hat');"
TABLES="members orders"
SUBJECT="[table $DB.members]
subject = yes"
# member 3 gets a new id, with an order; 4 and 5 invited each other; 6 has two orders
LOST="INSERT INTO members VALUES (3, 'm3', 1), (4, 'm4', NULL), (5, 'm5', 4), (6, 'm6', 3);
    UPDATE members SET inviter = 5 WHERE id = 4;
    INSERT INTO orders VALUES (2, 3, 'cap'), (3, 6, 'tie'), (4, 6, 'bow'), (5, 1, 'hat')"
story() { # story: the plan of them
    afresh "$PEOPLE" "$SUBJECT"
    lost "$LOST"
    live "INSERT INTO members VALUES (3, 'live', NULL); INSERT INTO orders VALUES (2, 3, 'new')"
    plan --split-key "$DB.members=2" --split-key "$DB.orders=1"
    BEFORE=$(rows)
}

# ---- the wrong server ------------------------------------------------------------------
story
THERE=$(rows "$S")
for script in reseed apply undo; do
    stock_on "$S" plan/$script.sql
    is "wrong server: $script.sql stops the client" "$?" 1
    like "wrong server: $script.sql says why" "$(cat said)" "not the planned server"
    stock_on "$S" plan/$script.sql --force
    is "wrong server: nor does --force change anything: $script.sql" "$(rows "$S")" "$THERE"
done
stock_on "$S" plan/verify.sql
is "wrong server: verify.sql stops the client" "$?" 1
is "wrong server: nothing is left behind" "$(client "$S" -D "$DB" <<<"SHOW TABLES LIKE 'myrecon%'")" ""
wrong=
told=$(grep -oE '@@(hostname|port|server_id|datadir|server_uu?id) = ' plan/apply.sql | sort -u | wc -l)
for fact in hostname port server_id datadir server_uuid server_uid; do
    grep -q "@@$fact = " plan/apply.sql || continue
    told=$((told - 1))
    for script in reseed apply undo verify; do
        # as of another server; one of text is a literal in hexadecimal
        sed -E "s/@@$fact = (_utf8mb4 x)?('[^']*'|[0-9]+)/@@$fact = '99'/g" plan/$script.sql >other.sql
        ! cmp -s other.sql plan/$script.sql || wrong+="$script.sql does not ask for the $fact
"
        stock other.sql
        [ $? = 1 ] && grep -q "not the planned server" said || wrong+="$script.sql, another $fact: $(tail -n 1 said)
"
        [ $script = verify ] || stock other.sql --force
    done
done
is "wrong server: each fact tells it" "$told $wrong" "0 "
is "wrong server: nor is anything changed by --force" "$(rows)" "$BEFORE"

# ---- as it should go -------------------------------------------------------------------
ok "reseed.sql" stock plan/reseed.sql
ok "apply.sql" stock plan/apply.sql
DONE=$(rows)
is "new ids, old ids, and a circle of two" "$(live "SELECT m.mobile, i.mobile, m.id > 1000 FROM members m
    LEFT JOIN members i ON m.inviter = i.id ORDER BY 1")" "live	NULL	0
m1	NULL	0
m2	m1	0
m3	m1	1
m4	m5	0
m5	m4	0
m6	m3	0"
ok "verify.sql" stock plan/verify.sql
ok "apply.sql again" stock plan/apply.sql
is "does nothing twice" "$(rows)" "$DONE"
ok "myrecon's verify" "$MYRECON" repair verify plan "$T"
ok "undo.sql" stock plan/undo.sql
is "takes everything back" "$(rows)" "$BEFORE"
ok "undo.sql again" stock plan/undo.sql
is "and no more" "$(rows)" "$BEFORE"
stock plan/verify.sql
is "verify.sql finds nobody" "$?" 1

# ---- a connection that is lost anywhere -------------------------------------------------
killed_at() { # killed_at SCRIPT LINE: with the connection killed behind that line
    sed "${2}q" "$1"
    echo 'KILL CONNECTION_ID();'
    sed "1,${2}d" "$1"
}
places() { # places SCRIPT: ends of statements; of staging only some
    awk '/^-- write/ { all = 1 } /;$/ && (all || ++n % 9 == 0) { print NR }' "$1"
}
wrong=
for n in $(places plan/apply.sql); do
    killed_at plan/apply.sql "$n" >killed.sql
    stock killed.sql --force --reconnect
    case $(rows) in
    "$BEFORE" | "$DONE") ;;
    *) wrong+="apply.sql, line $n: half done
" ;;
    esac
    stock plan/apply.sql || wrong+="apply.sql, line $n, then whole: $(tail -n 1 said)
"
    [ "$(rows)" = "$DONE" ] || wrong+="apply.sql, line $n, then whole: not all done
"
    stock plan/undo.sql || bail "undo.sql: $(cat said)"
done
is "killed anywhere in apply.sql: all or nothing, and then all" "$wrong" ""
wrong=
for n in $(places plan/undo.sql); do
    stock plan/apply.sql || bail "apply.sql: $(cat said)"
    killed_at plan/undo.sql "$n" >killed.sql
    stock killed.sql --force --reconnect
    case $(rows) in
    "$BEFORE" | "$DONE") ;;
    *) wrong+="undo.sql, line $n: half done
" ;;
    esac
    stock plan/undo.sql || wrong+="undo.sql, line $n, then whole: $(tail -n 1 said)
"
    [ "$(rows)" = "$BEFORE" ] || wrong+="undo.sql, line $n, then whole: not all undone
"
done
is "killed anywhere in undo.sql: all or nothing, and then all" "$wrong" ""

# ---- a statement of staging that fails, and a client that goes on -------------------------
staged() { # staged SCRIPT [WHICH]: how many statements bring rows into temporary tables
    awk -v which="^(${2:-INSERT|UPDATE|CREATE}) " '/^-- / { in_stage = /^-- stage/ }
        in_stage && $0 ~ which { n++ } END { print n + 0 }' "$1"
}
break_nth() { # break_nth SCRIPT N [WHICH]: that one is not understood
    awk -v n="$2" -v which="^(${3:-INSERT|UPDATE|CREATE}) " '/^-- / { in_stage = /^-- stage/ }
        in_stage && $0 ~ which && ++k == n { $1 = "BROKEN" } { print }' "$1"
}
broken() { # broken SCRIPT FROM TO BACK: what is wrong with it; BACK takes it back
    local n nothing=0
    for ((n = 1; n <= $(staged "$1"); n++)); do
        break_nth "$1" "$n" >broken.sql
        stock broken.sql --force
        case $(rows) in
        "$2")
            nothing=$((nothing + 1))
            grep -q "was undone" said || echo "$1, statement $n: nothing is said"
            ;;
        "$3") stock "$4" || echo "$1, statement $n: $(cat said)" ;; # it was not needed
        *)
            echo "$1, statement $n: half done"
            stock "$4"
            ;;
        esac
    done
    [ "$nothing" -ge "$(staged "$1" 'INSERT|UPDATE')" ] || echo "$1: only $nothing are missed"
}
is "what is not staged whole is not written" "$(broken plan/apply.sql "$BEFORE" "$DONE" plan/undo.sql)" ""
stock plan/apply.sql || bail "apply.sql: $(cat said)"
is "nor taken back" "$(broken plan/undo.sql "$DONE" "$BEFORE" plan/apply.sql)" ""
wrong=
for ((n = 1; n <= $(staged plan/verify.sql 'INSERT|UPDATE'); n++)); do
    break_nth plan/verify.sql "$n" 'INSERT|UPDATE' >broken.sql
    stock broken.sql --force
    grep -q "rows are not as planned" said || wrong+="statement $n
"
done
is "verify.sql does not pass over what is not staged" "$wrong" ""
stock plan/undo.sql || bail "undo.sql: $(cat said)"


# ---- any other statement of a unit that fails, and a client that goes on ------------------
# What locks or judges is needed, and so is what writes, and BEGIN: else a row would stand alone.
fails() { # fails SCRIPT N: its N-th statement behind staging is not understood; $STATEMENT
    awk -v n="$2" '/^-- / { on = /^-- (locks|guards|write|again|end)$/; section = $0 }
        on && !within && !/^-- / && ++k == n {
            print section ": " substr($0, 1, 60) >"statement"
            $1 = "BROKEN"
        }
        !/^-- / { within = !/;$/ }
        { print }' "$1" >broken.sql
    STATEMENT=$(cat statement)
}
each_fails() { # each_fails SCRIPT FROM TO BACK STEP: what is wrong; BACK takes it back
    local n count nothing=0
    count=$(awk '/^-- / { on = /^-- (locks|guards|write|again|end)$/ } on && /;$/ { n++ } END { print n + 0 }' "$1")
    for ((n = 1; n <= count; n++)); do
        fails "$1" "$n"
        case $STATEMENT in "-- guards"*) [ $((n % $5)) = 0 ] || continue ;; esac
        stock broken.sql --force
        case $(rows) in
        "$2") nothing=$((nothing + 1)) ;;
        "$3")
            case $STATEMENT in # they count for people, say what was, or come behind the COMMIT
            "-- guards: SET @myrecon_done"* | "-- guards: SET @myrecon_written"* | "-- end: "*) ;;
            *) echo "$1, $STATEMENT: was not needed" ;;
            esac
            stock "$4" || echo "$1, $STATEMENT: $(cat said)"
            ;;
        *)
            echo "$1, $STATEMENT: half done"
            stock "$4"
            ;;
        esac
    done
    [ "$nothing" -gt 20 ] || echo "$1: only $nothing are missed"
}
is "what is not locked, judged or written whole is not written" \
    "$(each_fails plan/apply.sql "$BEFORE" "$DONE" plan/undo.sql 1)" ""
stock plan/apply.sql || bail "apply.sql: $(cat said)"
is "nor taken back" "$(each_fails plan/undo.sql "$DONE" "$BEFORE" plan/apply.sql 4)" ""
stock plan/undo.sql || bail "undo.sql: $(cat said)"

# ---- a session that is not as the unit made it --------------------------------------------
wrong=
is_not() { # is_not SED SESSION WHAT: with a script that leaves it as the client has it
    sed -E "$1" plan/apply.sql >other.sql
    ! cmp -s other.sql plan/apply.sql || wrong+="$3: the script does not set it
"
    stock other.sql --force --init-command="SET SESSION $2"
    [ "$(rows)" = "$BEFORE" ] && grep -q "was undone" said || wrong+="$3: it is written, or nothing is said
"
    [ "$(rows)" = "$BEFORE" ] || stock plan/undo.sql
}
is_not 's/ foreign_key_checks = 1,//' "foreign_key_checks = 0" "foreign keys"
is_not 's/ unique_checks = 1,//' "unique_checks = 0" "unique indexes"
is_not "s/, time_zone = '\\+00:00', autocommit/, autocommit/" "time_zone = '+05:30'" "time zone"
is_not "s/sql_mode = 'STRICT_ALL_TABLES,/sql_mode = '/" "sql_mode = ''" "strict mode"
is_not 's/SET NAMES utf8mb4/SET NAMES latin1/' "sql_mode = ''" "charset"
is "each of them is asked for" "$wrong" ""

interactive() { # interactive SCRIPT: source, at a terminal
    local at=${T##*@} file=$PWD/$1
    if [ -n "$root" ]; then
        cp "$1" "$root/tmp/$IT_NAME.sql"
        file=/tmp/$IT_NAME.sql
    fi
    printf 'source %s\n\\q\n' "$file" | script -qec "${STOCK[*]} -h ${at%:*} \
        -P ${at##*:} -u root" /dev/null >said 2>&1
    [ -z "$root" ] || rm -f "$root/tmp/$IT_NAME.sql"
}
n=$(awk '/^-- write/ { seen = 1 } seen && /;$/ && ++k == 3 { print NR }' plan/apply.sql)
killed_at plan/apply.sql "$n" >killed.sql
interactive killed.sql
like "an interactive client loses its connection, and goes on" "$(cat said)" "reconnect|lost connection"
is "and writes nothing that is half done" "$(rows)" "$BEFORE"
interactive plan/apply.sql
is "source again: all is there" "$(rows)" "$DONE"
interactive plan/undo.sql
is "and is undone" "$(rows)" "$BEFORE"

# ---- odd sessions and servers ----------------------------------------------------------
ODD="SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE',
    time_zone = '+05:30', autocommit = 0, sql_safe_updates = 1, auto_increment_increment = 7,
    foreign_key_checks = 0, unique_checks = 0"
ok "an odd session" stock plan/apply.sql --init-command="$ODD" --default-character-set=gbk
is "writes the same" "$(rows)" "$DONE"
ok "an odd session: verify.sql" stock plan/verify.sql --init-command="$ODD" --default-character-set=latin1
ok "an odd session: undo.sql" stock plan/undo.sql --init-command="$ODD" --default-character-set=cp932
is "takes back the same" "$(rows)" "$BEFORE"
client "$T" <<<"SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', GLOBAL time_zone = '-07:00',
    GLOBAL character_set_server = 'latin1', GLOBAL character_set_client = 'latin1',
    GLOBAL transaction_isolation = 'SERIALIZABLE'" 2>/dev/null ||
    client "$T" <<<"SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', GLOBAL time_zone = '-07:00',
        GLOBAL character_set_server = 'latin1', GLOBAL character_set_client = 'latin1',
        GLOBAL tx_isolation = 'SERIALIZABLE'" || bail "the server's variables"
ok "an odd server" stock plan/apply.sql
is "an odd server: the same rows" "$(rows)" "$DONE"
ok "an odd server: verify.sql" stock plan/verify.sql
ok "an odd server: undo.sql" stock plan/undo.sql
HANGS_UP="SET GLOBAL completion_type = 2, GLOBAL sql_select_limit = 1"
STAYS="SET GLOBAL completion_type = 0, GLOBAL sql_select_limit = 18446744073709551615"
client "$T" <<<"$HANGS_UP"
ok "a server that hangs up after COMMIT, and gives one row at most" stock plan/apply.sql
client "$T" <<<"$STAYS"
is "a server that hangs up: the same rows" "$(rows)" "$DONE"
client "$T" <<<"$HANGS_UP"
ok "a server that hangs up: verify.sql" stock plan/verify.sql
ok "a server that hangs up: undo.sql" stock plan/undo.sql
client "$T" <<<"$STAYS"
is "a server that hangs up: all is taken back" "$(rows)" "$BEFORE"
client "$T" <<<"SET GLOBAL read_only = 1"
for script in reseed apply undo; do
    stock plan/$script.sql
    is "a read-only server: $script.sql stops the client" "$?" 1
    like "a read-only server: $script.sql says why" "$(cat said)" "read-only"
    stock plan/$script.sql --force
done
is "a read-only server: nor does --force change anything" "$(rows)" "$BEFORE"
ok "a read-only server can be verified after all" test "$(stock plan/verify.sql; echo $?)" = 1
client "$T" <<<"SET GLOBAL read_only = 0"

# ---- strangers -------------------------------------------------------------------------
story
live "INSERT INTO members VALUES (4, 'thief', NULL)"
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
BEFORE=$(rows)
stock plan/apply.sql
is "a planned key is taken: the client ends with an error" "$?" 1
like "a planned key is taken: the row is named" "$(cat said)" "$DB.members.4.its key is taken by another row"
is "a planned key is taken: the others are written, but not whom the tree belongs to" \
    "$(live "SELECT mobile FROM members ORDER BY 1" | xargs) $(live "SELECT what FROM orders ORDER BY id" | xargs)" \
    "live m1 m2 m3 m6 thief hat new tie bow hat cap"
stock plan/undo.sql
is "a planned key is taken: undo.sql names the stranger" "$?" 1
is "a planned key is taken: and undoes the others" "$(rows)" "$BEFORE"
live "DELETE FROM members WHERE mobile = 'thief'; INSERT INTO members VALUES (900, 'M6', NULL)"
BEFORE=$(rows)
stock plan/apply.sql
is "an identity is taken: the client ends with an error" "$?" 1
like "an identity is taken: the row is named" "$(cat said)" "$DB.members.6.another row has the same mobile"
is "an identity is taken: the rest is written" \
    "$(live "SELECT mobile FROM members ORDER BY 1" | xargs) $(live "SELECT what FROM orders ORDER BY id" | xargs)" \
    "live m1 m2 m3 m4 m5 M6 hat new hat cap"
stock plan/undo.sql || bail "undo.sql: $(cat said)"
is "an identity is taken: undone" "$(rows)" "$BEFORE"
live "UPDATE members SET mobile = 'other' WHERE id = 1"
stock plan/apply.sql
is "a parent is somebody else now: the client ends with an error" "$?" 1
like "a parent is somebody else now: the row is named" "$(cat said)" "$DB.orders.5.what it refers to in $DB.members is not who was planned"

# several units: --force goes on, a plain client does not
afresh "$PEOPLE" "$SUBJECT"
{
    echo "INSERT INTO members VALUES (10, 'p10', 1)"
    for ((i = 11; i < 1210; i++)); do echo ", ($i, 'p$i', 1)"; done
} >many.sql
lost "$(cat many.sql)"
plan --split-key "$DB.members=2" --split-key "$DB.orders=1"
UNITS=$(grep -c '^-- unit' plan/apply.sql)
is "many people: several units" "$((UNITS > 2))" 1
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
live "INSERT INTO members VALUES (20, 'thief', NULL)"
stock plan/apply.sql
is "many people: a plain client stops after the unit" "$? $(($(count members) < 600))" "1 1"
stock plan/apply.sql --force
is "many people: --force goes on" "$(count members)" 1202
like "many people: and names who is missing" "$(cat said)" "$DB.members.20.its key is taken"
is "many people: only that one" "$(grep -c "^$DB.members.*its key is taken by" said)" 1
stock plan/undo.sql --force
is "many people: undone" "$(live "SELECT mobile FROM members ORDER BY 1" | xargs)" "m1 m2 thief"

# several units of which the first is not staged whole: the others are written, it is not
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
live "DELETE FROM members WHERE mobile = 'thief'"
break_nth plan/apply.sql 1 'INSERT INTO .*_i[0-9]' >broken.sql
stock broken.sql --force
is "many people: a unit that is not staged is not written" \
    "$(count members)" "$((1202 - $(sed -n 's/^-- unit 1 of .*: \([0-9]*\) rows$/\1/p' plan/apply.sql)))"
like "many people: and it is said" "$(cat said)" "unit 1 was undone"
ok "many people: the file again brings it" stock plan/apply.sql
stock plan/undo.sql || bail "undo.sql: $(cat said)"
break_nth plan/apply.sql 2 'CREATE .*_guard' >broken.sql
stock broken.sql --force
like "many people: a later unit without guards: it is said" "$(cat said)" "unit 2 was undone"
ok "many people: and the file again brings it" stock plan/apply.sql
is "many people: all are there" "$(count members)" 1202

# a server that prepares nothing: the end of a unit cannot be carried out, and the next begins
afresh "$PEOPLE" "$SUBJECT"
lost "$(cat many.sql); INSERT INTO orders SELECT id, id, 'cap' FROM members WHERE id > 9"
plan --split-key "$DB.members=2" --split-key "$DB.orders=1"
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
live "ALTER TABLE orders ADD CONSTRAINT no_caps CHECK (what <> 'cap')"
BEFORE=$(rows)
client "$T" <<<"SET GLOBAL max_prepared_stmt_count = 0"
stock plan/apply.sql --force
client "$T" <<<"SET GLOBAL max_prepared_stmt_count = 16382"
like "nothing can be prepared: it is said" "$(cat said)" "max_prepared_stmt_count"
is "nothing can be prepared: no unit is half done" "$(rows | md5sum)" "$(md5sum <<<"$BEFORE")"

# ---- a tree larger than a unit ---------------------------------------------------------
afresh "$PEOPLE" "$SUBJECT"
{
    echo "INSERT INTO members VALUES (3, 'm3', 1), (4, 'm4', 3); INSERT INTO orders VALUES (10, 3, 'o10')"
    for ((i = 11; i < 1310; i++)); do echo ", ($i, 3, 'o$i')"; done
} >many.sql
lost "$(cat many.sql)"
live "INSERT INTO members VALUES (3, 'live', NULL)"
plan --split-key "$DB.members=2" --split-key "$DB.orders=1"
BEFORE=$(rows)
is "a large tree: several units" "$(($(grep -c '^-- unit' plan/apply.sql) > 2))" 1
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
ok "a large tree: apply.sql" stock plan/apply.sql
is "a large tree: all are hers" "$(live "SELECT COUNT(*) FROM orders JOIN members m ON m.id = member WHERE mobile = 'm3'")" 1300
ok "a large tree: verify.sql" stock plan/verify.sql
DONE=$(rows)
live "INSERT INTO orders SELECT 9999, id, 'newer' FROM members WHERE mobile = 'm3'"
stock plan/undo.sql
is "a large tree: undo keeps her for a new order" "$?" 1
is "a large tree: with all that is hers" "$(count orders)" 1302
is "a large tree: but not whom she invited" "$(live "SELECT mobile FROM members ORDER BY 1" | xargs)" "live m1 m2 m3"
live "DELETE FROM orders WHERE id = 9999"
ok "a large tree: undone" stock plan/undo.sql
is "a large tree: as it was" "$(rows)" "$BEFORE"
# a unit that goes on where the first one failed
live "INSERT INTO members VALUES (500, 'm3', NULL)"
stock plan/apply.sql --force
is "a large tree: nothing of her is written when she is refused" "$(count orders) $(live "SELECT COUNT(*) FROM members")" "1 4"

# ---- references without a foreign key --------------------------------------------------
afresh "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        inviter INT NOT NULL);
    CREATE TABLE log (member INT NOT NULL, what VARCHAR(20));
    INSERT INTO members VALUES (1, 'm1', 1), (2, 'm2', 1); INSERT INTO log VALUES (1, 'a'), (1, 'a')" \
    "[table $DB.members]
subject = yes
reference = inviter -> $DB.members.id
[table $DB.log]
identity = row
reference = member -> $DB.members.id"
TABLES="members log"
lost "INSERT INTO members VALUES (3, 'm3', 4), (4, 'm4', 3), (5, 'm5', 5);
    INSERT INTO log VALUES (3, 'b'), (3, 'b'), (4, 'a'), (1, 'a')"
live "INSERT INTO members VALUES (3, 'live', 1), (5, 'live5', 1); INSERT INTO log VALUES (3, 'b')"
plan --split-key "$DB.members=2" --on-conflict deleted-or-lost=restore
BEFORE=$(rows)
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
ok "no foreign keys: apply.sql" stock plan/apply.sql
is "a circle of two, and of one, that cannot be empty" "$(live "SELECT m.mobile, i.mobile FROM members m
    JOIN members i ON m.inviter = i.id WHERE m.mobile IN ('m3', 'm4', 'm5') ORDER BY 1" | xargs)" "m3 m4 m4 m3 m5 m5"
is "rows without a key" "$(live "SELECT mobile, what, COUNT(*) FROM log JOIN members m ON m.id = member
    GROUP BY 1, 2 ORDER BY 1, 2" | xargs)" "live b 1 m1 a 3 m3 b 2 m4 a 1"
DONE=$(rows)
ok "no foreign keys: verify.sql" stock plan/verify.sql
ok "no foreign keys: apply.sql again" stock plan/apply.sql
is "rows without a key are not written twice" "$(rows)" "$DONE"
live "INSERT INTO log SELECT id, 'b' FROM members WHERE mobile = 'm3'"
stock plan/undo.sql
is "one equal row more refers to her: she is kept" "$? $(live "SELECT COUNT(*) FROM members WHERE mobile = 'm3'")" "1 1"
live "DELETE FROM log WHERE member = (SELECT id FROM members WHERE mobile = 'm3') LIMIT 1"
ok "no foreign keys: undo.sql" stock plan/undo.sql
is "no foreign keys: as it was" "$(rows)" "$BEFORE"

# ---- an ENUM value that only a statement of its own can stage ------------------------------
afresh "CREATE TABLE cards (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        kind ENUM('gold', 'blue') NOT NULL);
    INSERT INTO cards VALUES (1, 'm1', 'blue')"
TABLES="cards"
lost "SET sql_mode = ''; INSERT INTO cards VALUES (2, 'm2', ''), (3, 'm3', 'gold')"
plan --split-key "$DB.cards=1"
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
BEFORE=$(rows)
stock plan/apply.sql || bail "apply.sql: $(cat said)"
DONE=$(rows)
stock plan/undo.sql || bail "undo.sql: $(cat said)"
is "an error value: not staged, not written" "$(broken plan/apply.sql "$BEFORE" "$DONE" plan/undo.sql)" ""
ok "an error value: apply.sql" stock plan/apply.sql
is "an error value: stays one" "$(live "SELECT mobile, kind + 0 FROM cards ORDER BY 1" | xargs)" "m1 2 m2 0 m3 1"

# ---- what was seen is compared to the byte, and NULL is not empty -------------------------
# Of rows 1 to 9 and 21 to 29 somebody changes what a comparison may not see; not of 10 and 30.
TABLES=notes
afresh "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL, name VARCHAR(20) NOT NULL, note VARCHAR(20) NULL,
        f DOUBLE NOT NULL, at DATETIME(6) NOT NULL, b VARBINARY(9) NOT NULL, j JSON)" "[table $DB.notes]
identity = key"
for id in 1 2 3 4 5 6 7 8 9 10 21 22 23 24 25 26 27 28 29 30; do
    row="INSERT INTO notes VALUES ($id, 1, 'ann', IF($id % 10 = 4, '', NULL), 0.3, '2026-01-01', 'a', '{\"a\": 1}')"
    [ "$id" -gt 10 ] && lost "$row" || both "$row"
done
lost "UPDATE notes SET v = 2 WHERE id <= 10"
plan --split-key "$DB.notes=10" --on-conflict changed=source
slight() { # slight FROM: what nobody is to overlook
    live "UPDATE notes SET name = 'Ann' WHERE id = $1 + 1; UPDATE notes SET name = 'ann ' WHERE id = $1 + 2;
        UPDATE notes SET note = '' WHERE id = $1 + 3; UPDATE notes SET note = NULL WHERE id = $1 + 4;
        UPDATE notes SET f = 0.1 + 2e-1 WHERE id = $1 + 5; UPDATE notes SET at = '2026-01-01 00:00:00.000001' WHERE id = $1 + 6;
        UPDATE notes SET b = 'a ' WHERE id = $1 + 7; UPDATE notes SET j = '{\"a\": \"1\"}' WHERE id = $1 + 8;
        UPDATE notes SET name = 'änn' WHERE id = $1 + 9"
}
as_it_was() { live "UPDATE notes SET name = 'ann', note = IF(id % 10 = 4, '', NULL), f = 0.3, at = '2026-01-01', b = 'a', j = '{\"a\": 1}'"; }
slight 0
BEFORE=$(rows)
stock plan/apply.sql --force
is "slight changes: the rows are left alone, and listed" \
    "$(rows | awk '$2 <= 9' | md5sum) $(grep -c '^[^ ]*.notes.[1-9].it was changed' said)" "$(awk '$2 <= 9' <<<"$BEFORE" | md5sum) 9"
is "slight changes: the others are written" "$(live "SELECT GROUP_CONCAT(id ORDER BY id) FROM notes WHERE v = 2 OR id > 20")" \
    "10,21,22,23,24,25,26,27,28,29,30"
as_it_was
stock plan/apply.sql
is "without them all is written" "$? $(live "SELECT SUM(v = 2), COUNT(*) FROM notes" | xargs)" "0 10 20"
slight 0
slight 20
DONE=$(rows)
stock plan/undo.sql --force
is "slight changes: undo leaves them alone, and takes back the others" \
    "$(rows | awk '$2 != 10' | md5sum) $(live "SELECT v FROM notes WHERE id = 10") $(grep -c '^[^ ]*.notes.[0-9]*.it was changed' said)" \
    "$(awk '$2 != 10 && $2 != 30' <<<"$DONE" | md5sum) 1 18"
as_it_was
stock plan/undo.sql
is "without them all is taken back" "$? $(live "SELECT SUM(v = 1), COUNT(*) FROM notes" | xargs)" "0 10 10"

# ---- a table that was changed since ----------------------------------------------------
TABLES="members orders"
story
live "ALTER TABLE orders ADD COLUMN price INT NOT NULL"
BEFORE=$(rows)
stock plan/apply.sql
is "a column was added: the client stops" "$?" 1
like "a column was added: it says where" "$(cat said)" "other columns than planned: ${DB}.o"
stock plan/apply.sql --force
is "a column was added: --force does nothing by halves" "$(rows)" "$BEFORE"
live "ALTER TABLE orders DROP COLUMN price, DROP COLUMN what"
stock plan/apply.sql --force
is "a column was dropped: --force writes no unit by halves" "$(live "SELECT mobile FROM members ORDER BY 1" | xargs)" "live m1 m2"

# ---- values of every type --------------------------------------------------------------
# In names that have to be quoted; into MySQL from MySQL, into MariaDB from MariaDB.
DB="$IT_NAME t\`x" ENC="$IT_NAME%20t%60x" MARGIN=100
afresh 'CREATE TABLE `o``dd ü` (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT,
        `na``me` VARCHAR(30) CHARACTER SET latin1 NOT NULL UNIQUE, f FLOAT, dbl DOUBLE, b BIT(64),
        b1 BIT(1), e ENUM("","x","é"), s SET("a","b","c"), d DECIMAL(65,30), tm TIME(6),
        ts TIMESTAMP(6) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(6), dt DATETIME(6), da DATE,
        y YEAR, j JSON, g GEOMETRY, tx LONGTEXT, cp VARCHAR(20) CHARACTER SET cp932,
        u16 VARCHAR(20) CHARACTER SET utf16, bin BINARY(5), vb VARBINARY(20), bl LONGBLOB,
        ti TINYINT, bu BIGINT UNSIGNED, gen INT AS (ti + 1) STORED,
        genv VARCHAR(40) AS (CONCAT(ti, "x")) VIRTUAL);
    CREATE TABLE part (id INT AUTO_INCREMENT, d DATE NOT NULL, v TEXT, PRIMARY KEY (id, d))
        PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2020),
        PARTITION p1 VALUES LESS THAN MAXVALUE);
    CREATE TABLE keyless (a INT, b VARCHAR(20), c FLOAT, t TEXT);
    INSERT INTO `o``dd ü` (id, `na``me`) VALUES (1, "base"); INSERT INTO part VALUES (1, "2019-01-01", "x");
    INSERT INTO keyless VALUES (1, "a", 1.5, NULL), (1, "a", 1.5, NULL)' "[table *.keyless]
identity = row"
lost "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+05:00';
    INSERT INTO \`o\`\`dd ü\` (id, \`na\`\`me\`, f, dbl, b, b1, e, s, d, tm, ts, dt, da, y, j, g, tx, cp,
        u16, bin, vb, bl, ti, bu) VALUES
    (2, 'n2', 1.17549e-38, 4.9e-324, 0xffffffffffffffff, 1, 'é', 'a,c',
        -99999999999999999999999999999999999.999999999999999999999999999999, '-838:59:59.000000',
        '1970-01-01 05:00:01', '0000-00-00', '0000-00-00', 1901, '{\"b\": 1, \"a\": [1.10, \"é😀\"]}',
        ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))', 0), '😀 line
break;
'' \\\\ -- end;', CONVERT(_utf8mb4 'ソ能表' USING cp932), _utf8mb4 '😀é', x'00ff', '', x'00', -128,
        18446744073709551615),
    (3, 'Ÿ€', -0.0, -0.0, 0, 0, '', '', 0, '838:59:59.000000', '2038-01-19 08:14:07.999999',
        '9999-12-31 23:59:59.999999', '2000-00-00', 0, 'null', ST_GeomFromText('POINT(1 2)', 4326), '',
        NULL, '', NULL, x'0000', REPEAT(x'00ff', 100000), 127, 0),
    (18446744073709551000, 'big', 3.40282e38, 1.7976931348623157e308, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, REPEAT('w', 3000000), NULL, NULL, NULL, NULL, NULL, NULL,
        NULL);
    INSERT INTO part VALUES (2, '2019-05-05', 'lost'), (3, '2026-05-05', 'lost');
    INSERT INTO keyless VALUES (1, 'a', 1.5, NULL), (2, NULL, 0.1, 'x'), (2, NULL, 0.1, 'x'), (2, NULL, 0.1, 'X')"
equals() { # equals RC: check finds the rows of both sides equal
    compare --json
    jq -r 'select(.type == "table") | .verdict' "$OUT" | sort | uniq -c | xargs
}
plan --split-key "$DB.o\`dd ü=1" --split-key "$DB.part=1" --on-conflict deleted-or-lost=restore
is "every type: before" "$(equals)" "3 diverged"
stock plan/reseed.sql || bail "reseed.sql: $(cat said)"
ok "every type: apply.sql" stock plan/apply.sql
is "every type: to the byte" "$(equals)" "3 equal"
ok "every type: verify.sql" stock plan/verify.sql
ok "every type: myrecon's verify" "$MYRECON" repair verify plan "$T"
ok "every type: apply.sql again" stock plan/apply.sql --init-command="$ODD" --default-character-set=cp932
is "every type: nothing twice" "$(equals)" "3 equal"
ok "every type: undo.sql" stock plan/undo.sql
is "every type: undone" "$(live 'SELECT COUNT(*) FROM `o``dd ü`; SELECT COUNT(*) FROM part; SELECT COUNT(*) FROM keyless' | xargs)" "1 1 2"
ok "every type: apply.sql in an odd session" stock plan/apply.sql --init-command="$ODD" --default-character-set=gbk
is "every type: in an odd session, too" "$(equals)" "3 equal"

finish
