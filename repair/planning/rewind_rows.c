/* rewind_rows.c: see rewind_rows.h. */
#include "repair/planning/rewind_rows.h"

#include <string.h>

#include "core/base/log.h"
#include "repair/planning/rejoin_rows.h"

bool mr_rewind_is_asked(const struct mr_plan_options *o)
{
    return o->policy != NULL && mr_policy_rewinds(o->policy);
}

/* Which transactions are meant is never guessed: no default is all of a log. */
enum mr_code mr_rewind_check_options(const struct mr_plan_options *o, struct mr_err *err)
{
    const bool by_window = o->from != NULL || o->to != NULL;
    if (mr_rejoin_is_asked(o))
        return MR_OK;
    if (!mr_rewind_is_asked(o)) {
        if (o->transactions == NULL && !by_window && o->kinds == NULL)
            return MR_OK;
        (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\" is for --policy rewind",
                         o->transactions != NULL ? "transactions"
                         : o->from != NULL       ? "from"
                         : o->to != NULL         ? "to"
                                                 : "kind");
        mr_err_hint(err, "Other policies take rows that a check found to differ.");
        return MR_E_USAGE;
    }
    const struct {
        const char *name;
        bool given;
    } others[] = {{"source", o->source != NULL},
                  {"case", o->case_path != NULL},
                  {"run", o->run != NULL},
                  {"partial", o->partial},
                  {"forget-decisions", o->forget_decisions}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].given) {
            (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\" is not for --policy rewind",
                             others[i].name);
            mr_err_hint(err,
                        "It undoes transactions of one server, --target, whose binary logs say "
                        "all that it needs: no check, and no case.");
            return MR_E_USAGE;
        }
    if ((o->transactions != NULL) == by_window ||
        (by_window && (o->from == NULL || o->to == NULL))) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "--policy rewind needs --transactions, or --from and --to");
        mr_err_hint(err,
                    "myrecon history show --top 10 SERVER tells which transactions changed most, "
                    "with their GTIDs and places.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

/* A table that cannot be planned is left out; one that refers to a planned row is refused then. */
static enum mr_code add_table(struct mr_planning *p, const struct mr_pairing *pairing, size_t at,
                              struct mr_err *err)
{
    const struct mr_table *t = &pairing->side[MR_TARGET].cat->tables[at];
    const struct mr_table *own = mr_catalogue_meant(pairing->side[MR_SOURCE].cat, t->db, t->name);
    struct mr_pair *pair = NULL;
    struct mr_err reason = {0};
    bool known = false;
    if (own == NULL)
        return MR_OK;
    MR_TRY(mr_pair_plan(pairing, own, t, &pair, &reason, err));
    if (reason.code != MR_OK) {
        mr_log_warning("table \"%s.%s\" is left out: %s", t->db, t->name, reason.message);
        return MR_OK;
    }
    pair->find.verdict = MR_VERDICT_EQUAL;
    pair->find.scanned = pair->find.settled = true;
    MR_TRY(mr_findings_table_add(p->fd, &pair->find, &known, err));
    return mr_findings_table_save(p->fd, &pair->find, err);
}

enum mr_code mr_rewind_make_run(struct mr_planning *p, struct mr_err *err)
{
    const struct mr_pairing pairing = {
        .side = p->sides.side, .config = p->config, .arena = &p->arena, .whole_rows = true};
    const char *shown = mr_endpoint_text(&p->sides.ep[MR_TARGET], false, &p->arena);
    const char *uri = mr_endpoint_text(&p->sides.ep[MR_TARGET], true, &p->arena);
    if (shown == NULL || uri == NULL)
        return mr_err_nomem(err, "planning");
    p->run = (struct mr_find_run){.uuid = p->id.id,
                                  .source = shown,
                                  .target = shown,
                                  .uri = {uri, uri},
                                  .options = "rewind",
                                  .started = p->id.started};
    MR_TRY(mr_findings_run_begin(p->fd, &p->run, err));
    for (size_t i = 0; i < p->sides.side[MR_TARGET].cat->ntables; i++)
        MR_TRY(add_table(p, &pairing, i, err));
    p->run.finished = true;
    return mr_findings_run_end(p->fd, &p->run, err);
}
