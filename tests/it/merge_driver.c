/*
 * merge_driver: plans a merge, or with --policy a copy, and prints what was decided, as
 * JSON lines, for the tests that know what must come out.
 *
 *   merge_driver SOURCE TARGET CASE CONFIG [--split-at TIME] [--split-key DB.TABLE=N]
 *       [--margin N] [--on-conflict KIND=CHOICE] [--decision DB.TABLE KEY CHOICE]…
 *   merge_driver SOURCE TARGET CASE CONFIG --policy mirror|backfill|newest:COLUMN
 *       [--allow-deletes N] [--only DB.TABLE]…
 *
 * CASE holds a finished check.  KEY is the key on SOURCE, its values joined by commas.
 * Exits like the program would.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/row/value_text.h"
#include "repair/copy/copy.h"
#include "repair/merge/merge.h"
#include "repair/merge/merge_bounds.h"

enum { MOST = 64 };

struct decision {
    const char *table, *key, *choice;
};

struct driver {
    struct mr_arena arena;
    struct mr_sides sides;
    struct mr_config *config;
    struct mr_findings *fd;
    struct mr_plan_tables tables;
    struct mr_plan_store *store;
    struct mr_merge_options options;
    struct mr_merge_result result;
    struct mr_when split_at;
    struct mr_merge_split_key split_keys[MOST];
    struct mr_conflict_rule rules[MOST];
    struct decision decisions[MOST];
    size_t ndecisions;
    struct mr_copy_task copy; /* policy 0: a merge */
    struct mr_copy_result copied;
    const char *only[MOST]; /* tables; none: all */
    size_t nonly;
    bool selected[MOST];
    struct mr_jsonw out;
};

/* ---- options ---- */

static char *cut(char *text, char at)
{
    char *p = strchr(text, at);
    if (p == NULL)
        return text + strlen(text);
    *p = '\0';
    return p + 1;
}

static int read_copy_option(struct driver *d, char **argv, int left)
{
    if (left < 2)
        return 0;
    if (strcmp(argv[0], "--policy") == 0) {
        char *column = cut(argv[1], ':');
        d->copy.policy = strcmp(argv[1], "mirror") == 0     ? MR_COPY_MIRROR
                         : strcmp(argv[1], "backfill") == 0 ? MR_COPY_BACKFILL
                                                            : MR_COPY_NEWEST;
        d->copy.newest = column;
        return 2;
    }
    if (strcmp(argv[0], "--allow-deletes") == 0) {
        d->copy.has_allow_deletes = true;
        d->copy.allow_deletes = strtoull(argv[1], NULL, 10);
        return 2;
    }
    if (strcmp(argv[0], "--only") == 0) {
        d->only[d->nonly++] = argv[1];
        return 2;
    }
    return 0;
}

static int read_option(struct driver *d, char **argv, int left)
{
    struct mr_merge_options *o = &d->options;
    if (left >= 2 && strcmp(argv[0], "--split-at") == 0) {
        if (mr_when_parse(&d->split_at, argv[1], NULL) != MR_OK)
            return 0;
        o->split_at = &d->split_at;
        return 2;
    }
    if (left >= 2 && strcmp(argv[0], "--split-key") == 0) {
        const char *key = cut(argv[1], '=');
        d->split_keys[o->nsplit_keys++] =
            (struct mr_merge_split_key){argv[1], strtoull(key, NULL, 10)};
        return 2;
    }
    if (left >= 2 && strcmp(argv[0], "--margin") == 0) {
        o->has_margin = true;
        o->margin = strtoull(argv[1], NULL, 10);
        return 2;
    }
    if (left >= 2 && strcmp(argv[0], "--on-conflict") == 0) {
        char *choice = cut(argv[1], '=');
        char *column = cut(choice, ':');
        d->rules[o->non_conflict++] =
            (struct mr_conflict_rule){argv[1], choice, column[0] != '\0' ? column : NULL};
        return 2;
    }
    if (left >= 4 && strcmp(argv[0], "--decision") == 0) {
        d->decisions[d->ndecisions++] = (struct decision){argv[1], argv[2], argv[3]};
        return 4;
    }
    return read_copy_option(d, argv, left);
}

/* ---- keys as people write them ---- */

static void key_text(struct mr_strbuf *out, struct mr_key key)
{
    size_t pos = 0;
    mr_strbuf_reset(out);
    while (pos < key.len) {
        struct mr_value value;
        if (pos > 0)
            mr_strbuf_add_char(out, ',');
        if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK)
            return;
        mr_value_to_text(out, &value, (struct mr_value_style){.cls = value.cls});
    }
}

static enum mr_code decide(void *ctx, const struct mr_decision_ask *ask, const char **choice,
                           struct mr_err *err)
{
    struct driver *d = ctx;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)err;
    key_text(&text, ask->source_key);
    for (size_t i = 0; i < d->ndecisions; i++)
        if (strcmp(d->decisions[i].table, ask->table) == 0 &&
            strcmp(d->decisions[i].key, text.ptr) == 0)
            *choice = d->decisions[i].choice;
    mr_strbuf_release(&text);
    return MR_OK;
}

/* ---- output ---- */

static void print_key(struct driver *d, const char *name, struct mr_key key)
{
    size_t pos = 0;
    mr_jsonw_key(&d->out, name);
    if (key.ptr == NULL) {
        mr_jsonw_null(&d->out);
        return;
    }
    mr_jsonw_array_begin(&d->out);
    while (pos < key.len) {
        struct mr_value value;
        struct mr_strbuf text = MR_STRBUF_INIT;
        if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK)
            break;
        mr_value_to_json(&text, &value, (struct mr_value_style){.cls = value.cls});
        mr_jsonw_raw(&d->out, text.ptr, text.len);
        mr_strbuf_release(&text);
    }
    mr_jsonw_array_end(&d->out);
}

static void print_row(struct driver *d, const char *name, const struct mr_plan_table *t,
                      struct mr_key image)
{
    size_t pos = 0;
    mr_jsonw_key(&d->out, name);
    if (image.ptr == NULL) {
        mr_jsonw_null(&d->out);
        return;
    }
    mr_jsonw_object_begin(&d->out);
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        struct mr_value value;
        struct mr_strbuf text = MR_STRBUF_INIT;
        if (mr_row_decode(image.ptr, image.len, &pos, &value, NULL) != MR_OK)
            break;
        mr_value_to_json(&text, &value, t->pair->find.columns[i].style);
        mr_jsonw_key(&d->out, mr_plan_column_name(t, i));
        mr_jsonw_raw(&d->out, text.ptr, text.len);
        mr_strbuf_release(&text);
    }
    mr_jsonw_object_end(&d->out);
}

static void print_entity(struct driver *d, const struct mr_entity *e)
{
    const struct mr_plan_table *t = &d->tables.tables[e->table];
    mr_jsonw_object_begin(&d->out);
    mr_jsonw_key(&d->out, "type");
    mr_jsonw_str(&d->out, "entity");
    mr_jsonw_key(&d->out, "id");
    mr_jsonw_int(&d->out, e->id);
    mr_jsonw_key(&d->out, "table");
    mr_jsonw_str(&d->out, mr_plan_table_name(t));
    mr_jsonw_key(&d->out, "decision");
    mr_jsonw_str(&d->out, mr_decision_name(e->decision));
    mr_jsonw_key(&d->out, "kind");
    mr_jsonw_str(&d->out, e->kind);
    mr_jsonw_key(&d->out, "detail");
    mr_jsonw_str(&d->out, e->detail);
    mr_jsonw_key(&d->out, "choice");
    mr_jsonw_str(&d->out, e->choice);
    mr_jsonw_key(&d->out, "waits_for");
    mr_jsonw_int(&d->out, e->waits_for);
    print_key(d, "source_key", e->source_key);
    print_key(d, "target_key", e->target_key);
    print_row(d, "source", t, e->source);
    print_row(d, "target", t, e->target);
    print_row(d, "after", t, e->after);
    mr_jsonw_object_end(&d->out);
    mr_jsonw_end_line(&d->out);
}

static void print_step(struct driver *d, const struct mr_step *s)
{
    const struct mr_plan_table *t = &d->tables.tables[s->table];
    mr_jsonw_object_begin(&d->out);
    mr_jsonw_key(&d->out, "type");
    mr_jsonw_str(&d->out, "step");
    mr_jsonw_key(&d->out, "unit");
    mr_jsonw_uint(&d->out, s->unit);
    mr_jsonw_key(&d->out, "tree");
    mr_jsonw_int(&d->out, s->tree);
    mr_jsonw_key(&d->out, "level");
    mr_jsonw_uint(&d->out, s->level);
    mr_jsonw_key(&d->out, "op");
    mr_jsonw_str(&d->out, s->op == MR_STEP_INSERT   ? "insert"
                          : s->op == MR_STEP_UPDATE ? "update"
                                                    : "delete");
    mr_jsonw_key(&d->out, "entity");
    mr_jsonw_int(&d->out, s->entity);
    mr_jsonw_key(&d->out, "table");
    mr_jsonw_str(&d->out, mr_plan_table_name(t));
    print_row(d, "before", t, s->before);
    print_row(d, "after", t, s->after);
    mr_jsonw_object_end(&d->out);
    mr_jsonw_end_line(&d->out);
}

static enum mr_code print_entities(struct driver *d, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    enum mr_code code = MR_OK;
    for (size_t t = 0; code == MR_OK && t < d->tables.ntables; t++)
        for (int64_t after = 0; code == MR_OK;) {
            mr_arena_reset(&arena);
            mr_vec_clear(&list);
            code = mr_plan_store_entities(d->store, t, MR_DECIDE_UNDECIDED, after, 1000, &arena,
                                          &list, err);
            for (size_t i = 0; i < list.count; i++) {
                print_entity(d, mr_vec_at(&list, i));
                after = ((struct mr_entity *)mr_vec_at(&list, i))->id;
            }
            if (list.count == 0)
                break;
        }
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code print_steps(struct driver *d, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_step);
    enum mr_code code = MR_OK;
    for (int64_t after = 0; code == MR_OK;) {
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        code = mr_plan_store_steps(d->store, after, 1000, &arena, &list, err);
        for (size_t i = 0; i < list.count; i++) {
            print_step(d, mr_vec_at(&list, i));
            after = ((struct mr_step *)mr_vec_at(&list, i))->id;
        }
        if (list.count == 0)
            break;
    }
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

/* What the case keeps of tables with a counter. */
static enum mr_code print_tables(struct driver *d, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    static const char *const names[] = {"table", "base", "fresh",  "start",
                                        "step",  "ids",  "counter"};
    bool row = false;
    enum mr_code code = mr_case_prepare(
        mr_findings_case(d->fd),
        "SELECT tbl, base, fresh, start, step, ids, counter FROM plan_table WHERE plan=1", &stmt,
        err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        mr_jsonw_object_begin(&d->out);
        mr_jsonw_key(&d->out, "type");
        mr_jsonw_str(&d->out, "table");
        for (int i = 0; i < 7; i++) {
            mr_jsonw_key(&d->out, names[i]);
            mr_jsonw_str(&d->out, mr_case_text(stmt, i));
        }
        mr_jsonw_object_end(&d->out);
        mr_jsonw_end_line(&d->out);
    }
    mr_case_free(stmt);
    return code;
}

static void print_count(struct driver *d, const char *name, uint64_t n)
{
    mr_jsonw_key(&d->out, name);
    mr_jsonw_uint(&d->out, n);
}

static void print_result(struct driver *d)
{
    mr_jsonw_object_begin(&d->out);
    mr_jsonw_key(&d->out, "type");
    mr_jsonw_str(&d->out, "result");
    if (d->copy.policy == 0) {
        print_count(d, "open", d->result.open);
        print_count(d, "live_only", d->result.live_only);
        print_count(d, "deleted_in_source", d->result.deleted_in_source);
    } else {
        print_count(d, "inserts", d->copied.inserts);
        print_count(d, "updates", d->copied.updates);
        print_count(d, "deletes", d->copied.deletes);
        print_count(d, "subject_deletes", d->copied.subject_deletes);
        print_count(d, "open", d->copied.open);
        print_count(d, "kept", d->copied.kept);
        print_count(d, "extra", d->copied.extra);
    }
    mr_jsonw_object_end(&d->out);
    mr_jsonw_end_line(&d->out);
}

static enum mr_code print_all(struct driver *d, struct mr_err *err)
{
    mr_jsonw_init_file(&d->out, stdout);
    enum mr_code code = d->copy.policy == 0 ? print_tables(d, err) : MR_OK;
    if (code == MR_OK)
        code = print_entities(d, err);
    if (code == MR_OK)
        code = print_steps(d, err);
    print_result(d);
    if (code == MR_OK)
        code = mr_jsonw_finish(&d->out, "stdout", err);
    mr_jsonw_release(&d->out);
    return code;
}

/* ---- the plan ---- */

static enum mr_code copy(struct driver *d, struct mr_err *err)
{
    d->copy.tables = &d->tables;
    d->copy.fd = d->fd;
    d->copy.store = d->store;
    d->copy.selected = d->nonly > 0 ? d->selected : NULL;
    for (size_t t = 0; t < d->tables.ntables && t < MOST; t++)
        for (size_t i = 0; i < d->nonly; i++)
            if (strcmp(d->only[i], mr_plan_table_name(&d->tables.tables[t])) == 0)
                d->selected[t] = true;
    enum mr_code code = mr_copy_plan(&d->copy, &d->copied, err);
    d->result.open = d->copied.open;
    return code;
}

static enum mr_code plan(struct driver *d, char **argv, struct mr_err *err)
{
    const char *const uris[] = {argv[0], argv[1]};
    const struct mr_sides_opts opts = {.run_tag = "merge_driver", .consistent = true};
    struct mr_find_run run;
    enum mr_code code = mr_config_load(argv[3], MR_CONFIG_NO_ROOMS, &d->config, err);
    if (code == MR_OK)
        code = mr_findings_open(argv[2], MR_CASE_WRITE, &d->fd, err);
    if (code == MR_OK)
        code = mr_findings_run_choose(d->fd, NULL, &d->arena, &run, err);
    if (code == MR_OK)
        code = mr_sides_open(&d->sides, uris, &opts, &d->arena, err);
    const struct mr_plan_tables_task tables = {
        .sides = &d->sides, .config = d->config, .fd = d->fd, .arena = &d->arena};
    if (code == MR_OK)
        code = mr_plan_tables_open(&d->tables, &tables, err);
    if (code == MR_OK)
        code = mr_plan_store_open(d->fd, &d->store, err);
    if (code == MR_OK)
        code = mr_plan_store_begin(d->store, 1, err);
    const struct mr_merge_task task = {&d->tables, d->fd, d->store, &d->options, run.target, NULL};
    if (code == MR_OK)
        code = d->copy.policy != 0 ? copy(d, err) : mr_merge_plan(&task, &d->result, err);
    if (code == MR_OK)
        code = print_all(d, err);
    return code == MR_OK ? mr_plan_store_end(d->store, err) : code;
}

int main(int argc, char **argv)
{
    static struct driver d = {.arena = MR_ARENA_INIT};
    struct mr_err err = {0};
    int used = 1;
    if (getenv("MERGE_DEBUG") != NULL)
        mr_log_set_level(MR_LOG_DEBUG);
    d.options.split_keys = d.split_keys;
    d.options.on_conflict = d.rules;
    d.options.decision = decide;
    d.options.decision_ctx = &d;
    for (int at = 5; at < argc && used > 0; at += used)
        used = read_option(&d, argv + at, argc - at);
    if (argc < 5 || used == 0) {
        (void)fprintf(stderr, "usage: merge_driver SOURCE TARGET CASE CONFIG [OPTION…]\n");
        return 3;
    }
    enum mr_code code = mr_db_global_init(&err);
    if (code == MR_OK)
        code = plan(&d, argv + 1, &err);
    if (code != MR_OK)
        mr_log_err(&err);
    mr_plan_store_close(d.store);
    mr_sides_close(&d.sides);
    if (d.fd != NULL)
        (void)mr_findings_close(d.fd, NULL);
    mr_config_free(d.config);
    mr_arena_release(&d.arena);
    return code != MR_OK ? mr_code_exit(code) : d.result.open > 0 ? 1 : 0;
}
