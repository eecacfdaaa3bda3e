/* create_case.c: see create_case.h. */
#include "snapshot/create/create_case.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/case/image.h"
#include "snapshot/create/create_unlock.h"

#define KEYS_A_STATEMENT 500
#define KEY_BYTES_A_STATEMENT ((size_t)1 << 20)
#define IMAGE_BYTES_A_PAGE ((size_t)8 << 20)
#define DEFAULT_PORT 3306

struct mr_create_case {
    struct mr_findings *fd;
    struct mr_find_run run;
    bool is_target; /* SOURCE of the snapshot is TARGET of the run */
    struct mr_find_table *tables;
    size_t ntables;
    const char *rows_of;
};

/* ---- which side ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static unsigned port_of(const struct mr_endpoint *ep)
{
    return ep->port != 0 ? ep->port : DEFAULT_PORT;
}

/* By address; *same_dbs: by the databases, too, which tell two sides of one server apart. */
static enum mr_code compare_side(const struct mr_endpoint *ep, const char *uri, bool *same,
                                 bool *same_dbs, struct mr_err *err)
{
    struct mr_endpoint side = {0};
    enum mr_code code = mr_endpoint_parse(&side, uri, err);
    *same = *same_dbs = false;
    if (code == MR_OK && side.kind == MR_ENDPOINT_MYSQL) {
        *same = strcasecmp(side.host, ep->host) == 0 && port_of(&side) == port_of(ep) &&
                same_text(side.socket, ep->socket);
        *same_dbs = side.ndbs == ep->ndbs;
        for (size_t i = 0; *same_dbs && i < side.ndbs; i++)
            *same_dbs = strcmp(side.dbs[i], ep->dbs[i]) == 0;
    }
    mr_endpoint_release(&side);
    return code;
}

/* The address decides, and where both sides are one server the databases do: to guess would keep
 * the rows of the other side as evidence of this one. */
static enum mr_code choose_side(const struct mr_endpoint *ep, struct mr_create_case *cs,
                                struct mr_err *err)
{
    bool same[2], dbs[2];
    MR_TRY(compare_side(ep, cs->run.source, &same[0], &dbs[0], err));
    MR_TRY(compare_side(ep, cs->run.target, &same[1], &dbs[1], err));
    if (same[0] && same[1] && dbs[0] != dbs[1]) {
        same[0] = dbs[0];
        same[1] = dbs[1];
    }
    if (same[0] != same[1]) {
        cs->is_target = same[1];
        return MR_OK;
    }
    (void)mr_err_set(err, MR_E_USAGE, "it cannot be told which side of run %s SOURCE is",
                     cs->run.uuid);
    mr_err_hint(err, "Name one as it was checked: %s or %s.", cs->run.source, cs->run.target);
    return MR_E_USAGE;
}

/* ---- the case ---- */

/* A run that is not finished has looked at a part of the rows only: what it did not find yet
 * would be missing from the evidence, and nobody would know. */
static enum mr_code open_run(struct mr_create *c, struct mr_create_case *cs, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_findings_open(c->opts->case_path, MR_CASE_READ, &cs->fd, err);
    if (code == MR_OK)
        code = mr_findings_run_choose(cs->fd, c->opts->run, &c->arena, &cs->run, err);
    if (code == MR_OK && !cs->run.finished) {
        code = mr_err_set(err, MR_E_CASE, "run %s of case \"%s\" is not finished", cs->run.uuid,
                          c->opts->case_path);
        mr_err_hint(err, "Finish it with \"myrecon check --case FILE --resume\".");
    }
    if (code == MR_OK)
        code = mr_findings_tables(cs->fd, &c->arena, &cs->tables, &cs->ntables, err);
    mr_strbuf_add_fmt(&text, "case %s", cs->run.uuid != NULL ? cs->run.uuid : "");
    cs->rows_of = text.failed ? NULL : mr_arena_strdup(&c->arena, text.ptr);
    mr_strbuf_release(&text);
    return code == MR_OK && cs->rows_of == NULL ? mr_err_nomem(err, "reading the case") : code;
}

enum mr_code mr_create_case_open(struct mr_create *c, struct mr_err *err)
{
    if (c->opts->case_path == NULL)
        return MR_OK;
    c->evidence = mr_arena_calloc(&c->arena, 1, sizeof *c->evidence);
    if (c->evidence == NULL)
        return mr_err_nomem(err, "reading the case");
    MR_TRY(open_run(c, c->evidence, err));
    MR_TRY(choose_side(&c->ep, c->evidence, err));
    mr_log_info("keeping rows of run %s, of which this is the %s", c->evidence->run.uuid,
                c->evidence->is_target ? "target" : "source");
    return MR_OK;
}

void mr_create_case_close(struct mr_create *c)
{
    struct mr_err late = {0};
    if (c->evidence != NULL && c->evidence->fd != NULL &&
        mr_findings_close(c->evidence->fd, &late) != MR_OK)
        mr_log_warning("%s", late.message);
}

const char *mr_create_case_rows_of(const struct mr_create *c)
{
    return c->evidence->rows_of;
}

/* ---- tables ---- */

static uint64_t rows_of_side(const struct mr_create_case *cs, const struct mr_find_table *t)
{
    const struct mr_find_counts *n = &t->counts;
    return n->changed + n->collision + (cs->is_target ? n->extra : n->missing);
}

static const char *name_on_side(const struct mr_create_case *cs, const struct mr_find_table *t)
{
    return cs->is_target ? t->target_name : t->name;
}

enum mr_code mr_create_case_take(struct mr_create *c, const struct mr_table *table,
                                 const struct mr_find_table **found, const char **reason,
                                 struct mr_err *err)
{
    const struct mr_create_case *cs = c->evidence;
    struct mr_strbuf name = MR_STRBUF_INIT;
    *found = NULL;
    *reason = NULL;
    mr_strbuf_add_fmt(&name, "%s.%s", table->db, table->name);
    enum mr_code code = mr_strbuf_check(&name, "planning", err);
    for (size_t i = 0; code == MR_OK && i < cs->ntables && *found == NULL; i++)
        if (strcmp(name_on_side(cs, &cs->tables[i]), name.ptr) == 0)
            *found = &cs->tables[i];
    mr_strbuf_release(&name);
    if (*found == NULL)
        return code;
    if ((*found)->verdict == MR_VERDICT_NOT_CHECKED)
        *reason = "the run did not compare it";
    else if ((*found)->keyless && rows_of_side(cs, *found) > 0)
        *reason = "it has no key by which its rows could be found";
    if (*reason != NULL || rows_of_side(cs, *found) == 0)
        *found = NULL;
    return code;
}

static bool is_known(const struct mr_catalogue *cat, const char *name)
{
    for (size_t i = 0; i < cat->ntables; i++) {
        size_t len = strlen(cat->tables[i].db);
        if (strncmp(name, cat->tables[i].db, len) == 0 && name[len] == '.' &&
            strcmp(name + len + 1, cat->tables[i].name) == 0)
            return true;
    }
    return false;
}

static bool is_selected(const struct mr_create_options *o, const char *name)
{
    const char *dot = strchr(name, '.');
    char *db = dot != NULL ? strndup(name, (size_t)(dot - name)) : NULL;
    bool selected =
        db == NULL || mr_pattern_selects(o->tables.items, o->tables.count, o->exclude.items,
                                         o->exclude.count, db, dot + 1);
    free(db);
    return selected;
}

enum mr_code mr_create_case_name_gone(struct mr_create *c, struct mr_err *err)
{
    const struct mr_create_case *cs = c->evidence;
    for (size_t i = 0; i < cs->ntables; i++) {
        const char *name = name_on_side(cs, &cs->tables[i]);
        if (rows_of_side(cs, &cs->tables[i]) > 0 && !is_known(c->cat, name) &&
            is_selected(c->opts, name))
            MR_TRY(mr_snap_schema_leave_out(&c->schema, "table", name,
                                            "it is not on the server any more", NULL, err));
    }
    return MR_OK;
}

/* ---- what is read ---- */

static const struct mr_find_column *key_column(const struct mr_find_table *found, size_t part)
{
    for (size_t i = 0; i < found->ncolumns; i++)
        if (found->columns[i].key_at == (int)part)
            return &found->columns[i];
    return NULL;
}

/* Behind the columns that are kept stand those of the run's key, by which rows are asked
 * for: as that run read them, which need not be how they are kept. */
enum mr_code mr_create_case_plan(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    const struct mr_find_column *col;
    size_t nkey = 0, ncols = t->spec.ncols;
    while (key_column(t->found, nkey) != NULL)
        nkey++;
    struct mr_readcol *cols = mr_arena_calloc(&c->arena, ncols + nkey, sizeof *cols);
    size_t *key = mr_arena_calloc(&c->arena, nkey + 1, sizeof *key);
    if (cols == NULL || key == NULL)
        return mr_err_nomem(err, "planning a table");
    memcpy(cols, t->spec.cols, ncols * sizeof *cols);
    for (size_t k = 0; (col = key_column(t->found, k)) != NULL; k++) {
        key[k] = ncols + k;
        cols[key[k]] = (struct mr_readcol){.name = col->name,
                                           .expr = MR_EXPR_COLUMN,
                                           .cls = col->style.cls,
                                           .charset = col->charset};
    }
    t->by_key = t->spec;
    t->by_key.cols = cols;
    t->by_key.ncols = ncols + nkey;
    t->by_key.key = key;
    t->by_key.nkey = nkey;
    t->by_key.index = NULL;
    t->snap.rows_of = c->evidence->rows_of;
    t->snap.keys_hidden = t->snap.nkey > 0;
    t->est_rows = rows_of_side(c->evidence, t->found);
    return MR_OK;
}

/* ---- reading ---- */

struct batch {
    struct mr_create_scan *scan;
    struct mr_image image;
    struct mr_arena arena;
    struct mr_vec keys; /* struct mr_key, bytes in arena */
    size_t bytes;
};

static enum mr_code write_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    return mr_create_scan_row(ctx, values, err);
}

/* A batch is one statement; before it the worker may have to let go of other tables, so that no
 * view holds what it does not read. */
static enum mr_code flush(struct batch *b, struct mr_err *err)
{
    struct mr_create_scan *s = b->scan;
    if (b->keys.count == 0)
        return MR_OK;
    enum mr_code code = mr_create_wait(s, err);
    if (code == MR_OK)
        code = mr_create_hold(s, s->table, err);
    if (code == MR_OK)
        code = mr_reader_fetch(s->reader, &s->table->by_key, b->keys.items, b->keys.count,
                               write_row, s, err);
    mr_vec_clear(&b->keys);
    mr_arena_reset(&b->arena);
    b->bytes = 0;
    return code;
}

static enum mr_code encode_key(struct batch *b, struct mr_strbuf *key, struct mr_err *err)
{
    const struct mr_find_table *found = b->scan->table->found;
    const struct mr_find_column *col;
    for (size_t k = 0; (col = key_column(found, k)) != NULL; k++) {
        struct mr_value value;
        MR_TRY(mr_image_value(&b->image, (size_t)(col - found->columns), &value, err));
        MR_TRY(mr_row_encode(key, &value, err));
    }
    return mr_strbuf_check(key, "reading the case", err);
}

/* Of a finding that has a row on this side. */
static enum mr_code add_key(struct batch *b, const struct mr_finding *f, struct mr_err *err)
{
    bool is_target = b->scan->create->evidence->is_target;
    struct mr_strbuf key = MR_STRBUF_INIT;
    enum mr_code code = mr_image_open(&b->image, is_target ? f->target : f->source,
                                      is_target ? f->target_len : f->source_len, err);
    if (code != MR_OK || !mr_image_is_row(&b->image))
        return code;
    code = encode_key(b, &key, err);
    struct mr_key *slot = code == MR_OK ? mr_vec_push(&b->keys) : NULL;
    if (slot != NULL)
        *slot = (struct mr_key){mr_arena_dup(&b->arena, key.ptr, key.len), key.len};
    if (code == MR_OK && (slot == NULL || slot->ptr == NULL))
        code = mr_err_nomem(err, "reading the case");
    b->bytes += key.len;
    b->scan->table->asked++;
    mr_strbuf_release(&key);
    bool full = b->keys.count >= KEYS_A_STATEMENT || b->bytes >= KEY_BYTES_A_STATEMENT;
    return code == MR_OK && full ? flush(b, err) : code;
}

/* Page by page, so that a case of millions of rows needs the memory of one page of images. */
static enum mr_code read_findings(struct batch *b, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec page = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page what = {.table = b->scan->table->found->id,
                                .state = MR_FIND_DIVERGED,
                                .limit = KEYS_A_STATEMENT,
                                .max_bytes = IMAGE_BYTES_A_PAGE,
                                .with_images = true};
    enum mr_code code = MR_OK;
    do {
        mr_vec_clear(&page);
        mr_arena_reset(&arena);
        code = mr_findings_page(b->scan->create->evidence->fd, &what, &arena, &page, err);
        for (size_t i = 0; code == MR_OK && i < page.count; i++) {
            const struct mr_finding *f = mr_vec_at(&page, i);
            what.after_id = f->id;
            code = add_key(b, f, err);
        }
    } while (code == MR_OK && page.count > 0);
    mr_vec_release(&page);
    mr_arena_release(&arena);
    return code;
}

/* One open range for all of it: rows come by key and in no order, so their chunks have no ranges
 * that anybody could seek in (keys_hidden). */
enum mr_code mr_create_case_read(struct mr_create_scan *s, struct mr_err *err)
{
    struct batch b = {.scan = s, .arena = MR_ARENA_INIT, .keys = MR_VEC_INIT(struct mr_key)};
    const struct mr_key end = {NULL, 0};
    mr_image_init(&b.image);
    s->table->asked = 0;
    mr_create_scan_begin(s, 0, 0);
    enum mr_code code = read_findings(&b, err);
    if (code == MR_OK)
        code = flush(&b, err);
    if (code == MR_OK)
        code = mr_create_range_end(s, end, err);
    if (code != MR_OK)
        mr_create_chunk_abandon(s);
    mr_image_release(&b.image);
    mr_vec_release(&b.keys);
    mr_arena_release(&b.arena);
    return code;
}
