/* decision_file.c: see decision_file.h. */
#include "repair/planning/decision_file.h"

#include <string.h>

#include "repair/plan/plan_text.h"

static bool is_choice_of(const struct mr_conflict_rule *rule, const char *choice)
{
    static const char newest[] = "newest:";
    const size_t len = sizeof newest - 1;
    if (rule->column == NULL)
        return strcmp(choice, rule->choice) == 0;
    return strncmp(choice, newest, len) == 0 && strcmp(choice + len, rule->column) == 0;
}

bool mr_decision_file_is_rule(const struct mr_decision_file *file, const char *kind,
                              const char *choice)
{
    for (size_t i = 0; file->is_plans_own && i < file->nrules; i++)
        if (strcmp(file->rules[i].kind, kind) == 0 && is_choice_of(&file->rules[i], choice))
            return true;
    return false;
}

/* As conflicts.csv spells it. */
enum mr_code mr_decision_file_is_same(const struct mr_plan_table *table, struct mr_key image,
                                      const char *said, bool *same, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (said == NULL || image.ptr == NULL)
        return MR_OK;
    enum mr_code code = mr_plan_text_json(&text, table, image, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "reading decisions", err);
    *same = *same && code == MR_OK && strcmp(text.ptr, said) == 0;
    mr_strbuf_release(&text);
    return code;
}

bool mr_decision_file_is_spoilt(const struct mr_plan_table *table, const char *key)
{
    if (table->key.count != 1 || strstr(key, "..") != NULL)
        return false;
    const enum mr_class cls = table->pair->find.columns[table->key.at[0]].style.cls;
    return (cls == MR_CLASS_INT || cls == MR_CLASS_UINT) &&
           key[strspn(key, "-+.,'/:eE 0123456789")] == '\0' &&
           (key[strspn(key, "-0123456789")] != '\0' || strchr(key + (key[0] != '\0'), '-') != NULL);
}
