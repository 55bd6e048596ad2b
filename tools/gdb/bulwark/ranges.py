"""What a root maps, as ranges: neighbouring pages of one region with the same rights. As kernel/mm/ptdump.c has it."""
from bulwark import frames, layout, paging, text


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


def of_root(root, progress_name='reading page tables'):
	places, table = layout.Layout(), frames.Frames()
	found, last_view = [], None
	progress = text.Progress(progress_name, table.count // paging.ENTRIES)
	for address, pfn, level, rights in paging.leaves(root.pfn, progress=progress):
		owner = table.state(pfn)
		end = address + (1 << paging.shift(level))
		last = found[-1] if found else None
		# a range of the user half never goes on in another view, nor do those of the kernel's, but at a border
		if last and last.end == address and last.rights == rights and last_view == places.view(address):
			last.end = end
			if last.owner != owner:
				last.owner = 'several'
		else:
			last_view = places.view(address)
			found.append(Range(address, end, rights, places.names[last_view], owner))
	progress.end()
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
