/* test_create_finish.c: a table that was altered is read again or left out, the chunks of the others
 * are in order and tile, and nothing is published where anything failed. */
#include "create_world.h"
#include "snapshot/create/create_case.h"
#include "snapshot/create/create_identity.h"
#include "snapshot/create/create_scan.h"
#include "snapshot/create/create_true.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_catalogue.h"

/* ---- what is replaced: each says its name ---- */

static const char *fails; /* the step that does */
static enum mr_code failure;

static enum mr_code step(const char *name, const char *of, struct mr_err *err)
{
    mr_strbuf_add_fmt(&world.sent, "%s%s ", name, of);
    return fails != NULL && strcmp(fails, name) == 0 ? mr_err_set(err, failure, "%s fails", name)
                                                     : MR_OK;
}

static unsigned same_from; /* the look from which on the table is the same; 0: never */
static unsigned looks;
static bool is_gone;

enum mr_code __wrap_mr_create_numbers_read(struct mr_create *c, struct mr_err *err);
enum mr_code __wrap_mr_create_numbers_read(struct mr_create *c, struct mr_err *err)
{
    (void)c;
    return step("numbers", "", err);
}

enum mr_code __wrap_mr_schema_reload_table(struct mr_db *db, const char *dbname, const char *name,
                                           struct mr_arena *arena, const struct mr_table **out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_schema_reload_table(struct mr_db *db, const char *dbname, const char *name,
                                           struct mr_arena *arena, const struct mr_table **out,
                                           struct mr_err *err)
{
    static const struct mr_column columns[] = {
        {.name = "id", .type = "bigint", .data_type = "bigint", .cls = MR_CLASS_INT, .ordinal = 1},
        {.name = "text",
         .type = "text",
         .data_type = "text",
         .cls = MR_CLASS_TEXT,
         .charset = "utf8mb4",
         .collation = "utf8mb4_bin",
         .nullable = true,
         .ordinal = 2}};
    static const struct mr_index_part part = {.column = "id"};
    static const struct mr_index primary = {.name = "PRIMARY",
                                            .unique = true,
                                            .usable = true,
                                            .kind = "BTREE",
                                            .parts = &part,
                                            .nparts = 1};
    static struct mr_table now;
    (void)db, (void)arena;
    now = (struct mr_table){.db = dbname,
                            .name = name,
                            .kind = MR_TABLE_BASE,
                            .engine = "InnoDB",
                            .transactional = true,
                            .columns = columns,
                            .ncolumns = 2,
                            .indexes = &primary,
                            .nindexes = 1};
    *out = is_gone ? NULL : &now;
    return step("reload:", name, err);
}

enum mr_code __wrap_mr_table_read_create(struct mr_db *db, const struct mr_table *table,
                                         struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_table_read_create(struct mr_db *db, const struct mr_table *table,
                                         struct mr_arena *arena, struct mr_err *err)
{
    (void)db, (void)table, (void)arena, (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_create_identify(struct mr_create *c, struct mr_create_table *t,
                                       struct mr_err *err);
enum mr_code __wrap_mr_create_identify(struct mr_create *c, struct mr_create_table *t,
                                       struct mr_err *err)
{
    (void)c;
    t->create = "CREATE TABLE now";
    return step("identify", "", err);
}

enum mr_code __wrap_mr_create_is_unchanged(struct mr_create *c, struct mr_create_table *t,
                                           bool *same, struct mr_err *err);
enum mr_code __wrap_mr_create_is_unchanged(struct mr_create *c, struct mr_create_table *t,
                                           bool *same, struct mr_err *err)
{
    (void)c, (void)t;
    *same = ++looks >= same_from && same_from > 0;
    return step("unchanged", "", err);
}

enum mr_code __wrap_mr_create_true_read(struct mr_create *c, struct mr_create_table *t,
                                        struct mr_err *err);
enum mr_code __wrap_mr_create_true_read(struct mr_create *c, struct mr_create_table *t,
                                        struct mr_err *err)
{
    (void)c, (void)t, (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_create_true_text(struct mr_create *c, const struct mr_create_table *t,
                                        const char **out, struct mr_err *err);
enum mr_code __wrap_mr_create_true_text(struct mr_create *c, const struct mr_create_table *t,
                                        const char **out, struct mr_err *err)
{
    (void)c;
    *out = t->create;
    return step("true", "", err);
}

enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest,
                                             struct mr_err *err);
enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    (void)db, (void)next;
    *greatest = 99;
    return step("greatest:", table->name, err);
}

enum mr_code __wrap_mr_snap_schema_write_table(struct mr_snap_schema *s,
                                               const struct mr_table *table, const char *text,
                                               struct mr_snap_table *to, struct mr_err *err);
enum mr_code __wrap_mr_snap_schema_write_table(struct mr_snap_schema *s,
                                               const struct mr_table *table, const char *text,
                                               struct mr_snap_table *to, struct mr_err *err)
{
    (void)s, (void)table, (void)text;
    return step("write:", to->name, err);
}

enum mr_code __wrap_mr_snap_schema_objects(struct mr_snap_schema *s, struct mr_err *err);
enum mr_code __wrap_mr_snap_schema_objects(struct mr_snap_schema *s, struct mr_err *err)
{
    (void)s;
    return step("objects", "", err);
}

static size_t catalogued;

enum mr_code __wrap_mr_snap_catalogue_write(struct mr_snap_schema *s, const struct mr_table *tables,
                                            size_t count, struct mr_err *err);
enum mr_code __wrap_mr_snap_catalogue_write(struct mr_snap_schema *s, const struct mr_table *tables,
                                            size_t count, struct mr_err *err)
{
    (void)s, (void)tables;
    catalogued = count;
    return step("catalogue", "", err);
}

enum mr_code __wrap_mr_snap_script_sql(const struct mr_snap_manifest *m,
                                       const struct mr_snap_dir *dir, struct mr_strbuf *out,
                                       struct mr_err *err);
enum mr_code __wrap_mr_snap_script_sql(const struct mr_snap_manifest *m,
                                       const struct mr_snap_dir *dir, struct mr_strbuf *out,
                                       struct mr_err *err)
{
    (void)m, (void)dir;
    mr_strbuf_add_str(out, "-- sql\n");
    return step("script", "", err);
}

enum mr_code __wrap_mr_snap_dir_publish(struct mr_snap_dir *dir,
                                        const struct mr_snap_manifest *manifest,
                                        const struct mr_sign_key *signer, struct mr_err *err);
enum mr_code __wrap_mr_snap_dir_publish(struct mr_snap_dir *dir,
                                        const struct mr_snap_manifest *manifest,
                                        const struct mr_sign_key *signer, struct mr_err *err)
{
    (void)dir;
    assert_null(signer);
    assert_non_null(manifest->uuid);
    return step("publish", "", err);
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

/* ---- a run whose rows are on disk ---- */

static const struct mr_table tables[] = {
    {.db = "club", .name = "members", .engine = "InnoDB", .transactional = true},
    {.db = "club", .name = "wallets", .engine = "InnoDB", .transactional = true}};
static const struct create_row rows[] = {{1, "a"}, {2, NULL}, {9, "b"}};

static void begin(void)
{
    const struct mr_snap_consistency view = {
        .kind = MR_SNAP_ONE_VIEW, .connections = 1, .tries = 1};
    struct mr_vec none = MR_VEC_INIT(struct mr_key);
    world_begin(NULL, 0);
    create_begin();
    create_reader();
    create_place();
    create_dir(create.place);
    create.rows = rows;
    create.nrows = LEN(rows);
    create.c.views.consistency = view;
    create.c.ep.kind = MR_ENDPOINT_MYSQL;
    create.c.ep.host = (char *)(uintptr_t) "h";
    fails = NULL;
    same_from = 1;
    looks = 0;
    is_gone = false;
    assert_int_equal(mr_journal_file_view(create.c.journal, &view, NULL, NULL), MR_OK);
    for (size_t i = 0; i < LEN(tables); i++) {
        struct mr_create_table *t = create_table(&tables[i], 1);
        assert_int_equal(mr_journal_file_table(create.c.journal, &t->snap, "C", &none, NULL),
                         MR_OK);
    }
}

static void end(void)
{
    char place[64];
    (void)snprintf(place, sizeof place, "%s", create.place);
    create.c.ep.host = NULL;
    create_end();
    create_place_remove(place);
    world_end();
}

static void add_chunk(struct mr_create_table *t, size_t segment, size_t part, size_t sequence,
                      int64_t lo, int64_t hi)
{
    struct mr_journal_chunk *c = mr_vec_push(&t->chunks);
    *c = (struct mr_journal_chunk){
        .segment = segment,
        .part = part,
        .sequence = sequence,
        .chunk = {.file = "data/x",
                  .range = {create_key_of(&create.c.arena, lo), create_key_of(&create.c.arena, hi)},
                  .first = create_key_of(&create.c.arena, hi),
                  .last = create_key_of(&create.c.arena, hi),
                  .rows = (uint64_t)hi,
                  .plain_bytes = 10,
                  .stored_bytes = 1,
                  .sum = {UINT64_MAX, (uint64_t)hi},
                  .sha256 = "00"}};
}

/* Chunks come in any order, and between two of them there may be a gap that was read and is empty. */
static void test_chunks(void **state)
{
    struct mr_err err = {0};
    (void)state;
    for (int hidden = 0; hidden < 2; hidden++) {
        begin();
        struct mr_create_table *t = &create.tables[0];
        t->snap.keys_hidden = hidden == 1;
        t->has_greatest = true;
        t->snap.greatest = 5;
        add_chunk(t, 1, 0, 0, 60, 80);
        add_chunk(t, 0, 3, 0, 40, 50);
        add_chunk(t, 0, 2, 1, 20, 30);
        add_chunk(t, 0, 2, 0, 10, 20);
        if (mr_create_finish(&create.c, &err) != MR_OK)
            fail_msg("%s", err.message);
        const struct mr_snap_table *m = &create.c.manifest.tables[0];
        assert_int_equal(create.c.manifest.ntables, 2);
        assert_int_equal(m->nchunks, 4);
        static const uint64_t order[] = {20, 30, 50, 80};
        for (size_t i = 0; i < 4; i++) {
            const struct mr_snap_chunk *c = &m->chunks[i];
            assert_int_equal(c->rows, order[i]);
            if (hidden) {
                assert_true(c->range.lo.ptr == NULL && c->range.hi.ptr == NULL);
                assert_true(c->first.ptr == NULL && c->last.ptr == NULL);
                continue;
            }
            assert_int_equal(c->range.lo.ptr == NULL, i == 0);
            assert_int_equal(c->range.hi.ptr == NULL, i == 3);
            if (i > 0)
                assert_int_equal(mr_key_compare(c->range.lo, m->chunks[i - 1].range.hi), 0);
        }
        assert_int_equal(m->rows, 180);
        assert_int_equal(m->plain_bytes, 40);
        assert_true(m->sum.hi == 4 * UINT64_MAX && m->sum.lo == 180);
        assert_int_equal(m->greatest, 5); /* of the view */
        assert_int_equal(create.c.manifest.tables[1].greatest, 99);
        assert_int_equal(world_sent_count("greatest:"), 1);
        assert_int_equal(catalogued, 2);
        end();
    }
}

struct altered {
    const char *what;
    unsigned same_from;
    bool is_gone;
    unsigned reads;       /* of it */
    const char *left_out; /* or NULL: it is kept */
};

static void test_altered(void **state)
{
    static const struct altered cases[] = {
        {"the same at once", 1, false, 1, NULL},
        {"the same at last", 2, false, 2, NULL},
        {"again and again", 0, false, 2, "table club.members: it was altered again and again\n"},
        {"dropped", 0, true, 1, "table club.members: it was dropped while the rest was read\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct altered *c = &cases[i];
        struct mr_err err = {0}, why = {0};
        begin();
        struct mr_create_table *t = &create.tables[0];
        add_chunk(t, 0, 0, 0, 0, 5); /* in the wrong shape */
        (void)mr_err_set(&why, MR_E_CHANGED, "it was altered");
        mr_create_give_up(&create.c, t, &why);
        same_from = c->same_from;
        is_gone = c->is_gone;
        if (mr_create_finish(&create.c, &err) != MR_OK)
            fail_msg("%s: %s", c->what, err.message);
        assert_int_equal(world_sent_count("reload:members"), c->reads);
        assert_string_equal(create_left_out(), c->left_out != NULL ? c->left_out : "");
        assert_int_equal(create.c.manifest.ntables, c->left_out != NULL ? 1 : 2);
        assert_int_equal(catalogued, create.c.manifest.ntables);
        if (c->left_out == NULL) {
            const struct mr_snap_table *m = &create.c.manifest.tables[0];
            assert_int_equal(m->rows, 3); /* and not the five of before */
            assert_false(m->consistent);
            assert_string_equal(m->note, "it was altered meanwhile, and read again at a later "
                                         "moment");
            assert_int_equal(m->greatest, 99);
        } else {
            assert_int_equal(t->chunks.count, 0);
        }
        assert_true(world_has("publish"));
        end();
    }
}

/* Rows of a case that are gone since are counted, and no other note is lost for it. */
static void test_gone(void **state)
{
    static const struct {
        uint64_t asked;
        const char *before, *note;
    } cases[] = {{20, NULL, NULL},
                 {21, NULL, "1 of its 21 rows are not there any more"},
                 {21, "its engine", "its engine"},
                 {0, NULL, NULL}};
    static const struct mr_find_table found = {.id = 1};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err err = {0};
        begin();
        struct mr_create_table *t = &create.tables[0];
        t->found = &found;
        t->asked = cases[i].asked;
        t->snap.note = cases[i].before;
        add_chunk(t, 0, 0, 0, 0, 20);
        assert_int_equal(mr_create_finish(&create.c, &err), MR_OK);
        const char *note = create.c.manifest.tables[0].note;
        assert_int_equal(note != NULL, cases[i].note != NULL);
        if (note != NULL)
            assert_string_equal(note, cases[i].note);
        end();
    }
}

/* What fails is the last step: nothing is published. */
static void test_failing(void **state)
{
    static const char *const steps[] = {"numbers",   "reload:", "identify", "unchanged",
                                        "greatest:", "true",    "write:",   "objects",
                                        "catalogue", "script",  "publish"};
    (void)state;
    for (size_t i = 0; i < LEN(steps); i++) {
        struct mr_err err = {0}, why = {0};
        begin();
        (void)mr_err_set(&why, MR_E_CHANGED, "it was altered");
        mr_create_give_up(&create.c, &create.tables[1], &why);
        fails = steps[i];
        failure = MR_E_LOST;
        enum mr_code code = mr_create_finish(&create.c, &err);
        if (code != MR_E_LOST)
            fail_msg("%s: %d, %s", steps[i], (int)code, world_sent());
        assert_int_equal(err.code, MR_E_LOST);
        assert_int_equal(world_has("publish"), i == LEN(steps) - 1);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chunks),
                                       cmocka_unit_test(test_altered), cmocka_unit_test(test_gone),
                                       cmocka_unit_test(test_failing)};
    return cmocka_run_group_tests_name("create_finish", tests, NULL, NULL);
}
