/*
 * cms_form: is a message authenticated as ours are?
 *
 * The library takes the cipher, the length of the tag, and how the key was encrypted, from the
 * message, before anything is authenticated.  A name of another cipher makes it open, without a
 * tag, what nobody authenticated (nothing at all, or bytes of somebody's choice); a tag of one
 * byte is guessed once in 256 times; another key wrap (aes256-wrap-pad) makes OpenSSL 3.0 write
 * behind its buffer, a long nonce and parameters that are not there make others of its versions
 * crash.  So all of it is looked at first: what the library gets is AES-256-GCM with a nonce of 12
 * bytes and a tag of 16, its key by RSA-OAEP or ECDH and AES key wrap as cms.h has them.
 */
#ifndef MR_CMS_FORM_H
#define MR_CMS_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* A whole message (BER of RFC 5083 AuthEnvelopedData), which may be anything. */
bool mr_cms_has_our_form(const void *ptr, size_t len);

#endif
