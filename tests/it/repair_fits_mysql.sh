#!/bin/bash
# repair_fits_mysql.sh: what repair_fits.sh does, on MySQL 9.
exec bash "$(dirname "$0")/repair_fits.sh" mysql
