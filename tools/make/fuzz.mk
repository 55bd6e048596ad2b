# BUILD=fuzz: kasan and UBSan, a tracer at each basic block of kernel/mm and kernel/task, and one more call (docs/fuzzing.md). Included by kernel.mk, before the sources are gathered.
TRACED := kernel/mm/ kernel/task/

ifeq ($(BUILD),fuzz)
kernel_folders += tests/fuzz/kernel
# DWARF 4: of version 5, addr2line (2.40) takes the first header of a file for the file itself, and Coverage.pm needs to know headers.
KERNEL_CFLAGS := -I$(OUT)/gen $(KERNEL_CFLAGS) -gdwarf-4 -Itests/fuzz/kernel
KERNEL_LDFLAGS += $(foreach f,slab_cache_init serial_try_read uaccess_init power_off timer_start timer_stop timer_sleep_until,--wrap=$(f))
GENERATED += $(OUT)/gen/abi/syscalls.def
# Edges are those of the source: no function is copied into another, no block is doubled. Null pointers the hardware finds.
TRACE_FLAGS := -fsanitize-coverage=trace-pc -O1 -fno-inline -fno-thread-jumps -fno-jump-tables \
	-fno-sanitize=null,alignment,object-size,pointer-overflow
# $(call trace_flags,SOURCE)
trace_flags = $(if $(filter-out %.kasan.c,$(filter $(TRACED:%=%%),$(1))),$(TRACE_FLAGS))

$(OUT)/gen/abi/syscalls.def: kernel/abi/syscalls.def tests/fuzz/kernel/fuzz_abi.h
	@mkdir -p $(@D)
	@{ cat $<; sed -n 's/.*FUZZ_CALL = \(0x[0-9a-f]*\).*/SYSCALL(\1, fuzz, 4)/p' tests/fuzz/kernel/fuzz_abi.h; } > $@
endif

# Asks a make of its own for the kernel and the archive with the fuzzer, since both are variants.
.PHONY: fuzz
export FUZZ_SECONDS SEED
fuzz: need-fuzz-kernel
	@KERNEL=build/fuzz/bulwark.elf ARCHIVE=$$($(MAKE) -s print-archive EXTRA=tests/fuzz/guest) tools/fuzz

.PHONY: need-fuzz-kernel
need-fuzz-kernel: need-kernel-fuzz need-archive | $(call deps,run)
	@$(MAKE) EXTRA=tests/fuzz/guest archive
