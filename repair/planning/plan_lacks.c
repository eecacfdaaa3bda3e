/* plan_lacks.c: see plan_lacks.h. */
#include "repair/planning/plan_lacks.h"

#include <string.h>

enum { NAMED = 5 };

static bool is_lacking(const struct mr_plan_lacks *lacks, const struct mr_vec *lines,
                       const struct mr_find_setting *setting)
{
    if (lacks->has_split_keys && strcmp(setting->key, "split-key") == 0)
        return false;
    return !mr_config_has_line(lines, setting->key, setting->value);
}

enum mr_code mr_plan_lacks_add(struct mr_plan_lacks *lacks, const char *table, const char *db,
                               const char *name, const struct mr_vec *settings, struct mr_err *err)
{
    struct mr_vec lines = MR_VEC_INIT(struct mr_config_line);
    bool named = false;
    enum mr_code code = mr_config_lines(lacks->config, db, name, &lines, err);
    for (size_t i = 0; code == MR_OK && i < settings->count; i++) {
        const struct mr_find_setting *s = mr_vec_at(settings, i);
        if (strcmp(s->table, table) != 0 || !is_lacking(lacks, &lines, s) ||
            lacks->count++ >= NAMED)
            continue;
        if (!named)
            mr_strbuf_add_fmt(&lacks->first, "%s[table %s] ", lacks->first.len > 0 ? "; " : "",
                              table);
        mr_strbuf_add_fmt(&lacks->first, "%s%s = %s", named ? ", " : "", s->key, s->value);
        named = true;
    }
    mr_vec_release(&lines);
    return code == MR_OK ? mr_strbuf_check(&lacks->first, "planning", err) : code;
}

void mr_plan_lacks_text(const struct mr_plan_lacks *lacks, const char *run, struct mr_strbuf *out)
{
    if (lacks->count == 0)
        return;
    if (lacks->config->file == NULL)
        mr_strbuf_add_fmt(out,
                          "run %s of the case was made with a configuration file, this "
                          "plan with none: identities, time-columns and references may "
                          "differ (--config FILE); it lacks %s",
                          run, lacks->first.ptr);
    else
        mr_strbuf_add_fmt(out,
                          "run %s of the case was made with another configuration: this "
                          "plan may know rows by other columns; it lacks %s",
                          run, lacks->first.ptr);
    if (lacks->count > NAMED)
        mr_strbuf_add_fmt(out, ", and %zu more", lacks->count - NAMED);
}
