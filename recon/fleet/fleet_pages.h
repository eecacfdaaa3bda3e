/*
 * fleet_pages: the directory of the pages beside a page, F.html: F.pages, with NAME.html for each.
 *
 *   mr_fleet_pages_begin → mr_fleet_pages_path, write that file … → mr_fleet_pages_publish
 *     → F.html gets its name: mr_fleet_pages_keep; or it does not: mr_fleet_pages_undo
 *     → mr_fleet_pages_close
 *
 * Pages are built in F.pages.new.partial and get their name together.  What is there is replaced with
 * force alone, and only where it holds nothing but pages; it stands aside, as F.pages.old, until
 * F.html has its name, too.  So F.html never leads to pages that are not there, and closed before the
 * publishing nothing is left, and nothing was changed.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_EXISTS for a directory that is not to be replaced;
 * those of core/file/new_dir.h.  Threads: one.
 */
#ifndef MR_FLEET_PAGES_H
#define MR_FLEET_PAGES_H

#include "core/file/new_dir.h"

struct mr_fleet_pages {
    struct mr_arena *arena;
    const char *path; /* F.pages */
    const char *old, *fresh;
    const char *link; /* from F.html to its pages, and a slash: of a URL */
    const char *back; /* from a page to F.html, of a URL */
    struct mr_new_dir dir;
    bool had_old;      /* something is at path */
    bool is_fresh;     /* the pages are at fresh, whole */
    bool is_published; /* or at path */
};

enum mr_code mr_fleet_pages_begin(struct mr_fleet_pages *pages, const char *output, bool force,
                                  struct mr_arena *arena, struct mr_err *err);
/* Where the page of that name is written, which need not be synced; NULL: memory. */
const char *mr_fleet_pages_path(const struct mr_fleet_pages *pages, const char *name,
                                struct mr_arena *arena);
enum mr_code mr_fleet_pages_publish(struct mr_fleet_pages *pages, struct mr_err *err);
/* What cannot be removed is warned of. */
void mr_fleet_pages_keep(struct mr_fleet_pages *pages);
void mr_fleet_pages_undo(struct mr_fleet_pages *pages);
void mr_fleet_pages_close(struct mr_fleet_pages *pages);

#endif
