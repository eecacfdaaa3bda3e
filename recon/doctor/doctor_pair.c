/* doctor_pair.c: are two servers fit to be compared with each other?  See doctor.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/replication.h"
#include "recon/doctor/doctor.h"
#include "recon/gate/gate_shape.h"

#define SHOWN 5
#define SKEW_S 2.0

struct couple {
    struct mr_doctor *doctor;
    const struct mr_doctor_server *a, *b;
};

/* ---- who they are ---- */

/* Two copies in one server are compared in earnest, by their names. */
static bool names_other_databases(const struct couple *c)
{
    const struct mr_endpoint *x = &c->a->link.ep, *y = &c->b->link.ep;
    for (size_t i = 0; i < x->ndbs; i++)
        for (size_t k = 0; k < y->ndbs; k++)
            if (strcmp(x->dbs[i], y->dbs[k]) == 0)
                return false;
    return x->ndbs > 0 && y->ndbs > 0;
}

/* Two addresses of one server make everything equal: the one case in which a comparison says less
 * the better it goes. */
static void say_who(const struct couple *c)
{
    struct mr_doctor *d = c->doctor;
    const struct mr_server *x = &c->a->facts.server, *y = &c->b->facts.server;
    const bool one = mr_server_is_one(x, y);
    if (one && !names_other_databases(c)) {
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_same_server,
                      "%s and %s are one server: %s:%u", c->a->uri, c->b->uri, x->hostname,
                      x->port);
        mr_doctor_hint(d, "A comparison would find everything equal. See the address: a "
                          "load balancer, a name that was moved, a copied port?");
    } else if (!one && x->flavour == MR_FLAVOUR_MYSQL && y->flavour == MR_FLAVOUR_MYSQL &&
               x->uuid[0] != '\0' && strcmp(x->uuid, y->uuid) == 0) {
        mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_same_server,
                      "%s and %s have the same server_uuid, %s: one was set up from the other's "
                      "data, or both from one",
                      c->a->uri, c->b->uri, x->uuid);
        mr_doctor_hint(d,
                       "What they write bears the same GTIDs, and a replica passes over what it "
                       "has of the other. Stop the one that is not live, remove auto.cnf from its "
                       "data directory, and start it anew.");
    } else if (!one && x->server_id == y->server_id && x->flavour == y->flavour) {
        mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_same_server,
                      "%s and %s have the same server_id, %" PRIu32, c->a->uri, c->b->uri,
                      x->server_id);
        mr_doctor_hint(d, "They cannot replicate from each other or below one source: SET "
                          "GLOBAL server_id, and in the option file.");
    } else {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_same_server, "%s and %s are %s", c->a->uri,
                      c->b->uri, one ? "databases of one server" : "two servers");
    }
}

/* Does one of them apply what the other writes, or is it to?  What an account may not see
 * is told with its rights. */
static enum mr_code relate(const struct couple *c, enum mr_relation *relation, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    struct mr_db *a = c->a->link.db, *b = c->b->link.db;
    enum mr_relation back = MR_RELATION_UNKNOWN;
    enum mr_code code = mr_replication_relation(a, b, relation, &note, err);
    if (code == MR_OK && *relation != MR_RELATION_FOLLOWS)
        code = mr_replication_relation(b, a, &back, &note, err);
    if (back == MR_RELATION_FOLLOWS || *relation == MR_RELATION_NONE)
        *relation = back;
    mr_strbuf_release(&note);
    return code;
}

/* Two servers that both take writes part in silence. Where it cannot be seen whether one follows
 * the other, that is unknown, and not well. */
static enum mr_code say_writers(const struct couple *c, struct mr_err *err)
{
    struct mr_doctor *d = c->doctor;
    enum mr_relation relation = MR_RELATION_UNKNOWN;
    struct mr_err why = {0};
    if (c->a->facts.read_only || c->b->facts.read_only ||
        mr_server_is_one(&c->a->facts.server, &c->b->facts.server))
        return MR_OK;
    enum mr_code code = relate(c, &relation, &why);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (relation == MR_RELATION_FOLLOWS)
        return MR_OK;
    mr_doctor_say(
        d, code == MR_OK && relation != MR_RELATION_UNKNOWN ? MR_DOCTOR_NOTE : MR_DOCTOR_UNKNOWN,
        MR_DOCTOR_pair_writers, "%s and %s both take writes, %s", c->a->uri, c->b->uri,
        code != MR_OK || relation == MR_RELATION_UNKNOWN ? "and whether they replicate is hidden"
        : relation == MR_RELATION_STOPPED ? "and the replication between them is stopped"
                                          : "and do not replicate from each other");
    mr_doctor_hint(d, "If they are to hold the same data, they part with every write: let "
                      "applications write to one of them only, keep both, and compare "
                      "them (myrecon check).");
    return MR_OK;
}

/* By release series (10.11, 8.0): within one, servers know the same structures. */
static void say_versions(const struct couple *c)
{
    struct mr_doctor *d = c->doctor;
    const struct mr_server *x = &c->a->facts.server, *y = &c->b->facts.server;
    const bool same = x->flavour == y->flavour;
    if (same && x->version / 100 == y->version / 100) {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_pair_versions, "%s and %s", x->version_text,
                      y->version_text);
        return;
    }
    mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_pair_versions, "%s %s and %s %s",
                  x->flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL", x->version_text,
                  y->flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL", y->version_text);
    mr_doctor_hint(d, same ? "They can be compared. Structures that only the newer one "
                             "knows show as differences of the schema."
                           : "They can be compared: JSON by its content, text keys by the "
                             "order that both know. Types of one kind only (UUID, INET6; "
                             "VECTOR) show as differences of the schema.");
}

/* ---- settings ---- */

static void add_setting(const struct couple *c, const char *name, struct mr_strbuf *out)
{
    const char *x = mr_gate_facts_variable(&c->a->facts, name);
    const char *y = mr_gate_facts_variable(&c->b->facts, name);
    if (x != NULL && y != NULL && strcasecmp(x, y) != 0)
        mr_strbuf_add_fmt(out, "%s%s: \"%s\" and \"%s\"", out->len > 0 ? "; " : "", name, x, y);
}

/* MariaDB and MySQL have other defaults: there sql_mode always differs. */
static void say_settings(const struct couple *c)
{
    static const char *const names[] = {"time_zone", "lower_case_table_names",
                                        "explicit_defaults_for_timestamp"};
    struct mr_doctor *d = c->doctor;
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        add_setting(c, names[i], &text);
    if (strcasecmp(mr_doctor_variable(c->a, "time_zone"), "SYSTEM") == 0 &&
        strcasecmp(mr_doctor_variable(c->b, "time_zone"), "SYSTEM") == 0)
        add_setting(c, "system_time_zone", &text);
    if (c->a->facts.server.flavour == c->b->facts.server.flavour) {
        add_setting(c, "sql_mode", &text);
        add_setting(c, "collation_server", &text);
    }
    mr_doctor_say(d, text.len > 0 ? MR_DOCTOR_NOTE : MR_DOCTOR_OK, MR_DOCTOR_pair_settings,
                  text.len > 0 ? "settings differ: %s"
                               : "no setting makes them store other values%s",
                  text.ptr);
    if (text.len > 0)
        mr_doctor_hint(d, "The same statement may store other values on the two: DATETIME "
                          "by the time zone, bad input by sql_mode, new tables by the "
                          "collation. Make them alike.");
    mr_strbuf_release(&text);
}

/* Only this way round: rows go from the first to the second, by a repair or a restore. */
static void say_packets(const struct couple *c)
{
    struct mr_doctor *d = c->doctor;
    const uint64_t x = c->a->facts.server.max_packet_bytes;
    const uint64_t y = c->b->facts.server.max_packet_bytes;
    mr_doctor_say(d, y < x ? MR_DOCTOR_NOTE : MR_DOCTOR_OK, MR_DOCTOR_pair_packet,
                  "max_allowed_packet is %" PRIu64 " and %" PRIu64, x, y);
    if (y < x)
        mr_doctor_hint(d,
                       "A row that fits into the first may not fit into the second, when "
                       "it is repaired or restored there: SET GLOBAL max_allowed_packet = "
                       "%" PRIu64 ".",
                       x);
}

static void say_clocks(const struct couple *c)
{
    struct mr_doctor *d = c->doctor;
    if (!c->a->clock_known || !c->b->clock_known)
        return;
    double skew = c->b->skew_s - c->a->skew_s;
    skew = skew < 0 ? -skew : skew;
    mr_doctor_say(d, skew > SKEW_S ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_pair_clock,
                  "their clocks are %.1f s apart", skew);
    if (skew > SKEW_S)
        mr_doctor_hint(d, "\"newest\" policies, windows and lag are off by that: set the "
                          "clocks first.");
}

/* ---- schemas ---- */

struct differences {
    size_t tables, single, other, sorted;
    struct mr_strbuf names, keys;
};

static void add_name(struct differences *diff, const struct mr_table *t, const char *how,
                     const char *line)
{
    if (diff->single + diff->other > SHOWN)
        return;
    mr_strbuf_add_fmt(&diff->names, "%s%s.%s (%s%s)", diff->names.len > 0 ? ", " : "", t->db,
                      t->name, how, line);
}

/* The same database is the one at the same place where both URIs name as many. */
static const struct mr_table *twin_of(const struct mr_doctor_server *a,
                                      const struct mr_doctor_server *b, const struct mr_table *t)
{
    return mr_catalogue_table(b->cat, mr_gate_facts_pair(&a->facts, &b->facts, t->db), t->name);
}

/* The first line of the one that the other has not; NULL: none. */
static const char *lonely_line(const struct mr_gate_table *x, const struct mr_gate_table *y)
{
    for (size_t i = 0; i < x->nshape; i++) {
        bool found = false;
        for (size_t k = 0; k < y->nshape && !found; k++)
            found = strcmp(x->shape[i], y->shape[k]) == 0;
        if (!found)
            return x->shape[i];
    }
    return NULL;
}

/* A collation decides which keys are one. Columns without one have the same order everywhere. */
static void compare_key(const struct mr_table *x, const struct mr_table *y,
                        struct differences *diff)
{
    if (x->nindexes == 0 || strcmp(x->indexes[0].name, "PRIMARY") != 0)
        return;
    for (size_t i = 0; i < x->indexes[0].nparts; i++) {
        const char *name = x->indexes[0].parts[i].column;
        const struct mr_column *p = name != NULL ? mr_table_column(x, name) : NULL;
        const struct mr_column *q = name != NULL ? mr_table_column(y, name) : NULL;
        if (p == NULL || q == NULL || p->collation == NULL || q->collation == NULL ||
            strcmp(p->collation, q->collation) == 0)
            continue;
        if (diff->sorted++ < SHOWN)
            mr_strbuf_add_fmt(&diff->keys, "%s%s.%s.%s (%s and %s)", diff->keys.len > 0 ? ", " : "",
                              x->db, x->name, name, p->collation, q->collation);
    }
}

/* Fingerprints first, since nearly all are equal; of two that differ, one line that only one side
 * has says most. Where neither has one, the lines are the same in another order. */
static enum mr_code compare_table(const struct couple *c, const struct mr_table *t,
                                  const struct mr_table *twin, struct differences *diff,
                                  struct mr_err *err)
{
    struct mr_gate_table left = {0}, right = {0};
    enum mr_code code = mr_gate_shape(t, &c->doctor->arena, &left, err);
    if (code == MR_OK)
        code = mr_gate_shape(twin, &c->doctor->arena, &right, err);
    if (code != MR_OK || strcmp(left.fingerprint, right.fingerprint) == 0)
        return code;
    const char *first = lonely_line(&left, &right), *second = lonely_line(&right, &left);
    diff->other++;
    if (first != NULL)
        add_name(diff, t, MR_DOCTOR_ONLY_FIRST, first);
    else
        add_name(diff, t, second != NULL ? MR_DOCTOR_ONLY_SECOND : "order of columns",
                 second != NULL ? second : "");
    return MR_OK;
}

static enum mr_code compare_tables(const struct couple *c, struct differences *diff,
                                   struct mr_err *err)
{
    for (size_t i = 0; i < c->a->cat->ntables; i++) {
        const struct mr_table *t = &c->a->cat->tables[i], *twin = twin_of(c->a, c->b, t);
        diff->tables++;
        if (twin == NULL) {
            diff->single++;
            add_name(diff, t, "missing on the second", "");
            continue;
        }
        compare_key(t, twin, diff);
        MR_TRY(compare_table(c, t, twin, diff, err));
    }
    for (size_t i = 0; i < c->b->cat->ntables; i++)
        if (twin_of(c->b, c->a, &c->b->cat->tables[i]) == NULL) {
            diff->single++;
            add_name(diff, &c->b->cat->tables[i], "missing on the first", "");
        }
    return MR_OK;
}

/* MySQL and MariaDB spell some of what is equal otherwise, so that tables which differ are only a
 * note there; that one is missing is a problem everywhere. */
static void say_differences(const struct couple *c, const struct differences *diff)
{
    struct mr_doctor *d = c->doctor;
    const bool same_kind = c->a->facts.server.flavour == c->b->facts.server.flavour;
    const size_t all = diff->single + diff->other;
    if (all == 0) {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_schema, "the structure of %zu tables is the same",
                      diff->tables);
    } else {
        mr_doctor_say(d, same_kind || diff->single > 0 ? MR_DOCTOR_PROBLEM : MR_DOCTOR_NOTE,
                      MR_DOCTOR_schema,
                      "the schemas of %s and %s are out of step: %zu table%s on one side "
                      "only, %zu differ%s: %s%s",
                      c->a->uri, c->b->uri, diff->single, diff->single == 1 ? "" : "s", diff->other,
                      diff->other == 1 ? "s" : "", diff->names.ptr, all > SHOWN ? ", ..." : "");
        mr_doctor_hint(d, "\"myrecon check\" lists every column and index. Bring the "
                          "schemas into step before rows are repaired.");
    }
    mr_doctor_say(d, diff->sorted > 0 ? MR_DOCTOR_NOTE : MR_DOCTOR_OK, MR_DOCTOR_pair_collation,
                  diff->sorted > 0 ? "text keys are sorted differently: %s"
                                   : "text keys have the same collations%s",
                  diff->keys.ptr);
    if (diff->sorted > 0)
        mr_doctor_hint(d, "They can be compared, more slowly; keys that only one side "
                          "takes for the same cannot live in the other.");
}

/* What could not be read of one of them was told when it was examined: no pair is made of it. */
enum mr_code mr_doctor_pair(struct mr_doctor *d, const struct mr_doctor_server *a,
                            const struct mr_doctor_server *b, struct mr_err *err)
{
    const struct couple c = {d, a, b};
    struct differences diff = {.names = MR_STRBUF_INIT, .keys = MR_STRBUF_INIT};
    if (a->cat == NULL || b->cat == NULL || a->facts.uri == NULL || b->facts.uri == NULL)
        return MR_OK;
    say_who(&c);
    say_versions(&c);
    say_settings(&c);
    say_packets(&c);
    say_clocks(&c);
    enum mr_code code = say_writers(&c, err);
    if (code == MR_OK)
        code = compare_tables(&c, &diff, err);
    if (code == MR_OK)
        say_differences(&c, &diff);
    mr_strbuf_release(&diff.names);
    mr_strbuf_release(&diff.keys);
    return code;
}
