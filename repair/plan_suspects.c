/* plan_suspects.c: see plan_suspects.h. */
#include "repair/plan_suspects.h"

#include <string.h>
#include <strings.h>

/* Is it the table that the column seems to refer to, by the configuration's section that
 * check proposes? */
static enum mr_code proposes(const struct mr_find_advice *advice,
                             const struct mr_plan_table *parent, bool *yes,
                             struct mr_err *err)
{
    struct mr_config *config = NULL;
    struct mr_table_config said = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    const char *dot = strchr(advice->table, '.');
    struct mr_strbuf db = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    *yes = false;
    mr_strbuf_add(&db, advice->table, dot != NULL ? (size_t)(dot - advice->table) : 0);
    enum mr_code code =
        mr_config_parse(advice->config, strlen(advice->config), "advice", &config, err);
    if (code == MR_OK)
        code = mr_config_table(config, db.ptr, dot != NULL ? dot + 1 : "", &arena, &said,
                               err);
    for (size_t i = 0; code == MR_OK && i < said.nreferences; i++) {
        mr_strbuf_reset(&name);
        mr_strbuf_add_fmt(&name, "%s.%s", said.references[i].ref_db,
                          said.references[i].ref_table);
        *yes = *yes || strcasecmp(name.ptr, mr_plan_table_name(parent)) == 0;
    }
    mr_config_free(config);
    mr_arena_release(&arena);
    mr_strbuf_release(&db);
    mr_strbuf_release(&name);
    return code;
}

/* Has the configuration said by now what the column is? */
static bool is_settled(const struct mr_plan_tables *plan,
                       const struct mr_find_advice *advice)
{
    for (size_t i = 0; i < plan->ntables; i++) {
        const struct mr_table_config *config = plan->tables[i].pair->config;
        if (strcmp(mr_plan_table_name(&plan->tables[i]), advice->table) != 0)
            continue;
        for (size_t r = 0; r < config->nreferences; r++)
            for (size_t k = 0; k < config->references[r].columns.count; k++)
                if (strcasecmp(config->references[r].columns.items[k], advice->column) ==
                    0)
                    return true;
        return false;
    }
    return true; /* not planned: the closure looks at it */
}

static enum mr_code refuse(const struct mr_find_advice *advice,
                           const struct mr_plan_table *parent, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "column \"%s\" of table \"%s\" looks like a reference to \"%s\", whose "
        "ids change hands, and nothing declares it",
        advice->column, advice->table, mr_plan_table_name(parent));
    mr_err_hint(
        err,
        "Declare it in the configuration, or write reference = none: %s in [table "
        "%s].",
        advice->column, advice->table);
    return MR_E_REFUSED;
}

enum mr_code mr_plan_suspects_check(const struct mr_plan_tables *plan,
                                    struct mr_findings *fd, const bool *is_mapped,
                                    struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec advice = MR_VEC_INIT(struct mr_find_advice);
    enum mr_code code = mr_findings_advice(fd, &arena, &advice, err);
    for (size_t i = 0; code == MR_OK && i < advice.count; i++) {
        const struct mr_find_advice *a = mr_vec_at(&advice, i);
        if (a->column == NULL || a->config == NULL || is_settled(plan, a))
            continue;
        for (size_t t = 0; code == MR_OK && t < plan->ntables; t++) {
            bool yes = false;
            if (is_mapped[t])
                code = proposes(a, &plan->tables[t], &yes, err);
            if (code == MR_OK && yes)
                code = refuse(a, &plan->tables[t], err);
        }
    }
    mr_vec_release(&advice);
    mr_arena_release(&arena);
    return code;
}
