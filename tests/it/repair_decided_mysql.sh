#!/bin/bash
# repair_decided_mysql.sh: what repair_decided.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_decided.sh" mysql
