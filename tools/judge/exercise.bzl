"""Everything a lesson's BUILD files need: one line each.

    exercises/04_run_queue/BUILD   exercise()
    solutions/04_run_queue/BUILD   solution()
    lessons/04_run_queue/BUILD     lesson()

The name of the folder selects the entry of course.bzl; the files have fixed
places. README.md in this folder says how to add a lesson.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//:course.bzl", "COURSE")

# Speed is part of some invariants: judged code is always optimised.
_COPTS = ["-O2"]

def _lesson():
    id = native.package_name().split("/")[-1]
    for entry in COURSE["lessons"]:
        if entry["id"] == id:
            return entry
    fail("course.bzl has no lesson %s; it has %s" %
         (id, ", ".join([entry["id"] for entry in COURSE["lessons"]])))

def _plugged(entry):
    return "MN_PLUGGED_" + entry["plug"].upper()

def _header(entry):
    return "//runtime/plug:%s_header" % entry["plug"]

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

def exercise():
    """The targets of exercises/NN_name.

    NN_name   the judge on the learner's files (test, manual)
    piece     the learner's files as a plug of the runtime (manual)
    judge_bin the judge without a learner, for tests of the course
    drivers   the drivers of the case process
    """
    entry = _lesson()
    id = entry["id"]
    keep = [k["path"] for k in entry["keep"]]

    native.exports_files(keep + ["judge/starter.cc"])

    cc_library(
        name = "piece",
        srcs = keep,
        copts = _COPTS,
        defines = [_plugged(entry)],
        linkstatic = True,
        tags = ["manual"],
        visibility = ["//visibility:public"],
        deps = [_header(entry)],
    )

    cc_library(
        name = "drivers",
        testonly = True,
        srcs = ["judge/case.cc"] + native.glob(["judge/*.h"]),
        copts = _COPTS,
        defines = [_plugged(entry)],
        # A driver may have assembly of its own, which need not be relocatable.
        linkstatic = True,
        visibility = ["//visibility:public"],
        deps = [
            _header(entry),
            "//tools/judge:case",
        ],
        alwayslink = True,
    )

    cc_binary(
        name = "case",
        testonly = True,
        tags = ["manual"],
        deps = [
            ":drivers",
            ":piece",
        ],
    )

    cc_library(
        name = "cases",
        testonly = True,
        srcs = ["judge/judge.cc"] + native.glob(["judge/*.h"]),
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
        data = [
            "judge/starter.cc",
            ":case",
        ] + keep,
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

def judged(name, src, expect, lesson = None, args = []):
    """A test: the judge of the lesson, run on `src`, says what is expected.

    Args:
      name: of the test.
      src: the file to judge, in place of the learner's.
      expect: as for the judge's --expect.
      lesson: id of the lesson; that of the package if not given.
      args: more arguments for the judge.
    """
    id = lesson or native.package_name().split("/")[-1]
    cc_binary(
        name = name + "_case",
        testonly = True,
        srcs = [src],
        # What is wrong on purpose need not be free of warnings.
        copts = _COPTS + ["-Wno-error"],
        deps = ["//exercises/%s:drivers" % id],
    )
    native.sh_test(
        name = name,
        size = "medium",
        srcs = ["//exercises/%s:judge_bin" % id],
        args = [
            "--expect=" + expect,
            "--program=$(rootpath :%s_case)" % name,
            "--source=$(rootpath %s)" % src,
        ] + args,
        data = [
            src,
            ":%s_case" % name,
            "//exercises/%s:judge_bin" % id,
        ],
        tags = ["lesson:" + id[:2]],
    )

def solution():
    """The tests of solutions/NN_name.

    piece                the worked answer as a plug of the runtime
    solution_is_green    NAME.cc of this folder passes every case
    starter_is_red       the starter is not implemented: XX-0, and no crash
    mutant_NAME_dies     mutants/NAME.cc dies of the invariant on its line 1
    """
    entry = _lesson()
    id = entry["id"]
    cc_library(
        name = "piece",
        srcs = [entry["keep"][0]["path"]],
        copts = _COPTS,
        defines = [_plugged(entry)],
        linkstatic = True,
        visibility = ["//visibility:public"],
        deps = [_header(entry)],
    )
    # For the lint and the plug board, who look at the text.
    native.exports_files([entry["keep"][0]["path"]])

    judged("solution_is_green", entry["keep"][0]["path"], "green")
    judged(
        "starter_is_red",
        "//exercises/%s:judge/starter.cc" % id,
        "not_implemented",
    )
    mutants = native.glob(["mutants/*.cc"])
    if not mutants:
        fail("lesson %s has no mutants: nothing shows that its judge can fail" % id)
    for mutant in mutants:
        name = mutant[len("mutants/"):-len(".cc")]
        judged("mutant_%s_dies" % name, mutant, "dies")
    native.filegroup(
        name = "mutants",
        srcs = mutants,
        visibility = ["//visibility:public"],
    )

def lesson():
    """The targets of lessons/NN_name: demo (a program) and text (the pages)."""
    entry = _lesson()
    cc_binary(
        name = "demo",
        srcs = ["demo.cc"],
        copts = _COPTS,
        deps = entry["demo_deps"],
    )
    native.filegroup(
        name = "text",
        srcs = [
            "README.md",
            "demo.cc",
            "quiz.json",
        ] + native.glob(["hints/*.md"]),
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
            "//solutions/%s:mutants" % id,
            "//%s:%s" % tuple(entry["solution"].rsplit("/", 1)),
        ] + ["//exercises/%s:%s" % (id, k["path"]) for k in entry["keep"]]
    return data
