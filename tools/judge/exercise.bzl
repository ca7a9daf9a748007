"""Everything a lesson's BUILD files need: one line each.

    exercises/04_run_queue/BUILD   exercise()
    solutions/04_run_queue/BUILD   solution()
    lessons/04_run_queue/BUILD     lesson()

The name of the folder selects the lesson's manifest; the files have fixed
places. README.md in this folder says how to add a lesson.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//:course.bzl", "COURSE")
load("//runtime/plug:pieces.bzl", "runtime_around")
load("//runtime/sim:sim.bzl", "NOT_SANITIZED", "NOT_SANITIZED_DATA", "SIM_COPTS", "model_around")
load(":manifest.bzl", "kinds")

# Speed is part of some invariants: judged code is always optimised.
_COPTS = ["-O2"]

# A main of the learner's own, a little test, is not the program's: it is
# renamed, and never called (tools/common/own_code.h).
_LEARNERS_COPTS = ["-Dmain=mn_learners_own_main"]

# What the file that a sanitizer watches is compiled and linked with.
_SANITIZE = {
    "address": "-fsanitize=address,undefined",
    "undefined": "-fsanitize=undefined",
}

# The tools of drivers beside it: AddressSanitizer has its own malloc.
_TOOLS_BESIDE = {
    "address": "//tools/judge:case_under_asan",
    "undefined": "//tools/judge:case",
}

def _lesson(id = None):
    id = id or native.package_name().split("/")[-1]
    for entry in COURSE["lessons"]:
        if entry["id"] == id:
            return entry
    fail("course.bzl has no lesson %s; it has %s" %
         (id, ", ".join([entry["id"] for entry in COURSE["lessons"]])))

def _header(entry):
    return "//runtime/plug:%s_header" % entry["plug"]

# What the piece of a lesson is compiled with: an inline piece's header would
# else bring the runtime's own text.
def _plugged(entry):
    return ["MN_PLUGGED_" + entry["plug"].upper()] if entry["inline"] else []

def _subject(name, id, program, source, **kwargs):
    cc_library(
        name = name,
        testonly = True,
        srcs = ["//tools/judge:subject.cc"],
        local_defines = [
            'MN_SUBJECT_LESSON=\\"%s\\"' % id,
            'MN_SUBJECT_PROGRAM=\\"%s\\"' % program,
            'MN_SUBJECT_SOURCE=\\"%s\\"' % source,
            'MN_SUBJECT_STARTER=\\"exercises/%s/judge/starter.cc\\"' % id,
        ],
        deps = ["//tools/judge:subject_header"],
        alwayslink = True,
        **kwargs
    )

def _piece(name, entry, srcs, **kwargs):
    """A library that takes the place of the runtime's own piece.

    alwayslink: the runtime's libraries leave the piece's symbols undefined.
    """
    cc_library(
        name = name,
        srcs = srcs,
        copts = _COPTS + _LEARNERS_COPTS,
        defines = _plugged(entry),
        linkstatic = True,
        visibility = ["//visibility:public"],
        deps = [_header(entry)],
        alwayslink = True,
        **kwargs
    )

def _own_code(name, srcs, process, **kwargs):
    """NAME.ii and NAME.symbols, for ReadOwnCode: what the compiler made of `srcs`.

    Args:
      name: of the case processes.
      srcs: the learner's files.
      process: the case process whose object file is looked at.
      **kwargs: what that one is compiled with.
    """
    tags = kwargs.pop("tags")
    copts = kwargs.pop("copts")

    # The "object file" of this library is the text after the preprocessor.
    cc_library(
        name = name + "_preprocessed",
        testonly = True,
        srcs = srcs,
        copts = copts + ["-E"],
        linkstatic = True,
        tags = ["manual"],
        **kwargs
    )
    for what, target in [("text", name + "_preprocessed"), ("object", process)]:
        native.filegroup(
            name = "%s_%s" % (name, what),
            testonly = True,
            srcs = [":" + target],
            output_group = "compilation_outputs",
            tags = tags,
        )
    native.genrule(
        name = name + "_own_code",
        testonly = True,
        srcs = [
            ":%s_text" % name,
            ":%s_object" % name,
        ],
        outs = [
            name + ".ii",
            name + ".symbols",
        ],
        # A library may be compiled both with and without -fPIC. No honest file
        # comes near 16 MiB; macros that multiply do.
        cmd = """
            set -- $(locations :%s_text)
            head -c 16777217 "$$1" >$(location %s.ii)
            if [ "$$(wc -c <$(location %s.ii))" -gt 16777216 ]; then
              echo "error: larger than 16 MiB after the preprocessor" >&2
              exit 1
            fi
            set -- $(locations :%s_object)
            $(NM) -C "$$1" >$(location %s.symbols)
        """ % (name, name, name, name, name),
        tags = tags,
        toolchains = ["@bazel_tools//tools/cpp:current_cc_toolchain"],
    )

def _case_processes(name, entry, srcs, kinds_wanted = None, tags = [], sanitized = True):
    """NAME_driver, NAME_schedules, NAME_program: as far as the lesson's cases need them.

    And NAME_sanitized, the driver with the lesson's sanitizer in the learner's
    file, if `sanitized`.

    Each is the file of `srcs` and one link: nothing of the runtime, of a model
    or of a driver is compiled again.

    Returns:
      what a judge that runs them has as data.
    """
    id = entry["id"]
    wanted = kinds_wanted or kinds(entry)
    how = {
        "driver": {
            "copts": _COPTS + _LEARNERS_COPTS,
            "deps": [
                "//exercises/%s:drivers" % id,
                "//tools/judge:case",
            ],
        },
        "program": {
            "copts": _COPTS + _LEARNERS_COPTS,
            "deps": ["//exercises/%s:programs" % id],
        },
    }
    if "schedules" in wanted:
        how["schedules"] = {
            "copts": SIM_COPTS + _LEARNERS_COPTS,
            "deps": model_around(
                entry["schedules"]["model"],
                entry["schedules"]["replaces"],
            ) + ["//tools/judge:schedules"],
        }
    plain, unsanitized = [], []
    for kind in wanted:
        if kind not in how:
            fail("%s: a case is of kind driver, schedules or program, not %s" % (id, kind))
        cc_binary(
            name = name + "_" + kind,
            testonly = True,
            srcs = srcs,
            tags = tags,
            **how[kind]
        )
        (unsanitized if kind == "schedules" else plain).append(":%s_%s" % (name, kind))
    if sanitized and "driver" in wanted:
        sanitizer = entry["sanitizer"]
        cc_binary(
            name = name + "_sanitized",
            testonly = True,
            srcs = srcs,
            copts = [
                "-O1",
                _SANITIZE[sanitizer],
                "-fno-sanitize-recover=all",
                "-D_GLIBCXX_ASSERTIONS",
            ] + _LEARNERS_COPTS,
            linkopts = [_SANITIZE[sanitizer]],
            tags = tags,
            target_compatible_with = NOT_SANITIZED,
            deps = [
                "//exercises/%s:drivers" % id,
                _TOOLS_BESIDE[sanitizer],
            ],
        )
        unsanitized.append(":%s_sanitized" % name)

    first = [kind for kind in how if kind in wanted][0]
    _own_code(name, srcs, "%s_%s" % (name, first), tags = tags, **how[first])
    plain += [
        ":%s.ii" % name,
        ":%s.symbols" % name,
    ]
    if unsanitized:
        return plain + select({
            condition: [] if skipped else unsanitized
            for condition, skipped in NOT_SANITIZED_DATA.items()
        })
    return plain

def exercise():
    """The targets of exercises/NN_name.

    NN_name    the judge on the learner's files (test, manual)
    piece      the learner's files as a plug of the runtime (manual)
    judge_bin  the judge without a learner, for tests of the course
    oracles_hold  each oracle passes its own model, and not a falsified one
    drivers    the drivers of the case process of kind driver
    programs   the programs of the case process of kind program
    """
    entry = _lesson()
    id = entry["id"]
    keep = [k["path"] for k in entry["keep"]]
    has = kinds(entry)
    common = native.glob(["judge/*.h"], allow_empty = True)

    # All of a case in one file, compiled for both processes: both.h.
    programs = native.glob(["judge/program*.cc"], allow_empty = True)
    drivers = native.glob(["judge/*.cc"], exclude = programs + ["judge/starter.cc"])

    native.exports_files(keep + ["judge/starter.cc"])

    _piece("piece", entry, keep, tags = ["manual"])

    if "driver" in has:
        cc_library(
            name = "drivers",
            testonly = True,
            srcs = drivers + common,
            copts = _COPTS,
            defines = _plugged(entry),
            local_defines = ["MN_CASE_PROCESS"],
            # A driver may have assembly of its own, which need not be relocatable.
            linkstatic = True,
            visibility = ["//visibility:public"],
            deps = [
                _header(entry),
                "//tools/judge:case_headers",
            ],
            alwayslink = True,
        )
    if "program" in has:
        cc_library(
            name = "programs",
            testonly = True,
            srcs = programs + common,
            copts = _COPTS,
            local_defines = ["MN_CASE_PROCESS"],
            linkstatic = True,
            visibility = ["//visibility:public"],
            deps = runtime_around(entry["plug"]) + ["//tools/judge:case_headers"],
            alwayslink = True,
        )

    cc_library(
        name = "cases",
        testonly = True,
        srcs = drivers + programs + common,
        deps = [
            _header(entry),
            "//tools/judge",
        ],
        alwayslink = True,
    )

    _subject("no_subject", id, "", "")
    cc_binary(
        name = "judge_bin",
        testonly = True,
        data = ["judge/starter.cc"],
        visibility = ["//visibility:public"],
        deps = [
            ":cases",
            ":no_subject",
            "//tools/judge:main",
        ],
    )

    native.sh_test(
        name = "oracles_hold",
        size = "small",
        srcs = [":judge_bin"],
        args = ["--check_oracles"],
        tags = ["lesson:" + id[:2]],
    )

    data = _case_processes("case", entry, keep, tags = ["manual"])
    _subject(
        "subject",
        id,
        "exercises/%s/case" % id,
        "exercises/%s/%s" % (id, keep[0]),
        tags = ["manual"],
    )
    cc_test(
        name = id,
        size = "medium",
        data = data + ["judge/starter.cc"] + keep,
        tags = [
            "manual",
            "lesson:" + id[:2],
        ],
        deps = [
            ":cases",
            ":subject",
            "//tools/judge:main",
        ],
    )

def judged(name, src, expect, lesson = None, args = [], kinds = None, sanitized = False):
    """A test: the judge of the lesson, run on `src`, says what is expected.

    Args:
      name: of the test.
      src: the file to judge, in place of the learner's.
      expect: as for the judge's --expect.
      lesson: id of the lesson; that of the package if not given.
      args: more arguments for the judge.
      kinds: of case that are judged; all of the lesson's if not given.
      sanitized: also under the lesson's sanitizer. One more compilation.

    Returns:
      what a judge that runs these case processes has as data.
    """
    entry = _lesson(lesson)
    id = entry["id"]

    data = _case_processes(name + "_case", entry, [src], kinds, sanitized = sanitized)
    native.sh_test(
        name = name,
        size = "medium",
        srcs = ["//exercises/%s:judge_bin" % id],
        args = [
            "--expect=" + expect,
            "--program=%s/%s_case" % (native.package_name(), name),
            "--source=$(rootpath %s)" % src,
        ] + args,
        data = data + [
            src,
            "//exercises/%s:judge_bin" % id,
        ],
        tags = ["lesson:" + id[:2]],
    )
    return data

def _with_mistake(out, entry, mutant):
    """The lesson's solution with one mistake of its MUTANTS.md; "": with none."""
    native.genrule(
        name = out[:-len(".cc")] + "_text",
        srcs = [
            "MUTANTS.md",
            "//%s:%s" % tuple(entry["solution"].rsplit("/", 1)),
        ],
        outs = [out],
        cmd = "awk -v name='%s' -f $(location //tools/mutants:mutate.awk) $(SRCS) >$@" % mutant,
        exec_tools = ["//tools/mutants:mutate.awk"],
    )

def solution():
    """The tests of solutions/NN_name.

    piece                the worked answer as a plug of the runtime
    solution_is_green    the worked answer passes every case
    starter_is_red       the starter is not implemented: XX-0, and no crash
    mutant_NAME_dies     the worked answer with the mistake NAME of MUTANTS.md
                         dies of the invariant that its heading names
    page_failures        the failures that the page shows are those that the
                         judge prints
    """
    entry = _lesson()
    id = entry["id"]

    # For the lint, who looks at the text.
    native.exports_files(["MUTANTS.md"])
    if entry["solution"].startswith("solutions/"):
        native.exports_files([entry["solution"].split("/")[-1]])

    _with_mistake("solution.cc", entry, "")
    _piece("piece", entry, ["solution.cc"])
    judged("solution_is_green", "solution.cc", "green", sanitized = True)
    judged(
        "starter_is_red",
        "//exercises/%s:judge/starter.cc" % id,
        "not_implemented",
    )
    pasted = []
    for mutant in entry["mutants"]:
        source = "mutant_%s.cc" % mutant
        _with_mistake(source, entry, mutant)
        data = judged(
            "mutant_%s_dies" % mutant,
            source,
            "dies",
            sanitized = mutant in entry["sanitized_mutants"],
        )
        if mutant in entry["pasted"]:
            pasted = pasted + [source] + data

    page = "//lessons/%s:README.md" % id
    native.sh_test(
        name = "page_failures",
        size = "medium",
        srcs = ["//tools/judge:pasted"],
        args = [
            "--page=$(rootpath %s)" % page,
            "--judge=$(rootpath //exercises/%s:judge_bin)" % id,
            "--mutants=" + native.package_name(),
        ],
        data = pasted + [
            page,
            "//exercises/%s:judge_bin" % id,
        ],
        tags = ["lesson:" + id[:2]],
        target_compatible_with = NOT_SANITIZED,
    )

def lesson():
    """The targets of lessons/NN_name: demo (a program) and text (the pages)."""
    entry = _lesson()
    native.exports_files(["README.md"])
    cc_binary(
        name = "demo",
        srcs = ["demo.cc"],
        copts = _COPTS,
        deps = [
            "//lessons:demo",
            "//runtime/plug:" + entry["plug"] if entry["inline"] else "//runtime",
        ],
    )
    native.filegroup(
        name = "text",
        srcs = [
            "README.md",
            "demo.cc",
            "quiz.json",
        ] + native.glob(["hints/*.md", "*.svg"]),
        visibility = ["//visibility:public"],
    )

def lint_data():
    """What the manifest lint reads: the texts, mutants and judges of all lessons."""
    data = []
    for entry in COURSE["lessons"]:
        id = entry["id"]
        data += [
            "//exercises/%s:judge_bin" % id,
            "//exercises/%s:judge/starter.cc" % id,
            "//lessons/%s:text" % id,
            "//runtime/plug:%s.h" % entry["plug"],
            "//solutions/%s:MUTANTS.md" % id,
            "//%s:%s" % tuple(entry["solution"].rsplit("/", 1)),
        ] + ["//exercises/%s:%s" % (id, k["path"]) for k in entry["keep"]]
    return data
