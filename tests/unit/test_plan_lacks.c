/* test_plan_lacks.c: what a run was configured with, and its plan is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/planning/plan_lacks.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

#define RUN                                                                                        \
    "[table *]\ntime-column = created\nmask = mobile\nmargin = 7\n"                                \
    "[table d.t]\nidentity = mobile\nreference = a -> d.u.id\nreference = none: b\n"
#define OTHER                                                                                      \
    "run R of the case was made with another configuration: this plan may know rows by "           \
    "other columns; it lacks "

/* What check keeps of a table. */
static void keep(struct mr_config *config, const char *name, const char *table,
                 struct mr_vec *settings)
{
    struct mr_vec lines = MR_VEC_INIT(struct mr_config_line);
    assert_int_equal(mr_config_lines(config, "d", name, &lines, NULL), MR_OK);
    for (size_t i = 0; i < lines.count; i++) {
        const struct mr_config_line *line = mr_vec_at(&lines, i);
        struct mr_find_setting *s = mr_vec_push(settings);
        *s = (struct mr_find_setting){table, line->key, line->value};
    }
    mr_vec_release(&lines);
}

static void test_lacks(void **state)
{
    static const struct {
        const char *run, *plan; /* NULL: no file */
        bool split_keys;
        const char *said;
    } cases[] = {
        {RUN, RUN, false, ""},
        {"", NULL, false, ""},
        {"[table *]\nmask = mobile\nmargin = 7\non-conflict = differs=source\n", NULL, false, ""},
        /* what the plan says besides is its own */
        {"", RUN, false, ""},
        {RUN, RUN "[table d.t]\nupdate-column = edited\nreference = c -> d.u.id\n", false, ""},
        {RUN,
         "[table d.t]\nidentity=mobile\nreference = a->d.u.id\nreference = none:b\n"
         "[table d.*]\ntime-column = created\n",
         false, ""},
        {RUN, NULL, false,
         "run R of the case was made with a configuration file, this plan with none: "
         "identities, time-columns and references may differ (--config FILE); it lacks "
         "[table d.t] time-column = created, identity = mobile, "
         "reference = a -> d.u.id, reference = none: b; [table d.u] "
         "time-column = created"},
        {RUN, "[table *]\ntime-column = created\n", false,
         OTHER "[table d.t] identity = mobile, reference = a -> d.u.id, "
               "reference = none: b"},
        {RUN, RUN "[table d.t]\nidentity = email\n", false, OTHER "[table d.t] identity = mobile"},
        {"[table d.u]\nsplit-key = 5\n", "[table d.t]\nmargin = 3\n", false,
         OTHER "[table d.u] split-key = 5"},
        {"[table d.u]\nsplit-key = 5\n", NULL, true, ""},
        {RUN "[table d.u]\nidentity = none\nsubject = yes\n", "", false,
         OTHER "[table d.t] time-column = created, identity = mobile, "
               "reference = a -> d.u.id, reference = none: b; [table d.u] "
               "time-column = created, and 2 more"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_config *run = NULL, *plan = NULL;
        struct mr_vec settings = MR_VEC_INIT(struct mr_find_setting);
        struct mr_strbuf out = MR_STRBUF_INIT;
        const char *text = cases[i].plan != NULL ? cases[i].plan : "";
        assert_int_equal(mr_config_parse(cases[i].run, strlen(cases[i].run), "run.ini",
                                         MR_CONFIG_NO_ROOMS, &run, NULL),
                         MR_OK);
        assert_int_equal(mr_config_parse(text, strlen(text),
                                         cases[i].plan != NULL ? "plan.ini" : NULL,
                                         MR_CONFIG_NO_ROOMS, &plan, NULL),
                         MR_OK);
        keep(run, "t", "d.t", &settings);
        keep(run, "u", "d.u", &settings);
        struct mr_plan_lacks lacks = {
            .config = plan, .has_split_keys = cases[i].split_keys, .first = MR_STRBUF_INIT};
        assert_int_equal(mr_plan_lacks_add(&lacks, "d.t", "d", "t", &settings, NULL), MR_OK);
        assert_int_equal(mr_plan_lacks_add(&lacks, "d.u", "d", "u", &settings, NULL), MR_OK);
        mr_plan_lacks_text(&lacks, "R", &out);
        assert_string_equal(out.len > 0 ? out.ptr : "", cases[i].said);
        mr_strbuf_release(&out);
        mr_strbuf_release(&lacks.first);
        mr_vec_release(&settings);
        mr_config_free(run);
        mr_config_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
