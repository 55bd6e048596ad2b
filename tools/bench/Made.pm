# With what a result was made: on which host, by which emulator; and what the guest's kernel says about itself.
package Made;
use strict;
use warnings;
use POSIX 'strftime';
use Exporter 'import';
our @EXPORT_OK = qw(made kernel_facts not_in_force source_version);

sub first_line {
	my (@command) = @_;
	open my $pipe, '-|', @command or return '';
	my $line = <$pipe> // '';
	close $pipe;
	return $line =~ s/\s+\z//r;
}

sub host_processor {
	open my $file, '<', '/proc/cpuinfo' or return '';
	my ($model) = map { /^model name\s*:\s*(.*?)\s*$/ ? $1 : () } <$file>;
	return $model // '';
}

my %version_of = (
	qemu => sub { first_line('qemu-system-x86_64', '--version') },
	bochs => sub { first_line('sh', '-c', "bochs --help 2>&1 | sed -n 's/^.*\\(Bochs x86 Emulator [0-9.a-z]*\\).*/\\1/p'") },
);

sub source_version {
	open my $file, '<', 'VERSION' or return '';
	return (<$file> // '') =~ s/\s+\z//r;
}

# {version, date, host, host_processor, emulators => {name => version}}: the version is that of the source tree.
sub made {
	my (@emulators) = @_;
	my %seen;
	return { version => source_version(), date => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), host => first_line('uname', '-srm'),
		host_processor => host_processor(), emulators => { map { $_ => $version_of{$_}->() } grep { !$seen{$_}++ } @emulators } };
}

# What the kernel's log says before the first program runs: {version, processor, options => {name => value in force}, instead =>
# {name => "why it is another than the default or the one that was asked for"}}. What it does not say is missing.
sub kernel_facts {
	my ($log) = @_;
	my %facts = (options => {}, instead => {});
	for my $line (split /\r?\n/, $log) {
		last if $line =~ /^bulwark: policy: /;
		$facts{version} = $1 if $line =~ /^bulwark: version (\S+),/;
		$facts{processor} = $1 if $line =~ /^bulwark: processor model: (.*)/;
		$facts{options}{$1} = $2 if $line =~ /^bulwark:   (\w+) +(\w+) +of /;
		$facts{instead}{$1} = "$1=$2$3" if $line =~ /^bulwark: ([a-z]+)=(\w+)(: .*)/;
	}
	return \%facts;
}

# Of the words of OPTS those that are not in force, each with the reason.
sub not_in_force {
	my ($facts, $opts) = @_;
	my $in_force = $facts->{options};
	return map { "$_->[0]=$_->[1] is not in force, but " . ($facts->{instead}{ $_->[0] } // "$_->[0]=$in_force->{ $_->[0] }") }
		grep { defined $in_force->{ $_->[0] } && $in_force->{ $_->[0] } ne $_->[1] } map { [split /=/, $_, 2] } grep { /=/ } split ' ', $opts;
}

1;
