/* cutover_settings.c: see cutover_settings.h. */
#include "recon/gate/cutover_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "recon/check/objects_text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SHOWN "200" /* of a value */
#define MYSQL_KNOWS_NO_AUTO_CREATE 80000
#define MARIADB_KNOWS_0900 110405 /* MySQL's utf8mb4_0900_… */

enum mr_cutover_kind {
    KIND_TEXT = 1, /* in any letters */
    KIND_SWITCH,   /* on or off, in whatever words */
    KIND_NUMBER,
    KIND_OFFSET,   /* a number that is to differ where both count in steps */
    KIND_LEAST,    /* NEW's is less */
    KIND_MOST,     /* NEW's is more */
    KIND_LIMIT,    /* NEW's is less, and 0 is none */
    KIND_KEPT_ON,  /* NEW's is off where OLD's is on */
    KIND_KEPT_OFF, /* the other way round */
    KIND_ON,       /* NEW's is off, whatever OLD's is */
    KIND_DURABLE,  /* OLD's is 1, and NEW's is not */
    KIND_MODES,
    KIND_CHARSET,
    KIND_COLLATION,
    KIND_ZONE
};

enum how { HOW_LIVE = 1, HOW_RESTART, HOW_REBUILD, HOW_TLS };

struct setting {
    enum mr_cutover_name check;
    const char *name, *also;
    enum mr_cutover_kind kind;
    enum mr_gate_severity severity;
    enum how how;
};

static const struct setting settings[] = {
#define MR_CUTOVER_SETTING(id, other, what, gravity, way)                                          \
    {.check = MR_CUTOVER_SETTING_##id,                                                             \
     .name = #id,                                                                                  \
     .also = (other),                                                                              \
     .kind = KIND_##what,                                                                          \
     .severity = MR_GATE_##gravity,                                                                \
     .how = HOW_##way},
#include "recon/gate/cutover_settings.def"
#undef MR_CUTOVER_SETTING
};

/* Both servers, and a setting of each: NULL where it has none. */
struct both {
    const struct setting *setting;
    const struct mr_cutover_values *old_side, *new_side;
    const struct mr_gate_variable *old, *new;
};

static const struct mr_gate_variable *named(const struct mr_cutover_values *values,
                                            const char *name)
{
    for (size_t i = 0; name != NULL && i < values->count; i++)
        if (strcasecmp(values->items[i].name, name) == 0)
            return &values->items[i];
    return NULL;
}

static const struct mr_gate_variable *find(const struct mr_cutover_values *values,
                                           const struct setting *setting)
{
    const struct mr_gate_variable *found = named(values, setting->name);
    return found != NULL ? found : named(values, setting->also);
}

static const char *value_of(const struct mr_cutover_values *values, const char *name)
{
    const struct mr_gate_variable *found = named(values, name);
    return found != NULL ? found->value : "";
}

/* Any other word is on, too: servers have some for how. */
static bool is_on(const char *value)
{
    static const char *const off[] = {"", "0", "OFF", "NO", "FALSE", "DISABLED"};
    for (size_t i = 0; i < COUNT(off); i++)
        if (strcasecmp(value, off[i]) == 0)
            return false;
    return true;
}

/* ---- sql_mode ---- */

static bool is_cross(const struct both *b)
{
    return b->old_side->server->flavour != b->new_side->server->flavour;
}

static bool is_mariadb(const struct mr_cutover_values *values)
{
    return values->server->flavour == MR_FLAVOUR_MARIADB;
}

/* GRANT makes no account there, whatever the mode says. */
static bool never_creates(const struct mr_cutover_values *values)
{
    return !is_mariadb(values) && values->server->version >= MYSQL_KNOWS_NO_AUTO_CREATE;
}

static bool is_mode(const char *mode, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(mode, name, len) == 0;
}

static bool has_mode(const char *list, const char *mode, size_t len)
{
    while (*list != '\0') {
        const size_t n = strcspn(list, ",");
        if (n == len && strncasecmp(list, mode, len) == 0)
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

/* Each family has a mode for what is the other's way: to cut fractions of seconds off, or to round. */
static bool truncates(const struct mr_cutover_values *values, const char *modes)
{
    static const char mariadb[] = "TIME_ROUND_FRACTIONAL", mysql[] = "TIME_TRUNCATE_FRACTIONAL";
    return is_mariadb(values) ? !has_mode(modes, mariadb, sizeof mariadb - 1)
                              : has_mode(modes, mysql, sizeof mysql - 1);
}

/* Modes that the other family does not have, or has no more, and refuses. */
static bool knows_mode(const struct mr_cutover_values *values, const char *mode, size_t len)
{
    static const char *const mariadb[] = {"TIME_ROUND_FRACTIONAL", "SIMULTANEOUS_ASSIGNMENT",
                                          "EMPTY_STRING_IS_NULL", "IGNORE_BAD_TABLE_OPTIONS"};
    static const char *const before_8[] = {"ORACLE",
                                           "DB2",
                                           "MAXDB",
                                           "MSSQL",
                                           "MYSQL323",
                                           "MYSQL40",
                                           "POSTGRESQL",
                                           "NO_KEY_OPTIONS",
                                           "NO_TABLE_OPTIONS",
                                           "NO_FIELD_OPTIONS",
                                           "NO_AUTO_CREATE_USER"};
    if (is_mariadb(values))
        return !is_mode(mode, len, "TIME_TRUNCATE_FRACTIONAL");
    for (size_t i = 0; i < COUNT(mariadb); i++)
        if (is_mode(mode, len, mariadb[i]))
            return false;
    for (size_t i = 0; never_creates(values) && i < COUNT(before_8); i++)
        if (is_mode(mode, len, before_8[i]))
            return false;
    return true;
}

/* What SHOW CREATE TABLE leaves out is nothing to an application. */
static bool is_of_show(const char *mode, size_t len)
{
    return is_mode(mode, len, "NO_KEY_OPTIONS") || is_mode(mode, len, "NO_TABLE_OPTIONS") ||
           is_mode(mode, len, "NO_FIELD_OPTIONS");
}

/* Has it a meaning of its own, on both? */
static bool counts(const struct both *b, const char *mode, size_t len)
{
    if (is_mode(mode, len, "NO_AUTO_CREATE_USER"))
        return !never_creates(b->old_side) && !never_creates(b->new_side);
    if (is_mode(mode, len, "TIME_ROUND_FRACTIONAL") ||
        is_mode(mode, len, "TIME_TRUNCATE_FRACTIONAL"))
        return !is_cross(b);
    return !is_of_show(mode, len) ||
           (knows_mode(b->old_side, mode, len) && knows_mode(b->new_side, mode, len));
}

static bool has_all_modes(const struct both *b, const char *wanted, const char *list)
{
    while (*wanted != '\0') {
        const size_t n = strcspn(wanted, ",");
        if (counts(b, wanted, n) && !has_mode(list, wanted, n))
            return false;
        wanted += n + (wanted[n] == ',');
    }
    return true;
}

static bool same_modes(const struct both *b)
{
    return has_all_modes(b, b->old->value, b->new->value) &&
           has_all_modes(b, b->new->value, b->old->value) &&
           (!is_cross(b) ||
            truncates(b->old_side, b->old->value) == truncates(b->new_side, b->new->value));
}

/* OLD's, in the words of NEW's family. */
static void add_modes(const struct both *b, struct mr_strbuf *out)
{
    const size_t from = out->len;
    for (const char *at = b->old->value; *at != '\0';) {
        const size_t n = strcspn(at, ",");
        if (counts(b, at, n) && knows_mode(b->new_side, at, n)) {
            mr_strbuf_add_str(out, out->len > from ? "," : "");
            mr_strbuf_add(out, at, n);
        }
        at += n + (at[n] == ',');
    }
    if (is_cross(b) && truncates(b->old_side, b->old->value) != is_mariadb(b->new_side))
        mr_strbuf_add_fmt(out, "%s%s", out->len > from ? "," : "",
                          is_mariadb(b->new_side) ? "TIME_ROUND_FRACTIONAL"
                                                  : "TIME_TRUNCATE_FRACTIONAL");
}

/* ---- is it the same? ---- */

/* Between two families the default of a character set is what an application asked for that named
 * none. */
static bool same_collation(const struct both *b)
{
    if (mr_objects_same_charset_name(b->old->value, b->new->value))
        return true;
    return is_cross(b) && b->old_side->default_collation[0] != '\0' &&
           mr_objects_same_charset_name(value_of(b->old_side, "character_set_server"),
                                        value_of(b->new_side, "character_set_server")) &&
           strcmp(b->old->value, b->old_side->default_collation) == 0 &&
           strcmp(b->new->value, b->new_side->default_collation) == 0;
}

/* By what their clocks show, whatever a zone is called; by its name where that is not known. */
static bool same_zone(const struct both *b)
{
    if (b->old_side->clocks[0] != '\0' && b->new_side->clocks[0] != '\0')
        return strcmp(b->old_side->clocks, b->new_side->clocks) == 0;
    return strcmp(b->old->value, b->new->value) == 0 && strcasecmp(b->old->value, "SYSTEM") != 0;
}

/* Settings are signed where -1 stands for "of itself". */
static bool is_less(const char *a, const char *b)
{
    return strtod(a, NULL) < strtod(b, NULL);
}

static bool is_limited(const char *old, const char *new)
{
    const double limit = strtod(new, NULL), before = strtod(old, NULL);
    return limit > 0 && (before <= 0 || limit < before);
}

/* Two that write in turns have offsets of their own. */
static bool same_offset(const struct both *b)
{
    static const char step[] = "auto_increment_increment";
    const char *old = value_of(b->old_side, step), *new = value_of(b->new_side, step);
    return strcmp(b->old->value, b->new->value) == 0 ||
           (strcmp(old, new) == 0 && strtoull(old, NULL, 10) > 1);
}

static bool is_well(const struct both *b)
{
    const char *old = b->old->value, *new = b->new->value;
    switch (b->setting->kind) {
    case KIND_TEXT: return strcasecmp(old, new) == 0;
    case KIND_SWITCH: return is_on(old) == is_on(new);
    case KIND_NUMBER: return !is_less(old, new) && !is_less(new, old);
    case KIND_OFFSET: return same_offset(b);
    case KIND_LEAST: return !is_less(new, old);
    case KIND_MOST: return !is_less(old, new);
    case KIND_LIMIT: return !is_limited(old, new);
    case KIND_KEPT_ON: return is_on(new) || !is_on(old);
    case KIND_KEPT_OFF: return !is_on(new) || is_on(old);
    case KIND_ON: return is_on(new);
    case KIND_DURABLE: return strcmp(old, "1") != 0 || strcmp(new, "1") == 0;
    case KIND_MODES: return same_modes(b);
    case KIND_CHARSET: return mr_objects_same_charset_name(old, new);
    case KIND_COLLATION: return same_collation(b);
    case KIND_ZONE: return same_zone(b);
    }
    return false;
}

/* ---- telling ---- */

static bool is_plain(const char *value)
{
    return value[0] != '\0' && strspn(value, "0123456789.") == strlen(value);
}

static bool is_word_of_switch(const char *value)
{
    return strcasecmp(value, "ON") == 0 || strcasecmp(value, "OFF") == 0;
}

/* "TLSv1.2,TLSv1.3": on, and not to be said by ON. */
static bool is_word_of_list(const char *value)
{
    return strchr(value, '.') != NULL;
}

/* What SET takes; a switch of OLD's may be said in a word that NEW does not know. */
static void add_wanted(const struct both *b, struct mr_strbuf *out)
{
    const char *value = b->old->value;
    switch (b->setting->kind) {
    case KIND_KEPT_ON: value = is_word_of_list(value) ? value : "ON"; break;
    case KIND_SWITCH:
    case KIND_KEPT_OFF: value = is_on(value) ? "ON" : "OFF"; break;
    case KIND_ON: value = "ON"; break;
    case KIND_ZONE: value = strcasecmp(value, "SYSTEM") != 0 ? value : "…"; break;
    case KIND_MODES:
        mr_strbuf_add_char(out, '\'');
        add_modes(b, out);
        mr_strbuf_add_char(out, '\'');
        return;
    case KIND_TEXT:
    case KIND_NUMBER:
    case KIND_OFFSET:
    case KIND_LEAST:
    case KIND_MOST:
    case KIND_LIMIT:
    case KIND_DURABLE:
    case KIND_CHARSET:
    case KIND_COLLATION: break;
    }
    if (is_plain(value) || is_word_of_switch(value))
        mr_strbuf_add_str(out, value);
    else
        mr_strbuf_add_fmt(out, "'%." SHOWN "s'", value);
}

/* By the marks of those that one family made for itself. */
static bool knows_collation(const struct mr_cutover_values *values, const char *name)
{
    if (is_mariadb(values))
        return values->server->version >= MARIADB_KNOWS_0900 || strstr(name, "_0900_") == NULL;
    return strstr(name, "_uca1400_") == NULL && strstr(name, "_nopad_") == NULL;
}

static void add_hint(struct mr_gate_judge *j, const struct both *b)
{
    struct mr_strbuf wanted = MR_STRBUF_INIT;
    add_wanted(b, &wanted);
    if (b->setting->kind == KIND_ZONE && strcasecmp(b->old->value, "SYSTEM") == 0)
        mr_gate_hint(j, "Give NEW's machine the time zone of OLD's and restart NEW, or on NEW: SET "
                        "GLOBAL time_zone = the zone of OLD's machine, and so in its option file.");
    else if (b->setting->kind == KIND_COLLATION && !knows_collation(b->new_side, b->old->value))
        mr_gate_hint(
            j,
            "NEW does not know it: SET GLOBAL %s there, and in its option file, to that of "
            "its own which is nearest, or let the application name its collation.",
            b->new->name);
    else if (b->setting->how == HOW_TLS)
        mr_gate_hint(j,
                     "Give NEW a certificate (ssl_cert, ssl_key, ssl_ca in its option file), and "
                     "restart it: accounts that require TLS cannot log in.");
    else if (b->setting->how == HOW_LIVE)
        mr_gate_hint(j,
                     "On NEW: SET GLOBAL %s = %s, and so in its option file; sessions that are "
                     "open keep what they have.",
                     b->new->name, wanted.ptr);
    else if (b->setting->how == HOW_RESTART)
        mr_gate_hint(j, "Set %s = %s in NEW's option file, and restart it.", b->new->name,
                     wanted.ptr);
    else
        mr_gate_hint(j,
                     "It is chosen when a data directory is made: rebuild NEW with %s = %s in its "
                     "option file.",
                     b->new->name, wanted.ptr);
    j->nomem |= wanted.failed;
    mr_strbuf_release(&wanted);
}

static const char *shown(const char *value)
{
    return value[0] != '\0' ? value : "''";
}

static void judge_zone_values(struct mr_gate_judge *j, const struct both *b)
{
    const char *old_system = value_of(b->old_side, "system_time_zone");
    const char *new_system = value_of(b->new_side, "system_time_zone");
    mr_gate_base(j, "%." SHOWN "s (system: %." SHOWN "s)", b->old->value, shown(old_system));
    mr_gate_value(j, "%." SHOWN "s (system: %." SHOWN "s)", b->new->value, shown(new_system));
}

/* "SYSTEM" on two machines, whose zones have names, and no server says which. */
static bool is_untold(const struct both *b)
{
    return b->setting->kind == KIND_ZONE &&
           (b->old_side->clocks[0] == '\0' || b->new_side->clocks[0] == '\0') &&
           strcasecmp(b->old->value, b->new->value) == 0;
}

/* CONVERT_TZ with a name gives NULL then. */
static bool lacks_named_zones(const struct both *b)
{
    return b->setting->kind == KIND_ZONE && b->old_side->named_zone[0] != '\0' &&
           b->new_side->named_zone[0] == '\0';
}

static void judge_one(struct mr_gate_judge *j, const struct both *b)
{
    if (b->setting->kind == KIND_ZONE) {
        judge_zone_values(j, b);
    } else {
        mr_gate_base(j, "%." SHOWN "s", b->old->value);
        mr_gate_value(j, "%." SHOWN "s", b->new->value);
    }
    if (lacks_named_zones(b)) {
        mr_gate_found(j, b->setting->severity,
                      "OLD knows time zones by their names, NEW does not: "
                      "CONVERT_TZ gives NULL there");
        mr_gate_hint(j, "Load them into NEW's mysql database: %s /usr/share/zoneinfo.",
                     is_mariadb(b->new_side) ? "mariadb-tzinfo-to-sql" : "mysql_tzinfo_to_sql");
    }
    if (is_well(b)) {
        mr_gate_note(j, "OLD %." SHOWN "s, NEW %." SHOWN "s", shown(b->old->value),
                     shown(b->new->value));
        return;
    }
    if (is_untold(b))
        mr_gate_found(
            j, MR_GATE_UNKNOWN,
            "whether the clocks of both go alike is not known: a server does not say what "
            "%." SHOWN "s is",
            b->old->value);
    else if (b->setting->kind == KIND_ZONE)
        mr_gate_found(j, b->setting->severity, "OLD %s, NEW %s", j->base.ptr, j->value.ptr);
    else if (b->setting->kind == KIND_ON)
        mr_gate_found(j, b->setting->severity, "NEW has it off: nobody could replicate from it");
    else
        mr_gate_found(j, b->setting->severity, "OLD %." SHOWN "s, NEW %." SHOWN "s",
                      shown(b->old->value), shown(b->new->value));
    add_hint(j, b);
}

static void add_only(struct mr_strbuf *list, const char *name)
{
    mr_strbuf_add_fmt(list, "%s%s", list->len > 0 ? ", " : "", name);
}

/* What only one of them knows has no value on the other: nothing is compared with nothing. */
static void judge_lone(struct mr_gate_judge *j, const struct mr_strbuf only[2], size_t compared)
{
    mr_gate_judge_begin(j);
    mr_gate_note(j, "%zu setting%s compared", compared, compared == 1 ? "" : "s");
    if (only[0].len > 0)
        mr_gate_note(j, "only OLD has %s", only[0].ptr);
    if (only[1].len > 0)
        mr_gate_note(j, "only NEW has %s", only[1].ptr);
    (void)mr_gate_judge_end(j, mr_cutover_text(MR_CUTOVER_settings),
                            mr_cutover_priority(MR_CUTOVER_settings));
}

void mr_cutover_judge_settings(struct mr_gate_judge *judge, const struct mr_cutover_values *old,
                               const struct mr_cutover_values *new,
                               const bool wanted[MR_CUTOVER_NAMES_END])
{
    struct mr_strbuf only[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    size_t compared = 0;
    for (size_t i = 0; i < COUNT(settings); i++) {
        const struct both b = {&settings[i], old, new, find(old, &settings[i]),
                               find(new, &settings[i])};
        if (!wanted[settings[i].check] || (b.old == NULL && b.new == NULL))
            continue;
        if (b.old == NULL || b.new == NULL) {
            add_only(&only[b.old == NULL], settings[i].name);
            continue;
        }
        compared++;
        mr_gate_judge_begin(judge);
        judge_one(judge, &b);
        struct mr_gate_result *r =
            mr_gate_judge_end(judge, settings[i].name, mr_cutover_priority(settings[i].check));
        if (r != NULL)
            r->is_setting = true;
    }
    judge->nomem |= only[0].failed || only[1].failed;
    if (wanted[MR_CUTOVER_settings])
        judge_lone(judge, only, compared);
    mr_strbuf_release(&only[0]);
    mr_strbuf_release(&only[1]);
}
