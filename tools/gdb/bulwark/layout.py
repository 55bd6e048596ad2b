"""Which region an address belongs to: kernel/mm/table/layout.def, as policy_view_of of kernel/mm/table/policy.c reads it."""
import re

from bulwark import image, kernel


def _number(words):
	"""What a base or size in layout.def is on this machine."""
	if words.isdigit():
		return int(words)
	if words in image.constants():
		return image.constant(words)
	if words.endswith('_base'):
		return kernel.base(words)
	return image.number(re.sub(r'[a-z]\w*', r'(unsigned long)&\g<0>', words))


def _regions():
	"""(view, first, last), where they were drawn."""
	for view, base, size in image.table('layout', 'view', 'base', 'bytes'):
		first = _number(base)
		yield f'VIEW_{view}', first, first + _number(size) - 1


class Layout:
	"""The regions of the machine as it is now."""

	def __init__(self):
		self.regions = list(_regions())
		names = kernel.variable('policy_view_name::names')
		self.names = {text: kernel.string(int(names[number])) for number, text in image.enum('policy_view').items()}

	def view(self, address):
		for view, first, last in self.regions:
			if first <= address <= last:
				return view
		return 'VIEW_NONE'

	def border(self, address):
		"""The last address of its region."""
		return next((last for _, first, last in self.regions if first <= address <= last), address)

	def name(self, address):
		"""What reports call the region."""
		if 1 << 47 <= address < image.constant('KERNEL_HALF'):
			return 'no address: not canonical'
		return self.names[self.view(address)]

	def detail(self, address):
		"""More about the address, if there is more to say."""
		if self.view(address) == 'VIEW_IMAGE':
			return image.symbol(address)
		if self.view(address) == 'VIEW_DIRECT_MAP':
			return f'the place of frame {direct_frame(address):#x}'
		return ''


def direct_frame(address):
	"""The frame that a direct-map address stands for; None: it is none."""
	base = kernel.base('direct_map_base')
	offset = address - base
	return offset >> 12 if base and 0 <= offset < image.constant('DIRECT_MAP_MAX_SIZE') else None
