# The knobs of `make`, from its help: which there are, what they can be, and for which goals.
#
# A line "#?   NAME=VALUE  text" is one. VALUE of the form a|b says all that it can be. Its goals are those of "make GOAL, ...: "
# that the text begins with, else those of "(make GOAL, ...):" in the heading above, else all; "(also make GOAL, ...)" adds some,
# "(not make GOAL, ...)" takes some away.
# A goal may be a pattern: bench*.
package Knobs;
use strict;
use warnings;
use Near 'near_words';
use Options 'options';
use Exporter 'import';
our @EXPORT_OK = qw(knobs knobs_complaint);

my $GOALS = qr/[a-z][a-z*-]*(?:, [a-z][a-z*-]*)*/;

sub words { return split /, /, $_[0] }

# NAME => {values => [...] where there are no others, goals => [...] where it is not for all}
sub knobs {
	open my $makefile, '<', 'Makefile' or die "Makefile: $!\n";
	my (%knobs, $last, @section);
	for my $line (map { /^#\?(.*)/ ? $1 : () } <$makefile>) {
		if ($line =~ /^ \S.*:$/) {
			@section = $line =~ /\(make ($GOALS)\):$/ ? words($1) : ();
			$last = undef;
		} elsif ($line =~ /^   ([A-Z][A-Z_]*)=(\S*)\s+(.*)/) {
			my ($name, $value, $text) = ($1, $2, $3);
			$last = $knobs{$name} = { goals => [$text =~ /^make ($GOALS): / ? words($1) : @section] };
			$last->{values} = [split /\|/, $value] if $value =~ /^[\w-]+(?:\|[\w-]+)+$/;
		}
		push @{ $last->{goals} }, words($1) if $last && $line =~ /\(also make ($GOALS)\)/;
		my %without = map { $_ => 1 } $last && $line =~ /\(not make ($GOALS)\)/ ? words($1) : ();
		$last->{goals} = [grep { !$without{$_} } @{ $last->{goals} }] if %without;
	}
	die "Makefile: its help has no knobs\n" unless %knobs;
	return \%knobs;
}

sub takes {
	my ($knob, $goal) = @_;
	return 1 unless @{ $knob->{goals} };
	return grep { my $pattern = quotemeta($_) =~ s/\\\*/.*/gr; $goal =~ /^$pattern$/ } @{ $knob->{goals} };
}

sub option_hint {
	my ($name, $value) = @_;
	my ($option) = grep { $_->{name} eq lc $name } options();
	return $option ? "; did you mean the boot option OPTS='$option->{name}=$value'?" : undef;
}

sub knob_complaint {
	my ($goals, $name, $value) = @_;
	my $knobs = knobs();
	my $knob = $knobs->{$name};
	return "$name=$value: there is no such knob" . (option_hint($name, $value) // near_words($name, keys %$knobs))
		. " `make help` explains them: @{[sort keys %$knobs]}" unless $knob;
	return "$name=$value: `make @$goals` does not take it; " . join(', ', map { "`make $_`" } @{ $knob->{goals} }) . ' would'
		if @$goals && !grep { takes($knob, $_) } @$goals;
	return "$name=$value: for which command? " . join(', ', map { "`make $_`" } @{ $knob->{goals} }) . ' take it'
		if !@$goals && @{ $knob->{goals} };
	my @values = @{ $knob->{values} // [] };
	my ($head) = $name eq 'MACHINE' ? split(/,/, $value) : $value;
	return "$name=$value: must be one of @values" . near_words($head, @values)
		if @values && length $value && !grep { $_ eq $head } @values;
	return;
}

# Why `make GOALS NAME=VALUE...` cannot be done; undef where it can.
sub knobs_complaint {
	my ($goals, @settings) = @_;
	for my $setting (@settings) {
		my ($name, $value) = $setting =~ /^([^=]*)=(.*)$/s or next;
		my $complaint = knob_complaint($goals, $name, $value);
		return $complaint if defined $complaint;
	}
	return;
}

1;
