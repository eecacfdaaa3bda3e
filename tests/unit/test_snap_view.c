/* test_snap_view.c: several connections count as one view only where it is proved; else there are
 * fewer, at last one; and which position of the log the view has. */
#include <unistd.h>

#include "create_world.h"
#include "snapshot/create/snap_view.h"
#include "snapshot/create/view_log.h"
#include "snapshot/create/view_mark.h"
#include "snapshot/create/view_position.h"

/* ---- a server ---- */

static double now_s;
static unsigned marks, mark_every; /* the mark moves with each n-th look; 0: never, 1: always */
static bool no_mark;
static unsigned positions, position_moves; /* each n-th position is another one */
static bool no_position;
static size_t underway;
static struct mr_view_log log_tells;
static enum mr_view_commits commits;
static unsigned stepped_back, freed;
static unsigned readers, readers_at_most;
static bool cancelled;

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return now_s += 0.01;
}

int __wrap_usleep(useconds_t us);
int __wrap_usleep(useconds_t us)
{
    now_s += us / 1e6;
    return 0;
}

bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return cancelled;
}

enum mr_code __wrap_mr_view_mark_read(struct mr_db *db, struct mr_view_mark *out,
                                      struct mr_err *err);
enum mr_code __wrap_mr_view_mark_read(struct mr_db *db, struct mr_view_mark *out,
                                      struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    *out = (struct mr_view_mark){.commits = ""};
    marks++;
    if (!no_mark) {
        unsigned number = mark_every > 0 ? marks / mark_every : 0;
        (void)snprintf(out->commits, sizeof out->commits, "%u", number);
        (void)snprintf(out->log_end, sizeof out->log_end, "%u", number);
    }
    return world_ask("(mark)", 6, &answer, err);
}

enum mr_code __wrap_mr_view_log_look(struct mr_db *db, struct mr_view_log *out, struct mr_err *err);
enum mr_code __wrap_mr_view_log_look(struct mr_db *db, struct mr_view_log *out, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    *out = log_tells;
    return world_ask("(log)", 5, &answer, err);
}

enum mr_code __wrap_mr_view_commits_look(struct mr_db *db, enum mr_view_commits *out,
                                         struct mr_err *err);
enum mr_code __wrap_mr_view_commits_look(struct mr_db *db, enum mr_view_commits *out,
                                         struct mr_err *err)
{
    (void)db, (void)err;
    *out = commits;
    return MR_OK;
}

enum mr_code __wrap_mr_view_position_purged(struct mr_db *db, struct mr_strbuf *gtids,
                                            struct mr_err *err);
enum mr_code __wrap_mr_view_position_purged(struct mr_db *db, struct mr_strbuf *gtids,
                                            struct mr_err *err)
{
    (void)db;
    mr_strbuf_add_str(gtids, "u:1-7");
    return mr_strbuf_check(gtids, "", err);
}

static void set_position(struct mr_view_position *p)
{
    positions++;
    mr_strbuf_reset(&p->gtid);
    mr_strbuf_reset(&p->file);
    mr_strbuf_reset(&p->offset);
    mr_strbuf_reset(&p->applied);
    if (no_position)
        return;
    mr_strbuf_add_str(&p->file, "b.1");
    mr_strbuf_add_fmt(&p->offset, "%u", position_moves > 0 ? positions / position_moves : 4);
    mr_strbuf_add_str(&p->gtid, "0-1-9");
}

enum mr_code __wrap_mr_view_position_within(struct mr_db *view, bool with_applied,
                                            struct mr_view_position *p, struct mr_err *err);
enum mr_code __wrap_mr_view_position_within(struct mr_db *view, bool with_applied,
                                            struct mr_view_position *p, struct mr_err *err)
{
    (void)view, (void)with_applied, (void)err;
    set_position(p);
    return MR_OK;
}

enum mr_code __wrap_mr_view_position_now(struct mr_db *db, enum mr_view_commits how,
                                         struct mr_view_position *p, size_t *under,
                                         struct mr_err *err);
enum mr_code __wrap_mr_view_position_now(struct mr_db *db, enum mr_view_commits how,
                                         struct mr_view_position *p, size_t *under,
                                         struct mr_err *err)
{
    (void)db, (void)how, (void)err;
    set_position(p);
    *under = underway;
    return MR_OK;
}

void __wrap_mr_view_position_name(struct mr_db *db, struct mr_view_position *p);
void __wrap_mr_view_position_name(struct mr_db *db, struct mr_view_position *p)
{
    (void)db, (void)p;
}

enum mr_code __wrap_mr_view_position_step_back(struct mr_db *db, enum mr_view_commits how,
                                               size_t under, struct mr_view_position *p,
                                               struct mr_err *err);
enum mr_code __wrap_mr_view_position_step_back(struct mr_db *db, enum mr_view_commits how,
                                               size_t under, struct mr_view_position *p,
                                               struct mr_err *err)
{
    (void)db, (void)how, (void)p, (void)err;
    assert_int_equal(under, underway);
    stepped_back++;
    return MR_OK;
}

enum mr_code __wrap_mr_db_send(struct mr_db *db, const char *sql, size_t len, struct mr_err *err);
enum mr_code __wrap_mr_db_send(struct mr_db *db, const char *sql, size_t len, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    return world_ask(sql, len, &answer, err);
}

enum mr_code __wrap_mr_db_receive(struct mr_db *db, struct mr_err *err);
enum mr_code __wrap_mr_db_receive(struct mr_db *db, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    return world_ask("(received)", 10, &answer, err);
}

enum mr_code __wrap_mr_db_require_server(const struct mr_db *db, const struct mr_server *was,
                                         struct mr_err *err);
enum mr_code __wrap_mr_db_require_server(const struct mr_db *db, const struct mr_server *was,
                                         struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db, (void)was;
    return world_ask("(same server)", 13, &answer, err);
}

enum mr_code __wrap_mr_source_reader_new(struct mr_source *src, struct mr_reader **out,
                                         struct mr_err *err);
enum mr_code __wrap_mr_source_reader_new(struct mr_source *src, struct mr_reader **out,
                                         struct mr_err *err)
{
    *out = NULL;
    if (readers == readers_at_most)
        return mr_err_set(err, MR_E_CONNECT, "too many connections");
    readers++;
    create.reader.source = src;
    *out = &create.reader;
    return MR_OK;
}

void __wrap_mr_reader_free(struct mr_reader *reader);
void __wrap_mr_reader_free(struct mr_reader *reader)
{
    freed += reader != NULL;
}

/* ---- worlds ---- */

struct view {
    const char *what;
    enum mr_flavour flavour;
    unsigned wanted, at_most; /* connections */
    unsigned mark_every;
    bool no_mark, other_engines;
    unsigned position_moves;
    bool no_position;
    size_t underway;
    enum mr_view_commits commits;
    const char *lacks;
    bool has_applied;
    const char *prepared; /* rows of XA RECOVER; NULL: hidden */

    unsigned count; /* of connections, then */
    enum mr_snap_proof proof;
    enum mr_snap_position position;
    unsigned stepped_back;
    const char *note; /* part of it; NULL: none */
    bool has_mark;
    bool cancelled;
};

#define MARIADB MR_FLAVOUR_MARIADB
#define MYSQL MR_FLAVOUR_MYSQL

static const struct view views[] = {
    {"quiet", MARIADB, 4, 9, 0, .prepared = "", .count = 4, .proof = MR_SNAP_BY_LOG,
     .position = MR_SNAP_EXACT, .has_mark = true},
    {"one wanted", MARIADB, 1, 9, 1, .prepared = "", .count = 1, .proof = MR_SNAP_BY_CONNECTION,
     .position = MR_SNAP_EXACT},
    {"none wanted is one", MARIADB, 0, 9, 0, .prepared = "", .count = 1,
     .proof = MR_SNAP_BY_CONNECTION, .position = MR_SNAP_EXACT, .has_mark = true},
    {"always written to", MARIADB, 4, 9, 1, .prepared = "", .count = 1,
     .proof = MR_SNAP_BY_CONNECTION, .position = MR_SNAP_EXACT},
    {"positions differ though the mark stands", MARIADB, 4, 9, 0, .position_moves = 1,
     .prepared = "", .count = 1, .proof = MR_SNAP_BY_CONNECTION, .position = MR_SNAP_EXACT,
     .has_mark = true},
    {"no mark", MARIADB, 4, 9, 0, .no_mark = true, .prepared = "", .count = 1,
     .proof = MR_SNAP_BY_CONNECTION, .position = MR_SNAP_EXACT},
    {"other engines", MARIADB, 4, 9, 0, .other_engines = true, .prepared = "", .count = 1,
     .proof = MR_SNAP_BY_CONNECTION, .position = MR_SNAP_EXACT, .has_mark = true},
    {"no log", MARIADB, 4, 9, 0, .no_position = true, .lacks = "no log", .prepared = "", .count = 4,
     .proof = MR_SNAP_BY_ENGINE, .position = 0,
     .note = "shows no position of its log; the position tells of logged writes only, and no log",
     .has_mark = true},
    {"few connections", MARIADB, 4, 2, 0, .prepared = "", .count = 2, .proof = MR_SNAP_BY_LOG,
     .position = MR_SNAP_EXACT, .has_mark = true},
    {"prepared by XA", MARIADB, 2, 9, 0, .prepared = "1|3|0|abc", .count = 2,
     .proof = MR_SNAP_BY_LOG, .position = 0,
     .note = "prepared by XA (1; XA RECOVER lists them): they are in the log already and not in "
             "the rows, so that no position is the view's (the log stood at b.1:4, GTID 0-1-9)",
     .has_mark = true},
    {"hidden by XA", MARIADB, 2, 9, 0, .prepared = NULL, .count = 2, .proof = MR_SNAP_BY_LOG,
     .position = MR_SNAP_EXACT, .note = "is hidden from the account (XA_RECOVER_ADMIN)",
     .has_mark = true},
    {"mysql", MYSQL, 4, 9, 0, .commits = MR_COMMITS_LOCKS, .prepared = "", .count = 4,
     .proof = MR_SNAP_BY_ENGINE, .position = MR_SNAP_EXACT, .has_mark = true},
    {"mysql, commits underway", MYSQL, 4, 9, 0, .commits = MR_COMMITS_LOCKS, .underway = 2,
     .prepared = "", .count = 4, .proof = MR_SNAP_BY_ENGINE, .position = MR_SNAP_AT_OR_BEFORE,
     .stepped_back = 1, .note = "holds all that lies before the position", .has_mark = true},
    {"mysql, the log moves", MYSQL, 1, 9, 0, .commits = MR_COMMITS_GTIDS, .position_moves = 1,
     .prepared = "", .count = 1, .proof = MR_SNAP_BY_CONNECTION, .position = MR_SNAP_AT_OR_BEFORE,
     .stepped_back = 1, .note = "holds all that lies before the position", .has_mark = true},
    {"mysql, hidden commits", MYSQL, 2, 9, 0, .commits = MR_COMMITS_HIDDEN, .underway = 1,
     .prepared = "", .count = 2, .proof = MR_SNAP_BY_ENGINE, .position = MR_SNAP_AT_OR_BEFORE,
     .stepped_back = 1, .note = "holds all that lies before", .has_mark = true},
    {"mysql, always written to", MYSQL, 4, 9, 1, .commits = MR_COMMITS_LOCKS, .prepared = "",
     .count = 1, .proof = MR_SNAP_BY_CONNECTION, .position = MR_SNAP_EXACT},
    {"mysql, prepared", MYSQL, 1, 9, 0, .commits = MR_COMMITS_LOCKS, .prepared = "1|3|0|abc",
     .count = 1, .proof = MR_SNAP_BY_CONNECTION, .position = 0, .note = "prepared by XA (1;",
     .has_mark = true},
};

static enum mr_code open_views(const struct view *v, const struct world_answer *script,
                               size_t count, struct mr_snap_views *out, struct mr_err *err)
{
    world_begin(script, count);
    world.server.flavour = v->flavour;
    mr_log_set_level(0);
    create_begin();
    create_reader();
    now_s = 0;
    marks = positions = readers = stepped_back = freed = 0;
    mark_every = v->mark_every;
    no_mark = v->no_mark;
    position_moves = v->position_moves;
    no_position = v->no_position;
    underway = v->underway;
    log_tells = (struct mr_view_log){v->lacks, v->has_applied};
    commits = v->commits;
    readers_at_most = v->at_most;
    cancelled = v->cancelled;
    const struct mr_snap_view_task task = {.source = &create.source,
                                           .other = world_db(),
                                           .wanted = v->wanted,
                                           .wait_ms = 100,
                                           .other_engines = v->other_engines,
                                           .arena = &create.c.arena};
    return mr_snap_views_open(&task, out, err);
}

static void end(struct mr_snap_views *out)
{
    mr_snap_views_close(out);
    assert_int_equal(freed, readers);
    create_end();
    world_end();
}

static void test_views(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(views); i++) {
        const struct view *v = &views[i];
        const struct world_answer script = {.has = "XA RECOVER",
                                            .rows = v->prepared,
                                            .code = v->prepared == NULL ? MR_E_DENIED : MR_OK,
                                            .number = 1401};
        struct mr_snap_views out;
        struct mr_err err = {0};
        if (open_views(v, &script, 1, &out, &err) != MR_OK)
            fail_msg("%s: %s", v->what, err.message);
        const struct mr_snap_consistency *c = &out.consistency;
        if (out.count != v->count || c->connections != v->count || c->proof != v->proof ||
            c->position != v->position || stepped_back != v->stepped_back ||
            (out.mark != NULL) != v->has_mark || (c->note != NULL) != (v->note != NULL) ||
            (v->note != NULL && strstr(c->note, v->note) == NULL))
            fail_msg("%s: %u, proof %d, position %d, back %u, %s, mark %s", v->what, out.count,
                     (int)c->proof, (int)c->position, stepped_back, c->note, out.mark);
        assert_int_equal(c->kind, v->count > 1 ? MR_SNAP_VIEWS : MR_SNAP_ONE_VIEW);
        bool none = v->position == 0;
        assert_int_equal(c->binlog_file == NULL && c->gtid == NULL && c->binlog_position == 0,
                         none);
        assert_int_equal(c->purged != NULL, v->flavour == MYSQL && !none);
        end(&out);
    }
}

/* All are sent before an answer is read: between two that are not, rows could change unseen. */
static void test_at_once(void **state)
{
    static const struct world_answer script = {.has = "XA RECOVER", .rows = ""};
    struct mr_snap_views out;
    (void)state;
    assert_int_equal(open_views(&views[0], &script, 1, &out, NULL), MR_OK);
    const char *last_sent = NULL, *at = world_sent();
    while ((at = strstr(at, "START TRANSACTION")) != NULL)
        last_sent = at++;
    assert_non_null(last_sent);
    assert_true(last_sent < strstr(world_sent(), "(received)"));
    assert_int_equal(world_sent_count("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY\n"),
                     4);
    end(&out);
}

/* What fails gives back all connections. */
static void test_failing(void **state)
{
    static const struct world_answer fails[] = {
        {.has = "(log)", .code = MR_E_LOST},          {.has = "(mark)", .code = MR_E_LOST},
        {.has = "(same server)", .code = MR_E_MOVED}, {.has = "START", .code = MR_E_LOST},
        {.has = "(received)", .code = MR_E_SQL},      {.has = "XA RECOVER", .code = MR_E_LOST}};
    struct mr_snap_views out;
    struct mr_err err = {0};
    (void)state;
    for (size_t i = 0; i < LEN(fails); i++) {
        const struct world_answer script[] = {fails[i], {.has = "XA RECOVER", .rows = ""}};
        assert_int_equal(open_views(&views[0], script, LEN(script), &out, &err), fails[i].code);
        assert_int_equal(out.count, 0);
        assert_null(out.readers);
        end(&out);
    }
    const struct world_answer refused = {.has = "XA RECOVER", .rows = ""};
    struct view v = views[0];
    v.cancelled = true;
    assert_int_equal(open_views(&v, &refused, 1, &out, &err), MR_E_CANCELLED);
    end(&out);
    v.cancelled = false;
    v.at_most = 0; /* not even one */
    assert_int_equal(open_views(&v, &refused, 1, &out, &err), MR_E_CONNECT);
    end(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_views), cmocka_unit_test(test_at_once),
                                       cmocka_unit_test(test_failing)};
    return cmocka_run_group_tests_name("snap_view", tests, NULL, NULL);
}
