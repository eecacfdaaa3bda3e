/* recipient.c: see recipient.h. */
#include "core/file/recipient.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/io.h"
#include "core/file/ssl_error.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)
#define MIN_SECURITY_BITS 112
#define DER_SEQUENCE 0x30

#define HINT_CREATE                                                                                \
    "A new pair: openssl req -x509 -newkey rsa:3072 -nodes -subj /CN=exports -days 730 "           \
    "-keyout key.pem -out cert.pem"

struct mr_recipient {
    char *path;
    X509 *x509;
};

/* A certificate is never encrypted; without this, a crafted one asks the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer, (void)size, (void)writing, (void)arg;
    return -1;
}

static bool is_end_of_pem(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* What the file holds instead of a certificate, as far as its first bytes tell. */
static enum mr_code no_certificate(const char *path, const struct mr_strbuf *text,
                                   struct mr_err *err)
{
    static const char begin[] = "-----BEGIN ";
    enum mr_code rc = mr_err_set(err, MR_E_CERT, "file \"%s\" holds no PEM certificate", path);
    const char *label = memmem(text->ptr, text->len, begin, sizeof begin - 1);
    if (label != NULL && strncmp(label += sizeof begin - 1, "CERTIFICATE REQUEST", 19) == 0)
        mr_err_hint(err, "It holds a certificate request; give the certificate that was "
                         "made from it.");
    else if (label != NULL && memmem(label, strcspn(label, "\n"), "KEY-----", 8) != NULL)
        mr_err_hint(err, "It holds a key; give the certificate that belongs to it.");
    else if (text->len > 0 && (unsigned char)text->ptr[0] == DER_SEQUENCE)
        mr_err_hint(err, "It may be a DER file; convert it: openssl x509 -inform DER -in "
                         "FILE -out cert.pem");
    else
        mr_err_hint(err, HINT_CREATE);
    return rc;
}

/* The file holds nothing but one certificate: of several, OpenSSL would take the first, which need
 * not be the one that is meant. */
static enum mr_code parse(const char *path, const struct mr_strbuf *text, X509 **out,
                          struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    X509 *second = NULL;
    mr_ssl_error_clear();
    BIO *bio = BIO_new_mem_buf(text->ptr, (int)text->len);
    if (bio == NULL)
        return mr_ssl_error_set(err, MR_E_NOMEM, "could not read certificate \"%s\"", path);
    *out = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (*out == NULL) {
        rc = is_end_of_pem()
                 ? no_certificate(path, text, err)
                 : mr_ssl_error_set(err, MR_E_CERT, "could not read certificate \"%s\"", path);
        goto out;
    }
    second = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (second != NULL || !is_end_of_pem()) {
        rc = mr_err_set(err, MR_E_CERT, "file \"%s\" holds more than one certificate", path);
        mr_err_hint(err, "Give a file with the recipient's certificate alone.");
    }
out:
    mr_ssl_error_clear();
    X509_free(second);
    (void)BIO_free(bio);
    return rc;
}

static void format_time(const ASN1_TIME *time, char *text, size_t size)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        text[0] = '\0';
}

/* Who has an expired certificate may have lost its key: what is encrypted to it, nobody could
 * read. */
static enum mr_code check_dates(const struct mr_recipient *r, struct mr_err *err)
{
    const ASN1_TIME *from = X509_get0_notBefore(r->x509);
    const ASN1_TIME *to = X509_get0_notAfter(r->x509);
    int from_cmp = X509_cmp_current_time(from), to_cmp = X509_cmp_current_time(to);
    char text[64];
    if (from_cmp == 0 || to_cmp == 0)
        return mr_err_set(err, MR_E_CERT, "certificate \"%s\" has no readable dates", r->path);
    if (to_cmp < 0) {
        format_time(to, text, sizeof text);
        (void)mr_err_set(err, MR_E_CERT, "certificate \"%s\" expired on %s", r->path, text);
        mr_err_hint(err, "Ask the recipient for a current one.");
        return MR_E_CERT;
    }
    if (from_cmp > 0) {
        format_time(from, text, sizeof text);
        (void)mr_err_set(err, MR_E_CERT, "certificate \"%s\" is valid only from %s", r->path, text);
        mr_err_hint(err, "Check the clock of this machine.");
        return MR_E_CERT;
    }
    return MR_OK;
}

static enum mr_code check_key(const struct mr_recipient *r, struct mr_err *err)
{
    EVP_PKEY *key = X509_get0_pubkey(r->x509);
    if (key == NULL)
        return mr_ssl_error_set(err, MR_E_CERT, "could not read the key of certificate \"%s\"",
                                r->path);
    bool is_rsa = EVP_PKEY_is_a(key, "RSA"), is_ec = EVP_PKEY_is_a(key, "EC");
    const char *name = EVP_PKEY_get0_type_name(key);
    if (!is_rsa && !is_ec) {
        (void)mr_err_set(err, MR_E_CERT,
                         "certificate \"%s\" cannot be encrypted to: its key is of type "
                         "%s, neither RSA nor EC",
                         r->path, name == NULL ? "unknown" : name);
        mr_err_hint(err, HINT_CREATE);
        return MR_E_CERT;
    }
    if (EVP_PKEY_get_security_bits(key) < MIN_SECURITY_BITS) {
        (void)mr_err_set(err, MR_E_CERT, "certificate \"%s\" is too weak: its %s key has %d bits",
                         r->path, is_rsa ? "RSA" : "EC", EVP_PKEY_get_bits(key));
        mr_err_hint(err, HINT_CREATE);
        return MR_E_CERT;
    }
    uint32_t usage = X509_get_key_usage(r->x509); /* all bits where it has none */
    if ((usage & (is_rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT)) == 0) {
        const char *wanted = is_rsa ? "keyEncipherment" : "keyAgreement";
        (void)mr_err_set(err, MR_E_CERT,
                         "certificate \"%s\" is not meant for encryption: its key usage "
                         "lacks %s",
                         r->path, wanted);
        mr_err_hint(err, "Give one that is, or make one with \"-addext keyUsage=%s\".", wanted);
        return MR_E_CERT;
    }
    return MR_OK;
}

enum mr_code mr_recipient_load(const char *path, struct mr_recipient **out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code rc = MR_E_NOMEM;
    struct mr_recipient *r = calloc(1, sizeof *r);
    *out = NULL;
    if (r == NULL || (r->path = strdup(path)) == NULL) {
        rc = mr_err_nomem(err, "loading a certificate");
        goto out;
    }
    rc = mr_io_read_file(path, MAX_FILE_BYTES, &text, err);
    if (rc != MR_OK) {
        mr_err_hint(err, "Give the PEM file of the recipient's certificate.");
        goto out;
    }
    rc = parse(path, &text, &r->x509, err);
    if (rc == MR_OK)
        rc = check_dates(r, err);
    if (rc == MR_OK)
        rc = check_key(r, err);
    if (rc == MR_OK) {
        *out = r;
        r = NULL;
    }
out:
    mr_strbuf_release(&text);
    mr_recipient_free(r);
    return rc;
}

void mr_recipient_free(struct mr_recipient *recipient)
{
    if (recipient == NULL)
        return;
    X509_free(recipient->x509);
    free(recipient->path);
    free(recipient);
}

const char *mr_recipient_path(const struct mr_recipient *recipient)
{
    return recipient->path;
}

struct x509_st *mr_recipient_x509(const struct mr_recipient *recipient)
{
    return recipient->x509;
}

enum mr_code mr_recipient_describe(const struct mr_recipient *recipient, struct mr_strbuf *subject,
                                   struct mr_strbuf *sha256, struct mr_err *err)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    enum mr_code code = MR_OK;
    if (bio == NULL ||
        X509_NAME_print_ex(bio, X509_get_subject_name(recipient->x509), 0, XN_FLAG_RFC2253) < 0 ||
        X509_digest(recipient->x509, EVP_sha256(), hash, &len) != 1)
        code =
            mr_ssl_error_set(err, MR_E_CERT, "could not read certificate \"%s\"", recipient->path);
    long size = code == MR_OK ? BIO_get_mem_data(bio, &text) : 0;
    if (size > 0)
        mr_strbuf_add(subject, text, (size_t)size);
    mr_strbuf_add_hex(sha256, hash, code == MR_OK ? len : 0);
    (void)BIO_free(bio);
    return code == MR_OK ? mr_strbuf_check(subject, "reading a certificate", err) : code;
}
