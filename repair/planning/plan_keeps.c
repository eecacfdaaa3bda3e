/* plan_keeps.c: see plan_keeps.h. */
#include "repair/planning/plan_keeps.h"

#include <string.h>
#include <strings.h>

#include "repair/plan/trigger_writes.h"

struct keeping {
    const struct mr_plan_tables *plan;
    const struct mr_planned *planned;
    mr_plan_keeps_fn *fn;
    void *ctx;
    const struct mr_planned_table *on;        /* the trigger's table */
    const struct mr_planned_trigger *trigger; /* that fires */
    struct mr_trigger_writes writes;          /* of its body; the one at hand */
    struct mr_strbuf text, last;
};

static uint64_t inserted(const struct mr_planned_table *t)
{
    return t->decisions[MR_DECIDE_INSERT] + t->decisions[MR_DECIDE_RENUMBER];
}

static const char *named_db(const struct keeping *k)
{
    return k->writes.db.len > 0 ? k->writes.db.ptr : k->on->target_db;
}

static bool is_written_to(const struct keeping *k, const char *db, const char *table)
{
    return strcasecmp(named_db(k), db) == 0 && strcasecmp(k->writes.table.ptr, table) == 0;
}

/* Does the table that is written to refer to the planned one? */
static bool refers(const struct keeping *k, const struct mr_planned_table *parent)
{
    const struct mr_catalogue *cat = k->plan->pairing.side[MR_TARGET].cat;
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *t = &cat->tables[i];
        for (size_t f = 0; f < t->nfks && is_written_to(k, t->db, t->name); f++)
            if (mr_server_same_name(&cat->server, t->fks[f].ref_db, parent->target_db) &&
                mr_server_same_name(&cat->server, t->fks[f].ref_table, parent->target_name))
                return true;
    }
    for (size_t i = 0; i < k->planned->ntables; i++) {
        const struct mr_planned_table *t = &k->planned->tables[i];
        for (size_t r = 0; r < t->nreferences; r++)
            if (is_written_to(k, t->target_db, t->target_name) &&
                strcmp(t->references[r].parent, parent->table) == 0)
                return true;
    }
    return false;
}

/* The table that is written to; NULL: it is none of the plan's. */
static const struct mr_planned_table *written_to(const struct keeping *k)
{
    for (size_t i = 0; i < k->planned->ntables; i++)
        if (is_written_to(k, k->planned->tables[i].target_db, k->planned->tables[i].target_name))
            return &k->planned->tables[i];
    return NULL;
}

/* "trigger … DOES "db.t"" */
static void begin_text(struct keeping *k, const char *does)
{
    mr_strbuf_reset(&k->text);
    mr_strbuf_add_fmt(&k->text, "trigger \"%s\" (%s %s ON %s) %s \"%s.%s\"", k->trigger->name,
                      k->trigger->timing, k->trigger->event, k->on->target_table, does, named_db(k),
                      k->writes.table.ptr);
}

/* Once, where one follows the other: branches of a trigger often write the same. */
static enum mr_code end_text(struct keeping *k, const char *table, struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(&k->text, "looking at triggers", err);
    if (code == MR_OK && k->last.len > 0 && strcmp(k->last.ptr, k->text.ptr) == 0)
        return MR_OK;
    if (code == MR_OK)
        code = k->fn(k->ctx, table, k->text.ptr, err);
    mr_strbuf_reset(&k->last);
    mr_strbuf_add(&k->last, k->text.ptr, k->text.len);
    return code == MR_OK ? mr_strbuf_check(&k->last, "looking at triggers", err) : code;
}

static enum mr_code tell(struct keeping *k, const struct mr_planned_table *parent,
                         struct mr_err *err)
{
    const struct mr_planned_table *written = written_to(k);
    /* undo knows again what is written there (fired.h) */
    const bool is_recognised =
        written != NULL && mr_planned_counts(written) && !mr_planned_is_parent(k->planned, written);
    /* rows that the plan restores where the trigger writes its own for the same events */
    const uint64_t beside = written != NULL ? inserted(written) : 0;
    begin_text(k, "writes into");
    if (parent == NULL)
        mr_strbuf_add_str(&k->text, ": undo does not take back what it writes there");
    else
        mr_strbuf_add_fmt(&k->text,
                          ", which refers to this table: %s will keep up to %llu rows, "
                          "with all that is theirs, unless what the trigger wrote is "
                          "deleted before%s",
                          is_recognised ? "undo.sql run by a client" : "undo",
                          (unsigned long long)inserted(parent),
                          is_recognised ? "; repair undo takes it back where it was not "
                                          "changed since"
                                        : "");
    if (beside > 0)
        mr_strbuf_add_fmt(&k->text,
                          "; the plan restores %llu rows of that table, too: both will "
                          "be there",
                          (unsigned long long)beside);
    return end_text(k, parent != NULL ? parent->table : k->on->table, err);
}

/* Told for each planned table that the written one refers to; of one that refers to none, only
 * that undo leaves it. */
static enum mr_code look_at_insert(struct keeping *k, struct mr_err *err)
{
    bool any = false;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < k->planned->ntables; i++) {
        const struct mr_planned_table *parent = &k->planned->tables[i];
        if (inserted(parent) == 0 || !refers(k, parent))
            continue;
        any = true;
        code = tell(k, parent, err);
    }
    return code == MR_OK && !any ? tell(k, NULL, err) : code;
}

/* Rows that were there before: no image of theirs is in the plan. */
static enum mr_code tell_change(struct keeping *k, const char *does, const char *what,
                                struct mr_err *err)
{
    begin_text(k, does);
    mr_strbuf_add_fmt(&k->text, ": undo does not take back what %s", what);
    return end_text(k, k->on->table, err);
}

static enum mr_code look_at_write(struct keeping *k, struct mr_err *err)
{
    const struct mr_trigger_writes *w = &k->writes;
    enum mr_code code = MR_OK;
    if (w->db.failed || w->table.failed)
        return mr_err_nomem(err, "looking at triggers");
    switch (w->verb) {
    case MR_TRIGGER_UPDATES: return tell_change(k, "changes rows of", "it changes there", err);
    case MR_TRIGGER_DELETES: return tell_change(k, "deletes rows of", "it deletes there", err);
    case MR_TRIGGER_CALLS: return tell_change(k, "calls", "that writes", err);
    case MR_TRIGGER_REPLACES:
        code = tell_change(k, "replaces rows of", "it replaces there", err);
        break;
    case MR_TRIGGER_INSERTS: break;
    }
    return code == MR_OK ? look_at_insert(k, err) : code;
}

static const struct mr_trigger *trigger_of(const struct keeping *k, size_t table)
{
    const struct mr_table *t = k->plan->tables[table].pair->side[MR_TARGET];
    for (size_t i = 0; i < t->ntriggers; i++)
        if (strcmp(t->triggers[i].name, k->trigger->name) == 0)
            return &t->triggers[i];
    return NULL;
}

/* planned has the tables of the plan, in its order. */
enum mr_code mr_plan_keeps(const struct mr_plan_tables *plan, const struct mr_planned *planned,
                           mr_plan_keeps_fn *fn, void *ctx, struct mr_err *err)
{
    struct keeping k = {.plan = plan,
                        .planned = planned,
                        .fn = fn,
                        .ctx = ctx,
                        .text = MR_STRBUF_INIT,
                        .last = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        k.on = &planned->tables[i];
        for (size_t t = 0; code == MR_OK && t < k.on->ntriggers; t++) {
            k.trigger = &k.on->triggers[t];
            const struct mr_trigger *trigger = trigger_of(&k, i);
            mr_trigger_writes_init(&k.writes,
                                   trigger != NULL && trigger->body != NULL ? trigger->body : "");
            while (code == MR_OK && mr_trigger_writes_next(&k.writes))
                code = look_at_write(&k, err);
            mr_trigger_writes_release(&k.writes);
        }
    }
    mr_strbuf_release(&k.text);
    mr_strbuf_release(&k.last);
    return code;
}
