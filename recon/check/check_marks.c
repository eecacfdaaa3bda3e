/* check_marks.c: see check_marks.h. */
#include "recon/check/check_marks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "core/schema/innodb_name.h"
#include "recon/check/check_options.h"

/* Of a table on a side; NULL: not known. */
struct mark {
    const char *numbers, *time;
};

struct mr_check_mark {
    struct mark side[MR_SIDES];
    atomic_bool moved; /* not seen to be unchanged when it was read */
};

/* A side as it is read: names as InnoDB or the catalogue has them, and the text found. */
struct name {
    const char *text;
    size_t table; /* of the pairing */
    struct mr_strbuf found;
};
struct names {
    struct mr_check_run *check;
    enum mr_side side;
    struct name *all; /* sorted by text */
    size_t count;
    struct mr_arena arena;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static struct name *find_name(const struct names *n, const char *text)
{
    struct name key = {.text = text};
    return n->count > 0 ? bsearch(&key, n->all, n->count, sizeof key, compare_names)
                        : NULL;
}

static void names_release(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        mr_strbuf_release(&n->all[i].found);
    free(n->all);
    mr_arena_release(&n->arena);
}

static bool folds(const struct mr_check_run *check, enum mr_side side)
{
    return check->pairing.side[side].cat->server.lower_case_table_names != 0;
}

/* MySQL 8 and later open a table to tell its number, and so wait behind an ALTER of it; that
 * of its tablespace they tell without. */
static bool has_spaces(const struct mr_check_run *check, enum mr_side side)
{
    const struct mr_server *server = &check->pairing.side[side].cat->server;
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80000;
}

/* "db/table", by which InnoDB's numbers go (in its own spelling) and times (in the
 * catalogue's). */
static enum mr_code names_init(struct names *n, struct mr_check_run *check,
                               enum mr_side side, bool of_files, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool lower = folds(check, side);
    *n = (struct names){.check = check, .side = side, .arena = MR_ARENA_INIT};
    n->all = calloc(check->pairing.ntables + 1, sizeof *n->all);
    for (size_t i = 0; n->all != NULL && i < check->pairing.ntables; i++) {
        const struct mr_table *t = check->pairing.tables[i]->side[side];
        bool usable = true;
        mr_strbuf_reset(&text);
        if (of_files)
            usable = mr_innodb_name_add(
                &text, t->db, t->name,
                has_spaces(check, side) ? MR_INNODB_SPACE : MR_INNODB_FILE, lower);
        else
            mr_strbuf_add_fmt(&text, "%s/%s", t->db, t->name);
        if (!usable || text.failed)
            continue;
        struct name *name = &n->all[n->count];
        name->text = mr_arena_strdup(&n->arena, text.ptr);
        name->table = i;
        mr_strbuf_init(&name->found);
        if (name->text == NULL)
            break;
        n->count++;
    }
    bool failed = n->all == NULL || text.failed;
    mr_strbuf_release(&text);
    if (failed)
        return mr_err_nomem(err, "reading the schema");
    if (n->count > 1)
        qsort(n->all, n->count, sizeof *n->all, compare_names);
    return MR_OK;
}

/* ---- what is asked ---- */

/* The databases of the tables, as a list of texts. */
static void add_databases(struct mr_strbuf *sql, const struct names *n, bool of_files)
{
    const char *last = NULL;
    size_t last_len = 0;
    struct mr_strbuf db = MR_STRBUF_INIT;
    for (size_t i = 0; i < n->count; i++) {
        const char *text = n->all[i].text;
        size_t len =
            of_files
                ? strcspn(text, "/")
                : strlen(n->check->pairing.tables[n->all[i].table]->side[n->side]->db);
        if (last != NULL && len == last_len && strncmp(text, last, len) == 0)
            continue;
        mr_strbuf_reset(&db);
        mr_strbuf_add(&db, text, len);
        mr_strbuf_add_str(sql, last != NULL ? ", " : "");
        mr_sql_string(sql, db.ptr);
        last = text;
        last_len = len;
    }
    mr_strbuf_release(&db);
}

static void add_query(struct mr_strbuf *sql, const struct names *n, bool of_files)
{
    if (of_files)
        mr_strbuf_add_fmt(sql, "SELECT NAME, %s WHERE SUBSTRING_INDEX(NAME, '/', 1) IN (",
                          has_spaces(n->check, n->side)
                              ? "SPACE FROM information_schema.INNODB_TABLESPACES"
                              : "TABLE_ID FROM information_schema.INNODB_SYS_TABLES");
    else
        mr_strbuf_add_str(sql,
                          "SELECT CONCAT(TABLE_SCHEMA, '/', TABLE_NAME), CREATE_TIME "
                          "FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (");
    add_databases(sql, n, of_files);
    mr_strbuf_add_char(sql, ')');
}

/* "db/t#p#p0" is a partition of db/t; "db/t#1" may be a table. */
static size_t base_len(const char *text)
{
    const char *at = text;
    while ((at = strchr(at, '#')) != NULL && strncasecmp(at, "#p#", 3) != 0)
        at++;
    return at != NULL ? (size_t)(at - text) : strlen(text);
}

static void take_row(const struct names *n, const struct mr_cell *cells, bool of_files)
{
    struct mr_strbuf base = MR_STRBUF_INIT;
    if (cells[0].ptr == NULL || cells[1].ptr == NULL)
        return;
    size_t len = of_files ? base_len(cells[0].ptr) : cells[0].len;
    mr_strbuf_add(&base, cells[0].ptr, len);
    struct name *name = base.failed ? NULL : find_name(n, base.ptr);
    if (name != NULL)
        mr_strbuf_add_fmt(&name->found, "%s=%s\n", cells[0].ptr + len, cells[1].ptr);
    mr_strbuf_release(&base);
}

/* What a server does not show, or does not know, is not known. */
static enum mr_code ask(const struct names *n, bool of_files, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(n->check->pairing.side[n->side].main);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *cells;
    if (db == NULL || n->count == 0)
        return MR_OK;
    add_query(&sql, n, of_files);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK) {
        code = mr_db_query(db, "nn", sql.ptr, sql.len, &res, &why);
        if (code != MR_OK && mr_check_is_fatal(code) && err != NULL)
            *err = why;
        else if (code != MR_OK)
            mr_log_detail("%s: %s", mr_side_name(n->side), why.message);
    }
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        take_row(n, cells, of_files);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return mr_check_is_fatal(code) ? code : MR_OK;
}

static enum mr_code keep(const struct names *n, bool of_files,
                         struct mr_check_mark *marks, struct mr_err *err)
{
    for (size_t i = 0; i < n->count; i++) {
        struct mark *mark = &marks[n->all[i].table].side[n->side];
        const struct mr_strbuf *found = &n->all[i].found;
        const char *text =
            found->len > 0 ? mr_arena_strdup(&n->check->arena, found->ptr) : NULL;
        if (found->failed || (found->len > 0 && text == NULL))
            return mr_err_nomem(err, "reading the schema");
        if (of_files)
            mark->numbers = text;
        else
            mark->time = text;
    }
    return MR_OK;
}

/* Of all tables, on servers. */
static enum mr_code read_marks(struct mr_check_run *check, struct mr_check_mark *marks,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int i = 0; code == MR_OK && i < 2 * MR_SIDES; i++) {
        enum mr_side side = i / 2 == 0 ? MR_SOURCE : MR_TARGET;
        bool of_files = i % 2 == 0;
        struct names n;
        if (mr_side_is_snapshot(&check->pairing.side[side]))
            continue;
        code = names_init(&n, check, side, of_files, err);
        if (code == MR_OK)
            code = ask(&n, of_files, err);
        if (code == MR_OK)
            code = keep(&n, of_files, marks, err);
        names_release(&n);
    }
    return code;
}

enum mr_code mr_check_marks_begin(struct mr_check_run *check, struct mr_err *err)
{
    check->marks =
        mr_arena_calloc(&check->arena, check->pairing.ntables + 1, sizeof *check->marks);
    if (check->marks == NULL)
        return mr_err_nomem(err, "planning the work");
    return read_marks(check, check->marks, err);
}

/* ---- rows of an earlier try ---- */

static const char *key_text(struct mr_check_run *check, const struct mr_pair *table,
                            int side)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < table->scan[side].nkey; i++) {
        const struct mr_readspec *spec = &table->scan[side];
        const struct mr_column *c =
            mr_table_column(table->side[side], spec->cols[spec->key[i]].name);
        mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? ", " : "", c != NULL ? c->type : "?");
        if (c != NULL && c->collation != NULL)
            mr_strbuf_add_fmt(&text, " %s", c->collation);
    }
    const char *kept =
        text.failed ? NULL : mr_arena_dup(&check->arena, text.ptr, text.len);
    mr_strbuf_release(&text);
    return kept;
}

static bool is_as_it_was(const struct mr_find_made *was, const struct mr_find_made *now)
{
    if (strcmp(was->key, now->key) != 0)
        return false;
    if (was->numbers != NULL && now->numbers != NULL)
        return mr_check_marks_agree(was->numbers, now->numbers);
    return was->time == NULL || now->time == NULL || strcmp(was->time, now->time) == 0;
}

enum mr_code mr_check_marks_resume(struct mr_check_run *check,
                                   const struct mr_pair *table, bool known, bool *same,
                                   struct mr_err *err)
{
    struct mr_find_made was[MR_SIDES] = {{0}}, now[MR_SIDES] = {{0}};
    const int64_t id = table->find.id;
    enum mr_code code = MR_OK;
    bool kept = false;
    *same = true;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mark *mark = &check->marks[table->at].side[side];
        now[side] = (struct mr_find_made){key_text(check, table, side), mark->numbers,
                                          mark->time};
        if (now[side].key == NULL)
            return mr_err_nomem(err, "planning the work");
    }
    if (known)
        code = mr_findings_made(check->fd, id, &check->arena, was, &kept, err);
    for (int side = MR_SOURCE; kept && side < MR_SIDES; side++)
        *same = *same && is_as_it_was(&was[side], &now[side]);
    return code == MR_OK && (!kept || !*same)
               ? mr_findings_made_save(check->fd, id, now, err)
               : code;
}

/* ---- when a segment was read ---- */

static bool stood_still(struct mr_check_run *check, struct mr_db *db,
                        const struct mr_pair *table, enum mr_side side)
{
    const struct mr_table *t = table->side[side];
    const char *was = check->marks[table->at].side[side].time;
    struct mr_strbuf sql = MR_STRBUF_INIT, now = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT CONCAT('=', CREATE_TIME, '\\n') FROM "
                            "information_schema.TABLES WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, t->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, t->name);
    bool same = was != NULL && db != NULL && !sql.failed &&
                mr_db_query_text(db, sql.ptr, &now, NULL) == MR_OK && !now.failed &&
                strcmp(was, now.ptr) == 0;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&now);
    return same;
}

/* A connection within a view may see the catalogue of its moment (MySQL 8). */
static bool stands(struct mr_check_worker *worker, const struct mr_pair *table,
                   enum mr_side side)
{
    struct mr_check_run *check = worker->check;
    const struct mr_server_side *s = &check->pairing.side[side];
    if (mr_side_is_snapshot(s))
        return true;
    if (!check->opts->consistent)
        return stood_still(check, mr_reader_db(worker->reader[side]), table, side);
    pthread_mutex_lock(&check->asking);
    bool same = stood_still(check, mr_reader_db(s->main), table, side);
    pthread_mutex_unlock(&check->asking);
    return same;
}

void mr_check_marks_seen(struct mr_check_worker *worker, const struct mr_scan_task *task)
{
    struct mr_check_mark *mark = &worker->check->marks[task->table->at];
    bool one_chunk =
        task->lo.ptr == NULL && task->hi.ptr == NULL && task->next_chunk <= 1;
    if (one_chunk || atomic_load(&task->table->failed) || atomic_load(&mark->moved))
        return;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (!stands(worker, task->table, (enum mr_side)side))
            atomic_store(&mark->moved, true);
}

/* ---- the end ---- */

bool mr_check_marks_agree(const char *a, const char *b)
{
    bool met = false;
    for (const char *line = a; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t name = strcspn(line, "=") + 1, len = strcspn(line, "\n") + 1;
        for (const char *other = b; *other != '\0'; other += strcspn(other, "\n") + 1) {
            if (strncmp(line, other, name) != 0)
                continue;
            if (strncmp(line, other, len) != 0)
                return false;
            met = true;
        }
    }
    return met;
}

static bool is_other(const struct mark *was, const struct mark *now)
{
    if (was->numbers != NULL && now->numbers != NULL)
        return !mr_check_marks_agree(was->numbers, now->numbers);
    return was->time != NULL && now->time != NULL && strcmp(was->time, now->time) != 0;
}

/* Read by one statement a side, or seen to be unchanged afterwards, and nothing differed. */
static enum mr_code was_sound(struct mr_check_run *check, const struct mr_pair *table,
                              bool *sound, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *sound =
        table->join == MR_JOIN_SHARED && !atomic_load(&check->marks[table->at].moved);
    for (int state = MR_FIND_SUSPECT; code == MR_OK && *sound && state <= MR_FIND_PAIRED;
         state++) {
        uint64_t count = 0;
        code = mr_findings_count(check->fd, table->find.id, (enum mr_find_state)state,
                                 &count, err);
        *sound = count == 0;
    }
    return code;
}

static enum mr_code judge(struct mr_check_run *check, struct mr_pair *table,
                          const struct mr_check_mark *now, struct mr_err *err)
{
    const struct mr_check_mark *was = &check->marks[table->at];
    struct mr_err why = {0};
    bool other[MR_SIDES], sound = false;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        other[side] = is_other(&was->side[side], &now->side[side]);
    if (!other[MR_SOURCE] && !other[MR_TARGET])
        return MR_OK;
    enum mr_code code = was_sound(check, table, &sound, err);
    if (code != MR_OK || sound)
        return code;
    (void)mr_err_set(
        &why, MR_E_CHANGED,
        "another table has taken its place on the %s while it was read, or it "
        "was made anew (RENAME TABLE, EXCHANGE PARTITION, TRUNCATE or a rebuild)",
        other[MR_SOURCE] && other[MR_TARGET]
            ? "source and the target"
            : mr_side_name(other[MR_SOURCE] ? MR_SOURCE : MR_TARGET));
    mr_check_give_up(check, table, &why);
    return MR_OK;
}

enum mr_code mr_check_marks_end(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_check_mark *now =
        mr_arena_calloc(&check->arena, check->pairing.ntables + 1, sizeof *now);
    if (now == NULL)
        return mr_err_nomem(err, "comparing objects");
    enum mr_code code = read_marks(check, now, err);
    for (size_t i = 0; code == MR_OK && i < check->pairing.ntables; i++)
        if (!atomic_load(&check->pairing.tables[i]->failed))
            code = judge(check, check->pairing.tables[i], &now[i], err);
    return code;
}
