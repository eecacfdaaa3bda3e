#!/bin/bash
# repair_waits_mysql.sh: what repair_waits.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_waits.sh" mysql
