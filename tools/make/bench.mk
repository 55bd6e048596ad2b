# Benchmarks that boot guests. Tables on stdout, progress on stderr, figures in build/bench-NAME.json.
# `make bench` runs them all (or those in ONLY) and puts them together in build/bench.json and the report.
export QUICK JOBS ONLY

.PHONY: bench bench-xpfo bench-cost bench-kaiser bench-pmalloc

# A plugin of QEMU's, and what replays its traces.
build/bench/tlb_trace.so: tools/bench/tlb_trace.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -fPIC -shared -o $@ $<

build/bench/tlb_model: tools/bench/tlb_model.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -o $@ $<

bench bench-xpfo: build/bench/tlb_trace.so build/bench/tlb_model

bench: $(ISO) | $(call deps,run bochs plots)
	@$(boot_names) tools/bench-all

bench-xpfo bench-cost bench-kaiser bench-pmalloc: bench-%: $(ISO) | $(call deps,run bochs)
	@$(boot_names) tools/bench-$*
