/* near_db.c: see near_db.h. */
#include "core/schema/near_db.h"

#include <string.h>

#include "core/base/suggest.h"

void mr_near_db(struct mr_db *db, const char *name, struct mr_strbuf *out)
{
    static const char sql[] = "SHOW DATABASES";
    struct mr_suggest suggest = {.typed = name};
    struct mr_result *res = NULL;
    struct mr_err ignored;
    const struct mr_cell *cells;
    if (mr_db_query(db, "v", sql, strlen(sql), &res, &ignored) != MR_OK)
        return;
    while ((cells = mr_result_next(res)) != NULL)
        mr_suggest_offer(&suggest, cells[0].ptr);
    if (suggest.best != NULL)
        mr_strbuf_add_str(out, suggest.best);
    mr_result_free(res);
}

void mr_near_db_hint(struct mr_db *db, const char *name, struct mr_err *err)
{
    struct mr_strbuf near = MR_STRBUF_INIT;
    mr_near_db(db, name, &near);
    if (near.len > 0 && !near.failed)
        mr_err_hint(err, "Did you mean \"%s\"?", near.ptr);
    else
        mr_err_hint(err, "Check the spelling in the URI: SHOW DATABASES lists the names that "
                         "the account can see.");
    mr_strbuf_release(&near);
}
