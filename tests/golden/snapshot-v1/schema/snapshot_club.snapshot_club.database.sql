CREATE DATABASE IF NOT EXISTS `snapshot_club` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
