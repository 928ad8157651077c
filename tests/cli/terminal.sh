#!/bin/sh
# On a terminal one line that is redrawn, elsewhere plain lines; escape sequences nowhere.
. "$(dirname "$0")/../support/tap.sh"

template=$templates/two-volumes.yaml mapping=$templates/two-volumes.mapping.json
escapes() { ! grep -q "$(printf '\033')" "$1"; }

run build "$template" -m "$mapping" -o "$work/a"
holds 'plain lines have no carriage return' sh -c '! grep -q "$(printf "\r")" "$1"' - "$work/err"
holds 'plain lines name the program' grep -q '^ingot: ' "$work/err"
holds 'no escape sequence' escapes "$work/err"
expect 'quiet says nothing' 0 build "$template" -m "$mapping" -o "$work/a" --quiet
holds 'at all' test ! -s "$work/err"
has script || { skip 'a terminal' 'script is not installed'; finish; }
on_terminal() { # COLUMNS TERM
        script -qec "stty cols $1; TERM=$2 $ingot build $template -m $mapping -o $work/b" /dev/null >"$work/screen" 2>/dev/null </dev/null
}
for columns in 80 40 20; do
        on_terminal $columns xterm
        holds "a terminal of $columns columns gets its line redrawn" grep -q "$(printf '\r')." "$work/screen"
        holds "and no escape sequence" escapes "$work/screen"
        holds "and no line of more than $columns columns" python3 - "$work/screen" $columns <<'END_OF_PYTHON'
import sys
text = open(sys.argv[1], encoding='utf-8', errors='replace').read().replace('\r', '\n')
long = [line for line in text.split('\n') if len(line) > int(sys.argv[2]) and 'Images and manifest' not in line]
print('\n'.join(long))
sys.exit(bool(long))
END_OF_PYTHON
done
on_terminal 80 dumb
holds 'a dumb terminal gets plain lines' grep -q '^ingot: ' "$work/screen"
finish
