/* sources: tests/host/mm/machine.list */

/* Frames used against the rules: each way ends at an assertion, or at the hole in the direct map.
 */
#include "host_assert.h"
#include "mm/machine.h"
#include "tap.h"

#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/xpfo.h"

static pfn_t user_frame(void)
{
	pfn_t frame;

	machine_detach();
	if (frame_alloc_user(&frame)) {
		machine_die("no frame");
	}
	return frame;
}

static void touch_hidden(void) { *(volatile char *)direct_map_pointer(user_frame()); }

static void put_twice(void)
{
	pfn_t frame = user_frame(), twice[] = { frame, frame };

	frames_put_user(twice, 2);
}

static void put_freed(void)
{
	pfn_t frame = user_frame();

	frame_put_user(frame);
	frame_put_user(frame);
}

static void put_kmapped(void)
{
	pfn_t frame = user_frame();

	(void)xpfo_kmap(frame);
	frame_put_user(frame);
}

static void kunmap_twice(void)
{
	pfn_t frame = user_frame();

	(void)xpfo_kmap(frame);
	xpfo_kunmap(frame);
	xpfo_kunmap(frame);
}

static void kernel_free_twice(void)
{
	pfn_t frame;

	machine_detach();
	(void)!frame_alloc_kernel(OWNER_KERNEL, 2, &frame);
	frame_free_kernel(frame, 2);
	frame_free_kernel(frame, 2);
}

static pfn_t kernel_block(void)
{
	pfn_t first;

	machine_detach();
	if (frame_alloc_kernel(OWNER_KERNEL, 2, &first)) {
		machine_die("no block");
	}
	return first;
}

static void free_with_foreign_frame(void)
{
	pfn_t first = kernel_block();

	frame_entry(pfn_add(first, 3))->owner = OWNER_PTABLE;
	frame_free_kernel(first, 2);
}

static void free_with_unlike_flags(void)
{
	pfn_t first = kernel_block();

	frame_entry(pfn_add(first, 2))->flags |= FRAME_SLAB;
	frame_free_kernel(first, 2);
}

int main(void)
{
	machine_start();
	xpfo_use(xpfo_sync);
	dies(touch_hidden, "hidden frame", "a hidden frame is unreadable through the direct map");
	dies(put_twice, "assertion", "dropping a reference that is not there dies");
	dies(put_freed, "assertion", "dropping a reference to a free frame dies");
	dies(put_kmapped, "assertion", "freeing a frame that is kmapped dies");
	dies(kunmap_twice, "assertion", "kunmap without kmap dies");
	dies(kernel_free_twice, "assertion", "freeing kernel frames twice dies");
	dies(free_with_foreign_frame, "frame->owner == owner",
	     "freeing a block of which the last frame has another owner dies");
	dies(free_with_unlike_flags, "frame->flags == flags_before",
	     "freeing a block whose frames have unlike flags dies");
	return done_testing();
}
