/* plan_options.c: see plan_options.h. */
#include "repair/planning/plan_options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/config.h"
#include "core/cli/load_options.h"
#include "repair/plan/manifest.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/trigger_option.h"
#include "repair/planning/plan_again.h"
#include "repair/planning/rejoin_rows.h"
#include "repair/planning/rewind_rows.h"

#define PLAN_AT(field) offsetof(struct mr_plan_options, field)

static const struct mr_choice policies[] = {
    {"merge", 0},  {"backfill", 0}, {"newest:", 0}, {"mirror", 0},
    {"rewind", 0}, {"rejoin", 0},   {NULL, 0},
};

static const struct mr_option plan_options[] = {
    {.name = "reseed-only",
     .type = MR_OPTION_FLAG,
     .offset = PLAN_AT(reseed_only),
     .group = "What is planned",
     .help = "only raise AUTO_INCREMENT counters and sequences above both histories",
     .not_in_file = true},
    {.name = "policy",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(policy),
     .arg = "P",
     .choices = policies,
     .group = "What is planned",
     .help =
         "merge: two histories into one, nobody lost, nobody overwritten; backfill: "
         "insert what is missing; newest:COLUMN: and update what is newer; mirror: "
         "TARGET becomes SOURCE; rewind: transactions of TARGET are undone; rejoin: TARGET, the "
         "old primary, becomes a replica of SOURCE",
     .not_in_file = true},
    {.name = "again",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(again),
     .arg = "DIR",
     .group = "What is planned",
     .help = "make the plan DIR anew, with its options and decisions; the old one becomes DIR.1; "
             "other options given beside it take the place of its own",
     .not_in_file = true},
    {.name = "source",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(source),
     .arg = "URI",
     .group = "What is planned",
     .help = "the lost history",
     .initial_note = "the case's source",
     .not_in_file = true},
    {.name = "target",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(target),
     .arg = "URI",
     .group = "What is planned",
     .help = "the live server",
     .initial_note = "the case's target",
     .not_in_file = true},
    {.name = "margin",
     .type = MR_OPTION_UINT64,
     .offset = PLAN_AT(margin),
     .arg = "N",
     .group = "What is planned",
     .help = "ids to reserve in each table above both histories; where less than four "
             "times that is left, a quarter of what is left",
     .initial = "1000000",
     .min = 1,
     .max = UINT64_MAX / 8},
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = PLAN_AT(tables),
     .arg = "PATTERN",
     .group = "What is planned",
     .help = "only tables that match db.table (wildcards * and ?); a bare name means any "
             "database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = PLAN_AT(exclude),
     .arg = "PATTERN",
     .group = "What is planned",
     .help = "not these tables; repeatable"},
    {.name = "partial",
     .type = MR_OPTION_FLAG,
     .offset = PLAN_AT(partial),
     .group = "What is planned",
     .help = "plan although tables of the case were not compared completely",
     .not_in_file = true},
    {.name = "run",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(run),
     .arg = "ID",
     .group = "What is planned",
     .help = "plan from this run of the case",
     .initial_note = "the last finished one",
     .not_in_file = true},
    {.name = "transactions",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(transactions),
     .arg = "GTIDS",
     .group = "Transactions to undo",
     .help = "undo these: 0-1-4711,0-1-4720..4730 of MariaDB, UUID:23-25 of MySQL",
     .not_in_file = true},
    {.name = "from",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(from),
     .arg = "TIME|FILE:POS",
     .group = "Transactions to undo",
     .help =
         "undo what was committed from then on, YYYY-MM-DD[ HH:MM:SS[.f]][Z|+HH:MM], UTC without "
         "a zone; or what begins there or behind it in the binary log",
     .not_in_file = true},
    {.name = "to",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(to),
     .arg = "TIME|FILE:POS",
     .group = "Transactions to undo",
     .help = "and before that",
     .not_in_file = true},
    {.name = "kind",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(kinds),
     .arg = "KINDS",
     .group = "Transactions to undo",
     .help = "undo only these changes of theirs: insert, update, delete, joined by commas",
     .initial_note = "all",
     .not_in_file = true},
    {.name = "merged",
     .type = MR_OPTION_LIST,
     .offset = PLAN_AT(merged),
     .arg = "DIR",
     .group = "The old primary comes back",
     .help = "what TARGET alone has executed was brought to SOURCE by this merge, which is proved; "
             "repeatable",
     .not_in_file = true},
    {.name = "discard-lost",
     .type = MR_OPTION_FLAG,
     .offset = PLAN_AT(discard_lost),
     .group = "The old primary comes back",
     .help = "what TARGET alone has executed is not wanted: it goes, and nothing is proved",
     .not_in_file = true},
    {.name = "replication-user",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(replication_user),
     .arg = "USER",
     .group = "The old primary comes back",
     .help = "account of SOURCE by which TARGET is to replicate; its password is asked for by "
             "apply, as MYRECON_REPLICATION_PASSWORD",
     .not_in_file = true},
    {.name = "split-at",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(split_at_text),
     .arg = "TIME",
     .group = "Two histories",
     .help = "when the histories parted: YYYY-MM-DD[ HH:MM:SS[.f]][Z|+HH:MM]; without a "
             "zone as written, and in TARGET's zone for TIMESTAMP columns",
     .not_in_file = true},
    {.name = "split-key",
     .type = MR_OPTION_LIST,
     .offset = PLAN_AT(split_keys_text),
     .arg = "DB.TABLE=N",
     .group = "Two histories",
     .help = "the last key of the table that both histories share; repeatable",
     .not_in_file = true},
    {.name = "on-conflict",
     .type = MR_OPTION_LIST,
     .offset = PLAN_AT(on_conflict_text),
     .arg = "KIND=CHOICE",
     .group = "Two histories",
     .help = "decide all conflicts of a kind, such as differs=newest:updated_at; "
             "repeatable",
     .not_in_file = true},
    {.name = "clock-skew",
     .type = MR_OPTION_UINT,
     .offset = PLAN_AT(clock_skew_s),
     .arg = "SECONDS",
     .group = "Two histories",
     .help = "by how much the clocks of the two servers may differ: changes that are closer "
             "together are asked about where a column's rule is newest",
     .initial = "2",
     .max = 86400},
    {.name = "decisions",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(decisions),
     .arg = "FILE",
     .group = "Two histories",
     .help = "conflicts.csv of an earlier plan, its column decision filled in",
     .not_in_file = true},
    {.name = "forget-decisions",
     .type = MR_OPTION_FLAG,
     .offset = PLAN_AT(forget_decisions),
     .group = "Two histories",
     .help = "ask again what earlier plans of the case were told; those decisions are "
             "dropped from it",
     .not_in_file = true},
    {.name = "idmap",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(idmap),
     .arg = "FILE",
     .group = "Two histories",
     .help = "idmap.csv of an applied plan that the case does not know",
     .not_in_file = true},
    {.name = "allow-deletes",
     .type = MR_OPTION_UINT64,
     .offset = PLAN_AT(allow_deletes),
     .arg = "N",
     .group = "Safety",
     .help = "let mirror delete that many rows of people, merge that many that were deleted on "
             "SOURCE, or rewind that many that were inserted: the number that it showed",
     .max = UINT64_MAX / 8,
     .not_in_file = true},
    {.name = "allow-triggers",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(allow_triggers),
     .arg = "fire",
     .group = "Safety",
     .help = "triggers of planned tables fire for the rows that are written, as for any "
             "other",
     .not_in_file = true},
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(output),
     .arg = "DIR",
     .group = "Result",
     .help = "directory of the plan, which must be absent or empty; needed without --again",
     .not_in_file = true},
    {.name = "sign-with",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(sign_with),
     .arg = "KEY.pem",
     .group = "Result",
     .help = "sign the plan with this private key",
     .not_in_file = true},
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(case_path),
     .arg = "FILE",
     .group = "Result",
     .help = "the case of the incident: what is planned from, and what keeps reserved "
             "ids; needed with --policy, but for rewind, which takes none, and rejoin, which takes "
             "that of the merge where --merged DIR does not find it",
     .not_in_file = true},
    MR_JSON_OPTION(struct mr_plan_options, json, "one JSON object a line"),
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_plan_options, statement_timeout_s, "Result"),
    MR_LOGIN_OPTIONS(struct mr_plan_options, login),
    MR_GENERAL_OPTIONS(struct mr_plan_options, general),
};

/* ---- what is written as text ---- */

static enum mr_code finish_policy(struct mr_plan_options *o, struct mr_err *err)
{
    if (o->policy == NULL)
        return MR_OK;
    if (o->reseed_only) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "options \"--reseed-only\" and \"--policy\" exclude each other");
        mr_err_hint(err, "A plan of any policy raises the counters that it needs.");
        return MR_E_USAGE;
    }
    if (mr_policy_is_known(o->policy) && strcmp(o->policy, MR_POLICY_RESEED) != 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "option \"--policy\": unknown policy \"%s\"", o->policy);
    mr_err_hint(err, "It is merge, backfill, newest:COLUMN, mirror, rewind or rejoin.");
    return MR_E_USAGE;
}

static enum mr_code finish_split_at(struct mr_plan_options *o, struct mr_err *err)
{
    enum mr_code code =
        o->split_at_text != NULL ? mr_when_parse(&o->split_at, o->split_at_text, err) : MR_OK;
    if (code != MR_OK)
        mr_err_context(err, "option \"--split-at\"");
    return code;
}

static enum mr_code bad_split_key(const char *text, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "option \"--split-key\": \"%s\" is not DB.TABLE=N", text);
    mr_err_hint(err, "Write it like club.members=3000: the last key that both share.");
    return MR_E_USAGE;
}

/* The number stands behind the last =, which a name may hold, too. */
static enum mr_code parse_split_key(const char *text, struct mr_merge_split_key *key,
                                    struct mr_arena *arena, struct mr_err *err)
{
    const char *equals = strrchr(text, '=');
    char *end = NULL;
    if (equals == NULL || equals == text || equals[1] < '0' || equals[1] > '9')
        return bad_split_key(text, err);
    errno = 0;
    key->key = strtoull(equals + 1, &end, 10);
    if (errno != 0 || *end != '\0')
        return bad_split_key(text, err);
    key->table = mr_arena_dup(arena, text, (size_t)(equals - text));
    if (key->table == NULL)
        return mr_err_nomem(err, "reading options");
    return strchr(key->table, '.') != NULL ? MR_OK : bad_split_key(text, err);
}

static enum mr_code finish_split_keys(struct mr_plan_options *o, struct mr_arena *arena,
                                      struct mr_err *err)
{
    size_t count = o->split_keys_text.count;
    struct mr_merge_split_key *keys = mr_arena_calloc(arena, count + 1, sizeof *keys);
    enum mr_code code = keys != NULL ? MR_OK : mr_err_nomem(err, "reading options");
    for (size_t i = 0; code == MR_OK && i < count; i++)
        code = parse_split_key(o->split_keys_text.items[i], &keys[i], arena, err);
    o->split_keys = keys;
    o->nsplit_keys = count;
    return code;
}

/* In the words of the configuration, which has the same rules. */
static enum mr_code parse_rules(const struct mr_string_list *list, struct mr_table_config *config,
                                struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < list->count; i++)
        mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? ", " : "", list->items[i]);
    enum mr_code code = mr_strbuf_check(&text, "reading options", err);
    if (code == MR_OK && text.len > 0)
        code = mr_table_config_set(config, "on-conflict", text.ptr, arena, err);
    mr_strbuf_release(&text);
    if (code == MR_E_CONFIG)
        mr_err_context(err, "option \"--on-conflict\"");
    return code;
}

static enum mr_code finish_on_conflict(struct mr_plan_options *o, struct mr_arena *arena,
                                       struct mr_err *err)
{
    struct mr_table_config config = {0}, again = {0};
    enum mr_code code = parse_rules(&o->on_conflict_text, &config, arena, err);
    if (code == MR_OK)
        code = parse_rules(&o->again_rules_text, &again, arena, err);
    o->on_conflict = config.on_conflict;
    o->non_conflict = config.non_conflict;
    o->again_rules = again.on_conflict;
    o->nagain_rules = again.non_conflict;
    return code;
}

/* A site may say in its file how well its clocks agree, whatever is planned. */
static bool is_typed(const struct mr_settings *settings, const char *name)
{
    const struct mr_option *option = mr_settings_find(settings->set, name);
    return mr_settings_origin(settings, option)->kind == MR_ORIGIN_COMMAND_LINE;
}

/* Options that a reseed does not know would be passed over in silence. */
static enum mr_code finish_reseed(const struct mr_settings *settings, struct mr_err *err)
{
    const struct mr_plan_options *o = settings->values;
    const struct {
        const char *name;
        bool given;
    } options[] = {
        {"split-at", o->split_at_text != NULL},
        {"split-key", o->split_keys_text.count > 0},
        {"on-conflict", o->on_conflict_text.count > 0},
        {"clock-skew", is_typed(settings, "clock-skew")},
        {"decisions", o->decisions != NULL},
        {"forget-decisions", o->forget_decisions},
        {"idmap", o->idmap != NULL},
        {"allow-deletes", o->allow_deletes > 0},
        {"allow-triggers", o->allow_triggers != NULL},
        {"partial", o->partial},
        {"run", o->run != NULL},
    };
    for (size_t i = 0; o->reseed_only && i < sizeof options / sizeof *options; i++)
        if (options[i].given) {
            (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\" is for --policy", options[i].name);
            mr_err_hint(err, "A reseed raises counters, and looks at no rows.");
            return MR_E_USAGE;
        }
    return MR_OK;
}

/* A value that does not fit is decided about under every policy; nothing else is, but by
 * merge. */
static bool decides_other(const struct mr_plan_options *o)
{
    for (size_t i = 0; i < o->non_conflict; i++)
        if (strcmp(o->on_conflict[i].kind, MR_FIT_KIND) != 0 &&
            !(strcmp(o->policy != NULL ? o->policy : "", MR_POLICY_REWIND) == 0 &&
              strcmp(o->on_conflict[i].kind, "changed-since") == 0))
            return true;
    return false;
}

/* So would those of one policy by another. */
static enum mr_code finish_other_policy(const struct mr_settings *settings, struct mr_err *err)
{
    const struct mr_plan_options *o = settings->values;
    const struct {
        const char *name;
        bool given;
        const char *policy;
    } options[] = {
        {"split-at", o->split_at_text != NULL, MR_POLICY_MERGE},
        {"split-key", o->split_keys_text.count > 0, MR_POLICY_MERGE},
        {"on-conflict", decides_other(o), MR_POLICY_MERGE},
        {"clock-skew", is_typed(settings, "clock-skew"), MR_POLICY_MERGE},
        {"idmap", o->idmap != NULL, MR_POLICY_MERGE},
        {"allow-deletes", o->allow_deletes > 0, MR_POLICY_MIRROR},
    };
    for (size_t i = 0; o->policy != NULL && i < sizeof options / sizeof *options; i++) {
        if (!options[i].given || strcmp(o->policy, options[i].policy) == 0 ||
            (strcmp(options[i].name, "allow-deletes") == 0 &&
             (strcmp(o->policy, MR_POLICY_REWIND) == 0 || strcmp(o->policy, MR_POLICY_MERGE) == 0)))
            continue;
        (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\" is for --policy %s", options[i].name,
                         options[i].policy);
        if (strcmp(options[i].policy, MR_POLICY_MERGE) == 0)
            mr_err_hint(err,
                        "What %s cannot write is listed in conflicts.csv: settle it "
                        "on the servers, check, and plan again.",
                        o->policy);
        else
            mr_err_hint(err, "merge and rewind take it, too; no other policy asks for a number.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_plan_options *o = settings->values;
    const struct mr_option *margin = mr_settings_find(settings->set, "margin");
    o->has_margin = mr_settings_origin(settings, margin)->kind != MR_ORIGIN_DEFAULT;
    MR_TRY(mr_general_options_finish(settings, &o->general, err));
    MR_TRY(finish_policy(o, err));
    MR_TRY(finish_reseed(settings, err));
    MR_TRY(finish_split_at(o, err));
    MR_TRY(finish_split_keys(o, settings->arena, err));
    MR_TRY(finish_on_conflict(o, settings->arena, err));
    MR_TRY(finish_other_policy(settings, err));
    MR_TRY(mr_rejoin_check_options(o, err));
    MR_TRY(mr_rewind_check_options(o, err));
    return mr_trigger_option_check(o->allow_triggers, err);
}

const struct mr_option_set mr_plan_option_set = {.options = plan_options,
                                                 .count =
                                                     sizeof plan_options / sizeof *plan_options,
                                                 .values_size = sizeof(struct mr_plan_options),
                                                 .prepare = mr_plan_again_prepare,
                                                 .finish = finish};
