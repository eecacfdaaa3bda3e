/* test_plan_mentions.c: old ids that stand inside texts and JSON of rows that are brought back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/signals.h"
#include "repair/plan/plan_mentions.h"
#include "script_world.h"

/* People get new ids; notes mention them. */
static void begin(struct world *w)
{
    world_begin(w);
    struct mr_plan_table *p = world_table(w, "people", "id:uint#+ name:text");
    p->counter = 0;
    world_named(w, p, "name");
    world_table(w, "notes", "id:int# txt:text? doc:json? up:text? sum:text*");
    world_reference(w, 1, "up", 0, "id", false);
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < w->own[t].live.ncolumns; i++)
            w->own[t].found[i].style.cls = w->own[t].columns[i].cls;
}

static void moves(struct world *w, const char *from, const char *to, enum mr_decision decision)
{
    const struct mr_plan_table *p = &w->tables[0];
    char a[64], b[64];
    (void)snprintf(a, sizeof a, "%s|x", from);
    (void)snprintf(b, sizeof b, "%s|x", to);
    struct mr_key source = world_row(w, p, a), target = world_row(w, p, b);
    source.len = target.len = 10; /* the key's value */
    struct mr_entity e = {
        .table = 0, .source_key = source, .target_key = target, .decision = decision};
    assert_int_equal(mr_plan_store_save(w->store, &e, NULL), MR_OK);
}

static void mentions_are(struct world *w, const char *wanted)
{
    struct mr_vec list = MR_VEC_INIT(struct mr_plan_mention);
    const struct mr_plan_mentions_task task = {
        .tables = &w->plan, .store = w->store, .fd = w->fd, .arena = &w->arena};
    assert_int_equal(mr_plan_mentions(&task, &list, NULL), MR_OK);
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (size_t i = 0; i < list.count; i++) {
        const struct mr_plan_mention *m = mr_vec_at(&list, i);
        mr_strbuf_add_fmt(&w->shown, "%s: %s\n", m->table, m->text);
    }
    assert_string_equal(w->shown.ptr, wanted);
    mr_vec_release(&list);
}

static void test_found(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    moves(&w, "3001", "5001", MR_DECIDE_RENUMBER);
    moves(&w, "3002", "5002", MR_DECIDE_MATCHED);
    moves(&w, "3003", "3003", MR_DECIDE_INSERT);   /* keeps it */
    moves(&w, "3004", "5004", MR_DECIDE_CONFLICT); /* waits */
    moves(&w, "18446744073709551615", "7", MR_DECIDE_RENUMBER);
    world_entity(&w, 1, MR_DECIDE_INSERT, "1|see 3001, or 3002|{\"a\":1}|3001|3001");
    world_entity(&w, 1, MR_DECIDE_RENUMBER, "2|3003 and 3004|{\"who\":3002}|NULL|NULL");
    world_entity(&w, 1, MR_DECIDE_INSERT, "3|NULL|NULL|NULL|NULL");
    world_entity(&w, 1, MR_DECIDE_INSERT, "4|x3001, 3001y, 18446744073709551615|NULL|NULL|NULL");
    world_entity(&w, 1, MR_DECIDE_UPDATE, "5|3001|NULL|NULL|NULL"); /* not brought back */
    world_entity(&w, 1, MR_DECIDE_SAME, "6|3001|NULL|NULL|NULL");
    mentions_are(&w, "o`dd.notes: \"txt\" of 2 restored rows seems to name old ids, which stay as "
                     "they are; such as, in row 1, 3001 of o`dd.people, which is 5001\n"
                     "o`dd.notes: \"doc\" of 1 restored row seems to name old ids, which stay as "
                     "they are; such as, in row 2, 3002 of o`dd.people, which is 5002\n");
    world_end(&w);
}

/* A plan that moves nobody reads no texts. */
static void test_none(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    moves(&w, "3001", "3001", MR_DECIDE_INSERT);
    world_entity(&w, 1, MR_DECIDE_INSERT, "1|3001|NULL|NULL|NULL");
    mentions_are(&w, "");
    w.tables[0].counter = MR_NO_COLUMN; /* ids that nobody counted */
    moves(&w, "3001", "5001", MR_DECIDE_RENUMBER);
    mentions_are(&w, "");
    world_end(&w);
}

/* The last test: the flag stays up. */
static void test_cancelled(void **state)
{
    struct world w;
    struct mr_vec list = MR_VEC_INIT(struct mr_plan_mention);
    (void)state;
    begin(&w);
    moves(&w, "3001", "5001", MR_DECIDE_RENUMBER);
    world_entity(&w, 1, MR_DECIDE_INSERT, "1|3001|NULL|NULL|NULL");
    const struct mr_plan_mentions_task task = {
        .tables = &w.plan, .store = w.store, .fd = w.fd, .arena = &w.arena};
    mr_cancel();
    assert_int_equal(mr_plan_mentions(&task, &list, NULL), MR_E_CANCELLED);
    mr_vec_release(&list);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
