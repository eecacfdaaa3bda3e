/* test_sign.c: what one key has signed its certificate confirms, and nothing else; plans
 * that are approved so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>

#include "core/file/io.h"
#include "core/file/sign.h"
#include "repair/plan/approval.h"
#include "repair_sample.h"
#include "tests/unit/certificates.h"
#include "tests/unit/place.h"

static const char text[] = "what is\0 signed";

static void make(const char *stem, const char *type, size_t bits, const char *curve,
                 const char *usage)
{
    EVP_PKEY *key = make_key(type, bits, curve);
    make_certificate(stem, key, -DAY, DAY, usage);
    EVP_PKEY_free(key);
}

static void sign_with(const char *key, struct mr_strbuf *signature, char id[MR_SIGN_ID])
{
    struct mr_err err = {0};
    if (mr_sign_bytes(key, text, sizeof text, signature, id, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(strlen(id), MR_SIGN_ID - 1);
}

static void check(const char *cert, const char *ptr, size_t len, const struct mr_strbuf *signature,
                  enum mr_code wanted)
{
    struct mr_err err = {0};
    enum mr_code code = mr_sign_check(cert, ptr, len, signature, &err);
    if (code != wanted)
        fail_msg("%s: %d: %s", cert, (int)code, err.message);
}

static void test_keys(void **state)
{
    static const struct {
        const char *type;
        size_t bits;
        const char *curve, *usage;
    } keys[] = {{"RSA", 2048, NULL, NULL},
                {"EC", 0, "P-256", "digitalSignature"},
                {"EC", 0, "P-384", NULL},
                {"ED25519", 0, NULL, NULL}};
    (void)state;
    make("other", "EC", 0, "P-256", NULL);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct mr_strbuf signature = MR_STRBUF_INIT;
        char id[MR_SIGN_ID], of_cert[MR_SIGN_ID], other[] = "what is\0 signeD";
        struct mr_err err = {0};
        make("a", keys[i].type, keys[i].bits, keys[i].curve, keys[i].usage);
        sign_with("a.key", &signature, id);
        assert_int_equal(mr_sign_id("a.pem", of_cert, &err), MR_OK);
        assert_string_equal(id, of_cert);
        check("a.pem", text, sizeof text, &signature, MR_OK);
        check("a.pem", other, sizeof other, &signature, MR_E_REFUSED);
        check("a.pem", text, sizeof text - 1, &signature, MR_E_REFUSED);
        check("other.pem", text, sizeof text, &signature, MR_E_REFUSED);
        signature.ptr[signature.len / 2] ^= 1;
        check("a.pem", text, sizeof text, &signature, MR_E_REFUSED);
        signature.len = 0;
        check("a.pem", text, sizeof text, &signature, MR_E_REFUSED);
        mr_strbuf_release(&signature);
    }
}

static void check_public(const struct mr_strbuf *der, size_t len, const struct mr_strbuf *signature,
                         enum mr_code wanted)
{
    struct mr_err err = {0};
    enum mr_code code = mr_sign_check_public(der, text, len, signature, &err);
    if (code != wanted)
        fail_msg("%d: %s", (int)code, err.message);
}

/* A public key that stands beside its signature, and the certificate that it is of. */
static void test_public(void **state)
{
    struct mr_strbuf der = MR_STRBUF_INIT, of_cert = MR_STRBUF_INIT, signature = MR_STRBUF_INIT;
    struct mr_sign_key *signer = NULL;
    struct mr_err err = {0};
    EVP_PKEY *key = make_key("EC", 0, "P-256");
    (void)state;
    make_certificate("old", key, -2 * DAY, -DAY, NULL);
    EVP_PKEY_free(key);
    assert_int_equal(mr_sign_key_load("old.key", &signer, &err), MR_OK);
    assert_int_equal(mr_sign_key_public(signer, &der, &err), MR_OK);
    assert_int_equal(mr_sign_key_bytes(signer, text, sizeof text, &signature, &err), MR_OK);
    mr_sign_key_free(signer);
    assert_int_equal(mr_sign_public_of("old.pem", &of_cert, &err), MR_OK);
    assert_int_equal(der.len, of_cert.len);
    assert_memory_equal(der.ptr, of_cert.ptr, der.len);
    check_public(&der, sizeof text, &signature, MR_OK);
    check_public(&der, sizeof text - 1, &signature, MR_E_REFUSED);
    signature.ptr[signature.len / 2] ^= 1;
    check_public(&der, sizeof text, &signature, MR_E_REFUSED);
    der.len /= 2;
    check_public(&der, sizeof text, &signature, MR_E_REFUSED);
    mr_strbuf_reset(&der);
    assert_int_equal(mr_sign_key_load("old.pem", &signer, &err), MR_E_CERT);
    assert_non_null(strstr(err.hint, "It holds a certificate"));
    assert_int_equal(mr_sign_public_of("old.key", &der, &err), MR_E_CERT);
    assert_non_null(strstr(err.hint, "It holds a key"));
    assert_int_equal(mr_sign_public_of("absent", &der, &err), MR_E_IO);
    assert_int_equal(der.len, 0);
    mr_strbuf_release(&der);
    mr_strbuf_release(&of_cert);
    mr_strbuf_release(&signature);
}

static void test_bad_files(void **state)
{
    struct mr_strbuf signature = MR_STRBUF_INIT;
    char id[MR_SIGN_ID];
    struct mr_err err = {0};
    EVP_PKEY *key = make_key("EC", 0, "P-256");
    (void)state;
    make_certificate("old", key, -2 * DAY, -DAY, NULL);
    make_certificate("early", key, DAY, 2 * DAY, NULL);
    make_certificate("usage", key, -DAY, DAY, "keyEncipherment");
    EVP_PKEY_free(key);
    make("weak", "RSA", 1024, NULL, NULL);
    static const char *const certs[][2] = {{"old.pem", "has expired"},
                                           {"early.pem", "not valid yet"},
                                           {"usage.pem", "digitalSignature"},
                                           {"weak.pem", "too weak"},
                                           {"old.key", "could not read certificate"}};
    for (size_t i = 0; i < sizeof certs / sizeof *certs; i++) {
        assert_int_equal(mr_sign_id(certs[i][0], id, &err), MR_E_CERT);
        if (strstr(err.message, certs[i][1]) == NULL)
            fail_msg("%s", err.message);
    }
    assert_int_equal(mr_sign_id("absent.pem", id, &err), MR_E_IO);
    assert_int_equal(mr_sign_bytes("old.pem", text, 1, &signature, id, &err), MR_E_CERT);
    assert_int_equal(mr_sign_bytes("weak.key", text, 1, &signature, id, &err), MR_E_CERT);
    assert_int_equal(mr_sign_bytes("absent", text, 1, &signature, id, &err), MR_E_IO);
    mr_strbuf_release(&signature);
}

static void write_plan(const char *uuid, const char *apply_to)
{
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_strbuf json = MR_STRBUF_INIT;
    struct mr_err err = {0};
    manifest.uuid = uuid;
    manifest.apply_to = apply_to;
    assert_int_equal(mr_manifest_write(&manifest, &json, &err), MR_OK);
    assert_int_equal(mr_io_write_file("plan.json", 0600, json.ptr, json.len, &err), MR_OK);
    mr_strbuf_release(&json);
}

static void open_plan(struct mr_plan_dir *plan)
{
    struct mr_err err = {0};
    if (mr_plan_open(".", plan, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static void test_approval(void **state)
{
    struct mr_plan_dir plan;
    const char *path = NULL;
    char approval[256];
    struct mr_err err = {0};
    (void)state;
    make("lead", "EC", 0, "P-256", NULL);
    make("other", "EC", 0, "P-256", NULL);
    assert_int_equal(mkdir("plan", 0700), 0);
    assert_int_equal(chdir("plan"), 0);
    write_plan("20261120T110000Z-abcdef", "mysql://b/club");
    open_plan(&plan);
    assert_int_equal(mr_approval_check(&plan, "../lead.pem", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "is not approved"));
    assert_int_equal(mr_approval_write(&plan, "../lead.key", &path, &err), MR_OK);
    assert_non_null(strstr(path, "./approval-"));
    (void)snprintf(approval, sizeof approval, "%s", path);
    assert_int_equal(mr_approval_check(&plan, "../lead.pem", &err), MR_OK);
    assert_int_equal(mr_approval_check(&plan, "../other.pem", &err), MR_E_REFUSED);
    mr_plan_close(&plan);
    /* the approved one has come, with all of its files, in the place of one that was opened */
    write_plan("20261120T110000Z-abcdef", "mysql://c/club");
    open_plan(&plan);
    write_plan("20261120T110000Z-abcdef", "mysql://b/club");
    assert_int_equal(mr_approval_check(&plan, "../lead.pem", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "was changed while it was read"));
    mr_plan_close(&plan);
    open_plan(&plan);
    /* another plan has come in its place since it was opened */
    write_plan("20261120T110000Z-fedcba", "mysql://b/club");
    assert_int_equal(mr_approval_check(&plan, "../lead.pem", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "was changed while it was read"));
    mr_plan_close(&plan);
    open_plan(&plan); /* the approval in it is no file that must not be there */
    assert_int_equal(mr_approval_check(&plan, "../lead.pem", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "an approval that is not of this plan"));
    assert_int_equal(unlink(approval), 0);
    mr_plan_close(&plan);
    assert_int_equal(unlink("plan.json"), 0);
}

/* Signed by whoever plans: the plan is there with its signature or not at all. */
static void test_plan_is_signed(void **state)
{
    struct mr_plan_writer *writer = NULL;
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    struct mr_sign_key *key = NULL;
    struct mr_plan_dir plan;
    struct mr_vec ids = MR_VEC_INIT(const char *);
    struct mr_err err = {0};
    char id[MR_SIGN_ID], name[MR_APPROVAL_NAME];
    (void)state;
    make("lead", "EC", 0, "P-256", NULL);
    make("other", "EC", 0, "P-256", NULL);
    assert_int_equal(mr_sign_key_load("lead.key", &key, &err), MR_OK);
    assert_int_equal(mr_plan_writer_begin("signed", &writer, &err), MR_OK);
    assert_int_equal(mr_plan_writer_publish(writer, &manifest, key, &err), MR_OK);
    mr_plan_writer_free(writer);
    mr_sign_key_free(key);
    assert_int_equal(mr_plan_open("signed", &plan, &err), MR_OK);
    assert_int_equal(mr_approval_check(&plan, "lead.pem", &err), MR_OK);
    assert_int_equal(mr_approval_check(&plan, "other.pem", &err), MR_E_REFUSED);
    /* names that are none of ours do not count */
    assert_int_equal(mr_io_write_file("signed/approval-x.sig", 0600, "", 0, &err), MR_OK);
    assert_int_equal(
        mr_io_write_file("signed/approval-0123456789abcdef.sig.old", 0600, "", 0, &err), MR_OK);
    assert_int_equal(mr_approval_list(&plan, &ids, &err), MR_OK);
    assert_int_equal(mr_sign_id("lead.pem", id, &err), MR_OK);
    assert_int_equal(ids.count, 1);
    assert_string_equal(*(const char **)mr_vec_at(&ids, 0), id);
    mr_vec_release(&ids);
    mr_plan_close(&plan);
    mr_approval_name(id, name);
    assert_int_equal(chdir("signed"), 0);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(unlink("approval-x.sig"), 0);
    assert_int_equal(unlink("approval-0123456789abcdef.sig.old"), 0);
    assert_int_equal(unlink("plan.json"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_public, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_keys, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_bad_files, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_approval, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_plan_is_signed, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
