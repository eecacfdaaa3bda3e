#!/bin/bash
# repair_nobody_mysql.sh: what repair_nobody.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_nobody.sh" mysql
