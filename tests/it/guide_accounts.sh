#!/bin/bash
# guide_accounts.sh: the accounts of docs/guide.md have the rights that each command needs,
# on MariaDB and on MySQL: every command is run by the account that the guide names.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/servers.sh"
export MYRECON_PASSWORD=not-the-real-one
unset MYRECON_CONFIG
GUIDE=$IT_DIR/../../docs/guide.md

sql_of() { # MARK: the block behind that comment
    awk -v mark="<!-- check-docs: $1 -->" '
        $0 == mark { on = 1; next }
        on && /^```sql/ { inside = 1; next }
        inside && /^```/ { exit }
        inside' "$GUIDE" | sed "s/'…'/'$MYRECON_PASSWORD'/; s/10\.0\.0\.%/127.0.0.1/"
}

runs() { # DESCRIPTION EXIT ARGUMENT…
    local desc=$1 want=$2
    shift 2
    CMD=("$MYRECON" "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR"
    RC=$?
    is "$KIND: $desc" "$RC" "$want"
}

# People, what is theirs, and one object of each kind that an account may not see.
load() { # SIDE
    mr_sql "$1" <<'SQL'
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
  name VARCHAR(20), created_at DATETIME NOT NULL);
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL,
  FOREIGN KEY (member_id) REFERENCES members (id));
INSERT INTO members VALUES (1, '1', 'ann', '2026-01-01'), (2, '2', 'bob', '2026-01-02');
INSERT INTO orders VALUES (1, 1);
CREATE VIEW names AS SELECT name FROM members;
CREATE TRIGGER kept BEFORE DELETE ON orders FOR EACH ROW SET @kept = 1;
CREATE PROCEDURE p() SELECT 1;
CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1;
SQL
}

account() { # KIND MARK
    local side lost live
    KIND=$1
    if [ "$KIND" = mysql ]; then
        mr_spawn_mysql LOST && mr_spawn_mysql LIVE || return 1
    else
        mr_spawn_mariadb LOST && mr_spawn_mariadb LIVE || return 1
    fi
    mr_await LOST LIVE || return 1
    for side in LOST LIVE; do
        load $side && sql_of "$2" | mr_sql $side || bail "the accounts cannot be made on $KIND"
    done
    mr_sql LOST -e "INSERT INTO club.members VALUES (3, '3', 'cyd', '2026-04-03'), (4, '4', 'dee', '2026-04-03');
        INSERT INTO club.orders VALUES (2, 3)"
    mr_sql LIVE -e "INSERT INTO club.members VALUES (3, '33', 'eve', '2026-04-08');
        SET GLOBAL log_bin_trust_function_creators = 1"
    lost=127.0.0.1:$(mr_get_server LOST PORT) live=127.0.0.1:$(mr_get_server LIVE PORT)

    cd "$IT_TMP" && rm -rf ./case* ./*.plan ./snap ./facts || bail "no directory"
    runs 'check' 1 check --settle 0 --case case "mysql://recon@$lost/club" "mysql://recon@$live/club"
    runs 'affected --since' 0 affected --case case --since 2026-01-01
    runs 'repair plan' 0 repair plan --policy merge --case case --output merge.plan
    runs 'repair apply' 0 repair apply --yes --case case merge.plan "mysql://mender@$live/club"
    runs 'repair verify' 0 repair verify --source "mysql://recon@$lost/club" merge.plan "mysql://recon@$live/club"
    runs 'repair undo' 0 repair undo --yes --allow-triggers fire --case case merge.plan "mysql://mender@$live/club"
    runs 'repair plan --reseed-only' 0 repair plan --reseed-only --output reseed.plan \
        --source "mysql://recon@$lost/club" --target "mysql://recon@$live/club"
    runs 'repair apply of a reseed' 0 repair apply --yes reseed.plan "mysql://mender@$live"
    runs 'snapshot create' 0 snapshot create "mysql://recon@$lost/club" snap
    [ "$KIND" = mariadb ] || mr_sql LIVE -e "GRANT SYSTEM_USER ON *.* TO restorer@'127.0.0.1'"
    runs 'snapshot restore' 0 snapshot restore --rename-db club=club_lost snap "mysql://restorer@$live"
    runs 'gate record' 0 gate record --output facts "mysql://gate@$lost/club"
    runs 'gate check' 0 gate check --skip split_brain,errant_transactions,gtid_superset,newest_row,auto_increment_position \
        --peer "mysql://gate@$live/club" facts "mysql://gate@$lost/club"
    mr_stop_server LOST
    mr_stop_server LIVE
}

mr_servers_begin || bail "no directory for servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
account mariadb 'sql LOST LIVE' || bail "MariaDB does not start"
if mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err"); then
    account mysql 'accounts mysql' || bail "MySQL does not start"
else
    skip 'the accounts on MySQL' "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
