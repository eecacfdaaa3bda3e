/* merge_three_note.c: see merge_three_note.h. */
#include "repair/merge/merge_three_note.h"

#include "core/case/case_args.h"

enum mr_code mr_merge_three_note_open(struct mr_merge_three_note *note, struct mr_merge *m,
                                      struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&note->row, "UPDATE m SET kind=:kind, facts=facts|:facts, three=:three, deed=:deed,"
                     " tells=:tells, sums=:sums, detail=:detail WHERE id=:id"},
        {&note->images, "UPDATE img SET merged=:merged, base=:base WHERE id=:id"},
    };
    return mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err);
}

void mr_merge_three_note_close(struct mr_merge_three_note *note)
{
    mr_case_free(note->row);
    mr_case_free(note->images);
}

enum mr_code mr_merge_three_note(const struct mr_merge_three_note *note, int64_t id,
                                 const struct mr_merge_three_result *r, const struct mr_fact *facts,
                                 struct mr_err *err)
{
    MR_TRY(MR_CASE_RUN(note->images, err, MR_ARG_INT("id", id), MR_ARG_BYTES("merged", r->merged),
                       MR_ARG_BYTES("base", r->base)));
    return MR_CASE_RUN(note->row, err, MR_ARG_INT("id", id),
                       MR_ARG_TEXT("kind", mr_conflict_name(r->ruling.why.conflict)),
                       MR_ARG_INT("three", r->ruling.outcome), MR_ARG_INT("deed", r->ruling.deed),
                       MR_ARG_TEXT("tells", r->columns), MR_ARG_TEXT("sums", r->sums),
                       MR_ARG_TEXT("detail", r->detail), MR_ARG_INT("facts", mr_fact_bits(facts)));
}
