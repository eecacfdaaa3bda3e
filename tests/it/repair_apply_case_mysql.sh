#!/bin/bash
# repair_apply_case_mysql.sh: what repair_apply_case.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_apply_case.sh" mysql
