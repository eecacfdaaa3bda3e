/* verify_rows.c: see verify_rows.h. */
#include "repair/verify/verify_rows.h"

#include <string.h>

#include "core/row/value_text.h"
#include "repair/verify/verify_internal.h"

const char *mr_proof_name(enum mr_proof proof)
{
    switch (proof) {
    case MR_PROOF_STANDS: return "stands";
    case MR_PROOF_CHANGED: return "changed-since";
    case MR_PROOF_MISSING: return "missing";
    case MR_PROOF_SOMEONE_ELSE: return "someone-else";
    case MR_PROOF_REHUNG: return "refers-elsewhere";
    case MR_PROOF_TWICE: return "twice";
    case MR_PROOF_NOT_DELETED: return "not-deleted";
    case MR_PROOF_UNPLANNED: return "unplanned";
    case MR_PROOF_DANGLING: return "refers-to-nobody";
    case MR_PROOF_SOURCE_GONE: return "source-missing";
    case MR_PROOF_SOURCE_DIFFERS: return "source-differs";
    case MR_PROOF_UNDECIDED:
    case MR_PROOFS: break;
    }
    return "undecided";
}

void mr_proof_key_text(struct mr_strbuf *out, const struct mr_pair *image, struct mr_key key)
{
    size_t pos = 0;
    for (size_t i = 0; pos < key.len && i < image->nkey_columns; i++) {
        const struct mr_find_column *col = &image->find.columns[image->key_columns[i]];
        struct mr_value value;
        if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK)
            return;
        mr_strbuf_add_str(out, i > 0 ? "," : "");
        mr_value_to_text(out, &value, col->style);
    }
}

enum mr_code mr_verify_tell(const struct mr_verify *v, struct mr_verify_table *table,
                            const struct mr_proof_finding *finding, struct mr_err *err)
{
    table->result->counts[finding->proof]++;
    return v->run->found != NULL ? v->run->found(v->run->ctx, finding, err) : MR_OK;
}

static void add_total(const struct mr_verify_rows *run)
{
    const struct mr_planned *planned = &run->plan->manifest.planned;
    for (size_t i = 0; run->progress != NULL && i < planned->ntables; i++)
        for (int d = 0; d < MR_DECISIONS; d++)
            mr_progress_add_total(run->progress, planned->tables[i].decisions[d]);
}

static enum mr_code read_journal(struct mr_verify *v, struct mr_err *err)
{
    MR_TRY(mr_verify_sums_open(v, err));
    return mr_verify_beside_open(v, err);
}

enum mr_code mr_verify_rows(struct mr_verify_rows *run, struct mr_err *err)
{
    struct mr_verify v;
    enum mr_code code = mr_verify_open(&v, run, err);
    add_total(run);
    if (code == MR_OK)
        code = read_journal(&v, err);
    if (code == MR_OK)
        code = mr_verify_find_twice(&v, err);
    if (code == MR_OK && (!run->only_twice || mr_verify_has_twice(&v)))
        code = mr_verify_lines(&v, err);
    if (code == MR_OK && !run->only_twice)
        code = mr_verify_orphans(&v, err);
    if (code == MR_OK && !run->only_twice)
        code = mr_verify_keyless(&v, err);
    if (code == MR_OK && !run->only_twice)
        code = mr_verify_blocks(&v, err);
    mr_verify_close(&v);
    return code;
}

uint64_t mr_verify_count(const struct mr_verify_rows *run, enum mr_proof proof)
{
    uint64_t count = 0;
    for (size_t i = 0; i < run->plan->manifest.planned.ntables; i++)
        count += run->tables[i].counts[proof];
    return count;
}

int mr_verify_exit(const struct mr_verify_rows *run)
{
    int code = 0;
    for (size_t i = 0; i < run->plan->manifest.planned.ntables; i++) {
        if (run->tables[i].unreadable != NULL)
            return 4;
        for (int proof = MR_PROOF_CHANGED; proof < MR_PROOFS; proof++)
            if (run->tables[i].counts[proof] > 0)
                code = 1;
    }
    return code;
}
