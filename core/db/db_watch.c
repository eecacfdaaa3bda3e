/* db_watch.c: see db_watch.h. */
#include "core/db/db_watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/base/utf8.h"
#include "core/db/blockers.h"
#include "core/db/db.h"
#include "core/db/sqlpurpose.h"

#define LOOK_EVERY_MS 100
#define CANCEL_AFTER_S 0.7 /* what ends by itself is not cut short */
#define ASK_CONNECT_S 3U
#define ASK_STATEMENT_S 2
#define ASK_AGAIN_SILENT_S 2 /* after a connection that was not answered */
#define SILENT_TRIES 2
#define END_S 1   /* how long the end waits for a server that does not answer */
#define LIST_ID 0 /* columns of SHOW PROCESSLIST */
#define LIST_INFO 7
#define SQL_KEEP_BYTES 8192
#define LOCK_GRACE_S 20 /* behind the server's own limit, which it need not keep */

/* Why a call was ended by the watch. */
enum ending { ENDED_NOT = 0, ENDED_LIMIT, ENDED_SILENT, ENDED_LOCKED, ENDED_CANCELLED };

struct mr_watch {
    /* set before the thread */
    struct mr_endpoint ep;
    char label[512], run_tag[64];
    unsigned lock_wait_s, silence_s;
    bool asks; /* over a connection of its own */
    pthread_t thread;

    /* the owner writes, the thread reads: odd while a call is under way */
    atomic_uint_fast64_t turn;

    /* the thread */
    struct mr_db *db;           /* NULL: not connected */
    uint64_t seen;              /* the turn that it looks at, since … */
    double seen_s, announced_s; /* announced_s: 0: never */
    uint64_t counted;           /* the statement of which … */
    double spent_s;             /* … so much was waited for, in all of its calls, until … */
    double looked_s;
    unsigned silent_tries; /* connections in a row that were not answered */
    bool locked;           /* the server says that the call waits for a lock */

    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool end, left, finished; /* end is asked for; the owner, the thread is gone */
    int fd;
    uint64_t connection;
    unsigned limit_s;
    const atomic_bool *abandoned; /* or NULL; not looked at behind the end */
    char what[256];
    char sql[SQL_KEEP_BYTES];
    size_t sql_len;
    uint64_t statement; /* its number */
    enum ending ended;
    double waited_s;
    char reason[700]; /* of the call at hand: what for and who holds it */
};

/* ---- words ---- */

static void add_purpose(const struct mr_watch *watch, struct mr_strbuf *out)
{
    if (watch->what[0] != '\0')
        mr_strbuf_add_str(out, watch->what);
    else
        mr_sqlpurpose(out, watch->sql, watch->sql_len);
}

/* Lines of blockers on one. */
static void add_holders(struct mr_strbuf *text, const struct mr_blockers *blockers)
{
    struct mr_strbuf lines = MR_STRBUF_INIT;
    mr_blockers_to_text(blockers, "", &lines);
    for (size_t i = 0; i + 1 < lines.len; i++)
        if (lines.ptr[i] == '\n')
            mr_strbuf_add_str(text, "; ");
        else
            mr_strbuf_add_char(text, lines.ptr[i]);
    text->failed |= lines.failed;
    mr_strbuf_release(&lines);
}

/* ---- asking the server ---- */

/* Did a server say that, or the client library because none did? */
static bool is_answer(const struct mr_err *err)
{
    return err->sql_errno != 0 && (err->sql_errno < 2000 || err->sql_errno >= 3000);
}

static enum mr_code ask_connect(struct mr_watch *watch, struct mr_err *err)
{
    const struct mr_db_opts opts = {
        .run_tag = watch->run_tag, .statement_timeout_s = ASK_STATEMENT_S, .asks_nobody = true};
    if (watch->db != NULL)
        return MR_OK;
    enum mr_code code = mr_db_open(&watch->ep, &opts, &watch->db, err);
    watch->silent_tries = code == MR_OK || is_answer(err) ? 0 : watch->silent_tries + 1;
    return code;
}

/* ": state: held by …", as far as it can be known; *worth: more than that it runs. */
static void add_reason(struct mr_watch *watch, uint64_t connection, struct mr_strbuf *text,
                       bool *worth)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_blockers blockers = {0};
    struct mr_grants *grants = NULL;
    struct mr_err why = {0}, ignored = {0};
    const char *state = "";
    enum mr_code code = ask_connect(watch, &why);
    if (code == MR_OK)
        (void)mr_grants_load(watch->db, &grants, &ignored);
    if (code == MR_OK)
        code = mr_blockers_of(watch->db, grants, connection, &arena, &blockers, &state, &why);
    if (code == MR_OK && state[0] != '\0') {
        mr_strbuf_add_str(text, ": ");
        mr_utf8_show_str(text, state);
    }
    const bool waits = code == MR_OK && strcasestr(state, "waiting for") != NULL;
    watch->locked = waits && (strcasestr(state, "lock") != NULL || strcasestr(state, "flush"));
    /* not only for locks: a commit waits for a replica to have it, too */
    *worth = code != MR_OK || waits || blockers.count > 0;
    if (*worth && code == MR_OK && (blockers.count > 0 || blockers.note != NULL)) {
        mr_strbuf_add_str(text, ": ");
        add_holders(text, &blockers);
    }
    if (code != MR_OK) {
        mr_strbuf_add_fmt(text, ": what for is not known: %s", why.message);
        mr_db_close(watch->db);
        watch->db = NULL;
    }
    mr_grants_free(grants);
    mr_arena_release(&arena);
}

/* Is it our statement, which a row of the list shows?  Behind a proxy another session may have
 * the number. */
static bool is_ours(const struct mr_watch *watch, const struct mr_cell *cells, uint64_t connection)
{
    const char *info = cells[LIST_INFO].ptr;
    const char *id = cells[LIST_ID].ptr;
    return info != NULL && id != NULL && strtoull(id, NULL, 10) == connection &&
           strstr(info, watch->run_tag) != NULL;
}

/* A statement that reads notices only when it has something to send that nobody listens any
 * more: a sort, or a condition that nothing fulfils, never. */
static void end_statement(struct mr_watch *watch, uint64_t connection)
{
    static const char list[] = "SHOW FULL PROCESSLIST";
    struct mr_err ignored = {0};
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    char sql[40];
    bool found = false;
    if (ask_connect(watch, &ignored) != MR_OK)
        return;
    if (mr_db_query(watch->db, "nnnnnnnn*", list, strlen(list), &res, &ignored) == MR_OK)
        while (!found && (cells = mr_result_next(res)) != NULL)
            found = is_ours(watch, cells, connection);
    mr_result_free(res);
    (void)snprintf(sql, sizeof sql, "KILL %" PRIu64, connection);
    if (found)
        (void)mr_db_exec(watch->db, sql, strlen(sql), &ignored);
}

/* ---- the thread ---- */

static bool is_still_at(const struct mr_watch *watch, uint64_t turn)
{
    return turn % 2 == 1 && atomic_load(&watch->turn) == turn;
}

/* Asks and tells; the lock is held before and after. */
static void ask(struct mr_watch *watch, uint64_t turn, double waited_s)
{
    struct mr_strbuf text = MR_STRBUF_INIT, reason = MR_STRBUF_INIT;
    uint64_t connection = watch->connection;
    bool worth = false;
    mr_strbuf_add_fmt(&text, "waiting for server \"%s\", ", watch->label);
    add_purpose(watch, &text);
    pthread_mutex_unlock(&watch->lock);
    add_reason(watch, connection, &reason, &worth);
    mr_strbuf_add_str(&text, reason.ptr != NULL ? reason.ptr : "");
    text.failed |= reason.failed;
    pthread_mutex_lock(&watch->lock);
    /* over by now: who holds something else by now is not why */
    if (!text.failed && is_still_at(watch, turn)) {
        (void)snprintf(watch->reason, sizeof watch->reason, "%s",
                       worth && reason.ptr != NULL ? reason.ptr : "");
        if (worth && waited_s >= MR_WATCH_FIRST_S)
            mr_log_info("%s", text.ptr);
        else
            mr_log_detail("%s", text.ptr);
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&reason);
}

/* When the server is asked first: before the limit, so that its error can say why. */
static double first_s(const struct mr_watch *watch)
{
    double half = watch->limit_s / 2.0;
    return half > 0 && half < MR_WATCH_FIRST_S ? half : MR_WATCH_FIRST_S;
}

static bool is_due(const struct mr_watch *watch, double waited_s, double now_s)
{
    double again = watch->silent_tries > 0 ? ASK_AGAIN_SILENT_S : MR_WATCH_AGAIN_S;
    return watch->asks && waited_s >= first_s(watch) &&
           (watch->announced_s == 0 || now_s >= watch->announced_s + again);
}

/* The call, or all calls of the statement: a server that says something now and then, or rows
 * without an end, would begin the limit anew with each. */
static bool is_over(const struct mr_watch *watch, double waited_s)
{
    const double longest_s = watch->spent_s > waited_s ? watch->spent_s : waited_s;
    return watch->limit_s > 0 && longest_s >= watch->limit_s + MR_WATCH_GRACE_S;
}

static bool is_for_nobody(const struct mr_watch *watch)
{
    return mr_is_cancelled() || (watch->abandoned != NULL && atomic_load(watch->abandoned));
}

static enum ending judge(const struct mr_watch *watch, double waited_s)
{
    if (waited_s >= CANCEL_AFTER_S && is_for_nobody(watch))
        return ENDED_CANCELLED;
    if (is_over(watch, waited_s))
        return watch->silent_tries > 0 ? ENDED_SILENT : ENDED_LIMIT;
    if (watch->silent_tries >= SILENT_TRIES && waited_s >= watch->silence_s)
        return ENDED_SILENT;
    if (watch->locked && watch->lock_wait_s > 0 && waited_s >= watch->lock_wait_s + LOCK_GRACE_S)
        return ENDED_LOCKED;
    return ENDED_NOT;
}

/* Rows that the server has sent and nobody reads fill its line: closed in good order, it would wait for
 * net_write_timeout, with its locks, slots and metadata.  A reset tells it at once. */
void mr_watch_cut(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)shutdown(fd, SHUT_RDWR);
}

/* What writes is left to the server, which rolls it back when it is through. */
static bool kills(const struct mr_watch *watch, enum ending how)
{
    return watch->asks && watch->lock_wait_s > 0 && watch->run_tag[0] != '\0' &&
           (how == ENDED_CANCELLED || how == ENDED_LIMIT);
}

/* The lock is held before and after. */
static void end_call(struct mr_watch *watch, uint64_t turn, enum ending how, double waited_s)
{
    const uint64_t connection = watch->connection;
    /* by now it is at the next row, or at one behind that */
    const bool is_same = is_over(watch, 0) && watch->statement == watch->counted;
    if ((!is_same && !is_still_at(watch, turn)) || watch->fd < 0)
        return;
    watch->ended = how;
    watch->waited_s = waited_s > watch->spent_s ? waited_s : watch->spent_s;
    mr_watch_cut(watch->fd);
    if (!kills(watch, how))
        return;
    pthread_mutex_unlock(&watch->lock);
    end_statement(watch, connection);
    pthread_mutex_lock(&watch->lock);
}

/* Only looks that meet a call count: what is done with the rows is none of the server's time. */
static void count_time(struct mr_watch *watch, uint64_t turn, double now_s)
{
    if (watch->counted != watch->statement)
        watch->spent_s = 0;
    else if (turn % 2 == 1)
        watch->spent_s += now_s - watch->looked_s;
    watch->counted = watch->statement;
    watch->looked_s = now_s;
}

/* The number of the turn is odd while a call waits: one that has not moved since the last look is
 * the same call. The thread that waits is told nothing, its socket is shut down (end_call). */
static void look(struct mr_watch *watch)
{
    uint64_t turn = atomic_load(&watch->turn);
    double now_s = mr_clock_now_s();
    count_time(watch, turn, now_s);
    if (turn != watch->seen) {
        watch->seen = turn;
        watch->seen_s = now_s;
        watch->announced_s = 0;
        watch->silent_tries = 0;
        watch->locked = false;
        if (!is_over(watch, 0))
            return;
    }
    const double waited_s = now_s - watch->seen_s;
    if (turn % 2 == 0 || watch->ended != ENDED_NOT)
        return;
    enum ending how = judge(watch, waited_s);
    if (how != ENDED_NOT) {
        end_call(watch, turn, how, waited_s);
    } else if (is_due(watch, waited_s, now_s)) {
        ask(watch, turn, waited_s);
        watch->announced_s = mr_clock_now_s();
    }
}

static void watch_destroy(struct mr_watch *watch)
{
    mr_endpoint_release(&watch->ep);
    (void)pthread_cond_destroy(&watch->changed);
    (void)pthread_mutex_destroy(&watch->lock);
    free(watch);
}

/* Who closes does not wait for ever: what was left behind (a connection of the watch that hangs) is
 * released here, by whoever comes last. */
static void *watch_main(void *arg)
{
    struct mr_watch *watch = arg;
    pthread_mutex_lock(&watch->lock);
    while (!watch->end) {
        look(watch);
        if (!watch->end)
            mr_clock_cond_wait(&watch->changed, &watch->lock, LOOK_EVERY_MS);
    }
    pthread_mutex_unlock(&watch->lock);
    mr_db_close(watch->db);
    mr_db_thread_end();
    pthread_mutex_lock(&watch->lock);
    watch->finished = true;
    pthread_cond_broadcast(&watch->changed);
    bool mine = watch->left;
    pthread_mutex_unlock(&watch->lock);
    if (mine)
        watch_destroy(watch);
    return NULL;
}

/* ---- the owner ---- */

static enum mr_code start(struct mr_watch *watch, struct mr_err *err)
{
    sigset_t all, old;
    (void)sigfillset(&all); /* signals belong to the main thread */
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&watch->thread, NULL, watch_main, watch);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc == 0 ? MR_OK : mr_err_set_sys(err, MR_E_NOMEM, rc, "could not start a thread");
}

enum mr_code mr_watch_new(const struct mr_endpoint *ep, const char *label, const char *run_tag,
                          unsigned lock_wait_s, bool asks, struct mr_watch **out,
                          struct mr_err *err)
{
    struct mr_watch *watch = calloc(1, sizeof *watch);
    *out = NULL;
    if (watch == NULL)
        return mr_err_nomem(err, "watching for waits");
    (void)pthread_mutex_init(&watch->lock, NULL);
    mr_clock_cond_init(&watch->changed);
    watch->fd = -1;
    watch->lock_wait_s = lock_wait_s;
    watch->asks = asks;
    watch->silence_s = ep->connect_timeout_s * MR_WATCH_SILENCE;
    (void)snprintf(watch->label, sizeof watch->label, "%s", label);
    (void)snprintf(watch->run_tag, sizeof watch->run_tag, "%s", run_tag != NULL ? run_tag : "");
    enum mr_code code = mr_endpoint_copy(&watch->ep, ep, err);
    if (watch->ep.connect_timeout_s > ASK_CONNECT_S)
        watch->ep.connect_timeout_s = ASK_CONNECT_S;
    if (code == MR_OK)
        code = start(watch, err);
    if (code != MR_OK)
        watch_destroy(watch);
    else
        *out = watch;
    return code;
}

/* The watch may sit in a call that does not end; then the thread is left to itself, and takes the
 * rest with it. */
void mr_watch_free(struct mr_watch *watch)
{
    if (watch == NULL)
        return;
    double until_s = mr_clock_now_s() + END_S;
    pthread_mutex_lock(&watch->lock);
    watch->end = true;
    watch->fd = -1;
    pthread_cond_broadcast(&watch->changed);
    while (!watch->finished && mr_clock_now_s() < until_s)
        mr_clock_cond_wait(&watch->changed, &watch->lock, LOOK_EVERY_MS);
    bool finished = watch->finished;
    pthread_t thread = watch->thread;
    watch->left = !finished;
    pthread_mutex_unlock(&watch->lock);
    if (!finished) {
        (void)pthread_detach(thread);
        return;
    }
    (void)pthread_join(thread, NULL);
    watch_destroy(watch);
}

void mr_watch_connected(struct mr_watch *watch, int fd, uint64_t connection)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->fd = fd;
    watch->connection = connection;
    if (fd >= 0)
        watch->ended = ENDED_NOT;
    pthread_mutex_unlock(&watch->lock);
}

void mr_watch_heed(struct mr_watch *watch, const atomic_bool *abandoned)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->abandoned = abandoned;
    pthread_mutex_unlock(&watch->lock);
}

void mr_watch_limit(struct mr_watch *watch, unsigned limit_s)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->limit_s = limit_s;
    pthread_mutex_unlock(&watch->lock);
}

void mr_watch_say(struct mr_watch *watch, const char *fmt, va_list args)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    (void)vsnprintf(watch->what, sizeof watch->what, fmt, args);
    pthread_mutex_unlock(&watch->lock);
}

/* Only the owner writes it, so that no locked instruction is needed. */
static void next_turn(struct mr_watch *watch, unsigned parity)
{
    uint64_t turn = atomic_load_explicit(&watch->turn, memory_order_relaxed) + 1;
    atomic_store_explicit(&watch->turn, turn % 2 == parity ? turn : turn + 1, memory_order_release);
}

void mr_watch_prepare(struct mr_watch *watch, const char *sql, size_t len)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->sql_len = len < SQL_KEEP_BYTES ? len : SQL_KEEP_BYTES;
    memcpy(watch->sql, sql, watch->sql_len);
    watch->reason[0] = '\0';
    watch->statement++;
    pthread_mutex_unlock(&watch->lock);
}

void mr_watch_begin(struct mr_watch *watch)
{
    if (watch != NULL)
        next_turn(watch, 1);
}

void mr_watch_end(struct mr_watch *watch)
{
    if (watch != NULL)
        next_turn(watch, 0);
}

/* ---- the error ---- */

static void set_ended(const struct mr_watch *watch, enum mr_code code, struct mr_err *err)
{
    switch (watch->ended) {
    case ENDED_SILENT:
        (void)mr_err_set(err, code,
                         "server \"%s\" has answered nothing for %.0f s, nor a new "
                         "connection",
                         watch->label, watch->waited_s);
        mr_err_hint(err, "See whether the server is stopped, overloaded or cut off from "
                         "here; then run the same command again.");
        break;
    case ENDED_LOCKED:
        (void)mr_err_set(err, code, "server \"%s\" lets us wait for a lock for %.0f s",
                         watch->label, watch->waited_s);
        mr_err_hint(err, "Let the session that holds it end, or end it; then run the "
                         "same command again.");
        break;
    case ENDED_LIMIT:
    case ENDED_NOT:
    case ENDED_CANCELLED:
        (void)mr_err_set(err, code,
                         "server \"%s\" has not ended a statement within "
                         "%.0f s",
                         watch->label, watch->waited_s);
        mr_err_hint(err, "See what the server is at; then run the same command again, "
                         "with a longer --statement-timeout or connect-timeout.");
    }
}

static void add_words(struct mr_watch *watch, const char *sql, size_t len, struct mr_err *err)
{
    struct mr_strbuf purpose = MR_STRBUF_INIT;
    size_t at = strlen(err->message);
    mr_sqlpurpose(&purpose, sql, len);
    if (!purpose.failed)
        (void)snprintf(err->message + at, sizeof err->message - at, ": %s%s",
                       purpose.ptr != NULL ? purpose.ptr : "", watch->reason);
    mr_strbuf_release(&purpose);
}

enum mr_code mr_watch_tell(struct mr_watch *watch, const char *sql, size_t len,
                           enum mr_code given_up, struct mr_err *err)
{
    if (watch == NULL)
        return err->code;
    pthread_mutex_lock(&watch->lock);
    if (watch->ended == ENDED_CANCELLED) {
        (void)mr_cancelled_err(err);
    } else {
        if (watch->ended != ENDED_NOT)
            set_ended(watch, watch->ended == ENDED_SILENT ? MR_E_LOST : given_up, err);
        add_words(watch, sql, len, err);
    }
    pthread_mutex_unlock(&watch->lock);
    return err->code;
}
