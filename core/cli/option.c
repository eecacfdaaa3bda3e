/* option.c: see option.h. */
#include "core/cli/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/secret.h"

_Static_assert(sizeof(enum mr_switch) == sizeof(unsigned), "enums are stored as unsigned");

bool mr_string_list_has(const struct mr_string_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->items[i], name) == 0)
            return true;
    return false;
}

/* Fields are reached by offset in a struct that this module does not know; memcpy keeps
 * that free of aliasing assumptions. */
static void store(const struct mr_option *option, void *values, const void *value, size_t size)
{
    memcpy((char *)values + option->offset, value, size);
}

static void fetch(const struct mr_option *option, const void *values, void *value, size_t size)
{
    memcpy(value, (const char *)values + option->offset, size);
}

/* -1: not a word for yes or no. */
static int parse_bool(const char *text)
{
    static const char *const yes[] = {"yes", "on", "true", "1"};
    static const char *const no[] = {"no", "off", "false", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcasecmp(text, yes[i]) == 0)
            return 1;
        if (strcasecmp(text, no[i]) == 0)
            return 0;
    }
    return -1;
}

static enum mr_code set_flag(const struct mr_option *option, void *values, const char *text,
                             struct mr_err *err)
{
    int truth = parse_bool(text);
    if (truth < 0) {
        (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is neither yes nor no", text);
        mr_err_hint(err, "Write yes or no.");
        return MR_E_USAGE;
    }
    bool value = truth == 1;
    store(option, values, &value, sizeof value);
    return MR_OK;
}

/* What is written where a word belongs could be an account's password. */
static void bad_word(const char *text, const char *why, struct mr_err *err)
{
    char *masked = strdup(text);
    if (masked != NULL)
        (void)mr_secret_mask_word(masked);
    (void)mr_err_set(err, MR_E_USAGE, "\"%s\" %s", masked != NULL ? masked : "", why);
    free(masked);
}

static enum mr_code set_switch(const struct mr_option *option, void *values, const char *text,
                               struct mr_err *err)
{
    int truth = parse_bool(text);
    unsigned value = truth == 1 ? MR_SWITCH_ON : MR_SWITCH_OFF;
    if (strcasecmp(text, "auto") == 0) {
        value = MR_SWITCH_AUTO;
    } else if (truth < 0) {
        bad_word(text, "is none of yes, no and auto", err);
        mr_err_hint(err, "Write yes, no or auto.");
        return MR_E_USAGE;
    }
    store(option, values, &value, sizeof value);
    return MR_OK;
}

static enum mr_code bad_number(const struct mr_option *option, const char *text, const char *why,
                               struct mr_err *err)
{
    bad_word(text, why, err);
    if (option->type == MR_OPTION_MILLIS)
        mr_err_hint(err, "Give seconds from %g to %g, with up to three decimals.",
                    (double)option->min / 1000, (double)option->max / 1000);
    else
        mr_err_hint(err, "Give a whole number from %llu to %llu.", (unsigned long long)option->min,
                    (unsigned long long)option->max);
    return MR_E_USAGE;
}

/* Digits only (strtoull alone takes blanks and signs); UINT64_MAX on overflow. */
static bool parse_digits(const char *text, uint64_t *value, const char **end)
{
    if (*text < '0' || *text > '9')
        return false;
    char *stop = NULL;
    *value = strtoull(text, &stop, 10);
    *end = stop;
    return true;
}

static enum mr_code parse_uint(const struct mr_option *option, const char *text, uint64_t *value,
                               struct mr_err *err)
{
    const char *end = NULL;
    errno = 0;
    if (text[0] == '-' && parse_digits(text + 1, value, &end) && *end == '\0')
        return bad_number(option, text, "is out of range", err);
    if (!parse_digits(text, value, &end) || *end != '\0')
        return bad_number(option, text, "is not a whole number", err);
    if (errno == ERANGE || *value < option->min || *value > option->max)
        return bad_number(option, text, "is out of range", err);
    return MR_OK;
}

/* Without floating point, so that 0.3 s are 300 ms; what is finer than a thousandth is an error and
 * not rounded. */
static enum mr_code parse_millis(const struct mr_option *option, const char *text, uint64_t *value,
                                 struct mr_err *err)
{
    const char *end = NULL;
    uint64_t seconds = 0;
    errno = 0;
    if (!parse_digits(text, &seconds, &end))
        return bad_number(option, text, "is not a number of seconds", err);
    bool overflow = errno == ERANGE || seconds > UINT64_MAX / 1000 - 1;
    uint64_t millis = 0;
    if (*end == '.') {
        uint64_t weight = 100;
        end++;
        for (; *end >= '0' && *end <= '9' && weight > 0; weight /= 10)
            millis += (uint64_t)(*end++ - '0') * weight;
        if (weight == 100)
            return bad_number(option, text, "is not a number of seconds", err);
    }
    if (*end != '\0')
        return bad_number(option, text, "is not a number of seconds", err);
    if (overflow)
        return bad_number(option, text, "is out of range", err);
    *value = seconds * 1000 + millis;
    if (*value < option->min || *value > option->max)
        return bad_number(option, text, "is out of range", err);
    return MR_OK;
}

static enum mr_code set_number(const struct mr_option *option, void *values, const char *text,
                               struct mr_err *err)
{
    uint64_t wide = 0;
    MR_TRY(option->type == MR_OPTION_MILLIS ? parse_millis(option, text, &wide, err)
                                            : parse_uint(option, text, &wide, err));
    unsigned narrow = (unsigned)wide;
    if (option->type == MR_OPTION_UINT64)
        store(option, values, &wide, sizeof wide);
    else
        store(option, values, &narrow, sizeof narrow);
    return MR_OK;
}

static enum mr_code set_choice(const struct mr_option *option, void *values, const char *text,
                               struct mr_err *err)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    for (const struct mr_choice *choice = option->choices; choice->word != NULL; choice++) {
        if (strcmp(text, choice->word) == 0) {
            store(option, values, &choice->value, sizeof choice->value);
            mr_strbuf_release(&words);
            return MR_OK;
        }
        mr_strbuf_add_fmt(&words, "%s%s", words.len > 0 ? ", " : "", choice->word);
    }
    bad_word(text, "is not one of its values", err);
    mr_err_hint(err, "Choose one of: %s.", words.ptr);
    mr_strbuf_release(&words);
    return MR_E_USAGE;
}

static enum mr_code add_item(const struct mr_option *option, void *values, char *item,
                             struct mr_arena *arena, struct mr_err *err)
{
    struct mr_string_list list;
    fetch(option, values, &list, sizeof list);
    /* the arena frees nothing alone, so the old array stays behind: lists are short */
    const char **items = mr_arena_calloc(arena, list.count + 1, sizeof *items);
    if (items == NULL)
        return mr_err_nomem(err, "reading options");
    if (list.count > 0)
        memcpy(items, list.items, list.count * sizeof *items);
    items[list.count] = item;
    list.items = items;
    list.count++;
    store(option, values, &list, sizeof list);
    return MR_OK;
}

/* An empty value is mostly a variable of a script that is not set: --where "" must not mean all
 * rows. */
static enum mr_code set_text(const struct mr_option *option, void *values, const char *text,
                             struct mr_arena *arena, struct mr_err *err)
{
    if (text[0] == '\0') {
        (void)mr_err_set(err, MR_E_USAGE, "the value is empty");
        mr_err_hint(err, "Give a value, or leave the option out.");
        return MR_E_USAGE;
    }
    char *copy = mr_arena_strdup(arena, text);
    if (copy == NULL)
        return mr_err_nomem(err, "reading options");
    if (option->type == MR_OPTION_LIST)
        return add_item(option, values, copy, arena, err);
    store(option, values, &copy, sizeof copy);
    return MR_OK;
}

enum mr_code mr_option_set(const struct mr_option *option, void *values, const char *text,
                           struct mr_arena *arena, struct mr_err *err)
{
    switch (option->type) {
    case MR_OPTION_FLAG: return set_flag(option, values, text, err);
    case MR_OPTION_SWITCH: return set_switch(option, values, text, err);
    case MR_OPTION_STRING:
    case MR_OPTION_LIST: return set_text(option, values, text, arena, err);
    case MR_OPTION_UINT:
    case MR_OPTION_UINT64:
    case MR_OPTION_MILLIS:
    case MR_OPTION_COUNTER: return set_number(option, values, text, err);
    case MR_OPTION_CHOICE: return set_choice(option, values, text, err);
    case MR_OPTION_HELP:
    case MR_OPTION_VERSION: break;
    }
    return mr_err_set(err, MR_E_BUG, "option \"%s\" has no value to set", option->name);
}

void mr_option_bump(const struct mr_option *option, void *values)
{
    unsigned count = 0;
    fetch(option, values, &count, sizeof count);
    if (count < option->max)
        count++;
    store(option, values, &count, sizeof count);
}

void mr_option_clear(const struct mr_option *option, void *values)
{
    const struct mr_string_list empty = {0};
    store(option, values, &empty, sizeof empty);
}

bool mr_option_has_value(const struct mr_option *option)
{
    return option->arg != NULL;
}

bool mr_option_is_repeatable(const struct mr_option *option)
{
    return option->type == MR_OPTION_LIST;
}

bool mr_option_is_setting(const struct mr_option *option)
{
    return option->type != MR_OPTION_HELP && option->type != MR_OPTION_VERSION;
}

static bool show_text(const struct mr_option *option, const void *values, size_t index,
                      struct mr_strbuf *out)
{
    const char *text = NULL;
    if (option->type == MR_OPTION_LIST) {
        struct mr_string_list list;
        fetch(option, values, &list, sizeof list);
        text = index < list.count ? list.items[index] : NULL;
    } else {
        fetch(option, values, &text, sizeof text);
    }
    if (text == NULL)
        return false;
    mr_strbuf_add_str(out, text);
    return true;
}

static void show_millis(unsigned millis, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "%u", millis / 1000);
    if (millis % 1000 == 0)
        return;
    mr_strbuf_add_fmt(out, ".%03u", millis % 1000);
    while (out->len > 0 && out->ptr[out->len - 1] == '0')
        out->ptr[--out->len] = '\0';
}

static void show_choice(const struct mr_option *option, unsigned value, struct mr_strbuf *out)
{
    for (const struct mr_choice *choice = option->choices; choice->word != NULL; choice++) {
        if (choice->value == value)
            mr_strbuf_add_str(out, choice->word);
    }
}

/* In the words in which it would be given, so that what "config" prints can be put into a file. */
bool mr_option_show(const struct mr_option *option, const void *values, size_t index,
                    struct mr_strbuf *out)
{
    static const char *const switch_words[] = {
        [MR_SWITCH_AUTO] = "auto", [MR_SWITCH_ON] = "yes", [MR_SWITCH_OFF] = "no"};
    if (option->type == MR_OPTION_STRING || option->type == MR_OPTION_LIST)
        return show_text(option, values, index, out);
    if (!mr_option_is_setting(option))
        return false;
    unsigned number = 0;
    uint64_t wide = 0;
    bool flag = false;
    if (option->type == MR_OPTION_FLAG) {
        fetch(option, values, &flag, sizeof flag);
        mr_strbuf_add_str(out, flag ? "yes" : "no");
    } else if (option->type == MR_OPTION_UINT64) {
        fetch(option, values, &wide, sizeof wide);
        mr_strbuf_add_fmt(out, "%llu", (unsigned long long)wide);
    } else {
        fetch(option, values, &number, sizeof number);
        if (option->type == MR_OPTION_MILLIS)
            show_millis(number, out);
        else if (option->type == MR_OPTION_CHOICE)
            show_choice(option, number, out);
        else if (option->type == MR_OPTION_SWITCH)
            mr_strbuf_add_str(out, switch_words[number]);
        else
            mr_strbuf_add_fmt(out, "%u", number);
    }
    return true;
}
