-- restore.sql: loads snapshot 20261120T145033Z-7d51fc with the stock client.
-- RESTORE.txt says how it is run.

SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 1, character_set_client = utf8mb4, character_set_connection = utf8mb4;

-- databases
CREATE DATABASE IF NOT EXISTS `snapshot_club` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- tables
USE `snapshot_club`;
CREATE TABLE `log` (
  `member_id` int(11) DEFAULT NULL,
  `what` varchar(20) DEFAULT NULL,
  KEY `member_id` (`member_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
USE `snapshot_club`;
CREATE TABLE `members` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `mobile` varchar(20) DEFAULT NULL,
  `note` text DEFAULT NULL,
  `b` varbinary(8) DEFAULT NULL,
  `f` float DEFAULT NULL,
  `at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `mobile` (`mobile`)
) ENGINE=InnoDB AUTO_INCREMENT=8 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- names of views, which may refer to each other
USE `snapshot_club`;
CREATE VIEW `names` AS SELECT 1 AS `id`, 1 AS `mobile`;

-- rows
LOAD DATA LOCAL INFILE 'data/snapshot_club.log.0.tsv' INTO TABLE `snapshot_club`.`log` CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' (`member_id`, `what`); -- 3 rows
LOAD DATA LOCAL INFILE 'data/snapshot_club.members.0.tsv' INTO TABLE `snapshot_club`.`members` CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' (`id`, `mobile`, `note`, `b`, `f`, `at`); -- 3 rows

-- foreign keys
USE `snapshot_club`;
ALTER TABLE `log`
  ADD CONSTRAINT `log_ibfk_1` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`);

-- views
USE `snapshot_club`;
SET SESSION sql_mode = '', collation_connection = utf8mb4_general_ci, time_zone = '+00:00';
DROP VIEW IF EXISTS `names`;
CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`127.0.0.1` SQL SECURITY DEFINER VIEW `names` AS select `members`.`id` AS `id`,`members`.`mobile` AS `mobile` from `members`;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 1, character_set_client = utf8mb4, character_set_connection = utf8mb4;

-- triggers
USE `snapshot_club`;
SET SESSION sql_mode = '', collation_connection = utf8mb4_general_ci, time_zone = '+00:00';
DELIMITER ;;
CREATE DEFINER=`root`@`127.0.0.1` TRIGGER t1 BEFORE INSERT ON log FOR EACH ROW SET NEW.what = TRIM(NEW.what)
;;
DELIMITER ;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 1, character_set_client = utf8mb4, character_set_connection = utf8mb4;
