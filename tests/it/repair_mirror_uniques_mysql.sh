#!/bin/bash
# repair_mirror_uniques_mysql.sh: what repair_mirror_uniques.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_mirror_uniques.sh" mysql
