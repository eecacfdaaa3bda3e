/* test_doctor_output: what is wrong comes first, and the exit code says the worst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recon/doctor/doctor_output.h"

static struct mr_config config;

static void begin(struct mr_doctor *doctor)
{
    const struct mr_doctor_options opts = {.work = MR_DOCTOR_FOR_READING};
    assert_int_equal(mr_doctor_init(doctor, &config, &opts, NULL), MR_OK);
}

/* Only that there is one counts here; it is freed with the doctor. */
static void reach(struct mr_doctor *doctor)
{
    struct mr_doctor_server **slot = mr_vec_push(&doctor->servers);
    assert_non_null(slot);
    *slot = calloc(1, sizeof **slot);
    assert_non_null(*slot);
}

static void orders(void **state)
{
    struct mr_doctor doctor;
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    begin(&doctor);
    reach(&doctor);
    doctor.current = "mysql://a";
    mr_doctor_say(&doctor, MR_DOCTOR_OK, MR_DOCTOR_dns, "host is known");
    mr_doctor_say(&doctor, MR_DOCTOR_NOTE, MR_DOCTOR_keys, "a note");
    mr_doctor_say(&doctor, MR_DOCTOR_UNKNOWN, MR_DOCTOR_sessions, "not visible");
    mr_doctor_hint(&doctor, "GRANT PROCESS ON *.* TO '%s'", "u");
    doctor.current = "mysql://b";
    mr_doctor_say(&doctor, MR_DOCTOR_PROBLEM, MR_DOCTOR_disk, "full\x1b[2J");
    mr_doctor_hint(&doctor, "Make room.");
    doctor.current = NULL;
    mr_doctor_say(&doctor, MR_DOCTOR_PROBLEM, MR_DOCTOR_room, "no room");
    mr_doctor_output_text(&doctor, (struct mr_look){0}, false, &out);
    assert_string_equal(out.ptr, "2 problems, 1 unknown, 1 note; 1 thing is well\n"
                                 "\nmysql://b\nproblem disk: full\\x1b[2J\n    -> Make room.\n"
                                 "\nthis machine\nproblem room: no room\n"
                                 "\nmysql://a\nunknown sessions: not visible\n"
                                 "    -> GRANT PROCESS ON *.* TO 'u'\n"
                                 "\nmysql://a\nnote keys: a note\n");
    mr_strbuf_reset(&out);
    mr_doctor_output_text(&doctor, (struct mr_look){0}, true, &out);
    assert_non_null(strstr(out.ptr, "\nmysql://a\nok dns: host is known\n"));
    mr_strbuf_release(&out);
    mr_doctor_release(&doctor);
}

static void exits(void **state)
{
    static const struct {
        enum mr_doctor_state said[3];
        bool reached;
        int exit_code;
    } cases[] = {
        {{MR_DOCTOR_OK}, true, 0},
        {{MR_DOCTOR_OK, MR_DOCTOR_NOTE}, true, 0},
        {{MR_DOCTOR_UNKNOWN, MR_DOCTOR_NOTE}, true, 4},
        {{MR_DOCTOR_UNKNOWN, MR_DOCTOR_PROBLEM, MR_DOCTOR_OK}, true, 1},
        {{MR_DOCTOR_PROBLEM}, false, 3},
        {{MR_DOCTOR_OK}, false, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_doctor doctor;
        begin(&doctor);
        if (cases[i].reached)
            reach(&doctor);
        for (size_t k = 0; k < 3 && cases[i].said[k] != 0; k++)
            mr_doctor_say(&doctor, cases[i].said[k], MR_DOCTOR_dns, "x");
        assert_int_equal(mr_doctor_exit(&doctor), cases[i].exit_code);
        mr_doctor_release(&doctor);
    }
}

/* A statement that failed for want of room is the diagnosis, any other is unknown. */
static void failures(void **state)
{
    static const struct {
        unsigned sql_errno;
        const char *message;
        enum mr_doctor_name name;
    } cases[] = {
        {1021, "error 1021: Disk got full", MR_DOCTOR_disk},
        {1114, "error 1114: The table is full", MR_DOCTOR_disk},
        {3, "error 3: Error writing file (Errcode: 28 \"No space left on device\")",
         MR_DOCTOR_disk},
        {1064, "error 1064: syntax", MR_DOCTOR_statement},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_doctor doctor;
        struct mr_err why = {.code = MR_E_SQL};
        begin(&doctor);
        (void)mr_err_set(&why, MR_E_SQL, "%s", cases[i].message);
        why.sql_errno = cases[i].sql_errno;
        mr_doctor_failed(&doctor, &why);
        const struct mr_doctor_finding *f = mr_vec_at(&doctor.findings, 0);
        assert_int_equal(f->name, cases[i].name);
        assert_true(f->state ==
                    (f->name == MR_DOCTOR_disk ? MR_DOCTOR_PROBLEM : MR_DOCTOR_UNKNOWN));
        mr_doctor_release(&doctor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders),
        cmocka_unit_test(exits),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
