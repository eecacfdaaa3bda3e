-- ref: city.country_id address.city_id customer.store_id customer.address_id staff.address_id staff.store_id
-- ref: store.manager_staff_id store.address_id film.language_id film.original_language_id film_actor.actor_id
-- ref: film_actor.film_id film_category.film_id film_category.category_id inventory.film_id inventory.store_id
-- ref: rental.inventory_id rental.customer_id rental.staff_id payment.customer_id payment.staff_id payment.rental_id
CREATE TABLE actor (actor_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, first_name VARCHAR(45), last_name VARCHAR(45), last_update DATETIME);
CREATE TABLE country (country_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, country VARCHAR(50), last_update DATETIME);
CREATE TABLE city (city_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, city VARCHAR(50), country_id SMALLINT UNSIGNED, last_update DATETIME, KEY (country_id));
CREATE TABLE address (address_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, address VARCHAR(50), address2 VARCHAR(50), district VARCHAR(20),
    city_id SMALLINT UNSIGNED, postal_code VARCHAR(10), phone VARCHAR(20), last_update DATETIME, KEY (city_id));
CREATE TABLE category (category_id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(25), last_update DATETIME);
CREATE TABLE language (language_id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name CHAR(20), last_update DATETIME);
CREATE TABLE customer (customer_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, store_id TINYINT UNSIGNED, first_name VARCHAR(45), last_name VARCHAR(45),
    email VARCHAR(50) NOT NULL UNIQUE, address_id SMALLINT UNSIGNED, active TINYINT(1), create_date DATETIME, last_update DATETIME, KEY (store_id), KEY (address_id));
CREATE TABLE film (film_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title VARCHAR(128), description TEXT, release_year YEAR, language_id TINYINT UNSIGNED,
    original_language_id TINYINT UNSIGNED, rental_duration TINYINT UNSIGNED, rental_rate DECIMAL(4,2), length SMALLINT UNSIGNED, replacement_cost DECIMAL(5,2),
    rating ENUM('G','PG','R'), special_features SET('Trailers','Commentaries'), last_update DATETIME, KEY (language_id));
CREATE TABLE film_actor (actor_id SMALLINT UNSIGNED, film_id SMALLINT UNSIGNED, last_update DATETIME, PRIMARY KEY (actor_id, film_id), KEY (film_id));
CREATE TABLE film_category (film_id SMALLINT UNSIGNED, category_id TINYINT UNSIGNED, last_update DATETIME, PRIMARY KEY (film_id, category_id));
CREATE TABLE inventory (inventory_id MEDIUMINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, film_id SMALLINT UNSIGNED, store_id TINYINT UNSIGNED, last_update DATETIME, KEY (film_id));
CREATE TABLE rental (rental_id INT AUTO_INCREMENT PRIMARY KEY, rental_date DATETIME, inventory_id MEDIUMINT UNSIGNED, customer_id SMALLINT UNSIGNED,
    return_date DATETIME, staff_id TINYINT UNSIGNED, last_update DATETIME, UNIQUE (rental_date, inventory_id, customer_id), KEY (customer_id));
CREATE TABLE payment (payment_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer_id SMALLINT UNSIGNED, staff_id TINYINT UNSIGNED, rental_id INT,
    amount DECIMAL(5,2), payment_date DATETIME, last_update DATETIME, KEY (customer_id));
CREATE TABLE staff (staff_id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, first_name VARCHAR(45), last_name VARCHAR(45), address_id SMALLINT UNSIGNED,
    picture BLOB, email VARCHAR(50) NOT NULL UNIQUE, store_id TINYINT UNSIGNED, active TINYINT(1), username VARCHAR(16), password VARCHAR(40), last_update DATETIME);
CREATE TABLE store (store_id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, manager_staff_id TINYINT UNSIGNED, address_id SMALLINT UNSIGNED, last_update DATETIME);
-- data
INSERT INTO actor SELECT seq, CONCAT('WHO', seq), CONCAT('L', seq % 90), '2026-01-01' FROM ROWS(200);
INSERT INTO country SELECT seq, CONCAT('WHO ', seq), '2026-01-01' FROM ROWS(100);
INSERT INTO city SELECT seq, CONCAT('WHO ', seq), REF(100), '2026-01-01' FROM ROWS(600);
INSERT INTO address SELECT seq, CONCAT(seq % 1900, ' WHO Street'), NULL, CONCAT('D', seq % 50), REF(600), 10000 + seq * 131 % 89000, 600000000 + seq * 7919, '2026-01-01' FROM ROWS(600);
INSERT INTO category SELECT seq, CONCAT('WHO ', seq), '2026-01-01' FROM ROWS(20);
INSERT INTO language SELECT seq, CONCAT('WHO ', seq), '2026-01-01' FROM ROWS(10);
INSERT INTO customer SELECT seq, REF(20), CONCAT('F', seq % 99), CONCAT('L', seq % 77), CONCAT('WHO', seq, '@x'), REF(600), seq % 9 > 0, '2026-01-01', '2026-01-01' FROM ROWS(600);
INSERT INTO film SELECT seq, CONCAT('WHO ', seq), 'A tale', 2006, REF(10), NULL, 3 + seq % 5, ELT(1 + seq % 3, 0.99, 2.99, 4.99), 46 + seq * 37 % 140, 9.99 + seq % 21,
    1 + seq % 3, 1, '2026-01-01' FROM ROWS(1000);
INSERT INTO film_actor SELECT DISTINCT REF(200), 1 + seq DIV 5, '2026-01-01' FROM ROWS(5000);
INSERT INTO film_category SELECT seq, REF(20), '2026-01-01' FROM ROWS(1000);
INSERT INTO inventory SELECT seq, REF(1000), REF(20), '2026-01-01' FROM ROWS(4500);
INSERT INTO rental SELECT seq, '2026-01-01' + INTERVAL seq MINUTE, REF(4500), REF(600), '2026-01-09', REF(20), '2026-01-01' FROM ROWS(8000);
INSERT INTO payment SELECT seq, REF(600), REF(20), REF(8000), ELT(1 + seq % 4, 0.99, 2.99, 4.99, 7.00), '2026-01-01', '2026-01-01' FROM ROWS(8000);
INSERT INTO staff SELECT seq, 'Mike', CONCAT('L', seq), REF(600), NULL, CONCAT('WHO', seq, '@y'), REF(20), 1, CONCAT('u', seq), 'x', '2026-01-01' FROM ROWS(20);
INSERT INTO store SELECT seq, REF(20), REF(600), '2026-01-01' FROM ROWS(20);
