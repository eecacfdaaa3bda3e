/* repair_sample: a reseed-only plan for unit tests, with names that need quoting. */
#ifndef MR_TEST_REPAIR_SAMPLE_H
#define MR_TEST_REPAIR_SAMPLE_H

#include "repair/plan/manifest.h"

static const char *const sample_dbs[] = {"club", "o'dd"};

static const struct mr_counter sample_counters[] = {
    {.table = "club.members",
     .target_table = "club_live.members",
     .db = "club_live",
     .name = "members",
     .column = "id",
     .next = {6, 4},
     .greatest = {5, 3},
     .margin = 1000000,
     .from = 6,
     .to = 1000006,
     .increment = 1,
     .offset = 1,
     .reseed_to = 1000006},
    {.table = "o'dd.t`\\\n",
     .target_table = "o'dd.t`\\\n",
     .db = "o'dd",
     .name = "t`\\\n",
     .column = "i\"d",
     .next = {0, UINT64_MAX - 1},
     .greatest = {UINT64_MAX - 2, 0},
     .margin = 1,
     .margin_note = "a \"quarter\"",
     .from = UINT64_MAX - 1,
     .to = UINT64_MAX,
     .increment = 10,
     .offset = 3,
     .reseed_to = UINT64_MAX,
     .rebuild = true},
    {.table = "club.bills",
     .target_table = "club_live.bills",
     .db = "club_live",
     .name = "bills",
     .column = "no",
     .sequence_db = "club_live",
     .sequence = "numbers",
     .next = {1, 1},
     .margin = 9,
     .from = 1,
     .to = 10,
     .increment = 1,
     .offset = 1,
     .reseed_to = 10},
};
static const struct mr_plan_skipped sample_skipped[] = {
    {"club.gone", "the target has no such table", false},
    {"club.hidden", "SELECT denied", true},
};

static inline struct mr_manifest sample_manifest(enum mr_flavour flavour)
{
    return (struct mr_manifest){
        .uuid = "20261120T110000Z-abcdef",
        .created = "2026-11-20T11:00:00Z",
        .version = "0.1",
        .policy = MR_POLICY_RESEED,
        .source = "mysql://dba@lost/club",
        .target = "mysql://dba@live/club_live",
        .run = "20261119T100000Z-123456",
        .margin = 1000000,
        .server = {.flavour = flavour,
                   .version = flavour == MR_FLAVOUR_MARIADB ? "10.11.19-MariaDB" : "9.7.4",
                   .hostname = "db's host",
                   .datadir = "/var/lib/mysql/",
                   .uuid = "7c178c4e-e4cc",
                   .port = 3306,
                   .server_id = 4294967295,
                   .dbs = sample_dbs,
                   .ndbs = 2},
        .counters = sample_counters,
        .ncounters = sizeof sample_counters / sizeof *sample_counters,
        .skipped = sample_skipped,
        .nskipped = sizeof sample_skipped / sizeof *sample_skipped};
}

static const char *const planned_words[] = {"id", "mo`bile", "inviter_id"};
static const struct mr_planned_column planned_columns[] = {
    {"id", "int", NULL, false}, {"mo`bile", "text utf8mb4", NULL, false}};
static const char *const planned_spelling[] = {"number", "same"};
static const struct mr_planned_reference planned_references[] = {
    {"club.members", {planned_words + 2, 1}, {planned_words, 1}, true, NULL, {NULL, 0}},
    {"club.members",
     {planned_words, 2},
     {planned_words + 1, 2},
     false,
     "kind = 'm'",
     {planned_spelling, 2}}};
static const struct mr_planned_trigger planned_triggers[] = {{"welcome", "AFTER", "INSERT"}};
static const struct mr_planned_trigger planned_undo_triggers[] = {{"farewell", "BEFORE", "DELETE"},
                                                                  {"edited", "AFTER", "UPDATE"}};
static const struct mr_planned_logs planned_logs[] = {{"restored-change", 2}};
static const struct mr_planned_evidence planned_evidence[] = {
    {"source", "incomplete", NULL}, {"target", "blind", "TRUNCATE TABLE \"members\""}};
static const struct mr_planned_kind planned_kinds[] = {{"changed", 3, 1},
                                                       {"deleted-or-lost", 12, 0}};
static const struct mr_planned_table planned_tables[] = {
    {.table = "club.members",
     .target_table = "club_live.members",
     .target_db = "club_live",
     .target_name = "members",
     .subject = true,
     .key = {planned_words, 1},
     .identity = MR_PLAN_BY_COLUMNS,
     .identity_columns = {planned_words + 1, 1},
     .counter = "id",
     .time_column = "created_at",
     .base = "-1",
     .base_origin = "equal rows",
     .fresh = "18446744073709551614",
     .fresh_origin = "counter",
     .first_id = UINT64_MAX - 9,
     .id_step = 2,
     .nids = 4,
     .fingerprint = "ab12",
     .columns = planned_columns,
     .ncolumns = 2,
     .references = planned_references,
     .nreferences = 2,
     .triggers = planned_triggers,
     .ntriggers = 1,
     .knows_undo = true,
     .undo_triggers = planned_undo_triggers,
     .nundo_triggers = 2,
     .decisions = {[MR_DECIDE_RENUMBER] = 37, [MR_DECIDE_MATCHED] = 12},
     .kinds = planned_kinds,
     .nkinds = 2,
     .logs = planned_logs,
     .nlogs = 1,
     .evidence = planned_evidence,
     .nevidence = 2},
    {.table = "club.log",
     .target_table = "club_live.log",
     .target_db = "club_live",
     .target_name = "log",
     .identity = MR_PLAN_BY_NONE,
     .fingerprint = "",
     .decisions = {[MR_DECIDE_RENUMBER] = 5}},
};
static const struct mr_planned_note planned_notes[] = {{"deleted-in-source", NULL, "2 rows stay"},
                                                       {"id-in-text", "club.log", "\"note\""}};

/* The same as a merge. */
static inline struct mr_manifest sample_merge(enum mr_flavour flavour)
{
    struct mr_manifest m = sample_manifest(flavour);
    m.policy = MR_POLICY_MERGE;
    m.planned = (struct mr_planned){.split_at = "2026-04-02 12:11:00",
                                    .partial = "club.x: denied",
                                    .fire_triggers = true,
                                    .units = 3,
                                    .rows = 1204,
                                    .open = 15,
                                    .decided = 1,
                                    .tables = planned_tables,
                                    .ntables = 2,
                                    .notes = planned_notes,
                                    .nnotes = 2};
    return m;
}

#endif
