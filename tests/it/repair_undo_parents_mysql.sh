#!/bin/bash
# repair_undo_parents_mysql.sh: what repair_undo_parents.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_undo_parents.sh" mysql
