#!/bin/bash
# repair_closure_mysql.sh: what repair_closure.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_closure.sh" mysql
