/* test_doctor_replication.c: what the doctor says of a channel, and of a group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recon/doctor/doctor.h"

static void test_lag(void **state)
{
    static const struct {
        const char *sql;
        long lag_s;
        enum mr_doctor_state want;
    } cases[] = {
        {"Yes", 0, MR_DOCTOR_OK},
        {"Yes", MR_GATE_UNKNOWN_S, MR_DOCTOR_UNKNOWN}, /* NULL, though all threads run */
        {"No", MR_GATE_UNKNOWN_S, MR_DOCTOR_PROBLEM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_doctor doctor = {.arena = MR_ARENA_INIT,
                                   .findings = MR_VEC_INIT(struct mr_doctor_finding)};
        const struct mr_gate_channel channel = {.name = "",
                                                .host = "db1",
                                                .uuid = "",
                                                .io = "Yes",
                                                .sql = cases[i].sql,
                                                .lag_s = cases[i].lag_s,
                                                .io_error = "",
                                                .sql_error = "",
                                                .worker_error = ""};
        struct mr_doctor_server server = {
            .facts = {.replication = {.seen = MR_GATE_SEEN}, .channels = &channel, .nchannels = 1}};
        struct mr_err err = {0};
        mr_gate_config_init(&doctor.gate);
        assert_int_equal(mr_doctor_replication(&doctor, &server, &err), MR_OK);
        assert_int_equal(mr_doctor_verdict(&doctor), cases[i].want);
        mr_vec_release(&doctor.findings);
        mr_arena_release(&doctor.arena);
    }
}

static void test_group(void **state)
{
    static const struct {
        struct mr_gate_group group;
        enum mr_doctor_state want;
    } cases[] = {
        {{.name = ""}, MR_DOCTOR_OK},
        {{.name = "g",
          .view = {MR_GATE_SEEN, NULL, NULL},
          .state = "ONLINE",
          .members = 3,
          .reached = 2},
         MR_DOCTOR_OK},
        {{.name = "g",
          .view = {MR_GATE_SEEN, NULL, NULL},
          .state = "ONLINE",
          .members = 3,
          .reached = 1},
         MR_DOCTOR_PROBLEM},
        {{.name = "g", .view = {MR_GATE_SEEN, NULL, NULL}, .state = "ERROR", .members = 1},
         MR_DOCTOR_PROBLEM},
        {{.name = "g", .view = {MR_GATE_SEEN, NULL, NULL}, .state = "OFFLINE"}, MR_DOCTOR_NOTE},
        {{.name = "g",
          .view = {MR_GATE_SEEN, NULL, NULL},
          .state = "RECOVERING",
          .members = 2,
          .reached = 2},
         MR_DOCTOR_NOTE},
        {{.name = "g", .view = {MR_GATE_HIDDEN, "denied", "GRANT SELECT"}}, MR_DOCTOR_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_doctor doctor = {.arena = MR_ARENA_INIT,
                                   .findings = MR_VEC_INIT(struct mr_doctor_finding)};
        struct mr_doctor_server server = {
            .facts = {.replication = {.seen = MR_GATE_SEEN}, .group = cases[i].group}};
        struct mr_err err = {0};
        assert_int_equal(mr_doctor_replication(&doctor, &server, &err), MR_OK);
        assert_int_equal(mr_doctor_verdict(&doctor), cases[i].want);
        mr_vec_release(&doctor.findings);
        mr_arena_release(&doctor.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lag), cmocka_unit_test(test_group)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
