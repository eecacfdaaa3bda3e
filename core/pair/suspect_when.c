/* suspect_when.c: see suspect_when.h. */
#include "core/pair/suspect_when.h"

#include <stdlib.h>

#include "core/pair/pair_columns.h"
#include "core/source/condition.h"

struct condition {
    struct mr_condition *of;
    size_t *at; /* its columns, among the table's */
    struct mr_value *values;
    size_t count;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "looking for references");
}

/* Are all of its columns compared? */
static bool find_columns(const struct mr_pair *table, struct condition *c,
                         const struct mr_column *const *columns)
{
    for (size_t k = 0; k < c->count; k++) {
        size_t i = 0;
        while (i < table->find.ncolumns && mr_pair_column(table, MR_SOURCE, i) != columns[k])
            i++;
        if (i == table->find.ncolumns)
            return false;
        c->at[k] = i;
    }
    return true;
}

static enum mr_code add(struct mr_suspect_when *when, const struct mr_pair *table, const char *text,
                        struct mr_err *err)
{
    struct condition *c = mr_vec_push(&when->conditions);
    const struct mr_column *const *columns;
    struct mr_err why = {0};
    if (c == NULL)
        return nomem(err);
    *c = (struct condition){0};
    enum mr_code code = mr_condition_parse(text, table->side[MR_SOURCE], &c->of, &why);
    if (code == MR_E_UNSUPPORTED) {
        when->always = true;
        return MR_OK;
    }
    if (code != MR_OK) {
        *err = why;
        return code;
    }
    columns = mr_condition_columns(c->of, &c->count);
    c->at = calloc(c->count + 1, sizeof *c->at);
    c->values = calloc(c->count + 1, sizeof *c->values);
    if (c->at == NULL || c->values == NULL)
        return nomem(err);
    if (!find_columns(table, c, columns))
        when->always = true;
    return MR_OK;
}

enum mr_code mr_suspect_when_open(struct mr_suspect_when *when, const struct mr_pair *table,
                                  const char *column, struct mr_err *err)
{
    const struct mr_table_config *config = table->config;
    *when = (struct mr_suspect_when){.conditions = MR_VEC_INIT(struct condition)};
    for (size_t i = 0; config != NULL && i < config->nreferences; i++)
        if (config->references[i].condition != NULL &&
            mr_string_list_has(&config->references[i].columns, column))
            MR_TRY(add(when, table, config->references[i].condition, err));
    return MR_OK;
}

enum mr_code mr_suspect_when_holds(struct mr_suspect_when *when, const struct mr_value *values,
                                   bool *holds, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *holds = when->always;
    for (size_t i = 0; code == MR_OK && !*holds && i < when->conditions.count; i++) {
        struct condition *c = mr_vec_at(&when->conditions, i);
        for (size_t k = 0; k < c->count; k++)
            c->values[k] = values[c->at[k]];
        struct mr_err why = {0};
        code = mr_condition_holds(c->of, c->values, holds, &why);
        if (code == MR_E_UNSUPPORTED) {
            *holds = true;
            code = MR_OK;
        } else if (code != MR_OK) {
            *err = why;
        }
    }
    return code;
}

void mr_suspect_when_release(struct mr_suspect_when *when)
{
    for (size_t i = 0; i < when->conditions.count; i++) {
        struct condition *c = mr_vec_at(&when->conditions, i);
        mr_condition_free(c->of);
        free(c->at);
        free(c->values);
    }
    mr_vec_release(&when->conditions);
}
