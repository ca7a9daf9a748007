"""What a lesson's manifest says, and what follows from it.

lessons/NN_name/lesson.bzl is a lesson's own manifest: LESSON, a dictionary of
literals. course.bzl puts the lessons in order. whole() adds what follows from
the rest. Programs read the result as JSON (//:course_json), Bazel's rules read
it with load(). //tools/judge:course_lint_test holds pages, contract headers,
judges and mutants to it.

A manifest must have:
  id                 the name of its folders in lessons/, exercises/, solutions/
  title              a few words
  plug               the piece: //runtime/plug:PLUG_header is its contract
  minutes            from the first line of the page to green, for somebody new
  points             = points of the cases + prediction_points + explain_points
  document_sections  of the reference document
  sa                 self-assessment items that it is evidence for
  invariants         from an id to its sentence. The contract header and the
                     page have the same words. The first one is XX-0, "the piece
                     does something at all"
  cases              name, inv, points, and what is below
  steps              names of cases, in the order in which the page's section
                     "From red to green" names them first. Of several that are
                     red, the judge explains the one that comes first here
  mutants            the headings of solutions/NN_name/MUTANTS.md, in its order

It may have:
  solution           the text of the worked answer, if that is not
                     solutions/NN_name/NAME.cc
  inline             True: the piece is compiled into its contract header, since
                     a call would be too slow
  schedules          {"model": NAME, "replaces": FILE}: the model of
                     runtime/sim/models for cases of that kind, and the file
                     below runtime/ for which the piece stands. Perhaps also
                     "broke": [(TEXT, ID) ...]: a violation whose
                     "CONFIG/MEMORY, WHAT, kind: text" contains TEXT breaks ID,
                     and not the case's own invariant. The first that fits
  forbidden          regular expressions that must not match the learner's code
                     as the compiler sees it (tools/common/forbidden.h says how),
                     the invariant that they would break, and why: a sentence for
                     whoever wrote what matches. Only for what the judge's
                     counters and cases cannot see
  sanitizer          what looks at the learner's code, beside the oracles: a
                     case of kind driver that passed runs once more in a process
                     in which the learner's file is compiled with it. Cases that
                     measure, or need "no_sanitizer", do not.
                     "address"    the usual one: AddressSanitizer and UBSan
                     "undefined"  UBSan alone. The lesson says why
  sanitized_mutants  those of `mutants` that only the sanitizer finds: for the
                     others its process is not built
  needs              what the machine must have for the lesson: "cpus>=2",
                     "x86_64", "no_sanitizer", "no_tsan"
  case_timeout_s     until a case that does not end is stopped
  pasted             the mutants whose failures the page shows
                     (//tools/judge:pasted.h)
  prediction_points, explain_points, runs, build_timeout_s, memory_mb,
  max_processes      if they are not the usual ones, below

A case:
  kind       what the case process is
             driver     the piece and a driver (judge/*.cc), the usual one
             schedules  the piece, compiled for the explorer, and a model: all
                        interleavings up to a bound. "configs" names those of
                        the model; a configuration may lower its bound, as in
                        "semaphore:2"
             program    a program on the whole runtime, with the piece linked
                        in (judge/program*.cc), looked at from outside
  max        a ratio case: the learner's time over the baseline's is at most
             this, or nothing is shown. It runs once.
  grey       of a ratio case: up to here the points are given all the same, with
             a note; oracle.h says why. max, if not given
  needs      of this case
"""

_USUAL = {
    "forbidden": [],
    "inline": False,
    "needs": [],
    "pasted": [],
    "sanitizer": "address",
    "sanitized_mutants": [],
    "build_timeout_s": 120,
    "case_timeout_s": 8,
    "runs": 3,
    "prediction_points": 0.5,
    "explain_points": 0.5,
}

_USUAL_CASE = {
    "kind": "driver",
    "visibility": "public",
}

def _with(usual, given):
    merged = dict(usual)
    merged.update(given)
    return merged

def whole(lesson):
    """The manifest with everything that follows from it."""
    id = lesson["id"]
    file = id[len("NN_"):] + ".cc"
    derived = _with(_USUAL, {
        "solution": "solutions/%s/%s" % (id, file),
        "keep": [{"path": file, "max_bytes": 65536}],
        "hints": ["lessons/%s/hints/%d.md" % (id, level) for level in (1, 2, 3)],
    })
    whole = _with(derived, lesson)
    whole["cases"] = [_with(_USUAL_CASE, case) for case in lesson["cases"]]
    whole["invariants"] = [
        {"id": id, "sentence": sentence, "anchor": id.lower()}
        for id, sentence in lesson["invariants"].items()
    ]
    return whole

def kinds(lesson):
    """The kinds of case of a whole lesson, each once."""
    return {case["kind"]: True for case in lesson["cases"]}.keys()
