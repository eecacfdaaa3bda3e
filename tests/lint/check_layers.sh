# Includes go down only: main.c, docs/docgen → recon, snapshot, repair → core; the three of the
# middle never include each other.  So do they within each: a file includes what stands in its
# own folder and in those that floors() names before it; files that stand in none may include
# all of them.  Each foreign library has its own files.
. tests/lint/lib.sh

includes() { # FILE…: prints FILE:LINE:NAME for every include
    grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+[>"]' "$@" /dev/null |
        sed -E 's/#[[:space:]]*include[[:space:]]*//; s/[[:space:]]//g'
}

allowed_in() { # FOLDER: which folders its files may include
    case $1 in
    core) echo core ;;
    *) echo "core|$1" ;;
    esac
}

floors() { # FOLDER: those in it, from the ground up
    case $1 in
    core) echo base file json row db schema binlog source cli case pair logs page ;;
    recon) echo check affected history gate doctor report fleet config ;;
    snapshot) echo format read until create merge restore rehearse ;;
    repair) echo side decide plan reseed merge copy rewind rejoin script planning page apply verify ;;
    esac
}

above() { # FOLDER INNER: what its files may not include; fails where it is none of them
    local floor found=
    for floor in $(floors "$1"); do
        [ -z "$found" ] || echo "$floor"
        [ "$floor" != "$2" ] || found=yes
    done
    [ -n "$found" ]
}

for folder in $folders; do
    for inner in "$folder"/*/; do
        [ -d "$inner" ] || continue
        inner=${inner#*/} inner=${inner%/}
        forbidden=$(above "$folder" "$inner") ||
            echo "$folder/$inner: a folder that floors() does not know"
        forbidden=$(printf '%s/|' $forbidden)
        # shellcheck disable=SC2046
        includes $(c_files | grep "^$folder/$inner/") |
            grep -E "\"$folder/($forbidden)[^/]+\"$" | sed "s,$,: stands above $folder/$inner,"
    done
done

for folder in $folders; do
    [ -d "$folder" ] || continue
    # shellcheck disable=SC2046
    includes $(c_files | grep "^$folder/") | while IFS=: read -r file line name; do
        name=${name#[<\"]} name=${name%[>\"]}
        case $name in
        */../* | ../*) echo "$file:$line: includes by a relative path: $name" ;;
        main.h | commands.h | docs/docgen/*)
            echo "$file:$line: $folder may not include the main program" ;;
        */*)
            from=${name%%/*}
            case " $folders tests " in
            *" $from "*)
                [[ $from =~ ^($(allowed_in "$folder"))$ ]] ||
                    echo "$file:$line: $folder may not include $from: $name"
                ;;
            esac
            ;;
        esac
    done
done

owns() { # HEADER FILE-PATTERN: only those files may include it
    # shellcheck disable=SC2046
    includes $(c_files) | while IFS=: read -r file line name; do
        name=${name#[<\"]} name=${name%[>\"]}
        if [ "$name" = "$1" ] || [ "${name##*/}" = "$1" ]; then
            [[ $file =~ $2 ]] || echo "$file:$line: only $2 may include <$1>"
        fi
    done
}
owns mysql.h '^core/db/db(_[a-z]+)?\.[ch]$|^tests/bench/'
owns sqlite3.h '^core/case/casefile(_copy|_kept|_tables)?\.c$|^tests/'
owns zdict.h '^core/file/(de)?compress\.c$|^tests/'
owns zstd.h '^core/file/(de)?compress\.c$|^tests/'
owns zlib.h '^core/file/inflate\.c$|^tests/'
owns openssl/cms.h '^core/file/cms\.c$|^tests/'
