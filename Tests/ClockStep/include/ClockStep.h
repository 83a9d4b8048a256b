// Loaded into a process (LD_PRELOAD), ClockStep moves its wall clock by as many seconds as the file named by CLOCK_STEP_FILE says, read anew each
// time the clock is looked at. Clocks that do not step in life, and all that waits by them, are left alone.
