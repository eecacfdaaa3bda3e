/* fleet_snapshot_cmd.c: `myrecon fleet snapshot`; see fleet_cmd.h. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/db/endpoint.h"
#include "core/file/io.h"
#include "core/file/recipient.h"
#include "core/json/jsonw.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_dir.h"
#include "recon/fleet/fleet_inputs.h"
#include "recon/fleet/fleet_options.h"

#define CERTIFICATE_MAX ((size_t)1 << 20)
#define DOING "planning snapshots of a fleet"

struct options {
    struct mr_fleet_options fleet; /* inventory and pairs */
    unsigned parts;                /* 0: one a pair */
    const char *output;
    struct mr_string_list encrypt_to;
    const char *sign_with; /* or NULL */
    bool json;
    struct mr_general_options general;
};

#define AT(field) offsetof(struct options, field)

static const struct mr_option options[] = {
    {.name = "inventory",
     .type = MR_OPTION_STRING,
     .offset = AT(fleet.inventory),
     .arg = "FILE",
     .group = "The fleet",
     .help = "the file that names its pairs; needed",
     .not_in_file = true},
    {.name = "pair",
     .type = MR_OPTION_LIST,
     .offset = AT(fleet.pairs),
     .arg = "PATTERN",
     .group = "The fleet",
     .help = "only pairs of that name, wildcards * and ?; repeatable",
     .not_in_file = true},
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = AT(output),
     .arg = "DIR",
     .group = "The plan",
     .help = "the directory of the snapshots, which all machines share; needed",
     .not_in_file = true},
    {.name = "parts",
     .type = MR_OPTION_UINT,
     .offset = AT(parts),
     .arg = "N",
     .group = "The plan",
     .help = "into how many parts the pairs are dealt",
     .initial_note = "a part a pair",
     .min = 1,
     .max = MR_FLEET_PARTS_MAX,
     .not_in_file = true},
    {.name = "encrypt-to",
     .type = MR_OPTION_LIST,
     .offset = AT(encrypt_to),
     .arg = "CERT.pem",
     .group = "Who can read it",
     .help = "as of snapshot create; DIR gets a copy of the certificate; repeatable",
     .not_in_file = true},
    {.name = "sign-with",
     .type = MR_OPTION_STRING,
     .offset = AT(sign_with),
     .arg = "KEY.pem",
     .group = "Who can read it",
     .help = "as of snapshot create; the key is on each machine under this path",
     .not_in_file = true},
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
    MR_GENERAL_OPTIONS(struct options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "plan a snapshot of each source of a fleet",
    .operands = "",
    .description =
        "Plans a snapshot of the source of each pair of an inventory: DIR/NAME, made by the part "
        "that has the pair, as snapshot create does. The parts are done by fleet run, on as many "
        "machines as there are, or all by one: fleet run DIR --all. No server is asked yet.\n"
        "\n"
        "DIR must not be there yet; it gets fleet.json, the configurations as they are now, "
        "fleet.sbatch, fleet-job.yaml and README.txt. What snapshot create is told besides stands "
        "in [options] of a pair's configuration. When all parts have ended, fleet.json lists the "
        "digest of each snapshot's manifest, and snapshot verify DIR proves all of them. Each is a "
        "snapshot by itself, too.\n"
        "\n"
        "Exit status: 0 planned; 3 could not run, or a pair's source is a snapshot itself; 5 DIR "
        "is there already; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon fleet snapshot --inventory fleet.ini --output night\n"
                "  myrecon fleet run night --all --at-once 4\n"
                "  myrecon snapshot verify night\n"
                "  sbatch night/fleet.sbatch\n",
};

struct planner {
    const struct options *opts;
    const struct mr_invocation *invocation;
    struct mr_arena arena;
    struct mr_run_id id;
    struct mr_inventory inventory;
    struct mr_fleet_file file;
    struct mr_vec configs, certificates; /* struct mr_strbuf */
};

/* ---- pairs ---- */

/* Its snapshot stands in DIR beside what all of them have, and beside what commands of snapshots put
 * there. */
static bool is_taken(const char *name)
{
    static const char *const names[] = {"config", "certificates", "parts", MR_FLEET_FILE};
    static const char *const ends[] = {".partial", ".expired", ".json", ".yaml", ".sbatch", ".txt"};
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (len >= strlen(ends[i]) && strcasecmp(name + len - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static enum mr_code refuse_name(const struct planner *p, const struct mr_inventory_pair *pair,
                                struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG,
                     "%s:%u: pair \"%s\" has a name that the directory of snapshots needs itself",
                     p->inventory.path, pair->line, pair->name);
    mr_err_hint(err, "Its snapshot would stand there: name the pair like shop-00.");
    return MR_E_CONFIG;
}

static enum mr_code refuse_source(const struct planner *p, const struct mr_inventory_pair *pair,
                                  struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: the source of pair \"%s\" is a snapshot already",
                     p->inventory.path, pair->line, pair->name);
    mr_err_hint(err, "Leave the pair out: --pair names those that are meant.");
    return MR_E_CONFIG;
}

static enum mr_code refuse_map(const struct planner *p, const struct mr_inventory_pair *pair,
                               struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG,
                     "%s:%u: map \"%s\" has many sources, of which no one snapshot is made",
                     p->inventory.path, pair->line, pair->name);
    mr_err_hint(err, "Leave it out by --pair, or name its sources as pairs.");
    return MR_E_CONFIG;
}

/* As it stands in fleet.json: with its options, and without what a directory that is shared must not
 * show. */
static enum mr_code name_side(struct planner *p, const struct mr_inventory_pair *pair,
                              enum mr_side side, const char **uri, struct mr_err *err)
{
    struct mr_endpoint ep = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_endpoint_parse(&ep, pair->uri[side], err));
    if (side == MR_SOURCE && ep.kind != MR_ENDPOINT_MYSQL)
        MR_TRY_OUT(refuse_source(p, pair, err));
    code = mr_fleet_uri_shared(&p->inventory, pair, side, &ep, "MYRECON_SOURCE_PASSWORD", &p->arena,
                               uri, err);
out:
    mr_endpoint_release(&ep);
    return code;
}

/* In turn: who is large is not known, and an engine begins the next part when one has ended. */
static enum mr_code name_pairs(struct planner *p, struct mr_err *err)
{
    struct mr_fleet_file *file = &p->file;
    const size_t count = p->inventory.pairs.count;
    const size_t most = p->opts->parts > 0 ? p->opts->parts : MR_FLEET_PARTS_MAX;
    file->npairs = count;
    file->nparts = count < most ? count : most;
    file->pairs = mr_arena_calloc(&p->arena, count + 1, sizeof *file->pairs);
    file->parts = mr_arena_calloc(&p->arena, count + 1, sizeof *file->parts);
    if (file->pairs == NULL || file->parts == NULL)
        return mr_err_nomem(err, DOING);
    for (size_t i = 0; i < count; i++) {
        const struct mr_inventory_pair *from = mr_vec_at(&p->inventory.pairs, i);
        struct mr_fleet_file_pair *to = &file->pairs[i];
        if (is_taken(from->name))
            return refuse_name(p, from, err);
        if (mr_endpoint_is_shards(from->uri[MR_SOURCE]))
            return refuse_map(p, from, err);
        *to = (struct mr_fleet_file_pair){.name = from->name, .part = i % file->nparts, .parts = 1};
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            MR_TRY(name_side(p, from, (enum mr_side)side, &to->uri[side], err));
        MR_TRY(mr_fleet_config_keep(&p->configs, &p->inventory, from, p->invocation->config,
                                    &to->config_at, err));
        file->parts[to->part].pairs++;
    }
    return MR_OK;
}

/* ---- encryption ---- */

/* A copy, so that no machine needs it; of a file that has a key besides there is none. */
static enum mr_code keep_certificate(struct planner *p, const char *path, struct mr_err *err)
{
    struct mr_recipient *recipient = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t at;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_recipient_load(path, &recipient, err));
    MR_TRY_OUT(mr_io_read_file(path, CERTIFICATE_MAX, &text, err));
    if (strstr(text.ptr, "PRIVATE KEY") != NULL) {
        (void)mr_err_set(err, MR_E_CERT, "file \"%s\" has a private key beside its certificate",
                         path);
        mr_err_hint(err,
                    "The fleet's directory is shared: give a file with the certificate alone.");
        MR_TRY_OUT(MR_E_CERT);
    }
    code = mr_fleet_texts_keep(&p->certificates, &text, &at, err);
out:
    mr_strbuf_release(&text);
    mr_recipient_free(recipient);
    return code;
}

/* A part runs from another place than the plan did. */
static enum mr_code name_key(struct planner *p, struct mr_err *err)
{
    char here[PATH_MAX];
    struct mr_strbuf path = MR_STRBUF_INIT;
    const char *key = p->opts->sign_with;
    enum mr_code code = MR_OK;
    if (key == NULL)
        return MR_OK;
    if (key[0] != '/') {
        if (getcwd(here, sizeof here) == NULL)
            MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno, "could not find the working directory"));
        mr_strbuf_add_fmt(&path, "%s/", here);
    }
    mr_strbuf_add_str(&path, key);
    MR_TRY_OUT(mr_strbuf_check(&path, DOING, err));
    if ((p->file.sign_with = mr_arena_strdup(&p->arena, path.ptr)) == NULL)
        MR_TRY_OUT(mr_err_nomem(err, DOING));
out:
    mr_strbuf_release(&path);
    return code;
}

static enum mr_code keep_encryption(struct planner *p, struct mr_err *err)
{
    for (size_t i = 0; i < p->opts->encrypt_to.count; i++)
        MR_TRY(keep_certificate(p, p->opts->encrypt_to.items[i], err));
    return name_key(p, err);
}

/* ---- the plan ---- */

static enum mr_code write_dir(struct planner *p, struct mr_err *err)
{
    struct mr_fleet_file *file = &p->file;
    file->dir = p->opts->output;
    file->id = p->id.id;
    file->created = p->id.started;
    file->is_snapshots = true;
    file->readers_per_server = p->inventory.readers_per_server;
    file->nconfigs = p->configs.count;
    file->ncertificates = p->certificates.count;
    file->configs = mr_arena_calloc(&p->arena, file->nconfigs + 1, sizeof *file->configs);
    file->certificates =
        mr_arena_calloc(&p->arena, file->ncertificates + 1, sizeof *file->certificates);
    if (file->configs == NULL || file->certificates == NULL)
        return mr_err_nomem(err, DOING);
    const struct mr_fleet_dir_plan plan = {
        .file = file, .configs = p->configs.items, .certificates = p->certificates.items};
    return mr_fleet_dir_write(p->opts->output, &plan, &p->arena, err);
}

static void add_json(const struct planner *p, struct mr_strbuf *out)
{
    const struct mr_fleet_file *file = &p->file;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s inventory:%s directory:%s started:%s",
                  "myrecon/fleet-snapshot/1", file->id, p->inventory.path, file->dir,
                  file->created);
    for (size_t i = 0; i < file->npairs; i++)
        mr_jsonw_line(&w, "type:pair pair:%s part:%" PRIu64, file->pairs[i].name,
                      (uint64_t)file->pairs[i].part);
    mr_jsonw_line(&w, "type:summary pairs:%" PRIu64 " parts:%" PRIu64, (uint64_t)file->npairs,
                  (uint64_t)file->nparts);
    mr_jsonw_release(&w);
}

static void add_text(const struct planner *p, struct mr_strbuf *out)
{
    const struct mr_fleet_file *file = &p->file;
    mr_strbuf_add_fmt(out, "Fleet %s: %zu snapshot%s, in %zu part%s.\n\nNext, here:\n  ", file->id,
                      file->npairs, file->npairs == 1 ? "" : "s", file->nparts,
                      file->nparts == 1 ? "" : "s");
    mr_strbuf_add_str(out, "myrecon fleet run ");
    mr_utf8_show_word(out, file->dir);
    mr_strbuf_add_str(out, " --all\nor on an engine of many machines (see README.txt there):\n"
                           "  sbatch ");
    mr_utf8_show_word(out, file->dir);
    mr_strbuf_add_str(out, "/fleet.sbatch\n");
}

static enum mr_code print(const struct planner *p, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (p->opts->json)
        add_json(p, &out);
    else
        add_text(p, &out);
    enum mr_code code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    struct planner p = {.opts = invocation->settings.values,
                        .invocation = invocation,
                        .arena = MR_ARENA_INIT,
                        .id = mr_run_id_now(),
                        .configs = MR_VEC_INIT(struct mr_strbuf),
                        .certificates = MR_VEC_INIT(struct mr_strbuf)};
    enum mr_code code = MR_OK;
    *exit_code = 0;
    mr_general_options_apply(&p.opts->general);
    if (p.opts->output == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--output\" is missing");
        mr_err_hint(err, "Name the directory of the snapshots: --output DIR.");
        MR_TRY_OUT(MR_E_USAGE);
    }
    MR_TRY_OUT(mr_fleet_open(&p.opts->fleet, &p.arena, &p.inventory, err));
    MR_TRY_OUT(name_pairs(&p, err));
    MR_TRY_OUT(keep_encryption(&p, err));
    MR_TRY_OUT(write_dir(&p, err));
    MR_TRY_OUT(print(&p, err));
out:
    mr_fleet_texts_release(&p.configs);
    mr_fleet_texts_release(&p.certificates);
    mr_inventory_release(&p.inventory);
    mr_arena_release(&p.arena);
    return code;
}

const struct mr_command mr_fleet_snapshot_command = {
    .name = "fleet snapshot",
    .doc = &doc,
    .options = &option_set,
    .unheard = "The plan was written all the same; see README.txt in it.",
    .run = run};
