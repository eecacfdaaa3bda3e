#!/bin/bash
# repair_unique_mysql.sh: what repair_unique.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_unique.sh" mysql
