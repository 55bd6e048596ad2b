# Stores to words of the kernel's memory (docs/sweep.md). Asks a make of its own for the archive with the sweep's programs, which is a
# variant, and of one build.
.PHONY: sweep
export SEED N MODE WORD VALUE SWEEP_SECONDS JOBS
sweep: need-sweep-$(BUILD) | $(call deps,run)
	@KERNEL=$(KERNEL) ARCHIVE=$$($(MAKE) -s print-archive EXTRA=tests/sweep/guest) tools/sweep

.PHONY: $(builds:%=need-sweep-%)
$(builds:%=need-sweep-%): need-sweep-%: need-kernel-% need-archive | $(call deps,run)
	@$(MAKE) BUILD=$* EXTRA=tests/sweep/guest archive
