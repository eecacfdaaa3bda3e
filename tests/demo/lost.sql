-- lost.sql: Apr 2 to Apr 8 on the instance that was released; only the replica kept it.

INSERT INTO members (id, mobile, name, city, balance, created_at) VALUES
    (3001, '+491709000001', 'Alice Arendt', 'Berlin', 50.00, '2026-04-02 13:05:00'),
    (3002, '+491709000002', 'Boris Brandt', 'Bonn',   0, '2026-04-03 09:12:00'),
    (3003, '+491709000003', 'Clara Conrad', 'Kiel',   200.00, '2026-04-04 17:40:00'),
    (3004, '+491709000004', 'David Dressler', 'Ulm',  0, '2026-04-05 08:01:00'),
    (3005, '+491709000005', 'Erika Ebner',  'Bremen', 0, '2026-04-06 11:30:00'),
    (3006, '+491709000006', 'Karin Kr', 'Berlin', 0, '2026-04-07 10:00:00'),
    (3007, '+491709000007', 'Lukas Lo', 'Berlin', 0, '2026-04-07 10:00:00'),
    (3008, '+491709000008', 'Hugo Hartmann', 'Bonn',  0, '2026-04-08 14:20:00');
INSERT INTO orders (id, member_id, amount, placed_at) VALUES
    (4201, 3001, 49.90, '2026-04-02 13:30:00'),
    (4202, 3003, 120.00, '2026-04-04 18:00:00'),
    (4203, 3006, 15.50, '2026-04-07 10:20:00'),
    (4204, 12, 9.99, '2026-04-08 12:00:00');
INSERT INTO order_lines SELECT id, 1, 'season ticket', amount FROM orders WHERE id > 4200;
INSERT INTO wallet_log (id, member_id, change_by, reason, at) VALUES
    (1401, 3001, 50.00, 'paid in', '2026-04-02 13:20:00'),
    (1402, 3003, 200.00, 'paid in', '2026-04-04 17:50:00'),
    (1403, 12, 30.00, 'paid in', '2026-04-08 11:40:00');

-- Old members: who moved, who paid, and three whom the other side knows otherwise, too.
UPDATE members SET city = 'Leipzig' WHERE id IN (23, 57, 141, 702, 1044, 1290, 1777, 2048, 2431, 2977);
UPDATE members SET balance = balance + 30 WHERE id = 12;
UPDATE members SET city = 'Dresden' WHERE id = 40;
UPDATE members SET city = 'Leipzig' WHERE id = 77;
