#!/bin/bash
# repair_values_mysql.sh: what repair_values.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_values.sh" mysql
