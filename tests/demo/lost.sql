-- lost.sql: Apr 2 to Apr 8 on the instance that was released; only the replica kept it.

INSERT INTO members (id, mobile, name, city, created_at) VALUES
    (3001, '+491709000001', 'Alice Arendt', 'Berlin', '2026-04-02 13:05:00'),
    (3002, '+491709000002', 'Boris Brandt', 'Bonn',   '2026-04-03 09:12:00'),
    (3003, '+491709000003', 'Clara Conrad', 'Kiel',   '2026-04-04 17:40:00'),
    (3004, '+491709000004', 'David Dressler', 'Ulm',  '2026-04-05 08:01:00'),
    (3005, '+491709000005', 'Erika Ebner',  'Bremen', '2026-04-06 11:30:00'),
    (3006, '+491709000006', 'Karin Kr', 'Berlin', '2026-04-07 10:00:00'),
    (3007, '+491709000007', 'Lukas Lo', 'Berlin', '2026-04-07 10:00:00'),
    (3008, '+491709000008', 'Hugo Hartmann', 'Bonn',  '2026-04-08 14:20:00');
INSERT INTO orders (id, member_id, amount, placed_at) VALUES
    (4201, 3001, 49.90, '2026-04-02 13:30:00'),
    (4202, 3003, 120.00, '2026-04-04 18:00:00'),
    (4203, 3006, 15.50, '2026-04-07 10:20:00'),
    (4204, 12, 9.99, '2026-04-08 12:00:00');
INSERT INTO order_lines SELECT id, 1, 'season ticket', amount FROM orders WHERE id > 4200;
INSERT INTO wallet_log (id, member_id, change_by, reason, at) VALUES
    (1401, 3001, 50.00, 'paid in', '2026-04-02 13:20:00'),
    (1402, 3003, 200.00, 'paid in', '2026-04-04 17:50:00');
