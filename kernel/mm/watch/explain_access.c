/* Foretells accesses. */
#include "mm/watch/explain_access.h"

#include "arch/x86_64/cpu/registers.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/as/region.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

void memory_region_find(struct as *as, uint64_t address, struct memory_region *out)
{
	const struct region *region;

	*out = (struct memory_region){ 0 };
	lock_acquire(&as->lock);
	region = address < USER_TOP ? region_find(as, address) : NULL;
	if (region) {
		*out = (struct memory_region){ true, region->start, region->end, region->rights };
	}
	lock_release(&as->lock);
}

const char *memory_rights_text(const struct memory_region *region)
{
	static const char *const texts[] = {
		"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"
	};

	static_assert(RIGHT_READ == 1 && RIGHT_WRITE == 2 && RIGHT_EXECUTE == 4, "in this order");
	return texts[region->rights];
}

static unsigned right_wanted(enum access access)
{
	static const unsigned rights[] = { [ACCESS_READ] = RIGHT_READ,
					   [ACCESS_WRITE] = RIGHT_WRITE,
					   [ACCESS_FETCH] = RIGHT_EXECUTE };

	return rights[access];
}

static bool walk_allows(const struct ptable_walk *walk, enum access access)
{
	return walk->is_mapped &&
	       (access == ACCESS_READ ||
		ptable_walk_gives(walk, access == ACCESS_WRITE ? WALK_WRITE : WALK_EXECUTE));
}

static void refuse(struct access_verdict *out, enum bw_defence defence, const char *reason)
{
	out->is_allowed = false;
	out->defence = defence;
	string_copy(out->reason, reason, sizeof(out->reason));
}

/* As refused so far, but the fault handler helps. */
static void allow_by_fault_handler(struct access_verdict *out, const struct ptable_walk *walk)
{
	*out = (struct access_verdict){ .is_allowed = true };
	string_copy(out->reason,
		    walk->is_mapped ? "after a page fault that copies the page"
				    : "after a page fault that fills in the page",
		    sizeof(out->reason));
}

static bool region_allows(const struct memory_region *region, enum access access)
{
	return region->exists && region->rights & right_wanted(access);
}

/* U/S=1 means that SMEP and SMAP have a say. */
static bool is_barred_by_processor(const struct explanation *explanation, enum access access)
{
	return explanation->address < USER_TOP &&
	       cr4_read() & (access == ACCESS_FETCH ? CR4_SMEP : CR4_SMAP);
}

static void kernel_verdict(pfn_t root, const struct explanation *explanation,
			   const struct memory_region *region, enum access access,
			   struct access_verdict *out)
{
	static const uint64_t errors[] = {
		[ACCESS_READ] = 0, [ACCESS_WRITE] = FAULT_WRITE, [ACCESS_FETCH] = FAULT_FETCH
	};
	const struct ptable_walk *walk = &explanation->kernel_walk;
	bool is_barred = is_barred_by_processor(explanation, access);
	struct explanation refused;

	if (!is_barred && walk_allows(walk, access)) {
		out->is_allowed = true;
		return;
	}
	if (!is_barred && region_allows(region, access) &&
	    !(access == ACCESS_FETCH && ptable_user_slot_flags)) {
		allow_by_fault_handler(out, walk);
		return;
	}
	explain_fault(root, explanation->address,
		      errors[access] | (walk->is_mapped ? FAULT_PRESENT : 0), 0, &refused);
	refuse(out, refused.defence, refused.reason);
}

static void user_verdict_kernel_half(const struct explanation *explanation,
				     const struct ptable_walk *walk, struct access_verdict *out)
{
	if (walk->is_mapped) {
		refuse(out, BW_DEFENCE_SUPERVISOR, "page fault: U/S=0, for the kernel alone");
	} else if (explanation->is_mapped) {
		refuse(out, BW_DEFENCE_KAISER,
		       "page fault: the shadow root does not map it; U/S=0 besides");
	} else {
		refuse(out, BW_DEFENCE_NONE, "page fault: nothing is mapped there");
	}
}

static void user_verdict(const struct explanation *explanation, const struct memory_region *region,
			 enum access access, struct access_verdict *out)
{
	const struct ptable_walk *walk =
		explanation->has_shadow ? &explanation->shadow_walk : &explanation->kernel_walk;

	if (!address_is_canonical(explanation->address)) {
		refuse(out, BW_DEFENCE_NONE,
		       "general protection: the processor knows no such address");
	} else if (explanation->address >= KERNEL_HALF) {
		user_verdict_kernel_half(explanation, walk, out);
	} else if (walk_allows(walk, access) && ptable_walk_gives(walk, WALK_USER)) {
		out->is_allowed = true;
	} else if (region_allows(region, access)) {
		allow_by_fault_handler(out, walk);
	} else if (region->exists) {
		refuse(out, access == ACCESS_FETCH ? BW_DEFENCE_NX : BW_DEFENCE_NONE, "");
		format(out->reason, sizeof(out->reason), "page fault: the process has it as %s",
		       memory_rights_text(region));
	} else {
		refuse(out, BW_DEFENCE_NONE, "page fault: the process has no memory there");
	}
}

void explain_access(pfn_t root, const struct explanation *explanation,
		    const struct memory_region *region, enum accessor accessor, enum access access,
		    struct access_verdict *out)
{
	*out = (struct access_verdict){ .is_allowed = false };
	if (accessor == ACCESSOR_KERNEL) {
		kernel_verdict(root, explanation, region, access, out);
	} else {
		user_verdict(explanation, region, access, out);
	}
}
