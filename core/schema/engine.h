/*
 * engine: what the name of a storage engine promises.
 *
 * Names are the server's, in any letters; NULL (a table that cannot be opened) promises nothing.
 * An engine that is not known here is taken for one without transactions whose rows are its own.
 */
#ifndef MR_ENGINE_H
#define MR_ENGINE_H

#include <stdbool.h>

/* Its reads are of one view, its writes can be rolled back. */
bool mr_engine_is_transactional(const char *engine);

/* Its rows lie on another server, in another store or in files anywhere: who reads them reads
 * there, and who writes them writes there. */
bool mr_engine_is_elsewhere(const char *engine);

/* Rows of it change by what is written to other tables, here or there, so that no log that names
 * those tells of it: MERGE, and what lies elsewhere. */
bool mr_engine_shares_rows(const char *engine);

#endif
