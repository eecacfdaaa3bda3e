/* plan_conflicts.c: conflicts.csv; see plan_files.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/pair/pair_columns.h"
#include "repair/decide/conflict.h"
#include "repair/plan/plan_files.h"
#include "repair/plan/plan_text.h"
#include "repair/planning/conflict_changes.h"
#include "repair/planning/conflict_differs.h"
#include "repair/side/counted.h"

#define BATCH 1000
#define KEYS 10000 /* of SOURCE that are read at a time */
#define RUNS "deleted-or-lost"
#define LOG_FIELDS 4 /* base, columns, source_changes, target_changes */

struct writing {
    const struct mr_plan_files_task *task;
    const struct mr_plan_table *table;
    struct mr_sink sink;
    struct mr_conflict_differs *differs;
    struct mr_conflict_changes *changes;
    struct mr_strbuf line, text;
    bool has_logs; /* each line ends with what they say */
};

/* ---- single rows ---- */

static enum mr_code add_key(struct writing *w, struct mr_key key, struct mr_err *err)
{
    mr_strbuf_reset(&w->text);
    enum mr_code code = w->table->key.count > 0
                            ? mr_plan_text_values(&w->text, w->table, &w->table->key, key, err)
                            : MR_OK;
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    return code;
}

static enum mr_code add_identity(struct writing *w, const struct mr_entity *e, struct mr_err *err)
{
    const struct mr_plan_table *t = w->table;
    struct mr_key row = e->source.ptr != NULL ? e->source : e->target;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&w->text);
    if (t->identity == MR_PLAN_BY_COLUMNS)
        code = mr_plan_text_of_row(&w->text, t, &t->named_by, row, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    return code;
}

static enum mr_code add_image(struct writing *w, struct mr_key image, struct mr_err *err)
{
    mr_strbuf_reset(&w->text);
    enum mr_code code = mr_plan_text_json(&w->text, w->table, image, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    return code;
}

static enum mr_code add_changes(struct writing *w, const struct mr_entity *e, enum mr_side side,
                                struct mr_err *err)
{
    mr_strbuf_reset(&w->text);
    const enum mr_code code = mr_conflict_changes_add(w->changes, w->table, e, side, &w->text, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    return code;
}

/* What a person sees beside both sides: the row at the split, the one that the columns that SOURCE changed
 * would make of TARGET's, and when each side has changed what. */
static enum mr_code add_logs(struct writing *w, const struct mr_entity *e, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_plan_logs logs;
    enum mr_code code = mr_plan_store_logs(w->task->store, e->id, &arena, &logs, err);
    mr_strbuf_reset(&w->text);
    if (code == MR_OK)
        code = mr_plan_text_seen(&w->text, w->table, logs.base, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    if (code == MR_OK)
        code = add_image(w, logs.merged, err);
    mr_arena_release(&arena);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = add_changes(w, e, (enum mr_side)side, err);
    return code;
}

static enum mr_code add_differs(struct writing *w, const struct mr_entity *e, struct mr_err *err)
{
    mr_strbuf_reset(&w->text);
    const enum mr_code code = mr_conflict_differs_add(w->differs, w->table, e, &w->text, err);
    mr_plan_text_field(&w->line, w->text.ptr, w->text.len);
    return code;
}

/* What nobody has said: while `decision` says the same, it is nobody's word for a later plan either. */
static const char *derived_of(const struct mr_entity *e)
{
    return e->choice != NULL && e->is_derived ? e->choice : "";
}

static const char *choices_of(const char *kind)
{
    return strcmp(kind, "deleted-since") == 0 ? "" : mr_conflict_choices(mr_conflict_named(kind));
}

static enum mr_code write_row(struct writing *w, const struct mr_entity *e, struct mr_err *err)
{
    mr_plan_text_str(&w->line, mr_plan_table_name(w->table));
    enum mr_code code = add_key(w, e->source_key, err);
    if (code == MR_OK)
        code = add_key(w, e->target_key, err);
    if (code == MR_OK)
        code = add_identity(w, e, err);
    mr_plan_text_str(&w->line, e->kind);
    mr_plan_text_str(&w->line, e->choices != NULL ? e->choices : choices_of(e->kind));
    if (code == MR_OK)
        code = add_image(w, e->source, err);
    if (code == MR_OK)
        code = add_image(w, e->target, err);
    mr_plan_text_str(&w->line, e->choice);
    if (code == MR_OK)
        code = add_differs(w, e, err);
    if (code == MR_OK && w->has_logs)
        code = add_logs(w, e, err);
    mr_plan_text_str(&w->line, derived_of(e));
    return code == MR_OK ? mr_plan_text_end(&w->line, w->sink, err) : code;
}

/* Rows that are part of a run are left to write_runs(): a row in both would be decided twice. */
static enum mr_code write_rows(struct writing *w, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        code = mr_is_cancelled() ? mr_cancelled_err(err)
                                 : mr_plan_store_conflicts(w->task->store, w->table->at, after,
                                                           BATCH, &arena, &list, err);
        for (size_t i = 0; code == MR_OK && i < list.count; i++) {
            const struct mr_entity *e = mr_vec_at(&list, i);
            after = e->id;
            if (!mr_plan_has_runs(w->table) || strcmp(e->kind, RUNS) != 0)
                code = write_row(w, e, err);
        }
    } while (code == MR_OK && list.count > 0);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

/* ---- runs ---- */

/* Keys of SOURCE behind the end of a run; as orders (side/counted.h). */
struct keys {
    bool is_unsigned;
    int64_t at[KEYS];
    size_t count, used;
    bool done; /* SOURCE has none further on */
};

struct run {
    char low[MR_COUNTED_TEXT], high[MR_COUNTED_TEXT];
    int64_t last;
    char choice[32];
    bool is_derived;
    struct mr_entity first; /* in the arena */
    struct mr_arena arena;
    bool open; /* there is one */
};

static enum mr_code take_key(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct keys *keys = ctx;
    (void)err;
    if (keys->count < KEYS)
        keys->at[keys->count++] = mr_counted_of_value(&values[0], keys->is_unsigned);
    return MR_OK;
}

/* Those above `last`, of the counter alone.  What is in front of them is nobody's neighbour any
 * more, and may be most of the table. */
static enum mr_code read_keys(const struct writing *w, struct keys *keys, int64_t last,
                              struct mr_err *err)
{
    static const size_t key_at = 0;
    const struct mr_table *t = w->table->pair->side[MR_SOURCE];
    const struct mr_column *counter =
        mr_table_column(t, mr_plan_column_name(w->table, w->table->counter));
    const struct mr_readcol column = {
        .name = counter->name, .expr = MR_EXPR_COLUMN, .cls = counter->cls};
    const struct mr_readspec spec = {
        .db = t->db, .table = t->name, .cols = &column, .ncols = 1, .key = &key_at, .nkey = 1};
    const struct mr_value from = mr_counted_value(last, keys->is_unsigned);
    struct mr_strbuf low = MR_STRBUF_INIT;
    enum mr_code code = mr_row_encode(&low, &from, err);
    keys->count = keys->used = 0;
    if (code == MR_OK)
        code =
            mr_reader_scan(w->task->tables->pairing.side[MR_SOURCE].main, &spec,
                           (struct mr_range){.lo = {low.ptr, low.len}}, KEYS, take_key, keys, err);
    keys->done = keys->count == 0;
    mr_strbuf_release(&low);
    return code;
}

/* Moves to the first key above `last`; *is: it is n. */
static enum mr_code next_is(const struct writing *w, struct keys *keys, int64_t last, int64_t n,
                            bool *is, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    while (keys->used < keys->count && keys->at[keys->used] <= last)
        keys->used++;
    if (keys->used == keys->count && !keys->done)
        code = read_keys(w, keys, last, err);
    *is = keys->used < keys->count && keys->at[keys->used] == n;
    return code;
}

/* A copy of what is written of a row: the batch that it was read with goes. */
static enum mr_code keep_first(struct run *run, const struct mr_entity *e, struct mr_err *err)
{
    mr_arena_reset(&run->arena);
    run->first = (struct mr_entity){
        .id = e->id, .source_key.len = e->source_key.len, .source.len = e->source.len};
    run->first.kind = RUNS;
    run->first.is_derived = e->is_derived;
    run->first.source_key.ptr = mr_arena_dup(&run->arena, e->source_key.ptr, e->source_key.len);
    if (e->source.ptr != NULL)
        run->first.source.ptr = mr_arena_dup(&run->arena, e->source.ptr, e->source.len);
    if (e->choice != NULL)
        run->first.choice = mr_arena_strdup(&run->arena, e->choice);
    if (run->first.source_key.ptr == NULL ||
        (run->first.source.ptr == NULL) != (e->source.ptr == NULL) ||
        (run->first.choice == NULL) != (e->choice == NULL))
        return mr_err_nomem(err, "writing conflicts");
    return MR_OK;
}

/* Of several rows without images: one line stands for many, of different values.  One row has its own:
 * they prove that the line is about it, whatever a spreadsheet makes of its key. */
static enum mr_code end_run(struct writing *w, struct run *run, struct mr_err *err)
{
    char key[64];
    if (!run->open)
        return MR_OK;
    run->open = false;
    if (strcmp(run->low, run->high) == 0)
        return write_row(w, &run->first, err);
    (void)snprintf(key, sizeof key, "%s..%s", run->low, run->high);
    mr_plan_text_str(&w->line, mr_plan_table_name(w->table));
    mr_plan_text_str(&w->line, key);
    mr_plan_text_str(&w->line, "");
    mr_plan_text_str(&w->line, "");
    mr_plan_text_str(&w->line, RUNS);
    mr_plan_text_str(&w->line, mr_conflict_choices(mr_conflict_named(RUNS)));
    mr_plan_text_str(&w->line, "");
    mr_plan_text_str(&w->line, "");
    mr_plan_text_str(&w->line, run->choice);
    mr_plan_text_str(&w->line, "");
    for (int i = 0; w->has_logs && i < LOG_FIELDS; i++)
        mr_plan_text_str(&w->line, "");
    mr_plan_text_str(&w->line, run->is_derived ? run->choice : "");
    return mr_plan_text_end(&w->line, w->sink, err);
}

/* A run goes on while SOURCE has no other row in between. */
static enum mr_code add_to_run(struct writing *w, struct run *run, struct keys *keys,
                               const struct mr_entity *e, struct mr_err *err)
{
    const char *choice = e->choice != NULL ? e->choice : "";
    char text[MR_COUNTED_TEXT];
    bool goes_on = true;
    mr_strbuf_reset(&w->text);
    enum mr_code code = mr_plan_text_values(&w->text, w->table, &w->table->key, e->source_key, err);
    (void)snprintf(text, sizeof text, "%s", code == MR_OK ? w->text.ptr : "");
    int64_t n = code == MR_OK ? mr_counted_of_text(text, keys->is_unsigned, NULL) : 0;
    if (code == MR_OK && run->open && (n == INT64_MIN || n - 1 != run->last))
        code = next_is(w, keys, run->last, n, &goes_on, err);
    if (code == MR_OK &&
        (!goes_on || strcmp(run->choice, choice) != 0 || run->is_derived != e->is_derived))
        code = end_run(w, run, err);
    if (code != MR_OK)
        return code;
    if (!run->open) {
        MR_TRY(keep_first(run, e, err));
        (void)snprintf(run->low, sizeof run->low, "%s", text);
        (void)snprintf(run->choice, sizeof run->choice, "%s", choice);
        run->is_derived = e->is_derived;
        run->open = true;
    }
    (void)snprintf(run->high, sizeof run->high, "%s", text);
    run->last = n;
    return MR_OK;
}

/* By key, not by number of the entity: a run is of neighbours, in whatever order they were
 * decided.  `after` is a copy, since the arena of a batch goes with it. */
static enum mr_code write_runs(struct writing *w, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    struct mr_strbuf after = MR_STRBUF_INIT;
    struct run run = {.open = false, .arena = MR_ARENA_INIT};
    struct keys *keys = calloc(1, sizeof *keys);
    enum mr_code code = keys != NULL ? MR_OK : mr_err_nomem(err, "writing a plan");
    if (keys != NULL)
        keys->is_unsigned = w->table->counts_unsigned;
    while (code == MR_OK) {
        const struct mr_key from = {after.len > 0 ? after.ptr : NULL, after.len};
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        code = mr_plan_store_by_key(w->task->store, w->table->at, RUNS, from, BATCH, &arena, &list,
                                    err);
        for (size_t i = 0; code == MR_OK && i < list.count; i++)
            code = add_to_run(w, &run, keys, mr_vec_at(&list, i), err);
        if (list.count == 0)
            break;
        const struct mr_entity *last = mr_vec_at(&list, list.count - 1);
        mr_strbuf_reset(&after);
        mr_strbuf_add(&after, last->source_key.ptr, last->source_key.len);
        if (code == MR_OK)
            code = mr_strbuf_check(&after, "writing conflicts", err);
    }
    if (code == MR_OK)
        code = end_run(w, &run, err);
    free(keys);
    mr_arena_release(&run.arena);
    mr_strbuf_release(&after);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

/* ---- the file ---- */

/* They may tell when a row was changed of which they decide nothing. */
static enum mr_code has_logs(const struct mr_plan_files_task *task, bool *has, struct mr_err *err)
{
    MR_TRY(mr_plan_store_has_logs(task->store, has, err));
    for (size_t i = 0; i < task->tables->ntables; i++)
        *has |= task->tables->tables[i].witness.is_used;
    return MR_OK;
}

/* The file is closed after a failure, too, and then says nothing more of it. */
enum mr_code mr_plan_files_conflicts(const struct mr_plan_files_task *task, struct mr_err *err)
{
#define HEAD "table,source_key,target_key,identity,kind,choices,source,target,decision,differs"
    static const char plain[] = HEAD ",derived\r\n",
                      with_logs[] = HEAD ",base,columns,source_changes,target_changes,derived\r\n";
    struct writing w = {.task = task, .line = MR_STRBUF_INIT, .text = MR_STRBUF_INIT};
    struct mr_plan_file_out *out = NULL;
    MR_TRY(has_logs(task, &w.has_logs, err));
    const char *head = w.has_logs ? with_logs : plain;
    MR_TRY(mr_plan_writer_open(task->writer, "conflicts.csv", &out, err));
    w.sink = mr_plan_file_sink(out);
    enum mr_code code = mr_conflict_differs_open(task->tables, task->fd, &w.differs, err);
    if (code == MR_OK)
        code = mr_conflict_changes_open(task->fd, &w.changes, err);
    if (code == MR_OK)
        code = mr_plan_file_write(out, head, strlen(head), err);
    for (size_t i = 0; code == MR_OK && i < task->tables->ntables; i++) {
        w.table = &task->tables->tables[i];
        code = write_rows(&w, err);
        if (code == MR_OK && mr_plan_has_runs(w.table))
            code = write_runs(&w, err);
    }
    enum mr_code closed = mr_plan_file_close(out, code == MR_OK ? err : NULL);
    mr_conflict_differs_close(w.differs);
    mr_conflict_changes_close(w.changes);
    mr_strbuf_release(&w.line);
    mr_strbuf_release(&w.text);
    return code == MR_OK ? closed : code;
}
