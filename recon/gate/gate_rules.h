/*
 * gate_rules: one function a check (gate_names.def), by subject in seven files:
 * gate_rules_instance (is it the right server), gate_rules_data, gate_rules_gtid and
 * gate_rules_complete (has it all its data), gate_rules_replication and gate_rules_cluster
 * (are others in step), gate_rules_traffic (can it take the load).
 *
 * A rule says what it finds through gate_judge.h; saying nothing but a note is OK.
 */
#ifndef MR_GATE_RULES_H
#define MR_GATE_RULES_H

#include "recon/gate/gate_judge.h"

#define MR_GATE_OLD_COPY_HINT                                                                      \
    "An older copy of the data may have been restored or mounted. Stop writes to it, "             \
    "keep every other copy (replicas above all), and compare them: myrecon check. "                \
    "If it was repaired since, and \"repair verify\" proves that, record a new "                   \
    "baseline: myrecon gate record."

typedef void mr_gate_rule(struct mr_gate_judge *judge);

#define MR_GATE_NAME(id, priority, needs, text) mr_gate_rule mr_gate_rule_##id;
#include "recon/gate/gate_names.def"
#undef MR_GATE_NAME

extern mr_gate_rule *const mr_gate_rules[MR_GATE_NAMES_END];

/* Shared: how a peer and SERVER are related, by the peer's or SERVER's channels. */
enum mr_gate_relation {
    MR_GATE_UNRELATED = 1,
    MR_GATE_FOLLOWS_US,  /* the peer replicates from SERVER */
    MR_GATE_FEEDS_US,    /* SERVER replicates from the peer */
    MR_GATE_NOT_KNOWABLE /* replication status is hidden */
};
enum mr_gate_relation mr_gate_relation(const struct mr_gate_facts *server,
                                       const struct mr_gate_facts *peer);
/* Is the channel's source that server?  replica: whose channel it is. */
bool mr_gate_channel_leads_to(const struct mr_gate_channel *channel,
                              const struct mr_gate_facts *replica,
                              const struct mr_gate_facts *source);
/* Was SERVER started again since its past facts were taken?  Its uptime says so whatever
 * the clocks of two machines are; times are of whole seconds. */
bool mr_gate_was_restarted(const struct mr_gate_facts *past, const struct mr_gate_facts *now);
/* Do all threads of all channels run? */
bool mr_gate_replicates(const struct mr_gate_facts *facts);
/* Does the peer follow SERVER, and run?  What it has of its own then is errant, and told
 * of under that name. */
bool mr_gate_is_running_replica(const struct mr_gate_facts *server,
                                const struct mr_gate_facts *peer);
/* SERVER is number 0, its peers follow; NULL where one was not reached. */
const struct mr_gate_facts *mr_gate_server_at(const struct mr_gate_judge *judge, size_t i);

/* All that a server has executed: what MariaDB applied without log_slave_updates stands in its position
 * alone.  "" on lack of memory, which is noted. */
const char *mr_gate_with_applied(struct mr_gate_judge *judge, const char *set,
                                 const char *position);
/* What that one was when the baseline was recorded; NULL where the baseline has it not. */
const struct mr_gate_facts *mr_gate_then_of(const struct mr_gate_judge *judge, size_t i);
/* Do two channels lead to one server? */
bool mr_gate_same_source(const struct mr_gate_channel *a, const struct mr_gate_channel *b);
/* Does the replica follow the source, itself or over others that are named?  running: and
 * all threads of all of them run. */
bool mr_gate_is_below(const struct mr_gate_judge *judge, const struct mr_gate_facts *replica,
                      const struct mr_gate_facts *source, bool running);
/* Do both run, and follow one server? */
bool mr_gate_are_siblings(const struct mr_gate_facts *a, const struct mr_gate_facts *b);
/* Are both nodes of one Galera cluster, or members of one group?  Then they are one server to whoever
 * writes. */
bool mr_gate_is_one_cluster(const struct mr_gate_facts *a, const struct mr_gate_facts *b);
/* Is it a node that refuses statements, for want of a quorum or of a state? */
bool mr_gate_is_cut_off(const struct mr_gate_facts *facts);
/* May it have what SERVER has lost?  Not what runs below SERVER or beside it, nor what
 * SERVER follows, nor a node of its cluster. */
bool mr_gate_is_other_history(const struct mr_gate_judge *judge, const struct mr_gate_facts *peer);
/* By how much SERVER is late on purpose: the delay that it has, and that it had when the
 * baseline was recorded. */
long mr_gate_wanted_delay_s(const struct mr_gate_judge *judge);

/* The account sees no database, and no baseline names what there should be: UNKNOWN. */
void mr_gate_found_no_db(struct mr_gate_judge *judge);
/* That, and tables of the baseline that the account may not see: UNKNOWN, each by its
 * name. */
void mr_gate_found_hidden_tables(struct mr_gate_judge *judge);
/* A table that cannot be compared with the peer's, since one of the two could not be read:
 * UNKNOWN.  ours may be NULL. */
void mr_gate_found_unread_side(struct mr_gate_judge *judge, const struct mr_gate_peer *peer,
                               const struct mr_gate_table *ours,
                               const struct mr_gate_table *theirs);
/* "club.members", in a buffer of the judge's arena. */
const char *mr_gate_table_name(struct mr_gate_judge *judge, const struct mr_gate_table *table);
/* The same table in SERVER's facts of now, where databases that were named pair by
 * position; NULL if it is not there. */
const struct mr_gate_table *mr_gate_table_now(const struct mr_gate_judge *judge,
                                              const struct mr_gate_table *past);
/* Seconds by which a is before b; 0 where either is no time. */
double mr_gate_seconds_between(const char *a, const char *b);
/* Digits with an optional sign, compared as numbers; "" is below all. */
int mr_gate_compare_numbers(const char *a, const char *b);

#endif
