/* check_suspects.c: see check_suspects.h. */
#include "recon/check/check_suspects.h"

#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/cli/config.h"
#include "core/pair/pair_columns.h"
#include "core/pair/suspect_config.h"
#include "core/pair/suspect_names.h"
#include "recon/check/suspect_sample.h"
#include "recon/check/suspect_values.h"

struct search {
    struct mr_check_run *check;
    struct mr_arena arena;
    struct mr_suspect_names names;
    struct mr_vec hits;   /* struct mr_suspect_hit, of the column under way */
    struct mr_vec advice; /* struct mr_find_advice */
    unsigned asked;
    double end_s;
    bool ended; /* by a limit, or for want of a server */
};

/* A column on both sides, with an index that begins with it. */
struct sides {
    struct mr_suspect_column side[MR_SIDES];
};

/* ---- what the catalogue and the configuration tell ---- */

static bool is_whole_btree(const struct mr_index *index, const char *column)
{
    const struct mr_index_part *first = index->parts;
    return index->usable && index->nparts > 0 && strcmp(index->kind, "BTREE") == 0 &&
           first->column != NULL && first->prefix_len == 0 &&
           strcasecmp(first->column, column) == 0;
}

static const struct mr_index *leading_index(const struct mr_table *table, const char *column)
{
    for (size_t i = 0; i < table->nindexes; i++)
        if (is_whole_btree(&table->indexes[i], column))
            return &table->indexes[i];
    return NULL;
}

static const struct mr_index *key_on(const struct mr_table *table, const struct mr_column *column)
{
    for (size_t i = 0; !column->nullable && i < table->nindexes; i++) {
        const struct mr_index *index = &table->indexes[i];
        if (index->unique && index->nparts == 1 && is_whole_btree(index, column->name))
            return index;
    }
    return NULL;
}

static bool has_foreign_key(const struct mr_table *table, const char *column)
{
    for (size_t i = 0; i < table->nfks; i++)
        if (table->fks[i].ncolumns == 1 && strcasecmp(table->fks[i].columns[0], column) == 0)
            return true;
    return false;
}

/* Declared, or dismissed. */
static bool is_configured(const struct mr_table_config *config, const char *column)
{
    for (size_t i = 0; i < config->nreferences; i++)
        for (size_t k = 0; k < config->references[i].columns.count; k++)
            if (strcasecmp(config->references[i].columns.items[k], column) == 0)
                return true;
    return false;
}

static bool is_char(const struct mr_column *column)
{
    return strcmp(column->data_type, "char") == 0 || strcmp(column->data_type, "varchar") == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Could a foreign key be declared between them?  Two columns of one server. */
static bool same_type(const struct mr_column *a, const struct mr_column *b)
{
    bool same_name = strcmp(a->data_type, b->data_type) == 0;
    if (a->cls != b->cls)
        return false;
    switch (a->cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
        return same_name && a->is_unsigned == b->is_unsigned && strstr(a->data_type, "int") != NULL;
    case MR_CLASS_TEXT:
        return (same_name || (is_char(a) && is_char(b))) && same_text(a->charset, b->charset) &&
               same_text(a->collation, b->collation);
    case MR_CLASS_BINARY:
    case MR_CLASS_DECIMAL: return strcmp(a->type, b->type) == 0;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_ENUM:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: break;
    }
    return false;
}

/* A counter gives its numbers itself, and an expression's value is not written. */
static bool may_refer(const struct sides *child)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_suspect_column *c = &child->side[side];
        if (c->column->auto_increment || c->column->generated ||
            has_foreign_key(c->table, c->column->name))
            return false;
    }
    return true;
}

/* The table's column of SOURCE's name on both sides; false if an index is missing. */
static bool set_child(struct sides *child, const struct mr_pair *table,
                      const struct mr_column *column)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_suspect_column *c = &child->side[side];
        c->table = table->side[side];
        c->column = side == MR_SOURCE ? column : mr_table_column(c->table, column->name);
        if (c->column == NULL)
            return false;
        c->index = leading_index(c->table, c->column->name);
        if (c->index == NULL)
            return false;
    }
    return true;
}

/* The parent's key on both sides: its first of one column, the primary key before all,
 * that has the child's type. */
static bool set_parent(struct sides *parent, const struct mr_pair *table, const struct sides *child)
{
    const struct mr_table *source = table->side[MR_SOURCE];
    for (size_t i = 0; i < source->nindexes; i++) {
        const struct mr_index *index = &source->indexes[i];
        bool fits = index->nparts == 1 && index->parts[0].column != NULL;
        for (int side = MR_SOURCE; fits && side < MR_SIDES; side++) {
            struct mr_suspect_column *p = &parent->side[side];
            p->table = table->side[side];
            p->column = mr_table_column(p->table, index->parts[0].column);
            p->index = p->column != NULL ? key_on(p->table, p->column) : NULL;
            fits = p->index != NULL && same_type(p->column, child->side[side].column);
        }
        if (fits)
            return true;
    }
    return false;
}

/* Only the nearest tables that the name means are looked into.  By the name alone: where the
 * nearest does not fit, a namesake in another database would be found for the wrong reason. */
static unsigned distance(const struct search *s, const struct mr_pair *child,
                         const struct mr_suspect_hit *hit)
{
    return mr_suspect_distance(child, s->check->pairing.tables[hit->table], hit->by_word);
}

/* ---- asking the servers ---- */

/* Ends the search where it cannot go on; *holds: every value of either side is a key, and
 * there is one. */
static enum mr_code ask(struct search *s, const struct sides *child, const struct sides *parent,
                        bool *holds, struct mr_err *err)
{
    uint64_t seen = 0;
    enum mr_code code = MR_OK;
    *holds = true;
    for (int side = MR_SOURCE; code == MR_OK && *holds && side < MR_SIDES; side++) {
        uint64_t sampled = 0, found = 0;
        code = mr_throttle_wait(s->check->throttle, err);
        struct mr_db *db = code == MR_OK ? mr_reader_db(s->check->pairing.side[side].main) : NULL;
        if (code == MR_OK && db == NULL)
            code = mr_err_set(err, MR_E_UNSUPPORTED, "a snapshot cannot be sampled");
        if (code == MR_OK)
            code = mr_suspect_sample(db, &child->side[side], &parent->side[side], &sampled, &found,
                                     err);
        *holds = code == MR_OK && found == sampled;
        seen += sampled;
    }
    *holds = *holds && seen > 0;
    return code;
}

/* One advice on a column; lines: all that it takes to declare it. */
static enum mr_code push_advice(struct search *s, const struct mr_pair *table,
                                const struct mr_suspect_line *lines, size_t count, const char *text,
                                struct mr_err *err)
{
    struct mr_strbuf config = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    bool can = mr_suspect_config(&config, lines, count);
    if (config.failed) {
        code = mr_err_nomem(err, "looking for references");
    } else if (can) {
        struct mr_find_advice *advice = mr_vec_push(&s->advice);
        const char *kept_text = mr_arena_strdup(&s->arena, text);
        const char *kept_config = mr_arena_strdup(&s->arena, config.ptr);
        if (advice == NULL || kept_text == NULL || kept_config == NULL)
            code = mr_err_nomem(err, "looking for references");
        else
            *advice = (struct mr_find_advice){.table = table->find.name,
                                              .column = lines->column,
                                              .text = kept_text,
                                              .config = kept_config};
    }
    mr_strbuf_release(&config);
    return code;
}

/* The tables that the name means, all as near as each other, whose keys are all of the
 * column's values: one advice.  Empty: there is none. */
struct meant {
    struct mr_vec lines; /* struct mr_suspect_line */
    struct mr_strbuf names;
};

static enum mr_code add_meant(struct meant *meant, const struct sides *child,
                              const struct mr_pair *to, const struct sides *parent,
                              struct mr_err *err)
{
    const struct mr_suspect_column *c = &child->side[MR_SOURCE];
    const struct mr_suspect_column *p = &parent->side[MR_SOURCE];
    struct mr_suspect_line *line = mr_vec_push(&meant->lines);
    if (line == NULL)
        return mr_err_nomem(err, "looking for references");
    *line = (struct mr_suspect_line){.child = c->table,
                                     .parent = p->table,
                                     .column = c->column->name,
                                     .parent_column = p->column->name};
    mr_strbuf_add_fmt(&meant->names, "%s%s.%s", meant->lines.count > 1 ? " or to " : "",
                      to->find.name, p->column->name);
    return MR_OK;
}

/* One advice a column, with all tables that may be meant: a person has to choose. */
static enum mr_code advise(struct search *s, const struct mr_pair *table, const struct meant *meant,
                           struct mr_err *err)
{
    size_t count = meant->lines.count;
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (count == 0)
        return MR_OK;
    for (size_t i = 0; i < count; i++)
        ((struct mr_suspect_line *)mr_vec_at(&meant->lines, i))->either = count > 1;
    mr_strbuf_add_fmt(&text,
                      "looks like a reference to %s that is not declared: the values "
                      "sampled on both sides are all keys there%s",
                      meant->names.ptr,
                      count > 1 ? "; which of them is meant the values do not tell" : "");
    enum mr_code code = mr_strbuf_check(&text, "looking for references", err);
    if (code == MR_OK)
        code = push_advice(s, table, meant->lines.items, count, text.ptr, err);
    mr_strbuf_release(&text);
    return code;
}

static void end_search(struct search *s, const char *why)
{
    s->ended = true;
    mr_log_detail("the search for references that are not declared ends early: %s", why);
}

/* What one table refuses leaves the others; what a server's loss refuses, all. */
static enum mr_code outlive(struct search *s, enum mr_code code, const struct mr_pair *table,
                            const struct mr_err *why, struct mr_err *err)
{
    if (mr_check_is_fatal(code)) {
        if (err != NULL)
            *err = *why;
        return code;
    }
    if (code == MR_E_LOST || code == MR_E_CONNECT || code == MR_E_UNSUPPORTED)
        end_search(s, why->message);
    else
        mr_log_detail("references of table \"%s\": %s", table->find.name, why->message);
    return MR_OK;
}

/* ---- the search ---- */

/* Bounded by number and time, since each question costs both servers something. */
static enum mr_code look_into(struct search *s, const struct mr_pair *table,
                              const struct sides *child, const struct mr_suspect_hit *hit,
                              struct meant *meant, struct mr_err *err)
{
    const struct mr_pair *to = s->check->pairing.tables[hit->table];
    struct sides parent = {0};
    struct mr_err why = {0};
    bool holds = false;
    bool own_key =
        to == table && key_on(child->side[MR_SOURCE].table, child->side[MR_SOURCE].column) != NULL;
    if (own_key || atomic_load(&to->failed) || !set_parent(&parent, to, child))
        return MR_OK;
    if (s->asked == MR_SUSPECTS_MAX || mr_clock_now_s() > s->end_s) {
        end_search(s, s->asked == MR_SUSPECTS_MAX ? "there are too many candidates"
                                                  : "it takes too long");
        return MR_OK;
    }
    s->asked++;
    mr_progress_tick(s->check->progress);
    enum mr_code code = ask(s, child, &parent, &holds, &why);
    if (code != MR_OK)
        return outlive(s, code, table, &why, err);
    return holds ? add_meant(meant, child, to, &parent, err) : MR_OK;
}

/* What needs no server comes first, and most columns end there. */
static enum mr_code look_at_column(struct search *s, const struct mr_pair *table,
                                   const struct mr_column *column, struct mr_err *err)
{
    struct sides child = {0};
    unsigned nearest = MR_SUSPECT_FAR;
    enum mr_code code = mr_suspect_names_find(&s->names, column->name, &s->hits, err);
    if (code != MR_OK || s->hits.count == 0 || is_configured(table->config, column->name) ||
        !set_child(&child, table, column) || !may_refer(&child))
        return code;
    for (size_t i = 0; i < s->hits.count; i++) {
        unsigned d = distance(s, table, mr_vec_at(&s->hits, i));
        nearest = d < nearest ? d : nearest;
    }
    struct meant meant = {.lines = MR_VEC_INIT(struct mr_suspect_line), .names = MR_STRBUF_INIT};
    for (size_t i = 0; code == MR_OK && !s->ended && i < s->hits.count; i++) {
        const struct mr_suspect_hit *hit = mr_vec_at(&s->hits, i);
        if (nearest < MR_SUSPECT_FAR && distance(s, table, hit) == nearest)
            code = look_into(s, table, &child, hit, &meant, err);
    }
    if (code == MR_OK)
        code = mr_strbuf_check(&meant.names, "looking for references", err);
    if (code == MR_OK)
        code = advise(s, table, &meant, err);
    mr_vec_release(&meant.lines);
    mr_strbuf_release(&meant.names);
    return code;
}

static enum mr_code add_names(struct search *s, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < s->check->pairing.ntables; i++)
        code = mr_suspect_names_add(&s->names, s->check->pairing.tables[i]->side[MR_SOURCE]->name,
                                    i, err);
    mr_suspect_names_sort(&s->names);
    return code;
}

static enum mr_code look_at_tables(struct search *s, struct mr_err *err)
{
    for (size_t i = 0; i < s->check->pairing.ntables; i++) {
        const struct mr_pair *table = s->check->pairing.tables[i];
        const struct mr_table *t = table->side[MR_SOURCE];
        if (atomic_load(&table->failed))
            continue;
        for (size_t k = 0; !s->ended && k < t->ncolumns; k++)
            MR_TRY(look_at_column(s, table, &t->columns[k], err));
    }
    return MR_OK;
}

/* ---- by values ---- */

static bool is_advised(const struct search *s, const struct mr_suspect *what)
{
    for (size_t i = 0; i < s->advice.count; i++) {
        const struct mr_find_advice *a = mr_vec_at(&s->advice, i);
        if (strcmp(a->table, what->child->find.name) == 0 && a->column != NULL &&
            strcmp(a->column, what->column) == 0)
            return true;
    }
    return false;
}

/* All lines of one column, from suspects[at] on; *next: the first of another. */
static enum mr_code advise_values(struct search *s, const struct mr_vec *suspects, size_t at,
                                  size_t *next, struct mr_err *err)
{
    const struct mr_suspect *first = mr_vec_at(suspects, at);
    struct mr_vec lines = MR_VEC_INIT(struct mr_suspect_line);
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(&text, "looks like a reference that is not declared: it holds ids of");
    for (*next = at; *next < suspects->count; ++*next) {
        const struct mr_suspect *one = mr_vec_at(suspects, *next);
        if (one->child != first->child || strcmp(one->column, first->column) != 0)
            break;
        struct mr_suspect_line *line = mr_vec_push(&lines);
        if (line == NULL)
            break;
        *line = (struct mr_suspect_line){.child = one->child->side[MR_SOURCE],
                                         .parent = one->parent->side[MR_SOURCE],
                                         .column = one->column,
                                         .parent_column = one->parent_column,
                                         .type_column = one->type_column,
                                         .type = one->type,
                                         .unlike = one->unlike,
                                         .either = one->either};
        const char *comma = one->either ? " or of" : ",";
        mr_strbuf_add_fmt(&text, "%s %s", *next > at ? comma : "", one->parent->find.name);
    }
    mr_strbuf_add_str(&text, " that one side only has, or that mean somebody else there");
    if (first->either)
        mr_strbuf_add_str(&text, "; which of them is meant the values do not tell");
    if (first->unlike)
        mr_strbuf_add_str(&text, "; it can be declared once its type is that of the key");
    if (lines.count == 0)
        MR_TRY_OUT(mr_err_nomem(err, "looking for references"));
    MR_TRY_OUT(mr_strbuf_check(&text, "looking for references", err));
    MR_TRY_OUT(push_advice(s, first->child, lines.items, lines.count, text.ptr, err));
out:
    mr_vec_release(&lines);
    mr_strbuf_release(&text);
    return code;
}

/* After the names: what they have found is not told a second time. */
static enum mr_code look_at_values(struct search *s, struct mr_err *err)
{
    struct mr_suspect_look look;
    struct mr_err why = {0};
    enum mr_code code = mr_suspect_look_open(&look, &s->check->pairing,
                                             s->check->pairing.side[MR_SOURCE].main, &why);
    if (code == MR_OK)
        code = mr_suspect_values(s->check, &look, s->end_s, &why);
    if (code != MR_OK && mr_check_is_fatal(code) && err != NULL)
        *err = why;
    if (code != MR_OK && !mr_check_is_fatal(code)) {
        end_search(s, why.message);
        code = MR_OK;
    }
    for (size_t i = 0; code == MR_OK && i < look.suspects.count;) {
        size_t next = i + 1;
        if (!is_advised(s, mr_vec_at(&look.suspects, i)))
            code = advise_values(s, &look.suspects, i, &next, err);
        i = next;
    }
    mr_suspect_look_release(&look);
    return code;
}

/* An unfinished run gives no advice, but replaces that of an earlier try. */
enum mr_code mr_check_suspects(struct mr_check_run *check, struct mr_err *err)
{
    struct search s = {.check = check,
                       .arena = MR_ARENA_INIT,
                       .hits = MR_VEC_INIT(struct mr_suspect_hit),
                       .advice = MR_VEC_INIT(struct mr_find_advice),
                       .end_s = mr_clock_now_s() + MR_SUSPECTS_SECONDS};
    enum mr_code code = MR_OK;
    mr_suspect_names_init(&s.names);
    if (mr_side_is_shards(&check->pairing.side[MR_SOURCE]))
        end_search(&s, "many sources as one cannot be sampled");
    else if (atomic_load(&check->lost) || !check->run.objects_done || !check->run.kin_done)
        end_search(&s, "the run is not complete");
    else
        MR_TRY_OUT(add_names(&s, err));
    if (!s.ended)
        MR_TRY_OUT(look_at_tables(&s, err));
    if (!s.ended)
        MR_TRY_OUT(look_at_values(&s, err));
    MR_TRY_OUT(mr_findings_advice_save(check->fd, s.advice.items, s.advice.count, err));
out:
    mr_suspect_names_release(&s.names);
    mr_vec_release(&s.hits);
    mr_vec_release(&s.advice);
    mr_arena_release(&s.arena);
    return code;
}
