/*
 * decide_rows: the conflicts of a plan as people may see them, one after the other: conflicts.csv with
 * columns that are masked hidden and long values cut (image_text.h).
 *
 * Both the page and the terminal show them so, and what either saves has the same fields: where one was
 * not shown whole, its keyed digest (asked.h).
 *
 *   mr_decide_rows_read: head once, then row for each conflict
 *
 * Errors: MR_E_REFUSED for a file that no planner wrote, or that cannot be shown; MR_E_IO, MR_E_NOMEM;
 * those of the callbacks.  Limits: MR_DECIDE_ROWS_MAX conflicts.  Threads: one.
 */
#ifndef MR_DECIDE_ROWS_H
#define MR_DECIDE_ROWS_H

#include "core/cli/config.h"
#include "core/file/csv_in.h"
#include "core/file/sha256.h"
#include "repair/decide/conflict.h"
#include "repair/plan/image_text.h"
#include "repair/plan/plan_dir.h"

/* A browser keeps all of them in memory. */
#define MR_DECIDE_ROWS_MAX 100000

/* Columns of the file that have to be known; the images first, as image_text.h counts them. */
enum mr_decide_column {
    MR_ASKS_SOURCE,
    MR_ASKS_TARGET,
    MR_ASKS_BASE,
    MR_ASKS_MERGED,
    MR_ASKS_TABLE,
    MR_ASKS_SOURCE_KEY,
    MR_ASKS_TARGET_KEY,
    MR_ASKS_IDENTITY,
    MR_ASKS_KIND,
    MR_ASKS_CHOICES,
    MR_ASKS_DECISION,
    MR_ASKS_DIFFERS,
    MR_ASKS_DERIVED,
    MR_ASKS_NOTE,
    MR_ASKS_SOURCE_CHANGES,
    MR_ASKS_TARGET_CHANGES,
    MR_ASKS_COLUMNS
};

/* A conflict; texts live until the callback returns. */
struct mr_decide_row {
    size_t table; /* of the plan's tables */
    enum mr_conflict kind;
    const struct mr_csv_field *fields; /* as they are shown, in the order of the file */
    const char *digests[MR_IMAGES]; /* what is saved in the image's place; NULL: the field itself */
};

struct mr_decide_rows {
    /* the caller's */
    struct mr_plan_dir *plan;
    const struct mr_config *config; /* NULL: only what the plan masks is hidden */
    bool unmask;
    enum mr_code (*head)(void *ctx, const struct mr_csv_field *names, size_t count,
                         struct mr_err *err);
    enum mr_code (*row)(void *ctx, const struct mr_decide_row *row, struct mr_err *err);
    void *ctx;
    /* known from the head on; masked in the plan's arena */
    size_t at[MR_ASKS_COLUMNS]; /* position, from 1; 0: the file has none */
    size_t width;
    struct mr_string_list *masked; /* of each planned table */
    bool masks;                    /* of any of them */
    uint64_t conflicts;            /* so far */
    /* its own */
    struct mr_strbuf shown; /* of an identity */
    struct mr_csv_field *fields;
};

/* MR_E_REFUSED where the plan asks nothing. */
enum mr_code mr_decide_rows_are(const struct mr_plan_dir *plan, struct mr_err *err);
enum mr_code mr_decide_rows_read(struct mr_decide_rows *rows, struct mr_err *err);
/* Of what the plan asks, for the mark of a decisions file. */
enum mr_code mr_decide_rows_digest(struct mr_plan_dir *plan, char digest[MR_SHA256_HEX],
                                   struct mr_err *err);
/* The column as images call it. */
const char *mr_decide_rows_name(const struct mr_planned_column *column);
/* The same of a column by TARGET's name, which is the one that keys, identities and references of a plan
 * have; a name that is none is given back. */
const char *mr_decide_rows_own(const struct mr_planned_table *table, const char *name);

#endif
