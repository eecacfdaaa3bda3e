/* affected_plan.c: see affected_plan.h. */
#include "recon/affected/affected_plan.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/image.h"
#include "core/case/plan_manifest.h"
#include "core/file/csv_in.h"
#include "core/file/sha256.h"
#include "core/row/row_class.h"
#include "recon/affected/affected_deeds.h"
#include "recon/affected/affected_line.h"
#include "recon/affected/affected_row.h"

#define MAP_NAME "idmap.csv"
#define ROWS_NAME "entities.csv.zst"

/* The bytes are not in maps of older versions. */
enum column { TABLE, SOURCE_KEY, TARGET_KEY, SOURCE_BYTES, TARGET_BYTES, COLUMNS };
static const char *const column_names[COLUMNS] = {[TABLE] = "table",
                                                  [SOURCE_KEY] = "source_key",
                                                  [TARGET_KEY] = "target_key",
                                                  [SOURCE_BYTES] = "source_bytes",
                                                  [TARGET_BYTES] = "target_bytes"};

struct loading {
    struct mr_affected_plan *plan;
    const char *path;
    struct mr_case_stmt *add;
    size_t at[COLUMNS];
    size_t width; /* 0: no header yet */
};

static enum mr_code refuse(const char *path, const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" %s", path, what);
    mr_err_hint(err, "Name the directory of a plan, as \"repair plan\" has written it.");
    return MR_E_REFUSED;
}

enum mr_code mr_affected_plan_run(const char *dir, struct mr_arena *arena, const char **run,
                                  struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    const char *planned = NULL;
    enum mr_code code = mr_plan_manifest_load(dir, &doc, err);
    if (code == MR_OK)
        code = mr_json_get_text_or_null(mr_json_root(doc), "run", &planned, err);
    *run = planned != NULL ? mr_arena_strdup(arena, planned) : NULL;
    mr_json_free(doc);
    if (code == MR_OK && planned != NULL && *run == NULL)
        return mr_err_nomem(err, "reading a plan");
    return code;
}

/* Keys of another run may be those of other people. */
static enum mr_code check_run(const char *dir, const struct json_t *root,
                              const struct mr_find_run *run, struct mr_err *err)
{
    const char *planned = NULL;
    enum mr_code code = mr_json_get_text_or_null(root, "run", &planned, err);
    if (code != MR_OK || (planned != NULL && strcmp(planned, run->uuid) == 0))
        return code;
    (void)mr_err_set(err, MR_E_REFUSED, "plan \"%s\" was made from run %s, not from %s", dir,
                     planned != NULL ? planned : "none", run->uuid);
    if (planned != NULL)
        mr_err_hint(err, "List the run that was planned from: --run %s.", planned);
    else
        mr_err_hint(err, "Name a plan that was made from this run.");
    return MR_E_REFUSED;
}

/* Is the file at that path the one that plan.json lists under the name?  *listed false: it lists
 * none. */
static enum mr_code check_digest(const char *path, const char *name, const struct json_t *root,
                                 bool *listed, struct mr_err *err)
{
    const struct json_t *files = NULL;
    const char *wanted = NULL;
    size_t count = 0;
    char hex[MR_SHA256_HEX];
    *listed = false;
    MR_TRY(mr_json_get_array(root, "files", &files, &count, err));
    for (size_t i = 0; i < count; i++) {
        const struct json_t *file = NULL;
        const char *called = NULL;
        MR_TRY(mr_json_item(files, i, &file, err));
        MR_TRY(mr_json_get_text(file, "name", &called, err));
        if (strcmp(called, name) == 0)
            MR_TRY(mr_json_get_text(file, "sha256", &wanted, err));
    }
    if (wanted == NULL)
        return MR_OK;
    *listed = true;
    MR_TRY(mr_sha256_file(path, hex, NULL, err));
    return strcmp(hex, wanted) == 0 ? MR_OK : refuse(path, "was changed since it was planned", err);
}

/* Where the parts of a plan are that are read. */
struct place {
    const char *dir;
    struct mr_strbuf map, rows;
    bool has_rows; /* the plan tells row by row what it does */
};

/* The map must be the one that was sealed with the plan, and the plan one of the run that is
 * listed: keys of another would be told to the wrong people. */
static enum mr_code check_manifest(struct mr_affected_plan *plan, struct place *place,
                                   const struct mr_find_run *run, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    const char *policy = NULL;
    bool has_map = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_plan_manifest_load(place->dir, &doc, err));
    const struct json_t *root = mr_json_root(doc);
    MR_TRY_OUT(check_digest(place->map.ptr, MAP_NAME, root, &has_map, err));
    if (!has_map)
        MR_TRY_OUT(refuse(place->dir, "is a plan that restores nobody", err));
    MR_TRY_OUT(check_digest(place->rows.ptr, ROWS_NAME, root, &place->has_rows, err));
    MR_TRY_OUT(check_run(place->dir, root, run, err));
    MR_TRY_OUT(mr_json_get_text(root, "policy", &policy, err));
    plan->mirrors = strcmp(policy, "mirror") == 0;
    plan->has_deeds = place->has_rows;
out:
    mr_json_free(doc);
    return code;
}

/* Columns are found by name: maps of older plans lack the encoded keys, and do without. */
static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct loading *l = ctx;
    bool is_header = l->width == 0;
    for (size_t c = 0; is_header && c < COLUMNS; c++) {
        l->at[c] = SIZE_MAX;
        for (size_t i = 0; i < count; i++)
            if (strcmp(fields[i].ptr, column_names[c]) == 0)
                l->at[c] = i;
        if (l->at[c] == SIZE_MAX && c < SOURCE_BYTES)
            return refuse(l->path, "is no map of keys", err);
    }
    l->width = is_header ? count : l->width;
    if (is_header)
        return MR_OK;
    if (count != l->width)
        return mr_err_set(err, MR_E_REFUSED,
                          "\"%s\", line %" PRIu64 ": not as many fields as in the header", l->path,
                          line);
    struct mr_key given[COLUMNS] = {{0}};
    for (size_t c = 0; c < COLUMNS; c++)
        if (l->at[c] != SIZE_MAX)
            given[c] = (struct mr_key){fields[l->at[c]].ptr, fields[l->at[c]].len};
    if (given[TARGET_KEY].len > l->plan->chars)
        l->plan->chars = given[TARGET_KEY].len;
    return MR_CASE_RUN(
        l->add, err, MR_ARG_BYTES("tbl", given[TABLE]), MR_ARG_BYTES("skey", given[SOURCE_KEY]),
        MR_ARG_BYTES("tkey", given[TARGET_KEY]), MR_ARG_BYTES("sbytes", given[SOURCE_BYTES]),
        MR_ARG_BYTES("tbytes", given[TARGET_BYTES]));
}

static enum mr_code read_map(struct loading *l, struct mr_err *err)
{
    struct mr_csv_in csv;
    mr_csv_in_init(&csv, take_record, l);
    enum mr_code code = mr_csv_in_file(&csv, l->path, MR_IN_PART, err);
    mr_csv_in_release(&csv);
    return code;
}

static enum mr_code load(struct loading *l, struct mr_case *cf, struct mr_err *err)
{
    enum mr_code code =
        mr_case_exec(cf,
                     "CREATE TEMP TABLE new_key (tbl BLOB NOT NULL, skey BLOB NOT NULL,"
                     " tkey BLOB NOT NULL, sbytes BLOB, tbytes BLOB,"
                     " PRIMARY KEY (tbl, skey)) WITHOUT ROWID;"
                     "CREATE INDEX temp.new_key_source ON new_key (tbl, sbytes);"
                     "CREATE INDEX temp.new_key_target ON new_key (tbl, tbytes)",
                     err);
    if (code == MR_OK)
        code = mr_case_prepare(cf,
                               "INSERT OR REPLACE INTO new_key (tbl, skey, tkey, sbytes, tbytes)"
                               " VALUES (:tbl, :skey, :tkey, :sbytes, :tbytes)",
                               &l->add, err);
    if (code == MR_OK)
        code = read_map(l, err);
    mr_case_free(l->add);
    return code == MR_OK
               ? mr_case_prepare(cf, "SELECT tkey FROM new_key WHERE tbl=:tbl AND skey=:skey",
                                 &l->plan->find, err)
               : code;
}

enum mr_code mr_affected_plan_load(struct mr_affected_plan *plan, const char *dir,
                                   const struct mr_find_run *run, struct mr_findings *fd,
                                   struct mr_err *err)
{
    struct place place = {.dir = dir, .map = MR_STRBUF_INIT, .rows = MR_STRBUF_INIT};
    struct loading l = {.plan = plan};
    struct mr_case *cf = mr_findings_case(fd);
    enum mr_code code = MR_OK;
    *plan = (struct mr_affected_plan){.ends = MR_VEC_INIT(size_t)};
    mr_strbuf_add_fmt(&place.map, "%s/" MAP_NAME, dir);
    mr_strbuf_add_fmt(&place.rows, "%s/" ROWS_NAME, dir);
    MR_TRY_OUT(mr_strbuf_check(&place.map, "reading a plan", err));
    MR_TRY_OUT(mr_strbuf_check(&place.rows, "reading a plan", err));
    l.path = place.map.ptr;
    MR_TRY_OUT(check_manifest(plan, &place, run, err));
    MR_TRY_OUT(load(&l, cf, err));
    MR_TRY_OUT(mr_affected_deeds_load(place.has_rows ? place.rows.ptr : NULL, cf, err));
    MR_TRY_OUT(mr_case_prepare(cf, "SELECT 1 FROM temp.gone WHERE tbl=:tbl AND tkey=:tkey",
                               &plan->gone, err));
out:
    mr_strbuf_release(&place.map);
    mr_strbuf_release(&place.rows);
    return code;
}

/* ---- keys that are no UTF-8 ---- */

#define SPELT                                                                                      \
    "SELECT id, lower(hex(key)) AS bytes, source, target FROM finding WHERE tbl=:tbl"              \
    " AND state=2 AND "

/* What the case says of one side's keys of a table: their bytes, and a row to read them from. */
static const char *const spell_sql[2][2] = {
    {SPELT "source IS NOT NULL", "UPDATE OR REPLACE new_key SET skey = :key,"
                                 " tkey = CASE WHEN tbytes = sbytes THEN :key ELSE tkey END"
                                 " WHERE tbl=:tbl AND sbytes=:bytes AND skey <> :key"},
    {SPELT "target IS NOT NULL",
     "UPDATE new_key SET tkey = :key WHERE tbl=:tbl AND tbytes=:bytes AND tkey <> :key"}};

struct spelt {
    const char *bytes; /* in hexadecimal */
    struct mr_finding f;
    struct mr_key image; /* of the side */
};

static const struct mr_case_field spelt_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD_AS("id", struct spelt, f.id, MR_CASE_INT),
                 MR_CASE_FIELD(struct spelt, bytes, MR_CASE_TEXT),
                 MR_CASE_FIELD_AS("source", struct spelt, f.source, MR_CASE_START),
                 MR_CASE_FIELD_AS("source_len", struct spelt, f.source_len, MR_CASE_LENGTH),
                 MR_CASE_FIELD_AS("target", struct spelt, f.target, MR_CASE_START),
                 MR_CASE_FIELD_AS("target_len", struct spelt, f.target_len, MR_CASE_LENGTH));

static enum mr_code spell_key(const struct mr_affected *list,
                              const struct mr_affected_subject *subject, const struct spelt *found,
                              struct mr_case_stmt *set, struct mr_affected_row *row,
                              struct mr_err *err)
{
    const char *name = subject->table->name, *bytes = found->bytes;
    enum mr_code code =
        mr_affected_row_read(row, list, subject, found->image.ptr, found->image.len, err);
    if (code != MR_OK || bytes == NULL)
        return code;
    return MR_CASE_RUN(set, err, MR_ARG_BLOB("tbl", name, strlen(name)),
                       MR_ARG_BLOB("bytes", bytes, strlen(bytes)),
                       MR_ARG_BLOB("key", row->key.ptr, row->key.len));
}

static enum mr_code spell_side(const struct mr_affected *list,
                               const struct mr_affected_subject *subject, int side,
                               struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(list->fd);
    struct mr_case_stmt *keys = NULL, *set = NULL;
    struct mr_case_fields map;
    struct spelt found = {0}; /* what the query does not name is looked at, too */
    struct mr_affected_row row;
    bool more = false;
    mr_affected_row_init(&row);
    enum mr_code code =
        MR_CASE_PREPARE(cf, spell_sql[side][0], &keys, err, MR_ARG_INT("tbl", subject->table->id));
    if (code == MR_OK)
        code = mr_case_prepare(cf, spell_sql[side][1], &set, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, keys, MR_CASE_FIELDS(spelt_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &found, &more, err)) == MR_OK &&
           more) {
        code = mr_findings_images(list->fd, &found.f, err);
        found.image = side == 0 ? (struct mr_key){found.f.source, found.f.source_len}
                                : (struct mr_key){found.f.target, found.f.target_len};
        if (code == MR_OK)
            code = mr_is_cancelled() ? mr_cancelled_err(err)
                                     : spell_key(list, subject, &found, set, &row, err);
    }
    mr_case_free(keys);
    mr_case_free(set);
    mr_affected_row_release(&row);
    return code;
}

static bool has_text_key(const struct mr_affected_subject *subject)
{
    const struct mr_find_table *table = subject->table;
    bool text = false;
    for (size_t n = 0; n < subject->nkey; n++)
        text |= mr_class_is_text(
            table->columns[mr_image_part_column(table, MR_IMAGE_KEY, n)].style.cls);
    return text;
}

/* No key is longer than the longest: what is declared for it holds them all. */
static enum mr_code measure(struct mr_affected_plan *plan, struct mr_case *cf, struct mr_err *err)
{
    int64_t chars = 0;
    MR_TRY(
        MR_CASE_NUMBER(cf, "SELECT ifnull(max(length(tkey)), 0) FROM temp.new_key", &chars, err));
    plan->chars = (size_t)chars;
    return MR_OK;
}

enum mr_code mr_affected_plan_spell(const struct mr_affected *list, struct mr_err *err)
{
    for (size_t i = 0; i < list->nsubjects; i++) {
        const struct mr_affected_subject *subject = &list->subjects[i];
        for (int side = 0; has_text_key(subject) && side < 2; side++)
            MR_TRY(spell_side(list, subject, side, err));
    }
    MR_TRY(mr_affected_deeds_spell(list, list->plan->mirrors, err));
    return measure(list->plan, mr_findings_case(list->fd), err);
}

void mr_affected_plan_release(struct mr_affected_plan *plan)
{
    mr_case_free(plan->find);
    mr_case_free(plan->gone);
    plan->find = plan->gone = NULL;
    mr_vec_release(&plan->ends);
}

/* ---- the keys of a person ---- */

struct keys {
    struct mr_affected_plan *plan;
    const struct mr_affected_line *line;
    const char *table;
    struct mr_strbuf *out;
};

static bool is_same(struct mr_key a, const struct mr_key *b)
{
    return a.len == b->len && (a.len == 0 || memcmp(a.ptr, b->ptr, a.len) == 0);
}

/* Two rows of SOURCE may be one of TARGET, whose key stands once. */
static enum mr_code add_key(struct keys *k, struct mr_key key, struct mr_err *err)
{
    struct mr_vec *ends = &k->plan->ends;
    size_t from = 0;
    for (size_t i = 0; i < ends->count; i++) {
        const size_t end = *(const size_t *)mr_vec_at(ends, i);
        if (is_same((struct mr_key){k->out->ptr + from, end - from}, &key))
            return MR_OK;
        from = end + 1;
    }
    mr_strbuf_add_str(k->out, ends->count > 0 ? ";" : "");
    mr_strbuf_add(k->out, key.ptr, key.len);
    size_t *end = mr_vec_push(ends);
    if (end == NULL)
        return mr_err_nomem(err, "listing people");
    *end = k->out->len;
    return mr_strbuf_check(k->out, "listing people", err);
}

/* Is the row of TARGET under that key nobody's or another person's afterwards? */
static enum mr_code is_gone(struct keys *k, struct mr_key key, bool *gone, struct mr_err *err)
{
    enum mr_code code =
        MR_CASE_ASK(k->plan->gone, gone, err, MR_ARG_BLOB("tbl", k->table, strlen(k->table)),
                    MR_ARG_BYTES("tkey", key));
    mr_case_reset(k->plan->gone);
    return code;
}

/* Rows of TARGET that stay the person's; of: only that of this key, or NULL. */
static enum mr_code add_kept(struct keys *k, const struct mr_key *of, struct mr_err *err)
{
    const struct mr_vec *keys = &k->line->keys[1];
    for (size_t i = 0; i < keys->count; i++) {
        const struct mr_key *key = mr_vec_at(keys, i);
        bool gone = false;
        if (of != NULL && !is_same(*key, of))
            continue;
        MR_TRY(is_gone(k, *key, &gone, err));
        if (!gone)
            MR_TRY(add_key(k, *key, err));
    }
    return MR_OK;
}

/* A row of SOURCE stands where the map says; one that it does not know, where TARGET has the same
 * person under that key. */
static enum mr_code add_mapped(struct keys *k, const struct mr_key *source, struct mr_err *err)
{
    struct mr_case_stmt *find = k->plan->find;
    bool found = false;
    enum mr_code code =
        MR_CASE_ASK(find, &found, err, MR_ARG_BLOB("tbl", k->table, strlen(k->table)),
                    MR_ARG_BYTES("skey", *source));
    if (code == MR_OK && found) {
        size_t len;
        const void *target = mr_case_blob(find, 0, &len);
        code = add_key(k, (struct mr_key){target, len}, err);
    }
    mr_case_reset(find);
    return code == MR_OK && !found ? add_kept(k, source, err) : code;
}

/* Who is not in the map keeps the key on TARGET, unless the plan deletes that row or makes it
 * another person's: then there is none to be told.  Which rows a mirror deletes is guessed only where the plan
 * does not tell: a row may have to stay, and its table need not be of the plan. */
enum mr_code mr_affected_plan_key(struct mr_affected_plan *plan,
                                  const struct mr_affected_line *line, struct mr_strbuf *out,
                                  bool *none, struct mr_err *err)
{
    struct keys k = {plan, line, line->subject->table->name, out};
    mr_strbuf_reset(out);
    mr_vec_clear(&plan->ends);
    for (size_t i = 0; i < line->keys[0].count; i++)
        MR_TRY(add_mapped(&k, mr_vec_at(&line->keys[0], i), err));
    const bool deleted = plan->mirrors && !plan->has_deeds && line->keys[0].count == 0 &&
                         strstr(line->reasons.ptr, "extra") != NULL;
    if (plan->ends.count == 0 && !deleted)
        MR_TRY(add_kept(&k, NULL, err));
    *none = plan->ends.count == 0;
    return MR_OK;
}
