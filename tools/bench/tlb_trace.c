/*
 * A QEMU plugin that writes down which pages the guest's data accesses go to, in order, one after
 * the other of the same page left out: -plugin tlb_trace.so,out=FILE. One processor.
 *
 * A record is 8 bytes, the host's order: of the kernel half the virtual page number with bit 63 set; of
 * the user half the physical one, so that equal addresses of two processes differ, as tags of address
 * spaces have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define KERNEL_PAGE (1ul << 63)

static FILE *out;

static void on_access(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *user)
{
	static uint64_t last_page;
	static const uint64_t *last;
	static uint64_t record;

	(void)cpu, (void)user;
	if (last && address >> 12 == last_page) {
		return;
	}
	last_page = address >> 12;
	last = &record;
	if (address >> 63) {
		record = last_page | KERNEL_PAGE;
	} else {
		struct qemu_plugin_hwaddr *physical = qemu_plugin_get_hwaddr(info, address);

		record = physical ? qemu_plugin_hwaddr_phys_addr(physical) >> 12 : last_page;
	}
	fwrite(&record, sizeof(record), 1, out);
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access,
						 QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
	}
}

static void on_end(qemu_plugin_id_t id, void *user)
{
	(void)id, (void)user;
	if (fclose(out) != 0) {
		perror("tlb_trace");
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0) {
			out = fopen(argv[i] + 4, "wb");
		}
	}
	if (!out) {
		fprintf(stderr, "tlb_trace: out=FILE: cannot be written\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
