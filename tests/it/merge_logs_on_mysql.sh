#!/bin/bash
# merge_logs_on_mysql.sh: what merge_logs_on.sh does, on MySQL 9.
exec bash "$(dirname "$0")/merge_logs_on.sh" mysql
