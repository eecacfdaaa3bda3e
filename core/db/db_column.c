/* db_column.c: see db_column.h. */
#include "core/db/db_column.h"

#include "core/db/db_internal.h"

static bool is_integer(int type)
{
    return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_LONG ||
           type == MYSQL_TYPE_INT24 || type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_YEAR;
}

bool mr_column_is_decimal(int type)
{
    return type == MYSQL_TYPE_DECIMAL || type == MYSQL_TYPE_NEWDECIMAL;
}

static bool is_float(int type)
{
    return type == MYSQL_TYPE_FLOAT || type == MYSQL_TYPE_DOUBLE;
}

static bool is_date_time(int type)
{
    return type == MYSQL_TYPE_DATE || type == MYSQL_TYPE_NEWDATE || type == MYSQL_TYPE_DATETIME ||
           type == MYSQL_TYPE_TIMESTAMP;
}

bool mr_column_is_bytes(int type)
{
    return type == MYSQL_TYPE_VARCHAR || type == MYSQL_TYPE_VAR_STRING ||
           type == MYSQL_TYPE_STRING || type == MYSQL_TYPE_TINY_BLOB ||
           type == MYSQL_TYPE_MEDIUM_BLOB || type == MYSQL_TYPE_LONG_BLOB ||
           type == MYSQL_TYPE_BLOB || type == MYSQL_TYPE_ENUM || type == MYSQL_TYPE_SET ||
           type == MYSQL_TYPE_JSON || type == MYSQL_TYPE_GEOMETRY || type == MR_TYPE_VECTOR;
}

static enum how how_integer(enum mr_class cls, int type, bool is_unsigned)
{
    bool wants_unsigned = cls == MR_CLASS_UINT;
    if (is_integer(type) && is_unsigned)
        return wants_unsigned ? HOW_UNSIGNED : HOW_UNSIGNED_OTHER;
    if (is_integer(type))
        return wants_unsigned ? HOW_SIGNED_OTHER : HOW_SIGNED;
    if (type == MYSQL_TYPE_BIT)
        return wants_unsigned ? HOW_BIT : 0;
    if (is_float(type)) /* ENUM+0 is a double */
        return HOW_DOUBLE_AS_INT;
    return mr_column_is_decimal(type) || mr_column_is_bytes(type) ? HOW_TEXT_AS_INT : 0;
}

static enum how how_double(int type)
{
    if (type == MYSQL_TYPE_FLOAT)
        return HOW_FLOAT;
    if (type == MYSQL_TYPE_DOUBLE)
        return HOW_DOUBLE;
    return is_integer(type) || mr_column_is_decimal(type) || mr_column_is_bytes(type)
               ? HOW_TEXT_AS_DOUBLE
               : 0;
}

enum how mr_column_how(enum mr_class cls, int type, bool is_unsigned)
{
    if (type == MYSQL_TYPE_NULL)
        return HOW_NULL;
    switch (cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT: return how_integer(cls, type, is_unsigned);
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: return how_double(type);
    case MR_CLASS_DECIMAL:
        if (mr_column_is_decimal(type) || is_integer(type))
            return HOW_BYTES;
        return mr_column_is_bytes(type) ? HOW_TEXT_AS_DECIMAL : 0;
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON:
        /* A float as text loses digits: only the server's CAST is asked for that. */
        return is_float(type) ? 0 : HOW_BYTES;
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME: return is_date_time(type) ? HOW_TEMPORAL : 0;
    case MR_CLASS_TIME: return type == MYSQL_TYPE_TIME ? HOW_TEMPORAL : 0;
    case MR_CLASS_NULL:
    case MR_CLASS_UNDECIDED: break;
    }
    return 0;
}

bool mr_column_is_known(int type)
{
    return type == MYSQL_TYPE_NULL || type == MYSQL_TYPE_BIT || type == MYSQL_TYPE_TIME ||
           is_integer(type) || mr_column_is_decimal(type) || is_float(type) || is_date_time(type) ||
           mr_column_is_bytes(type);
}

enum mr_wire_kind mr_column_wire_kind(int type)
{
    switch (type) {
    case MYSQL_TYPE_NULL: return MR_WIRE_NULL;
    case MYSQL_TYPE_TINY: return MR_WIRE_INT1;
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR: return MR_WIRE_INT2;
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24: return MR_WIRE_INT4;
    case MYSQL_TYPE_LONGLONG: return MR_WIRE_INT8;
    case MYSQL_TYPE_FLOAT: return MR_WIRE_FLOAT;
    case MYSQL_TYPE_DOUBLE: return MR_WIRE_DOUBLE;
    case MYSQL_TYPE_TIME: return MR_WIRE_TIME;
    case MYSQL_TYPE_BIT: return MR_WIRE_BIT;
    default: break;
    }
    if (is_date_time(type))
        return MR_WIRE_DATETIME;
    if (mr_column_is_decimal(type))
        return MR_WIRE_DECIMAL;
    return mr_column_is_bytes(type) ? MR_WIRE_BYTES : MR_WIRE_UNKNOWN;
}
