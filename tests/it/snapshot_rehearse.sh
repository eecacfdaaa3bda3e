#!/bin/bash
# snapshot_rehearse.sh: a restore is tried in a server of its own, of which nothing stays, whatever
# comes of it; what was proved is kept beside the snapshot.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
SHELF=$IT_TMP/shelf SNAP=$IT_TMP/shelf/club WORK=$IT_TMP/work
mkdir -m 755 "$SHELF" && mkdir -m 1777 "$WORK" # for accounts other than ours, too
chmod 755 "$IT_TMP"
export TMPDIR=$WORK
every_type a
at a "CREATE TABLE elders (id INT PRIMARY KEY); INSERT INTO elders VALUES (1), (2);
    CREATE TABLE young (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES elders (id)); INSERT INTO young VALUES (1, 1);
    CREATE TABLE big (id INT PRIMARY KEY AUTO_INCREMENT, pad VARCHAR(300), KEY (pad)); INSERT INTO big SELECT seq, CONCAT(SHA1(seq), REPEAT('x', 200)) FROM seq_1_to_200000;
    CREATE VIEW v_rehearse AS SELECT COUNT(*) n FROM big; CREATE EVENT ev_rehearse ON SCHEDULE EVERY 1 SECOND DO DELETE FROM big LIMIT 1;
    CREATE TRIGGER tr_rehearse BEFORE INSERT ON elders FOR EACH ROW SET NEW.id = NEW.id + 100"
take "$(uri a "$DB")" "$SNAP"
is "made" "$RC" 0
UNTOUCHED=$(cd "$SNAP" && find . -type f | sort | xargs sha256sum)

rehearse() { snap rehearse --no-progress "$@"; }
summary() { jq -r "select(.type == \"summary\") | $1" "$OUT"; }
left() { ls -A "$WORK"; }
pids() { # pids TEXT: of processes with that in their command line
    local at
    for at in /proc/[0-9]*; do
        ! tr '\0' ' ' 2>/dev/null <"$at/cmdline" | grep -qF -- "$1" || echo "${at#/proc/}"
    done
}
servers() { pids "--datadir=$WORK" | wc -l; }
clean() { is "$1: nothing of it is left" "$(left) $(servers)" " 0"; }

# --- what it says and keeps ------------------------------------------------------------------

rehearse "$SNAP"
is "restored and equal" "$RC $(tail -n 1 "$OUT" | grep -cE '^equal: .* rows read back, rehearsed in ')" "0 1"
like "by which server" "$(cat "$OUT")" '^server: MariaDB 1[0-9.]+.*, /.*/mariadbd$'
like "and how long a restore takes" "$(cat "$OUT")" '^estimate: a restore takes [0-9.]+ s on a machine like this one'
clean "when all was well"
is "the snapshot is as it was" "$(cd "$SNAP" && find . -type f | sort | xargs sha256sum)" "$UNTOUCHED"
is "the record is nobody else's to read" "$(stat -c %a "$SNAP.rehearsed.json")" 600
snap list --json "$SHELF"
is "list shows it" "$RC $(jq -c 'select(.type == "snapshot") | [.path, .verified, .rehearsed.verdict, .rehearsed.all]' "$OUT")" \
    "0 [\"$SNAP\",null,\"equal\",true]"
snap verify "$SNAP"
is "and verify still finds it whole" "$RC" 0
snap list "$SHELF"
like "which list shows, too" "$(cat "$OUT")" ", verified $(date -u +%Y-)[0-9-]+, rehearsed $(date -u +%Y-)[0-9-]+$"

# --- nobody's settings are the server's -------------------------------------------------------

printf '[client]\npassword=wrong\nhost=127.0.0.1\nport=1\nssl-mode=REQUIRED\n[mysqld]\nnonsense=1\n' >"$HOME/.my.cnf"
MYRECON_PASSWORD=wrong MYRECON_TARGET_USER=nobody MYSQL_HOME=/nowhere MYSQL_UNIX_PORT=/nowhere rehearse --json "$SNAP"
is "passwords and option files of others have no say" "$RC $(summary '"\(.verdict) \(.all) \(.same_family) \(.older) \(.tables == (.tables | floor))"')" "0 equal true true false true"
is "a line a table" "$(jq -r 'select(.type == "table") | .verdict' "$OUT" | sort -u)" equal
rm "$HOME/.my.cnf"
record=$(cat "$SNAP.rehearsed.json")
rehearse --json --tables big "$SNAP"
is "some of the tables" "$RC $(summary '"\(.all) \(.tables) \(.record)"')" "0 false 1 null"
is "take no proof of all of them away" "$(cat "$SNAP.rehearsed.json")" "$record"
rehearse --tables young "$SNAP"
is "what could not be made as it was is no proof" "$RC $(jq -r '"\(.verdict) \(.all)"' "$SNAP.rehearsed.json")" "4 incomplete false"
snap list "$SHELF"
like "and list says so" "$(cat "$OUT")" 'rehearsed [0-9-]+ and incomplete$'
rehearse --no-record "$SNAP"
is "without a record the old one stays" "$RC $(jq -r .verdict "$SNAP.rehearsed.json")" "0 incomplete"
rehearse --tables 'none*' "$SNAP"
is "no such table" "$RC" 3
clean "before a server is started"

# --- whose it is ------------------------------------------------------------------------------

if [ "$(id -u)" = 0 ]; then
    open=$(mktemp -d /tmp/rehearse.XXXXXX) && chmod 1777 "$open"
    at_exit "rm -rf $open"
    rehearse --run-as nobody --no-record --work-dir "$open" "$SNAP"
    is "run by an account of its own" "$RC $(ls -A "$open")" "0 "
    rehearse --run-as nobody-at-all "$SNAP"
    is "there is no such account" "$RC $(grep -c 'no account "nobody-at-all"' "$ERR")" "3 1"
    cp -r "$SNAP" "$open/club" && chown -R nobody "$open/club" && cp "$MYRECON" "$open/myrecon"
    CMD=(setpriv --reuid=nobody --regid=nogroup --clear-groups "$open/myrecon" snapshot rehearse --no-progress --no-record --tables elders --work-dir "$open" "$open/club")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    is "by somebody who is not root, as himself" "$? $(grep -c '^equal: ' "$OUT") $(ls -A "$open" | xargs)" "0 1 club myrecon"
    mkdir -m 700 "$IT_TMP/mine"
    rehearse --run-as nobody --work-dir "$IT_TMP/mine" "$SNAP"
    is "a directory that the account does not reach" "$RC $(grep -c 'account "nobody" could not enter' "$ERR")" '3 1'
    is "of which nothing is left" "$(ls -A "$IT_TMP/mine")" ""
fi
clean "of other accounts"

# --- servers that do not come up --------------------------------------------------------------

fake() { # fake NAME SCRIPT: says that it is a server
    printf '#!/bin/sh\ncase "$*" in *--version*) echo "mysqld  Ver 9.1.0 for Linux"; exit ;; esac\n%s\n' "$2" >"$IT_TMP/$1"
    chmod +x "$IT_TMP/$1"
}
fake broken 'echo "[ERROR] no such thing as a table" >&2; exit 7'
rehearse --server "$IT_TMP/broken" "$SNAP"
is "its log's last lines are shown" "$RC $(grep -c 'server: \[ERROR\] no such thing' "$ERR") $(grep -c 'exit status 7' "$ERR")" "3 1 1"
fake slow 'sleep 98.7'
rehearse --server "$IT_TMP/slow" --start-timeout 1 "$SNAP"
is "one that takes too long" "$RC $(grep -c 'within --start-timeout' "$ERR") $(pids "sleep 98.7" | wc -l)" "3 1 0"
fake quits 'case "$*" in *--initialize*) exit 0 ;; esac; echo gone >&2; kill -SEGV $$'
rehearse --server "$IT_TMP/quits" "$SNAP"
is "one that ends" "$RC $(grep -c 'did not start (SIGSEGV)' "$ERR")" "3 1"
rehearse --server /bin/true "$SNAP"
is "no server" "$RC $(grep -c 'is no server program' "$ERR")" "3 1"
rehearse --server "$IT_TMP/nowhere" "$SNAP"
is "no program" "$RC $(grep -c 'there is no program' "$ERR")" "3 1"
mkdir -p "$WORK/$(printf 'd%.0s' {1..90})"
rehearse --work-dir "$WORK/$(printf 'd%.0s' {1..90})" "$SNAP"
is "no room for the name of a socket" "$RC $(grep -c 'too long for a socket' "$ERR")" "5 1"
rmdir "$WORK"/ddd*
clean "of servers that do not come up"

# --- interrupted ------------------------------------------------------------------------------

running() { # running OPTIONS…: a rehearsal in the background, $PID; returns when it loads
    "$MYRECON" snapshot rehearse -q --no-record "$@" "$SNAP" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    for ((i = 0; i < 600; i++)); do
        compgen -G "$WORK/myrecon-rehearse.*/data/$DB/big.ibd" >/dev/null && return
        sleep 0.05
    done
    bail "it does not come to the rows"
}
for signal in TERM INT HUP; do
    running
    [ $signal != INT ] || set -m # bash starts jobs of a script with SIGINT ignored
    start=$(date +%s%N)
    kill -$signal $PID
    wait $PID
    is "SIG$signal ends it within 2 s, if it came before the end" "$((($? == 6 || $? == 0) && $(date +%s%N) - start < 2500000000))" 1
    clean "after SIG$signal"
done
rehearse_run=("$MYRECON" snapshot rehearse --no-record --no-progress --work-dir "$WORK" "$SNAP")
timeout -s TERM 0.7 "${rehearse_run[@]}" >/dev/null 2>"$ERR" # while its server is made
like "interrupted early, it names no option that it does not have" "$(cat "$ERR")" "same command begins it anew"
running
kill -9 $PID
wait $PID 2>/dev/null
for ((i = 0; i < 100; i++)); do [ "$(servers)" = 0 ] && break; sleep 0.05; done
is "killed, it takes its server with it" "$(servers) $(left | grep -c '^myrecon-rehearse')" "0 1"
old=$(left)
mkdir "$WORK/myrecon-rehearse.mine"
rehearse "$SNAP"
is "and the next one removes what it left, and says so" "$RC $(grep -c "removed \".*/$old\"" "$ERR") $(left)" "0 1 myrecon-rehearse.mine"
rmdir "$WORK/myrecon-rehearse.mine"
running
other=$(left)
rehearse --no-record --tables elders "$SNAP"
is "one that is running is left alone" "$(grep -c removed "$ERR")" 0
wait $PID
is "and comes to its end" "$? $other" "0 $other"
clean "of two at once"

# --- no room any more -------------------------------------------------------------------------

mkdir "$IT_TMP/small"
if mount -t tmpfs -o size=900m tmpfs "$IT_TMP/small" 2>/dev/null; then
    at_exit "umount -l $IT_TMP/small"
    filled() { # filled GLOB: when there is such a file the disk is filled; $RC
        rm -f "$IT_TMP/small/fill"
        "$MYRECON" snapshot rehearse --no-progress --json --work-dir "$IT_TMP/small" "$SNAP" >"$OUT" 2>"$ERR" </dev/null &
        PID=$!
        for ((i = 0; i < 1200; i++)); do
            compgen -G "$IT_TMP/small/myrecon-rehearse.*/data/$1" >/dev/null && break
            sleep 0.05
        done
        dd if=/dev/zero of="$IT_TMP/small/fill" bs=64k 2>/dev/null
        SECONDS=0
        wait $PID
        RC=$?
    }
    record=$(cat "$SNAP.rehearsed.json")
    filled ''
    # found by the tool, or by the server: its temporary files come and go
    is "a full disk while the server is made" "$RC $(grep -cE 'hint: .*(another disk|no room).*--work-dir' "$ERR")" "3 1"
    is "is told at once" "$((SECONDS < 20))" 1
    filled "$DB/big.ibd"
    is "while rows are loaded" "$RC $(grep -c 'hint: The server found no room in ".*/small"' "$ERR")" "3 1"
    is "it proves nothing" "$(cat "$SNAP.rehearsed.json")" "$record"
    is "and nothing of it is left" "$(ls -A "$IT_TMP/small")" fill
else
    skip "a full disk" "nothing can be mounted here"
fi

# --- a server that goes away ------------------------------------------------------------------

running
kill -KILL $(pids "--datadir=$WORK")
wait $PID
is "a server that ends is no restore" "$? $(grep -c 'the server ended by itself (SIGKILL)' "$ERR")" "4 1"
clean "after the server was killed"

# --- encrypted, damaged, of another family ------------------------------------------------------

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 2 -keyout "$IT_TMP/k.key" -out "$IT_TMP/k.pem" 2>/dev/null
take --tables elders --encrypt-to "$IT_TMP/k.pem" "$(uri a "$DB")" "$SHELF/closed"
rehearse "$SHELF/closed"
is "no key, no server" "$RC $(grep -c 'starting' "$ERR")" "3 0"
rehearse --decrypt-with "$IT_TMP/k.key" "$SHELF/closed"
is "with the key" "$RC" 0

sed -i 's/"created":"20/"created":"19/' "$SHELF/closed/manifest.json"
(cd "$SHELF/closed" && sha256sum manifest.json >manifest.json.sha256)
snap list --json "$SHELF"
is "a record of another manifest is none" "$(jq -c 'select(.path != null and (.path | endswith("closed"))) | .rehearsed' "$OUT")" null

if [ -n "$MR_O_URI" ]; then
    root=${MYRECON_MYSQL9_ROOT:-$MYRECON_CACHE/mysql9}
    lib=$(cd "$root/usr/lib" && ls -d ./*-linux-gnu | head -n 1)
    printf '#!/bin/sh\nexec %q --library-path %q %q "$@" --basedir=%q --lc-messages-dir=%q --character-sets-dir=%q\n' \
        "$(compgen -G "$root/lib64/ld-linux-*")" "$root/usr/lib/$lib" "$root/usr/sbin/mysqld" "$root/usr" \
        "$root/usr/share/mysql" "$root/usr/share/mysql/charsets" >"$IT_TMP/mysqld9"
    chmod +x "$IT_TMP/mysqld9"
    fresh o "$DB"
    at o "CREATE TABLE hid (id INT PRIMARY KEY, x INT INVISIBLE, v VARCHAR(9), UNIQUE KEY ((LOWER(v)))); INSERT INTO hid (id, x, v) VALUES (1, 2, 'A')"
    take "$(uri o "$DB")" "$SHELF/nine"
    rehearse --server "$IT_TMP/mysqld9" --json "$SHELF/nine"
    is "MySQL 9" "$RC $(summary '"\(.verdict) \(.flavour) \(.same_family)"')" "0 equal mysql true"
    rehearse --server mariadbd --json "$SHELF/nine"
    is "what another family cannot express is refused" "$RC $(jq -r .kind "$OUT" | sort | xargs)" "5 functional-index invisible-column"
    like "and another family is said" "$(cat "$ERR")" 'is MariaDB, and the snapshot of a MySQL server'
    rehearse --server mariadbd --allow-lossy functional-index --allow-lossy invisible-column "$SHELF/nine"
    is "or allowed, and no proof" "$RC $(jq -r .verdict "$SHELF/nine.rehearsed.json")" "4 incomplete"
    clean "of another family"
fi

printf x | dd of="$SNAP/restore.sql" bs=1 seek=30 conv=notrunc status=none
rehearse "$SNAP"
is "what is damaged is refused" "$RC $(grep -c 'is damaged' "$ERR")" "5 1"
clean "of a damaged one"
finish
