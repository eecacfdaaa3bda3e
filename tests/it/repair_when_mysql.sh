#!/bin/bash
# repair_when_mysql.sh: what repair_when.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_when.sh" mysql
