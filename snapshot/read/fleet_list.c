/* fleet_list.c: see fleet_list.h. */
#include "snapshot/read/fleet_list.h"

#include <string.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/file/sha256.h"
#include "core/json/json_reader.h"
#include "core/json/json_sealed.h"

static const struct mr_json_sealed_kind kind = {.file = MR_FLEET_LIST_FILE,
                                                .schema = "myrecon-fleet-plan/1",
                                                .thing = "fleet",
                                                .made_by = "fleet snapshot"};

bool mr_fleet_list_is_there(const char *dir)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/" MR_FLEET_LIST_FILE, dir);
    const bool there = !path.failed && access(path.ptr, F_OK) == 0;
    mr_strbuf_release(&path);
    return there;
}

/* A name of one file, whoever sealed it: nothing outside of DIR is looked at. */
static bool is_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static void read_all(struct mr_json_reader *r, const struct json_t *root,
                     struct mr_fleet_listed **out, size_t *count)
{
    void *items = NULL;
    const char *does = mr_json_read_text_or_null(r, root, "does");
    if (r->code == MR_OK && does == NULL) {
        r->code =
            mr_err_set(r->err, MR_E_REFUSED, "it is the plan of a check, and has no snapshots");
        mr_err_hint(r->err,
                    "What its parts have found is joined by \"myrecon fleet merge DIR --output "
                    "DIR2\"; snapshots are planned by \"myrecon fleet snapshot\".");
    }
    if (r->code == MR_OK && strcmp(does, "snapshots") != 0)
        mr_json_read_refuse(r, "what it does", does);
    const struct json_t *array = mr_json_read_array(r, root, "pairs", sizeof **out, count, &items);
    *out = items;
    for (size_t i = 0; r->code == MR_OK && i < *count; i++) {
        const struct json_t *object = mr_json_read_item(r, array, i);
        struct mr_fleet_listed *item = &(*out)[i];
        item->name = mr_json_read_text(r, object, "name");
        item->part = (size_t)mr_json_read_number(r, object, "part");
        item->manifest = mr_json_read_text_or_null(r, object, "manifest");
        if (r->code == MR_OK && !is_name(item->name))
            mr_json_read_refuse(r, "pair", item->name);
        if (r->code == MR_OK && item->manifest != NULL && !mr_sha256_is_hex(item->manifest))
            mr_json_read_refuse(r, "manifest", item->manifest);
    }
}

enum mr_code mr_fleet_list_read(const char *dir, struct mr_arena *arena,
                                struct mr_fleet_listed **out, size_t *count, struct mr_err *err)
{
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading a list of snapshots"};
    struct mr_json_doc *doc = NULL;
    *out = NULL;
    *count = 0;
    MR_TRY(mr_json_sealed_load(dir, &kind, &doc, err));
    read_all(&r, mr_json_root(doc), out, count);
    mr_json_free(doc);
    if (r.code != MR_OK)
        mr_err_context(err, "file \"%s/" MR_FLEET_LIST_FILE "\"", dir);
    return r.code;
}
