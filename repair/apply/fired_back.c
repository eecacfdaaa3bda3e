/* fired_back.c: see fired_back.h. */
#include "repair/apply/fired_back.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "core/schema/made_key.h"
#include "core/schema/trigger_event.h"
#include "repair/apply/fired.h"
#include "repair/script/script_text.h"
#include "core/schema/unseen.h"

#define KEYS_AT_ONCE 500

/* A row that triggers wrote. */
struct known {
    size_t at; /* of the planned table */
    char key[MR_FIRED_KEY_SIZE], digest[MR_FIRED_DIGEST_SIZE];
    bool spared; /* what it refers to stays */
    bool gone;
};

/* A reference by which such a row goes. */
struct way {
    size_t child, parent;
    const struct mr_planned_reference *reference;
};

/* A row that is deleted in the try at hand, and a row of the unit that it refers to. */
struct taken {
    struct known *known;
    size_t parent;
    uint64_t row;
};

struct mr_fired_back {
    const struct mr_target *target;
    const struct mr_planned *planned;
    struct mr_vec known; /* struct known, by table and key */
    struct mr_vec ways;  /* struct way */
    const struct mr_staged *staged;
    struct mr_vec taken; /* struct taken */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "taking back what triggers wrote");
}

/* ---- what the journal knows ---- */

static int compare(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return strcmp(x->key, y->key);
}

static struct known *find(const struct mr_fired_back *b, size_t at, struct mr_cell key)
{
    struct known wanted = {.at = at};
    if (key.ptr == NULL || key.len >= MR_FIRED_KEY_SIZE || b->known.count == 0)
        return NULL;
    memcpy(wanted.key, key.ptr, key.len);
    return bsearch(&wanted, b->known.items, b->known.count, sizeof wanted, compare);
}

/* A key goes into statements as it is: a file may lie. */
static bool is_number(const struct mr_journal_text *text)
{
    size_t digits = 0, i = text->len > 0 && text->ptr[0] == '-';
    for (; i < text->len && text->ptr[i] >= '0' && text->ptr[i] <= '9'; i++)
        digits++;
    return digits > 0 && i == text->len && text->len < MR_FIRED_KEY_SIZE;
}

/* What does not fit the plan is passed over: the row then stays, and is told as any other. */
static enum mr_code note(void *ctx, const struct mr_journal_fired *row, struct mr_err *err)
{
    struct mr_fired_back *b = ctx;
    size_t at = 0;
    while (at < b->planned->ntables &&
           (strlen(b->planned->tables[at].target_table) != row->table.len ||
            memcmp(b->planned->tables[at].target_table, row->table.ptr, row->table.len) != 0))
        at++;
    if (at == b->planned->ntables || !is_number(&row->key) ||
        row->digest.len >= MR_FIRED_DIGEST_SIZE || !mr_planned_counts(&b->planned->tables[at]))
        return MR_OK;
    struct known *known = mr_vec_push(&b->known);
    if (known == NULL)
        return nomem(err);
    *known = (struct known){.at = at};
    memcpy(known->key, row->key.ptr, row->key.len);
    memcpy(known->digest, row->digest.ptr, row->digest.len);
    return MR_OK;
}

/* ---- which of them may be deleted ---- */

static void add_table(struct mr_strbuf *sql, const char *db, const char *name,
                      const struct mr_planned_table *t)
{
    mr_strbuf_add_fmt(sql, "%s = ", db);
    mr_sql_string(sql, t->target_db);
    mr_strbuf_add_fmt(sql, " AND %s = ", name);
    mr_sql_string(sql, t->target_name);
}

/* Not a leaf where one that the account may not see refers to it, whose rows would go along.  Where
 * nobody can tell, that is warned of already (apply_checks.h). */
static enum mr_code look_unseen(struct mr_fired_back *b, const struct mr_planned_table *t,
                                bool *leaf, struct mr_err *err)
{
    struct mr_unseen unseen = {.db = b->target->db, .grants = b->target->grants};
    struct mr_err why = {0};
    enum mr_code code =
        mr_unseen_check(&unseen, t->target_db, t->target_name, t->target_table, "", &why);
    if (code == MR_E_REFUSED) {
        mr_log_warning("%s: what triggers wrote there stays", why.message);
        *leaf = false;
        return MR_OK;
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

/* No DELETE fires a trigger of it, and nothing refers to it. */
static enum mr_code is_leaf(struct mr_fired_back *b, const struct mr_planned_table *t, bool *leaf,
                            struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *leaf = !mr_planned_is_parent(b->planned, t);
    mr_strbuf_add_str(&sql, "SELECT (SELECT COUNT(*) FROM information_schema.TRIGGERS "
                            "WHERE FIND_IN_SET('DELETE', " MR_TRIGGER_EVENTS_SQL ") > 0 AND ");
    add_table(&sql, "EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE", t);
    mr_strbuf_add_str(&sql, ") + (SELECT COUNT(*) FROM "
                            "information_schema.KEY_COLUMN_USAGE WHERE ");
    add_table(&sql, "REFERENCED_TABLE_SCHEMA", "REFERENCED_TABLE_NAME", t);
    mr_strbuf_add_str(&sql, ")");
    if (*leaf)
        MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    if (*leaf) {
        MR_TRY_OUT(mr_db_query_text(b->target->db, sql.ptr, &text, err));
        *leaf = strcmp(text.ptr, "0") == 0;
    }
    if (*leaf)
        MR_TRY_OUT(look_unseen(b, t, leaf, err));
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

static bool has_column(const struct mr_planned_table *t, const char *name)
{
    for (size_t i = 0; i < t->ncolumns; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return true;
    return false;
}

/* Does the plan, and so the digest, know every column that is not computed? */
static enum mr_code is_whole(struct mr_fired_back *b, const struct mr_planned_table *t, bool *whole,
                             struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    *whole = true;
    mr_strbuf_add_str(&sql, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE ");
    add_table(&sql, "TABLE_SCHEMA", "TABLE_NAME", t);
    mr_strbuf_add_str(&sql, " AND EXTRA NOT LIKE '%STORED GENERATED%'"
                            " AND EXTRA NOT LIKE '%VIRTUAL GENERATED%'"
                            " AND NOT (COLUMN_NAME = '" MR_MADE_KEY_COLUMN "' AND "
                            "ORDINAL_POSITION = 1 AND EXTRA LIKE '%INVISIBLE%')");
    enum mr_code code = mr_fired_ask(b->target->db, "n", &sql, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        *whole = *whole && cells[0].ptr != NULL && has_column(t, cells[0].ptr);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code add_ways(struct mr_fired_back *b, size_t child, struct mr_err *err)
{
    const struct mr_planned_table *t = &b->planned->tables[child];
    for (size_t k = 0; k < t->nreferences; k++)
        for (size_t p = 0; p < b->planned->ntables; p++) {
            struct way *way = NULL;
            if (strcmp(b->planned->tables[p].table, t->references[k].parent) != 0 ||
                b->planned->tables[p].key.count == 0)
                continue;
            if ((way = mr_vec_push(&b->ways)) == NULL)
                return nomem(err);
            *way = (struct way){child, p, &t->references[k]};
        }
    return MR_OK;
}

/* Asked once, before the first unit: a row goes by no way where its table is no leaf, or where its
 * digest does not hold all that somebody may have changed. */
static enum mr_code look_at_tables(struct mr_fired_back *b, struct mr_err *err)
{
    for (size_t i = 0; i < b->known.count; i++) {
        const struct known *known = mr_vec_at(&b->known, i);
        const struct mr_planned_table *t = &b->planned->tables[known->at];
        bool leaf = false, whole = false;
        if (i > 0 && ((const struct known *)mr_vec_at(&b->known, i - 1))->at == known->at)
            continue;
        MR_TRY(is_leaf(b, t, &leaf, err));
        MR_TRY(is_whole(b, t, &whole, err));
        if (leaf && whole)
            MR_TRY(add_ways(b, known->at, err));
    }
    return MR_OK;
}

enum mr_code mr_fired_back_new(const struct mr_target *target, const struct mr_planned *planned,
                               const struct mr_journal *journal, const struct mr_staged *staged,
                               struct mr_fired_back **out, struct mr_err *err)
{
    struct mr_fired_back *b = calloc(1, sizeof *b);
    *out = NULL;
    if (b == NULL)
        return nomem(err);
    *b = (struct mr_fired_back){.target = target,
                                .planned = planned,
                                .known = MR_VEC_INIT(struct known),
                                .ways = MR_VEC_INIT(struct way),
                                .staged = staged,
                                .taken = MR_VEC_INIT(struct taken)};
    enum mr_code code = mr_journal_each_fired(journal, note, b, err);
    if (b->known.count > 1)
        qsort(b->known.items, b->known.count, sizeof(struct known), compare);
    if (code == MR_OK)
        code = look_at_tables(b, err);
    if (code == MR_OK && b->known.count > 0)
        *out = b;
    else
        mr_fired_back_free(b);
    return code;
}

void mr_fired_back_free(struct mr_fired_back *b)
{
    if (b == NULL)
        return;
    mr_vec_release(&b->known);
    mr_vec_release(&b->ways);
    mr_vec_release(&b->taken);
    free(b);
}

void mr_fired_back_begin(struct mr_fired_back *b)
{
    mr_vec_clear(&b->taken);
}

/* ---- in front of the guards ---- */

/* " FROM" the unit's rows s and the rows c that refer to them. */
static void add_join(const struct mr_fired_back *b, const struct way *way, struct mr_strbuf *sql)
{
    const struct mr_planned_table *child = &b->planned->tables[way->child];
    const struct mr_planned_reference *r = way->reference;
    mr_strbuf_add_str(sql, " FROM ");
    mr_script_staged(sql, b->planned->tables[0].target_db, 'd', way->parent);
    mr_strbuf_add_str(sql, " AS s STRAIGHT_JOIN ");
    mr_sql_table(sql, child->target_db, child->target_name);
    mr_strbuf_add_str(sql, " AS c ON ");
    for (size_t i = 0; i < r->columns.count; i++) {
        mr_strbuf_add_str(sql, i > 0 ? " AND " : "");
        mr_planned_sql_key(sql, r, i, "c.");
        mr_strbuf_add_str(sql, " = s.");
        mr_sql_ident(sql, r->parent_columns.items[i]);
    }
    if (r->condition == NULL)
        return;
    mr_strbuf_add_str(sql, " WHERE EXISTS (SELECT 1 FROM ");
    mr_sql_table(sql, child->target_db, child->target_name);
    mr_strbuf_add_str(sql, " AS x WHERE x.");
    mr_sql_ident(sql, child->counter);
    mr_strbuf_add_str(sql, " = c.");
    mr_sql_ident(sql, child->counter);
    mr_strbuf_add_fmt(sql, " AND (%s\n))", r->condition);
}

/* Locks what is found, so that it is still so when it is deleted. */
static enum mr_code find_by(struct mr_fired_back *b, const struct way *way, struct mr_err *err)
{
    const struct mr_planned_table *child = &b->planned->tables[way->child];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT c.");
    mr_sql_ident(&sql, child->counter);
    mr_strbuf_add_str(&sql, ", ");
    mr_fired_sql_digest(&sql, child, "c");
    mr_strbuf_add_str(&sql, ", s.myrecon_row");
    add_join(b, way, &sql);
    mr_strbuf_add_str(&sql, " FOR UPDATE");
    enum mr_code code = mr_fired_ask(b->target->db, "nnn", &sql, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        struct known *known = find(b, way->child, cells[0]);
        if (known == NULL || known->spared || cells[1].ptr == NULL ||
            strcmp(cells[1].ptr, known->digest) != 0 || cells[2].ptr == NULL)
            continue;
        struct taken *taken = mr_vec_push(&b->taken);
        if (taken == NULL)
            code = nomem(err);
        else
            *taken = (struct taken){known, way->parent, strtoull(cells[2].ptr, NULL, 10)};
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static int by_known(const void *a, const void *b)
{
    const struct taken *x = a, *y = b;
    return x->known < y->known ? -1 : x->known > y->known;
}

/* The rows from `first` on that are of one table, at most so many; each once. */
static size_t add_keys(const struct mr_fired_back *b, size_t first, struct mr_strbuf *sql)
{
    const struct taken *begin = mr_vec_at(&b->taken, first);
    const struct known *last = NULL;
    size_t i = first, count = 0;
    for (; i < b->taken.count && count < KEYS_AT_ONCE; i++) {
        const struct taken *taken = mr_vec_at(&b->taken, i);
        if (taken->known->at != begin->known->at)
            break;
        if (taken->known == last)
            continue;
        mr_strbuf_add_fmt(sql, "%s%s", last != NULL ? ", " : "", taken->known->key);
        last = taken->known;
        count++;
    }
    return i;
}

/* By key alone: find_by has compared and locked each of them in this transaction. */
static enum mr_code delete_taken(struct mr_fired_back *b, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (b->taken.count > 1)
        qsort(b->taken.items, b->taken.count, sizeof(struct taken), by_known);
    for (size_t i = 0; code == MR_OK && i < b->taken.count;) {
        const struct taken *taken = mr_vec_at(&b->taken, i);
        const struct mr_planned_table *t = &b->planned->tables[taken->known->at];
        mr_strbuf_reset(&sql);
        mr_strbuf_add_str(&sql, "DELETE FROM ");
        mr_sql_table(&sql, t->target_db, t->target_name);
        mr_strbuf_add_str(&sql, " WHERE ");
        mr_sql_ident(&sql, t->counter);
        mr_strbuf_add_str(&sql, " IN (");
        i = add_keys(b, i, &sql);
        mr_strbuf_add_str(&sql, ")");
        code = mr_strbuf_check(&sql, "building a statement", err);
        if (code == MR_OK)
            code = mr_db_exec(b->target->db, sql.ptr, sql.len, err);
    }
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_fired_back_take(struct mr_fired_back *b, struct mr_err *err)
{
    mr_vec_clear(&b->taken);
    for (size_t i = 0; i < b->ways.count; i++) {
        const struct way *way = mr_vec_at(&b->ways, i);
        if (mr_staged_has(b->staged, 'd', way->parent))
            MR_TRY(find_by(b, way, err));
    }
    return delete_taken(b, err);
}

/* ---- behind the write ---- */

/* Spares the rows that refer to a row of the unit which still stands, under its key. */
static enum mr_code spare(struct mr_fired_back *b, size_t parent, struct mr_err *err)
{
    const struct mr_planned_table *t = &b->planned->tables[parent];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT s.myrecon_row FROM ");
    mr_script_staged(&sql, b->planned->tables[0].target_db, 'd', parent);
    mr_strbuf_add_str(&sql, " AS s STRAIGHT_JOIN ");
    mr_sql_table(&sql, t->target_db, t->target_name);
    mr_strbuf_add_str(&sql, " AS t ON ");
    mr_planned_sql_same(&sql, t, "t.", "s.");
    enum mr_code code = mr_fired_ask(b->target->db, "n", &sql, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        uint64_t row = cells[0].ptr != NULL ? strtoull(cells[0].ptr, NULL, 10) : 0;
        for (size_t i = 0; i < b->taken.count; i++) {
            const struct taken *taken = mr_vec_at(&b->taken, i);
            if (taken->parent == parent && taken->row == row)
                taken->known->spared = true;
        }
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* A row went in front of the guards for the sake of one that the guards then kept: it must come back,
 * and only a rollback brings it back as it was. */
enum mr_code mr_fired_back_check(struct mr_fired_back *b, bool *again, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *again = false;
    for (size_t p = 0; code == MR_OK && p < b->planned->ntables; p++) {
        bool any = false;
        for (size_t i = 0; !any && i < b->taken.count; i++)
            any = ((const struct taken *)mr_vec_at(&b->taken, i))->parent == p;
        if (any)
            code = spare(b, p, err);
    }
    for (size_t i = 0; i < b->taken.count; i++)
        *again = *again || ((const struct taken *)mr_vec_at(&b->taken, i))->known->spared;
    return code;
}

void mr_fired_back_committed(struct mr_fired_back *b)
{
    for (size_t i = 0; i < b->taken.count; i++)
        ((struct taken *)mr_vec_at(&b->taken, i))->known->gone = true;
    mr_vec_clear(&b->taken);
}

/* ---- at the end ---- */

/* Counts those that stand, of the rows from `first` to `end`, all of one table. */
static enum mr_code count(struct mr_fired_back *b, size_t first, size_t end,
                          struct mr_fired_sum *sum, struct mr_err *err)
{
    const size_t at = ((const struct known *)mr_vec_at(&b->known, first))->at;
    const struct mr_planned_table *t = &b->planned->tables[at];
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = first; i < end;) {
        mr_strbuf_reset(&sql);
        mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM ");
        mr_sql_table(&sql, t->target_db, t->target_name);
        mr_strbuf_add_str(&sql, " WHERE ");
        mr_sql_ident(&sql, t->counter);
        mr_strbuf_add_str(&sql, " IN (NULL");
        for (size_t n = 0; i < end && n < KEYS_AT_ONCE; n++, i++) {
            const struct known *known = mr_vec_at(&b->known, i);
            sum->taken += known->gone;
            mr_strbuf_add_fmt(&sql, ", %s", known->key);
        }
        mr_strbuf_add_str(&sql, ")");
        MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
        MR_TRY_OUT(mr_db_query_text(b->target->db, sql.ptr, &text, err));
        sum->stay += strtoull(text.ptr, NULL, 10);
    }
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_fired_back_sums(struct mr_fired_back *b, struct mr_vec *sums, struct mr_err *err)
{
    for (size_t i = 0; i < b->known.count;) {
        const size_t at = ((const struct known *)mr_vec_at(&b->known, i))->at;
        struct mr_fired_sum *sum = mr_vec_push(sums);
        size_t end = i;
        if (sum == NULL)
            return nomem(err);
        sum->table = b->planned->tables[at].target_table;
        while (end < b->known.count && ((const struct known *)mr_vec_at(&b->known, end))->at == at)
            end++;
        MR_TRY(count(b, i, end, sum, err));
        i = end;
    }
    return MR_OK;
}
