/* run_command.c: see run_command.h. */
#include "core/case/run_command.h"

#include <string.h>

#include "core/db/endpoint.h"

void mr_command_add_word(struct mr_strbuf *out, const char *word)
{
    mr_strbuf_add_char(out, ' ');
    mr_strbuf_add_shell_word(out, word, strlen(word));
}

void mr_command_add_option(struct mr_strbuf *out, const char *option, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    mr_strbuf_add_fmt(out, " %s", option);
    mr_command_add_word(out, value);
}

/* Lines of the normal form of a run's options (recon/check), and the options they mean. */
static const struct {
    const char *line, *option;
    const char *initial; /* the value that is not worth saying */
    bool flag;           /* the option takes no value */
} known[] = {
    {"tables=", "--tables", NULL, false},
    {"exclude=", "--exclude", NULL, false},
    {"where=", "--where", NULL, false},
    {"since=", "--since", NULL, false},
    {"objects=", "--objects", "all", false},
    {"consistent=", "--consistent", "0", true},
    {"unrelated=", "--unrelated", "0", true},
    {"same-server=", "--same-server", "0", true},
    {"trust-manifest=", "--trust-manifest", "0", true},
    {"rows of ", NULL, NULL, false},
    {"reference ", NULL, NULL, false},
};
#define KNOWN (sizeof known / sizeof known[0])

/* Which line begins here; KNOWN: the value before goes on, over a line break. */
static size_t line_at(const char *text)
{
    size_t i = 0;
    while (i < KNOWN && strncmp(text, known[i].line, strlen(known[i].line)) != 0)
        i++;
    return i;
}

static void add_option_of(size_t which, const char *value, size_t len, struct mr_strbuf *out)
{
    const char *initial = known[which].initial;
    if (len == 0 || (initial != NULL && len == strlen(initial) && memcmp(value, initial, len) == 0))
        return;
    if (known[which].option == NULL)
        return;
    mr_strbuf_add_fmt(out, known[which].flag ? " %s" : " %s ", known[which].option);
    if (!known[which].flag)
        mr_strbuf_add_shell_word(out, value, len);
}

/* Does it choose rows, so that tables are compared in part? */
static bool is_window(size_t which)
{
    return strcmp(known[which].line, "where=") == 0 || strcmp(known[which].line, "since=") == 0;
}

static void add_options(const char *options, bool whole, struct mr_strbuf *out)
{
    for (const char *at = options; *at != '\0';) {
        size_t which = line_at(at);
        size_t skip = which < KNOWN ? strlen(known[which].line) : 0;
        const char *value = at + skip, *end = value + strcspn(value, "\n");
        while (*end == '\n' && end[1] != '\0' && line_at(end + 1) == KNOWN)
            end += 1 + strcspn(end + 1, "\n");
        if (which < KNOWN && !(whole && is_window(which)))
            add_option_of(which, value, (size_t)(end - value), out);
        at = end + (*end == '\n');
    }
}

const char *mr_run_uri(const struct mr_find_run *run, int side)
{
    if (run->uri[side] != NULL)
        return run->uri[side];
    return side == 0 ? run->source : run->target;
}

static void add_check(const struct mr_find_run *run, const char *config, const char *case_path,
                      bool whole, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, "myrecon check");
    mr_command_add_option(out, "--config", config);
    mr_command_add_option(out, "--case", case_path);
    add_options(run->options, whole, out);
    for (int side = 0; side < 2; side++)
        mr_command_add_word(out, mr_run_uri(run, side));
}

void mr_run_check_command(const struct mr_find_run *run, const char *config, const char *case_path,
                          struct mr_strbuf *out)
{
    add_check(run, config, case_path, false, out);
}

void mr_run_whole_command(const struct mr_find_run *run, const char *config, const char *case_path,
                          struct mr_strbuf *out)
{
    add_check(run, config, case_path, true, out);
}

static void add_place(const char *uri, struct mr_strbuf *out)
{
    struct mr_endpoint ep = {0};
    enum mr_code code = mr_endpoint_parse(&ep, uri, NULL);
    if (code == MR_OK)
        mr_endpoint_place(&ep, out);
    else
        mr_strbuf_add_str(out, uri); /* a file may call anything its server */
    out->failed = out->failed || code == MR_E_NOMEM;
    mr_endpoint_release(&ep);
}

void mr_run_add_side(const struct mr_find_run *run, int side, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, side == 0 ? "SOURCE (lost history, " : "TARGET (live, ");
    add_place(side == 0 ? run->source : run->target, out);
    mr_strbuf_add_char(out, ')');
}
