# Runs in gdb: an NMI at every instruction of every way into the kernel and out of it, and two in a row.
#
# NMI_KERNEL and NMI_PROGRAM are the kernel's image and that of tests/qemu/programs/entries.c, which goes
# through these ways round after round and checks its registers; NMI_PORT is that of the emulator's stub.
# The machine has one processor. Writes TAP lines without a plan to NMI_RESULTS.
import os
import re
import subprocess

import gdb

MARK = 0xB0117E57  # tests/qemu/programs/entries.c: the operand of the instruction at rounds_mark
ROUNDS_WITHOUT_NEWS = 3
VECTOR_NMI = 2
VECTOR_PAGE_FAULT = 14
VECTOR_LAST_TRIED = 48  # the timer's
# Symbols that say where a range begins or ends, not what is there.
NO_NAME = re.compile('_start$|_end$')


def symbols(path):
	table = {}
	for line in subprocess.check_output(['nm', '-n', path], text=True).splitlines():
		fields = line.split()
		if len(fields) == 3:
			table[fields[2]] = int(fields[0], 16)
	return table


def say(text):
	with open(os.environ['NMI_RESULTS'], 'a') as results:
		results.write(text + '\n')


def result(passed, name):
	say(('ok 0 - ' if passed else 'not ok 0 - ') + name)


def register(name):
	return int(gdb.parse_and_eval('$' + name)) & 0xFFFFFFFFFFFFFFFF


def word(address):
	return int.from_bytes(gdb.selected_inferior().read_memory(address, 8).tobytes(), 'little')


def store(address, value):
	gdb.selected_inferior().write_memory(address, value.to_bytes(8, 'little'))


class Stops:
	"""The hardware breakpoints that are set, by address."""

	def __init__(self):
		self.at = {}

	def add(self, *addresses):
		for address in addresses:
			if address not in self.at:
				self.at[address] = gdb.Breakpoint(f'*{address:#x}', type=gdb.BP_HARDWARE_BREAKPOINT,
					internal=True)

	def drop(self, *addresses):
		for address in addresses:
			if address in self.at:
				self.at.pop(address).delete()

	def drop_all(self):
		self.drop(*list(self.at))

	def go(self):
		"""Continues to the next stop: its address."""
		gdb.execute('continue', to_string=True)
		return register('rip')


class Machine:
	def __init__(self):
		kernel, program = symbols(os.environ['NMI_KERNEL']), symbols(os.environ['NMI_PROGRAM'])
		self.stops = Stops()
		self.mark, self.flag = program['rounds_mark'], program['rounds_stop']
		self.text = (kernel['entry_text_start'], kernel['entry_text_end'])
		self.names = sorted((at, name) for name, at in kernel.items() if
			self.text[0] <= at < self.text[1] and not NO_NAME.search(name))
		self.opcode = {}
		for i in self.disassemble(*self.text):
			stub = re.search(r'stub_(\d+)', self.name(i['addr']))
			if not stub or int(stub[1]) <= VECTOR_LAST_TRIED:
				self.opcode[i['addr']] = i['asm'].split()[0]
		# from here on addresses are enough, and much faster
		gdb.execute('set architecture i386:x86-64')
		gdb.execute('symbol-file')
		gdb.execute(f'target remote localhost:{os.environ["NMI_PORT"]}', to_string=True)

	@staticmethod
	def disassemble(start, end):
		return gdb.selected_inferior().architecture().disassemble(start, end - 1)

	def name(self, address):
		"""symbol+offset of an address in the image's own entry text"""
		at, name = [pair for pair in self.names if pair[0] <= address][-1]
		return f'{name}+{address - at}'

	def gate(self, vector):
		"""Where the loaded IDT leads."""
		base = int(re.search(r'IDT=\s+([0-9a-f]+)', gdb.execute('monitor info registers', to_string=True))[1], 16)
		low, high = word(base + vector * 16), word(base + vector * 16 + 8)
		return (low & 0xFFFF) | (low >> 48 & 0xFFFF) << 16 | (high & 0xFFFFFFFF) << 32

	def find_text(self):
		"""The entry text runs where the IDT says, perhaps under another address than it is linked at."""
		gate = self.gate(VECTOR_PAGE_FAULT)
		stubs = [at for at, name in self.names if name.endswith(f'stub_{VECTOR_PAGE_FAULT}')]
		near = [at for at in stubs if (gate - at) % 4096 == 0 and at in self.opcode]
		if not near:
			raise RuntimeError(f'the gate {gate:#x} leads to no stub')
		self.slide = gate - near[0]
		self.nmi = self.gate(VECTOR_NMI)

	def to_mark(self):
		"""Continues to the mark of the program; others have code at the same address."""
		self.stops.add(self.mark)
		while True:
			if self.stops.go() == self.mark and word(self.mark) >> 8 & 0xFFFFFFFF == MARK:
				return

	def find_reached(self):
		"""Addresses of the instructions that a few rounds pass through."""
		waiting = {at + self.slide for at in self.opcode}
		reached, quiet = [], 0
		self.stops.add(self.mark, *waiting)
		while quiet < ROUNDS_WITHOUT_NEWS:
			at = self.stops.go()
			if at == self.mark:
				quiet += 1
			elif at in waiting:
				quiet = 0
				reached.append(at)
				waiting.remove(at)
				self.stops.drop(at)
		self.stops.drop_all()
		return reached

	def stop_at(self, at):
		self.stops.drop_all()
		self.stops.add(at)
		arrived = self.stops.go() == at
		self.stops.drop_all()
		return arrived

	def inject(self):
		"""An NMI here: the instruction that it interrupted, as its handler will see it."""
		gdb.execute('monitor nmi', to_string=True)
		self.stops.add(self.nmi)
		self.stops.go()
		self.stops.drop_all()
		return word(register('rsp'))

	def handler_path(self, at):
		"""What the handler of an NMI at this instruction runs of the entry text, in order."""
		self.stop_at(at)
		self.inject()
		path = [self.nmi]
		self.stops.add(*(i + self.slide for i in self.opcode if i + self.slide != self.nmi))
		while self.opcode[path[-1] - self.slide] not in ('iretq', 'iret'):
			path.append(self.stops.go())
		self.stops.drop_all()
		return path

	def unblock(self, iret):
		"""What an exception inside the handler does: its IRET lets further NMIs in."""
		rip, rsp = register('rip'), register('rsp')
		frame = rsp - 40 & ~15
		for i, value in enumerate((rip, register('cs'), register('eflags'), rsp, register('ss'))):
			store(frame + 8 * i, value)
		gdb.execute(f'set $rsp = {frame:#x}')
		gdb.execute(f'set $rip = {iret:#x}')
		gdb.execute('stepi', to_string=True)
		return register('rip') == rip and register('rsp') == rsp


def try_each(machine, reached):
	wrong = []
	for at in reached:
		machine.stop_at(at)
		if machine.inject() == at:
			continue
		# that was still the handler of the NMI before
		machine.to_mark()
		if not machine.stop_at(at) or machine.inject() != at:
			wrong.append(machine.name(at - machine.slide))
	result(not wrong, f'an NMI at each of {len(reached)} instructions is delivered there' +
		(f', but at {" ".join(wrong)}' if wrong else ''))


def try_second(machine, context, path):
	"""While one is handled the next one waits: it arrives where the first returns to."""
	wrong = []
	for at in path:
		machine.stop_at(context)
		machine.inject()
		if at != machine.nmi:
			machine.stop_at(at)
		seen = machine.inject()
		if seen != context:
			wrong.append(f'{machine.name(at - machine.slide)}({seen:#x})')
	result(not wrong, f'an NMI at each of {len(path)} instructions of the handler waits for its end' +
		(f', but at {" ".join(wrong)}' if wrong else ''))


def try_nested(machine, context, path):
	"""Something in the handler has let NMIs in: the next one interrupts the handler."""
	iret = next(at for at in path if machine.opcode[at - machine.slide].startswith('iret'))
	wrong = []
	for at in path:
		machine.stop_at(context)
		machine.inject()
		if at != machine.nmi:
			machine.stop_at(at)
		if not machine.unblock(iret) or machine.inject() != at:
			wrong.append(machine.name(at - machine.slide))
	result(not wrong, f'one that is let in arrives at each of the {len(path)}' +
		(f', but at {" ".join(wrong)}' if wrong else ''))


def contexts(machine, reached):
	"""Where the handler is interesting: in user mode, on the user's GS in ring 0, in the kernel."""
	entry = [at for at in reached if machine.name(at - machine.slide).startswith('entry_syscall')]
	return {'user mode': machine.mark, 'the first instruction of SYSCALL': entry[0],
		'the last but one of its way in': entry[len(entry) // 3]}


def main():
	gdb.execute('set confirm off')
	gdb.execute('set pagination off')
	gdb.execute('set breakpoint always-inserted on')
	machine = Machine()
	machine.to_mark()
	machine.find_text()
	reached = machine.find_reached()
	covered = set(reached)
	try_each(machine, reached)
	for where, context in contexts(machine, reached).items():
		say(f'# an NMI in {where}')
		path = machine.handler_path(context)
		covered.update(path)
		try_second(machine, context, path)
		if os.environ.get('NMI_NESTED'):
			try_nested(machine, context, path)
	left = [machine.name(at) for at in machine.opcode if at + machine.slide not in covered]
	say(f'# never run: {" ".join(name for name in left if "stub" not in name)}')
	machine.to_mark()
	store(machine.flag, 1)
	machine.stops.drop_all()
	gdb.execute('detach', to_string=True)


main()
