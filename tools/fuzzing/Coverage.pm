# Which edges the traced part of the kernel has, and which of them were taken.
#
# A point is the return address of a call of the tracer, of which there is one in each basic block. An edge leads from a point to a point
# that follows with no other between: found by following the jumps of the linked kernel. Left out are the edges to points
# from where every way ends the machine: assertions, panics, undefined behaviour. A sound kernel has no way there.
package Coverage;
use strict;
use warnings;
no warnings 'portable';
use Exporter 'import';
our @EXPORT_OK = qw(coverage_map coverage_of);

use constant { TRACER => '__sanitizer_cov_trace_pc', POINT_BITS => 20, POINT_SHIFT => 2 };
# Whose edges are counted.
my $COUNTED = qr{^kernel/(?:mm|task)/};
# What the compiler makes of a file's table of globals: that which takes it back is never called.
my $OWN = qr/^_sub_D_/;
my $ENDS = qr/^(?:assert_failed|panic|panic_at|__ubsan_handle_\w+|power_off|__wrap_power_off)$/;

# name of the function that a part is cut from
sub whole { return $_[0] =~ s/\.(?:cold|part|constprop|isra)(?:\.\d+)?//gr }

# [{address, name, instructions => [[address, mnemonic, operand, target]]}] and the image's start
sub functions {
	my ($kernel) = @_;
	open my $dump, '-|', 'objdump', '-d', '--no-show-raw-insn', $kernel or die "objdump: $!\n";
	my ($function, @functions);
	while (<$dump>) {
		if (/^([0-9a-f]+) <(.+)>:$/) {
			push @functions, $function = { address => hex $1, name => $2, code => [] };
		} elsif ($function && /^\s*([0-9a-f]+):\s+(?:(?:notrack|bnd|lock|rep\w*) )*(\S+)\s*(.*?)\s*(?:#.*)?$/) {
			my ($address, $name, $operand) = (hex $1, $2, $3);
			my ($target, $symbol) = $operand =~ /^([0-9a-f]+) <([^+>]+)/ ? (hex $1, $2) : ();
			push @{ $function->{code} }, [$address, $name, $target, $symbol];
		}
	}
	return @functions;
}

# Every instruction of the functions that are traced, by address: its function, what it is, and the next.
sub code_of {
	my %code;
	for my $function (@_) {
		my @code = @{ $function->{code} };
		for my $i (0 .. $#code) {
			my ($address, $name, $target, $symbol) = @{ $code[$i] };
			$code{$address} = { name => $name, target => $target, symbol => $symbol // '', next => $i < $#code ? $code[$i + 1][0] : undef,
				function => $function };
		}
	}
	return \%code;
}

sub is_trace { return $_[0]{name} =~ /^call/ && $_[0]{symbol} eq TRACER }

# Where control goes from an instruction, within the function; nothing where it leaves it or ends.
sub successors {
	my ($code, $it) = @_;
	return () if $it->{name} =~ /^(?:ret|ud2|hlt|iret)/;
	return () if $it->{name} =~ /^call/ && $it->{symbol} =~ $ENDS;
	my $inside = defined $it->{target} && $code->{ $it->{target} }
		&& whole($code->{ $it->{target} }{function}{name}) eq whole($it->{function}{name});
	return $inside ? ($it->{target}) : () if $it->{name} =~ /^jmp/;
	return (($it->{name} =~ /^(?:j|loop)/ && $inside ? $it->{target} : ()), $it->{next} // ());
}

# The trace calls that follow an address with no other between; and whether control may leave the function on the way.
sub following {
	my ($code, $start) = @_;
	my ($leaves, @todo) = (0, $start);
	my (%seen, %found);
	while (defined(my $address = shift @todo)) {
		next if $seen{$address}++;
		my $it = $code->{$address} or next;
		if (is_trace($it)) {
			$found{$address} = 1;
			next;
		}
		$leaves ||= $it->{name} =~ /^(?:ret|iret)/ || ($it->{name} =~ /^jmp/ && !successors($code, $it));
		push @todo, successors($code, $it);
	}
	return ([sort { $a <=> $b } keys %found], $leaves);
}

# Points from where every way ends the machine.
sub doomed {
	my ($next, $leaves) = @_;
	my %lives = map { $_ => 1 } grep { $leaves->{$_} } keys %$next;
	for (my $changes = 1; $changes;) {
		$changes = 0;
		for my $point (grep { !$lives{$_} } keys %$next) {
			$changes = $lives{$point} = 1 if grep { $lives{$_} } @{ $next->{$point} };
		}
	}
	return { map { $_ => 1 } grep { !$lives{$_} } keys %$next };
}

# Of each function's address its source, as the debugger knows it.
sub sources {
	my ($kernel, @addresses) = @_;
	my %source;
	while (my @some = splice @addresses, 0, 500) {
		my @lines = qx(addr2line -e '$kernel' @{[map { sprintf '%x', $_ } @some]});
		$source{ $some[$_] } = $lines[$_] =~ m{((?:kernel|boot|tests)/[^:]+)} ? $1 : '?' for 0 .. $#some;
	}
	return \%source;
}

# {"path:name" => {points => {place => [point of each copy]}, edges => {places => [[from, to] of each copy]}}
sub coverage_map {
	my ($kernel) = @_;
	my @functions = functions($kernel);
	my ($image) = map { /^([0-9a-f]+) \w image_start$/ ? hex $1 : () } qx(nm '$kernel');
	my %names = map { whole($_->{name}) => 1 } grep { $_->{name} !~ $OWN && grep { ($_->[3] // '') eq TRACER } @{ $_->{code} } } @functions;
	my $code = code_of(grep { $names{ whole($_->{name}) } } @functions);
	my (%next, %leaves, %function);
	for my $address (grep { is_trace($code->{$_}) } keys %$code) {
		my $it = $code->{$address};
		$function{$address} = $it->{function};
		@next{$address} = (undef);
		($next{$address}, $leaves{$address}) = following($code, $it->{next} // -1);
	}
	my $doomed = doomed(\%next, \%leaves);
	my $source = sources($kernel, map { $_->{address} } @functions);
	my $point = sub { my $after = $code->{ $_[0] }{next}; return ($after // $_[0] + 5) - $image >> POINT_SHIFT };
	my %map;
	for my $address (sort { $a <=> $b } grep { !$doomed->{$_} } keys %next) {
		my $function = $function{$address};
		my $path = $source->{ $function->{address} };
		next unless $path =~ $COUNTED;
		my $it = $map{ "$path:" . whole($function->{name}) } //= { points => {}, edges => {} };
		# of a function in a header every file has a copy: the same place of each is one
		my $place = sub { return $path =~ /\.h$/ ? $_[0] - $function->{address} : $_[0] };
		push @{ $it->{points}{ $place->($address) } }, $point->($address);
		push @{ $it->{edges}{ $place->($address) . ' ' . $place->($_) } }, [$point->($address), $point->($_)]
			for grep { !$doomed->{$_} } @{ $next{$address} };
		# the way in is an edge, too
		my ($entry) = @{ (following($code, $function->{address}))[0] };
		$it->{edges}{ 'in ' . $place->($entry) } = [map { [0, $_] } @{ $it->{points}{ $place->($entry) } // [] }]
			if defined $entry && !$doomed->{$entry};
	}
	return \%map;
}

# Points that one edge alone leads to: who was there took it.
sub alone {
	my ($it) = @_;
	my %ways;
	$ways{$_}++ for map { $_->[1] } map { @$_ } values %{ $it->{edges} };
	return { map { $_ => 1 } grep { $ways{$_} == 1 } keys %ways };
}

sub count_function {
	my ($it, $pair, $reached) = @_;
	my $alone = alone($it);
	my $is_taken = sub { my ($from, $to) = @{ $_[0] }; $pair->{ $from << POINT_BITS | $to } || $reached->{$to} && (!$from || $alone->{$to}) };
	return { edges => scalar keys %{ $it->{edges} }, points => scalar keys %{ $it->{points} },
		taken => scalar grep({ grep { $is_taken->($_) } @$_ } values %{ $it->{edges} }),
		reached => scalar grep({ grep { $reached->{$_} } @$_ } values %{ $it->{points} }) };
}

# Of edges in the guest's words (from << POINT_BITS | to, in hexadecimal) what was taken:
# { edges, taken, points, reached, folders => {...}, functions => {name => {edges, taken, points, reached}} }
sub coverage_of {
	my ($map, @words) = @_;
	my (%pair, %reached);
	for my $word (map { hex } @words) {
		$pair{$word} = $reached{ $word & (1 << POINT_BITS) - 1 } = 1;
	}
	my %result = (functions => {}, folders => {});
	for my $name (keys %$map) {
		my $count = $result{functions}{$name} = count_function($map->{$name}, \%pair, \%reached);
		my ($folder) = $name =~ m{^(.*)/};
		for my $key (keys %$count) {
			$result{$key} += $count->{$key};
			$result{folders}{$folder}{$key} += $count->{$key};
		}
	}
	return \%result;
}

1;
