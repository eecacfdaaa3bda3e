/*
 * db_column: how a column of a prepared statement is fetched, by the class that is wanted and
 * the type that the server announces.  Pure functions.
 */
#ifndef MR_DB_COLUMN_H
#define MR_DB_COLUMN_H

#include <stdbool.h>

#include "core/db/db_wire.h"
#include "core/row/row.h"

#define MR_TYPE_VECTOR 242 /* MySQL 9; Connector/C does not know it */

enum how {
    HOW_NULL = 1,
    HOW_SIGNED,   /* into value.i */
    HOW_UNSIGNED, /* into value.u */
    HOW_DOUBLE,   /* into value.d */
    HOW_FLOAT,    /* promoted */
    HOW_BIT,      /* big-endian bytes to value.u */
    HOW_TEMPORAL,
    HOW_BYTES,
    /* The rest converts, because the wire's type is not the class's own. */
    HOW_SIGNED_OTHER,   /* class UINT */
    HOW_UNSIGNED_OTHER, /* class INT */
    HOW_DOUBLE_AS_INT,
    HOW_TEXT_AS_INT,
    HOW_TEXT_AS_DOUBLE,
    HOW_TEXT_AS_DECIMAL
};

/* 0: there is no way. */
enum how mr_column_how(enum mr_class cls, int type, bool is_unsigned);
/* Is it one that the client library can read? */
bool mr_column_is_known(int type);
bool mr_column_is_decimal(int type);
bool mr_column_is_bytes(int type);
enum mr_wire_kind mr_column_wire_kind(int type);

#endif
