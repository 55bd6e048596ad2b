# Stores to words of the kernel's memory (docs/sweep.md). Asks a make of its own for the archive with the sweep's programs, which is a variant.
.PHONY: sweep
export SEED N MODE WORD VALUE SWEEP_SECONDS JOBS
sweep: need-sweep | $(call deps,run)
	@KERNEL=$(KERNEL) ARCHIVE=$$($(MAKE) -s print-archive EXTRA=tests/sweep/guest) tools/sweep

.PHONY: need-sweep
need-sweep: $(KERNEL)
	@$(MAKE) EXTRA=tests/sweep/guest archive
