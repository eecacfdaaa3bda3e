/* test_key_history.c: which change of a key was an UPDATE that brought a row there, or took it away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "evidence_case.h"
#include "core/case/evidence_reason.h"
#include "recon/history/history_show.h"
#include "recon/history/history_text.h"
#include "recon/history/key_history.h"

/* Changes of key 5, one a transaction, 'i' or 'd'; likewise of key 1, from which a row came last, and of key 6, to
 * which one went last; '.' is a transaction that did nothing to it. */
static const struct world {
    const char *what, *of_5, *of_1, *of_6;
    const char *expected; /* '<' it came from key 1, '>' it went to key 6, '-' neither */
} worlds[] = {
    {"from another key", "i", "d", "", "<"},
    {"and deleted there, and inserted anew", "idi", "d", "", "<--"},
    {"behind a row that was inserted and deleted", "idi", "..d", "", "--<"},
    {"there, back, and there again", "idi", "did", "", "<-<"},
    {"to another key", "d", "", "i", ">"},
    {"and another row was inserted and deleted", "did", "", "i", ">--"},
    {"behind a row that was deleted", "did", "", "..i", "-->"},
    {"from one to another", "id", "d", ".i", "<>"},
    {"of a key that is not kept", "i", "....", "", "<"},
    {"of one that is not kept, one of two", "idi", "....", "", "---"},
};

static int64_t text_id(char at)
{
    return at - '0';
}

static void fill(struct logs *l, const struct world *w, int64_t first)
{
    const char *const of[] = {w->of_5, w->of_1, w->of_6};
    static const char keys[] = "516";
    for (size_t k = 0; k < 3; k++) {
        int64_t n = 0;
        for (size_t i = 0; of[k][i] != '\0'; i++) {
            if (of[k][i] == '.')
                continue;
            const bool inserts = of[k][i] == 'i';
            const struct mr_evidence_change change = {.n = ++n,
                                                      .kind = inserts ? MR_CHANGE_INSERT
                                                                      : MR_CHANGE_DELETE,
                                                      .tx = first + (int64_t)i};
            struct mr_key key = logs_key(&l->arena, text_id(keys[k]));
            LOGS_DO(l, mr_evidence_change_add(l->writer, l->table.id, 0, key, &change, NULL));
        }
    }
    logs_mark(l, (struct logs_mark){.side = 0,
                                    .id = 5,
                                    .flags = (w->of_1[0] != '\0' ? MR_MARK_CAME : 0) |
                                             (w->of_6[0] != '\0' ? MR_MARK_WENT : 0),
                                    .changes = strlen(w->of_5),
                                    .first_tx = first,
                                    .last_tx = first + 2,
                                    .came = w->of_1[0] != '\0' ? 1 : 0,
                                    .went = w->of_6[0] != '\0' ? 6 : 0});
}

static void test_links(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        struct check_case c;
        struct logs l;
        struct mr_key_history h;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_strbuf got = MR_STRBUF_INIT;
        bool found = false;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
        logs_begin(&l, &c);
        logs_side(&l, 0, NULL);
        logs_table(&l);
        logs_tx(&l, 0, "0-1-101", 1000000, "bin.000001", 77);
        const int64_t first = l.tx;
        logs_tx(&l, 0, "0-1-102", 2000000, "bin.000001", 88);
        logs_tx(&l, 0, "0-1-103", 3000000, "bin.000001", 99);
        fill(&l, &worlds[i], first);
        const struct mr_key key = logs_key(&arena, 5);
        logs_end(&l);
        mr_key_history_init(&h);
        assert_int_equal(mr_key_history_read(&h, c.fd, &c.table, key, &arena, &found, NULL), MR_OK);
        for (size_t k = 0; k < h.changes.count; k++) {
            const struct mr_key_change *change = mr_vec_at(&h.changes, k);
            mr_strbuf_add_char(&got, change->from_key ? '<' : change->to_key ? '>' : '-');
        }
        if (strcmp(got.ptr, worlds[i].expected) != 0)
            fail_msg("%s: %s", worlds[i].what, got.ptr);
        mr_key_history_release(&h);
        mr_strbuf_release(&got);
        mr_arena_release(&arena);
        case_end(&c);
    }
}

/* Between two of its own changes a transaction of both sides may have changed the row: what it was is not known. */
static void test_between(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        struct check_case c;
        struct logs l;
        struct mr_key_history h;
        struct mr_arena arena = MR_ARENA_INIT;
        bool found = false;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
        logs_begin(&l, &c);
        logs_side(&l, 0, NULL);
        logs_table(&l);
        logs_tx(&l, 0, "0-1-101", 1000000, "bin.000001", 77);
        const int64_t first = l.tx;
        logs_change(&l, 0, 5, 1, MR_CHANGE_UPDATE, "?/b/?");
        logs_tx(&l, 0, "0-1-103", 2000000, "bin.000001", 99);
        logs_change(&l, 0, 5, 2, MR_CHANGE_UPDATE, "?/d/?");
        logs_mark(&l, (struct logs_mark){.side = 0,
                                         .id = 5,
                                         .flags = shared != 0 ? MR_MARK_SHARED : 0,
                                         .changes = 2,
                                         .first_tx = first,
                                         .last_tx = l.tx,
                                         .first = "5/a/x",
                                         .last = "5/d/x"});
        const struct mr_key key = logs_key(&arena, 5);
        logs_end(&l);
        mr_key_history_init(&h);
        assert_int_equal(mr_key_history_read(&h, c.fd, &c.table, key, &arena, &found, NULL), MR_OK);
        const struct mr_key_change *one = mr_vec_at(&h.changes, 0), *two = mr_vec_at(&h.changes, 1);
        assert_non_null(one->was[1].ptr);
        assert_int_equal(two->was[1].ptr == NULL, shared);
        assert_int_equal(two->was[2].ptr == NULL, shared);
        assert_non_null(two->is[1].ptr);
        mr_key_history_release(&h);
        mr_arena_release(&arena);
        case_end(&c);
    }
}

/* Where a crash has taken the last transactions, and their names were given anew, each side has one of that name. */
static void test_name_of_both(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_history_show show;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    logs_begin(&l, &c);
    logs_table(&l);
    for (int side = 0; side < 2; side++) {
        logs_side(&l, side, NULL);
        logs_tx(&l, side, "0-1-101", 1000000, "bin.000001", 77);
        logs_change(&l, side, 5, 1, MR_CHANGE_UPDATE, side == 0 ? "?/b/?" : "?/c/?");
        logs_change(&l, side, 5, 2, MR_CHANGE_UPDATE, "?/?/y");
        logs_mark(&l, (struct logs_mark){.side = side,
                                         .id = 5,
                                         .changes = 2,
                                         .first_tx = l.tx,
                                         .last_tx = l.tx,
                                         .first = "5/a/x",
                                         .last = side == 0 ? "5/b/y" : "5/c/y"});
    }
    logs_end(&l);
    mr_history_show_init(&show);
    show.fd = c.fd;
    assert_int_equal(mr_findings_run_end(c.fd, &c.run, NULL), MR_OK);
    assert_int_equal(mr_history_show_open(&show, NULL, NULL), MR_OK);
    assert_int_equal(mr_history_show_gtid(&show, "0-1-101", NULL), MR_OK);
    assert_int_equal(show.lines.count, 4);
    mr_history_show_release(&show);
    case_end(&c);
}

/* Where a chain of images breaks, the key of a row is said, as far as its column is shown. */
static void test_untold(void **state)
{
    static const struct {
        enum mr_mask masks[3];
        const char *reason, *expected;
    } cases[] = {
        {{MR_MASK_OFF, MR_MASK_VALUE, MR_MASK_OFF}, "a gap, at key 49170", "a gap, at key 49170"},
        {{MR_MASK_FOUND, MR_MASK_VALUE, MR_MASK_OFF}, "a gap, at key 49170", "a gap, at key 49170"},
        {{MR_MASK_FOUND, MR_MASK_FOUND, MR_MASK_FOUND},
         "a gap, at key alice@example.com",
         "a gap, at key a" MR_MASK_DOTS "e@e" MR_MASK_DOTS ".com"},
        {{MR_MASK_VALUE, MR_MASK_OFF, MR_MASK_OFF},
         "a gap, at key 49170",
         "a gap, at key " MR_MASK_DOTS},
        {{MR_MASK_SECRET, MR_MASK_OFF, MR_MASK_OFF},
         "a gap, at key x, at key y",
         "a gap, at key " MR_MASK_DOTS},
        {{MR_MASK_VALUE, MR_MASK_OFF, MR_MASK_OFF}, "TRUNCATE", "TRUNCATE"},
    };
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_key_history h = {.table = &c.table};
        struct mr_strbuf got = MR_STRBUF_INIT;
        h.of.of[1] =
            (struct mr_evidence_of){.witness = MR_WITNESS_BROKEN, .reason = cases[i].reason};
        mr_history_add_untold(&got, &h, 1, cases[i].masks);
        assert_true(strncmp(got.ptr, "broken: ", 8) == 0);
        assert_string_equal(got.ptr + 8, cases[i].expected);
        mr_strbuf_release(&got);
    }
    case_end(&c);
}

/* By what the table says of its columns, where nobody has asked for more. */
static void test_reason(void **state)
{
    static const struct {
        bool is_masked, is_known;
        const char *reason, *expected;
    } cases[] = {
        {false, true, "a gap, at key 4917", "a gap, at key 4917"},
        {true, true, "a gap, at key 4917", "a gap, at key " MR_MASK_DOTS},
        {false, false, "a gap, at key 4917", "a gap, at key " MR_MASK_DOTS},
        {true, true, "TRUNCATE", "TRUNCATE"},
        {false, false, "TRUNCATE", "TRUNCATE"},
    };
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        c.columns[0].masked = cases[i].is_masked;
        mr_evidence_add_reason(&got, cases[i].reason, cases[i].is_known ? &c.table : NULL, NULL);
        assert_string_equal(got.ptr, cases[i].expected);
        mr_strbuf_release(&got);
    }
    case_end(&c);
}

/* What show writes of all tables. */
static char *overview(const struct mr_history_show *show, bool json)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    if (json)
        assert_int_equal(mr_history_show_json(show, out, NULL), MR_OK);
    else
        assert_int_equal(mr_history_show_text(show, out, false, NULL), MR_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* The overview names the key of a row that nobody has asked for. */
static void test_overview(void **state)
{
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    c.columns[0].masked = true;
    for (int i = 0; i < 4; i++) {
        const bool json = (i & 1) != 0, unmask = (i & 2) != 0;
        struct mr_evidence_table evidence = {
            .name = "d.t",
            .of = {{.witness = MR_WITNESS_BROKEN, .reason = "a gap, at key 4917"},
                   {.witness = MR_WITNESS_GOOD}}};
        struct mr_history_show show;
        mr_history_show_init(&show);
        show.fd = c.fd;
        show.case_path = "a.case";
        show.run = c.run;
        show.unmask = unmask;
        show.has_evidence = true;
        show.tables = &c.table;
        show.ntables = 1;
        show.evidence = &evidence;
        char *text = overview(&show, json);
        assert_non_null(
            strstr(text, unmask ? "a gap, at key 4917" : "a gap, at key " MR_MASK_DOTS));
        assert_int_equal(strstr(text, "4917") != NULL, unmask);
        free(text);
        mr_history_show_release(&show);
    }
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links),        cmocka_unit_test(test_between),
        cmocka_unit_test(test_name_of_both), cmocka_unit_test(test_untold),
        cmocka_unit_test(test_reason),       cmocka_unit_test(test_overview)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
