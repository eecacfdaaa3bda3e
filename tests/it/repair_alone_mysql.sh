#!/bin/bash
# repair_alone_mysql.sh: what repair_alone.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_alone.sh" mysql
