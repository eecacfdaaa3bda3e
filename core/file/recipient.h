/*
 * recipient: the certificate of the one who is to read encrypted output, loaded and
 * judged before anything is written.
 *
 *   mr_recipient_load → mr_cms_new(recipient, …) … → mr_recipient_free
 *
 * The file is PEM and holds exactly one certificate; private keys beside it are not
 * looked at.  Refused, each with its own message (MR_E_CERT) and hint: a file without a
 * certificate, a damaged one, more than one (nobody could say which is meant), a
 * certificate that has expired or is not valid yet, a key that is neither RSA nor EC, a
 * key of less than 112 bits of security (RSA below 2048, EC below 224), and a key usage
 * that does not allow encryption (keyEncipherment for RSA, keyAgreement for EC).  A file
 * that cannot be read is MR_E_IO.
 *
 * Who signed the certificate is not checked: the operator names it, and the file is as
 * trustworthy as the way it came.
 *
 * Threads: a loaded recipient may be used by several at once.  Limits: 1 MiB a file.
 */
#ifndef MR_RECIPIENT_H
#define MR_RECIPIENT_H

#include "core/base/strbuf.h"

struct mr_recipient;
struct x509_st;

enum mr_code mr_recipient_load(const char *path, struct mr_recipient **out, struct mr_err *err);
void mr_recipient_free(struct mr_recipient *recipient); /* NULL is fine */

/* The path that it was loaded from; lives as long as the recipient. */
const char *mr_recipient_path(const struct mr_recipient *recipient);
/* "CN=exports" and the SHA-256 of the certificate (DER), in hex. */
enum mr_code mr_recipient_describe(const struct mr_recipient *recipient, struct mr_strbuf *subject,
                                   struct mr_strbuf *sha256, struct mr_err *err);
struct x509_st *mr_recipient_x509(const struct mr_recipient *recipient);

#endif
