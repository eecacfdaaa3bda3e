/* surroundings.c: see surroundings.h. */
#include "repair/side/surroundings.h"

#include <string.h>

#include "core/base/vec.h"
#include "core/db/sqltext.h"
#include "core/schema/trigger_event.h"

/* Servers before these have no CHECK constraints, or do not show them. */
enum { MYSQL_CHECKS = 80016, MARIADB_CHECKS = 100310 };

/* A query that ends in the name of the schema's column; the table's follows. */
struct question {
    const char *sql, *table_column;
};

static const struct question triggers = {
    "SELECT CONCAT('trigger \"', TRIGGER_NAME, '\" ', ACTION_TIMING, ' ', " MR_TRIGGER_EVENTS_SQL
    ", ', body ', LEFT(SHA2(CONCAT(ACTION_STATEMENT, '/', SQL_MODE, "
    "'/', "
    "DEFINER), 256), 16)) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA",
    "EVENT_OBJECT_TABLE"};
static const struct question uniques = {
    "SELECT CONCAT('unique index \"', INDEX_NAME, '\", ', SEQ_IN_INDEX, '. ', "
    "IFNULL(COLUMN_NAME, 'an expression'), IFNULL(CONCAT('(', SUB_PART, ')'), '')) FROM "
    "information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA",
    "TABLE_NAME"};
static const struct question mariadb_checks = {
    "SELECT CONCAT('check \"', CONSTRAINT_NAME, '\" ', CHECK_CLAUSE) FROM "
    "information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA",
    "TABLE_NAME"};
static const struct question mysql_checks = {
    "SELECT CONCAT('check \"', c.CONSTRAINT_NAME, '\" ', c.CHECK_CLAUSE, IF(t.ENFORCED = "
    "'NO', ' not enforced', '')) FROM information_schema.CHECK_CONSTRAINTS c JOIN "
    "information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA "
    "AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME WHERE t.CONSTRAINT_TYPE = 'CHECK' AND "
    "t.TABLE_SCHEMA",
    "t.TABLE_NAME"};
static const struct question engine = {
    "SELECT CONCAT('engine ', ENGINE) FROM information_schema.TABLES WHERE TABLE_SCHEMA",
    "TABLE_NAME"};

#define FOREIGN_KEY(which)                                                                         \
    "SELECT CONCAT('foreign key \"', k.CONSTRAINT_NAME, '\" of ', k.TABLE_SCHEMA, '.', "           \
    "k.TABLE_NAME, '.', k.COLUMN_NAME, ' to ', k.REFERENCED_TABLE_SCHEMA, '.', "                   \
    "k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME, ', ON DELETE ', "                     \
    "r.DELETE_RULE, ', ON UPDATE ', r.UPDATE_RULE) FROM "                                          \
    "information_schema.KEY_COLUMN_USAGE k JOIN "                                                  \
    "information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = "                       \
    "k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = "            \
    "k.TABLE_NAME WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND k." which "TABLE_SCHEMA"

static const struct question fks = {FOREIGN_KEY(""), "k.TABLE_NAME"};
static const struct question references = {FOREIGN_KEY("REFERENCED_"), "k.REFERENCED_TABLE_NAME"};

struct reading {
    struct mr_db *db;
    const char *dbname, *table;
    struct mr_arena *arena;
    struct mr_vec found; /* const char * */
    struct mr_err *err;
};

static enum mr_code keep(struct reading *r, const struct mr_cell *cell)
{
    if (cell->ptr == NULL)
        return MR_OK;
    const char **slot = mr_vec_push(&r->found);
    if (slot != NULL)
        *slot = mr_arena_dup(r->arena, cell->ptr, cell->len);
    return slot != NULL && *slot != NULL ? MR_OK
                                         : mr_err_nomem(r->err, "reading what belongs to a table");
}

static enum mr_code ask(struct reading *r, const struct question *q)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_fmt(&sql, "%s = ", q->sql);
    mr_sql_string(&sql, r->dbname);
    mr_strbuf_add_fmt(&sql, " AND %s = ", q->table_column);
    mr_sql_string(&sql, r->table);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", r->err));
    MR_TRY_OUT(mr_db_query(r->db, "n", sql.ptr, sql.len, &res, r->err));
    while ((cells = mr_result_next(res)) != NULL)
        MR_TRY_OUT(keep(r, &cells[0]));
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static const struct question *checks_of(const struct mr_server *server)
{
    if (server->flavour == MR_FLAVOUR_MARIADB)
        return server->version >= MARIADB_CHECKS ? &mariadb_checks : NULL;
    return server->version >= MYSQL_CHECKS ? &mysql_checks : NULL;
}

/* A kind of thing that the server has none of (CHECK of old ones) is not asked for: the query
 * would be refused. */
enum mr_code mr_surroundings_read(struct mr_db *db, const char *dbname, const char *table,
                                  struct mr_arena *arena, struct mr_surroundings *out,
                                  struct mr_err *err)
{
    const struct question *const all[] = {&triggers, &uniques,    checks_of(mr_db_server(db)),
                                          &fks,      &references, &engine};
    struct reading r = {.db = db,
                        .dbname = dbname,
                        .table = table,
                        .arena = arena,
                        .found = MR_VEC_INIT(const char *),
                        .err = err};
    enum mr_code code = MR_OK;
    *out = (struct mr_surroundings){0};
    for (size_t i = 0; code == MR_OK && i < sizeof all / sizeof *all; i++)
        if (all[i] != NULL)
            code = ask(&r, all[i]);
    if (code == MR_OK && r.found.count > 0) {
        out->items = (const char *const *)(const void *)mr_arena_dup(
            arena, r.found.items, r.found.count * r.found.item_size);
        out->count = r.found.count;
        if (out->items == NULL)
            code = mr_err_nomem(err, "reading what belongs to a table");
    }
    mr_vec_release(&r.found);
    return code;
}

static bool holds(const struct mr_surroundings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

const char *mr_surroundings_new(const struct mr_surroundings *now,
                                const struct mr_surroundings *then,
                                bool (*counts)(const char *text))
{
    for (size_t i = 0; i < now->count; i++)
        if ((counts == NULL || counts(now->items[i])) && !holds(then, now->items[i]))
            return now->items[i];
    return NULL;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* foreign key "NAME" of DB.TABLE.COLUMN to DB.TABLE.COLUMN, …  `word`: of, to.  Where a name
 * holds such words, too, one may be needed too many, and none too few. */
static bool is_key_of(const char *text, const char *word, const struct mr_surroundings_needs *needs)
{
    struct mr_strbuf end = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&end, " %s %s.%s.", word, needs->dbname, needs->table);
    const bool found = end.failed || strcasestr(text, end.ptr) != NULL;
    mr_strbuf_release(&end);
    return found;
}

static bool is_needed(const char *text, const struct mr_surroundings_needs *needs)
{
    if (begins(text, "unique index"))
        return needs->unique || begins(text, "unique index \"PRIMARY\"");
    return begins(text, "foreign key") && ((needs->refers && is_key_of(text, "of", needs)) ||
                                           (needs->referred && is_key_of(text, "to", needs)));
}

const char *mr_surroundings_gone(const struct mr_surroundings *now,
                                 const struct mr_surroundings *then,
                                 const struct mr_surroundings_needs *needs, size_t *at)
{
    while (*at < then->count) {
        const char *text = then->items[(*at)++];
        if (is_needed(text, needs) && !holds(now, text))
            return text;
    }
    return NULL;
}

/* The only place where the text has the word; NULL: there is none, or another. */
static const char *only(const char *text, const char *word)
{
    const char *found = strstr(text, word);
    return found != NULL && strstr(found + 1, word) == NULL ? found : NULL;
}

/* Names may hold the words that part the text, and dots: then nothing is made of it rather than a
 * wrong table. */
bool mr_surroundings_child(const char *text, struct mr_surroundings_child *out)
{
    static const char of[] = "\" of ", to[] = " to ";
    const char *from = begins(text, "foreign key \"") ? only(text, of) : NULL;
    const char *end = only(text, to);
    if (from == NULL || end == NULL || end < from)
        return false;
    from += sizeof of - 1;
    const char *dot = memchr(from, '.', (size_t)(end - from));
    const char *second = dot != NULL ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
    if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
        return false;
    *out = (struct mr_surroundings_child){from, dot + 1, (size_t)(dot - from),
                                          (size_t)(second - dot - 1)};
    return out->db_len > 0 && out->table_len > 0;
}

/* Deleted rows meet neither unique indexes nor checks. */
bool mr_surroundings_of_undo(const char *text)
{
    return begins(text, "trigger") || begins(text, "foreign key") || begins(text, "engine");
}

/* The word that ends at *end, which is moved to the blank in front of it. */
static bool take_word(const char *text, const char **end, const char **word, size_t *len)
{
    const char *from = *end;
    while (from > text && from[-1] != ' ')
        from--;
    *word = from;
    *len = (size_t)(*end - from);
    *end = from - 1;
    return from > text && *len > 0;
}

/* trigger "NAME" TIMING EVENT, body HEX: from its end, since a name may hold anything. */
bool mr_surroundings_trigger(const char *text, struct mr_surroundings_trigger *out)
{
    static const char head[] = "trigger \"", tail[] = ", body ";
    const size_t from = sizeof head - 1;
    const char *end = NULL;
    if (strncmp(text, head, from) != 0)
        return false;
    for (const char *p = text; (p = strstr(p, tail)) != NULL; p++)
        end = p;
    if (end == NULL || !take_word(text, &end, &out->event, &out->event_len) ||
        !take_word(text, &end, &out->timing, &out->timing_len) || end <= text + from ||
        end[-1] != '"')
        return false;
    out->name = text + from;
    out->name_len = (size_t)(end - 1 - out->name);
    return true;
}
