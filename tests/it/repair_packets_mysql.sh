#!/bin/bash
# repair_packets_mysql.sh: what repair_packets.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_packets.sh" mysql
