/* cutover_accounts.c: two servers' accounts, compared; see cutover_accounts.h. */
#include "recon/gate/cutover_accounts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMED 4 /* things of one account */

/* One account of both. */
struct judging {
    struct mr_cutover *c;
    const struct mr_accounts *old, *new;
    const char *account;
    bool is_local;
    struct mr_strbuf text;
    enum mr_gate_severity severity;
    size_t found;
};

static int compare_facts(const void *left, const void *right)
{
    const struct mr_account_fact *a = left, *b = right;
    int order = strcmp(a->account, b->account);
    if (order == 0 && a->item != b->item)
        order = a->item < b->item ? -1 : 1;
    if (order == 0)
        order = strcmp(a->name, b->name);
    return order != 0 ? order : strcmp(a->place, b->place);
}

/* Each once: two rights of one family may be one of the other. */
static void sort(struct mr_vec *facts)
{
    struct mr_account_fact *items = facts->items;
    size_t kept = 1;
    if (facts->count < 2)
        return;
    qsort(items, facts->count, sizeof *items, compare_facts);
    for (size_t i = 1; i < facts->count; i++)
        if (compare_facts(&items[kept - 1], &items[i]) != 0)
            items[kept++] = items[i];
    facts->count = kept;
}

static const struct mr_account_fact *at(const struct mr_accounts *side, size_t i)
{
    return i < side->facts.count ? mr_vec_at(&side->facts, i) : NULL;
}

/* ---- what it is ---- */

static bool is_cross(const struct judging *g)
{
    return g->old->server->flavour != g->new->server->flavour;
}

static bool knows(const struct mr_accounts *side, const char *privilege)
{
    for (size_t i = 0; i < side->nknown; i++)
        if (strcasecmp(side->known[i], privilege) == 0)
            return true;
    return side->nknown == 0;
}

/* 'root'@'localhost': nobody comes so from elsewhere. */
static bool is_local(const struct judging *g, const char *account)
{
    const char *host = strrchr(account, '@');
    const char *const names[] = {"localhost", "127.0.0.1", "::1", g->old->server->hostname,
                                 g->new->server->hostname};
    if (host == NULL || strlen(host) < 3)
        return false;
    const size_t len = strlen(host) - 3; /* without @ and quotes */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && len > 0 && strncasecmp(names[i], host + 2, len) == 0)
            return true;
    return false;
}

/* The same password gives another hash each time. */
static bool is_salted(const char *plugin)
{
    return strcmp(plugin, "caching_sha2_password") == 0 || strcmp(plugin, "sha256_password") == 0 ||
           strcmp(plugin, "parsec") == 0;
}

/* What was said of one account of which only a plugin was asked. */
static const char *plugin_of(const struct mr_accounts *side, const char *account)
{
    for (size_t i = 0; i < side->facts.count; i++) {
        const struct mr_account_fact *f = at(side, i);
        if (f->item == MR_ACCOUNT_PLUGIN && strcmp(f->account, account) == 0)
            return f->value;
    }
    return "";
}

/* ---- telling ---- */

static void add_item(struct mr_strbuf *out, const struct mr_account_fact *f)
{
    switch (f->item) {
    case MR_ACCOUNT_EXISTS: mr_strbuf_add_str(out, "the account"); return;
    case MR_ACCOUNT_PLUGIN: mr_strbuf_add_str(out, "its way to log in"); return;
    case MR_ACCOUNT_PASSWORD: mr_strbuf_add_str(out, "its password"); return;
    case MR_ACCOUNT_LOCKED: mr_strbuf_add_str(out, "its lock"); return;
    case MR_ACCOUNT_EXPIRED: mr_strbuf_add_str(out, "the expiry of its password"); return;
    case MR_ACCOUNT_TLS: mr_strbuf_add_str(out, "what TLS it needs"); return;
    case MR_ACCOUNT_LIMITS: mr_strbuf_add_str(out, "its limits"); return;
    case MR_ACCOUNT_RESTRICTIONS: mr_strbuf_add_str(out, "what was revoked of it in part"); return;
    case MR_ACCOUNT_PRIVILEGE: mr_strbuf_add_fmt(out, "%s on %s", f->name, f->place); return;
    case MR_ACCOUNT_ROUTINE: mr_strbuf_add_fmt(out, "its rights on %s", f->place); return;
    case MR_ACCOUNT_PROXY: mr_strbuf_add_fmt(out, "PROXY of %s", f->name); return;
    case MR_ACCOUNT_ROLE: mr_strbuf_add_fmt(out, "role %s", f->name); return;
    case MR_ACCOUNT_DEFAULT_ROLE: mr_strbuf_add_fmt(out, "default role %s", f->name); return;
    }
}

MR_PRINTF(4, 5)
static void say(struct judging *g, enum mr_gate_severity severity, const struct mr_account_fact *f,
                const char *fmt, ...)
{
    va_list args;
    if (g->is_local && severity > MR_GATE_WARNING)
        severity = MR_GATE_WARNING;
    if (severity > g->severity)
        g->severity = severity;
    if (++g->found > NAMED)
        return;
    mr_strbuf_add_str(&g->text, g->found > 1 ? ", " : ": ");
    add_item(&g->text, f);
    va_start(args, fmt);
    mr_strbuf_add_args(&g->text, fmt, args);
    va_end(args);
}

/* ---- one fact ---- */

/* A role logs in nowhere, so that nothing is known of how; MySQL has it as an account that is locked,
 * of which one thing is enough. */
static bool is_of_role(const struct judging *g, const struct mr_account_fact *f)
{
    return (f->item > MR_ACCOUNT_PLUGIN && f->item <= MR_ACCOUNT_RESTRICTIONS) ||
           (f->item == MR_ACCOUNT_PLUGIN && is_cross(g));
}

static void judge_missing(struct judging *g, const struct mr_account_fact *f)
{
    if (is_of_role(g, f))
        return;
    if (f->item == MR_ACCOUNT_PRIVILEGE && !knows(g->new, f->name))
        say(g, MR_GATE_WARNING, f, " cannot be compared: NEW has no such privilege");
    else
        say(g, MR_GATE_CRITICAL, f, " is not on NEW");
}

/* OLD could not have what it does not know. */
static void judge_extra(struct judging *g, const struct mr_account_fact *f)
{
    if (is_of_role(g, f))
        return;
    if (f->item != MR_ACCOUNT_PRIVILEGE || knows(g->old, f->name))
        say(g, MR_GATE_WARNING, f, " is on NEW alone");
}

static void judge_password(struct judging *g, const struct mr_account_fact *old)
{
    const char *was = plugin_of(g->old, old->account), *is = plugin_of(g->new, old->account);
    if (strcmp(was, is) != 0)
        return; /* said of the plugin */
    if (is_salted(is))
        say(g, MR_GATE_UNKNOWN, old, " cannot be compared: its hash is salted, and another one");
    else
        say(g, MR_GATE_CRITICAL, old, " is another one");
}

/* What keeps somebody out on NEW who comes in on OLD is grave. */
static void judge_other(struct judging *g, const struct mr_account_fact *old,
                        const struct mr_account_fact *new)
{
    switch (old->item) {
    case MR_ACCOUNT_PLUGIN:
        say(g, MR_GATE_UNKNOWN, old, " cannot be compared: %s on OLD, %s on NEW", old->value,
            new->value);
        return;
    case MR_ACCOUNT_PASSWORD: judge_password(g, old); return;
    case MR_ACCOUNT_LOCKED:
    case MR_ACCOUNT_EXPIRED:
        say(g, strcmp(new->value, "Y") == 0 ? MR_GATE_CRITICAL : MR_GATE_WARNING, old, " is on %s",
            strcmp(new->value, "Y") == 0 ? "NEW alone" : "OLD alone");
        return;
    case MR_ACCOUNT_TLS:
        say(g, new->value[0] != '\0' ? MR_GATE_CRITICAL : MR_GATE_WARNING, old,
            " is '%s' on OLD, '%s' on NEW", old->value, new->value);
        return;
    case MR_ACCOUNT_PRIVILEGE:
        say(g, MR_GATE_WARNING, old, " may be granted by it on %s alone",
            strcmp(old->value, "YES") == 0 ? "OLD" : "NEW");
        return;
    case MR_ACCOUNT_ROUTINE:
    case MR_ACCOUNT_RESTRICTIONS:
        say(g, MR_GATE_CRITICAL, old, " are '%.100s' on OLD, '%.100s' on NEW", old->value,
            new->value);
        return;
    case MR_ACCOUNT_EXISTS:
    case MR_ACCOUNT_LIMITS:
    case MR_ACCOUNT_PROXY:
    case MR_ACCOUNT_ROLE:
    case MR_ACCOUNT_DEFAULT_ROLE:
        say(g, MR_GATE_WARNING, old, ": '%.100s' on OLD, '%.100s' on NEW", old->value, new->value);
        return;
    }
}

/* ---- one account ---- */

/* Facts of one account: from where to where in its list. */
struct span {
    size_t from, to;
};

static struct span span_of(const struct mr_accounts *side, size_t from, const char *account)
{
    struct span s = {from, from};
    while (s.to < side->facts.count && strcmp(at(side, s.to)->account, account) == 0)
        s.to++;
    return s;
}

static void judge_both(struct judging *g, struct span old, struct span new)
{
    while (old.from < old.to || new.from < new.to) {
        const struct mr_account_fact *a = old.from < old.to ? at(g->old, old.from) : NULL;
        const struct mr_account_fact *b = new.from < new.to ? at(g->new, new.from) : NULL;
        const int order = a == NULL ? 1 : b == NULL ? -1 : compare_facts(a, b);
        old.from += order <= 0;
        new.from += order >= 0;
        if (order < 0)
            judge_missing(g, a);
        else if (order > 0)
            judge_extra(g, b);
        else if (strcmp(a->value, b->value) != 0)
            judge_other(g, a, b);
    }
}

static enum mr_code tell(struct judging *g, struct mr_err *err)
{
    static const char hint[] = "On OLD: SHOW CREATE USER and SHOW GRANTS FOR the account; make it "
                               "so on NEW, by replication "
                               "or with SET sql_log_bin = 0.";
    if (g->found == 0)
        return MR_OK;
    if (g->found > NAMED)
        mr_strbuf_add_fmt(&g->text, " and %zu more", g->found - NAMED);
    MR_TRY(mr_strbuf_check(&g->text, "comparing accounts", err));
    return mr_cutover_found(g->c, &g->c->accounts, g->severity, hint, err, "%s%s", g->account,
                            g->text.ptr);
}

static enum mr_code judge_account(struct judging *g, struct span old, struct span new,
                                  struct mr_err *err)
{
    const struct mr_account_fact first = {.account = g->account, .item = MR_ACCOUNT_EXISTS};
    g->is_local = is_local(g, g->account);
    g->severity = MR_GATE_OK;
    g->found = 0;
    mr_strbuf_reset(&g->text);
    if (new.from == new.to)
        say(g, MR_GATE_CRITICAL, &first, " is not on NEW");
    else if (old.from == old.to)
        say(g, MR_GATE_WARNING, &first, " is on NEW alone");
    else
        judge_both(g, old, new);
    return tell(g, err);
}

/* Both lists are sorted by account. */
enum mr_code mr_cutover_compare_accounts(struct mr_cutover *c, struct mr_accounts *old,
                                         struct mr_accounts *new, struct mr_err *err)
{
    struct judging g = {.c = c, .old = old, .new = new, .text = MR_STRBUF_INIT};
    struct mr_strbuf note = MR_STRBUF_INIT;
    size_t i = 0, k = 0, count = 0;
    enum mr_code code = MR_OK;
    sort(&old->facts);
    sort(&new->facts);
    for (;;) {
        const struct mr_account_fact *a = at(old, i), *b = at(new, k);
        if (a == NULL && b == NULL)
            break;
        g.account = b == NULL || (a != NULL && strcmp(a->account, b->account) <= 0) ? a->account
                                                                                    : b->account;
        const struct span olds = span_of(old, i, g.account), news = span_of(new, k, g.account);
        i = olds.to;
        k = news.to;
        count++;
        MR_TRY_OUT(judge_account(&g, olds, news, err));
    }
    mr_strbuf_add_fmt(&note, "%zu account%s and roles are the same", count, count == 1 ? "" : "s");
    if (is_cross(&g))
        mr_strbuf_add_str(&note, "; privileges that OLD's family does not know are not compared");
    MR_TRY_OUT(mr_strbuf_check(&note, "comparing accounts", err));
    c->accounts.note = mr_arena_strdup(&c->arena, note.ptr);
out:
    mr_strbuf_release(&note);
    mr_strbuf_release(&g.text);
    return code;
}
