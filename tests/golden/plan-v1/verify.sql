-- verify.sql: reads where the counters stand; changes nothing
--
-- plan:   20261120T110000Z-abcdef
-- source: mysql://dba@lost/club
-- target: mysql://dba@live/club
--         10.11.19-MariaDB-0+deb12u1-log on host live, port 3306, server_id 7
--
-- Run it on that server with its own client: mariadb ... < verify.sql
-- It ends with an error where a counter is too low.

SET SESSION sql_mode = '';
SET SESSION time_zone = IF(@@hostname = 'live' AND @@port = 3306 AND @@server_id = 7 AND @@datadir = '/var/lib/mysql/' AND @@server_uid = 'bXlyZWNvbiBnb2xkZW4gcGxhbg==',
    @@SESSION.time_zone, 'myrecon: not the planned server');
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
