# Prints the examples of a header, as code: the indented lines below each
#   // Example:
# A header without one is an error.

/^\/\/ Example:$/ {
  if (open) print "}"
  open = 1
  found = 1
  whole_program = 0
  blank = ""
  started = 0
  next
}
open && /^\/\/$/ {
  if (started) blank = blank "\n"
  next
}
open && /^\/\/   / {
  line = substr($0, 6)
  if (!started) {
    # A program with main() stands by itself. Other examples are statements, and
    # each has names of its own.
    whole_program = line ~ /^(#include|int main)/
    if (!whole_program) print "{"
    started = 1
  }
  printf "%s%s\n", blank, line
  blank = ""
  next
}
open {
  if (started && !whole_program) print "}"
  open = 0
}

END {
  if (!found) {
    print FILENAME ": has no example" >"/dev/stderr"
    exit 1
  }
}
