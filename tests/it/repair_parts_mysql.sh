#!/bin/bash
# repair_parts_mysql.sh: what repair_parts.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_parts.sh" mysql
