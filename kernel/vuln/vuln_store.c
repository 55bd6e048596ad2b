/* The plainest bug: a store of 1 to 8 bytes at an address that nobody checked. */
#include "core/options.h"
#include "vuln/vuln.h"

enum { STORE_BYTES_MAX = 8 };

/* Device registers take stores of their own size alone: one instruction where the size is a power
 * of two, else byte by byte. */
VULNERABLE void vuln_store_to(uint64_t address, uint64_t value, unsigned size_bytes)
{
	switch (size_bytes) {
	case 8: *(volatile uint64_t *)address = value; break;
	case 4: *(volatile uint32_t *)address = (uint32_t)value; break;
	case 2: *(volatile uint16_t *)address = (uint16_t)value; break;
	default:
		for (unsigned i = 0; i < size_bytes; i++) {
			*(volatile uint8_t *)(address + i) = (uint8_t)(value >> (8 * i));
		}
	}
}

int64_t sys_vuln_store(uint64_t address, uint64_t value, uint64_t size_bytes)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	if (!size_bytes || size_bytes > STORE_BYTES_MAX) {
		return vuln_leave_unchanged((uint64_t)STATUS_EINVAL);
	}
	vuln_store_to(address, value, (unsigned)size_bytes);
	return vuln_leave(0);
}
