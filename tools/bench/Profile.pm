# What the plugin profile.c counted, by function of the kernel.
package Profile;
use strict;
use warnings;
no warnings 'portable'; # addresses of the kernel
use Exporter 'import';
our @EXPORT_OK = qw(counts by_function functions linked_address);

# ADDRESS => how often its instruction ran.
sub counts {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	return { map { /^(\S+) (\d+)/ ? (hex $1, $2) : () } <$file> };
}

sub constant_in {
	my ($path, $name) = @_;
	local @ARGV = ($path);
	my ($value) = map { /^#define \Q$name\E (0x[0-9a-f]+)ul/ ? hex $1 : () } <>;
	return $value // die "$path: no $name\n";
}

# The kernel's functions, by address: [address, name]. Labels within one, and what the compiler makes of parts of it, are its own.
sub functions {
	my ($kernel) = @_;
	my (@functions, %at);
	for (qx(nm -n $kernel)) {
		my ($address, $name) = /^([0-9a-f]+) [tT] (\S+)$/ or next;
		next if $name =~ /^\.\.@/ || $name =~ /\.(?!part|isra|constprop|cold|lto_priv)/;
		$at{$name} = hex $address;
		push @functions, [hex $address, $name =~ s/\..*//r];
	}
	die "$kernel: no functions\n" unless @functions && $at{entry_text_start};
	return (\@functions, \%at);
}

# The function that an address is in.
sub find {
	my ($functions, $address) = @_;
	my ($low, $high) = (0, scalar @$functions);
	while ($high - $low > 1) {
		my $middle = int(($low + $high) / 2);
		$functions->[$middle][0] <= $address ? $low = $middle : $high = $middle;
	}
	return $functions->[$low];
}

# FUNCTION => its file, from the top of the tree: of what was made part of its first line, the last.
sub files {
	my ($kernel, %address) = @_;
	my %name = reverse %address;
	my ($address, %file);
	for (%name ? qx(addr2line -a -i -e $kernel @{[map { sprintf '%x', $_ } keys %name]}) : ()) {
		if (/^0x([0-9a-f]+)$/) {
			$address = hex $1;
		} elsif (m{.*/((?:kernel|boot)/[^:]+):}) {
			$file{ $name{$address} } = $1;
		}
	}
	return %file;
}

# A function: of an address at which kernel code ran, where it was linked. Entry code runs in the entry area.
sub linked_address {
	my ($at) = @_;
	my $entry = constant_in('kernel/mm/table/layout.h', 'ENTRY_AREA_BASE') + constant_in('kernel/arch/x86_64/entry/entry_area.h', 'ENTRY_TEXT_OFFSET');
	my $entry_bytes = $at->{entry_text_end} - $at->{entry_text_start};
	return sub { $_[0] >= $entry && $_[0] < $entry + $entry_bytes ? $_[0] - $entry + $at->{entry_text_start} : $_[0] };
}

# Rows {function, calls, instructions, file} per operation, the most first: what ran more often in the longer of two runs, which had
# so many operations more. All of user mode is one row.
sub by_function {
	my ($kernel, $short, $long, $per) = @_;
	my ($functions, $at) = functions($kernel);
	my $linked = linked_address($at);
	my (%rows, %address);
	for my $address (keys %{ { %$short, %$long } }) {
		my $nr = (($long->{$address} // 0) - ($short->{$address} // 0)) / $per or next;
		my $place = $linked->($address);
		my ($start, $name) = $place >> 63 ? @{ find($functions, $place) } : (0, 'user mode');
		my $row = $rows{$name} //= { function => $name };
		$row->{instructions} += $nr;
		next unless $start;
		$address{$name} //= $start;
		$row->{calls} = ($row->{calls} // 0) + ($place == $start ? $nr : 0);
	}
	my %file = files($kernel, %address);
	$_->{file} = $file{ $_->{function} } for grep { $file{ $_->{function} } } values %rows;
	return sort { $b->{instructions} <=> $a->{instructions} || $a->{function} cmp $b->{function} } values %rows;
}

1;
