/*
 * fleet_file: DIR/fleet.json of `fleet plan` and `fleet snapshot`: which pairs a fleet has, and which
 * parts its work has.
 *
 *   mr_fleet_file_read → pairs, parts → mr_fleet_file_work, of one part
 *   mr_fleet_file_text, to write one
 *
 * DIR is shared by all machines of the fleet and read by name alone: config/K.ini are the
 * configurations that its pairs use, work/I.jsonl is what part I does (a scope a line, see
 * recon/check/check_scope.h).  fleet.json is sealed (core/json/json_sealed.h) and holds the digests of
 * both; nothing of them is believed before.  No password stands in any of them.
 *
 * Of snapshots each pair stands in one part, which makes DIR/NAME of its source; there is no work/I.jsonl,
 * and certificates/K.pem are those that rows are encrypted to.  When a part has ended fleet.json is
 * written anew, with the digest of each snapshot's manifest (fleet_snap_list.h).
 *
 * Ownership: everything lives in the arena.  Errors: MR_E_REFUSED, naming the file, for what was
 * changed, cut off, or is not as `fleet plan` writes it; MR_E_IO, MR_E_NOMEM.
 * Threads: no state.
 */
#ifndef MR_FLEET_FILE_H
#define MR_FLEET_FILE_H

#include "core/base/vec.h"
#include "core/file/sha256.h"
#include "core/source/sides.h"

#define MR_FLEET_FILE "fleet.json"
#define MR_FLEET_SCHEMA "myrecon-fleet-plan/1"
#define MR_FLEET_PARTS_MAX 10000

struct mr_fleet_file_pair {
    const char *name;
    const char *uri[MR_SIDES]; /* with all options, without a password */
    const char *config;        /* its path, from where the command runs */
    size_t config_at;          /* in configs */
    size_t parts;              /* that have some of its work */
    const char *failed;        /* why it could not be planned, and is in no part; or NULL */
    /* of snapshots */
    size_t part; /* that makes it */
    const char
        *manifest; /* SHA-256 of the manifest of its snapshot, as it was made; NULL: not yet */
};

struct mr_fleet_file_config {
    const char *path; /* from where the command runs */
    char sha256[MR_SHA256_HEX];
};

struct mr_fleet_file_part {
    const char *path;            /* of its work, from where the command runs */
    uint64_t weight;             /* bytes, see fleet_units.h */
    size_t units, tables, pairs; /* of which it has something */
    char sha256[MR_SHA256_HEX];
};

struct mr_fleet_file {
    const char *dir; /* as given */
    const char *id, *created;
    unsigned readers_per_server;
    struct mr_fleet_file_pair *pairs; /* in the order of the inventory */
    size_t npairs;
    struct mr_fleet_file_config *configs;
    size_t nconfigs;
    struct mr_fleet_file_part *parts;
    size_t nparts;
    /* of snapshots */
    bool is_snapshots;
    struct mr_fleet_file_config *certificates; /* rows are encrypted to; may be none */
    size_t ncertificates;
    const char *sign_with; /* path of a key on each machine, or NULL */
};

/* Of DIR.  The configurations are compared with their digests, too. */
enum mr_code mr_fleet_file_read(const char *dir, struct mr_arena *arena, struct mr_fleet_file *out,
                                struct mr_err *err);
/* From memory; name stands for the file in messages, and configurations are not looked at. */
enum mr_code mr_fleet_file_parse(const char *text, size_t len, const char *name, const char *dir,
                                 struct mr_arena *arena, struct mr_fleet_file *out,
                                 struct mr_err *err);
/* The whole of fleet.json.  Paths are not looked at: they follow from the places. */
enum mr_code mr_fleet_file_text(const struct mr_fleet_file *file, struct mr_strbuf *out,
                                struct mr_err *err);

/* MR_E_REFUSED for one of snapshots: the command wants what checks have left. */
enum mr_code mr_fleet_file_require_checks(const struct mr_fleet_file *file, const char *command,
                                          struct mr_err *err);

/* What a part does: pushes a struct mr_scope for each pair of which it has something, in the order of
 * the inventory; none is fine. */
enum mr_code mr_fleet_file_work(const struct mr_fleet_file *file, size_t part,
                                struct mr_arena *arena, struct mr_vec *scopes, struct mr_err *err);

/* "config/3.ini", "work/3.jsonl", "certificates/3.pem", behind dir and a slash where there is one; NULL:
 * memory. */
const char *mr_fleet_file_config_path(const char *dir, size_t at, struct mr_arena *arena);
const char *mr_fleet_file_work_path(const char *dir, size_t part, struct mr_arena *arena);
const char *mr_fleet_file_certificate_path(const char *dir, size_t at, struct mr_arena *arena);

#endif
