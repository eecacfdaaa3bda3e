/*
 * restore_keyless.c: tables without a primary key, on a server that gives each one of its own; see
 * restore.h.
 *
 * Where sql_generate_invisible_primary_key is on MySQL adds an invisible column my_row_id.  The
 * session is set; that needs a right, without which the table is made so, and that is said.  So
 * it is where the server demands keys as well: without the one that it gives it would take none.
 */
#include <string.h>

#include "snapshot/format/snap_schema.h"
#include "snapshot/restore/restore.h"

/* Asked once and before the first table: an invisible key of the server's would be a column that
 * the snapshot does not have, and the tables would not be equal. */
enum mr_code mr_restore_keep_keyless(struct mr_restore *r, struct mr_err *err)
{
    static const char set[] = "SET SESSION sql_generate_invisible_primary_key = 0";
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    bool demands = false;
    if (r->asked_keyless)
        return MR_OK;
    r->asked_keyless = true;
    enum mr_code code =
        mr_db_query_text(r->db, "SELECT @@SESSION.sql_generate_invisible_primary_key", &text, &why);
    bool gives = code == MR_OK && strcmp(text.ptr, "1") == 0;
    if (gives)
        code = mr_restore_requires_keys(r, &demands, &why);
    if (code == MR_OK && gives && !demands)
        code = mr_db_exec(r->db, set, sizeof set - 1, &why);
    r->gives_keys = gives && (demands || code != MR_OK);
    mr_strbuf_release(&text);
    if (code == MR_OK || code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

/* By the statement, not by asking the server: a table that has a key of its own is left alone by
 * it; a UNIQUE index whose columns are all NOT NULL, by which the snapshot was read, then, is one. */
enum mr_code mr_restore_note_keyless(struct mr_restore *r, const char *file,
                                     const struct mr_snap_place *place,
                                     const struct mr_strbuf *create, struct mr_err *err)
{
    const struct mr_restore_table *t = mr_restore_table_of(r, place->db, place->name);
    if (!r->gives_keys || (t != NULL && t->from->nkey > 0) ||
        mr_snap_has_primary_key(create->ptr, create->len))
        return MR_OK;
    return mr_restore_note_fmt(
        r, err,
        "\"%s\": the server %s the table a column my_row_id, and %s it the "
        "primary key: sql_generate_invisible_primary_key is on, and not to be set",
        file, r->opts->dry_run ? "would give" : "has given", r->opts->dry_run ? "make" : "made");
}
