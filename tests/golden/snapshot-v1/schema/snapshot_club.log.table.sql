CREATE TABLE `log` (
  `member_id` int(11) DEFAULT NULL,
  `what` varchar(20) DEFAULT NULL,
  KEY `member_id` (`member_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
