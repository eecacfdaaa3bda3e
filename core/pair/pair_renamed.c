/* pair_renamed.c: see pair_renamed.h. */
#include "core/pair/pair_renamed.h"

#include <strings.h>

#include "core/pair/pair_columns.h"

/* The column of TARGET that the configuration gives to one of SOURCE; NULL: none. */
static const struct mr_renamed *renamed_from(const struct mr_table_config *config,
                                             const char *name)
{
    for (size_t i = 0; i < config->nrenamed; i++)
        if (strcasecmp(config->renamed[i].from, name) == 0)
            return &config->renamed[i];
    return NULL;
}

/* Is a column of TARGET another one's twin already? */
static bool is_renamed_to(const struct mr_table_config *config,
                          const struct mr_table *source, const char *name)
{
    for (size_t i = 0; i < config->nrenamed; i++)
        if (strcasecmp(config->renamed[i].to, name) == 0 &&
            mr_pair_find_column(source, config->renamed[i].from) != NULL)
            return true;
    return false;
}

const struct mr_column *mr_pair_renamed_twin(const struct mr_table_config *config,
                                             const struct mr_table *const side[MR_SIDES],
                                             const char *name)
{
    const struct mr_table *t = side[MR_TARGET];
    const struct mr_renamed *renamed = renamed_from(config, name);
    const struct mr_column *twin =
        renamed != NULL ? mr_pair_find_column(t, renamed->to) : NULL;
    if (twin != NULL || (renamed != NULL && !renamed->by_pattern))
        return twin;
    return is_renamed_to(config, side[MR_SOURCE], name) ? NULL
                                                        : mr_pair_find_column(t, name);
}

static bool is_of_key(const struct mr_table *table, const char *name)
{
    const struct mr_index *key = mr_table_index(table, "PRIMARY");
    for (size_t i = 0; key != NULL && i < key->nparts; i++)
        if (key->parts[i].column != NULL && strcasecmp(key->parts[i].column, name) == 0)
            return true;
    return false;
}

enum mr_code mr_pair_renamed_check(const struct mr_table_config *config,
                                   const struct mr_table *const side[MR_SIDES],
                                   struct mr_err *err)
{
    const struct mr_table *s = side[MR_SOURCE];
    const struct mr_table *t = side[MR_TARGET];
    for (size_t i = 0; i < config->nrenamed; i++) {
        const struct mr_renamed *r = &config->renamed[i];
        bool from = mr_pair_find_column(s, r->from) != NULL;
        bool to = mr_pair_find_column(t, r->to) != NULL;
        bool key = is_of_key(s, r->from) || is_of_key(t, r->to);
        if ((from && to && !key) || (r->by_pattern && !(from && to)))
            continue;
        (void)mr_err_set(err, MR_E_CONFIG, "column = %s -> %s of table \"%s.%s\": %s",
                         r->from, r->to, s->db, s->name,
                         key     ? "a column of the primary key keeps its name"
                         : !from ? "SOURCE has no such column"
                                 : "TARGET has no such column");
        mr_err_hint(err, "Write SOURCE's name -> TARGET's name of a column that was "
                         "renamed.");
        return MR_E_CONFIG;
    }
    return MR_OK;
}
