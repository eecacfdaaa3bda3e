/* sign.c: see sign.h. */
#include "core/file/sign.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/io.h"
#include "core/file/pem_key.h"
#include "core/file/sha256.h"
#include "core/file/ssl_error.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)
#define MIN_SECURITY_BITS 112
#define HINT_CREATE                                                                                \
    "A new pair: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "            \
    "-subj /CN=approvals -days 730 -keyout key.pem -out cert.pem"

struct mr_sign_key {
    EVP_PKEY *key;
    char *path;
};

/* A certificate is never encrypted; without this, a crafted one asks the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer, (void)size, (void)writing, (void)arg;
    return -1;
}

static enum mr_code check_strength(const char *path, const EVP_PKEY *key, struct mr_err *err)
{
    if (EVP_PKEY_get_security_bits(key) >= MIN_SECURITY_BITS)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CERT, "the key in \"%s\" is too weak to sign with", path);
    mr_err_hint(err, HINT_CREATE);
    return MR_E_CERT;
}

static enum mr_code open_pem(const char *path, struct mr_strbuf *text, BIO **bio,
                             struct mr_err *err)
{
    enum mr_code code = mr_io_read_file(path, MAX_FILE_BYTES, text, err);
    mr_ssl_error_clear();
    *bio = code == MR_OK ? BIO_new_mem_buf(text->ptr, (int)text->len) : NULL;
    if (code == MR_OK && *bio == NULL)
        code = mr_ssl_error_set(err, MR_E_NOMEM, "could not read \"%s\"", path);
    return code;
}

static enum mr_code load_key(const char *path, EVP_PKEY **key, struct mr_err *err)
{
    MR_TRY(mr_pem_key_load(path, HINT_CREATE, key, err));
    return check_strength(path, *key, err);
}

/* One that expired is refused although it was valid when the text was signed: no time stamp proves
 * when that was. */
static enum mr_code check_certificate(const char *path, X509 *x509, struct mr_err *err)
{
    int from = X509_cmp_current_time(X509_get0_notBefore(x509));
    int to = X509_cmp_current_time(X509_get0_notAfter(x509));
    if (from == 0 || to == 0)
        return mr_err_set(err, MR_E_CERT, "certificate \"%s\" has no readable dates", path);
    if (from > 0 || to < 0)
        return mr_err_set(err, MR_E_CERT, "certificate \"%s\" %s", path,
                          to < 0 ? "has expired" : "is not valid yet");
    if ((X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0)
        return mr_err_set(err, MR_E_CERT,
                          "certificate \"%s\" is not meant for signatures: its key usage "
                          "lacks digitalSignature",
                          path);
    return MR_OK;
}

static enum mr_code read_certificate(const char *path, X509 **x509, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    BIO *bio = NULL;
    *x509 = NULL;
    enum mr_code code = open_pem(path, &text, &bio, err);
    if (code == MR_OK) {
        *x509 = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (*x509 == NULL) {
            code = mr_ssl_error_set(err, MR_E_CERT, "could not read certificate \"%s\"", path);
            if (strstr(text.ptr, "PRIVATE KEY-----") != NULL)
                mr_err_hint(err, "It holds a key; give the certificate that belongs to it.");
            else
                mr_err_hint(err, HINT_CREATE);
        }
    }
    (void)BIO_free(bio);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code key_of(const char *path, X509 *x509, EVP_PKEY **key, struct mr_err *err)
{
    *key = X509_get_pubkey(x509);
    return *key != NULL ? check_strength(path, *key, err)
                        : mr_ssl_error_set(err, MR_E_CERT,
                                           "could not read the key of certificate \"%s\"", path);
}

static enum mr_code load_certificate(const char *path, EVP_PKEY **key, struct mr_err *err)
{
    X509 *x509 = NULL;
    *key = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_certificate(path, &x509, err));
    MR_TRY_OUT(check_certificate(path, x509, err));
    MR_TRY_OUT(key_of(path, x509, key, err));
out:
    X509_free(x509);
    return code;
}

/* Of the public key and not of the certificate: who gets a new certificate for a key is still the
 * one who signed. */
static enum mr_code id_of(EVP_PKEY *key, char id[MR_SIGN_ID], struct mr_err *err)
{
    unsigned char *der = NULL;
    char hex[MR_SHA256_HEX];
    int len = i2d_PUBKEY(key, &der);
    if (len <= 0)
        return mr_ssl_error_set(err, MR_E_CERT, "could not read a public key");
    enum mr_code code = mr_sha256_bytes(der, (size_t)len, hex, err);
    OPENSSL_free(der);
    if (code == MR_OK) {
        memcpy(id, hex, MR_SIGN_ID - 1);
        id[MR_SIGN_ID - 1] = '\0';
    }
    return code;
}

/* Keys of Edwards curves hash by themselves. */
static const EVP_MD *digest_of(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ? NULL : EVP_sha256();
}

static bool set_padding(EVP_PKEY *key, EVP_PKEY_CTX *ctx)
{
    return !EVP_PKEY_is_a(key, "RSA") ||
           (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool sign(EVP_PKEY *key, const void *ptr, size_t len, struct mr_strbuf *out)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = NULL;
    size_t size = 0;
    bool done = md != NULL && EVP_DigestSignInit(md, &ctx, digest_of(key), NULL, key) == 1 &&
                set_padding(key, ctx) && EVP_DigestSign(md, NULL, &size, ptr, len) == 1 &&
                mr_strbuf_reserve(out, size) &&
                EVP_DigestSign(md, (unsigned char *)out->ptr + out->len, &size, ptr, len) == 1;
    if (done) {
        out->len += size;
        out->ptr[out->len] = '\0';
    }
    EVP_MD_CTX_free(md);
    return done;
}

enum mr_code mr_sign_bytes(const char *key_path, const void *ptr, size_t len,
                           struct mr_strbuf *signature, char id[MR_SIGN_ID], struct mr_err *err)
{
    struct mr_sign_key *key = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sign_key_load(key_path, &key, err));
    MR_TRY_OUT(id_of(key->key, id, err));
    MR_TRY_OUT(mr_sign_key_bytes(key, ptr, len, signature, err));
out:
    mr_sign_key_free(key);
    return code;
}

enum mr_code mr_sign_id(const char *cert_path, char id[MR_SIGN_ID], struct mr_err *err)
{
    EVP_PKEY *key = NULL;
    enum mr_code code = load_certificate(cert_path, &key, err);
    if (code == MR_OK)
        code = id_of(key, id, err);
    EVP_PKEY_free(key);
    return code;
}

static enum mr_code add_public(EVP_PKEY *key, struct mr_strbuf *der, struct mr_err *err)
{
    unsigned char *bytes = NULL;
    int len = i2d_PUBKEY(key, &bytes);
    if (len <= 0)
        return mr_ssl_error_set(err, MR_E_CERT, "could not read a public key");
    mr_strbuf_add(der, bytes, (size_t)len);
    OPENSSL_free(bytes);
    return mr_strbuf_check(der, "reading a public key", err);
}

enum mr_code mr_sign_key_load(const char *path, struct mr_sign_key **out, struct mr_err *err)
{
    struct mr_sign_key *key = calloc(1, sizeof *key);
    *out = NULL;
    if (key == NULL || (key->path = strdup(path)) == NULL) {
        mr_sign_key_free(key);
        return mr_err_nomem(err, "reading a key");
    }
    enum mr_code code = load_key(path, &key->key, err);
    if (code == MR_OK)
        *out = key;
    else
        mr_sign_key_free(key);
    return code;
}

void mr_sign_key_free(struct mr_sign_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key);
    free(key->path);
    free(key);
}

enum mr_code mr_sign_key_public(const struct mr_sign_key *key, struct mr_strbuf *der,
                                struct mr_err *err)
{
    return add_public(key->key, der, err);
}

enum mr_code mr_sign_key_id(const struct mr_sign_key *key, char id[MR_SIGN_ID], struct mr_err *err)
{
    return id_of(key->key, id, err);
}

enum mr_code mr_sign_key_bytes(const struct mr_sign_key *key, const void *ptr, size_t len,
                               struct mr_strbuf *signature, struct mr_err *err)
{
    if (sign(key->key, ptr, len, signature))
        return MR_OK;
    return mr_ssl_error_set(err, MR_E_CERT, "could not sign with the key in \"%s\"", key->path);
}

enum mr_code mr_sign_public_of(const char *cert_path, struct mr_strbuf *der, struct mr_err *err)
{
    X509 *x509 = NULL;
    EVP_PKEY *key = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_certificate(cert_path, &x509, err));
    MR_TRY_OUT(key_of(cert_path, x509, &key, err));
    MR_TRY_OUT(add_public(key, der, err));
out:
    EVP_PKEY_free(key);
    X509_free(x509);
    return code;
}

/* *fits: is the signature of this text, by this key? */
static enum mr_code check(EVP_PKEY *key, const void *ptr, size_t len,
                          const struct mr_strbuf *signature, bool *fits, struct mr_err *err)
{
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    enum mr_code code = MR_OK;
    *fits = false;
    if (md == NULL || EVP_DigestVerifyInit(md, &ctx, digest_of(key), NULL, key) != 1 ||
        !set_padding(key, ctx))
        code = mr_ssl_error_set(err, MR_E_CERT, "could not check a signature");
    else
        *fits = EVP_DigestVerify(md, (const unsigned char *)signature->ptr, signature->len, ptr,
                                 len) == 1;
    mr_ssl_error_clear();
    EVP_MD_CTX_free(md);
    return code;
}

enum mr_code mr_sign_check_public(const struct mr_strbuf *der, const void *ptr, size_t len,
                                  const struct mr_strbuf *signature, struct mr_err *err)
{
    const unsigned char *at = (const unsigned char *)der->ptr;
    bool fits = false;
    mr_ssl_error_clear();
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der->len);
    enum mr_code code = key != NULL ? check(key, ptr, len, signature, &fits, err)
                                    : mr_ssl_error_set(err, MR_E_REFUSED, "the public key is none");
    EVP_PKEY_free(key);
    return code != MR_OK || fits
               ? code
               : mr_err_set(err, MR_E_REFUSED, "the signature is not of this text");
}

enum mr_sign_way mr_sign_way(const void *der, size_t len)
{
    const unsigned char *at = der;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);
    enum mr_sign_way way = MR_SIGN_BY_DIGEST;
    if (key != NULL && digest_of(key) == NULL)
        way = MR_SIGN_RAW;
    else if (key != NULL && EVP_PKEY_is_a(key, "RSA"))
        way = MR_SIGN_BY_DIGEST_PSS;
    EVP_PKEY_free(key);
    mr_ssl_error_clear();
    return way;
}

/* That it does not fit is an answer about the text, and not about the certificate: its own code, so
 * that the caller can tell the two apart. */
enum mr_code mr_sign_check(const char *cert_path, const void *ptr, size_t len,
                           const struct mr_strbuf *signature, struct mr_err *err)
{
    EVP_PKEY *key = NULL;
    bool fits = false;
    enum mr_code code = load_certificate(cert_path, &key, err);
    if (code == MR_OK) {
        code = check(key, ptr, len, signature, &fits, err);
        if (code != MR_OK)
            mr_err_context(err, "certificate \"%s\"", cert_path);
    }
    EVP_PKEY_free(key);
    return code != MR_OK || fits
               ? code
               : mr_err_set(err, MR_E_REFUSED,
                            "the signature is not of this text, or not by the key of "
                            "certificate \"%s\"",
                            cert_path);
}
