/*
 * innodb_name: a table as InnoDB calls it in its own views of information_schema,
 * "club/orders", behind which the names of its partitions begin with '#'.
 *
 * INNODB_SYS_TABLES spells it as its file is called: all but ASCII's letters, digits and _ as
 * @0023.  INNODB_TABLESPACES of MySQL 8 and later spells it as it is.
 *
 * Errors are kept in the buffer (strbuf.h).  Threads: no state.
 */
#ifndef MR_INNODB_NAME_H
#define MR_INNODB_NAME_H

#include <stdbool.h>

#include "core/base/strbuf.h"

enum mr_innodb_spelling { MR_INNODB_FILE = 1, MR_INNODB_SPACE };

/* Appends it; lower: with ASCII's letters in lower case.  False: a name is not ASCII, whose
 * other letters have codes of their own. */
bool mr_innodb_name_add(struct mr_strbuf *out, const char *db, const char *table,
                        enum mr_innodb_spelling spelling, bool lower);

#endif
