/* sources: kernel/task/process/elf.c kernel/lib/string.c */

/*
 * The check of ELF programs: what a sound one yields, and that each way to be unsound is refused.
 */
#include "elf_build.h"
#include "host_assert.h"
#include "tap.h"

#include "mm/table/layout.h"
#include "task/process/elf.h"

static struct elf_build file;
static struct elf_image image;

/* Parses a copy that ends where the file ends, so that reading on is noticed. */
static status_t parse_of_size(size_t size)
{
	uint8_t *copy = malloc(size);
	status_t status;

	memcpy(copy, &file, size);
	status = elf_parse(copy, size, &image);
	free(copy);
	return status;
}

static void test_ordinary(void)
{
	elf_ordinary(&file);
	is(parse_of_size(sizeof(file)), STATUS_OK, "a sound program");
	is(image.nr_segments, 3, "segments");
	is(image.entry.uva, 0x401010, "entry point");
	is(image.headers.uva, 0x400040, "program headers in memory");
	is(image.nr_headers, ELF_BUILD_SEGMENTS, "number of program headers");
	is(image.end.uva, 0x406000, "the end is that of the last page");
	ok(image.segments[0].rights == ELF_READ && image.segments[1].rights == ELF_EXECUTE &&
		   image.segments[2].rights == ELF_WRITE,
	   "rights");
	ok(image.segments[2].start.uva == 0x403f00 && image.segments[2].len_bytes == 0x2000 &&
		   image.segments[2].file_offset == 0x2f00 &&
		   image.segments[2].file_len_bytes == 0x900,
	   "data segment");
	file.segments[0].p_offset = 0x1000;
	is(parse_of_size(sizeof(file)), STATUS_OK, "a program that does not load its headers");
	is(image.headers.uva, 0, "has none in memory");
	elf_ordinary(&file);
	file.segments[0].p_type = PT_NULL;
	file.segments[1].p_memsz = file.segments[1].p_filesz = 0;
	file.header.e_entry = 0x403f00;
	file.segments[2].p_flags = PF_R | PF_X;
	is(parse_of_size(sizeof(file)), STATUS_OK, "empty segments");
	is(image.nr_segments, 1, "are passed over");
}

/* One change of a sound program, and what must come of it. */
struct change {
	const char *name;
	size_t offset;
	size_t len;
	uint64_t value;
	const char *message;
};

#define CHANGE(name, field, value, message)                                                        \
	(struct change)                                                                            \
	{                                                                                          \
		name " = " #value, offsetof(struct elf_build, field), sizeof(file.field), value,   \
			message                                                                    \
	}
#define IDENT(index, value, message) CHANGE(#index, header.e_ident[index], value, message)
#define HEADER(field, value, message) CHANGE(#field, header.field, value, message)
#define SEGMENT(index, field, value, message)                                                      \
	CHANGE("segment " #index ", " #field, segments[index].field, value, message)

static const struct change changes[] = {
	IDENT(EI_MAG0, 0, "not an ELF file"),
	IDENT(EI_MAG3, 'G', "not an ELF file"),
	IDENT(EI_CLASS, ELFCLASS32, "not for 64-bit x86"),
	IDENT(EI_DATA, ELFDATA2MSB, "not for 64-bit x86"),
	IDENT(EI_VERSION, 0, "not for 64-bit x86"),
	IDENT(EI_OSABI, ELFOSABI_FREEBSD, "not for 64-bit x86"),
	HEADER(e_version, 2, "not for 64-bit x86"),
	HEADER(e_machine, EM_386, "not for 64-bit x86"),
	HEADER(e_machine, EM_AARCH64, "not for 64-bit x86"),
	HEADER(e_type, ET_DYN, "not a static program"),
	HEADER(e_type, ET_REL, "not a static program"),
	HEADER(e_type, ET_CORE, "not a static program"),
	HEADER(e_ehsize, 52, "unknown size"),
	HEADER(e_phentsize, 32, "unknown size"),
	HEADER(e_phentsize, 0, "unknown size"),
	HEADER(e_phnum, 0, "no program headers"),
	HEADER(e_phnum, ELF_HEADERS_MAX + 1, "too many"),
	HEADER(e_phnum, PN_XNUM, "too many"),
	HEADER(e_phoff, ELF_BUILD_BYTES, "headers past the end"),
	HEADER(e_phoff, ELF_BUILD_BYTES - 5 * sizeof(Elf64_Phdr) + 1, "headers past the end"),
	HEADER(e_phoff, UINT64_MAX, "headers past the end"),
	HEADER(e_phoff, UINT64_MAX - 5 * sizeof(Elf64_Phdr) + 1, "headers past the end"),
	HEADER(e_phoff, 0x3000, "no segment"),
	HEADER(e_entry, 0, "entry point"),
	HEADER(e_entry, 0x400fff, "entry point"),
	HEADER(e_entry, 0x402800, "entry point"),
	HEADER(e_entry, 0x403f00, "entry point"),
	HEADER(e_entry, 0xffffffff80000000, "entry point"),
	SEGMENT(3, p_type, PT_INTERP, "interpreter"),
	SEGMENT(1, p_filesz, 0x1801, "more bytes in the file"),
	SEGMENT(1, p_filesz, UINT64_MAX, "more bytes in the file"),
	SEGMENT(1, p_memsz, 0, "more bytes in the file"),
	SEGMENT(2, p_offset, 0x3f00, "past the end"),
	SEGMENT(2, p_offset, UINT64_MAX - 0xff, "past the end"),
	SEGMENT(2, p_memsz, UINT64_MAX, "wraps"),
	SEGMENT(2, p_memsz, UINT64_MAX - 0x403f00 + 1, "wraps"),
	SEGMENT(2, p_memsz, 0x0000700000000000, "1 GiB"),
	SEGMENT(2, p_memsz, 0x0000800000000000, "outside of user space"),
	SEGMENT(2, p_memsz, 1ul << 63, "outside of user space"),
	SEGMENT(2, p_vaddr, 0xffffffff80000f00, "outside of user space"),
	SEGMENT(2, p_vaddr, 0xffff888000000f00, "outside of user space"),
	SEGMENT(2, p_vaddr, 0x00007ffffffffffful - 0xff, "outside of user space"),
	SEGMENT(2, p_vaddr, 0x0000800000000f00, "outside of user space"),
	SEGMENT(2, p_vaddr, 0x00007ffffffff000 - (1 << 30) - 0x100, "outside of user space"),
	SEGMENT(2, p_vaddr, 0x403f08, "misaligned"),
	SEGMENT(2, p_align, 0x3000, "power of two"),
	SEGMENT(2, p_align, 0x200000, "misaligned"),
	SEGMENT(0, p_vaddr, 0, "outside of user space"),
	SEGMENT(0, p_vaddr, 0xf000, "outside of user space"),
	SEGMENT(0, p_vaddr, 0x500000, "not in order"),
	SEGMENT(0, p_memsz, 0x1001, "overlap"),
	SEGMENT(1, p_memsz, 0x3000, "overlap"),
	SEGMENT(1, p_memsz, 0x2001, "share a page"),
	SEGMENT(1, p_flags, PF_R | PF_W | PF_X, "both writable and executable"),
	SEGMENT(1, p_flags, PF_X, "not readable"),
	SEGMENT(2, p_flags, PF_W, "not readable"),
	SEGMENT(2, p_flags, 0, "not readable"),
	SEGMENT(2, p_memsz, 1ul << 30, "1 GiB"),
};

static void test_changes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const struct change *change = &changes[i];
		bool is_large = !strcmp(change->message, "1 GiB");
		status_t wanted = is_large ? STATUS_ENOMEM : STATUS_ENOEXEC;
		status_t status;

		elf_ordinary(&file);
		memcpy((uint8_t *)&file + change->offset, &change->value, change->len);
		status = parse_of_size(sizeof(file));
		ok(status == wanted && image.error && strstr(image.error, change->message),
		   "%s: %d, \"%s\"", change->name, status, image.error ? image.error : "");
	}
}

/* Changes that lead exactly to a limit. */
static const struct change limits[] = {
	HEADER(e_phnum, ELF_HEADERS_MAX, "as many headers as there may be"),
	SEGMENT(0, p_vaddr, USER_MIN, "the lowest address"),
	SEGMENT(0, p_memsz, 0x1000, "a segment up to the next"),
	SEGMENT(0, p_filesz, 0x158, "a segment that just holds the headers"),
	SEGMENT(2, p_vaddr, USER_TOP - (1 << 30) - 0x2000 - 0x100,
		"a segment in the highest page but one"),
	SEGMENT(2, p_memsz, (1 << 30) - 0x300 - 0x1800, "1 GiB in all"),
	SEGMENT(2, p_filesz, 0x900, "data up to the end of the file"),
	SEGMENT(2, p_align, 0, "no alignment"),
	SEGMENT(2, p_align, 1, "alignment of 1"),
	SEGMENT(3, p_filesz, UINT64_MAX, "thread-local storage is not the kernel's business"),
};

static void test_limits(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		elf_ordinary(&file);
		memcpy((uint8_t *)&file + limits[i].offset, &limits[i].value, limits[i].len);
		is(parse_of_size(sizeof(file)), STATUS_OK, "%s: taken, %s", limits[i].name,
		   limits[i].message);
	}
	elf_ordinary(&file);
	file.segments[2].p_vaddr = USER_TOP - (1 << 30) - 0x1100;
	file.segments[2].p_memsz = 0x1100;
	is(parse_of_size(sizeof(file)), STATUS_OK, "the highest address");
	elf_ordinary(&file);
	file.segments[2].p_offset = sizeof(file);
	file.segments[2].p_filesz = 0;
	file.segments[2].p_vaddr = 0x403000 + sizeof(file) % PAGE_SIZE;
	is(parse_of_size(sizeof(file)), STATUS_OK, "no data, at the end of the file");
	elf_ordinary(&file);
	file.header.e_phoff = sizeof(file) - sizeof(file.segments);
	memcpy((uint8_t *)&file + file.header.e_phoff, file.segments, sizeof(file.segments));
	is(parse_of_size(sizeof(file)), STATUS_OK, "program headers at the end of the file");
	is(image.headers.uva, 0x403f00 + file.header.e_phoff - 0x2f00, "are found in memory there");
}

/* Where the headers are in memory, if the first segment has these bytes of the file. */
static uint64_t headers_at(uint64_t offset, uint64_t len)
{
	elf_ordinary(&file);
	file.segments[0].p_offset = offset;
	file.segments[0].p_vaddr = 0x400000 + offset;
	file.segments[0].p_filesz = len;
	return parse_of_size(sizeof(file)) == STATUS_OK ? image.headers.uva : 1;
}

static void test_headers(void)
{
	uint64_t start = sizeof(Elf64_Ehdr), len = sizeof(file.segments);

	is(headers_at(start, len), 0x400000 + start, "a segment that is the headers has them");
	is(headers_at(start, len - 1), 0, "one that is a byte short of their end has not");
	is(headers_at(start + 1, len), 0, "nor one that starts a byte behind their start");
	is(headers_at(0, start + len), 0x400000 + start, "one up to their end has them");
	is(headers_at(0, start + len - 1), 0, "one up to the last byte has not");
	is(headers_at(0, start), 0, "nor one that ends where they start");
}

static void test_sizes(void)
{
	bool refused = true;

	elf_ordinary(&file);
	for (size_t size = 0; size < 0x3800; size += size < 0x400 ? 1 : 0x100) {
		refused = refused && parse_of_size(size) == STATUS_ENOEXEC && image.error;
	}
	ok(refused, "cut anywhere it is refused");
	is(elf_parse("#!/bin/sh\n", 10, &image), STATUS_ENOEXEC, "a script");
}

static void test_many_segments(void)
{
	static uint8_t many[0x2000];
	Elf64_Phdr *segments = (Elf64_Phdr *)(many + sizeof(Elf64_Ehdr));

	elf_ordinary(&file);
	memcpy(many, &file.header, sizeof(file.header));
	for (unsigned i = 0; i <= ELF_SEGMENTS_MAX; i++) {
		segments[i] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0,     0x401000 + i * 0x1000,
					    0,       0x100,       0x100, 0x1000 };
	}
	((Elf64_Ehdr *)many)->e_phnum = ELF_SEGMENTS_MAX;
	is(elf_parse(many, sizeof(many), &image), STATUS_OK,
	   "as many segments as there is room for");
	((Elf64_Ehdr *)many)->e_phnum = ELF_SEGMENTS_MAX + 1;
	is(elf_parse(many, sizeof(many), &image), STATUS_ENOEXEC, "one more is refused");
}

int main(void)
{
	test_ordinary();
	test_changes();
	test_limits();
	test_headers();
	test_sizes();
	test_many_segments();
	return done_testing();
}
