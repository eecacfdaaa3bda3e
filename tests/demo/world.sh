# world.sh: the two servers of the demo, one pair until they are cut; bash, to be sourced behind
# tests/lib/servers.sh.
#
#   demo_pair LOST LIVE     both have base.sql, LOST from LIVE's binary log; replicating no more
#   demo_split LOST LIVE    the same, and what each has written since: lost.sql, live.sql
#
# Without a common past no transaction would be one side's own, and the logs could witness nothing.

demo_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

demo_pair() { # LOST LIVE
    local gtid
    mr_replicate "$2" "$1" && mr_sql "$2" -e 'CREATE DATABASE club' &&
        mr_sql "$2" club <"$demo_dir/base.sql" || return 1
    gtid=$(mr_sql "$2" -e 'SELECT @@gtid_binlog_pos')
    [ "$(mr_sql "$1" -e "SELECT MASTER_GTID_WAIT('$gtid', 60)")" = 0 ] || {
        echo "server $1 does not follow $2" >&2
        return 1
    }
    mr_sql "$1" -e 'STOP SLAVE; RESET SLAVE ALL' &&
        mr_sql "$2" -e 'SET sql_log_bin = 0; DROP USER repl@127.0.0.1'
}

demo_split() { # LOST LIVE
    demo_pair "$1" "$2" && mr_sql "$1" club <"$demo_dir/lost.sql" &&
        mr_sql "$2" club <"$demo_dir/live.sql"
}
