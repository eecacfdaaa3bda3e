-- ref: wp_posts.post_author wp_posts.post_parent wp_postmeta.post_id wp_comments.comment_post_ID wp_comments.comment_parent wp_comments.user_id
-- ref: wp_commentmeta.comment_id wp_usermeta.user_id wp_termmeta.term_id wp_term_taxonomy.term_id wp_term_taxonomy.parent
-- ref: wp_term_relationships.object_id wp_term_relationships.term_taxonomy_id wp_links.link_owner
CREATE TABLE wp_users (ID BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, user_login VARCHAR(60) NOT NULL UNIQUE, user_pass VARCHAR(255), user_nicename VARCHAR(50), user_email VARCHAR(100),
    user_url VARCHAR(100), user_registered DATETIME, user_activation_key VARCHAR(255), user_status INT, display_name VARCHAR(250));
CREATE TABLE wp_usermeta (umeta_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, user_id BIGINT UNSIGNED, meta_key VARCHAR(255), meta_value LONGTEXT, KEY (user_id));
CREATE TABLE wp_posts (ID BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, post_author BIGINT UNSIGNED, post_date DATETIME, post_content LONGTEXT, post_title TEXT, post_excerpt TEXT,
    post_status VARCHAR(20), comment_status VARCHAR(20), ping_status VARCHAR(20), post_password VARCHAR(255), post_name VARCHAR(200), to_ping TEXT, pinged TEXT, post_modified DATETIME,
    post_parent BIGINT UNSIGNED, guid VARCHAR(255), menu_order INT, post_type VARCHAR(20), post_mime_type VARCHAR(100), comment_count BIGINT, KEY (post_parent), KEY (post_author));
CREATE TABLE wp_postmeta (meta_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, post_id BIGINT UNSIGNED, meta_key VARCHAR(255), meta_value LONGTEXT, KEY (post_id));
CREATE TABLE wp_comments (comment_ID BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, comment_post_ID BIGINT UNSIGNED, comment_author TINYTEXT, comment_author_email VARCHAR(100),
    comment_author_IP VARCHAR(100), comment_date DATETIME, comment_content TEXT, comment_karma INT, comment_approved VARCHAR(20), comment_agent VARCHAR(255), comment_type VARCHAR(20),
    comment_parent BIGINT UNSIGNED, user_id BIGINT UNSIGNED, KEY (comment_post_ID), KEY (comment_parent));
CREATE TABLE wp_commentmeta (meta_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, comment_id BIGINT UNSIGNED, meta_key VARCHAR(255), meta_value LONGTEXT, KEY (comment_id));
CREATE TABLE wp_terms (term_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(200), slug VARCHAR(200), term_group BIGINT);
CREATE TABLE wp_termmeta (meta_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, term_id BIGINT UNSIGNED, meta_key VARCHAR(255), meta_value LONGTEXT, KEY (term_id));
CREATE TABLE wp_term_taxonomy (term_taxonomy_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, term_id BIGINT UNSIGNED, taxonomy VARCHAR(32), description LONGTEXT, parent BIGINT UNSIGNED,
    count BIGINT, UNIQUE (term_id, taxonomy));
CREATE TABLE wp_term_relationships (object_id BIGINT UNSIGNED, term_taxonomy_id BIGINT UNSIGNED, term_order INT, PRIMARY KEY (object_id, term_taxonomy_id), KEY (term_taxonomy_id));
CREATE TABLE wp_options (option_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, option_name VARCHAR(191) NOT NULL UNIQUE, option_value LONGTEXT, autoload VARCHAR(20));
CREATE TABLE wp_links (link_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, link_url VARCHAR(255), link_name VARCHAR(255), link_visible VARCHAR(20), link_owner BIGINT UNSIGNED, link_rating INT);
-- data
INSERT INTO wp_users SELECT seq, CONCAT('WHO', seq), 'x', CONCAT('WHO', seq), CONCAT('WHO', seq, '@x'), '', '2026-01-01', '', 0, CONCAT('WHO', seq) FROM ROWS(400);
INSERT INTO wp_usermeta SELECT seq, REF(400), ELT(1 + seq % 3, 'wp_user_level', 'nickname', 'session'), ELT(1 + seq % 3, seq % 10, CONCAT('WHO', seq), 'a:0:{}') FROM ROWS(3000);
INSERT INTO wp_posts SELECT seq, REF(400), '2026-01-01', 'text', CONCAT('WHO ', seq), '', 'publish', 'open', 'open', '', CONCAT('WHO-', seq), '', '', '2026-01-01',
    IF(seq % 3, 0, REF(2000)), CONCAT('http://x/?p=', seq), seq % 12, 'post', '', seq * 31 % 40 FROM ROWS(2000);
INSERT INTO wp_postmeta SELECT seq, REF(2000), ELT(1 + seq % 3, '_thumbnail_id', '_edit_lock', 'views'), ELT(1 + seq % 3, REF(2000), CONCAT(1700000000 + seq, ':1'), seq * 17 % 5000) FROM ROWS(4000);
INSERT INTO wp_comments SELECT seq, REF(2000), CONCAT('WHO', seq), 'a@x', '10.0.0.1', '2026-01-01', 'text', seq % 3, '1', 'agent', 'comment', IF(seq % 3, 0, REF(2500)), IF(seq % 5, 0, REF(400))
    FROM ROWS(2500);
INSERT INTO wp_commentmeta SELECT seq, REF(2500), 'rating', 1 + seq % 5 FROM ROWS(1000);
INSERT INTO wp_terms SELECT seq, CONCAT('WHO ', seq), CONCAT('WHO-', seq), 0 FROM ROWS(300);
INSERT INTO wp_termmeta SELECT seq, REF(300), 'order', seq % 40 FROM ROWS(200);
INSERT INTO wp_term_taxonomy SELECT seq, seq, ELT(1 + seq % 2, 'category', 'post_tag'), '', IF(seq % 5, 0, REF(300)), seq * 7 % 60 FROM ROWS(300);
INSERT IGNORE INTO wp_term_relationships SELECT REF(2000), 1 + seq * 31 % 330, 0 FROM ROWS(3000);
INSERT INTO wp_options SELECT seq, CONCAT('WHO', seq), ELT(1 + seq % 4, '1', 'yes', 'a:0:{}', seq) , 'yes' FROM ROWS(500);
INSERT INTO wp_links SELECT seq, 'http://x', CONCAT('WHO ', seq), 'Y', REF(400), seq % 6 FROM ROWS(50);
