/*
 * certificates: keys, certificates, and the stock openssl to open what was encrypted.
 *
 *   make_key → make_certificate (STEM.pem, STEM.key in the working directory)
 *   decrypt(STEM, file, plain): what a user would run; its exit status
 */
#ifndef MR_TESTS_CERTIFICATES_H
#define MR_TESTS_CERTIFICATES_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY 86400L

/* "RSA" and its bits, "EC" and a curve, or a type that needs neither. */
static inline EVP_PKEY *make_key(const char *type, size_t bits, const char *curve)
{
    EVP_PKEY *key = bits > 0        ? EVP_PKEY_Q_keygen(NULL, NULL, type, bits)
                    : curve != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, type, curve)
                                    : EVP_PKEY_Q_keygen(NULL, NULL, type);
    if (key == NULL)
        abort();
    return key;
}

static inline FILE *open_stem(const char *stem, const char *suffix)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s%s", stem, suffix);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        abort();
    return file;
}

static inline void add_key_usage(X509 *x509, const char *usage)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
    if (extension == NULL || X509_add_ext(x509, extension, -1) != 1)
        abort();
    X509_EXTENSION_free(extension);
}

/* Self-signed; valid from and to in seconds from now; usage as "digitalSignature", or
 * NULL for a certificate without that extension. */
static inline void make_certificate(const char *stem, EVP_PKEY *key, long from_s, long to_s,
                                    const char *usage)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_NAME_new();
    const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    if (X509_set_version(x509, X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 4711) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(x509), from_s) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(x509), to_s) == NULL ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"exports", -1,
                                   -1, 0) != 1 ||
        X509_set_subject_name(x509, name) != 1 || X509_set_issuer_name(x509, name) != 1 ||
        X509_set_pubkey(x509, key) != 1)
        abort();
    if (usage != NULL)
        add_key_usage(x509, usage);
    FILE *certificate = open_stem(stem, ".pem"), *private = open_stem(stem, ".key");
    if (X509_sign(x509, key, digest) == 0 || PEM_write_X509(certificate, x509) != 1 ||
        PEM_write_PrivateKey(private, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(certificate) != 0 || fclose(private) != 0)
        abort();
    X509_NAME_free(name);
    X509_free(x509);
}

/* Its exit status; what it says goes nowhere. */
static inline int run_program(const char *const *args)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "r", stdin) == NULL || freopen("/dev/null", "w", stdout) == NULL ||
            freopen("/dev/null", "w", stderr) == NULL)
            _exit(126);
        (void)execvp(args[0], (char *const *)(uintptr_t)args);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int decrypt(const char *stem, const char *file, const char *plain)
{
    char key[256];
    (void)snprintf(key, sizeof key, "%s.key", stem);
    const char *args[] = {"openssl", "cms", "-decrypt", "-inform", "DER", "-inkey",
                          key,       "-in", file,       "-out",    plain, NULL};
    return run_program(args);
}

#endif
