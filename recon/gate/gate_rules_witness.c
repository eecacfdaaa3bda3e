/* gate_rules_witness.c: would the binary logs say, after a failover, who changed what? */
#include "recon/gate/gate_rules.h"
#include "recon/gate/gate_witness.h"

/* Why that is not known; NULL: it is. */
static const struct mr_gate_view *hidden(const struct mr_gate_facts *f)
{
    if (f->replication.seen != MR_GATE_SEEN)
        return &f->replication;
    return f->sessions.seen != MR_GATE_SEEN ? &f->sessions : NULL;
}

static void look_at(struct mr_gate_judge *j, const struct mr_gate_facts *f, size_t *witnesses)
{
    struct mr_gate_witness_lack lacks[MR_GATE_WITNESS_LACKS];
    const size_t count = mr_gate_witness(f, j->config->witness_hours, lacks);
    if (count == 0 && mr_gate_witness_is_hidden(f)) {
        mr_gate_found_hidden(j, "whether it is a replica that logs nothing of what it applies",
                             &f->replication);
        return;
    }
    *witnesses += count == 0;
    if (count > 0 && !mr_gate_witness_matters(f)) {
        if (hidden(f) != NULL)
            mr_gate_found_hidden(j, "whether there is a replica", hidden(f));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        mr_gate_found(j, MR_GATE_WARNING, "%s: %s", f->uri, lacks[i].what);
        mr_gate_hint(j, "%s", lacks[i].fix);
    }
}

void mr_gate_rule_witness(struct mr_gate_judge *j)
{
    const double kept = mr_gate_witness_kept_h(j->now);
    size_t witnesses = 0;
    for (size_t i = 0; i <= j->npeers; i++) {
        const struct mr_gate_facts *f = mr_gate_server_at(j, i);
        if (f != NULL)
            look_at(j, f, &witnesses);
        else
            mr_gate_found_away(j, &j->peers[i - 1]);
    }
    if (witnesses <= j->npeers) {
        mr_gate_note(j, "no replica is there to fail over to");
        return;
    }
    if (mr_gate_witness_logs(j->now) && kept > 0)
        mr_gate_value(j, "%.0f hours", kept);
    mr_gate_note(j, "the binary logs hold whole rows, for %.0f hours and more",
                 j->config->witness_hours);
}
