#!/bin/bash
# snapshot_views_mysql.sh: what snapshot_views.sh does, on MySQL 9.
exec bash "$(dirname "$0")/snapshot_views.sh" mysql
