/*
 * A static program for the ELF checker: as the linker makes them, with text, read-only data and
 * data.
 */
#pragma once

#include <elf.h>
#include <stdint.h>
#include <string.h>

enum { ELF_BUILD_BYTES = 0x3800, ELF_BUILD_SEGMENTS = 5 };

struct elf_build {
	Elf64_Ehdr header;
	Elf64_Phdr segments[ELF_BUILD_SEGMENTS]; /* R with the headers, RX, RW, TLS, GNU_STACK */
	uint8_t rest[ELF_BUILD_BYTES - sizeof(Elf64_Ehdr) -
		     ELF_BUILD_SEGMENTS * sizeof(Elf64_Phdr)];
};

static inline void elf_ordinary(struct elf_build *file)
{
	*file = (struct elf_build){
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_entry = 0x401010, .e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = ELF_BUILD_SEGMENTS,
		},
		.segments = {
			{ PT_LOAD, PF_R, 0, 0x400000, 0x400000, 0x300, 0x300, 0x1000 },
			{ PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0, 0x1800, 0x1800, 0x1000 },
			{ PT_LOAD, PF_R | PF_W, 0x2f00, 0x403f00, 0x403f00, 0x900, 0x2000, 0x1000 },
			{ PT_TLS, PF_R, 0x2f00, 0x403f00, 0x403f00, 0x10, 0x20, 8 },
			{ PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16 },
		},
	};
}
