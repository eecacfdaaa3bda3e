#!/bin/bash
# slurm.sh: sees to it that Slurm's programs and GNU parallel are there, and prints the
# directory that holds them; to be sourced for a private cluster of two nodes:
#
#   . slurm.sh; mr_slurm_start DIR       DIR/slurm.conf; $PATH and $SLURM_CONF lead to it
#   mr_slurm_kill NODE                   as a machine that loses its power: slurmd and all its steps
#   mr_slurm_stop
#
# The packages are taken apart below the cache directory and not installed, so that no service is
# started (6 MB).  MYRECON_CACHE moves the cache.
#
# Exit, or status of mr_slurm_programs: 0; 77 and the reason on stderr where they cannot be had; 1 where
# it should have worked.

mr_slurm_programs() { # prints the directory
    local cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon} root fresh deb
    root=$cache/slurm
    [ ! -x "$root/usr/sbin/slurmd-wlm" ] || { echo "$root" && return 0; }
    [ "$(id -u)" = 0 ] || { echo "slurmd needs root" >&2 && return 77; }
    command -v apt-get dpkg-deb >/dev/null || { echo "Slurm comes from Debian, and this is another system" >&2 && return 77; }
    mkdir -p "$cache" || return 1
    exec 7>"$root.lock"
    flock 7
    if [ ! -x "$root/usr/sbin/slurmd-wlm" ]; then
        rm -rf "$root".new.*
        fresh=$(mktemp -d "$root.new.XXXXXX") && mkdir -p "$fresh/archives/partial" || return 1
        mr_slurm_download "$fresh/archives" >"$root.log" 2>&1 7>&- || {
            tail -n 5 "$root.log" >&2
            rm -rf "$fresh"
            return 77
        }
        for deb in "$fresh"/archives/*.deb; do dpkg-deb -x "$deb" "$fresh" 7>&- || return 1; done
        rm -rf "$fresh/archives" "$root"
        mv -T "$fresh" "$root" || return 1
    fi
    exec 7>&-
    [ -x "$root/usr/sbin/slurmd-wlm" ] || { echo "the packages hold no slurmd" >&2 && return 1; }
    echo "$root"
}

mr_slurm_download() { # DIRECTORY; the lists may be absent or stale
    local get=(apt-get -o "Dir::Cache::archives=$1" --download-only -y --no-install-recommends --reinstall
        install slurmctld slurmd slurm-client munge parallel)
    "${get[@]}" </dev/null || { apt-get update && "${get[@]}" </dev/null; }
}

mr_slurm_free_port() { # prints one that nobody has now; three in a row are free
    local port try next
    for try in {1..50}; do
        port=$((15000 + (RANDOM * 32768 + RANDOM) % 15000))
        for next in 0 1 2; do
            (exec 3<>"/dev/tcp/127.0.0.1/$((port + next))") 2>/dev/null && continue 2
        done
        echo "$port" && return 0
    done
    return 1
}

mr_slurm_start() { # DIRECTORY: a controller and the nodes n1 and n2, of two processors each
    local root port host node i
    mr_slurm_dir=$1
    root=$(mr_slurm_programs) || return $?
    port=$(mr_slurm_free_port) || return 1
    host=$(hostname)
    mr_slurm_lib=$(dirname "$(find "$root/usr/lib" -maxdepth 2 -name slurm-wlm -type d)") || return 1
    export LD_LIBRARY_PATH=$mr_slurm_lib:$mr_slurm_lib/slurm-wlm PATH=$root/usr/bin:$root/usr/sbin:$PATH SLURM_CONF=$mr_slurm_dir/slurm.conf
    mkdir -p "$mr_slurm_dir"/{munge,controller,spool} && chmod 700 "$mr_slurm_dir/munge" || return 1
    (umask 077 && head -c 1024 /dev/urandom >"$mr_slurm_dir/munge/key")
    munged --force --key-file="$mr_slurm_dir/munge/key" --socket="$mr_slurm_dir/munge/socket" \
        --pid-file="$mr_slurm_dir/munge/pid" --log-file="$mr_slurm_dir/munge/log" \
        --seed-file="$mr_slurm_dir/munge/seed" 2>/dev/null || return 1
    cat >"$SLURM_CONF" <<END
ClusterName=private
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$mr_slurm_dir/munge/socket
CredType=cred/munge
PluginDir=$mr_slurm_lib/slurm-wlm
StateSaveLocation=$mr_slurm_dir/controller
SlurmctldPidFile=$mr_slurm_dir/controller/pid
SlurmctldLogFile=$mr_slurm_dir/controller/log
SlurmctldPort=$port
SlurmdSpoolDir=$mr_slurm_dir/spool/%n
SlurmdPidFile=$mr_slurm_dir/spool/%n.pid
SlurmdLogFile=$mr_slurm_dir/spool/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=100000,sched_interval=1,batch_sched_delay=0
JobRequeue=1
KillWait=5
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=2 RealMemory=1000
PartitionName=p Nodes=n[1-2] Default=YES State=UP
END
    slurmctld-wlm || return 1
    for node in n1 n2; do slurmd-wlm -N $node -d "$root/usr/sbin/slurmstepd-wlm" || return 1; done
    for i in {1..100}; do
        [ "$(sinfo -h -t idle -o %D 2>/dev/null)" != 2 ] || return 0
        sleep 0.2
    done
    echo "the nodes of Slurm do not become idle" >&2
    return 1
}

mr_slurm_tree() { # PROCESS…: these and all that they have started
    local process
    for process; do
        echo "$process"
        # shellcheck disable=SC2046
        mr_slurm_tree $(cat "/proc/$process"/task/*/children 2>/dev/null)
    done
}

mr_slurm_step() { # JOB: the processes that look after its steps
    local process
    for process in /proc/[0-9]*; do
        case $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") in
        "slurmstepd-wlm: [$1."*) echo "${process#/proc/}" ;;
        esac
    done
}

mr_slurm_kill() { # NODE
    local daemon steps
    daemon=$(cat "$mr_slurm_dir/spool/$1.pid")
    # a step leaves its slurmd behind, and keeps a socket in the spool of its node, named by node, job and step
    steps=$(find "$mr_slurm_dir/spool/$1" -type s -printf '%f\n' | sed 's/^[^_]*_//; s/\..*//' |
        while read -r job; do mr_slurm_step "$job"; done)
    # shellcheck disable=SC2046,SC2086
    kill -KILL $(mr_slurm_tree "$daemon" $steps) 2>/dev/null
    scontrol update "nodename=$1" state=down reason=killed
}

mr_slurm_stop() {
    local pid
    [ -n "${mr_slurm_dir:-}" ] || return 0
    scancel -u root 2>/dev/null
    for pid in "$mr_slurm_dir"/spool/*.pid "$mr_slurm_dir/controller/pid" "$mr_slurm_dir/munge/pid"; do
        # shellcheck disable=SC2046
        [ ! -e "$pid" ] || kill -KILL $(mr_slurm_tree "$(cat "$pid")") 2>/dev/null
    done
    mr_slurm_dir=
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    mr_slurm_programs
    exit $?
fi
