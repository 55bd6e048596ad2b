# Benchmarks that boot guests. Tables on stdout, progress on stderr, figures in build/bench-NAME.json.
# `make bench` runs them all (or those in ONLY) and puts them together in build/bench.json and the report.
export QUICK JOBS ONLY

.PHONY: bench bench-xpfo bench-cost bench-kaiser bench-pmalloc

bench: $(ISO) | $(call deps,run bochs plots)
	@$(boot_names) tools/bench-all

bench-xpfo bench-cost bench-kaiser bench-pmalloc: bench-%: $(ISO) | $(call deps,run bochs)
	@$(boot_names) tools/bench-$*
