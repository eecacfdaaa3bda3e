#!/bin/bash
# examples.sh [--show]: runs the sessions that docs/guide.md and the others show, on private
# servers with the two histories of the demo, and compares what they print (console.py).
#
# LOST has the lost history, LIVE what both have in common until the text loads the rest.
# Both have root over the socket only; other accounts are made by the text itself.
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
mr_spawn_mariadb LOST && mr_spawn_mariadb LIVE && mr_await LOST LIVE || bail 'the servers do not start'
for side in LOST LIVE; do
    mr_sql $side -e 'CREATE DATABASE club' && mr_sql $side club <tests/demo/base.sql || bail "$side"
done
mr_sql LOST club <tests/demo/lost.sql || bail 'no lost history'

cat >"$mr_run_dir/sql" <<'SQL'
#!/bin/bash
socket=MR_$1_SOCK
exec mariadb --no-defaults -u root -S "${!socket}" -N -B
SQL
chmod +x "$mr_run_dir/sql"
mkdir "$mr_run_dir/bin" "$mr_run_dir/home" "$mr_run_dir/session"
ln -s "$MYRECON" "$mr_run_dir/bin/myrecon"
ln -s "$root/docs/examples/change-with-gate.sh" "$mr_run_dir/bin/"
printf '#!/bin/sh\necho 3 migrations applied\n' >"$mr_run_dir/session/migrate"
chmod +x "$mr_run_dir/session/migrate"
{ printf '[options]\nsettle = 0.2\n'; cat tests/demo/club.ini; } >"$mr_run_dir/session/incident.ini"

cd "$mr_run_dir/session" || exit 3
export MR_SQL_COMMAND=$mr_run_dir/sql MR_SQL_DATABASE=club PATH=$mr_run_dir/bin:$PATH HOME=$mr_run_dir/home
export MYRECON_PASSWORD=not-the-real-one
files=("${DOCS:-$root/docs/guide.md}")
"$root/tests/docs/console.py" "$@" "${files[@]}" | sed "s,$root/,,g"
exit "${PIPESTATUS[0]}"
