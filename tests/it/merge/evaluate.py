"""Who says what a scenario comes to: so far the oracle.

An evaluator takes a scenario and gives an Outcome; `judge` compares it with what the scenario
expects, and gives the differences, a line each.  None: as expected.
"""
from oracle import Plan, Refused
from outcome import Outcome, differences, of_plan
from policies import PolicyPlan
from scenarios_policies import PolicyScenario


def by_oracle(scenario):
    source, target = scenario.sides()
    try:
        return of_plan(Plan(scenario.schema, source, target, scenario.settings()))
    except Refused as refusal:
        return Outcome(exit=5, refused=str(refusal))


def judge(scenario, evaluator=by_oracle):
    if isinstance(scenario, PolicyScenario):
        return judge_policy(scenario)
    expected, got = scenario.expected(), evaluator(scenario)
    expected.loose = got.loose
    out = differences(expected, got)
    if expected.exit == 5:
        missing = [w for w in expected.refused.split() if w not in got.refused.split()]
        return out + [f'the refusal "{got.refused}" lacks {w}' for w in missing]
    for part in ('bounds', 'counters'):
        for table, value in getattr(expected, part).items():
            found = getattr(got, part).get(table)
            if found != value:
                out.append(f'{part} of {table}: {found}, expected {value}')
    return out


def judge_policy(scenario):
    plan = PolicyPlan(*scenario.sides(), scenario.policy)
    got = {'inserts': plan.inserted, 'updates': [n for n, _ in plan.updated],
           'refusals': plan.conflicts}
    out = []
    for part, nodes in got.items():
        found, wanted = {(n.table.name, n.key) for n in nodes}, scenario.keys(part)
        if found != wanted:
            out.append(f'{part}: {sorted(found)}, expected {sorted(wanted)}')
    return out
