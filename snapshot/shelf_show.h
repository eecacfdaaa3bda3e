/*
 * shelf_show: the snapshots of a directory, told to people and to programs: what `snapshot list`
 * and `snapshot expire` say of each.
 *
 * Errors: MR_E_IO, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_SHELF_SHOW_H
#define MR_SHELF_SHOW_H

#include <stdio.h>

#include "core/json/jsonw.h"
#include "snapshot/shelf.h"

/* Behind its path: when and of what it was made, or what is wrong with it. */
void mr_shelf_add_text(struct mr_strbuf *out, const struct mr_shelf_item *item);
/* The members of an object that is begun. */
void mr_shelf_put(struct mr_jsonw *w, const struct mr_shelf_item *item);

/* All of them, the newest first; now_s: seconds since 1970, by which they are so old. */
enum mr_code mr_shelf_show_text(const struct mr_shelf *shelf, int64_t now_s, bool color, FILE *out,
                                struct mr_err *err);
enum mr_code mr_shelf_show_json(const struct mr_shelf *shelf, int64_t now_s, FILE *out,
                                struct mr_err *err);
bool mr_shelf_has_damage(const struct mr_shelf *shelf);

#endif
