/* pair_sections.c: see pair_sections.h. */
#include "core/pair/pair_sections.h"

#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/suggest.h"

static bool names_one_table(const struct mr_ini_section *section)
{
    return strcmp(section->word, "table") == 0 &&
           strpbrk(section->argument, "*?") == NULL;
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
static const struct mr_table *find_meant(const struct mr_pairing *pairing,
                                         const char *name, struct mr_strbuf *text)
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

void mr_pair_section_text(const struct mr_pairing *pairing,
                          const struct mr_ini_section *section, struct mr_strbuf *out)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *name = section->argument;
    if (!names_one_table(section) || is_matched(pairing, name))
        return;
    const struct mr_table *meant = find_meant(pairing, name, &text);
    mr_strbuf_release(&text);
    if (!is_of_run(pairing, name) &&
        (meant == NULL || has_section(pairing->config, meant)))
        return;
    mr_strbuf_add_fmt(out,
                      "%s:%u: section [table %s] matches no table, and nothing of it is "
                      "used",
                      pairing->config->file, section->line, name);
    if (meant != NULL)
        mr_strbuf_add_fmt(out, ": is \"%s.%s\" meant?", meant->db, meant->name);
}

enum mr_code mr_pair_sections_warn(const struct mr_pairing *pairing, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (const struct mr_ini_section *s = pairing->config->sections;
         code == MR_OK && s != NULL; s = s->next) {
        mr_strbuf_reset(&text);
        mr_pair_section_text(pairing, s, &text);
        code = mr_strbuf_check(&text, "reading the configuration", err);
        if (code == MR_OK && text.len > 0)
            mr_log_warning("%s", text.ptr);
    }
    mr_strbuf_release(&text);
    return code;
}
