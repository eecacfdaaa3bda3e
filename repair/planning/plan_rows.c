/* plan_rows.c: `repair plan --policy P`; see planning.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/pair/pair_sections.h"
#include "repair/copy/copy.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_equal.h"
#include "repair/merge/merge_split.h"
#include "repair/plan/plan_files.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/plan_lost.h"
#include "repair/plan/plan_mentions.h"
#include "repair/plan/plan_parents.h"
#include "repair/plan/plan_server.h"
#include "repair/plan/plan_text.h"
#include "repair/plan/plan_written.h"
#include "repair/planning/plan_decisions.h"
#include "repair/planning/plan_idmap.h"
#include "repair/planning/plan_keeps.h"
#include "repair/planning/plan_lacks.h"
#include "repair/planning/plan_moved.h"
#include "repair/planning/plan_one_sided.h"
#include "repair/planning/plan_refuse.h"
#include "repair/planning/plan_scripts.h"
#include "repair/planning/plan_select.h"
#include "repair/planning/plan_set_times.h"
#include "repair/planning/plan_stood.h"
#include "repair/planning/plan_summary.h"
#include "repair/planning/plan_twice.h"
#include "repair/planning/plan_witness.h"
#include "repair/planning/planning.h"
#include "repair/planning/rejoin_merged.h"
#include "repair/planning/rejoin_rows.h"
#include "repair/planning/rewind_rows.h"
#include "repair/reseed/plan_counters.h"
#include "repair/script/reseed_sql.h"
#include "repair/script/script.h"
#include "repair/script/script_shape.h"
#include "repair/side/counted.h"

struct rows {
    struct mr_planning *p;
    struct mr_plan_tables tables;
    struct mr_plan_stood stood;
    struct mr_plan_store *store;
    struct mr_plan_decided *decided_before;
    struct mr_plan_decisions *decisions;
    mr_decision_fn *decision; /* NULL: nobody has decided */
    struct mr_merge_result decided;
    uint64_t kept, extra, replaced; /* see struct mr_copy_result */
    struct mr_vec notes;            /* struct mr_planned_note */
    bool *reserved;                 /* per counter */
};

/* ---- who decides ---- */

static enum mr_code open_decisions(struct rows *r, struct mr_err *err)
{
    const struct mr_plan_options *o = r->p->opts;
    const struct mr_decision_file file = {.path = o->decisions,
                                          .is_plans_own = o->decisions_are_kept,
                                          .rules = o->again_rules,
                                          .nrules = o->nagain_rules,
                                          .uuid = o->again_of,
                                          .asked = o->again_asked,
                                          .page_key = o->again_page_key};
    bool empty = true;
    enum mr_code code = mr_plan_decided_open(mr_findings_case(r->p->fd), r->p->record.id,
                                             o->forget_decisions, &r->decided_before, err);
    if (code == MR_OK)
        code = mr_plan_decided_is_empty(r->decided_before, &empty, err);
    if (code == MR_OK)
        code = mr_plan_decisions_open(&file, r->p->fd, r->decided_before, &r->tables, &r->decisions,
                                      err);
    r->decision = o->decisions != NULL || !empty ? mr_plan_decisions_find : NULL;
    return code;
}

static enum mr_code decide_merge(struct rows *r, struct mr_err *err)
{
    const struct mr_plan_options *o = r->p->opts;
    const struct mr_plan_patterns patterns = {&o->tables, &o->exclude};
    const struct mr_plan_parents_task parents = {.tables = &r->tables,
                                                 .fd = r->p->fd,
                                                 .run = &r->p->run,
                                                 .case_path = o->case_path,
                                                 .config = r->p->config->file,
                                                 .arena = &r->p->arena};
    MR_TRY(mr_plan_select_tied(&r->tables, &patterns, &r->p->arena, err));
    MR_TRY(mr_plan_parents_check(&parents, err));
    if (o->idmap != NULL)
        MR_TRY(mr_plan_idmap_read(o->idmap, r->p->fd, &r->tables, err));
    MR_TRY(open_decisions(r, err));
    const struct mr_merge_options options = {.split_at =
                                                 o->split_at_text != NULL ? &o->split_at : NULL,
                                             .split_keys = o->split_keys,
                                             .nsplit_keys = o->nsplit_keys,
                                             .on_conflict = o->on_conflict,
                                             .non_conflict = o->non_conflict,
                                             .has_margin = o->has_margin,
                                             .has_idmap = o->idmap != NULL,
                                             .margin = o->margin,
                                             .decision = r->decision,
                                             .decision_ctx = r->decisions,
                                             .allow_deletes = o->allow_deletes,
                                             .clock_skew_us = (uint64_t)o->clock_skew_s * 1000000};
    const struct mr_merge_task task = {.tables = &r->tables,
                                       .fd = r->p->fd,
                                       .store = r->store,
                                       .options = &options,
                                       .target = r->p->manifest.target,
                                       .logs = &r->p->caught_up};
    MR_TRY(mr_merge_plan(&task, &r->decided, err));
    return mr_plan_decisions_check(r->decisions, r->store, err);
}

static enum mr_code decide_copy(struct rows *r, enum mr_copy_policy policy, const char *newest,
                                struct mr_err *err)
{
    const struct mr_plan_options *o = r->p->opts;
    const struct mr_plan_patterns patterns = {&o->tables, &o->exclude};
    struct mr_copy_result result = {0};
    bool *selected = NULL;
    enum mr_code code = mr_plan_select(&r->tables, &patterns, &r->p->arena, &selected, err);
    if (code == MR_OK)
        code = open_decisions(r, err);
    const struct mr_copy_task task = {.tables = &r->tables,
                                      .fd = r->p->fd,
                                      .store = r->store,
                                      .policy = policy,
                                      .newest = newest,
                                      .selected = selected,
                                      .has_allow_deletes = o->allow_deletes > 0,
                                      .allow_deletes = o->allow_deletes,
                                      .on_conflict = o->on_conflict,
                                      .non_conflict = o->non_conflict,
                                      .decision = r->decision,
                                      .decision_ctx = r->decisions};
    if (code == MR_OK)
        code = mr_copy_plan(&task, &result, err);
    if (code == MR_OK)
        code = mr_plan_decisions_check(r->decisions, r->store, err);
    r->kept = result.kept;
    r->extra = result.extra;
    r->replaced = result.subject_replaced;
    return code;
}

static enum mr_code add_note(struct rows *r, const char *kind, const char *table, const char *text,
                             struct mr_err *err);

static enum mr_code note_rewound(void *ctx, const char *kind, const char *table, const char *text,
                                 struct mr_err *err)
{
    struct rows *r = ctx;
    if (!mr_rejoin_is_asked(r->p->opts))
        return add_note(r, kind, table, text, err);
    (void)mr_err_set(err, MR_E_REFUSED, "table \"%s\": %s", table, text);
    mr_err_hint(err, "Nothing was changed. Build the replica anew from a snapshot of the live "
                     "server.");
    return MR_E_REFUSED;
}

/* The log says what the rows were, and the planner that copies takes them there. */
static enum mr_code rewind_rows(struct rows *r, struct mr_rewind_task *rewind, struct mr_err *err)
{
    const struct mr_plan_options *o = r->p->opts;
    struct mr_copy_result result = {0};
    struct mr_rewind *work = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_rewind_open(rewind, &work, err));
    MR_TRY_OUT(mr_rewind_read(work, err));
    if (o->merged.count > 0 && r->p->rejoin->plan.transactions > 0)
        MR_TRY_OUT(mr_rejoin_prove_merged(r->p, &r->tables, work, err));
    const struct mr_copy_task task = {.tables = &r->tables,
                                      .fd = r->p->fd,
                                      .store = r->store,
                                      .policy = MR_COPY_MIRROR,
                                      .selected = rewind->planned,
                                      .has_allow_deletes = o->allow_deletes > 0,
                                      .allow_deletes = o->allow_deletes,
                                      .allow_all_deletes = mr_rejoin_is_asked(o),
                                      .on_conflict = o->on_conflict,
                                      .non_conflict = o->non_conflict,
                                      .decision = r->decision,
                                      .decision_ctx = r->decisions,
                                      .fill = mr_rewind_fill,
                                      .fill_ctx = work};
    MR_TRY_OUT(mr_copy_plan(&task, &result, err));
    code = mr_plan_decisions_check(r->decisions, r->store, err);
    r->kept = result.kept;
out:
    mr_rewind_close(work);
    return code;
}

static enum mr_code decide_rewind(struct rows *r, struct mr_err *err)
{
    const struct mr_plan_options *o = r->p->opts;
    const struct mr_plan_patterns patterns = {&o->tables, &o->exclude};
    const struct mr_db_opts opts = {.run_tag = r->p->id.id,
                                    .statement_timeout_s = o->statement_timeout_s};
    struct mr_rewind_select select;
    bool *selected = NULL;
    enum mr_code code =
        mr_rewind_select_read(&select, o->transactions, o->from, o->to, &r->p->arena, err);
    MR_TRY_OUT(code);
    if (mr_rejoin_is_asked(o))
        MR_TRY_OUT(mr_rejoin_select(r->p, &select, err));
    MR_TRY_OUT(mr_plan_select(&r->tables, &patterns, &r->p->arena, &selected, err));
    MR_TRY_OUT(open_decisions(r, err));
    struct mr_rewind_task task = {.tables = &r->tables,
                                  .planned = selected,
                                  .meant = &o->tables,
                                  .excluded = &o->exclude,
                                  .fd = r->p->fd,
                                  .select = &select,
                                  .ep = &r->p->sides.ep[MR_TARGET],
                                  .opts = &opts,
                                  .server = &r->tables.pairing.side[MR_TARGET].cat->server,
                                  .on_conflict = o->on_conflict,
                                  .non_conflict = o->non_conflict,
                                  .decision = r->decision,
                                  .decision_ctx = r->decisions,
                                  .arena = &r->p->arena,
                                  .is_strict = mr_rejoin_is_asked(o),
                                  .check = mr_rejoin_is_asked(o) ? mr_rejoin_check_read : NULL,
                                  .check_ctx = r->p,
                                  .note = note_rewound,
                                  .note_ctx = r};
    MR_TRY_OUT(mr_change_kinds_read(o->kinds, task.kinds, err));
    code = rewind_rows(r, &task, err);
out:
    mr_rewind_select_release(&select);
    return code;
}

static enum mr_code decide(struct rows *r, struct mr_err *err)
{
    const char *policy = r->p->opts->policy;
    size_t newest = strlen(MR_POLICY_NEWEST);
    if (strcmp(policy, MR_POLICY_MERGE) == 0)
        return decide_merge(r, err);
    if (mr_policy_rewinds(policy))
        return decide_rewind(r, err);
    if (strcmp(policy, MR_POLICY_MIRROR) == 0)
        return decide_copy(r, MR_COPY_MIRROR, NULL, err);
    if (strcmp(policy, MR_POLICY_BACKFILL) == 0)
        return decide_copy(r, MR_COPY_BACKFILL, NULL, err);
    if (strncmp(policy, MR_POLICY_NEWEST, newest) == 0)
        return decide_copy(r, MR_COPY_NEWEST, policy + newest, err);
    return mr_err_set(err, MR_E_BUG, "policy \"%s\" is nobody's", policy);
}

/* ---- what is only reported ---- */

static enum mr_code add_note(struct rows *r, const char *kind, const char *table, const char *text,
                             struct mr_err *err)
{
    const char *kept = mr_arena_strdup(&r->p->arena, text);
    struct mr_planned_note *note = mr_vec_push(&r->notes);
    if (kept == NULL || note == NULL)
        return mr_err_nomem(err, "planning");
    *note = (struct mr_planned_note){kind, table, kept};
    return MR_OK;
}

static enum mr_code note_counts(struct rows *r, struct mr_err *err)
{
    char text[160];
    const uint64_t stay = r->decided.deleted_in_source > r->decided.erased
                              ? r->decided.deleted_in_source - r->decided.erased
                              : 0;
    if (stay > 0) {
        (void)snprintf(text, sizeof text,
                       "rows of the common past that only the live side still has, and "
                       "keeps: %" PRIu64,
                       stay);
        MR_TRY(add_note(r, "deleted-in-source", NULL, text, err));
    }
    if (r->decided.live_only > 0) {
        (void)snprintf(text, sizeof text,
                       "rows of the common past that only the live side edited: %" PRIu64,
                       r->decided.live_only);
        MR_TRY(add_note(r, "live-only", NULL, text, err));
    }
    if (r->kept > 0) {
        (void)snprintf(text, sizeof text,
                       "rows that differ and stay as they are on the target: %" PRIu64, r->kept);
        MR_TRY(add_note(r, "kept", NULL, text, err));
    }
    if (r->extra > 0) {
        (void)snprintf(text, sizeof text, "rows that only the target has, and keeps: %" PRIu64,
                       r->extra);
        MR_TRY(add_note(r, "extra", NULL, text, err));
    }
    if (r->replaced > 0) {
        (void)snprintf(text, sizeof text,
                       "rows of people on the target that become other people's, whom the "
                       "source has under their keys: %" PRIu64 " (merge keeps both)",
                       r->replaced);
        MR_TRY(add_note(r, "replaced", NULL, text, err));
    }
    if (r->p->run.hidden != NULL)
        MR_TRY(add_note(r, "hidden", NULL, r->p->run.hidden, err));
    return MR_OK;
}

/* Whoever planned this need not be who decided. */
static enum mr_code note_decided(struct rows *r, struct mr_err *err)
{
    char text[160];
    uint64_t held = 0;
    enum mr_code code = mr_plan_decided_held(r->decided_before, &held, err);
    if (code != MR_OK || held == 0)
        return code;
    (void)snprintf(text, sizeof text,
                   "rows that are decided about as an earlier plan of the case was told "
                   "(--forget-decisions asks again): %" PRIu64,
                   held);
    return add_note(r, MR_NOTE_DECIDED, NULL, text, err);
}

/* Is there a unique index that keeps the identity of the table's rows? */
static bool is_kept(const struct mr_plan_table *t)
{
    return mr_plan_is_guarded(t) || t->identity != MR_PLAN_BY_COLUMNS;
}

/* What no lock of apply can hold is said by name. */
static enum mr_code note_loose(struct rows *r, struct mr_err *err)
{
    const struct mr_planned *planned = &r->p->manifest.planned;
    if (strcmp(r->p->opts->policy, MR_POLICY_MIRROR) == 0 || mr_rewind_is_asked(r->p->opts))
        return MR_OK;
    for (size_t i = 0; i < r->tables.ntables; i++) {
        const uint64_t *n = planned->tables[i].decisions;
        if (n[MR_DECIDE_INSERT] + n[MR_DECIDE_RENUMBER] > 0 && !is_kept(&r->tables.tables[i]))
            MR_TRY(add_note(r, MR_NOTE_LOOSE, planned->tables[i].table,
                            r->tables.tables[i].key.count > 0
                                ? "no unique index keeps its identity: a program that "
                                  "looks for somebody before apply commits, and inserts "
                                  "them after, doubles them; apply looks once more when "
                                  "all is committed, and verify lists who is there twice"
                                : "no unique index keeps its identity, and it has no "
                                  "key: a program that looks for somebody before apply "
                                  "commits, and inserts them after, doubles them, and "
                                  "neither apply nor verify tells the rows apart",
                            err));
    }
    return MR_OK;
}

/* What check found on SOURCE and SOURCE has no more: else nobody would hear of it again. */
static enum mr_code note_gone(struct rows *r, const struct mr_plan_table *t, struct mr_err *err)
{
    const struct mr_plan_gone *gone = t->gone;
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool one = gone->rows == 1;
    if (gone->rows == 0)
        return MR_OK;
    mr_strbuf_add_fmt(&text,
                      "%" PRIu64 " row%s that the check found on the source %s no longer "
                      "there, and this plan does not bring %s back",
                      gone->rows, one ? "" : "s", one ? "is" : "are", one ? "it" : "them");
    if (gone->nkeys > 0)
        mr_strbuf_add_fmt(&text, ": key%s %s", one ? "" : "s", gone->keys[0]);
    for (size_t i = 1; i < gone->nkeys; i++)
        mr_strbuf_add_fmt(&text, ", %s", gone->keys[i]);
    if (gone->nkeys > 0 && gone->rows > gone->nkeys)
        mr_strbuf_add_fmt(&text, " and %" PRIu64 " more", gone->rows - gone->nkeys);
    enum mr_code code = mr_strbuf_check(&text, "planning", err);
    if (code == MR_OK) {
        mr_log_warning("table \"%s\": %s", mr_plan_table_name(t), text.ptr);
        code = add_note(r, MR_NOTE_GONE, mr_plan_table_name(t), text.ptr, err);
    }
    mr_strbuf_release(&text);
    return code;
}

/* Where --split-at says nothing of a table that rows are planned for. */
static enum mr_code note_split(struct rows *r, struct mr_err *err)
{
    if (r->p->opts->split_at_text == NULL)
        return MR_OK;
    for (size_t i = 0; i < r->tables.ntables; i++) {
        const struct mr_plan_table *t = &r->tables.tables[i];
        const struct mr_planned_table *planned = &r->p->manifest.planned.tables[i];
        const char *why = mr_merge_split_misses(t, &r->p->opts->split_at);
        if (why == NULL || planned->base_origin == NULL ||
            strcmp(planned->base_origin, MR_BOUND_SPLIT_KEY) == 0)
            continue;
        mr_log_warning("table \"%s\": %s", mr_plan_table_name(t), why);
        MR_TRY(add_note(r, "split-at", mr_plan_table_name(t), why, err));
    }
    return MR_OK;
}

static enum mr_code note_witness(void *ctx, const char *table, const char *text, struct mr_err *err)
{
    if (table != NULL)
        mr_log_warning("table \"%s\": %s", table, text);
    else
        mr_log_warning("%s", text);
    return add_note(ctx, MR_NOTE_LOGS, table, text, err);
}

/* --split-at or split-key before the histories parted makes new rows of what both had. */
static enum mr_code note_younger(struct rows *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->tables.ntables; i++) {
        const struct mr_plan_table *t = &r->tables.tables[i];
        const char *origin = r->p->manifest.planned.tables[i].base_origin;
        const bool more = t->younger_equal >= MR_EQUAL_ABOVE_MOST;
        const bool by_key = origin != NULL && strcmp(origin, MR_BOUND_SPLIT_KEY) == 0;
        char text[400], key[MR_COUNTED_TEXT];
        if (t->younger_equal == 0)
            continue;
        (void)snprintf(text, sizeof text,
                       "%s%" PRIu64 " row%s up to key %s, %s, are equal on both sides: unless an "
                       "earlier merge brought them back, the histories parted later, and %s",
                       more ? "at least " : "", t->younger_equal, t->younger_equal == 1 ? "" : "s",
                       mr_counted_text(t->younger_key, t->counts_unsigned, key),
                       by_key ? "above the one that split-key gives"
                              : "created after the time that --split-at gives",
                       by_key ? "what differs between the two keys is planned as if it were new: "
                                "give a greater one"
                              : "what may be of the common past is asked about");
        mr_log_warning("table \"%s\": %s", mr_plan_table_name(t), text);
        MR_TRY(add_note(r, by_key ? "split-key" : "split-at", mr_plan_table_name(t), text, err));
    }
    return MR_OK;
}

/* Which column does not hold which value: conflicts.csv names the column alone. */
static enum mr_code note_unfit(struct rows *r, const struct mr_plan_table *t, struct mr_err *err)
{
    enum { SHOWN = 10, BATCH = 1000 };
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    struct mr_strbuf text = MR_STRBUF_INIT;
    int64_t after = 0;
    size_t found = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        code = mr_plan_store_conflicts(r->store, t->at, after, BATCH, &arena, &list, err);
        for (size_t i = 0; code == MR_OK && i < list.count; i++) {
            const struct mr_entity *e = mr_vec_at(&list, i);
            after = e->id;
            if (e->detail == NULL || strcmp(e->kind, MR_FIT_KIND) != 0 || found++ >= SHOWN)
                continue;
            mr_strbuf_add_str(&text, found > 1 ? " | key " : "values do not fit: key ");
            code = mr_plan_text_values(&text, t, &t->key, e->source_key, err);
            mr_strbuf_add_fmt(&text, ", %s", e->detail);
        }
    } while (code == MR_OK && list.count > 0);
    if (found > SHOWN)
        mr_strbuf_add_fmt(&text, " | and %zu rows more", found - SHOWN);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "planning", err);
    if (code == MR_OK && found > 0)
        code = add_note(r, MR_FIT_KIND, mr_plan_table_name(t), text.ptr, err);
    mr_strbuf_release(&text);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code note_set_times(struct rows *r, size_t at, struct mr_err *err)
{
    const struct mr_planned_table *planned = &r->p->manifest.planned.tables[at];
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool asked = false;
    for (size_t i = 0; i < planned->nkinds; i++)
        asked = asked || (planned->kinds[i].open > 0 &&
                          mr_conflict_named(planned->kinds[i].kind) == MR_CONFLICT_CHANGED);
    if (!asked || strcmp(r->p->opts->policy, MR_POLICY_MERGE) != 0)
        return MR_OK;
    enum mr_code code = mr_plan_set_times(r->store, &r->tables.tables[at], &text, err);
    if (code == MR_OK && text.len > 0)
        code = add_note(r, MR_NOTE_SET_TIMES, planned->table, text.ptr, err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code note_mentions(struct rows *r, struct mr_err *err)
{
    struct mr_vec mentions = MR_VEC_INIT(struct mr_plan_mention);
    const struct mr_plan_mentions_task task = {
        .tables = &r->tables, .store = r->store, .fd = r->p->fd, .arena = &r->p->arena};
    enum mr_code code = mr_plan_mentions(&task, &mentions, err);
    for (size_t i = 0; code == MR_OK && i < mentions.count; i++) {
        const struct mr_plan_mention *mention = mr_vec_at(&mentions, i);
        code = add_note(r, "id-in-text", mention->table, mention->text, err);
    }
    mr_vec_release(&mentions);
    return code;
}

static enum mr_code note_keeping(void *ctx, const char *table, const char *text, struct mr_err *err)
{
    return add_note(ctx, "undo-keeps", table, text, err);
}

/* A plan is not refused for its undo; whoever undoes it decides. */
static enum mr_code note_undo_fires(struct rows *r, size_t at, struct mr_err *err)
{
    const struct mr_planned *planned = &r->p->manifest.planned;
    const struct mr_planned_table *t = &planned->tables[at];
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool twice = false;
    if (t->nundo_triggers == 0)
        return MR_OK;
    MR_TRY(mr_plan_undo_twice(&r->tables, planned, at, mr_policy_rewinds(r->p->opts->policy),
                              &twice, err));
    for (size_t i = 0; i < t->nundo_triggers; i++)
        mr_strbuf_add_fmt(&text, "%s\"%s\" (%s %s)",
                          i == 0                       ? "undo fires trigger "
                          : i + 1 == t->nundo_triggers ? " and "
                                                       : ", ",
                          t->undo_triggers[i].name, t->undo_triggers[i].timing,
                          t->undo_triggers[i].event);
    mr_strbuf_add_fmt(&text, " for rows of it, and takes nothing back that these do%s%s",
                      planned->fire_triggers
                          ? ""
                          : ": repair undo is refused while they are there, but with "
                            "--allow-triggers fire",
                      twice ? ", with which rows that undo itself takes back would be changed "
                              "twice: drop them while it is undone"
                            : "");
    enum mr_code code = mr_strbuf_check(&text, "planning", err);
    if (code == MR_OK)
        code = add_note(r, MR_NOTE_UNDO_FIRES, t->table, text.ptr, err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code keep_notes(struct rows *r, struct mr_err *err)
{
    struct mr_planned *planned = &r->p->manifest.planned;
    struct mr_planned_note *notes =
        mr_arena_calloc(&r->p->arena, r->notes.count + 1, sizeof *notes);
    if (notes == NULL)
        return mr_err_nomem(err, "planning");
    for (size_t i = 0; i < r->notes.count; i++)
        notes[i] = *(struct mr_planned_note *)mr_vec_at(&r->notes, i);
    planned->notes = notes;
    planned->nnotes = r->notes.count;
    return MR_OK;
}

/* ---- the plan ---- */

static enum mr_code warn_of_lacks(const struct rows *r, struct mr_err *err)
{
    const struct mr_planning *p = r->p;
    struct mr_plan_lacks lacks = {
        .config = p->config, .has_split_keys = p->opts->nsplit_keys > 0, .first = MR_STRBUF_INIT};
    struct mr_vec settings = MR_VEC_INIT(struct mr_find_setting);
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_findings_settings(p->fd, &r->p->arena, &settings, err);
    for (size_t i = 0; code == MR_OK && i < r->tables.ntables; i++) {
        const struct mr_table *s = r->tables.tables[i].pair->side[MR_SOURCE];
        code = mr_plan_lacks_add(&lacks, mr_plan_table_name(&r->tables.tables[i]), s->db, s->name,
                                 &settings, err);
    }
    mr_plan_lacks_text(&lacks, p->run.uuid, &text);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "planning", err);
    if (code == MR_OK && text.len > 0)
        mr_log_warning("%s", text.ptr);
    mr_strbuf_release(&text);
    mr_strbuf_release(&lacks.first);
    mr_vec_release(&settings);
    return code;
}

/* What speaks against a plan before anything is decided. */
static enum mr_code prepare(struct rows *r, struct mr_err *err)
{
    struct mr_planning *p = r->p;
    const struct mr_plan_patterns patterns = {&p->opts->tables, &p->opts->exclude};
    const struct mr_plan_tables_task tables = {.sides = &p->sides,
                                               .config = p->config,
                                               .fd = p->fd,
                                               .patterns = &patterns,
                                               .asks_who = !mr_rewind_is_asked(p->opts),
                                               .arena = &p->arena};
    const char *partial = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(
        mr_plan_refuse_incomplete(p->fd, &p->run, p->opts->partial, &p->arena, &partial, err));
    if (!mr_rewind_is_asked(p->opts))
        MR_TRY_OUT(mr_plan_refuse_itself(&p->sides, &p->arena, err));
    MR_TRY_OUT(mr_plan_refuse_binlog(&p->sides.side[MR_TARGET], err));
    MR_TRY_OUT(mr_plan_tables_open(&r->tables, &tables, err));
    MR_TRY_OUT(mr_plan_stood_begin(&r->stood, &r->tables.pairing, &p->arena, err));
    MR_TRY_OUT(mr_pair_sections_warn(&r->tables.pairing, err));
    MR_TRY_OUT(mr_pair_patterns_warn(&r->tables.pairing, "--exclude", patterns.exclude, err));
    if (!mr_rewind_is_asked(p->opts)) { /* every row is who it is by its key */
        MR_TRY_OUT(mr_plan_moved_warn(p->fd, &p->run, p->sides.side, err));
        MR_TRY_OUT(warn_of_lacks(r, err));
    }
    MR_TRY_OUT(mr_plan_refuse_hidden(&r->tables, err));
    MR_TRY_OUT(mr_plan_refuse_unseen(&r->tables, p->opts->policy, err));
    MR_TRY_OUT(mr_planning_describe(p, p->opts->policy, err));
    MR_TRY_OUT(mr_plan_server_describe(p->sides.side, &p->arena, &p->manifest.server, err));
out:
    p->manifest.planned.split_at = p->opts->split_at_text;
    p->manifest.planned.partial = partial;
    p->manifest.planned.fire_triggers = p->opts->allow_triggers != NULL;
    return code;
}

/* A rewind asks no run what either side lacks. */
static enum mr_code skip_one_sided(struct rows *r, struct mr_err *err)
{
    struct mr_planning *p = r->p;
    const struct mr_plan_patterns patterns = {&p->opts->tables, &p->opts->exclude};
    const struct mr_plan_one_sided_task task = {.fd = p->fd,
                                                .patterns = &patterns,
                                                .source = &p->sides.side[MR_SOURCE],
                                                .is_mirror =
                                                    strcmp(p->opts->policy, MR_POLICY_MIRROR) == 0,
                                                .arena = &p->arena};
    return mr_rewind_is_asked(p->opts) ? MR_OK : mr_plan_one_sided(&task, &p->manifest, err);
}

/* What was decided, as plan.json says it; and what speaks against it. */
static enum mr_code sum_up(struct rows *r, struct mr_err *err)
{
    struct mr_planning *p = r->p;
    struct mr_planned *planned = &p->manifest.planned;
    const struct mr_plan_summary_task task = {
        .tables = &r->tables, .store = r->store, .fd = p->fd, .arena = &p->arena};
    const struct mr_plan_counters_task counters = {.tables = &r->tables,
                                                   .fd = p->fd,
                                                   .plan = p->record.id,
                                                   .target = p->manifest.target,
                                                   .arena = &p->arena};
    MR_TRY(mr_plan_lost_check(&r->tables, r->store, err));
    MR_TRY(mr_plan_summary(&task, planned, err));
    MR_TRY(mr_script_shape_conditions(&p->manifest, p->opts->output, NULL, err));
    MR_TRY(mr_plan_refuse_names(&r->tables, err));
    MR_TRY(mr_plan_refuse_engines(&r->tables, planned, err));
    MR_TRY(mr_plan_refuse_triggers(planned, planned->fire_triggers, err));
    MR_TRY(mr_plan_refuse_twice(&r->tables, planned, mr_policy_rewinds(p->opts->policy), err));
    if (p->rejoin == NULL) /* a replica gets its counters with the rows of its source */
        MR_TRY(mr_plan_counters(&counters, &p->manifest, &r->reserved, err));
    else
        MR_TRY(mr_rejoin_refuse_open(p, err));
    MR_TRY(skip_one_sided(r, err));
    MR_TRY(note_counts(r, err));
    MR_TRY(note_decided(r, err));
    for (size_t i = 0; i < r->tables.ntables; i++)
        MR_TRY(note_gone(r, &r->tables.tables[i], err));
    for (size_t i = 0; i < r->tables.ntables; i++)
        MR_TRY(note_unfit(r, &r->tables.tables[i], err));
    for (size_t i = 0; i < r->tables.ntables; i++)
        MR_TRY(note_set_times(r, i, err));
    MR_TRY(mr_plan_witness(&r->tables, planned, note_witness, r, err));
    MR_TRY(note_loose(r, err));
    MR_TRY(note_split(r, err));
    MR_TRY(note_younger(r, err));
    MR_TRY(mr_plan_keeps(&r->tables, planned, note_keeping, r, err));
    for (size_t i = 0; i < planned->ntables; i++)
        MR_TRY(note_undo_fires(r, i, err));
    MR_TRY(note_mentions(r, err));
    return keep_notes(r, err);
}

static enum mr_code write_lists(struct rows *r, struct mr_err *err)
{
    const struct mr_plan_files_task task = {.tables = &r->tables,
                                            .store = r->store,
                                            .fd = r->p->fd,
                                            .writer = r->p->writer,
                                            .planned = &r->p->manifest.planned};
    MR_TRY(mr_plan_files_entities(&task, err));
    MR_TRY(mr_plan_files_idmap(&task, err));
    return mr_plan_files_conflicts(&task, err);
}

/* Who planned rows refer to becomes known while scripts are written, so that these come first; they
 * are judged beside all that comes behind them. */
static enum mr_code write_files(struct rows *r, struct mr_err *err)
{
    struct mr_plan_scripts scripts = {.writer = r->p->writer, .manifest = &r->p->manifest};
    const struct mr_script_task task = {.tables = &r->tables, .fd = r->p->fd, .store = r->store};
    MR_TRY(mr_planning_add_script(r->p, "reseed.sql", mr_reseed_sql, err));
    if (r->p->rejoin != NULL)
        MR_TRY(mr_rejoin_write(r->p, err));
    enum mr_code code = mr_plan_scripts_write(&scripts, &task, err);
    if (code == MR_OK)
        code = write_lists(r, err);
    return mr_plan_scripts_end(&scripts, code, err);
}

/* Ids of an earlier plan's block stay reserved by that. */
static enum mr_code keep_blocks(struct rows *r, struct mr_err *err)
{
    struct mr_planning *p = r->p;
    struct mr_plan_block *blocks = NULL;
    size_t count = 0;
    MR_TRY(mr_planning_blocks(p, &blocks, err));
    for (size_t i = 0; i < p->manifest.ncounters; i++)
        if (!r->reserved[i])
            blocks[count++] = blocks[i];
    return mr_planbook_add_blocks(p->fd, p->record.id, blocks, count, err);
}

static enum mr_code make_all(struct rows *r, struct mr_err *err)
{
    struct mr_planning *p = r->p;
    MR_TRY(decide(r, err));
    if (!mr_rewind_is_asked(p->opts)) /* whose case no later plan will ask */
        MR_TRY(mr_plan_written_note(mr_findings_case(p->fd), r->store, &r->tables, err));
    MR_TRY(sum_up(r, err));
    MR_TRY(write_files(r, err));
    MR_TRY(keep_blocks(r, err));
    MR_TRY(mr_plan_stood_end(&r->stood, err));
    return mr_planning_seal(p, err);
}

/* The case gets the plan as a whole, or not at all.  What was decided before is gone once that is
   committed: nothing is left to do then but to give the directory its name.

   It looks at signals meanwhile: a plan is a million short statements of SQLite's, none of which
   alone lasts long enough to be broken off. */
static enum mr_code make(struct rows *r, struct mr_err *err)
{
    struct mr_planning *p = r->p;
    MR_TRY(mr_plan_store_open(p->fd, &r->store, err));
    MR_TRY(mr_plan_store_begin(r->store, p->record.id, err));
    mr_case_heed_signals(mr_findings_case(p->fd), true);
    enum mr_code code = make_all(r, err);
    mr_case_heed_signals(mr_findings_case(p->fd), false);
    MR_TRY(code);
    return mr_plan_store_end(r->store, err);
}

/* A plan whose directory did not get its name. */
static void forget(struct rows *r)
{
    if (mr_plan_store_begin(r->store, r->p->record.id, NULL) == MR_OK &&
        mr_plan_decided_withdraw(mr_findings_case(r->p->fd), r->p->record.id, NULL) == MR_OK)
        (void)mr_plan_store_end(r->store, NULL);
}

enum mr_code mr_plan_rows(struct mr_planning *p, struct mr_err *err)
{
    struct rows r = {.p = p, .notes = MR_VEC_INIT(struct mr_planned_note)};
    enum mr_code code = prepare(&r, err);
    if (code == MR_OK)
        code = mr_planbook_add(p->fd, &p->record, NULL, 0, err);
    if (code == MR_OK)
        code = make(&r, err);
    if (code == MR_OK) {
        code = mr_planning_publish(p, err);
        if (!p->is_published)
            forget(&r);
    }
    mr_plan_decisions_close(r.decisions);
    mr_plan_decided_close(r.decided_before);
    mr_plan_store_close(r.store); /* rolls back what was not ended */
    if (!p->is_published && p->record.id != 0)
        (void)mr_planbook_remove(p->fd, p->record.id, NULL);
    mr_vec_release(&r.notes);
    return code;
}
