/* plan_files.c: see plan_files.h. */
#include "repair/plan/plan_files.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_equal.h"
#include "repair/plan/plan_image.h"
#include "repair/plan/plan_restored.h"
#include "repair/plan/plan_text.h"

#define BATCH 1000

struct writing {
    const struct mr_plan_files_task *task;
    struct mr_sink sink;
    struct mr_strbuf line, text;
    /* of the table at hand */
    struct mr_plan_digester digester;
    struct mr_vec referring;         /* size_t */
    struct mr_plan_columns referred; /* what others refer to beside the key */
    bool *sums;                      /* per column: it is added to */
    bool *written;                   /* per column: of the restored change at hand */
    struct mr_strbuf added;          /* columns that it adds to */
    struct mr_arena *arena;          /* of the entity at hand */
    struct mr_strbuf positions;      /* of those */
    struct mr_plan_equal equal;      /* without a key: rows of TARGET that are as one that comes */
};

typedef enum mr_code entity_fn(struct writing *w, const struct mr_entity *e, struct mr_err *err);

/* In batches, as a plan may hold more rows than memory does; the flag of Ctrl-C is looked at
 * between them. */
static enum mr_code walk_table(struct writing *w, size_t table, entity_fn *fn, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        code = mr_is_cancelled()
                   ? mr_cancelled_err(err)
                   : mr_plan_store_entities(w->task->store, table, MR_DECIDE_UNDECIDED, after,
                                            BATCH, &arena, &list, err);
        for (size_t i = 0; code == MR_OK && i < list.count; i++) {
            const struct mr_entity *e = mr_vec_at(&list, i);
            after = e->id;
            code = fn(w, e, err);
        }
    } while (code == MR_OK && list.count > 0);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

/* ---- entities ---- */

static enum mr_code open_digester(struct writing *w, size_t table, struct mr_arena *arena,
                                  struct mr_err *err)
{
    const struct mr_planned_table *t = &w->task->planned->tables[table];
    const char **readings = mr_arena_calloc(arena, t->ncolumns + 1, sizeof *readings);
    if (readings == NULL)
        return mr_err_nomem(err, "writing a plan");
    for (size_t i = 0; i < t->ncolumns; i++)
        readings[i] = t->columns[i].reading;
    return mr_plan_digester_init(&w->digester, readings, t->ncolumns, arena, err);
}

/* Columns of its references, in the order in which plan.json lists them. */
static enum mr_code find_referring(struct writing *w, size_t table, struct mr_err *err)
{
    const struct mr_plan_tables *plan = w->task->tables;
    mr_vec_clear(&w->referring);
    for (size_t i = 0; i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        for (size_t k = 0; r->child == table && k < r->from.count; k++) {
            size_t *at = mr_vec_push(&w->referring);
            if (at == NULL)
                return mr_err_nomem(err, "writing a plan");
            *at = r->from.at[k];
        }
    }
    return MR_OK;
}

static enum mr_code find_referred(struct writing *w, size_t table, struct mr_arena *arena,
                                  struct mr_err *err)
{
    const struct mr_planned_table *t = &w->task->planned->tables[table];
    size_t *at = mr_arena_calloc(arena, t->ncolumns + 1, sizeof *at);
    if (at == NULL)
        return mr_err_nomem(err, "writing a plan");
    w->referred.count = mr_planned_referred(w->task->planned, t, at);
    w->referred.at = at;
    return MR_OK;
}

/* The row as it will stand on TARGET; without a key also one that goes: its digest is all
 * that it is known by. */
static struct mr_key row_after(const struct mr_plan_table *t, const struct mr_entity *e)
{
    if (e->after.ptr != NULL)
        return e->after;
    bool stands = e->decision == MR_DECIDE_SAME || e->decision == MR_DECIDE_MATCHED ||
                  (e->decision == MR_DECIDE_DELETE && t->key.count == 0);
    return stands ? e->target : (struct mr_key){0};
}

static enum mr_code digest_row(struct writing *w, struct mr_key row, struct mr_entity_line *line,
                               struct mr_err *err)
{
    if (row.ptr == NULL)
        return MR_OK;
    line->has_digest = true;
    line->has_references = w->referring.count > 0;
    line->has_referred = w->referred.count > 0 && line->decision == MR_DECIDE_PARENT;
    enum mr_code code = mr_plan_digester_row(&w->digester, row, &line->digest, err);
    if (code == MR_OK && line->has_referred)
        code = mr_plan_digester_values(&w->digester, row, w->referred.at, w->referred.count,
                                       &line->referred, err);
    return code == MR_OK && line->has_references
               ? mr_plan_digester_values(&w->digester, row, w->referring.items, w->referring.count,
                                         &line->references, err)
               : code;
}

/* What a sum comes to depends on what stands there when it is added: it is no promise. */
static enum mr_code digest_rest(struct writing *w, const struct mr_entity *e,
                                struct mr_entity_line *line, struct mr_err *err)
{
    const size_t n = w->digester.ncolumns;
    const char *sums = NULL;
    bool any = false;
    MR_TRY(mr_plan_store_sums(w->task->store, e->id, w->arena, &sums, err));
    if (sums != NULL && !mr_entity_written_get(sums, w->sums, n))
        return mr_err_set(err, MR_E_BUG, "a sum of a column that is none");
    for (size_t i = 0; sums != NULL && i < n; i++) {
        w->sums[i] = w->sums[i] && w->written[i];
        w->written[i] = w->written[i] && !w->sums[i];
        any = any || w->sums[i];
    }
    if (!any)
        return MR_OK;
    mr_strbuf_reset(&w->added);
    mr_entity_written_add(&w->added, w->sums, n);
    MR_TRY(mr_strbuf_check(&w->added, "writing a plan", err));
    line->sums = w->added.ptr;
    return mr_plan_digester_part(&w->digester, e->after, w->written, &line->rest, err);
}

/* Of a restored change: what is promised of the row is what it writes; the rest is TARGET's. */
static enum mr_code digest_written(struct writing *w, const struct mr_entity *e,
                                   struct mr_entity_line *line, struct mr_err *err)
{
    const struct mr_plan_table *t = &w->task->tables->tables[e->table];
    bool is = false, any = false;
    if (e->decision == MR_DECIDE_UPDATE && t->key.count > 0)
        MR_TRY(mr_plan_store_is_restored(w->task->store, e->id, &is, err));
    if (is)
        MR_TRY(mr_plan_restored_columns(t, e->target, e->after, w->written, &any, err));
    if (!any)
        return MR_OK;
    mr_strbuf_reset(&w->positions);
    mr_entity_written_add(&w->positions, w->written, t->pair->find.ncolumns);
    MR_TRY(mr_strbuf_check(&w->positions, "writing a plan", err));
    line->written = w->positions.ptr;
    MR_TRY(mr_plan_digester_part(&w->digester, e->after, w->written, &line->part, err));
    return digest_rest(w, e, line, err);
}

/* Does it come into a table without a key? */
static bool is_counted(const struct mr_plan_table *t, const struct mr_entity *e)
{
    return t->key.count == 0 && e->after.ptr != NULL && e->decision == MR_DECIDE_INSERT;
}

static enum mr_code note_coming(struct writing *w, const struct mr_entity *e, struct mr_err *err)
{
    struct mr_digest digest;
    if (!is_counted(&w->task->tables->tables[e->table], e))
        return MR_OK;
    MR_TRY(mr_plan_digester_row(&w->digester, e->after, &digest, err));
    return mr_plan_equal_add(&w->equal, digest, err);
}

/* Whoever proves a table without a key has to know what stood there before. */
static enum mr_code count_equal(struct writing *w, size_t table, struct mr_err *err)
{
    const struct mr_plan_tables *plan = w->task->tables;
    const struct mr_plan_table *t = &plan->tables[table];
    if (t->key.count > 0)
        return MR_OK;
    MR_TRY(walk_table(w, table, note_coming, err));
    return mr_plan_equal_count(&w->equal, t, &w->digester, plan->pairing.side[MR_TARGET].main, err);
}

/* Whom the row waits for. */
static enum mr_code name_awaited(struct writing *w, const struct mr_entity *e,
                                 struct mr_arena *arena, struct mr_entity_line *line,
                                 struct mr_err *err)
{
    struct mr_entity other = {0};
    enum mr_code code = mr_plan_store_get(w->task->store, e->waits_for, arena, &other, err);
    if (code != MR_OK || other.id == 0)
        return code;
    line->waits_table = mr_plan_table_name(&w->task->tables->tables[other.table]);
    line->waits_key = other.source_key.ptr != NULL ? other.source_key : other.target_key;
    return MR_OK;
}

static enum mr_code write_entity(struct writing *w, const struct mr_entity *e, struct mr_err *err)
{
    /* of a conflict it is whoever is in the way, and nothing to prove */
    const bool is_named = e->decision != MR_DECIDE_CONFLICT;
    const struct mr_plan_table *t = &w->task->tables->tables[e->table];
    struct mr_entity_line line = {.table = mr_plan_table_name(t),
                                  .source_key = e->source_key,
                                  .target_key = is_named ? e->target_key : (struct mr_key){0},
                                  .identity = e->identity,
                                  .decision = e->decision,
                                  .kind = e->kind,
                                  .choice = e->choice,
                                  .is_new = e->decision == MR_DECIDE_RENUMBER};
    uint64_t facts = 0;
    struct mr_plan_logs logs;
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(digest_row(w, row_after(t, e), &line, err));
    w->arena = &arena;
    MR_TRY_OUT(digest_written(w, e, &line, err));
    if (e->waits_for != 0)
        MR_TRY_OUT(name_awaited(w, e, &arena, &line, err));
    MR_TRY_OUT(mr_plan_store_facts(w->task->store, e->id, &facts, &line.group, err));
    line.facts = mr_fact_of(facts);
    MR_TRY_OUT(mr_plan_store_logs(w->task->store, e->id, &arena, &logs, err));
    line.logs = logs.outcome;
    line.columns = logs.columns;
    line.has_equal = is_counted(t, e);
    if (line.has_equal)
        line.equal_there = mr_plan_equal_of(&w->equal, line.digest);
    mr_strbuf_reset(&w->line);
    MR_TRY_OUT(mr_entity_file_line(&w->line, &line, err));
    MR_TRY_OUT(w->sink.write(w->sink.arg, w->line.ptr, w->line.len, err));
out:
    mr_strbuf_reset(&w->line);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code write_table(struct writing *w, size_t table, struct mr_arena *arena,
                                struct mr_err *err)
{
    enum mr_code code = MR_OK;
    MR_TRY(open_digester(w, table, arena, err));
    mr_plan_equal_init(&w->equal);
    w->written = mr_arena_calloc(arena, w->digester.ncolumns + 1, sizeof *w->written);
    w->sums = mr_arena_calloc(arena, w->digester.ncolumns + 1, sizeof *w->sums);
    MR_TRY_OUT(w->written != NULL && w->sums != NULL ? find_referring(w, table, err)
                                                     : mr_err_nomem(err, "writing a plan"));
    MR_TRY_OUT(find_referred(w, table, arena, err));
    MR_TRY_OUT(count_equal(w, table, err));
    MR_TRY_OUT(walk_table(w, table, write_entity, err));
out:
    mr_plan_equal_release(&w->equal);
    mr_plan_digester_release(&w->digester);
    return code;
}

static enum mr_code write_entities(struct writing *w, struct mr_err *err)
{
    mr_entity_file_header(&w->line);
    enum mr_code code = mr_strbuf_check(&w->line, "writing a plan", err);
    if (code == MR_OK)
        code = w->sink.write(w->sink.arg, w->line.ptr, w->line.len, err);
    for (size_t i = 0; code == MR_OK && i < w->task->tables->ntables; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        code = write_table(w, i, &arena, err);
        mr_arena_release(&arena);
    }
    return code;
}

/* ---- idmap ---- */

/* Whoever is found on TARGET is, whether columns of his row are written or not. */
static enum mr_code is_mapped(const struct writing *w, const struct mr_entity *e, bool *is,
                              struct mr_err *err)
{
    *is = e->decision == MR_DECIDE_MATCHED || e->decision == MR_DECIDE_INSERT ||
          e->decision == MR_DECIDE_RENUMBER;
    if (e->decision != MR_DECIDE_UPDATE)
        return MR_OK;
    MR_TRY(mr_plan_store_is_lost(w->task->store, e->id, is, err));
    *is = *is || (e->kind != NULL && strcmp(e->kind, "differs") == 0);
    return MR_OK;
}

/* A key as text may be several keys: commas within its parts, bytes that are no UTF-8. */
static void add_bytes(struct writing *w, struct mr_key key)
{
    mr_strbuf_reset(&w->text);
    if (key.ptr != NULL)
        mr_strbuf_add_hex(&w->text, key.ptr, key.len);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
}

/* What tells a later plan, without the case, whether the row still stands (plan_idmap.h). */
static enum mr_code add_proof(struct writing *w, const struct mr_plan_table *t,
                              const struct mr_entity *e, struct mr_key row, struct mr_err *err)
{
    struct mr_digest digest = {0};
    enum mr_code code = mr_plan_row_digest(t, row, &digest, err);
    bool restored = e->decision == MR_DECIDE_INSERT || e->decision == MR_DECIDE_RENUMBER;
    bool merged = e->decision == MR_DECIDE_MATCHED && mr_entity_is_merged(e);
    mr_plan_text_str(&w->line, merged
                                   ? MR_DECIDE_MERGED
                                   : mr_decision_name(restored ? e->decision : MR_DECIDE_MATCHED));
    mr_strbuf_reset(&w->text);
    if (e->identity.ptr != NULL)
        mr_strbuf_add_hex(&w->text, e->identity.ptr, e->identity.len);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    mr_strbuf_reset(&w->text);
    mr_strbuf_add_fmt(&w->text, "%016" PRIx64 "%016" PRIx64, digest.hi, digest.lo);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    add_bytes(w, e->source_key);
    add_bytes(w, e->target_key);
    return code;
}

/* Matched rows stand in it, too: a later plan without the case has to know under which key a
 * person who was there already goes. */
static enum mr_code write_mapped(struct writing *w, const struct mr_entity *e, struct mr_err *err)
{
    const struct mr_plan_table *t = &w->task->tables->tables[e->table];
    struct mr_key row = row_after(t, e);
    bool is = false;
    if (t->key.count > 0)
        MR_TRY(is_mapped(w, e, &is, err));
    if (!is)
        return MR_OK;
    if (row.ptr == NULL)
        row = e->source;
    mr_plan_text_str(&w->line, mr_plan_table_name(t));
    mr_strbuf_reset(&w->text);
    enum mr_code code = mr_plan_text_values(&w->text, t, &t->key, e->source_key, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    mr_strbuf_reset(&w->text);
    if (code == MR_OK)
        code = mr_plan_text_values(&w->text, t, &t->key, e->target_key, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    mr_strbuf_reset(&w->text);
    if (code == MR_OK && t->identity == MR_PLAN_BY_COLUMNS)
        code = mr_plan_text_of_row(&w->text, t, &t->named_by, row, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    if (code == MR_OK)
        code = add_proof(w, t, e, row, err);
    return code == MR_OK ? mr_plan_text_end(&w->line, w->sink, err) : code;
}

static enum mr_code write_idmap(struct writing *w, struct mr_err *err)
{
    static const char head[] = "table,source_key,target_key,identity,decision,"
                               "identity_key,digest,source_bytes,target_bytes\r\n";
    MR_TRY(w->sink.write(w->sink.arg, head, sizeof head - 1, err));
    for (size_t i = 0; i < w->task->tables->ntables; i++)
        MR_TRY(walk_table(w, i, write_mapped, err));
    return MR_OK;
}

/* ---- files ---- */

/* The first error counts: that of the close only tells that the file is not whole, which is
 * known by then. */
static enum mr_code write_file(const struct mr_plan_files_task *task, const char *name,
                               enum mr_code (*write)(struct writing *w, struct mr_err *err),
                               struct mr_err *err)
{
    struct writing w = {.task = task,
                        .line = MR_STRBUF_INIT,
                        .text = MR_STRBUF_INIT,
                        .positions = MR_STRBUF_INIT,
                        .added = MR_STRBUF_INIT,
                        .referring = MR_VEC_INIT(size_t)};
    struct mr_plan_file_out *out = NULL;
    MR_TRY(mr_plan_writer_open(task->writer, name, &out, err));
    w.sink = mr_plan_file_sink(out);
    enum mr_code code = write(&w, err);
    enum mr_code closed = mr_plan_file_close(out, code == MR_OK ? err : NULL);
    mr_strbuf_release(&w.line);
    mr_strbuf_release(&w.text);
    mr_strbuf_release(&w.positions);
    mr_strbuf_release(&w.added);
    mr_vec_release(&w.referring);
    return code == MR_OK ? closed : code;
}

enum mr_code mr_plan_files_entities(const struct mr_plan_files_task *task, struct mr_err *err)
{
    return write_file(task, MR_ENTITY_FILE, write_entities, err);
}

enum mr_code mr_plan_files_idmap(const struct mr_plan_files_task *task, struct mr_err *err)
{
    return write_file(task, "idmap.csv", write_idmap, err);
}
