#!/bin/bash
# repair_undo_kept_mysql.sh: what repair_undo_kept.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_undo_kept.sh" mysql
