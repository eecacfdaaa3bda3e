/*
 * loss: what a CREATE TABLE says that a server cannot express.
 *
 *   mr_loss_find(target, sql, len, found, ctx, without, err)
 *
 * Some of it a server passes over without a word: it skips what stands in a comment for others
 * (MariaDB all of MySQL's newer ones), and older ones read CHECK and DESC and keep neither.  Other
 * text it does not take at all.  loss_kind.def has the kinds, loss_rule.def how they are seen.
 *
 * A definition that is read wrongly here is run as it stands: the server has the last word, and
 * what it refuses is set aside.
 *
 * Threads: no state.
 */
#ifndef MR_LOSS_H
#define MR_LOSS_H

#include "core/db/db.h"

enum mr_loss_kind {
    MR_LOSS_NONE = 0,
#define MR_LOSS_KIND(symbol, word, means) MR_LOSS_##symbol,
#include "snapshot/format/loss_kind.def"
#undef MR_LOSS_KIND
    MR_LOSS_KINDS
};

/* "invisible-column"; and back: MR_LOSS_NONE where no kind is called so. */
const char *mr_loss_word(enum mr_loss_kind kind);
enum mr_loss_kind mr_loss_named(const char *word);
/* what is lost, and what follows from it. */
const char *mr_loss_means(enum mr_loss_kind kind);

/* What names are of. */
enum mr_loss_names {
    MR_LOSS_COLLATIONS = 1,
    MR_LOSS_CHARSETS,
    MR_LOSS_ENGINES,
    MR_LOSS_PARSERS,
    MR_LOSS_NAMES
};

struct mr_loss_target {
    enum mr_flavour flavour;
    unsigned version; /* as of struct mr_server */
    /* Has the server that one, in letters of either case?  NULL: all of them. */
    bool (*has)(const void *ctx, enum mr_loss_names what, const char *name);
    const void *ctx;
};

struct mr_loss {
    enum mr_loss_kind kind;
    const char *part; /* "column", "index", "constraint", "table", …: of what it is */
    const char *name; /* of that part; "": of the table.  Valid during the call */
};
typedef enum mr_code mr_loss_fn(void *ctx, const struct mr_loss *loss, struct mr_err *err);

/* Tells each kind once for a part.  Appends to `without` (or NULL) the statement as the target takes
 * it: what could be left out of it is.  found may be NULL. */
enum mr_code mr_loss_find(const struct mr_loss_target *target, const char *sql, size_t len,
                          mr_loss_fn *found, void *ctx, struct mr_strbuf *without,
                          struct mr_err *err);

#endif
