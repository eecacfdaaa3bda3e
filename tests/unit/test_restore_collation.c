/* test_restore_collation.c: under which collation of its database an object is made, and that the
 * database has its own again. */
#include "restore_world.h"

static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "cl`ub", .name = "cl`ub", .db_collation = "utf8mb4_bin"},
    {.kind = MR_OBJECT_DATABASE, .db = "old", .name = "old"}};
static const struct mr_database there = {"cl`ub", "utf8mb3", "utf8mb3_bin"};

struct one {
    const char *what;
    struct mr_snap_object object;
    const struct mr_database *there;
    enum mr_into into;
    bool resumed;
    const char *made; /* the line of the run that is gone on with; NULL: none */
    const char *now;  /* the collation it has for a moment */
    enum mr_code answer;
    enum mr_code code;
    const char *sent;
    const char *note; /* part of it; NULL: none */
};

#define ROUTINE(d, c)                                                                              \
    .object = {.kind = MR_OBJECT_ROUTINE,                                                          \
               .db = (d),                                                                          \
               .name = "procedure p",                                                              \
               .file = "schema/p.sql",                                                             \
               .db_collation = (c)}
#define LATIN "ALTER DATABASE `cl``ub` COLLATE latin1_bin\n"

static const struct one cases[] = {
    {"its own", ROUTINE("cl`ub", "utf8mb4_bin"), .into = MR_INTO_REFUSE, .sent = ""},
    {"another", ROUTINE("cl`ub", "latin1_bin"), .into = MR_INTO_REFUSE, .sent = LATIN},
    {"it has it already", ROUTINE("cl`ub", "latin1_bin"), .into = MR_INTO_REFUSE,
     .now = "latin1_bin", .sent = ""},
    {"back in between", ROUTINE("cl`ub", "utf8mb4_bin"), .into = MR_INTO_REFUSE,
     .now = "latin1_bin", .sent = "ALTER DATABASE `cl``ub` COLLATE utf8mb4_bin\n"},
    {"not known", ROUTINE("cl`ub", NULL), .into = MR_INTO_REFUSE, .sent = ""},
    {"of a snapshot that does not say", ROUTINE("old", "latin1_bin"), .into = MR_INTO_REFUSE,
     .sent = ""},
    {"of no database", ROUTINE("nowhere", "latin1_bin"), .into = MR_INTO_REFUSE, .sent = ""},
    {"a view does not go by it",
     .object = {.kind = MR_OBJECT_VIEW, .db = "cl`ub", .db_collation = "latin1_bin"},
     .into = MR_INTO_REFUSE, .sent = ""},
    {"made by this restore, though others are added", ROUTINE("cl`ub", "latin1_bin"),
     .into = MR_INTO_ADD, .sent = LATIN},
    {"an empty one that was there", ROUTINE("cl`ub", "latin1_bin"), .there = &there,
     .into = MR_INTO_REFUSE, .sent = LATIN},
    {"somebody's own is not altered", ROUTINE("cl`ub", "latin1_bin"), .there = &there,
     .into = MR_INTO_ADD, .sent = "", .note = "which was latin1_bin: the database was there"},
    {"nor where it replaces", ROUTINE("cl`ub", "latin1_bin"), .there = &there,
     .into = MR_INTO_REPLACE, .sent = "", .note = "keeps its own"},
    {"made by the run that is gone on with", ROUTINE("cl`ub", "latin1_bin"), .there = &there,
     .into = MR_INTO_ADD, .resumed = true, .made = "made 0", .sent = LATIN},
    {"which made another one", ROUTINE("cl`ub", "latin1_bin"), .there = &there,
     .into = MR_INTO_REPLACE, .resumed = true, .made = "made 1", .sent = "",
     .note = "keeps its own"},
    {"which added to it, whatever this one may", ROUTINE("cl`ub", "latin1_bin"), .there = &there,
     .into = MR_INTO_REFUSE, .resumed = true, .sent = "", .note = "keeps its own"},
    {"utf8 is utf8mb3", ROUTINE("cl`ub", "utf8_bin"), .there = &there, .into = MR_INTO_ADD,
     .sent = ""},
    {"the server does not know it", ROUTINE("cl`ub", "latin1_bin"), .into = MR_INTO_REFUSE,
     .answer = MR_E_SQL, .sent = LATIN, .note = "which was latin1_bin: no"},
    {"it may not", ROUTINE("cl`ub", "latin1_bin"), .into = MR_INTO_REFUSE, .answer = MR_E_DENIED,
     .sent = LATIN, .note = "which was latin1_bin: no"},
    {"lost", ROUTINE("cl`ub", "latin1_bin"), .into = MR_INTO_REFUSE, .answer = MR_E_LOST,
     .code = MR_E_LOST, .sent = LATIN},
};

static void test_collate(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct world_answer script[] = {
            {.has = "ALTER DATABASE", .code = c->answer, .text = "no"}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        restore_begin(NULL, 0, objects, LEN(objects));
        restore.opts.into_existing = c->into;
        restore.r.resumed = c->resumed;
        if (c->made != NULL)
            restore_done(c->made);
        restore.dbs[0].there = c->there;
        restore.dbs[0].collation = c->now;
        enum mr_code code = mr_restore_collate(&restore.r, &c->object, &err);
        if (code != c->code || err.code != c->code || strcmp(world_sent(), c->sent) != 0 ||
            restore.r.notes.count != (c->note != NULL) ||
            (c->note != NULL && strstr(restore_note(0), c->note) == NULL))
            fail_msg("%s: %s%s", c->what, world_sent(), restore_note(0));
        bool altered = *c->sent != '\0' && c->answer == MR_OK;
        const char *now = altered ? c->object.db_collation : c->now;
        assert_true(restore.dbs[0].collation == now);
        restore_end();
        world_end();
    }
}

/* Each that has another one for a moment is given its own, once; what fails is not forgotten. */
static void test_back(void **state)
{
    struct mr_err err = {0};
    (void)state;
    world_begin(NULL, 0);
    restore_begin(NULL, 0, objects, LEN(objects));
    restore.dbs[0].collation = "latin1_bin";
    world.fail_at = 1;
    assert_int_equal(mr_restore_collate_back(&restore.r, &err), MR_E_LOST);
    assert_non_null(restore.dbs[0].collation);
    assert_int_equal(mr_restore_collate_back(&restore.r, &err), MR_OK);
    assert_null(restore.dbs[0].collation);
    assert_int_equal(mr_restore_collate_back(&restore.r, &err), MR_OK);
    assert_string_equal(world_sent(), "ALTER DATABASE `cl``ub` COLLATE utf8mb4_bin\n"
                                      "ALTER DATABASE `cl``ub` COLLATE utf8mb4_bin\n");
    restore_end();
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_collate), cmocka_unit_test(test_back)};
    return cmocka_run_group_tests_name("restore_collation", tests, NULL, NULL);
}
