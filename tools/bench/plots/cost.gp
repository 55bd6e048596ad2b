# Instructions per operation: Linux without and with page-table isolation, seL4, xv6, Bulwark, and what it aims at.
set style data histogram
set logscale y
set yrange [10:]
set format y "%'.0f"
set ylabel 'instructions'
set xtics scale 0
set bmargin 4
plot data using 2:xtic(1) title columnheader(2) lc rgb other2, \
	'' using 3 title columnheader(3) lc rgb other1, \
	'' using 4 title columnheader(4) lc rgb other3, \
	'' using 5 title columnheader(5) lc rgb other4, \
	'' using 6 title columnheader(6) lc rgb ours, \
	'' using 7 title columnheader(7) lc rgb aim
