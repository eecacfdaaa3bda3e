# Fuzz targets: with driver.c, under any compiler, for the stored corpus of the unit suite;
# with clang's libFuzzer by "make fuzz", which is the build SAN=fuzz.
FUZZ_SRC     := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REGRESS := $(FUZZ_SRC:%.c=$(BUILD)/%)
FUZZ_BIN     := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(BUILD)/libfuzzer/%)
FUZZ_SECONDS ?= 60
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
