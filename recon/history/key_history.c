/* key_history.c: see key_history.h. */
#include "recon/history/key_history.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/run_change.h"

enum { SOURCE, TARGET, SIDES };

static const struct mr_key no_value = {NULL, 0};

void mr_key_history_init(struct mr_key_history *h)
{
    *h = (struct mr_key_history){.changes = MR_VEC_INIT(struct mr_key_change)};
    mr_explain_init(&h->explain);
}

void mr_key_history_release(struct mr_key_history *h)
{
    mr_vec_release(&h->changes);
    mr_explain_release(&h->explain);
}

/* ---- the rows of the run ---- */

static struct mr_key keep(struct mr_arena *arena, const void *ptr, size_t len, struct mr_err *err,
                          enum mr_code *code)
{
    char *kept = ptr != NULL ? mr_arena_dup(arena, ptr, len) : NULL;
    if (ptr != NULL && kept == NULL)
        *code = mr_err_nomem(err, "reading the case file");
    return (struct mr_key){kept, kept != NULL ? len : 0};
}

#define FINDING(member, type) MR_CASE_FIELD(struct mr_finding, member, MR_CASE_##type)
static const struct mr_case_field finding_fields[] =
    MR_CASE_LIST(FINDING(id, INT), FINDING(kind, SMALL), MR_CASE_SPAN(struct mr_finding, source),
                 MR_CASE_SPAN(struct mr_finding, target));

/* Only what differed twice while its row stood still is a difference. */
static enum mr_code read_finding(struct mr_key_history *h, struct mr_findings *fd,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct mr_finding f = {0};
    bool more = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(mr_findings_case(fd),
                               "SELECT id, kind, source, target FROM finding WHERE tbl=:tbl AND"
                               " key=:key AND state=:diverged LIMIT 1",
                               &stmt, err, MR_ARG_INT("tbl", h->table->id),
                               MR_ARG_BYTES("key", h->key),
                               MR_ARG_INT("diverged", MR_FIND_DIVERGED)));
    MR_TRY_OUT(mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(finding_fields), err));
    MR_TRY_OUT(mr_case_fields_next(&map, NULL, &f, &more, err));
    if (!more)
        goto out;
    MR_TRY_OUT(mr_findings_images(fd, &f, err));
    h->known = MR_ROWS_OF_FINDING;
    h->kind = f.kind;
    h->rows[SOURCE] = keep(arena, f.source, f.source_len, err, &code);
    h->rows[TARGET] = keep(arena, f.target, f.target_len, err, &code);
out:
    mr_case_free(stmt);
    return code;
}

static enum mr_code read_standing(struct mr_key_history *h, struct mr_findings *fd,
                                  struct mr_err *err)
{
    const struct mr_find_table *t = h->table;
    const bool is_compared =
        t->verdict == MR_VERDICT_EQUAL || t->verdict == MR_VERDICT_DIVERGED || t->settled;
    uint64_t unsettled = 0;
    bool is_part = false;
    MR_TRY(mr_table_is_part(mr_findings_case(fd), t->id, &is_part, err));
    MR_TRY(mr_findings_count(fd, t->id, MR_FIND_UNSETTLED, &unsettled, err));
    h->standing = !is_compared || t->windowed || is_part ? MR_STANDING_UNREAD
                  : unsettled > 0                        ? MR_STANDING_OPEN
                                                         : MR_STANDING_EQUAL;
    return MR_OK;
}

struct ancestor {
    struct mr_key image;
};
static const struct mr_case_field ancestor_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct ancestor, image, MR_CASE_BYTES));

/* A row that findings lead to, and that is none: in a table that was compared whole it is the same on
 * both sides, whichever has been read. */
static enum mr_code read_ancestor(struct mr_key_history *h, struct mr_findings *fd,
                                  struct mr_arena *arena, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct ancestor ancestor = {{NULL, 0}};
    bool found = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(mr_findings_case(fd),
                               "SELECT image FROM ancestor WHERE tbl=:tbl AND key=:key"
                               " ORDER BY side LIMIT 1",
                               &stmt, err, MR_ARG_INT("tbl", h->table->id),
                               MR_ARG_BYTES("key", h->key)));
    MR_TRY_OUT(
        mr_case_fields_one(stmt, MR_CASE_FIELDS(ancestor_fields), arena, &ancestor, &found, err));
    if (found && h->table->scanned && h->table->settled && h->standing == MR_STANDING_EQUAL) {
        h->known = MR_ROWS_EQUAL;
        h->rows[SOURCE] = h->rows[TARGET] = ancestor.image;
    }
out:
    mr_case_free(stmt);
    return code;
}

/* ---- the changes of a side ---- */

/* What is known of the row while its changes are told one by one. */
struct state {
    size_t ncolumns;
    struct mr_key *values; /* ptr NULL: not known */
};

static enum mr_code set_state(struct state *state, struct mr_key image, struct mr_err *err)
{
    struct mr_seen_image seen;
    mr_seen_image_init(&seen);
    enum mr_code code = mr_seen_image_open(&seen, image.ptr, image.len, err);
    for (size_t i = 0; code == MR_OK && i < state->ncolumns; i++)
        state->values[i] = mr_seen_image_at(&seen, i);
    mr_seen_image_release(&seen);
    return code;
}

static struct mr_key *copy_of(struct mr_arena *arena, const struct state *state)
{
    struct mr_key *copy = mr_arena_calloc(arena, state->ncolumns + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < state->ncolumns; i++)
        copy[i] = state->values[i];
    return copy;
}

/* Invariant: state is the row as it was in front of the change, as far as the log shows, and becomes
 * the row behind it.  What an update leaves out it has not changed. */
static enum mr_code step(struct state *state, const struct mr_evidence_change *change,
                         struct mr_key_change *out, struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_key *was = copy_of(arena, state);
    if (was == NULL)
        return mr_err_nomem(err, "reading the case file");
    MR_TRY(set_state(state, change->image, err));
    struct mr_key *is = copy_of(arena, state);
    if (is == NULL)
        return mr_err_nomem(err, "reading the case file");
    for (size_t i = 0; change->kind == MR_CHANGE_UPDATE && i < state->ncolumns; i++)
        if (is[i].ptr == NULL)
            state->values[i] = was[i];
    out->was = was;
    out->is = is;
    return MR_OK;
}

static enum mr_code add_change(struct mr_key_history *h, struct mr_findings *fd, int side,
                               const struct mr_evidence_change *change, struct state *state,
                               struct mr_arena *arena, struct mr_err *err)
{
    bool found = false;
    struct mr_key_change *out = mr_vec_push(&h->changes);
    if (out == NULL)
        return mr_err_nomem(err, "reading the case file");
    out->side = side;
    out->kind = change->kind;
    MR_TRY(mr_evidence_tx(fd, change->tx, arena, &out->tx, &found, err));
    if (!found)
        return mr_err_set(err, MR_E_CASE, "the case file lacks a transaction of its evidence");
    if (out->tx.side != side)
        return mr_err_set(err, MR_E_CASE,
                          "the case file has a change of the %s in a transaction of the other side",
                          side == SOURCE ? "source" : "target");
    return step(state, change, out, arena, err);
}

/* An UPDATE of the key is a deletion of one and an insertion of the other, by one transaction.  The mark has the
 * last key alone that a row came from, or went to, and a key may be freed and given again and again. */
struct link {
    struct mr_key_history *h;
    int side;
    size_t from;              /* its changes */
    enum mr_change_kind kind; /* of this key's change */
    struct mr_key other;      /* the other key */
    enum mr_change_kind other_kind;
};

static void set_link(const struct link *l, struct mr_key_change *change)
{
    if (l->kind == MR_CHANGE_INSERT)
        change->from_key = true;
    else
        change->to_key = true;
}

/* Which change it was where the other key's were not kept: the only one that it can be. */
static void link_only(const struct link *l)
{
    struct mr_key_change *only = NULL;
    size_t count = 0;
    for (size_t i = l->from; i < l->h->changes.count; i++) {
        struct mr_key_change *change = mr_vec_at(&l->h->changes, i);
        if (change->kind == l->kind) {
            only = change;
            count++;
        }
    }
    if (count == 1 && l->h->skipped[l->side] == 0)
        set_link(l, only);
}

static enum mr_code link_keys(const struct link *l, struct mr_findings *fd, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct mr_vec others = MR_VEC_INIT(struct mr_evidence_change);
    bool found = false;
    if (l->other.ptr == NULL)
        return MR_OK;
    enum mr_code code =
        mr_evidence_changes(fd, l->h->of.id, l->side, l->other, arena, &others, err);
    for (size_t i = l->from; code == MR_OK && i < l->h->changes.count; i++) {
        struct mr_key_change *change = mr_vec_at(&l->h->changes, i);
        for (size_t k = 0; change->kind == l->kind && k < others.count; k++) {
            const struct mr_evidence_change *other = mr_vec_at(&others, k);
            if (other->kind != l->other_kind || other->tx != change->tx.id)
                continue;
            set_link(l, change);
            found = true;
            break;
        }
    }
    if (code == MR_OK && !found)
        link_only(l);
    mr_vec_release(&others);
    return code;
}

static enum mr_code link_side(struct mr_key_history *h, int side, size_t from,
                              struct mr_findings *fd, struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_evidence_mark *mark = &h->marks[side];
    const struct link came = {h, side, from, MR_CHANGE_INSERT, mark->came, MR_CHANGE_DELETE};
    const struct link went = {h, side, from, MR_CHANGE_DELETE, mark->went, MR_CHANGE_INSERT};
    MR_TRY(link_keys(&came, fd, arena, err));
    return link_keys(&went, fd, arena, err);
}

/* What the row was behind changes that are not told here is not known: of very many some were not kept, and
 * those of transactions that both sides have are no side's own. */
static enum mr_code read_changes(struct mr_key_history *h, struct mr_findings *fd, int side,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct mr_vec changes = MR_VEC_INIT(struct mr_evidence_change);
    struct state state = {.ncolumns = h->table->ncolumns};
    const size_t from = h->changes.count;
    int64_t n = 0;
    enum mr_code code = MR_OK;
    state.values = mr_arena_calloc(arena, state.ncolumns + 1, sizeof *state.values);
    if (state.values == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading the case file"));
    MR_TRY_OUT(set_state(&state, h->marks[side].first, err));
    MR_TRY_OUT(mr_evidence_changes(fd, h->of.id, side, h->key, arena, &changes, err));
    if (!h->is_marked[side] && changes.count > 0)
        MR_TRY_OUT(mr_err_set(err, MR_E_CASE,
                              "the case file has changes of a row that it says nobody changed"));
    for (size_t i = 0; i < changes.count; i++) {
        const struct mr_evidence_change *change = mr_vec_at(&changes, i);
        const uint64_t skipped = change->n > n + 1 ? (uint64_t)(change->n - n - 1) : 0;
        if (skipped > 0 || (i > 0 && (h->marks[side].flags & MR_MARK_SHARED) != 0))
            MR_TRY_OUT(set_state(&state, no_value, err));
        MR_TRY_OUT(add_change(h, fd, side, change, &state, arena, err));
        ((struct mr_key_change *)mr_vec_at(&h->changes, h->changes.count - 1))->skipped = skipped;
        n = change->n;
    }
    if (h->marks[side].changes > changes.count)
        h->skipped[side] = h->marks[side].changes - changes.count;
    MR_TRY_OUT(link_side(h, side, from, fd, arena, err));
out:
    mr_vec_release(&changes);
    return code;
}

/* Two lists, each in its log's order, become one by time.  Clocks that were set back do not change the
 * order of a side. */
static enum mr_code merge(struct mr_vec *changes, size_t nsource, struct mr_err *err)
{
    struct mr_vec merged = MR_VEC_INIT(struct mr_key_change);
    size_t s = 0, t = nsource;
    while (s < nsource || t < changes->count) {
        const struct mr_key_change *a = s < nsource ? mr_vec_at(changes, s) : NULL;
        const struct mr_key_change *b = t < changes->count ? mr_vec_at(changes, t) : NULL;
        const bool first = b == NULL || (a != NULL && a->tx.committed_us <= b->tx.committed_us);
        struct mr_key_change *slot = mr_vec_push(&merged);
        if (slot == NULL) {
            mr_vec_release(&merged);
            return mr_err_nomem(err, "reading the case file");
        }
        *slot = first ? *a : *b;
        s += first;
        t += !first;
    }
    mr_vec_release(changes);
    *changes = merged;
    return MR_OK;
}

/* ---- together ---- */

static enum mr_code read_evidence(struct mr_key_history *h, struct mr_findings *fd,
                                  struct mr_arena *arena, struct mr_err *err)
{
    bool has = false;
    size_t nsource = 0;
    MR_TRY(mr_evidence_match(fd, h->table, arena, &h->of, &has, err));
    for (int side = 0; has && side < SIDES; side++) {
        MR_TRY(mr_evidence_mark(fd, h->of.id, side, h->key, arena, &h->marks[side],
                                &h->is_marked[side], err));
        MR_TRY(read_changes(h, fd, side, arena, err));
        if (side == SOURCE)
            nsource = h->changes.count;
    }
    if (!has)
        h->of = (struct mr_evidence_table){.name = h->table->name,
                                           .target_name = h->table->target_name};
    return merge(&h->changes, nsource, err);
}

/* Where columns have changed since, images have other places: none of them is shown. */
static enum mr_code drop_other_images(struct mr_key_history *h, struct mr_arena *arena,
                                      struct mr_err *err)
{
    const char *columns = mr_evidence_columns(h->table, arena);
    if (columns == NULL)
        return mr_err_nomem(err, "reading what logs tell");
    if (h->of.columns == NULL || strcmp(columns, h->of.columns) == 0)
        return MR_OK;
    mr_vec_clear(&h->changes);
    for (int side = 0; side < SIDES; side++)
        h->marks[side].first = h->marks[side].last = no_value;
    return MR_OK;
}

enum mr_code mr_key_history_read(struct mr_key_history *h, struct mr_findings *fd,
                                 const struct mr_find_table *table, struct mr_key key,
                                 struct mr_arena *arena, bool *found, struct mr_err *err)
{
    mr_vec_clear(&h->changes);
    h->table = table;
    h->key = key;
    h->known = MR_ROWS_UNKNOWN;
    h->kind = MR_KIND_UNDECIDED;
    h->of = (struct mr_evidence_table){0};
    for (int side = 0; side < SIDES; side++) {
        h->rows[side] = no_value;
        h->is_marked[side] = false;
        h->marks[side] = (struct mr_evidence_mark){0};
        h->skipped[side] = 0;
    }
    MR_TRY(read_standing(h, fd, err));
    MR_TRY(read_finding(h, fd, arena, err));
    if (h->known == MR_ROWS_UNKNOWN)
        MR_TRY(read_ancestor(h, fd, arena, err));
    MR_TRY(read_evidence(h, fd, arena, err));
    MR_TRY(drop_other_images(h, arena, err));
    *found = h->known != MR_ROWS_UNKNOWN || h->is_marked[SOURCE] || h->is_marked[TARGET];
    for (int side = 0; side < SIDES; side++)
        h->sides[side] =
            (struct mr_explain_side){.row = h->rows[side],
                                     .witness = h->of.of[side].witness,
                                     .mark = h->is_marked[side] ? &h->marks[side] : NULL};
    return h->known != MR_ROWS_UNKNOWN ? mr_explain(&h->explain, table, h->sides, err) : MR_OK;
}

const struct mr_key_change *mr_key_history_change(const struct mr_key_history *h, int64_t tx,
                                                  size_t n)
{
    for (size_t i = 0; i < h->changes.count; i++) {
        const struct mr_key_change *change = mr_vec_at(&h->changes, i);
        if (change->tx.id == tx && n-- == 0)
            return change;
    }
    return NULL;
}

struct mr_key mr_key_history_image(const struct mr_key_history *h)
{
    for (int side = 0; side < SIDES; side++) {
        if (h->rows[side].ptr != NULL)
            return h->rows[side];
    }
    for (int side = 0; side < SIDES; side++) {
        const struct mr_evidence_mark *mark = &h->marks[side];
        if (mark->last.ptr != NULL || mark->first.ptr != NULL)
            return mark->last.ptr != NULL ? mark->last : mark->first;
    }
    return no_value;
}
