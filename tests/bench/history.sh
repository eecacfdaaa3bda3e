# history.sh: the two histories that merge.sh and before.sh bring together.  Callers set $people
# (who were signed up on either side) and $base (who were there before).
# shellcheck shell=bash disable=SC2154

history() { # NAME LETTER: everybody above the base, with a letter of their side
    mr_sql "$1" <<SQL
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(50) NOT NULL, touched INT NOT NULL DEFAULT 0,
    inviter_id INT UNSIGNED NULL, created_at DATETIME NOT NULL,
    FOREIGN KEY (inviter_id) REFERENCES members (id));
CREATE TABLE orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    no VARCHAR(20) NOT NULL UNIQUE, member_id INT UNSIGNED NOT NULL, amount DECIMAL(10, 2),
    note VARCHAR(100), FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE wallet_log (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    member_id INT UNSIGNED NOT NULL, change_by INT NOT NULL, KEY (member_id));
INSERT INTO members SELECT seq, CONCAT('b', seq), CONCAT('base ', seq), 0, NULL, '2026-03-01'
    FROM seq_1_to_$base;
INSERT INTO members SELECT $base + seq, CONCAT('$2', seq), CONCAT('$2 member ', seq), 0,
    IF('$2' = 'l', 1 + seq % $base, NULL), '2026-04-03' FROM seq_1_to_$people;
INSERT INTO orders SELECT seq, CONCAT('$2', seq), $base + 1 + (seq - 1) DIV 2, seq % 1000 / 10,
    CONCAT('what was ordered as number ', seq) FROM seq_1_to_$((2 * people));
INSERT INTO wallet_log SELECT seq, $base + seq, seq % 100 FROM seq_1_to_$people;
ANALYZE TABLE members, orders, wallet_log;
SQL
}

history_settings() { # FILE
    printf '[table club.members]\ntime-column = created_at\n[table club.wallet_log]\n%s\n%s\n' \
        'reference = member_id -> club.members.id' 'reference = none: change_by' >"$1"
}
