/* slots.c: see slots.h. */
#include "core/db/slots.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/db/sqltext.h"

#define NAME_MAX_BYTES 56 /* with a number behind it, what a lock's name has room for */
#define WAITS 5           /* after so many they grow no longer: of the order of two seconds */

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

static enum mr_code take(struct mr_db *db, const struct mr_slots *slots, unsigned slot, bool *taken,
                         struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT, answer = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&name, "%s %u", slots->name, slot);
    mr_strbuf_add_str(&sql, "SELECT GET_LOCK(");
    mr_sql_string(&sql, name.failed ? "" : name.ptr);
    mr_strbuf_add_str(&sql, ", 0)");
    MR_TRY_OUT(mr_strbuf_check(&name, "taking a slot", err));
    MR_TRY_OUT(mr_strbuf_check(&sql, "taking a slot", err));
    MR_TRY_OUT(mr_db_query_text(db, sql.ptr, &answer, err));
    *taken = strcmp(answer.ptr, "1") == 0;
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&name);
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
        MR_TRY(take(db, slots, at, &taken, err));
        if (taken)
            *slot = at;
    }
    return MR_OK;
}

enum mr_code mr_slots_wait(struct mr_db *db, const struct mr_slots *slots, struct mr_err *err)
{
    unsigned slot = 0, tries = 0;
    for (;;) {
        MR_TRY(mr_slots_try(db, slots, &slot, err));
        if (slot != 0)
            return MR_OK;
        if (++tries == 1)
            mr_log_info("waiting until %s has a reader's slot free", mr_db_label(db));
        MR_TRY(mr_backoff_wait(0, tries < WAITS ? tries : WAITS, err));
    }
}
