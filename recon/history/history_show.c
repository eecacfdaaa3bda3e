/* history_show.c: see history_show.h. */
#include "recon/history/history_show.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/suggest.h"
#include "recon/history/key_find.h"

#define KEYS_MAX 500 /* rows of a person or a transaction */

void mr_history_show_init(struct mr_history_show *show)
{
    *show = (struct mr_history_show){.arena = MR_ARENA_INIT,
                                     .keys = MR_VEC_INIT(struct mr_key_history *),
                                     .lines = MR_VEC_INIT(struct mr_history_line)};
}

static struct mr_key_history *key_at(const struct mr_history_show *show, size_t i)
{
    return *(struct mr_key_history *const *)mr_vec_at(&show->keys, i);
}

void mr_history_show_release(struct mr_history_show *show)
{
    for (size_t i = 0; i < show->keys.count; i++)
        mr_key_history_release(key_at(show, i));
    mr_vec_release(&show->keys);
    mr_vec_release(&show->lines);
    mr_arena_release(&show->arena);
}

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "reading what the logs say");
}

enum mr_code mr_history_show_open(struct mr_history_show *show, const char *run, struct mr_err *err)
{
    MR_TRY(mr_findings_run_choose(show->fd, run, &show->arena, &show->run, err));
    MR_TRY(mr_findings_tables(show->fd, &show->arena, &show->tables, &show->ntables, err));
    MR_TRY(mr_evidence_has(show->fd, &show->has_evidence, err));
    MR_TRY(mr_evidence_sides(show->fd, &show->arena, show->sides, err));
    show->evidence = mr_arena_calloc(&show->arena, show->ntables + 1, sizeof *show->evidence);
    if (show->evidence == NULL)
        return no_memory(err);
    for (size_t i = 0; i < show->ntables; i++) {
        bool found = false;
        MR_TRY(mr_evidence_match(show->fd, &show->tables[i], &show->arena, &show->evidence[i],
                                 &found, err));
    }
    return MR_OK;
}

/* ---- rows ---- */

static enum mr_code add_key(struct mr_history_show *show, const struct mr_find_table *table,
                            struct mr_key key, struct mr_key_history **out, struct mr_err *err)
{
    bool found = false;
    struct mr_key_history *h = mr_arena_calloc(&show->arena, 1, sizeof *h);
    struct mr_key_history **slot = h != NULL ? mr_vec_push(&show->keys) : NULL;
    if (slot == NULL)
        return no_memory(err);
    mr_key_history_init(h);
    *slot = *out = h;
    return mr_key_history_read(h, show->fd, table, key, &show->arena, &found, err);
}

/* tx 0: all changes of the key. */
static enum mr_code add_lines(struct mr_history_show *show, const struct mr_key_history *h,
                              int64_t tx, struct mr_err *err)
{
    for (size_t i = 0; i < h->changes.count; i++) {
        const struct mr_key_change *change = mr_vec_at(&h->changes, i);
        if (tx != 0 && change->tx.id != tx)
            continue;
        struct mr_history_line *line = mr_vec_push(&show->lines);
        if (line == NULL)
            return no_memory(err);
        *line = (struct mr_history_line){h, change};
    }
    return MR_OK;
}

/* The order of a side is that of its log, also where its clock was set back. */
static int by_side_and_log(const void *a, const void *b)
{
    const struct mr_history_line *x = a, *y = b;
    if (x->change->side != y->change->side)
        return x->change->side - y->change->side;
    if (x->change->tx.id != y->change->tx.id)
        return x->change->tx.id < y->change->tx.id ? -1 : 1;
    if (x->of != y->of) /* of one transaction: by table, as they were found */
        return strcmp(x->of->table->name, y->of->table->name);
    return x->change < y->change ? -1 : x->change > y->change;
}

/* Two sorted sides become one list by time. */
static enum mr_code order_lines(struct mr_history_show *show, struct mr_err *err)
{
    struct mr_vec merged = MR_VEC_INIT(struct mr_history_line);
    const size_t n = show->lines.count;
    size_t s = 0, middle = 0;
    if (n == 0)
        return MR_OK;
    qsort(show->lines.items, n, sizeof(struct mr_history_line), by_side_and_log);
    const struct mr_history_line *lines = show->lines.items;
    while (middle < n && lines[middle].change->side == 0)
        middle++;
    for (size_t t = middle; s < middle || t < n;) {
        const bool first = t == n || (s < middle && lines[s].change->tx.committed_us <=
                                                        lines[t].change->tx.committed_us);
        struct mr_history_line *slot = mr_vec_push(&merged);
        if (slot == NULL) {
            mr_vec_release(&merged);
            return no_memory(err);
        }
        *slot = first ? lines[s] : lines[t];
        s += first;
        t += !first;
    }
    mr_vec_release(&show->lines);
    show->lines = merged;
    return MR_OK;
}

/* ---- what is asked for ---- */

static const struct mr_find_table *find_table(const struct mr_history_show *show, const char *name)
{
    for (size_t i = 0; i < show->ntables; i++)
        if (strcmp(show->tables[i].name, name) == 0)
            return &show->tables[i];
    for (size_t i = 0; i < show->ntables; i++)
        if (strcmp(show->tables[i].target_name, name) == 0)
            return &show->tables[i];
    return NULL;
}

static enum mr_code no_table(const struct mr_history_show *show, const char *name,
                             struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = name};
    for (size_t i = 0; i < show->ntables; i++)
        mr_suggest_offer(&suggest, show->tables[i].name);
    (void)mr_err_set(err, MR_E_NO_SUCH, "run %s did not compare a table \"%s\"", show->run.uuid,
                     name);
    if (suggest.best != NULL)
        mr_err_hint(err, "Is \"%s\" meant?", suggest.best);
    else
        mr_err_hint(err, "myrecon history show --case %s lists the tables.", show->case_path);
    return MR_E_NO_SUCH;
}

enum mr_code mr_history_show_key(struct mr_history_show *show, const char *table, const char *text,
                                 struct mr_err *err)
{
    const struct mr_find_table *t = find_table(show, table);
    struct mr_key_history *h = NULL;
    struct mr_key key = {NULL, 0};
    bool found = false;
    if (t == NULL)
        return no_table(show, table, err);
    if (t->keyless)
        return mr_err_set(err, MR_E_NO_SUCH, "table \"%s\" has no key", t->name);
    MR_TRY(mr_key_find(show->fd, t, text, &show->arena, &key, &found, err));
    if (!found) {
        (void)mr_err_set(err, MR_E_NO_SUCH, "the case knows nothing of key \"%s\" of table \"%s\"",
                         text, t->name);
        mr_err_hint(err, "Rows that are equal and that no transaction of one side alone has "
                         "changed are not kept. Values of a composite key are joined by commas.");
        return MR_E_NO_SUCH;
    }
    MR_TRY(add_key(show, t, key, &h, err));
    MR_TRY(add_lines(show, h, 0, err));
    return order_lines(show, err);
}

static const struct mr_find_table *table_of_evidence(const struct mr_history_show *show, int64_t id)
{
    for (size_t i = 0; i < show->ntables; i++)
        if (show->evidence[i].id == id)
            return &show->tables[i];
    return NULL;
}

static bool has_lines(const struct mr_history_show *show, const struct mr_key_history *h,
                      int64_t tx)
{
    for (size_t i = 0; i < show->lines.count; i++) {
        const struct mr_history_line *line = mr_vec_at(&show->lines, i);
        if (line->of == h && line->change->tx.id == tx)
            return true;
    }
    return false;
}

/* What a transaction has changed of one key is read with all that was: the values before it.  Each side may have
 * one of that name, of the same key. */
static enum mr_code add_deed(struct mr_history_show *show, const struct mr_evidence_deed *deed,
                             struct mr_err *err)
{
    const struct mr_find_table *table = table_of_evidence(show, deed->table);
    struct mr_key_history *h = NULL;
    if (table == NULL) { /* the run did not compare it */
        show->left_out++;
        return MR_OK;
    }
    for (size_t i = 0; i < show->keys.count; i++) {
        const struct mr_key_history *other = key_at(show, i);
        if (other->table == table && other->key.len == deed->key.len &&
            memcmp(other->key.ptr, deed->key.ptr, deed->key.len) == 0)
            return has_lines(show, other, deed->change.tx)
                       ? MR_OK
                       : add_lines(show, other, deed->change.tx, err);
    }
    MR_TRY(add_key(show, table, deed->key, &h, err));
    return add_lines(show, h, deed->change.tx, err);
}

enum mr_code mr_history_show_gtid(struct mr_history_show *show, const char *gtid,
                                  struct mr_err *err)
{
    struct mr_vec txs = MR_VEC_INIT(struct mr_evidence_tx);
    struct mr_vec deeds = MR_VEC_INIT(struct mr_evidence_deed);
    enum mr_code code = MR_OK;
    show->gtid = gtid;
    MR_TRY_OUT(mr_evidence_tx_named(show->fd, gtid, &show->arena, &txs, err));
    if (gtid[0] == '\0' || txs.count == 0) {
        (void)mr_err_set(err, MR_E_NO_SUCH, "the logs in the case have no own transaction \"%s\"",
                         gtid);
        mr_err_hint(err, "Write it as its server does: 0-1-4711, or "
                         "3e11fa47-71ca-11e1-9e33-c80aa9429562:23.");
        code = MR_E_NO_SUCH;
        goto out;
    }
    for (size_t i = 0; i < txs.count; i++) {
        const struct mr_evidence_tx *tx = mr_vec_at(&txs, i);
        mr_vec_clear(&deeds);
        MR_TRY_OUT(mr_evidence_deeds(show->fd, tx->id, KEYS_MAX + 1, &show->arena, &deeds, err));
        for (size_t d = 0; d < deeds.count && d < KEYS_MAX; d++)
            MR_TRY_OUT(add_deed(show, mr_vec_at(&deeds, d), err));
        show->left_out += deeds.count > KEYS_MAX;
    }
    MR_TRY_OUT(order_lines(show, err));
out:
    mr_vec_release(&txs);
    mr_vec_release(&deeds);
    return code;
}

enum mr_code mr_history_show_person(struct mr_history_show *show, const char *identity,
                                    struct mr_err *err)
{
    struct mr_vec found = MR_VEC_INIT(struct mr_found_key);
    bool more = false;
    enum mr_code code = MR_OK;
    show->person = identity;
    MR_TRY_OUT(mr_key_find_person(show->fd, show->tables, show->ntables, identity, KEYS_MAX,
                                  &show->arena, &found, &more, err));
    if (found.count == 0) {
        (void)mr_err_set(err, MR_E_NO_SUCH, "the case knows nobody of the identity \"%s\"",
                         identity);
        mr_err_hint(err,
                    "myrecon affected --case %s lists those whom it knows; the columns of an "
                    "identity are joined by commas.",
                    show->case_path);
        code = MR_E_NO_SUCH;
        goto out;
    }
    for (size_t i = 0; i < found.count; i++) {
        const struct mr_found_key *f = mr_vec_at(&found, i);
        struct mr_key_history *h = NULL;
        MR_TRY_OUT(add_key(show, f->table, f->key, &h, err));
        MR_TRY_OUT(add_lines(show, h, 0, err));
    }
    show->left_out = more;
    MR_TRY_OUT(order_lines(show, err));
out:
    mr_vec_release(&found);
    return code;
}

/* ---- what is lacking ---- */

static bool is_good(const struct mr_evidence_table *of)
{
    return of->of[0].witness == MR_WITNESS_GOOD && of->of[1].witness == MR_WITNESS_GOOD;
}

bool mr_history_show_is_incomplete(const struct mr_history_show *show)
{
    for (int side = 0; side < 2; side++)
        if (show->sides[side].own_by == MR_OWN_BY_NONE || !show->sides[side].is_complete)
            return true;
    for (size_t i = 0; i < show->keys.count; i++)
        if (!is_good(&key_at(show, i)->of))
            return true;
    for (size_t i = 0; show->keys.count == 0 && i < show->ntables; i++)
        if (!is_good(&show->evidence[i]))
            return true;
    return show->left_out > 0;
}
