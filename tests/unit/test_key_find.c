/* test_key_find.c: rows that are named by a key as outputs print it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "evidence_case.h"
#include "recon/history/key_find.h"

/* A table whose key has two columns of these classes; a third is no part of it. */
static void add_table(struct check_case *c, enum mr_class first, enum mr_class second)
{
    bool known = false;
    case_table(c, "d.other", MR_VERDICT_DIVERGED, false);
    c->columns[0].style.cls = second;
    c->columns[1].style.cls = first;
    c->columns[0].key_at = 1; /* the key's order is not the table's */
    c->columns[1].key_at = 0;
    c->table.name = c->table.target_name = "d.t";
    case_require(mr_findings_table_add(c->fd, &c->table, &known, NULL));
}

static void add_values(struct mr_strbuf *out, const struct mr_value *first,
                       const struct mr_value *second)
{
    case_require(mr_row_encode(out, first, NULL));
    case_require(mr_row_encode(out, second, NULL));
}

static struct mr_value text(enum mr_class cls, const char *at)
{
    return (struct mr_value){.cls = cls, .ptr = at, .len = strlen(at)};
}

static struct mr_value number(int64_t n)
{
    return (struct mr_value){.cls = MR_CLASS_INT, .i = n};
}

/* What is asked for, with a finding of key (a, b) and a mark of (c, d). */
static void ask(struct mr_value first, struct mr_value second, const char *asked, bool as_mark,
                bool expected)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf key = MR_STRBUF_INIT, image = MR_STRBUF_INIT;
    struct mr_key found_key = {NULL, 0};
    bool found = !expected;
    const struct mr_value null = {.cls = MR_CLASS_NULL};
    case_begin(&c);
    add_table(&c, first.cls, second.cls);
    add_values(&key, &first, &second);
    add_values(&image, &second, &first);
    case_require(mr_row_encode(&image, &null, NULL));
    if (as_mark) {
        logs_begin(&l, &c);
        logs_table(&l);
        const struct mr_evidence_mark mark = {.key = {key.ptr, key.len}, .changes = 1};
        LOGS_DO(&l, mr_evidence_mark_put(l.writer, l.table.id, 1, &mark, NULL));
        logs_end(&l);
    } else {
        const struct mr_finding f = {.state = MR_FIND_DIVERGED,
                                     .kind = MR_KIND_EXTRA,
                                     .key = {key.ptr, key.len},
                                     .target = image.ptr,
                                     .target_len = image.len,
                                     .count = 1};
        case_require(mr_findings_save(c.fd, c.table.id, &f, 1, true, NULL));
    }
    assert_int_equal(mr_key_find(c.fd, &c.table, asked, &arena, &found_key, &found, NULL), MR_OK);
    if (found != expected)
        fail_msg("\"%s\" of a %s", asked, as_mark ? "mark" : "finding");
    if (found) {
        struct mr_strbuf spelled = MR_STRBUF_INIT;
        assert_int_equal(found_key.len, key.len);
        assert_memory_equal(found_key.ptr, key.ptr, key.len);
        assert_int_equal(mr_key_spell(found_key, &c.table, &spelled, NULL), MR_OK);
        assert_string_equal(spelled.ptr, asked + strspn(asked, "0") * (asked[1] == '7'));
        mr_strbuf_release(&spelled);
    }
    mr_strbuf_release(&key);
    mr_strbuf_release(&image);
    mr_arena_release(&arena);
    case_end(&c);
}

static void test_keys(void **state)
{
    const struct {
        struct mr_value first, second;
        const char *asked;
        bool found;
    } lines[] = {
        {number(7), number(-8), "7,-8", true},
        {number(7), number(-8), "-8,7", false},
        {number(7), number(-8), "7", false},
        {number(7), number(-8), "7,-8,", false},
        {number(7), number(-8), "07,-8", true},
        {number(7), text(MR_CLASS_TEXT, "a,b"), "7,a,b", true},
        {number(7), text(MR_CLASS_TEXT, ""), "7,", true},
        {text(MR_CLASS_TEXT, "a,b"), number(7), "a,b,7", true}, /* only by a walk */
        {text(MR_CLASS_TEXT, "a"), text(MR_CLASS_TEXT, "b"), "a,b", true},
        {text(MR_CLASS_TEXT, "a"), text(MR_CLASS_TEXT, "b"), "A,b", false},
        {text(MR_CLASS_DECIMAL, "1.5"), number(7), "1.5,7", true},
        {text(MR_CLASS_BINARY, "\x01\xff"), number(7), "01ff,7", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ask(lines[i].first, lines[i].second, lines[i].asked, false, lines[i].found);
        ask(lines[i].first, lines[i].second, lines[i].asked, true, lines[i].found);
    }
}

/* More rows than are wanted: as many, and that there are others. */
static void test_person_limit(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.people", MR_VERDICT_DIVERGED, true);
    c.table.subject = MR_SUBJECT_CONFIGURED;
    c.table.time_at = -1;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    for (int i = 0; i < 3; i++) {
        const char *const rows[] = {"1/ann/x", "2/ann/y", "3/ann/z"};
        case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                       .kind = MR_KIND_EXTRA,
                                       .target = rows[i],
                                       .target_id = "a"});
    }
    for (size_t limit = 1; limit < 5; limit++) {
        struct mr_vec found = MR_VEC_INIT(struct mr_found_key);
        bool more = false;
        assert_int_equal(
            mr_key_find_person(c.fd, &c.table, 1, "ann", limit, &arena, &found, &more, NULL),
            MR_OK);
        assert_int_equal(found.count, limit < 3 ? limit : 3);
        assert_int_equal(more, limit < 3);
        mr_vec_release(&found);
    }
    mr_arena_release(&arena);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_person_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
