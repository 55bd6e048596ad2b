"""Every page-table root of the machine, and which one is meant."""
import gdb

from bulwark import image, kernel, paging, tasks

KERNEL, SHADOW = 'kernel', 'shadow'
HALF = paging.ENTRIES // 2


class Root:
	def __init__(self, pfn, name, space=0, half=''):
		self.pfn, self.name = pfn, name
		self.space, self.half = space, half  # of a pair: its address space, KERNEL or SHADOW

	def __str__(self):
		unused = ', not in use as KAISER is off' if not self.is_in_use() else ''
		return f'{self.name}{unused}, at {self.pfn << 12:#x}'

	def is_in_use(self):
		"""With KAISER off user mode runs on the kernel root."""
		return self.half != SHADOW or str(kernel.variable('kaiser_in_force')) != 'kaiser_off'


def pair(space, owner):
	pfn = int(kernel.object_at('struct as', space)['root']['pfn'])
	return {KERNEL: Root(pfn, f'kernel root of {owner}', space, KERNEL),
		SHADOW: Root(pfn + 1, f'shadow root of {owner}', space, SHADOW)}


def of_process(process, half):
	if not process.space:
		raise gdb.GdbError(f'{process} has no address space any more')
	return pair(process.space, process)[half]


def spaces():
	"""(address of struct as, who uses it) of every address space."""
	head = image.address("'kernel/mm/as/as.c'::all")
	if not int.from_bytes(kernel.read(head, 8), 'little'):
		return
	users = {}
	for process in tasks.processes():
		users.setdefault(process.space, []).append(str(process))
	for at in kernel.listed(head, 'struct as', 'all'):
		yield at, ', '.join(users.get(at, ['an address space that no process has']))


def own():
	return Root(kernel.root(), "the kernel's own root")


def windows():
	return [Root(int(cpu.data['window_root']['pfn']), f'window root of CPU {cpu.id}') for cpu in tasks.cpus()]


def loaded():
	"""The root that the selected processor has in CR3."""
	pfn = (image.number('$cr3') & image.constant('CR3_ROOT_MASK')) >> 12
	if kernel.is_up():
		candidates = [own()] + windows()
		for space, owner in spaces():
			candidates += pair(space, owner).values()
		for root in candidates:
			if root.pfn == pfn:
				return root
	return Root(pfn, 'the loaded root')


def chosen(half=None, pid=None):
	"""The one that a command's words mean: of a process, or of the current one; else the loaded one."""
	if pid is None and half is None:
		return loaded()
	process = tasks.find(pid) if pid is not None else tasks.current()
	if process:
		return of_process(process, half or KERNEL)
	if half == KERNEL and kernel.is_up():
		return own()
	raise gdb.GdbError('no process runs on this CPU, so there is no such root; `bw-tasks` shows who runs where')


def window_slot():
	return image.constant('WINDOW_BASE') >> paging.shift(paging.LEVEL_MAX) & paging.ENTRIES - 1


def strangers(root):
	"""Top-level entries of the kernel half in which a root differs from the kernel's own."""
	accessed = image.enumerator('PTE_ACCESSED')
	reference = paging.table(kernel.root())
	return [i for i in range(HALF, paging.ENTRIES) if (paging.table(root.pfn)[i] ^ reference[i]) & ~accessed]
