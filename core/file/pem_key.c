/* pem_key.c: see pem_key.h. */
#include "core/file/pem_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "core/base/term.h"
#include "core/file/io.h"
#include "core/file/ssl_error.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)

static int ask_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)arg;
    return mr_term_is_terminal(STDIN_FILENO) ? PEM_def_callback(buffer, size, writing, NULL) : -1;
}

static enum mr_code parse(const char *path, const struct mr_strbuf *text, EVP_PKEY **out,
                          struct mr_err *err)
{
    mr_ssl_error_clear();
    BIO *bio = BIO_new_mem_buf(text->ptr, (int)text->len);
    if (bio == NULL)
        return mr_ssl_error_set(err, MR_E_NOMEM, "could not read \"%s\"", path);
    *out = PEM_read_bio_PrivateKey(bio, NULL, ask_passphrase, NULL);
    (void)BIO_free(bio);
    return *out != NULL
               ? MR_OK
               : mr_ssl_error_set(err, MR_E_CERT, "could not read a private key in \"%s\"", path);
}

enum mr_code mr_pem_key_load(const char *path, const char *hint, EVP_PKEY **out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    *out = NULL;
    enum mr_code code = mr_io_read_file(path, MAX_FILE_BYTES, &text, err);
    if (code == MR_OK)
        code = parse(path, &text, out, err);
    if (code == MR_E_CERT && strstr(text.ptr, "-----BEGIN CERTIFICATE-----") != NULL)
        mr_err_hint(err, "It holds a certificate; give the private key that belongs to it.");
    else if (code == MR_E_CERT && hint != NULL)
        mr_err_hint(err, "%s", hint);
    if (text.len > 0)
        OPENSSL_cleanse(text.ptr, text.len);
    mr_strbuf_release(&text);
    return code;
}
