/*
 * exports.h: output files made and read back, for the tests of outfile.
 *
 *   keys_begin, keys_end: a group's setup and teardown; the pairs lie outside the place
 *   export_file(&opts, text, len): begin, write, commit, free; its code
 *   read_export(path, stem, &back): the contents of PATH, or of PATH.001 … one after the
 *       other; decrypted by STEM.key where stem is not NULL
 *   add_state(&text): every file of the working directory with its content, by name
 */
#ifndef MR_TESTS_EXPORTS_H
#define MR_TESTS_EXPORTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/io.h"
#include "core/file/outfile.h"
#include "tests/unit/certificates.h"

#define FILE_LIMIT ((size_t)1 << 24)

/* Stems for decrypt(), and certificates. */
static struct {
    char dir[64], rsa[80], ec[80], rsa_pem[96], ec_pem[96];
} keys;

static inline int keys_begin(void **state)
{
    (void)state;
    (void)snprintf(keys.dir, sizeof keys.dir, "/tmp/myrecon-test-keys-XXXXXX");
    if (mkdtemp(keys.dir) == NULL)
        return -1;
    (void)snprintf(keys.rsa, sizeof keys.rsa, "%s/rsa", keys.dir);
    (void)snprintf(keys.ec, sizeof keys.ec, "%s/ec", keys.dir);
    (void)snprintf(keys.rsa_pem, sizeof keys.rsa_pem, "%s.pem", keys.rsa);
    (void)snprintf(keys.ec_pem, sizeof keys.ec_pem, "%s.pem", keys.ec);
    EVP_PKEY *rsa = make_key("RSA", 3072, NULL), *ec = make_key("EC", 0, "P-256");
    make_certificate(keys.rsa, rsa, -DAY, DAY, NULL);
    make_certificate(keys.ec, ec, -DAY, DAY, NULL);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return 0;
}

static inline int keys_end(void **state)
{
    static const char *const names[] = {"rsa.pem", "rsa.key", "ec.pem", "ec.key"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", keys.dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(keys.dir);
}

static inline enum mr_code export_file(const struct mr_outfile_opts *opts, const void *ptr,
                                       size_t len, struct mr_err *err)
{
    struct mr_outfile *out;
    enum mr_code rc = mr_outfile_begin(opts, &out, err);
    if (rc != MR_OK)
        return rc;
    (void)mr_outfile_write(out, ptr, len, err);
    rc = mr_outfile_commit(out, err);
    mr_outfile_free(out);
    return rc;
}

static inline void add_file(const char *path, struct mr_strbuf *out)
{
    struct mr_err err;
    if (mr_io_read_file(path, FILE_LIMIT, out, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static inline void add_plain(const char *path, const char *stem, struct mr_strbuf *out)
{
    if (stem == NULL) {
        add_file(path, out);
        return;
    }
    if (decrypt(stem, path, "decrypted") != 0)
        fail_msg("%s cannot be decrypted", path);
    add_file("decrypted", out);
    (void)unlink("decrypted");
}

/* Returns how many files it was. */
static inline unsigned read_export(const char *path, const char *stem, struct mr_strbuf *out)
{
    char part[256];
    mr_strbuf_reset(out);
    if (access(path, F_OK) == 0) {
        add_plain(path, stem, out);
        return 1;
    }
    for (unsigned n = 1;; n++) {
        (void)snprintf(part, sizeof part, "%s.%03u", path, n);
        if (access(part, F_OK) != 0)
            return n - 1;
        add_plain(part, stem, out);
    }
}

static inline int is_no_dot(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static inline void add_state(struct mr_strbuf *state)
{
    struct dirent **entries;
    int count = scandir(".", &entries, is_no_dot, alphasort);
    for (int i = 0; i < count; i++) {
        mr_strbuf_add_fmt(state, "\n[%s] ", entries[i]->d_name);
        if (entries[i]->d_type == DT_REG)
            add_file(entries[i]->d_name, state);
        free(entries[i]);
    }
    free(entries);
}

#endif
