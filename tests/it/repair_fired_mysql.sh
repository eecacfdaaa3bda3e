#!/bin/bash
# repair_fired_mysql.sh: what repair_fired.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_fired.sh" mysql
