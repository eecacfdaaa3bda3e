#!/bin/bash
# docs_lines.sh: the command lines of the documentation, run on private servers with two
# histories (tests/docs/run_lines.py); here stands what they find there.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
root=$PWD
. tests/lib/servers.sh
export MYRECON=${MYRECON:-$root/build/myrecon} LC_ALL=C.UTF-8 TZ=UTC MYRECON_PASSWORD=not-the-real-one
unset MYRECON_CONFIG

bail() { # REASON
    echo "Bail out! $1"
    exit 1
}

mr_servers_begin || bail 'no directory'
mr_spawn_mariadb LOST && mr_spawn_mariadb LIVE && mr_spawn_mariadb SPARE &&
    mr_await LOST LIVE SPARE || bail 'the servers do not start'
mkdir "$mr_run_dir/bin" "$mr_run_dir/session" "$mr_run_dir/home"

# Only sockets and files: it runs as a program of its own, too.
cat >"$mr_run_dir/reset" <<RESET
#!/bin/bash
set -e
sql() { $(command -v mariadb) --no-defaults -u root -S "\$1" "\${@:2}"; }
sql $MR_SPARE_SOCK -e 'DROP DATABASE IF EXISTS club; DROP DATABASE IF EXISTS club_lost'
sql $MR_LIVE_SOCK -e 'DROP DATABASE IF EXISTS club; DROP DATABASE IF EXISTS club_lost; CREATE DATABASE club'
for file in base live; do sql $MR_LIVE_SOCK club <$root/tests/demo/\$file.sql; done
sql $MR_LIVE_SOCK -e 'ALTER TABLE club.members ADD email VARCHAR(60)'
RESET
chmod +x "$mr_run_dir/reset"
for side in LOST LIVE SPARE; do
    mr_sql $side -e "CREATE DATABASE tools; CREATE DATABASE shop;
        CREATE TABLE shop.orders (id INT PRIMARY KEY, updated_at DATETIME NOT NULL)" || bail "$side"
    for name in dba recon gate archivist backup; do
        mr_sql $side -e "CREATE USER $name@'127.0.0.1' IDENTIFIED BY '$MYRECON_PASSWORD';
            GRANT ALL ON *.* TO $name@'127.0.0.1'"
    done
done
# A transaction that is to be undone.
mr_sql LIVE -e "INSERT INTO shop.orders VALUES (1, '2026-04-02'); DELETE FROM shop.orders"
GTID=$(mr_sql LIVE -e 'SELECT @@global.gtid_binlog_pos')
export GTID
mr_sql LIVE -e 'CREATE DATABASE club_restored' && mr_sql LIVE club_restored <tests/demo/base.sql
mr_sql LOST -e 'CREATE DATABASE club'
for file in base lost; do mr_sql LOST club <tests/demo/$file.sql; done
mr_sql LOST -e 'ALTER TABLE club.members ADD email VARCHAR(60)'
"$mr_run_dir/reset" || bail 'no live history'

ln -s "$MYRECON" "$mr_run_dir/bin/myrecon"
printf '#!/bin/sh\ncat >/dev/null\n' >"$mr_run_dir/bin/redis-cli"
printf '#!/bin/sh\nexec %s --no-defaults -u root -S %s "$@"\n' "$(command -v mariadb)" "$MR_LIVE_SOCK" \
    >"$mr_run_dir/bin/mariadb"
chmod +x "$mr_run_dir"/bin/*
export PATH=$mr_run_dir/bin:$PATH HOME=$mr_run_dir/home RESET=$mr_run_dir/reset

# What the lines name: a case, plans, baselines, snapshots, keys.
cd "$mr_run_dir/session" || exit 3
lost=mysql://dba@127.0.0.1:$MR_LOST_PORT/club live=mysql://dba@127.0.0.1:$MR_LIVE_PORT/club
{ printf '[options]\nsettle = 0\n'; cat "$root/tests/demo/club.ini"; } >incident.ini
cp incident.ini club.ini
mkdir "$HOME/.config" backup b evidence
cp incident.ini "$HOME/.config/myrecon.ini"
certificate() { # NAME KEY
    openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$1" -days 30 -keyout "$2" -out "$1.pem" 2>/dev/null
}
prepare() {
    for name in business it ours lead backup; do certificate $name $name.key || return 1; done
    certificate cert key.pem || return 1
    myrecon check -q --case club.case "$lost" "$live"
    cp club.case incident.case
    myrecon repair plan -q --reseed-only --source "$lost" --target "$live" --output club.reseed
    for plan in club.plan club.merge; do
        myrecon repair plan -q --policy merge --case club.case --output $plan
        myrecon repair show -q --approve-with lead.key $plan
    done
    cp club.plan/conflicts.csv .
    cp conflicts.csv ann.csv
    cp conflicts.csv bob.csv
    cp club.case nightly.case
    myrecon history archive -q "${lost%/club}" evidence/old
    myrecon history archive -q "${live%/club}" evidence/live
    for facts in before club after; do myrecon gate record -q --output $facts.facts "$lost"; done
    for pair in club shop-00 shop-01; do printf '[pair %s]\nsource = %s\ntarget = %s\n' $pair "$lost" "$live"; done >fleet.ini
    myrecon fleet gate record -q --inventory fleet.ini --output before
    myrecon fleet plan -q --inventory fleet.ini --parts 1 --output fleet
    myrecon fleet run -q fleet --part 0
    myrecon fleet merge -q fleet --output result
    for json in before after; do myrecon gate check --json "$live" >$json.json; done
    myrecon repair verify --json club.merge "$live" >v.json
    myrecon snapshot create -q "$lost" backup/club && cp -r backup/club backup/club.mysql9 &&
        myrecon snapshot create -q "$lost" backup/club.lost && myrecon snapshot create -q "$live" backup/n1 &&
        myrecon snapshot create -q --base backup/n1 "$live" backup/n7 && cp -r backup/n1 backup/sunday &&
        myrecon snapshot create -q --base backup/sunday "$live" backup/sunday-1 &&
        myrecon snapshot create -q --base backup/sunday-1 "$live" backup/sunday-2
} >"$mr_run_dir/prepared" 2>&1
prepare || bail "$(cat "$mr_run_dir/prepared")"
RUN_ID=$(myrecon affected --case club.case 2>&1 >/dev/null | sed -n 's/.*run \([0-9TZ]*\)-.*/\1/p')
export RUN_ID
"$root/tests/docs/run_lines.py"
