/*
 * gate_work: what the files that read tables share: gate_tables, gate_quick, gate_absent,
 * gate_count, gate_sequence, gate_sample, gate_rows, gate_objects.  Private to them.
 */
#ifndef MR_GATE_WORK_H
#define MR_GATE_WORK_H

#include "core/schema/schema.h"
#include "recon/gate/gate_collect.h"
#include "recon/gate/gate_seen.h"

/* A table while it is read.  table: of the slice that is read, then of work->cat. */
struct mr_gate_item {
    const struct mr_table *table;
    struct mr_table_config config;
    struct mr_gate_table *out;
    bool has_quick; /* its quick facts are there */
};

struct mr_gate_work {
    const struct mr_gate_task *task;
    struct mr_catalogue *cat;    /* NULL until all tables are read */
    struct mr_gate_facts *facts; /* the status is there already */
    struct mr_vec items;         /* struct mr_gate_item; in the end in the order of facts->tables */
    struct mr_vec parts;         /* struct mr_gate_table *, allocated: those of a slice, each */
    struct mr_arena scratch;     /* what is needed only while a table is read */
    double deadline_s;           /* by mr_clock_now_s(): the end of the budget */
    double locked_s;             /* spent waiting for locked tables */
    unsigned many_failed;        /* statements of many tables */
    bool nomem;                  /* a text could not be kept */
};

/* A copy in the arena; "" and work->nomem where there is no memory.  NULL gives "". */
const char *mr_gate_work_keep(struct mr_gate_work *work, const char *text);

/* The budget that is left, in seconds; 0 at its end. */
double mr_gate_work_left(const struct mr_gate_work *work);

/* "SELECT <body>" of a shape (mr_db_query), that the server ends after limit_s, or
 * --statement-timeout: MR_E_TIMEOUT. */
enum mr_code mr_gate_work_query(const struct mr_gate_work *work, const char *shape,
                                const char *body, double limit_s, struct mr_result **out,
                                struct mr_err *err);

/* Marks the table as not read, for that reason; fatal errors are passed on. */
enum mr_code mr_gate_work_fail(const struct mr_gate_work *work, struct mr_gate_item *item,
                               enum mr_code code, const struct mr_err *why, struct mr_err *err);

/* The AUTO_INCREMENT column; NULL: there is none, or it counts anew for each value of what
 * stands before it in the key (MyISAM, Aria). */
const struct mr_column *mr_gate_work_counter(const struct mr_table *table);

/* Is the table, or sequence, of that name among those that were asked for? */
bool mr_gate_work_selects(const struct mr_gate_task *task, const char *db, const char *name);

/* gate_quick.c: the greatest key, the newest value and its age, the counter, of a table; and of up
 * to MR_GATE_AT_ONCE tables by one statement, with the rows of small ones, but for counters.  What
 * that fails at is left to be asked by itself, so that the table that it fails for is named; only
 * what is fatal is an error. */
#define MR_GATE_AT_ONCE 32
enum mr_code mr_gate_read_quick(struct mr_gate_work *work, struct mr_gate_item *item,
                                struct mr_err *why);
enum mr_code mr_gate_read_quick_many(struct mr_gate_work *work, struct mr_gate_item *items,
                                     size_t count, struct mr_err *err);

/* Fill in what a table has of triggers; the sequence that a column of it draws from; all
 * sequences that were asked for.  What the account may not see is said to be hidden, and only
 * fatal errors end it (gate_link.h). */
enum mr_code mr_gate_read_triggers(struct mr_gate_work *work, struct mr_gate_item *item,
                                   struct mr_err *err);
enum mr_code mr_gate_read_drawn(struct mr_gate_work *work, struct mr_gate_item *item,
                                struct mr_err *err);
enum mr_code mr_gate_read_sequences(struct mr_gate_work *work, struct mr_gate_facts *facts,
                                    struct mr_err *err);

/* Tables and sequences of the baseline, and tables that the configuration names, that the
 * catalogue does not show: gone, or only hidden? */
enum mr_code mr_gate_find_absent(struct mr_gate_work *work, struct mr_gate_facts *facts,
                                 struct mr_err *err);

/* Exact counts, small tables first, while the budget lasts. */
enum mr_code mr_gate_count_rows(struct mr_gate_work *work, struct mr_err *err);
/* The configured sequence of one table. */
enum mr_code mr_gate_read_sequence(struct mr_gate_work *work, struct mr_gate_item *item,
                                   struct mr_err *err);
/* Digests of ranges, and of all rows where asked for. */
enum mr_code mr_gate_read_digests(struct mr_gate_work *work, struct mr_gate_item *item,
                                  struct mr_err *err);

/* Called by it: the newest rows, and some far back; those of `past`, where that is set.  seen: what
 * it has read of the table. */
enum mr_code mr_gate_read_rows(struct mr_gate_work *work, struct mr_gate_item *item,
                               const struct mr_gate_table *past,
                               const struct mr_gate_seen_rows *seen, struct mr_err *err);

#endif
