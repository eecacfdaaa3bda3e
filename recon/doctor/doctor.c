/* doctor.c: see doctor.h. */
#include "recon/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

#define GIB ((uint64_t)1 << 30)
#define TEXT_SIZE 4096

const char *mr_doctor_state_text(enum mr_doctor_state state)
{
    static const char *const texts[] = {"undecided", "ok", "note", "unknown", "problem"};
    return texts[state];
}

const char *mr_doctor_name_text(enum mr_doctor_name name)
{
    static const char *const texts[] = {
        "none",
#define MR_DOCTOR_NAME(id, text) #id,
#include "recon/doctor/doctor_names.def"
#undef MR_DOCTOR_NAME
    };
    return texts[name];
}

enum mr_code mr_doctor_init(struct mr_doctor *doctor, const struct mr_config *config,
                            const struct mr_doctor_options *opts, struct mr_err *err)
{
    *doctor = (struct mr_doctor){.config = config,
                                 .opts = *opts,
                                 .began_s = mr_clock_now_s(),
                                 .arena = MR_ARENA_INIT,
                                 .findings = MR_VEC_INIT(struct mr_doctor_finding),
                                 .servers = MR_VEC_INIT(struct mr_doctor_server *)};
    MR_TRY(mr_gate_config_load(config, &doctor->arena, &doctor->gate, err));
    return mr_db_global_init(err);
}

void mr_doctor_release(struct mr_doctor *doctor)
{
    for (size_t i = 0; i < doctor->servers.count; i++) {
        struct mr_doctor_server *server =
            *(struct mr_doctor_server **)mr_vec_at(&doctor->servers, i);
        mr_catalogue_free(server->cat);
        mr_gate_link_close(&server->link);
        free(server);
    }
    mr_vec_release(&doctor->servers);
    mr_vec_release(&doctor->findings);
    mr_arena_release(&doctor->arena);
}

/* ---- findings ---- */

static const char *keep(struct mr_doctor *doctor, const char *text)
{
    const char *kept = mr_arena_strdup(&doctor->arena, text);
    doctor->nomem |= kept == NULL;
    return kept != NULL ? kept : "";
}

void mr_doctor_say(struct mr_doctor *doctor, enum mr_doctor_state state, enum mr_doctor_name name,
                   const char *fmt, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    struct mr_doctor_finding *f = mr_vec_push(&doctor->findings);
    if (f == NULL) {
        doctor->nomem = true;
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    *f = (struct mr_doctor_finding){.server = doctor->current,
                                    .name = name,
                                    .state = state,
                                    .message = keep(doctor, text),
                                    .at_s = mr_clock_now_s() - doctor->began_s};
}

void mr_doctor_hint(struct mr_doctor *doctor, const char *fmt, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    if (doctor->findings.count == 0)
        return;
    struct mr_doctor_finding *f = mr_vec_at(&doctor->findings, doctor->findings.count - 1);
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    f->hint = keep(doctor, text);
}

size_t mr_doctor_count(const struct mr_doctor *doctor, enum mr_doctor_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < doctor->findings.count; i++) {
        const struct mr_doctor_finding *f = mr_vec_at(&doctor->findings, i);
        count += f->state == state ? 1 : 0;
    }
    return count;
}

enum mr_doctor_state mr_doctor_verdict(const struct mr_doctor *doctor)
{
    enum mr_doctor_state worst = MR_DOCTOR_OK;
    for (size_t i = 0; i < doctor->findings.count; i++) {
        const struct mr_doctor_finding *f = mr_vec_at(&doctor->findings, i);
        if (f->state > worst)
            worst = f->state;
    }
    return worst;
}

int mr_doctor_exit(const struct mr_doctor *doctor)
{
    if (doctor->servers.count == 0 && !doctor->met_several)
        return 3;
    switch (mr_doctor_verdict(doctor)) {
    case MR_DOCTOR_PROBLEM: return 1;
    case MR_DOCTOR_UNKNOWN: return 4;
    case MR_DOCTOR_NOTE:
    case MR_DOCTOR_OK: break;
    }
    return 0;
}

/* A server whose disk is full fails at whatever needs a temporary table. */
static bool is_want_of_room(const struct mr_err *why)
{
    return why->sql_errno == 1021 || why->sql_errno == 1114 ||
           strstr(why->message, "No space left") != NULL ||
           strstr(why->message, "Errcode: 28") != NULL || strstr(why->message, "errno: 28") != NULL;
}

void mr_doctor_failed(struct mr_doctor *doctor, const struct mr_err *why)
{
    if (is_want_of_room(why)) {
        mr_doctor_say(doctor, MR_DOCTOR_PROBLEM, MR_DOCTOR_disk,
                      "the server has no room left, for data or for temporary files: %s",
                      why->message);
        mr_doctor_hint(doctor, "%s", MR_DOCTOR_ROOM_HINT);
        return;
    }
    mr_doctor_say(doctor, MR_DOCTOR_UNKNOWN, MR_DOCTOR_statement, "the server could not answer: %s",
                  why->message);
    mr_doctor_hint(doctor, "See the server's error log.");
}

/* ---- questions ---- */

enum mr_code mr_doctor_query(const struct mr_doctor_server *server, const char *shape,
                             const char *sql, struct mr_result **out, struct mr_err *err)
{
    struct mr_err why = {0};
    *out = NULL;
    enum mr_code code = mr_db_query(server->link.db, shape, sql, strlen(sql), out, &why);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

enum mr_code mr_doctor_ask(const struct mr_doctor_server *server, const char *sql,
                           struct mr_strbuf *out, bool *known, struct mr_err *err)
{
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_reset(out);
    enum mr_code code = mr_doctor_query(server, "n", sql, &res, err);
    *known = res != NULL && (row = mr_result_next(res)) != NULL;
    if (*known && row[0].ptr != NULL)
        mr_strbuf_add(out, row[0].ptr, row[0].len);
    mr_result_free(res);
    return code == MR_OK ? mr_strbuf_check(out, "examining a server", err) : code;
}

enum mr_code mr_doctor_ask_number(const struct mr_doctor_server *server, const char *sql,
                                  double *out, bool *known, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_doctor_ask(server, sql, &text, known, err);
    *known = *known && text.len > 0;
    *out = strtod(text.ptr, NULL);
    mr_strbuf_release(&text);
    return code;
}

const char *mr_doctor_variable(const struct mr_doctor_server *server, const char *name)
{
    const char *value = mr_gate_facts_variable(&server->facts, name);
    return value != NULL ? value : "";
}

bool mr_doctor_has_key(const struct mr_table *table)
{
    return table->nindexes > 0 && strcmp(table->indexes[0].name, "PRIMARY") == 0;
}

/* ---- the whole ---- */

enum mr_code mr_doctor_status(struct mr_doctor *d, struct mr_doctor_server *server,
                              struct mr_err *err)
{
    const struct mr_string_list all = {0};
    const struct mr_gate_task task = {.link = &server->link,
                                      .config = d->config,
                                      .gate = &d->gate,
                                      .tables = &all,
                                      .exclude = &all,
                                      .arena = &d->arena};
    MR_TRY(mr_gate_collect_status(&task, &server->facts, err));
    return mr_gate_read_activity(&server->link, &server->facts, &d->arena, &server->activity, err);
}

static enum mr_code check_memory(const struct mr_doctor *doctor, enum mr_code code,
                                 struct mr_err *err)
{
    return code == MR_OK && doctor->nomem ? mr_err_nomem(err, "examining a server") : code;
}

/* What fails on one server becomes a finding of it, so that the others are examined all the same.
 * Only what ends everything (no memory, cancelled) is an error. */
enum mr_code mr_doctor_examine(struct mr_doctor *doctor, const char *uri, struct mr_err *err)
{
    static mr_doctor_part *const parts[] = {
        mr_doctor_routing, mr_doctor_session,     mr_doctor_objects,
        mr_doctor_rights,  mr_doctor_status,      mr_doctor_settings,
        mr_doctor_witness, mr_doctor_replication, mr_doctor_load};
    struct mr_doctor_server *server = NULL;
    char display[512];
    mr_gate_link_display(uri, display, sizeof display);
    doctor->current = keep(doctor, display);
    enum mr_code code = mr_doctor_reach(doctor, uri, &server, err);
    if (server != NULL)
        server->uri = doctor->current;
    for (size_t i = 0; code == MR_OK && server != NULL && i < sizeof parts / sizeof *parts; i++)
        code = mr_is_cancelled() ? mr_cancelled_err(err) : parts[i](doctor, server, err);
    if (code == MR_E_CANCELLED)
        mr_err_hint(err, "Nothing was printed. Run it again.");
    if (code == MR_E_LOST) {
        mr_doctor_say(doctor, MR_DOCTOR_UNKNOWN, MR_DOCTOR_connection_lost,
                      "the connection was lost while the server was examined: %s", err->message);
        mr_doctor_hint(doctor, "Run it again. If it happens again: did the server crash "
                               "(its error log), or does something cut connections off?");
        code = MR_OK;
    } else if (code == MR_E_MOVED) {
        mr_doctor_say(doctor, MR_DOCTOR_PROBLEM, MR_DOCTOR_routing, "%s", err->message);
        mr_doctor_hint(doctor, "%s", mr_err_get_hint(err));
        code = MR_OK;
    } else if (code != MR_OK && server != NULL && !mr_gate_is_fatal(code)) {
        mr_doctor_failed(doctor, err);
        code = MR_OK;
    }
    return check_memory(doctor, code, err);
}

/* Cases, exports, and what a check writes to disk for want of a common order need room; that there
 * is none shows hours later otherwise. */
static void say_room(struct mr_doctor *doctor, const char *what, const char *dir)
{
    struct statvfs fs;
    if (statvfs(dir, &fs) != 0) {
        mr_doctor_say(doctor, MR_DOCTOR_PROBLEM, MR_DOCTOR_room, "%s \"%s\" cannot be used", what,
                      dir);
        mr_doctor_hint(doctor, "Create it, or choose another one (TMPDIR).");
        return;
    }
    const uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
    mr_doctor_say(doctor, left < GIB ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_room,
                  "%.1f GiB are left in %s \"%s\"", (double)left / (double)GIB, what, dir);
    if (left < GIB)
        mr_doctor_hint(doctor, "Make room, or write cases and exports elsewhere "
                               "(TMPDIR=DIR for temporary files).");
}

void mr_doctor_machine(struct mr_doctor *doctor)
{
    const char *tmp = getenv("TMPDIR");
    mr_doctor_say(doctor, MR_DOCTOR_OK, MR_DOCTOR_client_library, "client library %s %s",
                  mr_db_client_name(), mr_db_client_version());
    say_room(doctor, "the working directory", ".");
    say_room(doctor, "the temporary directory", tmp != NULL && tmp[0] != '\0' ? tmp : "/var/tmp");
}

enum mr_code mr_doctor_conclude(struct mr_doctor *doctor, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    doctor->current = NULL;
    mr_doctor_machine(doctor);
    for (size_t i = 1; code == MR_OK && i < doctor->servers.count; i++) {
        struct mr_doctor_server *const *a = mr_vec_at(&doctor->servers, 0);
        struct mr_doctor_server *const *b = mr_vec_at(&doctor->servers, i);
        code = mr_doctor_pair(doctor, *a, *b, err);
        if (code == MR_OK)
            code = mr_doctor_pair_logs(doctor, *a, *b, err);
    }
    return check_memory(doctor, code, err);
}
