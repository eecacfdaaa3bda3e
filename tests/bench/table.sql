-- table.sql: the table of the benchmark, about 230 bytes a row; bench.sh puts in ROWS.
CREATE TABLE wide (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile     VARCHAR(20)     NOT NULL,
    name       VARCHAR(60)     NOT NULL,
    amount     DECIMAL(14, 4)  NOT NULL,
    ratio      DOUBLE          NOT NULL,
    state      TINYINT         NULL,
    touched    INT             NOT NULL DEFAULT 0,
    created_at DATETIME        NOT NULL,
    updated_at TIMESTAMP(3)    NOT NULL DEFAULT '2026-01-01 00:00:00',
    note       TEXT            NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO wide (mobile, name, amount, ratio, state, created_at, updated_at, note)
SELECT CONCAT('+49', LPAD(seq * 48271 % 2147483647, 11, '0')),
       CONCAT('member ', MD5(seq)),
       seq * 7919 % 1000000000 / 10000,
       SQRT(seq) / 3,
       IF(seq % 7 = 0, NULL, seq % 100),
       '2020-01-01' + INTERVAL seq % 100000000 SECOND,
       FROM_UNIXTIME(1600000000 + seq % 90000000 + seq % 1000 / 1000),
       IF(seq % 11 = 0, NULL, CONCAT(SHA1(seq), SHA1(seq + 1), MD5(seq)))
  FROM seq_1_to_ROWS;

ANALYZE TABLE wide;
