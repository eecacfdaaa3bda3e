/* trigger_writes.c: see trigger_writes.h. */
#include "repair/plan/trigger_writes.h"

#include <string.h>

/* The name at hand, quoted or not; false: there is none, and nothing was read. */
static bool take_name(struct mr_trigger_writes *w, struct mr_strbuf *out, struct mr_token *token)
{
    struct mr_sqlscan ahead = w->scan;
    mr_strbuf_reset(out);
    if (!mr_sqlscan_next_code(&ahead, token) ||
        (token->kind != MR_TOKEN_WORD && token->kind != MR_TOKEN_IDENT))
        return false;
    mr_token_unquote(out, token);
    w->scan = ahead;
    return out->len > 0;
}

static bool is_modifier(const struct mr_token *word)
{
    static const char *const modifiers[] = {"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE",
                                            "QUICK",        "INTO",    "FROM"};
    for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
        if (mr_token_is(word, modifiers[i]))
            return true;
    return false;
}

/* The name behind a verb; false: there is none, it was the function of that name. */
static bool take_table(struct mr_trigger_writes *w)
{
    struct mr_token token;
    do {
        if (!take_name(w, &w->table, &token))
            return false;
    } while (is_modifier(&token));
    mr_strbuf_reset(&w->db);
    struct mr_sqlscan ahead = w->scan;
    if (!mr_sqlscan_next_code(&ahead, &token) || !mr_token_is(&token, "."))
        return true;
    mr_strbuf_add(&w->db, w->table.ptr, w->table.len);
    w->scan = ahead;
    return take_name(w, &w->table, &token);
}

/* DELETE a, b FROM t …: what stands in front of FROM are aliases. */
static void skip_to_from(struct mr_trigger_writes *w)
{
    struct mr_sqlscan ahead = w->scan;
    struct mr_token token;
    for (struct mr_sqlscan before = ahead;
         mr_sqlscan_next_code(&ahead, &token) && !mr_token_is(&token, ";"); before = ahead)
        if (mr_token_is(&token, "FROM")) {
            w->scan = before;
            return;
        }
}

/* Is the word at hand the verb of a write?  SELECT … FOR UPDATE writes nothing; the UPDATE of
 * ON DUPLICATE KEY is of the table that was named last. */
static bool take_write(struct mr_trigger_writes *w)
{
    static const struct {
        const char *word;
        enum mr_trigger_verb verb;
    } verbs[] = {{"INSERT", MR_TRIGGER_INSERTS},
                 {"REPLACE", MR_TRIGGER_REPLACES},
                 {"UPDATE", MR_TRIGGER_UPDATES},
                 {"DELETE", MR_TRIGGER_DELETES},
                 {"CALL", MR_TRIGGER_CALLS}};
    size_t i = 0;
    while (i < sizeof verbs / sizeof *verbs && !mr_token_is(&w->words[0], verbs[i].word))
        i++;
    if (i == sizeof verbs / sizeof *verbs || mr_token_is(&w->words[1], "FOR"))
        return false;
    w->verb = verbs[i].verb;
    if (mr_token_is(&w->words[1], "KEY"))
        return w->table.len > 0;
    if (w->verb == MR_TRIGGER_DELETES)
        skip_to_from(w);
    return take_table(w);
}

void mr_trigger_writes_init(struct mr_trigger_writes *w, const char *body)
{
    *w = (struct mr_trigger_writes){.db = MR_STRBUF_INIT, .table = MR_STRBUF_INIT};
    mr_sqlscan_init(&w->scan, body, strlen(body));
}

bool mr_trigger_writes_next(struct mr_trigger_writes *w)
{
    struct mr_token token;
    while (mr_sqlscan_next_code(&w->scan, &token)) {
        if (token.kind != MR_TOKEN_WORD)
            continue;
        w->words[1] = w->words[0];
        w->words[0] = token;
        if (take_write(w))
            return true;
    }
    return false;
}

void mr_trigger_writes_release(struct mr_trigger_writes *w)
{
    mr_strbuf_release(&w->db);
    mr_strbuf_release(&w->table);
}
