/* gate_absent.c: tables, sequences and databases that should be there and are not shown; see
 * gate_work.h. */
#include <string.h>

#include "core/db/sqltext.h"
#include "recon/gate/gate_work.h"

static bool is_named(const struct mr_gate_facts *facts, const char *db)
{
    for (size_t i = 0; i < facts->nnamed; i++)
        if (mr_server_same_name(&facts->server, facts->named[i], db))
            return true;
    return facts->nnamed == 0;
}

static enum mr_code probe_absent(const struct mr_gate_task *task, struct mr_gate_absent *absent,
                                 struct mr_err *err)
{
    const bool is_db = absent->name[0] == '\0';
    struct mr_strbuf place = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code =
        mr_schema_probe(task->link->db, absent->db, is_db ? "any" : absent->name, NULL, &why);
    if (is_db) {
        mr_sql_ident(&place, absent->db);
        mr_strbuf_add_str(&place, ".*");
    } else {
        mr_sql_table(&place, absent->db, absent->name);
    }
    if (code == MR_E_NO_SUCH || code == MR_OK) /* created this moment: not ours to judge */
        absent->view.seen = MR_GATE_SEEN;
    else
        absent->view = mr_gate_link_view(task->link, code, &why, "SELECT", place.ptr, task->arena);
    mr_strbuf_release(&place);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

/* What the catalogue does not show is gone, or hidden from this account: only a probe of the
 * sequence itself tells. */
static enum mr_code find_absent_sequences(const struct mr_gate_task *task,
                                          struct mr_gate_facts *facts, struct mr_err *err)
{
    const struct mr_gate_facts *past = task->past;
    struct mr_gate_absent *absent =
        mr_arena_calloc(task->arena, past->nsequences + 1, sizeof *absent);
    enum mr_code code = MR_OK;
    if (absent == NULL)
        return mr_err_nomem(err, "looking for sequences");
    facts->absent_sequences = absent;
    for (size_t i = 0; code == MR_OK && i < past->nsequences; i++) {
        struct mr_gate_absent *a = &absent[facts->nabsent_sequences];
        a->db = mr_gate_facts_pair(past, facts, past->sequences[i].db);
        a->name = past->sequences[i].name;
        if (!is_named(facts, a->db) || !mr_gate_work_selects(task, a->db, a->name) ||
            mr_gate_facts_sequence(facts, a->db, a->name) != NULL)
            continue;
        code = probe_absent(task, a, err);
        facts->nabsent_sequences++;
    }
    return code;
}

/* Gone, or only hidden from the account? */
static enum mr_code find_absent_tables(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                       struct mr_err *err)
{
    const struct mr_gate_facts *past = task->past;
    struct mr_gate_absent *absent = mr_arena_calloc(task->arena, past->ntables + 1, sizeof *absent);
    enum mr_code code = MR_OK;
    if (absent == NULL)
        return mr_err_nomem(err, "looking for tables");
    facts->absent = absent;
    for (size_t i = 0; code == MR_OK && i < past->ntables; i++) {
        const struct mr_gate_table *then = &past->tables[i];
        struct mr_gate_absent *a = &absent[facts->nabsent];
        a->db = mr_gate_facts_pair(past, facts, then->db);
        a->name = then->name;
        if (!is_named(facts, a->db) || !mr_gate_work_selects(task, a->db, a->name) ||
            mr_gate_facts_twin(past, facts, then->db, then->name) != NULL)
            continue;
        code = probe_absent(task, a, err);
        facts->nabsent++;
    }
    return code;
}

static bool has_absent_table(const struct mr_gate_facts *facts, const char *db)
{
    for (size_t i = 0; i < facts->nabsent; i++)
        if (strcmp(facts->absent[i].db, db) == 0)
            return true;
    return false;
}

/* Those that had no table among the ones that are looked at: views, routines, events and
 * sequences went with them. */
static enum mr_code find_absent_dbs(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                    struct mr_err *err)
{
    const struct mr_gate_facts *past = task->past;
    struct mr_gate_absent *absent = mr_arena_calloc(task->arena, past->ndbs + 1, sizeof *absent);
    enum mr_code code = MR_OK;
    if (absent == NULL)
        return mr_err_nomem(err, "looking for databases");
    facts->absent_dbs = absent;
    for (size_t i = 0; code == MR_OK && i < past->ndbs; i++) {
        struct mr_gate_absent *a = &absent[facts->nabsent_dbs];
        a->db = mr_gate_facts_pair(past, facts, past->dbs[i]);
        a->name = "";
        if (!is_named(facts, a->db) || !mr_gate_work_selects(task, a->db, a->name) ||
            mr_gate_facts_db(facts, a->db) != NULL || has_absent_table(facts, a->db))
            continue;
        code = probe_absent(task, a, err);
        facts->nabsent_dbs++;
    }
    return code;
}

/* ---- tables that the configuration names ---- */

static bool is_section(const struct mr_ini_section *section)
{
    return strcmp(section->word, "table") == 0 && strpbrk(section->argument, "*?") == NULL &&
           strchr(section->argument, '.') != NULL;
}

static bool is_among(const struct mr_gate_wanted *list, size_t count, const char *db,
                     const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].db, db) == 0 && strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

static bool is_wanted(const struct mr_gate_facts *facts, const char *db, const char *name)
{
    return is_among(facts->wanted, facts->nwanted, db, name) ||
           is_among(facts->missing, facts->nmissing, db, name);
}

struct wanted {
    struct mr_gate_wanted *hidden, *missing;
};

/* Takes it where one of its checks would pass over it in silence.  One configuration may be for
 * many servers: what it says of a database that this one has not is for others. */
static enum mr_code want(struct mr_gate_work *work, struct mr_gate_facts *facts,
                         const struct wanted *wanted, const char *db, const char *name,
                         struct mr_err *err)
{
    const struct mr_gate_task *task = work->task;
    struct mr_gate_absent absent = {db, name, {.seen = MR_GATE_SEEN}};
    struct mr_table_config config;
    if (!is_named(facts, db) || !mr_gate_work_selects(task, db, name) ||
        mr_gate_facts_table(facts, db, name) != NULL || is_wanted(facts, db, name))
        return MR_OK;
    enum mr_code code = mr_config_table(task->config, db, name, task->arena, &config, err);
    if (code != MR_OK || (config.freshness == NULL && config.sequence == NULL))
        return code;
    code = probe_absent(task, &absent, err);
    const bool missing = absent.view.seen == MR_GATE_SEEN;
    if (code != MR_OK || (missing && mr_gate_facts_db(facts, db) == NULL))
        return code;
    struct mr_gate_wanted *w =
        missing ? &wanted->missing[facts->nmissing++] : &wanted->hidden[facts->nwanted++];
    *w = (struct mr_gate_wanted){.db = mr_gate_work_keep(work, db),
                                 .name = mr_gate_work_keep(work, name),
                                 .view = absent.view,
                                 .fresh = config.freshness != NULL,
                                 .sequence = config.sequence != NULL};
    return MR_OK;
}

/* Of a section with wildcards it is not known which tables it means. */
static enum mr_code find_wanted(struct mr_gate_work *work, struct mr_gate_facts *facts,
                                struct mr_err *err)
{
    const struct mr_ini_section *section = work->task->config->sections;
    struct wanted wanted;
    size_t count = facts->nabsent + 1;
    enum mr_code code = MR_OK;
    for (; section != NULL; section = section->next)
        count += is_section(section) ? 1 : 0;
    wanted.hidden = mr_arena_calloc(work->task->arena, count, sizeof *wanted.hidden);
    wanted.missing = mr_arena_calloc(work->task->arena, count, sizeof *wanted.missing);
    if (wanted.hidden == NULL || wanted.missing == NULL)
        return mr_err_nomem(err, "looking for tables");
    facts->wanted = wanted.hidden;
    facts->missing = wanted.missing;
    for (size_t i = 0; code == MR_OK && i < facts->nabsent; i++)
        if (facts->absent[i].view.seen != MR_GATE_SEEN)
            code = want(work, facts, &wanted, facts->absent[i].db, facts->absent[i].name, err);
    section = work->task->config->sections;
    for (; code == MR_OK && section != NULL; section = section->next) {
        if (!is_section(section))
            continue;
        const char *dot = strchr(section->argument, '.');
        const char *db =
            mr_arena_dup(work->task->arena, section->argument, (size_t)(dot - section->argument));
        code = db != NULL ? want(work, facts, &wanted, db, dot + 1, err)
                          : mr_err_nomem(err, "looking for tables");
    }
    return code == MR_OK && work->nomem ? mr_err_nomem(err, "looking for tables") : code;
}

enum mr_code mr_gate_find_absent(struct mr_gate_work *work, struct mr_gate_facts *facts,
                                 struct mr_err *err)
{
    if (work->task->past != NULL)
        MR_TRY(find_absent_tables(work->task, facts, err));
    if (work->task->past != NULL)
        MR_TRY(find_absent_sequences(work->task, facts, err));
    if (work->task->past != NULL)
        MR_TRY(find_absent_dbs(work->task, facts, err));
    return find_wanted(work, facts, err);
}
