"""runner.py [SEEDS]: judges the oracle by the scenarios and by random histories, as TAP."""
import os
import sys
from collections import Counter

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import scenarios_conflicts  # noqa: E402
import scenarios_ids  # noqa: E402
import scenarios_parents  # noqa: E402
import scenarios_pass  # noqa: E402
import scenarios_past  # noqa: E402
import scenarios_policies  # noqa: E402
from evaluate import judge  # noqa: E402
from in_time import in_time  # noqa: E402
from random_histories import judge_seed  # noqa: E402

MODULES = (scenarios_past, scenarios_pass, scenarios_parents, scenarios_conflicts, scenarios_ids,
           scenarios_policies)


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, name, wrong):
        """wrong: lines that say what; none: passed."""
        self.count += 1
        self.failed += bool(wrong)
        print(f'{"not ok" if wrong else "ok"} {self.count} - {name}')
        for line in wrong:
            print('#', line)

    def finish(self):
        print(f'1..{self.count}')
        return 1 if self.failed else 0


def main(seeds):
    tap = Tap()
    for module in MODULES:
        for scenario in module.SCENARIOS:
            tap.result(f'section {scenario.says}: {scenario.name}', judge(scenario))
    tally = Counter()
    for seed in in_time(range(1, seeds + 1), 'random histories'):
        tap.result(f'random histories {seed}', judge_seed(seed, tally))
    if tally:
        print('#', ', '.join(f'{count} {what}' for what, count in sorted(tally.items())))
    tap.result('what merge knows of occurred in the random histories', never(tally, seeds))
    return tap.finish()


def never(tally, seeds):
    """A generator that makes nothing of a kind would test nothing of it."""
    wanted = ['insert', 'new id', 'match', 'wait', 'parent-absent', 'deleted-or-lost',
              'changed', 'deleted-on-live', 'differs', 'orphan-would-attach']
    return [f'{kind} did not occur' for kind in wanted if not tally[kind]] if seeds >= 20 else []


if __name__ == '__main__':
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
