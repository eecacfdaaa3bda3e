-- mysql_made_key.sql: a key that the server makes up, and no catalogue of ours shows; for
-- binlog_values.sh.  Under the row image MINIMAL, rows of it cannot be told by their id.
SET sql_generate_invisible_primary_key = 1;
CREATE TABLE gipk (id INT, a VARCHAR(10)); INSERT INTO gipk VALUES (1, 'x'), (2, 'y'); UPDATE gipk SET a = 'z' WHERE id = 1;
