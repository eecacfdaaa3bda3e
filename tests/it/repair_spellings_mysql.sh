#!/bin/bash
# repair_spellings_mysql.sh: what repair_spellings.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_spellings.sh" mysql
