/* plan_fingerprint.c: see plan_fingerprint.h. */
#include "repair/plan_fingerprint.h"

#include <string.h>

/* With the end of the text, so that no two texts run into each other. */
static void add_text(struct mr_strbuf *out, const char *text)
{
    if (text != NULL)
        mr_strbuf_add(out, text, strlen(text) + 1);
    else
        mr_strbuf_add(out, "\1", 2);
}

enum mr_code mr_plan_fingerprint(const struct mr_table *table, char hex[MR_SHA256_HEX],
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_column *c = &table->columns[i];
        add_text(&text, c->name);
        add_text(&text, c->type);
        add_text(&text, c->charset);
        add_text(&text, c->collation);
        add_text(&text, c->generation_expr);
        mr_strbuf_add_fmt(&text, "%d%d%d%d.", c->nullable, c->generated,
                          c->generated_stored, c->invisible);
    }
    enum mr_code code = mr_strbuf_check(&text, "looking at a table", err);
    if (code == MR_OK)
        code = mr_sha256_bytes(text.ptr, text.len, hex, err);
    mr_strbuf_release(&text);
    return code;
}
