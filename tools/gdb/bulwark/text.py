"""Tables, colours and progress."""
import re
import sys
import time

import gdb

GREEN, YELLOW, RED, BOLD = '32', '33', '31', '1'


def has_colour():
	return sys.__stdout__.isatty() and gdb.parameter('style enabled')


def colour(code, words):
	return f'\x1b[{code}m{words}\x1b[0m' if has_colour() else words


def table(head, rows):
	"""Lines with aligned columns; numbers to the right."""
	rows = [[str(cell) for cell in row] for row in rows]
	widths = [max(len(row[i]) for row in [list(head)] + rows) for i in range(len(head))]
	right = [all(re.fullmatch(r'[1-9][\d,]*|0|-?', row[i]) for row in rows) for i in range(len(head))]
	lines = []
	for row in [list(head)] + rows:
		cells = [cell.rjust(width) if to_right else cell.ljust(width)
			for cell, width, to_right in zip(row, widths, right)]
		lines.append('  ' + '  '.join(cells).rstrip())
	return lines


def count(number, one, many=None):
	return f'{number:,} {one if number == 1 else many or one + "s"}'


def size(number):
	for unit, shift in (('GiB', 30), ('MiB', 20), ('KiB', 10)):
		if number >= 1 << shift:
			return f'{number >> shift:,} {unit}' if number % (1 << shift) == 0 else f'{number / (1 << shift):,.1f} {unit}'
	return f'{number} bytes'


class Progress:
	"""Says on a terminal how far something long has come, from the second second on."""

	def __init__(self, what, total):
		self.what, self.total, self.done = what, max(total, 1), 0
		self.start = self.shown = time.monotonic()
		self.visible = False

	def step(self):
		self.done += 1
		now = time.monotonic()
		if not has_colour() or now - self.start < 2 or now - self.shown < 0.2:
			return
		self.shown, self.visible = now, True
		left = (now - self.start) / self.done * max(self.total - self.done, 0)
		gdb.write(f'\r{self.what}: {min(self.done * 100 // self.total, 99)} %, {left:.0f} s left ')
		gdb.flush()

	def end(self):
		if self.visible:
			gdb.write('\r' + ' ' * 60 + '\r')
			gdb.flush()
