# Mutation testing: small faults in the kernel, each of which a test must notice (tools/mutate).
export N SEED FILES MUTANTS BATTERY EVERYTHING MUTATE_OUT

.PHONY: mutate print-kernel
mutate: need-headers need-kernels need-test-archive $(host_tests) | $(call deps,run)
	@$(MAKE) -s BUILD=release EXTRA= iso
	@ARCHIVE=$(ARCHIVE) tools/mutate

# What tools/mutate compiles and links with.
print-kernel:
	@printf '%s\n' 'CC=$(CC)' 'NASM=$(NASM)' 'LD=$(LD)' 'KERNEL_CFLAGS=$(KERNEL_CFLAGS)' 'KERNEL_LDFLAGS=$(KERNEL_LDFLAGS)' \
		'NASM_FLAGS=$(NASM_FLAGS)' 'HOST_CFLAGS=$(HOST_CFLAGS)' 'OBJECTS=$(kernel_objects)'
