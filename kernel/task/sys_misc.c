/* Calls that programs make in passing. */
#include "abi/version.h"
#include "arch/x86_64/random.h"
#include "arch/x86_64/registers.h"
#include "core/poll.h"
#include "mm/layout.h"
#include "mm/usercopy.h"
#include "task/bounce.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/syscall.h"

/* Linux's. */
enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004 };
enum { GETRANDOM_FLAGS = 7, SIGNAL_SET_BYTES = 8, SIGACTION_BYTES = 32 };
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
enum { SIG_IGN = 1 };
/* Some 20 instructions a byte. */
enum { RANDOM_PIECE_BYTES = 4096 };

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

	return copy_to_user((uva_t){ at }, &name, sizeof(name));
}

/* The bytes must not stay: the program may use them as a key. */
int64_t sys_getrandom(uint64_t at, uint64_t len_bytes, uint64_t flags)
{
	uint8_t bounce[BOUNCE_BYTES];
	uint64_t done = 0;
	status_t status = STATUS_OK;

	if (flags & ~(uint64_t)GETRANDOM_FLAGS) {
		return STATUS_EINVAL;
	}
	if (!user_range_ok((uva_t){ at }, len_bytes)) {
		return STATUS_EFAULT;
	}
	len_bytes = MIN(len_bytes, CALL_BYTES_MAX);
	while (done < len_bytes && status == STATUS_OK) {
		uint64_t piece = MIN(len_bytes - done, sizeof(bounce));

		random_fill(bounce, piece);
		status = copy_to_user((uva_t){ at + done }, bounce, piece);
		done += status ? 0 : piece;
		if (done % RANDOM_PIECE_BYTES == 0 && poll_call()) {
			break;
		}
	}
	bounce_scrub(bounce, sizeof(bounce));
	return done || status == STATUS_OK ? (int64_t)done : status;
}

/* GS belongs to the kernel's entry code; programs have FS. */
int64_t sys_arch_prctl(uint64_t code, uint64_t address)
{
	switch (code) {
	case ARCH_SET_FS:
		if (address >= USER_TOP) {
			return STATUS_EPERM;
		}
		thread_current()->fs_base = address;
		msr_write(MSR_FS_BASE, address);
		return STATUS_OK;
	case ARCH_GET_FS: return store_user_u64((uva_t){ address }, thread_current()->fs_base);
	case ARCH_SET_GS:
	case ARCH_GET_GS:
	default: return STATUS_EINVAL;
	}
}

/*
 * No signal is ever delivered to a handler: those that end a process do so, unless they are
 * ignored. A handler is accepted, since C libraries set some in passing, and never runs.
 */
int64_t sys_rt_sigaction(uint64_t signal, uint64_t action_at, uint64_t old_at, uint64_t set_bytes)
{
	struct process *process = process_current();
	uint64_t old[SIGACTION_BYTES / 8] = { 0 };
	uint64_t handler = 0, bit;

	if (set_bytes != SIGNAL_SET_BYTES || signal == 0 || signal >= NR_SIGNALS ||
	    (action_at && !signal_can_be_ignored((unsigned)signal))) {
		return STATUS_EINVAL;
	}
	bit = 1ul << (signal - 1);
	if (action_at && load_user_u64((uva_t){ action_at }, &handler)) {
		return STATUS_EFAULT;
	}
	old[0] = process->signals_ignored & bit ? SIG_IGN : 0;
	if (old_at && copy_to_user((uva_t){ old_at }, old, sizeof(old))) {
		return STATUS_EFAULT;
	}
	if (action_at) {
		process->signals_ignored = handler == SIG_IGN ? process->signals_ignored | bit
							      : process->signals_ignored & ~bit;
	}
	return STATUS_OK;
}

/* The mask is kept for whoever asks; it holds nothing back. */
int64_t sys_rt_sigprocmask(uint64_t how, uint64_t set_at, uint64_t old_at, uint64_t set_bytes)
{
	struct thread *thread = thread_current();
	uint64_t set = 0, mask = thread->signal_mask;

	if (set_bytes != SIGNAL_SET_BYTES || (set_at && how > SIG_SETMASK)) {
		return STATUS_EINVAL;
	}
	if (set_at && load_user_u64((uva_t){ set_at }, &set)) {
		return STATUS_EFAULT;
	}
	if (old_at && store_user_u64((uva_t){ old_at }, mask)) {
		return STATUS_EFAULT;
	}
	if (set_at) {
		thread->signal_mask = how == SIG_BLOCK     ? mask | set
				      : how == SIG_UNBLOCK ? mask & ~set
							   : set;
	}
	return STATUS_OK;
}
