/* snap_true.c: see snap_true.h. */
#include "snapshot/format/snap_true.h"

#include <string.h>

#include "core/db/sqlscan.h"

struct pass {
    struct mr_strbuf *out;
    const struct mr_snap_true *columns, *column; /* column: whose definition it is, or NULL */
    size_t count, depth;
    const char *kept; /* up to here it stands in out */
    struct mr_sqlscan scan;
};

static const struct mr_snap_true *find(const struct pass *p, const struct mr_token *token)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    const struct mr_snap_true *found = NULL;
    mr_token_unquote(&name, token);
    p->out->failed |= name.failed;
    for (size_t i = 0; !name.failed && found == NULL && i < p->count; i++)
        if (strcmp(p->columns[i].name, name.ptr) == 0)
            found = &p->columns[i];
    mr_strbuf_release(&name);
    return found;
}

static void keep_to(struct pass *p, const char *at)
{
    mr_strbuf_add(p->out, p->kept, (size_t)(at - p->kept));
    p->kept = at;
}

/* From "enum" or "set" to behind the parenthesis: no member holds one that is a token. */
static void put_type(struct pass *p, const struct mr_token *token)
{
    struct mr_token last;
    keep_to(p, token->ptr);
    while (mr_sqlscan_next(&p->scan, &last))
        if (mr_token_is(&last, ")")) {
            mr_strbuf_add_str(p->out, p->column->type);
            p->kept = last.ptr + last.len;
            return;
        }
}

/* Behind DEFAULT. */
static void put_preset(struct pass *p)
{
    struct mr_token value;
    const struct mr_sqlscan before = p->scan;
    if (!mr_sqlscan_next(&p->scan, &value) || value.kind != MR_TOKEN_STRING) {
        p->scan = before; /* an expression, which is printed as it is */
        return;
    }
    keep_to(p, value.ptr);
    mr_sqlscan_quote(p->out, p->column->preset, strlen(p->column->preset));
    p->kept = value.ptr + value.len;
}

static bool is_type(const struct mr_token *token)
{
    return mr_token_is(token, "enum") || mr_token_is(token, "set");
}

void mr_snap_true_add(struct mr_strbuf *out, const char *create, const struct mr_snap_true *columns,
                      size_t count)
{
    struct pass p = {.out = out, .columns = columns, .count = count, .kept = create};
    struct mr_token token;
    bool begins = false, typed = false; /* a definition; its type was put */
    mr_sqlscan_init(&p.scan, create, strlen(create));
    while (mr_sqlscan_next_code(&p.scan, &token)) {
        if (begins) {
            p.column = token.kind == MR_TOKEN_IDENT ? find(&p, &token) : NULL;
            typed = false;
        }
        p.depth += mr_token_is(&token, "(");
        begins = p.depth == 1 && (mr_token_is(&token, ",") || mr_token_is(&token, "("));
        if (p.depth == 1 && mr_token_is(&token, ")"))
            break;
        p.depth -= mr_token_is(&token, ")");
        if (p.depth != 1 || p.column == NULL)
            continue;
        if (!typed && p.column->type != NULL && is_type(&token)) {
            put_type(&p, &token);
            typed = true;
        } else if (p.column->preset != NULL && mr_token_is(&token, "DEFAULT")) {
            put_preset(&p);
        }
    }
    mr_strbuf_add_str(out, p.kept);
}

void mr_snap_true_type(struct mr_strbuf *out, bool is_set, const char *const *members, size_t count)
{
    mr_strbuf_add_str(out, is_set ? "set(" : "enum(");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mr_strbuf_add_char(out, ',');
        mr_sqlscan_quote(out, members[i], strlen(members[i]));
    }
    mr_strbuf_add_char(out, ')');
}
