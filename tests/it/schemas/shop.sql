-- ref: customer_address.parent_id sales_quote.customer_id sales_quote_item.quote_id sales_quote_item.product_id sales_order.customer_id sales_order.quote_id
-- ref: sales_order.billing_address_id sales_order.shipping_address_id sales_order_address.parent_id sales_order_address.customer_id sales_order_item.order_id sales_order_item.product_id
-- ref: sales_order_item.quote_item_id sales_order_item.parent_item_id sales_order_payment.parent_id sales_invoice.order_id catalog_category_product.category_id
-- ref: catalog_category_product.product_id catalog_category.parent_id catalog_product_int.entity_id cataloginventory_stock.product_id review.entity_pk_value review.customer_id
-- ref: wishlist.customer_id wishlist_item.wishlist_id wishlist_item.product_id customer.default_billing customer.default_shipping url_rewrite.entity_id
CREATE TABLE customer (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, website_id SMALLINT UNSIGNED, email VARCHAR(255) NOT NULL UNIQUE, group_id SMALLINT UNSIGNED, store_id SMALLINT UNSIGNED,
    created_at DATETIME, is_active SMALLINT, firstname VARCHAR(255), dob DATE, default_billing INT UNSIGNED, default_shipping INT UNSIGNED, failures_num SMALLINT);
CREATE TABLE customer_address (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, parent_id INT UNSIGNED, city VARCHAR(255), country_id VARCHAR(2), postcode VARCHAR(20), region_id INT UNSIGNED,
    telephone VARCHAR(20), KEY (parent_id));
CREATE TABLE catalog_category (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, attribute_set_id SMALLINT UNSIGNED, parent_id INT UNSIGNED, path VARCHAR(255), position INT, level INT, children_count INT);
CREATE TABLE catalog_product (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, attribute_set_id SMALLINT UNSIGNED, type_id VARCHAR(32), sku VARCHAR(64) NOT NULL UNIQUE, has_options SMALLINT);
CREATE TABLE catalog_category_product (entity_id INT AUTO_INCREMENT PRIMARY KEY, category_id INT UNSIGNED, product_id INT UNSIGNED, position INT, KEY (product_id));
CREATE TABLE catalog_product_int (value_id INT AUTO_INCREMENT PRIMARY KEY, attribute_id SMALLINT UNSIGNED, store_id SMALLINT UNSIGNED, entity_id INT UNSIGNED, value INT);
CREATE TABLE cataloginventory_stock (item_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, product_id INT UNSIGNED, stock_id SMALLINT UNSIGNED, qty DECIMAL(12,4), min_qty DECIMAL(12,4),
    is_in_stock SMALLINT, backorders SMALLINT, notify_stock_qty DECIMAL(12,4));
CREATE TABLE sales_quote (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, store_id SMALLINT UNSIGNED, created_at DATETIME, is_active SMALLINT, items_count INT UNSIGNED, items_qty DECIMAL(12,4),
    customer_id INT UNSIGNED, grand_total DECIMAL(20,4), reserved_order_id VARCHAR(64));
CREATE TABLE sales_quote_item (item_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, quote_id INT UNSIGNED, product_id INT UNSIGNED, qty DECIMAL(12,4), price DECIMAL(12,4), weight DECIMAL(12,4));
CREATE TABLE sales_order (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, state VARCHAR(32), status VARCHAR(32), store_id SMALLINT UNSIGNED, customer_id INT UNSIGNED, grand_total DECIMAL(20,4),
    total_qty_ordered DECIMAL(12,4), customer_group_id INT, quote_id INT, billing_address_id INT, shipping_address_id INT, increment_id VARCHAR(50) NOT NULL UNIQUE, total_item_count SMALLINT,
    created_at DATETIME, weight DECIMAL(12,4), protect_code VARCHAR(32));
CREATE TABLE sales_order_address (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, parent_id INT UNSIGNED, customer_id INT, region_id INT, postcode VARCHAR(255), street VARCHAR(255), address_type VARCHAR(20));
CREATE TABLE sales_order_item (item_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, order_id INT UNSIGNED, parent_item_id INT UNSIGNED, quote_item_id INT UNSIGNED, store_id SMALLINT UNSIGNED,
    product_id INT UNSIGNED, sku VARCHAR(64), qty_ordered DECIMAL(12,4), price DECIMAL(12,4), tax_percent DECIMAL(12,4), row_total DECIMAL(20,4), is_virtual SMALLINT);
CREATE TABLE sales_order_payment (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, parent_id INT UNSIGNED, amount_paid DECIMAL(20,4), method VARCHAR(128), cc_last_4 VARCHAR(100),
    cc_exp_year VARCHAR(4), last_trans_id VARCHAR(255));
CREATE TABLE sales_invoice (entity_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, order_id INT UNSIGNED, increment_id VARCHAR(50), state INT, total_qty DECIMAL(12,4), grand_total DECIMAL(20,4));
CREATE TABLE review (review_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, entity_id SMALLINT UNSIGNED, entity_pk_value INT UNSIGNED, status_id SMALLINT UNSIGNED, customer_id INT UNSIGNED, rating SMALLINT);
CREATE TABLE wishlist (wishlist_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer_id INT UNSIGNED, shared SMALLINT, sharing_code VARCHAR(32));
CREATE TABLE wishlist_item (wishlist_item_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, wishlist_id INT UNSIGNED, product_id INT UNSIGNED, store_id SMALLINT UNSIGNED, qty DECIMAL(12,4));
CREATE TABLE url_rewrite (url_rewrite_id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, entity_type VARCHAR(32), entity_id INT UNSIGNED, request_path VARCHAR(255), redirect_type SMALLINT);
-- data
INSERT INTO customer SELECT seq, 1, CONCAT('WHO', seq, '@x'), 1 + seq % 4, 1, '2026-01-01', 1, CONCAT('WHO', seq), NULL, REF(1500), REF(1500), 0 FROM ROWS(1000);
INSERT INTO customer_address SELECT seq, REF(1000), 'City', 'DE', 10000 + seq * 131 % 89000, 80 + seq % 16, CONCAT('0', 300000 + seq) FROM ROWS(1500);
INSERT INTO catalog_category SELECT seq, 3, REF(200), CONCAT('1/', seq), seq % 20, 1 + seq % 4, seq % 6 FROM ROWS(200);
INSERT INTO catalog_product SELECT seq, 4 + seq % 9, 'simple', CONCAT('WHO-', seq), 0 FROM ROWS(800);
INSERT INTO catalog_category_product SELECT seq, REF(200), REF(800), seq % 150 FROM ROWS(2400);
INSERT INTO catalog_product_int SELECT seq, 70 + seq % 30, 0, REF(800), ELT(1 + seq % 4, 1, 2, 4, 0) FROM ROWS(3200);
INSERT INTO cataloginventory_stock SELECT seq, seq, 1, seq * 37 % 250, 0, 1, 0, 1 FROM ROWS(800);
INSERT INTO sales_quote SELECT seq, 1, '2026-01-01', seq % 2, 1 + seq % 5, 1 + seq % 7, REF(1000), seq * 1.19, CONCAT('WHO', 100000000 + seq) FROM ROWS(2500);
INSERT INTO sales_quote_item SELECT seq, REF(2500), REF(800), 1 + seq % 5, 5 + seq * 37 % 95, 1 + seq % 9 FROM ROWS(4000);
INSERT INTO sales_order SELECT seq, 'new', 'pending', 1, REF(1000), seq * 1.19, 1 + seq % 9, 1 + seq % 4, REF(2500), 2 * seq - 1, 2 * seq, CONCAT(IF('WHO' = 'live', 3, 1), LPAD(seq, 8, '0')), 1 + seq % 5,
    '2026-01-01', seq % 30, MD5(seq) FROM ROWS(1200);
INSERT INTO sales_order_address SELECT seq, REF(1200), REF(1000), 80 + seq % 16, 10000 + seq * 131 % 89000, 'WHO Street', ELT(1 + seq % 2, 'shipping', 'billing') FROM ROWS(2400);
INSERT INTO sales_order_item SELECT seq, REF(1200), IF(seq % 5, NULL, REF(3000)), REF(4000), 1, REF(800), CONCAT('P-', seq % 800), 1 + seq % 5, 5 + seq * 37 % 95, 19, 5 + seq * 37 % 500, 0 FROM ROWS(3000);
INSERT INTO sales_order_payment SELECT seq, seq, 5 + seq * 37 % 1500, 'checkmo', LPAD(seq * 7919 % 10000, 4, '0'), 2026 + seq % 5, MD5(CONCAT('WHO', seq)) FROM ROWS(1200);
INSERT INTO sales_invoice SELECT seq, REF(1200), CONCAT(IF('WHO' = 'live', 3, 1), LPAD(seq, 8, '0')), 2, 1 + seq % 9, seq * 1.19 FROM ROWS(1000);
INSERT INTO review SELECT seq, 1, REF(800), 1, REF(1000), 1 + seq % 5 FROM ROWS(500);
INSERT INTO wishlist SELECT seq, REF(1000), 0, MD5(CONCAT('WHO', seq)) FROM ROWS(400);
INSERT INTO wishlist_item SELECT seq, REF(400), REF(800), 1, 1 FROM ROWS(900);
INSERT INTO url_rewrite SELECT seq, ELT(1 + seq % 2, 'product', 'category'), IF(seq % 2, REF(200), REF(800)), CONCAT('WHO-', seq, '.html'), 0 FROM ROWS(1000);
