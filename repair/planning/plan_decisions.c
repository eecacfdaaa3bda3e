/* plan_decisions.c: see plan_decisions.h. */
#include "repair/planning/plan_decisions_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/file/csv_in.h"
#include "repair/decide/conflict.h"
#include "repair/merge/merge_choice.h"
#include "repair/plan/asked.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/plan_text.h"
#include "repair/planning/decision_line.h"
#include "repair/planning/decision_proof.h"
#include "repair/planning/decision_rows.h"
#include "repair/planning/plan_asked.h"
#include "repair/side/counted.h"

#define BATCH 1000

#define LINE(name, member, type)                                                                   \
    MR_CASE_FIELD_AS(name, struct mr_decision_line, member, MR_CASE_##type)
static const struct mr_case_field line_fields[] = MR_CASE_LIST(
    LINE("line", line, INT), LINE("tbl", table, TEXT), LINE("skey", key, TEXT),
    LINE("choice", choice, TEXT), LINE("kind", kind, TEXT), LINE("source", source, TEXT),
    LINE("target", target, TEXT), LINE("tkey", target_key, TEXT), LINE("identity", identity, TEXT),
    LINE("differs", differs, TEXT), LINE("used", used, FLAG), LINE("asked", is_asked, FLAG));

static const char schema_sql[] =
    "DROP TABLE IF EXISTS temp.decision;"
    "CREATE TEMP TABLE decision (line INTEGER PRIMARY KEY, tbl TEXT NOT NULL,"
    " skey TEXT, lo INT, hi INT, choice TEXT NOT NULL, source TEXT, target TEXT, tkey TEXT,"
    " kind TEXT, identity TEXT, differs TEXT,"
    " used INT NOT NULL DEFAULT 0, asked INT NOT NULL DEFAULT 0, known INT NOT NULL DEFAULT 0);"
    "DROP TABLE IF EXISTS temp.equal_row;"
    "CREATE TEMP TABLE equal_row (tbl TEXT, image TEXT, line INT, choice TEXT,"
    " PRIMARY KEY (tbl, image)) WITHOUT ROWID;"
    "CREATE INDEX temp.decision_key ON decision (tbl, skey);"
    "CREATE INDEX temp.decision_run ON decision (tbl, hi) WHERE hi IS NOT NULL";

static enum mr_code open_maps(struct mr_plan_decisions *d, struct mr_err *err)
{
    MR_TRY(mr_case_fields_open(&d->by_key_map, d->by_key, MR_CASE_FIELDS(line_fields), err));
    MR_TRY(mr_case_fields_open(&d->by_run_map, d->by_run, MR_CASE_FIELDS(line_fields), err));
    MR_TRY(mr_case_fields_open(&d->crossed_map, d->crossed, MR_CASE_FIELDS(line_fields), err));
    return mr_case_fields_open(&d->equal_map, d->equal, MR_CASE_FIELDS(line_fields), err);
}

static enum mr_code prepare(struct mr_plan_decisions *d, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&d->add, "INSERT INTO decision (line, tbl, skey, lo, hi, choice, source, target,"
                  " tkey, kind, identity, differs) VALUES (:line, :tbl, :key, :low, :high, :choice,"
                  " nullif(:source, ''), nullif(:target, ''), nullif(:tkey, ''), nullif(:kind, ''),"
                  " nullif(:identity, ''), nullif(:differs, ''))"},
        {&d->by_key, "SELECT line, choice, kind, source, target, tkey, identity, differs, used,"
                     " asked"
                     " FROM decision"
                     " WHERE tbl=:tbl AND skey=:key AND (:image IS NULL OR source IS NULL"
                     " OR source=:image OR source=:digest) ORDER BY source IS NULL LIMIT 1"},
        {&d->by_run, "SELECT line, choice, kind FROM decision WHERE tbl=:tbl AND hi>=:n"
                     " AND lo<=:n LIMIT 1"},
        {&d->crossed, "SELECT line, choice FROM decision WHERE tbl=:tbl AND hi>=:low"
                      " AND lo<=:high AND choice<>:choice LIMIT 1"},
        {&d->equal, "INSERT INTO temp.equal_row (tbl, image, line, choice)"
                    " VALUES (:tbl, :image, :line, :choice) ON CONFLICT (tbl, image)"
                    " DO UPDATE SET line=line RETURNING line, choice"},
        {&d->drop, "DELETE FROM decision WHERE line=:line"},
        {&d->used, "UPDATE decision SET used=max(used, :used), asked=max(asked, :asked), known=1"
                   " WHERE line=:line"},
    };
    MR_TRY(mr_case_exec(d->cf, schema_sql, err));
    MR_TRY(mr_case_prepare_all(d->cf, list, sizeof list / sizeof list[0], err));
    return open_maps(d, err);
}

enum mr_code mr_plan_decisions_open(const struct mr_decision_file *file, struct mr_findings *fd,
                                    struct mr_plan_decided *decided,
                                    const struct mr_plan_tables *tables,
                                    struct mr_plan_decisions **out, struct mr_err *err)
{
    struct mr_plan_decisions *d = calloc(1, sizeof *d);
    const char *path = file->path;
    *out = NULL;
    if (d == NULL)
        return mr_err_nomem(err, "reading decisions");
    d->path = path;
    d->file = *file;
    d->tables = tables;
    d->decided = decided;
    d->fd = fd;
    d->cf = mr_findings_case(fd);
    d->choices = (struct mr_vec)MR_VEC_INIT(const char *);
    mr_strbuf_init(&d->text);
    mr_strbuf_init(&d->key);
    mr_strbuf_init(&d->image);
    for (size_t i = 0; i < 2; i++)
        mr_strbuf_init(&d->raw[i]);
    mr_arena_init(&d->arena);
    mr_decision_faults_init(&d->faults, path);
    enum mr_code code = prepare(d, err);
    if (code == MR_OK && path != NULL)
        code = mr_decisions_read(d, err);
    if (code == MR_OK && d->derived > 0)
        mr_log_info(
            "decisions that the plan had filled in by itself, and that are found anew: %" PRIu64,
            d->derived);
    if (code == MR_OK && path != NULL && d->width == 0)
        code = mr_err_set(err, MR_E_REFUSED, "decisions \"%s\" are empty", path);
    if (code == MR_OK)
        *out = d;
    else
        mr_plan_decisions_close(d);
    return code;
}

void mr_plan_decisions_close(struct mr_plan_decisions *d)
{
    if (d == NULL)
        return;
    mr_case_free(d->add);
    mr_case_free(d->by_key);
    mr_case_free(d->by_run);
    mr_case_free(d->crossed);
    mr_case_free(d->equal);
    mr_case_free(d->used);
    mr_case_free(d->drop);
    (void)mr_case_exec(
        d->cf, "DROP TABLE IF EXISTS temp.decision; DROP TABLE IF EXISTS temp.equal_row", NULL);
    mr_vec_release(&d->choices);
    mr_strbuf_release(&d->text);
    mr_strbuf_release(&d->key);
    mr_strbuf_release(&d->image);
    for (size_t i = 0; i < 2; i++)
        mr_strbuf_release(&d->raw[i]);
    mr_arena_release(&d->arena);
    mr_decision_faults_release(&d->faults);
    free(d);
}

/* ---- asking ---- */

/* The row as the file names it: by its key, or without one by itself; in d->text. */
static enum mr_code name_row(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                             struct mr_key key, struct mr_err *err)
{
    mr_strbuf_reset(&d->text);
    MR_TRY(t->key.count > 0 ? mr_plan_text_values(&d->text, t, &t->key, key, err)
                            : mr_plan_text_json(&d->text, t, key, err));
    return mr_strbuf_check(&d->text, "reading decisions", err);
}

/* A copy that lives as long as the decisions. */
static const char *keep_choice(struct mr_plan_decisions *d, const char *choice)
{
    for (size_t i = 0; i < d->choices.count; i++) {
        const char *const *known = mr_vec_at(&d->choices, i);
        if (strcmp(*known, choice) == 0)
            return *known;
    }
    const char **slot = mr_vec_push(&d->choices);
    if (slot != NULL)
        *slot = mr_arena_strdup(&d->arena, choice);
    return slot != NULL ? *slot : NULL;
}

static enum mr_code note(struct mr_plan_decisions *d, int64_t line, bool used, bool asked,
                         struct mr_err *err)
{
    return MR_CASE_RUN(d->used, err, MR_ARG_INT("line", line), MR_ARG_INT("used", used),
                       MR_ARG_INT("asked", asked));
}

/* What a page could not show whole stands in the file as a digest: d->text, in its place. */
static enum mr_code use_digest(struct mr_plan_decisions *d, struct mr_err *err)
{
    char digest[MR_ASKED_BYTES];
    const struct mr_csv_field text = {d->text.ptr, d->text.len};
    MR_TRY(mr_asked_digest(d->page_key, text, digest, err));
    mr_strbuf_reset(&d->text);
    mr_strbuf_add_str(&d->text, digest);
    return mr_strbuf_check(&d->text, "reading decisions", err);
}

/* Was a decision withdrawn? */
static bool is_open(const char *choice)
{
    return choice != NULL && strcmp(choice, MR_CHOICE_OPEN) == 0;
}

/* What the file says of a row. */
struct said {
    int64_t line; /* 0: nothing */
    const char *choice;
    enum mr_conflict kind; /* none: it does not say in which conflict */
};

/* Of the row that d->text names, and that is `image`; of none, beside which no line has one, where two rows may be
 * spelled so.  by_key: its own line, until that statement is reset;
 * line 0: there is none. */
static enum mr_code find_line(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                              struct mr_key image, struct mr_decision_line *by_key,
                              struct said *said, struct mr_err *err)
{
    bool found = false;
    *said = (struct said){.line = 0};
    *by_key = (struct mr_decision_line){.line = 0};
    const bool is_vague = mr_decision_line_is_vague(&t->key, d->text.ptr);
    mr_case_reset(d->by_key);
    mr_strbuf_reset(&d->image);
    enum mr_code code = is_vague ? mr_plan_text_json(&d->image, t, image, err) : MR_OK;
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_strbuf_check(&d->image, "reading decisions", err));
    MR_TRY_OUT(mr_decision_ask_key(d, t, d->text.ptr, is_vague ? d->image.ptr : NULL, by_key,
                                   &found, err));
    if (!found && t->key.count == 0 && d->page_key != NULL) {
        mr_case_reset(d->by_key);
        MR_TRY_OUT(use_digest(d, err));
        MR_TRY_OUT(mr_decision_ask_key(d, t, d->text.ptr, NULL, by_key, &found, err));
    }
    struct mr_decision_line line = *by_key;
    if (!found && t->key.count == 1 && mr_plan_has_counter(t)) {
        mr_case_reset(d->by_run);
        MR_CASE_BIND(d->by_run, MR_ARG_TEXT("tbl", mr_plan_table_name(t)),
                     MR_ARG_INT("n", mr_counted_of_text(d->text.ptr, t->counts_unsigned, NULL)));
        MR_TRY_OUT(mr_case_fields_next(&d->by_run_map, NULL, &line, &found, err));
    }
    if (found) {
        said->line = line.line;
        said->choice = keep_choice(d, line.choice);
        said->kind = mr_conflict_named(line.kind);
        if (said->choice == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "reading decisions"));
    }
out:
    mr_case_reset(d->by_run);
    return code;
}

/* Of a plan's own file: was it decided about the row as it is?  Who is left out is so in any case.  A
 * line about another row is forgotten: nothing is refused for it, and nothing of it is kept. */
static enum mr_code drop_stale(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                               const struct mr_decision_ask *ask,
                               const struct mr_decision_line *line, struct said *said,
                               struct mr_err *err)
{
    bool same = true;
    if (!d->file.is_plans_own || line->line == 0 || ask->kind == NULL ||
        strcmp(line->choice, "skip") == 0 || is_open(line->choice))
        return MR_OK;
    MR_TRY(mr_decision_file_is_same(t, ask->source, line->source, &same, err));
    if (mr_conflict_is_value(mr_conflict_named(ask->kind)) ||
        strcmp(line->choice, MR_DECIDE_MERGED) == 0)
        MR_TRY(mr_decision_file_is_same(t, ask->target, line->target, &same, err));
    if (same)
        return MR_OK;
    mr_log_warning("table \"%s\": row %s is not as it was when \"%s\" was decided about it; it is "
                   "asked again",
                   mr_plan_table_name(t), t->key.count > 0 ? d->text.ptr : "",
                   mr_decision_proof_shown(d, said->choice));
    MR_TRY(MR_CASE_RUN(d->drop, err, MR_ARG_INT("line", line->line)));
    *said = (struct said){.line = 0};
    return MR_OK;
}

static enum mr_code find_in_file(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                 const struct mr_decision_ask *ask, struct said *said,
                                 struct mr_err *err)
{
    struct mr_decision_line by_key;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(name_row(d, t, ask->source_key, err));
    MR_TRY_OUT(find_line(d, t, ask->source, &by_key, said, err));
    MR_TRY_OUT(drop_stale(d, t, ask, &by_key, said, err));
    if (said->line != 0)
        MR_TRY_OUT(note(d, said->line, true,
                        ask->kind != NULL && said->kind == mr_conflict_named(ask->kind), err));
out:
    mr_case_reset(d->by_key);
    return code;
}

static bool is_answer(const struct said *said, const char *asked)
{
    if (asked == NULL)
        return true;
    if (is_open(said->choice)) /* in that conflict; what was kept about another one still holds */
        return said->kind == MR_CONFLICT_NONE || said->kind == mr_conflict_named(asked);
    return mr_merge_is_choice(asked, said->choice) &&
           mr_conflict_is_answered(said->kind, mr_conflict_named(asked), said->choice);
}

enum mr_code mr_plan_decisions_find(void *decisions, const struct mr_decision_ask *ask,
                                    const char **choice, struct mr_err *err)
{
    struct mr_plan_decisions *d = decisions;
    const struct mr_plan_table *t = mr_decision_table(d, ask->table);
    struct said said = {.line = 0};
    if (t == NULL)
        return mr_err_set(err, MR_E_BUG, "table \"%s\" is not planned", ask->table);
    enum mr_code code = d->path != NULL ? find_in_file(d, t, ask, &said, err) : MR_OK;
    const bool stated = said.choice != NULL;
    /* a line may be about another conflict of the row */
    const char *found = stated && is_answer(&said, ask->kind) ? said.choice : NULL;
    if (code == MR_OK && is_open(found))
        code = mr_plan_decided_unmerge(d->decided, t, ask->source_key, err);
    if (code == MR_OK && found == NULL)
        code = mr_plan_decided_find(d->decided, t, ask, stated, &found, err);
    if (code == MR_OK && found != NULL)
        *choice = found;
    return code;
}

/* ---- checking ---- */

static enum mr_code refuse_digest(const struct mr_plan_decisions *d, struct mr_err *err)
{
    const bool has_case = mr_case_path(d->cf)[0] != '\0';
    (void)mr_err_set(err, MR_E_REFUSED,
                     "a digest stands for its row, and nothing tells of which plan");
    mr_err_hint(
        err, "%s",
        has_case
            ? "Save the file anew on the page, and keep its last line."
            : "Without a case that plan alone knows: plan with --again DIR, and keep the last line "
              "of the file.");
    return MR_E_REFUSED;
}

static enum mr_code compare(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                            struct mr_key image, const char *said, const char *side,
                            struct mr_err *err)
{
    mr_strbuf_reset(&d->text);
    enum mr_code code = mr_plan_text_json(&d->text, t, image, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&d->text, "reading decisions", err);
    if (code == MR_OK && mr_asked_is_digest(said)) {
        if (d->page_key == NULL)
            return refuse_digest(d, err);
        code = use_digest(d, err);
    }
    if (code != MR_OK || strcmp(d->text.ptr, said) == 0)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the row of table \"%s\" has changed on the %s since it was decided "
                     "about",
                     mr_plan_table_name(t), side);
    mr_err_hint(err, "Plan without --decisions, and decide about the row as it is now.");
    return MR_E_REFUSED;
}

static enum mr_code check_images(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                 const struct mr_decision_line *line, const struct mr_entity *e,
                                 struct mr_err *err)
{
    const struct mr_key images[] = {e->source, e->target};
    bool is_value = e->kind != NULL && mr_conflict_is_value(mr_conflict_named(e->kind));
    if (!line->used || is_open(line->choice))
        return MR_OK; /* nobody asked for it: it is settled otherwise; or nothing is decided */
    if (line->source != NULL && images[0].ptr != NULL)
        MR_TRY(compare(d, t, images[0], line->source, "source", err));
    if (is_value && line->target != NULL && images[1].ptr != NULL)
        MR_TRY(compare(d, t, images[1], line->target, "target", err));
    return MR_OK;
}

/* What is chosen for a row above holds for the row, too. */
static enum mr_code overruled(const struct mr_plan_decisions *d, const struct mr_entity *e,
                              const char *choice, struct mr_err *err)
{
    const char *above = mr_decision_proof_shown(d, e->choice);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "\"%s\" cannot be carried out: %s, and for what is above it \"%s\" "
                     "is chosen",
                     mr_decision_proof_shown(d, choice), e->kind, above);
    mr_err_hint(err, "Choose \"%s\" here, too, or decide otherwise about the row above.", above);
    return MR_E_REFUSED;
}

/* Is the row still in the conflict that the line decides about?  A decision may have led to
 * another one: that stays open. */
static enum mr_code check_taken(const struct mr_plan_decisions *d,
                                const struct mr_decision_line *line, const struct mr_entity *e,
                                struct mr_err *err)
{
    const char *choice = line->choice;
    if (is_open(choice) || e->kind == NULL ||
        (line->kind != NULL && strcmp(line->kind, e->kind) != 0))
        return MR_OK;
    if (e->choice != NULL)
        return strcmp(e->choice, choice) == 0 ? MR_OK : overruled(d, e, choice, err);
    bool known = e->detail != NULL, waits = e->waits_for != 0;
    /* values stand between quotes in it */
    const int len = !known                           ? 0
                    : mr_decision_proof_is_masked(d) ? (int)strcspn(e->detail, "\"'")
                                                     : (int)strlen(e->detail);
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" cannot be carried out: %s%s%.*s",
                     mr_decision_proof_shown(d, choice), e->kind, known ? ": " : "", len,
                     known ? e->detail : "");
    if (waits)
        mr_err_hint(err, "Decide about the row that this one waits for.");
    else if (e->choices == NULL || e->choices[0] == '\0')
        mr_err_hint(err, "There is nothing to choose for this row: empty its decision.");
    else
        mr_err_hint(err, "Choose one of: %s.", e->choices);
    return MR_E_REFUSED;
}

/* Of columns that were asked about, which has led to the question of the whole row: both are said one
 * after the other, so that the next plan has to know the first. */
static struct mr_entity as_answered(const struct mr_entity *e, const struct said *said)
{
    struct mr_entity answered = *e;
    if (is_open(said->choice) && said->kind != MR_CONFLICT_NONE)
        answered.kind = mr_conflict_name(said->kind); /* what was kept of it is forgotten */
    const bool of_columns = !is_open(said->choice) &&
                            mr_conflict_named(e->kind) == MR_CONFLICT_BOTH_CHANGED &&
                            said->kind != MR_CONFLICT_BOTH_CHANGED &&
                            said->kind != MR_CONFLICT_NONE && mr_conflict_is_value(said->kind);
    if (of_columns) {
        answered.kind = mr_conflict_name(said->kind);
        answered.choice = said->choice;
    }
    return answered;
}

/* As key_field() has it. */
static struct mr_key key_of_entity(const struct mr_entity *e)
{
    const bool erased = mr_conflict_named(e->kind) == MR_CONFLICT_DELETED_IN_SOURCE;
    return e->source_key.ptr == NULL && erased ? e->target_key : e->source_key;
}

static enum mr_code check_entity(struct mr_plan_decisions *d, const struct mr_entity *e,
                                 struct mr_err *err)
{
    const struct mr_plan_table *t = &d->tables->tables[e->table];
    struct said said = {.line = 0};
    struct mr_decision_line by_key = {.line = 0};
    const struct mr_key named = key_of_entity(e);
    if (named.ptr == NULL)
        return MR_OK;
    enum mr_code code = name_row(d, t, named, err);
    if (code == MR_OK)
        code = find_line(d, t, e->source.ptr != NULL ? e->source : e->target, &by_key, &said, err);
    const char *choice = said.choice;
    const int64_t line = said.line;
    if (code == MR_OK && by_key.line != 0) {
        const char *key = t->key.count > 0 ? mr_arena_strdup(&d->arena, d->text.ptr) : "";
        code = check_images(d, t, &by_key, e, err);
        if (code == MR_OK)
            code = mr_decision_proof_check(d, t, &by_key, key != NULL ? key : "", e, err);
        if (code == MR_OK)
            code = check_taken(d, &by_key, e, err);
        d->settled += code == MR_OK && !by_key.used;
        code = mr_decision_name_line(d, (uint64_t)line, mr_plan_table_name(t),
                                     key != NULL ? key : "", code, err);
    }
    mr_case_reset(d->by_key);
    struct mr_entity answered = as_answered(e, &said);
    answered.source_key = named;
    if (code == MR_OK && line != 0)
        code = mr_plan_decided_keep(d->decided, t, &answered, choice, err);
    return code == MR_OK && line != 0 ? note(d, line, false, false, err) : code;
}

static enum mr_code check_table(struct mr_plan_decisions *d, struct mr_plan_store *store,
                                size_t table, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        code = mr_plan_store_entities(store, table, MR_DECIDE_UNDECIDED, after, BATCH, &arena,
                                      &list, err);
        for (size_t i = 0; code == MR_OK && i < list.count; i++) {
            const struct mr_entity *e = mr_vec_at(&list, i);
            after = e->id;
            code = check_entity(d, e, err);
        }
    } while (code == MR_OK && list.count > 0);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

static bool has_blanks(const char *key)
{
    const size_t len = strlen(key);
    return mr_csv_trimmed((struct mr_csv_field){key, len}).len < len;
}

/* A row of which the plan knows nothing stands equal on both sides by now, or SOURCE has no
 * such row, and the file is not of this case; or the key is spelled in another way than the
 * plan's, and nobody asked the line. */
static enum mr_code check_unknown(struct mr_plan_decisions *d, const struct mr_decision_line *line,
                                  struct mr_err *err)
{
    const struct mr_plan_table *t = mr_decision_table(d, line->table);
    const char *key = line->key;
    const bool erased = mr_conflict_named(line->kind) == MR_CONFLICT_DELETED_IN_SOURCE;
    if (key == NULL || t == NULL || t->key.count == 0 || erased)
        return MR_OK;
    if (mr_decision_line_is_vague(&t->key, key)) {
        mr_log_warning("decisions \"%s\", line %" PRId64
                       ": table \"%s\": nothing is asked about a row "
                       "that is as the line has it, and key \"%.200s\" may be of several rows: it "
                       "is passed over",
                       d->path, line->line, mr_plan_table_name(t), key);
        return MR_OK;
    }
    enum mr_code code =
        mr_decision_rows_find(d->tables->pairing.side[MR_SOURCE].main, t, key, &d->text, err);
    if (code == MR_OK && d->text.len > 0 && strcmp(d->text.ptr, key) == 0)
        return mr_decision_name_line(d, (uint64_t)line->line, mr_plan_table_name(t), key,
                                     mr_decision_proof_key(line, key, err), err);
    if (code != MR_OK)
        return code;
    if (d->file.is_plans_own) {
        mr_log_warning("table \"%s\": the source has no row %.200s any more: what was decided "
                       "about it is passed over",
                       mr_plan_table_name(t), key);
        return MR_OK;
    }
    if (d->text.len == 0) {
        const bool is_spoilt = mr_decision_file_is_spoilt(t, key);
        code = mr_err_set(err, MR_E_REFUSED, "the source has no row \"%.200s\" in table \"%s\"%s",
                          key, mr_plan_table_name(t),
                          is_spoilt ? ": a spreadsheet has made something else of the key" : "");
        mr_err_hint(err, "%s",
                    is_spoilt ? "Import the column source_key as text, so that all digits stay."
                    : has_blanks(key) ? "Blanks at its ends are taken for its own: leave them out."
                                      : "Use conflicts.csv of a plan of the same case.");
    } else {
        code =
            mr_err_set(err, MR_E_REFUSED, "the key \"%.200s\" of table \"%s\" is spelled otherwise",
                       key, mr_plan_table_name(t));
        mr_err_hint(err, "Write it as conflicts.csv of a plan does: %.200s.", d->text.ptr);
    }
    return mr_decision_name_line(d, (uint64_t)line->line, mr_plan_table_name(t), key, code, err);
}

static enum mr_code find_unknown(struct mr_plan_decisions *d, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct mr_decision_line line;
    uint64_t count = d->settled;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(d->cf,
                        "SELECT line, tbl, skey, kind, source, target, identity FROM decision"
                        " WHERE NOT known ORDER BY line",
                        &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(line_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &line, &row, err)) == MR_OK &&
           row) {
        size_t faults = d->faults.list.count;
        code = check_unknown(d, &line, err);
        count += d->faults.list.count == faults;
    }
    if (code == MR_OK && count > 0)
        mr_log_info("decisions about rows that are settled by now: %" PRIu64, count);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_decisions_check(struct mr_plan_decisions *d, struct mr_plan_store *store,
                                     struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < d->tables->ntables; i++) {
        bool has = false;
        code = MR_CASE_HAS(d->cf, "SELECT 1 FROM decision WHERE tbl=:tbl LIMIT 1", &has, err,
                           MR_ARG_TEXT("tbl", mr_plan_table_name(&d->tables->tables[i])));
        if (code == MR_OK && has)
            code = check_table(d, store, i, err);
    }
    if (code == MR_OK)
        code = find_unknown(d, err);
    return code == MR_OK ? mr_decision_faults_report(&d->faults, err) : code;
}
