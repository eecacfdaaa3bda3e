/* gate_rules.c: the table of rules, and what they share; see gate_rules.h. */
#include "recon/gate/gate_rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/row/when.h"

#define CLIMB_MAX 6 /* servers between two that are named */

mr_gate_rule *const mr_gate_rules[MR_GATE_NAMES_END] = {
#define MR_GATE_NAME(id, priority, needs, text) [MR_GATE_##id] = mr_gate_rule_##id,
#include "recon/gate/gate_names.def"
#undef MR_GATE_NAME
};

static bool is_loopback(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
           strcasecmp(host, "localhost") == 0;
}

/* By uuid, else by server_id, which a replica learns when it connects; before that only
 * the address is known. */
bool mr_gate_channel_leads_to(const struct mr_gate_channel *channel,
                              const struct mr_gate_facts *replica,
                              const struct mr_gate_facts *source)
{
    const struct mr_server *s = &source->server;
    if (channel->uuid[0] != '\0' && s->flavour == MR_FLAVOUR_MYSQL && s->uuid[0] != '\0')
        return strcasecmp(channel->uuid, s->uuid) == 0;
    if (channel->source_id != 0)
        return channel->source_id == s->server_id;
    const char *host = is_loopback(channel->host) ? replica->server.hostname : channel->host;
    return channel->port == s->port && strcasecmp(host, s->hostname) == 0;
}

static bool follows(const struct mr_gate_facts *replica, const struct mr_gate_facts *source)
{
    for (size_t i = 0; i < replica->nchannels; i++)
        if (mr_gate_channel_leads_to(&replica->channels[i], replica, source))
            return true;
    return false;
}

enum mr_gate_relation mr_gate_relation(const struct mr_gate_facts *server,
                                       const struct mr_gate_facts *peer)
{
    if (follows(peer, server))
        return MR_GATE_FOLLOWS_US;
    if (follows(server, peer))
        return MR_GATE_FEEDS_US;
    if (server->replication.seen != MR_GATE_SEEN || peer->replication.seen != MR_GATE_SEEN)
        return MR_GATE_NOT_KNOWABLE;
    return MR_GATE_UNRELATED;
}

bool mr_gate_was_restarted(const struct mr_gate_facts *past, const struct mr_gate_facts *now)
{
    return now->uptime_s < past->uptime_s || strcmp(now->started, past->recorded) >= 0;
}

bool mr_gate_replicates(const struct mr_gate_facts *facts)
{
    for (size_t i = 0; i < facts->nchannels; i++)
        if (strcasecmp(facts->channels[i].io, "Yes") != 0 ||
            strcasecmp(facts->channels[i].sql, "Yes") != 0)
            return false;
    return facts->nchannels > 0;
}

bool mr_gate_is_running_replica(const struct mr_gate_facts *server,
                                const struct mr_gate_facts *peer)
{
    return mr_gate_relation(server, peer) == MR_GATE_FOLLOWS_US && mr_gate_replicates(peer);
}

const struct mr_gate_facts *mr_gate_server_at(const struct mr_gate_judge *judge, size_t i)
{
    return i == 0 ? judge->now : judge->peers[i - 1].facts;
}

const char *mr_gate_with_applied(struct mr_gate_judge *j, const char *set, const char *position)
{
    if (position[0] == '\0')
        return set;
    const char *both = mr_arena_fmt(j->arena, "%s%s%s", set, set[0] != '\0' ? "," : "", position);
    j->nomem |= both == NULL;
    return both != NULL ? both : "";
}

bool mr_gate_same_source(const struct mr_gate_channel *a, const struct mr_gate_channel *b)
{
    if (a->uuid[0] != '\0' && b->uuid[0] != '\0')
        return strcasecmp(a->uuid, b->uuid) == 0;
    if (a->source_id != 0 && b->source_id != 0 && a->source_id != b->source_id)
        return false;
    return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

/* What a walk up from a replica asks; `left` ends it where servers follow each other. */
struct climb {
    const struct mr_gate_judge *judge;
    const struct mr_gate_facts *source;
    bool running;
    size_t left;
};

/* The steps are bounded by the number of servers (left), since servers may replicate in a ring. */
static bool climbs(struct climb c, const struct mr_gate_facts *replica)
{
    if (c.running && !mr_gate_replicates(replica))
        return false;
    if (follows(replica, c.source))
        return true;
    if (c.left-- == 0)
        return false;
    for (size_t i = 0; i <= c.judge->npeers; i++) {
        const struct mr_gate_facts *between = mr_gate_server_at(c.judge, i);
        if (between != NULL && between != replica && follows(replica, between) &&
            climbs(c, between))
            return true;
    }
    return false;
}

bool mr_gate_is_below(const struct mr_gate_judge *judge, const struct mr_gate_facts *replica,
                      const struct mr_gate_facts *source, bool running)
{
    const struct climb c = {judge, source, running,
                            judge->npeers < CLIMB_MAX ? judge->npeers : CLIMB_MAX};
    return climbs(c, replica);
}

bool mr_gate_are_siblings(const struct mr_gate_facts *a, const struct mr_gate_facts *b)
{
    if (!mr_gate_replicates(a) || !mr_gate_replicates(b))
        return false;
    for (size_t i = 0; i < a->nchannels; i++)
        for (size_t k = 0; k < b->nchannels; k++)
            if (mr_gate_same_source(&a->channels[i], &b->channels[k]))
                return true;
    return false;
}

bool mr_gate_is_other_history(const struct mr_gate_judge *judge, const struct mr_gate_facts *peer)
{
    return !mr_gate_is_below(judge, judge->now, peer, false) &&
           !mr_gate_is_below(judge, peer, judge->now, true) &&
           !mr_gate_are_siblings(judge->now, peer) && !mr_gate_is_one_cluster(judge->now, peer);
}

void mr_gate_found_no_db(struct mr_gate_judge *judge)
{
    if (judge->now->any_db.seen == MR_GATE_HIDDEN && judge->now->nabsent == 0)
        mr_gate_found_hidden(judge, "the tables of all databases", &judge->now->any_db);
}

void mr_gate_found_hidden_tables(struct mr_gate_judge *judge)
{
    mr_gate_found_no_db(judge);
    for (size_t i = 0; i < judge->now->nabsent; i++) {
        const struct mr_gate_absent *a = &judge->now->absent[i];
        char name[300];
        (void)snprintf(name, sizeof name, "%.140s.%.140s", a->db, a->name);
        if (a->view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(judge, name, &a->view);
    }
}

void mr_gate_found_unread_side(struct mr_gate_judge *j, const struct mr_gate_peer *peer,
                               const struct mr_gate_table *ours, const struct mr_gate_table *theirs)
{
    const bool here = ours != NULL && ours->view.seen != MR_GATE_SEEN;
    char name[600];
    (void)snprintf(name, sizeof name, "%.260s%s%.300s", mr_gate_table_name(j, theirs),
                   here ? "" : " on ", here ? "" : peer->uri);
    mr_gate_found_hidden(j, name, here ? &ours->view : &theirs->view);
}

const char *mr_gate_table_name(struct mr_gate_judge *judge, const struct mr_gate_table *table)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%s.%s", table->db, table->name);
    const char *kept = text.failed ? NULL : mr_arena_strdup(judge->arena, text.ptr);
    mr_strbuf_release(&text);
    judge->nomem |= kept == NULL;
    return kept != NULL ? kept : "?";
}

const struct mr_gate_table *mr_gate_table_now(const struct mr_gate_judge *judge,
                                              const struct mr_gate_table *past)
{
    return mr_gate_facts_twin(mr_gate_past(judge), judge->now, past->db, past->name);
}

static const char *significant(const char *digits)
{
    while (digits[0] == '0' && digits[1] != '\0')
        digits++;
    return digits;
}

int mr_gate_compare_numbers(const char *a, const char *b)
{
    if (a[0] == '\0' || b[0] == '\0')
        return (a[0] != '\0') - (b[0] != '\0');
    const bool a_negative = a[0] == '-', b_negative = b[0] == '-';
    if (a_negative != b_negative)
        return a_negative ? -1 : 1;
    const char *x = significant(a + (a_negative ? 1 : 0));
    const char *y = significant(b + (b_negative ? 1 : 0));
    const size_t x_len = strlen(x), y_len = strlen(y);
    int order = x_len != y_len ? (x_len > y_len) - (x_len < y_len) : strcmp(x, y);
    return a_negative ? -order : order;
}

double mr_gate_seconds_between(const char *a, const char *b)
{
    struct mr_when x, y;
    if (mr_when_parse(&x, a, NULL) != MR_OK || mr_when_parse(&y, b, NULL) != MR_OK)
        return 0;
    const struct mr_time *s = &x.time, *e = &y.time;
    return 86400.0 * (double)(mr_when_day_number(e) - mr_when_day_number(s)) +
           3600.0 * ((double)e->hour - (double)s->hour) +
           60.0 * ((double)e->minute - (double)s->minute) +
           ((double)e->second - (double)s->second) + ((double)e->micros - (double)s->micros) / 1e6;
}
