#!/bin/bash
# repair_refused_mysql.sh: what repair_refused.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_refused.sh" mysql
