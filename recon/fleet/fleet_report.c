/* fleet_report.c: see fleet_report.h. */
#include "recon/fleet/fleet_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "recon/report/report_rank.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reporting on a fleet");
}

static enum mr_code keep(struct mr_fleet_report *r, const char *text, const char **out,
                         struct mr_err *err)
{
    *out = mr_arena_strdup(&r->arena, text);
    return *out != NULL ? MR_OK : nomem(err);
}

/* ---- what was not seen ---- */

static enum mr_code add_gap(struct mr_fleet_report *r, struct mr_fleet_report_pair *pair,
                            const char *ptr, size_t len, struct mr_err *err)
{
    if (pair->ngaps++ >= MR_FLEET_GAPS)
        return MR_OK;
    pair->gaps[pair->ngaps - 1] = mr_arena_dup(&r->arena, ptr, len);
    return pair->gaps[pair->ngaps - 1] != NULL ? MR_OK : nomem(err);
}

static enum mr_code add_lines(struct mr_fleet_report *r, struct mr_fleet_report_pair *pair,
                              const char *lines, struct mr_err *err)
{
    for (const char *at = lines != NULL ? lines : ""; *at != '\0';) {
        const size_t len = strcspn(at, "\n");
        MR_TRY(add_gap(r, pair, at, len, err));
        at += len + (at[len] != '\0');
    }
    return MR_OK;
}

/* NULL: it was compared to its end. */
static const char *gap_of(const struct mr_find_table *table)
{
    switch (table->verdict) {
    case MR_VERDICT_NOT_CHECKED: return table->reason != NULL ? table->reason : "not checked";
    case MR_VERDICT_UNDECIDED: return "the run ended before this table was compared";
    case MR_VERDICT_UNSETTLED: return "rows kept moving while they were compared";
    case MR_VERDICT_DIVERGED:
    case MR_VERDICT_EQUAL: break;
    }
    return NULL;
}

static enum mr_code add_tables(struct mr_fleet_report *r, struct mr_fleet_report_pair *pair,
                               const struct mr_check_result *result, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < result->ntables; i++) {
        const char *gap = gap_of(&result->tables[i]);
        if (gap == NULL)
            continue;
        mr_strbuf_reset(&text);
        mr_strbuf_add_fmt(&text, "Table %s: %s", result->tables[i].name, gap);
        code = text.failed ? nomem(err) : add_gap(r, pair, text.ptr, text.len, err);
    }
    mr_strbuf_release(&text);
    return code;
}

/* ---- one pair ---- */

/* A table that one side alone has is compared with nothing.  In front of all else that was not seen: only so many
 * are kept. */
static enum mr_code add_only(struct mr_fleet_report *r, struct mr_fleet_report_pair *pair,
                             struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        for (size_t i = 0; code == MR_OK && i < pair->only.count[side]; i++) {
            mr_strbuf_reset(&text);
            mr_strbuf_add_fmt(&text, "Table %s is on the %s only: none of its rows was compared",
                              pair->only.tables[side][i], mr_side_name((enum mr_side)side));
            code = text.failed ? nomem(err) : add_gap(r, pair, text.ptr, text.len, err);
        }
    mr_strbuf_release(&text);
    return code;
}

/* Nobody is affected where every row was seen and none differs.  Where nothing was found so far, or
 * a whole table is gone, that is no answer. */
static enum mr_code take_people(struct mr_fleet_report *r, struct mr_fleet_report_pair *pair,
                                const struct mr_report *of, struct mr_err *err)
{
    pair->people = of->people;
    pair->people.subjects = NULL;
    const bool one_sided = of->result->one_sided > 0;
    pair->has_people = of->result->differing > 0
                           ? of->people.known
                           : pair->verdict != MR_FLEET_INCOMPLETE && !one_sided;
    if (pair->has_people)
        return MR_OK;
    return keep(r,
                of->people.why != NULL ? of->people.why
                : one_sided            ? "one side alone has some of its tables"
                                       : "not all of its rows were seen",
                &pair->people.why, err);
}

static void take_figures(struct mr_fleet_report_pair *pair, const struct mr_check_result *result)
{
    struct mr_fleet_figures *f = &pair->figures;
    *f = (struct mr_fleet_figures){.tables = result->ntables,
                                   .diverged = result->diverged,
                                   .not_checked = result->not_checked,
                                   .rows = result->sums.source_rows + result->sums.target_rows,
                                   .counts = result->sums,
                                   .unsettled_rows = result->unsettled_rows,
                                   .objects = result->objects.count};
    f->counts.source_rows = f->counts.target_rows = f->counts.null_identities = 0;
}

/* Another check, a copy of another case: whatever it is, it is not what was merged. */
static const char *contradiction(const struct mr_fleet_report_pair *pair)
{
    const bool same = pair->verdict == pair->told->verdict &&
                      mr_fleet_figures_equal(&pair->figures, &pair->told->figures);
    return same ? NULL : "its case says something else than " MR_FLEET_RESULT_FILE;
}

struct visiting {
    struct mr_fleet_report *r;
    mr_fleet_pair_fn *visit;
    void *ctx;
    struct mr_arena scratch; /* of the pair under way */
    bool has_visited;        /* an error from here on is no fault of the case's */
};

/* What is to be typed names what the pair was checked with, unless the reader has named another one: the fleet's own
 * copy, where that is still there. */
static struct mr_config config_of(const struct mr_fleet_report *r,
                                  const struct mr_fleet_report_pair *pair)
{
    struct mr_config config = *r->config;
    const bool is_named =
        config.nfiles > 0 && config.files[config.nfiles - 1].place == MR_CONFIG_NAMED;
    if (!is_named && pair->told->config != NULL && access(pair->told->config, R_OK) == 0)
        config.file = pair->told->config;
    return config;
}

static enum mr_code take_result(struct visiting *v, struct mr_fleet_report_pair *pair,
                                const struct mr_check_result *result, const char *path,
                                struct mr_err *err)
{
    struct mr_fleet_report *r = v->r;
    const struct mr_config config = config_of(r, pair);
    struct mr_report report = {.result = result,
                               .config = &config,
                               .case_path = path,
                               .unmask = r->unmask,
                               .max_rows = r->max_rows,
                               .up = r->up};
    pair->verdict = mr_fleet_verdict_of_exit(mr_check_result_exit(result));
    take_figures(pair, result);
    pair->fault = contradiction(pair);
    if (pair->fault != NULL)
        return MR_OK;
    MR_TRY(mr_report_load(&report, err));
    enum mr_code code = MR_OK;
    MR_TRY_OUT(keep(r, result->run->source, &pair->source, err));
    MR_TRY_OUT(keep(r, result->run->target, &pair->target, err));
    MR_TRY_OUT(take_people(r, pair, &report, err));
    MR_TRY_OUT(mr_fleet_only_take(result, &r->arena, &pair->only, err));
    MR_TRY_OUT(add_only(r, pair, err));
    MR_TRY_OUT(add_lines(r, pair, result->run->hidden, err));
    MR_TRY_OUT(add_tables(r, pair, result, err));
    v->has_visited = true;
    if (v->visit != NULL)
        code = v->visit(v->ctx, pair, &report, err);
out:
    mr_report_release(&report);
    return code;
}

/* The run of the merge, as fleet_merge names it.  *found false: the case has none of that fleet. */
static enum mr_code choose_run(struct visiting *v, struct mr_fleet_report_pair *pair,
                               struct mr_findings *fd, struct mr_find_run *run, bool *found,
                               struct mr_err *err)
{
    struct mr_fleet_report *r = v->r;
    struct mr_strbuf uuid = MR_STRBUF_INIT;
    struct mr_find_run last = {0};
    struct mr_err why = {0};
    mr_strbuf_add_fmt(&uuid, "%s.%s", r->result->fleet, pair->told->name);
    enum mr_code code = uuid.failed ? nomem(&why) : MR_OK;
    if (code == MR_OK)
        code = mr_findings_run_choose(fd, NULL, &v->scratch, &last, &why);
    if (code == MR_OK)
        code = mr_findings_run_choose(fd, uuid.ptr, &v->scratch, run, &why);
    *found = code == MR_OK && strcmp(run->uuid, uuid.ptr) == 0;
    if (*found && strcmp(last.uuid, run->uuid) != 0)
        code = keep(r, last.uuid, &pair->later, &why);
    if (code == MR_E_NO_SUCH)
        code = MR_OK;
    else if (code != MR_OK)
        *err = why;
    mr_strbuf_release(&uuid);
    return code;
}

static enum mr_code read_case(struct visiting *v, struct mr_fleet_report_pair *pair,
                              const char *path, struct mr_err *err)
{
    struct mr_findings *fd = NULL;
    struct mr_find_run run = {0};
    struct mr_check_result result = {0};
    bool found = false;
    enum mr_code code = mr_findings_open(path, MR_CASE_READ, &fd, err);
    if (code == MR_OK)
        code = choose_run(v, pair, fd, &run, &found, err);
    if (code == MR_OK && !found)
        pair->fault = "its case is of another fleet, or of another check";
    if (code == MR_OK && found) {
        code = mr_check_result_load(&result, fd, &run, v->r->max_rows, err);
        if (code == MR_OK)
            code = take_result(v, pair, &result, path, err);
        mr_check_result_release(&result);
    }
    (void)mr_findings_close(fd, NULL); /* it was only read */
    return code;
}

/* Nothing of it is believed; what was merged is still told. */
static enum mr_code give_up(struct mr_fleet_report *r, struct mr_fleet_report_pair *pair,
                            struct mr_err *err)
{
    pair->verdict = MR_FLEET_INCOMPLETE;
    pair->figures = pair->told->figures;
    pair->source = pair->target = NULL;
    pair->later = NULL;
    pair->has_people = false;
    pair->people = (struct mr_report_people){.why = pair->fault};
    pair->ngaps = 0;
    pair->only = (struct mr_fleet_only){.count = {0}};
    return add_lines(r, pair, pair->told->reason, err);
}

static enum mr_code look_at_pair(struct visiting *v, struct mr_fleet_report_pair *pair,
                                 struct mr_err *err)
{
    struct mr_fleet_report *r = v->r;
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_err why = {0};
    v->has_visited = false;
    mr_arena_reset(&v->scratch);
    mr_strbuf_add_fmt(&path, "%s/%s.case", r->result->dir, pair->told->name);
    enum mr_code code = path.failed ? mr_err_nomem(&why, "reporting on a fleet")
                                    : read_case(v, pair, path.ptr, &why);
    mr_strbuf_release(&path);
    if (code != MR_OK && (v->has_visited || code == MR_E_NOMEM || code == MR_E_CANCELLED)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        MR_TRY(keep(r, why.message, &pair->fault, err));
    return pair->fault != NULL ? give_up(r, pair, err) : MR_OK;
}

/* ---- all of them ---- */

static void add_up(struct mr_fleet_report *r, const struct mr_fleet_report_pair *pair)
{
    mr_fleet_figures_add(&r->sums, &pair->figures);
    r->equal += pair->verdict == MR_FLEET_EQUAL;
    r->diverged += pair->verdict == MR_FLEET_DIVERGED;
    r->incomplete += pair->verdict == MR_FLEET_INCOMPLETE;
    r->faults += pair->fault != NULL;
    r->with_rows += mr_find_counts_differing(&pair->figures.counts) > 0;
    r->only += mr_fleet_only_count(&pair->only);
    r->with_only += mr_fleet_only_count(&pair->only) > 0;
    r->people_unknown += !pair->has_people;
    if (!pair->has_people)
        return;
    r->people += pair->people.people;
    r->people_at_least |= pair->people.at_least;
    r->people_other |= pair->people.other;
}

static struct mr_report_rank rank_of(const struct mr_fleet_report_pair *pair, size_t at)
{
    const struct mr_find_counts *counts = &pair->figures.counts;
    return mr_report_rank_of(
        at, mr_fleet_gravity(pair->verdict, counts, &pair->only, pair->fault != NULL), counts);
}

/* As tables in the report of one pair: rows that differ are worse than what was not seen, and somebody
 * else's key is the worst of them; a whole table that the target lacks is worse. */
static enum mr_code rank(struct mr_fleet_report *r, struct mr_err *err)
{
    const size_t count = r->result->npairs;
    struct mr_report_rank *ranked = calloc(count + 1, sizeof *ranked);
    r->order = mr_arena_calloc(&r->arena, count + 1, sizeof *r->order);
    if (ranked == NULL || r->order == NULL) {
        free(ranked);
        return nomem(err);
    }
    for (size_t i = 0; i < count; i++)
        ranked[i] = rank_of(&r->pairs[i], i);
    mr_report_rank_sort(ranked, count, r->order);
    free(ranked);
    return MR_OK;
}

enum mr_code mr_fleet_report_load(struct mr_fleet_report *r, mr_fleet_pair_fn *visit,
                                  void (*done)(void *ctx), void *ctx, struct mr_err *err)
{
    struct visiting v = {.r = r, .visit = visit, .ctx = ctx, .scratch = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    r->arena = (struct mr_arena)MR_ARENA_INIT;
    r->pairs = mr_arena_calloc(&r->arena, r->result->npairs + 1, sizeof *r->pairs);
    if (r->pairs == NULL)
        return nomem(err);
    for (size_t i = 0; code == MR_OK && i < r->result->npairs; i++) {
        r->pairs[i].told = &r->result->pairs[i];
        code = mr_is_cancelled() ? mr_cancelled_err(err) : look_at_pair(&v, &r->pairs[i], err);
        add_up(r, &r->pairs[i]);
        if (done != NULL)
            done(ctx);
    }
    mr_arena_release(&v.scratch);
    return code == MR_OK ? rank(r, err) : code;
}

void mr_fleet_report_release(struct mr_fleet_report *r)
{
    mr_arena_release(&r->arena);
}

/* ---- in a word, in a sentence ---- */

int mr_fleet_report_exit(const struct mr_fleet_report *r)
{
    return r->incomplete > 0 ? mr_fleet_verdict_exit(MR_FLEET_INCOMPLETE) : 0;
}

enum mr_fleet_word mr_fleet_report_verdict(const struct mr_fleet_report *r)
{
    return r->incomplete > 0 ? MR_FLEET_INCOMPLETE
           : r->diverged > 0 ? MR_FLEET_DIVERGED
                             : MR_FLEET_EQUAL;
}

static void add_one_sided(const struct mr_fleet_report *r, struct mr_strbuf *out)
{
    struct mr_texts t = {.made = 0};
    mr_strbuf_add_fmt(out, "%s on one side only, in %s of %s",
                      mr_text_count(&t, r->only, "table is", "tables are"),
                      mr_text_number(&t, r->with_only),
                      mr_text_count(&t, r->result->npairs, "pair", "pairs"));
}

/* What was not seen comes first: a fleet with gaps must never read as if all of it were the same. */
void mr_fleet_report_headline(const struct mr_fleet_report *r, struct mr_strbuf *out)
{
    struct mr_texts t = {.made = 0};
    const uint64_t rows = mr_find_counts_differing(&r->sums.counts),
                   objects = r->sums.objects > r->only ? r->sums.objects - r->only : 0;
    const char *pairs = mr_text_count(&t, r->result->npairs, "pair", "pairs");
    if (r->incomplete > 0)
        mr_strbuf_add_fmt(out, "%s of %s %s not seen whole", mr_text_number(&t, r->incomplete),
                          pairs, r->incomplete == 1 ? "was" : "were");
    if (r->incomplete > 0 && rows + r->sums.objects > 0)
        mr_strbuf_add_str(out, "; so far ");
    if (r->only > 0)
        add_one_sided(r, out);
    if (r->only > 0 && rows + objects > 0)
        mr_strbuf_add_str(out, "; ");
    if (rows > 0)
        mr_strbuf_add_fmt(out, "%s in %s of %s",
                          mr_text_count(&t, rows, "row differs", "rows differ"),
                          mr_text_number(&t, r->with_rows), pairs);
    if (rows > 0 && objects > 0)
        mr_strbuf_add_fmt(out, ", and %s",
                          mr_text_count(&t, objects, "schema object", "schema objects"));
    else if (objects > 0)
        mr_strbuf_add_fmt(
            out, "%s, %s",
            mr_text_count(&t, objects, "schema object differs", "schema objects differ"),
            r->incomplete > 0 || r->only > 0 ? "no row that was compared does" : "the rows do not");
    if (rows + r->sums.objects == 0 && r->incomplete == 0)
        mr_strbuf_add_fmt(out, "both sides hold the same rows in %s", pairs);
}
