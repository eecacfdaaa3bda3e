/* affected_format.c: see affected_format.h. */
#include "recon/affected/affected_format.h"

#include <stdlib.h>

static const struct mr_affected_writer_ops *ops_of(enum mr_affected_format format)
{
    switch (format) {
    case MR_AFFECTED_CSV: return &mr_affected_csv;
    case MR_AFFECTED_JSON: return &mr_affected_json;
    case MR_AFFECTED_SQL: return &mr_affected_sql;
    case MR_AFFECTED_TEMPLATE: return &mr_affected_template;
    }
    return NULL;
}

enum mr_code mr_affected_writer_new(const struct mr_affected *list,
                                    const struct mr_affected_format_opts *opts,
                                    struct mr_affected_writer **out, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    struct mr_affected_writer *w = calloc(1, sizeof *w);
    *out = NULL;
    if (w == NULL)
        return mr_err_nomem(err, "listing people");
    w->list = list;
    w->opts = opts;
    w->ops = ops_of(opts->format);
    if (w->ops == NULL)
        code = mr_err_set(err, MR_E_BUG, "a list of unknown format");
    else if (opts->format == MR_AFFECTED_TEMPLATE)
        code = mr_affected_template_parse(w, err);
    if (code == MR_OK)
        *out = w;
    else
        mr_affected_writer_free(w);
    return code;
}

void mr_affected_writer_free(struct mr_affected_writer *w)
{
    if (w == NULL)
        return;
    if (w->ops != NULL && w->ops->release != NULL)
        w->ops->release(w);
    free(w);
}
