# Programs of "make bench": stream.c (the plain reading that check is measured against),
# probe.c (a writer's latency), rss.c (peak memory of a command), binlog_speed.c (rows of logs; it is
# linked with ours).
BENCH_SRC := $(wildcard tests/bench/*.c)
BENCH_BIN := $(BENCH_SRC:%.c=$(BUILD)/%)

.PHONY: bench-programs
bench-programs: $(BENCH_BIN)

$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $< $(ALL_LIBS)

$(BUILD)/tests/bench/binlog_speed: $(BUILD)/obj/tests/bench/binlog_speed.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(ALL_LIBS)
