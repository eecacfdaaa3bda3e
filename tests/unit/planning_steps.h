/*
 * planning_steps: whom `repair plan --policy P` asks, one step after another, for unit tests of
 * what it makes of them.
 *
 *   steps_begin() → made.… → mr_plan_rows(…) → made.log, made.said → steps_end()
 *
 * Each step is a word of made.log; made.fails names the one that fails with made.code.  What the
 * case and the directory get is real (planning_world.h), and so is the plan's store; who decides,
 * judges and writes scripts gives what `made` says.  Tables are those of a world (merge_world.h),
 * made.world.  Link with PLANNING_STEPS of module.mk.
 */
#ifndef MR_TESTS_PLANNING_STEPS_H
#define MR_TESTS_PLANNING_STEPS_H

#include <errno.h>
#include <pthread.h>

#include "merge_world.h"
#include "no_memory.h"
#include "planning_world.h"

#include "core/pair/pair_sections.h"
#include "repair/copy/copy.h"
#include "repair/plan/plan_files.h"
#include "repair/plan/plan_lost.h"
#include "repair/plan/plan_mentions.h"
#include "repair/plan/plan_packet.h"
#include "repair/plan/plan_parents.h"
#include "repair/plan/plan_server.h"
#include "repair/plan/plan_written.h"
#include "repair/planning/plan_decisions.h"
#include "repair/planning/plan_idmap.h"
#include "repair/planning/plan_keeps.h"
#include "repair/planning/plan_lacks.h"
#include "repair/planning/plan_moved.h"
#include "repair/planning/plan_refuse.h"
#include "repair/planning/plan_select.h"
#include "repair/planning/plan_stood.h"
#include "repair/planning/plan_summary.h"
#include "repair/reseed/plan_counters.h"
#include "repair/script/script.h"
#include "repair/script/script_shape.h"

static char steps_handle[2]; /* nobody looks into them: who would is replaced */
#define DECIDED ((struct mr_plan_decided *)(void *)&steps_handle[0])
#define DECISIONS ((struct mr_plan_decisions *)(void *)&steps_handle[1])
#define STEPS_ROWS 1200

static struct {
    struct mr_strbuf log, said; /* said: warnings */
    const char *fails;          /* the step that does; NULL: none */
    enum mr_code code;
    struct world *world;
    struct mr_planning *p; /* of which the plan is */
    /* what is answered */
    const char *partial, *lacks, *misses, *keeps;
    bool is_decided;        /* by earlier plans */
    uint64_t held, written; /* rows so decided about; of the scripts */
    struct mr_merge_result merged;
    struct mr_copy_result copied;
    struct mr_entity *entities;
    size_t nentities;
    struct mr_planned planned;
    bool reserved[3]; /* per counter of repair_sample.h */
    const struct mr_plan_mention *mention;
    bool named; /* the directory has its name before publishing fails */
    /* what was asked */
    struct mr_merge_options merge;
    struct mr_copy_task copy;
    const bool *selected;
    const char *decisions, *idmap;
    bool forget;
} made;

static inline enum mr_code step(const char *name, const char *of, struct mr_err *err)
{
    char full[60];
    (void)snprintf(full, sizeof full, "%s%s%s", name, of != NULL ? ":" : "", of != NULL ? of : "");
    if (no_memory.stopped > 0)
        return MR_OK; /* it is part of one */
    no_memory_stop();
    mr_strbuf_add_fmt(&made.log, "%s ", full);
    no_memory_go_on();
    return made.fails != NULL && strcmp(made.fails, full) == 0
               ? mr_err_set(err, made.code, "%s fails", full)
               : MR_OK;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Is it what the plan is made of? */
#define OF_PLAN(tables) steps_are_tables(tables)
#define OF_FD(it) ((it) != NULL && (it) == made.p->fd)
#define OF_PAIRING(it) ((it)->side == made.world->plan.pairing.side)
#define OF_CASE(cf) ((cf) == mr_findings_case(made.p->fd))
#define OF_ARENA(it) ((it) == &made.p->arena)
#define OF_STORE(store) (mr_plan_store_id(store) == made.p->record.id)

static inline bool steps_are_tables(const struct mr_plan_tables *tables)
{
    return tables->tables == made.world->plan.tables && tables->ntables == made.world->plan.ntables;
}

/* A step that only says whether it fails; and one that is done, too.  `rightly`: it is asked about
 * what the plan is made of. */
#define STEP(function, name, rightly, ...)                                                         \
    enum mr_code __wrap_##function(__VA_ARGS__, struct mr_err *err);                               \
    enum mr_code __wrap_##function(__VA_ARGS__, struct mr_err *err)                                \
    {                                                                                              \
        assert_true(rightly);                                                                      \
        return step(name, NULL, err);                                                              \
    }
#define DONE(function, name, of, call, ...)                                                        \
    enum mr_code __real_##function(__VA_ARGS__, struct mr_err *err);                               \
    enum mr_code __wrap_##function(__VA_ARGS__, struct mr_err *err);                               \
    enum mr_code __wrap_##function(__VA_ARGS__, struct mr_err *err)                                \
    {                                                                                              \
        MR_TRY(step(name, of, err));                                                               \
        no_memory_stop();                                                                          \
        const enum mr_code code = __real_##function call;                                          \
        no_memory_go_on();                                                                         \
        return code;                                                                               \
    }
#define GONE(function, name, type)                                                                 \
    void __wrap_##function(type what);                                                             \
    void __wrap_##function(type what)                                                              \
    {                                                                                              \
        (void)step(what != NULL ? name : "-", NULL, NULL);                                         \
    }

/* ---- what speaks against a plan ---- */

enum mr_code __wrap_mr_plan_refuse_incomplete(struct mr_findings *fd, const struct mr_find_run *run,
                                              bool partial, struct mr_arena *arena,
                                              const char **what, struct mr_err *err);
enum mr_code __wrap_mr_plan_refuse_incomplete(struct mr_findings *fd, const struct mr_find_run *run,
                                              bool partial, struct mr_arena *arena,
                                              const char **what, struct mr_err *err)
{
    assert_true(OF_FD(fd) && OF_ARENA(arena));
    assert_int_equal(partial, made.p->opts->partial);
    assert_ptr_equal(run, &made.p->run);
    *what = made.partial;
    return step("incomplete", NULL, err);
}

enum mr_code __wrap_mr_plan_refuse_binlog(const struct mr_server_side *target, struct mr_err *err);
enum mr_code __wrap_mr_plan_refuse_binlog(const struct mr_server_side *target, struct mr_err *err)
{
    assert_ptr_equal(target, &made.p->sides.side[MR_TARGET]);
    return step("binlog", NULL, err);
}

enum mr_code __wrap_mr_plan_tables_open(struct mr_plan_tables *plan,
                                        const struct mr_plan_tables_task *task, struct mr_err *err);
enum mr_code __wrap_mr_plan_tables_open(struct mr_plan_tables *plan,
                                        const struct mr_plan_tables_task *task, struct mr_err *err)
{
    assert_true(OF_ARENA(task->arena));
    assert_ptr_equal(task->sides, &made.p->sides);
    assert_ptr_equal(task->config, made.p->config);
    assert_ptr_equal(task->fd, made.p->fd);
    assert_ptr_equal(task->patterns->tables, &made.p->opts->tables);
    assert_ptr_equal(task->patterns->exclude, &made.p->opts->exclude);
    *plan = made.world->plan;
    return step("tables", NULL, err);
}

STEP(mr_plan_refuse_itself, "itself", sides == &made.p->sides && OF_ARENA(arena),
     const struct mr_sides *sides, struct mr_arena *arena)
STEP(mr_plan_stood_begin, "stood", OF_PAIRING(pairing) && OF_ARENA(arena),
     struct mr_plan_stood *stood, const struct mr_pairing *pairing, struct mr_arena *arena)
STEP(mr_plan_moved_warn, "moved", OF_FD(fd) && run == &made.p->run && side == made.p->sides.side,
     struct mr_findings *fd, const struct mr_find_run *run,
     const struct mr_server_side side[MR_SIDES])
STEP(mr_pair_sections_warn, "sections", OF_PAIRING(pairing), const struct mr_pairing *pairing)
STEP(mr_pair_patterns_warn, "patterns",
     OF_PAIRING(pairing) && strcmp(option, "--exclude") == 0 && patterns == &made.p->opts->exclude,
     const struct mr_pairing *pairing, const char *option, const struct mr_string_list *patterns)
STEP(mr_findings_settings, "settings", OF_FD(fd) && OF_ARENA(arena), struct mr_findings *fd,
     struct mr_arena *arena, struct mr_vec *settings)
STEP(mr_plan_refuse_hidden, "hidden", OF_PLAN(plan), const struct mr_plan_tables *plan)
STEP(mr_plan_refuse_unseen, "unseen", OF_PLAN(plan) && policy == made.p->opts->policy,
     const struct mr_plan_tables *plan, const char *policy)
DONE(mr_planning_describe, "describe", policy, (p, policy, err), struct mr_planning *p,
     const char *policy)

enum mr_code __wrap_mr_plan_lacks_add(struct mr_plan_lacks *lacks, const char *table,
                                      const char *db, const char *name,
                                      const struct mr_vec *settings, struct mr_err *err);
enum mr_code __wrap_mr_plan_lacks_add(struct mr_plan_lacks *lacks, const char *table,
                                      const char *db, const char *name,
                                      const struct mr_vec *settings, struct mr_err *err)
{
    assert_ptr_equal(lacks->config, made.p->config);
    assert_int_equal(lacks->has_split_keys, made.p->opts->nsplit_keys > 0);
    assert_string_equal(db, "d");
    assert_string_equal(name, strchr(table, '.') + 1);
    return step("lacks", table, err);
}

void __wrap_mr_plan_lacks_text(const struct mr_plan_lacks *lacks, const char *run,
                               struct mr_strbuf *out);
void __wrap_mr_plan_lacks_text(const struct mr_plan_lacks *lacks, const char *run,
                               struct mr_strbuf *out)
{
    assert_string_equal(run, made.p->run.uuid);
    if (made.lacks != NULL)
        mr_strbuf_add_str(out, made.lacks);
}

enum mr_code __wrap_mr_plan_server_describe(const struct mr_server_side side[MR_SIDES],
                                            struct mr_arena *arena, struct mr_plan_server *server,
                                            struct mr_err *err);
enum mr_code __wrap_mr_plan_server_describe(const struct mr_server_side side[MR_SIDES],
                                            struct mr_arena *arena, struct mr_plan_server *server,
                                            struct mr_err *err)
{
    assert_true(OF_ARENA(arena) && server == &made.p->manifest.server);
    assert_ptr_equal(side, made.p->sides.side);
    *server = sample_manifest(MR_FLAVOUR_MYSQL).server;
    return step("server", NULL, err);
}

/* ---- who decides ---- */

enum mr_code __wrap_mr_plan_decided_open(struct mr_case *cf, int64_t plan, bool forget,
                                         struct mr_plan_decided **out, struct mr_err *err);
enum mr_code __wrap_mr_plan_decided_open(struct mr_case *cf, int64_t plan, bool forget,
                                         struct mr_plan_decided **out, struct mr_err *err)
{
    assert_true(OF_CASE(cf));
    assert_true(plan > 0 && plan == made.p->record.id);
    made.forget = forget;
    MR_TRY(step("decided", NULL, err));
    *out = DECIDED;
    return MR_OK;
}

enum mr_code __wrap_mr_plan_decided_is_empty(struct mr_plan_decided *decided, bool *empty,
                                             struct mr_err *err);
enum mr_code __wrap_mr_plan_decided_is_empty(struct mr_plan_decided *decided, bool *empty,
                                             struct mr_err *err)
{
    assert_true(decided == DECIDED);
    *empty = !made.is_decided;
    return step("empty", NULL, err);
}

enum mr_code __wrap_mr_plan_decided_held(struct mr_plan_decided *decided, uint64_t *count,
                                         struct mr_err *err);
enum mr_code __wrap_mr_plan_decided_held(struct mr_plan_decided *decided, uint64_t *count,
                                         struct mr_err *err)
{
    assert_true(decided == DECIDED);
    *count = made.held;
    return step("held", NULL, err);
}

STEP(mr_plan_decided_withdraw, "withdraw", OF_CASE(cf) && plan > 0 && plan == made.p->record.id,
     struct mr_case *cf, int64_t plan)
GONE(mr_plan_decided_close, "-decided", struct mr_plan_decided *)

enum mr_code __wrap_mr_plan_decisions_open(const struct mr_decision_file *file,
                                           struct mr_findings *fd, struct mr_plan_decided *decided,
                                           const struct mr_plan_tables *tables,
                                           struct mr_plan_decisions **out, struct mr_err *err);
enum mr_code __wrap_mr_plan_decisions_open(const struct mr_decision_file *file,
                                           struct mr_findings *fd, struct mr_plan_decided *decided,
                                           const struct mr_plan_tables *tables,
                                           struct mr_plan_decisions **out, struct mr_err *err)
{
    assert_true(OF_FD(fd) && OF_PLAN(tables));
    assert_ptr_equal(decided, DECIDED);
    made.decisions = file->path;
    MR_TRY(step("decisions", NULL, err));
    *out = DECISIONS;
    return MR_OK;
}

STEP(mr_plan_decisions_check, "check", decisions == DECISIONS && OF_STORE(store),
     struct mr_plan_decisions *decisions, struct mr_plan_store *store)
GONE(mr_plan_decisions_close, "-decisions", struct mr_plan_decisions *)

enum mr_code __wrap_mr_plan_select(const struct mr_plan_tables *plan,
                                   const struct mr_plan_patterns *patterns, struct mr_arena *arena,
                                   bool **selected, struct mr_err *err);
enum mr_code __wrap_mr_plan_select(const struct mr_plan_tables *plan,
                                   const struct mr_plan_patterns *patterns, struct mr_arena *arena,
                                   bool **selected, struct mr_err *err)
{
    assert_true(OF_PLAN(plan) && OF_ARENA(arena));
    static bool chosen[WORLD_TABLES];
    assert_ptr_equal(patterns->tables, &made.p->opts->tables);
    assert_ptr_equal(patterns->exclude, &made.p->opts->exclude);
    *selected = chosen;
    made.selected = chosen;
    return step("select", NULL, err);
}

enum mr_code __wrap_mr_plan_select_tied(struct mr_plan_tables *plan,
                                        const struct mr_plan_patterns *patterns,
                                        struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_plan_select_tied(struct mr_plan_tables *plan,
                                        const struct mr_plan_patterns *patterns,
                                        struct mr_arena *arena, struct mr_err *err)
{
    assert_true(OF_PLAN(plan) && OF_ARENA(arena));
    assert_ptr_equal(patterns->tables, &made.p->opts->tables);
    assert_ptr_equal(patterns->exclude, &made.p->opts->exclude);
    return step("tied", NULL, err);
}

enum mr_code __wrap_mr_plan_parents_check(const struct mr_plan_parents_task *task,
                                          struct mr_err *err);
enum mr_code __wrap_mr_plan_parents_check(const struct mr_plan_parents_task *task,
                                          struct mr_err *err)
{
    assert_true(OF_PLAN(task->tables) && OF_ARENA(task->arena));
    assert_ptr_equal(task->fd, made.p->fd);
    assert_ptr_equal(task->run, &made.p->run);
    assert_string_equal(task->case_path, "c.case");
    assert_ptr_equal(task->config, made.p->config->file);
    return step("parents", NULL, err);
}

enum mr_code __wrap_mr_plan_idmap_read(const char *path, struct mr_findings *fd,
                                       const struct mr_plan_tables *tables, struct mr_err *err);
enum mr_code __wrap_mr_plan_idmap_read(const char *path, struct mr_findings *fd,
                                       const struct mr_plan_tables *tables, struct mr_err *err)
{
    assert_true(OF_FD(fd) && OF_PLAN(tables));
    made.idmap = path;
    return step("idmap", NULL, err);
}

static inline enum mr_code steps_save(struct mr_plan_store *store)
{
    enum mr_code code = MR_OK;
    no_memory_stop();
    for (size_t i = 0; code == MR_OK && i < made.nentities; i++) {
        made.entities[i].id = 0;
        code = mr_plan_store_save(store, &made.entities[i], NULL);
    }
    no_memory_go_on();
    return code;
}

enum mr_code __wrap_mr_merge_plan(const struct mr_merge_task *task, struct mr_merge_result *result,
                                  struct mr_err *err);
enum mr_code __wrap_mr_merge_plan(const struct mr_merge_task *task, struct mr_merge_result *result,
                                  struct mr_err *err)
{
    assert_true(OF_PLAN(task->tables) && OF_STORE(task->store));
    assert_ptr_equal(task->fd, made.p->fd);
    assert_ptr_equal(task->target, made.p->manifest.target);
    made.merge = *task->options;
    *result = made.merged;
    MR_TRY(step("merge", NULL, err));
    return steps_save(task->store);
}

enum mr_code __wrap_mr_copy_plan(const struct mr_copy_task *task, struct mr_copy_result *result,
                                 struct mr_err *err);
enum mr_code __wrap_mr_copy_plan(const struct mr_copy_task *task, struct mr_copy_result *result,
                                 struct mr_err *err)
{
    assert_true(OF_PLAN(task->tables) && OF_STORE(task->store));
    assert_ptr_equal(task->fd, made.p->fd);
    made.copy = *task;
    *result = made.copied;
    MR_TRY(step("copy", NULL, err));
    return steps_save(task->store);
}

/* ---- what is summed up ---- */

enum mr_code __wrap_mr_plan_summary(const struct mr_plan_summary_task *task,
                                    struct mr_planned *planned, struct mr_err *err);
enum mr_code __wrap_mr_plan_summary(const struct mr_plan_summary_task *task,
                                    struct mr_planned *planned, struct mr_err *err)
{
    assert_true(OF_ARENA(task->arena) && planned == &made.p->manifest.planned);
    assert_true(OF_PLAN(task->tables) && OF_STORE(task->store) && OF_FD(task->fd));
    planned->tables = made.planned.tables;
    planned->ntables = made.planned.ntables;
    return step("summary", NULL, err);
}

enum mr_code __wrap_mr_plan_counters(const struct mr_plan_counters_task *task,
                                     struct mr_manifest *manifest, bool **reserved,
                                     struct mr_err *err);
enum mr_code __wrap_mr_plan_counters(const struct mr_plan_counters_task *task,
                                     struct mr_manifest *manifest, bool **reserved,
                                     struct mr_err *err)
{
    assert_true(OF_PLAN(task->tables) && OF_FD(task->fd) && OF_ARENA(task->arena));
    assert_true(task->plan > 0 && task->plan == made.p->record.id);
    assert_ptr_equal(task->target, made.p->manifest.target);
    assert_ptr_equal(manifest, &made.p->manifest);
    manifest->counters = sample_counters;
    manifest->ncounters = LEN(sample_counters);
    *reserved = made.reserved;
    return step("counters", NULL, err);
}

STEP(mr_plan_written_note, "written", OF_CASE(cf) && OF_STORE(store) && OF_PLAN(tables),
     struct mr_case *cf, const struct mr_plan_store *store, const struct mr_plan_tables *tables)
STEP(mr_plan_lost_check, "lost", OF_PLAN(plan) && OF_STORE(store),
     const struct mr_plan_tables *plan, struct mr_plan_store *store)
STEP(mr_script_shape_conditions, "conditions",
     manifest == &made.p->manifest && path == made.p->opts->output && calls == NULL,
     const struct mr_manifest *manifest, const char *path, struct mr_script_calls *calls)
STEP(mr_plan_refuse_names, "names", OF_PLAN(plan), const struct mr_plan_tables *plan)
STEP(mr_plan_refuse_engines, "engines", OF_PLAN(plan) && planned == &made.p->manifest.planned,
     const struct mr_plan_tables *plan, const struct mr_planned *planned)
DONE(mr_plan_store_conflicts, "conflicts", NULL, (store, table, after, limit, arena, entities, err),
     struct mr_plan_store *store, size_t table, int64_t after, size_t limit, struct mr_arena *arena,
     struct mr_vec *entities)

enum mr_code __wrap_mr_plan_refuse_triggers(const struct mr_planned *planned, bool fire,
                                            struct mr_err *err);
enum mr_code __wrap_mr_plan_refuse_triggers(const struct mr_planned *planned, bool fire,
                                            struct mr_err *err)
{
    assert_true(planned == &made.p->manifest.planned);
    assert_int_equal(fire, made.p->opts->allow_triggers != NULL);
    return step("triggers", NULL, err);
}

const char *__wrap_mr_merge_split_misses(const struct mr_plan_table *table,
                                         const struct mr_when *split_at);
const char *__wrap_mr_merge_split_misses(const struct mr_plan_table *table,
                                         const struct mr_when *split_at)
{
    assert_ptr_equal(split_at, &made.p->opts->split_at);
    return table->at == 0 ? made.misses : NULL;
}

enum mr_code __wrap_mr_plan_keeps(const struct mr_plan_tables *plan,
                                  const struct mr_planned *planned, mr_plan_keeps_fn *fn, void *ctx,
                                  struct mr_err *err);
enum mr_code __wrap_mr_plan_keeps(const struct mr_plan_tables *plan,
                                  const struct mr_planned *planned, mr_plan_keeps_fn *fn, void *ctx,
                                  struct mr_err *err)
{
    assert_true(OF_PLAN(plan) && planned == &made.p->manifest.planned);
    MR_TRY(step("keeps", NULL, err));
    return made.keeps != NULL ? fn(ctx, "d.t", made.keeps, err) : MR_OK;
}

enum mr_code __wrap_mr_plan_mentions(const struct mr_plan_mentions_task *task,
                                     struct mr_vec *mentions, struct mr_err *err);
enum mr_code __wrap_mr_plan_mentions(const struct mr_plan_mentions_task *task,
                                     struct mr_vec *mentions, struct mr_err *err)
{
    assert_true(OF_ARENA(task->arena));
    assert_true(OF_PLAN(task->tables) && OF_STORE(task->store) && OF_FD(task->fd));
    no_memory_stop();
    if (made.mention != NULL)
        *(struct mr_plan_mention *)mr_vec_push(mentions) = *made.mention;
    no_memory_go_on();
    return step("mentions", NULL, err);
}

void __wrap_mr_log_info(const char *fmt, ...);
void __wrap_mr_log_info(const char *fmt, ...)
{
}

void __wrap_mr_log_warning(const char *fmt, ...);
void __wrap_mr_log_warning(const char *fmt, ...)
{
    char text[1000];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    no_memory_stop();
    mr_strbuf_add_fmt(&made.said, "%s\n", text);
    no_memory_go_on();
}

/* ---- what is written ---- */

DONE(mr_planning_add_script, "script", name, (p, name, write, err), struct mr_planning *p,
     const char *name, mr_planning_script *write)
DONE(mr_plan_writer_open, "open", name, (writer, name, out, err), struct mr_plan_writer *writer,
     const char *name, struct mr_plan_file_out **out)

/* It is closed whatever is said of that. */
enum mr_code __real_mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err);
enum mr_code __wrap_mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err);
enum mr_code __wrap_mr_plan_file_close(struct mr_plan_file_out *out, struct mr_err *err)
{
    const enum mr_code code = step(out != NULL ? "close" : "-", NULL, err);
    no_memory_stop();
    const enum mr_code real = __real_mr_plan_file_close(out, code == MR_OK ? err : NULL);
    no_memory_go_on();
    return code != MR_OK ? code : real;
}

enum mr_code __wrap_mr_plan_packet_needed(const struct mr_plan_tables *plan, struct mr_findings *fd,
                                          const struct mr_plan_store *store, uint64_t *bytes,
                                          struct mr_err *err);
enum mr_code __wrap_mr_plan_packet_needed(const struct mr_plan_tables *plan, struct mr_findings *fd,
                                          const struct mr_plan_store *store, uint64_t *bytes,
                                          struct mr_err *err)
{
    assert_true(OF_PLAN(plan) && OF_FD(fd) && OF_STORE(store));
    *bytes = 4711;
    return step("packet", NULL, err);
}

enum mr_code __wrap_mr_script_write(const struct mr_script_task *task,
                                    struct mr_script_result *result, struct mr_err *err);
enum mr_code __wrap_mr_script_write(const struct mr_script_task *task,
                                    struct mr_script_result *result, struct mr_err *err)
{
    assert_true(OF_PLAN(task->tables) && OF_STORE(task->store));
    assert_ptr_equal(task->fd, made.p->fd);
    assert_ptr_equal(task->manifest, &made.p->manifest);
    assert_true(task->written != NULL);
    *result = (struct mr_script_result){.units = 2, .rows = made.written};
    MR_TRY(task->apply.write(task->apply.arg, "apply", 5, err));
    MR_TRY(task->undo.write(task->undo.arg, "undo", 4, err));
    MR_TRY(task->verify.write(task->verify.arg, "verify", 6, err));
    MR_TRY(step("write", NULL, err));
    MR_TRY(task->written(task->written_ctx, "apply.sql", err));
    MR_TRY(task->written(task->written_ctx, "undo.sql", err));
    return task->written(task->written_ctx, "verify.sql", err);
}

/* One step after the other: where no thread can be had, scripts are read again at once.  What threads
 * do is tested by test_plan_scripts. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    (void)thread;
    (void)attr;
    (void)run;
    (void)arg;
    return EAGAIN;
}

enum mr_code __wrap_mr_script_shape_check(const struct mr_manifest *manifest, const char *path,
                                          struct mr_script_calls *calls, struct mr_err *err);
enum mr_code __wrap_mr_script_shape_check(const struct mr_manifest *manifest, const char *path,
                                          struct mr_script_calls *calls, struct mr_err *err)
{
    assert_true(calls == NULL);
    assert_ptr_equal(manifest, &made.p->manifest);
    assert_int_equal(access(path, R_OK), 0);
    return step("shape", strrchr(path, '/') + 1, err);
}

#define FILES(function, name)                                                                      \
    enum mr_code __wrap_##function(const struct mr_plan_files_task *task, struct mr_err *err);     \
    enum mr_code __wrap_##function(const struct mr_plan_files_task *task, struct mr_err *err)      \
    {                                                                                              \
        assert_ptr_equal(task->fd, made.p->fd);                                                    \
        assert_ptr_equal(task->writer, made.p->writer);                                            \
        assert_true(OF_PLAN(task->tables) && OF_STORE(task->store));                               \
        assert_ptr_equal(task->planned, &made.p->manifest.planned);                                \
        return step(name, NULL, err);                                                              \
    }
FILES(mr_plan_files_entities, "entities")
FILES(mr_plan_files_idmap, "idmap.csv")
FILES(mr_plan_files_conflicts, "conflicts.csv")

STEP(mr_plan_stood_end, "stands", stood != NULL, const struct mr_plan_stood *stood)
DONE(mr_planning_seal, "seal", NULL, (p, err), struct mr_planning *p)

/* ---- what the case keeps ---- */

DONE(mr_planbook_add, "add", NULL, (fd, plan, blocks, count, err), struct mr_findings *fd,
     struct mr_plan_record *plan, const struct mr_plan_block *blocks, size_t count)
DONE(mr_planbook_add_blocks, "blocks", NULL, (fd, plan, blocks, count, err), struct mr_findings *fd,
     int64_t plan, const struct mr_plan_block *blocks, size_t count)
DONE(mr_plan_store_open, "store", NULL, (fd, out, err), struct mr_findings *fd,
     struct mr_plan_store **out)
DONE(mr_plan_store_begin, "begin", NULL, (store, plan, err), struct mr_plan_store *store,
     int64_t plan)
DONE(mr_plan_store_end, "end", NULL, (store, err), struct mr_plan_store *store)

void __real_mr_case_heed_signals(struct mr_case *cf, bool heeds);
void __wrap_mr_case_heed_signals(struct mr_case *cf, bool heeds);
void __wrap_mr_case_heed_signals(struct mr_case *cf, bool heeds)
{
    (void)step(heeds ? "heed" : "-heed", NULL, NULL);
    __real_mr_case_heed_signals(cf, heeds);
}

enum mr_code __real_mr_planning_publish(struct mr_planning *p, struct mr_err *err);
enum mr_code __wrap_mr_planning_publish(struct mr_planning *p, struct mr_err *err);
enum mr_code __wrap_mr_planning_publish(struct mr_planning *p, struct mr_err *err)
{
    const enum mr_code code = step("publish", NULL, err);
    if (code != MR_OK && !made.named)
        return code;
    no_memory_stop();
    const enum mr_code real = __real_mr_planning_publish(p, code == MR_OK ? err : NULL);
    no_memory_go_on();
    return code != MR_OK ? code : real;
}

#pragma GCC diagnostic pop

static inline void steps_begin(struct world *w, struct mr_planning *p)
{
    memset(&made, 0, sizeof made);
    mr_strbuf_init(&made.log);
    mr_strbuf_init(&made.said);
    mr_strbuf_add_str(&made.said, "");
    made.world = w;
    made.p = p;
}

/* Behind the last table stands what each note would speak of, and is of no plan. */
static inline void steps_stranger(struct world *w, struct mr_planned_table *planned)
{
    const size_t at = w->plan.ntables;
    planned[at].decisions[MR_DECIDE_INSERT] = 1;
    planned[at].base_origin = "equal rows";
    w->planned[at].identity = MR_PLAN_BY_COLUMNS;
    w->planned[at].younger_equal = 1;
    planned[at].nundo_triggers = 1;
}

/* Each note has something to speak of, in the first table or for itself. */
static inline void steps_say_all(struct world *w, struct mr_planned_table *planned)
{
    static const struct mr_planned_trigger trigger = {"a", "BEFORE", "DELETE"};
    static const struct mr_plan_mention mention = {"d.u", "old ids"};
    made.merged = (struct mr_merge_result){.live_only = 1, .deleted_in_source = 1};
    made.copied = (struct mr_copy_result){.kept = 1, .extra = 1, .subject_replaced = 1};
    made.held = 1;
    made.p->run.hidden = "triggers";
    made.misses = "it has no time column";
    made.keeps = "a trigger writes it";
    made.mention = &mention;
    made.lacks = "a line";
    w->tables[0].gone = (struct mr_plan_gone){.rows = 1, .keys = {"7"}, .nkeys = 1};
    w->planned[0].younger_equal = 1;
    w->planned[0].identity = MR_PLAN_BY_COLUMNS;
    planned[0].base = "7";
    planned[0].base_origin = "equal rows";
    planned[0].decisions[MR_DECIDE_INSERT] = 1;
    planned[0].undo_triggers = &trigger;
    planned[0].nundo_triggers = 1;
}

/* For made.entities. */
static inline struct mr_entity conflict_of(struct world *w, size_t table, const char *row,
                                           const char *kind, const char *detail)
{
    return (struct mr_entity){.table = table,
                              .source_key = world_key(w, table, row),
                              .source = world_image(w, table, row),
                              .decision = MR_DECIDE_CONFLICT,
                              .kind = kind,
                              .detail = detail};
}

/* Of a table of the case; it may not be there. */
static inline int64_t steps_count(struct planning_world *w, const char *table, const char *where)
{
    char sql[200];
    int64_t n = 0;
    struct mr_case *cf = mr_findings_case(w->p.fd);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_master WHERE name='%s'", table);
    assert_int_equal(mr_case_number_with(cf, sql, NULL, 0, &n, NULL), MR_OK);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s%s", table, where);
    if (n > 0)
        assert_int_equal(mr_case_number_with(cf, sql, NULL, 0, &n, NULL), MR_OK);
    return n;
}

static inline void steps_remove_plan(void)
{
    static const char *const names[] = {"out/apply.sql",  "out/undo.sql",  "out/verify.sql",
                                        "out/reseed.sql", "out/plan.json", "out"};
    for (size_t i = 0; i < LEN(names); i++)
        (void)remove(names[i]);
}

static inline void steps_end(void)
{
    mr_strbuf_release(&made.log);
    mr_strbuf_release(&made.said);
}

#endif
