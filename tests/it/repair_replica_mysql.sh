#!/bin/bash
# repair_replica_mysql.sh: what repair_replica.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_replica.sh" mysql
