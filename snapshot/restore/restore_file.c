/* restore_file.c: the statement of a file of schema/, as it is run on the target; see restore.h. */
#include <string.h>

#include "core/base/letters.h"
#include "core/db/sqlscan.h"
#include "snapshot/format/snap_schema.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

#define ER_SPECIFIC_ACCESS_DENIED 1227

static enum mr_code exec_text(struct mr_restore *r, const char *text, struct mr_err *err)
{
    return mr_db_exec(r->db, text, strlen(text), err);
}

/* Behind a quoted name, or NULL. */
static const char *skip_name(const char *at)
{
    if (at == NULL || *at != '`')
        return NULL;
    for (at++; *at != '\0'; at++) {
        if (*at == '`' && at[1] != '`')
            return at + 1;
        if (*at == '`')
            at++;
    }
    return NULL;
}

/* Without "DEFINER=`user`@`host` ", which needs a right of its own; false: there is none. */
static bool drop_definer(struct mr_strbuf *sql)
{
    static const char start[] = "DEFINER=`";
    char *at = strstr(sql->ptr, start);
    const char *end = at != NULL ? skip_name(at + sizeof start - 2) : NULL;
    if (at != NULL && at != sql->ptr && strcspn(sql->ptr, "`'\"/#-") < (size_t)(at - sql->ptr))
        return false; /* not of the head */
    if (end == NULL || *end != '@' || (end = skip_name(end + 1)) == NULL || *end != ' ')
        return false;
    size_t gone = (size_t)(end + 1 - at), behind = strlen(end + 1);
    memmove(at, end + 1, behind + 1);
    sql->len -= gone;
    return true;
}

static enum mr_code without_definer(struct mr_restore *r, struct mr_strbuf *sql, const char *file,
                                    struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    enum mr_code code = mr_restore_exec(r->db, sql, err);
    mr_strbuf_add_fmt(&note, "\"%s\": made under this account, which may not set another DEFINER",
                      file);
    if (code == MR_OK)
        code = mr_restore_note(r, note.ptr, err);
    mr_strbuf_release(&note);
    return code;
}

/* A table's own is made in it, and its parents and sequences are renamed. */
static bool is_of_table(const struct mr_snap_place *place)
{
    return strcmp(place->what, "TABLE") == 0 || strcmp(place->what, "ALTER") == 0;
}

/* The next database of the snapshot, from *I on, that the text names and that is restored under
 * another name; NULL at the end. */
static const struct mr_restore_db *next_named(const struct mr_restore *r,
                                              const struct mr_snap_place *place,
                                              const struct mr_strbuf *sql, size_t *i)
{
    while (*i < r->ndbs) {
        const struct mr_restore_db *db = &r->dbs[(*i)++];
        struct mr_snap_place other = *place;
        other.db = db->from;
        if (strcmp(db->to, db->from) != 0 && mr_snap_names_db(&other, sql->ptr, sql->len))
            return db;
    }
    return NULL;
}

static enum mr_code note_name(struct mr_restore *r, const char *file, const char *from,
                              const char *to, struct mr_err *err)
{
    return mr_restore_note_fmt(r, err,
                               "\"%s\": its text names \"%s\", which is not where it is now "
                               "(\"%s\")",
                               file, from, to);
}

/* What a body reads and writes, it names; nobody but its owner knows what is meant. */
static enum mr_code note_names(struct mr_restore *r, const char *file,
                               const struct mr_snap_place *place, const struct mr_strbuf *sql,
                               struct mr_err *err)
{
    const struct mr_restore_db *db = NULL;
    const struct mr_restore_table *t = NULL;
    const size_t before = r->notes.count;
    size_t i = 0, k = 0;
    if (is_of_table(place))
        return MR_OK;
    while ((db = next_named(r, place, sql, &i)) != NULL)
        MR_TRY(note_name(r, file, db->from, db->to, err));
    while ((t = mr_restore_next_renamed(r, sql, &k)) != NULL)
        MR_TRY(note_name(r, file, t->from->name, t->snap->name, err));
    if (r->notes.count > before && strcmp(place->what, "VIEW") != 0)
        r->naming = file;
    return MR_OK;
}

/* In other letters it is the same database only where the snapshot's server says so. */
const char *mr_restore_renamed(const struct mr_restore *r, const char *db)
{
    const char *to = mr_restore_db_name(r, db);
    for (size_t i = 0; to == NULL && i < r->ndbs; i++)
        if (r->snap.manifest.server.lower_case_table_names != 0 &&
            mr_letters_same(r->dbs[i].from, db))
            to = r->dbs[i].to;
    return to;
}

static const char *renamed(const void *ctx, const char *db)
{
    return mr_restore_renamed(ctx, db);
}

/* The statement of a file, as it is run on the target. */
static enum mr_code read_file(const struct mr_restore *r, const char *file,
                              const struct mr_snap_place *place, struct mr_strbuf *sql,
                              struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, named = MR_STRBUF_INIT;
    enum mr_code code = mr_snap_read_statement(&r->snap, file, place, &text, err);
    if (code == MR_OK)
        mr_restore_rename_in(r, place, text.ptr, text.len, &named);
    if (code == MR_OK)
        code = mr_strbuf_check(&named, "restoring", err);
    if (code == MR_OK && is_of_table(place))
        mr_snap_rename_dbs(sql, named.ptr, named.len, renamed, r);
    else if (code == MR_OK)
        mr_strbuf_add(sql, named.ptr, named.len);
    mr_strbuf_release(&text);
    mr_strbuf_release(&named);
    return code == MR_OK ? mr_strbuf_check(sql, "restoring", err) : code;
}

/* ON SCHEDULE … DISABLE … DO: not until somebody enables it. */
static bool is_disabled(const struct mr_snap_place *place, const struct mr_strbuf *sql)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    mr_sqlscan_init(&scan, sql->ptr, sql->len);
    mr_sqlscan_set_mode(&scan, place->sql_mode);
    while (mr_sqlscan_next_code(&scan, &token) && !mr_token_is(&token, "DO"))
        if (mr_token_is(&token, "DISABLE"))
            return true;
    return false;
}

/* What an event calls, and whom its rows fire, is not followed: any of them may be it. */
static enum mr_code refuse_caller(const struct mr_restore *r, const struct mr_snap_place *place,
                                  const struct mr_strbuf *sql, struct mr_err *err)
{
    if (r->naming == NULL || is_disabled(place, sql))
        return MR_OK;
    return mr_err_set(err, MR_E_NO_SUCH,
                      "not made: it would run by itself, and may come to \"%s\", whose text "
                      "names a database that is not where it is now",
                      r->naming);
}

/* The server would run it by itself, beside a live database or table of that name. */
static enum mr_code refuse_event(const struct mr_restore *r, const struct mr_snap_place *place,
                                 const struct mr_strbuf *sql, struct mr_err *err)
{
    size_t i = 0, k = 0;
    if (strcmp(place->what, "EVENT") != 0)
        return MR_OK;
    const struct mr_restore_db *db = next_named(r, place, sql, &i);
    const struct mr_restore_table *t = mr_restore_next_renamed(r, sql, &k);
    if (db == NULL && t == NULL)
        return refuse_caller(r, place, sql, err);
    return mr_err_set(err, MR_E_NO_SUCH,
                      "not made: it would run by itself, and its text names \"%s\", "
                      "which is not where it is now (\"%s\")",
                      db != NULL ? db->from : t->from->name, db != NULL ? db->to : t->snap->name);
}

/* The server has ignored it, as the session's sql_mode says. */
static enum mr_code note_directory(struct mr_restore *r, const char *file,
                                   const struct mr_strbuf *sql, struct mr_err *err)
{
    if (!mr_snap_names_directory(sql->ptr, sql->len))
        return MR_OK;
    return mr_restore_note_fmt(r, err,
                               "\"%s\": %s in the server's own directory, without its DATA "
                               "DIRECTORY",
                               file, r->opts->dry_run ? "would be made" : "made");
}

/* Older servers cannot be told, others need a right for it. */
static enum mr_code ask_stamps(struct mr_restore *r, struct mr_err *err)
{
    static const char set[] = "SET SESSION explicit_defaults_for_timestamp = 1";
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code =
        mr_db_query_text(r->db, "SELECT @@SESSION.explicit_defaults_for_timestamp", &text, &why);
    r->asked_stamps = true;
    if (code == MR_OK && strcmp(text.ptr, "1") != 0)
        code = exec_text(r, set, &why);
    r->stamps = code == MR_OK;
    mr_strbuf_release(&text);
    if (code == MR_OK || code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

/* Before the table is made; *implied: the server will give it a default. */
static enum mr_code keep_stamps(struct mr_restore *r, const struct mr_strbuf *sql, bool *implied,
                                struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *implied = false;
    if (!mr_snap_has_bare_timestamp(sql->ptr, sql->len))
        return MR_OK;
    if (!r->asked_stamps)
        code = ask_stamps(r, err);
    *implied = !r->stamps;
    return code;
}

static enum mr_code note_stamps(struct mr_restore *r, const char *file, struct mr_err *err)
{
    return mr_restore_note_fmt(r, err,
                               "\"%s\": the server %s a default to a TIMESTAMP, which may "
                               "change with every UPDATE: explicit_defaults_for_timestamp is off, "
                               "and not to be set",
                               file, r->opts->dry_run ? "would give" : "has given");
}

/* What the server makes of the statement of a table beside what it says. */
static enum mr_code note_table(struct mr_restore *r, const char *file,
                               const struct mr_snap_place *place, const struct mr_strbuf *sql,
                               bool implied, struct mr_err *err)
{
    MR_TRY(note_directory(r, file, sql, err));
    MR_TRY(mr_restore_note_keyless(r, file, place, sql, err));
    return implied ? note_stamps(r, file, err) : MR_OK;
}

enum mr_code mr_restore_table_sql(struct mr_restore *r, const struct mr_restore_table *t,
                                  struct mr_strbuf *sql, struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_table_place(t->from);
    MR_TRY(read_file(r, t->snap->schema_file, &place, sql, err));
    MR_TRY(mr_restore_drop_names(r, &place, sql, err));
    return mr_restore_express(r, &place, sql, err);
}

enum mr_code mr_restore_note_table(struct mr_restore *r, const struct mr_restore_table *t,
                                   struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_table_place(t->from);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool implied = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_restore_table_sql(r, t, &sql, err));
    MR_TRY_OUT(keep_stamps(r, &sql, &implied, err));
    MR_TRY_OUT(mr_restore_keep_keyless(r, err));
    MR_TRY_OUT(note_table(r, t->snap->schema_file, &place, &sql, implied, err));
out:
    mr_strbuf_release(&sql);
    return code;
}

/* Runs the statement of a file in the database that is in use. */
enum mr_code mr_restore_exec_file(struct mr_restore *r, const char *file,
                                  const struct mr_snap_place *place, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    bool is_table = strcmp(place->what, "TABLE") == 0, implied = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_file(r, file, place, &sql, &why));
    MR_TRY_OUT(refuse_event(r, place, &sql, &why));
    MR_TRY_OUT(mr_restore_keep_keys(r, place, &sql, &why));
    MR_TRY_OUT(mr_restore_drop_names(r, place, &sql, &why));
    if (is_table) {
        MR_TRY_OUT(mr_restore_express(r, place, &sql, &why));
        MR_TRY_OUT(keep_stamps(r, &sql, &implied, &why));
        MR_TRY_OUT(mr_restore_keep_keyless(r, &why));
    }
    if (sql.len > 0)
        code = mr_restore_exec(r->db, &sql, &why);
    if (code == MR_E_DENIED && why.sql_errno == ER_SPECIFIC_ACCESS_DENIED && drop_definer(&sql))
        code = without_definer(r, &sql, file, &why);
    if (code != MR_OK)
        goto out;
    MR_TRY_OUT(note_names(r, file, place, &sql, &why));
    if (is_table)
        MR_TRY_OUT(note_table(r, file, place, &sql, implied, &why));
out:
    if (code != MR_OK) {
        mr_err_context(&why, "\"%s\"", file);
        if (err != NULL)
            *err = why;
    }
    mr_strbuf_release(&sql);
    return code;
}
