/* metrics_text.c: see metrics_text.h. */
#include "recon/gate/metrics_text.h"

#include <fcntl.h>

#include "core/file/io.h"

/* What the format wants escaped in a label, and nothing else. */
void mr_metrics_label(struct mr_strbuf *out, bool *first, const char *name, const char *value)
{
    mr_strbuf_add_fmt(out, "%s%s=\"", *first ? "" : ",", name);
    *first = false;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\\' || *c == '"')
            mr_strbuf_add_char(out, '\\');
        if (*c == '\n')
            mr_strbuf_add_str(out, "\\n");
        else
            mr_strbuf_add_char(out, *c);
    }
    mr_strbuf_add_char(out, '"');
}

void mr_metrics_head(struct mr_strbuf *out, const char *prefix, const char *name, const char *help)
{
    mr_strbuf_add_fmt(out, "# HELP %s%s %s\n# TYPE %s%s gauge\n", prefix, name, help, prefix, name);
}

/* Replaced every minute, and without a question: nothing but what has the form of metrics.
 * A baseline that is taken for the name of this file must not be lost. */
static bool is_foreign(const char *path)
{
    static const char mark[] = "# HELP ";
    return mr_io_head(AT_FDCWD, path, 0, mark, sizeof mark - 1) == MR_IO_HEAD_OTHER;
}

enum mr_code mr_metrics_write(const char *path, const struct mr_strbuf *out, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(out, "writing metrics", err));
    if (is_foreign(path)) {
        (void)mr_err_set(err, MR_E_EXISTS, "file \"%s\" holds no metrics, and is not replaced",
                         path);
        mr_err_hint(err, "Give the metrics a name of their own.");
        return MR_E_EXISTS;
    }
    return mr_io_write_file(path, 0644, out->ptr, out->len, err);
}
