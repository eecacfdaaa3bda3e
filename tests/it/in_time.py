"""in_time.py: loops over seeds that end when MR_LONG_S seconds are over (make test-long), aloud."""
import os
import time


def in_time(numbers, what, long_s=os.environ.get('MR_LONG_S')):
    """The numbers, as long as there is time for one more."""
    numbers = list(numbers)
    begun = time.monotonic()
    for done, number in enumerate(numbers):
        if long_s and time.monotonic() - begun >= int(long_s):
            print(f'# {what}: {done} of {len(numbers)} in the time that there was'
                  f' (MR_LONG_S={long_s})', flush=True)
            return
        yield number
