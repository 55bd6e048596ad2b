#!/usr/bin/perl
# guard.pl MEMORY REGISTERS SYMBOLS: where a memory dump maps writable what the gate alone may write (docs/gate.md), in all
# roots that the frame table calls so.
#
#   KIND: N frames, W writable, K with the gate's key, O in the windows
#                        page tables, the frame table, the gate's blocks, sealed frames of pools. Writable: by the entries of a
#                        root that is no window's, with another key than the gate's; K: with that one; O: in a window's root
#   plant KIND: ADDRESS VALUE  what to write where for a frame of that kind to be writable
#   elsewhere: N         tables that the private windows lead to and the rest of a root does, too, or another window
#   strangers: N         roots that are loaded, or have most of the loaded one's kernel half, and that the frame table does not know
use strict;
use warnings;
no warnings 'portable';

use FindBin '$Bin';
use lib $Bin;
use Dump;

my ($memory_file, $registers_file, $symbols_file) = @ARGV;
my ($TABLE_LEVEL, $TABLE_SHADOW, $LEVEL_ROOT) = (7, 32, 4);
my ($KEY_SHIFT, $KEY_MASK, $KEY_GATE) = (59, 15, 1);
my ($CR0_WP, $CR4_PKS) = (1 << 16, 1 << 24);
my $WINDOW_SLOT = (0xffffd00000000000 >> 39) & 511; # layout.h
# kspace.h: the frame table, then the blocks, in the guarded area, which begins with the frame table
my ($FRAMES_BYTES, $BLOCKS_BYTES) = (1 << 32, 1 << 30);

dump_read($memory_file, $registers_file, $symbols_file);

# Owner and flags of each frame.
sub frame_table {
	my $start = read_variable('frames');
	my @rows;
	for (my $at = 0; $at < $nr_frames * $FRAME_ENTRY_SIZE; $at += 4096) {
		my @words = unpack 'Q512', read_virtual($start + $at, 4096);
		push @rows, map { [$_ & 0xff, $_ >> 8 & 0xff] } @words;
	}
	return @rows[0 .. $nr_frames - 1];
}

my @rows = frame_table();
sub is_table { my ($frame) = @_; return $rows[$frame][0] == $OWNER_PTABLE }
my @roots = map { $_ << 12 } grep { is_table($_) && ($rows[$_][1] & $TABLE_LEVEL) == $LEVEL_ROOT } 0 .. $nr_frames - 1;
my @windows = grep { (table($_))[$WINDOW_SLOT] & $PRESENT } @roots;
my %is_window = map { $_ => 1 } @windows;

# The frames of all pages that are mapped in a range, by the loaded root.
sub frames_at {
	my ($start, $end, $at, $level, $base) = @_;
	my @entries = table($at);
	my @frames;
	for my $i (0 .. 511) {
		my $size = 1 << 12 + 9 * ($level - 1);
		my $address = $base + $i * $size;
		next unless $entries[$i] & $PRESENT && $address < $end && $address + $size > $start;
		my $below = $entries[$i] & $ADDRESS;
		push @frames, $level == 1 ? $below >> 12 : frames_at($start, $end, $below, $level - 1, $address);
	}
	return @frames;
}

# So that addresses of the kernel half can be compared: those of one top-level entry alone.
sub frames_in {
	my ($start, $bytes) = @_;
	my $slot = ($start >> 39) & 511;
	my $entry = (table($loaded))[$slot];
	my $base = $start & ~((1 << 39) - 1);
	return $entry & $PRESENT ? frames_at($start, $start + $bytes, $entry & $ADDRESS, 3, $base) : ();
}

my (%writable, %keyed, %shown, %tables, %seen, %entry_of);

# All leaves under a table. is_writable: by the entries above.
sub walk {
	my ($at, $level, $is_writable, $is_window, @slots) = @_;
	return if $seen{ join ',', $at, $level, $is_writable, $is_window, scalar @slots }++;
	$tables{$at} = 1 unless $is_window;
	my @entries = table($at) or return;
	for my $i (@slots) {
		my $entry = $entries[$i];
		next unless $entry & $PRESENT;
		my $may_write = $is_writable && $entry & $WRITE ? 1 : 0;
		if ($level > 1 && !($entry & $LARGE && $level < 4)) {
			walk($entry & $ADDRESS, $level - 1, $may_write, $is_window, 0 .. 511);
			next;
		}
		my $nr = 1 << 9 * ($level - 1);
		my $first = ($entry & $ADDRESS) >> 12 & ~($nr - 1);
		$entry_of{$first} //= $at + 8 * $i if $level == 1 && !$is_window;
		next unless $may_write;
		my $into = $is_window ? \%shown : ($entry >> $KEY_SHIFT & $KEY_MASK) == $KEY_GATE ? \%keyed : \%writable;
		$into->{$_} = 1 for $first .. $first + $nr - 1;
	}
}

for my $root (@roots) {
	walk($root, 4, 1, 0, $is_window{$root} ? grep { $_ != $WINDOW_SLOT } 0 .. 511 : 0 .. 511);
}

# The tables of a window that are its own: those of the guarded area are everybody's, behind another entry.
my (%window_tables, @elsewhere);
for my $root (@windows) {
	my $at = $root;
	for my $slot ($WINDOW_SLOT, 0, 0) {
		$at = (table($at))[$slot] & $ADDRESS;
		push @elsewhere, $at if $tables{$at} || $window_tables{$at}++;
	}
	walk($root, 4, 1, 1, $WINDOW_SLOT);
}

my $guarded = read_variable('frames');
my %frames = (
	'page tables' => [grep { is_table($_) } 0 .. $nr_frames - 1],
	'frame table' => [frames_in($guarded, $FRAMES_BYTES)],
	'gate blocks' => [frames_in($guarded + $FRAMES_BYTES, $BLOCKS_BYTES)],
	'sealed frames' => [grep { $rows[$_][0] == $OWNER_POOL && $rows[$_][1] & $FRAME_SEALED } 0 .. $nr_frames - 1],
);
for my $kind (sort keys %frames) {
	my @frames = @{ $frames{$kind} };
	printf "%s: %d frames, %d writable, %d with the gate's key, %d in the windows\n", $kind, scalar @frames,
		map { my $in = $_; scalar grep { $in->{$_} } @frames } \%writable, \%keyed, \%shown;
}

# The entry of the loaded root that an address of the kernel half leads to, of a level.
sub place_of {
	my ($address, $level) = @_;
	my $at = $loaded;
	for my $above (reverse $level + 1 .. 4) {
		$at = (table($at))[($address >> 12 + 9 * ($above - 1)) & 511] & $ADDRESS;
	}
	return $at + 8 * (($address >> 12 + 9 * ($level - 1)) & 511);
}

sub plant {
	my ($kind, $place, $value) = @_;
	printf "plant %s: %#x %#x\n", $kind, $place, $value // (read_physical($place) | $WRITE) & ~($KEY_MASK << $KEY_SHIFT);
}

my $is_keyed = grep { $keyed{$_} } @{ $frames{'frame table'} };
for my $kind ('page tables', 'sealed frames') {
	my ($frame) = grep { defined $entry_of{$_} && !$writable{$_} } @{ $frames{$kind} };
	plant($kind, $entry_of{$frame}) if defined $frame;
}
plant('frame table', place_of($guarded, $is_keyed ? 1 : 3));
plant('gate blocks', place_of($guarded + $FRAMES_BYTES + 4096, $is_keyed ? 1 : 3)) if @{ $frames{'gate blocks'} };
plant('elsewhere', $loaded + 8 * $WINDOW_SLOT, (table($windows[0]))[$WINDOW_SLOT]) if @windows;

# Frames with most of the entries that the loaded root's kernel half has.
sub lookalikes {
	my @mine = (table($loaded))[256 .. 511];
	my $empty = "\0" x 2048;
	my @present = grep { $mine[$_] & $PRESENT } 0 .. 255;
	my @found;
	for my $frame (0 .. $nr_frames - 1) {
		my $half = substr $memory, $frame << 12 | 2048, 2048;
		next if $half eq $empty;
		my @theirs = unpack 'Q256', $half;
		push @found, $frame << 12 if 2 * grep({ (($theirs[$_] ^ $mine[$_]) & ~0x60) == 0 } @present) > @present;
	}
	return @found;
}

my @with_user = grep { my @user = (table($_))[0 .. 255]; !($rows[$_ >> 12][1] & $TABLE_SHADOW) && grep { $_ & $PRESENT } @user } @roots;
my @cr3 = map { hex($_) & $ADDRESS } $registers =~ /CR3=([0-9a-f]+)/g;
my %is_root = map { $_ => 1 } @roots;
printf "roots: %d of address spaces, %d shadow, %d of windows\n", scalar @with_user,
	scalar(grep { $rows[$_ >> 12][1] & $TABLE_SHADOW } @roots), scalar @windows;
printf "processors: %d, %d with CR0.WP, %d with CR4.PKS\n", scalar @cr3, scalar(grep { hex($_) & $CR0_WP } $registers =~ /CR0=([0-9a-f]+)/g),
	scalar(grep { hex($_) & $CR4_PKS } $registers =~ /CR4=([0-9a-f]+)/g);
printf "strangers: %d\n", scalar grep { !$is_root{$_} } @cr3, lookalikes();
printf "elsewhere: %d\n", scalar @elsewhere;
