#!/bin/bash
# repair_lost_mysql.sh: what repair_lost.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_lost.sh" mysql
