# For gdb on a judge: stay with the code that is judged.
#
#   gdb -x tools/judge/case.gdb --args bazel-bin/exercises/NN_name/NN_name --case=Suite.Case --case_timeout=3600
#
# The judge starts the learner's code in a process of its own (spawn.h), which has none of the judge's
# symbols. A run that stands in the debugger must not end at the judge's deadline, hence --case_timeout.
set follow-fork-mode child
# The process has a mount namespace of its own, which only root may look into. Its files are ours too.
set sysroot /
# The place to stop at is in a program that is not loaded yet.
set breakpoint pending on
# Assembly has no lines of its own: show the instruction.
set disassemble-next-line on
set debuginfod enabled off
set print inferior-events off
set print thread-events off
