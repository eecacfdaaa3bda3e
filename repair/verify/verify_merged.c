/* verify_merged.c: see verify_merged.h. */
#include "repair/verify/verify_merged.h"

#include "repair/apply/journal.h"
#include "repair/apply/target.h"
#include "repair/verify/verify_rows.h"

struct looking {
    const struct mr_merged_look *task;
    struct mr_merged_rows *rows;
    bool has_wrong; /* `first` is one that is wrong, and not only changed */
};

/* The live application edits rows that came back, too: they are who they were. */
static enum mr_code take_found(void *ctx, const struct mr_proof_finding *finding,
                               struct mr_err *err)
{
    struct looking *l = ctx;
    struct mr_strbuf text = MR_STRBUF_INIT;
    const bool is_changed = finding->proof == MR_PROOF_CHANGED;
    l->rows->changed += is_changed;
    l->rows->wrong += !is_changed;
    if (l->rows->first != NULL && (is_changed || l->has_wrong))
        return MR_OK;
    mr_strbuf_add_fmt(&text, "table \"%s\", key ", finding->table->table);
    mr_proof_key_text(&text, finding->image,
                      finding->key.ptr != NULL ? finding->key : finding->source_key);
    mr_strbuf_add_fmt(&text, " (%s)", mr_proof_name(finding->proof));
    enum mr_code code = mr_strbuf_check(&text, "proving a merge", err);
    if (code == MR_OK && (l->rows->first = mr_arena_strdup(l->task->arena, text.ptr)) == NULL)
        code = mr_err_nomem(err, "proving a merge");
    l->has_wrong = !is_changed;
    mr_strbuf_release(&text);
    return code;
}

static void read_journal(const struct mr_merged_look *task, const struct mr_journal *journal,
                         struct mr_merged_rows *rows)
{
    rows->undone = mr_journal_units_done(journal, MR_JOURNAL_UNDO);
    rows->is_carried_out =
        rows->undone == 0 && !mr_journal_has_left_out(journal) &&
        mr_journal_units_done(journal, MR_JOURNAL_APPLY) >= task->plan->manifest.planned.units;
}

static void read_tables(const struct mr_merged_look *task, const struct mr_verify_rows *run,
                        struct mr_merged_rows *rows)
{
    for (size_t i = 0; i < task->plan->manifest.planned.ntables; i++) {
        const struct mr_verified_table *t = &run->tables[i];
        if (t->unreadable == NULL || rows->unreadable != NULL)
            continue;
        const char *text =
            mr_arena_fmt(task->arena, "table \"%s\": %s", t->planned->table, t->unreadable);
        rows->unreadable = text != NULL ? text : t->unreadable;
    }
}

enum mr_code mr_verify_merged(const struct mr_merged_look *task, struct mr_merged_rows *rows,
                              struct mr_err *err)
{
    const struct mr_target_opts opts = {.run_tag = task->run_tag,
                                        .login = task->login,
                                        .statement_timeout_s = task->statement_timeout_s};
    struct mr_target target = {.db = NULL};
    struct mr_journal *journal = NULL;
    struct looking looking = {.task = task, .rows = rows};
    *rows = (struct mr_merged_rows){.first = NULL};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_target_open(task->uri, &task->plan->manifest, &opts, &target, err));
    MR_TRY_OUT(mr_journal_read(task->plan->path, &journal, err));
    struct mr_verify_rows run = {.plan = task->plan,
                                 .target = &target,
                                 .run_tag = task->run_tag,
                                 .login = task->login,
                                 .statement_timeout_s = task->statement_timeout_s,
                                 .journal = journal,
                                 .found = take_found,
                                 .ctx = &looking,
                                 .arena = task->arena};
    MR_TRY_OUT(mr_verify_rows(&run, err));
    read_journal(task, journal, rows);
    read_tables(task, &run, rows);
out:
    mr_journal_close(journal);
    mr_target_close(&target);
    return code;
}
