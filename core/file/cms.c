/*
 * cms.c: see cms.h.
 *
 * BIO_new_CMS() gives a chain of BIOs: cipher → encoder → a memory BIO of ours, which is
 * emptied into the sink after each slice, so that it never holds more than one.  Such a
 * chain cannot end a message without content (the encoder's flush fails where nothing was
 * written); that one is made in one go.
 */
#include "core/file/cms.h"

#include <assert.h>
#include <limits.h>
#include <openssl/asn1t.h>
#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/cms_form.h"
#include "core/file/pem_key.h"
#include "core/file/ssl_error.h"

#define SLICE_BYTES ((size_t)64 * 1024)

struct mr_cms {
    struct mr_sink sink;
    const struct mr_recipient *one; /* of mr_cms_new */
    const struct mr_recipient *const *recipients;
    size_t count;
    CMS_ContentInfo *info;
    BIO *memory;
    BIO *chain; /* ends with memory; NULL until it is there */
    bool has_content;
    bool is_over; /* finished, or failed */
};

/* OpenSSL's own choices are PKCS#1 v1.5 and SHA-1. */
static bool set_key_transport(CMS_RecipientInfo *info, bool is_rsa)
{
    EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(info);
    if (context == NULL)
        return false;
    if (!is_rsa)
        return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) > 0;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
}

static bool add_recipient(CMS_ContentInfo *info, X509 *x509)
{
    bool is_rsa = EVP_PKEY_is_a(X509_get0_pubkey(x509), "RSA");
    CMS_RecipientInfo *recipient = CMS_add1_recipient_cert(info, x509, CMS_KEY_PARAM);
    return recipient != NULL && set_key_transport(recipient, is_rsa);
}

/* A message that is to be finished. */
static CMS_ContentInfo *new_info(const struct mr_cms *cms, unsigned flags)
{
    CMS_ContentInfo *info =
        CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), flags | CMS_PARTIAL | CMS_BINARY);
    for (size_t i = 0; info != NULL && i < cms->count; i++)
        if (!add_recipient(info, mr_recipient_x509(cms->recipients[i]))) {
            CMS_ContentInfo_free(info);
            info = NULL;
        }
    return info;
}

static enum mr_code fail_key(const struct mr_cms *cms, struct mr_err *err)
{
    if (cms->count > 1)
        return mr_ssl_error_set(err, MR_E_CERT, "could not encrypt to %zu certificates",
                                cms->count);
    return mr_ssl_error_set(err, MR_E_CERT, "could not encrypt to certificate \"%s\"",
                            mr_recipient_path(cms->recipients[0]));
}

static enum mr_code begin(struct mr_cms *cms, struct mr_cms **out, struct mr_err *err)
{
    mr_ssl_error_clear();
    cms->info = new_info(cms, CMS_STREAM);
    cms->memory = BIO_new(BIO_s_mem());
    if (cms->info != NULL && cms->memory != NULL)
        cms->chain = BIO_new_CMS(cms->memory, cms->info);
    *out = cms;
    if (cms->chain != NULL)
        return MR_OK;
    enum mr_code rc = fail_key(cms, err);
    mr_cms_free(cms);
    *out = NULL;
    return rc;
}

enum mr_code mr_cms_new_for(const struct mr_recipient *const *recipients, size_t count,
                            struct mr_sink sink, struct mr_cms **out, struct mr_err *err)
{
    struct mr_cms *cms = calloc(1, sizeof *cms);
    *out = NULL;
    if (cms == NULL)
        return mr_err_nomem(err, "encrypting");
    cms->sink = sink;
    cms->recipients = recipients;
    cms->count = count;
    return begin(cms, out, err);
}

enum mr_code mr_cms_new(const struct mr_recipient *recipient, struct mr_sink sink,
                        struct mr_cms **out, struct mr_err *err)
{
    struct mr_cms *cms = calloc(1, sizeof *cms);
    *out = NULL;
    if (cms == NULL)
        return mr_err_nomem(err, "encrypting");
    cms->sink = sink;
    cms->one = recipient;
    cms->recipients = &cms->one;
    cms->count = 1;
    return begin(cms, out, err);
}

static enum mr_code drain(struct mr_cms *cms, struct mr_err *err)
{
    char *ptr;
    long len = BIO_get_mem_data(cms->memory, &ptr);
    enum mr_code rc = MR_OK;
    if (len > 0)
        rc = cms->sink.write(cms->sink.arg, ptr, (size_t)len, err);
    (void)BIO_reset(cms->memory);
    return rc;
}

enum mr_code mr_cms_write(struct mr_cms *cms, const void *ptr, size_t len, struct mr_err *err)
{
    const char *at = ptr;
    assert(!cms->is_over);
    cms->is_over = true; /* unless it ends well */
    mr_ssl_error_clear();
    while (len > 0) {
        size_t slice = len < SLICE_BYTES ? len : SLICE_BYTES;
        int done = BIO_write(cms->chain, at, (int)slice);
        if (done <= 0)
            return mr_ssl_error_set(err, MR_E_IO, "could not encrypt");
        cms->has_content = true;
        at += done;
        len -= (size_t)done;
        enum mr_code rc = drain(cms, err);
        if (rc != MR_OK)
            return rc;
    }
    cms->is_over = false;
    return MR_OK;
}

static enum mr_code write_empty(struct mr_cms *cms, struct mr_err *err)
{
    CMS_ContentInfo *info = new_info(cms, 0);
    BIO *nothing = BIO_new(BIO_s_null());
    bool done = info != NULL && nothing != NULL &&
                CMS_final(info, nothing, NULL, CMS_BINARY) == 1 &&
                i2d_CMS_bio(cms->memory, info) == 1;
    enum mr_code rc = done ? MR_OK : fail_key(cms, err);
    (void)BIO_free(nothing);
    CMS_ContentInfo_free(info);
    return rc;
}

enum mr_code mr_cms_finish(struct mr_cms *cms, struct mr_err *err)
{
    assert(!cms->is_over);
    cms->is_over = true;
    mr_ssl_error_clear();
    enum mr_code rc = MR_OK;
    if (!cms->has_content)
        rc = write_empty(cms, err);
    else if (BIO_flush(cms->chain) <= 0)
        rc = mr_ssl_error_set(err, MR_E_IO, "could not encrypt");
    return rc == MR_OK ? drain(cms, err) : rc;
}

void mr_cms_free(struct mr_cms *cms)
{
    if (cms == NULL)
        return;
    while (cms->chain != NULL && cms->chain != cms->memory) {
        BIO *below = BIO_pop(cms->chain);
        (void)BIO_free(cms->chain);
        cms->chain = below;
    }
    CMS_ContentInfo_free(cms->info);
    (void)BIO_free(cms->memory);
    free(cms);
}

bool mr_cms_is_message(const void *ptr, size_t len)
{
    /* SEQUENCE and its length, then the OBJECT IDENTIFIER id-ct-authEnvelopedData */
    static const unsigned char object[] = {0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                           0x0d, 0x01, 0x09, 0x10, 0x01, 0x17};
    const unsigned char *bytes = ptr;
    if (len < 2 || bytes[0] != 0x30)
        return false;
    /* a length is one byte, or one that says how many follow: 0x80 is none */
    size_t at = 2 + (bytes[1] > 0x80 ? bytes[1] - (size_t)0x80 : 0);
    return at <= len && len - at >= sizeof object && memcmp(bytes + at, object, sizeof object) == 0;
}

/* ---- opening ---- */

#define HINT_KEY "Give the PEM file of the private key that belongs to one of the certificates."

struct mr_cms_key {
    EVP_PKEY *key;
    char *path;
};

enum mr_code mr_cms_key_load(const char *path, struct mr_cms_key **out, struct mr_err *err)
{
    struct mr_cms_key *key = calloc(1, sizeof *key);
    *out = NULL;
    if (key == NULL || (key->path = strdup(path)) == NULL) {
        mr_cms_key_free(key);
        return mr_err_nomem(err, "reading a key");
    }
    enum mr_code rc = mr_pem_key_load(path, HINT_KEY, &key->key, err);
    if (rc == MR_OK)
        *out = key;
    else
        mr_cms_key_free(key);
    return rc;
}

void mr_cms_key_free(struct mr_cms_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key);
    free(key->path);
    free(key);
}

static enum mr_code fail_open(const struct mr_cms_key *key, struct mr_err *err)
{
    enum mr_code rc =
        mr_ssl_error_set(err, MR_E_CERT, "could not open it with the key in \"%s\"", key->path);
    mr_err_hint(err, "Give the private key of one of the certificates that it was "
                     "encrypted to; with the right key, it was changed.");
    return rc;
}

/* As large as a content of that many bytes needs, so that it never grows and is copied. */
static BIO *new_memory(size_t size_bytes)
{
    BIO *bio = BIO_new(BIO_s_mem());
    BUF_MEM *memory = BUF_MEM_new();
    if (bio != NULL && memory != NULL && BUF_MEM_grow(memory, size_bytes) != 0) {
        memory->length = 0;
        BIO_set_mem_buf(bio, memory, BIO_CLOSE);
        return bio;
    }
    BUF_MEM_free(memory);
    (void)BIO_free(bio);
    return NULL;
}

static enum mr_code parse(struct mr_strbuf *message, CMS_ContentInfo **info, struct mr_err *err)
{
    const unsigned char *at = (const unsigned char *)message->ptr;
    const unsigned char *end = at + message->len;
    *info = NULL;
    if (message->len <= LONG_MAX && mr_cms_is_message(message->ptr, message->len) &&
        mr_cms_has_our_form(message->ptr, message->len))
        *info = d2i_CMS_ContentInfo(NULL, &at, (long)message->len);
    bool good = *info != NULL && at == end &&
                OBJ_obj2nid(CMS_get0_type(*info)) == NID_id_smime_ct_authEnvelopedData;
    mr_strbuf_release(message);
    return good ? MR_OK : mr_err_set(err, MR_E_IO, "it is no encrypted message");
}

/* What the library writes before it has checked the tag stays in memory here. */
enum mr_code mr_cms_open(const struct mr_cms_key *key, struct mr_strbuf *message,
                         struct mr_strbuf *out, struct mr_err *err)
{
    CMS_ContentInfo *info = NULL;
    BIO *plain = new_memory(message->len);
    mr_ssl_error_clear();
    enum mr_code rc = plain == NULL ? mr_err_nomem(err, "decrypting") : MR_OK;
    if (rc == MR_OK)
        rc = parse(message, &info, err);
    if (rc == MR_OK && CMS_decrypt(info, key->key, NULL, NULL, plain, CMS_BINARY) != 1)
        rc = fail_open(key, err);
    CMS_ContentInfo_free(info);
    if (rc == MR_OK) {
        char *ptr = NULL;
        long len = BIO_get_mem_data(plain, &ptr);
        if (len > 0)
            mr_strbuf_add(out, ptr, (size_t)len);
        rc = mr_strbuf_check(out, "decrypting", err);
    }
    (void)BIO_free(plain);
    mr_ssl_error_clear();
    return rc;
}
