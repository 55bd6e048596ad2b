/* sources: boot/pvh.c boot/loader_facts.c boot/memory_map.c kernel/lib/format.c kernel/lib/string.c
 */

/* The parser of PVH's start information: what is taken, and what is refused with which message. */
#include "host_assert.h"
#include "pvh_build.h"
#include "tap.h"

#include "../../boot/loader_facts.h"
#include "../../boot/pvh.h"

static struct pvh_memory memory;
static struct boot_info info;

/* From a copy of the first `size` bytes of memory, so that reading on is noticed. */
static status_t parse_of_size(uint64_t size, uint64_t start_pa)
{
	void *copy = malloc(size);
	status_t status;

	memcpy(copy, memory.bytes, size);
	status = pvh_parse((struct physical_view){ (uintptr_t)copy, size }, start_pa, &info);
	free(copy);
	return status;
}

static status_t parse(void) { return parse_of_size(PVH_BYTES, PVH_START); }

static void refused(const char *name, const char *message)
{
	status_t status = parse();

	ok(status == STATUS_EINVAL && strstr(info.error, message), "%s: refused, \"%s\"", name,
	   info.error);
}

static void start_with(struct pvh_start start)
{
	pvh_put(&memory, PVH_START, &start, sizeof(start));
}

static void test_ordinary(void)
{
	pvh_build(&memory);
	is(parse(), STATUS_OK, "what QEMU gives is taken");
	is_text(info.error, "", "without an error");
	is_text(info.command_line, "xpfo=off vuln=on", "command line");
	is(info.nr_usable, 2, "usable ranges");
	ok(info.usable[0].start.pa == 0 && info.usable[0].end.pa == 0x9f000,
	   "the first one ends at a page");
	ok(info.usable[1].start.pa == 0x100000 && info.usable[1].end.pa == 0x1ffe0000,
	   "the second one");
	is(info.nr_modules, 1, "modules");
	ok(info.modules[0].start.pa == 0x800000 && info.modules[0].end.pa == 0x900000, "module");
	is_text(info.modules[0].name, "", "whose name is not looked at");
	is(info.screen, BOOT_SCREEN_UNSAID, "it says nothing of a screen");
	ok(info.rsdp_len == 36 && !memcmp(info.rsdp, "RSD PTR ", 8), "RSDP of ACPI 2.0");
	memory.bytes[PVH_RSDP + 15] = 0;
	is(parse(), STATUS_OK, "the RSDP of ACPI 1.0");
	is(info.rsdp_len, 20, "is 20 bytes long");
	is(boot_info_check(&info, (pa_t){ 0x100000 }, (pa_t){ 0x800001 }, "the image"),
	   STATUS_EINVAL, "an image that overlaps the module is refused");
}

static void test_start(void)
{
	struct pvh_start start;

	pvh_build(&memory);
	is(parse_of_size(PVH_START + 39, PVH_START), STATUS_EINVAL,
	   "start information that memory cuts off is refused");
	ok(strstr(info.error, "the start information, 40 bytes at 0x104"), "\"%s\"", info.error);
	is(parse_of_size(PVH_START + 55, PVH_START), STATUS_EINVAL, "so it is behind version 0");
	is(parse_of_size(PVH_BYTES, UINT64_MAX - 15), STATUS_EINVAL, "an address that wraps");
	is(parse_of_size(PVH_BYTES, PVH_BYTES), STATUS_EINVAL, "an address behind memory");
	is(parse_of_size(0, 0), STATUS_EINVAL, "no memory at all");
	start = pvh_get(&memory);
	start.magic ^= 1;
	start_with(start);
	refused("another magic number", "it begins with 0x336ec579");
	pvh_build(&memory);
	start = pvh_get(&memory);
	start.version = 0;
	start_with(start);
	refused("version 0, which has no memory map", "no usable memory");
	start.version = 7;
	start_with(start);
	is(parse(), STATUS_OK, "later versions begin as version 1");
}

static void test_command_line(void)
{
	struct pvh_start start;

	pvh_build(&memory);
	memset(memory.bytes + PVH_COMMAND_LINE, 'x', PVH_BYTES - PVH_COMMAND_LINE);
	refused("a command line that is too long", "at most 2047");
	memory.bytes[PVH_COMMAND_LINE + COMMAND_LINE_BYTES - 1] = 0;
	is(parse(), STATUS_OK, "the longest command line");
	is(strlen(info.command_line), COMMAND_LINE_BYTES - 1, "arrives whole");
	start = pvh_get(&memory);
	start.command_line = PVH_BYTES - 8;
	start_with(start);
	refused("a command line without an end", "has no end");
	start.command_line = PVH_BYTES;
	start_with(start);
	refused("one outside of memory", "the command line, 1 bytes at 0x1000");
	start.command_line = 0;
	start_with(start);
	is(parse(), STATUS_OK, "none at all");
	is_text(info.command_line, "", "is an empty one");
}

static void modules(unsigned nr)
{
	struct pvh_start start;

	pvh_build(&memory);
	start = pvh_get(&memory);
	start.nr_modules = nr;
	start_with(start);
}

static void test_modules(void)
{
	struct pvh_start start;

	modules(2);
	pvh_put_module(&memory, 1, 0x8fffff, 0x1000, 0);
	refused("overlapping modules", "overlaps another module");
	modules(1);
	pvh_put_module(&memory, 0, 0x800000, 0, 0);
	refused("an empty module", "is empty");
	pvh_put_module(&memory, 0, UINT64_MAX - 0xfff, 0x1000, 0);
	refused("a module that wraps", "module 0 wraps");
	pvh_put_module(&memory, 0, 0x800000, UINT64_MAX, 0);
	refused("a module of an absurd length", "module 0 wraps");
	pvh_put_module(&memory, 0, 0x800000, 0x1000, 0x202000f18f5);
	is(parse(), STATUS_OK, "a module whose name is outside of memory is taken");
	memory.bytes[PVH_BYTES - 1] = 'x';
	pvh_put_module(&memory, 0, 0x800000, 0x1000, PVH_BYTES - 1);
	is(parse(), STATUS_OK, "and one whose name has no end");
	modules(MODULES_MAX + 1);
	for (unsigned i = 0; i <= MODULES_MAX; i++) {
		pvh_put_module(&memory, i, 0x800000 + i * 0x1000, 0x1000, 0);
	}
	refused("too many modules", "more than");
	modules(0xffffffff);
	refused("a count of modules that no memory holds",
		"the list of modules, 137438953440 bytes");
	modules(1);
	start = pvh_get(&memory);
	start.modules = PVH_BYTES - 31;
	start_with(start);
	refused("a list that memory cuts off", "the list of modules, 32 bytes at 0xfe1");
	modules(0);
	is(parse(), STATUS_OK, "no module is no error here");
}

static void test_memory_map(void)
{
	struct pvh_start start;
	struct pvh_range range = { 0x400000, UINT64_MAX, 2, 0 };

	pvh_build(&memory);
	start = pvh_get(&memory);
	start.nr_ranges = 0xffffffff;
	start_with(start);
	refused("a count of ranges that wraps", "at most 4096");
	start.nr_ranges = 4096;
	start_with(start);
	refused("a map that memory cuts off", "the memory map, 98304 bytes at 0x404");
	start.nr_ranges = 0;
	start_with(start);
	refused("a map without ranges", "no usable memory");
	start.nr_ranges = 6;
	start.memory_map = UINT64_MAX - 7;
	start_with(start);
	refused("a map at an address that wraps",
		"the memory map, 144 bytes at 0xfffffffffffffff8");
	start.memory_map = PVH_RANGES;
	start_with(start);
	pvh_put(&memory, PVH_RANGES, &range, sizeof(range));
	is(parse(), STATUS_OK, "a reserved range that wraps");
	is(info.usable[info.nr_usable - 1].end.pa, 0x400000, "takes all that is above its start");
}

static void test_rsdp(void)
{
	struct pvh_start start;

	pvh_build(&memory);
	start = pvh_get(&memory);
	start.rsdp = PVH_BYTES - 19;
	start_with(start);
	refused("an RSDP that memory cuts off", "the RSDP, 20 bytes");
	memory.bytes[PVH_BYTES - 20 + 15] = 2;
	start.rsdp = PVH_BYTES - 20;
	start_with(start);
	refused("one of ACPI 2.0 that memory cuts off", "the RSDP, 36 bytes");
	start.rsdp = 0;
	start_with(start);
	is(parse(), STATUS_OK, "no RSDP is no error");
	is(info.rsdp_len, 0, "there is none then");
}

int main(void)
{
	test_ordinary();
	test_start();
	test_command_line();
	test_modules();
	test_memory_map();
	test_rsdp();
	return done_testing();
}
