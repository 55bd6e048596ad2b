# Instructions of one operation, a bar for each function, the most at the top.
stats data using 2 every ::1 nooutput
set terminal svg size 760,(60 + 18 * STATS_records) dynamic font 'sans-serif,12' linewidth 1.2
set output output
set yrange [-0.6:STATS_records - 0.4]
set xrange [0:*]
set format x "%'.0f"
set xlabel 'instructions'
set ytics scale 0
set grid noytics xtics
set key off
plot data using 2:0:(0):2:($0 - 0.35):($0 + 0.35):ytic(1) every ::1 with boxxyerror lc rgb ours
