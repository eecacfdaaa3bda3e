#!/bin/bash
# gate_breaks.sh: a healthy pair is well; one thing is broken; exactly its check fires; it is
# repaired; the pair is well again.  On MariaDB; gate_breaks_mysql.sh does the same on MySQL.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
gate_pair mariadb || bail "no servers"
gate_breaks
finish
