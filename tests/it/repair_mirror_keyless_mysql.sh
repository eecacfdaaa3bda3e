#!/bin/bash
# repair_mirror_keyless_mysql.sh: what repair_mirror_keyless.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_mirror_keyless.sh" mysql
