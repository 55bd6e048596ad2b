/*
 * A plugin of QEMU: what a guest of BUILD=pcid does to its translations and with them, handed to
 * the replay while it happens. Arguments: ram=FILE, the guest's memory from physical address 0 up;
 * out=FILE, where the faults and the counts go.
 *
 * Accesses and stores to page tables are seen as such, wherever they come from. Operands of
 * instructions come by stores to the port on the entry page (kernel/arch/x86_64/cpu/tlb_port.h).
 *
 * Order: QEMU calls after a store was done and before the CPU goes on, and all calls take one lock:
 * it is the sequence of all events. Each CPU's are in its program order. A store may be seen by
 * another CPU before it is an event; so what others may act on (the CPU leaves, a frame is freed)
 * is an event of its own before the store that tells them.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/x86_64/cpu/tlb_port.h"
#include "arch/x86_64/entry/entry_area.h"
#include "qemu_plugin.h"
#include "replay.h"

#define ENTRY_CPUS (0xffffe00000000000ul + ENTRY_CPU_OFFSET)
#define ENTRY_CPUS_END (ENTRY_CPUS + 256 * ENTRY_CPU_STRIDE)
#define KERNEL_HALF (1ul << 63)
enum { TYPE_SHIFT = 16, PCID_MASK = 0xfff, OWNER_FRAME_SHIFT = 16, PAGE_MASK = 0xfff };

/* Offsets in the entry page: of the mode, and in struct tlb_port behind it. */
enum word {
	WORD_MODE = 8,
	WORD_CR3 = TLB_PORT_OFFSET,
	WORD_INVLPG = TLB_PORT_OFFSET + offsetof(struct tlb_port, invlpg),
	WORD_PCID = TLB_PORT_OFFSET + offsetof(struct tlb_port, pcid),
	WORD_INVPCID = TLB_PORT_OFFSET + offsetof(struct tlb_port, invpcid),
	WORD_STANDS = TLB_PORT_OFFSET + offsetof(struct tlb_port, stands),
	WORD_OWNER = TLB_PORT_OFFSET + offsetof(struct tlb_port, owner),
	WORD_FAULT = TLB_PORT_OFFSET + offsetof(struct tlb_port, fault),
};

__attribute__((visibility("default"))) int qemu_plugin_version = QEMU_PLUGIN_INTERFACE;
__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const unsigned char *ram;
static uint64_t ram_bytes;
static FILE *out;
static uint64_t pcid_words[REPLAY_CPUS_MAX];

static void report(const char *text)
{
	fprintf(out, "fault: %s\n", text);
	fflush(out);
}

/* Of RAM; anything else is of no interest. */
static bool physical(qemu_plugin_meminfo_t info, uint64_t address, uint64_t *pa)
{
	struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, address);

	if (!where || qemu_plugin_hwaddr_is_io(where)) {
		return false;
	}
	*pa = qemu_plugin_hwaddr_phys_addr(where);
	return *pa < ram_bytes;
}

static void invpcid(unsigned cpu, uint64_t address)
{
	uint64_t word = pcid_words[cpu];

	replay_invpcid(cpu, (unsigned)(word >> TYPE_SHIFT), word & PCID_MASK, address);
}

static void owner(unsigned cpu, uint64_t value)
{
	replay_owner(cpu, value >> OWNER_FRAME_SHIFT, value >> 8 & 0xff, value >> 4 & 0xf,
		     value & 0xf);
}

static void port_store(unsigned cpu, enum word word, uint64_t value)
{
	switch (word) {
	case WORD_MODE: replay_mode(cpu, (enum replay_mode)value); break;
	case WORD_CR3: replay_cr3(cpu, value); break;
	case WORD_INVLPG: replay_invlpg(cpu, ~value); break;
	case WORD_PCID: pcid_words[cpu] = value; break;
	case WORD_INVPCID: invpcid(cpu, ~value); break;
	case WORD_STANDS: replay_steerable(cpu, value); break;
	case WORD_OWNER: owner(cpu, value); break;
	case WORD_FAULT: replay_fault(cpu, ~value & ~(uint64_t)PAGE_MASK, value & PAGE_MASK); break;
	}
}

static bool is_port(uint64_t address)
{
	uint64_t offset = (address - ENTRY_CPUS) % ENTRY_CPU_STRIDE - ENTRY_PAGE_OFFSET;

	return address >= ENTRY_CPUS && address < ENTRY_CPUS_END && offset >= WORD_MODE &&
	       offset <= WORD_FAULT;
}

static void kernel_store(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address)
{
	uint64_t pa, value;

	if (!physical(info, address, &pa)) {
		return;
	}
	if (is_port(address)) {
		memcpy(&value, ram + pa, sizeof(value));
		pthread_mutex_lock(&lock);
		port_store(cpu, (enum word)(address & PAGE_MASK), value);
		pthread_mutex_unlock(&lock);
	} else if (replay_is_table(pa)) {
		pthread_mutex_lock(&lock);
		replay_store(cpu, pa);
		pthread_mutex_unlock(&lock);
	}
}

static void access_note(unsigned cpu, uint64_t address, enum replay_access kind, uint64_t rip)
{
	if (replay_wants(cpu, address)) {
		pthread_mutex_lock(&lock);
		replay_access(cpu, address, kind, rip);
		pthread_mutex_unlock(&lock);
	}
}

/* The access is judged first: what it does to translations comes after it. */
static void on_access(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *rip)
{
	bool is_store = qemu_plugin_mem_is_store(info);

	access_note(cpu, address, is_store ? REPLAY_WRITE : REPLAY_READ, (uint64_t)rip);
	if (is_store && address >= KERNEL_HALF) {
		kernel_store(cpu, info, address);
	}
}

static void on_block(unsigned cpu, void *rip)
{
	access_note(cpu, (uint64_t)rip, REPLAY_FETCH, (uint64_t)rip);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t nr = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS,
					     (void *)qemu_plugin_tb_vaddr(tb));
	for (size_t i = 0; i < nr; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW,
						 (void *)qemu_plugin_insn_vaddr(insn));
	}
}

static void on_end(qemu_plugin_id_t id, void *data)
{
	(void)id, (void)data;
	pthread_mutex_lock(&lock);
	fprintf(out,
		"accesses %lu\nloads %lu\nnoflush %lu\nstores %lu\nflushes %lu\nstale %lu\n"
		"pending %lu\nviolations %lu\n",
		(unsigned long)replay_counts.accesses, (unsigned long)replay_counts.loads,
		(unsigned long)replay_counts.noflush, (unsigned long)replay_counts.stores,
		(unsigned long)replay_counts.flushes, (unsigned long)replay_counts.stale,
		(unsigned long)replay_counts.pending, (unsigned long)replay_counts.violations);
	fflush(out);
	pthread_mutex_unlock(&lock);
}

static bool ram_open(const char *path)
{
	int file = open(path, O_RDONLY);
	struct stat stat;

	if (file < 0 || fstat(file, &stat)) {
		return false;
	}
	ram_bytes = (uint64_t)stat.st_size;
	ram = mmap(NULL, ram_bytes, PROT_READ, MAP_SHARED, file, 0);
	close(file);
	return ram != MAP_FAILED;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "ram=", 4) == 0 && !ram_open(argv[i] + 4)) {
			perror(argv[i]);
			return -1;
		}
		if (strncmp(argv[i], "out=", 4) == 0) {
			out = fopen(argv[i] + 4, "w");
		}
	}
	if (!ram || !out) {
		fprintf(stderr, "replay: ram=FILE and out=FILE are needed\n");
		return -1;
	}
	replay_init(ram, ram_bytes, report);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
