#!/bin/bash
# repair_undo_found_mysql.sh: what repair_undo_found.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_undo_found.sh" mysql
