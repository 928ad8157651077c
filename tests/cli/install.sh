#!/bin/sh
# make install: into DESTDIR and PREFIX, a library others can link by ingot.pc, and an uninstall that leaves nothing.
. "$(dirname "$0")/../support/tap.sh"
house=$(cd "$(dirname "$0")/../.." && pwd)
stage=$work/stage
# The caller's variables count, its job server is not for us.
MAKEFLAGS=$(printf '%s' "${MAKEFLAGS:-}" | sed 's/ *--jobserver-[a-z]*=[^ ]*//g; s/\(^\| \)-j[0-9]*//g')
export MAKEFLAGS
make_of() { make -s -C "$house" BUILD="${BUILD:-release}" DESTDIR="$stage" PREFIX=/opt/ingot "$@"; }

case ${BUILD:-release} in
release|debug) ;;
*) skip 'install' "a library that needs the $BUILD runtime is not for others"; finish ;;
esac
holds 'make install' make_of install
root=$stage/opt/ingot
holds 'the program runs from there' sh -c '"$1" --version | grep "^ingot "' - "$root/bin/ingot"
holds 'the manual page is there' test -s "$root/share/man/man1/ingot.1"
for header in "$house"/include/ingot/*.h; do
        holds "the header ${header##*/} is there" cmp "$header" "$root/include/ingot/${header##*/}"
done
if has man; then
        holds 'the manual page has no mistakes' sh -c \
                'man -l --warnings -E UTF-8 "$1" 2>&1 >/dev/null | { ! grep .; }' - "$root/share/man/man1/ingot.1"
else
        skip 'the manual page has no mistakes' 'man is not installed'
fi

cat >"$work/caller.c" <<'END'
#include <ingot/ingot.h>
#include <stdio.h>
int main(void)
{
        struct ingot_inputs inputs = { .template_path = "/nowhere/template.yaml" };
        struct ingot_error err;
        enum ingot_code r = ingot_check(&inputs, NULL, &err);
        puts(err.text);
        return r == INGOT_E_NOT_FOUND ? 0 : 1;
}
END
# The staged tree stands where DESTDIR put it, so its paths are given a root of their own.
compile() { # PKG-CONFIG-OPTION...
        flags=$(PKG_CONFIG_PATH="$work/pc" ${PKG_CONFIG:-pkg-config} "$@" --cflags --libs ingot) &&
        # shellcheck disable=SC2086 # flags are many words
        ${CC:-cc} -std=c17 -Wall -Wextra -Wpedantic -Werror -o "$work/caller" "$work/caller.c" $flags &&
        "$work/caller"
}
mkdir "$work/pc"
sed "s|/opt/ingot|$root|g" "$root/lib/pkgconfig/ingot.pc" >"$work/pc/ingot.pc"
holds 'ingot.pc names no staging folder' sh -c '! grep -F "$1" "$2"' - "$stage" "$root/lib/pkgconfig/ingot.pc"
holds 'ten lines link by ingot.pc' compile
holds 'and with --static' compile --static

again() { make_of all >"$work/again" 2>&1 && [ ! -s "$work/again" ]; }
holds 'making again compiles nothing' again
holds 'make uninstall' make_of uninstall
holds 'leaves no file' sh -c '! find "$1" -type f | grep .' - "$stage"
holds 'make help names what there is' sh -c 'make -s -C "$1" help | grep "make install"' - "$house"
finish
