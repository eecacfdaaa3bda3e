-- shop.sql: a small shop, as the situations of docs/situations begin with it.

CREATE TABLE customers (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60) NOT NULL UNIQUE,
    name VARCHAR(60) NOT NULL, created_at DATETIME NOT NULL);
CREATE TABLE articles (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, sku CHAR(6) NOT NULL UNIQUE,
    price DECIMAL(8,2) NOT NULL, stock INT NOT NULL);
CREATE TABLE orders (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer_id INT UNSIGNED NOT NULL,
    state VARCHAR(10) NOT NULL, placed_at DATETIME NOT NULL, FOREIGN KEY (customer_id) REFERENCES customers (id));
CREATE TABLE order_lines (order_id INT UNSIGNED, line INT UNSIGNED, article_id INT UNSIGNED NOT NULL, pieces INT NOT NULL,
    PRIMARY KEY (order_id, line), FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (article_id) REFERENCES articles (id));
INSERT INTO customers (email, name, created_at)
    SELECT CONCAT('c', seq, '@example.org'), CONCAT('Customer ', seq), '2025-01-01' + INTERVAL seq DAY FROM seq_1_to_400;
INSERT INTO articles (sku, price, stock) SELECT CONCAT('A', LPAD(seq, 5, '0')), seq * 37 % 900 / 10 + 5, 100 FROM seq_1_to_60;
INSERT INTO orders (customer_id, state, placed_at)
    SELECT seq * 13 % 400 + 1, IF(seq % 5 = 0, 'draft', 'paid'), '2025-03-01' + INTERVAL seq * 5 HOUR FROM seq_1_to_2000;
INSERT INTO order_lines SELECT id, 1, id * 7 % 60 + 1, id % 3 + 1 FROM orders;
