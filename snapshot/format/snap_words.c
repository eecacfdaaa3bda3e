/* snap_words.c: see snap_words.h. */
#include "snapshot/format/snap_words.h"

#include <string.h>
#include <strings.h>

#define OPEN "/*"
#define CLOSE "*/"
#define WORDS_WORD_MAX 32

void mr_snap_words_init(struct mr_snap_words *w, const struct mr_snap_place *place, const char *sql,
                        size_t len, struct mr_strbuf *out)
{
    *w = (struct mr_snap_words){.place = place, .from = sql, .out = out};
    mr_sqlscan_init(&w->scan, sql, len);
    mr_sqlscan_set_mode(&w->scan, place->sql_mode);
    w->broken = memchr(sql, '\0', len) != NULL; /* where servers stop reading */
    mr_snap_words_next(w);
}

static bool is_punct(const struct mr_token *token, const char *start)
{
    return token->kind == MR_TOKEN_PUNCT && token->len >= strlen(start) &&
           strncmp(token->ptr, start, strlen(start)) == 0;
}

bool mr_snap_words_is_open(const struct mr_snap_words *w)
{
    return is_punct(&w->token, OPEN);
}

bool mr_snap_words_is_close(const struct mr_snap_words *w)
{
    return is_punct(&w->token, CLOSE);
}

bool mr_snap_words_is_end(const struct mr_snap_words *w)
{
    return w->token.kind == MR_TOKEN_END;
}

/* What of FROM to END is one of KINDS: a text need not end with '\0'. */
static size_t span(const char *from, const char *end, const char *kinds)
{
    size_t n = 0;
    while (from + n < end && memchr(kinds, from[n], strlen(kinds)) != NULL)
        n++;
    return n;
}

/* "/" and "*!50100 " or "*M!100301 ": five digits or six, for every server. */
static size_t opener_len(const struct mr_token *comment)
{
    const char *end = comment->ptr + comment->len;
    const char *at = memchr(comment->ptr, '!', comment->len);
    size_t digits = at != NULL ? span(at + 1, end, "0123456789") : 0;
    if (at == NULL || (digits != 0 && digits != 5 && digits != 6) ||
        span(at + 1 + digits, end, " \t\r\n") == 0)
        return 0;
    return (size_t)(at + 1 + digits - comment->ptr);
}

/* Servers that skip it look for the begin of another one, even in a literal. */
static bool holds_comment(const char *from, const char *end)
{
    for (; from < end; from++)
        if (from[0] == '/' && from[1] == '*')
            return true;
    return false;
}

static void open_comment(struct mr_snap_words *w)
{
    const char *start = w->token.ptr, *end = start + w->token.len - strlen(CLOSE);
    size_t len = w->scan.broken ? 0 : opener_len(&w->token);
    w->broken |= len == 0 || w->inside || holds_comment(start + len, end);
    if (w->broken)
        return;
    w->outer = w->scan;
    w->inside = true;
    w->scan.ptr = start + len;
    w->scan.end = end;
    w->token.len = len;
}

static void close_comment(struct mr_snap_words *w)
{
    w->broken |= w->scan.broken;
    w->scan = w->outer;
    w->inside = false;
    w->token = (struct mr_token){
        .kind = MR_TOKEN_PUNCT, .ptr = w->scan.ptr - strlen(CLOSE), .len = strlen(CLOSE)};
}

void mr_snap_words_next(struct mr_snap_words *w)
{
    memmove(w->before + 1, w->before, sizeof w->before - sizeof *w->before);
    w->before[0] = w->token;
    while (mr_sqlscan_next(&w->scan, &w->token) && w->token.kind == MR_TOKEN_COMMENT)
        w->broken |= w->inside; /* it may reach further than the one around it */
    if (w->token.kind == MR_TOKEN_END && w->inside)
        close_comment(w);
    else if (mr_snap_words_is_open(w))
        open_comment(w);
    w->broken |= w->scan.broken;
    if (w->broken) /* nothing that follows is to be trusted */
        w->token = (struct mr_token){.kind = MR_TOKEN_PUNCT, .ptr = "", .len = 0};
}

static bool take_one(struct mr_snap_words *w, const char *word)
{
    if (!mr_token_is(&w->token, word))
        return false;
    mr_snap_words_next(w);
    return true;
}

/* Words before one that does not fit stay taken: alternatives that are asked for one after the
 * other must not begin alike. */
bool mr_snap_words_take(struct mr_snap_words *w, const char *words)
{
    while (*words != '\0') {
        char word[WORDS_WORD_MAX];
        size_t len = strcspn(words, " ");
        if (len >= sizeof word)
            return false;
        memcpy(word, words, len);
        word[len] = '\0';
        if (!take_one(w, word))
            return false;
        words += len + (words[len] == ' ');
    }
    return true;
}

bool mr_snap_words_is_one_of(const struct mr_snap_words *w, const char *const *words)
{
    for (; *words != NULL; words++)
        if (mr_token_is(&w->token, *words))
            return true;
    return false;
}

/* "$" begins a text in quotes of its own on newer servers, "@" a variable, "." a number. */
bool mr_snap_words_is_name(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_IDENT ||
           (token->kind == MR_TOKEN_WORD && strchr("$@.", *token->ptr) == NULL);
}

typedef int compare_fn(const char *a, const char *b, size_t n);

/* Needs no memory: want of it would make it another name. */
static bool is_named(const struct mr_token *token, const char *name, compare_fn *compare)
{
    const char *at = token->ptr, *end = at + token->len;
    const bool is_quoted = token->kind == MR_TOKEN_IDENT;
    const char quote = is_quoted ? *at++ : '\0';
    if (!mr_snap_words_is_name(token))
        return false;
    if (is_quoted && end > at && end[-1] == quote)
        end--;
    for (; at < end && *name != '\0' && compare(at, name, 1) == 0; at++, name++)
        if (is_quoted && *at == quote && at + 1 < end && at[1] == quote)
            at++;
    return at == end && *name == '\0';
}

bool mr_snap_words_is_named(const struct mr_token *token, const char *name)
{
    return is_named(token, name, strncasecmp);
}

bool mr_snap_words_is_spelled(const struct mr_token *token, const char *name)
{
    return is_named(token, name, strncmp);
}

bool mr_snap_words_drop_db(struct mr_snap_words *w)
{
    const struct mr_token db = w->before[0];
    if (!mr_token_is(&w->token, ".") || !mr_snap_words_is_named(&db, w->place->db))
        return false;
    mr_snap_words_next(w);
    mr_strbuf_add(w->out, w->from, (size_t)(db.ptr - w->from));
    if (db.ptr > w->from && strchr(" \n(,", db.ptr[-1]) == NULL)
        mr_strbuf_add_char(w->out, ' '); /* two words do not become one */
    w->from = w->token.ptr;
    w->broken |= !mr_snap_words_is_name(&w->token);
    return !w->broken;
}

bool mr_snap_words_take_name(struct mr_snap_words *w, const char *name)
{
    mr_snap_words_next(w);
    if (mr_token_is(&w->token, ".")) {
        if (!mr_snap_words_drop_db(w))
            return false;
        mr_snap_words_next(w);
    }
    const struct mr_token *taken = &w->before[0];
    return !mr_token_is(&w->token, ".") &&
           (name != NULL ? mr_snap_words_is_named(taken, name) : mr_snap_words_is_name(taken));
}

void mr_snap_words_pass(struct mr_snap_words *w)
{
    const char *end = w->inside ? w->outer.end : w->scan.end;
    mr_strbuf_add(w->out, w->from, (size_t)(end - w->from));
    w->from = end;
}
