/* sources: kernel/task/process/elf.c kernel/lib/string.c */

/* Whatever file the ELF checker takes, it can be mapped safely. */
#include "elf_build.h"
#include "fuzz.h"
#include "host_assert.h"

#include "mm/table/layout.h"
#include "task/process/elf.h"

static void check(bool condition)
{
	if (!condition) {
		abort();
	}
}

static void check_segment(const struct elf_segment *segment, uint64_t previous_end, size_t size)
{
	check(segment->len_bytes > 0 && segment->file_len_bytes <= segment->len_bytes);
	check(segment->file_offset <= size &&
	      segment->file_len_bytes <= size - segment->file_offset);
	check(segment->len_bytes <= 1ul << 30);
	check(align_down(segment->start.uva, PAGE_SIZE) >= MAX(previous_end, USER_MIN));
	check(segment->start.uva + segment->len_bytes < USER_TOP);
	check(is_aligned(segment->start.uva - segment->file_offset, PAGE_SIZE));
	check(segment->rights == ELF_READ || segment->rights == ELF_WRITE ||
	      segment->rights == ELF_EXECUTE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	status_t status = elf_parse(data, size, &image);
	uint64_t end = 0;
	bool has_entry = false;

	if (status) {
		check((status == STATUS_ENOEXEC || status == STATUS_ENOMEM) && image.error);
		return 0;
	}
	check(image.nr_segments > 0 && image.nr_segments <= ELF_SEGMENTS_MAX);
	for (unsigned i = 0; i < image.nr_segments; i++) {
		const struct elf_segment *segment = &image.segments[i];

		check_segment(segment, end, size);
		end = align_up(segment->start.uva + segment->len_bytes, PAGE_SIZE);
		has_entry =
			has_entry ||
			(segment->rights == ELF_EXECUTE && image.entry.uva >= segment->start.uva &&
			 image.entry.uva < segment->start.uva + segment->len_bytes);
	}
	check(has_entry && image.end.uva == end && image.nr_headers <= ELF_HEADERS_MAX);
	return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *data, size_t size_max)
{
	struct elf_build file;
	size_t len = sizeof(file);

	elf_ordinary(&file);
	check(len <= size_max);
	if (index == 1) {
		/* Small, so that most damage hits a header. */
		len = offsetof(struct elf_build, rest);
		for (unsigned i = 0; i < 3; i++) {
			file.segments[i].p_filesz = 0;
			file.segments[i].p_offset &= 0xfff;
		}
		file.segments[2].p_offset = 0;
		file.segments[2].p_vaddr = 0x404000;
	}
	memcpy(data, &file, len);
	return index < 2 ? len : 0;
}
