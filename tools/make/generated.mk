# What is generated from the tables in kernel/abi, and the console font; and, for each build, the offsets of structures.
# Debian and Ubuntu have the first, Fedora and Arch one of the others. Any PSF font will do.
fonts := /usr/share/consolefonts/spleen-8x16.psfu.gz /usr/lib/kbd/consolefonts/default8x16.psfu.gz \
	/usr/share/kbd/consolefonts/default8x16.psfu.gz
FONT := $(firstword $(wildcard $(fonts)) $(fonts))
GENERATED := $(GEN)/abi/option_values.h $(GEN)/abi/version.h $(GEN)/abi/font.h $(GEN)/bulwark_calls.h
KERNEL_GEN := $(OUT)/gen

# What reads the tables.
DEF_READER := tools/lib/Def.pm tools/lib/Options.pm

$(GEN)/abi/option_values.h: kernel/abi/options.def tools/gen-abi.pl $(DEF_READER)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@perl tools/gen-abi.pl options > $@

$(GEN)/abi/version.h: VERSION tools/gen-abi.pl
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@perl tools/gen-abi.pl version VERSION > $@

$(GEN)/bulwark_calls.h: kernel/abi/syscalls.def tools/gen-stubs.pl $(DEF_READER)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@perl tools/gen-stubs.pl > $@

$(GEN)/abi/font.h: tools/gen-abi.pl
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@perl tools/gen-abi.pl font > $@

$(GEN)/font.psf: | $(call deps)
	@mkdir -p $(@D)
	@gzip -dc $(FONT) > $@

$(GEN)/font.S: tools/gen-abi.pl
	@mkdir -p $(@D)
	@perl tools/gen-abi.pl font-asm $(GEN)/font.psf > $@

$(GEN)/font.o: $(GEN)/font.S $(GEN)/font.psf
	$(call keep_warnings,$(CC) -c -o $@ $<)

# offsets.c is compiled to assembly only; its marker lines "->NAME $value" become NASM constants.
OFFSETS := $(wildcard kernel/arch/x86_64/entry/offsets.c)

$(KERNEL_GEN)/offsets.s: $(OFFSETS) $(GEN)/abi/option_values.h $(OUT)/kernel.flags
	@mkdir -p $(@D) $(dir $(OUT)/obj/$(OFFSETS))
	$(call keep_warnings,$(CC) $(KERNEL_CFLAGS) -MMD -MP -MT $@ -MF $(OUT)/obj/$(OFFSETS).d -S -o $@ $<)

$(KERNEL_GEN)/offsets.inc: $(KERNEL_GEN)/offsets.s
	$(call say,GEN,$@)
	@sed -n 's/^->\([A-Za-z_0-9]*\) \$$\{0,1\}\(-\{0,1\}[0-9]*\).*/\1 equ \2/p' $< > $@

-include $(OUT)/obj/$(OFFSETS).d
