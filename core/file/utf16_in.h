/*
 * utf16_in: is a stream of bytes UTF-16, and its characters as UTF-8, as the bytes come.
 *
 *   {0} → mr_utf16_in_take each byte … → mr_utf16_in_is_whole
 *
 * A byte order mark, FF FE or FE FF, tells; without one all bytes come out as they are.
 * Errors: false for a surrogate without its other half.  Threads: no state of its own.
 */
#ifndef MR_UTF16_IN_H
#define MR_UTF16_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MR_UTF16_OUT 4 /* bytes that one byte may bring forth, at most */

enum mr_utf16_state {
    MR_UTF16_NEW = 0,
    MR_UTF16_HALF_MARK,
    MR_UTF16_NONE,
    MR_UTF16_LITTLE,
    MR_UTF16_BIG
};

struct mr_utf16_in {
    enum mr_utf16_state state;
    bool has_byte;      /* the first of a unit */
    unsigned char byte; /* that one, or the first of what may be a mark */
    uint32_t high;      /* surrogate that waits for its other half; 0: none */
};

/* *n bytes come out; false: it is no UTF-16. */
bool mr_utf16_in_take(struct mr_utf16_in *in, unsigned char byte, char out[MR_UTF16_OUT],
                      size_t *n);
/* The stream has ended: has each character?  A byte that was held as half a mark comes out. */
bool mr_utf16_in_is_whole(struct mr_utf16_in *in, char out[MR_UTF16_OUT], size_t *n);

#endif
