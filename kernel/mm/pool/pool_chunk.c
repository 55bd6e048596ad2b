/*
 * Objects within one area, first fit behind a bump pointer. What is written down about them lies in
 * the area and is sealed with it:
 *
 *   span | one bit per 8 bytes: a chunk starts here | chunk chunk chunk ... | never used
 *   chunk = { how long it is, how long its object is (0: free) } object
 *
 * Invariants: the chunks up to `tail` follow each other without a gap; no two free ones do, and the
 * last one is in use; free ones are all zero but for their first word. While an area is open all
 * this is as exposed as what the area holds, so it is believed only within the area's limits.
 */
#include "lib/string.h"
#include "mm/pool/pool.h"
#include "mm/sanitizer/marks.h"

enum { GRANULE = 8, CHUNK_BYTES = 8, BITS = 64 };

struct span {
	uint32_t tail;       /* from where nothing was handed out yet, counted from the first chunk
			      */
	uint32_t hole_bytes; /* in free chunks */
	uint64_t starts[];
};

struct chunk {
	uint32_t len_bytes;  /* with this */
	uint32_t size_bytes; /* of the object; 0: free */
};

static struct span *span_of(const struct pool_area *area) { return (struct span *)area->base; }

static uint32_t first_offset(size_t len_bytes)
{
	return (uint32_t)(sizeof(struct span) + align_up(len_bytes, GRANULE * BITS) /
							(GRANULE * BITS) * sizeof(uint64_t));
}

/* Where the chunks end; a value that cannot be counts as none. */
static uint32_t tail_of(const struct pool_area *area)
{
	uint32_t first = first_offset(area->len_bytes), tail = span_of(area)->tail;

	return tail <= area->len_bytes - first && tail % GRANULE == 0 ? first + tail : first;
}

size_t pool_area_bytes(size_t size_bytes, size_t align_bytes)
{
	size_t need = CHUNK_BYTES + align_up(size_bytes, GRANULE) + align_bytes;

	/* the bits are 1/64 of the area; the rest rounds up */
	return align_up(need + need / 60 + sizeof(struct span) + 2 * sizeof(uint64_t), PAGE_SIZE);
}

/* --- writing --- */

/* Eight bytes of the area, in one store. */
static void store(const struct pool_area *area, uint64_t at, uint64_t value)
{
	if (!area->is_sealed) {
		*(volatile uint64_t *)at = value;
	} else if (pool_store(area->id, at, value, sizeof(value))) {
		/* not our page any more: what is written there is not ours either */
		return;
	}
}

/* EFAULT: not all of it. */
static status_t clear(const struct pool_area *area, uint64_t at, size_t len_bytes)
{
	status_t status = STATUS_OK;

	if (!area->is_sealed) {
		memset((void *)at, 0, len_bytes);
		return STATUS_OK;
	}
	for (size_t done = 0, piece; done < len_bytes && status == STATUS_OK; done += piece) {
		piece = MIN(len_bytes - done,
			    WR_PAGES_MAX * (size_t)PAGE_SIZE - (at + done) % PAGE_SIZE);
		status = pool_set(area->id, at + done, 0, piece);
	}
	return status;
}

static void start_set(const struct pool_area *area, uint32_t offset, bool is_start)
{
	uint64_t *word = &span_of(area)->starts[offset / GRANULE / BITS];
	uint64_t bit = 1ul << (offset / GRANULE % BITS);

	store(area, (uint64_t)word, is_start ? *word | bit : *word & ~bit);
}

static void chunk_write(const struct pool_area *area, uint32_t offset, struct chunk chunk)
{
	store(area, area->base + offset, chunk.len_bytes | (uint64_t)chunk.size_bytes << 32);
}

static void chunk_make(const struct pool_area *area, uint32_t offset, uint32_t len_bytes,
		       uint32_t size_bytes)
{
	chunk_write(area, offset, (struct chunk){ len_bytes, size_bytes });
	start_set(area, offset, true);
}

/* The chunk merges with what is in front of it, or with what was never used. */
static void chunk_erase(const struct pool_area *area, uint32_t offset)
{
	start_set(area, offset, false);
	chunk_write(area, offset, (struct chunk){ 0 });
}

static void span_write(const struct pool_area *area, uint32_t tail, uint32_t hole_bytes)
{
	store(area, area->base,
	      (tail - first_offset(area->len_bytes)) | (uint64_t)hole_bytes << 32);
}

/* --- reading --- */

/* False: there is none, or it is damaged. */
static bool chunk_read(const struct pool_area *area, uint32_t offset, struct chunk *out)
{
	uint32_t tail = tail_of(area);

	if (offset >= tail) {
		return false;
	}
	*out = *(const struct chunk *)(area->base + offset);
	return out->len_bytes >= CHUNK_BYTES && out->len_bytes % GRANULE == 0 &&
	       out->len_bytes <= tail - offset && out->size_bytes <= out->len_bytes - CHUNK_BYTES;
}

/* The last chunk that starts at the offset or before it; 0: none. */
static uint32_t chunk_before(const struct pool_area *area, uint32_t offset)
{
	uint32_t granule = offset / GRANULE, word = granule / BITS;
	uint64_t bits = span_of(area)->starts[word] & (~0ul >> (BITS - 1 - granule % BITS));

	while (!bits && word > 0) {
		bits = span_of(area)->starts[--word];
	}
	return bits ? (word * BITS + BITS - 1 - (uint32_t)__builtin_clzl(bits)) * GRANULE : 0;
}

/* --- allocating --- */

/* Where a chunk must start so that its object is aligned, at or behind an offset. */
static uint32_t place(const struct pool_area *area, uint32_t offset, size_t align_bytes)
{
	return (uint32_t)(align_up(area->base + offset + CHUNK_BYTES, align_bytes) - CHUNK_BYTES -
			  area->base);
}

/* At the end: the common case. */
static bool alloc_tail(const struct pool_area *area, uint32_t need, uint32_t size_bytes,
		       size_t align_bytes, uint32_t *out)
{
	uint32_t tail = tail_of(area), at = place(area, tail, align_bytes);
	uint32_t hole_bytes = span_of(area)->hole_bytes;

	if (at > area->len_bytes || need > area->len_bytes - at) {
		return false;
	}
	/* the last chunk is in use, so the gap has nothing to merge with */
	if (at > tail) {
		chunk_make(area, tail, at - tail, 0);
		hole_bytes += at - tail;
	}
	chunk_make(area, at, need, size_bytes);
	span_write(area, at + need, hole_bytes);
	*out = at;
	return true;
}

/* In a free chunk: what is left of it on both sides stays free. */
static bool alloc_hole(const struct pool_area *area, uint32_t need, uint32_t size_bytes,
		       size_t align_bytes, uint32_t *out)
{
	uint32_t offset = first_offset(area->len_bytes), at, end;
	struct chunk chunk;

	for (; chunk_read(area, offset, &chunk); offset += chunk.len_bytes) {
		at = place(area, offset, align_bytes);
		end = offset + chunk.len_bytes;
		if (chunk.size_bytes || at + need > end) {
			continue;
		}
		if (at > offset) {
			chunk_make(area, offset, at - offset, 0);
		}
		chunk_make(area, at, need, size_bytes);
		if (end > at + need) {
			chunk_make(area, at + need, end - at - need, 0);
		}
		span_write(area, tail_of(area), span_of(area)->hole_bytes - need);
		*out = at;
		return true;
	}
	return false;
}

/* Whatever wrote the notes of a sealed area was told nothing where it failed. */
static bool is_noted(const struct pool_area *area, uint32_t offset, size_t size_bytes)
{
	struct chunk chunk;

	return chunk_before(area, offset) == offset && chunk_read(area, offset, &chunk) &&
	       chunk.size_bytes == size_bytes;
}

status_t pool_chunk_alloc(const struct pool_area *area, size_t size_bytes, size_t align_bytes,
			  uint64_t *out)
{
	uint32_t need = (uint32_t)(CHUNK_BYTES + align_up(size_bytes, GRANULE)), at;

	if (!alloc_tail(area, need, (uint32_t)size_bytes, align_bytes, &at) &&
	    (span_of(area)->hole_bytes < need ||
	     !alloc_hole(area, need, (uint32_t)size_bytes, align_bytes, &at))) {
		return STATUS_ENOMEM;
	}
	if (area->is_sealed && !is_noted(area, at, size_bytes)) {
		return STATUS_ENOMEM;
	}
	*out = area->base + at + CHUNK_BYTES;
	unmark((void *)*out, size_bytes);
	return STATUS_OK;
}

/* --- freeing --- */

/* Merges a free chunk with free neighbours, or gives it back to what was never used. */
static void merge(const struct pool_area *area, uint32_t offset, uint32_t len_bytes)
{
	uint32_t before = chunk_before(area, offset - GRANULE), tail = tail_of(area);
	uint32_t hole_bytes = span_of(area)->hole_bytes + len_bytes;
	struct chunk chunk;

	if (chunk_read(area, offset + len_bytes, &chunk) && !chunk.size_bytes) {
		chunk_erase(area, offset + len_bytes);
		len_bytes += chunk.len_bytes;
	}
	if (before && chunk_read(area, before, &chunk) && !chunk.size_bytes &&
	    before + chunk.len_bytes == offset) {
		chunk_erase(area, offset);
		offset = before;
		len_bytes += chunk.len_bytes;
	}
	if (offset + len_bytes == tail) {
		chunk_erase(area, offset);
		span_write(area, offset, hole_bytes - len_bytes);
	} else {
		chunk_write(area, offset, (struct chunk){ len_bytes, 0 });
		span_write(area, tail, hole_bytes);
	}
}

status_t pool_chunk_free(const struct pool_area *area, uint64_t object)
{
	uint32_t offset = (uint32_t)(object - area->base) - CHUNK_BYTES;
	struct chunk chunk;

	if (object - area->base < first_offset(area->len_bytes) + (uint64_t)CHUNK_BYTES ||
	    offset % GRANULE || chunk_before(area, offset) != offset ||
	    !chunk_read(area, offset, &chunk) || !chunk.size_bytes) {
		return STATUS_EFAULT;
	}
	unmark((void *)object, chunk.len_bytes - CHUNK_BYTES);
	if (clear(area, object, chunk.len_bytes - CHUNK_BYTES)) {
		return STATUS_EFAULT;
	}
	mark((void *)object, chunk.len_bytes - CHUNK_BYTES, MARK_POOL_FREED);
	merge(area, offset, chunk.len_bytes);
	return STATUS_OK;
}

bool pool_chunk_find(const struct pool_area *area, uint64_t address, uint64_t *start,
		     size_t *size_bytes)
{
	uint32_t offset = chunk_before(area, (uint32_t)(address - area->base));
	struct chunk chunk;

	if (!offset || !chunk_read(area, offset, &chunk) ||
	    address - area->base - offset - CHUNK_BYTES >= chunk.size_bytes) {
		return false;
	}
	*start = area->base + offset + CHUNK_BYTES;
	*size_bytes = chunk.size_bytes;
	return true;
}
