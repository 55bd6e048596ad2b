# Part of nmi.py: an NMI in the gate, while another processor lies about all that ordinary memory holds of it.
import re

import gdb

LIE = 0x5A5A5A5A5A5A5A5A
# struct regs, in words from its first
REGS = ['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8', 'rax', 'rcx', 'rdx', 'rsi', 'rdi', 'vector', 'error',
	'rip', 'cs', 'rflags', 'rsp', 'ss']
GENERAL = REGS[:15]
# The instructions that are begun again: the ways' first and last ones. What they write may be anything before.
EDGES = {'gate_enter_wp.open': ['rax'], 'gate_enter_wp.close': ['rcx'],
	'gate_enter_pks.open': ['rax', 'rcx', 'rdx'], 'gate_enter_pks.close': ['rax', 'rcx', 'rdx'],
	'gate_enter_window.note': ['rax'], 'gate_enter_window.open': ['rax', 'r11'], 'gate_enter_window.close': ['rcx']}
ROOT = 0xFFFFFFFFFF000
SEALED_FROM_GS = 0x1c000  # CPU_SEALED_OFFSET


def register(name):
	# some are of types that are no numbers
	return int(re.search('0x[0-9a-f]+', gdb.execute(f'p/x ${name}', to_string=True))[0], 16)


def cr3_write(value):
	# its type is no number's
	gdb.set_convenience_variable('value', gdb.Value(value.to_bytes(8, 'little'), gdb.parse_and_eval('$cr3').type))
	gdb.execute('set $cr3 = $value')


def sealed_word(member):
	"""Where GS finds a word of this processor's sealed page. While the kernel's types are known."""
	return SEALED_FROM_GS + int(gdb.parse_and_eval(f'(unsigned long)&((struct cpu_sealed *)0)->{member}'))


def registers():
	return {name: register(name) for name in GENERAL + ['rip', 'rsp', 'eflags', 'cr0', 'cr3']}


class Lies:
	"""Of a machine, and how to load and store its words."""

	def __init__(self, machine, load, store):
		self.machine, self.load, self.store = machine, load, store

	def edge_of(self, at):
		"""Which instructions that are begun again this is one of."""
		name = self.machine.name[at].split('+')[0]
		return name if name in EDGES else None

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

	def is_begun_again(self, at, edge):
		"""At its edges: a lie about the stack does not keep it open, and no register that is written there is believed."""
		self.machine.inject()
		self.store(self.machine.stack + 3 * 8, LIE)
		regs = self.to_handler()
		if regs is None:
			return False
		for name in EDGES[edge]:
			self.store(regs + REGS.index(name) * 8, LIE)
		self.store(regs + REGS.index('rsp') * 8, LIE)
		return self.machine.stop_at(self.machine.kernel[edge])

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
