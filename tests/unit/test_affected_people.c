/* test_affected_people.c: who is affected, why, and under which keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "affected_case.h"
#include "capture.h"

enum { SOURCE, TARGET };

static int64_t members(struct club *club)
{
    return club_table(club, "d.members", true, MR_SUBJECT_CONFIGURED);
}

static int64_t other(struct club *club, const char *name)
{
    return club_table(club, name, false, MR_SUBJECT_NO);
}

static void expect(struct club *club, const char *lines)
{
    assert_string_equal(club_lines(club, NULL), lines);
    assert_false(club->incomplete);
    club_end(club);
}

/* ---- own rows */

static void test_own_rows(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club_row(&club, m, MR_KIND_MISSING, "1/ann/x", NULL, "ann", NULL);
    club_row(&club, m, MR_KIND_EXTRA, NULL, "2/bob/x", NULL, "bob");
    club_row(&club, m, MR_KIND_CHANGED, "3/cat/x", "3/cat/y", "cat", "cat");
    club_row(&club, m, MR_KIND_COLLISION, "4/dan/x", "4/eve/x", "dan", "eve");
    expect(&club, "ann|1||missing|d.members\n"
                  "bob||2|extra|d.members\n"
                  "cat|3|3|changed|d.members\n"
                  "dan|4||collision|d.members\n"
                  "eve||4|collision|d.members\n");
}

static void test_moved(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    int64_t three = club_row(&club, m, MR_KIND_COLLISION, "3/ann/x", "3/bob/x", "ann", "bob");
    int64_t five = club_row(&club, m, MR_KIND_EXTRA, NULL, "5/ann/x", NULL, "ann");
    club_moved(&club, m, three, five);
    expect(&club, "ann|3|5|extra;collision;moved|d.members\n"
                  "bob||3|collision|d.members\n");
}

/* A NULL identity is nobody by name: each key is a person of its own; a changed row is one
 * person, even where one side does not say who. */
static void test_null_identities(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club_row(&club, m, MR_KIND_MISSING, "2/NULL/x", NULL, NULL, NULL);
    club_row(&club, m, MR_KIND_MISSING, "10/NULL/x", NULL, NULL, NULL);
    club_row(&club, m, MR_KIND_CHANGED, "3/NULL/x", "3/NULL/y", NULL, NULL);
    club_row(&club, m, MR_KIND_CHANGED, "4/NULL/x", "4/dan/x", NULL, "dan");
    club_row(&club, m, MR_KIND_CHANGED, "5/eve/x", "5/NULL/x", "eve", NULL);
    club_row(&club, m, MR_KIND_EXTRA, NULL, "6/dan/x", NULL, "dan");
    expect(&club, "NULL|10||missing|d.members\n"
                  "NULL|2||missing|d.members\n"
                  "NULL|3|3|changed|d.members\n"
                  "dan|4|4;6|extra;changed|d.members\n"
                  "eve|5|5|changed|d.members\n");
}

/* Who it is comes from the side that says it, all else from SOURCE. */
static void test_named_on_one_side(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club_row(&club, m, MR_KIND_CHANGED, "4/NULL/x", "4/dan/y", NULL, "dan");
    club_row(&club, m, MR_KIND_CHANGED, "5/eve/x", "5/NULL/y", "eve", NULL);
    assert_string_equal(club_lines(&club, "note"), "dan|4|4|changed|d.members|x\n"
                                                   "eve|5|5|changed|d.members|x\n");
    club_end(&club);
}

/* A table whose rows are named by their keys. */
static void test_named_by_key(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = club_table(&club, "d.members", false, MR_SUBJECT_CONFIGURED);
    club_row(&club, m, MR_KIND_CHANGED, "10/ann/x", "10/bob/x", NULL, NULL);
    club_row(&club, m, MR_KIND_MISSING, "9/ann/x", NULL, NULL, NULL);
    expect(&club, "10|10|10|changed|d.members\n"
                  "9|9||missing|d.members\n");
}

/* Identities are canonical: what the collation equates is one person, shown as SOURCE has
 * it. */
static void test_one_person_two_spellings(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club_row(&club, m, MR_KIND_EXTRA, NULL, "9/ANN/z", NULL, "ann");
    club_row(&club, m, MR_KIND_MISSING, "1/Ann/x", NULL, "ann", NULL);
    assert_string_equal(club_lines(&club, "note, ID"), "Ann|1|9|missing;extra|d.members|x,1\n");
    club_end(&club);
}

static void test_duplicates(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club_row(&club, m, MR_KIND_MISSING, "10/ann/x", NULL, "ann", NULL);
    club.c.table.id = m;
    case_duplicate(&club.c, SOURCE, "ann", "10/ann/x");
    case_duplicate(&club.c, SOURCE, "ann", "9/ann/y");
    case_duplicate(&club.c, TARGET, "ann", "9/ann/y");
    case_duplicate(&club.c, SOURCE, "zoe", "11/zoe/y"); /* nobody whom a finding names */
    assert_string_equal(club_lines(&club, "note"), "ann|9;10|9|missing|d.members|y\n");
    assert_int_equal(club.lines.facts.most_keys, 2);
    club_end(&club);
}

/* Rows that seem to refer to people are told of, while nothing declares it. */
static void test_undeclared(void **state)
{
    static const struct {
        const char *table, *config;
        bool differs, said;
    } cases[] = {
        {"d.orders", "[table d.orders]\nreference = note -> d.members.id", true, true},
        {"d.orders", "[table d.orders]\nreference = note -> d.members.id", false, false},
        {"d.orders", "[table d.orders]\nreference = note -> d.shops.id", true, false},
        {"d.orders",
         "[table d.orders]\n; one of these is meant: take its ; away"
         "\n; reference = note -> d.shops.id\n; reference = note -> d.members.id",
         true, true},
        {"d.members", "[table d.members]\nreference = note -> d.members.id", true, false},
        {"d.orders", "[table d.orders]\nidentity = phone", true, false},
    };
    static struct capture out;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_find_advice advice = {
            .table = cases[i].table, .column = "note", .text = "-", .config = cases[i].config};
        struct club club;
        club_begin(&club);
        int64_t m = members(&club);
        (void)club_table(&club, "d.shops", true, MR_SUBJECT_NO);
        int64_t o = club_table(&club, "d.orders", false, MR_SUBJECT_NO);
        club_row(&club, m, MR_KIND_MISSING, "1/ann/x", NULL, "ann", NULL);
        if (cases[i].differs)
            club_row(&club, o, MR_KIND_MISSING, "7/7/7", NULL, NULL, NULL);
        case_require(mr_findings_advice_save(club.c.fd, &advice, 1, NULL));
        capture_begin(&out, CAPTURE_FILE, 0);
        (void)club_lines(&club, NULL);
        capture_end(&out);
        if ((strstr(out.text, "looks like a reference") != NULL) != cases[i].said)
            fail_msg("case %zu: %s", i, out.text);
        assert_false(club.incomplete);
        club_end(&club);
    }
}

/* What still moved at the last look is nobody's reason, and the list is incomplete. */
static void test_unsettled(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club.c.table.id = m;
    case_row(&club.c, (struct case_row){
                          .state = MR_FIND_UNSETTLED, .source = "1/ann/x", .source_id = "ann"});
    case_row(&club.c,
             (struct case_row){.state = MR_FIND_SETTLED, .source = "2/bob/x", .source_id = "bob"});
    assert_string_equal(club_lines(&club, NULL), "");
    assert_true(club.incomplete);
    club_end(&club);
}

/* ---- children */

/* Each side's child belongs to the person whom that side means. */
static void test_children_of_both_sides(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), o = other(&club, "d.orders");
    int64_t fk = club_reference(&club, o, m);
    int64_t order = club_row(&club, o, MR_KIND_CHANGED, "7/3/x", "7/4/x", NULL, NULL);
    club_row(&club, m, MR_KIND_COLLISION, "3/ann/x", "3/bob/x", "ann", "bob");
    club_link(&club, SOURCE, order, fk, m, "3/ann/x", "ann");
    club_link(&club, TARGET, order, fk, m, "4/cat/x", "cat");
    expect(&club, "ann|3||collision;child|d.members;d.orders\n"
                  "bob||3|collision|d.members\n"
                  "cat|4|4|child|d.orders\n");
}

/* Up over a finding, an ancestor, and a finding again; tables are those of the findings,
 * in the order of their bytes. */
static void test_any_depth(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), a = other(&club, "d.a"), b = other(&club, "d.b"),
            c = other(&club, "d.C");
    int64_t fa = club_reference(&club, a, b), fb = club_reference(&club, b, c),
            fc = club_reference(&club, c, m);
    int64_t low = club_row(&club, a, MR_KIND_MISSING, "1/x/x", NULL, NULL, NULL);
    int64_t high = club_row(&club, c, MR_KIND_MISSING, "1/x/x", NULL, NULL, NULL);
    club_link(&club, SOURCE, low, fa, b, "1/x/x", NULL);
    club_link(&club, SOURCE, club_ancestor(&club, SOURCE, b, "1/x/x"), fb, c, "1/x/x", NULL);
    club_link(&club, SOURCE, high, fc, m, "5/ann/x", "ann");
    expect(&club, "ann|5|5|child|d.C;d.a\n");
}

/* Each side's way is its own, from the first row to the last. */
static void test_ways_of_two_sides(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), a = other(&club, "d.a"), b = other(&club, "d.b");
    int64_t fa = club_reference(&club, a, b), fb = club_reference(&club, b, m);
    int64_t low = club_row(&club, a, MR_KIND_MISSING, "1/x/x", NULL, NULL, NULL);
    int64_t high = club_row(&club, b, MR_KIND_CHANGED, "1/x/x", "1/x/y", NULL, NULL);
    club_row(&club, m, MR_KIND_COLLISION, "6/cat/x", "6/bob/x", "cat", "bob");
    club_link(&club, SOURCE, low, fa, b, "1/x/x", NULL);
    club_link(&club, SOURCE, high, fb, m, "5/ann/x", "ann");
    club_link(&club, TARGET, high, fb, m, "6/bob/x", "bob");
    expect(&club, "ann|5|5|child|d.a;d.b\n"
                  "bob||6|collision;child|d.b;d.members\n"
                  "cat|6||collision|d.members\n");
}

/* Only what differs for certain counts, below a person as for the person itself. */
static void test_unsettled_child(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), o = other(&club, "d.orders");
    int64_t fk = club_reference(&club, o, m);
    int64_t order = club_row(&club, o, MR_KIND_MISSING, "1/x/x", NULL, NULL, NULL);
    club_link(&club, SOURCE, order, fk, m, "5/ann/x", "ann");
    case_require(mr_case_exec(mr_findings_case(club.c.fd), "UPDATE finding SET state = 4", NULL));
    assert_string_equal(club_lines(&club, NULL), "");
    assert_true(club.incomplete);
    club_end(&club);
}

/* Who invited whom: a reference between subjects makes nobody affected. */
static void test_inviter(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), o = other(&club, "d.orders");
    int64_t inviter = club_reference(&club, m, m), fk = club_reference(&club, o, m);
    int64_t ann = club_row(&club, m, MR_KIND_MISSING, "1/ann/x", NULL, "ann", NULL);
    int64_t order = club_row(&club, o, MR_KIND_MISSING, "7/1/x", NULL, NULL, NULL);
    club_link(&club, SOURCE, ann, inviter, m, "2/bob/x", "bob");
    club_link(&club, SOURCE, order, fk, m, "3/cat/x", "cat");
    club_link(&club, SOURCE, club_ancestor(&club, SOURCE, m, "3/cat/x"), inviter, m, "4/dan/x",
              "dan");
    expect(&club, "ann|1||missing|d.members\n"
                  "cat|3|3|child|d.orders\n");
}

static void test_cycles(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), a = other(&club, "d.a"), b = other(&club, "d.b");
    int64_t ab = club_reference(&club, a, b), ba = club_reference(&club, b, a),
            aa = club_reference(&club, a, a), bm = club_reference(&club, b, m);
    int64_t one = club_row(&club, a, MR_KIND_MISSING, "1/x/x", NULL, NULL, NULL);
    club_link(&club, SOURCE, one, aa, a, "1/x/x", NULL); /* itself */
    club_link(&club, SOURCE, one, ab, b, "2/x/x", NULL);
    int64_t two = club_ancestor(&club, SOURCE, b, "2/x/x");
    club_link(&club, SOURCE, two, ba, a, "1/x/x", NULL);
    club_link(&club, SOURCE, two, bm, m, "5/ann/x", "ann");
    expect(&club, "ann|5|5|child|d.a\n");
}

/* Several people of one child; several children of one person; nobody at the end. */
static void test_fans(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), o = other(&club, "d.orders"), l = other(&club, "d.log");
    int64_t buyer = club_reference(&club, o, m), payer = club_reference(&club, o, m),
            log = club_reference(&club, l, m);
    int64_t order = club_row(&club, o, MR_KIND_EXTRA, NULL, "7/x/x", NULL, NULL);
    int64_t line = club_row(&club, l, MR_KIND_EXTRA, NULL, "7/x/x", NULL, NULL);
    int64_t orphan = club_row(&club, l, MR_KIND_EXTRA, NULL, "8/x/x", NULL, NULL);
    club_link(&club, TARGET, order, buyer, m, "1/ann/x", "ann");
    club_link(&club, TARGET, order, payer, m, "2/bob/x", "bob");
    club_link(&club, TARGET, line, log, m, "1/ann/x", "ann");
    club_link(&club, TARGET, orphan, log, 0, NULL, NULL);
    expect(&club, "ann|1|1|child|d.log;d.orders\n"
                  "bob|2|2|child|d.orders\n");
}

/* ---- keys of people whose own row is equal */

static void child_of(struct club *club, int64_t m, int side, const char *row, const char *identity)
{
    int64_t o = other(club, "d.orders");
    int64_t fk = club_reference(club, o, m);
    int64_t order = club_row(club, o, MR_KIND_CHANGED, "7/x/x", "7/x/y", NULL, NULL);
    club_link(club, side, order, fk, m, row, identity);
}

static void set_windowed(struct club *club, int64_t table)
{
    club_change(club, "UPDATE tbl SET windowed = 1 WHERE id = :tbl", table);
}

/* Ann is 5 on both sides, and registered again on TARGET: what is a duplicate there and no
 * finding is equal, so she is 5 on SOURCE, too, unless rows were left out or still moved. */
static void test_duplicate_of_an_equal_row(void **state)
{
    (void)state;
    for (int known = 0; known < 3; known++) {
        struct club club;
        club_begin(&club);
        int64_t m = members(&club);
        club.c.table.id = m;
        club_row(&club, m, MR_KIND_EXTRA, NULL, "9/ann/x", NULL, "ann");
        case_duplicate(&club.c, TARGET, "ann", "9/ann/x");
        case_duplicate(&club.c, TARGET, "ann", "5/ann/x");
        if (known == 1)
            set_windowed(&club, m);
        if (known == 2)
            case_row(&club.c, (struct case_row){.state = MR_FIND_UNSETTLED,
                                                .source = "5/bob/x",
                                                .target = "5/ann/x",
                                                .source_id = "bob",
                                                .target_id = "ann"});
        assert_string_equal(club_lines(&club, NULL), known == 0 ? "ann|5|5;9|extra|d.members\n"
                                                                : "ann||5;9|extra|d.members\n");
        club_end(&club);
    }
}

/* In a table that was compared only in part the other side is not known, unless it was
 * looked up. */
static void test_key_in_a_window(void **state)
{
    (void)state;
    for (int looked_up = 0; looked_up < 2; looked_up++) {
        struct club club;
        club_begin(&club);
        int64_t m = members(&club);
        set_windowed(&club, m);
        child_of(&club, m, SOURCE, "5/ann/x", "ann");
        if (looked_up) {
            struct mr_strbuf image = MR_STRBUF_INIT;
            case_encode(&image, "5/ann/y");
            struct mr_lineage_row row = {.table = m,
                                         .key = {image.ptr, 10},
                                         .identity = "ann",
                                         .identity_len = 3,
                                         .image = image.ptr,
                                         .image_len = image.len};
            const struct mr_lineage_row *rows[] = {&row};
            case_require(mr_lineage_ancestors_add(club.c.fd, TARGET, rows, 1, NULL));
            row.identity = "zoe"; /* nobody leads to her */
            row.key.len = 9;
            case_require(mr_lineage_ancestors_add(club.c.fd, TARGET, rows, 1, NULL));
            mr_strbuf_release(&image);
        }
        expect(&club, looked_up ? "ann|5|5|child|d.orders\n" : "ann|5||child|d.orders\n");
    }
}

/* A row that was still moving is not known to be equal. */
static void test_key_of_an_unsettled_row(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    child_of(&club, m, TARGET, "5/ann/x", "ann");
    club.c.table.id = m;
    case_row(&club.c, (struct case_row){.state = MR_FIND_UNSETTLED,
                                        .source = "5/ann/y",
                                        .target = "5/ann/x",
                                        .source_id = "ann",
                                        .target_id = "ann"});
    assert_string_equal(club_lines(&club, NULL), "ann||5|child|d.orders\n");
    assert_true(club.incomplete);
    club_end(&club);
}

/* Of what one side alone has no row is a finding: nobody knows who was in it. */
static void test_one_sided(void **state)
{
    static const struct {
        struct mr_find_object object;
        const char *only, *without; /* patterns, or NULL */
        bool incomplete;
    } rows[] = {
        {{"table", "d.people", "people", "InnoDB", NULL, "d"}, NULL, NULL, true},
        {{"table", "d.people", "people", NULL, "InnoDB", "d"}, NULL, NULL, true},
        {{"database", NULL, "e", "utf8mb4", NULL, "e"}, NULL, NULL, false}, /* its tables say it */
        {{"table", "d.people", "people", "InnoDB", "Aria", "d"}, NULL, NULL, false},
        {{"view", NULL, "v", "SELECT 1", NULL, "d"}, NULL, NULL, false},
        {{"index", "d.member", "i", "(phone)", NULL, "d"}, NULL, NULL, false},
        {{"table", "d.people", "people", "InnoDB", NULL, "d"}, "d.*", NULL, true},
        {{"table", "d.people", "people", "InnoDB", NULL, "d"}, "members", NULL, false},
        {{"table", "d.people", "people", "InnoDB", NULL, "d"}, NULL, "people", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct club club;
        club_begin(&club);
        (void)members(&club);
        case_require(mr_findings_object_add(club.c.fd, &rows[i].object, NULL));
        const char *only = rows[i].only;
        if (only != NULL)
            club.tables = (struct mr_string_list){&only, 1};
        const char *without = rows[i].without;
        if (without != NULL)
            club.exclude = (struct mr_string_list){&without, 1};
        assert_string_equal(club_lines(&club, NULL), "");
        assert_int_equal(club.incomplete, rows[i].incomplete);
        club_end(&club);
    }
}

/* Ann is 5 on both sides, and has a lost row 3 on SOURCE, too. */
static void test_key_beside_a_finding(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club_row(&club, m, MR_KIND_MISSING, "3/ann/z", NULL, "ann", NULL);
    child_of(&club, m, TARGET, "5/ann/x", "ann");
    expect(&club, "ann|3;5|5|missing;child|d.members;d.orders\n");
}

/* Ann's row is an ancestor of both sides, without an identity: named by its key. */
static void test_ancestor_without_identity(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), o = other(&club, "d.orders");
    int64_t fk = club_reference(&club, o, m);
    int64_t order = club_row(&club, o, MR_KIND_CHANGED, "7/x/x", "7/x/y", NULL, NULL);
    club_link(&club, SOURCE, order, fk, m, "5/NULL/x", NULL);
    club_link(&club, TARGET, order, fk, m, "5/NULL/x", NULL);
    club_link(&club, TARGET, order, fk, m, "6/NULL/x", NULL);
    expect(&club, "NULL|5|5|child|d.orders\n"
                  "NULL|6|6|child|d.orders\n");
}

/* ---- order */

static void test_order(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), n = club_table(&club, "d.guests", true, MR_SUBJECT_CONFIGURED);
    club_row(&club, m, MR_KIND_MISSING, "1/\xc3\xa4/x", NULL, "a", NULL);
    club_row(&club, m, MR_KIND_MISSING, "2/z/x", NULL, "z", NULL);
    club_row(&club, m, MR_KIND_MISSING, "3/Z/x", NULL, "Z", NULL);
    club_row(&club, m, MR_KIND_MISSING, "4//x", NULL, "", NULL);
    club_row(&club, m, MR_KIND_MISSING, "5/NULL/x", NULL, NULL, NULL);
    club_row(&club, m, MR_KIND_MISSING, "6/za/x", NULL, "za", NULL);
    club_row(&club, n, MR_KIND_MISSING, "7/z/x", NULL, "z", NULL);
    expect(&club, "NULL|5||missing|d.members\n"
                  "|4||missing|d.members\n"
                  "Z|3||missing|d.members\n"
                  "z|7||missing|d.guests\n"
                  "z|2||missing|d.members\n"
                  "za|6||missing|d.members\n"
                  "\xc3\xa4|1||missing|d.members\n");
}

/* ---- composite keys and identities, and other classes of values */

static void encode(struct mr_strbuf *out, int64_t a, const char *b, const char *phone,
                   size_t phone_len)
{
    struct mr_value values[] = {{.cls = MR_CLASS_INT, .i = a},
                                {.cls = MR_CLASS_TEXT, .ptr = b, .len = strlen(b)},
                                {.cls = MR_CLASS_BINARY, .ptr = phone, .len = phone_len}};
    for (size_t i = 0; i < 3; i++)
        case_require(mr_row_encode(out, &values[i], NULL));
}

static void test_composite(void **state)
{
    struct club club;
    bool known = false;
    (void)state;
    club_begin(&club);
    struct mr_find_column columns[] = {{.name = "shop",
                                        .style = {MR_CLASS_INT, 0},
                                        .show_at = 0,
                                        .key_at = 1,
                                        .identity_at = -1,
                                        .flag_at = -1},
                                       {.name = "name",
                                        .style = {MR_CLASS_TEXT, 0},
                                        .show_at = 1,
                                        .key_at = 0,
                                        .identity_at = 1,
                                        .flag_at = -1},
                                       {.name = "token",
                                        .style = {MR_CLASS_BINARY, 0},
                                        .show_at = 2,
                                        .key_at = -1,
                                        .identity_at = 0,
                                        .flag_at = -1}};
    struct mr_find_table table = {.name = "d.people",
                                  .target_name = "d.people",
                                  .columns = columns,
                                  .ncolumns = 3,
                                  .identity_known = true};
    case_require(mr_findings_table_add(club.c.fd, &table, &known, NULL));
    table.verdict = MR_VERDICT_DIVERGED;
    table.subject = MR_SUBJECT_CONFIGURED;
    table.scanned = table.settled = true;
    case_require(mr_findings_table_save(club.c.fd, &table, NULL));
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    encode(&source, -3, "a,b", "\x00\xff", 2);
    encode(&target, 18, "c;d", "\x00", 1);
    struct mr_finding f = {.state = MR_FIND_DIVERGED,
                           .kind = MR_KIND_COLLISION,
                           .key = {"k", 1},
                           .source = source.ptr,
                           .source_len = source.len,
                           .target = target.ptr,
                           .target_len = target.len,
                           .source_id = "s",
                           .source_id_len = 1,
                           .target_id = "t",
                           .target_id_len = 1,
                           .count = 1};
    case_require(mr_findings_save(club.c.fd, table.id, &f, 1, true, NULL));
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
    expect(&club, "00,c;d||c;d,18|collision|d.people\n"
                  "00ff,a,b|a,b,-3||collision|d.people\n");
}

/* A table without a key: its rows are known by what is seen of the identity, and have no
 * key to list. */
static void test_without_key(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club);
    club_change(&club, "UPDATE col SET key_at = -1 WHERE tbl = :tbl", m);
    club_row(&club, m, MR_KIND_MISSING, "1/ann/x", NULL, NULL, NULL);
    club_row(&club, m, MR_KIND_EXTRA, NULL, "2/ann/x", NULL, NULL);
    club_row(&club, m, MR_KIND_EXTRA, NULL, "3/NULL/x", NULL, NULL);
    club_row(&club, m, MR_KIND_EXTRA, NULL, "4/NULL/x", NULL, NULL);
    expect(&club, "NULL|||extra|d.members\n"
                  "NULL|||extra|d.members\n"
                  "ann|||missing;extra|d.members\n");
}

/* ---- --tables */

static void test_selected_tables(void **state)
{
    static const char *const pattern = "orders";
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), o = other(&club, "d.orders"), l = other(&club, "d.log");
    int64_t fo = club_reference(&club, o, m), fl = club_reference(&club, l, m);
    club_row(&club, m, MR_KIND_COLLISION, "1/ann/x", "1/bob/x", "ann", "bob");
    int64_t order = club_row(&club, o, MR_KIND_MISSING, "7/x/x", NULL, NULL, NULL);
    int64_t line = club_row(&club, l, MR_KIND_MISSING, "8/x/x", NULL, NULL, NULL);
    club_link(&club, SOURCE, order, fo, m, "1/ann/x", "ann");
    club_link(&club, SOURCE, line, fl, m, "5/eve/x", "eve");
    club.tables = (struct mr_string_list){&pattern, 1};
    expect(&club, "ann|1||child|d.orders\n");
}

/* ---- several runs in one case */

static void test_other_run(void **state)
{
    struct club club;
    (void)state;
    club_begin(&club);
    int64_t m = members(&club), o = other(&club, "d.orders");
    int64_t fk = club_reference(&club, o, m);
    int64_t order = club_row(&club, o, MR_KIND_MISSING, "7/x/x", NULL, NULL, NULL);
    club_row(&club, m, MR_KIND_MISSING, "1/ann/x", NULL, "ann", NULL);
    club_link(&club, SOURCE, order, fk, m, "2/bob/x", "bob");
    struct mr_find_run second = club.c.run;
    second.uuid = "second";
    case_require(mr_findings_run_end(club.c.fd, &club.c.run, NULL));
    case_require(mr_findings_run_begin(club.c.fd, &second, NULL));
    club.c.run = second;
    int64_t again = members(&club);
    club_row(&club, again, MR_KIND_MISSING, "3/cat/x", NULL, "cat", NULL);
    expect(&club, "cat|3||missing|d.members\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_rows),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_null_identities),
        cmocka_unit_test(test_named_on_one_side),
        cmocka_unit_test(test_named_by_key),
        cmocka_unit_test(test_one_person_two_spellings),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_undeclared),
        cmocka_unit_test(test_duplicate_of_an_equal_row),
        cmocka_unit_test(test_unsettled),
        cmocka_unit_test(test_children_of_both_sides),
        cmocka_unit_test(test_any_depth),
        cmocka_unit_test(test_ways_of_two_sides),
        cmocka_unit_test(test_unsettled_child),
        cmocka_unit_test(test_inviter),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_fans),
        cmocka_unit_test(test_key_in_a_window),
        cmocka_unit_test(test_key_of_an_unsettled_row),
        cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_key_beside_a_finding),
        cmocka_unit_test(test_ancestor_without_identity),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_composite),
        cmocka_unit_test(test_without_key),
        cmocka_unit_test(test_selected_tables),
        cmocka_unit_test(test_other_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
