/*
 * schema_expr.c: expressions and SELECTs as servers print them, parsed and written out
 * in one normal form (mr_norm_expr).
 *
 * The grammar is loose on purpose.  A sequence is a list of words, commas and
 * expressions; an expression is parsed by operator precedence (V. Pratt, "Top down
 * operator precedence", 1973).  Clause words (select, from, where …) end an expression.
 * A parenthesised group that holds exactly one expression is that expression, so
 * parentheses are decided by structure; a group that holds more (a subquery, a join, a
 * list) keeps its own.  Every compound operand is written in parentheses, chains of AND
 * and of OR flat.
 *
 * Invariant: two texts with one normal form have the same tree, up to the equivalences
 * named here (aliases of functions, x <> 0 where a truth value is asked for, the order
 * of the operands of =, <> and <=>).
 */
#include "core/schema/schema_norm.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/sqlscan.h"
#include "core/schema/schema_words.h"

enum tag { TAG_ATOM = 1, TAG_AND, TAG_OR, TAG_COMPOUND };

struct expr {
    const char *text;
    enum tag tag;
    const char *truth; /* x of "x <> 0", else NULL */
    enum tag truth_tag;
    bool in_subquery; /* x IN (SELECT …) */
};

struct parser {
    struct mr_arena arena;
    const struct mr_token *tokens;
    size_t ntokens, pos;
    unsigned depth;
    size_t work; /* bytes copied, names compared */
    bool failed; /* not of this grammar, too deep, too long, or out of memory */
    const char *own_db;
};

/* A sequence: its text, and the expression if it is nothing but one. */
struct seq {
    const char *text;
    bool single;
    bool is_select; /* starts with SELECT, and has no ORDER BY or LIMIT of its own */
    struct expr expr;
};

/* `expr AS name` in the list of a SELECT. */
struct alias {
    const char *expr, *name;
};

static struct expr parse_expr(struct parser *p, int min_power);
static struct seq parse_seq(struct parser *p, const char *before);

/* -- tokens ---------------------------------------------------------------------- */

static const struct mr_token *peek_at(const struct parser *p, size_t ahead)
{
    static const struct mr_token end = {.kind = MR_TOKEN_END, .ptr = ""};
    return p->pos + ahead < p->ntokens ? &p->tokens[p->pos + ahead] : &end;
}

static const struct mr_token *peek(const struct parser *p)
{
    return peek_at(p, 0);
}

static bool at(const struct parser *p, const char *word)
{
    return mr_token_is(peek(p), word);
}

static bool accept(struct parser *p, const char *word)
{
    if (!at(p, word))
        return false;
    p->pos++;
    return true;
}

static bool at_clause_word(const struct parser *p)
{
    const struct mr_token *t = peek(p);
    if (t->kind != MR_TOKEN_WORD)
        return false;
    if (mr_word_is_clause(t->ptr, t->len))
        return true;
    return mr_word_is_clause_or_function(t->ptr, t->len) && !mr_token_is(peek_at(p, 1), "(");
}

/* -- building texts --------------------------------------------------------------- */

/* A chain of n operands is copied n times: what a server may send would fill the memory. */
static void spend(struct parser *p, size_t work)
{
    p->work += work;
    p->failed = p->failed || p->work > MR_NORM_WORK;
}

/* Joins up to eight texts, NULL ones left out. */
#define JOIN_MAX 8
/* Texts are put together again on every level: spend() bounds their sum, or a nested expression
 * would take its length squared. */
static const char *join(struct parser *p, const char *const parts[JOIN_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < JOIN_MAX; i++)
        len += parts[i] != NULL ? strlen(parts[i]) : 0;
    spend(p, len);
    char *text = p->failed ? NULL : mr_arena_alloc(&p->arena, len + 1);
    if (text == NULL) {
        p->failed = true;
        return "";
    }
    size_t pos = 0;
    for (size_t i = 0; i < JOIN_MAX; i++) {
        size_t part = parts[i] != NULL ? strlen(parts[i]) : 0;
        if (part > 0)
            memcpy(text + pos, parts[i], part);
        pos += part;
    }
    text[len] = '\0';
    return text;
}
#define JOIN(p, ...) join(p, (const char *const[JOIN_MAX]){__VA_ARGS__})

static const char *keep(struct parser *p, struct mr_strbuf *text)
{
    const char *kept = mr_arena_dup(&p->arena, text->ptr, text->len);
    if (kept == NULL || text->failed)
        p->failed = true;
    mr_strbuf_release(text);
    return kept != NULL ? kept : "";
}

static const char *lower(struct parser *p, const struct mr_token *t)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_lower(&text, t->ptr, t->len);
    return keep(p, &text);
}

static struct expr atom(const char *text)
{
    return (struct expr){.text = text, .tag = TAG_ATOM};
}

static struct expr compound(const char *text)
{
    return (struct expr){.text = text, .tag = TAG_COMPOUND};
}

static const char *wrap(struct parser *p, struct expr e)
{
    return e.tag == TAG_ATOM ? e.text : JOIN(p, "(", e.text, ")");
}

/* What e says where only its truth is asked for. */
static struct expr as_truth(struct expr e)
{
    if (e.truth == NULL)
        return e;
    return (struct expr){.text = e.truth, .tag = e.truth_tag};
}

static struct expr fail(struct parser *p)
{
    p->failed = true;
    return atom("");
}

/* -- primaries -------------------------------------------------------------------- */

/* A name without the backticks that it does not need. */
static const char *name_text(struct parser *p, const struct mr_token *t)
{
    if (t->kind != MR_TOKEN_IDENT)
        return lower(p, t);
    struct mr_strbuf name = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_token_unquote(&name, t);
    if (mr_word_is_plain(name.ptr, name.len))
        mr_strbuf_add(&text, name.ptr, name.len);
    else
        mr_strbuf_add(&text, t->ptr, t->len);
    p->failed |= name.failed;
    mr_strbuf_release(&name);
    return keep(p, &text);
}

static bool is_own_db(const struct parser *p, const struct mr_token *t)
{
    if (p->own_db == NULL)
        return false;
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_token_unquote(&name, t);
    bool own = strcmp(name.ptr, p->own_db) == 0;
    mr_strbuf_release(&name);
    return own;
}

/* a, a.b, a.b.c, a.* */
static const char *parse_chain(struct parser *p)
{
    const char *text = NULL;
    if (mr_token_is(peek_at(p, 1), ".") && is_own_db(p, peek(p)))
        p->pos += 2;
    for (;;) {
        const struct mr_token *t = peek(p);
        bool star = text != NULL && mr_token_is(t, "*");
        if (t->kind != MR_TOKEN_WORD && t->kind != MR_TOKEN_IDENT && !star)
            return fail(p).text;
        const char *part = star ? "*" : name_text(p, t);
        text = text == NULL ? part : JOIN(p, text, ".", part);
        p->pos++;
        if (!accept(p, "."))
            return text;
    }
}

static struct expr parse_string(struct parser *p)
{
    struct mr_strbuf raw = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_token_unquote(&raw, peek(p));
    mr_sqlscan_quote(&text, raw.ptr, raw.len);
    p->failed |= raw.failed;
    mr_strbuf_release(&raw);
    p->pos++;
    return atom(keep(p, &text));
}

/* MariaDB prints the subquery of EXISTS with the LIMIT 1 that its optimiser adds. */
static const char *without_limit_one(struct parser *p, const char *text)
{
    static const char tail[] = " limit 1";
    size_t len = strlen(text), tail_len = sizeof tail - 1;
    if (len < tail_len || strcmp(text + len - tail_len, tail) != 0)
        return text;
    char *cut = mr_arena_dup(&p->arena, text, len - tail_len);
    if (cut == NULL)
        p->failed = true;
    return cut != NULL ? cut : "";
}

/* x'4142' is 0x4142. */
static struct expr parse_literal(struct parser *p)
{
    const struct mr_token *t = peek(p);
    p->pos++;
    if ((*t->ptr != 'x' && *t->ptr != 'X') || t->len < 3)
        return atom(lower(p, t));
    struct mr_token digits = {.kind = MR_TOKEN_WORD, .ptr = t->ptr + 2, .len = t->len - 3};
    return atom(JOIN(p, "0x", lower(p, &digits)));
}

/* Behind the name and "(". */
static struct expr parse_call(struct parser *p, const char *name)
{
    struct seq args = parse_seq(p, name);
    if (!accept(p, ")"))
        return fail(p);
    name = mr_word_alias(name);
    if (*args.text == '\0' && mr_word_is_niladic(name))
        return atom(name);
    if (strcmp(name, "exists") == 0)
        args.text = without_limit_one(p, args.text);
    return atom(JOIN(p, name, "(", args.text, ")"));
}

static struct expr parse_introduced(struct parser *p)
{
    const struct mr_token *introducer = peek(p);
    p->pos++;
    struct expr literal = parse_expr(p, 100);
    return mr_word_is_telling(introducer->ptr, introducer->len)
               ? atom(JOIN(p, lower(p, introducer), " ", literal.text))
               : literal;
}

/* Two servers spell one function differently (now, current_timestamp): names get one spelling, but
 * for those that are quoted, which are columns. */
static struct expr parse_name(struct parser *p)
{
    bool word = peek(p)->kind == MR_TOKEN_WORD;
    if (word && *peek(p)->ptr == '_' &&
        (peek_at(p, 1)->kind == MR_TOKEN_STRING || peek_at(p, 1)->kind == MR_TOKEN_LITERAL))
        return parse_introduced(p);
    if (at(p, "true") || at(p, "false"))
        return atom(mr_token_is(&p->tokens[p->pos++], "true") ? "1" : "0");
    const char *text = parse_chain(p);
    if (accept(p, "("))
        return parse_call(p, text);
    if (word) {
        const char *name = mr_word_alias(text);
        if (mr_word_is_niladic(name))
            text = name;
    }
    return atom(text);
}

static struct expr parse_group(struct parser *p)
{
    struct seq inner = parse_seq(p, NULL);
    if (!accept(p, ")"))
        return fail(p);
    if (inner.single)
        return inner.expr;
    return atom(JOIN(p, "(", inner.text, ")"));
}

static struct expr parse_case(struct parser *p)
{
    struct seq body = parse_seq(p, "case");
    if (!accept(p, "end"))
        return fail(p);
    return atom(JOIN(p, "case ", body.text, " end"));
}

static bool at_unit(const struct parser *p)
{
    const struct mr_token *t = peek(p);
    return t->kind == MR_TOKEN_WORD && mr_word_is_unit(t->ptr, t->len);
}

static struct expr parse_interval(struct parser *p)
{
    const char *amount = wrap(p, parse_expr(p, 1));
    if (!at_unit(p))
        return atom(JOIN(p, "interval ", amount));
    const char *unit = lower(p, &p->tokens[p->pos++]);
    return atom(JOIN(p, "interval ", amount, " ", unit));
}

static struct expr parse_not(struct parser *p, int power)
{
    struct expr operand = as_truth(parse_expr(p, power));
    return compound(JOIN(p, "not ", wrap(p, operand)));
}

static struct expr parse_sign(struct parser *p, const char *sign)
{
    struct expr operand = parse_expr(p, 13);
    return compound(JOIN(p, sign, wrap(p, operand)));
}

static struct expr parse_punct(struct parser *p)
{
    const struct mr_token *t = &p->tokens[p->pos++];
    if (mr_token_is(t, "("))
        return parse_group(p);
    if (mr_token_is(t, "!"))
        return parse_not(p, 14);
    if (mr_token_is(t, "-"))
        return parse_sign(p, "-");
    if (mr_token_is(t, "+"))
        return parse_expr(p, 13);
    if (mr_token_is(t, "~"))
        return parse_sign(p, "~");
    if (mr_token_is(t, "*") || mr_token_is(t, "?"))
        return atom(lower(p, t));
    return fail(p);
}

static struct expr parse_primary(struct parser *p)
{
    const struct mr_token *t = peek(p);
    switch (t->kind) {
    case MR_TOKEN_STRING: return parse_string(p);
    case MR_TOKEN_LITERAL: return parse_literal(p);
    case MR_TOKEN_NUMBER: p->pos++; return atom(lower(p, t));
    case MR_TOKEN_PUNCT: return parse_punct(p);
    case MR_TOKEN_WORD:
        if (accept(p, "not"))
            return parse_not(p, 4);
        if (accept(p, "case"))
            return parse_case(p);
        if (accept(p, "interval"))
            return parse_interval(p);
        return parse_name(p);
    case MR_TOKEN_IDENT: return parse_name(p);
    case MR_TOKEN_COMMENT:
    case MR_TOKEN_END: break;
    }
    return fail(p);
}

/* -- operators -------------------------------------------------------------------- */

/* Powers as in both manuals' table of precedence. */
static const struct binary {
    const char *token, *text;
    int power;
    enum tag tag;
    bool truth;     /* operands are asked for their truth */
    bool symmetric; /* operands may change places */
} binaries[] = {
    {"or", " or ", 1, TAG_OR, true, false},
    {"||", " or ", 1, TAG_OR, true, false},
    {"xor", " xor ", 2, TAG_COMPOUND, true, false},
    {"and", " and ", 3, TAG_AND, true, false},
    {"&&", " and ", 3, TAG_AND, true, false},
    {"=", " = ", 6, TAG_COMPOUND, false, true},
    {"<=>", " <=> ", 6, TAG_COMPOUND, false, true},
    {"<>", " <> ", 6, TAG_COMPOUND, false, true},
    {"!=", " <> ", 6, TAG_COMPOUND, false, true},
    {">=", " >= ", 6, TAG_COMPOUND, false, false},
    {">", " > ", 6, TAG_COMPOUND, false, false},
    {"<=", " <= ", 6, TAG_COMPOUND, false, false},
    {"<", " < ", 6, TAG_COMPOUND, false, false},
    {"|", " | ", 7, TAG_COMPOUND, false, false},
    {"&", " & ", 8, TAG_COMPOUND, false, false},
    {"<<", " << ", 9, TAG_COMPOUND, false, false},
    {">>", " >> ", 9, TAG_COMPOUND, false, false},
    {"-", " - ", 10, TAG_COMPOUND, false, false},
    {"+", " + ", 10, TAG_COMPOUND, false, false},
    {"*", " * ", 11, TAG_COMPOUND, false, false},
    {"/", " / ", 11, TAG_COMPOUND, false, false},
    {"div", " div ", 11, TAG_COMPOUND, false, false},
    {"%", " % ", 11, TAG_COMPOUND, false, false},
    {"mod", " % ", 11, TAG_COMPOUND, false, false},
    {"^", " ^ ", 12, TAG_COMPOUND, false, false},
    {"collate", " collate ", 15, TAG_COMPOUND, false, false},
    {"->", " -> ", 16, TAG_COMPOUND, false, false},
    {"->>", " ->> ", 16, TAG_COMPOUND, false, false},
};
#define POWER_COMPARISON 6

static const struct binary *at_binary(const struct parser *p)
{
    for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++)
        if (at(p, binaries[i].token))
            return &binaries[i];
    return NULL;
}

static const char *operand_text(struct parser *p, const struct binary *op, struct expr e)
{
    if (op->truth)
        e = as_truth(e);
    if (e.tag == op->tag && (e.tag == TAG_AND || e.tag == TAG_OR))
        return e.text;
    return wrap(p, e);
}

/* Operands of what may be turned round are put into one order, and x <> 0 is remembered to be the
 * truth of x: servers write conditions in either form. */
static struct expr make_binary(struct parser *p, const struct binary *op, struct expr left,
                               struct expr right)
{
    const char *a = operand_text(p, op, left), *b = operand_text(p, op, right);
    struct expr e = {.tag = op->tag};
    if (strcmp(op->text, " <> ") == 0) {
        const struct expr *of = strcmp(b, "0") == 0 ? &left : strcmp(a, "0") == 0 ? &right : NULL;
        if (of != NULL) {
            e.truth = of->text;
            e.truth_tag = of->tag;
        }
    }
    bool swap = op->symmetric && strcmp(a, b) > 0;
    e.text = swap ? JOIN(p, b, op->text, a) : JOIN(p, a, op->text, b);
    return e;
}

static struct expr negate(struct parser *p, struct expr e)
{
    return compound(JOIN(p, "not ", wrap(p, e)));
}

static struct expr parse_is(struct parser *p, struct expr left)
{
    bool negated = accept(p, "not");
    const char *what = lower(p, peek(p));
    p->pos += p->pos < p->ntokens;
    if (strcmp(what, "false") == 0 && left.in_subquery && !negated)
        return negate(p, left); /* so prints MySQL a NOT IN */
    if (strcmp(what, "null") != 0)
        left = as_truth(left);
    struct expr e = compound(JOIN(p, wrap(p, left), " is ", what));
    return negated ? negate(p, e) : e;
}

static struct expr parse_like(struct parser *p, struct expr left)
{
    const char *pattern = wrap(p, parse_expr(p, POWER_COMPARISON + 1));
    const char *text = JOIN(p, wrap(p, left), " like ", pattern);
    if (accept(p, "escape"))
        text = JOIN(p, text, " escape ", wrap(p, parse_expr(p, POWER_COMPARISON + 1)));
    return compound(text);
}

static struct expr parse_between(struct parser *p, struct expr left)
{
    const char *low = wrap(p, parse_expr(p, POWER_COMPARISON + 1));
    if (!accept(p, "and"))
        return fail(p);
    const char *high = wrap(p, parse_expr(p, POWER_COMPARISON + 1));
    return compound(JOIN(p, wrap(p, left), " between ", low, " and ", high));
}

static struct expr parse_in(struct parser *p, struct expr left)
{
    if (!accept(p, "("))
        return fail(p);
    struct seq list = parse_seq(p, NULL);
    if (!accept(p, ")"))
        return fail(p);
    struct expr e = compound(JOIN(p, wrap(p, left), " in (", list.text, ")"));
    e.in_subquery = strncmp(list.text, "select ", 7) == 0;
    return e;
}

/* [NOT] LIKE, IN, BETWEEN, REGEXP, and IS: behind their left operand.  False: none. */
static bool parse_predicate(struct parser *p, struct expr *left)
{
    if (accept(p, "is")) {
        *left = parse_is(p, *left);
        return true;
    }
    size_t start = p->pos;
    bool negated = accept(p, "not");
    struct expr e;
    if (accept(p, "like")) {
        e = parse_like(p, *left);
    } else if (accept(p, "between")) {
        e = parse_between(p, *left);
    } else if (accept(p, "in")) {
        e = parse_in(p, *left);
    } else if (accept(p, "regexp") || accept(p, "rlike")) {
        const char *pattern = parse_expr(p, POWER_COMPARISON + 1).text;
        e = atom(JOIN(p, "regexp_like(", left->text, ", ", pattern, ")"));
    } else {
        p->pos = start;
        return false;
    }
    *left = negated ? negate(p, e) : e;
    return true;
}

/* By precedence: each operator takes to its right what binds tighter than it does itself. */
static struct expr parse_operators(struct parser *p, int min_power)
{
    struct expr left = parse_primary(p);
    while (!p->failed) {
        const struct binary *op = at_binary(p);
        if (op != NULL && op->power >= min_power) {
            p->pos++;
            left = make_binary(p, op, left, parse_expr(p, op->power + 1));
        } else if (op != NULL || min_power > POWER_COMPARISON || !parse_predicate(p, &left)) {
            break;
        }
    }
    return left;
}

static struct expr parse_expr(struct parser *p, int min_power)
{
    if (++p->depth > MR_NORM_DEPTH)
        p->failed = true;
    struct expr e = p->failed ? atom("") : parse_operators(p, min_power);
    p->depth--;
    return e;
}

/* -- sequences -------------------------------------------------------------------- */

static bool asks_truth(const char *word)
{
    static const char *const words[] = {"where", "on", "having", "when", "if"};
    for (size_t i = 0; word != NULL && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/*
 * A parenthesised join behind FROM, or leftmost in such a join: joins associate to the
 * left, so it needs no parentheses (servers add them after a restore).  A subquery
 * keeps its own.
 */
static const char *parse_leftmost(struct parser *p, const char *before)
{
    p->pos++;
    if (++p->depth > MR_NORM_DEPTH)
        p->failed = true;
    struct seq inner = parse_seq(p, before);
    p->depth--;
    if (!accept(p, ")"))
        return fail(p).text;
    bool plain =
        before != NULL ? strncmp(inner.text, "select ", 7) != 0 : inner.is_select && at(p, "union");
    return plain ? inner.text : JOIN(p, "(", inner.text, ")");
}

/* State of a sequence while it is read. */
struct seq_state {
    struct mr_strbuf text;
    struct mr_vec aliases; /* struct alias */
    const char *before;    /* the word in front of the next item, or NULL */
    const char *last;      /* the item in front */
    size_t items, exprs;
    bool by_alias; /* behind ORDER or GROUP */
    bool by_value; /* CASE x WHEN y: y is a value, not a truth */
    bool tail;     /* saw ORDER or LIMIT */
};

static const char *take_word(struct parser *p, struct seq_state *s)
{
    const char *word = lower(p, &p->tokens[p->pos++]);
    bool order = strcmp(word, "order") == 0;
    s->by_alias |= order || strcmp(word, "group") == 0;
    s->tail |= order || strcmp(word, "limit") == 0;
    s->before = word;
    if (strcmp(word, "select") == 0) {
        s->by_alias = false;
        mr_vec_clear(&s->aliases);
    }
    return word;
}

/* MariaDB prints the expression where ORDER BY names its alias. */
static const char *by_alias(struct parser *p, const struct seq_state *s, const char *text)
{
    const struct alias *aliases = s->aliases.items;
    if (s->by_alias)
        spend(p, s->aliases.count);
    for (size_t i = 0; s->by_alias && i < s->aliases.count; i++)
        if (strcmp(aliases[i].expr, text) == 0)
            return aliases[i].name;
    return text;
}

static const char *take_expr(struct parser *p, struct seq_state *s, struct expr *expr)
{
    *expr = parse_expr(p, 1);
    if (s->before != NULL && strcmp(s->before, "case") == 0)
        s->by_value = true;
    if (asks_truth(s->before) && !(s->by_value && strcmp(s->before, "when") == 0))
        *expr = as_truth(*expr);
    if (s->before != NULL && strcmp(s->before, "as") == 0 && s->last != NULL) {
        struct alias *alias = mr_vec_push(&s->aliases);
        if (alias == NULL)
            p->failed = true;
        else
            *alias = (struct alias){s->last, expr->text};
    }
    s->exprs++;
    s->before = NULL;
    s->last = by_alias(p, s, expr->text);
    return s->last;
}

static bool at_leftmost(const struct parser *p, const struct seq_state *s)
{
    if (!at(p, "("))
        return false;
    if (s->before != NULL)
        return strcmp(s->before, "from") == 0;
    return s->items == 0 && mr_token_is(peek_at(p, 1), "select");
}

/* Items up to the closing parenthesis, END of a CASE, or the end.  `before` is the word
 * in front: a function's name, "case", "from" or NULL. */
static struct seq parse_seq(struct parser *p, const char *before)
{
    struct seq_state s = {
        .text = MR_STRBUF_INIT, .aliases = MR_VEC_INIT(struct alias), .before = before};
    struct seq seq = {.single = false};
    bool in_case = before != NULL && strcmp(before, "case") == 0;
    while (!p->failed && peek(p)->kind != MR_TOKEN_END && !at(p, ")") &&
           !(in_case && at(p, "end"))) {
        const char *item;
        if (at_clause_word(p) || at(p, ",") || at(p, ":=") || at(p, ".")) {
            item = take_word(p, &s);
        } else if (at_leftmost(p, &s)) {
            item = parse_leftmost(p, s.before);
            s.before = NULL;
        } else {
            item = take_expr(p, &s, &seq.expr);
        }
        if (s.items++ > 0 && *item != ',')
            mr_strbuf_add_char(&s.text, ' ');
        mr_strbuf_add_str(&s.text, item);
    }
    seq.single = s.items == 1 && s.exprs == 1;
    seq.text = keep(p, &s.text);
    seq.is_select = strncmp(seq.text, "select ", 7) == 0 && !s.tail;
    mr_vec_release(&s.aliases);
    return seq;
}

/* -- the way in ------------------------------------------------------------------- */

/* MySQL's catalogue shows expressions with \' for ' and \\ for \: a backslash outside a
 * literal, which SQL does not know. */
static bool is_escaped(const char *text, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    mr_sqlscan_init(&scan, text, len);
    while (mr_sqlscan_next(&scan, &token))
        if (mr_token_is(&token, "\\"))
            return true;
    return false;
}

void mr_norm_unescape(struct mr_strbuf *out, const char *text)
{
    bool escaped = is_escaped(text, strlen(text));
    for (; *text != '\0'; text++) {
        if (escaped && *text == '\\' && text[1] != '\0' && strchr("'\"\\", text[1]) != NULL)
            text++;
        mr_strbuf_add_char(out, *text);
    }
}

static void add_tokens(struct mr_strbuf *out, const struct mr_token *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            mr_strbuf_add_char(out, ' ');
        if (tokens[i].kind == MR_TOKEN_WORD)
            mr_strbuf_add_lower(out, tokens[i].ptr, tokens[i].len);
        else
            mr_strbuf_add(out, tokens[i].ptr, tokens[i].len);
    }
}

static void norm_tokens(struct mr_strbuf *out, const struct mr_vec *tokens, const char *own_db)
{
    struct parser p = {.tokens = tokens->items, .ntokens = tokens->count, .own_db = own_db};
    struct seq seq = parse_seq(&p, NULL);
    if (p.failed || p.pos < p.ntokens)
        add_tokens(out, p.tokens, p.ntokens);
    else
        mr_strbuf_add_str(out, seq.text);
    mr_arena_release(&p.arena);
}

void mr_norm_expr(struct mr_strbuf *out, const char *text, const char *own_db)
{
    struct mr_strbuf plain = MR_STRBUF_INIT;
    struct mr_vec tokens = MR_VEC_INIT(struct mr_token);
    if (is_escaped(text, strlen(text))) {
        mr_norm_unescape(&plain, text);
        text = plain.ptr;
    }
    struct mr_sqlscan scan;
    struct mr_token token;
    mr_sqlscan_init(&scan, text, strlen(text));
    while (mr_sqlscan_next_code(&scan, &token)) {
        struct mr_token *slot = mr_vec_push(&tokens);
        if (slot == NULL) {
            out->failed = true;
            break;
        }
        *slot = token;
    }
    if (plain.failed)
        out->failed = true;
    if (!out->failed)
        norm_tokens(out, &tokens, own_db);
    mr_vec_release(&tokens);
    mr_strbuf_release(&plain);
}
