# What attacks know of a kernel: its symbols and structures, for programs of EXTRA= that include <bulwark_kernel.h>. Made from the
# linked kernel, so the programs of the boot archive itself never use it.
KERNEL_NAMES := $(OUT)/gen/user/bulwark_kernel.h

$(KERNEL_NAMES): $(KERNEL) tools/gen-kernel-names.pl tools/lib/Dwarf.pm
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@perl tools/gen-kernel-names.pl $(KERNEL) > $@
