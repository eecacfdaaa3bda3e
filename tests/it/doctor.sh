#!/bin/bash
# doctor.sh: a healthy pair is silent; one thing is broken; the doctor finds it under its name
# and no other, and says why; it is repaired; the pair is silent again.  On MariaDB.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
. "$IT_DIR/../lib/doctor.sh"
doctor_pair mariadb || bail "no servers"
ON='GP GR' finds "as they were installed" durability:note time_zones:note
doctor_calm GP
doctor_calm GR
doctor_breaks
finish
