/*
 * pem_key: a private key, read from a PEM file.
 *
 * One that is encrypted asks for its passphrase on a terminal, and is refused off one.  What
 * was read is wiped from memory, but for the key itself, which the caller frees with
 * EVP_PKEY_free.
 *
 * Errors: MR_E_IO for a file that cannot be read; MR_E_CERT for one without a private key;
 * MR_E_CANCELLED where a signal comes in place of the passphrase.
 * Threads: no state.  Limits: 1 MiB a file.
 */
#ifndef MR_PEM_KEY_H
#define MR_PEM_KEY_H

#include "core/base/err.h"

struct evp_pkey_st;

/* hint: what to do where there is none in the file, or NULL. */
enum mr_code mr_pem_key_load(const char *path, const char *hint, struct evp_pkey_st **out,
                             struct mr_err *err);

#endif
