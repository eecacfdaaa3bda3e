#!/bin/bash
# repair_outside_mysql.sh: what repair_outside.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_outside.sh" mysql
