/* test_recipient.c: which certificates may be encrypted to, and what is said of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/err.h>

#include "core/file/io.h"
#include "core/file/recipient.h"
#include "tests/unit/certificates.h"
#include "tests/unit/place.h"

static EVP_PKEY *rsa, *ec;

static int make_keys(void **state)
{
    (void)state;
    rsa = make_key("RSA", 2048, NULL);
    ec = make_key("EC", 0, "P-256");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return 0;
}

static void put(const char *path, const char *text)
{
    struct mr_err err;
    if (mr_io_write_file(path, 0600, text, strlen(text), &err) != MR_OK)
        fail_msg("%s", err.message);
}

/* One file after the other, as they are, into `to`. */
static void join(const char *first, const char *second, const char *to)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err;
    assert_int_equal(mr_io_read_file(first, 1 << 20, &text, &err), MR_OK);
    assert_int_equal(mr_io_read_file(second, 1 << 20, &text, &err), MR_OK);
    put(to, text.ptr);
    mr_strbuf_release(&text);
}

static void assert_taken(const char *path)
{
    struct mr_recipient *recipient;
    struct mr_err err;
    if (mr_recipient_load(path, &recipient, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(mr_recipient_path(recipient), path);
    assert_non_null(mr_recipient_x509(recipient));
    assert_int_equal(ERR_peek_error(), 0);
    mr_recipient_free(recipient);
}

static void assert_refused(const char *path, enum mr_code code, const char *message,
                           const char *hint)
{
    struct mr_recipient *recipient = (struct mr_recipient *)-1;
    struct mr_err err;
    assert_int_equal(mr_recipient_load(path, &recipient, &err), code);
    assert_null(recipient);
    if (strstr(err.message, message) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", message, err.message);
    if (strstr(mr_err_get_hint(&err), hint) == NULL)
        fail_msg("\"%s\" is not in the hint \"%s\"", hint, mr_err_get_hint(&err));
    assert_non_null(strstr(err.message, path));
    assert_int_equal(mr_code_exit(err.code), 3);
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_taken(void **state)
{
    (void)state;
    static const struct {
        bool is_rsa;
        const char *usage;
    } table[] = {
        {true, NULL},
        {false, NULL},
        {true, "keyEncipherment"},
        {true, "critical,digitalSignature,keyEncipherment"},
        {false, "keyAgreement"},
        {false, "digitalSignature,keyAgreement"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        make_certificate("c", table[i].is_rsa ? rsa : ec, -DAY, DAY, table[i].usage);
        assert_taken("c.pem");
    }
    join("c.key", "c.pem", "key-and-certificate.pem");
    assert_taken("key-and-certificate.pem");
    join("c.pem", "c.key", "certificate-and-key.pem");
    assert_taken("certificate-and-key.pem");
    mr_recipient_free(NULL);
}

static void test_dates(void **state)
{
    (void)state;
    make_certificate("past", ec, -3 * DAY, -60, NULL);
    assert_refused("past.pem", MR_E_CERT, "\"past.pem\" expired on 20", "current one");
    make_certificate("future", rsa, 60, 3 * DAY, NULL);
    assert_refused("future.pem", MR_E_CERT, "\"future.pem\" is valid only from 20", "clock");
    make_certificate("almost", rsa, -60, 60, NULL);
    assert_taken("almost.pem");
}

static void test_keys_that_cannot(void **state)
{
    (void)state;
    static const struct {
        const char *type, *curve, *message;
        size_t bits;
    } table[] = {
        {"ED25519", NULL, "its key is of type ED25519, neither RSA nor EC", 0},
        {"RSA-PSS", NULL, "its key is of type RSA-PSS, neither RSA nor EC", 2048},
        {"RSA", NULL, "is too weak: its RSA key has 1024 bits", 1024},
        {"EC", "P-192", "is too weak: its EC key has 192 bits", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        EVP_PKEY *key;
        if (strcmp(table[i].type, "RSA-PSS") == 0) {
            EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
            key = NULL;
            assert_int_equal(EVP_PKEY_keygen_init(context), 1);
            assert_int_equal(EVP_PKEY_generate(context, &key), 1);
            EVP_PKEY_CTX_free(context);
        } else {
            key = make_key(table[i].type, table[i].bits, table[i].curve);
        }
        make_certificate("k", key, -DAY, DAY, NULL);
        assert_refused("k.pem", MR_E_CERT, table[i].message, "openssl req -x509");
        EVP_PKEY_free(key);
    }
}

static void test_key_usage(void **state)
{
    (void)state;
    make_certificate("sign", rsa, -DAY, DAY, "digitalSignature,keyCertSign");
    assert_refused("sign.pem", MR_E_CERT, "its key usage lacks keyEncipherment",
                   "keyUsage=keyEncipherment");
    make_certificate("sign", rsa, -DAY, DAY, "keyAgreement");
    assert_refused("sign.pem", MR_E_CERT, "lacks keyEncipherment", "keyUsage");
    make_certificate("sign", ec, -DAY, DAY, "digitalSignature,keyEncipherment");
    assert_refused("sign.pem", MR_E_CERT, "its key usage lacks keyAgreement",
                   "keyUsage=keyAgreement");
}

static void test_no_certificates(void **state)
{
    (void)state;
    make_certificate("c", rsa, -DAY, DAY, NULL);
    assert_refused("absent.pem", MR_E_IO, "No such file or directory", "recipient's certificate");
    assert_refused(".", MR_E_IO, "Is a directory", "recipient's certificate");
    put("empty.pem", "");
    assert_refused("empty.pem", MR_E_CERT, "holds no PEM certificate", "openssl req");
    put("text.pem", "no certificate at all\n");
    assert_refused("text.pem", MR_E_CERT, "holds no PEM certificate", "openssl req");
    put("der.pem", "0\x82\x03\x01");
    assert_refused("der.pem", MR_E_CERT, "holds no PEM certificate", "-inform DER");
    assert_refused("c.key", MR_E_CERT, "holds no PEM certificate", "It holds a key");
    put("csr.pem", "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"
                   "-----END CERTIFICATE REQUEST-----\n");
    assert_refused("csr.pem", MR_E_CERT, "holds no PEM certificate", "request");
    put("garbage.pem", "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n"
                       "-----END CERTIFICATE-----\n");
    assert_refused("garbage.pem", MR_E_CERT, "could not read certificate", "PEM");
    put("cut.pem", "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n");
    assert_refused("cut.pem", MR_E_CERT, "could not read certificate", "PEM");
    join("c.pem", "c.pem", "two.pem");
    assert_refused("two.pem", MR_E_CERT, "holds more than one certificate", "alone");
}

/* The block says that it is encrypted: nobody is asked for a passphrase. */
static void test_encrypted_block(void **state)
{
    (void)state;
    put("asks.pem", "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
                    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                    "bm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n");
    assert_refused("asks.pem", MR_E_CERT, "could not read certificate", "PEM");
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_begin, place_end)
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_taken),     IN_PLACE(test_dates),           IN_PLACE(test_keys_that_cannot),
        IN_PLACE(test_key_usage), IN_PLACE(test_no_certificates), IN_PLACE(test_encrypted_block),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
