-- live.sql: from Apr 8, 18:25, on the old primary that was mounted by hand.  Its data ended
-- on Apr 2, so that it gives the same ids to other people.

INSERT INTO members (id, mobile, name, city, balance, created_at) VALUES
    (3001, '+491709000021', 'Viola Voss',   'Kiel',   0, '2026-04-08 18:31:00'),
    (3002, '+491709000022', 'Willi Wagner', 'Ulm',    0, '2026-04-08 18:44:00'),
    (3003, '+491709000023', 'Xenia Xaver',  'Berlin', 80.00, '2026-04-08 19:02:00'),
    (3004, '+491709000001', 'Alice Arendt', 'Berlin', 0, '2026-04-08 19:15:00'),
    (3005, '+491709000025', 'Yusuf Yilmaz', 'Bremen', 0, '2026-04-08 20:00:00'),
    (3006, '+491709000007', 'Lukas Lo', 'Berlin', 0, '2026-04-08 20:10:00'),
    (3007, '+491709000006', 'Karin Kr', 'Berlin', 0, '2026-04-08 20:10:00');
INSERT INTO orders (id, member_id, amount, placed_at) VALUES
    (4201, 3003, 75.00, '2026-04-08 19:30:00'),
    (4202, 3001, 18.00, '2026-04-08 19:40:00'),
    (4203, 3007, 15.50, '2026-04-08 20:30:00');
INSERT INTO order_lines SELECT id, 1, 'season ticket', amount FROM orders WHERE id > 4200;
INSERT INTO wallet_log (id, member_id, change_by, reason, at) VALUES
    (1401, 3003, 80.00, 'paid in', '2026-04-08 19:20:00'),
    (1402, 12, 20.00, 'paid in', '2026-04-08 20:40:00');

-- Old members: who moved, who paid, who changed their name, and one who asked to be forgotten.
UPDATE members SET city = 'Hamburg' WHERE id IN (17, 310, 555, 808, 1199, 1601, 1913, 2222, 2640);
UPDATE members SET balance = balance + 20 WHERE id = 12;
UPDATE members SET name = 'Ada Falk-Ames' WHERE id = 40;
UPDATE members SET city = 'Hamburg' WHERE id = 77;
DELETE order_lines FROM order_lines JOIN orders ON orders.id = order_id WHERE member_id = 90;
DELETE FROM wallet_log WHERE member_id = 90;
DELETE FROM orders WHERE member_id = 90;
DELETE FROM members WHERE id = 90;
