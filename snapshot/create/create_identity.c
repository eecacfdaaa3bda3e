/* create_identity.c: see create_identity.h. */
#include "snapshot/create/create_identity.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/schema/innodb_name.h"
#include "snapshot/format/snap_place.h"

static int compare_numbers(const void *a, const void *b)
{
    return strcmp(((const struct mr_create_number *)a)->name,
                  ((const struct mr_create_number *)b)->name);
}

static enum mr_code add_number(struct mr_create_numbers *to, const struct mr_cell *cells,
                               struct mr_err *err)
{
    struct mr_create_number *n = mr_vec_push(&to->items);
    if (n != NULL && cells[0].ptr != NULL && cells[1].ptr != NULL) {
        n->name = mr_arena_strdup(&to->arena, cells[0].ptr);
        n->id = mr_arena_strdup(&to->arena, cells[1].ptr);
    }
    return n != NULL && n->name != NULL && n->id != NULL ? MR_OK
                                                         : mr_err_nomem(err, "reading the schema");
}

/* MySQL 8 and 9 open a table to tell its number, and so wait behind an ALTER that waits for a
 * table that we hold; the number of its tablespace they tell without. */
static bool has_spaces(const struct mr_create *c)
{
    const struct mr_server *server = &c->cat->server;
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80000;
}

enum mr_code mr_create_numbers_read(struct mr_create *c, struct mr_err *err)
{
    static const char new_sql[] = "SELECT LOWER(NAME), SPACE FROM "
                                  "information_schema.INNODB_TABLESPACES",
                      old_sql[] = "SELECT LOWER(NAME), TABLE_ID FROM "
                                  "information_schema.INNODB_SYS_TABLES";
    const char *sql = has_spaces(c) ? new_sql : old_sql;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *cells;
    mr_vec_clear(&c->numbers.items);
    mr_arena_reset(&c->numbers.arena);
    enum mr_code code = mr_db_query(c->db, "vv", sql, strlen(sql), &res, &why);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        code = add_number(&c->numbers, cells, &why);
    mr_result_free(res);
    if (code == MR_OK && c->numbers.items.count > 1)
        qsort(c->numbers.items.items, c->numbers.items.count, sizeof(struct mr_create_number),
              compare_numbers);
    if (!mr_create_is_fatal(code))
        return MR_OK; /* hidden: definitions and times are compared all the same */
    if (err != NULL)
        *err = why;
    return code;
}

/* Of the table, or of its partitions, whose names follow its own. */
static void add_numbers(const struct mr_create *c, const char *name, struct mr_strbuf *out)
{
    const struct mr_create_number *numbers = c->numbers.items.items;
    size_t lo = 0, count = c->numbers.items.count, hi = count, len = strlen(name);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(numbers[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < count && strncmp(numbers[lo].name, name, len) == 0 &&
           (numbers[lo].name[len] == '\0' || numbers[lo].name[len] == '#');
         lo++)
        mr_strbuf_add_fmt(out, " %s", numbers[lo].id);
}

static enum mr_code ask_time(struct mr_create *c, const struct mr_snap_table *t,
                             struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT CREATE_TIME FROM information_schema.TABLES WHERE "
                            "TABLE_SCHEMA = ");
    mr_sql_string(&sql, t->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, t->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(c->db, sql.ptr, out, err);
    mr_strbuf_release(&sql);
    return code;
}

/* By number where there is one; a name that is not ASCII is spelled by InnoDB in its own way,
 * and the time that the server made the table has to do. */
static enum mr_code read_identity(struct mr_create *c, const struct mr_snap_table *t,
                                  struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool is_ascii = mr_innodb_name_add(&name, t->db, t->name,
                                       has_spaces(c) ? MR_INNODB_SPACE : MR_INNODB_FILE, true);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&name, "reading the schema", err));
    if (is_ascii)
        add_numbers(c, name.ptr, out);
    MR_TRY_OUT(mr_strbuf_check(out, "reading the schema", err));
    if (out->len == 0)
        MR_TRY_OUT(ask_time(c, t, out, err));
    MR_TRY_OUT(mr_strbuf_check(out, "reading the schema", err));
out:
    mr_strbuf_release(&name);
    return code;
}

static enum mr_code read_now(struct mr_create *c, const struct mr_snap_table *t,
                             struct mr_strbuf *create, struct mr_strbuf *identity,
                             struct mr_err *err)
{
    MR_TRY(mr_snap_schema_table(&c->schema, t->db, t->name, create, err));
    return read_identity(c, t, identity, err);
}

/* Workers keep other texts in it meanwhile. */
static enum mr_code keep(struct mr_create *c, const struct mr_strbuf *text, const char **out,
                         struct mr_err *err)
{
    pthread_mutex_lock(&c->lock);
    *out = mr_arena_dup(&c->arena, text->ptr, text->len);
    pthread_mutex_unlock(&c->lock);
    return *out != NULL ? MR_OK : mr_err_nomem(err, "reading the schema");
}

/* What a restore would refuse is reported now. */
static enum mr_code require_place(const struct mr_create_table *t, const char *create,
                                  struct mr_err *err)
{
    const struct mr_snap_place table = mr_snap_table_place(&t->snap),
                               keys = mr_snap_keys_place(&t->snap);
    struct mr_strbuf without = MR_STRBUF_INIT, alter = MR_STRBUF_INIT, unused = MR_STRBUF_INIT;
    mr_snap_split_keys(create, t->table, &without, &alter);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&without, "reading the schema", err));
    MR_TRY_OUT(mr_strbuf_check(&alter, "reading the schema", err));
    MR_TRY_OUT(mr_snap_place(&table, without.ptr, without.len, &unused, err));
    if (alter.len > 0)
        MR_TRY_OUT(mr_snap_place(&keys, alter.ptr, alter.len, &unused, err));
out:
    mr_strbuf_release(&without);
    mr_strbuf_release(&alter);
    mr_strbuf_release(&unused);
    return code;
}

enum mr_code mr_create_identify(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_strbuf create = MR_STRBUF_INIT, identity = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_now(c, &t->snap, &create, &identity, err));
    MR_TRY_OUT(require_place(t, create.ptr, err));
    MR_TRY_OUT(keep(c, &create, &t->create, err));
    MR_TRY_OUT(keep(c, &identity, &t->identity, err));
out:
    mr_strbuf_release(&create);
    mr_strbuf_release(&identity);
    return code;
}

enum mr_code mr_create_is_unchanged(struct mr_create *c, struct mr_create_table *t, bool *same,
                                    struct mr_err *err)
{
    struct mr_strbuf create = MR_STRBUF_INIT, identity = MR_STRBUF_INIT;
    enum mr_code code = read_now(c, &t->snap, &create, &identity, err);
    *same = code == MR_OK && mr_snap_schema_same(t->create, create.ptr) &&
            strcmp(t->identity, identity.ptr) == 0;
    if (*same && strcmp(t->create, create.ptr) != 0)
        code = keep(c, &create, &t->create, err);
    mr_strbuf_release(&create);
    mr_strbuf_release(&identity);
    return code;
}
