/*
 * A QEMU plugin that records which instructions of the kernel ran, one after the other: -plugin
 * path.so,out=FILE[,from=ADDRESS]. One processor. With from= it records each run of the function at that
 * address (hexadecimal), and all that the function calls. Without, it records what ran between the last two
 * RDTSC of user mode. A line is an address; an empty line stands where the function ended or the kernel
 * returned to user mode.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define NR_MAX (1u << 24)

enum kind { ORDINARY, CALL, RETURN, USER_RDTSC };

struct instruction {
	uint64_t address;
	enum kind kind;
};

struct path {
	uint64_t *addresses; /* 0: user mode */
	size_t nr;
	size_t nr_max;
};

static struct path running, complete;
static uint64_t from;
static bool is_recording;
static unsigned long depth; /* calls within the function */
static FILE *out;

static void add(uint64_t address)
{
	if (running.nr == running.nr_max) {
		running.nr_max = running.nr_max ? 2 * running.nr_max : 1024;
		running.addresses =
			realloc(running.addresses, running.nr_max * sizeof(*running.addresses));
		if (running.nr_max > NR_MAX || !running.addresses) {
			fprintf(stderr, "path: the operation is too long to record\n");
			exit(1);
		}
	}
	running.addresses[running.nr++] = address;
}

static void keep(void)
{
	struct path old = complete;

	complete = running;
	running = old;
	running.nr = 0;
}

static void on_instruction(unsigned cpu, void *user)
{
	const struct instruction *it = user;

	(void)cpu;
	if (it->kind == USER_RDTSC && !from) {
		keep();
		is_recording = true;
		return;
	}
	if (from && it->address == from && !is_recording) {
		is_recording = true;
		depth = 0;
	}
	if (!is_recording) {
		return;
	}
	if (it->address >> 63) {
		add(it->address);
	} else if (running.nr && running.addresses[running.nr - 1]) {
		add(0);
	}
	if (!from) {
		return;
	}
	depth += it->kind == CALL;
	if (it->kind == RETURN && depth-- == 0) {
		add(0);
		is_recording = false;
	}
}

static enum kind kind_of(const struct qemu_plugin_insn *insn)
{
	const uint8_t *byte = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);

	if (size == 2 && memcmp(byte, "\x0f\x31", 2) == 0) {
		return qemu_plugin_insn_vaddr(insn) >> 63 ? ORDINARY : USER_RDTSC;
	}
	if (size > 1 && (byte[0] & 0xf0) == 0x40) {
		byte++; /* REX */
		size--;
	}
	if (byte[0] == 0xe8 || (size > 1 && byte[0] == 0xff && (byte[1] & 0x38) == 0x10)) {
		return CALL;
	}
	return byte[0] == 0xc3 || byte[0] == 0xc2 ? RETURN : ORDINARY;
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		struct instruction *it =
			malloc(sizeof(*it)); /* as long as the code cache may need it: for good */

		if (!it) {
			fprintf(stderr, "path: no memory\n");
			exit(1);
		}
		it->address = qemu_plugin_insn_vaddr(insn);
		it->kind = kind_of(insn);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, QEMU_PLUGIN_CB_NO_REGS,
						       it);
	}
}

static void on_end(qemu_plugin_id_t id, void *user)
{
	(void)id, (void)user;
	if (from) {
		keep();
	}
	for (size_t i = 0; i < complete.nr; i++) {
		if (complete.addresses[i]) {
			fprintf(out, "%" PRIx64 "\n", complete.addresses[i]);
		} else {
			fputc('\n', out);
		}
	}
	if (fclose(out) != 0) {
		perror("path");
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0) {
			out = fopen(argv[i] + 4, "w");
		} else if (strncmp(argv[i], "from=", 5) == 0) {
			from = strtoull(argv[i] + 5, NULL, 16);
		}
	}
	if (!out) {
		fprintf(stderr, "path: out=FILE: cannot be written\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
