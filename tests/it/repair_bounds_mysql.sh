#!/bin/bash
# repair_bounds_mysql.sh: what repair_bounds.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_bounds.sh" mysql
