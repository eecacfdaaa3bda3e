/*
 * key_order: the order of keys, where it is known without a server.
 *
 * Of integers, decimals, times and bytes it is that of their values, on every server; of texts only a
 * collation knows it.  Keys are compared value by value: bytes of a whole key would let a short first
 * part run into the second.
 *
 * Threads: no state.
 */
#ifndef MR_KEY_ORDER_H
#define MR_KEY_ORDER_H

#include "core/source/source.h"

/* Of values of that class, as they were read?  Of MR_CLASS_BINARY only the caller knows whether they
 * are bytes, or stand for a type without a class of its own. */
bool mr_key_order_has(enum mr_class cls);
/* Of the keys of a readspec? */
bool mr_key_order_is_known(const struct mr_readspec *spec);
/* Two keys of so many parts, of an order that is known. */
int mr_key_order_compare(size_t nparts, struct mr_key a, struct mr_key b);

#endif
