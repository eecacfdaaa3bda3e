#!/bin/bash
# situations.sh [--show]: runs the sessions of docs/situations, in the order in which they stand
# here, on a private primary with a small shop and its replica, and compares what they print
# (console.py).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
root=$PWD
. tests/lib/servers.sh
export MYRECON=${MYRECON:-$root/build/myrecon} LC_ALL=C.UTF-8 TZ=UTC
unset MYRECON_CONFIG

bail() { # REASON
    echo "Bail out! $1"
    exit 1
}

mr_servers_begin || bail 'no directory'
mr_spawn_mariadb LIVE && mr_spawn_mariadb REPLICA --log-slave-updates && mr_await LIVE REPLICA || bail 'the servers do not start'
mr_replicate LIVE REPLICA && mr_sql LIVE -e 'CREATE DATABASE shop' &&
    mr_sql LIVE shop <tests/docs/shop.sql && mr_sql REPLICA -e 'SET GLOBAL read_only = 1' || bail 'no shop'
# A pair of its own is torn apart by old-primary.md.
mr_spawn_mariadb OLD && mr_spawn_mariadb NEW && mr_await OLD NEW || bail 'the servers do not start'
mr_replicate OLD NEW && mr_sql OLD -e 'CREATE DATABASE shop' && mr_sql OLD shop <tests/docs/shop.sql || bail 'no shop'
# lost-table.md restores into it.
mr_spawn_mariadb SPARE && mr_await SPARE && mr_sql SPARE -e 'CREATE DATABASE shop' || bail 'no spare server'
mr_sql NEW -e "DO MASTER_GTID_WAIT('$(mr_sql OLD -e 'SELECT @@gtid_binlog_pos')', 60)"

# What the text does meanwhile on the primary is on the replica before the next command.
cat >"$mr_run_dir/sql" <<'SQL'
#!/bin/bash
socket=MR_$1_SOCK
SQL
cat >>"$mr_run_dir/sql" <<SQL
"$(command -v mariadb)" --no-defaults -u root -S "\${!socket}" -N -B || exit
[ "\$1" = LIVE ] || exit 0
at=\$("$(command -v mariadb)" --no-defaults -u root -S "$MR_LIVE_SOCK" -N -e 'SELECT @@gtid_binlog_pos')
"$(command -v mariadb)" --no-defaults -u root -S "$MR_REPLICA_SOCK" -N -e "DO MASTER_GTID_WAIT('\$at', 60)"
SQL
chmod +x "$mr_run_dir/sql"
mkdir "$mr_run_dir/bin" "$mr_run_dir/home" "$mr_run_dir/session"
ln -s "$MYRECON" "$mr_run_dir/bin/myrecon"
printf '#!/bin/sh\nexec %s --no-defaults -u root -S %s "$@"\n' "$(command -v mariadb)" "$MR_LIVE_SOCK" \
    >"$mr_run_dir/bin/mariadb"
chmod +x "$mr_run_dir/bin/mariadb"

cd "$mr_run_dir/session" || exit 3
export MR_SQL_COMMAND=$mr_run_dir/sql MR_SQL_DATABASE=shop PATH=$mr_run_dir/bin:$PATH HOME=$mr_run_dir/home
export MYRECON_PASSWORD=not-the-real-one MYRECON_REPLICATION_PASSWORD=not-the-real-one
"$root/tests/docs/console.py" "$@" "$root"/docs/situations/{bad-delete,nightly,lost-table,old-primary}.md | sed "s,$root/,,g"
exit "${PIPESTATUS[0]}"
