/* test_until.c: the moment of restore --until, and the fold of a log's rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot/until/until_point.h"
#include "snapshot/until/until_rows.h"

/* ---- the moment ---- */

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static void test_moments(void **state)
{
    static const struct {
        const char *text;
        enum mr_flavour flavour;
        enum mr_code code;
        bool is_time;
    } rows[] = {
        {"2026-04-02 14:02:30", MR_FLAVOUR_MARIADB, MR_OK, true},
        {"2026-04-02", MR_FLAVOUR_MARIADB, MR_OK, true},
        {"0-1-105", MR_FLAVOUR_MARIADB, MR_OK, false},
        {"0-1-105", MR_FLAVOUR_MYSQL, MR_E_USAGE, false},
        {"0-1", MR_FLAVOUR_MARIADB, MR_E_USAGE, false},
        {"0-1-05", MR_FLAVOUR_MARIADB, MR_E_USAGE, false},
        {"0-1-105,1-1-2", MR_FLAVOUR_MARIADB, MR_E_USAGE, false},
        {UUID ":23", MR_FLAVOUR_MYSQL, MR_OK, false},
        {UUID ":tag:23", MR_FLAVOUR_MYSQL, MR_OK, false},
        {UUID ":23", MR_FLAVOUR_MARIADB, MR_E_USAGE, false},
        {UUID ":1-23", MR_FLAVOUR_MYSQL, MR_E_USAGE, false},
        {UUID ":0", MR_FLAVOUR_MYSQL, MR_E_USAGE, false},
        {UUID ":-:2", MR_FLAVOUR_MYSQL, MR_E_USAGE, false},
        {UUID, MR_FLAVOUR_MYSQL, MR_E_USAGE, false},
        {"3e11fa47", MR_FLAVOUR_MYSQL, MR_E_USAGE, false},
        {"", MR_FLAVOUR_MYSQL, MR_E_USAGE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_until_point point;
        struct mr_err err = {0};
        assert_int_equal(mr_until_point_read(&point, rows[i].text, rows[i].flavour, &err),
                         rows[i].code);
        if (rows[i].code == MR_OK)
            assert_int_equal(point.is_time, rows[i].is_time);
    }
}

static void test_sides(void **state)
{
    struct mr_until_point point;
    const struct mr_gtid at = {
        .family = MR_GTID_OF_MARIADB, .domain = 0, .server = 1, .sequence = 105};
    struct mr_gtid other = at;
    (void)state;
    assert_int_equal(mr_until_point_read(&point, "1970-01-01 00:00:10Z", MR_FLAVOUR_MYSQL, NULL),
                     MR_OK);
    assert_int_equal(mr_until_point_judge(&point, &at, 10000000), MR_UNTIL_BEFORE);
    assert_int_equal(mr_until_point_judge(&point, &at, 10000001), MR_UNTIL_BEHIND);
    assert_int_equal(mr_until_point_read(&point, "0-1-105", MR_FLAVOUR_MARIADB, NULL), MR_OK);
    assert_int_equal(mr_until_point_judge(&point, &at, 0), MR_UNTIL_AT);
    other.server = 2;
    assert_int_equal(mr_until_point_judge(&point, &other, 0), MR_UNTIL_BEFORE);
    other.family = MR_GTID_NONE;
    assert_int_equal(mr_until_point_judge(&point, &other, 0), MR_UNTIL_BEFORE);
}

/* ---- the fold ---- */

static const struct mr_snap_column columns[] = {{.name = "id", .cls = MR_CLASS_INT},
                                                {.name = "y", .cls = MR_CLASS_UINT, .decimals = 4},
                                                {.name = "v", .cls = MR_CLASS_INT}};
static const size_t key[] = {0};
static const struct mr_snap_table table = {
    .db = "d", .name = "t", .columns = columns, .ncolumns = 3, .key = key, .nkey = 1};

struct world {
    struct mr_scratch_file scratch;
    struct mr_until_rows rows;
    struct mr_err err;
};

static void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    mr_scratch_file_init(&w->scratch);
    assert_int_equal(mr_scratch_file_open(&w->scratch, "", &w->err), MR_OK);
    mr_until_rows_init(&w->rows, &table, &w->scratch);
}

static void end(struct world *w)
{
    mr_until_rows_release(&w->rows);
    mr_scratch_file_release(&w->scratch);
}

/* "1 2000 7"; "-" for a column that is not seen; NULL: no row. */
static const struct mr_strbuf *image(struct mr_strbuf *out, const char *text)
{
    mr_strbuf_init(out);
    if (text == NULL)
        return NULL;
    while (*text != '\0') {
        char *rest = NULL;
        const struct mr_value value = {.cls = MR_CLASS_INT, .i = strtoll(text, &rest, 10)};
        if (*text == '-') {
            mr_strbuf_add_char(out, MR_UNTIL_UNSEEN);
            rest = (char *)(uintptr_t)text + 1;
        } else {
            assert_int_equal(mr_row_encode(out, &value, NULL), MR_OK);
        }
        text = rest + strspn(rest, " ");
    }
    return out;
}

static enum mr_code put(struct world *w, const char *before, const char *after, bool is_vague)
{
    struct mr_strbuf was, is, k = MR_STRBUF_INIT;
    struct mr_until_change change = {
        .before = image(&was, before), .after = image(&is, after), .is_vague = is_vague};
    enum mr_code code = mr_until_image_key(
        &table, change.before != NULL ? change.before : change.after, &k, &w->err);
    change.key = (struct mr_key){k.ptr, k.len};
    if (code == MR_OK)
        code = mr_until_rows_put(&w->rows, &change, &w->err);
    mr_strbuf_release(&was);
    mr_strbuf_release(&is);
    mr_strbuf_release(&k);
    return code;
}

/* What becomes of the row of that id, which the snapshot has as y, v, or not at all; "": it is gone. */
static enum mr_code become(struct world *w, int id, bool has, int y, int v, char out[64])
{
    struct mr_strbuf k = MR_STRBUF_INIT, made = MR_STRBUF_INIT;
    struct mr_value values[3], was[3] = {{.cls = MR_CLASS_INT, .i = id},
                                         {.cls = MR_CLASS_UINT, .u = (uint64_t)y},
                                         {.cls = MR_CLASS_INT, .i = v}};
    bool is_gone = false;
    assert_int_equal(mr_row_encode(&k, &was[0], NULL), MR_OK);
    const struct mr_until_row *row = mr_until_rows_find(&w->rows, (struct mr_key){k.ptr, k.len});
    assert_non_null(row);
    const enum mr_code code =
        mr_until_rows_compose(&w->rows, row, has ? was : NULL, &made, values, &is_gone, &w->err);
    out[0] = '\0';
    if (code == MR_OK && !is_gone) {
        assert_int_equal(values[1].cls, MR_CLASS_UINT);
        (void)snprintf(out, 64, "%d %u %d", (int)values[0].i, (unsigned)values[1].u,
                       (int)values[2].i);
    }
    mr_strbuf_release(&k);
    mr_strbuf_release(&made);
    return code;
}

static void test_fold(void **state)
{
    struct world w;
    char text[64];
    (void)state;
    begin(&w);
    assert_int_equal(put(&w, NULL, "1 2000 7", false), MR_OK); /* inserted, changed, and gone */
    assert_int_equal(put(&w, "1 2000 7", "1 2000 8", false), MR_OK);
    assert_int_equal(put(&w, "1 2000 8", NULL, false), MR_OK);
    assert_int_equal(become(&w, 1, false, 0, 0, text), MR_OK);
    assert_string_equal(text, "");
    assert_int_equal(put(&w, "2 - -", "- - 9", false), MR_OK); /* MINIMAL */
    assert_int_equal(become(&w, 2, true, 1999, 1, text), MR_OK);
    assert_string_equal(text, "2 1999 9");
    assert_int_equal(put(&w, "2 1999 9", "2 1998 9", false), MR_OK);
    assert_int_equal(become(&w, 2, true, 1999, 1, text), MR_OK);
    assert_string_equal(text, "2 1998 9");
    assert_int_equal(put(&w, "3 1999 1", NULL, false), MR_OK); /* gone, and there again */
    assert_int_equal(put(&w, NULL, "3 1997 2", false), MR_OK);
    assert_int_equal(become(&w, 3, true, 1999, 1, text), MR_OK);
    assert_string_equal(text, "3 1997 2");
    end(&w);
}

/* What does not follow is refused, whether within the log or against the snapshot. */
static void test_breaks(void **state)
{
    struct world w;
    char text[64];
    (void)state;
    begin(&w);
    assert_int_equal(put(&w, "1 2000 7", "1 2000 8", false), MR_OK);
    assert_int_equal(put(&w, "1 2000 7", "1 2000 9", false), MR_E_UNSUPPORTED);
    assert_int_equal(put(&w, NULL, "1 2000 9", false), MR_E_UNSUPPORTED);
    assert_int_equal(put(&w, NULL, "2 - 9", false), MR_E_UNSUPPORTED);
    assert_int_equal(put(&w, "- 1 9", NULL, false), MR_E_UNSUPPORTED);
    assert_int_equal(become(&w, 1, true, 2000, 6, text), MR_E_UNSUPPORTED);
    assert_int_equal(become(&w, 1, false, 0, 0, text), MR_E_UNSUPPORTED);
    assert_int_equal(become(&w, 1, true, 2000, 7, text), MR_OK);
    assert_string_equal(text, "1 2000 8");
    assert_int_equal(put(&w, "1 2000 8", NULL, false), MR_OK);
    assert_int_equal(put(&w, "1 2000 8", "1 2000 9", false), MR_E_UNSUPPORTED);
    assert_int_equal(put(&w, NULL, "4 2000 9", false), MR_OK);
    assert_int_equal(become(&w, 4, true, 2000, 9, text), MR_E_UNSUPPORTED);
    end(&w);
}

/* What the snapshot may hold already is taken from the log alone. */
static void test_vague(void **state)
{
    struct world w;
    char text[64];
    (void)state;
    begin(&w);
    assert_int_equal(put(&w, "1 2000 7", "1 2000 8", true), MR_OK);
    assert_int_equal(become(&w, 1, true, 2000, 7, text), MR_OK);
    assert_string_equal(text, "1 2000 8");
    assert_int_equal(become(&w, 1, true, 2000, 8, text), MR_OK);
    assert_string_equal(text, "1 2000 8");
    assert_int_equal(put(&w, "2 - -", "- - 9", true), MR_OK);
    assert_int_equal(become(&w, 2, false, 0, 0, text), MR_E_UNSUPPORTED);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments), cmocka_unit_test(test_sides), cmocka_unit_test(test_fold),
        cmocka_unit_test(test_breaks),  cmocka_unit_test(test_vague),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
