/*
 * stream.c: the plain reading that check is measured against.
 *
 *     stream SOCKET_A SOCKET_B SQL
 *
 * Runs SQL once on either server, both at the same time, over the binary protocol and
 * unbuffered, and fetches every row into bound buffers without looking at it: the least
 * that any tool has to do which brings all rows here.  Prints the rows of each side.
 *
 * Columns are bound as their metadata say: integers as 64 bits, floats as double, times
 * as MYSQL_TIME, all else as bytes.
 */
#include <mysql.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 64, BUFFER_SIZE = 8192 };

struct side {
    const char *socket;
    const char *sql;
    unsigned long rows;
    int failed;
};

struct column {
    long long number;
    double real;
    MYSQL_TIME time;
    char bytes[BUFFER_SIZE];
    unsigned long length;
};

static void complain(struct side *side, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", side->socket, what, why);
    side->failed = 1;
}

static void bind_column(MYSQL_BIND *bind, struct column *column, const MYSQL_FIELD *field)
{
    bind->length = &column->length;
    /* Few of the types need a buffer of their own kind. */
    if (IS_NUM(field->type) && field->type != MYSQL_TYPE_NEWDECIMAL &&
        field->type != MYSQL_TYPE_FLOAT && field->type != MYSQL_TYPE_DOUBLE &&
        field->type != MYSQL_TYPE_TIMESTAMP) {
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = &column->number;
    } else if (field->type == MYSQL_TYPE_FLOAT || field->type == MYSQL_TYPE_DOUBLE) {
        bind->buffer_type = MYSQL_TYPE_DOUBLE;
        bind->buffer = &column->real;
    } else if (field->type == MYSQL_TYPE_TIMESTAMP || field->type == MYSQL_TYPE_DATETIME ||
               field->type == MYSQL_TYPE_DATE || field->type == MYSQL_TYPE_TIME) {
        bind->buffer_type = field->type;
        bind->buffer = &column->time;
    } else {
        bind->buffer_type = MYSQL_TYPE_BLOB;
        bind->buffer = column->bytes;
        bind->buffer_length = sizeof column->bytes;
    }
}

static void fetch_all(struct side *side, MYSQL_STMT *stmt, struct column *columns)
{
    MYSQL_BIND binds[MAX_COLUMNS];
    memset(binds, 0, sizeof binds);
    if (mysql_stmt_prepare(stmt, side->sql, (unsigned long)strlen(side->sql)) != 0 ||
        mysql_stmt_execute(stmt) != 0) {
        complain(side, "statement", mysql_stmt_error(stmt));
        return;
    }
    MYSQL_RES *meta = mysql_stmt_result_metadata(stmt);
    unsigned count = meta != NULL ? mysql_num_fields(meta) : 0;
    if (count == 0 || count > MAX_COLUMNS) {
        complain(side, "statement", "no columns, or too many");
    } else {
        for (unsigned i = 0; i < count; i++)
            bind_column(&binds[i], &columns[i], mysql_fetch_field_direct(meta, i));
        int status = 0;
        if (mysql_stmt_bind_result(stmt, binds) != 0)
            complain(side, "bind", mysql_stmt_error(stmt));
        while (!side->failed &&
               ((status = mysql_stmt_fetch(stmt)) == 0 || status == MYSQL_DATA_TRUNCATED))
            side->rows++;
        if (!side->failed && status != MYSQL_NO_DATA)
            complain(side, "fetch", mysql_stmt_error(stmt));
    }
    if (meta != NULL)
        mysql_free_result(meta);
}

static void *read_side(void *arg)
{
    struct side *side = arg;
    struct column *columns = calloc(MAX_COLUMNS, sizeof *columns);
    MYSQL *db = mysql_init(NULL);
    MYSQL_STMT *stmt = NULL;
    if (columns == NULL || db == NULL) {
        complain(side, "start", "out of memory");
        goto out;
    }
    if (mysql_real_connect(db, "localhost", "root", NULL, NULL, 0, side->socket, 0) == NULL) {
        complain(side, "connect", mysql_error(db));
        goto out;
    }
    /* As check does: the bytes as they are stored. */
    if (mysql_query(db, "SET time_zone = '+00:00', character_set_results = NULL") != 0) {
        complain(side, "session", mysql_error(db));
        goto out;
    }
    stmt = mysql_stmt_init(db);
    if (stmt == NULL)
        complain(side, "start", "out of memory");
    else
        fetch_all(side, stmt, columns);
out:
    if (stmt != NULL)
        mysql_stmt_close(stmt);
    if (db != NULL)
        mysql_close(db);
    free(columns);
    mysql_thread_end();
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: stream SOCKET_A SOCKET_B SQL\n");
        return 3;
    }
    if (mysql_library_init(0, NULL, NULL) != 0) {
        fprintf(stderr, "could not initialise the client library\n");
        return 3;
    }
    struct side sides[2] = {{.socket = argv[1], .sql = argv[3]},
                            {.socket = argv[2], .sql = argv[3]}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, read_side, &sides[i]) != 0) {
            perror("pthread_create");
            return 3;
        }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    mysql_library_end();
    printf("%lu %lu\n", sides[0].rows, sides[1].rows);
    return sides[0].failed || sides[1].failed ? 3 : 0;
}
