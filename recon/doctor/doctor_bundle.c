/* doctor_bundle.c: the archive, and what is not of a single server; see doctor_bundle.h. */
#include "recon/doctor/doctor_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/version.h"
#include "core/file/outfile.h"
#include "core/file/ustar.h"
#include "recon/doctor/doctor_scrub.h"

struct mr_doctor_bundle {
    struct mr_outfile *out;
    struct mr_ustar tar;
    const char *path;
    char dir[64];
    size_t files;
};

/* The file is begun before the servers are examined, so that a path that cannot be written is reported
 * at once. */
enum mr_code mr_doctor_bundle_begin(const char *path, bool force, const struct mr_run_id *id,
                                    struct mr_doctor_bundle **out, struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.path = path, .force = force, .compress = true};
    struct mr_doctor_bundle *bundle = calloc(1, sizeof *bundle);
    *out = NULL;
    if (bundle == NULL)
        return mr_err_nomem(err, "writing a bundle");
    bundle->path = path;
    (void)snprintf(bundle->dir, sizeof bundle->dir, "myrecon-doctor-%s", id->id);
    enum mr_code code = mr_outfile_begin(&opts, &bundle->out, err);
    if (code != MR_OK) {
        free(bundle);
        return code;
    }
    mr_ustar_init(&bundle->tar, mr_outfile_sink(bundle->out), (uint64_t)time(NULL));
    *out = bundle;
    return MR_OK;
}

void mr_doctor_bundle_free(struct mr_doctor_bundle *bundle)
{
    if (bundle == NULL)
        return;
    mr_outfile_free(bundle->out);
    free(bundle);
}

enum mr_code mr_doctor_bundle_add(struct mr_doctor_bundle *bundle, const char *name,
                                  const struct mr_strbuf *content, struct mr_err *err)
{
    char path[100];
    enum mr_code code = mr_strbuf_check(content, "writing a bundle", err);
    (void)snprintf(path, sizeof path, "%s/%s", bundle->dir, name);
    if (code == MR_OK)
        code = mr_ustar_add(&bundle->tar, path, content->ptr, content->len, err);
    bundle->files += code == MR_OK ? 1 : 0;
    return code;
}

static void put_readme(struct mr_strbuf *out)
{
    mr_strbuf_add_str(
        out, "What \"myrecon doctor --bundle\" collected.  Look through it before you hand it "
             "on.\n"
             "\n"
             "  findings.txt      what the doctor found, in its order, with the time it took\n"
             "  machine.txt       versions of myrecon, its libraries and this system\n"
             "  config.txt        the configuration file's settings\n"
             "  server-N/         a folder for each server that could be reached\n"
             "    server.txt        who it is\n"
             "    variables.tsv     settings\n"
             "    status.tsv        counters\n"
             "    processlist.tsv   sessions\n"
             "    transactions.tsv  open transactions of InnoDB\n"
             "    replication.tsv   the state of replication\n"
             "    binlogs.tsv       binary logs\n"
             "    plugins.tsv       plugins\n"
             "    grants.txt        rights of the account that looked\n"
             "    schema.tsv        tables: engine, estimated rows and bytes, fingerprint\n"
             "\n"
             "Left out: passwords and their hashes; values in statements (each is a ?);\n"
             "texts of errors behind \"error N\", because they may quote a row; column\n"
             "definitions, because defaults and comments may hold anything; all rows.\n"
             "Kept: names of hosts, accounts, databases and tables.\n");
}

/* Messages of servers may quote a row, and what is handed on must not: they go through the
 * scrubber, hints too, for they quote statements. */
static void put_findings(struct mr_strbuf *out, const struct mr_doctor *doctor)
{
    for (size_t i = 0; i < doctor->findings.count; i++) {
        const struct mr_doctor_finding *f = mr_vec_at(&doctor->findings, i);
        mr_strbuf_add_fmt(out, "%8.3f s  %-7s %s  %s: ", f->at_s, mr_doctor_state_text(f->state),
                          f->server != NULL ? f->server : "-", mr_doctor_name_text(f->name));
        mr_scrub_message(out, f->message);
        mr_strbuf_add_char(out, '\n');
        if (f->hint == NULL)
            continue;
        mr_strbuf_add_str(out, "            -> ");
        mr_scrub_message(out, f->hint);
        mr_strbuf_add_char(out, '\n');
    }
}

static void put_machine(struct mr_strbuf *out)
{
    struct utsname system;
    mr_strbuf_add_fmt(out, "myrecon %s\nclient library %s %s\n", MR_VERSION, mr_db_client_name(),
                      mr_db_client_version());
    if (uname(&system) == 0)
        mr_strbuf_add_fmt(out, "%s %s %s\n", system.sysname, system.release, system.machine);
}

/* Setting by setting and not the file itself: its comments may hold what nobody meant to hand
 * on. */
static void put_config(struct mr_strbuf *out, const struct mr_config *config)
{
    if (config->file == NULL)
        mr_strbuf_add_str(out, "; there is no configuration file\n");
    for (const struct mr_ini_section *s = config->sections; s != NULL; s = s->next) {
        mr_strbuf_add_fmt(out, "[%s%s%s]\n", s->word, s->argument[0] != '\0' ? " " : "",
                          s->argument);
        for (const struct mr_ini_entry *e = s->entries; e != NULL; e = e->next) {
            mr_strbuf_add_fmt(out, "%s = ", e->key);
            mr_scrub_setting(out, e->key, e->value);
            mr_strbuf_add_char(out, '\n');
        }
    }
}

static enum mr_code add_own(struct mr_doctor_bundle *bundle, const struct mr_doctor *doctor,
                            struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    put_readme(&text);
    enum mr_code code = mr_doctor_bundle_add(bundle, "README.txt", &text, err);
    mr_strbuf_reset(&text);
    put_findings(&text, doctor);
    if (code == MR_OK)
        code = mr_doctor_bundle_add(bundle, "findings.txt", &text, err);
    mr_strbuf_reset(&text);
    put_machine(&text);
    if (code == MR_OK)
        code = mr_doctor_bundle_add(bundle, "machine.txt", &text, err);
    mr_strbuf_reset(&text);
    put_config(&text, doctor->config);
    if (code == MR_OK)
        code = mr_doctor_bundle_add(bundle, "config.txt", &text, err);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_doctor_bundle_write(struct mr_doctor_bundle *bundle, const struct mr_doctor *doctor,
                                    struct mr_err *err)
{
    MR_TRY(add_own(bundle, doctor, err));
    for (size_t i = 0; i < doctor->servers.count; i++) {
        struct mr_doctor_server *const *server = mr_vec_at(&doctor->servers, i);
        char dir[32];
        (void)snprintf(dir, sizeof dir, "server-%zu", i + 1);
        MR_TRY(mr_doctor_bundle_server(bundle, dir, *server, err));
    }
    MR_TRY(mr_ustar_finish(&bundle->tar, err));
    MR_TRY(mr_outfile_commit(bundle->out, err));
    mr_log_info("bundle \"%s\": %zu files; read its README.txt before you hand it on", bundle->path,
                bundle->files);
    return MR_OK;
}
