"""runner.py [SEEDS]: judges the oracle by the scenarios and by random histories, as TAP."""
import sys

sys.dont_write_bytecode = True
import scenarios_conflicts  # noqa: E402
import scenarios_ids  # noqa: E402
import scenarios_parents  # noqa: E402
import scenarios_pass  # noqa: E402
import scenarios_past  # noqa: E402
import scenarios_policies  # noqa: E402
from evaluate import judge  # noqa: E402

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
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
