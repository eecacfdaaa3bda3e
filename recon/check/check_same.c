/* check_same.c: see check_same.h. */
#include "recon/check/check_same.h"

#include <string.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "recon/check/check_options.h"
#include "recon/check/check_shards.h"

static bool ends_run(enum mr_code code)
{
    return code == MR_E_LOST || code == MR_E_NOMEM || code == MR_E_CANCELLED;
}

/* What FUNCTION(lock) gives, and the connection that asks: "1 42". */
static enum mr_code ask(struct mr_db *db, const char *function, const char *rest, const char *lock,
                        struct mr_strbuf *answer, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "SELECT CONCAT(%s(", function);
    mr_sql_string(&sql, lock);
    mr_strbuf_add_fmt(&sql, "%s), ' ', CONNECTION_ID())", rest);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql.ptr, answer, err);
    mr_strbuf_release(&sql);
    return code;
}

/* *known false: no lock is to be had. */
static enum mr_code try_lock(struct mr_check_run *check, bool *same, bool *known,
                             struct mr_err *err)
{
    struct mr_db *s = mr_reader_db(check->pairing.side[MR_SOURCE].main);
    struct mr_db *t = mr_reader_db(check->pairing.side[MR_TARGET].main);
    struct mr_strbuf lock = MR_STRBUF_INIT, taken = MR_STRBUF_INIT, seen = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&lock, "myrecon.%s", check->run.uuid);
    enum mr_code code = mr_strbuf_check(&lock, "building a query", err);
    if (code == MR_OK && (s == NULL || t == NULL))
        code = mr_err_set(err, MR_E_LOST, "a connection is gone");
    if (code == MR_OK)
        code = ask(s, "GET_LOCK", ", 0", lock.ptr, &taken, err);
    *known = code == MR_OK && strncmp(taken.ptr, "1 ", 2) == 0;
    if (*known)
        code = ask(t, "IS_USED_LOCK", "", lock.ptr, &seen, err);
    if (*known && code == MR_OK) {
        size_t len = taken.len - 2; /* the holder's number */
        *same =
            seen.len > len && strncmp(seen.ptr, taken.ptr + 2, len) == 0 && seen.ptr[len] == ' ';
        code = ask(s, "RELEASE_LOCK", "", lock.ptr, &taken, err);
    }
    mr_strbuf_release(&lock);
    mr_strbuf_release(&taken);
    mr_strbuf_release(&seen);
    *known = *known && code == MR_OK;
    return ends_run(code) ? code : MR_OK;
}

static bool says_the_same(const struct mr_server *s, const struct mr_server *t)
{
    return s->port == t->port && strcmp(s->hostname, t->hostname) == 0 &&
           strcmp(s->datadir, t->datadir) == 0 && strcmp(s->uuid, t->uuid) == 0;
}

static bool is_one_database(const struct mr_db_pair *pair, const struct mr_server *server)
{
    const char *s = pair->name[MR_SOURCE], *t = pair->name[MR_TARGET];
    return mr_server_same_name(server, s, t);
}

/* Asked before the plan: everything would be equal, and that is the worst answer. */
enum mr_code mr_check_same(struct mr_check_run *check, const struct mr_vec *pairs,
                           struct mr_err *err)
{
    const struct mr_server_side *side = check->pairing.side;
    bool same = false, known = false;
    if (mr_side_is_snapshot(&side[MR_SOURCE]) || mr_side_is_snapshot(&side[MR_TARGET]))
        return MR_OK; /* of another moment */
    if (mr_check_has_shards(check))
        return mr_check_shards_same(check, pairs, err);
    const struct mr_server *server = &side[MR_SOURCE].cat->server;
    const struct mr_db_pair *pair = NULL;
    for (size_t i = 0; pair == NULL && i < pairs->count; i++)
        if (is_one_database(mr_vec_at(pairs, i), server))
            pair = mr_vec_at(pairs, i);
    if (pair == NULL)
        return MR_OK;
    MR_TRY(try_lock(check, &same, &known, err));
    if (!known)
        same = says_the_same(server, &side[MR_TARGET].cat->server);
    if (!same)
        return MR_OK;
    if (check->opts->same_server) {
        mr_log_warning("database \"%s\" is compared with itself: source and target are the "
                       "same server (--same-server)",
                       pair->name[MR_SOURCE]);
        return MR_OK;
    }
    (void)mr_err_set(err, MR_E_USAGE,
                     "database \"%s\" would be compared with itself: source \"%s\" and "
                     "target \"%s\" are one server (\"%s\", port %u)",
                     pair->name[MR_SOURCE], check->run.source, check->run.target, server->hostname,
                     server->port);
    mr_err_hint(err, "Name the other server, or the other database; if this comparison is "
                     "meant, pass --same-server.");
    return MR_E_USAGE;
}
