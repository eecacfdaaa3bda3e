/* test_approval.c: that somebody has agreed to a plan, and to no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "certificates.h"
#include "core/file/io.h"
#include "place.h"
#include "repair/plan/approval.h"

static const char text[] = "{\"a plan\": 1}";

/* A plan that was opened in the working directory. */
static void begin(struct mr_plan_dir *plan)
{
    *plan = (struct mr_plan_dir){.path = ".", .arena = MR_ARENA_INIT};
    assert_int_equal(mr_io_write_file("plan.json", 0600, text, sizeof text - 1, NULL), MR_OK);
    assert_int_equal(mr_sha256_bytes(text, sizeof text - 1, plan->sha256, NULL), MR_OK);
}

static void keys(const char *stem)
{
    EVP_PKEY *key = make_key("ED25519", 0, NULL);
    make_certificate(stem, key, -DAY, DAY, NULL);
    EVP_PKEY_free(key);
}

static void test_names(void **state)
{
    char name[MR_APPROVAL_NAME], id[MR_SIGN_ID];
    (void)state;
    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    mr_approval_name(id, name);
    assert_int_equal(strlen(name), strlen("approval-.sig") + strlen(id)); /* all of it */
    assert_memory_equal(name, "approval-a", 10);
    assert_string_equal(name + strlen(name) - 4, ".sig");
}

/* Only files that are named as approvals are, by an ID of the length of one. */
static void test_list(void **state)
{
    static const char *const none[] = {"approval-.sig", "approval-xyz.sig", "approval", "plan.json",
                                       "approval-0123456789abcdef.sig.old"};
    struct mr_plan_dir plan;
    struct mr_vec ids = MR_VEC_INIT(const char *);
    char name[MR_APPROVAL_NAME], id[MR_SIGN_ID];
    (void)state;
    begin(&plan);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(mr_io_write_file(none[i], 0600, "x", 1, NULL), MR_OK);
    for (const char *c = "f0"; *c != '\0'; c++) {
        memset(id, *c, sizeof id - 1);
        id[sizeof id - 1] = '\0';
        mr_approval_name(id, name);
        assert_int_equal(mr_io_write_file(name, 0600, "x", 1, NULL), MR_OK);
    }
    memset(id, 'g', sizeof id - 1); /* no digit */
    mr_approval_name(id, name);
    assert_int_equal(mr_io_write_file(name, 0600, "x", 1, NULL), MR_OK);
    assert_int_equal(mr_approval_list(&plan, &ids, NULL), MR_OK);
    assert_int_equal(ids.count, 2);
    assert_int_equal((*(const char **)mr_vec_at(&ids, 0))[0], '0'); /* sorted */
    assert_int_equal((*(const char **)mr_vec_at(&ids, 1))[0], 'f');
    mr_vec_release(&ids);
    mr_plan_close(&plan);
}

/* By that key, of these bytes; nothing of it is to be exchanged. */
static void test_check(void **state)
{
    struct mr_plan_dir plan;
    struct mr_err err = {0};
    const char *path = NULL;
    (void)state;
    keys("lead");
    keys("other");
    begin(&plan);
    assert_int_equal(mr_approval_check(&plan, "lead.pem", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "is not approved by the key of certificate \"lead.pem\""));
    assert_int_equal(mr_approval_write(&plan, "lead.key", &path, NULL), MR_OK);
    assert_int_equal(mr_approval_check(&plan, "lead.pem", NULL), MR_OK);
    assert_int_equal(mr_approval_check(&plan, "other.pem", &err), MR_E_REFUSED);
    /* signed anew it is the same file */
    const size_t files = count_files();
    assert_int_equal(mr_approval_write(&plan, "lead.key", &path, NULL), MR_OK);
    assert_int_equal(count_files(), files);
    /* what the key has signed is of this plan alone */
    assert_int_equal(mr_io_write_file(path, 0600, "no signature", 12, NULL), MR_OK);
    assert_int_not_equal(mr_approval_check(&plan, "lead.pem", &err), MR_OK);
    mr_plan_close(&plan);
}

/* A plan that was exchanged since it was opened is neither approved nor has it approval. */
static void test_exchanged(void **state)
{
    struct mr_plan_dir plan;
    struct mr_err err = {0};
    const char *path = NULL;
    (void)state;
    keys("lead");
    begin(&plan);
    assert_int_equal(mr_approval_write(&plan, "lead.key", &path, NULL), MR_OK);
    assert_int_equal(mr_io_write_file("plan.json", 0600, "{}", 2, NULL), MR_OK);
    assert_int_equal(mr_approval_check(&plan, "lead.pem", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "was changed while it was read"));
    const size_t files = count_files();
    path = NULL;
    assert_int_equal(mr_approval_write(&plan, "lead.key", &path, &err), MR_E_REFUSED);
    assert_null(path);
    assert_int_equal(count_files(), files);
    assert_int_equal(mr_sha256_bytes("{}", 2, plan.sha256, NULL), MR_OK); /* opened anew */
    assert_int_equal(mr_approval_check(&plan, "lead.pem", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "has an approval that is not of this plan"));
    mr_plan_close(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_list, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_check, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_exchanged, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
