#!/bin/bash
# repair_evil_plan_mysql.sh: what repair_evil_plan.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_evil_plan.sh" mysql
