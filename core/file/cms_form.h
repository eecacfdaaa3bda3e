/*
 * cms_form: is a message authenticated as ours are?
 *
 * The library takes the cipher and the length of the tag from the message.  A name of another
 * cipher makes it open, without a tag, what nobody authenticated (nothing at all, or bytes of
 * somebody's choice), and a tag of one byte is guessed once in 256 times.  So both are looked at
 * first: AES-256-GCM, 16 bytes.
 */
#ifndef MR_CMS_FORM_H
#define MR_CMS_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* A whole message (BER of RFC 5083 AuthEnvelopedData), which may be anything. */
bool mr_cms_has_our_form(const void *ptr, size_t len);

#endif
