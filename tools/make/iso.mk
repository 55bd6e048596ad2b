# The boot archive, one for both builds, and the ISO of each.
ARCHIVE := $(EXTRA_OUT)/archive.tar
ISO := $(OUT)$(VARIANT)/bulwark.iso
# ELF images for the tests of execve.
elf_images := $(addprefix $(GEN)/elf/,$(shell perl tools/gen-bad-elfs.pl))
# A file of EXTRA takes the place of the one of the same name, so etc/policy can be another.
own_etc := $(filter-out $(addprefix user/etc/,$(notdir $(extra_etc))),$(wildcard user/etc/*))
etc_files := $(own_etc) $(elf_images) $(extra_etc)

$(elf_images): $(GEN)/elf/%: tools/gen-bad-elfs.pl
	@mkdir -p $(@D)
	@perl $< $* > $@ && chmod +x $@

$(EXTRA_OUT)/archive.list: FORCE
	$(call remember,$@,$(PROGRAMS) $(etc_files))

$(ARCHIVE): $(PROGRAMS) $(etc_files) $(EXTRA_OUT)/archive.list tools/make-archive
	$(call say,TAR,$@)
	@tools/make-archive $@ $(PROGRAMS) -- $(etc_files)

# GRUB unpacks it by itself.
$(ARCHIVE).gz: $(ARCHIVE)
	@gzip -9nc $< > $@

$(ISO): $(KERNEL) $(ARCHIVE).gz boot/grub/grub.cfg tools/make-iso tools/lib/knobs.sh
	$(call say,ISO,$@)
	@mkdir -p $(@D)
	@tools/make-iso $@ $(KERNEL) $(ARCHIVE).gz

.PHONY: print-iso print-archive
print-iso:
	@echo $(ISO)

print-archive:
	@echo $(ARCHIVE)
