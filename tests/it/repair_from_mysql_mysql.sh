#!/bin/bash
# repair_from_mysql_mysql.sh: what repair_from_mysql.sh does, to MySQL 9.
exec bash "$(dirname "$0")/repair_from_mysql.sh" mysql
