/*
 * The check of an ELF program. Source: System V ABI, "Object Files" and "Program Loading", and its
 * AMD64 supplement.
 */
#include "task/process/elf.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/table/layout.h"

struct file_header {
	uint8_t magic[4];
	uint8_t class, encoding, ident_version, abi, abi_version, padding[7];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry;
	uint64_t headers_offset, sections_offset;
	uint32_t flags;
	uint16_t file_header_bytes, header_bytes, nr_headers;
	uint16_t section_bytes, nr_sections, section_names;
};
static_assert(sizeof(struct file_header) == 64, "System V ABI, \"ELF Header\"");

struct program_header {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_len, len, align;
};
static_assert(sizeof(struct program_header) == ELF_HEADER_BYTES,
	      "System V ABI, \"Program Header\"");

enum { CLASS_64 = 2, ENCODING_LITTLE = 1, VERSION = 1, ABI_SYSTEM_V = 0, ABI_LINUX = 3 };
enum { TYPE_EXECUTABLE = 2, MACHINE_X86_64 = 62 };
enum { SEGMENT_LOAD = 1, SEGMENT_INTERPRETER = 3 };
enum { FLAG_EXECUTE = 1, FLAG_WRITE = 2, FLAG_READ = 4 };

#define LEN_TOTAL_MAX (1ul << 30)

static status_t refuse(struct elf_image *image, const char *why)
{
	image->error = why;
	return STATUS_ENOEXEC;
}

static status_t check_file_header(const struct file_header *header, size_t size,
				  struct elf_image *image)
{
	if (memcmp(header->magic, "\177ELF", sizeof(header->magic))) {
		return refuse(image, "not an ELF file");
	}
	if (header->class != CLASS_64 || header->encoding != ENCODING_LITTLE ||
	    header->ident_version != VERSION || header->version != VERSION ||
	    (header->abi != ABI_SYSTEM_V && header->abi != ABI_LINUX) ||
	    header->machine != MACHINE_X86_64) {
		return refuse(image, "not for 64-bit x86");
	}
	if (header->type != TYPE_EXECUTABLE) {
		return refuse(image, "not a static program linked at a fixed address");
	}
	if (header->file_header_bytes != sizeof(*header) ||
	    header->header_bytes != ELF_HEADER_BYTES) {
		return refuse(image, "headers of an unknown size");
	}
	if (header->nr_headers == 0 || header->nr_headers > ELF_HEADERS_MAX) {
		return refuse(image, "no program headers, or too many");
	}
	if (header->headers_offset > size ||
	    (uint64_t)header->nr_headers * ELF_HEADER_BYTES > size - header->headers_offset) {
		return refuse(image, "program headers past the end of the file");
	}
	return STATUS_OK;
}

static status_t check_segment(const struct program_header *header, size_t size,
			      struct elf_image *image)
{
	uint64_t end;

	if (header->file_len > header->len) {
		return refuse(image, "a segment has more bytes in the file than in memory");
	}
	if (header->offset > size || header->file_len > size - header->offset) {
		return refuse(image, "a segment past the end of the file");
	}
	if (__builtin_add_overflow(header->address, header->len, &end)) {
		return refuse(image, "a segment wraps around the end of the address space");
	}
	if (header->address < USER_MIN || end > PROGRAM_SEGMENTS_TOP) {
		return refuse(image, "a segment outside of user space");
	}
	if (header->align > 1 && (header->align & (header->align - 1))) {
		return refuse(image, "a segment's alignment is no power of two");
	}
	if (!is_aligned(header->address - header->offset,
			MAX(header->align, (uint64_t)PAGE_SIZE))) {
		return refuse(image, "a segment is misaligned");
	}
	if (!(header->flags & FLAG_READ)) {
		return refuse(image, "a segment that is not readable");
	}
	if (header->flags & FLAG_WRITE && header->flags & FLAG_EXECUTE) {
		return refuse(image, "a segment both writable and executable");
	}
	return STATUS_OK;
}

/* Segments come by address, so that only the last one taken can overlap. */
static status_t take_segment(const struct program_header *header, size_t size,
			     struct elf_image *image)
{
	if (header->len == 0 && header->file_len == 0) {
		return STATUS_OK;
	}
	if (check_segment(header, size, image)) {
		return STATUS_ENOEXEC;
	}
	if (image->nr_segments > 0 && align_down(header->address, PAGE_SIZE) < image->end.uva) {
		return refuse(image, "segments overlap, share a page, or are not in order");
	}
	if (image->nr_segments == ELF_SEGMENTS_MAX) {
		return refuse(image, "too many segments");
	}
	image->segments[image->nr_segments++] = (struct elf_segment){
		.start = { header->address },
		.len_bytes = header->len,
		.file_offset = header->offset,
		.file_len_bytes = header->file_len,
		.rights = (header->flags & FLAG_WRITE ? ELF_WRITE : 0) |
			  (header->flags & FLAG_EXECUTE ? ELF_EXECUTE : 0),
	};
	image->nr_pages +=
		(unsigned)segment_nr_file_pages(&image->segments[image->nr_segments - 1]);
	image->end.uva = align_up(header->address + header->len, PAGE_SIZE);
	return STATUS_OK;
}

static status_t take_segments(const uint8_t *file, size_t size, const struct file_header *header,
			      struct elf_image *image)
{
	for (unsigned i = 0; i < header->nr_headers; i++) {
		struct program_header segment;

		__builtin_memcpy(&segment, file + header->headers_offset + i * sizeof(segment),
				 sizeof(segment));
		if (segment.type == SEGMENT_INTERPRETER) {
			return refuse(image, "a dynamic program: it asks for an interpreter");
		}
		if (segment.type == SEGMENT_LOAD && take_segment(&segment, size, image)) {
			return STATUS_ENOEXEC;
		}
	}
	return image->nr_segments > 0 ? STATUS_OK : refuse(image, "no segment to load");
}

static status_t check_total(struct elf_image *image)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < image->nr_segments; i++) {
		total += image->segments[i]
				 .len_bytes; /* disjoint parts of user space: cannot wrap */
	}
	if (total > LEN_TOTAL_MAX) {
		image->error = "segments of more than 1 GiB";
		return STATUS_ENOMEM;
	}
	return STATUS_OK;
}

static status_t take_entry(const struct file_header *header, struct elf_image *image)
{
	for (unsigned i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (segment->rights & ELF_EXECUTE && header->entry >= segment->start.uva &&
		    header->entry - segment->start.uva < segment->len_bytes) {
			image->entry.uva = header->entry;
			return STATUS_OK;
		}
	}
	return refuse(image, "the entry point is not in an executable segment");
}

/* Where the program finds its own program headers, which its start-up code reads. */
static void take_headers(const struct file_header *header, struct elf_image *image)
{
	uint64_t offset = header->headers_offset;
	uint64_t len = (uint64_t)header->nr_headers * ELF_HEADER_BYTES;

	image->nr_headers = header->nr_headers;
	for (unsigned i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (offset >= segment->file_offset && len <= segment->file_len_bytes &&
		    offset - segment->file_offset <= segment->file_len_bytes - len) {
			image->headers.uva = segment->start.uva + (offset - segment->file_offset);
			return;
		}
	}
}

status_t elf_parse(const void *file, size_t size_bytes, struct elf_image *out)
{
	struct file_header header;
	status_t status;

	memset(out, 0, offsetof(struct elf_image, segments));
	if (size_bytes < sizeof(header)) {
		return refuse(out, "not an ELF file: too short");
	}
	memcpy(&header, file, sizeof(header));
	status = check_file_header(&header, size_bytes, out);
	if (!status) {
		status = take_segments(file, size_bytes, &header, out);
	}
	if (!status) {
		status = check_total(out);
	}
	if (!status) {
		status = take_entry(&header, out);
	}
	if (!status) {
		take_headers(&header, out);
	}
	return status;
}
