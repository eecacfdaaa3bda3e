/*
 * snap_manifest: what manifest.json of a snapshot says (docs/formats/snapshot-v1.md).
 *
 * Calling sequence: fill a struct mr_snap_manifest and mr_snap_manifest_write it; or
 * mr_snap_manifest_read one, whose texts then live in the arena given.  That the file is
 * the one that was written is proved by manifest.json.sha256, before it is read
 * (snap_open.h); still a manifest is read as if a stranger had written it: names that lead
 * out of the directory, columns and keys that do not exist, are refused.
 *
 * Errors: MR_E_SNAPSHOT for a text that myrecon did not write, or of another version.
 * Threads: no state.
 */
#ifndef MR_SNAP_MANIFEST_H
#define MR_SNAP_MANIFEST_H

#include "core/cli/option.h"
#include "core/file/sink.h"
#include "core/json/json_in.h"
#include "core/schema/object_kind.h"
#include "snapshot/format/snap_table.h"

#define MR_SNAP_SCHEMA "myrecon/snapshot/1"
#define MR_SNAP_SCHEMA_CHAINED "myrecon/snapshot/2" /* of one that has a base */

/* How far all rows are of one moment. */
enum mr_snap_kind {
    MR_SNAP_VIEWS = 1, /* several connections whose views are proved to be one */
    MR_SNAP_ONE_VIEW   /* one connection */
};

/* What proves that views are one. */
enum mr_snap_proof {
    MR_SNAP_BY_CONNECTION = 1, /* there is one only */
    MR_SNAP_BY_LOG,            /* each tells the same position of the log; as by the engine */
    MR_SNAP_BY_ENGINE          /* the engine committed nothing between the first and the last */
};

/* How far the position is the view's. */
enum mr_snap_position {
    MR_SNAP_EXACT = 1,
    MR_SNAP_AT_OR_BEFORE /* the last that is surely in the view; more may be, up to `until` */
};

struct mr_snap_consistency {
    enum mr_snap_kind kind;
    unsigned connections, tries;
    enum mr_snap_proof proof;       /* 0: of an older version, which did not say */
    enum mr_snap_position position; /* 0: the same, or there is none */
    const char *gtid;               /* position of the view, or NULL */
    const char *binlog_file;
    uint64_t binlog_position;            /* of binlog_file */
    const char *until_gtid, *until_file; /* of MR_SNAP_AT_OR_BEFORE, or NULL */
    uint64_t until_position;
    const char *purged;  /* MySQL: GTIDs that no log had when the view was begun, or NULL */
    const char *applied; /* MariaDB: GTIDs applied from other servers, or NULL */
    const char *note;    /* what is not known, or NULL */
};

struct mr_snap_server {
    enum mr_flavour flavour;
    const char *version, *hostname, *uuid;
    unsigned port;
    uint32_t server_id;
    unsigned lower_case_table_names;
};

/* A schema object with a file of its own. */
struct mr_snap_object {
    enum mr_object_kind kind;
    const char *db, *name; /* a routine: "procedure p"; a database: its name in both */
    const char *file;
    const char *sql_mode, *collation; /* of the session that makes it, or NULL */
    /* of a database its collation; of an object that of its database when it was made, which its
     * parameters and variables go by; NULL: not known */
    const char *db_collation;
    const char *table;          /* of a trigger, else NULL */
    const char *const *columns; /* of a view */
    size_t ncolumns;
    const char *value; /* of a sequence: the next one; of an event: its time zone; or NULL */
    bool lacks;        /* of a view: it reads from what is not kept; not written */
};

struct mr_snap_left_out {
    const char *kind, *name, *reason, *hint; /* hint: a GRANT, or NULL */
};

/* Whoever can open the encrypted files. */
struct mr_snap_recipient {
    const char *subject, *sha256; /* of the certificate (DER) */
};

struct mr_snap_file {
    const char *name;
    uint64_t bytes;
    const char *sha256;
};

/* Totals of all tables. */
struct mr_snap_totals {
    uint64_t rows, plain_bytes, stored_bytes, tables, chunks;
};

/* What an incremental snapshot goes on from, and how far its server's log was read for it. */
struct mr_snap_base {
    const char *uuid, *created, *sha256; /* of its manifest; uuid NULL: there is no base */
    const char *from_file, *until_file;
    uint64_t from_position, until_position;
    uint64_t links; /* of the chain up to it, the full one among them; 0: not known */
};

/* Of a chain that is read: whoever goes on longer makes a full one, or merges. */
#define MR_SNAP_LINKS_MAX 1000

struct mr_snap_manifest {
    struct mr_snap_base base;
    const char *uuid, *created, *finished; /* UTC, ISO 8601 */
    const char *version;                   /* of the myrecon that made it */
    const char *source;                    /* no password */
    struct mr_snap_server server;
    struct mr_snap_consistency consistency;
    const struct mr_snap_recipient *recipients; /* none: not encrypted */
    size_t nrecipients;
    struct mr_key signer; /* public key (DER) that signed it; NULL: nobody */
    const struct mr_snap_object *objects;
    size_t nobjects;
    struct mr_snap_totals said; /* what one that was read has for them; not written */
    struct mr_snap_table *tables;
    size_t ntables;
    struct mr_string_list merged; /* uuids of the links that it was made of; none: of a server */
    struct mr_string_list only, except; /* patterns: what was chosen of its tables */
    const struct mr_snap_left_out *left_out;
    size_t nleft_out;
    const struct mr_snap_file *files; /* all but data chunks and the manifest itself */
    size_t nfiles;
};

/* As it is made: of many tables it is long. */
enum mr_code mr_snap_manifest_write(const struct mr_snap_manifest *manifest, struct mr_sink to,
                                    struct mr_err *err);
/* name stands for the file in messages. */
enum mr_code mr_snap_manifest_read(const char *text, size_t len, const char *name,
                                   struct mr_arena *arena, struct mr_snap_manifest *out,
                                   struct mr_err *err);

/* An encoded key from its hex digits.  MR_E_REFUSED where it is none. */
enum mr_code mr_snap_key_unhex(const char *hex, struct mr_arena *arena, struct mr_key *key,
                               struct mr_err *err);

/* One chunk, as an object; also the journal's form. */
struct mr_jsonw;
void mr_snap_chunk_put(struct mr_jsonw *w, const struct mr_snap_table *table,
                       const struct mr_snap_chunk *chunk);
enum mr_code mr_snap_chunk_get(const struct json_t *object, struct mr_arena *arena,
                               struct mr_snap_chunk *out, struct mr_err *err);

/* The object that a database is, or NULL. */
const struct mr_snap_object *mr_snap_manifest_database(const struct mr_snap_manifest *manifest,
                                                       const char *db);

/* The sums over all tables. */
struct mr_snap_totals mr_snap_manifest_totals(const struct mr_snap_manifest *manifest);

/* NULL for 0. */
const char *mr_snap_proof_word(enum mr_snap_proof proof);
const char *mr_snap_position_word(enum mr_snap_position position);

#endif
