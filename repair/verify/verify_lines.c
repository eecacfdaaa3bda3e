/* verify_lines.c: the entities of a plan, a batch of lines at a time; see
 * verify_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "repair/decide/conflict.h"
#include "repair/plan/plan_fit.h"
#include "repair/verify/verify_internal.h"

#define BATCH_BYTES ((uint64_t)8 * 1024 * 1024)

/* A line, and TARGET's row under its key. */
struct line {
    struct mr_entity_line as;
    struct mr_key image;    /* ptr NULL: nobody is there */
    struct mr_digest found; /* of it */
    bool differs;           /* from the planned digest */
    bool holds;             /* then: what a restored change wrote stands all the same */
    const char *beside;     /* what else a trigger has changed, as people read it, or why nobody
                               knows of a sum; or NULL */
    bool is_left_out;       /* of a sum: apply has not added it */
    bool is_altered;        /* a decision gave it other values than SOURCE's */
    bool may_be_twice;      /* the plan has brought it, or its name */
    struct mr_key identity; /* canonical, of the row; set where it is asked for */
};

struct proving {
    struct mr_verify *v;
    struct mr_verify_table *table; /* of the lines at hand; NULL: none yet */
    struct mr_vec lines;           /* struct line */
    struct mr_vec keys;            /* struct mr_key */
    struct mr_vec items;           /* struct mr_canon_item */
    struct mr_vec asks;            /* struct mr_verify_ask */
    struct mr_arena arena;         /* of the lines */
    struct mr_rowset set;
    struct mr_strbuf text;
    size_t batch; /* lines that are proved at once */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "verifying a plan");
}

static struct line *line_at(const struct proving *p, size_t i)
{
    return mr_vec_at(&p->lines, i);
}

static bool is_parent(const struct line *line)
{
    return line->as.decision == MR_DECIDE_PARENT;
}

/* Is a row of TARGET to be read for it? */
static bool is_read(const struct line *line)
{
    return line->as.target_key.ptr != NULL &&
           (is_parent(line) || line->as.has_digest || line->as.decision == MR_DECIDE_DELETE);
}

/* Was none found yet? */
static bool is_missed(const struct line *line)
{
    return is_read(line) && line->image.ptr == NULL;
}

/* ---- rows by key ---- */

static enum mr_code no_columns(const struct mr_verify_table *t, struct mr_err *err)
{
    return mr_err_set(err, MR_E_REFUSED,
                      "a row of table \"%s\" names columns that it does not have",
                      t->planned->table);
}

/* What was added to moves on; that it was added is told by the journal. */
static enum mr_code take_rest(const struct proving *p, struct line *line, struct mr_err *err)
{
    struct mr_verify_table *t = p->table;
    struct mr_digest rest;
    if (!mr_entity_written_get(line->as.sums, t->sums, t->digester.ncolumns))
        return no_columns(t, err);
    for (size_t i = 0; i < t->digester.ncolumns; i++)
        t->written[i] = t->written[i] && !t->sums[i];
    MR_TRY(mr_plan_digester_part(&t->digester, line->image, t->written, &rest, err));
    line->holds =
        mr_digest_equal(rest, line->as.rest) && mr_verify_is_summed(p->v, t, line->as.target_key);
    return MR_OK;
}

/* A column that it did not write has moved on, unless a trigger of TARGET did it. */
static enum mr_code take_beside(struct proving *p, struct line *line, struct mr_err *err)
{
    const char *columns = p->v->fires ? mr_verify_beside(p->v, p->table, line->as.target_key) : "";
    if (!line->holds || (columns != NULL && *columns == '\0'))
        return MR_OK;
    line->holds = false;
    line->beside = "by a trigger, or by others later";
    if (columns == NULL)
        return MR_OK;
    mr_strbuf_reset(&p->text);
    mr_strbuf_add_fmt(&p->text, "by a trigger: %s", columns);
    MR_TRY(mr_strbuf_check(&p->text, "verifying a plan", err));
    line->beside = mr_arena_strdup(&p->arena, p->text.ptr);
    return line->beside != NULL ? MR_OK : nomem(err);
}

/* Of a restored change only what it wrote was promised. */
static enum mr_code take_part(struct proving *p, struct line *line, struct mr_err *err)
{
    struct mr_verify_table *t = p->table;
    struct mr_digest part;
    if (!mr_entity_written_get(line->as.written, t->written, t->digester.ncolumns))
        return no_columns(t, err);
    MR_TRY(mr_plan_digester_part(&t->digester, line->image, t->written, &part, err));
    line->holds = mr_digest_equal(part, line->as.part) && !line->is_left_out;
    if (!line->holds && line->as.sums != NULL)
        MR_TRY(take_rest(p, line, err));
    return take_beside(p, line, err);
}

/* That the number is the planned one does not say that it was added: somebody may have brought it there. */
static enum mr_code look_for_sum(const struct proving *p, struct line *line, struct mr_err *err)
{
    if (line->as.sums == NULL)
        return MR_OK;
    MR_TRY(mr_verify_is_left_out(p->v, p->table, line->as.target_key, &line->is_left_out, err));
    if (line->is_left_out)
        line->beside = "apply left it out, and added nothing to it that it knows of";
    line->differs = line->differs || line->is_left_out;
    return MR_OK;
}

/* The image stays in the set, until the next rows are read. */
static enum mr_code take_row(struct proving *p, struct line *line, struct mr_rowset_row *row,
                             struct mr_err *err)
{
    row->claimed = true;
    line->image = (struct mr_key){mr_rowset_image(&p->set, row), row->image_len};
    MR_TRY(mr_plan_digester_row(&p->table->digester, line->image, &line->found, err));
    line->differs = !line->as.has_digest || !mr_digest_equal(line->found, line->as.digest);
    MR_TRY(look_for_sum(p, line, err));
    return line->differs && line->as.written != NULL ? take_part(p, line, err) : MR_OK;
}

static enum mr_code push_canon(struct proving *p, struct mr_key in, struct mr_err *err)
{
    struct mr_canon_item *item = mr_vec_push(&p->items);
    if (item == NULL)
        return nomem(err);
    *item = (struct mr_canon_item){.in = in.ptr, .in_len = in.len};
    return MR_OK;
}

static enum mr_code canonise(struct proving *p, const struct mr_plan_columns *columns,
                             struct mr_err *err)
{
    return mr_pair_canonise(p->table->image, columns->at, columns->count, p->v->run->target->db,
                            &p->items, &p->arena, err);
}

static struct mr_key canon_at(const struct proving *p, size_t i)
{
    const struct mr_canon_item *item = mr_vec_at(&p->items, i);
    return (struct mr_key){item->out, item->out_len};
}

/* Keys that the collation takes for the same, of lines and rows that are left over. */
static enum mr_code match_texts(struct proving *p, size_t from, size_t n, struct mr_err *err)
{
    struct mr_vec rows = MR_VEC_INIT(struct mr_rowset_row *);
    enum mr_code code = MR_OK;
    mr_vec_clear(&p->items);
    for (size_t i = 0; i < p->set.rows.count; i++) {
        struct mr_rowset_row *row = mr_rowset_at(&p->set, i);
        if (row->claimed)
            continue;
        struct mr_rowset_row **slot = mr_vec_push(&rows);
        MR_TRY_OUT(slot != NULL ? MR_OK : mr_err_nomem(err, "proving rows"));
        *slot = row;
        MR_TRY_OUT(push_canon(p, mr_rowset_key(&p->set, row), err));
    }
    for (size_t i = from; rows.count > 0 && i < from + n; i++)
        if (is_missed(line_at(p, i)))
            MR_TRY_OUT(push_canon(p, line_at(p, i)->as.target_key, err));
    if (rows.count > 0)
        MR_TRY_OUT(canonise(p, &p->table->key, err));
    for (size_t i = from, at = rows.count; at < p->items.count; i++) {
        if (!is_missed(line_at(p, i)))
            continue;
        struct mr_key key = canon_at(p, at++);
        for (size_t k = 0; k < rows.count; k++)
            if (key.ptr != NULL && mr_key_compare(canon_at(p, k), key) == 0)
                MR_TRY_OUT(
                    take_row(p, line_at(p, i), *(struct mr_rowset_row **)mr_vec_at(&rows, k), err));
    }
out:
    mr_vec_release(&rows);
    return code;
}

static bool is_whole(const struct proving *p)
{
    for (size_t i = 0; i < p->set.rows.count; i++)
        if (mr_rowset_at(&p->set, i)->image_len == 0)
            return false;
    return true;
}

/* By bytes first: the server is asked what its collation takes for the same only where keys are
 * left over. */
static enum mr_code take_rows(struct proving *p, size_t from, size_t n, struct mr_err *err)
{
    bool left = false;
    enum mr_code code = MR_OK;
    for (size_t i = from; code == MR_OK && i < from + n; i++) {
        struct line *line = line_at(p, i);
        struct mr_rowset_row *row =
            is_read(line) ? mr_rowset_find(&p->set, line->as.target_key) : NULL;
        if (row != NULL)
            code = take_row(p, line, row, err);
        left = left || (is_read(line) && row == NULL);
    }
    return code == MR_OK && left ? match_texts(p, from, n, err) : code;
}

/* Reads the rows of n lines; *whole: all of them fit. */
static enum mr_code read_rows(struct proving *p, size_t from, size_t n, bool *whole,
                              struct mr_err *err)
{
    mr_vec_clear(&p->keys);
    for (size_t i = from; i < from + n; i++) {
        struct mr_key *key = is_read(line_at(p, i)) ? mr_vec_push(&p->keys) : NULL;
        if (key != NULL)
            *key = line_at(p, i)->as.target_key;
        else if (is_read(line_at(p, i)))
            return nomem(err);
    }
    *whole = true;
    if (p->keys.count == 0)
        return MR_OK;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    enum mr_code code =
        mr_rowset_fetch(&p->set, p->v->reader, &p->table->hash, p->keys.items, p->keys.count,
                        n > 1 ? MR_VERIFY_IMAGE_BYTES : SIZE_MAX, err);
    *whole = n == 1 || is_whole(p);
    return code == MR_OK && *whole ? take_rows(p, from, n, err) : code;
}

/* ---- judging ---- */

/* Canonical identities of the rows that are not, to the byte, what was planned. */
static enum mr_code read_identities(struct proving *p, size_t from, size_t n, struct mr_err *err)
{
    const struct mr_plan_columns *columns = &p->table->identity;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    bool null = false;
    enum mr_code code = MR_OK;
    mr_vec_clear(&p->items);
    for (size_t i = from; code == MR_OK && i < from + n; i++) {
        struct line *line = line_at(p, i);
        if (!line->differs || columns->count == 0)
            continue;
        code = mr_pair_values_of(line->image.ptr, line->image.len, columns->at, columns->count,
                                 &bytes, &null, err);
        const void *copy = code == MR_OK ? mr_arena_dup(&p->arena, bytes.ptr, bytes.len) : NULL;
        if (code == MR_OK && copy == NULL)
            code = nomem(err);
        if (code == MR_OK)
            code = push_canon(p, (struct mr_key){copy, bytes.len}, err);
    }
    mr_strbuf_release(&bytes);
    if (code == MR_OK && p->items.count > 0)
        code = canonise(p, columns, err);
    for (size_t i = from, at = 0; code == MR_OK && at < p->items.count; i++)
        if (line_at(p, i)->differs)
            line_at(p, i)->identity = canon_at(p, at++);
    return code;
}

static bool same_bytes(struct mr_key a, struct mr_key b)
{
    return a.ptr != NULL && b.ptr != NULL && mr_key_compare(a, b) == 0;
}

/* Is the row still who it was?  A row without an identity is its key. */
static bool is_same_entity(const struct proving *p, const struct line *line)
{
    return !line->differs || p->table->identity.count == 0 || line->as.identity.ptr == NULL ||
           same_bytes(line->identity, line->as.identity);
}

/* Whoever asks later whether the row stood has no digest of it. */
static enum mr_code note_moved_on(struct proving *p, const struct line *line, struct mr_err *err)
{
    struct mr_digest *digest = mr_vec_push(&p->table->moved_on);
    if (digest == NULL)
        return nomem(err);
    *digest = mr_digest_bytes(line->as.target_key.ptr, line->as.target_key.len);
    return MR_OK;
}

/* A row that is another one than planned, to the byte. What a restored change did not write is not the
 * plan's; of what it did write, references are values like others. */
static enum mr_code judge_different(struct proving *p, const struct line *line,
                                    enum mr_proof *proof, const char **detail, struct mr_err *err)
{
    const struct mr_verify_table *t = p->table;
    struct mr_digest references = {0};
    *proof = MR_PROOF_CHANGED;
    *detail = line->beside;
    if (line->holds && is_same_entity(p, line)) {
        *proof = MR_PROOF_STANDS;
        return note_moved_on(p, line, err);
    }
    if (!is_same_entity(p, line)) {
        /* A row of the past is known by its key: it may change who it is. */
        if (line->as.decision == MR_DECIDE_SAME)
            *detail = "its identity, too";
        else
            *proof = MR_PROOF_SOMEONE_ELSE;
        return MR_OK;
    }
    if (!line->as.has_references || t->references.count == 0 || line->as.written != NULL)
        return MR_OK;
    enum mr_code code = mr_plan_digester_values(&p->table->digester, line->image, t->references.at,
                                                t->references.count, &references, err);
    if (code == MR_OK && !mr_digest_equal(references, line->as.references))
        *proof = MR_PROOF_REHUNG;
    return code;
}

/* A row that others refer to may be edited, but for what they refer to it by. */
static enum mr_code judge_parent(struct proving *p, const struct line *line, enum mr_proof *proof,
                                 const char **detail, struct mr_err *err)
{
    const struct mr_verify_table *t = p->table;
    struct mr_digest referred = {0};
    if (!is_same_entity(p, line))
        *proof = MR_PROOF_SOMEONE_ELSE;
    if (*proof != MR_PROOF_STANDS || !line->as.has_referred || t->referred.count == 0)
        return MR_OK;
    enum mr_code code = mr_plan_digester_values(&p->table->digester, line->image, t->referred.at,
                                                t->referred.count, &referred, err);
    if (code == MR_OK && !mr_digest_equal(referred, line->as.referred)) {
        *proof = MR_PROOF_CHANGED;
        *detail = "what they refer to it by";
    }
    return code;
}

/* The worst wins.  Parents are none of the plan's rows: of them only what its rows lean on is
 * judged. */
static enum mr_code judge(struct proving *p, const struct line *line, enum mr_proof *proof,
                          const char **detail, struct mr_err *err)
{
    *proof = MR_PROOF_STANDS;
    *detail = NULL;
    if (line->as.decision == MR_DECIDE_DELETE) {
        *proof = line->image.ptr != NULL ? MR_PROOF_NOT_DELETED : MR_PROOF_STANDS;
        return MR_OK;
    }
    if (line->image.ptr == NULL) {
        *proof = MR_PROOF_MISSING;
        return MR_OK;
    }
    if (is_parent(line))
        return judge_parent(p, line, proof, detail, err);
    if (line->differs) {
        enum mr_code code = judge_different(p, line, proof, detail, err);
        if (code != MR_OK || *proof == MR_PROOF_SOMEONE_ELSE)
            return code;
    }
    if (line->may_be_twice && line->as.identity.ptr != NULL &&
        mr_verify_is_twice(p->table, line->as.identity))
        *proof = MR_PROOF_TWICE;
    return MR_OK;
}

/* A row under a new id is counted whatever its proof is: verify_block.c looks for strangers only
 * where more rows stand in the block than were found here. */
static enum mr_code tell(struct proving *p, const struct line *line, struct mr_err *err)
{
    struct mr_proof_finding finding = {.table = p->table->planned,
                                       .image = p->table->image,
                                       .decision = line->as.decision,
                                       .is_parent = is_parent(line),
                                       .source_key = line->as.source_key,
                                       .key = line->as.target_key};
    MR_TRY(judge(p, line, &finding.proof, &finding.detail, err));
    if (p->v->run->only_twice && finding.proof != MR_PROOF_TWICE)
        return MR_OK; /* what others wrote since is no concern of who asks that */
    if (line->image.ptr != NULL && line->as.is_new)
        p->table->new_found++;
    if (finding.proof == MR_PROOF_TWICE) {
        MR_TRY(
            mr_verify_name_twins(p->v, p->table, line->image, line->as.target_key, &p->text, err));
        finding.detail = p->text.ptr;
    }
    if (finding.proof == MR_PROOF_MISSING)
        MR_TRY(mr_verify_note_gone(p->v, p->table, finding.key, err));
    if (finding.proof != MR_PROOF_STANDS)
        return mr_verify_tell(p->v, p->table, &finding, err);
    if (is_parent(line))
        p->table->result->parents++;
    else
        p->table->result->counts[MR_PROOF_STANDS]++;
    return MR_OK;
}

/* Rows of SOURCE; those that were restored are compared, if nobody has edited them. */
static enum mr_code prove_source(struct proving *p, size_t from, size_t n, struct mr_err *err)
{
    if (!mr_verify_reads_source(p->table))
        return MR_OK;
    mr_vec_clear(&p->asks);
    for (size_t i = from; i < from + n; i++) {
        const struct line *line = line_at(p, i);
        bool restored =
            line->as.decision == MR_DECIDE_INSERT || line->as.decision == MR_DECIDE_RENUMBER;
        if (line->as.source_key.ptr == NULL)
            continue;
        struct mr_verify_ask *ask = mr_vec_push(&p->asks);
        if (ask == NULL)
            return nomem(err);
        *ask = (struct mr_verify_ask){.source_key = line->as.source_key,
                                      .target_key = line->as.target_key,
                                      .is_new = line->as.is_new};
        if (restored && !line->differs && !line->is_altered)
            ask->image = line->image;
    }
    return mr_verify_source_rows(p->v, p->table, p->asks.items, p->asks.count, err);
}

/* Proves n lines; the halves one after the other where their rows are too wide. */
static enum mr_code prove(struct proving *p, size_t from, size_t n, struct mr_err *err)
{
    bool whole = true;
    enum mr_code code = read_rows(p, from, n, &whole, err);
    if (code == MR_OK && !whole) {
        code = prove(p, from, n / 2, err);
        return code == MR_OK ? prove(p, from + n / 2, n - n / 2, err) : code;
    }
    if (code == MR_OK)
        code = read_identities(p, from, n, err);
    for (size_t i = from; code == MR_OK && i < from + n; i++)
        if (is_read(line_at(p, i)))
            code = tell(p, line_at(p, i), err);
    return code == MR_OK ? prove_source(p, from, n, err) : code;
}

/* Lines of a table that cannot be read count as done: progress is of the file. */
static enum mr_code end_batch(struct proving *p, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    if (p->table != NULL && p->table->image != NULL && p->lines.count > 0)
        code = mr_verify_excuse(p->v, p->table, prove(p, 0, p->lines.count, &why), &why, err);
    if (p->v->run->progress != NULL) {
        mr_progress_add(p->v->run->progress, p->lines.count, 0);
        mr_progress_add_done(p->v->run->progress, p->lines.count);
        mr_progress_tick(p->v->run->progress);
    }
    mr_vec_clear(&p->lines);
    mr_arena_reset(&p->arena);
    return code;
}

/* ---- lines ---- */

static size_t batch_size(const struct mr_verify_table *table)
{
    uint64_t width = table->image != NULL ? table->image->side[MR_TARGET]->avg_row_bytes + 1 : 1;
    uint64_t size = BATCH_BYTES / width;
    return size < 1 ? 1 : size > MR_VERIFY_BATCH ? MR_VERIFY_BATCH : (size_t)size;
}

static enum mr_code begin_table(struct proving *p, const char *name, struct mr_err *err)
{
    MR_TRY(end_batch(p, err));
    p->table = mr_verify_find(p->v, name);
    if (p->table == NULL)
        return mr_err_set(err, MR_E_REFUSED,
                          "the plan has rows of table \"%s\", which it does not plan", name);
    p->batch = batch_size(p->table);
    return MR_OK;
}

static bool keep(struct proving *p, struct mr_key *key)
{
    if (key->ptr != NULL)
        key->ptr = mr_arena_dup(&p->arena, key->ptr, key->len);
    return key->len == 0 || key->ptr != NULL;
}

/* "without-value", "name=Zoe", a JSON object: no longer to the byte what SOURCE holds. */
static bool alters(const char *choice)
{
    return choice != NULL &&
           (strcmp(choice, MR_FIT_WITHOUT) == 0 || strchr(choice, '=') != NULL || choice[0] == '{');
}

/* Does a restored change make the row somebody else? */
static bool is_renamed(const struct mr_verify_table *t, const struct mr_entity_line *line)
{
    for (size_t i = 0; line->written != NULL && i < t->identity.count; i++)
        if (mr_entity_written_has(line->written, t->identity.at[i]))
            return true;
    return false;
}

/* A row of TARGET that is one of lost history may have got SOURCE's values. */
static bool is_lost_history(const struct mr_entity_line *line)
{
    return line->decision == MR_DECIDE_INSERT || line->decision == MR_DECIDE_RENUMBER ||
           line->decision == MR_DECIDE_MATCHED ||
           (line->decision == MR_DECIDE_UPDATE &&
            (line->group == MR_GROUP_LOST || mr_conflict_named(line->kind) == MR_CONFLICT_DIFFERS));
}

/* The file's line lives for the call: what the batch needs of it is copied, and the rest made
 * out now. */
static enum mr_code push_line(struct proving *p, const struct mr_entity_line *as,
                              struct mr_err *err)
{
    struct line *line = mr_vec_push(&p->lines);
    if (line == NULL)
        return nomem(err);
    line->as = *as;
    line->as.table = p->table->planned->table;
    line->is_altered = alters(as->choice);
    line->may_be_twice = is_lost_history(as) || is_renamed(p->table, as);
    line->as.kind = line->as.choice = NULL;
    if (as->written != NULL)
        line->as.written = mr_arena_strdup(&p->arena, as->written);
    if (as->sums != NULL && (line->as.sums = mr_arena_strdup(&p->arena, as->sums)) == NULL)
        return nomem(err);
    if ((as->written != NULL && line->as.written == NULL) || !keep(p, &line->as.source_key) ||
        !keep(p, &line->as.target_key) || !keep(p, &line->as.identity))
        return nomem(err);
    return p->lines.count >= p->batch ? end_batch(p, err) : MR_OK;
}

static enum mr_code take_line(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    struct proving *p = ctx;
    if (p->table == NULL || strcmp(p->table->planned->table, line->table) != 0)
        MR_TRY(begin_table(p, line->table, err));
    if (p->v->run->only_twice &&
        (p->table->twice.count == 0 || !(is_lost_history(line) || is_renamed(p->table, line))))
        return MR_OK;
    if (line->kind != NULL && line->choice == NULL)
        p->table->result->open++;
    if (p->table->key.count == 0)
        return mr_verify_expect(p->table, line, err);
    return push_line(p, line, err);
}

enum mr_code mr_verify_lines(struct mr_verify *v, struct mr_err *err)
{
    struct proving p = {.v = v,
                        .lines = MR_VEC_INIT(struct line),
                        .keys = MR_VEC_INIT(struct mr_key),
                        .items = MR_VEC_INIT(struct mr_canon_item),
                        .asks = MR_VEC_INIT(struct mr_verify_ask),
                        .arena = MR_ARENA_INIT,
                        .text = MR_STRBUF_INIT};
    mr_rowset_init(&p.set);
    enum mr_code code = mr_entity_file_read(v->path, take_line, &p, err);
    if (code == MR_OK)
        code = end_batch(&p, err);
    mr_rowset_release(&p.set);
    mr_strbuf_release(&p.text);
    mr_vec_release(&p.lines);
    mr_vec_release(&p.keys);
    mr_vec_release(&p.items);
    mr_vec_release(&p.asks);
    mr_arena_release(&p.arena);
    return code;
}
