#!/bin/bash
# snapshot_encrypted.sh: rows that only the key's owner reads, with stock openssl too, and a
# manifest that only its owner signs.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
COPY=${DB}_copy
SNAP=$IT_TMP/snap
pair() { # pair NAME OPTIONS…: NAME.key and NAME.pem
    openssl req -x509 -nodes -days 2 -subj "/CN=$1" -keyout "$IT_TMP/$1.key" -out "$IT_TMP/$1.pem" "${@:2}" 2>/dev/null
}
pair rsa -newkey rsa:3072 && pair ec -newkey ec -pkeyopt ec_paramgen_curve:P-256 &&
    pair other -newkey rsa:3072 && pair signer -newkey ec -pkeyopt ec_paramgen_curve:P-256 || bail "no openssl"
every_type a
at a "CREATE TABLE phones (mobile VARCHAR(20) PRIMARY KEY, note VARCHAR(200)); INSERT INTO phones SELECT CONCAT('+49171', seq), REPEAT('n', 150) FROM seq_1_to_20000;
    CREATE TABLE zlast (id INT PRIMARY KEY, pad VARCHAR(200)); INSERT INTO zlast SELECT seq, REPEAT(CHAR(65 + seq % 26), 200) FROM seq_1_to_60000"
SRC=$(uri a "$DB")

take --chunk-size 1 --encrypt-to "$IT_TMP/rsa.pem" --encrypt-to "$IT_TMP/ec.pem" --sign-with "$IT_TMP/signer.key" "$SRC" "$SNAP"
is "made" "$RC" 0
is "every chunk is a message" "$(ls "$SNAP/data" | grep -vc '\.tsv\.zst\.cms$')" 0
clear() { # what of DIR has a phone number in clear, or in hex
    grep -rlE '\+49171|2b3439313731' "$1"
}
is "nothing of a row stands in clear" "$(clear "$SNAP")" ""
snap list --json "$SNAP"
is "who can open it" "$(jq -c '[.signed, (.encrypted_to | length)]' "$OUT")" "[true,2]"
is "by which certificates" "$(jq -r '.encrypted_to[0]' "$OUT")" \
    "$(openssl x509 -in "$IT_TMP/rsa.pem" -outform DER | sha256sum | cut -d' ' -f1)"

for key in rsa ec; do
    snap verify --decrypt-with "$IT_TMP/$key.key" --signer "$IT_TMP/signer.pem" "$SNAP"
    is "proved with the key of $key" "$RC" 0
done
snap verify "$SNAP"
is "without a key files are compared, and that is said" "$RC $(grep -c 'not read' "$OUT")" "4 1"
snap verify --quick "$SNAP"
is "quickly, no key is needed" "$RC" 0
openssl x509 -pubkey -noout -in "$IT_TMP/signer.pem" >"$IT_TMP/signer.pub"
is "stock openssl proves the signature" "$(openssl dgst -sha256 -verify "$IT_TMP/signer.pub" \
    -signature "$SNAP/manifest.json.sig" "$SNAP/manifest.json")" "Verified OK"
snap verify --decrypt-with "$IT_TMP/other.key" "$SNAP"
is "another key cannot" "$RC $(grep -c 'other.key' "$ERR")" "3 1"
snap verify --decrypt-with "$IT_TMP/rsa.key" --signer "$IT_TMP/other.pem" "$SNAP"
is "another signer is found" "$RC $(grep -c 'signed by another key' "$OUT")" "1 1"

CERT=$IT_TMP/signer.pem
for key in rsa ec; do
    client b <<<"DROP DATABASE IF EXISTS $COPY"
    DST=$(uri b "$COPY")
    KEY=$IT_TMP/$key.key
    ok "stock openssl, zstd and client restore it with the key of $key" stock_restore "$SNAP" b "$DB" "$COPY"
    is "and prove who signed it" "$(grep -c '^Verified OK$' "$IT_TMP/said")" 1
    check_is 0 "equal"
done
for kind in 'rsa:2048' 'ed25519'; do
    openssl req -x509 -newkey $kind -nodes -subj /CN=other -days 2 -keyout "$IT_TMP/kind.key" -out "$IT_TMP/kind.pem" 2>/dev/null
    take --tables phones --sign-with "$IT_TMP/kind.key" "$SRC" "$IT_TMP/kind"
    client b <<<"DROP DATABASE IF EXISTS $COPY"
    CERT=$IT_TMP/kind.pem
    ok "what $kind has signed is restored" stock_restore "$IT_TMP/kind" b "$DB" "$COPY"
    is "and it is proved who signed it" "$(grep -cE 'Verified OK$|Verified Successfully$' "$IT_TMP/said")" 1
    sed -i 's/"rows"/"rowS"/' "$IT_TMP/kind/manifest.json"
    (cd "$IT_TMP/kind" && sha256sum manifest.json >manifest.json.sha256)
    client b <<<"DROP DATABASE IF EXISTS $COPY"
    ok "what somebody else has sealed stops there" [ "$(stock_restore "$IT_TMP/kind" b "$DB" "$COPY" | grep -c 'erification.*ail')" -ge 1 ]
    rm -rf "$IT_TMP/kind"
done
CERT=$IT_TMP/signer.pem

# where no directory can be made, nothing is opened: from step 2 on, as it is pasted
mkdir "$IT_TMP/bin"
printf '#!/bin/sh\necho "$@" >>%q\n' "$IT_TMP/opened" | tee "$IT_TMP/bin/openssl" >"$IT_TMP/bin/rm"
printf '#!/bin/sh\nexit 1\n' >"$IT_TMP/bin/mktemp"
chmod +x "$IT_TMP/bin"/*
(cd "$SNAP" && sed -n 's/^     //p' RESTORE.txt | sed -n '/^key=/p' | PATH="$IT_TMP/bin:$PATH" bash -i) >"$IT_TMP/said" 2>&1
is "no private directory, no rows in clear" "$(cat "$IT_TMP/opened" 2>/dev/null)" ""
# a second directory would take the first one's place in $work, and nobody would remove that
like "who was cut off removes what there is before he begins anew" "$(tr -s '\n ' ' ' <"$SNAP/RESTORE.txt")" \
    'or you stop it: step 5 comes first, before this one is begun anew'

client b <<<"DROP DATABASE IF EXISTS $COPY"
snap restore --no-progress "$SNAP" "$DST"
is "no key, no restore" "$RC" 3
snap restore --no-progress --decrypt-with "$IT_TMP/other.key" "$SNAP" "$DST"
is "another key, no restore, and nothing begun" "$RC $(client b <<<"SHOW DATABASES LIKE '$COPY'")" "3 "
snap restore --no-progress --decrypt-with "$IT_TMP/ec.key" --signer "$IT_TMP/signer.pem" "$SNAP" "$DST"
is "restored" "$RC" 0
check_is 0 "equal, too"

# --- as a side of a check -----------------------------------------------------------------

at a "CREATE TABLE tens (d DECIMAL(12, 2) PRIMARY KEY, pad VARCHAR(200)); INSERT INTO tens SELECT seq / 4, REPEAT('d', 150) FROM seq_1_to_20000;
    CREATE TABLE bins (b VARBINARY(20) PRIMARY KEY, pad VARCHAR(200)); INSERT INTO bins SELECT UNHEX(SHA1(seq)), REPEAT('b', 150) FROM seq_1_to_20000"
side=$IT_TMP/side
take --chunk-size 1 --tables tens --tables bins --tables phones --encrypt-to "$IT_TMP/ec.pem" "$(uri a "$DB")" "$side"
is "of several files each, which do not say their keys" "$(jq -c '[.tables[] | [.keys_hidden, (.chunks | length > 2)]] | unique' "$side/manifest.json")" "[[true,true]]"
SRC="snapshot:$side?key=$IT_TMP/ec.key" DST=$(uri a "$DB")
check_is 0 "an encrypted snapshot is equal to what it was made of" --tables tens --tables bins --tables phones
at a "UPDATE tens SET pad = 'x' WHERE d = 2500; DELETE FROM bins WHERE b = UNHEX(SHA1(7)); UPDATE phones SET note = 'x' WHERE mobile = '+4917119999'"
check_is 1 "and what is changed is found" --tables tens --tables bins --tables phones
is "by its rows" "$(jq -r 'select(.type == "row") | "\(.table) \(.kind)"' "$OUT" | sort)" "$DB.bins missing
$DB.phones changed
$DB.tens changed"
SRC="snapshot:$side?key=$IT_TMP/other.key"
check_is 3 "not with another key"
SRC=snapshot:$side
check_is 3 "nor without one"
SRC=$(uri a "$DB")

# --- damage -------------------------------------------------------------------------------

flip() { # flip FILE OFFSET: and verify
    local byte
    rm -rf "$IT_TMP/bad"
    cp -r "$SNAP" "$IT_TMP/bad"
    byte=$(od -An -tu1 -j "$2" -N 1 "$IT_TMP/bad/$1")
    printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$IT_TMP/bad/$1" bs=1 seek="$2" conv=notrunc status=none
    snap verify --decrypt-with "$IT_TMP/rsa.key" "$IT_TMP/bad"
    echo "$RC $(grep -c "$1" "$OUT")"
}
chunk=data/$(ls "$SNAP/data" | head -n 1)
is "a flipped bit of a message" "$(flip "$chunk" 200)" "1 1"
is "of the signature" "$(flip manifest.json.sig 20)" "1 1"
is "of the manifest" "$(flip manifest.json 900)" "1 1"
rm -rf "$IT_TMP/bad"
cp -r "$SNAP" "$IT_TMP/bad"
rm "$IT_TMP/bad/manifest.json.sig"
snap verify --quick "$IT_TMP/bad"
is "a missing signature" "$RC $(grep -c 'manifest.json.sig is missing' "$OUT")" "1 1"
sed -i 's/"signer":"[0-9a-f]*"/"signer":null/' "$IT_TMP/bad/manifest.json"
(cd "$IT_TMP/bad" && sha256sum manifest.json >manifest.json.sha256)
snap verify --quick --signer "$IT_TMP/signer.pem" "$IT_TMP/bad"
is "a manifest that somebody else has made" "$RC $(grep -c 'is not signed' "$OUT")" "1 1"

# --- killed half way ----------------------------------------------------------------------

part=$IT_TMP/part
cp "$IT_TMP/ec.pem" "$IT_TMP/now.pem"
"$MYRECON" snapshot create -q --chunk-size 1 --rate 8 --threads 1 --encrypt-to "$IT_TMP/now.pem" "$SRC" "$part" >/dev/null 2>&1 &
killed=$!
for ((i = 0; i < 400; i++)); do
    [ "$(grep -c '"type":"chunk".*"name":"zlast"' "$part.partial/journal.jsonl" 2>/dev/null)" -ge 6 ] 2>/dev/null && break
    sleep 0.05
done
kill -9 $killed
wait $killed 2>/dev/null
is "an unfinished run has nothing in clear" "$(clear "$part.partial")" ""
kept=$(jq -r 'select(.type == "chunk" and .name == "zlast") | .chunk.sha256' "$part.partial/journal.jsonl" | sort)
take --chunk-size 1 --encrypt-to "$IT_TMP/rsa.pem" "$SRC" "$part"
is "for another key it does not go on" "$RC" 5
cp "$IT_TMP/rsa.pem" "$IT_TMP/now.pem"
take --chunk-size 1 --encrypt-to "$IT_TMP/now.pem" "$SRC" "$part"
is "nor for one that has taken its name" "$RC" 5
take --chunk-size 1 --encrypt-to "$IT_TMP/ec.pem" "$SRC" "$part"
like "with its own it does" "$RC $(cat "$ERR")" "going on"
is "what was finished is kept" "$(jq -r '.tables[].chunks[].sha256' "$part/manifest.json" | sort |
    comm -12 - <(echo "$kept") | wc -l)" "$(grep -c . <<<"$kept")"
snap verify --decrypt-with "$IT_TMP/ec.key" "$part"
is "and the whole is proved" "$RC" 0

# --- altered meanwhile --------------------------------------------------------------------

touch "$IT_TMP/pause"
take --threads 1 --pause-file "$IT_TMP/pause" --tables phones --encrypt-to "$IT_TMP/ec.pem" "$SRC" "$IT_TMP/altered" &
taker=$!
for ((i = 0; i < 100; i++)); do [ -e "$IT_TMP/altered.partial/journal.jsonl" ] && break; sleep 0.1; done
at a "ALTER TABLE phones ADD COLUMN late INT DEFAULT 7, ALGORITHM=COPY"
rm "$IT_TMP/pause"
wait $taker
snap verify --decrypt-with "$IT_TMP/ec.key" "$IT_TMP/altered"
is "a table that is read again keeps its keys hidden, too" "$RC $(clear "$IT_TMP/altered")" "0 "

# --- long rows ----------------------------------------------------------------------------

at a "SET group_concat_max_len = 17000000; CREATE TABLE wide (id INT PRIMARY KEY, b LONGBLOB);
    INSERT INTO wide SELECT s.seq, (SELECT GROUP_CONCAT(RANDOM_BYTES(1024) SEPARATOR '') FROM seq_1_to_16384) FROM seq_1_to_4 s"
take --tables wide --chunk-size 60 --encrypt-to "$IT_TMP/rsa.pem" "$SRC" "$IT_TMP/wide"
is "no message is longer than 64 MiB" "$RC $(find "$IT_TMP/wide/data" -size +64M | wc -l) $(jq '.tables[0].rows' "$IT_TMP/wide/manifest.json")" '0 0 4'
snap verify --threads 1 --decrypt-with "$IT_TMP/rsa.key" "$IT_TMP/wide"
is "and they are read again" "$RC" 0

# --- what cannot be begun -----------------------------------------------------------------

take --encrypt-to "$IT_TMP/rsa.key" "$SRC" "$IT_TMP/none"
is "a key instead of a certificate" "$RC $(ls "$IT_TMP" | grep -c none)" "3 0"
openssl req -new -nodes -subj /CN=old -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
    -keyout "$IT_TMP/old.key" -out "$IT_TMP/old.csr" 2>/dev/null
openssl x509 -req -days -1 -in "$IT_TMP/old.csr" -signkey "$IT_TMP/old.key" -out "$IT_TMP/old.pem" 2>/dev/null
take --encrypt-to "$IT_TMP/old.pem" "$SRC" "$IT_TMP/none"
like "an expired certificate" "$RC $(cat "$ERR")" "^3 .*old.pem.* expired on"
take --tables zlast --sign-with "$IT_TMP/old.key" "$SRC" "$IT_TMP/old"
snap verify --signer "$IT_TMP/old.pem" "$IT_TMP/old"
is "but what it signed outlives it" "$RC" 0
take --sign-with "$IT_TMP/rsa.pem" "$SRC" "$IT_TMP/none"
is "a certificate instead of a key" "$RC $(ls "$IT_TMP" | grep -c none)" "3 0"
take --encrypt-to "$IT_TMP/rsa.pem" --chunk-size 100 "$SRC" "$IT_TMP/none"
is "chunks that nobody could open" "$RC" 3
client b <<<"DROP DATABASE IF EXISTS $COPY"
finish
