/* general_options.c: see general_options.h. */
#include "core/cli/general_options.h"

#include <string.h>

#include "core/base/log.h"

/* SWITCH and CHOICE write an unsigned; these enums are the fields that receive it. */
_Static_assert(sizeof(enum mr_progress_mode) == sizeof(unsigned), "stored as unsigned");
_Static_assert(sizeof(enum mr_color_mode) == sizeof(unsigned), "stored as unsigned");
_Static_assert(sizeof(enum mr_log_format) == sizeof(unsigned), "stored as unsigned");
_Static_assert((int)MR_PROGRESS_AUTO == (int)MR_SWITCH_AUTO &&
                   (int)MR_PROGRESS_ALWAYS == (int)MR_SWITCH_ON &&
                   (int)MR_PROGRESS_NEVER == (int)MR_SWITCH_OFF,
               "--progress is a switch");

const struct mr_choice mr_general_log_formats[] = {
    {"text", MR_LOG_TEXT},
    {"json", MR_LOG_JSON},
    {NULL, 0},
};

const struct mr_choice mr_general_color_modes[] = {
    {"auto", MR_COLOR_AUTO},
    {"always", MR_COLOR_ALWAYS},
    {"never", MR_COLOR_NEVER},
    {NULL, 0},
};

/* One in the file and the other on the command line do not contradict each other: the stronger
 * origin wins, as for any option. Only of one and the same origin it cannot be said what is
 * meant. */
enum mr_code mr_general_options_finish(const struct mr_settings *settings,
                                       struct mr_general_options *options, struct mr_err *err)
{
    if (!options->quiet || options->verbose == 0)
        return MR_OK;
    const struct mr_option_set *set = settings->set;
    enum mr_origin_kind quiet = mr_settings_origin(settings, mr_settings_find(set, "quiet"))->kind;
    enum mr_origin_kind verbose =
        mr_settings_origin(settings, mr_settings_find(set, "verbose"))->kind;
    if (quiet == verbose) {
        (void)mr_err_set(err, MR_E_USAGE, "quiet and verbose exclude each other");
        mr_err_hint(err, "Keep one of them; \"myrecon config\" says what a file sets.");
        return MR_E_USAGE;
    }
    options->quiet = quiet > verbose;
    if (options->quiet)
        options->verbose = 0;
    return MR_OK;
}

static bool has_flag(const struct mr_settings *settings, const char *name)
{
    bool value = false;
    const struct mr_option *option = mr_settings_find(settings->set, name);
    if (option != NULL && option->type == MR_OPTION_FLAG)
        memcpy(&value, (const char *)settings->values + option->offset, sizeof value);
    return value;
}

/* Programs read the lines of --json, and Nagios its one line, also when all is well. */
bool mr_general_is_silent(const struct mr_settings *settings)
{
    return has_flag(settings, "brief") && has_flag(settings, "quiet") &&
           !has_flag(settings, "json") && !has_flag(settings, "nagios");
}

struct mr_look mr_general_look(const struct mr_general_options *options)
{
    return (struct mr_look){.color = mr_term_use_color(options->color, 1), .brief = options->brief};
}

void mr_general_options_apply(const struct mr_general_options *options)
{
    enum mr_log_level level = options->quiet          ? MR_LOG_WARNING
                              : options->verbose == 0 ? MR_LOG_INFO
                              : options->verbose == 1 ? MR_LOG_DETAIL
                                                      : MR_LOG_DEBUG;
    mr_log_set_level(level);
    mr_log_set_color(mr_term_use_color(options->color, 2));
}
