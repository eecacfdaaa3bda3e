/* test_create_case.c: of a case's tables exactly the rows of this side, by the keys with which it had
 * them; which side that is; and what cannot be taken is named. */
#include "create_world.h"
#include "snapshot/create/create_case.h"
#include "snapshot/create/create_unlock.h"

static enum mr_code hold_code;

enum mr_code __wrap_mr_create_hold(struct mr_create_scan *s, struct mr_create_table *t,
                                   struct mr_err *err);
enum mr_code __wrap_mr_create_hold(struct mr_create_scan *s, struct mr_create_table *t,
                                   struct mr_err *err)
{
    (void)s, (void)t;
    return hold_code == MR_OK ? MR_OK : mr_err_set(err, hold_code, "no");
}

enum mr_code __wrap_mr_create_wait(struct mr_create_scan *s, struct mr_err *err);
enum mr_code __wrap_mr_create_wait(struct mr_create_scan *s, struct mr_err *err)
{
    (void)s, (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err);
enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err)
{
    (void)throttle, (void)held, (void)err;
    return MR_OK;
}

/* ---- a case on disk ---- */

static const struct mr_find_column columns[] = {{.name = "id",
                                                 .type = "bigint",
                                                 .style = {.cls = MR_CLASS_INT},
                                                 .key_at = 0,
                                                 .identity_at = -1,
                                                 .flag_at = -1,
                                                 .show_at = 0},
                                                {.name = "text",
                                                 .type = "text",
                                                 .style = {.cls = MR_CLASS_TEXT},
                                                 .charset = "utf8mb4",
                                                 .key_at = -1,
                                                 .identity_at = -1,
                                                 .flag_at = -1,
                                                 .show_at = 1}};

struct kept {
    enum mr_find_kind kind;
    int64_t source, target; /* keys */
};

static const struct kept findings[] = {
    {MR_KIND_MISSING, 1, 0},      {MR_KIND_EXTRA, 0, 2},     {MR_KIND_CHANGED, -3, -3},
    {MR_KIND_CHANGED, 4, 5},      {MR_KIND_COLLISION, 6, 6}, {MR_KIND_MISSING, INT64_MIN, 0},
    {MR_KIND_EXTRA, 0, INT64_MAX}};

static struct mr_arena bytes;
static size_t many; /* findings more that only the source has */

static void add_image(int64_t id, const void **ptr, size_t *len)
{
    struct mr_strbuf row = MR_STRBUF_INIT;
    const struct mr_value values[] = {{.cls = MR_CLASS_INT, .i = id},
                                      {.cls = MR_CLASS_TEXT, .ptr = "old", .len = 3}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mr_row_encode(&row, &values[i], NULL), MR_OK);
    *ptr = mr_arena_dup(&bytes, row.ptr, row.len);
    *len = row.len;
    mr_strbuf_release(&row);
}

static void save(struct mr_findings *fd, int64_t table)
{
    struct mr_finding items[LEN(findings)];
    struct mr_err err = {0};
    for (size_t i = 0; i < LEN(findings); i++) {
        const struct kept *k = &findings[i];
        const void *ptr;
        size_t len;
        items[i] = (struct mr_finding){
            .kind = k->kind,
            .key = create_key_of(&bytes, k->kind == MR_KIND_EXTRA ? k->target : k->source),
            .state = MR_FIND_DIVERGED};
        if (k->kind != MR_KIND_EXTRA) {
            add_image(k->source, &ptr, &len);
            items[i].source = ptr;
            items[i].source_len = len;
        }
        if (k->kind != MR_KIND_MISSING) {
            add_image(k->target, &ptr, &len);
            items[i].target = ptr;
            items[i].target_len = len;
        }
    }
    if (mr_findings_save(fd, table, items, LEN(items), true, &err) != MR_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < many; i++) {
        struct mr_finding one = {.kind = MR_KIND_MISSING,
                                 .key = create_key_of(&bytes, 1000 + (int64_t)i),
                                 .state = MR_FIND_DIVERGED};
        add_image(1000 + (int64_t)i, &one.source, &one.source_len);
        assert_int_equal(mr_findings_save(fd, table, &one, 1, true, &err), MR_OK);
    }
}

struct side {
    const char *source, *target;
    bool finished;
};

static void make_case(const char *path, const struct side *side)
{
    struct mr_findings *fd = NULL;
    struct mr_find_run run = {.uuid = "run-1",
                              .source = side->source,
                              .target = side->target,
                              .options = "",
                              .started = "2026-01-01T00:00:00Z"};
    struct mr_err err = {0};
    static const char *const names[][2] = {{"club.members", "shop.people"},
                                           {"club.equal", "shop.equal"},
                                           {"club.none", "shop.none"},
                                           {"club.keyless", "shop.keyless"},
                                           {"club.gone", "shop.gone"}};
    assert_int_equal(mr_findings_open(path, MR_CASE_WRITE, &fd, &err), MR_OK);
    assert_int_equal(mr_findings_run_begin(fd, &run, &err), MR_OK);
    for (size_t i = 0; i < LEN(names); i++) {
        struct mr_find_table t = {
            .name = names[i][0], .target_name = names[i][1], .columns = columns, .ncolumns = 2};
        bool known = false;
        t.keyless = i == 3;
        if (mr_findings_table_add(fd, &t, &known, &err) != MR_OK)
            fail_msg("%s", err.message);
        t.verdict = i == 2   ? MR_VERDICT_NOT_CHECKED
                    : i == 1 ? MR_VERDICT_EQUAL
                             : MR_VERDICT_DIVERGED;
        if (i == 2)
            t.reason = "denied";
        if (i == 0 || i == 4)
            t.counts.missing = t.counts.extra = 2, t.counts.changed = 2, t.counts.collision = 1;
        if (i == 3)
            t.counts.missing = 1;
        assert_int_equal(mr_findings_table_save(fd, &t, &err), MR_OK);
        if (i == 0)
            save(fd, t.id);
    }
    run.finished = side->finished;
    assert_int_equal(mr_findings_run_end(fd, &run, &err), MR_OK);
    assert_int_equal(mr_findings_close(fd, &err), MR_OK);
}

static enum mr_code open_case(const struct side *side, const char *uri, struct mr_err *err)
{
    static char path[100];
    world_begin(NULL, 0);
    create_begin();
    create_reader();
    create_place();
    create_dir(create.place);
    mr_arena_init(&bytes);
    hold_code = MR_OK;
    (void)snprintf(path, sizeof path, "%s/case", create.place);
    make_case(path, side);
    create.opts.case_path = path;
    create.opts.only_diverged = true;
    assert_int_equal(mr_endpoint_parse(&create.c.ep, uri, err), MR_OK);
    return mr_create_case_open(&create.c, err);
}

static void end(void)
{
    char place[64];
    (void)snprintf(place, sizeof place, "%s", create.place);
    mr_create_case_close(&create.c);
    mr_endpoint_release(&create.c.ep);
    mr_arena_release(&bytes);
    create_end();
    create_place_remove(place);
    world_end();
}

/* ---- which side ---- */

static const char *taken(const char *db, const char *name)
{
    const struct mr_table table = {.db = db, .name = name};
    const struct mr_find_table *found = NULL;
    const char *reason = NULL;
    assert_int_equal(mr_create_case_take(&create.c, &table, &found, &reason, NULL), MR_OK);
    assert_false(found != NULL && reason != NULL);
    return found != NULL ? "taken" : reason != NULL ? reason : "";
}

static void test_side(void **state)
{
    static const struct {
        const char *what;
        struct side side;
        const char *uri;
        enum mr_code code;
        bool is_target;
    } rows[] = {
        {"the source",
         {"mysql://u@a/club", "mysql://u@b/shop", true},
         "mysql://u@a/club",
         MR_OK,
         false},
        {"the target",
         {"mysql://u@a/club", "mysql://u@b/shop", true},
         "mysql://x@B:3306/other",
         MR_OK,
         true},
        {"neither",
         {"mysql://u@a/club", "mysql://u@b/shop", true},
         "mysql://u@c/club",
         MR_E_USAGE,
         false},
        {"another port",
         {"mysql://u@a/club", "mysql://u@b/shop", true},
         "mysql://u@a:3307/club",
         MR_E_USAGE,
         false},
        {"one server, by its databases",
         {"mysql://u@a/club", "mysql://u@a/shop", true},
         "mysql://u@a/shop",
         MR_OK,
         true},
        {"one server, neither of them",
         {"mysql://u@a/club", "mysql://u@a/shop", true},
         "mysql://u@a/x",
         MR_E_USAGE,
         false},
        {"twice the same",
         {"mysql://u@a/club", "mysql://u@a/club", true},
         "mysql://u@a/club",
         MR_E_USAGE,
         false},
        {"a snapshot is no server",
         {"snapshot:/snap", "mysql://u@b/shop", true},
         "mysql://u@b/shop",
         MR_OK,
         true},
        {"not finished",
         {"mysql://u@a/club", "mysql://u@b/shop", false},
         "mysql://u@a/club",
         MR_E_CASE,
         false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        enum mr_code code = open_case(&rows[i].side, rows[i].uri, &err);
        if (code != rows[i].code)
            fail_msg("%s: %d, %s", rows[i].what, (int)code, err.message);
        if (code == MR_OK) {
            assert_string_equal(taken("club", "members"), rows[i].is_target ? "" : "taken");
            assert_string_equal(taken("shop", "people"), rows[i].is_target ? "taken" : "");
            assert_string_equal(mr_create_case_rows_of(&create.c), "case run-1");
        }
        end();
    }
}

/* ---- tables ---- */

static const struct side sides = {"mysql://u@a/club", "mysql://u@b/shop", true};

static void test_tables(void **state)
{
    static const struct mr_table there[] = {{.db = "club", .name = "members"}};
    static const char *const patterns[] = {"club.members"};
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(open_case(&sides, "mysql://u@a/club", &err), MR_OK);
    assert_string_equal(taken("club", "equal"), "");
    assert_string_equal(taken("club", "none"), "the run did not compare it");
    assert_string_equal(taken("club", "keyless"), "it has no key by which its rows could be found");
    assert_string_equal(taken("club", "Members"), "");
    assert_string_equal(taken("club", "unknown"), "");
    create.cat.tables = there;
    create.cat.ntables = 1;
    assert_int_equal(mr_create_case_name_gone(&create.c, &err), MR_OK);
    assert_string_equal(create_left_out(),
                        "table club.gone: it is not on the server any more\n"
                        "table club.keyless: it is not on the server any more\n");
    create.c.schema.left_out.count = 0;
    create.opts.tables = (struct mr_string_list){.items = patterns, .count = 1};
    assert_int_equal(mr_create_case_name_gone(&create.c, &err), MR_OK);
    assert_string_equal(create_left_out(), "");
    end();
    /* on the target's side a missing row is none of its own */
    assert_int_equal(open_case(&sides, "mysql://u@b/shop", &err), MR_OK);
    assert_string_equal(taken("shop", "keyless"), "");
    end();
}

/* ---- rows ---- */

static const struct mr_table members = {
    .db = "club", .name = "members", .engine = "InnoDB", .transactional = true};

/* As the server has them now. */
static const struct create_row now[] = {{INT64_MIN, "low"}, {-3, NULL}, {1, ""},
                                        {2, "b"},           {4, "c"},   {5, "d"},
                                        {6, "e"},           {7, "f"},   {INT64_MAX, "z"}};

static void read_rows(const char *uri, const char *name, uint64_t asked, uint64_t rows)
{
    struct mr_create_scan *s = NULL;
    struct mr_err err = {0};
    struct mr_find_table const *found = NULL;
    const char *reason = NULL;
    struct mr_vec none = MR_VEC_INIT(struct mr_key);
    const struct mr_snap_consistency view = {.gtid = NULL};
    struct mr_table table = members;
    assert_int_equal(open_case(&sides, uri, &err), MR_OK);
    create.rows = now;
    create.nrows = LEN(now);
    table.db = strcmp(name, "people") == 0 ? "shop" : "club";
    table.name = name;
    struct mr_create_table *t = create_table(&table, 1);
    assert_int_equal(mr_create_case_take(&create.c, &table, &found, &reason, &err), MR_OK);
    t->found = found;
    assert_int_equal(mr_create_case_plan(&create.c, t, &err), MR_OK);
    assert_true(t->snap.keys_hidden); /* its chunks are in no order */
    assert_int_equal(t->by_key.ncols, 3);
    assert_int_equal(t->by_key.key[0], 2);
    assert_string_equal(t->by_key.cols[2].name, "id");
    assert_int_equal(mr_journal_file_view(create.c.journal, &view, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_file_table(create.c.journal, &t->snap, "C", &none, &err), MR_OK);
    for (int i = 0; i < 3; i++) { /* well, an error of the server, one of the table's lock */
        assert_int_equal(mr_create_scan_new(&create.c, &create.reader, &s, &err), MR_OK);
        mr_create_scan_take(s, t);
        create.scans = 0;
        create.scan_fails_at = i == 1;
        hold_code = i == 2 ? MR_E_LOST : MR_OK;
        if (i > 0)
            mr_vec_clear(&t->chunks);
        assert_int_equal(mr_create_case_read(s, &err), i == 0 ? MR_OK : MR_E_LOST);
        assert_int_equal(t->chunks.count, i == 0 ? 1 : 0);
        if (i == 0) {
            const struct mr_snap_chunk *c =
                &((struct mr_journal_chunk *)mr_vec_at(&t->chunks, 0))->chunk;
            assert_int_equal(t->asked, asked);
            assert_int_equal(c->rows, rows);
            assert_null(c->range.hi.ptr);
        }
        mr_create_scan_free(s);
    }
    end();
}

static void test_read(void **state)
{
    (void)state;
    read_rows("mysql://u@a/club", "members", 5, 5); /* 1, -3, 4, 6 and the lowest */
    read_rows("mysql://u@b/shop", "people", 5, 5);  /* 2, -3, 5, 6 and the greatest */
}

/* More than a page of the case, and than one statement asks for: each is asked for once. */
static void test_many(void **state)
{
    (void)state;
    many = 1203;
    read_rows("mysql://u@a/club", "members", 5 + 1203, 5);
    many = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_side), cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_read), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests_name("create_case", tests, NULL, NULL);
}
