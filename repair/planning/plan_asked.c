/* plan_asked.c: see plan_asked.h. */
#include "repair/planning/plan_asked.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/casefile.h"
#include "repair/plan/undecided.h"

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_asked (plan INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"
    " digest TEXT NOT NULL, page_key TEXT NOT NULL) STRICT;";

static const struct mr_plan_file *questions_of(const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->nfiles; i++)
        if (strcmp(m->files[i].name, MR_CONFLICTS_FILE) == 0 && m->files[i].undecided != NULL)
            return &m->files[i];
    return NULL;
}

enum mr_code mr_plan_asked_keep(struct mr_case *cf, int64_t plan,
                                const struct mr_manifest *manifest, struct mr_err *err)
{
    const struct mr_plan_file *file = questions_of(manifest);
    if (file == NULL || manifest->page_key == NULL)
        return MR_OK;
    MR_TRY(mr_case_exec(cf, schema_sql, err));
    return MR_CASE_ONCE(cf,
                        "INSERT OR REPLACE INTO plan_asked (plan, uuid, digest, page_key)"
                        " VALUES (:plan, :uuid, :digest, :page_key)",
                        err, MR_ARG_INT("plan", plan), MR_ARG_TEXT("uuid", manifest->uuid),
                        MR_ARG_TEXT("digest", file->undecided),
                        MR_ARG_TEXT("page_key", manifest->page_key));
}

/* A plan as the case knows it. */
struct asked {
    int64_t plan;
    const char *digest, *page_key, *dir;
};

#define ASKED(member, type) MR_CASE_FIELD(struct asked, member, MR_CASE_##type)
static const struct mr_case_field asked_fields[] =
    MR_CASE_LIST(ASKED(plan, INT), ASKED(digest, TEXT), ASKED(page_key, TEXT), ASKED(dir, TEXT));

static enum mr_code read_one(struct mr_case_stmt *stmt, struct mr_arena *arena, struct asked *asked,
                             bool *found, struct mr_err *err)
{
    return mr_case_fields_one(stmt, MR_CASE_FIELDS(asked_fields), arena, asked, found, err);
}

static enum mr_code find(struct mr_case *cf, const char *uuid, struct mr_arena *arena,
                         struct asked *asked, bool *found, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        cf,
        "SELECT a.plan AS plan, a.digest AS digest, a.page_key AS page_key, p.dir AS dir"
        " FROM plan_asked a JOIN plan p ON p.id = a.plan WHERE a.uuid = :uuid",
        &stmt, err, MR_ARG_TEXT("uuid", uuid));
    if (code == MR_OK)
        code = read_one(stmt, arena, asked, found, err);
    mr_case_free(stmt);
    return code;
}

/* The last one that was made since, and asks something else. */
static enum mr_code find_later(struct mr_case *cf, const struct asked *mine, struct mr_arena *arena,
                               struct asked *later, bool *found, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        cf,
        "SELECT a.plan AS plan, a.digest AS digest, a.page_key AS page_key, p.dir AS dir"
        " FROM plan_asked a JOIN plan p ON p.id = a.plan WHERE a.plan > :plan"
        " AND p.state = 'written' ORDER BY a.plan DESC LIMIT 1",
        &stmt, err, MR_ARG_INT("plan", mine->plan));
    if (code == MR_OK)
        code = read_one(stmt, arena, later, found, err);
    mr_case_free(stmt);
    *found = *found && strcmp(later->digest, mine->digest) != 0;
    return code;
}

static enum mr_code refuse(struct mr_err *err, const char *hint)
{
    mr_err_hint(err, "%s", hint);
    return MR_E_REFUSED;
}

static enum mr_code check_asked(struct mr_case *cf, const struct asked *mine, const char *digest,
                                struct mr_arena *arena, struct mr_err *err)
{
    struct asked later = {0};
    bool found = false;
    if (strcmp(mine->digest, digest) != 0) {
        (void)mr_err_set(err, MR_E_REFUSED, "it answers other questions than those of plan \"%s\"",
                         mine->dir);
        return refuse(err, "Make the page of that plan again: repair decide.");
    }
    MR_TRY(find_later(cf, mine, arena, &later, &found, err));
    if (!found)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "it answers plan \"%s\", and plan \"%s\" was made since and asks other "
                     "questions",
                     mine->dir, later.dir);
    return refuse(err, "Decide on a page of the later plan.");
}

/* A case of no file knows no plan but the one that is made: whether rows have changed is told by
 * their images alone there. */
enum mr_code mr_plan_asked_check(struct mr_case *cf, const char *uuid, const char *digest,
                                 struct mr_arena *arena, const char **page_key, struct mr_err *err)
{
    struct asked mine = {0};
    bool known = false;
    *page_key = NULL;
    if (mr_case_path(cf)[0] == '\0')
        return MR_OK;
    MR_TRY(mr_case_has_table(cf, "plan_asked", &known, err));
    if (known)
        MR_TRY(find(cf, uuid, arena, &mine, &known, err));
    if (!known) {
        (void)mr_err_set(err, MR_E_REFUSED,
                         "it answers plan \"%.100s\", of which the case knows nothing", uuid);
        return refuse(err, "Name the case that the plan was made with, or decide on a page of a "
                           "plan of this case.");
    }
    MR_TRY(check_asked(cf, &mine, digest, arena, err));
    *page_key = mine.page_key;
    return MR_OK;
}
