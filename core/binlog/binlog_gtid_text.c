/* binlog_gtid_text.c: see binlog_gtid_text.h. */
#include "core/binlog/binlog_gtid_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/binlog/binlog_gtid_set.h"

bool mr_gtid_text_next(const char **text, struct mr_gtid *gtid)
{
    int len = 0;
    *gtid = (struct mr_gtid){.family = MR_GTID_OF_MARIADB};
    *text += strspn(*text, ", \t\n");
    if (sscanf(*text, "%" SCNu32 "-%" SCNu32 "-%" SCNu64 "%n", &gtid->domain, &gtid->server,
               &gtid->sequence, &len) != 3)
        return false;
    *text += len;
    return true;
}

static enum mr_code states_contain(const char *whole, const char *part, bool *does,
                                   struct mr_err *err)
{
    struct mr_gtid_state x, y;
    enum mr_code code = MR_OK;
    mr_gtid_state_init(&x);
    mr_gtid_state_init(&y);
    MR_TRY_OUT(mr_gtid_state_parse(&x, whole, strlen(whole), err));
    MR_TRY_OUT(mr_gtid_state_parse(&y, part, strlen(part), err));
    *does = mr_gtid_state_contains(&x, &y);
out:
    mr_gtid_state_release(&x);
    mr_gtid_state_release(&y);
    return code;
}

static enum mr_code sets_contain(const char *whole, const char *part, bool *does,
                                 struct mr_err *err)
{
    struct mr_gtid_set x, y;
    enum mr_code code = MR_OK;
    mr_gtid_set_init(&x);
    mr_gtid_set_init(&y);
    MR_TRY_OUT(mr_gtid_set_parse(&x, whole, strlen(whole), err));
    MR_TRY_OUT(mr_gtid_set_parse(&y, part, strlen(part), err));
    *does = mr_gtid_set_contains(&x, &y);
out:
    mr_gtid_set_release(&x);
    mr_gtid_set_release(&y);
    return code;
}

enum mr_code mr_gtid_text_contains(bool is_mariadb, const char *whole, const char *part, bool *does,
                                   struct mr_err *err)
{
    *does = false;
    return is_mariadb ? states_contain(whole, part, does, err)
                      : sets_contain(whole, part, does, err);
}

enum mr_code mr_gtid_text_is_same(bool is_mariadb, const char *a, const char *b, bool *is,
                                  struct mr_err *err)
{
    bool holds = false, is_held = false;
    *is = false;
    MR_TRY(mr_gtid_text_contains(is_mariadb, a, b, &holds, err));
    MR_TRY(mr_gtid_text_contains(is_mariadb, b, a, &is_held, err));
    *is = holds && is_held;
    return MR_OK;
}

enum mr_code mr_gtid_text_is_as_far(const char *now, const char *was, bool *is, struct mr_err *err)
{
    struct mr_gtid_pos here, then;
    enum mr_code code = MR_OK;
    *is = false;
    mr_gtid_pos_init(&here);
    mr_gtid_pos_init(&then);
    MR_TRY_OUT(mr_gtid_pos_parse(&here, now, strlen(now), err));
    MR_TRY_OUT(mr_gtid_pos_parse(&then, was, strlen(was), err));
    *is = mr_gtid_pos_contains(&here, &then);
out:
    mr_gtid_pos_release(&here);
    mr_gtid_pos_release(&then);
    return code;
}
