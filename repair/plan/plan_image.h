/*
 * plan_image: how the rows of a planned table are read on one server alone, so that a
 * row's bytes are those that the planner saw.
 *
 * The planner reads pairs: how a column is read depends on its twin on the other server
 * (pair_columns.c).  plan.json keeps the outcome as a READING, a short text per column:
 *
 *   CLASS[/CHARSET][ as WAY][ normal][ generated]
 *
 *   int uint float double decimal text enum binary geometry json date datetime time
 *   /latin1          charset of the bytes
 *   as utf8|text|binary   converted to utf8mb4, turned into text, cast to bytes
 *   normal           JSON that a server may spell in its own way (json_norm.h)
 *   generated        the server computes it: no part of what a plan promises
 *
 * DIGEST.  A row is known again by XXH3-128 over the encodings (row.h) of its columns in
 * the order of the plan table, where JSON that is `normal` stands in its normal form, and
 * NULL in place of a `generated` value.  So a row that was copied has the digest that the
 * plan foretold, whatever spelling of JSON the two servers have and whatever ids went
 * into a generated column.
 *
 * Calling sequence: the planner writes readings, makes a digester of them, and digests the
 * images of the store.  Who has only the plan opens an image, reads rows with
 * .full[MR_TARGET] (rowset.h), and digests them with a digester of the same
 * readings.
 *
 * Ownership: what is opened lives in the arena that is handed in, and refers to the
 * catalogue.  Threads: a digester belongs to one.  Errors: see each function; MR_E_NOMEM.
 */
#ifndef MR_PLAN_IMAGE_H
#define MR_PLAN_IMAGE_H

#include "repair/plan/plan_tables.h"

/* Appends the reading of a column on TARGET. */
void mr_plan_image_reading(const struct mr_plan_table *table, size_t column, struct mr_strbuf *out);

/* Does the server compute the column?  reading: as appended above; or NULL. */
bool mr_plan_reading_is_generated(const char *reading);

/* ---- digests ---- */

struct mr_plan_digester {
    bool *normal, *generated; /* per column */
    size_t ncolumns;
    bool plain; /* no column is either */
    struct mr_strbuf row, json;
};

/* MR_E_REFUSED for a reading that no planner wrote. */
enum mr_code mr_plan_digester_init(struct mr_plan_digester *digester, const char *const *readings,
                                   size_t ncolumns, struct mr_arena *arena, struct mr_err *err);
/* While it is planned: of a table itself. */
enum mr_code mr_plan_digester_of(struct mr_plan_digester *digester,
                                 const struct mr_plan_table *table, struct mr_arena *arena,
                                 struct mr_err *err);
void mr_plan_digester_release(struct mr_plan_digester *digester);
/* image: of a read row, or of the store; values behind the columns are not looked at.
 * MR_E_CASE for bytes that no encoder wrote. */
enum mr_code mr_plan_digester_row(struct mr_plan_digester *digester, struct mr_key image,
                                  struct mr_digest *digest, struct mr_err *err);
/* The same of some of its columns: NULL stands in place of those that `of` does not have, per column. */
enum mr_code mr_plan_digester_part(struct mr_plan_digester *digester, struct mr_key image,
                                   const bool *of, struct mr_digest *digest, struct mr_err *err);
/* Digest of the values of some columns, as they are. */
enum mr_code mr_plan_digester_values(struct mr_plan_digester *digester, struct mr_key image,
                                     const size_t *columns, size_t count, struct mr_digest *digest,
                                     struct mr_err *err);

/* ---- reading without the other server ---- */

struct mr_plan_image_column {
    const char *name, *reading;
};

struct mr_plan_image_task {
    enum mr_side side;      /* whose table is opened */
    const char *name;       /* "db.t", SOURCE's names */
    const char *db, *table; /* on that side */
    const struct mr_plan_image_column *columns;
    size_t ncolumns;
    struct mr_plan_columns key, identity; /* count 0: none */
};

/* Fills of pair what reading, canonising and showing rows of that side needs: find, side,
 * full, ncompared, normalise, key_columns, identity.  On SOURCE a column may be of another
 * type than the reading says, as long as equal values encode alike.
 * MR_E_NO_SUCH: the table is gone; MR_E_CHANGED: a column is, or it cannot be read as it
 * was; MR_E_REFUSED: no planner wrote this. */
enum mr_code mr_plan_image_open(const struct mr_catalogue *catalogue,
                                const struct mr_plan_image_task *task, struct mr_arena *arena,
                                struct mr_pair **out, struct mr_err *err);

#endif
