/*
 * script_shape: is a statement of a script one that `repair plan` writes?
 *
 * Who can edit a plan can renew its digests.  So what `repair apply`, `undo` and `rehearse` send
 * is judged by its shape: a few beginnings for each section of a unit; behind them queries and
 * expressions of a closed set of words, with the functions that script_words.h lists; staged
 * tables (myrecon_…) of the plan's database; of all other tables only those that plan.json names,
 * written to in section "-- write" alone, and only where plan.json has rows to write there.  No
 * sub-select from elsewhere, no variable but the script's own, no INTO behind a SELECT, no
 * comment but "-- ", no command of the stock client.
 *
 * Whether the server has these functions, or stored ones in their place, native.h asks.
 *
 * It does not judge what a statement of that shape does to those tables: plan.json shows them, and
 * a signature (approval.h) tells who wrote the plan.
 *
 * A statement is scanned as the server does under the script's own sql_mode and utf8mb4
 * (sqlscan.h): what is not UTF-8, or has a NUL byte, is no statement of ours.
 *
 * Ownership: a shape lives in the arena, and points into the manifest.  Threads: it belongs to one
 * (script_memo.h).
 */
#ifndef MR_SCRIPT_SHAPE_H
#define MR_SCRIPT_SHAPE_H

#include "repair/plan/manifest.h"
#include "repair/script/script_read.h"
#include "repair/script/script_words.h"

struct mr_script_shape;

/* What the plan lets its scripts name.  It lives in arena; the manifest must outlive it.  calls,
 * here and below: where functions are noted that are called, as long as the shape is used; or
 * NULL. */
enum mr_code mr_script_shape_new(const struct mr_manifest *manifest, struct mr_script_calls *calls,
                                 struct mr_arena *arena, struct mr_script_shape **out,
                                 struct mr_err *err);

/* A judge for mr_script_read_judged(); shape: a struct mr_script_shape. */
bool mr_script_shape_fits(const void *shape, const struct mr_script_read_item *item,
                          struct mr_script_read_fault *fault);

/* One expression without sub-selects: a reference's condition, what an index is made of. */
bool mr_script_shape_is_expression(const char *text, struct mr_script_read_fault *fault);
/* MR_E_REFUSED names the table whose reference has a condition that is none; path: the plan. */
enum mr_code mr_script_shape_conditions(const struct mr_manifest *manifest, const char *path,
                                        struct mr_script_calls *calls, struct mr_err *err);

/* The script at path is one of that plan, to its last statement; else MR_E_REFUSED.  It may have many
 * gigabytes: a signal ends it, in whichever thread it is read. */
enum mr_code mr_script_shape_check(const struct mr_manifest *manifest, const char *path,
                                   struct mr_script_calls *calls, struct mr_err *err);

#endif
