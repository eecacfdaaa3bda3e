/* test_plan_keeps.c: what triggers write when a plan is applied, and undo leaves there. */
#include "merge_world.h"

#include "repair/planning/plan_keeps.h"

/* members ← orders (planned); log, audit, not planned: audit has a foreign key to members. */
enum { MEMBERS, ORDERS, TABLES };

struct scene {
    struct world *w;
    struct mr_planned_table tables[TABLES];
    struct mr_planned planned;
    struct mr_planned_trigger fires;
    struct mr_planned_reference reference;
    struct mr_trigger trigger;
    struct mr_table known[2];
    struct mr_foreign_key fk;
    struct mr_strbuf told;
    size_t ntold, fail_at;
};

static enum mr_code tell(void *ctx, const char *table, const char *text, struct mr_err *err)
{
    struct scene *s = ctx;
    if (++s->ntold == s->fail_at)
        return mr_err_set(err, MR_E_CASE, "no room");
    mr_strbuf_add_fmt(&s->told, "%s%s: %s", s->told.len > 0 ? "\n" : "", table, text);
    return MR_OK;
}

static void begin(struct scene *s, const char *body)
{
    static const char *const id[] = {"id"};
    *s = (struct scene){.w = calloc(1, sizeof *s->w), .told = MR_STRBUF_INIT};
    mr_strbuf_add_str(&s->told, "");
    world_begin(s->w);
    world_table(s->w, "members", "id:int# name:text?");
    world_table(s->w, "orders", "id:int# member:int?");
    world_open_case(s->w);
    s->fires = (struct mr_planned_trigger){"tr", "AFTER", "INSERT"};
    s->trigger = (struct mr_trigger){.name = "tr", .body = body};
    s->tables[MEMBERS] = (struct mr_planned_table){.table = "d.members",
                                                   .target_table = "live.members",
                                                   .target_db = "live",
                                                   .target_name = "members",
                                                   .counter = "id",
                                                   .key = {id, 1},
                                                   .triggers = &s->fires,
                                                   .ntriggers = 1};
    s->tables[ORDERS] = (struct mr_planned_table){.table = "d.orders",
                                                  .target_table = "live.orders",
                                                  .target_db = "live",
                                                  .target_name = "orders",
                                                  .counter = "id",
                                                  .key = {id, 1}};
    s->planned = (struct mr_planned){.tables = s->tables, .ntables = TABLES};
    s->w->tables[MEMBERS].side[MR_TARGET].triggers = &s->trigger;
    s->w->tables[MEMBERS].side[MR_TARGET].ntriggers = 1;
    s->fk = (struct mr_foreign_key){.name = "f", .ref_db = "live", .ref_table = "members"};
    s->known[0] = (struct mr_table){.db = "live", .name = "audit", .fks = &s->fk, .nfks = 1};
    s->known[1] = (struct mr_table){.db = "live", .name = "log"};
    s->w->servers[MR_TARGET].cat->tables = s->known;
    s->w->servers[MR_TARGET].cat->ntables = 2;
}

static void end(struct scene *s)
{
    world_require(mr_findings_close(s->w->fd, NULL));
    mr_arena_release(&s->w->m.arena);
    mr_arena_release(&s->w->arena);
    mr_strbuf_release(&s->w->text);
    mr_strbuf_release(&s->told);
    free(s->w);
}

#define TRIGGER "trigger \"tr\" (AFTER INSERT ON live.members) "
#define LEAVES ": undo does not take back what it writes there"

/* A body → what is said, a line each. */
static void test_bodies(void **state)
{
    static const struct {
        const char *body; /* NULL: the account may not see it */
        uint64_t members; /* rows that the plan restores */
        const char *told;
    } cases[] = {
        {NULL, 2, ""},
        {"SET NEW.name = 'INSERT INTO log VALUES (1)'", 2, ""},
        {"INSERT INTO log VALUES (NEW.id)", 2,
         "d.members: " TRIGGER "writes into \"live.log\"" LEAVES},
        {"INSERT INTO other.log VALUES (NEW.id)", 2,
         "d.members: " TRIGGER "writes into \"other.log\"" LEAVES},
        /* a row that refers to a restored one keeps it */
        {"INSERT INTO audit VALUES (NEW.id)", 2,
         "d.members: " TRIGGER "writes into \"live.audit\", which refers to this table: undo will "
         "keep up to 2 rows, with all that is theirs, unless what the trigger wrote is deleted "
         "before"},
        {"INSERT INTO AUDIT VALUES (NEW.id)", 2,
         "d.members: " TRIGGER "writes into \"live.AUDIT\", which refers to this table: undo will "
         "keep up to 2 rows, with all that is theirs, unless what the trigger wrote is deleted "
         "before"},
        /* nobody is restored there */
        {"INSERT INTO audit VALUES (NEW.id)", 0,
         "d.members: " TRIGGER "writes into \"live.audit\"" LEAVES},
        {"INSERT INTO other.audit VALUES (NEW.id)", 2,
         "d.members: " TRIGGER "writes into \"other.audit\"" LEAVES},
        /* rows that were there before */
        {"UPDATE log SET n = n + 1", 2,
         "d.members: " TRIGGER "changes rows of \"live.log\": undo does not take back what it "
         "changes there"},
        {"DELETE FROM log", 2,
         "d.members: " TRIGGER "deletes rows of \"live.log\": undo does not take back what it "
         "deletes there"},
        {"CALL note(NEW.id)", 2,
         "d.members: " TRIGGER "calls \"live.note\": undo does not take back what that writes"},
        {"REPLACE INTO log VALUES (1)", 2,
         "d.members: " TRIGGER "replaces rows of \"live.log\": undo does not take back what it "
         "replaces there\n"
         "d.members: " TRIGGER "writes into \"live.log\"" LEAVES},
        /* branches that write the same are reported once */
        {"IF NEW.id > 1 THEN INSERT INTO log VALUES (1); ELSE INSERT INTO log VALUES (2); END IF",
         2, "d.members: " TRIGGER "writes into \"live.log\"" LEAVES},
        {"BEGIN INSERT INTO log VALUES (1); DELETE FROM log; INSERT INTO log VALUES (2); END", 2,
         "d.members: " TRIGGER "writes into \"live.log\"" LEAVES "\n"
         "d.members: " TRIGGER "deletes rows of \"live.log\": undo does not take back what it "
         "deletes there\n"
         "d.members: " TRIGGER "writes into \"live.log\"" LEAVES},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct scene s;
        struct mr_err err = {0};
        begin(&s, cases[i].body);
        s.tables[MEMBERS].decisions[MR_DECIDE_INSERT] = cases[i].members / 2;
        s.tables[MEMBERS].decisions[MR_DECIDE_RENUMBER] = cases[i].members - cases[i].members / 2;
        assert_int_equal(mr_plan_keeps(&s.w->plan, &s.planned, tell, &s, &err), MR_OK);
        if (strcmp(s.told.ptr, cases[i].told) != 0)
            fail_msg("case %zu: %s", i, s.told.ptr);
        end(&s);
    }
}

/* A planned table: undo knows its own rows again where a counter made them and nobody of the
 * plan refers to them; and where the plan restores rows of it, both will be there. */
static void test_planned(void **state)
{
    static const struct {
        bool counts, is_parent;
        uint64_t orders;
        const char *told;
    } cases[] = {
        {true, false, 0,
         "undo.sql run by a client will keep up to 1 rows, with all that is theirs, unless what "
         "the "
         "trigger wrote is deleted before; repair undo takes it back where it was not changed "
         "since"},
        {false, false, 0,
         "undo will keep up to 1 rows, with all that is theirs, unless what the trigger wrote is "
         "deleted before"},
        {true, true, 3,
         "undo will keep up to 1 rows, with all that is theirs, unless what the trigger wrote is "
         "deleted before; the plan restores 3 rows of that table, too: both will be there"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct scene s;
        struct mr_err err = {0};
        struct mr_planned_reference to_orders = {.parent = "d.orders"};
        begin(&s, "INSERT INTO orders (member) VALUES (NEW.id)");
        s.reference = (struct mr_planned_reference){.parent = "d.members"};
        s.tables[ORDERS].references = &s.reference;
        s.tables[ORDERS].nreferences = 1;
        s.tables[ORDERS].counter = cases[i].counts ? "id" : NULL;
        s.tables[ORDERS].decisions[MR_DECIDE_INSERT] = cases[i].orders;
        s.tables[MEMBERS].decisions[MR_DECIDE_INSERT] = 1;
        if (cases[i].is_parent) {
            s.tables[MEMBERS].references = &to_orders;
            s.tables[MEMBERS].nreferences = 1;
        }
        assert_int_equal(mr_plan_keeps(&s.w->plan, &s.planned, tell, &s, &err), MR_OK);
        static const char head[] =
            "d.members: " TRIGGER "writes into \"live.orders\", which refers to this table: ";
        if (strncmp(s.told.ptr, head, sizeof head - 1) != 0 ||
            strcmp(s.told.ptr + sizeof head - 1, cases[i].told) != 0)
            fail_msg("case %zu: %s", i, s.told.ptr);
        end(&s);
    }
}

/* Whoever is told may fail: nothing is passed over. */
static void test_failure(void **state)
{
    (void)state;
    for (size_t at = 1; at <= 2; at++) {
        struct scene s;
        struct mr_err err = {0};
        begin(&s, "REPLACE INTO log VALUES (1)");
        s.fail_at = at;
        assert_int_equal(mr_plan_keeps(&s.w->plan, &s.planned, tell, &s, &err), MR_E_CASE);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_planned),
        cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
