"""Models of the explorer, and their mutants.

The runtime's text is compiled for the explorer once, a library a file. A model
is one more file. A mutant of a source file, or a learner's piece in its place,
is one more file and a link without the library of the file that it stands for.
A mutant of a header needs a copy of everything that includes the header.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load("@rules_shell//shell:sh_test.bzl", "sh_test")

# A null pointer is the explorer's to report: UBSan's check would end the process, not the schedule.
NULL_ENDS_THE_SCHEDULE = [
    "-fno-sanitize=null",
    "-fno-sanitize=nonnull-attribute",
]

# -fsanitize=thread only makes the compiler report plain loads and stores (sim/hooks.cc); nothing of
# ThreadSanitizer is linked. Checks stay on, whatever the compilation mode. Memory comes from the
# execution's arena, mapped memory too (sim/arena.cc).
SIM_COPTS = [
    "-O2",
    "-UNDEBUG",
    "-DMN_SIM=1",
    "-Dmmap=mn_sim_mmap",
    "-fsanitize=thread",
] + NULL_ENDS_THE_SCHEDULE

# The explorer has its own stacks, allocator and hooks: with a sanitizer's it does not link.
NOT_SANITIZED = select({
    "//runtime/sim:asan": ["//runtime/sim:unsanitized"],
    "//runtime/sim:tsan": ["//runtime/sim:unsanitized"],
    "//conditions:default": [],
})

# The same for who has such a program among its data: condition -> it is left out.
NOT_SANITIZED_DATA = {
    "//runtime/sim:asan": True,
    "//runtime/sim:tsan": True,
    "//conditions:default": False,
}

# The runtime's text that models run: paths below runtime/.
TEXT = [
    "base/atomic.h",
    "base/sanitizer.h",
    "core/fatal.h",
    "core/g.h",
    "core/getg.cc",
    "core/getg.h",
    "core/gqueue.cc",
    "core/gqueue.h",
    "core/in_runtime.h",
    "core/lock.cc",
    "core/lock.h",
    "core/m.h",
    "core/nanotime.h",
    "core/p.h",
    "core/park_check.h",
    "core/sched.cc",
    "core/sched.h",
    "core/status.h",
    "core/timers.cc",
    "core/timers.h",
    "ctx/context.cc",
    "ctx/stack.h",
    "ctx/switch.h",
    "go.h",
    "net/netpoll.h",
    "plug/context.h",
    "plug/park.h",
    "plug/run_queue.h",
    "plug/syscall_handoff.h",
    "sched/deadlock.h",
    "sched/find_runnable.cc",
    "sched/find_runnable.h",
    "sched/globrunq.cc",
    "sched/globrunq.h",
    "sched/gosched.cc",
    "sched/idle.cc",
    "sched/idle.h",
    "sched/lockedm.cc",
    "sched/lockedm.h",
    "sched/park.cc",
    "sched/park.h",
    "sched/preempt_signal.h",
    "sched/run_queue.cc",
    "sched/runtime_call.h",
    "sched/schedule.cc",
    "sched/schedule.h",
    "sched/spinning.cc",
    "sched/spinning.h",
    "sched/steal.cc",
    "sched/steal.h",
    "sched/stw.cc",
    "sched/stw.h",
    "sched/syscall.cc",
    "sched/sysmon.h",
    "sched/sysmon_step.h",
    "sched/threads.h",
    "syscall.h",
]

# What stands around the runtime's text: files of //runtime/sim/host.
_HOST = [
    "sim/host/primitives.cc",
    "sim/host/world.cc",
    "sim/host/world.h",
]

# Inline pieces: included by their contract headers, not compiled by themselves.
# Where one is replaced, everything that includes the header is compiled again.
_INLINE = {
    "ctx/context.cc": "context",
    "sched/run_queue.cc": "run_queue",
}

def _label(text):
    package, _, name = text.rpartition("/")
    if package == "sim/host":
        return "//runtime/sim:host/" + name
    return "//runtime%s:%s" % ("/" + package if package else "", name)

def _compiled(texts):
    return [t for t in texts if t.endswith(".cc") and t not in _INLINE]

def _library(text, plugged):
    suffix = "_around_" + plugged if plugged else ""
    return "text/" + text[:-len(".cc")] + suffix

def _defines(plugged):
    return ["MN_PLUGGED_" + plugged.upper()] if plugged else []

# Lessons put a learner's piece among the text.
_FRIENDS = [
    "//exercises:__subpackages__",
    "//runtime/sim:__subpackages__",
    "//solutions:__subpackages__",
    "//tools/judge:__subpackages__",
]

def text_libraries(plugged = ""):
    """Of //runtime/sim: the text, a library a file.

    Args:
      plugged: an inline piece that somebody else brings; none if not given.
    """
    headers = "text/headers" + ("_around_" + plugged if plugged else "")
    cc_library(
        name = headers,
        hdrs = [_label(t) for t in TEXT + _HOST if t.endswith(".h")],
        defines = _defines(plugged),
        # All of them: a learner who includes one is judged, and flagged by the grader.
        textual_hdrs = [_label(t) for t in _INLINE],
        deps = [
            "//runtime/sim:engine",
            "@boost.context//:boost.context",
        ],
    )
    for text in _compiled(TEXT + _HOST):
        cc_library(
            name = _library(text, plugged),
            srcs = [_label(text)],
            copts = SIM_COPTS,
            linkstatic = True,
            target_compatible_with = NOT_SANITIZED,
            # They call each other in circles.
            alwayslink = True,
            visibility = _FRIENDS,
            deps = [headers],
        )

def _around(file):
    """The libraries of all files but `file`; of none, all."""
    plugged = _INLINE.get(file, "")
    return ["//runtime/sim:" + _library(t, plugged) for t in _compiled(TEXT + _HOST) if t != file]

def model_around(model, file):
    """What a program is linked with that brings `file` itself, compiled with SIM_COPTS.

    Args:
      model: of //runtime/sim/models.
      file: below runtime/, for which the program has something else.
    """
    plugged = _INLINE.get(file, "")
    return ["//runtime/sim/models:%s_model%s" % (model, "_around_" + plugged if plugged else "")] + _around(file)

def sim_model(name):
    """Of //runtime/sim/models: the model NAME.cc as a program NAME, and NAME_test."""
    for plugged in ["", "run_queue"]:
        suffix = "_around_" + plugged if plugged else ""
        cc_library(
            name = name + "_model" + suffix,
            srcs = [name + ".cc"],
            copts = SIM_COPTS,
            linkstatic = True,
            target_compatible_with = NOT_SANITIZED,
            alwayslink = True,
            visibility = _FRIENDS,
            deps = ["//runtime/sim:text/headers" + suffix],
        )
    cc_binary(
        name = name,
        target_compatible_with = NOT_SANITIZED,
        deps = model_around(name, "") + ["//runtime/sim:main"],
    )
    sh_test(
        name = name + "_test",
        size = "medium",
        srcs = ["//runtime/sim:clean_test.sh"],
        args = ["$(location :%s)" % name],
        data = [":" + name],
        target_compatible_with = NOT_SANITIZED,
    )

def sim_mutant(name, model, file, page = "MUTANTS.md"):
    """Of //runtime/sim/models: the model with a mistake in one file, which must be found.

    Args:
      name: a heading of the page; what is found stands there.
      model: that finds it.
      file: below runtime/, which the block under the heading changes.
      page: with the block.
    """
    text = name + "_text"
    if file.endswith(".cc"):
        native.genrule(
            name = text,
            srcs = [
                page,
                _label(file),
            ],
            outs = [name + ".cc"],
            cmd = "awk -v name=%s -f $(location //tools/mutants:mutate.awk) $(SRCS) >$@" % name,
            exec_tools = ["//tools/mutants:mutate.awk"],
        )
        cc_binary(
            name = name,
            srcs = [name + ".cc"],
            copts = SIM_COPTS,
            target_compatible_with = NOT_SANITIZED,
            deps = model_around(model, file) + ["//runtime/sim:main"],
        )
        mutated = name + ".cc"
    else:
        # A tree of its own, all of it compiled as one file.
        copies = ["sim/models/%s.cc" % model] + _HOST + TEXT
        native.genrule(
            name = text,
            srcs = [page, model + ".cc"] + [_label(t) for t in _HOST + TEXT],
            outs = ["%s_tree/%s" % (name, c) for c in copies] + [name + "_all.cc"],
            cmd = " ".join([
                "$(location //runtime/sim:mutated_tree.sh)",
                "$(location //tools/mutants:mutate.awk)",
                "$(RULEDIR)",
                name,
                file,
                "'%s'" % " ".join(["sim/models/%s.cc" % model] + _compiled(TEXT + _HOST)),
                "$(SRCS)",
            ]),
            exec_tools = [
                "//runtime/sim:mutated_tree.sh",
                "//tools/mutants:mutate.awk",
            ],
        )
        cc_library(
            name = name + "_textual",
            textual_hdrs = ["%s_tree/%s" % (name, c) for c in copies],
            deps = ["@boost.context//:boost.context"],
        )
        cc_binary(
            name = name,
            srcs = [name + "_all.cc"],
            copts = SIM_COPTS,
            target_compatible_with = NOT_SANITIZED,
            deps = [
                ":%s_textual" % name,
                "//runtime/sim:main",
            ],
        )
        mutated = "%s_tree/%s" % (name, file)
    sh_test(
        name = name + "_test",
        size = "small",
        srcs = ["//runtime/sim:mutant_test.sh"],
        args = [
            "$(location :%s)" % name,
            "$(location %s)" % mutated,
        ],
        data = [
            mutated,
            ":" + name,
        ],
        target_compatible_with = NOT_SANITIZED,
    )
