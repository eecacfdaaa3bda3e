-- ways.sql: whom the findings of the last run of a case lead to, one way a line:
--
--   target shipments:9! > lines:5 > orders:7! > members:2
--
-- Side, then nodes as table:key, `!` for findings; a cycle ends where it began.  Keys are
-- one integer up to 65535, two, or a text; that of a table without a key is `row`.
WITH RECURSIVE
last AS (SELECT max(id) AS run FROM run),
node (n, tbl, key) AS (
    SELECT id, tbl, key FROM finding WHERE state = 2
    UNION ALL SELECT -id, tbl, key FROM ancestor),
shown (n, tbl, text) AS (
    SELECT n, tbl, CASE
        WHEN hex(substr(key, 1, 1)) = '74' THEN CAST(substr(key, 6) AS TEXT)
        WHEN length(key) = 10 THEN
            256 * (instr('0123456789ABCDEF', substr(hex(key), 17, 1)) - 1) * 16 +
            256 * (instr('0123456789ABCDEF', substr(hex(key), 18, 1)) - 1) +
            16 * (instr('0123456789ABCDEF', substr(hex(key), 19, 1)) - 1) +
            instr('0123456789ABCDEF', substr(hex(key), 20, 1)) - 1
        WHEN length(key) = 20 THEN
            (instr('0123456789ABCDEF', substr(hex(key), 20, 1)) - 1) || ',' ||
            (instr('0123456789ABCDEF', substr(hex(key), 40, 1)) - 1)
        ELSE hex(key) END
    FROM node),
named (n, label) AS (
    SELECT s.n, substr(t.name, instr(t.name, '.') + 1) || ':' ||
        CASE WHEN t.keyless THEN 'row' ELSE s.text END ||
        CASE WHEN s.n > 0 THEN '!' ELSE '' END
    FROM shown s JOIN tbl t ON t.id = s.tbl JOIN last ON last.run = t.run
    UNION ALL SELECT 0, 'nobody'),
way (side, at, text) AS (
    SELECT s.side, f.id, named.label
    FROM finding f JOIN named ON named.n = f.id
    JOIN (SELECT 0 AS side UNION ALL SELECT 1) s
    WHERE CASE s.side WHEN 0 THEN f.source ELSE f.target END IS NOT NULL
    UNION
    SELECT way.side, l.parent, way.text || ' > ' || named.label
    FROM way JOIN link l ON l.side = way.side AND l.child = way.at
    JOIN named ON named.n = l.parent
    WHERE instr(' ' || way.text || ' ', ' ' || named.label || ' ') = 0)
SELECT CASE side WHEN 0 THEN 'source ' ELSE 'target ' END || text FROM way
WHERE instr(text, ' > ') > 0 AND NOT EXISTS (
    SELECT 1 FROM link l JOIN named ON named.n = l.parent
    WHERE l.side = way.side AND l.child = way.at
        AND instr(' ' || way.text || ' ', ' ' || named.label || ' ') = 0)
ORDER BY 1;
