#!/bin/bash
# repair_clients_mysql.sh: repair_clients.sh on MySQL 9, with its own client.
exec bash "$(dirname "$0")/repair_clients.sh" mysql
