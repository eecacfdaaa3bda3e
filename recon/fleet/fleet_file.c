/* fleet_file.c: see fleet_file.h. */
#include "recon/fleet/fleet_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/run_id.h"
#include "core/base/version.h"
#include "core/db/endpoint.h"
#include "core/json/json_reader.h"
#include "core/json/json_sealed.h"
#include "core/json/jsonw.h"
#include "recon/fleet/inventory.h"

#define READERS_MAX 64
#define DOES_SNAPSHOTS "snapshots" /* a plan of checks says nothing */

static const struct mr_json_sealed_kind kind = {
    .file = MR_FLEET_FILE, .schema = MR_FLEET_SCHEMA, .thing = "fleet", .made_by = "fleet plan"};

/* ---- where what lies ---- */

static const char *path_of(const char *dir, const char *folder, size_t at, const char *ext,
                           struct mr_arena *arena)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s%s%s/%zu.%s", dir != NULL ? dir : "", dir != NULL ? "/" : "",
                      folder, at, ext);
    const char *kept = path.failed ? NULL : mr_arena_strdup(arena, path.ptr);
    mr_strbuf_release(&path);
    return kept;
}

const char *mr_fleet_file_config_path(const char *dir, size_t at, struct mr_arena *arena)
{
    return path_of(dir, "config", at, "ini", arena);
}

const char *mr_fleet_file_work_path(const char *dir, size_t part, struct mr_arena *arena)
{
    return path_of(dir, "work", part, "jsonl", arena);
}

const char *mr_fleet_file_certificate_path(const char *dir, size_t at, struct mr_arena *arena)
{
    return path_of(dir, "certificates", at, "pem", arena);
}

/* ---- writing ---- */

static void put_pairs(struct mr_jsonw *w, const struct mr_fleet_file *file)
{
    char config[64];
    mr_jsonw_key(w, "pairs");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < file->npairs; i++) {
        const struct mr_fleet_file_pair *pair = &file->pairs[i];
        (void)snprintf(config, sizeof config, "config/%zu.ini", pair->config_at);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "name", pair->name);
        mr_jsonw_add_str(w, "source", pair->uri[MR_SOURCE]);
        mr_jsonw_add_str(w, "target", pair->uri[MR_TARGET]);
        mr_jsonw_add_str(w, "config", config);
        if (file->is_snapshots) {
            mr_jsonw_add_uint(w, "part", pair->part);
            mr_jsonw_add_str(w, "manifest", pair->manifest);
        } else {
            mr_jsonw_add_uint(w, "parts", pair->parts);
        }
        if (pair->failed != NULL)
            mr_jsonw_add_str(w, "failed", pair->failed);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_file(struct mr_jsonw *w, const char *folder, size_t at, const char *ext,
                     const char *sha256)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s/%zu.%s", folder, at, ext);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "file", name);
    mr_jsonw_add_str(w, "sha256", sha256);
    mr_jsonw_object_end(w);
}

static void put_configs(struct mr_jsonw *w, const struct mr_fleet_file *file)
{
    mr_jsonw_key(w, "configs");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < file->nconfigs; i++)
        put_file(w, "config", i, "ini", file->configs[i].sha256);
    mr_jsonw_array_end(w);
}

static void put_encryption(struct mr_jsonw *w, const struct mr_fleet_file *file)
{
    mr_jsonw_key(w, "certificates");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < file->ncertificates; i++)
        put_file(w, "certificates", i, "pem", file->certificates[i].sha256);
    mr_jsonw_array_end(w);
    mr_jsonw_add_str(w, "sign_with", file->sign_with);
}

static void put_parts(struct mr_jsonw *w, const struct mr_fleet_file *file)
{
    char name[64];
    mr_jsonw_key(w, "parts");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < file->nparts; i++) {
        const struct mr_fleet_file_part *part = &file->parts[i];
        (void)snprintf(name, sizeof name, "work/%zu.jsonl", i);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_uint(w, "part", i);
        if (!file->is_snapshots) {
            mr_jsonw_add_str(w, "file", name);
            mr_jsonw_add_str(w, "sha256", part->sha256);
            mr_jsonw_add_uint(w, "weight", part->weight);
            mr_jsonw_add_uint(w, "units", part->units);
            mr_jsonw_add_uint(w, "tables", part->tables);
        }
        mr_jsonw_add_uint(w, "pairs", part->pairs);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

enum mr_code mr_fleet_file_text(const struct mr_fleet_file *file, struct mr_strbuf *out,
                                struct mr_err *err)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, &body);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "schema", MR_FLEET_SCHEMA);
    mr_jsonw_add_str(&w, "fleet", file->id);
    mr_jsonw_add_str(&w, "created", file->created);
    mr_jsonw_add_str(&w, "version", MR_VERSION);
    if (file->is_snapshots)
        mr_jsonw_add_str(&w, "does", DOES_SNAPSHOTS);
    mr_jsonw_add_uint(&w, "readers_per_server", file->readers_per_server);
    put_pairs(&w, file);
    put_configs(&w, file);
    if (file->is_snapshots)
        put_encryption(&w, file);
    put_parts(&w, file);
    mr_jsonw_object_end(&w);
    enum mr_code code = mr_jsonw_finish(&w, MR_FLEET_FILE, err);
    mr_jsonw_release(&w);
    if (code == MR_OK)
        code = mr_json_sealed_add(&body, out, err);
    mr_strbuf_release(&body);
    return code;
}

/* ---- reading ---- */

/* It becomes a part of file names and of the names of locks. */
static bool is_id(const char *id)
{
    size_t len = strlen(id);
    for (const char *at = id; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && *at != '-')
            return false;
    return len > 0 && len < MR_RUN_ID_SIZE;
}

static void read_digest(struct mr_json_reader *r, const struct json_t *object,
                        char hex[MR_SHA256_HEX])
{
    const char *text = mr_json_read_text(r, object, "sha256");
    if (r->code == MR_OK && !mr_sha256_is_hex(text))
        mr_json_read_refuse(r, "sha256", text);
    if (r->code == MR_OK)
        memcpy(hex, text, MR_SHA256_HEX);
}

static const char *kept_path(struct mr_json_reader *r, const char *path)
{
    if (path == NULL && r->code == MR_OK)
        r->code = mr_err_nomem(r->err, r->doing);
    return path;
}

/* A file's name follows from its place: no other one is read, or written. */
static void require_file(struct mr_json_reader *r, const struct json_t *object, const char *path)
{
    const char *name = mr_json_read_text(r, object, "file");
    if (kept_path(r, path) != NULL && r->code == MR_OK && strcmp(name, path) != 0)
        mr_json_read_refuse(r, "file", name);
}

/* What is shared bears no password, and what is read of a file runs nothing. */
static void check_uri(struct mr_json_reader *r, const char *pair, const char *uri)
{
    struct mr_endpoint ep = {0};
    struct mr_err why = {0};
    if (r->code != MR_OK)
        return;
    enum mr_code code = mr_endpoint_parse_any(&ep, uri, &why);
    if (code == MR_E_NOMEM)
        r->code = mr_err_nomem(r->err, r->doing);
    else if (code != MR_OK || ep.password != NULL || ep.password_command != NULL)
        mr_json_read_refuse(r, "the URI of pair", pair);
    mr_endpoint_release(&ep);
}

/* "config/3.ini" is the fourth of them. */
static void read_config(struct mr_json_reader *r, const struct json_t *object,
                        const struct mr_fleet_file *file, struct mr_fleet_file_pair *pair)
{
    const char *config = mr_json_read_text(r, object, "config");
    const char *digits = config + strcspn(config, "0123456789");
    const unsigned long at = strtoul(digits, NULL, 10);
    if (at >= file->nconfigs || *digits == '\0' ||
        strcmp(file->configs[at].path + strlen(file->dir) + 1, config) != 0) {
        mr_json_read_refuse(r, "config", config);
        return;
    }
    pair->config = file->configs[at].path;
    pair->config_at = at;
}

/* Each is made by one part; its number is looked at when parts are known. */
static void read_snapshot(struct mr_json_reader *r, const struct json_t *object,
                          struct mr_fleet_file_pair *pair)
{
    pair->parts = 1;
    pair->part = (size_t)mr_json_read_number(r, object, "part");
    pair->manifest = mr_json_read_text_or_null(r, object, "manifest");
    if (r->code == MR_OK && pair->manifest != NULL && !mr_sha256_is_hex(pair->manifest))
        mr_json_read_refuse(r, "manifest", pair->manifest);
}

/* One that failed stands there, too: what becomes of it is told by its name. */
static void read_pair(struct mr_json_reader *r, const struct json_t *object,
                      struct mr_fleet_file *file, struct mr_fleet_file_pair *pair)
{
    pair->name = mr_json_read_text(r, object, "name");
    if (r->code == MR_OK && mr_inventory_strange_name(pair->name) != NULL)
        mr_json_read_refuse(r, "pair", pair->name);
    pair->uri[MR_SOURCE] = mr_json_read_text(r, object, "source");
    pair->uri[MR_TARGET] = mr_json_read_text(r, object, "target");
    if (file->is_snapshots)
        read_snapshot(r, object, pair);
    else
        pair->parts = (size_t)mr_json_read_number(r, object, "parts");
    pair->failed = mr_json_read_text_or_null(r, object, "failed");
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        check_uri(r, pair->name, pair->uri[side]);
    read_config(r, object, file, pair);
}

static int by_name(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Cases are named by them, also where letters of either case are the same. */
static void refuse_twins(struct mr_json_reader *r, const struct mr_fleet_file *file)
{
    const char **names = calloc(file->npairs + 1, sizeof *names);
    if (r->code != MR_OK || mr_json_read_keep(r, names) == NULL) {
        free(names);
        return;
    }
    for (size_t i = 0; i < file->npairs; i++)
        names[i] = file->pairs[i].name;
    qsort(names, file->npairs, sizeof *names, by_name);
    for (size_t i = 1; i < file->npairs; i++)
        if (by_name(&names[i - 1], &names[i]) == 0)
            mr_json_read_refuse(r, "a second pair", names[i]);
    free(names);
}

static void read_configs(struct mr_json_reader *r, const struct json_t *root,
                         struct mr_fleet_file *file)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, root, "configs", sizeof *file->configs, &file->nconfigs, &items);
    file->configs = items;
    for (size_t i = 0; r->code == MR_OK && i < file->nconfigs; i++) {
        const struct json_t *object = mr_json_read_item(r, array, i);
        require_file(r, object, mr_fleet_file_config_path(NULL, i, r->arena));
        read_digest(r, object, file->configs[i].sha256);
        file->configs[i].path = kept_path(r, mr_fleet_file_config_path(file->dir, i, r->arena));
    }
}

static void read_encryption(struct mr_json_reader *r, const struct json_t *root,
                            struct mr_fleet_file *file)
{
    void *items = NULL;
    const struct json_t *array = mr_json_read_array(
        r, root, "certificates", sizeof *file->certificates, &file->ncertificates, &items);
    file->certificates = items;
    for (size_t i = 0; r->code == MR_OK && i < file->ncertificates; i++) {
        const struct json_t *object = mr_json_read_item(r, array, i);
        require_file(r, object, mr_fleet_file_certificate_path(NULL, i, r->arena));
        read_digest(r, object, file->certificates[i].sha256);
        file->certificates[i].path =
            kept_path(r, mr_fleet_file_certificate_path(file->dir, i, r->arena));
    }
    file->sign_with = mr_json_read_text_or_null(r, root, "sign_with");
}

static void read_pairs(struct mr_json_reader *r, const struct json_t *root,
                       struct mr_fleet_file *file)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, root, "pairs", sizeof *file->pairs, &file->npairs, &items);
    file->pairs = items;
    if (r->code == MR_OK && (file->npairs == 0 || file->npairs > MR_INVENTORY_PAIRS))
        mr_json_read_refuse(r, "the number of", "pairs");
    for (size_t i = 0; r->code == MR_OK && i < file->npairs; i++)
        read_pair(r, mr_json_read_item(r, array, i), file, &file->pairs[i]);
    refuse_twins(r, file);
}

/* Numbers and names follow from the place, so that none is missing or twice. */
static void read_parts(struct mr_json_reader *r, const struct json_t *root,
                       struct mr_fleet_file *file)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, root, "parts", sizeof *file->parts, &file->nparts, &items);
    file->parts = items;
    if (r->code == MR_OK && (file->nparts == 0 || file->nparts > MR_FLEET_PARTS_MAX))
        mr_json_read_refuse(r, "the number of", "parts");
    for (size_t i = 0; r->code == MR_OK && i < file->nparts; i++) {
        const struct json_t *object = mr_json_read_item(r, array, i);
        struct mr_fleet_file_part *part = &file->parts[i];
        if (mr_json_read_number(r, object, "part") != i)
            mr_json_read_refuse(r, "the place of a", "part");
        part->pairs = (size_t)mr_json_read_number(r, object, "pairs");
        if (file->is_snapshots)
            continue;
        require_file(r, object, mr_fleet_file_work_path(NULL, i, r->arena));
        read_digest(r, object, part->sha256);
        part->path = kept_path(r, mr_fleet_file_work_path(file->dir, i, r->arena));
        part->weight = mr_json_read_number(r, object, "weight");
        part->units = (size_t)mr_json_read_number(r, object, "units");
        part->tables = (size_t)mr_json_read_number(r, object, "tables");
    }
}

/* A snapshot that no part makes would never be missed. */
static void require_parts(struct mr_json_reader *r, const struct mr_fleet_file *file)
{
    for (size_t i = 0; r->code == MR_OK && file->is_snapshots && i < file->npairs; i++)
        if (file->pairs[i].part >= file->nparts)
            mr_json_read_refuse(r, "the part of pair", file->pairs[i].name);
}

static void read_all(struct mr_json_reader *r, const struct json_t *root,
                     struct mr_fleet_file *file)
{
    file->id = mr_json_read_text(r, root, "fleet");
    if (r->code == MR_OK && !is_id(file->id))
        mr_json_read_refuse(r, "fleet", file->id);
    file->created = mr_json_read_text(r, root, "created");
    const char *does = mr_json_read_text_or_null(r, root, "does");
    file->is_snapshots = does != NULL;
    if (does != NULL && strcmp(does, DOES_SNAPSHOTS) != 0)
        mr_json_read_refuse(r, "does", does);
    const uint64_t readers = mr_json_read_number(r, root, "readers_per_server");
    if (r->code == MR_OK && (readers < 1 || readers > READERS_MAX))
        mr_json_read_refuse(r, "the number of", "readers_per_server");
    file->readers_per_server = (unsigned)readers;
    read_configs(r, root, file);
    if (file->is_snapshots)
        read_encryption(r, root, file);
    read_pairs(r, root, file);
    read_parts(r, root, file);
    require_parts(r, file);
}

static enum mr_code read_document(const struct mr_json_doc *doc, const char *name, const char *dir,
                                  struct mr_arena *arena, struct mr_fleet_file *out,
                                  struct mr_err *err)
{
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading a fleet"};
    *out = (struct mr_fleet_file){.dir = mr_arena_strdup(arena, dir)};
    if (out->dir == NULL)
        return mr_err_nomem(err, r.doing);
    read_all(&r, mr_json_root(doc), out);
    if (r.code != MR_OK)
        mr_err_context(err, "file \"%s\"", name);
    return r.code;
}

enum mr_code mr_fleet_file_parse(const char *text, size_t len, const char *name, const char *dir,
                                 struct mr_arena *arena, struct mr_fleet_file *out,
                                 struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    MR_TRY(mr_json_sealed_parse(text, len, name, &kind, &doc, err));
    enum mr_code code = read_document(doc, name, dir, arena, out, err);
    mr_json_free(doc);
    return code;
}

/* A pair would be checked by other rules than the others of the fleet have, or encrypted to others. */
static enum mr_code check_files(const struct mr_fleet_file_config *files, size_t count,
                                const char *hint, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    for (size_t i = 0; i < count; i++) {
        MR_TRY(mr_sha256_file(files[i].path, hex, NULL, err));
        if (memcmp(hex, files[i].sha256, sizeof hex) == 0)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED, "file \"%s\" was changed since it was written",
                         files[i].path);
        mr_err_hint(err, "%s", hint);
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static enum mr_code check_configs(const struct mr_fleet_file *file, struct mr_err *err)
{
    MR_TRY(check_files(file->configs, file->nconfigs,
                       "All parts of a fleet run with one configuration. Plan again with the "
                       "changed one.",
                       err));
    return check_files(file->certificates, file->ncertificates,
                       "All snapshots of a fleet are encrypted to the same. Plan again with the "
                       "changed one.",
                       err);
}

enum mr_code mr_fleet_file_require_checks(const struct mr_fleet_file *file, const char *command,
                                          struct mr_err *err)
{
    if (!file->is_snapshots)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" is a fleet of snapshots: there is nothing for %s",
                     file->dir, command);
    mr_err_hint(err, "Prove them all: myrecon snapshot verify DIR.");
    return MR_E_REFUSED;
}

enum mr_code mr_fleet_file_read(const char *dir, struct mr_arena *arena, struct mr_fleet_file *out,
                                struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_strbuf name = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&name, "%s/" MR_FLEET_FILE, dir);
    MR_TRY_OUT(mr_strbuf_check(&name, "reading a fleet", err));
    MR_TRY_OUT(mr_json_sealed_load(dir, &kind, &doc, err));
    MR_TRY_OUT(read_document(doc, name.ptr, dir, arena, out, err));
    MR_TRY_OUT(check_configs(out, err));
out:
    mr_json_free(doc);
    mr_strbuf_release(&name);
    return code;
}
