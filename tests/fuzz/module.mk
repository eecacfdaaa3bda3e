# Fuzz targets: with driver.c, under any compiler, for the stored corpus of the unit suite;
# with clang's libFuzzer by "make fuzz", which is the build SAN=fuzz; with AFL++, which lends
# itself as that, by "make fuzz-afl", SAN=afl.  FUZZ=NAME fuzzes that target alone.
FUZZ_SRC     := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REGRESS := $(FUZZ_SRC:%.c=$(BUILD)/%)
FUZZ         ?= *
FUZZ_BIN     := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/libfuzzer/%,$(wildcard tests/fuzz/fuzz_$(FUZZ).c))
FUZZ_SECONDS ?= 60
AFL_SECONDS  ?= 60
TEST_BIN     += $(FUZZ_REGRESS)

$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o \
                            $(BUILD)/obj/tests/fuzz/driver.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(ALL_LIBS)

$(BUILD)/libfuzzer/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< $(LIB) $(ALL_LIBS)

# New inputs go to build/, findings too; the stored corpus only grows by hand.
.PHONY: fuzz-run
fuzz-run: $(FUZZ_BIN)
	@for target in $(FUZZ_BIN); do \
	    name=$${target##*/}; \
	    mkdir -p $(BUILD)/corpus/$$name; \
	    echo "== fuzz $$name, $(FUZZ_SECONDS) s"; \
	    $$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -verbosity=0 \
	        -print_final_stats=1 -artifact_prefix=$(BUILD)/$$name- \
	        $(BUILD)/corpus/$$name tests/fuzz/corpus/$$name || exit 1; \
	done

# A crash, an input of more than a second, and one that asks for more than 256 MiB at once are
# findings: build/afl/found/NAME/default/crashes and hangs.
.PHONY: fuzz-afl-run
fuzz-afl-run: export AFL_SKIP_CPUFREQ := 1
fuzz-afl-run: export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES := 1
fuzz-afl-run: export AFL_NO_AFFINITY := 1
fuzz-afl-run: export AFL_NO_UI := 1
fuzz-afl-run: export AFL_AUTORESUME := 1
fuzz-afl-run: export ASAN_OPTIONS := abort_on_error=1:symbolize=0:detect_leaks=0:max_allocation_size_mb=256
fuzz-afl-run: export UBSAN_OPTIONS := abort_on_error=1
fuzz-afl-run: $(FUZZ_BIN)
	@for target in $(FUZZ_BIN); do \
	    name=$${target##*/} found=$(BUILD)/found/$${target##*/}; \
	    echo "== afl $$name, $(AFL_SECONDS) s"; \
	    mkdir -p $$found; \
	    afl-fuzz -t 1000+ -m none -V $(AFL_SECONDS) -i tests/fuzz/corpus/$$name -o $$found \
	        -- $$target >$$found.log 2>&1 || { tail -n 20 $$found.log; exit 1; }; \
	    grep -E '^(execs_done|corpus_found|saved_)' $$found/default/fuzzer_stats; \
	    ! find $$found/default/crashes $$found/default/hangs -name 'id*' | grep . || exit 1; \
	done
