/* Programs of CPUs, and what is there before: for scenarios.c. */
#pragma once

void switch_away(void);
void switch_away_and_back(void);
void leave_and_return(void);
void run_1_by_wrong_slots(void);
void leave_for_two(void);
void unmap_in_1_and_go_round(void);
void go_round_and_unmap_in_1(void);
void last_generation_of_1(void);
void first_generation_of_1(void);
void switch_away_back_and_away(void);
void switch_recycle_switch(void);
void switch_to_1_and_unmap_in_0(void);
void return_from_higher_generation(void);
void unmap_large_and_switch(void);
void visit_all_spaces(void);
void switch_and_give_sync(void);
