"""Where a guided walk stops: hardware breakpoints that count for the attack's process alone."""
import gdb

from bulwark import image, kernel, memory, tasks

RETURN = 'return'


class Place(gdb.Breakpoint):
	"""The entry of a function, or an address. `counts` says whether an arrival is the one that is waited for."""

	def __init__(self, where, key, counts):
		super().__init__(where, type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
		self.silent = True
		self.key, self.counts, self.hit = key, counts, False

	def stop(self):
		memory.forget()
		try:
			self.hit = bool(self.counts())
		except (gdb.error, gdb.GdbError):
			self.hit = True  # better one stop too many
		return self.hit


def go(places):
	"""Continues to the first of these places: its key. None: stopped somewhere else, by the user. Deletes them."""
	try:
		gdb.execute('continue', to_string=True)
		memory.forget()
		hit = [place.key for place in places if place.is_valid() and place.hit]
	finally:
		for place in places:
			if place.is_valid():
				place.delete()
	return hit[0] if hit else None


def current_name():
	process = tasks.current()
	return process.name if process else ''


def register(name):
	return image.number(f'${name}')


def thread():
	"""The address of the selected CPU's current thread."""
	cpu = tasks.selected()
	return cpu.thread if cpu else 0


def return_address():
	"""At a function's entry."""
	return int.from_bytes(kernel.read(register('rsp'), 8), 'little')


def run_to_return():
	"""From a function's entry to where it was called."""
	here = thread()
	go([Place(f'*{return_address():#x}', RETURN, lambda: thread() == here)])
