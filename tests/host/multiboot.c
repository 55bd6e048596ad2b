/* sources: boot/multiboot.c boot/loader_facts.c boot/memory_map.c kernel/lib/format.c
 * kernel/lib/string.c */

/* The parser of the boot information: what is taken, and what is refused with which message. */
#include "host_assert.h"
#include "multiboot_build.h"
#include "tap.h"

#include "../../boot/loader_facts.h"
#include "../../boot/multiboot.h"

static struct builder builder;
static struct boot_info info;

/* From a copy that ends where the builder's bytes end, so that reading on is noticed. */
static status_t parse_of_size(uint64_t size)
{
	void *copy = aligned_alloc(8, (builder.len + 7) & ~7u);
	status_t status;

	memcpy(copy, builder.bytes, builder.len);
	status = multiboot_parse(copy, size, &info);
	free(copy);
	return status;
}

static status_t parse(void) { return parse_of_size(builder.len); }

static void refused(const char *name, const char *message)
{
	status_t status = parse();

	ok(status == STATUS_EINVAL && strstr(info.error, message), "%s: refused, \"%s\"", name,
	   info.error);
}

static const struct build_range some_memory[] = { { 0x100000, 0x1000000, 1 } };

static void test_ordinary(void)
{
	build_ordinary(&builder);
	is(parse(), STATUS_OK, "what GRUB gives is taken");
	is_text(info.error, "", "without an error");
	is_text(info.command_line, "xpfo=off vuln=on", "command line");
	is(info.nr_usable, 2, "usable ranges");
	ok(info.usable[0].start.pa == 0 && info.usable[0].end.pa == 0x9f000,
	   "the first one ends at a page");
	ok(info.usable[1].start.pa == 0x100000 && info.usable[1].end.pa == 0x1ffe0000,
	   "the second one");
	is(info.nr_modules, 1, "modules");
	ok(info.modules[0].start.pa == 0x800000 && info.modules[0].end.pa == 0x900000, "module");
	is_text(info.modules[0].name, "archive", "its name");
	is(info.screen, BOOT_SCREEN_FRAMEBUFFER, "frame buffer");
	ok(info.framebuffer.pa.pa == 0xfd000000 && info.framebuffer.red_shift == 16,
	   "its address and colours");
	ok(info.rsdp_len == 20 && !memcmp(info.rsdp, "RSD PTR ", 8), "RSDP");
	is(boot_info_check(&info, (pa_t){ 0x100000 }, (pa_t){ 0x800000 }, "the image"), STATUS_OK,
	   "an image beside the module");
	is(boot_info_check(&info, (pa_t){ 0x100000 }, (pa_t){ 0x800001 }, "the image"),
	   STATUS_EINVAL, "an image that overlaps the module is refused");
	ok(strstr(info.error, "module 0"), "with a message: %s", info.error);
}

static void test_totals(void)
{
	static const uint32_t totals[] = { 0, 7, 8, 15, 0x7fffffff, 0xffffffff };

	build_ordinary(&builder);
	for (unsigned i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		memcpy(builder.bytes, &totals[i], sizeof(totals[i]));
		refused("an absurd total size", "total size");
	}
	build_ordinary(&builder);
	is(parse_of_size(builder.len - 1), STATUS_EINVAL,
	   "a total size past what can be there is refused");
	is(parse_of_size(0), STATUS_EINVAL, "no room at all");
	is(multiboot_parse(NULL, 4096, &info), STATUS_EINVAL, "no address");
	is(multiboot_parse(builder.bytes + 4, builder.len - 4, &info), STATUS_EINVAL,
	   "a misaligned address");
}

static void test_tags(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 0x10000, 0xfffffff8, 0xffffffff };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		build_ordinary(&builder);
		memcpy(builder.bytes + 12, &sizes[i], sizeof(sizes[i]));
		refused("a tag of an impossible size", "has a size of");
	}
	build_start(&builder);
	build_memory(&builder, some_memory, 1);
	memcpy(builder.bytes, &builder.len, sizeof(builder.len));
	refused("no end tag", "no end tag");
	build_start(&builder);
	build_end(&builder);
	refused("no memory map", "no usable memory");
	build_start(&builder);
	build_memory(&builder, some_memory, 1);
	build_memory(&builder, some_memory, 1);
	build_end(&builder);
	refused("two memory maps", "was there before");
	build_start(&builder);
	build_close(&builder, build_open(&builder, 0x12345678));
	build_memory(&builder, some_memory, 1);
	build_end(&builder);
	is(parse(), STATUS_OK, "unknown tags are passed over");
}

static void test_command_line(void)
{
	static char line[COMMAND_LINE_BYTES + 1];
	uint32_t at;

	memset(line, 'x', sizeof(line) - 1);
	build_start(&builder);
	build_command_line(&builder, line);
	build_end(&builder);
	refused("a command line that is too long", "at most 2047");
	build_start(&builder);
	build_command_line(&builder, line + 1);
	build_memory(&builder, some_memory, 1);
	build_end(&builder);
	is(parse(), STATUS_OK, "the longest command line");
	is(strlen(info.command_line), COMMAND_LINE_BYTES - 1, "arrives whole");
	build_start(&builder);
	at = build_open(&builder, 1);
	build_bytes(&builder, "abcdefgh", 8);
	build_close(&builder, at);
	build_end(&builder);
	refused("a command line without an end", "has no end");
	build_start(&builder);
	build_close(&builder, build_open(&builder, 1));
	build_end(&builder);
	refused("a command line of no bytes", "has no end");
	build_start(&builder);
	build_command_line(&builder, "");
	build_command_line(&builder, "vuln=on");
	build_end(&builder);
	refused("two command lines", "was there before");
}

static void test_modules(void)
{
	uint32_t at;

	build_start(&builder);
	build_module(&builder, 0x200000, 0x300000, "a");
	build_module(&builder, 0x2fffff, 0x400000, "b");
	build_end(&builder);
	refused("overlapping modules", "overlaps another module");
	build_start(&builder);
	build_module(&builder, 0x300000, 0x200000, "a");
	build_end(&builder);
	refused("a module that ends before it starts", "is empty");
	build_start(&builder);
	build_module(&builder, 0x300000, 0x300000, "a");
	build_end(&builder);
	refused("an empty module", "is empty");
	build_start(&builder);
	for (unsigned i = 0; i <= MODULES_MAX; i++) {
		build_module(&builder, 0x200000 + i * 0x1000, 0x201000 + i * 0x1000, "m");
	}
	build_end(&builder);
	refused("too many modules", "more than");
	build_start(&builder);
	at = build_open(&builder, 3);
	build_u32(&builder, 0x200000);
	build_close(&builder, at);
	build_end(&builder);
	refused("a short module tag", "too short");
	build_start(&builder);
	at = build_open(&builder, 3);
	build_u32(&builder, 0x200000);
	build_u32(&builder, 0x300000);
	build_bytes(&builder, "name without end", 16);
	build_close(&builder, at);
	build_end(&builder);
	refused("a module name without an end", "has no end");
	build_start(&builder);
	at = build_open(&builder, 3);
	build_u32(&builder, 0x200000);
	build_u32(&builder, 0x300000);
	build_close(&builder, at);
	build_memory(&builder, some_memory, 1);
	build_end(&builder);
	is(parse(), STATUS_OK, "a module without a name is taken");
}

static void test_memory_tags(void)
{
	static const struct {
		uint32_t entry_size, len;
	} cases[] = { { 0, 24 },  { 23, 23 },         { 16, 16 }, { 24, 25 },
		      { 28, 28 }, { 0xfffffff8, 24 }, { 32, 24 } };
	uint32_t at;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		build_start(&builder);
		at = build_open(&builder, 6);
		build_u32(&builder, cases[i].entry_size);
		build_u32(&builder, 0);
		builder.len += cases[i].len;
		build_close(&builder, at);
		build_end(&builder);
		refused("memory entries of an odd size", "bytes of memory map in entries of");
	}
	build_start(&builder);
	at = build_open(&builder, 6);
	build_u32(&builder, 24);
	build_close(&builder, at);
	build_end(&builder);
	refused("a short memory map tag", "too short");
	build_start(&builder);
	build_memory(&builder, some_memory, 0);
	build_end(&builder);
	refused("a memory map without entries", "no usable memory");
}

static enum boot_screen screen_of(uint8_t type, uint32_t pitch, uint32_t width, uint32_t height,
				  uint8_t bits)
{
	build_start(&builder);
	build_memory(&builder, some_memory, 1);
	build_framebuffer(&builder, type, pitch, width, height, bits);
	build_end(&builder);
	return parse() == STATUS_OK ? info.screen : (enum boot_screen) - 1;
}

static void test_screens(void)
{
	uint32_t at;

	is(screen_of(2, 160, 80, 25, 16), BOOT_SCREEN_TEXT, "text mode");
	is(screen_of(1, 4096, 1024, 768, 32), BOOT_SCREEN_FRAMEBUFFER, "a frame buffer");
	is(screen_of(0, 4096, 1024, 768, 8), BOOT_SCREEN_NONE, "one with a palette is not used");
	is(screen_of(1, 4096, 1025, 768, 32), BOOT_SCREEN_NONE,
	   "nor one whose lines are longer than its pitch");
	is(screen_of(1, 4096, 0, 768, 32), BOOT_SCREEN_NONE, "nor one without pixels");
	is(screen_of(1, 4096, 1024, 768, 8), BOOT_SCREEN_NONE, "nor one of 8 bits");
	is(screen_of(1, 0xffffffff, 1024, 0xffffffff, 32), BOOT_SCREEN_NONE,
	   "nor one of an absurd size");
	build_start(&builder);
	at = build_open(&builder, 8);
	build_u64(&builder, 0xfd000000);
	build_close(&builder, at);
	build_end(&builder);
	refused("a short framebuffer tag", "too short");
	build_start(&builder);
	at = build_open(&builder, 8);
	for (unsigned i = 0; i < 5; i++) {
		build_u32(&builder, 1024);
	}
	build_u32(&builder, 0x0120); /* 32 bits, type 1 */
	build_close(&builder, at);
	build_end(&builder);
	refused("a frame buffer without colours", "no colours");
}

int main(void)
{
	test_ordinary();
	test_totals();
	test_tags();
	test_command_line();
	test_modules();
	test_memory_tags();
	test_screens();
	return done_testing();
}
