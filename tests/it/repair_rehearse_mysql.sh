#!/bin/bash
# repair_rehearse_mysql.sh: what repair_rehearse.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_rehearse.sh" mysql
