/* told_members.h: a world of two tables, of which logs tell (told_world.h). */
#ifndef MR_TESTS_TOLD_MEMBERS_H
#define MR_TESTS_TOLD_MEMBERS_H

#include "told_world.h"

enum { MEMBERS, ORDERS };

/* members, known by their mobiles ← orders, which go with them; `seen` is not compared. */
static inline void told_members(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! city:text? seen:int?~");
    world_table(w, "orders", "id:int# member:int? note:text?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    told_foreign_key(w, 0, MR_TARGET, "RESTRICT", "CASCADE", NULL);
    world_open_case(w);
    told_still(w);
}

#endif
