#!/bin/bash
# repair_ancestors_mysql.sh: what repair_ancestors.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_ancestors.sh" mysql
