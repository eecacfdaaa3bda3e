CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`127.0.0.1` SQL SECURITY DEFINER VIEW `names` AS select `members`.`id` AS `id`,`members`.`mobile` AS `mobile` from `members`;
