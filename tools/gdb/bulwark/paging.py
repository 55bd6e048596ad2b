"""Page-table entries and walks, in any root."""
import struct

from bulwark import image, memory

LEVEL_MAX = 4
ENTRIES = 512
WRITE, EXECUTE, USER = 1, 2, 4
ALL = WRITE | EXECUTE | USER


def shift(level):
	return memory.PAGE_SHIFT + 9 * (level - 1)


def canonical(address):
	return address | 0xFFFF << 48 if address >> 47 & 1 else address & (1 << 48) - 1


def table(pfn):
	return struct.unpack('<512Q', memory.page(pfn))


def frame(value):
	return (value & image.constant('PTE_ADDRESS_MASK')) >> memory.PAGE_SHIFT


def is_present(value):
	return bool(value & image.enumerator('PTE_PRESENT'))


def is_leaf(value, level):
	return level == 1 or bool(value & image.enumerator('PTE_HUGE'))


def rights(value):
	return (WRITE if value & image.enumerator('PTE_WRITABLE') else 0) \
		| (0 if value & image.constant('PTE_NO_EXECUTE') else EXECUTE) \
		| (USER if value & image.enumerator('PTE_USER') else 0)


def rights_text(value):
	"""Rights in full: `RW NX S`."""
	return ' '.join(('RW' if value & WRITE else 'R', 'X' if value & EXECUTE else 'NX', 'U' if value & USER else 'S'))


class Entry:
	"""One step of a walk."""

	def __init__(self, table_pfn, level, address):
		self.level = level
		self.index = address >> shift(level) & ENTRIES - 1
		self.at = (table_pfn << memory.PAGE_SHIFT) + self.index * 8
		self.value = memory.word(self.at)
		self.present = is_present(self.value)
		self.leaf = self.present and is_leaf(self.value, level)
		self.frame = frame(self.value)
		self.rights = rights(self.value)

	def notes(self):
		"""What else the entry says."""
		words = []
		if self.leaf and self.level > 1:
			words.append('large')
		if not self.present and self.value & image.enumerator('PTE_PARKED'):
			words.append('PROT_NONE, keeps its frame')
		if self.present and self.value & image.enumerator('PTE_COPY') and self.leaf:
			words.append('copy on write')
		if self.leaf and self.value & image.enumerator('PTE_USER') and self.value & image.enumerator('PTE_SHARED'):
			words.append('shared')
		for name, words_of_it in (('PTE_OFFERED', 'offered to another process'), ('PTE_ACCEPTS', 'accepts a page')):
			if self.leaf and self.value & image.constant(name):
				words.append(words_of_it)
		return words


class Walk:
	"""How a root translates an address."""

	def __init__(self, root, address):
		self.root, self.address = root, address
		self.entries = []
		self.rights = ALL
		self.frame = self.physical = None
		table_pfn = root
		for level in range(LEVEL_MAX, 0, -1):
			entry = Entry(table_pfn, level, address)
			self.entries.append(entry)
			if not entry.present:
				self.rights = 0
				return
			self.rights &= entry.rights
			if entry.leaf:
				offset = address & (1 << shift(level)) - 1
				self.physical = (entry.frame << memory.PAGE_SHIFT & ~((1 << shift(level)) - 1)) + offset
				self.frame = self.physical >> memory.PAGE_SHIFT
				return
			table_pfn = entry.frame

	@property
	def mapped(self):
		return self.physical is not None

	def last(self):
		return self.entries[-1]

	def takes_away(self, entry):
		"""The rights that this entry is the first to refuse."""
		before = ALL
		for other in self.entries:
			if other is entry:
				break
			before &= other.rights
		return before & ~entry.rights if entry.present else 0


def walk(root, address):
	return Walk(root, address)


def leaves(root, first=0, end=ENTRIES, progress=None):
	"""(address, first frame, level, rights) of everything that these top-level entries lead to, in order."""
	yield from _below(root, LEVEL_MAX, 0, ALL, first, end, progress)


def mappings_of(wanted, root, first, end, progress):
	"""(address, rights) of every page below these top-level entries that shows a frame."""
	yield from _search(wanted, root, LEVEL_MAX, 0, ALL, first, end, progress)


def _search(wanted, pfn, level, start, above, first, end, progress):
	present, huge, mask = image.enumerator('PTE_PRESENT'), image.enumerator('PTE_HUGE'), image.constant('PTE_ADDRESS_MASK')
	progress.step()
	entries = table(pfn)
	if level == 1:
		# most tables end here, without a hit: one comparison for each entry
		hits = [i for i, value in enumerate(entries) if value & (mask | present) == wanted << memory.PAGE_SHIFT | present]
	else:
		hits = [i for i in range(first, end) if entries[i] & present]
	for index in hits:
		value, here = entries[index], shift(level)
		address, allowed = start | index << here, above & rights(value)
		offset = wanted - (frame(value) & -1 << here - memory.PAGE_SHIFT)
		if level > 1 and not value & huge:
			yield from _search(wanted, frame(value), level - 1, address, allowed, 0, ENTRIES, progress)
		elif 0 <= offset < 1 << here - memory.PAGE_SHIFT:
			yield canonical(address + (offset << memory.PAGE_SHIFT)), allowed


def _below(pfn, level, start, above, first, end, progress):
	here = shift(level)
	present, huge = image.enumerator('PTE_PRESENT'), image.enumerator('PTE_HUGE')
	if progress:
		progress.step()
	for index, value in enumerate(table(pfn)[first:end], first):
		if not value & present:
			continue
		address, allowed = start | index << here, above & rights(value)
		if level == 1 or value & huge:
			yield canonical(address), frame(value), level, allowed
		else:
			yield from _below(frame(value), level - 1, address, allowed, 0, ENTRIES, progress)
