#!/bin/bash
# repair_renamed_mysql.sh: what repair_renamed.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_renamed.sh" mysql
