/* doctor_rights.c: what each command needs, against what the account has; see doctor.h. */
#include <stdio.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "recon/doctor/doctor.h"

#define SHOWN_DBS 5

/* What one command lacks: for people, and the statements that help. */
struct lack {
    const char *command;
    bool must; /* else it works, and sees less */
    struct mr_strbuf what, grants;
};

struct looker {
    struct mr_doctor *doctor;
    const struct mr_doctor_server *server;
    const struct mr_grants *grants;
    const struct mr_server *facts;
    size_t lacks;
    struct mr_strbuf fit; /* commands that lack nothing */
};

static void begin(struct lack *lack, const char *command, bool must)
{
    *lack = (struct lack){.command = command,
                          .must = must,
                          .what = MR_STRBUF_INIT,
                          .grants = MR_STRBUF_INIT};
}

static void add_what(struct lack *lack, const char *what)
{
    if (strstr(lack->what.ptr, what) == NULL)
        mr_strbuf_add_fmt(&lack->what, "%s%s", lack->what.len > 0 ? "; " : "", what);
}

/* Statements on many databases would bury the rest. */
static bool room_for_grant(struct lack *lack)
{
    size_t count = 0;
    for (const char *p = lack->grants.ptr; (p = strstr(p, "GRANT ")) != NULL; p += 6)
        count++;
    if (count >= SHOWN_DBS)
        return false;
    if (lack->grants.len > 0)
        mr_strbuf_add_str(&lack->grants, "; ");
    return true;
}

static void add_grant(const struct looker *l, struct lack *lack, const char *privileges,
                      const char *place)
{
    if (room_for_grant(lack))
        mr_strbuf_add_fmt(&lack->grants, "GRANT %s ON %s TO %s", privileges, place,
                          mr_grants_account(l->grants));
}

static void tell(struct looker *l, struct lack *lack)
{
    if (lack->what.len > 0) {
        l->lacks++;
        mr_doctor_say(l->doctor, lack->must ? MR_DOCTOR_PROBLEM : MR_DOCTOR_NOTE,
                      MR_DOCTOR_rights, "%s: %s", lack->command, lack->what.ptr);
        mr_doctor_hint(l->doctor, "%s", lack->grants.ptr);
    }
    mr_strbuf_release(&lack->what);
    mr_strbuf_release(&lack->grants);
}

static size_t count_dbs(const struct looker *l)
{
    return l->server->cat != NULL ? l->server->cat->ndbs : 0;
}

static const char *db_at(const struct looker *l, size_t at)
{
    return l->server->cat->dbs[at].name;
}

/* Of all tables that show, at least one cannot be read. */
static bool lacks_rows(const struct looker *l, const char *db)
{
    for (size_t i = 0; i < l->server->cat->ntables; i++) {
        const struct mr_table *t = &l->server->cat->tables[i];
        if (strcmp(t->db, db) == 0 &&
            !mr_grants_on_table(l->grants, "SELECT", t->db, t->name))
            return true;
    }
    return false;
}

/* MariaDB before 10.5.2 knows MySQL's name. */
static const char *status_right(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MARIADB && server->version >= 100502
               ? "SLAVE MONITOR"
               : "REPLICATION CLIENT";
}

static void place_of(struct mr_strbuf *place, const char *db)
{
    mr_strbuf_reset(place);
    mr_sql_ident(place, db);
    mr_strbuf_add_str(place, ".*");
}

static const char *readers(const struct looker *l)
{
    const unsigned both = MR_DOCTOR_FOR_CHECK | MR_DOCTOR_FOR_SNAPSHOT;
    if ((l->doctor->opts.work & both) == both)
        return "check, snapshot create";
    return (l->doctor->opts.work & MR_DOCTOR_FOR_CHECK) != 0 ? "check"
                                                             : "snapshot create";
}

static void look_at_rows(struct looker *l, const char *command)
{
    struct lack all, some;
    struct mr_strbuf place = MR_STRBUF_INIT;
    begin(&all, command, true);
    begin(&some, command, false);
    for (size_t i = 0; i < count_dbs(l); i++) {
        if (mr_grants_on_db(l->grants, "SELECT", db_at(l, i)))
            continue;
        const bool unread = lacks_rows(l, db_at(l, i));
        place_of(&place, db_at(l, i));
        add_what(unread ? &all : &some,
                 unread ? "the rows cannot be read (SELECT)"
                        : "only tables that are granted one by one are seen (SELECT)");
        add_grant(l, unread ? &all : &some, "SELECT", place.ptr);
    }
    mr_strbuf_release(&place);
    tell(l, &all);
    tell(l, &some);
}

static void look_at_objects(struct looker *l, const char *command)
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
    struct lack lack;
    struct mr_strbuf statement = MR_STRBUF_INIT;
    begin(&lack, command, true);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < count_dbs(l); i++) {
            if ((mr_grants_hidden(l->grants, l->facts, db_at(l, i)) &
                 (unsigned)kinds[k].kind) == 0)
                continue;
            mr_strbuf_reset(&statement);
            mr_grants_needed(&statement, l->grants, l->facts, kinds[k].kind, db_at(l, i));
            add_what(&lack, kinds[k].what);
            if (strstr(lack.grants.ptr, statement.ptr) == NULL && room_for_grant(&lack))
                mr_strbuf_add(&lack.grants, statement.ptr, statement.len);
        }
    mr_strbuf_release(&statement);
    tell(l, &lack);
}

static void look_at_gate(struct looker *l)
{
    struct lack lack;
    struct mr_strbuf rights = MR_STRBUF_INIT;
    begin(&lack, "gate", true);
    if (!mr_grants_global(l->grants, "PROCESS")) {
        mr_strbuf_add_str(&rights, "PROCESS");
        add_what(&lack, "sessions, transactions and locks of others are hidden");
    }
    if (!mr_grants_global(l->grants, status_right(l->facts))) {
        mr_strbuf_add_fmt(&rights, "%s%s", rights.len > 0 ? ", " : "",
                          status_right(l->facts));
        add_what(&lack,
                 "the replication status is hidden; check waits by --settle alone");
    }
    if (rights.len > 0)
        add_grant(l, &lack, rights.ptr, "*.*");
    mr_strbuf_release(&rights);
    tell(l, &lack);
    if (l->facts->flavour == MR_FLAVOUR_MYSQL &&
        !mr_grants_on_db(l->grants, "SELECT", "performance_schema")) {
        begin(&lack, "gate", false);
        add_what(&lack, "cannot name who holds a lock");
        add_grant(l, &lack, "SELECT", "performance_schema.*");
        tell(l, &lack);
    }
}

/* Where nobody said that it is to write, what it lacks for that is only worth knowing. */
static void look_at_writes(struct looker *l, const char *command,
                           const char *const *needs, size_t nneeds)
{
    struct mr_strbuf place = MR_STRBUF_INIT, rights = MR_STRBUF_INIT;
    struct lack lack;
    begin(&lack, command, !l->doctor->opts.guesses);
    for (size_t i = 0; i < count_dbs(l); i++) {
        mr_strbuf_reset(&rights);
        for (size_t n = 0; n < nneeds; n++)
            if (!mr_grants_on_db(l->grants, needs[n], db_at(l, i)))
                mr_strbuf_add_fmt(&rights, "%s%s", rights.len > 0 ? ", " : "", needs[n]);
        if (rights.len == 0)
            continue;
        place_of(&place, db_at(l, i));
        add_what(&lack, "rights to change what is there are missing");
        add_grant(l, &lack, rights.ptr, place.ptr);
    }
    mr_strbuf_release(&place);
    mr_strbuf_release(&rights);
    tell(l, &lack);
}

/* A replica is not written to, and what hides whether it is one stops the work. */
static void look_at_sources(struct looker *l, const char *command)
{
    struct lack lack;
    begin(&lack, command, !l->doctor->opts.guesses);
    if (!mr_grants_global(l->grants, status_right(l->facts))) {
        add_what(&lack, "whether the server replicates from another one is hidden");
        add_grant(l, &lack, status_right(l->facts), "*.*");
    }
    tell(l, &lack);
}

static bool may_write(const struct looker *l)
{
    for (size_t i = 0; i < count_dbs(l); i++)
        if (mr_grants_on_db(l->grants, "INSERT", db_at(l, i)) &&
            mr_grants_on_db(l->grants, "UPDATE", db_at(l, i)))
            return true;
    return false;
}

/* lacks: how many there were before the command was looked at. */
static void note_fit(struct looker *l, const char *command, size_t lacks)
{
    if (l->lacks == lacks)
        mr_strbuf_add_fmt(&l->fit, "%s%s", l->fit.len > 0 ? ", " : "", command);
}

static void look_at_all(struct looker *l)
{
    static const char *const repair[] = {"SELECT",
                                         "INSERT",
                                         "UPDATE",
                                         "DELETE",
                                         "ALTER",
                                         "TRIGGER",
                                         "CREATE TEMPORARY TABLES"};
    static const char *const restore[] = {
        "SELECT", "CREATE",      "ALTER",     "INSERT",  "DROP",  "REFERENCES",
        "INDEX",  "CREATE VIEW", "SHOW VIEW", "TRIGGER", "EVENT", "CREATE ROUTINE"};
    const struct mr_doctor_options *opts = &l->doctor->opts;
    const unsigned work =
        opts->work | (opts->guesses && may_write(l) ? MR_DOCTOR_FOR_REPAIR : 0U);
    size_t lacks = l->lacks, of_rows = 0;
    if ((work & (MR_DOCTOR_FOR_CHECK | MR_DOCTOR_FOR_SNAPSHOT)) != 0) {
        look_at_rows(l, readers(l));
        of_rows = l->lacks - lacks;
        look_at_objects(l, readers(l));
        note_fit(l, readers(l), lacks);
    } else if ((work & MR_DOCTOR_FOR_GATE) != 0) {
        look_at_rows(l, "gate");
        of_rows = l->lacks - lacks;
    }
    lacks = l->lacks;
    if ((work & MR_DOCTOR_FOR_GATE) != 0) {
        look_at_gate(l);
        if (of_rows == 0)
            note_fit(l, "gate", lacks);
    }
    lacks = l->lacks;
    if ((work & MR_DOCTOR_FOR_REPAIR) != 0) {
        look_at_writes(l, "repair apply", repair, sizeof repair / sizeof *repair);
        look_at_sources(l, "repair apply");
        note_fit(l, "repair apply", lacks);
    }
    lacks = l->lacks;
    if ((work & MR_DOCTOR_FOR_RESTORE) != 0) {
        look_at_writes(l, "snapshot restore", restore, sizeof restore / sizeof *restore);
        look_at_sources(l, "snapshot restore");
        note_fit(l, "snapshot restore", lacks);
    }
}

enum mr_code mr_doctor_rights(struct mr_doctor *d, struct mr_doctor_server *server,
                              struct mr_err *err)
{
    struct looker l = {.doctor = d,
                       .server = server,
                       .grants = server->link.grants,
                       .facts = mr_db_server(server->link.db),
                       .fit = MR_STRBUF_INIT};
    if (l.grants == NULL) {
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_rights,
                      "the account's grants cannot be read");
        return MR_OK;
    }
    look_at_all(&l);
    enum mr_code code = mr_strbuf_check(&l.fit, "examining a server", err);
    if (code == MR_OK && l.fit.len > 0)
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_rights, "the account may do: %s",
                      l.fit.ptr);
    mr_strbuf_release(&l.fit);
    return code;
}
