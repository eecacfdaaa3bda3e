/*
 * type_member: the members in the type of an ENUM or SET, one after the other.
 *
 *   const char *at = mr_type_members(type);
 *   while (mr_type_next_member(&at, &text)) …
 *
 * Texts are UTF-8, as the catalogue has them.  Threads: no state.
 */
#ifndef MR_TYPE_MEMBER_H
#define MR_TYPE_MEMBER_H

#include "core/base/strbuf.h"

/* Where the members of "enum('a','b''c')" begin. */
const char *mr_type_members(const char *type);
/* Sets out to the member at *at and goes on to the next one; false: there is none, or it has
 * no end. */
bool mr_type_next_member(const char **at, struct mr_strbuf *out);

#endif
