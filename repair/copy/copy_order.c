/* copy_order.c: in what order rows are written; see copy_internal.h.
 *
 * A graph of slots: an edge says that its `from` is to be done first.  Levels are Kahn's
 * (A. B. Kahn, Topological sorting of large networks, 1962): a slot's level is above those
 * of all that come before it.  Where nothing can go on, the slots that are left hold
 * circles; one is found by walking back, and an edge of it is broken by letting a row make
 * way.  A circle that cannot be broken costs one of its slots, which becomes a conflict;
 * then all begins anew with what is left. */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/copy/copy_internal.h"

#define SLOTS_MAX ((int64_t)1 << 31)
enum { LEVEL_PARK = 1, LEVEL_FIRST = 2 };

enum edge_kind {
    EDGE_VALUE = 1, /* holder, taker; what: the unique index */
    EDGE_PARENT,    /* parent, child; what: the reference */
    EDGE_CHILD,     /* child that lets go, parent that goes; what: the reference */
    EDGE_ORPHAN,    /* who must not be attached to goes first */
    EDGE_HINT       /* better first: the server refuses it otherwise */
};

struct edge {
    uint32_t from, to, what;
    uint8_t kind;
    bool broken;
};

enum state { STATE_NONE = 0, STATE_WAITING, STATE_READY, STATE_PLACED, STATE_DEAD };

struct graph {
    struct mr_copy *c;
    uint32_t n;      /* slots are 1 … n, and behind them gates, which are no rows */
    uint32_t rows;   /* the last slot */
    uint8_t *state;  /* enum state */
    bool *deleted;   /* per slot: its row goes */
    uint32_t *table; /* of slots with edges */
    uint32_t *waits; /* edges that it still waits for */
    uint32_t *level, *root, *seen;
    struct mr_vec edges;         /* struct edge, by from */
    uint32_t *first, *before;    /* edges of a slot: [first[i], first[i+1]) lead away */
    uint32_t *into;              /* numbers of edges, by to: [before[i], before[i+1]) */
    uint32_t *queue, head, tail; /* slots that are ready */
    struct mr_vec way;           /* uint32_t: edges of the walk */
    uint32_t walk;               /* its number */
    bool dead;                   /* some slot is */
};

static struct edge *edge_at(const struct graph *g, size_t i)
{
    return (struct edge *)g->edges.items + i;
}

/* ---- reading ---- */

static uint32_t *array(const struct graph *g)
{
    return calloc((size_t)g->n + 2, sizeof(uint32_t));
}

/* The graph is the plan's one structure that grows with its rows: it goes before they are
 * written. */
static void release(struct graph *g)
{
    free(g->state);
    free(g->deleted);
    free(g->table);
    free(g->waits);
    free(g->level);
    free(g->root);
    free(g->seen);
    free(g->first);
    free(g->before);
    free(g->into);
    free(g->queue);
    mr_vec_release(&g->edges);
    mr_vec_release(&g->way);
}

static void open_gates(struct graph *g)
{
    for (uint32_t i = g->rows + 1; i <= g->n; i++) {
        g->state[i] = STATE_WAITING;
        g->level[i] = LEVEL_FIRST;
        g->root[i] = i;
    }
}

struct slot {
    uint32_t id, tbl;
    enum mr_step_op op;
};

#define SLOT(member) MR_CASE_FIELD(struct slot, member, MR_CASE_SMALL)
static const struct mr_case_field slot_fields[] = MR_CASE_LIST(SLOT(id), SLOT(tbl), SLOT(op));

/* Slots are numbers from 1, so that arrays serve, at some 40 bytes a row (copy.h).  Gates come
 * behind the last slot. */
static enum mr_code read_slots(struct graph *g, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct slot slot;
    bool row = false;
    int64_t rows = 0, gates = 0;
    struct mr_merge *m = &g->c->m;
    MR_TRY(mr_case_number_with(m->cf, "SELECT max(id) FROM c", NULL, 0, &rows, err));
    MR_TRY(mr_case_number_with(m->cf, "SELECT max(id) FROM gate", NULL, 0, &gates, err));
    const int64_t n = rows + gates;
    if (n >= SLOTS_MAX)
        return mr_err_set(err, MR_E_REFUSED,
                          "too many rows differ for one plan: plan some tables at a time");
    g->rows = (uint32_t)rows;
    g->n = (uint32_t)n;
    g->state = calloc((size_t)n + 2, sizeof *g->state);
    g->deleted = calloc((size_t)n + 2, sizeof *g->deleted);
    g->table = array(g);
    g->waits = array(g);
    g->level = array(g);
    g->root = array(g);
    g->seen = array(g);
    g->first = array(g);
    g->before = array(g);
    g->queue = array(g);
    if (g->state == NULL || g->deleted == NULL || g->table == NULL || g->waits == NULL ||
        g->level == NULL || g->root == NULL || g->seen == NULL || g->first == NULL ||
        g->before == NULL || g->queue == NULL)
        return mr_merge_nomem(err);
    enum mr_code code = mr_case_prepare(
        g->c->m.cf, "SELECT id, tbl, op FROM c WHERE op>0 AND kind IS NULL", &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(slot_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &slot, &row, err)) == MR_OK &&
           row) {
        g->state[slot.id] = STATE_WAITING;
        g->table[slot.id] = slot.tbl;
        g->deleted[slot.id] = slot.op == MR_STEP_DELETE;
        g->level[slot.id] = LEVEL_FIRST;
        g->root[slot.id] = slot.id;
    }
    mr_case_free(stmt);
    open_gates(g);
    return code;
}

#define EDGE(name, member) MR_CASE_FIELD_AS(name, struct edge, member, MR_CASE_SMALL)
static const struct mr_case_field edge_fields[] =
    MR_CASE_LIST(EDGE("before", from), EDGE("after", to), EDGE("what", what));

/* An edge to a slot that is not written says nothing: either it stays, which settle has judged,
 * or there is nothing to wait for. */
static enum mr_code read_edges(struct graph *g, enum edge_kind kind, const char *sql,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct edge e = {.kind = (uint8_t)kind};
    bool row = false;
    enum mr_code code = mr_case_prepare(g->c->m.cf, sql, &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(edge_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &e, &row, err)) == MR_OK &&
           row) {
        if (e.from == e.to || g->state[e.from] == STATE_NONE || g->state[e.to] == STATE_NONE)
            continue;
        struct edge *slot = mr_vec_push(&g->edges);
        if (slot == NULL)
            code = mr_merge_nomem(err);
        else
            *slot = e;
    }
    mr_case_free(stmt);
    return code;
}

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : 0;
}

static enum mr_code index_edges(struct graph *g, struct mr_err *err)
{
    size_t n = g->edges.count;
    g->into = calloc(n + 1, sizeof *g->into);
    if (g->into == NULL)
        return mr_merge_nomem(err);
    if (n > 1)
        qsort(g->edges.items, n, sizeof(struct edge), compare_edges);
    for (size_t i = 0; i < n; i++) {
        g->first[edge_at(g, i)->from + 1]++;
        g->before[edge_at(g, i)->to + 1]++;
        g->waits[edge_at(g, i)->to]++;
    }
    for (size_t i = 1; i <= (size_t)g->n + 1; i++) {
        g->first[i] += g->first[i - 1];
        g->before[i] += g->before[i - 1];
    }
    for (size_t i = 0; i < n; i++) { /* seen counts what is filled */
        uint32_t to = edge_at(g, i)->to;
        g->into[g->before[to] + g->seen[to]++] = (uint32_t)i;
    }
    memset(g->seen, 0, ((size_t)g->n + 2) * sizeof *g->seen);
    return MR_OK;
}

/* Each kind of waiting from the table that has it.  A parent that is updated in place need not be
 * waited for: it is there before and after. */
static enum mr_code read_graph(struct graph *g, struct mr_err *err)
{
    MR_TRY(read_slots(g, err));
    MR_TRY(read_edges(g, EDGE_VALUE,
                      "SELECT holder AS before, taker AS after, u AS what FROM take WHERE holder>0",
                      err));
    MR_TRY(read_edges(
        g, EDGE_PARENT,
        "SELECT l.ps AS before, l.child AS after, l.ref AS what FROM link l JOIN c s ON s.id=l.ps"
        " WHERE s.op=1 OR (s.op=2 AND l.pt<>l.ps)",
        err));
    MR_TRY(read_edges(g, EDGE_CHILD,
                      "SELECT child AS before, parent AS after, ref AS what FROM dep WHERE child>0",
                      err));
    MR_TRY(read_edges(
        g, EDGE_ORPHAN,
        "SELECT pt AS before, child AS after, ref AS what FROM link WHERE pt>0 AND NOT sfound",
        err));
    MR_TRY(read_edges(g, EDGE_HINT, "SELECT before, after FROM hint", err));
    return index_edges(g, err);
}

/* ---- trees ---- */

static uint32_t root_of(struct graph *g, uint32_t i)
{
    while (g->root[i] != i) {
        g->root[i] = g->root[g->root[i]];
        i = g->root[i];
    }
    return i;
}

static void join(struct graph *g, uint32_t one, uint32_t other)
{
    const uint32_t a = root_of(g, one), b = root_of(g, other);
    g->root[a > b ? a : b] = a > b ? b : a;
}

static void join_trees(struct graph *g)
{
    for (size_t i = 0; i < g->edges.count; i++)
        join(g, edge_at(g, i)->from, edge_at(g, i)->to);
}

/* Both slots of a tie are written, or none, whatever is found when the plan is carried out; none waits for the other. */
static enum mr_code read_ties(struct graph *g, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct edge tie = {.from = 0};
    bool row = false;
    enum mr_code code = mr_case_prepare(
        g->c->m.cf, "SELECT slot AS before, other AS after, 0 AS what FROM tie WHERE slot<other",
        &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(edge_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &tie, &row, err)) == MR_OK &&
           row)
        if (g->state[tie.from] != STATE_NONE && g->state[tie.to] != STATE_NONE)
            join(g, tie.from, tie.to);
    mr_case_free(stmt);
    return code;
}

/* ---- levels ---- */

static void ready(struct graph *g, uint32_t i)
{
    g->state[i] = STATE_READY;
    g->queue[g->tail++] = i;
}

static void break_edge(struct graph *g, struct edge *e)
{
    if (e->broken)
        return;
    e->broken = true;
    if (--g->waits[e->to] == 0 && g->state[e->to] == STATE_WAITING)
        ready(g, e->to);
}

/* In the order of the queue each edge is looked at once, so that the whole costs as much as there
 * are edges; the level is that of the longest way to a row. */
static void place_ready(struct graph *g)
{
    while (g->head < g->tail) {
        uint32_t i = g->queue[g->head++];
        g->state[i] = STATE_PLACED;
        for (uint32_t k = g->first[i]; k < g->first[i + 1]; k++) {
            struct edge *e = edge_at(g, k);
            if (e->broken)
                continue;
            if (g->level[e->to] <= g->level[i])
                g->level[e->to] = g->level[i] + 1;
            if (--g->waits[e->to] == 0 && g->state[e->to] == STATE_WAITING)
                ready(g, e->to);
        }
    }
}

/* The edge by which a slot waits for another one that waits. */
static uint32_t edge_back(const struct graph *g, uint32_t i)
{
    for (uint32_t k = g->before[i]; k < g->before[i + 1]; k++) {
        const struct edge *e = edge_at(g, g->into[k]);
        if (!e->broken && g->state[e->from] == STATE_WAITING)
            return g->into[k];
    }
    return UINT32_MAX;
}

/* Leaves the edges of a circle in way. */
static enum mr_code find_circle(struct graph *g, uint32_t i, struct mr_err *err)
{
    uint32_t from = ++g->walk;
    mr_vec_clear(&g->way);
    for (;;) {
        g->seen[i] = from;
        uint32_t at = edge_back(g, i);
        uint32_t *slot = at == UINT32_MAX ? NULL : mr_vec_push(&g->way);
        if (at == UINT32_MAX)
            return mr_err_set(err, MR_E_BUG, "a row waits for nobody");
        if (slot == NULL)
            return mr_merge_nomem(err);
        *slot = at;
        i = edge_at(g, at)->from;
        if (g->seen[i] == from)
            break;
    }
    /* what came before the circle was the way to it */
    size_t begin = 0;
    while (edge_at(g, *(uint32_t *)mr_vec_at(&g->way, begin))->to != i)
        begin++;
    g->way.count -= begin;
    memmove(g->way.items, (uint32_t *)g->way.items + begin, g->way.count * sizeof(uint32_t));
    return MR_OK;
}

static enum mr_code make_way(struct graph *g, const struct edge *e, bool *done, struct mr_err *err)
{
    struct mr_copy *c = g->c;
    if (e->kind == EDGE_VALUE)
        return mr_copy_park_unique(c, &c->m.plan->tables[g->table[e->from]], e->from, e->what, done,
                                   err);
    *done = true;
    if (e->kind == EDGE_ORPHAN || e->kind == EDGE_HINT ||
        !c->m.plan->references[e->what].pair->edge.declared)
        return MR_OK; /* no server minds */
    return e->kind == EDGE_PARENT
               ? mr_copy_break_reference(c, e->to, e->what, MR_BREAK_OPEN, done, err)
               : mr_copy_break_reference(c, e->from, e->what, MR_BREAK_PARK, done, err);
}

/* Who takes up other edges of the same value or reference no longer waits either. */
static void break_like(struct graph *g, const struct edge *e)
{
    const struct edge like = *e;
    for (uint32_t k = g->first[like.from]; k < g->first[like.from + 1]; k++) {
        struct edge *other = edge_at(g, k);
        if (other->kind == like.kind && other->what == like.what &&
            (like.kind != EDGE_PARENT || other->to == like.to))
            break_edge(g, other);
    }
}

static void give_up(struct graph *g, uint32_t i)
{
    g->state[i] = STATE_DEAD;
    g->dead = true;
    for (uint32_t k = g->first[i]; k < g->first[i + 1]; k++)
        break_edge(g, edge_at(g, k));
}

/* Breaks an edge of the circle at hand, of a kind, where the row that makes way has that
 * operation. */
static enum mr_code break_one(struct graph *g, enum edge_kind kind, bool deleted, bool *done,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t w = 0; code == MR_OK && !*done && w < g->way.count; w++) {
        struct edge *e = edge_at(g, *(uint32_t *)mr_vec_at(&g->way, w));
        uint32_t mover = kind == EDGE_PARENT ? e->to : e->from;
        if (e->kind != (uint8_t)kind || g->deleted[mover] != deleted)
            continue;
        code = make_way(g, e, done, err);
        if (*done && kind == EDGE_HINT)
            break_edge(g, e);
        else if (*done)
            break_like(g, e);
    }
    return code;
}

/* A row that is to be deleted makes way last: it would be changed for nothing.  Where no row
 * can, a server may still take them as they come. */
static enum mr_code break_circle(struct graph *g, uint32_t i, struct mr_err *err)
{
    static const enum edge_kind order[] = {EDGE_ORPHAN, EDGE_VALUE, EDGE_CHILD, EDGE_PARENT};
    const size_t kinds = sizeof order / sizeof order[0];
    bool done = false;
    MR_TRY(find_circle(g, i, err));
    for (size_t k = 0; !done && k < 2 * kinds; k++)
        MR_TRY(break_one(g, order[k % kinds], k >= kinds, &done, err));
    for (int deleted = 0; !done && deleted < 2; deleted++)
        MR_TRY(break_one(g, EDGE_HINT, deleted != 0, &done, err));
    if (!done)
        give_up(g, edge_at(g, *(uint32_t *)mr_vec_at(&g->way, 0))->to);
    return MR_OK;
}

/* InnoDB refuses to delete a row that refers to itself, unless by a cascade: it lets go of
 * itself first. */
static enum mr_code part_with_itself(struct graph *g, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct edge self = {.kind = EDGE_CHILD};
    bool row = false;
    enum mr_code code = mr_case_prepare(
        g->c->m.cf, "SELECT parent AS before, ref AS what FROM dep WHERE child=parent", &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(edge_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &self, &row, err)) == MR_OK &&
           row) {
        bool done = false;
        if (g->state[self.from] != STATE_WAITING || !g->deleted[self.from])
            continue;
        code = make_way(g, &self, &done, err);
        if (code == MR_OK && !done)
            give_up(g, self.from);
    }
    mr_case_free(stmt);
    return code;
}

/* What waits for nobody first, then circle by circle: a circle that is broken may set others
 * free, and these are not to be broken for nothing. */
static enum mr_code rank(struct graph *g, struct mr_err *err)
{
    enum mr_code code = part_with_itself(g, err);
    for (uint32_t i = 1; code == MR_OK && i <= g->n; i++)
        if (g->state[i] == STATE_WAITING && g->waits[i] == 0)
            ready(g, i);
    place_ready(g);
    for (uint32_t i = 1; code == MR_OK && i <= g->n; i++)
        while (code == MR_OK && g->state[i] == STATE_WAITING) {
            code = break_circle(g, i, err);
            place_ready(g);
        }
    return code;
}

/* ---- what comes of it ---- */

static enum mr_code push(struct graph *g, struct mr_vec *places, uint32_t slot, uint32_t level,
                         enum mr_copy_phase phase, struct mr_err *err)
{
    struct mr_copy_place *p = mr_vec_push(places);
    if (p == NULL)
        return mr_merge_nomem(err);
    *p = (struct mr_copy_place){root_of(g, slot), level, slot, phase};
    return MR_OK;
}

static enum mr_code push_parks(struct graph *g, struct mr_vec *places, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare(
        g->c->m.cf, "SELECT DISTINCT slot FROM cycle_break WHERE how IN (1,2)", &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row)
        code = push(g, places, (uint32_t)mr_case_int(stmt, 0), LEVEL_PARK, MR_PHASE_PARK, err);
    mr_case_free(stmt);
    return code;
}

/* A reference that is open for a while, and where it leads. */
struct opened {
    uint32_t slot, parent;
};

#define OPENED(member) MR_CASE_FIELD(struct opened, member, MR_CASE_SMALL)
static const struct mr_case_field opened_fields[] = MR_CASE_LIST(OPENED(slot), OPENED(parent));

/* After the row, and after all that its open references lead to. */
static enum mr_code push_closes(struct graph *g, struct mr_vec *places, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct opened opened;
    bool row = false;
    uint32_t slot = 0, level = 0;
    enum mr_code code = mr_case_prepare(
        g->c->m.cf,
        "SELECT o.slot AS slot, l.ps AS parent FROM cycle_break o JOIN link l ON l.child=o.slot"
        " AND l.ref=o.what WHERE o.how=3 ORDER BY o.slot",
        &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(opened_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &opened, &row, err)) == MR_OK) {
        uint32_t next = row ? opened.slot : 0;
        if (next != slot && slot != 0)
            code = push(g, places, slot, level + 1, MR_PHASE_CLOSE, err);
        if (!row || code != MR_OK)
            break;
        if (next != slot)
            level = g->level[next];
        slot = next;
        if (opened.parent <= g->n && g->level[opened.parent] > level)
            level = g->level[opened.parent];
    }
    mr_case_free(stmt);
    return code;
}

static int compare_places(const void *a, const void *b)
{
    const struct mr_copy_place *x = a, *y = b;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    return x->slot != y->slot ? (x->slot < y->slot ? -1 : 1) : 0;
}

static enum mr_code push_places(struct graph *g, struct mr_vec *places, struct mr_err *err)
{
    join_trees(g);
    MR_TRY(read_ties(g, err));
    for (uint32_t i = 1; i <= g->rows; i++)
        if (g->state[i] == STATE_PLACED)
            MR_TRY(push(g, places, i, g->level[i], MR_PHASE_MAIN, err));
    MR_TRY(push_parks(g, places, err));
    MR_TRY(push_closes(g, places, err));
    if (places->count > 1)
        qsort(places->items, places->count, sizeof(struct mr_copy_place), compare_places);
    return MR_OK;
}

/* Slots that cannot make way keep what they have. */
static enum mr_code bury(struct graph *g, struct mr_err *err)
{
    const int64_t wave = g->c->wave + 1;
    for (uint32_t i = 1; i <= g->n; i++) {
        if (g->state[i] == STATE_DEAD)
            MR_TRY(MR_CASE_ONCE(g->c->m.cf,
                                "UPDATE c SET kind='not-null-cycle', wave=:wave WHERE id=:id", err,
                                MR_ARG_INT("id", i), MR_ARG_INT("wave", wave)));
    }
    return mr_copy_spread(g->c, err);
}

/* Whoever is given up drags others along, so that the order is made anew without them; each round
 * has fewer rows, and ends. */
static enum mr_code try_order(struct mr_copy *c, struct mr_vec *places, bool *again,
                              struct mr_err *err)
{
    struct graph g = {.c = c, .edges = MR_VEC_INIT(struct edge), .way = MR_VEC_INIT(uint32_t)};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(c->m.cf, "DELETE FROM temp.cycle_break", err));
    MR_TRY_OUT(read_graph(&g, err));
    MR_TRY_OUT(rank(&g, err));
    *again = g.dead;
    MR_TRY_OUT(g.dead ? bury(&g, err) : push_places(&g, places, err));
out:
    release(&g);
    return code;
}

enum mr_code mr_copy_order(struct mr_copy *c, struct mr_vec *places, struct mr_err *err)
{
    bool again = true;
    while (again)
        MR_TRY(try_order(c, places, &again, err));
    return MR_OK;
}
