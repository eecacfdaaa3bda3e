#!/bin/bash
# fleet.sh: four clubs that were moved, checked on two nodes, of which one dies; and one page of all.
#
#   MYRECON=build/myrecon fleet.sh
#
# Two private MariaDB servers, and a private Slurm of two nodes; where that cannot be had (it needs root
# and Debian's archive), GNU parallel does the parts.  MR_DEMO_ENGINE=parallel: always.  Slurm's programs
# are taken apart in the cache directory and not installed; all else is gone at the end, but for the page,
# which is left in demo/ beside the program, or where MR_DEMO_REPORT says.  Exits 0 only if the merged
# fleet differs (exit 1), as it must here, and all else did what is told.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/servers.sh"
. "$here/../lib/slurm.sh"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' off=$'\e[0m'
else
    bold='' dim='' green='' off=''
fi
say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
die() { # REASON
    echo "error: $1" >&2
    exit 3
}
# shows COMMAND…: the line, and what it prints
shows() {
    title "\$ $*"
    say
    "$@"
}
ends_with() { # EXIT-CODE COMMAND…
    local wanted=$1 status
    shift
    shows "$@"
    status=$?
    [ $status = "$wanted" ] || die "\"$*\" ended with exit code $status; $wanted was expected"
}

MYRECON=$(realpath "${MYRECON:-$here/../../build/myrecon}")
page=${MR_DEMO_REPORT:-${MYRECON%/*}/demo/fleet.html}
[ -x "$MYRECON" ] || die "there is no program \"$MYRECON\"; run \"make\" first"
mkdir -p "${page%/*}" || exit 3
page=$(realpath "$page")

mr_servers_begin || exit 3
trap 'mr_slurm_stop; mr_servers_end' EXIT
mkdir "$mr_run_dir/bin" "$mr_run_dir/tmp" "$mr_run_dir/work" || exit 3
ln -s "$MYRECON" "$mr_run_dir/bin/myrecon"
export PATH=$mr_run_dir/bin:$PATH TMPDIR=$mr_run_dir/tmp
unset MYRECON_CONFIG

# ---- who does the parts: slurm, parallel

engine=${MR_DEMO_ENGINE:-slurm}
title 'myrecon demo-fleet: four clubs, one verdict'
if [ "$engine" = slurm ]; then
    say "${dim}Slurm's programs are looked for; where they are not in the cache yet, 7 MB are fetched from"
    say "Debian's archive and taken apart there. Nothing is installed.${off}"
    slurm_root=$(mr_slurm_programs 2>"$mr_run_dir/why") &&
        mr_slurm_start "$mr_run_dir/slurm" 2>"$mr_run_dir/why" || {
        say "There is no Slurm here: $(tail -n 1 "$mr_run_dir/why")"
        mr_slurm_stop
        engine=parallel
    }
fi
if [ "$engine" = parallel ]; then
    slurm_root=${slurm_root:-$(mr_slurm_programs 2>/dev/null)}
    if command -v parallel >/dev/null; then
        gnu=(parallel)
    elif [ -n "$slurm_root" ]; then
        gnu=(perl "$slurm_root/usr/bin/parallel")
    else
        "$here/../deps.sh" parallel || exit 3
        gnu=(parallel)
    fi
    say "GNU parallel does the parts."
fi

# ---- four clubs on each of two servers

say "${dim}Starting two private MariaDB servers on the loopback ...${off}"
mr_spawn_mariadb LOST && mr_spawn_mariadb LIVE && mr_await LOST LIVE || exit 3
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
for side in LOST LIVE; do
    for club in 00 01 02 03; do
        mr_sql $side -e "CREATE DATABASE club_$club" && mr_sql $side "club_$club" <"$here/base.sql" || exit 3
    done
    mr_sql $side -e "CREATE USER auditor@'127.0.0.1' IDENTIFIED BY '$password';
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO auditor@'127.0.0.1';
        GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO auditor@'127.0.0.1'; DROP USER root@'127.0.0.1'" || exit 3
done
mr_sql LOST club_01 <"$here/lost.sql" && mr_sql LIVE club_01 <"$here/live.sql" &&
    mr_sql LIVE club_03 -e 'DELETE FROM wallet_log WHERE id BETWEEN 40 AND 45' || exit 3

cd "$mr_run_dir/work" || exit 3
cat >fleet.ini <<TEXT
[fleet]
config = clubs.ini
readers-per-server = 4
[pair club-{00..03}]
source = mysql://auditor@127.0.0.1:$MR_LOST_PORT/club_{}
target = mysql://auditor@127.0.0.1:$MR_LIVE_PORT/club_{}
TEXT
{
    printf '[options]\nsettle = 1\n'
    for club in 00 01 02 03; do sed "s/club\./club_$club./g" "$here/club.ini"; done
} >clubs.ini
cat <<TEXT

  Four clubs were moved from one server to another: ${bold}SOURCE${off} is what they were, ${bold}TARGET${off} what is
  live. Did all of them arrive? The inventory, fleet.ini:

$(sed 's/^/    /' fleet.ini)
TEXT
export MYRECON_PASSWORD=$password
ends_with 0 myrecon fleet plan -q --inventory fleet.ini --parts 4 --output fleet
fleet=$(sed -n 's/.*"fleet":"\([^"]*\)".*/\1/p' fleet/fleet.json)
[ -n "$fleet" ] || die 'the plan has no name'

# ---- the parts, and a node that dies

slots="GET_LOCK('myrecon $fleet 1', 9), GET_LOCK('myrecon $fleet 2', 9), GET_LOCK('myrecon $fleet 3', 9), GET_LOCK('myrecon $fleet 4', 9)"
hold() { # the clubs are small: their readers wait, so that a node can die with work in its hands
    mr_sql LOST -e "SELECT $slots, SLEEP(300)" >/dev/null 2>&1 &
    until [ "$(mr_sql LOST -N -e "SELECT IS_USED_LOCK('myrecon $fleet 4') IS NOT NULL")" = 1 ]; do sleep 0.1; done
}
let_go() {
    local id
    id=$(mr_sql LOST -N -e "SELECT IS_USED_LOCK('myrecon $fleet 4')")
    mr_sql LOST -e "KILL $id"
}
count_of() { # STATE: parts
    myrecon fleet status fleet --json 2>/dev/null | grep -c "\"type\":\"part\".*\"state\":\"$1\""
}
until_parts() { # NUMBER STATE
    local try
    for ((try = 0; try < 300; try++)); do
        [ "$(count_of "$2")" != "$1" ] || return 0
        sleep 0.2
    done
    myrecon fleet status fleet >&2
    die "$1 parts are not $2 after a minute"
}

hold
if [ "$engine" = slurm ]; then
    title '$ sbatch fleet/fleet.sbatch'
    job=$(sbatch --parsable --output="$mr_run_dir/task-%a.log" fleet/fleet.sbatch) || exit 3
    until_parts 4 running
    say "${dim}Four parts are at work, two on each node. The clubs are small: their readers are made to wait"
    say "at the first server's slots, so that there is something to see.${off}"
    shows myrecon fleet status fleet
    say
    say "Now the node n2 dies, with all that runs on it."
    mr_slurm_kill n2
    for ((try = 0; try < 100; try++)); do
        [ "$(squeue -h -r -t PD -o %i | wc -l)" != 2 ] || break
        sleep 0.2
    done
    shows squeue -r -o '%.10i %.9T %.8N'
    say
    say "Slurm queues its two parts again; they go on where they were, on the other node."
    for task in $(squeue -h -r -j "$job" -t PD -o %A); do scontrol update "jobid=$task" starttime=now >/dev/null 2>&1; done
    let_go
else
    title "\$ seq 0 3 | parallel -j 4 --retries 3 myrecon fleet run fleet --no-verdict --part {}"
    seq 0 3 | "${gnu[@]}" -j 4 --retries 3 myrecon fleet run fleet --no-verdict --part '{}' >"$mr_run_dir/task.log" 2>&1 &
    parallel=$!
    until_parts 4 running
    shows myrecon fleet status fleet
    say
    say "Now the process of part 2 dies, as if its machine had lost its power."
    kill -KILL "$(sed -n 's/.*"process":\([0-9]*\).*/\1/p' fleet/parts/2.json)" || exit 3
    say "GNU parallel begins it again; it goes on where it was."
    let_go
fi
until_parts 4 done
[ "$engine" = slurm ] || wait "$parallel" || die "GNU parallel: $(tail -n 1 "$mr_run_dir/task.log")"
grep -qh 'is gone: the part is taken over' "$mr_run_dir"/task*.log || die 'nobody has taken over from the dead'
ends_with 1 myrecon fleet status fleet

# ---- one verdict

ends_with 1 myrecon fleet merge fleet --output result
ends_with 0 myrecon fleet report result -q --force --output "$page"
say "${green}The page of all clubs: open $page in a browser;"
say "each club's own page is linked, in ${page%.html}.pages.${off}"
say "${dim}The servers, Slurm and their files are removed now.${off}"
