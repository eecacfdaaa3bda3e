/* pair.c: see pair.h. */
#include "core/pair/pair.h"

#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/schema/engine.h"
#include "core/source/canon.h"

enum mr_code mr_pair_add_note(struct mr_pair *pair, const char *text, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    if (pair->find.note != NULL)
        mr_strbuf_add_fmt(&note, "%s; ", pair->find.note);
    mr_strbuf_add_str(&note, text);
    pair->find.note = mr_arena_strdup(pair->arena, note.ptr);
    mr_strbuf_release(&note);
    return pair->find.note != NULL ? MR_OK : mr_err_nomem(err, "planning a table");
}

static bool is_rounded(const struct mr_pair *pair, size_t at)
{
    return pair->scan[MR_SOURCE].cols[at].expr == MR_EXPR_TEXT &&
           (pair->ignored == NULL || !pair->ignored[at]) &&
           (mr_pair_column(pair, MR_SOURCE, at)->cls == MR_CLASS_FLOAT ||
            mr_pair_column(pair, MR_TARGET, at)->cls == MR_CLASS_FLOAT);
}

enum mr_code mr_pair_note_rounded(struct mr_pair *pair, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < pair->find.ncolumns; i++)
        if (is_rounded(pair, i))
            mr_strbuf_add_fmt(&note, "%s%s",
                              note.len > 0 ? ", "
                                           : "compared by the six digits that servers "
                                             "write of a FLOAT, so that smaller "
                                             "differences are not seen: ",
                              pair->find.columns[i].name);
    if (note.len > 0 || note.failed)
        code = mr_strbuf_check(&note, "planning a table", err);
    if (code == MR_OK && note.len > 0)
        code = mr_pair_add_note(pair, note.ptr, err);
    mr_strbuf_release(&note);
    return code;
}

enum mr_code mr_pair_try_condition(const struct mr_pairing *pairing, const struct mr_pair *pair,
                                   const char *const condition[MR_SIDES], struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        const struct mr_readspec *spec = &pair->scan[side];
        struct mr_db *db = mr_reader_db(pairing->side[side].main);
        struct mr_result *res = NULL;
        mr_strbuf_reset(&sql);
        mr_strbuf_add_str(&sql, "SELECT 1 FROM ");
        mr_sql_table(&sql, spec->db, spec->table);
        mr_strbuf_add_fmt(&sql, " WHERE (%s\n) LIMIT 0", condition[side]);
        if (db != NULL)
            code = mr_db_query(db, "n", sql.ptr, sql.len, &res, &why);
        mr_result_free(res);
    }
    mr_strbuf_release(&sql);
    if (code != MR_E_SQL && code != MR_E_NO_SUCH)
        return MR_OK; /* what else is wrong with the table shows when it is read */
    if (err != NULL)
        *err = why;
    return code;
}

static const char *join_name(struct mr_arena *arena, const char *db, const char *table)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sb, "%s.%s", db, table);
    const char *name = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return name;
}

/* NULL, or why the server itself cannot read one of the tables. */
static const struct mr_table *broken_one(const struct mr_table *s, const struct mr_table *t)
{
    return s->engine == NULL ? s : t->engine == NULL ? t : NULL;
}

static const struct mr_kept *kept_of(const struct mr_pairing *pairing, const struct mr_pair *pair,
                                     enum mr_side side)
{
    const struct mr_table *t = pair->side[side];
    const struct mr_source *source = pairing->side[side].source;
    return source != NULL ? mr_source_kept(source, t->db, t->name) : NULL;
}

/* The order of a snapshot's rows, and of many servers', may be one that only a server has; and their
 * rows are values, not what a server sends. */
static void settle_join(const struct mr_pairing *pairing, struct mr_pair *pair)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        if (kept_of(pairing, pair, (enum mr_side)side) == NULL &&
            !mr_side_is_shards(&pairing->side[side]))
            continue;
        atomic_store(&pair->raw, false);
        if (pair->join == MR_JOIN_SHARED &&
            !mr_reader_has_order(pairing->side[side].main, &pair->scan[side]))
            pair->join = MR_JOIN_SPILL;
    }
}

/* What two snapshots can be asked about their texts (canon.h). */
static enum mr_code note_texts(const struct mr_pairing *pairing, struct mr_pair *pair,
                               struct mr_err *err)
{
    bool wider = false;
    if (kept_of(pairing, pair, MR_SOURCE) == NULL || kept_of(pairing, pair, MR_TARGET) == NULL)
        return MR_OK;
    for (size_t i = 0; i < pair->nkey_columns + pair->nidentity; i++) {
        size_t at =
            i < pair->nkey_columns ? pair->key_columns[i] : pair->identity[i - pair->nkey_columns];
        const struct mr_column *col =
            mr_table_column(pair->side[MR_TARGET], pair->full[MR_TARGET].cols[at].name);
        wider = wider ||
                (col != NULL && col->cls == MR_CLASS_TEXT && mr_canon_is_wider(col->collation));
    }
    return wider ? mr_pair_add_note(pair,
                                    "no server was asked: of keys and identities, texts "
                                    "beyond ASCII are compared by their bytes",
                                    err)
                 : MR_OK;
}

/* What such an engine shows are rows of somewhere else, which may be those of the other side: a
 * table of its own is not proved by them.  A snapshot's rows are its own. */
static enum mr_code require_own_rows(const struct mr_pairing *pairing, const struct mr_pair *pair,
                                     struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const char *engine = pair->side[side]->engine;
        if (!mr_engine_is_elsewhere(engine) || kept_of(pairing, pair, (enum mr_side)side) != NULL)
            continue;
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "%s on the %s keeps its rows elsewhere: compare them where they lie",
                          engine, mr_side_name((enum mr_side)side));
    }
    return MR_OK;
}

/* MR_E_SQL and MR_E_UNSUPPORTED concern only this pair. */
static enum mr_code plan_columns(const struct mr_pairing *pairing, struct mr_pair *pair,
                                 struct mr_err *err)
{
    const struct mr_table *broken = broken_one(pair->side[MR_SOURCE], pair->side[MR_TARGET]);
    struct mr_column_task task = {
        .config = pair->config,
        .flavour = {pairing->side[MR_SOURCE].cat->server.flavour,
                    pairing->side[MR_TARGET].cat->server.flavour},
        .arena = pairing->arena,
        .whole_rows = pairing->whole_rows,
        .kept = {kept_of(pairing, pair, MR_SOURCE), kept_of(pairing, pair, MR_TARGET)}};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (pair->side[side]->unfit != NULL)
            return mr_err_set(err, MR_E_UNSUPPORTED, "%s", pair->side[side]->unfit);
    if (broken != NULL)
        return mr_err_set(err, MR_E_SQL, "the server cannot open the table%s%s",
                          broken->open_error != NULL ? ": " : "",
                          broken->open_error != NULL ? broken->open_error : "");
    MR_TRY(require_own_rows(pairing, pair, err));
    MR_TRY(mr_pair_columns(pair, &task, err));
    settle_join(pairing, pair);
    MR_TRY(note_texts(pairing, pair, err));

    return MR_OK;
}

static enum mr_code refuse_namesake(const struct mr_table *table, const struct mr_table *other,
                                    enum mr_side side, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE,
                     "table \"%s\" of database \"%s\" and table \"%s\" of database "
                     "\"%s\" cannot be told apart on the %s: both are written \"%s.%s\"",
                     table->name, table->db, other->name, other->db, mr_side_name(side), table->db,
                     table->name);
    mr_err_hint(err, "Name only one of the two databases in the URIs, and take the other "
                     "by itself, with a case of its own.");
    return MR_E_USAGE;
}

enum mr_code mr_pair_check_names(const struct mr_server_side side[MR_SIDES],
                                 const struct mr_table *const tables[MR_SIDES],
                                 const struct mr_config *config, struct mr_err *err)
{
    const struct mr_table *source = tables[MR_SOURCE];
    for (int i = MR_SOURCE; i < MR_SIDES; i++) {
        const struct mr_table *other = mr_catalogue_namesake(side[i].cat, tables[i]);
        if (other != NULL)
            return refuse_namesake(tables[i], other, (enum mr_side)i, err);
    }
    return side[MR_SOURCE].cat->server.lower_case_table_names != 0
               ? mr_config_require_letters(config, source->db, source->name, err)
               : MR_OK;
}

/* A table that cannot be compared is a pair all the same, with its reason: it is listed, and not
 * passed over. */
enum mr_code mr_pair_plan(const struct mr_pairing *pairing, const struct mr_table *source,
                          const struct mr_table *target, struct mr_pair **out,
                          struct mr_err *reason, struct mr_err *err)
{
    struct mr_arena *arena = pairing->arena;
    struct mr_pair *pair = mr_arena_calloc(arena, 1, sizeof *pair);
    struct mr_table_config *config = mr_arena_calloc(arena, 1, sizeof *config);
    struct mr_err why = {0};
    if (pair == NULL || config == NULL)
        return mr_err_nomem(err, "planning tables");
    *out = pair;
    *reason = (struct mr_err){0};
    pair->side[MR_SOURCE] = source;
    pair->side[MR_TARGET] = target;
    pair->arena = arena;
    pair->find.time_at = -1;
    pair->est_rows = source->est_rows + target->est_rows;
    pair->find.name = join_name(arena, source->db, source->name);
    pair->find.target_name = join_name(arena, target->db, target->name);
    if (pair->find.name == NULL || pair->find.target_name == NULL)
        return mr_err_nomem(err, "planning tables");
    enum mr_code code = mr_pair_check_names(pairing->side, pair->side, pairing->config, err);
    if (code == MR_OK)
        code = mr_config_table(pairing->config, source->db, source->name, arena, config, err);
    if (code != MR_OK)
        return code;
    pair->config = config;
    code = plan_columns(pairing, pair, &why);
    if (code == MR_E_SQL || code == MR_E_UNSUPPORTED)
        *reason = why;
    else if (code != MR_OK && err != NULL)
        *err = why;
    return code == MR_E_SQL || code == MR_E_UNSUPPORTED ? MR_OK : code;
}
