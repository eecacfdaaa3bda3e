/* affected_config.c: see affected_config.h. */
#include "recon/affected/affected_config.h"

#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/same_text.h"
#include "core/case/image.h"
#include "core/case/lineage.h"
#include "core/case/run_command.h"

enum { NAMED = 5 };

/* What was said of a table of the run, and what is said now. */
struct said {
    struct mr_table_config now;
    struct mr_vec now_lines, then_lines; /* struct mr_config_line */
    bool differs;                        /* it has rows that are reasons, or may be met on
                                            the way up from some */
    bool leads;                          /* it is a chosen subject, or leads to one */
};

/* A way up; parent ntables: to a table that the run did not compare. */
struct edge {
    size_t child, parent;
};

/* Lines of one sort that differ. */
struct lines {
    struct mr_strbuf text;
    size_t count;
    const char *table; /* of the last one */
};

struct comparing {
    struct mr_affected *list;
    const struct mr_affected_choice *choice;
    struct said *said;        /* one a table of the run */
    struct mr_vec references; /* struct mr_lineage_reference, of the run */
    struct mr_vec edges;      /* struct edge, of both */
    struct lines unknown;     /* that the run did not know */
    struct lines unsaid;      /* that are not said now */
    bool any;                 /* is anything said of the run's tables? */
    bool inferred;            /* who is listed may depend on everything */
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "comparing configurations");
}

static void say(struct lines *lines, const char *table, const char *key, const char *value)
{
    bool again = lines->table != NULL && strcmp(lines->table, table) == 0;
    if (lines->count++ >= NAMED)
        return;
    mr_strbuf_add_str(&lines->text, lines->table == NULL ? "" : again ? ", " : "; ");
    if (!again)
        mr_strbuf_add_fmt(&lines->text, "[table %s] ", table);
    mr_strbuf_add_fmt(&lines->text, "%s = %s", key, value);
    lines->table = table;
}

static size_t table_of_id(const struct comparing *c, int64_t id)
{
    size_t i = 0;
    while (i < c->list->ntables && c->list->tables[i].id != id)
        i++;
    return i;
}

static bool is_called(const char *name, const char *db, const char *table,
                      int (*compare)(const char *, const char *, size_t))
{
    size_t len = strlen(db), rest = strlen(table);
    return strlen(name) == len + 1 + rest && compare(name, db, len) == 0 && name[len] == '.' &&
           compare(name + len + 1, table, rest) == 0;
}

/* The table of the run that a reference names; a server may take names in any letters. */
static size_t table_named(const struct comparing *c, const char *db, const char *table)
{
    size_t n = c->list->ntables;
    for (size_t i = 0; i < n; i++)
        if (is_called(c->list->tables[i].name, db, table, strncmp))
            return i;
    for (size_t i = 0; i < n; i++)
        if (is_called(c->list->tables[i].name, db, table, strncasecmp))
            return i;
    return n;
}

/* ---- what is said ---- */

/* Of a name with several dots the first reading that a section matches counts. */
static enum mr_code read_now(struct comparing *c, size_t at, struct mr_err *err)
{
    const char *name = c->list->tables[at].name;
    struct said *said = &c->said[at];
    enum mr_code code = MR_OK;
    for (const char *dot = strchr(name, '.');
         code == MR_OK && said->now_lines.count == 0 && dot != NULL; dot = strchr(dot + 1, '.')) {
        const char *db = mr_arena_dup(&c->list->arena, name, (size_t)(dot - name));
        code = db != NULL ? mr_config_lines(c->choice->config, db, dot + 1, &said->now_lines, err)
                          : no_memory(err);
        if (code == MR_OK && said->now_lines.count > 0)
            code =
                mr_config_table(c->choice->config, db, dot + 1, &c->list->arena, &said->now, err);
    }
    c->any = c->any || said->now_lines.count > 0;
    return code;
}

/* What the run was told is in the case table by table: lines of tables that the list does not
 * have concern nobody in it. */
static enum mr_code read_then(struct comparing *c, struct mr_err *err)
{
    struct mr_vec settings = MR_VEC_INIT(struct mr_find_setting);
    enum mr_code code = mr_findings_settings(c->list->fd, &c->list->arena, &settings, err);
    for (size_t i = 0; code == MR_OK && i < settings.count; i++) {
        const struct mr_find_setting *s = mr_vec_at(&settings, i);
        for (size_t t = 0; t < c->list->ntables; t++) {
            if (strcmp(c->list->tables[t].name, s->table) != 0)
                continue;
            struct mr_config_line *line = mr_vec_push(&c->said[t].then_lines);
            if (line == NULL) {
                code = no_memory(err);
                break;
            }
            *line = (struct mr_config_line){s->key, s->value};
        }
    }
    mr_vec_release(&settings);
    return code;
}

/* ---- what could matter ---- */

static enum mr_code add_edge(struct comparing *c, size_t child, size_t parent, struct mr_err *err)
{
    struct edge *edge = mr_vec_push(&c->edges);
    if (edge == NULL)
        return no_memory(err);
    *edge = (struct edge){child, parent};
    return MR_OK;
}

/* References of both configurations: a difference in one table may change who is reached from
 * another, along an edge that only one of them knows. */
static enum mr_code collect_edges(struct comparing *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->references.count; i++) {
        const struct mr_lineage_reference *r = mr_vec_at(&c->references, i);
        size_t child = table_of_id(c, r->table);
        if (child < c->list->ntables)
            MR_TRY(add_edge(c, child, table_of_id(c, r->parent), err));
    }
    for (size_t t = 0; t < c->list->ntables; t++) {
        const struct mr_table_config *now = &c->said[t].now;
        for (size_t i = 0; i < now->nreferences; i++)
            if (!mr_table_config_is_dismissed(now, i))
                MR_TRY(add_edge(
                    c, t, table_named(c, now->references[i].ref_db, now->references[i].ref_table),
                    err));
    }
    return MR_OK;
}

static enum mr_code find_differing(struct comparing *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->list->ntables; i++) {
        uint64_t count = 0;
        code = mr_findings_count(c->list->fd, c->list->tables[i].id, MR_FIND_DIVERGED, &count, err);
        c->said[i].differs = count > 0 && c->list->selected[i];
        c->said[i].leads = mr_affected_subject_of(c->list, c->list->tables[i].id) != NULL;
    }
    return code;
}

/* Upwards from the rows that differ, downwards from whom is listed. */
static void spread(struct comparing *c)
{
    bool grown = true;
    while (grown) {
        grown = false;
        for (size_t i = 0; i < c->edges.count; i++) {
            const struct edge *e = mr_vec_at(&c->edges, i);
            if (e->parent == c->list->ntables)
                continue;
            struct said *child = &c->said[e->child], *parent = &c->said[e->parent];
            bool ends = mr_affected_subject_of(c->list, c->list->tables[e->child].id);
            grown = grown || (parent->leads && !child->leads) ||
                    (child->differs && !ends && !parent->differs);
            child->leads = child->leads || parent->leads;
            parent->differs = parent->differs || (child->differs && !ends);
        }
    }
}

/* A subject's own references are not followed. */
static bool reference_matters(const struct comparing *c, size_t child, size_t parent)
{
    if (c->inferred)
        return true;
    return mr_affected_subject_of(c->list, c->list->tables[child].id) == NULL &&
           c->said[child].differs && (parent == c->list->ntables || c->said[parent].leads);
}

/* ---- references ---- */

static bool same_columns(const struct mr_find_table *table, const struct mr_string_list *names,
                         const size_t *columns)
{
    for (size_t i = 0; i < names->count; i++)
        if (mr_affected_column(table, names->items[i]) != columns[i])
            return false;
    return true;
}

/* Compared by what it joins and when, not by how it is written: case and the form of a table's
 * name are no difference that a new check would make. */
static bool same_reference(const struct comparing *c, size_t child, const struct mr_reference *now,
                           const struct mr_lineage_reference *then)
{
    const struct mr_find_table *tables = c->list->tables;
    size_t parent = table_named(c, now->ref_db, now->ref_table);
    if (then->table != tables[child].id || then->ncolumns != now->columns.count ||
        !mr_same_text(then->condition, now->condition) ||
        !same_columns(&tables[child], &now->columns, then->columns))
        return false;
    if (parent == c->list->ntables)
        return then->parent == 0 &&
               is_called(then->parent_name, now->ref_db, now->ref_table, strncasecmp);
    return then->parent == tables[parent].id &&
           same_columns(&tables[parent], &now->ref_columns, then->parent_columns);
}

/* A section with wildcards says nothing of a table without such columns. */
static bool is_meant(const struct mr_find_table *table, const struct mr_reference *now)
{
    for (size_t i = 0; now->by_pattern && i < now->columns.count; i++)
        if (mr_affected_column(table, now->columns.items[i]) == table->ncolumns)
            return false;
    return true;
}

/* The line that says the reference at that place. */
static const char *reference_line(const struct said *said, size_t at)
{
    for (size_t i = 0; i < said->now_lines.count; i++) {
        const struct mr_config_line *line = mr_vec_at(&said->now_lines, i);
        if (strcmp(line->key, "reference") == 0 && at-- == 0)
            return line->value;
    }
    return "";
}

/* A reference that cannot lead to anybody in the list is not reported, however new it is. */
static void compare_now(struct comparing *c, size_t t)
{
    const struct said *said = &c->said[t];
    for (size_t i = 0; i < said->now.nreferences; i++) {
        const struct mr_reference *now = &said->now.references[i];
        bool known = mr_table_config_is_dismissed(&said->now, i) ||
                     !is_meant(&c->list->tables[t], now) ||
                     !reference_matters(c, t, table_named(c, now->ref_db, now->ref_table));
        for (size_t k = 0; !known && k < c->references.count; k++)
            known = same_reference(c, t, now, mr_vec_at(&c->references, k));
        if (!known)
            say(&c->unknown, c->list->tables[t].name, "reference", reference_line(said, i));
    }
}

/* Declared keys are no part of a configuration: only what a configuration once said can be
 * missing from this one. */
static enum mr_code compare_then(struct comparing *c, size_t t, struct mr_err *err)
{
    const struct mr_table_config *now = &c->said[t].now;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t k = 0; code == MR_OK && k < c->references.count; k++) {
        const struct mr_lineage_reference *r = mr_vec_at(&c->references, k);
        bool known = r->table != c->list->tables[t].id || r->declared ||
                     !reference_matters(c, t, table_of_id(c, r->parent));
        for (size_t i = 0; !known && i < now->nreferences; i++)
            known = !mr_table_config_is_dismissed(now, i) &&
                    same_reference(c, t, &now->references[i], r);
        if (known)
            continue;
        mr_strbuf_reset(&text);
        mr_strbuf_add_str(&text, r->name);
        if (r->condition != NULL)
            mr_strbuf_add_fmt(&text, " when %s", r->condition);
        code = mr_strbuf_check(&text, "comparing configurations", err);
        if (code == MR_OK)
            say(&c->unsaid, c->list->tables[t].name, "reference", text.ptr);
    }
    mr_strbuf_release(&text);
    return code;
}

/* ---- who rows are, and which are left out ---- */

static const char *line_value(const struct mr_vec *lines, const char *key)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct mr_config_line *line = mr_vec_at(lines, i);
        if (strcmp(line->key, key) == 0)
            return line->value;
    }
    return NULL;
}

/* Is the identity that the run has used made of these columns, in whatever order? */
static bool has_identity(const struct mr_find_table *table, const struct mr_string_list *columns)
{
    size_t n = 0;
    for (; mr_image_part_column(table, MR_IMAGE_IDENTITY, n) < table->ncolumns; n++) {
        size_t at = mr_image_part_column(table, MR_IMAGE_IDENTITY, n);
        if (!mr_string_list_has(columns, table->columns[at].name))
            return false;
    }
    return n == columns->count;
}

static bool is_by_key(const struct mr_find_table *table)
{
    for (size_t n = 0;; n++) {
        size_t id = mr_image_part_column(table, MR_IMAGE_IDENTITY, n);
        if (id != mr_image_part_column(table, MR_IMAGE_KEY, n))
            return false;
        if (id == table->ncolumns)
            return true;
    }
}

/* The run may have found the same identity by itself: a line that only says so is no other
 * configuration. */
static void compare_identity(struct comparing *c, size_t t)
{
    const struct mr_find_table *table = &c->list->tables[t];
    const struct said *said = &c->said[t];
    const char *now = line_value(&said->now_lines, "identity");
    const char *then = line_value(&said->then_lines, "identity");
    bool same = mr_same_text(now, then);
    if (!c->inferred && mr_affected_subject_of(c->list, table->id) == NULL)
        return;
    if (said->now.identity == MR_IDENTITY_COLUMNS)
        same = has_identity(table, &said->now.identity_columns);
    else if (said->now.identity == MR_IDENTITY_KEY)
        same = is_by_key(table);
    if (same)
        return;
    if (now != NULL)
        say(&c->unknown, table->name, "identity", now);
    if (then != NULL)
        say(&c->unsaid, table->name, "identity", then);
}

static void compare_subject(struct comparing *c, size_t t)
{
    const struct mr_find_table *table = &c->list->tables[t];
    bool named = c->choice->subjects.count > 0 || !c->any;
    bool chosen = mr_affected_subject_of(c->list, table->id) != NULL;
    /* its rows were not looked for on the other side, as those of a subject are */
    if (chosen && table->windowed && table->subject == MR_SUBJECT_NO)
        say(&c->unknown, table->name, "subject", "yes");
    if (!named && table->subject == MR_SUBJECT_CONFIGURED && !c->said[t].now.subject)
        say(&c->unsaid, table->name, "subject", "yes");
}

/* Lines of some keys that only one of them has. */
static void compare_lines(const char *table, const struct mr_vec *lines,
                          const struct mr_vec *others, struct lines *out)
{
    static const char *const keys[] = {"where", "ignore-columns", "column"};
    for (size_t i = 0; i < lines->count; i++) {
        const struct mr_config_line *line = mr_vec_at(lines, i);
        bool counts = false;
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            counts = counts || strcmp(line->key, keys[k]) == 0;
        if (counts && !mr_config_has_line(others, line->key, line->value))
            say(out, table, line->key, line->value);
    }
}

static enum mr_code compare_tables(struct comparing *c, struct mr_err *err)
{
    for (size_t t = 0; t < c->list->ntables; t++) {
        const struct said *said = &c->said[t];
        const char *name = c->list->tables[t].name;
        compare_subject(c, t);
        if (!c->any)
            continue; /* --subject alone: all else is as the run had it */
        compare_identity(c, t);
        if (said->leads || c->inferred) {
            compare_lines(name, &said->now_lines, &said->then_lines, &c->unknown);
            compare_lines(name, &said->then_lines, &said->now_lines, &c->unsaid);
        }
        if (!c->list->run.kin_done)
            continue; /* and that is said */
        compare_now(c, t);
        MR_TRY(compare_then(c, t, err));
    }
    return MR_OK;
}

/* ---- subjects that the run did not compare ---- */

static bool says_subject(const struct mr_ini_section *section)
{
    bool yes = false;
    for (const struct mr_ini_entry *e = section->entries; e != NULL; e = e->next)
        if (strcmp(e->key, "subject") == 0)
            yes = strcmp(e->value, "yes") == 0;
    return strcmp(section->word, "table") == 0 && yes;
}

/* Does a section's pattern match a table of the run; *near: or one of its databases? */
static enum mr_code matches_run(struct comparing *c, const char *pattern, bool *yes, bool *near,
                                struct mr_err *err)
{
    const char *end = strchr(pattern, '.');
    *yes = *near = false;
    for (size_t i = 0; i < c->list->ntables; i++) {
        const char *name = c->list->tables[i].name;
        *near = *near || end == NULL || strncmp(name, pattern, (size_t)(end - pattern) + 1) == 0;
        for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
            const char *db = mr_arena_dup(&c->list->arena, name, (size_t)(dot - name));
            if (db == NULL)
                return no_memory(err);
            *yes = *yes || mr_pattern_match(pattern, db, dot + 1);
        }
    }
    return MR_OK;
}

/* A section may mean a table that the run never had. A name that is nearly one of the run's is a
 * slip; a pattern may match none. */
static enum mr_code compare_sections(struct comparing *c, struct mr_err *err)
{
    bool named = false, met = false;
    const char *first = NULL;
    enum mr_code code = MR_OK;
    for (const struct mr_ini_section *s = c->choice->config->sections;
         code == MR_OK && s != NULL && c->choice->subjects.count == 0; s = s->next) {
        bool yes = false, near = false;
        if (!says_subject(s))
            continue;
        code = matches_run(c, s->argument, &yes, &near, err);
        if (code == MR_OK && !yes && near && strpbrk(s->argument, "*?") == NULL) {
            say(&c->unknown, s->argument, "subject", "yes");
            named = true;
        }
        first = first != NULL ? first : s->argument;
        met = met || yes;
    }
    /* who is listed is then whom the run took for the people */
    if (code == MR_OK && first != NULL && !met && !named)
        say(&c->unknown, first, "subject", "yes");
    return code;
}

/* ---- the whole ---- */

/* Without a section for tables of the run, and without --subject, nothing is said now that the
 * run could contradict: its list is as good as ever. */
static enum mr_code compare(struct comparing *c, struct mr_err *err)
{
    const struct mr_affected_subject *only = c->list->subjects;
    for (size_t i = 0; i < c->list->ntables; i++)
        MR_TRY(read_now(c, i, err));
    MR_TRY(compare_sections(c, err));
    if (!c->any && c->choice->subjects.count == 0)
        return MR_OK;
    c->inferred = c->choice->subjects.count == 0 && c->list->nsubjects == 1 &&
                  only->table->subject == MR_SUBJECT_INFERRED &&
                  !c->said[only->table - c->list->tables].now.subject;
    MR_TRY(read_then(c, err));
    MR_TRY(mr_lineage_references(c->list->fd, &c->list->arena, &c->references, err));
    MR_TRY(collect_edges(c, err));
    MR_TRY(find_differing(c, err));
    spread(c);
    return compare_tables(c, err);
}

static void add_lines(struct mr_strbuf *out, const char *what, const struct lines *lines)
{
    if (lines->count == 0)
        return;
    mr_strbuf_add_fmt(out, "; %s %s", what, lines->text.ptr);
    if (lines->count > NAMED)
        mr_strbuf_add_fmt(out, ", and %zu more", lines->count - NAMED);
}

static enum mr_code tell(const struct comparing *c, const char *case_path, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, command = MR_STRBUF_INIT;
    add_lines(&text, "the run did not know", &c->unknown);
    add_lines(&text, "it knew, and this does not say,", &c->unsaid);
    mr_run_check_command(&c->list->run, c->choice->config->file, case_path, &command);
    enum mr_code code = mr_strbuf_check(&text, "comparing configurations", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&command, "comparing configurations", err);
    if (code == MR_OK) {
        mr_log_warning("run %s was made with another configuration, and the list may be "
                       "another%s",
                       c->list->run.uuid, text.ptr);
        mr_log_warning("compare with this one, then %s: %s",
                       c->choice->planned ? "plan, and list by that plan" : "list again",
                       command.ptr);
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&command);
    return code;
}

enum mr_code mr_affected_config(struct mr_affected *list, const struct mr_affected_choice *choice,
                                const char *case_path, bool *differs, struct mr_err *err)
{
    struct comparing c = {.list = list,
                          .choice = choice,
                          .unknown = {.text = MR_STRBUF_INIT},
                          .unsaid = {.text = MR_STRBUF_INIT},
                          .references = MR_VEC_INIT(struct mr_lineage_reference),
                          .edges = MR_VEC_INIT(struct edge)};
    enum mr_code code = MR_OK;
    c.said = mr_arena_calloc(&list->arena, list->ntables + 1, sizeof *c.said);
    if (c.said == NULL)
        return no_memory(err);
    for (size_t i = 0; i < list->ntables; i++)
        c.said[i].now_lines = c.said[i].then_lines =
            (struct mr_vec)MR_VEC_INIT(struct mr_config_line);
    code = compare(&c, err);
    *differs = c.unknown.count + c.unsaid.count > 0;
    if (code == MR_OK && *differs)
        code = tell(&c, case_path, err);
    for (size_t i = 0; i < list->ntables; i++) {
        mr_vec_release(&c.said[i].now_lines);
        mr_vec_release(&c.said[i].then_lines);
    }
    mr_strbuf_release(&c.unknown.text);
    mr_strbuf_release(&c.unsaid.text);
    mr_vec_release(&c.references);
    mr_vec_release(&c.edges);
    return code;
}
