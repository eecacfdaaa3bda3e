/*
 * binlog_value: the value that a row image's bytes are, as a SELECT by the binary protocol
 * would have given it.
 *
 * An image alone does not say enough: whether a number is signed, the members of an ENUM, how
 * wide a BINARY is, whether a LONGTEXT holds JSON.  That comes from the table map where it says
 * so, else from today's catalogue; a *shape* is both put together, once for each table map.
 * Where they contradict each other (another type, another sign, another character set, another
 * list of members) the column does not fit: the table is blind, by name, and nothing of it is
 * decoded.
 *
 *   mr_binlog_shape_make → mr_binlog_value for fields of that table
 *
 * Values have the class of the catalogue's column, so that mr_row_encode() of them gives what it
 * gives of the row that was read.  JSON of MySQL is printed as the server prints it; one that was
 * logged as diffs is put together from the before-image.
 *
 * Ownership: a shape lives in the arena it was made in and points to the catalogue; values point
 * into the event or into the scratch buffer, until that is used again.
 * Errors: MR_E_BINLOG for bytes that no server writes, MR_E_UNSUPPORTED for what fits no column,
 * MR_E_NOMEM.  Threads: a shape may be shared.
 */
#ifndef MR_BINLOG_VALUE_H
#define MR_BINLOG_VALUE_H

#include "core/base/arena.h"
#include "core/binlog/binlog_rows.h"
#include "core/row/row.h"
#include "core/schema/schema.h"

struct mr_binlog_shape;

/*
 * table: of the log; today: of the catalogue.  Columns are matched by name where the log has
 * names, else by position, number and type.  A column that today's table has and the log's has
 * not (or the reverse) is a misfit: MR_E_UNSUPPORTED, *why* in the message, as
 * `column "c": int in the log, bigint in the table`; the table's name is the caller's to add.
 *
 * What differs and still fits, since no value can have changed its encoding by it: bytes or bits that
 * may be longer today, and a text where the log names its character set (else its room in bytes must
 * be today's, since only that shows latin1 beside utf8mb4); a DECIMAL with more digits at either end, a time with more digits
 * behind the second, another collation of the same character set.
 */
enum mr_code mr_binlog_shape_make(const struct mr_binlog_table *table, const struct mr_table *today,
                                  const struct mr_server *server, struct mr_arena *arena,
                                  struct mr_binlog_shape **out, struct mr_err *err);

/* Position in the images of the column of today's table; its own where the log had no names. */
size_t mr_binlog_shape_at(const struct mr_binlog_shape *shape, size_t today_column);

/*
 * The value of today's column out of an image.  *seen false: the image does not hold it.  before:
 * the row's before-image, where the field may be a JSON diff; else NULL.  A diff to a document that
 * the before-image does not hold (binlog_row_image = MINIMAL) is MR_E_UNSUPPORTED.  Errors say the
 * column, not where in the log.
 */
enum mr_code mr_binlog_value(const struct mr_binlog_shape *shape, size_t today_column,
                             const struct mr_binlog_field *image,
                             const struct mr_binlog_field *before, struct mr_strbuf *scratch,
                             bool *seen, struct mr_value *value, struct mr_err *err);

/* Is it number 0 of an ENUM or SET?  Its text, '', may be that of a member, too. */
bool mr_binlog_is_number_zero(const struct mr_binlog_shape *shape, size_t today_column,
                              const struct mr_binlog_field *image);

#endif
