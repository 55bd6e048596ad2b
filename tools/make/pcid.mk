# BUILD=pcid under the replay: docs/pcid.md. The plugin for QEMU is compiled like the host tests, but without a sanitizer, which
# would have to be in the emulator.
REPLAY_PLUGIN := build/pcid/replay.so
REPLAY_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -fno-strict-aliasing -fPIC -fvisibility=hidden -DBULWARK_HOST_TEST \
	-Ikernel -I$(GEN) -Itests/pcid
replay_sources := $(wildcard tests/pcid/*.c)
replay_objects := $(replay_sources:%=build/pcid/plugin/%.o)

.PHONY: pcid

build/pcid/plugin/flags: FORCE | $(call deps)
	$(call remember,$@,$(REPLAY_CFLAGS))

$(replay_objects): build/pcid/plugin/%.o: % build/pcid/plugin/flags | $(GENERATED)
	$(call compile,HOSTCC,$<,$(CC) $(REPLAY_CFLAGS) -MMD -MP -c -o $@ $<)

$(REPLAY_PLUGIN): $(replay_objects)
	$(call compile,LINK,$@,$(CC) -shared -o $@ $^)

-include $(replay_objects:.o=.d)

pcid: $(REPLAY_PLUGIN) archive | $(call deps,run)
	@$(MAKE) BUILD=pcid kernel
	@ARCHIVE=$(ARCHIVE) KERNEL=build/pcid/bulwark.elf tools/pcid
