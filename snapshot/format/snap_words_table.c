/*
 * snap_words_table.c: the whole of CREATE TABLE, and of ALTER TABLE … ADD; see snap_words.h.
 *
 * SHOW CREATE TABLE of both families, from MySQL 5.5 and MariaDB 5.5 on: a list of
 * definitions, options out of a known list, partitions.  Expressions are not judged; but
 * nowhere are rows read or another database named, save the parents of foreign keys and
 * the sequences of defaults.
 */
#include <string.h>

#include "core/schema/engine.h"
#include "snapshot/format/snap_words.h"

#define next mr_snap_words_next
#define take mr_snap_words_take
#define is_one_of mr_snap_words_is_one_of

static const char outside[] = "it keeps its rows elsewhere, and whoever restores it would "
                              "write there";

static bool refuse(struct mr_snap_words *w, const char *why)
{
    w->why = why;
    return false;
}

/* `db`.`t` behind REFERENCES, nextval(`db`.`s`). */
static bool may_name_others(const struct mr_snap_words *w)
{
    const struct mr_token *verb = &w->before[1];
    if (mr_token_is(verb, "REFERENCES"))
        return true;
    return mr_token_is(verb, "(") &&
           (mr_token_is(&w->before[2], "nextval") || mr_token_is(&w->before[2], "lastval"));
}

/* At a full stop.  Who may be of another database is of `Live` beside `live`, too. */
static bool is_own_name(struct mr_snap_words *w)
{
    const bool may_be_own =
        !may_name_others(w) || mr_snap_words_is_spelled(&w->before[0], w->place->db);
    if (may_be_own && mr_snap_words_drop_db(w))
        return true;
    if (!mr_snap_words_is_name(&w->before[0]) ||
        (!may_name_others(w) && !mr_snap_words_is_named(&w->before[0], w->place->name)))
        return refuse(w, "it names another database");
    next(w);
    return mr_snap_words_is_name(&w->token);
}

/* Steps over one token within a list. */
static bool step(struct mr_snap_words *w)
{
    static const char *const reading[] = {";",     "SELECT",     "TABLE",   "INTO",
                                          "UNION", "CONNECTION", "OUTFILE", NULL};
    if (mr_token_is(&w->token, "."))
        return is_own_name(w);
    if (w->broken || mr_snap_words_is_end(w) || is_one_of(w, reading) ||
        (w->token.kind == MR_TOKEN_WORD && strchr("$.", *w->token.ptr) != NULL))
        return false;
    next(w);
    return true;
}

/* ---- definitions ---- */

/* A comment that servers run among them adds a word or two to a column or a key. */
static bool skip_addition(struct mr_snap_words *w)
{
    for (next(w); !mr_snap_words_is_close(w); next(w))
        if (w->token.kind == MR_TOKEN_END ||
            (w->token.kind == MR_TOKEN_PUNCT && !mr_token_is(&w->token, "=")))
            return false;
    next(w);
    return true;
}

/* Up to the comma or the parenthesis behind it. */
static bool skip_definition(struct mr_snap_words *w)
{
    static const char *const keys[] = {"PRIMARY", "UNIQUE",     "KEY",   "INDEX",  "FULLTEXT",
                                       "SPATIAL", "CONSTRAINT", "CHECK", "PERIOD", "FOREIGN",
                                       "VECTOR",  "CLUSTERING", NULL};
    size_t depth = 0;
    if (w->token.kind != MR_TOKEN_IDENT && !is_one_of(w, keys))
        return false;
    for (;;) {
        if (depth == 0 && (mr_token_is(&w->token, ",") || mr_token_is(&w->token, ")")))
            return true;
        depth += mr_token_is(&w->token, "(");
        depth -= mr_token_is(&w->token, ")");
        if (mr_snap_words_is_open(w) ? !skip_addition(w) : !step(w))
            return false;
    }
}

static bool take_definitions(struct mr_snap_words *w)
{
    if (!take(w, "("))
        return false;
    do {
        if (!skip_definition(w))
            return false;
    } while (take(w, ","));
    return take(w, ")");
}

/* ---- options ---- */

static bool take_scalar(struct mr_snap_words *w)
{
    if (w->token.kind == MR_TOKEN_END || w->token.kind == MR_TOKEN_PUNCT ||
        (w->token.kind == MR_TOKEN_WORD && !mr_snap_words_is_name(&w->token)))
        return false;
    next(w);
    return true;
}

static bool take_engine(struct mr_snap_words *w)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_token_unquote(&name, &w->token);
    bool is_elsewhere = name.len > 0 && mr_engine_is_elsewhere(name.ptr);
    w->out->failed |= name.failed;
    mr_strbuf_release(&name);
    return w->out->failed ? false : is_elsewhere ? refuse(w, outside) : take_scalar(w);
}

/* (`a`,`b`), of its own database: of a MERGE table. */
static bool take_union(struct mr_snap_words *w)
{
    if (!take(w, "("))
        return false;
    while (!mr_token_is(&w->token, ")")) {
        if (!mr_snap_words_take_name(w, NULL))
            return mr_token_is(&w->token, ".") ? refuse(w, "its rows are those of another database")
                                               : false;
        if (!take(w, ",") && !mr_token_is(&w->token, ")"))
            return false;
    }
    return take(w, ")");
}

static bool take_known_option(struct mr_snap_words *w)
{
    static const char *const keys[] = {"AUTO_INCREMENT",
                                       "AUTOEXTEND_SIZE",
                                       "AVG_ROW_LENGTH",
                                       "CHECKSUM",
                                       "COMMENT",
                                       "COMPRESSION",
                                       "DELAY_KEY_WRITE",
                                       "ENCRYPTED",
                                       "ENCRYPTION",
                                       "ENCRYPTION_KEY_ID",
                                       "ENGINE_ATTRIBUTE",
                                       "IETF_QUOTES",
                                       "INSERT_METHOD",
                                       "KEY_BLOCK_SIZE",
                                       "MAX_ROWS",
                                       "MIN_ROWS",
                                       "PACK_KEYS",
                                       "PAGE_CHECKSUM",
                                       "PAGE_COMPRESSED",
                                       "PAGE_COMPRESSION_LEVEL",
                                       "ROW_FORMAT",
                                       "SECONDARY_ENGINE",
                                       "SECONDARY_ENGINE_ATTRIBUTE",
                                       "SEQUENCE",
                                       "STATS_AUTO_RECALC",
                                       "STATS_PERSISTENT",
                                       "STATS_SAMPLE_PAGES",
                                       "TABLE_CHECKSUM",
                                       "TRANSACTIONAL",
                                       NULL};
    if (!is_one_of(w, keys) && w->token.kind != MR_TOKEN_IDENT) /* an engine's own */
        return false;
    next(w);
    return take(w, "=") && take_scalar(w);
}

static bool take_charset(struct mr_snap_words *w)
{
    (void)take(w, "DEFAULT");
    if (!take(w, "CHARSET") && !take(w, "COLLATE") && !take(w, "CHARACTER SET"))
        return false;
    return take(w, "=") && take_scalar(w);
}

static bool take_option(struct mr_snap_words *w)
{
    static const char *const charsets[] = {"DEFAULT", "CHARSET", "COLLATE", "CHARACTER", NULL};
    if (take(w, "ENGINE"))
        return take(w, "=") && take_engine(w);
    if (take(w, "UNION"))
        return take(w, "=") && take_union(w);
    if (take(w, "WITH"))
        return take(w, "SYSTEM VERSIONING");
    if (take(w, "TABLESPACE") || take(w, "STORAGE")) {
        (void)take(w, "=");
        return take_scalar(w);
    }
    if (mr_token_is(&w->token, "CONNECTION"))
        return refuse(w, outside);
    if (take(w, "DATA") || take(w, "INDEX")) /* the session ignores it */
        return take(w, "DIRECTORY") && take(w, "=") && take_scalar(w);
    return is_one_of(w, charsets) ? take_charset(w) : take_known_option(w);
}

/* ---- partitions ---- */

static bool is_word_of_partitions(const struct mr_snap_words *w)
{
    static const char *const words[] = {
        "BY",          "LINEAR",        "HASH",       "KEY",           "ALGORITHM",   "RANGE",
        "LIST",        "COLUMNS",       "PARTITIONS", "SUBPARTITIONS", "INTERVAL",    "LIMIT",
        "SYSTEM_TIME", "STARTS",        "AUTO",       "TIMESTAMP",     "SECOND",      "MINUTE",
        "HOUR",        "DAY",           "WEEK",       "MONTH",         "QUARTER",     "YEAR",
        "YEAR_MONTH",  "DAY_HOUR",      "DAY_MINUTE", "DAY_SECOND",    "HOUR_MINUTE", "HOUR_SECOND",
        "=",           "MINUTE_SECOND", "PARTITION",  "SUBPARTITION",  "(",           ")",
        NULL};
    return w->token.kind == MR_TOKEN_NUMBER || w->token.kind == MR_TOKEN_STRING ||
           is_one_of(w, words);
}

/* One token, and with ENGINE = the engine. */
static bool step_in_partitions(struct mr_snap_words *w, size_t depth)
{
    bool is_name =
        (mr_token_is(&w->before[0], "PARTITION") || mr_token_is(&w->before[0], "SUBPARTITION")) &&
        mr_snap_words_is_name(&w->token);
    if (depth == 0)
        return is_word_of_partitions(w) && step(w);
    if (is_name) {
        next(w);
        return true;
    }
    if (!take(w, "ENGINE"))
        return step(w);
    (void)take(w, "=");
    return take_engine(w);
}

/* They are the last of a table; an old one's algorithm has a comment of its own, between two
 * others. */
static bool are_partitions(struct mr_snap_words *w)
{
    size_t depth = 0;
    while (!mr_snap_words_is_end(w)) {
        bool is_edge = mr_snap_words_is_open(w) || mr_snap_words_is_close(w);
        if ((is_edge || mr_token_is(&w->token, ")")) && is_edge != (depth == 0))
            return false;
        depth += mr_token_is(&w->token, "(");
        depth -= mr_token_is(&w->token, ")");
        if (is_edge)
            next(w);
        else if (!step_in_partitions(w, depth))
            return false;
    }
    return depth == 0;
}

bool mr_snap_words_are_options(struct mr_snap_words *w)
{
    while (!mr_snap_words_is_end(w)) {
        if (mr_token_is(&w->token, "PARTITION"))
            return are_partitions(w);
        if (mr_snap_words_is_open(w) || mr_snap_words_is_close(w))
            next(w);
        else if (!take_option(w))
            return false;
    }
    return true;
}

bool mr_snap_words_are_table(struct mr_snap_words *w)
{
    return take_definitions(w) && mr_snap_words_are_options(w);
}

/* ---- foreign keys ---- */

static bool take_columns(struct mr_snap_words *w)
{
    if (!take(w, "("))
        return false;
    do {
        if (w->token.kind != MR_TOKEN_IDENT)
            return false;
        next(w);
    } while (take(w, ","));
    return take(w, ")");
}

/* ON DELETE CASCADE */
static bool take_action(struct mr_snap_words *w)
{
    if (!take(w, "DELETE") && !take(w, "UPDATE"))
        return false;
    if (take(w, "SET"))
        return take(w, "NULL") || take(w, "DEFAULT");
    return take(w, "CASCADE") || take(w, "RESTRICT") || take(w, "NO ACTION");
}

static bool take_key(struct mr_snap_words *w)
{
    if (!take(w, "ADD CONSTRAINT") || w->token.kind != MR_TOKEN_IDENT)
        return false;
    next(w);
    if (!take(w, "FOREIGN KEY") || !take_columns(w) || !take(w, "REFERENCES") ||
        w->token.kind != MR_TOKEN_IDENT)
        return false;
    next(w);
    if (mr_token_is(&w->token, ".")) {
        if (!is_own_name(w))
            return false;
        next(w);
    }
    if (!take_columns(w))
        return false;
    while (take(w, "ON"))
        if (!take_action(w))
            return false;
    return true;
}

bool mr_snap_words_are_keys(struct mr_snap_words *w)
{
    do {
        if (!take_key(w))
            return false;
    } while (take(w, ","));
    return mr_snap_words_is_end(w);
}
