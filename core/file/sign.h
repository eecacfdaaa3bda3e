/*
 * sign: detached signatures, and the keys they are made and checked with.
 *
 *   mr_sign_bytes(KEY.pem, text) → signature        the one who approves
 *   mr_sign_check(CERT.pem, text, signature)        the one who relies on it
 *
 * RSA keys sign with PSS and SHA-256 (salt of 32 bytes), EC keys with ECDSA and SHA-256,
 * Ed25519 and Ed448 keys as they do.  A key is known by the first 16 hex digits of the
 * SHA-256 of its public half (SubjectPublicKeyInfo, DER), which a certificate of it has in
 * common with it.
 *
 * A private key that is encrypted asks for its passphrase on a terminal.  Refused
 * (MR_E_CERT), each with its message: a file without a key or certificate, a key of less
 * than 112 bits of security, a certificate that has expired or is not valid yet, or whose
 * key usage does not allow signatures.  Who issued the certificate is not checked: whoever
 * asks for a signature names it.
 *
 * Errors: MR_E_REFUSED for a signature that does not fit, MR_E_IO, MR_E_CERT.  Threads: no
 * state.
 */
#ifndef MR_SIGN_H
#define MR_SIGN_H

#include "core/base/strbuf.h"

#define MR_SIGN_ID 17 /* with the NUL */

enum mr_code mr_sign_bytes(const char *key_path, const void *ptr, size_t len,
                           struct mr_strbuf *signature, char id[MR_SIGN_ID], struct mr_err *err);
/* By which the signature of this certificate's key is known. */
enum mr_code mr_sign_id(const char *cert_path, char id[MR_SIGN_ID], struct mr_err *err);

/* A key that is asked for once and used later.  Its public half is SubjectPublicKeyInfo,
 * DER. */
struct mr_sign_key;
enum mr_code mr_sign_key_load(const char *path, struct mr_sign_key **out, struct mr_err *err);
void mr_sign_key_free(struct mr_sign_key *key); /* NULL is fine */
enum mr_code mr_sign_key_public(const struct mr_sign_key *key, struct mr_strbuf *der,
                                struct mr_err *err);
enum mr_code mr_sign_key_id(const struct mr_sign_key *key, char id[MR_SIGN_ID], struct mr_err *err);
enum mr_code mr_sign_key_bytes(const struct mr_sign_key *key, const void *ptr, size_t len,
                               struct mr_strbuf *signature, struct mr_err *err);

/* By a public key that stands beside the signature: proves that neither text nor signature
 * was changed, not whose key it is. */
enum mr_code mr_sign_check_public(const struct mr_strbuf *der, const void *ptr, size_t len,
                                  const struct mr_strbuf *signature, struct mr_err *err);
/* How stock openssl is to be asked about a signature of this public key. */
enum mr_sign_way { MR_SIGN_BY_DIGEST, MR_SIGN_BY_DIGEST_PSS, MR_SIGN_RAW };
enum mr_sign_way mr_sign_way(const void *der, size_t len);
/* The public key of a certificate, whatever its dates: what it signed outlives it. */
enum mr_code mr_sign_public_of(const char *cert_path, struct mr_strbuf *der, struct mr_err *err);
enum mr_code mr_sign_check(const char *cert_path, const void *ptr, size_t len,
                           const struct mr_strbuf *signature, struct mr_err *err);

#endif
