#!/bin/bash
# repair_suspects_mysql.sh: what repair_suspects.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_suspects.sh" mysql
