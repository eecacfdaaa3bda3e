/* gate_config.c: see gate_config.h. */
#include "recon/gate/gate_config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pattern.h"
#include "core/base/suggest.h"
#include "core/cli/config.h"
#include "recon/gate/gate_pick.h"

const struct mr_gate_name_info mr_gate_names[MR_GATE_NAMES_END] = {
#define MR_GATE_NAME(id, level, when, what)                                                        \
    [MR_GATE_##                                                                                    \
        id] = {.name = #id, .text = (what), .priority = (level), .needs = MR_GATE_NEEDS_##when},
#include "recon/gate/gate_names.def"
#undef MR_GATE_NAME
};

const struct mr_choice mr_gate_choices[] = {
#define MR_GATE_NAME(id, priority, needs, finds) {#id, MR_GATE_##id},
#include "recon/gate/gate_names.def"
#undef MR_GATE_NAME
    {NULL, 0},
};

enum mr_gate_name mr_gate_name_find(const char *name, struct mr_err *err)
{
    return (enum mr_gate_name)mr_gate_pick_find(mr_gate_choices, name, err);
}

#define WRITABLE_MOST 1000
#define WITNESS_HOURS 168 /* a week: failovers are understood late */

/* ---- thresholds ---- */

static const struct threshold {
    const char *key;
    struct mr_gate_limits initial;
    bool floor;      /* less is worse */
    double greatest; /* that makes sense */
} thresholds[MR_GATE_T_COUNT] = {
    [MR_GATE_T_CONNECTIONS] = {"connections-free", {20, 5}, true, 1e6},
    [MR_GATE_T_CONNECTIONS_SHARE] = {"connections-free-percent", {20, 5}, true, 100},
    [MR_GATE_T_ROWS_LOST] = {"rows-lost-percent", {0, 10}, false, 100},
    [MR_GATE_T_NEWEST] = {"newest-behind-peer", {300, 600}, false, 1e9},
    [MR_GATE_T_FRESHNESS] = {"freshness", {300, 600}, false, 1e9},
    [MR_GATE_T_COMPLETENESS] = {"completeness-percent", {99.9, 99}, true, 100},
    [MR_GATE_T_HEARTBEAT] = {"heartbeat", {60, 300}, false, 1e9},
    [MR_GATE_T_LAG] = {"replication-lag", {60, 300}, false, 1e9},
    [MR_GATE_T_PENDING] = {"replication-pending", {1000, 100000}, false, 1e18},
    [MR_GATE_T_COUNTER_SHARE] = {"auto-increment-free-percent", {20, 5}, true, 100},
    [MR_GATE_T_TRANSACTION] = {"long-transactions", {60, 600}, false, 1e9},
    [MR_GATE_T_LOCK_WAIT] = {"metadata-lock-wait", {1, 30}, false, 1e9},
    [MR_GATE_T_HISTORY] = {"history-list", {100000, 1000000}, false, 1e18},
    [MR_GATE_T_PROBE] = {"probe-latency", {0.1, 1}, false, 3600},
    [MR_GATE_T_DISK_SHARE] = {"disk-free-percent", {10, 3}, true, 100},
};

bool mr_gate_threshold_is_floor(enum mr_gate_threshold threshold)
{
    return thresholds[threshold].floor;
}

const char *mr_gate_threshold_key(enum mr_gate_threshold threshold)
{
    return thresholds[threshold].key;
}

void mr_gate_config_init(struct mr_gate_config *config)
{
    *config = (struct mr_gate_config){.writable_servers = 1, .witness_hours = WITNESS_HOURS};
    for (int i = 0; i < MR_GATE_T_COUNT; i++)
        config->limits[i] = thresholds[i].initial;
}

static enum mr_code refuse(struct mr_err *err, const char *key, const char *value, const char *why,
                           const char *hint)
{
    (void)mr_err_set(err, MR_E_CONFIG, "key \"%s\": %s in \"%s\"", key, why, value);
    mr_err_hint(err, "%s", hint);
    return MR_E_CONFIG;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static bool parse_number(const char **at, double *out)
{
    char *end = NULL;
    *at = skip_blanks(*at);
    if (**at < '0' || **at > '9') /* no sign, no "inf", no hexadecimal digits */
        return false;
    if ((*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X'))
        return false;
    *out = strtod(*at, &end);
    *at = skip_blanks(end);
    return isfinite(*out);
}

/* Two numbers in the wrong order would leave the warning out: which way is worse depends on the
 * threshold (floor). */
static enum mr_code set_threshold(struct mr_gate_limits *limits, const struct threshold *t,
                                  const char *value, struct mr_err *err)
{
    static const char hint[] = "Write WARNING, CRITICAL: two numbers with a comma.";
    struct mr_gate_limits got;
    const char *at = value;
    if (!parse_number(&at, &got.warning) || *at++ != ',' || !parse_number(&at, &got.critical) ||
        *at != '\0')
        return refuse(err, t->key, value, "no two numbers", hint);
    if (got.warning > t->greatest || got.critical > t->greatest)
        return refuse(err, t->key, value, "a number that is too great",
                      t->greatest == 100 ? "A share is at most 100 per cent." : hint);
    if (t->floor ? got.warning < got.critical : got.warning > got.critical)
        return refuse(err, t->key, value, "a warning that comes after the critical state",
                      t->floor ? "Less is worse here: the first number must not be smaller."
                               : "More is worse here: the first number must not be greater.");
    *limits = got;
    return MR_OK;
}

/* ---- other keys ---- */

static enum mr_code set_heartbeat(struct mr_gate_config *config, const char *key, const char *value,
                                  struct mr_arena *arena, struct mr_err *err)
{
    const char *dot = strchr(value, '.');
    if (dot == NULL || dot == value || dot[1] == '\0')
        return refuse(err, key, value, "no table", "Write it like percona.heartbeat.");
    config->heartbeat_db = mr_arena_dup(arena, value, (size_t)(dot - value));
    config->heartbeat_table = mr_arena_strdup(arena, dot + 1);
    return config->heartbeat_db != NULL && config->heartbeat_table != NULL
               ? MR_OK
               : mr_err_nomem(err, "reading the configuration");
}

static enum mr_code set_yes_no(bool *out, const char *key, const char *value, struct mr_err *err)
{
    *out = strcmp(value, "yes") == 0;
    if (!*out && strcmp(value, "no") != 0)
        return refuse(err, key, value, "neither yes nor no", "Write yes or no.");
    return MR_OK;
}

/* From 1 to most; `what` are counted. */
static enum mr_code set_count(unsigned long *out, const char *key, const char *value,
                              unsigned long most, const char *what, struct mr_err *err)
{
    char *end = NULL;
    unsigned long n = strtoul(value, &end, 10);
    if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && n >= 1 && n <= most) {
        *out = n;
        return MR_OK;
    }
    char why[48], hint[64];
    (void)snprintf(why, sizeof why, "no number of %s", what);
    (void)snprintf(hint, sizeof hint, "Give a whole number from 1 to %lu.", most);
    return refuse(err, key, value, why, hint);
}

static enum mr_code set_writable(struct mr_gate_config *config, const char *key, const char *value,
                                 struct mr_err *err)
{
    unsigned long n = config->writable_servers;
    enum mr_code code = set_count(&n, key, value, WRITABLE_MOST, "servers", err);
    config->writable_servers = (unsigned)n;
    return code;
}

static enum mr_code set_witness(struct mr_gate_config *config, const char *key, const char *value,
                                struct mr_err *err)
{
    unsigned long n = WITNESS_HOURS;
    enum mr_code code = set_count(&n, key, value, MR_GATE_WITNESS_MOST, "hours", err);
    config->witness_hours = (double)n;
    return code;
}

/* Adds to what there is. */
static enum mr_code add_excludes(struct mr_gate_config *config, const char *value,
                                 struct mr_arena *arena, struct mr_err *err)
{
    const char *at = value;
    while (*(at = at + strspn(at, " \t,")) != '\0') {
        size_t len = strcspn(at, " \t,");
        struct mr_string_list *list = &config->exclude;
        const char **items = mr_arena_calloc(arena, list->count + 1, sizeof *items);
        char *pattern = mr_arena_dup(arena, at, len);
        if (items == NULL || pattern == NULL)
            return mr_err_nomem(err, "reading the configuration");
        for (size_t i = 0; i < list->count; i++)
            items[i] = list->items[i];
        items[list->count] = pattern;
        list->items = items;
        list->count++;
        at += len;
    }
    return MR_OK;
}

#define SILENCE_HINT                                                                               \
    "Write CHECK until YYYY-MM-DD[ HH:MM] [because REASON], in UTC unless a zone "                 \
    "follows the time."

/* A time as when.h reads it, or without its seconds. */
static enum mr_code parse_until(const char *text, size_t len, struct mr_time *out,
                                struct mr_err *err)
{
    const size_t minutes = sizeof "2026-04-02 12:11" - 1;
    struct mr_strbuf full = MR_STRBUF_INIT;
    struct mr_when when;
    mr_strbuf_add(&full, text, len < minutes ? len : minutes);
    if (len >= minutes && text[minutes] != ':')
        mr_strbuf_add_str(&full, ":00");
    if (len > minutes)
        mr_strbuf_add(&full, text + minutes, len - minutes);
    enum mr_code code = mr_strbuf_check(&full, "reading the configuration", err);
    if (code == MR_OK)
        code = mr_when_parse(&when, full.ptr, err);
    if (code == MR_OK)
        *out = mr_when_utc(&when);
    mr_strbuf_release(&full);
    return code;
}

/* A silence has an end, so that none that was forgotten hides a finding for good. The reason is for
 * people. */
static enum mr_code parse_silence(struct mr_gate_silence *silence, const char *value,
                                  struct mr_arena *arena, struct mr_err *err)
{
    static const char key[] = "silence";
    struct mr_err why = {0};
    size_t len = strcspn(value, " \t");
    const char *name = mr_arena_dup(arena, value, len);
    const char *at = skip_blanks(value + len);
    if (name == NULL)
        return mr_err_nomem(err, "reading the configuration");
    silence->name = mr_gate_name_find(name, &why);
    if (silence->name == MR_GATE_NONE)
        return refuse(err, key, value, "an unknown check", mr_err_get_hint(&why));
    if (strncmp(at, "until", 5) != 0 || (at[5] != ' ' && at[5] != '\t'))
        return refuse(err, key, value, "no end of the silence", SILENCE_HINT);
    at = skip_blanks(at + 5);
    const char *because = strstr(at, " because ");
    size_t until_len = because != NULL ? (size_t)(because - at) : strlen(at);
    while (until_len > 0 && (at[until_len - 1] == ' ' || at[until_len - 1] == '\t'))
        until_len--;
    if (parse_until(at, until_len, &silence->until, &why) != MR_OK)
        return refuse(err, key, value, "an end that is no time", SILENCE_HINT);
    silence->until_text = mr_arena_dup(arena, at, until_len);
    if (because != NULL)
        silence->reason = mr_arena_strdup(arena, skip_blanks(because + sizeof " because " - 1));
    return silence->until_text != NULL ? MR_OK : mr_err_nomem(err, "reading the configuration");
}

static enum mr_code add_silence(struct mr_gate_config *config, const char *value,
                                struct mr_arena *arena, struct mr_err *err)
{
    struct mr_gate_silence *all = mr_arena_calloc(arena, config->nsilences + 1, sizeof *all);
    if (all == NULL)
        return mr_err_nomem(err, "reading the configuration");
    if (config->nsilences > 0)
        memcpy(all, config->silences, config->nsilences * sizeof *all);
    MR_TRY(parse_silence(&all[config->nsilences], value, arena, err));
    config->silences = all;
    config->nsilences++;

    return MR_OK;
}

static const char *const other_keys[] = {
    "heartbeat-table", "heartbeat-utc", "writable-servers", "witness-hours", "exclude", "silence",
};

static bool is_repeatable(const char *key)
{
    return strcmp(key, "silence") == 0 || strcmp(key, "exclude") == 0;
}

static enum mr_code unknown_key(const char *name, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = name};
    for (size_t i = 0; i < MR_GATE_T_COUNT; i++)
        mr_suggest_offer(&suggest, thresholds[i].key);
    for (size_t i = 0; i < sizeof other_keys / sizeof *other_keys; i++)
        mr_suggest_offer(&suggest, other_keys[i]);
    (void)mr_err_set(err, MR_E_CONFIG, "unknown key \"%s\"", name);
    if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "The keys are listed in myrecon.ini(5).");
    return MR_E_CONFIG;
}

static enum mr_code set_key(struct mr_gate_config *config, const char *key, const char *value,
                            struct mr_arena *arena, struct mr_err *err)
{
    if (value[0] == '\0')
        return refuse(err, key, value, "no value", "Give a value, or leave the key out.");
    for (size_t i = 0; i < MR_GATE_T_COUNT; i++)
        if (strcmp(thresholds[i].key, key) == 0)
            return set_threshold(&config->limits[i], &thresholds[i], value, err);
    if (strcmp(key, "heartbeat-table") == 0)
        return set_heartbeat(config, key, value, arena, err);
    if (strcmp(key, "heartbeat-utc") == 0)
        return set_yes_no(&config->heartbeat_utc, key, value, err);
    if (strcmp(key, "writable-servers") == 0)
        return set_writable(config, key, value, err);
    if (strcmp(key, "witness-hours") == 0)
        return set_witness(config, key, value, err);
    if (strcmp(key, "exclude") == 0)
        return add_excludes(config, value, arena, err);
    if (strcmp(key, "silence") == 0)
        return add_silence(config, value, arena, err);
    return unknown_key(key, err);
}

/* file:line of what is refused stands in front. */
static enum mr_code take_section(const struct mr_ini_section *section, struct mr_arena *arena,
                                 struct mr_gate_config *out, struct mr_err *err)
{
    for (const struct mr_ini_entry *entry = section->entries; entry != NULL; entry = entry->next) {
        enum mr_code code = set_key(out, entry->key, entry->value, arena, err);
        if (code != MR_OK) {
            mr_err_context(err, "%s:%u", entry->file, entry->line);
            return code;
        }
    }
    return MR_OK;
}

enum mr_code mr_gate_config_load(const struct mr_config *config, struct mr_arena *arena,
                                 struct mr_gate_config *out, struct mr_err *err)
{
    mr_gate_config_init(out);
    for (const struct mr_ini_section *section = config->sections; section != NULL;
         section = section->next)
        if (strcmp(section->word, mr_gate_room.word) == 0)
            MR_TRY(take_section(section, arena, out, err));
    return MR_OK;
}

static enum mr_code check(const struct mr_ini_section *section, struct mr_arena *arena,
                          struct mr_err *err)
{
    struct mr_gate_config scratch;
    mr_gate_config_init(&scratch);
    return take_section(section, arena, &scratch, err);
}

const struct mr_config_room mr_gate_room = {
    .word = "gate",
    .hint = "Write [gate]; it holds for every check.",
    .check = check,
    .is_repeatable = is_repeatable,
};
