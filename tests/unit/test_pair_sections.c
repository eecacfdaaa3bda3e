/* test_pair_sections.c: sections of the configuration that no table listens to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pair/pair_sections.h"
#include "pair_graph.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* Databases club and other of SOURCE, with members and order_lines. */
static void test_said(void **state)
{
    static const struct {
        const char *ini, *said; /* of the first section; NULL: nothing */
    } cases[] = {
        {"[table club.members]\n", NULL},
        {"[table members]\n", NULL},
        {"[table club2.members]\n", NULL}, /* TARGET's */
        {"[table *.member]\n", NULL},
        {"[table club.Member?]\n", NULL},
        {"[options]\nthreads = 1\n", NULL},
        {"[table club.Members]\nidentity = mobile\n",
         "ini:1: section [table club.Members] matches no table, and nothing of it is "
         "used: is \"club.members\" meant?"},
        {"[table CLUB.members]\n",
         "ini:1: section [table CLUB.members] matches no table, and nothing of it is "
         "used: is \"club.members\" meant?"},
        {"[table Members]\n",
         "ini:1: section [table Members] matches no table, and nothing of it is used: "
         "is \"club.members\" meant?"},
        {"[table club.order_line]\n",
         "ini:1: section [table club.order_line] matches no table, and nothing of it is "
         "used: is \"club.order_lines\" meant?"},
        {"[table other.payments]\n",
         "ini:1: section [table other.payments] matches no table, and nothing of it is "
         "used"},
        /* a database that is not compared is another run's */
        {"[table shop.carts]\n", NULL},
        {"[table clbu.members]\n",
         "ini:1: section [table clbu.members] matches no table, and nothing of it is "
         "used: is \"club.members\" meant?"},
        {"[table club1.members]\n[table club.members]\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct graph g;
        struct mr_strbuf out = MR_STRBUF_INIT;
        graph_begin(&g);
        graph_table(&g, "members", "id mobile:text!", NULL);
        graph_table(&g, "order_lines", "id", NULL);
        assert_int_equal(graph_plan(&g, cases[i].ini, NULL), MR_OK);
        mr_pair_section_text(&g.pairing, g.config->sections, &out);
        if (cases[i].said != NULL)
            assert_string_equal(out.ptr, cases[i].said);
        else if (out.len > 0)
            fail_msg("%s", out.ptr);
        mr_strbuf_release(&out);
        graph_end(&g);
    }
}

/* Columns that are to be left out, and nobody has. */
static void test_columns(void **state)
{
    static const struct {
        const char *ini, *said;
    } cases[] = {
        {"[table club.members]\nignore-columns = mobile, ID\n", NULL},
        {"[table club.members]\nidentity = nobody\n", NULL}, /* is refused elsewhere */
        {"[table *]\nignore-columns = mobile\n", NULL},      /* one has it */
        {"[table *.none]\nignore-columns = x\n", NULL},
        {"[table club.members]\nignore-columns = id, mobil\n",
         "ini:2: ignore-columns of [table club.members] names \"mobil\", which no table "
         "has: is \"mobile\" meant?"},
        {"[table club.members]\nmerge = columns, mobile max\n", NULL},
        {"[table club.members]\nmerge = mobil max\n",
         "ini:2: merge of [table club.members] names \"mobil\", which no table has: is "
         "\"mobile\" meant?"},
        {"[table *]\nmask = phone_number\n",
         "ini:2: mask of [table *] names \"phone_number\", which no table has"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct graph g;
        struct mr_strbuf out = MR_STRBUF_INIT;
        graph_begin(&g);
        graph_table(&g, "members", "id mobile:text!", NULL);
        graph_table(&g, "order_lines", "id", NULL);
        assert_int_equal(graph_plan(&g, "[options]\nthreads = 1\n", NULL), MR_OK);
        struct mr_config *config = NULL;
        assert_int_equal(mr_config_parse(cases[i].ini, strlen(cases[i].ini), "ini",
                                         MR_CONFIG_NO_ROOMS, &config, NULL),
                         MR_OK);
        g.pairing.config = config;
        mr_pair_section_columns(&g.pairing, config->sections, config->sections->entries, &out);
        assert_string_equal(out.ptr, cases[i].said != NULL ? cases[i].said : "");
        mr_strbuf_release(&out);
        mr_config_free(config);
        graph_end(&g);
    }
}

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern, *said;
    } cases[] = {
        {"members", NULL},
        {"club.order*", NULL},
        {"club2.members", "--exclude \"club2.members\" matches no table: is "
                          "\"club.members\" meant?"}, /* SOURCE's names count */
        {"club.membrs", "--exclude \"club.membrs\" matches no table: is \"club.members\" meant?"},
        {"*.log", "--exclude \"*.log\" matches no table"},
    };
    struct graph g;
    (void)state;
    graph_begin(&g);
    graph_table(&g, "members", "id mobile:text!", NULL);
    graph_table(&g, "order_lines", "id", NULL);
    assert_int_equal(graph_plan(&g, "", NULL), MR_OK);
    static const char *const names[MR_SIDES] = {"club", "club2"};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        g.pairing.side[side].dbs = &names[side];
        g.pairing.side[side].ndbs = 1;
    }
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_pair_pattern_text(&g.pairing, "--exclude", cases[i].pattern, &out);
        assert_string_equal(out.ptr, cases[i].said != NULL ? cases[i].said : "");
        mr_strbuf_release(&out);
    }
    graph_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_said),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
