/*
 * snap_member: the members of an ENUM or SET, by number and by text.
 *
 * Texts are in the column's own character set.  Threads: plain data once it is made.
 */
#ifndef MR_SNAP_MEMBER_H
#define MR_SNAP_MEMBER_H

#include "core/base/strbuf.h"

struct mr_snap_members {
    struct mr_strbuf bytes;
    size_t *ends; /* of each member's text in bytes */
    size_t count;
    struct mr_strbuf comma; /* between the members of a SET */
    bool is_set;
};

/* type: "enum('a','b''c')".  charset: of the texts wanted; NULL: UTF-8. */
enum mr_code mr_snap_members_init(struct mr_snap_members *m, const char *type, const char *charset,
                                  struct mr_err *err);
void mr_snap_members_release(struct mr_snap_members *m);

/* Appends the text of that number; of 0, and of one that there is not, it is empty. */
void mr_snap_members_text(const struct mr_snap_members *m, uint64_t number, struct mr_strbuf *out);
/* 0 for a text that is none. */
uint64_t mr_snap_members_number(const struct mr_snap_members *m, const char *text, size_t len);

#endif
