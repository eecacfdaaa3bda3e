/*
 * table_numbers: does one of the engine's numbers (table_marks.h) stand under two names?
 *
 *   MR_TABLE_NUMBERS_INIT → mr_table_numbers_add… → mr_table_numbers_shared… → mr_table_numbers_release
 *
 * Tables that change names with each other (RENAME TABLE, EXCHANGE PARTITION), and have one definition, are told
 * apart by nothing else: whoever reads one before, and the other behind that, has read one of them twice, and the
 * other never.
 *
 * Threads: no state.  Errors: MR_E_NOMEM.
 */
#ifndef MR_TABLE_NUMBERS_H
#define MR_TABLE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/vec.h"

struct mr_table_number {
    uint64_t number;
    size_t table;
};

/* Of one server. */
struct mr_table_numbers {
    struct mr_vec items; /* struct mr_table_number */
    bool is_sorted;
};

#define MR_TABLE_NUMBERS_INIT                                                                      \
    {                                                                                              \
        MR_VEC_INIT(struct mr_table_number), false                                                 \
    }

/* numbers: a mark's lines, or NULL; table: whatever the caller counts by.  One may be added more than once. */
enum mr_code mr_table_numbers_add(struct mr_table_numbers *n, const char *numbers, size_t table,
                                  struct mr_err *err);
/* The next two tables that have had one number, *at being 0 to begin with; false behind the last. */
bool mr_table_numbers_shared(struct mr_table_numbers *n, size_t *at, size_t *a, size_t *b);
void mr_table_numbers_release(struct mr_table_numbers *n);

#endif
