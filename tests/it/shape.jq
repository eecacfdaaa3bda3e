# shape.jq: every rule of the contract that any finished run must obey; prints what is broken.
# Wants $rc (exit code, text), $capped (--max-rows was given), $live (rows move meanwhile).

def need($c; $m): if $c then empty else $m end;
def total(f): map(f) | add // 0;
def kinds: "missing", "extra", "changed", "collision";
def diffs: (.missing // 0) + (.extra // 0) + (.changed // 0) + (.collision // 0);
[.[] | select(.type == "table")] as $t | [.[] | select(.type == "row")] as $r |
[.[] | select(.type == "range")] as $g | .[-1] as $s | .[0] as $run |
need($run.type == "run" and $run.schema == "myrecon/check/1" and ($run.run_id | length) > 0
  and ($run.started | length) > 0 and ($run.source | type) == "string"
  and ($run.target | type) == "string"; "the first line is no complete run line"),
need($s.type == "summary" and ($s.seconds | type) == "number" and ($s.rows | type) == "number"
  and ($s.bytes | type) == "number"; "the last line is no complete summary"),
need([.[] | select(.type == "run" or .type == "summary")] | length == 2; "two runs or summaries"),
need($s.verdict == {"0": "equal", "1": "diverged", "4": "incomplete"}[$rc];
  "exit code \($rc) with verdict \($s.verdict)"),
need($s.tables == ($t | length); "summary.tables \($s.tables), table lines \($t | length)"),
need($t != [] or $s.objects > 0; "nothing was compared"),
need(($t | map(.table) | unique | length) == ($t | length); "a table has two lines"),
need($s.objects == ([.[] | select(.type == "object")] | length); "summary.objects is wrong"),
(kinds, "moved" | . as $k | need($s[$k] == ($t | total(.[$k] // 0)); "summary.\($k) is no sum")),
need($capped or $s.moved == ([.[] | select(.type == "moved")] | length); "summary.moved is wrong"),
($t[] | . as $x |
  need(.schema == "equal" or .schema == "different"; "\(.table): schema \(.schema)"),
  need(.verdict | IN("equal", "diverged", "unsettled", "not-checked"); "\(.table): \(.verdict)"),
  need(.verdict != "equal" or diffs == 0; "\(.table): equal with differences"),
  need(.verdict != "diverged" or diffs > 0; "\(.table): diverged without differences"),
  need(.verdict != "not-checked" or (.reason | length) > 0; "\(.table): no reason"),
  need((.verdict | IN("unsettled", "not-checked") | not) or $rc == "4"; "\(.table): not exit 4"),
  need($live or .verdict == "not-checked" or .source_rows + .extra == .target_rows + .missing;
    "\(.table): \(.source_rows) and \(.target_rows) rows, -\(.missing) +\(.extra)"),
  need(.verdict == "not-checked" or (.key | type) == "array"; "\(.table): no key list"),
  (kinds as $k | [$r[] | select(.table == $x.table and .kind == $k)] | total(.count // 1) |
    need($capped or . == ($x[$k] // 0); "\($x.table): \(.) \($k) in row lines, \($x[$k]) said")),
  ([$g[] | select(.table == $x.table)] | total(.rows) | . as $n |
    need(($x.key // [] | length) == 0 or $n == ($x | diffs);
      "\($x.table): ranges hold \($n) rows, not \($x | diffs)"))),
($r[] |
  need(.kind | IN(kinds); "row kind \(.kind)"),
  need((.source == null) == (.kind == "extra"); "\(.table) \(.kind): source image"),
  need((.target == null) == (.kind == "missing"); "\(.table) \(.kind): target image"),
  need((.columns | length > 0) == (.kind | IN("changed", "collision"));
    "\(.table) \(.kind): columns \(.columns)"),
  need(.key != null or (.count | type) == "number"; "\(.table): no key and no count"),
  need([.source, .target | select(. != null) | .[] | type] | all(. != "number" and . != "boolean");
    "\(.table): a value that is a bare number")),
([.[] | select(.type == "object")][] |
  need((.table != null) == (.object | IN("table", "column", "index", "foreign key", "trigger",
    "charset", "auto_increment")); "object \(.object) \(.name): table \(.table)"),
  need(.source != .target; "object \(.object) \(.name): the same on both sides"))
