# Reads what the report is made from, and refuses what it cannot be made from: the message names file and place.
package Input;
use strict;
use warnings;
use JSON::PP ();
use Exporter 'import';
our @EXPORT_OK = qw(input_matrix input_bench input_text is_true);

# Shapes: 'text' a string or number; 'number'; 'address'; 'outcome'; 'any'; {name => shape}, where '*' stands for every name; [shape].
# A '?' behind the name: it may be missing or null.
my $WALK = [{ level => 'level', entry => 'address', 'rights?' => 'text' }];
my $FAULT = { 'process?' => 'text', 'access?' => 'text', 'address?' => 'address', 'region?' => 'text',
	'symbol?' => 'text', 'exception?' => 'text', 'rip?' => 'text', 'defence?' => 'text', 'reason?' => 'text', 'kernel_walk?' => $WALK,
	'shadow_walk?' => $WALK, 'backtrace?' => ['text'],
	'frame?' => { 'pfn?' => 'text', 'owner?' => 'text', 'hidden?' => 'any',
		'history?' => [{ from => 'text', to => 'text', 'pid?' => 'text', 'pid_modulo?' => 'text' }] } };
my $CELL = { outcome => 'outcome', 'expected?' => 'text', 'observed?' => 'text', 'defence?' => 'text',
	'explanation?' => 'text', 'report?' => 'text', 'said?' => 'text', 'as_expected?' => 'any', 'with?' => 'text', 'fault?' => $FAULT };
my $RANGES = [{ start => 'address', end => 'address', rights => 'text', region => 'text', owner => 'text',
	'for?' => 'text' }];
my $MATRIX = {
	'build?' => 'text',
	configurations => [{ name => 'text', 'group?' => 'text', 'options?' => 'text', 'emulator?' => 'text', 'by_hand?' => 'text',
		'also?' => [{ name => 'text', group => 'text' }] }],
	'defences?' => [{ name => 'text', values => ['text'] }],
	attacks => [{ name => 'text', 'brief?' => 'text', 'stopped_by?' => 'text', 'extra?' => 'any' }],
	cells => { '*' => { '*' => $CELL } },
	'summary?' => { 'cells?' => 'text', 'as_expected?' => 'text', 'unexpected?' => 'text', 'seconds?' => 'text' },
	'unexpected?' => [{ attack => 'text', configuration => 'text', 'outcome?' => 'text', 'expected?' => 'text', 'observed?' => 'text',
		'by_hand?' => 'text' }],
	'guest?' => { '*' => { 'options?' => 'any', 'kernel_root?' => $RANGES, 'shadow_root?' => $RANGES,
		'map?' => { 'nr_frames?' => 'text', 'frames_per_cell?' => 'number', cells => 'text',
			legend => [{ letter => 'text', name => 'text', 'frames?' => 'number' }] } } },
};
my $BENCH = {
	'benchmarks?' => { '*?' => 'any' }, # null: not measured
	'published?' => [{ table => 'text', 'unit?' => 'text', 'source?' => 'text',
		rows => [{ name => 'text', values => { '*' => 'any' } }] }],
	'notes?' => ['text'],
	'plots?' => ['any'],
};

my %OUTCOMES = map { $_ => 1 } qw(BREACH FAULT DENIED NOTHING SKIP ERROR);
my %LEAVES = (
	any => ['', sub { 1 }],
	text => ['text or a number', sub { !ref $_[0] }],
	number => ['a number', sub { !ref $_[0] && $_[0] =~ /^-?\d+(?:\.\d+)?$/ }],
	level => ['a level from 1 to 4', sub { !ref $_[0] && $_[0] =~ /^[1-4]$/ }],
	outcome => ['one of ' . join(', ', sort keys %OUTCOMES), sub { !ref $_[0] && $OUTCOMES{ $_[0] } }],
	address => ['an address such as "0xffff800000000000"', sub { !ref $_[0] && $_[0] =~ /^0x[0-9a-fA-F]{1,16}$/ }],
);

sub is_true { return ref $_[0] ? !!${ $_[0] } : !!$_[0] }

# The text of a file; dies where it cannot be read.
sub input_text {
	my ($path) = @_;
	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!\n";
	local $/;
	return scalar(<$file>) // '';
}

sub check_members {
	my ($value, $shape, $place) = @_;
	my $within = sub { $place eq '' ? $_[0] : "$place.$_[0]" };
	die ["$place: an object is wanted"] unless ref $value eq 'HASH';
	for my $word (sort keys %$shape) {
		my ($name, $optional) = $word =~ /^(.*?)(\??)$/;
		for my $member ($name eq '*' ? sort keys %$value : $name) {
			my $place_there = $within->($member);
			next if $optional && !defined $value->{$member};
			die ["$place_there is missing"] unless defined $value->{$member};
			check($value->{$member}, $shape->{$word}, $place_there);
		}
	}
}

# Dies with [message] where the value has not the shape.
sub check {
	my ($value, $shape, $place) = @_;
	return check_members($value, $shape, $place) if ref $shape eq 'HASH';
	if (ref $shape eq 'ARRAY') {
		die ["$place: a list is wanted"] unless ref $value eq 'ARRAY';
		for my $i (0 .. $#$value) {
			die ["$place\[$i] is null"] unless defined $value->[$i];
			check($value->[$i], $shape->[0], "$place\[$i]");
		}
		return;
	}
	my ($wanted, $test) = @{ $LEAVES{$shape} };
	die ["$place: $wanted is wanted"] unless $test->($value);
}

# "line 3, column 7" of a byte offset
sub place_of {
	my ($text, $offset) = @_;
	my $before = substr $text, 0, $offset;
	return 'line ' . (1 + ($before =~ tr/\n//)) . ', column ' . ($offset - (1 + rindex $before, "\n") + 1);
}

sub read_json {
	my ($path, $shape) = @_;
	return unless -e $path;
	open my $file, '<:raw', $path or die "$path: $!\n";
	my $text = do { local $/; <$file> } // '';
	my $value = eval { JSON::PP->new->utf8->decode($text) };
	if (my $error = $@) {
		my ($what, $offset) = $error =~ /^(.*?),? at character offset (\d+)/s;
		die "$path: " . (defined $offset ? place_of($text, $offset) . ": $what" : 'no JSON') . "\n";
	}
	eval { check($value, $shape, ''); 1 } or die ref $@ ? "$path: " . ($@->[0] =~ s/^: //r) . "\n" : $@;
	return $value;
}

# The matrix, or undef where the file does not exist.
sub input_matrix { return read_json($_[0], $MATRIX) }

sub input_bench { return read_json($_[0], $BENCH) }

1;
