/*
 * objects: what two catalogues say about the same things: tables, columns, indexes,
 * foreign keys, triggers, character sets, databases, views, routines, events,
 * sequences.
 *
 * Definitions are compared by their meaning: display widths, default collations of two
 * flavours, spellings of now() and of expressions are no differences (schema_norm.h).
 * Nor are: estimates; names of foreign keys and checks whose definitions are equal; an
 * index that one flavour makes for a foreign key by itself where the other has an index that
 * does its work; between flavours: SRIDs, versions of rows, collations of sessions, modes that
 * only one of them knows, application-time periods.  Not read: MariaDB's REF_SYSTEM_ID.
 *
 * A CHECK of a column (MariaDB) is reported as a column difference, one of the table as
 * a table difference, under the constraint's name.  The default character set of a
 * database is reported as a database difference.
 *
 * What the catalogue does not show may be hidden rather than absent: the caller probes
 * one-sided tables and columns (mr_schema_probe) and looks up rights (grants.h) before
 * it believes such a line.
 *
 * Ownership: texts of a difference live until the callback returns.  Threads: any; the
 * catalogues are only read.  Errors: MR_E_NOMEM, or what the callback returned.
 */
#ifndef MR_OBJECTS_H
#define MR_OBJECTS_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/db/db.h"
#include "core/schema/schema.h"
#include "core/source/sides.h"
#include "core/source/source.h"

/* What a difference is of: a bit each, those of object_kind.def behind the others. */
enum mr_objects_kind {
    MR_OBJECTS_TABLE = 1 << 0,
    MR_OBJECTS_COLUMN = 1 << 1,
    MR_OBJECTS_INDEX = 1 << 2,
    MR_OBJECTS_FOREIGN_KEY = 1 << 3,
    MR_OBJECTS_CHARSET = 1 << 4,
    MR_OBJECTS_AUTO_INCREMENT = 1 << 5,
    MR_OBJECTS_ATTRIBUTE = 1 << 6, /* what only describes: comments, row format */
#define MR_OBJECT_KIND(symbol, word, sql, stage, traits)                                           \
    MR_OBJECTS_##symbol = 1 << (6 + MR_OBJECT_##symbol),
#include "core/schema/object_kind.def"
#undef MR_OBJECT_KIND
    MR_OBJECTS_ALL = (1 << (6 + MR_OBJECT_KINDS)) - 1
};

/* Of many servers as one source nobody has made one object: what their rows are read by is compared. */
#define MR_OBJECTS_OF_SHARDS ((unsigned)(MR_OBJECTS_TABLE | MR_OBJECTS_COLUMN | MR_OBJECTS_CHARSET))

/* "foreign key", "auto_increment", as in the contract. */
const char *mr_objects_kind_name(enum mr_objects_kind kind);
/* "table,foreign_key", "all" or "none" (--objects): MR_E_USAGE names an unknown kind.
 */
enum mr_code mr_objects_parse_kinds(const char *list, unsigned *kinds, struct mr_err *err);

struct mr_object_diff {
    enum mr_objects_kind kind;
    const char *table;           /* "db.t" in SOURCE's names for the first seven, else NULL */
    const char *name;            /* of the thing itself; of an attribute "t" or "t.column" */
    const char *source, *target; /* what each side says; NULL: it has none */
    bool constraint;             /* a CHECK, whose kind is that of what it is of */
    bool hidden; /* on both sides, but one side's account may not see its definition:
                    they cannot be compared.  A text that is hidden is NULL. */
    /* Where the thing is, or would be, for a probe: */
    const char *source_db, *target_db;
    const char *table_name; /* NULL where `table` is */
};

/* Not MR_OK ends the comparison with it. */
typedef enum mr_code mr_objects_fn(void *ctx, const struct mr_object_diff *diff,
                                   struct mr_err *err);
/* Is the table meant?  Names are SOURCE's.  Asked for views, sequences, routines and
 * events too, with their own names. */
typedef bool mr_objects_filter_fn(void *ctx, const char *db, const char *table);

struct mr_objects_pair {
    const char *source_db, *target_db;
};

struct mr_objects_opts {
    const struct mr_objects_pair *pairs;
    size_t npairs;
    unsigned kinds;               /* bits of enum mr_objects_kind */
    mr_objects_filter_fn *filter; /* NULL: everything */
    void *filter_ctx;
    mr_objects_fn *fn;
    void *fn_ctx;
};

/* All kinds but auto_increment, which is no matter of catalogues. */
enum mr_code mr_objects_compare(const struct mr_catalogue *source,
                                const struct mr_catalogue *target,
                                const struct mr_objects_opts *opts, struct mr_err *err);

/* The same for what belongs to one table that both sides have (a table read anew). */
enum mr_code mr_objects_compare_table(const struct mr_catalogue *source,
                                      const struct mr_table *source_table,
                                      const struct mr_catalogue *target,
                                      const struct mr_table *target_table,
                                      const struct mr_objects_opts *opts, struct mr_err *err);

/*
 * AUTO_INCREMENT of one table on both sides: first the greatest keys, then the next values.
 * Only where the counter leads an index on both sides (else its greatest value is a full
 * scan, and the counter is per group).
 */
struct mr_objects_counter {
    struct mr_reader *reader;
    const struct mr_table *table;
    uint64_t greatest, next; /* out */
};
bool mr_objects_has_counter(const struct mr_objects_counter *source,
                            const struct mr_objects_counter *target);
enum mr_code mr_objects_counter_keys(struct mr_objects_counter *source,
                                     struct mr_objects_counter *target, struct mr_err *err);
enum mr_code mr_objects_counter_next(struct mr_objects_counter *source,
                                     struct mr_objects_counter *target, struct mr_err *err);
/* SHOW CREATE TABLE prints no counter that stands at 1, and a snapshot keeps none: 0 is 1. */
void mr_objects_counter_begin_at_one(struct mr_objects_counter *counter);
/* Would the next insert of a side meet a key?  Its own greatest; not alone: the other's, too
 * (of two servers that replicate, a lag or ids that were rolled back make that). */
bool mr_objects_counter_is_low(const struct mr_objects_counter *source,
                               const struct mr_objects_counter *target, bool alone);
/*
 * The same of a column whose DEFAULT draws from a sequence, on both sides, and leads an index
 * there.  Of a snapshot no greatest key is known (0).  *side: of which the value could not be
 * read, if that fails.
 */
struct mr_objects_drawn {
    struct mr_objects_counter counter;
    const struct mr_column *column;
    const char *db, *name; /* of the sequence */
    bool one_way;          /* goes up and does not begin anew: the others are not judged */
};
/* Does the source's column with that index draw so?  Fills in all but the counters' numbers;
 * names live in arena. */
bool mr_objects_draws(struct mr_objects_drawn drawn[MR_SIDES], size_t column,
                      struct mr_arena *arena);
enum mr_code mr_objects_drawn_read(struct mr_objects_drawn drawn[MR_SIDES], enum mr_side *side,
                                   struct mr_err *err);
/* Appends "next 3010, greatest 3013". */
void mr_objects_counter_text(const struct mr_objects_counter *counter, struct mr_strbuf *out);

#endif
