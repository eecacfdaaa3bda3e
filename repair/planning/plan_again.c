/* plan_again.c: see plan_again.h. */
#include "repair/planning/plan_again.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/log.h"
#include "core/base/vec.h"
#include "core/file/owner.h"
#include "repair/plan/plan_dir.h"
#include "repair/plan/undecided.h"
#include "repair/planning/plan_options.h"

/* Says the option what is planned? */
static bool is_kept(const struct mr_option *option)
{
    static const char *const others[] = {"again", "output",    "sign-with",
                                         "json",  "decisions", "forget-decisions"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(option->name, others[i]) == 0)
            return false;
    return mr_option_is_setting(option) && strcmp(option->group, "General") != 0;
}

static bool is_given(const struct mr_settings *settings, const struct mr_option *option)
{
    return mr_settings_origin(settings, option)->kind == MR_ORIGIN_COMMAND_LINE;
}

/* ---- keeping ---- */

static enum mr_code keep_text(struct mr_vec *list, const char *name, const char *value,
                              struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char **slot = mr_vec_push(list);
    mr_strbuf_add_fmt(&text, "%s=%s", name, value);
    const char *kept = text.failed ? NULL : mr_arena_strdup(arena, text.ptr);
    mr_strbuf_release(&text);
    if (slot != NULL)
        *slot = kept;
    return slot != NULL && kept != NULL ? MR_OK : mr_err_nomem(err, "planning");
}

static enum mr_code keep_option(const struct mr_settings *settings, const struct mr_option *option,
                                const char *const uris[MR_SIDES], struct mr_vec *list,
                                struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf value = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (strcmp(option->name, "source") == 0 || strcmp(option->name, "target") == 0)
        return keep_text(list, option->name,
                         uris[strcmp(option->name, "source") == 0 ? MR_SOURCE : MR_TARGET], arena,
                         err);
    for (size_t i = 0; code == MR_OK && mr_option_show(option, settings->values, i, &value); i++) {
        code = mr_strbuf_check(&value, "planning", err);
        if (code == MR_OK)
            code = keep_text(list, option->name, value.ptr, arena, err);
        mr_strbuf_reset(&value);
        if (option->type != MR_OPTION_LIST)
            break;
    }
    mr_strbuf_release(&value);
    return code;
}

enum mr_code mr_plan_again_keep(const struct mr_settings *settings,
                                const char *const uris[MR_SIDES], struct mr_arena *arena,
                                const char *const **options, size_t *count, struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(const char *);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < settings->set->count; i++) {
        const struct mr_option *option = &settings->set->options[i];
        if (is_kept(option) && is_given(settings, option))
            code = keep_option(settings, option, uris, &list, arena, err);
    }
    const char **copy = mr_arena_calloc(arena, list.count + 1, sizeof *copy);
    if (code == MR_OK && copy == NULL)
        code = mr_err_nomem(err, "planning");
    if (code == MR_OK && list.count > 0)
        memcpy(copy, list.items, list.count * sizeof *copy);
    *options = copy;
    *count = list.count;
    mr_vec_release(&list);
    return code;
}

/* ---- taking up ---- */

static enum mr_code usage(const char *message, const char *hint, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "%s", message);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

/* A plan of another policy has other options and other conflicts. */
static enum mr_code check_beside(const struct mr_settings *settings, struct mr_err *err)
{
    static const char *const others[] = {"policy", "reseed-only"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct mr_option *option = mr_settings_find(settings->set, others[i]);
        if (is_given(settings, option))
            return usage("option \"--again\" keeps what kind of plan it is: it goes neither with "
                         "--policy nor with --reseed-only",
                         "Plan that into a directory of its own, with --output.", err);
    }
    return MR_OK;
}

/* Servers and files are named in it, and it is what this account would go to. */
static enum mr_code check_owner(const char *dir, struct mr_arena *arena, struct mr_err *err)
{
    struct stat st;
    const char *path = mr_plan_path(arena, dir, "plan.json");
    if (path == NULL)
        return mr_err_nomem(err, "reading a plan");
    return lstat(path, &st) == 0 ? mr_owner_check_own(path, &st, err) : MR_OK;
}

static enum mr_code refuse_plan(const char *dir, const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "plan \"%s\" %s", dir, what);
    mr_err_hint(err, "Nothing was changed. Plan with all options, into another directory.");
    return MR_E_REFUSED;
}

/* NAME=VALUE of the plan, unless the name stands on the command line now. */
static enum mr_code take_option(struct mr_settings *settings, const bool *given, const char *dir,
                                const char *text, struct mr_err *err)
{
    const char *equals = strchr(text, '=');
    const char *name =
        equals != NULL ? mr_arena_dup(settings->arena, text, (size_t)(equals - text)) : NULL;
    if (equals != NULL && name == NULL)
        return mr_err_nomem(err, "reading a plan");
    const struct mr_option *option = name != NULL ? mr_settings_find(settings->set, name) : NULL;
    if (option == NULL || !is_kept(option))
        return refuse_plan(dir, "keeps an option that this version does not know", err);
    if (given[option - settings->set->options])
        return MR_OK;
    enum mr_code code = mr_settings_set(settings, option, equals + 1,
                                        (struct mr_origin){.kind = MR_ORIGIN_COMMAND_LINE}, err);
    if (code != MR_OK)
        mr_err_context(err, "plan \"%s\": option \"--%s\"", dir, name);
    return code;
}

/* The choices by kind of then: what they filled in was nobody's word about a row. */
static enum mr_code keep_rules(struct mr_plan_options *o, const struct mr_manifest *m,
                               struct mr_arena *arena, struct mr_err *err)
{
    static const char name[] = "on-conflict=";
    const char **items = mr_arena_calloc(arena, m->noptions + 1, sizeof *items);
    if (items == NULL)
        return mr_err_nomem(err, "reading a plan");
    for (size_t i = 0; i < m->noptions; i++)
        if (strncmp(m->options[i], name, sizeof name - 1) == 0) {
            const char *rule = mr_arena_strdup(arena, m->options[i] + sizeof name - 1);
            if (rule == NULL)
                return mr_err_nomem(err, "reading a plan");
            items[o->again_rules_text.count++] = rule;
        }
    o->again_rules_text.items = items;
    return MR_OK;
}

/* NULL: it asks nothing. */
static const struct mr_plan_file *conflicts_of(const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->nfiles; i++)
        if (strcmp(m->files[i].name, MR_CONFLICTS_FILE) == 0)
            return &m->files[i];
    return NULL;
}

/* Which decisions answer it, and what digests in them stand for. */
static enum mr_code take_questions(struct mr_plan_options *o, const struct mr_manifest *m,
                                   struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_plan_file *file = conflicts_of(m);
    if ((o->again_of = mr_arena_strdup(arena, m->uuid)) == NULL)
        return mr_err_nomem(err, "reading a plan");
    if (file == NULL || file->undecided == NULL || m->page_key == NULL)
        return MR_OK;
    o->again_asked = mr_arena_strdup(arena, file->undecided);
    o->again_page_key = mr_arena_strdup(arena, m->page_key);
    return o->again_asked != NULL && o->again_page_key != NULL
               ? MR_OK
               : mr_err_nomem(err, "reading a plan");
}

static enum mr_code take_config(struct mr_settings *settings, const struct mr_manifest *m,
                                struct mr_err *err)
{
    const struct mr_option *config = mr_settings_find(settings->set, "config");
    if (m->config == NULL || is_given(settings, config))
        return MR_OK;
    return mr_settings_set(settings, config, m->config,
                           (struct mr_origin){.kind = MR_ORIGIN_COMMAND_LINE}, err);
}

/* Where the plan goes and which decisions hold follows from DIR, where nothing else is said. */
static enum mr_code take_rest(struct mr_plan_options *o, const struct mr_manifest *m,
                              struct mr_arena *arena, struct mr_err *err)
{
    MR_TRY(take_questions(o, m, arena, err));
    o->is_over = o->output == NULL;
    if (o->is_over)
        o->output = o->again;
    if (o->decisions != NULL || o->forget_decisions || conflicts_of(m) == NULL)
        return MR_OK;
    o->decisions_are_kept = true;
    o->decisions = mr_plan_path(arena, o->again, MR_CONFLICTS_FILE);
    return o->decisions != NULL ? keep_rules(o, m, arena, err)
                                : mr_err_nomem(err, "reading a plan");
}

static enum mr_code take_all(struct mr_settings *settings, const struct mr_manifest *m,
                             struct mr_err *err)
{
    struct mr_plan_options *o = settings->values;
    bool *given = mr_arena_calloc(settings->arena, settings->set->count, sizeof *given);
    if (given == NULL)
        return mr_err_nomem(err, "reading a plan");
    if (m->noptions == 0)
        return refuse_plan(o->again, "does not tell with which options it was made", err);
    for (size_t i = 0; i < settings->set->count; i++)
        given[i] = is_given(settings, &settings->set->options[i]);
    for (size_t i = 0; i < m->noptions; i++)
        MR_TRY(take_option(settings, given, o->again, m->options[i], err));
    MR_TRY(take_config(settings, m, err));
    return take_rest(o, m, settings->arena, err);
}

enum mr_code mr_plan_again_prepare(struct mr_settings *settings, struct mr_err *err)
{
    const struct mr_plan_options *o = settings->values;
    struct mr_plan_dir plan = {.arena = MR_ARENA_INIT};
    if (o->again == NULL)
        return MR_OK;
    MR_TRY(check_beside(settings, err));
    MR_TRY(check_owner(o->again, settings->arena, err));
    enum mr_code code = mr_plan_open(o->again, &plan, err);
    if (code == MR_OK)
        code = take_all(settings, &plan.manifest, err);
    mr_plan_close(&plan);
    return code;
}

/* ---- what is left beside the old plan ---- */

static const char *kept_beside(const char *dir, struct mr_arena *arena)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    return mr_arena_fmt(arena, "%.*s" MR_DECISIONS_END, (int)len, dir);
}

void mr_plan_again_put_by(const struct mr_plan_options *o, const char *old, struct mr_arena *arena)
{
    struct stat kept, given;
    const char *from = kept_beside(o->output, arena), *to = kept_beside(old, arena);
    if (o->decisions == NULL || from == NULL || to == NULL || lstat(from, &kept) != 0 ||
        lstat(o->decisions, &given) != 0 || kept.st_dev != given.st_dev ||
        kept.st_ino != given.st_ino)
        return;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        mr_log_info("the decisions that were \"%s\" are \"%s\": they answer that plan", from, to);
    else
        mr_log_warning(
            "decisions \"%s\" answer the plan that is \"%s\" now, and could not be called "
            "\"%s\": %s",
            from, old, to, strerror(errno));
}
