/* test_reseed_refs.c: how far an id may go before a column that refers to it is too narrow. */
#include "reseed_world.h"

#include "repair/reseed/reseed_refs.h"

struct fk {
    enum mr_side side;
    const char *child, *columns, *parent, *parents;
};

static void build(struct reseed_world *w, const struct fk *fks, size_t nfks, const char *ini)
{
    reseed_begin(w);
    graph_table(&w->g, "lines", "id:uint order_id:uint order_member:real", NULL);
    graph_table(&w->g, "members", "id:uint mail:text", NULL);
    graph_table(&w->g, "notes", "id:uint about:text", "id:uint about:int");
    graph_table(&w->g, "orders", "id:uint member_id:int", NULL);
    reseed_counters(w, "members");
    reseed_counters(w, "orders");
    for (size_t i = 0; i < nfks && fks[i].child != NULL; i++)
        graph_fk(&w->g, fks[i].side, "fk", fks[i].child, fks[i].columns, fks[i].parent,
                 fks[i].parents);
    reseed_ready(w, ini);
}

static enum mr_code load(struct reseed_world *w, struct mr_reseed_refs *refs, struct mr_err *err)
{
    struct mr_vec pairs = MR_VEC_INIT(struct mr_db_pair);
    struct mr_db_pair *pair = mr_vec_push(&pairs);
    *pair = (struct mr_db_pair){{"club", "club2"}};
    enum mr_code code =
        mr_reseed_refs_load(refs, w->g.servers, &pairs, w->g.config, &w->g.arena, err);
    mr_vec_release(&pairs);
    return code;
}

static const uint64_t widest = UINT64_MAX - 1, of_int = INT32_MAX, of_double = UINT64_C(1) << 53;

static const struct {
    const char *what;
    struct fk fks[4];
    const char *ini, *table, *column;
    const uint64_t *limit;
    const char *narrowest;
} limits[] = {
    {"nobody refers", {{0}}, "", "members", "id", &widest, "club2.members.id"},
    {"a foreign key of TARGET",
     {{MR_TARGET, "orders", "member_id", "members", "id"}},
     "",
     "members",
     "id",
     &of_int,
     "club2.orders.member_id"},
    {"one that only SOURCE has: its rows are to come over",
     {{MR_SOURCE, "orders", "member_id", "members", "id"}},
     "",
     "members",
     "id",
     &of_int,
     "club2.orders.member_id"},
    {"TARGET's type counts, not SOURCE's",
     {{MR_SOURCE, "notes", "about", "members", "id"}},
     "",
     "members",
     "id",
     &of_int,
     "club2.notes.about"},
    {"a configured one",
     {{0}},
     "[table club.orders]\nreference = member_id -> club.members.id\n",
     "members",
     "id",
     &of_int,
     "club2.orders.member_id"},
    {"one that is dismissed",
     {{0}},
     "[table club.orders]\nreference = none: member_id\n",
     "members",
     "id",
     &widest,
     "club2.members.id"},
    {"of a pattern, and dismissed for this table",
     {{0}},
     "[table club.*]\nreference = member_id -> club.members.id\n"
     "[table club.orders]\nreference = none: member_id\n",
     "members",
     "id",
     &widest,
     "club2.members.id"},
    {"to its end: who refers to who refers",
     {{MR_TARGET, "lines", "order_id", "members", "id"},
      {MR_TARGET, "notes", "about", "lines", "order_id"}},
     "",
     "members",
     "id",
     &of_int,
     "club2.notes.about"},
    {"round a circle",
     {{MR_TARGET, "lines", "order_id", "members", "id"},
      {MR_TARGET, "members", "id", "lines", "order_id"}},
     "",
     "members",
     "id",
     &widest,
     "club2.members.id"},
    {"a table that refers to itself",
     {{MR_TARGET, "orders", "member_id", "orders", "id"}},
     "",
     "orders",
     "id",
     &of_int,
     "club2.orders.member_id"},
    {"several columns: each goes with its own",
     {{MR_TARGET, "lines", "order_id order_member", "orders", "id member_id"}},
     "",
     "orders",
     "id",
     &widest,
     "club2.orders.id"},
    {"a column beside the key",
     {{MR_TARGET, "lines", "order_member", "members", "id"}},
     "",
     "members",
     "id",
     &of_double,
     "club2.lines.order_member"},
    {"in other letters",
     {{MR_TARGET, "orders", "MEMBER_ID", "members", "ID"}},
     "",
     "members",
     "Id",
     &of_int,
     "club2.orders.MEMBER_ID"},
    {"of another column of the table",
     {{MR_TARGET, "orders", "member_id", "members", "mail"}},
     "",
     "members",
     "id",
     &widest,
     "club2.members.id"},
    {"down from the middle only",
     {{MR_TARGET, "orders", "member_id", "members", "id"}},
     "",
     "orders",
     "id",
     &widest,
     "club2.orders.id"},
    {"a parent that TARGET does not have",
     {{MR_SOURCE, "orders", "member_id", "gone", "id"}},
     "",
     "members",
     "id",
     &widest,
     "club2.members.id"},
    {"of a database that is not compared",
     {{0}},
     "[table club.orders]\nreference = member_id -> elsewhere.people.id\n",
     "members",
     "id",
     &widest,
     "club2.members.id"},
    {"a pattern that matches tables without the column",
     {{0}},
     "[table club.*]\nreference = member_id -> club.members.id\n",
     "members",
     "id",
     &of_int,
     "club2.orders.member_id"},
};

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(limits); i++) {
        struct reseed_world w;
        struct mr_reseed_refs refs;
        struct mr_err err = {0};
        uint64_t limit = 0;
        const char *narrowest = NULL;
        build(&w, limits[i].fks, LEN(limits[i].fks), limits[i].ini);
        enum mr_code code = load(&w, &refs, &err);
        if (code == MR_OK)
            code =
                mr_reseed_refs_limit(&refs, &w.g.tables[MR_TARGET][graph_at(&w.g, limits[i].table)],
                                     limits[i].column, &limit, &narrowest, &err);
        if (code != MR_OK || limit != *limits[i].limit ||
            strcmp(narrowest, limits[i].narrowest) != 0)
            fail_msg("%s: %s, %llu by %s", limits[i].what, err.message, (unsigned long long)limit,
                     narrowest != NULL ? narrowest : "nobody");
        mr_reseed_refs_release(&refs);
        reseed_end(&w);
    }
}

/* A slip in the configuration would leave the narrow column out: it is refused, by name. */
static void test_slips(void **state)
{
    static const struct {
        const char *ini, *message;
    } cases[] = {
        {"[table club.orders]\nreference = membr_id -> club.members.id\n",
         "reference \"membr_id\" of table \"club.orders\": the target's table has no such column"},
        {"[table club.orders]\nreference = member_id -> club.members.no\n",
         "reference \"member_id\" of table \"club.orders\": the referenced table has no such "
         "column"},
        {"[table club.orders]\nreference = member_id -> club.membrs.id\n",
         "reference \"member_id\" of table \"club.orders\": the target does not have the "
         "referenced table"},
        /* a pattern excuses the column, not the table that is meant */
        {"[table club.order*]\nreference = member_id -> club.membrs.id\n",
         "reference \"member_id\" of table \"club.orders\": the target does not have the "
         "referenced table"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        struct mr_reseed_refs refs;
        struct mr_err err = {0};
        build(&w, NULL, 0, cases[i].ini);
        assert_int_equal(load(&w, &refs, &err), MR_E_CONFIG);
        assert_string_equal(err.message, cases[i].message);
        assert_non_null(strstr(err.hint, "[table club.orders]"));
        mr_reseed_refs_release(&refs);
        reseed_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_slips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
