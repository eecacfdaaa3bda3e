/* check_slots.c: see check_slots.h. */
#include "recon/check/check_slots.h"

#include <string.h>
#include <unistd.h>

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "recon/check/check_scope.h"

#define WAITS 5 /* after so many they grow no longer: of the order of two seconds */

bool mr_check_has_slots(const struct mr_check_run *check)
{
    return check->scope != NULL && check->scope->slots != NULL;
}

static enum mr_code ask(struct mr_db *db, const char *function, const struct mr_scope *scope,
                        unsigned slot, const char *more, bool *yes, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT, answer = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&name, "%s %u", scope->slots, slot);
    mr_strbuf_add_fmt(&sql, "SELECT %s(", function);
    mr_sql_string(&sql, name.ptr);
    mr_strbuf_add_fmt(&sql, "%s)", more);
    MR_TRY_OUT(mr_strbuf_check(&name, "taking a slot", err));
    MR_TRY_OUT(mr_strbuf_check(&sql, "taking a slot", err));
    MR_TRY_OUT(mr_db_query_text(db, sql.ptr, &answer, err));
    *yes = strcmp(answer.ptr, "1") == 0;
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&name);
    mr_strbuf_release(&answer);
    if (code != MR_OK)
        mr_err_context(err, "a reader's slot on server \"%s\"", mr_db_label(db));
    return code;
}

/* The first that is free; *slot 0: none. */
static enum mr_code try_slots(struct mr_db *db, const struct mr_scope *scope, unsigned *slot,
                              struct mr_err *err)
{
    const unsigned first = (unsigned)getpid() % scope->nslots;
    bool taken = false;
    *slot = 0;
    for (unsigned i = 0; i < scope->nslots && !taken; i++) {
        const unsigned at = (first + i) % scope->nslots + 1;
        MR_TRY(ask(db, "GET_LOCK", scope, at, ", 0", &taken, err));
        if (taken)
            *slot = at;
    }
    return MR_OK;
}

static enum mr_code pause_for(unsigned *tries, const char *who, struct mr_err *err)
{
    if (++*tries == 1)
        mr_log_info("waiting until %s has a reader's slot free", who);
    return mr_backoff_wait(0, *tries < WAITS ? *tries : WAITS, err);
}

/* Of a connection that was made anew: those who wait for both slots hold none meanwhile. */
static enum mr_code take_again(void *ctx, struct mr_db *db, struct mr_err *err)
{
    const struct mr_check_run *check = ctx;
    unsigned slot = 0, tries = 0;
    for (;;) {
        MR_TRY(try_slots(db, check->scope, &slot, err));
        if (slot != 0)
            return MR_OK;
        MR_TRY(pause_for(&tries, mr_db_label(db), err));
    }
}

/* Both or none; *full: of which server there was none free. */
static enum mr_code try_both(struct mr_db *const db[MR_SIDES], const struct mr_scope *scope,
                             const struct mr_db **full, struct mr_err *err)
{
    unsigned slot[MR_SIDES] = {0};
    *full = NULL;
    for (int side = MR_SOURCE; side < MR_SIDES && *full == NULL; side++) {
        if (db[side] == NULL)
            continue;
        MR_TRY(try_slots(db[side], scope, &slot[side], err));
        if (slot[side] == 0)
            *full = db[side];
    }
    if (*full != NULL && slot[MR_SOURCE] != 0) {
        bool freed;
        return ask(db[MR_SOURCE], "RELEASE_LOCK", scope, slot[MR_SOURCE], "", &freed, err);
    }
    return MR_OK;
}

static enum mr_code refuse_one(const struct mr_db *db, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "both sides are server \"%s\", which has one reader's slot and would need two",
                     mr_db_label(db));
    mr_err_hint(err, "Plan the fleet with readers-per-server = 2 or more.");
    return MR_E_REFUSED;
}

enum mr_code mr_check_slots_take(struct mr_check_worker *worker, bool waits, struct mr_err *err)
{
    struct mr_check_run *check = worker->check;
    struct mr_db *db[MR_SIDES];
    const struct mr_db *full = NULL;
    unsigned tries = 0;
    if (!mr_check_has_slots(check) || worker->has_slots)
        return MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        db[side] = mr_reader_db(worker->reader[side]);
    if (db[MR_SOURCE] != NULL && db[MR_TARGET] != NULL && check->scope->nslots == 1 &&
        mr_server_is_same(mr_db_server(db[MR_SOURCE]), mr_db_server(db[MR_TARGET])))
        return refuse_one(db[MR_SOURCE], err);
    for (;;) {
        MR_TRY(try_both(db, check->scope, &full, err));
        if (full == NULL)
            break;
        if (!waits)
            return mr_err_set(err, MR_E_CONNECT, "the fleet reads \"%s\" by as many as it may",
                              mr_db_label(full));
        MR_TRY(pause_for(&tries, mr_db_label(full), err));
    }
    worker->has_slots = true;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_reader_on_renewal(worker->reader[side], take_again, check);
    return MR_OK;
}
