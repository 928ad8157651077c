# shellcheck shell=sh
# tap.sh: sourced by tests/cli/*.sh.  INGOT names the program; $work is a folder of the test's own, which is
# removed at its end.  Each test is one call of one of the functions below; `finish` prints the plan.
ingot=${INGOT:-out/release/ingot}
case $ingot in /*) ;; *) ingot=$PWD/$ingot ;; esac
templates=$(cd "$(dirname "$0")/../../templates" && pwd)
export templates
[ -x "$ingot" ] || { echo "1..0 # SKIP there is no program '$ingot'"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/ingot-cli.XXXXXX") || exit 3
trap 'cd / && rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# Nothing of the caller's: not the folders, not the locale, not the terminal.
export HOME="$work/home" LC_ALL=C.UTF-8 TZ=UTC TERM=dumb
unset XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME SOURCE_DATE_EPOCH COLUMNS
mkdir "$HOME"
count=0
failed=0

pass() { count=$((count + 1)); echo "ok $count - $1"; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
fail() { # NAME [FILE...]: the files are shown
        count=$((count + 1)); failed=1
        echo "not ok $count - $1"
        shift
        for shown; do
                [ -s "$shown" ] || continue
                echo "# ${shown##*/}:"
                sed 's/^/#   /' "$shown" | head -n 40
        done
}
has() { command -v "$1" >/dev/null 2>&1; }

# Runs ingot; its status in $status, what it printed in $work/out and $work/err.
run() { "$ingot" "$@" >"$work/out" 2>"$work/err" </dev/null; status=$?; }

# NAME STATUS ARGUMENT...: ingot ends with that status.
expect() {
        tap_name=$1 tap_status=$2
        shift 2
        run "$@"
        if [ $status -eq "$tap_status" ]; then pass "$tap_name"; else
                echo "# ingot $*: status $status, not $tap_status"
                fail "$tap_name" "$work/out" "$work/err"
        fi
}
# NAME TEXT: standard error holds that line, or part of it.
says() {
        if grep -qF -- "$2" "$work/err"; then pass "$1"; else echo "# wanted: $2"; fail "$1" "$work/err"; fi
}
prints() {
        if grep -qF -- "$2" "$work/out"; then pass "$1"; else echo "# wanted: $2"; fail "$1" "$work/out"; fi
}
# NAME COMMAND...: the command succeeds.
holds() {
        tap_name=$1
        shift
        if "$@" >"$work/log" 2>&1; then pass "$tap_name"; else fail "$tap_name" "$work/log"; fi
}
finish() { echo "1..$count"; exit $failed; }
