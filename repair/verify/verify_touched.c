/* verify_touched.c: see verify_touched.h. */
#include "repair/verify/verify_touched.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/pair/rowset.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_image.h"
#include "repair/verify/verify_rows.h"

#define BATCH 1000
#define PAUSE_NS (200L * 1000 * 1000)

enum { LIVE, OLD, SERVERS };

struct server {
    struct mr_endpoint ep;
    struct mr_source_opts opts;
    struct mr_source *source;
    struct mr_reader *reader;
    struct mr_catalogue *cat;
    /* of the table at hand */
    struct mr_pair *image;
    struct mr_rowhash hash;
    struct mr_readspec spec;
    struct mr_rowset set;
};

struct touched {
    struct mr_verify_touched *task;
    struct server at[SERVERS];
    const struct mr_planned_table *table; /* at hand; NULL: none */
    bool is_readable;
    struct mr_vec keys;    /* struct mr_key, in `arena` */
    struct mr_arena arena; /* of the batch */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "verifying a plan");
}

/* ---- servers ---- */

/* Each statement sees what is committed by then: no view is kept. */
static enum mr_code connect(struct touched *t, int which, struct mr_err *err)
{
    static const char *const roles[SERVERS] = {"SOURCE", "TARGET"};
    static const char *const labels[SERVERS] = {"source", "target"};
    struct server *s = &t->at[which];
    const char **names = NULL;
    s->opts = (struct mr_source_opts){
        .db = {.run_tag = t->task->run_tag, .statement_timeout_s = t->task->statement_timeout_s}};
    MR_TRY(mr_endpoint_parse(&s->ep, t->task->uri[which], err));
    MR_TRY(mr_login_complete(&s->ep, roles[which], labels[which], &t->task->login, err));
    MR_TRY(mr_source_new(&s->ep, &s->opts, &s->source, err));
    MR_TRY(mr_source_reader_new(s->source, &s->reader, err));
    names = mr_arena_calloc(t->task->arena, s->ep.ndbs + 1, sizeof *names);
    if (names == NULL)
        return nomem(err);
    for (size_t i = 0; i < s->ep.ndbs; i++)
        names[i] = s->ep.dbs[i];
    return mr_source_catalogue(s->source, names, s->ep.ndbs, &s->cat, err);
}

static void disconnect(struct server *s)
{
    mr_rowhash_release(&s->hash);
    mr_rowset_release(&s->set);
    mr_reader_free(s->reader);
    mr_source_free(s->source);
    mr_catalogue_free(s->cat);
    mr_endpoint_release(&s->ep);
}

/* ---- tables ---- */

static size_t column_at(const struct mr_planned_table *p, const char *name)
{
    size_t at = 0;
    while (at < p->ncolumns && strcasecmp(p->columns[at].name, name) != 0)
        at++;
    return at;
}

static enum mr_code open_image(struct touched *t, struct server *s, struct mr_err *err)
{
    const struct mr_planned_table *p = t->table;
    struct mr_arena *arena = t->task->arena;
    struct mr_plan_image_column *columns = mr_arena_calloc(arena, p->ncolumns + 1, sizeof *columns);
    size_t *key = mr_arena_calloc(arena, p->key.count + 1, sizeof *key);
    if (columns == NULL || key == NULL)
        return nomem(err);
    for (size_t i = 0; i < p->ncolumns; i++)
        columns[i] = (struct mr_plan_image_column){p->columns[i].name, p->columns[i].reading};
    for (size_t i = 0; i < p->key.count; i++)
        if ((key[i] = column_at(p, p->key.items[i])) == p->ncolumns)
            return mr_err_set(err, MR_E_REFUSED, "the plan of table \"%s\" has no column \"%s\"",
                              p->table, p->key.items[i]);
    const struct mr_plan_image_task task = {.side = MR_TARGET,
                                            .name = p->table,
                                            .db = p->target_db,
                                            .table = p->target_name,
                                            .columns = columns,
                                            .ncolumns = p->ncolumns,
                                            .key = {key, p->key.count}};
    MR_TRY(mr_plan_image_open(s->cat, &task, arena, &s->image, err));
    s->spec = s->image->full[MR_TARGET];
    mr_rowhash_release(&s->hash);
    return mr_rowhash_init(&s->hash, s->image, &s->spec, err);
}

/* A table that has other columns by now is told of: a check proves it. */
static enum mr_code open_table(struct touched *t, const char *name, struct mr_err *err)
{
    const struct mr_planned *planned = &t->task->plan->manifest.planned;
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    t->table = NULL;
    for (size_t i = 0; i < planned->ntables; i++)
        if (strcmp(planned->tables[i].table, name) == 0)
            t->table = &planned->tables[i];
    if (t->table == NULL)
        return mr_err_set(err, MR_E_REFUSED, "the plan has no table \"%s\"", name);
    for (int i = LIVE; code == MR_OK && i < SERVERS; i++)
        code = open_image(t, &t->at[i], &why);
    t->is_readable = code == MR_OK;
    if (code == MR_OK)
        return MR_OK;
    if (code != MR_E_NO_SUCH && code != MR_E_CHANGED) {
        *err = why;
        return code;
    }
    if (t->task->unreadable == NULL)
        t->task->unreadable = mr_arena_fmt(t->task->arena, "table \"%s\": %s", name, why.message);
    return t->task->unreadable != NULL ? MR_OK : nomem(err);
}

/* ---- rows ---- */

static bool is_same(const struct touched *t, struct mr_key key)
{
    const struct mr_rowset_row *live = mr_rowset_find(&t->at[LIVE].set, key);
    const struct mr_rowset_row *old = mr_rowset_find(&t->at[OLD].set, key);
    return (live == NULL) == (old == NULL) &&
           (live == NULL || memcmp(&live->digest, &old->digest, sizeof live->digest) == 0);
}

/* Keeps those keys that differ. */
static enum mr_code read_keys(struct touched *t, struct mr_err *err)
{
    size_t left = 0;
    for (int i = LIVE; i < SERVERS; i++)
        MR_TRY(mr_rowset_fetch_again(&t->at[i].set, t->at[i].reader, &t->at[i].hash, t->keys.items,
                                     t->keys.count, 0, err));
    for (size_t i = 0; i < t->keys.count; i++) {
        const struct mr_key key = *(struct mr_key *)mr_vec_at(&t->keys, i);
        if (!is_same(t, key))
            *(struct mr_key *)mr_vec_at(&t->keys, left++) = key;
    }
    t->keys.count = left;
    return MR_OK;
}

static enum mr_code tell(struct touched *t, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    t->task->differ += t->keys.count;
    if (t->keys.count == 0 || t->task->first != NULL)
        return MR_OK;
    mr_strbuf_add_fmt(&text, "table \"%s\", key ", t->table->table);
    mr_proof_key_text(&text, t->at[OLD].image, *(struct mr_key *)mr_vec_at(&t->keys, 0));
    enum mr_code code = mr_strbuf_check(&text, "verifying a plan", err);
    if (code == MR_OK && (t->task->first = mr_arena_strdup(t->task->arena, text.ptr)) == NULL)
        code = nomem(err);
    mr_strbuf_release(&text);
    return code;
}

/* What LIVE has written between two reads is on OLD a little later. */
static enum mr_code flush(struct touched *t, struct mr_err *err)
{
    const double from_s = mr_clock_now_s();
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    t->task->rows += t->is_readable ? t->keys.count : 0;
    while (t->is_readable && t->keys.count > 0) {
        MR_TRY(read_keys(t, err));
        if (t->keys.count == 0 || mr_clock_now_s() - from_s >= t->task->settle_s)
            break;
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        (void)nanosleep(&pause, NULL);
    }
    if (t->is_readable)
        MR_TRY(tell(t, err));
    mr_vec_clear(&t->keys);
    mr_arena_reset(&t->arena);
    return MR_OK;
}

static enum mr_code take_line(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    struct touched *t = ctx;
    const struct mr_key key = line->target_key.ptr != NULL ? line->target_key : line->source_key;
    if (line->decision == MR_DECIDE_PARENT || key.ptr == NULL)
        return MR_OK;
    if (t->table == NULL || strcmp(t->table->table, line->table) != 0) {
        MR_TRY(flush(t, err));
        MR_TRY(open_table(t, line->table, err));
    }
    if (t->keys.count == BATCH)
        MR_TRY(flush(t, err));
    struct mr_key *kept = mr_vec_push(&t->keys);
    if (kept == NULL)
        return nomem(err);
    *kept = (struct mr_key){mr_arena_dup(&t->arena, key.ptr, key.len), key.len};
    return kept->ptr != NULL ? MR_OK : nomem(err);
}

enum mr_code mr_verify_touched(struct mr_verify_touched *task, struct mr_err *err)
{
    struct touched t = {.task = task, .keys = MR_VEC_INIT(struct mr_key), .arena = MR_ARENA_INIT};
    const char *path = mr_plan_path(task->arena, task->plan->path, MR_ENTITY_FILE);
    enum mr_code code = MR_OK;
    for (int i = LIVE; i < SERVERS; i++)
        mr_rowset_init(&t.at[i].set);
    MR_TRY_OUT(path != NULL ? MR_OK : nomem(err));
    for (int i = LIVE; i < SERVERS; i++)
        MR_TRY_OUT(connect(&t, i, err));
    MR_TRY_OUT(mr_entity_file_read(path, take_line, &t, err));
    code = flush(&t, err);
out:
    for (int i = LIVE; i < SERVERS; i++)
        disconnect(&t.at[i]);
    mr_vec_release(&t.keys);
    mr_arena_release(&t.arena);
    return code;
}
