#!/bin/bash
# repair_locks_mysql.sh: what repair_locks.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_locks.sh" mysql
