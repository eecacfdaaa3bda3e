/* affected_format.c: see affected_format.h. */
#include "recon/affected/affected_format.h"

#include <stdlib.h>

static const struct mr_affected_writer_ops *const writers[MR_AFFECTED_FORMATS] = {
#define MR_AFFECTED_FORMAT(symbol, word) [MR_AFFECTED_##symbol] = &mr_affected_##word,
#include "recon/affected/affected_format.def"
#undef MR_AFFECTED_FORMAT
};

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
    w->ops = opts->format < MR_AFFECTED_FORMATS ? writers[opts->format] : NULL;
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
