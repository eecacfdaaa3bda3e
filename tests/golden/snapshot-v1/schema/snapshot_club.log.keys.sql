ALTER TABLE `log`
  ADD CONSTRAINT `log_ibfk_1` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`);
