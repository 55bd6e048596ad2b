# Tests: host programs are built here, tools/test runs everything.
#
# A host test is tests/host/NAME.c; its first comment names the kernel sources that it is linked with:
#   /* sources: kernel/mm/buddy.c kernel/lib/string.c */
# A second comment may add compiler flags: /* flags: -O2 -fno-sanitize=all */
# Headers in tests/host/fake/ shadow the kernel's.
HOST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -fno-omit-frame-pointer -fno-strict-aliasing \
	-fsanitize=address,undefined -fno-sanitize-recover=all -DBULWARK_HOST_TEST -DBULWARK_DEBUG \
	-Itests/host/fake -Itests/host -Ikernel -I$(GEN)
host_tests := $(patsubst tests/host/%.c,build/host/%,$(wildcard tests/host/*.c))

.PHONY: test lint host-tests test-images

host-tests: $(host_tests)

build/host/%.sources: tests/host/%.c tools/make/test.mk
	@mkdir -p $(@D)
	@perl -0ne 'print "$$1\n" =~ s/\s+\*?\s*/ /gr if m{\A/\*[\s*]*sources:(.*?)\*/}s' $< > $@

build/host/%.flags: tests/host/%.c tools/make/test.mk
	@mkdir -p $(@D)
	@perl -ne 'print "$$1\n" if m{^/\*\s*flags:(.*?)\*/}' $< > $@

$(host_tests): build/host/%: tests/host/%.c build/host/%.sources build/host/%.flags tools/make/test.mk | $(GENERATED)
	$(call say,HOSTCC,$<)
	@$(CC) $(HOST_CFLAGS) -MM -MP -MT $@ $< $$(cat $@.sources) > $@.d
	$(call keep_warnings,$(CC) $(HOST_CFLAGS) $$(cat $@.flags) -o $@ $< $$(cat $@.sources))

-include $(wildcard build/host/*.d)

# The ISO that holds the test programs of tests/qemu/programs beside Bulwark's own.
test-images: $(ISO)
	@$(MAKE) EXTRA=tests/qemu/programs iso 2>&1 | grep -v 'KiB$$' >&2 || true

# What T asks for decides what is built first: $(call wants,KIND...), a T without a folder stands for any.
wants = $(if $(T),$(filter $(addsuffix /%,$(1)),$(T) $(patsubst tests/%,%,$(wildcard $(1:%=tests/%/$(T).*)))),1)
needs_host := $(strip $(call wants,host model))
needs_debug := $(strip $(call wants,lint debug) $(wildcard tests/qemu/$(T).t))
needs_release := $(strip $(call wants,lint release) $(wildcard tests/qemu/$(T).t))

test: | $(call deps,run bochs efi screenshot debug lint model fuzz plots report)
	@{ : \
		$(if $(needs_host),&& $(MAKE) BUILD=debug host-tests) \
		$(if $(needs_debug),&& $(MAKE) BUILD=debug test-images) \
		$(if $(needs_release),&& $(MAKE) BUILD=release test-images); \
	} || { echo 'test: the build failed' >&2; echo '0 passed, 1 failed'; exit 1; }
	@tools/test $(if $(T),'$(T)')

lint: everything | $(call deps,lint plots)
	@tools/test lint/

.PHONY: docs readme
docs readme:
	@tools/gen-docs
