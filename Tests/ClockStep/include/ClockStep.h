// Loaded into a process (LD_PRELOAD), this makes its box a worse one.
//
// It moves the wall clock by as many seconds as the file named by CLOCK_STEP_FILE says, read anew each time the clock is looked at. Clocks that do not
// step in life, and all that waits by them, are left alone.
//
// While the file named by DISK_HANG_FILE is there, nothing that is written gets to the disk: fsync and fdatasync do not return. FILE.waiting says that
// somebody waits for them.
