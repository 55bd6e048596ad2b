# Tests: host programs, and what a test says that it needs, are built here; tools/test chooses tests and runs them.
#
# A host test is tests/host/NAME.c; its first comment names the kernel sources that it is linked with:
#   /* sources: kernel/mm/frame/buddy.c kernel/lib/string.c */
# A word NAME.list is the file of more such words.
# A second comment may add compiler flags, for all of these: /* flags: -O2 -fno-sanitize=all */
# Headers in tests/host/fake/ shadow the kernel's.
HOST_CFLAGS := -std=gnu11 -O1 -g -fno-var-tracking -Wall -Wextra -fno-omit-frame-pointer -fno-strict-aliasing \
	-fsanitize=address,undefined -fno-sanitize-recover=all -DBULWARK_HOST_TEST -DBULWARK_DEBUG \
	-Itests/host/fake -Itests/host -Ikernel -I$(GEN)
host_tests := $(patsubst tests/host/%.c,build/host/%,$(wildcard tests/host/*.c))

.PHONY: test soak lint image kernel archive

# Read when a host test is first asked for: a word NAME:SOURCE for each source, NAME!FLAG for each flag, NAME+FLAG for those
# of the linker.
host_words = $(eval host_words := $(shell perl tools/gen-host-words.pl))$(host_words)
words_of = $(patsubst $(1)$(2)%,%,$(filter $(1)$(2)%,$(host_words)))
host_flags = $(call words_of,$(1),!)
# Tests without flags of their own share their objects.
host_objects = $(patsubst %,build/host/obj/$(if $(host_flags),$(1),all)/%.o,tests/host/$(1).c $(call words_of,$(1),:))
# Of an object's path below obj/: the test whose flags it has, and its source.
object_test = $(firstword $(subst /, ,$(1)))
object_source = $(patsubst $(object_test)/%,%,$(1))

build/host/flags: FORCE | $(call deps)
	$(call remember,$@,$(HOST_CFLAGS))

.SECONDEXPANSION:
build/host/obj/%.o: $$(call object_source,$$*) build/host/flags | $(GENERATED)
	$(call compile,HOSTCC,$<,$(CC) $(HOST_CFLAGS) $(call host_flags,$(call object_test,$*)) -MMD -MP -c -o $@ $<)

$(host_tests): build/host/%: $$(call host_objects,$$*)
	$(call keep_warnings,$(CC) $(HOST_CFLAGS) $(call host_flags,$*) -o $@ $^ $(call words_of,$*,+))

-include $(shell find build/host/obj -name '*.d' 2>/dev/null)

# The goals that tools/test --needs prints. The builds are made at the same time, each by a make of its own: what they share
# is there before.
.PHONY: need-headers need-kernels need-everything need-archive need-test-archive
need-headers: $(GENERATED)
need-everything: need-kernels $(PROGRAMS) $(host_tests)
need-kernels: $(builds:%=need-kernel-%)
need-host-%: build/host/% ;
need-package-%: $(if $(filter 0,$(DEPS)),,build/deps/%) ;

need-archive: $(ARCHIVE).gz

need-test-archive: need-archive
	@$(MAKE) EXTRA=tests/qemu/programs archive

.PHONY: $(foreach need,kernel direct iso test-programs,$(builds:%=need-$(need)-%))
$(builds:%=need-kernel-%): need-kernel-%: $(GENERATED) $(GEN)/font.o | $(call deps)
	@$(MAKE) BUILD=$* kernel

$(builds:%=need-direct-%): need-direct-%: need-kernel-% need-archive | $(call deps,run)

$(builds:%=need-iso-%): need-iso-%: need-kernel-% need-archive | $(call deps,run)
	@$(MAKE) BUILD=$* image

$(builds:%=need-test-programs-%): need-test-programs-%: need-kernel-% need-test-archive | $(call deps,run)

need-replay-pcid: need-test-programs-pcid $(REPLAY_PLUGIN)

kernel: $(KERNEL)
image: $(ISO)
archive: $(ARCHIVE).gz

soak: export SOAK := 1
test soak:
	@needs=$$(tools/test --needs) || exit 2; \
	[ -z "$$needs" ] || $(MAKE) --silent EXTRA= $$needs || { echo 'test: the build failed' >&2; echo '0 passed, 1 failed'; exit 1; }
	@tools/test

lint:
	@$(MAKE) test T=lint/

.PHONY: docs readme
docs readme:
	@tools/gen-docs
