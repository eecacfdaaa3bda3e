/* test_fleet_next.c: what is to be done after a part, in the midst of a fleet, and when it is joined:
 * complete commands, whatever the directory is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "recon/fleet/fleet_next.h"

#define PARTS 3

static const char *line_of(const struct mr_strbuf *out, const char *command)
{
    return out->len > 0 ? strstr(out->ptr, command) : NULL;
}

static void test_status(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum mr_fleet_word states[PARTS], verdict;
        const char *next; /* NULL: nothing */
    } cases[] = {
        {"all is done",
         {MR_FLEET_DONE, MR_FLEET_DONE, MR_FLEET_DONE},
         MR_FLEET_EQUAL,
         "  myrecon fleet merge 'a fleet' --output RESULT\n"},
        {"all is done, and a table was not checked",
         {MR_FLEET_DONE, MR_FLEET_DONE, MR_FLEET_DONE},
         MR_FLEET_INCOMPLETE,
         "A part that could not check a table"},
        {"one runs", {MR_FLEET_DONE, MR_FLEET_RUNNING, MR_FLEET_WAITING}, MR_FLEET_EQUAL, NULL},
        {"one is incomplete",
         {MR_FLEET_DONE, MR_FLEET_RUNNING, MR_FLEET_INCOMPLETE},
         MR_FLEET_EQUAL,
         "  myrecon fleet run 'a fleet' --part 2\n"},
        {"two are incomplete",
         {MR_FLEET_INCOMPLETE, MR_FLEET_DONE, MR_FLEET_INCOMPLETE},
         MR_FLEET_EQUAL,
         "the 2 incomplete parts again, once what they name is mended:\n  myrecon fleet run 'a "
         "fleet' --all\nor by Slurm:\n  sbatch --array=0,2 'a fleet/fleet.sbatch'\n"},
        {"all are silent",
         {MR_FLEET_SILENT, MR_FLEET_SILENT, MR_FLEET_SILENT},
         MR_FLEET_EQUAL,
         "if their engine does not:\n  myrecon fleet run 'a fleet' --all\nor by Slurm:\n  sbatch "
         "--array=0-2 'a fleet/fleet.sbatch'\n"},
        {"one is silent",
         {MR_FLEET_RUNNING, MR_FLEET_SILENT, MR_FLEET_WAITING},
         MR_FLEET_EQUAL,
         "  myrecon fleet run 'a fleet' --part 1\n"},
        {"nobody works, one was stopped",
         {MR_FLEET_DONE, MR_FLEET_WAITING, MR_FLEET_STOPPED},
         MR_FLEET_EQUAL,
         "  myrecon fleet run 'a fleet' --all\n"},
        {"nobody works yet",
         {MR_FLEET_WAITING, MR_FLEET_WAITING, MR_FLEET_WAITING},
         MR_FLEET_EQUAL,
         "  myrecon fleet run 'a fleet' --all\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_fleet_file_pair planned = {.name = "p", .parts = PARTS};
        struct mr_fleet_file file = {
            .dir = "a fleet", .pairs = &planned, .npairs = 1, .nparts = PARTS};
        struct mr_fleet_status_part parts[PARTS] = {{0}};
        struct mr_fleet_status_pair pair = {.incomplete = cases[i].verdict == MR_FLEET_INCOMPLETE};
        struct mr_fleet_status status = {.file = &file, .parts = parts, .pairs = &pair};
        struct mr_strbuf out = MR_STRBUF_INIT;
        for (size_t k = 0; k < PARTS; k++) {
            parts[k].state = cases[i].states[k];
            status.done += parts[k].state == MR_FLEET_DONE ? 1 : 0;
            status.running += parts[k].state == MR_FLEET_RUNNING ? 1 : 0;
        }
        pair.done = status.done;
        mr_fleet_next_of_status(&status, &out);
        if (cases[i].next == NULL ? out.len > 0 : line_of(&out, cases[i].next) == NULL)
            fail_msg("%s: %s", cases[i].name, out.len > 0 ? out.ptr : "");
        mr_strbuf_release(&out);
    }
}

/* One that a signal has stopped goes on as it is. */
static void test_stopped(void **state)
{
    (void)state;
    static const char *const whys[] = {"no space left on device", NULL};
    for (size_t i = 0; i < sizeof whys / sizeof *whys; i++) {
        struct mr_fleet_file_pair planned = {.name = "p", .parts = 1};
        struct mr_fleet_file file = {.dir = "f", .pairs = &planned, .npairs = 1, .nparts = 1};
        struct mr_fleet_status_part part = {.state = MR_FLEET_STOPPED, .why = whys[i]};
        struct mr_fleet_status_pair pair = {0};
        const struct mr_fleet_status status = {.file = &file, .parts = &part, .pairs = &pair};
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_fleet_next_of_status(&status, &out);
        assert_int_equal(line_of(&out, "once what stopped them is mended") != NULL,
                         whys[i] != NULL);
        assert_non_null(line_of(&out, "  myrecon fleet run f --all\n"));
        mr_strbuf_release(&out);
    }
}

static void test_snapshots(void **state)
{
    (void)state;
    struct mr_fleet_file_pair planned = {.name = "p", .parts = 1};
    struct mr_fleet_file file = {
        .dir = "a night", .pairs = &planned, .npairs = 1, .nparts = 1, .is_snapshots = true};
    struct mr_fleet_status_part part = {.state = MR_FLEET_DONE};
    struct mr_fleet_status_pair pair = {.done = 1};
    const struct mr_fleet_status status = {
        .file = &file, .parts = &part, .pairs = &pair, .done = 1};
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_fleet_next_of_status(&status, &out);
    assert_non_null(line_of(&out, "  myrecon snapshot verify 'a night'\n"));
    assert_null(line_of(&out, "fleet merge"));
    mr_strbuf_release(&out);
}

static void test_part(void **state)
{
    (void)state;
    static const struct {
        enum mr_fleet_word state;
        const char *next;
    } cases[] = {
        {MR_FLEET_FAILED, "  myrecon fleet run fleet --part 2\n"},
        {MR_FLEET_DONE, "  myrecon fleet status fleet\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_fleet_file file = {.dir = "fleet", .nparts = PARTS};
        struct mr_fleet_part_pair pairs[] = {
            {.name = "p", .state = MR_FLEET_DONE, .verdict = MR_FLEET_EQUAL},
            {.name = "q", .state = cases[i].state, .verdict = MR_FLEET_UNSAID}};
        const struct mr_fleet_part part = {.part = 2, .pairs = pairs, .npairs = 2};
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_fleet_next_of_part(&file, &part, &out);
        if (line_of(&out, cases[i].next) == NULL)
            fail_msg("%s: %s", mr_fleet_word_text(cases[i].state), out.ptr);
        mr_strbuf_release(&out);
    }
}

/* One that no part has. */
static void test_unplanned(void **state)
{
    (void)state;
    struct mr_fleet_file_pair planned[] = {
        {.name = "p", .config = "a fleet/config/0.ini", .parts = 1},
        {.name = "q", .config = "a fleet/config/0.ini", .failed = "it is gone"}};
    struct mr_fleet_merge_part part = {.name = "part 0"};
    const struct mr_fleet_merge merge = {
        .file = {.dir = "a fleet", .pairs = planned, .npairs = 2, .nparts = 1}, .parts = &part};
    const struct mr_fleet_merged pairs[] = {{.pair = &planned[0]}, {.pair = &planned[1]}};
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_fleet_next_of_merge(&merge, pairs, "res", &out);
    assert_non_null(
        line_of(&out, "  myrecon fleet plan --inventory FILE --pair q --parts 1 --output DIR\n"));
    assert_null(line_of(&out, "--pair p"));
    mr_strbuf_release(&out);
}

/* The first and the last two of four. */
static void test_merge_of_several(void **state)
{
    (void)state;
    struct mr_fleet_file_pair planned = {.name = "p", .config = "f/config/0.ini", .parts = 4};
    struct mr_fleet_merge_part parts[] = {
        {.why = "it is missing"}, {.name = "part 1"}, {.why = "it is damaged"}, {.why = "gone"}};
    const struct mr_fleet_merge merge = {
        .file = {.dir = "f", .pairs = &planned, .npairs = 1, .nparts = 4}, .parts = parts};
    const struct mr_fleet_merged pair = {.pair = &planned};
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_fleet_next_of_merge(&merge, &pair, "res", &out);
    assert_non_null(line_of(&out, "To do the 3 parts that are missing, before all are "
                                  "merged again:\n  myrecon fleet run f --all\nor by Slurm:\n"
                                  "  sbatch --array=0,2,3 f/fleet.sbatch\n"));
    mr_strbuf_release(&out);
}

static void test_merge(void **state)
{
    (void)state;
    static const struct {
        const char *name, *missing;
        uint64_t differing[2], unchecked, unsettled;
        const char *next, *never;
        enum mr_fleet_word told; /* of a pair, by part 1 */
    } cases[] = {
        {"all are equal",
         NULL,
         {0, 0},
         0,
         0,
         "  myrecon fleet report res --output fleet.html\n",
         "affected",
         MR_FLEET_UNSAID},
        {"the worst pair",
         NULL,
         {1, 3},
         0,
         0,
         "  myrecon affected --config 'a fleet/config/0.ini' --case res/q.case --output "
         "res/q.csv\n",
         "fleet run",
         MR_FLEET_UNSAID},
        {"a part is missing",
         "it is missing",
         {0, 0},
         2,
         0,
         "  myrecon fleet run 'a fleet' --part 1\n",
         "affected",
         MR_FLEET_UNSAID},
        {"a table was not checked",
         NULL,
         {0, 0},
         1,
         0,
         "plan it anew.\n",
         "fleet run",
         MR_FLEET_DONE},
        {"rows kept moving", NULL, {0, 0}, 0, 3, "settle its rows", "fleet run", MR_FLEET_DONE},
        {"a pair has failed",
         NULL,
         {0, 0},
         1,
         0,
         "part that is incomplete, before all are merged again:\n  myrecon fleet run 'a fleet' "
         "--part 1\n",
         "plan it anew",
         MR_FLEET_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_fleet_file_pair planned[] = {
            {.name = "p", .config = "a fleet/config/0.ini", .parts = 1},
            {.name = "q", .config = "a fleet/config/0.ini", .parts = 1}};
        struct mr_fleet_part_pair told = {.name = "q",
                                          .state = cases[i].told,
                                          .verdict = cases[i].unchecked > 0 ? MR_FLEET_INCOMPLETE
                                                                            : MR_FLEET_EQUAL};
        struct mr_fleet_merge_part parts[] = {{.name = "part 0"},
                                              {.name = "part 1",
                                               .why = cases[i].missing,
                                               .has_status = cases[i].told != MR_FLEET_UNSAID,
                                               .status = {.pairs = &told, .npairs = 1}}};
        const struct mr_fleet_merge merge = {
            .file = {.dir = "a fleet", .pairs = planned, .npairs = 2, .nparts = 2},
            .parts = parts,
            .missing = cases[i].missing != NULL};
        const struct mr_fleet_merged pairs[] = {
            {.pair = &planned[0], .differing = cases[i].differing[0]},
            {.pair = &planned[1],
             .differing = cases[i].differing[1],
             .not_checked = cases[i].unchecked,
             .unsettled_rows = cases[i].unsettled}};
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_fleet_next_of_merge(&merge, pairs, "res", &out);
        if (cases[i].next == NULL ? out.len > 0 : line_of(&out, cases[i].next) == NULL)
            fail_msg("%s: %s", cases[i].name, out.len > 0 ? out.ptr : "");
        if (line_of(&out, cases[i].never) != NULL)
            fail_msg("%s: not %s", cases[i].name, out.ptr);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_snapshots),
        cmocka_unit_test(test_unplanned),
        cmocka_unit_test(test_part),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_of_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
