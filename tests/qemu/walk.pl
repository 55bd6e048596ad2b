#!/usr/bin/perl
# walk.pl MEMORY REGISTERS MARKER SYMBOLS: walks every page table found in a memory dump and counts frames:
#   user frames      mapped by a user half with U=1 on every level
#   shared frames    of those, mapped by a kernel half too
#   marked frames    those that open with MARKER
#   sealed frames    those that the frame table calls a pool's, and sealed
#   plant VIEW       where to write what for a sealed frame to be writable in that view, and which one
# A root is any frame whose upper 256 entries are those of the loaded root, but for at most two (the private
# window; entries that differ per root), and which the frame table calls a page table. SYMBOLS is a file: what nm says
# of the kernel. The shadow root of a root is the frame behind it:
#   shadow kernel slots   different top-level entries in their kernel halves
#   shadow strangers      frames they map that belong neither to USER nor to ENTRY
#   shadow secrets        addresses of the image, the direct map or kernel space in frames of ENTRY that they map,
#                         at any byte
use strict;
use warnings;
no warnings 'portable';

use FindBin '$Bin';
use lib $Bin;
use Dump;

my ($memory_file, $registers_file, $marker, $symbols_file) = @ARGV;
my ($KSPACE_SIZE, $POOL_SIZE) = (1 << 39, 1 << 39);

dump_read($memory_file, $registers_file, $symbols_file);
my ($cpl) = $registers =~ /CPL=(\d)/;
my $is_shadow = $cr3 & 0x1000;

my (%user, %kernel, %writable, %shadow, %shadow_slots, %tables_seen);
my %entry_of; # frame => where the page-table entry of the kernel half is that maps it, a 4 KiB page
my $nr_bad_rights = 0;

sub owner {
	my ($frame) = @_;
	return unpack('C', read_virtual(read_variable('frames') + $frame * $FRAME_ENTRY_SIZE, 1));
}

# The frames that are a pool's and sealed, by the frame table.
sub sealed {
	my ($table, $per_page) = (read_variable('frames'), 4096 / $FRAME_ENTRY_SIZE);
	my @sealed;
	for (my $first = 0; $first < $nr_frames; $first += $per_page) {
		my $entries = read_virtual($table + $first * $FRAME_ENTRY_SIZE, 4096);
		for my $i (0 .. $per_page - 1) {
			my ($owner, $flags) = unpack 'CC', substr($entries, $i * $FRAME_ENTRY_SIZE, 2);
			push @sealed, $first + $i if $owner == $OWNER_POOL && $flags & $FRAME_SEALED;
		}
	}
	return @sealed;
}

sub roots {
	my @mine = (table($loaded))[256 .. 511];
	my $nr_present = grep { $_ & $PRESENT } @mine;
	die "walk.pl: the loaded root has no kernel half\n" unless $nr_present;
	my $strongest = (sort { $b <=> $a } grep { $_ & $PRESENT } @mine)[0];
	my $bytes = pack 'Q', $strongest;
	my @roots;
	for my $frame (0 .. $nr_frames - 1) {
		next if index(substr($memory, $frame << 12, 4096), $bytes, 2048) < 0;
		my @theirs = (table($frame << 12))[256 .. 511];
		my $differences = grep { ($theirs[$_] ^ $mine[$_]) & ~0x60 } 0 .. 255;
		push @roots, $frame << 12 if $differences <= 2 && owner($frame) == $OWNER_PTABLE;
	}
	return @roots;
}

# Marks every frame below this table. rights: the AND of U and W, the OR of NX, so far.
sub walk {
	my ($address, $level, $first, $last, $user, $write, $nx, $into) = @_;
	my @entries = table($address);
	for my $i ($first .. $last) {
		my $entry = $entries[$i] // 0;
		next unless $entry & $PRESENT;
		my $u = $user && ($entry & $USER);
		my $w = $write && ($entry & $WRITE);
		my $x = $nx || ($entry & $NX);
		if ($level > 1 && !($entry & $LARGE)) {
			my $below = $entry & $ADDRESS;
			my $key = join ',', $below, $level, map { $_ ? 1 : 0 } $u, $w, $x;
			next if $tables_seen{$key}++;
			walk($below, $level - 1, 0, 511, $u, $w, $x, $into);
			next;
		}
		$nr_bad_rights++ if $w && !$x;
		my $nr = 1 << (9 * ($level - 1));
		my $start = (($entry & $ADDRESS) >> 12) & ~($nr - 1);
		my $map = $into eq 'user' ? \%user : $into eq 'shadow' ? \%shadow : \%kernel;
		# Beyond the dump there is no memory, only devices.
		my $end = $start + $nr < $nr_frames ? $start + $nr : $nr_frames;
		$entry_of{$start} = $address + 8 * $i if $level == 1 && $into eq 'kernel';
		if ($w) {
			$writable{$_} = 1 for $start .. $end - 1;
		}
		next if $into eq 'user' && !$u;
		$map->{$_} = 1 for $start .. $end - 1;
	}
}

my @roots = roots();
for my $root (@roots) {
	walk($root, 4, 0, 255, 1, 1, 0, 'user');
	walk($root, 4, 256, 511, 1, 1, 0, 'kernel');
}

# Shadow roots, of the roots that have a user half.
my @shadows = map { $_ + 0x1000 } grep { my @user = (table($_))[0 .. 255]; grep { $_ & $PRESENT } @user } @roots;
for my $root (@shadows) {
	my @entries = table($root);
	$shadow_slots{$entries[$_] & ~0x60}++ for grep { $entries[$_] & $PRESENT } 256 .. 511;
	%tables_seen = ();
	walk($root, 4, 0, 511, 1, 1, 0, 'shadow');
}

# The first entry of the first table of that level below one of these slots of a root.
sub first_entry {
	my ($root, $level, @slots) = @_;
	my $at = $root;
	for my $above (reverse $level + 1 .. 4) {
		my @entries = table($at);
		my ($slot) = grep { $entries[$_] & $PRESENT && !($above < 4 && $entries[$_] & $LARGE) } $above == 4 ? @slots : 0 .. 511;
		return undef unless defined $slot;
		$at = $entries[$slot] & $ADDRESS;
	}
	return $at;
}

# VIEW => [address, value, frame], each for a sealed frame of its own.
sub plants {
	my @sealed = @_;
	my @mine = table($loaded);
	my ($with_user) = grep { defined first_entry($_, 1, 0 .. 255) } @roots;
	my ($window) = grep { defined $_->[0] } map {
		my ($root, @theirs) = ($_, table($_));
		[first_entry($root, 1, grep { ($theirs[$_] ^ $mine[$_]) & ~0x60 } 256 .. 511)];
	} @roots;
	my $direct = $entry_of{$with_user >> 12}; # a page table lies in the direct map, sealed frames have empty entries there
	my @places = ([pool => undef, 0], [window => $window->[0], 0], ['direct map' => $direct, 0], ['user half' => first_entry($with_user, 1, 0 .. 255), $USER],
		['2 MiB page' => first_entry($with_user, 2, 0 .. 255) + 8 * 511, $USER | $LARGE], ['shadow root' => first_entry($with_user + 0x1000, 1, 256 .. 511), 0]);
	my %plants;
	for my $i (0 .. $#places) {
		my ($view, $address, $flags) = @{$places[$i]};
		my $frame = $sealed[$i] // next;
		$address //= $entry_of{$frame};
		my $first = $flags & $LARGE ? $frame & ~511 : $frame;
		$plants{$view} = [$address, $first << 12 | $PRESENT | $WRITE | $NX | $flags, $frame];
	}
	return %plants;
}

sub secrets {
	my ($bytes) = @_;
	my $image = read_physical($LAYOUT + $LAYOUT_IMAGE_BASE);
	my @ranges = ([$image, address_of('image_end')], [read_variable('direct_map_base'), read_variable('direct_map_base') + length $memory],
		[read_variable('kspace_base'), read_variable('kspace_base') + $KSPACE_SIZE],
		[read_variable('pool_base'), read_variable('pool_base') + $POOL_SIZE]);
	my $nr = 0;
	while ($bytes =~ /(?=(.{6}\xff\xff))/sg) {
		my $word = unpack 'Q', $1;
		$nr++ if grep { $word >= $_->[0] && $word < $_->[1] } @ranges;
	}
	return $nr;
}

my (@strangers, $nr_secrets);
for my $frame (sort { $a <=> $b } keys %shadow) {
	my $owner = owner($frame);
	push @strangers, $frame unless $owner == $OWNER_USER || $owner == $OWNER_ENTRY;
	$nr_secrets += secrets(substr $memory, $frame << 12, 4096) if $owner == $OWNER_ENTRY;
}

my @shared = grep { $kernel{$_} } sort { $a <=> $b } keys %user;
my @marked = grep { substr($memory, $_ << 12, length $marker) eq $marker } 0 .. $nr_frames - 1;

printf "roots: %d\n", scalar @roots;
printf "user frames: %d\n", scalar keys %user;
printf "kernel-mapped frames: %d\n", scalar keys %kernel;
printf "shared frames: %d\n", scalar @shared;
printf "marked frames: %d\n", scalar @marked;
printf "marked frames mapped by the kernel: %d\n", scalar grep { $kernel{$_} } @marked;
printf "privilege level %s on the %s root\n", $cpl // '?', $is_shadow ? 'shadow' : 'kernel';
printf "shadow roots: %d\n", scalar @shadows;
printf "shadow kernel slots: %d\n", scalar keys %shadow_slots;
printf "shadow frames: %d\n", scalar keys %shadow;
printf "shadow strangers: %d\n", scalar @strangers;
printf "shadow secrets: %d\n", $nr_secrets // 0;
my @sealed = sealed();
printf "sealed frames: %d\n", scalar @sealed;
printf "sealed frames mapped: %d\n", scalar grep { $kernel{$_} } @sealed;
printf "sealed frames mapped writable: %d\n", scalar grep { $writable{$_} } @sealed;
printf "writable and executable: %d\n", $nr_bad_rights;
printf "sealed and writable: %s\n", join ' ', map { sprintf '%#x', $_ } grep { $writable{$_} } @sealed;
my %plants = plants(@sealed);
printf "plant %s: %#x %#x %#x\n", $_, @{$plants{$_}} for sort keys %plants;
printf "first shared: %s\n", join ' ', map { sprintf '%#x', $_ } @shared[0 .. ($#shared < 4 ? $#shared : 4)] if @shared;
