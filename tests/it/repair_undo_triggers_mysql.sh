#!/bin/bash
# repair_undo_triggers_mysql.sh: what repair_undo_triggers.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_undo_triggers.sh" mysql
