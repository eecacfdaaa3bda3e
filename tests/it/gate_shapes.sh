#!/bin/bash
# gate_shapes.sh: pairs that are healthy in other ways than the plain one are well: random keys,
# rows that were put back, chains, several sources, a wanted delay; on MariaDB and on MySQL 9.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
. "$IT_DIR/../lib/gate_shapes.sh"
gate_pair mariadb || bail "no servers"
gate_shapes
mr_servers_end
mr_run_dir=
ON=GP PEER=GR
if gate_pair mysql; then
    gate_shapes
else
    skip "shapes on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
