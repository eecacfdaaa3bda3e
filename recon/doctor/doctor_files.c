/* doctor_files.c: see doctor_files.h. */
#include "recon/doctor/doctor_files.h"

#include <stdlib.h>
#include <string.h>

#include "core/schema/innodb_name.h"

#define NAMES_MAX 10000 /* more are broken as one, and need not be told apart */

void mr_doctor_files_init(struct mr_doctor_files *files)
{
    *files = (struct mr_doctor_files){.lacking = MR_VEC_INIT(const char *)};
    mr_arena_init(&files->arena);
}

void mr_doctor_files_release(struct mr_doctor_files *files)
{
    mr_vec_release(&files->lacking);
    mr_arena_release(&files->arena);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Where a file cannot be looked at, its size is -1, in 32 bits.  What lies in the system tablespace
 * (0) has no file of its own. */
static const char lacking_sql[] =
    "SELECT NAME FROM information_schema.INNODB_SYS_TABLES WHERE SPACE > 0 AND SPACE NOT IN "
    "(SELECT SPACE FROM information_schema.INNODB_SYS_TABLESPACES WHERE FILE_SIZE < 4294967295) "
    "LIMIT 10001";

enum mr_code mr_doctor_files_read(struct mr_doctor_files *files,
                                  const struct mr_doctor_server *server, struct mr_err *err)
{
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    if (!mr_gate_link_is_mariadb(&server->link))
        return MR_OK;
    files->lower = mr_db_server(server->link.db)->lower_case_table_names != 0;
    enum mr_code code = MR_OK;
    MR_TRY(mr_doctor_query(server, "v", lacking_sql, &res, err));
    files->known = res != NULL;
    while (res != NULL && (row = mr_result_next(res)) != NULL) {
        const char **name = mr_vec_push(&files->lacking);
        const char *kept = mr_arena_strdup(&files->arena, row[0].ptr);
        if (name == NULL || kept == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "examining a server"));
        *name = kept;
    }
    files->known = files->known && files->lacking.count <= NAMES_MAX;
    if (files->lacking.count > 0)
        qsort(files->lacking.items, files->lacking.count, sizeof(const char *), compare_names);
out:
    mr_result_free(res);
    return code;
}

/* The first name that is not less: the table's, or "db/t#P#p0", where it is one of these; '#' comes
 * before all that the name of another table can go on with. */
static const char *first_from(const struct mr_doctor_files *files, const char *text)
{
    const char *const *names = files->lacking.items;
    size_t lo = 0, hi = files->lacking.count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcmp(names[mid], text) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < files->lacking.count ? names[lo] : NULL;
}

bool mr_doctor_files_lack(const struct mr_doctor_files *files, const char *db, const char *table)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const bool told = files->known &&
                      mr_innodb_name_add(&text, db, table, MR_INNODB_FILE, files->lower) &&
                      !text.failed;
    const char *name = told ? first_from(files, text.ptr) : NULL;
    const bool lacks = name != NULL && strncmp(name, text.ptr, text.len) == 0 &&
                       (name[text.len] == '\0' || name[text.len] == '#');
    mr_strbuf_release(&text);
    return !told || lacks;
}
