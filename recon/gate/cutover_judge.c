/* cutover_judge.c: facts in, results out; see cutover.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/db/replica_status.h"
#include "recon/gate/cutover.h"

#define PROCESS_HINT "GRANT PROCESS ON *.* to the account on NEW."

struct judging {
    struct mr_gate_judge *j;
    const struct mr_cutover_facts *f;
};

static bool is_on(const struct mr_fence_value *value)
{
    return value->is_seen && value->value != 0;
}

static bool is_hidden(struct mr_gate_judge *j, const struct mr_fence_value *value, const char *what,
                      const char *hint)
{
    if (value->is_seen)
        return false;
    mr_gate_found(j, MR_GATE_UNKNOWN, "%s is not known: %s", what,
                  value->why != NULL ? value->why : "not read");
    if (hint != NULL)
        mr_gate_hint(j, "%s", hint);
    return true;
}

/* ---- who they are ---- */

static void judge_connection(const struct judging *g)
{
    if (g->f->away == NULL) {
        mr_gate_note(g->j, "both can be looked at");
        return;
    }
    mr_gate_found(g->j, MR_GATE_UNKNOWN,
                  "OLD cannot be looked at: %s; whether NEW has all that it wrote, and whether the "
                  "two are alike, is not known",
                  g->f->away);
    if (g->f->away_hint != NULL)
        mr_gate_hint(g->j, "It is there, and refused the login. %s", g->f->away_hint);
    mr_gate_hint(g->j,
                 "Where OLD is lost for good: compare NEW with a snapshot or another replica "
                 "of OLD (myrecon check), and make sure that OLD takes no writes (myrecon gate "
                 "fence).");
}

static const char *who(const struct mr_server *s)
{
    return s->uuid[0] != '\0' ? s->uuid : s->hostname;
}

static void judge_identity(const struct judging *g)
{
    const struct mr_server *old = &g->f->server[MR_OLD], *new = &g->f->server[MR_NEW];
    mr_gate_base(g->j, "%s, server_id %" PRIu32, who(old), old->server_id);
    mr_gate_value(g->j, "%s, server_id %" PRIu32, who(new), new->server_id);
    if (g->f->is_cluster) {
        mr_gate_found(g->j, MR_GATE_CRITICAL, "OLD and NEW are nodes of one Galera cluster");
        mr_gate_hint(g->j, "Neither takes the other's place: what one writes, both have. Whether "
                           "the cluster can do without OLD: myrecon gate check --peer NEW OLD.");
    } else if (g->f->is_group) {
        mr_gate_found(g->j, MR_GATE_CRITICAL,
                      "OLD and NEW are members of one group (Group Replication)");
        mr_gate_hint(g->j,
                     "The group hands writes over itself: SELECT "
                     "group_replication_set_as_primary('%s'), which waits until NEW has all "
                     "of them, and closes OLD before.",
                     new->uuid);
    } else if (g->f->is_same) {
        mr_gate_found(g->j, MR_GATE_CRITICAL, "OLD and NEW are one server");
        mr_gate_hint(g->j, "Name each by an address that is its own.");
    } else if (old->flavour == MR_FLAVOUR_MYSQL && new->flavour == MR_FLAVOUR_MYSQL &&
               old->uuid[0] != '\0' && strcmp(old->uuid, new->uuid) == 0) {
        mr_gate_found(g->j, MR_GATE_CRITICAL, "both have server_uuid %s", new->uuid);
        mr_gate_hint(g->j,
                     "NEW was set up from OLD's data directory, and what both write bears the same "
                     "GTIDs: stop NEW, remove its auto.cnf, and start it anew.");
    } else if (old->server_id == new->server_id) {
        mr_gate_found(g->j, MR_GATE_CRITICAL, "both have server_id %" PRIu32, new->server_id);
        mr_gate_hint(g->j, "A server passes over what has its own server_id: give NEW another one "
                           "in its option file, and restart it.");
    } else {
        mr_gate_note(g->j, "two servers");
    }
}

static void judge_version(const struct judging *g)
{
    const struct mr_server *old = &g->f->server[MR_OLD], *new = &g->f->server[MR_NEW];
    mr_gate_base(g->j, "%s", old->version_text);
    mr_gate_value(g->j, "%s", new->version_text);
    mr_gate_hint(g->j, old->flavour != new->flavour
                           ? "Try the application on NEW's kind of server before the cutover."
                           : "Upgrade NEW to OLD's version or a later one first.");
    if (old->flavour != new->flavour)
        mr_gate_found(g->j, MR_GATE_WARNING, "another kind of server: OLD is %s, NEW is %s",
                      old->version_text, new->version_text);
    else if (new->version / 100 < old->version / 100)
        mr_gate_found(g->j, MR_GATE_CRITICAL, "NEW is older: OLD is %s, NEW is %s",
                      old->version_text, new->version_text);
    else if (new->version < old->version)
        mr_gate_found(g->j, MR_GATE_WARNING, "NEW is a little older: OLD is %s, NEW is %s",
                      old->version_text, new->version_text);
    else
        mr_gate_note(g->j, "OLD %s, NEW %s", old->version_text, new->version_text);
}

/* ---- replication ---- */

static bool is_new_mariadb(const struct mr_cutover_facts *f)
{
    return f->server[MR_NEW].flavour == MR_FLAVOUR_MARIADB;
}

static const char *replica_word(const struct mr_cutover_facts *f)
{
    return mr_has_replica_words(&f->server[MR_NEW]) ? "REPLICA" : "SLAVE";
}

/* No position tells what was never written, or passed over. */
static void judge_lossy(const struct judging *g)
{
    const struct mr_cutover_link *link = &g->f->link;
    const struct mr_cutover_log *old = &link->log[MR_OLD], *new = &link->log[MR_NEW];
    static const char compare[] = "Compare all that there is: myrecon check OLD NEW.";
    if (old->view.seen != MR_GATE_SEEN)
        mr_gate_found_hidden(g->j, "whether OLD writes all to its log is", &old->view);
    else if (old->filters[0] != '\0') {
        mr_gate_found(g->j, MR_GATE_WARNING, "OLD does not write all to its log: %s", old->filters);
        mr_gate_hint(g->j, "What is left out came to NEW in no other way. %s", compare);
    }
    if (new->view.seen == MR_GATE_SEEN && strcmp(new->filters, old->filters) != 0) {
        mr_gate_found(g->j, MR_GATE_WARNING, "NEW would not write to its log what OLD does: %s",
                      new->filters[0] != '\0' ? new->filters : "it has no filter");
        mr_gate_hint(g->j, "Who is to follow NEW gets that alone: set it as on OLD in NEW's option "
                           "file, and restart it.");
    }
    if (link->lenient[0] != '\0') {
        mr_gate_found(g->j, MR_GATE_WARNING, "NEW passes over what it cannot apply: %s",
                      link->lenient);
        mr_gate_hint(g->j, "What it passed over is not on it, or another one. %s", compare);
    }
}

static void judge_replication(const struct judging *g)
{
    const struct mr_cutover_link *link = &g->f->link;
    struct mr_gate_judge *j = g->j;
    const char *error =
        link->error != NULL && link->error[0] != '\0' && strstr(link->note, link->error) == NULL
            ? link->error
            : NULL;
    mr_gate_value(j, "%s", link->note);
    switch (link->relation) {
    case MR_RELATION_UNKNOWN: mr_gate_found(j, MR_GATE_UNKNOWN, "%s", link->note); break;
    case MR_RELATION_NONE:
        mr_gate_found(j, MR_GATE_CRITICAL, "%s", link->note);
        mr_gate_hint(j,
                     "OLD comes first, NEW second: is it the other way round? Else let NEW follow "
                     "OLD: CHANGE %s on NEW.",
                     is_new_mariadb(g->f) ? "MASTER TO" : "REPLICATION SOURCE TO");
        break;
    case MR_RELATION_STOPPED:
        mr_gate_found(j, MR_GATE_CRITICAL, "%s%s%s", link->note, error != NULL ? ": " : "",
                      error != NULL ? error : "");
        mr_gate_hint(j, "Remove what stopped it, then START %s on NEW.", replica_word(g->f));
        break;
    case MR_RELATION_FOLLOWS:
        if (link->view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(j, "whether its threads run", &link->view);
        break;
    }
    if (link->others[0] != '\0' && link->relation != MR_RELATION_NONE && link->is_direct) {
        mr_gate_found(j, MR_GATE_WARNING, "it replicates from others, too: %s", link->others);
        mr_gate_hint(j, "These go on behind the cutover. Stop their channels if they are not to.");
    }
    if (link->filters != NULL && link->filters[0] != '\0') {
        mr_gate_found(j, MR_GATE_WARNING, "filters keep it from getting all: %s", link->filters);
        mr_gate_hint(j, "What they leave out is not on NEW. Is nothing of it needed there?");
    }
    if (link->relation != MR_RELATION_NONE)
        judge_lossy(g);
    mr_gate_note(j, "%s", link->note);
}

static void judge_caught_up(const struct judging *g)
{
    const struct mr_cutover_place *p = &g->f->place;
    struct mr_gate_judge *j = g->j;
    if (p->old[0] != '\0')
        mr_gate_base(j, "%s", p->old);
    if (p->new[0] != '\0')
        mr_gate_value(j, "%s", p->new);
    if (p->why != NULL) {
        mr_gate_found(j, MR_GATE_UNKNOWN, "whether NEW has all that OLD wrote is not known: %s",
                      p->why);
        if (p->hint != NULL)
            mr_gate_hint(j, "%s", p->hint);
    } else if (p->reached) {
        mr_gate_note(j, "NEW has applied %s, where OLD stood, after %.1f s", p->old, p->waited_s);
    } else {
        mr_gate_found(
            j, MR_GATE_CRITICAL,
            "after %.1f s NEW had not applied what OLD had written: OLD stood at %s, NEW is "
            "at %s",
            p->waited_s, p->old, p->new[0] != '\0' ? p->new : "an unknown position");
        mr_gate_hint(
            j,
            g->f->link.relation == MR_RELATION_STOPPED
                ? "Waiting does not help while its threads do not run: SHOW %s STATUS on NEW."
                : "Wait longer (--wait SECONDS), or find what holds it up: SHOW %s STATUS "
                  "on NEW.",
            replica_word(g->f));
    }
}

static void judge_appliers(const struct judging *g)
{
    const struct mr_cutover_facts *f = g->f;
    if (is_hidden(g->j, &f->work.slow, "what NEW applies now", PROCESS_HINT))
        return;
    if (f->work.slow.value > 0) {
        mr_gate_found(g->j, MR_GATE_WARNING, "NEW is at this for so many seconds: %s",
                      f->work.slow_names);
        mr_gate_value(g->j, "%s", f->work.slow_names);
        mr_gate_hint(g->j, "Let it end before the cutover: until then nothing behind it is "
                           "applied. Who holds it up: "
                           "myrecon gate check --only metadata_locks NEW.");
    }
    if (f->link.delay_s > 0) {
        mr_gate_found(g->j, MR_GATE_WARNING, "NEW is held %lu s behind on purpose",
                      f->link.delay_s);
        mr_gate_hint(g->j, is_new_mariadb(f)
                               ? "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START "
                                 "SLAVE on NEW."
                               : "STOP REPLICA; CHANGE REPLICATION SOURCE TO "
                                 "SOURCE_DELAY = 0; START REPLICA on NEW.");
    }
    mr_gate_note(g->j, "nothing that NEW applies takes long");
}

/* ---- does anybody write to NEW? ---- */

static void judge_errant(const struct judging *g)
{
    const struct mr_fence_value *errant = &g->f->errant;
    if (!errant->is_seen && errant->why == NULL)
        mr_gate_note(g->j, "GTIDs are not in use on both sides: rows alone can tell");
    else if (is_hidden(g->j, errant, "whether NEW has transactions that OLD lacks", NULL))
        return;
    else if (errant->value == 0)
        mr_gate_note(g->j, "NEW has no transaction that OLD lacks");
    else {
        mr_gate_value(g->j, "%s", g->f->errant_set);
        mr_gate_found(g->j, MR_GATE_CRITICAL,
                      "NEW has %" PRIu64 " transaction%s that OLD lacks: %s", errant->value,
                      errant->value == 1 ? "" : "s", g->f->errant_set);
        mr_gate_hint(g->j, "Somebody wrote to NEW. What only it has: myrecon check OLD NEW.");
    }
}

/* With super_read_only nobody can; with read_only nobody could who is connected. */
static bool cannot_write(const struct mr_fence_facts *fence)
{
    return is_on(&fence->super_read_only) ||
           (is_on(&fence->read_only) && fence->exempt.is_seen && fence->exempt.value == 0);
}

/* By position alone what NEW applies is not told from what is written there. */
static void judge_written(const struct judging *g)
{
    const struct mr_fence_facts *fence = &g->f->fence;
    if (is_on(&fence->written) && fence->mark == MR_FENCE_BY_GTID) {
        mr_gate_found(g->j, MR_GATE_CRITICAL,
                      "NEW has written %" PRIu64 " transaction%s of its own in %.1f s",
                      fence->written.value, fence->written.value == 1 ? "" : "s", g->f->seconds);
    } else if ((!fence->written.is_seen || is_on(&fence->written)) && !cannot_write(fence)) {
        mr_gate_found(g->j, MR_GATE_UNKNOWN, "whether NEW writes of its own is not known: %s",
                      fence->written.is_seen || fence->written.why == NULL
                          ? "without GTIDs that is not told from what it applies"
                          : fence->written.why);
        mr_gate_hint(g->j,
                     "SET GLOBAL read_only = ON on NEW (MySQL: super_read_only = ON) until the "
                     "cutover.");
    }
}

static void judge_split_brain(const struct judging *g)
{
    const struct mr_fence_facts *fence = &g->f->fence;
    struct mr_gate_judge *j = g->j;
    if (!is_hidden(j, &fence->writing, "whether transactions with changes are open on NEW",
                   PROCESS_HINT) &&
        fence->writing.value > 0)
        mr_gate_found(j, MR_GATE_CRITICAL, "%" PRIu64 " open transaction%s changed rows on NEW",
                      fence->writing.value,
                      fence->writing.value == 1 ? " of others has" : "s of others have");
    judge_written(g);
    if (fence->read_only.is_seen && fence->read_only.value == 0 && fence->sessions.is_seen &&
        fence->sessions.value > 0)
        mr_gate_found(j, MR_GATE_WARNING,
                      "NEW is not read-only, and %" PRIu64 " session%s connected: %s",
                      fence->sessions.value, fence->sessions.value == 1 ? " is" : "s are",
                      fence->session_users);
    if (fence->sessions.is_seen)
        mr_gate_value(j, "sessions: %s",
                      fence->session_users[0] != '\0' ? fence->session_users : "none");
    mr_gate_hint(j,
                 "End these sessions on NEW (a prepared transaction, XA RECOVER, where it began), "
                 "SET GLOBAL read_only = ON there, and compare: myrecon "
                 "check OLD NEW. Two servers that take writes is how two histories begin.");
    mr_gate_note(j, "nobody writes to NEW");
}

static void judge_read_only(const struct judging *g)
{
    const struct mr_fence_facts *fence = &g->f->fence;
    if (is_hidden(g->j, &fence->read_only, "whether NEW is read-only", NULL))
        return;
    mr_gate_value(g->j, is_on(&fence->super_read_only) ? "super_read_only ON"
                        : is_on(&fence->read_only)     ? "read_only ON"
                                                       : "read_only OFF");
    if (is_on(&fence->read_only)) {
        mr_gate_note(g->j, "read_only is on: SET GLOBAL read_only = OFF is a step of the cutover");
        return;
    }
    mr_gate_found(g->j, MR_GATE_WARNING, "NEW takes writes already: read_only is off");
    mr_gate_hint(g->j, "SET GLOBAL read_only = ON on NEW until OLD is fenced.");
}

/* An event of a read-only server fails, unless its definer may write all the same. */
static void judge_events(const struct judging *g)
{
    const struct mr_cutover_events *ev = &g->f->events;
    const struct mr_fence_facts *fence = &g->f->fence;
    const bool writes = !is_on(&fence->read_only) ||
                        (!is_on(&fence->super_read_only) &&
                         (!fence->exempt_events.is_seen || fence->exempt_events.value > 0));
    if (is_hidden(g->j, &ev->twice, "which events run on NEW",
                  "GRANT EVENT ON *.* to the account, on both servers."))
        return;
    if (ev->twice.value > 0)
        mr_gate_found(g->j, writes ? MR_GATE_CRITICAL : MR_GATE_WARNING,
                      "events run on both servers: %s", ev->twice_names);
    if (ev->alone.value > 0)
        mr_gate_found(g->j, MR_GATE_WARNING, "events run on NEW, which is a replica: %s",
                      ev->alone_names);
    mr_gate_hint(g->j,
                 "SET GLOBAL event_scheduler = OFF on NEW until the cutover, or ALTER EVENT … "
                 "DISABLE ON %s there.",
                 replica_word(g->f));
    if (ev->off.value > 0)
        mr_gate_note(g->j, "to be enabled at the cutover: %s", ev->off_names);
    else
        mr_gate_note(g->j, "no event runs on NEW, and none is missed there");
}

/* ---- all of it ---- */

typedef void rule_fn(const struct judging *g);

/* In the order of cutover_names.def.  Without OLD what is compared with it is not judged:
 * `connection` says so. */
static const struct {
    enum mr_cutover_name name;
    rule_fn *fn;
    bool needs_old;
} rules[] = {
    {MR_CUTOVER_connection, judge_connection, false},
    {MR_CUTOVER_identity, judge_identity, true},
    {MR_CUTOVER_version, judge_version, true},
    {MR_CUTOVER_replication, judge_replication, true},
    {MR_CUTOVER_caught_up, judge_caught_up, true},
    {MR_CUTOVER_appliers, judge_appliers, false},
    {MR_CUTOVER_errant_transactions, judge_errant, true},
    {MR_CUTOVER_split_brain, judge_split_brain, false},
    {MR_CUTOVER_read_only, judge_read_only, false},
    {MR_CUTOVER_events, judge_events, true},
};

void mr_cutover_judge_facts(struct mr_gate_judge *judge, const struct mr_cutover_facts *facts,
                            const bool wanted[MR_CUTOVER_NAMES_END])
{
    const struct judging g = {judge, facts};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const enum mr_cutover_name name = rules[i].name;
        /* that OLD is away, or is NEW, is heard whatever was asked for */
        const bool always = (name == MR_CUTOVER_connection && facts->away != NULL) ||
                            (name == MR_CUTOVER_identity && facts->is_same);
        if ((!wanted[name] && !always) || (rules[i].needs_old && facts->away != NULL) ||
            (facts->is_same && name > MR_CUTOVER_version))
            continue;
        mr_gate_judge_begin(judge);
        rules[i].fn(&g);
        (void)mr_gate_judge_end(judge, mr_cutover_text(name), mr_cutover_priority(name));
    }
}

void mr_cutover_judge_findings(struct mr_gate_judge *judge, enum mr_cutover_name name,
                               const struct mr_cutover_findings *findings)
{
    mr_gate_judge_begin(judge);
    for (size_t weight = MR_GATE_CRITICAL; weight > MR_GATE_OK; weight--)
        for (size_t i = 0; i < findings->items.count; i++) {
            const struct mr_cutover_finding *f = mr_vec_at(&findings->items, i);
            if (f->severity != (enum mr_gate_severity)weight)
                continue;
            mr_gate_found(judge, f->severity, "%s", f->text);
            if (f->hint != NULL)
                mr_gate_hint(judge, "%s", f->hint);
        }
    mr_gate_note(judge, "%s", findings->note != NULL ? findings->note : "");
    (void)mr_gate_judge_end(judge, mr_cutover_text(name), mr_cutover_priority(name));
}
