#!/bin/bash
# repair_next_mysql.sh: what repair_next.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_next.sh" mysql
