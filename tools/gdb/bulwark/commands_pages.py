"""bw-pt and bw-phys: page tables and physical memory."""
import gdb

from bulwark import command, frame_facts, frames, image, kernel, layout, memory, paging, roots, text, verdict


def table_or_none():
	return frames.Frames() if kernel.is_up() and int(kernel.variable('nr_frames')) else None


def place(address):
	"""Region and what else the address says of itself."""
	places = layout.Layout()
	return {'region': places.name(address), 'detail': places.detail(address)}


def translate(address, root):
	"""All that there is to say about an address under a root."""
	walk, table = paging.walk(root.pfn, address), table_or_none()
	pfn = walk.frame if walk.mapped else layout.direct_frame(address)
	return {'address': f'{address:#x}', **place(address), 'root': str(root), 'mapped': walk.mapped,
		'levels': [{'level': entry.level, 'index': entry.index, 'at': f'{entry.at:#x}', 'value': f'{entry.value:#x}',
			'rights': paging.rights_text(entry.rights) if entry.present else 'absent',
			'takes_away': _taken(walk.takes_away(entry)), 'notes': entry.notes()} for entry in walk.entries],
		'rights': paging.rights_text(walk.rights) if walk.mapped else 'none',
		'physical': f'{walk.physical:#x}' if walk.mapped else None,
		'frame': frame_facts.collect(table, pfn) if table and pfn is not None else None,
		'verdict': verdict.of(walk, root, table)}


def _taken(rights):
	return [name for bit, name in ((paging.WRITE, 'W'), (paging.EXECUTE, 'X'), (paging.USER, 'U')) if rights & bit]


class PageTable(command.Command):
	"""bw-pt [-j] ADDR [kernel|shadow]: how an address is translated, level by level, and by whom it may be used

ADDR is an address, a symbol, a register, or an expression of them: bw-pt kernel_main, bw-pt $rsp + 8 shadow.
kernel and shadow are the roots of the process that runs on this CPU; without either the root that is loaded.

Each line is an entry: its index, where it lies in physical memory, its value, its rights, and what it takes
away of what the levels above allow. Then the rights that are left, the physical address, the frame and its
owner, and what it all means. Afterwards $frame is the frame, and $entry where the last entry lies in physical memory."""
	name = 'bw-pt'

	def collect(self, argument):
		words = argument.split()
		half = words.pop() if words and words[-1] in (roots.KERNEL, roots.SHADOW) else None
		if not words:
			self.usage()
		found = translate(command.address_of(' '.join(words)), roots.chosen(half))
		if found['frame']:
			gdb.set_convenience_variable('frame', int(found['frame']['pfn'], 16))
		gdb.set_convenience_variable('entry', int(found['levels'][-1]['at'], 16))
		return found

	def render(self, found):
		frame = found['frame']
		yield f'{found["address"]}: {found["region"]}{", " + found["detail"] if found["detail"] else ""}'
		yield f'in the {found["root"]}' if not found['root'].startswith('the ') else f'in {found["root"]}'
		rows = [(f'level {one["level"]}', one['index'], one['at'], f'0x{int(one["value"], 16):016x}', one['rights'],
			'; '.join([f'takes {", ".join(one["takes_away"])} away'] * bool(one['takes_away']) + one['notes']))
			for one in found['levels']]
		yield from text.table(('', 'index', 'entry at', 'value', 'rights', ''), rows)
		if found['mapped']:
			yield f'rights {found["rights"]}, physical address {found["physical"]}'
		else:
			yield f'not mapped: level {found["levels"][-1]["level"]} has no entry'
		if frame:
			yield frame_facts.line(frame)
		yield text.colour(text.GREEN if found['mapped'] else text.YELLOW, found['verdict'])

	def complete(self, words, word):
		if not words or (' ' not in words.lstrip() and words.strip()):
			return gdb.COMPLETE_EXPRESSION
		return command.starting_with([roots.KERNEL, roots.SHADOW], word) or gdb.COMPLETE_EXPRESSION


class Physical(command.Command):
	"""bw-phys [-j] ADDR [WORDS]: physical memory, in words of eight bytes; eight of them by default"""
	name = 'bw-phys'

	def collect(self, argument):
		words = argument.split()
		if not 1 <= len(words) <= 2:
			self.usage()
		at = command.address_of(words[0])
		count = command.number_of(words[1], 'number of words') if len(words) > 1 else 8
		return {'address': f'{at:#x}', 'words': [f'{memory.word(at + 8 * i):#018x}' for i in range(min(count, 4096))]}

	def render(self, found):
		at, words = int(found['address'], 16), found['words']
		for i in range(0, len(words), 4):
			yield f'{at + 8 * i:#x}:  ' + '  '.join(words[i:i + 4])

	def complete(self, words, word):
		return gdb.COMPLETE_EXPRESSION


class Symbols(command.Command):
	"""bw-symbols: moves the kernel's symbols to where its image runs; the others do it by themselves"""
	name = 'bw-symbols'

	def collect(self, argument):
		return {'image': f'{image.runs_at():#x}'}

	def render(self, found):
		yield f'The kernel\'s image runs at {found["image"]}.'
