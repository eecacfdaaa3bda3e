/* rolling_turn.c: see rolling_turn.h. */
#include "recon/check/rolling_turn.h"

#define PIECES_MAX 64U

unsigned mr_rolling_slot(uint64_t turn, unsigned parts)
{
    return (unsigned)((turn - 1) % parts);
}

uint64_t mr_rolling_next(unsigned last_parts, uint64_t last_turn, unsigned parts)
{
    return last_parts == parts ? last_turn + 1 : 1;
}

size_t mr_rolling_pieces(uint64_t rows, unsigned parts)
{
    const uint64_t pieces = rows / MR_ROLLING_MIN_ROWS;
    return pieces < 1 ? 1 : pieces < parts ? (size_t)pieces : parts;
}

unsigned mr_rolling_deal(size_t i, size_t pieces, unsigned parts, uint64_t spread)
{
    return (unsigned)((i * parts / pieces + spread % parts) % parts);
}

size_t mr_rolling_divide(uint64_t rows, uint64_t of_rows, unsigned parts)
{
    const uint64_t least =
        of_rows / parts > MR_ROLLING_MIN_ROWS ? of_rows / parts : MR_ROLLING_MIN_ROWS;
    if (rows < 2 * least || parts == 1)
        return 1;
    const uint64_t pieces = rows / least;
    return pieces > PIECES_MAX ? PIECES_MAX : (size_t)pieces;
}

bool mr_rolling_is_round(uint64_t first, uint64_t turn, unsigned parts)
{
    return turn + 1 >= first + parts;
}
