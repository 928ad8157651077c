# ingot: golden AMIs from a template and a block device mapping.
#
#   make                 out/release/ingot and libingot.a
#   make check           the tests (unit, fault, golden, command line); needs no network and no root
#   make gate            everything a change must pass: format, floors, headers, tidy, cppcheck, asan, clang, release
#   make check-boot      boots the demo image in QEMU under SeaBIOS and OVMF (slow)
#   make check-wire      puts outside judges between ingot and its region: AWS CLI, boto3, the wire referee
#   make check-swift     sets ingot's client of S3 against OpenStack's Swift
#   make check-credentials  asks botocore and ingot for credentials in the same environments
#   make check-same      the same bytes by other users, hosts, time zones, umasks and clocks
#   make check-resume    kills publications at random moments and counts what is sent twice (KILLS=100)
#   make check-chaos     publishes on DAYS=200 bad days of the local region, kills included (slow)
#   make soak            kills builds and publishes at random moments
#   make bench           ratios against peers and limits, one line each
#   make fuzz            builds the fuzz targets; make fuzz-run SECONDS=600 runs each
#   make install         DESTDIR, PREFIX, BINDIR, LIBDIR, MANDIR, INCLUDEDIR are honoured
#
# BUILD=release debug asan ubsan tsan coverage fuzz: each in its own tree under out/.
# CC, CFLAGS, LDFLAGS, PKG_CONFIG belong to the user and come last.  V=1 shows commands.

BUILD ?= release
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
VERSION := $(shell cat VERSION)
Q := $(if $(V),,@)

mode.release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# Without optimization gcc knows no ranges and guesses that texts are cut; clang does not know the warning.
unoptimized := -O0 $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
mode.debug := $(unoptimized) -g3
mode.asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
mode.ubsan := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
mode.tsan := -O1 -g -fsanitize=thread
mode.coverage := $(unoptimized) -g --coverage
mode.fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
mode := $(or $(mode.$(BUILD)),$(error BUILD=$(BUILD) is not one of: release debug asan ubsan tsan coverage fuzz))
out := out/$(BUILD)
ifeq ($(BUILD),fuzz)
CC := clang
endif

packages := libcurl libcrypto libxml-2.0 jansson yaml-0.1 libarchive ext2fs com_err zlib libdeflate libisal \
            liblzma sqlite3 libmicrohttpd libnbd
warnings := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wswitch-enum -Wundef -Wvla -Wwrite-strings -Wformat=2 -Werror
# Warnings inside other people's headers are not ours to mend: -isystem, not -I.
package_cflags := $(subst -I/,-isystem /,$(shell $(PKG_CONFIG) --cflags $(packages)))
package_libs := $(shell $(PKG_CONFIG) --libs $(packages))
all_cflags = -std=c17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DINGOT_VERSION='"$(VERSION)"' $(mode) $(warnings) \
             -fvisibility=hidden -pthread -Iinclude -Ibuilder -Itests $(package_cflags) $(CFLAGS)
all_ldflags = $(mode) -pthread $(LDFLAGS)

sources := $(sort $(wildcard builder/*/*.c))
objs := $(sources:%.c=$(out)/%.o)
lib_objs := $(filter-out $(out)/builder/commands/main.o,$(objs))
headers := $(sort $(wildcard include/ingot/*.h builder/*/*.h tests/support/*.h))
unit_sources := $(sort $(wildcard tests/unit/*/test_*.c))
unit_tests := $(unit_sources:%.c=$(out)/%)
fault_sources := $(sort $(wildcard tests/fault/test_*.c))
fault_tests := $(fault_sources:%.c=$(out)/%)
support_objs := $(patsubst %.c,$(out)/%.o,$(sort $(wildcard tests/support/*.c)))
fuzz_sources := $(sort $(wildcard tests/fuzz/fuzz_*.c))
fuzz_targets := $(fuzz_sources:%.c=out/fuzz/%)
fuzz_objs := $(fuzz_sources:%.c=$(out)/%.o)
bench_sources := $(sort $(wildcard tests/bench/*.c))
bench_programs := $(bench_sources:%.c=$(out)/%)
judge_sources := $(sort $(wildcard tests/judges/*.c))
judge_programs := $(judge_sources:%.c=$(out)/%)
all_objs := $(objs) $(support_objs) $(out)/tests/fault/faults.o $(unit_tests:=.o) $(fault_tests:=.o) $(bench_programs:=.o) $(judge_programs:=.o) \
	$(fuzz_objs)

all: $(out)/ingot $(out)/libingot.a

# Rewritten only when the compiler or its flags differ; everything depends on it.
$(out)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(all_cflags) $(all_ldflags)' | cmp -s - $@ || echo '$(CC) $(all_cflags) $(all_ldflags)' > $@

.PRECIOUS: $(out)/%.o
$(out)/%.o: %.c $(out)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC    $<')
	$(Q)$(CC) $(all_cflags) -MMD -MP -c -o $@ $<

$(out)/libingot.a: $(lib_objs)
	@rm -f $@
	$(if $(V),,@echo '  AR    $@')
	$(Q)$(AR) rcsD $@ $^

$(out)/ingot: $(out)/builder/commands/main.o $(out)/libingot.a
	$(if $(V),,@echo '  LD    $@')
	$(Q)$(CC) $(all_ldflags) -o $@ $^ $(package_libs)

$(out)/tests/unit/%: $(out)/tests/unit/%.o $(support_objs) $(out)/libingot.a
	$(Q)$(CC) $(all_ldflags) -o $@ $^ $(package_libs) $(shell $(PKG_CONFIG) --libs cmocka)

# glibc renames pwrite to pwrite64 under _FILE_OFFSET_BITS=64: wrap what is really called.
wrapped := pwrite64 pread64 write ftruncate64 fsync close renameat linkat open64 openat64 malloc calloc realloc
$(out)/tests/fault/%: $(out)/tests/fault/%.o $(out)/tests/fault/faults.o $(support_objs) $(out)/libingot.a
	$(Q)$(CC) $(all_ldflags) $(wrapped:%=-Wl,--wrap=%) -o $@ $^ $(package_libs) $(shell $(PKG_CONFIG) --libs cmocka)

$(out)/tests/judges/%: $(out)/tests/judges/%.o $(out)/libingot.a
	$(Q)$(CC) $(all_ldflags) -o $@ $^ $(package_libs)

$(out)/tests/bench/%: $(out)/tests/bench/%.o $(out)/libingot.a
	$(Q)$(CC) $(all_ldflags) -o $@ $^ $(package_libs)

# Every test program there is, without running any; a fuzz target only links with clang, but compiles with any.
programs: $(unit_tests) $(fault_tests) $(bench_programs) $(judge_programs) $(fuzz_objs)

check: $(out)/ingot $(unit_tests) $(fault_tests)
	$(Q)INGOT=$(abspath $(out)/ingot) BUILD=$(BUILD) scripts/run-tests $(unit_tests) $(fault_tests) $(sort $(wildcard tests/cli/*.sh tests/golden/*.sh))

unit: $(unit_tests)
	$(Q)scripts/run-tests $(unit_tests)

check-boot check-wire check-swift check-credentials check-same check-resume check-chaos soak bench: $(out)/ingot $(bench_programs) $(judge_programs)
	$(Q)INGOT=$(abspath $(out)/ingot) OUT=$(abspath $(out)) scripts/$@

valgrind: $(unit_tests)
	$(Q)WRAPPER='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' \
		scripts/run-tests $(unit_tests)

# ---- checks of the source itself ----
gate: check-format check-floors check-banned check-headers tidy cppcheck
	$(MAKE) BUILD=asan check
	$(MAKE) BUILD=debug CC=clang all programs
	$(MAKE) BUILD=release all programs check

c_files = $(sort $(wildcard include/ingot/*.h builder/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch]))
check-format:
	$(Q)clang-format-14 --dry-run --Werror $(c_files)
format:
	$(Q)clang-format-14 -i $(c_files)
check-floors:
	$(Q)scripts/check-floors builder include/ingot
check-banned:
	$(Q)scripts/check-banned builder include/ingot
check-headers: $(headers:%=$(out)/self/%.ok)
$(out)/self/%.ok: % $(out)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(all_cflags) -fsyntax-only -x c $< && touch $@
tidy: $(sources:%=$(out)/tidy/%.ok)
$(out)/tidy/%.ok: % .clang-tidy $(headers)
	@mkdir -p $(@D)
	$(Q)clang-tidy-14 --quiet --warnings-as-errors='*' $< -- $(filter-out -Werror,$(all_cflags)) 2>/dev/null && touch $@
cppcheck:
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppressions-list=.cppcheck -D_GNU_SOURCE -DINGOT_VERSION='"x"' \
		-Iinclude -Ibuilder builder

fuzz:
	$(Q)$(MAKE) BUILD=fuzz $(fuzz_targets)
out/fuzz/tests/fuzz/%: out/fuzz/tests/fuzz/%.o out/fuzz/libingot.a
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined -pthread $(LDFLAGS) -o $@ $^ $(package_libs)
fuzz-run: fuzz
	$(Q)SECONDS_EACH=$(or $(SECONDS),60) scripts/fuzz-run $(fuzz_targets)

coverage:
	$(Q)$(MAKE) BUILD=coverage check
	$(Q)cd out/coverage && find . -name '*.gcda' -path './builder/*' | xargs gcov -n 2>/dev/null | \
		awk '/^File .builder/ {f=$$2} /^Lines executed/ && f {print $$0, f; f=""}' | sort -t: -k2 -n

# ---- install ----
# libingot is an archive: who links it links what it uses, always, and of that only what it calls itself (Requires
# with --static would also ask for the libraries of libcurl's and libarchive's archives, which nobody needs here).
install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/ingot $(DESTDIR)$(MANDIR)/man1
	install -m 755 $(out)/ingot $(DESTDIR)$(BINDIR)/ingot
	install -m 644 $(out)/libingot.a $(DESTDIR)$(LIBDIR)/libingot.a
	install -m 644 include/ingot/*.h $(DESTDIR)$(INCLUDEDIR)/ingot/
	install -m 644 docs/ingot.1 $(DESTDIR)$(MANDIR)/man1/ingot.1
	printf '%s\n' 'Name: ingot' 'Description: casts golden AMIs from a template and a block device mapping' \
		'Version: $(VERSION)' 'Cflags: -I$(INCLUDEDIR)' \
		'Libs: -L$(LIBDIR) -lingot $(strip $(package_libs)) -pthread' > $(DESTDIR)$(LIBDIR)/pkgconfig/ingot.pc
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/ingot $(DESTDIR)$(LIBDIR)/libingot.a $(DESTDIR)$(LIBDIR)/pkgconfig/ingot.pc \
		$(DESTDIR)$(MANDIR)/man1/ingot.1
	rm -rf $(DESTDIR)$(INCLUDEDIR)/ingot

clean:
	rm -rf out

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

force:
.PHONY: all programs check unit check-boot check-wire check-swift check-credentials check-same check-resume check-chaos soak bench valgrind gate check-format format check-floors \
	check-banned check-headers tidy cppcheck fuzz fuzz-run coverage install uninstall clean help force
-include $(all_objs:.o=.d)
