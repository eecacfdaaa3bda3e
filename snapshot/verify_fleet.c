/* verify_fleet.c: see verify_fleet.h. */
#include "snapshot/verify_fleet.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/log.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "snapshot/read/fleet_list.h"
#include "snapshot/verify_one.h"

#define INCOMPLETE 4
#define DOING "proving the snapshots of a fleet"

/* What was found of one, or of a file that is none's. */
struct item {
    const char *name, *verdict; /* "whole", "damaged", "not-made", "unread" */
    bool is_unlisted;           /* of one not-made: it stands there, and is listed when all are */
    size_t tables;
    uint64_t rows;
};

struct fleet {
    const char *dir;
    const struct mr_snap_options *opts;
    struct mr_arena arena;
    struct mr_progress *progress;
    struct mr_fleet_listed *listed;
    size_t nlisted;
    struct mr_vec items;  /* struct item */
    struct mr_vec damage; /* struct mr_snap_damage */
};

static enum mr_code add_damage(struct fleet *f, const char *name, const char *file,
                               const char *reason, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_snap_damage *slot = mr_vec_push(&f->damage);
    mr_strbuf_add_fmt(&path, "%s%s%s", name, file[0] != '\0' ? "/" : "", file);
    if (slot != NULL)
        *slot = (struct mr_snap_damage){path.failed ? NULL : mr_arena_strdup(&f->arena, path.ptr),
                                        mr_arena_strdup(&f->arena, reason)};
    mr_strbuf_release(&path);
    return slot != NULL && slot->file != NULL && slot->reason != NULL ? MR_OK
                                                                      : mr_err_nomem(err, DOING);
}

/* ---- one of them ---- */

static enum mr_code path_of(const struct fleet *f, const char *name, struct mr_strbuf *path,
                            struct mr_err *err)
{
    mr_strbuf_add_fmt(path, "%s/%s", f->dir, name);
    return mr_strbuf_check(path, DOING, err);
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* Another one in its place may be whole, and is no less a loss. */
static enum mr_code require_listed(struct fleet *f, const struct mr_fleet_listed *listed,
                                   const struct mr_snap *snap, struct mr_err *err)
{
    if (!snap->has_manifest || strcmp(snap->manifest_sha256, listed->manifest) == 0)
        return MR_OK;
    return add_damage(f, listed->name, "manifest.json",
                      "is that of another snapshot than fleet.json lists", err);
}

/* One that cannot be opened or read is a loss of its own, and the others are proved all the same. */
static bool is_its_own(enum mr_code code)
{
    return code == MR_E_SNAPSHOT || code == MR_E_IO;
}

static enum mr_code add_unreadable(struct fleet *f, const struct mr_fleet_listed *listed,
                                   const struct mr_err *why, struct mr_err *err)
{
    struct mr_strbuf reason = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&reason, "cannot be read: %s", why->message);
    enum mr_code code = mr_strbuf_check(&reason, DOING, err);
    if (code == MR_OK)
        code = add_damage(f, listed->name, "", reason.ptr, err);
    mr_strbuf_release(&reason);
    return code;
}

/* *verdict is set where it is no error. */
static enum mr_code prove(struct fleet *f, const struct mr_fleet_listed *listed, const char *path,
                          struct item *item, struct mr_err *err)
{
    const size_t before = f->damage.count;
    struct mr_snap snap;
    struct mr_err why = {0};
    enum mr_code code = mr_snap_open(path, &snap, &why);
    if (code == MR_E_SNAPSHOT && mr_snap_is_absent(&snap)) {
        code = add_damage(f, listed->name, "", "is no snapshot", err);
        item->verdict = "damaged";
        goto out;
    }
    if (code == MR_OK)
        MR_TRY_OUT(require_listed(f, listed, &snap, err));
    if (code == MR_OK)
        code = mr_verify_one(&snap, f->opts, f->progress, &why);
    if (code == MR_OK)
        (void)mr_verify_keep_record(&snap, f->opts);
    else if (is_its_own(code))
        MR_TRY_OUT(add_unreadable(f, listed, &why, err));
    else
        *err = why;
    if (code != MR_OK && !is_its_own(code))
        goto out;
    code = MR_OK;
    for (size_t i = 0; i < snap.damage.count; i++) {
        const struct mr_snap_damage *d = mr_vec_at(&snap.damage, i);
        MR_TRY_OUT(add_damage(f, listed->name, d->file, d->reason, err));
    }
    item->tables = snap.manifest.ntables;
    item->rows = mr_snap_manifest_totals(&snap.manifest).rows;
    item->verdict = f->damage.count > before                                 ? "damaged"
                    : !f->opts->quick && mr_verify_is_unread(&snap, f->opts) ? "unread"
                                                                             : "whole";
out:
    mr_snap_close(&snap);
    return code;
}

static enum mr_code look_at(struct fleet *f, const struct mr_fleet_listed *listed,
                            struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct item *item = mr_vec_push(&f->items);
    enum mr_code code = MR_OK;
    if (item == NULL)
        return mr_err_nomem(err, DOING);
    *item = (struct item){.name = listed->name, .verdict = "not-made"};
    MR_TRY_OUT(path_of(f, listed->name, &path, err));
    const bool there = is_there(path.ptr);
    item->is_unlisted = there && listed->manifest == NULL;
    if (item->is_unlisted) {
        mr_log_warning("%s is made, and not listed yet: the last part that ends lists all of them",
                       path.ptr);
    } else if (listed->manifest == NULL) {
        mr_log_warning("%s is not made: fleet run of its part makes it", path.ptr);
    } else if (!there) {
        item->verdict = "damaged";
        code = add_damage(f, listed->name, "", "is missing", err);
    } else {
        code = prove(f, listed, path.ptr, item, err);
        if (code != MR_OK)
            mr_err_context(err, "snapshot \"%s\"", path.ptr);
    }
out:
    mr_strbuf_release(&path);
    return code;
}

/* ---- what is there besides ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct mr_fleet_listed *)a)->name,
                  ((const struct mr_fleet_listed *)b)->name);
}

/* "shop-00", and what commands keep beside it. */
static bool is_listed(const struct fleet *f, const struct mr_fleet_listed *sorted, const char *name)
{
    static const char *const ends[] = {"", ".partial", ".verified.json", ".rehearsed.json"};
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char stem[NAME_MAX + 1];
        const size_t end = strlen(ends[i]);
        if (len <= end || len - end > NAME_MAX || strcmp(name + len - end, ends[i]) != 0)
            continue;
        memcpy(stem, name, len - end);
        stem[len - end] = '\0';
        const struct mr_fleet_listed key = {.name = stem};
        if (bsearch(&key, sorted, f->nlisted, sizeof key, by_name) != NULL)
            return true;
    }
    return false;
}

/* What Slurm has written of its tasks, where the array was begun from within. */
static bool is_engines(const char *name)
{
    const size_t len = strlen(name);
    return len > 10 && strncmp(name, "slurm-", 6) == 0 && strcmp(name + len - 4, ".out") == 0;
}

static bool is_plans(const char *name)
{
    static const char *const names[] = {
        MR_FLEET_LIST_FILE, "fleet.sbatch", "fleet-job.yaml", "README.txt",
        "config",           "certificates", "parts"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return is_engines(name) || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           strncmp(name, ".myrecon-", 9) == 0;
}

static enum mr_code find_others(struct fleet *f, struct mr_err *err)
{
    struct mr_fleet_listed *sorted = mr_arena_calloc(&f->arena, f->nlisted + 1, sizeof *f->listed);
    enum mr_code code = MR_OK;
    if (sorted == NULL)
        return mr_err_nomem(err, DOING);
    DIR *dir = opendir(f->dir);
    if (dir == NULL)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open directory \"%s\"", f->dir);
    memcpy(sorted, f->listed, f->nlisted * sizeof *f->listed);
    if (f->nlisted > 1)
        qsort(sorted, f->nlisted, sizeof *sorted, by_name);
    for (struct dirent *entry; code == MR_OK && (entry = readdir(dir)) != NULL;)
        if (!is_plans(entry->d_name) && !is_listed(f, sorted, entry->d_name))
            code = add_damage(f, entry->d_name, "", "is in no list", err);
    (void)closedir(dir);
    return code;
}

/* ---- the result ---- */

static size_t count_of(const struct fleet *f, const char *verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < f->items.count; i++)
        count += strcmp(((const struct item *)mr_vec_at(&f->items, i))->verdict, verdict) == 0;
    return count;
}

static size_t count_unlisted(const struct fleet *f)
{
    size_t count = 0;
    for (size_t i = 0; i < f->items.count; i++)
        count += ((const struct item *)mr_vec_at(&f->items, i))->is_unlisted;
    return count;
}

static int exit_of(const struct fleet *f)
{
    if (f->damage.count > 0)
        return 1;
    return count_of(f, "not-made") + count_of(f, "unread") > 0 ? INCOMPLETE : 0;
}

static enum mr_code print_json(const struct fleet *f, struct mr_err *err)
{
    struct mr_jsonw w;
    const int exit_code = exit_of(f);
    mr_jsonw_init_file(&w, stdout);
    for (size_t i = 0; i < f->damage.count; i++) {
        const struct mr_snap_damage *d = mr_vec_at(&f->damage, i);
        mr_jsonw_line(&w, "type:damage file:%s reason:%s", d->file, d->reason);
    }
    for (size_t i = 0; i < f->items.count; i++) {
        const struct item *item = mr_vec_at(&f->items, i);
        mr_jsonw_object_begin(&w);
        mr_jsonw_add_str(&w, "type", "snapshot");
        mr_jsonw_add_str(&w, "name", item->name);
        mr_jsonw_add_str(&w, "verdict", item->verdict);
        mr_jsonw_add_uint(&w, "tables", item->tables);
        mr_jsonw_add_uint(&w, "rows", item->rows);
        mr_jsonw_object_end(&w);
        mr_jsonw_end_line(&w);
    }
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "schema", "myrecon/snapshot-verify-fleet/1");
    mr_jsonw_add_str(&w, "verdict",
                     exit_code == 1            ? "damaged"
                     : exit_code == INCOMPLETE ? "incomplete"
                                               : "whole");
    mr_jsonw_add_bool(&w, "quick", f->opts->quick);
    mr_jsonw_add_uint(&w, "snapshots", f->nlisted);
    mr_jsonw_add_uint(&w, "whole", count_of(f, "whole"));
    mr_jsonw_add_uint(&w, "damaged", count_of(f, "damaged"));
    mr_jsonw_add_uint(&w, "not_made", count_of(f, "not-made"));
    mr_jsonw_add_uint(&w, "unread", count_of(f, "unread"));
    mr_jsonw_add_uint(&w, "damage", f->damage.count);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

static void add_count(struct mr_strbuf *out, size_t count, const char *what)
{
    if (count > 0)
        mr_strbuf_add_fmt(out, ", %zu %s", count, what);
}

/* What is to be made anew, or at all, before what is only to be listed: that any part does. */
static const struct item *first_open(const struct fleet *f)
{
    const struct item *unlisted = NULL;
    for (size_t i = 0; i < f->items.count; i++) {
        const struct item *item = mr_vec_at(&f->items, i);
        if (item->is_unlisted && unlisted == NULL)
            unlisted = item;
        else if (!item->is_unlisted &&
                 (strcmp(item->verdict, "damaged") == 0 || strcmp(item->verdict, "not-made") == 0))
            return item;
    }
    return unlisted;
}

/* Items stand as they are listed. */
static void add_next(const struct fleet *f, struct mr_strbuf *out)
{
    const struct item *item = first_open(f);
    if (item == NULL)
        return;
    const size_t at = (size_t)(item - (const struct item *)f->items.items);
    const bool is_missing = !item->is_unlisted && strcmp(item->verdict, "not-made") == 0;
    const bool are_several = is_missing && count_of(f, "not-made") - count_unlisted(f) > 1;
    mr_strbuf_add_str(out, item->is_unlisted ? "To list what is made:\n"
                           : are_several     ? "To make those that are missing:\n"
                           : is_missing      ? "To make one that is missing:\n"
                                        : "To make a damaged one anew, once it is moved away:\n");
    mr_strbuf_add_str(out, "  myrecon fleet run ");
    mr_utf8_show_word(out, f->dir);
    if (are_several)
        mr_strbuf_add_str(out, " --all\n");
    else
        mr_strbuf_add_fmt(out, " --part %zu\n", f->listed[at].part);
}

static enum mr_code print_text(const struct fleet *f, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    const bool color = mr_term_use_color(f->opts->general.color, 1);
    const int exit_code = exit_of(f);
    mr_verify_add_damage(&out, &f->damage, color);
    mr_strbuf_add_fmt(&out, "%s%s%s: %zu of %zu snapshot%s %s",
                      mr_term_style(exit_code == 0   ? MR_STYLE_GOOD
                                    : exit_code == 1 ? MR_STYLE_BAD
                                                     : MR_STYLE_WARN,
                                    color),
                      exit_code == 1            ? "damaged"
                      : exit_code == INCOMPLETE ? "incomplete"
                                                : "whole",
                      mr_term_style(MR_STYLE_RESET, color), count_of(f, "whole"), f->nlisted,
                      f->nlisted == 1 ? "" : "s",
                      f->opts->quick ? "as long as they were" : "read, and whole");
    add_count(&out, count_of(f, "damaged"), "damaged");
    add_count(&out, count_of(f, "not-made") - count_unlisted(f), "not made");
    add_count(&out, count_unlisted(f), "made, and not listed yet");
    add_count(&out, count_of(f, "unread"), "encrypted, and not read");
    mr_strbuf_add_char(&out, '\n');
    if (!f->opts->general.brief)
        add_next(f, &out);
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

static enum mr_code prove_all(struct fleet *f, struct mr_err *err)
{
    MR_TRY(mr_fleet_list_read(f->dir, &f->arena, &f->listed, &f->nlisted, err));
    MR_TRY(mr_progress_new(f->opts->general.progress, &f->progress, err));
    mr_progress_begin(f->progress, "proving");
    for (size_t i = 0; i < f->nlisted; i++)
        MR_TRY(look_at(f, &f->listed[i], err));
    return find_others(f, err);
}

enum mr_code mr_verify_fleet(const char *dir, const struct mr_snap_options *opts, int *exit_code,
                             struct mr_err *err)
{
    struct fleet f = {.dir = dir,
                      .opts = opts,
                      .arena = MR_ARENA_INIT,
                      .items = MR_VEC_INIT(struct item),
                      .damage = MR_VEC_INIT(struct mr_snap_damage)};
    enum mr_code code = MR_OK;
    if (opts->against != NULL) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "\"%s\" has the snapshots of a fleet: --against compares "
                         "one with its server",
                         dir);
        mr_err_hint(err, "Name one of them: snapshot verify --against URI DIR/NAME.");
        return MR_E_USAGE;
    }
    code = prove_all(&f, err);
    mr_progress_finish(f.progress);
    if (code == MR_OK) {
        *exit_code = exit_of(&f);
        code = opts->json ? print_json(&f, err) : print_text(&f, err);
    }
    mr_progress_free(f.progress);
    mr_vec_release(&f.items);
    mr_vec_release(&f.damage);
    mr_arena_release(&f.arena);
    return code;
}
