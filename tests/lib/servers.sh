# servers.sh: private database servers for tests, demo and benchmark; bash, to be sourced.
#
#   mr_servers_begin                 a private directory; all ends with the shell
#   mr_spawn_mariadb A [OPTION…]     starts a MariaDB …
#   mr_spawn_mysql O [OPTION…]       … or an Oracle MySQL 9 (mr_mysql_root set before) …
#   mr_spawn_mysql56 M [OPTION…]     … or a MySQL 5.6 (mr_mysql56_root set before)
#   mr_await A O                     waits until they answer, prepares their accounts
#
# Each is on the loopback on a random free port and has its own socket.  The variables of
# server A, exported: MR_A_PORT, MR_A_SOCK, MR_A_URI, MR_A_DIR, MR_A_PID.  Accounts: root
# over the socket and from 127.0.0.1, no password, no anonymous ones.  Directories are
# 0700.  Servers die with the shell that started them, even if that is killed; those of
# mr_servers_begin --keep live on until they are killed (tests/demo/demo.sh stop).
#
# Functions return 1 with a line on stderr; call them from the shell itself, never from a
# subshell (its end would be the servers' end).

# Debian keeps servers and chroot where only root's PATH leads.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

mr_run_dir=
mr_chroot_dir=
mr_keep=no
mr_mysql_root=
mr_mysql56_root=
mr_mysqld= # another program of MySQL 9 than its root's own, as seen from in there
mr_server_pids=()
mr_next_server_id=1
mr_ports_given=' '
declare -gA mr_spawned_with=() # server's name: the call that spawned it

mr_servers_begin() { # [--keep]
    trap mr_servers_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    [ "${1:-}" != --keep ] || mr_keep=yes
    mr_run_dir=$(mktemp -d "${TMPDIR:-/tmp}/myrecon.XXXXXX")
}

# An interrupted mariadb-install-db leaves a server that still writes for a moment.
mr_remove_dir() { # DIRECTORY or ''
    local try
    [ -n "$1" ] || return 0
    for try in {1..100}; do
        rm -rf "$1" 2>/dev/null && return 0
        sleep 0.1
    done
    echo "could not remove $1 in $try tries" >&2
}

# Nothing in there is to outlive the run, so nothing needs a clean shutdown.
mr_servers_end() {
    trap '' INT TERM HUP
    if [ ${#mr_server_pids[@]} -gt 0 ]; then
        kill -KILL "${mr_server_pids[@]}" 2>/dev/null
        wait "${mr_server_pids[@]}" 2>/dev/null
    fi
    mr_remove_dir "$mr_run_dir"
    mr_remove_dir "$mr_chroot_dir"
    mr_server_pids=() mr_run_dir='' mr_chroot_dir=''
}

# Below the range that the kernel gives to outgoing connections.  Nobody answers there now;
# somebody may take it before our server does, which mr_await sees.
mr_free_port() { # sets mr_port
    local try
    for try in {1..50}; do
        mr_port=$((15000 + (RANDOM * 32768 + RANDOM) % 15000))
        case $mr_ports_given in *" $mr_port "*) continue ;; esac
        (exec 3<>"/dev/tcp/127.0.0.1/$mr_port") 2>/dev/null && continue
        mr_ports_given+="$mr_port "
        return 0
    done
    echo "no free port found after $try tries" >&2
    return 1
}

mr_as_root_option() {
    [ "$(id -u)" != 0 ] || echo --user=root
}

mr_set_server() { # NAME VARIABLE VALUE
    export "MR_$1_$2=$3"
}

mr_get_server() { # NAME VARIABLE
    local name=MR_$1_$2
    printf '%s' "${!name}"
}

# Options that both kinds take.  Nothing is synced, which is most of a CREATE TABLE: a server that is
# killed loses nothing by that, and a machine that loses its power is not what is tested here.
mr_common_options() { # SERVER_ID PORT
    printf '%s\n' --server-id="$1" --port="$2" --bind-address=127.0.0.1 \
        --binlog-format=ROW --innodb-buffer-pool-size=96M --innodb-flush-method=nosync \
        --innodb-flush-log-at-trx-commit=0 --sync-binlog=0 --max-allowed-packet=64M \
        --local-infile=1 --max-connections=200 --skip-name-resolve
}

# Runs a server in the background, in a session of its own so that Ctrl-C reaches us first.
mr_launch() { # NAME LOG COMMAND…
    local name=$1 log=$2
    shift 2
    if [ "$mr_keep" = no ] && command -v setpriv >/dev/null; then
        setsid setpriv --pdeathsig KILL "$@" >"$log" 2>&1 </dev/null &
    else
        setsid "$@" >"$log" 2>&1 </dev/null &
    fi
    mr_set_server "$name" PID $!
    mr_server_pids+=($!)
}

# Its bootstrap server is one of many that come and go: what fails at once is tried again.
mr_mariadb_template() {
    local try
    [ ! -d "$mr_run_dir/.mariadb" ] || return 0
    for try in 1 2 3; do
        # shellcheck disable=SC2046
        mariadb-install-db --no-defaults $(mr_as_root_option) --skip-test-db \
            --skip-name-resolve --force \
            --datadir="$mr_run_dir/.mariadb" --auth-root-authentication-method=normal \
            >"$mr_run_dir/install.log" 2>&1 </dev/null && return 0
        rm -rf "$mr_run_dir/.mariadb"
        sleep 1
    done
    head -n 40 "$mr_run_dir/install.log" >&2
    echo "could not create a MariaDB data directory in $try tries" >&2
    return 1
}

mr_spawn_mariadb() { # NAME [OPTION…]
    local name=$1 dir=$mr_run_dir/$1 common
    mr_spawned_with[$name]=$(printf '%q ' mr_spawn_mariadb "$@")
    shift
    mr_mariadb_template && mr_free_port || return 1
    mkdir -p "$dir/tmp" && chmod 700 "$dir" || return 1
    [ -d "$dir/data" ] || cp -a "$mr_run_dir/.mariadb" "$dir/data" || return 1
    mapfile -t common < <(mr_common_options "$mr_next_server_id" "$mr_port")
    mr_next_server_id=$((mr_next_server_id + 1))
    mr_set_server "$name" KIND mariadb
    mr_set_server "$name" DIR "$dir"
    mr_set_server "$name" PORT "$mr_port"
    mr_set_server "$name" SOCK "$dir/sock"
    mr_set_server "$name" URI "mysql://root@127.0.0.1:$mr_port"
    # A tmpdir of its own: a server that starts removes the temporary tables that it finds
    # in its tmpdir, and another server that uses one of them crashes.
    # shellcheck disable=SC2046
    mr_launch "$name" "$dir/log" mariadbd --no-defaults $(mr_as_root_option) \
        --tmpdir="$dir/tmp" --datadir="$dir/data" --socket="$dir/sock" --pid-file="$dir/pid" \
        --log-bin="$dir/data/bin" --log-slave-updates --gtid-strict-mode \
        --debug-no-sync --skip-sync-frm \
        --secure-file-priv="$dir" "${common[@]}" "$@"
}

mr_mysql_template() {
    if [ -z "$mr_chroot_dir" ]; then
        mkdir -p "$mr_mysql_root/srv" || return 1
        mr_chroot_dir=$(mktemp -d "$mr_mysql_root/srv/myrecon.XXXXXX") || return 1
    fi
    [ ! -d "$mr_chroot_dir/.mysql" ] || return 0
    env -u TMPDIR chroot "$mr_mysql_root" mysqld --no-defaults --initialize-insecure --user=root \
        --datadir="${mr_chroot_dir#"$mr_mysql_root"}/.mysql" \
        >"$mr_run_dir/initialize.log" 2>&1 </dev/null && {
        rm -f "$mr_chroot_dir/.mysql/auto.cnf" # each server makes up its own uuid
        return 0
    }
    tail -n 20 "$mr_run_dir/initialize.log" >&2
    echo 'could not create a MySQL data directory' >&2
    return 1
}

mr_spawn_mysql() { # NAME [OPTION…]
    local name=$1 dir inside common
    mr_spawned_with[$name]=$(printf '%q ' mr_spawn_mysql "$@")
    shift
    mr_mysql_template && mr_free_port || return 1
    dir=$mr_chroot_dir/$name
    inside=${dir#"$mr_mysql_root"}
    mkdir -p "$dir" && chmod 700 "$dir" || return 1
    [ -d "$dir/data" ] || cp -a "$mr_chroot_dir/.mysql" "$dir/data" || return 1
    mapfile -t common < <(mr_common_options "$mr_next_server_id" "$mr_port")
    mr_next_server_id=$((mr_next_server_id + 1))
    mr_set_server "$name" KIND mysql
    mr_set_server "$name" DIR "$dir"
    mr_set_server "$name" PORT "$mr_port"
    mr_set_server "$name" SOCK "$dir/sock"
    mr_set_server "$name" URI "mysql://root@127.0.0.1:$mr_port"
    mr_launch "$name" "$dir/log" env -u TMPDIR chroot "$mr_mysql_root" "${mr_mysqld:-mysqld}" --no-defaults \
        --user=root --datadir="$inside/data" --socket="$inside/sock" \
        --pid-file="$inside/pid" --log-bin="$inside/data/bin" --gtid-mode=ON \
        --enforce-gtid-consistency=ON --mysqlx=OFF --secure-file-priv= \
        --innodb-redo-log-capacity=100M --performance-schema-max-table-instances=2000 \
        "${common[@]}" "$@"
}

mr_spawn_mysql56() { # NAME [OPTION…]
    local name=$1 dir=$mr_run_dir/$1 common
    mr_spawned_with[$name]=$(printf '%q ' mr_spawn_mysql56 "$@")
    shift
    mr_free_port || return 1
    mkdir -p "$dir/tmp" && chmod 700 "$dir" || return 1
    if [ ! -d "$dir/data" ]; then
        cp -a "$mr_mysql56_root/data/mysql" "$dir/data" || return 1
        rm -f "$dir/data/auto.cnf" # each server makes up its own uuid
    fi
    mapfile -t common < <(mr_common_options "$mr_next_server_id" "$mr_port")
    mr_next_server_id=$((mr_next_server_id + 1))
    mr_set_server "$name" KIND mysql56
    mr_set_server "$name" DIR "$dir"
    mr_set_server "$name" PORT "$mr_port"
    mr_set_server "$name" SOCK "$dir/sock"
    mr_set_server "$name" URI "mysql://root@127.0.0.1:$mr_port"
    # shellcheck disable=SC2046
    mr_launch "$name" "$dir/log" env LD_LIBRARY_PATH="$mr_mysql56_root" \
        "$mr_mysql56_root/mysqld" --no-defaults $(mr_as_root_option) \
        --basedir="$mr_mysql56_root" --lc-messages-dir="$mr_mysql56_root/share" \
        --datadir="$dir/data" --tmpdir="$dir/tmp" --socket="$dir/sock" --pid-file="$dir/pid" \
        --log-bin="$dir/data/bin" --log-slave-updates --gtid-mode=ON \
        --enforce-gtid-consistency --innodb-log-file-size=16M "${common[@]}" "$@"
}

mr_sql() { # NAME [mariadb's arguments…]; statements from the arguments or stdin
    local sock
    sock=$(mr_get_server "$1" SOCK)
    shift
    mariadb --no-defaults --user=root --socket="$sock" --batch --skip-column-names "$@"
}

# What the accounts are made with is not to be replicated.
mr_prepare_accounts() { # NAME
    [ "$(mr_get_server "$1" KIND)" != mysql56 ] || return 0 # they are in what it came with
    mr_sql "$1" <<'SQL'
SET sql_log_bin = 0;
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
SQL
}

mr_drop_anonymous() { # NAME
    local account
    while read -r account; do
        mr_sql "$1" -e "SET sql_log_bin = 0; DROP USER $account" || return 1
    done < <(mr_sql "$1" -e "SELECT CONCAT(QUOTE(user), '@', QUOTE(host))
        FROM mysql.user WHERE user = ''")
}

mr_has_ended() { # NAME
    ! kill -0 "$(mr_get_server "$1" PID)" 2>/dev/null
}

mr_lost_its_port() { # NAME, which has ended: because another process had taken its port
    grep -q 'Bind on TCP/IP port' "$(mr_get_server "$1" DIR)/log"
}

mr_await() { # NAME…
    local name tries spawns
    for name in "$@"; do
        for ((tries = 0, spawns = 1; ; tries++)); do
            mr_sql "$name" -e 'SELECT 1' >/dev/null 2>&1 && break
            if [ $tries -lt 600 ] && ! mr_has_ended "$name"; then
                sleep 0.1
            elif [ $spawns -lt 5 ] && mr_lost_its_port "$name"; then
                spawns=$((spawns + 1))
                eval "${mr_spawned_with[$name]}" || return 1
            else
                tail -n 20 "$(mr_get_server "$name" DIR)/log" >&2
                echo "server $name does not start" >&2
                return 1
            fi
        done
        mr_prepare_accounts "$name" && mr_drop_anonymous "$name" || return 1
    done
}

mr_start_mariadb() { # NAME [OPTION…]
    mr_spawn_mariadb "$@" && mr_await "$1"
}

mr_start_mysql() { # NAME [OPTION…]
    mr_spawn_mysql "$@" && mr_await "$1"
}

# Stops one server and keeps its data: mr_spawn_… of the same name starts it again.
mr_stop_server() { # NAME
    local pid
    pid=$(mr_get_server "$1" PID)
    kill -TERM "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

# REPLICA follows PRIMARY by GTID; both are of one kind and new.
mr_replicate() { # PRIMARY REPLICA
    local port
    port=$(mr_get_server "$1" PORT)
    mr_sql "$1" -e "SET sql_log_bin = 0; CREATE USER repl@127.0.0.1 IDENTIFIED BY 'repl';
        GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1" || return 1
    if [ "$(mr_get_server "$2" KIND)" = mariadb ]; then
        mr_sql "$2" -e "CHANGE MASTER TO master_host = '127.0.0.1', master_port = $port,
            master_user = 'repl', master_password = 'repl', master_connect_retry = 1,
            master_use_gtid = slave_pos; START SLAVE" || return 1
    else
        mr_sql "$2" -e "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1',
            source_port = $port, source_user = 'repl', source_password = 'repl',
            source_connect_retry = 1, source_retry_count = 1000, get_source_public_key = 1,
            source_auto_position = 1; START REPLICA" || return 1
    fi
    mr_await_replica "$2"
}

mr_await_replica() { # REPLICA: until both of its threads run
    local tries status sock
    sock=$(mr_get_server "$1" SOCK)
    for ((tries = 0; tries < 300; tries++)); do
        status=$(mariadb --no-defaults --user=root --socket="$sock" \
            -e 'SHOW REPLICA STATUS\G' 2>/dev/null)
        if [ "$(grep -cE '(Slave|Replica)_(IO|SQL)_Running: Yes' <<<"$status")" = 2 ]; then
            return 0
        fi
        sleep 0.1
    done
    printf '%s\n' "$status" | grep -E 'Error|Running' >&2
    echo "replica $1 does not run" >&2
    return 1
}
