-- shop_since.sql: the shop goes on.

INSERT INTO orders VALUES (2001, 17, 'paid', '2026-04-22 14:20:00'), (2002, 230, 'paid', '2026-04-22 14:31:00');
INSERT INTO order_lines VALUES (2001, 1, 12, 2), (2002, 1, 40, 1);
UPDATE articles SET stock = stock - 2 WHERE id = 12;
UPDATE orders SET state = 'sent' WHERE id = 1999;
DELETE FROM order_lines WHERE order_id = 1998;
