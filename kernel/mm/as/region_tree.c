/* The treap: heap by priority, so that what a program maps where does not make it deep. */
#include "mm/as/region_tree.h"

#include "lib/assert.h"
#include "mm/table/layout.h"

/* Where the gap before a region begins. */
static uint64_t gap_start(const struct as *as, const struct region *region)
{
	return region->node.previous == &as->regions
		       ? USER_MIN
		       : LIST_ENTRY(region->node.previous, struct region, node)->end;
}

/* The object's address, mixed (the finaliser of MurmurHash3). */
static uint64_t priority_of(const struct region *region)
{
	uint64_t mixed = (uint64_t)region;

	mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdul;
	mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53ul;
	return mixed ^ mixed >> 33;
}

/* Room for pages of 2 MiB between two addresses. */
static uint64_t huge_room(uint64_t start, uint64_t end)
{
	uint64_t first = align_up(start, HUGE_SIZE), last = align_down(end, HUGE_SIZE);

	return first < last ? last - first : 0;
}

/* What the subtree says of itself, from what its two say. */
static void node_update(const struct as *as, struct region *region)
{
	uint64_t start = gap_start(as, region);
	const struct region *below[] = { region->left, region->right };

	region->gap_max = region->start - start;
	region->huge_max = huge_room(start, region->start);
	for (unsigned i = 0; i < ARRAY_SIZE(below); i++) {
		if (below[i]) {
			region->gap_max = MAX(region->gap_max, below[i]->gap_max);
			region->huge_max = MAX(region->huge_max, below[i]->huge_max);
		}
	}
}

/* Those that start below `at` go to *lower, the others to *upper. */
static void split(const struct as *as, struct region *tree, uint64_t at, struct region **lower,
		  struct region **upper)
{
	if (!tree) {
		*lower = *upper = NULL;
	} else if (tree->start < at) {
		*lower = tree;
		split(as, tree->right, at, &tree->right, upper);
		node_update(as, tree);
	} else {
		*upper = tree;
		split(as, tree->left, at, lower, &tree->left);
		node_update(as, tree);
	}
}

static struct region *merge(const struct as *as, struct region *lower, struct region *upper)
{
	struct region *top;

	if (!lower || !upper) {
		return lower ? lower : upper;
	}
	if (priority_of(lower) > priority_of(upper)) {
		top = lower;
		top->right = merge(as, lower->right, upper);
	} else {
		top = upper;
		top->left = merge(as, lower, upper->left);
	}
	node_update(as, top);
	return top;
}

/* Where the tree below *at has, or would have, a region of that start. */
static void insert(const struct as *as, struct region **at, struct region *region)
{
	if (!*at || priority_of(*at) < priority_of(region)) {
		split(as, *at, region->start, &region->left, &region->right);
		*at = region;
	} else {
		insert(as, region->start < (*at)->start ? &(*at)->left : &(*at)->right, region);
	}
	node_update(as, *at);
}

static void remove(const struct as *as, struct region **at, const struct region *region)
{
	assert(*at);
	if (*at == region) {
		*at = merge(as, region->left, region->right);
		return;
	}
	remove(as, region->start < (*at)->start ? &(*at)->left : &(*at)->right, region);
	node_update(as, *at);
}

static void refresh(const struct as *as, struct region *tree, const struct region *region)
{
	assert(tree);
	if (tree != region) {
		refresh(as, region->start < tree->start ? tree->left : tree->right, region);
	}
	node_update(as, tree);
}

void region_tree_refresh(struct as *as, const struct region *region)
{
	refresh(as, as->tree, region);
	if (region->node.next != &as->regions) {
		refresh(as, as->tree, LIST_ENTRY(region->node.next, struct region, node));
	}
}

void region_tree_insert(struct as *as, struct region *region)
{
	if (as->tree) {
		insert(as, &as->tree, region);
		region_tree_refresh(as, region);
	} else {
		LIST_FOR_EACH (node, &as->regions) {
			insert(as, &as->tree, LIST_ENTRY(node, struct region, node));
		}
	}
}

void region_tree_take_out(struct as *as, struct region *region)
{
	if (as->nr_regions < REGIONS_WALKED / 2) {
		as->tree = NULL;
		return;
	}
	remove(as, &as->tree, region);
}

/*
 * The list's order is the tree's: *next is the region that is to come. False: it is another, or one
 * as high as what is above it: no way down is endless.
 */
static bool subtree_is_whole(const struct as *as, const struct region *tree, uint64_t above,
			     const struct list **next)
{
	struct region same;

	if (!tree) {
		return true;
	}
	if (priority_of(tree) >= above ||
	    !subtree_is_whole(as, tree->left, priority_of(tree), next) || *next != &tree->node) {
		return false;
	}
	*next = tree->node.next;
	same = *tree;
	node_update(as, &same);
	return same.gap_max == tree->gap_max && same.huge_max == tree->huge_max &&
	       subtree_is_whole(as, tree->right, priority_of(tree), next);
}

bool region_tree_is_whole(const struct as *as)
{
	const struct list *next = as->regions.next;

	return !as->tree ||
	       (subtree_is_whole(as, as->tree, UINT64_MAX, &next) && next == &as->regions);
}

struct region *region_tree_first_above(const struct as *as, uint64_t address)
{
	struct region *at = as->tree, *found = NULL;

	while (at) {
		if (at->end > address) {
			found = at;
			at = at->left;
		} else {
			at = at->right;
		}
	}
	return found;
}

/* What is looked for: the highest place, ending at or below `below`. */
struct wish {
	const struct as *as;
	uint64_t len_bytes, align, below;
};

static uint64_t place_in(const struct wish *wish, uint64_t start, uint64_t end)
{
	uint64_t at;

	if (end < start || end - start < wish->len_bytes) {
		return 0;
	}
	at = align_down(end - wish->len_bytes, wish->align);
	return at >= start ? at : 0;
}

/* A subtree without room is not entered, nor one that lies above: so the way down is one. */
static uint64_t search(const struct wish *wish, const struct region *tree)
{
	uint64_t start, at = 0;

	if (!tree ||
	    (wish->align == PAGE_SIZE ? tree->gap_max : tree->huge_max) < wish->len_bytes) {
		return 0;
	}
	start = gap_start(wish->as, tree);
	if (start < wish->below) {
		at = search(wish, tree->right);
		at = at ? at : place_in(wish, start, MIN(tree->start, wish->below));
	}
	return at ? at : search(wish, tree->left);
}

uint64_t region_tree_find_gap(const struct as *as, uint64_t len_bytes, uint64_t align,
			      uint64_t below)
{
	const struct wish wish = { as, len_bytes, align, below };
	const struct region *last = LIST_ENTRY(as->regions.previous, struct region, node);
	uint64_t at;

	assert(align == PAGE_SIZE || align == HUGE_SIZE);
	at = last->end < below ? place_in(&wish, last->end, below) : 0;
	return at ? at : search(&wish, as->tree);
}
