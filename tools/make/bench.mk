# Benchmarks that boot guests. Tables on stdout, progress on stderr, figures in build/bench-NAME.json.
# `make bench` runs them all (or those in ONLY) and puts them together in build/bench.json and the report.
export QUICK JOBS ONLY OP

.PHONY: bench bench-xpfo bench-cost bench-kaiser bench-pmalloc bench-linux bench-profile bench-path

# Plugins of QEMU's, and what replays the traces of one.
build/bench/%.so: tools/bench/%.c tools/bench/qemu_plugin.h
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -fPIC -shared -o $@ $<

build/bench/tlb_model: tools/bench/tlb_model.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -o $@ $<

bench bench-xpfo: build/bench/tlb_trace.so build/bench/tlb_model

# Programs of Linux alone, and those of the ISO that run on both.
LINUX_OUT := build/linux
linux_programs := $(patsubst user/linux/%.c,$(LINUX_OUT)/%,$(wildcard user/linux/*.c))
bench_programs := $(patsubst user/bench/%.c,$(USER_OUT)/%,$(wildcard user/bench/*.c))

$(linux_programs): $(LINUX_OUT)/%: $(call user_object,user/linux/%.c) $(USER_LIBRARY)
	$(call compile,LINK,$@,$(USER_CC) $(USER_LDFLAGS) -o $@ $^)

bench: $(ISO) $(linux_programs) $(bench_programs) | $(call deps,run bochs plots)
	@$(boot_names) tools/bench-all

bench-xpfo bench-cost bench-kaiser bench-pmalloc: bench-%: $(ISO) | $(call deps,run bochs)
	@$(boot_names) tools/bench-$*

bench-profile: $(ISO) build/bench/profile.so | $(call deps,run plots)
	@$(boot_names) tools/bench-profile

bench-path: $(ISO) build/bench/path.so | $(call deps,run)
	@$(boot_names) tools/bench-path

bench-linux: $(linux_programs) $(bench_programs) | $(call deps,run)
	@tools/bench-linux
