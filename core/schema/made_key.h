/*
 * made_key: primary keys that a server made up where the statement named none.
 *
 * MySQL since 8.0.30 (sql_generate_invisible_primary_key; a replica where its channel
 * is set to generate them) puts an invisible column my_row_id in front of the
 * others and makes it the key.  It numbers rows in the order in which one server wrote them: the
 * same row has another number where another history, or a load, wrote it.  So who compares two
 * sides looks at neither the column nor the index: the table is one without a primary key.
 *
 * A server knows such a key by its shape alone, and so is it known here, of every server and
 * snapshot: somebody may have written, or dumped and loaded it.  What somebody built on, a
 * foreign key or another index over the column, stays what it is: a key that people know.
 *
 * Ownership: what is changed is the catalogue's.  Errors: MR_E_NOMEM.
 */
#ifndef MR_MADE_KEY_H
#define MR_MADE_KEY_H

#include "core/schema/schema.h"

/* Its column. */
#define MR_MADE_KEY_COLUMN "my_row_id"

/* Is the table's primary key of that shape?  Whoever refers to it is not asked. */
bool mr_table_has_made_key(const struct mr_table *table);
/* Takes the column and the index of each such key that nothing is built on out of the catalogue,
 * and sets made_key_hidden.
 * A second call finds nothing. */
enum mr_code mr_catalogue_drop_made_keys(struct mr_catalogue *cat, struct mr_err *err);

#endif
