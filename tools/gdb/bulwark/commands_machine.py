"""bw-tlb, bw-tasks and bw-options: the machine as a whole."""
from bulwark import command, image, kernel, memory, roots, tasks, text


def hexadecimal(value):
	return f'{int(value):#x}'


def marked(is_current, name):
	return f'*{name}' if is_current else f' {name}'


class Tlb(command.Command):
	"""bw-tlb [-j]: which downgrades each CPU has seen, and what its PCIDs may hold

A downgrade, an entry of the kernel half that is removed or made stricter, raises the newest generation; it is
complete once every CPU has seen it or is outside of the kernel (docs/tlb.md). Per CPU: its mode, the generation
seen, what others ask of it, its window, the roots that its ways in and out load, one that may be loaded still, and
its slots for address spaces; then the frames in the quarantine of xpfo=epoch. * marks the selected CPU."""
	name = 'bw-tlb'

	def collect(self, argument):
		if argument:
			self.usage()
		newest = int(kernel.variable('ktlb_newest')['value'])
		selected, owners = tasks.selected(), dict(owners_by_root())
		return {'newest': newest, 'cpus': [self.cpu(cpu, newest, selected, owners) for cpu in tasks.cpus()],
			'quarantine': list(quarantine(newest))}

	@staticmethod
	def cpu(cpu, newest, selected, owners):
		tlb = cpu.data['tlb']
		current = current_of(cpu.id)
		slots = [{'slot': i, 'pcid': i + image.enumerator('PCID_SLOT_FIRST'), 'root': hexadecimal(slot['root']),
			'owner': owners.get(int(slot['root']), 'one that is gone'), 'generation': int(slot['generation']),
			'current': int(slot['root']) == int(current['root']) and i == int(current['slot'])}
			for i, slot in enumerate(elements(current['slots'])) if int(slot['root'])]
		return {'id': cpu.id, 'selected': bool(selected) and selected.id == cpu.id, 'mode': cpu.mode,
			'seen': int(tlb['seen']['value']), 'up_to_date': int(tlb['seen']['value']) == newest,
			'request': bool(tlb['request']['value']), 'deferred': bool(tlb['deferred']['value']),
			'window': 'open' if cpu.data['window_is_open'] else 'closed',
			'kernel_cr3': hexadecimal(current['kernel_cr3']['value']),
			'exit_cr3': hexadecimal(current['exit_cr3']['value']),
			'left': hexadecimal(current['left']) if int(current['left']) else None, 'slots': slots}

	def render(self, found):
		if not found['cpus']:
			yield 'no CPU is up yet'
			return
		yield f'the newest downgrade is generation {found["newest"]}'
		yield from text.table(('CPU', 'mode', 'has seen', '', 'asked', 'window', 'kernel CR3', 'exit CR3', 'left root'),
			[(marked(cpu['selected'], cpu['id']), cpu['mode'], cpu['seen'], behind(cpu),
				' '.join(word for word in ('request', 'deferred') if cpu[word]) or 'nothing', cpu['window'],
				cpu['kernel_cr3'], cpu['exit_cr3'], cpu['left'] or 'none') for cpu in found['cpus']])
		slots = [(cpu, slot) for cpu in found['cpus'] for slot in cpu['slots']]
		if slots:
			yield 'address spaces that PCIDs may hold translations of:'
			yield from text.table(('CPU', 'slot', 'PCID', 'address space', 'user half as of', ''),
				[(cpu['id'], slot['slot'], slot['pcid'], slot['owner'], f'generation {slot["generation"]}',
					'in use' if slot['current'] else '') for cpu, slot in slots])
		if found['quarantine']:
			yield 'in the quarantine, hidden, and not yet for user space:'
			yield from text.table(('first frame', 'frames', 'waits for', ''),
				[(one['first'], one['frames'], f'generation {one["generation"]}',
					'complete' if one['complete'] else 'not complete') for one in found['quarantine']])


def current_of(cpu):
	"""struct current: what the gate keeps for a processor."""
	block = image.enumerator('GATE_BLOCK_PAGES') * memory.PAGE_SIZE
	return kernel.object_at('struct gate_kept', int(kernel.variable('gate_kept_start')) + cpu * block)['current']


def behind(cpu):
	if cpu['up_to_date']:
		return 'all'
	return 'flushes on its way in' if cpu['mode'] != 'kernel' else 'may still use older ones'


def elements(array):
	low, high = array.type.range()
	return [array[i] for i in range(low, high + 1)]


def owners_by_root():
	"""The users of an address space by the frame of its root."""
	for at, owner in roots.spaces():
		yield int(kernel.object_at('struct as', at)['root']['pfn']), owner


def quarantine(newest):
	data = kernel.variable('frame_pool')['quarantine']
	blocks = elements(data['blocks'])
	seen = [int(cpu.data['tlb']['seen']['value']) for cpu in tasks.cpus() if cpu.mode == 'kernel'] + [newest]
	for i in range(int(data['nr'])):
		block = blocks[(int(data['first']) + i) % len(blocks)]
		generation = int(block['generation'])
		yield {'first': hexadecimal(block['first']['pfn']), 'frames': 1 << int(block['order']),
			'generation': generation, 'complete': min(seen) >= generation}


class Tasks(command.Command):
	"""bw-tasks [-j]: processes and threads: state, CPU, uid, address space, kernel root

* marks what runs on the selected CPU. uid `nobody` is a process whose credentials are not its own."""
	name = 'bw-tasks'

	def collect(self, argument):
		if argument:
			self.usage()
		cpu = tasks.selected()
		running = cpu.thread if cpu else 0
		return {'cpu': cpu.id if cpu else None, 'processes': [self.process(one, running) for one in tasks.processes()]}

	@staticmethod
	def process(process, running):
		threads = [{'tid': one.tid, 'state': one.state, 'cpu': one.cpu, 'on_cpu': one.on_cpu,
			'current': one.at == running} for one in process.threads()]
		root = roots.pair(process.space, '')[roots.KERNEL].pfn << 12 if process.space else 0
		return {'pid': process.pid, 'name': process.name, 'parent': parent(process), 'uid': process.uid,
			'state': process.state, 'as': hexadecimal(process.space), 'root': hexadecimal(root), 'threads': threads}

	def render(self, found):
		rows = []
		for one in found['processes']:
			uid = 'nobody' if one['uid'] is None else one['uid']
			who = (one['pid'], one['name'], one['parent'], uid)
			where = (one['as'] if one['as'] != '0x0' else 'none', one['root'] if one['root'] != '0x0' else 'none')
			if not one['threads']:
				rows.append((' ', *who, '-', one['state'], '-', *where))
			for thread in one['threads']:
				rows.append(('*' if thread['current'] else ' ', *who, thread['tid'], thread['state'],
					thread['cpu'], *where))
				who, where = ('',) * len(who), ('',) * len(where)
		if not rows:
			yield 'no process yet'
			return
		yield from text.table(('', 'pid', 'name', 'parent', 'uid', 'thread', 'state', 'CPU', 'address space', 'root'), rows)


def parent(process):
	return int(kernel.object_at('struct process', process.parent)['pid']) if process.parent else 0


class Options(command.Command):
	"""bw-options [-j]: the boot options in force"""
	name = 'bw-options'

	def collect(self, argument):
		if argument:
			self.usage()
		return {row['name']: row['value'] for row in in_force()}

	def render(self, found):
		if not kernel.is_up():
			yield 'the kernel has yet to read its command line; these are the defaults:'
		yield from text.table(('option', 'in force', 'values', 'what it is'),
			[(row['name'], row['value'], row['values'].replace('|', ' '), row['help']) for row in in_force()])


def in_force():
	"""As value_in_force of kernel/core/options.c has it."""
	rows = kernel.variable("'kernel/core/options.c'::rows")
	instead = elements(kernel.variable("'kernel/core/options.c'::shown_instead"))
	for row, other in zip(elements(rows), instead):
		name, values = kernel.string(int(row['name'])), kernel.string(int(row['values']))
		at = int(other) or int(row['value'])
		value = int.from_bytes(kernel.read(at, 4), 'little')
		yield {'name': name, 'value': values.split('|')[value], 'values': values, 'help': kernel.string(int(row['help']))}
