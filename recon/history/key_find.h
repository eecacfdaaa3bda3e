/*
 * key_find: the rows of a case that somebody means: by a key as outputs print it ("3001"; the values of
 * a composite one joined by commas), or by the identity of a person as `affected` prints it.
 *
 * Keys that nothing is known of are not found: rows that are equal and that no own transaction has
 * changed are not kept.
 *
 * Ownership: keys live in the arena.  Errors: MR_E_CASE, MR_E_NOMEM, MR_E_CANCELLED.  Threads: one.
 */
#ifndef MR_KEY_FIND_H
#define MR_KEY_FIND_H

#include "core/case/evidence.h"

/* Of the run's table.  Integers and texts are looked up, other keys are walked through. */
enum mr_code mr_key_find(struct mr_findings *fd, const struct mr_find_table *table,
                         const char *text, struct mr_arena *arena, struct mr_key *key, bool *found,
                         struct mr_err *err);

/* Appends a key as it can be typed: the values of a composite one joined by commas. */
enum mr_code mr_key_spell(struct mr_key key, const struct mr_find_table *table,
                          struct mr_strbuf *out, struct mr_err *err);

/* A row: its table is one of those given. */
struct mr_found_key {
    const struct mr_find_table *table;
    struct mr_key key;
};
/* Pushes struct mr_found_key, each once: rows of subject tables of that identity, on either side, now or
 * as the logs have them; behind them the findings that lead to these (references).  The run's tables;
 * at most `limit`, and *more whether there are others. */
enum mr_code mr_key_find_person(struct mr_findings *fd, const struct mr_find_table *tables,
                                size_t ntables, const char *identity, size_t limit,
                                struct mr_arena *arena, struct mr_vec *found, bool *more,
                                struct mr_err *err);

#endif
