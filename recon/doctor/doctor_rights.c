/* doctor_rights.c: what each command needs, against what the account has; see doctor.h. */
#include <stdio.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/db/monitor_right.h"
#include "recon/doctor/doctor.h"

#define SHOWN_DBS 5

/* What one command lacks: for people, and the statements that help. */
struct lack {
    const char *command;
    bool must;    /* what is missing keeps it from its work, or from a part */
    size_t shown; /* statements of this kind of right so far */
    struct mr_strbuf what, grants;
};

struct looker {
    struct mr_doctor *doctor;
    const struct mr_doctor_server *server;
    const struct mr_grants *grants;
    const struct mr_server *facts;
    const char **dbs; /* that show, or that the URI names */
    size_t ndbs;
    bool distrusts;   /* the server, while it writes a binary log, who makes triggers */
    struct lack lack; /* of the command that is looked at */
};

/* must: else the command works, and sees less. */
static void add_what(struct looker *l, bool must, const char *what)
{
    struct lack *lack = &l->lack;
    lack->must = lack->must || must;
    if (strstr(lack->what.ptr, what) == NULL)
        mr_strbuf_add_fmt(&lack->what, "%s%s", lack->what.len > 0 ? "; " : "", what);
}

/* The same one is wanted for several things; statements on many databases would bury the
 * rest. */
static void add_statement(struct looker *l, const struct mr_strbuf *statement)
{
    struct lack *lack = &l->lack;
    if (strstr(lack->grants.ptr, statement->ptr) != NULL || lack->shown++ >= SHOWN_DBS)
        return;
    mr_strbuf_add_fmt(&lack->grants, "%s%s", lack->grants.len > 0 ? "; " : "", statement->ptr);
}

static void add_grant(struct looker *l, const char *privileges, const char *place)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "GRANT %s ON %s TO %s", privileges, place,
                      mr_grants_account(l->grants));
    add_statement(l, &text);
    l->doctor->nomem = l->doctor->nomem || text.failed;
    mr_strbuf_release(&text);
}

static void begin(struct looker *l, const char *command)
{
    l->lack = (struct lack){.command = command, .what = MR_STRBUF_INIT, .grants = MR_STRBUF_INIT};
}

/* The verdict on the command, in one line. */
static void tell(struct looker *l)
{
    struct lack *lack = &l->lack;
    bool fit = lack->what.len == 0;
    mr_doctor_say(l->doctor,
                  fit          ? MR_DOCTOR_OK
                  : lack->must ? MR_DOCTOR_PROBLEM
                               : MR_DOCTOR_NOTE,
                  MR_DOCTOR_rights, "%s: %s", lack->command,
                  fit ? "the account has all rights for it" : lack->what.ptr);
    if (!fit)
        mr_doctor_hint(l->doctor, "%s", lack->grants.ptr);
    l->doctor->nomem = l->doctor->nomem || lack->what.failed || lack->grants.failed;
    mr_strbuf_release(&lack->what);
    mr_strbuf_release(&lack->grants);
}

static bool shows(const struct looker *l, const char *db)
{
    return l->server->cat != NULL && mr_catalogue_db(l->server->cat, db) != NULL;
}

static bool list_dbs(struct looker *l)
{
    const struct mr_catalogue *cat = l->server->cat;
    const struct mr_endpoint *ep = &l->server->link.ep;
    const size_t shown = cat != NULL ? cat->ndbs : 0;
    l->dbs = mr_arena_calloc(&l->doctor->arena, shown + ep->ndbs + 1, sizeof *l->dbs);
    if (l->dbs == NULL)
        return false;
    for (size_t i = 0; i < shown; i++)
        l->dbs[l->ndbs++] = cat->dbs[i].name;
    for (size_t i = 0; i < ep->ndbs; i++)
        if (!shows(l, ep->dbs[i]))
            l->dbs[l->ndbs++] = ep->dbs[i];
    return true;
}

static size_t count_dbs(const struct looker *l)
{
    return l->ndbs;
}

static const char *db_at(const struct looker *l, size_t at)
{
    return l->dbs[at];
}

/* Of all tables that show, at least one cannot be read; or none shows. */
static bool lacks_rows(const struct looker *l, const char *db)
{
    if (!shows(l, db))
        return true;
    for (size_t i = 0; i < l->server->cat->ntables; i++) {
        const struct mr_table *t = &l->server->cat->tables[i];
        if (strcmp(t->db, db) == 0 && !mr_grants_on_table(l->grants, "SELECT", t->db, t->name))
            return true;
    }
    return false;
}

static void place_of(struct mr_strbuf *place, const char *db)
{
    mr_strbuf_reset(place);
    mr_sql_ident(place, db);
    mr_strbuf_add_str(place, ".*");
}

static void look_at_rows(struct looker *l)
{
    struct mr_strbuf place = MR_STRBUF_INIT;
    l->lack.shown = 0;
    for (size_t i = 0; i < count_dbs(l); i++) {
        if (mr_grants_on_db(l->grants, "SELECT", db_at(l, i)))
            continue;
        const bool unread = lacks_rows(l, db_at(l, i));
        place_of(&place, db_at(l, i));
        add_what(l, unread,
                 unread ? "the rows cannot be read (SELECT)"
                        : "only tables that are granted one by one are seen (SELECT)");
        add_grant(l, "SELECT", place.ptr);
    }
    mr_strbuf_release(&place);
}

/* Who names no database means all of them, and is shown those that he has a right on. */
static void look_at_names(struct looker *l)
{
    l->lack.shown = 0;
    if (l->server->link.ep.ndbs > 0 || mr_grants_lists_dbs(l->grants))
        return;
    add_what(l, false,
             "without a database in the URI it ends with 4: there may be others, which the "
             "account is not shown");
    add_grant(l, "SHOW DATABASES", "*.*");
}

static void look_at_objects(struct looker *l)
{
    static const struct {
        enum mr_hidden kind;
        const char *what;
    } kinds[] = {
        {MR_HIDDEN_TRIGGERS, "triggers are hidden"},
        {MR_HIDDEN_VIEWS, "views are hidden"},
        {MR_HIDDEN_ROUTINES, "routines are hidden"},
        {MR_HIDDEN_EVENTS, "events are hidden"},
    };
    struct mr_strbuf statement = MR_STRBUF_INIT;
    l->lack.shown = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < count_dbs(l); i++) {
            if ((mr_grants_hidden(l->grants, l->facts, db_at(l, i)) & (unsigned)kinds[k].kind) == 0)
                continue;
            mr_strbuf_reset(&statement);
            mr_grants_needed(&statement, l->grants, l->facts, kinds[k].kind, db_at(l, i));
            add_what(l, true, kinds[k].what);
            add_statement(l, &statement);
        }
    l->doctor->nomem = l->doctor->nomem || statement.failed;
    mr_strbuf_release(&statement);
}

/* Whom the server follows, if anybody. */
static void look_at_status(struct looker *l, bool must, const char *what)
{
    l->lack.shown = 0;
    if (mr_grants_global(l->grants, mr_monitor_right_replica(l->facts)))
        return;
    add_what(l, must, what);
    add_grant(l, mr_monitor_right_replica(l->facts), "*.*");
}

static void look_at_gate(struct looker *l)
{
    const bool status = mr_grants_global(l->grants, mr_monitor_right_replica(l->facts));
    const bool process = mr_grants_global(l->grants, "PROCESS");
    struct mr_strbuf rights = MR_STRBUF_INIT;
    l->lack.shown = 0;
    if (!process)
        add_what(l, true, "sessions, transactions and locks of others are hidden");
    if (!status)
        add_what(l, true, "the replication status is hidden");
    mr_strbuf_add_fmt(&rights, "%s%s%s", process ? "" : "PROCESS", process || status ? "" : ", ",
                      status ? "" : mr_monitor_right_replica(l->facts));
    if (rights.len > 0)
        add_grant(l, rights.ptr, "*.*");
    mr_strbuf_release(&rights);
    if (l->facts->flavour == MR_FLAVOUR_MYSQL &&
        !mr_grants_on_db(l->grants, "SELECT", "performance_schema")) {
        add_what(l, false, "cannot name who holds a lock");
        add_grant(l, "SELECT", "performance_schema.*");
    }
}

/* Where nobody said that it is to write, what it lacks for that is only worth knowing. */
static void look_at_writes(struct looker *l, const char *const *needs, size_t nneeds)
{
    struct mr_strbuf place = MR_STRBUF_INIT, rights = MR_STRBUF_INIT;
    l->lack.shown = 0;
    for (size_t i = 0; i < count_dbs(l); i++) {
        mr_strbuf_reset(&rights);
        for (size_t n = 0; n < nneeds; n++)
            if (!mr_grants_on_db(l->grants, needs[n], db_at(l, i)))
                mr_strbuf_add_fmt(&rights, "%s%s", rights.len > 0 ? ", " : "", needs[n]);
        if (rights.len == 0)
            continue;
        place_of(&place, db_at(l, i));
        add_what(l, !l->doctor->opts.guesses, "rights to change what is there are missing");
        add_grant(l, rights.ptr, place.ptr);
    }
    mr_strbuf_release(&place);
    mr_strbuf_release(&rights);
    /* a replica is not written to, and what hides whether it is one stops the work */
    look_at_status(l, !l->doctor->opts.guesses,
                   "whether the server replicates from another one is hidden");
}

static bool may_write(const struct looker *l)
{
    for (size_t i = 0; i < count_dbs(l); i++)
        if (mr_grants_on_db(l->grants, "INSERT", db_at(l, i)) &&
            mr_grants_on_db(l->grants, "UPDATE", db_at(l, i)))
            return true;
    return false;
}

static void look_as_check(struct looker *l)
{
    look_at_names(l);
    look_at_rows(l);
    look_at_objects(l);
    look_at_status(l, false,
                   "whether the server follows another one is hidden, so that what "
                   "differs may stay unsettled");
}

static void look_as_snapshot(struct looker *l)
{
    look_at_names(l);
    look_at_rows(l);
    look_at_objects(l);
    if (l->facts->flavour == MR_FLAVOUR_MYSQL)
        look_at_status(l, false, "the position of the binary log is hidden");
}

static void look_as_gate(struct looker *l)
{
    look_at_rows(l);
    look_at_gate(l);
}

static void look_as_repair(struct looker *l)
{
    static const char *const needs[] = {
        "SELECT", "INSERT", "UPDATE", "DELETE", "ALTER", "TRIGGER", "CREATE TEMPORARY TABLES"};
    look_at_writes(l, needs, sizeof needs / sizeof *needs);
}

/* Triggers and functions then want SUPER, which no GRANT on a database has in it. */
static void look_at_creators(struct looker *l)
{
    struct mr_strbuf statement = MR_STRBUF_INIT;
    if (!l->distrusts || mr_grants_global(l->grants, "SUPER"))
        return;
    l->lack.shown = 0;
    add_what(l, false, "triggers and functions are not made while there is a binary log");
    mr_strbuf_add_str(&statement, "SET GLOBAL log_bin_trust_function_creators = 1");
    add_statement(l, &statement);
    l->doctor->nomem = l->doctor->nomem || statement.failed;
    mr_strbuf_release(&statement);
}

static void look_as_restore(struct looker *l)
{
    static const char *const needs[] = {"SELECT",    "CREATE",     "ALTER", "INSERT",
                                        "DROP",      "REFERENCES", "INDEX", "CREATE VIEW",
                                        "SHOW VIEW", "TRIGGER",    "EVENT", "CREATE ROUTINE"};
    look_at_writes(l, needs, sizeof needs / sizeof *needs);
    look_at_creators(l);
}

/* Logs are read as a replica reads them. */
static void look_as_history(struct looker *l)
{
    static const char slave[] = "REPLICATION SLAVE";
    const char *monitor = mr_monitor_right_log(l->facts);
    const bool reads = mr_grants_global(l->grants, slave);
    const bool lists = mr_grants_global(l->grants, monitor);
    struct mr_strbuf rights = MR_STRBUF_INIT;
    look_at_rows(l);
    l->lack.shown = 0;
    if (!reads || !lists)
        add_what(l, true, "the binary logs cannot be read");
    mr_strbuf_add_fmt(&rights, "%s%s%s", reads ? "" : slave, reads || lists ? "" : ", ",
                      lists ? "" : monitor);
    if (rights.len > 0)
        add_grant(l, rights.ptr, "*.*");
    l->doctor->nomem = l->doctor->nomem || rights.failed;
    mr_strbuf_release(&rights);
}

/* An account that sees no database has not all rights for anything. */
static void look_for_any(struct looker *l)
{
    if (count_dbs(l) > 0 || mr_grants_global(l->grants, "SELECT"))
        return;
    add_what(l, true, "no database is visible to the account");
    add_grant(l, "SELECT", "*.*");
}

static void look_at_all(struct looker *l)
{
    static const struct {
        enum mr_doctor_work work;
        const char *command;
        void (*look)(struct looker *l);
    } commands[] = {
        {MR_DOCTOR_FOR_CHECK, "check", look_as_check},
        {MR_DOCTOR_FOR_SNAPSHOT, "snapshot create", look_as_snapshot},
        {MR_DOCTOR_FOR_GATE, "gate", look_as_gate},
        {MR_DOCTOR_FOR_REPAIR, "repair apply", look_as_repair},
        {MR_DOCTOR_FOR_RESTORE, "snapshot restore", look_as_restore},
        {MR_DOCTOR_FOR_HISTORY, "history collect", look_as_history},
    };
    const struct mr_doctor_options *opts = &l->doctor->opts;
    const unsigned work = opts->work | (opts->guesses && may_write(l) ? MR_DOCTOR_FOR_REPAIR : 0U);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if ((work & (unsigned)commands[i].work) == 0)
            continue;
        begin(l, commands[i].command);
        commands[i].look(l);
        look_for_any(l);
        tell(l);
    }
}

static enum mr_code ask_trust(struct looker *l, struct mr_doctor_server *server, struct mr_err *err)
{
    double distrusts = 0;
    bool known;
    MR_TRY(mr_doctor_ask_number(server,
                                "SELECT @@log_bin AND NOT @@log_bin_trust_function_creators",
                                &distrusts, &known, err));
    l->distrusts = known && distrusts != 0;
    return MR_OK;
}

enum mr_code mr_doctor_rights(struct mr_doctor *d, struct mr_doctor_server *server,
                              struct mr_err *err)
{
    struct looker l = {.doctor = d,
                       .server = server,
                       .grants = server->link.grants,
                       .facts = mr_db_server(server->link.db)};
    if (!list_dbs(&l))
        return mr_err_nomem(err, "examining a server");
    if ((d->opts.work & (unsigned)MR_DOCTOR_FOR_RESTORE) != 0)
        MR_TRY(ask_trust(&l, server, err));
    if (l.grants == NULL)
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_rights,
                      "the account's grants cannot be read");
    else
        look_at_all(&l);
    return MR_OK;
}
