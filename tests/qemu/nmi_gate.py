# Part of nmi.py: an NMI in the gate, or where it is begun again, while another processor lies about all that ordinary memory holds of it.
import re

import gdb

LIE = 0x5A5A5A5A5A5A5A5A
# struct regs, in words from its first
REGS = ['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8', 'rax', 'rcx', 'rdx', 'rsi', 'rdi', 'vector', 'error',
	'rip', 'cs', 'rflags', 'rsp', 'ss']
GENERAL = REGS[:15]
# What is begun again (rows of .gate.ranges, by the symbol of their first instruction): what these instructions write may be anything
# before, and what CR3 gets, if it is written.
EDGES = {'gate_kernel_trap.close': ['rax', 'rcx', 'rdx'], 'gate_kernel_trap.open': ['rax'],
	'cr3_reload': ['rax'], 'cr3_load_window': ['rax'], 'cr3_load_current': ['rax'],
	'syscall_main.look': ['r10', 'r11'], 'syscall_watched.look': ['rax', 'r10']}
for way in ('gate_enter', 'gate_switch'):
	EDGES |= {f'{way}_{place}': lies for place, lies in [('wp.open', ['rax', 'rsp']), ('wp.close', ['rcx', 'rsp']),
		('pks.open', ['rax', 'rcx', 'rdx', 'rsp']), ('pks.close', ['rax', 'rcx', 'rdx', 'rsp']),
		('window.note', ['rax', 'rsp']), ('window.open', ['rax', 'r11', 'rsp']), ('window.close', ['rcx', 'rsp'])]}
LOADED = {'cr3_reload': 'same', 'cr3_load_window': 'gate_cr3', 'cr3_load_current': 'kernel_cr3'}
# At the last of these instructions R10 has the table that a call is looked up in, which this word of the processor's sealed page names.
TABLES = {'syscall_main.look': 'syscall_table', 'syscall_watched.look': 'rule_table'}
for variant in ('off', 'nopcid', 'pcid'):
	EDGES |= {f'{name}_{variant}.{place}': lies for name, place, lies in [('entry_syscall', 'enter', ['rsp']),
		('leave_syscall', 'load', ['rsp']), ('leave_syscall', 'mask', ['r11']), ('trap_from_user', 'enter', ['rdi']),
		('leave_trap', 'load', ['rax']), ('leave_trap', 'mask', ['rsi']), ('paranoid', 'enter', ['rax', 'rdx']),
		('paranoid', 'load', ['rax'])]}
	LOADED |= {f'{name}_{variant}.{place}': what for name, place, what in [('entry_syscall', 'enter', 'other'),
		('trap_from_user', 'enter', 'other'), ('paranoid', 'enter', 'other'), ('leave_syscall', 'load', 'exit_cr3'),
		('leave_trap', 'load', 'exit_cr3'), ('paranoid', 'load', 'exit_cr3')]}
# What of RFLAGS user mode must not have: IOPL, NT, VM, VIF, VIP.
FLAGS_LIE = 0x1a7000
TF = 1 << 8
CR3_SHADOW = 1 << 12
# From where RSP points at the handler's first instruction: what is taken from there again on the shadow root.
FIRST_STACK = {'rip': 0, 'rflags': 2, 'rsp': 3, 'rax': -3, 'rcx': -4, 'rdx': -5}
ROOT = 0xFFFFFFFFFF000
SEALED_FROM_GS = 0x1c000  # CPU_SEALED_OFFSET


def is_way(name):
	"""Of a way into the gate."""
	return re.match('gate_(enter|switch)_(wp|pks|window)', name)


def register(name):
	# some are of types that are no numbers
	return int(re.search('0x[0-9a-f]+', gdb.execute(f'p/x ${name}', to_string=True))[0], 16)


def cr3_write(value):
	# its type is no number's
	gdb.set_convenience_variable('value', gdb.Value(value.to_bytes(8, 'little'), gdb.parse_and_eval('$cr3').type))
	gdb.execute('set $cr3 = $value')


def sealed_word(member):
	"""Where GS finds a word of this processor's sealed page. While the kernel's types are known."""
	return SEALED_FROM_GS + member_offset('cpu_sealed', member)


def member_offset(structure, member):
	return int(gdb.parse_and_eval(f'(unsigned long)&((struct {structure} *)0)->{member}'))


def registers():
	return {name: register(name) for name in GENERAL + ['rip', 'rsp', 'eflags', 'cr0', 'cr3']}


class Lies:
	"""Of a machine, and how to load and store its words."""

	def __init__(self, machine, load, store):
		self.machine, self.load, self.store = machine, load, store

	def edge_of(self, at):
		"""Which instructions that are begun again this is one of."""
		for edge, (start, end) in self.machine.rows.items():
			if start <= at < end:
				return edge
		return None

	def expected_cr3(self, edge):
		"""What these instructions load, from here."""
		what = LOADED.get(edge)
		if what == 'other':
			return register('cr3') ^ CR3_SHADOW
		if what == 'same':
			return register('cr3')
		if what == 'gate_cr3':
			return self.load(register('gs_base') + self.machine.window_cr3)
		if what:
			return self.load(self.load(register('gs_base') + self.machine.current) + self.machine.current_cr3[what])
		return None

	def lie(self, regs, edge, is_on_first_stack):
		"""About what these instructions write, wherever the handler's way out takes it from."""
		for name in EDGES[edge]:
			places = [regs + REGS.index(name) * 8]
			if is_on_first_stack and name in FIRST_STACK:
				places.append(self.machine.stack + FIRST_STACK[name] * 8)
			for place in places:
				self.store(place, self.load(place) | FLAGS_LIE if edge.endswith('.mask') else LIE)

	def goes_on(self, edge, cr3):
		"""From the first instruction, and what is loaded at the last one is right."""
		start, end = self.machine.rows[edge]
		if not self.machine.stop_at(start):
			return False
		last = max(at for at in self.machine.opcode if start <= at < end)
		if edge in TABLES:
			table = self.load(register('gs_base') + self.machine.tables[TABLES[edge]])
			return (last == start or self.machine.stop_at(last)) and register('r10') == table
		if edge.endswith('.mask'):
			return (last == start or self.machine.stop_at(last)) and not register(EDGES[edge][0]) & FLAGS_LIE
		return cr3 is None or (self.machine.stop_at(end) and not (register('cr3') ^ cr3) & ROOT)

	def to_handler(self):
		"""From the NMI's first instruction to C: the address of what the handler is told."""
		handler = self.machine.kernel['trap_from_kernel_handle']
		self.machine.stops.add(handler)
		arrived = self.machine.stops.go() == handler
		self.machine.stops.drop_all()
		return register('rdi') if arrived else None

	def is_kept(self, at):
		"""In the gate: nothing that ordinary memory held comes back, and the root is the one that was loaded."""
		before = registers()
		self.machine.inject()
		regs = self.to_handler()
		if regs is None or register('rsp') < 0xFFFFE00000000000:
			return False
		for i, name in enumerate(REGS):
			if name != 'vector':
				self.store(regs + i * 8, LIE)
		return self.machine.stop_at(at) and registers() == before

	def is_begun_again(self, edge):
		"""A lie about the gate's stack does not keep it open, and no register that is written there is believed."""
		cr3 = self.expected_cr3(edge)
		self.machine.inject()
		if is_way(edge):
			self.store(self.machine.stack + 3 * 8, LIE)
		regs = self.to_handler()
		if regs is None:
			return False
		self.lie(regs, edge, self.machine.was_on_shadow_root)
		return self.goes_on(edge, cr3)

	def is_begun_again_within(self, context, before, edge):
		"""The same of instructions of an NMI's handler, by a debug exception: it arrives behind this one."""
		if not self.machine.stop_at(context):
			return False
		self.machine.inject()
		if not self.machine.stop_at(before):
			return False
		gdb.execute(f'set $eflags |= {TF}')
		self.machine.arrive(self.machine.debug)
		cr3 = self.expected_cr3(edge)
		regs = self.to_handler()
		if regs is None:
			return False
		for place in (regs + REGS.index('rflags') * 8, self.machine.stack + FIRST_STACK['rflags'] * 8):
			self.store(place, self.load(place) & ~TF)
		self.lie(regs, edge, self.machine.was_on_shadow_root)
		return self.goes_on(edge, cr3)

	def is_off_the_opened(self, window):
		"""While ordinary code has it open, to zero what it frees."""
		root = window & ROOT
		while self.machine.stop_at(self.machine.kernel['memset']) and register('cr3') & ROOT != root:
			pass
		self.machine.inject()
		was_off = self.to_handler() is not None and register('cr3') & ROOT != root
		return was_off and self.machine.stop_at(self.machine.kernel['memset']) and register('cr3') & ROOT == root

	def is_off_the_window(self, at, window):
		"""The window's root was loaded within: the handler runs on another one, and it comes back."""
		before = register('cr3')
		cr3_write(window)
		loaded = register('cr3')
		self.machine.inject()
		was_off = self.to_handler() is not None and register('cr3') != loaded
		back = self.machine.stop_at(at) and register('cr3') == loaded
		cr3_write(before)
		return loaded != before and was_off and back
