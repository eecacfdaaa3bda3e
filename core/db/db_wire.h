/*
 * db_wire: values out of a row of the binary protocol, as the server packed it.
 *
 * A row is a zero byte, a bitmap of NULLs (the first two bits unused), then every value
 * that is not NULL: numbers little-endian in their own width; times as a length byte and
 * the fields that are not zero; all else as its bytes behind a length of 1, 3, 4 or 9
 * bytes.  So two rows are the same bytes exactly when they hold the same values, for one
 * list of types.
 *
 * Only the columns that somebody wants are decoded; what lies in front of them is stepped
 * over.  A pure function of its input, whatever the bytes are.
 */
#ifndef MR_DB_WIRE_H
#define MR_DB_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/row/row.h"

enum mr_wire_kind {
    MR_WIRE_UNKNOWN = 0,
    MR_WIRE_NULL, /* never a value */
    MR_WIRE_INT1,
    MR_WIRE_INT2,
    MR_WIRE_INT4,
    MR_WIRE_INT8,
    MR_WIRE_FLOAT,
    MR_WIRE_DOUBLE,
    MR_WIRE_DATETIME, /* DATE, too */
    MR_WIRE_TIME,
    MR_WIRE_BIT,     /* big-endian bytes */
    MR_WIRE_DECIMAL, /* its text */
    MR_WIRE_BYTES
};

struct mr_wire_column {
    enum mr_wire_kind kind;
    bool is_unsigned;
    bool wanted;
    enum mr_class cls; /* as which it is wanted */
};

/* Can values of that kind be given as that class? */
bool mr_wire_gives(enum mr_wire_kind kind, enum mr_class cls);

/* Sets values[i] for the wanted ones of the first `count` columns, out of ncolumns that
 * the row has.  Bytes point into the row.  False: the row is malformed. */
bool mr_wire_decode(const struct mr_wire_column *columns, size_t count, size_t ncolumns,
                    const void *row, size_t len, struct mr_value *values);

/* Does the row hold all that its columns need, and nothing that is no value of its type?
 * Only then may a decoder that looks at no end have it. */
bool mr_wire_is_sound(const struct mr_wire_column *columns, size_t count, const void *row,
                      size_t len);

/* Can the fields be those of a DATE or DATETIME?  Zeros can. */
bool mr_wire_is_moment(const struct mr_time *t);

#endif
