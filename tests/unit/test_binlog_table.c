/* test_binlog_table.c: what table maps of servers say; none is believed which cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/strbuf.h"
#include "core/binlog/binlog_table.h"
#include "tests/unit/binlog_bytes.h"

/* name/type/meta[!: not NULL][+-: sign][*: key, n: of n characters][~: invisible]/collation, then
 * geometry, dimensions, members */
static void describe(const struct mr_binlog_table *table, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "%llu %s.%s", (unsigned long long)table->id, table->db, table->name);
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_binlog_column *c = &table->columns[i];
        mr_strbuf_add_fmt(out, " %s/%u/%u%s%s%s", c->name != NULL ? c->name : "?", c->type, c->meta,
                          c->nullable ? "" : "!",
                          !c->has_sign     ? ""
                          : c->is_unsigned ? "+"
                                           : "-",
                          c->in_key ? "*" : "");
        if (c->key_prefix > 0)
            mr_strbuf_add_uint(out, c->key_prefix);
        mr_strbuf_add_fmt(out, "%s/%u", c->has_visibility && c->invisible ? "~" : "", c->collation);
        if (c->geometry > 0)
            mr_strbuf_add_fmt(out, "g%u", c->geometry);
        if (c->dimensions > 0)
            mr_strbuf_add_fmt(out, "d%u", c->dimensions);
        for (size_t j = 0; j < c->nmembers; j++)
            mr_strbuf_add_fmt(out, "%c%.*s", j == 0 ? '=' : '|', (int)c->members[j].len,
                              c->members[j].ptr);
    }
}

static const struct {
    const char *what;
    bool is_mariadb;
    const char *hex, *expected;
} maps[] = {
    {"numbers of MySQL 9: a sign for each, for YEAR too", false,
     "6d0000000000010002743100047369676e000b010d03f605100804090203060a0208030104ff030102eb80041701"
     "6101790162016301640165016601670168016902696408010a0c02ffe0",
     "109 t1.sign a/1/0+/0 y/13/0+/0 b/3/0+/0 c/246/2562-/0 d/5/8+/0 e/16/259/0 f/8/0-/0 g/4/4+/0 "
     "h/9/0+/0 i/2/0+/0 id/3/0!-*/0"},
    {"numbers of MariaDB", true,
     "160000000000010002743100047369676e000b010d03f605100804090203060a0208030104ff030102eb80041701"
     "6101790162016301640165016601670168016902696408010a",
     "22 t1.sign a/1/0+/0 y/13/0+/0 b/3/0+/0 c/246/2562-/0 d/5/8+/0 e/16/259/0 f/8/0-/0 g/4/4+/0 "
     "h/9/0+/0 i/2/0+/0 id/3/0!-*/0"},
    {"text of MySQL 9: JSON and geometry have no collation", false,
     "6f0000000000010002743100026368000f03fe0ffffcf5fcfefefefffe0ffcfe16fe0ab00404020402f701f801ce"
     "fc04fe09140001f701fa7f010100030c08fcff00083ffcff003f3f210702000104230269640161016201670163016"
     "a"
     "016401650166016801700262690276620274740265320a050801fcff000508030178017902c3b6060a0201e401620"
     "2"
     "017001710904000002070c02fffe",
     "111 t1.ch id/3/0!-*/0 a/254/10/8 b/15/1200!*7/255 g/255/4/0g1 c/252/2/8 j/245/4/0 d/252/2/63 "
     "e/247/1/8=\xe4|b f/248/1/255=x|y|ö h/254/1020/255 p/255/4/0g2 bi/254/9/63 vb/15/20/63 "
     "tt/252/1/33 e2/247/1/8=p|q"},
    {"text of MariaDB: geometry has one", true,
     "170000000000010002743100026368000f03fe0ffffcfcfcfefefefffe0ffcfe16fe0ab00404020402f701f801ce"
     "fc04fe09140001f701fa7f010100030b082d3f082e3f2d3f3f3f210702000104230269640161016201670163016a0"
     "1"
     "6401650166016801700262690276620274740265320a0308012d0508030178017902c3b6060a0201e401620201700"
     "1"
     "71090400000207",
     "23 t1.ch id/3/0!-*/0 a/254/10/8 b/15/1200!*7/45 g/255/4/63g1 c/252/2/8 j/252/4/46 d/252/2/63 "
     "e/247/1/8=\xe4|b f/248/1/45=x|y|ö h/254/1020/45 p/255/4/63g2 bi/254/9/63 vb/15/20/63 "
     "tt/252/1/33 e2/247/1/8=p|q"},
    {"vectors of MySQL 9, which have a collation; a column that is not seen", false,
     "7000000000000100027431000176000403f2f2030204040e01010002013f0d020507040b0269640176017703696e"
     "760801000c01e0",
     "112 t1.v id/3/0!-*/0 v/242/4/63d5 w/242/4/63d7 inv/3/0-~/0"},
    {"nothing optional", false, "4800000000000100027431000174000000", "72 t1.t"},
    {"what is not known is passed over", false,
     "480000000000010002743100017400010300010101"
     "80c803010203",
     "72 t1.t ?/3/0+/0"},
};

static enum mr_code read_map(const uint8_t *body, size_t len, bool is_mariadb,
                             struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_binlog_table table;
    uint8_t *copy = bytes_cut(body, len);
    struct mr_binlog_event event = bytes_event(MR_BINLOG_TABLE_MAP, copy, len);
    event.is_mariadb = is_mariadb;
    const enum mr_code code = mr_binlog_table_read(&event, &arena, &table, err);
    free(copy); /* what was read does not point there */
    if (code == MR_OK)
        describe(&table, out);
    mr_arena_release(&arena);
    return code;
}

static void test_maps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_err err = {.code = MR_OK};
        size_t len;
        uint8_t *body = bytes_of(maps[i].hex, &len);
        print_message("%s\n", maps[i].what);
        const enum mr_code code = read_map(body, len, maps[i].is_mariadb, &text, &err);
        assert_int_equal(code, MR_OK);
        assert_string_equal(text.ptr, maps[i].expected);
        free(body);
        mr_strbuf_release(&text);
    }
}

/* Whatever is cut off or wrong is refused, or gives a table; nothing is read beyond the end. */
static void test_cut_and_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        size_t len, refused = 0;
        uint8_t *body = bytes_of(maps[i].hex, &len);
        for (size_t cut = 0; cut < len; cut++) {
            struct mr_strbuf text = MR_STRBUF_INIT;
            const enum mr_code code = read_map(body, cut, maps[i].is_mariadb, &text, NULL);
            assert_true(code == MR_OK || code == MR_E_BINLOG);
            refused += code != MR_OK;
            mr_strbuf_release(&text);
        }
        for (size_t at = 0; at < len; at++)
            for (unsigned value = 0; value < 256; value++) {
                struct mr_strbuf text = MR_STRBUF_INIT;
                const uint8_t was = body[at];
                body[at] = (uint8_t)value;
                const enum mr_code code = read_map(body, len, maps[i].is_mariadb, &text, NULL);
                assert_true(code == MR_OK || code == MR_E_BINLOG || code == MR_E_UNSUPPORTED);
                body[at] = was;
                mr_strbuf_release(&text);
            }
        assert_true(refused > 0);
        free(body);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *what, *hex;
        enum mr_code code;
        const char *message;
    } rows[] = {
        {"an unknown type", "4800000000000100027431000174000196000101", MR_E_UNSUPPORTED,
         "binary log \"bin.000042\", position 1234: column 1 of table \"t1.t\" is of type 150, "
         "which is not known"},
        {"more metadata than columns want", "4800000000000100027431000174000103010000", MR_E_BINLOG,
         "binary log \"bin.000042\", position 1234: a table map whose metadata does "
         "not fit its columns"},
        {"a key of a column that is not",
         "480000000000010002743100017400010300010801"
         "05",
         MR_E_BINLOG, NULL},
        {"signs, and signs again",
         "480000000000010002743100017400010300010101800101"
         "80",
         MR_E_BINLOG,
         "binary log \"bin.000042\", position 1234: a table map that says the same kind of "
         "metadata "
         "twice"},
        {"a name with a NUL", "480000000000010002743100017400010300010403026100", MR_E_BINLOG,
         NULL},
        {"an empty column list, and a name", "48000000000001000274310001740000000001", MR_E_BINLOG,
         NULL},
        {"a collation of a column that is not",
         "48000000000001000274310001740001fe02fe0a01"
         "0203080108",
         MR_E_BINLOG, NULL},
        {"collations that go back",
         "48000000000001000274310001740002fefe04fe0afe0a03"
         "02050801080009",
         MR_E_BINLOG, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_err err = {.code = MR_OK};
        size_t len;
        uint8_t *body = bytes_of(rows[i].hex, &len);
        print_message("%s\n", rows[i].what);
        assert_int_equal(read_map(body, len, false, &text, &err), rows[i].code);
        if (rows[i].message != NULL)
            assert_string_equal(err.message, rows[i].message);
        free(body);
        mr_strbuf_release(&text);
    }
}

/* Empty members of so many ENUM columns, 65,535 of each. */
static enum mr_code read_members(unsigned columns)
{
    static const uint8_t head[] = {72, 0, 0, 0, 0, 0, 1, 0, 2, 't', '1', 0, 1, 't', 0};
    struct mr_strbuf body = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add(&body, head, sizeof head);
    mr_strbuf_add_char(&body, (char)columns);
    for (unsigned i = 0; i < columns; i++)
        mr_strbuf_add_char(&body, (char)0xfe);
    mr_strbuf_add_char(&body, (char)(2 * columns));
    for (unsigned i = 0; i < columns; i++)
        mr_strbuf_add(&body, "\xf7\2", 2);
    mr_strbuf_add_char(&body, 0);
    const size_t len = (size_t)columns * (3 + 65535);
    mr_strbuf_add(&body, "\6\xfd", 2);
    for (unsigned i = 0; i < 3; i++)
        mr_strbuf_add_char(&body, (char)(len >> 8 * i));
    for (unsigned i = 0; i < columns; i++) {
        mr_strbuf_add(&body, "\xfc\xff\xff", 3);
        assert_true(mr_strbuf_reserve(&body, 65535));
        memset(body.ptr + body.len, 0, 65535);
        body.len += 65535;
    }
    const enum mr_code code = read_map((const uint8_t *)body.ptr, body.len, false, &text, NULL);
    mr_strbuf_release(&body);
    mr_strbuf_release(&text);
    return code;
}

/* A byte of the log may not become many of memory. */
static void test_members(void **state)
{
    (void)state;
    assert_int_equal(read_members(1), MR_OK);
    assert_int_equal(read_members(2), MR_OK);
    assert_int_equal(read_members(3), MR_E_BINLOG);
}

/* Of a CHAR bits 8 and 9 of its length stand in the type. */
static void test_string_types(void **state)
{
    static const struct {
        unsigned first, second, type, meta;
    } rows[] = {
        {0xfe, 0xff, 254, 255},  {0xee, 0x00, 254, 256}, {0xde, 0x58, 254, 600},
        {0xce, 0xfc, 254, 1020}, {0xf7, 2, 247, 2},      {0xf8, 8, 248, 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t body[] = {72, 0, 0, 0, 0, 0, 1, 0, 1, 'd', 0, 1, 't', 0, 1, 254, 2, 0, 0, 1};
        body[17] = (uint8_t)rows[i].first;
        body[18] = (uint8_t)rows[i].second;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_binlog_table table;
        const struct mr_binlog_event event = bytes_event(MR_BINLOG_TABLE_MAP, body, sizeof body);
        assert_int_equal(mr_binlog_table_read(&event, &arena, &table, NULL), MR_OK);
        assert_int_equal(table.columns[0].type, rows[i].type);
        assert_int_equal(table.columns[0].meta, rows[i].meta);
        mr_arena_release(&arena);
    }
}

static void test_words(void **state)
{
    char buf[MR_BINLOG_WORD_BYTES];
    (void)state;
    assert_string_equal(mr_binlog_type_word(MR_BINLOG_WRITE_ROWS_V1, buf), "WRITE_ROWS_V1");
    assert_string_equal(mr_binlog_type_word((enum mr_binlog_type)201, buf), "event 201");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps),         cmocka_unit_test(test_cut_and_wrong),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_members),
        cmocka_unit_test(test_string_types), cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
