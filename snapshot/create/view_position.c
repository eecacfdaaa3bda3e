/* view_position.c: see view_position.h. */
#include "snapshot/create/view_position.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/replica_status.h"
#include "core/db/sqltext.h"

#define FILE_BEGIN 4                        /* behind the magic number */
#define SEARCHED_BYTES ((uint64_t)16 << 20) /* of a log that is looked through */

void mr_view_position_init(struct mr_view_position *p)
{
    mr_strbuf_init(&p->gtid);
    mr_strbuf_init(&p->file);
    mr_strbuf_init(&p->offset);
    mr_strbuf_init(&p->applied);
}

void mr_view_position_release(struct mr_view_position *p)
{
    mr_strbuf_release(&p->gtid);
    mr_strbuf_release(&p->file);
    mr_strbuf_release(&p->offset);
    mr_strbuf_release(&p->applied);
}

static bool same_text(const struct mr_strbuf *a, const struct mr_strbuf *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

bool mr_view_position_same(const struct mr_view_position *a, const struct mr_view_position *b)
{
    return same_text(&a->gtid, &b->gtid) && same_text(&a->file, &b->file) &&
           same_text(&a->offset, &b->offset) && same_text(&a->applied, &b->applied);
}

bool mr_view_position_is_known(const struct mr_view_position *p)
{
    return p->gtid.len > 0 || p->file.len > 0;
}

static void take(struct mr_strbuf *to, const struct mr_cell *cell)
{
    mr_strbuf_reset(to);
    if (cell->ptr != NULL)
        mr_strbuf_add(to, cell->ptr, cell->len);
}

static bool is_fatal(enum mr_code code)
{
    return code == MR_E_LOST || code == MR_E_NOMEM || code == MR_E_CANCELLED;
}

/* ---- MariaDB: the position of a view, asked within it ---- */

static enum mr_code read_applied(struct mr_db *view, struct mr_view_position *p, struct mr_err *err)
{
    static const char sql[] =
        "SELECT GROUP_CONCAT(CONCAT_WS('-', p.domain_id, p.server_id, p.seq_no) "
        "ORDER BY p.domain_id) FROM mysql.gtid_slave_pos p JOIN (SELECT domain_id, "
        "MAX(sub_id) AS sub_id FROM mysql.gtid_slave_pos GROUP BY domain_id) last USING "
        "(domain_id, sub_id)";
    return mr_db_query_text(view, sql, &p->applied, err);
}

enum mr_code mr_view_position_within(struct mr_db *view, bool with_applied,
                                     struct mr_view_position *p, struct mr_err *err)
{
    static const char sql[] = "SHOW STATUS LIKE 'binlog_snapshot_%'";
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(view, "vn", sql, sizeof sql - 1, &res, err));
    const struct mr_cell *cells;
    while ((cells = mr_result_next(res)) != NULL) {
        if (strcasecmp(cells[0].ptr, "Binlog_snapshot_file") == 0)
            take(&p->file, &cells[1]);
        else if (strcasecmp(cells[0].ptr, "Binlog_snapshot_position") == 0)
            take(&p->offset, &cells[1]);
    }
    mr_result_free(res);
    if (p->file.len == 0)
        mr_strbuf_reset(&p->offset);
    return with_applied ? read_applied(view, p, err) : MR_OK;
}

void mr_view_position_name(struct mr_db *db, struct mr_view_position *p)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT BINLOG_GTID_POS(");
    mr_sql_string(&sql, p->file.ptr);
    mr_strbuf_add_fmt(&sql, ", %s)", p->offset.ptr);
    if (sql.failed || mr_db_query_text(db, sql.ptr, &p->gtid, NULL) != MR_OK)
        mr_strbuf_reset(&p->gtid);
    mr_strbuf_release(&sql);
}

/* ---- MySQL: commits that are underway ---- */

static enum mr_code ask_yes(struct mr_db *db, const char *sql, bool *yes, struct mr_err *err)
{
    struct mr_strbuf answer = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query_text(db, sql, &answer, &why);
    *yes = code == MR_OK && strcmp(answer.ptr, "1") == 0;
    mr_strbuf_release(&answer);
    if (is_fatal(code) && err != NULL)
        *err = why;
    return is_fatal(code) ? code : MR_OK;
}

enum mr_code mr_view_commits_look(struct mr_db *db, enum mr_view_commits *out, struct mr_err *err)
{
    static const char locks[] =
        "SELECT (SELECT COUNT(*) FROM performance_schema.setup_instruments WHERE NAME = "
        "'wait/lock/metadata/sql/mdl' AND ENABLED = 'YES') AND (SELECT COUNT(*) FROM "
        "performance_schema.metadata_locks WHERE OBJECT_TYPE = 'COMMIT') >= 0 AND "
        "(SELECT "
        "VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = "
        "'Performance_schema_metadata_lock_lost') = 0";
    bool yes = false;
    *out = MR_COMMITS_HIDDEN;
    enum mr_code code = ask_yes(db, locks, &yes, err);
    if (code != MR_OK || yes) {
        *out = yes ? MR_COMMITS_LOCKS : *out;
        return code;
    }
    code = ask_yes(db, "SELECT @@GLOBAL.gtid_mode = 'ON'", &yes, err);
    if (yes)
        *out = MR_COMMITS_GTIDS;
    return code;
}

static size_t count_char(const struct mr_strbuf *text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text->len; i++)
        count += text->ptr[i] == c;
    return count;
}

/* gtid_owned: "uuid:7#12:8#13", the number of a thread behind each. */
static enum mr_code count_underway(struct mr_db *db, enum mr_view_commits how, size_t *underway,
                                   struct mr_err *err)
{
    const char *sql = how == MR_COMMITS_LOCKS
                          ? "SELECT COUNT(*) FROM performance_schema.metadata_locks "
                            "WHERE OBJECT_TYPE = 'COMMIT'"
                          : "SELECT @@GLOBAL.gtid_owned";
    struct mr_strbuf answer = MR_STRBUF_INIT;
    *underway = 1;
    if (how == MR_COMMITS_HIDDEN)
        return MR_OK;
    enum mr_code code = mr_db_query_text(db, sql, &answer, err);
    if (code == MR_OK && how == MR_COMMITS_LOCKS)
        *underway = (size_t)strtoul(answer.ptr, NULL, 10);
    else if (code == MR_OK && answer.len > 0 && count_char(&answer, '#') > 0)
        *underway = count_char(&answer, '#');
    else if (code == MR_OK)
        *underway = answer.len > 0;
    mr_strbuf_release(&answer);
    return code;
}

/* ---- MySQL: the position of the server ---- */

static enum mr_code read_log_end(struct mr_db *db, struct mr_view_position *p, struct mr_err *err)
{
    const char *sql = mr_log_status_sql(db);
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    mr_strbuf_reset(&p->file);
    mr_strbuf_reset(&p->offset);
    enum mr_code code = mr_db_query(db, "nn*", sql, strlen(sql), &res, &why);
    if (code != MR_OK) {
        if (is_fatal(code) && err != NULL)
            *err = why;
        return is_fatal(code) ? code : MR_OK;
    }
    const struct mr_cell *cells = mr_result_next(res);
    if (cells != NULL) {
        take(&p->file, &cells[0]);
        take(&p->offset, &cells[1]);
    }
    mr_result_free(res);
    return MR_OK;
}

enum mr_code mr_view_position_now(struct mr_db *db, enum mr_view_commits how,
                                  struct mr_view_position *p, size_t *underway, struct mr_err *err)
{
    /* the sets of several servers stand on lines of their own: not in what is shown and pasted */
    static const char sql[] = "SELECT IF(@@GLOBAL.gtid_mode = 'ON', "
                              "REPLACE(@@GLOBAL.gtid_executed, CHAR(10), ''), '')";
    MR_TRY(read_log_end(db, p, err));
    MR_TRY(count_underway(db, how, underway, err));
    return mr_db_query_text(db, sql, &p->gtid, err);
}

enum mr_code mr_view_position_purged(struct mr_db *db, struct mr_strbuf *gtids, struct mr_err *err)
{
    static const char sql[] = "SELECT IF(@@GLOBAL.gtid_mode = 'ON', "
                              "REPLACE(@@GLOBAL.gtid_purged, CHAR(10), ''), '')";
    return mr_db_query_text(db, sql, gtids, err);
}

/* ---- MySQL: back to what is surely in the engine ---- */

uint64_t mr_view_offset_back(const struct mr_vec *starts, uint64_t known_to, uint64_t offset,
                             size_t underway)
{
    size_t count = starts->count;
    if (known_to < offset) { /* at least one of them is not shown */
        offset = known_to;
        underway -= underway > 0;
    }
    while (count > 0 && *(const uint64_t *)mr_vec_at(starts, count - 1) >= offset)
        count--;
    if (underway == 0)
        return offset;
    return underway <= count ? *(const uint64_t *)mr_vec_at(starts, count - underway) : FILE_BEGIN;
}

/* Each transaction begins with an event of its GTID, or one that says that it has none. */
static bool is_start(const struct mr_cell *type)
{
    return type->ptr != NULL && (strncasecmp(type->ptr, "Anonymous_Gtid", 14) == 0 ||
                                 strncasecmp(type->ptr, "Gtid", 4) == 0);
}

static uint64_t number(const struct mr_cell *cell)
{
    return cell->ptr != NULL ? strtoull(cell->ptr, NULL, 10) : 0;
}

/* Where the log does not show its events the beginning of the file stays: every view made since
 * then holds what lies before it. */
static enum mr_code search(struct mr_db *db, struct mr_view_position *p, size_t underway,
                           uint64_t *offset, struct mr_err *err)
{
    struct mr_vec starts = MR_VEC_INIT(uint64_t);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *row;
    uint64_t known_to = FILE_BEGIN, end = strtoull(p->offset.ptr, NULL, 10);
    mr_strbuf_add_str(&sql, "SHOW BINLOG EVENTS IN ");
    mr_sql_string(&sql, p->file.ptr);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, "nnnnnn*", sql.ptr, sql.len, &res, &why);
    if (is_fatal(code) && err != NULL)
        *err = why;
    while (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        uint64_t *start = is_start(&row[2]) ? mr_vec_push(&starts) : NULL;
        if (start != NULL)
            *start = number(&row[1]);
        else if (is_start(&row[2]))
            code = mr_err_nomem(err, "reading a log");
        known_to = number(&row[4]);
    }
    if (code == MR_OK && starts.count > 0)
        *offset = mr_view_offset_back(&starts, known_to, end, underway);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    mr_vec_release(&starts);
    return is_fatal(code) ? code : MR_OK;
}

/* Only where commits are in the order of the log does going back over so many transactions pass
 * all that may be missing from the view. */
enum mr_code mr_view_position_step_back(struct mr_db *db, enum mr_view_commits how, size_t underway,
                                        struct mr_view_position *p, struct mr_err *err)
{
    uint64_t offset = FILE_BEGIN;
    bool in_order = false;
    enum mr_code code = MR_OK;
    if (p->file.len == 0 || underway == 0)
        return MR_OK;
    if (how != MR_COMMITS_HIDDEN && strtoull(p->offset.ptr, NULL, 10) <= SEARCHED_BYTES)
        code = ask_yes(db, "SELECT @@GLOBAL.binlog_order_commits", &in_order, err);
    if (code == MR_OK && in_order)
        code = search(db, p, underway, &offset, err);
    mr_strbuf_reset(&p->offset);
    mr_strbuf_add_uint(&p->offset, offset);
    return code;
}
