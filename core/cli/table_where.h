/*
 * table_where: the option --where DB.TABLE=SQL, repeatable: a condition for the rows of
 * the tables that match.
 *
 * A struct of values holds a struct mr_table_wheres, whose `texts` an MR_OPTION_LIST named
 * "where" fills; its finish function calls mr_table_wheres_finish.
 *
 * Ownership: everything lives as long as the settings.  Threads: plain data.
 */
#ifndef MR_TABLE_WHERE_H
#define MR_TABLE_WHERE_H

#include "core/cli/settings.h"

struct mr_table_where {
    const char *pattern; /* as in --tables */
    const char *sql;
};

struct mr_table_wheres {
    struct mr_string_list texts;        /* as given */
    const struct mr_table_where *items; /* the same, split */
    size_t count;
};

/* MR_E_USAGE where a text is not PATTERN=SQL. */
enum mr_code mr_table_wheres_finish(struct mr_settings *settings, struct mr_table_wheres *wheres,
                                    struct mr_err *err);
/* The SQL of the last one that matches the table, or NULL. */
const char *mr_table_wheres_sql(const struct mr_table_wheres *wheres, const char *db,
                                const char *table);

#endif
