/*
 * view_order: views, and the bodies of packages, in an order in which they can be made.
 *
 * mr_view_order gives the objects of a catalogue in their order, but each view behind those
 * that its text names: CHECK OPTION and updatability ask for the view itself, not for a
 * stub of its name.  A view names another where a quoted name in its text is the other's,
 * of any database: what is taken for one too much costs nothing, and where that makes a
 * circle, the catalogue's order stays.  The bodies of packages stand behind all packages.
 *
 * Ownership: the list lives in the arena.  Threads: no state.
 */
#ifndef MR_VIEW_ORDER_H
#define MR_VIEW_ORDER_H

#include "core/base/arena.h"
#include "core/schema/schema.h"

enum mr_code mr_view_order(const struct mr_object *objects, size_t count, struct mr_arena *arena,
                           const struct mr_object ***out, struct mr_err *err);

#endif
