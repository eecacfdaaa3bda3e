/* test_restore_rename.c: which database or table an option means, whatever characters names have, and
 * what is refused. */
#include "restore_world.h"

static const struct mr_snap_table tables[] = {{.db = "club", .name = "members"},
                                              {.db = "club", .name = "o=d.d"},
                                              {.db = "club.members", .name = "x"},
                                              {.db = "cl", .name = "ub"}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"},
    {.kind = MR_OBJECT_DATABASE, .db = "club.members", .name = "club.members"},
    {.kind = MR_OBJECT_DATABASE, .db = "cl", .name = "cl"},
    {.kind = MR_OBJECT_VIEW, .db = "club", .name = "active"}};

struct one {
    const char *what;
    const char *renames[3], *dbs[2];
    const char *named; /* "db.table …" of all four tables; NULL: refused */
    const char *said;  /* of a refusal */
    bool in_small;
};

#define SAME "club.members club.o=d.d club.members.x cl.ub"

static const struct one cases[] = {
    {"nothing", {NULL}, {NULL}, SAME, "", false},
    {"a database", {"cl=zz"}, {NULL}, "club.members club.o=d.d club.members.x zz.ub", "", false},
    {"the same by the other option",
     {NULL},
     {"cl=zz"},
     "club.members club.o=d.d club.members.x zz.ub",
     "",
     false},
    {"a table",
     {"cl.ub=cl.new"},
     {NULL},
     "club.members club.o=d.d club.members.x cl.new",
     "",
     false},
    {"of a database that is renamed, by its old name",
     {"cl=zz", "cl.ub=cl.new"},
     {NULL},
     "club.members club.o=d.d club.members.x zz.new",
     "",
     false},
    {"or its new one",
     {"cl.ub=zz.new"},
     {"cl=zz"},
     "club.members club.o=d.d club.members.x zz.new",
     "",
     false},
    {"of an odd name",
     {"club.o=d.d=club.e=v.en"},
     {NULL},
     "club.members club.e=v.en club.members.x cl.ub",
     "",
     false},
    {"two that change places",
     {"club.members=club.o=d.d", "club.o=d.d=club.members"},
     {NULL},
     NULL,
     "may mean several things",
     false},
    {"a database or a table",
     {"club.members=club.x"},
     {NULL},
     NULL,
     "may mean several things",
     false},
    {"a database alone",
     {NULL},
     {"club.members=new"},
     "club.members club.o=d.d new.x cl.ub",
     "",
     false},
    {"none", {"nobody=x"}, {NULL}, NULL, "names no database of the snapshot, nor a table", false},
    {"not a table by the other option",
     {NULL},
     {"cl.ub=cl.new"},
     NULL,
     "names no database of the snapshot",
     false},
    {"without a new name", {"cl="}, {NULL}, NULL, "has no new name", false},
    {"a table without one", {"cl.ub=cl."}, {NULL}, NULL, "has no new name", false},
    {"elsewhere", {"cl.ub=club.new"}, {NULL}, NULL, "would put a table in another database", false},
    {"a view's",
     {"club.o=d.d=club.active"},
     {NULL},
     NULL,
     "table \"o=d.d\" and view \"active\" of the snapshot would both be",
     false},
    {"another's",
     {"club.o=d.d=club.members"},
     {NULL},
     NULL,
     "table \"o=d.d\" and table \"members\" of the snapshot would both be",
     false},
    {"another's in other letters",
     {"club.o=d.d=club.MEMBERS"},
     {NULL},
     "club.members club.MEMBERS club.members.x cl.ub",
     "",
     false},
    {"where they are alike",
     {"club.o=d.d=club.MEMBERS"},
     {NULL},
     NULL,
     "would both be \"club.MEMBERS\"",
     true},
    {"the restore's own",
     {"cl.ub=cl.myrecon_restore"},
     {NULL},
     NULL,
     "has a name that the restore itself needs",
     false},
};

static size_t length(const char *const *items, size_t max)
{
    size_t n = 0;
    while (n < max && items[n] != NULL)
        n++;
    return n;
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        struct mr_strbuf named = MR_STRBUF_INIT;
        struct mr_err err = {0};
        world_begin(NULL, 0);
        world.server.lower_case_table_names = c->in_small;
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.opts.renames = (struct mr_string_list){c->renames, length(c->renames, 3)};
        restore.opts.rename_dbs = (struct mr_string_list){c->dbs, length(c->dbs, 2)};
        enum mr_code code = mr_restore_rename_dbs(&restore.r, &err);
        if (code == MR_OK)
            code = mr_restore_rename_tables(&restore.r, &err);
        for (size_t k = 0; k < LEN(tables); k++)
            mr_strbuf_add_fmt(&named, "%s%s.%s", k > 0 ? " " : "",
                              mr_restore_db_name(&restore.r, tables[k].db),
                              restore.tables[k].snap->name);
        if (code != (c->named != NULL ? MR_OK : MR_E_USAGE) ||
            strstr(err.message, c->said) == NULL ||
            (c->named != NULL && strcmp(named.ptr, c->named) != 0))
            fail_msg("%s: %s, %s", c->what, named.ptr, err.message);
        mr_strbuf_release(&named);
        restore_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
