# Benchmarks that boot guests. Tables on stdout, progress on stderr, figures in build/bench-NAME.json.
export QUICK JOBS

.PHONY: bench-xpfo bench-cost

bench-xpfo bench-cost: bench-%: $(ISO) | $(call deps,run)
	@ISO=$(ISO) tools/bench-$*
