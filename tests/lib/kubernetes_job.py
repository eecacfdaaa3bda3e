#!/usr/bin/env python3
"""kubernetes_job.py FILE: is it a Job that Kubernetes takes, field by field?

By kubernetes_job.json, which holds the types that a Job of ours reaches as they are published: an unknown
field, one of another type, and a required one that is missing are told, each with its path, and end it
with 1.  So are values that the published text ties to others: an index of its own for each pod, how
often a quantity or a name may be written.  Exit 77 without PyYAML.
"""

import json
import os
import re
import sys

try:
    import yaml
except ImportError:
    print("python3 has no yaml module")
    sys.exit(77)

WHERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kubernetes_job.json")
WORDS = {
    "apiVersion": {"batch/v1"},
    "kind": {"Job"},
    "completionMode": {"Indexed", "NonIndexed"},
    "restartPolicy": {"Never", "OnFailure"},
    "action": {"Count", "FailIndex", "FailJob", "Ignore"},
}
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|[KMGTPE]i?)?")


class Strict(yaml.SafeLoader):
    """A key that stands twice would hide the other."""


def no_twins(loader, node, deep=False):
    seen = set()
    for key, _ in node.value:
        name = loader.construct_object(key, deep=True)
        if name in seen:
            raise yaml.YAMLError(f"line {key.start_mark.line + 1}: {name} stands twice")
        seen.add(name)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, no_twins)


def is_plain(value, kind):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool}[kind])


def judge(types, kind, value, path, wrong):
    kind = kind.removesuffix(" !")
    if kind == "any":
        return
    if kind.startswith("list "):
        if not isinstance(value, list):
            wrong.append(f"{path}: no list")
            return
        for at, item in enumerate(value):
            judge(types, kind[5:], item, f"{path}[{at}]", wrong)
    elif kind.startswith("map "):
        if not isinstance(value, dict):
            wrong.append(f"{path}: no map")
            return
        for key, item in value.items():
            judge(types, kind[4:], item, f"{path}.{key}", wrong)
    elif kind not in types:
        if not is_plain(value, kind):
            wrong.append(f"{path}: {value!r} is no {kind}")
        elif path.rpartition(".")[2] in WORDS and value not in WORDS[path.rpartition(".")[2]]:
            wrong.append(f"{path}: {value!r} is no word that it takes")
    elif not isinstance(value, dict):
        wrong.append(f"{path}: no {kind}")
    else:
        fields = types[kind]
        for name, item in value.items():
            if name not in fields:
                wrong.append(f"{path}.{name}: {kind} has no such field")
            else:
                judge(types, fields[name], item, f"{path}.{name}", wrong)
        for name, field in fields.items():
            if field.endswith(" !") and name not in value:
                wrong.append(f"{path}.{name}: missing")


def tied(job, wrong):
    """What one field asks of another."""
    spec = job["spec"]
    pod = spec["template"]["spec"]
    for name in ("apiVersion", "kind", "metadata"):
        if name not in job:
            wrong.append(f"Job.{name}: missing")
    if not NAME.fullmatch(job["metadata"]["name"]):
        wrong.append("Job.metadata.name: no name of a host's part, of at most 63 small letters")
    if "restartPolicy" not in pod:
        wrong.append("Job.spec.template.spec.restartPolicy: a Job's pods may not restart always")
    if "backoffLimitPerIndex" in spec and (
        spec.get("completionMode") != "Indexed" or pod.get("restartPolicy") != "Never"
    ):
        wrong.append("Job.spec.backoffLimitPerIndex: wants Indexed, and pods that restart Never")
    if "podFailurePolicy" in spec and pod.get("restartPolicy") != "Never":
        wrong.append("Job.spec.podFailurePolicy: wants pods that restart Never")
    if spec.get("completionMode") == "Indexed" and "completions" not in spec:
        wrong.append("Job.spec.completions: missing, where each has an index")
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    for container in pod["containers"]:
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                wrong.append(f"volumeMounts: there is no volume {mount['name']}")
        for quantities in container.get("resources", {}).values():
            for name, quantity in quantities.items():
                if not QUANTITY.fullmatch(str(quantity)):
                    wrong.append(f"resources.{name}: {quantity!r} is no quantity")


def main():
    with open(WHERE, encoding="utf-8") as file:
        types = json.load(file)["types"]
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            documents = list(yaml.load_all(file, Strict))
    except yaml.YAMLError as error:
        print(f"no YAML: {error}")
        return 1
    wrong = []
    if len(documents) != 1:
        wrong.append(f"{len(documents)} documents, and not one")
    for job in documents:
        judge(types, "Job", job, "Job", wrong)
        if not wrong:
            tied(job, wrong)
    print("\n".join(wrong) if wrong else "a Job")
    return 1 if wrong else 0


sys.exit(main())
