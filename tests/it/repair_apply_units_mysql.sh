#!/bin/bash
# repair_apply_units_mysql.sh: what repair_apply_units.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_apply_units.sh" mysql
