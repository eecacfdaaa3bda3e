/* history_scan.c: see history_scan.h. */
#include "recon/history/history_scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "recon/history/history_aside.h"
#include "recon/history/history_names.h"
#include "recon/history/history_prepared.h"
#include "recon/history/history_row.h"
#include "core/logs/statement_reach.h"

#define FOLD_BYTES ((size_t)28 * 1024 * 1024)
#define PENDING_BYTES ((size_t)4 * 1024 * 1024)
#define HAND_BYTES ((size_t)1024 * 1024)
#define HELD_BYTES ((size_t)64 * 1024 * 1024) /* of transactions of XA that are prepared */
#define KNOWN_MAPS ((size_t)1024)
#define BREATHE_BYTES ((uint64_t)1024 * 1024)
#define TXS_MAX ((size_t)16384)
#define GAPS_MAX 10

/* What is known of a table map, by its serial. */
struct known_map {
    uint64_t serial; /* 0: none */
    size_t table;    /* MR_HISTORY_NO_TABLE: not one of ours, or blind */
    bool has_looked; /* for the shape */
    struct mr_binlog_shape *shape;
    struct mr_arena arena;
};

struct mr_history_work {
    struct mr_history_fold *fold;
    struct mr_history_aside *aside; /* that fills it */
    struct known_map *maps;
    struct mr_history_names names;
    struct mr_binlog_rows rows;
    struct mr_history_rowing row; /* scratch of images */
    /* struct mr_history_change, bytes in row.kept: so many that count, then those of the transaction */
    struct mr_vec changes;
    size_t counted;
    /* the transaction that is read */
    struct mr_arena tx_arena;
    struct mr_arena named; /* what its statement names */
    bool *touched;         /* per table */
    bool in_tx, is_own, counts, is_spilled, is_torn, is_empty;
    int64_t tx; /* its id; 0: not given yet */
    struct mr_evidence_tx head;
    /* transactions since the last flush */
    struct mr_arena txs_arena;
    struct mr_vec txs;      /* struct mr_evidence_tx */
    struct mr_vec prepared; /* struct mr_history_prepared */
    /* how logs follow each other */
    bool has_before;
    bool met_shared; /* a transaction that the other side has, too, or one in front of the logs */
    struct mr_gtid_set met;
    struct mr_gtid_state met_state;
    char *last_file;
    uint64_t since_breath;
    unsigned gaps;
    bool is_relay;    /* what events say of their end is of their source's log */
    int64_t began_us; /* the first log; 0: not seen yet */
    const char *last_log;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

/* ---- blindness and gaps ---- */

static bool is_blind(const struct mr_history_scan *scan, size_t table)
{
    return scan->tables[table].evidence.of[scan->side].witness == MR_WITNESS_BLIND;
}

/* The first reason stays: what comes later is blind anyway. */
static enum mr_code blind(struct mr_history_scan *scan, size_t table, const char *reason,
                          struct mr_err *err)
{
    struct mr_evidence_of *of = &scan->tables[table].evidence.of[scan->side];
    if (reason == NULL)
        return nomem(err);
    if (of->witness == MR_WITNESS_BLIND)
        return MR_OK;
    *of = (struct mr_evidence_of){.witness = MR_WITNESS_BLIND,
                                  .reason = reason,
                                  .keys = of->keys,
                                  .changes = of->changes,
                                  .since = *scan->last_tx + 1};
    mr_log_detail("table \"%s\" of the %s: no evidence: %s", scan->tables[table].evidence.name,
                  mr_side_name(scan->side), reason);
    return MR_OK;
}

static const char *at_place(const struct mr_history_scan *scan, const char *what,
                            const struct mr_binlog_place *place)
{
    return mr_arena_fmt(scan->arena, "%s, at \"%.200s\" position %" PRIu64, what, place->log,
                        place->position);
}

/* touched NULL: all.  A log of statements blinds a table again and again: texts that are not kept are not made. */
static enum mr_code blind_touched(struct mr_history_scan *scan, const bool *touched,
                                  const char *why, const struct mr_binlog_place *place,
                                  struct mr_err *err)
{
    const char *reason = NULL;
    for (size_t i = 0; i < scan->ntables; i++) {
        if ((touched != NULL && !touched[i]) || is_blind(scan, i))
            continue;
        if (reason == NULL)
            reason = at_place(scan, why, place);
        MR_TRY(blind(scan, i, reason, err));
    }
    return MR_OK;
}

static enum mr_code add_gap(struct mr_history_scan *scan, const char *text, struct mr_err *err)
{
    if (text == NULL)
        return nomem(err);
    scan->known->is_complete = false;
    if (++scan->work->gaps > GAPS_MAX + 1) /* each would hold all before it */
        return MR_OK;
    if (scan->work->gaps > GAPS_MAX)
        text = "there is more of this kind";
    scan->known->gap = scan->known->gap == NULL
                           ? text
                           : mr_arena_fmt(scan->arena, "%s\n%s", scan->known->gap, text);
    return scan->known->gap != NULL ? MR_OK : nomem(err);
}

static enum mr_code add_gap_at(struct mr_history_scan *scan, const char *what,
                               const struct mr_binlog_place *place, struct mr_err *err)
{
    return add_gap(scan, scan->work->gaps < GAPS_MAX ? at_place(scan, what, place) : what, err);
}

/* ---- opening ---- */

enum mr_code mr_history_scan_begin(struct mr_history_scan *scan, struct mr_err *err)
{
    struct mr_history_work *w = calloc(1, sizeof *w);
    if (w == NULL)
        return nomem(err);
    scan->work = w;
    w->changes = (struct mr_vec)MR_VEC_INIT(struct mr_history_change);
    w->txs = (struct mr_vec)MR_VEC_INIT(struct mr_evidence_tx);
    w->prepared = (struct mr_vec)MR_VEC_INIT(struct mr_history_prepared);
    mr_arena_init(&w->tx_arena);
    mr_arena_init(&w->named);
    mr_arena_init(&w->txs_arena);
    mr_gtid_set_init(&w->met);
    mr_gtid_state_init(&w->met_state);
    mr_history_rowing_init(&w->row);
    w->row.matters = scan->matters;
    w->row.matters_ctx = scan->ctx;
    w->maps = calloc(KNOWN_MAPS, sizeof *w->maps);
    w->touched = calloc(scan->ntables + 1, sizeof *w->touched);
    if (w->maps == NULL || w->touched == NULL)
        return nomem(err);
    MR_TRY(mr_history_names_make(&w->names, scan->tables, scan->ntables, scan->side, err));
    for (size_t i = 0; i < scan->ntables; i++)
        if (scan->tables[i].why != NULL)
            MR_TRY(blind(scan, i, scan->tables[i].why, err));
    MR_TRY(mr_history_fold_new((int)scan->side, mr_case_path(mr_findings_case(scan->fd)), &w->fold,
                               err));
    w->aside = mr_history_aside_new(w->fold, FOLD_BYTES);
    return w->aside != NULL ? MR_OK : nomem(err);
}

void mr_history_scan_release(struct mr_history_scan *scan)
{
    struct mr_history_work *w = scan->work;
    if (w == NULL)
        return;
    mr_history_aside_free(w->aside);
    mr_history_fold_free(w->fold);
    for (size_t i = 0; w->maps != NULL && i < KNOWN_MAPS; i++)
        mr_arena_release(&w->maps[i].arena);
    free(w->maps);
    mr_history_prepared_release(&w->prepared);
    mr_vec_release(&w->changes);
    mr_vec_release(&w->txs);
    mr_arena_release(&w->tx_arena);
    mr_arena_release(&w->named);
    mr_arena_release(&w->txs_arena);
    mr_gtid_set_release(&w->met);
    mr_gtid_state_release(&w->met_state);
    mr_history_rowing_release(&w->row);
    mr_binlog_rows_release(&w->rows);
    free(w->touched);
    mr_history_names_release(&w->names);
    free(w->last_file);
    free(w);
    scan->work = NULL;
}

/* ---- into the case ---- */

static int64_t id_of(void *ctx, size_t table)
{
    const struct mr_history_scan *scan = ctx;
    return scan->tables[table].evidence.id;
}

static enum mr_code store_txs(struct mr_history_scan *scan, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    for (size_t i = 0; i < w->txs.count; i++)
        MR_TRY(mr_evidence_tx_add(scan->writer, mr_vec_at(&w->txs, i), err));
    mr_vec_clear(&w->txs);
    mr_arena_reset(&w->txs_arena);
    return MR_OK;
}

/* Of changes that count.  Lists are long enough to be worth a thread's waking. */
static enum mr_code hand_over(struct mr_history_work *w, struct mr_err *err)
{
    w->counted = 0;
    return mr_history_aside_hand(w->aside, &w->changes, &w->row.kept, err);
}

static size_t pending_bytes(const struct mr_history_work *w)
{
    return w->row.kept.total_bytes + w->changes.count * sizeof(struct mr_history_change);
}

/* A collection goes on only from where its logs were read to the end: until then nobody relies on what
 * is there, behind that all of it is there or none. */
static enum mr_code store(struct mr_history_scan *scan, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const struct mr_history_into into = {
        .writer = scan->writer, .id_of = id_of, .ctx = scan, .in_pieces = !scan->known->is_read};
    MR_TRY(store_txs(scan, err));
    MR_TRY(hand_over(w, err));
    MR_TRY(mr_history_aside_wait(w->aside, err));
    MR_TRY(mr_history_fold_flush(w->fold, &into, err));
    for (size_t i = 0; i < scan->ntables; i++)
        MR_TRY(
            mr_evidence_table_save(scan->writer, &scan->tables[i].evidence, (int)scan->side, err));
    return mr_evidence_side_save(scan->writer, (int)scan->side, scan->known, err);
}

enum mr_code mr_history_scan_flush(struct mr_history_scan *scan, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(scan->fd, err));
    return mr_findings_end(scan->fd, store(scan, err), err);
}

/* Transactions, which come in the order of their numbers, leave memory where they are many. */
static enum mr_code make_room(struct mr_history_scan *scan, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    /* behind its end all that is read on is stored at once */
    if (w->txs.count < TXS_MAX || scan->known->is_read)
        return MR_OK;
    MR_TRY(mr_findings_begin(scan->fd, err));
    return mr_findings_end(scan->fd, store_txs(scan, err), err);
}

/* ---- transactions ---- */

/* Whose it is has to be known before its first row, and what it is called even where it turns out to
 * change nothing of ours: what was met tells whether logs have gaps. */
static enum mr_code begin_tx(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                             struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const struct mr_history_tx tx = {step->gtid, step->begun, mr_binlog_committed_us(step)};
    struct mr_strbuf gtid = MR_STRBUF_INIT;
    enum mr_owned owned;
    mr_arena_reset(&w->tx_arena);
    memset(w->touched, 0, scan->ntables * sizeof *w->touched);
    w->in_tx = true;
    w->is_spilled = w->is_torn = false;
    w->is_empty = true;
    w->tx = 0;
    MR_TRY(mr_history_own_judge(scan->own, &tx, &owned, err));
    w->is_own = owned == MR_OWNED_OWN;
    w->met_shared = w->met_shared || owned == MR_OWNED_SHARED;
    if (owned == MR_OWNED_UNTOLD)
        MR_TRY(add_gap_at(scan, "a transaction without a GTID: nothing tells whose it is",
                          &step->begun, err));
    scan->known->has_own = scan->known->has_own || w->is_own;
    w->counts = scan->known->has_own;
    if (w->is_own && step->is_headless)
        MR_TRY(add_gap_at(scan, "the log begins within a transaction", &step->begun, err));
    if (step->gtid->family != MR_GTID_NONE)
        mr_gtid_add_text(&gtid, step->gtid);
    w->head = (struct mr_evidence_tx){.side = (int)scan->side,
                                      .gtid = mr_arena_strdup(&w->tx_arena, gtid.ptr),
                                      .committed_us = tx.committed_us,
                                      .log = mr_arena_strdup(&w->tx_arena, step->begun.log),
                                      .position = step->begun.position};
    mr_strbuf_release(&gtid);
    return w->head.gtid != NULL && w->head.log != NULL ? MR_OK : nomem(err);
}

/* Where it ends in the log that is read; of a payload's event that is where the payload does. */
static uint64_t end_of(const struct mr_history_work *w, const struct mr_binlog_event *event)
{
    return w->is_relay ? event->place.position + MR_BINLOG_HEADER_BYTES + event->len : event->end;
}

/* Of a transaction whose end is in the log: one that is cut off was perhaps executed, and is not here. */
static enum mr_code note_met(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                             struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const uint64_t end = step->event != NULL ? end_of(w, step->event) : 0;
    mr_history_own_ended(scan->own, &step->begun, end);
    if (step->gtid->family == MR_GTID_OF_MYSQL)
        return mr_gtid_set_add(&w->met, step->gtid, err);
    return mr_gtid_state_add(&w->met_state, step->gtid, err);
}

/* It gets its number with its first change that counts. */
static enum mr_code number_tx(struct mr_history_scan *scan, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    if (w->tx != 0 || !w->is_own)
        return MR_OK;
    struct mr_evidence_tx *tx = mr_vec_push(&w->txs);
    if (tx == NULL)
        return nomem(err);
    *tx = w->head;
    tx->gtid = mr_arena_strdup(&w->txs_arena, w->head.gtid);
    tx->log = mr_arena_strdup(&w->txs_arena, w->head.log);
    tx->id = w->tx = ++*scan->last_tx;
    scan->known->transactions++;
    return tx->gtid != NULL && tx->log != NULL ? MR_OK : nomem(err);
}

/* Its changes so far count. */
static enum mr_code pour(struct mr_history_scan *scan, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    for (; w->counted < w->changes.count; w->counted++) {
        struct mr_history_change *c = mr_vec_at(&w->changes, w->counted);
        if (w->is_own) {
            MR_TRY(number_tx(scan, err));
            c->tx = w->tx;
            scan->known->changes++;
            scan->tables[c->table].evidence.of[scan->side].changes++;
        }
        c->is_own = w->is_own;
        if (scan->touch != NULL)
            MR_TRY(scan->touch(scan->touch_ctx, c->table, c->key, err));
    }
    return pending_bytes(w) > HAND_BYTES ? hand_over(w, err) : MR_OK;
}

static enum mr_code end_tx(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                           struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    w->in_tx = false;
    MR_TRY(note_met(scan, step, err));
    MR_TRY(mr_history_own_wrote(scan->own, step->gtid, step->event->server_id, w->is_empty, err));
    MR_TRY(pour(scan, err));
    if (w->is_torn && w->counts)
        MR_TRY(blind_touched(scan, w->touched, "a transaction was rolled back in part",
                             &step->begun, err));
    scan->known->end_log = w->last_log;
    return make_room(scan, err);
}

/* What did not happen: of one so large that some of it has been counted, its tables are not known. */
static enum mr_code drop_tx(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                            const char *why, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    w->in_tx = false;
    w->changes.count = w->counted;
    if (pending_bytes(w) > HAND_BYTES) /* bytes of what is dropped stay until then */
        MR_TRY(hand_over(w, err));
    if (why != NULL)
        MR_TRY(note_met(scan, step, err));
    return w->counts && (why != NULL || w->is_spilled)
               ? blind_touched(scan, w->touched,
                               why != NULL ? why : "a transaction of very many rows has no end",
                               &step->begun, err)
               : MR_OK;
}

/* ---- XA ---- */

/* Its rows are in the log now, and in the table only later, or never: as long as there is room for them they wait for
 * its end.  Statements have made their tables blind already. */
static enum mr_code prepare_tx(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                               struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const struct mr_history_change *changes = w->changes.items;
    struct mr_history_prepared *p = NULL;
    MR_TRY(mr_history_prepared_add(&w->prepared, step->xid != NULL ? step->xid : "", w->touched,
                                   scan->ntables, &p, err));
    p->is_own = w->is_own;
    p->is_decoded = w->counts;
    p->is_counted = w->is_spilled || mr_history_prepared_bytes(&w->prepared) > HELD_BYTES;
    if (p->is_counted)
        return end_tx(scan, step, err);
    MR_TRY(mr_history_prepared_hold(p, changes + w->counted, w->changes.count - w->counted,
                                    &w->head, err));
    w->changes.count = w->counted;
    return end_tx(scan, step, err);
}

/* Its changes are those of its end, and are looked up where it was prepared. */
static enum mr_code count_held(struct mr_history_scan *scan, const struct mr_history_prepared *p,
                               struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const int64_t committed_us = w->head.committed_us;
    MR_TRY(mr_history_prepared_give(p, &w->changes, &w->row.kept, err));
    w->head = p->head;
    w->head.committed_us = committed_us;
    return pour(scan, err);
}

static enum mr_code end_prepared(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                                 bool commits, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    struct mr_history_prepared *p =
        step->xid != NULL ? mr_history_prepared_find(&w->prepared, step->xid) : NULL;
    w->in_tx = false;
    MR_TRY(note_met(scan, step, err));
    if (p != NULL) {
        const char *why = w->counts ? mr_history_prepared_blinds(p, commits, w->is_own) : NULL;
        enum mr_code code = MR_OK;
        if (why != NULL)
            code = blind_touched(scan, p->tables, why, &step->begun, err);
        if (code == MR_OK && commits && !p->is_counted)
            code = count_held(scan, p, err);
        mr_history_prepared_drop(&w->prepared, p);
        MR_TRY(code);
        return make_room(scan, err);
    }
    if (!commits || !w->is_own)
        return MR_OK;
    return blind_touched(scan, NULL,
                         "an XA transaction was committed that was prepared before the logs",
                         &step->begun, err);
}

/* ---- rows ---- */

static const struct mr_table *today_of(const struct mr_history_scan *scan, size_t table)
{
    return scan->tables[table].today[scan->side];
}

/* What a table map is to us, found once for each. */
static struct known_map *look_at_map(struct mr_history_scan *scan, const struct mr_binlog_map *map)
{
    struct known_map *known = &scan->work->maps[map->serial % KNOWN_MAPS];
    if (known->serial == map->serial)
        return known;
    mr_arena_reset(&known->arena);
    *known = (struct known_map){
        .serial = map->serial,
        .table = mr_history_names_find(&scan->work->names, scan->server, &map->table),
        .arena = known->arena};
    return known;
}

/* How its rows are decoded, made with the first of them; without one the table is blind. */
static enum mr_code make_shape(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                               struct known_map *known, struct mr_err *err)
{
    struct mr_err why = {0};
    if (known->has_looked || scan->tables[known->table].pair == NULL)
        return MR_OK;
    known->has_looked = true;
    enum mr_code code = mr_binlog_shape_make(&step->map->table, today_of(scan, known->table),
                                             scan->server, &known->arena, &known->shape, &why);
    if (code == MR_E_UNSUPPORTED) {
        known->shape = NULL;
        return blind(scan, known->table, at_place(scan, why.message, &step->event->place), err);
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

static enum mr_code add_changes(struct mr_history_scan *scan, const struct known_map *known,
                                const struct mr_binlog_row *row, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    struct mr_history_change changes[2];
    size_t n = 0;
    w->row.table = known->table;
    MR_TRY(mr_history_rowing_take(&w->row, &scan->tables[known->table], scan->side, known->shape,
                                  row, changes, &n, err));
    for (size_t i = 0; i < n; i++) {
        struct mr_history_change *c = mr_vec_push(&w->changes);
        if (c == NULL)
            return nomem(err);
        *c = changes[i];
        if (n > 1) /* of two keys each for itself */
            c->matters = scan->matters == NULL || scan->matters(scan->ctx, c->table, c->key);
    }
    if (pending_bytes(w) <= PENDING_BYTES)
        return MR_OK;
    w->is_spilled = true;
    MR_TRY(pour(scan, err));
    /* what was stored of a transaction that has no end is taken for blind */
    return make_room(scan, err);
}

static enum mr_code take_rows(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    struct mr_binlog_row row;
    struct mr_err why = {0};
    w->is_empty = false;
    if (step->map == NULL)
        return MR_OK;
    struct known_map *known = look_at_map(scan, step->map);
    if (known->table == MR_HISTORY_NO_TABLE)
        return MR_OK;
    w->touched[known->table] = true;
    /* of the shared past only what an XA transaction in doubt has touched is of interest */
    if (!w->counts || is_blind(scan, known->table))
        return MR_OK;
    MR_TRY(make_shape(scan, step, known, err));
    if (known->shape == NULL)
        return MR_OK;
    enum mr_code code = mr_binlog_rows_open(&w->rows, step->event, &step->map->table, &why);
    while (code == MR_OK) {
        code = mr_binlog_rows_next(&w->rows, &row, &why);
        if (code != MR_OK || row.kind == 0)
            break;
        code = add_changes(scan, known, &row, &why);
    }
    if (code == MR_E_UNSUPPORTED)
        return blind(scan, known->table, at_place(scan, why.message, &step->event->place), err);
    if (code != MR_OK)
        *err = why;
    return code;
}

/* ---- statements ---- */

/* A blind table stays in the log, for those who look it up, but nothing behind this tells about it. */
static enum mr_code take_statement(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    struct mr_statement_reach reach;
    const char *reason = NULL;
    w->is_empty = false;
    if (step->takes_back) {
        w->is_torn = true;
        return MR_OK;
    }
    if (!w->counts)
        return MR_OK;
    mr_arena_reset(&w->named);
    enum mr_code code = mr_statement_reach(&step->query, &w->named, &reach, err);
    for (size_t i = 0; code == MR_OK && i < scan->ntables; i++) {
        const struct mr_table *today = scan->tables[i].today[scan->side];
        if (today == NULL || is_blind(scan, i) ||
            !mr_statement_reaches(&reach, today->db, today->name))
            continue;
        if (reason == NULL)
            reason =
                at_place(scan,
                         reach.is_definition ? "a statement defined it anew"
                                             : "a statement changed rows that are not in the log",
                         &step->event->place);
        code = blind(scan, i, reason, err);
    }
    mr_statement_reach_release(&reach);
    return code;
}

/* ---- heads of logs ---- */

static enum mr_code take_before(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                                struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const char *hidden;
    const bool is_mariadb = step->event->is_mariadb;
    if (!w->has_before) {
        w->has_before = true;
        MR_TRY(mr_history_own_before(scan->own, step->event, scan->arena, &hidden, err));
        if (hidden != NULL && !scan->goes_on)
            MR_TRY(add_gap(scan,
                           mr_arena_fmt(scan->arena,
                                        "logs before \"%.200s\" held own transactions: %s",
                                        step->event->place.log, hidden),
                           err));
        MR_TRY(is_mariadb ? mr_gtid_state_read(&w->met_state, step->event, err)
                          : mr_gtid_set_read(&w->met, step->event, err));
        w->met_shared = hidden == NULL && (is_mariadb ? !mr_gtid_state_is_empty(&w->met_state)
                                                      : !mr_gtid_set_is_empty(&w->met));
        /* a MySQL without GTIDs has none before any log */
        if (is_mariadb)
            mr_history_own_begins(scan->own, w->began_us, mr_gtid_state_is_empty(&w->met_state));
        return MR_OK;
    }
    bool follows;
    MR_TRY(mr_history_own_follows(step->event, &w->met, &w->met_state, &follows, err));
    return follows ? MR_OK
                   : add_gap(scan,
                             mr_arena_fmt(scan->arena,
                                          "transactions are missing in front of log \"%.200s\"",
                                          step->event->place.log),
                             err);
}

static void take_head(struct mr_history_scan *scan, const struct mr_binlog_event *head)
{
    struct mr_history_work *w = scan->work;
    w->is_relay = w->is_relay || (head->flags & MR_BINLOG_RELAY) != 0;
    if (w->began_us != 0 || scan->goes_on)
        return;
    w->began_us = (int64_t)head->when * 1000000;
    mr_history_own_begins(scan->own, w->began_us, false);
}

/* ---- all of it ---- */

static enum mr_code take_step(struct mr_history_scan *scan, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    switch (step->kind) {
    case MR_STEP_BEFORE: return take_before(scan, step, err);
    case MR_STEP_LOST:
        return add_gap_at(scan, "the server says that changes are not in its log",
                          &step->event->place, err);
    case MR_STEP_BEGIN: return begin_tx(scan, step, err);
    case MR_STEP_ROWS: return take_rows(scan, step, err);
    case MR_STEP_STATEMENT: return take_statement(scan, step, err);
    case MR_STEP_COMMIT: return end_tx(scan, step, err);
    case MR_STEP_ROLLBACK: return drop_tx(scan, step, "a transaction was rolled back in part", err);
    case MR_STEP_PREPARED: return prepare_tx(scan, step, err);
    case MR_STEP_XA_COMMIT: return end_prepared(scan, step, true, err);
    case MR_STEP_XA_ROLLBACK: return end_prepared(scan, step, false, err);
    case MR_STEP_UNFINISHED: return drop_tx(scan, step, NULL, err);
    case MR_STEP_LOG: take_head(scan, step->event); break;
    case MR_STEP_END: break;
    }
    return MR_OK;
}

static enum mr_code count_event(struct mr_history_scan *scan, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const uint64_t bytes = event->len + MR_BINLOG_HEADER_BYTES;
    /* a relay log's checksums are not counted: no event begins within one */
    const uint64_t end = end_of(w, event) + (w->is_relay ? MR_BINLOG_CRC_BYTES : 0);
    scan->known->bytes += bytes;
    w->since_breath += bytes;
    if (event->place.position != 0 && end > event->place.position) {
        scan->known->end_position = end;
        mr_history_own_reach(scan->own, &event->place, end);
    }
    if (w->since_breath < BREATHE_BYTES || scan->breathe == NULL)
        return MR_OK;
    const uint64_t since = w->since_breath;
    w->since_breath = 0;
    return scan->breathe(scan->ctx, since, err);
}

static enum mr_code note_log(struct mr_history_scan *scan, const struct mr_binlog_place *place,
                             struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    if (w->last_log != NULL && strcmp(w->last_log, place->log) == 0)
        return MR_OK;
    w->last_log = mr_arena_strdup(scan->arena, place->log);
    if (w->last_log == NULL)
        return nomem(err);
    if (scan->known->first_log == NULL) {
        scan->known->first_log = w->last_log;
        scan->known->first_position = place->position;
    }
    scan->known->end_log = w->last_log;
    return MR_OK;
}

/* Without GTIDs names tell whether a file follows the one before. */
static enum mr_code check_names(struct mr_history_scan *scan, const char *log, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const char *slash = strrchr(log, '/');
    const char *name = slash != NULL ? slash + 1 : log;
    enum mr_code code = MR_OK;
    if (w->last_file != NULL && scan->own->by != MR_OWN_BY_GTID &&
        !mr_history_log_follows(w->last_file, name))
        code = add_gap(scan,
                       mr_arena_fmt(scan->arena, "log \"%.200s\" does not follow \"%.200s\"", name,
                                    w->last_file),
                       err);
    free(w->last_file);
    w->last_file = strdup(name);
    return w->last_file != NULL ? code : nomem(err);
}

static enum mr_code walk(struct mr_history_scan *scan, struct mr_binlog_walk *walk,
                         struct mr_err *err)
{
    struct mr_binlog_step step;
    for (;;) {
        MR_TRY(mr_binlog_walk_next(walk, &step, err));
        if (step.event != NULL) {
            MR_TRY(note_log(scan, &step.event->place, err));
            MR_TRY(count_event(scan, step.event, err));
        }
        if (scan->shared != NULL)
            mr_shared_gtids_take(scan->shared, &step);
        MR_TRY(take_step(scan, &step, err));
        if (step.kind == MR_STEP_END)
            return MR_OK;
    }
}

enum mr_code mr_history_scan_stream(struct mr_history_scan *scan, struct mr_binlog_stream *stream,
                                    const char *log, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    struct mr_binlog_walk *binlog = NULL;
    if (scan->is_files)
        MR_TRY(check_names(scan, log, err));
    /* serials of maps are the walk's */
    for (size_t i = 0; i < KNOWN_MAPS; i++)
        w->maps[i].serial = 0;
    enum mr_code code = mr_binlog_walk_open(stream, &binlog, err);
    if (code == MR_OK)
        code = walk(scan, binlog, err);
    mr_binlog_walk_close(binlog);
    return code;
}

enum mr_code mr_history_scan_gap(struct mr_history_scan *scan, const char *what, struct mr_err *err)
{
    return add_gap(scan, what, err);
}

enum mr_code mr_history_scan_cut(struct mr_history_scan *scan, const char *log, struct mr_err *err)
{
    return add_gap(scan, mr_arena_fmt(scan->arena, "log \"%.200s\" ends within an event", log),
                   err);
}

enum mr_code mr_history_scan_reaches(struct mr_history_scan *scan, const char *executed,
                                     struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    struct mr_strbuf lacks = MR_STRBUF_INIT;
    if (executed == NULL || scan->own->by != MR_OWN_BY_GTID)
        return MR_OK;
    enum mr_code code =
        mr_history_own_lacks(scan->own, &w->met, &w->met_state, executed, &lacks, err);
    if (code == MR_OK && lacks.len > 0)
        code =
            add_gap(scan,
                    mr_arena_fmt(scan->arena, "the server has executed more than the logs hold: %s",
                                 lacks.ptr),
                    err);
    mr_strbuf_release(&lacks);
    return code;
}

enum mr_code mr_history_scan_end(struct mr_history_scan *scan, struct mr_err *err)
{
    struct mr_history_work *w = scan->work;
    const struct mr_binlog_place end = {w->last_log != NULL ? w->last_log : "",
                                        scan->known->end_position};
    if (scan->own->by == MR_OWN_BY_GTID && scan->known->has_own && !w->met_shared)
        MR_TRY(add_gap(scan,
                       "the other side has executed no transaction of these logs: by GTID the two "
                       "have no past in common",
                       err));
    for (size_t i = 0; i < w->prepared.count; i++) {
        const struct mr_history_prepared *p = mr_vec_at(&w->prepared, i);
        if (p->is_own && p->is_counted)
            MR_TRY(blind_touched(scan, p->tables,
                                 "an XA transaction is prepared, and neither committed nor rolled "
                                 "back",
                                 &end, err));
    }
    return mr_history_scan_flush(scan, err);
}
