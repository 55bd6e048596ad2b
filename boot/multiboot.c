/* The parser of the Multiboot2 boot information: a list of tags, each of which states its size. */
#include "multiboot.h"

#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "loader_facts.h"

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
static_assert(offsetof(struct tag_framebuffer, red_shift) == 32,
	      "Multiboot2 specification, \"Framebuffer info\"");

static status_t parse_command_line(const struct tag *tag, struct boot_info *out)
{
	return facts_command_line(out, (const char *)(tag + 1), tag->size - sizeof(*tag));
}

static status_t parse_module(const struct tag *tag, struct boot_info *out)
{
	const struct tag_module *module = (const struct tag_module *)tag;

	if (tag->size < sizeof(*module)) {
		format(out->error, sizeof(out->error), "a module tag of %u bytes is too short",
		       tag->size);
		return STATUS_EINVAL;
	}
	return facts_module(out, (pa_t){ module->start }, (pa_t){ module->end },
			    (const char *)(module + 1), tag->size - sizeof(*module));
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
	if (map->entry_size < sizeof(struct facts_range) ||
	    !is_aligned(map->entry_size, TAG_ALIGN) || len % map->entry_size != 0) {
		format(out->error, sizeof(out->error),
		       "%u bytes of memory map in entries of %u bytes", len, map->entry_size);
		return STATUS_EINVAL;
	}
	facts_memory_map(out, map + 1, len / map->entry_size, map->entry_size);
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

static status_t parse_tag(const struct tag *tag, struct boot_info *out)
{
	switch (tag->type) {
	case TAG_COMMAND_LINE: return parse_command_line(tag, out);
	case TAG_MODULE: return parse_module(tag, out);
	case TAG_MEMORY_MAP: return parse_memory_map(tag, out);
	case TAG_FRAMEBUFFER: return parse_framebuffer(tag, out);
	case TAG_RSDP_OLD: /* a loader may give both; the newer one says more */
	case TAG_RSDP_NEW: facts_rsdp(out, tag + 1, tag->size - sizeof(*tag)); return STATUS_OK;
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
	return facts_finish(out);
}
