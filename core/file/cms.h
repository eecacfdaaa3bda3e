/*
 * cms: a stream of bytes into one CMS message that only its recipients can open
 * (RFC 5083 AuthEnvelopedData, AES-256-GCM; the key by RSA-OAEP with SHA-256, or by ECDH
 * with SHA-256).
 *
 *   mr_cms_new → mr_cms_write … → mr_cms_finish → mr_cms_free
 *   openssl cms -decrypt -inform DER -inkey key.pem -in FILE
 *
 * and back, of a whole message in memory:
 *
 *   mr_cms_key_load → mr_cms_open … → mr_cms_key_free
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

#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/file/recipient.h"
#include "core/file/sink.h"

struct mr_cms;

enum mr_code mr_cms_new(const struct mr_recipient *recipient, struct mr_sink sink,
                        struct mr_cms **out, struct mr_err *err);
/* The same for several, each of whom can open it alone; the array is the caller's, and must
 * outlive it. */
enum mr_code mr_cms_new_for(const struct mr_recipient *const *recipients, size_t count,
                            struct mr_sink sink, struct mr_cms **out, struct mr_err *err);
enum mr_code mr_cms_write(struct mr_cms *cms, const void *ptr, size_t len, struct mr_err *err);
/* The rest of the message, with its tag.  Once; nothing may be written after it. */
enum mr_code mr_cms_finish(struct mr_cms *cms, struct mr_err *err);
void mr_cms_free(struct mr_cms *cms); /* NULL is fine */

/* Do these first bytes of a file begin a message of this kind?  64 are enough. */
bool mr_cms_is_message(const void *ptr, size_t len);

/*
 * A private key, from a PEM file; one that is encrypted asks for its passphrase on a
 * terminal.  It may be used by several threads at once.
 */
struct mr_cms_key;
enum mr_code mr_cms_key_load(const char *path, struct mr_cms_key **out, struct mr_err *err);
void mr_cms_key_free(struct mr_cms_key *key); /* NULL is fine */
/*
 * Appends the content of a message to out; the message itself is released as soon as it is
 * parsed.  About five times its size is held at the worst (measured with OpenSSL 3.0), most
 * of it by the library.  MR_E_CERT for another
 * key, and for a message that was changed: the two cannot be told apart, and out is left as
 * it was.  MR_E_IO for what is no message of this kind.  Since older libraries accept
 * messages that nobody authenticated, prove first where the bytes come from.
 */
enum mr_code mr_cms_open(const struct mr_cms_key *key, struct mr_strbuf *message,
                         struct mr_strbuf *out, struct mr_err *err);

#endif
