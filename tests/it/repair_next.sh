#!/bin/bash
# repair_next.sh: each command ends with the next one, and what is printed is run as it was
# printed: check, affected, plan, apply, verify, and the check that knows the plan.  That one
# sums up what the plan did, and shows what it did not do.  The reading account's password is in
# a file that the URIs name: a command that loses their options cannot log in.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
mkdir bin
ln -s "$MYRECON" bin/myrecon
PATH=$IT_TMP/bin:$PATH
PASSWORD=Pw-0-next
unset MYRECON_CONFIG MYRECON_USER MYRECON_PASSWORD MYRECON_SOURCE_PASSWORD MYRECON_TARGET_PASSWORD
printf '[client]\npassword = %s\n' "$PASSWORD" >reader.cnf
R=nxrecon_$T M=nxmender_$T
account() { # account SIDE NAME RIGHTS
    local status='SLAVE MONITOR'
    [ "$1" != o ] || status='REPLICATION CLIENT'
    client "$1" <<<"CREATE USER $2@'%' IDENTIFIED BY '$PASSWORD'; GRANT $3 ON $DB.* TO $2@'%';
        GRANT $status ON *.* TO $2@'%'" || bail "no account $2"
    at_exit "client $1 <<<\"DROP USER IF EXISTS $2@'%'\""
}
account a $R 'SELECT, TRIGGER'
account $T $R 'SELECT, TRIGGER'
account $T $M 'SELECT, INSERT, UPDATE, DELETE, ALTER, TRIGGER, CREATE TEMPORARY TABLES'
with() { # with URI OPTIONS
    case $1 in *\?*) echo "$1&$2" ;; *) echo "$1?$2" ;; esac
}
OPTIONS="defaults-file=reader.cnf&connect-timeout=17"
SRC=$(with "$(uri a "$DB" $R)" "$OPTIONS") DST=$(with "$(uri $T "$DB" $R)" "$OPTIONS")

at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        name VARCHAR(20) NOT NULL, created_at DATETIME NOT NULL);
    CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, amount INT NOT NULL,
        created_at DATETIME NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE wallet (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner INT NOT NULL, v INT NOT NULL, created_at DATETIME NOT NULL);
    CREATE TABLE scratch (id INT NOT NULL PRIMARY KEY);
    INSERT INTO members VALUES (1, 'm1', 'base', '2026-01-01'), (2, 'm2', 'base', '2026-01-02'), (3, 'm3', 'base', '2026-01-03');
    INSERT INTO orders VALUES (1, 1, 10, '2026-01-01'), (2, 2, 20, '2026-01-02');
    INSERT INTO wallet VALUES (1, 1, 5, '2026-01-01')"
at a "INSERT INTO scratch VALUES (1);
    INSERT INTO members VALUES (4, 'ann', 'Ann', '2026-03-01'), (5, 'bob', 'Bob', '2026-03-02'), (6, 'cid', 'Cid', '2026-03-03'),
        (7, 'dan', 'Dan', '2026-03-04');
    INSERT INTO orders VALUES (3, 4, 30, '2026-03-01'), (4, 5, 40, '2026-03-02'), (5, 7, 50, '2026-03-04');
    INSERT INTO wallet VALUES (2, 6, 7, '2026-03-03')"
at $T "INSERT INTO members VALUES (4, 'xen', 'Xen', '2026-04-01'), (5, 'ann', 'Ann', '2026-03-01'), (6, 'yve', 'Yve', '2026-04-03');
    INSERT INTO orders VALUES (3, 6, 99, '2026-04-03')"
cat >club.ini <<END
[options]
settle = 0
objects = table,column,index,auto_increment
[table $DB.members]
identity = mobile
subject = yes
time-column = created_at
[table $DB.orders]
time-column = created_at
[table $DB.wallet]
time-column = created_at
reference = owner -> $DB.members.id
END

# The command among those that the last one printed, in whichever stream, as it was printed.
printed() { # printed REGEX
    { tr -d '\r' <"$OUT"; cat "$ERR"; } | grep -oE "myrecon $1.*" | tail -n 1
}
as_printed() { # as_printed RC DESCRIPTION REGEX: it is there, and ends with RC
    local command
    command=$(printed "$3")
    [ -n "$command" ] || { result 1 "$2" "nothing like \"$3\" is printed:
$(cat "$OUT" "$ERR")"; return; }
    CMD=("$command")
    case $command in
    # a terminal, on which it is asked for
    *" repair apply "*) MYRECON_USER=$M MYRECON_PASSWORD=$PASSWORD timeout 120 script -qec "$command" /dev/null <<<yes >"$OUT" 2>"$ERR"; RC=$? ;;
    *) timeout 120 bash -c "$command" >"$OUT" 2>"$ERR" </dev/null; RC=$? ;;
    esac
    is "$2: $command" "$RC" "$1"
}
as_mender() { MYRECON_USER=$M MYRECON_PASSWORD=$PASSWORD "$@"; }
on() { client $T -D "$DB" <<<"$1"; }

bash -c "myrecon check --config club.ini --exclude '*.scratch' '$SRC' '$DST'" >"$OUT" 2>"$ERR"
is "a check without a case" "$?" 1
like "SOURCE and TARGET are named by role and host" "$(tr '\n' ' ' <"$OUT")" 'SOURCE \(lost history, [^ ]*\) and TARGET *\(live, [^ ]*\)'
unlike "nothing is to be set read-only" "$(cat "$OUT")" 'primary|read.only'
as_printed 1 "it names the one with a case" check
cp "$OUT" first.out
as_printed 0 "reseed" 'repair plan --reseed-only'
unlike "the reading account is in no command that writes" "$(printed 'repair apply')" "$R|defaults-file"
like "the server's options are" "$(printed 'repair apply')" 'connect-timeout=17'
like "and it says what is left out" "$(tr '\n' ' ' <"$OUT")" 'option file say which; add its own defaults-file to the URI'
as_printed 0 "apply of it" 'repair apply'
like "who is asked says yes" "$(cat "$OUT")" 'raise 3 counters'
as_printed 0 "verify of it" 'repair verify'
cp first.out "$OUT"
as_printed 0 "affected" affected
is "everybody" "$(tail -n +2 incident.csv | cut -d, -f1 | sort | xargs)" "ann bob cid dan xen yve"
as_printed 0 "plan, of what affected has listed" 'repair plan --policy merge'
like "its name is free" "$CMD" 'output incident\.merge$'
cp "$OUT" planned.out
bash -c "myrecon repair verify incident.merge '$DST'" >"$OUT" 2>"$ERR"
is "verify before apply" "$?" 1
like "it says that nobody has applied the plan" "$(cat "$ERR")" 'journal of plan "incident.merge" knows of no apply'
cp planned.out "$OUT"
as_printed 0 "apply" 'repair apply --config club.ini --case incident.case incident.merge'
as_printed 0 "verify" 'repair verify'
unlike "apply has come to its end" "$(cat "$ERR")" "has not come to its end"
cp "$OUT" verified.out && cp "$ERR" verified.err
cp incident.merge/journal.jsonl journal.whole
grep -v '"event":"done","script":"apply"' journal.whole >incident.merge/journal.jsonl
on "CREATE TABLE aside AS SELECT * FROM wallet ORDER BY id DESC LIMIT 1; DELETE FROM wallet WHERE id IN (SELECT id FROM aside)"
bash -c "myrecon repair verify incident.merge '$DST'" >"$OUT" 2>"$ERR"
on "INSERT INTO wallet SELECT * FROM aside; DROP TABLE aside"
like "of an apply that was interrupted verify says so" "$(cat "$ERR")" 'apply has not come to its end: 0 of 1 units of plan "incident.merge"'
mv journal.whole incident.merge/journal.jsonl
cp verified.out "$OUT" && cp verified.err "$ERR"
is "all are there, with what is theirs" "$(on "SELECT mobile, GROUP_CONCAT(amount ORDER BY amount) FROM members m JOIN orders o ON m.id = member_id
    WHERE m.id > 3 GROUP BY mobile ORDER BY mobile" | tr '\n\t' ' :')" "ann:30 bob:40 dan:50 yve:99 "

# ---- the check that knows the plan -----------------------------------------------------------
as_printed 1 "the second check" check
like "of what the first one was about" "$CMD" "--exclude '\*\.scratch'"
SECOND=$CMD
cp "$OUT" second.out
like "it is one line" "$(tr '\n' ' ' <"$OUT")" 'differing rows are what the plan in *incident.merge made of them \(of SOURCE: 5 restored, 1 met under *another key or merged\); 0 are not explained'
unlike "and no more" "$(cat "$OUT")" '^Diverged keys|^Samples|histories of their own|identity = COLUMN|myrecon repair'
like "and says that all is done" "$(tr '\n' ' ' <"$OUT")" 'Nothing is left to be done: all that differs is what a plan has made'
unlike "AUTO_INCREMENT is not advised again" "$(cat "$OUT")" 'Raise its'
json() { # json: the same check, as lines
    bash -c "${SECOND/check/check --json}" >"$OUT" 2>"$ERR"
    RC=$?
}
json
is "the lines have all of it" "$(jq -r 'select(.type == "summary") | "\(.verdict) \(.explained == .missing + .extra + .changed + .collision)"' "$OUT")" \
    "diverged true"

# ---- what the plan does not explain -----------------------------------------------------------
BOB=$(on "SELECT id FROM members WHERE mobile = 'bob'")
on "DELETE FROM wallet WHERE v = 7; UPDATE orders SET amount = 51 WHERE amount = 50; INSERT INTO members VALUES (NULL, 'new', 'New', '2026-05-01');
    UPDATE members SET name = 'other' WHERE id = 2"
bash -c "$SECOND" >"$OUT" 2>"$ERR"
like "deleted since: missing" "$(cat "$OUT")" "^  $DB.wallet +missing +id 2$"
like "edited since, and known by nothing but its bytes" "$(cat "$OUT")" "^      amount +- \| 51|amount +50 +\| 51"
like "who came since" "$(cat "$OUT")" "'new'"
like "an edit of the common past" "$(cat "$OUT")" "^  $DB.members +changed +id 2$"
unlike "who was restored is none of it" "$(sed -n '/^Samples/,$p' "$OUT")" "'(ann|bob|cid|xen)'"
unlike "something is left to be done" "$(cat "$OUT")" 'Nothing is left'
like "by a merge, which knows what was decided" "$(cat "$OUT")" 'myrecon repair plan --policy merge'
unlike "and not by a policy that would begin anew" "$(cat "$OUT")" 'policy backfill'
like "and they are counted" "$(tr '\n' ' ' <"$OUT")" '[^0-9][4-6] are not explained'
on "UPDATE members SET name = 'base' WHERE id = 2; UPDATE members SET mobile = 'stranger' WHERE id = $BOB"
bash -c "$SECOND" >"$OUT" 2>"$ERR"
like "somebody else under the key of one who was restored" "$(cat "$OUT")" "'bob'"
on "UPDATE members SET mobile = 'bob' WHERE id = $BOB; DELETE FROM members WHERE mobile = 'new'"
on "CREATE TABLE points (member INT, n INT); INSERT INTO points VALUES (2, 5)"
at a "CREATE TABLE points (member INT, n INT)"
bash -c "$SECOND" >"$OUT" 2>"$ERR"
like "rows without a key, of which the plans are not asked" "$(tr '\n' ' ' <"$OUT")" \
    'not explained. *Of tables without a key: *1; what a plan wrote there only repair verify tells'
on "DROP TABLE points"
at a "DROP TABLE points"

# ---- taken back ---------------------------------------------------------------------------------
as_mender "$MYRECON" repair undo --yes --case incident.case incident.merge "$(uri $T "$DB" $M)" >"$OUT" 2>"$ERR"
json
is "a plan that was undone explains nothing" "$(jq -r 'select(.type == "summary") | .explained // 0' "$OUT")" 1
finish
