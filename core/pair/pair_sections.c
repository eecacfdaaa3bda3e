/* pair_sections.c: see pair_sections.h. */
#include "core/pair/pair_sections.h"

#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/suggest.h"
#include "core/cli/config.h"

static bool names_one_table(const struct mr_ini_section *section)
{
    return strcmp(section->word, "table") == 0 && strpbrk(section->argument, "*?") == NULL;
}

static bool is_matched(const struct mr_pairing *pairing, const char *name)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_catalogue *cat = pairing->side[side].cat;
        for (size_t i = 0; i < cat->ntables; i++)
            if (mr_pattern_match(name, cat->tables[i].db, cat->tables[i].name))
                return true;
    }
    return false;
}

/* In whatever letters; a bare name is one of each of them. */
static bool is_of_run(const struct mr_pairing *pairing, const char *name)
{
    if (strchr(name, '.') == NULL)
        return true;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_catalogue *cat = pairing->side[side].cat;
        for (size_t i = 0; i < cat->ndbs; i++) {
            size_t len = strlen(cat->dbs[i].name);
            if (strncasecmp(name, cat->dbs[i].name, len) == 0 && name[len] == '.')
                return true;
        }
    }
    return false;
}

static bool has_section(const struct mr_config *config, const struct mr_table *table)
{
    for (const struct mr_ini_section *s = config->sections; s != NULL; s = s->next)
        if (names_one_table(s) && mr_pattern_match(s->argument, table->db, table->name))
            return true;
    return false;
}

static void add_name(struct mr_strbuf *out, const struct mr_table *table, bool bare)
{
    mr_strbuf_reset(out);
    if (bare)
        mr_strbuf_add_str(out, table->name);
    else
        mr_strbuf_add_fmt(out, "%s.%s", table->db, table->name);
}

/* The table of SOURCE whose name is nearest, other letters before all; NULL: none is near. */
static const struct mr_table *find_meant(const struct mr_pairing *pairing, const char *name,
                                         struct mr_strbuf *text)
{
    const struct mr_catalogue *cat = pairing->side[MR_SOURCE].cat;
    const bool bare = strchr(name, '.') == NULL;
    const struct mr_table *best = NULL;
    size_t nearest = SIZE_MAX;
    for (size_t i = 0; i < cat->ntables; i++) {
        struct mr_suggest suggest = {.typed = name};
        add_name(text, &cat->tables[i], bare);
        if (text->failed)
            return NULL;
        if (strcasecmp(text->ptr, name) == 0)
            return &cat->tables[i];
        mr_suggest_offer(&suggest, text->ptr);
        if (suggest.best != NULL && suggest.distance < nearest) {
            nearest = suggest.distance;
            best = &cat->tables[i];
        }
    }
    return best;
}

/* A section for a table of another run is no slip: it is told only where it was meant for a table
 * of this one. */
void mr_pair_section_text(const struct mr_pairing *pairing, const struct mr_ini_section *section,
                          struct mr_strbuf *out)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *name = section->argument;
    if (!names_one_table(section) || is_matched(pairing, name))
        return;
    const struct mr_table *meant = find_meant(pairing, name, &text);
    mr_strbuf_release(&text);
    if (!is_of_run(pairing, name) && (meant == NULL || has_section(pairing->config, meant)))
        return;
    mr_strbuf_add_fmt(out,
                      "%s:%u: section [table %s] matches no table, and nothing of it is "
                      "used",
                      section->file, section->line, name);
    if (meant != NULL)
        mr_strbuf_add_fmt(out, ": is \"%s.%s\" meant?", meant->db, meant->name);
}

/* ---- columns that a section names ---- */

/* Has a table of the section the column?  *any: there is a table. */
static bool is_column(const struct mr_pairing *pairing, const struct mr_ini_section *section,
                      const char *name, bool *any, struct mr_suggest *near)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_catalogue *cat = pairing->side[side].cat;
        for (size_t i = 0; i < cat->ntables; i++) {
            const struct mr_table *t = &cat->tables[i];
            if (!mr_pattern_match(section->argument, t->db, t->name))
                continue;
            *any = true;
            if (mr_table_column(t, name) != NULL)
                return true;
            for (size_t k = 0; k < t->ncolumns; k++)
                mr_suggest_offer(near, t->columns[k].name);
        }
    }
    return false;
}

/* The column at that place of the line, of a key that is a list of them; NULL: none. */
static const char *listed_column(const struct mr_table_config *config, const char *key, size_t at)
{
    if (strcmp(key, "merge") == 0)
        return at < config->merge.nrules ? config->merge.rules[at].column : NULL;
    const struct mr_string_list *list = strcmp(key, "ignore-columns") == 0 ? &config->ignore_columns
                                        : strcmp(key, "mask") == 0         ? &config->mask
                                                                           : NULL;
    return list != NULL && at < list->count ? list->items[at] : NULL;
}

void mr_pair_section_columns(const struct mr_pairing *pairing, const struct mr_ini_section *section,
                             const struct mr_ini_entry *entry, struct mr_strbuf *out)
{
    struct mr_table_config config = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    if (strcmp(section->word, "table") != 0)
        return;
    enum mr_code code = mr_table_config_set(&config, entry->key, entry->value, &arena, NULL);
    const char *name = NULL;
    for (size_t i = 0; code == MR_OK && (name = listed_column(&config, entry->key, i)) != NULL;
         i++) {
        struct mr_suggest near = {.typed = name};
        bool any = false;
        if (is_column(pairing, section, name, &any, &near) || !any)
            continue;
        mr_strbuf_add_fmt(out, "%s%s:%u: %s of [table %s] names \"%s\", which no table has",
                          out->len > 0 ? "; " : "", entry->file, entry->line, entry->key,
                          section->argument, name);
        if (near.best != NULL)
            mr_strbuf_add_fmt(out, ": is \"%s\" meant?", near.best);
    }
    mr_arena_release(&arena);
}

/* ---- patterns of the command line ---- */

/* SOURCE's name of a database of either side, by which patterns go. */
static const char *name_of_db(const struct mr_pairing *pairing, int side, const char *db)
{
    const struct mr_server_side *s = &pairing->side[MR_SOURCE];
    const struct mr_server_side *t = &pairing->side[MR_TARGET];
    for (size_t i = 0; side == MR_TARGET && i < s->ndbs && i < t->ndbs; i++)
        if (strcmp(t->dbs[i], db) == 0)
            return s->dbs[i];
    return db;
}

/* Views and sequences are chosen by patterns, too. */
static bool is_pattern_of(const struct mr_pairing *pairing, int side, const char *pattern)
{
    const struct mr_catalogue *cat = pairing->side[side].cat;
    for (size_t i = 0; i < cat->ntables; i++)
        if (mr_pattern_match(pattern, name_of_db(pairing, side, cat->tables[i].db),
                             cat->tables[i].name))
            return true;
    for (size_t i = 0; i < cat->nobjects; i++)
        if (mr_pattern_match(pattern, name_of_db(pairing, side, cat->objects[i].db),
                             cat->objects[i].name))
            return true;
    return false;
}

void mr_pair_pattern_text(const struct mr_pairing *pairing, const char *option, const char *pattern,
                          struct mr_strbuf *out)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (is_pattern_of(pairing, MR_SOURCE, pattern) || is_pattern_of(pairing, MR_TARGET, pattern))
        return;
    const struct mr_table *meant = find_meant(pairing, pattern, &text);
    mr_strbuf_release(&text);
    mr_strbuf_add_fmt(out, "%s \"%s\" matches no table", option, pattern);
    if (meant != NULL)
        mr_strbuf_add_fmt(out, ": is \"%s.%s\" meant?", meant->db, meant->name);
}

/* ---- the warnings ---- */

static enum mr_code warn(struct mr_strbuf *text, struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(text, "looking for names", err);
    if (code == MR_OK && text->len > 0)
        mr_log_warning("%s", text->ptr);
    mr_strbuf_reset(text);
    return code;
}

enum mr_code mr_pair_patterns_warn(const struct mr_pairing *pairing, const char *option,
                                   const struct mr_string_list *patterns, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < patterns->count; i++) {
        mr_pair_pattern_text(pairing, option, patterns->items[i], &text);
        code = warn(&text, err);
    }
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_pair_sections_warn(const struct mr_pairing *pairing, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (const struct mr_ini_section *s = pairing->config->sections; code == MR_OK && s != NULL;
         s = s->next) {
        mr_pair_section_text(pairing, s, &text);
        code = warn(&text, err);
        for (const struct mr_ini_entry *e = s->entries; code == MR_OK && e != NULL; e = e->next) {
            mr_pair_section_columns(pairing, s, e, &text);
            code = warn(&text, err);
        }
    }
    mr_strbuf_release(&text);
    return code;
}
