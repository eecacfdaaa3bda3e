#!/bin/bash
# repair_newest_mysql.sh: what repair_newest.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_newest.sh" mysql
