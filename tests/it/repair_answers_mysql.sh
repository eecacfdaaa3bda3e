#!/bin/bash
# repair_answers_mysql.sh: what repair_answers.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_answers.sh" mysql
