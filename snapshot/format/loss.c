/* loss.c: see loss.h. */
#include "snapshot/format/loss.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "core/base/vec.h"
#include "core/db/sqlscan.h"

#define NEVER UINT_MAX
#define NAMES_MAX 128 /* of collations, engines and parsers: 64 characters at most */

static const struct {
    const char *word, *means;
} kinds[] = {
    {NULL, NULL},
#define MR_LOSS_KIND(symbol, word, means) {word, means},
#include "snapshot/format/loss_kind.def"
#undef MR_LOSS_KIND
};
_Static_assert(MR_LOSS_KINDS <= 64, "those of a part are bits of a number");

const char *mr_loss_word(enum mr_loss_kind kind)
{
    return kinds[kind].word;
}

const char *mr_loss_means(enum mr_loss_kind kind)
{
    return kinds[kind].means;
}

enum mr_loss_kind mr_loss_named(const char *word)
{
    for (unsigned k = MR_LOSS_NONE + 1; k < MR_LOSS_KINDS; k++)
        if (strcmp(kinds[k].word, word) == 0)
            return (enum mr_loss_kind)k;
    return MR_LOSS_NONE;
}

enum part { HEAD, UNKNOWN, COLUMN, INDEX, CHECK, FOREIGN, PERIOD, OPTION, PARTITION };

enum extent { NOTHING, WORDS, VALUE, DEFINITION, DEFAULT, ASIDE };

static const struct rule {
    enum mr_loss_kind kind;
    enum part part;
    const char *word, *second;
    unsigned mariadb, mysql;
    enum extent extent;
} rules[] = {
#define MR_LOSS_RULE(kind, part, word, second, mariadb, mysql, extent)                             \
    {MR_LOSS_##kind, part, word, second, mariadb, mysql, extent},
#include "snapshot/format/loss_rule.def"
#undef MR_LOSS_RULE
};

/* Types that one family has, or a newer version. */
static const struct {
    const char *word;
    unsigned mariadb, mysql;
} types[] = {
    {"json", 100207, 50708},    {"uuid", 100700, NEVER},   {"inet4", 101000, NEVER},
    {"inet6", 100500, NEVER},   {"vector", 110701, 90000}, {"geomcollection", NEVER, 80000},
    {"xmltype", 120300, NEVER},
};

/* Columns of these have a default that is a literal on MariaDB alone. */
static const char *const long_types[] = {"tinytext",
                                         "text",
                                         "mediumtext",
                                         "longtext",
                                         "tinyblob",
                                         "blob",
                                         "mediumblob",
                                         "longblob",
                                         "json",
                                         "geometry",
                                         "point",
                                         "linestring",
                                         "polygon",
                                         "multipoint",
                                         "multilinestring",
                                         "multipolygon",
                                         "geometrycollection",
                                         NULL};

struct cut {
    const char *from, *to;
    const char *put; /* what stands there instead; NULL: nothing */
};

struct finder {
    const struct mr_loss_target *target;
    mr_loss_fn *found;
    void *ctx;
    struct mr_err *err;
    enum mr_code code;

    /* where it reads */
    struct mr_sqlscan scan, outer;     /* outer: around the comment that scan is in */
    struct mr_token comment;           /* that comment */
    bool inside, skipped, named_there; /* the target passes over it; a kind was seen in it */
    struct mr_token token, before[2];  /* the last one first */
    int depth;

    /* the definition at hand */
    enum part part;
    struct mr_token name;
    const char *comma;              /* in front of it; NULL: it is the first */
    size_t words;                   /* of it, at its own depth */
    uint64_t seen;                  /* kinds, as bits */
    bool is_long, computed, vector; /* of its type; GENERATED, VECTOR up to here */
    bool goes;                      /* it is cut */

    struct mr_vec cuts;     /* struct cut, in order */
    const char *cut_from;   /* of one that has no end yet, or NULL */
    enum extent cut_extent; /* of that: VALUE or DEFAULT */
};

static bool can(const struct finder *f, unsigned mariadb, unsigned mysql)
{
    const unsigned from = f->target->flavour == MR_FLAVOUR_MARIADB ? mariadb : mysql;
    return from != NEVER && f->target->version >= from;
}

/* ---- words ---- */

/* MariaDB passes over what is for MySQL 5.7 and later, since it has gone other ways from there. */
static bool is_run(const struct mr_loss_target *target, const struct mr_token *comment,
                   const char **text)
{
    const bool is_maria = target->flavour == MR_FLAVOUR_MARIADB, own = comment->ptr[2] == 'M';
    const char *at = comment->ptr + (own ? 4 : 3);
    unsigned version = 0;
    for (int i = 0; i < 6 && *at >= '0' && *at <= '9'; i++)
        version = version * 10 + (unsigned)(*at++ - '0');
    *text = at;
    if (own && !is_maria)
        return false;
    if (!own && is_maria && version >= 50700 && version <= 99999)
        return false;
    return version <= target->version;
}

static void enter(struct finder *f)
{
    const char *text = NULL;
    f->comment = f->token;
    f->skipped = !is_run(f->target, &f->token, &text);
    f->named_there = false;
    f->outer = f->scan;
    mr_sqlscan_init(&f->scan, text, (size_t)(f->token.ptr + f->token.len - 2 - text));
    f->inside = true;
}

static void report(struct finder *f, enum mr_loss_kind kind);

static void leave(struct finder *f)
{
    if (f->skipped && !f->named_there)
        report(f, MR_LOSS_OTHER);
    f->scan = f->outer;
    f->inside = f->skipped = false;
}

/* Comments that servers run are read as what they hold. */
static bool next(struct finder *f)
{
    f->before[1] = f->before[0];
    f->before[0] = f->token;
    for (;;) {
        bool any = mr_sqlscan_next_code(&f->scan, &f->token);
        if (!any && !f->inside)
            return false;
        if (!any)
            leave(f);
        else if (f->token.kind == MR_TOKEN_PUNCT && f->token.len > 4 && f->token.ptr[1] == '*' &&
                 !f->inside)
            enter(f);
        else
            return true;
    }
}

/* Of a quoted one: engines have options of their own. */
static bool is_word(const struct mr_token *token, const char *word)
{
    size_t len = strlen(word);
    return token->len == len + 2 && strncasecmp(token->ptr + 1, word, len) == 0;
}

static bool is_one_of(const struct mr_token *token, const char *const *words)
{
    for (; *words != NULL; words++)
        if (mr_token_is(token, *words))
            return true;
    return false;
}

/* ---- what is found ---- */

static const char *part_word(enum part part)
{
    switch (part) {
    case COLUMN: return "column";
    case INDEX: return "index";
    case CHECK:
    case FOREIGN: return "constraint";
    case PERIOD: return "period";
    case HEAD:
    case UNKNOWN:
    case OPTION:
    case PARTITION: break;
    }
    return "table";
}

static void report(struct finder *f, enum mr_loss_kind kind)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    f->named_there = true;
    if (f->code != MR_OK || (f->seen & (uint64_t)1 << kind) != 0)
        return;
    f->seen |= (uint64_t)1 << kind;
    if (f->name.len > 0)
        mr_token_unquote(&name, &f->name);
    f->code = mr_strbuf_check(&name, "reading a definition", f->err);
    if (f->code == MR_OK && f->found != NULL) {
        const struct mr_loss loss = {kind, part_word(f->part), name.ptr};
        f->code = f->found(f->ctx, &loss, f->err);
    }
    mr_strbuf_release(&name);
}

static void replace(struct finder *f, const char *from, const char *to, const char *put)
{
    struct cut *cut = f->code == MR_OK ? mr_vec_push(&f->cuts) : NULL;
    if (cut != NULL)
        *cut = (struct cut){from, to, put};
    else if (f->code == MR_OK)
        f->code = mr_err_nomem(f->err, "reading a definition");
}

static void add_cut(struct finder *f, const char *from, const char *to)
{
    replace(f, from, to, NULL);
}

/* A comment goes as a whole: with half of its words gone, nobody knows what is left. */
static void cut_words(struct finder *f, const struct mr_token *first)
{
    if (f->inside)
        add_cut(f, f->comment.ptr, f->comment.ptr + f->comment.len);
    else
        add_cut(f, first->ptr, f->token.ptr + f->token.len);
}

static void begin_cut(struct finder *f, const char *from, enum extent extent)
{
    f->cut_from = from;
    f->cut_extent = extent;
}

/* Words that the target passes over itself need no cut, but what would mean another thing
 * without them does. */
static void lose(struct finder *f, enum mr_loss_kind kind, enum extent extent,
                 const struct mr_token *first)
{
    report(f, kind);
    if (extent == DEFINITION)
        f->goes = true;
    else if (f->skipped || extent == NOTHING || extent == ASIDE)
        return;
    else if (extent == WORDS || f->inside)
        cut_words(f, first);
    else
        begin_cut(f, first->ptr, extent);
}

/* ---- rules by words ---- */

static bool matches(const struct finder *f, const struct rule *rule)
{
    if (rule->part != f->part || (f->part == OPTION && f->depth > 0))
        return false;
    if (rule->second == NULL && f->token.kind == MR_TOKEN_IDENT)
        return f->part == OPTION && !mr_token_is(&f->before[0], "=") &&
               !mr_token_is(&f->before[0], "TABLESPACE") && is_word(&f->token, rule->word);
    if (rule->second == NULL)
        return mr_token_is(&f->token, rule->word);
    return mr_token_is(&f->before[0], rule->word) && mr_token_is(&f->token, rule->second);
}

static void judge_rules(struct finder *f)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *rule = &rules[i];
        if (matches(f, rule) && (f->skipped || !can(f, rule->mariadb, rule->mysql)))
            lose(f, rule->kind, rule->extent, rule->second != NULL ? &f->before[0] : &f->token);
    }
}

/* ---- rules by names ---- */

static bool is_known(const struct finder *f, enum mr_loss_names what)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_token_unquote(&name, &f->token);
    bool known = name.failed || name.len > NAMES_MAX || f->target->has == NULL ||
                 f->target->has(f->target->ctx, what, name.ptr);
    mr_strbuf_release(&name);
    return known;
}

/* The token at hand is the name behind KEY, "=" between them or not. */
static bool is_behind(const struct finder *f, const char *key)
{
    return mr_token_is(&f->before[0], key) ||
           (mr_token_is(&f->before[0], "=") && mr_token_is(&f->before[1], key));
}

static void judge_names(struct finder *f)
{
    if (mr_token_is(&f->token, "="))
        return;
    bool charset = is_behind(f, "CHARSET") ||
                   (mr_token_is(&f->before[1], "CHARACTER") && mr_token_is(&f->before[0], "SET"));
    if (is_behind(f, "COLLATE") && !is_known(f, MR_LOSS_COLLATIONS))
        lose(f, MR_LOSS_COLLATION, WORDS, &f->before[mr_token_is(&f->before[0], "=")]);
    if (charset && !is_known(f, MR_LOSS_CHARSETS))
        lose(f, MR_LOSS_CHARSET, ASIDE, &f->token);
    if ((f->part == OPTION || f->part == PARTITION) && is_behind(f, "ENGINE") &&
        !is_known(f, MR_LOSS_ENGINES))
        lose(f, MR_LOSS_ENGINE, ASIDE, &f->token);
    if (f->part == INDEX && is_behind(f, "PARSER") && !is_known(f, MR_LOSS_PARSERS))
        lose(f, MR_LOSS_PARSER, WORDS, &f->before[1]);
}

/* ---- rules of their own ---- */

static void judge_type(struct finder *f)
{
    f->is_long = is_one_of(&f->token, long_types);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (mr_token_is(&f->token, types[i].word) && !can(f, types[i].mariadb, types[i].mysql))
            lose(f, MR_LOSS_TYPE, ASIDE, &f->token);
}

/* DEFAULT (uuid()), which MySQL wants in parentheses; DEFAULT uuid() and, of a text, DEFAULT 'x',
 * which are MariaDB's. */
static void judge_default(struct finder *f)
{
    static const char *const old[] = {"CURRENT_TIMESTAMP", "NOW",  "LOCALTIME",
                                      "LOCALTIMESTAMP",    "NULL", NULL};
    static const char *const sequences[] = {"nextval", "lastval", NULL};
    const bool in_front = mr_token_is(&f->before[0], "DEFAULT"),
               opens = mr_token_is(&f->token, "(");
    const bool calls = opens && mr_token_is(&f->before[1], "DEFAULT") &&
                       f->before[0].kind == MR_TOKEN_WORD && !is_one_of(&f->before[0], old);
    if (in_front && opens && !can(f, 100201, 80013))
        lose(f, MR_LOSS_DEFAULT, DEFAULT, &f->before[0]);
    else if (calls && !can(f, 100201, NEVER))
        lose(f, is_one_of(&f->before[0], sequences) ? MR_LOSS_SEQUENCE : MR_LOSS_DEFAULT, DEFAULT,
             &f->before[1]);
    else if (in_front && f->is_long && !opens && !mr_token_is(&f->token, "NULL") &&
             !can(f, 100201, NEVER))
        lose(f, MR_LOSS_DEFAULT, DEFAULT, &f->before[0]);
}

static void judge_column(struct finder *f)
{
    if (f->words == 1)
        judge_type(f);
    if (f->depth > 1)
        return;
    judge_default(f);
    f->computed |= mr_token_is(&f->token, "GENERATED");
    if (f->computed && mr_token_is(&f->before[0], "NOT") && mr_token_is(&f->token, "NULL") &&
        !can(f, NEVER, 50706))
        lose(f, MR_LOSS_GENERATED_NOT_NULL, WORDS, &f->before[0]);
}

/* ((lower(`a`))): a part of an index that is no column.  Behind the name, so that it is told. */
static void judge_index(struct finder *f)
{
    f->vector |= mr_token_is(&f->token, "VECTOR");
    if (f->vector && f->depth == 1 && mr_token_is(&f->token, "(") && !can(f, 110701, NEVER))
        lose(f, MR_LOSS_VECTOR_INDEX, DEFINITION, &f->token);
    if (f->depth == 2 && mr_token_is(&f->token, "(") &&
        (mr_token_is(&f->before[0], "(") || mr_token_is(&f->before[0], ",")) &&
        !can(f, NEVER, 80013))
        lose(f, MR_LOSS_FUNCTIONAL_INDEX, DEFINITION, &f->token);
}

static void judge_period(struct finder *f)
{
    if (mr_token_is(&f->before[0], "FOR") && !mr_token_is(&f->token, "SYSTEM_TIME") &&
        !can(f, 100403, NEVER))
        lose(f, MR_LOSS_PERIOD, DEFINITION, &f->token);
}

/* Is the end of what is cut the token at hand? */
static void end_cut(struct finder *f)
{
    const bool is_value = f->cut_extent == VALUE && mr_token_is(&f->before[0], "=");
    const bool is_default = f->cut_extent == DEFAULT && f->depth == 1 &&
                            (f->token.kind == MR_TOKEN_STRING || f->token.kind == MR_TOKEN_NUMBER ||
                             f->token.kind == MR_TOKEN_LITERAL || mr_token_is(&f->token, ")"));
    if (f->inside) /* a comment that servers run lies between: it is run as it stands */
        f->cut_from = NULL;
    if (f->cut_from == NULL || (!is_value && !is_default))
        return;
    add_cut(f, f->cut_from, f->token.ptr + f->token.len);
    f->cut_from = NULL;
}

/* The key that MySQL makes up (core/schema/made_key.h).  MariaDB takes an invisible AUTO_INCREMENT,
 * whatever else an invisible column has, and passes over MySQL's word for it: it gets its own. */
static bool keeps_made_key(struct finder *f)
{
    if (f->part != COLUMN || !f->skipped || !mr_token_is(&f->token, "INVISIBLE") ||
        !mr_token_is(&f->before[0], "AUTO_INCREMENT") || !is_word(&f->name, "my_row_id") ||
        !can(f, 100303, 80023))
        return false;
    f->named_there = true;
    replace(f, f->comment.ptr, f->comment.ptr + f->comment.len, "INVISIBLE");
    return true;
}

static void judge(struct finder *f)
{
    if (keeps_made_key(f))
        return;
    judge_rules(f);
    judge_names(f);
    if (f->part == COLUMN)
        judge_column(f);
    else if (f->part == INDEX)
        judge_index(f);
    else if (f->part == PERIOD)
        judge_period(f);
    end_cut(f);
}

/* ---- definitions ---- */

static void begin_definition(struct finder *f, const char *comma)
{
    f->part = UNKNOWN;
    f->name = (struct mr_token){0};
    f->comma = comma;
    f->words = 0;
    f->seen = 0;
    f->is_long = f->computed = f->vector = f->goes = false;
    f->cut_from = NULL;
}

/* Where the definition ends whose last word has been read. */
static const char *end_of(const struct finder *f)
{
    const char *word = f->before[0].ptr + f->before[0].len;
    if (f->comment.ptr == NULL || f->comment.ptr + f->comment.len < word)
        return word;
    return f->comment.ptr + f->comment.len;
}

/* The first one is always a column, so that what goes has a comma in front.  What was cut within it
 * is a part of the whole. */
static void end_definition(struct finder *f)
{
    if (!f->goes || f->comma == NULL)
        return;
    for (struct cut *last; f->cuts.count > 0; f->cuts.count--) {
        last = mr_vec_at(&f->cuts, f->cuts.count - 1);
        if (last->from < f->comma)
            break;
    }
    add_cut(f, f->comma, end_of(f));
}

static enum part part_of(const struct finder *f)
{
    static const char *const indexes[] = {"PRIMARY",  "UNIQUE",  "KEY",    "INDEX",
                                          "FULLTEXT", "SPATIAL", "VECTOR", NULL};
    if (f->words == 0 && f->token.kind == MR_TOKEN_IDENT)
        return COLUMN;
    if (is_one_of(&f->token, indexes))
        return INDEX;
    if (mr_token_is(&f->token, "CHECK"))
        return CHECK;
    if (mr_token_is(&f->token, "FOREIGN"))
        return FOREIGN;
    return mr_token_is(&f->token, "PERIOD") ? PERIOD : UNKNOWN;
}

/* CONSTRAINT `name` comes before it is known what it is. */
static void read_definition(struct finder *f)
{
    if (f->part == UNKNOWN)
        f->part = part_of(f);
    if (f->name.len == 0 && f->token.kind == MR_TOKEN_IDENT && f->depth == 1)
        f->name = f->token;
    judge(f);
    f->words += f->depth == 1;
}

static void read_list(struct finder *f)
{
    const bool ends = f->depth == 1 && mr_token_is(&f->token, ")");
    if (f->depth == 1 && (ends || mr_token_is(&f->token, ","))) {
        end_definition(f);
        begin_definition(f, f->token.ptr);
        f->part = ends ? OPTION : UNKNOWN;
        f->depth -= ends;
        return;
    }
    f->depth -= mr_token_is(&f->token, ")");
    read_definition(f);
    f->depth += mr_token_is(&f->token, "(");
}

static void read_options(struct finder *f)
{
    if (f->depth == 0 && mr_token_is(&f->token, "PARTITION"))
        f->part = PARTITION;
    judge(f);
    f->depth += mr_token_is(&f->token, "(") - mr_token_is(&f->token, ")");
}

static void read(struct finder *f)
{
    while (f->code == MR_OK && next(f)) {
        if (f->part == HEAD && mr_token_is(&f->token, "(")) {
            f->depth = 1;
            begin_definition(f, NULL);
        } else if (f->part == OPTION || f->part == PARTITION) {
            read_options(f);
        } else if (f->part != HEAD) {
            read_list(f);
        }
    }
}

/* What stood apart stays apart: two words do not become one, nor two texts. */
static bool would_join(const char *sql, const char *before, const char *behind, const char *end)
{
    return before > sql && behind < end && strchr(" \n(,", before[-1]) == NULL &&
           strchr(" \n),", *behind) == NULL;
}

static void add_rest(const struct finder *f, const char *sql, size_t len, struct mr_strbuf *out)
{
    const char *kept = sql; /* up to here it stands in out */
    for (size_t i = 0; i < f->cuts.count; i++) {
        const struct cut *cut = mr_vec_at(&f->cuts, i);
        if (cut->from < kept)
            continue;
        mr_strbuf_add(out, kept, (size_t)(cut->from - kept));
        if (cut->put != NULL)
            mr_strbuf_add_str(out, cut->put);
        else if (would_join(sql, cut->from, cut->to, sql + len))
            mr_strbuf_add_char(out, ' ');
        kept = cut->to;
    }
    mr_strbuf_add(out, kept, (size_t)(sql + len - kept));
}

enum mr_code mr_loss_find(const struct mr_loss_target *target, const char *sql, size_t len,
                          mr_loss_fn *found, void *ctx, struct mr_strbuf *without,
                          struct mr_err *err)
{
    struct finder f = {.target = target,
                       .found = found,
                       .ctx = ctx,
                       .err = err,
                       .part = HEAD,
                       .cuts = MR_VEC_INIT(struct cut)};
    mr_sqlscan_init(&f.scan, sql, len);
    read(&f);
    if (f.code == MR_OK && without != NULL) {
        add_rest(&f, sql, len, without);
        f.code = mr_strbuf_check(without, "reading a definition", err);
    }
    mr_vec_release(&f.cuts);
    return f.code;
}
