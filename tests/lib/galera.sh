# galera.sh: clusters of MariaDB servers by Galera; bash, to be sourced after servers.sh.
#
#   mr_galera_provider           prints the provider's path; 1: the package galera-4 is missing
#   mr_galera_start A B C        starts them as one cluster, and waits until all are in it
#   mr_galera_await NODE SIZE    until it is synced, ready, and one of so many
#   mr_galera_seen NODE OTHER    until NODE has applied what OTHER has
#
# All begin as copies of one node that was stopped, so that who joins lacks next to nothing: what it
# lacks the provider sends by itself.  Neither rsync nor a user of their own is needed for that.

mr_galera_provider() {
    local path
    for path in /usr/lib/galera/libgalera_smm.so /usr/lib/libgalera_smm.so; do
        [ ! -e "$path" ] || { echo "$path" && return 0; }
    done
    return 1
}

mr_galera_seqno() { # NODE
    mr_sql "$1" -e "SHOW GLOBAL STATUS LIKE 'wsrep_last_committed'" | cut -f 2
}

mr_galera_seen() { # NODE OTHER
    local wanted try
    wanted=$(mr_galera_seqno "$2") || return 1
    for ((try = 0; try < 200; try++)); do
        [ "$(mr_galera_seqno "$1")" -lt "$wanted" ] || return 0
        sleep 0.1
    done
    echo "node $1 does not apply what $2 has" >&2
    return 1
}

mr_galera_await() { # NODE SIZE
    local try state
    for ((try = 0; try < 200; try++)); do
        state=$(mr_sql "$1" -e "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_cluster_size',
            'wsrep_local_state_comment', 'wsrep_ready')" 2>/dev/null | sort | cut -f 2 | tr '\n' ' ')
        [ "$state" != "$2 Synced ON " ] || return 0
        ! mr_has_ended "$1" || break
        sleep 0.1
    done
    tail -n 20 "$(mr_get_server "$1" DIR)/log" >&2
    echo "node $1 does not get into a cluster of $2" >&2
    return 1
}

# A transfer has nothing to copy: each of its sides only says where it stands.
mr_galera_transfer() { # POSITION
    cat >"$mr_run_dir/wsrep_sst_stopped" <<SH && chmod 755 "$mr_run_dir/wsrep_sst_stopped"
#!/bin/sh
case "\$*" in
*donor*) echo 'done $1' ;;
*) printf '%s\n' 'ready 127.0.0.1:1/stopped' '$1 0' ;;
esac
SH
    PATH=$mr_run_dir:$PATH # where servers look for it
}

mr_galera_spawn() { # NODE ADDRESSES [OPTION…]
    local node=$1 cluster=$2 at provider
    shift 2
    provider=$(mr_galera_provider) && mr_free_port || return 1
    at=127.0.0.1:$mr_port
    mr_set_server "$node" MEMBER "$at"
    mr_free_port || return 1
    mr_spawn_mariadb "$node" --wsrep-on=ON --wsrep-provider="$provider" \
        --innodb-autoinc-lock-mode=2 --wsrep-cluster-name=myrecon --wsrep-node-name="$node" \
        --wsrep-cluster-address="gcomm://$cluster" --wsrep-node-address="$at" \
        --wsrep-provider-options="gmcast.listen_addr=tcp://$at;ist.recv_addr=127.0.0.1:$mr_port;gcache.size=16M" \
        --wsrep-sst-method=stopped --innodb-buffer-pool-size=32M "$@"
}

# The node that all are copies of.
mr_galera_template() { # NODE
    local state
    mr_galera_spawn "$1" '' --wsrep-new-cluster && mr_await "$1" && mr_galera_await "$1" 1 || return 1
    mr_stop_server "$1"
    state=$(awk '$1 == "uuid:" { uuid = $2 } $1 == "seqno:" { print uuid ":" $2 }' \
        "$(mr_get_server "$1" DIR)/data/grastate.dat")
    mr_galera_transfer "$state"
}

mr_galera_start() { # A B C
    local node first=$1 size=1
    mr_galera_template "$first" || return 1
    for node in "${@:2}"; do
        mkdir -p "$mr_run_dir/$node" &&
            cp -a "$mr_run_dir/$first/data" "$mr_run_dir/$node/data" || return 1
    done
    mr_galera_spawn "$first" '' --wsrep-new-cluster && mr_galera_await "$first" 1 || return 1
    for node in "${@:2}"; do
        size=$((size + 1))
        mr_galera_spawn "$node" "$(mr_get_server "$first" MEMBER)" &&
            mr_galera_await "$node" $size || return 1
    done
    mr_galera_await "$first" $size
}
