#!/bin/bash
# repair_same_row_mysql.sh: what repair_same_row.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_same_row.sh" mysql
