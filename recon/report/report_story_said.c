/* report_story_said.c: what the gate and verify have said, from their saved outputs; see
 * report_story_get.h. */
#include <string.h>

#include "core/json/json_lines.h"
#include "recon/gate/gate_file.h"
#include "recon/report/report_story_get.h"

#define MAX_BYTES ((size_t)256 * 1024 * 1024)
#define GATE_SCHEMA "myrecon/gate/1"
#define REPAIR_SCHEMA "myrecon/repair/1"

const char *const mr_story_proof_names[MR_STORY_PROOFS] = {
    [MR_STORY_STANDS] = "stands",
    [MR_STORY_CHANGED_SINCE] = "changed_since",
    [MR_STORY_MISSING] = "missing",
    [MR_STORY_SOMEONE_ELSE] = "someone_else",
    [MR_STORY_ELSEWHERE] = "refers_elsewhere",
    [MR_STORY_TWICE] = "twice",
    [MR_STORY_NOT_DELETED] = "not_deleted",
    [MR_STORY_UNPLANNED] = "unplanned",
    [MR_STORY_NOBODY] = "refers_to_nobody",
    [MR_STORY_SOURCE_MISSING] = "source_missing",
    [MR_STORY_SOURCE_DIFFERS] = "source_differs"};

/* A file may hold several outputs, one after the other. */
struct saying {
    struct mr_story_reader r;
    const char *path;
    size_t gates, verifies; /* that were there before this file */
    bool is_facts;
};

static const char *text_of(const struct json_t *line, const char *key)
{
    const char *text = NULL;
    return mr_json_get_text(line, key, &text, NULL) == MR_OK ? text : "";
}

static enum mr_code is_no(const struct saying *s, const char *what, const char *hint,
                          struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "file \"%s\" is no %s", s->path, what);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

/* ---- the gate ---- */

static enum mr_code is_no_gate(const struct saying *s, struct mr_err *err)
{
    return is_no(s, "output of \"gate check --json\", and no file of \"gate record\"",
                 "Save what the gate says: myrecon gate check --json … > FILE.", err);
}

/* Server and time are what place an output before or after the action: one without them is of no
 * use here. */
static enum mr_code begin_gate(struct saying *s, const struct json_t *line, struct mr_err *err)
{
    struct mr_story_gate *gate = mr_story_push(&s->r, &s->r.story->gates);
    if (gate == NULL)
        return s->r.code;
    gate->checks = (struct mr_vec)MR_VEC_INIT(struct mr_story_check);
    gate->file = s->path;
    gate->run = mr_story_get_text(&s->r, line, "run_id");
    gate->server = mr_story_get_text(&s->r, line, "server");
    gate->started = mr_story_get_text(&s->r, line, "started");
    gate->baseline = mr_story_get_text(&s->r, line, "baseline");
    if (s->r.code == MR_OK && (gate->server == NULL || gate->started == NULL))
        return is_no_gate(s, err);
    return s->r.code;
}

static enum mr_code add_check(struct saying *s, struct mr_story_gate *gate,
                              const struct json_t *line, struct mr_err *err)
{
    struct mr_story_check *check = mr_story_push(&s->r, &gate->checks);
    if (check == NULL)
        return s->r.code;
    check->name = mr_story_get_text(&s->r, line, "name");
    check->severity = mr_story_get_text(&s->r, line, "severity");
    check->priority = mr_story_get_text(&s->r, line, "priority");
    check->message = mr_story_get_said(&s->r, line, "message");
    check->silenced = text_of(line, "silenced_until")[0] != '\0';
    if (s->r.code == MR_OK && (check->name == NULL || check->severity == NULL))
        return is_no_gate(s, err);
    return s->r.code;
}

/* Two kinds of file come by the same option; the first line tells which. Outputs may follow each
 * other in a file, but not together with facts. */
static enum mr_code take_gate(void *ctx, const struct json_t *line, struct mr_err *err)
{
    struct saying *s = ctx;
    struct mr_vec *gates = &s->r.story->gates;
    const char *type = text_of(line, "type");
    if (s->is_facts || strcmp(text_of(line, "schema"), MR_GATE_FACTS_SCHEMA) == 0) {
        s->is_facts = gates->count == s->gates;
        return s->is_facts ? MR_OK : is_no_gate(s, err);
    }
    if (strcmp(type, "run") == 0 && strcmp(text_of(line, "schema"), GATE_SCHEMA) == 0)
        return begin_gate(s, line, err);
    if (gates->count == s->gates)
        return is_no_gate(s, err);
    struct mr_story_gate *gate = mr_vec_at(gates, gates->count - 1);
    if (strcmp(type, "check") == 0)
        return add_check(s, gate, line, err);
    if (strcmp(type, "summary") == 0)
        gate->verdict = mr_story_get_text(&s->r, line, "verdict");
    return s->r.code;
}

/* One table whose rows were only estimated makes the sum of all an estimate. */
static enum mr_code read_facts(struct mr_story *story, const char *path, struct mr_err *err)
{
    struct mr_story_reader r = {story, err, MR_OK};
    struct mr_story_facts *facts = mr_story_push(&r, &story->facts);
    if (facts == NULL)
        return r.code;
    facts->file = path;
    facts->exact = true;
    enum mr_code code = mr_gate_file_read(path, &story->arena, &facts->base, err);
    for (size_t i = 0; code == MR_OK && i < facts->base.server.ntables; i++) {
        const struct mr_gate_table *table = &facts->base.server.tables[i];
        facts->tables++;
        facts->rows += table->rows;
        facts->exact = facts->exact && table->rows_exact;
    }
    return code;
}

enum mr_code mr_story_read_gate(struct mr_story *story, const char *path, struct mr_err *err)
{
    struct saying s = {.r = {story, err, MR_OK}, .path = path, .gates = story->gates.count};
    enum mr_code code =
        mr_json_lines_read(path, MAX_BYTES, MR_JSON_LINES_WHOLE, take_gate, &s, err);
    if (code == MR_OK && s.is_facts)
        return read_facts(story, path, err);
    if (code == MR_E_REFUSED || (code == MR_OK && story->gates.count == s.gates))
        return is_no_gate(&s, err);
    return code;
}

/* ---- verify ---- */

static enum mr_code is_no_verify(const struct saying *s, struct mr_err *err)
{
    return is_no(s, "output of \"repair verify --json\"",
                 "Save what verify says: myrecon repair verify --json DIR TARGET > FILE.", err);
}

/* Other commands of repair have a line like it, without the time. */
static enum mr_code begin_verify(struct saying *s, const struct json_t *line, struct mr_err *err)
{
    struct mr_story_verify *verify = mr_story_push(&s->r, &s->r.story->verifies);
    if (verify == NULL)
        return s->r.code;
    verify->file = s->path;
    verify->plan = mr_story_get_text(&s->r, line, "plan");
    verify->target = mr_story_get_text(&s->r, line, "target");
    verify->started = mr_story_get_text(&s->r, line, "started");
    if (s->r.code == MR_OK &&
        (verify->plan == NULL || verify->started == NULL || verify->target == NULL))
        return is_no_verify(s, err);
    return s->r.code;
}

/* What is not said is not known: it is no 0. */
static enum mr_code lacks(const struct saying *s, const char *member, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "file \"%s\": the last line of verify lacks the count \"%s\"",
                     s->path, member);
    mr_err_hint(err, "Save what verify says anew: myrecon repair verify --json DIR TARGET "
                     "> FILE.");
    return MR_E_USAGE;
}

struct count {
    const char *name;
    uint64_t *to; /* is added to */
};

static enum mr_code take_counts(const struct saying *s, const struct json_t *line,
                                const struct count *counts, size_t ncounts, struct mr_err *err)
{
    for (size_t i = 0; i < ncounts; i++) {
        uint64_t count = 0;
        if (mr_json_get_uint(line, counts[i].name, &count, NULL) != MR_OK)
            return lacks(s, counts[i].name, err);
        *counts[i].to += count;
    }
    return MR_OK;
}

/* Of a plan that raises counters alone verify says nothing of rows. */
static enum mr_code take_proofs(const struct saying *s, const struct json_t *line,
                                struct mr_story_verify *verify, struct mr_err *err)
{
    struct count counts[MR_STORY_PROOFS + 2] = {{"open", &verify->open},
                                                {"not_proven", &verify->not_proven}};
    size_t known = 0;
    uint64_t count;
    for (size_t i = 0; i < MR_STORY_PROOFS; i++)
        counts[i + 2] = (struct count){mr_story_proof_names[i], &verify->rows[i]};
    for (size_t i = 0; i < MR_STORY_PROOFS + 2; i++)
        known += mr_json_get_uint(line, counts[i].name, &count, NULL) == MR_OK;
    verify->tells_rows = known > 0;
    return known > 0 ? take_counts(s, line, counts, MR_STORY_PROOFS + 2, err) : MR_OK;
}

/* An output is whole only with its summary: one that was cut short may lack the very row that is
 * wrong, and proves nothing. */
static enum mr_code take_verify(void *ctx, const struct json_t *line, struct mr_err *err)
{
    struct saying *s = ctx;
    struct mr_vec *list = &s->r.story->verifies;
    const char *type = text_of(line, "type");
    if (strcmp(type, "plan") == 0 && strcmp(text_of(line, "schema"), REPAIR_SCHEMA) == 0)
        return begin_verify(s, line, err);
    if (list->count == s->verifies)
        return is_no_verify(s, err);
    struct mr_story_verify *verify = mr_vec_at(list, list->count - 1);
    if (strcmp(type, "summary") != 0)
        return MR_OK;
    const struct count counts[] = {{"counters", &verify->counters},
                                   {"too_low", &verify->too_low},
                                   {"would_raise", &verify->too_low},
                                   {"unproven", &verify->too_low}};
    enum mr_code code = take_counts(s, line, counts, sizeof counts / sizeof counts[0], err);
    if (code == MR_OK)
        code = take_proofs(s, line, verify, err);
    verify->whole = code == MR_OK;
    return code;
}

enum mr_code mr_story_read_verify(struct mr_story *story, const char *path, struct mr_err *err)
{
    struct saying s = {.r = {story, err, MR_OK}, .path = path, .verifies = story->verifies.count};
    enum mr_code code =
        mr_json_lines_read(path, MAX_BYTES, MR_JSON_LINES_WHOLE, take_verify, &s, err);
    if (code == MR_E_REFUSED || (code == MR_OK && story->verifies.count == s.verifies))
        return is_no_verify(&s, err);
    return code;
}
