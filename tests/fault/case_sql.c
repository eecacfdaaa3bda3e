/*
 * case_sql.c: what a case file says: case_sql FILE SQL prints the rows, "|" between the
 * cells.  Any error, damage included, exits 1.
 */
#include <sqlite3.h>
#include <stdio.h>

static int print_row(void *ctx, int count, char **cells, char **names)
{
    (void)ctx;
    (void)names;
    for (int i = 0; i < count; i++)
        (void)printf("%s%s", i > 0 ? "|" : "", cells[i] != NULL ? cells[i] : "NULL");
    (void)puts("");
    return 0;
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    if (argc != 3)
        return 3;
    int rc = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, argv[2], print_row, NULL, NULL);
    if (rc != SQLITE_OK)
        (void)fprintf(stderr, "%s: %s\n", argv[1], sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : 1;
}
