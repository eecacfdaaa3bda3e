/*
 * reseed_world: tables with counters on two sides, for the unit tests of repair/reseed and
 * of what recon/check says of counters.
 *
 *   reseed_begin(&w) → graph_table(&w.g, …), reseed_counter… → reseed_ready(&w, ini) →
 *   reseed_numbers…, world_answers… → the code under test with w.g.servers → reseed_end(&w)
 *
 * Tables are pair_graph.h's, added in the order of their names, as a catalogue has them:
 * "club" on SOURCE, "club2" on TARGET.  What SQL is asked is
 * answered by check_server.h and stands in world_server.log; a counter and the greatest key
 * are told by reseed_numbers, and w.calls has the order in which they were asked.  The
 * fail_at-th question (from 1) of all these fails.  Link with RESEED_WORLD of module.mk.
 */
#ifndef MR_TESTS_RESEED_WORLD_H
#define MR_TESTS_RESEED_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check_server.h"
#include "pair_graph.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct reseed_side {
    struct mr_source base; /* must be the first member */
    struct mr_reader reader;
    enum mr_side side;
    bool is_snapshot;
    uint64_t next[GRAPH_TABLES], greatest[GRAPH_TABLES];
    uint64_t sequence_next; /* of a snapshot */
    enum mr_code probe_code;
    char nobody; /* the address of its connection */
};

struct reseed_world {
    struct graph g;
    struct reseed_side side[MR_SIDES];
    struct mr_strbuf calls; /* "greatest club.a.id, next club2.a.id" */
    size_t ncalls, fail_at;
    enum mr_code fail_code;
    const char *replicates_from;
};

static struct reseed_world *reseed_now; /* of what is replaced */

static inline enum mr_code reseed_breaks(struct mr_err *err)
{
    struct reseed_world *w = reseed_now;
    w->ncalls++;
    return w->ncalls == w->fail_at ? mr_err_set(err, w->fail_code, "the server has failed") : MR_OK;
}

static inline size_t reseed_table_at(enum mr_side side, const char *db, const char *name)
{
    const struct graph *g = &reseed_now->g;
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->tables[side][i].db, db) == 0 && strcmp(g->tables[side][i].name, name) == 0)
            return i;
    abort();
}

static inline enum mr_code reseed_tell(struct reseed_side *s, const struct mr_table *table,
                                       uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    struct mr_strbuf *calls = &reseed_now->calls;
    size_t at = reseed_table_at(s->side, table->db, table->name);
    const char *column = table->columns[0].name;
    mr_strbuf_add_fmt(calls, "%s%s%s %s.%s.%s", calls->len > 0 ? ", " : "",
                      next != NULL ? "next" : "", greatest != NULL ? "greatest" : "", table->db,
                      table->name, column);
    MR_TRY(reseed_breaks(err));
    if (next != NULL)
        *next = s->next[at];
    if (greatest != NULL)
        *greatest = s->greatest[at];
    return MR_OK;
}

/* ---- what is replaced */

enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest,
                                             struct mr_err *err);
enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    bool source = (void *)db == (void *)&reseed_now->side[MR_SOURCE].nobody;
    return reseed_tell(&reseed_now->side[source ? MR_SOURCE : MR_TARGET], table, next, greatest,
                       err);
}

enum mr_code __wrap_mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *sources,
                                           struct mr_err *err);
enum mr_code __wrap_mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *sources,
                                           struct mr_err *err)
{
    (void)db;
    *seen = true;
    MR_TRY(reseed_breaks(err));
    if (reseed_now->replicates_from != NULL)
        mr_strbuf_add_str(sources, reseed_now->replicates_from);
    return MR_OK;
}

static inline struct mr_db *reseed_db(struct mr_reader *reader)
{
    struct reseed_side *s = (struct reseed_side *)reader->source;
    return s->is_snapshot ? NULL : (struct mr_db *)(void *)&s->nobody;
}

static inline enum mr_code reseed_count(struct mr_reader *reader, const struct mr_table *table,
                                        uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    return reseed_tell((struct reseed_side *)reader->source, table, next, greatest, err);
}

static inline enum mr_code reseed_sequence(struct mr_reader *reader, const char *db,
                                           const char *name, uint64_t *next, struct mr_err *err)
{
    struct mr_strbuf *calls = &reseed_now->calls;
    mr_strbuf_add_fmt(calls, "%ssequence %s.%s", calls->len > 0 ? ", " : "", db, name);
    *next = ((struct reseed_side *)reader->source)->sequence_next;
    return reseed_breaks(err);
}

static inline enum mr_code reseed_probe(struct mr_reader *reader, const char *db, const char *table,
                                        const char *column, struct mr_err *err)
{
    enum mr_code code = ((struct reseed_side *)reader->source)->probe_code;
    (void)column;
    return code == MR_OK ? MR_OK : mr_err_set(err, code, "%s.%s may not be seen", db, table);
}

static const struct mr_source_ops reseed_ops = {.reader_db = reseed_db,
                                                .counter = reseed_count,
                                                .sequence = reseed_sequence,
                                                .probe = reseed_probe};

/* ---- the world */

static inline void reseed_begin(struct reseed_world *w)
{
    memset(w, 0, sizeof *w);
    graph_begin(&w->g);
    reseed_now = w;
    w->fail_code = MR_E_LOST;
    w->calls = (struct mr_strbuf)MR_STRBUF_INIT;
    world_server.log = (struct mr_strbuf)MR_STRBUF_INIT;
    world_server.server = (struct mr_server){.flavour = MR_FLAVOUR_MARIADB};
    world_server.breaks = reseed_breaks;
    world_answers(NULL, 0);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct reseed_side *s = &w->side[side];
        s->base.ops = &reseed_ops;
        s->reader.source = &s->base;
        s->side = (enum mr_side)side;
        w->g.servers[side].source = &s->base;
        w->g.servers[side].main = &s->reader;
        w->g.ep[side].kind = MR_ENDPOINT_MYSQL;
    }
}

/* The first column counts; on one side, or on both. */
static inline void reseed_counter(struct reseed_world *w, enum mr_side side, const char *table)
{
    w->g.sides[side][graph_at(&w->g, table)].columns[0].auto_increment = true;
}

static inline void reseed_counters(struct reseed_world *w, const char *table)
{
    reseed_counter(w, MR_SOURCE, table);
    reseed_counter(w, MR_TARGET, table);
}

static inline void reseed_numbers(struct reseed_world *w, enum mr_side side, const char *table,
                                  uint64_t next, uint64_t greatest)
{
    size_t at = graph_at(&w->g, table);
    w->side[side].next[at] = next;
    w->side[side].greatest[at] = greatest;
}

/* The configuration alone: nothing is planned. */
static inline void reseed_ready(struct reseed_world *w, const char *ini)
{
    if (mr_config_parse(ini, strlen(ini), "ini", MR_CONFIG_NO_ROOMS, &w->g.config, NULL) != MR_OK)
        abort();
    w->g.pairing.config = w->g.config;
    for (size_t i = 0; i < MR_SIDES * w->g.count; i++)
        for (size_t c = 0; c < GRAPH_COLUMNS; c++) {
            struct mr_column *column = &w->g.sides[i % MR_SIDES][i / MR_SIDES].columns[c];
            column->is_unsigned = column->cls == MR_CLASS_UINT;
        }
    for (size_t i = 1; i < w->g.count; i++)
        if (strcmp(w->g.tables[MR_SOURCE][i - 1].name, w->g.tables[MR_SOURCE][i].name) > 0)
            abort();
}

static inline void reseed_end(struct reseed_world *w)
{
    world_server.breaks = NULL;
    mr_strbuf_release(&world_server.log);
    mr_strbuf_release(&w->calls);
    graph_end(&w->g);
}

#endif
