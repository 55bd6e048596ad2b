"""What a root maps, as ranges: neighbouring pages of one region with the same rights. As kernel/mm/watch/ptdump.c has it."""
from bulwark import frames, layout, memory, paging, text


class Range:
	def __init__(self, start, end, rights, region, owner):
		self.start, self.end, self.rights, self.region, self.owner = start, end, rights, region, owner

	def part(self, start, end):
		return Range(start, end, self.rights, self.region, self.owner)

	def json(self):
		end = self.end & (1 << 64) - 1  # 0: up to the last byte there is
		return {'start': f'{self.start:#x}', 'end': f'{end:#x}',
			'rights': 'r' + 'w' * bool(self.rights & paging.WRITE) + 'x' * bool(self.rights & paging.EXECUTE),
			'for': 'user' if self.rights & paging.USER else 'kernel', 'region': self.region, 'owner': self.owner}


def of_root(root):
	places, table = layout.Layout(), frames.Frames(whole=True)
	progress = text.Progress('reading page tables', table.count // paging.ENTRIES)
	with memory.physical():
		pages = list(paging.leaves(root.pfn, progress=progress))
	progress.end()
	found, last, border = [], None, 0
	for address, pfn, level, rights in pages:
		end = address + (1 << paging.shift(level))
		if last and last.end == address and last.rights == rights and address <= border:
			last.end = end
			if last.owner != 'several' and last.owner != table.state(pfn):
				last.owner = 'several'
		else:
			last = Range(address, end, rights, places.names[places.view(address)], table.state(pfn))
			border = places.border(address)
			found.append(last)
	return found


def subtract(ranges, others):
	"""The parts of the ranges that no range of the others covers. Both are in order."""
	rest = []
	for piece in ranges:
		start = piece.start
		for other in others:
			if other.end <= start or other.start >= piece.end:
				continue
			if other.start > start:
				rest.append(piece.part(start, other.start))
			start = max(start, other.end)
		if start < piece.end:
			rest.append(piece.part(start, piece.end))
	return rest


def in_both(ranges, others):
	"""(range, rights in the others) of what both cover with different rights."""
	shared = []
	for piece in ranges:
		for other in others:
			start, end = max(piece.start, other.start), min(piece.end, other.end)
			if start < end and piece.rights != other.rights:
				shared.append((piece.part(start, end), other.rights))
	return shared
