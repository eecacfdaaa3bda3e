/* changed_how.c: see changed_how.h. */
#include "recon/check/changed_how.h"

#include <stddef.h>

const char *mr_changed_whole(const struct mr_changed_facts *f)
{
    if (!f->was_there)
        return "the last run did not have it";
    if (!f->was_read)
        return "the last run did not read it to its end";
    if (!f->same_columns)
        return "its columns, or its key, are not those of the last run";
    if (!f->same_settings)
        return "the configuration says otherwise than in the last run which of its rows and "
               "columns "
               "are compared";
    if (f->was_windowed)
        return "a condition chose which of its rows the last run compared";
    if (f->is_windowed)
        return "a condition chooses its rows: no log tells which these are";
    if (f->shares_rows)
        return "its engine has rows that are written as those of other tables, here or elsewhere: "
               "no "
               "log says that they are its own";
    if (f->log != NULL)
        return f->log;
    if (f->may_have_torn)
        return "its engine has no transactions, and a server was restarted since the last run: a "
               "crash changes rows that are in no log";
    if (!f->same_table)
        return "another table has its name by now, or it was altered or made anew since the last "
               "run";
    if (f->is_misplaced)
        return "rows of it, which is in partitions, were unsettled: a key may not find them";
    if (!f->has_order && !f->was_equal)
        return "it differed, and no key that both sides order alike finds its rows";
    if (!f->has_order && f->rolls)
        return "no key that both sides order alike divides it into parts";
    return NULL;
}
