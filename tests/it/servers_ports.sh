#!/bin/bash
# servers_ports.sh: a test server whose random port somebody else has taken in the meantime
# gets another one (tests/lib/servers.sh).

. "$(dirname "$0")/lib.sh"
begin
own_begin K || bail "no servers"

eval "chosen_$(declare -f mr_free_port)"
mr_free_port() { # once the port that K listens on
    mr_free_port() { chosen_mr_free_port; }
    mr_port=$MR_K_PORT
}
own_begin L
is "a server starts although its port was taken" "$?" 0
unlike "it has another port then" "$MR_L_PORT" "^$MR_K_PORT\$"
is "and answers there" "$(mr_sql L -e 'SELECT @@port')" "$MR_L_PORT"
finish
