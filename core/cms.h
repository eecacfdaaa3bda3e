/*
 * cms: a stream of bytes into one CMS message that only the recipient can open
 * (RFC 5083 AuthEnvelopedData, AES-256-GCM; the key by RSA-OAEP with SHA-256, or by ECDH
 * with SHA-256).
 *
 *   mr_cms_new → mr_cms_write … → mr_cms_finish → mr_cms_free
 *   openssl cms -decrypt -inform DER -inkey key.pem -in FILE
 *
 * What it gives: nobody without the key reads the content, and a changed or cut message
 * is refused by whoever decrypts it.  What it does not give: it says nothing about who
 * wrote the message.  Whoever has the certificate, which is public, can make another
 * one; the author is proved only by something else, a signed or separately kept hash.
 *
 * The message is whole only after finish: its last bytes are the tag over all of it.
 * Content is octets (no MIME, no line ends).  The encoding is BER of indefinite length,
 * which is what -inform DER reads.  The reader holds the whole message in memory (about
 * four times its size with openssl), so keep messages small: see outfile.h.
 *
 * Ownership: sink and recipient are the caller's and must outlive it.  Errors: the
 * sink's own; MR_E_CERT where the key cannot be encrypted to; MR_E_NOMEM; MR_E_IO with
 * OpenSSL's reason otherwise.  After an error only free may follow.  Memory: constant,
 * some 100 KiB.  Threads: one at a time per message.
 */
#ifndef MR_CMS_H
#define MR_CMS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "recipient.h"
#include "sink.h"

struct mr_cms;

enum mr_code mr_cms_new(const struct mr_recipient *recipient, struct mr_sink sink,
                        struct mr_cms **out, struct mr_err *err);
enum mr_code mr_cms_write(struct mr_cms *cms, const void *ptr, size_t len,
                          struct mr_err *err);
/* The rest of the message, with its tag.  Once; nothing may be written after it. */
enum mr_code mr_cms_finish(struct mr_cms *cms, struct mr_err *err);
void mr_cms_free(struct mr_cms *cms); /* NULL is fine */

/* Do these first bytes of a file begin a message of this kind?  64 are enough. */
bool mr_cms_is_message(const void *ptr, size_t len);

#endif
