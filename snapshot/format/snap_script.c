/* snap_script.c: see snap_script.h. */
#include "snapshot/format/snap_script.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/db/sqltext.h"
#include "core/file/io.h"
#include "core/file/sign.h"
#include "snapshot/format/snap_schema.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define COUNTS_MAX 1000 /* tables of a statement */

/* Modes that change what is stored are off; 0 stays 0; dates are as they were; tables lie in
 * the server's own directory, whatever place theirs had; a CHECK that
 * a row was allowed to break (MariaDB alone can) does not turn it away. */
const char mr_snap_session_sql[] =
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,"
    "NO_DIR_IN_CREATE', "
    "time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 1, "
    "character_set_client = utf8mb4, character_set_connection = utf8mb4"
    "/*M!100201 , check_constraint_checks = 0 */";

void mr_snap_object_session(struct mr_strbuf *out, const struct mr_snap_object *object)
{
    mr_strbuf_add_str(out, "SET SESSION sql_mode = ");
    mr_sql_string(out, object->sql_mode != NULL ? object->sql_mode : "");
    if (object->collation != NULL)
        mr_strbuf_add_fmt(out, ", collation_connection = %s", object->collation);
    else
        mr_strbuf_add_str(out, ", character_set_connection = utf8mb4");
    mr_strbuf_add_str(out, ", time_zone = ");
    mr_sql_string(out, object->kind == MR_OBJECT_EVENT && object->value != NULL ? object->value
                                                                                : "+00:00");
}

void mr_snap_collate_sql(struct mr_strbuf *out, const char *db, const char *collation)
{
    mr_strbuf_add_str(out, "ALTER DATABASE ");
    mr_sql_ident(out, db);
    mr_strbuf_add_fmt(out, " COLLATE %s", collation);
}

const char *mr_snap_collation_of(const struct mr_snap_manifest *m, const char *db)
{
    const struct mr_snap_object *database = mr_snap_manifest_database(m, db);
    return database != NULL ? database->db_collation : NULL;
}

void mr_snap_view_stub(struct mr_strbuf *out, const struct mr_snap_object *view)
{
    mr_strbuf_add_str(out, "CREATE VIEW ");
    mr_sql_ident(out, view->name);
    mr_strbuf_add_str(out, " AS SELECT");
    for (size_t i = 0; i < view->ncolumns; i++) {
        mr_strbuf_add_str(out, i > 0 ? ", 1 AS " : " 1 AS ");
        mr_sql_ident(out, view->columns[i]);
    }
}

/* ---- restore.sql ---- */

struct script {
    const struct mr_snap_manifest *m;
    const struct mr_snap_dir *dir;
    struct mr_strbuf *out;
    struct mr_err *err;
    enum mr_code code; /* of the first failure */
};

static void add_file(struct script *s, const char *name)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/%s", mr_snap_dir_partial(s->dir), name);
    if (s->code == MR_OK)
        s->code = mr_strbuf_check(&path, "writing restore.sql", s->err);
    if (s->code == MR_OK)
        s->code = mr_io_read_part(path.ptr, FILE_MAX_BYTES, s->out, s->err);
    mr_strbuf_release(&path);
}

/* Where that is not allowed the client stops, before a table is another one than it was. */
static const char timestamps_sql[] =
    "SET @myrecon_stamps = IF(@@SESSION.explicit_defaults_for_timestamp, 'DO 0', "
    "'SET SESSION explicit_defaults_for_timestamp = 1');\n"
    "PREPARE myrecon_stamps FROM @myrecon_stamps;\n"
    "EXECUTE myrecon_stamps;\nDEALLOCATE PREPARE myrecon_stamps;\n";

/* The same of MySQL, which alone reads this. */
static const char keyless_sql[] =
    "/*!80030 SET @myrecon_keys = IF(@@SESSION.sql_generate_invisible_primary_key, "
    "'SET SESSION sql_generate_invisible_primary_key = 0', 'DO 0') */;\n"
    "/*!80030 PREPARE myrecon_keys FROM @myrecon_keys */;\n"
    "/*!80030 EXECUTE myrecon_keys */;\n/*!80030 DEALLOCATE PREPARE myrecon_keys */;\n";

/* Behind what such a table needs. */
static void add_table(struct script *s, const struct mr_snap_table *t)
{
    struct mr_strbuf *out = s->out, create = MR_STRBUF_INIT;
    s->out = &create;
    add_file(s, t->schema_file);
    s->out = out;
    if (!create.failed && mr_snap_has_bare_timestamp(create.ptr, create.len))
        mr_strbuf_add_str(out, timestamps_sql);
    if (!create.failed && !mr_snap_has_primary_key(create.ptr, create.len))
        mr_strbuf_add_str(out, keyless_sql);
    mr_strbuf_add(out, create.ptr, create.len);
    out->failed |= create.failed;
    mr_strbuf_release(&create);
}

static void add_use(struct script *s, const char *db)
{
    mr_strbuf_add_str(s->out, "USE ");
    mr_sql_ident(s->out, db);
    mr_strbuf_add_str(s->out, ";\n");
}

static void add_title(struct script *s, const char *title)
{
    mr_strbuf_add_fmt(s->out, "\n-- %s\n", title);
}

static void add_session(struct script *s)
{
    mr_strbuf_add_str(s->out, mr_snap_session_sql);
    mr_strbuf_add_str(s->out, ";\n");
}

/* A view that who loads it may see refused: the server could not use it, either, or what it
 * reads from is not kept. */
static bool is_doubtful(const struct mr_snap_object *o)
{
    return o->kind == MR_OBJECT_VIEW && (o->ncolumns == 0 || o->lacks);
}

static void add_drop(struct script *s, const struct mr_snap_object *view)
{
    mr_strbuf_add_str(s->out, "DROP VIEW IF EXISTS ");
    mr_sql_ident(s->out, view->name);
    mr_strbuf_add_str(s->out, ";\n");
}

/* Of another collation than its database has now: that one is given back behind it. */
static bool is_collated(const struct script *s, const struct mr_snap_object *o)
{
    const char *own = mr_snap_collation_of(s->m, o->db);
    return o->kind != MR_OBJECT_DATABASE && o->db_collation != NULL && own != NULL &&
           strcmp(o->db_collation, own) != 0;
}

static void add_collate(struct script *s, const char *db, const char *collation)
{
    mr_snap_collate_sql(s->out, db, collation);
    mr_strbuf_add_str(s->out, ";\n");
}

/* In the order of the manifest, each under its own settings; behind them the restore's own
 * again, or rows would be loaded under those of the last object. */
static void add_objects(struct script *s, enum mr_object_kind kind, bool doubtful,
                        const char *title)
{
    bool any = false;
    for (size_t i = 0; i < s->m->nobjects; i++) {
        const struct mr_snap_object *o = &s->m->objects[i];
        if (o->kind != kind || is_doubtful(o) != doubtful)
            continue;
        if (!any)
            add_title(s, title);
        any = true;
        if (kind != MR_OBJECT_DATABASE) {
            add_use(s, o->db);
            mr_snap_object_session(s->out, o);
            mr_strbuf_add_str(s->out, ";\n");
        }
        if (kind == MR_OBJECT_VIEW)
            add_drop(s, o);
        if (is_collated(s, o))
            add_collate(s, o->db, o->db_collation);
        add_file(s, o->file);
        if (is_collated(s, o))
            add_collate(s, o->db, mr_snap_collation_of(s->m, o->db));
        if (kind == MR_OBJECT_SEQUENCE && o->value != NULL) {
            mr_strbuf_add_str(s->out, "DO SETVAL(");
            mr_sql_ident(s->out, o->name);
            mr_strbuf_add_fmt(s->out, ", %s, 0);\n", o->value);
        }
    }
    if (any && kind != MR_OBJECT_DATABASE)
        add_session(s);
}

static void add_stage(struct script *s, enum mr_object_stage stage)
{
    for (enum mr_object_kind kind = MR_OBJECT_NONE; mr_object_next(stage, &kind);) {
        struct mr_strbuf title = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&title, "%ss", mr_object_word(kind));
        s->out->failed |= title.failed;
        add_objects(s, kind, false, title.ptr);
        mr_strbuf_release(&title);
    }
}

static void add_stubs(struct script *s)
{
    for (size_t i = 0; i < s->m->nobjects; i++) {
        const struct mr_snap_object *o = &s->m->objects[i];
        if (o->kind != MR_OBJECT_VIEW || o->ncolumns == 0)
            continue;
        add_use(s, o->db);
        mr_snap_view_stub(s->out, o);
        mr_strbuf_add_str(s->out, ";\n");
    }
}

/* The last of all, and none of them as a mere name where the client stops. */
static void add_doubtful(struct script *s)
{
    for (size_t i = 0; i < s->m->nobjects; i++) {
        const struct mr_snap_object *o = &s->m->objects[i];
        if (!is_doubtful(o) || o->ncolumns == 0)
            continue;
        add_use(s, o->db);
        add_drop(s, o);
    }
    add_objects(s, MR_OBJECT_VIEW, true,
                "views that were broken, or that read from what is not kept: the client "
                "stops at the first that cannot be made, with everything else loaded");
}

/* "data/x.tsv.zst" → "data/x.tsv" */
static void add_plain_name(struct mr_strbuf *out, const char *file)
{
    const char *end = strstr(file, ".tsv.");
    mr_strbuf_add(out, file, end != NULL ? (size_t)(end - file) + 4 : strlen(file));
}

static void add_data(struct script *s, const struct mr_snap_table *t)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    for (size_t i = 0; i < t->nchunks && !mr_snap_is_merge(t); i++) {
        mr_strbuf_reset(&name);
        add_plain_name(&name, t->chunks[i].file);
        s->out->failed |= name.failed;
        mr_snap_load_sql(s->out, t, t->db, name.ptr);
        mr_strbuf_add_fmt(s->out, "; -- %" PRIu64 " rows\n", t->chunks[i].rows);
    }
    mr_strbuf_release(&name);
}

/* Views that may be refused stand at the very end: at an error the stock client stops, and
 * nothing else should be missing then. */
enum mr_code mr_snap_script_sql(const struct mr_snap_manifest *m, const struct mr_snap_dir *dir,
                                struct mr_strbuf *out, struct mr_err *err)
{
    struct script s = {.m = m, .dir = dir, .out = out, .err = err, .code = MR_OK};
    mr_strbuf_add_fmt(out,
                      "-- restore.sql: loads snapshot %s with the stock client.\n"
                      "-- RESTORE.txt says how it is run.\n\n",
                      m->uuid);
    add_session(&s);
    add_stage(&s, MR_MADE_WITH_DATABASES);
    add_stage(&s, MR_MADE_FIRST);
    add_stage(&s, MR_MADE_BEFORE_TABLES);
    add_title(&s, "tables");
    for (size_t i = 0; i < m->ntables; i++) {
        add_use(&s, m->tables[i].db);
        add_table(&s, &m->tables[i]);
    }
    add_title(&s, "names of views, which may refer to each other");
    add_stubs(&s);
    add_title(&s, "rows");
    for (size_t i = 0; i < m->ntables; i++)
        add_data(&s, &m->tables[i]);
    add_title(&s, "foreign keys");
    for (size_t i = 0; i < m->ntables; i++)
        if (m->tables[i].keys_file != NULL) {
            add_use(&s, m->tables[i].db);
            add_file(&s, m->tables[i].keys_file);
        }
    add_stage(&s, MR_MADE_BEHIND_ROWS);
    add_stage(&s, MR_MADE_LAST);
    add_doubtful(&s);
    return s.code == MR_OK ? mr_strbuf_check(out, "writing restore.sql", err) : s.code;
}

/* ---- RESTORE.txt ---- */

/* One line a step, so that a step is pasted as a whole. */
static const char unpack_begin[] =
    "work=$(mktemp -d /var/tmp/restore.XXXXXX) && mkdir \"$work/data\" && ";
static const char unpack_plain[] = "for f in data/*.tsv.zst; do [ -e \"$f\" ] || continue; "
                                   "zstd -dc \"$f\" >\"$work/data/$(basename \"$f\" .zst)\" || "
                                   "{ echo \"STOP at $f\"; break; }; done\n\n";
static const char unpack_encrypted[] =
    "for f in data/*.tsv.zst.cms; do [ -e \"$f\" ] || continue; "
    "openssl cms -decrypt -inform DER -inkey \"$key\" -in \"$f\" -out \"$work/one.zst\" && "
    "zstd -dc \"$work/one.zst\" >\"$work/data/$(basename \"$f\" .zst.cms)\" || "
    "{ echo \"STOP at $f\"; break; }; done; rm -f \"${work:?}/one.zst\"\n\n"
    "   The rows are encrypted: KEY is the file of the private key of one of the\n"
    "   certificates that manifest.json names under recipients. Keep it anywhere but in\n"
    "   this directory. openssl must be 3.0 or newer.\n\n";

/* The sums are no proof against whoever can write them anew. */
static void add_signature_check(const struct mr_snap_manifest *m, struct mr_strbuf *out)
{
    if (m->signer.ptr == NULL)
        return;
    mr_strbuf_add_str(out,
                      "   It is signed: CERT is the certificate of who should have made it, from a "
                      "place\n"
                      "   that you trust and not out of this directory.\n\n"
                      "     openssl x509 -pubkey -noout -in CERT | openssl ");
    const enum mr_sign_way way = mr_sign_way(m->signer.ptr, m->signer.len);
    if (way == MR_SIGN_RAW)
        mr_strbuf_add_str(out, "pkeyutl -verify -rawin "
                               "-pubin -inkey /dev/stdin -sigfile " MR_SNAP_SIGNATURE
                               " -in " MR_SNAP_MANIFEST "\n\n");
    else
        mr_strbuf_add_fmt(out,
                          "dgst -sha256 "
                          "%s-verify /dev/stdin "
                          "-signature %s %s\n\n",
                          way == MR_SIGN_BY_DIGEST_PSS ? "-sigopt rsa_padding_mode:pss " : "",
                          MR_SNAP_SIGNATURE, MR_SNAP_MANIFEST);
}

/* Stock tools cannot put rows in the place of others by what two directories say. */
static void add_increment(const struct mr_snap_manifest *m, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(
        out,
        "This directory is an incremental snapshot of myrecon %s, made at %s.\n\n"
        "It holds what changed since snapshot %s of %s, and cannot\n"
        "be loaded alone. Both are put together, without a server, by\n\n"
        "  myrecon snapshot merge --output DIR BASE... THIS\n\n"
        "DIR is a full snapshot then, with a RESTORE.txt of its own. This shows that the\n"
        "files here are as they were written:\n\n"
        "  sha256sum -c " MR_SNAP_MANIFEST_SUM " && sha256sum --quiet -c SUMS\n",
        m->version, m->created, m->base.uuid, m->base.created);
}

void mr_snap_script_readme(const struct mr_snap_manifest *m, struct mr_strbuf *out)
{
    if (m->base.uuid != NULL) {
        add_increment(m, out);
        return;
    }
    mr_strbuf_add_fmt(
        out,
        "This is a snapshot of %s, made by myrecon %s on %s.\n\n"
        "  myrecon snapshot verify DIR\n"
        "  myrecon snapshot restore DIR mysql://user@host\n\n"
        "How to load it without myrecon, with sha256sum, grep, zstd%s and the mysql\n"
        "client (of MySQL or MariaDB), in a shell within this directory. Each step is one\n"
        "line to paste.\n\n"
        "1. See that nothing was changed: the manifest, the list of sums that it proves, and\n"
        "   by that all other files. At the end it says \"whole\".\n\n"
        "     sha256sum -c " MR_SNAP_MANIFEST_SUM " && grep -qF \"\\\"$(sha256sum " MR_SNAP_SUMS
        " | cut -c1-64)\\\"\" " MR_SNAP_MANIFEST " && sha256sum -c --quiet " MR_SNAP_SUMS
        " && echo whole\n\n",
        m->source, m->version, m->created, m->nrecipients > 0 ? ", openssl" : "");
    add_signature_check(m, out);
    mr_strbuf_add_fmt(
        out,
        "2. Unpack the rows into a folder that nobody else can read: they lie there in\n"
        "   clear. Where zstd stops at a damaged file, or you stop it: step 5 comes first,\n"
        "   before this one is begun anew.\n\n"
        "     %s%s%s"
        "3. Load everything. The server must allow it: SET GLOBAL local_infile = 1.\n"
        "   The databases named in restore.sql must not exist yet.\n\n"
        "     snap=$PWD; (cd \"${work:?}\" && mysql --local-infile=1 "
        "--default-character-set=utf8mb4 --binary-mode --comments --show-warnings "
        "-h HOST -u USER -p <\"$snap/restore.sql\")\n\n"
        "   LOAD DATA LOCAL turns errors into warnings: any that is shown is to be "
        "looked\n"
        "   at; but \"Data truncated\" (1265) for an ENUM that holds the number 0 is as "
        "it\n"
        "   was. At an error the client stops: what stands behind it in restore.sql is\n"
        "   not made.\n\n"
        "4. Compare the number of rows of every table: each is \"equal\".\n\n"
        "     mysql --default-character-set=utf8mb4 --table -h HOST -u USER -p "
        "<" MR_SNAP_COUNTS "\n\n"
        "5. Remove the rows that were unpacked.\n\n"
        "     rm -r \"${work:?}\"\n",
        m->nrecipients > 0 ? "key=KEY; " : "", unpack_begin,
        m->nrecipients > 0 ? unpack_encrypted : unpack_plain);
    for (size_t i = 0; i < m->nleft_out; i++) {
        mr_strbuf_add_fmt(out, "%s  %s ", i == 0 ? "\nLeft out when the snapshot was made:\n" : "",
                          m->left_out[i].kind);
        mr_utf8_show_str(out, m->left_out[i].name);
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, m->left_out[i].reason);
        mr_strbuf_add_char(out, '\n');
    }
}

/* ---- counts.sql, SUMS ---- */

static void add_count(struct mr_strbuf *out, const struct mr_snap_table *t, bool first)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", t->db, t->name);
    mr_strbuf_add_str(out, first ? "  SELECT " : "  UNION ALL SELECT ");
    mr_sql_string(out, name.ptr);
    mr_strbuf_add_fmt(out, "%s, %" PRIu64 "%s, (SELECT COUNT(*) FROM ", first ? " AS name" : "",
                      t->rows, first ? " AS wanted" : "");
    mr_sql_table(out, t->db, t->name);
    mr_strbuf_add_str(out, first ? ") AS found\n" : ")\n");
    out->failed |= name.failed;
    mr_strbuf_release(&name);
}

/* Each statement opens all of its tables at once. */
void mr_snap_script_counts(const struct mr_snap_manifest *m, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, "-- " MR_SNAP_COUNTS ": has every table as many rows as the snapshot?\n"
                           "SET SESSION sql_mode = '';\n");
    for (size_t i = 0; i < m->ntables; i++) {
        const bool first = i % COUNTS_MAX == 0;
        if (first)
            mr_strbuf_add_str(out, "SELECT name, wanted, found, IF(wanted = found, 'equal', "
                                   "'DIFFERENT') AS verdict FROM (\n");
        add_count(out, &m->tables[i], first);
        if (i + 1 == m->ntables || (i + 1) % COUNTS_MAX == 0)
            mr_strbuf_add_str(out, ") AS counts;\n");
    }
}

void mr_snap_script_sums(const struct mr_snap_manifest *m, struct mr_strbuf *out)
{
    for (size_t i = 0; i < m->nfiles; i++)
        mr_strbuf_add_fmt(out, "%s  %s\n", m->files[i].sha256, m->files[i].name);
    for (size_t i = 0; i < m->ntables; i++) {
        for (size_t k = 0; k < m->tables[i].nchunks; k++)
            mr_strbuf_add_fmt(out, "%s  %s\n", m->tables[i].chunks[k].sha256,
                              m->tables[i].chunks[k].file);
        if (m->tables[i].gone.file != NULL)
            mr_strbuf_add_fmt(out, "%s  %s\n", m->tables[i].gone.sha256, m->tables[i].gone.file);
    }
}
