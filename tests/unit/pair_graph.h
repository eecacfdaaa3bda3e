/*
 * pair_graph: a run over tables that are built by hand, for tests of what refers to what.
 *
 *   graph_begin(&g) → graph_table, graph_fk… → graph_plan(&g, ini, &err) → g.pairing,
 *   graph_edges → graph_end(&g)
 *
 * A table stands in database "club" of SOURCE and "club2" of TARGET.  Its columns are
 * written "id mobile:text! note:text?": the first is the primary key, `!` has a UNIQUE
 * index of its own, `?` may be NULL.  Types: see graph_types.
 */
#ifndef MR_TESTS_PAIR_GRAPH_H
#define MR_TESTS_PAIR_GRAPH_H

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/cli/config.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_references.h"

enum { GRAPH_TABLES = 12, GRAPH_COLUMNS = 8, GRAPH_FKS = 4 };

static const struct graph_type {
    const char *word;
    struct mr_column column;
} graph_types[] = {
    {"int", {.type = "int", .data_type = "int", .cls = MR_CLASS_INT}},
    {"uint", {.type = "bigint unsigned", .data_type = "bigint", .cls = MR_CLASS_UINT}},
    {"text",
     {.type = "varchar(20)",
      .data_type = "varchar",
      .cls = MR_CLASS_TEXT,
      .charset = "utf8mb4",
      .collation = "utf8mb4_general_ci"}},
    {"latin",
     {.type = "varchar(20)",
      .data_type = "varchar",
      .cls = MR_CLASS_TEXT,
      .charset = "latin1",
      .collation = "latin1_swedish_ci"}},
    {"real", {.type = "double", .data_type = "double", .cls = MR_CLASS_DOUBLE}},
    {"date", {.type = "date", .data_type = "date", .cls = MR_CLASS_DATE}},
    {"datetime", {.type = "datetime", .data_type = "datetime", .cls = MR_CLASS_DATETIME}},
    {"stamped",
     {.type = "timestamp",
      .data_type = "timestamp",
      .cls = MR_CLASS_DATETIME,
      .default_text = "current_timestamp()"}},
    {"edited",
     {.type = "timestamp",
      .data_type = "timestamp",
      .cls = MR_CLASS_DATETIME,
      .default_text = "current_timestamp()",
      .on_update = "current_timestamp()"}},
};

/* A list of one or more words. */
struct graph_words {
    char *word[GRAPH_COLUMNS];
    size_t count;
};

struct graph_side {
    struct mr_column columns[GRAPH_COLUMNS];
    struct mr_index indexes[GRAPH_COLUMNS];
    struct mr_index_part parts[GRAPH_COLUMNS];
    struct mr_foreign_key fks[GRAPH_FKS];
};

struct graph {
    struct mr_pairing pairing;
    struct mr_server_side servers[MR_SIDES];
    struct mr_arena arena;
    struct mr_config *config;
    struct mr_findings *fd; /* the test's */
    struct mr_catalogue cat[MR_SIDES];
    struct mr_database dbs[MR_SIDES][2];
    struct mr_table tables[MR_SIDES][GRAPH_TABLES];
    struct graph_side sides[MR_SIDES][GRAPH_TABLES];
    struct mr_pair planned[GRAPH_TABLES];
    struct mr_pair *list[GRAPH_TABLES];
    struct mr_table_config configs[GRAPH_TABLES];
    bool left_out[GRAPH_TABLES], broken[GRAPH_TABLES];
    size_t count;
    struct mr_endpoint ep[MR_SIDES];
    struct mr_strbuf edges;
};

static inline void graph_begin(struct graph *g)
{
    static const char *const names[MR_SIDES][2] = {{"club", "other"}, {"club2", "other"}};
    memset(g, 0, sizeof *g);
    mr_arena_init(&g->arena);
    g->edges = (struct mr_strbuf)MR_STRBUF_INIT;
    g->pairing.side = g->servers;
    g->pairing.arena = &g->arena;
    g->pairing.followed = true;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        for (size_t i = 0; i < 2; i++)
            g->dbs[side][i].name = names[side][i];
        g->cat[side].dbs = g->dbs[side];
        g->cat[side].ndbs = 2;
        g->cat[side].tables = g->tables[side];
        g->servers[side].cat = &g->cat[side];
        g->servers[side].ep = &g->ep[side];
    }
    mr_log_set_level(MR_LOG_ERROR);
}

static inline void graph_end(struct graph *g)
{
    mr_config_free(g->config);
    mr_arena_release(&g->arena);
    mr_strbuf_release(&g->edges);
}

static inline char *graph_copy(struct graph *g, const char *text)
{
    char *copy = mr_arena_strdup(&g->arena, text);
    if (copy == NULL)
        abort();
    return copy;
}

static inline struct graph_words graph_split(struct graph *g, const char *text)
{
    struct graph_words words = {.count = 0};
    char *at = graph_copy(g, text);
    while (*at != '\0' && words.count < GRAPH_COLUMNS) {
        size_t len = strcspn(at, " ");
        words.word[words.count++] = at;
        at += len;
        if (*at == ' ')
            *at++ = '\0';
    }
    return words;
}

/* "mobile:text!" */
static inline void graph_column(struct graph_side *s, struct mr_table *t, char *word)
{
    size_t at = t->ncolumns++, len = strlen(word);
    bool unique = word[len - 1] == '!', nullable = word[len - 1] == '?';
    if (unique || nullable)
        word[len - 1] = '\0';
    char *type = strchr(word, ':');
    if (type != NULL)
        *type++ = '\0';
    size_t known = 0;
    while (strcmp(graph_types[known].word, type != NULL ? type : "int") != 0)
        known++;
    s->columns[at] = graph_types[known].column;
    s->columns[at].name = word;
    s->columns[at].nullable = nullable;
    if (at > 0 && !unique)
        return;
    s->parts[t->nindexes].column = word;
    s->indexes[t->nindexes] = (struct mr_index){.name = at == 0 ? "PRIMARY" : word,
                                                .unique = true,
                                                .usable = true,
                                                .parts = &s->parts[t->nindexes],
                                                .nparts = 1};
    t->nindexes++;
}

/* The same table on both sides, but where target_columns says otherwise. */
static inline void graph_table(struct graph *g, const char *name, const char *columns,
                               const char *target_columns)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_table *t = &g->tables[side][g->count];
        struct graph_side *s = &g->sides[side][g->count];
        bool other = side == MR_TARGET && target_columns != NULL;
        struct graph_words words = graph_split(g, other ? target_columns : columns);
        *t = (struct mr_table){.db = g->dbs[side][0].name,
                               .name = name,
                               .engine = "InnoDB",
                               .transactional = true,
                               .columns = s->columns,
                               .indexes = s->indexes,
                               .fks = s->fks};
        for (size_t i = 0; i < words.count; i++)
            graph_column(s, t, words.word[i]);
        g->cat[side].ntables = g->count + 1;
    }
    g->count++;
}

static inline size_t graph_at(const struct graph *g, const char *name)
{
    size_t i = 0;
    while (strcmp(g->tables[MR_SOURCE][i].name, name) != 0)
        i++;
    return i;
}

/* A foreign key of one side, to a table of its own database. */
static inline void graph_fk(struct graph *g, enum mr_side side, const char *name, const char *child,
                            const char *columns, const char *parent, const char *parents)
{
    size_t at = graph_at(g, child);
    struct mr_table *t = &g->tables[side][at];
    struct graph_words own = graph_split(g, columns), ref = graph_split(g, parents);
    g->sides[side][at].fks[t->nfks++] = (struct mr_foreign_key){
        .name = name,
        .columns = (const char *const *)(void *)mr_arena_dup(&g->arena, own.word, sizeof own.word),
        .ref_db = t->db,
        .ref_table = parent,
        .ref_columns =
            (const char *const *)(void *)mr_arena_dup(&g->arena, ref.word, sizeof ref.word),
        .ncolumns = own.count};
}

/* Plans all tables that are not left out, then the graph. */
static inline enum mr_code graph_plan(struct graph *g, const char *ini, struct mr_err *err)
{
    struct mr_column_task task = {.arena = &g->arena};
    if (mr_config_parse(ini, strlen(ini), "ini", MR_CONFIG_NO_ROOMS, &g->config, err) != MR_OK)
        abort();
    g->pairing.config = g->config;
    g->pairing.tables = g->list;
    for (size_t i = 0; i < g->count; i++) {
        const struct mr_table *s = &g->tables[MR_SOURCE][i];
        struct mr_pair *t = &g->planned[i];
        if (g->left_out[i])
            continue;
        t->side[MR_SOURCE] = s;
        t->side[MR_TARGET] = &g->tables[MR_TARGET][i];
        t->arena = &g->arena;
        t->at = g->pairing.ntables;
        struct mr_strbuf name = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&name, "%s.%s", s->db, s->name);
        t->find.name = t->find.target_name = graph_copy(g, name.ptr);
        mr_strbuf_release(&name);
        g->list[g->pairing.ntables++] = t;
        if (g->broken[i])
            continue;
        task.config = &g->configs[i];
        if (mr_config_table(g->config, s->db, s->name, &g->arena, &g->configs[i], err) != MR_OK ||
            mr_pair_columns(t, &task, err) != MR_OK)
            abort();
    }
    return mr_pair_references_plan(&g->pairing, err);
}

static inline void graph_add_names(struct mr_strbuf *out, const struct mr_pair *t,
                                   const size_t *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mr_strbuf_add_fmt(out, "%s%s", i > 0 ? "+" : "", t->find.columns[columns[i]].name);
}

/* One a line: "orders.member_id = members.id fk_1", "x.y = ?club.z reference when …" */
static inline const char *graph_edges(struct graph *g)
{
    mr_strbuf_reset(&g->edges);
    mr_strbuf_add_str(&g->edges, "");
    for (size_t i = 0; i < g->pairing.nreferences; i++) {
        const struct mr_pair_reference *r = &g->pairing.references[i];
        mr_strbuf_add_fmt(&g->edges, "%s%s.", i > 0 ? "\n" : "", r->child->side[MR_SOURCE]->name);
        graph_add_names(&g->edges, r->child, r->edge.columns, r->edge.ncolumns);
        if (r->parent != NULL) {
            mr_strbuf_add_fmt(&g->edges, " = %s.", r->parent->side[MR_SOURCE]->name);
            graph_add_names(&g->edges, r->parent, r->edge.parent_columns, r->edge.ncolumns);
        } else {
            mr_strbuf_add_fmt(&g->edges, " = ?%s", r->edge.parent_name);
        }
        mr_strbuf_add_fmt(&g->edges, " %s", r->edge.declared ? r->edge.name : "-");
        if (r->edge.condition != NULL)
            mr_strbuf_add_fmt(&g->edges, " when %s at %d", r->edge.condition, r->edge.condition_at);
    }
    return g->edges.ptr;
}

#endif
