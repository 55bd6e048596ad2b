/*
 * A QEMU plugin that counts how often each instruction of the guest ran while a benchmark measured:
 * -plugin profile.so,out=FILE. One processor. What counts is between the last two RDTSC of user mode. A
 * line of the file is a virtual address and a count; the same address of two programs is counted once for
 * both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define NR_COUNTERS (1u << 20)

static struct {
	uint64_t address;
	uint64_t nr;       /* so far */
	uint64_t at_tsc;   /* at the last RDTSC */
	uint64_t measured; /* between the last two */
} counters[NR_COUNTERS];
static FILE *out;

/* The counter of an address: its own place, or the next one that is free or its own. */
static uint64_t *counter(uint64_t address)
{
	uint32_t at = (uint32_t)(address * 0x9e3779b97f4a7c15ul >> 44), i;

	for (i = 0; i < NR_COUNTERS; i++, at = (at + 1) % NR_COUNTERS) {
		if (!counters[at].address) {
			counters[at].address = address;
		}
		if (counters[at].address == address) {
			return &counters[at].nr;
		}
	}
	fprintf(stderr, "profile: the guest has more instructions than there are counters\n");
	exit(1);
}

static void on_tsc(unsigned cpu, void *user)
{
	(void)cpu, (void)user;
	for (uint32_t i = 0; i < NR_COUNTERS; i++) {
		counters[i].measured = counters[i].nr - counters[i].at_tsc;
		counters[i].at_tsc = counters[i].nr;
	}
}

static bool is_user_rdtsc(const struct qemu_plugin_insn *insn)
{
	return !(qemu_plugin_insn_vaddr(insn) >> 63) && qemu_plugin_insn_size(insn) == 2 &&
	       memcmp(qemu_plugin_insn_data(insn), "\x0f\x31", 2) == 0;
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_inline(
			insn, QEMU_PLUGIN_INLINE_ADD_U64, counter(qemu_plugin_insn_vaddr(insn)), 1);
		if (is_user_rdtsc(insn)) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_tsc, QEMU_PLUGIN_CB_NO_REGS, NULL);
		}
	}
}

static void on_end(qemu_plugin_id_t id, void *user)
{
	(void)id, (void)user;
	for (uint32_t i = 0; i < NR_COUNTERS; i++) {
		if (counters[i].measured) {
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", counters[i].address,
				counters[i].measured);
		}
	}
	if (fclose(out) != 0) {
		perror("profile");
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0) {
			out = fopen(argv[i] + 4, "w");
		}
	}
	if (!out) {
		fprintf(stderr, "profile: out=FILE: cannot be written\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
