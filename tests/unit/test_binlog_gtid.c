/* test_binlog_gtid.c: ids of transactions as servers of both families write them; sets of them as
 * the servers read, print and subtract them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/binlog/binlog_gtid_set.h"
#include "tests/unit/binlog_bytes.h"
#include "tests/unit/random.h"

/* ---- one ---- */

static void describe(const struct mr_gtid *g, struct mr_strbuf *out)
{
    mr_gtid_add_text(out, g);
    if (g->family == MR_GTID_OF_MARIADB)
        mr_strbuf_add_fmt(out, " flags %x commit %llu alter %u of %llu", g->flags,
                          (unsigned long long)g->commit_id, g->alter,
                          (unsigned long long)g->alter_start);
    else
        mr_strbuf_add_fmt(out, " %llu/%llu at %llu first %llu size %llu of %u first %u%s",
                          (unsigned long long)g->last_committed, (unsigned long long)g->order,
                          (unsigned long long)g->committed_us, (unsigned long long)g->originally_us,
                          (unsigned long long)g->size_bytes, g->version, g->origin_version,
                          g->has_statements ? " statements" : "");
}

static const struct {
    const char *what;
    enum mr_binlog_type type;
    const char *hex, *expected;
} ids[] = {
    {"MySQL 5.6", MR_BINLOG_GTID, "01fb51f203eb3e11f18b8502fc000000010b00000000000000",
     "fb51f203-eb3e-11f1-8b85-02fc00000001:11 0/0 at 0 first 0 size 0 of 0 first 0 statements"},
    {"MySQL 9", MR_BINLOG_GTID,
     "00fb3085dbeb3e11f1b8ff02fc000000010c0000000000000002010000000000000002000000000000003437a5c95"
     "761"
     "06fc560150620100",
     "fb3085db-eb3e-11f1-b8ff-02fc00000001:12 1/2 at 1795879533360948 first 1795879533360948 "
     "size 342 of 90704 first 90704"},
    {"of a replica: the times and versions differ", MR_BINLOG_GTID,
     "00fb3085dbeb3e11f1b8ff02fc000000010c0000000000000002010000000000000002000000000000003437a5c95"
     "761"
     "863337a5c9576106fc5601506201800f3f0100",
     "fb3085db-eb3e-11f1-b8ff-02fc00000001:12 1/2 at 1795879533360948 first 1795879533360947 "
     "size 342 of 90704 first 81679"},
    {"anonymous", MR_BINLOG_ANONYMOUS_GTID,
     "00000000000000000000000000000000000000000000000000020000000000000000010000000000000034"
     "37a5c9576106fc560150620100",
     "ANONYMOUS 0/1 at 1795879533360948 first 1795879533360948 size 342 of 90704 first 90704"},
    {"tagged", MR_BINLOG_GTID_TAGGED,
     "027a00000002ed036015026d03ad037c22c503e102fd0304f103000000020404060e7461675f6f6e6508040a080c7"
     "fe3"
     "39a5c9576106106d051283120b",
     "fb3085db-eb3e-11f1-b8ff-02fc00000001:tag_one:1 1/2 at 1795879533361635 first "
     "1795879533361635 "
     "size 347 of 90704 first 90704"},
    {"MariaDB", MR_BINLOG_MARIADB_GTID, "01000000000000000000000029000000000000",
     "0-7-1 flags 29 commit 0 alter 0 of 0"},
    {"an ALTER that begins", MR_BINLOG_MARIADB_GTID, "3e000000000000000000000029020000000000",
     "0-7-62 flags 29 commit 0 alter 1 of 0"},
    {"and that ends", MR_BINLOG_MARIADB_GTID, "3f000000000000000000000029043e00000000000000",
     "0-7-63 flags 29 commit 0 alter 2 of 62"},
    {"or is taken back", MR_BINLOG_MARIADB_GTID, "3f000000000000000000000029083e00000000000000",
     "0-7-63 flags 29 commit 0 alter 3 of 62"},
    {"a completed XA transaction", MR_BINLOG_MARIADB_GTID,
     "1100000000000000000000008d05000000020278317931", "0-7-17 flags 8d commit 0 alter 0 of 0"},
    {"of a group commit", MR_BINLOG_MARIADB_GTID, "0500000000000000030000000e2a00000000000000",
     "3-7-5 flags e commit 42 alter 0 of 0"},
};

static enum mr_code read_id(enum mr_binlog_type type, const uint8_t *body, size_t len,
                            struct mr_gtid *gtid, struct mr_err *err)
{
    uint8_t *copy = bytes_cut(body, len);
    const struct mr_binlog_event event = bytes_event(type, copy, len);
    const enum mr_code code = mr_binlog_gtid_read(&event, gtid, err);
    free(copy);
    return code;
}

static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_gtid gtid;
        size_t len;
        uint8_t *body = bytes_of(ids[i].hex, &len);
        print_message("%s\n", ids[i].what);
        assert_int_equal(read_id(ids[i].type, body, len, &gtid, NULL), MR_OK);
        describe(&gtid, &text);
        assert_string_equal(text.ptr, ids[i].expected);
        for (size_t cut = 0; cut < len; cut++) {
            const enum mr_code code = read_id(ids[i].type, body, cut, &gtid, NULL);
            assert_true(code == MR_OK || code == MR_E_BINLOG);
            assert_true(cut > 10 || code == MR_E_BINLOG);
        }
        for (size_t at = 0; at < len; at++)
            for (unsigned value = 0; value < 256; value++) {
                const uint8_t was = body[at];
                body[at] = (uint8_t)value;
                (void)read_id(ids[i].type, body, len, &gtid, NULL);
                body[at] = was;
            }
        free(body);
        mr_strbuf_release(&text);
    }
}

static void test_ids_refused(void **state)
{
    static const struct {
        const char *what;
        enum mr_binlog_type type;
        const char *hex;
        enum mr_code code;
    } rows[] = {
        {"number 0", MR_BINLOG_GTID, "01fb51f203eb3e11f18b8502fc000000010000000000000000",
         MR_E_BINLOG},
        {"number 2^63 - 1", MR_BINLOG_GTID, "01fb51f203eb3e11f18b8502fc00000001ffffffffffffff7f",
         MR_E_BINLOG},
        {"sequence 0", MR_BINLOG_MARIADB_GTID, "00000000000000000000000029000000000000",
         MR_E_BINLOG},
        {"another version of the layout", MR_BINLOG_GTID_TAGGED, "047a00", MR_E_UNSUPPORTED},
        {"a field that must be known", MR_BINLOG_GTID_TAGGED,
         "02082828"
         "00",
         MR_E_UNSUPPORTED},
        {"a field twice", MR_BINLOG_GTID_TAGGED, "020c0004040404", MR_E_BINLOG},
        {"a negative number", MR_BINLOG_GTID_TAGGED,
         "020800"
         "0406",
         MR_E_BINLOG},
        {"a tag of 33 bytes", MR_BINLOG_GTID_TAGGED,
         "025000"
         "0404"
         "0642"
         "616161616161616161616161616161616161616161616161616161616161616161",
         MR_E_BINLOG},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mr_gtid gtid;
        size_t len;
        uint8_t *body = bytes_of(rows[i].hex, &len);
        print_message("%s\n", rows[i].what);
        assert_int_equal(read_id(rows[i].type, body, len, &gtid, NULL), rows[i].code);
        free(body);
    }
}

static void test_varint(void **state)
{
    static const struct {
        const char *hex;
        uint64_t value;
    } rows[] = {
        {"00", 0},
        {"02", 1},
        {"7a", 61},
        {"fe", 127},
        {"ed03", 0xfb},
        {"83120b", 90704},
        {"7fe339a5c9576106", 1795879533361635},
        {"ffffffffffffffffff", UINT64_MAX},
        {"ff0100000000000000", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len;
        uint8_t *bytes = bytes_of(rows[i].hex, &len);
        struct mr_binlog_cursor c = mr_binlog_cursor(bytes, len);
        assert_true(mr_binlog_varint(&c) == rows[i].value);
        assert_false(c.failed);
        assert_int_equal(mr_binlog_left(&c), 0);
        c = mr_binlog_cursor(bytes, len - 1);
        (void)mr_binlog_varint(&c);
        assert_true(c.failed);
        free(bytes);
    }
}

/* ---- sets of MySQL ---- */

#define U "9b1c2d3e-0000-1111-2222-333344445555"
#define V "8b1c2d3e-0000-1111-2222-333344445555"

static void parse(struct mr_gtid_set *set, const char *text)
{
    mr_gtid_set_init(set);
    assert_int_equal(mr_gtid_set_parse(set, text, strlen(text), NULL), MR_OK);
}

static void assert_set(const struct mr_gtid_set *set, const char *expected)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_gtid_set_add_text(&text, set);
    assert_string_equal(text.ptr, expected);
    mr_strbuf_release(&text);
}

/* As MySQL 9.7 answers SELECT GTID_SUBTRACT(…, ''). */
static void test_set_text(void **state)
{
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } rows[] = {
        {"", ""},
        {" , ,", ""},
        {U, ""},
        {U ":5-1", ""},
        {U ":1-5:3-9:11", U ":1-9:11"},
        {U ":7:5-6:1", U ":1:5-7"},
        {U ":1-9223372036854775806", U ":1-9223372036854775806"},
        {U ":1-9223372036854775807", NULL},
        {U ":9223372036854775807", NULL},
        {U ":18446744073709551617", NULL},
        {U ":0-3", NULL},
        {U ":0", NULL},
        {U ":1:", NULL},
        {U ":1tag:3", NULL},
        {U "x", NULL},
        {"nonsense", NULL},
        {"{9b1c2d3e00001111222233334444 5555}:1", NULL},
        {"{" U "}:1", U ":1"},
        {"9B1C2D3e-0000-1111-2222-333344445555 : 1 - 3 , , ,", U ":1-3"},
        {"9b1c2d3e000011112222333344445555:4", U ":4"},
        {U ":tag1:1-5:Tag_2:7:9-10," U ":1-2:tag1:6", U ":1-2:tag1:1-6:tag_2:7:9-10"},
        {U ":1," U ":tag", U ":1"},
        {U ":1:tag:3:2, " U ":4", U ":1:4:tag:2-3"},
        {U ":_tag:3,\n" V ":4", V ":4," U ":_tag:3"},
        {U ":a234567890123456789012345678901x:3", U ":a234567890123456789012345678901x:3"},
        {U ":a234567890123456789012345678901xy:3", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mr_gtid_set set;
        struct mr_err err = {.code = MR_OK};
        print_message("%s\n", rows[i].text);
        mr_gtid_set_init(&set);
        const enum mr_code code = mr_gtid_set_parse(&set, rows[i].text, strlen(rows[i].text), &err);
        assert_int_equal(code, rows[i].expected != NULL ? MR_OK : MR_E_USAGE);
        if (rows[i].expected != NULL)
            assert_set(&set, rows[i].expected);
        mr_gtid_set_release(&set);
    }
}

static void test_set_subtract(void **state)
{
    static const struct {
        const char *from, *what, *expected;
    } rows[] = {
        {U ":1-10", U ":3-4", U ":1-2:5-10"},
        {U ":1-10", U ":1-10", ""},
        {U ":1-10", U ":1-3:9-20", U ":4-8"},
        {U ":1-10", V ":1-10", U ":1-10"},
        {U ":1:3:5:7", U ":2-6", U ":1:7"},
        {U ":1-10:t:1-4", U ":t:2", U ":1-10:t:1:3-4"},
        {U ":1-9223372036854775806", U ":7", U ":1-6:8-9223372036854775806"},
        {U ":1-4," V ":2", U ":1-9", V ":2"},
        {"", U ":1", ""},
        {U ":5-6", U ":1-4:7", U ":5-6"},
        {U ":1:3:5:7", U ":1:3:5:7," V ":1:9", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mr_gtid_set from, what;
        parse(&from, rows[i].from);
        parse(&what, rows[i].what);
        assert_int_equal(mr_gtid_set_subtract(&from, &what, NULL), MR_OK);
        assert_set(&from, rows[i].expected);
        assert_int_equal(mr_gtid_set_is_empty(&from), rows[i].expected[0] == '\0');
        assert_int_equal(mr_gtid_set_subtract(&what, &what, NULL), MR_OK);
        assert_set(&what, "");
        assert_int_equal(mr_gtid_set_add_set(&from, &from, NULL), MR_OK);
        assert_set(&from, rows[i].expected);
        mr_gtid_set_release(&from);
        mr_gtid_set_release(&what);
    }
}

/* Beside sets of bits: adding, subtracting, having and containing, many times. */
static void test_set_random(void **state)
{
    struct mr_gtid_set set;
    struct mr_gtid one = {.family = MR_GTID_OF_MYSQL};
    bool bits[64] = {false};
    (void)state;
    mr_gtid_set_init(&set);
    for (int step = 0; step < 20000; step++) {
        const unsigned first = (unsigned)random_below(62) + 1;
        const unsigned last = first + (unsigned)random_below(63 - first);
        const bool is_added = random_below(2) == 0;
        struct mr_gtid_set other;
        char text[80];
        (void)snprintf(text, sizeof text, "00000000-0000-0000-0000-000000000000:%u-%u", first,
                       last);
        parse(&other, text);
        assert_int_equal(is_added ? mr_gtid_set_add_set(&set, &other, NULL)
                                  : mr_gtid_set_subtract(&set, &other, NULL),
                         MR_OK);
        for (unsigned i = first; i <= last; i++)
            bits[i] = is_added;
        if (step % 3 == 0) { /* one alone */
            one.number = first;
            assert_int_equal(mr_gtid_set_add(&set, &one, NULL), MR_OK);
            bits[first] = true;
        }
        bool holds_all = true;
        size_t ranges = 0;
        for (unsigned i = 1; i < 64; i++) {
            one.number = i;
            assert_int_equal(mr_gtid_set_has(&set, &one), bits[i]);
            holds_all = holds_all && (bits[i] || i < first || i > last);
            ranges += bits[i] && !bits[i - 1];
        }
        assert_int_equal(mr_gtid_set_contains(&set, &other), holds_all);
        assert_int_equal(set.nranges, ranges);
        mr_gtid_set_release(&other);
    }
    mr_gtid_set_release(&set);
}

static const struct {
    const char *what, *hex, *expected; /* NULL: refused */
} before[] = {
    {"empty", "0000000000000000", ""},
    {"MySQL 8",
     "0100000000000000fb3085dbeb3e11f1b8ff02fc00000001010000000000000001000000000000000c00000000000"
     "0"
     "00",
     "fb3085db-eb3e-11f1-b8ff-02fc00000001:1-11"},
    {"with tags",
     "0103000000000001fb3085dbeb3e11f1b8ff02fc00000001000100000000000000010000000000000014000000000"
     "0"
     "0000fb3085dbeb3e11f1b8ff02fc000000010e7461675f6f6e650100000000000000010000000000000002000000"
     "00000000fb3085dbeb3e11f1b8ff02fc00000001047a7a01000000000000000100000000000000020000000000000"
     "0",
     "fb3085db-eb3e-11f1-b8ff-02fc00000001:1-19:tag_one:1:zz:1"},
    {"more sources than there are",
     "0200000000000000fb3085dbeb3e11f1b8ff02fc000000010100000000000000"
     "01000000000000000c00000000000000",
     NULL},
    {"a reversed range",
     "0100000000000000fb3085dbeb3e11f1b8ff02fc0000000101000000000000000c0000000000"
     "00000100000000000000",
     NULL},
    {"number 0",
     "0100000000000000fb3085dbeb3e11f1b8ff02fc00000001010000000000000000000000000000000c00"
     "000000000000",
     NULL},
    {"beyond 2^63",
     "0100000000000000fb3085dbeb3e11f1b8ff02fc0000000101000000000000000100000000000000"
     "0100000000000080",
     NULL},
    {"a format that is not known", "0100000000000002", NULL},
    {"a count of 2^48", "01ffffffffffff01", NULL},
    {"bytes behind it", "000000000000000000", NULL},
};

static void test_set_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        size_t len;
        uint8_t *body = bytes_of(before[i].hex, &len);
        print_message("%s\n", before[i].what);
        for (size_t cut = 0; cut <= len; cut++) {
            struct mr_gtid_set set;
            uint8_t *copy = bytes_cut(body, cut);
            const struct mr_binlog_event event = bytes_event(MR_BINLOG_PREVIOUS_GTIDS, copy, cut);
            mr_gtid_set_init(&set);
            const enum mr_code code = mr_gtid_set_read(&set, &event, NULL);
            if (cut < len && before[i].expected != NULL)
                assert_int_equal(code, MR_E_BINLOG);
            if (cut == len)
                assert_int_equal(code, before[i].expected != NULL ? MR_OK : MR_E_BINLOG);
            if (cut == len && before[i].expected != NULL)
                assert_set(&set, before[i].expected);
            mr_gtid_set_release(&set);
            free(copy);
        }
        free(body);
    }
}

/* ---- MariaDB ---- */

static void test_state(void **state_)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"0-1-105", "0-1-105"},
        {"0-2-3, 0-1-105 ,", "0-1-105,0-2-3"},
        {"0-1-5,0-1-3", "0-1-5"},
        {"4294967295-4294967295-18446744073709551615",
         "4294967295-4294967295-18446744073709551615"},
        {"4294967296-1-1", NULL},
        {"0-1-18446744073709551616", NULL},
        {"0-1", NULL},
        {"0-1-", NULL},
        {"0-1-1x", NULL},
    };
    (void)state_;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mr_gtid_state state;
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_gtid_state_init(&state);
        const enum mr_code code =
            mr_gtid_state_parse(&state, rows[i].text, strlen(rows[i].text), NULL);
        assert_int_equal(code, rows[i].expected != NULL ? MR_OK : MR_E_USAGE);
        if (rows[i].expected != NULL) {
            mr_gtid_state_add_text(&text, &state);
            assert_string_equal(text.ptr, rows[i].expected);
            assert_int_equal(mr_gtid_state_is_empty(&state), rows[i].expected[0] == '\0');
        }
        mr_strbuf_release(&text);
        mr_gtid_state_release(&state);
    }
}

/* Two histories number alike: the server is part of the id. */
static void test_state_covers(void **state_)
{
    struct mr_gtid_state state, other;
    const struct mr_gtid mine = {.family = MR_GTID_OF_MARIADB, .server = 1, .sequence = 105};
    const struct mr_gtid theirs = {.family = MR_GTID_OF_MARIADB, .server = 2, .sequence = 105};
    struct mr_gtid next = mine;
    (void)state_;
    mr_gtid_state_init(&state);
    mr_gtid_state_init(&other);
    assert_int_equal(mr_gtid_state_add(&state, &mine, NULL), MR_OK);
    assert_true(mr_gtid_state_covers(&state, &mine));
    assert_false(mr_gtid_state_covers(&state, &theirs));
    next.sequence = 106;
    assert_false(mr_gtid_state_covers(&state, &next));
    next.sequence = 1;
    assert_true(mr_gtid_state_covers(&state, &next));
    assert_int_equal(mr_gtid_state_parse(&other, "0-1-50,0-2-1", 12, NULL), MR_OK);
    assert_false(mr_gtid_state_contains(&state, &other));
    assert_int_equal(mr_gtid_state_add(&state, &theirs, NULL), MR_OK);
    assert_true(mr_gtid_state_contains(&state, &other));
    mr_gtid_state_release(&state);
    mr_gtid_state_release(&other);
}

static void test_state_events(void **state_)
{
    static const struct {
        const char *hex, *expected;
    } rows[] = {
        {"00000000", ""},
        {"000000000000", ""}, /* filled up with zeros */
        {"01000000000000000100000012000000000000"
         "00",
         "0-1-18"},
        {"01000010000000000100000012000000000000"
         "00",
         "0-1-18"}, /* with flags */
        {"02000000000000000100000012000000000000"
         "00",
         NULL},
        {"ffffffff000000000100000012000000000000"
         "00",
         NULL},
        {"0100", NULL},
    };
    (void)state_;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mr_gtid_state state;
        struct mr_strbuf text = MR_STRBUF_INIT;
        size_t len;
        uint8_t *body = bytes_of(rows[i].hex, &len);
        const struct mr_binlog_event event = bytes_event(MR_BINLOG_MARIADB_GTID_LIST, body, len);
        mr_gtid_state_init(&state);
        assert_int_equal(mr_gtid_state_read(&state, &event, NULL),
                         rows[i].expected != NULL ? MR_OK : MR_E_BINLOG);
        mr_gtid_state_add_text(&text, &state);
        if (rows[i].expected != NULL)
            assert_string_equal(text.ptr, rows[i].expected);
        mr_strbuf_release(&text);
        mr_gtid_state_release(&state);
        free(body);
    }
}

/* "0-2-105" covers 0-1-105 and all before it, where a state does not. */
static void test_position(void **state)
{
    static const struct {
        uint32_t domain;
        uint64_t sequence;
        bool covered;
    } rows[] = {
        {0, 1, true}, {0, 105, true}, {0, 106, false}, {1, 1, false},
        {7, 3, true}, {7, 4, false},  {8, 1, false},   {4294967295, 18446744073709551615U, true},
    };
    static const char text[] = "7-0-3,0-2-105,4294967295-1-18446744073709551615",
                      both[] = "0-1-100,7-1-1,0-2-105";
    const struct mr_gtid theirs = {
        .family = MR_GTID_OF_MARIADB, .domain = 0, .server = 1, .sequence = 105};
    struct mr_gtid_pos pos;
    struct mr_gtid_state last;
    struct mr_err err = {.code = MR_OK};
    (void)state;
    mr_gtid_pos_init(&pos);
    assert_false(mr_gtid_pos_covers(&pos, 0, 1));
    assert_int_equal(mr_gtid_pos_parse(&pos, text, sizeof text - 1, NULL), MR_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(mr_gtid_pos_covers(&pos, rows[i].domain, rows[i].sequence),
                         rows[i].covered);
    mr_gtid_pos_release(&pos);
    assert_int_equal(mr_gtid_pos_parse(&pos, both, sizeof both - 1, &err), MR_E_USAGE);
    assert_string_equal(err.message, "\"0-1-100,7-1-1,0-2-105\" is no position: it has two "
                                     "servers of domain 0");
    mr_gtid_pos_release(&pos);
    mr_gtid_state_init(&last);
    assert_int_equal(mr_gtid_state_parse(&last, text, sizeof text - 1, NULL), MR_OK);
    assert_false(mr_gtid_state_covers(&last, &theirs));
    mr_gtid_state_release(&last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),          cmocka_unit_test(test_ids_refused),
        cmocka_unit_test(test_varint),       cmocka_unit_test(test_set_text),
        cmocka_unit_test(test_set_subtract), cmocka_unit_test(test_set_random),
        cmocka_unit_test(test_set_events),   cmocka_unit_test(test_state),
        cmocka_unit_test(test_state_covers), cmocka_unit_test(test_position),
        cmocka_unit_test(test_state_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
