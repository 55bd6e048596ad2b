# The one reader of the .def tables: each row with its columns by name, however many lines it takes and whatever its texts
# hold. Dies with FILE:LINE where a row is not what its table is made of. tools/def is the same for shells.
package Def;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(rows all_rows rows_of_text table_names table_path table_of columns_of macros_of);

# table => [file, macro => columns, ...]. A column is NAME:KIND; "..." stands for fields, each ".NAME = texts".
my %TABLES = (
	attacks => ['user/attacks/attacks.def', ATTACK => 'name:word brief:text stopped_by:text outcome:word nr_cpus:number'],
	benches => ['user/bench/benches.def', BENCH => 'program:word name:word brief:text'],
	budgets => ['kernel/task/sched/budgets.def', BUDGET => 'name:word how:word what_grows:text'],
	commands => ['user/shell/commands.def', COMMAND => 'name:word ...'],
	counters => ['kernel/abi/counters.def', COUNTER => 'name:word help:text'],
	decisive => ['kernel/core/decisive.def', STRUCTURE => 'name:word file:text home:word text:text',
		WORDS => 'name:word members:text kind:word writers:text shown:text text:text',
		DATA => 'file:text members:text kind:word writers:text shown:text text:text',
		PLACE => 'name:word kind:word writers:text home:word shown:text text:text'],
	defences => ['kernel/abi/defences.def', DEFENCE => 'name:word text:text'],
	entry_area => ['kernel/arch/x86_64/entry/entry_area.def', ENTRY_PART => 'name:word base:word offset:any pages:any owner:word '
		. 'kernel_roots:word shadow_roots:word text:text'],
	gate => ['kernel/mm/gate/gate.def', GATE => 'name:word function:word text:text'],
	kaiser => ['docs/kaiser.def', KAISER_PROPERTY => 'property:text version4:text pti:text ours:text why:text sources:text'],
	layout => ['kernel/mm/table/layout.def', DRAWN => 'view:word base:any bytes:any lowest:any end:any text:text',
		FIXED => 'view:word base:any bytes:any text:text'],
	linux => ['docs/linux.def', DIFFERENCE => 'call:word what:text linux:text ours:text why:text'],
	lock_ranks => ['kernel/core/lock_ranks.def', RANK => 'name:word'],
	map_states => ['user/shell/map_states.def', MAP_STATE => 'state:word letter:character ansi:number colour:number name:text'],
	needs => ['user/attacks/needs.def', NEED => 'attack:word option:word value:value why:text',
		NEED_NOT => 'attack:word option:word value:value why:text',
		NEED_TO_WIN => 'attack:word option:word value:value why:text'],
	options => ['kernel/abi/options.def', OPTION => 'name:word default:value values:text help:text strength:text'],
	policy => ['kernel/mm/table/policy.def', POLICY => 'state:word direct:word view:word rights:word second_view:word second_rights:word text:text'],
	protected => ['kernel/mm/table/protected.def', PROTECTED_RANGE => 'name:word start:any end:any text:text',
		PROTECTED_POOL => 'name:word pool:text text:text', PROTECTED_PART => 'name:word text:text',
		PROTECTED_HIGHER => 'name:word text:text', PROTECTED_BY_GATE => 'name:word text:text'],
	sources => ['docs/sources.def', SOURCE => 'key:word authors:text title:text venue:text year:number id:text',
		SPECIFICATION => 'key:word authors:text title:text venue:text'],
	status => ['kernel/abi/status.def', STATUS => 'name:word number:number text:text'],
	syscalls => ['kernel/abi/syscalls.def', SYSCALL => 'number:number name:word nr_arguments:number',
		SYSCALL_WITH_REGS => 'number:number name:word nr_arguments:number'],
	threats => ['docs/threats.def', THREAT => 'power:text claim:text options:text evidence:text'],
	variants => ['kernel/abi/variants.def', VARIANT => 'option:word value:value text:text ...'],
);

# Tables that are in several files: what these are called.
my %FILES_OF = (attacks => qr{/attacks\.def$}, decisive => qr{^kernel/.*/decisive\.def$});

my %KINDS = (
	word => [qr/^[A-Za-z_]\w*$/, 'a name'],
	value => [qr/^\w+$/, 'a value'],
	number => [qr/^(?:0x[0-9a-fA-F]+|\d+)$/, 'a number'],
	any => [qr/./s, 'an expression'],
);
my %ESCAPES = (n => "\n", t => "\t");

sub table_names { return sort keys %TABLES }

sub table_path { return $TABLES{ $_[0] }[0] }

# The table that a file is, or part of; undef: none.
sub table_of {
	my ($path) = @_;
	my ($table) = grep { $path eq $TABLES{$_}[0] || $FILES_OF{$_} && $path =~ $FILES_OF{$_} } sort keys %TABLES;
	return $table;
}

sub macros_of {
	my (undef, %macros) = @{ $TABLES{ $_[0] } };
	return sort keys %macros;
}

# What a row has beside `macro` and `line`; of several macros, all columns. Fields are not among them.
sub columns_of {
	my (undef, %macros) = @{ $TABLES{ $_[0] } };
	my %seen;
	return grep { $_ ne '...' && !$seen{$_}++ } map { s/:.*//r } map { split ' ' } map { $macros{$_} } sort keys %macros;
}

sub fail {
	my ($source, $offset, $message) = @_;
	my $line = 1 + (substr(${ $source->{text} }, 0, $offset) =~ tr/\n//);
	die "$source->{path}:$line: $message\n";
}

# The next piece of the text behind blanks and comments: [kind, text, offset]; nothing at the end.
sub token {
	my ($source) = @_;
	my $text = $source->{text};
	$$text =~ m{\G(?:\s+|/\*.*?\*/|//[^\n]*)*}gcs;
	my $at = pos($$text) // 0;
	return if $at >= length $$text;
	return ['text', $1 =~ s/\\(.)/$ESCAPES{$1} \/\/ $1/ger, $at] if $$text =~ /\G"((?:[^"\\\n]|\\.)*)"/gc;
	return ['character', $1 =~ s/^\\//r, $at] if $$text =~ /\G'((?:[^'\\\n]|\\.)+)'/gc;
	return ['sign', $1, $at] if $$text =~ /\G([(),])/gc;
	return ['code', $1, $at] if $$text =~ m{\G(\w+|[^\s\w"'(),]+)}gc;
	fail($source, $at, 'a quote is not closed');
}

# The tokens of each argument, up to the parenthesis that closes the row.
sub arguments {
	my ($source, $macro, $start) = @_;
	my ($depth, @arguments) = (0, []);
	while (my $token = token($source)) {
		my ($kind, $text) = @$token;
		if ($kind eq 'sign') {
			return @arguments if $text eq ')' && $depth == 0;
			$depth += $text eq '(' ? 1 : $text eq ')' ? -1 : 0;
			if ($text eq ',' && $depth == 0) {
				push @arguments, [];
				next;
			}
		}
		push @{ $arguments[-1] }, $token;
	}
	fail($source, $start, "$macro(... is not closed");
}

# [kind, value] of an argument: texts that stand side by side are one.
sub value_of {
	my (@tokens) = @_;
	my %kinds = map { $_->[0] => 1 } @tokens;
	return ['nothing', ''] unless @tokens;
	return ['text', join '', map { $_->[1] } @tokens] if "@{[keys %kinds]}" eq 'text';
	return ['character', $tokens[0][1]] if @tokens == 1 && $kinds{character};
	return ['code', join ' ', map { $_->[1] } @tokens];
}

sub is_of_kind {
	my ($kind, $value) = @_;
	return $value->[0] eq $kind unless $KINDS{$kind};
	return $value->[0] eq 'code' && $value->[1] =~ $KINDS{$kind}[0];
}

sub kind_words { return $KINDS{ $_[0] } ? $KINDS{ $_[0] }[1] : $_[0] eq 'text' ? 'a text in quotes' : "a $_[0] in quotes" }

# "ATTACK(name, "brief", ...)", as the macro is written.
sub form {
	my ($macro, @columns) = @_;
	return "$macro(" . join(', ', map {
		my ($name, $kind) = split /:/;
		$name eq '...' ? '.field = "text", ...' : $kind eq 'text' ? "\"$name\"" : $kind eq 'character' ? "'$name'" : $name
	} @columns) . ')';
}

sub forms {
	my ($macros) = @_;
	return join ' or ', map { form($_, split ' ', $macros->{$_}) } sort keys %$macros;
}

# The fields of the arguments that are left: ".name = texts" each.
sub fields {
	my ($complain, @arguments) = @_;
	my %fields;
	for my $argument (@arguments) {
		my ($dot, $name, $equals, @value) = @$argument;
		my $is_field = @value && $dot->[1] eq '.' && $name->[0] eq 'code' && $equals->[1] eq '=';
		$complain->('.field = "text" is wanted') unless $is_field && value_of(@value)->[0] eq 'text';
		$complain->(".$name->[1] is there twice") if exists $fields{ $name->[1] };
		$fields{ $name->[1] } = value_of(@value)->[1];
	}
	return %fields;
}

sub row {
	my ($source, $macros, $macro, $start) = @_;
	my @arguments = arguments($source, $macro, $start);
	my $spec = $macros->{$macro} // fail($source, $start, "what is $macro? A row is wanted here: " . forms($macros));
	my @columns = split ' ', $spec;
	my $complain = sub { fail($source, $start, 'not ' . form($macro, @columns) . ": $_[0]") };
	my $has_fields = $columns[-1] eq '...';
	my @plain = grep { $_ ne '...' } @columns;
	$complain->(@arguments . ' arguments') if @arguments < @plain || @arguments > @plain && !$has_fields;
	my %row = (macro => $macro, line => 1 + (substr(${ $source->{text} }, 0, $start) =~ tr/\n//));
	for my $column (@plain) {
		my ($name, $kind) = split /:/, $column;
		my $value = value_of(@{ shift @arguments });
		$complain->("$name must be @{[kind_words($kind)]}") unless is_of_kind($kind, $value);
		$row{$name} = $value->[1];
	}
	return { %row, fields($complain, @arguments) };
}

# The rows of a text that is such a table; `path` is what complaints call it.
sub rows_of_text {
	my ($table, $path, $text) = @_;
	my (undef, %macros) = @{ $TABLES{$table} // die "there is no table $table; there are: @{[table_names()]}\n" };
	my $source = { path => $path, text => \$text };
	my ($rows_are, @rows) = (forms(\%macros));
	pos($text) = 0;
	while (my $token = token($source)) {
		my ($kind, $macro, $start) = @$token;
		my $open = token($source);
		fail($source, $start, "a row is wanted here: $rows_are") unless $kind eq 'code' && $macro =~ /^\w+$/ && ($open // [''])->[0] eq 'sign' && $open->[1] eq '(';
		push @rows, row($source, \%macros, $macro, $start);
	}
	return @rows;
}

# The rows of a table, each {macro, line, and its columns}; of its own file in the current folder, or of another. A table
# without rows is an error: no loop over it would do anything.
sub rows {
	my ($table, $path) = @_;
	$path //= ($TABLES{$table} // die "there is no table $table; there are: @{[table_names()]}\n")->[0];
	open my $file, '<', $path or die "$path: $!\n";
	my @rows = rows_of_text($table, $path, do { local $/; <$file> } // '');
	die "$path:1: no row in the table\n" unless @rows;
	return @rows;
}

# The rows of a table in all of these files, each with its `path`.
sub all_rows {
	my ($table, @paths) = @_;
	return map {
		my $path = $_;
		map { { %$_, path => $path } } rows($table, $path)
	} @paths;
}

1;
