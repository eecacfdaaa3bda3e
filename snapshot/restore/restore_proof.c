/*
 * restore_proof.c: --schema-only: are the tables of the target defined as those of the snapshot are?
 * See restore.h.
 *
 * The target's catalogue is read anew and compared with the snapshot's, both in their normal form
 * (core/schema).  What another family prints in its own way (defaults, expressions, collations) is
 * compared between servers of one family only; of a table that something was lost of, which is
 * listed, only its columns.  Rows: there are none.
 */
#include <string.h>

#include "core/base/log.h"
#include "core/schema/schema_norm.h"
#include "snapshot/read/snap_catalogue.h"
#include "snapshot/restore/restore.h"

struct proof {
    struct mr_restore *restore;
    const struct mr_restore_table *table;
    bool whole; /* nothing was lost of it */
    bool same_family;
    struct mr_strbuf a, b;
    const char *what; /* that differs; NULL: nothing */
    const char *name; /* of it, or "" */
};

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_type(struct proof *p, const struct mr_column *a, const struct mr_column *b)
{
    mr_strbuf_reset(&p->a);
    mr_strbuf_reset(&p->b);
    mr_norm_type(&p->a, a->type);
    mr_norm_type(&p->b, b->type);
    return (a->is_json && b->is_json) || strcmp(p->a.ptr, p->b.ptr) == 0;
}

/* utf8 is utf8mb3. */
static bool same_collation(struct proof *p, const char *a, const char *b)
{
    mr_strbuf_reset(&p->a);
    mr_strbuf_reset(&p->b);
    mr_norm_charset(&p->a, a != NULL ? a : "");
    mr_norm_charset(&p->b, b != NULL ? b : "");
    return strcmp(p->a.ptr, p->b.ptr) == 0;
}

static bool same_column(struct proof *p, const struct mr_column *a, const struct mr_column *b)
{
    if (strcmp(a->name, b->name) != 0)
        return false;
    if (!p->whole)
        return true;
    if (!same_type(p, a, b) || a->nullable != b->nullable || a->generated != b->generated ||
        a->invisible != b->invisible || a->auto_increment != b->auto_increment)
        return false;
    return !p->same_family ||
           (same_text(a->default_text, b->default_text) && same_text(a->on_update, b->on_update) &&
            same_text(a->generation_expr, b->generation_expr) &&
            same_collation(p, a->collation, b->collation));
}

static bool same_part(const struct proof *p, const struct mr_index_part *a,
                      const struct mr_index_part *b)
{
    return same_text(a->column, b->column) && a->prefix_len == b->prefix_len &&
           a->descending == b->descending &&
           (!p->same_family || same_text(a->expression, b->expression));
}

static bool same_index(const struct proof *p, const struct mr_index *a, const struct mr_index *b)
{
    if (b == NULL || a->unique != b->unique || a->usable != b->usable || a->nparts != b->nparts)
        return false;
    for (size_t i = 0; i < a->nparts; i++)
        if (!same_part(p, &a->parts[i], &b->parts[i]))
            return false;
    return true;
}

static void differs(struct proof *p, const char *what, const char *name)
{
    if (p->what == NULL) {
        p->what = what;
        p->name = name;
    }
}

/* MariaDB's JSON is a text with a CHECK, which is taken for its type; to another family it is a CHECK. */
static size_t checks_of_json(const struct mr_table *a, const struct mr_table *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->ncolumns && i < b->ncolumns; i++)
        count +=
            a->columns[i].is_json && !b->columns[i].is_json && b->columns[i].cls == MR_CLASS_TEXT;
    return count;
}

static void compare(struct proof *p, const struct mr_table *a, const struct mr_table *b)
{
    for (size_t i = 0; i < a->ncolumns || i < b->ncolumns; i++)
        if (i >= a->ncolumns || i >= b->ncolumns || !same_column(p, &a->columns[i], &b->columns[i]))
            differs(p, "column", i < a->ncolumns ? a->columns[i].name : b->columns[i].name);
    if (!p->whole)
        return;
    for (size_t i = 0; i < a->nindexes; i++)
        if (!same_index(p, &a->indexes[i], mr_table_index(b, a->indexes[i].name)))
            differs(p, "index", a->indexes[i].name);
    if (a->nchecks + (p->same_family ? 0 : checks_of_json(a, b)) != b->nchecks)
        differs(p, "CHECKs", "");
    if (!same_text(a->engine, b->engine))
        differs(p, "engine", "");
    if (p->same_family && !same_text(a->partitioning, b->partitioning))
        differs(p, "partitions", "");
}

/* ---- tables ---- */

static bool is_whole(const struct mr_restore *r, const struct mr_restore_table *t)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool whole = true;
    mr_strbuf_add_fmt(&name, "%s.%s", t->db, t->snap->name);
    for (size_t i = 0; i < r->losses.count; i++)
        whole &= strcmp(((struct mr_restore_loss *)mr_vec_at(&r->losses, i))->of, name.ptr) != 0;
    mr_strbuf_release(&name);
    return whole;
}

static enum mr_code keep_reason(struct mr_restore *r, struct mr_restore_table *t,
                                const struct proof *p, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, p->name[0] != '\0' ? "%s \"%s\" differs" : "%s%s differ", p->what,
                      p->name);
    t->differs = text.failed ? NULL : mr_arena_strdup(&r->arena, text.ptr);
    mr_strbuf_release(&text);
    return t->differs != NULL ? MR_OK : mr_err_nomem(err, "comparing");
}

static enum mr_code prove(struct mr_restore *r, struct mr_restore_table *t,
                          const struct mr_catalogue *snap, struct mr_err *err)
{
    struct proof p = {.restore = r,
                      .table = t,
                      .whole = is_whole(r, t),
                      .same_family = snap->server.flavour == r->cat->server.flavour,
                      .a = MR_STRBUF_INIT,
                      .b = MR_STRBUF_INIT,
                      .name = ""};
    const struct mr_table *a = mr_catalogue_table(snap, t->from->db, t->from->name);
    const struct mr_table *b = mr_catalogue_meant(r->cat, t->db, t->snap->name);
    bool has_rows = false;
    enum mr_code code = MR_OK;
    if (b == NULL)
        differs(&p, "it is not there: all", "");
    else if (!mr_snap_is_merge(t->snap)) /* whose rows are others' */
        code = mr_restore_has_rows(r, t, &has_rows, err);
    if (has_rows)
        differs(&p, "it has rows, which", "");
    if (a != NULL && b != NULL)
        compare(&p, a, b);
    if (code == MR_OK)
        code = mr_strbuf_check(&p.a, "comparing", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&p.b, "comparing", err);
    if (code == MR_OK && p.what != NULL)
        code = keep_reason(r, t, &p, err);
    mr_strbuf_release(&p.a);
    mr_strbuf_release(&p.b);
    return code;
}

enum mr_code mr_restore_prove_schema(struct mr_restore *r, struct mr_err *err)
{
    struct mr_catalogue *snap = NULL;
    enum mr_code code = MR_OK;
    if (mr_snap_find_file(&r->snap, MR_SNAP_CATALOGUE) == NULL)
        return mr_restore_note(
            r, "definitions are not proved: the snapshot has no " MR_SNAP_CATALOGUE, err);
    MR_TRY_OUT(mr_snap_catalogue_load(&r->snap, &snap, err));
    MR_TRY_OUT(mr_restore_look(r, err));
    for (size_t i = 0; i < r->ntables; i++)
        if (r->tables[i].aside == NULL)
            MR_TRY_OUT(prove(r, &r->tables[i], snap, err));
out:
    mr_catalogue_free(snap);
    return code;
}
