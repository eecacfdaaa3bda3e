/*
 * doctor: can this account, network and server do the work, and if not, why?
 *
 * Calling sequence: mr_doctor_init, set the options, mr_doctor_examine for each server,
 * mr_doctor_conclude, read `findings`, mr_doctor_release.  Each part (doctor_reach.c,
 * doctor_rights.c …) says what it finds by mr_doctor_say.
 *
 * A problem keeps a command from its work, or a server from serving; what a missing right
 * hides is unknown, never ok; a note is worth knowing.  Nothing is written to a server.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_USAGE, MR_E_CONFIG, MR_E_NOMEM,
 * MR_E_CANCELLED; a server that cannot be reached, or is lost, is a finding.  Threads: one.
 */
#ifndef MR_DOCTOR_H
#define MR_DOCTOR_H

#include "core/base/vec.h"
#include "core/cli/config.h"
#include "core/cli/option.h"
#include "core/db/login_opts.h"
#include "core/row/when.h"
#include "core/schema/schema.h"
#include "recon/gate/gate_activity.h"
#include "recon/gate/gate_collect.h"

/* In the order of their weight. */
enum mr_doctor_state { MR_DOCTOR_OK = 1, MR_DOCTOR_NOTE, MR_DOCTOR_UNKNOWN, MR_DOCTOR_PROBLEM };

enum mr_doctor_name {
    MR_DOCTOR_NONE = 0,
#define MR_DOCTOR_NAME(id, text) MR_DOCTOR_##id,
#include "recon/doctor/doctor_names.def"
#undef MR_DOCTOR_NAME
    MR_DOCTOR_NAMES_END
};

struct mr_doctor_finding {
    const char *server; /* URI without password; NULL: this machine, or two servers */
    enum mr_doctor_name name;
    enum mr_doctor_state state;
    const char *message, *hint; /* hint may be NULL */
    double at_s;                /* since mr_doctor_init */
};

/* A server that could be reached. */
struct mr_doctor_server {
    const char *uri; /* without password */
    struct mr_gate_link link;
    struct mr_gate_facts facts; /* status only; uri NULL where it could not be read */
    struct mr_gate_activity activity;
    struct mr_catalogue *cat; /* NULL where it could not be read */
    double connect_s;
    const char *log_before; /* GTIDs in front of the first binary log; NULL: it was not read */
    bool clock_known;
    double skew_s; /* of its clock against this machine's */
};

/* What the account and the server are to be fit for: bits. */
enum mr_doctor_work {
    MR_DOCTOR_FOR_CHECK = 1 << 0,
    MR_DOCTOR_FOR_SNAPSHOT = 1 << 1,
    MR_DOCTOR_FOR_GATE = 1 << 2,
    MR_DOCTOR_FOR_REPAIR = 1 << 3,
    MR_DOCTOR_FOR_RESTORE = 1 << 4,
    MR_DOCTOR_FOR_HISTORY = 1 << 5
};
#define MR_DOCTOR_FOR_READING (MR_DOCTOR_FOR_CHECK | MR_DOCTOR_FOR_SNAPSHOT | MR_DOCTOR_FOR_GATE)
#define MR_DOCTOR_FOR_WRITING (MR_DOCTOR_FOR_REPAIR | MR_DOCTOR_FOR_RESTORE)

struct mr_doctor_options {
    const char *run_tag;
    struct mr_login_opts login;
    unsigned work; /* enum mr_doctor_work */
    bool guesses;  /* nobody said so: who may write is looked at as a writer, too */
    unsigned slow_s, statement_timeout_s;
    struct mr_string_list tables; /* patterns: what must be there */
    const struct mr_when
        *split_at; /* when histories parted: binary logs are to reach so far; NULL */
    bool
        definitions; /* of tables, too, since somebody looks at them: servers are compared, a bundle */
    bool all_tables; /* each is opened, however many */
};

struct mr_doctor {
    const struct mr_config *config;
    struct mr_doctor_options opts;
    struct mr_gate_config gate; /* thresholds */
    struct mr_arena arena;
    struct mr_vec findings; /* struct mr_doctor_finding */
    struct mr_vec servers;  /* struct mr_doctor_server *, each allocated */
    const char *current;    /* URI without password of the server that is looked at */
    double began_s;
    bool nomem;
    bool met_several; /* servers at one address: reached, and not to be examined as one */
};

enum mr_code mr_doctor_init(struct mr_doctor *doctor, const struct mr_config *config,
                            const struct mr_doctor_options *opts, struct mr_err *err);
void mr_doctor_release(struct mr_doctor *doctor);
/* Whatever stands in the way is a finding. */
enum mr_code mr_doctor_examine(struct mr_doctor *doctor, const char *uri, struct mr_err *err);
/* This machine, and the first server with each of the others. */
enum mr_code mr_doctor_conclude(struct mr_doctor *doctor, struct mr_err *err);

/* How many findings have that state; the worst state of all, OK where there are none. */
size_t mr_doctor_count(const struct mr_doctor *doctor, enum mr_doctor_state state);
enum mr_doctor_state mr_doctor_verdict(const struct mr_doctor *doctor);
/* 1 a problem; 3 no server reached; 4 something unknown; 0. */
int mr_doctor_exit(const struct mr_doctor *doctor);
const char *mr_doctor_state_text(enum mr_doctor_state state);
const char *mr_doctor_name_text(enum mr_doctor_name name);

/* ---- for the parts ---- */

void mr_doctor_say(struct mr_doctor *doctor, enum mr_doctor_state state, enum mr_doctor_name name,
                   const char *fmt, ...) MR_PRINTF(4, 5);
/* The hint of what was said last. */
void mr_doctor_hint(struct mr_doctor *doctor, const char *fmt, ...) MR_PRINTF(2, 3);

#define MR_DOCTOR_ROOM_HINT                                                                        \
    "Purge binary logs that every replica has (SHOW BINARY LOGS, PURGE BINARY LOGS TO "            \
    "...); look for temporary files and backups on its disks. A server whose disk is "             \
    "full hangs in writes, it does not fail: make room, do not restart it."

/* What leads to a line of a table's definition. */
#define MR_DOCTOR_ONLY_FIRST "only the first has "
#define MR_DOCTOR_ONLY_SECOND "only the second has "

/* A statement of ours failed: for want of room, or for an unknown reason. */
void mr_doctor_failed(struct mr_doctor *doctor, const struct mr_err *why);

/* Rows (of a shape, as of mr_db_query), or *out NULL where the statement fails.  Only a lost
 * connection, memory and a cancel are errors. */
enum mr_code mr_doctor_query(const struct mr_doctor_server *server, const char *shape,
                             const char *sql, struct mr_result **out, struct mr_err *err);
/* One cell of text; "" and *known false where the statement fails; NULL is "", too. */
enum mr_code mr_doctor_ask(const struct mr_doctor_server *server, const char *sql,
                           struct mr_strbuf *out, bool *known, struct mr_err *err);
enum mr_code mr_doctor_ask_number(const struct mr_doctor_server *server, const char *sql,
                                  double *out, bool *known, struct mr_err *err);
/* Of SHOW GLOBAL VARIABLES, as far as the gate keeps it; "" where it does not. */
const char *mr_doctor_variable(const struct mr_doctor_server *server, const char *name);

/* A primary key. */
bool mr_doctor_has_key(const struct mr_table *table);

typedef enum mr_code mr_doctor_part(struct mr_doctor *doctor, struct mr_doctor_server *server,
                                    struct mr_err *err);

/* Name, port, login: sets *server to a connected one, or to NULL with the reason said. */
enum mr_code mr_doctor_reach(struct mr_doctor *doctor, const char *uri,
                             struct mr_doctor_server **server, struct mr_err *err);
mr_doctor_part mr_doctor_routing;     /* a second connection */
mr_doctor_part mr_doctor_session;     /* TLS, certificate, account */
mr_doctor_part mr_doctor_objects;     /* what was asked for; ends with: */
mr_doctor_part mr_doctor_tables;      /* tables and views that cannot be used */
mr_doctor_part mr_doctor_rights;      /* needs objects' catalogue */
mr_doctor_part mr_doctor_status;      /* reads facts and activity for the ones below */
mr_doctor_part mr_doctor_settings;    /* variables, clock, time zones */
mr_doctor_part mr_doctor_witness;     /* the binary log, after a failover */
mr_doctor_part mr_doctor_replication; /* stopped or late, and why */
mr_doctor_part mr_doctor_load;        /* statements, locks, connections, disk */
void mr_doctor_machine(struct mr_doctor *doctor);
/* For history: is what each of them has executed alone in the binary logs that are there? */
enum mr_code mr_doctor_pair_logs(struct mr_doctor *doctor, const struct mr_doctor_server *a,
                                 const struct mr_doctor_server *b, struct mr_err *err);
enum mr_code mr_doctor_pair(struct mr_doctor *doctor, const struct mr_doctor_server *a,
                            const struct mr_doctor_server *b, struct mr_err *err);

#endif
