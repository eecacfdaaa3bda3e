-- base.sql: the club before the split: 3,000 members, what they ordered, what they paid.
-- Both histories start from here.

CREATE TABLE members (
    id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile     VARCHAR(20)  NOT NULL,
    name       VARCHAR(60)  NOT NULL,
    city       VARCHAR(60)  NOT NULL,
    balance    DECIMAL(10, 2) NOT NULL DEFAULT 0,
    created_at DATETIME     NOT NULL,
    UNIQUE KEY mobile (mobile)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE orders (
    id        INT UNSIGNED   NOT NULL AUTO_INCREMENT PRIMARY KEY,
    member_id INT UNSIGNED   NOT NULL,
    amount    DECIMAL(10, 2) NOT NULL,
    placed_at DATETIME       NOT NULL,
    CONSTRAINT order_member FOREIGN KEY (member_id) REFERENCES members (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE order_lines (
    order_id INT UNSIGNED   NOT NULL,
    line     INT UNSIGNED   NOT NULL,
    article  VARCHAR(40)    NOT NULL,
    price    DECIMAL(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line),
    CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- member_id leads to members.id, and no foreign key says so.
CREATE TABLE wallet_log (
    id        INT UNSIGNED   NOT NULL AUTO_INCREMENT PRIMARY KEY,
    member_id INT UNSIGNED   NOT NULL,
    change_by DECIMAL(10, 2) NOT NULL,
    reason    VARCHAR(40)    NOT NULL,
    at        DATETIME       NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO members (mobile, name, city, created_at)
SELECT CONCAT('+49151', LPAD(seq * 7919 % 10000000, 7, '0')),
       CONCAT(ELT(seq % 8 + 1, 'Ada', 'Ben', 'Cem', 'Dana', 'Emil', 'Fay', 'Gil', 'Hana'), ' ',
              ELT(seq DIV 8 % 8 + 1, 'Ames', 'Berg', 'Cole', 'Diaz', 'Endo', 'Falk', 'Gray', 'Haas')),
       ELT(seq % 5 + 1, 'Berlin', 'Bonn', 'Bremen', 'Kiel', 'Ulm'),
       '2026-01-01' + INTERVAL seq * 43 MINUTE
  FROM seq_1_to_3000;

INSERT INTO orders (member_id, amount, placed_at)
SELECT seq * 13 % 3000 + 1, seq * 37 % 9000 / 100 + 5, '2026-01-02' + INTERVAL seq * 30 MINUTE
  FROM seq_1_to_4200;

INSERT INTO order_lines (order_id, line, article, price)
SELECT id, 1, CONCAT('article ', id % 97), amount FROM orders;

INSERT INTO wallet_log (member_id, change_by, reason, at)
SELECT member_id, amount / 10, 'bonus', placed_at FROM orders WHERE id % 3 = 0;

-- An account is the sum of its wallet_log, on each side, and has to be when they are one again.
UPDATE members
  JOIN (SELECT member_id, SUM(change_by) AS sum FROM wallet_log GROUP BY member_id) paid
    ON paid.member_id = members.id
   SET balance = paid.sum;

-- INSERT … SELECT takes ids in blocks; the counters of a real table follow its rows.
ALTER TABLE members AUTO_INCREMENT = 3001;
ALTER TABLE orders AUTO_INCREMENT = 4201;
ALTER TABLE wallet_log AUTO_INCREMENT = 1401;
