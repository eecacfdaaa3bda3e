/* rewind_select.c: see rewind_select.h. */
#include "repair/rewind/rewind_select.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Sequences of one domain and server. */
struct mr_rewind_run {
    uint32_t domain, server;
    uint64_t from, to;
    uint64_t met; /* how many of them were */
};

static enum mr_code bad_gtids(const char *text, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "option \"--transactions\": \"%.200s\" is no set of GTIDs",
                     text);
    mr_err_hint(err, "Write 0-1-4711,0-1-4720..4730 for MariaDB, "
                     "3e11fa47-71ca-11e1-9e33-c80aa9429562:23-25 for MySQL.");
    return MR_E_USAGE;
}

static bool take_number(const char **at, uint64_t most, uint64_t *number)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    *number = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0 && *number <= most;
}

static bool take_sign(const char **at, const char *sign)
{
    const size_t len = strlen(sign);
    if (strncmp(*at, sign, len) != 0)
        return false;
    *at += len;
    return true;
}

/* "0-1-4711" or "0-1-4711..4720" */
static bool take_run(const char **at, struct mr_rewind_run *run)
{
    uint64_t domain, server;
    if (!take_number(at, UINT32_MAX, &domain) || !take_sign(at, "-") ||
        !take_number(at, UINT32_MAX, &server) || !take_sign(at, "-") ||
        !take_number(at, UINT64_MAX - 1, &run->from) || run->from == 0)
        return false;
    run->domain = (uint32_t)domain;
    run->server = (uint32_t)server;
    run->to = run->from;
    return !take_sign(at, "..") ||
           (take_number(at, UINT64_MAX - 1, &run->to) && run->to >= run->from);
}

static enum mr_code read_runs(struct mr_rewind_select *s, const char *text, struct mr_err *err)
{
    const char *at = text;
    do {
        struct mr_rewind_run *run = mr_vec_push(&s->runs);
        if (run == NULL)
            return mr_err_nomem(err, "reading options");
        while (*at == ' ')
            at++;
        if (!take_run(&at, run))
            return bad_gtids(text, err);
        while (*at == ' ')
            at++;
    } while (take_sign(&at, ","));
    return *at == '\0' ? MR_OK : bad_gtids(text, err);
}

/* A uuid has a colon behind it, which no GTID of MariaDB has. */
static enum mr_code read_gtids(struct mr_rewind_select *s, const char *text, struct mr_err *err)
{
    s->by_gtid = true;
    s->is_mariadb = strchr(text, ':') == NULL;
    if (s->is_mariadb)
        return read_runs(s, text, err);
    if (mr_gtid_set_parse(&s->wanted, text, strlen(text), NULL) != MR_OK ||
        mr_gtid_set_is_empty(&s->wanted))
        return bad_gtids(text, err);
    return MR_OK;
}

enum mr_code mr_rewind_select_read(struct mr_rewind_select *s, const char *gtids, const char *from,
                                   const char *to, struct mr_arena *arena, struct mr_err *err)
{
    *s = (struct mr_rewind_select){.runs = MR_VEC_INIT(struct mr_rewind_run),
                                   .last = MR_VEC_INIT(struct mr_gtid)};
    mr_gtid_set_init(&s->wanted);
    mr_gtid_set_init(&s->met);
    MR_TRY(mr_history_window_read(&s->window, from, to, arena, err));
    return gtids != NULL ? read_gtids(s, gtids, err) : MR_OK;
}

void mr_rewind_select_release(struct mr_rewind_select *s)
{
    mr_gtid_set_release(&s->wanted);
    mr_gtid_set_release(&s->met);
    mr_vec_release(&s->runs);
    mr_vec_release(&s->last);
}

/* Runs may overlap: each counts its own. */
static bool is_in_runs(struct mr_rewind_select *s, const struct mr_gtid *gtid)
{
    bool is = false;
    for (size_t i = 0; gtid->family == MR_GTID_OF_MARIADB && i < s->runs.count; i++) {
        struct mr_rewind_run *run = mr_vec_at(&s->runs, i);
        if (run->domain != gtid->domain || run->server != gtid->server ||
            gtid->sequence < run->from || gtid->sequence > run->to)
            continue;
        run->met++;
        is = true;
    }
    return is;
}

/* A domain's numbers grow in what both sides share. */
enum mr_code mr_rewind_select_keep_last(struct mr_rewind_select *s, const struct mr_gtid *gtid,
                                        struct mr_err *err)
{
    for (size_t i = 0; i < s->last.count; i++) {
        struct mr_gtid *last = mr_vec_at(&s->last, i);
        if (last->domain != gtid->domain)
            continue;
        if (gtid->sequence > last->sequence)
            *last = *gtid;
        return MR_OK;
    }
    struct mr_gtid *last = mr_vec_push(&s->last);
    if (last == NULL)
        return mr_err_nomem(err, "telling own transactions");
    *last = *gtid;
    return MR_OK;
}

static enum mr_code judge_own(struct mr_rewind_select *s, const struct mr_history_tx *tx, bool *yes,
                              struct mr_err *err)
{
    enum mr_owned owned = MR_OWNED_UNTOLD;
    MR_TRY(mr_history_own_judge(s->own, tx, &owned, err));
    *yes = owned == MR_OWNED_OWN;
    s->is_untold = s->is_untold || owned == MR_OWNED_UNTOLD;
    return owned == MR_OWNED_SHARED && tx->gtid->family == MR_GTID_OF_MARIADB
               ? mr_rewind_select_keep_last(s, tx->gtid, err)
               : MR_OK;
}

enum mr_code mr_rewind_select_has(struct mr_rewind_select *s, const struct mr_gtid *gtid,
                                  const struct mr_binlog_place *begun, int64_t committed_us,
                                  bool *yes, struct mr_err *err)
{
    if (s->own != NULL) {
        const struct mr_history_tx tx = {gtid, *begun, committed_us};
        return judge_own(s, &tx, yes, err);
    }
    if (!s->by_gtid) {
        *yes = mr_history_window_judge(&s->window, begun, committed_us) == MR_WINDOW_INSIDE;
        return MR_OK;
    }
    *yes = s->is_mariadb ? is_in_runs(s, gtid)
                         : gtid->family == MR_GTID_OF_MYSQL && mr_gtid_set_has(&s->wanted, gtid);
    return *yes ? mr_gtid_set_add(&s->met, gtid, err) : MR_OK;
}

/* Of a run nobody knows which sequences there were: a domain's numbers may be another server's. */
void mr_rewind_select_add_missing(const struct mr_rewind_select *s, struct mr_strbuf *out)
{
    struct mr_gtid_set left;
    mr_gtid_set_init(&left);
    if (mr_gtid_set_add_set(&left, &s->wanted, NULL) == MR_OK &&
        mr_gtid_set_subtract(&left, &s->met, NULL) == MR_OK)
        mr_gtid_set_add_text(out, &left);
    mr_gtid_set_release(&left);
    for (size_t i = 0; i < s->runs.count; i++) {
        const struct mr_rewind_run *run = mr_vec_at(&s->runs, i);
        if (run->met == run->to - run->from + 1)
            continue;
        mr_strbuf_add_fmt(out, "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64, out->len > 0 ? "," : "",
                          run->domain, run->server, run->from);
        if (run->to > run->from)
            mr_strbuf_add_fmt(out, "..%" PRIu64, run->to);
    }
}
