#!/bin/bash
# examples.sh [--show]: runs the sessions that docs/guide.md and the others show, on private
# servers with the two histories of the demo, and compares what they print (console.py).
#
# LOST has the lost history, LIVE what both have in common until the text loads the rest; they
# have replicated until then, so that their binary logs tell whose is what.
# Both have root over the socket only; other accounts are made by the text itself.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
root=$PWD
. tests/lib/servers.sh
. tests/demo/world.sh
export MYRECON=${MYRECON:-$root/build/myrecon} LC_ALL=C.UTF-8 TZ=UTC
unset MYRECON_CONFIG

bail() { # REASON
    echo "Bail out! $1"
    exit 1
}

mr_servers_begin || bail 'no directory'
mr_spawn_mariadb LOST && mr_spawn_mariadb LIVE && mr_await LOST LIVE || bail 'the servers do not start'
demo_pair LOST LIVE || bail 'no pair'
mr_sql LOST club <tests/demo/lost.sql || bail 'no lost history'

cat >"$mr_run_dir/sql" <<'SQL'
#!/bin/bash
socket=MR_$1_SOCK
SQL
client=$(command -v mariadb)
echo "exec $client --no-defaults -u root -S \"\${!socket}\" -N -B" >>"$mr_run_dir/sql"
chmod +x "$mr_run_dir/sql"
mkdir "$mr_run_dir/bin" "$mr_run_dir/home" "$mr_run_dir/session"
ln -s "$MYRECON" "$mr_run_dir/bin/myrecon"
ln -s "$root/docs/examples/change-with-gate.sh" "$mr_run_dir/bin/"
# the client of the stock, as a person on the live server has it
printf '#!/bin/sh\nexec %s --no-defaults -u root -S %s "$@"\n' "$client" "$MR_LIVE_SOCK" >"$mr_run_dir/bin/mariadb"
chmod +x "$mr_run_dir/bin/mariadb"
printf '#!/bin/sh\necho 3 migrations applied\n' >"$mr_run_dir/session/migrate"
chmod +x "$mr_run_dir/session/migrate"
{ printf '[options]\nsettle = 0.2\n'; cat tests/demo/club.ini; } >"$mr_run_dir/session/incident.ini"

cd "$mr_run_dir/session" || exit 3
export MR_SQL_COMMAND=$mr_run_dir/sql MR_SQL_DATABASE=club PATH=$mr_run_dir/bin:$PATH HOME=$mr_run_dir/home
export MYRECON_PASSWORD=not-the-real-one
files=("${DOCS:-$root/docs/guide.md}")
"$root/tests/docs/console.py" "$@" "${files[@]}" | sed "s,$root/,,g"
exit "${PIPESTATUS[0]}"
