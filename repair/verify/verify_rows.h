/*
 * verify_rows: proves on TARGET, from the records of a plan alone, that its rows stand as
 * decided.
 *
 * What is proved, of every line of entities.csv.zst:
 *   - the row is there under its key, and its digest is the planned one: then its identity
 *     and everything that it refers to are the planned ones, too;
 *   - a row whose digest is another one still is who it was (identity, as TARGET's
 *     collation sees it) and still refers to the same rows: the live application has
 *     edited it since;
 *   - no other row has the identity of a row that was lost history (but of mirror, which
 *     has it as often as SOURCE);
 *   - a row that was to be deleted is not there;
 *   - a row that others refer to (parent) is there, is who it was, and has the values that they
 *     refer to it by; where it is gone, who
 *     was written below it does not stand as planned, to the byte or not;
 * and of each table that new ids were handed out for: nothing but the plan's rows has one
 * of them as its key, and no reference names one that is nobody's.
 *
 * With a source, the lost history is read again: every row with a key that the plan looked at
 * is still there, and those that were restored, and stand on TARGET as planned, hold the same
 * values in all columns that the plan does not map (ids, references, generated columns).  Of
 * tables without a key it is warned that nobody looks.
 *
 * Everything is read in one consistent view a server.  Memory: a batch of rows, 16 bytes for each
 * identity that two rows of TARGET have, 24 for each planned row of a table without a key,
 * and, where something unplanned is in a block, 16 for each new id of that table.
 *
 * Calling sequence: fill the struct, mr_verify_rows, read tables, release.
 * Ownership: results live in the arena.  A finding is the caller's only until its callback
 * returns.  Errors: MR_E_LOST (the view is gone), MR_E_REFUSED (entities.csv.zst is not
 * what a planner writes), the callback's own; what cannot be read of a single table is
 * told in `unreadable`.  Threads: one.
 */
#ifndef MR_VERIFY_ROWS_H
#define MR_VERIFY_ROWS_H

#include "core/cli/progress.h"
#include "repair/apply/journal.h"
#include "repair/apply/target.h"
#include "repair/plan/plan_dir.h"

enum mr_proof {
    MR_PROOF_UNDECIDED = 0,
    MR_PROOF_STANDS,       /* as decided */
    MR_PROOF_CHANGED,      /* the same row, other values */
    MR_PROOF_MISSING,      /* nobody is there */
    MR_PROOF_SOMEONE_ELSE, /* the row under that key is another one */
    MR_PROOF_REHUNG,       /* it refers to another row than planned */
    MR_PROOF_TWICE,        /* another row has its identity, too */
    MR_PROOF_NOT_DELETED,
    MR_PROOF_UNPLANNED,      /* a row under an id that the plan keeps for its own */
    MR_PROOF_DANGLING,       /* whom it refers to is gone; or a reference to such an id */
    MR_PROOF_SOURCE_GONE,    /* the lost history has lost the row */
    MR_PROOF_SOURCE_DIFFERS, /* or holds another than was planned from */
    MR_PROOFS
};
/* "changed-since", …: as in JSON. */
const char *mr_proof_name(enum mr_proof proof);

struct mr_proof_finding {
    const struct mr_planned_table *table;
    const struct mr_pair *image; /* of the table, for showing keys */
    enum mr_proof proof;
    enum mr_decision decision; /* of the row that was looked at; 0: of none */
    bool is_parent;
    struct mr_key source_key, key; /* ptr NULL: none */
    const char *detail;            /* for people, or NULL */
};
typedef enum mr_code mr_proof_fn(void *ctx, const struct mr_proof_finding *finding,
                                 struct mr_err *err);

struct mr_verified_table {
    const struct mr_planned_table *planned;
    const char *unreadable; /* why nothing can be said of its rows, or NULL */
    uint64_t counts[MR_PROOFS];
    uint64_t parents; /* rows of the table that others refer to, and that are right */
    uint64_t open;    /* conflicts that nobody has decided */
};

struct mr_verify_rows {
    const struct mr_plan_dir *plan;
    const struct mr_target *target;
    const char *run_tag;
    const char *source; /* URI of the lost history, or NULL: it is not read */
    mr_source_open_fn *open_snapshot;
    struct mr_login_opts login;
    unsigned statement_timeout_s;
    struct mr_journal *journal;   /* the plan's: it knows of sums; or NULL */
    bool only_twice;              /* nothing is proved but that nobody is there twice */
    struct mr_progress *progress; /* or NULL; lines of the entities */
    mr_proof_fn *found;
    void *ctx;
    struct mr_arena *arena;
    struct mr_verified_table *tables; /* as many as the manifest plans */
};

enum mr_code mr_verify_rows(struct mr_verify_rows *run, struct mr_err *err);

/* Over all tables. */
uint64_t mr_verify_count(const struct mr_verify_rows *run, enum mr_proof proof);
/* 0, 1 where anything is not as planned, 4 where a table could not be read. */
int mr_verify_exit(const struct mr_verify_rows *run);

/* The key as `affected` prints keys. */
void mr_proof_key_text(struct mr_strbuf *out, const struct mr_pair *image, struct mr_key key);

#endif
