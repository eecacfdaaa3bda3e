/* history_catch_up.c: see history_catch_up.h. */
#include "recon/history/history_catch_up.h"

#include <string.h>

#include "core/base/log.h"
#include "core/row/when.h"
#include "recon/history/history_collect.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading on in binary logs");
}

/* ---- the options of the collection ---- */

struct options {
    struct mr_arena *arena;
    struct mr_history_collect *c;
    struct mr_vec tables, exclude; /* const char * */
    struct mr_when split_at;
    bool has_logs; /* that were named */
};

static enum mr_code add(struct mr_vec *list, const char *text, struct mr_err *err)
{
    const char **slot = mr_vec_push(list);
    if (slot == NULL)
        return nomem(err);
    *slot = text;
    return MR_OK;
}

/* Lines as options_text() of history_collect.c has them: of the splits SOURCE's comes first. */
static enum mr_code take_line(struct options *o, const char *line, size_t *splits,
                              struct mr_err *err)
{
    static const char run[] = "run ", split[] = "split ", at[] = "at ", tables[] = "tables ",
                      not [] = "exclude ";
    if (strncmp(line, "log ", 4) == 0)
        o->has_logs = true;
    if (strncmp(line, run, sizeof run - 1) == 0)
        o->c->known_run = line + sizeof run - 1;
    if (strncmp(line, tables, sizeof tables - 1) == 0)
        return add(&o->tables, line + sizeof tables - 1, err);
    if (strncmp(line, not, sizeof not -1) == 0)
        return add(&o->exclude, line + sizeof not -1, err);
    if (strncmp(line, at, sizeof at - 1) == 0 && line[sizeof at - 1] != '\0') {
        o->c->split_at_text = line + sizeof at - 1;
        o->c->split_at = &o->split_at;
        return mr_when_parse(&o->split_at, o->c->split_at_text, err);
    }
    if (strncmp(line, split, sizeof split - 1) == 0 && *splits < MR_SIDES) {
        const char *place = line + sizeof split - 1;
        o->c->split[*splits] = *place != '\0' ? place : NULL;
        (*splits)++;
    }
    return MR_OK;
}

static enum mr_code take_options(struct options *o, const char *text, struct mr_err *err)
{
    size_t splits = 0;
    for (const char *at = text; *at != '\0';) {
        const size_t len = strcspn(at, "\n");
        const char *line = mr_arena_dup(o->arena, at, len);
        if (line == NULL)
            return nomem(err);
        MR_TRY(take_line(o, line, &splits, err));
        at += len + (at[len] == '\n');
    }
    o->c->tables = (struct mr_string_list){o->tables.items, o->tables.count};
    o->c->exclude = (struct mr_string_list){o->exclude.items, o->exclude.count};
    return MR_OK;
}

/* ---- reading on ---- */

/* What is wrong with a log, or not allowed, does not end a plan: it does without. */
static bool is_of_log(enum mr_code code)
{
    return code == MR_E_REFUSED || code == MR_E_BINLOG || code == MR_E_DENIED ||
           code == MR_E_UNSUPPORTED || code == MR_E_SQL || code == MR_E_NO_SUCH ||
           code == MR_E_USAGE;
}

static enum mr_code keep_why(struct mr_catch_up *cu, const char *why, struct mr_err *err)
{
    cu->why = mr_arena_strdup(cu->arena, why);
    return cu->why != NULL ? MR_OK : nomem(err);
}

/* Of the second time: what was changed between the two may be in the views, or not. */
static enum mr_code flag_moving(const struct mr_catch_up *cu, const struct mr_history_collect *c,
                                struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (c->fresh[side] > 0)
            MR_TRY(mr_evidence_flag_since(cu->fd, side, cu->last_tx, err));
    return MR_OK;
}

static enum mr_code read_on(struct mr_catch_up *cu, struct mr_history_collect *c,
                            const struct mr_evidence_collection *known, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_history_collect_on(c, known, &why);
    if (code != MR_OK && is_of_log(code) && !c->has_begun)
        return keep_why(cu, why.message, err);
    if (code != MR_OK) {
        *err = why;
        /* a refusal says what to do */
        if (c->has_begun && (code != MR_E_REFUSED || why.hint[0] == '\0'))
            mr_err_hint(err, "What the case knows of logs does not count until they are read to "
                             "their end: run it again, or myrecon history collect.");
        return code;
    }
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        cu->is_covered[side] = true;
        cu->transactions[side] += c->fresh[side];
    }
    if (cu->is_second)
        return flag_moving(cu, c, err);
    if (!c->has_begun) /* keys that moved while an earlier plan was made have come to rest */
        MR_TRY(mr_evidence_flag_none(cu->fd, err));
    return mr_evidence_newest_tx(cu->fd, &cu->last_tx, err);
}

enum mr_code mr_history_catch_up(struct mr_catch_up *cu, struct mr_err *err)
{
    struct mr_evidence_collection known;
    struct mr_history_collect c;
    struct options o = {.arena = cu->arena,
                        .c = &c,
                        .tables = MR_VEC_INIT(const char *),
                        .exclude = MR_VEC_INIT(const char *)};
    cu->is_covered[MR_SOURCE] = cu->is_covered[MR_TARGET] = false;
    cu->why = NULL;
    MR_TRY(mr_evidence_collection_find(cu->fd, cu->arena, &known, &cu->is_known, err));
    if (!cu->is_known)
        return MR_OK;
    mr_history_collect_init(&c);
    c.fd = cu->fd;
    c.run = *cu->run;
    c.config = cu->config;
    c.login = cu->login;
    c.statement_timeout_s = cu->statement_timeout_s;
    c.run_tag = cu->run_tag;
    c.arena = cu->arena;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        c.uris[side] = cu->uris[side];
    enum mr_code code = take_options(&o, known.options, err);
    if (code == MR_OK)
        code = mr_progress_new(cu->progress, &c.progress, err);
    if (code == MR_OK && o.has_logs)
        code = keep_why(cu, "they were read from files, or from another server", err);
    else if (code == MR_OK)
        code = read_on(cu, &c, &known, err);
    mr_progress_finish(c.progress);
    mr_progress_free(c.progress);
    mr_history_collect_release(&c);
    mr_vec_release(&o.tables);
    mr_vec_release(&o.exclude);
    return code;
}
