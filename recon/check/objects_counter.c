/*
 * objects_counter.c: AUTO_INCREMENT, and sequences that a DEFAULT draws from, on both sides.
 *
 * Order of reads: the greatest keys of both sides first, then the next values.  On a
 * server under writes a counter moves before its key can be read, so a counter read
 * after both keys is above whatever has reached it by then; read in the other order,
 * rows inserted in between would look like a counter that has fallen behind.
 */
#include "recon/check/objects.h"

#include <inttypes.h>

#include "core/schema/sequence.h"

static bool has_counter(const struct mr_table *table)
{
    const struct mr_column *col = mr_table_counter(table);
    return col != NULL && mr_table_is_led_by(table, col);
}

bool mr_objects_has_counter(const struct mr_objects_counter *source,
                            const struct mr_objects_counter *target)
{
    return has_counter(source->table) && has_counter(target->table);
}

enum mr_code mr_objects_counter_keys(struct mr_objects_counter *source,
                                     struct mr_objects_counter *target, struct mr_err *err)
{
    enum mr_code code =
        mr_reader_counter(source->reader, source->table, NULL, &source->greatest, err);
    return code == MR_OK
               ? mr_reader_counter(target->reader, target->table, NULL, &target->greatest, err)
               : code;
}

void mr_objects_counter_begin_at_one(struct mr_objects_counter *counter)
{
    counter->next = counter->next > 0 ? counter->next : 1;
}

enum mr_code mr_objects_counter_next(struct mr_objects_counter *source,
                                     struct mr_objects_counter *target, struct mr_err *err)
{
    enum mr_code code = mr_reader_counter(target->reader, target->table, &target->next, NULL, err);
    if (code == MR_OK)
        code = mr_reader_counter(source->reader, source->table, &source->next, NULL, err);
    mr_objects_counter_begin_at_one(source);
    mr_objects_counter_begin_at_one(target);
    return code;
}

bool mr_objects_counter_is_low(const struct mr_objects_counter *source,
                               const struct mr_objects_counter *target, bool alone)
{
    bool own = source->next <= source->greatest || target->next <= target->greatest;
    return own ||
           (!alone && (source->next <= target->greatest || target->next <= source->greatest));
}

void mr_objects_counter_text(const struct mr_objects_counter *counter, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "next %" PRIu64 ", greatest %" PRIu64, counter->next, counter->greatest);
}

/* ---- sequences ---- */

bool mr_objects_draws(struct mr_objects_drawn drawn[MR_SIDES], size_t column,
                      struct mr_arena *arena)
{
    const char *name = drawn[MR_SOURCE].counter.table->columns[column].name;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_objects_drawn *d = &drawn[side];
        const struct mr_table *table = d->counter.table;
        d->column = mr_table_column(table, name);
        if (d->column == NULL || !mr_table_is_led_by(table, d->column) ||
            !mr_sequence_of(d->column, table->db, arena, &d->db, &d->name))
            return false;
    }
    return true;
}

static enum mr_code read_sequence(struct mr_objects_drawn *d, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(d->counter.reader);
    struct mr_sequence sequence = {0};
    d->one_way = true;
    if (db == NULL)
        return mr_reader_sequence(d->counter.reader, d->db, d->name, &d->counter.next, err);
    enum mr_code code = mr_sequence_read(db, d->db, d->name, &sequence, err);
    d->counter.next = sequence.next;
    d->one_way = !sequence.descends && !sequence.cycles;
    return code;
}

enum mr_code mr_objects_drawn_read(struct mr_objects_drawn drawn[MR_SIDES], enum mr_side *side,
                                   struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int i = MR_SOURCE; code == MR_OK && i < MR_SIDES; i++) {
        struct mr_objects_drawn *d = &drawn[i];
        struct mr_db *db = mr_reader_db(d->counter.reader);
        *side = (enum mr_side)i;
        if (db != NULL)
            code = mr_schema_greatest(db, d->counter.table, d->column, &d->counter.greatest, err);
    }
    for (int i = MR_SIDES; code == MR_OK && i-- > MR_SOURCE;) {
        *side = (enum mr_side)i;
        code = read_sequence(&drawn[i], err);
        mr_objects_counter_begin_at_one(&drawn[i].counter); /* keys below do not count, either */
    }
    return code;
}
