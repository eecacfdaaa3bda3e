/* test_plan_rows.c: `repair plan --policy P`: who is asked in which order, what the plan says of it,
 * and that of a plan that fails nothing is left. */
#include "planning_steps.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "core/file/io.h"

#define RUN "20260102T030405Z-8f3a12"

struct plan {
    struct planning_world w;
    struct world tables;
    struct mr_planned_table planned[WORLD_TABLES];
};

/* Tables are d.t and d.u, "id:int# name:text?". */
static void begin(struct plan *plan, const char *policy)
{
    static const char *const names[] = {"t", "u"};
    memset(plan, 0, sizeof *plan);
    (void)unlink("c.case");
    planning_case(RUN, "mysql://a@old/d", "mysql://a@new/live", true);
    planning_begin(&plan->w);
    plan->w.opts.case_path = "c.case";
    plan->w.opts.policy = policy;
    plan->w.config.file = "club.ini";
    world_begin(&plan->tables);
    for (size_t i = 0; i < LEN(names); i++) {
        world_table(&plan->tables, names[i], "id:int# name:text?");
        plan->planned[i].table = plan->tables.tables[i].pair.find.name;
        plan->planned[i].target_table = plan->planned[i].table;
        plan->planned[i].target_db = "live";
        plan->planned[i].target_name = names[i];
        plan->planned[i].identity = MR_PLAN_BY_NONE;
        plan->planned[i].fingerprint = "";
    }
    steps_stranger(&plan->tables, plan->planned);
    steps_begin(&plan->tables, &plan->w.p);
    made.planned = (struct mr_planned){.tables = plan->planned, .ntables = LEN(names)};
    made.written = 7;
    if (mr_planning_open(&plan->w.p, &plan->w.err) != MR_OK)
        fail_msg("%s", plan->w.err.message);
}

static void end(struct plan *plan)
{
    planning_end(&plan->w);
    steps_end();
    mr_arena_release(&plan->tables.m.arena);
    mr_arena_release(&plan->tables.arena);
    mr_strbuf_release(&plan->tables.text);
}

static enum mr_code run(struct plan *plan)
{
    return mr_plan_rows(&plan->w.p, &plan->w.err);
}

static void run_well(struct plan *plan)
{
    if (run(plan) != MR_OK)
        fail_msg("%s (%s)", plan->w.err.message, plan->w.err.hint);
}

/* ---- the order ---- */

#define PREPARED(policy)                                                                           \
    "incomplete itself binlog tables stood sections patterns moved settings lacks:d.t lacks:d.u "  \
    "hidden unseen describe:" policy " server add store begin heed "
#define MERGED "tied parents decided empty decisions merge check "
#define COPIED "select decided empty decisions copy check "
#define SUMMED                                                                                     \
    "written lost summary conditions names engines triggers counters held conflicts conflicts "    \
    "keeps mentions "
#define WRITTEN                                                                                    \
    "script:reseed.sql packet open:apply.sql open:undo.sql open:verify.sql write close "           \
    "shape:apply.sql close shape:undo.sql close entities idmap.csv conflicts.csv blocks stands "   \
    "seal -heed end publish "
#define CLOSED "-decisions -decided "

static const struct {
    const char *policy, *log;
    enum mr_copy_policy copy; /* 0: a merge */
    const char *newest;
} policies[] = {
    {"merge", PREPARED("merge") MERGED SUMMED WRITTEN CLOSED, (enum mr_copy_policy)0, NULL},
    {"mirror", PREPARED("mirror") COPIED SUMMED WRITTEN CLOSED, MR_COPY_MIRROR, NULL},
    {"backfill", PREPARED("backfill") COPIED SUMMED WRITTEN CLOSED, MR_COPY_BACKFILL, NULL},
    {"newest:edited_at", PREPARED("newest:edited_at") COPIED SUMMED WRITTEN CLOSED, MR_COPY_NEWEST,
     "edited_at"},
};

static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(policies); i++) {
        struct plan plan;
        begin(&plan, policies[i].policy);
        run_well(&plan);
        assert_string_equal(made.log.ptr, policies[i].log);
        assert_true(plan.w.p.is_published);
        if (policies[i].newest != NULL)
            assert_string_equal(made.copy.newest, policies[i].newest);
        else
            assert_null(made.copy.newest);
        assert_int_equal(made.copy.policy, policies[i].copy);
        assert_ptr_equal(made.copy.selected, made.selected);
        assert_int_equal(steps_count(&plan.w, "plan", " WHERE state='written'"), 1);
        end(&plan);
        steps_remove_plan();
    }
}

/* The options have looked at it. */
static void test_nobody(void **state)
{
    struct plan plan;
    (void)state;
    begin(&plan, "merge");
    plan.w.opts.policy = "newes";
    assert_int_equal(run(&plan), MR_E_BUG);
    assert_string_equal(plan.w.err.message, "policy \"newes\" is nobody's");
    end(&plan);
}

/* Nothing of it is left: no directory, and in the case neither plan nor ids nor rows. */
static void expect_nothing(struct plan *plan, const char *fails)
{
    static const char *const tables[] = {"plan", "plan_block", "entity", "step"};
    for (size_t i = 0; i < LEN(tables); i++)
        if (steps_count(&plan->w, tables[i], "") != 0)
            fail_msg("%s: %s is left", fails, tables[i]);
    assert_false(plan->w.p.is_published);
}

/* The closings behind a step that fails. */
static const char *cleanup(const char *name)
{
    static const struct {
        const char *name, *closed;
    } of[] = {
        {"open:undo.sql", "close "},     {"open:verify.sql", "close close "},
        {"write", "close close close "}, {"shape:apply.sql", "close close "},
        {"shape:undo.sql", "close "},
    };
    for (size_t i = 0; i < LEN(of); i++)
        if (strcmp(of[i].name, name) == 0)
            return of[i].closed;
    return "";
}

static void fail_at(const char *policy, const char *name, size_t before, enum mr_code fails)
{
    struct plan plan;
    char log[2000];
    begin(&plan, policy);
    struct mr_entity entity = conflict_of(&plan.tables, 0, "7|ann", NULL, NULL);
    made.entities = &entity;
    made.nentities = 1;
    made.fails = name;
    made.code = fails;
    const enum mr_code code = run(&plan);
    if (code != fails || strncmp(plan.w.err.message, name, strlen(name)) != 0)
        fail_msg("%s: %d: %s", name, (int)code, plan.w.err.message);
    /* what comes behind it is not done, but for what must be closed */
    (void)snprintf(log, sizeof log, "%.*s%s %s", (int)before, made.log.ptr, name, cleanup(name));
    if (strncmp(made.log.ptr, log, strlen(log)) != 0)
        fail_msg("%s: %s", name, made.log.ptr);
    const char *rest = made.log.ptr + strlen(log);
    if (strncmp(rest, "close close ", 12) == 0 && strcmp(name, "close") == 0)
        rest += 12;
    if (strncmp(rest, "-heed ", 6) == 0)
        rest += 6;
    if (strncmp(rest, "begin withdraw end ", 19) == 0 && strcmp(name, "publish") == 0)
        rest += 19;
    const bool decides =
        strstr(made.log.ptr, " decisions ") != NULL && strcmp(name, "decisions") != 0;
    const bool holds = strstr(made.log.ptr, " decided ") != NULL && strcmp(name, "decided") != 0;
    (void)snprintf(log, sizeof log, "%s %s ", decides ? "-decisions" : "-",
                   holds ? "-decided" : "-");
    if (strcmp(rest, log) != 0)
        fail_msg("%s: behind it: %s", name, rest);
    expect_nothing(&plan, name);
    end(&plan);
    assert_int_equal(access("out", F_OK), -1);
    assert_int_equal(access("out.partial", F_OK), -1);
}

/* Whatever step fails is what is said; of copying those that decide. */
static void test_failures(void **state)
{
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM, MR_E_DENIED};
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *log = policies[i].log;
        for (const char *at = log; *at != '\0'; at += strcspn(at, " ") + 1) {
            char name[60], word[62];
            (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at, " "), at);
            (void)snprintf(word, sizeof word, " %s ", name);
            const bool is_new = i == 0 ? at == log || strstr(log, word) == at - 1
                                       : at > log && strstr(" " COPIED, word) != NULL;
            if (*at != '-' && strcmp(name, "heed") != 0 && is_new)
                fail_at(policies[i].policy, name, (size_t)(at - log), codes[n++ % LEN(codes)]);
        }
    }
    assert_int_equal(n, 60);
}

/* The directory has its name, and the case cannot be told so: a plan that stands is not
 * forgotten. */
static void test_named(void **state)
{
    struct plan plan;
    (void)state;
    begin(&plan, "merge");
    made.fails = "publish";
    made.code = MR_E_CASE;
    made.named = true;
    assert_int_equal(run(&plan), MR_E_CASE);
    assert_null(strstr(made.log.ptr, "withdraw"));
    assert_int_equal(steps_count(&plan.w, "plan", ""), 1);
    assert_true(steps_count(&plan.w, "plan_block", "") > 0);
    end(&plan);
    assert_int_equal(access("out/plan.json", F_OK), 0);
    steps_remove_plan();
}

/* Of one that gets no name the case forgets also what it took within the plan's transaction; where
 * that fails, too, there is nothing more to be done. */
static void test_forget(void **state)
{
#define FORGOTTEN "publish begin withdraw -decisions -decided "
    struct plan plan;
    (void)state;
    begin(&plan, "merge");
    made.fails = "withdraw";
    made.code = MR_E_CASE;
    assert_int_equal(mkdir("out", 0700) | mkdir("out/taken", 0700), 0); /* meanwhile */
    assert_int_equal(run(&plan), MR_E_REFUSED);
    assert_string_equal(made.log.ptr + made.log.len - (sizeof FORGOTTEN - 1), FORGOTTEN);
    assert_int_equal(steps_count(&plan.w, "plan", ""), 0);
    assert_int_equal(rmdir("out/taken") | rmdir("out"), 0);
    end(&plan);
}

/* ---- what they are asked ---- */

static void test_merge_options(void **state)
{
    static const struct mr_merge_split_key keys[] = {{"d.t", 5}};
    static const struct mr_conflict_rule rules[1];
    (void)state;
    for (int set = 0; set < 2; set++) {
        struct plan plan;
        begin(&plan, "merge");
        if (set) {
            plan.w.opts.split_at_text = "2026-04-02";
            plan.w.opts.split_keys = keys;
            plan.w.opts.nsplit_keys = 1;
            plan.w.opts.on_conflict = rules;
            plan.w.opts.non_conflict = 1;
            plan.w.opts.has_margin = true;
            plan.w.opts.margin = 9;
            plan.w.opts.idmap = "ids.csv";
            plan.w.opts.forget_decisions = true;
        }
        run_well(&plan);
        assert_ptr_equal(made.merge.split_at, set ? &plan.w.opts.split_at : NULL);
        assert_ptr_equal(made.merge.split_keys, set ? keys : NULL);
        assert_int_equal(made.merge.nsplit_keys, set);
        assert_ptr_equal(made.merge.on_conflict, set ? rules : NULL);
        assert_int_equal(made.merge.non_conflict, set);
        assert_int_equal(made.merge.has_margin, set);
        assert_int_equal(made.merge.margin, set ? 9 : 0);
        assert_int_equal(made.merge.has_idmap, set);
        assert_ptr_equal(made.idmap, plan.w.opts.idmap);
        assert_int_equal(made.forget, set);
        assert_int_equal(strstr(made.log.ptr, "parents idmap decided") != NULL, set);
        end(&plan);
        steps_remove_plan();
    }
}

/* What tells of the copying: how many rows may go is asked for by a number. */
static void test_copy_options(void **state)
{
    static const struct mr_conflict_rule rules[1];
    (void)state;
    for (uint64_t deletes = 0; deletes < 2; deletes++) {
        struct plan plan;
        begin(&plan, "mirror");
        plan.w.opts.allow_deletes = deletes;
        plan.w.opts.on_conflict = rules;
        plan.w.opts.non_conflict = 1;
        run_well(&plan);
        assert_int_equal(made.copy.has_allow_deletes, deletes);
        assert_int_equal(made.copy.allow_deletes, deletes);
        assert_ptr_equal(made.copy.on_conflict, rules);
        assert_int_equal(made.copy.non_conflict, 1);
        end(&plan);
        steps_remove_plan();
    }
}

/* Whoever has decided, now or before, is asked row by row; else nobody is. */
static void test_decisions(void **state)
{
    static const struct {
        const char *file;
        bool before, asked;
    } cases[] = {
        {NULL, false, false}, {NULL, true, true}, {"f.csv", false, true}, {"f.csv", true, true}};
    (void)state;
    for (size_t i = 0; i < 2 * LEN(cases); i++) {
        const bool merges = i < LEN(cases);
        const size_t at = i % LEN(cases);
        struct plan plan;
        begin(&plan, merges ? "merge" : "backfill");
        plan.w.opts.decisions = cases[at].file;
        made.is_decided = cases[at].before;
        run_well(&plan);
        assert_ptr_equal(made.decisions, cases[at].file);
        mr_decision_fn *const fn = merges ? made.merge.decision : made.copy.decision;
        assert_true(fn == (cases[at].asked ? mr_plan_decisions_find : NULL));
        assert_ptr_equal(merges ? made.merge.decision_ctx : made.copy.decision_ctx, DECISIONS);
        end(&plan);
        steps_remove_plan();
    }
}

/* ---- what the plan is ---- */

static void test_manifest(void **state)
{
    (void)state;
    for (int set = 0; set < 2; set++) {
        struct plan plan;
        struct mr_plan_dir dir;
        begin(&plan, "merge");
        plan.w.opts.split_at_text = set ? "2026-04-02" : NULL;
        plan.w.opts.allow_triggers = set ? "fire" : NULL;
        plan.w.opts.partial = set;
        made.partial = set ? "\"d.x\": denied" : NULL;
        run_well(&plan);
        end(&plan);
        if (mr_plan_open("out", &dir, &plan.w.err) != MR_OK)
            fail_msg("%s", plan.w.err.message);
        const struct mr_planned *planned = &dir.manifest.planned;
        assert_string_equal(dir.manifest.policy, "merge");
        assert_string_equal(dir.manifest.run, RUN);
        assert_string_equal(dir.manifest.server.version, "9.7.4");
        assert_int_equal(planned->ntables, 2);
        assert_int_equal(planned->units, 2);
        assert_int_equal(planned->rows, 7);
        assert_int_equal(planned->packet, 4711);
        assert_int_equal(planned->fire_triggers, set);
        assert_int_equal(planned->split_at != NULL, set);
        assert_int_equal(planned->partial != NULL, set);
        assert_int_equal(dir.manifest.ncounters, LEN(sample_counters));
        mr_plan_close(&dir);
        steps_remove_plan();
    }
}

/* Each script is the one of its name. */
static void test_scripts(void **state)
{
    static const struct {
        const char *path, *text;
    } files[] = {
        {"out/apply.sql", "apply"}, {"out/undo.sql", "undo"}, {"out/verify.sql", "verify"}};
    struct plan plan;
    (void)state;
    begin(&plan, "merge");
    run_well(&plan);
    for (size_t i = 0; i < LEN(files); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        assert_int_equal(mr_io_read_part(files[i].path, 100, &text, NULL), MR_OK);
        assert_string_equal(text.ptr, files[i].text);
        mr_strbuf_release(&text);
    }
    end(&plan);
    steps_remove_plan();
}

/* What apply would refuse is a mistake of ours, and said to be one. */
static void test_shapes(void **state)
{
    static const struct {
        const char *fails;
        enum mr_code code;
        bool hint;
    } cases[] = {{"shape:apply.sql", MR_E_REFUSED, true},
                 {"shape:undo.sql", MR_E_REFUSED, true},
                 {"shape:apply.sql", MR_E_IO, false},
                 {"idmap", MR_E_REFUSED, false}, /* which is read where it is given */
                 {"lost", MR_E_REFUSED, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan plan;
        begin(&plan, "merge");
        plan.w.opts.idmap = "ids.csv";
        made.fails = cases[i].fails;
        made.code = cases[i].code;
        assert_int_equal(run(&plan), cases[i].code);
        assert_int_equal(strstr(plan.w.err.hint, "mistake of myrecon") != NULL, cases[i].hint);
        end(&plan);
    }
}

/* Ids that an earlier plan has reserved stay that one's. */
static void test_blocks(void **state)
{
    (void)state;
    for (unsigned set = 0; set < 8; set++) {
        struct plan plan;
        begin(&plan, "merge");
        int64_t kept = 0;
        for (unsigned i = 0; i < 3; i++) {
            made.reserved[i] = (set >> i & 1) != 0;
            kept += !made.reserved[i];
        }
        run_well(&plan);
        assert_int_equal(steps_count(&plan.w, "plan_block", ""), kept);
        assert_int_equal(steps_count(&plan.w, "plan_block", " WHERE tbl='club.members'"),
                         !made.reserved[0]);
        assert_int_equal(steps_count(&plan.w, "plan_block", " WHERE tbl='club.bills'"),
                         !made.reserved[2]);
        end(&plan);
        steps_remove_plan();
    }
}

/* ---- notes ---- */

/* "kind table: text", a line each; table "-": none. */
static void expect_notes(struct plan *plan, const char *notes, const char *said)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    run_well(plan);
    mr_strbuf_add_str(&text, "");
    for (size_t i = 0; i < plan->w.p.manifest.planned.nnotes; i++) {
        const struct mr_planned_note *n = &plan->w.p.manifest.planned.notes[i];
        mr_strbuf_add_fmt(&text, "%s %s: %s\n", n->kind, n->table != NULL ? n->table : "-",
                          n->text);
    }
    assert_string_equal(text.ptr, notes);
    assert_string_equal(made.said.ptr, said);
    mr_strbuf_release(&text);
    end(plan);
    steps_remove_plan();
}

static void test_counts(void **state)
{
    static const struct {
        const char *policy, *kind, *text, *end; /* the count between them; policy NULL: any */
    } lines[] = {
        {"merge", "deleted-in-source",
         "rows of the common past that only the live side still has, and keeps: ", ""},
        {"merge", "live-only", "rows of the common past that only the live side edited: ", ""},
        {"backfill", "kept", "rows that differ and stay as they are on the target: ", ""},
        {"backfill", "extra", "rows that only the target has, and keeps: ", ""},
        {"backfill", "replaced",
         "rows of people on the target that become other people's, whom the source has under "
         "their keys: ",
         " (merge keeps both)"},
        {NULL, "decided-before",
         "rows that are decided about as an earlier plan of the case was told "
         "(--forget-decisions asks again): ",
         ""},
    };
    static const char *const of[] = {"merge", "backfill"};
    static const uint64_t counts[] = {0, 1, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < LEN(of) * LEN(counts); i++) {
        const uint64_t n = counts[i % LEN(counts)];
        struct plan plan;
        struct mr_strbuf notes = MR_STRBUF_INIT;
        begin(&plan, of[i / LEN(counts)]);
        made.merged = (struct mr_merge_result){.open = 3, .live_only = n, .deleted_in_source = n};
        made.copied =
            (struct mr_copy_result){.open = 9, .kept = n, .extra = n, .subject_replaced = n};
        made.held = n;
        mr_strbuf_add_str(&notes, "");
        for (size_t k = 0; n > 0 && k < LEN(lines); k++)
            if (lines[k].policy == NULL || strcmp(lines[k].policy, of[i / LEN(counts)]) == 0)
                mr_strbuf_add_fmt(&notes, "%s -: %s%" PRIu64 "%s\n", lines[k].kind, lines[k].text,
                                  n, lines[k].end);
        expect_notes(&plan, notes.ptr, "");
        mr_strbuf_release(&notes);
    }
}

static void test_loose(void **state)
{
    static const struct mr_plan_unique uniques[] = {{.name = "other"},
                                                    {.name = "mail", .is_identity = true}};
#define LOOSE                                                                                      \
    "loose-identity d.t: no unique index keeps its identity: a program that looks for somebody "   \
    "before apply commits, and inserts them after, doubles them; apply looks once more when all "  \
    "is committed, and verify lists who is there twice\n"
    static const struct {
        const char *policy;
        enum mr_plan_identity by;
        size_t nuniques;
        enum mr_decision decision;
        bool keyless;
        const char *notes;
    } cases[] = {
        {"merge", MR_PLAN_BY_COLUMNS, 1, MR_DECIDE_INSERT, false, LOOSE},
        {"merge", MR_PLAN_BY_COLUMNS, 0, MR_DECIDE_RENUMBER, false, LOOSE},
        {"backfill", MR_PLAN_BY_COLUMNS, 0, MR_DECIDE_INSERT, false, LOOSE},
        {"merge", MR_PLAN_BY_COLUMNS, 0, MR_DECIDE_INSERT, true,
         "loose-identity d.t: no unique index keeps its identity, and it has no key: a program "
         "that looks for somebody before apply commits, and inserts them after, doubles them, and "
         "neither apply nor verify tells the rows apart\n"},
        /* nobody is inserted, or kept by an index, or known by anything */
        {"merge", MR_PLAN_BY_COLUMNS, 0, MR_DECIDE_UPDATE, false, ""},
        {"merge", MR_PLAN_BY_COLUMNS, 2, MR_DECIDE_INSERT, false, ""},
        {"merge", MR_PLAN_BY_ROW, 0, MR_DECIDE_INSERT, false, ""},
        {"merge", MR_PLAN_BY_NONE, 0, MR_DECIDE_INSERT, false, ""},
        {"mirror", MR_PLAN_BY_COLUMNS, 0, MR_DECIDE_INSERT, false, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan plan;
        begin(&plan, cases[i].policy);
        struct mr_plan_table *t = &plan.tables.planned[0];
        for (size_t k = 0; k < cases[i].nuniques; k++)
            plan.tables.tables[0].uniques[t->nuniques++] = uniques[k];
        t->identity = cases[i].by;
        t->key.count = cases[i].keyless ? 0 : t->key.count;
        plan.planned[0].decisions[cases[i].decision] = 1;
        expect_notes(&plan, cases[i].notes, "");
    }
}

static void test_gone(void **state)
{
    static const struct {
        struct mr_plan_gone gone;
        const char *text; /* NULL: nothing */
    } cases[] = {
        {{.rows = 0}, NULL},
        {{.rows = 1, .keys = {"7"}, .nkeys = 1},
         "1 row that the check found on the source is no longer there, and this plan does not "
         "bring it back: key 7"},
        {{.rows = 2, .keys = {"7", "8"}, .nkeys = 2},
         "2 rows that the check found on the source are no longer there, and this plan does not "
         "bring them back: keys 7, 8"},
        {{.rows = 6, .keys = {"1", "2", "3", "4", "5"}, .nkeys = 5},
         "6 rows that the check found on the source are no longer there, and this plan does not "
         "bring them back: keys 1, 2, 3, 4, 5 and 1 more"},
        {{.rows = 3, .keys = {"9"}, .nkeys = 1},
         "3 rows that the check found on the source are no longer there, and this plan does not "
         "bring them back: keys 9 and 2 more"},
        /* without a key there are only so many */
        {{.rows = 3},
         "3 rows that the check found on the source are no longer there, and this plan does not "
         "bring them back"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan plan;
        char note[300] = "", said[300] = "";
        begin(&plan, "merge");
        plan.tables.tables[i % 2].gone = cases[i].gone;
        if (cases[i].text != NULL) {
            (void)snprintf(note, sizeof note, "gone-in-source d.%c: %s\n", "tu"[i % 2],
                           cases[i].text);
            (void)snprintf(said, sizeof said, "table \"d.%c\": %s\n", "tu"[i % 2], cases[i].text);
        }
        expect_notes(&plan, note, said);
    }
}

/* Which column does not hold which value, of ten rows. */
static void test_unfit(void **state)
{
    static const struct {
        size_t unfit; /* rows; as many of another kind stand before each */
        const char *end;
    } cases[] = {
        {1, "values do not fit: key 0, name: 31 characters\n"},
        {2, "key 0, name: 31 characters | key 1, name: 31 characters\n"},
        {10, "key 8, name: 31 characters | key 9, name: 31 characters\n"},
        {11, "key 9, name: 31 characters | and 1 rows more\n"},
        {STEPS_ROWS, " | and 1190 rows more\n"}, /* more than are read at a time */
    };
    static struct mr_entity list[STEPS_ROWS + 2];
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan plan;
        begin(&plan, "merge");
        for (size_t k = 0; k < cases[i].unfit; k++) {
            char row[20];
            (void)snprintf(row, sizeof row, "%zu|ann", k);
            list[k] = conflict_of(&plan.tables, 0, row, "does-not-fit", "name: 31 characters");
        }
        made.entities = list;
        made.nentities = cases[i].unfit + 2;
        list[cases[i].unfit] = conflict_of(&plan.tables, 0, "-1|x", "unique", "mail");
        list[cases[i].unfit + 1] = conflict_of(&plan.tables, 0, "-2|x", "does-not-fit", NULL);
        run_well(&plan);
        const struct mr_planned *planned = &plan.w.p.manifest.planned;
        assert_int_equal(planned->nnotes, 1);
        assert_string_equal(planned->notes[0].kind, "does-not-fit");
        assert_string_equal(planned->notes[0].table, "d.t");
        const char *text = planned->notes[0].text;
        const size_t len = strlen(cases[i].end) - 1, has = strlen(text);
        if (has < len || strncmp(text + has - len, cases[i].end, len) != 0 ||
            strncmp(text, "values do not fit: key 0, ", 26) != 0)
            fail_msg("case %zu: %s", i, text);
        end(&plan);
        steps_remove_plan();
    }
}

static void test_split(void **state)
{
    static const struct {
        const char *split_at, *misses, *origin;
        bool noted;
    } cases[] = {
        {"2026", "it has no time column", "equal rows", true},
        {NULL, "it has no time column", "equal rows", false},
        {"2026", NULL, "equal rows", false},
        {"2026", "it has no time column", NULL, false}, /* no row of it is planned */
        {"2026", "it has no time column", "split-key", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan plan;
        begin(&plan, "merge");
        plan.w.opts.split_at_text = cases[i].split_at;
        made.misses = cases[i].misses;
        plan.planned[0].base_origin = cases[i].origin;
        plan.planned[0].base = "7";
        expect_notes(&plan, cases[i].noted ? "split-at d.t: it has no time column\n" : "",
                     cases[i].noted ? "table \"d.t\": it has no time column\n" : "");
    }
}

#define YOUNGER_AT                                                                                 \
    ", created after the time that --split-at gives, are equal on both sides: unless an earlier "  \
    "merge brought them back, the histories parted later, and what may be of the common past is "  \
    "asked about"
#define YOUNGER_KEY                                                                                \
    ", above the one that split-key gives, are equal on both sides: unless an earlier merge "      \
    "brought them back, the histories parted later, and what differs between the two keys is "     \
    "planned as if it were new: give a greater one"

static void test_younger(void **state)
{
    static const struct {
        uint64_t rows;
        int64_t key;
        bool counts_unsigned;
        const char *origin, *kind, *text; /* kind NULL: nothing */
    } cases[] = {
        {0, 9, false, "split-at", NULL, NULL},
        {1, 9, false, "split-at", "split-at", "1 row up to key 9" YOUNGER_AT},
        {2, -9, false, NULL, "split-at", "2 rows up to key -9" YOUNGER_AT},
        {999, 9, false, "split-key", "split-key", "999 rows up to key 9" YOUNGER_KEY},
        /* they are counted no further */
        {1000, INT64_MAX, true, "split-key", "split-key",
         "at least 1000 rows up to key 18446744073709551615" YOUNGER_KEY},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan plan;
        char note[500] = "", said[500] = "";
        begin(&plan, "merge");
        plan.tables.planned[i % 2].younger_equal = cases[i].rows;
        plan.tables.planned[i % 2].younger_key = cases[i].key;
        plan.tables.planned[i % 2].counts_unsigned = cases[i].counts_unsigned;
        plan.planned[i % 2].base_origin = cases[i].origin;
        plan.planned[i % 2].base = "7";
        if (cases[i].kind != NULL) {
            (void)snprintf(note, sizeof note, "%s d.%c: %s\n", cases[i].kind, "tu"[i % 2],
                           cases[i].text);
            (void)snprintf(said, sizeof said, "table \"d.%c\": %s\n", "tu"[i % 2], cases[i].text);
        }
        expect_notes(&plan, note, said);
    }
}

static void test_undo_fires(void **state)
{
    static const struct mr_planned_trigger triggers[] = {
        {"a", "BEFORE", "DELETE"}, {"b", "AFTER", "DELETE"}, {"c", "AFTER", "UPDATE"}};
#define REFUSES ": repair undo is refused while they are there, but with --allow-triggers fire"
    static const struct {
        size_t n;
        bool fire;
        const char *text; /* NULL: nothing */
    } cases[] = {
        {0, false, NULL},
        {1, false,
         "undo fires trigger \"a\" (BEFORE DELETE) for rows of it, and takes nothing back that "
         "these do" REFUSES},
        {2, true,
         "undo fires trigger \"a\" (BEFORE DELETE) and \"b\" (AFTER DELETE) for rows of it, and "
         "takes nothing back that these do"},
        {3, false,
         "undo fires trigger \"a\" (BEFORE DELETE), \"b\" (AFTER DELETE) and \"c\" (AFTER UPDATE) "
         "for rows of it, and takes nothing back that these do" REFUSES},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan plan;
        char note[400] = "";
        begin(&plan, "merge");
        plan.planned[i % 2].undo_triggers = triggers;
        plan.planned[i % 2].nundo_triggers = cases[i].n;
        plan.w.opts.allow_triggers = cases[i].fire ? "fire" : NULL;
        if (cases[i].text != NULL)
            (void)snprintf(note, sizeof note, "undo-fires d.%c: %s\n", "tu"[i % 2], cases[i].text);
        expect_notes(&plan, note, "");
    }
}

static void test_others(void **state)
{
    static const struct mr_plan_mention mention = {"d.u", "old ids stand in \"note\""};
    struct plan plan;
    (void)state;
    begin(&plan, "merge");
    made.keeps = "a trigger writes it";
    made.mention = &mention;
    made.lacks = "the plan's configuration lacks a line";
    plan.w.p.run.hidden = "triggers";
    expect_notes(&plan,
                 "hidden -: triggers\nundo-keeps d.t: a trigger writes it\nid-in-text d.u: old ids "
                 "stand in \"note\"\n",
                 "the plan's configuration lacks a line\n");
}

/* ---- memory ---- */

/* A whole plan, with all that may be said. */
static enum mr_code plan_all(void *policy, struct mr_err *err)
{
    struct plan plan;
    no_memory_stop();
    begin(&plan, policy);
    struct mr_entity entity = conflict_of(&plan.tables, 0, "7|ann", "does-not-fit", "name: long");
    made.entities = &entity;
    made.nentities = 1;
    steps_say_all(&plan.tables, plan.planned);
    plan.w.opts.split_at_text = "2026";
    no_memory_go_on();
    const enum mr_code code = mr_plan_rows(&plan.w.p, err);
    no_memory_stop();
    if (code == MR_OK)
        assert_int_equal(plan.w.p.manifest.planned.nnotes, 12);
    else
        expect_nothing(&plan, "no memory");
    end(&plan);
    assert_int_equal(access("out", F_OK) == 0, code == MR_OK);
    steps_remove_plan();
    no_memory_go_on();
    return code;
}

static void test_no_memory(void **state)
{
    char merge[] = "merge", mirror[] = "mirror";
    (void)state;
    assert_true(no_memory_each(plan_all, merge) > 20);
    assert_true(no_memory_each(plan_all, mirror) > 20);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, place_begin, place_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order),        TEST(test_nobody),    TEST(test_failures),
        TEST(test_named),        TEST(test_forget),    TEST(test_merge_options),
        TEST(test_copy_options), TEST(test_decisions), TEST(test_manifest),
        TEST(test_scripts),      TEST(test_shapes),    TEST(test_blocks),
        TEST(test_counts),       TEST(test_loose),     TEST(test_gone),
        TEST(test_unfit),        TEST(test_split),     TEST(test_younger),
        TEST(test_undo_fires),   TEST(test_others),    TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
