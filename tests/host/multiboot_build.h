/* Builds Multiboot2 boot information, well-formed unless the caller says otherwise. */
#pragma once

#include <stdint.h>
#include <string.h>

struct builder {
	uint8_t bytes[65536] __attribute__((aligned(8)));
	uint32_t len;
};

static inline void build_bytes(struct builder *builder, const void *bytes, uint32_t len)
{
	memcpy(builder->bytes + builder->len, bytes, len);
	builder->len += len;
}

static inline void build_u32(struct builder *builder, uint32_t value)
{
	build_bytes(builder, &value, sizeof(value));
}

static inline void build_u64(struct builder *builder, uint64_t value)
{
	build_bytes(builder, &value, sizeof(value));
}

static inline void build_start(struct builder *builder)
{
	memset(builder, 0, sizeof(*builder));
	builder->len = 8;
}

/* Opens a tag, to be closed by build_close. Returns its offset. */
static inline uint32_t build_open(struct builder *builder, uint32_t type)
{
	uint32_t at = builder->len;

	build_u32(builder, type);
	build_u32(builder, 0);
	return at;
}

static inline void build_close(struct builder *builder, uint32_t at)
{
	uint32_t size = builder->len - at;

	memcpy(builder->bytes + at + 4, &size, sizeof(size));
	builder->len = (builder->len + 7) & ~7u;
}

static inline void build_command_line(struct builder *builder, const char *text)
{
	uint32_t at = build_open(builder, 1);

	build_bytes(builder, text, (uint32_t)strlen(text) + 1);
	build_close(builder, at);
}

static inline void build_module(struct builder *builder, uint32_t start, uint32_t end,
				const char *name)
{
	uint32_t at = build_open(builder, 3);

	build_u32(builder, start);
	build_u32(builder, end);
	build_bytes(builder, name, (uint32_t)strlen(name) + 1);
	build_close(builder, at);
}

struct build_range {
	uint64_t start, len;
	uint32_t type; /* 1: usable */
};

static inline void build_memory(struct builder *builder, const struct build_range *ranges,
				unsigned nr)
{
	uint32_t at = build_open(builder, 6);

	build_u32(builder, 24);
	build_u32(builder, 0);
	for (unsigned i = 0; i < nr; i++) {
		build_u64(builder, ranges[i].start);
		build_u64(builder, ranges[i].len);
		build_u32(builder, ranges[i].type);
		build_u32(builder, 0);
	}
	build_close(builder, at);
}

/* Type 1: 32 bits per pixel, 8 per colour, blue lowest. Type 2: text. */
static inline void build_framebuffer(struct builder *builder, uint8_t type, uint32_t pitch,
				     uint32_t width, uint32_t height, uint8_t bits)
{
	const uint8_t kind[] = { bits, type, 0, 0 };
	const uint8_t colours[] = { 16, 8, 8, 8, 0, 8 };
	uint32_t at = build_open(builder, 8);

	build_u64(builder, 0xfd000000);
	build_u32(builder, pitch);
	build_u32(builder, width);
	build_u32(builder, height);
	build_bytes(builder, kind, sizeof(kind));
	if (type == 1) {
		build_bytes(builder, colours, sizeof(colours));
	}
	build_close(builder, at);
}

static inline void build_end(struct builder *builder)
{
	build_close(builder, build_open(builder, 0));
	memcpy(builder->bytes, &builder->len, sizeof(builder->len));
}

/* What GRUB gives on a machine of 512 MiB with a frame buffer. */
static inline void build_ordinary(struct builder *builder)
{
	static const struct build_range ranges[] = {
		{ 0, 0x9fc00, 1 },           { 0x9fc00, 0x400, 2 },      { 0xf0000, 0x10000, 2 },
		{ 0x100000, 0x1fee0000, 1 }, { 0x1ffe0000, 0x20000, 2 }, { 0xfffc0000, 0x40000, 2 },
	};
	uint32_t at;

	build_start(builder);
	build_command_line(builder, "xpfo=off vuln=on");
	build_module(builder, 0x800000, 0x900000, "archive");
	build_memory(builder, ranges, sizeof(ranges) / sizeof(ranges[0]));
	build_framebuffer(builder, 1, 4096, 1024, 768, 32);
	at = build_open(builder, 14);
	build_bytes(builder, "RSD PTR 12345678abcd", 20);
	build_close(builder, at);
	build_end(builder);
}
