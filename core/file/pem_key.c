/* pem_key.c: see pem_key.h. */
#include "core/file/pem_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "core/base/ask_secret.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/file/io.h"
#include "core/file/ssl_error.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)

/* What OpenSSL's callback knows of, and what came of it. */
struct asked {
    const char *path;
    enum mr_code code;
    struct mr_err *err;
};

/* OpenSSL's own question waits for a line at whatever signal, and what it is told by one it
 * takes for a wrong answer, and asks anew. */
static int ask_passphrase(char *buffer, int size, int writing, void *arg)
{
    struct asked *asked = arg;
    struct mr_strbuf prompt = MR_STRBUF_INIT;
    (void)writing;
    if (asked->code != MR_OK || size <= 0 || !mr_term_is_terminal(STDIN_FILENO))
        return -1;
    mr_strbuf_add_str(&prompt, "Pass phrase for ");
    mr_utf8_show_str(&prompt, asked->path);
    mr_strbuf_add_str(&prompt, ": ");
    asked->code = mr_strbuf_check(&prompt, "asking for a pass phrase", asked->err);
    if (asked->code == MR_OK)
        asked->code = mr_ask_secret(prompt.ptr, buffer, (size_t)size, asked->err);
    mr_strbuf_release(&prompt);
    return asked->code == MR_OK ? (int)strlen(buffer) : -1;
}

static enum mr_code parse(const char *path, const struct mr_strbuf *text, EVP_PKEY **out,
                          struct mr_err *err)
{
    struct asked asked = {path, MR_OK, err};
    mr_ssl_error_clear();
    BIO *bio = BIO_new_mem_buf(text->ptr, (int)text->len);
    if (bio == NULL)
        return mr_ssl_error_set(err, MR_E_NOMEM, "could not read \"%s\"", path);
    *out = PEM_read_bio_PrivateKey(bio, NULL, ask_passphrase, &asked);
    (void)BIO_free(bio);
    if (asked.code != MR_OK)
        return asked.code;
    return *out != NULL
               ? MR_OK
               : mr_ssl_error_set(err, MR_E_CERT, "could not read a private key in \"%s\"", path);
}

/* The likeliest mistake, a certificate in the place of its key, has a hint of its own. The text is
 * wiped: it is the key, and the memory may go on to anybody. */
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
