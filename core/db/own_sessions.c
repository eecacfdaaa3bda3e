/* own_sessions.c: see own_sessions.h. */
#include "core/db/own_sessions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct own_session {
    struct own_session *next;
    uint64_t id;
    char label[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct own_session *sessions;

/* Under the lock: the link to it, or to the end. */
static struct own_session **find(const char *label, uint64_t id)
{
    struct own_session **at = &sessions;
    while (*at != NULL && ((*at)->id != id || strcmp((*at)->label, label) != 0))
        at = &(*at)->next;
    return at;
}

void mr_own_session_add(const char *label, uint64_t id)
{
    const size_t size = strlen(label) + 1;
    struct own_session *own = malloc(sizeof *own + size);
    if (own == NULL)
        return;
    own->id = id;
    memcpy(own->label, label, size);
    (void)pthread_mutex_lock(&lock);
    own->next = sessions;
    sessions = own;
    (void)pthread_mutex_unlock(&lock);
}

void mr_own_session_remove(const char *label, uint64_t id)
{
    (void)pthread_mutex_lock(&lock);
    struct own_session **at = find(label, id), *own = *at;
    if (own != NULL)
        *at = own->next;
    (void)pthread_mutex_unlock(&lock);
    free(own);
}

bool mr_own_session_is(const char *label, const char *id)
{
    (void)pthread_mutex_lock(&lock);
    const bool is_own = id != NULL && *find(label, strtoull(id, NULL, 10)) != NULL;
    (void)pthread_mutex_unlock(&lock);
    return is_own;
}
