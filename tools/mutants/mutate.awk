# Prints SOURCE with one mistake in it: the ```diff block under the heading
# "### NAME: dies of ID" of PAGE. Without a name: SOURCE as it is.
#
#   awk -v name=NAME -f mutate.awk PAGE SOURCE
#
# A line of the block that begins with '-' or ' ' is old text, one that begins
# with '+' or ' ' is new text, and "@@" begins another change. The old text must
# stand in SOURCE exactly once, to the letter. So a mutant that no longer fits
# the source fails the build, and a mutant that dies has died of its block and of
# nothing else.
#
# The first line of what is printed says which mutant this is and what it must
# die of; tools/judge/expect.h and runtime/sim/mutant_test.sh read that line.
#
# Rejected: patch(1), whose fuzz lets a stale block apply somewhere near; sed
# programs, which nobody can read and which say nothing to a learner.

function die(what) {
  print "mutate: " name ": " what > "/dev/stderr"
  failed = 1
  exit 1
}

# Replaces `old` by `new` in `text`.
function change(   at, rest) {
  if (old == "" && new == "") return
  if (old == "") die("a change without old text")
  at = index(text, old)
  if (!at) die("the old text is not in the source. Mend the block:\n" old)
  rest = substr(text, at + 1)
  if (index(rest, old)) {
    die("the old text is in the source twice. Add a line to the block:\n" old)
  }
  text = substr(text, 1, at - 1) new substr(text, at + length(old))
  old = new = ""
}

# PAGE
FNR == NR {
  if (/^### /) {
    here = name != "" && $2 == name ":"
    if (here && blocks) die("the page has two blocks of this name")
    if (here) {
      blocks = 1
      verdict = $0
      sub(/^### [^:]*: /, "", verdict)
    }
  } else if (here && /^```diff$/) {
    inside = 1
  } else if (inside && /^```$/) {
    inside = 0
    here = 0
    block[++n] = "@@"
  } else if (inside) {
    block[++n] = $0
  }
  next
}

# SOURCE
{ text = text $0 "\n" }

END {
  if (failed) exit 1
  if (name == "") {
    printf "%s", text
    exit
  }
  if (!n) die("the page has no such heading with a diff block under it")
  for (i = 1; i <= n; i++) {
    mark = substr(block[i], 1, 1)
    line = substr(block[i], 2) "\n"
    if (mark == "@") {
      change()
    } else if (mark == "-") {
      old = old line
    } else if (mark == "+") {
      new = new line
    } else if (mark == " ") {
      old = old line
      new = new line
    } else {
      die("a line of the block begins with none of '-', '+', ' ', '@': " block[i])
    }
  }
  if (failed) exit 1
  printf "// Mutant %s: %s\n%s", name, verdict, text
}
