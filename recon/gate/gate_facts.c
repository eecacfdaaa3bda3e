/* gate_facts.c: see gate_facts.h. */
#include "recon/gate/gate_facts.h"

#include <string.h>

const struct mr_gate_table *mr_gate_facts_table(const struct mr_gate_facts *facts,
                                                const char *db, const char *name)
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
        if (strcmp(facts->sequences[i].db, db) == 0 &&
            strcmp(facts->sequences[i].name, name) == 0)
            return &facts->sequences[i];
    return NULL;
}

const char *mr_gate_facts_pair(const struct mr_gate_facts *from,
                               const struct mr_gate_facts *to, const char *db)
{
    for (size_t i = 0; from->nnamed == to->nnamed && i < from->nnamed; i++)
        if (strcmp(from->named[i], db) == 0)
            return to->named[i];
    return db;
}

const char *mr_gate_facts_variable(const struct mr_gate_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->nvariables; i++)
        if (strcmp(facts->variables[i].name, name) == 0)
            return facts->variables[i].value;
    return NULL;
}
