# The museum: every attack on every variant of every defence.
export MATRIX EXTRA MATRIX_BOCHS

.PHONY: matrix

matrix: $(ISO) | $(call deps,run bochs)
	@ISO=$(ISO) tools/matrix
