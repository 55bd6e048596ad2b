/* BUILD=fuzz: bytes that come in on the serial line. The linker leads serial_try_read here. */
#include "keys.h"

#include "arch/x86_64/device/serial.h"
#include "core/lock.h"
#include "mm/as/usercopy.h"
#include "task/console/console.h"

enum { KEYS_MAX = 64, ROOM = 1024 };

/* Atomic: how many bytes came, and were read. Whoever is too many for the ring is lost. */
static uint8_t ring[ROOM];
static uint32_t nr_typed, nr_read;

bool __real_serial_try_read(enum serial_port port, uint8_t *out);
bool __wrap_serial_try_read(enum serial_port port, uint8_t *out);

/* The console calls it with its lock held. */
bool __wrap_serial_try_read(enum serial_port port, uint8_t *out)
{
	if (port == SERIAL_COM1 && nr_read != __atomic_load_n(&nr_typed, __ATOMIC_ACQUIRE)) {
		*out = ring[nr_read++ % ROOM];
		return true;
	}
	return __real_serial_try_read(port, out);
}

int64_t keys_type(uint64_t at, uint64_t len_bytes)
{
	char keys[KEYS_MAX];
	uint32_t first;

	if (len_bytes > KEYS_MAX) {
		return STATUS_EINVAL;
	}
	if (copy_from_user(keys, (uva_t){ at }, len_bytes)) {
		return STATUS_EFAULT;
	}
	first = __atomic_load_n(&nr_typed, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < len_bytes; i++) {
		ring[(first + i) % ROOM] = (uint8_t)keys[i];
	}
	__atomic_store_n(&nr_typed, first + (uint32_t)len_bytes, __ATOMIC_RELEASE);
	console_poll();
	return STATUS_OK;
}
