/* test_findings_pages.c: suspects that a case keeps in pages are findings to whoever asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/case/case_args.h"

#include "check_case.h"

static struct mr_key text_key(const char *text)
{
    return (struct mr_key){text, text != NULL ? strlen(text) : 0};
}

enum { PAGED = 2000 };

static int64_t number_of(struct check_case *c, const char *sql)
{
    int64_t n = 0;
    case_require(mr_case_number_with(mr_findings_case(c->fd), sql, NULL, 0, &n, NULL));
    return n;
}

/* A chunk of PAGED suspects, with keys of k000000 on. */
static void finish_paged(struct check_case *c, int64_t no)
{
    static struct mr_find_suspect suspects[PAGED];
    static char keys[PAGED][8];
    const struct mr_find_chunk chunk = {.table = c->table.id, .no = no, .hi = text_key("z")};
    for (size_t i = 0; i < PAGED; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "k%06d", (int)i);
        suspects[i] = (struct mr_find_suspect){text_key(keys[i]), i, 2 * i};
    }
    assert_int_equal(mr_findings_chunk_done(c->fd, &chunk, suspects, PAGED, NULL), MR_OK);
}

/* All ids of the state, page by page: they ascend, and each finding is what it was as a suspect. */
static size_t walk_state(struct check_case *c, struct mr_find_page page)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_finding);
    size_t count = 0;
    page.table = c->table.id;
    for (;; mr_arena_reset(&arena)) {
        mr_vec_clear(&list);
        assert_int_equal(mr_findings_page(c->fd, &page, &arena, &list, NULL), MR_OK);
        if (list.count == 0)
            break;
        assert_true(list.count <= page.limit);
        for (size_t i = 0; i < list.count; i++) {
            const struct mr_finding *f = mr_vec_at(&list, i);
            assert_true(f->id > page.after_id);
            assert_int_equal(f->state, page.state);
            assert_int_equal(f->equal, 2 * f->pos);
            assert_int_equal(strtoull((const char *)f->key.ptr + 1, NULL, 10), f->pos);
            page.after_id = f->id;
            count++;
        }
    }
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return count;
}

static uint64_t count_of(struct check_case *c, enum mr_find_state state)
{
    uint64_t n = 0;
    assert_int_equal(mr_findings_count(c->fd, c->table.id, state, &n, NULL), MR_OK);
    return n;
}

/* Whatever is asked for, in whatever batches, is what rows would be; a state of whole pages is a
 * number in them. */
static void test_paged_suspects(void **state)
{
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, false);
    assert_int_equal(number_of(&c, "PRAGMA user_version"), 2);
    finish_paged(&c, 0);
    assert_int_equal(number_of(&c, "PRAGMA user_version"), 3);
    finish_paged(&c, 1);
    assert_int_equal(number_of(&c, "SELECT count(*) FROM finding"), 0);
    assert_int_equal(number_of(&c, "SELECT max(last - first) < 900 FROM suspect_page"), 1);
    assert_int_equal(count_of(&c, MR_FIND_SUSPECT), 2 * PAGED);
    struct mr_find_page page = {.state = MR_FIND_SUSPECT, .limit = 7};
    for (; page.limit < 5000; page.limit *= 7)
        assert_int_equal(walk_state(&c, page), 2 * PAGED);
    page.kinds = 1U << MR_KIND_CHANGED; /* which no suspect is yet */
    assert_int_equal(walk_state(&c, page), 0);
    page.kinds |= 1U << MR_KIND_UNDECIDED;
    page.after_id = 1000;
    page.last_id = 3500;
    assert_int_equal(walk_state(&c, page), 2500);
    struct mr_vec cuts = MR_VEC_INIT(int64_t);
    assert_int_equal(mr_findings_cut(c.fd, c.table.id, MR_FIND_SUSPECT, 4, &cuts, NULL), MR_OK);
    assert_int_equal(cuts.count, 3);
    int64_t after = 0;
    for (size_t i = 0; i < cuts.count; i++) {
        int64_t cut = *(int64_t *)mr_vec_at(&cuts, i);
        assert_true(cut > after && cut < 2 * PAGED);
        after = cut;
    }
    mr_vec_release(&cuts);
    assert_int_equal(
        mr_findings_restate(c.fd, c.table.id, MR_FIND_SUSPECT, MR_FIND_SEEN_ONCE, NULL), MR_OK);
    assert_int_equal(number_of(&c, "SELECT count(*) FROM finding"), 0);
    assert_int_equal(count_of(&c, MR_FIND_SEEN_ONCE), 2 * PAGED);
    const struct mr_find_page part = {
        .table = c.table.id, .state = MR_FIND_SEEN_ONCE, .after_id = 10, .last_id = 3000};
    assert_int_equal(mr_findings_restate_page(c.fd, &part, MR_FIND_SUSPECT, NULL), MR_OK);
    assert_int_equal(count_of(&c, MR_FIND_SUSPECT), 2990);
    assert_int_equal(count_of(&c, MR_FIND_SEEN_ONCE), 2 * PAGED - 2990);
    assert_int_equal(walk_state(&c, (struct mr_find_page){.state = MR_FIND_SUSPECT, .limit = 900}),
                     2990);
    assert_int_equal(
        mr_findings_restate(c.fd, c.table.id, MR_FIND_SUSPECT, MR_FIND_UNSETTLED, NULL), MR_OK);
    assert_int_equal(
        mr_findings_restate(c.fd, c.table.id, MR_FIND_SEEN_ONCE, MR_FIND_UNSETTLED, NULL), MR_OK);
    assert_int_equal(number_of(&c, "SELECT count(*) FROM suspect_page"), 0);
    assert_int_equal(
        walk_state(&c, (struct mr_find_page){.state = MR_FIND_UNSETTLED, .limit = 900}), 2 * PAGED);
    case_end(&c);
}

/* The first of a page that is written takes the others with it; ids stay, and a new one is nobody
 * else's. */
static void test_page_becomes_findings(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_finding);
    struct mr_find_table *tables = NULL;
    size_t ntables = 0;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, false);
    c.table.settled = true;
    assert_int_equal(mr_findings_table_save(c.fd, &c.table, NULL), MR_OK);
    finish_paged(&c, 0);
    assert_int_equal(mr_findings_tables(c.fd, &arena, &tables, &ntables, NULL), MR_OK);
    assert_false(tables[0].settled); /* whatever an earlier try has written */
    const struct mr_find_page page = {
        .table = c.table.id, .state = MR_FIND_SUSPECT, .after_id = 3, .limit = 500};
    assert_int_equal(mr_findings_page(c.fd, &page, &arena, &list, NULL), MR_OK);
    struct mr_finding written[3] = {*(struct mr_finding *)mr_vec_at(&list, 400),
                                    *(struct mr_finding *)mr_vec_at(&list, 100),
                                    {.key = text_key("new"), .count = 1}};
    written[0].state = MR_FIND_DIVERGED;
    written[0].source = "N";
    written[0].source_len = 1;
    written[1].state = MR_FIND_SETTLED;
    assert_int_equal(mr_findings_save(c.fd, c.table.id, written, 3, true, NULL), MR_OK);
    assert_int_equal(number_of(&c, "SELECT max(id) FROM finding"), PAGED + 1);
    assert_int_equal(number_of(&c, "SELECT id FROM finding WHERE state=2"), 404);
    assert_int_equal(number_of(&c, "SELECT id FROM finding WHERE source IS NOT NULL"), 404);
    assert_int_equal(number_of(&c, "SELECT id FROM finding WHERE state=3"), 104);
    assert_int_equal(count_of(&c, MR_FIND_SUSPECT), PAGED - 1);
    assert_true(number_of(&c, "SELECT count(*) FROM suspect_page") > 0);
    /* a key in a page is known */
    const struct mr_finding known = {.key = text_key("k001999"), .count = 1};
    assert_int_equal(mr_findings_add_unknown(c.fd, c.table.id, &known, NULL), MR_OK);
    assert_int_equal(count_of(&c, MR_FIND_SUSPECT), PAGED - 1);
    assert_int_equal(number_of(&c, "SELECT count(*) FROM suspect_page"), 0);
    assert_int_equal(mr_findings_run_end(c.fd, &c.run, NULL), MR_OK);
    assert_int_equal(number_of(&c, "PRAGMA user_version"), 2);
    finish_paged(&c, 1);
    assert_int_equal(mr_findings_run_end(c.fd, &c.run, NULL), MR_OK); /* with pages: not told */
    assert_int_equal(number_of(&c, "PRAGMA user_version"), 3);
    assert_int_equal(mr_findings_table_clear(c.fd, c.table.id, NULL), MR_OK);
    assert_int_equal(count_of(&c, MR_FIND_SUSPECT), 0);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    case_end(&c);
}

/* A page that is not what its ids promise is named, and not taken for fewer suspects. */
static void test_damaged_page(void **state)
{
    static const char *const damage[] = {
        "UPDATE suspect_page SET suspects=substr(suspects, 1, length(suspects) - 1)",
        "UPDATE suspect_page SET suspects=x''", "UPDATE suspect_page SET last=last + 1",
        "UPDATE suspect_page SET last=last - 1",
        "UPDATE suspect_page SET suspects=CAST(zeroblob(16) || x'ffffffff' || suspects AS BLOB)"};
    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct check_case c;
        struct mr_err err = {0};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_vec list = MR_VEC_INIT(struct mr_finding);
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_UNDECIDED, false);
        finish_paged(&c, 0);
        case_require(mr_case_exec(mr_findings_case(c.fd), damage[i], NULL));
        assert_int_equal(mr_findings_in_state(c.fd, c.table.id, MR_FIND_SUSPECT, 0, 5000, false,
                                              &arena, &list, &err),
                         MR_E_CASE);
        assert_non_null(strstr(err.message, "the page of suspects 1"));
        assert_int_equal(
            mr_findings_restate(c.fd, c.table.id, MR_FIND_SUSPECT, MR_FIND_UNSETTLED, &err),
            MR_E_CASE);
        mr_vec_release(&list);
        mr_arena_release(&arena);
        case_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paged_suspects),
                                       cmocka_unit_test(test_page_becomes_findings),
                                       cmocka_unit_test(test_damaged_page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
