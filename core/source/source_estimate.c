/* source_estimate.c: how many rows a range has, by the server's own plan; see mr_reader_estimate(). */
#include <stdlib.h>
#include <strings.h>

#include "core/source/source.h"
#include "core/source/source_sql.h"

/* The column is found by its name: versions have others around it. */
static uint64_t rows_of(struct mr_result *res)
{
    size_t at = 0;
    while (at < mr_result_columns(res) && strcasecmp(mr_result_column_name(res, at), "rows") != 0)
        at++;
    if (at == mr_result_columns(res))
        return 0;
    const struct mr_cell *row = mr_result_next(res);
    return row != NULL && row[at].ptr != NULL ? strtoull(row[at].ptr, NULL, 10) : 0;
}

enum mr_code mr_reader_estimate(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, uint64_t *rows, struct mr_err *err)
{
    struct mr_db *db = spec->nkey > 0 ? mr_reader_db(reader) : NULL;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    *rows = 0;
    if (db == NULL)
        return MR_OK;
    mr_source_sql_explain(&sql, spec, range, mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, "*", sql.ptr, sql.len, &res, err);
    if (code == MR_OK)
        *rows = rows_of(res);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}
