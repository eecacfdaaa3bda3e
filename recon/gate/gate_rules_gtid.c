/* gate_rules_gtid.c: are all transactions there, and none that should not be? */
#include <inttypes.h>
#include <string.h>

#include "recon/gate/gate_gtid.h"
#include "recon/gate/gate_rules.h"

/* What a has and b lacks; count 0 where sets cannot be compared. */
static void subtract(struct mr_gate_judge *j, const char *a, const char *b, struct mr_strbuf *out,
                     uint64_t *count)
{
    struct mr_err why = {0};
    if (mr_gate_gtid_subtract(j->now->server.flavour, a, b, out, count, &why) != MR_OK) {
        *count = 0;
        mr_gate_found(j, MR_GATE_UNKNOWN, "%s", why.message);
    }
}

/* Is nothing of either in the other only? */
static bool is_same_set(struct mr_gate_judge *j, const char *a, const char *b)
{
    struct mr_strbuf rest = MR_STRBUF_INIT;
    uint64_t only_a = 0, only_b = 0;
    subtract(j, a, b, &rest, &only_a);
    subtract(j, b, a, &rest, &only_b);
    mr_strbuf_release(&rest);
    return only_a == 0 && only_b == 0;
}

/* Numbers that are there may have been given a second time: then the log is another one. */
static void log_then(struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    const struct mr_gate_log *then = &past->log, *now = &j->now->log;
    struct mr_strbuf rest = MR_STRBUF_INIT;
    uint64_t fresh = 1;
    if (past->is_older)
        mr_gate_note(j, "the baseline is of an older version and knows no binary log");
    if (j->expect_new_instance || then->file == NULL || then->file[0] == '\0')
        return;
    if (now->fate == MR_GATE_LOG_BACK)
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "the binary log had got to %s:%" PRIu64 ", now it does not reach that",
                      then->file, then->position);
    else if (now->fate == MR_GATE_LOG_OTHER)
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "the binary log is another one: no event begins at %s:%" PRIu64, then->file,
                      then->position);
    else if (now->fate == MR_GATE_LOG_PURGED)
        mr_gate_note(j, "the log of that time was purged");
    else if (now->fate == MR_GATE_LOG_THERE && now->gtid_then[0] != '\0' &&
             !is_same_set(j, then->gtid, now->gtid_then))
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "the binary log is another one: at %s:%" PRIu64
                      " it has got to %.200s, it had got to %.200s",
                      then->file, then->position, now->gtid_then, then->gtid);
    else if (now->fate == MR_GATE_LOG_THERE && now->next[0] != '\0') {
        subtract(j, now->next, then->gtid, &rest, &fresh);
        if (fresh == 0)
            mr_gate_found(j, MR_GATE_CRITICAL,
                          "the binary log is another one: behind %s:%" PRIu64
                          " it goes on with %s, which had been executed before",
                          then->file, then->position, now->next);
    } else if (now->fate == MR_GATE_LOG_UNSEEN && now->view.seen == MR_GATE_HIDDEN &&
               now->view.grant != NULL)
        mr_gate_note(j, "whether its log is the same is not visible: %s", now->view.grant);
    else if (now->fate == MR_GATE_LOG_UNSEEN)
        mr_gate_note(j, "whether its log is the same cannot be told: %s",
                     now->view.seen != MR_GATE_SEEN && now->view.why != NULL ? now->view.why
                     : now->file == NULL || now->file[0] == '\0'             ? "it writes none"
                                                                 : "it is called otherwise");
    mr_strbuf_release(&rest);
}

void mr_gate_rule_gtid_superset(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    struct mr_strbuf lacking = MR_STRBUF_INIT;
    uint64_t count = 0;
    mr_gate_value(j, "%.400s", j->gtid_last);
    mr_gate_base(j, "%.400s", past->gtid_executed);
    if (past->server.flavour != j->now->server.flavour) {
        mr_gate_found(j, MR_GATE_UNKNOWN, "GTIDs of MySQL and MariaDB are not comparable");
        mr_gate_hint(j, "Compare the two servers row by row: myrecon check.");
    } else if (past->gtid_executed[0] == '\0')
        mr_gate_note(j, "the baseline holds no GTIDs");
    else {
        subtract(j, past->gtid_executed,
                 mr_gate_with_applied(j, j->gtid_last, j->now->gtid_position), &lacking, &count);
        if (count > 0)
            mr_gate_found(j, MR_GATE_CRITICAL,
                          "%" PRIu64 " transactions that had been executed are missing: "
                          "%.400s",
                          count, lacking.ptr);
        else
            mr_gate_note(j, "every transaction of the baseline is there");
    }
    if (past->server.flavour == j->now->server.flavour)
        log_then(j, past);
    mr_gate_hint(j, MR_GATE_OLD_COPY_HINT);
    mr_strbuf_release(&lacking);
}

/* Who has, or lacks, transactions. */
struct side {
    const struct mr_gate_facts *facts;
    const char *uri, *set;
};

/* What it was sent by others than `lacks` is no work of its own: by the other sources of
 * one with several, by those between the two, by the source that both follow. */
static void without_sources(const struct mr_gate_judge *j, const struct side *has,
                            const struct side *lacks, struct mr_strbuf *own,
                            struct mr_strbuf *known)
{
    struct mr_strbuf rest = MR_STRBUF_INIT;
    mr_strbuf_add_str(own, has->set);
    mr_strbuf_add_str(known, lacks->set);
    for (size_t i = 0; i < has->facts->nchannels; i++) {
        const struct mr_gate_channel *c = &has->facts->channels[i];
        if (mr_gate_channel_leads_to(c, has->facts, lacks->facts))
            continue;
        mr_strbuf_reset(&rest);
        mr_gate_gtid_without(j->now->server.flavour, own->ptr, c->uuid, c->source_id, &rest);
        mr_strbuf_reset(own);
        mr_strbuf_add(own, rest.ptr, rest.len);
    }
    for (size_t i = 0; i <= j->npeers; i++) {
        const struct mr_gate_facts *source = mr_gate_server_at(j, i);
        if (source != NULL && source != has->facts && source != lacks->facts &&
            source->gtid_executed[0] != '\0' && source->server.flavour == j->now->server.flavour &&
            mr_gate_is_below(j, has->facts, source, false))
            mr_strbuf_add_fmt(known, ",%s", source->gtid_executed);
    }
    own->failed |= rest.failed;
    mr_strbuf_release(&rest);
}

/* related: the two follow each other, or one source. */
static uint64_t find_extra(struct mr_gate_judge *j, const struct side *has,
                           const struct side *lacks, bool related, struct mr_strbuf *extra)
{
    struct mr_strbuf own = MR_STRBUF_INIT, known = MR_STRBUF_INIT;
    uint64_t count = 0;
    if (related) {
        without_sources(j, has, lacks, &own, &known);
        j->nomem |= own.failed || known.failed;
        subtract(j, own.ptr, known.ptr, extra, &count);
    } else {
        subtract(j, has->set, lacks->set, extra, &count);
    }
    mr_strbuf_release(&own);
    mr_strbuf_release(&known);
    return count;
}

static bool errant_on(struct mr_gate_judge *j, const struct side *has, const struct side *lacks,
                      bool related)
{
    struct mr_strbuf extra = MR_STRBUF_INIT;
    const uint64_t count = find_extra(j, has, lacks, related, &extra);
    if (count > 0) {
        mr_gate_found(j, MR_GATE_CRITICAL, "%s has %" PRIu64 " transaction%s that %s lacks: %.400s",
                      has->uri, count, count > 1 ? "s" : "", lacks->uri, extra.ptr);
        mr_gate_value(j, "%.400s", extra.ptr);
    }
    mr_strbuf_release(&extra);
    return count > 0;
}

/* Two that follow each other get what the other has; but where neither does so any more, what
 * each has alone is a fork, and not only late. */
static void errant_circle(struct mr_gate_judge *j, const struct side *us, const struct side *them)
{
    struct mr_strbuf ours = MR_STRBUF_INIT, theirs = MR_STRBUF_INIT;
    if (!mr_gate_is_below(j, them->facts, us->facts, true) &&
        !mr_gate_is_below(j, us->facts, them->facts, true) &&
        find_extra(j, us, them, true, &ours) > 0 && find_extra(j, them, us, true, &theirs) > 0) {
        (void)errant_on(j, them, us, true);
        (void)errant_on(j, us, them, true);
    }
    mr_strbuf_release(&ours);
    mr_strbuf_release(&theirs);
}

/* "0-1-100": is there anything of domain 0 in the set? */
static bool has_domain(const char *set, const char *gtid)
{
    const size_t len = strcspn(gtid, "-") + 1;
    for (const char *at = set; *at != '\0'; at += strcspn(at, ",")) {
        at += strspn(at, ",");
        if (strncmp(at, gtid, len) == 0)
            return true;
    }
    return false;
}

/* How far a replica has got in what SERVER knows of: a domain of long ago stays in its position. */
static const char *applied_of(struct mr_gate_judge *j, const struct mr_gate_facts *replica,
                              const char *known)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (const char *at = replica->gtid_position; *at != '\0';) {
        const size_t len = strcspn(at, ",");
        if (has_domain(known, at))
            mr_strbuf_add_fmt(&out, "%s%.*s", out.len > 0 ? "," : "", (int)len, at);
        at += len + (at[len] == ',' ? 1 : 0);
    }
    const char *kept = out.failed ? NULL : mr_arena_dup(j->arena, out.ptr, out.len);
    mr_strbuf_release(&out);
    j->nomem |= kept == NULL;
    return kept != NULL ? kept : "";
}

/* The peer's set was read before SERVER's last one and after its first: what is
 * written meanwhile does not look errant.  Of SERVER's position only the last is known. */
static void errant_pair(struct mr_gate_judge *j, const struct mr_gate_peer *peer, size_t *compared)
{
    const struct mr_gate_facts *them = peer->facts, *us = j->now;
    /* a cluster numbers write sets by itself; GTIDs are each node's own matter */
    if (mr_gate_is_one_cluster(us, them) || them->server.flavour != us->server.flavour ||
        us->gtid_executed[0] == '\0')
        return;
    /* the position of one that applies nothing may be of long ago, and what it has of others SERVER may have to
     * get still */
    const bool is_ours = them->nchannels == 1 && mr_gate_is_below(j, them, us, true);
    const char *theirs =
        is_ours ? mr_gate_with_applied(j, them->gtid_executed, applied_of(j, them, j->gtid_last))
                : them->gtid_executed;
    if (theirs[0] == '\0')
        return;
    const struct side peer_side = {them, peer->uri, theirs};
    const struct side first = {us, us->uri, us->gtid_executed};
    const struct side last = {us, us->uri,
                              mr_gate_with_applied(j, j->gtid_last, applied_of(j, us, theirs))};
    const bool is_below = mr_gate_is_below(j, them, us, false);
    const bool is_above = mr_gate_is_below(j, us, them, false);
    const bool related = is_below || is_above || mr_gate_are_siblings(us, them);
    (*compared)++;
    if (is_below && is_above) {
        errant_circle(j, &last, &peer_side);
        return;
    }
    const bool parted = !is_above && errant_on(j, &peer_side, &last, related);
    /* two that do not follow each other: what either lacks is a fork, if both do */
    if (is_above || (parted && !is_below && mr_gate_relation(us, them) == MR_GATE_UNRELATED))
        (void)errant_on(j, &first, &peer_side, related);
}

void mr_gate_rule_errant_transactions(struct mr_gate_judge *j)
{
    size_t compared = 0;
    for (size_t i = 0; i < j->npeers; i++) {
        if (j->peers[i].facts != NULL)
            errant_pair(j, &j->peers[i], &compared);
        else
            mr_gate_found_away(j, &j->peers[i]);
    }
    if (compared > 0)
        mr_gate_note(j, "no errant transaction on %zu peer%s", compared, compared > 1 ? "s" : "");
    else
        mr_gate_note(j, "GTIDs are not in use on both sides");
    mr_gate_hint(j, "Do not promote that server or rebuild it before its rows are "
                    "looked at: myrecon check shows what only it has.");
}
