/* until_take.c: see until_take.h. */
#include "snapshot/until/until_take.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/pattern.h"
#include "core/binlog/binlog_value.h"
#include "core/logs/log_names.h"
#include "core/logs/statement_reach.h"
#include "core/row/when.h"

#define NUMBER_BYTES_MAX 8
#define KEY_BYTES_MAX ((size_t)256 * 1024 * 1024) /* of memory: keys, and what is known of each */
#define BESIDE_KEY 16                             /* of it: where it stands among the others */
#define CLOCKS_DIFFER_US ((int64_t)300 * 1000000) /* of a server and of who made the snapshot */
#define DAY_US ((int64_t)86400 * 1000000)
#define HEAD_POSITION 4 /* of a log's first event: a snapshot's place that is no nearer */
#define STAMPS_DIFFER_US ((int64_t)2 * 1000000) /* of transactions that were committed together */
#define HEAD_BYTES 60                           /* of a statement: what is shown of it */

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

static const struct mr_snap_consistency *place_of(const struct mr_until *u)
{
    return &u->snap->manifest.consistency;
}

void mr_until_shapes_release(struct mr_until_table *t)
{
    mr_arena_release(&t->shapes);
}

void mr_until_hint_elsewhere(const struct mr_until *u, enum mr_code code, struct mr_err *err)
{
    if (code == MR_E_IO && u->opts->work_dir == NULL)
        mr_err_hint(err,
                    "With --work-dir DIR it lies elsewhere, and so do the rows as they are put "
                    "together.");
}

static const char *at_place(struct mr_until *u, const char *what,
                            const struct mr_binlog_place *place)
{
    return mr_arena_fmt(&u->arena, "%s, at \"%.200s\" position %" PRIu64, what, place->log,
                        place->position);
}

/* ---- rows ---- */

static enum mr_code break_table(struct mr_until *u, struct mr_until_table *t, const char *what,
                                const struct mr_binlog_place *place, struct mr_err *err)
{
    if (t->broken == NULL)
        t->broken = at_place(u, what, place);
    return t->broken != NULL ? MR_OK : nomem(err);
}

/* The number of a member, whose text the snapshot does not keep. */
static enum mr_code encode_number(const struct mr_binlog_field *field, struct mr_strbuf *out,
                                  struct mr_err *err)
{
    struct mr_value value = {.cls = MR_CLASS_NULL};
    if (field->presence == MR_BINLOG_BYTES) {
        value.cls = MR_CLASS_UINT;
        for (size_t i = 0; i < field->len && i < NUMBER_BYTES_MAX; i++)
            value.u |= (uint64_t)field->ptr[i] << (8 * i);
    }
    return mr_row_encode(out, &value, err);
}

/* Also of a row that is gone again: its id was given, and must not be given to another one. */
static void note_counted(const struct mr_until *u, struct mr_until_table *t, size_t at,
                         const struct mr_value *value)
{
    const struct mr_table *table = &u->cat->tables[t - u->tables];
    uint64_t counted = 0;
    if (!table->columns[at].auto_increment)
        return;
    if (value->cls == MR_CLASS_UINT)
        counted = value->u;
    else if (value->cls == MR_CLASS_INT && value->i > 0)
        counted = (uint64_t)value->i;
    if (counted > t->rows.counted)
        t->rows.counted = counted;
}

static enum mr_code encode_column(struct mr_until *u, struct mr_until_table *t, size_t i,
                                  const struct mr_binlog_field *image,
                                  const struct mr_binlog_field *before, struct mr_strbuf *out,
                                  struct mr_err *err)
{
    const size_t at = t->columns[i];
    const struct mr_binlog_field *field = &image[mr_binlog_shape_at(t->shape, at)];
    struct mr_value value;
    bool seen = false;
    if (field->presence == MR_BINLOG_UNSEEN) {
        mr_strbuf_add_char(out, MR_UNTIL_UNSEEN);
        return MR_OK;
    }
    if (t->rows.table->columns[i].by_number)
        return encode_number(field, out, err);
    MR_TRY(mr_binlog_value(t->shape, at, image, before, &u->scratch_text, &seen, &value, err));
    note_counted(u, t, at, &value);
    return mr_row_encode_exact(out, &value, err);
}

static enum mr_code encode_image(struct mr_until *u, struct mr_until_table *t,
                                 const struct mr_binlog_field *image,
                                 const struct mr_binlog_field *before, struct mr_strbuf *out,
                                 struct mr_err *err)
{
    mr_strbuf_reset(out);
    for (size_t i = 0; i < t->rows.table->ncolumns; i++)
        MR_TRY(encode_column(u, t, i, image, before, out, err));
    return mr_strbuf_check(out, "reading a binary log", err);
}

static bool same_bytes(const struct mr_strbuf *a, const struct mr_strbuf *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

/* A row that comes under another key has no other rows to take from what the log does not show.  One that is gone
 * cannot come: that is for put to say. */
static enum mr_code fill_moved(struct mr_until *u, struct mr_until_table *t, struct mr_key old,
                               struct mr_err *err)
{
    const struct mr_until_row *row = mr_until_rows_find(&t->rows, old);
    struct mr_strbuf whole = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (row == NULL || row->last.len == 0 ||
        mr_until_image_is_whole(&u->filled, t->rows.table->ncolumns, err))
        return MR_OK;
    MR_TRY_OUT(mr_until_rows_read(&t->rows, row->last, &u->was, err));
    MR_TRY_OUT(mr_until_image_fill(&u->filled, &u->was, &whole, err));
    mr_strbuf_reset(&u->filled);
    mr_strbuf_add(&u->filled, whole.ptr, whole.len);
    code = mr_strbuf_check(&u->filled, "reading a binary log", err);
out:
    mr_strbuf_release(&whole);
    return code;
}

static enum mr_code put(struct mr_until *u, struct mr_until_table *t, const struct mr_strbuf *key,
                        const struct mr_strbuf *before, const struct mr_strbuf *after,
                        struct mr_err *err)
{
    const struct mr_until_change change = {
        .key = {key->ptr, key->len}, .before = before, .after = after, .is_vague = u->is_vague};
    const size_t count = t->rows.rows.count;
    const enum mr_code code = mr_until_rows_put(&t->rows, &change, err);
    mr_until_hint_elsewhere(u, code, err);
    MR_TRY(code);
    if (t->rows.rows.count > count)
        u->held += key->len + sizeof(struct mr_until_row) + BESIDE_KEY;
    return u->held <= KEY_BYTES_MAX
               ? MR_OK
               : mr_err_set(err, MR_E_UNSUPPORTED, "more keys changed than are held in memory");
}

/* An update that leaves the key is one change; one of the key is a row that goes and another that comes. */
static enum mr_code take_update(struct mr_until *u, struct mr_until_table *t,
                                const struct mr_binlog_row *row, struct mr_err *err)
{
    struct mr_strbuf old = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(encode_image(u, t, row->before, NULL, &u->before, err));
    MR_TRY_OUT(encode_image(u, t, row->after, row->before, &u->after, err));
    MR_TRY_OUT(mr_until_image_fill(&u->after, &u->before, &u->filled, err));
    MR_TRY_OUT(mr_until_image_key(t->rows.table, &u->before, &old, err));
    MR_TRY_OUT(mr_until_image_key(t->rows.table, &u->filled, &u->key, err));
    if (same_bytes(&old, &u->key)) {
        code = put(u, t, &u->key, &u->before, &u->filled, err);
        goto out;
    }
    MR_TRY_OUT(fill_moved(u, t, (struct mr_key){old.ptr, old.len}, err));
    MR_TRY_OUT(put(u, t, &old, &u->before, NULL, err));
    code = put(u, t, &u->key, NULL, &u->filled, err);
out:
    mr_strbuf_release(&old);
    return code;
}

static enum mr_code take_row(struct mr_until *u, struct mr_until_table *t,
                             const struct mr_binlog_row *row, struct mr_err *err)
{
    if (row->before != NULL && row->after != NULL)
        return take_update(u, t, row, err);
    const bool comes = row->after != NULL;
    struct mr_strbuf *image = comes ? &u->after : &u->before;
    MR_TRY(encode_image(u, t, comes ? row->after : row->before, NULL, image, err));
    MR_TRY(mr_until_image_key(t->rows.table, image, &u->key, err));
    return put(u, t, &u->key, comes ? NULL : image, comes ? image : NULL, err);
}

/* What does not fit changed_keys.c names, which sees the same map. */
static enum mr_code look_at_map(struct mr_until *u, struct mr_until_table *t,
                                const struct mr_table *today, const struct mr_binlog_map *map,
                                struct mr_err *err)
{
    if (t->serial == map->serial)
        return MR_OK;
    mr_arena_reset(&t->shapes);
    t->serial = map->serial;
    t->shape = NULL;
    const enum mr_code code =
        mr_binlog_shape_make(&map->table, today, &u->cat->server, &t->shapes, &t->shape, err);
    return code == MR_E_UNSUPPORTED ? MR_OK : code;
}

/* NULL: the snapshot has no such table. */
static struct mr_until_table *find_table(struct mr_until *u, const struct mr_binlog_map *map)
{
    const size_t at = mr_changed_keys_find(&u->changed, map->table.db, map->table.name);
    return at < u->ntables && u->tables[at].rows.table != NULL ? &u->tables[at] : NULL;
}

/* A value that no server writes is an error of the log; one that cannot be told breaks its table alone. */
static enum mr_code take_event(struct mr_until *u, struct mr_until_table *t,
                               const struct mr_binlog_step *step, struct mr_err *err)
{
    struct mr_binlog_rows rows = {0};
    struct mr_binlog_row row = {0};
    struct mr_err why = {0};
    enum mr_code code = mr_binlog_rows_open(&rows, step->event, &step->map->table, &why);
    if (code == MR_OK)
        code = mr_binlog_rows_next(&rows, &row, &why);
    while (code == MR_OK && row.kind != 0) {
        code = take_row(u, t, &row, &why);
        if (code == MR_OK)
            code = mr_binlog_rows_next(&rows, &row, &why);
    }
    mr_binlog_rows_release(&rows);
    if (code == MR_E_UNSUPPORTED)
        return break_table(u, t, why.message, &step->event->place, err);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* Of a database that was made behind a snapshot of all of them, too; the server's own are in none. */
static bool is_of_snapshot(const struct mr_until *u, const char *db)
{
    static const char *const own[] = {"mysql", "information_schema", "performance_schema", "sys"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], db) == 0)
            return false;
    return u->is_of_all || mr_snap_manifest_database(&u->snap->manifest, db) != NULL;
}

/* Rows of a table that is made behind the snapshot, or of a sequence: left out in silence, they would lack. */
static enum mr_code take_unknown(struct mr_until *u, const struct mr_binlog_step *step,
                                 struct mr_err *err)
{
    const struct mr_snap_manifest *m = &u->snap->manifest;
    const char *db = step->map->table.db, *name = step->map->table.name;
    if (!is_of_snapshot(u, db) || !u->opts->wants(u->opts->ctx, db, name) ||
        !mr_pattern_selects(m->only.items, m->only.count, m->except.items, m->except.count, db,
                            name))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the log changes \"%.64s.%.64s\" at \"%.200s\" position %" PRIu64
                     ", and the snapshot has no such table (a table that was made later, or a "
                     "sequence)",
                     db, name, step->event->place.log, step->event->place.position);
    mr_err_hint(err,
                "Nothing was restored. Leave it out (--exclude %.64s.%.64s), choose a moment in "
                "front of that, or take a later snapshot.",
                db, name);
    return MR_E_REFUSED;
}

static enum mr_code take_rows(struct mr_until *u, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    if (step->map == NULL)
        return MR_OK;
    struct mr_until_table *t = find_table(u, step->map);
    if (t == NULL)
        return take_unknown(u, step, err);
    if (!t->is_wanted)
        return MR_OK;
    const size_t at = (size_t)(t - u->tables);
    t->is_in_transaction = t->is_touched = u->has_rows = true;
    if (t->why != NULL || t->broken != NULL || u->changed.tables[at].why != NULL)
        return MR_OK;
    MR_TRY(look_at_map(u, t, &u->cat->tables[at], step->map, err));
    return t->shape != NULL ? take_event(u, t, step, err) : MR_OK;
}

/* ---- statements ---- */

static bool is_of_known(const struct mr_until *u, const struct mr_statement_reach *reach)
{
    for (size_t i = 0; i < u->cat->ntables; i++)
        if (mr_statement_reaches(reach, u->cat->tables[i].db, u->cat->tables[i].name))
            return true;
    return false;
}

/* What a statement defines beside rows stays as the snapshot has it: that is said, once.  Accounts are in no
 * snapshot, and temporary tables in nobody's view. */
static enum mr_code take_statement(struct mr_until *u, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    struct mr_statement_reach reach;
    enum mr_code code = mr_statement_reach(&step->query, &u->arena, &reach, err);
    const bool is_noted =
        code == MR_OK && reach.is_definition && !reach.is_beside &&
        (reach.reach == MR_REACH_NOTHING || (reach.makes_table && !is_of_known(u, &reach))) &&
        step->query.text.ptr != NULL;
    mr_statement_reach_release(&reach);
    if (!is_noted || u->noted != NULL)
        return code;
    const size_t len = step->query.text.len;
    u->noted = mr_arena_fmt(&u->arena, "\"%.*s%s\", at \"%.200s\" position %" PRIu64,
                            (int)(len < HEAD_BYTES ? len : HEAD_BYTES), step->query.text.ptr,
                            len < HEAD_BYTES ? "" : " ...", step->event->place.log,
                            step->event->place.position);
    return u->noted != NULL ? MR_OK : nomem(err);
}

/* ---- which transactions ---- */

/* Behind the snapshot's place, by position. */
static bool is_past(const struct mr_until *u)
{
    return u->in == MR_WINDOW_INSIDE || u->in == MR_WINDOW_OVER;
}

void mr_until_place(struct mr_until *u)
{
    const struct mr_snap_consistency *was = place_of(u);
    u->vague = (struct mr_history_window){
        .from = {.by = MR_BOUND_PLACE, .log = was->binlog_file, .position = was->binlog_position}};
    if (was->until_file != NULL)
        u->vague.to = (struct mr_history_bound){
            .by = MR_BOUND_PLACE, .log = was->until_file, .position = was->until_position};
}

void mr_until_meet(void *ctx, const char *log)
{
    struct mr_until *u = ctx;
    mr_history_window_meet(&u->vague, log);
}

/* May the snapshot hold it already? */
static bool is_vague(const struct mr_until *u, const struct mr_binlog_step *step)
{
    if (place_of(u)->position != MR_SNAP_AT_OR_BEFORE)
        return false;
    if (step->gtid->family == MR_GTID_OF_MYSQL && !mr_gtid_set_is_empty(&u->may_have))
        return mr_gtid_set_has(&u->may_have, step->gtid);
    return u->in != MR_WINDOW_OVER;
}

static enum mr_code refuse_other(const struct mr_until *u, const struct mr_binlog_step *step,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_gtid_add_text(&text, step->gtid);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the log is not the one that snapshot \"%s\" stands in: it has %s at "
                     "\"%.200s\" position %" PRIu64 ", and at position %" PRIu64
                     " the snapshot has %.200s",
                     u->snap->path, text.ptr, step->begun.log, step->begun.position,
                     place_of(u)->binlog_position, place_of(u)->gtid);
    mr_err_hint(err, "It was begun anew (RESET), or is another server's.");
    mr_strbuf_release(&text);
    return MR_E_REFUSED;
}

/* Does the moment lie behind all that was read of rows, as far as clocks agree? */
static bool is_behind_end(const struct mr_until *u, int64_t us)
{
    const char *finished = u->snap->manifest.finished;
    struct mr_when when;
    return finished != NULL && mr_when_parse(&when, finished, NULL) == MR_OK &&
           us > mr_when_us(&when) + CLOCKS_DIFFER_US;
}

/* Rows that were read later than the view hold what no change up to the moment has made of them. */
const char *mr_until_why(const struct mr_until *u, size_t at)
{
    const struct mr_until_table *t = &u->tables[at];
    if (t->broken != NULL)
        return t->broken;
    if (t->is_touched && t->why != NULL)
        return t->why;
    if (u->changed.tables[at].why != NULL)
        return u->changed.tables[at].why;
    return t->rows.table->consistent ||
                   is_behind_end(u, u->point.is_time ? u->point.us : u->last_us)
               ? NULL
               : "its rows in the snapshot are of another moment, which may lie behind that";
}

/* Numbers are given again behind a RESET, and a time is not: the log that has the snapshot's place was begun before that
 * was finished.  What clocks may differ is left out: where GTIDs tell most of it, a day. */
static enum mr_code prove_age(const struct mr_until *u, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    const bool by_gtids = place_of(u)->gtid != NULL && place_of(u)->gtid[0] != '\0';
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (!is_behind_end(u, u->read.began_us - (by_gtids ? DAY_US : 0)))
        return MR_OK;
    mr_when_format_us(u->read.began_us, &text);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the log is not the one that snapshot \"%s\" stands in: \"%.200s\" was begun "
                     "at %s UTC, by its server's clock, and the snapshot was made by %.40s",
                     u->snap->path, step->begun.log, text.ptr, u->snap->manifest.finished);
    mr_err_hint(err, "It was begun anew (RESET), or is another server's.");
    mr_strbuf_release(&text);
    return MR_E_REFUSED;
}

/* MySQL: what stood in front of its first log, and that transaction, is all that was met.  Of the former a
 * snapshot of that log has everything. */
static enum mr_code has_before(const struct mr_until *u, const struct mr_gtid *first, bool *has,
                               struct mr_err *err)
{
    struct mr_gtid_set rest, one;
    mr_gtid_set_init(&rest);
    mr_gtid_set_init(&one);
    enum mr_code code = mr_gtid_set_add_set(&rest, &u->read.met, err);
    if (code == MR_OK)
        code = mr_gtid_set_subtract(&rest, &u->had, err);
    if (code == MR_OK)
        code = mr_gtid_set_add(&one, first, err);
    *has = code == MR_OK && mr_gtid_set_contains(&one, &rest);
    mr_gtid_set_release(&rest);
    mr_gtid_set_release(&one);
    return code;
}

static enum mr_code refuse_front(const struct mr_until *u, const struct mr_gtid_state *front,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_gtid_state_add_text(&text, front);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the log is not the one that snapshot \"%s\" stands in: in front of "
                     "\"%.200s\" position %" PRIu64 " it has %.200s, and the snapshot has %.200s",
                     u->snap->path, place_of(u)->binlog_file, place_of(u)->binlog_position,
                     text.len > 0 ? text.ptr : "other transactions", place_of(u)->gtid);
    mr_err_hint(err, "It was begun anew (RESET), or is another server's.");
    mr_strbuf_release(&text);
    return MR_E_REFUSED;
}

/* MariaDB: numbers of one domain go down where servers that write it take turns (gtid_strict_mode = OFF): which one
 * was the last tells, not which is the greatest. */
static enum mr_code meet_front(struct mr_until *u, const struct mr_gtid *gtid, struct mr_err *err)
{
    struct mr_gtid *last = NULL;
    for (size_t i = 0; i < u->front.count && last == NULL; i++) {
        struct mr_gtid *at = mr_vec_at(&u->front, i);
        last = at->domain == gtid->domain ? at : NULL;
    }
    if (last == NULL)
        last = mr_vec_push(&u->front);
    if (last == NULL)
        return nomem(err);
    *last = *gtid;
    return mr_gtid_state_add(&u->in_front, gtid, err);
}

/* The last ones in front of the place are those that the snapshot has; of domains of which nothing stands there,
 * a log in front of the first had it. */
static enum mr_code prove_front(const struct mr_until *u, struct mr_err *err)
{
    struct mr_gtid_state front;
    mr_gtid_state_init(&front);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < u->front.count; i++)
        code = mr_gtid_state_add(&front, mr_vec_at(&u->front, i), err);
    if (code == MR_OK && !(mr_gtid_state_contains(&u->had_state, &front) &&
                           mr_gtid_state_contains_shared(&front, &u->had_state) &&
                           mr_gtid_state_contains(&u->read.met_state, &u->had_state)))
        code = refuse_front(u, &front, err);
    mr_gtid_state_release(&front);
    return code;
}

/* Behind the place stands nothing that stood in front of it, by domain, server and number. */
static enum mr_code prove_mariadb(struct mr_until *u, const struct mr_binlog_step *step,
                                  bool was_past, struct mr_err *err)
{
    if (!is_past(u))
        return meet_front(u, step->gtid, err);
    if (!was_past)
        MR_TRY(prove_front(u, err));
    return mr_gtid_state_covers(&u->in_front, step->gtid) ||
                   mr_gtid_state_covers(&u->had_state, step->gtid)
               ? refuse_other(u, step, err)
               : MR_OK;
}

/* In front of the place stands what the snapshot has, and behind an exact one what it has not; and what it has was not
 * committed behind its end, but by a server that was put back and numbers anew. */
static enum mr_code prove_mysql(const struct mr_until *u, const struct mr_binlog_step *step,
                                struct mr_err *err)
{
    const struct mr_gtid *gtid = step->gtid;
    const bool has = mr_gtid_set_has(&u->had, gtid);
    bool fits = is_past(u) ? !has || place_of(u)->position != MR_SNAP_EXACT : has;
    fits =
        fits && !(has && gtid->committed_us != 0 && is_behind_end(u, (int64_t)gtid->committed_us));
    if (fits && !u->is_begun)
        MR_TRY(has_before(u, gtid, &fits, err));
    return fits ? MR_OK : refuse_other(u, step, err);
}

static enum mr_code prove_place(struct mr_until *u, const struct mr_binlog_step *step,
                                bool was_past, struct mr_err *err)
{
    if (step->gtid->family == MR_GTID_OF_MARIADB && place_of(u)->gtid != NULL)
        return prove_mariadb(u, step, was_past, err);
    return step->gtid->family == MR_GTID_OF_MYSQL && !mr_gtid_set_is_empty(&u->had)
               ? prove_mysql(u, step, err)
               : MR_OK;
}

/* A MySQL without GTIDs: its place is where a transaction begins, or where the log ended; in another log hardly one
 * begins just there. */
static enum mr_code prove_border(const struct mr_until *u, const struct mr_binlog_step *step,
                                 struct mr_err *err)
{
    const struct mr_snap_consistency *was = place_of(u);
    if (u->snap->manifest.server.flavour != MR_FLAVOUR_MYSQL || !mr_gtid_set_is_empty(&u->had) ||
        was->binlog_position <= HEAD_POSITION || step->begun.position == was->binlog_position ||
        !mr_history_log_is(step->begun.log, was->binlog_file))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the log is not the one that snapshot \"%s\" stands in: in \"%.200s\" no "
                     "transaction begins at position %" PRIu64,
                     u->snap->path, step->begun.log, was->binlog_position);
    mr_err_hint(err, "It was begun anew (RESET), or is another server's.");
    return MR_E_REFUSED;
}

enum mr_code mr_until_refuse_early(const struct mr_until *u, const char *why, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "%s lies in front of snapshot \"%s\": %s", u->point.text,
                     u->snap->path, why);
    mr_err_hint(err, "Take an older snapshot, or restore this one without --until.");
    return MR_E_REFUSED;
}

enum mr_code mr_until_refuse_had(const struct mr_until *u, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "snapshot \"%s\" holds %s already, and may hold more",
                     u->snap->path, u->point.text);
    mr_err_hint(err, "Take an older snapshot, or restore this one without --until.");
    return MR_E_REFUSED;
}

/* Each file is a walk of its own, and what was known of the maps of the one before is of no use. */
static enum mr_code meet_log(struct mr_until *u, const char *log, struct mr_err *err)
{
    if (u->log != NULL && strcmp(u->log, log) == 0)
        return MR_OK;
    u->log = mr_arena_strdup(&u->arena, log);
    mr_changed_keys_begin(&u->changed);
    for (size_t i = 0; i < u->ntables; i++)
        u->tables[i].serial = 0;
    return u->log != NULL ? MR_OK : nomem(err);
}

static enum mr_code refuse_stamps(const struct mr_until *u, const struct mr_binlog_step *step,
                                  int64_t us, struct mr_err *err)
{
    struct mr_strbuf ended = MR_STRBUF_INIT, is = MR_STRBUF_INIT, last = MR_STRBUF_INIT;
    mr_gtid_add_text(&ended, &u->ended_by);
    mr_strbuf_add_str(&ended, ", stamped ");
    mr_when_format_us(u->ended_us, &ended);
    mr_gtid_add_text(&is, step->gtid);
    mr_strbuf_add_str(&is, ", stamped ");
    mr_when_format_us(us, &is);
    if (u->transactions > 0)
        mr_gtid_add_text(&last, &u->last_gtid);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the log does not tell what had been committed by %s: it has %s UTC, and "
                     "behind it, at \"%.200s\" position %" PRIu64 ", %s UTC",
                     u->point.text, ended.ptr, step->begun.log, step->begun.position, is.ptr);
    mr_err_hint(err,
                "MariaDB stamps a transaction when its last statement begins, by the clock of the "
                "server where it was first (or as SET timestamp says): one of the two was long, or "
                "has another clock. Name the transaction to end with in place of the time%s%s.",
                last.len > 0 ? "; the last one in front of both is " : "",
                last.len > 0 ? last.ptr : "");
    mr_strbuf_release(&ended);
    mr_strbuf_release(&is);
    mr_strbuf_release(&last);
    return MR_E_REFUSED;
}

/* Behind the end that a stamp has made.  A stamp of MariaDB is no time of commit: one that is far ahead would leave
 * out, in silence, what had been committed by then.  What stands in a log that was begun behind the time had not,
 * by that server's own clock. */
static enum mr_code look_beyond(struct mr_until *u, const struct mr_binlog_step *step,
                                struct mr_err *err)
{
    const int64_t us = mr_binlog_committed_us(step);
    u->read.is_enough = step->gtid->family != MR_GTID_OF_MARIADB || u->read.log_us > u->point.us;
    return !u->read.is_enough && us <= u->point.us && u->ended_us - us > STAMPS_DIFFER_US
               ? refuse_stamps(u, step, us, err)
               : MR_OK;
}

static enum mr_code end_by_time(struct mr_until *u, const struct mr_binlog_step *step, int64_t us,
                                struct mr_err *err)
{
    u->is_taken = false;
    u->is_reached = u->is_ended = u->read.is_beyond = true;
    u->ended_by = *step->gtid;
    u->ended_us = us;
    return look_beyond(u, step, err);
}

static enum mr_code begin(struct mr_until *u, const struct mr_binlog_step *step, struct mr_err *err)
{
    const int64_t us = mr_binlog_committed_us(step);
    const enum mr_until_side side = mr_until_point_judge(&u->point, step->gtid, us);
    const bool was_past = is_past(u);
    const bool by_set = step->gtid->family == MR_GTID_OF_MYSQL && !mr_gtid_set_is_empty(&u->had);
    MR_TRY(meet_log(u, step->begun.log, err));
    u->in = mr_history_window_judge(&u->vague, &step->begun, us);
    u->has_rows = false;
    u->is_taken = by_set ? !mr_gtid_set_has(&u->had, step->gtid) : is_past(u);
    if (!u->is_begun)
        MR_TRY(prove_age(u, step, err));
    MR_TRY(prove_place(u, step, was_past, err));
    if (is_past(u) && !was_past)
        MR_TRY(prove_border(u, step, err));
    u->is_begun = true;
    if (!u->is_taken) {
        u->latest_us = us > u->latest_us ? us : u->latest_us;
        return side == MR_UNTIL_AT ? mr_until_refuse_had(u, err) : MR_OK;
    }
    u->is_vague = is_vague(u, step);
    u->is_last = side == MR_UNTIL_AT;
    u->begun = step->begun;
    u->gtid = *step->gtid;
    u->us = us;
    if (side != MR_UNTIL_BEHIND)
        return MR_OK;
    if (u->is_vague)
        return mr_until_refuse_early(u, MR_UNTIL_MAY_HOLD, err);
    return end_by_time(u, step, us, err);
}

/* What became of rows of a transaction that has not simply committed, the log alone does not say. */
static enum mr_code break_touched(struct mr_until *u, const char *what,
                                  const struct mr_binlog_place *place, struct mr_err *err)
{
    for (size_t i = 0; i < u->ntables; i++)
        if (u->tables[i].is_in_transaction)
            MR_TRY(break_table(u, &u->tables[i], what, place, err));
    return MR_OK;
}

static const char *why_in_doubt(const struct mr_binlog_step *step)
{
    switch (step->kind) {
    case MR_STEP_ROLLBACK: return "a transaction was rolled back of which rows may have stayed";
    case MR_STEP_PREPARED:
        return "an XA transaction was prepared, and committed elsewhere or never";
    case MR_STEP_UNFINISHED: return "a transaction has no end";
    case MR_STEP_END:
    case MR_STEP_LOG:
    case MR_STEP_BEFORE:
    case MR_STEP_LOST:
    case MR_STEP_BEGIN:
    case MR_STEP_ROWS:
    case MR_STEP_STATEMENT:
    case MR_STEP_COMMIT:
    case MR_STEP_XA_COMMIT:
    case MR_STEP_XA_ROLLBACK: break;
    }
    return step->takes_back ? "a savepoint was rolled back to behind rows that are in the log"
                            : NULL;
}

static void end(struct mr_until *u)
{
    for (size_t i = 0; u->has_rows && i < u->ntables; i++)
        u->tables[i].is_in_transaction = false;
    u->transactions++;
    u->is_reached = u->read.is_enough = u->is_last;
    u->last = (struct mr_binlog_place){u->log, u->begun.position};
    u->last_gtid = u->gtid;
    u->last_us = u->us;
}

static bool is_end(enum mr_binlog_step_kind kind)
{
    return kind >= MR_STEP_COMMIT;
}

enum mr_code mr_until_take(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    struct mr_until *u = ctx;
    if (step->kind == MR_STEP_BEGIN && u->is_ended)
        return look_beyond(u, step, err);
    if (step->kind == MR_STEP_BEGIN)
        MR_TRY(begin(u, step, err));
    if (!u->is_taken)
        return MR_OK;
    MR_TRY(mr_changed_keys_step(&u->changed, step, err));
    const char *why = why_in_doubt(step);
    if (why != NULL && u->has_rows)
        MR_TRY(break_touched(u, why, &step->begun, err));
    if (step->kind == MR_STEP_ROWS)
        return take_rows(u, step, err);
    if (step->kind == MR_STEP_STATEMENT)
        return take_statement(u, step, err);
    if (step->kind == MR_STEP_UNFINISHED) { /* it has not happened: a log that is cut within it */
        u->is_taken = false;
        return MR_OK;
    }
    if (is_end(step->kind))
        end(u);
    return MR_OK;
}
