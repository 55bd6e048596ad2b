# Structures and variables of an ELF file, from its DWARF as readelf tells it.
package Dwarf;
use strict;
use warnings;
no warnings qw(portable recursion);
use Exporter 'import';
our @EXPORT_OK = qw(dwarf_read dwarf_leaves dwarf_bare dwarf_size);

my %wanted = map { $_ => 1 } qw(structure_type union_type member array_type subrange_type typedef const_type volatile_type
	pointer_type base_type enumeration_type variable);

# One attribute of an entry, as far as it is of use here.
sub take_attribute {
	my ($die, $name, $value) = @_;
	$die->{name} = $value =~ /: ([^:]*)\z/ ? $1 : $value if $name eq 'name';
	$die->{type} = hex $1 if $name eq 'type' && $value =~ /<0x([0-9a-f]+)>/;
	$die->{size} = $value + 0 if $name eq 'byte_size';
	$die->{at} = $value + 0 if $name eq 'data_member_location';
	$die->{count} = $value + 1 if $name eq 'upper_bound' && $value =~ /^\d+$/;
	$die->{count} = $value + 0 if $name eq 'count' && $value =~ /^\d+$/;
	$die->{address} = hex $1 if $name eq 'location' && $value =~ /DW_OP_addr: ([0-9a-f]+)\)/;
}

# { types: entries by their place, structs: the complete ones by name, variables: [{name, address, type}] }
sub dwarf_read {
	my ($elf) = @_;
	open my $in, '-|', "LC_ALL=C readelf --debug-dump=info '$elf' 2>/dev/null" or die "readelf: $!\n";
	my (%types, %structs, @variables, @open, $die);
	while (my $line = <$in>) {
		if ($line =~ /^ <([0-9a-f]+)><([0-9a-f]+)>: Abbrev Number: \d+(?: \(DW_TAG_(\w+)\))?/) {
			my ($depth, $at, $tag) = (hex $1, hex $2, $3);
			$die = undef;
			next if !defined $tag || (!$wanted{$tag} && ($open[$depth] = undef, 1));
			$die = { tag => $tag, children => [] };
			$types{$at} = $die;
			$open[$depth] = $die;
			push @{ $open[$depth - 1]{children} }, $die if $depth && $open[$depth - 1] && ($tag eq 'member' || $tag eq 'subrange_type');
			push @variables, $die if $tag eq 'variable';
		} elsif ($die && $line =~ /^\s+<[0-9a-f]+>\s+DW_AT_(\w+)\s*: ?(?:\(\w+\) )?(.*?)\s*$/) {
			take_attribute($die, $1, $2);
		}
	}
	close $in or die "readelf: it cannot read $elf\n";
	for my $type (values %types) {
		$structs{ $type->{name} } //= $type if $type->{tag} =~ /^(?:structure|union)_type$/ && $type->{name} && $type->{size} && @{ $type->{children} };
	}
	return { types => \%types, structs => \%structs, variables => [grep { defined $_->{address} && defined $_->{type} } @variables] };
}

# The type itself, without what names or qualifies it.
sub dwarf_bare {
	my ($dwarf, $type) = @_;
	$type = $dwarf->{types}{ $type->{type} // return undef } while $type && $type->{tag} =~ /^(?:typedef|const_type|volatile_type)$/;
	return $type;
}

sub dwarf_size {
	my ($dwarf, $type) = @_;
	$type = dwarf_bare($dwarf, $type) or return 0;
	return 8 if $type->{tag} eq 'pointer_type';
	return $type->{size} // 0 unless $type->{tag} eq 'array_type';
	my $count = 1;
	$count *= $_->{count} // 0 for @{ $type->{children} };
	return $count * dwarf_size($dwarf, $dwarf->{types}{ $type->{type} });
}

sub joined { my ($path, $name) = @_; return length $path ? length $name ? "$path.$name" : $path : $name }

# The members; a structure of one number, such as pfn_t, is that number.
sub struct_leaves {
	my ($dwarf, $type, $path, $at) = @_;
	my @members = @{ $type->{children} };
	my $is_wrapper = @members == 1 && dwarf_size($dwarf, $dwarf->{types}{ $members[0]{type} // 0 }) == $type->{size};
	return map {
		my $member = $_;
		dwarf_leaves($dwarf, $dwarf->{types}{ $member->{type} }, $is_wrapper ? $path : joined($path, $member->{name} // ''),
			$at + ($member->{at} // 0))
	} grep { defined $_->{type} } @members;
}

# An array is one leaf with a count, or, of structures, each member with a count and a stride; structures with arrays in them
# are told one by one.
sub array_leaves {
	my ($dwarf, $type, $path, $at) = @_;
	my $element = $dwarf->{types}{ $type->{type} };
	my $size = dwarf_size($dwarf, $element) or return ();
	my $count = dwarf_size($dwarf, $type) / $size or return ();
	my @leaves = dwarf_leaves($dwarf, $element, "$path\[]", $at);
	return map { { %$_, count => $count, stride => $size } } @leaves unless grep { $_->{count} > 1 } @leaves;
	return map { dwarf_leaves($dwarf, $element, "$path\[$_]", $at + $_ * $size) } 0 .. $count - 1;
}

# The numbers that a value of this type consists of: { path, at, size, count, stride }.
sub dwarf_leaves {
	my ($dwarf, $type, $path, $at) = @_;
	$type = dwarf_bare($dwarf, $type) or return ();
	return struct_leaves($dwarf, $type, $path, $at) if $type->{tag} =~ /^(?:structure|union)_type$/;
	return array_leaves($dwarf, $type, $path, $at) if $type->{tag} eq 'array_type';
	my $size = dwarf_size($dwarf, $type) or return ();
	return { path => $path, at => $at, size => $size, count => 1, stride => $size };
}

1;
