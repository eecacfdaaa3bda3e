/*
 * objects_counters: the greatest keys and next values of many tables in few statements, for what
 * objects_counter.c judges table by table.
 *
 *   begin → add… (a call for each table) → read → _of… → end
 *
 * The order of reads is its order: the greatest keys of both sides first, then the next values; of
 * each the two sides at once.  What the catalogues have told already is taken instead (listed): the
 * next value there was read before the keys, and a counter only grows, so that one which is above the
 * keys of both sides is no finding; any other is asked for anew in that order.
 * The keys of MR_GREATEST_AT_ONCE tables are one statement, UNION ALL; the next values of some
 * hundred tables of a MariaDB's database one more, where they are enough.  MySQL states them by SHOW
 * CREATE TABLE alone (mr_schema_auto_increment says why), and that is asked table by table, as is
 * all of tables without transactions.  Whatever a statement for many fails at is left to be asked
 * by itself, so that the table that it fails for is named.
 */
#ifndef MR_OBJECTS_COUNTERS_H
#define MR_OBJECTS_COUNTERS_H

#include <stdatomic.h>

#include "core/base/vec.h"
#include "recon/check/objects.h"

struct mr_objects_counters {
    struct mr_vec list;     /* struct mr_objects_counters_item, two a table */
    atomic_bool *abandoned; /* NULL, or what the connections of both sides heed (abreast.h) */
};

struct mr_objects_counters_item {
    struct mr_objects_counter counter;
    bool has_greatest, has_next;
};

void mr_objects_counters_begin(struct mr_objects_counters *all, atomic_bool *abandoned);
void mr_objects_counters_end(struct mr_objects_counters *all);
/* c: of both sides; NULL: the next table has none that is judged.  listed: the tables as the catalogues
 * of now tell of them, or NULL. */
enum mr_code mr_objects_counters_add(struct mr_objects_counters *all,
                                     const struct mr_objects_counter c[MR_SIDES],
                                     const struct mr_table *const listed[MR_SIDES],
                                     struct mr_err *err);
/* Only what must end a run is an error: that of the side that failed first, where both heed it. */
enum mr_code mr_objects_counters_read(struct mr_objects_counters *all, struct mr_err *err);
/* Does the nth table that was added have one? */
bool mr_objects_counters_has(const struct mr_objects_counters *all, size_t nth);
/* What was read of it, and by statements for that table alone what was not. */
enum mr_code mr_objects_counters_of(const struct mr_objects_counters *all, size_t nth,
                                    struct mr_objects_counter c[MR_SIDES], struct mr_err *err);

#endif
