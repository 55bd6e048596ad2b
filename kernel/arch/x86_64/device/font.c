/*
 * The PC Screen Font format: a header, then the glyphs, then a table of Unicode characters that is
 * not needed.
 */
#include "arch/x86_64/device/font.h"

#include "lib/string.h"

enum { PSF1_MAGIC = 0x0436, PSF1_512_GLYPHS = 1 };
#define PSF2_MAGIC 0x864ab572u

struct psf1 {
	uint16_t magic;
	uint8_t mode;
	uint8_t height; /* the width is 8 */
};

struct psf2 {
	uint32_t magic;
	uint32_t version;
	uint32_t header_bytes;
	uint32_t flags;
	uint32_t nr_glyphs;
	uint32_t glyph_bytes;
	uint32_t height, width;
};

static bool parse_psf1(const uint8_t *file, size_t len, struct font *font, uint64_t *glyphs_at)
{
	struct psf1 header;

	if (len < sizeof(header)) {
		return false;
	}
	memcpy(&header, file, sizeof(header));
	*font = (struct font){
		.width = 8,
		.height = header.height,
		.line_bytes = 1,
		.nr_glyphs = header.mode & PSF1_512_GLYPHS ? 512 : 256,
	};
	*glyphs_at = sizeof(header);
	return header.magic == PSF1_MAGIC;
}

static bool parse_psf2(const uint8_t *file, size_t len, struct font *font, uint64_t *glyphs_at)
{
	struct psf2 header;

	if (len < sizeof(header)) {
		return false;
	}
	memcpy(&header, file, sizeof(header));
	*font = (struct font){
		.width = header.width,
		.height = header.height,
		.line_bytes = header.width / 8 + (header.width % 8 != 0),
		.nr_glyphs = header.nr_glyphs,
	};
	*glyphs_at = header.header_bytes;
	return header.magic == PSF2_MAGIC;
}

bool font_parse(const uint8_t *file, size_t len_bytes, struct font *out)
{
	enum { SIDE_MAX = 64, GLYPHS_MIN = 128, GLYPHS_MAX = 65536 };
	struct font font;
	uint64_t glyphs_at;

	if (!parse_psf1(file, len_bytes, &font, &glyphs_at) &&
	    !parse_psf2(file, len_bytes, &font, &glyphs_at)) {
		return false;
	}
	if (font.width == 0 || font.width > SIDE_MAX || font.height == 0 ||
	    font.height > SIDE_MAX || font.nr_glyphs < GLYPHS_MIN || font.nr_glyphs > GLYPHS_MAX ||
	    glyphs_at + (uint64_t)font.nr_glyphs * font.line_bytes * font.height > len_bytes) {
		return false;
	}
	font.glyphs = file + glyphs_at;
	*out = font;
	return true;
}
