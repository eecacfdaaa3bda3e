#!/bin/bash
# repair_target_mysql.sh: what repair_target.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_target.sh" mysql
