# generated: layout: the map of the address space, from kernel/mm/table/layout.def with the numbers of layout.h.
# generated: layout table: the same regions in words, with their ranges, sizes, and how much chance is in each base.
use strict;
use warnings;
no warnings 'portable'; # 64-bit addresses
use Def qw(rows);
use Page;

my $SLOT = 1 << 39;
# What boot draws the image's place from: kernel/core/kaslr.c leaves the last 2 MiB free.
my ($IMAGE_LOWEST, $IMAGE_END) = (0xffffffff80000000, 0xffffffffffe00000);
my %view_text = (USER_HALF => 'user half', DIRECT_MAP => 'direct map', KSPACE => 'kernel space', WINDOW => 'window',
	POOLS => 'pools', ENTRY_AREA => 'entry area', IMAGE => 'image', MARKS => 'marks');
my %number = (PAGE_SHIFT => 12);

# Where a region is mapped, but for kernel roots and the window roots, which have all that they have.
my %roots = (USER_HALF => 'kernel, shadow', ENTRY_AREA => 'all', WINDOW => 'its own window');

# The value of a constant expression of layout.h.
sub value {
	my ($expression) = @_;
	my $text = $expression =~ s/\b(0x[0-9a-f]+|\d+)ul\b/$1/gir =~ s/\b([A-Z][A-Z0-9_]{2,})\b/$number{$1} \/\/ die "gen-docs: layout.h has no $1\n"/ger;
	die "gen-docs: layout: $expression is no constant\n" unless $text =~ /^[\s0-9a-fx()*+<-]+$/i;
	return eval $text;
}

sub read_numbers {
	for my $line (split /\n/, read_file('kernel/mm/table/layout.h') =~ s{/\*.*?\*/}{}gsr) {
		$number{$1} = value($2) if $line =~ /^#define (\w+) (.+?)\s*$/;
	}
}

# All rows of the table, in its order: {view, base, bytes, lowest, end, text, is_drawn}.
sub regions {
	my @regions;
	for my $row (rows('layout')) {
		my ($kind, $view, $base, $bytes, $lowest, $end, $what) = @$row{qw(macro view base bytes lowest end text)};
		my %region = (view => $view, base => $base, text => $what, is_drawn => $kind eq 'DRAWN');
		if ($view eq 'IMAGE') {
			@region{qw(lowest end)} = ($IMAGE_LOWEST, $IMAGE_END);
		} else {
			$region{bytes} = value($bytes);
			@region{qw(lowest end)} = $region{is_drawn} ? (value($lowest), value($end)) : (value($base), value($base) + $region{bytes});
		}
		push @regions, \%region;
	}
	return @regions;
}

sub hex_of { return sprintf '%016x', $_[0] }
sub slot_of { return ($_[0] >> 39) & 511 }

sub size_text {
	my ($bytes) = @_;
	return 'some 400 KiB' unless defined $bytes;
	my @units = ([1 << 40, 'TiB'], [1 << 30, 'GiB']);
	for (@units) {
		my ($unit, $name) = @$_;
		return sprintf '%d %s', ($bytes + $unit / 2) / $unit, $name if $bytes >= $unit;
	}
	return "$bytes bytes";
}

sub slots_text {
	my ($region) = @_;
	my ($first, $last) = (slot_of($region->{lowest}), slot_of($region->{end} - 1));
	return $first == $last ? $first : "$first to $last";
}

# The addresses from the last down to the first, a line a border; between two regions what is not used.
sub drawing {
	my $border = '  +' . '-' x 60 . '+';
	my @lines = sprintf '    %-16s     %-13s %-11s %-16s %s', 'address', 'region', 'PML4 slots', 'where', 'in which roots';
	my $above;
	for my $region (reverse regions()) {
		if (defined $above && $region->{end} < $above) {
			push @lines, '    ' . hex_of($above) . $border;
			push @lines, sprintf '    %-16s  :  %-58s:', '', $region->{view} eq 'USER_HALF' ? 'not canonical, or not used' : 'not used';
		}
		push @lines, '    ' . hex_of($region->{end}) . $border;
		push @lines, sprintf '    %-16s  |  %-13s %-11s %-16s %-15s |', '', $view_text{ $region->{view} }, slots_text($region),
			$region->{is_drawn} ? 'drawn, ' . size_text($region->{bytes}) : $region->{view} eq 'IMAGE' ? 'drawn' : 'fixed',
			$roots{ $region->{view} } // 'kernel, window';
		$above = $region->{lowest};
	}
	push @lines, '    ' . hex_of($above) . $border;
	return join("\n", @lines) . "\n";
}

sub region_table {
	my @rows = map {
		my $where = $_->{is_drawn} || $_->{view} eq 'IMAGE' ? 'within ' : '';
		[$view_text{ $_->{view} }, $_->{text}, $where . code(hex_of($_->{lowest})) . ' to ' . code(hex_of($_->{end})),
			size_text($_->{bytes}), $_->{is_drawn} || $_->{view} eq 'IMAGE' ? 'at ' . code($_->{base}) : 'always there']
	} regions();
	return table(['region', 'what is there', 'addresses', 'size', 'where'], @rows);
}

sub {
	my (undef, $what) = @_;
	read_numbers();
	return ($what // '') eq 'table' ? region_table() : drawing();
};
