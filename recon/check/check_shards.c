/* check_shards.c: see check_shards.h. */
#include "recon/check/check_shards.h"

#include <string.h>

#include "core/base/log.h"
#include "core/schema/table_marks.h"
#include "core/source/source_shards.h"
#include "recon/check/check_options.h"
#include "recon/check/check_scope.h"
#include "recon/check/check_servers.h"
#include "recon/check/check_sides.h"

static struct mr_server_side *source(const struct mr_check_run *check)
{
    return &check->pairing.side[MR_SOURCE];
}

bool mr_check_has_shards(const struct mr_check_run *check)
{
    return mr_side_is_shards(source(check));
}

enum mr_code mr_check_endpoints(struct mr_check_run *check, const struct mr_endpoint *const **eps,
                                size_t *count, struct mr_err *err)
{
    const struct mr_server_side *s = source(check);
    const bool many = mr_check_has_shards(check);
    const size_t sources = many ? mr_source_shards_count(s->source) : 1;
    const struct mr_endpoint **list = mr_arena_calloc(&check->arena, sources + 1, sizeof *list);
    if (list == NULL)
        return mr_err_nomem(err, "starting a run");
    *count = 0;
    for (size_t i = 0; many && i < sources; i++)
        list[(*count)++] = mr_source_shards_endpoint(s->source, i);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (mr_side_is_server(&check->pairing.side[side]))
            list[(*count)++] = check->pairing.side[side].ep;
    *eps = list;
    return MR_OK;
}

/* ---- one database twice ---- */

static bool is_one_server(const struct mr_server *a, const struct mr_server *b)
{
    return a->port == b->port && strcmp(a->hostname, b->hostname) == 0 &&
           strcmp(a->datadir, b->datadir) == 0 && strcmp(a->uuid, b->uuid) == 0;
}

static enum mr_code refuse_same(struct mr_check_run *check, const char *place, struct mr_err *err)
{
    if (check->opts->same_server) {
        mr_log_warning("source \"%s\" is the target's own database (--same-server)", place);
        return MR_OK;
    }
    (void)mr_err_set(err, MR_E_USAGE, "source \"%s\" is the target's own database", place);
    mr_err_hint(err, "Name the other server, or the other database; if this comparison is meant, "
                     "pass --same-server.");
    return MR_E_USAGE;
}

enum mr_code mr_check_shards_same(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err)
{
    const struct mr_server_side *s = source(check);
    const struct mr_server *target = &check->pairing.side[MR_TARGET].cat->server;
    const char *name =
        pairs->count > 0 ? ((const struct mr_db_pair *)mr_vec_at(pairs, 0))->name[MR_TARGET] : "";
    for (size_t t = 0; t < s->cat->ntables; t++) {
        size_t count = 0;
        const struct mr_shards_place *places =
            mr_source_shards_places(s->source, s->cat->tables[t].name, &count);
        for (size_t i = 0; i < count; i++) {
            struct mr_db *db;
            MR_TRY(mr_check_servers_db(check, MR_FINDINGS_SHARD + places[i].server, &db, err));
            if (is_one_server(mr_db_server(db), target) &&
                mr_server_same_name(target, places[i].table->db, name))
                return refuse_same(check, places[i].name, err);
        }
    }
    return MR_OK;
}

/* ---- who may be behind ---- */

/* What b, which is the target or one of the sources, may still apply of what a wrote. */
struct behind {
    enum mr_relation relation;
    enum mr_behind behind;
    struct mr_strbuf note, others;
};

static enum mr_code look(struct mr_db *a, struct mr_db *b, struct behind *out, struct mr_err *err)
{
    *out = (struct behind){.note = MR_STRBUF_INIT, .others = MR_STRBUF_INIT};
    MR_TRY(mr_replication_relation(a, b, &out->relation, &out->note, err));
    return mr_replication_behind(a, b, out->relation, &out->behind, &out->others, err);
}

/* --unrelated overrules only what nobody can tell, never what the servers say. */
static bool may_be_behind(const struct mr_check_run *check, enum mr_behind behind)
{
    switch (behind) {
    case MR_BEHIND_NEVER: return false;
    case MR_BEHIND_DIRECT:
    case MR_BEHIND_DRAINING: return true;
    case MR_BEHIND_OTHERS:
    case MR_BEHIND_HIDDEN: return !check->opts->unrelated;
    }
    return true;
}

static void add_why(const struct behind *b, const char *who, const char *of, struct mr_strbuf *why)
{
    if (why->len > 0)
        return; /* one of them is reason enough, and the others are usually the same */
    if (b->behind == MR_BEHIND_HIDDEN)
        mr_strbuf_add_fmt(why,
                          "%s: %s (or say --unrelated if it gets nothing of what the other "
                          "side writes)",
                          who, b->note.ptr);
    else
        mr_strbuf_add_fmt(
            why,
            "%s applies what %s writes, and of many sources nobody waits until all is "
            "applied: stop the replication meanwhile (%s)",
            who, b->others.len > 0 ? b->others.ptr : of,
            b->behind == MR_BEHIND_OTHERS ? "or say --unrelated if nothing of the "
                                            "other side comes that way"
                                          : "STOP REPLICA, once it is at the "
                                            "sources' positions");
}

static enum mr_code look_at_server(struct mr_check_run *check, size_t server, struct mr_db *target,
                                   struct mr_strbuf *why, struct mr_err *err)
{
    struct behind t, s = {.note = MR_STRBUF_INIT, .others = MR_STRBUF_INIT};
    struct mr_db *db;
    MR_TRY(mr_check_servers_db(check, MR_FINDINGS_SHARD + server, &db, err));
    enum mr_code code = look(db, target, &t, err);
    if (code == MR_OK && may_be_behind(check, t.behind)) {
        check->lag[MR_TARGET] = MR_LAG_UNKNOWN;
        add_why(&t, "the target", mr_db_label(db), why);
    }
    if (code == MR_OK)
        code = look(target, db, &s, err);
    if (code == MR_OK && may_be_behind(check, s.behind)) {
        check->lag[MR_SOURCE] = MR_LAG_UNKNOWN;
        add_why(&s, mr_db_label(db), "the target", why);
    }
    mr_strbuf_release(&t.note);
    mr_strbuf_release(&t.others);
    mr_strbuf_release(&s.note);
    mr_strbuf_release(&s.others);
    return code;
}

enum mr_code mr_check_shards_relate(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    struct mr_db *target = NULL;
    enum mr_code code = MR_OK;
    if (mr_side_is_server(&check->pairing.side[MR_TARGET]))
        MR_TRY(mr_check_main(check, MR_TARGET, &target, err));
    for (size_t i = 0; target != NULL && i < mr_source_shards_count(source(check)->source); i++)
        MR_TRY_OUT(look_at_server(check, i, target, &why, err));
    MR_TRY_OUT(mr_strbuf_check(&why, "looking at replication", err));
    if (why.len > 0) {
        check->settle.why = mr_arena_strdup(&check->arena, why.ptr);
        mr_log_warning("what differs stays unsettled: %s", why.ptr);
    } else {
        mr_log_info("no source and the target apply what the other writes: rows that differ are "
                    "read again --settle seconds later (%g)",
                    check->opts->settle_ms / 1000.0);
    }
out:
    mr_strbuf_release(&why);
    return code;
}

/* ---- are they still the tables that were read? ---- */

struct place_mark {
    struct mr_pair *pair;
    const struct mr_table *table;
    const char *name;
    size_t server;
    struct mr_table_mark was;
};

struct mr_check_shards_marks {
    struct place_mark *places;
    size_t count;
};

/* Of the places of one server: what they were, or (`was`) what they are now, into now. */
static enum mr_code read_server(struct mr_check_run *check, size_t server, bool again,
                                struct mr_table_mark *now, struct mr_err *err)
{
    const struct mr_check_shards_marks *marks = check->shards_marks;
    const struct mr_table **tables =
        mr_arena_calloc(&check->arena, marks->count + 1, sizeof *tables);
    struct mr_table_mark *was = mr_arena_calloc(&check->arena, marks->count + 1, sizeof *was);
    struct mr_table_mark *found = mr_arena_calloc(&check->arena, marks->count + 1, sizeof *found);
    size_t count = 0;
    if (tables == NULL || was == NULL || found == NULL)
        return mr_err_nomem(err, "reading the schema");
    for (size_t i = 0; i < marks->count; i++)
        if (marks->places[i].server == server) {
            tables[count] = marks->places[i].table;
            was[count++] = marks->places[i].was;
        }
    enum mr_code code = MR_E_LOST;
    for (int attempt = 0; code == MR_E_LOST && attempt < 2; attempt++) {
        struct mr_db *db;
        MR_TRY(mr_check_servers_db(check, MR_FINDINGS_SHARD + server, &db, err));
        if (mr_db_is_lost(db))
            MR_TRY(mr_db_reconnect(db, 8, err));
        code =
            mr_table_marks_read(db, tables, count, again ? was : NULL, &check->arena, found, err);
    }
    count = 0;
    for (size_t i = 0; code == MR_OK && i < marks->count; i++)
        if (marks->places[i].server == server)
            now[i] = found[count++];
    return code;
}

static enum mr_code read_all(struct mr_check_run *check, bool again, struct mr_table_mark **now,
                             struct mr_err *err)
{
    *now = mr_arena_calloc(&check->arena, check->shards_marks->count + 1, sizeof **now);
    if (*now == NULL)
        return mr_err_nomem(err, "reading the schema");
    for (size_t i = 0; i < mr_source_shards_count(source(check)->source); i++)
        MR_TRY(read_server(check, i, again, *now, err));
    return MR_OK;
}

static enum mr_code list_places(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_check_shards_marks *marks = mr_arena_calloc(&check->arena, 1, sizeof *marks);
    size_t most = 0, count = 0;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        (void)mr_source_shards_places(source(check)->source,
                                      check->pairing.tables[i]->side[MR_SOURCE]->name, &count);
        most += count;
    }
    struct place_mark *places = mr_arena_calloc(&check->arena, most + 1, sizeof *places);
    if (marks == NULL || places == NULL)
        return mr_err_nomem(err, "reading the schema");
    *marks = (struct mr_check_shards_marks){.places = places};
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        struct mr_pair *pair = check->pairing.tables[i];
        const struct mr_shards_place *of =
            mr_source_shards_places(source(check)->source, pair->side[MR_SOURCE]->name, &count);
        for (size_t k = 0; k < count; k++)
            places[marks->count++] = (struct place_mark){
                .pair = pair, .table = of[k].table, .name = of[k].name, .server = of[k].server};
    }
    check->shards_marks = marks;
    return MR_OK;
}

enum mr_code mr_check_shards_marks_begin(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_table_mark *now = NULL;
    if (!mr_check_has_shards(check))
        return MR_OK;
    MR_TRY(list_places(check, err));
    MR_TRY(read_all(check, false, &now, err));
    for (size_t i = 0; i < check->shards_marks->count; i++)
        check->shards_marks->places[i].was = now[i];
    return MR_OK;
}

static void give_up(struct mr_check_run *check, const struct place_mark *place,
                    const struct mr_err *lost)
{
    struct mr_err why = *lost;
    if (atomic_load(&place->pair->failed) || !mr_check_in_scope(check, place->pair))
        return;
    if (why.code == MR_OK)
        (void)mr_err_set(
            &why, MR_E_CHANGED,
            "another table has taken the place of source \"%s\" while it was read, or "
            "it was made anew (RENAME TABLE, EXCHANGE PARTITION, TRUNCATE or a rebuild)",
            place->name);
    mr_check_give_up(check, place->pair, &why);
}

enum mr_code mr_check_shards_marks_end(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_table_mark *now = NULL;
    struct mr_err lost = {0};
    if (!mr_check_has_shards(check))
        return MR_OK;
    enum mr_code code = read_all(check, true, &now, &lost);
    if (code != MR_OK && mr_check_is_fatal(code)) {
        *err = lost;
        return code;
    }
    for (size_t i = 0; i < check->shards_marks->count; i++) {
        const struct place_mark *place = &check->shards_marks->places[i];
        if (code != MR_OK || mr_table_mark_is_other(&place->was, &now[i]))
            give_up(check, place, &lost);
    }
    return MR_OK;
}

const char *mr_check_shards_made(struct mr_check_run *check, const struct mr_pair *table)
{
    struct mr_strbuf text = MR_STRBUF_INIT, hex = MR_STRBUF_INIT;
    for (size_t i = 0; i < check->shards_marks->count; i++) {
        const struct place_mark *place = &check->shards_marks->places[i];
        struct mr_db *db;
        if (place->pair != table ||
            mr_check_servers_db(check, MR_FINDINGS_SHARD + place->server, &db, NULL) != MR_OK)
            continue;
        mr_strbuf_add_fmt(&text, "%s\n%s\n%s\n", place->name,
                          place->was.numbers != NULL ? place->was.numbers : "",
                          place->was.time != NULL ? place->was.time : "");
        mr_server_add_text(mr_db_server(db), &text);
    }
    const struct mr_digest digest = mr_digest_bytes(text.ptr, text.len);
    mr_strbuf_add_hex(&hex, &digest, sizeof digest);
    const char *made = text.failed || hex.failed ? NULL : mr_arena_strdup(&check->arena, hex.ptr);
    mr_strbuf_release(&text);
    mr_strbuf_release(&hex);
    return made;
}
