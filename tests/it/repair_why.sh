#!/bin/bash
# repair_why.sh: `repair show --why` says by which facts and rules a row was decided, and which
# single fact would have made it come out otherwise; also of a row that was not planned.

. "$(dirname "$0")/lib.sh"
begin ab
cd "$IT_TMP" || exit 1
CASE=$IT_TMP/case
rep() { "$MYRECON" repair "$@" -q >"$OUT" 2>"$ERR"; RC=$?; }

# The past ends at 3: its row is equal on both sides.  4 collides; 5 was burnt, or lost; 2 was
# edited, 1 deleted; the order 10 is of whom nobody knows.
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) UNIQUE, name VARCHAR(20));
    CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member INT, no VARCHAR(9) UNIQUE, FOREIGN KEY (member) REFERENCES members (id));
    INSERT INTO members VALUES (1, '+431', 'ann'), (2, '+432', 'bob'), (3, '+433', 'cid'), (9, '+439', 'ida');
    INSERT INTO orders VALUES (1, 3, 'A1')"
at a "INSERT INTO members VALUES (12, '+4312', 'dan'), (15, '+4315', 'eve'), (20, '+4320', 'fay'); UPDATE members SET name = 'bobby' WHERE id = 2;
    INSERT INTO orders VALUES (10, 12, 'B1')"
at b "INSERT INTO members VALUES (12, '+4399', 'zoe'), (18, '+4315', 'eve'); DELETE FROM members WHERE id = 1"
printf '[table %s.members]\nidentity = mobile\nsubject = yes\n[table %s.orders]\nidentity = no\n' "$DB" "$DB" >ini
"$MYRECON" check "$(uri a "$DB")" "$(uri b "$DB")" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy merge --config ini --case "$CASE" --output dir
[ -e dir/plan.json ] || bail "no plan: $(tail -n 2 "$ERR" | xargs)"

why() { rep show dir --why "$DB.$1" "$2"; }
says() { # says DESCRIPTION TABLE KEY DECISION GROUP KIND FACTS
    rep show dir --json --why "$DB.$2" "$3"
    is "$1" "$RC $(jq -r '[.decision, .group // "-", .kind // "-", (.facts | join(" "))] | join("|")' "$OUT")" "0 $4|$5|$6|$7"
}
says "a key that both sides hold" members 12 renumber lost - "counted guarded above fresh taken"
says "whoever signed up anew" members 15 matched lost - "counted guarded above fresh there held"
says "of the past, and deleted there" members 1 conflict gone deleted-on-live "counted guarded"
says "of the past, and edited" members 2 same base changed "counted guarded there taken differs same_name edited edited_live"
rep show dir --json --why "$DB.members" 20
is "whatever it is of one that only the source has, it is said" "$RC $(jq -r '(.because | length > 0) and (.otherwise | length > 0)' "$OUT")" "0 true"

why members 12
like "the kind of row in words" "$(cat "$OUT")" "it is lost history"
like "the rule" "$(cat "$OUT")" "since a row above L whose key TARGET holds too is lost history"
like "the facts" "$(cat "$OUT")" "^    its key is above L"
like "what would have to be otherwise" "$(cat "$OUT")" "were it not that its key is above L.*: deleted on the live side, conflict deleted-on-live"
why members 1
like "why it is asked about" "$(cat "$OUT")" "since a row up to L that only SOURCE has was deleted on the live side"
like "and who could change that" "$(cat "$OUT")" "if a person restores it"
rep show dir --json --why "$DB.members" 12
is "each fact that alone makes another outcome is named" "$(jq -r '[.otherwise[] | select(.fact == "above") | [.is, .group, .kind] | join(" ")] | join(";")' "$OUT")" "false gone deleted-on-live"

why members 3
is "a row that was not planned" "$RC $(head -n 1 "$OUT" | cut -d: -f1,2)" "0 $DB.members: 3"
like "that is said, too" "$(cat "$OUT")" "the plan did not look at it"
is "on a line of its own" "$(wc -l <"$OUT") $(grep -cF '\n' "$OUT")" "1 0"
rep show dir --json --why "$DB.members" 3
is "also in JSON" "$RC $(jq -r '[.decision, .because] | @json' "$OUT" | grep -c '^\[null,"the plan did not')" "0 1"

why members ''
is "no key at all" "$RC $(wc -c <"$OUT")" "3 0"
like "nothing is known of that" "$(cat "$ERR")" "knows nothing of"

why nobody 1
is "a table that is not planned" "$RC" 3
like "by name" "$(cat "$ERR")" "option \"--why\": \"$DB\.nobody=1\""
why member 1
like "a slip in the table's name" "$(cat "$ERR")" "hint: Is a row of \"$DB\.members\" meant"
rep show dir --why "$DB.members"
is "without a key" "$RC" 3
like "it says what it wants" "$(cat "$ERR")" "wants a table and a key behind DIR"
rep show dir "$DB.members" 12
is "without --why" "$RC" 3
rep show dir --why --row "$DB.members=12" "$DB.members" 12
is "with --row" "$RC" 3

# What comes of rows around it, or of a person, is no rule about the row itself: an order below
# somebody who was deleted waits, a key that contains a lost one is lost though
# TARGET holds it.
at ab "CREATE TABLE wallet (member INT, n INT, PRIMARY KEY (member, n), FOREIGN KEY (member) REFERENCES members (id))"
at a "INSERT INTO wallet VALUES (15, 1); INSERT INTO orders VALUES (30, 1, 'C1')"
at b "INSERT INTO wallet VALUES (18, 1)"
printf '[table %s.wallet]\nidentity = none\n' "$DB" >>ini
CASE=$IT_TMP/around.case
"$MYRECON" check "$(uri a "$DB")" "$(uri b "$DB")" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep plan --policy merge --config ini --case "$CASE" --output around
[ -e around/plan.json ] || bail "no plan: $(tail -n 2 "$ERR" | xargs)"
rep show around --why "$DB.orders" 30
like "who waits" "$(cat "$OUT")" "it waits for $DB\.members 1$"
unlike "has something that keeps it" "$(cat "$OUT")" "since nothing keeps the row"
rep show around --json --why "$DB.orders" 30
is "and for whom, in JSON" "$(jq -c .waits_for "$OUT")" "{\"table\":\"$DB.members\",\"key\":\"1\"}"
rep show around --json --why "$DB.members" 1
is "nobody waits for himself" "$(jq -c .waits_for "$OUT")" null
rep show around --why "$DB.wallet" 15,1
like "a key of lost history" "$(cat "$OUT")" "it is lost history"
like "by a rule of lost history" "$(cat "$OUT")" "since a row .* is lost history"
unlike "and by no other one" "$(cat "$OUT")" "since .* was deleted on the live side, or lost$"
rep plan --policy merge --on-conflict deleted-on-live=restore --config ini --case "$CASE" --output chosen
rep show chosen --why "$DB.members" 1
like "what a person chose" "$(cat "$OUT")" "by the choice restore for deleted-on-live"
rep plan --policy merge --on-conflict deleted-on-live=skip --config ini --case "$CASE" --output skipped
rep show skipped --why "$DB.members" 1
like "or left out" "$(cat "$OUT")" "by the choice skip for deleted-on-live"

# a plan of another policy keeps no facts
rep plan --policy mirror --allow-deletes 1 --config ini --case "$CASE" --output mirror
[ -e mirror/plan.json ] || bail "no plan: $(tail -n 2 "$ERR" | xargs)"
rep show mirror --why "$DB.members" 12
is "of a mirror" "$RC" 0
like "it keeps no facts" "$(cat "$OUT")" "this plan keeps no facts of it"
finish
