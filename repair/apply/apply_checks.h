/*
 * apply_checks: what must hold before a plan with rows is applied or undone.
 *
 * Errors: MR_E_REFUSED with what to do; those of db.h.  Nothing is changed, but for the
 * session.  Threads: one.
 */
#ifndef MR_APPLY_CHECKS_H
#define MR_APPLY_CHECKS_H

#include "repair/apply/target.h"

/* Is the plan at most that old?  0: any. */
enum mr_code mr_apply_check_age(const struct mr_manifest *manifest, unsigned max_age_s,
                                struct mr_err *err);
/* Are the planned tables as they were, column by column? */
enum mr_code mr_apply_check_columns(const struct mr_target *target,
                                    const struct mr_manifest *manifest, struct mr_err *err);
/* What a script is going to do. */
struct mr_apply_needs {
    bool undo;
    bool updates; /* it has an UPDATE (script_read.h) */
};

/* Is nothing new that acts on their rows: a trigger, unique index, CHECK, foreign key of any
 * table, another engine; is nothing gone that the writes lean on: a unique index, a foreign
 * key; and may the account see that there is no trigger?  arena: for what is read.  Foreign
 * keys of tables that are gone as a whole are not missed: pushed to dropped (dropped.h). */
enum mr_code mr_apply_check_around(const struct mr_target *target,
                                   const struct mr_manifest *manifest,
                                   const struct mr_apply_needs *needs, struct mr_arena *arena,
                                   struct mr_vec *dropped, struct mr_err *err);
/* apply_unseen.c: does no table that the account does not see refer to one of which rows go, or
 * change?  Where nobody can tell, a warning. */
enum mr_code mr_apply_check_unseen(const struct mr_target *target,
                                   const struct mr_manifest *manifest,
                                   const struct mr_apply_needs *needs, struct mr_err *err);
/* MySQL that enforces GTID consistency lets no transaction write a table without transactions,
 * or lock rows of one, beside others; a unit does. */
enum mr_code mr_apply_check_gtid(const struct mr_target *target, const struct mr_manifest *manifest,
                                 struct mr_err *err);
/* Does the script write rows of a planned table so?  UPDATE: it may. */
bool mr_apply_writes(const struct mr_planned *planned, size_t table,
                     const struct mr_apply_needs *needs, enum mr_step_op op);

/* May the account do all that the plan, or its undoing, needs?  Refused with the GRANT. */
enum mr_code mr_apply_check_rights(const struct mr_target *target,
                                   const struct mr_manifest *manifest,
                                   const struct mr_apply_needs *needs, struct mr_err *err);
/* May the session be set as mr_apply_session does?  It is left writing to the log. */
enum mr_code mr_apply_check_session(const struct mr_target *target, bool no_binlog,
                                    struct mr_err *err);
/* May a rehearsal keep units that build on others out of the binary log (MariaDB)?  Else a
 * warning with the GRANT. */
enum mr_code mr_apply_check_quiet(const struct mr_target *target, struct mr_err *err);
/* Writes row images to the binary log, or nothing: for a new session, before its first
 * unit. */
enum mr_code mr_apply_session(const struct mr_target *target, bool no_binlog, struct mr_err *err);

#endif
