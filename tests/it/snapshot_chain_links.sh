#!/bin/bash
# snapshot_chain_links.sh: links of a chain of snapshots that are missing, swapped or damaged are named;
# encrypted and signed chains; runs that are killed; and what expires never takes a base away.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
SHELF=$IT_TMP/shelf
mkdir "$SHELF"
URI=$(uri a "$DB")

write() { at a "INSERT INTO t (v) VALUES ('$1'); DELETE FROM t WHERE id = $2; UPDATE u SET v = '$1' WHERE k = 'k$2'"; }
at a "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t (v) SELECT CONCAT('v', seq) FROM seq_1_to_3000;
    CREATE TABLE u (k VARCHAR(20) PRIMARY KEY, v VARCHAR(20)); INSERT INTO u SELECT CONCAT('k', seq), 'x' FROM seq_1_to_3000"
chain() { # chain DIR OPTION…: n0, n1 and n2 in DIR
    rm -rf "${1:?}"/n?
    take "${@:2}" "$URI" "$1/n0"
    write one $((++LAST))
    take "${@:2}" --base "$1/n0" "$URI" "$1/n1"
    write two $((++LAST))
    take "${@:2}" --base "$1/n1" "$URI" "$1/n2"
    [ "$RC" = 0 ] || bail "no chain"
}
LAST=10
verified() { # verified DESCRIPTION WANTED [REGEX]
    snap verify "${@:4}" "$SHELF/n2"
    is "$1" "$RC" "$2"
    [ -z "${3:-}" ] || like "$1: by name" "$(cat "$OUT")" "$3"
}
nothing_made() { # nothing_made DESCRIPTION: a merge is refused, and leaves nothing
    rm -rf "$IT_TMP/merged"
    snap merge --output "$IT_TMP/merged" "$SHELF/n2"
    is "$1: no merge" "$RC $(compgen -G "$IT_TMP/merged*")" "5 "
    snap restore --no-progress --rename-db "$DB=${DB}_copy" "$SHELF/n2" "$(side_uri a)"
    is "$1: no restore" "$RC $(client a <<<"SHOW DATABASES LIKE '${DB}\\_copy'")" "5 "
}

chain "$SHELF"
verified "a chain of three" 0 "and the 2 it goes on from"
is "each has a record of it" "$(cd "$SHELF" && echo *.verified.json)" "n0.verified.json n1.verified.json n2.verified.json"

mkdir "$IT_TMP/far" && mv "$SHELF/n1" "$IT_TMP/far/"
verified "a missing link" 1 "n2 base .* is neither beside it nor given by --base"
nothing_made "a missing link"
snap list --chain "$SHELF/n2"
is "a missing link: list" "$RC $(grep -c '^missing: ' "$OUT")" "1 1"
verified "a link elsewhere that is named" 0 "" --base "$IT_TMP/far/n1" --base "$SHELF/n0"
snap merge --output "$IT_TMP/named" "$SHELF/n0" "$IT_TMP/far/n1" "$SHELF/n2"
is "a merge of links that are named" "$RC" 0
snap verify --base "$IT_TMP/named" --base "$IT_TMP/far/n1" --base "$SHELF/n0" "$SHELF/n2"
is "one that is no link is refused" "$RC" 3
cp -a "$IT_TMP/far/n1" "$SHELF/n1"
take --base "$SHELF/n0" "$URI" "$IT_TMP/other"
rm -rf "$SHELF/n1" && cp -a "$IT_TMP/other" "$SHELF/n1"
sed -i "s/\"uuid\":\"[^\"]*\",\"created\"/\"uuid\":\"$(jq -r .uuid "$IT_TMP/far/n1/manifest.json")\",\"created\"/" "$SHELF/n1/manifest.json"
(cd "$SHELF/n1" && sha256sum manifest.json >manifest.json.sha256)
verified "a link that was swapped" 1 "n2 base .* is not what .*n1\" is by now"
nothing_made "a link that was swapped"
rm -rf "$SHELF/n1" && cp -a "$IT_TMP/far/n1" "$SHELF/n1"
verified "put back" 0

printf x | dd of="$(find "$SHELF/n1" -name '*.zst' -size +8c | head -n 1)" bs=1 seek=8 conv=notrunc 2>"$ERR" || bail "no file of n1"
verified "rows of a link were changed" 1 "n1/.* was changed"
snap list --chain "$SHELF/n2"
is "what verify has found is told" "$RC $(grep -c 'n1  damaged: snapshot verify found it so at 20' "$OUT")" "1 1"
snap list --json --chain "$SHELF/n2"
is "as JSON, too" "$RC $(jq -r '.damage // empty' "$OUT" | grep -c 'verify found it so at') $(jq -r 'select(.type == "summary") | .whole' "$OUT")" "1 1 false"
rm -rf "$SHELF/n1" && cp -a "$IT_TMP/far/n1" "$SHELF/n1"
verified "the link is back" 0
snap list --chain "$SHELF/n2"
is "and it is whole again" "$RC" 0
for file in n0/data/$DB.t.0.tsv.zst n1/data/$DB.t.gone.tsv.zst n1/data/$DB.u.0.tsv.zst n1/schema/$DB.t.table.sql n2/data/$DB.t.0.tsv.zst; do
    cp -a "$SHELF/$file" "$IT_TMP/good"
    printf '\001' | dd of="$SHELF/$file" bs=1 seek=14 conv=notrunc status=none
    verified "a byte of $file" 1 "${file#n2/} "
    case $file in */schema/*) ;; *) nothing_made "a byte of $file" ;; esac
    cp -a "$IT_TMP/good" "$SHELF/$file"
done
verified "all put back" 0

# what cannot read a chain
"$MYRECON" check "snapshot:$SHELF/n2" "$URI" >"$OUT" 2>"$ERR"
is "check refuses it" $? 5
like "check says what to do" "$(cat "$ERR")" "snapshot merge --output DIR"
"$MYRECON" check "snapshot:$IT_TMP/named" "$URI" >"$OUT" 2>"$ERR"
is "check reads what was merged" $? 0

# killed at any moment
for delay in 0.02 0.05 0.08 0.12 0.2; do
    rm -rf "$SHELF/n3" "$SHELF/n3.partial" "$IT_TMP/merged" "$IT_TMP/merged.partial"
    killed_after $delay "$MYRECON" snapshot create --base "$SHELF/n2" "$URI" "$SHELF/n3"
    [ ! -e "$SHELF/n3" ] || snap verify "$SHELF/n3"
    ok "create killed after $delay s: a whole one, or none" test ! -e "$SHELF/n3" -o "$RC" = 0
    rm -rf "$SHELF/n3"
    take --base "$SHELF/n2" "$URI" "$SHELF/n3"
    snap verify "$SHELF/n3"
    is "create killed after $delay s: made by the same command" "$RC" 0
    killed_after $delay "$MYRECON" snapshot merge --output "$IT_TMP/merged" "$SHELF/n3"
    [ ! -e "$IT_TMP/merged" ] || snap verify "$IT_TMP/merged"
    ok "merge killed after $delay s: a whole one, or none" test ! -e "$IT_TMP/merged" -o "$RC" = 0
    rm -rf "$IT_TMP/merged"
    snap merge --output "$IT_TMP/merged" "$SHELF/n3"
    is "merge killed after $delay s: made by the same command" "$RC" 0
    killed_after $delay "$MYRECON" snapshot restore --rename-db "$DB=${DB}_copy" "$SHELF/n3" "$(side_uri a)"
    snap restore --no-progress --rename-db "$DB=${DB}_copy" "$SHELF/n3" "$(side_uri a)"
    [ "$RC" = 5 ] || is "restore killed after $delay s: done by the same command" "$RC $(compgen -G "$SHELF/.n3*")" "0 "
    client a <<<"DROP DATABASE IF EXISTS ${DB}_copy"
done
rm -rf "$SHELF/n3"

# what expires
expire() { # WANTED: names that stay
    snap expire --keep-last 1 "$SHELF"
    is "expire: $1 stay" "$(cd "$SHELF" && echo n?)" "$1"
}
sleep 1
take "$URI" "$SHELF/n4"
expire "n4"
chain "$SHELF"
expire "n0 n1 n2"
like "expire says why" "$(cat "$OUT")" "keep .*n0.*base of .*n1"
sleep 1
take "$URI" "$SHELF/n5"
mv "$SHELF/n0" "$IT_TMP/far/n0"
expire "n1 n2 n5"
like "a base that is not there is told" "$(cat "$OUT")" "damaged: its base .* is not here"
mv "$IT_TMP/far/n0" "$SHELF/n0"
# of a damaged one nobody proves which base it has: what its manifest says is kept, or all
mv "$SHELF/n2/manifest.json.sha256" "$IT_TMP/sum"
expire "n0 n1 n2 n5"
like "the base of one that is damaged is kept" "$(cat "$OUT")" "keep .*n1.*base of .*n2"
cp "$SHELF/n2/manifest.json" "$IT_TMP/manifest"
head -c 40 "$IT_TMP/manifest" >"$SHELF/n2/manifest.json"
expire "n0 n1 n2 n5"
like "where nobody knows it nothing goes" "$(cat "$OUT")" "keep .*n1.*nobody knows the base of .*n2"
mv "$IT_TMP/manifest" "$SHELF/n2/manifest.json"
mv "$IT_TMP/sum" "$SHELF/n2/manifest.json.sha256"
rm -rf "$SHELF"/n?

# encrypted and signed
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$IT_TMP/key.pem" -out "$IT_TMP/cert.pem" -subj /CN=k -days 2 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$IT_TMP/sign.pem" -out "$IT_TMP/who.pem" -subj /CN=s -days 2 2>/dev/null
chain "$SHELF" --encrypt-to "$IT_TMP/cert.pem" --sign-with "$IT_TMP/sign.pem"
verified "an encrypted chain" 0 "" --decrypt-with "$IT_TMP/key.pem" --signer "$IT_TMP/who.pem"
is "keys that are gone are encrypted, too" "$(ls "$SHELF/n1/data" | grep -vc '\.cms$')" 0
snap restore --no-progress --decrypt-with "$IT_TMP/key.pem" --rename-db "$DB=${DB}_copy" "$SHELF/n2" "$(side_uri a)"
is "it is not restored in clear" "$RC $(compgen -G "$SHELF/.n2*")" "5 "
like "it says how it is" "$(cat "$ERR")" "merge --decrypt-with KEY.pem --encrypt-to"
rm -rf "$IT_TMP/merged"
snap merge --decrypt-with "$IT_TMP/key.pem" --signer "$IT_TMP/who.pem" --encrypt-to "$IT_TMP/cert.pem" --sign-with "$IT_TMP/sign.pem" --output "$IT_TMP/merged" "$SHELF/n2"
is "merged, encrypted and signed" "$RC" 0
snap verify --decrypt-with "$IT_TMP/key.pem" --signer "$IT_TMP/who.pem" "$IT_TMP/merged"
is "and whole" "$RC" 0
snap restore --no-progress --decrypt-with "$IT_TMP/key.pem" --rename-db "$DB=${DB}_copy" "$IT_TMP/merged" "$(side_uri a)"
is "and restored" "$RC" 0
client a <<<"DROP DATABASE ${DB}_copy"
snap merge --decrypt-with "$IT_TMP/key.pem" --signer "$IT_TMP/cert.pem" --output "$IT_TMP/no" "$SHELF/n2"
is "another signer is refused" "$RC" 5
snap merge --output "$IT_TMP/no" "$SHELF/n2"
is "without the key nothing is made" "$RC $(compgen -G "$IT_TMP/no*")" "3 "
take --encrypt-to "$IT_TMP/cert.pem" "$URI" "$SHELF/n7"
write seven $((++LAST))
take --base "$SHELF/n7" "$URI" "$SHELF/n8"
snap verify "$SHELF/n8"
like "rows of a base that are encrypted were not read" "$RC $(cat "$OUT")" "^4 all files are there: .* rows read; and the 1 it goes on from, of which not all rows were read"
snap verify --json "$SHELF/n8"
is "as JSON, too" "$RC $(jq -c 'select(.type == "summary") | [.verdict, .rows_read, .links]' "$OUT")" '4 ["whole",false,2]'
snap verify --decrypt-with "$IT_TMP/key.pem" "$SHELF/n8"
like "with its key they were" "$RC $(cat "$OUT")" "^0 whole: .* rows read; and the 1 it goes on from$"

finish
