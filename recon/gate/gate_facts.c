/* gate_facts.c: see gate_facts.h. */
#include "recon/gate/gate_facts.h"

#include <string.h>

#include "core/base/letters.h"

const struct mr_gate_table *mr_gate_facts_table(const struct mr_gate_facts *facts, const char *db,
                                                const char *name)
{
    size_t lo = 0, hi = facts->ntables;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(facts->tables[mid].db, db);
        if (order == 0)
            order = strcmp(facts->tables[mid].name, name);
        if (order == 0)
            return &facts->tables[mid];
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const struct mr_gate_sequence *mr_gate_facts_sequence(const struct mr_gate_facts *facts,
                                                      const char *db, const char *name)
{
    for (size_t i = 0; i < facts->nsequences; i++)
        if (strcmp(facts->sequences[i].db, db) == 0 && strcmp(facts->sequences[i].name, name) == 0)
            return &facts->sequences[i];
    return NULL;
}

const char *mr_gate_facts_db(const struct mr_gate_facts *facts, const char *db)
{
    const char *like = NULL;
    for (size_t i = 0; i < facts->ndbs; i++) {
        if (strcmp(facts->dbs[i], db) == 0)
            return facts->dbs[i];
        if (mr_server_same_name(&facts->server, facts->dbs[i], db))
            like = facts->dbs[i];
    }
    return like;
}

enum mr_code mr_gate_facts_spell(struct mr_gate_facts *facts, struct mr_arena *arena,
                                 struct mr_err *err)
{
    const char **named = mr_arena_calloc(arena, facts->nnamed + 1, sizeof *named);
    if (named == NULL)
        return mr_err_nomem(err, "reading a server");
    for (size_t i = 0; i < facts->nnamed; i++) {
        const char *db = mr_gate_facts_db(facts, facts->named[i]);
        named[i] = db != NULL ? db : facts->named[i];
    }
    facts->named = named;
    return MR_OK;
}

const char *mr_gate_facts_pair(const struct mr_gate_facts *from, const struct mr_gate_facts *to,
                               const char *db)
{
    for (size_t i = 0; from->nnamed == to->nnamed && i < from->nnamed; i++)
        if (strcmp(from->named[i], db) == 0)
            return to->named[i];
    return db;
}

/* The only table of that name but for capitals; *several: there are more. */
static const struct mr_gate_table *table_like(const struct mr_gate_facts *facts, const char *db,
                                              const char *name, bool *several)
{
    const struct mr_gate_table *like = NULL;
    *several = false;
    for (size_t i = 0; i < facts->ntables; i++) {
        const struct mr_gate_table *t = &facts->tables[i];
        if (!mr_letters_same(t->name, name) || !mr_letters_same(t->db, db))
            continue;
        *several = *several || like != NULL;
        like = t;
    }
    return *several ? NULL : like;
}

const struct mr_gate_table *mr_gate_facts_twin(const struct mr_gate_facts *from,
                                               const struct mr_gate_facts *to, const char *db,
                                               const char *name)
{
    const char *paired = mr_gate_facts_pair(from, to, db);
    const struct mr_gate_table *twin = mr_gate_facts_table(to, paired, name);
    bool several = false;
    if (twin != NULL ||
        (from->server.lower_case_table_names == 0 && to->server.lower_case_table_names == 0))
        return twin;
    (void)table_like(from, db, name, &several);
    return several ? NULL : table_like(to, paired, name, &several);
}

const char *mr_gate_facts_variable(const struct mr_gate_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->nvariables; i++)
        if (strcmp(facts->variables[i].name, name) == 0)
            return facts->variables[i].value;
    return NULL;
}
