#!/bin/bash
# check_lag_mysql.sh: what check_lag.sh does, on MySQL 9.
exec bash "$(dirname "$0")/check_lag.sh" mysql
