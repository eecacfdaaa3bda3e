#!/bin/bash
# repair_parent_gone_mysql.sh: what repair_parent_gone.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_parent_gone.sh" mysql
