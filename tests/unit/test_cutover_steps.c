/* test_cutover_steps.c: the steps of a cutover can be pasted as they stand: each connects as the run
 * did, ends OLD's channel alone, and an event keeps whose it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/gate/cutover.h"

static const struct mr_server mysql = {.flavour = MR_FLAVOUR_MYSQL, .version = 90700};
static const struct mr_server mariadb = {.flavour = MR_FLAVOUR_MARIADB, .version = 101119};
static struct mr_config config = {.file = "my gate.ini"};

static struct mr_cutover ready(const struct mr_server *server, const char *channel)
{
    return (struct mr_cutover){
        .config = &config,
        .uris = {"mysql://gate:secret@db1?ssl-mode=verify-ca&ssl-ca=/ca.pem", "mysql://gate@db2"},
        .arena = MR_ARENA_INIT,
        .steps = MR_VEC_INIT(struct mr_gate_step),
        .facts = {.server = {*server, *server},
                  .link = {.channel = channel, .others = "", .is_direct = true},
                  .events = {.enable = MR_VEC_INIT(const char *)}}};
}

static void done(struct mr_cutover *c)
{
    mr_vec_release(&c->steps);
    mr_vec_release(&c->facts.events.enable);
    mr_arena_release(&c->arena);
}

static const struct mr_gate_step *step(struct mr_cutover *c, size_t i)
{
    assert_true(i < c->steps.count);
    return mr_vec_at(&c->steps, i);
}

static void test_commands(void **state)
{
    (void)state;
    struct mr_cutover c = ready(&mysql, "");
    assert_int_equal(mr_cutover_add_steps(&c, NULL), MR_OK);
    assert_int_equal(c.steps.count, 5);
    assert_string_equal(step(&c, 0)->statement, "SET GLOBAL super_read_only = ON;");
    assert_string_equal(step(&c, 1)->statement,
                        "myrecon gate fence --config 'my gate.ini' --live mysql://gate@db2 "
                        "'mysql://gate@db1?ssl-mode=verify-ca&ssl-ca=/ca.pem'");
    assert_string_equal(step(&c, 2)->statement,
                        "myrecon gate cutover --config 'my gate.ini' --only "
                        "caught_up,errant_transactions "
                        "'mysql://gate@db1?ssl-mode=verify-ca&ssl-ca=/ca.pem' mysql://gate@db2");
    done(&c);
}

static void test_tables_are_quoted(void **state)
{
    (void)state;
    struct mr_cutover c = ready(&mysql, "");
    struct mr_strbuf text = MR_STRBUF_INIT;
    c.config = NULL;
    mr_cutover_add_check(&c, (const char *const[]){"shop.it's"}, 1, &text);
    assert_string_equal(text.ptr, "myrecon check --tables 'shop.it'\\''s' "
                                  "'mysql://gate@db1?ssl-mode=verify-ca&ssl-ca=/ca.pem' "
                                  "mysql://gate@db2");
    mr_strbuf_release(&text);
    done(&c);
}

static void test_channels(void **state)
{
    (void)state;
    static const struct {
        const struct mr_server *server;
        const char *channel, *others, *statement;
        bool is_chained;
    } table[] = {
        {&mysql, "", "", "STOP REPLICA; RESET REPLICA ALL;", false},
        {&mysql, "", "", "STOP REPLICA; RESET REPLICA ALL;", true},
        {&mysql, "", "db9:3306", "STOP REPLICA FOR CHANNEL ''; RESET REPLICA ALL FOR CHANNEL '';",
         false},
        {&mysql, "club", "",
         "STOP REPLICA FOR CHANNEL 'club'; RESET REPLICA ALL FOR CHANNEL 'club';", false},
        {&mariadb, "", "", "STOP ALL SLAVES; RESET SLAVE ALL;", false},
        {&mariadb, "", "db9:3306", "STOP SLAVE; RESET SLAVE ALL;", false},
        {&mariadb, "club", "", "STOP SLAVE 'club'; RESET SLAVE 'club' ALL;", false},
        {&mariadb, "", "", "STOP ALL SLAVES; RESET SLAVE ALL;", true},
        {&mariadb, "club", "db9:3306", "STOP SLAVE 'club'; RESET SLAVE 'club' ALL;", true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_cutover c = ready(table[i].server, table[i].channel);
        c.facts.link.others = table[i].others;
        c.facts.link.is_direct = !table[i].is_chained;
        assert_int_equal(mr_cutover_add_steps(&c, NULL), MR_OK);
        assert_string_equal(step(&c, 3)->server, "NEW");
        assert_string_equal(step(&c, 3)->statement, table[i].statement);
        done(&c);
    }
}

static void test_events(void **state)
{
    (void)state;
    struct mr_cutover c = ready(&mariadb, "");
    for (int i = 0; i < 30; i++)
        *(const char **)mr_vec_push(&c.facts.events.enable) = "ALTER …;";
    c.facts.events.scheduler[MR_OLD] = true;
    assert_int_equal(mr_cutover_add_steps(&c, NULL), MR_OK);
    assert_string_equal(step(&c, 0)->statement,
                        "SET GLOBAL read_only = ON; SET GLOBAL event_scheduler = OFF;");
    assert_string_equal(step(&c, 5)->statement, "SET GLOBAL event_scheduler = ON;");
    assert_int_equal(c.steps.count, 36); /* not one is left out */
    assert_string_equal(step(&c, 35)->statement, "ALTER …;");
    done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands), cmocka_unit_test(test_tables_are_quoted),
        cmocka_unit_test(test_channels), cmocka_unit_test(test_events)};
    return cmocka_run_group_tests_name("cutover_steps", tests, NULL, NULL);
}
