/*
 * binlog_column_type: the numbers by which a table map says of what type a column is.
 *
 * They are those of the client protocol, and some that only logs have: temporal types of MySQL 5.6
 * and later, and compressed columns of MariaDB.  Stated here, since only core/db includes the
 * client library's header, and neither library's knows all of them.
 */
#ifndef MR_BINLOG_COLUMN_TYPE_H
#define MR_BINLOG_COLUMN_TYPE_H

enum mr_binlog_column_type {
    MR_FIELD_DECIMAL = 0, /* of servers before 5.0 */
    MR_FIELD_TINY = 1,
    MR_FIELD_SHORT = 2,
    MR_FIELD_LONG = 3,
    MR_FIELD_FLOAT = 4,
    MR_FIELD_DOUBLE = 5,
    MR_FIELD_NULL = 6,
    MR_FIELD_TIMESTAMP = 7,
    MR_FIELD_LONGLONG = 8,
    MR_FIELD_INT24 = 9,
    MR_FIELD_DATE = 10,
    MR_FIELD_TIME = 11,
    MR_FIELD_DATETIME = 12,
    MR_FIELD_YEAR = 13,
    MR_FIELD_NEWDATE = 14,
    MR_FIELD_VARCHAR = 15,
    MR_FIELD_BIT = 16,
    MR_FIELD_TIMESTAMP2 = 17,
    MR_FIELD_DATETIME2 = 18,
    MR_FIELD_TIME2 = 19,
    MR_FIELD_BLOB_COMPRESSED = 140, /* MariaDB */
    MR_FIELD_VARCHAR_COMPRESSED = 141,
    MR_FIELD_VECTOR = 242, /* MySQL 9 */
    MR_FIELD_JSON = 245,
    MR_FIELD_NEWDECIMAL = 246,
    MR_FIELD_ENUM = 247, /* these two only as the real type of a STRING */
    MR_FIELD_SET = 248,
    MR_FIELD_TINY_BLOB = 249,
    MR_FIELD_MEDIUM_BLOB = 250,
    MR_FIELD_LONG_BLOB = 251,
    MR_FIELD_BLOB = 252, /* every blob and text; its metadata says which */
    MR_FIELD_VAR_STRING = 253,
    MR_FIELD_STRING = 254,
    MR_FIELD_GEOMETRY = 255,
};

#endif
