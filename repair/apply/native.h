/*
 * native: are the functions that a plan calls the server's own?
 *
 * A name is looked for among the server's own functions first, and then among the stored ones of
 * the database that is used.  The families do not have the same ones, and versions lose some (MD5 of
 * MySQL 9), so that a closed list of names alone lets whoever may make a function there have it
 * run by who applies a plan.
 *
 * Calling sequence: mr_script_shape_conditions, or a judged script, notes the calls; then
 * mr_native_check, a statement for each function.
 *
 * Errors: MR_E_REFUSED with the function's name; those of db.h.  Nothing is executed.
 * Threads: one.
 */
#ifndef MR_NATIVE_H
#define MR_NATIVE_H

#include "core/db/db.h"
#include "repair/script/script_words.h"

/* path: of the plan, for the message.  The session's database is the same afterwards; where
 * it had none, it is in information_schema. */
enum mr_code mr_native_check(struct mr_db *db, const struct mr_script_calls *calls,
                             const char *path, struct mr_err *err);

#endif
