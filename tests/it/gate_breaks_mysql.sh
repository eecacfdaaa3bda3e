#!/bin/bash
# gate_breaks_mysql.sh: as gate_breaks.sh, on Oracle's MySQL 9.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
if gate_pair mysql; then
    gate_breaks
else
    skip "gate on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
