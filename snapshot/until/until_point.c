/* until_point.c: see until_point.h. */
#include "snapshot/until/until_point.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/row/when.h"

#define UUID_CHARS 36
#define DIGITS_MAX 20

/* Digits without a zero in front, and what is behind them; NULL: there are none. */
static const char *read_number(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    return digits == 0 || digits > DIGITS_MAX || (digits > 1 && text[0] == '0') ? NULL
                                                                                : text + digits;
}

/* "0-1-105" */
static bool is_of_mariadb(const char *text)
{
    for (int part = 0; part < 3; part++) {
        text = read_number(text);
        if (text == NULL || *text != (part < 2 ? '-' : '\0'))
            return false;
        text++;
    }
    return true;
}

/* "3e11fa47-…:23", "3e11fa47-…:tag:23" */
static bool is_of_mysql(const char *text)
{
    for (size_t i = 0; i < UUID_CHARS; i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    const char *rest = text + UUID_CHARS, *colon = strrchr(text, ':');
    if (*rest != ':' || colon == NULL)
        return false;
    if (colon > rest && !mr_gtid_is_tag(rest + 1, (size_t)(colon - rest - 1)))
        return false;
    rest = read_number(colon + 1);
    return rest != NULL && *rest == '\0' && colon[1] != '0';
}

static enum mr_code refuse(const char *text, enum mr_flavour flavour, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE,
                     "option \"--until\": \"%.200s\" is neither a time nor a transaction of %s",
                     text, flavour == MR_FLAVOUR_MARIADB ? "a MariaDB" : "a MySQL");
    mr_err_hint(err,
                "Write YYYY-MM-DD[ HH:MM:SS[.f]][Z|+HH:MM] (UTC without a zone), or one "
                "transaction as the log has it: %s.",
                flavour == MR_FLAVOUR_MARIADB ? "0-1-105" : "UUID:23");
    return MR_E_USAGE;
}

enum mr_code mr_until_point_read(struct mr_until_point *p, const char *text,
                                 enum mr_flavour flavour, struct mr_err *err)
{
    struct mr_when when;
    *p = (struct mr_until_point){.text = text};
    if (mr_when_parse(&when, text, NULL) == MR_OK) {
        p->is_time = true;
        p->us = mr_when_us(&when);
        return MR_OK;
    }
    const bool is_mariadb = flavour == MR_FLAVOUR_MARIADB;
    if (!(is_mariadb ? is_of_mariadb(text) : is_of_mysql(text)))
        return refuse(text, flavour, err);
    p->family = is_mariadb ? MR_GTID_OF_MARIADB : MR_GTID_OF_MYSQL;
    return MR_OK;
}

static bool is_named(const struct mr_until_point *p, const struct mr_gtid *gtid)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (gtid->family != p->family)
        return false;
    mr_gtid_add_text(&text, gtid);
    const bool same = strcasecmp(text.ptr, p->text) == 0;
    mr_strbuf_release(&text);
    return same;
}

enum mr_until_side mr_until_point_judge(const struct mr_until_point *p, const struct mr_gtid *gtid,
                                        int64_t committed_us)
{
    if (p->is_time)
        return committed_us > p->us ? MR_UNTIL_BEHIND : MR_UNTIL_BEFORE;
    return is_named(p, gtid) ? MR_UNTIL_AT : MR_UNTIL_BEFORE;
}
