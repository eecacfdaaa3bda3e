#!/usr/bin/env python3
"""plan_rows.py: turns a plan that raises counters into one that restores rows.

  plan_rows.py DIR < SPEC

DIR was made by `repair plan --reseed-only`.  SPEC is JSON: "db", "fingerprints" (by table),
"new" ({table: [first id, how many]}), "lock_wait" in seconds (1), "created" if it is to be old, "sparse" if
a unit is to name only tables of which it has rows, and "units", a list of lists of rows [table, {column:
value}].  Tables are those below.  Writes apply.sql and undo.sql in the form that
docs/formats/plan-v1.md describes, simpler than `repair plan` does, and seals plan.json anew.
"""
import hashlib
import json
import os
import sys

TABLES = {  # name: columns, identity, references (column, parent)
    "members": (["id", "mobile", "name"], ["mobile"], []),
    "orders": (["id", "member_id", "what"], ["member_id", "what"], [("member_id", "members")]),
}


def sql(value):
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return "_utf8mb4 x'%s'" % value.encode().hex()


class Script:
    def __init__(self, spec, manifest):
        self.db = spec["db"]
        self.units = spec["units"]
        self.lock_wait = spec.get("lock_wait", 1)
        self.sparse = spec.get("sparse", False)
        server = manifest["server"]
        self.server = "@@port = %s AND @@server_id = %s AND @@datadir = %s" % (
            server["port"], server["server_id"], sql(server["datadir"]))

    def temp(self, name):
        return "`%s`.myrecon_%s" % (self.db, name)

    def live(self, table):
        return "`%s`.`%s`" % (self.db, table)

    def make(self, name, columns):
        return ("DROP TEMPORARY TABLE IF EXISTS %s;\nCREATE TEMPORARY TABLE %s (%s)"
                " ENGINE = InnoDB;\n" % (self.temp(name), self.temp(name), columns))

    def stage(self, rows):
        out = ["-- stage\nUSE `%s`;\nSET NAMES utf8mb4;\nSET SESSION sql_mode ="
               " 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES',"
               " time_zone = '+00:00', autocommit = 1, foreign_key_checks = 1, unique_checks = 1,"
               " lock_wait_timeout = 2, innodb_lock_wait_timeout = %d, sql_safe_updates = 0,"
               " sql_big_selects = 1, sql_select_limit = 18446744073709551615, completion_type = 0;\n"
               "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n"
               "SET SESSION time_zone = IF(%s AND @@read_only = 0,\n"
               "    '+00:00', 'myrecon: not the planned server');\n" % (self.db, self.lock_wait, self.server)]
        out.append(self.make("guard", "step INT NOT NULL PRIMARY KEY, ok INT NOT NULL,"
                                      " CHECK (ok = 1)"))
        out.append(self.make("refused", "line INT NOT NULL, tbl VARCHAR(200), id VARCHAR(200),"
                                        " why VARCHAR(200)"))
        out.append(self.make("there", "line INT NOT NULL PRIMARY KEY"))
        for table, (columns, _, _) in TABLES.items():
            out.append("DROP TEMPORARY TABLE IF EXISTS %s;\nCREATE TEMPORARY TABLE %s (line INT"
                       " NOT NULL DEFAULT 0 PRIMARY KEY) ENGINE = InnoDB SELECT %s FROM %s"
                       " LIMIT 0;\n" % (self.temp(table), self.temp(table), ", ".join(columns),
                                        self.live(table)))
            mine = [(i, row) for i, (t, row) in enumerate(rows) if t == table]
            if mine:
                out.append("INSERT INTO %s (line, %s) VALUES\n" %
                           (self.temp(table), ", ".join(columns)))
                out.append(",\n".join("(%d, %s)" % (i, ", ".join(sql(row[c]) for c in columns))
                                      for i, row in mine))
                out.append(";\n")
        return "".join(out)

    def refuse(self, table, why, where):
        return ("INSERT INTO %s SELECT s.line, '%s.%s', s.id, '%s' FROM %s AS s WHERE %s;\n" %
                (self.temp("refused"), self.db, table, why, self.temp(table), where))

    def guards(self, undo):
        out = ["-- locks\nSET @myrecon_ran = 0;\nSTART TRANSACTION;\nINSERT INTO %s SELECT 0, %s;\n-- guards\n" %
               (self.temp("guard"), self.server)]
        for table, (columns, identity, _) in TABLES.items():
            same = " AND ".join("t.%s <=> s.%s" % (c, c) for c in identity)
            live = self.live(table) + " AS t"
            out.append("INSERT INTO %s SELECT s.line FROM %s AS s %s t.id = s.id WHERE %s;\n" % (
                self.temp("there"), self.temp(table),
                ("LEFT JOIN %s ON" if undo else "JOIN %s ON") % live,
                "t.id IS NULL" if undo else same))
        out.append("SET @myrecon_done = (SELECT COUNT(*) FROM %s);\n" % self.temp("there"))
        for table, (columns, identity, references) in TABLES.items():
            same = " AND ".join("t.%s <=> s.%s" % (c, c) for c in (columns if undo else identity))
            new = "s.line NOT IN (SELECT line FROM %s)" % self.temp("there")
            if undo:
                out.append(self.refuse(table, "it was changed since", new +
                                       " AND NOT EXISTS (SELECT 1 FROM %s AS t WHERE t.id = s.id"
                                       " AND %s FOR UPDATE)" % (self.live(table), same)))
                for child, (_, _, links) in TABLES.items():
                    for column, parent in links:
                        if parent == table:
                            out.append(self.refuse(
                                table, "a row refers to it", new + " AND NOT (@myrecon_dry <=> 1)"
                                " AND EXISTS (SELECT 1 FROM %s AS c WHERE c.%s = s.id AND c.id"
                                " NOT IN (SELECT id FROM %s) FOR UPDATE)" %
                                (self.live(child), column, self.temp(child))))
            else:
                out.append(self.refuse(table, "its key is taken", new +
                                       " AND EXISTS (SELECT 1 FROM %s AS t WHERE t.id = s.id"
                                       " FOR UPDATE)" % self.live(table)))
                for column, parent in references:
                    out.append(self.refuse(
                        table, "what it refers to in %s is not who was planned" % parent, new +
                        " AND NOT (@myrecon_dry <=> 1) AND NOT EXISTS (SELECT 1 FROM %s AS p"
                        " WHERE p.id = s.%s LOCK IN SHARE MODE)"
                        " AND NOT EXISTS (SELECT 1 FROM %s AS q WHERE q.id = s.%s)" %
                        (self.live(parent), column, self.temp(parent), column)))
        return "".join(out)

    def skip(self):
        return "s.line NOT IN (SELECT line FROM %s) AND s.line NOT IN (SELECT line FROM %s)" % (
            self.temp("there"), self.temp("refused"))

    def write(self, undo, rows):
        shown = [rows] if self.sparse else self.units
        used = [t for t in TABLES if any(table == t for unit in shown for table, _ in unit)]
        out = ["SET @myrecon_written = 0;\n"]  # a statement may name a temporary table once
        for table in TABLES:
            out.append("SET @myrecon_written = @myrecon_written + (SELECT COUNT(*) FROM %s AS s"
                       " WHERE %s);\n" % (self.temp(table), self.skip()))
        out.append("-- write\n")
        step = 1
        for table in reversed(used) if undo else used:
            columns = TABLES[table][0]
            guard = "(SELECT COUNT(*) FROM %s) = %d" % (self.temp("guard"), step)
            if undo:
                out.append("DELETE t FROM %s AS s JOIN %s AS t ON t.id = s.id WHERE %s AND %s;\n" %
                           (self.temp(table), self.live(table), self.skip(), guard))
            else:
                out.append("INSERT INTO %s (%s) SELECT %s FROM %s AS s WHERE %s AND %s"
                           " ORDER BY s.line;\n" % (
                    self.live(table), ", ".join(columns), ", ".join("s." + c for c in columns),
                    self.temp(table), self.skip(), guard))
            out.append("INSERT INTO %s SELECT %d, ROW_COUNT() = (SELECT COUNT(*) FROM %s AS s WHERE"
                       " %s);\n" % (self.temp("guard"), step, self.temp(table), self.skip()))
            step += 1
        return "".join(out), step

    def end(self, number, steps):
        refused = self.temp("refused")
        return ("-- again\n-- end\nSELECT tbl AS `table`, id AS `key`, why AS reason FROM %s ORDER BY line;\n"
                "SET @myrecon_why = (SELECT CONCAT('myrecon: ', tbl, ' ', id, ': ', why) FROM %s"
                " ORDER BY line LIMIT 1);\n"
                "SET @myrecon_end = IF((SELECT COUNT(*) = %d AND SUM(ok) = %d FROM %s)"
                " AND @myrecon_ran = 0, 'COMMIT', 'ROLLBACK');\nPREPARE myrecon_end FROM @myrecon_end;\nEXECUTE myrecon_end;\n"
                "DEALLOCATE PREPARE myrecon_end;\n"
                "SET SESSION time_zone = IF(@myrecon_end = 'COMMIT', '+00:00',"
                " 'myrecon: unit %d was undone, run this file again');\n"
                "SET SESSION time_zone = IF(@myrecon_why IS NULL, '+00:00',"
                " LEFT(@myrecon_why, 62));\n" % (refused, refused, steps, steps,
                                                 self.temp("guard"), number))

    def text(self, undo):
        out = ["-- %s: rows of a test\nSET @myrecon_head = 1;\n" % ("undo.sql" if undo else "apply.sql")]
        numbered = list(enumerate(self.units, 1))
        for number, rows in reversed(numbered) if undo else numbered:
            write, steps = self.write(undo, rows)
            out += ["\n-- unit %d of %d: %d rows\n" % (number, len(self.units), len(rows)),
                    self.stage(rows), self.guards(undo), write, self.end(number, steps)]
        return "".join(out)


def table_member(spec, table):
    columns, identity, references = TABLES[table]
    db = spec["db"]
    first, count = spec.get("new", {}).get(table, [0, 0])
    rows = sum(1 for unit in spec["units"] for t, _ in unit if t == table)
    return {"table": db + "." + table, "target_table": db + "." + table, "target_db": db,
            "target_name": table, "subject": table == "members", "key": ["id"],
            "identity": "columns", "identity_columns": identity, "counter": "id",
            "time_column": None, "base": "0", "base_origin": None, "fresh": "0",
            "fresh_origin": None, "first_id": str(first), "id_step": "1", "ids": count,
            "fingerprint": spec["fingerprints"][table], "columns": [],
            "references": [{"columns": [c], "parent": db + "." + p, "parent_columns": ["id"],
                            "declared": True, "condition": None} for c, p in references],
            "triggers": [],
            "decisions": [{"decision": "insert", "count": rows}], "conflicts": []}


def main():
    directory, spec = sys.argv[1], json.load(sys.stdin)
    path = os.path.join(directory, "plan.json")
    with open(path, encoding="utf-8") as file:
        manifest = json.load(file)
    del manifest["sha256"]
    script = Script(spec, manifest)
    for name, undo in ("apply.sql", False), ("undo.sql", True):
        text = script.text(undo).encode()
        with open(os.path.join(directory, name), "wb") as file:
            file.write(text)
        manifest["files"] = [f for f in manifest["files"] if f["name"] != name] + [
            {"name": name, "size": len(text), "sha256": hashlib.sha256(text).hexdigest()}]
    manifest["policy"] = "merge"
    manifest["created"] = spec.get("created", manifest["created"])
    manifest["rows"] = {
        "split_at": None, "partial": None, "fire_triggers": False, "units": len(spec["units"]),
        "rows": sum(map(len, spec["units"])), "open": spec.get("open", 0), "decided": 0,
        "tables": [table_member(spec, t) for t in TABLES], "notes": []}
    body = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False)[:-1].encode()
    with open(path, "wb") as file:
        file.write(body + b',"sha256":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n')


main()
