/* test_binlog_rows.c: row events image by image, cut and damaged ones too. */
#include "binlog_sample.h"

#include "core/binlog/binlog_rows.h"

/* INT, VARCHAR(10), JSON, TINY. */
static const struct mr_binlog_column columns[] = {{.type = MR_FIELD_LONG},
                                                  {.type = MR_FIELD_VARCHAR, .meta = 10},
                                                  {.type = MR_FIELD_JSON, .meta = 4},
                                                  {.type = MR_FIELD_TINY}};
static const struct mr_binlog_table table = {
    .id = 0x42, .db = "d", .name = "t", .columns = columns, .ncolumns = 4};

static struct mr_binlog_event event_of(unsigned type, const char *hex, uint8_t *bytes, size_t cap)
{
    const size_t len = bytes_of(hex, bytes, cap);
    return (struct mr_binlog_event){
        .type = (enum mr_binlog_type)type, .body = bytes, .len = len, .place = {"bin.000001", 4}};
}

static void add_image(struct mr_strbuf *out, const char *name, const struct mr_binlog_field *image)
{
    static const char *const words[] = {"-", "null", "", "diff "};
    mr_strbuf_add_str(out, name);
    for (size_t i = 0; image != NULL && i < table.ncolumns; i++) {
        mr_strbuf_add_str(out, i > 0 ? "," : "(");
        mr_strbuf_add_str(out, words[image[i].presence]);
        mr_strbuf_add_hex(out, image[i].ptr, image[i].len);
    }
    mr_strbuf_add_str(out, image != NULL ? ")" : "none");
}

/* "1 before(…) after none; 1 …", or the error's text. */
static const char *play(struct mr_binlog_rows *rows, const struct mr_binlog_event *event)
{
    static char said[2048];
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_binlog_row row = {.kind = MR_BINLOG_INSERT};
    struct mr_err err = {0};
    enum mr_code code = mr_binlog_rows_open(rows, event, &table, &err);
    while (code == MR_OK && row.kind != 0) {
        code = mr_binlog_rows_next(rows, &row, &err);
        if (code != MR_OK || row.kind == 0)
            break;
        mr_strbuf_add_fmt(&out, "%s%d ", out.len > 0 ? "; " : "", (int)row.kind);
        add_image(&out, "before ", row.before);
        add_image(&out, " after ", row.after);
    }
    if (code != MR_OK)
        mr_strbuf_add_fmt(&out, "%s%s", out.len > 0 ? "; " : "", err.message);
    (void)snprintf(said, sizeof said, "%s", out.ptr);
    mr_strbuf_release(&out);
    return said;
}

#define AT "binary log \"bin.000001\", position 4: "
#define HEAD_V1 "420000000000 0100 04 "
#define HEAD_V2 "420000000000 0100 0200 04 "

static void test_events(void **state)
{
    static const struct {
        unsigned type;
        const char *hex, *wanted;
    } samples[] = {
        {MR_BINLOG_WRITE_ROWS_V1, HEAD_V1 "0f 0e 01000000 00 02000000",
         "1 before none after (01000000,null,null,null); " AT "a row that is cut off"},
        {MR_BINLOG_WRITE_ROWS_V1, HEAD_V1 "0f 0c 01000000 026869 04 02000000 00 07",
         "1 before none after (01000000,026869,null,null); 1 before none after "
         "(02000000,00,null,07)"},
        {MR_BINLOG_WRITE_ROWS_V2, HEAD_V2 "0f 00 01000000 026869 020000000401 ff",
         "1 before none after (01000000,026869,020000000401,ff)"},
        {MR_BINLOG_DELETE_ROWS_V2, HEAD_V2 "09 00 01000000 05 02 02000000",
         "3 before (01000000,-,-,05) after none; 3 before (02000000,-,-,null) after none"},
        {MR_BINLOG_UPDATE_ROWS_V1, HEAD_V1 "01 08 00 01000000 00 09 00 02000000 01",
         "2 before (01000000,-,-,-) after (-,-,-,09); 2 before (02000000,-,-,-) after "
         "(-,-,-,null)"},
        {MR_BINLOG_UPDATE_ROWS_V1, HEAD_V1 "01 08 00 01000000", AT "a row that is cut off"},
        {MR_BINLOG_UPDATE_ROWS_V1, HEAD_V1 "01 00 00 01000000",
         "2 before (01000000,-,-,-) after (-,-,-,-)"},
        /* extra data of version 2 */
        {MR_BINLOG_DELETE_ROWS_V2, "420000000000 0100 0500 010203 04 08 00 05",
         "3 before (-,-,-,05) after none"},
        {MR_BINLOG_DELETE_ROWS_V2, "420000000000 0100 0100 04 08 00 05",
         AT "a row event whose head is cut off"},
        {MR_BINLOG_DELETE_ROWS_V2, "420000000000 0100 ffff 04 08 00 05",
         AT "a row event whose head is cut off"},
        /* partial updates: options, and a bit for each JSON column */
        {MR_BINLOG_PARTIAL_UPDATE_ROWS,
         HEAD_V2 "05 04 00 01000000 020000000401 01 01 00 03000000 000000",
         "2 before (01000000,-,020000000401,-) after (-,-,diff 03000000000000,-)"},
        {MR_BINLOG_PARTIAL_UPDATE_ROWS, HEAD_V2 "01 04 00 01000000 00 00 020000000402",
         "2 before (01000000,-,-,-) after (-,-,020000000402,-)"},
        {MR_BINLOG_PARTIAL_UPDATE_ROWS, HEAD_V2 "01 08 00 01000000 01 01 00 07",
         "2 before (01000000,-,-,-) after (-,-,-,07)"},
        {MR_BINLOG_PARTIAL_UPDATE_ROWS, HEAD_V2 "01 04 00 01000000 02 00 00 020000000402",
         AT "rows with value options 2, which are not known"},
        {MR_BINLOG_PARTIAL_UPDATE_ROWS, HEAD_V2 "01 04 00 01000000 01",
         AT "a partial update that is cut off"},
        /* no rows, no columns, other tables */
        {MR_BINLOG_WRITE_ROWS_V1, HEAD_V1 "0f", ""},
        {MR_BINLOG_WRITE_ROWS_V1, HEAD_V1 "00",
         AT "rows of table \"d.t\" without any of their columns"},
        {MR_BINLOG_WRITE_ROWS_V1, "420000000000 0100 05 1f 00",
         AT "a row event that is not of the table before it"},
        {MR_BINLOG_WRITE_ROWS_V1, "430000000000 0100 04 0f 00",
         AT "a row event that is not of the table before it"},
        {MR_BINLOG_WRITE_ROWS_V1, "420000000000 0100 fe ffffffffffffffff 0f",
         AT "a row event whose head is cut off"},
        {MR_BINLOG_WRITE_ROWS_V1, "4200", AT "a row event whose head is cut off"},
        {MR_BINLOG_WRITE_ROWS_V0, HEAD_V1 "0f",
         AT "WRITE_ROWS_V0, as servers before MySQL 5.1.16 wrote them, cannot be read"},
        {MR_BINLOG_QUERY, "00", "QUERY is not an event of rows"},
        /* lengths that lie */
        {MR_BINLOG_WRITE_ROWS_V1, HEAD_V1 "02 00 ff6869", AT "a row that is cut off"},
        {MR_BINLOG_WRITE_ROWS_V1, HEAD_V1 "04 00 ffffffff 0401", AT "a row that is cut off"},
        {MR_BINLOG_WRITE_ROWS_V1, HEAD_V1 "04 00 ffff", AT "a row that is cut off"},
    };
    struct mr_binlog_rows rows = {0};
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        uint8_t bytes[256];
        const struct mr_binlog_event event =
            event_of(samples[i].type, samples[i].hex, bytes, sizeof bytes);
        assert_string_equal(play(&rows, &event), samples[i].wanted);
    }
    mr_binlog_rows_release(&rows);
}

static void test_head(void **state)
{
    uint8_t bytes[64];
    struct mr_binlog_event event =
        event_of(MR_BINLOG_WRITE_ROWS_V1, "563412000000 0700 04 0f", bytes, sizeof bytes);
    const struct mr_binlog_table other = {
        .id = 0x123456, .db = "d", .name = "t", .columns = columns, .ncolumns = 4};
    struct mr_binlog_rows rows = {0};
    struct mr_err err = {0};
    uint64_t id = 0;
    (void)state;
    assert_int_equal(mr_binlog_rows_table(&event, &id, &err), MR_OK);
    assert_int_equal(id, 0x123456);
    assert_int_equal(mr_binlog_rows_open(&rows, &event, &other, &err), MR_OK);
    assert_true(rows.statement_end && rows.no_foreign_keys && rows.no_unique_checks);
    assert_int_equal(rows.table_id, 0x123456);
    assert_int_equal(rows.kind, MR_BINLOG_INSERT);
    mr_binlog_rows_release(&rows);

    bytes[6] = 0;
    assert_int_equal(mr_binlog_rows_open(&rows, &event, &other, &err), MR_OK);
    assert_false(rows.statement_end || rows.no_foreign_keys || rows.no_unique_checks);
    event.len = 5;
    assert_int_equal(mr_binlog_rows_table(&event, &id, &err), MR_E_BINLOG);
    event.type = MR_BINLOG_DELETE_ROWS_V0;
    assert_int_equal(mr_binlog_rows_table(&event, &id, &err), MR_E_UNSUPPORTED);
    event.type = MR_BINLOG_XID;
    assert_int_equal(mr_binlog_rows_table(&event, &id, &err), MR_E_BUG);
    mr_binlog_rows_release(&rows);
}

/* Bytes of each type's values; what is behind them is the next column's. */
static void test_widths(void **state)
{
    static const struct {
        uint8_t type;
        uint16_t meta;
        const char *hex;
        size_t len; /* 0: it is damaged, or (of 200) not known */
    } samples[] = {
        {MR_FIELD_TINY, 0, "0102", 1},
        {MR_FIELD_SHORT, 0, "010203", 2},
        {MR_FIELD_INT24, 0, "01020304", 3},
        {MR_FIELD_LONG, 0, "010203", 0},
        {MR_FIELD_LONGLONG, 0, "0102030405060708 09", 8},
        {MR_FIELD_DATETIME, 0, "0102030405060708", 8},
        {MR_FIELD_TIMESTAMP2, 3, "010203040506", 6},
        {MR_FIELD_DATETIME2, 6, "0102030405060708", 8},
        {MR_FIELD_DATETIME2, 5, "01020304050607", 0},
        {MR_FIELD_TIME2, 1, "01020304", 4},
        {MR_FIELD_TIME2, 7, "0102030405060708", 0},
        {MR_FIELD_NEWDECIMAL, 10 << 8 | 2, "0102030405", 5},
        {MR_FIELD_NEWDECIMAL, 65 << 8 | 30,
         "000000000000000000000000000000000000000000000000000000000000", 30},
        {MR_FIELD_NEWDECIMAL, 2 << 8 | 3, "0102030405", 0},
        {MR_FIELD_BIT, 8 << 8 | 0, "0102030405060708", 8},
        {MR_FIELD_BIT, 1 << 8 | 7, "0102", 2},
        {MR_FIELD_ENUM, 2, "0102", 2},
        {MR_FIELD_STRING, 300, "0200 4141", 4},
        {MR_FIELD_VARCHAR, 256, "0100 41", 3},
        {MR_FIELD_BLOB, 3, "020000 4141", 5},
        {MR_FIELD_BLOB, 5, "020000 4141", 0},
        {MR_FIELD_BLOB_COMPRESSED, 2, "0200 4141", 4},
        {MR_FIELD_NULL, 0, "01", 0},
        {200, 0, "01", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct mr_binlog_column column = {.type = samples[i].type, .meta = samples[i].meta};
        const struct mr_binlog_table one = {
            .id = 1, .db = "d", .name = "t", .columns = &column, .ncolumns = 1};
        uint8_t bytes[128];
        char hex[256];
        struct mr_binlog_rows rows = {0};
        struct mr_binlog_row row;
        struct mr_err err = {0};
        (void)snprintf(hex, sizeof hex, "010000000000 0000 01 01 00 %s", samples[i].hex);
        const struct mr_binlog_event event =
            event_of(MR_BINLOG_WRITE_ROWS_V1, hex, bytes, sizeof bytes);
        assert_int_equal(mr_binlog_rows_open(&rows, &event, &one, &err), MR_OK);
        enum mr_code code = mr_binlog_rows_next(&rows, &row, &err);
        if (samples[i].len > 0 || samples[i].type == MR_FIELD_NULL) {
            assert_int_equal(code, MR_OK);
            assert_int_equal(row.after[0].len, samples[i].len);
        } else {
            assert_int_equal(code, samples[i].type == 200 ? MR_E_UNSUPPORTED : MR_E_BINLOG);
        }
        mr_binlog_rows_release(&rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
