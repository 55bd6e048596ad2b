# The kernel: every source of its folders, linked twice so that it carries its own symbol table.
# X.debug.c exists in debug builds only, and so for the other builds; X.assert.c where there are assertions.
CC := gcc
NASM := nasm
LD := ld

# $(call must_be,VARIABLE,ARGUMENT,TEXT,NAME): refuses what the command line asks for unless it says TEXT of itself.
must_be = $(if $(filter command,$(origin $(1))),$(if $(findstring $(3),$(shell $($(1)) $(2) 2>&1)),,\
	$(error $(1)=$($(1)): this is not $(4), and nothing else is supported)))
$(call must_be,CC,-v,gcc version,GCC)
$(call must_be,LD,--version,GNU ld,GNU ld)
$(call must_be,NASM,-v,NASM version,NASM)

KERNEL := $(OUT)/bulwark.elf
KERNEL_CFLAGS := -std=gnu11 -ffreestanding -O2 -g -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes \
	-mno-red-zone -mgeneral-regs-only -fpie -fvisibility=hidden -mcmodel=small -fno-omit-frame-pointer \
	-fno-stack-protector -fcf-protection=none -fno-strict-aliasing -fno-asynchronous-unwind-tables \
	-Ikernel -I$(GEN)
KERNEL_LDFLAGS := -pie --no-dynamic-linker -z text -z noexecstack -z max-page-size=4096 --build-id=none -T linker.ld
NASM_FLAGS := -f elf64 -g -F dwarf -Iboot/ -Ikernel/

# Where a variable is at each instruction is a tenth of what a compilation takes: of the builds that people debug alone.
ifeq ($(filter debug release,$(BUILD)),)
KERNEL_CFLAGS += -fno-var-tracking
endif

# Release and pcid have no assertions; the debug build and those that look (docs/builds.md) differ in what the compiler puts
# in front of accesses.
with_assertions := $(filter-out release pcid,$(BUILD))
ifneq ($(with_assertions),)
KERNEL_CFLAGS += -DBULWARK_DEBUG
NASM_FLAGS += -DBULWARK_DEBUG
endif
checks_debug := -fsanitize=undefined
checks_kasan := -fsanitize=kernel-address -fasan-shadow-offset=0xdffffc0000000000 \
	--param asan-instrumentation-with-call-threshold=0 --param asan-stack=1 --param asan-globals=1 \
	--param asan-use-after-return=1 -fsanitize-address-use-after-scope
checks_race := -fsanitize=thread --param tsan-distinguish-volatile=1 --param tsan-instrument-func-entry-exit=0 \
	-Wno-tsan
looks_kasan := -DBULWARK_KASAN
looks_race := -DBULWARK_RACE
# BUILD=fuzz has what kasan and debug have.
checks_fuzz := $(checks_kasan) --param asan-use-after-return=0 $(checks_debug)
looks_fuzz := $(looks_kasan)
parts := $(BUILD) $(if $(filter fuzz,$(BUILD)),kasan debug)
KERNEL_CFLAGS += $(looks_$(BUILD))
# Not looked at: what runs before there is anything to look with, what commits faults on purpose (but tests/kernel/plants.*), and who looks.
ifneq ($(looks_$(BUILD)),)
unchecked := boot/% kernel/vuln/% tests/kernel/% tests/fuzz/kernel/% $(foreach part,$(parts),%.$(part).c) kernel/arch/x86_64/cpu/features.c \
	kernel/arch/x86_64/cpu/random.c kernel/core/options.c kernel/core/cmdline_token.c kernel/mm/gate/%
unchecked_kasan := kernel/mm/pool/pool_chunk.c kernel/mm/watch/scan.c
unchecked_fuzz := $(unchecked_kasan)
unchecked += $(unchecked_$(BUILD))
KERNEL_LDFLAGS += --wrap=memcpy --wrap=memmove --wrap=memset
endif
# $(call checks_of,SOURCE)
checks_of = $(if $(filter-out tests/kernel/plants.%,$(filter $(unchecked),$(1))),,$(checks_$(BUILD)))
other_builds := $(filter-out $(parts),$(builds)) $(if $(with_assertions),,assert)

# A release build whose PCIDs a program outside keeps: docs/pcid.md.
ifeq ($(BUILD),pcid)
KERNEL_CFLAGS += -DBULWARK_PCID
NASM_FLAGS += -DBULWARK_PCID
endif

# A rule that the gate lacks: GATE_WITHOUT. All else is the same, and its objects with it.
gate_flags := $(GATE_WITHOUT:%=-DGATE_WITHOUT_%=1)
gate_flags_of = $(if $(filter kernel/mm/gate/% kernel/vuln/vuln.c,$(1)),$(gate_flags))

kernel_folders := boot $(sort $(shell find kernel -type d)) tests/kernel
include tools/make/fuzz.mk
kernel_sources := $(filter-out $(if $(GATE_WITHOUT),,kernel/mm/gate/held.c), \
	$(foreach folder,$(kernel_folders),$(wildcard $(folder)/*.c $(folder)/*.asm)))
kernel_sources := $(filter-out $(foreach build,$(other_builds),%.$(build).c %.$(build).asm) $(OFFSETS),$(kernel_sources))
kernel_objects := $(kernel_sources:%=$(OUT)/obj/%.o) $(GEN)/font.o

# $(call remember,FILE,TEXT): rewrites FILE only when TEXT changed, so that what depends on it is rebuilt then.
remember = @mkdir -p $(dir $(1)); printf '%s\n' '$(2)' | cmp -s - $(1) || printf '%s\n' '$(2)' > $(1)

$(OUT)/kernel.flags: FORCE | $(call deps)
	$(call remember,$@,$(shell $(CC) -dumpfullversion) $(KERNEL_CFLAGS) $(checks_$(BUILD)) $(unchecked) $(KERNEL_LDFLAGS) $(NASM_FLAGS))

$(OUT)/gate.flags: FORCE
	$(call remember,$@,$(gate_flags))

# Of what was built before, this changes what saw without.h, and assembly.
$(patsubst %.d,%.o,$(shell grep -lsF mm/gate/without.h $(OUT)/obj/kernel/mm/gate/*.c.d $(OUT)/obj/kernel/mm/gate/*/*.c.d $(OUT)/obj/kernel/vuln/vuln.c.d)) \
	$(filter $(OUT)/obj/kernel/mm/gate/%.asm.o,$(kernel_objects)): $(OUT)/gate.flags

$(OUT)/kernel.list: FORCE
	$(call remember,$@,$(kernel_objects))

$(OUT)/obj/%.c.o: %.c $(OUT)/kernel.flags | $(GENERATED)
	$(call compile,CC,$<,$(CC) $(KERNEL_CFLAGS) $(call gate_flags_of,$<) $(call checks_of,$<) $(call trace_flags,$<) -MMD -MP -c -o $@ $<)

# All included files, as NASM 2.16.01 leaves them out of what -MD writes.
$(OUT)/obj/%.asm.o: %.asm $(OUT)/kernel.flags $(KERNEL_GEN)/offsets.inc $(wildcard boot/*.inc kernel/arch/x86_64/*/*.inc kernel/mm/gate/*.inc)
	$(call compile,NASM,$<,$(NASM) $(NASM_FLAGS) -I$(KERNEL_GEN)/ $(call gate_flags_of,$<) -MD $(@:.o=.d) -MP -o $@ $<)

# Pass 1 has an empty symbol table; pass 2 has that of pass 1. Text must lie at the same place in both.
$(OUT)/obj/symbols.pass1.S: tools/gen-symbols.pl
	@mkdir -p $(@D)
	@perl tools/gen-symbols.pl < /dev/null > $@

$(OUT)/obj/symbols.S: $(OUT)/bulwark.pass1.elf tools/gen-symbols.pl
	@nm -n $< | perl tools/gen-symbols.pl > $@

$(OUT)/obj/symbols%o: $(OUT)/obj/symbols%S
	$(call keep_warnings,$(CC) -c -o $@ $<)

$(OUT)/bulwark.pass1.elf: $(kernel_objects) $(OUT)/obj/symbols.pass1.o linker.ld $(OUT)/kernel.list $(OUT)/kernel.flags
	$(call say,LD,$@)
	$(call keep_warnings,$(LD) $(KERNEL_LDFLAGS) -o $@ $(kernel_objects) $(OUT)/obj/symbols.pass1.o)

$(KERNEL): $(OUT)/bulwark.pass1.elf $(OUT)/obj/symbols.o
	$(call say,LD,$@)
	$(call keep_warnings,$(LD) $(KERNEL_LDFLAGS) -o $@ $(kernel_objects) $(OUT)/obj/symbols.o)
	@cmp -s <(nm -n $< | grep ' [tT] ') <(nm -n $@ | grep ' [tT] ') \
		|| { echo 'link: text moved between the two passes, the symbol table would be wrong' >&2; exit 1; }

-include $(patsubst %.o,%.d,$(kernel_objects))
