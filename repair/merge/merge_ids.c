/* merge_ids.c: see merge_ids.h. */
#include "repair/merge/merge_ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "repair/plan/planbook.h"
#include "repair/reseed/plan_counters.h"
#include "repair/reseed/reseed_read.h"
#include "repair/reseed/reseed_value.h"
#include "repair/side/counted.h"
#include "core/schema/sequence.h"
#include "repair/side/side_column.h"

#define MARGIN 1000000

static const char schema_sql[] = "DROP TABLE IF EXISTS temp.fresh_id;"
                                 "CREATE TEMP TABLE fresh_id (id INTEGER PRIMARY KEY, value TEXT)";

/* The greatest value that all columns take, or all partitions, and which takes no more. */
struct end {
    uint64_t at;
    const char *table, *column;
};

struct block {
    const struct mr_merge_table *table;
    uint64_t ids;  /* wanted */
    uint64_t rows; /* inserted */
    struct mr_reseed_step step;
    uint64_t next;      /* above both histories */
    uint64_t live_next; /* what TARGET's counter says */
    uint64_t margin, start, counter;
    uint64_t floor; /* ids below it other tables get from the same sequence */
    struct end types, partitions;
    const struct end *end; /* the nearer of both */
};

/* ---- what fits ---- */

static void bring_nearer(struct end *end, uint64_t at, const struct mr_plan_table *t, size_t column)
{
    if (at < end->at)
        *end = (struct end){at, mr_plan_table_name(t), mr_plan_column_name(t, column)};
}

/* Only TARGET is written. */
static enum mr_code limit_by(const struct mr_merge *m, struct block *b,
                             const struct mr_plan_table *t, size_t column, struct mr_err *err)
{
    const struct mr_column *c = mr_pair_column(t->pair, MR_TARGET, column);
    uint64_t most = mr_reseed_column_limit(c), partitions = UINT64_MAX;
    struct mr_db *db = mr_reader_db(m->plan->pairing.side[MR_TARGET].main);
    bool unclear = false;
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    MR_TRY(mr_reseed_partition_limit(db, t->pair->side[MR_TARGET], c->name, &partitions, &unclear,
                                     err));
    if (unclear)
        mr_log_warning("table \"%s\" is partitioned by an expression over \"%s\": see "
                       "that a partition takes the new ids",
                       mr_plan_table_name(t), c->name);
    bring_nearer(&b->types, most, t, column);
    bring_nearer(&b->partitions, partitions, t, column);
    return MR_OK;
}

/* Columns that hold what the counter gave, over any number of tables. */
static enum mr_code find_limit(const struct mr_merge *m, struct block *b, struct mr_err *err)
{
    const struct mr_plan_tables *plan = m->plan;
    size_t widest = 1;
    for (size_t i = 0; i < plan->ntables; i++)
        if (plan->tables[i].pair->find.ncolumns > widest)
            widest = plan->tables[i].pair->find.ncolumns;
    bool *holds = calloc(plan->ntables * widest, sizeof *holds);
    bool grown = true;
    if (holds == NULL)
        return mr_merge_nomem(err);
    b->types = (struct end){UINT64_MAX, mr_plan_table_name(b->table->plan),
                            mr_plan_column_name(b->table->plan, b->table->plan->counter)};
    b->partitions = b->types;
    holds[b->table->plan->at * widest + b->table->plan->counter] = true;
    enum mr_code code = limit_by(m, b, b->table->plan, b->table->plan->counter, err);
    while (code == MR_OK && grown) {
        grown = false;
        for (size_t i = 0; i < plan->nreferences; i++) {
            const struct mr_plan_reference *r = &plan->references[i];
            for (size_t k = 0; code == MR_OK && k < r->to.count; k++) {
                bool *child = &holds[r->child * widest + r->from.at[k]];
                if (!holds[r->parent * widest + r->to.at[k]] || *child)
                    continue;
                *child = grown = true;
                code = limit_by(m, b, &plan->tables[r->child], r->from.at[k], err);
            }
        }
    }
    free(holds);
    b->end = b->partitions.at < b->types.at ? &b->partitions : &b->types;
    return code;
}

/* Where nothing gets a new id, the ids that the other history has handed out may lie behind
 * the last partition already: apply leaves out the rows that no partition takes, by name, and
 * the counter has to go behind them all the same. */
static void pass_partitions(struct block *b)
{
    const uint64_t next = mr_reseed_round(b->next, b->step);
    if (b->ids > 0 || b->end == &b->types || (next != 0 && next <= b->end->at))
        return;
    mr_log_warning("the counter of table \"%s\" goes behind the last partition of table "
                   "\"%s\", which ends at %" PRIu64 " of column \"%s\": add a partition",
                   mr_plan_table_name(b->table->plan), b->end->table, b->end->at, b->end->column);
    b->end = &b->types;
}

/* ---- what the servers have handed out ---- */

static enum mr_code number(struct mr_db *db, const char *sql, uint64_t *value, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, sql, &text, err);
    *value = code == MR_OK ? strtoull(text.ptr, NULL, 10) : 0;
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code read_step(struct mr_db *db, struct mr_reseed_step *step, struct mr_err *err)
{
    enum mr_code code =
        number(db, "SELECT @@GLOBAL.auto_increment_increment", &step->increment, err);
    return code == MR_OK ? number(db, "SELECT @@GLOBAL.auto_increment_offset", &step->offset, err)
                         : code;
}

static enum mr_code read_sequence(struct mr_db *db, const struct mr_plan_table *t, struct block *b,
                                  struct mr_err *err)
{
    struct mr_sequence sequence;
    MR_TRY(mr_sequence_read(db, t->sequence_db, t->sequence, &sequence, err));
    b->live_next = sequence.next;
    b->step.increment = sequence.increment;
    b->step.offset = sequence.start;
    if (sequence.increment == 0)
        MR_TRY(read_step(db, &b->step, err));
    else if (b->step.increment > 0)
        b->step.offset = sequence.start % sequence.increment;
    return MR_OK;
}

/* What the source's sequence has handed out, too. */
static enum mr_code read_source_sequence(struct mr_merge *m, struct block *b, uint64_t *next,
                                         struct mr_err *err)
{
    const struct mr_plan_table *t = b->table->plan;
    const struct mr_table *table = t->pair->side[MR_SOURCE];
    const struct mr_column *column = mr_pair_column(t->pair, MR_SOURCE, t->counter);
    const char *db = NULL, *name = NULL;
    if (!mr_sequence_of(column, table->db, &m->arena, &db, &name))
        return MR_OK;
    return mr_side_sequence_next(m->plan->pairing.side[MR_SOURCE].main, db, name, next, err);
}

/* Of both histories: an id that either has handed out may be written down elsewhere, and is never
 * given to somebody else. */
static enum mr_code read_next(struct mr_merge *m, struct block *b, struct mr_err *err)
{
    const struct mr_plan_table *t = b->table->plan;
    const struct mr_server_side *side = m->plan->pairing.side;
    struct mr_db *db = mr_reader_db(side[MR_TARGET].main);
    struct mr_reseed_pair pair = {{0}, {0}};
    uint64_t next[MR_SIDES] = {0}, greatest[MR_SIDES] = {0};
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    for (int s = MR_SOURCE; s < MR_SIDES; s++) {
        pair.table[s] = t->pair->side[s];
        pair.column[s] = mr_pair_column(t->pair, (enum mr_side)s, t->counter);
    }
    enum mr_code code = mr_reseed_read(side, &pair, next, greatest, err);
    b->live_next = next[MR_TARGET];
    if (code == MR_OK && t->sequence != NULL)
        code = read_source_sequence(m, b, &next[MR_SOURCE], err);
    if (code == MR_OK)
        code = t->sequence != NULL ? read_sequence(db, t, b, err) : read_step(db, &b->step, err);
    next[MR_TARGET] = b->live_next;
    for (int s = MR_SOURCE; s < MR_SIDES; s++) {
        uint64_t above = greatest[s] < UINT64_MAX ? greatest[s] + 1 : UINT64_MAX;
        b->next = next[s] > b->next ? next[s] : b->next;
        b->next = above > b->next ? above : b->next;
    }
    return code;
}

/* ---- the block ---- */

static uint64_t width(const struct block *b)
{
    return b->step.increment > 1 ? b->step.increment : 1;
}

static enum mr_code refuse(const struct block *b, struct mr_err *err)
{
    uint64_t needed = width(b) * (b->ids + 1);
    uint64_t left = b->end->at > b->next ? b->end->at - b->next : 0;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "%" PRIu64 " new ids of table \"%s\" from %" PRIu64
                     " on do not fit column \"%s\" of table \"%s\", %s ends at %" PRIu64,
                     b->ids, mr_plan_table_name(b->table->plan), b->start, b->end->column,
                     b->end->table, b->end == &b->partitions ? "whose last partition" : "which",
                     b->end->at);
    if (left >= needed)
        mr_err_hint(err, "The greatest margin that fits is %" PRIu64 " (--margin).", left - needed);
    else
        mr_err_hint(err, "No margin fits: %s.",
                    b->end == &b->partitions ? "add a partition" : "make the column wider");
    return MR_E_REFUSED;
}

/* The table's own, else that of the command; where less than four times that is left, a
 * quarter of what is left. */
static void choose_margin(const struct mr_merge *m, struct block *b)
{
    const struct mr_table_config *config = b->table->plan->pair->config;
    uint64_t left = b->end->at > b->next ? b->end->at - b->next : 0;
    uint64_t wanted = config->has_margin       ? config->margin
                      : m->options->has_margin ? m->options->margin
                                               : MARGIN;
    b->margin = left / 4 < wanted ? left / 4 : wanted;
    if (b->margin < wanted)
        mr_log_info("new ids of table \"%s\" begin only %" PRIu64
                    " above the last one, a quarter of what is left: column \"%s\" of "
                    "\"%s\" ends at %" PRIu64,
                    mr_plan_table_name(b->table->plan), b->margin, b->end->column, b->end->table,
                    b->end->at);
}

/* [start, start + ids steps) must fit below the limit. */
static enum mr_code measure(struct block *b, struct mr_err *err)
{
    uint64_t wanted;
    if (__builtin_mul_overflow(width(b), b->ids, &wanted) || b->start == 0 ||
        b->start > b->end->at || wanted > b->end->at - b->start)
        return refuse(b, err);
    b->counter = b->start + wanted;
    return MR_OK;
}

/* ---- what refers to ids that nobody holds ---- */

/* Raises *greatest to the greatest value of a column in the block.  spelling: how it writes the
 * key, or NULL. */
static enum mr_code raise_within(const struct mr_side_column *column,
                                 const struct mr_spelling *spelling,
                                 const struct mr_plan_block *within, uint64_t *greatest,
                                 struct mr_err *err)
{
    const enum mr_class cls = column->column->cls;
    const bool is_integer = mr_class_is_integer(cls);
    uint64_t found = 0;
    if (!is_integer && (spelling == NULL || spelling->kind != MR_SPELL_NUMBER))
        return MR_OK;
    enum mr_code code = mr_side_greatest_within(column, is_integer ? NULL : spelling, within->from,
                                                within->to, &found, err);
    *greatest = found > *greatest ? found : *greatest;
    return code;
}

/* The greatest key of a side in the block; or reference, since a row that refers to an id
 * that nobody holds would be that of whoever gets it. */
static enum mr_code greatest_within(struct mr_merge *m, const struct block *b, enum mr_side side,
                                    const struct mr_plan_block *within, uint64_t *greatest,
                                    struct mr_err *err)
{
    const struct mr_plan_table *t = b->table->plan;
    struct mr_side_column column = {m->plan->pairing.side[side].main, t->pair->side[side],
                                    mr_pair_column(t->pair, side, t->counter)};
    enum mr_code code = raise_within(&column, NULL, within, greatest, err);
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &m->plan->references[i];
        const struct mr_plan_table *child = &m->plan->tables[r->child];
        column.table = child->pair->side[side];
        for (size_t k = 0; code == MR_OK && r->parent == t->at && k < r->to.count; k++) {
            if (r->to.at[k] != t->counter)
                continue;
            column.column = mr_pair_column(child->pair, side, r->from.at[k]);
            code = raise_within(&column, r->pair->spelling != NULL ? &r->pair->spelling[k] : NULL,
                                within, greatest, err);
        }
    }
    return code;
}

/* Moves the block behind references to ids that nobody holds: they would be those of whoever
 * gets them.  What is looked at grows with each of them, so that many are few questions. */
static enum mr_code pass_references(struct mr_merge *m, struct block *b, struct mr_err *err)
{
    uint64_t ahead = b->counter - b->start, met = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK && b->ids > 0) {
        const uint64_t room = b->end->at - b->start;
        const struct mr_plan_block within = {.from = b->start,
                                             .to = b->start + (ahead < room ? ahead : room)};
        for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
            code = greatest_within(m, b, (enum mr_side)side, &within, &met, err);
        if (code != MR_OK || met < b->start)
            break;
        b->start = mr_reseed_round(met + 1, b->step);
        ahead = ahead < UINT64_MAX / 2 ? ahead * 2 : ahead;
        code = measure(b, err);
    }
    if (code == MR_OK && met > 0)
        mr_log_info("new ids of table \"%s\" begin behind %" PRIu64
                    ", which nobody holds and a row refers to",
                    mr_plan_table_name(b->table->plan), met);
    return code;
}

static enum mr_code lay_out(struct mr_merge *m, struct block *b, struct mr_err *err)
{
    choose_margin(m, b);
    if (__builtin_add_overflow(b->next, b->margin, &b->start)) {
        b->start = UINT64_MAX;
        return refuse(b, err);
    }
    if (b->start < b->floor)
        b->start = b->floor;
    b->start = mr_reseed_round(b->start, b->step);
    MR_TRY(measure(b, err));
    return pass_references(m, b, err);
}

/* ---- ids that an earlier plan has reserved ---- */

/* Takes the ids from the block that the case has reserved, once TARGET's counter stands
 * beyond it: then nobody else takes them, and nothing is reseeded. */
static enum mr_code take_reserved(struct mr_merge *m, struct block *b, bool *taken,
                                  struct mr_err *err)
{
    const struct mr_plan_table *t = b->table->plan;
    struct mr_plan_block reserved;
    const char *plan = NULL;
    uint64_t greatest = 0;
    *taken = false;
    if (m->target == NULL)
        return MR_OK;
    enum mr_code code = mr_planbook_last_block(m->fd, m->target, mr_plan_table_name(t),
                                               mr_plan_column_name(t, t->counter), &m->arena,
                                               &reserved, &plan, err);
    if (code != MR_OK || plan == NULL || b->live_next < reserved.reseed_to)
        return code;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = greatest_within(m, b, (enum mr_side)side, &reserved, &greatest, err);
    uint64_t start = greatest >= reserved.from ? greatest + 1 : reserved.from;
    if (start < b->floor)
        start = b->floor;
    start = mr_reseed_round(start, b->step);
    if (code != MR_OK || start == 0 || start > reserved.to || reserved.to > b->end->at ||
        b->ids > (reserved.to - start) / width(b))
        return code;
    *taken = true;
    b->start = start;
    b->margin = 0;
    b->counter = b->live_next;
    return MR_OK;
}

#define TO_INSERT                                                                                  \
    "m.there IS NULL AND m.waits=0 AND NOT EXISTS"                                                 \
    " (SELECT 1 FROM mark k WHERE k.id=m.id AND k.skip)"

static const char *number_text(uint64_t value, char text[24])
{
    (void)snprintf(text, 24, "%" PRIu64, value);
    return text;
}

/* In the order of SOURCE's ids, so that the new ones are in the order in which rows were made. */
static enum mr_code hand_out(struct mr_merge *m, const struct block *b, struct mr_err *err)
{
    struct mr_case_stmt *rows = NULL, *add = NULL;
    uint64_t value = b->start;
    bool row = false;
    enum mr_code code =
        MR_CASE_PREPARE(m->cf,
                        "SELECT m.id FROM m JOIN w ON w.id=m.id WHERE m.tbl=:tbl AND m.newid"
                        " AND " TO_INSERT " ORDER BY w.n, w.skey",
                        &rows, err, MR_ARG_INT("tbl", b->table->plan->at));
    if (code == MR_OK)
        code = mr_case_prepare(m->cf, "INSERT INTO fresh_id (id, value) VALUES (:id, :value)", &add,
                               err);
    while (code == MR_OK && (code = mr_case_step(rows, &row, err)) == MR_OK && row) {
        char text[24];
        code = MR_CASE_RUN(add, err, MR_ARG_INT("id", mr_case_int(rows, 0)),
                           MR_ARG_TEXT("value", number_text(value, text)));
        value += width(b);
    }
    mr_case_free(rows);
    mr_case_free(add);
    return code;
}

/* ---- kept with the plan ---- */

static enum mr_code keep(struct mr_merge *m, const struct block *b, struct mr_err *err)
{
    const struct mr_merge_bound *bound = &b->table->bound;
    const bool is_unsigned = b->table->plan->counts_unsigned;
    const uint64_t numbers[] = {b->next, b->margin, b->start, width(b), b->ids, b->counter};
    char base[MR_COUNTED_TEXT], fresh[MR_COUNTED_TEXT], text[6][24];
    const char *kept[6] = {NULL}; /* of a table that gets no row nothing is known */
    for (size_t i = 0; b->rows > 0 && i < 6; i++)
        kept[i] = number_text(numbers[i], text[i]);
    return MR_CASE_ONCE(
        m->cf,
        "INSERT OR REPLACE INTO plan_table (plan, tbl, base, base_origin, fresh,"
        " fresh_origin, next, margin, start, step, ids, counter) VALUES (:plan, :tbl,"
        " :base, :base_origin, :fresh, :fresh_origin, :next, :margin, :start, :step,"
        " :ids, :counter)",
        err, MR_ARG_INT("plan", mr_plan_store_id(m->store)),
        MR_ARG_TEXT("tbl", mr_plan_table_name(b->table->plan)),
        MR_ARG_TEXT("base", mr_counted_text(bound->base, is_unsigned, base)),
        MR_ARG_TEXT("base_origin", bound->base_origin),
        MR_ARG_TEXT("fresh",
                    bound->has_fresh ? mr_counted_text(bound->fresh, is_unsigned, fresh) : NULL),
        MR_ARG_TEXT("fresh_origin", bound->has_fresh ? bound->fresh_origin : NULL),
        MR_ARG_TEXT("next", kept[0]), MR_ARG_TEXT("margin", kept[1]), MR_ARG_TEXT("start", kept[2]),
        MR_ARG_TEXT("step", kept[3]), MR_ARG_TEXT("ids", kept[4]), MR_ARG_TEXT("counter", kept[5]));
}

/* ---- one sequence, several tables ---- */

static bool are_fed_alike(const struct block *a, const struct block *b)
{
    const struct mr_plan_table *x = a->table->plan, *y = b->table->plan;
    return x->sequence != NULL && y->sequence != NULL && strcmp(x->sequence, y->sequence) == 0 &&
           strcmp(x->sequence_db, y->sequence_db) == 0;
}

/* Their ids are told apart without saying of which table: no two of them get the same. */
static uint64_t find_floor(const struct mr_vec *blocks, const struct block *b)
{
    uint64_t floor = 0;
    for (size_t i = 0; i < blocks->count; i++) {
        const struct block *other = mr_vec_at(blocks, i);
        const uint64_t end = other->start + width(other) * other->ids;
        if (other->rows > 0 && are_fed_alike(other, b) && end > floor)
            floor = end;
    }
    return floor;
}

/* Raised for one of them, it stands above the ids of all. */
static uint64_t farthest(const struct mr_vec *blocks, const struct block *b)
{
    uint64_t counter = b->counter;
    for (size_t i = 0; i < blocks->count; i++) {
        const struct block *other = mr_vec_at(blocks, i);
        if (other->rows > 0 && are_fed_alike(other, b) && other->counter > counter)
            counter = other->counter;
    }
    return counter;
}

static enum mr_code keep_all(struct mr_merge *m, const struct mr_vec *blocks, struct mr_err *err)
{
    for (size_t i = 0; i < blocks->count; i++) {
        struct block b = *(const struct block *)mr_vec_at(blocks, i);
        b.counter = farthest(blocks, &b);
        MR_TRY(keep(m, &b, err));
    }
    return MR_OK;
}

/* Of a table that gets no row no server is asked, and no counter raised; its bounds are kept all
 * the same. */
static enum mr_code plan_block(struct mr_merge *m, const struct mr_merge_table *t,
                               struct mr_vec *blocks, struct mr_err *err)
{
    struct block b = {.table = t};
    int64_t rows = 0, ids = 0;
    bool reserved = false;
    MR_TRY(MR_CASE_NUMBER(m->cf, "SELECT count(*) FROM m WHERE tbl=:tbl AND " TO_INSERT, &rows, err,
                          MR_ARG_INT("tbl", t->plan->at)));
    MR_TRY(MR_CASE_NUMBER(m->cf, "SELECT count(*) FROM m WHERE tbl=:tbl AND newid AND " TO_INSERT,
                          &ids, err, MR_ARG_INT("tbl", t->plan->at)));
    b.rows = (uint64_t)rows;
    b.ids = (uint64_t)ids;
    b.floor = find_floor(blocks, &b);
    if (rows > 0) {
        MR_TRY(find_limit(m, &b, err));
        MR_TRY(read_next(m, &b, err));
        pass_partitions(&b);
        MR_TRY(take_reserved(m, &b, &reserved, err));
        if (!reserved)
            MR_TRY(lay_out(m, &b, err));
        MR_TRY(hand_out(m, &b, err));
    }
    struct block *slot = mr_vec_push(blocks);
    if (slot == NULL)
        return mr_merge_nomem(err);
    *slot = b;
    return MR_OK;
}

/* Kept when all blocks are laid out: tables that one sequence feeds have one counter. */
enum mr_code mr_merge_ids(struct mr_merge *m, struct mr_err *err)
{
    struct mr_vec blocks = MR_VEC_INIT(struct block);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(m->cf, schema_sql, err));
    MR_TRY_OUT(mr_plan_counters_open(m->cf, mr_plan_store_id(m->store), err));
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (mr_plan_has_counter(m->tables[i].plan))
            MR_TRY_OUT(plan_block(m, &m->tables[i], &blocks, err));
    MR_TRY_OUT(keep_all(m, &blocks, err));
out:
    mr_vec_release(&blocks);
    return code;
}
