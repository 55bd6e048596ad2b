/* Explains addresses, and page faults of the kernel. */
#include "mm/watch/explain.h"

#include "arch/x86_64/cpu/registers.h"
#include "core/options.h"
#include "lib/format.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/kspace.h"
#include "mm/gate/gate.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"

#define LOWER_HALF_END (1ul << 47)

/* What an explainer of a region is told. */
struct fault {
	uint64_t address;
	uint64_t error;
	uint64_t rflags;
};

struct region_kind {
	const char *name;
	void (*explain)(const struct fault *fault, struct explanation *out);
};

const char *defence_name(enum bw_defence defence)
{
	static const char *const names[] = {
#define DEFENCE(name, text) [BW_DEFENCE_##name] = (text),
#include "abi/defences.def"
#undef DEFENCE
	};

	return defence < ARRAY_SIZE(names) ? names[defence] : "unknown";
}

static void verdict(struct explanation *out, enum bw_defence defence, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void verdict(struct explanation *out, enum bw_defence defence, const char *format, ...)
{
	va_list arguments;

	out->defence = defence;
	va_start(arguments, format);
	format_va(out->reason, sizeof(out->reason), format, arguments);
	va_end(arguments);
}

/* By frames_seal_alone. */
static bool is_sealed_alone(pfn_t frame)
{
	enum policy_state state = pfn_is_none(frame) ? STATE_RESERVED : policy_state_of(frame);

	return state == STATE_ENTRY_SEALED || state == STATE_KERNEL_SEALED;
}

/* Behind the gate: page tables, and the guarded area. */
static bool is_guarded(uint64_t address, pfn_t frame)
{
	return gate_in_force != ptprot_off &&
	       (address - guarded_base() < GUARDED_SIZE ||
		(!pfn_is_none(frame) && policy_state_of(frame) == STATE_PTABLE_GUARDED));
}

/* A mapping is there, so its rights said no. */
static void explain_rights(const struct fault *fault, struct explanation *out)
{
	if (fault->error & FAULT_RESERVED) {
		verdict(out, BW_DEFENCE_NONE, "the page-table entry has reserved bits set");
	} else if (fault->error & FAULT_FETCH) {
		verdict(out, BW_DEFENCE_NX, "the page is data: no code runs from it");
	} else if (fault->error & FAULT_WRITE && is_guarded(fault->address, out->frame)) {
		verdict(out, BW_DEFENCE_PTPROT,
			"page tables, and what the frame table says, are the gate's alone to "
			"write");
	} else if (fault->error & FAULT_WRITE && is_sealed_alone(out->frame)) {
		verdict(out, BW_DEFENCE_AUTHORITY,
			"nothing writes to the page since boot: it is read-only everywhere");
	} else if (fault->error & FAULT_WRITE) {
		verdict(out, BW_DEFENCE_WP, "the page is read-only for the kernel too");
	} else {
		verdict(out, BW_DEFENCE_NONE,
			"the page is mapped now: another CPU changed the entry meanwhile");
	}
}

static void explain_user(const struct fault *fault, struct explanation *out)
{
	if (fault->address < USER_MIN) {
		verdict(out, BW_DEFENCE_NONE,
			"a null pointer: nothing is ever mapped at the first addresses");
	} else if (fault->error & FAULT_FETCH && cr4_read() & CR4_SMEP) {
		verdict(out, BW_DEFENCE_SMEP,
			"the kernel may not run code that lies in user memory");
	} else if (!(fault->error & FAULT_FETCH) && cr4_read() & CR4_SMAP &&
		   !(fault->rflags & RFLAGS_AC)) {
		verdict(out, BW_DEFENCE_SMAP,
			"the kernel may not touch user memory outside of its copy routines");
	} else if (out->is_mapped && fault->error & FAULT_FETCH && ptable_user_slot_flags) {
		verdict(out, BW_DEFENCE_KAISER,
			"in the kernel's root nothing in user memory is executable");
	} else if (out->is_mapped) {
		explain_rights(fault, out);
	} else {
		verdict(out, BW_DEFENCE_NONE, "the process has no memory there");
	}
}

/* Who hides frames of this owner. */
static enum bw_defence hider_of(enum owner owner)
{
	switch (owner) {
	case OWNER_POOL: return BW_DEFENCE_PMALLOC;
	case OWNER_KERNEL:
	case OWNER_ENTRY: return BW_DEFENCE_AUTHORITY;
	default: return BW_DEFENCE_XPFO;
	}
}

static void explain_direct_map(const struct fault *fault, struct explanation *out)
{
	if (pfn_is_none(out->frame)) {
		verdict(out, BW_DEFENCE_NONE, "no memory frame corresponds to this address");
	} else if (out->is_mapped) {
		explain_rights(fault, out);
	} else if (out->is_hidden) {
		verdict(out, hider_of(out->owner),
			"frame 0x%x belongs to %s; it is hidden: absent from the direct map",
			out->frame.pfn, owner_name(out->owner));
	} else {
		verdict(out, BW_DEFENCE_NONE,
			"frame 0x%x belongs to %s and is not in the direct map", out->frame.pfn,
			owner_name(out->owner));
	}
}

static void explain_kspace(const struct fault *fault, struct explanation *out)
{
	if (out->is_mapped) {
		explain_rights(fault, out);
	} else if (kstack_is_guard((va_t){ fault->address })) {
		out->region = "guard page of a kernel stack";
		verdict(out, BW_DEFENCE_GUARD,
			"a kernel stack ends here, and a page that is never mapped lies behind it");
	} else {
		verdict(out, BW_DEFENCE_NONE, "no kernel stack or device is mapped here");
	}
}

/* A guard page has no frame, and nor does what a destroyed pool left. */
static void explain_pool(const struct fault *fault, struct explanation *out)
{
	if (out->is_mapped && fault->error & FAULT_WRITE &&
	    !ptable_walk_gives(&out->kernel_walk, WALK_WRITE)) {
		verdict(out, BW_DEFENCE_PMALLOC,
			"the pool is sealed: read-only until it is destroyed");
	} else if (out->is_mapped) {
		explain_rights(fault, out);
	} else {
		out->region = "between pools";
		verdict(out, BW_DEFENCE_GUARD,
			"no pool has memory here: a guard page, or where a destroyed pool was");
	}
}

static void explain_window(const struct fault *fault, struct explanation *out)
{
	(void)fault;
	verdict(out, BW_DEFENCE_XPFO, "the window is in its CPU's private root only, and closed");
}

static void explain_entry_area(const struct fault *fault, struct explanation *out)
{
	if (out->is_mapped) {
		explain_rights(fault, out);
	} else {
		verdict(out, BW_DEFENCE_GUARD,
			"a page between the parts of the entry area that is never mapped");
	}
}

static void explain_image(const struct fault *fault, struct explanation *out)
{
	const char *at = (const char *)fault->address;

	out->region = at < text_end     ? "kernel text"
		      : at < rodata_end ? "kernel constants"
					: "kernel data";
	if (out->is_mapped) {
		explain_rights(fault, out);
	} else {
		verdict(out, BW_DEFENCE_NONE, "a part of the kernel image that is not mapped");
	}
}

static void explain_nothing(const struct fault *fault, struct explanation *out)
{
	(void)fault;
	verdict(out, BW_DEFENCE_NONE, "the kernel maps nothing here");
}

static void explain_non_canonical(const struct fault *fault, struct explanation *out)
{
	(void)fault;
	verdict(out, BW_DEFENCE_NONE, "the processor knows no such address");
}

/* By enum policy_view. */
static const struct region_kind regions[] = {
	[VIEW_NONE] = { "unused kernel address", explain_nothing },
	[VIEW_USER_HALF] = { "user memory", explain_user },
	[VIEW_DIRECT_MAP] = { "direct map", explain_direct_map },
	[VIEW_KSPACE] = { "kernel stacks and devices", explain_kspace },
	[VIEW_WINDOW] = { "private window", explain_window },
	[VIEW_POOLS] = { "pools", explain_pool },
	[VIEW_ENTRY_AREA] = { "entry area", explain_entry_area },
	[VIEW_IMAGE] = { "kernel image", explain_image },
	[VIEW_MARKS] = { "marks", explain_nothing },
};

/* The last page of the lower half belongs to no view: no program may map it. */
static struct region_kind region_of(uint64_t address)
{
	static const struct region_kind non_canonical = { "non-canonical address",
							  explain_non_canonical };

	if (address >= LOWER_HALF_END && address < KERNEL_HALF) {
		return non_canonical;
	}
	return regions[address < LOWER_HALF_END ? VIEW_USER_HALF : policy_view_of(address)];
}

/* The frame that the address leads to, or of which it is the direct-map address. */
static pfn_t frame_of(const struct explanation *explanation)
{
	uint64_t address = explanation->address;
	pfn_t frame = ptable_walk_frame(&explanation->kernel_walk, address);

	if (pfn_is_none(frame)) {
		frame = direct_map_frame((va_t){ address });
	}
	return pfn_is_valid(frame) ? frame : PFN_NONE;
}

void explain_address(pfn_t root, uint64_t address, struct explanation *out)
{
	*out = (struct explanation){ .address = address, .region = region_of(address).name };
	ptable_walk(root, address, &out->kernel_walk);
	out->is_mapped = out->kernel_walk.is_mapped;
	out->has_shadow = kaiser_in_force != kaiser_off && root.pfn != kernel_root.pfn;
	if (out->has_shadow) {
		ptable_walk(pfn_add(root, 1), address, &out->shadow_walk);
	}
	out->frame = frame_of(out);
	if (!pfn_is_none(out->frame)) {
		out->owner = frame_entry(out->frame)->owner;
		out->is_hidden = frame_is_hidden(frame_entry(out->frame));
		frame_history_read(out->frame, &out->history);
	}
}

void explain_fault(pfn_t root, uint64_t address, uint64_t error, uint64_t rflags,
		   struct explanation *out)
{
	struct fault fault = { .address = address, .error = error, .rflags = rflags };

	explain_address(root, address, out);
	region_of(address).explain(&fault, out);
}
