/* plan_why.c: see plan_why.h. */
#include "repair/plan/plan_why.h"

#include <string.h>

#include "core/base/utf8.h"
#include "repair/decide/decide.h"

/* The rules that a row followed: of its group, and of what stands in its way. */
struct because {
    const char *words[2];
    size_t count;
};

/* Did its facts alone make what became of it?  Rows around it may have: what it hangs on, a
 * circle; or a person. */
static bool is_by_itself(const struct mr_entity_line *line, enum mr_conflict conflict)
{
    const char *name = mr_conflict_name(conflict);
    if (line->kind != NULL && name != NULL)
        return strcmp(line->kind, name) == 0;
    return line->kind == NULL && name == NULL && line->decision != MR_DECIDE_WAITS &&
           line->decision != MR_DECIDE_SKIP && line->decision != MR_DECIDE_LEFT;
}

/* Its facts know nothing of the logs: what these told is not "cannot be told". */
static struct because because_of(const struct mr_entity_line *line)
{
    const struct mr_outcome out = mr_decide_merge(&line->facts);
    const bool is_told = line->logs != NULL && out.obstacle.because == MR_SAYS_CHANGED;
    struct because b = {.count = 0};
    b.words[b.count++] = mr_sentence_words(out.ruling.because);
    if (out.obstacle.because != out.ruling.because && is_by_itself(line, out.obstacle.conflict) &&
        !is_told)
        b.words[b.count++] = mr_sentence_words(out.obstacle.because);
    return b;
}

/* From a file: the terminal is shown no controls. */
static void print_choice(FILE *out, const struct mr_entity_line *line)
{
    (void)fputs("  by the choice ", out);
    mr_utf8_print(out, line->choice);
    (void)fputs(" for ", out);
    mr_utf8_print(out, line->kind != NULL ? line->kind : "it");
    (void)fputs("\n", out);
}

/* By what the logs told, which its facts are not of. */
static void print_logs(FILE *out, const struct mr_entity_line *line)
{
    if (line->logs == NULL)
        return;
    (void)fputs("  by the binary logs: ", out);
    mr_utf8_print(out, line->logs);
    if (line->columns != NULL) {
        (void)fputs(": ", out);
        mr_utf8_print(out, line->columns);
    }
    (void)fputs("\n", out);
}

static void print_awaited(FILE *out, const struct mr_entity_line *line, const char *awaited)
{
    if (awaited == NULL) {
        (void)fputs("a row above it\n", out);
        return;
    }
    mr_utf8_print(out, line->waits_table);
    (void)fputs(" ", out);
    mr_utf8_print(out, awaited);
    (void)fputs("\n", out);
}

/* What its facts do not tell. */
static void print_around(FILE *out, const struct mr_entity_line *line, const char *awaited)
{
    const enum mr_conflict own = mr_decide_merge(&line->facts).obstacle.conflict;
    if (line->choice != NULL) {
        print_choice(out, line);
    } else if (line->decision == MR_DECIDE_WAITS) {
        (void)fputs("  and it waits for ", out);
        print_awaited(out, line, awaited);
        return;
    } else if (line->kind != NULL && line->logs != NULL) {
        (void)fputs("  and it is asked about: ", out);
        mr_utf8_print(out, line->kind);
        (void)fputs("\n", out);
    } else if (line->kind != NULL && !is_by_itself(line, own)) {
        (void)fputs("  and it is in conflict for rows around it: ", out);
        mr_utf8_print(out, line->kind);
        (void)fputs("\n", out);
    }
    if (awaited != NULL) {
        (void)fputs("  and it hangs on ", out);
        print_awaited(out, line, awaited);
    }
}

/* What a row would be if one fact were the other way. */
struct otherwise {
    size_t fact;
    bool now;
    struct mr_outcome outcome;
};

/* The next fact, from *at on, that makes another outcome of it.  What its table is made of is
 * not otherwise. */
static bool next_otherwise(const struct mr_entity_line *line, size_t *at, struct otherwise *other)
{
    const struct mr_fact of_table = {.counted = true, .keyless = true};
    const struct mr_outcome is = mr_decide_merge(&line->facts);
    const uint64_t bits = mr_fact_bits(&line->facts), fixed = mr_fact_bits(&of_table);
    while (*at < MR_FACTS) {
        const size_t fact = (*at)++;
        const uint64_t bit = (uint64_t)1 << fact;
        const struct mr_fact turned = mr_fact_of(bits ^ bit);
        *other = (struct otherwise){fact, (bits & bit) != 0, mr_decide_merge(&turned)};
        if ((fixed & bit) == 0 && (other->outcome.ruling.group != is.ruling.group ||
                                   other->outcome.obstacle.conflict != is.obstacle.conflict))
            return true;
    }
    return false;
}

static bool is_known(const struct mr_entity_line *line)
{
    return line->group != MR_GROUP_UNDECIDED;
}

static const char *group_words(enum mr_group group)
{
    switch (group) {
    case MR_GROUP_BASE: return "the same row on both sides";
    case MR_GROUP_GONE: return "deleted on the live side";
    case MR_GROUP_SAME: return "one row, equal on both sides";
    case MR_GROUP_LOST: return "lost history";
    case MR_GROUP_MAYBE: return "deleted on the live side, or lost";
    case MR_GROUP_DOUBT: return "of the common past, or lost";
    case MR_GROUP_UNDECIDED: break;
    }
    return "not known";
}

/* One fact turned at a time, and decided anew by the very function that decided: what it says
 * cannot differ from what was done. */
void mr_plan_why_text(FILE *out, const struct mr_entity_line *line, const char *awaited)
{
    const uint64_t bits = mr_fact_bits(&line->facts);
    struct otherwise other;
    size_t at = 0;
    if (!is_known(line)) {
        (void)fputs("  why: this plan keeps no facts of it\n", out);
        if (awaited != NULL) {
            (void)fputs("  it waits for ", out);
            print_awaited(out, line, awaited);
        }
        return;
    }
    const struct because b = because_of(line);
    (void)fprintf(out, "  it is %s\n", group_words(line->group));
    for (size_t i = 0; i < b.count; i++)
        (void)fprintf(out, "  since %s\n", b.words[i]);
    print_logs(out, line);
    print_around(out, line, awaited);
    (void)fputs("  known of it:\n", out);
    for (size_t i = 0; i < MR_FACTS; i++)
        if ((bits >> i & 1) != 0)
            (void)fprintf(out, "    %s\n", mr_fact_words(i));
    if (line->logs != NULL)
        return; /* what decided is no fact of these */
    (void)fputs("  it would be otherwise:\n", out);
    while (next_otherwise(line, &at, &other)) {
        const char *conflict = mr_conflict_name(other.outcome.obstacle.conflict);
        (void)fprintf(out, "    %s%s: %s%s%s\n", other.now ? "were it not that " : "if ",
                      mr_fact_words(other.fact), group_words(other.outcome.ruling.group),
                      conflict != NULL ? ", conflict " : "", conflict != NULL ? conflict : "");
    }
}

static void put_facts(struct mr_jsonw *w, const struct mr_entity_line *line)
{
    const uint64_t bits = mr_fact_bits(&line->facts);
    mr_jsonw_key(w, "facts");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < MR_FACTS; i++)
        if ((bits >> i & 1) != 0)
            mr_jsonw_str(w, mr_fact_name(i));
    mr_jsonw_array_end(w);
}

void mr_plan_why_json(struct mr_jsonw *w, const struct mr_entity_line *line, const char *awaited)
{
    const struct because b = is_known(line) ? because_of(line) : (struct because){0};
    struct otherwise other;
    size_t at = is_known(line) && line->logs == NULL ? 0 : MR_FACTS;
    mr_jsonw_add_str(w, "group", mr_group_name(line->group));
    put_facts(w, line);
    mr_jsonw_add_texts(w, "because", b.words, b.count);
    mr_jsonw_add_str(w, "logs", line->logs);
    mr_jsonw_add_str(w, "columns", line->columns);
    mr_jsonw_key(w, "waits_for");
    if (awaited != NULL) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "table", line->waits_table);
        mr_jsonw_add_str(w, "key", awaited);
        mr_jsonw_object_end(w);
    } else {
        mr_jsonw_null(w);
    }
    mr_jsonw_key(w, "otherwise");
    mr_jsonw_array_begin(w);
    while (next_otherwise(line, &at, &other)) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "fact", mr_fact_name(other.fact));
        mr_jsonw_add_bool(w, "is", !other.now);
        mr_jsonw_add_str(w, "group", mr_group_name(other.outcome.ruling.group));
        mr_jsonw_add_str(w, "kind", mr_conflict_name(other.outcome.obstacle.conflict));
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}
