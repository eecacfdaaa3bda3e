#!/bin/bash
# check_definitions_mysql.sh: what check_definitions.sh does, on MySQL 9.
exec bash "$(dirname "$0")/check_definitions.sh" mysql
