#!/bin/bash
# repair_reseed_mysql.sh: what repair_reseed.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_reseed.sh" mysql
