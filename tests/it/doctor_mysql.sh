#!/bin/bash
# doctor_mysql.sh: as doctor.sh, on Oracle's MySQL 9.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
. "$IT_DIR/../lib/doctor.sh"
if doctor_pair mysql; then
    ON='GP GR' finds "as they were installed" durability:note time_zones:note
    doctor_calm GP
    doctor_calm GR
    doctor_breaks
else
    skip "doctor on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
