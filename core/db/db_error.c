/* db_error.c: see db_error.h. */
#include "core/db/db_error.h"

#include <stddef.h>

struct known {
    unsigned number;
    enum mr_code code;
};

/* Sorted by what they mean, not by number: the lists are short and errors are rare. */
static const struct known statement_errors[] = {
    {1044, MR_E_DENIED}, /* access denied to database */
    {1045, MR_E_DENIED}, /* access denied (FILE and the like) */
    {1095, MR_E_DENIED}, /* not owner of thread */
    {1142, MR_E_DENIED}, /* command denied for table */
    {1143, MR_E_DENIED}, /* command denied for column */
    {1227, MR_E_DENIED}, /* needs a global privilege */
    {1345, MR_E_DENIED}, /* no SHOW/EXPLAIN for lack of rights on the view's tables */
    {1356, MR_E_DENIED}, /* view refers to invalid objects or definer lacks rights */
    {1370, MR_E_DENIED}, /* command denied for routine */
    {1419, MR_E_DENIED}, /* no SUPER and binary logging is enabled */

    {1049, MR_E_NO_SUCH}, /* database */
    {1051, MR_E_NO_SUCH}, /* table (DROP) */
    {1054, MR_E_NO_SUCH}, /* column */
    {1109, MR_E_NO_SUCH}, /* table in a clause */
    {1146, MR_E_NO_SUCH}, /* table */
    {1193, MR_E_NO_SUCH}, /* system variable */
    {1305, MR_E_NO_SUCH}, /* routine */
    {1360, MR_E_NO_SUCH}, /* trigger */
    {1539, MR_E_NO_SUCH}, /* event */

    {1176, MR_E_CHANGED}, /* forced index is gone */
    {1412, MR_E_CHANGED}, /* table definition has changed */
    {1615, MR_E_CHANGED}, /* statement needs to be prepared again */

    {1969, MR_E_TIMEOUT}, /* max_statement_time */
    {3024, MR_E_TIMEOUT}, /* max_execution_time */
    {1205, MR_E_TIMEOUT}, /* lock wait */

    {1317, MR_E_LOST}, /* query was killed; the connection lives */
    {1028, MR_E_LOST}, /* sort aborted (killed) */

    {1037, MR_E_SQL},                       /* the server's memory, not ours */
    {2008, MR_E_NOMEM},   {2014, MR_E_BUG}, /* commands out of sync */
};

/* The server closes the connection with these, or it is gone already. */
static const unsigned fatal_errors[] = {
    0,    1053, 1077, 1079, 1080, 1152, 1156, 1157, 1158, 1159, 1160, 1161, 1184, 1927,
    2000, 2002, 2003, 2006, 2012, 2013, 2026, 2027, 2048, 2055, 3169, 4031, 5013, 5014,
};

static const struct known connect_errors[] = {
    {1044, MR_E_AUTH}, {1045, MR_E_AUTH}, {1130, MR_E_AUTH}, {1131, MR_E_AUTH}, {1251, MR_E_AUTH},
    {1275, MR_E_AUTH}, {1524, MR_E_AUTH}, {1698, MR_E_AUTH}, {1820, MR_E_AUTH}, {1862, MR_E_AUTH},
    {2049, MR_E_AUTH}, {2059, MR_E_AUTH}, {2061, MR_E_AUTH}, {3118, MR_E_AUTH}, {3955, MR_E_AUTH},
    {4151, MR_E_AUTH}, {5010, MR_E_AUTH}, {2026, MR_E_TLS},  {3159, MR_E_TLS},
};

static enum mr_code lookup(const struct known *list, size_t count, unsigned number,
                           enum mr_code otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].number == number)
            return list[i].code;
    return otherwise;
}

bool mr_db_error_is_fatal(unsigned sql_errno)
{
    for (size_t i = 0; i < sizeof fatal_errors / sizeof *fatal_errors; i++)
        if (fatal_errors[i] == sql_errno)
            return true;
    return false;
}

bool mr_db_error_is_passing(unsigned sql_errno)
{
    return sql_errno == MR_ER_NODE_NOT_READY || sql_errno == MR_ER_COMMIT_FAILED ||
           sql_errno == MR_ER_DEADLOCK;
}

enum mr_code mr_db_error_classify(unsigned sql_errno)
{
    if (mr_db_error_is_fatal(sql_errno))
        return MR_E_LOST;
    return lookup(statement_errors, sizeof statement_errors / sizeof *statement_errors, sql_errno,
                  MR_E_SQL);
}

enum mr_code mr_db_error_classify_connect(unsigned sql_errno)
{
    return lookup(connect_errors, sizeof connect_errors / sizeof *connect_errors, sql_errno,
                  MR_E_CONNECT);
}

static const struct remedy {
    unsigned number;
    const char *hint;
} connect_remedies[] = {
    {1129, "Run FLUSH HOSTS on the server, or mysqladmin flush-hosts."},
    {1130, "Create an account on the server that may connect from here."},
    {1698, "That account logs in by its plugin, not by a password (unix_socket, auth_socket): "
           "use the socket as that system user, or another account."},
    {1820, "The password has expired: ALTER USER ... IDENTIFIED BY '...'."},
    {1862, "The password has expired: ALTER USER ... IDENTIFIED BY '...'."},
    {2061, "The plugin needs TLS, or the server's public key: ?ssl-mode=required."},
    {3032, "The server is in offline mode: SET GLOBAL offline_mode = OFF, by an "
           "administrator."},
    {3118, "The account is locked: ALTER USER ... ACCOUNT UNLOCK."},
    {3159, "The server wants encryption (require_secure_transport): ?ssl-mode=required."},
    {4151, "The account is locked: ALTER USER ... ACCOUNT UNLOCK."},
};

const char *mr_db_error_connect_hint(unsigned sql_errno)
{
    for (size_t i = 0; i < sizeof connect_remedies / sizeof *connect_remedies; i++)
        if (connect_remedies[i].number == sql_errno)
            return connect_remedies[i].hint;
    return NULL;
}
