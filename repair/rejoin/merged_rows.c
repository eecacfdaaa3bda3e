/* merged_rows.c: see merged_rows.h. */
#include "repair/rejoin/merged_rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/run_change.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_text.h"

/* What a merge says of a table of the rejoin. */
struct mr_merged_table {
    struct mr_findings *fd; /* its case; NULL: no merge knows the table */
    int64_t found;          /* its table in there */
    const char *why;        /* it does not account for the rows of it; NULL: it does */
};

/* Of one key, the decision on who has it on SOURCE: `how` is an enum mr_merged_how. */
static const char schema_sql[] =
    "DROP TABLE IF EXISTS temp.merged;"
    "CREATE TEMP TABLE merged (tbl INT NOT NULL, key BLOB NOT NULL, how INT NOT NULL,"
    " PRIMARY KEY (tbl, key)) WITHOUT ROWID;";

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "proving a merge");
}

enum mr_code mr_merged_book_open(struct mr_merged_book *book, struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(book->fd);
    book->find = NULL;
    book->cases = (struct mr_vec)MR_VEC_INIT(struct mr_findings *);
    book->of = mr_arena_calloc(book->arena, book->tables->ntables + 1, sizeof *book->of);
    if (book->of == NULL)
        return nomem(err);
    MR_TRY(mr_case_exec(cf, schema_sql, err));
    return mr_case_prepare(cf, "SELECT how FROM merged WHERE tbl=:tbl AND key=:key", &book->find,
                           err);
}

void mr_merged_book_close(struct mr_merged_book *book)
{
    mr_case_free(book->find);
    book->find = NULL;
    for (size_t i = 0; i < book->cases.count; i++)
        (void)mr_findings_close(*(struct mr_findings **)mr_vec_at(&book->cases, i), NULL);
    mr_vec_release(&book->cases);
    if (book->fd != NULL)
        (void)mr_case_exec(mr_findings_case(book->fd), "DROP TABLE IF EXISTS temp.merged", NULL);
}

/* ---- the case ---- */

static const struct mr_find_column *part_of_key(const struct mr_find_table *table, int at)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (table->columns[i].key_at == at)
            return &table->columns[i];
    return NULL;
}

/* Keys of other columns would meet no row, and a row that is not met was equal. */
static bool has_same_key(const struct mr_find_table *a, const struct mr_find_table *b)
{
    for (int at = 0;; at++) {
        const struct mr_find_column *x = part_of_key(a, at), *y = part_of_key(b, at);
        if (x == NULL || y == NULL)
            return x == y && at > 0;
        if (strcmp(x->name, y->name) != 0 || x->style.cls != y->style.cls)
            return false;
    }
}

/* Has the run compared every row of the table?  *why: a clause, NULL: it has. */
static enum mr_code judge_table(struct mr_findings *fd, const struct mr_find_table *found,
                                const struct mr_find_table *own, const char **why,
                                struct mr_err *err)
{
    bool is_part = false;
    *why = NULL;
    MR_TRY(mr_table_is_part(mr_findings_case(fd), found->id, &is_part, err));
    if (found->verdict != MR_VERDICT_EQUAL && found->verdict != MR_VERDICT_DIVERGED)
        *why = "its comparison did not come to an end";
    else if (!found->scanned || !found->settled)
        *why = "not all of its rows were compared";
    else if (found->windowed || is_part)
        *why = "only some of its rows were compared (--where, --since, --changed)";
    else if (!has_same_key(found, own))
        *why = "its key is not the one by which it was compared";
    return MR_OK;
}

/* Whoever plans has said that they do not count; what OLD changed in them alone goes nevertheless. */
static enum mr_code tell_ignored(struct mr_merged_book *book, const struct mr_vec *settings,
                                 const char *table, struct mr_err *err)
{
    for (size_t i = 0; i < settings->count && book->dismissed == NULL; i++) {
        const struct mr_find_setting *s = mr_vec_at(settings, i);
        if (strcmp(s->key, "ignore-columns") != 0 || strcmp(s->table, table) != 0)
            continue;
        book->dismissed = mr_arena_fmt(book->arena, "%s of table \"%s\"", s->value, table);
        if (book->dismissed == NULL)
            return nomem(err);
    }
    return MR_OK;
}

static bool was_compared(const struct mr_find_table *found, const char *column)
{
    for (size_t i = 0; i < found->ncolumns; i++)
        if (strcasecmp(found->columns[i].name, column) == 0)
            return true;
    return false;
}

static bool is_ignored(const struct mr_vec *settings, const char *table)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct mr_find_setting *s = mr_vec_at(settings, i);
        if (strcmp(s->key, "ignore-columns") == 0 && strcmp(s->table, table) == 0)
            return true;
    }
    return false;
}

/* A column that LIVE has dropped, or never had: rows that differ in it alone were equal.  What is computed of others
 * is in these. */
static enum mr_code tell_unseen(struct mr_merged_book *book, const struct mr_plan_table *t,
                                const struct mr_find_table *found, struct mr_err *err)
{
    const struct mr_find_table *own = &t->pair->find;
    for (size_t i = 0; i < own->ncolumns && book->unseen == NULL; i++) {
        const char *column = own->columns[i].name;
        if (was_compared(found, column) || (t->generated != NULL && t->generated[i]))
            continue;
        book->unseen = mr_arena_fmt(book->arena, "\"%s\" of table \"%s\"", column, own->name);
        if (book->unseen == NULL)
            return nomem(err);
    }
    return MR_OK;
}

static enum mr_code find_tables(struct mr_merged_book *book, struct mr_findings *fd,
                                struct mr_err *err)
{
    struct mr_vec settings = MR_VEC_INIT(struct mr_find_setting);
    enum mr_code code = mr_findings_settings(fd, book->arena, &settings, err);
    for (size_t i = 0; code == MR_OK && i < book->tables->ntables; i++) {
        const struct mr_find_table *own = &book->tables->tables[i].pair->find;
        struct mr_find_table found;
        bool known = false;
        code = mr_findings_table_find(fd, own->name, book->arena, &found, &known, err);
        if (code != MR_OK || !known)
            continue;
        book->of[i] = (struct mr_merged_table){.fd = fd, .found = found.id};
        code = judge_table(fd, &found, own, &book->of[i].why, err);
        if (code == MR_OK)
            code = tell_ignored(book, &settings, own->name, err);
        if (code == MR_OK && !is_ignored(&settings, own->name))
            code = tell_unseen(book, &book->tables->tables[i], &found, err);
    }
    mr_vec_release(&settings);
    return code;
}

static enum mr_code open_case(struct mr_merged_book *book, const char *path,
                              struct mr_findings **out, struct mr_err *err)
{
    struct mr_findings *fd = NULL, **kept = NULL;
    MR_TRY(mr_findings_open(path, MR_CASE_READ, &fd, err));
    kept = mr_vec_push(&book->cases);
    if (kept == NULL) {
        (void)mr_findings_close(fd, NULL);
        return nomem(err);
    }
    *out = *kept = fd;
    return MR_OK;
}

static struct mr_server server_of(const struct mr_plan_server *planned)
{
    struct mr_server server = {
        .flavour = planned->flavour, .port = planned->port, .server_id = planned->server_id};
    (void)snprintf(server.uuid, sizeof server.uuid, "%s", planned->uuid);
    (void)snprintf(server.hostname, sizeof server.hostname, "%s", planned->hostname);
    (void)snprintf(server.datadir, sizeof server.datadir, "%s", planned->datadir);
    return server;
}

/* Behind an address may be another server than the one that the run has read, as after a second failover:
 * what was equal there LIVE may lack, and nobody has looked. */
static enum mr_code judge_servers(const struct mr_merged_book *book, struct mr_findings *fd,
                                  const struct mr_manifest *m, const char **why, struct mr_err *err)
{
    const struct mr_server live = server_of(&m->server);
    struct mr_server source, target;
    bool has_source = false, has_target = false;
    *why = NULL;
    MR_TRY(mr_findings_server(fd, 0, &source, &has_source, err));
    MR_TRY(mr_findings_server(fd, 1, &target, &has_target, err));
    if (!has_source || !has_target)
        *why = "its case does not say which servers it has read";
    else if (!mr_server_is_same(&source, book->old))
        *why = "its source was another server than the target of this plan";
    else if (!mr_server_is_same(&target, &live))
        *why = "its target was another server than the live one";
    return MR_OK;
}

static enum mr_code load_case(struct mr_merged_book *book, const struct mr_plan_dir *merge,
                              const char *path, struct mr_log_place *place, struct mr_err *err)
{
    struct mr_findings *fd = NULL;
    struct mr_find_run run = {.id = 0};
    struct mr_log_place places[2];
    const char *other = NULL;
    MR_TRY(open_case(book, path, &fd, err));
    MR_TRY(mr_findings_run_choose(fd, merge->manifest.run, book->arena, &run, err));
    MR_TRY(mr_run_places(fd, MR_RUN_BEGAN, book->arena, places, MR_SIDES, err));
    MR_TRY(judge_servers(book, fd, &merge->manifest, &other, err));
    *place = places[0];
    if (!run.finished)
        place->why = "its run was not finished";
    else if (place->log == NULL && place->why == NULL)
        place->why = "its source was a snapshot, or an earlier version made the run";
    if (place->why == NULL)
        place->why = other;
    return find_tables(book, fd, err);
}

/* ---- the plan ---- */

#define BELIED MR_MERGED_HOWS /* of a line: NOT, for it is known what it took for granted */

/* It differs, and was no conflict, since by update-column LIVE alone had edited it.  Whoever is asked here is a
 * row that OLD has changed, too: by its own log. */
static bool is_belied(const struct mr_entity_line *line)
{
    const struct mr_fact *f = &line->facts;
    return line->kind == NULL && line->logs == NULL && f->differs && f->edited_live && !f->edited;
}

/* Is the row on LIVE by now, was it decided that it need not be, or is neither the case? */
static enum mr_merged_how judge_line(const struct mr_entity_line *line)
{
    const bool is_open = line->kind != NULL && line->choice == NULL;
    switch (line->decision) {
    case MR_DECIDE_SAME:
        if (is_belied(line))
            return BELIED;
        return is_open ? MR_MERGED_NOT : MR_MERGED_STANDS;
    case MR_DECIDE_MATCHED:
    case MR_DECIDE_INSERT:
    case MR_DECIDE_RENUMBER:
    case MR_DECIDE_UPDATE: return is_open ? MR_MERGED_NOT : MR_MERGED_STANDS;
    case MR_DECIDE_CONFLICT: return is_open ? MR_MERGED_NOT : MR_MERGED_DISMISSED;
    case MR_DECIDE_SKIP:
    case MR_DECIDE_LEFT:
    case MR_DECIDE_DELETE: return MR_MERGED_DISMISSED;
    case MR_DECIDE_UNDECIDED:
    case MR_DECIDE_WAITS:
    case MR_DECIDE_PARENT: break;
    }
    return MR_MERGED_NOT;
}

struct loading {
    struct mr_merged_book *book;
    struct mr_findings *fd;
    struct mr_case_stmt *add;
};

static enum mr_code take_line(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    const struct loading *l = ctx;
    const struct mr_merged_book *book = l->book;
    /* what OLD has deleted has no key there any more */
    const bool is_gone = line->source_key.ptr == NULL && line->decision == MR_DECIDE_DELETE;
    const struct mr_key key = is_gone ? line->target_key : line->source_key;
    if (key.ptr == NULL || line->decision == MR_DECIDE_PARENT)
        return MR_OK;
    for (size_t i = 0; i < book->tables->ntables; i++)
        if (book->of[i].fd == l->fd &&
            strcmp(book->tables->tables[i].pair->find.name, line->table) == 0)
            return MR_CASE_RUN(l->add, err, MR_ARG_INT("tbl", i), MR_ARG_BYTES("key", key),
                               MR_ARG_INT("how", judge_line(line)));
    return MR_OK;
}

static bool is_planned(const struct mr_planned *planned, const char *table)
{
    for (size_t i = 0; i < planned->ntables; i++)
        if (strcmp(planned->tables[i].table, table) == 0)
            return true;
    return false;
}

/* An earlier merge's lines do not count any more, unless this one has left the table to it (--tables): whoever
 * has none there is equal, or differs, by the last run. */
static enum mr_code load_lines(struct mr_merged_book *book, const struct mr_plan_dir *merge,
                               struct mr_err *err)
{
    struct loading l = {
        .book = book, .fd = *(struct mr_findings **)mr_vec_at(&book->cases, book->cases.count - 1)};
    struct mr_case *cf = mr_findings_case(book->fd);
    const char *path = mr_plan_path(book->arena, merge->path, MR_ENTITY_FILE);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(path != NULL ? MR_OK : nomem(err));
    for (size_t i = 0; i < book->tables->ntables; i++)
        if (book->of[i].fd == l.fd &&
            is_planned(&merge->manifest.planned, book->tables->tables[i].pair->find.name))
            MR_TRY_OUT(
                MR_CASE_ONCE(cf, "DELETE FROM merged WHERE tbl=:tbl", err, MR_ARG_INT("tbl", i)));
    MR_TRY_OUT(mr_case_prepare(
        cf, "INSERT OR REPLACE INTO merged (tbl, key, how) VALUES (:tbl, :key, :how)", &l.add,
        err));
    MR_TRY_OUT(mr_entity_file_read(path, take_line, &l, err));
out:
    mr_case_free(l.add);
    return code;
}

enum mr_code mr_merged_book_load(struct mr_merged_book *book, const struct mr_plan_dir *merge,
                                 const char *case_path, struct mr_log_place *place,
                                 struct mr_err *err)
{
    const char *path = case_path != NULL ? case_path : merge->manifest.case_path;
    *place = (struct mr_log_place){.why = "its plan does not say of which case it came"};
    if (path == NULL)
        return MR_OK;
    enum mr_code code = load_case(book, merge, path, place, err);
    if (code == MR_OK)
        return load_lines(book, merge, err);
    mr_err_context(err, "plan \"%s\"", merge->path);
    if (case_path == NULL)
        mr_err_hint(err, "Nothing was changed. Where its case is elsewhere by now, name it: "
                         "--case FILE.");
    return code;
}

/* ---- rows ---- */

static enum mr_code find_how(struct mr_merged_book *book, size_t table, struct mr_key key,
                             int64_t *how, struct mr_err *err)
{
    static const struct mr_case_field fields[] = {{"how", MR_CASE_INT, 0}};
    bool found = false;
    *how = 0;
    MR_CASE_BIND(book->find, MR_ARG_INT("tbl", table), MR_ARG_BYTES("key", key));
    const enum mr_code code =
        mr_case_fields_one(book->find, MR_CASE_FIELDS(fields), NULL, how, &found, err);
    mr_case_reset(book->find);
    return code;
}

/* One that the plan does not have is equal, unless the run says otherwise: the plan left it out. */
static enum mr_code find_equal(const struct mr_merged_table *of, struct mr_key key, int64_t *how,
                               struct mr_err *err)
{
    bool differs = false;
    MR_TRY(MR_CASE_HAS(mr_findings_case(of->fd),
                       "SELECT 1 FROM finding WHERE tbl=:tbl AND key=:key AND state IN (2, 4)",
                       &differs, err, MR_ARG_INT("tbl", of->found), MR_ARG_BYTES("key", key)));
    *how = differs ? MR_MERGED_NOT : MR_MERGED_EQUAL;
    return MR_OK;
}

static enum mr_code tell_uncovered(struct mr_merged_book *book, size_t table, struct mr_key key,
                                   const char *why, struct mr_err *err)
{
    const struct mr_plan_table *t = &book->tables->tables[table];
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "table \"%s\", key ", t->pair->find.name);
    enum mr_code code = mr_plan_text_values(&text, t, &t->key, key, err);
    mr_strbuf_add_fmt(&text, ": %s", why);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "proving a merge", err);
    if (code == MR_OK && (book->uncovered = mr_arena_strdup(book->arena, text.ptr)) == NULL)
        code = nomem(err);
    mr_strbuf_release(&text);
    return code;
}

/* OLD's row is gone, so there is nothing to keep.  That LIVE has it still, since no merge has deleted it there, is told:
 * it may have been an erasure that somebody asked for. */
static enum mr_code judge_gone(struct mr_merged_book *book, size_t table, struct mr_key key,
                               struct mr_err *err)
{
    const struct mr_merged_table *of = &book->of[table];
    int64_t how = 0;
    book->counts[MR_MERGED_DELETED]++;
    if (of->fd == NULL)
        return MR_OK;
    MR_TRY(find_how(book, table, key, &how, err));
    if (how == 0)
        MR_TRY(find_equal(of, key, &how, err));
    book->kept += how == MR_MERGED_NOT;
    return MR_OK;
}

enum mr_code mr_merged_book_judge(struct mr_merged_book *book, size_t table, struct mr_key key,
                                  bool is, struct mr_err *err)
{
    const struct mr_merged_table *of = &book->of[table];
    int64_t how = MR_MERGED_NOT;
    if (!is)
        return judge_gone(book, table, key, err);
    const char *why = of->fd == NULL ? "the merge did not compare that table" : of->why;
    if (why == NULL) {
        MR_TRY(find_how(book, table, key, &how, err));
        if (how == 0)
            MR_TRY(find_equal(of, key, &how, err));
        why = how == BELIED ? "by its update-column the live side alone had edited it, and by the "
                              "target's log the target has, too; history collect lets a merge know"
                            : "it differs, and nobody has decided about it";
        how = how == BELIED ? MR_MERGED_NOT : how;
    }
    book->counts[how]++;
    return how != MR_MERGED_NOT || book->uncovered != NULL
               ? MR_OK
               : tell_uncovered(book, table, key, why, err);
}
