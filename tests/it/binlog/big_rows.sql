-- big_rows.sql: rows of 16 MB; for binlog_values.sh.
SET NAMES utf8mb4, sql_mode = '', time_zone = '+00:00';
CREATE TABLE big (id INT PRIMARY KEY, a LONGTEXT, b LONGBLOB, c INT);
INSERT INTO big VALUES (1, REPEAT('0123456789abcdef', 1048576), NULL, 1), (2, NULL, REPEAT(0x00ff, 8000000), 2);
UPDATE big SET c = c + 10;
