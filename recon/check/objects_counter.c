/*
 * objects_counter.c: AUTO_INCREMENT on both sides.
 *
 * Order of reads: the greatest keys of both sides first, then the next values.  On a
 * server under writes a counter moves before its key can be read, so a counter read
 * after both keys is above whatever has reached it by then; read in the other order,
 * rows inserted in between would look like a counter that has fallen behind.  (On a
 * replica that lags, the source's key may still be ahead of the target's counter: the
 * caller confirms when it has caught up.)
 */
#include "recon/check/objects.h"

#include <inttypes.h>
#include <strings.h>

struct reading {
    uint64_t next, greatest;
};

static bool leads_index(const struct mr_table *table, const struct mr_column *col)
{
    for (size_t i = 0; i < table->nindexes; i++) {
        const char *first = table->indexes[i].parts[0].column;
        if (first != NULL && strcasecmp(first, col->name) == 0)
            return true;
    }
    return false;
}

static bool has_counter(const struct mr_table *table)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (table->columns[i].auto_increment)
            return leads_index(table, &table->columns[i]);
    return false;
}

/* SHOW CREATE TABLE prints no counter that stands at 1. */
static uint64_t next_of(const struct reading *r)
{
    return r->next > 0 ? r->next : 1;
}

static void add_text(struct mr_strbuf *out, const struct reading *r)
{
    mr_strbuf_add_fmt(out, "next %" PRIu64 ", greatest %" PRIu64, next_of(r),
                      r->greatest);
}

enum mr_code mr_objects_auto_increment(struct mr_objects_counter *source,
                                       struct mr_objects_counter *target, bool *finding,
                                       struct mr_err *err)
{
    struct reading s = {0}, t = {0};
    *finding = false;
    source->next = target->next = 0;
    if (!has_counter(source->table) || !has_counter(target->table))
        return MR_OK;
    enum mr_code code =
        mr_reader_counter(source->reader, source->table, NULL, &s.greatest, err);
    if (code == MR_OK)
        code = mr_reader_counter(target->reader, target->table, NULL, &t.greatest, err);
    if (code == MR_OK)
        code = mr_reader_counter(target->reader, target->table, &t.next, NULL, err);
    if (code == MR_OK)
        code = mr_reader_counter(source->reader, source->table, &s.next, NULL, err);
    if (code != MR_OK)
        return code;
    uint64_t greatest = s.greatest > t.greatest ? s.greatest : t.greatest;
    *finding = next_of(&s) <= greatest || next_of(&t) <= greatest;
    source->next = next_of(&s);
    source->greatest = s.greatest;
    target->next = next_of(&t);
    target->greatest = t.greatest;
    add_text(source->text, &s);
    add_text(target->text, &t);
    code = mr_strbuf_check(source->text, "describing a counter", err);
    return code == MR_OK ? mr_strbuf_check(target->text, "describing a counter", err)
                         : code;
}
