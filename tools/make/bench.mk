# Benchmarks that boot guests. Tables on stdout, progress on stderr, figures in build/bench-NAME.json.
export QUICK JOBS

.PHONY: bench-xpfo bench-cost bench-kaiser bench-pmalloc

bench-xpfo bench-cost bench-kaiser bench-pmalloc: bench-%: $(ISO) | $(call deps,run bochs)
	@ISO=$(ISO) tools/bench-$*
