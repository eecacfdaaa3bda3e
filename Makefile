# Makefile: builds myrecon out of tree, in build/.  "make help" lists the targets.
#
# Every folder's module.mk adds its sources to the lists below; nothing recurses into a
# folder.  Where this file calls itself, it is to read its own variables again: after
# tests/deps.sh has installed what pkg-config is to find, or for a sanitizer's build.
#
# Variables for packagers: CC, CFLAGS, LDFLAGS, PREFIX, DESTDIR, MYSQL=mariadb or oracle
# (whose client library), SOURCE_DATE_EPOCH (the time that is written into what is made).  For
# developers: DEV=1 (warnings are errors; a build that was begun so stays so until DEV=0), SEEDS=N
# (length of the randomised tests), IT=PATTERN (only those server tests), LONG=1 (all of them),
# PART=I/N (every Nth), JOBS=N, V=1.

.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

# ---- where things go
SAN    ?=
BUILD  := build$(if $(SAN),/$(SAN))
# Always as seen from here, or the .d files of one call would name what the next one does not know.
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
SEEDS  ?= 20
export SEEDS LONG

# ---- the same source makes the same files, wherever and whenever that is
# The time that they bear is that of the version's entry in the package's changelog: a tarball has no git.
ifeq ($(SOURCE_DATE_EPOCH),)
SOURCE_DATE_EPOCH := $(shell date -u -d "$$(sed -n 's/^ -- .*>  //p' .packaging/debian/changelog | head -n 1)" +%s)
endif
export SOURCE_DATE_EPOCH
# Not in ALL_CFLAGS: a tree that was moved need not be built again.
HERE_IS := '-ffile-prefix-map=$(CURDIR)=.'

# ---- the compiler
ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wformat=2 \
           -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith \
           -Wnull-dereference -Wimplicit-fallthrough -Wswitch-enum
HARDEN  := -D_FORTIFY_SOURCE=3 -fstack-protector-strong
RELRO   := -Wl,-z,relro -Wl,-z,now

# SAN=asan, ubsan, asan-ubsan, tsan, fuzz, afl or coverage is that instrumented build, in a folder of its own.
SAN_asan  := -fsanitize=address
SAN_ubsan := -fsanitize=undefined -fno-sanitize-recover=all
# Linked in, or asan's report path hides that of ubsan.
SAN_asan-ubsan := $(SAN_asan) $(SAN_ubsan) $(if $(findstring gcc,$(CC)),-static-libubsan)
SAN_tsan  := -fsanitize=thread
SAN_fuzz  := -fsanitize=fuzzer-no-link,address,undefined
SAN_afl   := -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_coverage := --coverage -fprofile-update=prefer-atomic
# Server tests in which threads meet servers that stop, lag and lock, and interruptions.
SAN_IT_tsan := @(affected|check_@(lag|same)|fault_stopped|gate_quiet|repair_waits|snapshot_create)
# A build that warnings may break stays one: what is made of it later compiles nothing again, and no file
# slips through a call without DEV=1.
DEV    ?= $(if $(shell grep -s -e ' -Werror ' $(BUILD)/flags),1)
ifneq ($(SAN),)
CFLAGS := -O1 -g -fno-omit-frame-pointer $(SAN_$(SAN))
HARDEN :=
else ifeq ($(DEV),1)
WARN   += -Werror
endif

# ---- the libraries: the client that MYSQL chooses, else MariaDB's, else Oracle's
MYSQL ?=
MYSQL_PKG_mariadb := libmariadb
MYSQL_PKG_oracle  := mysqlclient
ifeq ($(MYSQL),)
MYSQL_PKG := $(shell for p in libmariadb mysqlclient; do \
               if pkg-config --exists $$p; then echo $$p; break; fi; done 2>/dev/null)
else ifeq ($(filter mariadb oracle,$(MYSQL)),)
$(error MYSQL is "$(MYSQL)": it chooses the client library, "mariadb" or "oracle")
else
MYSQL_PKG := $(MYSQL_PKG_$(MYSQL))
MYSQL_DEF := -DMR_CLIENT_IS_$(MYSQL)
endif
export MYSQL
PKGS      := $(MYSQL_PKG) openssl libzstd zlib libxxhash sqlite3 jansson
PKG_FLAGS := $(subst -I,-isystem ,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
PKG_LIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -I. -include core/base/banned.h $(PKG_FLAGS) $(MYSQL_DEF) \
             $(WARN) $(HARDEN) -fPIE -pthread $(CPPFLAGS) $(CFLAGS)
# What plugins of the client library look for in the program.
EXPORTS := -Wl,--export-dynamic-symbol=mysql_authentication_dialog_ask

ALL_LDFLAGS = -pie -pthread $(RELRO) $(EXPORTS) $(CFLAGS) $(LDFLAGS)
ALL_LIBS    = -Wl,--as-needed $(PKG_LIBS) -lm

# ---- what there is to build: filled by the folders
LIB      := $(BUILD)/libmyrecon.a
BIN      := $(BUILD)/myrecon
LIB_SRC  :=
MAIN_SRC := main.c commands.c
TEST_BIN :=
include $(sort $(wildcard */module.mk */*/module.mk))
LIB_SRC  := $(sort $(LIB_SRC))

LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
MAIN_OBJ := $(MAIN_SRC:%.c=$(BUILD)/obj/%.o)
SUITE    := MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) tests/suites.sh

# ---- targets for people
.PHONY: all demo demo-fleet test test-long test-bare test-image test-mysql56 test-oracle torture soak check-unit check-cli check-docs check-it asan ubsan asan-ubsan tsan coverage \
        fuzz fuzz-afl lint format docs site pictures install uninstall deb check-deb release release-files bench bench-before clean help deps tests outer-tests FORCE

all: $(BIN)

help:
	@echo 'make                build build/myrecon (DEV=1: warnings are errors)'
	@echo 'make demo           the incident in miniature, on two private servers (KEEP=1)'
	@echo 'make demo-fleet     four pairs on a private Slurm of two nodes, one of which dies'
	@echo 'make test           unit, command line, docs and server tests (IT=PATTERN, LONG=1, SEEDS=N)'
	@echo 'make test-long      the same with LONG=1 and SEEDS=1000 (some hours; PART=2/4: every fourth'
	@echo '                    program of the server tests, from the second on)'
	@echo 'make test-bare      the commands of the README in a Debian 12 with nothing else (as root)'
	@echo 'make test-image     what the Dockerfile builds, run in a chroot (as root)'
	@echo 'make check-unit     only the unit tests; check-cli, check-docs, check-it: only those'
	@echo 'make test-mysql56   repair between two servers of MySQL 5.6, which npm brings'
	@echo "make test-oracle     unit and command line tests, and an incident, with Oracle's client"
	@echo 'make torture        calls of the C library fail, one by one, in each command (an hour)'
	@echo 'make soak           check in a loop on busy replicated pairs: no finding (MINUTES=10 each)'
	@echo 'make asan, ubsan    unit and command line tests under that sanitizer, and server'
	@echo '                    tests where IT=PATTERN names them'
	@echo 'make asan-ubsan     the same under both at once'
	@echo 'make tsan           the same; without IT=, the server tests in which threads meet'
	@echo 'make coverage       what of each room unit, command line and server tests run (IT=PATTERN,'
	@echo '                    SUITES="unit cli": only those; ROOM=repair/merge: each file of it)'
	@echo 'make fuzz           fuzz every parser (FUZZ_SECONDS=60 each; needs clang)'
	@echo 'make fuzz-afl       the same with AFL++ (AFL_SECONDS=60 each); FUZZ=NAME: only that one'
	@echo 'make lint           layers, banned calls, sizes, contracts, comments, format, headers, scripts'
	@echo 'make format         run clang-format over the tree'
	@echo 'make bench          speed and memory: check and snapshot against their peers, writers, a merge,'
	@echo '                    what logs say, thousands of tables, a fleet, tables of unusual shapes, slow lines'
	@echo 'make bench-before   this build beside an earlier one (BEFORE=PROGRAM)'
	@echo 'make docs           manual pages, into build/man'
	@echo 'make site           all documentation as pages with a search, into build/site: a folder, no server'
	@echo 'make pictures       the pictures of the README, from a run of the demo'
	@echo 'make install        DESTDIR=, PREFIX=/usr/local; make uninstall removes it again'
	@echo 'make deb            a Debian package, into build/deb (check-deb: in a clean root, and'
	@echo '                    whether another place and day give the same bytes)'
	@echo 'make release        tarball, package, SPDX, SHA256SUMS of this commit, into build/release, and the'
	@echo '                    README in a bare Debian from that tarball (as root; release-files: without)'
	@echo 'make deps           install the Debian packages that building needs (as root)'
	@echo 'make clean          remove build/'

deps:
	@tests/deps.sh build docs

demo:
	@tests/deps.sh build demo
	@test -x $(BIN) || echo 'Building $(BIN), which takes some minutes ...'
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@MYRECON=$(abspath $(BIN)) KEEP=$(KEEP) tests/demo/demo.sh

demo-fleet:
	@tests/deps.sh build demo
	@test -x $(BIN) || echo 'Building $(BIN), which takes some minutes ...'
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@MYRECON=$(abspath $(BIN)) tests/demo/fleet.sh

test:
	@tests/deps.sh build test docs
	@tests/deps.sh browser || echo 'Without a browser the test of the page is skipped.'
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@$(SUITE) unit cli docs it

# The ones on servers go through planning and proof, as few unit tests do.
COVERED := @(repair_plan|repair_verify|merge_three|merge_erased|rewind|rejoin_mariadb|rejoin_merged|plan_again|decide_page|decide_terminal)
COVERAGE_FLOOR := repair/decide=100,100 repair=95

test-long: # one test may take as long as all of them usually do
	@MR_TEST_TIMEOUT=7200 MR_LONG_S=$(or $(MR_LONG_S),600) $(MAKE) --no-print-directory test SEEDS=1000
	@$(MAKE) --no-print-directory coverage SUITES='unit it' IT='$(COVERED)' ROOM='$(COVERAGE_FLOOR)'

test-bare:
	@tests/bare.sh

test-image:
	@tests/deps.sh test
	@tests/run.sh -n image tests/image.sh

test-mysql56:
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@SEEDS=21 MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) tests/run.sh -n it tests/it/repair_mysql56.sh

test-oracle:
	@MYSQL= tests/deps.sh build test
	@tests/oracle.sh

torture:
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@SEEDS=1000 MR_TEST_TIMEOUT=$(or $(MR_TEST_TIMEOUT),3600) IT='torture_*' $(SUITE) it

soak:
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@MYRECON=$(abspath $(BIN)) MINUTES=$(MINUTES) tests/soak/soak.sh

check-unit check-cli check-docs check-it:
	@tests/deps.sh build test docs
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@$(SUITE) $(@:check-%=%)

asan ubsan asan-ubsan tsan:
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory -j$(JOBS) SAN=$@ IT='$(or $(IT),$(SAN_IT_$@))' sanitized

.PHONY: sanitized
sanitized: tests
	@IT='$(IT)' $(SUITE:%suites.sh=%sanitized.sh) unit cli $(if $(IT),it)

# What programs cannot write, running as other users or on full disks, is not counted.
# ROOM=repair/decide=100,100 is an error below so many per cent of lines and of branches.
coverage:
	@tests/deps.sh build test
	@rm -rf build/coverage
	@$(MAKE) --no-print-directory -j$(JOBS) SAN=coverage tests
	-@GCOV_ERROR_FILE=/dev/null $(MAKE) --no-print-directory SAN=coverage IT='$(IT)' \
	    SUITES='$(SUITES)' coverage-run
	@python3 -B tests/coverage.py build/coverage/obj $(ROOM)

.PHONY: coverage-run
coverage-run:
	@$(SUITE) $(or $(SUITES),unit cli it)

fuzz:
	@tests/deps.sh build fuzz
	@$(MAKE) --no-print-directory -j$(JOBS) SAN=fuzz CC=clang fuzz-run

fuzz-afl:
	@tests/deps.sh build fuzz afl
	@AFL_QUIET=1 $(MAKE) --no-print-directory -j$(JOBS) SAN=afl CC=afl-clang-fast fuzz-afl-run

lint:
	@tests/deps.sh build lint docs
	@CC='$(CC)' LINT_CFLAGS='$(filter-out -Werror,$(ALL_CFLAGS))' tests/lint/run.sh

format:
	@tests/deps.sh lint
	clang-format -i $(shell find . -path ./build -prune -o -name '*.[ch]' -print)

bench:
	@tests/deps.sh build bench
	@$(MAKE) --no-print-directory -s -j$(JOBS) all bench-programs
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) ROWS=$(ROWS) RUNS=$(RUNS) tests/bench/bench.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) ROWS=$(ROWS) tests/bench/snapshot.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) ROWS=$(ROWS) RUNS=$(RUNS) tests/bench/chain.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) ROWS=$(ROWS) tests/bench/rejoin.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) ROWS=$(ROWS) RUNS=$(RUNS) tests/bench/writers.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) PEOPLE=$(PEOPLE) tests/bench/merge.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) TABLES=$(TABLES) tests/bench/tables.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) RUNS=$(RUNS) tests/bench/collect.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) tests/bench/changed.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) RUNS=$(RUNS) tests/bench/rewind.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) tests/bench/fleet.sh
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) tests/bench/shapes.sh
	@$(MAKE) --no-print-directory -s -j$(JOBS) $(BUILD)/tests/fault/proxy
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) ROWS=$(ROWS) RUNS=$(RUNS) tests/bench/lines.sh

# This build beside an earlier one: make bench-before BEFORE=PROGRAM
bench-before:
	@tests/deps.sh build bench
	@$(MAKE) --no-print-directory -s -j$(JOBS) all bench-programs
	@MYRECON=$(abspath $(BIN)) BUILD=$(BUILD) BEFORE=$(BEFORE) tests/bench/before.sh

docs: $(MAN_PAGES)

site: $(MAN_PAGES)
	@tests/deps.sh build docs site
	@docs/site/site.py $(BUILD)/site $(BUILD)/man

pictures: all
	@tests/deps.sh demo browser
	@MYRECON=$(abspath $(BIN)) docs/pictures/make.sh

install: all docs $(COMPLETIONS)
	install -d '$(DESTDIR)$(BINDIR)'
	install -m 0755 $(BIN) '$(DESTDIR)$(BINDIR)/myrecon'
	@for page in $(MAN_PAGES); do \
	    section=$${page##*.}; \
	    install -d '$(DESTDIR)$(MANDIR)'/man$$section; \
	    install -m 0644 $$page '$(DESTDIR)$(MANDIR)'/man$$section/; \
	done
	install -d '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	install -m 0644 $(BUILD)/completions/myrecon.bash '$(DESTDIR)$(BASHDIR)/myrecon'
	install -m 0644 $(BUILD)/completions/_myrecon '$(DESTDIR)$(ZSHDIR)/_myrecon'
	install -m 0644 $(BUILD)/completions/myrecon.fish '$(DESTDIR)$(FISHDIR)/myrecon.fish'

# What install has put there; folders stay, since others may use them.
uninstall:
	rm -f '$(DESTDIR)$(BINDIR)/myrecon' '$(DESTDIR)$(BASHDIR)/myrecon' '$(DESTDIR)$(ZSHDIR)/_myrecon' \
	    '$(DESTDIR)$(FISHDIR)/myrecon.fish'
	@for page in $(notdir $(MAN_PAGES)); do \
	    rm -f '$(DESTDIR)$(MANDIR)'/man$${page##*.}/$$page; \
	done

deb:
	@tests/deps.sh build docs deb
	@.packaging/deb.sh $(BUILD)/deb

check-deb: deb
	@tests/deps.sh test
	@PACKAGE="$$(ls $(BUILD)/deb/myrecon_*.deb)" tests/run.sh -n deb tests/deb/install.sh tests/deb/twice.sh

release-files:
	@tests/deps.sh build docs deb
	@.packaging/release.sh $(BUILD)/release

# A tarball that somebody else can build is what is published, and nothing less.
release: release-files
	@MYRECON_BARE_TARBALL="$$(ls $(BUILD)/release/myrecon-*.tar.gz)" tests/bare.sh

clean:
	rm -rf build

tests: $(BIN) $(TEST_BIN)

# What the command line and server tests run.
outer-tests: $(BIN) $(filter-out $(UNIT_BIN),$(TEST_BIN))

# ---- how things are built: V=1 shows the commands, -s nothing
ifeq ($(V),)
is_silent = $(findstring s,$(firstword -$(MAKEFLAGS)))
say_cc = @$(if $(is_silent),,echo '  CC   $@';)
say_ld = @$(if $(is_silent),,echo '  LINK $@';)
say_ar = @$(if $(is_silent),,echo '  AR   $@';)
endif

$(BIN): $(MAIN_OBJ) $(LIB)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $(MAIN_OBJ) $(LIB) $(ALL_LIBS)

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(say_ar) $(AR) rcsD $@ $(LIB_OBJ)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say_cc) $(CC) $(ALL_CFLAGS) $(HERE_IS) $(CFLAGS_$(basename $(notdir $@))) -MMD -MP -c -o $@ $<

# Changed flags build everything again; unchanged ones touch nothing.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@pkg-config --exists '$(or $(MYSQL_PKG),libmariadb)' || { \
	    echo 'error: no client library $(or $(MYSQL_PKG),libmariadb, mysqlclient)' \
	         'found: run "make deps$(MYSQL:%= MYSQL=%)" first' >&2; exit 3; }
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(ALL_LIBS)' | cmp -s - $@ || \
	 echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(ALL_LIBS)' > $@

-include $(shell test -d $(BUILD)/obj && find $(BUILD)/obj -name '*.d')
