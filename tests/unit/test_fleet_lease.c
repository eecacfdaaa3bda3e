/* test_fleet_lease.c: one process at a time is at work on a part, and the next one when it is dead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file/io.h"
#include "recon/fleet/fleet_lease.h"
#include "recon/fleet/fleet_part.h"

static char dir[64], path[128];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/test_fleet_lease.XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/0.lease", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

struct looks {
    unsigned count, most;
};

static enum mr_code look(void *ctx, bool *over, struct mr_err *err)
{
    struct looks *looks = ctx;
    (void)err;
    *over = ++looks->count > looks->most;
    return MR_OK;
}

static bool take(struct mr_fleet_lease *lease, unsigned looks, double silent_s)
{
    struct looks most = {.most = looks};
    const struct mr_fleet_wait wait = {.look = look, .ctx = &most, .silent_s = silent_s};
    struct mr_err err = {0};
    bool taken = false;
    if (mr_fleet_lease_take(lease, path, &wait, &taken, &err) != MR_OK)
        fail_msg("%s", err.message);
    return taken;
}

static void write_lease(const char *text)
{
    struct mr_err err = {0};
    assert_int_equal(mr_io_write_file(path, 0600, text, strlen(text), &err), MR_OK);
}

static void test_the_first_has_it_until_it_lets_go(void **state)
{
    (void)state;
    struct mr_fleet_lease first, second;
    assert_true(take(&first, 1, 60));
    assert_false(take(&second, 3, 60)); /* this process is alive */
    mr_fleet_lease_end(&first);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(take(&second, 1, 60));
    mr_fleet_lease_end(&second);
}

static void test_whose_process_is_gone_is_taken_over_at_once(void **state)
{
    (void)state;
    struct mr_fleet_lease lease;
    const pid_t child = fork();
    if (child == 0) {
        struct mr_fleet_lease own;
        _exit(take(&own, 1, 60) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(mr_fleet_lease_is_dead(path));
    assert_true(take(&lease, 1, 60));
    assert_false(mr_fleet_lease_is_dead(path));
    mr_fleet_lease_end(&lease);
    assert_false(mr_fleet_lease_is_dead(path));
}

/* Nothing here tells whether it lives. */
static const char elsewhere[] = "tok host-b 11111111-2222 pid:[1] 7 99 3\n";

static void test_another_machine_that_is_silent_is_taken_over(void **state)
{
    (void)state;
    struct mr_fleet_lease lease;
    write_lease(elsewhere);
    assert_false(mr_fleet_lease_is_dead(path));
    assert_false(take(&lease, 3, 60));
    assert_true(take(&lease, 100, 0.6));
    mr_fleet_lease_end(&lease);
}

static void test_what_is_none_is_waited_for_as_well(void **state)
{
    static const char *const texts[] = {"", "nonsense", "a b c d -5 x y\n", "\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mr_fleet_lease lease;
        write_lease(texts[i]);
        assert_false(take(&lease, 2, 60));
        assert_true(take(&lease, 100, 0.3));
        mr_fleet_lease_end(&lease);
    }
}

static void test_whoever_was_taken_over_is_told(void **state)
{
    (void)state;
    struct mr_fleet_lease lease;
    struct mr_err err = {0};
    assert_true(take(&lease, 1, 60));
    assert_int_equal(mr_fleet_lease_renew(&lease, &err), MR_OK);
    lease.beaten_s -= 2 * MR_FLEET_BEAT_S;
    assert_int_equal(mr_fleet_lease_renew(&lease, &err), MR_OK);
    assert_int_equal(lease.beats, 1);
    write_lease(elsewhere);
    lease.beaten_s -= 2 * MR_FLEET_BEAT_S;
    assert_int_equal(mr_fleet_lease_renew(&lease, &err), MR_E_CHANGED);
    mr_fleet_lease_end(&lease); /* and leaves the other's */
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
}

static void test_people_are_told_who(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_fleet_lease_owner(elsewhere, &out);
    assert_string_equal(out.ptr, "host host-b, process 7");
    mr_strbuf_release(&out);
}

/* Of a part's files: nothing, or a file; a link also where it leads to one. */
static void test_no_link_is_a_part_s_file(void **state)
{
    static const char *const why[] = {NULL, NULL, "is a symbolic link", "is no regular file",
                                      "is no regular file"};
    (void)state;
    for (size_t i = 0; i < sizeof why / sizeof *why; i++) {
        struct mr_err err = {0};
        if (i == 1)
            write_lease("x");
        if (i == 2)
            assert_int_equal(symlink("/etc/hostname", path), 0);
        if (i == 3)
            assert_int_equal(mkfifo(path, 0600), 0);
        if (i == 4)
            assert_int_equal(mkdir(path, 0700), 0);
        enum mr_code code = mr_fleet_part_require_plain(path, &err);
        assert_int_equal(code, why[i] == NULL ? MR_OK : MR_E_IO);
        if (why[i] != NULL &&
            (strstr(err.message, why[i]) == NULL || strstr(err.message, path) == NULL))
            fail_msg("\"%s\" is not in \"%s\"", why[i], err.message);
        assert_int_equal(i == 0 ? 0 : remove(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_has_it_until_it_lets_go),
        cmocka_unit_test(test_whose_process_is_gone_is_taken_over_at_once),
        cmocka_unit_test(test_another_machine_that_is_silent_is_taken_over),
        cmocka_unit_test(test_what_is_none_is_waited_for_as_well),
        cmocka_unit_test(test_whoever_was_taken_over_is_told),
        cmocka_unit_test(test_people_are_told_who),
        cmocka_unit_test(test_no_link_is_a_part_s_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
