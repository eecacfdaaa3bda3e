/*
 * suspect_names: which tables may a column's name mean?
 *
 * A name that ends in _id (or Id, or id) means the table called by what stands in front
 * of it, as it is or in its plural: member_id, memberId and memberid mean member and
 * members, category_id means categories, address_id means addresses.  A table is also
 * called by the words behind each underscore of its name: member_id means club_members,
 * too, which is a weaker hint (`by_word`).  Letter case (of ASCII) and underscores do not
 * count.
 *
 *   mr_suspect_names_add for each table → mr_suspect_names_sort →
 *   mr_suspect_names_find for each column → mr_suspect_names_release
 *
 * Ownership: names are copied.  Errors: MR_E_NOMEM.  Threads: one; finding may be shared.
 */
#ifndef MR_SUSPECT_NAMES_H
#define MR_SUSPECT_NAMES_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/base/vec.h"

struct mr_suspect_names {
    struct mr_arena arena;
    struct mr_vec forms;
};

/* A table that a name may mean. */
struct mr_suspect_hit {
    size_t table; /* as added */
    bool by_word;
};

/* No names yet. */
void mr_suspect_names_init(struct mr_suspect_names *names);
void mr_suspect_names_release(struct mr_suspect_names *names);
enum mr_code mr_suspect_names_add(struct mr_suspect_names *names, const char *table_name,
                                  size_t table, struct mr_err *err);
void mr_suspect_names_sort(struct mr_suspect_names *names);
/* Replaces what is in hits (struct mr_suspect_hit) by the tables that are meant, in the
 * order in which they were added, each once.  None is fine. */
enum mr_code mr_suspect_names_find(const struct mr_suspect_names *names, const char *column,
                                   struct mr_vec *hits, struct mr_err *err);

/* The same for a text that names a class or a table, as the type column of a polymorphic
 * reference holds it: "member", "Members", "App\\Models\\Member".  Only by whole names. */
enum mr_code mr_suspect_names_of_type(const struct mr_suspect_names *names, const char *text,
                                      struct mr_vec *hits, struct mr_err *err);

#endif
