# User programs, static and linked with musl; both builds of the kernel have the same. The name of a program is that of its
# source, or of its folder:
#   user/init/*.c -> init   user/shell/*.c -> sh   user/attacks/NAME/*.c -> NAME
#   user/bench/NAME.c, user/selftest/NAME.c -> NAME   $(EXTRA)/NAME.c, $(EXTRA)/NAME/*.c -> NAME
USER_CC := musl-gcc
$(call must_be,USER_CC,-v,gcc version,GCC for musl)
USER_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -fno-pie -fcf-protection=none -fno-stack-protector \
	-Iuser/include -I$(GEN) -Ikernel -Iuser
USER_LDFLAGS := -static -no-pie -Wl,--build-id=none
USER_OUT := build/user
USER_LIBRARY := $(USER_OUT)/libbulwark.a

# The template is for copying: it is built as EXTRA.
attack_names := $(filter-out TEMPLATE,$(patsubst user/attacks/%/,%,$(wildcard user/attacks/*/)))
single_sources := $(wildcard user/bench/*.c user/selftest/*.c)
program_names := $(if $(wildcard user/init/*.c),init) $(if $(wildcard user/shell/*.c),sh) $(attack_names) \
	$(basename $(notdir $(single_sources)))

ifneq ($(words $(program_names)),$(words $(sort $(program_names))))
$(error two programs have the same name: $(foreach n,$(sort $(program_names)),$(if $(word 2,$(filter $(n),$(program_names))),$(n))))
endif

# EXTRA has an archive and ISOs of its own, so that nothing stale can stay in them, and a shell that knows its attacks.
ifneq ($(strip $(EXTRA)),)
# Its files under names without blanks; tools/stage-extra says what is wrong with it.
extra_key := $(shell tools/stage-extra '$(subst ','\'',$(EXTRA))')
$(if $(extra_key),,$(error EXTRA=$(EXTRA) cannot be built))
VARIANT := /extra/$(extra_key)
extra_source := build$(VARIANT)/source
extra_sources := $(filter-out $(extra_source)/etc/%,$(wildcard $(extra_source)/*.c $(extra_source)/*/*.c))
extra_tables := $(wildcard $(extra_source)/attacks.def $(extra_source)/*/attacks.def)
# What becomes etc/NAME of the guest: policies, and whatever lies in etc/.
extra_etc := $(wildcard $(extra_source)/*.policy $(extra_source)/etc/*)
extra_name = $(firstword $(subst /, ,$(patsubst $(extra_source)/%,%,$(basename $(1)))))
extra_names := $(sort $(foreach s,$(extra_sources),$(call extra_name,$(s))))
$(foreach s,$(extra_sources),$(eval sources_of_$(call extra_name,$(s)) += $(s)))
ifneq ($(filter $(extra_names),$(program_names)),)
$(error EXTRA=$(EXTRA): Bulwark has programs of these names already: $(filter $(extra_names),$(program_names)))
endif
endif
# Programs that know the kernel (<bulwark_kernel.h>) are those of one build of it; tools/make/names.mk.
extra_knows_kernel := $(if $(extra_key),$(shell grep -rlsF bulwark_kernel.h '$(subst ','\'',$(EXTRA))' | head -n 1 | sed 's/.*/yes/'))
EXTRA_OUT := build$(VARIANT)$(if $(extra_knows_kernel),/$(BUILD))

percent := %
user_object = $(patsubst %,$(USER_OUT)/obj/%.o,$(1))
sources_of_init := $(wildcard user/init/*.c)
sources_of_sh := $(wildcard user/shell/*.c)
$(foreach n,$(attack_names),$(eval sources_of_$(n) := $(wildcard user/attacks/$(n)/*.c)))
$(foreach s,$(single_sources),$(eval sources_of_$(basename $(notdir $(s))) := $(s)))

OWN_PROGRAMS := $(program_names:%=$(USER_OUT)/%)
EXTRA_PROGRAMS := $(extra_names:%=$(EXTRA_OUT)/bin/%)
EXTRA_SHELL := $(if $(EXTRA_PROGRAMS),$(EXTRA_OUT)/bin/sh)
PROGRAMS := $(if $(EXTRA_SHELL),$(filter-out %/sh,$(OWN_PROGRAMS)) $(EXTRA_SHELL),$(OWN_PROGRAMS)) $(EXTRA_PROGRAMS)

build/user.flags: FORCE | $(call deps)
	$(call remember,$@,$(USER_CFLAGS) $(USER_LDFLAGS))

build/user.list: FORCE
	$(call remember,$@,$(foreach n,$(program_names),$(n): $(sources_of_$(n));) $(wildcard user/lib/*.c))

$(USER_OUT)/obj/%.c.o: %.c build/user.flags | $(GENERATED)
	$(call compile,CC,$<,$(USER_CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<)

$(USER_LIBRARY): $(call user_object,$(wildcard user/lib/*.c)) build/user.list
	@mkdir -p $(@D)
	@rm -f $@ && ar rcsD $@ $(filter %.o,$^)

.SECONDEXPANSION:
$(OWN_PROGRAMS): $(USER_OUT)/%: $$(call user_object,$$(sources_of_$$*)) $(USER_LIBRARY) build/user.list
	$(call compile,LINK,$@,$(USER_CC) $(USER_LDFLAGS) -o $@ $(filter %.o,$^) $(USER_LIBRARY))

$(EXTRA_OUT)/obj/%.o: $(extra_source)/%.c build/user.flags $(if $(extra_knows_kernel),$(KERNEL_NAMES)) | $(GENERATED)
	$(call compile,CC,$$(readlink $<),$(USER_CC) $(USER_CFLAGS) -I"$$EXTRA" $(if $(extra_knows_kernel),-I$(dir $(KERNEL_NAMES))) -MMD -MP -c -o $@ "$$(readlink $<)")
	@sed -i 's/[$$][$$]/&&/g' $(@:.o=.d) # prerequisites are expanded twice (.SECONDEXPANSION)

$(EXTRA_PROGRAMS): $(EXTRA_OUT)/bin/%: $$(patsubst $(extra_source)/$$(percent).c,$(EXTRA_OUT)/obj/$$(percent).o,$$(sources_of_$$*)) \
		$(USER_LIBRARY) $(EXTRA_OUT)/extra.list
	$(call compile,LINK,$@,$(USER_CC) $(USER_LDFLAGS) -o $@ $(filter %.o,$^) $(USER_LIBRARY))

$(EXTRA_OUT)/extra.list: FORCE
	$(call remember,$@,$(extra_sources) $(extra_tables))

$(EXTRA_OUT)/attack_extras.c: $(extra_tables) $(EXTRA_OUT)/extra.list tools/gen-extra.pl tools/museum/Attacks.pm $(DEF_READER) \
		kernel/abi/options.def
	@perl tools/gen-extra.pl "$$EXTRA" > $@

$(EXTRA_OUT)/attack_extras.o: $(EXTRA_OUT)/attack_extras.c build/user.flags user/include/attack_run.h
	$(call keep_warnings,$(USER_CC) $(USER_CFLAGS) -c -o $@ $<)

$(EXTRA_SHELL): $(call user_object,$(sources_of_sh)) $(EXTRA_OUT)/attack_extras.o $(USER_LIBRARY)
	$(call compile,LINK,$@,$(USER_CC) $(USER_LDFLAGS) -o $@ $(filter %.o,$^) $(USER_LIBRARY))

-include $(wildcard $(USER_OUT)/obj/user/*/*.d $(USER_OUT)/obj/user/*/*/*.d $(EXTRA_OUT)/obj/*.d $(EXTRA_OUT)/obj/*/*.d)
