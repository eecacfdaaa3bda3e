/* test_restore_run.c: the order of a restore: files are proved before a server is asked, foreign
 * keys come behind the rows, events behind the comparison; what fails ends it there. */
#include "restore_world.h"
#include "snapshot/read/snap_keys.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/read/snap_rows.h"

static struct mr_strbuf steps;
static const char *fails; /* the step that does */
static enum mr_code failure;
static const char *damage; /* the file that is */
static bool is_dry;

static enum mr_code step(const char *name, struct mr_err *err)
{
    mr_strbuf_add_fmt(&steps, "%s ", name);
    return fails != NULL && strcmp(fails, name) == 0 ? mr_err_set(err, failure, "%s fails", name)
                                                     : MR_OK;
}

#define STEP(function, name)                                                                       \
    enum mr_code __wrap_##function(struct mr_restore *r, struct mr_err *err);                      \
    enum mr_code __wrap_##function(struct mr_restore *r, struct mr_err *err)                       \
    {                                                                                              \
        (void)r;                                                                                   \
        return step(name, err);                                                                    \
    }
STEP(mr_restore_target, "target")
STEP(mr_restore_find_fast, "find-fast")
STEP(mr_restore_begin_fast, "begin-fast")
STEP(mr_restore_end_fast, "end-fast")
STEP(mr_restore_before, "before")
STEP(mr_restore_load, "load")
STEP(mr_restore_drop_aside, "drop")
STEP(mr_restore_after, "after")
STEP(mr_restore_check, "check")
STEP(mr_restore_events, "events")
STEP(mr_restore_end, "end")
STEP(mr_restore_dry, "dry")

static struct mr_snap_chunk chunk = {.file = "data/m.0"};
static struct mr_snap_table table = {.db = "club", .name = "m", .chunks = &chunk, .nchunks = 1};
static const struct mr_snap_file file = {.name = "schema/m.sql"};

enum mr_code __wrap_mr_snap_open(const char *path, struct mr_snap *snap, struct mr_err *err);
enum mr_code __wrap_mr_snap_open(const char *path, struct mr_snap *snap, struct mr_err *err)
{
    snap->path = path;
    snap->manifest.files = &file;
    snap->manifest.nfiles = 1;
    snap->manifest.tables = &table;
    snap->manifest.ntables = 1;
    snap->damage = (struct mr_vec)MR_VEC_INIT(struct mr_snap_damage);
    mr_arena_init(&snap->arena);
    return step("open", err);
}

enum mr_code __wrap_mr_snap_require_signer(struct mr_snap *snap, const char *path,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_require_signer(struct mr_snap *snap, const char *path,
                                           struct mr_err *err)
{
    (void)snap, (void)path;
    return step("signer", err);
}

enum mr_code __wrap_mr_snap_unlock(struct mr_snap *snap, const char *path, struct mr_err *err);
enum mr_code __wrap_mr_snap_unlock(struct mr_snap *snap, const char *path, struct mr_err *err)
{
    (void)snap, (void)path;
    return step("unlock", err);
}

enum mr_code __wrap_mr_snap_check_names(struct mr_snap *snap, struct mr_err *err);
enum mr_code __wrap_mr_snap_check_names(struct mr_snap *snap, struct mr_err *err)
{
    (void)snap;
    return step("names", err);
}

enum mr_code __wrap_mr_snap_check_manifest(struct mr_snap *snap, struct mr_err *err);
enum mr_code __wrap_mr_snap_check_manifest(struct mr_snap *snap, struct mr_err *err)
{
    (void)snap;
    return step("manifest", err);
}

enum mr_code __wrap_mr_snap_check_file(const struct mr_snap *snap, const struct mr_snap_file *of,
                                       bool whole, const char **reason, struct mr_err *err);
enum mr_code __wrap_mr_snap_check_file(const struct mr_snap *snap, const struct mr_snap_file *of,
                                       bool whole, const char **reason, struct mr_err *err)
{
    (void)snap;
    assert_true(whole);
    *reason = damage != NULL && strcmp(of->name, damage) == 0 ? "is not what it was" : NULL;
    return step(of->name, err);
}

enum mr_code __wrap_mr_snap_check_places(struct mr_snap *snap, mr_snap_wants_fn *wants,
                                         const void *ctx, struct mr_err *err);
enum mr_code __wrap_mr_snap_check_places(struct mr_snap *snap, mr_snap_wants_fn *wants,
                                         const void *ctx, struct mr_err *err)
{
    (void)snap, (void)wants, (void)ctx;
    return step("places", err);
}

enum mr_code __wrap_mr_replication_refuse(struct mr_db *db, bool allow, struct mr_err *err);
enum mr_code __wrap_mr_replication_refuse(struct mr_db *db, bool allow, struct mr_err *err)
{
    (void)db;
    return allow ? MR_OK : step("replica", err);
}

enum mr_code __wrap_mr_writable_require(struct mr_db *db, bool may_pass, struct mr_err *err);
enum mr_code __wrap_mr_writable_require(struct mr_db *db, bool may_pass, struct mr_err *err)
{
    (void)db;
    assert_true(may_pass);
    return step("writable", err);
}

enum mr_code __wrap_mr_binlog_off(struct mr_db *db, struct mr_err *err);
enum mr_code __wrap_mr_binlog_off(struct mr_db *db, struct mr_err *err)
{
    (void)db;
    return step("log", err);
}

enum mr_code __wrap_mr_throttle_new(const struct mr_throttle_opts *opts,
                                    const struct mr_endpoint *const *endpoints, size_t count,
                                    const struct mr_db_opts *db_opts, struct mr_throttle **out,
                                    struct mr_err *err);
enum mr_code __wrap_mr_throttle_new(const struct mr_throttle_opts *opts,
                                    const struct mr_endpoint *const *endpoints, size_t count,
                                    const struct mr_db_opts *db_opts, struct mr_throttle **out,
                                    struct mr_err *err)
{
    (void)opts, (void)endpoints, (void)count;
    assert_true(db_opts->writable != is_dry && db_opts->local_infile);
    *out = NULL;
    return step("throttle", err);
}

#define ALL                                                                                        \
    "open signer unlock names manifest schema/m.sql data/m.0 places replica writable log "         \
    "throttle target find-fast begin-fast before load drop after end-fast check events end "

static enum mr_code run(const char *uri, struct mr_err *err)
{
    static const struct mr_snap_options options = {
        .signer = "cert.pem", .threads = 1, .no_binlog = true};
    memset(&restore, 0, sizeof restore);
    mr_strbuf_init(&steps);
    restore.opts = options;
    restore.opts.general.progress = MR_PROGRESS_NEVER;
    restore.opts.dry_run = is_dry;
    restore.r.opts = &restore.opts;
    enum mr_code code = mr_restore_run(&restore.r, "/snap", uri, err);
    mr_restore_release(&restore.r);
    return code;
}

static void test_order(void **state)
{
    struct mr_err err = {0};
    (void)state;
    world_begin(NULL, 0);
    fails = damage = NULL;
    if (run("mysql://u@h/club", &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(steps.ptr, ALL);
    mr_strbuf_release(&steps);
    world_end();
}

/* Each step that fails is the last one, and only what can go on says so. */
static void test_each_fails(void **state)
{
    static const enum mr_code codes[] = {MR_E_CANCELLED, MR_E_LOST, MR_E_SQL, MR_E_REFUSED};
    (void)state;
    damage = NULL;
    for (const char *at = ALL; *at != '\0';) {
        char name[32];
        size_t len = strcspn(at, " ");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
        for (size_t c = 0; c < LEN(codes); c++) {
            struct mr_err err = {0};
            world_begin(NULL, 0);
            fails = name;
            failure = codes[c];
            assert_int_equal(run("mysql://u@h/club", &err), codes[c]);
            const size_t last = (size_t)(at - ALL) + len + 1;
            assert_string_equal(steps.ptr + last, "end-fast "); /* the redo log, in any case */
            assert_int_equal(world_has("(open)"), strstr(steps.ptr, "replica") != NULL);
            assert_int_equal(strstr(err.hint, "goes on where it was") != NULL,
                             codes[c] == MR_E_CANCELLED || codes[c] == MR_E_LOST);
            mr_strbuf_release(&steps);
            world_end();
        }
        at += len + 1;
    }
}

/* A file that is not what it was ends it before a server is asked. */
static void test_damage(void **state)
{
    static const char *const names[] = {"schema/m.sql", "data/m.0"};
    (void)state;
    fails = NULL;
    for (size_t i = 0; i < LEN(names); i++) {
        struct mr_err err = {0};
        world_begin(NULL, 0);
        damage = names[i];
        assert_int_equal(run("mysql://u@h/club", &err), MR_E_REFUSED);
        assert_non_null(strstr(err.message, names[i]));
        assert_int_equal(world.asked, 0);
        mr_strbuf_release(&steps);
        world_end();
    }
    damage = NULL;
    world_begin(NULL, 0);
    struct mr_err err = {0};
    assert_int_equal(run("/another/snapshot", &err), MR_E_USAGE);
    assert_string_equal(steps.ptr, "open end-fast ");
    mr_strbuf_release(&steps);
    world_end();
}

/* A dry run looks, by a session that cannot write, and ends there. */
static void test_dry(void **state)
{
    struct mr_err err = {0};
    (void)state;
    world_begin(NULL, 0);
    fails = damage = NULL;
    is_dry = true;
    assert_int_equal(run("mysql://u@h/club", &err), MR_OK);
    assert_string_equal(steps.ptr, "open signer unlock names manifest schema/m.sql data/m.0 places "
                                   "replica writable log throttle target find-fast dry ");
    mr_strbuf_release(&steps);
    world_end();
    world_begin(NULL, 0);
    fails = "log"; /* which is listed with the other refusals */
    failure = MR_E_REFUSED;
    assert_int_equal(run("mysql://u@h/club", &err), MR_OK);
    assert_non_null(strstr(steps.ptr, "log throttle target find-fast dry "));
    fails = NULL;
    is_dry = false;
    mr_strbuf_release(&steps);
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_each_fails),
                                       cmocka_unit_test(test_damage), cmocka_unit_test(test_dry)};
    return cmocka_run_group_tests_name("restore_run", tests, NULL, NULL);
}
