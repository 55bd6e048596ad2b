"""Which region an address belongs to: kernel/mm/policy.c says it to the kernel."""
from bulwark import image, kernel


def _regions():
	"""(view, first, last) of the kernel's half, where they were drawn."""
	constant = image.constant
	slot = constant('PML4_SLOT_SIZE')
	for view, start, size in (
		('VIEW_DIRECT_MAP', kernel.base('direct_map_base'), constant('DIRECT_MAP_MAX_SIZE')),
		('VIEW_KSPACE', kernel.base('kspace_base'), constant('KSPACE_SIZE')),
		('VIEW_POOLS', kernel.base('pool_base'), constant('POOL_SIZE')),
		('VIEW_WINDOW', constant('WINDOW_BASE'), slot),
		('VIEW_ENTRY_AREA', constant('ENTRY_AREA_BASE'), slot),
		('VIEW_IMAGE', image.address('image_start'), image.size())):
		if start:
			yield view, start, start + size - 1


class Layout:
	"""The regions of the machine as it is now."""

	def __init__(self):
		self.regions = list(_regions())
		names = kernel.variable('policy_view_name::names')
		self.names = {text: kernel.string(int(names[number])) for number, text in image.enum('policy_view').items()}

	def view(self, address):
		if address < image.constant('USER_TOP'):
			return 'VIEW_USER_HALF'
		for view, first, last in self.regions:
			if first <= address <= last:
				return view
		return 'VIEW_NONE'

	def border(self, address):
		"""The last address of its region."""
		if address < image.constant('USER_TOP'):
			return image.constant('USER_TOP') - 1
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
