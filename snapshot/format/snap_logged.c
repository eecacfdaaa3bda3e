/* snap_logged.c: see snap_logged.h. */
#include "snapshot/format/snap_logged.h"

#include <string.h>

const char *mr_snap_logged_why(const struct mr_snap_consistency *place)
{
    if (place->proof == 0)
        return "a version made it whose positions may be ahead of the view";
    if (place->applied != NULL && place->applied[0] != '\0')
        return "its server did not log what it applied from other servers";
    return place->note != NULL && strstr(place->note, MR_SNAP_LOGGED_ONLY) != NULL ? place->note
                                                                                   : NULL;
}
