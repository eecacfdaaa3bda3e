/* snap_index.c: see snap_index.h. */
#include "snapshot/format/snap_index.h"

#include <string.h>

#include "core/db/sqlscan.h"

/* One of the definitions between the parentheses of CREATE TABLE: a column, a key or a constraint. */
struct definition {
    const char *begin, *end; /* without the comma */
    struct mr_token first;   /* KEY, UNIQUE, CONSTRAINT … or a column's name */
    struct mr_token name;    /* the first quoted one outside of parentheses, or END */
    struct mr_token part;    /* of a key: the first column, or END */
    bool counts;             /* AUTO_INCREMENT */
    bool computes;           /* a key, one of whose parts is an expression or a virtual column */
    bool is_virtual;         /* a column that is computed when it is read */
    bool leads;              /* FOREIGN KEY */
};

struct reader {
    struct mr_sqlscan scan;
    struct mr_token before; /* the last token */
    int depth;              /* 1: between the parentheses */
    bool has_primary, has_foreign, failed;
    struct mr_token counter; /* the AUTO_INCREMENT column, or END */
    struct mr_vec virtuals;  /* struct mr_token: columns */
    struct mr_vec *out;
};

static bool is_key(const struct definition *d)
{
    return mr_token_is(&d->first, "KEY") || mr_token_is(&d->first, "UNIQUE");
}

static bool same_token(const struct mr_token *a, const struct mr_token *b)
{
    return a->kind != MR_TOKEN_END && a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

static bool is_virtual(const struct reader *r, const struct mr_token *name)
{
    for (size_t i = 0; i < r->virtuals.count; i++)
        if (same_token(mr_vec_at(&r->virtuals, i), name))
            return true;
    return false;
}

/* Of the parts of a key. */
static void take_part(const struct reader *r, struct definition *d, const struct mr_token *token)
{
    if (token->kind == MR_TOKEN_IDENT && d->part.kind == MR_TOKEN_END)
        d->part = *token;
    if (token->kind == MR_TOKEN_IDENT)
        d->computes |= is_virtual(r, token);
    else if (mr_token_is(token, "("))
        d->computes |= mr_token_is(&r->before, "(") || mr_token_is(&r->before, ",");
}

static void take(const struct reader *r, struct definition *d, const struct mr_token *token)
{
    if (d->begin == NULL) {
        d->begin = token->ptr;
        d->first = *token;
    }
    d->end = token->ptr + token->len;
    if (r->depth == 2)
        take_part(r, d, token);
    if (r->depth != 1)
        return;
    if (token->kind == MR_TOKEN_IDENT && d->name.kind == MR_TOKEN_END)
        d->name = *token;
    d->counts |= mr_token_is(token, "AUTO_INCREMENT");
    d->is_virtual |= mr_token_is(token, "VIRTUAL");
    d->leads |= mr_token_is(token, "FOREIGN");
}

static bool is_late(const struct reader *r, const struct definition *d)
{
    return is_key(d) && !d->computes && d->name.kind == MR_TOKEN_IDENT &&
           d->part.kind == MR_TOKEN_IDENT && !same_token(&r->counter, &d->part);
}

/* Whenever it is made, servers print it behind those that are late. */
static bool is_last(const struct definition *d)
{
    return mr_token_is(&d->first, "KEY") && d->computes;
}

static void end_column(struct reader *r, const struct definition *d)
{
    if (d->counts)
        r->counter = d->name;
    if (!d->is_virtual)
        return;
    struct mr_token *name = mr_vec_push(&r->virtuals);
    r->failed |= name == NULL;
    if (name != NULL)
        *name = d->name;
}

/* What was found so far would be made behind an index that stays, and was before it. */
static void end_key(struct reader *r, const struct definition *d)
{
    if (is_late(r, d)) {
        struct mr_snap_index *index = mr_vec_push(r->out);
        r->failed |= index == NULL;
        if (index != NULL)
            *index = (struct mr_snap_index){d->name.ptr, d->name.len, d->begin,
                                            (size_t)(d->end - d->begin)};
    } else if (!is_last(d)) {
        mr_vec_clear(r->out);
    }
}

static void end_definition(struct reader *r, const struct definition *d)
{
    r->has_foreign |= d->leads;
    if (d->first.kind == MR_TOKEN_IDENT)
        end_column(r, d);
    else if (is_key(d) || mr_token_is(&d->first, "SPATIAL"))
        end_key(r, d);
    if (!mr_token_is(&d->first, "PRIMARY"))
        return;
    r->has_primary = true;
    if (same_token(&r->counter, &d->part)) /* which is all that the counter asks for */
        r->counter = (struct mr_token){0};
}

bool mr_snap_late_indexes(struct mr_vec *out, const char *create, size_t len)
{
    struct reader r = {.virtuals = MR_VEC_INIT(struct mr_token), .out = out};
    struct definition d = {0};
    struct mr_token token;
    bool closed = false;
    mr_sqlscan_init(&r.scan, create, len);
    while (!closed && !r.failed && mr_sqlscan_next_code(&r.scan, &token)) {
        closed = r.depth == 1 && mr_token_is(&token, ")");
        if (closed || (r.depth == 1 && mr_token_is(&token, ","))) {
            end_definition(&r, &d);
            d = (struct definition){0};
        } else {
            r.depth -= mr_token_is(&token, ")");
            if (r.depth > 0)
                take(&r, &d, &token);
            r.depth += mr_token_is(&token, "(");
        }
        r.before = token;
    }
    if (!closed || !r.has_primary || r.has_foreign || r.scan.broken)
        mr_vec_clear(out);
    mr_vec_release(&r.virtuals);
    return !r.failed;
}
