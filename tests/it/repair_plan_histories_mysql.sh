#!/bin/bash
# repair_plan_histories_mysql.sh: repair_plan_histories.sh with a live side on MySQL 9.
exec bash "$(dirname "$0")/repair_plan_histories.sh" mysql
