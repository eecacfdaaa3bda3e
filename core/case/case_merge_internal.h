/* case_merge_internal: what the case_merge*.c files share; nobody else includes it. */
#ifndef MR_CASE_MERGE_INTERNAL_H
#define MR_CASE_MERGE_INTERNAL_H

#include <sys/stat.h>

#include "core/case/case_merge.h"
#include "core/case/lineage.h"
#include "core/case/seen_tables.h"
#include "core/db/log_place.h"

/* A table of the pair. */
struct mr_case_merged_table {
    const char *name;
    struct mr_find_table find; /* as the first part tells of it, with sums; id: in the new case */
    bool is_known;             /* find has its columns */
    bool is_own;               /* base reads something of it, too */
    bool is_made;              /* and made what it was */
    struct mr_find_made made[2];
    bool is_shown; /* what it was when another part than its own compared the objects: */
    struct mr_find_made shown[2];
    size_t nranges, nparts; /* that its scopes have */
    size_t unseen;          /* parts whose case does not have it */
    const char *unseen_by;  /* the first of these */
    const char *reason;     /* it is not-checked; NULL: not so far */
    bool is_unread;         /* because some part was not read; those that were agree unless it is */
    bool is_refuted;        /* by one that was */
};

/* What is kept of a part between two looks at it. */
struct mr_case_merging_part {
    bool is_read;  /* its run has ended, and is taken over */
    bool has_kin;  /* it knows whom rows belong to */
    int64_t first; /* what is added to the ids of its findings */
    bool is_seen;  /* its file was opened before: */
    struct stat seen;
    struct mr_log_place
        *places; /* of m->nservers: where their logs stood when it began, then when it ended */
};

/* The tables that a side had when base ended, read where some part saw others. */
struct mr_case_merging_seen {
    bool is_asked;        /* the digest is known */
    const char *digest;   /* NULL: nothing is kept */
    bool is_read;         /* the tables are */
    struct mr_vec tables; /* struct mr_seen_table, by name; columns NULL: told of */
};

struct mr_case_merging {
    const struct mr_case_merge *of;
    struct mr_findings *out;
    struct mr_find_run run; /* to be written at the end */
    struct mr_arena arena;
    struct mr_vec tables; /* struct mr_case_merged_table, by name */
    struct mr_vec
        strangers; /* likewise: of which no part has rows, nor base anything; in the end among tables */
    struct mr_case_merging_seen seen[2];
    struct mr_case_merging_part *parts;
    size_t base;                   /* part that tables and servers are taken from; nparts: none */
    const char *refused;           /* parts that cannot be of one pair: why; or NULL */
    struct mr_vec references;      /* struct mr_lineage_reference, as the first part has them */
    const char **reference_tables; /* names of their tables */
    struct mr_vec reference_names; /* of all tables that this part has, case_merge_kin.c's */
    const char *other_references;  /* the first part that has others; NULL: none */
    /* of base: both sides, and behind them each server of many that are its source */
    size_t nservers;
    bool is_moved; /* some part has read one of them on another machine: said once */
    struct mr_strbuf hidden, follows; /* lines of the run */
    /* the part under way */
    struct mr_findings *part;
    size_t at;
};

/* ---- case_merge_tables.c ---- */

/* Fills m->tables from the scopes.  MR_E_REFUSED where ranges do not tile. */
enum mr_code mr_case_merge_tile(struct mr_case_merging *m, struct mr_err *err);
/* NULL: no scope has it, and base has it not. */
struct mr_case_merged_table *mr_case_merge_table_of(const struct mr_case_merging *m,
                                                    const char *name);
/* Of base, which is open: all of its tables, also those of no scope. */
enum mr_code mr_case_merge_know(struct mr_case_merging *m, struct mr_err *err);
/* Of the part under way: what it says of the tables of its scope. */
enum mr_code mr_case_merge_judge(struct mr_case_merging *m, struct mr_err *err);
/* It is not checked, for what a part that was read says of it.  The first reason is kept, as a check does; NULL: out of
 * memory. */
enum mr_code mr_case_merge_give_up(struct mr_case_merged_table *table, const char *reason,
                                   struct mr_err *err);
/* more: struct mr_case_merged_table, none of which is there. */
enum mr_code mr_case_merge_add_tables(struct mr_case_merging *m, const struct mr_vec *more,
                                      struct mr_err *err);
/* It is not checked, for want of some parts; what the others have found in it stands. */
bool mr_case_merge_is_in_part(const struct mr_case_merged_table *table);
/* The tables of the part's scope are not checked, for this reason. */
enum mr_code mr_case_merge_miss(struct mr_case_merging *m, size_t part, const char *reason,
                                struct mr_err *err);
/* No part is looked at any more: what nobody has seen is dropped, if an object tells of it, or not
 * checked.  objects: struct mr_find_object. */
enum mr_code mr_case_merge_unseen(struct mr_case_merging *m, const struct mr_vec *objects,
                                  struct mr_err *err);
enum mr_code mr_case_merge_nomem(struct mr_err *err);
/* A text in m->arena; NULL where memory is out. */
const char *mr_case_merge_say(struct mr_case_merging *m, const char *fmt, ...) MR_PRINTF(2, 3);

/* ---- case_merge_parts.c ---- */

/* Opens the case of a part, and makes its run the current one of m->part: *found false where it has
 * none of that uuid.  MR_E_IO where it is another file than when it was opened before. */
enum mr_code mr_case_merge_open(struct mr_case_merging *m, size_t part, struct mr_find_run *run,
                                bool *found, struct mr_err *err);
/* Keeps the code. */
enum mr_code mr_case_merge_close(struct mr_case_merging *m, enum mr_code code, struct mr_err *err);
/* Looks at all parts: the run, servers, tables, references. */
enum mr_code mr_case_merge_look(struct mr_case_merging *m, struct mr_err *err);
/* A line, unless it is one already. */
void mr_case_merge_add_line(struct mr_strbuf *lines, const char *line, size_t len);

/* ---- case_merge_seen.c ---- */

/* Of the part under way: which tables both sides had when it ended, beside what base saw, which is open (NULL: there
 * is none).  Those that differ are not checked. */
enum mr_code mr_case_merge_seen(struct mr_case_merging *m, struct mr_findings *base,
                                struct mr_err *err);
/* Behind the last part: tables that changed names with each other are not checked. */
enum mr_code mr_case_merge_seen_end(struct mr_case_merging *m, struct mr_err *err);

/* ---- case_merge_rows.c, case_merge_kin.c ---- */

/* Of the part under way: everything of the tables of its scope that are not given up. */
enum mr_code mr_case_merge_rows(struct mr_case_merging *m, struct mr_err *err);
/* References of the part under way: the first one's are kept, others compared with them. */
enum mr_code mr_case_merge_references(struct mr_case_merging *m, struct mr_err *err);
/* Of the part under way, once all findings are there. */
enum mr_code mr_case_merge_kin(struct mr_case_merging *m, struct mr_err *err);
/* The references, into the new case. */
enum mr_code mr_case_merge_references_save(struct mr_case_merging *m, struct mr_err *err);

#endif
