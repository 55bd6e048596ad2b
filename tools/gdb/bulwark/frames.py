"""The frame table: who owns a frame, and which row of policy.def it is under."""
import bisect
import struct

import gdb

from bulwark import image, kernel


class _Image:
	"""Where the parts of the image end, in physical memory."""

	def __init__(self):
		start, load_base = image.address('image_start'), image.constant('LOAD_BASE')
		self.start, self.entry, self.entry_end, self.text_end, self.rodata_end, self.end = (
			(image.address(name) - start + load_base) >> 12
			for name in ('image_start', 'entry_text_start', 'entry_text_end', 'text_end', 'ro_after_init_end', 'image_end'))

	def state(self, pfn):
		if self.entry <= pfn < self.entry_end:
			return 'ENTRY_TEXT'
		if pfn < self.text_end:
			return 'IMAGE_TEXT'
		return 'IMAGE_RODATA' if pfn < self.rodata_end else 'IMAGE_DATA'


class Policy:
	"""policy.def, as the image has it."""

	def __init__(self):
		table = kernel.variable('policy_table')
		rights, views = image.enum('policy_rights'), image.enum('policy_view')
		self.rows = {}
		for number, name in image.enum('policy_state').items():
			if name.startswith('STATE_'):
				row = table[number]
				self.rows[kernel.string(int(row['name']))] = {
					'direct_map': rights[int(row['direct_map'])][len('RIGHTS_'):],
					'view': views[int(row['view'])],
					'rights': rights[int(row['rights'])][len('RIGHTS_'):],
					'second_view': views[int(row['second_view'])],
					'second_rights': rights[int(row['second_rights'])][len('RIGHTS_'):]}

	def is_sealed(self, state):
		row = self.rows[state]
		return row['view'] != 'VIEW_NONE' and row['rights'] in ('R', 'RX')


class Frames:
	"""The table. `whole`: a copy of all of it, for who asks about many frames."""

	def __init__(self, whole=False):
		kind = image.type_of('struct frame')
		self.image = _Image()
		self.count = int(kernel.variable('nr_frames'))
		if not self.count:
			raise gdb.GdbError('there is no frame table yet: the kernel has not come that far')
		self.size = kind.sizeof
		self.at = int(kernel.variable('frames'))
		self.holes = self._holes()
		self.runs = self._runs() if whole else None
		self.owners = {value: text[len('OWNER_'):] for value, text in image.enum('owner').items()}
		self.member = {name: image.offset_of('struct frame', name) for name in ('owner', 'order', 'flags', 'kmaps', 'number')}
		self.states = {}  # by what they follow from
		self.has_roalias = int(kernel.variable('options')['pmalloc']) == image.enumerator('pmalloc_roalias')
		self.hidden, self.sealed = image.enumerator('FRAME_HIDDEN'), image.enumerator('FRAME_SEALED')

	@staticmethod
	def _holes():
		"""[start, end) of what the table has nothing mapped for, as frame_holes has it."""
		count = int(kernel.variable('nr_frame_holes'))
		data = kernel.read(int(kernel.variable('frame_holes')), 8 * count) if count else b''
		return [struct.unpack_from('<II', data, 8 * i) for i in range(count)]

	def _runs(self):
		"""Copies of what lies between the holes: (first frame, bytes)."""
		starts = [0] + [end for _, end in self.holes]
		ends = [start for start, _ in self.holes] + [self.count]
		return [(start, kernel.read(self.at + start * self.size, (end - start) * self.size))
			for start, end in zip(starts, ends)]

	def has(self, pfn):
		hole = bisect.bisect_right(self.holes, (pfn, self.count)) - 1
		return 0 <= pfn < self.count and (hole < 0 or pfn >= self.holes[hole][1])

	def _entry(self, pfn):
		at = pfn * self.size
		if not self.runs:
			return kernel.read(self.at + at, self.size)
		first, data = self.runs[bisect.bisect_right(self.holes, (pfn, self.count))]
		at -= first * self.size
		return data[at:at + self.size]

	def byte(self, pfn, member):
		return self._entry(pfn)[self.member[member]]

	def word(self, pfn, member):
		return struct.unpack_from('<I', self._entry(pfn), self.member[member])[0]

	def is_hidden(self, pfn):
		return bool(self.byte(pfn, 'flags') & self.hidden)

	def owner(self, pfn):
		return self.owners[self.byte(pfn, 'owner')] if self.has(pfn) else 'RESERVED'

	def state(self, pfn):
		"""As policy_state_of of kernel/mm/table/policy.c."""
		if self.image.start <= pfn < self.image.end:
			return self.image.state(pfn)
		if not self.has(pfn):
			return 'RESERVED'
		entry, at = self._entry(pfn), self.member
		key = entry[at['owner']], entry[at['flags']], bool(entry[at['kmaps']])
		if key not in self.states:
			self.states[key] = self._state(*key)
		return self.states[key]

	def _state(self, owner, flags, is_kmapped):
		owner, hidden, sealed = self.owners[owner], bool(flags & self.hidden), bool(flags & self.sealed)
		if owner == 'FREE':
			return 'FREE_HIDDEN' if hidden else 'FREE_REVEALED'
		if owner == 'USER':
			return 'USER_HIDDEN' if hidden and not is_kmapped else 'USER_MAPPED'
		if owner == 'POOL':
			alias = 'ROALIAS' if sealed and self.has_roalias else 'PLAIN'
			return ('POOL' if hidden else alias) + ('_SEALED' if sealed else '_OPEN')
		return owner + ('_SEALED' if sealed else '_PRIVATE' if owner == 'ENTRY' and hidden else '')
