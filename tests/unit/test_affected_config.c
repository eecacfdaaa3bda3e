/* test_affected_config.c: a configuration that is not the run's, where the list could be
 * another for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "affected_case.h"
#include "capture.h"
#include "recon/affected/affected_config.h"

#define SUBJECT "[table d.members]\nidentity = phone\nsubject = yes\n"
#define WALLET "[table d.wallet]\nreference = phone -> d.members.id\n"
#define UNKNOWN "the run did not know "
#define UNSAID "it knew, and this does not say, "

struct world {
    const char *run, *now, *subject; /* configurations; --subject */
    const char *said;                /* NULL: nothing */
    bool calm;                       /* no row of d.wallet differs */
    bool windowed;                   /* d.guests were compared in part */
    bool planned;                    /* by the run of a plan */
    enum mr_find_subject of_run;
};

/* What check keeps of its configuration. */
static void keep(struct club *club, const struct mr_config *config)
{
    static const char *const names[] = {"members", "orders", "wallet", "guests"};
    struct mr_vec settings = MR_VEC_INIT(struct mr_find_setting);
    for (size_t t = 0; t < sizeof names / sizeof names[0]; t++) {
        char name[32];
        struct mr_vec lines = MR_VEC_INIT(struct mr_config_line);
        (void)snprintf(name, sizeof name, "d.%s", names[t]);
        case_require(mr_config_lines(config, "d", names[t], &lines, NULL));
        for (size_t i = 0; i < lines.count; i++) {
            const struct mr_config_line *line = mr_vec_at(&lines, i);
            struct mr_find_setting *s = mr_vec_push(&settings);
            *s = (struct mr_find_setting){mr_arena_strdup(&club->list.arena, name),
                                          mr_arena_strdup(&club->list.arena, line->key),
                                          mr_arena_strdup(&club->list.arena, line->value)};
        }
        mr_vec_release(&lines);
    }
    case_require(mr_findings_settings_save(club->c.fd, settings.items, settings.count, NULL));
    mr_vec_release(&settings);
}

/* Orders lead to members by a foreign key, the wallet by its phone where that is said. */
static void run_of(struct club *club, const struct world *w)
{
    static const size_t id[1] = {0}, phone[1] = {1};
    struct mr_config *config = NULL;
    club_begin(club);
    int64_t guests = club_table(club, "d.guests", true, MR_SUBJECT_NO);
    int64_t members = club_table(club, "d.members", true, w->of_run);
    int64_t orders = club_table(club, "d.orders", false, MR_SUBJECT_NO);
    int64_t wallet = club_table(club, "d.wallet", false, MR_SUBJECT_NO);
    struct mr_lineage_reference r = {.table = orders,
                                     .parent = members,
                                     .parent_name = "d.members",
                                     .name = "order_member",
                                     .declared = true,
                                     .condition_at = -1,
                                     .columns = id,
                                     .parent_columns = id,
                                     .ncolumns = 1};
    case_require(mr_lineage_reference_add(club->c.fd, &r, NULL));
    if (strstr(w->run, "phone -> d.members.id") != NULL) {
        r.table = wallet;
        r.declared = false;
        r.columns = phone;
        r.name = "phone -> d.members.id";
        case_require(mr_lineage_reference_add(club->c.fd, &r, NULL));
    }
    (void)club_row(club, orders, MR_KIND_CHANGED, "1/a/x", "1/a/y", NULL, NULL);
    if (!w->calm)
        (void)club_row(club, wallet, MR_KIND_CHANGED, "1/a/x", "1/a/y", NULL, NULL);
    if (w->windowed)
        club_change(club, "UPDATE tbl SET windowed = 1 WHERE id = :tbl", guests);
    case_require(
        mr_config_parse(w->run, strlen(w->run), "run.ini", MR_CONFIG_NO_ROOMS, &config, NULL));
    keep(club, config);
    mr_config_free(config);
    case_require(mr_findings_run_end(club->c.fd, &club->c.run, NULL));
}

static void check_world(const struct world *w)
{
    struct club club;
    struct capture said;
    struct mr_config *config = NULL;
    struct mr_affected_choice choice = {.planned = w->planned};
    bool differs = false;
    run_of(&club, w);
    struct mr_affected *list = &club.list;
    list->fd = club.c.fd;
    list->run = club.c.run;
    case_require(mr_findings_tables(list->fd, &list->arena, &list->tables, &list->ntables, NULL));
    case_require(
        mr_config_parse(w->now, strlen(w->now), "my.ini", MR_CONFIG_NO_ROOMS, &config, NULL));
    choice.config = config;
    if (w->subject != NULL)
        choice.subjects = (struct mr_string_list){&w->subject, 1};
    capture_begin(&said, CAPTURE_FILE, 0);
    case_require(mr_affected_choose(list, &choice, NULL));
    case_require(mr_affected_config(list, &choice, "club.case", &differs, NULL));
    capture_end(&said);
    if (w->said == NULL && strstr(said.text, "another configuration") != NULL)
        fail_msg("%s: \"%s\"", w->now, said.text);
    if (w->said != NULL && strstr(said.text, w->said) == NULL)
        fail_msg("%s: \"%s\" not in \"%s\"", w->now, w->said, said.text);
    if (w->said != NULL && strstr(said.text, "myrecon check --config my.ini --case "
                                             "club.case mysql://a@old/ mysql://a@new/") == NULL)
        fail_msg("no command in \"%s\"", said.text);
    assert_int_equal(differs, w->said != NULL);
    mr_config_free(config);
    mr_arena_release(&club.list.arena);
    case_end(&club.c);
}

/* Nothing, or nothing of the run's tables: then the run's holds. */
static void test_none(void **state)
{
    static const struct world worlds[] = {
        {.run = SUBJECT WALLET, .now = "", .of_run = MR_SUBJECT_CONFIGURED},
        {.run = SUBJECT WALLET,
         .now = "[table *]\nmask = phone\n",
         .of_run = MR_SUBJECT_CONFIGURED},
        {.run = SUBJECT WALLET,
         .now = "[table shop.x]\nidentity = a\n",
         .of_run = MR_SUBJECT_CONFIGURED},
        {.run = SUBJECT WALLET, .now = SUBJECT WALLET, .of_run = MR_SUBJECT_CONFIGURED},
        {.run = SUBJECT WALLET, .now = "", .subject = "members", .of_run = MR_SUBJECT_CONFIGURED},
        {.run = "", .now = "", .subject = "members"},
        {.run = "", .now = SUBJECT, .of_run = MR_SUBJECT_INFERRED},
        {.run = "", .now = SUBJECT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        check_world(&worlds[i]);
}

static void test_references(void **state)
{
    static const struct world worlds[] = {
        {.run = SUBJECT,
         .now = SUBJECT WALLET,
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table d.wallet] reference = phone -> d.members.id"},
        {.run = SUBJECT,
         .now = SUBJECT WALLET,
         .of_run = MR_SUBJECT_CONFIGURED,
         .planned = true,
         .said = "then plan, and list by that plan: "},
        {.run = "",
         .now = SUBJECT WALLET,
         .of_run = MR_SUBJECT_INFERRED,
         .said = UNKNOWN "[table d.wallet] reference = phone -> d.members.id"},
        /* over a table that has no rows of its own that differ */
        {.run = SUBJECT,
         .now = SUBJECT "[table d.wallet]\nreference = note -> d.guests.phone\n"
                        "[table d.guests]\nreference = note -> d.members.phone\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table d.guests] reference = note -> d.members.phone; "
                         "[table d.wallet] reference = note -> d.guests.phone"},
        /* no row of it could lead anywhere */
        {.run = SUBJECT, .now = SUBJECT WALLET, .calm = true, .of_run = MR_SUBJECT_CONFIGURED},
        /* it leads to nobody who is listed */
        {.run = SUBJECT,
         .now = SUBJECT "[table d.wallet]\nreference = note -> d.guests.id\n",
         .of_run = MR_SUBJECT_CONFIGURED},
        /* to a table of which nothing is known */
        {.run = SUBJECT,
         .now = SUBJECT "[table d.wallet]\nreference = note -> d.other.id\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table d.wallet] reference = note -> d.other.id"},
        /* a foreign key says so, too; with a condition it is another */
        {.run = SUBJECT,
         .now = SUBJECT "[table d.orders]\nreference = ID -> d.Members.id\n",
         .of_run = MR_SUBJECT_CONFIGURED},
        {.run = SUBJECT,
         .now = SUBJECT "[table d.orders]\nreference = id -> d.members.id when note = 'm'\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = "[table d.orders] reference = id -> d.members.id when note = 'm'"},
        {.run = SUBJECT,
         .now = SUBJECT "[table d.wallet]\nreference = none: phone\n"
                        "[table *]\nreference = member_id -> d.members.id\n",
         .of_run = MR_SUBJECT_CONFIGURED},
        /* the other way round */
        {.run = SUBJECT WALLET,
         .now = SUBJECT,
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNSAID "[table d.wallet] reference = phone -> d.members.id"},
        {.run = SUBJECT WALLET, .now = SUBJECT, .calm = true, .of_run = MR_SUBJECT_CONFIGURED},
        /* who is listed was inferred: from which references? */
        {.run = "",
         .now = "[table d.wallet]\nreference = note -> d.guests.id\n",
         .of_run = MR_SUBJECT_INFERRED,
         .said = UNKNOWN "[table d.wallet] reference = note -> d.guests.id"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        check_world(&worlds[i]);
}

static void test_rows(void **state)
{
    static const struct world worlds[] = {
        /* who is one person */
        {.run = SUBJECT,
         .now = "[table d.members]\nidentity = note\nsubject = yes\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table d.members] identity = note; it knew, and this does not "
                         "say, [table d.members] identity = phone"},
        {.run = "",
         .now = "[table d.members]\nidentity = phone, note\nsubject = yes\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = "identity = phone, note"},
        {.run = "",
         .now = "[table d.members]\nidentity = key\nsubject = yes\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = "identity = key"},
        {.run = SUBJECT,
         .now = "[table d.members]\nsubject = yes\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNSAID "[table d.members] identity = phone"},
        {.run = SUBJECT,
         .now = SUBJECT "[table d.guests]\nidentity = note\n",
         .of_run = MR_SUBJECT_CONFIGURED},
        /* who people are */
        {.run = SUBJECT,
         .now = "[table d.members]\nidentity = phone\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNSAID "[table d.members] subject = yes"},
        {.run = SUBJECT,
         .now = SUBJECT "[table d.people]\nsubject = yes\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table d.people] subject = yes"},
        {.run = SUBJECT,
         .now = SUBJECT "[table *.people]\nsubject = yes\n",
         .of_run = MR_SUBJECT_CONFIGURED},
        {.run = SUBJECT,
         .now = "[table shop.people]\nsubject = yes\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table shop.people] subject = yes"},
        {.run = SUBJECT,
         .now = "",
         .subject = "guests",
         .windowed = true,
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table d.guests] subject = yes"},
        /* what was left out */
        {.run = SUBJECT,
         .now = SUBJECT "[table d.orders]\nwhere = id > 7\n",
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNKNOWN "[table d.orders] where = id > 7"},
        {.run = SUBJECT "[table d.orders]\nwhere = id > 7\n",
         .now = SUBJECT,
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNSAID "[table d.orders] where = id > 7"},
        {.run = SUBJECT "ignore-columns = note\n",
         .now = SUBJECT,
         .of_run = MR_SUBJECT_CONFIGURED,
         .said = UNSAID "[table d.members] ignore-columns = note"},
        {.run = SUBJECT "[table d.guests]\nwhere = id > 7\n",
         .now = SUBJECT,
         .of_run = MR_SUBJECT_CONFIGURED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        check_world(&worlds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
