# User programs, static and linked with musl. The name of a program is that of its source, or of its folder:
#   user/init/*.c -> init   user/shell/*.c -> sh   user/attacks/NAME/*.c -> NAME
#   user/bench/NAME.c, user/selftest/NAME.c, $(EXTRA)/NAME.c -> NAME
USER_CC := musl-gcc
USER_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -fno-pie -fcf-protection=none -fno-stack-protector \
	-Iuser/include -I$(GEN) -Ikernel -Iuser
USER_LDFLAGS := -static -no-pie -Wl,--build-id=none
# Ours must be free of warnings; what users add need not be.
USER_WERROR := -Werror
USER_LIBRARY := $(OUT)/user/libbulwark.a

attack_names := $(patsubst user/attacks/%/,%,$(wildcard user/attacks/*/))
single_sources := $(wildcard user/bench/*.c user/selftest/*.c)
program_names := $(if $(wildcard user/init/*.c),init) $(if $(wildcard user/shell/*.c),sh) $(attack_names) \
	$(basename $(notdir $(single_sources)))

ifneq ($(words $(program_names)),$(words $(sort $(program_names))))
$(error two programs have the same name: $(foreach n,$(sort $(program_names)),$(if $(word 2,$(filter $(n),$(program_names))),$(n))))
endif

# EXTRA has an archive and an ISO of its own, so that nothing stale can stay in either.
ifneq ($(strip $(EXTRA)),)
ifneq ($(words $(EXTRA)),1)
$(error EXTRA='$(EXTRA)': the name of the folder must not contain spaces)
endif
extra_sources := $(wildcard $(EXTRA)/*.c)
extra_names := $(basename $(notdir $(extra_sources)))
ifeq ($(extra_sources),)
$(error EXTRA=$(EXTRA): no such folder, or no .c file in it)
endif
ifneq ($(filter $(extra_names),$(program_names)),)
$(error EXTRA=$(EXTRA): Bulwark has programs of these names already: $(filter $(extra_names),$(program_names)))
endif
VARIANT := $(OUT)/extra/$(firstword $(shell cd $(EXTRA) && pwd | md5sum))
else
VARIANT := $(OUT)
endif

user_object = $(patsubst %,$(OUT)/user/obj/%.o,$(1))
sources_of_init := $(wildcard user/init/*.c)
sources_of_sh := $(wildcard user/shell/*.c)
$(foreach n,$(attack_names),$(eval sources_of_$(n) := $(wildcard user/attacks/$(n)/*.c)))
$(foreach s,$(single_sources),$(eval sources_of_$(basename $(notdir $(s))) := $(s)))

OWN_PROGRAMS := $(program_names:%=$(OUT)/user/%)
EXTRA_PROGRAMS := $(extra_names:%=$(VARIANT)/bin/%)
PROGRAMS := $(OWN_PROGRAMS) $(EXTRA_PROGRAMS)

$(OUT)/user.flags: FORCE | $(call deps)
	$(call remember,$@,$(USER_CFLAGS) $(USER_WERROR) $(USER_LDFLAGS))

$(OUT)/user.list: FORCE
	$(call remember,$@,$(foreach n,$(program_names),$(n): $(sources_of_$(n));) $(wildcard user/lib/*.c))

$(OUT)/user/obj/%.c.o: %.c $(OUT)/user.flags | $(GENERATED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	@$(USER_CC) $(USER_CFLAGS) $(USER_WERROR) -MMD -MP -c -o $@ $<

$(USER_LIBRARY): $(call user_object,$(wildcard user/lib/*.c)) $(OUT)/user.list
	@mkdir -p $(@D)
	@rm -f $@ && ar rcsD $@ $(filter %.o,$^)

.SECONDEXPANSION:
$(OWN_PROGRAMS): $(OUT)/user/%: $$(call user_object,$$(sources_of_$$*)) $(USER_LIBRARY) $(OUT)/user.list
	$(call say,LINK,$@)
	@$(USER_CC) $(USER_LDFLAGS) -o $@ $(filter %.o,$^) $(USER_LIBRARY)

$(VARIANT)/obj/%.o: $(EXTRA)/%.c $(OUT)/user.flags | $(GENERATED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	@$(USER_CC) $(USER_CFLAGS) -I$(EXTRA) -MMD -MP -c -o $@ $<

$(EXTRA_PROGRAMS): $(VARIANT)/bin/%: $(VARIANT)/obj/%.o $(USER_LIBRARY)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	@$(USER_CC) $(USER_LDFLAGS) -o $@ $< $(USER_LIBRARY)

-include $(wildcard $(OUT)/user/obj/user/*/*.d $(OUT)/user/obj/user/*/*/*.d $(VARIANT)/obj/*.d)
