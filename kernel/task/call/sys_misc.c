/* Calls that programs make in passing. */
#include "abi/version.h"
#include "arch/x86_64/cpu/random.h"
#include "arch/x86_64/cpu/registers.h"
#include "core/poll.h"
#include "mm/as/usercopy.h"
#include "mm/as/usercopy_check.h"
#include "mm/table/layout.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/sched/bounce.h"

/* Linux's. */
enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004 };
enum { UMASK_BITS = 0777 };
enum { ARCH_GET_CPUID = 0x1011, ARCH_SET_CPUID = 0x1012 };
enum { GETRANDOM_RANDOM = 2, GETRANDOM_INSECURE = 4, GETRANDOM_FLAGS = 7 };

struct utsname {
	char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

int64_t sys_uname(uint64_t at)
{
	static const struct utsname name = {
		.system = "Bulwark",
		.node = "bulwark",
		.release = BULWARK_VERSION,
		.version = "1",
		.machine = "x86_64",
	};
	USERCOPY(name);

	return copy_to_user((uva_t){ at }, &name, sizeof(name));
}

/* How many go before the first that cannot be stored. */
static uint64_t copied_bytes(uint64_t at, const uint8_t *bytes, uint64_t len_bytes)
{
	uint64_t nr = 0;

	while (nr < len_bytes && copy_to_user((uva_t){ at + nr }, bytes + nr, 1) == STATUS_OK) {
		nr++;
	}
	return nr;
}

/* The bytes must not stay: the program may use them as a key. */
int64_t sys_getrandom(uint64_t at, uint64_t len_bytes, uint64_t flags)
{
	uint8_t bounce[BOUNCE_BYTES];
	uint64_t done = 0;
	status_t status = STATUS_OK;

	if ((uint32_t)flags & ~(uint32_t)GETRANDOM_FLAGS ||
	    (flags & (GETRANDOM_RANDOM | GETRANDOM_INSECURE)) ==
		    (GETRANDOM_RANDOM | GETRANDOM_INSECURE)) {
		return STATUS_EINVAL;
	}
	if (!user_range_ok((uva_t){ at }, len_bytes)) {
		return STATUS_EFAULT;
	}
	len_bytes = MIN(len_bytes, INT32_MAX);
	while (done < len_bytes && status == STATUS_OK) {
		uint64_t piece = MIN(len_bytes - done, sizeof(bounce));

		random_fill(bounce, piece);
		status = copy_to_user((uva_t){ at + done }, bounce, piece);
		done += status ? copied_bytes(at + done, bounce, piece) : piece;
		if (status == STATUS_OK && poll_call()) {
			break;
		}
	}
	bounce_scrub(bounce, sizeof(bounce));
	return done || status == STATUS_OK ? (int64_t)done : status;
}

/* There are no files to create with it: it is kept for who asks. */
int64_t sys_umask(uint64_t mask)
{
	return __atomic_exchange_n(&process_current()->umask, (uint16_t)(mask & UMASK_BITS),
				   __ATOMIC_RELAXED);
}

/* GS belongs to the kernel's entry code; programs have FS. CPUID never faults. */
int64_t sys_arch_prctl(uint64_t code, uint64_t address)
{
	switch ((uint32_t)code) {
	case ARCH_SET_FS:
		if (address >= USER_TOP) {
			return STATUS_EPERM;
		}
		thread_current()->fs_base = address;
		msr_write(MSR_FS_BASE, address);
		return STATUS_OK;
	case ARCH_GET_FS: return store_user_u64((uva_t){ address }, thread_current()->fs_base);
	case ARCH_GET_CPUID: return 1;
	case ARCH_SET_CPUID: return STATUS_ENODEV;
	case ARCH_SET_GS:
	case ARCH_GET_GS:
	default: return STATUS_EINVAL;
	}
}
