/*
 * remove_tree: a directory of our own goes with all that is in it.
 *
 * Everything is reached by descriptors: a link is removed and never followed, so that nothing
 * outside of the directory goes, whoever puts one there meanwhile.  What another file system is
 * mounted on is left, and refused.  A process that is being killed may write for a moment: what
 * appears while it is removed is removed, too, for some tries.
 *
 * Errors: MR_E_IO with the path; MR_E_REFUSED for a mount point, and below
 * MR_REMOVE_DEPTH directories.  A signal does not end it.  Threads: no state.
 */
#ifndef MR_REMOVE_TREE_H
#define MR_REMOVE_TREE_H

#include "core/base/err.h"

#define MR_REMOVE_DEPTH 32

/* That it is not there is fine; what is no directory is refused (MR_E_IO). */
enum mr_code mr_remove_tree(const char *path, struct mr_err *err);

#endif
