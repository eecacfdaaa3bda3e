/* test_cli.c: option tables, the command line, settings and their origins, help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/secret.h"
#include "core/base/suggest.h"
#include "core/cli/cli.h"
#include "core/cli/help.h"

enum shape { SHAPE_ROUND = 1, SHAPE_SQUARE };

struct values {
    bool flag;
    enum mr_switch bar;
    const char *text;
    unsigned number;
    uint64_t wide;
    unsigned millis;
    enum shape shape;
    struct mr_string_list list;
    unsigned counter;
    const char *config;
};

static const struct mr_choice shapes[] = {
    {"round", SHAPE_ROUND},
    {"square", SHAPE_SQUARE},
    {NULL, 0},
};

#define AT(field) offsetof(struct values, field)
#define IN_GROUP .group = "Group", .help = "help of it"

static const struct mr_option options[] = {
    {.name = "flag", .letter = 'f', .type = MR_OPTION_FLAG, .offset = AT(flag), IN_GROUP},
    {.name = "bar", .type = MR_OPTION_SWITCH, .offset = AT(bar), .initial = "auto", IN_GROUP},
    {.name = "text",
     .letter = 't',
     .type = MR_OPTION_STRING,
     .offset = AT(text),
     .arg = "TEXT",
     .env = "MR_TEST_TEXT",
     IN_GROUP},
    {.name = "number",
     .type = MR_OPTION_UINT,
     .offset = AT(number),
     .arg = "N",
     .initial = "7",
     .min = 2,
     .max = 100,
     IN_GROUP},
    {.name = "wide",
     .type = MR_OPTION_UINT64,
     .offset = AT(wide),
     .arg = "N",
     .max = UINT64_MAX,
     IN_GROUP},
    {.name = "wait",
     .type = MR_OPTION_MILLIS,
     .offset = AT(millis),
     .arg = "SECONDS",
     .initial = "2",
     .max = 60000,
     IN_GROUP},
    {.name = "shape",
     .type = MR_OPTION_CHOICE,
     .offset = AT(shape),
     .arg = "round|square",
     .initial = "round",
     .choices = shapes,
     .env = "MR_TEST_SQUARE",
     .env_value = "square",
     IN_GROUP},
    {.name = "item",
     .letter = 'i',
     .type = MR_OPTION_LIST,
     .offset = AT(list),
     .arg = "ITEM",
     IN_GROUP},
    {.name = "verbose",
     .letter = 'v',
     .type = MR_OPTION_COUNTER,
     .offset = AT(counter),
     .max = 2,
     IN_GROUP},
    {.name = "config",
     .type = MR_OPTION_STRING,
     .offset = AT(config),
     .arg = "FILE",
     .not_in_file = true,
     IN_GROUP},
};

static const struct mr_option_set option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct values),
};

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    (void)invocation;
    (void)err;
    *exit_code = 0;
    return MR_OK;
}

static const struct mr_command_doc doc = {.summary = "does it",
                                          .operands = "[ONE [TWO]]",
                                          .description = "One.\n\nTwo words.\n",
                                          .examples = "  myrecon do\n"};
static const struct mr_command command = {
    .name = "do", .doc = &doc, .options = &option_set, .max_operands = 2, .run = run};
static const struct mr_command_doc pair_doc = {
    .summary = "pair", .operands = "A B", .description = "P.\n", .examples = "  x\n"};
static const struct mr_command pair = {.name = "pair",
                                       .doc = &pair_doc,
                                       .options = &option_set,
                                       .min_operands = 2,
                                       .max_operands = 2,
                                       .run = run};
static const struct mr_command two_make = {
    .name = "two make", .doc = &doc, .options = &option_set, .max_operands = 2, .run = run};
static const struct mr_command two_undo = {
    .name = "two undo", .doc = &doc, .options = &option_set, .max_operands = 2, .run = run};
static const struct mr_command *const command_items[] = {&command, &pair, &two_make, &two_undo};
static const struct mr_command_list commands = {.items = command_items, .count = 4};

#define MAX_ARGS 10

struct line {
    const char *args[MAX_ARGS]; /* after "myrecon", NULL ends */
};

static enum mr_code parse(struct mr_invocation *inv, const struct line *line, struct mr_err *err)
{
    char *argv[MAX_ARGS + 2] = {strdup("myrecon")};
    int argc = 1;
    for (size_t i = 0; i < MAX_ARGS && line->args[i] != NULL; i++)
        argv[argc++] = strdup(line->args[i]);
    *err = (struct mr_err){.code = MR_OK};
    enum mr_code code = mr_cli_parse(inv, commands, argc, argv, err);
    for (int i = 0; i < argc; i++)
        free(argv[i]); /* the invocation must not point into argv */
    return code;
}

static const struct values *parse_good(struct mr_invocation *inv, const struct line *line)
{
    struct mr_err err;
    enum mr_code code = parse(inv, line, &err);
    if (code != MR_OK)
        print_error("%s\n", err.message);
    assert_int_equal(code, MR_OK);
    assert_int_equal(inv->request, MR_CLI_RUN);
    return inv->settings.values;
}

static void test_defaults(void **state)
{
    (void)state;
    struct mr_invocation inv;
    const struct values *v = parse_good(&inv, &(struct line){{"do"}});
    assert_false(v->flag);
    assert_int_equal(v->bar, MR_SWITCH_AUTO);
    assert_null(v->text);
    assert_int_equal(v->number, 7);
    assert_int_equal(v->millis, 2000);
    assert_int_equal(v->shape, SHAPE_ROUND);
    assert_int_equal(v->list.count, 0);
    assert_int_equal(v->counter, 0);
    assert_int_equal(inv.noperands, 0);
    mr_cli_release(&inv);
}

static void test_every_type(void **state)
{
    (void)state;
    struct mr_invocation inv;
    const struct values *v = parse_good(
        &inv, &(struct line){{"do", "--flag", "--no-bar", "--text=a=b", "--number", "100",
                              "--wide=18446744073709551615", "--wait", "0.25", "--shape=square"}});
    assert_true(v->flag);
    assert_int_equal(v->bar, MR_SWITCH_OFF);
    assert_string_equal(v->text, "a=b");
    assert_int_equal(v->number, 100);
    assert_true(v->wide == UINT64_MAX);
    assert_int_equal(v->millis, 250);
    assert_int_equal(v->shape, SHAPE_SQUARE);
    mr_cli_release(&inv);
}

static void test_mixed(void **state)
{
    (void)state;
    struct mr_invocation inv;
    const struct values *v =
        parse_good(&inv, &(struct line){{"do", "one", "-vf", "-i", "a", "--item=b", "-ic", "--bar",
                                         "--", "--flag"}});
    assert_true(v->flag);
    assert_int_equal(v->counter, 1);
    assert_int_equal(v->bar, MR_SWITCH_ON);
    assert_int_equal(v->list.count, 3);
    assert_string_equal(v->list.items[0], "a");
    assert_string_equal(v->list.items[1], "b");
    assert_string_equal(v->list.items[2], "c");
    assert_int_equal(inv.noperands, 2);
    assert_string_equal(inv.operands[0], "one");
    assert_string_equal(inv.operands[1], "--flag");
    mr_cli_release(&inv);

    v = parse_good(&inv, &(struct line){{"do", "-v", "-", "-vv", "--flag", "--flag"}});
    assert_int_equal(v->counter, 2); /* its greatest */
    assert_string_equal(inv.operands[0], "-");
    mr_cli_release(&inv);
}

static void test_milliseconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned millis;
        bool good;
    } table[] = {
        {"0", 0, true},
        {"1", 1000, true},
        {"1.5", 1500, true},
        {"0.001", 1, true},
        {"60", 60000, true},
        {"60.000", 60000, true},
        {"59.999", 59999, true},
        {"60.001", 0, false},
        {"61", 0, false},
        {"1.", 0, false},
        {".5", 0, false},
        {"1.2345", 0, false},
        {"-1", 0, false},
        {"+1", 0, false},
        {"1s", 0, false},
        {" 1", 0, false},
        {"1.5.5", 0, false},
        {"18446744073709551617", 0, false},
        {"18446744073709552", 0, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_invocation inv;
        struct mr_err err;
        enum mr_code code = parse(&inv, &(struct line){{"do", "--wait", table[i].text}}, &err);
        assert_int_equal(code, table[i].good ? MR_OK : MR_E_USAGE);
        if (table[i].good)
            assert_int_equal(((const struct values *)inv.settings.values)->millis, table[i].millis);
        mr_cli_release(&inv);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        struct line line;
        const char *message, *hint; /* hint NULL: any */
    } table[] = {
        {{{NULL}}, "no command given", NULL},
        {{{"dö"}}, "unknown command \"dö\"", NULL},
        {{{"pairs"}}, "unknown command \"pairs\"", "Did you mean \"pair\"?"},
        {{{"--flag", "do"}}, "an option where the command belongs", NULL},
        {{{"do", "--falg"}}, "unknown option \"--falg\"", "Did you mean \"--flag\"?"},
        {{{"do", "--fl"}}, "unknown option \"--fl\"", "Did you mean \"--flag\"?"},
        {{{"do", "--fla=secret"}}, "unknown option \"--fla\"", "Did you mean \"--flag\"?"},
        {{{"do", "--zzz"}},
         "unknown option \"--zzz\"",
         "Run \"myrecon do --help\" for its options."},
        {{{"do", "--="}}, "unknown option \"--\"", NULL},
        {{{"do", "--no-flag"}}, "unknown option \"--no-flag\"", NULL},
        {{{"do", "--hel"}}, "unknown option \"--hel\"", "Did you mean \"--help\"?"},
        {{{"do", "-x"}}, "unknown option \"-x\"", NULL},
        {{{"do", "-vx"}}, "unknown option \"-x\"", NULL},
        {{{"do", "--flag=yes"}}, "option \"--flag\" takes no value", NULL},
        {{{"do", "--no-bar=1"}}, "option \"--no-bar\" takes no value", NULL},
        {{{"do", "--help=x"}}, "option \"--help\" takes no value", NULL},
        {{{"do", "--text"}}, "option \"--text\" needs a value", NULL},
        {{{"do", "--text", "--flag"}}, "option \"--text\" needs a value", NULL},
        {{{"do", "-t"}}, "option \"--text\" needs a value", NULL},
        {{{"do", "--text="}}, "option \"--text\": the value is empty", NULL},
        {{{"do", "--text=a", "--text=a"}}, "option \"--text\" given twice", NULL},
        {{{"do", "--bar", "--no-bar"}}, "option \"--bar\" given twice", NULL},
        {{{"do", "--number", "1"}},
         "option \"--number\": \"1\" is out of range",
         "Give a whole number from 2 to 100."},
        {{{"do", "--number", "101"}}, "option \"--number\": \"101\" is out of range", NULL},
        {{{"do", "--number", "0x10"}}, "option \"--number\": \"0x10\" is not a whole number", NULL},
        {{{"do", "--number", "u/PW@h"}},
         "option \"--number\": \"u/xx@h\" is not a whole number",
         NULL},
        {{{"do", "--number", "PW@h"}}, "option \"--number\": \"xx@h\" is not a whole number", NULL},
        {{{"do", "--number", "-pPW"}}, "option \"--number\": \"-pxx\" is not a whole number", NULL},
        {{{"do", "--number", "-5"}},
         "option \"--number\": \"-5\" is out of range",
         "Give a whole number from 2 to 100."},
        {{{"do", "--number", "-5x"}}, "option \"--number\": \"-5x\" is not a whole number", NULL},
        {{{"do", "--wide", "18446744073709551616"}},
         "option \"--wide\": \"18446744073709551616\" is out of range",
         NULL},
        {{{"do", "--shape", "oval"}},
         "option \"--shape\": \"oval\" is not one of its values",
         "Choose one of: round, square."},
        {{{"do", "--shape", "Round"}},
         "option \"--shape\": \"Round\" is not one of its values",
         NULL},
        {{{"do", "a", "b", "c"}}, "unexpected operand \"c\"", NULL},
        {{{"pair", "a"}}, "command \"pair\" needs A B; 1 of 2 given", NULL},
        {{{"pair"}}, "command \"pair\" needs A B; 0 of 2 given", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_invocation inv;
        struct mr_err err;
        assert_int_equal(parse(&inv, &table[i].line, &err), MR_E_USAGE);
        assert_string_equal(err.message, table[i].message);
        assert_non_null(mr_err_get_hint(&err));
        if (table[i].hint != NULL)
            assert_string_equal(err.hint, table[i].hint);
        assert_null(strchr(err.message, '\n'));
        mr_cli_release(&inv);
    }
}

/* However wrong the line is: no message repeats a password. */
static void test_no_password(void **state)
{
    (void)state;
    static const struct line table[] = {
        {{"mysql://u:hushhush@h/db"}},
        {{"do", "a", "b", "mysql://u:hushhush@h/db"}},
        {{"do", "a", "b", "mariadb://u:hush@hush@h/db"}},
        {{"do", "--number", "mysql://u:hushhush@h"}},
        {{"do", "--shape=mysql://u:hushhush@h"}},
        {{"do", "--sorce=mysql://u:hushhush@h"}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_invocation inv;
        struct mr_err err;
        assert_int_equal(parse(&inv, &table[i], &err), MR_E_USAGE);
        assert_null(strstr(err.message, "hush"));
        assert_null(strstr(err.detail, "hush"));
        assert_null(strstr(err.hint, "hush"));
        mr_cli_release(&inv);
    }
}

static void test_hide_password(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } table[] = {
        {"mysql://u:secret@h:3306/db", "mysql://u:xxxxxx@h:3306/db"},
        {"--source=mysql://u:secret@h", "--source=mysql://u:xxxxxx@h"},
        {"mysql://u:se@cr:et@h", "mysql://u:xxxxxxxx@h"},
        {"mysql://u:@h", "mysql://u:@h"},
        {"mysql://u@h:3306/db", "mysql://u@h:3306/db"},
        {"mysql://h:3306/db", "mysql://h:3306/db"},
        {"maria://u:pw@h", "maria://u:xx@h"},
        {"snapshot:dir", "snapshot:dir"},
        {"club.t=a != 'x:y@z'", "club.t=a != 'x:y@z'"},
        {"", ""},
        {"u:PW@h", "u:xx@h"},
        {"mysql:/u:PW@h", "mysql:/u:xx@h"},
        {"mysql:u:PW@h", "mysql:u:xx@h"},
        {"mysql://u:PW", "mysql://u:xx"},
        {"mysql://u:PW/db", "mysql://u:xx/db"},
        {"mysql://u:PW@h:PW/", "mysql://u:xx@h:xx/"},
        {"u@h:PW", "u@h:xx"},
        {"mysql://u:20260402", "mysql://u:xxxxxxxx"},
        {"mysql://h:99999/db", "mysql://h:99999/db"},
        {"mysql://u@[::1]:3306/db", "mysql://u@[::1]:3306/db"},
        {"mysql://[::1]:PW", "mysql://[::1]:xx"},
        {"?password=PW", "?password=xx"},
        {"mysql://h/db?ssl-mode=required&Pwd=a&b=1", "mysql://h/db?ssl-mode=required&Pwd=x&b=1"},
        {"--target=u:PW@h", "--target=u:xx@h"},
        {"/backup/10:00@db1", "/backup/10:00@db1"},
        {"snapshot:/b/10:00@db1?key=k.pem", "snapshot:/b/10:00@db1?key=k.pem"},
        {"10.0.0.1:3306", "10.0.0.1:3306"},
        {"password=PW", "password=xx"},
        {"user=u;Pwd=P;W;server=h", "user=u;Pwd=xxxxxxxxxxxx"},
        {"h=host,u=joe,p=P,W", "h=host,u=joe,p=xxx"},
        {"p=1", "p=1"},
        {"-pPW", "-pxx"},
        {"-p", "-p"},
        {"--password=PW", "--password=xx"},
        {"--config=--password=PW", "--config=--password=xx"},
        {"u/PW@h", "u/PW@h"}, /* a path */
        {"club.password=1", "club.password=1"},
        {"passport=passport2", "passport=passport2"},
        {"--where=t=a<'1:2' AND b='@'", "--where=t=a<'1:2' AND b='@'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *arg = strdup(table[i].before);
        (void)mr_secret_mask(arg);
        assert_string_equal(arg, table[i].after);
        free(arg);
    }
}

static void test_requests(void **state)
{
    (void)state;
    static const struct {
        struct line line;
        enum mr_cli_request request;
        const struct mr_command *command;
    } table[] = {
        {{{"--help"}}, MR_CLI_HELP, NULL},
        {{{"-h"}}, MR_CLI_HELP, NULL},
        {{{"help"}}, MR_CLI_HELP, NULL},
        {{{"help", "pair"}}, MR_CLI_HELP, &pair},
        {{{"pair", "--help"}}, MR_CLI_HELP, &pair},
        {{{"pair", "-vh"}}, MR_CLI_HELP, &pair},
        {{{"pair", "a", "b", "--help", "--nonsense"}}, MR_CLI_HELP, &pair},
        {{{"--version"}}, MR_CLI_VERSION, NULL},
        {{{"version"}}, MR_CLI_VERSION, NULL},
        {{{"do", "--version"}}, MR_CLI_VERSION, &command},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_invocation inv;
        struct mr_err err;
        assert_int_equal(parse(&inv, &table[i].line, &err), MR_OK);
        assert_int_equal(inv.request, table[i].request);
        assert_ptr_equal(inv.command, table[i].command);
        mr_cli_release(&inv);
    }
}

static enum mr_origin_kind origin(const struct mr_invocation *inv, const char *name)
{
    const struct mr_option *option = mr_settings_find(&option_set, name);
    assert_non_null(option);
    return mr_settings_origin(&inv->settings, option)->kind;
}

static struct mr_config *config_of(const char *text)
{
    struct mr_err err;
    struct mr_config *config = NULL;
    assert_int_equal(
        mr_config_parse(text, strlen(text), "my.ini", MR_CONFIG_NO_ROOMS, &config, &err), MR_OK);
    return config;
}

/* default < environment < file < command line, lists as a whole. */
static void test_precedence(void **state)
{
    (void)state;
    struct mr_invocation inv;
    struct mr_err err;
    assert_int_equal(setenv("MR_TEST_TEXT", "from env", 1), 0);
    assert_int_equal(setenv("MR_TEST_SQUARE", "1", 1), 0);
    const struct values *v =
        parse_good(&inv, &(struct line){{"do", "--number=9", "--item=x", "-v", "--no-bar"}});
    assert_int_equal(unsetenv("MR_TEST_TEXT"), 0);
    assert_int_equal(unsetenv("MR_TEST_SQUARE"), 0);
    assert_string_equal(v->text, "from env");
    assert_int_equal(v->shape, SHAPE_SQUARE);
    assert_int_equal(origin(&inv, "shape"), MR_ORIGIN_ENVIRONMENT);

    struct mr_config *config = config_of("[options]\n"
                                         "text = from file\n"
                                         "number = 11\n"
                                         "item = a\n"
                                         "verbose = 2\n"
                                         "bar = auto\n"
                                         "flag = yes\n"
                                         "wait = 0.5\n");
    assert_int_equal(mr_cli_check_file(commands, config, &err), MR_OK);
    assert_int_equal(mr_settings_apply_file(&inv.settings, config, &err), MR_OK);
    mr_config_free(config);
    assert_string_equal(v->text, "from file");
    assert_int_equal(v->number, 9);
    assert_int_equal(v->list.count, 1);
    assert_string_equal(v->list.items[0], "x");
    assert_int_equal(v->counter, 1);
    assert_int_equal(v->bar, MR_SWITCH_OFF);
    assert_true(v->flag);
    assert_int_equal(v->millis, 500);
    assert_int_equal(origin(&inv, "text"), MR_ORIGIN_FILE);
    assert_int_equal(origin(&inv, "number"), MR_ORIGIN_COMMAND_LINE);
    assert_int_equal(origin(&inv, "wide"), MR_ORIGIN_DEFAULT);
    const struct mr_origin *place =
        mr_settings_origin(&inv.settings, mr_settings_find(&option_set, "wait"));
    assert_string_equal(place->where, "my.ini");
    assert_int_equal(place->line, 8);
    mr_cli_release(&inv);
}

static void test_file_list(void **state)
{
    (void)state;
    struct mr_invocation inv;
    struct mr_err err;
    const struct values *v = parse_good(&inv, &(struct line){{"do"}});
    struct mr_config *config = config_of("[options]\nitem = a\nitem = b\n");
    assert_int_equal(mr_cli_check_file(commands, config, &err), MR_OK);
    assert_int_equal(mr_settings_apply_file(&inv.settings, config, &err), MR_OK);
    mr_config_free(config);
    assert_int_equal(v->list.count, 2);
    assert_string_equal(v->list.items[1], "b");
    mr_cli_release(&inv);
}

static void test_file_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message, *hint;
    } table[] = {
        {"[options]\nnumbr = 3\n", "my.ini:2: unknown key \"numbr\" in section [options]",
         "Did you mean \"number\"?"},
        {"[options]\n\nqqq = 3\n", "my.ini:3: unknown key \"qqq\" in section [options]", NULL},
        {"[options]\n--number = 3\n", "my.ini:2: unknown key \"--number\" in section [options]",
         "Did you mean \"number\"?"},
        {"[options]\nhelp = yes\n", "my.ini:2: unknown key \"help\" in section [options]", NULL},
        {"[options]\nconfig = x\n", "my.ini:2: command line option \"config\" in section [options]",
         "Give --config on the command line."},
        {"[options]\nnumber = 3\nnumber = 3\n", "my.ini:3: key \"number\" given twice in section",
         NULL},
        {"[options]\nnumber = 300\n", "my.ini:2: key \"number\": \"300\" is out of range", NULL},
        {"[options]\nflag = maybe\n", "my.ini:2: key \"flag\": \"maybe\" is neither yes nor no",
         NULL},
        {"[options]\nbar = maybe\n", "my.ini:2: key \"bar\": \"maybe\" is none of yes, no and auto",
         NULL},
        {"[options]\nverbose = 3\n", "my.ini:2: key \"verbose\": \"3\" is out of range", NULL},
        {"[options]\ntext =\n", "my.ini:2: key \"text\": the value is empty", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_invocation inv;
        struct mr_err err = {.code = MR_OK};
        (void)parse_good(&inv, &(struct line){{"do"}});
        struct mr_config *config = config_of(table[i].text);
        enum mr_code code = mr_cli_check_file(commands, config, &err);
        if (code == MR_OK)
            code = mr_settings_apply_file(&inv.settings, config, &err);
        assert_int_equal(code, MR_E_CONFIG);
        assert_int_equal(err.code, MR_E_CONFIG);
        assert_string_equal(err.message, table[i].message);
        if (table[i].hint != NULL)
            assert_string_equal(err.hint, table[i].hint);
        mr_config_free(config);
        mr_cli_release(&inv);
    }
}

static void test_show(void **state)
{
    (void)state;
    static const struct {
        struct line line;
        const char *name, *shown; /* NULL: nothing to show */
    } table[] = {
        {{{"do"}}, "flag", "no"},
        {{{"do", "-f"}}, "flag", "yes"},
        {{{"do"}}, "bar", "auto"},
        {{{"do", "--bar"}}, "bar", "yes"},
        {{{"do", "--no-bar"}}, "bar", "no"},
        {{{"do"}}, "text", NULL},
        {{{"do", "--text", "x"}}, "text", "x"},
        {{{"do"}}, "number", "7"},
        {{{"do", "--wide=18446744073709551615"}}, "wide", "18446744073709551615"},
        {{{"do", "--wait=1.250"}}, "wait", "1.25"},
        {{{"do", "--wait=0.001"}}, "wait", "0.001"},
        {{{"do", "--wait=10"}}, "wait", "10"},
        {{{"do", "--shape=square"}}, "shape", "square"},
        {{{"do"}}, "item", NULL},
        {{{"do", "-ia", "-ib"}}, "item", "a"},
        {{{"do", "-vv"}}, "verbose", "2"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_invocation inv;
        struct mr_strbuf text = MR_STRBUF_INIT;
        const struct values *v = parse_good(&inv, &table[i].line);
        const struct mr_option *option = mr_settings_find(&option_set, table[i].name);
        assert_int_equal(mr_option_show(option, v, 0, &text), table[i].shown != NULL);
        assert_string_equal(text.ptr, table[i].shown != NULL ? table[i].shown : "");
        mr_strbuf_release(&text);
        mr_cli_release(&inv);
    }
}

static void test_suggest(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } table[] = {
        {"", "", 0},         {"", "abc", 3},           {"abc", "abc", 0},
        {"abc", "acb", 1},   {"abc", "ab", 1},         {"abc", "abd", 1},
        {"abc", "xabc", 1},  {"threads", "treads", 1}, {"kitten", "sitting", 3},
        {"abcd", "badc", 2},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(mr_suggest_distance(table[i].a, table[i].b), table[i].distance);
        assert_int_equal(mr_suggest_distance(table[i].b, table[i].a), table[i].distance);
    }
    char lengthy[65];
    memset(lengthy, 'a', 64);
    lengthy[64] = '\0';
    assert_true(mr_suggest_distance(lengthy, lengthy) == SIZE_MAX);
    assert_int_equal(mr_suggest_distance(lengthy + 1, lengthy + 1), 0);

    struct mr_suggest suggest = {.typed = "conflig"};
    mr_suggest_offer(&suggest, "check");
    assert_null(suggest.best);
    mr_suggest_offer(&suggest, "conflict");
    mr_suggest_offer(&suggest, "config");
    mr_suggest_offer(&suggest, "conflict");
    assert_string_equal(suggest.best, "config");
}

static void test_two_words(void **state)
{
    (void)state;
    struct mr_invocation inv;
    const struct values *v = parse_good(&inv, &(struct line){{"two", "undo", "-f", "make"}});
    assert_ptr_equal(inv.command, &two_undo);
    assert_true(v->flag);
    assert_int_equal(inv.noperands, 1);
    mr_cli_release(&inv);
    static const struct {
        struct line line;
        const char *group;
        const struct mr_command *command;
    } help[] = {
        {{{"two", "--help"}}, "two", NULL},
        {{{"two", "-h"}}, "two", NULL},
        {{{"help", "two"}}, "two", NULL},
        {{{"help", "two", "make"}}, NULL, &two_make},
        {{{"two", "make", "--help"}}, NULL, &two_make},
    };
    for (size_t i = 0; i < sizeof help / sizeof help[0]; i++) {
        struct mr_err err = {0};
        assert_int_equal(parse(&inv, &help[i].line, &err), MR_OK);
        assert_int_equal(inv.request, MR_CLI_HELP);
        assert_ptr_equal(inv.command, help[i].command);
        if (help[i].group == NULL)
            assert_null(inv.group);
        else
            assert_string_equal(inv.group, help[i].group);
        mr_cli_release(&inv);
    }
    static const struct {
        struct line line;
        const char *message, *hint;
    } bad[] = {
        {{{"two"}},
         "command \"two\" needs a second word",
         "Add one of: make, undo; \"myrecon two --help\""},
        {{{"two", "umdo"}}, "unknown command \"two umdo\"", "\"two undo\""},
        {{{"tw", "undo"}}, "unknown command \"tw\"", ""},
        {{{"two undo"}}, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mr_err err = {0};
        enum mr_code code = parse(&inv, &bad[i].line, &err);
        if (bad[i].message == NULL) {
            assert_int_equal(code, MR_OK);
        } else {
            assert_int_equal(code, MR_E_USAGE);
            assert_string_equal(err.message, bad[i].message);
            assert_non_null(strstr(err.hint, bad[i].hint));
        }
        mr_cli_release(&inv);
    }
}

static void test_help(void **state)
{
    (void)state;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_help_command(&command, 80, &text);
    assert_non_null(strstr(text.ptr, "Usage: myrecon do [OPTIONS] [ONE [TWO]]\n\nOne.\n"
                                     "\nTwo words.\n\nGroup:\n"));
    assert_non_null(strstr(text.ptr, "\n  -t, --text TEXT         help of it\n"));
    assert_non_null(strstr(text.ptr, "\n      --number N          help of it (default: 7)\n"));
    assert_non_null(strstr(text.ptr, "\n      --bar, --no-bar     help of it\n"));
    assert_non_null(strstr(text.ptr, "\nGeneral:\n  -h, --help "));
    assert_non_null(strstr(text.ptr, "\nExamples:\n  myrecon do\n"));
    mr_strbuf_reset(&text);
    mr_help_overview(commands, NULL, 80, &text);
    assert_non_null(strstr(text.ptr, "\n  do               does it\n"));
    mr_strbuf_reset(&text);
    mr_help_overview(commands, "two", 80, &text);
    assert_non_null(strstr(text.ptr, "Usage: myrecon two COMMAND"));
    assert_non_null(strstr(text.ptr, "\n  two undo "));
    assert_null(strstr(text.ptr, "  do "));
    mr_strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),      cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_mixed),         cmocka_unit_test(test_milliseconds),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_no_password),
        cmocka_unit_test(test_hide_password), cmocka_unit_test(test_requests),
        cmocka_unit_test(test_precedence),    cmocka_unit_test(test_file_list),
        cmocka_unit_test(test_file_refused),  cmocka_unit_test(test_show),
        cmocka_unit_test(test_suggest),       cmocka_unit_test(test_help),
        cmocka_unit_test(test_two_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
