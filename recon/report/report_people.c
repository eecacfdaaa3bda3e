/* report_people.c: see report_people.h. */
#include "recon/report/report_people.h"

#include "core/case/case_fields.h"
#include "recon/affected/affected_config.h"
#include "recon/affected/affected_gaps.h"
#include "recon/affected/affected_reach.h"
#include "recon/affected/affected_subject.h"

/* The answer "nobody knows" is one, too. */
static bool is_an_answer(enum mr_code code)
{
    return code == MR_E_NO_SUCH || code == MR_E_USAGE || code == MR_E_CONFIG;
}

/* How many people are touched for these reasons. */
struct touched {
    unsigned reasons;
    uint64_t people;
};

static const struct mr_case_field touched_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct touched, reasons, MR_CASE_SMALL),
                 MR_CASE_FIELD(struct touched, people, MR_CASE_INT));

/* One person may be touched for several reasons: people are counted once, so that the reasons
 * together may come to more. */
static enum mr_code add_up(struct mr_report_people *people, struct mr_case *cf, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct touched touched;
    bool row = false;
    enum mr_code code = mr_case_prepare(cf,
                                        "SELECT reasons, count(*) AS people FROM temp.person"
                                        " WHERE reasons <> 0 GROUP BY reasons",
                                        &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(touched_fields), err);
    while (code == MR_OK &&
           (code = mr_case_fields_next(&map, NULL, &touched, &row, err)) == MR_OK && row) {
        people->people += touched.people;
        for (size_t i = 0; i < MR_AFFECTED_REASONS; i++)
            people->by_reason[i] += (touched.reasons >> i & 1U) != 0 ? touched.people : 0;
    }
    mr_case_free(stmt);
    return code;
}

/* What a run has not seen is told by the run; gaps of a whole one are looked for. */
static enum mr_code look_for_gaps(struct mr_report_people *people,
                                  struct mr_affected_people *collected,
                                  const struct mr_check_result *result, struct mr_err *err)
{
    people->at_least = result->incomplete || result->interrupted;
    return people->at_least ? MR_OK : mr_affected_gaps(collected, &people->at_least, err);
}

/* The list of people is made in scratch tables beside the case, which is only read; they go away
 * after a failure, too. */
static enum mr_code collect(struct mr_report_people *people, struct mr_affected *list,
                            const struct mr_check_result *result, struct mr_err *err)
{
    struct mr_affected_people collected = {0};
    struct mr_case *cf = mr_findings_case(list->fd);
    MR_TRY(mr_case_scratch_begin(cf, err));
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_affected_people_begin(&collected, list, err));
    MR_TRY_OUT(mr_affected_people_own(&collected, err));
    MR_TRY_OUT(mr_affected_reach(&collected, err));
    MR_TRY_OUT(look_for_gaps(people, &collected, result, err));
    MR_TRY_OUT(add_up(people, cf, err));
out:
    mr_affected_people_release(&collected);
    mr_case_scratch_end(cf);
    return code;
}

static enum mr_code name_subjects(struct mr_report_people *people, const struct mr_affected *list,
                                  struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    for (size_t i = 0; i < list->nsubjects; i++)
        mr_strbuf_add_fmt(&names, "%s%s", i > 0 ? ", " : "", list->subjects[i].table->name);
    people->subjects = names.failed ? NULL : mr_arena_strdup(arena, names.ptr);
    mr_strbuf_release(&names);
    return people->subjects != NULL ? MR_OK : mr_err_nomem(err, "counting people");
}

/* That nobody knows which table holds people is no failure of the report: the reason goes into it,
 * and everything else is still told. */
enum mr_code mr_report_people_count(struct mr_report_people *people,
                                    const struct mr_check_result *result,
                                    const struct mr_config *config, const char *case_path,
                                    struct mr_arena *arena, struct mr_err *err)
{
    struct mr_affected list = {.fd = result->fd,
                               .arena = MR_ARENA_INIT,
                               .run = *result->run,
                               .tables = result->tables,
                               .ntables = result->ntables};
    const struct mr_affected_choice choice = {.config = config};
    struct mr_err own = {.code = MR_OK};
    *people = (struct mr_report_people){.known = false};
    enum mr_code code = mr_affected_choose(&list, &choice, &own);
    if (is_an_answer(code)) {
        people->why = mr_arena_strdup(arena, own.message);
        code = people->why != NULL ? MR_OK : mr_err_nomem(err, "counting people");
    } else if (code != MR_OK) {
        if (err != NULL)
            *err = own;
    } else {
        people->known = true;
        code = mr_affected_config(&list, &choice, case_path, &people->other, err);
        if (code == MR_OK)
            code = collect(people, &list, result, err);
        if (code == MR_OK)
            code = name_subjects(people, &list, arena, err);
    }
    mr_arena_release(&list.arena);
    return code;
}

/* For people who have never seen a list of `affected`, whose reasons are words of one kind each. */
static const char *const ways[MR_AFFECTED_REASONS] = {
    "missing",      "extra", "changed", "in collision", "moved", "by what refers to them",
    "in the window"};

/* A number that may be too low says "at least", and one by another configuration than the run's
 * says so: both are acted upon. */
void mr_report_people_words(const struct mr_report_people *people, struct mr_strbuf *out)
{
    size_t shown = 0;
    uint64_t sum = 0;
    mr_strbuf_add_str(out, people->at_least ? "at least " : "");
    mr_strbuf_add_grouped(out, people->people);
    mr_strbuf_add_str(out, people->people == 1 ? " person" : " people");
    for (size_t i = 0; i < MR_AFFECTED_REASONS; i++) {
        if (people->by_reason[i] == 0)
            continue;
        mr_strbuf_add_str(out, shown++ == 0 ? " (" : ", ");
        mr_strbuf_add_grouped(out, people->by_reason[i]);
        mr_strbuf_add_fmt(out, " %s", ways[i]);
        sum += people->by_reason[i];
    }
    mr_strbuf_add_str(out, shown == 0             ? ""
                           : sum > people->people ? "; some in several ways)"
                                                  : ")");
    mr_strbuf_add_str(out, people->other ? ", or others, for the configuration is not the "
                                           "run's"
                                         : "");
}
