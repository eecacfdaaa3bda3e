/* waits.c: see waits.h. */
#include "repair/apply/waits.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/utf8.h"
#include "repair/apply/blockers.h"

#define LOOK_EVERY_MS 500
#define CONNECT_S 2
#define STATEMENT_S 2
#define END_S 1 /* how long the end waits for a server that does not answer */

struct mr_waits {
    /* set before the thread */
    const struct mr_db *watched;
    struct mr_endpoint ep;
    const char *run_tag;
    const struct mr_grants *grants;
    pthread_t thread;

    /* the thread */
    struct mr_db *db; /* NULL: not connected */
    double told_at_s; /* 0: never */

    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool end, ended; /* end is asked for; the thread has ended */
    char what[256];
};

/* ---- telling ---- */

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

static void add_reason(struct mr_waits *waits, uint64_t connection,
                       struct mr_strbuf *text)
{
    const struct mr_db_opts opts = {.run_tag = waits->run_tag,
                                    .statement_timeout_s = STATEMENT_S};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_blockers blockers = {0};
    struct mr_err ignored = {0};
    const char *state = "";
    enum mr_code code = MR_OK;
    if (waits->db == NULL)
        code = mr_db_open(&waits->ep, &opts, &waits->db, &ignored);
    if (code == MR_OK)
        code = mr_blockers_of(waits->db, waits->grants, connection, &arena, &blockers,
                              &state, &ignored);
    if (code == MR_OK && state[0] != '\0') {
        mr_strbuf_add_str(text, ": ");
        mr_utf8_show_str(text, state);
    }
    if (code == MR_OK && (blockers.count > 0 || blockers.note != NULL)) {
        mr_strbuf_add_str(text, ": ");
        add_holders(text, &blockers);
    }
    if (code != MR_OK) {
        mr_strbuf_add_fmt(text, ": what for is not known: %s", ignored.message);
        mr_db_close(waits->db);
        waits->db = NULL;
    }
    mr_arena_release(&arena);
}

static void tell(struct mr_waits *waits, const char *what, uint64_t ms,
                 uint64_t connection)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    uint64_t still = 0;
    mr_strbuf_add_fmt(&text, "waiting for server \"%s\", %s", mr_db_label(waits->watched),
                      what);
    add_reason(waits, connection, &text);
    /* over by now: who holds something else by now is not why */
    if (!text.failed && mr_db_busy_ms(waits->watched, &still) >= ms)
        mr_log_info("%s", text.ptr);
    else
        waits->told_at_s = 0;
    mr_strbuf_release(&text);
}

static void *waits_main(void *arg)
{
    struct mr_waits *waits = arg;
    char what[sizeof waits->what];
    pthread_mutex_lock(&waits->lock);
    while (!waits->end) {
        uint64_t connection = 0, ms = mr_db_busy_ms(waits->watched, &connection);
        double now_s = mr_clock_now_s();
        if (ms < MR_WAITS_FIRST_S * 1000 ||
            (waits->told_at_s > 0 && now_s < waits->told_at_s + MR_WAITS_AGAIN_S)) {
            mr_clock_cond_wait(&waits->changed, &waits->lock, LOOK_EVERY_MS);
            continue;
        }
        (void)snprintf(what, sizeof what, "%s", waits->what);
        pthread_mutex_unlock(&waits->lock);
        waits->told_at_s = now_s;
        tell(waits, what, ms, connection);
        pthread_mutex_lock(&waits->lock);
    }
    pthread_mutex_unlock(&waits->lock);
    mr_db_close(waits->db);
    mr_db_thread_end();
    pthread_mutex_lock(&waits->lock);
    waits->ended = true;
    pthread_cond_broadcast(&waits->changed);
    pthread_mutex_unlock(&waits->lock);
    return NULL;
}

/* ---- outside of the thread ---- */

static void release(struct mr_waits *waits)
{
    (void)pthread_cond_destroy(&waits->changed);
    (void)pthread_mutex_destroy(&waits->lock);
    free(waits);
}

enum mr_code mr_waits_new(const struct mr_db *db, const struct mr_endpoint *ep,
                          const char *run_tag, const struct mr_grants *grants,
                          struct mr_waits **out, struct mr_err *err)
{
    sigset_t all, old;
    struct mr_waits *waits = calloc(1, sizeof *waits);
    *out = NULL;
    if (waits == NULL)
        return mr_err_nomem(err, "watching for waits");
    waits->watched = db;
    waits->ep = *ep;
    waits->ep.connect_timeout_s = CONNECT_S;
    waits->run_tag = run_tag;
    waits->grants = grants;
    (void)snprintf(waits->what, sizeof waits->what, "preparing");
    (void)pthread_mutex_init(&waits->lock, NULL);
    mr_clock_cond_init(&waits->changed);
    (void)sigfillset(&all); /* signals belong to the main thread */
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&waits->thread, NULL, waits_main, waits);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        release(waits);
        return mr_err_set_sys(err, MR_E_NOMEM, rc, "could not start a thread");
    }
    *out = waits;
    return MR_OK;
}

void mr_waits_say(struct mr_waits *waits, const char *fmt, ...)
{
    va_list args;
    if (waits == NULL)
        return;
    va_start(args, fmt);
    pthread_mutex_lock(&waits->lock);
    (void)vsnprintf(waits->what, sizeof waits->what, fmt, args);
    pthread_mutex_unlock(&waits->lock);
    va_end(args);
}

bool mr_waits_free(struct mr_waits *waits)
{
    if (waits == NULL)
        return true;
    double until_s = mr_clock_now_s() + END_S;
    pthread_mutex_lock(&waits->lock);
    waits->end = true;
    pthread_cond_broadcast(&waits->changed);
    while (!waits->ended && mr_clock_now_s() < until_s)
        mr_clock_cond_wait(&waits->changed, &waits->lock, LOOK_EVERY_MS);
    bool ended = waits->ended;
    pthread_mutex_unlock(&waits->lock);
    if (!ended) {
        (void)pthread_detach(waits->thread);
        return false;
    }
    (void)pthread_join(waits->thread, NULL);
    release(waits);
    return true;
}
