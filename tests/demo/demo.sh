#!/bin/bash
# demo.sh: a split brain in miniature, on two private servers, and what myrecon says to it.
#
#   MYRECON=build/myrecon demo.sh     runs it; the servers are gone at its end
#   KEEP=1 … demo.sh                  leaves them up, and says how to go on and how to stop
#   demo.sh stop DIRECTORY            stops what KEEP=1 left up
#
# The reports are left in demo/ beside the program, or where MR_DEMO_REPORT says.  Exits 0
# only if check found differences (exit 1), as it must here, and all else ended with 0.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/servers.sh"
. "$here/world.sh"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' off=$'\e[0m'
else
    bold='' dim='' green='' off=''
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }

stop_kept() { # DIRECTORY: kills only what is running from that directory
    local dir=$1 pid
    [ -f "$dir/pids" ] || {
        echo "error: \"$dir\" is no directory of a demo" >&2
        exit 3
    }
    while read -r pid; do
        if tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "=$dir/"; then
            kill "$pid"
            while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
        fi
    done <"$dir/pids"
    rm -rf "$dir"
    say "The demo's servers are stopped, $dir is removed."
}

# One account sees and cannot write, as is right for a check; it may also read the logs.
accounts() { # NAME
    mr_sql "$1" -e "SET sql_log_bin = 0;
        CREATE USER auditor@'127.0.0.1' IDENTIFIED BY '$password';
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON club.* TO auditor@'127.0.0.1';
        GRANT SELECT ON mysql.proc TO auditor@'127.0.0.1';
        GRANT SLAVE MONITOR, BINLOG MONITOR, REPLICATION SLAVE ON *.* TO auditor@'127.0.0.1';
        CREATE USER mender@'127.0.0.1' IDENTIFIED BY '$password';
        GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, TRIGGER, CREATE TEMPORARY TABLES
            ON club.* TO mender@'127.0.0.1';
        GRANT PROCESS, SLAVE MONITOR ON *.* TO mender@'127.0.0.1';
        DROP USER root@'127.0.0.1'"
}

# What a plan asks people about; conflicts.csv has a line each, and a head.
questions() { # PLAN
    echo $(($(wc -l <"$mr_run_dir/$1/conflicts.csv") - 1))
}

who() { # NAME ID: who has that id on that side
    mr_sql "$1" club -e "SELECT name FROM members WHERE id = $2"
}

how_to_go_on() {
    printf '%s\n' "${mr_server_pids[@]}" >"$mr_run_dir/pids"
    title 'The servers stay up.'
    cat <<TEXT
  export MYRECON_PASSWORD=$password MYRECON_CONFIG=$here/club.ini
  $MYRECON check --case $mr_run_dir/again.case \\
      $lost $live
  $MYRECON affected --case $mr_run_dir/again.case --columns name
  $MYRECON history collect --case $mr_run_dir/again.case
  $MYRECON history show --case $mr_run_dir/again.case --person +491510095028
  $MYRECON repair plan --policy merge --case $mr_run_dir/again.case --output $mr_run_dir/again
  cat $mr_run_dir/again/conflicts.csv    # decide: fill its column decision, or leave it; repair decide asks one by one
  $MYRECON repair plan --policy merge --case $mr_run_dir/again.case \\
      --decisions $mr_run_dir/again/conflicts.csv --output $mr_run_dir/decided
  $MYRECON repair apply --yes --case $mr_run_dir/again.case $mr_run_dir/decided $mender
  $MYRECON repair verify $mr_run_dir/decided $mender
  $MYRECON check --case $mr_run_dir/again.case \\
      $lost $live
  mariadb --no-defaults -uroot -S $MR_LOST_SOCK club    # the lost history
  mariadb --no-defaults -uroot -S $MR_LIVE_SOCK club    # the live server

Stop them and remove their files:
  $here/demo.sh stop $mr_run_dir
TEXT
}

if [ "${1:-}" = stop ]; then
    stop_kept "${2:?demo.sh stop DIRECTORY}"
    exit 0
fi

MYRECON=${MYRECON:-$here/../../build/myrecon}
report=${MR_DEMO_REPORT:-${MYRECON%/*}/demo/incident.html}
[ -x "$MYRECON" ] || {
    echo "error: there is no program \"$MYRECON\"; run \"make\" first" >&2
    exit 3
}

if [ "${KEEP:-}" = 1 ]; then
    mr_servers_begin --keep
else
    mr_servers_begin
fi || exit 3
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')

mkdir -p "${report%/*}" || exit 3
title 'myrecon demo: one club, two histories'
say "${dim}Starting two private MariaDB servers on the loopback ...${off}"
mr_spawn_mariadb LOST && mr_spawn_mariadb LIVE && mr_await LOST LIVE &&
    demo_split LOST LIVE && accounts LOST && accounts LIVE || exit 3

lost=mysql://auditor@127.0.0.1:$MR_LOST_PORT/club
live=mysql://auditor@127.0.0.1:$MR_LIVE_PORT/club
cat <<TEXT

  Apr 2   The primary is moved to another machine; the move is never finished.
  Apr 8   That machine is released with six days of writes on it. The one from before
          is mounted again, as it was on Apr 2, and takes writes. A replica still has the
          lost days: ${bold}SOURCE${off}, the lost history; ${bold}TARGET${off}, the live server.

  Since then ids have been given away twice. Member 3001 was $(who LOST 3001), and
  now is $(who LIVE 3001). Which members, orders and payments are wrong?
TEXT

title "\$ myrecon check $lost \\"
say "${bold}      $live --config club.ini --case incident.case${off}"
say
MYRECON_PASSWORD=$password "$MYRECON" check "$lost" "$live" \
    --config "$here/club.ini" --case "$mr_run_dir/incident.case"
status=$?

if [ $status -ne 1 ]; then
    echo "error: check ended with exit code $status; differences (1) were expected" >&2
    exit 3
fi
title "Exit code 1: the two differ. Nothing was written to either server."
say "${green}Everyone whose id changed owner is named above: by mobile, not only by id.${off}"

# must_be_0 COMMAND…: what follows works from the case alone
must_be_0() {
    "$@" && return
    echo "error: $2 ended with exit code $?; 0 was expected" >&2
    exit 3
}
case_file=$mr_run_dir/incident.case
title "\$ myrecon affected --case incident.case --columns name"
say "${dim}Whom to block, whom to tell: everybody touched, also through an order line.${off}"
say
must_be_0 "$MYRECON" affected --quiet --case "$case_file" --columns name
title "\$ myrecon affected --case incident.case --format template --template 'user:{id}'"
say "${dim}Whose cache entries to delete, under the old id and the new one.${off}"
say
must_be_0 "$MYRECON" affected --quiet --case "$case_file" \
    --format template --template 'user:{id}' | paste -sd ' ' | fold -sw 76
title "\$ myrecon report --case incident.case --output $report"
must_be_0 "$MYRECON" report --quiet --force --case "$case_file" --output "$report"
say "${green}The page for a manager and a DBA: open $report in a browser.${off}"
say "${dim}Personal data in it is masked; --unmask shows it.${off}"

# mends COMMAND…: repair on the live server, by the account that may write
mends() {
    MYRECON_PASSWORD=$password MYRECON_CONFIG=$here/club.ini "$MYRECON" repair "$@"
}
mender=mysql://mender@127.0.0.1:$MR_LIVE_PORT
title "\$ myrecon repair plan --reseed-only --case incident.case --output reseed"
title "\$ myrecon repair apply --yes reseed $mender"
say "${dim}First of all: no id may be given to a second person from now on.${off}"
say
mends plan --quiet --reseed-only --case "$case_file" --output "$mr_run_dir/reseed" >/dev/null &&
    mends apply --quiet --yes "$mr_run_dir/reseed" "$mender" || exit 3
title "\$ myrecon repair plan --brief --policy merge --case incident.case --output guessed"
say "${dim}What becomes of everybody? Two images of a row do not say who edited it, so that is asked.${off}"
say
mends plan --quiet --brief --policy merge --case "$case_file" --output "$mr_run_dir/guessed"
[ $? -le 1 ] || exit 3

# knows COMMAND…: what the binary logs of both servers say, in the case from now on
knows() {
    MYRECON_PASSWORD=$password must_be_0 "$MYRECON" history "$@"
}
title "\$ myrecon history collect --case incident.case"
say "${dim}But the servers wrote it down: their binary logs have every change since the two parted.${off}"
say
knows collect --quiet --case "$case_file"
emil=+491510095028
title "\$ myrecon history show --case incident.case --person $emil"
say "${dim}Emil Berg paid in on both sides. Neither balance is right, and both payments are.${off}"
say
knows show --quiet --case "$case_file" --person $emil
title "\$ myrecon repair plan --policy merge --case incident.case --output merge"
say "${dim}The same plan by the logs; what is left to be asked stands in merge/conflicts.csv.${off}"
say
mends plan --quiet --policy merge --case "$case_file" --output "$mr_run_dir/merge"
[ $? -le 1 ] || exit 3
say "${green}Questions to people without the logs: $(questions guessed). With them: $(questions merge).${off}"
asked=${report%.html}-decide.html
title "\$ myrecon repair decide merge --output $asked"
must_be_0 mends decide --quiet --force "$mr_run_dir/merge" --output "$asked"
say "${green}A page for whoever knows these people: it shows both sides, and saves what they decide.${off}"
title "\$ myrecon repair apply --yes merge $mender"
mends apply --quiet --yes "$mr_run_dir/merge" "$mender"
[ $? -le 1 ] || exit 3
title "\$ myrecon repair verify merge $mender"
must_be_0 mends verify --quiet "$mr_run_dir/merge" "$mender"
say "${green}Everybody of both histories is there once, with what is theirs.${off}"
done=${report%.html}-done.html
title "\$ for plan in reseed merge; do"
say "${bold}    myrecon repair verify --json \$plan $mender; done > proof.json${off}"
title "\$ myrecon report --case incident.case --plan reseed --plan merge --verify proof.json \\"
say "${bold}      --output $done${off}"
for plan in reseed merge; do
    mends verify --quiet --json "$mr_run_dir/$plan" "$mender" || exit 3
done >"$mr_run_dir/proof.json"
must_be_0 "$MYRECON" report --quiet --force --case "$case_file" --plan "$mr_run_dir/reseed" \
    --plan "$mr_run_dir/merge" --verify "$mr_run_dir/proof.json" --output "$done"
say "${green}For the post-mortem: what was found, decided, done when, and what proves it: $done.${off}"
title "\$ myrecon repair undo --yes merge $mender"
say "${dim}And back again, to the byte, were it wanted.${off}"
say
must_be_0 mends undo --quiet --yes "$mr_run_dir/merge" "$mender"
if [ "$mr_keep" = yes ]; then
    how_to_go_on
    trap - EXIT INT TERM HUP
else
    say "${dim}The servers and their files are removed now; \"make demo KEEP=1\" keeps them.${off}"
fi
