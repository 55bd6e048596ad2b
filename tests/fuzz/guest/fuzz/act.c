/* Makes calls, in the ways that each needs. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../kernel/fuzz_abi.h"
#include "bulwark.h"
#include "raw_call.h"
#include "run.h"

enum { POLICIES = 36 };

/* The child ends at once, whatever stack it has: it must not return into this program's frames. */
static uint64_t clone_and_end(const uint64_t *a)
{
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	uint64_t result;

	__asm__ volatile("syscall\n"
			 "	test %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	mov %[yield], %%eax\n"
			 "	syscall\n"
			 "	xor %%edi, %%edi\n"
			 "	mov %[exit], %%eax\n"
			 "	syscall\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10),
			   "r"(r8), [yield] "i"(SYS_sched_yield), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return result;
}

static uint64_t vfork_and_end(void)
{
	uint64_t result;

	__asm__ volatile("syscall\n"
			 "	test %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	xor %%edi, %%edi\n"
			 "	mov %[exit], %%eax\n"
			 "	syscall\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_vfork), [exit] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory", "rdi");
	return result;
}

static uint64_t ipc(long number, const uint64_t *a)
{
	struct bw_message message = { .words = { a[0], 2, 3, 4, 5, 6 },
				      .page = (void *)a[1],
				      .place = (void *)a[2] };

	return (uint64_t)bw_ipc(number, (long)a[0], &message);
}

/* Root could end or change those that look after us: it does that to itself. */
static void spare_others(enum kind kind, uint64_t *a)
{
	switch (kind) {
	case KIND_kill:
	case KIND_tkill:
	case KIND_tgkill:
	case KIND_prlimit64:
	case KIND_sched_setaffinity:
	case KIND_setpgid:
		/* calls look at the lower half alone; negative ones are groups */
		if ((int32_t)a[0] <= runner.last_pid) {
			a[0] = (uint64_t)syscall(SYS_getpid);
		}
		break;
	default: break;
	}
}

static uint64_t type_keys(const char *keys)
{
	return (uint64_t)syscall(FUZZ_CALL, FUZZ_TYPE, keys, strlen(keys), 0);
}

/* One of the archive's policies, most of which are broken. */
static uint64_t load_policy(uint64_t nth)
{
	struct bw_archive_entry file = { 0 };
	struct bw_policy_error error;
	uint64_t nr = 0;

	for (unsigned i = 0; bw_archive_entry(i, &file) == 0; i++) {
		nr += strncmp(file.name, "etc/policy", strlen("etc/policy")) == 0;
		if (nr > nth % POLICIES) {
			break;
		}
	}
	return (uint64_t)bw_policy_load(file.name, &error);
}

/* The processor knows 64 bits of a number, the kernel looks at 32. */
static bool is_call(uint32_t number)
{
	for (unsigned i = 0; i < NR_KINDS; i++) {
		if (kinds[i].number == number) {
			return true;
		}
	}
	return number == FUZZ_CALL;
}

static uint64_t no_call(uint64_t number)
{
	static const uint64_t none[ARGUMENTS_MAX];
	int64_t result = is_call((uint32_t)number) ? -ENOSYS : raw_call(number, none);

	if (result != -ENOSYS) {
		complain("call 0x%lx, which does not exist, returned %ld", number, (long)result);
	}
	return (uint64_t)result;
}

static uint64_t make(enum kind kind, const uint64_t *a)
{
	switch (kind) {
	case KIND_clone: return clone_and_end(a);
	case KIND_vfork: return vfork_and_end();
	case KIND_fork: return (uint64_t)fork();
	case KIND_ipc_call:
	case KIND_ipc_receive:
	case KIND_ipc_reply_receive: {
		const uint64_t words[3] = { a[0] };

		return ipc(kinds[kind].number, words);
	}
	case KIND_pass_page: return ipc(BW_NR_ipc_call, a);
	case KIND_take_page: {
		const uint64_t words[3] = { a[0], 0, a[1] };

		return ipc(BW_NR_ipc_receive, words);
	}
	case KIND_type: return type_keys((const char *)a[0]);
	case KIND_no_call: return no_call(a[0]);
	case KIND_load_policy: return load_policy(a[0]);
	case KIND_poke: *(volatile uint64_t *)a[0] = a[1]; return 0;
	case KIND_peek: return *(volatile uint64_t *)a[0] ? 1 : 0;
	default: return (uint64_t)raw_call((uint64_t)kinds[kind].number, a);
	}
}

uint64_t act(enum kind kind, const uint64_t *arguments, bool is_root)
{
	uint64_t result, a[ARGUMENTS_MAX];

	memcpy(a, arguments, sizeof(a));
	if (is_root) {
		spare_others(kind, a);
	}
	result = make(kind, a);
	if (!is_root && kinds[kind].how == HOW_ROOT && (int64_t)result >= 0) {
		complain("%s is for root alone, and returned %ld to another", kinds[kind].name,
			 (long)result);
	}
	if ((int64_t)result < -4095 && kinds[kind].how != HOW_FAULTS) {
		complain("%s returned 0x%lx", kinds[kind].name, result);
	}
	return result;
}
