/*
 * db_stored: rows taken off the wire before they are asked for, so that the server has done
 * with a table whose engine makes writers wait for readers: first in, first out, to a ceiling.
 */
#ifndef MR_DB_STORED_H
#define MR_DB_STORED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

/* What a result may have in memory; the rest of it stays on the wire. */
#define MR_STORED_MAX_BYTES (64u << 20)

/* Zeroed: empty. */
struct mr_stored {
    struct mr_stored_row *first, *last;
    struct mr_stored_row *current; /* that was handed out */
    size_t bytes;
};

/* A copy of a row. */
enum mr_code mr_stored_add(struct mr_stored *stored, const void *row, size_t len,
                           struct mr_err *err);
bool mr_stored_is_full(const struct mr_stored *stored);
/* The oldest row, valid until the next call; NULL: there is none. */
unsigned char *mr_stored_next(struct mr_stored *stored, size_t *len);
void mr_stored_release(struct mr_stored *stored);

#endif
