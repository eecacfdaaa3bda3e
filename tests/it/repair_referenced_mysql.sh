#!/bin/bash
# repair_referenced_mysql.sh: what repair_referenced.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_referenced.sh" mysql
