/* history_table.c: see history_table.h. */
#include "recon/history/history_table.h"

#include <strings.h>

#include "core/binlog/binlog_charset.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading what logs say of a table");
}

static bool same_columns(const struct mr_find_table *a, const struct mr_find_table *b)
{
    if (a->ncolumns != b->ncolumns)
        return false;
    for (size_t i = 0; i < a->ncolumns; i++)
        if (strcasecmp(a->columns[i].name, b->columns[i].name) != 0 ||
            a->columns[i].key_at != b->columns[i].key_at)
            return false;
    return true;
}

/* Texts of two character sets, compared as UTF-8, of which both are known. */
static bool is_turned(const struct mr_pair *pair, size_t column)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_column *own = mr_pair_column(pair, (enum mr_side)side, column);
        const struct mr_readcol *read = &pair->scan[side].cols[column];
        if (read->expr != MR_EXPR_UTF8 || read->cls != MR_CLASS_TEXT || own->cls != MR_CLASS_TEXT ||
            own->charset == NULL || !mr_binlog_charset_has_utf8(own->charset))
            return false;
    }
    return true;
}

static bool is_plain(const struct mr_pair *pair, size_t k)
{
    const size_t at = pair->scan[MR_SOURCE].key[k];
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_readspec *s = &pair->scan[side];
        if (s->key[k] >= pair->find.ncolumns || s->key[k] != at ||
            s->cols[at].expr != MR_EXPR_COLUMN ||
            s->cols[at].cls != mr_pair_column(pair, (enum mr_side)side, at)->cls)
            return false;
    }
    return true;
}

/* Are the key's parts, as scans have them, plain columns among those that are compared?  Findings of keys that
 * are compared as UTF-8 have these, whatever scans go along by. */
static const char *take_key(const struct mr_pair *pair, size_t *key)
{
    const struct mr_readspec *spec = &pair->scan[MR_SOURCE];
    if (spec->nkey == 0 || pair->find.keyless)
        return "it has no key";
    for (size_t k = 0; k < spec->nkey; k++) {
        const bool turned = pair->join == MR_JOIN_SPILL && is_turned(pair, pair->key_columns[k]);
        if (!turned && !is_plain(pair, k))
            return "its key is compared in another form than the column has";
        key[k] = turned ? pair->key_columns[k] : spec->key[k];
    }
    return NULL;
}

static enum mr_code take_columns(const struct mr_pair *pair, enum mr_side side,
                                 struct mr_history_table *out, struct mr_arena *arena,
                                 struct mr_err *err)
{
    const size_t n = pair->find.ncolumns;
    size_t *columns = mr_arena_calloc(arena, n + 1, sizeof *columns);
    struct mr_readcol *cols = mr_arena_calloc(arena, n + 1, sizeof *cols);
    const char **from = mr_arena_calloc(arena, n + 1, sizeof *from);
    if (columns == NULL || cols == NULL || from == NULL)
        return nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct mr_column *col = mr_pair_column(pair, side, i);
        columns[i] = (size_t)(col - out->today[side]->columns);
        from[i] = is_turned(pair, i) ? col->charset : NULL;
        cols[i] = from[i] != NULL ? pair->scan[side].cols[i] : mr_pair_own_column(col);
    }
    out->columns[side] = columns;
    out->from[side] = from;
    out->read[side] = (struct mr_readspec){.db = pair->scan[side].db,
                                           .table = pair->scan[side].table,
                                           .cols = cols,
                                           .ncols = n,
                                           .key = out->key,
                                           .nkey = out->nkey,
                                           .index = pair->scan[side].index,
                                           .store = pair->scan[side].store};
    return MR_OK;
}

/* What makes a table blind is said with the first reason that holds. */
static enum mr_code make(const struct mr_pairing *pairing, const struct mr_find_table *find,
                         struct mr_history_table *out, struct mr_err *err)
{
    struct mr_err reason = {0};
    struct mr_pair *pair = NULL;
    out->today[MR_SOURCE] = mr_catalogue_called(pairing->side[MR_SOURCE].cat, find->name);
    out->today[MR_TARGET] = mr_catalogue_called(pairing->side[MR_TARGET].cat, find->target_name);
    if (out->today[MR_SOURCE] == NULL || out->today[MR_TARGET] == NULL) {
        out->why = "a side has no such table any more, or the account may not see it";
        return MR_OK;
    }
    MR_TRY(
        mr_pair_plan(pairing, out->today[MR_SOURCE], out->today[MR_TARGET], &pair, &reason, err));
    if (reason.code != MR_OK) {
        out->why = mr_arena_strdup(pairing->arena, reason.message);
        return out->why != NULL ? MR_OK : nomem(err);
    }
    if (!same_columns(find, &pair->find)) {
        out->why = "its columns are not those that the run compared";
        return MR_OK;
    }
    size_t *key = mr_arena_calloc(pairing->arena, pair->scan[MR_SOURCE].nkey + 1, sizeof *key);
    if (key == NULL)
        return nomem(err);
    out->why = take_key(pair, key);
    if (out->why != NULL)
        return MR_OK;
    out->key = key;
    out->nkey = pair->scan[MR_SOURCE].nkey;
    out->ncolumns = pair->find.ncolumns;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(take_columns(pair, (enum mr_side)side, out, pairing->arena, err));
    out->pair = pair;
    return MR_OK;
}

enum mr_code mr_history_table_make(const struct mr_pairing *pairing,
                                   const struct mr_find_table *find, struct mr_history_table *out,
                                   struct mr_err *err)
{
    *out = (struct mr_history_table){
        .evidence = {.name = find->name,
                     .target_name = find->target_name,
                     .columns = mr_evidence_columns(find, pairing->arena)}};
    if (out->evidence.columns == NULL)
        return nomem(err);
    return make(pairing, find, out, err);
}
