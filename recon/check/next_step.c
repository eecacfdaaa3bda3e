/* next_step.c: see next_step.h. */
#include "recon/check/next_step.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/case/evidence.h"
#include "core/case/run_command.h"
#include "core/source/sides.h"

struct telling {
    struct mr_next_steps *steps;
    const struct mr_check_result *result;
    const struct mr_next_opts *opts;
    struct mr_strbuf text, command;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "saying what to do next");
}

/* Text and command, if there is one, are those of the telling; both are empty then. */
static enum mr_code add(struct telling *t, enum mr_next_kind kind, struct mr_err *err)
{
    struct mr_next_steps *steps = t->steps;
    struct mr_next_step *step = mr_vec_push(&steps->items);
    if (step == NULL || t->text.failed || t->command.failed)
        return no_memory(err);
    step->kind = kind;
    step->text = mr_arena_strdup(&steps->arena, t->text.ptr);
    if (t->command.len > 0 &&
        (step->command = mr_arena_strdup(&steps->arena, t->command.ptr)) == NULL)
        return no_memory(err);
    mr_strbuf_reset(&t->text);
    mr_strbuf_reset(&t->command);
    return step->text != NULL ? MR_OK : no_memory(err);
}

static enum mr_code add_str(struct telling *t, enum mr_next_kind kind, const char *text,
                            struct mr_err *err)
{
    mr_strbuf_add_str(&t->text, text);
    return add(t, kind, err);
}

/* ---- commands ---- */

/* A file or directory beside the case that is not there yet: incident.case, .merge:
 * incident.merge, incident-2.merge … */
static void add_output(struct telling *t, const char *suffix)
{
    const char *path = t->opts->case_path;
    size_t len = strlen(path);
    struct mr_strbuf name = MR_STRBUF_INIT;
    if (len > 5 && strcmp(path + len - 5, ".case") == 0)
        len -= 5;
    for (unsigned n = 1; n < 1000; n++) {
        mr_strbuf_reset(&name);
        mr_strbuf_add(&name, path, len);
        if (n > 1)
            mr_strbuf_add_fmt(&name, "-%u", n);
        mr_strbuf_add_str(&name, suffix);
        if (name.failed || access(name.ptr, F_OK) != 0)
            break;
    }
    mr_command_add_option(&t->command, "--output", name.failed ? "" : name.ptr);
    t->command.failed = t->command.failed || name.failed;
    mr_strbuf_release(&name);
}

/* suffix NULL: what it makes goes into the case. */
static void add_case_command(struct telling *t, const char *words, const char *suffix)
{
    if (!t->opts->commands || !t->opts->has_case)
        return;
    mr_strbuf_add_fmt(&t->command, "myrecon %s", words);
    mr_command_add_option(&t->command, "--config", t->opts->config);
    mr_command_add_option(&t->command, "--case", t->opts->case_path);
    if (suffix != NULL)
        add_output(t, suffix);
}

/* The same of what reads a run: another one than the case's last may be what this is about. */
static void add_run_command(struct telling *t, const char *words, const char *suffix)
{
    struct mr_strbuf whole = MR_STRBUF_INIT;
    mr_strbuf_add_str(&whole, words);
    mr_command_add_option(&whole, "--run", t->opts->run);
    add_case_command(t, whole.ptr, suffix);
    t->command.failed = t->command.failed || whole.failed;
    mr_strbuf_release(&whole);
}

/* ---- two histories ---- */

static bool is_low(const struct mr_find_counter *counter)
{
    uint64_t next = counter->next[MR_TARGET];
    return next <= counter->next[MR_SOURCE] || next <= counter->greatest[MR_SOURCE] ||
           next <= counter->greatest[MR_TARGET];
}

/* May TARGET give out an id that the other side has, or gives out next?  A counter that was
 * raised already stands above both. */
static enum mr_code has_low_counters(const struct mr_check_result *result, bool *has,
                                     struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec counters = MR_VEC_INIT(struct mr_find_counter);
    enum mr_code code = mr_findings_counters(result->fd, &arena, &counters, err);
    *has = false;
    for (size_t i = 0; i < counters.count; i++)
        *has = *has || is_low(mr_vec_at(&counters, i));
    mr_vec_release(&counters);
    mr_arena_release(&arena);
    return code;
}

static bool is_snapshot(const char *uri)
{
    return strncmp(uri, "snapshot:", 9) == 0;
}

/* One side is of another moment, and differs from the other for that alone; or it is many servers, of
 * which no plan is made. */
static bool is_no_pair(const struct mr_find_run *run)
{
    return is_snapshot(run->source) || is_snapshot(run->target) ||
           mr_endpoint_is_shards(run->source);
}

static bool has_two_histories(const struct telling *t)
{
    return !is_no_pair(t->result->run) && mr_check_result_two_histories(t->result);
}

static enum mr_code two_histories(struct telling *t, struct mr_err *err)
{
    const struct mr_find_run *run = t->result->run;
    bool has = false;
    if (!has_two_histories(t))
        return MR_OK;
    mr_run_add_side(run, MR_SOURCE, &t->text);
    mr_strbuf_add_str(&t->text, " and ");
    mr_run_add_side(run, MR_TARGET, &t->text);
    mr_strbuf_add_str(&t->text, " have histories of their own. Before anything else keep both: "
                                "archive the binary logs of each, rebuild neither from the other, "
                                "and let applications write to one of them only. If that one is "
                                "SOURCE, compare again with the two exchanged.");
    enum mr_code code = add(t, MR_NEXT_TWO_HISTORIES, err);
    if (code == MR_OK)
        code = has_low_counters(t->result, &has, err);
    if (code != MR_OK || !has)
        return code;
    mr_run_add_side(run, MR_TARGET, &t->text);
    mr_strbuf_add_str(&t->text, " may give out ids that the other side has. Raise its "
                                "AUTO_INCREMENT above the greatest keys of both sides, so that no "
                                "id is given away twice from now on.");
    add_case_command(t, "repair plan --reseed-only", ".reseed");
    return add(t, MR_NEXT_RESEED, err);
}

/* ---- the rest ---- */

/* A counter of SOURCE stays below TARGET's keys, which harms only who writes there. */
static enum mr_code nothing(struct telling *t, struct mr_err *err)
{
    bool has = false;
    if (!mr_check_result_all_explained(t->result))
        return MR_OK;
    enum mr_code code = has_low_counters(t->result, &has, err);
    if (code != MR_OK || has)
        return code;
    mr_strbuf_add_str(&t->text, "Nothing is left to be done: all that differs is what a "
                                "plan has made, and ");
    mr_run_add_side(t->result->run, MR_TARGET, &t->text);
    mr_strbuf_add_str(&t->text, " gives out no id that either side has. The two servers "
                                "differ for good, so that such a check ends with 1; "
                                "what has not been planned would be listed beside it.");
    return add(t, MR_NEXT_NOTHING, err);
}

static enum mr_code without_identity(struct telling *t, struct mr_err *err)
{
    size_t at = mr_check_result_without_identity(t->result);
    if (at == t->result->ntables)
        return MR_OK;
    const char *name = t->result->tables[at].name;
    mr_strbuf_add_fmt(&t->text,
                      "Rows of %s have one key on both sides and other values, and no other "
                      "column says whether each is the same row. If one key can stand for two "
                      "rows, set identity = COLUMN in a section [table %s] of the "
                      "configuration.",
                      name, name);
    return add(t, MR_NEXT_IDENTITY, err);
}

#define NAMED 5 /* tables */

/* How many tables that side alone has; the first of them are named. */
static size_t add_one_sided(struct telling *t, enum mr_side side)
{
    const struct mr_find_object *o = NULL;
    size_t count = 0;
    for (size_t at = 0; (o = mr_check_result_one_sided(t->result, &at)) != NULL;)
        if ((side == MR_SOURCE ? o->source : o->target) != NULL && count++ < NAMED)
            mr_strbuf_add_fmt(&t->text, "%s%s", count > 1 ? ", " : "", o->table);
    if (count > NAMED)
        mr_strbuf_add_fmt(&t->text, " and %zu more", count - NAMED);
    return count;
}

/* A whole table that is gone is more than any row of the others, and no plan of rows makes tables.  Of a map
 * its line may be what is wrong. */
static enum mr_code one_sided(struct telling *t, enum mr_side side, struct mr_err *err)
{
    const char *name = mr_side_name(side), *other = mr_side_name(mr_other_side(side));
    const size_t count = add_one_sided(t, side);
    const char *it = count == 1 ? "it" : "them";
    const struct mr_find_run *run = t->result->run;
    if (count == 0)
        return MR_OK;
    mr_strbuf_add_fmt(&t->text,
                      " %s on the %s only: no row of %s was compared, and repair plans leave %s as "
                      "%s. ",
                      count == 1 ? "is" : "are", name, it, it, count == 1 ? "it is" : "they are");
    if (mr_endpoint_is_shards(run->source))
        mr_strbuf_add_str(&t->text, "See that the map's lines name tables as the target does. ");
    if (!is_snapshot(side == MR_SOURCE ? run->target : run->source))
        mr_strbuf_add_fmt(
            &t->text,
            "If the %s has lost %s, take %s over from the %s with all rows (mysqldump; or "
            "snapshot create --tables, and snapshot restore --into-existing add), and "
            "check again; ",
            other, it, it, name);
    mr_strbuf_add_str(&t->text, "what is not meant is left out by --exclude of a check.");
    return add(t, MR_NEXT_ONE_SIDED, err);
}

static enum mr_code unsettled(struct telling *t, struct mr_err *err)
{
    if (t->result->unsettled_rows == 0)
        return MR_OK;
    mr_strbuf_add_grouped(&t->text, t->result->unsettled_rows);
    mr_strbuf_add_fmt(&t->text,
                      " row%s could not be settled: they kept moving while compared, or a "
                      "side may be behind (then the note of the table says which, and "
                      "why). Check again when it has caught up, or at a quieter hour.",
                      t->result->unsettled_rows == 1 ? "" : "s");
    return add(t, MR_NEXT_UNSETTLED, err);
}

static enum mr_code resume(struct telling *t, struct mr_err *err)
{
    bool rows_are_done = t->result->not_checked == 0 && t->result->run->objects_done;
    if (!t->result->interrupted || !t->opts->has_case)
        return MR_OK;
    if (t->opts->commands) {
        mr_run_check_command(t->result->run, t->opts->config, t->opts->case_path, &t->command);
        mr_strbuf_add_str(&t->command, " --resume");
    }
    return add_str(t, MR_NEXT_RESUME,
                   rows_are_done
                       ? "Whom the rows belong to is not known: go on with the same check "
                         "command and --resume."
                       : "The run has not come to its end: go on with the same check "
                         "command and --resume when both servers can be reached.",
                   err);
}

static bool knows_people(const struct mr_check_result *result)
{
    bool known = false;
    for (size_t i = 0; i < result->ntables; i++)
        known = known || result->tables[i].subject != MR_SUBJECT_NO;
    return known;
}

/* What is left to be done about rows, as far as plans of the case have not done it. */
static bool rows_differ(const struct mr_check_result *result)
{
    bool any = false;
    for (size_t i = 0; i < result->ntables; i++)
        any = any || mr_check_result_unexplained(result, i) > 0;
    return any;
}

static enum mr_code keep(struct telling *t, struct mr_err *err)
{
    mr_run_check_command(t->result->run, t->opts->config, "incident.case", &t->command);
    return add_str(t, MR_NEXT_KEEP,
                   mr_endpoint_is_shards(t->result->run->source)
                       ? "To keep every finding with both row images, and to list people from them:"
                       : "To keep every finding with both row images, and to list people or "
                         "plan a repair from them:",
                   err);
}

static bool has_windows(const struct mr_check_result *result)
{
    bool any = false;
    for (size_t i = 0; i < result->ntables; i++)
        any = any || result->tables[i].windowed;
    return any;
}

/* Whose rows outside of a window are there or are not, a plan would have to guess. */
static enum mr_code compare_whole(struct telling *t, struct mr_err *err)
{
    if (!has_two_histories(t) && t->result->sums.missing == 0)
        return MR_OK;
    mr_run_whole_command(t->result->run, t->opts->config, t->opts->case_path, &t->command);
    return add_str(t, MR_NEXT_WHOLE,
                   "A repair is planned from tables that were compared whole, without --where, "
                   "--since and where = of the configuration; compare them so first:",
                   err);
}

/* Whether the servers keep logs, in rows and since then, a check does not ask: collect says so. */
static enum mr_code history(struct telling *t, struct mr_err *err)
{
    bool has = false;
    MR_TRY(mr_evidence_has(t->result->fd, &has, err));
    if (has)
        return MR_OK;
    add_case_command(t, "history collect", NULL);
    return add_str(
        t, MR_NEXT_HISTORY,
        "To learn from the binary logs which side changed what, so that a plan asks about "
        "far fewer rows, where both servers have logged rows since the two parted:",
        err);
}

/* A plan writes to no server; which rows are right it asks. */
static enum mr_code plan(struct telling *t, struct mr_err *err)
{
    const struct mr_check_result *r = t->result;
    if (r->incomplete || is_no_pair(r->run))
        return MR_OK; /* it would be refused, or needs the other side named */
    if (has_windows(r))
        return compare_whole(t, err);
    /* What a merge has left open or decided, only a merge knows: backfill would begin anew. */
    if (has_two_histories(t) || r->all_explained.rows > 0) {
        MR_TRY(history(t, err));
        add_run_command(t, "repair plan --policy merge", ".merge");
        return add_str(t, MR_NEXT_PLAN,
                       "To see what would become of everybody; a plan writes to no "
                       "server:",
                       err);
    }
    if (r->sums.missing == 0)
        return MR_OK;
    add_run_command(t, "repair plan --policy backfill", ".backfill");
    return add_str(t, MR_NEXT_PLAN,
                   "To see what it takes to insert what TARGET lacks, or with --policy mirror to "
                   "make it what SOURCE is, as a replica should be; a plan writes to no server:",
                   err);
}

static enum mr_code commands(struct telling *t, struct mr_err *err)
{
    if (!t->opts->commands || !t->result->differs)
        return MR_OK;
    if (!t->opts->has_case)
        return keep(t, err);
    if (!rows_differ(t->result) || t->result->interrupted)
        return MR_OK;
    if (knows_people(t->result)) {
        add_run_command(t, "affected", ".csv");
        MR_TRY(add_str(t, MR_NEXT_AFFECTED,
                       "To list everybody whom this touches, with both keys:", err));
    }
    return plan(t, err);
}

/* By urgency: what must not be done comes before what may be done next. */
enum mr_code mr_next_steps(struct mr_next_steps *steps, const struct mr_check_result *result,
                           const struct mr_next_opts *opts, struct mr_err *err)
{
    struct telling t = {.steps = steps,
                        .result = result,
                        .opts = opts,
                        .text = MR_STRBUF_INIT,
                        .command = MR_STRBUF_INIT};
    *steps =
        (struct mr_next_steps){.items = MR_VEC_INIT(struct mr_next_step), .arena = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(two_histories(&t, err));
    MR_TRY_OUT(without_identity(&t, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY_OUT(one_sided(&t, (enum mr_side)side, err));
    if (result->not_checked > 0)
        MR_TRY_OUT(add_str(&t, MR_NEXT_NOT_CHECKED,
                           "Tables that could not be checked may hold anything: see their "
                           "reasons.",
                           err));
    MR_TRY_OUT(resume(&t, err));
    MR_TRY_OUT(unsettled(&t, err));
    MR_TRY_OUT(nothing(&t, err));
    MR_TRY_OUT(commands(&t, err));
out:
    mr_strbuf_release(&t.text);
    mr_strbuf_release(&t.command);
    if (code != MR_OK)
        mr_next_steps_release(steps);
    return code;
}

void mr_next_steps_release(struct mr_next_steps *steps)
{
    mr_vec_release(&steps->items);
    mr_arena_release(&steps->arena);
}
