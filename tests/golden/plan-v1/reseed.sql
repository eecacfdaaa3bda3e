-- reseed.sql: raises counters above both histories; never lowers one
--
-- plan:   20261120T110000Z-abcdef
-- source: mysql://dba@lost/club
-- target: mysql://dba@live/club
--         10.11.19-MariaDB-0+deb12u1-log on host live, port 3306, server_id 7
--
-- Run it on that server with its own client: mariadb ... < reseed.sql
-- It may be run again at any time. A table that is in use makes it stop
-- after 2 seconds (error 1205): run it again, or end what uses the table. A
-- client that runs on after an error, or connects anew, does no harm.

SET SESSION sql_mode = '', autocommit = 1;
SET SESSION time_zone = IF(@@hostname = 'live' AND @@port = 3306 AND @@server_id = 7 AND @@datadir = '/var/lib/mysql/' AND @@server_uid = 'bXlyZWNvbiBnb2xkZW4gcGxhbg==' AND @@read_only IN ('0', 'OFF'),
    @@SESSION.time_zone, 'myrecon: not the planned server, or read-only: nothing is done');

-- club.members
SET @myrecon_sql = 'DO 0';
SET SESSION lock_wait_timeout = 2;
SET @myrecon_sql = IF(@@hostname = 'live' AND @@port = 3306 AND @@server_id = 7 AND @@datadir = '/var/lib/mysql/' AND @@server_uid = 'bXlyZWNvbiBnb2xkZW4gcGxhbg==' AND @@read_only IN ('0', 'OFF')
    AND @@SESSION.lock_wait_timeout = 2
    AND (SELECT COALESCE(AUTO_INCREMENT, 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'club' AND TABLE_NAME = 'members') < 1000006,
    'ALTER TABLE `club`.`members` AUTO_INCREMENT = 1000006, ALGORITHM = INPLACE, LOCK = NONE', 'DO 0');
PREPARE myrecon FROM @myrecon_sql;
EXECUTE myrecon;
DEALLOCATE PREPARE myrecon;

-- club.ti
SET @myrecon_sql = 'DO 0';
SET SESSION lock_wait_timeout = 2;
SET @myrecon_sql = IF(@@hostname = 'live' AND @@port = 3306 AND @@server_id = 7 AND @@datadir = '/var/lib/mysql/' AND @@server_uid = 'bXlyZWNvbiBnb2xkZW4gcGxhbg==' AND @@read_only IN ('0', 'OFF')
    AND @@SESSION.lock_wait_timeout = 2
    AND (SELECT COALESCE(AUTO_INCREMENT, 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'club' AND TABLE_NAME = 'ti') < 107,
    'ALTER TABLE `club`.`ti` AUTO_INCREMENT = 107, ALGORITHM = INPLACE, LOCK = NONE', 'DO 0');
PREPARE myrecon FROM @myrecon_sql;
EXECUTE myrecon;
DEALLOCATE PREPARE myrecon;

-- club.w
SET @myrecon_sql = 'DO 0';
SET SESSION lock_wait_timeout = 2;
SET @myrecon_sql = IF(@@hostname = 'live' AND @@port = 3306 AND @@server_id = 7 AND @@datadir = '/var/lib/mysql/' AND @@server_uid = 'bXlyZWNvbiBnb2xkZW4gcGxhbg==' AND @@read_only IN ('0', 'OFF')
    AND @@SESSION.lock_wait_timeout = 2
    AND (SELECT COALESCE(AUTO_INCREMENT, 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'club' AND TABLE_NAME = 'w') < 1000001,
    'ALTER TABLE `club`.`w` AUTO_INCREMENT = 1000001, ALGORITHM = INPLACE, LOCK = NONE', 'DO 0');
PREPARE myrecon FROM @myrecon_sql;
EXECUTE myrecon;
DEALLOCATE PREPARE myrecon;

-- How they stand now; an error follows where one is too low.
SET SESSION lock_wait_timeout = 2;
SET @myrecon_1 = (SELECT COALESCE(AUTO_INCREMENT, 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'club' AND TABLE_NAME = 'members');
SET @myrecon_2 = (SELECT COALESCE(AUTO_INCREMENT, 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'club' AND TABLE_NAME = 'ti');
SET @myrecon_3 = (SELECT COALESCE(AUTO_INCREMENT, 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'club' AND TABLE_NAME = 'w');
SELECT tbl AS `table`, col AS `column`, next_id, wanted,
    IF(@@hostname = 'live' AND @@port = 3306 AND @@server_id = 7 AND @@datadir = '/var/lib/mysql/' AND @@server_uid = 'bXlyZWNvbiBnb2xkZW4gcGxhbg==',
    IF(next_id >= wanted, 'high enough', 'TOO LOW'), 'NOT THE PLANNED SERVER') AS verdict
  FROM (SELECT 'club.members' AS tbl, 'id' AS col, CAST(@myrecon_1 AS UNSIGNED) AS next_id, 1000006 AS wanted
    UNION ALL SELECT 'club.ti', 'id', CAST(@myrecon_2 AS UNSIGNED), 107
    UNION ALL SELECT 'club.w', 'id', CAST(@myrecon_3 AS UNSIGNED), 1000001) AS counters;
SET SESSION time_zone = IF(@myrecon_1 >= 1000006
    AND @myrecon_2 >= 107
    AND @myrecon_3 >= 1000001,
    @@SESSION.time_zone, 'myrecon: a counter is too low, see the list');
