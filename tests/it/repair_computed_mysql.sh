#!/bin/bash
# repair_computed_mysql.sh: what repair_computed.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_computed.sh" mysql
