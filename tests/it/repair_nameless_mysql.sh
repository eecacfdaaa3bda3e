#!/bin/bash
# repair_nameless_mysql.sh: what repair_nameless.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_nameless.sh" mysql
