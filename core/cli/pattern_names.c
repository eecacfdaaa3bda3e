/* pattern_names.c: see pattern_names.h. */
#include "core/cli/pattern_names.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/suggest.h"

/* The name as the pattern has it: with its database, or bare. */
static void add_name(struct mr_strbuf *out, const char *pattern, const char *db, const char *name)
{
    mr_strbuf_reset(out);
    if (strchr(pattern, '.') != NULL)
        mr_strbuf_add_fmt(out, "%s.", db);
    mr_strbuf_add_str(out, name);
}

/* The names are spelled as the pattern is, with or without a database, and the nearest is offered:
 * a slip in it changes which tables are compared, and an answer about fewer tables looks as
 * good. */
void mr_pattern_names_text(const char *option, const char *pattern, mr_pattern_name_fn *nth,
                           const void *ctx, struct mr_strbuf *out)
{
    struct mr_strbuf text = MR_STRBUF_INIT, meant = MR_STRBUF_INIT;
    const char *db, *name;
    size_t nearest = SIZE_MAX;
    bool matched = false;
    for (size_t i = 0; !matched && nth(ctx, i, &db, &name); i++) {
        struct mr_suggest suggest = {.typed = pattern};
        matched = mr_pattern_match(pattern, db, name);
        add_name(&text, pattern, db, name);
        if (text.failed)
            break;
        mr_suggest_offer(&suggest, text.ptr);
        if (suggest.best == NULL || suggest.distance >= nearest)
            continue;
        nearest = suggest.distance;
        mr_strbuf_reset(&meant);
        mr_strbuf_add_fmt(&meant, "%s.%s", db, name);
    }
    if (!matched)
        mr_strbuf_add_fmt(out, "%s \"%s\" matches no table", option, pattern);
    if (!matched && meant.len > 0)
        mr_strbuf_add_fmt(out, ": is \"%s\" meant?", meant.ptr);
    mr_strbuf_release(&text);
    mr_strbuf_release(&meant);
}

enum mr_code mr_pattern_names_warn(const char *option, const struct mr_string_list *patterns,
                                   mr_pattern_name_fn *nth, const void *ctx, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < patterns->count; i++) {
        mr_strbuf_reset(&text);
        mr_pattern_names_text(option, patterns->items[i], nth, ctx, &text);
        code = mr_strbuf_check(&text, "looking for names", err);
        if (code == MR_OK && text.len > 0)
            mr_log_warning("%s", text.ptr);
    }
    mr_strbuf_release(&text);
    return code;
}
