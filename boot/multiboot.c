/* The parser of the Multiboot2 boot information: a list of tags, each of which states its size. */
#include "multiboot.h"

#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory_map.h"

enum { TAG_ALIGN = 8, SIZE_MIN = 16 };

enum tag_type {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,
	NR_TAG_TYPES = 32, /* of those that are looked at */
};

/* May appear once only. */
#define TAGS_UNIQUE (1u << TAG_COMMAND_LINE | 1u << TAG_MEMORY_MAP | 1u << TAG_FRAMEBUFFER)

struct header {
	uint32_t total_size;
	uint32_t reserved;
};

struct tag {
	uint32_t type;
	uint32_t size; /* with this header, without the padding behind it */
};

struct tag_module {
	struct tag tag;
	uint32_t start, end; /* then the command line */
};

struct tag_memory_map {
	struct tag tag;
	uint32_t entry_size;
	uint32_t entry_version; /* then the entries */
};

struct memory_entry {
	uint64_t start;
	uint64_t len;
	uint32_t type;
	uint32_t reserved;
};

enum { MEMORY_AVAILABLE = 1 };

struct tag_framebuffer {
	struct tag tag;
	uint64_t pa;
	uint32_t pitch, width, height;
	uint8_t bits_per_pixel;
	uint8_t type;
	uint16_t reserved;
	uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift,
		blue_bits; /* FRAMEBUFFER_RGB */
};

enum { FRAMEBUFFER_RGB = 1, FRAMEBUFFER_TEXT = 2, FRAMEBUFFER_BYTES_MAX = 1 << 30 };
#define FRAMEBUFFER_PA_END (1ul << 52)

static_assert(sizeof(struct tag_module) == 16, "Multiboot2 specification, \"Modules\"");
static_assert(sizeof(struct tag_memory_map) == 16, "Multiboot2 specification, \"Memory map\"");
static_assert(sizeof(struct memory_entry) == 24, "Multiboot2 specification, \"Memory map\"");
static_assert(offsetof(struct tag_framebuffer, red_shift) == 32,
	      "Multiboot2 specification, \"Framebuffer info\"");

static status_t parse_command_line(const struct tag *tag, struct boot_info *out)
{
	const char *text = (const char *)(tag + 1);
	size_t max = tag->size - sizeof(*tag);
	size_t len = strnlen(text, max);

	if (len == max) {
		format(out->error, sizeof(out->error), "the command line has no end");
		return STATUS_EINVAL;
	}
	if (len >= sizeof(out->command_line)) {
		format(out->error, sizeof(out->error),
		       "the command line has %zu bytes, at most %zu are taken", len,
		       sizeof(out->command_line) - 1);
		return STATUS_EINVAL;
	}
	string_copy(out->command_line, text, sizeof(out->command_line));
	return STATUS_OK;
}

status_t boot_info_check(struct boot_info *info, pa_t start, pa_t end, const char *what)
{
	for (unsigned i = 0; i < info->nr_modules; i++) {
		const struct boot_module *module = &info->modules[i];

		if (module->start.pa < end.pa && start.pa < module->end.pa) {
			format(info->error, sizeof(info->error),
			       "module %u at %#lx to %#lx overlaps %s at %#lx to %#lx", i,
			       module->start.pa, module->end.pa, what, start.pa, end.pa);
			return STATUS_EINVAL;
		}
	}
	return STATUS_OK;
}

static status_t parse_module(const struct tag *tag, struct boot_info *out)
{
	const struct tag_module *module = (const struct tag_module *)tag;
	const char *name = (const char *)(module + 1);
	struct boot_module *entry = &out->modules[out->nr_modules];
	size_t max;

	if (tag->size < sizeof(*module)) {
		format(out->error, sizeof(out->error), "a module tag of %u bytes is too short",
		       tag->size);
		return STATUS_EINVAL;
	}
	max = tag->size - sizeof(*module);
	if (max > 0 && strnlen(name, max) == max) {
		format(out->error, sizeof(out->error), "the name of module %u has no end",
		       out->nr_modules);
		return STATUS_EINVAL;
	}
	if (module->start >= module->end) {
		format(out->error, sizeof(out->error), "module %u is empty: %#x to %#x",
		       out->nr_modules, module->start, module->end);
		return STATUS_EINVAL;
	}
	if (out->nr_modules == MODULES_MAX) {
		format(out->error, sizeof(out->error), "more than %d modules", MODULES_MAX);
		return STATUS_EINVAL;
	}
	if (boot_info_check(out, (pa_t){ module->start }, (pa_t){ module->end },
			    "another module")) {
		return STATUS_EINVAL;
	}
	entry->start.pa = module->start;
	entry->end.pa = module->end;
	string_copy(entry->name, max > 0 ? name : "", sizeof(entry->name));
	out->nr_modules++;
	return STATUS_OK;
}

/* First what may be used, then what may not: the latter wins where the two overlap. */
static void parse_memory_entries(const uint8_t *entries, uint32_t len, uint32_t entry_size,
				 struct boot_info *out)
{
	for (uint32_t at = 0; at < len; at += entry_size) {
		const struct memory_entry *entry = (const struct memory_entry *)(entries + at);

		if (entry->type == MEMORY_AVAILABLE) {
			memory_map_add(out, entry->start, entry->len);
		}
	}
	for (uint32_t at = 0; at < len; at += entry_size) {
		const struct memory_entry *entry = (const struct memory_entry *)(entries + at);

		if (entry->type != MEMORY_AVAILABLE) {
			memory_map_remove(out, entry->start, entry->len);
		}
	}
}

static status_t parse_memory_map(const struct tag *tag, struct boot_info *out)
{
	const struct tag_memory_map *map = (const struct tag_memory_map *)tag;
	uint32_t len;

	if (tag->size < sizeof(*map)) {
		format(out->error, sizeof(out->error), "a memory map tag of %u bytes is too short",
		       tag->size);
		return STATUS_EINVAL;
	}
	len = tag->size - sizeof(*map);
	if (map->entry_size < sizeof(struct memory_entry) ||
	    !is_aligned(map->entry_size, TAG_ALIGN) || len % map->entry_size != 0) {
		format(out->error, sizeof(out->error),
		       "%u bytes of memory map in entries of %u bytes", len, map->entry_size);
		return STATUS_EINVAL;
	}
	parse_memory_entries((const uint8_t *)(map + 1), len, map->entry_size, out);
	return STATUS_OK;
}

/* A frame buffer of a kind that cannot be drawn on is no error: the machine has no screen then. */
static status_t parse_framebuffer(const struct tag *tag, struct boot_info *out)
{
	const struct tag_framebuffer *buffer = (const struct tag_framebuffer *)tag;
	uint64_t len;

	if (tag->size < offsetof(struct tag_framebuffer, red_shift)) {
		format(out->error, sizeof(out->error), "a framebuffer tag of %u bytes is too short",
		       tag->size);
		return STATUS_EINVAL;
	}
	if (buffer->type == FRAMEBUFFER_TEXT) {
		out->screen = BOOT_SCREEN_TEXT;
		return STATUS_OK;
	}
	if (buffer->type != FRAMEBUFFER_RGB) {
		return STATUS_OK;
	}
	if (tag->size < offsetof(struct tag_framebuffer, blue_bits) + 1) {
		format(out->error, sizeof(out->error),
		       "a framebuffer tag of %u bytes has no colours", tag->size);
		return STATUS_EINVAL;
	}
	len = (uint64_t)buffer->pitch * buffer->height;
	if (len > FRAMEBUFFER_BYTES_MAX || buffer->pa >= FRAMEBUFFER_PA_END - len) {
		return STATUS_OK;
	}
	out->framebuffer = (struct framebuffer){
		.pa = { buffer->pa },
		.pitch_bytes = buffer->pitch,
		.width = buffer->width,
		.height = buffer->height,
		.bits_per_pixel = buffer->bits_per_pixel,
		.red_shift = buffer->red_shift,
		.red_bits = buffer->red_bits,
		.green_shift = buffer->green_shift,
		.green_bits = buffer->green_bits,
		.blue_shift = buffer->blue_shift,
		.blue_bits = buffer->blue_bits,
	};
	out->screen = framebuffer_is_supported(&out->framebuffer) ? BOOT_SCREEN_FRAMEBUFFER
								  : BOOT_SCREEN_NONE;
	return STATUS_OK;
}

/* A loader may give both; the newer one says more. */
static void copy_rsdp(const struct tag *tag, struct boot_info *out)
{
	unsigned len = MIN(tag->size - (uint32_t)sizeof(*tag), (uint32_t)RSDP_BYTES);

	if (len > out->rsdp_len) {
		memcpy(out->rsdp, tag + 1, len);
		out->rsdp_len = len;
	}
}

static status_t parse_tag(const struct tag *tag, struct boot_info *out)
{
	switch (tag->type) {
	case TAG_COMMAND_LINE: return parse_command_line(tag, out);
	case TAG_MODULE: return parse_module(tag, out);
	case TAG_MEMORY_MAP: return parse_memory_map(tag, out);
	case TAG_FRAMEBUFFER: return parse_framebuffer(tag, out);
	case TAG_RSDP_OLD:
	case TAG_RSDP_NEW: copy_rsdp(tag, out); return STATUS_OK;
	default: return STATUS_OK;
	}
}

/* total: bytes of the whole structure, all readable */
static status_t parse_tags(const uint8_t *info, uint32_t total, struct boot_info *out)
{
	uint32_t seen = 0;
	uint64_t at = sizeof(struct header);

	while (at + sizeof(struct tag) <= total) {
		const struct tag *tag = (const struct tag *)(info + at);

		if (tag->size < sizeof(*tag) || tag->size > total - at) {
			format(out->error, sizeof(out->error),
			       "tag %u at offset %lu has a size of %u, %lu bytes are left",
			       tag->type, at, tag->size, total - at);
			return STATUS_EINVAL;
		}
		if (tag->type == TAG_END) {
			return STATUS_OK;
		}
		if (tag->type < NR_TAG_TYPES && seen & TAGS_UNIQUE & 1u << tag->type) {
			format(out->error, sizeof(out->error),
			       "tag %u at offset %lu was there before", tag->type, at);
			return STATUS_EINVAL;
		}
		if (tag->type < NR_TAG_TYPES) {
			seen |= 1u << tag->type;
		}
		if (parse_tag(tag, out)) {
			return STATUS_EINVAL;
		}
		at += align_up(tag->size, TAG_ALIGN);
	}
	format(out->error, sizeof(out->error), "no end tag in %u bytes", total);
	return STATUS_EINVAL;
}

status_t multiboot_parse(const void *info, uint64_t max_bytes, struct boot_info *out)
{
	const struct header *header = info;

	memset(out, 0, sizeof(*out));
	if (!info || !is_aligned((uintptr_t)info, TAG_ALIGN) || max_bytes < SIZE_MIN) {
		format(out->error, sizeof(out->error), "no boot information at %p", info);
		return STATUS_EINVAL;
	}
	if (header->total_size < SIZE_MIN || header->total_size > max_bytes) {
		format(out->error, sizeof(out->error),
		       "a total size of %u, at most %lu bytes can be there", header->total_size,
		       max_bytes);
		return STATUS_EINVAL;
	}
	if (parse_tags(info, header->total_size, out)) {
		return STATUS_EINVAL;
	}
	if (out->nr_usable == 0) {
		format(out->error, sizeof(out->error), "no usable memory");
		return STATUS_EINVAL;
	}
	return STATUS_OK;
}
