/*
 * journal_line: a line of a plan's journal.jsonl (docs/formats/plan-v1.md): a step on a
 * counter or on a unit of a script that begins, has ended, or has failed.
 *
 * Ownership: texts belong to the JSON document.  Threads: no state.
 */
#ifndef MR_JOURNAL_LINE_H
#define MR_JOURNAL_LINE_H

#include "core/json/json_in.h"

#define MR_JOURNAL_NAME "journal.jsonl"
#define MR_JOURNAL_MAX_BYTES ((size_t)256 * 1024 * 1024)
/* More than a journal of that size can tell of; a line costs memory by its number. */
#define MR_JOURNAL_UNITS_MAX ((uint64_t)4 * 1000 * 1000)

enum mr_journal_event {
    MR_JOURNAL_TRY = 1, /* a step begins */
    MR_JOURNAL_DONE,
    MR_JOURNAL_FAILED, /* and nothing of it is left */
    MR_JOURNAL_SUMS,   /* of a unit that adds to columns: it is about to be committed */
    MR_JOURNAL_SETTLED /* it was found out what became of such a one */
};

enum mr_journal_script { MR_JOURNAL_APPLY = 1, MR_JOURNAL_UNDO };

struct mr_journal_unit {
    enum mr_journal_script script;
    uint64_t number; /* as the script has it, 1 to MR_JOURNAL_UNITS_MAX */
    /* rows, of MR_JOURNAL_DONE: changed, found as planned, left out by a guard */
    uint64_t written, there, refused;
    const char *aside;    /* of rows that the server refused the numbers in the
                          unit: "17,44"; or NULL */
    const char *left_out; /* of apply: table and key of each row that was refused, each
                             with its length in front: "4:db.t2:17"; or NULL */
    const char *found;    /* of apply: rows that stood as planned before it was first tried: table,
                             and how it was planned ("i", "u", "d") and key, each with its
                             length in front: "4:db.t4:i:17"; or NULL */
    const char *fired;    /* of apply: table, key and digest of each row that a trigger
                             wrote, each with its length in front; or NULL */
    const char *beside;   /* of apply: table and key of each row whose columns were looked at
                             when triggers had fired, and the names of those that
                             they changed, each with its length in front; or NULL */
    /* of MR_JOURNAL_SUMS: table, key, column, value before and behind it, each with its length in
     * front, for each column of each row; where the server's log ended then, NULL: not known.
     * marker: name of the savepoint by which that log tells the transaction; also of a
     * MR_JOURNAL_DONE that has committed it, and of MR_JOURNAL_SETTLED.  NULL: none */
    const char *sums, *log, *marker;
    uint64_t position;
    bool happened; /* of MR_JOURNAL_SETTLED */
    uint64_t of;   /* of undo: units of its script; or 0 */
    bool lost;     /* of MR_JOURNAL_FAILED: a connection was, so that an earlier try
                             may have been committed */
};

struct mr_journal_line {
    enum mr_journal_event event; /* 0: one that this version does not know */
    const char *at, *run;        /* UTC; "" where the line lacks them */
    struct mr_journal_unit unit; /* script 0: the line is about a counter */
    const char *table, *column;  /* TARGET's names */
    const char *how, *to;        /* of a counter, or NULL */
    const char *detail;          /* for people, or NULL */
};

/* False for a line that tells of neither: later versions may write such. */
bool mr_journal_line_get(const struct json_t *root, struct mr_journal_line *line);

/* The words in which lines tell them; of static storage. */
const char *mr_journal_event_name(enum mr_journal_event event);
const char *mr_journal_script_name(enum mr_journal_script script);

#endif
