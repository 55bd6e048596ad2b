"""bw-frame: who owns a frame, and every address under which any root of the machine has it."""
import gdb

from bulwark import command, frame_facts, frames, kernel, layout, memory, paging, roots, text


class Search:
	"""Looks for one frame in page tables."""

	def __init__(self, pfn, nr_frames):
		self.pfn, self.found = pfn, []
		self.places = layout.Layout()
		self.progress = text.Progress(f'looking for frame {pfn:#x}', nr_frames // paging.ENTRIES + 64)

	def walk(self, root, first, end, roots_text):
		for at, rights in paging.mappings_of(self.pfn, root, first, end, self.progress):
			self.found.append({'address': f'{at:#x}', 'region': self.places.name(at),
				'rights': paging.rights_text(rights), 'root': roots_text})


def space(search, at, owner):
	pair = roots.pair(at, owner)
	for root in pair.values():
		search.walk(root.pfn, 0, roots.HALF, root.name)
	for i in roots.strangers(pair[roots.KERNEL]):
		search.walk(pair[roots.KERNEL].pfn, i, i + 1, pair[roots.KERNEL].name + ': not the kernel\'s own entry')
	return pair[roots.SHADOW]


def aliases(pfn, nr_frames):
	search = Search(pfn, nr_frames)
	search.walk(kernel.root(), roots.HALF, paging.ENTRIES, 'every kernel root')
	shadows = [space(search, at, owner) for at, owner in roots.spaces()]
	seen = {}  # the kernel half of shadow roots is one entry, the same in all of them
	for shadow in shadows:
		seen.setdefault(tuple(paging.table(shadow.pfn)[roots.HALF:]), []).append(shadow)
	for same in seen.values():
		name = 'every shadow root' if len(seen) == 1 else ', '.join(root.name for root in same)
		search.walk(same[0].pfn, roots.HALF, paging.ENTRIES, name)
	for window in roots.windows():
		for i in sorted({roots.window_slot(), *roots.strangers(window)}):
			search.walk(window.pfn, i, i + 1, window.name)
	search.progress.end()
	return search.found


class Frame(command.Command):
	"""bw-frame [-j] PFN: a frame of physical memory: owner, policy, history, every alias

PFN is a frame number (physical address / 4096), or an expression such as $frame, which bw-pt leaves behind.
All page-table roots are searched: the kernel's own, both of each address space, and the private windows."""
	name = 'bw-frame'

	def collect(self, argument):
		if not argument:
			self.usage()
		pfn = command.number_of(argument, 'frame number')
		table = frames.Frames()
		if not table.has(pfn):
			raise gdb.GdbError(f'frame {pfn:#x} is not in the frame table: it ends before {table.count:#x}')
		facts = frame_facts.collect(table, pfn)
		with memory.physical():
			return {**facts, 'aliases': aliases(pfn, table.count)}

	def render(self, found):
		yield frame_facts.line(found)
		yield f'physical address {found["physical"]}, order {found["order"]}, number {found["number"]:#x}'
		yield f'policy: {frame_facts.rule(found)}'
		yield from past(found['history'])
		if not found['aliases']:
			yield text.colour(text.GREEN, 'no root maps it')
			return
		yield text.colour(text.BOLD, f'mapped at {text.count(len(found["aliases"]), "place")}:')
		yield from text.table(('address', 'region', 'rights', 'in'),
			[(one['address'], one['region'], one['rights'], one['root']) for one in found['aliases']])

	def complete(self, words, word):
		return gdb.COMPLETE_EXPRESSION


def past(steps):
	if steps is None:
		return
	if not steps:
		yield 'history: none since boot'
		return
	yield 'history, oldest first:'
	yield from text.table(('from', 'to'), [(one['from'], one['to']) for one in steps])
	newest = steps[-1]
	pid = f'{newest["pid"]} modulo {newest["pid_modulo"]}' if newest['pid_modulo'] else newest['pid']
	yield f'the last on behalf of {f"process {pid}" if pid else "the kernel"}'
