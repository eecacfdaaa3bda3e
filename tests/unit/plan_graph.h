/*
 * plan_graph: the tables of a plan, over those of pair_graph.h.
 *
 *   graph_begin(&p.g) → graph_table, graph_fk… → plan_graph(&p, ini) → p.plan → graph_end(&p.g)
 *
 * Tables that are left out (p.g.left_out) are in the catalogues and not in the plan.
 */
#ifndef MR_TESTS_PLAN_GRAPH_H
#define MR_TESTS_PLAN_GRAPH_H

#include "pair_graph.h"
#include "repair/plan/plan_tables.h"

struct plan_graph {
    struct graph g;
    struct mr_plan_table tables[GRAPH_TABLES];
    struct mr_plan_tables plan;
};

static inline void plan_graph(struct plan_graph *p, const char *ini)
{
    if (graph_plan(&p->g, ini, NULL) != MR_OK)
        abort();
    for (size_t i = 0; i < p->g.pairing.ntables; i++) {
        struct mr_pair *pair = p->g.list[i];
        for (size_t k = 0; k < p->g.count; k++)
            if (&p->g.planned[k] == pair)
                pair->config = &p->g.configs[k];
        if (mr_plan_table_outside(&p->tables[i], pair, i, &p->g.arena, NULL) != MR_OK)
            abort();
    }
    p->plan = (struct mr_plan_tables){
        .pairing = p->g.pairing, .tables = p->tables, .ntables = p->g.pairing.ntables};
}

#endif
