/*
 * casefile.c: the SQLite file that keeps an incident; see casefile.h.
 *
 * Two locks.  One writer at a time is enforced by casefile_lock.h.  SQLite's own locks go on governing
 * readers against the writer.  They are POSIX record locks, which a process loses when it closes *any*
 * descriptor of the file; so lock_fd is closed after SQLite's descriptor, and a process should not open
 * a case that it is writing a second time.
 *
 * A file is known by its header, read before SQLite sees it, so that a file which is
 * not ours is never touched.  That the header can be trusted is the reason why a new
 * case gets its schema under a rollback journal, and WAL only then: in WAL mode the
 * header would stay blank until the first checkpoint.
 */
#include "core/case/casefile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/base/strbuf.h"
#include "core/case/casefile_copy.h"
#include "core/case/casefile_header.h"
#include "core/case/casefile_kept.h"
#include "core/case/casefile_lock.h"
#include "core/case/casefile_tables.h"
#include "core/file/owner.h"

#define MR_CASE_BUSY_TIMEOUT_MS 5000
#define CASE_PAGE_MAX 65536      /* the largest of SQLite, which is written in one go */
#define CASE_NAMES 32            /* of parameters, that a statement remembers */
#define MR_CASE_CANCEL_OPS 20000 /* of SQLite's machine between looks at the flag */

struct mr_case {
    sqlite3 *db;
    int lock_fd; /* holds the writer's flock; -1 for a reader or a temporary case */
    bool writer;
    bool scratch; /* between scratch_begin and scratch_end */
    bool heeds;   /* the cancel flag ends each statement */
    bool began;   /* a transaction that nobody has ended yet */
    char *path;   /* as given; "" for a temporary case */
    /* Why SQLite has rolled that one back by itself: whatever comes before the caller's own
     * rollback would be outside of it, and fails with this. */
    struct mr_err lost;
    pthread_mutex_t mutex;
    struct mr_case_kept kept;
};

struct mr_case_stmt {
    struct mr_case *cf;
    sqlite3_stmt *stmt;
    int sticky;                    /* first failure of a bind or read since the last reset */
    const char *names[CASE_NAMES]; /* that were asked for, by number */
};

static const struct {
    int rc;
    const char *hint;
} hints[] = {
    {SQLITE_FULL,
     "Free space on the file system of the case file, and where temporary files are kept "
     "($TMPDIR, else /var/tmp or /tmp), then run it again; check goes on with --resume."},
    {SQLITE_IOERR, "Check the file system of the case file and the space left on it."},
    {SQLITE_BUSY, "Wait until the other run or reader has finished."},
    {SQLITE_LOCKED, "Wait until the other run or reader has finished."},
    {SQLITE_READONLY, "The case file and its directory must be writable for this user."},
    {SQLITE_CANTOPEN, "The directory of the case file must be writable for this user."},
    {SQLITE_PERM, "The case file and its directory must be writable for this user."},
    {SQLITE_CORRUPT, "Take the file from a backup, or start a new case."},
    {SQLITE_NOTADB, "Take the file from a backup, or start a new case."},
};

/* The system says so by a signal that is ignored, and SQLite does not always pass it on. */
static bool is_at_limit(const struct mr_case *cf)
{
    struct rlimit limit;
    long long size = mr_case_side_file_size(cf->path, "");
    long long log = mr_case_side_file_size(cf->path, "-wal");
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return false;
    return (unsigned long long)((size > log ? size : log) + CASE_PAGE_MAX) >= limit.rlim_cur;
}

static void hint_at(const struct mr_case *cf, int primary, int errno_value, struct mr_err *err)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].rc == primary)
            mr_err_hint(err, "%s", hints[i].hint);
    if (primary == SQLITE_FULL && cf->path[0] == '\0') /* which nobody can resume */
        mr_err_hint(err, "Free space where temporary files are kept ($TMPDIR, else /var/tmp or "
                         "/tmp), or name a file on another disk with --case.");
    if (cf->scratch && primary == SQLITE_FULL)
        mr_err_hint(err, "Free space beside the case file: what is read from it is put "
                         "together there, in temporary files.");
    if (errno_value == EFBIG)
        mr_err_hint(err, "The size of files is limited here (ulimit -f): raise the "
                         "limit, then run it again.");
}

/* Reports SQLite's failure `rc` of doing `what` ("commit"). */
static enum mr_code describe(const struct mr_case *cf, int rc, const char *what, struct mr_err *err)
{
    int primary = rc & 0xff;
    if (primary == SQLITE_NOMEM)
        return mr_err_nomem(err, "working with the case file");
    if (primary == SQLITE_INTERRUPT)
        return mr_cancelled_err(err);
    bool live = cf->db != NULL && (sqlite3_errcode(cf->db) & 0xff) == primary;
    const char *reason = live ? sqlite3_errmsg(cf->db) : sqlite3_errstr(rc);
    int errno_value = cf->db != NULL ? sqlite3_system_errno(cf->db) : 0;
    if (primary == SQLITE_IOERR && errno_value == 0 && is_at_limit(cf))
        errno_value = EFBIG;
    bool system = errno_value != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);
    if (system)
        (void)mr_err_set_sys(err, MR_E_CASE, errno_value, "could not %s: %s", what, reason);
    else
        (void)mr_err_set(err, MR_E_CASE, "could not %s: %s", what, reason);
    if (cf->path[0] != '\0')
        mr_err_context(err, "case file \"%s\"", cf->path);
    else
        mr_err_context(err, "temporary case file");
    hint_at(cf, primary, system ? errno_value : 0, err);
    return MR_E_CASE;
}

static enum mr_code fail(struct mr_case *cf, int rc, const char *what, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = describe(cf, rc, what, &why);
    if (cf->began && cf->db != NULL && sqlite3_get_autocommit(cf->db) != 0)
        cf->lost = why;
    if (err != NULL)
        *err = why;
    return code;
}

static bool is_lost(const struct mr_case *cf, struct mr_err *err)
{
    if (cf->lost.code != MR_OK && err != NULL)
        *err = cf->lost;
    return cf->lost.code != MR_OK;
}

static enum mr_code fail_in_use(const char *path, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CASE, "case file \"%s\" is in use by another run", path);
    mr_err_hint(err, "Wait until that run has finished; only check may be given another "
                     "file.");
    return MR_E_CASE;
}

/* ---- opening ---- */

static enum mr_code exec(struct mr_case *cf, const char *sql, const char *what, struct mr_err *err)
{
    if (is_lost(cf, err))
        return cf->lost.code;
    int rc = sqlite3_exec(cf->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? MR_OK : fail(cf, rc, what, err);
}

/* Runs a pragma whose one cell is an integer (or compared as text by the caller). */
static enum mr_code pragma(struct mr_case *cf, const char *sql, int64_t *value, bool *is_wal,
                           struct mr_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(cf->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(stmt, 0);
        if (is_wal != NULL)
            *is_wal = text != NULL && strcmp((const char *)text, "wal") == 0;
        if (value != NULL)
            *value = sqlite3_column_int64(stmt, 0);
        rc = SQLITE_OK;
    }
    enum mr_code code = rc == SQLITE_OK ? MR_OK : fail(cf, rc, "open it", err);
    (void)sqlite3_finalize(stmt);
    return code;
}

/*
 * A path as SQLite's URI, with which every path can be said: the library may have been
 * built to take a path with "file:" in front, or ":memory:", for something else.
 */
static void add_uri(struct mr_strbuf *uri, const char *path, const char *query)
{
    mr_strbuf_add_str(uri, path[0] == '/' ? "file://" : "file:./");
    for (const char *p = path; *p != '\0'; p++) {
        if (strchr("%?#", *p) != NULL)
            mr_strbuf_add_fmt(uri, "%%%02x", (unsigned)(unsigned char)*p);
        else
            mr_strbuf_add_char(uri, *p);
    }
    mr_strbuf_add_str(uri, query);
}

/* Nobody asks how much memory SQLite has, and counting takes a mutex. */
static void count_nothing(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* A case may come from anybody: its schema is not trusted, and it is not mapped, since a file
 * that is cut while it is read would kill the process. */
static enum mr_code open_database(struct mr_case *cf, const char *path, int flags,
                                  const char *query, struct mr_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct mr_strbuf uri = MR_STRBUF_INIT;
    (void)pthread_once(&once, count_nothing); /* before SQLite is used for the first time */
    if (path[0] != '\0')
        add_uri(&uri, path, query);
    enum mr_code code = mr_strbuf_check(&uri, "opening the case file", err);
    if (code != MR_OK)
        goto out;
    int rc = sqlite3_open_v2(uri.ptr, &cf->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) {
        code = fail(cf, rc, "open it", err);
        goto out;
    }
    (void)sqlite3_extended_result_codes(cf->db, 1);
    (void)sqlite3_busy_timeout(cf->db, MR_CASE_BUSY_TIMEOUT_MS);
    code = exec(cf,
                "PRAGMA trusted_schema=OFF; PRAGMA cache_size=-2048;"
                "PRAGMA temp_store=FILE; PRAGMA mmap_size=0",
                "open it", err);
out:
    mr_strbuf_release(&uri);
    return code;
}

static void close_database(struct mr_case *cf)
{
    mr_case_kept_clear(&cf->kept);
    (void)sqlite3_close_v2(cf->db);
    cf->db = NULL;
}

/* An empty file becomes a case, in one transaction; any other must be of a version of ours.
 * (A kill in the middle of this is rolled back by the next opening.) */
static enum mr_code ensure_schema(struct mr_case *cf, const char *schema_sql, int version,
                                  struct mr_err *err)
{
    int64_t application = 0;
    int64_t found = 0;
    MR_TRY(pragma(cf, "PRAGMA application_id", &application, NULL, err));
    MR_TRY(pragma(cf, "PRAGMA user_version", &found, NULL, err));
    if (application == MR_CASE_APPLICATION_ID)
        return mr_case_check_version(cf->path, (int)found, version, err);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                      MR_CASE_APPLICATION_ID, version);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "creating the case file", err));
    MR_TRY_OUT(mr_case_begin(cf, err));
    MR_TRY_OUT(exec(cf, sql.ptr, "create it", err));
    MR_TRY_OUT(exec(cf, schema_sql, "create its tables", err));
    MR_TRY_OUT(mr_case_commit(cf, err));
out:
    if (code != MR_OK)
        mr_case_rollback(cf);
    mr_strbuf_release(&sql);
    return code;
}

/* NORMAL is enough under WAL: a power cut may take the last commits, never the file. */
static enum mr_code enter_wal(struct mr_case *cf, struct mr_err *err)
{
    bool wal = false;
    MR_TRY(pragma(cf, "PRAGMA journal_mode=WAL", NULL, &wal, err));
    /* A file system without shared memory stays with the rollback journal. */
    return exec(cf,
                wal ? "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=1000;"
                      "PRAGMA journal_size_limit=4194304"
                    : "PRAGMA synchronous=FULL",
                "open it", err);
}

/* SQLite's own unlinked temporary database: in $TMPDIR, else /var/tmp or /tmp.  WAL is
 * impossible for it.  Its journal, only there for ROLLBACK, is left to SQLite, which
 * spills it to another unlinked file; journal_mode=MEMORY would keep it whole. */
static enum mr_code open_temporary(struct mr_case *cf, const char *schema_sql, int version,
                                   struct mr_err *err)
{
    enum mr_code code = open_database(cf, "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", err);
    if (code == MR_OK)
        code = exec(cf, "PRAGMA synchronous=OFF", "open it", err);
    if (code == MR_OK)
        code = ensure_schema(cf, schema_sql, version, err);
    return code;
}

/* Opens or creates FILE and takes the writer's lock. */
static enum mr_code lock_for_writing(struct mr_case *cf, bool *created, struct mr_err *err)
{
    *created = false;
    int fd = open(cf->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        *created = true;
    else if (errno != EEXIST)
        return mr_case_fail_open(cf->path, "create", errno, err);
    else if ((fd = open(cf->path, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
        return errno == EISDIR ? mr_case_fail_foreign(cf->path, "it is a directory", err)
                               : mr_case_fail_open(cf->path, "open", errno, err);
    cf->lock_fd = fd;
    enum mr_code code = mr_owner_check_open(cf->path, fd, err);
    if (code == MR_OK)
        code = mr_owner_check(cf->path, err); /* a link that somebody else has made */
    if (code != MR_OK && *created)
        (void)unlink(cf->path);
    if (code != MR_OK)
        return code;
    const int failed = mr_case_take_lock(fd);
    if (failed == 0)
        return MR_OK;
    *created = false; /* whoever holds it now may be using it */
    return failed == EWOULDBLOCK ? fail_in_use(cf->path, err)
                                 : mr_case_fail_open(cf->path, "lock", failed, err);
}

/* Whose file it is and whether it is whole are judged from its bytes before SQLite opens it,
 * since opening alone may already change it. */
static enum mr_code open_writer(struct mr_case *cf, const char *schema_sql, int version,
                                struct mr_err *err)
{
    bool created;
    struct mr_case_header header;
    char *real = NULL;
    enum mr_code code = lock_for_writing(cf, &created, err);
    if (code != MR_OK)
        return code;
    MR_TRY_OUT(mr_case_read_header(cf->lock_fd, cf->path, version, &header, err));
    /* SQLite gives -wal, -shm and -journal the mode of the file.  EPERM: somebody
     * else's file, who has chosen its mode. */
    if (fchmod(cf->lock_fd, 0600) != 0 && errno != EPERM) {
        code = mr_case_fail_open(cf->path, "restrict the mode of", errno, err);
        goto out;
    }
    real = realpath(cf->path, NULL);
    if (real == NULL) {
        code = mr_case_fail_open(cf->path, "resolve", errno, err);
        goto out;
    }
    MR_TRY_OUT(mr_case_check_sides(real, err));
    MR_TRY_OUT(mr_case_check_whole(cf->path, real, &header, err));
    MR_TRY_OUT(open_database(cf, real, SQLITE_OPEN_READWRITE, "", err));
    MR_TRY_OUT(ensure_schema(cf, schema_sql, version, err));
    if (!created)
        MR_TRY_OUT(mr_case_check_tables(cf->db, cf->path, schema_sql, err));
    MR_TRY_OUT(enter_wal(cf, err));
out:
    if (code != MR_OK && created) {
        close_database(cf);
        (void)unlink(cf->path); /* made by this call, and still without content */
    }
    free(real);
    return code;
}

static int is_cancelled(void *ctx)
{
    (void)ctx;
    return mr_is_cancelled() ? 1 : 0;
}

void mr_case_heed_signals(struct mr_case *cf, bool heeds)
{
    cf->heeds = heeds;
    sqlite3_progress_handler(cf->db, heeds ? MR_CASE_CANCEL_OPS : 0, heeds ? is_cancelled : NULL,
                             NULL);
}

/* Whoever only reads has nothing to finish: each of his statements ends at a signal. */
static enum mr_code try_reading(struct mr_case *cf, const char *real, const char *query,
                                const char *schema_sql, struct mr_err *err)
{
    enum mr_code code = open_database(cf, real, SQLITE_OPEN_READONLY, query, err);
    if (code == MR_OK) {
        (void)sqlite3_db_config(cf->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        mr_case_heed_signals(cf, true);
        code = exec(cf, "PRAGMA query_only=ON", "open it", err);
    }
    if (code == MR_OK)
        code = pragma(cf, "PRAGMA user_version", NULL, NULL, err);
    if (code == MR_OK)
        code = mr_case_check_tables(cf->db, cf->path, schema_sql, err);
    if (code != MR_OK)
        close_database(cf);
    return code;
}

/*
 * Reading must not write.  A file under a rollback journal is read with ordinary locks.
 * One in WAL mode without its -wal was closed while somebody read it: all is in the
 * file, and immutable=1 keeps SQLite from making the -wal and -shm anew.  With a -wal,
 * a run is open or was killed, and SQLite needs the -shm beside it.  With a -journal a writer is
 * leaving WAL mode: SQLite waits for his lock.
 */
static enum mr_code open_reader(struct mr_case *cf, const char *schema_sql, int version,
                                struct mr_err *err)
{
    struct mr_case_header header;
    int fd = open(cf->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        const int error = errno;
        (void)mr_case_fail_open(cf->path, "open", error, err);
        if (error == ENOENT)
            mr_err_hint(err, "Is the path right? A case is made by: myrecon check --case FILE "
                             "SOURCE TARGET.");
        return MR_E_CASE;
    }
    enum mr_code code = mr_case_read_header(fd, cf->path, version, &header, err);
    (void)close(fd);
    if (code == MR_OK && header.empty)
        code = mr_case_fail_foreign(cf->path, "it is empty", err);
    if (code != MR_OK)
        return code;
    char *real = realpath(cf->path, NULL);
    if (real == NULL)
        return mr_case_fail_open(cf->path, "resolve", errno, err);
    code = mr_case_check_sides(real, err);
    if (code == MR_OK)
        code = mr_case_check_whole(cf->path, real, &header, err);
    if (code != MR_OK)
        goto out;
    long long wal = mr_case_side_file_size(real, "-wal");
    bool hot = wal > 0 || mr_case_side_file_size(real, "-journal") > 0;
    if (!header.wal || wal >= 0 || hot)
        code = try_reading(cf, real, "", schema_sql, err);
    if (cf->db == NULL && !hot) /* also a file system that has no locks */
        code = try_reading(cf, real, "?immutable=1", schema_sql, err);
    if (code == MR_E_CASE && hot)
        mr_err_hint(err, "A run was killed while it wrote this case; open it once with "
                         "the right to write its directory (check --resume does).");
out:
    free(real);
    return code;
}

static void destroy(struct mr_case *cf)
{
    close_database(cf);
    if (cf->lock_fd >= 0)
        (void)close(cf->lock_fd); /* after SQLite's descriptor: see the top */
    mr_case_kept_destroy(&cf->kept);
    (void)pthread_mutex_destroy(&cf->mutex);
    free(cf->path);
    free(cf);
}

enum mr_code mr_case_open(const char *path, enum mr_case_mode mode, const char *schema_sql,
                          int version, struct mr_case **out, struct mr_err *err)
{
    *out = NULL;
    if (mode == MR_CASE_READ && path == NULL)
        return mr_err_set(err, MR_E_BUG, "a temporary case cannot be opened for reading");
    struct mr_case *cf = calloc(1, sizeof *cf);
    if (cf == NULL)
        return mr_err_nomem(err, "opening the case file");
    cf->lock_fd = -1;
    cf->writer = mode == MR_CASE_WRITE;
    (void)pthread_mutex_init(&cf->mutex, NULL);
    mr_case_kept_init(&cf->kept);
    cf->path = strdup(path != NULL ? path : "");
    enum mr_code code;
    if (cf->path == NULL)
        code = mr_err_nomem(err, "opening the case file");
    else if (mode == MR_CASE_READ)
        code = open_reader(cf, schema_sql, version, err);
    else if (path == NULL)
        code = open_temporary(cf, schema_sql, version, err);
    else
        code = open_writer(cf, schema_sql, version, err);
    if (code != MR_OK) {
        destroy(cf);
        return code;
    }
    *out = cf;
    return MR_OK;
}

enum mr_code mr_case_close(struct mr_case *cf, struct mr_err *err)
{
    if (cf == NULL)
        return MR_OK;
    enum mr_code code = MR_OK;
    mr_case_scratch_end(cf);
    mr_case_rollback(cf);
    mr_case_kept_clear(&cf->kept);
    if (sqlite3_next_stmt(cf->db, NULL) != NULL)
        code = mr_err_set(err, MR_E_BUG, "case file closed with a statement in use");
    else if (cf->writer && cf->lock_fd >= 0) {
        int rc = sqlite3_exec(cf->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
        /* Somebody is reading: the -wal stays beside it, complete, for the next
         * opening. */
        if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
            code = fail(cf, rc, "close it", err);
    }
    int rc = code == MR_OK ? sqlite3_close(cf->db) : SQLITE_OK;
    if (rc == SQLITE_OK && code == MR_OK)
        cf->db = NULL;
    else if (rc != SQLITE_OK)
        code = fail(cf, rc, "close it", err);
    destroy(cf);
    return code;
}

enum mr_code mr_case_copy(struct mr_case *cf, const char *path, struct mr_err *err)
{
    const int rc = mr_case_copy_pages(cf->db, path);
    return rc == SQLITE_OK ? MR_OK : fail(cf, rc, "copy it", err);
}

/* ---- scratch ---- */

/* SQLite makes its temporary files in the first of several directories that can be
 * written; this one comes first.  It opens them with mode 0600 and unlinks them at once. */
static enum mr_code use_directory_of(const char *path, struct mr_err *err)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        return mr_case_fail_open(path, "resolve", errno, err);
    const char *slash = strrchr(real, '/');
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = sqlite3_mprintf("%.*s", (int)(slash == real ? 1 : slash - real), real);
    free(real);
    return sqlite3_temp_directory != NULL ? MR_OK : mr_err_nomem(err, "working with the case file");
}

enum mr_code mr_case_scratch_begin(struct mr_case *cf, struct mr_err *err)
{
    if (cf->path[0] != '\0')
        MR_TRY(use_directory_of(cf->path, err));
    /* query_only would refuse TEMP tables, too; the file itself is open read-only. */
    MR_TRY(exec(cf,
                "PRAGMA query_only=OFF; PRAGMA cache_size=-16384;"
                "PRAGMA temp.cache_size=-16384; BEGIN;"
                "PRAGMA user_version", /* the view begins with the first reading */
                "read it", err));
    cf->scratch = true;
    mr_case_heed_signals(cf, true);
    return MR_OK;
}

void mr_case_scratch_end(struct mr_case *cf)
{
    if (!cf->scratch)
        return;
    cf->scratch = false;
    mr_case_heed_signals(cf, !cf->writer);
    mr_case_rollback(cf);
    if (!cf->writer)
        (void)sqlite3_exec(cf->db, "PRAGMA query_only=ON", NULL, NULL, NULL);
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = NULL;
}

const char *mr_case_path(const struct mr_case *cf)
{
    return cf->path;
}

/* ---- transactions ---- */

void mr_case_lock(struct mr_case *cf)
{
    (void)pthread_mutex_lock(&cf->mutex);
}

void mr_case_unlock(struct mr_case *cf)
{
    (void)pthread_mutex_unlock(&cf->mutex);
}

enum mr_code mr_case_begin(struct mr_case *cf, struct mr_err *err)
{
    enum mr_code code = exec(cf, "BEGIN IMMEDIATE", "begin a transaction", err);
    cf->began = cf->began || code == MR_OK;
    return code;
}

enum mr_code mr_case_commit(struct mr_case *cf, struct mr_err *err)
{
    cf->began = false; /* whatever comes of it, it is the caller who hears of it */
    return exec(cf, "COMMIT", "commit", err);
}

void mr_case_rollback(struct mr_case *cf)
{
    cf->began = false;
    cf->lost = (struct mr_err){0};
    /* A full disk may already have rolled it back. */
    if (sqlite3_get_autocommit(cf->db) == 0)
        (void)sqlite3_exec(cf->db, "ROLLBACK", NULL, NULL, NULL);
}

enum mr_code mr_case_exec(struct mr_case *cf, const char *sql, struct mr_err *err)
{
    return exec(cf, sql, "run a statement", err);
}

int64_t mr_case_last_id(const struct mr_case *cf)
{
    return sqlite3_last_insert_rowid(cf->db);
}

int64_t mr_case_changes(const struct mr_case *cf)
{
    return sqlite3_changes(cf->db);
}

/* ---- statements ---- */

enum mr_code mr_case_prepare(struct mr_case *cf, const char *sql, struct mr_case_stmt **out,
                             struct mr_err *err)
{
    *out = NULL;
    if (is_lost(cf, err))
        return cf->lost.code;
    struct mr_case_stmt *stmt = calloc(1, sizeof *stmt);
    if (stmt == NULL)
        return mr_err_nomem(err, "preparing a statement of the case file");
    stmt->cf = cf;
    stmt->stmt = mr_case_kept_take(&cf->kept, sql);
    int rc = SQLITE_OK;
    if (stmt->stmt == NULL)
        rc = sqlite3_prepare_v3(cf->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->stmt, NULL);
    if (rc != SQLITE_OK) {
        free(stmt);
        return fail(cf, rc, "prepare a statement", err);
    }
    *out = stmt;
    return MR_OK;
}

static void keep_failure(struct mr_case_stmt *stmt, int rc)
{
    if (stmt->sticky == SQLITE_OK)
        stmt->sticky = rc;
}

enum mr_code mr_case_prepare_all(struct mr_case *cf, const struct mr_case_sql *list, size_t count,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < count; i++)
        MR_TRY(mr_case_prepare(cf, list[i].sql, list[i].out, err));
    return MR_OK;
}

void mr_case_bind_int(struct mr_case_stmt *stmt, int at, int64_t value)
{
    keep_failure(stmt, sqlite3_bind_int64(stmt->stmt, at, value));
}

void mr_case_bind_text(struct mr_case_stmt *stmt, int at, const char *text)
{
    keep_failure(stmt, sqlite3_bind_text(stmt->stmt, at, text, -1, SQLITE_TRANSIENT));
}

void mr_case_bind_blob(struct mr_case_stmt *stmt, int at, const void *ptr, size_t len)
{
    keep_failure(stmt, sqlite3_bind_blob64(stmt->stmt, at, ptr, len, SQLITE_TRANSIENT));
}

void mr_case_bind_borrowed(struct mr_case_stmt *stmt, int at, const void *ptr, size_t len)
{
    keep_failure(stmt, sqlite3_bind_blob64(stmt->stmt, at, ptr, len, SQLITE_STATIC));
}

void mr_case_bind_null(struct mr_case_stmt *stmt, int at)
{
    keep_failure(stmt, sqlite3_bind_null(stmt->stmt, at));
}

size_t mr_case_params(struct mr_case_stmt *stmt)
{
    return (size_t)sqlite3_bind_parameter_count(stmt->stmt);
}

int mr_case_param(struct mr_case_stmt *stmt, const char *name, int guess)
{
    if (guess >= 0 && guess < CASE_NAMES && stmt->names[guess] == name)
        return guess;
    int at = sqlite3_bind_parameter_index(stmt->stmt, name);
    if (at < CASE_NAMES)
        stmt->names[at] = name;
    return at;
}

/* An error of an earlier binding comes out here, so that callers have one place to look. */
enum mr_code mr_case_step(struct mr_case_stmt *stmt, bool *row, struct mr_err *err)
{
    *row = false;
    if (is_lost(stmt->cf, err))
        return stmt->cf->lost.code;
    int rc = stmt->sticky;
    /* SQLite looks at the flag in none of a million short ones. */
    if (rc == SQLITE_OK && stmt->cf->heeds && mr_is_cancelled())
        rc = SQLITE_INTERRUPT;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt->stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return fail(stmt->cf, rc, "run a statement", err);
    *row = rc == SQLITE_ROW;
    return MR_OK;
}

void mr_case_reset(struct mr_case_stmt *stmt)
{
    (void)sqlite3_reset(stmt->stmt); /* repeats the last step's failure */
    (void)sqlite3_clear_bindings(stmt->stmt);
    stmt->sticky = SQLITE_OK;
}

int64_t mr_case_int(struct mr_case_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->stmt, column);
}

/* SQLite answers both NULL and "out of memory" with a null pointer. */
static void note_out_of_memory(struct mr_case_stmt *stmt)
{
    if ((sqlite3_errcode(stmt->cf->db) & 0xff) == SQLITE_NOMEM)
        keep_failure(stmt, SQLITE_NOMEM);
}

const char *mr_case_text(struct mr_case_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt->stmt, column);
    if (text == NULL)
        note_out_of_memory(stmt);
    return (const char *)text;
}

const void *mr_case_blob(struct mr_case_stmt *stmt, int column, size_t *len)
{
    /* "unprotected": not for several threads at once, which the case's lock sees to */
    sqlite3_value *value = sqlite3_column_value(stmt->stmt, column);
    const void *bytes = sqlite3_value_blob(value);
    *len = (size_t)sqlite3_value_bytes(value);
    if (bytes != NULL)
        return bytes;
    note_out_of_memory(stmt);
    return mr_case_is_null(stmt, column) ? NULL : "";
}

bool mr_case_is_null(struct mr_case_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt->stmt, column) == SQLITE_NULL;
}

size_t mr_case_columns(struct mr_case_stmt *stmt)
{
    return (size_t)sqlite3_column_count(stmt->stmt);
}

const char *mr_case_column_name(struct mr_case_stmt *stmt, int column)
{
    return sqlite3_column_name(stmt->stmt, column);
}

void mr_case_free(struct mr_case_stmt *stmt)
{
    if (stmt == NULL)
        return;
    mr_case_kept_keep(&stmt->cf->kept, stmt->stmt);
    free(stmt);
}

enum mr_code mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err)
{
    bool row = false;
    enum mr_code code = mr_case_step(stmt, &row, err);
    if (code == MR_OK && row)
        code = mr_err_set(err, MR_E_BUG, "a statement of the case file returned a row");
    mr_case_reset(stmt);
    return code;
}
