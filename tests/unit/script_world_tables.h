/*
 * script_world_tables: the tables and rows of script_world.h, which says how they are written.
 */
#ifndef MR_TESTS_SCRIPT_WORLD_TABLES_H
#define MR_TESTS_SCRIPT_WORLD_TABLES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repair/merge/merge_lookup.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"
#include "plan_values.h"

enum { WORLD_TABLES = 6, WORLD_COLUMNS = 10, WORLD_REFERENCES = 6, WORLD_LIVE = 32 };

struct world_table {
    struct mr_table live;
    struct mr_pair pair;
    struct mr_table_config config;
    struct mr_column columns[WORLD_COLUMNS];
    struct mr_find_column found[WORLD_COLUMNS];
    struct mr_readcol reads[2 * WORLD_COLUMNS];
    struct mr_index indexes[WORLD_COLUMNS];
    struct mr_index_part parts[WORLD_COLUMNS][WORLD_COLUMNS];
    struct mr_foreign_key fks[WORLD_REFERENCES];
    struct mr_plan_unique uniques[WORLD_COLUMNS];
    struct mr_plan_columns sets[WORLD_REFERENCES];
    size_t key[WORLD_COLUMNS];
    bool nullable[WORLD_COLUMNS], generated[WORLD_COLUMNS];
};

struct world_row {
    const struct mr_plan_table *table;
    struct mr_key image;
};

struct world {
    struct mr_arena arena;
    struct mr_catalogue cat;
    struct mr_table catalogued[WORLD_TABLES]; /* only TARGET has them */
    struct mr_server_side servers[MR_SIDES];
    struct mr_source source;
    struct mr_reader reader;
    struct world_table own[WORLD_TABLES];
    struct mr_plan_table tables[WORLD_TABLES];
    struct mr_pair_reference pairs[WORLD_REFERENCES];
    struct mr_plan_reference references[WORLD_REFERENCES];
    struct mr_plan_tables plan;
    struct mr_planned_table planned[WORLD_TABLES];
    struct mr_manifest manifest;
    struct mr_findings *fd;
    struct mr_plan_store *store;
    struct mr_script_task task;
    struct mr_strbuf out[3], shown; /* apply, undo, verify */
    struct world_row live[WORLD_LIVE];
    size_t nlive;
    unsigned asks, fail_at, writes, fail_write;
    const char *counts; /* what information_schema counts, as a text */
    const char *answer; /* to other questions */
    struct mr_strbuf asked;
    struct mr_script s;
    struct mr_err err;
};

static struct world *world_now;

/* ---- values ---- */

static inline char *world_copy(struct world *w, const char *text)
{
    char *copy = mr_arena_strdup(&w->arena, text);
    if (copy == NULL)
        abort();
    return copy;
}

/* The image of a row; NULL: there is none. */
static inline struct mr_key world_row(struct world *w, const struct mr_plan_table *t,
                                      const char *text)
{
    struct mr_strbuf image = MR_STRBUF_INIT;
    if (text == NULL)
        return (struct mr_key){0};
    char *at = world_copy(w, text);
    for (size_t i = 0; at != NULL; i++) {
        char *stop = strchr(at, '|');
        if (stop != NULL)
            *stop = '\0';
        struct mr_value v = plan_value(
            i < t->pair->find.ncolumns ? w->own[t->at].columns[i].cls : MR_CLASS_UINT, at);
        if (mr_row_encode_exact(&image, &v, NULL) != MR_OK)
            abort();
        at = stop != NULL ? stop + 1 : NULL;
    }
    const struct mr_key row = {mr_arena_dup(&w->arena, image.ptr, image.len), image.len};
    mr_strbuf_release(&image);
    return row;
}

/* ---- tables ---- */

static inline size_t world_column(const struct mr_plan_table *t, const char *name, size_t len)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (strlen(t->pair->find.columns[i].name) == len &&
            strncmp(t->pair->find.columns[i].name, name, len) == 0)
            return i;
    abort();
}

/* "a b" as positions. */
static inline struct mr_plan_columns world_columns(struct world *w, const struct mr_plan_table *t,
                                                   const char *names)
{
    size_t *at = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *at);
    struct mr_plan_columns columns = {at, 0};
    while (*names != '\0') {
        size_t len = strcspn(names, " ");
        at[columns.count++] = world_column(t, names, len);
        names += len + (names[len] == ' ');
    }
    return columns;
}

/* An index, and what the plan knows of it if it is unique.  prefix: of its first part. */
static inline struct mr_index *world_index(struct world *w, struct mr_plan_table *t,
                                           const char *name, const char *columns, bool unique,
                                           size_t prefix)
{
    struct world_table *own = &w->own[t->at];
    const struct mr_plan_columns of = world_columns(w, t, columns);
    const size_t n = own->live.nindexes++;
    for (size_t i = 0; i < of.count; i++)
        own->parts[n][i] = (struct mr_index_part){.column = own->columns[of.at[i]].name,
                                                  .prefix_len = i == 0 ? prefix : 0};
    own->indexes[n] = (struct mr_index){.name = name,
                                        .unique = unique,
                                        .usable = true,
                                        .kind = "BTREE",
                                        .parts = own->parts[n],
                                        .nparts = of.count};
    if (unique)
        own->uniques[t->nuniques++] =
            (struct mr_plan_unique){.name = name,
                                    .columns = of,
                                    .is_key = strcmp(name, "PRIMARY") == 0,
                                    .is_partial = prefix != 0};
    return &own->indexes[n];
}

/* # of the key, ? NULL, * computed, + AUTO_INCREMENT, ! unique, & an index. */
static inline void world_flag(struct world *w, struct mr_plan_table *t, size_t column, char flag,
                              struct mr_plan_columns *key)
{
    struct world_table *own = &w->own[t->at];
    struct mr_column *c = &own->columns[column];
    if (flag == '#')
        own->key[key->count++] = column;
    else if (flag == '?')
        c->nullable = own->nullable[column] = true;
    else if (flag == '*')
        c->generated = own->generated[column] = true;
    else if (flag == '+')
        c->auto_increment = true;
    else if (flag == '!' || flag == '&')
        (void)world_index(w, t, c->name, c->name, flag == '!', 0);
    else
        abort();
}

static inline void world_add_column(struct world *w, struct mr_plan_table *t, char *word,
                                    struct mr_plan_columns *key)
{
    struct world_table *own = &w->own[t->at];
    const size_t at = own->live.ncolumns++;
    char *type = strchr(word, ':');
    *type++ = '\0';
    size_t len = 0;
    own->columns[at] = *plan_type(type, &len);
    own->columns[at].name = word;
    own->found[at] =
        (struct mr_find_column){.name = word, .key_at = -1, .identity_at = -1, .flag_at = -1};
    own->reads[at] = (struct mr_readcol){.name = word,
                                         .expr = MR_EXPR_COLUMN,
                                         .cls = own->columns[at].cls,
                                         .charset = own->columns[at].charset};
    t->pair->find.ncolumns = at + 1;
    for (const char *flag = type + len; *flag != '\0'; flag++)
        world_flag(w, t, at, *flag, key);
}

/* Columns with a member '' have a flag behind the columns. */
static inline void world_add_flags(struct world_table *own)
{
    size_t n = own->live.ncolumns;
    for (size_t i = 0; i < own->live.ncolumns; i++)
        if (own->columns[i].empty_member) {
            own->reads[n].name = own->columns[i].name;
            own->reads[n].cls = MR_CLASS_UINT;
            own->found[i].flag_at = (int)n++;
        }
    own->pair.full[MR_SOURCE].ncols = own->pair.full[MR_TARGET].ncols = n;
}

static inline struct mr_plan_table *world_table(struct world *w, const char *name,
                                                const char *columns)
{
    const size_t at = w->plan.ntables++;
    struct world_table *own = &w->own[at];
    struct mr_plan_table *t = &w->tables[at];
    struct mr_plan_columns key = {own->key, 0};
    char *words = world_copy(w, columns);
    const char *dot = strchr(name, '.');
    struct mr_strbuf shown = MR_STRBUF_INIT;
    own->live = (struct mr_table){.db = "o`dd",
                                  .name = dot != NULL ? dot + 1 : name,
                                  .engine = "InnoDB",
                                  .columns = own->columns,
                                  .indexes = own->indexes,
                                  .fks = own->fks};
    if (dot != NULL) {
        char *db = world_copy(w, name);
        db[dot - name] = '\0';
        own->live.db = db;
    }
    mr_strbuf_add_fmt(&shown, "%s.%s", own->live.db, own->live.name);
    own->pair.at = at;
    own->pair.config = &own->config;
    own->pair.find =
        (struct mr_find_table){.name = world_copy(w, shown.ptr), .columns = own->found};
    mr_strbuf_release(&shown);
    own->pair.side[MR_SOURCE] = own->pair.side[MR_TARGET] = &own->live;
    own->pair.full[MR_SOURCE].cols = own->pair.full[MR_TARGET].cols = own->reads;
    *t = (struct mr_plan_table){.pair = &own->pair,
                                .at = at,
                                .identity = MR_PLAN_BY_NONE,
                                .counter = MR_NO_COLUMN,
                                .time_at = MR_NO_COLUMN,
                                .update_at = MR_NO_COLUMN,
                                .created_at = MR_NO_COLUMN,
                                .uniques = own->uniques,
                                .sets = own->sets,
                                .nullable = own->nullable,
                                .generated = own->generated};
    for (char *word = strtok_r(words, " ", &words); word != NULL;
         word = strtok_r(NULL, " ", &words))
        world_add_column(w, t, word, &key);
    t->key = key;
    world_add_flags(own);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        own->pair.full[side].db = own->live.db;
        own->pair.full[side].table = own->live.name;
        own->pair.full[side].key = own->key;
        own->pair.full[side].nkey = key.count;
    }
    if (key.count > 0) { /* PRIMARY comes first */
        struct mr_strbuf names = MR_STRBUF_INIT;
        for (size_t i = 0; i < key.count; i++)
            mr_strbuf_add_fmt(&names, "%s%s", i > 0 ? " " : "", own->columns[key.at[i]].name);
        (void)world_index(w, t, "PRIMARY", world_copy(w, names.ptr), true, 0);
        mr_strbuf_release(&names);
    }
    return t;
}

static inline void world_named(struct world *w, struct mr_plan_table *t, const char *columns)
{
    t->identity = MR_PLAN_BY_COLUMNS;
    t->named_by = world_columns(w, t, columns);
}

/* A reference of the plan; declared: a foreign key of TARGET, too. */
static inline struct mr_plan_reference *world_reference(struct world *w, size_t child,
                                                        const char *from, size_t parent,
                                                        const char *to, bool declared)
{
    const size_t n = w->plan.nreferences++;
    struct mr_plan_reference *r = &w->references[n];
    struct mr_plan_table *p = &w->tables[parent];
    w->pairs[n] = (struct mr_pair_reference){.child = w->tables[child].pair, .parent = p->pair};
    w->pairs[n].edge.declared = declared;
    w->pairs[n].edge.condition_at = -1;
    *r = (struct mr_plan_reference){.pair = &w->pairs[n],
                                    .from = world_columns(w, &w->tables[child], from),
                                    .to = world_columns(w, p, to),
                                    .child = child,
                                    .parent = parent,
                                    .to_set = p->nsets};
    for (size_t i = 0; i < p->nsets; i++)
        if (p->sets[i].count == r->to.count &&
            memcmp(p->sets[i].at, r->to.at, r->to.count * sizeof *r->to.at) == 0)
            r->to_set = i;
    if (r->to_set == p->nsets)
        w->own[parent].sets[p->nsets++] = r->to;
    for (size_t i = 0; i < r->from.count; i++)
        r->nullable = r->nullable || w->own[child].nullable[r->from.at[i]];
    return r;
}

/* A foreign key of TARGET's table, to columns of a table. */
static inline void world_fk(struct world *w, struct mr_table *live, struct mr_foreign_key *fks,
                            const char *column, const struct mr_plan_table *parent, const char *to)
{
    const char **names = mr_arena_calloc(&w->arena, 2, sizeof *names);
    names[0] = column;
    names[1] = to;
    fks[live->nfks++] = (struct mr_foreign_key){.name = "fk",
                                                .columns = &names[0],
                                                .ref_db = parent->pair->side[MR_TARGET]->db,
                                                .ref_table = parent->pair->side[MR_TARGET]->name,
                                                .ref_columns = &names[1],
                                                .ncolumns = 1,
                                                .on_update = "RESTRICT",
                                                .on_delete = "RESTRICT"};
}

#endif
