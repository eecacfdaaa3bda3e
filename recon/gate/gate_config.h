/*
 * gate_config: what section [gate] of the configuration says: thresholds, silences, and
 * what the gate looks at.
 *
 * Calling sequence: mr_gate_config_load, of a configuration that was read with mr_gate_room,
 * so that what it says was checked.  Ownership: texts and lists live in the arena handed in.
 * Errors: MR_E_CONFIG with file and line in front.
 */
#ifndef MR_GATE_CONFIG_H
#define MR_GATE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/cli/config.h"
#include "core/cli/option.h"
#include "core/row/when.h"

/* When a check needs what; see gate_names.def. */
enum mr_gate_needs {
    MR_GATE_NEEDS_ALWAYS = 1, /* nothing */
    MR_GATE_NEEDS_BASELINE,
    MR_GATE_NEEDS_PEER,
    MR_GATE_NEEDS_EITHER
};

enum mr_gate_name {
    MR_GATE_NONE = 0,
#define MR_GATE_NAME(id, priority, needs, text) MR_GATE_##id,
#include "recon/gate/gate_names.def"
#undef MR_GATE_NAME
    MR_GATE_NAMES_END
};

struct mr_gate_name_info {
    const char *name, *text;
    unsigned priority; /* 0 to 2 */
    enum mr_gate_needs needs;
};

/* Indexed by enum mr_gate_name; entry 0 is empty. */
extern const struct mr_gate_name_info mr_gate_names[MR_GATE_NAMES_END];

/* For --only and --skip; a NULL word ends them. */
extern const struct mr_choice mr_gate_choices[];
/* The check of that name, or MR_GATE_NONE with MR_E_USAGE and the nearest name. */
enum mr_gate_name mr_gate_name_find(const char *name, struct mr_err *err);

enum mr_gate_threshold {
    MR_GATE_T_CONNECTIONS = 0,   /* free connections */
    MR_GATE_T_CONNECTIONS_SHARE, /* free per cent */
    MR_GATE_T_ROWS_LOST,         /* per cent fewer than in the baseline */
    MR_GATE_T_NEWEST,            /* seconds behind a peer */
    MR_GATE_T_FRESHNESS,         /* seconds */
    MR_GATE_T_COMPLETENESS,      /* per cent */
    MR_GATE_T_HEARTBEAT,         /* seconds */
    MR_GATE_T_LAG,               /* seconds */
    MR_GATE_T_PENDING,           /* transactions */
    MR_GATE_T_COUNTER_SHARE,     /* free per cent of an AUTO_INCREMENT type */
    MR_GATE_T_TRANSACTION,       /* seconds */
    MR_GATE_T_LOCK_WAIT,         /* seconds */
    MR_GATE_T_HISTORY,           /* undo records */
    MR_GATE_T_PROBE,             /* seconds */
    MR_GATE_T_DISK_SHARE,        /* free per cent */
    MR_GATE_T_COUNT
};

struct mr_gate_limits {
    double warning, critical;
};

struct mr_gate_silence {
    enum mr_gate_name name;
    struct mr_time until;   /* UTC */
    const char *until_text; /* as configured */
    const char *reason;     /* or NULL */
};

struct mr_gate_config {
    struct mr_gate_limits limits[MR_GATE_T_COUNT];
    const char *heartbeat_db, *heartbeat_table; /* NULL: found by its name */
    bool heartbeat_utc;
    unsigned writable_servers;
    double witness_hours;          /* that a binary log is to be kept */
    struct mr_string_list exclude; /* patterns */
    const struct mr_gate_silence *silences;
    size_t nsilences;
};

#define MR_GATE_WITNESS_MOST 87600 /* hours */

/* Section [gate], for whoever reads a configuration. */
extern const struct mr_config_room mr_gate_room;

/* The defaults, which hold where section [gate] says nothing. */
void mr_gate_config_init(struct mr_gate_config *config);
enum mr_code mr_gate_config_load(const struct mr_config *config, struct mr_arena *arena,
                                 struct mr_gate_config *out, struct mr_err *err);

/* Is less worse (free connections, completeness) or more (lag)? */
bool mr_gate_threshold_is_floor(enum mr_gate_threshold threshold);
/* The key of the configuration. */
const char *mr_gate_threshold_key(enum mr_gate_threshold threshold);

#endif
