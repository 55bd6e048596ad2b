"""Processors, processes and threads."""
import gdb

from bulwark import image, kernel


def state_name(enum, value, prefix):
	return image.enum(enum).get(value, str(value))[len(prefix):].lower()


class Cpu:
	"""A copy of one processor's struct cpu."""

	def __init__(self, at):
		self.at = at
		self.data = kernel.object_at('struct cpu', at)
		self.id, self.apic_id = int(self.data['id']), int(self.data['apic_id'])
		self.thread = int(self.data['current'])

	@property
	def mode(self):
		entry = kernel.object_at('struct cpu_entry', int(self.data['entry']))
		return state_name('cpu_mode', int(entry['mode']['value']), 'CPU_')


def cpus():
	"""Those that are online. None yet: the kernel has not come that far."""
	table = kernel.variable('cpus')
	return [Cpu(int(table[i])) for i in range(int(kernel.variable('nr_cpus')))]


def selected():
	"""The processor that gdb has selected; None: it is not up. QEMU numbers them as their local APICs."""
	thread = gdb.selected_thread()
	if not thread:
		raise gdb.GdbError('there is no machine: `make debug` starts one')
	for cpu in cpus():
		if cpu.apic_id == thread.ptid[1] - 1:
			return cpu
	return None


class Thread:
	def __init__(self, at):
		self.at = at
		self.data = kernel.object_at('struct thread', at)
		self.process = int(self.data['process'])
		self.tid = int(self.data['tid'])
		self.cpu = int(self.data['cpu'])
		self.on_cpu = not self.data['saved_rsp']

	@property
	def state(self):
		words = [state_name('thread_state', int(self.data['state']), 'THREAD_')]
		return ' '.join(words + [word for word in ('in_vuln', 'in_fault', 'exiting') if self.data[word]])


class Process:
	def __init__(self, at):
		self.at = at
		self.data = kernel.object_at('struct process', at)
		self.pid, self.name = int(self.data['pid']), kernel.characters(self.data['name'])
		self.space = int(self.data['as'])
		self.parent = int(self.data['parent'])

	def __str__(self):
		return f'{self.name} (pid {self.pid})'

	@property
	def uid(self):
		"""In force; None: its entry is not its own. As credentials_uid of kernel/task/authority/credentials.c."""
		if str(kernel.variable('options')['cred']) == 'cred_plain':
			return int(self.data['uid'])
		entry = credential_of(self)
		return None if entry is None else int(entry['who']['uid'])

	@property
	def state(self):
		return 'zombie' if self.data['zombie'] else 'exiting' if self.data['exiting'] else 'alive'

	def threads(self):
		head = self.at + kernel.offset_of('struct process', 'threads')
		return [Thread(at) for at in kernel.listed(head, 'struct thread', 'process_node')]


def credential_of(process):
	"""Its entry; None: there are none yet, or it is another's."""
	entries = int(kernel.variable('credential_entries'))
	if not entries:
		return None
	entry = kernel.object_at('struct credential', entries + process.pid * image.type_of('struct credential').sizeof)
	return entry if int(entry['holder']) == process.at else None


def processes():
	head = image.address("'kernel/task/process/process.c'::all")
	if not int.from_bytes(kernel.read(head, 8), 'little'):
		return []
	return sorted((Process(at) for at in kernel.listed(head, 'struct process', 'all')), key=lambda p: p.pid)


def find(pid):
	for process in processes():
		if process.pid == pid:
			return process
	there = ', '.join(str(process) for process in processes()) or 'none yet'
	raise gdb.GdbError(f'there is no process {pid}; there are: {there}')


def current(cpu=None):
	"""The process that runs on a processor, the selected one; None: the kernel's own thread, or too early."""
	cpu = cpu or selected()
	if not cpu or not cpu.thread:
		return None
	thread = Thread(cpu.thread)
	return Process(thread.process) if thread.process else None
