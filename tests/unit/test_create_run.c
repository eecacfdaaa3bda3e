/* test_create_run.c: the order of a snapshot, from certificates to its end; what fails ends it there,
 * and another run's directory is gone on with only where the same is kept. */
#include "core/db/line.h"
#include "create_world.h"
#include "core/file/recipient.h"
#include "core/file/sign.h"
#include "snapshot/create/create_case.h"

static const char *fails; /* the step that does */
static enum mr_code failure;
static unsigned failure_number;
static char fingerprint[MR_SHA256_HEX];

static enum mr_code step(const char *name, struct mr_err *err)
{
    mr_strbuf_add_fmt(&world.sent, "%s ", name);
    if (fails == NULL || strcmp(fails, name) != 0)
        return MR_OK;
    (void)mr_err_set(err, failure, "%s fails", name);
    err->sql_errno = failure_number;
    return failure;
}

#define STEP(function, name)                                                                       \
    enum mr_code __wrap_##function(struct mr_create *c, struct mr_err *err);                       \
    enum mr_code __wrap_##function(struct mr_create *c, struct mr_err *err)                        \
    {                                                                                              \
        (void)c;                                                                                   \
        return step(name, err);                                                                    \
    }
STEP(mr_create_case_open, "case")
STEP(mr_create_open_throttle, "throttle")
STEP(mr_create_sweep, "sweep")
STEP(mr_create_scan, "scan")
STEP(mr_create_finish, "finish")

static const struct mr_table members = {.db = "club",
                                        .name = "members",
                                        .engine = "InnoDB",
                                        .transactional = true,
                                        .est_rows = 100,
                                        .data_bytes = 1000};
static struct mr_create_table planned;
static struct mr_journal_table journal_table;
static bool goes_on;

static double line_bytes_s = 1e9;
static enum mr_protocol_compress said;
static unsigned compressed;
static bool can_compress = true;

enum mr_code __wrap_mr_line_measure(struct mr_db *db, struct mr_line *line, struct mr_err *err);
enum mr_code __wrap_mr_line_measure(struct mr_db *db, struct mr_line *line, struct mr_err *err)
{
    (void)db;
    (void)err;
    *line = (struct mr_line){.bytes_s = line_bytes_s};
    return MR_OK;
}

bool __wrap_mr_db_can_compress(const struct mr_db *db);
bool __wrap_mr_db_can_compress(const struct mr_db *db)
{
    (void)db;
    return can_compress;
}

enum mr_protocol_compress __wrap_mr_db_compress(const struct mr_db *db);
enum mr_protocol_compress __wrap_mr_db_compress(const struct mr_db *db)
{
    (void)db;
    return said;
}

void __wrap_mr_source_compress(struct mr_source *src);
void __wrap_mr_source_compress(struct mr_source *src)
{
    (void)src;
    compressed++;
}

enum mr_code __wrap_mr_create_plan(struct mr_create *c, struct mr_err *err);
enum mr_code __wrap_mr_create_plan(struct mr_create *c, struct mr_err *err)
{
    planned = (struct mr_create_table){.table = &members,
                                       .snap = {.db = "club", .name = "members"},
                                       .bounds = MR_VEC_INIT(struct mr_key),
                                       .chunks = MR_VEC_INIT(struct mr_journal_chunk)};
    *(struct mr_create_table **)mr_vec_push(&c->tables) = &planned;
    return step("plan", err);
}

const struct mr_journal_table *__wrap_mr_create_goes_on(const struct mr_create *c,
                                                        const struct mr_create_table *t);
const struct mr_journal_table *__wrap_mr_create_goes_on(const struct mr_create *c,
                                                        const struct mr_create_table *t)
{
    (void)c, (void)t;
    return goes_on ? &journal_table : NULL;
}

enum mr_code __real_mr_snap_dir_begin(const char *path, struct mr_snap_dir **out,
                                      struct mr_err *err);
enum mr_code __wrap_mr_snap_dir_begin(const char *path, struct mr_snap_dir **out,
                                      struct mr_err *err);
enum mr_code __wrap_mr_snap_dir_begin(const char *path, struct mr_snap_dir **out,
                                      struct mr_err *err)
{
    MR_TRY(step("dir", err));
    return __real_mr_snap_dir_begin(path, out, err);
}

static uint64_t left_bytes;

enum mr_code __wrap_mr_snap_dir_free_bytes(const struct mr_snap_dir *dir, uint64_t *left,
                                           uint64_t *disk, struct mr_err *err);
enum mr_code __wrap_mr_snap_dir_free_bytes(const struct mr_snap_dir *dir, uint64_t *left,
                                           uint64_t *disk, struct mr_err *err)
{
    (void)dir;
    *left = left_bytes;
    *disk = 1 << 20;
    return step("disk", err);
}

enum mr_code __real_mr_journal_file_open(const struct mr_snap_dir *dir, const char *print,
                                         struct mr_arena *arena, struct mr_journal_file **out,
                                         struct mr_err *err);
enum mr_code __wrap_mr_journal_file_open(const struct mr_snap_dir *dir, const char *print,
                                         struct mr_arena *arena, struct mr_journal_file **out,
                                         struct mr_err *err);
enum mr_code __wrap_mr_journal_file_open(const struct mr_snap_dir *dir, const char *print,
                                         struct mr_arena *arena, struct mr_journal_file **out,
                                         struct mr_err *err)
{
    (void)snprintf(fingerprint, sizeof fingerprint, "%s", print);
    MR_TRY(step("journal", err));
    return __real_mr_journal_file_open(dir, print, arena, out, err);
}

enum mr_code __wrap_mr_recipient_load(const char *path, struct mr_recipient **out,
                                      struct mr_err *err);
enum mr_code __wrap_mr_recipient_load(const char *path, struct mr_recipient **out,
                                      struct mr_err *err)
{
    *out = (struct mr_recipient *)(uintptr_t)path;
    return step("certificate", err);
}

enum mr_code __wrap_mr_recipient_describe(const struct mr_recipient *recipient,
                                          struct mr_strbuf *subject, struct mr_strbuf *sha256,
                                          struct mr_err *err);
enum mr_code __wrap_mr_recipient_describe(const struct mr_recipient *recipient,
                                          struct mr_strbuf *subject, struct mr_strbuf *sha256,
                                          struct mr_err *err)
{
    (void)subject, (void)err;
    mr_strbuf_add_str(sha256, (const char *)recipient);
    return MR_OK;
}

void __wrap_mr_recipient_free(struct mr_recipient *recipient);
void __wrap_mr_recipient_free(struct mr_recipient *recipient)
{
    (void)recipient;
}

enum mr_code __wrap_mr_source_live_new(const struct mr_endpoint *ep,
                                       const struct mr_source_opts *opts, struct mr_source **out,
                                       struct mr_err *err);
enum mr_code __wrap_mr_source_live_new(const struct mr_endpoint *ep,
                                       const struct mr_source_opts *opts, struct mr_source **out,
                                       struct mr_err *err)
{
    (void)ep;
    assert_true(opts->consistent);
    *out = NULL;
    return step("source", err);
}

static struct mr_catalogue catalogue;

enum mr_code __wrap_mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                      struct mr_catalogue **out, struct mr_err *err);
enum mr_code __wrap_mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                      struct mr_catalogue **out, struct mr_err *err)
{
    (void)db, (void)dbs, (void)ndbs;
    catalogue.server = world.server;
    *out = &catalogue;
    return step("catalogue", err);
}

void __wrap_mr_catalogue_free(struct mr_catalogue *cat);
void __wrap_mr_catalogue_free(struct mr_catalogue *cat)
{
    (void)cat;
}

enum mr_code __wrap_mr_catalogue_read_creates(struct mr_db *db, struct mr_catalogue *cat,
                                              struct mr_err *err);
enum mr_code __wrap_mr_catalogue_read_creates(struct mr_db *db, struct mr_catalogue *cat,
                                              struct mr_err *err)
{
    (void)db, (void)cat;
    return step("creates", err);
}

enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err);
enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err)
{
    (void)db;
    *out = NULL;
    return mr_err_set(err, MR_E_DENIED, "hidden"); /* which is only said */
}

static bool other_engines;

enum mr_code __wrap_mr_snap_views_open(const struct mr_snap_view_task *task,
                                       struct mr_snap_views *out, struct mr_err *err);
enum mr_code __wrap_mr_snap_views_open(const struct mr_snap_view_task *task,
                                       struct mr_snap_views *out, struct mr_err *err)
{
    static struct mr_reader *readers[1];
    other_engines = task->other_engines;
    out->readers = readers;
    out->count = 1;
    return step("views", err);
}

void __wrap_mr_snap_views_close(struct mr_snap_views *views);
void __wrap_mr_snap_views_close(struct mr_snap_views *views)
{
    (void)views;
}

const char *__wrap_mr_reader_keeps_locks(const struct mr_reader *reader);
const char *__wrap_mr_reader_keeps_locks(const struct mr_reader *reader)
{
    (void)reader;
    return NULL;
}

/* ---- runs ---- */

#define ALL                                                                                        \
    "case certificate dir source catalogue creates plan throttle views journal sweep disk scan "   \
    "finish "

static struct mr_create_options options;

static void begin(void)
{
    static const char *const certs[] = {"c.pem"};
    memset(&options, 0, sizeof options);
    options.threads = 2;
    options.general.progress = MR_PROGRESS_NEVER;
    options.encrypt_to = (struct mr_string_list){certs, 1};
    fails = NULL;
    failure_number = 0;
    left_bytes = 1 << 20;
    goes_on = false;
}

/* The steps are in world.sent until the next run. */
static enum mr_code run(const char *uri, struct mr_err *err)
{
    char place[] = "/tmp/myrecon-test-XXXXXX", path[64];
    world_begin(NULL, 0);
    mr_log_set_level(0);
    assert_non_null(mkdtemp(place));
    (void)snprintf(path, sizeof path, "%s/snap", place);
    memset(&create, 0, sizeof create);
    create.c.opts = &options;
    enum mr_code code = mr_create_run(&create.c, uri, path, err);
    mr_create_release(&create.c);
    create_place_remove(place);
    return code;
}

/* Without lines of statements. */
static const char *steps(void)
{
    static char text[512];
    size_t len = 0;
    for (const char *at = world_sent(); *at != '\0';) {
        size_t n = strcspn(at, " \n");
        if (strncmp(at, "(open)", 6) != 0 && strncmp(at, "SET", 3) != 0)
            len += (size_t)snprintf(text + len, sizeof text - len, "%.*s ", (int)n, at);
        else
            n = strcspn(at, "\n");
        at += n + (at[n] != '\0');
    }
    text[len] = '\0';
    return text;
}

/* Of a slow line rows come compressed, but where the URI says something of it. */
static void test_slow_line(void **state)
{
    static const struct {
        double bytes_s;
        enum mr_protocol_compress said;
        bool can;
        unsigned compressed;
    } cases[] = {{1e9, MR_COMPRESS_UNSAID, true, 0},
                 {1e6, MR_COMPRESS_UNSAID, true, 1},
                 {1e6, MR_COMPRESS_UNSAID, false, 0},
                 {1e6, MR_COMPRESS_OFF, true, 0},
                 {1e6, MR_COMPRESS_ON, true, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_err err = {0};
        begin();
        line_bytes_s = cases[i].bytes_s;
        said = cases[i].said;
        can_compress = cases[i].can;
        compressed = 0;
        assert_int_equal(run("mysql://u@h/club", &err), MR_OK);
        assert_int_equal(compressed, cases[i].compressed);
        world_end();
    }
    line_bytes_s = 1e9;
    said = MR_COMPRESS_UNSAID;
    can_compress = true;
}

static void test_order(void **state)
{
    struct mr_err err = {0};
    (void)state;
    begin();
    if (run("mysql://u@h/club", &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(steps(), ALL);
    assert_false(other_engines);
    world_end();
    begin();
    assert_int_equal(run("snapshot:/other", &err), MR_E_USAGE);
    assert_string_equal(steps(), "");
    world_end();
}

static void test_each_fails(void **state)
{
    static const struct {
        enum mr_code code;
        unsigned number;
        const char *hint;
    } codes[] = {{MR_E_CANCELLED, 0, "Nothing is lost: the same command goes on where it was."},
                 {MR_E_LOST, 2013, "goes on where it was."},
                 {MR_E_CONNECT, 1040, "needs two connections even with --threads 1"},
                 {MR_E_SQL, 1064, NULL}};
    (void)state;
    for (const char *at = ALL; *at != '\0';) {
        char name[32];
        size_t len = strcspn(at, " ");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
        for (size_t c = 0; c < LEN(codes); c++) {
            struct mr_err err = {0};
            begin();
            fails = name;
            failure = codes[c].code;
            failure_number = codes[c].number;
            assert_int_equal(run("mysql://u@h/club", &err), codes[c].code);
            assert_int_equal(strlen(steps()), (size_t)(at - ALL) + len + 1);
            if (codes[c].hint != NULL)
                assert_non_null(strstr(err.hint, codes[c].hint));
            else
                assert_string_equal(err.hint, "");
            assert_int_equal(world.open_dbs, 0);
            world_end();
        }
        at += len + 1;
    }
}

/* What cannot fit is not begun; what an earlier run has written counts as there. */
static void test_disk(void **state)
{
    static const struct {
        uint64_t left, done; /* rows of a hundred */
        enum mr_code code;
    } rows[] = {{50, 0, MR_OK},  {49, 0, MR_E_IO}, {0, 0, MR_E_IO},   {49, 90, MR_OK},
                {0, 100, MR_OK}, {0, 200, MR_OK},  {24, 50, MR_E_IO}, {25, 50, MR_OK}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin();
        journal_table = (struct mr_journal_table){.chunks = MR_VEC_INIT(struct mr_journal_chunk)};
        struct mr_journal_chunk *chunk = mr_vec_push(&journal_table.chunks);
        chunk->chunk.rows = rows[i].done;
        goes_on = rows[i].done > 0;
        left_bytes = rows[i].left;
        if (run("mysql://u@h/club", &err) != rows[i].code)
            fail_msg("%zu: %s", i, err.message);
        mr_vec_release(&journal_table.chunks);
        world_end();
    }
}

/* What decides what is kept is part of the print, and nothing runs into its neighbour. */
static void test_fingerprint(void **state)
{
    static const char *const ab[] = {"ab"}, *const a_b[] = {"a", "b"}, *const other[] = {"d.pem"};
    static const struct {
        const char *uri;
        struct mr_string_list tables, exclude, where, certs;
    } rows[] = {
        {"mysql://u@h/club", {0}, {0}, {0}, {0}},
        {"mysql://u@h/shop", {0}, {0}, {0}, {0}},
        {"mysql://u@h2/club", {0}, {0}, {0}, {0}},
        {"mysql://u@h/club", {ab, 1}, {0}, {0}, {0}},
        {"mysql://u@h/club", {a_b, 2}, {0}, {0}, {0}},
        {"mysql://u@h/club", {0}, {ab, 1}, {0}, {0}},
        {"mysql://u@h/club", {0}, {0}, {ab, 1}, {0}},
        {"mysql://u@h/club", {a_b, 1}, {a_b + 1, 1}, {0}, {0}},
        {"mysql://u@h/club", {0}, {0}, {0}, {other, 1}},
    };
    static char prints[LEN(rows) + 1][MR_SHA256_HEX];
    struct mr_err err = {0};
    (void)state;
    for (size_t i = 0; i <= LEN(rows); i++) { /* the first one twice */
        size_t at = i % LEN(rows);
        begin();
        options.tables = rows[at].tables;
        options.exclude = rows[at].exclude;
        options.where.texts = rows[at].where;
        options.encrypt_to = rows[at].certs;
        assert_int_equal(run(rows[at].uri, &err), MR_OK);
        (void)snprintf(prints[i], sizeof prints[i], "%s", fingerprint);
        world_end();
    }
    assert_string_equal(prints[0], prints[LEN(rows)]);
    for (size_t i = 0; i < LEN(rows); i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(prints[i], prints[k]);
}

static void test_incomplete(void **state)
{
    static const struct {
        struct mr_snap_table table;
        size_t nleft_out;
        bool incomplete;
    } rows[] = {{{.transactional = true, .consistent = true}, 0, false},
                {{.transactional = true, .consistent = true}, 1, true},
                {{.transactional = true, .consistent = false}, 0, true},
                {{.transactional = false, .consistent = false}, 0, false}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_snap_table table = rows[i].table;
        create.c.manifest = (struct mr_snap_manifest){
            .tables = &table, .ntables = 1, .nleft_out = rows[i].nleft_out};
        assert_int_equal(mr_create_is_incomplete(&create.c), rows[i].incomplete);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_line),   cmocka_unit_test(test_order),
        cmocka_unit_test(test_each_fails),  cmocka_unit_test(test_disk),
        cmocka_unit_test(test_fingerprint), cmocka_unit_test(test_incomplete)};
    return cmocka_run_group_tests_name("create_run", tests, NULL, NULL);
}
