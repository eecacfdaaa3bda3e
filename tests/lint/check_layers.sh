# Includes go down only: main.c, docs/docgen → recon, snapshot, repair → core; the three of the
# middle never include each other.  Each foreign library has its own files.
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
owns mysql.h '^core/db(_[a-z]+)?\.[ch]$|^core/db_internal\.h$|^tests/bench/'
owns sqlite3.h '^core/casefile\.c$|^tests/'
owns zstd.h '^core/(de)?compress\.c$|^tests/'
owns openssl/cms.h '^core/cms\.c$|^tests/'
