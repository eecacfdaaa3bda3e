/* slots.c: see slots.h. */
#include "core/db/slots.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/backoff.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/db/sqltext.h"

#define NAME_MAX_BYTES 56 /* with a number behind it, what a lock's name has room for */
#define NAMES_AFTER_S 5.0
#define WAITS 5 /* after so many they grow no longer: of the order of two seconds */

bool mr_slots_parse(const char *text, struct mr_arena *arena, struct mr_slots *out)
{
    const char *equals = strrchr(text, '=');
    const size_t len = equals != NULL ? (size_t)(equals - text) : 0;
    char *end;
    if (len == 0 || len > NAME_MAX_BYTES || equals[1] < '0' || equals[1] > '9')
        return false;
    const unsigned long count = strtoul(equals + 1, &end, 10);
    if (*end != '\0' || count < 1 || count > MR_SLOTS_MAX)
        return false;
    *out = (struct mr_slots){mr_arena_dup(arena, text, len), (unsigned)count};
    return out->name != NULL;
}

/* NAME N, as a text of SQL. */
static void add_lock(struct mr_strbuf *sql, const struct mr_slots *slots, unsigned slot)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s %u", slots->name, slot);
    if (name.failed)
        sql->failed = true;
    else
        mr_sql_string(sql, name.ptr);
    mr_strbuf_release(&name);
}

static enum mr_code ask(struct mr_db *db, const struct mr_slots *slots, const char *function,
                        unsigned slot, const char *more, bool *yes, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, answer = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&sql, "SELECT %s(", function);
    add_lock(&sql, slots, slot);
    mr_strbuf_add_fmt(&sql, "%s)", more);
    MR_TRY_OUT(mr_strbuf_check(&sql, "taking a slot", err));
    MR_TRY_OUT(mr_db_query_text(db, sql.ptr, &answer, err));
    *yes = strcmp(answer.ptr, "1") == 0;
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&answer);
    if (code != MR_OK)
        mr_err_context(err, "a reader's slot on server \"%s\"", mr_db_label(db));
    return code;
}

/* Where they begin to look differs, so that not all ask for the first one. */
enum mr_code mr_slots_try(struct mr_db *db, const struct mr_slots *slots, unsigned *slot,
                          struct mr_err *err)
{
    const unsigned first = (unsigned)getpid() % slots->count;
    bool taken = false;
    *slot = 0;
    for (unsigned i = 0; i < slots->count && !taken; i++) {
        const unsigned at = (first + i) % slots->count + 1;
        MR_TRY(ask(db, slots, "GET_LOCK", at, ", 0", &taken, err));
        if (taken)
            *slot = at;
    }
    return MR_OK;
}

enum mr_code mr_slots_release(struct mr_db *db, const struct mr_slots *slots, unsigned slot,
                              struct mr_err *err)
{
    bool freed = false;
    return ask(db, slots, "RELEASE_LOCK", slot, "", &freed, err);
}

/* Those that this account may see; what a server refuses leaves them unnamed. */
static void name_holders(struct mr_db *db, const struct mr_slots *slots)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, who = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql,
                      "SELECT ID, USER, HOST FROM information_schema.PROCESSLIST WHERE ID IN (");
    for (unsigned slot = 1; slot <= slots->count; slot++) {
        mr_strbuf_add_str(&sql, slot > 1 ? ", IS_USED_LOCK(" : "IS_USED_LOCK(");
        add_lock(&sql, slots, slot);
        mr_strbuf_add_char(&sql, ')');
    }
    mr_strbuf_add_str(&sql, ") ORDER BY ID");
    if (sql.failed || mr_db_query(db, "nss", sql.ptr, sql.len, &res, NULL) != MR_OK)
        goto out;
    while ((row = mr_result_next(res)) != NULL)
        mr_strbuf_add_fmt(&who, "%s#%.*s (%.*s from %.*s)", who.len > 0 ? ", " : "",
                          (int)row[0].len, row[0].ptr, (int)row[1].len, row[1].ptr, (int)row[2].len,
                          row[2].ptr);
    mr_log_info("still waiting: the %u reader's slot%s of %s %s held by %s", slots->count,
                slots->count == 1 ? "" : "s", mr_db_label(db), slots->count == 1 ? "is" : "are",
                who.len > 0 && !who.failed ? who.ptr : "connections that this account cannot see");
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&who);
}

enum mr_code mr_slots_pause(struct mr_db *db, const struct mr_slots *slots,
                            struct mr_slots_pauses *pauses, struct mr_err *err)
{
    const double now_s = mr_clock_now_s();
    if (++pauses->tries == 1) {
        pauses->begun_s = now_s;
        mr_log_info("waiting until %s has a reader's slot free", mr_db_label(db));
    }
    if (!pauses->named && now_s - pauses->begun_s >= NAMES_AFTER_S) {
        pauses->named = true;
        name_holders(db, slots);
    }
    return mr_backoff_wait(0, pauses->tries < WAITS ? pauses->tries : WAITS, err);
}

enum mr_code mr_slots_wait(struct mr_db *db, const struct mr_slots *slots, struct mr_err *err)
{
    struct mr_slots_pauses pauses = {0};
    unsigned slot = 0;
    for (;;) {
        MR_TRY(mr_slots_try(db, slots, &slot, err));
        if (slot != 0)
            return MR_OK;
        MR_TRY(mr_slots_pause(db, slots, &pauses, err));
    }
}
