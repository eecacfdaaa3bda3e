#!/bin/bash
# client_library.sh: one incident from check to gate between two servers of MySQL 9, over TLS
# that is verified to the host's name, by accounts of caching_sha2_password.  Whichever client
# library was linked has all of it to do; tests/oracle.sh runs this with Oracle's.

. "$(dirname "$0")/lib.sh"
begin ''
cd "$IT_TMP" || exit 1
. "$IT_DIR/../lib/servers.sh"
if ! mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err"); then
    echo "1..0 # SKIP $(tail -n 1 "$IT_TMP/mysql9.err")"
    exit 0
fi

certificates() {
    local name
    for name in ours theirs; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
            -days 2 -keyout $name.key -out $name.pem 2>/dev/null || return 1
    done
    openssl req -newkey rsa:2048 -nodes -subj /CN=db -keyout db.key -out db.csr 2>/dev/null &&
        echo 'subjectAltName = IP:127.0.0.1' >san &&
        openssl x509 -req -in db.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days 2 \
            -extfile san -out db.pem 2>/dev/null
}

start() { # NAME…: servers with that certificate
    local name certs=$mr_chroot_dir/certs inside
    mkdir -p "$certs" && cp ours.pem db.pem db.key "$certs" || return 1
    inside=${certs#"$mr_mysql_root"}
    for name; do
        mr_spawn_mysql "$name" --ssl-ca="$inside/ours.pem" --ssl-cert="$inside/db.pem" \
            --ssl-key="$inside/db.key" || return 1
    done
    mr_await "$@"
}

# What both had before the split.
base() { # NAME
    mr_sql "$1" --default-character-set=utf8mb4 <<'SQL'
SET time_zone = '+00:00', cte_max_recursion_depth = 1000;
CREATE DATABASE club CHARACTER SET utf8mb4;
USE club;
CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(60) NOT NULL, credit DECIMAL(12, 2) NOT NULL,
    flags BIT(10) NOT NULL, prefs JSON, photo VARBINARY(64), height DOUBLE, weight FLOAT,
    born DATE, created_at DATETIME(6) NOT NULL, seen_at TIMESTAMP(3) NULL);
CREATE TABLE orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    member_id INT UNSIGNED NOT NULL, amount DECIMAL(10, 2) NOT NULL, placed_at DATETIME NOT NULL,
    FOREIGN KEY (member_id) REFERENCES members (id));
INSERT INTO members WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    SELECT i, CONCAT('+4915', 100000 + i), CONCAT('Ærø 😀 ', i), i * 37 % 1000 / 100, i,
        JSON_OBJECT('n', i, 'x', NULL), UNHEX(SHA2(i, 256)), i / 7, i / 3,
        IF(i % 9 = 0, NULL, '1990-01-01' + INTERVAL i DAY),
        '2026-01-01 00:00:00.123456' + INTERVAL i HOUR, '2026-02-01 12:00:00.5' FROM n;
INSERT INTO orders WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
    SELECT i, i * 13 % 300 + 1, i * 37 % 9000 / 100, '2026-02-01' + INTERVAL i HOUR FROM n;
SQL
}

signs_up() { # NAME MOBILE ID…: people under ids that the other history gives away, too
    local name=$1 mobile=$2 id
    shift 2
    for id; do
        echo "INSERT INTO members VALUES ($id, '+4916$mobile$id', 'new $mobile', 1, b'1', '{}', '', 0, 0, NULL, '2026-04-02', NULL);
            INSERT INTO orders VALUES ($((id + 1000)), $id, $mobile, '2026-04-03');"
    done | mr_sql "$name" club
}

contents() { # NAME [DATABASE]: every value to the byte
    mr_sql "$1" "${2:-club}" -e "SET time_zone = '+00:00'; SELECT id, HEX(mobile), HEX(name), credit,
        flags + 0, HEX(CAST(prefs AS CHAR)), HEX(photo), height, weight, born, created_at, seen_at
        FROM members ORDER BY id; SELECT * FROM orders ORDER BY id"
}

run() { # ARGS…: $RC, $OUT and $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

run_is() { # CODE DESCRIPTION ARGS…
    local want=$1 what=$2
    shift 2
    run "$@"
    is "$what" "$RC" "$want"
}

certificates || bail 'no certificates'
mr_servers_begin || bail 'no place'
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_template && start LOST LIVE || bail 'the servers do not start'

export MYRECON_PASSWORD="p'w\"ä %:/@#"
for side in LOST LIVE; do
    base $side || bail "no base on $side"
    mr_sql $side --default-character-set=utf8mb4 -e "SET sql_mode = NO_BACKSLASH_ESCAPES;
        CREATE USER recon@'127.0.0.1' IDENTIFIED BY 'p''w\"ä %:/@#' REQUIRE SSL;
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON club.* TO recon@'127.0.0.1';
        GRANT SHOW_ROUTINE, REPLICATION CLIENT ON *.* TO recon@'127.0.0.1';
        CREATE USER mender@'127.0.0.1' IDENTIFIED BY 'p''w\"ä %:/@#' REQUIRE SSL;
        GRANT ALL ON \`club%\`.* TO mender@'127.0.0.1';
        GRANT RELOAD, PROCESS, SHOW_ROUTINE, REPLICATION CLIENT ON *.* TO mender@'127.0.0.1';
        CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'p''w\"ä %:/@#';
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON club.* TO plain@'127.0.0.1';
        GRANT SHOW_ROUTINE, REPLICATION CLIENT ON *.* TO plain@'127.0.0.1'" || bail "no accounts on $side"
done
is 'the accounts log in by caching_sha2_password' \
    "$(mr_sql LIVE -e "SELECT GROUP_CONCAT(DISTINCT plugin) FROM mysql.user WHERE user IN ('recon', 'mender', 'plain')")" \
    caching_sha2_password
signs_up LOST 70 301 302 303 304
signs_up LIVE 80 301 302 303
mr_sql LOST club -e "UPDATE members SET credit = 77.77, prefs = '{\"k\": [1, 2.5]}' WHERE id IN (10, 11); DELETE FROM orders WHERE id = 7"
mr_sql LIVE club -e "UPDATE members SET photo = x'00ff27', height = -0.1, flags = b'1111111111' WHERE id = 12"

tls="ssl-mode=verify-identity&ssl-ca=$IT_TMP/ours.pem"
way() { # ACCOUNT NAME [DATABASE [OPTIONS]]
    echo "mysql://$1@127.0.0.1:$(mr_get_server "$2" PORT)/${3:-club}?${4:-$tls}"
}
lost=$(way recon LOST) live=$(way recon LIVE) mend=$(way mender LIVE)
printf '[table club.members]\nsubject = yes\nidentity = mobile\n' >ini
export MYRECON_CONFIG=$IT_TMP/ini

# ---- the way in
run doctor --json "$live"
like 'the connection is encrypted' "$(jq -r 'select(.name == "tls").message' "$OUT")" 'TLSv1\.[23], '
run_is 3 'an authority that did not sign the certificate' \
    doctor "$(way recon LIVE club "ssl-mode=verify-ca&ssl-ca=$IT_TMP/theirs.pem")"
run_is 3 'a name that the certificate does not hold' \
    doctor "$(sed 's/127\.0\.0\.1/localhost/' <<<"$live")"
run_is 3 'an account that demands TLS, and none' check --settle 0 "$(way recon LOST club ssl-mode=disabled)" "$live"
like 'is told' "$(cat "$ERR")" "could not log in to server \"127.0.0.1:$MR_LOST_PORT\".*Access denied"
mr_sql LOST -e 'FLUSH PRIVILEGES' # forgets whom it has let in
run_is 1 'without TLS the password goes encrypted by the key of the server' \
    check --settle 0 "$(way plain LOST club ssl-mode=disabled)" "$live"
MYRECON_PASSWORD=wrong run_is 3 'a wrong password' check "$lost" "$live"
like 'is told' "$(cat "$ERR")" 'could not log in to'

# ---- the incident
run_is 1 'check finds the two histories' check --json --settle 0 --case case "$lost" "$live"
is 'the summary counts them' \
    "$(jq -c 'select(.type == "summary") | [.verdict, .tables, .rows, .missing, .extra, .changed, .collision]' "$OUT")" \
    '["diverged",2,1613,2,1,6,3]'
run_is 0 'affected lists' affected --case case --output people.csv
is 'everybody touched' "$(cut -d, -f1 people.csv | tail -n +2 | LC_ALL=C sort | paste -sd ' ')" \
    "+4915100010 +4915100011 +4915100012 +4915100092 +491670301 +491670302 +491670303 +491670304 +491680301 +491680302 +491680303"
before=$(contents LIVE)
run_is 0 'plan' repair plan --case case --policy mirror --allow-deletes 3 --output plan
run_is 0 'apply' repair apply --yes --case case plan "$mend"
is "TARGET's rows are SOURCE's, to the byte" "$(contents LIVE)" "$(contents LOST)"
run_is 0 'verify' repair verify plan "$mend"
run_is 0 'a check is equal' check --settle 0 --objects table,column,index "$lost" "$live"
run_is 0 'undo' repair undo --yes --case case plan "$mend"
is 'every row is as it was' "$(contents LIVE)" "$before"

run_is 0 'snapshot create' snapshot create "$mend" snap
run_is 0 'snapshot verify' snapshot verify snap
run_is 0 'snapshot restore' snapshot restore snap "$(way mender LIVE club_back)"
is 'what is restored is what there was' "$(contents LIVE club_back)" "$before"
run_is 0 'a check against the snapshot' check --settle 0 "snapshot:$IT_TMP/snap" "$live"

run_is 0 'gate record' gate record --output facts "$mend"
run_is 0 'gate check of what was recorded' gate check facts "$mend"
mr_sql LIVE club -e 'DELETE FROM orders WHERE id >= 1301'
run_is 2 'gate check after the newest rows are gone' gate check facts "$mend"
finish
