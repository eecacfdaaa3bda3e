/*
 * binlog_shape: what binlog_value.c knows of a column of today's table: private to the two.
 *
 * Ownership: all of it lives in the arena of the shape.
 */
#ifndef MR_BINLOG_SHAPE_H
#define MR_BINLOG_SHAPE_H

#include "core/binlog/binlog_value.h"

/* How the bytes of a field become a value. */
enum mr_binlog_how {
    MR_BINLOG_AS_INTEGER = 1,
    MR_BINLOG_AS_YEAR,
    MR_BINLOG_AS_FLOAT,
    MR_BINLOG_AS_DOUBLE,
    MR_BINLOG_AS_DECIMAL,
    MR_BINLOG_AS_BIT,
    MR_BINLOG_AS_TEXT,   /* length and bytes, as they are */
    MR_BINLOG_AS_PADDED, /* the same, with the zeros that the log leaves out: BINARY(n) */
    MR_BINLOG_AS_UUID,   /* of MariaDB: 16 bytes and their text */
    MR_BINLOG_AS_INET4,
    MR_BINLOG_AS_INET6,
    MR_BINLOG_AS_ENUM,
    MR_BINLOG_AS_SET,
    MR_BINLOG_AS_JSON, /* MySQL's document */
    MR_BINLOG_AS_DATE,
    MR_BINLOG_AS_TIME,
    MR_BINLOG_AS_DATETIME,
    MR_BINLOG_AS_TIMESTAMP
};

struct mr_binlog_part {
    enum mr_binlog_how how;
    enum mr_class cls; /* of the catalogue */
    uint8_t type;      /* enum mr_binlog_column_type */
    uint16_t meta;
    bool is_unsigned;
    bool plain_zero; /* MariaDB: what underflows in a FLOAT is stored as -0, and read as 0 */
    unsigned prefix; /* bytes of a length before the value; 0: none */
    size_t at;       /* in the images */
    size_t width;    /* of AS_PADDED: bytes of the whole value; of AS_YEAR: digits, two or four */
    const struct mr_binlog_text *members; /* of AS_ENUM and AS_SET, in the column's character set */
    size_t nmembers;
    struct mr_binlog_text comma; /* between members of a SET */
    const char *name;
};

struct mr_binlog_shape {
    size_t ncolumns; /* of today's table */
    struct mr_binlog_part parts[];
};

#endif
