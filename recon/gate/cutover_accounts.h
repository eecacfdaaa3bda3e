/*
 * cutover_accounts: may each account of OLD log in to NEW, and do there what it may on OLD?
 *
 *   mr_cutover_read_accounts = read both sides → mr_cutover_compare_accounts
 *
 * What a server says of its accounts becomes facts: an account, an item, a value.  Items are spelled
 * alike for both families.  Of a password's hash only a digest is read, made by the server, and
 * nothing of it is shown.  An account of the server's own machine alone matters less: it is another
 * machine's after the cutover.
 *
 * Ownership: texts live in the run's arena.  Threads: one.
 */
#ifndef MR_CUTOVER_ACCOUNTS_H
#define MR_CUTOVER_ACCOUNTS_H

#include "recon/gate/cutover.h"

enum mr_account_item {
    MR_ACCOUNT_EXISTS = 1, /* name: "" */
    MR_ACCOUNT_PLUGIN,
    MR_ACCOUNT_PASSWORD, /* value: a digest of the hash */
    MR_ACCOUNT_LOCKED,   /* value: Y or N, as of EXPIRED */
    MR_ACCOUNT_EXPIRED,
    MR_ACCOUNT_TLS,
    MR_ACCOUNT_LIMITS,
    MR_ACCOUNT_RESTRICTIONS, /* MySQL: what partial_revokes take back */
    MR_ACCOUNT_PRIVILEGE,    /* name: the privilege; place: where; value: YES where grantable */
    MR_ACCOUNT_ROUTINE,      /* place: which; value: the privileges */
    MR_ACCOUNT_PROXY,        /* name: whose */
    MR_ACCOUNT_ROLE,
    MR_ACCOUNT_DEFAULT_ROLE
};

struct mr_account_fact {
    const char *account; /* "'app'@'%'" */
    enum mr_account_item item;
    const char *name, *place, *value; /* "" for none */
};

/* The accounts of one server. */
struct mr_accounts {
    const struct mr_server *server;
    struct mr_vec facts;      /* struct mr_account_fact; sorted by compare */
    const char *const *known; /* privileges that the server knows, in capitals */
    size_t nknown;            /* 0: not told, all are taken for known */
};

/* A finding for each account that is not the same, into c->accounts; sorts both lists. */
enum mr_code mr_cutover_compare_accounts(struct mr_cutover *c, struct mr_accounts *old,
                                         struct mr_accounts *new, struct mr_err *err);
/* Reads both, and compares; what the account may not read is unknown. */
enum mr_code mr_cutover_read_accounts(struct mr_cutover *c, struct mr_err *err);

#endif
